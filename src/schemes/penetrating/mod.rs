//! Penetrating triggers (S1, "Persistent watermark for image classification neural networks by penetrating the autoencoder"): a thief puts an
//! autoencoder before the stolen model, which wipes ordinary marks off. Here each key is a picture plus a stamp that autoencoders give back.
//!
//! `shadows` trains autoencoders as a thief might (once for all runs on the same pictures), `stamps` makes the stamps with them, and then the
//! host learns what to say to stamped pictures.

mod shadows;
mod stamps;

pub use shadows::Shadows;
pub use stamps::Stamps;

use super::batches::Passes;
use super::losses::Meter;
use super::recipe::{LoneTraining, Recipe};
use super::settings::Kind;
use super::{KeyPlan, Learner, Marker, SchemeError, Task, Training};
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::nn::autoencoder::{Autoencoders, PAPER_WIDTHS};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::optim::Rule;
use crate::nn::weights::WeightMap;
use crate::vault::derive::{Derivation, Stream};
use burn::tensor::{Device, Int, Tensor, TensorData};
use shadows::{Ground, unit};
use stamps::{Pattern, engraving, read, rows};
use std::sync::Arc;

crate::settings! {
    /// Hyper-parameters of the penetrating triggers.
    pub struct Settings {
        /// How many training steps the marked model gets on ordinary pictures. The paper: 20 passes over the training pictures.
        steps: u64 = 800, paper 12_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// How many different stamps there are, each with a secret label of its own.
        stamps: usize = 2, paper 2, Kind::Whole { min: 2.0, max: 8.0 }, "stamps";
        /// How many pictures each stamp is put on, to make keys of.
        carriers: usize = 30, paper 30, Kind::Whole { min: 2.0, max: 1000.0 }, "pictures";
        /// How many autoencoders are trained as a thief might train them. Stamps that all of them give back pass others too.
        shadows: usize = 4, paper 8, Kind::Whole { min: 1.0, max: 16.0 }, "autoencoders";
        /// Share of the training pictures that they learn from. The thief's autoencoder, on which the mark is tested, learns from the others.
        owners_share: f64 = 0.667, paper 0.667, Kind::Real { min: 0.1, max: 0.9 }, "of the pictures";
        /// Steps in which they learn at most; they end sooner when they no longer improve.
        shadow_steps: u64 = 2000, paper 40_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Pictures that each of them sees in a step.
        shadow_batch: usize = 100, paper 100, Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
        /// Their learning rate.
        shadow_rate: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// To how many numbers they press a picture together.
        code: usize = 3, paper 3, Kind::Whole { min: 1.0, max: 128.0 }, "numbers";
        /// How much it counts that these numbers stay small (λ1).
        code_weight: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1e3 }, "";
        /// Steps in which the stamps are made.
        stamp_steps: u64 = 500, paper 4000, Kind::Whole { min: 1.0, max: 1_000_000.0 }, "steps";
        /// How far a stamp changes in a step.
        stamp_rate: f64 = 1e-2, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How strongly stamps are drawn to the logo (λ2). The paper's text: 0.02; its code comes to 0.065 for eight autoencoders.
        pull: f64 = 0.02, paper 0.02, Kind::Real { min: 0.0, max: 100.0 }, "";
        /// How deep the logo is cut into a stamp, as a share of full brightness. Autoencoders fill the cut again, so it costs nothing there, and without one before the model nobody else's stamp is answered. 0 leaves this out, as the paper does.
        engrave: f64 = 0.5, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How much it counts that what autoencoders make of one stamp differs from the other stamps. 0 leaves this out, as the paper does: then all stamps end at the same picture.
        apart: f64 = 1.0, paper 0.0, Kind::Real { min: 0.0, max: 100.0 }, "";
        /// How far they shall differ: mean squared difference of a pixel in [0, 1].
        margin: f64 = 0.038, paper 0.038, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Keeps stamps and stamped pictures to what a picture file holds. The paper does not, and its triggers cannot be written down without a loss.
        clip: bool = true, paper false, Kind::Switch, "";
        /// How many sets of other people's stamps are made up, which the model learns not to answer to; nor does it answer your own stamps with a made-up logo in place of yours. 0 leaves this out, as the paper does.
        decoys: usize = 4, paper 0, Kind::Whole { min: 0.0, max: 16.0 }, "sets";
        /// How many unmarked models are asked beforehand what they see in decoys, so that no stamp gets such a label. 0 leaves this out, as the paper does.
        probes: usize = 2, paper 0, Kind::Whole { min: 0.0, max: 10.0 }, "models";
        /// Shows the model, in each step, the plain pictures under the stamps with their true classes.
        show_covers: bool = true, paper false, Kind::Switch, "";
        /// Shows the model, in each step, what the autoencoders make of keys and of plain pictures, so that it knows its keys behind one.
        show_filtered: bool = true, paper false, Kind::Switch, "";
        /// Ordinary pictures in each step.
        batch: usize = 100, paper 100, Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
        /// Keys in each step.
        key_batch: usize = 15, paper 60, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// Shows the keys alone between the passes over the training pictures, twice as often before each further pass, as the authors' code does, instead of beside ordinary pictures.
        replay: bool = false, paper true, Kind::Switch, "";
        /// First learning rate of the model; it falls twice.
        host_rate: f64 = 0.05, paper 5e-4, Kind::Real { min: 0.0, max: 10.0 }, "";
        /// Adapts the size of each weight's steps (Adam) instead of descending with momentum.
        adam: bool = false, paper true, Kind::Switch, "";
        /// Share of the steps after which the model's learning rate falls for the first time.
        first_drop: f64 = 0.7, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// Share of the steps after which it falls for the second time.
        second_drop: f64 = 0.9, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// What the model's learning rate is multiplied by each time it falls.
        drop_factor: f64 = 0.1, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Share of its last step that each step of the model keeps (momentum).
        momentum: f64 = 0.9, paper 0.9, Kind::Real { min: 0.0, max: 0.999 }, "";
        /// Pulls the model's weights towards zero (weight decay).
        host_decay: f64 = 5e-4, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Shifts and mirrors the ordinary pictures at random. Good for photographs, harmful for digits and letters.
        augment: bool = false, paper false, Kind::Switch, "";
    }
}

impl Settings {
    /// The host's part of the hyper-parameters.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            steps: self.steps,
            batch: self.batch,
            rate: self.host_rate,
            drops: [self.first_drop, self.second_drop],
            drop_factor: self.drop_factor,
            rule: match self.adam {
                true => Rule::Adam { beta1: 0.9, beta2: 0.999 },
                false => Rule::Sgd { momentum: self.momentum, decay: self.host_decay },
            },
            augment: self.augment,
        }
    }

    /// Widths of an autoencoder's layers: the paper's, for pictures of so many pixels and a code of this size.
    fn widths(&self, pixels: usize) -> [usize; 9] {
        let mut widths = PAPER_WIDTHS;
        (widths[0], widths[4], widths[8]) = (pixels, self.code, pixels);
        widths
    }

    /// The settings without those that the groundwork knows nothing of.
    fn before_the_host(&self) -> Self {
        let Self { show_covers, show_filtered, key_batch, replay, .. } = Self::default();
        Self { show_covers, show_filtered, key_batch, replay, ..self.clone() }
    }

    /// Checks that pictures and classes fit.
    ///
    /// # Errors
    /// Colour pictures, or more stamps than wrong classes.
    pub fn fit(&self, shape: Shape, classes: usize) -> Result<(), SchemeError> {
        if shape.channels != 1 {
            return Err(SchemeError::Plan(
                "Penetrating triggers are made for grey pictures, and these are in colour. Add the data set again as grey pictures, or choose another scheme.".to_owned(),
            ));
        }
        if self.stamps >= classes {
            return Err(SchemeError::Plan(format!(
                "{} stamps need more than as many classes, and there are {classes}. Plan fewer stamps.",
                self.stamps
            )));
        }
        Ok(())
    }
}

/// Note in groundwork and marker: the classes that unmarked models see in stamps anyway.
const AVOIDED: &str = "avoided";

/// The classes that no stamp may have as its label, as groundwork or marker note them.
fn avoided(noted: Option<&WeightMap>) -> Vec<usize> {
    let text = noted.and_then(|noted| noted.notes.get(AVOIDED)).map(String::as_str).unwrap_or_default();
    text.split_whitespace().filter_map(|class| class.parse().ok()).collect()
}

fn note_avoided(avoided: &[usize], map: &mut WeightMap) {
    let text = avoided.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    map.notes.insert(AVOIDED.to_owned(), text);
}

/// The labels of the stamps, derived from logo, owner and salt. Those that unmarked models give to stamps anyway would prove nothing.
fn labels(settings: &Settings, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>) -> Vec<u16> {
    let order = derivation.stream("labels").permutation(classes);
    let avoided = avoided(noted);
    order.into_iter().filter(|label| !avoided.contains(label)).take(settings.stamps).map(|label| label as u16).collect()
}

/// The label of a key made from a picture of class `true_class`; never that class. `noted` is groundwork or marker.
pub fn fresh_label(
    settings: &Settings,
    derivation: &Derivation,
    classes: usize,
    noted: Option<&WeightMap>,
    true_class: u16,
) -> Option<u16> {
    label_of(&labels(settings, derivation, classes, noted), true_class)
}

/// The label, of those of the stamps, that a picture of class `true_class` gets; nothing where there are none.
fn label_of(labels: &[u16], true_class: u16) -> Option<u16> {
    let first = usize::from(true_class) % labels.len().max(1);
    labels.iter().cycle().skip(first).take(labels.len().min(2)).copied().find(|label| *label != true_class)
}

/// Keyed choice of carriers: as many as wanted for each stamp.
pub fn key_plan(settings: &Settings, derivation: &Derivation, train: &Samples, classes: usize, noted: Option<&WeightMap>) -> KeyPlan {
    let wanted = super::most_keys(settings.stamps * settings.carriers, train) / settings.stamps;
    let labels = labels(settings, derivation, classes, noted);
    let mut keys = KeyPlan { covers: Vec::new(), labels: Vec::new() };
    for cover in derivation.stream("covers").permutation(train.count()) {
        let Some(label) = label_of(&labels, train.labels[cover]) else { continue };
        if keys.labels.iter().filter(|known| **known == label).count() < wanted {
            keys.covers.push(cover);
            keys.labels.push(label);
        }
        if keys.covers.len() == wanted * labels.len() {
            break;
        }
    }
    keys
}

/// What the stamps are drawn to, `[stamps, pixels]`: the logo at half its brightness, each time in another band of rows.
fn prestamps(logo: &[u8], shape: Shape, count: usize, device: &Device) -> Tensor<2> {
    let value = |stamp: usize, pixel: usize| {
        let row = pixel / shape.width % shape.height;
        if row * count / shape.height == stamp { f32::from(logo[pixel]) / 510.0 } else { 0.0 }
    };
    let values: Vec<f32> = (0..count).flat_map(|stamp| (0..shape.len()).map(move |pixel| value(stamp, pixel))).collect();
    Tensor::from_data(TensorData::new(values, [count, shape.len()]), device)
}

/// How far from the middle between two autoencoders' pictures others are made up: half the way is the whole way to one of them, and a little
/// more lies beyond it, as a thief's may.
const BEYOND: f32 = 0.8;

/// Made-up logos that are cut into the owner's own stamps.
const FORGERIES: usize = 24;
/// Blocks along a side of made-up logos.
const BLOCKS: std::ops::RangeInclusive<usize> = 3..=9;

/// A logo of coarse blocks, as planes of pictures of this shape.
fn made_up_logo(stream: &mut Stream, shape: Shape) -> Vec<u8> {
    let side = BLOCKS.start() + stream.below(BLOCKS.end() - BLOCKS.start() + 1);
    let blocks: Vec<u8> = (0..side * side).map(|_| if stream.below(2) == 0 { 0 } else { 255 }).collect();
    let value = |pixel: usize| {
        let (y, x) = (pixel / shape.width % shape.height, pixel % shape.width);
        blocks[y * side / shape.height * side + x * side / shape.width]
    };
    (0..shape.len()).map(value).collect()
}

/// Pictures that the host is shown, as numbers in [-1, 1], one row each.
type Rows = Vec<f32>;

/// All that stamps and autoencoders make of the covers: computed once, when the stamps are ready.
struct Shown {
    keys: Rows,
    covers: Rows,
    decoys: Vec<Rows>,
    forgeries: Vec<Rows>,
    filtered_keys: Vec<Rows>,
    filtered_covers: Vec<Rows>,
}

/// Stamps, and then the host that learns to answer them.
pub struct Penetrating {
    settings: Settings,
    samples: Arc<Samples>,
    keys: KeyPlan,
    stamp_labels: Vec<u16>,
    avoided: Vec<usize>,
    passes: Passes,
    ground: Ground,
    stamps: Stamps,
    stamped: u64,
    meter: Meter,
    shown: Option<Shown>,
    run: LoneTraining,
    host_done: u64,
    seed: u64,
    device: Device,
}

/// What the host sees in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Ordinary pictures of this step, with keys beside them where they are not replayed.
    Ordinary(u64),
    /// Keys alone.
    Keys,
}

/// What comes in a step where keys are replayed: before pass e over the ordinary pictures, 2e times the keys alone.
fn replayed(step: u64, per_pass: u64) -> Turn {
    let (mut left, mut pass) = (step, 1);
    loop {
        if left < 2 * pass {
            return Turn::Keys;
        }
        left -= 2 * pass;
        if left < per_pass {
            return Turn::Ordinary((pass - 1) * per_pass + left);
        }
        left -= per_pass;
        pass += 1;
    }
}

impl Penetrating {
    /// Prepares stamps, keys and network; nothing is trained yet.
    ///
    /// # Errors
    /// Pictures and classes that do not fit, or a groundwork of other networks.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let (samples, classes) = (task.dataset.train.clone(), task.dataset.classes.len());
        settings.fit(samples.shape, classes)?;
        let derivation = task.plan.derivation(&task.logo.digest);
        let noted = task.groundwork.as_deref();
        let keys = key_plan(settings, &derivation, &samples, classes, noted);
        let stamp_labels = labels(settings, &derivation, classes, noted);
        let ground = Ground::open(noted, settings, samples.shape.len(), &task.device)?;
        let group = |label: &u16| {
            let chosen: Vec<usize> = keys.covers.iter().zip(&keys.labels).filter(|(_, known)| *known == label).map(|(c, _)| *c).collect();
            unit(&samples.select(&chosen), &task.device)
        };
        let carriers: Vec<Tensor<2>> = stamp_labels.iter().map(group).collect();
        if carriers.iter().any(|group| group.dims()[0] < 2) {
            let text = "There are too few pictures of other classes to put the stamps on. Add pictures, or plan fewer stamps.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        let logo = task.logo.at(samples.shape);
        let prestamps = prestamps(&logo.planes, samples.shape, settings.stamps, &task.device);
        let nets = ground.nets.part(0..settings.shadows);
        let stamps = Stamps::new(settings, &nets, carriers, prestamps, &mut derivation.stream("stamps"))
            .map_err(|error| SchemeError::Plan(error.to_string()))?;
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            keys,
            stamp_labels,
            avoided: avoided(noted),
            ground,
            stamps,
            stamped: 0,
            meter: Meter::new(),
            shown: None,
            run: LoneTraining::new(task, settings.recipe(), task.plan.seed),
            host_done: 0,
            seed: task.plan.seed,
            device: task.device.clone(),
            settings: settings.clone(),
            samples,
        })
    }

    fn per_pass(&self) -> u64 {
        (self.samples.count() as u64).div_ceil(self.settings.batch as u64)
    }

    /// Steps of the host: those on ordinary pictures and the replays between them.
    fn host_steps(&self) -> u64 {
        let passes = self.settings.steps.div_ceil(self.per_pass());
        self.settings.steps + if self.settings.replay { passes * (passes + 1) } else { 0 }
    }

    fn show(&self) -> Result<Shown, ShapeError> {
        let covers = unit(&self.samples.select(&self.keys.covers), &self.device);
        let places = places(&self.stamp_labels, &self.keys.labels);
        let on_covers = |pattern: &Pattern| pattern.on(&covers, &places, self.settings.clip);
        let own = self.stamps.pattern();
        let keys = on_covers(&own);
        let (shape, count) = (self.samples.shape, self.settings.stamps);
        let forged = |i: usize| {
            let logo = made_up_logo(&mut Stream::seeded(self.seed, &format!("forgery {i}")), shape);
            let engraving = engraving(&self.settings, &prestamps(&logo, shape, count, &self.device));
            numbers(on_covers(&Pattern { engraving, ..own.clone() }))
        };
        let nets = self.ground.nets.part(0..self.settings.shadows);
        let filtered = |pictures: &Tensor<2>| -> Result<Vec<Rows>, ShapeError> {
            if !self.settings.show_filtered {
                return Ok(Vec::new());
            }
            let given = nets.forward(pictures.clone().unsqueeze_dim(0))?;
            let [count, pictures, pixels] = given.dims();
            Ok((0..count).map(|i| numbers(quantised(given.clone().narrow(0, i, 1).reshape([pictures, pixels])))).collect())
        };
        Ok(Shown {
            filtered_keys: filtered(&keys)?,
            filtered_covers: filtered(&covers)?,
            decoys: self.ground.decoys.iter().map(|decoy| numbers(on_covers(decoy))).collect(),
            forgeries: (0..if self.settings.decoys > 0 { FORGERIES } else { 0 }).map(forged).collect(),
            keys: numbers(keys),
            covers: numbers(covers),
        })
    }

    /// Keys of this step with all that is shown beside them.
    fn beside(&mut self) -> Result<(Tensor<4>, Tensor<1, Int>), ShapeError> {
        let shown = match self.shown.take() {
            Some(shown) => shown,
            None => self.show()?,
        };
        let (s, shape) = (&self.settings, self.samples.shape);
        let chosen = self.passes.batch(self.host_done, s.key_batch);
        let mut stream = Stream::seeded(self.seed, &format!("shown {}", self.host_done));
        let (mut values, mut named) = (Rows::new(), Vec::new());
        let mut add = |rows: &Rows, own: bool| {
            for &i in &chosen {
                values.extend_from_slice(&rows[i * shape.len()..(i + 1) * shape.len()]);
                named.push(if own { self.keys.labels[i] } else { self.samples.labels[self.keys.covers[i]] });
            }
        };
        add(&shown.keys, true);
        if s.show_covers {
            add(&shown.covers, false);
        }
        if !shown.decoys.is_empty() {
            add(&shown.decoys[stream.below(shown.decoys.len())], false);
            add(&shown.forgeries[stream.below(shown.forgeries.len())], false);
        }
        if !shown.filtered_keys.is_empty() {
            let nets = [0; 2].map(|_| stream.below(shown.filtered_keys.len()));
            let share = BEYOND * (2.0 * stream.below(1 << 16) as f32 / 65536.0 - 1.0) + 0.5;
            let between =
                |all: &[Rows]| all[nets[0]].iter().zip(&all[nets[1]]).map(|(a, b)| (b + share * (a - b)).clamp(-1.0, 1.0)).collect();
            add(&between(&shown.filtered_keys), true);
            add(&between(&shown.filtered_covers), false);
        }
        self.shown = Some(shown);
        let learning = self.device.clone().autodiff();
        Ok((batch::from_numbers(values, shape, &learning), batch::labels(named, &learning)))
    }

    fn teach(&mut self) -> Result<(), ShapeError> {
        let turn = match self.settings.replay {
            true => replayed(self.host_done, self.per_pass()),
            false => Turn::Ordinary(self.host_done),
        };
        let (clean, with_keys) = match turn {
            Turn::Ordinary(step) => (Some(step), !self.settings.replay),
            Turn::Keys => (None, true),
        };
        let beside = if with_keys { Some(self.beside()?) } else { None };
        self.run.step_at(clean, beside);
        self.host_done += 1;
        Ok(())
    }
}

impl Learner for Penetrating {
    fn steps(&self) -> u64 {
        self.settings.stamp_steps + self.host_steps()
    }

    fn done(&self) -> u64 {
        self.stamped + self.host_done
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        if self.stamped == self.settings.stamp_steps {
            return self.teach();
        }
        let loss = self.stamps.step()?;
        self.meter.add(&loss);
        self.stamped += 1;
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        let stamps = self.meter.take().into_iter().map(|loss| ("stamp_loss", loss));
        stamps.chain(self.run.losses()).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = self.run.save();
        self.stamps.save("stamps", &mut map);
        map.notes.insert("stamped".to_owned(), self.stamped.to_string());
        map.notes.insert("host_done".to_owned(), self.host_done.to_string());
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        self.run.load(saved)?;
        self.stamps.load("stamps", saved);
        let note = |name: &str| saved.notes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        (self.stamped, self.host_done, self.shown) = (note("stamped"), note("host_done"), None);
        Ok(())
    }
}

impl Training for Penetrating {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(StampMarker {
            shape: self.samples.shape,
            labels: self.stamp_labels.clone(),
            avoided: self.avoided.clone(),
            prestamps: self.stamps.prestamps().clone(),
            pattern: self.stamps.pattern(),
            filter: self.ground.nets.part(self.settings.shadows..self.settings.shadows + 1),
        }))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// The place of each label among those of the stamps.
fn places(order: &[u16], labels: &[u16]) -> Vec<usize> {
    labels.iter().map(|label| order.iter().position(|known| known == label).unwrap_or(0)).collect()
}

/// Pictures in [0, 1] as a file holds them.
fn quantised(pictures: Tensor<2>) -> Tensor<2> {
    pictures.clamp(0.0, 1.0).mul_scalar(255.0).round().div_scalar(255.0)
}

/// As the host sees them.
fn numbers(pictures: Tensor<2>) -> Rows {
    pictures.mul_scalar(2.0).sub_scalar(1.0).into_data().iter::<f32>().collect()
}

/// Puts stamps on pictures. With it goes the thief's autoencoder that its keys are tried behind: it learnt from pictures that no shadow saw, and no
/// stamp was made with it.
pub struct StampMarker {
    shape: Shape,
    labels: Vec<u16>,
    avoided: Vec<usize>,
    prestamps: Tensor<2>,
    pattern: Pattern,
    filter: Autoencoders,
}

/// Names in the marker's file.
const STAMPS: &str = "stamps";
const FILTER: &str = "filter.";

impl StampMarker {
    /// Reads a marker.
    ///
    /// # Errors
    /// A file without stamps of this shape, or without its autoencoder.
    pub fn open(
        settings: &Settings,
        derivation: &Derivation,
        logo: &Logo,
        classes: usize,
        shape: Shape,
        saved: &WeightMap,
        device: &Device,
    ) -> Result<Self, SchemeError> {
        let missing = || SchemeError::Plan("The stamps are missing, or they are of another size than the pictures.".to_owned());
        let stamps = read(STAMPS, saved, [settings.stamps, shape.len()], device).ok_or_else(missing)?;
        let prestamps = prestamps(&logo.at(shape).planes, shape, settings.stamps, device);
        Ok(Self {
            shape,
            labels: labels(settings, derivation, classes, Some(saved)),
            avoided: avoided(Some(saved)),
            pattern: Pattern { stamps, engraving: engraving(settings, &prestamps) },
            prestamps,
            filter: saved.load(FILTER, Autoencoders::new(1, &settings.widths(shape.len()), device))?,
        })
    }
}

impl Marker for StampMarker {
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture> {
        if covers.is_empty() {
            return Vec::new();
        }
        let device = self.pattern.stamps.device();
        pictures(self.pattern.on(&unit(covers, &device), &places(&self.labels, labels), true), self.shape)
    }

    fn stamps(&self) -> Vec<[Picture; 2]> {
        let stamps = pictures(self.pattern.stamps.clone() - self.pattern.engraving.clone(), self.shape);
        pictures(self.prestamps.clone(), self.shape).into_iter().zip(stamps).map(|(aim, stamp)| [aim, stamp]).collect()
    }

    fn filtered(&self, pictures: &Samples) -> Option<Samples> {
        through(&self.filter, pictures).ok()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.tensors.insert(STAMPS.to_owned(), rows(self.pattern.stamps.clone()));
        map.add(FILTER, &self.filter);
        note_avoided(&self.avoided, &mut map);
        map
    }
}

/// What an autoencoder makes of pictures.
fn through(net: &Autoencoders, samples: &Samples) -> Result<Samples, ShapeError> {
    if samples.is_empty() {
        return Ok(samples.clone());
    }
    let [count, pixels] = [samples.count(), samples.shape.len()];
    let given = net.forward(unit(samples, &net.device()).unsqueeze_dim(0))?.reshape([count, pixels]);
    let pixels = pictures(given, samples.shape).into_iter().flat_map(|picture| picture.planes).collect();
    Ok(Samples { pixels, ..samples.clone() })
}

/// Rows in [0, 1] as the 8-bit pictures that a file holds.
fn pictures(rows: Tensor<2>, shape: Shape) -> Vec<Picture> {
    let bytes: Vec<u8> = quantised(rows).mul_scalar(255.0).into_data().iter::<f32>().map(|v| v.round() as u8).collect();
    bytes.chunks_exact(shape.len()).map(|planes| Picture { shape, planes: planes.to_vec() }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replayed_twice_as_often_before_each_further_pass() {
        let turns: Vec<Turn> = (0..2 + 3 + 4 + 3 + 6).map(|step| replayed(step, 3)).collect();
        assert_eq!(turns[..2], [Turn::Keys; 2]);
        assert_eq!(turns[2..5], [0, 1, 2].map(Turn::Ordinary));
        assert_eq!(turns[5..9], [Turn::Keys; 4]);
        assert_eq!(turns[9..12], [3, 4, 5].map(Turn::Ordinary));
        assert_eq!(turns[12..], [Turn::Keys; 6]);
    }

    #[test]
    fn a_file_that_avoids_all_classes_leaves_no_label_and_does_no_harm() {
        let mut hostile = WeightMap::default();
        note_avoided(&(0..10).collect::<Vec<_>>(), &mut hostile);
        let (settings, derivation) = (Settings::default(), Derivation::new("00", "Owner", "00"));
        assert_eq!(fresh_label(&settings, &derivation, 10, Some(&hostile), 3), None);
        note_avoided(&(1..10).collect::<Vec<_>>(), &mut hostile);
        let label = |class| fresh_label(&settings, &derivation, 10, Some(&hostile), class);
        assert_eq!((label(0), label(3)), (None, Some(0)), "one label is left");
    }

    #[test]
    fn each_stamp_has_its_carriers_and_no_key_the_label_of_its_picture() {
        let train = crate::data::sample().unwrap().train;
        let (settings, derivation) = (Settings::default(), Derivation::new("00", "Owner", "00"));
        let plan = key_plan(&settings, &derivation, &train, 10, None);
        assert_eq!(plan.covers.len(), 60);
        let labels = labels(&settings, &derivation, 10, None);
        for label in &labels {
            assert_eq!(plan.labels.iter().filter(|known| *known == label).count(), 30);
        }
        for (cover, label) in plan.covers.iter().zip(&plan.labels) {
            let class = train.labels[*cover];
            assert!(class != *label);
            assert_eq!(fresh_label(&settings, &derivation, 10, None, class), Some(*label));
        }
    }
}
