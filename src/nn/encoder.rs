//! The two encoders of the blind watermark (S2): picture and logo in, a picture that looks the same out.

use super::layers::{ConvNorm, PreBranch, conv, conv_transpose, norm};
use super::ops::{self, Activation};
use crate::data::Shape;
use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
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
        let mut x = Tensor::cat(vec![self.cover.forward(cover.clone()), self.logo.forward(logo)], 1);
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
    down: Vec<Conv2d>,
    down_norm: Vec<BatchNorm>,
    up: Vec<ConvTranspose2d>,
    up_norm: Vec<BatchNorm>,
    residual: bool,
}

impl ColourEncoder {
    /// Pictures need sides that are multiples of 32.
    pub fn new(width: usize, residual: bool, device: &Device) -> Self {
        let widths: Vec<usize> = (0..5).map(|level| (width << level).min(width * 8)).collect();
        let down = (0..5).map(|l| conv([if l == 0 { 6 } else { widths[l - 1] }, widths[l]], 4, 2, 1, false, device)).collect();
        let up = (0..5)
            .rev()
            .map(|l| {
                let input = if l == 4 { widths[4] } else { 2 * widths[l] };
                conv_transpose([input, if l == 0 { 3 } else { widths[l - 1] }], 4, 2, 1, device)
            })
            .collect();
        Self {
            cover: PreBranch::new(3, device),
            logo: PreBranch::new(3, device),
            down,
            down_norm: (1..4).map(|l| norm(widths[l], device)).collect(),
            up,
            up_norm: (1..5).rev().map(|l| norm(widths[l - 1], device)).collect(),
            residual,
        }
    }

    fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        let mut x = Tensor::cat(vec![self.cover.forward(cover.clone()), self.logo.forward(logo)], 1);
        let mut levels = Vec::with_capacity(5);
        for (l, layer) in self.down.iter().enumerate() {
            x = ops::conv2d(layer, if l == 0 { x } else { activation::leaky_relu(x, 0.2) });
            if (1..4).contains(&l) {
                x = ops::batch_norm(&self.down_norm[l - 1], x, Activation::Linear);
            }
            levels.push(x.clone());
        }
        for (l, layer) in self.up.iter().enumerate() {
            if l > 0 {
                x = Tensor::cat(vec![x, levels[4 - l].clone()], 1);
            }
            x = ops::conv_transpose2d(layer, activation::relu(x));
            if l < 4 {
                x = ops::batch_norm(&self.up_norm[l], x, Activation::Linear);
            }
        }
        finish(cover, x, self.residual)
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

    /// Covers and logos `[batch, channels, h, w]` in [-1, 1] to keys of the same shape and range.
    pub fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Grey(encoder) => encoder.forward(cover, logo),
            Self::Colour(encoder) => encoder.forward(cover, logo),
        }
    }
}
