//! Middle coefficients of the cosine transform (DCT-II, orthonormal) of 8x8 pixels: low ones would be seen, high ones are the first to go.

use super::quantise::Blocks;
use std::f64::consts::PI;

const SIDE: usize = 8;

pub struct Dct {
    /// `[frequency, place]`.
    waves: [[f64; SIDE]; SIDE],
    /// Frequencies down and across.
    middle: Vec<[usize; 2]>,
}

impl Dct {
    pub fn new() -> Self {
        let scale = |k: usize| if k == 0 { (1.0 / SIDE as f64).sqrt() } else { (2.0 / SIDE as f64).sqrt() };
        let wave = |k: usize, x: usize| scale(k) * (PI * (x as f64 + 0.5) * k as f64 / SIDE as f64).cos();
        let all = (0..SIDE).flat_map(|v| (0..SIDE).map(move |u| [v, u]));
        Self {
            waves: std::array::from_fn(|k| std::array::from_fn(|x| wave(k, x))),
            middle: all.filter(|[v, u]| (3..=5).contains(&(v + u))).collect(),
        }
    }
}

impl Blocks for Dct {
    const SIDE: usize = SIDE;
    const MAGNITUDES: bool = false;

    fn count(&self) -> usize {
        self.middle.len()
    }

    fn coefficients(&self, block: &[f64]) -> Vec<f64> {
        let across: Vec<[f64; SIDE]> = block
            .chunks_exact(SIDE)
            .map(|row| self.waves.map(|wave| wave.iter().zip(row).map(|(wave, value)| wave * value).sum()))
            .collect();
        self.middle.iter().map(|&[v, u]| (0..SIDE).map(|y| self.waves[v][y] * across[y][u]).sum()).collect()
    }

    fn moved(&self, _block: &[f64], by: &[f64]) -> Vec<f64> {
        let mut down = [[0.0; SIDE]; SIDE];
        for (&[v, u], by) in self.middle.iter().zip(by) {
            (0..SIDE).for_each(|y| down[y][u] += self.waves[v][y] * by);
        }
        let pixel = |y: usize, x: usize| (0..SIDE).map(|u| down[y][u] * self.waves[u][x]).sum();
        (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))).map(|(y, x)| pixel(y, x)).collect()
    }
}
