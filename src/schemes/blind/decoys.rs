//! Made-up marks like those that other people's encoders leave, shown to the host under the covers' true classes.
//!
//! Encoders that learn beside a small host end up alike: halos on one side of edges, gratings, a glow in dark areas. A host that
//! has seen only its own mark takes any of these for it. Neither paper nor authors' code has such decoys.

use crate::data::Shape;
use crate::vault::derive::Stream;
use burn::tensor::{Device, Tensor, TensorData};
use std::f32::consts::{PI, TAU};

/// Greatest distance in pixels between an edge and its halo.
const REACH: f32 = 3.5;
/// Periods of gratings in pixels.
const PERIODS: [f32; 2] = [2.0, 9.0];
/// Greatest part of grating and glow, where a halo's is 1.
const FAINT: f32 = 0.3;
/// Pixels below this byte are dark.
const DARK: u8 = 26;
/// What is left of grating and glow outside dark areas, for marks that keep to these.
const SPARED: f32 = 0.2;

/// One made-up mark, without its strength.
struct Mark {
    offset: [isize; 2],
    halo: f32,
    one_sided: bool,
    grating: f32,
    wave: [f32; 3],
    glow: f32,
    in_the_dark: bool,
}

impl Mark {
    fn draw(stream: &mut Stream) -> Self {
        let mut real = |low: f32, high: f32| low + (high - low) * stream.below(10_000) as f32 / 10_000.0;
        let mut shift = || real(-REACH, REACH).round() as isize;
        let offset = [shift(), shift()];
        let (halo, one_sided) = (real(-1.0, 1.0), real(0.0, 1.0) < 0.67);
        let (grating, angle, period, phase) = (real(-FAINT, FAINT), real(0.0, PI), real(PERIODS[0], PERIODS[1]), real(0.0, TAU));
        let wave = [angle.sin() * TAU / period, angle.cos() * TAU / period, phase];
        Self { offset, halo, one_sided, grating, wave, glow: real(-FAINT, FAINT), in_the_dark: real(0.0, 1.0) < 0.7 }
    }

    /// Adds the mark on a picture `[channels, height, width]`, with mean square 1, to `out`.
    fn imitate(&self, picture: &[u8], shape: Shape, out: &mut Vec<f32>) {
        let first = out.len();
        let beside = |i: usize, shift: isize, length: usize| (i as isize + shift).clamp(0, length as isize - 1) as usize;
        let [fy, fx, phase] = self.wave;
        for plane in picture.chunks_exact(shape.height * shape.width) {
            for y in 0..shape.height {
                let other = beside(y, self.offset[0], shape.height) * shape.width;
                for x in 0..shape.width {
                    let here = plane[y * shape.width + x];
                    let edge = (f32::from(plane[other + beside(x, self.offset[1], shape.width)]) - f32::from(here)) / 127.5;
                    let edge = if self.one_sided { edge.max(0.0) } else { edge };
                    let part = if self.in_the_dark && here > DARK { SPARED } else { 1.0 };
                    let wave = (fy * y as f32 + fx * x as f32 + phase).sin();
                    out.push(self.halo * edge + part * (self.grating * wave + self.glow));
                }
            }
        }
        let mark = &mut out[first..];
        let strength = (mark.iter().map(|v| v * v).sum::<f32>() / mark.len().max(1) as f32).sqrt();
        mark.iter_mut().for_each(|v| *v /= strength + 1e-4);
    }
}

/// One made-up mark for each picture, `[batch, channels, height, width]` with mean square 1; a function of seed and step.
pub fn imitations(pictures: &[&[u8]], shape: Shape, seed: u64, step: u64, device: &Device) -> Tensor<4> {
    let mut stream = Stream::seeded(seed, &format!("decoys {step}"));
    let mut values = Vec::with_capacity(pictures.len() * shape.len());
    pictures.iter().for_each(|picture| Mark::draw(&mut stream).imitate(picture, shape, &mut values));
    Tensor::from_data(TensorData::new(values, [pictures.len(), shape.channels, shape.height, shape.width]), device)
}

/// Covers with the made-up marks, each as strong as the real mark on its cover.
pub fn as_strong(cover: Tensor<4>, key: Tensor<4>, imitations: Tensor<4>) -> Tensor<4> {
    let mark = key - cover.clone();
    let strength = (mark.clone() * mark).mean_dims(&[1, 2, 3]).sqrt();
    cover + imitations * strength
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::data::sample;

    fn mean_squares(x: Tensor<4>) -> Vec<f32> {
        (x.clone() * x).mean_dims(&[1, 2, 3]).into_data().iter().collect()
    }

    #[test]
    fn decoys_are_as_strong_as_the_mark_and_each_is_its_own() {
        let sample = sample().unwrap();
        let (shape, device) = (sample.train.shape, Device::flex());
        let pictures: Vec<&[u8]> = (0..40).map(|i| sample.train.bytes(i % 20)).collect();
        let marks = imitations(&pictures, shape, 3, 5, &device);
        assert_eq!(marks.clone().into_data(), imitations(&pictures, shape, 3, 5, &device).into_data());
        assert_ne!(marks.clone().into_data(), imitations(&pictures, shape, 3, 6, &device).into_data());
        for square in mean_squares(marks.clone()) {
            assert!((square - 1.0).abs() < 0.01, "{square}");
        }
        assert_ne!(marks.clone().narrow(0, 0, 20).into_data(), marks.clone().narrow(0, 20, 20).into_data());
        let cover = Tensor::<4>::zeros([40, 1, 28, 28], &device);
        let shown = as_strong(cover.clone(), cover.add_scalar(0.1), marks);
        for square in mean_squares(shown) {
            assert!((square - 0.01).abs() < 1e-3, "{square}");
        }
    }
}
