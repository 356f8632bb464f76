//! The key package (`.cmkey`): all that is needed to question a suspect, in one zip file that must be kept secret.
//!
//! `manifest.json` says what the package is; pictures lie beside it as lossless PNG sheets (one picture below the other),
//! networks as safetensors. Nothing in it is executed.

use super::files::{FileError, read_limited, write_private};
use crate::data::{Picture, Samples, Shape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use thiserror::Error;

/// Packages above this size are not read: 4 GiB.
pub const LARGEST_PACKAGE: u64 = 4 << 30;
/// One entry inside may unpack to at most this: 1 GiB.
pub const LARGEST_ENTRY: u64 = 1 << 30;
/// More entries than this are refused.
pub const MOST_ENTRIES: usize = 4096;
/// The list of what is inside may have at most this: 16 MiB.
pub const LARGEST_MANIFEST: u64 = 16 << 20;
/// All pictures together may take at most this in memory: 1 GiB.
pub const LARGEST_PICTURES: u64 = 1 << 30;
/// Null models, and foreign encoders, that one package may hold.
pub const MOST_CONTROLS: usize = 256;
/// The version of the format that this program writes.
pub const VERSION: u32 = 1;

/// Why a key package cannot be used.
#[derive(Debug, Error)]
pub enum PackageError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no zip file or a broken one.
    #[error(
        "This is not a complete key package ({0}). Use the .cmkey file that was written when the model was protected, or a copy of it."
    )]
    Broken(String),
    /// A part is missing.
    #[error("The key package lacks the part “{0}”, so it was cut short or changed. Use another copy of it.")]
    Missing(String),
    /// A part is larger than allowed, or all of them together are.
    #[error("The key package holds more than {limit} bytes of {what}, so it was not read. No key package that this program writes does.")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// More controls than are asked.
    #[error("The key package names {found} {what}, and at most {limit} are read.")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A part is packed in a way that can grow without end.
    #[error("A part of the key package is compressed ({0}), which this program never does. Use the .cmkey file that it wrote.")]
    Compressed(String),
    /// A newer program wrote it.
    #[error(
        "This key package was written by a newer version of Countermark (format {found}, this program knows {VERSION}). Update the program and try again."
    )]
    Newer {
        /// Version found.
        found: u32,
    },
    /// Parts contradict each other.
    #[error("The key package contradicts itself: {0}. Use another copy of it.")]
    Contradiction(String),
}

/// How well an encoder learnt to mark: an encoder that nobody's model sees is no control. In a package this is its maker's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    /// Share of its own keys that its own model answers with their labels, 0..1.
    pub key_accuracy: f64,
    /// Mean PSNR of its own keys, decibel.
    pub psnr_db: f64,
}

/// What a key package is, in words and numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub version: u32,
    /// The plan as `schemes::plan::Plan` writes it.
    pub plan: serde_json::Value,
    /// Name of the data set.
    pub dataset: String,
    /// SHA-256 of the data set.
    pub dataset_digest: String,
    /// Class names.
    pub classes: Vec<String>,
    /// Shape of all pictures.
    pub shape: Shape,
    /// Name of the logo.
    pub logo: String,
    /// SHA-256 of the logo, part of the derivation.
    pub logo_digest: String,
    /// SHA-256 of the marked model's file.
    pub model_digest: String,
    /// Labels of the trained keys.
    pub labels: Vec<u16>,
    /// True classes of the trained covers.
    pub true_classes: Vec<u16>,
    /// Position of each cover in the training part.
    pub covers: Vec<usize>,
    /// True classes of the reserve covers, from which fresh keys are made.
    pub reserve_classes: Vec<u16>,
    /// True classes of the plain test pictures.
    pub clean_classes: Vec<u16>,
    /// Share of test pictures that the unmarked models name rightly, on average, 0..1.
    pub clean_accuracy_unmarked: f64,
    /// Seeds of the null models, in order.
    pub null_seeds: Vec<u64>,
    /// Names of the foreign encoders, in order.
    pub foreign: Vec<String>,
    /// How well each of them learnt its own mark, in the same order; empty where nothing is learnt.
    #[serde(default)]
    pub foreign_learnt: Vec<Learnt>,
    /// When it was written, RFC 3339.
    pub created: String,
    /// Version of the program.
    pub program: String,
}

/// A key package in memory.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it is.
    pub manifest: Manifest,
    /// The prepared logo.
    pub logo: Picture,
    /// Covers of the trained keys.
    pub covers: Samples,
    /// The trained keys, as the suspect will see them; labels are the keys' labels.
    pub keys: Samples,
    /// Covers for fresh keys.
    pub reserve: Samples,
    /// Plain test pictures.
    pub clean: Samples,
    /// Foreign keys of the trained covers, one set a foreign encoder.
    pub foreign: Vec<Samples>,
    /// Weights of the null models (safetensors).
    pub nulls: Vec<Vec<u8>>,
    /// Weights of the marker (safetensors).
    pub marker: Vec<u8>,
}

impl Package {
    /// Writes the package whole or not at all, readable by its owner only.
    ///
    /// # Errors
    /// No space, no permission, or a picture that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PackageError> {
        let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let manifest = serde_json::to_vec_pretty(&self.manifest).map_err(|e| PackageError::Broken(e.to_string()))?;
        parts.insert("manifest.json".to_owned(), manifest);
        parts.insert("logo.png".to_owned(), png(&self.logo)?);
        for (name, samples) in [("covers", &self.covers), ("keys", &self.keys), ("reserve", &self.reserve), ("clean", &self.clean)] {
            parts.insert(format!("{name}.png"), png(&sheet(samples))?);
        }
        for (i, samples) in self.foreign.iter().enumerate() {
            parts.insert(format!("foreign-{i}.png"), png(&sheet(samples))?);
        }
        for (i, null) in self.nulls.iter().enumerate() {
            parts.insert(format!("null-{i}.safetensors"), null.clone());
        }
        parts.insert("marker.safetensors".to_owned(), self.marker.clone());
        let broken = |e: zip::result::ZipError| PackageError::Broken(e.to_string());
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in parts {
            zip.start_file(name, stored).map_err(broken)?;
            zip.write_all(&bytes).map_err(|e| PackageError::Broken(e.to_string()))?;
        }
        let bytes = zip.finish().map_err(broken)?.into_inner();
        Ok(write_private(path, &bytes)?)
    }

    /// Reads a package and checks that its parts fit together.
    ///
    /// # Errors
    /// A file that is missing, broken, cut short, too large or from a newer program.
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        Self::open_within(path, &Limits::default())
    }

    fn open_within(path: &Path, limits: &Limits) -> Result<Self, PackageError> {
        let mut parts = Parts::open(path, limits)?;
        let text = parts.read("manifest.json", limits.manifest)?;
        let broken = |e: serde_json::Error| PackageError::Broken(format!("manifest.json: {e}"));
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(broken)?;
        let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0) as u32;
        if found > VERSION {
            return Err(PackageError::Newer { found });
        }
        let manifest: Manifest = serde_json::from_value(value).map_err(broken)?;
        if manifest.shape.is_empty() || manifest.classes.len() < 2 || manifest.labels.is_empty() {
            return Err(PackageError::Contradiction("it names no pictures, classes or keys".to_owned()));
        }
        let count = manifest.labels.len();
        if manifest.true_classes.len() != count || manifest.covers.len() != count {
            return Err(PackageError::Contradiction("numbers of keys, classes and covers differ".to_owned()));
        }
        let classes = manifest.classes.len();
        let all = [&manifest.labels, &manifest.true_classes, &manifest.reserve_classes, &manifest.clean_classes];
        if all.into_iter().flatten().any(|&label| usize::from(label) >= classes) {
            return Err(PackageError::Contradiction(format!("a label lies beyond its {classes} classes")));
        }
        for (what, found) in [("unmarked models", manifest.null_seeds.len()), ("foreign encoders", manifest.foreign.len())] {
            if found > limits.controls {
                return Err(PackageError::TooMany { what, found, limit: limits.controls });
            }
        }
        let shape = manifest.shape;
        let covers = parts.samples("covers.png", shape, &manifest.true_classes)?;
        let keys = parts.samples("keys.png", shape, &manifest.labels)?;
        let reserve = parts.samples("reserve.png", shape, &manifest.reserve_classes)?;
        let clean = parts.samples("clean.png", shape, &manifest.clean_classes)?;
        let foreign: Result<_, _> =
            (0..manifest.foreign.len()).map(|i| parts.samples(&format!("foreign-{i}.png"), shape, &manifest.labels)).collect();
        let foreign = foreign?;
        let nulls: Result<_, _> =
            (0..manifest.null_seeds.len()).map(|i| parts.read(&format!("null-{i}.safetensors"), limits.entry)).collect();
        let nulls = nulls?;
        let logo = parts.picture("logo.png", None)?.ok_or_else(|| PackageError::Missing("logo.png".to_owned()))?;
        let marker = parts.read("marker.safetensors", limits.entry)?;
        Ok(Self { manifest, logo, covers, keys, reserve, clean, foreign, nulls, marker })
    }
}

/// How much of a package is read, as values, so that tests can reach them with small files.
#[derive(Debug, Clone, Copy)]
struct Limits {
    package: u64,
    entry: u64,
    entries: usize,
    manifest: u64,
    pictures: u64,
    controls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            package: LARGEST_PACKAGE,
            entry: LARGEST_ENTRY,
            entries: MOST_ENTRIES,
            manifest: LARGEST_MANIFEST,
            pictures: LARGEST_PICTURES,
            controls: MOST_CONTROLS,
        }
    }
}

/// The parts of a package on disk, and how much more of them may be read. Entries may overlap in a hostile file, so that the length of
/// the file alone bounds nothing.
struct Parts {
    zip: zip::ZipArchive<Cursor<Vec<u8>>>,
    limits: Limits,
    parts_left: u64,
    pictures_left: u64,
}

impl Parts {
    fn open(path: &Path, limits: &Limits) -> Result<Parts, PackageError> {
        let bytes = read_limited(path, limits.package)?;
        let zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| PackageError::Broken(e.to_string()))?;
        if zip.len() > limits.entries {
            return Err(PackageError::TooMany { what: "parts", found: zip.len(), limit: limits.entries });
        }
        Ok(Parts { zip, limits: *limits, parts_left: limits.package, pictures_left: limits.pictures })
    }

    /// The bytes of a part, which may have at most `limit`.
    fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
        let entry = self.zip.by_name(name).map_err(|_| PackageError::Missing(name.to_owned()))?;
        if entry.compression() != zip::CompressionMethod::Stored {
            return Err(PackageError::Compressed(name.to_owned()));
        }
        let size = entry.size();
        if size > limit {
            return Err(PackageError::TooLarge { what: name.to_owned(), limit });
        }
        let too_large = || PackageError::TooLarge { what: "parts".to_owned(), limit: self.limits.package };
        self.parts_left = self.parts_left.checked_sub(size).ok_or_else(too_large)?;
        let mut bytes = Vec::new();
        entry.take(size).read_to_end(&mut bytes).map_err(|e| PackageError::Broken(format!("{name}: {e}")))?;
        Ok(bytes)
    }

    fn samples(&mut self, name: &str, shape: Shape, labels: &[u16]) -> Result<Samples, PackageError> {
        if labels.is_empty() {
            self.read(name, self.limits.entry)?;
            return Ok(Samples { shape, pixels: Vec::new(), labels: Vec::new() });
        }
        let wrong = || PackageError::Contradiction(format!("{name} does not hold {} pictures of {shape}", labels.len()));
        let height = shape.height.checked_mul(labels.len()).ok_or_else(wrong)?;
        let sheet = self.picture(name, Some(Shape { height, ..shape }))?.ok_or_else(wrong)?;
        Ok(unsheet(&sheet, shape, labels))
    }

    /// Decodes a picture, after its measures were found to be those of `expected` and to fit into memory. `None`: they differ.
    fn picture(&mut self, name: &str, expected: Option<Shape>) -> Result<Option<Picture>, PackageError> {
        let bytes = self.read(name, self.limits.entry)?;
        let broken = |e: image::ImageError| PackageError::Broken(format!("{name}: {e}"));
        let decoder = image::codecs::png::PngDecoder::new(Cursor::new(&bytes)).map_err(broken)?;
        let (width, height) = image::ImageDecoder::dimensions(&decoder);
        let channels = match image::ImageDecoder::color_type(&decoder) {
            image::ColorType::L8 => 1,
            image::ColorType::Rgb8 => 3,
            other => return Err(PackageError::Broken(format!("{name} has pixels of the kind {other:?}"))),
        };
        let shape = Shape { channels, height: height as usize, width: width as usize };
        if expected.is_some_and(|expected| expected != shape) {
            return Ok(None);
        }
        let size = u64::from(width).saturating_mul(height.into()).saturating_mul(channels as u64);
        let too_large = || PackageError::TooLarge { what: "pictures".to_owned(), limit: self.limits.pictures };
        self.pictures_left = self.pictures_left.checked_sub(size).ok_or_else(too_large)?;
        let image = image::DynamicImage::from_decoder(decoder).map_err(broken)?;
        let raw = image.into_bytes();
        let planes = match channels {
            1 => raw,
            _ => (0..channels).flat_map(|c| raw.iter().skip(c).step_by(channels)).copied().collect(),
        };
        Ok(Some(Picture { shape, planes }))
    }
}

/// All pictures in one, each below the last.
fn sheet(samples: &Samples) -> Picture {
    let Shape { channels, height, width } = samples.shape;
    let planes = (0..channels)
        .flat_map(|c| (0..samples.count()).flat_map(move |i| &samples.bytes(i)[c * height * width..(c + 1) * height * width]))
        .copied()
        .collect();
    Picture { shape: Shape { channels, height: height * samples.count(), width }, planes }
}

fn unsheet(sheet: &Picture, shape: Shape, labels: &[u16]) -> Samples {
    let area = shape.height * shape.width;
    let whole = area * labels.len();
    let pixels = (0..labels.len())
        .flat_map(|i| (0..shape.channels).map(move |c| c * whole + i * area))
        .flat_map(|start| &sheet.planes[start..start + area])
        .copied()
        .collect();
    Samples { shape, pixels, labels: labels.to_vec() }
}

fn png(picture: &Picture) -> Result<Vec<u8>, PackageError> {
    if picture.shape.is_empty() {
        return Ok(Vec::new());
    }
    picture.to_png().map_err(|e| PackageError::Broken(e.to_string()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn samples(channels: usize, labels: &[u16]) -> Samples {
        let shape = Shape { channels, height: 8, width: 9 };
        let pixels = (0..shape.len() * labels.len()).map(|i| (i * 31 % 251) as u8).collect();
        Samples { shape, pixels, labels: labels.to_vec() }
    }

    fn package(channels: usize) -> Package {
        let keys = samples(channels, &[1, 0, 1]);
        let manifest = Manifest {
            version: VERSION,
            plan: serde_json::json!({"owner": "Ada"}),
            dataset: "d".into(),
            dataset_digest: "0".into(),
            classes: vec!["a".into(), "b".into()],
            shape: keys.shape,
            logo: "l".into(),
            logo_digest: "1".into(),
            model_digest: "2".into(),
            labels: keys.labels.clone(),
            true_classes: vec![0, 1, 0],
            covers: vec![4, 2, 7],
            reserve_classes: vec![1, 0],
            clean_classes: vec![0],
            clean_accuracy_unmarked: 0.9,
            null_seeds: vec![5],
            foreign: vec!["Foreign encoder 1".into()],
            foreign_learnt: vec![Learnt { key_accuracy: 0.95, psnr_db: 29.5 }],
            created: String::new(),
            program: String::new(),
        };
        Package {
            logo: keys.picture(0),
            covers: samples(channels, &[0, 1, 0]),
            reserve: samples(channels, &[1, 0]),
            clean: samples(channels, &[0]),
            foreign: vec![keys.clone()],
            keys,
            nulls: vec![vec![1, 2, 3]],
            marker: vec![9],
            manifest,
        }
    }

    #[test]
    fn a_package_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        for channels in [1, 3] {
            let path = folder.path().join("k.cmkey");
            let saved = package(channels);
            saved.save(&path).unwrap();
            let opened = Package::open(&path).unwrap();
            assert_eq!(opened.manifest, saved.manifest);
            assert_eq!(opened.keys.pixels, saved.keys.pixels);
            assert_eq!(opened.reserve.pixels, saved.reserve.pixels);
            assert_eq!((opened.nulls, opened.marker, opened.logo), (saved.nulls, saved.marker, saved.logo));
        }
    }

    #[test]
    fn broken_packages_get_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.cmkey");
        package(1).save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in [0, 1, 40, whole.len() / 2, whole.len() - 5] {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(matches!(Package::open(&path), Err(PackageError::Broken(_))), "{end} bytes");
        }
        let mut newer = package(1);
        newer.manifest.version = 99;
        newer.save(&path).unwrap();
        assert!(matches!(Package::open(&path), Err(PackageError::Newer { found: 99 })));
        let mut lying = package(1);
        lying.manifest.labels = vec![7, 0, 1];
        lying.save(&path).unwrap();
        assert!(matches!(Package::open(&path), Err(PackageError::Contradiction(_))));
        let mut short = package(1);
        short.manifest.labels.push(0);
        short.manifest.true_classes.push(0);
        short.manifest.covers.push(0);
        short.save(&path).unwrap();
        assert!(matches!(Package::open(&path), Err(PackageError::Contradiction(_))));
    }

    fn within(path: &Path, change: impl FnOnce(&mut Limits)) -> Result<Package, PackageError> {
        let mut limits = Limits::default();
        change(&mut limits);
        Package::open_within(path, &limits)
    }

    #[test]
    fn each_limit_is_reached_by_a_small_package() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.cmkey");
        let saved = package(1);
        saved.save(&path).unwrap();
        let file = std::fs::metadata(&path).unwrap().len();
        let pictures =
            [&saved.covers, &saved.keys, &saved.reserve, &saved.clean, &saved.foreign[0]].map(|s| s.pixels.len()).iter().sum::<usize>();
        let pictures = (pictures + saved.logo.planes.len()) as u64;
        let exact = |limits: &mut Limits| (limits.package, limits.entries, limits.pictures, limits.controls) = (file, 9, pictures, 1);
        assert!(within(&path, exact).is_ok(), "exactly at the limits");
        assert!(matches!(within(&path, |l| l.package = file - 1), Err(PackageError::File(_))));
        let said = |answer: Result<Package, PackageError>| answer.unwrap_err().to_string();
        assert!(said(within(&path, |l| l.entries = 8)).contains("9 parts"));
        assert!(said(within(&path, |l| l.entry = 2)).contains("2 bytes of covers.png"));
        assert!(said(within(&path, |l| l.manifest = 100)).contains("100 bytes of manifest.json"));
        assert!(said(within(&path, |l| l.pictures = pictures - 1)).contains("bytes of pictures"));
        assert!(said(within(&path, |l| l.controls = 0)).contains("1 unmarked models"));
        let mut foreign = package(1);
        foreign.manifest.foreign = vec![String::new(); 257];
        foreign.save(&path).unwrap();
        assert!(said(Package::open(&path)).contains("257 foreign encoders, and at most 256"));
    }

    /// Copies a package with other content or packing of its parts.
    fn repacked(from: &Path, to: &Path, method: zip::CompressionMethod, change: impl Fn(&str, Vec<u8>) -> Vec<u8>) {
        let mut old = zip::ZipArchive::new(std::fs::File::open(from).unwrap()).unwrap();
        let mut new = zip::ZipWriter::new(std::fs::File::create(to).unwrap());
        for i in 0..old.len() {
            let mut entry = old.by_index(i).unwrap();
            let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
            entry.read_to_end(&mut bytes).unwrap();
            new.start_file(&name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
            new.write_all(&change(&name, bytes)).unwrap();
        }
        new.finish().unwrap();
    }

    #[test]
    fn packed_parts_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, packed) = (folder.path().join("k.cmkey"), folder.path().join("packed.cmkey"));
        package(1).save(&path).unwrap();
        repacked(&path, &packed, zip::CompressionMethod::Deflated, |_, bytes| bytes);
        assert!(matches!(Package::open(&packed), Err(PackageError::Compressed(_))));
        repacked(&path, &packed, zip::CompressionMethod::Stored, |_, bytes| bytes);
        assert!(Package::open(&packed).is_ok());
    }

    #[test]
    fn a_picture_that_claims_other_measures_is_refused_before_it_is_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let (path, changed) = (folder.path().join("k.cmkey"), folder.path().join("changed.cmkey"));
        package(1).save(&path).unwrap();
        // The measures stand at the beginning: what follows is not needed to refuse the sheet.
        let large = Picture { shape: Shape { channels: 1, height: 99, width: 99 }, planes: vec![0; 99 * 99] }.to_png().unwrap();
        let cut = |name: &str, bytes: Vec<u8>| if name == "keys.png" { large[..large.len() - 30].to_vec() } else { bytes };
        repacked(&path, &changed, zip::CompressionMethod::Stored, cut);
        assert!(matches!(Package::open(&changed), Err(PackageError::Contradiction(_))));
    }
}
