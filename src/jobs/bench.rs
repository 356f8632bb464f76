//! Training steps for timing: the real trainings on made-up pictures, in the shapes of the PyTorch reference.

use super::error::JobError;
use crate::data::logo::Logo;
use crate::data::{Dataset, Format, Samples, Shape};
use crate::nn::device::Compute;
use crate::schemes::plain::Plain;
use crate::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use crate::schemes::{Task, Training, blind, catalogue, training};
use crate::vault::derive::Stream;
use clap::ValueEnum;
use std::sync::Arc;
use std::time::Instant;

/// What can be timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// Blind watermark as the Quick preset makes it: LeNet-5 on 28x28 grey, batch 100 + 20 keys + 20 decoys + 20 covers.
    Quick,
    /// Blind watermark, LeNet-5 on 28x28 grey, batch 100 + 20 keys.
    Lenet5,
    /// Blind watermark, ResNet-18 on 32x32 colour, batch 100 + 20 keys.
    Resnet18,
    /// Plain ResNet-18 step, batch 128.
    Classifier,
}

impl Job {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Job::Quick => "quick",
            Job::Lenet5 => "lenet5",
            Job::Resnet18 => "resnet18",
            Job::Classifier => "classifier",
        }
    }
}

/// How long a step takes.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Device in words.
    pub device: String,
    /// Median seconds of a step, with one read-back.
    pub median_step_s: f64,
    /// Pictures a step.
    pub images: usize,
}

/// Times `steps` steps after `warmup` untimed ones.
///
/// # Errors
/// A plan that does not fit, which would be a fault of the program.
pub fn measure(job: Job, steps: usize, warmup: usize) -> Result<Timing, JobError> {
    let compute = Compute::best();
    let (host, channels, side) = match job {
        Job::Quick | Job::Lenet5 => (HostKind::Lenet5, 1, 28),
        Job::Resnet18 | Job::Classifier => (HostKind::Resnet18, 3, 32),
    };
    let (batch, images) = match job {
        Job::Quick => (100, 160),
        Job::Classifier => (128, 128),
        Job::Lenet5 | Job::Resnet18 => (100, 120),
    };
    let shape = Shape { channels, height: side, width: side };
    let settings = match catalogue::preset("blind", Preset::Quick, shape) {
        Some(settings) if job == Job::Quick => settings,
        _ => SchemeSettings::Blind(blind::Settings { batch, show_covers: false, ..Default::default() }),
    };
    let task = made_up(host, shape, settings, &compute);
    let mut training: Box<dyn Training> = match job {
        Job::Classifier => Box::new(Plain::new(&task, 1)),
        Job::Quick | Job::Lenet5 | Job::Resnet18 => training(&task)?,
    };
    let mut times: Vec<f64> = (0..warmup + steps.max(1))
        .map(|_| {
            let began = Instant::now();
            training.step();
            training.losses();
            began.elapsed().as_secs_f64()
        })
        .skip(warmup)
        .collect();
    times.sort_by(f64::total_cmp);
    Ok(Timing { device: compute.name, median_step_s: times[times.len() / 2], images })
}

fn made_up(host: HostKind, shape: Shape, scheme: SchemeSettings, compute: &Compute) -> Task {
    let mut stream = Stream::seeded(0, "bench");
    let mut samples = |count: usize| {
        let pixels = (0..count * shape.len()).map(|_| stream.below(256) as u8).collect();
        Arc::new(Samples { shape, pixels, labels: (0..count).map(|i| (i % 10) as u16).collect() })
    };
    let (train, test) = (samples(400), samples(40));
    Task {
        plan: Plan {
            scheme,
            preset: Preset::Standard,
            host,
            owner: "bench".to_owned(),
            seed: 0,
            salt: String::new(),
            nulls: 0,
            foreign: 0,
        },
        dataset: Dataset {
            name: "bench".to_owned(),
            source: None,
            digest: String::new(),
            format: Format::Sample,
            classes: (0..10).map(|i| i.to_string()).collect(),
            test,
            problems: Vec::new(),
            notes: Vec::new(),
            train: train.clone(),
        },
        logo: Logo::from_picture("bench", train.picture(0)),
        device: compute.device.clone(),
    }
}
