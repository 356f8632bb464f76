//! What a file holds that marking would lose without a word: further frames, printing colours, a missing end. Decoders pass over all three.
//!
//! It reads the parts that the formats name (PNG specification 1.2 and APNG, ITU T.81, WebP container), and leaves faults to the decoder.

use super::PictureError;

/// Refuses animations, CMYK, and JPEG files that stop in the middle.
pub(crate) fn check(bytes: &[u8]) -> Result<(), PictureError> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png(&bytes[8..]);
    }
    if bytes.starts_with(b"\xff\xd8") {
        return jpeg(bytes);
    }
    // RIFF, length, WEBP, VP8X, length, flags.
    let extended = bytes.starts_with(b"RIFF") && bytes.get(8..16) == Some(b"WEBPVP8X");
    match bytes.get(20) {
        Some(flags) if extended && flags & 2 != 0 => Err(PictureError::Animated),
        _ => Ok(()),
    }
}

/// Chunks: length, name, content, checksum. An animation says so before the first pixels.
fn png(mut chunks: &[u8]) -> Result<(), PictureError> {
    while let Some((head, rest)) = chunks.split_first_chunk::<8>() {
        let [a, b, c, d, name @ ..] = *head;
        match &name {
            b"acTL" => return Err(PictureError::Animated),
            b"IDAT" => return Ok(()),
            _ => chunks = rest.get(u32::from_be_bytes([a, b, c, d]) as usize + 4..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Segments: FF, name, length, content. The frame's head counts the channels; behind the head of a scan FF D9 can only be the end.
fn jpeg(bytes: &[u8]) -> Result<(), PictureError> {
    let mut at = 2;
    while let Some(&[0xff, name]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk::<2>()) {
        if name == 0xff {
            at += 1;
            continue;
        }
        let frame = matches!(name, 0xc0..=0xcf) && !matches!(name, 0xc4 | 0xc8 | 0xcc);
        if frame && bytes.get(at + 9).is_some_and(|&channels| channels > 3) {
            return Err(PictureError::Cmyk);
        }
        if name == 0xda {
            let ends = bytes[at..].windows(2).any(|two| two == [0xff, 0xd9]);
            return if ends { Ok(()) } else { Err(PictureError::Damaged("its end is missing".to_owned())) };
        }
        let Some(length) = bytes.get(at + 2..at + 4).and_then(|two| two.first_chunk::<2>()) else { break };
        at += 2 + usize::from(u16::from_be_bytes(*length));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageEncoder;

    fn encoded(write: impl FnOnce(&mut Vec<u8>) -> image::ImageResult<()>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        bytes
    }

    fn pixels() -> Vec<u8> {
        (0..40 * 30 * 3).map(|i| (i * 31 % 256) as u8).collect()
    }

    #[test]
    fn still_pictures_pass() {
        let kind = image::ExtendedColorType::Rgb8;
        let png = encoded(|to| image::codecs::png::PngEncoder::new(to).write_image(&pixels(), 40, 30, kind));
        let jpeg = encoded(|to| image::codecs::jpeg::JpegEncoder::new(to).write_image(&pixels(), 40, 30, kind));
        let webp = encoded(|to| image::codecs::webp::WebPEncoder::new_lossless(to).write_image(&pixels(), 40, 30, kind));
        for bytes in [&png, &jpeg, &webp] {
            assert_eq!(check(bytes), Ok(()));
        }
        // Whatever is cut off elsewhere is for the decoder to tell.
        for end in 0..png.len().min(200) {
            let _ = (check(&png[..end]), check(&webp[..end.min(webp.len())]), check(&jpeg[..end]));
        }
    }

    #[test]
    fn animations_are_seen() {
        let still = encoded(|to| image::codecs::png::PngEncoder::new(to).write_image(&[0; 3], 1, 1, image::ExtendedColorType::Rgb8));
        // Behind the head, 8 + 25 bytes: two frames, for ever.
        let moving = [&still[..33], b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\0\0\0\0", &still[33..]].concat();
        assert_eq!((check(&still), check(&moving)), (Ok(()), Err(PictureError::Animated)));
        let webp = |flags: u8| [b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0", &[flags][..], &[0; 9]].concat();
        assert_eq!((check(&webp(0x10)), check(&webp(0x12))), (Ok(()), Err(PictureError::Animated)));
    }

    #[test]
    fn printing_colours_and_cut_jpegs_are_seen() {
        let whole = encoded(|to| image::codecs::jpeg::JpegEncoder::new(to).write_image(&pixels(), 40, 30, image::ExtendedColorType::Rgb8));
        let cut = &whole[..whole.len() / 2];
        assert!(matches!(check(cut), Err(PictureError::Damaged(_))), "{:?}", check(cut));
        let head = whole.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        let mut four = whole;
        four[head + 9] = 4;
        assert_eq!(check(&four), Err(PictureError::Cmyk));
    }
}
