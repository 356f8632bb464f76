//! Magnitudes of the Fourier transform of 32x32 pixels, in a ring of middle frequencies. Phases stay what they are, because they are what
//! one sees. Frequencies come in mirrored pairs of equal magnitude, since pixels are real: each pair holds one bit and is moved as one.

use super::quantise::Blocks;
use std::f64::consts::TAU;

const SIDE: usize = 32;
/// Least and greatest frequency of the ring, periods a block; half the side is the highest that there is.
const RING: [usize; 2] = [4, 12];

type Complex = [f64; 2];

pub struct Dft {
    /// exp(-i TAU k / SIDE).
    turns: Vec<Complex>,
    /// Places of one frequency of each mirrored pair: row, column.
    ring: Vec<[usize; 2]>,
}

impl Dft {
    pub fn new() -> Self {
        let turn = |k: usize| {
            let (sin, cos) = (TAU * k as f64 / SIDE as f64).sin_cos();
            [cos, -sin]
        };
        // Columns 1 to 15 are the mirrored ones of 17 to 31; columns 0 and 16 lie outside the ring or are their own mirror, and stay.
        let inside = |[v, u]: &[usize; 2]| {
            let v = (*v).min(SIDE - v);
            (RING[0] * RING[0]..RING[1] * RING[1]).contains(&(v * v + u * u))
        };
        let half = (0..SIDE).flat_map(|v| (1..SIDE / 2).map(move |u| [v, u]));
        Self { turns: (0..SIDE).map(turn).collect(), ring: half.filter(inside).collect() }
    }

    /// The transform of one row, in place: neighbours are joined to pairs, pairs to fours, and so on (Cooley and Tukey).
    fn row(&self, row: &mut [Complex]) {
        for i in 0..SIDE {
            let mirrored = i.reverse_bits() >> (usize::BITS - SIDE.trailing_zeros());
            if i < mirrored {
                row.swap(i, mirrored);
            }
        }
        let mut half = 1;
        while half < SIDE {
            for (start, k) in (0..SIDE).step_by(2 * half).flat_map(|start| (0..half).map(move |k| (start, k))) {
                let (even, odd) = (row[start + k], times(row[start + k + half], self.turns[k * SIDE / (2 * half)]));
                row[start + k] = [even[0] + odd[0], even[1] + odd[1]];
                row[start + k + half] = [even[0] - odd[0], even[1] - odd[1]];
            }
            half *= 2;
        }
    }

    /// Rows, then columns, divided by the side: an orthonormal transform.
    fn whole(&self, mut values: Vec<Complex>) -> Vec<Complex> {
        for _ in 0..2 {
            values.chunks_exact_mut(SIDE).for_each(|row| self.row(row));
            // Columns become rows; the second time they become columns again.
            for (y, x) in (0..SIDE).flat_map(|y| (0..y).map(move |x| (y, x))) {
                values.swap(y * SIDE + x, x * SIDE + y);
            }
        }
        values.iter_mut().for_each(|value| *value = value.map(|part| part / SIDE as f64));
        values
    }

    fn spectrum(&self, block: &[f64]) -> Vec<Complex> {
        self.whole(block.iter().map(|&value| [value, 0.0]).collect())
    }
}

fn times(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

fn magnitude(value: Complex) -> f64 {
    value[0].hypot(value[1])
}

impl Blocks for Dft {
    const SIDE: usize = SIDE;
    const MAGNITUDES: bool = true;

    fn count(&self) -> usize {
        self.ring.len()
    }

    fn coefficients(&self, block: &[f64]) -> Vec<f64> {
        let spectrum = self.spectrum(block);
        self.ring.iter().map(|[v, u]| magnitude(spectrum[v * SIDE + u])).collect()
    }

    fn moved(&self, block: &[f64], by: &[f64]) -> Vec<f64> {
        let spectrum = self.spectrum(block);
        let mut change = vec![[0.0; 2]; SIDE * SIDE];
        for (i, ([v, u], by)) in self.ring.iter().zip(by).enumerate() {
            let value = spectrum[v * SIDE + u];
            let size = magnitude(value);
            // Nothing has no phase: phases of their own keep the changes of a flat block from meeting in one pixel.
            let phase = if size > 1e-9 { value.map(|part| part / size) } else { self.turns[i * i % SIDE] };
            // The backward transform is the forward one of the conjugate.
            let moved = [phase[0] * by, -phase[1] * by];
            change[v * SIDE + u] = moved;
            change[(SIDE - v) % SIDE * SIDE + (SIDE - u)] = [moved[0], -moved[1]];
        }
        self.whole(change).into_iter().map(|value| value[0]).collect()
    }
}
