//! Classical marks on picture files: hiding the owner's bits in copies, and reading them.

use super::barrier::files::{Handled, each, opened, prepare};
use super::barrier::targets::{Targets, write_new};
use super::error::JobError;
use super::watch::Watch;
use crate::schemes::classical::{Classical, Read};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A file with the owner's bits.
#[derive(Debug, Clone, Serialize)]
pub struct Hidden {
    /// Where it lies.
    pub written: PathBuf,
    /// PSNR against the original, decibel.
    pub psnr_db: f64,
}

/// Marks files into `folder`; originals are never written over. A file that cannot be marked is listed and the others go on.
///
/// # Errors
/// A folder that cannot be written to, or a stop.
pub fn mark(by: &Classical, files: &[PathBuf], folder: &Path, watch: &mut dyn Watch) -> Result<Vec<Handled<Hidden>>, JobError> {
    prepare(folder)?;
    let targets = Targets::new(files, folder);
    each(
        files,
        watch,
        |_, _| {},
        |path, _| {
            let written = targets.of(path)?;
            let whole = opened(path)?;
            let marked = by.embed(&whole.colours).map_err(|e| e.to_string())?;
            write_new(&written, &whole.png_with(&marked.picture).map_err(|e| e.to_string())?)?;
            Ok(Some(Hidden { written, psnr_db: marked.psnr_db }))
        },
    )
}

/// Reads the bits in files.
///
/// # Errors
/// A stop.
pub fn read(by: &Classical, files: &[PathBuf], watch: &mut dyn Watch) -> Result<Vec<Handled<Read>>, JobError> {
    each(
        files,
        watch,
        |_, _| {},
        |path, _| {
            let whole = opened(path)?;
            by.read(&whole.colours).map(Some).map_err(|e| e.to_string())
        },
    )
}
