//! ResNet-18 with the stem for small pictures: 3x3 convolution, no pooling before the first stage (He et al., CVPR 2016; S7).
//!
//! Parameter names follow the common CIFAR repositories: `conv1`, `bn1`, `layer1.0.conv1`, …, `linear`.

use super::layers::{conv, norm};
use super::ops::{self, Activation};
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

#[derive(Module, Debug)]
struct Shortcut {
    conv: Conv2d,
    bn: BatchNorm,
}

/// Two 3x3 convolutions around which the input is added again.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    shortcut: Option<Shortcut>,
}

impl BasicBlock {
    fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        let [input, output] = channels;
        let shortcut = (stride != 1 || input != output)
            .then(|| Shortcut { conv: conv(channels, 1, stride, 0, false, device), bn: norm(output, device) });
        Self {
            conv1: conv(channels, 3, stride, 1, false, device),
            bn1: norm(output, device),
            conv2: conv([output, output], 3, 1, 1, false, device),
            bn2: norm(output, device),
            shortcut,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = ops::batch_norm(&self.bn1, ops::conv2d(&self.conv1, x.clone()), Activation::Relu);
        let inner = ops::batch_norm(&self.bn2, ops::conv2d(&self.conv2, inner), Activation::Linear);
        let around = match &self.shortcut {
            Some(shortcut) => ops::batch_norm(&shortcut.bn, ops::conv2d(&shortcut.conv, x), Activation::Linear),
            None => x,
        };
        activation::relu(inner + around)
    }
}

/// ResNet-18: four stages of two blocks, 64 to 512 channels, 11.2 M weights at 10 classes.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    linear: Linear,
}

impl ResNet18 {
    /// A network for pictures of `channels` channels.
    pub fn new(channels: usize, classes: usize, device: &Device) -> Self {
        let stage = |input: usize, output: usize, stride: usize| {
            vec![BasicBlock::new([input, output], stride, device), BasicBlock::new([output, output], 1, device)]
        };
        Self {
            conv1: conv([channels, 64], 3, 1, 1, false, device),
            bn1: norm(64, device),
            layer1: stage(64, 64, 1),
            layer2: stage(64, 128, 2),
            layer3: stage(128, 256, 2),
            layer4: stage(256, 512, 2),
            linear: LinearConfig::new(512, classes).init(device),
        }
    }

    /// Pictures `[batch, channels, height, width]` to class scores `[batch, classes]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = ops::batch_norm(&self.bn1, ops::conv2d(&self.conv1, x), Activation::Relu);
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4].into_iter().flatten() {
            x = block.forward(x);
        }
        let [batch, channels, height, width] = x.dims();
        let pooled = x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]);
        ops::linear(&self.linear, pooled)
    }
}
