//! DeepStego's encoder (S3): picture and logo each pass two transposed convolutions, lie side by side, and pass residual convolutions down to
//! a picture.

use super::layers::{ConvNorm, PreBranch, conv, joined};
use super::ops::{self, Activation};
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, activation};

/// Two convolutions around which the input is added again.
#[derive(Module, Debug)]
struct Residual {
    first: ConvNorm,
    second: ConvNorm,
}

/// The encoder, for grey and colour pictures of any side.
#[derive(Module, Debug)]
pub struct StegoEncoder {
    cover: PreBranch,
    logo: PreBranch,
    wide: ConvNorm,
    body: Vec<Residual>,
    last: Conv2d,
}

impl StegoEncoder {
    /// For pictures of `channels` channels, with so many residual blocks of this width.
    pub fn new(channels: usize, width: usize, blocks: usize, device: &Device) -> Self {
        let layer = |channels| ConvNorm::new(channels, 3, 1, device);
        Self {
            cover: PreBranch::new(channels, device),
            logo: PreBranch::new(channels, device),
            wide: layer([6, width]),
            body: (0..blocks).map(|_| Residual { first: layer([width; 2]), second: layer([width; 2]) }).collect(),
            last: conv([width, channels], 3, 1, 1, true, device),
        }
    }

    /// Covers `[batch, channels, h, w]` and one logo `[1, channels, h, w]`, in [-1, 1], to pictures of the covers' shape in (-1, 1).
    pub fn forward(&self, cover: Tensor<4>, logo: Tensor<4>) -> Tensor<4> {
        let mut x = self.wide.forward(joined(&cover, [&self.cover, &self.logo], logo), Activation::Relu);
        for Residual { first, second } in &self.body {
            let inner = second.forward(first.forward(x.clone(), Activation::Relu), Activation::Linear);
            x = activation::relu(x + inner);
        }
        activation::tanh(ops::conv2d(&self.last, x))
    }
}
