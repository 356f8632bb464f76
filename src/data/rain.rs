//! Rain over photographs, drawn from a seed: the example of a task whose network gives pictures (rainy picture in, clear one out).
//!
//! Streaks of one direction lie over the picture as bright lines, softened along themselves, so that a network has something to take away.

use super::{Picture, Samples, Shape};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

/// What the rain is like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rain {
    /// Streaks for each thousand pixels, 0..=200.
    pub density: f32,
    /// Length of a streak, share of the picture's side, 0..=1.
    pub length: f32,
    /// Degrees by which streaks may lean to either side of the vertical, 0..=80.
    pub lean: f32,
    /// Width over which a streak fades out, pixels, 0.5..=8.
    pub blur: f32,
    /// Brightness that a streak adds in its middle, 0..=1.
    pub strength: f32,
}

impl Default for Rain {
    fn default() -> Self {
        Self { density: 6.0, length: 0.25, lean: 30.0, blur: 0.8, strength: 0.4 }
    }
}

impl Rain {
    /// The picture in the rain; `seed` decides direction and places of the streaks.
    pub fn over(&self, picture: &Picture, seed: u64) -> Picture {
        let mut planes = picture.planes.clone();
        self.pour(&mut planes, picture.shape, seed);
        Picture { shape: picture.shape, planes }
    }

    /// All pictures in the rain, each in its own.
    pub fn over_all(&self, samples: &Samples, seed: u64) -> Samples {
        let mut pixels = samples.pixels.clone();
        let size = samples.shape.len().max(1);
        for (i, planes) in pixels.chunks_exact_mut(size).enumerate() {
            self.pour(planes, samples.shape, seed.wrapping_add(i as u64));
        }
        Samples { shape: samples.shape, pixels, labels: samples.labels.clone() }
    }

    /// Rain over planar bytes of one picture.
    pub fn pour(&self, planes: &mut [u8], shape: Shape, seed: u64) {
        let Shape { height, width, .. } = shape;
        let area = height * width;
        if area == 0 {
            return;
        }
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let layer = self.layer([height, width], &mut rng);
        for plane in planes.chunks_exact_mut(area) {
            for (value, rain) in plane.iter_mut().zip(&layer) {
                *value = (f32::from(*value) + 255.0 * rain).round().clamp(0.0, 255.0) as u8;
            }
        }
    }

    /// How much brighter each pixel becomes, 0..=1.
    fn layer(&self, [height, width]: [usize; 2], rng: &mut ChaCha20Rng) -> Vec<f32> {
        let mut layer = vec![0.0f32; height * width];
        let angle = rng.random_range(-1.0f32..1.0) * self.lean.to_radians();
        let (across, down) = angle.sin_cos();
        let half = 0.5 * self.length * height.max(width) as f32;
        let reach = 2.0 * self.blur.max(0.1);
        let streaks = (self.density * (height * width) as f32 / 1000.0).round() as usize;
        for _ in 0..streaks {
            let (x, y) = (rng.random_range(0.0..width as f32), rng.random_range(0.0..height as f32));
            let (half, strength) = (half * rng.random_range(0.5..1.0f32), self.strength * rng.random_range(0.4..1.0f32));
            let (tall, wide) = (half * down + reach, half * across.abs() + reach);
            let rows = (y - tall).max(0.0) as usize..((y + tall).ceil().max(0.0) as usize).min(height);
            for row in rows {
                let columns = (x - wide).max(0.0) as usize..((x + wide).ceil().max(0.0) as usize).min(width);
                for column in columns {
                    let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
                    let (along, beside) = (dx * across + dy * down, dx * down - dy * across);
                    let beyond = (along.abs() - half).max(0.0);
                    let far = (beyond * beyond + beside * beside) / (self.blur * self.blur).max(0.01);
                    let value = &mut layer[row * width + column];
                    *value = value.max(strength * (-far).exp());
                }
            }
        }
        layer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> Picture {
        let shape = Shape { channels: 3, height: 40, width: 60 };
        Picture { shape, planes: vec![value; shape.len()] }
    }

    #[test]
    fn the_seed_alone_decides_and_rain_only_brightens() {
        let (rain, picture) = (Rain::default(), grey(90));
        let wet = rain.over(&picture, 3);
        assert_eq!(wet, rain.over(&picture, 3));
        assert_ne!(wet, rain.over(&picture, 4));
        assert!(wet.planes.iter().all(|&v| v >= 90) && wet.planes.iter().any(|&v| v > 150));
        let area = 40 * 60;
        assert_eq!(wet.planes[..area], wet.planes[area..2 * area], "rain has no colour");
    }

    #[test]
    fn more_streaks_wet_more_pixels_and_none_wet_none() {
        let wet = |density: f32| Rain { density, ..Rain::default() }.over(&grey(0), 1).planes.iter().filter(|&&v| v > 20).count();
        assert_eq!(wet(0.0), 0);
        assert!(wet(20.0) > wet(4.0) && wet(4.0) > 0);
        let bright = Rain::default().over(&grey(255), 1);
        assert!(bright.planes.iter().all(|&v| v == 255));
    }
}
