//! `countermark bench`: times whole training steps, most of them the jobs of the PyTorch reference that speed is measured against.

use super::demo::{peak_rss_mb, word};
use super::{End, Failure};
use crate::jobs::bench::{Job, Size, measure};
use crate::nn::device::{Compute, DeviceChoice};
use crate::nn::ops::with_burns_own;
use clap::Args;
use serde_json::json;

/// Options of a timing.
#[derive(Debug, Args)]
pub struct Options {
    /// quick: blind watermark as the Quick preset makes it, 28x28 grey, 142 pictures (no PyTorch reference).
    /// lenet5: blind watermark on LeNet-5, 28x28 grey, 100 + 20 pictures. resnet18: the same on ResNet-18, 32x32 colour.
    /// classifier: plain ResNet-18, 128 pictures. stamp: one penetrative stamp, 8 autoencoders and 30 carriers. barrier: hiding and
    /// revealing network and critic, 4 colour pictures. mark: hiding a logo in one picture of 1920x1080 with the Quick preset's networks
    /// (loss: PSNR).
    #[arg(value_enum)]
    job: Job,
    /// Steps that are timed.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    steps: usize,
    /// Steps before the timing.
    #[arg(long, default_value_t = 3)]
    warmup: usize,
    /// Pictures in a step, instead of the job's own number: ordinary ones (quick, lenet5, resnet18, classifier), carriers (stamp), pictures (barrier).
    #[arg(long)]
    batch: Option<usize>,
    /// Width of the networks: channels of the network that hides the logo (quick, lenet5, resnet18), the first layer of the autoencoders
    /// (stamp), channels of hiding network and critic, twice as many of the revealing one (barrier).
    #[arg(long)]
    width: Option<usize>,
    /// Height and width of the pictures; of mark the height, the width is 16/9 of it.
    #[arg(long, alias = "size")]
    side: Option<usize>,
    /// What computes: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    device: DeviceChoice,
    /// Computes with 16-bit floats, on a graphics card.
    #[arg(long)]
    f16: bool,
    /// Computes with burn's own operations instead of this program's, on the CPU.
    #[arg(long)]
    burns_own: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&steps| steps > 0).ok_or_else(|| "Give a number from 1 upwards.".to_owned())
}

pub fn bench(options: &Options) -> Result<End, Failure> {
    let size =
        Size { batch: options.batch, width: options.width, side: options.side }.of(options.job).map_err(|e| Failure::new("size", e))?;
    let compute = Compute::choose(options.device).and_then(|compute| if options.f16 { compute.halved() } else { Ok(compute) });
    let compute = compute.map_err(|e| Failure::new("device", e))?;
    let work = || measure(options.job, size, options.steps, options.warmup, &compute);
    let timing = if options.burns_own { with_burns_own(work) } else { work() };
    let timing = timing.map_err(|e| Failure::new(e.kind(), e))?;
    let line = json!({
        "job": options.job.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "device": compute.name,
        "operations": if options.burns_own { "burn's own" } else { "countermark" },
        "batch": size.batch,
        "width": size.width,
        "side": size.side,
        "first_step_s": round(timing.first_step_s, 5),
        "median_step_s": round(timing.median_step_s, 5),
        "steps_per_s": round(1.0 / timing.median_step_s, 2),
        "images_per_s": round(timing.images as f64 / timing.median_step_s, 1),
        "loss": timing.loss,
        "peak_rss_mb": peak_rss_mb().map(|mb| round(mb, 1)),
    });
    say!("{line}");
    Ok(End::Reached)
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}
