//! The jobs that the window asks for: time estimates, trainings, verifications, and what they leave behind.

use super::{Model, Step};
use crate::app::board::{Job, Purpose, Standing};
use crate::app::text;
use crate::forensics::report::Report;
use crate::jobs::{Command, Event, JobId, Outcome, Preview, Trained};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long quitting waits for the last checkpoint.
pub(super) const QUIT_PATIENCE: Duration = Duration::from_secs(10);

/// What is known about the time that the plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Estimate {
    /// Not measured.
    #[default]
    Unknown,
    /// Trial steps are under way.
    Asked(JobId),
    /// Seconds for the whole plan with its controls.
    Seconds(f64),
}

/// The training of this project.
#[derive(Default)]
pub struct Training {
    /// Live pictures of the training under way.
    pub preview: Option<Arc<Preview>>,
    /// What the last finished training left behind.
    pub trained: Option<Trained>,
    /// The folder of a training that was interrupted.
    pub interrupted: Option<PathBuf>,
    /// What the worker warned of during the training.
    pub warnings: Vec<String>,
}

/// The verification of this project.
#[derive(Default)]
pub struct Proof {
    /// The key package.
    pub key: Option<PathBuf>,
    /// The suspect.
    pub suspect: Option<PathBuf>,
    /// The last verdict, until another suspect is chosen.
    pub report: Option<Arc<Report>>,
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
        }
        if let Event::Started(job) = event
            && let Some(job) = self.board.get(*job)
        {
            let line = text::log_started(&job.title);
            self.board.note(line);
        }
        let Some(over) = self.board.on_event(event) else { return };
        match event {
            Event::Estimated { seconds, .. } => self.estimate = Estimate::Seconds(*seconds),
            Event::Stopped(_) => self.stopped(over),
            Event::Done { outcome, .. } => self.done(over, outcome),
            Event::Failed { message, details, .. } => {
                if over.purpose == Purpose::Estimate {
                    self.estimate = Estimate::Unknown;
                }
                if matches!(over.purpose, Purpose::Train(_)) {
                    self.keep_run_ended();
                }
                self.fail(message.clone(), Some(format!("{message}\n\n{details}")));
            }
            _ => {}
        }
    }

    fn stopped(&mut self, job: Job) {
        self.board.note(text::log_stopped(&job.title));
        match job.purpose {
            Purpose::Train(folder) => {
                self.training.interrupted = Some(folder);
                self.keep_run_state(false);
                self.notices.warn(text::STOPPED_TOAST);
            }
            Purpose::Estimate => self.estimate = Estimate::Unknown,
            Purpose::Verify { .. } => self.notices.warn(text::PROVE_STOPPED),
        }
    }

    fn done(&mut self, job: Job, outcome: &Outcome) {
        self.board.note(text::log_done(&job.title));
        match outcome {
            Outcome::Trained(trained) => {
                self.notices.good(text::trained_toast(trained.clean_accuracy, trained.key_accuracy));
                self.training.trained = Some(trained.clone());
                self.training.interrupted = None;
                self.proof.key = Some(trained.key.clone());
                self.proof.suspect = Some(trained.model.clone());
                self.proof.report = None;
                self.keep_trained(trained);
            }
            Outcome::Verified => {
                let Some(report) = self.worker.as_ref().and_then(|worker| worker.slots.take_report()) else {
                    self.fail(text::REPORT_LOST.into(), None);
                    return;
                };
                self.keep_report(&report);
                if self.step != Step::Prove {
                    self.notices.warn(text::proven_toast(report.verdict));
                }
                self.proof.report = Some(report);
            }
        }
    }

    /// Asks how long the plan takes, once.
    pub(super) fn ask_estimate(&mut self) {
        if matches!(self.estimate, Estimate::Asked(_)) || self.board.training().is_some() {
            return;
        }
        let (Some(dataset), Some(logo)) = (self.material.data.clone(), self.material.logo.as_ref().map(|choice| choice.logo.clone()))
        else {
            return;
        };
        let job = self.board.add(Purpose::Estimate, text::ESTIMATING.into());
        let plan = Box::new(self.plan.clone());
        if self.send(Command::Estimate { job, plan, dataset, logo }) {
            self.estimate = Estimate::Asked(job);
        }
    }

    /// Trains what is planned, in a new run folder.
    pub(super) fn train(&mut self) {
        match self.keep_new_run() {
            Ok(folder) => self.start_training(folder),
            Err(reason) => self.fail(reason, None),
        }
    }

    /// Goes on with the interrupted training.
    pub(super) fn continue_training(&mut self) {
        if let Some(folder) = self.training.interrupted.take() {
            self.keep_run_state(true);
            self.start_training(folder);
        }
    }

    /// Gives up the interrupted training.
    pub(super) fn forget_interrupted(&mut self) {
        self.training.interrupted = None;
        self.keep_run_ended();
    }

    fn start_training(&mut self, folder: PathBuf) {
        if self.board.training().is_some() {
            self.notices.warn(text::TRAIN_ALREADY);
            return;
        }
        let (Some(dataset), Some(choice)) = (self.material.data.clone(), &self.material.logo) else {
            self.notices.warn(if self.material.data.is_none() { text::MISSING_DATA_FOR_TRAINING } else { text::MISSING_LOGO_FOR_TRAINING });
            return;
        };
        let logo = choice.logo.clone();
        self.training = Training { trained: self.training.trained.take(), ..Training::default() };
        let title = text::training_title(self.plan.host, scheme_name(self.plan.scheme.id()));
        let job = self.board.add(Purpose::Train(folder.clone()), title);
        self.scheme_chosen = true;
        self.keep();
        let plan = Box::new(self.plan.clone());
        if self.send(Command::Train { job, plan, dataset, logo, folder }) {
            self.go_to(Step::Train);
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
        if self.board.proving().is_some() {
            return;
        }
        let job = self.board.add(Purpose::Verify { key: key.clone(), suspect: suspect.clone() }, text::proving_title(&suspect));
        self.proof.report = None;
        self.send(Command::Verify { job, key, suspect });
    }
}

/// The name of a scheme for people.
pub fn scheme_name(id: &str) -> &'static str {
    crate::schemes::catalogue::cards().iter().find(|card| card.id == id).map_or("", |card| card.name)
}

fn readable(path: &std::path::Path) -> Result<(), String> {
    std::fs::File::open(path).map(drop).map_err(|error| text::cannot_open(path, &error.to_string()))
}
