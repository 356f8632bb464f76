//! Undo for deletions: what was taken out of the document is remembered with its place, and its files wait in the trash.
//!
//! The removed entry is put back, not an old document: what happened in between stays.

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
    undo: Vec<Removed>,
    redo: Vec<Item>,
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

    /// Name of what [`Project::undo`] would bring back.
    pub fn can_undo(&self) -> Option<&str> {
        self.history.undo.last().map(|r| r.entry.name())
    }

    /// Whether [`Project::redo`] would delete something again.
    pub fn can_redo(&self) -> bool {
        !self.history.redo.is_empty()
    }

    /// Brings back what was deleted last and gives its name; `None` where there is nothing.
    ///
    /// # Errors
    /// A disk that cannot be written; the entry stays deleted and can be tried again.
    pub fn undo(&mut self) -> Result<Option<String>, ProjectError> {
        let Some(removed) = self.history.undo.last().cloned() else { return Ok(None) };
        if let Some(files) = removed.entry.files() {
            self.move_files(&self.trash().join(&files), &self.folder.join(&files))?;
        }
        self.edit(|d| put_back(d, &removed))?;
        self.history.undo.pop();
        self.history.redo.push(removed.entry.item());
        Ok(Some(removed.entry.name().to_owned()))
    }

    /// Deletes again what was brought back last and gives its name; `None` where there is nothing.
    ///
    /// # Errors
    /// Those of [`Project::remove`].
    pub fn redo(&mut self) -> Result<Option<String>, ProjectError> {
        let Some(item) = self.history.redo.last().cloned() else { return Ok(None) };
        let name = self.take_away(&item)?;
        self.history.redo.pop();
        Ok(Some(name))
    }

    /// The document forgets the entry first, then its files move: a crash in between leaves files too many, never too few.
    fn take_away(&mut self, item: &Item) -> Result<String, ProjectError> {
        let before = self.document.clone();
        let removed = self.edit(|d| take_out(d, item))??;
        if let Some(files) = removed.entry.files() {
            let moved = self.move_files(&self.folder.join(&files), &self.trash().join(&files));
            if let Err(error) = moved {
                self.edit(|d| *d = before)?;
                return Err(error);
            }
        }
        let name = removed.entry.name().to_owned();
        self.history.undo.push(removed);
        Ok(name)
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
    Ok(match item {
        Item::Dataset(id) => {
            let place = document.datasets.iter().position(|d| &d.id == id).ok_or_else(|| gone(id))?;
            let chosen = document.dataset.take_if(|c| c == id).is_some();
            Removed { entry: Entry::Dataset(document.datasets.remove(place)), place, chosen }
        }
        Item::Logo(id) => {
            let place = document.logos.iter().position(|l| &l.id == id).ok_or_else(|| gone(id))?;
            let chosen = document.logo.take_if(|c| c == id).is_some();
            Removed { entry: Entry::Logo(document.logos.remove(place)), place, chosen }
        }
        Item::Run(id) => {
            let place = document.runs.iter().position(|r| &r.id == id).ok_or_else(|| gone(id))?;
            if document.runs[place].state == RunState::Running {
                return Err(ProjectError::Running);
            }
            Removed { entry: Entry::Run(Box::new(document.runs.remove(place))), place, chosen: false }
        }
        Item::Report(id) => {
            let place = document.reports.iter().position(|r| &r.id == id).ok_or_else(|| gone(id))?;
            Removed { entry: Entry::Report(document.reports.remove(place)), place, chosen: false }
        }
    })
}

fn put_back(document: &mut Document, removed: &Removed) {
    fn insert<T>(list: &mut Vec<T>, place: usize, entry: T) {
        list.insert(place.min(list.len()), entry);
    }
    match removed.entry.clone() {
        Entry::Dataset(d) => {
            if removed.chosen {
                document.dataset = Some(d.id.clone());
            }
            insert(&mut document.datasets, removed.place, d);
        }
        Entry::Logo(l) => {
            if removed.chosen {
                document.logo = Some(l.id.clone());
            }
            insert(&mut document.logos, removed.place, l);
        }
        Entry::Run(r) => insert(&mut document.runs, removed.place, *r),
        Entry::Report(r) => insert(&mut document.reports, removed.place, r),
    }
}
