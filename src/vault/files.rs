//! Files that are either written whole or not at all, and errors that say what the user can do about them.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A file or folder that could not be read or written. Its text is for the user; the path comes last.
#[derive(Debug, thiserror::Error)]
#[error("{} {}", advice(.source, *.writing), .path.display())]
pub struct FileError {
    path: PathBuf,
    writing: bool,
    source: io::Error,
}

impl FileError {
    /// The error of reading `path`.
    pub fn reading(path: &Path, source: io::Error) -> Self {
        FileError { path: path.to_owned(), writing: false, source }
    }

    /// The error of writing `path`.
    pub fn writing(path: &Path, source: io::Error) -> Self {
        FileError { path: path.to_owned(), writing: true, source }
    }

    /// What kind of error the system reported.
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }
}

fn advice(error: &io::Error, writing: bool) -> String {
    let sentence = match (error.kind(), writing) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
            "There is no space left on the disk, so nothing was changed. Free some space and try again. The file is"
        }
        (ErrorKind::ReadOnlyFilesystem, _) => "This place can only be read, not written. Choose a folder on another disk. The file is",
        (ErrorKind::PermissionDenied, true) => {
            "You may not write here. Choose a folder of your own, or change its permissions. The file is"
        }
        (ErrorKind::PermissionDenied, false) => "You may not read this file. Change its permissions, or copy it as its owner. The file is",
        (ErrorKind::NotFound, true) => "The folder is gone. Perhaps a disk was unplugged or the folder was moved. The file is",
        (ErrorKind::NotFound, false) => "There is no such file. Perhaps it was moved or renamed:",
        (ErrorKind::NotADirectory, _) => "A folder is needed here, but there is a file:",
        (ErrorKind::IsADirectory, _) => "A file is needed here, but there is a folder:",
        (ErrorKind::FileTooLarge, _) => "The file is larger than it can be, so it was not read:",
        (_, true) => return format!("The file could not be written ({error}):"),
        (_, false) => return format!("The file could not be read ({error}):"),
    };
    sentence.to_owned()
}

/// Puts `bytes` in place of the file at `path`, whose folder must exist: after a crash at any moment the old or the new content
/// is there, never a part. Permissions are those of any new file.
///
/// # Errors
/// No space, no permission, no folder; the old file is then untouched and nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes, 0o666).map_err(|e| FileError::writing(path, e))
}

/// [`write_atomic`] for secrets: where the system knows such permissions, only the file's owner may read it.
///
/// # Errors
/// Those of [`write_atomic`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes, 0o600).map_err(|e| FileError::writing(path, e))
}

/// The content of the file at `path`, which may hold at most `limit` bytes.
///
/// # Errors
/// A file that is missing, not readable, no ordinary file, or larger than `limit`.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let read = || {
        // Opening a pipe would wait for its other end.
        let kind = std::fs::metadata(path)?;
        if !kind.is_file() && !kind.is_dir() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is no ordinary file"));
        }
        if kind.len() > limit {
            return Err(if kind.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::FileTooLarge }.into());
        }
        // The file may grow meanwhile.
        let mut bytes = Vec::new();
        File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    };
    read().map_err(|e| FileError::reading(path, e))
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-").suffix(".tmp");
    let permissions = permissions(mode);
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(folder)
}

#[cfg(unix)]
fn permissions(mode: u32) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn permissions(_mode: u32) -> Option<Permissions> {
    None
}

/// Makes a rename in `folder` last through a power cut, where the system can.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomic(&path, b"first").unwrap();
        write_atomic(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        std::fs::create_dir(&path).unwrap();
        assert!(write_atomic(&path, b"x").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let gone = folder.path().join("gone/file");
        let text = write_atomic(&gone, b"x").unwrap_err().to_string();
        assert!(text.starts_with("The folder is gone.") && text.ends_with("file"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        write_private(&folder.path().join("key"), b"k").unwrap();
        write_atomic(&folder.path().join("open"), b"o").unwrap();
        assert_eq!(mode("key"), 0o600);
        assert_ne!(mode("open") & 0o600, 0);
    }

    #[test]
    fn what_the_disk_says_becomes_advice() {
        let said = |kind: ErrorKind| FileError::writing(Path::new("p.json"), kind.into()).to_string();
        assert!(said(ErrorKind::StorageFull).contains("Free some space"));
        assert!(said(ErrorKind::ReadOnlyFilesystem).contains("another disk"));
        assert!(said(ErrorKind::PermissionDenied).contains("folder of your own"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_recognised() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").and_then(|mut f| f.write_all(b"x"));
        assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn large_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        write_atomic(&path, &[7; 11]).unwrap();
        assert_eq!(read_limited(&path, 11).unwrap().len(), 11);
        assert_eq!(read_limited(&path, 10).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_large_file_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        // A terabyte would not fit into memory.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(read_limited(&path, (1 << 40) - 1).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn only_ordinary_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| read_limited(path, 10).unwrap_err().to_string();
        assert!(said(Path::new("/dev/zero")).contains("no ordinary file"));
        assert!(said(folder.path()).contains("there is a folder"));
        assert!(said(&folder.path().join("gone")).starts_with("There is no such file"));
    }
}
