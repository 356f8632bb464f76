//! The handful of layer shapes that the published networks are made of.

use super::ops::{self, Activation};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, InstanceNorm, InstanceNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

/// A convolution with a square kernel, equal stride and zero padding on both axes.
pub(crate) fn conv(channels: [usize; 2], kernel: usize, stride: usize, padding: usize, bias: bool, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(bias)
        .init(device)
}

/// A transposed convolution with a square kernel.
pub(crate) fn conv_transpose(channels: [usize; 2], kernel: usize, stride: usize, padding: usize, device: &Device) -> ConvTranspose2d {
    ConvTranspose2dConfig::new(channels, [kernel, kernel]).with_stride([stride, stride]).with_padding([padding, padding]).init(device)
}

/// Batch normalisation of a feature map.
pub(crate) fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).init(device)
}

/// Instance normalisation of a feature map, with a learnt scale and shift per channel where `learnt` is set.
pub(crate) fn instance_norm(channels: usize, learnt: bool, device: &Device) -> InstanceNorm {
    InstanceNormConfig::new(channels).with_affine(learnt).init(device)
}

/// What picture and logo each pass before the encoder joins them: twice a transposed 3x3 convolution to 3 channels with
/// batch normalisation and leaky ReLU .2 (S2, "pre-branches").
#[derive(Module, Debug)]
pub struct PreBranch {
    first: ConvTranspose2d,
    first_norm: BatchNorm,
    second: ConvTranspose2d,
    second_norm: BatchNorm,
}

impl PreBranch {
    /// A branch for pictures of `channels` channels.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            first: conv_transpose([channels, 3], 3, 1, 1, device),
            first_norm: norm(3, device),
            second: conv_transpose([3, 3], 3, 1, 1, device),
            second_norm: norm(3, device),
        }
    }

    /// `[batch, channels, h, w]` to `[batch, 3, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = ops::batch_norm(&self.first_norm, ops::conv_transpose2d(&self.first, x), Activation::Leaky(0.2));
        ops::batch_norm(&self.second_norm, ops::conv_transpose2d(&self.second, x), Activation::Leaky(0.2))
    }
}

/// Both branches side by side. One logo for all pictures passes its branch once: copies of it would be normalised over the same
/// numbers.
pub(crate) fn joined(covers: &Tensor<4>, [cover, logo]: [&PreBranch; 2], logos: Tensor<4>) -> Tensor<4> {
    let (pictures, count) = (covers.dims()[0], logos.dims()[0]);
    let logos = logo.forward(logos);
    let logos = if count == 1 && pictures > 1 { logos.repeat_dim(0, pictures) } else { logos };
    Tensor::cat(vec![cover.forward(covers.clone()), logos], 1)
}

/// Convolution and batch normalisation.
#[derive(Module, Debug)]
pub struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    /// Channels in and out, square kernel, stride; zero padding 1.
    pub fn new(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        Self { conv: conv(channels, kernel, stride, 1, true, device), norm: norm(channels[1], device) }
    }

    /// `[batch, in, h, w]` to `[batch, out, h', w']`, activated.
    pub fn forward(&self, x: Tensor<4>, then: Activation) -> Tensor<4> {
        ops::batch_norm(&self.norm, ops::conv2d(&self.conv, x), then)
    }
}
