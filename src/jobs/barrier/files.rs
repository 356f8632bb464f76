//! Marking picture files with a barrier, and looking into files for its logo: one after the other, past those that cannot be used.

use super::targets::{Targets, write_new};
use crate::data::{DataError, Picture, Shape, Whole};
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::psnr;
use crate::nn::device::Compute;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::barrier::proof::{Finding, Likeness};
use crate::schemes::barrier::{Barrier, Settings};
use crate::vault::files::{FileError, read_limited};
use serde::Deserialize;
use serde::ser::{Serialize, Serializer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Files of a batch whose small pictures are made: more than anybody looks through.
const SHOWN: usize = 300;
/// Longest side of the small pictures, pixels.
const SMALL: usize = 160;
/// How much the difference between original and marked picture is enlarged in them.
pub const GAIN: u16 = 10;

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
    /// How close what the marked picture reveals, in a few of its squares, comes to the logo.
    pub likeness: Likeness,
    /// Small pictures of it, where somebody looks.
    #[serde(skip)]
    pub looks: Option<Arc<Looks>>,
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
    /// Whether the logo was found only after the picture had been softened.
    pub softened: bool,
    /// Where the revealed logo lies, if it was written.
    pub written: Option<PathBuf>,
    /// Small pictures of it, where somebody looks.
    #[serde(skip)]
    pub looks: Option<Arc<Looks>>,
}

/// What people see of a file, small.
#[derive(Debug, Clone)]
pub struct Looks {
    /// The file as it was given.
    pub given: Picture,
    /// The marked copy and its difference from the original, enlarged [`GAIN`] times; nothing where nothing was marked.
    pub marked: Option<[Picture; 2]>,
    /// What it reveals.
    pub revealed: Picture,
}

/// What a barrier's file says of itself without a device.
#[derive(Debug, Clone)]
pub struct Peek {
    /// The file.
    pub file: PathBuf,
    /// What it was made with.
    pub settings: Settings,
    /// The owner's logo, `[3, side, side]`.
    pub logo: Picture,
}

/// Reads settings and logo of a barrier's file.
///
/// # Errors
/// No such file, or one that is none.
pub fn peek(file: &Path) -> Result<Peek, JobError> {
    let (settings, logo) = Barrier::peek(&WeightMap::from_safetensors(&read_limited(file, LARGEST_FILE)?)?)?;
    Ok(Peek { file: file.to_owned(), settings, logo })
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
    let mut shown = if watch.looks() { SHOWN } else { 0 };
    each(
        files,
        watch,
        |watch, marked| watch.marked(marked),
        |path, share| {
            let written = targets.of(path)?;
            let whole = opened(path)?;
            let marked = barrier.mark_surely(&whole.colours, share).map_err(|e| e.to_string())?;
            let Some((marked, Finding { revealed, likeness, .. })) = marked else { return Ok(None) };
            let psnr_db = psnr(&marked, &whole.colours).map_err(|e| e.to_string())?;
            write_new(&written, &whole.png_with(&marked).map_err(|e| e.to_string())?)?;
            let looks = (shown > 0).then(|| {
                shown -= 1;
                let given = &whole.colours;
                let apart = |i: usize| u16::from(given.planes[i].abs_diff(marked.planes[i])).saturating_mul(GAIN).min(255) as u8;
                let marked = [small(&marked), reduced(marked.shape, apart)];
                Arc::new(Looks { given: small(given), marked: Some(marked), revealed: small(&revealed.logo) })
            });
            Ok(Some(Marked { written, psnr_db, likeness, looks }))
        },
    )
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
    let mut shown = if watch.looks() { SHOWN } else { 0 };
    each(
        files,
        watch,
        |watch, found| watch.found(found),
        |path, _| {
            let written = targets.as_ref().map(|targets| targets.of(path)).transpose()?;
            // Transparent places too, as they were marked.
            let given = opened(path)?.colours;
            let found = barrier.look_into(&given, usize::MAX).map_err(|e| e.to_string())?;
            let Finding { revealed, likeness, squares_that_count, softened } = found;
            if let Some(written) = &written {
                write_new(written, &revealed.logo.to_png().map_err(|e| e.to_string())?)?;
            }
            let looks = (shown > 0).then(|| {
                shown -= 1;
                Arc::new(Looks { given: small(&given), marked: None, revealed: small(&revealed.logo) })
            });
            Ok(Some(Found { likeness, squares: revealed.squares.len(), squares_that_count, softened, written, looks }))
        },
    )
}

/// The picture with its longest side at most [`SMALL`], in colour.
fn small(picture: &Picture) -> Picture {
    reduced(picture.shape, |i| picture.planes[i]).colour()
}

/// What `value` gives for each place in planes of this shape, averaged over blocks until the longest side is at most [`SMALL`].
fn reduced(shape: Shape, value: impl Fn(usize) -> u8) -> Picture {
    let Shape { channels, height, width } = shape;
    let by = height.max(width).div_ceil(SMALL).max(1);
    let out = Shape { channels, height: height.div_ceil(by), width: width.div_ceil(by) };
    let mut planes = Vec::with_capacity(out.len());
    for (c, top, left) in (0..channels).flat_map(|c| (0..out.height).flat_map(move |y| (0..out.width).map(move |x| (c, y * by, x * by)))) {
        let (rows, columns) = (top..(top + by).min(height), left..(left + by).min(width));
        let count = rows.len() * columns.len();
        let sum: usize = rows.flat_map(|y| columns.clone().map(move |x| (c * height + y) * width + x)).map(|i| usize::from(value(i))).sum();
        planes.push(((sum + count / 2) / count) as u8);
    }
    Picture { shape: out, planes }
}

/// A picture file; why it cannot be used is said without its name, which stands beside it.
pub(in crate::jobs) fn opened(path: &Path) -> Result<Whole, String> {
    Whole::open(path).map_err(|error| match error {
        DataError::Picture { reason, .. } => reason.to_string(),
        error => error.to_string(),
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
    tell: impl Fn(&mut dyn Watch, &Handled<T>),
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
        let handled = Handled { file: file.clone(), result };
        tell(watch, &handled);
        all.push(handled);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_keep_proportions_and_brightness() {
        let shape = Shape { channels: 1, height: 1000, width: 400 };
        let picture = Picture { shape, planes: (0..shape.len()).map(|i| if i % 400 < 200 { 10 } else { 200 }).collect() };
        let seen = small(&picture);
        assert_eq!(seen.shape, Shape { channels: 3, height: 143, width: 58 });
        assert_eq!((seen.planes[0], seen.planes[57]), (10, 200));
        let tiny = Shape { channels: 3, height: 1, width: 2 };
        assert_eq!(reduced(tiny, |i| i as u8).planes, [0, 1, 2, 3, 4, 5]);
    }
}
