//! What the program brings along: a part of Fashion-MNIST and three logos, so that the first run needs no download.

use super::samples::digest;
use super::{DataError, Dataset, Format, Samples, Shape};
use std::io::Read;
use std::sync::{Arc, OnceLock};

/// 6,000 and 1,000 pictures, then their labels, gzip; made by scripts/make_sample.py, licence beside it.
const PACKED: &[u8] = include_bytes!("../../assets/sample/fashion-mnist.gz");
const TRAIN: usize = 6_000;
const TEST: usize = 1_000;
const SHAPE: Shape = Shape { channels: 1, height: 28, width: 28 };

/// Class names of Fashion-MNIST.
pub(crate) const FASHION: [&str; 10] =
    ["T-shirt", "Trousers", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The embedded sample: 6,000 training and 1,000 test pictures of clothing, 28x28 grey, 10 classes of equal size.
///
/// # Errors
/// [`DataError::Sample`] when the program file is damaged.
pub fn sample() -> Result<Dataset, DataError> {
    static UNPACKED: OnceLock<Option<Dataset>> = OnceLock::new();
    UNPACKED.get_or_init(unpack).clone().ok_or(DataError::Sample)
}

fn unpack() -> Option<Dataset> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(PACKED).read_to_end(&mut bytes).ok()?;
    let (pixels, labels) = bytes.split_at_checked((TRAIN + TEST) * SHAPE.len())?;
    if labels.len() != TRAIN + TEST || labels.iter().any(|&label| label >= 10) {
        return None;
    }
    let part = |from: usize, to: usize| Samples {
        shape: SHAPE,
        pixels: pixels[from * SHAPE.len()..to * SHAPE.len()].to_vec(),
        labels: labels[from..to].iter().map(|&label| label.into()).collect(),
    };
    let (train, test) = (part(0, TRAIN), part(TRAIN, TRAIN + TEST));
    Some(Dataset {
        name: "Clothing sample".into(),
        source: None,
        digest: digest(&train, &test),
        format: Format::Sample,
        classes: FASHION.map(String::from).to_vec(),
        train: Arc::new(train),
        test: Arc::new(test),
        problems: Vec::new(),
        notes: vec!["A part of Fashion-MNIST by Zalando SE (MIT licence), which comes with the program.".into()],
    })
}

/// The three sample logos, drawn for this program: (name, SVG).
pub fn sample_logos() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("Lantern", include_bytes!("../../assets/logos/lantern.svg")),
        ("Compass", include_bytes!("../../assets/logos/compass.svg")),
        ("Monogram", include_bytes!("../../assets/logos/monogram.svg")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::logo::{Logo, LogoOptions};

    #[test]
    fn the_sample_is_balanced_and_small() {
        let sample = sample().unwrap();
        assert_eq!((sample.train.count(), sample.test.count()), (TRAIN, TEST));
        assert_eq!(sample.train.class_counts(), [600; 10]);
        assert_eq!(sample.test.class_counts(), [100; 10]);
        assert_eq!(sample.class_counts(), [700; 10]);
        assert!(PACKED.len() < 3_200_000);
        let mean = sample.train.pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / sample.train.pixels.len() as f64;
        assert!((70.0..76.0).contains(&mean), "Fashion-MNIST has a mean near 73, not {mean}");
    }

    #[test]
    fn the_sample_says_when_it_is_too_small() {
        let sample = sample().unwrap();
        assert_eq!(sample.require(6_000, 1_000), Ok(()));
        let error = sample.require(100, 1_001).unwrap_err();
        assert_eq!(error.kind(), "too_few");
        assert!(error.to_string().contains("1000 pictures in its test part, and 1001 are needed"), "{error}");
    }

    #[test]
    fn sample_logos_stay_recognisable_where_networks_see_them() {
        for (name, svg) in sample_logos() {
            let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
            assert_eq!(logo.picture.shape, Shape { channels: 3, height: 512, width: 512 });
            for shape in [SHAPE, Shape { channels: 3, height: 32, width: 32 }] {
                assert_eq!(logo.warnings(shape), Vec::<String>::new(), "{name} at {shape}");
            }
        }
    }
}
