//! A logo: what the owner dropped, the square picture that a network sees, and a warning when too little of it remains.

use super::decode::{flatten, read_file, too_many_bytes, upright};
use super::limits::Limits;
use super::samples::hex;
use super::sniff::looks_like_svg;
use super::svg;
use super::{DataError, Picture, PictureError, Shape};
use image::imageops::FilterType;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Rows and columns of a prepared logo, at most.
pub const MAX_SIDE: usize = 512;
/// Bytes of an SVG file: 8 MiB.
pub const MAX_SVG_BYTES: u64 = 8 << 20;

/// Brightness levels between darkest and brightest pixel below which a picture counts as one colour.
const FLAT: u8 = 8;
/// Standard deviation of brightness below which a logo is hard to see.
const FAINT: f64 = 10.0;
/// Correlation between the logo and its small version, brought back to size, below which it is hard to recognise.
const ALIKE: f64 = 0.75;

/// A logo ready for a network: its drawing at full size with the owner's choices applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    /// A name for people (file name).
    pub name: String,
    /// SHA-256 of the prepared picture with its measures, hexadecimal: what keys are derived from.
    pub digest: String,
    /// The prepared logo, square colour picture of up to 512 pixels a side.
    pub picture: Picture,
}

/// How a drawing of any proportions is laid into the square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The whole drawing is seen; the rest is background.
    #[default]
    Fit,
    /// The square is filled; what stands over is cut.
    Fill,
}

/// The owner's choices for a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogoOptions {
    /// Red, green, blue behind transparent places and around the drawing.
    pub background: [u8; 3],
    /// How the drawing is laid into the square.
    pub fit: Fit,
    /// Background on each side, per cent of the square, 0..=45.
    pub padding: u8,
    /// Whether light and dark change places at the end.
    pub invert: bool,
}

impl Default for LogoOptions {
    fn default() -> Self {
        LogoOptions { background: [255; 3], fit: Fit::Fit, padding: 0, invert: false }
    }
}

impl Logo {
    /// Reads a logo from a PNG, JPEG, WebP, BMP or SVG file.
    ///
    /// # Errors
    /// [`DataError::Picture`] and failures to read, as sentences for the user.
    pub fn open(path: &Path, options: &LogoOptions) -> Result<Logo, DataError> {
        let bytes = read_file(path, Limits::default().picture_bytes).map_err(|e| e.into_data(path))?;
        let name = path.file_name().map_or_else(|| "Logo".into(), |name| name.to_string_lossy());
        Logo::from_bytes(&name, &bytes, options).map_err(|e| DataError::picture(path, e))
    }

    /// Makes a logo from the bytes of such a file.
    ///
    /// # Errors
    /// [`PictureError`], a sentence without the file's name.
    pub fn from_bytes(name: &str, bytes: &[u8], options: &LogoOptions) -> Result<Logo, PictureError> {
        let limits = Limits::default();
        let drawing = if looks_like_svg(&bytes[..bytes.len().min(1024)]) {
            if bytes.len() as u64 > MAX_SVG_BYTES {
                return Err(too_many_bytes(bytes.len() as u64, MAX_SVG_BYTES));
            }
            svg::draw(bytes, options.background, MAX_SIDE as u32)?
        } else {
            flatten(&upright(bytes, &limits)?, options.background).colour()
        };
        Ok(Logo::from_picture(name, lay_out(&drawing, options)))
    }

    /// A logo from a picture that is already prepared: square, at most 512 pixels a side, as a key package keeps it.
    pub fn from_picture(name: &str, picture: Picture) -> Logo {
        let picture = picture.colour();
        let mut hash = Sha256::new();
        hash.update(b"countermark logo 1\n");
        for measure in [picture.shape.channels, picture.shape.height, picture.shape.width] {
            hash.update((measure as u64).to_le_bytes());
        }
        hash.update(&picture.planes);
        Logo { name: name.into(), digest: hex(&hash.finalize()), picture }
    }

    /// The logo as a network of this shape sees it: averaged down sharply (Lanczos), grey by brightness where it has one channel.
    pub fn at(&self, shape: Shape) -> Picture {
        let source = if shape.channels == 1 { self.picture.grey() } else { self.picture.clone() };
        source.resampled(shape.width, shape.height, FilterType::Lanczos3)
    }

    /// What the owner should know before marking with this logo at this shape: sentences, none when all is well.
    pub fn warnings(&self, shape: Shape) -> Vec<String> {
        if is_flat(&self.picture) {
            let colour = "The logo is empty or has a single colour, so nothing could be recognised.";
            return vec![format!("{colour} Choose another background or another logo.")];
        }
        let small = self.at(shape);
        if is_flat(&small) {
            let why = if shape.channels == 1 && !is_flat(&self.at(Shape { channels: 3, ..shape })) {
                "In grey the colours of the logo cannot be told apart."
            } else {
                "Nothing of the logo is left at this size."
            };
            return vec![format!("{why} Choose another background or a logo with more contrast.")];
        }
        let full = if shape.channels == 1 { self.picture.grey() } else { self.picture.clone() };
        let mut warnings = Vec::new();
        let (width, height) = (shape.width, shape.height);
        if deviation(&small) < FAINT {
            warnings.push("The logo is faint: light and dark hardly differ. Choose another background or a stronger logo.".into());
        }
        if correlation(&full, &small.resized(full.shape.width, full.shape.height)) < ALIKE {
            warnings.push(format!("At {width}x{height} too little of the logo is left to recognise it. Choose a simpler or bolder one."));
        }
        warnings
    }
}

/// Lays a drawing into the square: fitted or filling, with padding, on the background.
fn lay_out(drawing: &Picture, options: &LogoOptions) -> Picture {
    let Shape { height, width, .. } = drawing.shape;
    let side = height.max(width).clamp(1, MAX_SIDE);
    let border = side * usize::from(options.padding.min(45)) / 100;
    let inner = (side - 2 * border).max(1);
    let placed = match options.fit {
        Fit::Fill => shrunk(&drawing.middle_square(), inner, inner),
        Fit::Fit => {
            let scale = inner as f64 / height.max(width) as f64;
            let measure = |length: usize| ((length as f64 * scale).round() as usize).clamp(1, inner);
            shrunk(drawing, measure(width), measure(height))
        }
    };
    let (top, left) = ((side - placed.shape.height) / 2, (side - placed.shape.width) / 2);
    let mut planes = Vec::with_capacity(3 * side * side);
    for c in 0..3 {
        let start = planes.len();
        planes.resize(start + side * side, options.background[c]);
        for y in 0..placed.shape.height {
            let from = (c * placed.shape.height + y) * placed.shape.width;
            let to = start + (top + y) * side + left;
            planes[to..to + placed.shape.width].copy_from_slice(&placed.planes[from..from + placed.shape.width]);
        }
    }
    if options.invert {
        planes.iter_mut().for_each(|value| *value = 255 - *value);
    }
    Picture { shape: Shape { channels: 3, height: side, width: side }, planes }
}

fn shrunk(drawing: &Picture, width: usize, height: usize) -> Picture {
    drawing.resampled(width, height, FilterType::Lanczos3)
}

/// Whether every channel stays within a few levels.
fn is_flat(picture: &Picture) -> bool {
    let area = picture.shape.width * picture.shape.height;
    picture.planes.chunks_exact(area.max(1)).all(|plane| {
        let (low, high) = plane.iter().fold((255u8, 0u8), |(low, high), &v| (low.min(v), high.max(v)));
        high.saturating_sub(low) < FLAT
    })
}

/// Each value minus the mean of its channel.
fn centred(picture: &Picture) -> impl Iterator<Item = f64> + '_ {
    let area = (picture.shape.width * picture.shape.height).max(1);
    picture.planes.chunks_exact(area).flat_map(move |plane| {
        let mean = plane.iter().map(|&v| f64::from(v)).sum::<f64>() / area as f64;
        plane.iter().map(move |&v| f64::from(v) - mean)
    })
}

/// Standard deviation within channels, levels of 0..255.
fn deviation(picture: &Picture) -> f64 {
    (centred(picture).map(|v| v * v).sum::<f64>() / picture.planes.len().max(1) as f64).sqrt()
}

/// Pearson correlation of two pictures of one shape, channels centred each on its own, -1..1; 0 when one of them is flat.
fn correlation(a: &Picture, b: &Picture) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in centred(a).zip(centred(b)) {
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if aa * bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}
