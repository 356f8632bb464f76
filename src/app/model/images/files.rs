//! Pictures of this door: chosen from files and folders, marked or looked into one after the other, each shown as soon as it is done.

use super::super::{Model, Pair, Step};
use crate::app::background::{self, Poll, Task};
use crate::app::board::Purpose;
use crate::app::text;
use crate::data::{self, Problem};
use crate::jobs::barrier::{Found, Handled};
use crate::jobs::{Command, Event, Means};
use std::path::{Path, PathBuf};

/// A batch of pictures and what became of them.
pub struct Batch<T> {
    /// Files to be handled, in their order.
    pub files: Vec<PathBuf>,
    /// Files that are no pictures and are left out.
    pub skipped: usize,
    /// Where marked copies go; nothing of a batch that writes none.
    pub folder: Option<PathBuf>,
    /// What was done so far.
    pub done: Vec<Handled<T>>,
    /// Whether the batch is over.
    pub over: bool,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    listing: Option<Task<Result<Listing, String>>>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { files: Vec::new(), skipped: 0, folder: None, done: Vec::new(), over: false, stopped: false, listing: None }
    }
}

impl<T> Batch<T> {
    /// Whether files are being listed.
    pub fn is_listing(&self) -> bool {
        self.listing.is_some()
    }

    /// Those that went well.
    pub fn good(&self) -> impl Iterator<Item = (&Path, &T)> {
        self.done.iter().filter_map(|handled| Some((handled.file.as_path(), handled.result.as_ref().ok()?)))
    }

    /// Those that could not be handled, each with its reason.
    pub fn problems(&self) -> Vec<Problem> {
        let bad = |handled: &Handled<T>| Some(Problem { file: handled.file.clone(), reason: handled.result.as_ref().err()?.clone() });
        self.done.iter().filter_map(bad).collect()
    }

    pub(super) fn clear_results(&mut self) {
        self.done.clear();
        (self.over, self.stopped) = (false, false);
    }
}

/// The pictures of what was chosen.
struct Listing {
    files: Vec<PathBuf>,
    skipped: usize,
    folder: PathBuf,
}

/// Endings of pictures that can be read.
const PICTURES: [&str; 6] = ["png", "jpg", "jpeg", "webp", "bmp", "jpe"];

/// The pictures of these paths: of folders what lies directly in them. A file that was named itself is taken whatever it is called: what
/// is wrong with it is told with the others.
///
/// # Errors
/// A folder that cannot be read or holds no pictures, a sentence.
fn list(paths: &[PathBuf]) -> Result<Listing, String> {
    let (mut files, mut skipped) = (Vec::new(), 0);
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| text::cannot_open(path, &error.to_string()))?;
        let inside = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
        let is_picture =
            |path: &PathBuf| path.extension().is_some_and(|ending| PICTURES.iter().any(|known| ending.eq_ignore_ascii_case(known)));
        let (mut pictures, others): (Vec<PathBuf>, Vec<PathBuf>) = inside.partition(is_picture);
        pictures.sort();
        skipped += others.len();
        files.extend(pictures);
    }
    match files.first() {
        None => Err(text::no_pictures(paths)),
        Some(first) => Ok(Listing { skipped, folder: beside(paths, first), files }),
    }
}

/// Where marked copies go unless the user says otherwise: beside the folder that was chosen, or beside the pictures, never inside what was
/// chosen, and nowhere where something lies already.
fn beside(paths: &[PathBuf], first: &Path) -> PathBuf {
    let plain = match paths {
        [folder] if folder.is_dir() => folder.with_file_name(text::marked_folder(Some(&text::file_name(folder)))),
        _ => first.with_file_name(text::marked_folder(None)),
    };
    let name = text::file_name(&plain);
    let numbered = (2..10_000).map(|i| plain.with_file_name(format!("{name} {i}")));
    std::iter::once(plain.clone()).chain(numbered).find(|folder| !folder.exists()).unwrap_or(plain)
}

/// Whether `folder` lies inside a folder that holds one of the files, or is one.
fn holds_originals(folder: &Path, files: &[PathBuf]) -> bool {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let folder = whole(folder);
    files.iter().filter_map(|file| file.parent()).any(|parent| whole(parent) == folder)
}

impl Model {
    fn list_files(&self, paths: Vec<PathBuf>) -> Option<Task<Result<Listing, String>>> {
        Some(Task::start(text::READING.into(), &self.wake, move |_| list(&paths)))
    }

    /// Takes pictures to be marked.
    pub(in crate::app::model) fn choose_originals(&mut self, paths: Vec<PathBuf>) {
        if self.board.marking().is_some() {
            return self.notices.warn(text::MARK_ALREADY);
        }
        self.images.mark.listing = self.list_files(paths);
        self.show_images(Step::Mark);
    }

    /// Takes pictures to be looked into.
    pub(in crate::app::model) fn choose_outputs(&mut self, paths: Vec<PathBuf>) {
        if self.board.checking().is_some() {
            return self.notices.warn(text::CHECK_ALREADY);
        }
        self.images.check.listing = self.list_files(paths);
        self.show_images(Step::Check);
    }

    /// Takes another folder for marked copies.
    pub(in crate::app::model) fn set_marked_folder(&mut self, folder: PathBuf) {
        match holds_originals(&folder, &self.images.mark.files) {
            true => self.fail(text::MARK_INSIDE.into(), None),
            false => self.images.mark.folder = Some(folder),
        }
    }

    /// Hides the logo in the chosen pictures.
    pub(in crate::app::model) fn mark_files(&mut self) {
        let Some(barrier) = self.images.barrier.as_ref().map(|barrier| barrier.file.clone()) else {
            return self.notices.warn(text::MISSING_BARRIER_FOR_MARKING);
        };
        let (files, Some(folder)) = (self.images.mark.files.clone(), self.images.mark.folder.clone()) else {
            return self.notices.warn(text::MISSING_ORIGINALS);
        };
        if files.is_empty() || self.board.marking().is_some() {
            return self.notices.warn(if files.is_empty() { text::MISSING_ORIGINALS } else { text::MARK_ALREADY });
        }
        self.drop_estimate();
        self.images.mark.clear_results();
        let job = self.board.add(Purpose::Mark, text::marking_title(files.len()));
        if !self.send(Command::Mark { job, by: Means::Barrier(barrier), files, folder }) {
            self.board.on_event(&Event::Stopped(job));
        }
    }

    /// Looks for the logo in the chosen pictures.
    pub(in crate::app::model) fn reveal_files(&mut self) {
        let Some(barrier) = self.images.barrier.as_ref().map(|barrier| barrier.file.clone()) else {
            return self.notices.warn(text::MISSING_BARRIER_FOR_CHECKING);
        };
        let files = self.images.check.files.clone();
        if files.is_empty() || self.board.checking().is_some() {
            return self.notices.warn(if files.is_empty() { text::MISSING_OUTPUTS } else { text::CHECK_ALREADY });
        }
        self.drop_estimate();
        self.images.check.clear_results();
        let job = self.board.add(Purpose::Reveal, text::checking_title(files.len()));
        if !self.send(Command::Reveal { job, by: Means::Barrier(barrier), files, folder: None }) {
            self.board.on_event(&Event::Stopped(job));
        }
    }

    /// Puts away what was marked, so that other pictures can be chosen.
    pub(in crate::app::model) fn mark_again(&mut self) {
        self.images.mark = Batch::default();
    }

    /// Puts away what was found, so that other pictures can be chosen.
    pub(in crate::app::model) fn reveal_again(&mut self) {
        self.images.check = Batch::default();
    }

    /// A batch is over: what was done is shown with what could not be.
    pub(in crate::app::model) fn batch_over(&mut self, purpose: &Purpose, stopped: bool) {
        self.take_handled();
        let words = match purpose {
            Purpose::Mark => {
                (self.images.mark.over, self.images.mark.stopped) = (true, stopped);
                text::marked_words(&self.images.mark)
            }
            _ => {
                (self.images.check.over, self.images.check.stopped) = (true, stopped);
                text::checked_words(self.images.check.good().map(|(_, found)| found))
            }
        };
        let seen = self.step == if *purpose == Purpose::Mark { Step::Mark } else { Step::Check };
        match (stopped, self.away) {
            (true, _) => self.notices.warn(text::FILES_STOPPED),
            (false, true) => self.notices.waiting(words),
            // The panel says so itself.
            (false, false) if seen => {}
            (false, false) => self.notices.good(words),
        }
    }

    /// Reads an original and its marked copy for the compare view.
    pub(in crate::app::model) fn compare_files(&mut self, original: PathBuf, marked: PathBuf) {
        self.images.pairing = Some(Task::start(text::reading(&original), &self.wake, move |_| {
            let open = |path: &Path| data::open_picture(path).map(|picture| picture.colour()).map_err(|error| error.to_string());
            Ok(Pair::new(open(&original)?, text::ORIGINAL, open(&marked)?, text::MARKED))
        }));
    }

    /// Shows a folder in the system's file manager.
    pub(in crate::app::model) fn show_folder(&mut self, folder: PathBuf) {
        let task = background::show(text::FOLDER_SHOW.into(), folder.clone(), &self.wake);
        self.images.showing = Some((folder, task));
    }

    fn take_handled(&mut self) {
        let Some(worker) = &self.worker else { return };
        self.images.mark.done.extend(worker.slots.take_marked());
        self.images.check.done.extend(worker.slots.take_found());
    }

    pub(super) fn poll_files(&mut self) {
        self.take_handled();
        if let Some(task) = self.images.mark.listing.take() {
            match task.poll() {
                Poll::Running => self.images.mark.listing = Some(task),
                Poll::Ready(Ok(Listing { files, skipped, folder })) => {
                    self.images.mark = Batch { files, skipped, folder: Some(folder), ..Batch::default() };
                }
                Poll::Ready(Err(why)) => self.fail(why, None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
        if let Some(task) = self.images.check.listing.take() {
            match task.poll() {
                Poll::Running => self.images.check.listing = Some(task),
                Poll::Ready(Ok(Listing { files, skipped, .. })) => {
                    self.images.check = Batch { files, skipped, ..Batch::default() };
                }
                Poll::Ready(Err(why)) => self.fail(why, None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            }
        }
    }
}

/// How many of these reveal the logo.
pub fn count_found<'a>(found: impl Iterator<Item = &'a Found>) -> (usize, usize) {
    found.fold((0, 0), |(counts, all), found| (counts + usize::from(found.likeness.counts()), all + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_copies_never_go_where_the_originals_lie() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("holiday");
        std::fs::create_dir(&folder).unwrap();
        for name in ["b.png", "a.JPG", "notes.txt"] {
            std::fs::write(folder.join(name), b"x").unwrap();
        }
        let listing = list(std::slice::from_ref(&folder)).unwrap();
        assert_eq!(listing.files, [folder.join("a.JPG"), folder.join("b.png")]);
        assert_eq!((listing.skipped, listing.folder.parent()), (1, Some(home.path())));
        assert!(!holds_originals(&listing.folder, &listing.files) && holds_originals(&folder, &listing.files));
        std::fs::create_dir(&listing.folder).unwrap();
        let next = list(std::slice::from_ref(&folder)).unwrap().folder;
        assert!(next != listing.folder && !next.exists());
        let one = list(&[folder.join("b.png"), folder.join("notes.txt")]).unwrap();
        assert_eq!((one.files.len(), one.skipped), (2, 0));
        assert!(!holds_originals(&one.folder, &one.files));
        assert!(list(&[home.path().join("nowhere")]).is_ok(), "a file that is gone is told with the others");
        assert!(list(&[listing.folder]).is_err());
    }
}
