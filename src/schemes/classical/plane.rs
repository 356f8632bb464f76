//! The brightness of a picture, unrounded, and how a change of it goes back into 8 bits.

use crate::data::Picture;

/// Brightness of each pixel, 0..=255, row by row.
pub struct Plane {
    pub height: usize,
    pub width: usize,
    pub values: Vec<f32>,
}

impl Plane {
    /// 0.299 red + 0.587 green + 0.114 blue; a grey picture is its own brightness.
    pub fn of(picture: &Picture) -> Self {
        let (height, width) = (picture.shape.height, picture.shape.width);
        let area = height * width;
        let values = match picture.shape.channels {
            1 => picture.planes.iter().map(|&value| f32::from(value)).collect(),
            _ => {
                let at = |i: usize| f32::from(picture.planes[i]);
                (0..area).map(|i| 0.299 * at(i) + 0.587 * at(area + i) + 0.114 * at(2 * area + i)).collect()
            }
        };
        Self { height, width, values }
    }

    /// The square of `side` pixels at row `top` and column `left`.
    pub fn square(&self, top: usize, left: usize, side: usize) -> Vec<f64> {
        let rows = (top..top + side).flat_map(|y| &self.values[y * self.width + left..][..side]);
        rows.map(|&value| f64::from(value)).collect()
    }
}

/// Adds a change of brightness to every channel, rounds, and cuts off at black and white.
pub fn add(picture: &mut Picture, change: &[f32]) {
    for plane in picture.planes.chunks_exact_mut(change.len()) {
        for (value, change) in plane.iter_mut().zip(change) {
            *value = (f32::from(*value) + change).round().clamp(0.0, 255.0) as u8;
        }
    }
}
