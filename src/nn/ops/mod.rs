//! Operations that are fast where burn's own are slow, behind functions that every network calls.
//!
//! On the CPU backend burn computes the gradients of a convolution as another, very large convolution, and a normalisation as a dozen
//! operations. Here convolutions are matrix products over unrolled pictures (`kernel`), sums over shifts of padded strips
//! (`direct`, `pooled`) or products of transformed tiles (`winograd`), wired into burn's autodiff (`node`); normalisations, similarity and
//! optimiser steps have a file each. On every other device, and for shapes that the kernels do not cover, burn's own operation runs.
//! Nobody outside this folder knows which.

mod beside;
mod direct;
mod kernel;
mod node;
mod norm;
mod pooled;
pub(super) mod rules;
pub(super) mod ssim;
mod stacked;
mod wide;
mod winograd;

use burn::module::Param;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{BatchNorm, InstanceNorm, Linear, PaddingConfig2d};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};
use node::{Geometry, convolve, convolve_and_pool, convolve_transposed, largest};
use norm::{Over, Rule, normalise};
use std::cell::Cell;

pub use beside::side_by_side;
pub use stacked::{Curve, stack};
pub(super) use stacked::{sigmoid, tanh};

/// A convolution layer on `[batch, in, h, w]`.
///
/// # Panics
/// If the layer is made for another number of channels, or its kernel is larger than the padded pictures.
pub fn conv2d(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let (weight, pictures) = (layer.weight.dims(), x.dims());
    fit(pictures[1] == weight[1] * layer.groups && reaches(layer, pictures), weight, pictures);
    match geometry(layer, &x) {
        Some(geometry) => convolve(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry),
        None => beside(x, |x| layer.forward(x)),
    }
}

/// The measures of a convolution that the kernels can do.
fn geometry(layer: &Conv2d, x: &Tensor<4>) -> Option<Geometry> {
    let PaddingConfig2d::Explicit(top, left, bottom, right) = layer.padding else { return None };
    let padding = [top, left];
    if [bottom, right] != padding || layer.groups != 1 || !on_cpu(x) {
        return None;
    }
    let ([_, _, kh, kw], [_, _, height, width]) = (layer.weight.dims(), x.dims());
    Some(Geometry { kernel: [kh, kw], stride: layer.stride, padding, dilation: layer.dilation, picture: [height, width] })
}

/// A 3x3 convolution whose kernel's cells lie `dilation` pixels apart, with stride 1 and zero padding `dilation` where that is more than 1;
/// the layer itself is one without dilation and with padding 1.
///
/// # Panics
/// As [`conv2d`].
pub fn dilated_conv2d(layer: &Conv2d, dilation: usize, x: Tensor<4>) -> Tensor<4> {
    if dilation == 1 {
        return conv2d(layer, x);
    }
    let (weight, pictures) = (layer.weight.dims(), x.dims());
    fit(pictures[1] == weight[1] * layer.groups && reaches(layer, pictures), weight, pictures);
    let apart = geometry(layer, &x).map(|geometry| Geometry { padding: [dilation; 2], dilation: [dilation; 2], ..geometry });
    match apart.filter(|geometry| geometry.is_direct([weight[1], weight[0]])) {
        Some(geometry) => convolve(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry),
        None => convolve_in_parts(layer, dilation, x),
    }
}

/// Pixels that lie `dilation` apart never meet those between them. So the picture falls into `dilation * dilation` small ones, for
/// which the convolution is a plain one, and the fast kernels serve. Sides that are no multiples of `dilation` are filled with zeros.
fn convolve_in_parts(layer: &Conv2d, dilation: usize, x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let (tall, wide) = (height.next_multiple_of(dilation), width.next_multiple_of(dilation));
    let x = match [tall, wide] == [height, width] {
        true => x,
        false => x.pad((0, wide - width, 0, tall - height), 0.0),
    };
    let (rows, columns) = (tall / dilation, wide / dilation);
    let parts = x.reshape([batch, channels, rows, dilation, columns, dilation]).permute([0, 3, 5, 1, 2, 4]);
    let parts = conv2d(layer, parts.reshape([batch * dilation * dilation, channels, rows, columns]));
    let channels = parts.dims()[1];
    let parts = parts.reshape([batch, dilation, dilation, channels, rows, columns]).permute([0, 3, 4, 1, 5, 2]);
    let x = parts.reshape([batch, channels, tall, wide]);
    match [tall, wide] == [height, width] {
        true => x,
        false => x.slice([0..batch, 0..channels, 0..height, 0..width]),
    }
}

/// A convolution layer on `[batch, in, h, w]`, the largest of each 2x2 block of its output, and ReLU.
///
/// # Panics
/// As [`conv2d`] and [`max_pool2d`].
pub fn conv2d_and_pool(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let (weight, pictures) = (layer.weight.dims(), x.dims());
    fit(pictures[1] == weight[1] * layer.groups && reaches(layer, pictures), weight, pictures);
    match geometry(layer, &x).filter(|geometry| geometry.pools([weight[1], weight[0]])) {
        Some(geometry) => convolve_and_pool(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry),
        None => max_pool2d(conv2d(layer, x), Activation::Relu),
    }
}

/// A transposed convolution layer on `[batch, in, h, w]`.
///
/// # Panics
/// If the layer is made for another number of channels, or its padding leaves nothing of the pictures.
pub fn conv_transpose2d(layer: &ConvTranspose2d, x: Tensor<4>) -> Tensor<4> {
    let (weight, pictures) = (layer.weight.dims(), x.dims());
    let side = |axis: usize| {
        let grown = (pictures[axis + 2].checked_sub(1)?) * layer.stride[axis] + (weight[axis + 2] - 1) * layer.dilation[axis] + 1;
        (grown + layer.padding_out[axis]).checked_sub(2 * layer.padding[axis]).filter(|side| *side > 0)
    };
    let sides = side(0).zip(side(1));
    fit(pictures[1] == weight[0] && sides.is_some(), weight, pictures);
    if layer.padding_out != [0, 0] || layer.groups != 1 || !on_cpu(&x) {
        return beside(x, |x| layer.forward(x));
    }
    let Some((tall, wide)) = sides else { return beside(x, |x| layer.forward(x)) };
    let ([_, _, kh, kw], stride, padding) = (weight, layer.stride, layer.padding);
    // The transposed convolution is the gradient of a convolution that takes the larger picture.
    let geometry = Geometry { kernel: [kh, kw], stride, padding, dilation: layer.dilation, picture: [tall, wide] };
    convolve_transposed(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry)
}

/// The largest of each 2x2 block, `[batch, channels, h, w]` to half the sides, and the activation after it; an odd side's last row or
/// column is left out.
///
/// # Panics
/// If there is no whole block.
pub fn max_pool2d(x: Tensor<4>, then: Activation) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    assert!(height >= 2 && width >= 2, "blocks of [2, 2] do not fit pictures of {:?}", x.dims());
    match (height.is_multiple_of(2) && width.is_multiple_of(2) && on_cpu(&x), then) {
        (true, Activation::Relu) => largest(x, 0.0),
        (true, _) => then.apply(largest(x, f32::NEG_INFINITY)),
        (false, _) => then.apply(burn::tensor::module::max_pool2d(x, MaxPoolOptions::new([2, 2]))),
    }
}

/// A linear layer on `[batch, in]`. burn's own operation, whose complaint would name one shape only.
///
/// # Panics
/// If the layer is made for another number of inputs.
pub fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let (weight, inputs) = (layer.weight.dims(), x.dims());
    assert!(weight[0] == inputs[1], "a linear layer with weights of {weight:?} does not fit inputs of {inputs:?}");
    layer.forward(x)
}

/// What follows a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    Linear,
    /// Below zero becomes zero.
    Relu,
    /// Below zero shrinks by this factor, above 0 and below 1.
    Leaky(f64),
}

impl Activation {
    fn slope(self) -> f64 {
        match self {
            Activation::Linear => 1.0,
            Activation::Relu => 0.0,
            Activation::Leaky(slope) => slope,
        }
    }

    fn apply(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Activation::Linear => x,
            Activation::Relu => activation::relu(x),
            Activation::Leaky(slope) => activation::leaky_relu(x, slope),
        }
    }
}

/// Batch normalisation of `[batch, channels, h, w]` and the activation after it. In training the layer's running statistics take up
/// those of the batch, as in burn's own layer.
///
/// # Panics
/// If the layer is made for another number of channels.
pub fn batch_norm(layer: &BatchNorm, x: Tensor<4>, then: Activation) -> Tensor<4> {
    normal(layer.gamma.dims()[0], &x);
    if !x.is_autodiff() || !layer.training.is_enabled() || !on_cpu(&x) {
        return then.apply(layer.forward(x));
    }
    let rule = Rule { over: Over::Batch, epsilon: layer.epsilon, slope: then.slope() as f32 };
    let (out, mean, variance) = normalise(x, layer.gamma.val(), layer.beta.val(), rule);
    for (running, new) in [(&layer.running_mean, mean), (&layer.running_var, variance)] {
        let old = running.value_sync().inner().mul_scalar(1.0 - layer.momentum);
        running.update(Tensor::from_inner(old + new.inner().mul_scalar(layer.momentum)));
        // Settled at once: burn keeps what each thread adds apart, to average it, and a step may come from another thread each time.
        running.value_sync();
    }
    out
}

/// Instance normalisation of `[batch, channels, h, w]` and the activation after it.
///
/// # Panics
/// If the layer is made for another number of channels.
pub fn instance_norm(layer: &InstanceNorm, x: Tensor<4>, then: Activation) -> Tensor<4> {
    normal(layer.num_channels, &x);
    let (Some(gamma), Some(beta), true) = (&layer.gamma, &layer.beta, on_cpu(&x)) else { return then.apply(layer.forward(x)) };
    let rule = Rule { over: Over::Picture, epsilon: layer.epsilon, slope: then.slope() as f32 };
    normalise(x, gamma.val(), beta.val(), rule).0
}

/// burn itself checks shapes in some of these operations only, and on some devices only.
fn fit(fits: bool, weight: [usize; 4], pictures: [usize; 4]) {
    assert!(fits, "a convolution with weights of {weight:?} does not fit pictures of {pictures:?}");
}

fn normal(channels: usize, x: &Tensor<4>) {
    assert!(x.dims()[1] == channels, "a normalisation of [{channels}] channels does not fit pictures of {:?}", x.dims());
}

/// Whether the kernel finds room in the padded pictures.
fn reaches(layer: &Conv2d, [_, _, height, width]: [usize; 4]) -> bool {
    let [_, _, kh, kw] = layer.weight.dims();
    let [tall, wide] = [(kh - 1) * layer.dilation[0] + 1, (kw - 1) * layer.dilation[1] + 1];
    match layer.padding {
        PaddingConfig2d::Same => height > 0 && width > 0,
        PaddingConfig2d::Valid => height >= tall && width >= wide,
        PaddingConfig2d::Explicit(top, left, bottom, right) => height + top + bottom >= tall && width + left + right >= wide,
    }
}

/// Burn's own convolution where these kernels do not serve.
///
/// On wgpu a picture of one channel that a convolution made (or its gradient) has strides that fused operations after it misread: all
/// but its first few numbers come out wrong (burn 0.22.1). Reshaping it there and back gives it plain strides.
fn beside(x: Tensor<4>, forward: impl Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    match x.device() == Device::flex() {
        true => forward(x),
        false => plain(forward(plain(x))),
    }
}

fn plain(x: Tensor<4>) -> Tensor<4> {
    match x.dims() {
        [batch, 1, height, width] => x.reshape([batch, height * width]).reshape([batch, 1, height, width]),
        _ => x,
    }
}

/// The layer's bias, or a tensor of no numbers.
fn bias(parameter: Option<&Param<Tensor<1>>>, like: &Tensor<4>) -> Tensor<1> {
    parameter.map_or_else(|| Tensor::zeros([0], &like.device().inner()), |bias| bias.val())
}

thread_local! {
    static BURNS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` with burn's own operations everywhere, on this thread: what the kernels are measured against.
pub fn with_burns_own<R>(work: impl FnOnce() -> R) -> R {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            BURNS_OWN.set(self.0);
        }
    }
    let _back = Back(BURNS_OWN.replace(true));
    work()
}

/// Whether the kernels can take the tensor.
pub(super) fn on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    !BURNS_OWN.get() && x.device() == Device::flex() && x.dtype() == burn::tensor::DType::F32
}
