use super::*;
use crate::data::sample;
use crate::vault::derive::Stream;
use proptest::prelude::*;

fn key(secret: &str) -> Key {
    Key::new("aa", "Ada", secret, None)
}

fn classical(method: Method, secret: &str) -> Classical {
    Classical::new(method, key(secret), Settings::default()).unwrap()
}

/// Clothing on black, enlarged: soft, with much that is cut off at black.
fn clothes(i: usize, width: usize, height: usize, channels: usize) -> Picture {
    let picture = sample().unwrap().test.picture(i).resized(width, height);
    if channels == 1 { picture } else { picture.colour() }
}

/// Hills, an edge and noise, different in each channel.
fn landscape(seed: u64, width: usize, height: usize, channels: usize, noise: usize) -> Picture {
    let mut stream = Stream::seeded(seed, "landscape");
    let shape = Shape { channels, height, width };
    let slopes: Vec<f64> = (0..6).map(|_| stream.below(100) as f64 / 700.0).collect();
    let mut planes = Vec::with_capacity(shape.len());
    for c in 0..channels {
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y as f64, x as f64))) {
            let hills = 128.0 + 90.0 * (y * slopes[c] + x * slopes[c + 1]).sin() + if x * slopes[5] > y * slopes[4] { 40.0 } else { 0.0 };
            planes.push((hills + stream.below(noise + 1) as f64 - noise as f64 / 2.0).clamp(0.0, 255.0) as u8);
        }
    }
    Picture { shape, planes }
}

fn flat(value: u8) -> Picture {
    let shape = Shape { channels: 3, height: 64, width: 64 };
    Picture { shape, planes: vec![value; shape.len()] }
}

#[test]
fn every_bit_comes_back_from_pictures_of_many_kinds_and_they_stay_clear() {
    let mut pictures = vec![flat(255), flat(0), flat(128)];
    pictures.extend([0, 3, 8, 11].map(|i| clothes(i, 64, 64, 1 + i % 2 * 2)));
    pictures.extend([
        landscape(1, 64, 64, 3, 10),
        landscape(2, 100, 75, 1, 40),
        landscape(3, 131, 257, 3, 4),
        landscape(4, 64, 200, 3, 20),
    ]);
    for method in Method::ALL {
        let mark = classical(method, "01");
        for (i, picture) in pictures.iter().enumerate() {
            let marked = mark.embed(picture).unwrap_or_else(|e| panic!("{method:?}, picture {i}: {e}"));
            // What a file holds is what is read.
            let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
            std::fs::write(file.path(), marked.picture.to_png().unwrap()).unwrap();
            let back = crate::data::open_picture(file.path()).unwrap();
            let read = mark.read(&back).unwrap();
            assert_eq!(read.bits_right, BITS, "{method:?}, picture {i}");
            assert!(read.found && (read.p_value_log10 + 64.0 * 2f64.log10()).abs() < 1e-9, "{read:?}");
            // A flat picture shows no photographer's work, and magnitudes of nothing can only grow.
            let least = if i < 3 { 30.0 } else { 38.0 };
            assert!(marked.psnr_db > least && marked.picture.shape == picture.shape, "{method:?}, picture {i}: {} dB", marked.psnr_db);
        }
    }
}

#[test]
fn other_keys_and_unmarked_pictures_give_half_of_the_bits() {
    for method in Method::ALL {
        let mark = classical(method, "01");
        let pictures: Vec<Picture> = (0..5).map(|i| landscape(i, 64, 64, 1, 12)).chain([flat(255), flat(0), flat(9)]).collect();
        let marked: Vec<Picture> = pictures.iter().map(|picture| mark.embed(picture).unwrap().picture).collect();
        assert_eq!(mark.trial(&marked).unwrap(), Trial { pictures: 8, bit_accuracy: 1.0, success: 1.0 });
        // Under one key the same bits may fall alike in several pictures, so many keys are tried: 40 x 64 bits stray less than .05 from half
        // with a chance of 1 - 4e-7, and the mean over several pictures strays less.
        for (pictures, what) in [(&pictures, "unmarked"), (&marked, "marked by another")] {
            let trials: Vec<Trial> = (0..40)
                .map(|i| Key::new("aa", "Bob", &i.to_string(), Some(mark.key.bits())))
                .map(|key| Classical { key, ..mark.clone() }.trial(pictures).unwrap())
                .collect();
            let accuracy = trials.iter().map(|trial| trial.bit_accuracy).sum::<f64>() / trials.len() as f64;
            assert!((accuracy - 0.5).abs() < 0.05 && trials.iter().all(|trial| trial.success == 0.0), "{method:?}, {what}: {accuracy}");
        }
        for other in [classical(method, "02"), Classical { key: Key::new("ab", "Ada", "01", None), ..mark.clone() }] {
            assert_eq!(other.trial(&marked).unwrap().success, 0.0);
        }
    }
}

#[test]
fn a_flat_picture_holds_nobodys_bits_whatever_bits_are_asked() {
    for (method, bits) in Method::ALL.into_iter().flat_map(|method| [0, u64::MAX].map(|bits| (method, bits))) {
        let mark = Classical::new(method, Key::new("", "Ada", "01", Some(bits)), Settings::default()).unwrap();
        let right = mark.read(&flat(255)).unwrap().bits_right;
        assert!((12..=52).contains(&right), "{method:?}: {right}");
    }
}

#[test]
fn pictures_without_room_get_a_sentence() {
    let dot = Picture { shape: Shape { channels: 1, height: 1, width: 1 }, planes: vec![90] };
    for method in Method::ALL {
        let mark = classical(method, "");
        let text = mark.embed(&dot).unwrap_err().to_string();
        assert!(text.contains("1x1") && text.contains("32x32"), "{text}");
        assert!(mark.read(&dot).is_err());
    }
    let wide = Settings { step: 1000.0, ..Settings::default() };
    assert!(Classical::new(Method::Dct, key(""), wide).unwrap_err().to_string().contains("between 4 and 64"));
}

#[test]
fn a_mark_that_was_blurred_away_is_not_found() {
    for method in Method::ALL {
        let mark = classical(method, "01");
        let blurred = mark.embed(&landscape(5, 128, 128, 3, 10)).unwrap().picture.resized(32, 32).resized(128, 128);
        let read = mark.read(&blurred).unwrap();
        assert!(!read.found && read.bits_right < 54, "{method:?}: {read:?}");
    }
}

/// Transforms keep lengths, and `moved` moves what it says: the change of a coefficient is found again, and no other moves.
#[test]
fn coefficients_move_alone() {
    fn check(blocks: &impl quantise::Blocks, side: usize) {
        let block: Vec<f64> = (0..side * side).map(|i| (i * i * 7 % 251) as f64).collect();
        let before = blocks.coefficients(&block);
        for at in [0, before.len() / 2, before.len() - 1] {
            let mut by = vec![0.0; before.len()];
            by[at] = 3.0;
            let moved: Vec<f64> = block.iter().zip(blocks.moved(&block, &by)).map(|(a, b)| a + b).collect();
            for (i, (after, before)) in blocks.coefficients(&moved).iter().zip(&before).enumerate() {
                assert!((after - before - by[i]).abs() < 1e-9, "{i}: {before} became {after}");
            }
        }
    }
    check(&dct::Dct::new(), 8);
    check(&dft::Dft::new(), 32);
    check(&dwt::Dwt, 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_size_and_any_bits_come_back(
        method in prop::sample::select(&Method::ALL[..]), seed: u64, bits: u64, width in 64usize..120, height in 64usize..120,
        channels in prop::sample::select(&[1usize, 3][..]), noise in 0usize..60,
    ) {
        let mark = Classical::new(method, Key::new("", "Ada", "01", Some(bits)), Settings::default()).unwrap();
        let marked = mark.embed(&landscape(seed, width, height, channels, noise)).unwrap();
        prop_assert_eq!(mark.read(&marked.picture).unwrap().bits_right, BITS);
    }
}
