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

    /// One row, in place: even and odd places apart, then joined (Cooley and Tukey).
    fn row(&self, values: &[Complex]) -> Vec<Complex> {
        if values.len() == 1 {
            return values.to_vec();
        }
        let part = |odd: usize| self.row(&values.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>());
        let (even, odd) = (part(0), part(1));
        let stride = SIDE / values.len();
        let turned: Vec<Complex> = odd.iter().enumerate().map(|(k, &value)| times(value, self.turns[k * stride])).collect();
        let join = |sign: f64| even.iter().zip(&turned).map(move |(a, b)| [a[0] + sign * b[0], a[1] + sign * b[1]]);
        join(1.0).chain(join(-1.0)).collect()
    }

    /// Rows, then columns; the result has length 1 / SIDE of the sums, as an orthonormal transform.
    fn whole(&self, values: Vec<Complex>) -> Vec<Complex> {
        let once = |values: Vec<Complex>| {
            let rows: Vec<Vec<Complex>> = values.chunks_exact(SIDE).map(|row| self.row(row)).collect();
            // The transposed picture, so that columns come next.
            (0..SIDE * SIDE).map(|i| rows[i % SIDE][i / SIDE]).collect::<Vec<_>>()
        };
        once(once(values)).into_iter().map(|value| value.map(|part| part / SIDE as f64)).collect()
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
