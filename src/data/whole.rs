//! A picture file with what lies beside its colours: transparency, colour profile, camera data. Marking changes the colours and keeps the
//! rest.

use super::decode::read_file;
use super::image::{Picture, Shape};
use super::limits::Limits;
use super::{DataError, PictureError, decode, still};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};
use std::path::Path;

/// A picture with its belongings.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Red, green and blue, upright, whatever lies beneath transparent places included.
    pub colours: Picture,
    alpha: Option<Vec<u8>>,
    profile: Option<Vec<u8>>,
    camera: Option<Vec<u8>>,
}

impl Whole {
    /// Reads a picture file (PNG, JPEG, WebP, BMP), upright.
    ///
    /// # Errors
    /// [`DataError::Picture`], also for animations and printing colours, or a failure to read.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let limits = Limits::default();
        let bytes = read_file(path, limits.picture_bytes).map_err(|e| e.into_data(path))?;
        Self::decode(&bytes, &limits).map_err(|e| DataError::picture(path, e))
    }

    fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, PictureError> {
        decode::guarded(|| {
            let mut decoder = decode::decoder(bytes, limits)?;
            still::check(bytes)?;
            let (profile, mut camera) = (decoder.icc_profile().ok().flatten(), decoder.exif_metadata().ok().flatten());
            let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
            // The picture is written upright; a reader must not turn it again.
            camera.as_mut().and_then(|camera| Orientation::remove_from_exif_chunk(camera));
            let mut image = DynamicImage::from_decoder(decoder).map_err(|e| PictureError::Damaged(e.to_string()))?;
            image.apply_orientation(turned);
            let (height, width) = (image.height() as usize, image.width() as usize);
            let has_alpha = image.color().has_alpha();
            let rgba = image.to_rgba8();
            let plane = |c: usize| rgba.as_raw().iter().skip(c).step_by(4).copied();
            Ok(Self {
                colours: Picture { shape: Shape { channels: 3, height, width }, planes: (0..3).flat_map(plane).collect() },
                alpha: has_alpha.then(|| plane(3).collect()),
                profile,
                camera,
            })
        })
    }

    /// Other colours of the same size with this picture's belongings, as a PNG file, without loss.
    ///
    /// # Errors
    /// Another size, or what the encoder says.
    pub fn png_with(&self, colours: &Picture) -> Result<Vec<u8>, PictureError> {
        let Shape { height, width, .. } = self.colours.shape;
        if colours.shape != self.colours.shape {
            return Err(PictureError::Damaged(format!("it has {}, and not {}", colours.shape, self.colours.shape)));
        }
        let area = height * width;
        let mut bytes = Vec::with_capacity(4 * area);
        for i in 0..area {
            bytes.extend([0, 1, 2].map(|c| colours.planes[c * area + i]));
            bytes.extend(self.alpha.as_ref().map(|alpha| alpha[i]));
        }
        let kind = if self.alpha.is_some() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        // A profile that this format cannot hold is left out.
        self.profile.iter().for_each(|profile| drop(encoder.set_icc_profile(profile.clone())));
        self.camera.iter().for_each(|camera| drop(encoder.set_exif_metadata(camera.clone())));
        encoder.write_image(&bytes, width as u32, height as u32, kind).map_err(|e| PictureError::Damaged(e.to_string()))?;
        Ok(png)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_profile_and_camera_data_come_through() {
        let home = tempfile::tempdir().unwrap();
        let (path, copy) = (home.path().join("a.png"), home.path().join("b.png"));
        let pixels: Vec<u8> = (0..4 * 6 * 5).map(|i| (i * 11 % 256) as u8).collect();
        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_icc_profile(b"a profile".to_vec()).unwrap();
        encoder.set_exif_metadata(b"MM\0*\0\0\0\x08\0\0".to_vec()).unwrap();
        encoder.write_image(&pixels, 6, 5, ExtendedColorType::Rgba8).unwrap();
        std::fs::write(&path, png).unwrap();
        let whole = Whole::open(&path).unwrap();
        let mut changed = whole.colours.clone();
        changed.planes.iter_mut().for_each(|v| *v ^= 1);
        std::fs::write(&copy, whole.png_with(&changed).unwrap()).unwrap();
        let back = Whole::open(&copy).unwrap();
        assert_eq!((back.colours, &back.alpha), (changed.clone(), &whole.alpha));
        assert_eq!((back.profile.as_deref(), back.camera), (Some(&b"a profile"[..]), whole.camera.clone()));
        let other = Picture { shape: Shape { channels: 3, height: 2, width: 2 }, planes: vec![0; 12] };
        assert!(whole.png_with(&other).is_err());
    }
}
