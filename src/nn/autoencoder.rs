//! Autoencoders, several at once (S1): the paper's dense ones for grey pictures, where one tensor a layer holds the weights of all of them so
//! that a layer is one batched product; and convolutional ones for colour, one after the other.
//!
//! Pixel values lie in [0, 1].

use super::error::ShapeError;
use super::layers::{conv, conv_transpose};
use super::ops::{Curve, stack};
use super::{init, ops};
use crate::data::Shape;
use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

/// Widths of the paper's layers for pictures of 28x28 (1.13 M weights).
pub const PAPER_WIDTHS: [usize; 9] = [784, 512, 256, 128, 3, 128, 256, 512, 784];

/// A linear layer of each net: weight `[nets, in, out]`, bias `[nets, 1, out]`.
#[derive(Module, Debug)]
struct Stack {
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<3>>,
}

/// Dense ones of one form: linear layers with tanh between, sigmoid last.
#[derive(Module, Debug)]
pub struct Dense {
    layers: Vec<Stack>,
}

/// Channels of a convolutional one at half the side; each further halving doubles them.
const CHANNELS: usize = 16;
/// How often it halves the side.
const HALVINGS: usize = 3;
/// What sides of pictures for convolutional ones are multiples of.
pub const STEP: usize = 1 << HALVINGS;
/// Slope of its activations below zero.
const SLOPE: f64 = 0.2;

/// A convolutional one: three convolutions that halve the side, a linear layer to the code, and the same way back; leaky ReLU between, tanh
/// around the code as in the dense ones, sigmoid last.
#[derive(Module, Debug)]
pub struct Convolutional {
    down: Vec<Conv2d>,
    pack: Linear,
    unpack: Linear,
    up: Vec<ConvTranspose2d>,
}

impl Convolutional {
    fn new(shape: Shape, code: usize, device: &Device) -> Self {
        let widths: Vec<usize> = std::iter::once(shape.channels).chain((0..HALVINGS).map(|i| CHANNELS << i)).collect();
        let packed = widths[HALVINGS] * (shape.height / STEP) * (shape.width / STEP);
        Self {
            down: widths.windows(2).map(|pair| conv([pair[0], pair[1]], 4, 2, 1, true, device)).collect(),
            pack: LinearConfig::new(packed, code).init(device),
            unpack: LinearConfig::new(code, packed).init(device),
            up: widths.windows(2).rev().map(|pair| conv_transpose([pair[1], pair[0]], 4, 2, 1, device)).collect(),
        }
    }

    /// Pictures `[batch, channels, h, w]` to codes `[batch, code]`.
    fn encode(&self, pictures: Tensor<4>) -> Tensor<2> {
        let x = self.down.iter().fold(pictures, |x, layer| activation::leaky_relu(ops::conv2d(layer, x), SLOPE));
        activation::tanh(ops::linear(&self.pack, x.flatten(1, 3)))
    }

    /// Codes `[batch, code]` to pictures of sides `[h, w]`.
    fn decode(&self, codes: Tensor<2>, [height, width]: [usize; 2]) -> Tensor<4> {
        let [pictures, _] = codes.dims();
        let x = activation::leaky_relu(ops::linear(&self.unpack, codes), SLOPE);
        let channels = CHANNELS << (HALVINGS - 1);
        let mut x = x.reshape([pictures, channels, height / STEP, width / STEP]);
        for (i, layer) in self.up.iter().enumerate() {
            x = ops::conv_transpose2d(layer, x);
            x = if i + 1 == self.up.len() { activation::sigmoid(x) } else { activation::leaky_relu(x, SLOPE) };
        }
        x
    }
}

/// Convolutional ones of one form.
#[derive(Module, Debug)]
pub struct Set {
    nets: Vec<Convolutional>,
    channels: usize,
    height: usize,
    width: usize,
}

/// Autoencoders of one form.
#[derive(Module, Debug)]
pub enum Autoencoders {
    /// Dense ones.
    Dense(Dense),
    /// Convolutional ones.
    Convolutional(Set),
}

impl Default for Autoencoders {
    /// None at all.
    fn default() -> Self {
        Self::Dense(Dense { layers: Vec::new() })
    }
}

impl Autoencoders {
    /// `count` dense nets whose layers have these widths, pixels first and last, all weights zero: see [`super::init::seeded`].
    pub fn new(count: usize, widths: &[usize], device: &Device) -> Self {
        let zeros = |rows: usize, columns: usize| Param::from_tensor(Tensor::zeros([count, rows, columns], device));
        let stack = |pair: &[usize]| Stack { weight: zeros(pair[0], pair[1]), bias: zeros(1, pair[1]) };
        Self::Dense(Dense { layers: widths.windows(2).map(stack).collect() })
    }

    /// `count` convolutional nets for pictures whose sides are multiples of [`STEP`].
    pub fn convolutional(count: usize, shape: Shape, code: usize, device: &Device) -> Self {
        let Shape { channels, height, width } = shape;
        let nets = (0..count).map(|_| Convolutional::new(shape, code, device)).collect();
        Self::Convolutional(Set { nets, channels, height, width })
    }

    /// The nets with first weights from `seed`: as PyTorch draws them for dense ones, larger for convolutional ones, which would not begin to
    /// learn for hundreds of steps.
    pub fn seeded(self, seed: u64) -> Self {
        match self {
            Self::Dense(_) => init::seeded(self, seed),
            Self::Convolutional(_) => init::lively(self, seed),
        }
    }

    /// Some of the nets, in this order, to be asked and not taught.
    pub fn pick(&self, chosen: &[usize]) -> Self {
        match self {
            Self::Dense(dense) => {
                let rows = |tensor: Tensor<3>| {
                    let tensor = tensor.inner();
                    Param::from_tensor(Tensor::cat(chosen.iter().map(|&net| tensor.clone().narrow(0, net, 1)).collect(), 0))
                };
                let pick = |layer: &Stack| Stack { weight: rows(layer.weight.val()), bias: rows(layer.bias.val()) };
                Self::Dense(Dense { layers: dense.layers.iter().map(pick).collect() })
            }
            Self::Convolutional(set) => {
                let nets = chosen.iter().map(|&net| set.nets[net].valid()).collect();
                Self::Convolutional(Set { nets, ..set.clone() })
            }
        }
    }

    /// A range of them.
    pub fn part(&self, nets: std::ops::Range<usize>) -> Self {
        self.pick(&nets.collect::<Vec<_>>())
    }

    /// Where the nets are.
    pub fn device(&self) -> Device {
        let first = match self {
            Self::Dense(dense) => dense.layers.first().map(|layer| layer.weight.val().device()),
            Self::Convolutional(set) => set.nets.first().map(|net| net.pack.weight.val().device()),
        };
        first.unwrap_or_else(Device::flex)
    }

    /// How many nets there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.layers.first().map_or(0, |layer| layer.weight.dims()[0]),
            Self::Convolutional(set) => set.nets.len(),
        }
    }

    /// Pictures `[nets, batch, pixels]`, or `[1, batch, pixels]` for all nets, planar, to codes `[nets, batch, code]` in [-1, 1].
    ///
    /// # Errors
    /// Another number of nets or pixels.
    pub fn encode(&self, pictures: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        match self {
            Self::Dense(dense) => dense.run(0..dense.layers.len() / 2, "an autoencoder", pictures),
            Self::Convolutional(set) => set.encode(pictures),
        }
    }

    /// Codes `[nets, batch, code]`, or `[1, batch, code]` for all nets, to pictures `[nets, batch, pixels]` in [0, 1].
    ///
    /// # Errors
    /// Another number of nets or of numbers in a code.
    pub fn decode(&self, codes: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        match self {
            Self::Dense(dense) => dense.run(dense.layers.len() / 2..dense.layers.len(), HALF, codes),
            Self::Convolutional(set) => set.decode(codes),
        }
    }

    /// Pictures as for [`Self::encode`] to what the nets make of them, `[nets, batch, pixels]` in [0, 1].
    ///
    /// # Errors
    /// Another number of nets or pixels.
    pub fn forward(&self, pictures: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        self.decode(self.encode(pictures)?)
    }

    /// How many values a picture has.
    pub(super) fn pixels(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.layers.first().map_or(0, |layer| layer.weight.dims()[1]),
            Self::Convolutional(set) => set.channels * set.height * set.width,
        }
    }

    /// Of dense nets per layer the frozen weight `[nets, in, out]` and bias `[nets, 1, out]`.
    pub(super) fn frozen(&self) -> Option<Vec<[Tensor<3>; 2]>> {
        match self {
            Self::Dense(dense) => Some(dense.layers.iter().map(|layer| [layer.weight.val().inner(), layer.bias.val().inner()]).collect()),
            Self::Convolutional(_) => None,
        }
    }
}

/// What the second half is called where it is given something else.
const HALF: &str = "the second half of an autoencoder";

impl Dense {
    fn run(&self, part: std::ops::Range<usize>, what: &'static str, x: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        let [nets, input, _] = self.layers[part.start].weight.dims();
        check(what, [nets, input], &x)?;
        Ok(part.fold(x, |x, i| {
            let Stack { weight, bias } = &self.layers[i];
            let curve = if i + 1 == self.layers.len() { Curve::Sigmoid } else { Curve::Tanh };
            stack(x, weight.val(), bias.val(), curve)
        }))
    }
}

impl Set {
    fn encode(&self, pictures: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        check("an autoencoder", [self.nets.len(), self.channels * self.height * self.width], &pictures)?;
        let [given, count, _] = pictures.dims();
        let of = |i: usize| pictures.clone().narrow(0, if given == 1 { 0 } else { i }, 1);
        let planes = [count, self.channels, self.height, self.width];
        let codes = self.nets.iter().enumerate().map(|(i, net)| net.encode(of(i).reshape(planes)).unsqueeze_dim(0));
        Ok(Tensor::cat(codes.collect(), 0))
    }

    fn decode(&self, codes: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        let code = self.nets.first().map_or(0, |net| net.unpack.weight.dims()[0]);
        check(HALF, [self.nets.len(), code], &codes)?;
        let [given, count, _] = codes.dims();
        let pixels = self.channels * self.height * self.width;
        let given_back = self.nets.iter().enumerate().map(|(i, net)| {
            let codes = codes.clone().narrow(0, if given == 1 { 0 } else { i }, 1).reshape([count, code]);
            net.decode(codes, [self.height, self.width]).reshape([1, count, pixels])
        });
        Ok(Tensor::cat(given_back.collect(), 0))
    }
}

/// Checks that `x` is `[nets or 1, some, inputs]`.
fn check(what: &'static str, [nets, inputs]: [usize; 2], x: &Tensor<3>) -> Result<(), ShapeError> {
    let dims = x.dims();
    if dims[2] != inputs || dims[1] == 0 || ![1, nets].contains(&dims[0]) {
        return Err(ShapeError::new(what, format!("[{nets} or 1, pictures, {inputs}]"), &dims));
    }
    Ok(())
}
