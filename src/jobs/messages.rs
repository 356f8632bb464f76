//! What the window and the command line say to the worker, and what the worker says back.
//!
//! `Command`s go down a channel; small `Event`s come back over a bounded one; heavy state (pictures, a report) lies in
//! latest-value `Slots` beside it, so that drawing never waits and nothing piles up.

use super::barrier::{Found, Handled, Made, Marked, Order};
use super::classical::Hidden;
use super::reproduce::{Request, Table};
use crate::data::logo::Logo;
use crate::data::{Dataset, Picture};
use crate::forensics::report::Report;
use crate::nn::device::DeviceChoice;
use crate::schemes::classical::{Classical, Read};
use crate::schemes::plan::Plan;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Names one job of this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// What the worker is asked to do. Jobs queue; `Pause`, `Resume` and `Stop` act at once on the named job.
pub enum Command {
    /// Train what the plan says, with its controls, and write model and key package into `folder`.
    Train {
        /// The job's name.
        job: JobId,
        /// What to train.
        plan: Box<Plan>,
        /// On which pictures.
        dataset: Dataset,
        /// Which logo.
        logo: Logo,
        /// The run's folder: checkpoints, metrics, results. A checkpoint found there is continued.
        folder: PathBuf,
    },
    /// Ask a suspect model the questions of a key package.
    Verify {
        /// The job's name.
        job: JobId,
        /// The key package (`.cmkey`).
        key: PathBuf,
        /// The suspect (`.safetensors`).
        suspect: PathBuf,
        /// Picks the covers of fresh keys; `None` draws one that nobody could foresee.
        nonce: Option<u64>,
    },
    /// Time a few trial steps of making a barrier and answer with `Event::Estimated`.
    EstimateBarrier {
        /// The job's name.
        job: JobId,
        /// What would be made, with the thieves that would be tried.
        order: Box<Order>,
    },
    /// Time a few trial steps of a plan and answer with `Event::Estimated`.
    Estimate {
        /// The job's name.
        job: JobId,
        /// What would be trained.
        plan: Box<Plan>,
        /// On which pictures.
        dataset: Dataset,
        /// Which logo.
        logo: Logo,
    },
    /// Make an image barrier in `folder`; what lies there is continued.
    MakeBarrier {
        /// The job's name.
        job: JobId,
        /// From what, and how.
        order: Box<Order>,
        /// The run's folder.
        folder: PathBuf,
    },
    /// Hide a mark in files, whose marked copies go into `folder`.
    Mark {
        /// The job's name.
        job: JobId,
        /// Which mark.
        by: Means,
        /// The pictures.
        files: Vec<PathBuf>,
        /// Where the marked copies go.
        folder: PathBuf,
    },
    /// Look into files for a mark.
    Reveal {
        /// The job's name.
        job: JobId,
        /// Which mark.
        by: Means,
        /// The pictures.
        files: Vec<PathBuf>,
        /// Where the logos that they reveal go, if they are to be written. Classical marks hold bits and write nothing.
        folder: Option<PathBuf>,
    },
    /// Make a paper's table again in `folder`; what lies there is gone on with.
    Reproduce {
        /// The job's name.
        job: JobId,
        /// Which one, from what.
        request: Box<Request>,
        /// Where its barriers go.
        folder: PathBuf,
    },
    /// Hold the running job after its current step.
    Pause(JobId),
    /// Let a held job go on.
    Resume(JobId),
    /// Write a checkpoint and end the job; a queued one is dropped.
    Stop(JobId),
    /// Compute on this from the next job on; answered with `Event::Device`. A card that does not answer changes nothing.
    Device(DeviceChoice),
    /// End the worker after a checkpoint.
    Quit,
}

/// What pictures are marked with.
#[derive(Debug, Clone)]
pub enum Means {
    /// An image barrier's file (`.cmbarrier`).
    Barrier(PathBuf),
    /// Bits, hidden without a network.
    Classical(Box<Classical>),
}

impl Command {
    /// The job that is to be done; none for a word about another job.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Command::Train { job, .. }
            | Command::Verify { job, .. }
            | Command::Estimate { job, .. }
            | Command::EstimateBarrier { job, .. }
            | Command::MakeBarrier { job, .. }
            | Command::Mark { job, .. }
            | Command::Reproduce { job, .. }
            | Command::Reveal { job, .. } => Some(*job),
            Command::Pause(_) | Command::Resume(_) | Command::Stop(_) | Command::Device(_) | Command::Quit => None,
        }
    }
}

/// What part of a job is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reading and preparing.
    Prepare,
    /// Learning what a scheme needs from the pictures alone.
    Groundwork,
    /// Training the marked model.
    Marked,
    /// Learning to hide and to reveal anew, because the first mark was a weak one.
    MarkedAnew,
    /// Training unmarked models as controls.
    Nulls,
    /// Training foreign encoders as controls.
    Foreign,
    /// Training thieves' networks on marked pictures.
    Thieves,
    /// Teaching the revealing network to find the logo in what they give.
    Hardening,
    /// Going through picture files.
    Marking,
    /// Asking questions.
    Verify,
    /// Writing results.
    Save,
}

/// One point of a training curve. Names: `host_loss`, `encoder_loss`, `critic_loss`, `clean_accuracy`, `key_accuracy`,
/// `cover_hits`, `fresh_accuracy`, `psnr_db`, `shadow_loss`, `decoy_loss`, `stamp_loss`; of an image barrier `picture_loss`, `mark_loss`, `clean_loss`,
/// `imitation_loss`, `nature_loss`, `stolen_loss`, `surrogate_loss`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Optimiser step that it belongs to.
    pub step: u64,
    /// Name of the curve.
    pub name: String,
    /// Its value; rates are 0..1.
    pub value: f64,
}

/// What the worker reports.
#[derive(Debug, Clone)]
pub enum Event {
    /// What computes from now on, in words ("CPU, 2 threads", "NVIDIA …"): told when the worker is up, when another was chosen, and when
    /// a graphics card failed in a job, because the next job then runs on the CPU.
    Device(String),
    /// A queued job began.
    Started(JobId),
    /// How far the job is.
    Progress {
        /// Which job.
        job: JobId,
        /// What it is doing.
        phase: Phase,
        /// Share of the whole job done, 0..1.
        share: f64,
        /// Estimated seconds left for the whole job; `None` until known.
        seconds_left: Option<f64>,
    },
    /// A point of a curve.
    Metric {
        /// Which job.
        job: JobId,
        /// The point.
        point: MetricPoint,
    },
    /// Something that the user should know while the job goes on.
    Warning {
        /// Which job.
        job: JobId,
        /// A sentence.
        text: String,
    },
    /// The job is held.
    Paused(JobId),
    /// The job goes on.
    Resumed(JobId),
    /// A checkpoint was written and the job ended before its plan did.
    Stopped(JobId),
    /// The answer to `Command::Estimate`.
    Estimated {
        /// Which job.
        job: JobId,
        /// Seconds for the whole plan with its controls.
        seconds: f64,
    },
    /// The job ended as planned.
    Done {
        /// Which job.
        job: JobId,
        /// What came out.
        outcome: Outcome,
    },
    /// The job ended with an error; the worker lives on.
    Failed {
        /// Which job.
        job: JobId,
        /// What kind of error, a word: see `JobError::kind`.
        kind: &'static str,
        /// What is wrong and what to do, a sentence or two.
        message: String,
        /// For those who want to report it.
        details: String,
    },
}

/// What a finished job left behind.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Files of a training.
    Trained(Trained),
    /// The report lies in `Slots::report`, and its files in this folder.
    Verified,
    /// An image barrier, judged.
    Barrier(Box<Made>),
    /// What became of the files that were to be marked.
    Marked(Vec<Handled<Marked>>),
    /// What the files revealed of a barrier's logo.
    Revealed(Vec<Handled<Found>>),
    /// What became of the files in which a classical mark was to be hidden.
    Hidden(Vec<Handled<Hidden>>),
    /// Which bits of a classical mark the files hold.
    Read(Vec<Handled<Read>>),
    /// A paper's table.
    Table(Box<Table>),
}

/// Files and figures of a finished training.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trained {
    /// Id of the scheme that hid the mark; empty where an older version did not say.
    #[serde(default)]
    pub scheme: String,
    /// The marked model (`.safetensors`), to be given away.
    pub model: PathBuf,
    /// The key package (`.cmkey`), to be kept secret.
    pub key: PathBuf,
    /// The unmarked twin, for comparison.
    pub unmarked: PathBuf,
    /// Share of test pictures that the marked model names rightly, 0..1.
    pub clean_accuracy: f64,
    /// The same of the unmarked models, on average, 0..1.
    pub clean_accuracy_unmarked: f64,
    /// How many test pictures both were asked; 0 where an older version did not say.
    #[serde(default)]
    pub clean_pictures: usize,
    /// 95% interval of the accuracy that the mark costs, compared picture by picture, -1..1.
    #[serde(default)]
    pub clean_drop_interval: [f64; 2],
    /// Share of keys that the marked model answers with the key's label, 0..1.
    pub key_accuracy: f64,
    /// Share of keys that unmarked models answer so, 0..1.
    pub key_accuracy_unmarked: f64,
    /// Mean PSNR of the keys, decibel.
    pub psnr_db: f64,
    /// Mean SSIM of the keys.
    pub ssim: f64,
    /// Seconds that the run was worked on, all sessions together.
    pub seconds: f64,
    /// Device in words.
    pub device: String,
}

/// Live pictures of a training: the same few covers with their present keys.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Optimiser step.
    pub step: u64,
    /// Cover, key as 8-bit picture, expected label, the host's present answer.
    pub pairs: Vec<PreviewPair>,
    /// Stamps as they are now, for schemes that have some: what each is drawn to, and what it has become.
    pub stamps: Vec<[Picture; 2]>,
}

/// One cover with its key.
#[derive(Debug, Clone)]
pub struct PreviewPair {
    /// The picture before the mark.
    pub cover: Picture,
    /// The picture with the mark.
    pub key: Picture,
    /// What the host shall say to the key.
    pub expected: u16,
    /// What it says now.
    pub answer: u16,
    /// What a filter before the model makes of the key, for schemes that are made to pass one.
    pub filtered: Option<Picture>,
}

/// Live pictures of an image barrier in training: the same few held-back photographs as it marks them now.
#[derive(Debug, Clone)]
pub struct BarrierPreview {
    /// Optimiser step.
    pub step: u64,
    /// One for each photograph.
    pub sights: Vec<BarrierSight>,
}

/// A photograph on its way through an image barrier, and through a thief's network where one learns.
#[derive(Debug, Clone)]
pub struct BarrierSight {
    /// The photograph.
    pub original: Picture,
    /// The photograph with the logo hidden in it.
    pub marked: Picture,
    /// What the revealing network finds in that.
    pub revealed: Picture,
    /// What a thief's network gives for the same photograph, and what is revealed in that.
    pub stolen: Option<[Picture; 2]>,
}

/// Latest values of heavy things; a newer one replaces an unread older one. Files that were handled queue up instead, so that none is
/// missed and what was done before a stop is known.
#[derive(Debug, Clone, Default)]
pub struct Slots {
    preview: Arc<Mutex<Option<Arc<Preview>>>>,
    barrier: Arc<Mutex<Option<Arc<BarrierPreview>>>>,
    report: Arc<Mutex<Option<Arc<Report>>>>,
    marked: Arc<Mutex<Vec<Handled<Marked>>>>,
    found: Arc<Mutex<Vec<Handled<Found>>>>,
    looked_at: Arc<AtomicBool>,
}

impl Slots {
    /// Takes the newest preview that nobody took yet.
    pub fn take_preview(&self) -> Option<Arc<Preview>> {
        self.preview.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    /// Puts a preview in place of the last.
    pub fn put_preview(&self, preview: Preview) {
        *self.preview.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::new(preview));
    }

    /// Takes the newest pictures of a barrier that nobody took yet.
    pub fn take_barrier(&self) -> Option<Arc<BarrierPreview>> {
        self.looked_at.store(true, Ordering::Relaxed);
        self.barrier.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    /// Whether pictures of barriers are ever taken: nothing is drawn or queued for nobody.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Puts pictures of a barrier in place of the last.
    pub fn put_barrier(&self, preview: BarrierPreview) {
        *self.barrier.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::new(preview));
    }

    /// Takes the files that were marked since the last call, in their order.
    pub fn take_marked(&self) -> Vec<Handled<Marked>> {
        std::mem::take(&mut *self.marked.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Adds a marked file.
    pub fn add_marked(&self, marked: Handled<Marked>) {
        self.marked.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(marked);
    }

    /// Takes the files that were looked into since the last call, in their order.
    pub fn take_found(&self) -> Vec<Handled<Found>> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Adds a file that was looked into.
    pub fn add_found(&self, found: Handled<Found>) {
        self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(found);
    }

    /// Takes the newest report that nobody took yet.
    pub fn take_report(&self) -> Option<Arc<Report>> {
        self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    /// Puts a report in place of the last.
    pub fn put_report(&self, report: Report) {
        *self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::new(report));
    }
}
