//! Convolutions of stride 1 with few channels, without unrolling: each picture gets its zeros around it once, and then every tap of
//! the kernel is a shift of one long strip, however far its cells lie apart.
//!
//! A strip holds a plane's rows one behind the other, each with the zeros on its left; those on its right are the next row's. Output `p`
//! of the strip is the sum over taps of weight times input `p + tap`. The last few outputs of each row mix two rows; they are left out
//! when the strip is cut into rows again.

use super::node::Geometry;
use super::wide::{copy, wide_with};
use pulp::{Simd, WithSimd};

/// Strips are as long as a multiple of this, so that the widest vectors fit.
const BLOCK: usize = 16;

/// Taps whose gradients are summed side by side.
const TAPS: usize = 4;

/// Where the numbers of a convolution of stride 1 lie.
#[derive(Debug, Clone, Copy)]
pub struct Strip(Geometry);

impl Strip {
    /// For the convolution itself.
    pub fn of_input(g: &Geometry) -> Self {
        Self(*g)
    }

    /// For the convolution of its output's gradient with the kernel turned around.
    pub fn of_output(g: &Geometry) -> Self {
        let reach = g.reach();
        let padding = [0, 1].map(|axis| reach[axis] - 1 - g.padding[axis]);
        Self(Geometry { picture: g.output(), padding, ..*g })
    }

    /// Cells of the kernel.
    pub fn cells(&self) -> usize {
        self.0.kernel[0] * self.0.kernel[1]
    }

    /// Numbers from one row to the next.
    pub fn row(&self) -> usize {
        self.0.picture[1] + self.0.padding[1]
    }

    /// Numbers of an output strip.
    pub fn length(&self) -> usize {
        (self.0.output()[0] * self.row()).next_multiple_of(BLOCK)
    }

    /// Numbers of an input strip, with room behind for the last taps.
    pub fn padded(&self) -> usize {
        let [tall, wide] = self.0.reach();
        self.length() + (tall - 1) * self.row() + wide
    }

    /// Where a picture's first number lies in its input strip.
    pub fn first(&self) -> usize {
        self.0.padding[0] * self.row() + self.0.padding[1]
    }

    /// Puts the planes of a picture into strips whose other numbers are zero.
    pub fn pad(&self, picture: &[f32], strips: &mut [f32]) {
        let ([height, width], row) = (self.0.picture, self.row());
        let start = self.first();
        for (plane, strip) in picture.chunks_exact(height * width).zip(strips.chunks_exact_mut(self.padded())) {
            for (pixels, place) in plane.chunks_exact(width).zip(strip[start..].chunks_mut(row)) {
                copy(pixels, place);
            }
        }
    }

    /// Puts the planes of an output into strips whose other numbers are zero.
    pub fn lay(&self, output: &[f32], strips: &mut [f32]) {
        let [height, width] = self.0.output();
        for (plane, strip) in output.chunks_exact(height * width).zip(strips.chunks_exact_mut(self.length())) {
            for (pixels, place) in plane.chunks_exact(width).zip(strip.chunks_mut(self.row())) {
                copy(pixels, place);
            }
        }
    }

    fn cut(&self, strip: &[f32], plane: &mut [f32]) {
        let width = self.0.output()[1];
        for (pixels, place) in plane.chunks_exact_mut(width).zip(strip.chunks(self.row())) {
            copy(&place[..width], pixels);
        }
    }

    /// Where each tap of each channel begins.
    fn taps(&self, channels: usize) -> Vec<usize> {
        let ([kh, kw], [down, right], row, padded) = (self.0.kernel, self.0.dilation, self.row(), self.padded());
        (0..channels * kh * kw).map(|tap| tap / (kh * kw) * padded + tap / kw % kh * down * row + tap % kw * right).collect()
    }
}

/// A convolution with its weights in the order in which they are used.
pub struct Correlation {
    strip: Strip,
    taps: Vec<usize>,
    bias: Vec<f32>,
    /// First output channel, number of channels, their weights tap by tap.
    blocks: Vec<(usize, usize, Vec<f32>)>,
}

impl Correlation {
    /// `weight(o, tap)` is output channel o's weight for a tap; taps count channel by channel, row by row. `bias` has a number for
    /// each output channel, or none.
    pub fn new(strip: Strip, [input, output]: [usize; 2], weight: impl Fn(usize, usize) -> f32, bias: &[f32]) -> Self {
        let taps = strip.taps(input);
        let bias = if bias.is_empty() { vec![0.0; output] } else { bias.to_vec() };
        let mut blocks = Vec::new();
        let mut first = 0;
        while first < output {
            let count = [8, 4, 2, 1].into_iter().find(|count| first + count <= output).unwrap_or(1);
            let weights = (0..taps.len()).flat_map(|tap| (first..first + count).map(move |o| (o, tap))).map(|(o, tap)| weight(o, tap));
            blocks.push((first, count, weights.collect()));
            first += count;
        }
        Self { strip, taps, bias, blocks }
    }

    /// One picture's padded strips to its output planes. `scratch` holds at least eight output strips.
    pub fn run(&self, padded: &[f32], scratch: &mut [f32], output: &mut [f32]) {
        let [height, width] = self.strip.0.output();
        self.strips(padded, scratch, |channel, strip| {
            self.strip.cut(strip, &mut output[channel * height * width..(channel + 1) * height * width]);
        });
    }

    /// One picture's padded strips to its output strips, each given to `take` with its channel.
    pub fn strips(&self, padded: &[f32], scratch: &mut [f32], mut take: impl FnMut(usize, &[f32])) {
        let length = self.strip.length();
        for (first, count, weights) in &self.blocks {
            let (taps, bias, out) = (&self.taps, &self.bias[*first..first + count], &mut scratch[..count * length]);
            match count {
                8 => wide_with(Block::<8, 2> { padded, taps, weights, bias, out, length }),
                4 => wide_with(Block::<4, 4> { padded, taps, weights, bias, out, length }),
                2 => wide_with(Block::<2, 8> { padded, taps, weights, bias, out, length }),
                _ => wide_with(Block::<1, 8> { padded, taps, weights, bias, out, length }),
            }
            out.chunks_exact(length).enumerate().for_each(|(i, strip)| take(first + i, strip));
        }
    }
}

/// N output channels of one picture, V vectors of the strip at a time, the rest by twos and one.
struct Block<'a, const N: usize, const V: usize> {
    padded: &'a [f32],
    taps: &'a [usize],
    weights: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
    length: usize,
}

impl<const N: usize, const V: usize> Block<'_, N, V> {
    /// W vectors from `start` on.
    #[inline(always)]
    fn part<S: Simd, const W: usize>(&mut self, simd: S, start: usize) {
        let step = W * S::F32_LANES;
        let shifted = &self.padded[start..];
        let mut sums = [[simd.splat_f32s(0.0); W]; N];
        for (sums, bias) in sums.iter_mut().zip(self.bias) {
            *sums = [simd.splat_f32s(*bias); W];
        }
        for (tap, weights) in self.taps.iter().zip(self.weights.as_chunks::<N>().0) {
            let source = S::as_simd_f32s(&shifted[*tap..][..step]).0.as_chunks::<W>().0;
            let Some(source) = source.first() else { continue };
            for (sums, weight) in sums.iter_mut().zip(weights) {
                let weight = simd.splat_f32s(*weight);
                for (sum, source) in sums.iter_mut().zip(source) {
                    *sum = simd.mul_add_f32s(weight, *source, *sum);
                }
            }
        }
        for (strip, sums) in self.out.chunks_exact_mut(self.length).zip(&sums) {
            for (out, sum) in S::as_mut_simd_f32s(&mut strip[start..][..step]).0.iter_mut().zip(sums) {
                *out = *sum;
            }
        }
    }
}

impl<const N: usize, const V: usize> WithSimd for Block<'_, N, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let whole = self.length - self.length % (V * S::F32_LANES);
        for start in (0..whole).step_by(V * S::F32_LANES) {
            self.part::<S, V>(simd, start);
        }
        let pairs = self.length - self.length % (2 * S::F32_LANES);
        for start in (whole..pairs).step_by(2 * S::F32_LANES) {
            self.part::<S, 2>(simd, start);
        }
        if pairs < self.length {
            self.part::<S, 1>(simd, pairs);
        }
    }
}

/// Room for the partial sums of one weight's gradient: as many as the widest vector holds.
const PARTIAL: usize = 16;

/// The gradient of a convolution's weights, summed over pictures.
#[derive(Clone)]
pub struct Slopes {
    strip: Strip,
    /// A multiple of `TAPS`; the last is repeated.
    taps: Vec<usize>,
    deep: usize,
    output: usize,
    /// For each output channel, tap by tap, partial sums: adding up a vector's numbers takes longer than a short strip.
    sums: Vec<f32>,
}

impl Slopes {
    /// Channels in and out.
    pub fn new(strip: Strip, [input, output]: [usize; 2]) -> Self {
        let mut taps = strip.taps(input);
        let deep = taps.len();
        taps.resize(deep.next_multiple_of(TAPS), taps.last().copied().unwrap_or(0));
        let sums = vec![0.0; output * taps.len() * PARTIAL];
        Self { strip, taps, deep, output, sums }
    }

    /// As many as there are groups of pictures.
    pub fn several(strip: Strip, channels: [usize; 2], count: usize) -> Vec<Self> {
        vec![Self::new(strip, channels); count.max(1)]
    }

    /// Adds one picture: its padded strips, and its output's gradient as strips with zeros.
    pub fn add(&mut self, padded: &[f32], gradient: &[f32]) {
        let (length, taps) = (self.strip.length(), &self.taps);
        let mut first = 0;
        while first < self.output {
            let count = [4, 2, 1].into_iter().find(|count| first + count <= self.output).unwrap_or(1);
            let gradient = &gradient[first * length..(first + count) * length];
            let sums = &mut self.sums[first * taps.len() * PARTIAL..(first + count) * taps.len() * PARTIAL];
            match count {
                4 => wide_with(Dots::<4> { padded, gradient, taps, sums, length }),
                2 => wide_with(Dots::<2> { padded, gradient, taps, sums, length }),
                _ => wide_with(Dots::<1> { padded, gradient, taps, sums, length }),
            }
            first += count;
        }
    }

    /// The gradient of all groups, `[out, in * kh * kw]`.
    pub fn total(groups: Vec<Self>) -> Vec<f32> {
        let mut groups = groups.into_iter();
        let Some(mut all) = groups.next() else { return Vec::new() };
        for group in groups {
            all.sums.iter_mut().zip(&group.sums).for_each(|(sum, part)| *sum += part);
        }
        let channels = all.sums.chunks_exact(all.taps.len() * PARTIAL);
        channels.flat_map(|taps| taps.chunks_exact(PARTIAL).take(all.deep).map(|parts| parts.iter().sum::<f32>())).collect()
    }
}

/// Products of N gradient strips with every shift of the input.
struct Dots<'a, const N: usize> {
    padded: &'a [f32],
    gradient: &'a [f32],
    taps: &'a [usize],
    sums: &'a mut [f32],
    length: usize,
}

impl<const N: usize> WithSimd for Dots<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = self.length / S::F32_LANES;
        let whole = S::as_simd_f32s(self.gradient).0;
        let mut gradients = [whole; N];
        for (n, gradient) in gradients.iter_mut().enumerate() {
            *gradient = &whole[n * vectors..][..vectors];
        }
        let row = self.taps.len() * PARTIAL;
        for (block, taps) in self.taps.as_chunks::<TAPS>().0.iter().enumerate() {
            let [mut a, mut b, mut c, mut d] = [&[] as &[S::f32s]; TAPS];
            for (tap, source) in taps.iter().zip([&mut a, &mut b, &mut c, &mut d]) {
                *source = &S::as_simd_f32s(&self.padded[*tap..][..self.length]).0[..vectors];
            }
            let mut sums = [[simd.splat_f32s(0.0); TAPS]; N];
            for i in 0..vectors {
                // Written out: an array's `map` is not always compiled into the loop.
                let source = [a[i], b[i], c[i], d[i]];
                for (sums, gradient) in sums.iter_mut().zip(&gradients) {
                    let gradient = gradient[i];
                    for (sum, source) in sums.iter_mut().zip(&source) {
                        *sum = simd.mul_add_f32s(gradient, *source, *sum);
                    }
                }
            }
            for (totals, sums) in self.sums.chunks_exact_mut(row).zip(&sums) {
                let totals = &mut totals[block * TAPS * PARTIAL..][..TAPS * PARTIAL];
                for (total, sum) in totals.chunks_exact_mut(PARTIAL).zip(sums) {
                    if let Some(total) = S::as_mut_simd_f32s(&mut total[..S::F32_LANES]).0.first_mut() {
                        *total = simd.add_f32s(*total, *sum);
                    }
                }
            }
        }
    }
}
