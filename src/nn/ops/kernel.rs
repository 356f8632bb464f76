//! Convolution as matrix products over unrolled pictures, one or a few at a time, pictures and channels side by side on all cores.
//!
//! Unrolled (`[in * kh * kw, oh * ow]`), a picture's convolution is weight times columns; the weight's gradient is the output's
//! gradient times the columns transposed; the picture's gradient is weight transposed times output's gradient, rolled up again.
//! Pictures are dealt into a fixed number of groups, so that sums do not depend on the number of cores.

use super::direct::{Correlation, Slopes, Strip};
use super::node::Geometry;
use super::wide::{GROUPS, Scratch, group, spread, sum, wide};
use super::winograd::{self, Tiling};
use burn::backend::TensorMetadata;
use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Once;

/// A `rows x columns` matrix in memory, row by row, or its transpose.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// Numbers from one row to the next.
    stride: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, stride: columns, transposed: false }
    }

    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Some columns of a matrix that is not transposed.
    pub fn columns(self, range: std::ops::Range<usize>) -> Self {
        Self { columns: range.len(), values: &self.values[range.start..], ..self }
    }

    /// Rows and columns as seen from outside, and the steps from one row and one column to the next.
    fn view(&self) -> (usize, usize, isize, isize) {
        match self.transposed {
            false => (self.rows, self.columns, self.stride as isize, 1),
            true => (self.columns, self.rows, 1, self.stride as isize),
        }
    }

    /// Whether all its numbers lie within the memory.
    fn holds(&self) -> bool {
        self.rows == 0 || self.columns == 0 || (self.rows - 1) * self.stride + self.columns <= self.values.len()
    }
}

/// Groups of columns from which on `gemm` copies a matrix that lies well; its own choice is 8.
const COPIED_FROM: usize = 32;
static SETTLED: Once = Once::new();

/// `out = left * right`, or `out += left * right` where `add` is set; `out` is dense, row by row.
///
/// A matrix that lies well is not copied into the order of `gemm`'s kernel: the products here are too small to earn that back. The choice
/// holds for the whole process, burn's own products included.
#[allow(unsafe_code)]
pub fn product(out: &mut [f32], left: Matrix, right: Matrix, add: bool) {
    let (m, k, left_row, left_column) = left.view();
    let (k_right, n, right_row, right_column) = right.view();
    assert!(k == k_right && out.len() == m * n, "matrices do not fit: {m}x{k} times {k_right}x{n} into {}", out.len());
    assert!(left.holds() && right.holds(), "a matrix does not lie within its memory");
    SETTLED.call_once(|| gemm::set_lhs_packing_threshold_single_thread(COPIED_FROM));
    // SAFETY: `gemm` reads `left` at row * left_row + column * left_column for row < m, column < k, and `right` likewise for
    // k x n. By `view` these are the offsets r * stride + c of the matrix in memory for r < rows, c < columns, the greatest of which
    // is (rows - 1) * stride + columns - 1; `holds` says that it lies below the length of the slice. It writes `out` at row * n + column for row < m, column < n, which lies below m * n, the length
    // asserted. `out` is borrowed mutably, so it overlaps neither input. With `add` unset `out` is not read.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            left.values.as_ptr(),
            left_column,
            left_row,
            right.values.as_ptr(),
            right_column,
            right_row,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Lays the patches of a picture's planes `[channels, h, w]` side by side: rows of `width` numbers for each channel's taps, from
/// `start` on.
fn unroll(planes: &[f32], g: &Geometry, columns: &mut [f32], width: usize, start: usize) {
    let ([height, side], [kh, kw], [oh, ow]) = (g.picture, g.kernel, g.output());
    for (row, line) in columns.chunks_exact_mut(width).enumerate() {
        let (c, ky, kx) = (row / (kh * kw), row / kw % kh * g.dilation[0], row % kw * g.dilation[1]);
        let plane = &planes[c * height * side..(c + 1) * height * side];
        let [first, last] = inside(kx, g, side, ow);
        for (oy, out) in line[start..start + oh * ow].chunks_exact_mut(ow).enumerate() {
            let y = (oy * g.stride[0] + ky).wrapping_sub(g.padding[0]);
            if y >= height {
                out.fill(0.0);
                continue;
            }
            let source = &plane[y * side..(y + 1) * side];
            out[..first].fill(0.0);
            out[last..].fill(0.0);
            let from = first * g.stride[1] + kx - g.padding[1];
            match g.stride[1] {
                _ if first == last => {}
                1 => out[first..last].copy_from_slice(&source[from..from + last - first]),
                step => out[first..last].iter_mut().zip(source[from..].iter().step_by(step)).for_each(|(o, s)| *o = *s),
            }
        }
    }
}

/// The reverse of `unroll`: adds the columns to the pixels of the planes that they came from.
fn roll(columns: &[f32], width: usize, start: usize, g: &Geometry, planes: &mut [&mut [f32]]) {
    let ([height, side], [kh, kw], [oh, ow]) = (g.picture, g.kernel, g.output());
    for (row, line) in columns.chunks_exact(width).enumerate() {
        let (c, ky, kx) = (row / (kh * kw), row / kw % kh * g.dilation[0], row % kw * g.dilation[1]);
        let plane = &mut planes[c];
        let [first, last] = inside(kx, g, side, ow);
        if first == last {
            continue;
        }
        for (oy, values) in line[start..start + oh * ow].chunks_exact(ow).enumerate() {
            let y = (oy * g.stride[0] + ky).wrapping_sub(g.padding[0]);
            if y >= height {
                continue;
            }
            let from = y * side + first * g.stride[1] + kx - g.padding[1];
            let values = &values[first..last];
            match g.stride[1] {
                1 => plane[from..from + values.len()].iter_mut().zip(values).for_each(|(t, v)| *t += v),
                step => plane[from..(y + 1) * side].iter_mut().step_by(step).zip(values).for_each(|(t, v)| *t += v),
            }
        }
    }
}

/// Which outputs of a row see a real pixel `kx` to the right of the kernel's first column: first and one past the last.
fn inside(kx: usize, g: &Geometry, width: usize, ow: usize) -> [usize; 2] {
    let (stride, padding) = (g.stride[1], g.padding[1]);
    let first = padding.saturating_sub(kx).div_ceil(stride).min(ow);
    let last = (width + padding).saturating_sub(kx).div_ceil(stride).clamp(first, ow);
    [first, last]
}

pub fn dims(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// The tensor with its numbers side by side.
pub fn dense(tensor: FlexTensor) -> FlexTensor {
    match tensor.as_slice::<f32>() {
        Some(_) => tensor,
        None => tensor.to_contiguous(),
    }
}

/// The numbers of a dense tensor.
pub fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

/// A tensor whose memory holds its numbers and nothing else.
pub fn own(tensor: FlexTensor) -> FlexTensor {
    match tensor.as_slice::<f32>() {
        Some(values) if values.len() == tensor.storage::<f32>().len() => tensor,
        _ => FlexTensor::from_data(tensor.into_data()),
    }
}

pub fn tensor(values: Vec<f32>, shape: [usize; 4]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, Shape::from(shape)))
}

pub fn vector(values: Vec<f32>) -> FlexTensor {
    let shape = Shape::from([values.len()]);
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// `[batch, in, h, w]`, `[out, in, kh, kw]` and a bias `[out]` (or none, `[0]`) to `[batch, out, oh, ow]`.
pub fn conv(picture: FlexTensor, weight: FlexTensor, bias: FlexTensor, g: Geometry) -> FlexTensor {
    let (picture, weight, bias) = (dense(picture), dense(weight), dense(bias));
    let bias = numbers(&bias);
    let ([batch, input, ..], [output, ..], [oh, ow]) = (dims(&picture), dims(&weight), g.output());
    let (deep, area, size) = (input * g.kernel[0] * g.kernel[1], oh * ow, input * g.picture[0] * g.picture[1]);
    let mut out = vec![0.0; batch * output * area];
    let pictures = numbers(&picture);
    let each = group(batch);
    if g.is_direct([input, output]) {
        let strip = Strip::of_input(&g);
        let weights = numbers(&weight);
        let correlation = Correlation::new(strip, [input, output], |o, tap| weights[o * deep + tap], bias);
        correlate(&correlation, strip, [input, size, output * area], pictures, each, &mut out);
        return tensor(out, [batch, output, oh, ow]);
    }
    if winograd::fits(input, output, &g) {
        let weights = numbers(&weight);
        let spots = winograd::kernel(input, output, |o, i, tap| weights[(o * input + i) * 9 + tap]);
        winograd::convolve(Tiling::new(g.picture, g.padding), pictures, &spots, bias, [input, output], &mut out);
        return tensor(out, [batch, output, oh, ow]);
    }
    let made = output * area;
    let block = block(batch, area);
    let rows = share(output, batch.div_ceil(block));
    out.par_chunks_mut(block * made).zip(pictures.par_chunks(block * size)).for_each(|(out, pictures)| {
        let width = pictures.len() / size * area;
        let columns = patches(pictures, input, &g, width);
        let mut answers = Scratch::new(output * width);
        answers.par_chunks_mut(rows * width).zip(numbers(&weight).par_chunks(rows * deep)).for_each(|(answers, kernel)| {
            product(answers, Matrix::new(kernel, kernel.len() / deep, deep), Matrix::new(&columns, deep, width), false);
        });
        for (j, out) in out.chunks_exact_mut(made).enumerate() {
            for (o, (plane, line)) in out.chunks_exact_mut(area).zip(answers.chunks_exact(width)).enumerate() {
                let bias = bias.get(o).copied().unwrap_or(0.0);
                plane.iter_mut().zip(&line[j * area..]).for_each(|(out, value)| *out = value + bias);
            }
        }
    });
    tensor(out, [batch, output, oh, ow])
}

/// Output pixels of one matrix product, at least, if the batch has so many: a kernel of many channels is larger than the pictures at
/// the bottom of a U-Net, and is then read once for several of them.
const PIXELS: usize = 256;

/// Pictures of one matrix product.
fn block(batch: usize, area: usize) -> usize {
    PIXELS.div_ceil(area.max(1)).min(batch).max(1)
}

/// How many of `rows` rows are one task where there are `blocks` blocks of pictures. Fixed by the shape, as every order of sums is.
fn share(rows: usize, blocks: usize) -> usize {
    rows.div_ceil(GROUPS.div_ceil(blocks.max(1))).max(1)
}

/// The patches of some pictures, `[in * kh * kw, width]`, the pictures' output pixels side by side.
fn patches(pictures: &[f32], input: usize, g: &Geometry, width: usize) -> Scratch {
    let (area, taps) = (g.picture[0] * g.picture[1], g.kernel[0] * g.kernel[1]);
    let made = g.output()[0] * g.output()[1];
    let mut columns = Scratch::new(input * taps * width);
    let channels = share(input, pictures.len() / (input * area).max(1));
    columns.par_chunks_mut(channels * taps * width).enumerate().for_each(|(part, columns)| {
        for (j, picture) in pictures.chunks_exact(input * area).enumerate() {
            unroll(&picture[part * channels * area..], g, columns, width, j * made);
        }
    });
    columns
}

/// Pictures `[count, channels, area]` as a matrix `[channels, count * area]`.
fn side_by_side(pictures: &[f32], channels: usize, area: usize) -> Cow<'_, [f32]> {
    let count = pictures.len() / (channels * area).max(1);
    if count == 1 {
        return Cow::Borrowed(pictures);
    }
    let mut out = Vec::with_capacity(pictures.len());
    for c in 0..channels {
        pictures.chunks_exact(channels * area).for_each(|picture| out.extend_from_slice(&picture[c * area..(c + 1) * area]));
    }
    Cow::Owned(out)
}

/// The weights `[out, in, kh, kw]` of the convolution that takes an output's gradient back to the picture: the kernel turned around.
pub fn turned<'a>(weights: &'a [f32], input: usize, g: &Geometry) -> impl Fn(usize, usize) -> f32 + 'a {
    let taps = g.kernel[0] * g.kernel[1];
    move |i, tap| weights[(tap / taps * input + i) * taps + taps - 1 - tap % taps]
}

/// A direct convolution of pictures of `size` numbers to outputs of `made` numbers, `each` pictures in a group.
fn correlate(correlation: &Correlation, strip: Strip, [input, size, made]: [usize; 3], pictures: &[f32], each: usize, out: &mut [f32]) {
    let tasks = out.chunks_mut((each * made).max(1)).zip(pictures.chunks((each * size).max(1)));
    spread(tasks, pictures.len() * strip.cells(), |(outs, pictures)| {
        let (mut padded, mut scratch) = (vec![0.0; input * strip.padded()], Scratch::new(8 * strip.length()));
        for (out, picture) in outs.chunks_exact_mut(made).zip(pictures.chunks_exact(size)) {
            strip.pad(picture, &mut padded);
            correlation.run(&padded, &mut scratch, out);
        }
    });
}

/// Fills each channel's plane with its bias; no numbers mean zero. The planes are zero before.
fn lay(out: &mut [f32], bias: &[f32], area: usize) {
    out.chunks_exact_mut(area).zip(bias).for_each(|(plane, value)| plane.fill(*value));
}

/// `[batch, channels, h, w]` to the sum of each channel, `[channels]`: the gradient of a bias.
pub fn channel_sums(gradient: FlexTensor) -> FlexTensor {
    let gradient = dense(gradient);
    let [batch, channels, height, width] = dims(&gradient);
    let area = height * width;
    let mut planes = vec![0.0f64; batch * channels];
    let each = group(planes.len());
    let tasks = planes.chunks_mut(each).zip(numbers(&gradient).chunks((each * area).max(1)));
    spread(tasks, numbers(&gradient).len(), |(sums, values)| {
        wide(
            #[inline(always)]
            || {
                for (total, plane) in sums.iter_mut().zip(values.chunks_exact(area)) {
                    *total = sum(
                        plane,
                        #[inline(always)]
                        |v| v,
                    );
                }
            },
        );
    });
    let mut sums = vec![0.0f64; channels];
    for picture in planes.chunks_exact(channels) {
        sums.iter_mut().zip(picture).for_each(|(sum, plane)| *sum += plane);
    }
    vector(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Largest of each 2x2 block and of `floor`, `[batch, channels, h, w]` to `[batch, channels, h / 2, w / 2]`.
pub fn pool(x: FlexTensor, floor: f32) -> FlexTensor {
    let x = dense(x);
    let [batch, channels, height, width] = dims(&x);
    let (oh, ow) = (height / 2, width / 2);
    let mut out = vec![0.0; batch * channels * oh * ow];
    let each = group(batch * channels);
    let tasks = out.chunks_mut((each * oh * ow).max(1)).zip(numbers(&x).chunks((each * height * width).max(1)));
    spread(tasks, numbers(&x).len(), |(out, x)| {
        wide(
            #[inline(always)]
            || {
                for (rows, out) in x.chunks_exact(2 * width).zip(out.chunks_exact_mut(ow)) {
                    let (upper, lower) = rows.split_at(width);
                    for ((u, l), o) in upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0).zip(out) {
                        *o = u[0].max(u[1]).max(l[0].max(l[1])).max(floor);
                    }
                }
            },
        );
    });
    tensor(out, [batch, channels, oh, ow])
}

/// The gradient of `pool` for its input: each block's first largest pixel gets it all, if it is above `floor`.
pub fn pool_gradient(x: FlexTensor, gradient: FlexTensor, floor: f32) -> FlexTensor {
    let (x, gradient) = (dense(x), dense(gradient));
    let [batch, channels, height, width] = dims(&x);
    let (oh, ow) = (height / 2, width / 2);
    let mut out = vec![0.0; batch * channels * height * width];
    let each = group(batch * channels);
    let (large, small) = ((each * height * width).max(1), (each * oh * ow).max(1));
    let tasks = out.chunks_mut(large).zip(numbers(&x).chunks(large)).zip(numbers(&gradient).chunks(small));
    spread(tasks, numbers(&x).len(), |((out, x), gradient)| {
        let rows = x.chunks_exact(2 * width).zip(out.chunks_exact_mut(2 * width)).zip(gradient.chunks_exact(ow));
        wide(
            #[inline(always)]
            || {
                for ((rows, out), gradient) in rows {
                    send_back(rows, out, gradient, floor);
                }
            },
        );
    });
    tensor(out, [batch, channels, height, width])
}

/// Two rows of pixels, where to write their gradients, and the gradients of their blocks.
#[inline(always)]
fn send_back(rows: &[f32], out: &mut [f32], gradient: &[f32], floor: f32) {
    let half = rows.len() / 2;
    let ((upper, lower), (to_upper, to_lower)) = (rows.split_at(half), out.split_at_mut(half));
    let blocks = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
    let places = to_upper.as_chunks_mut::<2>().0.iter_mut().zip(to_lower.as_chunks_mut::<2>().0);
    for (((u, l), (to_u, to_l)), gradient) in blocks.zip(places).zip(gradient) {
        let largest = u[0].max(u[1]).max(l[0].max(l[1]));
        let gradient = take(*gradient, largest > floor);
        let first = u[0] == largest;
        let second = !first & (u[1] == largest);
        let third = !(first | second) & (l[0] == largest);
        *to_u = [take(gradient, first), take(gradient, second)];
        *to_l = [take(gradient, third), take(gradient, !(first | second | third))];
    }
}

/// The number or zero, by a mask instead of a branch, which nothing could predict.
#[inline(always)]
pub fn take(number: f32, mine: bool) -> f32 {
    f32::from_bits(number.to_bits() & u32::from(mine).wrapping_neg())
}

/// `[batch, out, oh, ow]`, `[out, in, kh, kw]` and a bias `[in]` (or none, `[0]`) to `[batch, in, h, w]`.
pub fn conv_picture(gradient: FlexTensor, weight: FlexTensor, bias: FlexTensor, g: Geometry) -> FlexTensor {
    let (gradient, weight, bias) = (dense(gradient), dense(weight), dense(bias));
    let bias = numbers(&bias);
    let ([batch, output, oh, ow], [_, input, ..]) = (dims(&gradient), dims(&weight));
    let (deep, area, size) = (input * g.kernel[0] * g.kernel[1], oh * ow, input * g.picture[0] * g.picture[1]);
    let kernel = Matrix::new(numbers(&weight), output, deep);
    let mut out = vec![0.0; batch * size];
    let gradients = numbers(&gradient);
    let each = group(batch);
    if g.is_direct([input, output]) {
        // A convolution of the output's gradient with the kernel turned around.
        let strip = Strip::of_output(&g);
        let correlation = Correlation::new(strip, [output, input], turned(numbers(&weight), input, &g), bias);
        correlate(&correlation, strip, [output, output * area, size], gradients, each, &mut out);
        return tensor(out, [batch, input, g.picture[0], g.picture[1]]);
    }
    if winograd::fits(input, output, &g) {
        let weights = numbers(&weight);
        let turned = winograd::kernel(output, input, |i, o, tap| weights[(o * input + i) * 9 + 8 - tap]);
        let tiling = Tiling::new([oh, ow], g.padding.map(|zeros| 2 - zeros));
        winograd::convolve(tiling, gradients, &turned, bias, [output, input], &mut out);
        return tensor(out, [batch, input, g.picture[0], g.picture[1]]);
    }
    let (block, taps, pixels) = (block(batch, area), g.kernel[0] * g.kernel[1], size / input);
    let channels = share(input, batch.div_ceil(block));
    out.par_chunks_mut(block * size).zip(gradients.par_chunks(block * output * area)).for_each(|(out, gradients)| {
        let width = gradients.len() / output;
        let gradients = side_by_side(gradients, output, area);
        // The planes of some channels of all pictures of the block, picture by picture.
        let mut parts: Vec<Vec<Vec<&mut [f32]>>> = vec![];
        parts.resize_with(input.div_ceil(channels), Vec::new);
        for picture in out.chunks_exact_mut(size) {
            lay(picture, bias, pixels);
            let mut planes = picture.chunks_exact_mut(pixels);
            parts.iter_mut().for_each(|part| part.push(planes.by_ref().take(channels).collect()));
        }
        parts.into_par_iter().enumerate().for_each(|(part, mut pictures)| {
            let first = part * channels * taps;
            let rows = pictures.first().map_or(0, Vec::len) * taps;
            let mut columns = Scratch::new(rows * width);
            product(&mut columns, kernel.columns(first..first + rows).t(), Matrix::new(&gradients, output, width), false);
            pictures.iter_mut().enumerate().for_each(|(j, planes)| roll(&columns, width, j * area, &g, planes));
        });
    });
    tensor(out, [batch, input, g.picture[0], g.picture[1]])
}

/// `[batch, in, h, w]` and `[batch, out, oh, ow]` to `[out, in, kh, kw]`.
pub fn conv_weight(picture: FlexTensor, gradient: FlexTensor, g: Geometry) -> FlexTensor {
    let (picture, gradient) = (dense(picture), dense(gradient));
    let ([batch, input, ..], [_, output, oh, ow]) = (dims(&picture), dims(&gradient));
    let (deep, area, size) = (input * g.kernel[0] * g.kernel[1], oh * ow, input * g.picture[0] * g.picture[1]);
    let each = group(batch);
    if g.is_direct([input, output]) {
        let strip = Strip::of_input(&g);
        let mut parts = Slopes::several(strip, [input, output], batch.div_ceil(each));
        let pairs = numbers(&picture).chunks((each * size).max(1)).zip(numbers(&gradient).chunks((each * output * area).max(1)));
        let work = numbers(&picture).len() * strip.cells();
        spread(parts.iter_mut().zip(pairs), work, |(slopes, (pictures, gradients))| {
            let (mut padded, mut strips) = (vec![0.0; input * strip.padded()], vec![0.0; output * strip.length()]);
            for (picture, gradient) in pictures.chunks_exact(size).zip(gradients.chunks_exact(output * area)) {
                strip.pad(picture, &mut padded);
                strip.lay(gradient, &mut strips);
                slopes.add(&padded, &strips);
            }
        });
        return tensor(Slopes::total(parts), [output, input, g.kernel[0], g.kernel[1]]);
    }
    if winograd::fits(input, output, &g) {
        let tiling = Tiling::new(g.picture, g.padding);
        let taps = winograd::kernel_gradient(tiling, numbers(&picture), numbers(&gradient), [input, output]);
        return tensor(taps, [output, input, 3, 3]);
    }
    let block = block(batch, area);
    let groups = if output * deep > LARGE { 1 } else { GROUPS };
    let each = batch.div_ceil(block).div_ceil(groups).max(1) * block;
    let rows = share(output, batch.div_ceil(each));
    let parts: Vec<Vec<f32>> = numbers(&picture)
        .par_chunks(each * size)
        .zip(numbers(&gradient).par_chunks(each * output * area))
        .map(|(pictures, gradients)| {
            let mut sum = vec![0.0; output * deep];
            for (pictures, gradients) in pictures.chunks(block * size).zip(gradients.chunks(block * output * area)) {
                let width = gradients.len() / output;
                let (columns, gradients) = (patches(pictures, input, &g, width), side_by_side(gradients, output, area));
                sum.par_chunks_mut(rows * deep).zip(gradients.par_chunks(rows * width)).for_each(|(sum, gradients)| {
                    product(sum, Matrix::new(gradients, gradients.len() / width, width), Matrix::new(&columns, deep, width).t(), true);
                });
            }
            sum
        })
        .collect();
    tensor(added(parts, output * deep), [output, input, g.kernel[0], g.kernel[1]])
}

/// Kernels with more numbers are summed in one place: several would not fit into a processor's cache.
const LARGE: usize = 1 << 16;

/// The sums of all groups, in their order.
fn added(parts: Vec<Vec<f32>>, count: usize) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut out = parts.next().unwrap_or_else(|| vec![0.0; count]);
    for part in parts {
        out.iter_mut().zip(part).for_each(|(o, p)| *o += p);
    }
    out
}
