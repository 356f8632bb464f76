//! What a JPEG file keeps of a picture.

use super::Picture;
use super::decode::flatten;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, ImageFormat};

impl Picture {
    /// What is left of it in a JPEG file of this quality, 1..=100. `coarse` keeps one colour for two by two pixels, as most programs do.
    ///
    /// # Errors
    /// Measures that such a file cannot have.
    pub fn through_jpeg(&self, quality: u8, coarse: bool) -> Result<Picture, ImageError> {
        let given = if coarse { self.with_coarse_colours() } else { self.clone() };
        let mut file = Vec::new();
        given.write_by(JpegEncoder::new_with_quality(&mut file, quality))?;
        Ok(flatten(&image::load_from_memory_with_format(&file, ImageFormat::Jpeg)?, [u8::MAX; 3]))
    }

    /// The mean of two by two pixels where only the colour counts: brightness stays that of each pixel.
    fn with_coarse_colours(&self) -> Picture {
        let (width, height) = (self.shape.width, self.shape.height);
        let area = width * height;
        if self.shape.channels == 1 {
            return self.clone();
        }
        let grey = self.grey();
        let mut planes = self.planes.clone();
        for (y, x) in (0..height).step_by(2).flat_map(|y| (0..width).step_by(2).map(move |x| (y, x))) {
            let square = || (y..(y + 2).min(height)).flat_map(|y| (x..(x + 2).min(width)).map(move |x| y * width + x));
            let count = square().count() as i32;
            for channel in 0..self.shape.channels {
                let differs = |i: usize| i32::from(self.planes[channel * area + i]) - i32::from(grey.planes[i]);
                let mean = square().map(differs).sum::<i32>() / count;
                square().for_each(|i| planes[channel * area + i] = (i32::from(grey.planes[i]) + mean).clamp(0, 255) as u8);
            }
        }
        Picture { shape: self.shape, planes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;

    fn picture(channels: usize) -> Picture {
        let shape = Shape { channels, height: 21, width: 30 };
        Picture { shape, planes: (0..shape.len()).map(|i| (i % 30 * 6 + i / 90 + 40 * (i % 7)) as u8 / 2).collect() }
    }

    /// Sum of all differences.
    fn apart(a: &Picture, b: &Picture) -> u64 {
        a.planes.iter().zip(&b.planes).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
    }

    #[test]
    fn the_lower_the_quality_the_less_is_left() {
        for channels in [1, 3] {
            let picture = picture(channels);
            let lost = |quality, coarse| apart(&picture.through_jpeg(quality, coarse).unwrap(), &picture);
            assert!(lost(95, false) < lost(60, false) && lost(60, false) < lost(10, false), "{channels}");
            assert_eq!(picture.through_jpeg(90, false).unwrap().shape, picture.shape);
            if channels == 1 {
                assert_eq!(lost(90, true), lost(90, false), "there is no colour");
            } else {
                assert!(lost(90, true) > lost(90, false));
            }
        }
    }

    #[test]
    fn coarse_colours_leave_brightness_to_each_pixel() {
        let picture = picture(3);
        let coarse = picture.with_coarse_colours();
        assert_ne!(coarse, picture);
        let farthest = coarse.grey().planes.iter().zip(&picture.grey().planes).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(farthest <= Some(3), "{farthest:?}");
        let even = Picture { shape: picture.shape, planes: picture.grey().planes.repeat(3) };
        assert_eq!(even.with_coarse_colours(), even, "what has no colour stays");
    }
}
