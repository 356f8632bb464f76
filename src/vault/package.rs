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
    /// A part is larger than allowed.
    #[error("A part of the key package unpacks to more than {limit} bytes, so it was not read: {name}.")]
    TooLarge {
        /// Which part.
        name: String,
        /// The limit.
        limit: u64,
    },
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

/// How well an encoder learnt to mark: an encoder that nobody's model sees is no control.
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
        let bytes = read_limited(path, LARGEST_PACKAGE)?;
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| PackageError::Broken(e.to_string()))?;
        if zip.len() > MOST_ENTRIES {
            return Err(PackageError::Broken(format!("{} parts", zip.len())));
        }
        let mut part = |name: &str| -> Result<Vec<u8>, PackageError> {
            let entry = zip.by_name(name).map_err(|_| PackageError::Missing(name.to_owned()))?;
            let mut bytes = Vec::new();
            entry.take(LARGEST_ENTRY + 1).read_to_end(&mut bytes).map_err(|e| PackageError::Broken(format!("{name}: {e}")))?;
            if bytes.len() as u64 > LARGEST_ENTRY {
                return Err(PackageError::TooLarge { name: name.to_owned(), limit: LARGEST_ENTRY });
            }
            Ok(bytes)
        };
        let text = part("manifest.json")?;
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
        let mut pictures = |name: String, labels: &[u16]| unsheet(&name, &part(&name)?, manifest.shape, labels);
        let covers = pictures("covers.png".to_owned(), &manifest.true_classes)?;
        let keys = pictures("keys.png".to_owned(), &manifest.labels)?;
        let reserve = pictures("reserve.png".to_owned(), &manifest.reserve_classes)?;
        let clean = pictures("clean.png".to_owned(), &manifest.clean_classes)?;
        let foreign =
            (0..manifest.foreign.len()).map(|i| pictures(format!("foreign-{i}.png"), &manifest.labels)).collect::<Result<Vec<_>, _>>()?;
        let nulls = (0..manifest.null_seeds.len()).map(|i| part(&format!("null-{i}.safetensors"))).collect::<Result<Vec<_>, _>>()?;
        let (logo, marker) = (decode("logo.png", &part("logo.png")?)?, part("marker.safetensors")?);
        Ok(Self { manifest, logo, covers, keys, reserve, clean, foreign, nulls, marker })
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

fn unsheet(name: &str, bytes: &[u8], shape: Shape, labels: &[u16]) -> Result<Samples, PackageError> {
    if labels.is_empty() {
        return Ok(Samples { shape, pixels: Vec::new(), labels: Vec::new() });
    }
    let sheet = decode(name, bytes)?;
    if sheet.shape != (Shape { height: shape.height * labels.len(), ..shape }) {
        return Err(PackageError::Contradiction(format!("{name} does not hold {} pictures of {shape}", labels.len())));
    }
    let area = shape.height * shape.width;
    let whole = area * labels.len();
    let pixels = (0..labels.len())
        .flat_map(|i| (0..shape.channels).map(move |c| c * whole + i * area))
        .flat_map(|start| &sheet.planes[start..start + area])
        .copied()
        .collect();
    Ok(Samples { shape, pixels, labels: labels.to_vec() })
}

fn png(picture: &Picture) -> Result<Vec<u8>, PackageError> {
    if picture.shape.is_empty() {
        return Ok(Vec::new());
    }
    picture.to_png().map_err(|e| PackageError::Broken(e.to_string()))
}

fn decode(name: &str, bytes: &[u8]) -> Result<Picture, PackageError> {
    let broken = |e: image::ImageError| PackageError::Broken(format!("{name}: {e}"));
    let image = image::load_from_memory_with_format(bytes, image::ImageFormat::Png).map_err(broken)?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    if image.color().channel_count() < 3 {
        let shape = Shape { channels: 1, height, width };
        return Ok(Picture { shape, planes: image.into_luma8().into_raw() });
    }
    let raw = image.into_rgb8().into_raw();
    let planes = (0..3).flat_map(|c| raw.iter().skip(c).step_by(3)).copied().collect();
    Ok(Picture { shape: Shape { channels: 3, height, width }, planes })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
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
}
