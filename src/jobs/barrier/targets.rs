//! Which files a batch is made of, and where the new version of each goes: never over a file that is there.

use crate::jobs::error::JobError;
use crate::vault::files::{FileError, write_atomic};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// The files of these paths, in their order: a folder gives what lies directly in it and is not hidden, by name. `out`, where results go,
/// must not lie in one of the folders, because a second run would mark what the first has marked.
///
/// # Errors
/// [`JobError::Folder`] for such an `out` and for folders without a file, or a folder that cannot be read.
pub fn listed(paths: &[PathBuf], out: Option<&Path>) -> Result<Vec<PathBuf>, JobError> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        if out.is_some_and(|out| real(out).starts_with(real(path))) {
            let text = "The folder for the results lies inside the folder that is read. Choose one beside it";
            return Err(JobError::Folder { why: text.to_owned(), path: path.clone() });
        }
        let entries = std::fs::read_dir(path).map_err(|e| FileError::reading(path, e))?;
        let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let mut inside: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file() && !hidden(path)).collect();
        inside.sort();
        all.extend(inside);
    }
    match (all.is_empty(), paths.first()) {
        (true, Some(path)) => {
            Err(JobError::Folder { why: "There is no file in it. Choose a folder of pictures".to_owned(), path: path.clone() })
        }
        _ => Ok(all),
    }
}

/// Where a path leads, through links, also when its last parts are not there yet.
fn real(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
        real = real.canonicalize().unwrap_or(real);
    }
    real
}

/// Where each file of a batch goes.
pub struct Targets(BTreeMap<PathBuf, Result<PathBuf, String>>);

impl Targets {
    /// Files go into `folder` as PNG under their own name; where several have one name (a.png and a.jpg), those that are no PNG keep their
    /// ending before it (a.jpg.png).
    pub fn new(files: &[PathBuf], folder: &Path) -> Self {
        let is_png = |file: &Path| file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        let (first, then): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_png(file));
        let (mut taken, mut all) = (BTreeSet::new(), BTreeMap::new());
        for file in first.into_iter().chain(then) {
            let names = [file.file_stem(), file.file_name().filter(|_| !is_png(file))];
            let mut free = names.into_iter().flatten().map(|name| folder.join(name).with_added_extension("png"));
            // Some systems take upper and lower case for the same name.
            let free = free.find(|target| taken.insert(target.to_string_lossy().to_lowercase()));
            let doubled =
                || "Another file of this batch has this name, and its result is not written over. Mark this one into another folder.";
            all.entry(file.clone()).or_insert_with(|| free.ok_or_else(doubled).map_err(str::to_owned));
        }
        Self(all)
    }

    /// Where the new version of a file goes.
    pub fn of(&self, file: &Path) -> Result<PathBuf, String> {
        let target = self.0.get(file).cloned().unwrap_or_else(|| Err("It does not belong to this batch.".to_owned()))?;
        free(&target).map(|()| target)
    }
}

fn free(target: &Path) -> Result<(), String> {
    // A link to nothing is something too.
    match target.symlink_metadata() {
        Ok(_) => Err(format!("A file of this name lies in the folder already and is not written over: {}", target.display())),
        Err(_) => Ok(()),
    }
}

/// Writes a file that is not there yet.
pub fn write_new(target: &Path, bytes: &[u8]) -> Result<(), String> {
    free(target)?;
    write_atomic(target, bytes).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_files_by_name_and_nothing_hidden() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::create_dir(at("deeper")).unwrap();
        ["b.png", "a.jpg", ".DS_Store", "deeper/c.png"].iter().for_each(|name| std::fs::write(at(name), b"x").unwrap());
        assert_eq!(listed(&[home.path().to_owned()], None).unwrap(), [at("a.jpg"), at("b.png")]);
        assert_eq!(listed(&[at("gone.png")], None).unwrap(), [at("gone.png")]);
        std::fs::create_dir(at("empty")).unwrap();
        assert!(listed(&[at("empty")], None).unwrap_err().to_string().contains("no file in it"));
    }

    #[test]
    fn results_do_not_go_into_the_folder_that_is_read() {
        let home = tempfile::tempdir().unwrap();
        let (read, beside) = (home.path().join("read"), home.path().join("beside"));
        std::fs::create_dir(&read).unwrap();
        std::fs::write(read.join("a.png"), b"x").unwrap();
        let refused = |out: &Path| {
            listed(std::slice::from_ref(&read), Some(out)).is_err_and(|e| e.to_string().contains("inside the folder that is read"))
        };
        assert!(refused(&read) && refused(&read.join("out/deep")) && refused(&beside.join("../read/out")));
        assert!(!refused(&beside) && !refused(&home.path().join("read-too")));
        #[cfg(unix)]
        {
            let link = home.path().join("link");
            std::os::unix::fs::symlink(&read, &link).unwrap();
            assert!(refused(&link) && refused(&link.join("out")), "a way in through a link");
        }
    }

    #[test]
    fn names_that_collide_are_told_apart() {
        let folder = Path::new("/nowhere");
        let files = ["x/a.jpg", "x/a.png", "x/b.webp", "y/a.png", "y/B.bmp"].map(PathBuf::from);
        let targets = Targets::new(&files, folder);
        let names: Vec<_> = files.iter().map(|file| targets.of(file).map(|target| target.file_name().unwrap().to_owned())).collect();
        for (i, wanted) in [(0, "a.jpg.png"), (1, "a.png"), (2, "b.png"), (4, "B.bmp.png")] {
            assert_eq!(names[i].as_ref().unwrap(), wanted);
        }
        assert!(names[3].as_ref().unwrap_err().contains("not written over"));
    }

    #[test]
    fn what_is_there_stays() {
        let home = tempfile::tempdir().unwrap();
        let original = home.path().join("a.png");
        std::fs::write(&original, b"original").unwrap();
        // Also where results go to the originals themselves.
        let text = Targets::new(std::slice::from_ref(&original), home.path()).of(&original).unwrap_err();
        assert!(text.contains("not written over"), "{text}");
        assert!(write_new(&original, b"new").is_err());
        assert_eq!(std::fs::read(&original).unwrap(), b"original");
    }
}
