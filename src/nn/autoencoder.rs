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
}

/// How well frozen autoencoders give back a stamp that is added to pictures: the loss of S1's stamp, and its gradient.
///
/// Weights and pictures do not change while a stamp is made. So the pictures' part of the first layer is computed once, and a step adds
/// the stamp's own part, one row for all pictures; likewise the gradient is summed over the pictures before it passes that layer back.
/// Only the chain to the stamp is computed, no gradient of a weight.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// What each picture gives to the first layer before tanh, `[nets, pictures, width]`.
    first: Tensor<3>,
    /// Weights `[nets, in, out]`, the same transposed and dense, biases `[nets, 1, out]`.
    layers: Vec<[Tensor<3>; 3]>,
    pictures: usize,
}

impl Mirror {
    /// The mirror of these nets for `carriers`, `[pictures, pixels]`. Nothing in it is tracked.
    ///
    /// # Errors
    /// Another number of pixels, or no picture.
    pub fn new(nets: &Autoencoders, carriers: Tensor<2>) -> Result<Self, ShapeError> {
        let [pictures, pixels] = carriers.dims();
        let layers: Vec<[Tensor<3>; 3]> = (nets.valid().layers.iter())
            .map(|layer| {
                let weight = layer.weight.val();
                // An addition makes the transposed copy dense, on every backend.
                [weight.clone(), weight.swap_dims(1, 2).add_scalar(0.0), layer.bias.val()]
            })
            .collect();
        let [_, needed, _] = layers[0][0].dims();
        if pixels != needed || pictures == 0 {
            return Err(ShapeError::new("an autoencoder", format!("[pictures, {needed}]"), &[pictures, pixels]));
        }
        let first = carriers.unsqueeze_dim(0).matmul(layers[0][0].clone()) + layers[0][2].clone();
        Ok(Self { first, layers, pictures })
    }

    /// For a stamp `[pixels]` the mean over nets and pictures of the squared distance between stamp and what a net makes of picture plus
    /// stamp, summed over the pixels, `[1]`; and its gradient, `[pixels]`. Neither is tracked.
    ///
    /// # Errors
    /// Another number of pixels.
    pub fn look(&self, stamp: Tensor<1>) -> Result<(Tensor<1>, Tensor<1>), ShapeError> {
        let [nets, pixels, _] = self.layers[0][0].dims();
        if stamp.dims() != [pixels] {
            return Err(ShapeError::new("an autoencoder's stamp", format!("[{pixels}]"), &stamp.dims()));
        }
        let row: Tensor<3> = stamp.reshape([1, 1, pixels]);
        let mut outputs = Vec::with_capacity(self.layers.len());
        let mut x = activation::tanh(self.first.clone() + row.clone().matmul(self.layers[0][0].clone()));
        for (i, [weight, _, bias]) in self.layers.iter().enumerate().skip(1) {
            outputs.push(x.clone());
            x = x.matmul(weight.clone()) + bias.clone();
            x = if i + 1 == self.layers.len() { activation::sigmoid(x) } else { activation::tanh(x) };
        }
        let scale = 1.0 / (nets * self.pictures) as f64;
        let off = x.clone() - row;
        let loss = (off.clone() * off.clone()).sum().mul_scalar(scale);
        let off = off.mul_scalar(2.0 * scale);
        let direct = off.clone().sum_dim(0).sum_dim(1);
        let mut gradient = off * x.clone() * x.neg().add_scalar(1.0);
        for ([_, back, _], output) in self.layers[1..].iter().zip(&outputs).rev() {
            gradient = gradient.matmul(back.clone()) * (output.clone() * output.clone()).neg().add_scalar(1.0);
        }
        let through = gradient.sum_dim(1).matmul(self.layers[0][1].clone()).sum_dim(0);
        Ok((loss, (through - direct).reshape([pixels])))
    }
}
