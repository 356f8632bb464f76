//! How a host learns its task: shared by marked and unmarked hosts, so that both get the same budget.

use super::feeder::Feeder;
use super::losses::{Meter, cross_entropy};
use super::{Learner, SchemeError, Task};
use crate::nn::error::ShapeError;
use crate::nn::exponential::weighted;
use crate::nn::host::Host;
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::weights::{WeightMap, WeightsError};
use crate::nn::{batch, init};
use burn::module::Module;
use burn::tensor::{Device, Gradients, Int, Tensor};

/// The host's hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Steps in all.
    pub steps: u64,
    /// Clean pictures a step.
    pub batch: usize,
    /// First learning rate.
    pub rate: f64,
    /// Shares of the steps after which the rate falls.
    pub drops: [f64; 2],
    /// What the rate is multiplied by then.
    pub drop_factor: f64,
    /// How gradients become steps.
    pub rule: Rule,
    /// Whether clean pictures are shifted and mirrored.
    pub augment: bool,
}

/// A host in training.
pub struct HostTraining {
    recipe: Recipe,
    feeder: Feeder,
    host: Host,
    optimiser: Optimiser,
    /// Where its weights act weighted exponentially: how strongly.
    exponent: Option<f64>,
    device: Device,
    seed: u64,
}

impl HostTraining {
    /// A host with first weights from `seed`.
    pub fn new(task: &Task, recipe: Recipe, seed: u64) -> Self {
        let device = task.device.clone().autodiff();
        let samples = task.dataset.train.clone();
        let host = Host::of_width(task.plan.host, task.plan.width, samples.shape, task.dataset.classes.len(), &device);
        Self {
            recipe,
            feeder: Feeder::new(samples, seed, recipe.batch, recipe.augment),
            host: init::seeded(host, seed),
            optimiser: Optimiser::new(recipe.rule),
            exponent: None,
            device,
            seed,
        }
    }

    /// What the network answers in a step of its own learning, class scores `[batch, classes]`.
    pub fn answers(&self, step: u64, x: Tensor<4>) -> Tensor<2> {
        let dropped = self.seed.wrapping_add(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.weighted(self.host.clone()).learn(x, dropped)
    }

    fn weighted(&self, host: Host) -> Host {
        match self.exponent {
            Some(exponent) => weighted(host, exponent),
            None => host,
        }
    }

    /// The network as it acts, ready to answer.
    pub fn acting(&self) -> Host {
        self.weighted(self.host.valid())
    }

    /// The network with its gradients on.
    pub fn network(&self) -> &Host {
        &self.host
    }

    /// The clean pictures and labels of a step.
    pub fn clean(&mut self, step: u64) -> (Tensor<4>, Tensor<1, Int>) {
        let ready = self.feeder.batch(step);
        (batch::from_numbers(ready.numbers, self.feeder.shape(), &self.device), batch::labels(ready.labels, &self.device))
    }

    /// The learning rate of a step.
    pub fn rate(&self, step: u64) -> f64 {
        let share = step as f64 / self.recipe.steps.max(1) as f64;
        let drops = self.recipe.drops.iter().filter(|&&drop| share >= drop).count();
        self.recipe.rate * self.recipe.drop_factor.powi(drops as i32)
    }

    /// One step of the optimiser.
    pub fn update(&mut self, mut gradients: Gradients, step: u64) {
        let rate = self.rate(step);
        self.host = self.optimiser.step(self.host.clone(), &mut gradients, rate);
    }

    /// Takes up network and optimiser.
    pub fn save(&self, map: &mut WeightMap) {
        map.add("host.", &self.host);
        self.optimiser.save("host_optimiser", map);
    }

    /// Reads them back.
    pub fn load(&mut self, map: &WeightMap) -> Result<(), WeightsError> {
        self.host = map.load("host.", self.host.clone())?;
        self.optimiser.load("host_optimiser", map, &self.device);
        Ok(())
    }
}

/// A host that learns with no other network beside it: its steps, its losses, and how it is written down.
pub struct LoneTraining {
    host: HostTraining,
    meter: Meter,
    done: u64,
}

impl LoneTraining {
    /// Nothing is trained yet.
    pub fn new(task: &Task, recipe: Recipe, seed: u64) -> Self {
        Self { host: HostTraining::new(task, recipe, seed), meter: Meter::new(), done: 0 }
    }

    /// Steps in all.
    pub fn steps(&self) -> u64 {
        self.host.recipe.steps
    }

    /// Steps done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// One step on clean pictures and, where given, on more pictures with their labels.
    pub fn step(&mut self, more: Option<(Tensor<4>, Tensor<1, Int>)>) {
        self.step_at(Some(self.done), more);
        self.done += 1;
    }

    /// The same on the clean pictures of any step, or on none of them. The caller counts steps, and never asks for nothing at all.
    pub fn step_at(&mut self, clean: Option<u64>, more: Option<(Tensor<4>, Tensor<1, Int>)>) {
        self.learn(clean, more, None);
    }

    /// One step on clean pictures whose loss is so much larger.
    pub fn step_with(&mut self, penalty: Option<Tensor<1>>) {
        self.learn(Some(self.done), None, penalty);
        self.done += 1;
    }

    fn learn(&mut self, clean: Option<u64>, more: Option<(Tensor<4>, Tensor<1, Int>)>, penalty: Option<Tensor<1>>) {
        let clean = clean.map(|step| {
            self.done = step;
            self.host.clean(step)
        });
        let (pictures, labels): (Vec<_>, Vec<_>) = clean.into_iter().chain(more).unzip();
        let loss = cross_entropy(self.host.answers(self.done, Tensor::cat(pictures, 0)), Tensor::cat(labels, 0));
        let loss = penalty.into_iter().fold(loss, |loss, penalty| loss + penalty);
        self.meter.add(&loss.clone().inner());
        self.host.update(loss.backward(), self.done);
    }

    /// Mean loss since the last call.
    pub fn losses(&mut self) -> Vec<(&'static str, f64)> {
        ["host_loss"].into_iter().zip(self.meter.take()).collect()
    }

    /// The network with its gradients on.
    pub fn network(&self) -> &Host {
        self.host.network()
    }

    /// From now on the network's weights act weighted exponentially.
    pub fn weigh(&mut self, exponent: f64) {
        self.host.exponent = Some(exponent);
    }

    /// The host as it is now, ready to answer.
    pub fn host(&self) -> Host {
        self.host.acting()
    }

    /// Network, optimiser and step count.
    pub fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        self.host.save(&mut map);
        map.notes.insert("done".to_owned(), self.done.to_string());
        map
    }

    /// Continues from what `save` wrote.
    pub fn load(&mut self, saved: &WeightMap) -> Result<(), WeightsError> {
        self.host.load(saved)?;
        self.done = saved.notes.get("done").and_then(|d| d.parse().ok()).unwrap_or(0);
        Ok(())
    }
}

/// A training in which nothing but the host learns: all of it but a step is the same for all.
pub trait Alone: Send {
    /// The host's training.
    fn run(&self) -> &LoneTraining;

    /// The same, to be changed.
    fn run_mut(&mut self) -> &mut LoneTraining;

    /// One more step.
    fn advance(&mut self);

    /// Takes up what follows from the steps that are done, after they were read back.
    fn resumed(&mut self) {}

    /// What the keys hang on beside plan and pictures, where there is something: with another the training cannot go on.
    fn hangs_on(&self) -> Option<String> {
        None
    }
}

/// Note of what keys hang on.
const HANGS_ON: &str = "hangs_on";

impl<T: Alone> Learner for T {
    fn steps(&self) -> u64 {
        self.run().steps()
    }

    fn done(&self) -> u64 {
        self.run().done()
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        self.advance();
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        self.run_mut().losses()
    }

    fn save(&self) -> WeightMap {
        let mut map = self.run().save();
        map.notes.extend(self.hangs_on().map(|what| (HANGS_ON.to_owned(), what)));
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        if saved.notes.get(HANGS_ON) != self.hangs_on().as_ref() {
            let text = "The pictures chosen as keys are not those that this training began with. Put those back into their folder, or start the training anew.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        self.run_mut().load(saved)?;
        self.resumed();
        Ok(())
    }
}
