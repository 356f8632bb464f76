//! Opening whatever was dropped: recognises the format by content, loads it, divides it and says what people should know.

use super::archive::Archive;
use super::arrange::arrange;
use super::limits::{Limits, MAX_SIDE};
use super::samples::digest;
use super::sniff::{Content, content};
use super::split::split;
use super::{DataError, Dataset, Format, Problem, Samples, Shape, cifar, folder, gather, idx};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// How a data set is to be opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenOptions {
    /// Rows and columns that all pictures get, 1..=512. `None`: as they are when all are the same square of at most
    /// 64 that networks take (colour: a multiple of 32; grey: of 4, and at least 8), else 32.
    pub side: Option<usize>,
    /// 1 (grey) or 3 (colour). `None`: grey when every picture is, else colour.
    pub channels: Option<usize>,
    /// Decides which pictures are kept for testing when the data set does not say.
    pub split_seed: u64,
    /// The share kept for testing when the data set does not say, 0.01..=0.9.
    pub test_share: f64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions { side: None, channels: None, split_seed: 1, test_share: 0.15 }
    }
}

impl OpenOptions {
    /// The sides that networks and schemes take.
    pub const SIDES: [usize; 3] = [28, 32, 64];

    /// 1 or 3, whatever a file from outside says.
    pub(crate) fn channels(&self) -> Option<usize> {
        self.channels.map(|channels| if channels == 1 { 1 } else { 3 })
    }
}

/// Tells the share done, 0..1; the error of a cancel passes up through `?`.
pub(crate) type Progress<'a> = dyn FnMut(f32) -> Result<(), DataError> + 'a;

/// What a format's reader hands over: parts of one shape, labels within `classes`.
#[derive(Debug)]
pub(crate) struct Parts {
    pub classes: Vec<String>,
    pub train: Samples,
    pub validation: Samples,
    pub test: Samples,
    pub notes: Vec<String>,
}

/// Opens a file or folder as a labelled data set: idx, CIFAR, a folder with one folder per class, or a zip of one.
///
/// `progress` hears the share done (0..1) and answers whether to go on; `false` ends in [`DataError::Cancelled`]. Originals are
/// only read. Files that cannot be used are listed in `problems`; the rest is opened.
///
/// # Errors
/// Every [`DataError`]; its `Display` is the sentence for the user.
pub fn open(path: &Path, options: &OpenOptions, progress: &mut dyn FnMut(f32) -> bool) -> Result<Dataset, DataError> {
    open_within(path, options, &Limits::default(), progress)
}

pub(crate) fn open_within(
    path: &Path,
    options: &OpenOptions,
    limits: &Limits,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<Dataset, DataError> {
    let mut progress = |share: f32| if progress(share) { Ok(()) } else { Err(DataError::Cancelled) };
    progress(0.0)?;
    let mut problems = Vec::new();
    let loaded = load(path, options, limits, &mut problems, &mut progress);
    let finished = loaded.and_then(|(format, parts)| finish(path, format, parts, options));
    let dataset = match finished {
        Ok(dataset) => Dataset { problems, ..dataset },
        Err(error) => return Err(error.with_problems(problems)),
    };
    progress(1.0)?;
    Ok(dataset)
}

fn load(
    path: &Path,
    options: &OpenOptions,
    limits: &Limits,
    problems: &mut Vec<Problem>,
    progress: &mut Progress<'_>,
) -> Result<(Format, Parts), DataError> {
    let meta = std::fs::metadata(path).map_err(|e| DataError::io(path, &e))?;
    let (listing, dropped) = if meta.is_dir() {
        (path, None)
    } else if meta.is_file() {
        (path.parent().unwrap_or(Path::new(".")), Some(path))
    } else {
        return Err(DataError::NotAFile { path: path.to_path_buf() });
    };
    let unrecognised = |found: &str| Err(DataError::Unrecognised { found: found.into(), path: path.to_path_buf() });
    let found = match dropped {
        Some(file) => content(file, limits)?,
        None => match data_files(path, limits)? {
            Some(found) => found,
            None => {
                let files = arrange(folder::walk(path, limits, problems)?, problems);
                return Ok((Format::Folder, sorted(path, files, &mut None, options, limits, problems, progress)?));
            }
        },
    };
    match found {
        Content::Idx(_) => {
            let parts = idx::open(listing, dropped, limits, progress)?;
            Ok((Format::Idx, reshape(path, parts, options, limits)?))
        }
        Content::Cifar10 | Content::Cifar100 => {
            let (format, parts) = cifar::open(listing, dropped, found == Content::Cifar100, limits, progress)?;
            Ok((format, reshape(path, parts, options, limits)?))
        }
        Content::Zip => {
            let (archive, files) = Archive::open(path, limits, problems)?;
            if files.iter().any(|file| file.shown == Path::new("manifest.json")) {
                return unrecognised("This is a key package or a bundle of evidence, not a data set.");
            }
            let files = arrange(files, problems);
            Ok((Format::Zip, sorted(path, files, &mut Some(archive), options, limits, problems, progress)?))
        }
        Content::Picture => unrecognised("This is a single picture, not a data set."),
        Content::Svg => unrecognised("This is a drawing (SVG), not a data set."),
        Content::Safetensors => unrecognised("This is a model, not a data set."),
        Content::Tar => unrecognised("This is a tar archive. Unpack it first."),
        Content::Empty => Err(DataError::Truncated { missing: "it is empty".into(), path: path.to_path_buf() }),
        Content::Unknown => unrecognised("No data set that this program knows is in this file."),
    }
}

/// What the files directly in a folder are, if they are idx or CIFAR files.
fn data_files(folder: &Path, limits: &Limits) -> Result<Option<Content>, DataError> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(|e| DataError::io(folder, &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .take(1000)
        .collect();
    paths.sort();
    let found: Vec<Content> = paths.iter().filter_map(|path| content(path, limits).ok()).collect();
    let is_data = |c: &&Content| matches!(c, Content::Idx(_));
    let is_cifar = |c: &&Content| matches!(c, Content::Cifar10 | Content::Cifar100);
    Ok(found.iter().find(is_data).or_else(|| found.iter().find(is_cifar)).copied())
}

fn sorted(
    path: &Path,
    files: Vec<super::arrange::Sorted>,
    archive: &mut Option<Archive>,
    options: &OpenOptions,
    limits: &Limits,
    problems: &mut Vec<Problem>,
    progress: &mut Progress<'_>,
) -> Result<Parts, DataError> {
    if files.is_empty() {
        let no_classes = || DataError::NoClasses { path: path.to_path_buf(), problems: Vec::new() };
        return Err(if problems.is_empty() { DataError::empty(path) } else { no_classes() });
    }
    gather::gather(path, files, archive, options, limits, problems, progress)
}

/// Brings parts that were read whole (idx, CIFAR) to the side and channels asked for.
fn reshape(path: &Path, mut parts: Parts, options: &OpenOptions, limits: &Limits) -> Result<Parts, DataError> {
    let old = parts.train.shape;
    let channels = options.channels().unwrap_or(old.channels);
    let usual = if old.height == old.width && gather::is_native(old.width, channels) { old.width } else { gather::COMMON_SIDE };
    let side = options.side.unwrap_or(usual).clamp(1, MAX_SIDE);
    let new = Shape { channels, height: side, width: side };
    let count = parts.train.count() + parts.validation.count() + parts.test.count();
    limits.check_amount(count, new.len(), path)?;
    if old == new {
        return Ok(parts);
    }
    if (old.width, old.height) != (side, side) {
        parts.notes.push(format!("All pictures have {}x{} pixels; they were brought to {side}x{side}.", old.width, old.height));
    }
    for part in [&mut parts.train, &mut parts.validation, &mut parts.test] {
        let fitted: Vec<Vec<u8>> = (0..part.count()).into_par_iter().map(|i| part.picture(i).fitted(side, channels).planes).collect();
        part.pixels = fitted.concat();
        part.shape = new;
    }
    Ok(parts)
}

/// Divides where the data set does not, checks that there is something to tell apart, and writes the notes.
fn finish(path: &Path, format: Format, mut parts: Parts, options: &OpenOptions) -> Result<Dataset, DataError> {
    let mut notes = std::mem::take(&mut parts.notes);
    let (mut train, mut test) = (parts.train, parts.test);
    if train.is_empty() {
        std::mem::swap(&mut train, &mut test);
        train.shape = test.shape;
    }
    if !parts.validation.is_empty() {
        let count = parts.validation.count();
        if test.is_empty() {
            test = parts.validation;
            notes.push(format!("There is no test part; the {count} validation pictures are used for testing."));
        } else {
            train.pixels.extend_from_slice(&parts.validation.pixels);
            train.labels.extend_from_slice(&parts.validation.labels);
            notes.push(format!("The {count} validation pictures were added to the training part."));
        }
    }
    let mut counts = vec![0usize; parts.classes.len()];
    train.labels.iter().chain(&test.labels).for_each(|&label| counts[label as usize] += 1);
    let used: Vec<usize> = (0..counts.len()).filter(|&class| counts[class] > 0).collect();
    if let [] | [_] = used.as_slice() {
        let class = used.first().map_or_else(String::new, |&class| parts.classes[class].clone());
        return Err(DataError::OneClass { class, path: path.to_path_buf(), problems: Vec::new() });
    }
    if test.is_empty() {
        let (learnt, kept) = split(&train.labels, options.split_seed, options.test_share.clamp(0.01, 0.9));
        (train, test) = (train.select(&learnt), train.select(&kept));
        let (kept, all) = (kept.len(), learnt.len() + kept.len());
        notes.push(format!("There is no test part; {kept} of the {all} pictures, chosen by the seed, are kept for testing."));
    }
    notes.extend(balance(&parts.classes, &counts, &train));
    let name = if matches!(format, Format::Idx | Format::Cifar10 | Format::Cifar100) && path.is_file() {
        path.parent().and_then(Path::file_name).or(path.file_name())
    } else if format == Format::Zip {
        path.file_stem()
    } else {
        path.file_name()
    };
    let name = name.map_or_else(|| "Data set".into(), |name| name.to_string_lossy().into_owned());
    Ok(Dataset {
        name,
        source: Some(path.to_path_buf()),
        digest: digest(&train, &test),
        format,
        classes: parts.classes,
        train: Arc::new(train),
        test: Arc::new(test),
        problems: Vec::new(),
        notes,
    })
}

fn balance(classes: &[String], counts: &[usize], train: &Samples) -> Vec<String> {
    let mut notes = Vec::new();
    let used = || (0..counts.len()).filter(|&class| counts[class] > 0);
    let least = used().min_by_key(|&class| counts[class]).unwrap_or(0);
    let most = used().rev().max_by_key(|&class| counts[class]).unwrap_or(0);
    if counts[most] >= 3 * counts[least].max(1) {
        notes.push(format!(
            "The classes are not balanced: “{}” has {} pictures, “{}” has {}.",
            classes[least], counts[least], classes[most], counts[most]
        ));
    }
    let learnt = train.class_counts();
    let unseen: Vec<&str> =
        (0..classes.len()).filter(|&class| learnt.get(class).is_none_or(|&n| n == 0)).map(|class| classes[class].as_str()).collect();
    if !unseen.is_empty() {
        notes.push(format!("No training picture shows {}.", unseen.join(", ")));
    }
    notes
}
