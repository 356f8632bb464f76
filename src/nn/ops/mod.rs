//! Operations that are fast where burn's own are slow, behind functions that every network calls.
//!
//! On the CPU backend burn computes the gradients of a convolution as another, very large convolution, and a normalisation as a dozen
//! operations. Here convolutions are matrix products over unrolled pictures (`kernel`), sums over shifts of padded strips
//! (`direct`) or products of transformed tiles (`winograd`), wired into burn's autodiff (`node`); normalisations, similarity and optimiser steps have a file each. On every other
//! device, and for shapes that the kernels do not cover, burn's own operation runs. Nobody outside this folder knows which.

mod direct;
mod kernel;
mod node;
mod norm;
pub(super) mod rules;
pub(super) mod ssim;
mod wide;
mod winograd;

use burn::module::Param;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{BatchNorm, InstanceNorm, PaddingConfig2d};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};
use node::{Geometry, convolve, convolve_transposed, largest};
use norm::{Over, Rule, normalise};

/// A convolution layer on `[batch, in, h, w]`.
///
/// # Panics
/// If the layer is made for another number of channels.
pub fn conv2d(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let PaddingConfig2d::Explicit(top, left, bottom, right) = layer.padding else { return layer.forward(x) };
    let padding = [top, left];
    if [bottom, right] != padding || layer.dilation != [1, 1] || layer.groups != 1 || !on_cpu(&x) {
        return layer.forward(x);
    }
    let [_, input, kh, kw] = layer.weight.dims();
    let [_, _, height, width] = x.dims();
    assert!(x.dims()[1] == input, "a convolution with weights of {:?} does not fit pictures of {:?}", layer.weight.dims(), x.dims());
    if height + 2 * top < kh || width + 2 * left < kw {
        return layer.forward(x);
    }
    let geometry = Geometry { kernel: [kh, kw], stride: layer.stride, padding, picture: [height, width] };
    convolve(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry)
}

/// A transposed convolution layer on `[batch, in, h, w]`.
///
/// # Panics
/// If the layer is made for another number of channels.
pub fn conv_transpose2d(layer: &ConvTranspose2d, x: Tensor<4>) -> Tensor<4> {
    if layer.padding_out != [0, 0] || layer.dilation != [1, 1] || layer.groups != 1 || !on_cpu(&x) {
        return layer.forward(x);
    }
    let [input, _, kh, kw] = layer.weight.dims();
    let [_, _, height, width] = x.dims();
    assert!(x.dims()[1] == input, "a convolution with weights of {:?} does not fit pictures of {:?}", layer.weight.dims(), x.dims());
    let (stride, padding) = (layer.stride, layer.padding);
    let side = |length: usize, axis: usize, kernel: usize| ((length - 1) * stride[axis] + kernel).checked_sub(2 * padding[axis]);
    let (Some(tall), Some(wide)) = (side(height, 0, kh), side(width, 1, kw)) else { return layer.forward(x) };
    // The transposed convolution is the gradient of a convolution that takes the larger picture.
    let geometry = Geometry { kernel: [kh, kw], stride, padding, picture: [tall, wide] };
    convolve_transposed(x.clone(), layer.weight.val(), bias(layer.bias.as_ref(), &x), geometry)
}

/// Largest of each 2x2 block, `[batch, channels, h, w]` to half the sides.
pub fn max_pool2d(x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    match height.is_multiple_of(2) && width.is_multiple_of(2) && on_cpu(&x) {
        true => largest(x),
        false => burn::tensor::module::max_pool2d(x, MaxPoolOptions::new([2, 2])),
    }
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
    if !x.is_autodiff() || !layer.training.is_enabled() || !on_cpu(&x) {
        return then.apply(layer.forward(x));
    }
    let rule = Rule { over: Over::Batch, epsilon: layer.epsilon, slope: then.slope() as f32 };
    let (out, mean, variance) = normalise(x, layer.gamma.val(), layer.beta.val(), rule);
    for (running, new) in [(&layer.running_mean, mean), (&layer.running_var, variance)] {
        let old = running.value_sync().inner().mul_scalar(1.0 - layer.momentum);
        running.update(Tensor::from_inner(old + new.inner().mul_scalar(layer.momentum)));
    }
    out
}

/// Instance normalisation of `[batch, channels, h, w]` and the activation after it.
///
/// # Panics
/// If the layer is made for another number of channels.
pub fn instance_norm(layer: &InstanceNorm, x: Tensor<4>, then: Activation) -> Tensor<4> {
    let (Some(gamma), Some(beta), true) = (&layer.gamma, &layer.beta, on_cpu(&x)) else { return then.apply(layer.forward(x)) };
    let rule = Rule { over: Over::Picture, epsilon: layer.epsilon, slope: then.slope() as f32 };
    normalise(x, gamma.val(), beta.val(), rule).0
}

/// The layer's bias, or a tensor of no numbers.
fn bias(parameter: Option<&Param<Tensor<1>>>, like: &Tensor<4>) -> Tensor<1> {
    parameter.map_or_else(|| Tensor::zeros([0], &like.device().inner()), |bias| bias.val())
}

/// Whether the kernels can take the tensor.
pub(super) fn on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == Device::flex() && x.dtype() == burn::tensor::DType::F32
}
