//! One frozen autoencoder on one core: weights in the order in which they are read, features in rows, pictures in columns.

use crate::nn::ops::{sigmoid, tanh};
use burn::tensor::Tensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Pictures are filled up to a multiple of this, so that rows of features are whole vectors.
const COLUMNS: usize = 32;
/// Features that a pass over the input computes: as many sums as registers hold.
const PANEL: usize = 8;

/// A matrix for products from the left: panels of 8 outputs, in each all inputs one after the other, `[out / 8, in, 8]`.
#[derive(Debug, Clone)]
struct Panels {
    values: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Panels {
    fn new(inputs: usize, outputs: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let value = |i: usize| {
            let (output, input) = (i / (inputs * PANEL) * PANEL + i % PANEL, i / PANEL % inputs);
            if output < outputs { at(input, output) } else { 0.0 }
        };
        Self { values: (0..outputs.div_ceil(PANEL) * PANEL * inputs).map(value).collect(), inputs, outputs }
    }

    /// `[in, columns]` to `[out, columns]`.
    fn product(&self, x: &[f32], columns: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.outputs.div_ceil(PANEL) * PANEL * columns];
        widest(Product { panels: &self.values, inputs: self.inputs, x, columns, out: &mut out });
        out.truncate(self.outputs * columns);
        out
    }
}

struct Product<'a> {
    panels: &'a [f32],
    inputs: usize,
    x: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { panels, inputs, x, columns, out } = self;
        let width = 2 * S::F32_LANES;
        for (panel, out) in panels.chunks_exact(PANEL * inputs).zip(out.chunks_exact_mut(PANEL * columns)) {
            for start in (0..columns).step_by(width) {
                let mut sums = [[simd.splat_f32s(0.0); 2]; PANEL];
                for (row, weights) in x.chunks_exact(columns).zip(panel.as_chunks::<PANEL>().0) {
                    let (vectors, _) = S::as_simd_f32s(&row[start..start + width]);
                    let (first, second) = (vectors[0], vectors[1]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        let weight = simd.splat_f32s(*weight);
                        sum[0] = simd.mul_add_e_f32s(weight, first, sum[0]);
                        sum[1] = simd.mul_add_e_f32s(weight, second, sum[1]);
                    }
                }
                for (sum, row) in sums.iter().zip(out.chunks_exact_mut(columns)) {
                    let (vectors, _) = S::as_mut_simd_f32s(&mut row[start..start + width]);
                    vectors[0] = sum[0];
                    vectors[1] = sum[1];
                }
            }
        }
    }
}

/// Runs something compiled for the widest vectors that the processor has.
fn widest<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// A net with its pictures.
#[derive(Debug, Clone)]
pub struct Packed {
    /// What each picture gives to the first layer before tanh, `[width, columns]`, and that layer's weights, `[in, out]`.
    first: Vec<f32>,
    entry: Vec<f32>,
    /// The other layers: forth, bias, back.
    layers: Vec<(Panels, Vec<f32>, Panels)>,
    pictures: usize,
    columns: usize,
}

impl Packed {
    /// From weights `[nets, in, out]`, biases `[nets, 1, out]` and pictures `[pictures, in]`.
    pub fn all(layers: Vec<[Tensor<3>; 2]>, carriers: Tensor<2>) -> Vec<Self> {
        let [pictures, pixels] = carriers.dims();
        let columns = pictures.next_multiple_of(COLUMNS);
        let carriers: Vec<f32> = carriers.into_data().iter().collect();
        let mut x = vec![0.0; pixels * columns];
        for (i, picture) in carriers.chunks_exact(pixels).enumerate() {
            picture.iter().enumerate().for_each(|(pixel, value)| x[pixel * columns + i] = *value);
        }
        let [nets, _, _] = layers[0][0].dims();
        let mut made = vec![Self { first: Vec::new(), entry: Vec::new(), layers: Vec::new(), pictures, columns }; nets];
        for (l, [weight, bias]) in layers.into_iter().enumerate() {
            let [_, inputs, outputs] = weight.dims();
            let weights: Vec<f32> = weight.into_data().iter().collect();
            let biases: Vec<f32> = bias.into_data().iter().collect();
            let each = weights.chunks_exact(inputs * outputs).zip(biases.chunks_exact(outputs));
            for (net, (weights, bias)) in made.iter_mut().zip(each) {
                let forth = Panels::new(inputs, outputs, |i, o| weights[i * outputs + o]);
                if l == 0 {
                    net.first = forth.product(&x, columns);
                    net.first.chunks_exact_mut(columns).zip(bias).for_each(|(row, b)| row.iter_mut().for_each(|v| *v += b));
                    net.entry = weights.to_vec();
                } else {
                    let back = Panels::new(outputs, inputs, |o, i| weights[i * outputs + o]);
                    net.layers.push((forth, bias.to_vec(), back));
                }
            }
        }
        made
    }

    /// The sum of squared distances and what rivals add to it; the gradients of stamp and rivals times `scale`.
    fn look(&self, stamp: &[f32], rivals: &Rivals, scale: f32) -> (f64, Vec<Vec<f32>>) {
        let (columns, width) = (self.columns, self.first.len() / self.columns);
        let mut own = vec![0.0f32; width];
        widest(|| {
            for (value, row) in stamp.iter().zip(self.entry.chunks_exact(width)) {
                own.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
            }
        });
        let mut x = self.first.clone();
        widest(|| activate(&mut x, &own, columns, tanh));
        let mut outputs = Vec::with_capacity(self.layers.len());
        for (i, (forth, bias, _)) in self.layers.iter().enumerate() {
            let mut next = forth.product(&x, columns);
            outputs.push(x);
            match i + 1 == self.layers.len() {
                true => widest(|| activate(&mut next, bias, columns, sigmoid)),
                false => widest(|| activate(&mut next, bias, columns, tanh)),
            }
            x = next;
        }
        let near: Vec<Vec<f32>> = rivals.stamps.iter().map(|rival| self.nearness(&x, rival, rivals.margin)).collect();
        // What is too near weighs as much as the rivals do; what is far enough weighs nothing.
        let pushes: Vec<Vec<f32>> =
            near.iter().map(|near| near.iter().map(|by| if *by > 0.0 { rivals.weight } else { 0.0 }).collect()).collect();
        let mut loss = f64::from(rivals.weight) * near.iter().flatten().map(|&by| f64::from(by.max(0.0))).sum::<f64>();
        let mut gradients = vec![Vec::with_capacity(stamp.len()); 1 + rivals.stamps.len()];
        for (pixel, (row, value)) in x.chunks_exact_mut(columns).zip(stamp).enumerate() {
            let (seen, rest) = row.split_at_mut(self.pictures);
            let (mut squares, mut sum) = (0.0f32, 0.0f32);
            let mut sums = vec![0.0f32; pushes.len()];
            for (i, x) in seen.iter_mut().enumerate() {
                let mut off = *x - value;
                squares += off * off;
                sum += off;
                for ((push, rival), sum) in pushes.iter().zip(&rivals.stamps).zip(&mut sums) {
                    let away = push[i] * (*x - rival[pixel]);
                    *sum += away;
                    off -= away;
                }
                *x = scale * off * *x * (1.0 - *x);
            }
            rest.fill(0.0);
            loss += f64::from(squares);
            gradients[0].push(-scale * sum);
            gradients[1..].iter_mut().zip(sums).for_each(|(gradient, sum)| gradient.push(scale * sum));
        }
        for ((_, _, back), output) in self.layers.iter().zip(&outputs).rev() {
            x = back.product(&x, columns);
            widest(|| x.iter_mut().zip(output).for_each(|(gradient, output)| *gradient *= 1.0 - output * output));
        }
        let sums: Vec<f32> = x.chunks_exact(columns).map(|row| row.iter().sum()).collect();
        widest(|| {
            for (slope, row) in gradients[0].iter_mut().zip(self.entry.chunks_exact(width)) {
                *slope += dot(row, &sums);
            }
        });
        (loss, gradients)
    }

    /// For each picture by how much what the net made of it, a column of `x`, is nearer to a rival than the margin.
    fn nearness(&self, x: &[f32], rival: &[f32], margin: f32) -> Vec<f32> {
        let mut near = vec![margin; self.pictures];
        widest(|| {
            for (row, value) in x.chunks_exact(self.columns).zip(rival) {
                near.iter_mut().zip(row).for_each(|(near, x)| *near -= (x - value) * (x - value));
            }
        });
        near
    }
}

/// Other stamps that what a net makes of a picture shall keep away from.
pub struct Rivals {
    /// Their pixels.
    pub stamps: Vec<Vec<f32>>,
    /// Squared distance, summed over the pixels, that is far enough.
    pub margin: f32,
    /// How much each unit of what is missing to it counts.
    pub weight: f32,
}

/// Mean over nets and pictures of the squared distance between the stamp and what a net makes of picture plus stamp, and of what rivals add;
/// gradients of the stamp and of each rival.
pub fn look(nets: &[Packed], stamp: &[f32], rivals: &Rivals) -> (f32, Vec<Vec<f32>>) {
    let scale = nets.first().map_or(1.0, |net| 1.0 / (nets.len() * net.pictures) as f64);
    let parts: Vec<_> = nets.par_iter().map(|net| net.look(stamp, rivals, (2.0 * scale) as f32)).collect();
    let mut gradients = vec![vec![0.0; stamp.len()]; 1 + rivals.stamps.len()];
    let mut loss = 0.0;
    // Added up in the order of the nets, however many threads there are.
    for (part, slopes) in parts {
        loss += part;
        for (gradient, slopes) in gradients.iter_mut().zip(slopes) {
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
    }
    ((loss * scale) as f32, gradients)
}

#[inline(always)]
fn activate(x: &mut [f32], bias: &[f32], columns: usize, by: impl Fn(f32) -> f32) {
    for (row, bias) in x.chunks_exact_mut(columns).zip(bias) {
        row.iter_mut().for_each(|v| *v = by(*v + bias));
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
