//! The jobs that the window asks for: time estimates, trainings, verifications, and what they leave behind.

use super::{Continuing, Estimate, Model, Step};
use crate::app::background::{Poll, Task};
use crate::app::board::{Job, Purpose, Standing};
use crate::app::text;
use crate::app::widgets::CurveStore;
use crate::data::Dataset;
use crate::data::logo::Logo;
use crate::forensics::report::Report;
use crate::jobs::{Command, Event, JobId, MetricPoint, Outcome, Preview, Trained, can_continue};
use crate::schemes::plan::Plan;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long quitting waits for the last checkpoint.
pub(super) const QUIT_PATIENCE: Duration = Duration::from_secs(10);

/// The training of this project.
#[derive(Default)]
pub struct Training {
    /// Live pictures of the training under way.
    pub preview: Option<Arc<Preview>>,
    /// Id of the scheme of the training under way.
    pub scheme: &'static str,
    /// What the training under way was planned to be; the project's plan may be another by now.
    pub plan: Option<Box<Plan>>,
    /// What the last finished training left behind.
    pub trained: Option<Trained>,
    /// The folder of a training that was interrupted.
    pub interrupted: Option<PathBuf>,
    /// What the training under way learns from, and the name of its logo; the project's may be others by now.
    pub material: Option<(Dataset, String)>,
    /// The interrupted training on its way back.
    pub continuing: Option<Continuing>,
    pub(super) forgotten: Option<Forgotten>,
    /// What the worker warned of during the training.
    pub warnings: Vec<String>,
    /// The points of the training under way or of the last one, earlier sessions included.
    pub curves: CurveStore,
    /// The curves of earlier sessions being read.
    pub(super) recalled: Option<Task<Vec<MetricPoint>>>,
}

/// An interrupted training that was given up.
pub(super) struct Forgotten {
    /// Its folder.
    pub folder: PathBuf,
    /// How many deletions came after it, which are undone first.
    pub deleted_since: usize,
}

impl Training {
    /// Whether the next undo takes up a training again that was given up.
    pub fn can_take_up(&self) -> bool {
        self.forgotten.as_ref().is_some_and(|forgotten| forgotten.deleted_since == 0)
    }
}

/// The verification of this project.
#[derive(Default)]
pub struct Proof {
    /// The key package.
    pub key: Option<PathBuf>,
    /// The suspect.
    pub suspect: Option<PathBuf>,
    /// The number that picks the new keys, as it was written; nothing draws one by chance.
    pub nonce: String,
    /// The last verdict, until another suspect is chosen.
    pub report: Option<Arc<Report>>,
}

impl Proof {
    /// The number that picks the new keys.
    ///
    /// # Errors
    /// What was written is no such number.
    pub fn nonce(&self) -> Result<Option<u64>, std::num::ParseIntError> {
        match self.nonce.trim() {
            "" => Ok(None),
            written => written.parse().map(Some),
        }
    }
}

impl Model {
    /// Takes in one event of the worker.
    pub(super) fn on_event(&mut self, event: &Event) {
        if let Event::Device(words) = event {
            self.board.note(words.clone());
            self.device = Some(words.clone());
        }
        if let Event::Warning { job, text } = event {
            self.board.note(text.clone());
            if self.board.training().is_some_and(|training| training.id == *job) && !self.training.warnings.contains(text) {
                self.training.warnings.push(text.clone());
            }
            if self.board.making().is_some_and(|making| making.id == *job) && !self.images.making.warnings.contains(text) {
                self.images.making.warnings.push(text.clone());
            }
        }
        if let Event::Started(job) = event
            && let Some(job) = self.board.get(*job).filter(|job| job.purpose != Purpose::Estimate)
        {
            let line = text::log_started(&job.title);
            self.board.note(line);
        }
        if let Event::Metric { job, point } = event
            && self.board.training().is_some_and(|training| training.id == *job)
        {
            self.training.curves.push(&point.name, point.step, point.value);
        }
        if let Event::Metric { job, point } = event
            && self.board.making().is_some_and(|making| making.id == *job)
        {
            self.images.making.curves.push(&point.name, point.step, point.value);
        }
        let Some(over) = self.board.on_event(event) else { return };
        self.attention |= self.away && over.purpose != Purpose::Estimate;
        match event {
            Event::Estimated { job, seconds } => self.estimated(*job, Estimate::Seconds(*seconds)),
            Event::Stopped(_) => self.stopped(over),
            Event::Done { outcome, .. } => self.done(over, outcome),
            Event::Failed { job, message, .. } if over.purpose == Purpose::Estimate => {
                self.estimated(*job, Estimate::Refused(message.clone()));
            }
            Event::Failed { kind, message, details, .. } => {
                match over.purpose.clone() {
                    // A full disk takes nothing away from the checkpoints before it.
                    Purpose::Train(folder) if can_continue(kind) => self.interrupt(folder),
                    Purpose::Train(_) => self.keep_run_ended(),
                    Purpose::Mark | Purpose::Reveal => self.batch_over(&over.purpose, true),
                    Purpose::Barrier(_) | Purpose::Verify { .. } | Purpose::Estimate => {}
                }
                self.fail(message.clone(), Some(format!("{message}\n\n{details}")));
                // What stood against one scheme need not stand against the next.
                if matches!(over.purpose, Purpose::Train(_)) && self.training.interrupted.is_none() {
                    self.go_on_with_queue(&over);
                }
            }
            _ => {}
        }
    }

    fn stopped(&mut self, job: Job) {
        if job.purpose == Purpose::Estimate {
            return self.estimated(job.id, Estimate::Unknown);
        }
        if matches!(job.purpose, Purpose::Mark | Purpose::Reveal) {
            self.board.note(text::log_ended(&job.title));
            return self.batch_over(&job.purpose, true);
        }
        self.board.note(text::log_stopped(&job.title));
        match job.purpose {
            Purpose::Train(folder) => {
                self.interrupt(folder);
                self.notices.warn(text::STOPPED_TOAST);
            }
            Purpose::Barrier(_) => self.notices.warn(text::STOPPED_TOAST),
            Purpose::Verify { .. } => self.notices.warn(text::PROVE_STOPPED),
            Purpose::Mark | Purpose::Reveal | Purpose::Estimate => {}
        }
    }

    fn done(&mut self, job: Job, outcome: &Outcome) {
        self.board.note(text::log_done(&job.title));
        match outcome {
            Outcome::Trained(trained) => {
                self.estimate_again();
                match trained.concerns().first() {
                    None if self.away => self.notices.waiting(text::trained_toast(trained)),
                    None => self.notices.good(text::trained_toast(trained)),
                    Some(gravest) => self.notices.remind(text::trained_warning(*gravest, trained)),
                }
                for concern in trained.concerns() {
                    self.board.note(text::concern(concern, trained));
                }
                let trained = &self.key_kept(trained.clone());
                self.training.trained = Some(trained.clone());
                self.training.interrupted = None;
                self.proof.key = Some(trained.key.clone());
                self.proof.suspect = Some(trained.model.clone());
                self.proof.report = None;
                self.keep_trained(trained);
                self.go_on_with_queue(&job);
            }
            Outcome::Verified => {
                let Some(report) = self.worker.as_ref().and_then(|worker| worker.slots.take_report()) else {
                    self.fail(text::REPORT_LOST.into(), None);
                    return;
                };
                self.keep_report(&report);
                match self.step {
                    _ if self.away => self.notices.remind(text::proven_toast(report.verdict)),
                    Step::Prove => {}
                    _ => self.notices.warn(text::proven_toast(report.verdict)),
                }
                self.proof.report = Some(report);
            }
            Outcome::Barrier(made) => self.barrier_made(made),
            Outcome::Marked(_) | Outcome::Revealed(_) => self.batch_over(&job.purpose, false),
            // The window makes no tables and no classical marks.
            Outcome::Table(_) | Outcome::Hidden(_) | Outcome::Read(_) => {}
        }
    }

    /// Trains what is planned, in a new run folder. Whatever stands against it is said before anything is kept.
    pub(super) fn train(&mut self) {
        if self.train_plan(self.plan.clone()) {
            // What is trained now does not have to wait.
            let scheme = self.plan.scheme.id();
            self.queue.retain(|waiting| waiting != scheme);
            self.keep();
            self.go_to(Step::Train);
        }
    }

    /// Trains a plan in a new run folder; whether it began.
    pub(super) fn train_plan(&mut self, plan: Plan) -> bool {
        let Some(material) = self.material_for_training() else { return false };
        self.scheme_chosen = true;
        self.keep();
        self.keep_now();
        match self.keep_new_run(plan.clone()) {
            Ok(folder) => self.start_training(folder, plan, material),
            Err(reason) => {
                self.fail(reason, None);
                false
            }
        }
    }

    /// Pictures and logo, when a training can begin with them; else what stands against it is said.
    fn material_for_training(&mut self) -> Option<(Dataset, Logo)> {
        let refusal = match (&self.material.data, &self.material.logo) {
            _ if self.board.training().is_some() => text::TRAIN_ALREADY,
            (None, _) => text::MISSING_DATA_FOR_TRAINING,
            (_, None) => text::MISSING_LOGO_FOR_TRAINING,
            (Some(dataset), Some(choice)) => return Some((dataset.clone(), choice.logo.clone())),
        };
        self.notices.warn(refusal);
        None
    }

    /// Gives up the interrupted training; can be undone until another one begins.
    pub(super) fn forget_interrupted(&mut self) {
        let Some(folder) = self.training.interrupted.take() else { return };
        self.training.continuing = None;
        self.keep_run_ended();
        self.training.forgotten = Some(Forgotten { folder, deleted_since: 0 });
        self.notices.undoable(text::TRAIN_GIVEN_UP);
    }

    /// Hands a training to the worker; whether it took it.
    pub(super) fn start_training(&mut self, folder: PathBuf, plan: Plan, (dataset, logo): (Dataset, Logo)) -> bool {
        self.training = Training { trained: self.training.trained.take(), ..Training::default() };
        self.recall_curves(folder.clone());
        self.drop_estimate();
        self.training.scheme = plan.scheme.id();
        self.training.plan = Some(Box::new(plan.clone()));
        self.training.material = Some((dataset.clone(), logo.name.clone()));
        let title = text::training_title(scheme_name(plan.scheme.id()), &plan);
        let job = self.board.add(Purpose::Train(folder.clone()), title);
        let sent = self.send(Command::Train { job, plan: Box::new(plan), dataset, logo, folder: folder.clone() });
        if !sent && self.board.on_event(&Event::Stopped(job)).is_some() {
            self.interrupt(folder);
        }
        sent
    }

    /// Notes that the training in this folder can be continued.
    pub(super) fn interrupt(&mut self, folder: PathBuf) {
        self.training.interrupted = Some(folder);
        self.keep_run_state(false);
    }

    /// Reads the curves that earlier sessions of a run left.
    pub(super) fn recall_curves(&mut self, folder: PathBuf) {
        self.training.recalled = Some(Task::start(text::READING.into(), &self.wake, move |_| crate::jobs::curves(&folder)));
    }

    /// Puts what earlier sessions left before what has come since.
    pub(super) fn poll_curves(&mut self) {
        match self.training.recalled.as_ref().map(Task::poll) {
            Some(Poll::Ready(points)) => {
                let mut earlier = CurveStore::default();
                points.iter().for_each(|point| earlier.push(&point.name, point.step, point.value));
                self.training.curves.continue_from(earlier);
                self.training.recalled = None;
            }
            Some(Poll::Lost) => self.training.recalled = None,
            Some(Poll::Running) | None => {}
        }
    }

    /// Holds a job.
    pub(super) fn pause(&mut self, job: JobId) {
        self.board.asked(job, Standing::Pausing);
        self.send(Command::Pause(job));
    }

    /// Lets a held job go on.
    pub(super) fn resume(&mut self, job: JobId) {
        self.board.asked(job, Standing::Running);
        self.send(Command::Resume(job));
    }

    /// Ends a job after a checkpoint.
    pub(super) fn stop(&mut self, job: JobId) {
        self.board.asked(job, Standing::Stopping);
        self.send(Command::Stop(job));
    }

    /// Takes a key package from a path.
    pub(super) fn set_key(&mut self, path: PathBuf) {
        if let Err(reason) = readable(&path) {
            return self.fail(reason, None);
        }
        self.proof.key = Some(path);
        self.proof.report = None;
        self.show_proof();
    }

    /// Takes a suspect model from a path.
    pub(super) fn set_suspect(&mut self, path: PathBuf) {
        if let Err(reason) = readable(&path) {
            return self.fail(reason, None);
        }
        self.proof.suspect = Some(path);
        self.proof.report = None;
        self.show_proof();
    }

    fn show_proof(&mut self) {
        if matches!(self.state_of(Step::Prove), super::StepState::Blocked(_)) {
            self.enter(super::Door::Investigate);
        }
        self.go_to(Step::Prove);
    }

    /// Takes the model just trained, or its unmarked twin, as the suspect.
    pub(super) fn use_trained(&mut self, twin: bool) {
        let Some(trained) = self.training.trained.clone() else { return };
        self.proof.suspect = Some(if twin { trained.unmarked } else { trained.model });
        self.proof.key.get_or_insert(trained.key);
        self.proof.report = None;
        self.go_to(Step::Prove);
    }

    /// Takes the key package just made.
    pub(super) fn use_trained_key(&mut self) {
        if let Some(trained) = &self.training.trained {
            self.proof.key = Some(trained.key.clone());
            self.proof.report = None;
        }
    }

    /// Asks the questions.
    pub(super) fn prove(&mut self) {
        let (Some(key), Some(suspect)) = (self.proof.key.clone(), self.proof.suspect.clone()) else {
            self.notices.warn(text::PROVE_NEEDS_BOTH);
            return;
        };
        let Ok(nonce) = self.proof.nonce() else { return self.notices.warn(text::PROVE_NONCE_WRONG) };
        if self.board.proving().is_some() {
            return;
        }
        self.drop_estimate();
        let job = self.board.add(Purpose::Verify { key: key.clone(), suspect: suspect.clone() }, text::proving_title(&suspect));
        self.proof.report = None;
        self.send(Command::Verify { job, key, suspect, nonce });
    }
}

/// The name of a scheme for people.
pub fn scheme_name(id: &str) -> &'static str {
    crate::schemes::catalogue::cards().iter().find(|card| card.id == id).map_or("", |card| card.name)
}

fn readable(path: &std::path::Path) -> Result<(), String> {
    std::fs::File::open(path).map(drop).map_err(|error| text::cannot_open(path, &error.to_string()))
}
