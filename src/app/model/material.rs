//! Data and logo: read in the background from what was dropped, dialled or typed, and confirmed before they replace anything.

use super::{Model, Step};
use crate::app::action::Wanted;
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::data::limits::Limits;
use crate::data::logo::{Logo, LogoOptions};
use crate::data::{self, DataError, Dataset, Details, Kind, OpenOptions, Problem};
use crate::schemes::plan::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many things that were dropped together are offered one after the other.
const MOST_DROPPED: usize = 8;

/// The pictures and the logo of the project.
#[derive(Default)]
pub struct Material {
    /// The data set in use.
    pub data: Option<Dataset>,
    /// How its pictures were opened.
    pub opening: OpenOptions,
    /// A data set being read.
    pub reading: Option<Task<Result<Dataset, DataError>>>,
    /// What could not be opened last, until something else is.
    pub failed: Option<Failed>,
    /// The logo in use.
    pub logo: Option<LogoChoice>,
    drawing: Option<Drawing>,
    asked: Asked,
}

/// A data set that could not be opened.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Why, a sentence.
    pub sentence: String,
    /// The files that were met, each with its reason.
    pub problems: Vec<Problem>,
}

/// What the reading of a data set was asked for.
#[derive(Debug, Clone, Default)]
struct Asked {
    opening: OpenOptions,
    after: After,
}

/// What happens with a data set once it is read.
#[derive(Debug, Clone, Default)]
enum After {
    /// It is the project's data set from now on.
    #[default]
    Take,
    /// It is the project's data set, with other sides or channels.
    Reopen,
    /// It was the project's data set already, with this digest; the plan is made anew for it where a step was taken back.
    Restore { digest: String, stepped: bool },
}

/// A logo with the drawing it was made from.
#[derive(Clone)]
pub struct LogoChoice {
    /// File name, or the name of the built-in logo.
    pub name: String,
    /// Whether it is built in.
    pub sample: bool,
    /// The drawing as it was read.
    pub bytes: Vec<u8>,
    /// How it is placed.
    pub options: LogoOptions,
    /// The prepared logo.
    pub logo: Logo,
}

/// A logo being prepared, and what happens then.
struct Drawing {
    then: Then,
    task: Task<Result<LogoChoice, String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It is the project's logo, and its step comes to the front.
    Show,
    /// It is the project's logo.
    Take,
    /// It was the project's logo already.
    Restore,
    /// It is the same logo, placed otherwise.
    Place,
}

/// Something dropped, what it is, and what would be done with it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Where it lies.
    pub path: PathBuf,
    /// What it would be used as; `Anything` when it cannot be used.
    pub wanted: Wanted,
    /// What it is, a sentence.
    pub what: String,
    /// What happens on a yes, or why nothing can: a sentence.
    pub then: &'static str,
    /// What is wrong with it.
    pub problems: Arc<[Problem]>,
}

impl Material {
    /// Gives up the data set or logo being read.
    pub fn cancel(&mut self) {
        self.reading = None;
        if self.is_drawing() {
            self.drawing = None;
        }
    }

    /// Whether a logo is being prepared that is not the one in use.
    pub fn is_drawing(&self) -> bool {
        self.drawing.as_ref().is_some_and(|drawing| drawing.then != Then::Place)
    }

    /// Gives up the logo being prepared, and the one in use.
    pub fn drop_logo(&mut self) {
        (self.logo, self.drawing) = (None, None);
    }
}

impl LogoChoice {
    /// Prepares a logo; a drawing may take seconds.
    pub(super) fn prepare(name: String, bytes: Vec<u8>, options: LogoOptions) -> Result<LogoChoice, String> {
        let logo = Logo::from_bytes(&name, &bytes, &options).map_err(|error| error.to_string())?;
        let sample = data::sample_logos().iter().any(|(known, drawing)| *known == name && *drawing == bytes.as_slice());
        Ok(LogoChoice { name, sample, bytes, options, logo })
    }
}

impl Model {
    /// Takes a path that was chosen for a setting: of the barrier where that is on the screen, and else of the scheme.
    pub(super) fn set_path(&mut self, setting: &str, path: &Path) {
        let value: serde_json::Value = path.to_string_lossy().into();
        if self.step == Step::Barrier {
            self.set_barrier_setting(setting, value);
        } else if let Ok(scheme) = self.plan.scheme.with(setting, value) {
            self.set_plan(Plan { scheme, ..self.plan.clone() });
        }
    }

    /// Finds out what a path holds, and offers to use it.
    pub(super) fn look_at(&mut self, path: PathBuf) {
        self.start_looking(text::reading(&path), move || vec![offer(path)]);
    }

    /// Finds out what several paths hold that were dropped together, and offers to use them one after the other.
    pub(super) fn look_at_several(&mut self, paths: Vec<PathBuf>) {
        if paths.len() > MOST_DROPPED && common_folder(&paths).is_none() {
            return self.notices.warn(text::DROP_MANY);
        }
        self.start_looking(text::READING.into(), move || offers(paths));
    }

    /// Finds out what paths hold that the panel in front has no use for, and offers to use them elsewhere.
    pub(super) fn look_at_elsewhere(&mut self, mut paths: Vec<PathBuf>) {
        match paths.len() {
            1 => paths.pop().into_iter().for_each(|path| self.look_at(path)),
            _ => self.look_at_several(paths),
        }
    }

    fn start_looking(&mut self, title: String, look: impl FnOnce() -> Vec<Offer> + Send + 'static) {
        self.offer = None;
        self.more_offers.clear();
        self.looking = Some(Task::start(title, &self.wake, |_| look()));
    }

    /// Reads a data set in the background and takes it.
    pub(super) fn read_data(&mut self, path: PathBuf) {
        self.start_reading(path, Asked::default());
        self.go_to(Step::Data);
    }

    /// Reads the data set of the project again; a changed digest is told. `stepped` says that a step was taken back.
    pub(super) fn reread_data(&mut self, path: PathBuf, opening: OpenOptions, digest: String, stepped: bool) {
        self.start_reading(path, Asked { opening, after: After::Restore { digest, stepped } });
    }

    /// Opens the pictures in use with another side or number of channels.
    pub(super) fn open_as(&mut self, opening: OpenOptions) {
        if opening != self.material.opening
            && let Some(path) = self.material.data.as_ref().and_then(|set| set.source.clone())
        {
            self.start_reading(path, Asked { opening, after: After::Reopen });
        }
    }

    fn start_reading(&mut self, path: PathBuf, asked: Asked) {
        let (title, opening) = (text::reading(&path), asked.opening.clone());
        self.material.asked = asked;
        self.material.failed = None;
        self.material.reading = Some(Task::start(title, &self.wake, move |ticket| {
            let mut progress = |share: f32| {
                ticket.progress(share);
                !ticket.cancelled()
            };
            data::open(&path, &opening, &mut progress)
        }));
    }

    /// Takes the built-in pictures.
    pub(super) fn use_sample_data(&mut self) {
        (self.material.reading, self.material.failed, self.material.opening) = (None, None, OpenOptions::default());
        match data::sample() {
            Ok(set) => self.take_data(set),
            Err(error) => self.fail(error.to_string(), None),
        }
    }

    /// Takes the built-in pictures again, as the project says.
    pub(super) fn reread_sample(&mut self) {
        match data::sample() {
            Ok(set) => (self.material.data, self.material.opening) = (Some(set), OpenOptions::default()),
            Err(error) => self.fail(error.to_string(), None),
        }
    }

    fn take_data(&mut self, set: Dataset) {
        self.board.note(text::data_ready(&set));
        self.use_data(set.clone());
        self.keep_data(&set);
    }

    /// Puts a data set in the place of the one in use; a plan that nobody agreed to yet is made anew for it.
    fn use_data(&mut self, set: Dataset) {
        let host = self.own_host();
        self.material.data = Some(set);
        if !self.scheme_chosen
            && let Some(plan) = self.replanned_keeping(host, self.plan.scheme.id(), self.plan.preset)
        {
            self.set_plan(plan);
        }
    }

    fn take_read(&mut self, set: Dataset) {
        let Asked { opening, after } = std::mem::take(&mut self.material.asked);
        self.material.opening = opening;
        match after {
            After::Take => {
                self.notices.good(text::data_ready(&set));
                self.take_data(set);
            }
            After::Reopen => {
                self.notices.undoable(text::data_reopened(&set));
                self.board.note(text::data_reopened(&set));
                self.use_data(set.clone());
                self.keep_reopened(&set);
            }
            After::Restore { digest, stepped } => {
                if digest != set.digest {
                    self.notices.warn(text::DATA_CHANGED);
                }
                match stepped {
                    true => self.use_data(set),
                    false => self.material.data = Some(set),
                }
                self.settle();
            }
        }
    }

    /// Looks for finished readings.
    pub(super) fn poll_material(&mut self) {
        let Some(poll) = self.material.reading.as_ref().map(Task::poll) else { return };
        match poll {
            Poll::Running => return,
            Poll::Ready(Ok(set)) => self.take_read(set),
            Poll::Ready(Err(error)) => {
                let failed = Failed { sentence: error.to_string(), problems: error.problems().to_vec() };
                let details = (!failed.problems.is_empty()).then(|| text::problem_lines(&failed.problems));
                self.fail(failed.sentence.clone(), details);
                self.material.failed = Some(failed);
            }
            Poll::Lost => self.fail(text::READING_LOST.into(), None),
        }
        self.material.reading = None;
    }

    /// Reads a logo from a file and takes it.
    pub(super) fn read_logo(&mut self, path: PathBuf) {
        let options = self.material.logo.as_ref().map(|choice| choice.options).unwrap_or_default();
        self.draw_logo(Then::Show, move || {
            let bytes = crate::vault::files::read_limited(&path, Limits::default().picture_bytes).map_err(|error| error.to_string())?;
            LogoChoice::prepare(text::file_name(&path), bytes, options)
        });
    }

    /// Takes one of the built-in logos, and shows it if wanted.
    pub(super) fn use_sample_logo(&mut self, index: usize, show: bool) {
        let Some((name, bytes)) = data::sample_logos().into_iter().nth(index) else { return };
        let then = if show { Then::Show } else { Then::Take };
        self.draw_logo(then, move || LogoChoice::prepare(name.into(), bytes.to_vec(), LogoOptions::default()));
    }

    /// Takes up the project's logo again, whose drawing `read` gives.
    pub(super) fn redraw_logo(
        &mut self,
        name: String,
        options: LogoOptions,
        read: impl FnOnce() -> Result<Vec<u8>, String> + Send + 'static,
    ) {
        self.draw_logo(Then::Restore, move || LogoChoice::prepare(name, read()?, options));
    }

    /// Places the logo otherwise: the choice is seen at once, its picture follows.
    pub(super) fn place_logo(&mut self, options: LogoOptions) {
        let Some(choice) = &mut self.material.logo else { return };
        choice.options = options;
        if self.material.drawing.is_none() {
            self.place_again();
        }
    }

    fn place_again(&mut self) {
        let Some(LogoChoice { name, bytes, options, .. }) = self.material.logo.clone() else { return };
        self.draw_logo(Then::Place, move || LogoChoice::prepare(name, bytes, options));
    }

    fn draw_logo(&mut self, then: Then, work: impl FnOnce() -> Result<LogoChoice, String> + Send + 'static) {
        self.material.drawing = Some(Drawing { then, task: Task::start(text::LOGO_DRAWING.into(), &self.wake, |_| work()) });
    }

    /// Looks for a prepared logo.
    pub(super) fn poll_logo(&mut self) {
        let Some(Drawing { then, task }) = self.material.drawing.take() else { return };
        let drawn = match task.poll() {
            Poll::Running => return self.material.drawing = Some(Drawing { then, task }),
            Poll::Ready(drawn) => drawn,
            Poll::Lost => Err(text::READING_LOST.into()),
        };
        match (drawn, then) {
            (Err(reason), _) => self.fail(reason, None),
            (Ok(drawn), Then::Place) => {
                let Some(choice) = &mut self.material.logo else { return };
                let is_last = choice.options == drawn.options;
                choice.logo = drawn.logo;
                if is_last { self.keep_logo_options() } else { self.place_again() }
            }
            (Ok(drawn), Then::Restore) => {
                self.material.logo = Some(drawn);
                self.settle();
            }
            (Ok(drawn), Then::Take | Then::Show) => {
                self.material.logo = Some(drawn);
                self.keep_logo();
                if then == Then::Show {
                    self.go_to(Step::Logo);
                }
            }
        }
    }
}

/// Recognises what was dropped together: files or class folders of one data set are offered as the folder that holds them.
fn offers(paths: Vec<PathBuf>) -> Vec<Offer> {
    if let Some(folder) = common_folder(&paths).filter(|folder| is_one_set(folder, &paths)) {
        let whole = offer(folder.to_owned());
        if whole.wanted == Wanted::Data {
            return vec![whole];
        }
    }
    paths.into_iter().take(MOST_DROPPED).map(offer).collect()
}

pub(super) fn common_folder(paths: &[PathBuf]) -> Option<&Path> {
    let folder = paths.first()?.parent()?;
    paths.iter().all(|path| path.parent() == Some(folder)).then_some(folder)
}

/// Whether paths in `folder` belong to one set: all data files and no archives, or all the folders that it holds.
fn is_one_set(folder: &Path, paths: &[PathBuf]) -> bool {
    let is_archive = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    if paths.iter().all(|path| path.is_file() && !is_archive(path)) {
        return paths.iter().all(|path| data::recognise(path) == Kind::Dataset);
    }
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    paths.iter().all(|path| path.is_dir()) && inside.filter(|path| path.is_dir()).all(|path| paths.contains(&path))
}

/// Whether a path is called as image barriers are.
pub(super) fn is_barrier(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("cmbarrier"))
}

/// Recognises a path and says what would be done with it.
fn offer(path: PathBuf) -> Offer {
    if crate::project::is_project(&path) {
        return Offer {
            path,
            wanted: Wanted::Project,
            what: text::OFFER_PROJECT_IS.into(),
            then: text::OFFER_PROJECT,
            problems: Arc::default(),
        };
    }
    if is_barrier(&path) {
        let (what, then) = (text::OFFER_BARRIER_IS.into(), text::OFFER_BARRIER);
        return Offer { path, wanted: Wanted::Barrier, what, then, problems: Arc::default() };
    }
    let found = data::inspect(&path);
    let (wanted, then) = match found.kind {
        Kind::Dataset => (Wanted::Data, text::OFFER_DATA),
        Kind::Logo | Kind::Image => (Wanted::Logo, text::OFFER_LOGO),
        Kind::Model => (Wanted::Suspect, text::OFFER_SUSPECT),
        Kind::KeyPackage => (Wanted::Key, text::OFFER_KEY),
        Kind::Pairs | Kind::Bundle => (Wanted::Anything, text::OFFER_LATER),
        Kind::Unknown => (Wanted::Anything, text::OFFER_UNKNOWN),
    };
    let usable = !matches!(found.details, Details::None {}) || matches!(wanted, Wanted::Key | Wanted::Anything);
    let wanted = if usable { wanted } else { Wanted::Anything };
    let then = if usable { then } else { text::OFFER_NOTHING };
    Offer { path, wanted, what: found.what, then, problems: found.problems.into() }
}
