//! The user's document: a folder with project.json, the files of its runs, logos and reports, and undo for what was deleted.
//!
//! `Project::create` and `Project::open` lock the folder until the value is dropped; every change is saved at once and whole.
//! Secrets never come into project.json: keys and the salts of the plans lie in files of their own (`secrets`).

mod barriers;
mod document;
mod history;
mod lock;
mod material;
mod secrets;
mod settings;

pub use barriers::{BarrierFolder, BarrierOrder};
pub use document::{DatasetRef, Document, DocumentError, LogoRef, LogoSource, ReportRef, RunRef, RunState, VERSION};
pub use history::{Change, Item};
pub use material::{Material, MaterialError};
pub use settings::{AppSettings, Theme};

use crate::data::{Dataset, OpenOptions};
use crate::forensics::report::Verdict;
use crate::schemes::plan::Plan;
use crate::vault::files::{FileError, read_limited, write_atomic};
use history::History;
use lock::Lock;
use secrets::Secrets;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};

/// Largest project.json that is read, bytes.
const LIMIT: u64 = 64 << 20;
/// The folders of a project.
const FOLDERS: [&str; 4] = ["runs", "keys", "logos", "reports"];
/// Where deleted files wait for an undo, until the project closes.
const TRASH: &str = ".trash";

/// What can go wrong with a project; each text is for the user.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No project.json in the folder.
    #[error("This folder holds no project (there is no project.json in it). Choose another folder, or make a new project here: {}", .0.display())]
    Missing(PathBuf),
    /// A new project was asked for where one is.
    #[error("This folder already holds a project. Open it, or choose another folder: {}", .0.display())]
    Exists(PathBuf),
    /// Another window has it open.
    #[error("This project is open in another window{}. Close it there first: {}", .process.map(|p| format!(" (process {p})")).unwrap_or_default(), .folder.display())]
    InUse {
        /// Process that has it.
        process: Option<u32>,
        /// The project's folder.
        folder: PathBuf,
    },
    /// project.json cannot be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file with the salts cannot be used.
    #[error(
        "The file with the secrets of this project is damaged ({reason}) and was left as it is. Put a copy of it back, or move it away to \
         go on without it; trainings that were stopped can then not be continued: {}", .path.display()
    )]
    Secrets {
        /// What is wrong with it.
        reason: String,
        /// Where it lies.
        path: PathBuf,
    },
    /// A running training cannot be deleted.
    #[error("This training is still running. Stop it first, then delete it.")]
    Running,
    /// An entry that is not there (any more).
    #[error("There is no “{0}” in this project any more.")]
    Gone(String),
}

/// An open project.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
    document: Document,
    /// The salts as they are on disk.
    secrets: Secrets,
    history: History,
    _lock: Lock,
}

impl Project {
    /// Makes a project in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// A folder that holds a project already or cannot be written.
    pub fn create(folder: &Path, name: &str) -> Result<Project, ProjectError> {
        make_folder(folder)?;
        let lock = Lock::take(folder)?;
        if is_project(folder) {
            return Err(ProjectError::Exists(folder.to_owned()));
        }
        let mut project = Project::over(folder, Document::new(name), lock);
        project.make_folders()?;
        project.save()?;
        Ok(project)
    }

    /// Opens the project in `folder`. A training that was running when the program ended counts as stopped. Salts that an earlier
    /// version wrote into project.json move to the file of the secrets.
    ///
    /// # Errors
    /// No project, a damaged or newer one (left as it is), one that is open elsewhere, a folder that cannot be written.
    pub fn open(folder: &Path) -> Result<Project, ProjectError> {
        if !is_project(folder) {
            return Err(ProjectError::Missing(folder.to_owned()));
        }
        let mut document = Document::parse(&read_limited(&folder.join("project.json"), LIMIT)?)?;
        let lock = Lock::take(folder)?;
        for run in &mut document.runs {
            if run.state == RunState::Running {
                run.state = RunState::Stopped;
            }
        }
        let secrets = Secrets::load(folder)?;
        let brought = document.take_secrets(&secrets);
        let mut project = Project::over(folder, document, lock);
        project.make_folders()?;
        if brought {
            project.save()?;
        }
        project.empty_trash();
        Ok(project)
    }

    fn over(folder: &Path, document: Document, lock: Lock) -> Project {
        Project { folder: folder.to_owned(), document, secrets: Secrets::default(), history: History::default(), _lock: lock }
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is saved.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Changes the document and saves it; if it cannot be saved, the change is taken back. Deleting goes through
    /// [`Project::remove`], which can be undone.
    ///
    /// # Errors
    /// A disk that is full, gone or not writable.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Document) -> T) -> Result<T, ProjectError> {
        let before = self.document.clone();
        let answer = change(&mut self.document);
        self.save().inspect_err(|_| self.document = before)?;
        Ok(answer)
    }

    /// Adds a data set that was opened as `opening` says, with `summary` for people, and chooses it; one with the same digest, place and
    /// opening is chosen instead. Gives its id.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn add_dataset(&mut self, set: &Dataset, opening: &OpenOptions, summary: &str) -> Result<String, ProjectError> {
        self.edit(|d| {
            let same = |s: &&DatasetRef| s.digest == set.digest && s.path == set.source && s.opening == *opening;
            let known = d.datasets.iter().find(same).map(|s| s.id.clone());
            let id = known.unwrap_or_else(|| {
                let id = d.fresh_id("data");
                d.datasets.push(DatasetRef {
                    id: id.clone(),
                    name: set.name.clone(),
                    path: set.source.clone(),
                    digest: set.digest.clone(),
                    format: set.format,
                    summary: summary.to_owned(),
                    opening: opening.clone(),
                    other: Map::new(),
                });
                id
            });
            d.dataset = Some(id.clone());
            id
        })
    }

    /// Adds the chosen data set once more as it is when opened otherwise, and chooses that; [`Project::undo`] goes back. The former entry
    /// stays, because a training may have begun with it.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn reopen_dataset(&mut self, set: &Dataset, opening: &OpenOptions, summary: &str) -> Result<String, ProjectError> {
        let before = self.document.dataset.clone();
        let id = self.add_dataset(set, opening, summary)?;
        self.note_reopening(&set.name, before);
        Ok(id)
    }

    /// Adds a logo from the program's samples and chooses it. Gives its id.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn add_sample_logo(&mut self, name: &str, options: Value, digest: &str) -> Result<String, ProjectError> {
        self.edit(|d| {
            let id = d.fresh_id("logo");
            push_logo(d, &id, name, LogoSource::Sample { name: name.to_owned() }, options, digest);
            id
        })
    }

    /// Adds a logo from a drawing's bytes, which are copied into the project, and chooses it. `extension` is that of its file
    /// ("png"). Gives its id.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn add_logo(&mut self, name: &str, extension: &str, bytes: &[u8], options: Value, digest: &str) -> Result<String, ProjectError> {
        let id = self.document.fresh_id("logo");
        let extension: String = extension.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let file = format!("{id}.{extension}");
        write_atomic(&self.folder.join("logos").join(&file), bytes)?;
        self.edit(|d| push_logo(d, &id, name, LogoSource::Copy { file }, options, digest))?;
        Ok(id)
    }

    /// Places the chosen logo otherwise. A training that began with it keeps the former placement as an entry of its own.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn place_logo(&mut self, options: Value, digest: &str) -> Result<(), ProjectError> {
        self.edit(|d| {
            let Some(place) = d.logos.iter().position(|logo| Some(&logo.id) == d.logo.as_ref()) else { return };
            if d.runs.iter().any(|run| run.logo.as_ref() == Some(&d.logos[place].id)) {
                let (id, former) = (d.fresh_id("logo"), d.logos[place].clone());
                d.logos.push(LogoRef { id: id.clone(), options, digest: digest.to_owned(), ..former });
                d.logo = Some(id);
            } else {
                d.logos[place].options = options;
                d.logos[place].digest = digest.to_owned();
            }
        })
    }

    /// Where the drawing of a logo lies; `None` for a sample or an unknown id.
    pub fn logo_file(&self, id: &str) -> Option<PathBuf> {
        let logo = self.document.logos.iter().find(|l| l.id == id)?;
        match &logo.source {
            LogoSource::Copy { file } => Some(self.folder.join("logos").join(file)),
            LogoSource::Sample { .. } => None,
        }
    }

    /// Adds a training of the chosen data set and logo, makes its folder, and gives its id.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn add_run(&mut self, plan: Plan) -> Result<String, ProjectError> {
        let id = self.make_entry("run", "runs")?;
        self.edit(|d| {
            let (dataset, logo) = (d.dataset.clone(), d.logo.clone());
            let (id, created) = (id.clone(), now());
            d.runs.push(RunRef { id, plan, dataset, logo, state: RunState::Planned, created, trained: None, other: Map::new() });
        })?;
        Ok(id)
    }

    /// Notes how far a training is, and its figures once it has some.
    ///
    /// # Errors
    /// An unknown id, and those of [`Project::edit`].
    pub fn set_run(&mut self, id: &str, state: RunState, trained: Option<Value>) -> Result<(), ProjectError> {
        let found = self.edit(|d| {
            d.run_mut(id).map(|run| {
                run.state = state;
                run.trained = trained.or(run.trained.take());
            })
        })?;
        found.ok_or_else(|| ProjectError::Gone(id.to_owned()))
    }

    /// Moves the key package that a training left in its folder to the project's keys, away from the files that are given away, and gives its
    /// new place.
    ///
    /// # Errors
    /// A disk that cannot be written; the package then stays where it is.
    pub fn keep_key(&self, run: &str, package: &Path) -> Result<PathBuf, ProjectError> {
        let place = self.folder.join("keys").join(format!("{run}.cmkey"));
        std::fs::rename(package, &place).map_err(|e| FileError::writing(&place, e))?;
        Ok(place)
    }

    /// The folder of a training's files.
    pub fn run_folder(&self, id: &str) -> PathBuf {
        self.folder.join("runs").join(id)
    }

    /// Adds a verification, makes its folder, and gives its id.
    ///
    /// # Errors
    /// Those of [`Project::edit`].
    pub fn add_report(&mut self, name: &str, verdict: Verdict, made: &str) -> Result<String, ProjectError> {
        let id = self.make_entry("report", "reports")?;
        self.edit(|d| {
            d.reports.push(ReportRef { id: id.clone(), name: name.to_owned(), verdict, made: made.to_owned(), other: Map::new() })
        })?;
        Ok(id)
    }

    /// The folder of a verification's files.
    pub fn report_folder(&self, id: &str) -> PathBuf {
        self.folder.join("reports").join(id)
    }

    /// Writes project.json: afterwards it is the old or the new one, never a part. The secrets that it leaves out are written first.
    ///
    /// # Errors
    /// A disk that is full, gone or not writable.
    pub fn save(&mut self) -> Result<(), ProjectError> {
        let text = self.document.without_secrets().to_json()?;
        let secrets = self.secrets.with(&self.document);
        if secrets != self.secrets {
            secrets.save(&self.folder)?;
            self.secrets = secrets;
        }
        Ok(write_atomic(&self.folder.join("project.json"), &text)?)
    }

    /// Takes a new id whose folder was not there before (a crash may have left one without an entry) and makes that folder.
    fn make_entry(&mut self, prefix: &str, parent: &str) -> Result<String, ProjectError> {
        loop {
            let id = self.document.fresh_id(prefix);
            let folder = self.folder.join(parent).join(&id);
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(id),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(FileError::writing(&folder, e).into()),
            }
        }
    }

    fn make_folders(&self) -> Result<(), ProjectError> {
        FOLDERS.iter().try_for_each(|name| make_folder(&self.folder.join(name)))
    }

    fn trash(&self) -> PathBuf {
        self.folder.join(TRASH)
    }

    /// Deletes what was thrown away. A file that resists is left for the next time.
    fn empty_trash(&self) {
        if let Err(error) = std::fs::remove_dir_all(self.trash())
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("the trash of a project could not be emptied: {error}");
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.empty_trash();
    }
}

/// Whether `folder` holds a project.
pub fn is_project(folder: &Path) -> bool {
    folder.join("project.json").is_file()
}

fn push_logo(document: &mut Document, id: &str, name: &str, source: LogoSource, options: Value, digest: &str) {
    let logo = LogoRef { id: id.to_owned(), name: name.to_owned(), source, options, digest: digest.to_owned(), other: Map::new() };
    document.logos.push(logo);
    document.logo = Some(id.to_owned());
}

fn make_folder(path: &Path) -> Result<(), ProjectError> {
    std::fs::create_dir_all(path).map_err(|e| FileError::writing(path, e).into())
}

/// Date and time, RFC 3339.
fn now() -> String {
    jiff::Timestamp::now().to_string()
}

#[cfg(test)]
mod tests;
