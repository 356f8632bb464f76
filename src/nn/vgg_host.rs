//! VGG-11, -13, -16 and -19 with batch normalisation as classifiers of small pictures (Simonyan and Zisserman, ICLR 2015; S7): the
//! convolutions of the original, one pooling to a point, and two linear layers.
//!
//! Parameter names are torchvision's: `features.0`, `features.1`, …, `classifier.1`, `classifier.4`.

use super::host::{Architecture, Facts, Found, HostKind, dropout};
use super::layers::{conv, norm};
use super::ops::{self, Activation};
use super::weights::WeightMap;
use crate::data::Shape;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Linear, LinearConfig, Relu};
use burn::tensor::{Device, Tensor, activation};

/// One of the layers that PyTorch counts.
#[derive(Module, Debug)]
pub enum Layer {
    /// 3x3 pixels, stride 1.
    Conv(Conv2d),
    /// Batch normalisation, and here also what follows it.
    Norm(BatchNorm),
    /// Rectification; done with the layer before.
    Relu(Relu),
    /// The largest of each 2x2 block.
    Pool(MaxPool2d),
}

/// What names the classes.
#[derive(Module, Debug)]
pub struct Classifier {
    hidden: Linear,
    last: Linear,
}

/// VGG with batch normalisation.
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<Layer>,
    classifier: Classifier,
}

/// Convolutions in each of the five blocks.
fn blocks(kind: HostKind) -> [usize; 5] {
    match kind {
        HostKind::Vgg11 => [1, 1, 2, 2, 2],
        HostKind::Vgg13 => [2, 2, 2, 2, 2],
        HostKind::Vgg19 => [2, 2, 4, 4, 4],
        _ => [2, 2, 3, 3, 3],
    }
}

const KINDS: [HostKind; 4] = [HostKind::Vgg11, HostKind::Vgg13, HostKind::Vgg16, HostKind::Vgg19];
/// Channels of each block, in those of the first.
const WIDER: [usize; 5] = [1, 2, 4, 8, 8];

impl Architecture for Vgg {
    fn facts(kind: HostKind) -> Facts {
        let (name, hint) = match kind {
            HostKind::Vgg11 => ("VGG-11", "Middling. For colour photographs of 32x32 pixels and more; the quickest of its kind."),
            HostKind::Vgg13 => ("VGG-13", "Large. For colour photographs; slow without a graphics card."),
            HostKind::Vgg19 => ("VGG-19", "The largest of its kind. For colour photographs; slow without a graphics card."),
            _ => ("VGG-16", "Large, and much used. For colour photographs; slow without a graphics card."),
        };
        Facts { name, hint, step: 32, channels: 64 }
    }

    fn build(kind: HostKind, first: usize, input: Shape, classes: usize, device: &Device) -> Self {
        let (mut features, mut channels) = (Vec::new(), input.channels);
        for (convs, wider) in blocks(kind).into_iter().zip(WIDER) {
            for _ in 0..convs {
                features.push(Layer::Conv(conv([channels, wider * first], 3, 1, 1, true, device)));
                channels = wider * first;
                features.extend([Layer::Norm(norm(channels, device)), Layer::Relu(Relu::new())]);
            }
            features.push(Layer::Pool(MaxPool2dConfig::new([2, 2]).init()));
        }
        let linear = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        Self { features, classifier: Classifier { hidden: linear(channels, 4 * first), last: linear(4 * first, classes) } }
    }

    fn scores(&self, x: Tensor<4>, dropped: Option<u64>) -> Tensor<2> {
        let mut x = x;
        for layer in &self.features {
            x = match layer {
                Layer::Conv(conv) => ops::conv2d(conv, x),
                Layer::Norm(norm) => ops::batch_norm(norm, x, Activation::Relu),
                Layer::Relu(_) => x,
                Layer::Pool(_) => ops::max_pool2d(x, Activation::Linear),
            };
        }
        let [batch, channels, height, width] = x.dims();
        let pooled = x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]);
        let left = |x: Tensor<2>, place: u64| match dropped {
            Some(dropped) => dropout(x, dropped.wrapping_mul(2).wrapping_add(place)),
            None => x,
        };
        let hidden = activation::relu(ops::linear(&self.classifier.hidden, left(pooled, 0)));
        ops::linear(&self.classifier.last, left(hidden, 1))
    }

    fn recognise(map: &WeightMap) -> Option<Found> {
        let convs = map.tensors.iter().filter(|(name, weights)| name.starts_with("features.") && weights.shape.len() == 4).count();
        let kind = KINDS.into_iter().find(|kind| blocks(*kind).iter().sum::<usize>() == convs)?;
        Some(Found { kind, first: "features.0.weight", last: "classifier.4.weight" })
    }
}
