//! One writer a project: an advisory lock on a file in its folder, which the system frees when the process ends, however it ends.

use super::ProjectError;
use crate::vault::files::FileError;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;

/// Held as long as the project is open.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the project in `folder`; a lock whose process has ended is taken over.
    pub fn take(folder: &Path) -> Result<Lock, ProjectError> {
        let path = folder.join(".lock");
        let failed = |e| ProjectError::File(FileError::writing(&path, e));
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let process = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(ProjectError::InUse { process, folder: folder.to_owned() });
            }
            // Some network disks know no locks; better an unlocked project than none.
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(failed)?;
        Ok(Lock { _file: file })
    }
}
