//! Networks that a thief trains on what he saw a protected one give (S4): plain, residual, U-Net.
//!
//! Pixel values lie in [0, 1]. The paper's draw their pictures anew; one that changes the picture that it is given learns far faster.

use super::error::ShapeError;
use super::layers::{ConvNorm, conv, conv_transpose, norm};
use super::ops::{self, Activation};
use super::unet::UNet;
use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

/// What kind of network a thief takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Convolutions one after the other.
    Cnet,
    /// Nine residual blocks at a quarter of the side.
    Res9,
    /// Sixteen of them.
    Res16,
    /// A U-Net.
    Unet,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cnet, Self::Res9, Self::Res16, Self::Unet];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cnet => "CNet",
            Self::Res9 => "Res9",
            Self::Res16 => "Res16",
            Self::Unet => "UNet",
        }
    }
}

/// A thief's network.
#[derive(Module, Debug)]
pub struct Surrogate {
    net: Net,
    residual: bool,
}

#[derive(Module, Debug)]
enum Net {
    Plain(PlainNet),
    Residual(ResidualNet),
    Unet(UNet),
}

impl Surrogate {
    /// A network of a family for pictures of `channels` (1 or 3); `width` channels at the full side, `halvings` of the U-Net. A `residual`
    /// one changes what it is given.
    pub fn new(family: Family, channels: usize, width: usize, halvings: usize, residual: bool, device: &Device) -> Self {
        let net = match family {
            Family::Cnet => Net::Plain(PlainNet::new([channels; 2], PLAIN_LAYERS, width, device)),
            Family::Res9 => Net::Residual(ResidualNet::new(channels, 9, width, device)),
            Family::Res16 => Net::Residual(ResidualNet::new(channels, 16, width, device)),
            Family::Unet => Net::Unet(UNet::new([channels; 2], halvings, width, device)),
        };
        Self { net, residual }
    }

    fn channels(&self) -> usize {
        match &self.net {
            Net::Plain(net) => net.last.weight.dims()[0],
            Net::Residual(net) => net.last.weight.dims()[0],
            Net::Unet(net) => net.channels(),
        }
    }

    /// Pictures `[batch, channels, h, w]` to pictures of the same shape, all in [0, 1].
    ///
    /// # Errors
    /// Another number of channels, or sides that the network cannot halve as often as it must.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        let dims = x.dims();
        let channels = self.channels();
        if dims[1] != channels || dims[2..].iter().any(|side| *side < 4 || !side.is_multiple_of(4)) {
            return Err(ShapeError::new("a surrogate", format!("[pictures, {channels}, a multiple of 4, a multiple of 4]"), &dims));
        }
        let given = self.residual.then(|| x.clone());
        let raw = match &self.net {
            Net::Plain(net) => net.forward(x),
            Net::Residual(net) => net.forward(x),
            Net::Unet(net) => {
                net.check(dims)?;
                net.forward(x)
            }
        };
        Ok(match given {
            Some(given) => (given + activation::tanh(raw)).clamp(0.0, 1.0),
            None => activation::sigmoid(raw),
        })
    }
}

/// Layers of the thief's plain network before the last.
const PLAIN_LAYERS: usize = 7;

/// 3x3 convolutions with batch normalisation and ReLU, all at the full side: it sees no further than a pixel for each layer, and does not
/// know where in the picture it is.
#[derive(Module, Debug)]
pub struct PlainNet {
    layers: Vec<ConvNorm>,
    last: Conv2d,
}

impl PlainNet {
    /// From `channels[0]` to `channels[1]` channels, with `layers` of `width` channels before the last.
    pub fn new(channels: [usize; 2], layers: usize, width: usize, device: &Device) -> Self {
        let layer = |i: usize| ConvNorm::new([if i == 0 { channels[0] } else { width }, width], 3, 1, device);
        Self { layers: (0..layers).map(layer).collect(), last: conv([width, channels[1]], 3, 1, 1, true, device) }
    }

    /// `[batch, in, h, w]` to `[batch, out, h, w]`, without bounds.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x, Activation::Relu));
        ops::conv2d(&self.last, x)
    }
}

/// Two halvings, residual blocks, two doublings (after Johnson et al., ECCV 2016).
#[derive(Module, Debug)]
struct ResidualNet {
    head: Vec<ConvNorm>,
    blocks: Vec<[ConvNorm; 2]>,
    up: Vec<ConvTranspose2d>,
    up_norm: Vec<BatchNorm>,
    last: Conv2d,
}

impl ResidualNet {
    fn new(channels: usize, blocks: usize, width: usize, device: &Device) -> Self {
        let layer = |input: usize, output: usize, stride: usize| ConvNorm::new([input, output], 3, stride, device);
        let inner = 4 * width;
        Self {
            head: vec![layer(channels, width, 1), layer(width, 2 * width, 2), layer(2 * width, inner, 2)],
            blocks: (0..blocks).map(|_| [layer(inner, inner, 1), layer(inner, inner, 1)]).collect(),
            up: [[inner, 2 * width], [2 * width, width]].map(|pair| conv_transpose(pair, 4, 2, 1, device)).into(),
            up_norm: [2 * width, width].map(|width| norm(width, device)).into(),
            last: conv([width, channels], 3, 1, 1, true, device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mut x = self.head.iter().fold(x, |x, layer| layer.forward(x, Activation::Relu));
        for [first, second] in &self.blocks {
            x = second.forward(first.forward(x.clone(), Activation::Relu), Activation::Linear) + x;
        }
        for (layer, norm) in self.up.iter().zip(&self.up_norm) {
            x = ops::batch_norm(norm, ops::conv_transpose2d(layer, x), Activation::Relu);
        }
        ops::conv2d(&self.last, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_gives_pictures_of_the_same_shape_in_range() {
        let device = Device::flex();
        for (family, residual) in Family::ALL.into_iter().flat_map(|family| [(family, false), (family, true)]) {
            let net = Surrogate::new(family, 3, 4, 4, residual, &device);
            let pictures = Tensor::<4>::zeros([2, 3, 16, 32], &device);
            let out = net.forward(pictures).unwrap();
            assert_eq!(out.dims(), [2, 3, 16, 32], "{}", family.name());
            assert!(out.into_data().iter::<f32>().all(|v| (0.0..=1.0).contains(&v)), "{}", family.name());
            let text = net.forward(Tensor::zeros([2, 3, 16, 30], &device)).unwrap_err().to_string();
            assert!(text.contains("[2, 3, 16, 30]"), "{text}");
        }
    }
}
