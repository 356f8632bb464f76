//! How long making a barrier takes on this machine: a few steps of each stage, tried before it begins.

use super::Order;
use crate::attacks::thief::{Plan, Thief};
use crate::data::{Picture, Samples, Shape};
use crate::jobs::clock::Clock;
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::watch::{Flow, Watch};
use crate::nn::device::Compute;
use crate::nn::surrogate::Family;
use crate::schemes::barrier::{Settings, Stage, Task, Training};
use std::sync::Arc;
use std::time::Instant;

/// Steps of each stage that are tried; the quickest counts, because the first ones only warm memory and caches.
const TRIED: u64 = 3;
/// Pictures in each step of a first trial, and their side unless the hiding network needs a greater one: large networks are slow and need
/// much memory, and nobody waits minutes for an estimate.
const FEW: usize = 2;
const SMALL: usize = 64;
/// Seconds that a first trial takes at most where another one, with pictures as they will be, follows.
const QUICK: f64 = 1.5;

/// Seconds a step of each stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost {
    pair: f64,
    thieves: Vec<f64>,
    revealer: f64,
}

impl Cost {
    /// Tries the stages of an order, with so many kinds of thieves' networks.
    ///
    /// # Errors
    /// Settings that cannot be trained, or a stop.
    pub fn tried(order: &Order, kinds: usize, compute: &Compute, watch: &mut dyn Watch) -> Result<Self, JobError> {
        let began = Instant::now();
        let settings = Settings { families: kinds, ..order.settings.clone() };
        // The first step of a graphics card compiles its kernels, for each size anew, and says nothing of the others.
        if !compute.is_cpu {
            return Self::of_steps(&settings, TRIED, order, compute, watch);
        }
        let side = SMALL.next_multiple_of(1 << settings.halvings).min(settings.side);
        let few = Settings { batch: FEW.min(settings.batch), side, ..settings.clone() };
        let first = Self::of_steps(&few, 1, order, compute, watch)?;
        if began.elapsed().as_secs_f64() < QUICK {
            return Self::of_steps(&settings, TRIED, order, compute, watch);
        }
        let pixels = |settings: &Settings| (settings.batch * settings.side.pow(2)) as f64;
        let more = pixels(&settings) / pixels(&few);
        let thieves = first.thieves.iter().map(|seconds| seconds * more).collect();
        Ok(Self { pair: first.pair * more, thieves, revealer: first.revealer * more })
    }

    fn of_steps(settings: &Settings, steps: u64, order: &Order, compute: &Compute, watch: &mut dyn Watch) -> Result<Self, JobError> {
        let settings = Settings { steps, surrogate_steps: steps, adversarial_steps: steps, most_unforeseen: 1.0, ..settings.clone() };
        let mut cost = Self { pair: f64::INFINITY, thieves: vec![f64::INFINITY; settings.families], revealer: f64::INFINITY };
        let mut training = Training::new(any_task(settings, order, compute))?;
        while training.done() < training.steps() {
            if watch.flow() == Flow::Stop {
                return Err(JobError::Stopped);
            }
            let (stage, began) = (training.stage().0, Instant::now());
            training.step()?;
            // A step is done when its numbers are there.
            training.losses();
            let least = match stage {
                Stage::Initial | Stage::Anew => &mut cost.pair,
                Stage::Surrogate(which) => &mut cost.thieves[which],
                Stage::Adversarial => &mut cost.revealer,
            };
            *least = least.min(began.elapsed().as_secs_f64());
        }
        Ok(cost)
    }

    /// A clock for learning a barrier with these settings.
    pub fn clock(&self, settings: &Settings) -> Clock {
        let mut clock = Clock::new(1);
        let kinds = settings.families.min(self.thieves.len());
        let mean = self.thieves[..kinds].iter().sum::<f64>() / kinds.max(1) as f64;
        let stages = [
            (Phase::Marked, self.pair, settings.steps),
            (Phase::Thieves, mean, kinds as u64 * settings.surrogate_steps),
            (Phase::Hardening, self.revealer, if kinds > 0 { settings.adversarial_steps } else { 0 }),
        ];
        for (phase, seconds, steps) in stages {
            clock.guess(phase, if steps > 0 { seconds } else { 0.0 });
            clock.add(phase, steps);
        }
        clock
    }
}

/// A task of any pictures: how long a step takes does not depend on what they show, nor on whose VGG looks at them.
fn any_task(settings: Settings, order: &Order, compute: &Compute) -> Task {
    let shape = settings.shape();
    let bytes = |shape: Shape, count: usize| (0..count * shape.len()).map(|i| (i * 37 % 251) as u8).collect();
    let count = 2 * settings.batch;
    let samples = Arc::new(Samples { shape, pixels: bytes(shape, count), labels: vec![0; count] });
    let logo = Picture { shape, planes: bytes(shape, 1) };
    Task { settings, outputs: samples.clone(), inputs: samples, logo, vgg: None, seed: order.seed, device: compute.device.clone() }
}

/// Seconds that an order will take: learning, and the thieves that are tried on it.
///
/// # Errors
/// An order that does not fit, or a stop.
pub fn estimate(order: &Order, compute: &Compute, watch: &mut dyn Watch) -> Result<f64, JobError> {
    order.settings.fit(order.photos.train.count())?;
    let kinds = if order.thieves.is_empty() { order.settings.families } else { Family::ALL.len() };
    let cost = Cost::tried(order, kinds, compute, watch)?;
    let all = Settings { families: kinds, ..order.settings.clone() }.surrogates();
    // A thief and his honest twin take about as long as such a pair in the second stage, unless they draw by what a VGG sees.
    let family = |family: Family| all.iter().position(|known| *known == family).map_or(0.0, |which| cost.thieves[which]);
    let mut thieves = 0.0;
    for plan in &order.thieves {
        let step = if plan.loss.is_perceptual() { 2.0 * thief_step(*plan, order, compute)? } else { family(plan.family) };
        thieves += plan.steps as f64 * step;
    }
    Ok(cost.clock(&order.settings).seconds_left() + thieves)
}

/// Seconds that a step of a thief takes.
fn thief_step(plan: Plan, order: &Order, compute: &Compute) -> Result<f64, JobError> {
    let any = any_task(order.settings.clone(), order, compute);
    let mut thief = Thief::new(plan, &compute.device)?;
    let mut least = f64::INFINITY;
    for _ in 0..TRIED {
        let began = Instant::now();
        thief.step(&any.inputs, &any.outputs)?;
        least = least.min(began.elapsed().as_secs_f64());
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_counts_with_its_own_pace() {
        let cost = Cost { pair: 0.1, thieves: vec![0.2, 0.4], revealer: 0.3 };
        let settings = Settings { steps: 10, families: 2, surrogate_steps: 5, adversarial_steps: 4, ..Settings::default() };
        assert!((cost.clock(&settings).seconds_left() - (1.0 + 3.0 + 1.2)).abs() < 1e-9);
        let one = Settings { families: 0, ..settings };
        assert!((cost.clock(&one).seconds_left() - 1.0).abs() < 1e-9, "no second stage");
    }
}
