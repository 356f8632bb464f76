//! The project behind the window: made when there is first something to keep, saved soon after every change, restored at the start.

mod reports;

pub use reports::ReadReport;

use super::{Model, Training, Wanted};
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::data::Dataset;
use crate::data::limits::Limits;
use crate::data::logo::LogoOptions;
use crate::jobs::{Trained, started_with};
use crate::nn::device::DeviceChoice;
use crate::project::{AppSettings, Change, Item, LogoSource, Material, MaterialError, Project, ProjectError, RunRef, RunState, Theme};
use crate::schemes::catalogue;
use crate::schemes::plan::Plan;
use crate::vault::files::read_limited;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where in project.json the window notes that the user agreed to the plan.
const AGREED: &str = "scheme_agreed";
/// Where in settings.json the window notes the image barrier used last.
const BARRIER: &str = "barrier";
/// How long plan and layout must stay as they are before they are saved.
const SETTLED: Duration = Duration::from_millis(500);

/// Settings, the open project and the reports of this session with their pictures.
pub struct Keeper {
    settings_folder: PathBuf,
    projects_folder: PathBuf,
    settings: AppSettings,
    project: Option<Project>,
    unsaved: Option<String>,
    plan_changed: Option<Instant>,
    settings_changed: Option<Instant>,
    run: Option<String>,
    read: HashMap<String, ReadReport>,
    reading: Vec<(String, Task<ReadReport>)>,
    writing: Vec<Task<Result<Option<PathBuf>, String>>>,
    opening: Option<String>,
    exporting: Option<String>,
    complaint: Option<String>,
}

/// What the project's interrupted training began with.
pub(super) struct Began {
    /// Its plan.
    pub plan: Plan,
    /// SHA-256 of its data set and of its logo as it was placed; not known where its folder was lost.
    pub digests: Option<(String, String)>,
    /// Where its data set and logo lie.
    pub material: Result<Material, MaterialError>,
}

impl Drop for Keeper {
    /// Waits for reports that are still being written.
    fn drop(&mut self) {
        let until = Instant::now() + super::work::QUIT_PATIENCE;
        while self.writing.iter().any(|task| matches!(task.poll(), Poll::Running)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Keeper {
    /// Reads the settings in `settings_folder`, and opens the project used last if it is still there.
    /// New projects are made in `projects_folder`.
    pub fn open(settings_folder: PathBuf, projects_folder: PathBuf) -> Keeper {
        let (settings, mut complaint) = AppSettings::load(&settings_folder);
        let last = settings.recent.first().filter(|folder| crate::project::is_project(folder));
        let project = last.and_then(|folder| Project::open(folder).map_err(|error| complaint = Some(error.to_string())).ok());
        Keeper {
            settings_folder,
            projects_folder,
            settings,
            project,
            unsaved: None,
            plan_changed: None,
            settings_changed: None,
            run: None,
            read: HashMap::new(),
            reading: Vec::new(),
            writing: Vec::new(),
            opening: None,
            exporting: None,
            complaint,
        }
    }

    /// Keeper over the folders that this system has for settings and documents.
    pub fn of_this_system() -> Keeper {
        let settings = AppSettings::folder().unwrap_or_else(|| PathBuf::from("."));
        let documents = directories::UserDirs::new()
            .and_then(|dirs| dirs.document_dir().map(Path::to_owned).or_else(|| Some(dirs.home_dir().to_owned())));
        Keeper::open(settings, documents.unwrap_or_else(|| PathBuf::from(".")).join(text::APP))
    }

    /// The open project's name.
    pub fn name(&self) -> &str {
        self.project.as_ref().map_or(text::UNTITLED, |project| &project.document().name)
    }

    /// The open project's folder.
    pub fn folder(&self) -> Option<&Path> {
        self.project.as_ref().map(Project::folder)
    }

    /// Why the last change could not be saved; `None` when all is saved.
    pub fn unsaved(&self) -> Option<&str> {
        self.unsaved.as_deref()
    }

    /// Other projects, the latest first.
    pub fn recent(&self) -> impl Iterator<Item = &Path> {
        self.settings.recent.iter().map(PathBuf::as_path).filter(|folder| Some(*folder) != self.folder())
    }

    /// Where image barriers are made, a folder each.
    pub fn barriers_folder(&self) -> PathBuf {
        self.projects_folder.join(text::BARRIERS)
    }

    /// The image barrier used last.
    pub fn last_barrier(&self) -> Option<PathBuf> {
        self.settings.other.get(BARRIER).and_then(serde_json::Value::as_str).map(PathBuf::from)
    }

    /// Remembers the image barrier in use.
    pub fn remember_barrier(&mut self, file: Option<&Path>) {
        let file = file.map(|file| file.display().to_string());
        if self.last_barrier().map(|last| last.display().to_string()) != file {
            match file {
                Some(file) => self.settings.other.insert(BARRIER.into(), file.into()),
                None => self.settings.other.remove(BARRIER),
            };
            self.save_settings();
        }
    }

    /// The project's finished trainings, the oldest first.
    pub(super) fn finished_runs(&self) -> Vec<&RunRef> {
        let runs = self.project.as_ref().map(|project| project.document().runs.as_slice()).unwrap_or_default();
        runs.iter().filter(|run| run.state == RunState::Done && run.trained.is_some()).collect()
    }

    /// Where the files of a training lie.
    pub(super) fn run_folder(&self, id: &str) -> Option<PathBuf> {
        self.project.as_ref().map(|project| project.run_folder(id))
    }

    /// Where something new that the user is asked a place for might go.
    pub fn suggested(&self, wanted: Wanted) -> Option<PathBuf> {
        match wanted {
            Wanted::NewProject => Some(free_folder(&self.projects_folder, text::UNTITLED)),
            Wanted::Export => Some(self.folder()?.join(text::REPORT_FILE)),
            Wanted::KeySheet => Some(self.folder()?.join(text::KEY_SHEET_FILE)),
            _ => None,
        }
    }

    /// The colours chosen.
    pub fn theme(&self) -> Theme {
        self.settings.theme
    }

    /// What shall compute.
    pub fn device(&self) -> DeviceChoice {
        self.settings.device
    }

    /// Remembers a choice.
    pub fn remember(&mut self, change: impl FnOnce(&mut AppSettings)) {
        change(&mut self.settings);
        self.save_settings();
    }

    /// The panels' layout as it was remembered.
    pub fn layout(&self) -> Option<&str> {
        self.settings.layout.as_deref()
    }

    /// Remembers the panels' layout, and writes it once nobody drags a border any more.
    pub fn set_layout(&mut self, layout: String) {
        if self.settings.layout.as_ref() != Some(&layout) {
            self.settings.layout = Some(layout);
            self.settings_changed = Some(Instant::now());
        }
    }

    fn save_settings(&mut self) {
        self.settings_changed = None;
        self.complaint = self.settings.save(&self.settings_folder).err().map(|error| error.to_string());
    }

    /// A sentence about settings or a project that could not be used, once.
    pub fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    /// What the interrupted training began with: as its own folder says, else as the project does.
    pub(super) fn began(&self) -> Option<Began> {
        let project = self.project.as_ref()?;
        let document = project.document();
        let run = document.run(self.run.as_deref()?)?;
        let mut material = project.material(run.dataset.as_deref(), run.logo.as_deref());
        let identity = started_with(&project.run_folder(&run.id)).map(|known| (known.dataset_digest, known.logo_digest));
        if let (Ok(material), Some((data, logo))) = (&mut material, &identity) {
            (material.dataset_digest, material.logo_digest) = (data.clone(), logo.clone());
        }
        let listed = material.as_ref().ok().map(|material| (material.dataset_digest.clone(), material.logo_digest.clone()));
        Some(Began { plan: run.plan.clone(), digests: identity.or(listed), material })
    }

    /// What the next undo would take back.
    pub fn can_undo(&self) -> Option<Change> {
        self.project.as_ref().and_then(Project::can_undo)
    }

    /// Whether what was taken back can be done again.
    pub fn can_redo(&self) -> bool {
        self.project.as_ref().is_some_and(Project::can_redo)
    }

    /// The open project; makes one called `name` when there is none.
    fn project(&mut self, name: &str) -> Result<&mut Project, String> {
        if self.project.is_none() {
            let folder = free_folder(&self.projects_folder, name);
            let project = Project::create(&folder, name).map_err(|error| error.to_string())?;
            self.settings.remember(&folder);
            self.save_settings();
            self.project = Some(project);
        }
        self.project.as_mut().ok_or_else(|| text::NO_PROJECT.into())
    }

    /// Changes the project; a failure is remembered as "not saved" and handed back as a sentence.
    fn change<T>(&mut self, name: &str, change: impl FnOnce(&mut Project) -> Result<T, ProjectError>) -> Result<T, String> {
        let answer = self.project(name).and_then(|project| change(project).map_err(|error| error.to_string()));
        self.unsaved = answer.as_ref().err().cloned();
        answer
    }
}

/// A folder called `name` in `parent` that does not exist yet ("name 2" where needed).
fn free_folder(parent: &Path, name: &str) -> PathBuf {
    let plain = parent.join(name);
    if !plain.exists() {
        return plain;
    }
    (2..).map(|i| parent.join(format!("{name} {i}"))).find(|folder| !folder.exists()).unwrap_or(plain)
}

impl Model {
    /// Takes up what the open project holds: data and logo are read again in the background.
    pub(super) fn restore(&mut self) {
        self.training = Training::default();
        self.proof = super::Proof::default();
        self.material = super::Material::default();
        self.examples = super::examples::Examples::default();
        self.scheme_chosen = false;
        self.queue = Vec::new();
        if let Some(complaint) = self.keeper.take_complaint() {
            self.fail(complaint, None);
        }
        let Some(project) = &self.keeper.project else { return };
        let document = project.document().clone();
        if let Some(plan) = document.plan {
            self.plan = plan;
        }
        self.queue = document.queue;
        self.scheme_chosen = document.other.get(AGREED).and_then(serde_json::Value::as_bool).unwrap_or(false);
        let finished = document.runs.iter().rev().find_map(|run| serde_json::from_value::<Trained>(run.trained.clone()?).ok());
        if let Some(trained) = finished {
            self.proof.key = Some(trained.key.clone());
            self.proof.suspect = Some(trained.model.clone());
            self.training.trained = Some(trained);
        }
        let last = document.runs.last().map(|run| (run.id.clone(), project.run_folder(&run.id), run.state));
        if let Some((id, folder, state)) = last {
            if state == RunState::Stopped {
                self.training.interrupted = Some(folder.clone());
                self.keeper.run = Some(id);
            }
            self.recall_curves(folder);
        }
        for card in catalogue::cards().iter().filter(|card| card.learns) {
            let left = document.runs.iter().rev().filter(|run| run.plan.scheme.id() == card.id);
            if let Some(trained) = left.filter_map(|run| serde_json::from_value::<Trained>(run.trained.clone()?).ok()).next() {
                self.recall_example(card.id, trained.key);
            }
        }
        if let Some(set) = document.datasets.iter().find(|set| Some(&set.id) == document.dataset.as_ref()) {
            match set.path.clone() {
                Some(path) => self.reread_data(path, set.opening.clone(), set.digest.clone(), false),
                None => self.reread_sample(),
            }
        }
        self.restore_logo();
        self.settling = true;
        self.settle();
    }

    fn restore_logo(&mut self) {
        let Some(project) = &self.keeper.project else { return };
        let document = project.document();
        let Some(logo) = document.logos.iter().find(|logo| Some(&logo.id) == document.logo.as_ref()) else { return };
        let options: LogoOptions = serde_json::from_value(logo.options.clone()).unwrap_or_default();
        let (source, file) = (logo.source.clone(), project.logo_file(&logo.id).unwrap_or_default());
        self.redraw_logo(logo.name.clone(), options, move || match source {
            LogoSource::Sample { name } => {
                let found = crate::data::sample_logos().into_iter().find(|(known, _)| *known == name);
                found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| text::SAMPLE_LOGO_GONE.to_owned())
            }
            LogoSource::Copy { .. } => read_limited(&file, Limits::default().picture_bytes).map_err(|error| error.to_string()),
        });
    }

    /// Notes that plan or owner changed. They are saved when they have stayed as they are for a moment: nobody shall wait for the disk
    /// while typing or dragging.
    pub(super) fn keep(&mut self) {
        if self.keeper.project.is_some() || !self.is_blank() {
            self.keeper.plan_changed = Some(Instant::now());
        }
    }

    /// Saves what has waited long enough. Gives when to look again, if something still waits.
    pub(super) fn poll_keeping(&mut self) -> Option<Duration> {
        let left = |changed: Option<Instant>| changed.map(|changed| SETTLED.saturating_sub(changed.elapsed()));
        if left(self.keeper.plan_changed).is_some_and(|left| left.is_zero()) {
            self.keep_plan();
        }
        if left(self.keeper.settings_changed).is_some_and(|left| left.is_zero()) {
            self.keeper.save_settings();
        }
        left(self.keeper.plan_changed).into_iter().chain(left(self.keeper.settings_changed)).min()
    }

    /// Saves whatever waits to be saved.
    pub(super) fn keep_now(&mut self) {
        if self.keeper.plan_changed.is_some() {
            self.keep_plan();
        }
        if self.keeper.settings_changed.is_some() {
            self.keeper.save_settings();
        }
    }

    /// Saves plan and owner. A failure is shown once.
    fn keep_plan(&mut self) {
        self.keeper.plan_changed = None;
        let (plan, agreed, owner, queue) = (self.plan.clone(), self.scheme_chosen, self.plan.owner.clone(), self.queue.clone());
        let name = self.project_name();
        let saved = self.keeper.change(&name, |project| {
            project.edit(|document| {
                document.plan = Some(plan);
                document.queue = queue;
                document.owner = owner;
                document.other.insert(AGREED.into(), agreed.into());
            })
        });
        self.tell(saved);
    }

    fn project_name(&self) -> String {
        let sample = self.material.data.as_ref().is_some_and(|set| set.source.is_none());
        if sample { text::SAMPLE_PROJECT.into() } else { text::UNTITLED.into() }
    }

    fn tell<T>(&mut self, answer: Result<T, String>) -> Option<T> {
        answer.map_err(|reason| self.fail(text::save_failed(&reason), None)).ok()
    }

    /// Notes the chosen data set.
    pub(super) fn keep_data(&mut self, set: &Dataset) {
        let (name, opening, summary) = (self.project_name(), self.material.opening.clone(), text::data_summary(set));
        let saved = self.keeper.change(&name, |project| project.add_dataset(set, &opening, &summary));
        self.tell(saved);
    }

    /// Notes that the chosen data set was opened otherwise; can be undone.
    pub(super) fn keep_reopened(&mut self, set: &Dataset) {
        let (name, opening, summary) = (self.project_name(), self.material.opening.clone(), text::data_summary(set));
        let saved = self.keeper.change(&name, |project| project.reopen_dataset(set, &opening, &summary));
        if self.tell(saved).is_some() {
            self.deleted_more(1);
        }
    }

    /// Notes the chosen logo.
    pub(super) fn keep_logo(&mut self) {
        let Some(choice) = self.material.logo.clone() else { return };
        let name = self.project_name();
        let options = serde_json::to_value(choice.options).unwrap_or_default();
        let digest = choice.logo.digest.clone();
        let saved = self.keeper.change(&name, |project| match choice.sample {
            true => project.add_sample_logo(&choice.name, options, &digest),
            false => {
                let extension = Path::new(&choice.name).extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
                project.add_logo(&choice.name, &extension, &choice.bytes, options, &digest)
            }
        });
        self.tell(saved);
    }

    /// Notes changed options of the chosen logo.
    pub(super) fn keep_logo_options(&mut self) {
        let Some(choice) = &self.material.logo else { return };
        let (options, digest) = (serde_json::to_value(choice.options).unwrap_or_default(), choice.logo.digest.clone());
        let name = self.project_name();
        let saved = self.keeper.change(&name, |project| project.place_logo(options, &digest));
        self.tell(saved);
    }

    /// Forgets the data set; can be undone.
    pub(super) fn remove_data(&mut self) {
        let chosen = self.keeper.project.as_ref().and_then(|project| project.document().dataset.clone());
        self.material.data = None;
        self.remove_item(chosen.map(Item::Dataset));
    }

    /// Forgets the logo; can be undone.
    pub(super) fn remove_logo(&mut self) {
        let chosen = self.keeper.project.as_ref().and_then(|project| project.document().logo.clone());
        self.material.drop_logo();
        self.remove_item(chosen.map(Item::Logo));
    }

    fn remove_item(&mut self, item: Option<Item>) {
        let Some(item) = item else { return };
        let name = self.project_name();
        let removed = self.keeper.change(&name, |project| project.remove(&item));
        if let Some(what) = self.tell(removed) {
            self.deleted_more(1);
            self.notices.undoable(text::deleted(&what));
        }
    }

    /// Takes back what was done last.
    pub(super) fn undo(&mut self) {
        if self.training.can_take_up()
            && let Some(forgotten) = self.training.forgotten.take()
        {
            self.interrupt(forgotten.folder);
            return self.notices.good(text::TRAIN_TAKEN_UP);
        }
        if self.turn_back(Project::undo, text::taken_back, text::NOTHING_TO_UNDO) {
            self.deleted_more(-1);
        }
    }

    /// Does again what was taken back last.
    pub(super) fn redo(&mut self) {
        if self.turn_back(Project::redo, text::done_again, text::NOTHING_TO_REDO) {
            self.deleted_more(1);
        }
    }

    /// Counts what was deleted after a training was given up: the latest is undone first.
    fn deleted_more(&mut self, count: isize) {
        if let Some(forgotten) = &mut self.training.forgotten {
            forgotten.deleted_since = forgotten.deleted_since.saturating_add_signed(count);
        }
    }

    /// Turns the project back by one step; whether there was one.
    fn turn_back(
        &mut self,
        turn: fn(&mut Project) -> Result<Option<Change>, ProjectError>,
        said: fn(&Change) -> String,
        nothing: &str,
    ) -> bool {
        let Some(project) = &mut self.keeper.project else {
            self.notices.warn(nothing);
            return false;
        };
        let (data_before, logo_before) = (project.document().dataset.clone(), project.document().logo.clone());
        let answer = turn(project).map_err(|error| error.to_string());
        let document = project.document();
        let (data, logo) = (document.dataset.clone(), document.logo.clone());
        let set = document.datasets.iter().find(|set| Some(&set.id) == data.as_ref()).cloned();
        match self.tell(answer) {
            Some(Some(change)) => self.notices.good(said(&change)),
            Some(None) => {
                self.notices.warn(nothing);
                return false;
            }
            None => return false,
        }
        if data != data_before {
            match set {
                Some(set) => match set.path {
                    Some(path) => self.reread_data(path, set.opening, set.digest, true),
                    None => self.reread_sample(),
                },
                None => self.material.data = None,
            }
        }
        if logo != logo_before {
            self.material.drop_logo();
            self.restore_logo();
        }
        true
    }

    /// Makes the folder of a new training and notes that it runs.
    pub(super) fn keep_new_run(&mut self, plan: Plan) -> Result<PathBuf, String> {
        let name = self.project_name();
        let (id, folder) = self.keeper.change(&name, |project| {
            let id = project.add_run(plan)?;
            project.set_run(&id, RunState::Running, None)?;
            let folder = project.run_folder(&id);
            Ok((id, folder))
        })?;
        self.keeper.run = Some(id);
        Ok(folder)
    }

    fn keep_run(&mut self, state: RunState, trained: Option<&Trained>) {
        let Some(id) = self.keeper.run.clone() else { return };
        let name = self.project_name();
        let figures = trained.and_then(|trained| serde_json::to_value(trained).ok());
        let saved = self.keeper.change(&name, |project| project.set_run(&id, state, figures));
        self.tell(saved);
    }

    /// Notes that the training ended without a result and is not continued.
    pub(super) fn keep_run_ended(&mut self) {
        self.keep_run(RunState::Failed, None);
    }

    /// Notes that the training was stopped or continued.
    pub(super) fn keep_run_state(&mut self, running: bool) {
        self.keep_run(if running { RunState::Running } else { RunState::Stopped }, None);
    }

    /// What a training left, with its key package among the project's keys; where it cannot be moved, it stays with the run.
    pub(super) fn key_kept(&mut self, mut trained: Trained) -> Trained {
        if let (Some(project), Some(run)) = (&self.keeper.project, &self.keeper.run) {
            match project.keep_key(run, &trained.key) {
                Ok(place) => trained.key = place,
                Err(error) => tracing::warn!("a key package stays with its training: {error}"),
            }
        }
        trained
    }

    /// Notes what the training left behind.
    pub(super) fn keep_trained(&mut self, trained: &Trained) {
        self.keep_run(RunState::Done, Some(trained));
    }

    /// Opens another project.
    pub(super) fn open_project(&mut self, folder: PathBuf) {
        self.switch_project(&folder, Project::open);
    }

    /// Makes a project in a folder of the user's choice.
    pub(super) fn new_project(&mut self, folder: PathBuf) {
        let name = text::file_name(&folder);
        self.switch_project(&folder, |folder| Project::create(folder, &name));
    }

    /// Makes a project of its own for the sample; false when that cannot be.
    pub(super) fn open_new_sample(&mut self) -> bool {
        let folder = free_folder(&self.keeper.projects_folder, text::SAMPLE_PROJECT);
        self.new_project(folder.clone());
        self.keeper.folder() == Some(&folder)
    }

    fn switch_project(&mut self, folder: &Path, open: impl FnOnce(&Path) -> Result<Project, ProjectError>) {
        if self.board.training().is_some() {
            return self.notices.warn(text::STOP_BEFORE_SWITCH);
        }
        if self.keeper.folder() == Some(folder) {
            return;
        }
        self.keep_now();
        match open(folder) {
            Ok(project) => {
                self.keeper.project = Some(project);
                self.keeper.run = None;
                self.keeper.read.clear();
                self.keeper.reading.clear();
                self.keeper.opening = None;
                self.keeper.settings.remember(folder);
                self.keeper.save_settings();
                self.plan = super::fresh_plan();
                self.restore();
            }
            Err(error) => self.fail(error.to_string(), None),
        }
    }
}
