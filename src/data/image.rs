//! One picture as the program passes it around: 8-bit, grey or colour, rows from the top.

use image::imageops::FilterType;
use serde::{Deserialize, Serialize};

/// Height, width and channels of one picture or of every picture of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Bytes of one picture.
    pub const fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether the shape holds no pixel.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.channels == 1 { "grey" } else { "colour" };
        write!(f, "{}x{} {kind}", self.width, self.height)
    }
}

/// An 8-bit picture, planar: `[channels, height, width]`, values 0..=255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its measures.
    pub shape: Shape,
    /// `shape.len()` bytes, one channel after the other.
    pub planes: Vec<u8>,
}

impl Picture {
    /// The picture as interleaved opaque RGBA, `4 * width * height` bytes: what a window draws.
    pub fn to_rgba(&self) -> Vec<u8> {
        let area = self.shape.width * self.shape.height;
        let mut rgba = vec![255; area * 4];
        for (i, pixel) in rgba.chunks_exact_mut(4).enumerate() {
            for (c, value) in pixel.iter_mut().take(3).enumerate() {
                *value = self.planes[if self.shape.channels == 1 { i } else { c * area + i }];
            }
        }
        rgba
    }

    /// Its brightness as a grey picture: 0.299 red + 0.587 green + 0.114 blue, rounded. Grey pictures stay as they are.
    pub fn grey(&self) -> Picture {
        if self.shape.channels == 1 {
            return self.clone();
        }
        let area = self.shape.width * self.shape.height;
        let (red, rest) = self.planes.split_at(area);
        let (green, blue) = rest.split_at(area);
        let planes = red.iter().zip(green).zip(blue).map(|((&r, &g), &b)| luma(r, g, b)).collect();
        Picture { shape: Shape { channels: 1, ..self.shape }, planes }
    }

    /// The picture with three channels; grey is repeated. Colour pictures stay as they are.
    pub fn colour(&self) -> Picture {
        if self.shape.channels == 3 {
            return self.clone();
        }
        Picture { shape: Shape { channels: 3, ..self.shape }, planes: self.planes.repeat(3) }
    }

    /// The largest square out of its middle.
    pub fn middle_square(&self) -> Picture {
        self.middle(self.shape.height.min(self.shape.width))
    }

    /// A square out of its middle, of that side or as large as there is one.
    pub fn middle(&self, side: usize) -> Picture {
        let Shape { channels, height, width } = self.shape;
        let side = side.min(height).min(width);
        if (height, width) == (side, side) {
            return self.clone();
        }
        let (top, left) = ((height - side) / 2, (width - side) / 2);
        let mut planes = Vec::with_capacity(channels * side * side);
        for row in (0..channels).flat_map(|c| (top..top + side).map(move |y| c * height + y)) {
            planes.extend_from_slice(&self.planes[row * width + left..row * width + left + side]);
        }
        Picture { shape: Shape { channels, height: side, width: side }, planes }
    }

    /// The picture at another size, without keeping its proportions: averaged when it shrinks, linear when it grows.
    pub fn resized(&self, width: usize, height: usize) -> Picture {
        self.resampled(width, height, FilterType::Triangle)
    }

    pub(crate) fn resampled(&self, width: usize, height: usize, filter: FilterType) -> Picture {
        let Shape { channels, height: old_height, width: old_width } = self.shape;
        let shape = Shape { channels, height, width };
        if (old_width, old_height) == (width, height) || self.shape.is_empty() || shape.is_empty() {
            return if self.shape == shape { self.clone() } else { Picture { shape, planes: vec![0; shape.len()] } };
        }
        let mut planes = Vec::with_capacity(shape.len());
        for plane in self.planes.chunks_exact(old_width * old_height) {
            let old = image::GrayImage::from_raw(old_width as u32, old_height as u32, plane.to_vec()).unwrap_or_default();
            planes.extend_from_slice(image::imageops::resize(&old, width as u32, height as u32, filter).as_raw());
        }
        Picture { shape, planes }
    }

    /// The picture as a network of `side` and `channels` takes it: middle square, resized, grey or colour.
    pub fn fitted(&self, side: usize, channels: usize) -> Picture {
        let square = self.middle_square().resized(side, side);
        if channels == 1 { square.grey() } else { square.colour() }
    }

    /// Whether red, green and blue agree everywhere.
    pub fn is_grey(&self) -> bool {
        let area = self.shape.width * self.shape.height;
        self.shape.channels == 1 || (self.planes[..area] == self.planes[area..2 * area] && self.planes[..area] == self.planes[2 * area..])
    }

    /// The picture as a PNG file, grey or RGB with 8 bits, without loss.
    ///
    /// # Errors
    /// What the encoder says; a picture whose planes fit its shape gives none.
    pub fn to_png(&self) -> Result<Vec<u8>, image::ImageError> {
        let mut png = Vec::new();
        self.write_by(image::codecs::png::PngEncoder::new(&mut png))?;
        Ok(png)
    }

    /// Gives its pixels, grey or RGB with 8 bits, to an encoder.
    pub(super) fn write_by(&self, encoder: impl image::ImageEncoder) -> Result<(), image::ImageError> {
        let Shape { channels, height, width } = self.shape;
        let (bytes, kind) = if channels == 1 {
            (self.planes.clone(), image::ExtendedColorType::L8)
        } else {
            (self.to_rgba().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(), image::ExtendedColorType::Rgb8)
        };
        encoder.write_image(&bytes, width as u32, height as u32, kind)
    }
}

/// Brightness of one pixel as in [`Picture::grey`].
pub(crate) fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(channels: usize, height: usize, width: usize) -> Picture {
        let shape = Shape { channels, height, width };
        Picture { shape, planes: (0..shape.len()).map(|i| (i * 7 % 256) as u8).collect() }
    }

    #[test]
    fn grey_stays_grey_and_luma_knows_white_and_black() {
        assert_eq!((luma(255, 255, 255), luma(0, 0, 0), luma(255, 0, 0)), (255, 0, 76));
        let grey = ramp(1, 4, 5);
        assert_eq!(grey.colour().grey(), grey);
        assert!(grey.colour().is_grey() && !ramp(3, 4, 5).is_grey());
    }

    #[test]
    fn the_middle_square_is_cut_out() {
        let wide = ramp(1, 2, 4).middle_square();
        assert_eq!(wide.planes, [7, 14, 35, 42]);
        let tall = ramp(3, 4, 2).middle_square();
        assert_eq!((tall.shape.height, tall.planes[0], tall.planes.len()), (2, 14, 12));
        assert_eq!(ramp(1, 4, 4).middle(2).planes, [35, 42, 63, 70]);
        assert_eq!(ramp(3, 4, 5).middle(9), ramp(3, 4, 5).middle_square());
    }

    #[test]
    fn resizing_keeps_a_flat_picture_and_the_mean() {
        let flat = Picture { shape: Shape { channels: 3, height: 9, width: 7 }, planes: vec![77; 189] };
        assert!(flat.resized(32, 5).planes.iter().all(|&p| p == 77));
        let picture = ramp(1, 64, 64);
        let mean = |p: &Picture| p.planes.iter().map(|&v| f64::from(v)).sum::<f64>() / p.planes.len() as f64;
        assert!((mean(&picture) - mean(&picture.resized(16, 16))).abs() < 2.0);
    }

    #[test]
    fn png_brings_back_every_byte() {
        for picture in [ramp(1, 5, 3), ramp(3, 3, 5)] {
            let png = picture.to_png().unwrap();
            let back = crate::data::decode::picture(&png, [255; 3], &crate::data::limits::Limits::default()).unwrap();
            assert_eq!(if picture.shape.channels == 3 { back.colour() } else { back }, picture);
        }
    }
}
