//! Marking picture files with a barrier, and looking into files for its logo: one after the other, past those that cannot be used.

use super::targets::{Targets, write_new};
use crate::data::Whole;
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::psnr;
use crate::nn::device::Compute;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::barrier::Barrier;
use crate::schemes::barrier::proof::Likeness;
use crate::vault::files::{FileError, read_limited};
use serde::Deserialize;
use serde::ser::{Serialize, Serializer};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What became of one file. Written down as what was done beside the file's name, or as `error` beside it.
#[derive(Debug, Clone)]
pub struct Handled<T> {
    /// The file.
    pub file: PathBuf,
    /// What was done, or why it could not be done.
    pub result: Result<T, String>,
}

impl<T: Serialize> Serialize for Handled<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Entry<'a, T> {
            file: &'a Path,
            #[serde(flatten)]
            done: Option<&'a T>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a str>,
        }
        let (done, error) = (self.result.as_ref().ok(), self.result.as_ref().err().map(String::as_str));
        Entry { file: &self.file, done, error }.serialize(to)
    }
}

/// A marked file.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
pub struct Marked {
    /// Where it lies.
    pub written: PathBuf,
    /// PSNR against the original, decibel.
    pub psnr_db: f64,
}

/// What a file revealed.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
pub struct Found {
    /// How close the mean of its squares comes to the logo.
    pub likeness: Likeness,
    /// Whole squares, and how many of them reveal the logo each on its own.
    pub squares: usize,
    /// See `squares`.
    pub squares_that_count: usize,
    /// Where the revealed logo lies, if it was written.
    pub written: Option<PathBuf>,
}

/// Opens a barrier's file.
///
/// # Errors
/// No such file, or one that is none.
pub fn open(file: &Path, compute: &Compute) -> Result<Barrier, JobError> {
    let saved = WeightMap::from_safetensors(&read_limited(file, LARGEST_FILE)?)?;
    Ok(Barrier::open(&saved, &compute.device)?)
}

/// Marks files into `folder`; originals are never written over. A file that cannot be marked is listed and the others go on.
///
/// # Errors
/// A barrier that cannot be opened, a folder that cannot be written to or holds originals, or a stop.
pub fn mark(
    file: &Path,
    files: &[PathBuf],
    folder: &Path,
    compute: &Compute,
    watch: &mut dyn Watch,
) -> Result<Vec<Handled<Marked>>, JobError> {
    let barrier = open(file, compute)?;
    prepare(folder)?;
    let targets = Targets::new(files, folder);
    each(files, watch, |path, share| {
        let written = targets.of(path)?;
        let whole = Whole::open(path).map_err(|e| e.to_string())?;
        let marked = barrier.mark(&whole.colours, share).map_err(|e| e.to_string())?;
        let Some(marked) = marked else { return Ok(None) };
        let psnr_db = psnr(&marked, &whole.colours).map_err(|e| e.to_string())?;
        write_new(&written, &whole.png_with(&marked).map_err(|e| e.to_string())?)?;
        Ok(Some(Marked { written, psnr_db }))
    })
}

/// Looks into files for the logo; with a folder what they reveal is written there.
///
/// # Errors
/// As [`mark`].
pub fn reveal(
    file: &Path,
    files: &[PathBuf],
    folder: Option<&Path>,
    compute: &Compute,
    watch: &mut dyn Watch,
) -> Result<Vec<Handled<Found>>, JobError> {
    let barrier = open(file, compute)?;
    folder.map_or(Ok(()), prepare)?;
    let targets = folder.map(|folder| Targets::new(files, folder));
    each(files, watch, |path, _| {
        let written = targets.as_ref().map(|targets| targets.of(path)).transpose()?;
        // Transparent places too, as they were marked.
        let whole = Whole::open(path).map_err(|e| e.to_string())?;
        let revealed = barrier.reveal(&whole.colours).map_err(|e| e.to_string())?;
        let likeness = barrier.likeness(&revealed.logo).map_err(|e| e.to_string())?;
        let counts = revealed.squares.iter().filter(|square| barrier.likeness(square).is_ok_and(|likeness| likeness.counts())).count();
        if let Some(written) = &written {
            write_new(written, &revealed.logo.to_png().map_err(|e| e.to_string())?)?;
        }
        Ok(Some(Found { likeness, squares: revealed.squares.len(), squares_that_count: counts, written }))
    })
}

/// Makes the folder for results.
pub(in crate::jobs) fn prepare(folder: &Path) -> Result<(), JobError> {
    std::fs::create_dir_all(folder).map_err(|e| FileError::writing(folder, e))?;
    Ok(())
}

/// Does one file after the other; nothing from `work` means that it was told to stop.
pub(in crate::jobs) fn each<T>(
    files: &[PathBuf],
    watch: &mut dyn Watch,
    mut work: impl FnMut(&Path, &mut dyn FnMut(f64) -> bool) -> Result<Option<T>, String>,
) -> Result<Vec<Handled<T>>, JobError> {
    let (began, mut all) = (Instant::now(), Vec::with_capacity(files.len()));
    for (i, file) in files.iter().enumerate() {
        let mut go_on = |share: f64| {
            let share = (i as f64 + share) / files.len() as f64;
            let left = (share > 0.0).then(|| began.elapsed().as_secs_f64() * (1.0 - share) / share);
            watch.progress(Phase::Marking, share, left);
            watch.flow() == Flow::Continue
        };
        if !go_on(0.0) {
            return Err(JobError::Stopped);
        }
        let result = match work(file, &mut go_on) {
            Ok(Some(done)) => Ok(done),
            Ok(None) => return Err(JobError::Stopped),
            Err(why) => Err(why),
        };
        all.push(Handled { file: file.clone(), result });
    }
    Ok(all)
}
