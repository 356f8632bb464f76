//! Zip archives, read in place and never unpacked to disk; names, sizes and counts are judged before a byte is unpacked.

use super::arrange::{File, Place};
use super::decode::too_many_bytes;
use super::limits::Limits;
use super::{DataError, PictureError, Problem};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// An archive that passed the checks.
pub(crate) struct Archive {
    zip: ZipArchive<BufReader<std::fs::File>>,
    limit: u64,
}

impl Archive {
    /// Opens an archive and lists its files; entries that cannot be used go to `problems`.
    pub fn open(path: &Path, limits: &Limits, problems: &mut Vec<Problem>) -> Result<(Archive, Vec<File>), DataError> {
        let file = std::fs::File::open(path).map_err(|e| DataError::io(path, &e))?;
        let packed = file.metadata().map_err(|e| DataError::io(path, &e))?.len();
        if packed > limits.file_bytes {
            let what = format!("The archive has {} MB", packed >> 20);
            return Err(DataError::TooLarge { what, limit: format!("{} MB", limits.file_bytes >> 20), path: path.to_path_buf() });
        }
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(path, &e))?;
        if zip.len() > limits.entries {
            let what = format!("The archive has {} entries", zip.len());
            return Err(DataError::TooLarge { what, limit: format!("{} entries", limits.entries), path: path.to_path_buf() });
        }
        let hostile = |what: String| DataError::Hostile { what, path: path.to_path_buf() };
        let (mut files, mut unpacked) = (Vec::new(), 0u64);
        for index in 0..zip.len() {
            let entry = zip.by_index_data(index).map_err(|e| damaged(path, &e))?;
            let name = entry.name().map_err(|e| damaged(path, &e))?.into_owned();
            if !is_safe(&name) {
                return Err(hostile(format!("it holds a file that points outside of it (“{}”)", name.escape_debug())));
            }
            unpacked = unpacked.saturating_add(entry.size());
            if entry.is_dir() {
                continue;
            }
            let reason = if entry.encrypted() {
                Some("It is locked with a password")
            } else if entry.is_symlink() {
                Some("It is a link to another place, and links are not followed")
            } else {
                None
            };
            match reason {
                Some(reason) => problems.push(Problem { file: PathBuf::from(&name), reason: reason.into() }),
                None => files.push(File::new(PathBuf::from(name), Place::Entry(index), entry.size())),
            }
        }
        if unpacked > limits.unpacked {
            return Err(hostile(format!("unpacked it would have {} GB, more than {} GB", unpacked >> 30, limits.unpacked >> 30)));
        }
        if unpacked > limits.picture_bytes && unpacked / packed.max(1) > limits.ratio {
            return Err(hostile(format!(
                "unpacked it would be {} times as large, more than {} times",
                unpacked / packed.max(1),
                limits.ratio
            )));
        }
        Ok((Archive { zip, limit: limits.picture_bytes }, files))
    }

    /// Unpacks one entry into memory.
    pub fn read(&mut self, index: usize) -> Result<Vec<u8>, PictureError> {
        let broken = |e: &dyn std::fmt::Display| PictureError::Damaged(e.to_string());
        let entry = self.zip.by_index(index).map_err(|e| broken(&e))?;
        let declared = entry.size();
        if declared > self.limit {
            return Err(too_many_bytes(declared, self.limit));
        }
        let mut bytes = Vec::with_capacity((declared as usize).min(1 << 20));
        entry.take(self.limit + 1).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
        if bytes.len() as u64 > self.limit {
            return Err(too_many_bytes(bytes.len() as u64, self.limit));
        }
        Ok(bytes)
    }
}

/// The text of the entry of this name, if the archive has one; at most `limit` bytes of it.
pub(crate) fn entry_text(path: &Path, name: &str, limit: u64) -> Option<String> {
    let mut zip = ZipArchive::new(BufReader::new(std::fs::File::open(path).ok()?)).ok()?;
    let mut text = String::new();
    zip.by_name(name).ok()?.take(limit).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Whether a name stays below the folder that it would be unpacked into, on every system.
fn is_safe(name: &str) -> bool {
    let plain = name.replace('\\', "/");
    let has_drive = matches!(plain.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let climbs = plain.split('/').any(|part| part == "..");
    !(plain.is_empty() || plain.starts_with('/') || plain.contains('\0') || has_drive || climbs)
}

fn damaged(path: &Path, error: &zip::result::ZipError) -> DataError {
    DataError::Damaged { what: format!("it cannot be read as a zip archive, {error}"), path: path.to_path_buf() }
}
