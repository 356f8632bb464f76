//! A skip-connected encoder-decoder (Ronneberger et al., 2015) with the layers and widths of pix2pix (Isola et al., 2017).

use super::error::ShapeError;
use super::layers::{conv, conv_transpose, norm};
use super::ops::{self, Activation};
use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Device, Tensor, activation};

/// 4x4 convolutions that halve the picture, and as many transposed ones that double it again, each seeing the level of its size.
///
/// Level `l` has `width * 2^l` channels, at most `8 * width`. Batch normalisation everywhere but at the first and the lowest level
/// down and the last one up; leaky ReLU .2 down, ReLU up. What comes out is raw: the caller bounds it.
#[derive(Module, Debug)]
pub struct UNet {
    down: Vec<Conv2d>,
    down_norm: Vec<BatchNorm>,
    up: Vec<ConvTranspose2d>,
    up_norm: Vec<BatchNorm>,
}

impl UNet {
    /// From `channels[0]` to `channels[1]` channels; at least two halvings, `width` channels at the first level.
    pub fn new(channels: [usize; 2], halvings: usize, width: usize, device: &Device) -> Self {
        let lowest = halvings.max(2) - 1;
        let widths: Vec<usize> = (0..=lowest).map(|level| (width << level).min(width * 8)).collect();
        let input = |l: usize| if l == 0 { channels[0] } else { widths[l - 1] };
        let output = |l: usize| if l == 0 { channels[1] } else { widths[l - 1] };
        let joined = |l: usize| if l == lowest { widths[l] } else { 2 * widths[l] };
        Self {
            down: (0..=lowest).map(|l| conv([input(l), widths[l]], 4, 2, 1, false, device)).collect(),
            down_norm: (1..lowest).map(|l| norm(widths[l], device)).collect(),
            up: (0..=lowest).rev().map(|l| conv_transpose([joined(l), output(l)], 4, 2, 1, device)).collect(),
            up_norm: (1..=lowest).rev().map(|l| norm(output(l), device)).collect(),
        }
    }

    /// Channels of the pictures that it takes.
    pub fn channels(&self) -> usize {
        self.down[0].weight.dims()[1]
    }

    /// Whether [`Self::forward`] can take a tensor of these dimensions.
    ///
    /// # Errors
    /// Another number of channels, or sides that are no multiples of 2 to the number of halvings.
    pub fn check(&self, dims: [usize; 4]) -> Result<(), ShapeError> {
        let (channels, step) = (self.channels(), 1 << self.down.len());
        let [_, found, height, width] = dims;
        if found == channels && [height, width].iter().all(|side| *side > 0 && side.is_multiple_of(step)) {
            return Ok(());
        }
        let needed = format!("[pictures, {channels}, a multiple of {step}, a multiple of {step}]");
        Err(ShapeError::new("a U-Net", needed, &dims))
    }

    /// `[batch, in, h, w]` to `[batch, out, h, w]`. Shapes that [`Self::check`] refuses panic in burn.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let lowest = self.down.len() - 1;
        let mut x = x;
        let mut levels = Vec::with_capacity(lowest);
        for (l, layer) in self.down.iter().enumerate() {
            x = ops::conv2d(layer, if l == 0 { x } else { activation::leaky_relu(x, 0.2) });
            if (1..lowest).contains(&l) {
                x = ops::batch_norm(&self.down_norm[l - 1], x, Activation::Linear);
            }
            if l < lowest {
                levels.push(x.clone());
            }
        }
        for (l, layer) in self.up.iter().enumerate() {
            if let Some(level) = (l > 0).then(|| levels.pop()).flatten() {
                x = Tensor::cat(vec![x, level], 1);
            }
            x = ops::conv_transpose2d(layer, activation::relu(x));
            if l < lowest {
                x = ops::batch_norm(&self.up_norm[l], x, Activation::Linear);
            }
        }
        x
    }
}
