//! A folder with one folder per class: finds its files without following links, whatever loops they lie in.

use super::arrange::{File, Place, is_clutter};
use super::limits::Limits;
use super::{DataError, Problem};
use std::path::{Path, PathBuf};

/// Every file below `root`, in the order of names; links to folders, pipes and what lies too deep go to `problems`.
pub(crate) fn walk(root: &Path, limits: &Limits, problems: &mut Vec<Problem>) -> Result<Vec<File>, DataError> {
    let mut files = Vec::new();
    let mut waiting = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let listed = std::fs::read_dir(&folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) if folder == root => return Err(DataError::io(root, &error)),
            Err(error) => {
                problems.push(Problem { file: folder, reason: format!("The folder cannot be read ({error})") });
                continue;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            if is_clutter(&entry.file_name().to_string_lossy()) {
                continue;
            }
            let path = entry.path();
            match kind(&path) {
                Ok(Kind::Folder) if depth < limits.depth => waiting.push((path, depth + 1)),
                Ok(Kind::Folder) => {
                    let reason = format!("It lies more than {} folders deep and was left out", limits.depth);
                    problems.push(Problem { file: path, reason });
                }
                Ok(Kind::File(size)) => {
                    let relative = path.strip_prefix(root).map_or_else(|_| PathBuf::from(entry.file_name()), Path::to_path_buf);
                    files.push(File::new(relative, Place::Disk(path), size));
                    // Files that are no pictures count here too: a folder with so many is refused before they are looked at.
                    limits.check_amount(files.len(), 0, root)?;
                }
                Err(reason) => problems.push(Problem { file: path, reason }),
            }
        }
    }
    Ok(files)
}

enum Kind {
    Folder,
    File(u64),
}

fn kind(path: &Path) -> Result<Kind, String> {
    let unreadable = |e: std::io::Error| format!("The file cannot be read ({e})");
    let is_link = std::fs::symlink_metadata(path).map_err(unreadable)?.is_symlink();
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir() {
        return if is_link { Err("It is a link to a folder, and such links are not followed".into()) } else { Ok(Kind::Folder) };
    }
    if meta.is_file() { Ok(Kind::File(meta.len())) } else { Err("It is neither a file nor a folder".into()) }
}
