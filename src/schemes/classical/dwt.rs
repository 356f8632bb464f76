//! Details of the second level of Haar wavelets: each 4x4 pixels have three, the differences of their halves across, down and both.

use super::quantise::Blocks;

const SIDE: usize = 4;
const DETAILS: usize = 3;

pub struct Dwt;

/// The sign of a pixel in a detail; each counts a quarter, so that lengths stay what they are.
fn weight(detail: usize, pixel: usize) -> f64 {
    let (down, across) = (pixel / SIDE >= SIDE / 2, pixel % SIDE >= SIDE / 2);
    let second = [across, down, across != down][detail];
    if second { -0.25 } else { 0.25 }
}

impl Blocks for Dwt {
    const SIDE: usize = SIDE;
    const MAGNITUDES: bool = false;

    fn count(&self) -> usize {
        DETAILS
    }

    fn coefficients(&self, block: &[f64]) -> Vec<f64> {
        (0..DETAILS).map(|detail| block.iter().enumerate().map(|(i, value)| weight(detail, i) * value).sum()).collect()
    }

    fn moved(&self, _block: &[f64], by: &[f64]) -> Vec<f64> {
        (0..SIDE * SIDE).map(|i| by.iter().enumerate().map(|(detail, by)| weight(detail, i) * by).sum()).collect()
    }
}
