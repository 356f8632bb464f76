//! CIFAR-10 and CIFAR-100 binary files, gzip or not: records of one or two label bytes and 3,072 planar bytes.

use super::idx::strip;
use super::limits::Limits;
use super::open::{Parts, Progress};
use super::sniff::{Content, content, read_error, reader};
use super::{DataError, Format, Samples, Shape};
use std::io::Read;
use std::path::{Path, PathBuf};

const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };
/// A record of CIFAR-10: label, picture.
const RECORD_10: usize = 1 + SHAPE.len();
/// A record of CIFAR-100: coarse label, fine label, picture.
const RECORD_100: usize = 2 + SHAPE.len();
/// Without a telling name, fewer records than this may agree by chance.
const TELLING: usize = 16;

const NAMES_10: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const NAMES_100: &str = "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle \
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl \
    hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree \
    orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea \
    seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger \
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm";

/// Whether a file without signature holds CIFAR records: its length and labels fit. A telling name (`cifar`, `_batch`) is enough
/// for a file whose length does not fit, so that its owner hears that it is cut off.
pub(crate) fn recognise(path: &Path, limits: &Limits) -> Option<Content> {
    let name = name(path);
    let is_named = name.contains("cifar") || name.contains("_batch");
    let is_bin = name.ends_with(".bin") || name.ends_with(".bin.gz");
    let size = std::fs::metadata(path).ok()?.len() as usize;
    if !is_bin && (name.ends_with(".gz") || (!size.is_multiple_of(RECORD_10) && !size.is_multiple_of(RECORD_100))) {
        return None;
    }
    let mut bytes = Vec::new();
    let read = reader(path, limits).ok()?.take(limits.memory.saturating_add(1)).read_to_end(&mut bytes);
    let fits = |record: usize, labels: &[u8]| {
        !bytes.is_empty()
            && bytes.len().is_multiple_of(record)
            && bytes.chunks_exact(record).all(|picture| picture.iter().zip(labels).all(|(label, &classes)| *label < classes))
    };
    let enough = |record: usize| is_bin || bytes.len() / record >= TELLING;
    if read.is_ok() && fits(RECORD_10, &[10]) && enough(RECORD_10) {
        Some(Content::Cifar10)
    } else if read.is_ok() && fits(RECORD_100, &[20, 100]) && enough(RECORD_100) {
        Some(Content::Cifar100)
    } else if is_bin && is_named {
        let is_100 = name.contains("100") || (bytes.len().is_multiple_of(RECORD_100) && !bytes.len().is_multiple_of(RECORD_10));
        Some(if is_100 { Content::Cifar100 } else { Content::Cifar10 })
    } else {
        None
    }
}

/// Opens all CIFAR files of one kind in `folder`; with `dropped`, those that belong to this file by name.
pub(crate) fn open(
    folder: &Path,
    dropped: Option<&Path>,
    is_100: bool,
    limits: &Limits,
    progress: &mut Progress<'_>,
) -> Result<(Format, Parts), DataError> {
    let kind = if is_100 { Content::Cifar100 } else { Content::Cifar10 };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .map_err(|e| DataError::io(folder, &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && dropped.is_none_or(|file| family(file) == family(path)))
        .collect();
    paths.sort();
    let mut seen: Vec<String> = Vec::new();
    paths.retain(|path| {
        // The same file unpacked beside its gzip: one is enough.
        let plain = strip(&name(path), &[".gz"]);
        let is_new = !seen.contains(&plain) && content(path, limits).is_ok_and(|found| found == kind);
        if is_new {
            seen.push(plain);
        }
        is_new
    });
    let empty = || Samples { shape: SHAPE, pixels: Vec::new(), labels: Vec::new() };
    let (mut train, mut test) = (empty(), empty());
    for (done, path) in paths.iter().enumerate() {
        progress(done as f32 / paths.len() as f32)?;
        let part = if name(path).contains("test") { &mut test } else { &mut train };
        read(path, is_100, part, limits)?;
    }
    limits.check_amount(train.count() + test.count(), SHAPE.len(), folder)?;
    let classes = class_names(folder, is_100);
    let format = if is_100 { Format::Cifar100 } else { Format::Cifar10 };
    Ok((format, Parts { classes, train, validation: empty(), test, notes: Vec::new() }))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase())
}

/// A file's name without its part and number, so that batches of one data set agree.
fn family(path: &Path) -> String {
    let name = strip(&name(path), &[".gz", ".bin", "train", "test", "data", "batch"]);
    name.chars().filter(|c| c.is_alphabetic()).collect()
}

fn read(path: &Path, is_100: bool, part: &mut Samples, limits: &Limits) -> Result<(), DataError> {
    let (record, skip, classes) = if is_100 { (RECORD_100, 2, 100) } else { (RECORD_10, 1, 10) };
    let mut bytes = Vec::new();
    let most = limits.memory + limits.memory / 1024 + record as u64;
    reader(path, limits)?.take(most).read_to_end(&mut bytes).map_err(|e| read_error(path, &e))?;
    limits.check_amount(bytes.len() / record, SHAPE.len(), path)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        let missing = format!("its {} bytes are no whole number of pictures of {record} bytes", bytes.len());
        return Err(DataError::Truncated { missing, path: path.to_path_buf() });
    }
    part.pixels.reserve(bytes.len());
    for (index, picture) in bytes.chunks_exact(record).enumerate() {
        let label = usize::from(picture[skip - 1]);
        if label >= classes {
            return Err(DataError::LabelOutOfRange { index, label, classes, path: path.to_path_buf() });
        }
        part.labels.push(label as u16);
        part.pixels.extend_from_slice(&picture[skip..]);
    }
    Ok(())
}

/// Names from the text file that comes with the original, else the known ones.
fn class_names(folder: &Path, is_100: bool) -> Vec<String> {
    let (file, count) = if is_100 { ("fine_label_names.txt", 100) } else { ("batches.meta.txt", 10) };
    let given = super::decode::read_file(&folder.join(file), 1 << 16).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let given: Vec<String> = given.unwrap_or_default().lines().map(|l| l.trim().to_string()).filter(|l| !l.is_empty()).collect();
    if given.len() == count {
        given
    } else if is_100 {
        NAMES_100.split_whitespace().map(|name| name.replace('_', " ")).collect()
    } else {
        NAMES_10.map(String::from).to_vec()
    }
}
