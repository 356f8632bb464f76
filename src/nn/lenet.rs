//! LeNet-1, LeNet-3 and LeNet-5 as the blind watermark's authors use them (S7): two 5x5 convolutions, one to three linear layers.
//!
//! Parameter names are `conv1`, `conv2`, `fc1` … as in the common PyTorch versions.

use super::layers::conv;
use super::ops;
use crate::data::Shape;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

/// A LeNet with one, two or three linear layers.
#[derive(Module, Debug)]
pub struct LeNet {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Option<Linear>,
    fc3: Option<Linear>,
}

impl LeNet {
    /// LeNet-1: convolutions to 4 and 12 channels, one linear layer.
    pub fn lenet1(input: Shape, classes: usize, device: &Device) -> Self {
        Self::new(input, [4, 12], &[], classes, device)
    }

    /// LeNet-3: convolutions to 6 and 16 channels, linear layers of 84 and `classes`.
    pub fn lenet3(input: Shape, classes: usize, device: &Device) -> Self {
        Self::new(input, [6, 16], &[84], classes, device)
    }

    /// LeNet-5: convolutions to 6 and 16 channels, linear layers of 120, 84 and `classes`.
    pub fn lenet5(input: Shape, classes: usize, device: &Device) -> Self {
        Self::new(input, [6, 16], &[120, 84], classes, device)
    }

    fn new(input: Shape, channels: [usize; 2], hidden: &[usize], classes: usize, device: &Device) -> Self {
        let flat = channels[1] * (input.height / 4) * (input.width / 4);
        let sizes: Vec<usize> = [flat].into_iter().chain(hidden.iter().copied()).chain([classes]).collect();
        let mut layers = sizes.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device));
        Self {
            conv1: conv([input.channels, channels[0]], 5, 1, 2, true, device),
            conv2: conv(channels, 5, 1, 2, true, device),
            fc1: layers.next().unwrap_or_else(|| LinearConfig::new(flat, classes).init(device)),
            fc2: layers.next(),
            fc3: layers.next(),
        }
    }

    /// Pictures `[batch, channels, height, width]` to class scores `[batch, classes]`. The largest of rectified values is the rectified
    /// largest, so the cheaper order is taken.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = ops::conv2d_and_pool(&self.conv2, ops::conv2d_and_pool(&self.conv1, x));
        let mut x = ops::linear(&self.fc1, x.flatten(1, 3));
        for layer in [&self.fc2, &self.fc3].into_iter().flatten() {
            x = ops::linear(layer, activation::relu(x));
        }
        x
    }
}
