//! A thief asks the protected network, keeps inputs and marked outputs, and trains a network of his own on the pairs (S4, tables 2 and 3).

use crate::data::{Picture, Samples};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::init::faint;
use crate::nn::optim::{Optimiser, Rule, cosine};
use crate::nn::surrogate::{Family, Surrogate};
use crate::schemes::barrier::Settings;
use crate::vault::derive::Stream;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// What the thief's network is told to make small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// The mean distance of the pixels.
    L1,
    /// Its square.
    L2,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::L1, Self::L2];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
        }
    }
}

/// What the thief does, and how hard he tries: without these numbers "robust" means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Kind of network.
    pub family: Family,
    /// Channels of the pictures: 3, or 1 where they are grey.
    pub channels: usize,
    /// What it learns from.
    pub loss: Loss,
    /// Steps.
    pub steps: u64,
    /// Pictures in each step.
    pub batch: usize,
    /// Learning rate of Adam, which falls to zero along a cosine.
    pub rate: f64,
    /// Channels of the network at the full side.
    pub width: usize,
    /// Halvings of the U-Net.
    pub halvings: usize,
    /// Whether the network changes the picture that it is given instead of drawing a new one.
    pub residual: bool,
    /// Mirrors and turns inputs and outputs at random, together.
    pub augment: bool,
    /// First weights and order of the pictures.
    pub seed: u64,
}

impl Plan {
    /// The effort that a barrier's settings give the thieves it is made against.
    pub fn of(settings: &Settings, family: Family, loss: Loss, seed: u64) -> Self {
        Self {
            family,
            channels: settings.channels(),
            loss,
            steps: settings.surrogate_steps,
            batch: settings.batch,
            rate: settings.rate,
            width: settings.surrogate_width,
            halvings: settings.halvings,
            residual: settings.surrogate_residual,
            augment: false,
            seed,
        }
    }
}

/// A thief at work.
pub struct Thief {
    plan: Plan,
    network: Surrogate,
    optimiser: Optimiser,
    device: Device,
    done: u64,
}

impl Thief {
    /// One who has learnt nothing yet.
    pub fn new(plan: Plan, device: &Device) -> Self {
        let network = Surrogate::new(plan.family, plan.channels, plan.width, plan.halvings, plan.residual, &device.clone().autodiff());
        let optimiser = Optimiser::new(Rule::Adam { beta1: 0.5, beta2: 0.999 });
        Self { network: faint(network, plan.seed), optimiser, device: device.clone(), done: 0, plan }
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.done >= self.plan.steps
    }

    /// One step on pairs of what went in and what came out, and the share of all steps done.
    ///
    /// # Errors
    /// Pictures that the network does not take.
    pub fn step(&mut self, inputs: &Samples, outputs: &Samples) -> Result<f64, ShapeError> {
        let mut stream = Stream::seeded(self.plan.seed, &format!("thief {}", self.done));
        let chosen: Vec<usize> = (0..self.plan.batch).map(|_| stream.below(inputs.count().min(outputs.count()))).collect();
        let load = |samples: &Samples| {
            let pictures = batch::from_unit_bytes(&samples.select(&chosen).pixels, samples.shape, &self.device);
            Tensor::<4>::from_inner(pictures)
        };
        let (mut x, mut y) = (load(inputs), load(outputs));
        if self.plan.augment {
            let way = stream.below(8);
            (x, y) = (batch::turned(x, way), batch::turned(y, way));
        }
        let apart = self.network.forward(x)? - y;
        let loss = match self.plan.loss {
            Loss::L1 => apart.abs().mean(),
            Loss::L2 => (apart.clone() * apart).mean(),
        };
        let share = self.done as f64 / self.plan.steps.max(1) as f64;
        let rate = cosine(self.plan.rate, share);
        let mut gradients = loss.backward();
        self.network = self.optimiser.step(self.network.clone(), &mut gradients, rate);
        self.done += 1;
        Ok(self.done as f64 / self.plan.steps.max(1) as f64)
    }

    /// What the thief's network gives for new inputs.
    ///
    /// # Errors
    /// Pictures that the network does not take.
    pub fn answer(&self, inputs: &Samples) -> Result<Vec<Picture>, ShapeError> {
        let network = self.network.valid();
        let all: Vec<usize> = (0..inputs.count()).collect();
        let mut answers = Vec::with_capacity(all.len());
        for part in all.chunks(16) {
            let pictures = batch::from_unit_bytes(&inputs.select(part).pixels, inputs.shape, &self.device);
            answers.extend(batch::to_unit_pictures(network.forward(pictures)?));
        }
        Ok(answers)
    }
}
