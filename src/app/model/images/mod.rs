//! The door for picture files: a barrier is made or opened, pictures are marked with it, and others are looked into.
//!
//! `making` is about barriers, `files` about the pictures; what is dropped while this door is open is taken up here.

mod files;
mod making;

pub use files::{Batch, count_found};
pub use making::{Chosen, KeptBarrier, Making, OpenBarrier};

use super::{LogoChoice, Model, Step};
use crate::app::background::{Poll, Task};
use crate::app::steps::Door;
use crate::app::text;
use crate::data::{self, DataError, Kind, Photos, Problem};
use crate::jobs::barrier::{Found, Marked};
use crate::schemes::barrier::Settings;
use crate::schemes::plan::Preset;
use std::path::PathBuf;

/// What is known behind this door.
pub struct Images {
    /// The photographs that a barrier will learn from.
    pub photographs: Option<Chosen>,
    /// Photographs being read, and from where.
    pub reading: Option<(PathBuf, Task<Result<Photos, DataError>>)>,
    /// What could not be read last, why, a sentence, and its files, until something else is.
    pub failed: Option<(PathBuf, String, Vec<Problem>)>,
    /// The logo that it will hide.
    pub logo: Option<LogoChoice>,
    drawing: Option<Task<Result<LogoChoice, String>>>,
    /// What the network does whose pictures it marks.
    pub task: data::tasks::Task,
    /// Which preset its settings began with.
    pub preset: Preset,
    /// Its settings.
    pub settings: Settings,
    /// Whether thieves are tried on it.
    pub thieves: bool,
    /// The making under way, or the last one.
    pub making: Making,
    /// The barriers of this user.
    pub kept: Vec<KeptBarrier>,
    listing: Option<Task<Vec<KeptBarrier>>>,
    /// What is fetched before a stopped making goes on.
    pub fetching: Option<making::Fetching>,
    /// The barrier in use.
    pub barrier: Option<OpenBarrier>,
    opening: Option<(bool, Task<Result<OpenBarrier, String>>)>,
    /// Pictures to mark and marked ones.
    pub mark: Batch<Marked>,
    /// Pictures to look into and those that were.
    pub check: Batch<Found>,
    dropped: Option<Task<Dropped>>,
    pairing: Option<Task<Result<super::Pair, String>>>,
    showing: Option<(PathBuf, Task<bool>)>,
    woken: bool,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            photographs: None,
            reading: None,
            failed: None,
            logo: None,
            drawing: None,
            task: Default::default(),
            preset: Preset::Quick,
            settings: Settings::preset(Preset::Quick),
            thieves: false,
            making: Making::default(),
            kept: Vec::new(),
            listing: None,
            fetching: None,
            barrier: None,
            opening: None,
            mark: Batch::default(),
            check: Batch::default(),
            dropped: None,
            pairing: None,
            showing: None,
            woken: false,
        }
    }
}

impl Images {
    /// Whether a logo is being prepared.
    pub fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Whether a barrier is being opened.
    pub fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// Whether files are being prepared for the compare view.
    pub fn is_pairing(&self) -> bool {
        self.pairing.is_some()
    }
}

/// What something turned out to be that was dropped while this door was open.
enum Dropped {
    Barrier(PathBuf),
    Photographs(PathBuf),
    Logo(PathBuf),
    Originals(Vec<PathBuf>),
    Outputs(Vec<PathBuf>),
    /// Nothing for this door.
    Other(Vec<PathBuf>),
}

impl Dropped {
    /// What these paths are for the panel of `step`. Reads beginnings of files.
    fn recognise(step: Step, paths: Vec<PathBuf>) -> Self {
        let is_picture = |path: &PathBuf| path.is_dir() || matches!(data::recognise(path), Kind::Image | Kind::Logo);
        match paths.as_slice() {
            [path] if super::material::is_barrier(path) => Self::Barrier(path.clone()),
            _ if step == Step::Mark && paths.iter().any(is_picture) => Self::Originals(paths),
            _ if step == Step::Check && paths.iter().any(is_picture) => Self::Outputs(paths),
            [path] => match data::recognise(path) {
                Kind::Dataset | Kind::Pairs => Self::Photographs(path.clone()),
                Kind::Logo | Kind::Image => Self::Logo(path.clone()),
                _ => Self::Other(paths),
            },
            _ => match super::material::common_folder(&paths).filter(|_| paths.iter().all(is_picture)) {
                Some(folder) => Self::Photographs(folder.to_owned()),
                None => Self::Other(paths),
            },
        }
    }
}

impl Model {
    /// Takes up what was dropped while this door is open; false where another one has to.
    pub(super) fn drop_on_images(&mut self, paths: &[PathBuf]) -> bool {
        if self.door != Door::Images || paths.is_empty() {
            return false;
        }
        let (step, paths) = (self.step, paths.to_vec());
        self.images.dropped = Some(Task::start(text::READING.into(), &self.wake, move |_| Dropped::recognise(step, paths)));
        true
    }

    /// Looks for the barriers of this user when the door is opened for the first time, and opens the one used last.
    pub(super) fn wake_images(&mut self) {
        if std::mem::replace(&mut self.images.woken, true) {
            return;
        }
        self.list_barriers();
        if let Some(last) = self.keeper.last_barrier() {
            self.open_barrier(last, false);
        }
    }

    /// Takes up background work of this door that has ended.
    pub(super) fn poll_images(&mut self) {
        self.poll_making();
        self.poll_files();
        if let Some(task) = self.images.dropped.take() {
            match task.poll() {
                Poll::Running => self.images.dropped = Some(task),
                Poll::Ready(dropped) => self.take_dropped(dropped),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some(task) = self.images.pairing.take() {
            match task.poll() {
                Poll::Running => self.images.pairing = Some(task),
                Poll::Ready(Ok(pair)) => self.compare = Some(pair),
                Poll::Ready(Err(why)) => self.fail(why, None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some((folder, task)) = self.images.showing.take() {
            match task.poll() {
                Poll::Running => self.images.showing = Some((folder, task)),
                Poll::Ready(true) => {}
                Poll::Ready(false) | Poll::Lost => self.notices.warn(text::cannot_show(&folder)),
            }
        }
    }

    fn take_dropped(&mut self, dropped: Dropped) {
        match dropped {
            Dropped::Barrier(path) => self.open_barrier(path, true),
            Dropped::Photographs(path) => self.read_photographs(path),
            Dropped::Logo(path) => self.read_barrier_logo(path),
            Dropped::Originals(paths) => self.choose_originals(paths),
            Dropped::Outputs(paths) => self.choose_outputs(paths),
            Dropped::Other(paths) => self.look_at_elsewhere(paths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Picture, Shape};

    #[test]
    fn what_is_dropped_is_taken_for_what_the_panel_is_about() {
        let home = tempfile::tempdir().unwrap();
        let picture = home.path().join("a.png");
        let shape = Shape { channels: 3, height: 40, width: 50 };
        std::fs::write(&picture, Picture { shape, planes: (0..shape.len()).map(|i| (i * 7 % 250) as u8).collect() }.to_png().unwrap())
            .unwrap();
        let (barrier, notes) = (home.path().join("x.CMBARRIER"), home.path().join("notes.txt"));
        std::fs::write(&barrier, b"x").unwrap();
        std::fs::write(&notes, b"words").unwrap();
        let folder = home.path().to_path_buf();
        for step in [Step::Barrier, Step::Mark, Step::Check] {
            assert!(matches!(Dropped::recognise(step, vec![barrier.clone()]), Dropped::Barrier(_)), "{step:?}");
            assert!(matches!(Dropped::recognise(step, vec![notes.clone()]), Dropped::Other(_)), "{step:?}");
        }
        assert!(matches!(Dropped::recognise(Step::Barrier, vec![folder.clone()]), Dropped::Photographs(_)));
        assert!(matches!(Dropped::recognise(Step::Barrier, vec![picture.clone()]), Dropped::Logo(_)));
        assert!(
            matches!(Dropped::recognise(Step::Barrier, vec![picture.clone(), picture.clone()]), Dropped::Photographs(path) if path == folder)
        );
        assert!(matches!(Dropped::recognise(Step::Mark, vec![folder.clone()]), Dropped::Originals(_)));
        assert!(matches!(Dropped::recognise(Step::Check, vec![picture, notes]), Dropped::Outputs(paths) if paths.len() == 2));
    }
}
