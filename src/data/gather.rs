//! Many picture files become samples of one shape: first all measures, then the choice of a shape, then decoding in parallel.
//!
//! Work goes in batches bounded by bytes and pixels, so that memory stays bounded, progress is told and a cancel is heard.

use super::archive::Archive;
use super::arrange::{Part, Place, Sorted};
use super::decode::{Header, header, picture, read_file};
use super::limits::{Limits, MAX_SIDE};
use super::open::{OpenOptions, Parts, Progress};
use super::{DataError, Picture, PictureError, Problem, Samples, Shape};
use rayon::prelude::*;
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::path::Path;

/// Files of one batch, at most.
const BATCH: usize = 256;
/// Sides up to this are kept when all pictures share them.
const NATIVE_SIDE: usize = 64;
/// The side of pictures that have different ones, or one that networks cannot take.
pub(super) const COMMON_SIDE: usize = 32;

/// Whether squares of this side stay as they are: where networks and schemes take them. The blind watermark wants colour pictures in
/// multiples of 32, the smallest networks want multiples of 4.
pub(super) fn is_native(side: usize, channels: usize) -> bool {
    side <= NATIVE_SIDE && if channels == 3 { side > 0 && side.is_multiple_of(32) } else { side >= 8 && side.is_multiple_of(4) }
}

/// Decodes sorted files into parts; what fails goes to `problems`, what people should know to the notes of the result.
pub(crate) fn gather(
    path: &Path,
    files: Vec<Sorted>,
    archive: &mut Option<Archive>,
    options: &OpenOptions,
    limits: &Limits,
    problems: &mut Vec<Problem>,
    progress: &mut Progress<'_>,
) -> Result<Parts, DataError> {
    limits.check_amount(files.len(), 0, path)?;
    let tried = files.len();
    let named: BTreeSet<String> = files.iter().map(|file| file.class.clone()).collect();
    let already = problems.len();

    let mut headers: Vec<Header> = Vec::with_capacity(files.len());
    let mut kept = Vec::with_capacity(files.len());
    let mut seen = 0;
    for batch in batches(files, |file| (file.file.size, 0), limits) {
        progress(0.25 * seen as f32 / tried as f32)?;
        seen += batch.len();
        let found = each(&batch, archive, limits, |bytes| header(bytes, limits));
        for (file, found) in batch.into_iter().zip(found) {
            match found {
                Ok(found) => {
                    headers.push(found);
                    kept.push(file);
                }
                Err(error) => problems.push(Problem { file: file.file.shown, reason: error.to_string() }),
            }
        }
    }
    let Some(&first) = headers.first() else { return Err(none(path, tried, &problems[already..])) };
    let side = options.side.unwrap_or_else(|| {
        let same = first.width == first.height && headers.iter().all(|h| *h == first);
        if same && is_native(first.width, options.channels().unwrap_or(1)) { first.width } else { COMMON_SIDE }
    });
    let mut side = side.clamp(1, MAX_SIDE);
    limits.check_amount(kept.len(), side * side * options.channels().unwrap_or(1), path)?;
    let mut decoded: Vec<(Sorted, Picture)> = Vec::with_capacity(kept.len());
    let mut seen = 0;
    let measured = kept.into_iter().zip(headers.iter().copied()).collect();
    for batch in batches(measured, |(file, head)| (file.file.size, (head.width * head.height) as u64), limits) {
        progress(0.25 + 0.75 * seen as f32 / tried as f32)?;
        seen += batch.len();
        let batch: Vec<Sorted> = batch.into_iter().map(|(file, _)| file).collect();
        let made = each(&batch, archive, limits, |bytes| {
            let picture = picture(bytes, [255; 3], limits)?.middle_square().resized(side, side);
            Ok(match options.channels() {
                Some(1) => picture.grey(),
                Some(_) => picture.colour(),
                None => picture,
            })
        });
        for (file, made) in batch.into_iter().zip(made) {
            match made {
                Ok(picture) => decoded.push((file, picture)),
                Err(error) => problems.push(Problem { file: file.file.shown, reason: error.to_string() }),
            }
        }
    }
    if decoded.is_empty() {
        return Err(none(path, tried, &problems[already..]));
    }
    // Only now it is known whether there is colour, which wants other sides than grey.
    let coloured = decoded.iter().any(|(_, picture)| picture.shape.channels == 3);
    if options.side.is_none() && coloured && !is_native(side, 3) {
        side = COMMON_SIDE;
        decoded.par_iter_mut().for_each(|(_, picture)| *picture = picture.resized(side, side));
    }
    let mut notes = size_notes(&headers, side);
    let found: BTreeSet<&str> = decoded.iter().map(|(file, _)| file.class.as_str()).collect();
    let lost: Vec<&str> = named.iter().map(String::as_str).filter(|class| !found.contains(class)).collect();
    if !lost.is_empty() {
        notes.push(format!("These folders hold no picture that can be read and are no classes: {}.", lost.join(", ")));
    }
    collect(path, decoded, side, notes, limits)
}

/// Only measures, in the order of the files.
pub(crate) fn measure(files: &[Sorted], archive: &mut Option<Archive>, limits: &Limits) -> Vec<Result<Header, PictureError>> {
    let all = batches(files.iter().collect(), |file: &&Sorted| (file.file.size, 0), limits);
    all.into_iter().flat_map(|batch| each(&batch, archive, limits, |bytes| header(bytes, limits))).collect()
}

fn none(path: &Path, files: usize, problems: &[Problem]) -> DataError {
    match problems.first() {
        Some(first) => DataError::NoneReadable { files, reason: first.reason.clone(), path: path.to_path_buf(), problems: Vec::new() },
        None => DataError::empty(path),
    }
}

/// Classes in the order of their names; the widest number of channels that any picture needs.
fn collect(path: &Path, decoded: Vec<(Sorted, Picture)>, side: usize, mut notes: Vec<String>, limits: &Limits) -> Result<Parts, DataError> {
    let mut classes: Vec<String> = decoded.iter().map(|(file, _)| file.class.clone()).collect();
    classes.sort_unstable();
    classes.dedup();
    limits.check_classes(classes.len(), path)?;
    let coloured = decoded.iter().filter(|(_, picture)| picture.shape.channels == 3).count();
    let channels = if coloured > 0 { 3 } else { 1 };
    let shape = Shape { channels, height: side, width: side };
    limits.check_amount(decoded.len(), shape.len(), path)?;
    if coloured > 0 && coloured < decoded.len() {
        notes.push(format!("{} of {} pictures are grey; all are treated as colour.", decoded.len() - coloured, decoded.len()));
    }
    let empty = || Samples { shape, pixels: Vec::new(), labels: Vec::new() };
    let mut parts = Parts { classes, train: empty(), validation: empty(), test: empty(), notes };
    for (file, picture) in decoded {
        let part = match file.part {
            Part::Train => &mut parts.train,
            Part::Validation => &mut parts.validation,
            Part::Test => &mut parts.test,
        };
        let class = parts.classes.binary_search(&file.class).unwrap_or_default();
        part.labels.push(class as u16);
        if channels == 3 && picture.shape.channels == 1 {
            (0..3).for_each(|_| part.pixels.extend_from_slice(&picture.planes));
        } else {
            part.pixels.extend_from_slice(&picture.planes);
        }
    }
    Ok(parts)
}

fn size_notes(headers: &[Header], side: usize) -> Vec<String> {
    let range = |of: fn(&Header) -> usize| (headers.iter().map(of).min().unwrap_or(0), headers.iter().map(of).max().unwrap_or(0));
    let ((narrow, wide), (low, high)) = (range(|h| h.width), range(|h| h.height));
    let mut notes = Vec::new();
    if narrow != wide || low != high {
        notes.push(format!("The pictures have different sizes, from {narrow}x{low} to {wide}x{high}; all were brought to {side}x{side}."));
    } else if (wide, high) != (side, side) {
        notes.push(format!("All pictures have {wide}x{high} pixels; they were brought to {side}x{side}."));
    }
    let cropped = headers.iter().filter(|h| h.width != h.height).count();
    if cropped > 0 {
        notes.push(format!("{cropped} of {} pictures are not square; their middle was taken.", headers.len()));
    }
    notes
}

/// Cuts `items` into batches of bounded count, bytes and pixels; one item alone may reach the limit of a single picture.
fn batches<T>(items: Vec<T>, cost: impl Fn(&T) -> (u64, u64), limits: &Limits) -> Vec<Vec<T>> {
    let mut all: Vec<Vec<T>> = Vec::new();
    let (mut bytes, mut pixels) = (0u64, 0u64);
    for item in items {
        let (more_bytes, more_pixels) = cost(&item);
        // A file above the limit is refused unread, so it costs nothing.
        let more_bytes = if more_bytes > limits.picture_bytes { 0 } else { more_bytes };
        match all.last_mut() {
            Some(last) if last.len() < BATCH && bytes + more_bytes <= limits.picture_bytes && pixels + more_pixels <= limits.pixels => {
                last.push(item);
                (bytes, pixels) = (bytes + more_bytes, pixels + more_pixels);
            }
            _ => {
                all.push(vec![item]);
                (bytes, pixels) = (more_bytes, more_pixels);
            }
        }
    }
    all
}

/// Reads a batch (an archive in order, a folder in parallel) and works on each file in parallel.
fn each<T: Send, S: Borrow<Sorted> + Sync>(
    batch: &[S],
    archive: &mut Option<Archive>,
    limits: &Limits,
    work: impl Fn(&[u8]) -> Result<T, PictureError> + Sync,
) -> Vec<Result<T, PictureError>> {
    if let Some(archive) = archive {
        let read: Vec<_> = batch
            .iter()
            .map(|sorted| match sorted.borrow().file.place {
                Place::Entry(index) => archive.read(index),
                Place::Disk(_) => Err(PictureError::NotAPicture),
            })
            .collect();
        return read.into_par_iter().map(|bytes| work(&bytes?)).collect();
    }
    let read = |sorted: &Sorted| match &sorted.file.place {
        Place::Disk(path) => read_file(path, limits.picture_bytes).map_err(|e| e.into_picture()),
        Place::Entry(_) => Err(PictureError::NotAPicture),
    };
    batch.par_iter().map(|sorted| work(&read(sorted.borrow())?)).collect()
}
