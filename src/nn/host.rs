//! The networks that can be marked, behind one type.

use super::lenet::LeNet;
use super::resnet::ResNet18;
use crate::data::Shape;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// The networks that can be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// Two small convolutions and one linear layer.
    Lenet1,
    /// LeNet-1 with one more linear layer.
    Lenet3,
    /// LeNet-1 with two more linear layers.
    #[default]
    Lenet5,
    /// Residual network with 18 layers, stem for small pictures.
    Resnet18,
}

impl HostKind {
    /// All of them, the smallest first.
    pub const ALL: [HostKind; 4] = [HostKind::Lenet1, HostKind::Lenet3, HostKind::Lenet5, HostKind::Resnet18];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            HostKind::Lenet1 => "LeNet-1",
            HostKind::Lenet3 => "LeNet-3",
            HostKind::Lenet5 => "LeNet-5",
            HostKind::Resnet18 => "ResNet-18",
        }
    }

    /// Whether it can take pictures of this shape. The error is a sentence for the user.
    pub fn check(self, shape: Shape) -> Result<(), String> {
        let step = if self == HostKind::Resnet18 { 8 } else { 4 };
        if shape.height >= 8 && shape.width >= 8 && shape.height.is_multiple_of(step) && shape.width.is_multiple_of(step) {
            return Ok(());
        }
        Err(format!("{} needs pictures whose sides are multiples of {step}; these are {shape}.", self.name()))
    }
}

/// A classifier that is to be marked or asked.
#[derive(Module, Debug)]
pub enum Host {
    /// LeNet-1, -3 or -5.
    LeNet(LeNet),
    /// ResNet-18.
    ResNet18(ResNet18),
}

impl Host {
    /// A network with first weights of burn's own choice; see [`super::init::seeded`] for reproducible ones.
    pub fn new(kind: HostKind, input: Shape, classes: usize, device: &Device) -> Self {
        match kind {
            HostKind::Lenet1 => Self::LeNet(LeNet::lenet1(input, classes, device)),
            HostKind::Lenet3 => Self::LeNet(LeNet::lenet3(input, classes, device)),
            HostKind::Lenet5 => Self::LeNet(LeNet::lenet5(input, classes, device)),
            HostKind::Resnet18 => Self::ResNet18(ResNet18::new(input.channels, classes, device)),
        }
    }

    /// Pictures `[batch, channels, h, w]` in [-1, 1] to class scores `[batch, classes]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        match self {
            Self::LeNet(net) => net.forward(x),
            Self::ResNet18(net) => net.forward(x),
        }
    }
}
