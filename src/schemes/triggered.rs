//! A host that learns fixed keys beside ordinary pictures: what all schemes have in common whose keys can be drawn before anything is trained.
//! All keys have one label, which follows from logo, owner and salt.

use super::batches::Passes;
use super::recipe::{LoneTraining, Recipe};
use super::{KeyPlan, Learner, Marker, SchemeError, Task, Training};
use crate::data::{Picture, Samples};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::vault::derive::Derivation;
use burn::tensor::Device;
use std::sync::Arc;

/// The one label of all keys, derived from logo, owner and salt.
fn target(derivation: &Derivation, classes: usize) -> u16 {
    derivation.stream("label").below(classes) as u16
}

/// Keyed choice of carriers, `wanted` at most: pictures of any class but the target's.
pub fn key_plan(wanted: usize, derivation: &Derivation, train: &Samples, classes: usize) -> KeyPlan {
    let label = target(derivation, classes);
    let covers: Vec<usize> = derivation
        .stream("covers")
        .permutation(train.count())
        .into_iter()
        .filter(|&i| train.labels[i] != label)
        .take(super::most_keys(wanted, train))
        .collect();
    KeyPlan { labels: vec![label; covers.len()], covers }
}

/// The label of a fresh key; none for pictures that bear the target's class anyway.
pub fn fresh_label(derivation: &Derivation, classes: usize, true_class: u16) -> Option<u16> {
    let label = target(derivation, classes);
    (true_class != label).then_some(label)
}

/// The training of a host on keys that a marker draws.
pub struct Triggered<M> {
    samples: Arc<Samples>,
    keys: KeyPlan,
    key_batch: usize,
    passes: Passes,
    marked: Vec<Picture>,
    marker: M,
    run: LoneTraining,
    device: Device,
}

impl<M: Marker> Triggered<M> {
    /// Prepares network and `keys` keys, `key_batch` of which are shown in a step; nothing is trained yet.
    ///
    /// # Errors
    /// No picture of another class than the keys' label.
    pub fn new(task: &Task, recipe: Recipe, keys: usize, key_batch: usize, marker: M) -> Result<Self, SchemeError> {
        let samples = task.dataset.train.clone();
        let keys = key_plan(keys, &task.plan.derivation(&task.logo.digest), &samples, task.dataset.classes.len());
        if keys.covers.is_empty() {
            let text = "Every training picture has the class that the keys stand for; add pictures of other classes.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            marked: marker.mark(&samples.select(&keys.covers), &keys.labels),
            keys,
            key_batch,
            marker,
            run: LoneTraining::new(task, recipe, task.plan.seed),
            device: task.device.clone().autodiff(),
            samples,
        })
    }
}

impl<M: Marker + Clone + 'static> Learner for Triggered<M> {
    fn steps(&self) -> u64 {
        self.run.steps()
    }

    fn done(&self) -> u64 {
        self.run.done()
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        let chosen = self.passes.batch(self.run.done(), self.key_batch);
        let bytes: Vec<u8> = chosen.iter().flat_map(|&i| &self.marked[i].planes).copied().collect();
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

impl<M: Marker + Clone + 'static> Training for Triggered<M> {
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

/// Adds the same pattern to every picture.
#[derive(Debug, Clone)]
pub struct PatternMarker {
    /// What is added to each value of a picture, planar, in steps of an 8-bit value.
    offsets: Vec<i16>,
}

impl PatternMarker {
    /// A pattern of so much for each value, as shares of full brightness.
    pub fn new(pattern: impl Iterator<Item = f64>) -> Self {
        Self { offsets: pattern.map(|share| (255.0 * share).round().clamp(-255.0, 255.0) as i16).collect() }
    }
}

impl Marker for PatternMarker {
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture> {
        let sum = |(byte, offset): (&u8, &i16)| (i16::from(*byte) + offset).clamp(0, 255) as u8;
        let marked = |i: usize| Picture { shape: covers.shape, planes: covers.bytes(i).iter().zip(&self.offsets).map(sum).collect() };
        (0..labels.len()).map(marked).collect()
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }
}
