//! Additive spread spectrum in space: I' = I + sum of a_i b_i w_i. Each carrier w_i is a keyed pattern of signs over a keyed 64th of the
//! pixels, so that carriers do not disturb each other; b_i is the bit as a sign, a_i its strength, as much as the
//! correlation lacks of the wanted one, so that the picture itself does not hide a bit.
//!
//! The detector correlates each carrier with what is left of the picture without its local mean, where there is less of the picture.

use super::{BITS, Carriers, plane::Plane};
use crate::data::Shape;
use crate::vault::derive::Derivation;

/// Pixels on each side of a pixel that its local mean is taken over.
const REACH: usize = 1;
/// Share of the strength that may be missing: the local mean takes a little of every carrier with it.
const NEAR: f64 = 0.2;

pub struct Spread {
    strength: f64,
    /// For each pixel its bit, and in the lowest place its sign.
    carriers: Vec<u8>,
}

impl Spread {
    pub fn new(shape: Shape, secret: &Derivation, strength: f64) -> Self {
        let mut stream = secret.stream("classical spread");
        let carriers = (0..shape.height * shape.width).map(|_| stream.below(2 * BITS) as u8).collect();
        Self { strength, carriers }
    }
}

fn bit(carrier: u8) -> usize {
    usize::from(carrier >> 1)
}

fn sign(carrier: u8) -> f64 {
    if carrier & 1 == 1 { 1.0 } else { -1.0 }
}

impl Carriers for Spread {
    fn read(&self, plane: &Plane) -> [f64; BITS] {
        let (mut sums, mut counts) = ([0.0; BITS], [0usize; BITS]);
        for (&carrier, value) in self.carriers.iter().zip(without_mean(plane)) {
            sums[bit(carrier)] += sign(carrier) * value;
            counts[bit(carrier)] += 1;
        }
        std::array::from_fn(|i| sums[i] / (counts[i].max(1) as f64 * self.strength))
    }

    fn change(&self, plane: &Plane, wanted: &[f64; BITS]) -> Vec<f32> {
        let read = self.read(plane);
        let strengths: [f64; BITS] = std::array::from_fn(|i| {
            let missing = 1.0 - read[i] * wanted[i];
            // Less than one grey level would be lost when the picture is rounded.
            if missing > NEAR { (self.strength * missing).max(1.0) * wanted[i] } else { 0.0 }
        });
        self.carriers.iter().map(|&carrier| (strengths[bit(carrier)] * sign(carrier)) as f32).collect()
    }
}

/// The plane without the mean of each pixel's surroundings.
fn without_mean(plane: &Plane) -> impl Iterator<Item = f64> {
    let (height, width) = (plane.height, plane.width);
    // Sums of columns over the rows in reach go down with the rows; a row's means are sums over them.
    let rows = move |y: usize| y.saturating_sub(REACH)..(y + REACH + 1).min(height);
    (0..height).flat_map(move |y| {
        let near = rows(y);
        let columns: Vec<f64> = (0..width).map(|x| near.clone().map(|row| f64::from(plane.values[row * width + x])).sum()).collect();
        (0..width).map(move |x| {
            let across = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
            let count = (near.len() * across.len()) as f64;
            f64::from(plane.values[y * width + x]) - columns[across].iter().sum::<f64>() / count
        })
    })
}
