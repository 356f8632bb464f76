//! The networks that can be marked, behind one type. A further one is a file that answers [`Architecture`] and a line in the list below.

use super::weights::WeightMap;
use super::{lenet, resnet, vgg_host};
use crate::data::Shape;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// What people are told of a network, and what it needs.
pub struct Facts {
    /// Its name.
    pub name: &'static str,
    /// What it is good for, a sentence or two.
    pub hint: &'static str,
    /// Sides of pictures must be multiples of it.
    pub step: usize,
    /// Channels of its first convolution as published; all other layers follow from them.
    pub channels: usize,
}

/// Which network of a family a file of weights holds.
pub struct Found {
    /// Which one.
    pub kind: HostKind,
    /// The weights of its first convolution, which say its width and the pictures' channels.
    pub first: &'static str,
    /// The weights of its last layer, which say how many classes it knows.
    pub last: &'static str,
}

/// A family of networks.
pub trait Architecture: Sized {
    /// What one of them is.
    fn facts(kind: HostKind) -> Facts;

    /// One whose first convolution has `first` channels.
    fn build(kind: HostKind, first: usize, input: Shape, classes: usize, device: &Device) -> Self;

    /// Pictures `[batch, channels, h, w]` to class scores `[batch, classes]`. `dropped` picks what is left out where the family leaves out
    /// values while it learns; nothing is left out without it.
    fn scores(&self, x: Tensor<4>, dropped: Option<u64>) -> Tensor<2>;

    /// Which of them has weights of these names; nothing for other families.
    fn recognise(map: &WeightMap) -> Option<Found>;
}

macro_rules! hosts {
    ($($(#[$of:meta])* $family:ident($module:ident) { $($(#[$doc:meta])* $kind:ident),+ $(,)? })+) => {
        /// The networks that can be marked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum HostKind {
            $($($(#[$doc])* $kind,)+)+
        }

        impl HostKind {
            /// All of them, family by family, the smallest first.
            pub const ALL: &'static [HostKind] = &[$($(HostKind::$kind,)+)+];

            /// What it is.
            pub fn facts(self) -> Facts {
                match self {
                    $($(HostKind::$kind)|+ => $module::$family::facts(self),)+
                }
            }
        }

        /// A classifier that is to be marked or asked.
        #[derive(Module, Debug)]
        pub enum Host {
            $($(#[$of])* $family($module::$family),)+
        }

        impl Host {
            fn build(kind: HostKind, first: usize, input: Shape, classes: usize, device: &Device) -> Self {
                match kind {
                    $($(HostKind::$kind)|+ => Self::$family($module::$family::build(kind, first, input, classes, device)),)+
                }
            }

            fn scores(&self, x: Tensor<4>, dropped: Option<u64>) -> Tensor<2> {
                match self {
                    $(Self::$family(net) => net.scores(x, dropped),)+
                }
            }
        }

        fn recognise(map: &WeightMap) -> Option<Found> {
            None$(.or_else(|| $module::$family::recognise(map)))+
        }
    };
}

hosts! {
    /// Two convolutions and one to three linear layers.
    LeNet(lenet) {
        /// LeNet with one linear layer.
        Lenet1,
        /// LeNet with two linear layers.
        Lenet3,
        /// LeNet with three linear layers.
        #[default]
        Lenet5,
    }
    /// Convolutions of 3x3 pixels, one after the other.
    Vgg(vgg_host) {
        /// VGG with 11 layers and batch normalisation.
        Vgg11,
        /// VGG with 13 layers.
        Vgg13,
        /// VGG with 16 layers.
        Vgg16,
        /// VGG with 19 layers.
        Vgg19,
    }
    /// Convolutions around which the input is added again.
    ResNet(resnet) {
        /// Residual network with 18 layers, stem for small pictures.
        Resnet18,
        /// The same with 34 layers.
        Resnet34,
        /// The same with 50 layers, in threes that narrow and widen.
        Resnet50,
    }
}

/// Widths of networks, as shares of the published number of channels.
pub const WIDTHS: RangeInclusive<f64> = 0.05..=4.0;
/// Sides that every network needs.
const LEAST_SIDE: usize = 8;

impl HostKind {
    /// Whether it is one of the small ones.
    pub fn is_lenet(self) -> bool {
        matches!(self, Self::Lenet1 | Self::Lenet3 | Self::Lenet5)
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether it can take pictures of this shape. The error is a sentence for the user.
    pub fn check(self, shape: Shape) -> Result<(), String> {
        let Facts { name, step, .. } = self.facts();
        let sides = [shape.height, shape.width];
        if sides.iter().all(|side| *side >= LEAST_SIDE && side.is_multiple_of(step)) {
            return Ok(());
        }
        Err(format!("{name} needs pictures whose sides are multiples of {step}; these are {shape}. Choose another network."))
    }

    /// Channels of the first convolution of one that is so wide.
    fn first(self, width: f64) -> usize {
        ((self.facts().channels as f64 * width.clamp(*WIDTHS.start(), *WIDTHS.end())).round() as usize).max(1)
    }
}

/// What a file of weights turned out to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recognised {
    /// Which network.
    pub kind: HostKind,
    /// Its channels as a share of the published ones.
    pub width: f64,
    /// The pictures that it takes.
    pub input: Shape,
    /// How many classes it knows.
    pub classes: usize,
}

impl Recognised {
    /// Which known network the tensors belong to; nothing where they are of none. `wanted` settles what weights alone do not say: the side
    /// of the pictures.
    pub fn of(map: &WeightMap, wanted: Shape) -> Option<Self> {
        let Found { kind, first, last } = recognise(map)?;
        let long = |name: &str, axis: usize| map.tensors.get(name)?.shape.get(axis).copied();
        let width = long(first, 0)? as f64 / kind.facts().channels as f64;
        Some(Self { kind, width, input: Shape { channels: long(first, 1)?, ..wanted }, classes: long(last, 0)? })
    }
}

impl Host {
    /// A network as published, with first weights of burn's own choice; see [`super::init::seeded`] for reproducible ones.
    pub fn new(kind: HostKind, input: Shape, classes: usize, device: &Device) -> Self {
        Self::of_width(kind, 1.0, input, classes, device)
    }

    /// The same with so many times the published number of channels.
    pub fn of_width(kind: HostKind, width: f64, input: Shape, classes: usize, device: &Device) -> Self {
        Self::build(kind, kind.first(width), input, classes, device)
    }

    /// Pictures `[batch, channels, h, w]` in [-1, 1] to class scores `[batch, classes]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.scores(x, None)
    }

    /// The same while it learns: some leave out values then, which `dropped` picks.
    pub fn learn(&self, x: Tensor<4>, dropped: u64) -> Tensor<2> {
        self.scores(x, Some(dropped))
    }
}

/// Leaves out half of all values and doubles the others (Srivastava et al., JMLR 2014); the same ones on every device.
pub(super) fn dropout(x: Tensor<2>, dropped: u64) -> Tensor<2> {
    let dims = x.dims();
    let mut rng = ChaCha20Rng::seed_from_u64(dropped);
    let kept: Vec<f32> = (0..dims[0] * dims[1]).map(|_| if rng.random_bool(0.5) { 2.0 } else { 0.0 }).collect();
    let device = x.device();
    x * Tensor::from_data(TensorData::new(kept, dims), &device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn networks_of_any_width_are_built_again_from_what_their_weights_say() {
        let shape = Shape { channels: 3, height: 32, width: 32 };
        for (&kind, width) in HostKind::ALL.iter().zip([0.3, 0.55, 1.7, 0.05, 0.11, 0.07, 0.13, 0.05, 0.09, 0.06]) {
            let host = Host::of_width(kind, width, shape, 7, &Device::flex());
            let mut map = WeightMap::default();
            map.add("", &host);
            let found = Recognised::of(&map, shape).unwrap();
            assert_eq!((found.kind, found.input, found.classes), (kind, shape, 7));
            let again = Host::of_width(found.kind, found.width, found.input, found.classes, &Device::flex());
            map.load("", again).unwrap();
            assert_eq!(host.forward(Tensor::zeros([2, 3, 32, 32], &Device::flex())).dims(), [2, 7]);
        }
        assert!(Recognised::of(&WeightMap::default(), shape).is_none());
    }

    #[test]
    fn pictures_that_do_not_fit_are_told() {
        let shape = |side: usize| Shape { channels: 1, height: side, width: side };
        assert!(HostKind::Vgg16.check(shape(28)).unwrap_err().contains("multiples of 32"));
        assert!(HostKind::Lenet5.check(shape(4)).is_err());
        assert!(HostKind::Lenet5.check(shape(28)).is_ok() && HostKind::Vgg16.check(shape(64)).is_ok());
    }

    #[test]
    fn what_is_left_out_follows_from_a_number_alone() {
        let x: Tensor<2> = Tensor::random([40, 50], Distribution::Uniform(0.5, 1.0), &Device::flex());
        let values = |x: Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        let [one, same, other] = [1, 1, 2].map(|dropped| values(dropout(x.clone(), dropped)));
        assert_eq!(one, same);
        assert_ne!(one, other);
        let left_out = one.iter().filter(|v| **v == 0.0).count();
        assert!((850..1150).contains(&left_out), "{left_out} of 2000");
        let doubled = one.iter().zip(values(x)).all(|(found, given)| *found == 0.0 || (*found - 2.0 * given).abs() < 1e-6);
        assert!(doubled);
    }
}
