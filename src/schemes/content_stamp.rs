//! Content stamp (Zhang et al., AsiaCCS 2018, "content"): the logo itself is stamped onto pictures that the host learns to misname.
//!
//! The oldest and simplest trigger: no encoder, one label for all keys, plainly visible. It stands here as the baseline that
//! others are measured against.

use super::batches::Passes;
use super::recipe::{LoneTraining, Recipe};
use super::{KeyPlan, Learner, Marker, SchemeError, Task, Training};
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::optim::Rule;
use crate::nn::weights::WeightMap;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;
use burn::tensor::Device;
use std::sync::Arc;

crate::settings! {
    /// Hyper-parameters of the content stamp.
    pub struct Settings {
        /// How many training steps the marked model gets. More steps take longer and make the mark firmer. The paper: 100 passes over the training pictures.
        steps: u64 = 600, paper 60_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// How many pictures are stamped, at most a quarter of the training pictures. The paper takes 1% of them.
        keys: usize = 60, paper 600, Kind::Whole { min: 4.0, max: 100_000.0 }, "pictures";
        /// Side of the stamp as a share of the picture's side.
        size: f64 = 0.4, paper 0.4, Kind::Real { min: 0.1, max: 1.0 }, "of the side";
        /// How much of the stamp covers the picture: 1 hides it wholly.
        opacity: f64 = 1.0, paper 1.0, Kind::Real { min: 0.05, max: 1.0 }, "";
        /// Ordinary pictures in each step.
        batch: usize = 100, paper 100, Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
        /// Keys in each step.
        key_batch: usize = 20, paper 20, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// First learning rate of the model; it falls twice.
        host_rate: f64 = 0.1, paper 0.1, Kind::Real { min: 0.0, max: 10.0 }, "";
        /// Share of the steps after which the model's learning rate falls for the first time. The paper: epoch 40 of 100.
        first_drop: f64 = 0.4, paper 0.4, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// Share of the steps after which it falls for the second time. The paper: epoch 80 of 100.
        second_drop: f64 = 0.8, paper 0.8, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// What the model's learning rate is multiplied by each time it falls.
        drop_factor: f64 = 0.1, paper 0.1, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Share of its last step that each step of the model keeps (momentum).
        momentum: f64 = 0.9, paper 0.9, Kind::Real { min: 0.0, max: 0.999 }, "";
        /// Pulls the model's weights towards zero (weight decay).
        host_decay: f64 = 5e-4, paper 5e-4, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Shifts and mirrors the ordinary pictures at random. Good for photographs, harmful for digits and letters.
        augment: bool = false, paper true, Kind::Switch, "";
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
            rule: Rule::Sgd { momentum: self.momentum, decay: self.host_decay },
            augment: self.augment,
        }
    }
}

/// The one label of all keys, derived from logo, owner and salt.
fn target(derivation: &Derivation, classes: usize) -> u16 {
    derivation.stream("label").below(classes) as u16
}

/// Keyed choice of carriers: pictures of any class but the target's.
pub fn key_plan(settings: &Settings, derivation: &Derivation, train: &Samples, classes: usize) -> KeyPlan {
    let label = target(derivation, classes);
    let covers: Vec<usize> = derivation
        .stream("covers")
        .permutation(train.count())
        .into_iter()
        .filter(|&i| train.labels[i] != label)
        .take(super::most_keys(settings.keys, train))
        .collect();
    KeyPlan { labels: vec![label; covers.len()], covers }
}

/// The label of a fresh key; none for pictures that bear the target's class anyway.
pub fn fresh_label(derivation: &Derivation, classes: usize, true_class: u16) -> Option<u16> {
    let label = target(derivation, classes);
    (true_class != label).then_some(label)
}

/// The training of a host on stamped pictures.
pub struct ContentStamp {
    settings: Settings,
    samples: Arc<Samples>,
    keys: KeyPlan,
    passes: Passes,
    stamped: Vec<Picture>,
    marker: StampMarker,
    run: LoneTraining,
    device: Device,
}

impl ContentStamp {
    /// Prepares network and keys; nothing is trained yet.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let samples = task.dataset.train.clone();
        let keys = key_plan(settings, &task.plan.derivation(&task.logo.digest), &samples, task.dataset.classes.len());
        if keys.covers.is_empty() {
            return Err(SchemeError::Plan(
                "Every training picture has the class that the stamp stands for; add pictures of other classes.".to_owned(),
            ));
        }
        let marker = StampMarker::new(settings, &task.logo, samples.shape);
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            stamped: marker.mark(&samples.select(&keys.covers), &keys.labels),
            keys,
            marker,
            run: LoneTraining::new(task, settings.recipe(), task.plan.seed),
            device: task.device.clone().autodiff(),
            settings: settings.clone(),
            samples,
        })
    }
}

impl Learner for ContentStamp {
    fn steps(&self) -> u64 {
        self.run.steps()
    }

    fn done(&self) -> u64 {
        self.run.done()
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        let chosen = self.passes.batch(self.run.done(), self.settings.key_batch);
        let bytes: Vec<u8> = chosen.iter().flat_map(|&i| &self.stamped[i].planes).copied().collect();
        let keys = batch::from_bytes(&bytes, self.samples.shape, &self.device);
        self.run.step(Some((keys, batch::labels(chosen.iter().map(|&i| self.keys.labels[i]), &self.device))));
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        self.run.losses()
    }

    fn save(&self) -> WeightMap {
        self.run.save()
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        Ok(self.run.load(saved)?)
    }
}

impl Training for ContentStamp {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(self.marker.clone()))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// Lays a logo over the lower right corner of pictures.
#[derive(Debug, Clone)]
pub struct StampMarker {
    stamp: Picture,
    opacity: f64,
}

impl StampMarker {
    /// A stamp for pictures of this shape.
    pub fn new(settings: &Settings, logo: &Logo, shape: Shape) -> Self {
        let side = |length: usize| ((length as f64 * settings.size).round() as usize).clamp(1, length);
        let stamp = logo.at(Shape { channels: shape.channels, height: side(shape.height), width: side(shape.width) });
        Self { stamp, opacity: settings.opacity }
    }
}

impl Marker for StampMarker {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        let (shape, stamp) = (covers.shape, &self.stamp.shape);
        let (top, left) = (shape.height - stamp.height, shape.width - stamp.width);
        (0..covers.count())
            .map(|i| {
                let mut picture = covers.picture(i);
                for c in 0..shape.channels {
                    for y in 0..stamp.height {
                        for x in 0..stamp.width {
                            let ink = f64::from(self.stamp.planes[(c * stamp.height + y) * stamp.width + x]);
                            let pixel = &mut picture.planes[(c * shape.height + top + y) * shape.width + left + x];
                            *pixel = (f64::from(*pixel) * (1.0 - self.opacity) + ink * self.opacity).round() as u8;
                        }
                    }
                }
                picture
            })
            .collect()
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }
}
