//! A folder or zip of photographs without classes: squares of one side, in the order of their names.
//!
//! What networks that give pictures learn from. Folders inside count; those called `test` and `validation` are held back. With `pairs`
//! one folder holds what a network is given and another what it gives, under the same names.

use super::archive::Archive;
use super::arrange::{File, Part, Sorted};
use super::limits::Limits;
use super::open::{OpenOptions, Parts};
use super::samples::digest;
use super::sniff::{Content, content};
use super::split::split;
use super::{DataError, Problem, Samples, folder, gather};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Photographs to learn from and others to try on.
#[derive(Debug, Clone)]
pub struct Photos {
    /// The file's or folder's name.
    pub name: String,
    /// SHA-256 of all pixels.
    pub digest: String,
    /// To learn from, `[channels, side, side]` each.
    pub train: Arc<Samples>,
    /// Held back to choose settings on; often empty.
    pub validation: Arc<Samples>,
    /// Held back to judge on.
    pub test: Arc<Samples>,
    /// Of pairs: what the network was given for each of the pictures to learn from, to choose on and to judge on.
    pub partners: Option<[Arc<Samples>; 3]>,
    /// Files that cannot be used.
    pub problems: Vec<Problem>,
}

/// The share held back where no folder says which.
const TEST_SHARE: f64 = 0.15;

/// Opens all pictures below `path` as squares of `side` pixels, grey (1 channel) or in colour (3).
///
/// # Errors
/// Every [`DataError`]; its `Display` is the sentence for the user.
pub fn photos(path: &Path, side: usize, channels: usize, progress: &mut dyn FnMut(f32) -> bool) -> Result<Photos, DataError> {
    let mut reader = Reader::open(path, side, channels)?;
    let files: Vec<File> = std::mem::take(&mut reader.files);
    let sorted = files.into_iter().map(|file| Sorted { part: file.part().unwrap_or(Part::Train), file, class: String::new() }).collect();
    let parts = reader.gather(sorted, progress)?;
    Ok(reader.finish(parts, None))
}

/// All pictures below `path`, in the order of their names, as squares of `side` pixels, grey (1 channel) or in colour (3).
///
/// # Errors
/// Every [`DataError`]. Files that are no whole pictures are given beside those that are.
pub fn pictures(path: &Path, side: usize, channels: usize) -> Result<(Samples, Vec<Problem>), DataError> {
    let mut reader = Reader::open(path, side, channels)?;
    let files = std::mem::take(&mut reader.files).into_iter();
    let parts = reader.gather(files.map(|file| Sorted { part: Part::Train, file, class: String::new() }).collect(), &mut |_| true)?;
    Ok((parts.train, reader.problems))
}

/// What folders of inputs are called, in small letters.
const INPUTS: [&str; 8] = ["input", "inputs", "a", "before", "source", "rain", "rainy", "edges"];
/// What folders of outputs are called, in small letters.
const OUTPUTS: [&str; 8] = ["output", "outputs", "b", "after", "target", "clean", "clear", "photos"];

/// Whether the pictures below `path` are pairs as [`pairs`] reads them, nearly every one with a partner: looks at names only.
pub fn hold_pairs(path: &Path) -> bool {
    let Ok(reader) = Reader::open(path, 1, 1) else { return false };
    let mut found: BTreeMap<(Part, String), [bool; 2]> = BTreeMap::new();
    for file in &reader.files {
        if let Some((which, name)) = file.without_folder(&[&INPUTS, &OUTPUTS]) {
            found.entry((file.part().unwrap_or(Part::Train), name)).or_default()[which] = true;
        }
    }
    let paired = 2 * found.values().filter(|both| **both == [true; 2]).count();
    10 * paired >= 9 * reader.files.len()
}

/// Opens pairs: pictures of the same name below a folder called input (or inputs, a, before, source, …) and one called output (or
/// outputs, b, after, target, …). Pictures without a partner, or with one of other proportions, are listed as problems.
///
/// # Errors
/// Every [`DataError`]; its `Display` is the sentence for the user.
pub fn pairs(path: &Path, side: usize, channels: usize, progress: &mut dyn FnMut(f32) -> bool) -> Result<Photos, DataError> {
    let mut reader = Reader::open(path, side, channels)?;
    // Under each name of a part, with the folder's own name left out: the input and the output.
    let mut found: BTreeMap<(Part, String), [Option<File>; 2]> = BTreeMap::new();
    for file in std::mem::take(&mut reader.files) {
        let part = file.part().unwrap_or(Part::Train);
        match file.without_folder(&[&INPUTS, &OUTPUTS]) {
            Some((which, name)) => {
                let slot = &mut found.entry((part, name)).or_default()[which];
                match slot {
                    None => *slot = Some(file),
                    Some(_) => reader.problem(file.shown, "Another picture of this name lies in the same folder: only the first is used."),
                }
            }
            None => reader.problem(file.shown, "It lies in no folder called input or output."),
        }
    }
    let mut both = Vec::new();
    for ((part, name), pair) in found {
        match pair {
            [Some(input), Some(output)] => both.push((part, name, [input, output])),
            [Some(alone), None] | [None, Some(alone)] => {
                reader.problem(alone.shown, "It has no partner of the same name in the other folder.")
            }
            [None, None] => {}
        }
    }
    if both.is_empty() {
        return Err(DataError::NoPairs { path: path.to_path_buf(), problems: reader.problems });
    }
    let side_of = |both: &[(Part, String, [File; 2])], which: usize| {
        let sorted = |(part, _, pair): &(Part, String, [File; 2])| Sorted { part: *part, file: pair[which].clone(), class: String::new() };
        both.iter().map(sorted).collect::<Vec<_>>()
    };
    let bad = reader.unlike(&side_of(&both, 0), &side_of(&both, 1));
    both.retain(|(_, _, pair)| pair.iter().all(|file| !bad.contains(&file.shown)));
    // A file whose header is well may still be damaged: then its partner goes too, and the rest is read again.
    loop {
        if both.is_empty() {
            return Err(DataError::NoPairs { path: path.to_path_buf(), problems: reader.problems });
        }
        let known = reader.problems.len();
        let inputs = reader.gather(side_of(&both, 0), &mut |share| progress(share / 2.0))?;
        let outputs = reader.gather(side_of(&both, 1), &mut |share| progress(0.5 + share / 2.0))?;
        let bad: BTreeSet<PathBuf> = reader.problems[known..].iter().map(|problem| problem.file.clone()).collect();
        if bad.is_empty() {
            return Ok(reader.finish(outputs, Some(inputs)));
        }
        both.retain(|(_, _, pair)| pair.iter().all(|file| !bad.contains(&file.shown)));
    }
}

/// A folder or archive being read.
struct Reader<'a> {
    path: &'a Path,
    archive: Option<Archive>,
    files: Vec<File>,
    options: OpenOptions,
    limits: Limits,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn open(path: &'a Path, side: usize, channels: usize) -> Result<Self, DataError> {
        let limits = Limits::default();
        let mut problems = Vec::new();
        let is_folder = std::fs::metadata(path).map_err(|e| DataError::io(path, &e))?.is_dir();
        let (archive, files) = match is_folder {
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
        let options = OpenOptions { side: Some(side), channels: Some(channels), ..OpenOptions::default() };
        Ok(Self { path, archive, files, options, limits, problems })
    }

    fn problem(&mut self, file: PathBuf, reason: &str) {
        self.problems.push(Problem { file, reason: reason.to_owned() });
    }

    fn gather(&mut self, sorted: Vec<Sorted>, progress: &mut dyn FnMut(f32) -> bool) -> Result<Parts, DataError> {
        let mut progress = |share: f32| if progress(share) { Ok(()) } else { Err(DataError::Cancelled) };
        let Self { path, archive, options, limits, problems, .. } = self;
        gather::gather(path, sorted, archive, options, limits, problems, &mut progress)
            .map_err(|error| error.with_problems(std::mem::take(problems)))
    }

    /// Files of pairs that have other proportions than their partners, or that are no pictures; each becomes a problem.
    fn unlike(&mut self, inputs: &[Sorted], outputs: &[Sorted]) -> BTreeSet<PathBuf> {
        let [inputs_found, outputs_found] = [inputs, outputs].map(|files| gather::measure(files, &mut self.archive, &self.limits));
        let mut bad = BTreeSet::new();
        for ((input, output), found) in inputs.iter().zip(outputs).zip(inputs_found.into_iter().zip(outputs_found)) {
            let ([first, second], reason) = match found {
                (Ok(a), Ok(b)) if a.width * b.height == b.width * a.height => continue,
                (Ok(a), Ok(b)) => {
                    let sizes = format!("{}x{} and {}x{}", a.width, a.height, b.width, b.height);
                    (
                        [&input.file.shown, &output.file.shown],
                        format!("It and its partner have other proportions ({sizes}): they are no pair."),
                    )
                }
                (Err(e), _) => ([&input.file.shown, &output.file.shown], e.to_string()),
                (_, Err(e)) => ([&output.file.shown, &input.file.shown], e.to_string()),
            };
            bad.extend([first.clone(), second.clone()]);
            self.problem(first.clone(), &reason);
        }
        bad
    }

    fn finish(self, outputs: Parts, inputs: Option<Parts>) -> Photos {
        let name = self.path.file_stem().or(self.path.file_name()).map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let seed = self.options.split_seed;
        let [train, validation, test] = divided(outputs, seed);
        let partners = inputs.map(|inputs| divided(inputs, seed));
        let digest = match &partners {
            None => digest(&train, &test),
            Some([others, _, _]) => digest(&train, others),
        };
        Photos { name, digest, train, validation, test, partners, problems: self.problems }
    }
}

/// To learn from, to choose on, to judge on; where no folder says which, a share is held back.
fn divided(parts: Parts, seed: u64) -> [Arc<Samples>; 3] {
    let (mut train, mut test) = (parts.train, parts.test);
    if train.is_empty() {
        std::mem::swap(&mut train, &mut test);
    }
    if test.is_empty() {
        let (learnt, kept) = split(&train.labels, seed, TEST_SHARE);
        (train, test) = (train.select(&learnt), train.select(&kept));
    }
    [train, parts.validation, test].map(Arc::new)
}

#[cfg(test)]
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
        let photos = photos(home.path(), 16, 3, &mut |_| true).unwrap();
        assert_eq!(photos.train.shape, Shape { channels: 3, height: 16, width: 16 });
        assert_eq!((photos.train.count() + photos.test.count(), photos.problems.len()), (20, 1));
        assert!(photos.test.count() >= 1 && photos.test.count() < photos.train.count());
    }

    #[test]
    fn a_folder_called_test_is_held_back() {
        let home = tempfile::tempdir().unwrap();
        (0..6).for_each(|i| write(&home.path().join(format!("train/x/{i}.png")), 16, 16, i));
        (0..2).for_each(|i| write(&home.path().join(format!("test/x/{i}.png")), 16, 16, i));
        let photos = photos(home.path(), 16, 3, &mut |_| true).unwrap();
        assert_eq!((photos.train.count(), photos.test.count()), (6, 2));
    }

    #[test]
    fn what_holds_no_pictures_gets_a_sentence() {
        let home = tempfile::tempdir().unwrap();
        let text = photos(home.path(), 16, 3, &mut |_| true).unwrap_err().to_string();
        assert!(text.len() > 20, "{text}");
        std::fs::write(home.path().join("notes.txt"), b"only words").unwrap();
        assert!(photos(home.path(), 16, 3, &mut |_| true).is_err());
        assert!(
            photos(&home.path().join("notes.txt"), 16, 3, &mut |_| true).unwrap_err().to_string().contains("neither a folder nor a zip")
        );
    }

    #[test]
    fn pairs_meet_by_name_and_those_that_do_not_match_are_listed() {
        let home = tempfile::tempdir().unwrap();
        for i in 0..12u8 {
            write(&home.path().join(format!("input/{i}.png")), 20, 30, i);
            write(&home.path().join(format!("output/{i}.jpg.png")).with_file_name(format!("{i}.png")), 40, 60, 100 + i);
        }
        write(&home.path().join("input/alone.png"), 20, 30, 1);
        write(&home.path().join("output/wide.png"), 60, 30, 1);
        write(&home.path().join("input/wide.png"), 30, 30, 1);
        std::fs::write(home.path().join("output/3.png"), b"nothing").unwrap();
        write(&home.path().join("elsewhere/5.png"), 20, 30, 1);
        assert!(hold_pairs(home.path()) && !hold_pairs(&home.path().join("input")) && !hold_pairs(&home.path().join("nowhere")));
        let photos = pairs(home.path(), 16, 3, &mut |_| true).unwrap();
        let [inputs, _, tests] = photos.partners.as_ref().unwrap();
        assert_eq!(photos.train.count() + photos.test.count(), 11);
        assert_eq!((inputs.count(), tests.count()), (photos.train.count(), photos.test.count()));
        for (input, output) in [(inputs, &photos.train), (tests, &photos.test)] {
            for i in 0..input.count() {
                let apart = i16::from(output.bytes(i)[0]) - i16::from(input.bytes(i)[0]);
                assert!((98..=102).contains(&apart), "picture {i} has another's partner");
            }
        }
        let reasons: Vec<_> = photos.problems.iter().map(|p| (p.file.display().to_string(), p.reason.as_str())).collect();
        let says = |file: &str, words: &str| reasons.iter().any(|(name, reason)| name.ends_with(file) && reason.contains(words));
        assert!(
            says("alone.png", "no partner") && says("wide.png", "other proportions") && says("5.png", "no folder called"),
            "{reasons:?}"
        );
        assert!(reasons.iter().any(|(name, _)| name.ends_with("3.png")), "{reasons:?}");
        let text = pairs(&home.path().join("input"), 16, 3, &mut |_| true).unwrap_err().to_string();
        assert!(text.contains("input") && text.contains("output"), "{text}");
    }
}
