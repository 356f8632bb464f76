//! How much invisibility counts against the mark's other ends, step by step.
//!
//! Fixed weights, as published, leave it to chance where a run ends between a clear picture and a firm mark. Where the owner says
//! how clear marked pictures shall be, the weight is a Lagrange multiplier instead: it grows while they are further from their covers
//! than wanted and shrinks while they are nearer. It stays on the device, so that no step waits for a number to be read back.

use crate::nn::weights::{WeightMap, Weights};
use burn::tensor::{Device, Tensor};

/// The weight of the first step, while the mark may still be seen.
const FIRST: f64 = 0.05;
/// Bounds of the weight.
const BOUNDS: [f64; 2] = [0.01, 100.0];
/// How fast the weight follows: its relative change in a step where the error is twice what is wanted.
const PACE: f64 = 0.02;
/// Ratios of error to wanted error above this count as this.
const MOST: f64 = 3.0;
/// Decibels by which the wanted clarity is lower in the first step.
const EASIER: f64 = 10.0;
/// Name in checkpoints.
const NAME: &str = "demand";

/// The weight of the loss terms that make a marked picture look like its cover.
#[derive(Debug)]
pub struct Demand {
    clarity: f64,
    ramp: f64,
    weight: Tensor<1>,
}

impl Demand {
    /// The weight of the first step: for a wanted `clarity` in decibel (0: none), demanded whole after `ramp` steps.
    pub fn new(clarity: f64, ramp: f64, device: &Device) -> Self {
        Self { clarity, ramp, weight: Tensor::from_data([FIRST as f32], device) }
    }

    /// How much of the full demand has grown by this step, 0..=1.
    fn grown(&self, step: u64) -> f64 {
        if self.ramp > 0.0 { (step as f64 / self.ramp).min(1.0) } else { 1.0 }
    }

    /// The weight in this step, one number without gradient.
    pub fn weight(&self, step: u64) -> Tensor<1> {
        match self.clarity > 0.0 {
            true => self.weight.clone(),
            false => self.weight.full_like((FIRST + (1.0 - FIRST) * self.grown(step)).min(1.0)),
        }
    }

    /// How clear marked pictures shall be in this step, decibel.
    pub fn wanted(&self, step: u64) -> f64 {
        self.clarity - EASIER * (1.0 - self.grown(step))
    }

    /// Takes up the mean squared difference of marked pictures and covers in [-1, 1], one number without gradient.
    pub fn observe(&mut self, step: u64, square: Tensor<1>) {
        if self.clarity > 0.0 {
            let ratio = square.div_scalar(4.0 * 10f64.powf(-self.wanted(step) / 10.0)).clamp_max(MOST);
            let change = ratio.sub_scalar(1.0).mul_scalar(PACE).exp();
            self.weight = (self.weight.clone() * change).clamp(BOUNDS[0], BOUNDS[1]);
        }
    }

    /// Takes up the weight.
    pub fn save(&self, map: &mut WeightMap) {
        map.tensors.insert(NAME.to_owned(), Weights { shape: vec![1], values: self.weight.to_data().iter::<f32>().collect() });
    }

    /// Reads it back.
    pub fn load(&mut self, map: &WeightMap, device: &Device) {
        if let Some(weight) = map.tensors.get(NAME).and_then(|saved| saved.values.first()) {
            self.weight = Tensor::from_data([*weight], device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tensor: Tensor<1>) -> f64 {
        f64::from(tensor.into_scalar::<f32>())
    }

    #[test]
    fn without_a_wanted_clarity_the_weight_grows_to_one() {
        let device = Device::flex();
        let demand = Demand::new(0.0, 50.0, &device);
        assert!((value(demand.weight(0)) - FIRST).abs() < 1e-6);
        assert!((value(demand.weight(25)) - 0.525).abs() < 1e-6);
        assert_eq!(value(demand.weight(80)), 1.0);
        assert_eq!(value(Demand::new(0.0, 0.0, &device).weight(0)), 1.0);
    }

    #[test]
    fn the_weight_grows_while_keys_are_too_far_and_shrinks_while_they_are_nearer_than_wanted() {
        let device = Device::flex();
        let mut demand = Demand::new(30.0, 0.0, &device);
        let wanted = 4e-3f32;
        demand.observe(0, Tensor::from_data([wanted], &device));
        assert!((value(demand.weight(1)) - FIRST).abs() < 1e-6);
        demand.observe(1, Tensor::from_data([2.0 * wanted], &device));
        assert!((value(demand.weight(2)) - FIRST * PACE.exp()).abs() < 1e-6);
        demand.observe(2, Tensor::from_data([100.0 * wanted], &device));
        demand.observe(3, Tensor::from_data([0.0], &device));
        assert!((value(demand.weight(4)) - FIRST * (2.0 * PACE).exp()).abs() < 1e-6);
    }

    #[test]
    fn the_weight_is_written_down_and_read_back() {
        let device = Device::flex();
        let (mut demand, mut map) = (Demand::new(30.0, 0.0, &device), WeightMap::default());
        demand.observe(0, Tensor::from_data([1.0], &device));
        demand.save(&mut map);
        let mut other = Demand::new(30.0, 0.0, &device);
        other.load(&map, &device);
        assert_eq!(value(other.weight(1)), value(demand.weight(1)));
    }
}
