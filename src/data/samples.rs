//! Pictures with labels in memory: the form in which every format ends and every training begins.

use super::{DataError, Picture, Problem, Shape};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

/// Pictures of one shape with their labels, in memory, planar `[count, channels, height, width]`, values 0..=255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// The shape that all pictures share.
    pub shape: Shape,
    /// `count * shape.len()` bytes.
    pub pixels: Vec<u8>,
    /// One class index a picture.
    pub labels: Vec<u16>,
}

impl Samples {
    /// How many pictures there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of picture `index`, `[channels, height, width]`.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let len = self.shape.len();
        &self.pixels[index * len..(index + 1) * len]
    }

    /// A copy of picture `index`.
    pub fn picture(&self, index: usize) -> Picture {
        Picture { shape: self.shape, planes: self.bytes(index).to_vec() }
    }

    /// The pictures at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Samples {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        indices.iter().for_each(|&i| pixels.extend_from_slice(self.bytes(i)));
        let labels = indices.iter().map(|&i| self.labels[i]).collect();
        Samples { shape: self.shape, pixels, labels }
    }

    /// How many pictures each class has; the length is the highest label plus one.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.labels.iter().max().map_or(0, |&m| m as usize + 1)];
        self.labels.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    }
}

/// A labelled data set, ready for training: what a dropped file or folder became.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// A name for people (file or folder name).
    pub name: String,
    /// Where it was read from; `None` for the embedded sample.
    pub source: Option<PathBuf>,
    /// SHA-256 over shape, labels and pixels, in hexadecimal.
    pub digest: String,
    /// What it was recognised as.
    pub format: Format,
    /// Class names, in the order of their indices.
    pub classes: Vec<String>,
    /// The part that networks learn from.
    pub train: Arc<Samples>,
    /// The part that is only asked, never learnt.
    pub test: Arc<Samples>,
    /// Files that could not be read and why, in the order met.
    pub problems: Vec<Problem>,
    /// Sentences that the user should read (sizes differ, classes are unbalanced, ...).
    pub notes: Vec<String>,
}

impl Dataset {
    /// How many pictures each class has in both parts together, in the order of `classes`.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for part in [&self.train, &self.test] {
            for (count, more) in counts.iter_mut().zip(part.class_counts()) {
                *count += more;
            }
        }
        counts
    }

    /// The shape of its pictures.
    pub fn shape(&self) -> Shape {
        self.train.shape
    }

    /// Checks that the parts hold at least so many pictures, as a plan with so many covers and keys needs.
    ///
    /// # Errors
    /// [`DataError::TooFew`], a sentence with both numbers.
    pub fn require(&self, train: usize, test: usize) -> Result<(), DataError> {
        for (part, have, need) in [("training", self.train.count(), train), ("test", self.test.count(), test)] {
            if have < need {
                return Err(DataError::TooFew { name: self.name.clone(), part, have, need });
            }
        }
        Ok(())
    }
}

/// SHA-256 that names a data set: a heading, the shape, then of each part the count, the labels and the pixels, numbers as
/// little-endian (64 bits; labels 16), in hexadecimal.
pub(crate) fn digest(train: &Samples, test: &Samples) -> String {
    let mut hash = Sha256::new();
    hash.update(b"countermark data set 1\n");
    for measure in [train.shape.channels, train.shape.height, train.shape.width] {
        hash.update((measure as u64).to_le_bytes());
    }
    for part in [train, test] {
        hash.update((part.count() as u64).to_le_bytes());
        let labels: Vec<u8> = part.labels.iter().flat_map(|label| label.to_le_bytes()).collect();
        hash.update(&labels);
        hash.update(&part.pixels);
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The formats that are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The sample inside the program.
    Sample,
    /// A pair of idx files, gzip or not.
    Idx,
    /// CIFAR-10 binary batches.
    Cifar10,
    /// CIFAR-100 binary batches.
    Cifar100,
    /// A folder with one folder a class.
    Folder,
    /// A zip archive of such a folder.
    Zip,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Format::Sample => "the sample inside the program",
            Format::Idx => "idx files",
            Format::Cifar10 => "CIFAR-10 files",
            Format::Cifar100 => "CIFAR-100 files",
            Format::Folder => "a folder with one folder per class",
            Format::Zip => "a zip archive with one folder per class",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(labels: &[u16]) -> Samples {
        let shape = Shape { channels: 1, height: 1, width: 2 };
        Samples { shape, pixels: (0..labels.len() as u8 * 2).collect(), labels: labels.to_vec() }
    }

    #[test]
    fn counts_and_selections_follow_the_labels() {
        let all = samples(&[2, 0, 2]);
        assert_eq!(all.class_counts(), [1, 0, 2]);
        let some = all.select(&[2, 0]);
        assert_eq!((some.pixels.as_slice(), some.labels.as_slice()), ([4u8, 5, 0, 1].as_slice(), [2u16, 2].as_slice()));
    }

    #[test]
    fn the_digest_changes_with_pixels_labels_and_parts() {
        let (a, b) = (samples(&[0, 1]), samples(&[1, 0]));
        let mut c = a.clone();
        c.pixels[0] ^= 1;
        let all = [digest(&a, &b), digest(&b, &a), digest(&a, &a), digest(&c, &b)];
        assert!(all.iter().enumerate().all(|(i, x)| all[..i].iter().all(|y| x != y)));
        assert_eq!(all[0], digest(&a, &b));
        assert_eq!(all[0].len(), 64);
    }
}
