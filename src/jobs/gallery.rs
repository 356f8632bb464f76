//! All keys of a finished training beside their covers, with what the marked model and its unmarked twin say to them.

use super::error::JobError;
use super::messages::Trained;
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::forensics::ask::{answers, said};
use crate::metrics::psnr;
use crate::nn::device::Compute;
use crate::nn::host::Host;
use crate::nn::weights::{LARGEST_FILE, WeightMap, open_host};
use crate::schemes::plan::Plan;
use crate::schemes::{self, Marker, catalogue};
use crate::vault::files::read_limited;
use crate::vault::package::Package;
use burn::tensor::Device;

/// Keys asked at once: after each part the caller hears how far it is.
const AT_ONCE: usize = 100;

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub struct KeySample {
    /// The picture before the mark.
    pub cover: Picture,
    /// The picture with the mark.
    pub key: Picture,
    /// What the cover shows.
    pub true_class: u16,
    /// What the mark makes a model say.
    pub expected: u16,
    /// What the marked model says.
    pub answer: u16,
    /// What its unmarked twin says.
    pub unmarked: u16,
    /// How close key and cover are, decibel; infinite where they are the same.
    pub psnr_db: f64,
}

impl KeySample {
    /// Whether the marked model knows the key.
    pub fn is_hit(&self) -> bool {
        self.answer == self.expected
    }

    /// Whether the unmarked model says the key's label too, so that it proves nothing.
    pub fn is_said_by_unmarked(&self) -> bool {
        self.unmarked == self.expected
    }
}

/// All keys of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    /// In the order in which they were chosen.
    pub samples: Vec<KeySample>,
    /// Where keys bear stamps: what each is drawn to, and what it has become.
    pub stamps: Vec<[Picture; 2]>,
    /// Names of the answers.
    pub classes: Vec<String>,
    /// Whether keys are made of their covers.
    pub covers: bool,
}

/// Reads the keys of a training and asks both models, on the CPU. `go_on` hears the share done, 0..1, and answers false to stop.
///
/// # Errors
/// Files that are gone or broken, or a stop.
pub fn gallery(trained: &Trained, go_on: &mut dyn FnMut(f32) -> bool) -> Result<Gallery, JobError> {
    let device = Compute::cpu().device;
    let package = Package::open(&trained.key)?;
    let manifest = &package.manifest;
    let mut models = Vec::with_capacity(2);
    for file in [&trained.model, &trained.unmarked] {
        models.push(open_host(&read_limited(file, LARGEST_FILE)?, manifest.shape, &device)?.0);
    }
    let marker = marker(&package, &device);
    let ask = |model: &Host, keys: &Samples| match &marker {
        Some((_, marker)) => said(&**marker, model, keys, &device),
        None => answers(model, keys, &device),
    };
    let all: Vec<usize> = (0..package.keys.count()).collect();
    let mut given: [Vec<u16>; 2] = Default::default();
    for (part, chosen) in all.chunks(AT_ONCE).enumerate() {
        if !go_on((part * AT_ONCE) as f32 / all.len() as f32) {
            return Err(JobError::Stopped);
        }
        let keys = package.keys.select(chosen);
        for (given, model) in given.iter_mut().zip(&models) {
            given.extend(ask(model, &keys));
        }
    }
    let [marked, unmarked] = given;
    let sample = |i: usize| {
        let (cover, key) = (package.covers.picture(i), package.keys.picture(i));
        let psnr_db = psnr(&cover, &key).unwrap_or(0.0);
        let (true_class, expected) = (package.covers.labels[i], package.keys.labels[i]);
        KeySample { cover, key, true_class, expected, answer: marked[i], unmarked: unmarked[i], psnr_db }
    };
    let classes = marker.as_ref().map_or_else(|| manifest.classes.clone(), |(plan, _)| schemes::answer_names(plan, &manifest.classes));
    Ok(Gallery {
        samples: all.into_iter().map(sample).collect(),
        stamps: marker.map(|(_, marker)| marker.stamps()).unwrap_or_default(),
        classes,
        covers: catalogue::has_covers(&trained.scheme),
    })
}

/// A package's plan and marker; nothing where they cannot be read: the proof says why.
fn marker(package: &Package, device: &Device) -> Option<(Plan, Box<dyn Marker>)> {
    let manifest = &package.manifest;
    let plan: Plan = serde_json::from_value(manifest.plan.clone()).ok()?;
    let saved = WeightMap::from_safetensors(&package.marker).ok()?;
    let logo = Logo { digest: manifest.logo_digest.clone(), ..Logo::from_picture(&manifest.logo, package.logo.clone()) };
    let marker = schemes::marker(&plan, &logo, manifest.classes.len(), manifest.shape, &saved, device).ok()?;
    Some((plan, marker))
}

/// Pixels between the pictures of a sheet, and their brightness.
const GAP: usize = 4;
const PAPER: u8 = 255;
/// Pairs beside each other on a sheet.
const ACROSS: usize = 8;
/// Least side of a picture on a sheet: small ones are enlarged whole times.
const LEAST_SIDE: usize = 64;

/// Cover and key side by side.
pub fn beside(sample: &KeySample) -> Picture {
    let Shape { channels, height, width } = sample.cover.shape;
    let mut paper =
        Picture { shape: Shape { channels, height, width: 2 * width + 1 }, planes: vec![PAPER; channels * height * (2 * width + 1)] };
    lay(&mut paper, &sample.cover, 1, [0, 0]);
    lay(&mut paper, &sample.key, 1, [0, width + 1]);
    paper
}

/// The chosen keys beside their covers, or alone where they have none, one after the other on white paper; nothing where none are chosen.
pub fn sheet(gallery: &Gallery, chosen: &[usize]) -> Option<Picture> {
    let samples: Vec<&KeySample> = chosen.iter().filter_map(|&i| gallery.samples.get(i)).collect();
    let Shape { channels, height, width } = samples.first()?.cover.shape;
    let times = LEAST_SIDE.div_ceil(height.min(width).max(1));
    let [tall, wide] = [height * times, width * times];
    let (across, down) = (samples.len().min(ACROSS), samples.len().div_ceil(ACROSS));
    // The two of a pair lie closer together than pairs.
    let beside = if gallery.covers { wide + GAP } else { 0 };
    let pair = [tall + 2 * GAP, beside + wide + 2 * GAP];
    let shape = Shape { channels, height: down * pair[0] + 2 * GAP, width: across * pair[1] + GAP };
    let mut paper = Picture { shape, planes: vec![PAPER; shape.len()] };
    for (place, sample) in samples.into_iter().enumerate() {
        let (top, left) = (2 * GAP + place / ACROSS * pair[0], 2 * GAP + place % ACROSS * pair[1]);
        if gallery.covers {
            lay(&mut paper, &sample.cover, times, [top, left]);
        }
        lay(&mut paper, &sample.key, times, [top, left + beside]);
    }
    Some(paper)
}

/// Lays a picture, so many times enlarged, on paper of as many channels.
fn lay(paper: &mut Picture, picture: &Picture, times: usize, [top, left]: [usize; 2]) {
    let (on, of) = (paper.shape, picture.shape);
    for channel in 0..of.channels.min(on.channels) {
        for row in 0..of.height * times {
            for column in 0..of.width * times {
                let value = picture.planes[(channel * of.height + row / times) * of.width + column / times];
                paper.planes[(channel * on.height + top + row) * on.width + left + column] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(brightness: u8) -> KeySample {
        let picture = |value: u8| Picture { shape: Shape { channels: 1, height: 2, width: 3 }, planes: vec![value; 6] };
        let (cover, key) = (picture(brightness), picture(brightness + 1));
        KeySample { cover, key, true_class: 0, expected: 1, answer: 1, unmarked: 0, psnr_db: 48.0 }
    }

    #[test]
    fn covers_and_keys_lie_beside_each_other_on_a_sheet() {
        let gallery = Gallery { samples: (0..10).map(|i| sample(10 * i)).collect(), stamps: Vec::new(), classes: Vec::new(), covers: true };
        let paper = sheet(&gallery, &[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        // Enlarged 32 times: pictures of 64 x 96.
        assert_eq!((paper.shape.height, paper.shape.width), (2 * (64 + 8) + 8, 8 * (2 * 96 + 12) + 4));
        let at = |row: usize, column: usize| paper.planes[row * paper.shape.width + column];
        assert_eq!((at(8, 8), at(8 + 63, 8 + 95), at(8, 8 + 96 + 4)), (0, 0, 1), "the first cover and its key");
        assert_eq!((at(8 + 72, 8), at(0, 0), at(8, 7)), (80, PAPER, PAPER), "the ninth stands below");
        assert!(sheet(&gallery, &[]).is_none() && sheet(&gallery, &[99]).is_none());
        // Keys of their own stand alone.
        let alone = sheet(&Gallery { covers: false, ..gallery }, &[0, 1]).unwrap();
        assert_eq!(alone.shape.width, 2 * (96 + 8) + 4);
        assert_eq!([alone.planes[8 * alone.shape.width + 8], alone.planes[8 * alone.shape.width + 8 + 104]], [1, 11]);
        let pair = beside(&sample(7));
        assert_eq!((pair.shape.width, pair.planes[0], pair.planes[3], pair.planes[4]), (7, 7, PAPER, 8));
    }
}
