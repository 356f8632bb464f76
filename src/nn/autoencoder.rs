//! Dense autoencoders, several at once (S1): one tensor a layer holds the weights of all of them, so that a layer is one batched product.
//!
//! Pixel values lie in [0, 1].

use super::error::ShapeError;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};

/// Widths of the paper's layers for pictures of 28x28 (1.13 M weights).
pub const PAPER_WIDTHS: [usize; 9] = [784, 512, 256, 128, 3, 128, 256, 512, 784];

/// A linear layer of each net: weight `[nets, in, out]`, bias `[nets, 1, out]`.
#[derive(Module, Debug)]
struct Stack {
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<3>>,
}

/// Autoencoders of one form: linear layers with tanh between, sigmoid last.
#[derive(Module, Debug)]
pub struct Autoencoders {
    layers: Vec<Stack>,
}

impl Autoencoders {
    /// `count` nets whose layers have these widths, pixels first and last, all weights zero: see [`super::init::seeded`].
    pub fn new(count: usize, widths: &[usize], device: &Device) -> Self {
        let zeros = |rows: usize, columns: usize| Param::from_tensor(Tensor::zeros([count, rows, columns], device));
        Self { layers: widths.windows(2).map(|pair| Stack { weight: zeros(pair[0], pair[1]), bias: zeros(1, pair[1]) }).collect() }
    }

    /// Some of the nets.
    pub fn part(&self, nets: std::ops::Range<usize>) -> Self {
        let cut = |tensor: Tensor<3>| Param::from_tensor(tensor.inner().narrow(0, nets.start, nets.len()));
        let cut = |layer: &Stack| Stack { weight: cut(layer.weight.val()), bias: cut(layer.bias.val()) };
        Self { layers: self.layers.iter().map(cut).collect() }
    }

    /// Where the nets are.
    pub fn device(&self) -> Device {
        self.layers.first().map_or_else(Device::flex, |layer| layer.weight.val().device())
    }

    /// How many nets there are.
    pub fn count(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.weight.dims()[0])
    }

    /// Pictures `[nets, batch, pixels]`, or `[1, batch, pixels]` for all nets, to codes `[nets, batch, code]` in [-1, 1].
    ///
    /// # Errors
    /// Another number of nets or pixels.
    pub fn encode(&self, pictures: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        self.run(0..self.layers.len() / 2, "an autoencoder", pictures)
    }

    /// Codes `[nets, batch, code]`, or `[1, batch, code]` for all nets, to pictures `[nets, batch, pixels]` in [0, 1].
    ///
    /// # Errors
    /// Another number of nets or of numbers in a code.
    pub fn decode(&self, codes: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        self.run(self.layers.len() / 2..self.layers.len(), "the second half of an autoencoder", codes)
    }

    /// Pictures as for [`Self::encode`] to what the nets make of them, `[nets, batch, pixels]` in [0, 1].
    ///
    /// # Errors
    /// Another number of nets or pixels.
    pub fn forward(&self, pictures: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        self.decode(self.encode(pictures)?)
    }

    fn run(&self, part: std::ops::Range<usize>, what: &'static str, x: Tensor<3>) -> Result<Tensor<3>, ShapeError> {
        let [nets, input, _] = self.layers[part.start].weight.dims();
        let dims = x.dims();
        if dims[2] != input || dims[1] == 0 || ![1, nets].contains(&dims[0]) {
            return Err(ShapeError::new(what, format!("[{nets} or 1, pictures, {input}]"), &dims));
        }
        Ok(part.fold(x, |x, i| {
            let Stack { weight, bias } = &self.layers[i];
            let x = x.matmul(weight.val()) + bias.val();
            if i + 1 == self.layers.len() { activation::sigmoid(x) } else { activation::tanh(x) }
        }))
    }

    /// Per layer the frozen weight `[nets, in, out]` and bias `[nets, 1, out]`.
    pub(super) fn frozen(&self) -> Vec<[Tensor<3>; 2]> {
        self.layers.iter().map(|layer| [layer.weight.val().inner(), layer.bias.val().inner()]).collect()
    }
}
