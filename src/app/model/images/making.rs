//! Barriers: what one is made from, its making with pause, stop and resume, those that were made, and the one in use.

use super::super::{LogoChoice, Model, Step};
use crate::app::background::{Poll, Task};
use crate::app::board::Purpose;
use crate::app::steps::Door;
use crate::app::text;
use crate::app::widgets::CurveStore;
use crate::data::limits::Limits;
use crate::data::logo::{Logo, LogoOptions};
use crate::data::{self, DataError, Photos, Picture, tasks};
use crate::jobs::barrier::{self as jobs, Made, NullRate, Order};
use crate::jobs::{BarrierPreview, Command, Event, MetricPoint};
use crate::project::{BarrierFolder, BarrierOrder};
use crate::schemes::barrier::Settings;
use crate::schemes::plan::Preset;
use crate::schemes::settings::Settings as _;
use crate::vault::files::read_limited;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Photographs with the place that they came from.
pub struct Chosen {
    /// Folder or archive.
    pub path: PathBuf,
    /// What was read, as squares of the settings' side.
    pub photos: Photos,
}

/// The making of a barrier.
#[derive(Default)]
pub struct Making {
    /// The folder that it is made in.
    pub folder: Option<PathBuf>,
    /// The newest live pictures.
    pub preview: Option<Arc<BarrierPreview>>,
    /// Points of its curves, earlier sessions included.
    pub curves: CurveStore,
    /// What it warned of.
    pub warnings: Vec<String>,
    recalled: Option<Task<Vec<MetricPoint>>>,
}

/// A barrier of this user, finished or not.
#[derive(Debug, Clone)]
pub struct KeptBarrier {
    /// Its folder and what it is made from.
    pub place: BarrierFolder,
    /// What came out; nothing where it was stopped before the end.
    pub made: Option<Made>,
}

/// The barrier in use.
#[derive(Debug, Clone)]
pub struct OpenBarrier {
    /// Its file.
    pub file: PathBuf,
    /// Its owner's logo.
    pub logo: Picture,
    /// What it was made with.
    pub settings: Settings,
    /// How good it is, where that lies beside it.
    pub made: Option<Made>,
    /// What its finds are worth, where `made` is there.
    pub null: Option<NullRate>,
}

/// What a stopped making needs before it goes on: its folder, and its material on the way.
pub struct Fetching {
    /// The making.
    pub place: BarrierFolder,
    /// Its photographs and its logo.
    pub task: Task<Result<(Photos, Logo), String>>,
}

/// How photographs or pairs are read.
type Reader = fn(&Path, usize, usize, &mut dyn FnMut(f32) -> bool) -> Result<Photos, DataError>;

/// How what a barrier for this task learns from is read.
fn reader(task: &tasks::Task) -> Reader {
    if matches!(task, tasks::Task::Pairs(_)) { data::pairs } else { data::photos }
}

impl OpenBarrier {
    fn read(file: &std::path::Path) -> Result<Self, String> {
        let jobs::Peek { file, settings, logo } = jobs::peek(file).map_err(|error| error.to_string())?;
        let made = file.parent().and_then(jobs::made).filter(|made| made.file == file);
        let null = made.as_ref().map(Made::null_rate);
        Ok(Self { file, logo, settings, made, null })
    }
}

impl Model {
    /// The makings that were stopped and can go on, the newest first.
    pub fn stopped_barriers(&self) -> impl Iterator<Item = &KeptBarrier> {
        let under_way = self.board.making().and_then(|job| match &job.purpose {
            Purpose::Barrier(folder) => Some(folder.clone()),
            _ => None,
        });
        let stopped =
            move |kept: &&KeptBarrier| kept.made.is_none() && !kept.place.order.given_up && Some(&kept.place.folder) != under_way.as_ref();
        self.images.kept.iter().filter(stopped)
    }

    /// The barriers that are done, the newest first.
    pub fn finished_barriers(&self) -> impl Iterator<Item = (&KeptBarrier, &Made)> {
        self.images.kept.iter().filter_map(|kept| Some((kept, kept.made.as_ref()?)))
    }

    pub(super) fn list_barriers(&mut self) {
        let home = self.keeper.barriers_folder();
        self.images.listing = Some(Task::start(text::READING.into(), &self.wake, move |_| {
            let kept = |place: BarrierFolder| KeptBarrier { made: jobs::made(&place.folder), place };
            BarrierFolder::list(&home).into_iter().map(kept).collect()
        }));
    }

    /// Reads photographs beside the window, also where they turn out to be pairs.
    pub(in crate::app::model) fn read_photographs(&mut self, path: PathBuf) {
        self.read_photographs_as(path, |path, task| if data::hold_pairs(path) { data::pairs } else { reader(task) });
    }

    fn read_photographs_as(&mut self, path: PathBuf, by: impl FnOnce(&Path, &tasks::Task) -> Reader + Send + 'static) {
        self.images.failed = None;
        let (own, side, channels) = (path.clone(), self.images.settings.side, self.images.settings.channels());
        let network = self.images.task;
        let task = Task::start(text::reading(&path), &self.wake, move |ticket| {
            let mut progress = |share: f32| {
                ticket.progress(share);
                !ticket.cancelled()
            };
            by(&own, &network)(&own, side, channels, &mut progress)
        });
        self.images.reading = Some((path, task));
        self.show_images(Step::Barrier);
    }

    /// Shows a panel of this door, also where it could not be entered by itself.
    pub(super) fn show_images(&mut self, step: Step) {
        self.door = Door::Images;
        self.wake_images();
        self.step = step;
        self.bring_forward = true;
    }

    /// Takes one of the built-in logos.
    pub(in crate::app::model) fn use_sample_barrier_logo(&mut self, index: usize) {
        let Some((name, bytes)) = data::sample_logos().into_iter().nth(index) else { return };
        self.draw_barrier_logo(move || LogoChoice::prepare(name.into(), bytes.to_vec(), LogoOptions::default()));
    }

    /// Reads a logo from a file.
    pub(in crate::app::model) fn read_barrier_logo(&mut self, path: PathBuf) {
        self.draw_barrier_logo(move || {
            let bytes = read_limited(&path, Limits::default().picture_bytes).map_err(|error| error.to_string())?;
            LogoChoice::prepare(text::file_name(&path), bytes, LogoOptions::default())
        });
        self.show_images(Step::Barrier);
    }

    fn draw_barrier_logo(&mut self, work: impl FnOnce() -> Result<LogoChoice, String> + Send + 'static) {
        self.images.drawing = Some(Task::start(text::LOGO_DRAWING.into(), &self.wake, |_| work()));
    }

    /// Begins with the settings of a preset.
    pub(in crate::app::model) fn set_barrier_preset(&mut self, preset: Preset) {
        self.images.preset = preset;
        self.set_barrier_settings(Settings::preset(preset));
    }

    /// Changes settings; photographs are read again where squares of another size or other colours are wanted.
    pub(in crate::app::model) fn set_barrier_settings(&mut self, settings: Settings) {
        let resized = settings.shape() != self.images.settings.shape();
        self.images.settings = settings;
        if resized {
            self.read_photographs_again();
        }
    }

    /// Changes one of them by its name.
    pub(in crate::app::model) fn set_barrier_setting(&mut self, name: &str, value: serde_json::Value) {
        if let Ok(settings) = self.images.settings.with(name, value) {
            self.set_barrier_settings(settings);
        }
    }

    /// Says what the network does whose pictures are marked; a user's own pairs are read in another way than photographs.
    pub(in crate::app::model) fn set_barrier_task(&mut self, task: tasks::Task) {
        let pairs = |task: &tasks::Task| matches!(task, tasks::Task::Pairs(_));
        let before = std::mem::replace(&mut self.images.task, task);
        if pairs(&before) != pairs(&task) {
            self.read_photographs_again();
        }
    }

    /// Reads what was chosen once more, as what the network does asks for it; also what could not be read otherwise.
    fn read_photographs_again(&mut self) {
        let images = &mut self.images;
        let read = images.photographs.take().map(|chosen| chosen.path);
        let failed = images.failed.take().map(|(path, ..)| path);
        if let Some(path) = images.reading.take().map(|(path, _)| path).or(read).or(failed) {
            self.read_photographs_as(path, |_, task| reader(task));
        }
    }

    fn photographs_read(&mut self, path: PathBuf, photos: Photos) {
        if photos.partners.is_some() && !matches!(self.images.task, tasks::Task::Pairs(_)) {
            self.images.task = tasks::Task::Pairs(Default::default());
            self.notices.good(text::PAIRS_RECOGNISED);
        }
        self.images.photographs = Some(Chosen { path, photos });
    }

    /// What stands against making a barrier from what is chosen, a sentence.
    pub fn missing_for_barrier(&self) -> Option<String> {
        if self.board.making().is_some() {
            return Some(text::BARRIER_ALREADY.into());
        }
        match (&self.images.photographs, &self.images.logo) {
            (None, _) => Some(text::MISSING_PHOTOGRAPHS.into()),
            (Some(_), None) => Some(text::MISSING_BARRIER_LOGO.into()),
            (Some(chosen), Some(_)) => self.images.settings.fit(chosen.photos.train.count()).err().map(|error| error.to_string()),
        }
    }

    /// Makes a barrier from what is chosen, in a folder of its own.
    pub(in crate::app::model) fn make_barrier(&mut self) {
        if let Some(missing) = self.missing_for_barrier() {
            return self.notices.warn(missing);
        }
        let (Some(chosen), Some(choice)) = (&self.images.photographs, &self.images.logo) else { return };
        let order = BarrierOrder {
            photographs: chosen.path.clone(),
            logo_name: choice.name.clone(),
            logo_file: String::new(),
            logo_options: choice.options,
            settings: self.images.settings.clone(),
            task: self.images.task,
            seed: u64::from(rand::random::<u32>()),
            thieves: self.images.thieves,
            begun: jiff::Timestamp::now().to_string(),
            given_up: false,
        };
        let (photos, logo) = (chosen.photos.clone(), choice.logo.clone());
        match BarrierFolder::create(&self.keeper.barriers_folder(), &choice.bytes, order) {
            Ok(place) => self.start_barrier(place, photos, logo),
            Err(error) => self.fail(error.to_string(), None),
        }
    }

    /// What would be made from what is chosen; nothing while something is missing.
    pub(in crate::app::model) fn barrier_order(&self, seed: u64) -> Option<Order> {
        let images = &self.images;
        let (photos, logo) = (images.photographs.as_ref()?.photos.clone(), images.logo.as_ref()?.logo.clone());
        Some(ordered(images.settings.clone(), images.task, images.thieves, seed, (photos, logo)))
    }

    fn start_barrier(&mut self, place: BarrierFolder, photos: Photos, logo: Logo) {
        self.drop_estimate();
        let BarrierFolder { folder, order } = place.clone();
        let work = ordered(order.settings, order.task, order.thieves, order.seed, (photos, logo));
        let curves = folder.clone();
        self.images.making = Making {
            folder: Some(folder.clone()),
            recalled: Some(Task::start(text::READING.into(), &self.wake, move |_| crate::jobs::curves(&curves))),
            ..Making::default()
        };
        self.images.kept.retain(|kept| kept.place.folder != folder);
        self.images.kept.insert(0, KeptBarrier { place, made: None });
        let job = self.board.add(Purpose::Barrier(folder.clone()), text::making_title(&order.logo_name));
        if !self.send(Command::MakeBarrier { job, order: Box::new(work), folder }) {
            self.board.on_event(&Event::Stopped(job));
        }
        self.show_images(Step::Barrier);
    }

    /// Goes on with a stopped making, with what it began with.
    pub(in crate::app::model) fn continue_barrier(&mut self, folder: &std::path::Path) {
        if self.board.making().is_some() {
            return self.notices.warn(text::BARRIER_ALREADY);
        }
        let Some(kept) = self.images.kept.iter().find(|kept| kept.place.folder == folder) else { return };
        let (place, own) = (kept.place.clone(), kept.place.clone());
        let task = Task::start(text::TRAIN_FETCHING.into(), &self.wake, move |ticket| {
            let mut progress = |share: f32| {
                ticket.progress(share);
                !ticket.cancelled()
            };
            let logo = own.logo()?;
            let BarrierOrder { photographs, settings, task, .. } = &own.order;
            let photos = reader(task)(photographs, settings.side, settings.channels(), &mut progress).map_err(|e| e.to_string())?;
            Ok((photos, logo))
        });
        self.images.fetching = Some(Fetching { place, task });
    }

    /// Gives a stopped making up: its files stay, but it is no longer offered.
    pub(in crate::app::model) fn forget_barrier(&mut self, folder: &std::path::Path) {
        let Some(kept) = self.images.kept.iter_mut().find(|kept| kept.place.folder == folder) else { return };
        kept.place.order.given_up = true;
        match kept.place.save() {
            Ok(()) => self.notices.good(text::barrier_given_up(folder)),
            Err(error) => self.fail(error.to_string(), None),
        }
    }

    /// Opens a barrier's file beside the window; where the user asked for it, the next thing to do comes to the front.
    pub(in crate::app::model) fn open_barrier(&mut self, file: PathBuf, asked: bool) {
        if asked {
            self.show_images(Step::Barrier);
        }
        self.images.opening = Some((asked, Task::start(text::reading(&file), &self.wake, move |_| OpenBarrier::read(&file))));
    }

    fn use_barrier(&mut self, barrier: OpenBarrier) {
        self.keeper.remember_barrier(Some(&barrier.file));
        if self.images.barrier.as_ref().is_none_or(|open| open.file != barrier.file) {
            // What another barrier found says nothing about this one.
            self.images.check.clear_results();
            self.images.mark.clear_results();
        }
        self.images.barrier = Some(barrier);
    }

    /// Closes the barrier, so that another can be chosen or made.
    pub(in crate::app::model) fn other_barrier(&mut self) {
        self.images.barrier = None;
        self.keeper.remember_barrier(None);
        self.images.check.clear_results();
        self.images.mark.clear_results();
        self.show_images(Step::Barrier);
    }

    /// The making ended as planned.
    pub(in crate::app::model) fn barrier_made(&mut self, made: &Made) {
        let words = text::made_toast(&made.figures);
        match self.away {
            true => self.notices.waiting(words),
            false => self.notices.good(words),
        }
        if let Some(kept) = self.images.kept.iter_mut().find(|kept| Some(kept.place.folder.as_path()) == made.file.parent()) {
            kept.made = Some(made.clone());
        }
        self.open_barrier(made.file.clone(), false);
    }

    pub(super) fn poll_making(&mut self) {
        if let Some(preview) = self.worker.as_ref().and_then(|worker| worker.slots.take_barrier()) {
            self.images.making.preview = Some(preview);
        }
        if let Some((path, task)) = self.images.reading.take() {
            match task.poll() {
                Poll::Running => self.images.reading = Some((path, task)),
                Poll::Ready(Ok(photos)) => self.photographs_read(path, photos),
                Poll::Ready(Err(DataError::Cancelled)) => {}
                Poll::Ready(Err(error)) => self.images.failed = Some((path, error.to_string(), error.problems().to_vec())),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some(task) = self.images.drawing.take() {
            match task.poll() {
                Poll::Running => self.images.drawing = Some(task),
                Poll::Ready(Ok(choice)) => self.images.logo = Some(choice),
                Poll::Ready(Err(why)) => self.fail(why, None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some(task) = self.images.listing.take() {
            match task.poll() {
                Poll::Running => self.images.listing = Some(task),
                Poll::Ready(kept) => self.images.kept = kept,
                Poll::Lost => {}
            }
        }
        if let Some((asked, task)) = self.images.opening.take() {
            match task.poll() {
                Poll::Running => self.images.opening = Some((asked, task)),
                Poll::Ready(Ok(barrier)) => {
                    if asked {
                        self.notices.good(text::barrier_opened(&barrier.file));
                    }
                    self.use_barrier(barrier);
                }
                Poll::Ready(Err(why)) if asked => self.fail(why, None),
                // The one used last is gone, or is no longer one: another is chosen or made.
                Poll::Ready(Err(why)) => {
                    self.board.note(why);
                    self.keeper.remember_barrier(None);
                }
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some(Fetching { place, task }) = self.images.fetching.take() {
            match task.poll() {
                Poll::Running => self.images.fetching = Some(Fetching { place, task }),
                Poll::Ready(Ok((photos, logo))) => self.start_barrier(place, photos, logo),
                Poll::Ready(Err(why)) => self.fail(text::cannot_continue(&why), None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        match self.images.making.recalled.as_ref().map(Task::poll) {
            Some(Poll::Ready(points)) => {
                let mut earlier = CurveStore::default();
                points.iter().for_each(|point| earlier.push(&point.name, point.step, point.value));
                self.images.making.curves.continue_from(earlier);
                self.images.making.recalled = None;
            }
            Some(Poll::Lost) => self.images.making.recalled = None,
            Some(Poll::Running) | None => {}
        }
    }

    /// Stops fetching what a stopped making needs.
    pub(in crate::app::model) fn stop_fetching_barrier(&mut self) {
        self.images.fetching = None;
        self.images.reading = None;
    }
}

/// A making as the worker is asked for it.
fn ordered(settings: Settings, task: tasks::Task, thieves: bool, seed: u64, (photos, logo): (Photos, Logo)) -> Order {
    let thieves = if thieves { jobs::standing_thieves(&settings, seed) } else { Vec::new() };
    Order { settings, photos, task, logo, seed, choosing: false, thieves, ground: None }
}
