//! Convolution as matrix products over unrolled pictures, one picture at a time, pictures side by side on all cores.
//!
//! Unrolled (`[in * kh * kw, oh * ow]`), a picture's convolution is weight times columns; the weight's gradient is the output's
//! gradient times the columns transposed; the picture's gradient is weight transposed times output's gradient, rolled up again.
//! Pictures are dealt into a fixed number of groups, so that sums do not depend on the number of cores.

use super::direct::{Correlation, Slopes, Strip};
use super::node::Geometry;
use super::wide::{group, spread, sum, wide};
use super::winograd::{self, Tiling};
use burn::backend::TensorMetadata;
use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;
use rayon::prelude::*;

/// A dense `rows x columns` matrix in memory, or its transpose.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, transposed: false }
    }

    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Rows and columns as seen from outside, and the steps from one row and one column to the next.
    fn view(&self) -> (usize, usize, isize, isize) {
        match self.transposed {
            false => (self.rows, self.columns, self.columns as isize, 1),
            true => (self.columns, self.rows, 1, self.columns as isize),
        }
    }
}

/// `out = left * right`, or `out += left * right` where `add` is set; `out` is dense, row by row.
#[allow(unsafe_code)]
pub fn product(out: &mut [f32], left: Matrix, right: Matrix, add: bool) {
    let (m, k, left_row, left_column) = left.view();
    let (k_right, n, right_row, right_column) = right.view();
    assert!(k == k_right && out.len() == m * n, "matrices do not fit: {m}x{k} times {k_right}x{n} into {}", out.len());
    assert!(left.values.len() == left.rows * left.columns && right.values.len() == right.rows * right.columns);
    // SAFETY: `gemm` reads `left` at row * left_row + column * left_column for row < m, column < k, and `right` likewise for
    // k x n. By `view` these offsets run through 0..rows * columns of each matrix exactly once, and the assertions say that the
    // slices have that length. It writes `out` at row * n + column for row < m, column < n, which lies below m * n, the length
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

/// Lays the patches of one picture `[channels, h, w]` side by side: `[channels * kh * kw, oh * ow]`.
fn unroll(picture: &[f32], channels: usize, g: &Geometry, columns: &mut [f32]) {
    let ([height, width], [kh, kw], [oh, ow]) = (g.picture, g.kernel, g.output());
    for (row, line) in columns.chunks_exact_mut(oh * ow).enumerate().take(channels * kh * kw) {
        let (c, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw);
        let plane = &picture[c * height * width..(c + 1) * height * width];
        for (oy, out) in line.chunks_exact_mut(ow).enumerate() {
            let y = (oy * g.stride[0] + ky).wrapping_sub(g.padding[0]);
            if y >= height {
                out.fill(0.0);
                continue;
            }
            let source = &plane[y * width..(y + 1) * width];
            let [first, last] = inside(kx, g, width, ow);
            out[..first].fill(0.0);
            out[last..].fill(0.0);
            let start = first * g.stride[1] + kx - g.padding[1];
            match g.stride[1] {
                _ if first == last => {}
                1 => out[first..last].copy_from_slice(&source[start..start + last - first]),
                step => out[first..last].iter_mut().zip(source[start..].iter().step_by(step)).for_each(|(o, s)| *o = *s),
            }
        }
    }
}

/// The reverse of `unroll`: adds the columns to the pixels that they came from.
fn roll(columns: &[f32], channels: usize, g: &Geometry, picture: &mut [f32]) {
    let ([height, width], [kh, kw], [oh, ow]) = (g.picture, g.kernel, g.output());
    for (row, line) in columns.chunks_exact(oh * ow).enumerate().take(channels * kh * kw) {
        let (c, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw);
        let plane = &mut picture[c * height * width..(c + 1) * height * width];
        for (oy, values) in line.chunks_exact(ow).enumerate() {
            let y = (oy * g.stride[0] + ky).wrapping_sub(g.padding[0]);
            let [first, last] = inside(kx, g, width, ow);
            if y >= height || first == last {
                continue;
            }
            let start = y * width + first * g.stride[1] + kx - g.padding[1];
            let values = &values[first..last];
            match g.stride[1] {
                1 => plane[start..start + values.len()].iter_mut().zip(values).for_each(|(t, v)| *t += v),
                step => plane[start..(y + 1) * width].iter_mut().step_by(step).zip(values).for_each(|(t, v)| *t += v),
            }
        }
    }
}

/// Which outputs of a row see a real pixel through kernel column `kx`: first and one past the last.
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
    let kernel = Matrix::new(numbers(&weight), output, deep);
    let mut out = vec![0.0; batch * output * area];
    let pictures = numbers(&picture);
    let each = group(batch);
    if few_channels(input, output, &g) {
        let strip = Strip { picture: g.picture, padding: g.padding, kernel: g.kernel };
        let weights = numbers(&weight);
        let correlation = Correlation::new(strip, [input, output], |o, tap| weights[o * deep + tap], bias);
        correlate(&correlation, strip, [input, size, output * area], pictures, each, &mut out);
        return tensor(out, [batch, output, oh, ow]);
    }
    if winograd::fits(input, output, &g) {
        out.chunks_exact_mut(output * area).for_each(|out| lay(out, bias, area));
        let weights = numbers(&weight);
        let spots = winograd::kernel(input, output, |o, i, tap| weights[(o * input + i) * 9 + tap]);
        winograd::convolve(Tiling::new(g.picture, g.padding), pictures, &spots, [input, output], &mut out);
        return tensor(out, [batch, output, oh, ow]);
    }
    out.par_chunks_mut(each * output * area).zip(pictures.par_chunks(each * size)).for_each(|(outs, pictures)| {
        let mut columns = vec![0.0; deep * area];
        for (out, picture) in outs.chunks_exact_mut(output * area).zip(pictures.chunks_exact(size)) {
            unroll(picture, input, &g, &mut columns);
            lay(out, bias, area);
            product(out, kernel, Matrix::new(&columns, deep, area), true);
        }
    });
    tensor(out, [batch, output, oh, ow])
}

/// Whether the direct kernels beat unrolling and a matrix product.
fn few_channels(input: usize, output: usize, g: &Geometry) -> bool {
    const FEW: usize = 32;
    g.stride == [1, 1] && g.padding[0] < g.kernel[0] && g.padding[1] < g.kernel[1] && input <= FEW && output <= FEW
}

/// A direct convolution of pictures of `size` numbers to outputs of `made` numbers, `each` pictures in a group.
fn correlate(correlation: &Correlation, strip: Strip, [input, size, made]: [usize; 3], pictures: &[f32], each: usize, out: &mut [f32]) {
    let tasks = out.chunks_mut((each * made).max(1)).zip(pictures.chunks((each * size).max(1)));
    spread(tasks, pictures.len() * strip.kernel[0] * strip.kernel[1], |(outs, pictures)| {
        let (mut padded, mut scratch) = (vec![0.0; input * strip.padded()], vec![0.0; 8 * strip.length()]);
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
        wide(|| sums.iter_mut().zip(values.chunks_exact(area)).for_each(|(total, plane)| *total = sum(plane, |v| v)));
    });
    let mut sums = vec![0.0f64; channels];
    for picture in planes.chunks_exact(channels) {
        sums.iter_mut().zip(picture).for_each(|(sum, plane)| *sum += plane);
    }
    vector(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Largest of each 2x2 block, `[batch, channels, h, w]` to `[batch, channels, h / 2, w / 2]`.
pub fn pool(x: FlexTensor) -> FlexTensor {
    let x = dense(x);
    let [batch, channels, height, width] = dims(&x);
    let (oh, ow) = (height / 2, width / 2);
    let mut out = vec![0.0; batch * channels * oh * ow];
    for (plane, out) in numbers(&x).chunks_exact(height * width).zip(out.chunks_exact_mut(oh * ow)) {
        for (rows, out) in plane.chunks_exact(2 * width).zip(out.chunks_exact_mut(ow)) {
            let (upper, lower) = rows.split_at(width);
            for ((u, l), o) in upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0).zip(out) {
                *o = u[0].max(u[1]).max(l[0].max(l[1]));
            }
        }
    }
    tensor(out, [batch, channels, oh, ow])
}

/// The gradient of `pool` for its input: each block's first largest pixel gets it all.
pub fn pool_gradient(x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
    let (x, gradient) = (dense(x), dense(gradient));
    let [batch, channels, height, width] = dims(&x);
    let (oh, ow) = (height / 2, width / 2);
    let mut out = vec![0.0; batch * channels * height * width];
    let each = group(batch * channels);
    let (large, small) = ((each * height * width).max(1), (each * oh * ow).max(1));
    let tasks = out.chunks_mut(large).zip(numbers(&x).chunks(large)).zip(numbers(&gradient).chunks(small));
    spread(tasks, numbers(&x).len(), |((out, x), gradient)| {
        let rows = x.chunks_exact(2 * width).zip(out.chunks_exact_mut(2 * width)).zip(gradient.chunks_exact(ow));
        wide(|| rows.for_each(|((rows, out), gradient)| send_back(rows, out, gradient)));
    });
    tensor(out, [batch, channels, height, width])
}

/// Two rows of pixels, where to write their gradients, and the gradients of their blocks.
#[inline(always)]
fn send_back(rows: &[f32], out: &mut [f32], gradient: &[f32]) {
    let half = rows.len() / 2;
    let ((upper, lower), (to_upper, to_lower)) = (rows.split_at(half), out.split_at_mut(half));
    let blocks = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
    let places = to_upper.as_chunks_mut::<2>().0.iter_mut().zip(to_lower.as_chunks_mut::<2>().0);
    for (((u, l), (to_u, to_l)), gradient) in blocks.zip(places).zip(gradient) {
        let largest = u[0].max(u[1]).max(l[0].max(l[1]));
        let first = u[0] == largest;
        let second = !first & (u[1] == largest);
        let third = !(first | second) & (l[0] == largest);
        // A mask instead of a branch, which nothing could predict.
        let take = |mine: bool| f32::from_bits(gradient.to_bits() & u32::from(mine).wrapping_neg());
        *to_u = [take(first), take(second)];
        *to_l = [take(third), take(!(first | second | third))];
    }
}

/// `[batch, out, oh, ow]`, `[out, in, kh, kw]` and a bias `[in]` (or none, `[0]`) to `[batch, in, h, w]`.
pub fn conv_picture(gradient: FlexTensor, weight: FlexTensor, bias: FlexTensor, g: Geometry) -> FlexTensor {
    let (gradient, weight, bias) = (dense(gradient), dense(weight), dense(bias));
    let bias = numbers(&bias);
    let ([batch, output, oh, ow], [_, input, ..]) = (dims(&gradient), dims(&weight));
    let (deep, area, size) = (input * g.kernel[0] * g.kernel[1], oh * ow, input * g.picture[0] * g.picture[1]);
    let kernel = Matrix::new(numbers(&weight), output, deep).t();
    let mut out = vec![0.0; batch * size];
    let gradients = numbers(&gradient);
    let each = group(batch);
    if few_channels(input, output, &g) {
        // A convolution of the output's gradient with the kernel turned around.
        let strip = Strip { picture: [oh, ow], padding: [0, 1].map(|axis| g.kernel[axis] - 1 - g.padding[axis]), kernel: g.kernel };
        let (weights, window) = (numbers(&weight), g.kernel[0] * g.kernel[1]);
        let turned = |i: usize, tap: usize| weights[tap / window * deep + i * window + window - 1 - tap % window];
        let correlation = Correlation::new(strip, [output, input], turned, bias);
        correlate(&correlation, strip, [output, output * area, size], gradients, each, &mut out);
        return tensor(out, [batch, input, g.picture[0], g.picture[1]]);
    }
    if winograd::fits(input, output, &g) {
        out.chunks_exact_mut(size).for_each(|out| lay(out, bias, size / input));
        let weights = numbers(&weight);
        let turned = winograd::kernel(output, input, |i, o, tap| weights[(o * input + i) * 9 + 8 - tap]);
        let tiling = Tiling::new([oh, ow], g.padding.map(|zeros| 2 - zeros));
        winograd::convolve(tiling, gradients, &turned, [output, input], &mut out);
        return tensor(out, [batch, input, g.picture[0], g.picture[1]]);
    }
    out.par_chunks_mut(each * size).zip(gradients.par_chunks(each * output * area)).for_each(|(outs, gradients)| {
        let mut columns = vec![0.0; deep * area];
        for (out, gradient) in outs.chunks_exact_mut(size).zip(gradients.chunks_exact(output * area)) {
            product(&mut columns, kernel, Matrix::new(gradient, output, area), false);
            lay(out, bias, g.picture[0] * g.picture[1]);
            roll(&columns, input, &g, out);
        }
    });
    tensor(out, [batch, input, g.picture[0], g.picture[1]])
}

/// `[batch, in, h, w]` and `[batch, out, oh, ow]` to `[out, in, kh, kw]`.
pub fn conv_weight(picture: FlexTensor, gradient: FlexTensor, g: Geometry) -> FlexTensor {
    let (picture, gradient) = (dense(picture), dense(gradient));
    let ([batch, input, ..], [_, output, oh, ow]) = (dims(&picture), dims(&gradient));
    let (deep, area, size) = (input * g.kernel[0] * g.kernel[1], oh * ow, input * g.picture[0] * g.picture[1]);
    let each = group(batch);
    if few_channels(input, output, &g) {
        let strip = Strip { picture: g.picture, padding: g.padding, kernel: g.kernel };
        let slopes = Slopes::new(strip, [input, output]);
        let mut parts = vec![vec![0.0; output * deep]; batch.div_ceil(each)];
        let pairs = numbers(&picture).chunks((each * size).max(1)).zip(numbers(&gradient).chunks((each * output * area).max(1)));
        spread(
            parts.iter_mut().zip(pairs),
            numbers(&picture).len() * strip.kernel[0] * strip.kernel[1],
            |(sums, (pictures, gradients))| {
                let (mut padded, mut strips) = (vec![0.0; input * strip.padded()], vec![0.0; output * strip.length()]);
                for (picture, gradient) in pictures.chunks_exact(size).zip(gradients.chunks_exact(output * area)) {
                    strip.pad(picture, &mut padded);
                    strip.lay(gradient, &mut strips);
                    slopes.add(&padded, &strips, sums);
                }
            },
        );
        return tensor(added(parts, output * deep), [output, input, g.kernel[0], g.kernel[1]]);
    }
    if winograd::fits(input, output, &g) {
        let tiling = Tiling::new(g.picture, g.padding);
        let taps = winograd::kernel_gradient(tiling, numbers(&picture), numbers(&gradient), [input, output]);
        return tensor(taps, [output, input, 3, 3]);
    }
    let parts: Vec<Vec<f32>> = numbers(&picture)
        .par_chunks(each * size)
        .zip(numbers(&gradient).par_chunks(each * output * area))
        .map(|(pictures, gradients)| {
            let (mut columns, mut sum) = (vec![0.0; deep * area], vec![0.0; output * deep]);
            for (picture, gradient) in pictures.chunks_exact(size).zip(gradients.chunks_exact(output * area)) {
                unroll(picture, input, &g, &mut columns);
                product(&mut sum, Matrix::new(gradient, output, area), Matrix::new(&columns, deep, area).t(), true);
            }
            sum
        })
        .collect();
    tensor(added(parts, output * deep), [output, input, g.kernel[0], g.kernel[1]])
}

/// The sums of all groups, in their order.
fn added(parts: Vec<Vec<f32>>, count: usize) -> Vec<f32> {
    let mut out = vec![0.0; count];
    for part in parts {
        out.iter_mut().zip(part).for_each(|(o, p)| *o += p);
    }
    out
}
