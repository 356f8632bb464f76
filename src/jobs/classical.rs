//! Classical marks on picture files: hiding the owner's bits in copies, and reading them.

use super::barrier::files::{Handled, Marked, each, prepare};
use super::barrier::targets::{Targets, write_new};
use super::error::JobError;
use super::watch::Watch;
use crate::data::Whole;
use crate::schemes::classical::{Classical, Read};
use std::path::{Path, PathBuf};

/// Marks files into `folder`; originals are never written over. A file that cannot be marked is listed and the others go on.
///
/// # Errors
/// A folder that cannot be written to, or a stop.
pub fn mark(by: &Classical, files: &[PathBuf], folder: &Path, watch: &mut dyn Watch) -> Result<Vec<Handled<Marked>>, JobError> {
    prepare(folder)?;
    let targets = Targets::new(files, folder);
    let tell = |watch: &mut dyn Watch, marked: &Handled<Marked>| watch.marked(marked);
    each(files, watch, tell, |path, _| {
        let written = targets.of(path)?;
        let whole = Whole::open(path).map_err(|e| e.to_string())?;
        let marked = by.embed(&whole.colours).map_err(|e| e.to_string())?;
        write_new(&written, &whole.png_with(&marked.picture).map_err(|e| e.to_string())?)?;
        Ok(Some(Marked { written, psnr_db: marked.psnr_db, likeness: None, looks: None }))
    })
}

/// Reads the bits in files.
///
/// # Errors
/// A stop.
pub fn read(by: &Classical, files: &[PathBuf], watch: &mut dyn Watch) -> Result<Vec<Handled<Read>>, JobError> {
    let tell = |_: &mut dyn Watch, _: &Handled<Read>| {};
    each(files, watch, tell, |path, _| {
        let whole = Whole::open(path).map_err(|e| e.to_string())?;
        by.read(&whole.colours).map(Some).map_err(|e| e.to_string())
    })
}
