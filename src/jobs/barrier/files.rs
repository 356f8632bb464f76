//! Marking picture files with a barrier, and looking into files for its logo: one after the other, past those that cannot be used.

use crate::data::{Whole, open_picture};
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::psnr;
use crate::nn::device::Compute;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::barrier::Barrier;
use crate::schemes::barrier::proof::Likeness;
use crate::vault::files::{FileError, read_limited, write_atomic};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What became of one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Handled<T> {
    /// The file.
    pub file: PathBuf,
    /// What was done, or why it could not be done.
    pub result: Result<T, String>,
}

/// A marked file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Marked {
    /// Where it lies.
    pub written: PathBuf,
    /// PSNR against the original, decibel.
    pub psnr_db: f64,
}

/// What a file revealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    each(files, watch, |path, share| {
        let written = beside(folder, path, "png")?;
        let whole = Whole::open(path).map_err(|e| e.to_string())?;
        let marked = barrier.mark(&whole.colours, share).map_err(|e| e.to_string())?;
        let Some(marked) = marked else { return Ok(None) };
        let psnr_db = psnr(&marked, &whole.colours).map_err(|e| e.to_string())?;
        write_atomic(&written, &whole.png_with(&marked).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
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
    each(files, watch, |path, _| {
        let written = folder.map(|folder| beside(folder, path, "png")).transpose()?;
        let revealed = barrier.reveal(&open_picture(path).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        let likeness = barrier.likeness(&revealed.logo).map_err(|e| e.to_string())?;
        let counts = revealed.squares.iter().filter(|square| barrier.likeness(square).is_ok_and(|likeness| likeness.counts())).count();
        if let Some(written) = &written {
            write_atomic(written, &revealed.logo.to_png().map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        }
        Ok(Some(Found { likeness, squares: revealed.squares.len(), squares_that_count: counts, written }))
    })
}

fn prepare(folder: &Path) -> Result<(), JobError> {
    std::fs::create_dir_all(folder).map_err(|e| FileError::writing(folder, e))?;
    Ok(())
}

/// Where the new version of a file goes: under its name into the folder, unless something lies there.
fn beside(folder: &Path, file: &Path, ending: &str) -> Result<PathBuf, String> {
    let name = file.file_stem().ok_or_else(|| "It has no name.".to_owned())?;
    let target = folder.join(name).with_added_extension(ending);
    match target.exists() {
        true => Err(format!("A file of this name lies in the folder already and is not written over: {}", target.display())),
        false => Ok(target),
    }
}

/// Does one file after the other; nothing from `work` means that it was told to stop.
fn each<T>(
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
