//! The two encoders of the blind watermark (S2): picture and logo in, a picture that looks the same out.

use super::layers::{ConvNorm, PreBranch, conv, joined};
use super::ops::{self, Activation};
use super::unet::UNet;
use crate::data::Shape;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, activation};

/// Encoder for grey pictures: pre-branches, three 3x3 convolutions with batch normalisation, one to a picture, tanh.
#[derive(Module, Debug)]
pub struct GreyEncoder {
    cover: PreBranch,
    logo: PreBranch,
    body: Vec<ConvNorm>,
    last: Conv2d,
    residual: bool,
}

impl GreyEncoder {
    /// The paper's width is 64 (79 k weights). A residual encoder adds its output to the cover instead of redrawing it.
    pub fn new(width: usize, residual: bool, device: &Device) -> Self {
        let body = vec![
            ConvNorm::new([6, width], 3, 1, device),
            ConvNorm::new([width, width], 3, 1, device),
            ConvNorm::new([width, width], 3, 1, device),
        ];
        Self {
            cover: PreBranch::new(1, device),
            logo: PreBranch::new(1, device),
            body,
            last: conv([width, 1], 3, 1, 1, true, device),
            residual,
        }
    }

    fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        let mut x = joined(&cover, [&self.cover, &self.logo], logo);
        for layer in &self.body {
            x = layer.forward(x, Activation::Leaky(0.01));
        }
        finish(cover, ops::conv2d(&self.last, x), self.residual)
    }
}

/// Encoder for colour pictures: pre-branches and a U-Net of five halvings (16.66 M weights at the paper's width 64).
#[derive(Module, Debug)]
pub struct ColourEncoder {
    cover: PreBranch,
    logo: PreBranch,
    unet: UNet,
    residual: bool,
}

impl ColourEncoder {
    /// Pictures need sides that are multiples of 32.
    pub fn new(width: usize, residual: bool, device: &Device) -> Self {
        Self { cover: PreBranch::new(3, device), logo: PreBranch::new(3, device), unet: UNet::new([6, 3], 5, width, device), residual }
    }

    fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        let x = joined(&cover, [&self.cover, &self.logo], logo);
        finish(cover, self.unet.forward(x), self.residual)
    }
}

/// Greatest change, on the scale of [-1, 1], that a residual encoder may make to a pixel.
const RESIDUAL_BOUND: f64 = 0.5;

fn finish(cover: Tensor<4>, raw: Tensor<4>, residual: bool) -> Tensor<4> {
    match residual {
        true => (cover + activation::tanh(raw).mul_scalar(RESIDUAL_BOUND)).clamp(-1.0, 1.0),
        false => activation::tanh(raw),
    }
}

/// The encoder that fits the pictures.
#[derive(Module, Debug)]
pub enum Encoder {
    /// For one channel.
    Grey(GreyEncoder),
    /// For three channels.
    Colour(ColourEncoder),
}

impl Encoder {
    /// The encoder for pictures of this shape. The paper's width is 64.
    pub fn new(shape: Shape, width: usize, residual: bool, device: &Device) -> Self {
        match shape.channels {
            1 => Self::Grey(GreyEncoder::new(width, residual, device)),
            _ => Self::Colour(ColourEncoder::new(width, residual, device)),
        }
    }

    /// Covers and logos `[batch, channels, h, w]`, or one logo for all `[1, channels, h, w]`, in [-1, 1] to keys of the covers' shape and
    /// range.
    pub fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Grey(encoder) => encoder.forward(cover, logo),
            Self::Colour(encoder) => encoder.forward(cover, logo),
        }
    }
}
