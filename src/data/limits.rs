//! How much of anything is opened: every limit of this room in one place, so that it can be read, stated and tested.

use super::DataError;
use std::path::Path;

/// Bytes of one data file (idx, CIFAR, zip) on disk: 4 GiB.
pub const MAX_FILE_BYTES: u64 = 4 << 30;
/// Bytes of one picture file: 64 MiB.
pub const MAX_PICTURE_BYTES: u64 = 64 << 20;
/// Pixels of one picture, checked before decoding: 2^26, for example 8192x8192.
pub const MAX_PIXELS: u64 = 1 << 26;
/// Pictures of one data set.
pub const MAX_IMAGES: usize = 2_000_000;
/// Bytes of all pictures of a data set in memory: 1 GiB.
pub const MAX_MEMORY: u64 = 1 << 30;
/// Classes of one data set: labels are 16-bit numbers.
pub const MAX_CLASSES: usize = 65_535;
/// Folders inside folders below the one that was dropped.
pub const MAX_DEPTH: usize = 8;
/// Entries of an archive, folders included.
pub const MAX_ARCHIVE_ENTRIES: usize = 2_000_000;
/// Bytes of an archive unpacked: 16 GiB.
pub const MAX_UNPACKED: u64 = 16 << 30;
/// Bytes unpacked per byte on disk; pictures stay near 1, an archive of nothing but zeros reaches 1000.
pub const MAX_RATIO: u64 = 200;
/// Rows or columns of a picture after the choice of a side.
pub const MAX_SIDE: usize = 512;

/// The limits as values, so that tests can reach them with small files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub file_bytes: u64,
    pub picture_bytes: u64,
    pub pixels: u64,
    pub images: usize,
    pub memory: u64,
    pub classes: usize,
    pub depth: usize,
    pub entries: usize,
    pub unpacked: u64,
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: MAX_FILE_BYTES,
            picture_bytes: MAX_PICTURE_BYTES,
            pixels: MAX_PIXELS,
            images: MAX_IMAGES,
            memory: MAX_MEMORY,
            classes: MAX_CLASSES,
            depth: MAX_DEPTH,
            entries: MAX_ARCHIVE_ENTRIES,
            unpacked: MAX_UNPACKED,
            ratio: MAX_RATIO,
        }
    }
}

impl Limits {
    /// Refuses more pictures, or more bytes of pictures of `len` bytes each, than are opened.
    pub fn check_amount(&self, count: usize, len: usize, path: &Path) -> Result<(), DataError> {
        let too_large = |what: String, limit: String| DataError::TooLarge { what, limit, path: path.to_path_buf() };
        if count > self.images {
            return Err(too_large(format!("It has {count} pictures"), format!("{} pictures", self.images)));
        }
        let bytes = count as u64 * len as u64;
        if bytes > self.memory {
            return Err(too_large(format!("Its pictures take {} MB of memory", bytes >> 20), format!("{} MB", self.memory >> 20)));
        }
        Ok(())
    }

    /// Refuses more classes than a label can name.
    pub fn check_classes(&self, classes: usize, path: &Path) -> Result<(), DataError> {
        if classes <= self.classes {
            return Ok(());
        }
        let limit = format!("{} classes", self.classes);
        Err(DataError::TooLarge { what: format!("It has {classes} classes"), limit, path: path.to_path_buf() })
    }
}
