//! Bytes become pictures, labels and logos here: formats, folders, archives, splits.
//!
//! `open` recognises what a path holds and loads it; `logo` turns a drawing into what a network sees. No tensor, no window.

mod image;
pub mod logo;

pub use image::{Picture, Shape};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Pictures of one shape with their labels, in memory, planar `[count, channels, height, width]`, values 0..=255.
#[derive(Debug, Clone)]
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
        let pixels = indices.iter().flat_map(|&i| self.bytes(i)).copied().collect();
        let labels = indices.iter().map(|&i| self.labels[i]).collect();
        Samples { shape: self.shape, pixels, labels }
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

/// One file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which file (inside an archive: its name there).
    pub file: PathBuf,
    /// What is wrong with it, a sentence.
    pub reason: String,
}
