//! The two critics of the blind watermark (S2): a picture in, one score out, high where it takes the picture for a cover.

use super::layers::ConvNorm;
use super::ops::{self, Activation};
use crate::data::Shape;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

/// Critic for grey pictures: linear layers of 64, 32 and 1, leaky ReLU .2.
#[derive(Module, Debug)]
pub struct GreyCritic {
    layers: Vec<Linear>,
}

/// Critic for colour pictures: six convolutions with batch normalisation and ReLU, one linear layer (12.7 k weights at 32x32).
#[derive(Module, Debug)]
pub struct ColourCritic {
    layers: Vec<ConvNorm>,
    last: Linear,
}

/// The critic that fits the pictures.
#[derive(Module, Debug)]
pub enum Critic {
    /// For one channel, and of linear layers alone.
    Grey(GreyCritic),
    /// For three channels.
    Colour(ColourCritic),
}

impl Critic {
    /// A critic of linear layers alone for pictures of any shape, as DeepStego has it (S3).
    pub fn linear(shape: Shape, device: &Device) -> Self {
        let sizes = [shape.len(), 64, 32, 1];
        Self::Grey(GreyCritic { layers: sizes.windows(2).map(|s| LinearConfig::new(s[0], s[1]).init(device)).collect() })
    }

    /// The blind watermark's critic for pictures of this shape.
    pub fn new(shape: Shape, device: &Device) -> Self {
        if shape.channels == 1 {
            return Self::linear(shape, device);
        }
        let plan = [(3, 8, 4, 2), (8, 16, 3, 1), (16, 32, 3, 1), (32, 16, 3, 1), (16, 8, 3, 1), (8, 3, 4, 2)];
        Self::Colour(ColourCritic {
            layers: plan.iter().map(|&(i, o, kernel, stride)| ConvNorm::new([i, o], kernel, stride, device)).collect(),
            last: LinearConfig::new(3 * (shape.height / 4) * (shape.width / 4), 1).init(device),
        })
    }

    /// Pictures `[batch, channels, h, w]` to scores before the sigmoid, `[batch, 1]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Grey(critic) => {
                let mut x: Tensor<2> = x.flatten(1, 3);
                for (i, layer) in critic.layers.iter().enumerate() {
                    x = ops::linear(layer, if i == 0 { x } else { activation::leaky_relu(x, 0.2) });
                }
                x
            }
            Self::Colour(critic) => {
                let mut x = x;
                for layer in &critic.layers {
                    x = layer.forward(x, Activation::Relu);
                }
                ops::linear(&critic.last, x.flatten(1, 3))
            }
        }
    }
}
