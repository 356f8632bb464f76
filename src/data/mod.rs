//! Bytes become pictures, labels and logos here: formats, folders, archives, splits.
//!
//! `open` recognises what a path holds and loads it, `inspect` says what anything is, `logo` turns a drawing into what a network
//! sees, `sample` is what the program brings along. `limits` holds every limit. No tensor, no window.

mod archive;
mod arrange;
mod cifar;
mod decode;
mod error;
mod folder;
mod gather;
mod idx;
mod image;
mod inspect;
mod jpeg;
pub mod limits;
pub mod logo;
mod open;
mod photos;
pub mod rain;
mod sample;
mod samples;
mod sniff;
mod split;
mod still;
mod svg;
pub mod tasks;
#[cfg(test)]
mod tests;
mod whole;

pub use decode::open_picture;
pub use error::{DataError, PictureError};
pub use image::{Picture, Shape};
pub use inspect::{ClassCount, DatasetDetails, Details, Inspection, Kind, inspect, inspect_as, recognise};
pub use open::{OpenOptions, open};
pub use photos::{Photos, hold_pairs, pairs, photos, pictures};
pub use sample::{sample, sample_logos};
pub use samples::{Dataset, Format, Samples, hex};
pub use split::{keyed_order, split};
pub use svg::draw as draw_svg;
pub use whole::Whole;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which file (inside an archive: its name there).
    pub file: PathBuf,
    /// What is wrong with it, a sentence.
    pub reason: String,
}
