//! ResNet-18, -34 and -50 with the stem for small pictures: 3x3 convolution, no pooling before the first stage (He et al., CVPR 2016; S7).
//!
//! Parameter names follow the common CIFAR repositories: `conv1`, `bn1`, `layer1.0.conv1`, …, `linear`.

use super::host::{Architecture, Facts, Found, HostKind};
use super::layers::{conv, norm};
use super::ops::{self, Activation};
use super::weights::WeightMap;
use crate::data::Shape;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

#[derive(Module, Debug)]
struct Shortcut {
    conv: Conv2d,
    bn: BatchNorm,
}

/// Two 3x3 convolutions, or one between two of 1x1 that narrow and widen, around which the input is added again.
#[derive(Module, Debug)]
pub struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    shortcut: Option<Shortcut>,
}

/// How much wider a narrowing block's output is than its middle.
const WIDENED: usize = 4;

impl Block {
    /// `channels`: what comes in, and the width of the 3x3 convolutions.
    fn new([input, inner]: [usize; 2], stride: usize, narrows: bool, device: &Device) -> Self {
        let output = if narrows { WIDENED * inner } else { inner };
        let shortcut = (stride != 1 || input != output)
            .then(|| Shortcut { conv: conv([input, output], 1, stride, 0, false, device), bn: norm(output, device) });
        let [conv1, conv2] = match narrows {
            true => [conv([input, inner], 1, 1, 0, false, device), conv([inner, inner], 3, stride, 1, false, device)],
            false => [conv([input, inner], 3, stride, 1, false, device), conv([inner, inner], 3, 1, 1, false, device)],
        };
        Self {
            conv1,
            bn1: norm(inner, device),
            conv2,
            bn2: norm(inner, device),
            conv3: narrows.then(|| conv([inner, output], 1, 1, 0, false, device)),
            bn3: narrows.then(|| norm(output, device)),
            shortcut,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = ops::batch_norm(&self.bn1, ops::conv2d(&self.conv1, x.clone()), Activation::Relu);
        let inner = ops::conv2d(&self.conv2, inner);
        let inner = match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => {
                let inner = ops::batch_norm(&self.bn2, inner, Activation::Relu);
                ops::batch_norm(bn3, ops::conv2d(conv3, inner), Activation::Linear)
            }
            _ => ops::batch_norm(&self.bn2, inner, Activation::Linear),
        };
        let around = match &self.shortcut {
            Some(shortcut) => ops::batch_norm(&shortcut.bn, ops::conv2d(&shortcut.conv, x), Activation::Linear),
            None => x,
        };
        activation::relu(inner + around)
    }
}

/// Four stages of blocks, each but the first twice as wide and half as high as the one before.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    linear: Linear,
}

impl Architecture for ResNet {
    fn facts(kind: HostKind) -> Facts {
        let (name, hint) = match kind {
            HostKind::Resnet34 => ("ResNet-34", "Very large. For colour photographs; slow without a graphics card."),
            HostKind::Resnet50 => ("ResNet-50", "Very large, and much used. For colour photographs; slow without a graphics card."),
            _ => ("ResNet-18", "Large. For colour photographs; slow without a graphics card."),
        };
        Facts { name, hint, step: 8, channels: 64 }
    }

    fn build(kind: HostKind, first: usize, input: Shape, classes: usize, device: &Device) -> Self {
        let blocks = if kind == HostKind::Resnet18 { [2, 2, 2, 2] } else { [3, 4, 6, 3] };
        let narrows = kind == HostKind::Resnet50;
        let mut channels = first;
        let mut stage = |place: usize| {
            let inner = first << place;
            let block = |i: usize| {
                let stride = if i == 0 && place > 0 { 2 } else { 1 };
                let block = Block::new([channels, inner], stride, narrows, device);
                channels = if narrows { WIDENED * inner } else { inner };
                block
            };
            (0..blocks[place]).map(block).collect::<Vec<_>>()
        };
        let [layer1, layer2, layer3, layer4] = [0, 1, 2, 3].map(&mut stage);
        Self {
            conv1: conv([input.channels, first], 3, 1, 1, false, device),
            bn1: norm(first, device),
            layer1,
            layer2,
            layer3,
            layer4,
            linear: LinearConfig::new(channels, classes).init(device),
        }
    }

    fn scores(&self, x: Tensor<4>, _dropped: Option<u64>) -> Tensor<2> {
        let mut x = ops::batch_norm(&self.bn1, ops::conv2d(&self.conv1, x), Activation::Relu);
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4].into_iter().flatten() {
            x = block.forward(x);
        }
        let [batch, channels, height, width] = x.dims();
        let pooled = x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]);
        ops::linear(&self.linear, pooled)
    }

    fn recognise(map: &WeightMap) -> Option<Found> {
        let has = |name: &str| map.tensors.contains_key(name);
        if !has("layer1.0.conv1.weight") {
            return None;
        }
        let kind = match (has("layer1.0.conv3.weight"), has("layer1.2.conv1.weight")) {
            (true, _) => HostKind::Resnet50,
            (_, true) => HostKind::Resnet34,
            _ => HostKind::Resnet18,
        };
        Some(Found { kind, first: "conv1.weight", last: "linear.weight" })
    }
}
