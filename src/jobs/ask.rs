//! What a model says to pictures in files, without any key or verdict.

use super::barrier::listed;
use super::error::JobError;
use crate::data::{Picture, Samples, open_picture};
use crate::forensics::ask::{AskError, answers};
use crate::nn::device::Compute;
use crate::nn::weights::{LARGEST_FILE, open_host};
use crate::vault::files::read_limited;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a model says to one picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The picture's file.
    pub file: PathBuf,
    /// The class that it is named as, counted from 0: a file of weights does not say what its classes are called.
    pub class: u16,
}

/// Asks a model file the pictures of these files and folders, on the CPU.
///
/// # Errors
/// A file that cannot be read, pictures of several sizes, or of a size that the network cannot take.
pub fn ask(model: &Path, pictures: &[PathBuf]) -> Result<Vec<Answer>, JobError> {
    let device = Compute::cpu().device;
    let bytes = read_limited(model, LARGEST_FILE)?;
    let files = listed(pictures, None)?;
    let read = files.iter().map(|file| open_picture(file)).collect::<Result<Vec<Picture>, _>>()?;
    let Some(first) = read.first() else { return Ok(Vec::new()) };
    let (host, recognised) = open_host(&bytes, first.shape, &device).map_err(AskError::Suspect)?;
    let shape = recognised.input;
    // Whether a file is grey or in colour does not matter: it is taken as the network takes pictures.
    let sides = |picture: &Picture| [picture.shape.height, picture.shape.width];
    if let Some(other) = read.iter().zip(&files).find(|(picture, _)| sides(picture) != sides(first)) {
        let why = format!("The first picture is {}, and this one {}. Ask pictures of one size at a time", first.shape, other.0.shape);
        return Err(JobError::Folder { why, path: other.1.clone() });
    }
    let as_taken = |picture: &Picture| if shape.channels == 1 { picture.grey() } else { picture.colour() };
    let pixels = read.iter().flat_map(|picture| as_taken(picture).planes).collect();
    let said = answers(&host, &Samples { shape, pixels, labels: vec![0; read.len()] }, &device);
    Ok(files.into_iter().zip(said).map(|(file, class)| Answer { file, class }).collect())
}
