//! LeNet-1, LeNet-3 and LeNet-5 as the blind watermark's authors use them (S7): two 5x5 convolutions, one to three linear layers.
//!
//! Parameter names are `conv1`, `conv2`, `fc1` … as in the common PyTorch versions.

use super::host::{Architecture, Facts, Found, HostKind};
use super::layers::conv;
use super::ops;
use super::weights::WeightMap;
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

impl Architecture for LeNet {
    fn facts(kind: HostKind) -> Facts {
        let (name, hint, channels) = match kind {
            HostKind::Lenet1 => ("LeNet-1", "Smallest and fastest. For first tries with simple grey pictures.", 4),
            HostKind::Lenet3 => ("LeNet-3", "Small. A little more room for simple grey pictures.", 6),
            _ => ("LeNet-5", "Small and good with digits, clothes and other simple pictures. The usual choice.", 6),
        };
        Facts { name, hint, step: 4, channels }
    }

    /// LeNet-1: convolutions to 4 and 12 channels, one linear layer. LeNet-3: 6 and 16 channels, linear layers of 84 and `classes`; LeNet-5
    /// has one of 120 before these.
    fn build(kind: HostKind, first: usize, input: Shape, classes: usize, device: &Device) -> Self {
        let (second, hidden) = match kind {
            HostKind::Lenet1 => (3 * first, vec![]),
            HostKind::Lenet3 => ((8 * first).div_ceil(3), vec![14 * first]),
            _ => ((8 * first).div_ceil(3), vec![20 * first, 14 * first]),
        };
        let flat = second * (input.height / 4) * (input.width / 4);
        let sizes: Vec<usize> = [flat].into_iter().chain(hidden).chain([classes]).collect();
        let mut layers = sizes.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device));
        Self {
            conv1: conv([input.channels, first], 5, 1, 2, true, device),
            conv2: conv([first, second], 5, 1, 2, true, device),
            fc1: layers.next().unwrap_or_else(|| LinearConfig::new(flat, classes).init(device)),
            fc2: layers.next(),
            fc3: layers.next(),
        }
    }

    /// The largest of rectified values is the rectified largest, so the cheaper order is taken.
    fn scores(&self, x: Tensor<4>, _dropped: Option<u64>) -> Tensor<2> {
        let x = ops::conv2d_and_pool(&self.conv2, ops::conv2d_and_pool(&self.conv1, x));
        let mut x = ops::linear(&self.fc1, x.flatten(1, 3));
        for layer in [&self.fc2, &self.fc3].into_iter().flatten() {
            x = ops::linear(layer, activation::relu(x));
        }
        x
    }

    fn recognise(map: &WeightMap) -> Option<Found> {
        let has = |name: &str| map.tensors.contains_key(name);
        let (kind, last) = match [has("fc1.weight"), has("fc2.weight"), has("fc3.weight")] {
            [false, ..] => return None,
            [_, _, true] => (HostKind::Lenet5, "fc3.weight"),
            [_, true, _] => (HostKind::Lenet3, "fc2.weight"),
            _ => (HostKind::Lenet1, "fc1.weight"),
        };
        Some(Found { kind, first: "conv1.weight", last })
    }
}
