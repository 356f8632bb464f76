//! What anything is that was dropped: data set, pair of folders, logo, picture, model, key package, bundle, and what is wrong with it.

use super::archive::entry_text;
use super::decode::{read_file, upright};
use super::limits::Limits;
use super::sniff::{Content, content};
use super::{DataError, Dataset, Format, OpenOptions, Problem, Shape, open};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a manifest that are read: 1 MiB.
const MAX_MANIFEST: u64 = 1 << 20;
/// Bytes of a model's header that are read, as the format itself bounds them.
const MAX_HEADER: u64 = 100_000_000;
/// A picture with at most so many different colours (of 4,096) is taken for a logo.
const LOGO_COLOURS: usize = 48;
/// Folder names under which covers and marked pictures lie beside each other.
const PAIR_NAMES: [&str; 14] =
    ["a", "b", "before", "after", "clean", "cover", "covers", "input", "key", "keys", "marked", "original", "output", "target"];

/// The kinds of things that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Labelled pictures.
    Dataset,
    /// Two folders with pictures of the same names.
    Pairs,
    /// A drawing, or a picture that looks like a logo.
    Logo,
    /// A single picture.
    Image,
    /// A network's weights.
    Model,
    /// Keys with what proves them (`.cmkey`).
    KeyPackage,
    /// A bundle of evidence.
    Bundle,
    /// None of these.
    Unknown,
}

/// What a path is and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// What was looked at.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// The same in one plain sentence.
    pub what: String,
    /// Figures, as far as the kind has any.
    pub details: Details,
    /// Files that cannot be used, or the reason why the whole cannot.
    pub problems: Vec<Problem>,
    /// Sentences that the user should read.
    pub notes: Vec<String>,
}

/// Figures of an [`Inspection`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Details {
    /// Of a data set.
    Dataset(DatasetDetails),
    /// Of a picture or logo.
    Picture {
        /// Its measures.
        shape: Shape,
        /// Whether light shines through somewhere.
        transparent: bool,
    },
    /// Of a model.
    Model {
        /// How many tensors it has.
        tensors: usize,
        /// Numbers in all tensors together.
        parameters: u64,
        /// Names of the tensors, in order.
        names: Vec<String>,
    },
    /// Of two folders.
    Pairs {
        /// The two folders' names.
        folders: [String; 2],
        /// Pictures that lie in both.
        pairs: usize,
    },
    /// Nothing to say.
    None {},
}

/// Figures of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetDetails {
    /// Its format.
    pub format: Format,
    /// Its digest.
    pub digest: String,
    /// Pictures in both parts.
    pub images: usize,
    /// Pictures in the training part.
    pub train: usize,
    /// Pictures in the test part.
    pub test: usize,
    /// Classes with the number of their pictures.
    pub classes: Vec<ClassCount>,
    /// Shape of all pictures as opened.
    pub shape: Shape,
    /// Pictures in the smallest class divided by those in the largest, 0..1.
    pub balance: f64,
}

/// A class with the number of its pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class.
    pub name: String,
    /// Its pictures in both parts.
    pub images: usize,
}

impl DatasetDetails {
    /// The figures of an opened data set.
    pub fn of(dataset: &Dataset) -> DatasetDetails {
        let counts = dataset.class_counts();
        let largest = counts.iter().max().copied().unwrap_or(0).max(1);
        let smallest = counts.iter().min().copied().unwrap_or(0);
        let classes = dataset.classes.iter().zip(&counts).map(|(name, &images)| ClassCount { name: name.clone(), images }).collect();
        DatasetDetails {
            format: dataset.format,
            digest: dataset.digest.clone(),
            images: dataset.train.count() + dataset.test.count(),
            train: dataset.train.count(),
            test: dataset.test.count(),
            classes,
            shape: dataset.shape(),
            balance: smallest as f64 / largest as f64,
        }
    }
}

/// Says what kind of thing a path is from its first bytes and names, without opening it whole. Never fails: what cannot be read is
/// [`Kind::Unknown`], and [`inspect`] says why.
pub fn recognise(path: &Path) -> Kind {
    if path.is_dir() {
        return if pairs(path).is_some() { Kind::Pairs } else { Kind::Dataset };
    }
    match content(path, &Limits::default()) {
        Ok(Content::Idx(_) | Content::Cifar10 | Content::Cifar100) => Kind::Dataset,
        Ok(Content::Zip) => archive_kind(path),
        Ok(Content::Svg) => Kind::Logo,
        Ok(Content::Picture) => picture(path).map_or(Kind::Image, |(kind, _)| kind),
        Ok(Content::Safetensors) => Kind::Model,
        _ if has_extension(path, "cmkey") => Kind::KeyPackage,
        _ if has_extension(path, "safetensors") => Kind::Model,
        _ => Kind::Unknown,
    }
}

/// Says what a path is, with figures and everything that is wrong with it. Data sets are opened whole, so that no broken file
/// stays hidden. Never fails: a failure is [`Kind::Unknown`] or a problem of the kind that it would be.
pub fn inspect(path: &Path) -> Inspection {
    inspect_as(path, &OpenOptions::default())
}

/// [`inspect`], with data sets opened as `options` say.
pub fn inspect_as(path: &Path, options: &OpenOptions) -> Inspection {
    let kind = recognise(path);
    let found = match kind {
        Kind::Dataset => dataset(path, options),
        Kind::Pairs => pairs(path).ok_or_else(|| DataError::empty(path)).map(|(folders, pairs)| {
            let what = format!("Two folders (“{}” and “{}”) with {pairs} pairs of pictures.", folders[0], folders[1]);
            Inspection::new(path, kind, what, Details::Pairs { folders, pairs })
        }),
        Kind::Logo | Kind::Image => picture_or_drawing(path, kind),
        Kind::Model => model(path),
        Kind::KeyPackage => package(path, kind, "A key package: keep it secret, it proves whose a model is."),
        Kind::Bundle => package(path, kind, "A bundle of evidence, which anyone can check."),
        Kind::Unknown => unknown(path),
    };
    found.unwrap_or_else(|error| {
        let what = match kind {
            Kind::Unknown => "This program cannot use it.",
            Kind::Dataset if path.is_dir() => "A folder that is no usable data set.",
            Kind::Dataset => "A data set that cannot be used.",
            Kind::Pairs => "Two folders that cannot be used.",
            Kind::Logo | Kind::Image => "A picture that cannot be used.",
            Kind::Model => "A model that cannot be used.",
            Kind::KeyPackage | Kind::Bundle => "A package that cannot be used.",
        };
        // A folder without any picture is no data set at all.
        let is_nothing = matches!(
            error,
            DataError::Empty { .. } | DataError::NoClasses { .. } | DataError::NoneReadable { .. } | DataError::NotFound { .. }
        );
        let kind = if is_nothing && path.is_dir() { Kind::Unknown } else { kind };
        let whole = Problem { file: path.to_path_buf(), reason: error.to_string() };
        let problems = std::iter::once(whole).chain(error.problems().iter().cloned()).collect();
        Inspection { problems, ..Inspection::new(path, kind, what.into(), Details::None {}) }
    })
}

impl Inspection {
    fn new(path: &Path, kind: Kind, what: String, details: Details) -> Inspection {
        Inspection { path: path.to_path_buf(), kind, what, details, problems: Vec::new(), notes: Vec::new() }
    }
}

fn dataset(path: &Path, options: &OpenOptions) -> Result<Inspection, DataError> {
    let dataset = open(path, options, &mut |_| true)?;
    let details = DatasetDetails::of(&dataset);
    let what = format!(
        "A data set of {} pictures in {} classes ({}), {} each: {} to learn from, {} for testing.",
        details.images,
        details.classes.len(),
        dataset.format,
        details.shape,
        details.train,
        details.test
    );
    let found = Inspection::new(path, Kind::Dataset, what, Details::Dataset(details));
    Ok(Inspection { problems: dataset.problems, notes: dataset.notes, ..found })
}

/// Kind, measures and transparency of a raster picture.
fn picture(path: &Path) -> Result<(Kind, Details), DataError> {
    let limits = Limits::default();
    let bytes = read_file(path, limits.picture_bytes).map_err(|e| e.into_data(path))?;
    let image = upright(&bytes, &limits).map_err(|e| DataError::picture(path, e))?;
    let channels = if image.color().has_color() { 3 } else { 1 };
    let shape = Shape { channels, height: image.height() as usize, width: image.width() as usize };
    let rgba = image.to_rgba8();
    let transparent = image.color().has_alpha() && rgba.as_raw().iter().skip(3).step_by(4).any(|&alpha| alpha < 255);
    let colours: BTreeSet<[u8; 3]> = rgba.as_raw().chunks_exact(4).map(|p| [p[0] >> 4, p[1] >> 4, p[2] >> 4]).collect();
    let is_large = shape.height.min(shape.width) >= 16;
    let kind = if transparent || (is_large && channels == 3 && colours.len() <= LOGO_COLOURS) { Kind::Logo } else { Kind::Image };
    Ok((kind, Details::Picture { shape, transparent }))
}

fn picture_or_drawing(path: &Path, kind: Kind) -> Result<Inspection, DataError> {
    if content(path, &Limits::default())? == Content::Svg {
        let logo = super::logo::Logo::open(path, &super::logo::LogoOptions::default())?;
        let details = Details::Picture { shape: logo.picture.shape, transparent: true };
        let found = Inspection::new(path, Kind::Logo, "A drawing (SVG) that can be a logo.".into(), details);
        return Ok(Inspection { notes: logo.warnings(Shape { channels: 3, height: 32, width: 32 }), ..found });
    }
    let (_, details) = picture(path)?;
    let Details::Picture { shape, transparent } = &details else { return unknown(path) };
    let what = match kind {
        Kind::Logo if *transparent => format!("A picture with transparent places, {shape}, that can be a logo."),
        Kind::Logo => format!("A picture of few colours, {shape}, that can be a logo."),
        _ => format!("A picture, {shape}."),
    };
    Ok(Inspection::new(path, kind, what, details))
}

fn model(path: &Path) -> Result<Inspection, DataError> {
    let io = |e: std::io::Error| DataError::io(path, &e);
    let damaged = |what: String| DataError::Damaged { what, path: path.to_path_buf() };
    let mut file = std::fs::File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(io)?;
    let header = u64::from_le_bytes(length);
    if header > MAX_HEADER || header.saturating_add(8) > size {
        return Err(damaged(format!("its header claims {header} bytes")));
    }
    let mut text = vec![0; header as usize];
    file.read_exact(&mut text).map_err(io)?;
    let metadata: safetensors::tensor::Metadata =
        serde_json::from_slice(&text).map_err(|e| damaged(format!("its header cannot be understood, {e}")))?;
    let present = size - 8 - header;
    let promised = metadata.data_len() as u64;
    if present < promised {
        let missing = format!("its header promises {promised} bytes of weights, and {present} are there");
        return Err(DataError::Truncated { missing, path: path.to_path_buf() });
    }
    if present > promised {
        return Err(damaged(format!("its header speaks of {promised} bytes of weights, and {present} are there")));
    }
    let names = metadata.offset_keys();
    let sizes =
        metadata.tensors().values().map(|info| info.shape.iter().fold(1u64, |n, &side| n.saturating_mul(side as u64))).collect::<Vec<_>>();
    let parameters = sizes.iter().fold(0u64, |sum, &n| sum.saturating_add(n));
    let what = format!("A model (safetensors) with {} tensors and {parameters} parameters.", names.len());
    Ok(Inspection::new(path, Kind::Model, what, Details::Model { tensors: names.len(), parameters, names }))
}

/// A zip archive is a package when it has a manifest that says so.
fn archive_kind(path: &Path) -> Kind {
    let Some(manifest) = entry_text(path, "manifest.json", MAX_MANIFEST) else {
        return if has_extension(path, "cmkey") { Kind::KeyPackage } else { Kind::Dataset };
    };
    let value: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let says_bundle = ["kind", "format"].iter().any(|key| value[key].as_str().is_some_and(|text| text.contains("bundle")));
    if says_bundle { Kind::Bundle } else { Kind::KeyPackage }
}

fn package(path: &Path, kind: Kind, what: &str) -> Result<Inspection, DataError> {
    let damaged = |what: &str| DataError::Damaged { what: what.into(), path: path.to_path_buf() };
    let manifest = entry_text(path, "manifest.json", MAX_MANIFEST).ok_or_else(|| damaged("it has no manifest"))?;
    serde_json::from_str::<serde_json::Value>(&manifest).map_err(|_| damaged("its manifest cannot be understood"))?;
    Ok(Inspection::new(path, kind, what.into(), Details::None {}))
}

fn unknown(path: &Path) -> Result<Inspection, DataError> {
    // Opening finds the sentence that says what it is instead.
    dataset(path, &OpenOptions::default())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

/// Two folders named as covers and marked pictures are, holding files of the same names: their names, and how many files agree.
fn pairs(path: &Path) -> Option<([String; 2], usize)> {
    let entries: Vec<PathBuf> = std::fs::read_dir(path).ok()?.take(16).filter_map(|e| Some(e.ok()?.path())).collect();
    let mut folders: Vec<&PathBuf> = entries.iter().filter(|p| p.is_dir()).collect();
    folders.sort();
    let [first, second] = folders.as_slice() else { return None };
    let name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let known = |p: &Path| PAIR_NAMES.contains(&name(p).to_lowercase().as_str());
    if !known(first) || !known(second) {
        return None;
    }
    let stems = |p: &Path| -> BTreeSet<String> {
        let files = std::fs::read_dir(p).into_iter().flatten().filter_map(|e| Some(e.ok()?.path()));
        files.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).filter(|stem| !stem.starts_with('.')).collect()
    };
    let (a, b) = (stems(first), stems(second));
    let both = a.intersection(&b).count();
    (both > 0 && both * 10 >= a.len().max(b.len()) * 9).then(|| ([name(first), name(second)], both))
}
