//! How well frozen autoencoders give back a stamp that is added to pictures: the loss of S1's stamp, and its gradient.
//!
//! Weights and pictures do not change while a stamp is made. So the pictures' part of the first layer is computed once, and a step adds
//! the stamp's own part, one row for all pictures; likewise the gradient is summed over the pictures before it passes that layer back.
//! Only the chain to the stamp is computed, no gradient of a weight. On the CPU each net goes its whole way on one core, with weights
//! laid out for that (`packed`); elsewhere a layer is one batched product for all nets.

mod packed;

use super::autoencoder::Autoencoders;
use super::error::ShapeError;
use burn::tensor::{Device, Tensor, TensorData, activation};
use packed::Packed;

/// Frozen autoencoders and the pictures that a stamp is added to. Nothing in it is tracked.
#[derive(Debug, Clone)]
pub struct Mirror {
    pixels: usize,
    path: Path,
}

#[derive(Debug, Clone)]
enum Path {
    Packed(Vec<Packed>),
    Batched(Box<Batched>),
}

impl Mirror {
    /// The mirror of these nets for `carriers`, `[pictures, pixels]`.
    ///
    /// # Errors
    /// Another number of pixels, or no picture.
    pub fn new(nets: &Autoencoders, carriers: Tensor<2>) -> Result<Self, ShapeError> {
        let (layers, carriers) = (nets.frozen(), carriers.inner());
        let ([found, pixels], [_, needed, _]) = (carriers.dims(), layers[0][0].dims());
        if pixels != needed || found == 0 {
            return Err(ShapeError::new("an autoencoder", format!("[pictures, {needed}]"), &[found, pixels]));
        }
        let path = match carriers.device() == Device::flex() {
            true => Path::Packed(Packed::all(layers, carriers)),
            false => Path::Batched(Box::new(Batched::new(layers, carriers))),
        };
        Ok(Self { pixels, path })
    }

    /// For a stamp `[pixels]` the mean over nets and pictures of the squared distance between stamp and what a net makes of picture plus
    /// stamp, summed over the pixels, `[1]`; and its gradient, `[pixels]`. Neither is tracked.
    ///
    /// # Errors
    /// Another number of pixels.
    pub fn look(&self, stamp: Tensor<1>) -> Result<(Tensor<1>, Tensor<1>), ShapeError> {
        if stamp.dims() != [self.pixels] {
            return Err(ShapeError::new("an autoencoder's stamp", format!("[{}]", self.pixels), &stamp.dims()));
        }
        let stamp = stamp.inner();
        Ok(match &self.path {
            Path::Batched(nets) => nets.look(stamp),
            Path::Packed(nets) => {
                let device = stamp.device();
                let values: Vec<f32> = stamp.into_data().iter().collect();
                let (loss, gradient) = packed::look(nets, &values);
                (Tensor::from_data([loss], &device), Tensor::from_data(TensorData::new(gradient, [self.pixels]), &device))
            }
        })
    }
}

/// All nets at once, in burn's operations.
#[derive(Debug, Clone)]
struct Batched {
    /// What each picture gives to the first layer before tanh, `[nets, pictures, width]`.
    first: Tensor<3>,
    /// Weights `[nets, in, out]` and biases `[nets, 1, out]`.
    layers: Vec<[Tensor<3>; 2]>,
    pictures: usize,
}

impl Batched {
    fn new(layers: Vec<[Tensor<3>; 2]>, carriers: Tensor<2>) -> Self {
        let [pictures, _] = carriers.dims();
        let first = carriers.unsqueeze_dim(0).matmul(layers[0][0].clone()) + layers[0][1].clone();
        Self { first, layers, pictures }
    }

    fn look(&self, stamp: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
        let [nets, pixels, _] = self.layers[0][0].dims();
        let row: Tensor<3> = stamp.reshape([1, 1, pixels]);
        let mut outputs = Vec::with_capacity(self.layers.len());
        let mut x = activation::tanh(self.first.clone() + row.clone().matmul(self.layers[0][0].clone()));
        for (i, [weight, bias]) in self.layers.iter().enumerate().skip(1) {
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
        for ([weight, _], output) in self.layers[1..].iter().zip(&outputs).rev() {
            gradient = gradient.matmul(weight.clone().swap_dims(1, 2)) * (output.clone() * output.clone()).neg().add_scalar(1.0);
        }
        let through = gradient.sum_dim(1).matmul(self.layers[0][0].clone().swap_dims(1, 2)).sum_dim(0);
        (loss, (through - direct).reshape([pixels]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::nn::init::seeded;
    use burn::tensor::Distribution;

    #[test]
    fn both_paths_agree_for_odd_widths_and_any_number_of_pictures() {
        let device = Device::flex();
        for (pictures, widths) in [(1, vec![5, 3, 5]), (30, vec![37, 19, 2, 17, 37]), (33, vec![16, 8, 16]), (70, vec![20, 9, 20])] {
            let nets = seeded(Autoencoders::new(3, &widths, &device), pictures as u64);
            let carriers = Tensor::<2>::random([pictures, widths[0]], Distribution::Uniform(0.0, 1.0), &device);
            let stamp = Tensor::<1>::random([widths[0]], Distribution::Uniform(0.0, 1.0), &device);
            let (loss, gradient) = Mirror::new(&nets, carriers.clone()).unwrap().look(stamp.clone()).unwrap();
            let (wanted, slope) = Batched::new(nets.frozen(), carriers).look(stamp);
            let worst = |a: Tensor<1>, b: Tensor<1>| (a - b).abs().max().into_scalar::<f32>();
            assert!(worst(loss.clone(), wanted.clone()) < 1e-5 * loss.into_scalar::<f32>().max(1.0), "{widths:?}");
            assert!(worst(gradient, slope) < 1e-6, "{widths:?}");
        }
    }
}
