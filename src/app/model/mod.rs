//! What the window knows and does: the state behind the panels, changed only by [`Action`]s and by what the worker says.
//!
//! Panels read the model and hand in actions; nothing here draws. `material` holds data and logo, `planning` the plan, `work` the jobs,
//! `keeping` the project on disk.

mod compared;
mod continuing;
mod estimates;
mod examples;
mod images;
mod keeping;
mod keys;
mod material;
mod planning;
mod queue;
mod sheet;
mod work;

pub use compared::{Compared, KeptTraining};
pub use continuing::Continuing;
pub use estimates::Estimate;
pub use images::{Batch, Images, Making, OpenBarrier, count_found};
pub use keeping::Keeper;
pub use keys::{Keys, Looked};
pub use material::{LogoChoice, Material, Offer};
use planning::fresh_plan;
pub use work::{Proof, Training, scheme_name};

use super::action::{Action, Pair, Wanted};
use super::background::{self, Pick, Poll, Task, Wake};
use super::board::Board;
use super::notices::Notices;
use super::steps::{Door, Reached, Step, StepState};
use super::text;
use crate::data::Dataset;
use crate::jobs::{Command, Event, Worker};
use crate::nn::device::DeviceChoice;
use crate::schemes::plan::Plan;
use std::collections::VecDeque;
use std::path::PathBuf;

/// Starts the worker once the first frame is on the screen.
pub type StartWorker = Box<dyn FnOnce(Wake) -> Worker>;

/// The state behind the window.
pub struct Model {
    /// What the user came for.
    pub door: Door,
    /// Which step's panel is in front.
    pub step: Step,
    /// Set when the panel of `step` shall come to the front.
    pub bring_forward: bool,
    /// Set when the panels shall go back where they were.
    pub reset_layout: bool,
    /// Data and logo.
    pub material: Material,
    /// What will be trained.
    pub plan: Plan,
    /// Whether the user agreed to the plan.
    pub scheme_chosen: bool,
    /// Ids of the schemes that are trained afterwards, the next one first.
    pub queue: Vec<String>,
    /// The training and what it left behind.
    pub training: Training,
    /// All keys of the last training, where somebody wanted to see them.
    pub keys: Keys,
    /// The finished trainings of the project.
    pub compared: Compared,
    /// The suspect, the key and the verdict.
    pub proof: Proof,
    /// Barriers, and the pictures that are marked with them and looked into.
    pub images: Images,
    /// The project on disk.
    pub keeper: Keeper,
    /// Jobs and log.
    pub board: Board,
    /// Messages in the corner.
    pub notices: Notices,
    /// The training device in words, once the worker told.
    pub device: Option<String>,
    /// What was dropped and waits for a yes.
    pub offer: Option<Offer>,
    /// What was dropped with it and comes next.
    pub more_offers: VecDeque<Offer>,
    /// What a path is asked for.
    pub asking: Option<Wanted>,
    /// The pair in the compare view.
    pub compare: Option<Pair>,
    /// Whether the command palette is open.
    pub palette: bool,
    /// Whether the help is open.
    pub help: bool,
    /// Whether the log is open.
    pub log: bool,
    /// A text for the clipboard.
    pub copy: Option<String>,
    /// Whether the user looks elsewhere: the window is hidden or another one has the keyboard.
    pub away: bool,
    /// Set when something ended that the user waits for elsewhere.
    pub attention: bool,
    /// Set when the colours changed.
    pub restyle: bool,
    /// Whether dropped files reach the window.
    pub drops: bool,
    settling: bool,
    /// Set once the window closes: what ends now is followed by nothing.
    quitting: bool,
    estimates: estimates::Estimates,
    examples: examples::Examples,
    looking: Option<Task<Vec<Offer>>>,
    dialogs: Vec<(Wanted, Task<Option<Vec<PathBuf>>>)>,
    start: Option<StartWorker>,
    worker: Option<Worker>,
    wake: Wake,
}

impl Model {
    /// A model over the project and settings that `keeper` holds. The worker is not started yet.
    pub fn new(keeper: Keeper, start: StartWorker, wake: Wake) -> Model {
        let mut model = Model {
            door: Door::Protect,
            step: Step::Data,
            bring_forward: true,
            reset_layout: false,
            material: Material::default(),
            plan: fresh_plan(),
            scheme_chosen: false,
            settling: false,
            quitting: false,
            estimates: estimates::Estimates::default(),
            examples: examples::Examples::default(),
            queue: Vec::new(),
            training: Training::default(),
            keys: Keys::default(),
            compared: Compared::default(),
            proof: Proof::default(),
            images: Images::default(),
            keeper,
            board: Board::default(),
            notices: Notices::default(),
            device: None,
            offer: None,
            more_offers: VecDeque::new(),
            asking: None,
            compare: None,
            palette: false,
            help: false,
            log: false,
            copy: None,
            away: false,
            attention: false,
            restyle: false,
            drops: true,
            looking: None,
            dialogs: Vec::new(),
            start: Some(start),
            worker: None,
            wake,
        };
        model.restore();
        model
    }

    /// What has been reached.
    pub fn reached(&self) -> Reached {
        Reached {
            data: self.material.data.is_some(),
            logo: self.material.logo.is_some(),
            scheme: self.scheme_chosen,
            unfit: matches!(self.estimate_of(&self.plan), Estimate::Refused(_)),
            training: self.board.training().is_some(),
            interrupted: self.training.interrupted.is_some(),
            trained: self.training.trained.is_some(),
            proving: self.board.proving().is_some(),
            reports: !self.keeper.reports().is_empty(),
            making: self.board.making().is_some(),
            barrier: self.images.barrier.is_some(),
            marking: self.board.marking().is_some(),
            marked: self.images.mark.over,
            checking: self.board.checking().is_some(),
            checked: self.images.check.over,
        }
    }

    /// How a step stands.
    pub fn state_of(&self, step: Step) -> StepState {
        self.reached().state(self.door, step)
    }

    /// The data set in use.
    pub fn data(&self) -> Option<&Dataset> {
        self.material.data.as_ref()
    }

    /// Whether data or a logo is being read.
    fn is_reading(&self) -> bool {
        self.material.reading.is_some() || self.material.is_drawing()
    }

    /// After a start: shows the step with the next thing to do as the project comes back piece by piece, until the user goes anywhere.
    fn settle(&mut self) {
        if self.settling {
            self.step = self.reached().next(self.door);
            self.bring_forward = true;
        }
    }

    /// Whether something dropped is being looked at.
    pub fn is_looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Whether something lies over the panels.
    pub fn is_covered(&self) -> bool {
        self.compare.is_some() || self.is_asking()
    }

    /// Whether a dialog is open.
    pub fn is_asking(&self) -> bool {
        self.palette || self.help || self.offer.is_some() || self.asking.is_some()
    }

    /// Whether the panel of `step` holds the next thing to do: its button is the one filled button on the screen.
    pub fn leads(&self, step: Step) -> bool {
        self.step == step && !self.is_covered()
    }

    /// Whether nothing was chosen yet, so that the window explains itself.
    pub fn is_blank(&self) -> bool {
        let reached = self.reached();
        let begun = reached.data || reached.logo || reached.interrupted || reached.trained;
        self.door == Door::Protect && !begun && !self.is_reading()
    }

    /// Does what can be done without waiting: starts the worker, takes in events and finished background work. Gives when to look again
    /// though nothing happens until then.
    pub fn poll(&mut self) -> Option<std::time::Duration> {
        if let Some(start) = self.start.take() {
            self.worker = Some(start(self.wake.clone()));
            // It begins with what suits best.
            if self.keeper.device() != DeviceChoice::Auto {
                self.send(Command::Device(self.keeper.device()));
            }
        }
        self.take_in_events();
        if let Some(preview) = self.worker.as_ref().and_then(|worker| worker.slots.take_preview()) {
            self.training.preview = Some(preview);
        }
        self.poll_curves();
        self.poll_keys();
        self.poll_compared();
        self.poll_material();
        self.poll_logo();
        self.poll_continuing();
        self.poll_reports();
        self.poll_dialogs();
        self.poll_examples();
        self.poll_images();
        let (keeping, estimates) = (self.poll_keeping(), self.poll_estimates());
        keeping.into_iter().chain(estimates).min()
    }

    fn take_in_events(&mut self) {
        let events: Vec<Event> = self.worker.as_ref().map(|worker| worker.events.try_iter().collect()).unwrap_or_default();
        for event in &events {
            self.on_event(event);
        }
    }

    fn poll_dialogs(&mut self) {
        let mut taken = Vec::new();
        self.dialogs.retain(|(wanted, task)| {
            let paths = match task.poll() {
                Poll::Running => return true,
                Poll::Ready(paths) => paths,
                Poll::Lost => None,
            };
            taken.push((*wanted, paths));
            false
        });
        for (wanted, paths) in taken {
            match paths {
                Some(paths) => self.take_files(wanted, paths),
                None => {
                    self.asking = Some(wanted);
                    self.notices.warn(text::NO_DIALOG);
                }
            }
        }
        match self.looking.as_ref().map(Task::poll) {
            Some(Poll::Ready(offers)) => {
                self.looking = None;
                self.more_offers = offers.into();
            }
            Some(Poll::Lost) => {
                self.looking = None;
                self.fail(text::READING_LOST.into(), None);
            }
            Some(Poll::Running) | None => {}
        }
        if self.offer.is_none() {
            self.offer = self.more_offers.pop_front();
        }
    }

    /// Shows an error and writes it into the log.
    pub fn fail(&mut self, message: String, details: Option<String>) {
        self.board.note(message.clone());
        self.notices.bad(message, details);
    }

    /// Does what the user wants.
    pub fn apply(&mut self, action: Action) {
        self.settling = false;
        match action {
            Action::Enter(door) => self.enter(door),
            Action::GoTo(step) => self.go_to(step),
            Action::Look(step) => self.step = step,
            Action::GoOn => self.go_to(self.reached().next(self.door)),
            Action::TrySample => self.try_sample(),
            Action::Ask(wanted) => self.asking = Some(wanted),
            Action::Refuse(why) => self.notices.warn(why),
            Action::Browse(wanted) => self.browse(wanted),
            Action::Take(wanted, path) => self.take(wanted, path),
            Action::TakeSeveral(paths) if self.drop_on_images(&paths) => {}
            Action::TakeSeveral(paths) => self.look_at_several(paths),
            Action::UseSampleData => self.use_sample_data(),
            Action::CancelReading if self.door == Door::Images => self.stop_fetching_barrier(),
            Action::CancelReading => self.material.cancel(),
            Action::OpenAs(opening) => self.open_as(opening),
            Action::ForgetFailed => self.material.failed = None,
            Action::RemoveData => self.remove_data(),
            Action::UseSampleLogo(index) => self.use_sample_logo(index, true),
            Action::PlaceLogo(options) => self.place_logo(options),
            Action::RemoveLogo => self.remove_logo(),
            Action::SetPlan(plan) => self.set_plan(*plan),
            Action::ConfirmScheme => self.confirm_scheme(),
            Action::Estimate => self.estimate_again(),
            Action::Train => self.train(),
            Action::AlsoTrain(scheme) => self.also_train(&scheme),
            Action::TrainNext => self.train_next(),
            Action::ContinueTraining => self.continue_training(),
            Action::CancelContinuing => self.training.continuing = None,
            Action::ForgetInterrupted => self.forget_interrupted(),
            Action::Pause(job) => self.pause(job),
            Action::Resume(job) => self.resume(job),
            Action::Stop(job) => self.stop(job),
            Action::UseTrained => self.use_trained(false),
            Action::UseTwin => self.use_trained(true),
            Action::UseTrainedKey => self.use_trained_key(),
            Action::Prove => self.prove(),
            Action::Nonce(nonce) => self.proof.nonce = nonce,
            Action::ProveAgain => self.proof.report = None,
            Action::OpenReport(id) => self.open_report(id),
            Action::FetchReport(id) => self.fetch_report(&id),
            Action::ExportReport(id) => self.browse_export(id),
            Action::UseTraining(id) => self.use_training(&id),
            Action::LookAtKeys => self.look_at_keys(),
            Action::LeaveKeys => self.keys.shown = false,
            Action::ExportKeys(chosen) => self.browse_sheet(chosen),
            Action::DeleteReport(id) => self.delete_report(&id),
            Action::BarrierPreset(preset) => self.set_barrier_preset(preset),
            Action::BarrierTask(task) => self.set_barrier_task(task),
            Action::BarrierSettings(settings) => self.set_barrier_settings(*settings),
            Action::BarrierThieves(thieves) => self.images.thieves = thieves,
            Action::BarrierSampleLogo(index) => self.use_sample_barrier_logo(index),
            Action::ForgetPhotographs => (self.images.photographs, self.images.failed) = (None, None),
            Action::MakeBarrier => self.make_barrier(),
            Action::ContinueBarrier(folder) => self.continue_barrier(&folder),
            Action::ForgetBarrier(folder) => self.forget_barrier(&folder),
            Action::OtherBarrier => self.other_barrier(),
            Action::TakeFiles(wanted, paths) => self.take_files(wanted, paths),
            Action::Mark => self.mark_files(),
            Action::Reveal => self.reveal_files(),
            Action::MarkAgain => self.mark_again(),
            Action::RevealAgain => self.reveal_again(),
            Action::CompareFiles(original, marked) => self.compare_files(original, marked),
            Action::ShowFolder(folder) => self.show_folder(folder),
            Action::Compare(pair) => self.compare = Some(pair),
            Action::Theme(theme) => {
                self.keeper.remember(|settings| settings.theme = theme);
                self.restyle = true;
            }
            Action::Device(choice) => {
                self.keeper.remember(|settings| settings.device = choice);
                self.send(Command::Device(choice));
            }
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Palette => self.palette = !self.palette,
            Action::Help => self.help = !self.help,
            Action::Log => self.log = !self.log,
            Action::ResetLayout => {
                self.reset_layout = true;
                self.notices.good(text::LAYOUT_RESET);
            }
            Action::Copy(text) => {
                self.copy = Some(text);
                self.notices.good(text::COPIED);
            }
        }
    }

    fn enter(&mut self, door: Door) {
        self.door = door;
        if door == Door::Images {
            self.wake_images();
            self.step = self.reached().next(door);
        } else if !Step::behind(door).contains(&self.step) {
            self.step = if door == Door::Protect { self.reached().next(door) } else { Step::Prove };
        } else if door == Door::Protect {
            self.step = self.reached().next(door);
        }
        self.bring_forward = true;
    }

    /// Shows a step's panel, or says what is missing for it.
    pub fn go_to(&mut self, step: Step) {
        if !Step::behind(self.door).contains(&step) {
            self.door = step.door();
        }
        if self.door == Door::Images {
            self.wake_images();
        }
        if let StepState::Blocked(missing) = self.state_of(step) {
            self.notices.warn(missing);
            return;
        }
        self.step = step;
        self.bring_forward = true;
    }

    fn browse(&mut self, wanted: Wanted) {
        if self.dialogs.iter().any(|(open, _)| *open == wanted) {
            return;
        }
        let (title, pick) = match wanted {
            Wanted::Anything => (text::CHOOSE_ANYTHING, Pick::File(text::ANY_FILE, &[])),
            Wanted::Data => (text::CHOOSE_DATA, Pick::File(text::ANY_FILE, &[])),
            Wanted::DataFolder => (text::CHOOSE_DATA, Pick::Folder),
            Wanted::Logo => (text::CHOOSE_LOGO, Pick::File(text::PICTURE_FILE, &["png", "jpg", "jpeg", "webp", "svg"])),
            Wanted::Key => (text::CHOOSE_KEY, Pick::File(text::KEY_FILE, &["cmkey"])),
            Wanted::Suspect => (text::CHOOSE_SUSPECT, Pick::File(text::MODEL_FILE, &["safetensors"])),
            Wanted::Project => (text::CHOOSE_PROJECT, Pick::Folder),
            Wanted::NewProject => (text::CHOOSE_NEW_PROJECT, Pick::Folder),
            Wanted::Export => (text::CHOOSE_EXPORT, Pick::Save(text::REPORT_FILE)),
            Wanted::KeySheet => (text::CHOOSE_KEY_SHEET, Pick::Save(text::KEY_SHEET_FILE)),
            Wanted::Barrier => (text::CHOOSE_BARRIER, Pick::File(text::BARRIER_FILE, &["cmbarrier"])),
            Wanted::Photographs => (text::CHOOSE_PHOTOGRAPHS, Pick::File(text::ARCHIVE_FILE, &["zip"])),
            Wanted::PhotographsFolder => (text::CHOOSE_PHOTOGRAPHS, Pick::Folder),
            Wanted::BarrierLogo => (text::CHOOSE_LOGO, Pick::File(text::PICTURE_FILE, &["png", "jpg", "jpeg", "webp", "svg"])),
            Wanted::Originals => (text::CHOOSE_ORIGINALS, Pick::Files(text::PICTURE_FILE, PICTURES)),
            Wanted::OriginalsFolder => (text::CHOOSE_ORIGINALS, Pick::Folder),
            Wanted::MarkedFolder => (text::CHOOSE_MARKED, Pick::Folder),
            Wanted::Outputs => (text::CHOOSE_OUTPUTS, Pick::Files(text::PICTURE_FILE, PICTURES)),
            Wanted::OutputsFolder => (text::CHOOSE_OUTPUTS, Pick::Folder),
            Wanted::SettingFolder(_) => (text::CHOOSE_PICTURES, Pick::Folder),
            Wanted::SettingFile(_) => (text::CHOOSE_NETWORK, Pick::File(text::MODEL_FILE, &["safetensors"])),
        };
        self.dialogs.push((wanted, background::pick(title.into(), pick, &self.wake)));
    }

    fn take(&mut self, wanted: Wanted, path: PathBuf) {
        self.asking.take_if(|asked| *asked == wanted);
        match wanted {
            Wanted::Anything if self.drop_on_images(std::slice::from_ref(&path)) => {}
            Wanted::Anything => self.look_at(path),
            Wanted::Data | Wanted::DataFolder => self.read_data(path),
            Wanted::Logo => self.read_logo(path),
            Wanted::Key => self.set_key(path),
            Wanted::Suspect => self.set_suspect(path),
            Wanted::Project => self.open_project(path),
            Wanted::NewProject => self.new_project(path),
            Wanted::Export => self.export_report(path),
            Wanted::KeySheet => self.export_sheet(path),
            Wanted::Barrier => self.open_barrier(path, true),
            Wanted::Photographs | Wanted::PhotographsFolder => self.read_photographs(path),
            Wanted::BarrierLogo => self.read_barrier_logo(path),
            Wanted::Originals | Wanted::OriginalsFolder => self.choose_originals(vec![path]),
            Wanted::MarkedFolder => self.set_marked_folder(path),
            Wanted::Outputs | Wanted::OutputsFolder => self.choose_outputs(vec![path]),
            Wanted::SettingFolder(name) | Wanted::SettingFile(name) => self.set_path(name, &path),
        }
    }

    fn take_files(&mut self, wanted: Wanted, mut paths: Vec<PathBuf>) {
        match wanted {
            Wanted::Originals if paths.len() > 1 => self.choose_originals(paths),
            Wanted::Outputs if paths.len() > 1 => self.choose_outputs(paths),
            _ => {
                if let Some(path) = paths.pop() {
                    self.take(wanted, path);
                }
            }
        }
    }

    fn try_sample(&mut self) {
        if self.holds_work() && !self.open_new_sample() {
            return;
        }
        self.door = Door::Protect;
        self.plan = fresh_plan();
        if self.plan.owner.is_empty() {
            self.plan.owner = text::SAMPLE_OWNER.into();
        }
        self.scheme_chosen = true;
        self.use_sample_data();
        self.use_sample_logo(0, false);
        self.step = Step::Train;
        self.bring_forward = true;
        self.keep();
    }

    /// Whether something would be lost if plan, data and logo were replaced.
    fn holds_work(&self) -> bool {
        let reached = self.reached();
        let chosen = reached.data || reached.logo || reached.scheme || self.is_reading();
        chosen || reached.trained || self.training.interrupted.is_some() || !self.plan.owner.trim().is_empty()
    }

    /// Sends a command to the worker; false when there is none (any more).
    fn send(&mut self, command: Command) -> bool {
        let sent = self.worker.as_ref().is_some_and(|worker| worker.commands.send(command).is_ok());
        if !sent {
            self.fail(text::WORKER_LOST.into(), None);
        }
        sent
    }

    /// Saves what is not saved yet, asks the worker to end, and waits a short while for its checkpoint. What it still says is taken in:
    /// a training may end just now.
    pub fn quit(&mut self) {
        self.quitting = true;
        self.take_in_events();
        self.keep_now();
        let Some(worker) = &self.worker else { return };
        let (events, quits) = (worker.events.clone(), worker.commands.send(Command::Quit).is_ok());
        if quits && (self.board.training().is_some() || self.board.making().is_some()) {
            let until = std::time::Instant::now() + work::QUIT_PATIENCE;
            // The worker drops its end of the channel when the checkpoint is written.
            while let Ok(event) = events.recv_deadline(until) {
                self.on_event(&event);
            }
        }
        self.worker = None;
    }
}

/// Endings of the pictures that can be marked.
const PICTURES: &[&str] = &["png", "jpg", "jpeg", "webp", "bmp"];
