//! The image barrier's jobs: making one from photographs, marking files with it, looking into files for its logo.

mod files;

pub use files::{Found, Handled, Marked, mark, open, reveal};

use crate::attacks::thief::{Loss, Plan, Thief};
use crate::data::logo::Logo;
use crate::data::rain::Rain;
use crate::data::{Photos, Picture, Samples, Shape};
use crate::jobs::checkpoint::RunFolder;
use crate::jobs::error::JobError;
use crate::jobs::messages::{MetricPoint, Phase};
use crate::jobs::record::Record;
use crate::jobs::train::mean;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::{psnr, ssim};
use crate::nn::device::Compute;
use crate::nn::error::ShapeError;
use crate::nn::surrogate::Family;
use crate::schemes::barrier::proof::Likeness;
use crate::schemes::barrier::{Barrier, Settings, Stage, Task, Training};
use crate::vault::files::write_private;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between checkpoints, and between points of the curves.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// The barrier's file in its run's folder.
const FILE: &str = "barrier.cmbarrier";

/// What a barrier is made from.
#[derive(Debug, Clone)]
pub struct Order {
    /// Hyper-parameters.
    pub settings: Settings,
    /// Photographs of the settings' side.
    pub photos: Photos,
    /// The rain that the protected network is said to take away: its inputs are the photographs in the rain.
    pub rain: Rain,
    /// Whose logo.
    pub logo: Logo,
    /// Seed of all choices.
    pub seed: u64,
    /// Whether the photographs kept for choosing settings are judged on, instead of those kept for the last word.
    pub choosing: bool,
    /// Thieves that are tried on the finished barrier.
    pub thieves: Vec<Plan>,
}

/// How good a barrier is on photographs that it never saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    /// Photographs.
    pub pictures: usize,
    /// Mean PSNR of marked against unmarked, decibel.
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
    /// Mean correlation of what marked photographs reveal with the logo, zero-mean.
    pub nc: f64,
    /// The lowest of them.
    pub least_nc: f64,
    /// Share of marked photographs whose revealed logo counts, 0..1.
    pub success: f64,
    /// Unmarked pictures, with and without rain, that were looked into.
    pub unmarked: usize,
    /// How many of them revealed a logo that counts.
    pub unmarked_passes: usize,
    /// The highest correlation that an unmarked picture gave.
    pub unmarked_most_nc: f64,
}

/// What a thief's network reveals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Robbed {
    /// What the thief did.
    pub plan: Plan,
    /// Mean PSNR of what his network gives against the unmarked photographs, decibel: how well the theft went.
    pub psnr_db: f64,
    /// Mean correlation of what is revealed with the logo.
    pub nc: f64,
    /// Share of his pictures whose revealed logo counts, 0..1.
    pub success: f64,
}

/// A finished barrier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Made {
    /// Its file, to be kept secret.
    pub file: PathBuf,
    /// How good it is.
    pub figures: Figures,
    /// What thieves got.
    pub thieves: Vec<Robbed>,
    /// Seconds that learning took, all sessions together; judging and thieves do not count.
    pub seconds: f64,
    /// Device in words.
    pub device: String,
}

/// What a run was started with.
#[derive(PartialEq, Serialize, Deserialize)]
struct Identity {
    settings: Settings,
    photos: String,
    rain: Rain,
    logo: String,
    seed: u64,
}

fn unfit(error: ShapeError) -> JobError {
    JobError::Internal(error.to_string())
}

/// The thieves of the standing test: each kind of network with squares, and the U-Net with plain distances, none of them with the
/// weights that the barrier met when it was made.
pub fn standing_thieves(settings: &Settings, seed: u64) -> Vec<Plan> {
    let plan = |i: usize, family: Family, loss: Loss| Plan {
        family,
        loss,
        steps: settings.surrogate_steps,
        batch: settings.batch,
        rate: settings.rate,
        width: settings.surrogate_width,
        halvings: settings.halvings,
        augment: false,
        seed: seed.wrapping_add(1000 + i as u64),
    };
    let all =
        [(Family::Unet, Loss::L2), (Family::Unet, Loss::L1), (Family::Res9, Loss::L2), (Family::Res16, Loss::L2), (Family::Cnet, Loss::L2)];
    all.into_iter().enumerate().map(|(i, (family, loss))| plan(i, family, loss)).collect()
}

/// Makes a barrier in `folder`, continuing what lies there, and judges it.
///
/// # Errors
/// An order that does not fit, a file that cannot be written, a training that diverged, or a stop.
pub fn make(order: Order, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Made, JobError> {
    watch.progress(Phase::Prepare, 0.0, None);
    let identity = Identity {
        settings: order.settings.clone(),
        photos: order.photos.digest.clone(),
        rain: order.rain,
        logo: order.logo.digest.clone(),
        seed: order.seed,
    };
    let folder = RunFolder::open(folder, &identity)?;
    let mut record = Record::open(&folder, watch);
    let made = make_in(order, compute, &folder, &mut record);
    record.keep();
    made
}

fn make_in(order: Order, compute: &Compute, folder: &RunFolder, watch: &mut Record) -> Result<Made, JobError> {
    let shape = Shape { channels: 3, height: order.settings.side, width: order.settings.side };
    let inputs = Arc::new(order.rain.over_all(&order.photos.train, order.seed));
    let task = Task {
        settings: order.settings.clone(),
        outputs: order.photos.train.clone(),
        inputs: inputs.clone(),
        logo: order.logo.at(shape),
        seed: order.seed,
        device: compute.device.clone(),
    };
    let mut training = Training::new(task)?;
    if let Some(saved) = folder.resume("barrier") {
        training.load(&saved)?;
    }
    let first = training.done();
    let (mut saved, mut looked) = (Instant::now(), Instant::now());
    let learning = Instant::now();
    while training.done() < training.steps() {
        if watch.flow() == Flow::Stop {
            folder.checkpoint("barrier", training.save())?;
            return Err(JobError::Stopped);
        }
        let phase = match training.stage().0 {
            Stage::Initial => Phase::Marked,
            Stage::Surrogate(_) => Phase::Thieves,
            Stage::Adversarial => Phase::Hardening,
        };
        training.step().map_err(unfit)?;
        let (done, steps) = (training.done(), training.steps());
        let pace = learning.elapsed().as_secs_f64() / (done - first).max(1) as f64;
        watch.progress(phase, done as f64 / steps as f64, Some(pace * (steps - done) as f64));
        if done == steps || looked.elapsed() > LOOK_EVERY {
            looked = Instant::now();
            for (name, value) in training.losses() {
                if !value.is_finite() {
                    return Err(JobError::Diverged(done));
                }
                watch.metric(MetricPoint { step: done, name: name.to_owned(), value });
            }
        }
        if done == steps || saved.elapsed() > CHECKPOINT_EVERY {
            saved = Instant::now();
            folder.checkpoint("barrier", training.save())?;
        }
    }
    let barrier = training.barrier();
    watch.progress(Phase::Save, 1.0, None);
    let file = folder.file(FILE);
    let bytes = barrier.save().to_safetensors().map_err(|e| JobError::Internal(e.to_string()))?;
    write_private(&file, &bytes)?;
    let seconds = watch.seconds();
    let outputs = if order.choosing { &order.photos.validation } else { &order.photos.test };
    // Other rain than the one that was learnt from.
    let held_back = (order.rain.over_all(outputs, order.seed ^ 0x5eed), outputs.clone());
    let figures = judge(&barrier, &held_back.0, &held_back.1, watch)?;
    let thieves = rob_all(&order.thieves, &barrier, (&inputs, &order.photos.train), (&held_back.0, &held_back.1), compute, watch)?;
    Ok(Made { file, figures, thieves, seconds, device: compute.name.clone() })
}

/// Photographs that are judged on, at most.
const JUDGED: usize = 250;

fn judge(barrier: &Barrier, inputs: &Samples, outputs: &Samples, watch: &mut dyn Watch) -> Result<Figures, JobError> {
    let count = outputs.count().min(JUDGED);
    let (mut clear, mut alike, mut found, mut unmarked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..count {
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        watch.progress(Phase::Verify, i as f64 / count as f64, None);
        let picture = outputs.picture(i);
        let Some(marked) = barrier.mark(&picture, &mut |_| true).map_err(unfit)? else { continue };
        clear.push(psnr(&marked, &picture).map_err(|e| JobError::Internal(e.to_string()))?);
        alike.push(ssim(&marked, &picture).map_err(|e| JobError::Internal(e.to_string()))?);
        found.push(looked_into(barrier, &marked)?);
        unmarked.push(looked_into(barrier, &picture)?);
        unmarked.push(looked_into(barrier, &inputs.picture(i))?);
    }
    Ok(Figures {
        pictures: found.len(),
        psnr_db: mean(&clear),
        ssim: mean(&alike),
        nc: mean(&correlations(&found)),
        least_nc: correlations(&found).into_iter().fold(1.0, f64::min),
        success: success(&found),
        unmarked: unmarked.len(),
        unmarked_passes: passes(&unmarked),
        unmarked_most_nc: correlations(&unmarked).into_iter().fold(-1.0, f64::max),
    })
}

/// How many count as the logo.
fn passes(all: &[Likeness]) -> usize {
    all.iter().filter(|likeness| likeness.counts()).count()
}

/// The share that counts, 0..1.
fn success(all: &[Likeness]) -> f64 {
    passes(all) as f64 / all.len().max(1) as f64
}

fn correlations(all: &[Likeness]) -> Vec<f64> {
    all.iter().map(|likeness| likeness.nc).collect()
}

/// The likeness of the mean of all squares.
fn looked_into(barrier: &Barrier, picture: &Picture) -> Result<Likeness, JobError> {
    let revealed = barrier.reveal(picture).map_err(unfit)?;
    barrier.likeness(&revealed.logo).map_err(|e| JobError::Internal(e.to_string()))
}

fn rob_all(
    plans: &[Plan],
    barrier: &Barrier,
    (inputs, outputs): (&Samples, &Samples),
    (new_inputs, new_outputs): (&Samples, &Samples),
    compute: &Compute,
    watch: &mut dyn Watch,
) -> Result<Vec<Robbed>, JobError> {
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    let mut marked = Samples { pixels: Vec::with_capacity(outputs.pixels.len()), ..outputs.clone() };
    for i in 0..outputs.count() {
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        let picture = barrier.mark(&outputs.picture(i), &mut |_| true).map_err(unfit)?;
        marked.pixels.extend(picture.map(|picture| picture.planes).unwrap_or_default());
    }
    let few: Vec<usize> = (0..new_inputs.count().min(JUDGED)).collect();
    let (new_inputs, new_outputs) = (new_inputs.select(&few), new_outputs.select(&few));
    let mut all = Vec::new();
    for (place, plan) in plans.iter().enumerate() {
        let mut thief = Thief::new(*plan, &compute.device);
        while !thief.is_done() {
            if watch.flow() == Flow::Stop {
                return Err(JobError::Stopped);
            }
            let share = thief.step(inputs, &marked).map_err(unfit)?;
            watch.progress(Phase::Thieves, (place as f64 + share) / plans.len() as f64, None);
        }
        let answers = thief.answer(&new_inputs).map_err(unfit)?;
        let found = answers.iter().map(|answer| looked_into(barrier, answer)).collect::<Result<Vec<_>, _>>()?;
        let clear: Vec<f64> = answers.iter().enumerate().filter_map(|(i, answer)| psnr(answer, &new_outputs.picture(i)).ok()).collect();
        all.push(Robbed { plan: *plan, psnr_db: mean(&clear), nc: mean(&correlations(&found)), success: success(&found) });
    }
    Ok(all)
}
