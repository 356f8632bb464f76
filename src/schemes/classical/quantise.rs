//! Quantisation index modulation: coefficients of blocks are moved onto one of two combs of steps, one for each bit, half a step apart. Where
//! the combs begin (the dither) and which coefficient holds which bit is keyed. What the picture itself is does not disturb the bits.
//!
//! Each 64 coefficients in a row hold every bit once; a bit is read from all of its coefficients together.

use super::{BITS, Carriers, plane::Plane};
use crate::data::Shape;
use crate::vault::derive::Derivation;
use rayon::prelude::*;
use std::f64::consts::TAU;

/// A transform of square blocks, scaled so that lengths stay what they are, and those of its coefficients that hold bits.
pub trait Blocks: Sync {
    /// Rows and columns of a block.
    const SIDE: usize;
    /// Whether coefficients are magnitudes, which cannot be less than zero.
    const MAGNITUDES: bool;

    /// How many coefficients of each block hold bits.
    fn count(&self) -> usize;

    /// These coefficients of a block, `[SIDE * SIDE]`.
    fn coefficients(&self, block: &[f64]) -> Vec<f64>;

    /// The change of the pixels that moves the coefficients `by` so much.
    fn moved(&self, block: &[f64], by: &[f64]) -> Vec<f64>;
}

/// A coefficient's task.
struct Carrier {
    bit: usize,
    /// Where its comb begins, 0..1 of a step.
    dither: f64,
}

pub struct Quantised<B> {
    blocks: B,
    step: f64,
    carriers: Vec<Carrier>,
}

impl<B: Blocks> Quantised<B> {
    pub fn new(blocks: B, shape: Shape, secret: &Derivation, step: f64) -> Self {
        let count = (shape.height / B::SIDE) * (shape.width / B::SIDE) * blocks.count();
        let (mut places, mut dithers) = (secret.stream("classical places"), secret.stream("classical dither"));
        const FINE: usize = 1 << 20;
        let mut carrier = |bit| Carrier { bit, dither: dithers.below(FINE) as f64 / FINE as f64 };
        let mut carriers = Vec::with_capacity(count);
        while carriers.len() < count {
            carriers.extend(places.permutation(BITS).into_iter().map(&mut carrier));
        }
        carriers.truncate(count);
        Self { blocks, step, carriers }
    }

    /// Does something with each block and its carriers, a row of blocks at a time, in their order.
    fn each_row<T: Send>(&self, plane: &Plane, work: impl Fn(usize, Vec<f64>, &[Carrier]) -> T + Sync) -> Vec<Vec<T>> {
        let (across, count) = (plane.width / B::SIDE, self.blocks.count());
        let row = |(y, carriers): (usize, &[Carrier])| {
            carriers
                .chunks_exact(count)
                .enumerate()
                .map(|(x, carriers)| work(x, plane.square(y * B::SIDE, x * B::SIDE, B::SIDE), carriers))
                .collect()
        };
        self.carriers.par_chunks_exact(across * count).enumerate().map(row).collect()
    }

    /// Where on its comb a coefficient lies: 0 at the teeth of bit 0, a half at those of bit 1.
    fn phase(&self, value: f64, carrier: &Carrier) -> f64 {
        value / self.step - carrier.dither
    }
}

impl<B: Blocks> Carriers for Quantised<B> {
    fn read(&self, plane: &Plane) -> [f64; BITS] {
        let (mut sums, mut counts) = ([0.0; BITS], [0usize; BITS]);
        let rows = self.each_row(plane, |_, block, carriers| {
            let values = self.blocks.coefficients(&block);
            values
                .into_iter()
                .zip(carriers)
                .map(|(value, carrier)| (carrier.bit, -(TAU * self.phase(value, carrier)).cos()))
                .collect::<Vec<_>>()
        });
        for (bit, clear) in rows.into_iter().flatten().flatten() {
            sums[bit] += clear;
            counts[bit] += 1;
        }
        std::array::from_fn(|i| sums[i] / counts[i].max(1) as f64)
    }

    fn change(&self, plane: &Plane, wanted: &[f64; BITS]) -> Vec<f32> {
        let rows = self.each_row(plane, |x, block, carriers| {
            let values = self.blocks.coefficients(&block);
            let by: Vec<f64> = values
                .into_iter()
                .zip(carriers)
                .map(|(value, carrier)| {
                    let half = if wanted[carrier.bit] > 0.0 { 0.5 } else { 0.0 };
                    let mut to = self.step * ((self.phase(value, carrier) - half).round() + half + carrier.dither);
                    // A magnitude near zero would be lost in the rounding of the pixels.
                    if B::MAGNITUDES && to < self.step / 4.0 {
                        to += self.step;
                    }
                    to - value
                })
                .collect();
            (x, self.blocks.moved(&block, &by))
        });
        let mut change = vec![0.0; plane.values.len()];
        for (y, row) in rows.into_iter().enumerate() {
            for (x, block) in row {
                for (line, values) in block.chunks_exact(B::SIDE).enumerate() {
                    let place = (y * B::SIDE + line) * plane.width + x * B::SIDE;
                    change[place..place + B::SIDE].iter_mut().zip(values).for_each(|(to, from)| *to = *from as f32);
                }
            }
        }
        change
    }
}
