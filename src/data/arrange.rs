//! From a heap of file names to classes and parts: the same rules for a folder and for an archive of one.

use super::Problem;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where the bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Disk(PathBuf),
    Entry(usize),
}

/// One file below the dropped folder or archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// As shown in the list of problems.
    pub shown: PathBuf,
    pub place: Place,
    /// Bytes, as the folder or the archive says.
    pub size: u64,
    parts: Vec<String>,
}

impl File {
    /// `relative` is the path below the dropped folder.
    pub fn new(relative: PathBuf, place: Place, size: u64) -> File {
        let text = relative.to_string_lossy().replace('\\', "/");
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".").map(String::from).collect();
        File { shown: relative, place, size, parts }
    }

    /// The part that one of the folders around the file names.
    pub fn part(&self) -> Option<Part> {
        let (_, folders) = self.parts.split_last()?;
        folders.iter().find_map(|folder| Part::named(folder))
    }

    /// Which of the lists names a folder around the file, and the file's path without that folder and without its ending.
    pub fn without_folder(&self, lists: &[&[&str]]) -> Option<(usize, String)> {
        let (name, folders) = self.parts.split_last()?;
        let named = |folder: &String| lists.iter().position(|list| list.contains(&folder.to_ascii_lowercase().as_str()));
        let (place, which) = folders.iter().enumerate().find_map(|(i, folder)| Some((i, named(folder)?)))?;
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let rest = folders[..place].iter().chain(&folders[place + 1..]).map(String::as_str).chain([stem]);
        Some((which, rest.collect::<Vec<_>>().join("/")))
    }

    /// Whether a system left it behind.
    pub fn is_clutter(&self) -> bool {
        self.parts.iter().any(|part| is_clutter(part))
    }
}

/// Which part of a data set a picture belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// The part that a folder of this name holds by custom.
    pub fn named(name: &str) -> Option<Part> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" | "trn" => Some(Part::Train),
            "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
            "test" | "testing" | "tst" | "eval" => Some(Part::Test),
            _ => None,
        }
    }
}

/// A file with its place in the data set.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub file: File,
    pub class: String,
    pub part: Part,
}

/// Sorts files into classes and parts, ordered by part, class and name. Files that belong to no class go to `problems`.
pub(crate) fn arrange(mut files: Vec<File>, problems: &mut Vec<Problem>) -> Vec<Sorted> {
    files.retain(|file| !file.is_clutter());
    let mut skipped = 0;
    let tops = loop {
        let inside = || files.iter().filter(|f| f.parts.len() >= skipped + 2);
        let tops: BTreeSet<String> = inside().map(|f| f.parts[skipped].clone()).collect();
        let deeper = inside().filter(|f| f.parts.len() >= skipped + 3).count();
        if tops.len() != 1 || deeper <= inside().count() / 2 {
            break tops;
        }
        skipped += 1;
    };
    let kinds: Vec<Option<Part>> = tops.iter().map(|top| Part::named(top)).collect();
    let has_parts = kinds.contains(&Some(Part::Train)) && kinds.iter().all(Option::is_some) && kinds.len() > 1;

    let mut sorted = Vec::with_capacity(files.len());
    for file in files {
        let below = &file.parts[skipped.min(file.parts.len())..];
        let (part, class) = match below {
            [part, class, _, ..] if has_parts => (Part::named(part).unwrap_or(Part::Train), class.clone()),
            [class, _, ..] if !has_parts => (Part::Train, class.clone()),
            _ => {
                problems.push(Problem { file: file.shown, reason: "It lies beside the class folders and belongs to none".into() });
                continue;
            }
        };
        sorted.push(Sorted { file, class, part });
    }
    sorted.sort_by(|a, b| (a.part, &a.class, &a.file.parts).cmp(&(b.part, &b.class, &b.file.parts)));
    sorted
}

/// Files that systems leave behind and nobody means.
pub(crate) fn is_clutter(name: &str) -> bool {
    name.starts_with('.') || ["__MACOSX", "Thumbs.db", "desktop.ini"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(names: &[&str]) -> (Vec<(Part, String, String)>, Vec<Problem>) {
        let files = names.iter().enumerate().map(|(i, n)| File::new(n.into(), Place::Entry(i), 1)).collect();
        let mut problems = Vec::new();
        let sorted = arrange(files, &mut problems);
        let flat = sorted.into_iter().map(|s| (s.part, s.class, s.file.shown.display().to_string())).collect();
        (flat, problems)
    }

    #[test]
    fn classes_are_the_folders() {
        let (sorted, problems) = sort(&["dog/b.png", "cat/a.png", ".DS_Store", "cat/.hidden", "cat/deep/c.png"]);
        let classes: Vec<_> = sorted.iter().map(|s| s.1.as_str()).collect();
        assert_eq!((classes, problems.len()), (vec!["cat", "cat", "dog"], 0));
    }

    #[test]
    fn wrappers_are_opened_and_parts_are_recognised() {
        let names = ["all/Train/cat/a.png", "all/Train/dog/a.png", "all/test/cat/b.png", "all/val/dog/b.png", "all/readme.txt"];
        let (sorted, problems) = sort(&names);
        let parts: Vec<_> = sorted.iter().map(|s| (s.0, s.1.as_str())).collect();
        use Part::*;
        assert_eq!(parts, [(Train, "cat"), (Train, "dog"), (Validation, "dog"), (Test, "cat")]);
        assert_eq!(problems[0].file, PathBuf::from("all/readme.txt"));
    }

    #[test]
    fn a_class_called_test_among_others_is_a_class() {
        let (sorted, _) = sort(&["test/a.png", "exam/b.png"]);
        assert_eq!(sorted.iter().map(|s| s.1.as_str()).collect::<Vec<_>>(), ["exam", "test"]);
    }

    #[test]
    fn a_lone_training_folder_is_a_wrapper() {
        let (sorted, _) = sort(&["train/cat/a.png", "train/dog/b.png"]);
        assert_eq!(sorted.iter().map(|s| s.1.as_str()).collect::<Vec<_>>(), ["cat", "dog"]);
    }
}
