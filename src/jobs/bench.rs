//! Training steps for timing: the real trainings on made-up pictures, in the shapes of the PyTorch reference.

mod barrier;
mod stamp;

use super::error::JobError;
use crate::data::logo::Logo;
use crate::data::{Dataset, Format, Samples, Shape};
use crate::nn::device::Compute;
use crate::schemes::plain::Plain;
use crate::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use crate::schemes::{Task, Training, blind, catalogue, training};
use crate::vault::derive::Stream;
use burn::tensor::{Device, Tensor, TensorData};
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
    /// One penetrative stamp: 8 autoencoders, 30 carriers, all of them in each step.
    Stamp,
    /// Image barrier: hiding network, revealing network and patch critic, 4 colour pictures.
    Barrier,
}

impl Job {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Job::Quick => "quick",
            Job::Lenet5 => "lenet5",
            Job::Resnet18 => "resnet18",
            Job::Classifier => "classifier",
            Job::Stamp => "stamp",
            Job::Barrier => "barrier",
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

/// One step, which reads its loss back.
type Step = Box<dyn FnMut() -> Result<(), JobError>>;

/// Times `steps` steps after `warmup` untimed ones. `side`: height and width of the barrier's pictures, a multiple of 128; other jobs
/// have sides of their own.
///
/// # Errors
/// Pictures that do not fit, or a fault of the program.
pub fn measure(job: Job, steps: usize, warmup: usize, side: usize) -> Result<Timing, JobError> {
    let compute = Compute::best();
    let (images, mut step): (usize, Step) = match job {
        Job::Quick | Job::Lenet5 | Job::Resnet18 | Job::Classifier => {
            let (images, training) = classifying(job, &compute)?;
            (images, steps_of(training))
        }
        Job::Stamp => {
            let mut stamp = stamp::Stamp::new(&compute.device)?;
            (stamp::IMAGES, Box::new(move || stamp.step()))
        }
        Job::Barrier => {
            let mut barrier = barrier::Barrier::new(side, &compute.device);
            (barrier::IMAGES, Box::new(move || barrier.step()))
        }
    };
    let mut times = Vec::with_capacity(steps.max(1));
    for i in 0..warmup + steps.max(1) {
        let began = Instant::now();
        step()?;
        if i >= warmup {
            times.push(began.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(Timing { device: compute.name, median_step_s: times[times.len() / 2], images })
}

/// The trainings of classifiers, and how many pictures a step shows.
fn classifying(job: Job, compute: &Compute) -> Result<(usize, Box<dyn Training>), JobError> {
    let (host, channels, side) = match job {
        Job::Resnet18 | Job::Classifier => (HostKind::Resnet18, 3, 32),
        _ => (HostKind::Lenet5, 1, 28),
    };
    let (batch, images) = match job {
        Job::Quick => (100, 160),
        Job::Classifier => (128, 128),
        _ => (100, 120),
    };
    let shape = Shape { channels, height: side, width: side };
    let settings = match catalogue::preset("blind", Preset::Quick, shape) {
        Some(settings) if job == Job::Quick => settings,
        _ => SchemeSettings::Blind(blind::Settings { batch, show_covers: false, ..Default::default() }),
    };
    let task = made_up(host, shape, settings, compute);
    Ok((images, if job == Job::Classifier { Box::new(Plain::new(&task, 1)) } else { training(&task)? }))
}

fn steps_of(mut training: Box<dyn Training>) -> Step {
    Box::new(move || {
        training.step();
        training.losses();
        Ok(())
    })
}

/// The one number of a loss, read back.
fn value(loss: Tensor<1>) -> Result<f32, JobError> {
    let value = loss.into_data().iter::<f32>().next().unwrap_or(f32::NAN);
    value.is_finite().then_some(value).ok_or_else(|| JobError::Internal("a timed step gave no number".to_owned()))
}

/// Numbers in [0, 1), the same for the same name.
fn uniform<const D: usize>(dims: [usize; D], name: &str, device: &Device) -> Tensor<D> {
    let mut stream = Stream::seeded(0, name);
    let values: Vec<f32> = (0..dims.iter().product()).map(|_| stream.below(1 << 16) as f32 / 65536.0).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
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
