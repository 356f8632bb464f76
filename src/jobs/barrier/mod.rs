//! The image barrier's jobs: making one from photographs, marking files with it, looking into files for its logo.

pub(super) mod files;
pub(super) mod targets;

pub use files::{Found, GAIN, Handled, Looks, Marked, Peek, mark, open, peek, reveal};
pub use targets::listed;

use crate::attacks::thief::{Loss, Plan, Thief};
use crate::data::logo::Logo;
use crate::data::tasks::{self, Pair};
use crate::data::{Photos, Picture, Samples};
use crate::jobs::checkpoint::RunFolder;
use crate::jobs::error::JobError;
use crate::jobs::messages::{BarrierPreview, BarrierSight, MetricPoint, Phase};
use crate::jobs::record::Record;
use crate::jobs::train::mean;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::{psnr, ssim};
use crate::nn::device::Compute;
use crate::nn::error::ShapeError;
use crate::nn::surrogate::Family;
use crate::schemes::barrier::proof::Likeness;
use crate::schemes::barrier::{Barrier, Settings, Stage, Task, Training};
use crate::vault::files::{read_limited, write_atomic, write_private};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between checkpoints, and between points of the curves.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// Time between live pictures, and how many photographs they show.
const SHOW_EVERY: Duration = Duration::from_secs(3);
const SHOWN: usize = 2;
/// The barrier's file in its run's folder.
const FILE: &str = "barrier.cmbarrier";
/// The same before the revealing network met thieves' networks.
const BEFORE: &str = "before-thieves.cmbarrier";
/// What thieves got so far.
const THIEVES: &str = "thieves.json";
/// Largest file of that kind that is read, bytes.
const MOST_MADE: u64 = 1 << 20;
/// What came out, once it is judged.
const MADE: &str = "made.json";

/// What a barrier is made from.
#[derive(Debug, Clone)]
pub struct Order {
    /// Hyper-parameters.
    pub settings: Settings,
    /// Photographs of the settings' side.
    pub photos: Photos,
    /// What the protected network is said to do with them.
    pub task: tasks::Task,
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
    /// Mean PSNR of marked against unmarked, decibel; infinite where nothing was changed.
    #[serde(deserialize_with = "or_infinite")]
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
    /// Mean correlation of what marked photographs reveal with the logo, zero-mean.
    pub nc: f64,
    /// The lowest of them.
    pub least_nc: f64,
    /// Share of marked photographs whose revealed logo counts, 0..1.
    pub success: f64,
    /// Unmarked pictures, the protected network's inputs and outputs, that were looked into.
    pub unmarked: usize,
    /// How many of them revealed a logo that counts.
    pub unmarked_passes: usize,
    /// The highest correlation that an unmarked picture gave.
    pub unmarked_most_nc: f64,
}

/// JSON has no infinity and holds nothing in its place.
fn or_infinite<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::INFINITY))
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
    /// The same with the revealing network as it was before it met thieves' networks; none where it never met any.
    pub success_before: Option<f64>,
    /// What the same network reveals that learnt from unmarked pictures.
    pub innocent: Innocent,
}

/// A network that was never shown a marked picture, trained as a thief's: in what it gives nothing may be found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Innocent {
    /// Mean PSNR of what it gives against the unmarked photographs, decibel.
    pub psnr_db: f64,
    /// The highest correlation of what is revealed with the logo.
    pub most_nc: f64,
    /// Share of its pictures whose revealed logo counts, 0..1.
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
    task: tasks::Task,
    logo: String,
    seed: u64,
}

fn unfit(error: ShapeError) -> JobError {
    JobError::Internal(error.to_string())
}

/// The thieves of the standing test: each kind of network with squares, and the U-Net with plain distances, none of them with the
/// weights that the barrier met when it was made.
pub fn standing_thieves(settings: &Settings, seed: u64) -> Vec<Plan> {
    let all =
        [(Family::Unet, Loss::L2), (Family::Unet, Loss::L1), (Family::Res9, Loss::L2), (Family::Res16, Loss::L2), (Family::Cnet, Loss::L2)];
    all.into_iter().enumerate().map(|(i, (family, loss))| Plan::of(settings, family, loss, seed.wrapping_add(1000 + i as u64))).collect()
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
        task: order.task,
        logo: order.logo.digest.clone(),
        seed: order.seed,
    };
    let folder = RunFolder::open(folder, &identity)?;
    let mut record = Record::open(&folder, watch);
    let made = make_in(order, compute, &folder, &mut record);
    record.keep();
    let made = made?;
    let bytes = serde_json::to_vec_pretty(&made).map_err(|e| JobError::Internal(e.to_string()))?;
    write_private(&folder.file(MADE), &bytes)?;
    Ok(made)
}

/// What the finished run in this folder made; nothing where none is finished. The folder may have been moved since.
pub fn made(folder: &Path) -> Option<Made> {
    let made: Made = serde_json::from_slice(&read_limited(&folder.join(MADE), MOST_MADE).ok()?).ok()?;
    let file = folder.join(FILE);
    file.is_file().then_some(Made { file, ..made })
}

fn make_in(order: Order, compute: &Compute, folder: &RunFolder, watch: &mut Record) -> Result<Made, JobError> {
    let shape = order.settings.shape();
    let [learnt, choosing, last] = order.task.pairs(&order.photos, order.seed);
    let task = Task {
        settings: order.settings.clone(),
        outputs: learnt.outputs.clone(),
        inputs: learnt.inputs.clone(),
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
    let few = few(if choosing.outputs.is_empty() { &last } else { &choosing });
    let mut shown: Option<Instant> = None;
    let learning = Instant::now();
    while training.done() < training.steps() {
        if watch.flow() == Flow::Stop {
            folder.checkpoint("barrier", training.save())?;
            return Err(JobError::Stopped);
        }
        let stage = training.stage().0;
        let phase = match stage {
            Stage::Initial => Phase::Marked,
            Stage::Surrogate(_) => Phase::Thieves,
            Stage::Adversarial => Phase::Hardening,
        };
        training.step().map_err(unfit)?;
        if training.done() == order.settings.steps && training.steps() > order.settings.steps {
            write(&folder.file(BEFORE), &training.barrier())?;
        }
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
        if watch.looks() && (done == steps || shown.is_none_or(|shown| shown.elapsed() > SHOW_EVERY)) {
            watch.barrier_preview(BarrierPreview { step: done, sights: sights(&training, &few)? });
            shown = Some(Instant::now());
        }
        if training.stage().0 != stage || done == steps || saved.elapsed() > CHECKPOINT_EVERY {
            saved = Instant::now();
            folder.checkpoint("barrier", training.save())?;
        }
    }
    let barrier = training.barrier();
    watch.progress(Phase::Save, 1.0, None);
    let file = folder.file(FILE);
    write(&file, &barrier)?;
    let seconds = watch.seconds();
    let held_back = if order.choosing { choosing } else { last };
    let figures = judge(&barrier, &held_back, watch)?;
    let thieves = match order.thieves.is_empty() {
        true => Vec::new(),
        false => {
            let before = if training.steps() > order.settings.steps { Some(open(&folder.file(BEFORE), compute)?) } else { None };
            Robbery { barrier, before, learnt, held_back, folder, compute }.all(&order.thieves, watch)?
        }
    };
    Ok(Made { file, figures, thieves, seconds, device: compute.name.clone() })
}

/// The photographs that live pictures show.
fn few(pair: &Pair) -> Pair {
    let first: Vec<usize> = (0..pair.outputs.count().min(SHOWN)).collect();
    Pair { inputs: Arc::new(pair.inputs.select(&first)), outputs: Arc::new(pair.outputs.select(&first)) }
}

/// What becomes of them as the networks are now.
fn sights(training: &Training, few: &Pair) -> Result<Vec<BarrierSight>, JobError> {
    let barrier = training.barrier();
    let stolen = training.stolen(&few.inputs).map_err(unfit)?;
    let mut sights = Vec::with_capacity(few.outputs.count());
    for i in 0..few.outputs.count() {
        let Some(marked) = marked(&barrier, few, i)? else { continue };
        let reveal = |picture: &Picture| barrier.reveal(picture).map(|revealed| revealed.logo).map_err(unfit);
        let stolen = stolen.as_ref().map(|stolen| stolen.picture(i));
        let stolen = stolen.map(|stolen| reveal(&stolen).map(|revealed| [stolen, revealed])).transpose()?;
        sights.push(BarrierSight { original: few.outputs.picture(i), revealed: reveal(&marked)?, marked, stolen });
    }
    Ok(sights)
}

fn write(file: &Path, barrier: &Barrier) -> Result<(), JobError> {
    let bytes = barrier.save().to_safetensors().map_err(|e| JobError::Internal(e.to_string()))?;
    Ok(write_private(file, &bytes)?)
}

/// Photographs that are judged on, at most.
const JUDGED: usize = 250;

fn judge(barrier: &Barrier, pair: &Pair, watch: &mut dyn Watch) -> Result<Figures, JobError> {
    let Pair { inputs, outputs } = pair;
    let count = outputs.count().min(JUDGED);
    let (mut clear, mut alike, mut found, mut unmarked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..count {
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        watch.progress(Phase::Verify, i as f64 / count as f64, None);
        let picture = outputs.picture(i);
        let Some(marked) = marked(barrier, pair, i)? else { continue };
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
        unmarked_most_nc: most(&unmarked),
    })
}

/// The marked picture at place `i`: what the owner's service gives.
fn marked(barrier: &Barrier, pair: &Pair, i: usize) -> Result<Option<Picture>, JobError> {
    let given = if barrier.settings.task_specific { &pair.inputs } else { &pair.outputs };
    barrier.mark(&given.picture(i), &mut |_| true).map_err(unfit)
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

/// The highest correlation.
fn most(all: &[Likeness]) -> f64 {
    correlations(all).into_iter().fold(-1.0, f64::max)
}

/// Thieves at a finished barrier.
struct Robbery<'a> {
    barrier: Barrier,
    before: Option<Barrier>,
    learnt: Pair,
    held_back: Pair,
    folder: &'a RunFolder,
    compute: &'a Compute,
}

impl Robbery<'_> {
    /// One after the other; what was done before a stop is not done again.
    fn all(self, plans: &[Plan], watch: &mut dyn Watch) -> Result<Vec<Robbed>, JobError> {
        let file = self.folder.file(THIEVES);
        let known: Vec<Robbed> = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let outputs = &self.learnt.outputs;
        let mut marked_outputs = Samples { pixels: Vec::with_capacity(outputs.pixels.len()), ..Samples::clone(outputs) };
        let (mut all, mut kept) = (Vec::new(), known.clone());
        for (place, plan) in plans.iter().enumerate() {
            if let Some(known) = known.iter().find(|robbed| robbed.plan == *plan) {
                all.push(known.clone());
                continue;
            }
            for i in marked_outputs.pixels.len() / outputs.shape.len().max(1)..outputs.count() {
                if watch.flow() == Flow::Stop {
                    return Err(JobError::Stopped);
                }
                marked_outputs.pixels.extend(marked(&self.barrier, &self.learnt, i)?.map(|picture| picture.planes).unwrap_or_default());
            }
            let share = |half: f64| (place as f64 + half) / plans.len() as f64;
            let (robber, psnr_db) = self.answers(*plan, &marked_outputs, &mut |done| share(0.5 * done), watch)?;
            let (innocent, innocent_psnr) = self.answers(*plan, outputs, &mut |done| share(0.5 + 0.5 * done), watch)?;
            let found = look_into_all(&self.barrier, &robber)?;
            let before = self.before.as_ref().map(|before| look_into_all(before, &robber)).transpose()?;
            let clean = look_into_all(&self.barrier, &innocent)?;
            let robbed = Robbed {
                plan: *plan,
                psnr_db,
                nc: mean(&correlations(&found)),
                success: success(&found),
                success_before: before.map(|found| success(&found)),
                innocent: Innocent { psnr_db: innocent_psnr, most_nc: most(&clean), success: success(&clean) },
            };
            all.push(robbed.clone());
            kept.push(robbed);
            let bytes = serde_json::to_vec(&kept).map_err(|e| JobError::Internal(e.to_string()))?;
            write_atomic(&file, &bytes)?;
        }
        Ok(all)
    }

    /// What a network that learnt these outputs gives for photographs that it never saw, and their mean PSNR.
    fn answers(
        &self,
        plan: Plan,
        outputs: &Samples,
        share: &mut dyn FnMut(f64) -> f64,
        watch: &mut dyn Watch,
    ) -> Result<(Vec<Picture>, f64), JobError> {
        let mut thief = Thief::new(plan, &self.compute.device)?;
        while !thief.is_done() {
            if watch.flow() == Flow::Stop {
                return Err(JobError::Stopped);
            }
            let done = thief.step(&self.learnt.inputs, outputs).map_err(unfit)?;
            watch.progress(Phase::Thieves, share(done), None);
        }
        let few: Vec<usize> = (0..self.held_back.inputs.count().min(JUDGED)).collect();
        let answers = thief.answer(&self.held_back.inputs.select(&few)).map_err(unfit)?;
        let clear: Vec<f64> =
            answers.iter().enumerate().filter_map(|(i, answer)| psnr(answer, &self.held_back.outputs.picture(i)).ok()).collect();
        Ok((answers, mean(&clear)))
    }
}

fn look_into_all(barrier: &Barrier, pictures: &[Picture]) -> Result<Vec<Likeness>, JobError> {
    pictures.iter().map(|picture| looked_into(barrier, picture)).collect()
}
