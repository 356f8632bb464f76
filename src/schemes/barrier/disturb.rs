//! What networks and files change in pictures by the way: sharpness, a little noise, patterns that repeat, as networks draw them, and what JPEG
//! leaves out. None of it is a mark, and none of it hides one.

use crate::data::{Picture, Shape};
use crate::nn::barrier::fine_structure;
use crate::nn::batch;
use crate::vault::derive::{FINEST, Stream};
use burn::tensor::{Tensor, TensorData};

/// By which share of itself fine structure shrinks or grows at most.
const SOFTER: f32 = 0.5;
const SHARPER: f32 = 2.0;
/// Highest value of a pattern and of noise, as a share of white; of one pattern in so many it is as high as networks draw them that learn by what
/// a VGG sees, which does not see the finest checks.
const PATTERN: f32 = 6.0 / 255.0;
const STRONG_PATTERN: f32 = 48.0 / 255.0;
const STRONG_ONE_IN: usize = 8;
const NOISE: f32 = 4.0 / 255.0;
/// Pixels after which a pattern repeats, as those of networks do that halve a picture once, twice and three times.
const REPEATS: [usize; 3] = [2, 4, 8];
/// Qualities of JPEG files.
const QUALITIES: std::ops::Range<u8> = 60..96;

/// Pictures `[batch, channels, h, w]` in [0, 1], each changed in its own way, as files hold them, one half of them JPEG files. Most are changed
/// little.
pub(super) fn disturbed(x: Tensor<4>, stream: &mut Stream) -> Tensor<4> {
    let [count, channels, height, width] = x.dims();
    let device = x.device();
    let mut sharpness = Vec::with_capacity(count);
    let mut added = Vec::with_capacity(count * channels * height * width);
    for _ in 0..count {
        let share = little(stream);
        sharpness.push(if stream.below(2) == 0 { share * SHARPER } else { -share * SOFTER });
        let strong = stream.below(STRONG_ONE_IN) == 0;
        let pattern = little(stream) * if strong { STRONG_PATTERN } else { PATTERN };
        let noise = little(stream) * NOISE;
        let repeat = REPEATS[stream.below(REPEATS.len())];
        let tile: Vec<f32> = (0..channels * repeat * repeat).map(|_| pattern * signed(stream)).collect();
        for channel in 0..channels {
            for y in 0..height {
                let row = (channel * repeat + y % repeat) * repeat;
                added.extend((0..width).map(|x| tile[row + x % repeat] + noise * signed(stream)));
            }
        }
    }
    let sharpness = Tensor::<4>::from_data(TensorData::new(sharpness, [count, 1, 1, 1]), &device);
    let shape = Shape { channels, height, width };
    let added = batch::from_numbers(added, shape, &device);
    let changed = x.clone() + fine_structure(x) * sharpness + added;
    let files = batch::to_unit_pictures(changed).into_iter().map(|picture| as_file(picture, stream));
    batch::from_unit_bytes(&files.flat_map(|picture| picture.planes).collect::<Vec<u8>>(), shape, &device)
}

/// What a file holds of a picture: all of it, or what JPEG leaves. A picture of which there can be no such file stays whole.
fn as_file(picture: Picture, stream: &mut Stream) -> Picture {
    let [lossy, coarse] = [(); 2].map(|()| stream.below(2) == 0);
    let quality = QUALITIES.start + stream.below(QUALITIES.len()) as u8;
    let kept = if lossy { picture.through_jpeg(quality, coarse).ok() } else { None };
    kept.unwrap_or(picture)
}

/// A number in 0..1, small ones more likely.
fn little(stream: &mut Stream) -> f32 {
    stream.share(FINEST).powi(2)
}

/// A number in -1..1.
fn signed(stream: &mut Stream) -> f32 {
    2.0 * stream.share(FINEST) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn every_picture_is_changed_a_little_in_its_own_way_and_the_same_again() {
        let shape = [24, 3, 16, 16];
        let grey = Tensor::<4>::full(shape, 128.0 / 255.0, &Device::flex());
        let once = |purpose: &str| disturbed(grey.clone(), &mut Stream::seeded(1, purpose)).into_data().iter::<f32>().collect::<Vec<_>>();
        let (first, again, other) = (once("a"), once("a"), once("b"));
        assert_eq!(first, again);
        assert_ne!(first, other);
        let pictures: Vec<&[f32]> = first.chunks(3 * 16 * 16).collect();
        let within = |most: f32| pictures.iter().filter(|picture| picture.iter().all(|value| (value - 128.0 / 255.0).abs() < most)).count();
        assert_eq!(within(2.0 * (STRONG_PATTERN + NOISE)), 24);
        assert!((16..24).contains(&within(2.0 * (PATTERN + NOISE))), "most are changed little, and some are not");
        assert!(pictures.iter().any(|picture| picture.iter().any(|value| *value != picture[0])));
    }

    #[test]
    fn pictures_with_something_in_them_are_all_changed_each_in_another_way() {
        let steps: Vec<f32> = (0..3 * 16 * 16).map(|i| (i * 37 % 199 + 20) as f32 / 255.0).collect();
        let given = Tensor::<4>::from_data(TensorData::new(steps.repeat(24), [24, 3, 16, 16]), &Device::flex());
        let changed = disturbed(given, &mut Stream::seeded(1, "a")).into_data().iter::<f32>().collect::<Vec<_>>();
        let pictures: Vec<&[f32]> = changed.chunks(steps.len()).collect();
        assert!((1..24).all(|i| !pictures[..i].contains(&pictures[i])));
    }

    #[test]
    fn edges_become_sharper_or_softer_and_stay_where_they_are() {
        let edge: Vec<f32> = (0..16 * 16).map(|i| if i % 16 < 8 { 0.3 } else { 0.7 }).collect();
        let pictures = Tensor::<4>::from_data(TensorData::new(edge.repeat(40), [40, 1, 16, 16]), &Device::flex());
        let changed = disturbed(pictures, &mut Stream::seeded(2, "edges")).into_data().iter::<f32>().collect::<Vec<_>>();
        let heights: Vec<f32> = changed.chunks(256).map(|picture| picture[8 * 16 + 8] - picture[8 * 16 + 7]).collect();
        assert!(heights.iter().any(|&height| height > 0.5) && heights.iter().any(|&height| height < 0.35), "{heights:?}");
        assert!(heights.iter().all(|&height| height > 0.1), "{heights:?}");
    }
}
