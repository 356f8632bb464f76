//! A convolution, the largest of each 2x2 block of its output, and ReLU, in one: what lies between stays in a processor's nearest cache
//! and is never written down.
//!
//! For the way back each block notes which of its four pixels was the largest. All here is for convolutions that `direct` does.

use super::direct::{Correlation, Slopes, Strip};
use super::kernel::{dims, numbers, take, tensor, turned, vector};
use super::node::Geometry;
use super::wide::{LANES, Scratch, copy, fold, group, spread, wide};
use burn_flex::FlexTensor;

/// What a block notes that lets no gradient through, because nothing in it is above zero.
const NONE: f32 = 4.0;

/// `[batch, in, h, w]`, `[out, in, kh, kw]` and a bias `[out]` (or none, `[0]`) to `[batch, out, oh / 2, ow / 2]` and, of the same shape,
/// what blocks note.
pub fn forward(picture: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor, g: Geometry) -> (FlexTensor, FlexTensor) {
    let ([batch, input, ..], [output, ..], [oh, ow]) = (dims(picture), dims(weight), g.output());
    let strip = Strip::of_input(&g);
    let (deep, size, blocks) = (input * g.kernel[0] * g.kernel[1], input * g.picture[0] * g.picture[1], [oh / 2, ow / 2]);
    let (made, weights) = (output * blocks[0] * blocks[1], numbers(weight));
    let correlation = Correlation::new(strip, [input, output], |o, tap| weights[o * deep + tap], numbers(bias));
    let (mut out, mut notes) = (vec![0.0; batch * made], vec![0.0; batch * made]);
    let (pictures, each) = (numbers(picture), group(batch));
    let tasks = out.chunks_mut((each * made).max(1)).zip(notes.chunks_mut((each * made).max(1))).zip(pictures.chunks((each * size).max(1)));
    spread(tasks, pictures.len() * g.kernel[0] * g.kernel[1], |((out, notes), pictures)| {
        let (mut padded, mut scratch) = (vec![0.0; input * strip.padded()], Scratch::new(8 * strip.length()));
        let mut rows = Rows::new(made, ow);
        for ((out, notes), picture) in out.chunks_exact_mut(made).zip(notes.chunks_exact_mut(made)).zip(pictures.chunks_exact(size)) {
            strip.pad(picture, &mut padded);
            correlation
                .strips(&padded, &mut scratch, |channel, of_it| rows.collect(channel * blocks[0], &of_it[..oh * strip.row()], strip.row()));
            rows.pool(out, notes);
        }
    });
    let shape = [batch, output, blocks[0], blocks[1]];
    (tensor(out, shape), tensor(notes, shape))
}

/// The gradient for the pictures, `[batch, in, h, w]`; `gradient` and `notes` are of the shape of the blocks.
pub fn picture(gradient: &FlexTensor, notes: &FlexTensor, weight: &FlexTensor, g: Geometry) -> FlexTensor {
    let ([batch, output, ph, pw], [_, input, ..], [oh, ow]) = (dims(gradient), dims(weight), g.output());
    let strip = Strip::of_output(&g);
    let correlation = Correlation::new(strip, [output, input], turned(numbers(weight), input, &g), &[]);
    let (size, made, each) = (input * g.picture[0] * g.picture[1], output * ph * pw, group(batch));
    let mut out = vec![0.0; batch * size];
    let pairs = numbers(gradient).chunks((each * made).max(1)).zip(numbers(notes).chunks((each * made).max(1)));
    let work = batch * output * oh * ow * g.kernel[0] * g.kernel[1];
    spread(out.chunks_mut((each * size).max(1)).zip(pairs), work, |(out, (gradient, notes))| {
        let (mut padded, mut scratch) = (vec![0.0; output * strip.padded()], Scratch::new(8 * strip.length()));
        let (mut rows, places) = (Rows::new(made, ow), Places { first: strip.first(), row: strip.row(), plane: strip.padded() });
        let pairs = gradient.chunks_exact(made).zip(notes.chunks_exact(made));
        for (out, (gradient, notes)) in out.chunks_exact_mut(size).zip(pairs) {
            rows.send_back(gradient, notes);
            rows.deal(ph, &mut padded, places);
            correlation.run(&padded, &mut scratch, out);
        }
    });
    tensor(out, [batch, input, g.picture[0], g.picture[1]])
}

/// The gradient of the weights, `[out, in, kh, kw]`.
pub fn weight(picture: &FlexTensor, gradient: &FlexTensor, notes: &FlexTensor, g: Geometry) -> FlexTensor {
    let ([batch, input, ..], [_, output, ph, pw]) = (dims(picture), dims(gradient));
    let strip = Strip::of_input(&g);
    let (size, made, each) = (input * g.picture[0] * g.picture[1], output * ph * pw, group(batch));
    let mut parts = Slopes::several(strip, [input, output], batch.div_ceil(each));
    let gradients = numbers(gradient).chunks((each * made).max(1)).zip(numbers(notes).chunks((each * made).max(1)));
    let tasks = parts.iter_mut().zip(numbers(picture).chunks((each * size).max(1)).zip(gradients));
    spread(tasks, numbers(picture).len() * g.kernel[0] * g.kernel[1], |(slopes, (pictures, (gradient, notes)))| {
        let (mut padded, mut strips) = (vec![0.0; input * strip.padded()], vec![0.0; output * strip.length()]);
        let (mut rows, places) = (Rows::new(made, 2 * pw), Places { first: 0, row: strip.row(), plane: strip.length() });
        let pairs = gradient.chunks_exact(made).zip(notes.chunks_exact(made));
        for (picture, (gradient, notes)) in pictures.chunks_exact(size).zip(pairs) {
            strip.pad(picture, &mut padded);
            rows.send_back(gradient, notes);
            rows.deal(ph, &mut strips, places);
            slopes.add(&padded, &strips);
        }
    });
    tensor(Slopes::total(parts), [output, input, g.kernel[0], g.kernel[1]])
}

/// The gradient of the bias, `[out]`.
pub fn bias(gradient: &FlexTensor, notes: &FlexTensor) -> FlexTensor {
    let [_, channels, height, width] = dims(gradient);
    let area = height * width;
    let mut sums = vec![0.0f64; channels];
    let planes = numbers(gradient).chunks_exact(area).zip(numbers(notes).chunks_exact(area));
    for (plane, (gradient, notes)) in planes.enumerate() {
        sums[plane % channels] += wide(
            #[inline(always)]
            || {
                let mut lanes = [0.0f32; LANES];
                let (gradients, rest) = gradient.as_chunks::<LANES>();
                let (noted, rest_noted) = notes.as_chunks::<LANES>();
                for (gradients, notes) in gradients.iter().zip(noted) {
                    for ((lane, gradient), note) in lanes.iter_mut().zip(gradients).zip(notes) {
                        *lane += if *note == NONE { 0.0 } else { *gradient };
                    }
                }
                for ((lane, gradient), note) in lanes.iter_mut().zip(rest).zip(rest_noted) {
                    *lane += if *note == NONE { 0.0 } else { *gradient };
                }
                fold(lanes)
            },
        );
    }
    vector(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Where the rows of planes lie.
#[derive(Clone, Copy)]
struct Places {
    first: usize,
    row: usize,
    plane: usize,
}

/// The upper and the lower rows of a picture's blocks, each without gaps: single rows are shorter than two vectors.
struct Rows {
    width: usize,
    upper: Vec<f32>,
    lower: Vec<f32>,
}

impl Rows {
    /// For so many blocks in rows of `width` pixels.
    fn new(blocks: usize, width: usize) -> Self {
        Self { width, upper: vec![0.0; 2 * blocks], lower: vec![0.0; 2 * blocks] }
    }

    /// Takes up the rows of a plane, which lie `row` apart; its first row of blocks becomes the `first`.
    fn collect(&mut self, first: usize, plane: &[f32], row: usize) {
        let (width, start) = (self.width, first * self.width);
        let rows = self.upper[start..].chunks_exact_mut(width).zip(self.lower[start..].chunks_exact_mut(width));
        for (pair, (upper, lower)) in plane.chunks_exact(2 * row).zip(rows) {
            copy(&pair[..width], upper);
            copy(&pair[row..row + width], lower);
        }
    }

    /// The reverse, for planes of `height` rows of blocks.
    fn deal(&self, height: usize, planes: &mut [f32], places: Places) {
        let width = self.width;
        let rows = self.upper.chunks_exact(height * width).zip(self.lower.chunks_exact(height * width));
        for (plane, (upper, lower)) in planes.chunks_exact_mut(places.plane).zip(rows) {
            let pairs = plane[places.first..].chunks_mut(2 * places.row);
            for (pair, (upper, lower)) in pairs.zip(upper.chunks_exact(width).zip(lower.chunks_exact(width))) {
                copy(upper, pair);
                copy(lower, &mut pair[places.row..]);
            }
        }
    }

    /// The largest of each block, at least zero, and what the block notes.
    fn pool(&self, out: &mut [f32], notes: &mut [f32]) {
        wide(
            #[inline(always)]
            || {
                let blocks = self.upper.as_chunks::<2>().0.iter().zip(self.lower.as_chunks::<2>().0);
                for (([a, b], [c, d]), (out, note)) in blocks.zip(out.iter_mut().zip(notes)) {
                    let largest = a.max(*b).max(c.max(*d));
                    let lower = if *c == largest { 2.0 } else { 3.0 };
                    let not_first = if *b == largest { 1.0 } else { lower };
                    let pixel = if *a == largest { 0.0 } else { not_first };
                    *note = if largest > 0.0 { pixel } else { NONE };
                    *out = largest.max(0.0);
                }
            },
        );
    }

    /// The gradients of blocks to the pixels that were their largest; the others get zero.
    fn send_back(&mut self, gradient: &[f32], notes: &[f32]) {
        wide(
            #[inline(always)]
            || {
                let blocks = self.upper.as_chunks_mut::<2>().0.iter_mut().zip(self.lower.as_chunks_mut::<2>().0);
                for ((upper, lower), (gradient, note)) in blocks.zip(gradient.iter().zip(notes)) {
                    *upper = [take(*gradient, *note == 0.0), take(*gradient, *note == 1.0)];
                    *lower = [take(*gradient, *note == 2.0), take(*gradient, *note == 3.0)];
                }
            },
        );
    }
}
