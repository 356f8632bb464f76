//! Training steps for timing: the real trainings on made-up pictures, in the shapes of the PyTorch reference; and marking a picture.

mod barrier;
mod marking;
mod stamp;

use super::error::JobError;
use super::worker::panic_text;
use crate::data::logo::Logo;
use crate::data::{Dataset, Format, Samples, Shape};
use crate::nn::device::Compute;
use crate::nn::fault;
use crate::schemes::plain::Plain;
use crate::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use crate::schemes::{Task, Training, blind, catalogue, training};
use crate::vault::derive::Stream;
use burn::tensor::{Device, Tensor, TensorData};
use clap::ValueEnum;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use thiserror::Error;

/// What can be timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// Blind watermark as the Quick preset makes it: LeNet-5 on 28x28 grey, batch 100 + 14 keys + 14 decoys + 14 covers.
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
    /// Marking one colour picture, 1920x1080, with the networks of the image barrier's Quick preset. Its loss is the PSNR.
    Mark,
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
            Job::Mark => "mark",
        }
    }
}

/// What of a job's size shall differ from its own; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Ordinary pictures of a step, carriers of a stamp.
    pub batch: Option<usize>,
    /// Channels of the network that hides the logo, width of the autoencoders' first layer.
    pub width: Option<usize>,
    /// Height and width of the pictures; height of the one that is marked.
    pub side: Option<usize>,
}

/// A size that a job cannot have. The text is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SizeError {
    /// Out of bounds, or between two steps.
    #[error("The job {job} takes a {what} from {least} to {most} that is a multiple of {step}, not {found}.")]
    OutOfRange {
        /// Which job.
        job: &'static str,
        /// Batch, width or side.
        what: &'static str,
        /// The smallest.
        least: usize,
        /// The largest.
        most: usize,
        /// Of what it must be a multiple.
        step: usize,
        /// What was asked for.
        found: usize,
    },
    /// The job's networks have one width only.
    #[error("The job {0} has networks of one width only: leave --width out.")]
    NoWidth(&'static str),
}

/// A job's own number, and which ones it can take instead.
struct Range {
    what: &'static str,
    own: usize,
    least: usize,
    most: usize,
    step: usize,
}

impl Range {
    fn take(&self, job: Job, asked: Option<usize>) -> Result<usize, SizeError> {
        let found = asked.unwrap_or(self.own);
        let Range { what, least, most, step, .. } = *self;
        let fits = (least..=most).contains(&found) && found.is_multiple_of(step);
        if fits { Ok(found) } else { Err(SizeError::OutOfRange { job: job.name(), what, least, most, step, found }) }
    }
}

impl Size {
    /// The whole size of a job: nothing is left open but a width that it does not have.
    ///
    /// # Errors
    /// What the job cannot take.
    pub fn of(self, job: Job) -> Result<Size, SizeError> {
        let batch = |own, least, most| Range { what: "batch", own, least, most, step: least };
        let width = |own, least, most| Range { what: "width", own, least, most, step: 4 };
        let side = |own, most, step: usize| Range { what: "side", own, least: step.max(8), most, step };
        let (batch, width, side) = match job {
            Job::Quick => (batch(100, 1, 4096), Some(width(8, 4, 128)), side(28, 256, 4)),
            Job::Lenet5 => (batch(100, 1, 4096), Some(width(64, 4, 128)), side(28, 256, 4)),
            Job::Resnet18 => (batch(100, 1, 4096), Some(width(64, 4, 128)), side(32, 256, 32)),
            Job::Classifier => (batch(128, 1, 4096), None, side(32, 256, 8)),
            Job::Stamp => (batch(30, 1, 4096), Some(width(512, 8, 4096)), side(28, 128, 4)),
            Job::Barrier => (batch(4, 2, 64), Some(width(64, 4, 128)), side(128, 1024, 128)),
            Job::Mark => (batch(1, 1, 1), None, side(1080, 4320, 8)),
        };
        let width = match (width, self.width) {
            (Some(range), asked) => Some(range.take(job, asked)?),
            (None, Some(_)) => return Err(SizeError::NoWidth(job.name())),
            (None, None) => None,
        };
        Ok(Size { batch: Some(batch.take(job, self.batch)?), width, side: Some(side.take(job, self.side)?) })
    }
}

/// How long a step takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Seconds of the very first step, with all that is compiled and tuned in it.
    pub first_step_s: f64,
    /// Median seconds a step.
    pub median_step_s: f64,
    /// Pictures a step.
    pub images: usize,
    /// What the last step's loss was; no number where it left the range of the floats.
    pub loss: f64,
}

/// One step, which reads its loss back.
type Step = Box<dyn FnMut() -> Result<f64, JobError>>;

/// Times `steps` steps of a job of this [`Size::of`] it after `warmup` untimed ones.
///
/// # Errors
/// Pictures that do not fit, a graphics card that gives up, or a fault of the program.
pub fn measure(job: Job, size: Size, steps: usize, warmup: usize, compute: &Compute) -> Result<Timing, JobError> {
    fault::listen();
    fault::heard();
    let measured = catch_unwind(AssertUnwindSafe(|| time(job, size, steps, warmup, compute)));
    measured.unwrap_or_else(|panic| Err(JobError::of_panic(panic_text(&*panic)))).map_err(|error| error.seen_with(fault::heard()))
}

fn time(job: Job, size: Size, steps: usize, warmup: usize, compute: &Compute) -> Result<Timing, JobError> {
    let open = || JobError::Internal("the size of the timed job is open".to_owned());
    let (batch, side) = (size.batch.ok_or_else(open)?, size.side.ok_or_else(open)?);
    let width = size.width.unwrap_or_default();
    let (images, mut step): (usize, Step) = match job {
        Job::Quick | Job::Lenet5 | Job::Resnet18 | Job::Classifier => {
            let (images, training) = classifying(job, batch, width, side, compute)?;
            (images, steps_of(training))
        }
        Job::Stamp => {
            let mut stamp = stamp::Stamp::new(batch, width, side, &compute.device)?;
            (stamp::images(batch), Box::new(move || stamp.step()))
        }
        Job::Barrier => {
            let mut barrier = barrier::Barrier::new(batch, width, side, &compute.device);
            (batch, Box::new(move || barrier.step()))
        }
        Job::Mark => {
            let mut marking = marking::Marking::new(side, &compute.device)?;
            (1, Box::new(move || marking.step()))
        }
    };
    let mut times = Vec::with_capacity(warmup + steps.max(1));
    let mut loss = f64::NAN;
    for _ in 0..warmup + steps.max(1) {
        let began = Instant::now();
        loss = step()?;
        times.push(began.elapsed().as_secs_f64());
    }
    let first_step_s = times[0];
    let timed = &mut times[warmup..];
    timed.sort_by(f64::total_cmp);
    Ok(Timing { first_step_s, median_step_s: timed[timed.len() / 2], images, loss })
}

/// The trainings of classifiers, and how many pictures a step shows.
fn classifying(job: Job, batch: usize, width: usize, side: usize, compute: &Compute) -> Result<(usize, Box<dyn Training>), JobError> {
    let (host, channels) = match job {
        Job::Resnet18 | Job::Classifier => (HostKind::Resnet18, 3),
        _ => (HostKind::Lenet5, 1),
    };
    let shape = Shape { channels, height: side, width: side };
    let plain = || blind::Settings { show_covers: false, ..Default::default() };
    let mut settings = match catalogue::preset("blind", Preset::Quick, shape) {
        Some(SchemeSettings::Blind(settings)) if job == Job::Quick => settings,
        _ => plain(),
    };
    settings.batch = batch;
    // Keys; with the Quick preset decoys and covers too.
    let beside = match job {
        Job::Quick => 3 * settings.key_batch,
        Job::Classifier => 0,
        _ => settings.key_batch,
    };
    if job != Job::Classifier {
        settings.encoder_width = width;
    }
    let task = made_up(host, shape, SchemeSettings::Blind(settings), compute);
    Ok((batch + beside, if job == Job::Classifier { Box::new(Plain::new(&task, 1)) } else { training(&task)? }))
}

fn steps_of(mut training: Box<dyn Training>) -> Step {
    Box::new(move || {
        training.step()?;
        Ok(training.losses().last().map_or(f64::NAN, |(_, loss)| *loss))
    })
}

/// The one number of a loss, read back.
fn value(loss: Tensor<1>) -> f64 {
    loss.into_data().iter::<f32>().next().map_or(f64::NAN, f64::from)
}

/// Numbers in [0, 1), the same for the same name.
fn uniform<const D: usize>(dims: [usize; D], name: &str, device: &Device) -> Tensor<D> {
    let mut stream = Stream::seeded(0, name);
    let values: Vec<f32> = (0..dims.iter().product()).map(|_| stream.share(1 << 16)).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

/// So many bytes of no picture.
fn bytes(count: usize) -> Vec<u8> {
    let mut stream = Stream::seeded(0, "bytes");
    (0..count).map(|_| stream.below(256) as u8).collect()
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
            width: 1.0,
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
        groundwork: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Job; 7] = [Job::Quick, Job::Lenet5, Job::Resnet18, Job::Classifier, Job::Stamp, Job::Barrier, Job::Mark];

    #[test]
    fn a_job_left_as_it_is_has_the_references_size() {
        let sizes: Vec<_> = ALL.map(|job| Size::default().of(job).unwrap()).into_iter().map(|s| (s.batch, s.width, s.side)).collect();
        let wanted = [
            (100, Some(8), 28),
            (100, Some(64), 28),
            (100, Some(64), 32),
            (128, None, 32),
            (30, Some(512), 28),
            (4, Some(64), 128),
            (1, None, 1080),
        ];
        assert_eq!(sizes, wanted.map(|(batch, width, side)| (Some(batch), width, Some(side))));
        // The Quick preset's own width, wherever the preset goes.
        let preset = catalogue::preset("blind", Preset::Quick, Shape { channels: 1, height: 28, width: 28 });
        assert!(matches!(preset, Some(SchemeSettings::Blind(s)) if Some(s.encoder_width) == sizes[0].1 && Some(s.batch) == sizes[0].0));
    }

    #[test]
    fn sizes_that_a_job_cannot_take_get_a_sentence() {
        let said = |job, size: Size| size.of(job).unwrap_err().to_string();
        let side = |side| Size { side: Some(side), ..Size::default() };
        assert_eq!(said(Job::Barrier, side(200)), "The job barrier takes a side from 128 to 1024 that is a multiple of 128, not 200.");
        assert_eq!(said(Job::Lenet5, side(4)), "The job lenet5 takes a side from 8 to 256 that is a multiple of 4, not 4.");
        assert!(said(Job::Barrier, Size { batch: Some(3), ..Size::default() }).contains("a multiple of 2, not 3"));
        assert!(said(Job::Stamp, Size { batch: Some(0), ..Size::default() }).contains("a batch from 1 to 4096"));
        assert!(said(Job::Classifier, Size { width: Some(64), ..Size::default() }).contains("one width only"));
    }

    #[test]
    fn steps_of_another_size_give_numbers() {
        let compute = Compute::cpu();
        for (job, size) in [
            (Job::Quick, Size { batch: Some(6), width: Some(4), side: Some(12) }),
            (Job::Classifier, Size { batch: Some(2), width: None, side: Some(8) }),
            (Job::Stamp, Size { batch: Some(3), width: Some(12), side: Some(8) }),
            (Job::Barrier, Size { batch: Some(2), width: Some(4), side: Some(128) }),
            (Job::Mark, Size { batch: None, width: None, side: Some(72) }),
        ] {
            let timing = measure(job, size.of(job).unwrap(), 1, 0, &compute).unwrap();
            assert!(timing.loss.is_finite() && timing.median_step_s > 0.0, "{job:?}: {timing:?}");
        }
    }
}
