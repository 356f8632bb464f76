//! `countermark bench`: times whole training steps, most of them the jobs of the PyTorch reference that speed is measured against.

use super::demo::peak_rss_mb;
use super::{End, Failure};
use crate::jobs::bench::{Job, measure};
use clap::Args;
use serde_json::json;

/// Options of a timing.
#[derive(Debug, Args)]
pub struct Options {
    /// quick: blind watermark as the Quick preset makes it, 28x28 grey, 160 pictures (no PyTorch reference).
    /// lenet5: blind watermark on LeNet-5, 28x28 grey, 100 + 20 pictures. resnet18: the same on ResNet-18, 32x32 colour.
    /// classifier: plain ResNet-18, 128 pictures. stamp: one penetrative stamp, 8 autoencoders and 30 carriers. barrier: hiding and
    /// revealing network and critic, 4 colour pictures.
    #[arg(value_enum)]
    job: Job,
    /// Steps that are timed.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    steps: usize,
    /// Steps before the timing.
    #[arg(long, default_value_t = 3)]
    warmup: usize,
    /// Height and width of the barrier's pictures, a multiple of 128.
    #[arg(long, default_value_t = 128, value_parser = side)]
    size: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&steps| steps > 0).ok_or_else(|| "Give a number from 1 upwards.".to_owned())
}

fn side(text: &str) -> Result<usize, String> {
    let side = text.parse().ok().filter(|&side: &usize| (SIDE..=LARGEST).contains(&side) && side.is_multiple_of(SIDE));
    side.ok_or_else(|| format!("Give a multiple of {SIDE} up to {LARGEST}."))
}

/// The barrier's network halves its pictures seven times.
const SIDE: usize = 128;
const LARGEST: usize = 1024;

pub fn bench(options: &Options) -> Result<End, Failure> {
    let timing = measure(options.job, options.steps, options.warmup, options.size).map_err(|e| Failure::new(e.kind(), e))?;
    let line = json!({
        "job": options.job.name(),
        "device": timing.device,
        "median_step_s": round(timing.median_step_s, 5),
        "steps_per_s": round(1.0 / timing.median_step_s, 2),
        "images_per_s": round(timing.images as f64 / timing.median_step_s, 1),
        "peak_rss_mb": peak_rss_mb().map(|mb| round(mb, 1)),
    });
    println!("{line}");
    Ok(End::Reached)
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}
