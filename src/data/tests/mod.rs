//! Tests of the whole room: formats as people have them, hostile files, and bytes of no kind at all.

mod formats;
mod hostile;
mod inspection;
mod logos;
mod real;

use super::limits::Limits;
use super::open::open_within;
use super::{DataError, Dataset, OpenOptions, Picture, Shape, open};
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A picture whose content depends on `seed`.
fn picture(channels: usize, height: usize, width: usize, seed: usize) -> Picture {
    let shape = Shape { channels, height, width };
    Picture { shape, planes: (0..shape.len()).map(|i| ((i * 31 + seed * 57) % 251) as u8).collect() }
}

fn write(path: PathBuf, bytes: &[u8]) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_images(count: usize, side: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    [count, side, side].iter().for_each(|&n| bytes.extend((n as u32).to_be_bytes()));
    bytes.extend((0..count * side * side).map(|i| (i % 253) as u8));
    bytes
}

fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 1];
    bytes.extend((labels.len() as u32).to_be_bytes());
    bytes.extend(labels);
    bytes
}

/// Writes `count` small pictures for each class below `root`.
fn class_folder(root: &Path, classes: &[&str], count: usize) {
    for (c, class) in classes.iter().enumerate() {
        for i in 0..count {
            write(root.join(class).join(format!("{i}.png")), &picture(1, 28, 28, c * 100 + i).to_png().unwrap());
        }
    }
}

fn zip_of(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn plain(path: &Path) -> Result<Dataset, DataError> {
    open(path, &OpenOptions::default(), &mut |_| true)
}

fn within(path: &Path, limits: Limits) -> Result<Dataset, DataError> {
    open_within(path, &OpenOptions::default(), &limits, &mut |_| true)
}

fn kind(result: Result<Dataset, DataError>) -> &'static str {
    match result {
        Ok(dataset) => panic!("{} opened", dataset.name),
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.len() > 20 && sentence.chars().next().unwrap().is_uppercase(), "{sentence}");
            error.kind()
        }
    }
}
