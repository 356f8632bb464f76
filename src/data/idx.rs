//! idx files (MNIST and its kin), gzip or not: a pair of pictures and labels, found beside each other by name or by content.

use super::limits::Limits;
use super::open::{Parts, Progress};
use super::sample::FASHION;
use super::sniff::{Content, content, read_error, reader};
use super::{DataError, Samples, Shape};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest rows or columns of a picture in an idx file.
const MAX_MEASURE: usize = 4096;

/// Opens the data set in `folder`; with `dropped`, the one that this file belongs to. Any of its files will do.
pub(crate) fn open(folder: &Path, dropped: Option<&Path>, limits: &Limits, progress: &mut Progress<'_>) -> Result<Parts, DataError> {
    let pairs = pairs(folder, dropped, limits)?;
    let mut shape = None;
    let mut parts: [(Vec<u8>, Vec<u16>); 2] = Default::default();
    for (done, pair) in pairs.iter().enumerate() {
        progress(done as f32 / pairs.len() as f32)?;
        let (found, pixels) = read_images(&pair.images, limits)?;
        let labels = read_labels(&pair.labels, limits)?;
        if found.0 != labels.len() {
            return Err(DataError::CountsDiffer { images: found.0, labels: labels.len(), path: pair.images.clone() });
        }
        if *shape.get_or_insert(found.1) != found.1 {
            let what = format!("its pictures have {} pixels, those of the other part differ", found.1);
            return Err(DataError::Damaged { what, path: pair.images.clone() });
        }
        let part = &mut parts[usize::from(pair.is_test)];
        if part.0.is_empty() {
            part.0 = pixels
        } else {
            part.0.extend_from_slice(&pixels)
        }
        part.1.extend(labels.into_iter().map(u16::from));
        limits.check_amount(part.1.len(), found.1.len(), folder)?;
    }
    let shape = shape.ok_or_else(|| DataError::empty(folder))?;
    let highest = parts.iter().flat_map(|p| &p.1).max().ok_or_else(|| DataError::empty(folder))?;
    let classes = class_names(folder, *highest as usize + 1);
    let [train, test] = parts.map(|(pixels, labels)| Samples { shape, pixels, labels });
    let validation = Samples { shape, pixels: Vec::new(), labels: Vec::new() };
    Ok(Parts { classes, train, validation, test, notes: Vec::new() })
}

/// Numbers, or the names of Fashion-MNIST where the folder is called so.
fn class_names(folder: &Path, count: usize) -> Vec<String> {
    let fashion = folder.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().contains("fashion"));
    if fashion && count == FASHION.len() {
        return FASHION.map(String::from).to_vec();
    }
    (0..count).map(|class| class.to_string()).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Pair {
    images: PathBuf,
    labels: PathBuf,
    is_test: bool,
}

struct Half {
    path: PathBuf,
    is_images: bool,
    key: String,
    family: String,
}

impl Half {
    fn new(path: PathBuf, dimensions: u8) -> Half {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
        let key = strip(&name, &[".gz", "images", "image", "labels", "label", "idx1", "idx2", "idx3", "idx4", "idx", "ubyte"]);
        let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
        let family = strip(&key, &["train", "t10k", "test"]);
        Half { path, is_images: dimensions >= 2, key, family }
    }
}

/// `name` without any of `words`.
pub(crate) fn strip(name: &str, words: &[&str]) -> String {
    words.iter().fold(name.to_string(), |name, word| name.replace(word, ""))
}

fn pairs(folder: &Path, dropped: Option<&Path>, limits: &Limits) -> Result<Vec<Pair>, DataError> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .map_err(|e| DataError::io(folder, &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let mut halves: Vec<Half> = Vec::new();
    for path in paths {
        if let Ok(Content::Idx(dimensions)) = content(&path, limits) {
            let half = Half::new(path, dimensions);
            // The same file unpacked beside its gzip: one is enough.
            if !halves.iter().any(|other| other.key == half.key && other.is_images == half.is_images) {
                halves.push(half);
            }
        }
    }
    let wanted = dropped.map(|file| Half::new(file.to_path_buf(), 1));
    let all: Vec<&Half> = halves.iter().collect();
    let family: Vec<&Half> = match &wanted {
        Some(wanted) => all.iter().filter(|half| half.family == wanted.family).copied().collect(),
        None => all.clone(),
    };
    let mut found = matched(&family);
    if found.is_empty() {
        let mut images = all.iter().filter(|half| half.is_images);
        let mut labels = all.iter().filter(|half| !half.is_images);
        if let (Some(images), None, Some(labels), None) = (images.next(), images.next(), labels.next(), labels.next()) {
            return Ok(vec![Pair { images: images.path.clone(), labels: labels.path.clone(), is_test: false }]);
        }
        let half = family.first().or(all.first()).ok_or_else(|| DataError::empty(folder))?;
        let missing = if half.is_images { "labels" } else { "pictures" };
        return Err(DataError::Unpaired { missing, path: half.path.clone() });
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut names: Vec<String> =
        found.iter().map(|(family, _)| if family.is_empty() { "one without a name".into() } else { family.clone() }).collect();
    names.dedup();
    if names.len() > 1 {
        return Err(DataError::Several { names: names.join(", "), path: folder.to_path_buf() });
    }
    Ok(found.into_iter().map(|(_, pair)| pair).collect())
}

/// Images and labels whose names agree apart from those words, each with its family.
fn matched(halves: &[&Half]) -> Vec<(String, Pair)> {
    let mut found = Vec::new();
    for images in halves.iter().filter(|half| half.is_images) {
        if let Some(labels) = halves.iter().find(|half| !half.is_images && half.key == images.key) {
            let is_test = images.key.contains("t10k") || images.key.contains("test");
            found.push((images.family.clone(), Pair { images: images.path.clone(), labels: labels.path.clone(), is_test }));
        }
    }
    found
}

fn read_images(path: &Path, limits: &Limits) -> Result<((usize, Shape), Vec<u8>), DataError> {
    let mut source = reader(path, limits)?;
    let dimensions = dimensions(path, &mut source, 3)?;
    let (count, height, width) = (dimensions[0], dimensions[1], dimensions[2]);
    if height == 0 || width == 0 || height > MAX_MEASURE || width > MAX_MEASURE {
        let what = format!("its header speaks of pictures with {width}x{height} pixels");
        return Err(DataError::Damaged { what, path: path.to_path_buf() });
    }
    let shape = Shape { channels: 1, height, width };
    limits.check_amount(count, shape.len(), path)?;
    let pixels = body(path, source, count, shape.len(), "pictures")?;
    Ok(((count, shape), pixels))
}

fn read_labels(path: &Path, limits: &Limits) -> Result<Vec<u8>, DataError> {
    let mut source = reader(path, limits)?;
    let dimensions = dimensions(path, &mut source, 1)?;
    limits.check_amount(dimensions[0], 1, path)?;
    body(path, source, dimensions[0], 1, "labels")
}

/// Reads the header: two zeros, the kind of number (8: bytes), how many dimensions, and each of them, big-endian.
fn dimensions(path: &Path, source: &mut dyn Read, expected: u8) -> Result<Vec<usize>, DataError> {
    let damaged = |what: String| DataError::Damaged { what, path: path.to_path_buf() };
    let mut magic = [0; 4];
    source.read_exact(&mut magic).map_err(|e| read_error(path, &e))?;
    if magic[..2] != [0, 0] {
        return Err(damaged("it is no idx file".into()));
    }
    if magic[2] != 8 {
        return Err(damaged(format!("its numbers are of kind {:#04x}, and only bytes (0x08) can be read", magic[2])));
    }
    if magic[3] != expected {
        return Err(damaged(format!("it has {} dimensions, and {expected} were expected", magic[3])));
    }
    let mut sizes = Vec::new();
    for _ in 0..expected {
        let mut size = [0; 4];
        source.read_exact(&mut size).map_err(|e| read_error(path, &e))?;
        sizes.push(u32::from_be_bytes(size) as usize);
    }
    Ok(sizes)
}

/// Reads what the header promised, no less and no more.
fn body(path: &Path, source: Box<dyn Read>, count: usize, len: usize, what: &str) -> Result<Vec<u8>, DataError> {
    let expected = count * len;
    let mut bytes = Vec::with_capacity(expected.min(64 << 20));
    let result = source.take(expected as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() < expected {
        if let Err(error) = result
            && error.kind() != std::io::ErrorKind::UnexpectedEof
        {
            return Err(read_error(path, &error));
        }
        let missing = format!("its header promises {count} {what}, and only {} are there", bytes.len() / len);
        return Err(DataError::Truncated { missing, path: path.to_path_buf() });
    }
    result.map_err(|e| read_error(path, &e))?;
    if bytes.len() > expected {
        let what = format!("its header promises {count} {what}, and more follow");
        return Err(DataError::Damaged { what, path: path.to_path_buf() });
    }
    Ok(bytes)
}
