//! A folder or zip of photographs without classes: squares of one side, in colour, in the order of their names.
//!
//! What networks that give pictures learn from. Folders inside count; those called `test` and `validation` are held back.

use super::archive::Archive;
use super::arrange::{Part, Sorted};
use super::limits::Limits;
use super::open::OpenOptions;
use super::samples::digest;
use super::sniff::{Content, content};
use super::split::split;
use super::{DataError, Problem, Samples, folder, gather};
use std::path::Path;
use std::sync::Arc;

/// Photographs to learn from and others to try on.
#[derive(Debug, Clone)]
pub struct Photos {
    /// The file's or folder's name.
    pub name: String,
    /// SHA-256 of all pixels.
    pub digest: String,
    /// To learn from, `[3, side, side]` each.
    pub train: Arc<Samples>,
    /// Held back to choose settings on; often empty.
    pub validation: Arc<Samples>,
    /// Held back to judge on.
    pub test: Arc<Samples>,
    /// Files that cannot be used.
    pub problems: Vec<Problem>,
}

/// The share held back where no folder says which.
const TEST_SHARE: f64 = 0.15;

/// Opens all pictures below `path` as squares of `side` pixels.
///
/// # Errors
/// Every [`DataError`]; its `Display` is the sentence for the user.
pub fn photos(path: &Path, side: usize, progress: &mut dyn FnMut(f32) -> bool) -> Result<Photos, DataError> {
    let limits = Limits::default();
    let mut progress = |share: f32| if progress(share) { Ok(()) } else { Err(DataError::Cancelled) };
    let mut problems = Vec::new();
    let is_folder = std::fs::metadata(path).map_err(|e| DataError::io(path, &e))?.is_dir();
    let (mut archive, files) = match is_folder {
        true => (None, folder::walk(path, &limits, &mut problems)?),
        false if content(path, &limits)? == Content::Zip => {
            let (archive, files) = Archive::open(path, &limits, &mut problems)?;
            (Some(archive), files)
        }
        false => {
            let found = "This is neither a folder nor a zip archive of pictures.".to_owned();
            return Err(DataError::Unrecognised { found, path: path.to_path_buf() });
        }
    };
    let files: Vec<_> = files.into_iter().filter(|file| !file.is_clutter()).collect();
    if files.is_empty() {
        return Err(DataError::empty(path).with_problems(problems));
    }
    let sorted = files.into_iter().map(|file| Sorted { part: file.part().unwrap_or(Part::Train), file, class: String::new() }).collect();
    let options = OpenOptions { side: Some(side), channels: Some(3), ..OpenOptions::default() };
    let parts = match gather::gather(path, sorted, &mut archive, &options, &limits, &mut problems, &mut progress) {
        Ok(parts) => parts,
        Err(error) => return Err(error.with_problems(problems)),
    };
    let (mut train, mut test) = (parts.train, parts.test);
    if train.is_empty() {
        std::mem::swap(&mut train, &mut test);
    }
    if test.is_empty() {
        let (learnt, kept) = split(&train.labels, options.split_seed, TEST_SHARE);
        (train, test) = (train.select(&learnt), train.select(&kept));
    }
    let name = path.file_stem().or(path.file_name()).map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Photos {
        name,
        digest: digest(&train, &test),
        train: Arc::new(train),
        validation: Arc::new(parts.validation),
        test: Arc::new(test),
        problems,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::data::{Picture, Shape};

    fn write(path: &Path, width: usize, height: usize, value: u8) {
        let shape = Shape { channels: 3, height, width };
        let planes = (0..shape.len()).map(|i| value.wrapping_add((i % 7) as u8)).collect();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, Picture { shape, planes }.to_png().unwrap()).unwrap();
    }

    #[test]
    fn pictures_of_any_size_become_squares_and_bad_files_are_listed() {
        let home = tempfile::tempdir().unwrap();
        for i in 0..20 {
            write(&home.path().join(format!("a/{i}.png")), 20 + i, 30, i as u8);
        }
        std::fs::write(home.path().join("broken.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
        let photos = photos(home.path(), 16, &mut |_| true).unwrap();
        assert_eq!(photos.train.shape, Shape { channels: 3, height: 16, width: 16 });
        assert_eq!((photos.train.count() + photos.test.count(), photos.problems.len()), (20, 1));
        assert!(photos.test.count() >= 1 && photos.test.count() < photos.train.count());
    }

    #[test]
    fn a_folder_called_test_is_held_back() {
        let home = tempfile::tempdir().unwrap();
        (0..6).for_each(|i| write(&home.path().join(format!("train/x/{i}.png")), 16, 16, i));
        (0..2).for_each(|i| write(&home.path().join(format!("test/x/{i}.png")), 16, 16, i));
        let photos = photos(home.path(), 16, &mut |_| true).unwrap();
        assert_eq!((photos.train.count(), photos.test.count()), (6, 2));
    }

    #[test]
    fn what_holds_no_pictures_gets_a_sentence() {
        let home = tempfile::tempdir().unwrap();
        let text = photos(home.path(), 16, &mut |_| true).unwrap_err().to_string();
        assert!(text.len() > 20, "{text}");
        std::fs::write(home.path().join("notes.txt"), b"only words").unwrap();
        assert!(photos(home.path(), 16, &mut |_| true).is_err());
        assert!(photos(&home.path().join("notes.txt"), 16, &mut |_| true).unwrap_err().to_string().contains("neither a folder nor a zip"));
    }
}
