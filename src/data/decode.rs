//! One picture file becomes a picture: PNG, JPEG, WebP or BMP of any depth, turned upright, within limits.
//!
//! Measures are checked before anything is decoded, so that a small file cannot ask for all memory.

use super::image::{Picture, Shape};
use super::limits::Limits;
use super::{DataError, PictureError};
use image::{DynamicImage, ImageDecoder, ImageReader};
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What the head of a picture file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub width: usize,
    pub height: usize,
}

/// Reads measures only.
pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, PictureError> {
    guarded(|| {
        let (width, height) = decoder(bytes, limits)?.dimensions();
        Ok(Header { width: width as usize, height: height as usize })
    })
}

/// Decodes a whole file and turns it upright as its EXIF data ask.
pub(crate) fn upright(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, PictureError> {
    guarded(|| {
        let mut decoder = decoder(bytes, limits)?;
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder).map_err(|e| PictureError::Damaged(e.to_string()))?;
        image.apply_orientation(orientation);
        Ok(image)
    })
}

/// Decodes a whole file; transparency is laid over `background`. Grey when red, green and blue agree everywhere.
pub(crate) fn picture(bytes: &[u8], background: [u8; 3], limits: &Limits) -> Result<Picture, PictureError> {
    let picture = flatten(&upright(bytes, limits)?, background);
    Ok(if picture.is_grey() { picture.grey() } else { picture })
}

/// An image as a colour picture over `background`, or as a grey one where the file holds grey without transparency.
pub(crate) fn flatten(image: &DynamicImage, background: [u8; 3]) -> Picture {
    let (height, width) = (image.height() as usize, image.width() as usize);
    if !image.color().has_color() && !image.color().has_alpha() {
        return Picture { shape: Shape { channels: 1, height, width }, planes: image.to_luma8().into_raw() };
    }
    let rgba = image.to_rgba8();
    let mut planes = vec![0; 3 * height * width];
    for (i, pixel) in rgba.as_raw().chunks_exact(4).enumerate() {
        let alpha = u32::from(pixel[3]);
        for c in 0..3 {
            let mixed = u32::from(pixel[c]) * alpha + u32::from(background[c]) * (255 - alpha);
            planes[c * height * width + i] = ((mixed + 127) / 255) as u8;
        }
    }
    Picture { shape: Shape { channels: 3, height, width }, planes }
}

/// Reads a picture file (PNG, JPEG, WebP, BMP) at its own size, upright, transparency over white.
///
/// # Errors
/// [`DataError::Picture`] or a failure to read.
pub fn open_picture(path: &Path) -> Result<Picture, DataError> {
    let limits = Limits::default();
    let bytes = read_file(path, limits.picture_bytes).map_err(|e| e.into_data(path))?;
    picture(&bytes, [255; 3], &limits).map_err(|e| DataError::picture(path, e))
}

/// Why a small file could not be read whole.
pub(crate) enum ReadError {
    Io(std::io::Error),
    NotAFile,
    Changed,
    TooLarge { bytes: u64, limit: u64 },
}

impl ReadError {
    pub fn into_data(self, path: &Path) -> DataError {
        match self {
            ReadError::Io(error) => DataError::io(path, &error),
            ReadError::NotAFile => DataError::NotAFile { path: path.to_path_buf() },
            ReadError::Changed => DataError::picture(path, PictureError::Changed),
            ReadError::TooLarge { bytes, limit } => DataError::picture(path, too_many_bytes(bytes, limit)),
        }
    }

    pub fn into_picture(self) -> PictureError {
        match self {
            ReadError::Io(error) => PictureError::Unreadable(error.to_string()),
            ReadError::NotAFile => PictureError::Unreadable("it is not a file".into()),
            ReadError::Changed => PictureError::Changed,
            ReadError::TooLarge { bytes, limit } => too_many_bytes(bytes, limit),
        }
    }
}

pub(crate) fn too_many_bytes(bytes: u64, limit: u64) -> PictureError {
    PictureError::TooManyBytes { megabytes: bytes.div_ceil(1_000_000), limit: limit.div_ceil(1_000_000) }
}

/// A whole regular file of at most `limit` bytes. Pipes and devices are refused before they are opened, since they may never end.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let meta = std::fs::metadata(path).map_err(ReadError::Io)?;
    if !meta.is_file() {
        return Err(ReadError::NotAFile);
    }
    if meta.len() > limit {
        return Err(ReadError::TooLarge { bytes: meta.len(), limit });
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    std::fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(ReadError::Io)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { bytes: bytes.len() as u64, limit });
    }
    unchanged(path, &meta, bytes.len() as u64)?;
    Ok(bytes)
}

/// Refuses what was read, `len` bytes, of a file that is no longer what it was before: it may be half old and half new.
fn unchanged(path: &Path, before: &std::fs::Metadata, len: u64) -> Result<(), ReadError> {
    let after = std::fs::metadata(path).map_err(ReadError::Io)?;
    let same_time = match (before.modified(), after.modified()) {
        (Ok(before), Ok(after)) => before == after,
        // A system that keeps no time.
        _ => true,
    };
    if same_time && before.len() == len && after.len() == len { Ok(()) } else { Err(ReadError::Changed) }
}

pub(crate) fn decoder<'a>(bytes: &'a [u8], limits: &Limits) -> Result<impl ImageDecoder + 'a, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| PictureError::Damaged(e.to_string()))?;
    match reader.format() {
        None => return Err(PictureError::NotAPicture),
        Some(format) if !format.reading_enabled() => {
            return Err(PictureError::OtherFormat(format.extensions_str().first().unwrap_or(&"").to_uppercase()));
        }
        Some(_) => {}
    }
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.pixels.saturating_mul(9).saturating_add(1 << 20));
    reader.limits(bounds);
    let decoder = reader.into_decoder().map_err(|e| PictureError::Damaged(e.to_string()))?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (u64::from(width), u64::from(height));
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixel".into()));
    }
    if width * height > limits.pixels {
        return Err(PictureError::TooManyPixels { width, height, limit: limits.pixels.div_ceil(1_000_000) });
    }
    Ok(decoder)
}

/// Decoders read files of strangers: a panic inside one is a damaged picture, not the end of the program.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, PictureError>) -> Result<T, PictureError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(PictureError::Damaged("its decoder gave up".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_while_it_is_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.png");
        std::fs::write(&path, b"first").unwrap();
        let before = std::fs::metadata(&path).unwrap();
        assert!(unchanged(&path, &before, 5).is_ok() && read_file(&path, 10).is_ok());
        assert!(matches!(unchanged(&path, &before, 4), Err(ReadError::Changed)), "fewer bytes came than it had");
        std::fs::write(&path, b"other").unwrap();
        let later = before.modified().unwrap() + std::time::Duration::from_secs(1);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        let text = unchanged(&path, &before, 5).unwrap_err().into_data(&path).to_string();
        assert!(text.contains("changed while it was read") && text.ends_with("a.png"), "{text}");
    }

    #[test]
    fn a_picture_of_a_format_that_is_not_read_is_named() {
        let said = decoder(b"GIF89a\x01\0\x01\0\0\0\0;", &Limits::default()).err().unwrap().to_string();
        assert!(said.contains("GIF") && said.contains("PNG"), "{said}");
    }
}
