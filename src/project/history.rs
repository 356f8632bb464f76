//! Undo: what was taken out of the document is remembered with its place, and its files wait in the trash; which data set was chosen
//! before its pictures were opened otherwise.
//!
//! The removed entry is put back, not an old document: what happened in between stays. A data set or logo that a training began with
//! is never taken out, only put aside: the training may go on.

use super::{DatasetRef, Document, LogoRef, LogoSource, Project, ProjectError, ReportRef, RunRef, RunState};
use crate::vault::files::FileError;
use std::path::{Path, PathBuf};

/// Something that can be deleted, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A data set; its files are never touched.
    Dataset(String),
    /// A logo.
    Logo(String),
    /// A training with its files.
    Run(String),
    /// A verification with its files.
    Report(String),
}

/// What was deleted, and how it can come back.
#[derive(Debug, Clone)]
struct Removed {
    entry: Entry,
    place: usize,
    chosen: bool,
    /// It is still in the document, because a training began with it.
    stays: bool,
}

/// The choice of other sides or channels for the same pictures.
#[derive(Debug, Clone)]
struct Reopened {
    name: String,
    before: Option<String>,
    after: Option<String>,
}

/// One step back.
#[derive(Debug, Clone)]
enum Undo {
    PutBack(Removed),
    Choose(Reopened),
}

/// One step forward again.
#[derive(Debug, Clone)]
enum Redo {
    Delete(Item),
    Choose(Reopened),
}

/// What a step was about, with the name that stands on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something was deleted or came back.
    Deletion(String),
    /// The pictures of a data set were opened otherwise.
    Opening(String),
}

#[derive(Debug, Clone)]
enum Entry {
    Dataset(DatasetRef),
    Logo(LogoRef),
    Run(Box<RunRef>),
    Report(ReportRef),
}

/// What can be undone and redone, the latest last.
#[derive(Debug, Default)]
pub(super) struct History {
    undo: Vec<Undo>,
    redo: Vec<Redo>,
}

impl Entry {
    fn item(&self) -> Item {
        match self {
            Entry::Dataset(d) => Item::Dataset(d.id.clone()),
            Entry::Logo(l) => Item::Logo(l.id.clone()),
            Entry::Run(r) => Item::Run(r.id.clone()),
            Entry::Report(r) => Item::Report(r.id.clone()),
        }
    }

    /// What the entry is called on the screen.
    fn name(&self) -> &str {
        match self {
            Entry::Dataset(d) => &d.name,
            Entry::Logo(l) => &l.name,
            Entry::Run(r) => &r.id,
            Entry::Report(r) => &r.name,
        }
    }

    /// The entry's file or folder below the project's.
    fn files(&self) -> Option<PathBuf> {
        match self {
            Entry::Logo(LogoRef { source: LogoSource::Copy { file }, .. }) => Some(Path::new("logos").join(file)),
            Entry::Dataset(_) | Entry::Logo(_) => None,
            Entry::Run(r) => Some(Path::new("runs").join(&r.id)),
            Entry::Report(r) => Some(Path::new("reports").join(&r.id)),
        }
    }
}

impl Project {
    /// Deletes an entry, so that [`Project::undo`] can bring it back until the project closes. Gives its name.
    ///
    /// # Errors
    /// An unknown entry, a running training, a disk that cannot be written; nothing is deleted then.
    pub fn remove(&mut self, item: &Item) -> Result<String, ProjectError> {
        let name = self.take_away(item)?;
        self.history.redo.clear();
        Ok(name)
    }

    /// Notes that the chosen data set is that of `before`, opened otherwise, so that [`Project::undo`] can choose that again.
    pub(super) fn note_reopening(&mut self, name: &str, before: Option<String>) {
        let after = self.document.dataset.clone();
        if before != after {
            self.history.undo.push(Undo::Choose(Reopened { name: name.to_owned(), before, after }));
            self.history.redo.clear();
        }
    }

    /// What [`Project::undo`] would take back.
    pub fn can_undo(&self) -> Option<Change> {
        Some(match self.history.undo.last()? {
            Undo::PutBack(removed) => Change::Deletion(removed.entry.name().to_owned()),
            Undo::Choose(reopened) => Change::Opening(reopened.name.clone()),
        })
    }

    /// Whether [`Project::redo`] would do something again.
    pub fn can_redo(&self) -> bool {
        !self.history.redo.is_empty()
    }

    /// Takes back what was done last and says what it was; `None` where there is nothing.
    ///
    /// # Errors
    /// A disk that cannot be written; nothing is taken back then, and it can be tried again.
    pub fn undo(&mut self) -> Result<Option<Change>, ProjectError> {
        let (Some(step), Some(change)) = (self.history.undo.last().cloned(), self.can_undo()) else { return Ok(None) };
        let again = match step {
            Undo::PutBack(removed) => {
                if let Some(files) = removed.entry.files().filter(|_| !removed.stays) {
                    self.move_files(&self.trash().join(&files), &self.folder.join(&files))?;
                }
                self.edit(|d| put_back(d, &removed))?;
                Redo::Delete(removed.entry.item())
            }
            Undo::Choose(reopened) => {
                self.edit(|d| d.dataset.clone_from(&reopened.before))?;
                Redo::Choose(reopened)
            }
        };
        self.history.undo.pop();
        self.history.redo.push(again);
        Ok(Some(change))
    }

    /// Does again what was taken back last and says what it was; `None` where there is nothing.
    ///
    /// # Errors
    /// Those of [`Project::remove`].
    pub fn redo(&mut self) -> Result<Option<Change>, ProjectError> {
        let Some(step) = self.history.redo.last().cloned() else { return Ok(None) };
        let change = match step {
            Redo::Delete(item) => Change::Deletion(self.take_away(&item)?),
            Redo::Choose(reopened) => {
                self.edit(|d| d.dataset.clone_from(&reopened.after))?;
                let change = Change::Opening(reopened.name.clone());
                self.history.undo.push(Undo::Choose(reopened));
                change
            }
        };
        self.history.redo.pop();
        Ok(Some(change))
    }

    /// The document forgets the entry first, then its files move: a crash in between leaves files too many, never too few.
    fn take_away(&mut self, item: &Item) -> Result<String, ProjectError> {
        let before = self.document.clone();
        let removed = self.edit(|d| take_out(d, item))??;
        if let Some(files) = removed.entry.files().filter(|_| !removed.stays && !self.is_shared(&removed.entry)) {
            let moved = self.move_files(&self.folder.join(&files), &self.trash().join(&files));
            if let Err(error) = moved {
                self.edit(|d| *d = before)?;
                return Err(error);
            }
        }
        let name = removed.entry.name().to_owned();
        self.history.undo.push(Undo::PutBack(removed));
        Ok(name)
    }

    /// Whether another logo is made from the same drawing.
    fn is_shared(&self, entry: &Entry) -> bool {
        matches!(entry, Entry::Logo(logo) if self.document.logos.iter().any(|other| other.id != logo.id && other.source == logo.source))
    }

    /// Moves a file or folder; one that is not there needs no move.
    fn move_files(&self, from: &Path, to: &Path) -> Result<(), ProjectError> {
        if !from.exists() {
            return Ok(());
        }
        let failed = |e| ProjectError::File(FileError::writing(to, e));
        to.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
        std::fs::rename(from, to).map_err(failed)
    }
}

fn take_out(document: &mut Document, item: &Item) -> Result<Removed, ProjectError> {
    let gone = |id: &String| ProjectError::Gone(id.clone());
    let began = |item: &Item| {
        document.runs.iter().any(|run| match item {
            Item::Dataset(id) => run.dataset.as_ref() == Some(id),
            Item::Logo(id) => run.logo.as_ref() == Some(id),
            Item::Run(_) | Item::Report(_) => false,
        })
    };
    let stays = began(item);
    Ok(match item {
        Item::Dataset(id) => {
            let place = document.datasets.iter().position(|d| &d.id == id).ok_or_else(|| gone(id))?;
            let chosen = document.dataset.take_if(|c| c == id).is_some();
            if stays && !chosen {
                return Err(gone(id));
            }
            let entry = if stays { document.datasets[place].clone() } else { document.datasets.remove(place) };
            Removed { entry: Entry::Dataset(entry), place, chosen, stays }
        }
        Item::Logo(id) => {
            let place = document.logos.iter().position(|l| &l.id == id).ok_or_else(|| gone(id))?;
            let chosen = document.logo.take_if(|c| c == id).is_some();
            if stays && !chosen {
                return Err(gone(id));
            }
            let entry = if stays { document.logos[place].clone() } else { document.logos.remove(place) };
            Removed { entry: Entry::Logo(entry), place, chosen, stays }
        }
        Item::Run(id) => {
            let place = document.runs.iter().position(|r| &r.id == id).ok_or_else(|| gone(id))?;
            if document.runs[place].state == RunState::Running {
                return Err(ProjectError::Running);
            }
            Removed { entry: Entry::Run(Box::new(document.runs.remove(place))), place, chosen: false, stays }
        }
        Item::Report(id) => {
            let place = document.reports.iter().position(|r| &r.id == id).ok_or_else(|| gone(id))?;
            Removed { entry: Entry::Report(document.reports.remove(place)), place, chosen: false, stays }
        }
    })
}

fn put_back(document: &mut Document, removed: &Removed) {
    fn insert<T>(list: &mut Vec<T>, removed: &Removed, entry: T) {
        if !removed.stays {
            list.insert(removed.place.min(list.len()), entry);
        }
    }
    match removed.entry.clone() {
        Entry::Dataset(d) => {
            if removed.chosen {
                document.dataset = Some(d.id.clone());
            }
            insert(&mut document.datasets, removed, d);
        }
        Entry::Logo(l) => {
            if removed.chosen {
                document.logo = Some(l.id.clone());
            }
            insert(&mut document.logos, removed, l);
        }
        Entry::Run(r) => insert(&mut document.runs, removed, *r),
        Entry::Report(r) => insert(&mut document.reports, removed, r),
    }
}
