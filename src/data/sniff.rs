//! What a file is, by its first bytes; its name only decides where bytes alone cannot (CIFAR has no signature).

use super::DataError;
use super::cifar;
use super::limits::Limits;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bytes that are looked at.
const HEAD: u64 = 512;

/// The kinds of content that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// An idx file of bytes with so many dimensions.
    Idx(u8),
    Cifar10,
    Cifar100,
    Zip,
    /// PNG, JPEG, WebP, BMP or another picture.
    Picture,
    Svg,
    Safetensors,
    Tar,
    Empty,
    Unknown,
}

/// Looks at the head of a regular file, inside gzip where it is one.
pub(crate) fn content(path: &Path, limits: &Limits) -> Result<Content, DataError> {
    let head = head(path)?;
    let size = std::fs::metadata(path).map_err(|e| DataError::io(path, &e))?.len();
    Ok(match head.as_slice() {
        [] => Content::Empty,
        [0, 0, 8 | 9 | 11..=14, dimensions @ 1..=4, ..] => Content::Idx(*dimensions),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Content::Zip,
        _ if head.get(257..262) == Some(b"ustar") => Content::Tar,
        _ if image::guess_format(&head).is_ok() => Content::Picture,
        _ if looks_like_svg(&head) => Content::Svg,
        _ if is_safetensors(&head, size) => Content::Safetensors,
        _ => cifar::recognise(path, limits).unwrap_or(Content::Unknown),
    })
}

/// A file's bytes, unpacked where it is gzip. Only regular files: a pipe may never end.
pub(crate) fn reader(path: &Path, limits: &Limits) -> Result<Box<dyn Read>, DataError> {
    let io = |e: std::io::Error| DataError::io(path, &e);
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        return Err(DataError::NotAFile { path: path.to_path_buf() });
    }
    if meta.len() > limits.file_bytes {
        let what = format!("The file has {} MB", meta.len() >> 20);
        return Err(DataError::TooLarge { what, limit: format!("{} MB", limits.file_bytes >> 20), path: path.to_path_buf() });
    }
    let mut magic = Vec::new();
    File::open(path).map_err(io)?.take(2).read_to_end(&mut magic).map_err(io)?;
    let file = BufReader::with_capacity(1 << 18, File::open(path).map_err(io)?);
    Ok(if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// The sentence for a failure inside a reader: a gzip stream that stops or lies is not the disk's fault.
pub(crate) fn read_error(path: &Path, error: &std::io::Error) -> DataError {
    match error.kind() {
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
            DataError::Damaged { what: format!("it cannot be unpacked, {error}"), path: path.to_path_buf() }
        }
        _ => DataError::io(path, error),
    }
}

fn head(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut head = Vec::new();
    let read = reader(path, &Limits::default())?.take(HEAD).read_to_end(&mut head);
    // A file that is cut off early may still show what it is; its reader says the rest.
    if head.is_empty() {
        read.map_err(|e| read_error(path, &e))?;
    }
    Ok(head)
}

/// Whether text starts like an SVG: an `<svg` element, perhaps behind a declaration, comments or a document type.
pub(crate) fn looks_like_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg") || (["<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|s| text.starts_with(s)) && text.contains("svg"))
}

fn is_safetensors(head: &[u8], size: u64) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.first() == Some(&b'{') && length >= 2 && length < size
}
