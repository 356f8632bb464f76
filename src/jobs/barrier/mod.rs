//! The image barrier's jobs: how long making one takes (`cost`), making one from photographs, what runs of a table have in common (`ground`),
//! judging it (`judging`), robbing it (`thieves`), marking files and looking into files for its logo (`files`), what a find is worth (`null`),
//! classical marks on the same photographs (`rivals`).

mod cost;
pub(super) mod files;
mod ground;
mod judging;
mod null;
mod rivals;
pub(super) mod targets;
mod thieves;

pub use cost::estimate;
pub use files::{Found, GAIN, Handled, Looks, Marked, Peek, mark, open, peek, reveal};
pub use judging::{Figures, QUALITIES};
pub use null::NullRate;
pub use rivals::{Rival, RobbedRival, rivals};
pub use targets::listed;
pub use thieves::{Innocent, Robbed, standing_thieves};

use crate::attacks::thief::Plan;
use crate::data::logo::Logo;
use crate::data::tasks::{self, Pair};
use crate::data::{Photos, Picture, hex};
use crate::jobs::checkpoint::RunFolder;
use crate::jobs::clock::Clock;
use crate::jobs::error::JobError;
use crate::jobs::messages::{BarrierPreview, BarrierSight, MetricPoint, Phase};
use crate::jobs::record::Record;
use crate::jobs::rhythm::Rhythm;
use crate::jobs::watch::{Flow, Watch};
use crate::nn::device::Compute;
use crate::nn::vgg::Vgg;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::barrier::{Barrier, Settings, Stage, Task, Training};
use crate::vault::files::{read_limited, write_private};
use cost::Cost;
use ground::Ground;
use judging::{judge, marked};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thieves::Robbery;

/// Time between checkpoints, and between points of the curves.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// Shortest time between live pictures, and how many photographs they show.
const SHOW_EVERY: Duration = Duration::from_secs(3);
const SHOWN: usize = 2;
/// The barrier's file in its run's folder.
const FILE: &str = "barrier.cmbarrier";
/// The same before the revealing network met thieves' networks.
const BEFORE: &str = "before-thieves.cmbarrier";
/// Largest file of figures that is read, bytes.
const MOST_MADE: u64 = 1 << 20;
/// Seconds that learning took, once it is over.
const LEARNT: &str = "learnt.json";
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
    /// Where runs that have a part in common keep it for each other; nothing for one that stands alone.
    pub ground: Option<PathBuf>,
}

/// A VGG-16 or VGG-19 of the owner's for the perceptual loss.
struct OwnVgg {
    weights: Arc<WeightMap>,
    digest: String,
}

impl OwnVgg {
    /// The one that settings name; nothing where they name none.
    ///
    /// # Errors
    /// No such file, or one that holds no such network.
    fn named(settings: &Settings) -> Result<Option<Self>, JobError> {
        let file = settings.vgg.trim();
        if file.is_empty() {
            return Ok(None);
        }
        let bytes = read_limited(Path::new(file), LARGEST_FILE)?;
        let weights = WeightMap::from_safetensors(&bytes)?;
        Vgg::from_torchvision(&weights, &Compute::cpu().device)?;
        Ok(Some(Self { weights: Arc::new(weights), digest: hex(&Sha256::digest(&bytes)) }))
    }
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
    /// Seconds that learning took, all sessions together; judging and thieves do not count, nor what another run had learnt of the same.
    pub seconds: f64,
    /// Device in words.
    pub device: String,
}

/// What a run was started with.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Identity {
    settings: Settings,
    photos: String,
    task: tasks::Task,
    logo: String,
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vgg: Option<String>,
}

/// Makes a barrier in `folder`, continuing what lies there, and judges it.
///
/// # Errors
/// An order that does not fit, a file that cannot be written, a training that diverged, or a stop.
pub fn make(order: Order, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Made, JobError> {
    watch.progress(Phase::Prepare, 0.0, None);
    order.settings.fit(order.photos.train.count())?;
    let vgg = OwnVgg::named(&order.settings)?;
    // Where the file lay says nothing on another day or computer: its digest does.
    let order = Order { settings: Settings { vgg: String::new(), ..order.settings }, ..order };
    let identity = Identity {
        settings: order.settings.clone(),
        photos: order.photos.digest.clone(),
        task: order.task,
        logo: order.logo.digest.clone(),
        seed: order.seed,
        vgg: vgg.as_ref().map(|vgg| vgg.digest.clone()),
    };
    let folder = RunFolder::open(folder, &identity)?;
    let mut record = Record::open(&folder, watch);
    let made = make_in(order, &identity, vgg, compute, &folder, &mut record);
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

fn make_in(
    order: Order,
    identity: &Identity,
    vgg: Option<OwnVgg>,
    compute: &Compute,
    folder: &RunFolder,
    watch: &mut Record,
) -> Result<Made, JobError> {
    let ground = order.ground.as_deref().map(Ground::open).transpose()?;
    let [learnt, choosing, last] = order.task.pairs(&order.photos, order.seed);
    let task = Task {
        settings: order.settings.clone(),
        outputs: learnt.outputs.clone(),
        inputs: learnt.inputs.clone(),
        logo: order.logo.at(order.settings.shape()),
        vgg: vgg.map(|vgg| vgg.weights),
        seed: order.seed,
        device: compute.device.clone(),
    };
    let mut training = Training::new(task)?;
    // What the revealing network was before it met thieves' networks, where it meets any.
    let keep_before = |training: &Training| match training.steps() > order.settings.steps {
        true => write(&folder.file(BEFORE), &training.barrier()),
        false => Ok(()),
    };
    match (folder.resume("barrier"), &ground) {
        (Some(saved), _) => training.load(&saved)?,
        (None, Some(ground)) if ground.give(identity, &mut training)? => keep_before(&training)?,
        (None, _) => {}
    }
    let mut clock = match training.done() < training.steps() {
        true => Cost::tried(&order, order.settings.families, compute, watch)?.clock(&order.settings),
        false => Clock::new(1),
    };
    count_done(&mut clock, &training);
    let (mut saved, mut looked) = (Instant::now(), Instant::now());
    let few = few(if choosing.outputs.is_empty() { &last } else { &choosing });
    let mut showing = Rhythm::at_once(SHOW_EVERY);
    let mut told = Instant::now();
    while training.done() < training.steps() {
        if watch.flow() == Flow::Stop {
            folder.checkpoint("barrier", training.save())?;
            return Err(JobError::Stopped);
        }
        let stage = training.stage().0;
        let (place, phase) = part(stage);
        let began = Instant::now();
        training.step()?;
        clock.step(place, began.elapsed().as_secs_f64());
        clock.lengthen(0, training.first_steps());
        if training.done() == training.first_steps() {
            keep_before(&training)?;
        }
        if let Some(ground) = &ground {
            ground.keep(identity, &training)?;
        }
        let (done, steps) = (training.done(), training.steps());
        let left = clock.told(told.elapsed().as_secs_f64());
        told = Instant::now();
        watch.progress(phase, clock.share(), Some(left));
        if done == steps || looked.elapsed() > LOOK_EVERY {
            looked = Instant::now();
            for (name, value) in training.losses() {
                if !value.is_finite() {
                    return Err(JobError::Diverged(done));
                }
                watch.metric(MetricPoint { step: done, name: name.to_owned(), value });
            }
        }
        if watch.looks() && (done == steps || showing.is_due()) {
            let sights = showing.take(|| sights(&training, &few))?;
            watch.barrier_preview(BarrierPreview { step: done, sights });
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
    let seconds = learning_seconds(folder, watch)?;
    let held_back = if order.choosing { choosing } else { last };
    let figures = judge(&barrier, &held_back, watch)?;
    let thieves = match order.thieves.is_empty() {
        true => Vec::new(),
        false => {
            let before = if training.steps() > order.settings.steps { Some(open(&folder.file(BEFORE), compute)?) } else { None };
            Robbery { barrier, before, learnt, held_back, folder, ground, compute }.all(&order.thieves, watch)?
        }
    };
    Ok(Made { file, figures, thieves, seconds, device: compute.name.clone() })
}

/// Seconds that learning took. Kept when it ends for the first time: what is judged and tried afterwards takes time of the same run.
fn learning_seconds(folder: &RunFolder, watch: &Record) -> Result<f64, JobError> {
    let file = folder.file(LEARNT);
    let known = read_limited(&file, MOST_MADE).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(seconds) = known {
        return Ok(seconds);
    }
    let seconds = watch.seconds();
    write_private(&file, &serde_json::to_vec(&seconds).map_err(|e| JobError::Internal(e.to_string()))?)?;
    Ok(seconds)
}

/// Place in the clock, and what people are told.
fn part(stage: Stage) -> (usize, Phase) {
    match stage {
        Stage::Initial => (0, Phase::Marked),
        Stage::Anew => (0, Phase::MarkedAnew),
        Stage::Surrogate(_) => (1, Phase::Thieves),
        Stage::Adversarial => (2, Phase::Hardening),
    }
}

/// Tells the clock what earlier sessions did.
fn count_done(clock: &mut Clock, training: &Training) {
    let Settings { surrogate_steps, families, .. } = *training.settings();
    let lengths = [training.first_steps(), families as u64 * surrogate_steps, u64::MAX];
    let mut done = training.done();
    for (place, length) in lengths.into_iter().enumerate() {
        clock.skip(place, done.min(length));
        done = done.saturating_sub(length);
    }
    clock.lengthen(0, training.first_steps());
}

/// The photographs that live pictures show.
fn few(pair: &Pair) -> Pair {
    let first: Vec<usize> = (0..pair.outputs.count().min(SHOWN)).collect();
    Pair { inputs: Arc::new(pair.inputs.select(&first)), outputs: Arc::new(pair.outputs.select(&first)) }
}

/// What becomes of them as the networks are now.
fn sights(training: &Training, few: &Pair) -> Result<Vec<BarrierSight>, JobError> {
    let barrier = training.barrier();
    let stolen = training.stolen(&few.inputs)?;
    let mut sights = Vec::with_capacity(few.outputs.count());
    for i in 0..few.outputs.count() {
        let Some(marked) = marked(&barrier, few, i)? else { continue };
        let reveal = |picture: &Picture| Ok::<_, JobError>(barrier.reveal(picture)?.logo);
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
