//! Structural similarity as one operation: blurs in two runs over a padded plane, and the gradient in closed form.
//!
//! With P and Q the blurred pictures, R the blurred sum of their squares and T their blurred product, SSIM is A1 A2 / (B1 B2):
//! A1 = 2 P Q + c1, A2 = 2 (T - P Q) + c2, B1 = P² + Q² + c1, B2 = R - P² - Q² + c2. The window is symmetric and zeros surround the
//! picture, so the blur is its own transpose, and x gets blur(dP) + 2 x blur(dR) + y blur(dT).

use super::kernel::{dense, dims, numbers, tensor, vector};
use super::wide::{LANES, group, spread, sum, wide};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

/// Width of the window.
pub const WINDOW: usize = 11;

/// The window's weights along one axis, and the two constants of SSIM.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Symmetric.
    pub weights: [f32; WINDOW],
    /// c1 and c2.
    pub constants: [f32; 2],
}

/// The maps. Shapes: pictures `[batch, channels, h, w]`, their mean similarity `[1]`.
#[backend_extension(Flex, Autodiff)]
pub trait Similarity: Backend {
    /// Mean SSIM.
    fn ssim(x: FloatTensor<Self>, y: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
    /// Its gradient for `x`, times `gradient` `[1]`.
    fn ssim_gradient(x: FloatTensor<Self>, y: FloatTensor<Self>, gradient: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
}

/// A plane with zeros around it: rows of `stride` numbers, margins of half a window, room behind for whole vectors.
#[derive(Clone, Copy)]
struct Layout {
    height: usize,
    width: usize,
    stride: usize,
}

impl Layout {
    const MARGIN: usize = WINDOW / 2;

    fn new(height: usize, width: usize) -> Self {
        Self { height, width, stride: width + 2 * Self::MARGIN }
    }

    /// Numbers of a blurred plane: rows of `stride`, the picture on the left.
    fn blurred(self) -> usize {
        (self.height * self.stride).next_multiple_of(LANES)
    }

    fn padded(self) -> Vec<f32> {
        vec![0.0; self.blurred() + 2 * Self::MARGIN * self.stride + LANES]
    }

    /// The pixels of a padded plane, row by row.
    fn rows(self, padded: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        let start = Self::MARGIN * self.stride;
        padded[start..].chunks_exact_mut(self.stride).take(self.height).map(move |row| &mut row[Self::MARGIN..Self::MARGIN + self.width])
    }
}

/// `out[i]` is the weighted sum of `source[i]`, `source[i + step]` and so on.
#[inline(always)]
fn run(source: &[f32], step: usize, weights: &[f32; WINDOW], out: &mut [f32]) {
    for (i, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut sums = [0.0; LANES];
        for (k, weight) in weights.iter().enumerate() {
            let start = i * LANES + k * step;
            for (sum, value) in sums.iter_mut().zip(&source[start..start + LANES]) {
                *sum += weight * value;
            }
        }
        *out = sums;
    }
}

/// Memory for one plane after the other.
struct Scratch {
    layout: Layout,
    padded: Vec<f32>,
    between: Vec<f32>,
    /// P, Q, R and T, later the blurred dP, dR and dT.
    maps: [Vec<f32>; 4],
}

impl Scratch {
    fn new(layout: Layout) -> Self {
        let maps = [(); 4].map(|()| vec![0.0; layout.blurred()]);
        Self { layout, padded: layout.padded(), between: vec![0.0; layout.blurred() + LANES], maps }
    }

    #[inline(always)]
    fn blur(&mut self, map: usize, weights: &[f32; WINDOW]) {
        let length = self.layout.blurred();
        run(&self.padded, self.layout.stride, weights, &mut self.between[..length]);
        run(&self.between, 1, weights, &mut self.maps[map]);
    }

    /// Blurs what `value` makes of the pixels.
    #[inline(always)]
    fn moment(&mut self, map: usize, x: &[f32], y: &[f32], weights: &[f32; WINDOW], value: impl Fn(f32, f32) -> f32) {
        let width = self.layout.width;
        let pixels = x.chunks_exact(width).zip(y.chunks_exact(width));
        for (row, (x, y)) in self.layout.rows(&mut self.padded).zip(pixels) {
            for ((out, x), y) in row.iter_mut().zip(x).zip(y) {
                *out = value(*x, *y);
            }
        }
        self.blur(map, weights);
    }

    #[inline(always)]
    fn moments(&mut self, x: &[f32], y: &[f32], weights: &[f32; WINDOW]) {
        self.moment(
            0,
            x,
            y,
            weights,
            #[inline(always)]
            |x, _| x,
        );
        self.moment(
            1,
            x,
            y,
            weights,
            #[inline(always)]
            |_, y| y,
        );
        self.moment(
            2,
            x,
            y,
            weights,
            #[inline(always)]
            |x, y| x * x + y * y,
        );
        self.moment(
            3,
            x,
            y,
            weights,
            #[inline(always)]
            |x, y| x * y,
        );
    }

    /// P, Q, R and T of one row.
    fn row(&self, row: usize) -> [&[f32]; 4] {
        let start = row * self.layout.stride;
        self.maps.each_ref().map(|map| &map[start..start + self.layout.width])
    }
}

/// The four terms A1, A2, B1, B2 of a pixel.
#[inline(always)]
fn terms(p: f32, q: f32, r: f32, t: f32, [c1, c2]: [f32; 2]) -> [f32; 4] {
    let (pq, squares) = (p * q, p * p + q * q);
    [2.0 * pq + c1, 2.0 * (t - pq) + c2, squares + c1, (r - squares) + c2]
}

/// The sum of a plane's similarities.
#[inline(always)]
fn similarities(scratch: &mut Scratch, x: &[f32], y: &[f32], window: &Window) -> f64 {
    scratch.moments(x, y, &window.weights);
    let mut whole = 0.0;
    let mut line = vec![0.0; scratch.layout.width];
    for row in 0..scratch.layout.height {
        let [p, q, r, t] = scratch.row(row);
        for (i, out) in line.iter_mut().enumerate() {
            let [a1, a2, b1, b2] = terms(p[i], q[i], r[i], t[i], window.constants);
            *out = a1 * a2 / (b1 * b2);
        }
        whole += sum(
            &line,
            #[inline(always)]
            |v| v,
        );
    }
    whole
}

/// The gradient of the sum of a plane's similarities for `x`, times `factor`.
#[inline(always)]
fn slopes(scratch: &mut Scratch, x: &[f32], y: &[f32], window: &Window, factor: f32, out: &mut [f32]) {
    scratch.moments(x, y, &window.weights);
    let layout = scratch.layout;
    let mut slopes = [layout.padded(), layout.padded(), layout.padded()];
    {
        let [dp, dr, dt] = slopes.each_mut();
        for (row, ((dp, dr), dt)) in layout.rows(dp).zip(layout.rows(dr)).zip(layout.rows(dt)).enumerate() {
            let [p, q, r, t] = scratch.row(row);
            for i in 0..layout.width {
                let [a1, a2, b1, b2] = terms(p[i], q[i], r[i], t[i], window.constants);
                let whole = 1.0 / (b1 * b2);
                let similarity = a1 * a2 * whole;
                dp[i] = 2.0 * (q[i] * (a2 - a1) * whole + p[i] * similarity * (b1 - b2) * whole);
                dr[i] = -similarity * b1 * whole;
                dt[i] = 2.0 * a1 * whole;
            }
        }
    }
    for (map, slope) in slopes.into_iter().enumerate() {
        scratch.padded = slope;
        scratch.blur(map, &window.weights);
    }
    let width = layout.width;
    let pixels = x.chunks_exact(width).zip(y.chunks_exact(width));
    for (row, (out, (x, y))) in out.chunks_exact_mut(width).zip(pixels).enumerate() {
        let [dp, dr, dt, _] = scratch.row(row);
        for (i, out) in out.iter_mut().enumerate() {
            *out = (dp[i] + 2.0 * x[i] * dr[i] + y[i] * dt[i]) * factor;
        }
    }
}

impl Similarity for Flex {
    fn ssim(x: FlexTensor, y: FlexTensor, window: Window) -> FlexTensor {
        let (x, y) = (dense(x), dense(y));
        let [batch, channels, height, width] = dims(&x);
        let (planes, area) = (batch * channels, height * width);
        let size = (group(planes) * area).max(1);
        let mut sums = vec![0.0; planes.div_ceil(group(planes))];
        let pictures = numbers(&x).chunks(size).zip(numbers(&y).chunks(size));
        spread(sums.iter_mut().zip(pictures), planes * area, |(sum, (x, y))| {
            let mut scratch = Scratch::new(Layout::new(height, width));
            let pairs = x.chunks_exact(area).zip(y.chunks_exact(area));
            *sum = wide(
                #[inline(always)]
                || {
                    let mut whole = 0.0;
                    for (x, y) in pairs {
                        whole += similarities(&mut scratch, x, y, &window);
                    }
                    whole
                },
            );
        });
        vector(vec![(sums.iter().sum::<f64>() / (planes * area) as f64) as f32])
    }

    fn ssim_gradient(x: FlexTensor, y: FlexTensor, gradient: FlexTensor, window: Window) -> FlexTensor {
        let (x, y, gradient) = (dense(x), dense(y), dense(gradient));
        let [batch, channels, height, width] = dims(&x);
        let (planes, area) = (batch * channels, height * width);
        let factor = numbers(&gradient).iter().sum::<f32>() / (planes * area) as f32;
        let size = (group(planes) * area).max(1);
        let mut out = vec![0.0; planes * area];
        let pictures = numbers(&x).chunks(size).zip(numbers(&y).chunks(size));
        spread(out.chunks_mut(size).zip(pictures), planes * area, |(out, (x, y))| {
            let mut scratch = Scratch::new(Layout::new(height, width));
            let pairs = x.chunks_exact(area).zip(y.chunks_exact(area));
            wide(
                #[inline(always)]
                || {
                    for (out, (x, y)) in out.chunks_exact_mut(area).zip(pairs) {
                        slopes(&mut scratch, x, y, &window, factor, out);
                    }
                },
            );
        });
        tensor(out, [batch, channels, height, width])
    }
}

#[derive(Debug)]
struct Node;

/// The nodes of both batches.
type State = ([NodeId; 2], Window);

impl<B: Similarity> Backward<B, 2> for Node {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (nodes, window) = ops.state;
        let [x, y] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let [x_node, y_node] = ops.parents;
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::ssim_gradient(x.clone(), y.clone(), gradient.clone(), window));
        }
        if let Some(node) = y_node {
            gradients.register::<B>(node.id, B::ssim_gradient(y, x, gradient, window));
        }
    }
}

impl<B: Similarity, C: CheckpointStrategy> Similarity for Autodiff<B, C> {
    fn ssim(x: FloatTensor<Self>, y: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        match Backward::<B, 2>::prepare::<C>(Node, [x.node(), y.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let nodes = [prep.checkpoint(&x), prep.checkpoint(&y)];
                prep.finish((nodes, window), B::ssim(x.into_primitive(), y.into_primitive(), window))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::ssim(x.into_primitive(), y.into_primitive(), window)),
        }
    }

    /// Only ever called inside a backward pass, where nothing is tracked.
    fn ssim_gradient(x: FloatTensor<Self>, y: FloatTensor<Self>, gradient: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        let [x, y, gradient] = [x, y, gradient].map(|t| t.into_primitive());
        <Self as AutodiffBackend>::from_inner(B::ssim_gradient(x, y, gradient, window))
    }
}

/// Mean SSIM of two batches `[batch, channels, h, w]`, a tensor of one value.
///
/// # Panics
/// If the batches differ in shape.
pub fn ssim(x: Tensor<4>, y: Tensor<4>, window: Window) -> Tensor<1> {
    assert!(x.dims() == y.dims(), "pictures of {:?} cannot be compared with pictures of {:?}", x.dims(), y.dims());
    Tensor::from_dispatch(<Dispatch as Similarity>::ssim(x.into_dispatch(), y.into_dispatch(), window))
}
