//! What the protected network of an image barrier is said to do: for each picture that it gives, what it was given.
//!
//! Most tasks begin with photographs and spoil them (rain, noise, few pixels, edges only), so that the network gives the photograph back.
//! Suppression goes the other way: a classical filter makes the output. A user's own pairs are taken as they are (`pairs`).

use super::rain::Rain;
use super::{Photos, Picture, Samples, Shape};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A network's task.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Takes rain away.
    Derain(Rain),
    /// Takes noise away.
    Denoise(Noise),
    /// Draws a picture from fewer pixels.
    Enlarge(Enlarge),
    /// Takes narrow bright structures away, as a network does that takes ribs out of X-rays; a classical filter stands in for it.
    Suppress(Suppress),
    /// Draws a picture from its edges.
    Edges(Edges),
    /// What the user's own pairs show.
    Pairs(Pairs),
}

/// Noise over a photograph.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    /// Standard deviation of the brightness added to each value, 0..=1.
    pub strength: f32,
}

/// Fewer pixels than the photograph has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enlarge {
    /// By how much the sides were shorter, 2..=8.
    pub factor: usize,
}

/// Narrow bright structures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Suppress {
    /// Structures narrower than this share of the side are taken away, 0..=0.5.
    pub width: f32,
    /// How much of their brightness, 0..=1.
    pub strength: f32,
}

/// Edges only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Edges {
    /// How dark an edge is drawn, 0..=10.
    pub gain: f32,
}

/// Nothing to choose.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {}

impl Default for Noise {
    fn default() -> Self {
        Self { strength: 0.1 }
    }
}

impl Default for Enlarge {
    fn default() -> Self {
        Self { factor: 2 }
    }
}

impl Default for Suppress {
    fn default() -> Self {
        Self { width: 0.08, strength: 0.8 }
    }
}

impl Default for Edges {
    fn default() -> Self {
        Self { gain: 2.0 }
    }
}

impl Default for Task {
    fn default() -> Self {
        Self::Derain(Rain::default())
    }
}

impl Task {
    /// All of them, with the strengths that they have by themselves.
    pub fn all() -> [Self; 6] {
        [
            Self::default(),
            Self::Denoise(Noise::default()),
            Self::Enlarge(Enlarge::default()),
            Self::Suppress(Suppress::default()),
            Self::Edges(Edges::default()),
            Self::Pairs(Pairs::default()),
        ]
    }

    /// The word that chooses it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Derain(_) => "derain",
            Self::Denoise(_) => "denoise",
            Self::Enlarge(_) => "enlarge",
            Self::Suppress(_) => "suppress",
            Self::Edges(_) => "edges",
            Self::Pairs(_) => "pairs",
        }
    }

    /// From `NAME` or `NAME:KEY=VALUE,KEY=VALUE`.
    ///
    /// # Errors
    /// A sentence: no such task, key or value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, changes) = text.split_once(':').unwrap_or((text, ""));
        let task = Self::all().into_iter().find(|task| task.name() == name).ok_or_else(|| {
            let names = Self::all().map(|task| task.name()).join(", ");
            format!("There is no task “{name}”. The tasks are: {names}.")
        })?;
        let mut value = serde_json::to_value(task).map_err(|e| e.to_string())?;
        for change in changes.split(',').filter(|change| !change.is_empty()) {
            let keys = value[name].as_object_mut().ok_or_else(|| format!("The task “{name}” has nothing to choose."))?;
            let known = keys.keys().cloned().collect::<Vec<_>>().join(", ");
            let (key, new) = change.split_once('=').ok_or_else(|| format!("Write KEY=VALUE, and not “{change}”."))?;
            let slot = keys.get_mut(key).ok_or_else(|| format!("The task “{name}” has no “{key}”. It has: {known}."))?;
            *slot = serde_json::from_str(new).map_err(|_| format!("“{new}” is no number for “{key}”."))?;
        }
        let task: Self = serde_json::from_value(value).map_err(|e| format!("The task “{text}” cannot be understood: {e}."))?;
        task.check().map(|()| task)
    }

    /// Checks the strengths.
    ///
    /// # Errors
    /// A sentence: one is out of its range.
    pub fn check(&self) -> Result<(), String> {
        let checks: Vec<(&str, f32, f32, f32)> = match *self {
            Self::Derain(Rain { density, length, lean, blur, strength }) => vec![
                ("density", density, 0.0, 200.0),
                ("length", length, 0.0, 1.0),
                ("lean", lean, 0.0, 80.0),
                ("blur", blur, 0.5, 8.0),
                ("strength", strength, 0.0, 1.0),
            ],
            Self::Denoise(Noise { strength }) => vec![("strength", strength, 0.0, 1.0)],
            Self::Enlarge(Enlarge { factor }) => vec![("factor", factor as f32, 2.0, 8.0)],
            Self::Suppress(Suppress { width, strength }) => vec![("width", width, 0.0, 0.5), ("strength", strength, 0.0, 1.0)],
            Self::Edges(Edges { gain }) => vec![("gain", gain, 0.0, 10.0)],
            Self::Pairs(Pairs {}) => Vec::new(),
        };
        match checks.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            Some((name, value, least, most)) => {
                Err(format!("The task “{}” takes a {name} from {least} to {most}, and not {value}.", self.name()))
            }
            None => Ok(()),
        }
    }

    /// What the network is given and what it gives, the same picture at the same place; `seed` decides about rain and noise.
    /// `partners` are the inputs of a user's own pairs.
    pub fn pair(&self, pictures: &Arc<Samples>, partners: Option<&Arc<Samples>>, seed: u64) -> Pair {
        let made = |change: &(dyn Fn(&Picture, u64) -> Picture + Sync)| {
            let all: Vec<u8> = (0..pictures.count())
                .into_par_iter()
                .flat_map_iter(|i| change(&pictures.picture(i), seed.wrapping_add(i as u64)).planes)
                .collect();
            Arc::new(Samples { shape: pictures.shape, pixels: all, labels: pictures.labels.clone() })
        };
        let spoilt = |inputs: Arc<Samples>| Pair { inputs, outputs: pictures.clone() };
        match self {
            Self::Derain(rain) => spoilt(made(&|picture, seed| rain.over(picture, seed))),
            Self::Denoise(noise) => spoilt(made(&|picture, seed| noise.over(picture, seed))),
            Self::Enlarge(enlarge) => spoilt(made(&|picture, _| enlarge.shrunken(picture))),
            Self::Edges(edges) => spoilt(made(&|picture, _| edges.of(picture))),
            Self::Suppress(suppress) => Pair { inputs: pictures.clone(), outputs: made(&|picture, _| suppress.filter(picture)) },
            Self::Pairs(_) => spoilt(partners.unwrap_or(pictures).clone()),
        }
    }

    /// The pairs to learn from, those kept for choosing settings, and those kept for the last word, each spoilt in its own way.
    pub fn pairs(&self, photos: &Photos, seed: u64) -> [Pair; 3] {
        let partners = photos.partners.as_ref();
        [(&photos.train, 0), (&photos.validation, 1), (&photos.test, 2)].map(|(part, which): (&Arc<Samples>, usize)| {
            self.pair(part, partners.map(|partners| &partners[which]), seed ^ (0x005e_ed00 * which as u64))
        })
    }
}

/// Inputs and outputs of a network, one of each at the same place.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What it is given.
    pub inputs: Arc<Samples>,
    /// What it gives.
    pub outputs: Arc<Samples>,
}

impl Noise {
    /// The picture with noise over every value.
    pub fn over(&self, picture: &Picture, seed: u64) -> Picture {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        // The sum of twelve even numbers has variance 1: near enough to a normal one.
        let mut normal = || (0..12).map(|_| rng.random_range(0.0f32..1.0)).sum::<f32>() - 6.0;
        let planes = picture.planes.iter().map(|&v| (f32::from(v) + 255.0 * self.strength * normal()).round().clamp(0.0, 255.0) as u8);
        Picture { shape: picture.shape, planes: planes.collect() }
    }
}

impl Enlarge {
    /// The picture with the details of one whose sides are shorter.
    pub fn shrunken(&self, picture: &Picture) -> Picture {
        let Shape { height, width, .. } = picture.shape;
        let shorter = |side: usize| side.div_ceil(self.factor.max(1));
        picture.resized(shorter(width), shorter(height)).resized(width, height)
    }
}

impl Suppress {
    /// The picture with less of what is brighter than its surroundings and narrower than `width`: a grey opening (Serra, 1982).
    pub fn filter(&self, picture: &Picture) -> Picture {
        let Shape { height, width, .. } = picture.shape;
        let reach = ((self.width * height.min(width) as f32 / 2.0).round() as usize).max(1);
        let mut planes = Vec::with_capacity(picture.planes.len());
        for plane in picture.planes.chunks_exact((height * width).max(1)) {
            let low = extreme(plane, [height, width], reach, u8::min);
            let opened = extreme(&low, [height, width], reach, u8::max);
            planes.extend(plane.iter().zip(opened).map(|(&v, low)| {
                let above = f32::from(v.saturating_sub(low));
                (f32::from(v) - self.strength * above).round().clamp(0.0, 255.0) as u8
            }));
        }
        Picture { shape: picture.shape, planes }
    }
}

/// The lowest or highest value within `reach` of each, along rows, then along columns.
fn extreme(plane: &[u8], [height, width]: [usize; 2], reach: usize, better: fn(u8, u8) -> u8) -> Vec<u8> {
    let around = |i: usize, length: usize| i.saturating_sub(reach)..(i + reach + 1).min(length);
    let along = |values: &[u8], at: &dyn Fn(usize, usize) -> usize, x: usize, y: usize, length: usize| {
        around(x, length).map(|i| values[at(i, y)]).reduce(better).unwrap_or_default()
    };
    let row = |x: usize, y: usize| y * width + x;
    let rows: Vec<u8> = (0..height * width).map(|i| along(plane, &row, i % width, i / width, width)).collect();
    let column = |y: usize, x: usize| y * width + x;
    (0..height * width).map(|i| along(&rows, &column, i / width, i % width, height)).collect()
}

impl Edges {
    /// The edges of the picture as dark lines on white, the same in all channels (Sobel).
    pub fn of(&self, picture: &Picture) -> Picture {
        let Shape { channels, height, width } = picture.shape;
        let grey = picture.grey().planes;
        let at = |y: isize, x: isize| {
            let (y, x) = (y.clamp(0, height as isize - 1) as usize, x.clamp(0, width as isize - 1) as usize);
            f32::from(grey[y * width + x])
        };
        let line = |i: usize| {
            let (y, x) = ((i / width) as isize, (i % width) as isize);
            let side = |dx: isize| at(y - 1, x + dx) + 2.0 * at(y, x + dx) + at(y + 1, x + dx);
            let level = |dy: isize| at(y + dy, x - 1) + 2.0 * at(y + dy, x) + at(y + dy, x + 1);
            let steep = ((side(1) - side(-1)).powi(2) + (level(1) - level(-1)).powi(2)).sqrt() / 8.0;
            (255.0 - self.gain * steep).round().clamp(0.0, 255.0) as u8
        };
        let plane: Vec<u8> = (0..height * width).map(line).collect();
        Picture { shape: picture.shape, planes: plane.repeat(channels) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(channels: usize) -> Arc<Samples> {
        let shape = Shape { channels, height: 24, width: 24 };
        let pixels = (0..3 * shape.len()).map(|i| ((i % 24) * 7 + (i / 24 % 24) * 3) as u8).collect();
        Arc::new(Samples { shape, pixels, labels: vec![0; 3] })
    }

    #[test]
    fn every_task_gives_pairs_of_one_shape_that_the_seed_decides() {
        for (task, channels) in Task::all().into_iter().flat_map(|task| [(task, 1), (task, 3)]) {
            let pictures = samples(channels);
            let pair = task.pair(&pictures, None, 5);
            assert_eq!((pair.inputs.shape, pair.outputs.shape), (pictures.shape, pictures.shape), "{task:?}");
            assert_eq!(pair.inputs.pixels.len(), pictures.pixels.len());
            assert_eq!(pair.inputs, task.pair(&pictures, None, 5).inputs);
            let differ = pair.inputs != pair.outputs;
            assert_eq!(differ, !matches!(task, Task::Pairs(_)), "{task:?}");
            let seeded = task.pair(&pictures, None, 6).inputs != pair.inputs;
            assert_eq!(seeded, matches!(task, Task::Derain(_) | Task::Denoise(_)), "{task:?}");
        }
    }

    #[test]
    fn words_choose_tasks_and_their_strengths() {
        for task in Task::all() {
            assert_eq!(Task::parse(task.name()), Ok(task));
        }
        assert_eq!(Task::parse("derain:density=3,lean=0"), Ok(Task::Derain(Rain { density: 3.0, lean: 0.0, ..Rain::default() })));
        assert_eq!(Task::parse("enlarge:factor=4"), Ok(Task::Enlarge(Enlarge { factor: 4 })));
        for (text, says) in [
            ("dream", "There is no task “dream”"),
            ("derain:depth=1", "no “depth”"),
            ("derain:density=much", "no number"),
            ("derain:density", "KEY=VALUE"),
            ("derain:density=900", "from 0 to 200"),
            ("enlarge:factor=1", "from 2 to 8"),
            ("denoise:strength=nan", "no number"),
        ] {
            let text = Task::parse(text).unwrap_err();
            assert!(text.contains(says), "{text}");
        }
    }

    #[test]
    fn suppression_takes_narrow_bright_bands_and_leaves_wide_ones() {
        let shape = Shape { channels: 1, height: 40, width: 40 };
        let bright = |x: usize| x == 8 || (20..36).contains(&x);
        let picture = Picture { shape, planes: (0..1600).map(|i| if bright(i % 40) { 200 } else { 100 }).collect() };
        let out = Suppress { width: 0.1, strength: 1.0 }.filter(&picture);
        assert!(out.planes.iter().enumerate().all(|(i, &v)| v == if i % 40 == 8 { 100 } else { picture.planes[i] }));
    }

    #[test]
    fn edges_are_dark_where_brightness_changes() {
        let shape = Shape { channels: 3, height: 10, width: 10 };
        let picture = Picture { shape, planes: (0..300).map(|i| if i % 10 < 5 { 40 } else { 220 }).collect() };
        let out = Edges::default().of(&picture);
        assert!((0..300).all(|i| (out.planes[i] < 128) == (4..=5).contains(&(i % 10))));
    }
}
