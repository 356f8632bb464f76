//! 3x3 convolutions of stride 1 with many channels by Winograd's F(4x4, 3x3) (Lavin and Gray, CVPR 2016): a quarter of the products.
//!
//! A tile of 6x6 input pixels and the kernel are transformed, multiplied spot by spot, and transformed back to 4x4 output pixels.
//! For each of the 36 spots the products over all channels are one matrix product over all tiles of a block of pictures. Vectors lie
//! across channels, so that pictures of every size fill them. The gradient of the weights runs the same three maps backwards. Errors
//! are those of the transforms' factors (up to 8), some ten times those of a plain sum; `tests/nn_ops.rs` bounds them.

use super::kernel::{Matrix, product};
use super::node::Geometry;
use super::wide::{Scratch, spread, wide_with};
use pulp::{Simd, WithSimd};

/// Sides of a tile's output and input, and its spots.
const SIDE: usize = 4;
const TILE: usize = 6;
const SPOTS: usize = TILE * TILE;
/// Channels come in multiples of the widest vector.
const LANES: usize = 16;
/// Tiles of a matrix product, at least, if the batch has so many.
const TILES: usize = 64;
/// Sums of the weights' gradient that are kept side by side. Fixed: the order of a sum must be the same on every machine.
const SUMS: usize = 4;

/// Whether this convolution can be made here, and is worth it.
pub fn fits(input: usize, output: usize, g: &Geometry) -> bool {
    let many = |channels: usize| channels.is_multiple_of(LANES) && channels >= 2 * LANES;
    g.kernel == [3, 3] && g.stride == [1, 1] && g.dilation == [1, 1] && g.padding[0] < 3 && g.padding[1] < 3 && many(input) && many(output)
}

/// How a convolution's pictures are cut into tiles.
#[derive(Debug, Clone, Copy)]
pub struct Tiling {
    picture: [usize; 2],
    padding: [usize; 2],
    output: [usize; 2],
    tiles: [usize; 2],
}

impl Tiling {
    /// Input sides and the zeros around them.
    pub fn new(picture: [usize; 2], padding: [usize; 2]) -> Self {
        let output = [0, 1].map(|axis| picture[axis] + 2 * padding[axis] - 2);
        Self { picture, padding, output, tiles: output.map(|side| side.div_ceil(SIDE)) }
    }

    fn count(&self) -> usize {
        self.tiles[0] * self.tiles[1]
    }

    /// Pictures of one matrix product.
    fn block(&self, batch: usize) -> usize {
        TILES.div_ceil(self.count()).min(batch).max(1)
    }

    /// Sides of a picture with its zeros, and those that fill the last tiles.
    fn padded(&self) -> [usize; 2] {
        self.tiles.map(|tiles| tiles * SIDE + TILE - SIDE)
    }

    /// Sides of an output that fills the last tiles.
    fn filled(&self) -> [usize; 2] {
        self.tiles.map(|tiles| tiles * SIDE)
    }
}

/// A kernel `[out, in, 3, 3]` at each spot: `[36, in, out]`. `weight(o, i, tap)` is its number at tap 0 to 8, row by row.
pub fn kernel(input: usize, output: usize, weight: impl Fn(usize, usize, usize) -> f32 + Sync) -> Vec<f32> {
    let mut spots = vec![0.0; SPOTS * input * output];
    let mut rows: Vec<Vec<&mut [f32]>> = (0..input).map(|_| Vec::with_capacity(SPOTS)).collect();
    for (at, row) in spots.chunks_exact_mut(output).enumerate() {
        rows[at % input].push(row);
    }
    spread(rows.into_iter().enumerate(), SPOTS * input * output, |(i, mut to)| {
        let mut taps = vec![0.0; 9 * output];
        for (tap, line) in taps.chunks_exact_mut(output).enumerate() {
            line.iter_mut().enumerate().for_each(|(o, value)| *value = weight(o, i, tap));
        }
        wide_with(KernelSpots { taps: &taps, output, to: &mut to });
    });
    spots
}

/// Pictures `[batch, in, h, w]` convolved with a kernel's spots, and a bias `[out]` (or none), to `out` `[batch, out, oh, ow]`.
pub fn convolve(tiling: Tiling, pictures: &[f32], spots: &[f32], bias: &[f32], [input, output]: [usize; 2], out: &mut [f32]) {
    let (size, made) = (input * tiling.picture[0] * tiling.picture[1], output * tiling.output[0] * tiling.output[1]);
    let block = tiling.block(out.len() / made.max(1));
    let tasks = out.chunks_mut(block * made).zip(pictures.chunks(block * size));
    spread(tasks, pictures.len() * SPOTS, |(out, pictures)| {
        let count = pictures.len() / size;
        let tiles = count * tiling.count();
        let (mut seen, mut answers) = (Scratch::new(SPOTS * tiles * input), Scratch::new(SPOTS * tiles * output));
        input_spots(tiling, pictures, input, &mut seen);
        let parts = seen.chunks_exact(tiles * input).zip(spots.chunks_exact(input * output));
        for (answers, (seen, spots)) in answers.chunks_exact_mut(tiles * output).zip(parts) {
            product(answers, Matrix::new(seen, tiles, input), Matrix::new(spots, input, output), false);
        }
        let mut buffer = Scratch::new(tiling.filled().iter().product::<usize>() * LANES);
        wide_with(Outputs { tiling, answers: &answers, bias, channels: output, tiles, buffer: &mut buffer, out });
    });
}

/// The gradient of a kernel, `[out, in, 3, 3]`, from pictures `[batch, in, h, w]` and their output's gradient `[batch, out, oh, ow]`.
pub fn kernel_gradient(tiling: Tiling, pictures: &[f32], gradients: &[f32], [input, output]: [usize; 2]) -> Vec<f32> {
    let (size, made) = (input * tiling.picture[0] * tiling.picture[1], output * tiling.output[0] * tiling.output[1]);
    let batch = pictures.len() / size.max(1);
    let block = tiling.block(batch);
    let share = batch.div_ceil(block).div_ceil(SUMS).max(1) * block;
    let mut sums: Vec<Vec<f32>> = vec![Vec::new(); batch.div_ceil(share)];
    let tasks = sums.iter_mut().zip(pictures.chunks(share * size).zip(gradients.chunks(share * made)));
    spread(tasks, pictures.len() * SPOTS, |(sum, (pictures, gradients))| {
        *sum = vec![0.0; SPOTS * input * output];
        let room = SPOTS * block * tiling.count();
        let (mut seen, mut wanted) = (Scratch::new(room * input), Scratch::new(room * output));
        for (pictures, gradients) in pictures.chunks(block * size).zip(gradients.chunks(block * made)) {
            let tiles = pictures.len() / size * tiling.count();
            let (seen, wanted) = (&mut seen[..SPOTS * tiles * input], &mut wanted[..SPOTS * tiles * output]);
            input_spots(tiling, pictures, input, seen);
            let mut buffer = vec![0.0; tiling.filled().iter().product::<usize>() * LANES];
            wide_with(OutputSpots { tiling, gradients, channels: output, tiles, buffer: &mut buffer, to: wanted });
            let parts = seen.chunks_exact(tiles * input).zip(wanted.chunks_exact(tiles * output));
            for (sum, (seen, wanted)) in sum.chunks_exact_mut(input * output).zip(parts) {
                product(sum, Matrix::new(seen, tiles, input).t(), Matrix::new(wanted, tiles, output), true);
            }
        }
    });
    let mut whole = sums.first().cloned().unwrap_or_else(|| vec![0.0; SPOTS * input * output]);
    for part in sums.iter().skip(1) {
        whole.iter_mut().zip(part).for_each(|(w, p)| *w += p);
    }
    let mut taps = vec![0.0; output * input * 9];
    let mut line = vec![0.0; 9 * output];
    for i in 0..input {
        let rows: Vec<&[f32]> = (0..SPOTS).map(|spot| &whole[(spot * input + i) * output..][..output]).collect();
        wide_with(KernelTaps { spots: &rows, output, to: &mut line });
        for (tap, values) in line.chunks_exact(output).enumerate() {
            values.iter().enumerate().for_each(|(o, value)| taps[(o * input + i) * 9 + tap] = *value);
        }
    }
    taps
}

/// Pictures `[count, channels, h, w]` at each spot: `[36, tiles, channels]`.
fn input_spots(tiling: Tiling, pictures: &[f32], channels: usize, to: &mut [f32]) {
    let tiles = to.len() / (SPOTS * channels);
    let mut buffer = vec![0.0; tiling.padded().iter().product::<usize>() * LANES];
    wide_with(InputSpots { tiling, pictures, channels, tiles, buffer: &mut buffer, to });
}

/// The maps of one line; each is applied down and then across. Points: 0, 1, -1, 2, -2 and infinity.
#[derive(Clone, Copy)]
struct Maps<S: Simd>(S);

impl<S: Simd> Maps<S> {
    #[inline(always)]
    fn times(self, factor: f32, a: S::f32s) -> S::f32s {
        self.0.mul_f32s(self.0.splat_f32s(factor), a)
    }

    /// `factor * a + b`.
    #[inline(always)]
    fn add(self, factor: f32, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.mul_add_f32s(self.0.splat_f32s(factor), a, b)
    }

    /// Input pixels to spots.
    #[inline(always)]
    fn input(self, d: [S::f32s; TILE]) -> [S::f32s; TILE] {
        let s = self.0;
        let (even, odd) = (self.add(-4.0, d[2], d[4]), self.add(-4.0, d[1], d[3]));
        let (near, far) = (s.sub_f32s(d[4], d[2]), self.times(2.0, s.sub_f32s(d[3], d[1])));
        [
            self.add(4.0, d[0], self.add(-5.0, d[2], d[4])),
            s.add_f32s(even, odd),
            s.sub_f32s(even, odd),
            s.add_f32s(near, far),
            s.sub_f32s(near, far),
            self.add(4.0, d[1], self.add(-5.0, d[3], d[5])),
        ]
    }

    /// Spots to output pixels.
    #[inline(always)]
    fn output(self, m: [S::f32s; TILE]) -> [S::f32s; SIDE] {
        let s = self.0;
        let (p, q) = (s.add_f32s(m[1], m[2]), s.sub_f32s(m[1], m[2]));
        let (u, v) = (s.add_f32s(m[3], m[4]), s.sub_f32s(m[3], m[4]));
        [s.add_f32s(m[0], s.add_f32s(p, u)), self.add(2.0, v, q), self.add(4.0, u, p), s.add_f32s(self.add(8.0, v, q), m[5])]
    }

    /// `output` backwards: gradients of output pixels to gradients of spots.
    #[inline(always)]
    fn output_back(self, y: [S::f32s; SIDE]) -> [S::f32s; TILE] {
        let s = self.0;
        let (even, odd) = (s.add_f32s(y[0], y[2]), s.add_f32s(y[1], y[3]));
        let (wide_even, wide_odd) = (self.add(4.0, y[2], y[0]), self.add(8.0, y[3], self.times(2.0, y[1])));
        [y[0], s.add_f32s(even, odd), s.sub_f32s(even, odd), s.add_f32s(wide_even, wide_odd), s.sub_f32s(wide_even, wide_odd), y[3]]
    }

    /// Taps of a kernel to spots.
    #[inline(always)]
    fn kernel(self, g: [S::f32s; 3]) -> [S::f32s; TILE] {
        let s = self.0;
        let even = self.times(-1.0 / 6.0, s.add_f32s(g[0], g[2]));
        let odd = self.times(-1.0 / 6.0, g[1]);
        let wide_even = self.add(1.0 / 24.0, g[0], self.times(1.0 / 6.0, g[2]));
        let wide_odd = self.times(1.0 / 12.0, g[1]);
        [
            self.times(0.25, g[0]),
            s.add_f32s(even, odd),
            s.sub_f32s(even, odd),
            s.add_f32s(wide_even, wide_odd),
            s.sub_f32s(wide_even, wide_odd),
            g[2],
        ]
    }

    /// `kernel` backwards: gradients of spots to gradients of taps.
    #[inline(always)]
    fn kernel_back(self, u: [S::f32s; TILE]) -> [S::f32s; 3] {
        let s = self.0;
        let (even, odd) = (s.add_f32s(u[1], u[2]), s.sub_f32s(u[1], u[2]));
        let (wide_even, wide_odd) = (s.add_f32s(u[3], u[4]), s.sub_f32s(u[3], u[4]));
        let first = self.add(-1.0 / 6.0, even, self.times(1.0 / 24.0, wide_even));
        let last = self.add(-1.0 / 6.0, even, self.times(1.0 / 6.0, wide_even));
        [self.add(0.25, u[0], first), self.add(-1.0 / 6.0, odd, self.times(1.0 / 12.0, wide_odd)), s.add_f32s(last, u[5])]
    }
}

/// A map of lines applied down a square and then across it: `at(y, x)` gives what it holds, `put(y, x, value)` takes what comes out.
#[inline(always)]
fn twice<V: Copy, const N: usize, const M: usize>(
    blank: V,
    map: impl Fn([V; N]) -> [V; M],
    at: impl Fn(usize, usize) -> V,
    mut put: impl FnMut(usize, usize, V),
) {
    let mut down = [[blank; N]; M];
    for x in 0..N {
        let mut column = [blank; N];
        for (y, value) in column.iter_mut().enumerate() {
            *value = at(y, x);
        }
        for (line, value) in down.iter_mut().zip(map(column)) {
            line[x] = value;
        }
    }
    for (y, line) in down.into_iter().enumerate() {
        for (x, value) in map(line).into_iter().enumerate() {
            put(y, x, value);
        }
    }
}

#[inline(always)]
fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    S::as_simd_f32s(&from[..S::F32_LANES]).0.first().copied().unwrap_or(simd.splat_f32s(0.0))
}

#[inline(always)]
fn store<S: Simd>(to: &mut [f32], value: S::f32s) {
    if let Some(place) = S::as_mut_simd_f32s(&mut to[..S::F32_LANES]).0.first_mut() {
        *place = value;
    }
}

struct KernelSpots<'a, 'b> {
    taps: &'a [f32],
    output: usize,
    to: &'a mut [&'b mut [f32]],
}

impl WithSimd for KernelSpots<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let maps = Maps(simd);
        let zero = simd.splat_f32s(0.0);
        for o in (0..self.output).step_by(S::F32_LANES) {
            twice(
                zero,
                #[inline(always)]
                |line| maps.kernel(line),
                #[inline(always)]
                |y, x| load(simd, &self.taps[(y * 3 + x) * self.output + o..]),
                #[inline(always)]
                |y, x, value| store::<S>(&mut self.to[y * TILE + x][o..], value),
            );
        }
    }
}

struct KernelTaps<'a> {
    spots: &'a [&'a [f32]],
    output: usize,
    to: &'a mut [f32],
}

impl WithSimd for KernelTaps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let maps = Maps(simd);
        let zero = simd.splat_f32s(0.0);
        for o in (0..self.output).step_by(S::F32_LANES) {
            twice(
                zero,
                #[inline(always)]
                |line| maps.kernel_back(line),
                #[inline(always)]
                |y, x| load(simd, &self.spots[y * TILE + x][o..]),
                #[inline(always)]
                |y, x, value| store::<S>(&mut self.to[(y * 3 + x) * self.output + o..], value),
            );
        }
    }
}

/// Lays some channels of a picture side by side, pixel by pixel, with `row` pixels a line, from pixel `start` on.
#[inline(always)]
fn interleave(planes: &[f32], [height, width]: [usize; 2], lanes: usize, buffer: &mut [f32], start: usize, row: usize) {
    let area = height * width;
    for y in 0..height {
        let line = &mut buffer[(start + y * row) * lanes..][..width * lanes];
        for (lane, plane) in planes.chunks_exact(area).enumerate().take(lanes) {
            let pixels = &plane[y * width..][..width];
            for (place, pixel) in line[lane..].iter_mut().step_by(lanes).zip(pixels) {
                *place = *pixel;
            }
        }
    }
}

struct InputSpots<'a> {
    tiling: Tiling,
    pictures: &'a [f32],
    channels: usize,
    tiles: usize,
    /// Zeros, as many as a padded picture has pixels times `LANES`.
    buffer: &'a mut [f32],
    to: &'a mut [f32],
}

impl WithSimd for InputSpots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (maps, zero, lanes) = (Maps(simd), simd.splat_f32s(0.0), S::F32_LANES);
        let (tiling, [_, row]) = (self.tiling, self.tiling.padded());
        let area = tiling.picture[0] * tiling.picture[1];
        let start = tiling.padding[0] * row + tiling.padding[1];
        for (i, planes) in self.pictures.chunks_exact(lanes * area).enumerate() {
            let (picture, channel) = (i * lanes / self.channels, i * lanes % self.channels);
            interleave(planes, tiling.picture, lanes, self.buffer, start, row);
            for tile in 0..tiling.count() {
                let (ty, tx) = (tile / tiling.tiles[1], tile % tiling.tiles[1]);
                let corner = &self.buffer[(ty * SIDE * row + tx * SIDE) * lanes..];
                let place = (picture * tiling.count() + tile) * self.channels + channel;
                twice(
                    zero,
                    #[inline(always)]
                    |line| maps.input(line),
                    #[inline(always)]
                    |y, x| load(simd, &corner[(y * row + x) * lanes..]),
                    #[inline(always)]
                    |y, x, value| store::<S>(&mut self.to[(y * TILE + x) * self.tiles * self.channels + place..], value),
                );
            }
        }
    }
}

struct Outputs<'a> {
    tiling: Tiling,
    answers: &'a [f32],
    bias: &'a [f32],
    channels: usize,
    tiles: usize,
    buffer: &'a mut [f32],
    out: &'a mut [f32],
}

impl WithSimd for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (maps, zero, lanes) = (Maps(simd), simd.splat_f32s(0.0), S::F32_LANES);
        let (tiling, [_, row]) = (self.tiling, self.tiling.filled());
        let [height, width] = tiling.output;
        for (i, planes) in self.out.chunks_exact_mut(lanes * height * width).enumerate() {
            let (picture, channel) = (i * lanes / self.channels, i * lanes % self.channels);
            for tile in 0..tiling.count() {
                let (ty, tx) = (tile / tiling.tiles[1], tile % tiling.tiles[1]);
                let place = (picture * tiling.count() + tile) * self.channels + channel;
                let corner = &mut self.buffer[(ty * SIDE * row + tx * SIDE) * lanes..];
                twice(
                    zero,
                    #[inline(always)]
                    |line| maps.output(line),
                    #[inline(always)]
                    |y, x| load(simd, &self.answers[(y * TILE + x) * self.tiles * self.channels + place..]),
                    #[inline(always)]
                    |y, x, value| store::<S>(&mut corner[(y * row + x) * lanes..], value),
                );
            }
            for y in 0..height {
                let line = &self.buffer[y * row * lanes..][..width * lanes];
                for (lane, plane) in planes.chunks_exact_mut(height * width).enumerate() {
                    let bias = self.bias.get(channel + lane).copied().unwrap_or(0.0);
                    for (pixel, value) in plane[y * width..][..width].iter_mut().zip(line[lane..].iter().step_by(lanes)) {
                        *pixel = *value + bias;
                    }
                }
            }
        }
    }
}

struct OutputSpots<'a> {
    tiling: Tiling,
    gradients: &'a [f32],
    channels: usize,
    tiles: usize,
    /// Zeros, as many as a filled output has pixels times `LANES`.
    buffer: &'a mut [f32],
    to: &'a mut [f32],
}

impl WithSimd for OutputSpots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (maps, zero, lanes) = (Maps(simd), simd.splat_f32s(0.0), S::F32_LANES);
        let (tiling, [_, row]) = (self.tiling, self.tiling.filled());
        let [height, width] = tiling.output;
        for (i, planes) in self.gradients.chunks_exact(lanes * height * width).enumerate() {
            let (picture, channel) = (i * lanes / self.channels, i * lanes % self.channels);
            interleave(planes, tiling.output, lanes, self.buffer, 0, row);
            for tile in 0..tiling.count() {
                let (ty, tx) = (tile / tiling.tiles[1], tile % tiling.tiles[1]);
                let corner = &self.buffer[(ty * SIDE * row + tx * SIDE) * lanes..];
                let place = (picture * tiling.count() + tile) * self.channels + channel;
                twice(
                    zero,
                    #[inline(always)]
                    |line| maps.output_back(line),
                    #[inline(always)]
                    |y, x| load(simd, &corner[(y * row + x) * lanes..]),
                    #[inline(always)]
                    |y, x, value| store::<S>(&mut self.to[(y * TILE + x) * self.tiles * self.channels + place..], value),
                );
            }
        }
    }
}
