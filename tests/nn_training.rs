//! The same seeded training with the CPU's own operations and with burn's: both learn the same.
//!
//! Sums are taken in another order, and every step builds on the one before, so differences grow with the steps; the bounds below are
//! for a few of them. What single operations give is compared in tests/nn_ops.rs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, Samples, Shape, sample, sample_logos};
use countermark::nn::device::Compute;
use countermark::nn::ops::with_burns_own;
use countermark::schemes::plan::{HostKind, Plan, Preset};
use countermark::schemes::{Task, catalogue, training};
use serde_json::json;
use std::sync::Arc;

/// Part of a loss by which the two may differ in each step.
const LOSSES_APART: f64 = 2e-3;
/// The same for the weights after the last step, of the largest weight of a tensor.
const WEIGHTS_APART: f32 = 5e-3;

/// How far a pixel of a key may be apart, of 255, and how many may be: a number that lies between two levels is rounded up or down.
const LEVELS_APART: u8 = 1;
const PIXELS_APART: f64 = 0.02;

/// Losses of each step; the host after the last one, and the keys. An encoder's weights are not compared: a bias before a
/// normalisation changes nothing, so that its gradient is the rounding alone, which Adam makes as large as any other.
type Course = (Vec<f64>, Vec<(String, Vec<f32>)>, Vec<u8>);

fn course(task: &Task, steps: usize) -> Course {
    let mut training = training(task).unwrap();
    let losses = (0..steps).flat_map(|_| {
        training.step().unwrap();
        training.losses().into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    });
    let losses = losses.collect();
    let saved = training.save().tensors.into_iter().filter(|(name, _)| name.starts_with("host."));
    let covers = task.dataset.train.select(&training.keys().covers[..8]);
    let keys = training.marker().unwrap().mark(&covers, &training.keys().labels[..8]).into_iter().flat_map(|key| key.planes).collect();
    (losses, saved.map(|(name, weights)| (name, weights.values)).collect(), keys)
}

fn task(dataset: Dataset, host: HostKind, settings: &[(&str, serde_json::Value)]) -> Task {
    let plan = catalogue::plan("blind", Preset::Quick, dataset.shape(), "Owner", &"00".repeat(16), 7).unwrap();
    let scheme = settings.iter().fold(plan.scheme.clone(), |scheme, (name, value)| scheme.with(name, value.clone()).unwrap());
    let (name, svg) = sample_logos()[0];
    let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
    Task { plan: Plan { scheme, host, ..plan }, dataset, logo, device: Compute::cpu().device, groundwork: None }
}

fn compare(task: &Task, steps: usize) {
    let (ours, burns) = (course(task, steps), with_burns_own(|| course(task, steps)));
    assert_eq!(ours.0.len(), 3 * steps);
    for (i, (our, burn)) in ours.0.iter().zip(&burns.0).enumerate() {
        assert!((our - burn).abs() <= LOSSES_APART * burn.abs().max(1.0), "loss {} of step {}: {our} and {burn}", i % 3, i / 3);
    }
    assert!(ours.1.len() >= 10);
    for ((name, our), (other, burn)) in ours.1.iter().zip(&burns.1) {
        let most = burn.iter().fold(0.1f32, |most, value| most.max(value.abs()));
        let apart = our.iter().zip(burn).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(name == other && apart <= WEIGHTS_APART * most, "{name}: {apart} apart, the largest is {most}");
    }
    let apart: Vec<u8> = ours.2.iter().zip(&burns.2).map(|(a, b)| a.abs_diff(*b)).filter(|apart| *apart > 0).collect();
    assert!(apart.iter().all(|levels| *levels <= LEVELS_APART), "a pixel of a key is {:?} of 255 apart", apart.iter().max());
    assert!((apart.len() as f64) < PIXELS_APART * ours.2.len() as f64, "{} of {} pixels are apart", apart.len(), ours.2.len());
    // Not the same operations twice.
    assert_ne!(ours, burns);
}

#[test]
fn lenet_and_the_grey_encoder_learn_as_with_burns_operations() {
    compare(&task(sample().unwrap(), HostKind::Lenet5, &[("key_batch", json!(20))]), 12);
}

#[test]
fn resnet_and_the_colour_encoder_learn_as_with_burns_operations() {
    let shape = Shape { channels: 3, height: 32, width: 32 };
    let photographs = |count: usize| {
        let grey = &sample().unwrap().train;
        let pixel = |i: usize, y: usize, x: usize| if y < 28 && x < 28 { grey.bytes(i)[y * 28 + x] } else { 0 };
        let planes = |i: usize| (0..3 * 1024).map(move |at| pixel(i, at % 1024 / 32, at % 32).rotate_left(at as u32 / 1024));
        Arc::new(Samples { shape, pixels: (0..count).flat_map(planes).collect(), labels: grey.labels[..count].to_vec() })
    };
    let dataset = Dataset { train: photographs(80), test: photographs(20), ..sample().unwrap() };
    // A mark that is brought to a strength of its own makes what differs in it as much stronger, in the first steps the most.
    let unscaled = [("firm", json!(false)), ("ramp", json!(0.4))];
    let small = [("batch", json!(12)), ("key_batch", json!(4)), ("keys", json!(8)), ("host_rate", json!(0.005))];
    let small = [&small[..], &unscaled].concat();
    compare(&task(dataset, HostKind::Resnet18, &small), 2);
}
