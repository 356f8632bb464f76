//! How well frozen autoencoders give back a stamp that is added to pictures: the loss of S1's stamp, and its gradient.
//!
//! Weights and pictures do not change while a stamp is made. So the pictures' part of the first layer is computed once, and a step adds
//! the stamp's own part, one row for all pictures; likewise the gradient is summed over the pictures before it passes that layer back.
//! Only the chain to the stamp is computed, no gradient of a weight. On the CPU each net goes its whole way on one core, with weights
//! laid out for that (`packed`); elsewhere a layer is one batched product for all nets. Convolutional nets are followed back by burn.

mod packed;

use super::autoencoder::Autoencoders;
use super::error::ShapeError;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, activation};
use packed::{Packed, Rivals};

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
    Followed(Box<Followed>),
}

impl Mirror {
    /// The mirror of these nets for `carriers`, `[pictures, pixels]`.
    ///
    /// # Errors
    /// Another number of pixels, or no picture.
    pub fn new(nets: &Autoencoders, carriers: Tensor<2>) -> Result<Self, ShapeError> {
        let (carriers, needed) = (carriers.inner(), nets.pixels());
        let [found, pixels] = carriers.dims();
        if pixels != needed || found == 0 {
            return Err(ShapeError::new("an autoencoder", format!("[pictures, {needed}]"), &[found, pixels]));
        }
        let path = match nets.frozen() {
            None => Path::Followed(Box::new(Followed { nets: nets.clone().train().no_grad(), carriers: carriers.unsqueeze_dim(0) })),
            Some(layers) if carriers.device() == Device::flex() => Path::Packed(Packed::all(layers, carriers)),
            Some(layers) => Path::Batched(Box::new(Batched::new(layers, carriers))),
        };
        Ok(Self { pixels, path })
    }

    /// For a stamp `[pixels]` the mean over nets and pictures of the squared distance between stamp and what a net makes of picture plus
    /// stamp, summed over the pixels, `[1]`; and its gradient, `[pixels]`. Neither is tracked.
    ///
    /// # Errors
    /// Another number of pixels.
    pub fn look(&self, stamp: Tensor<1>) -> Result<(Tensor<1>, Tensor<1>), ShapeError> {
        let rivals = Tensor::zeros([0, self.pixels], &stamp.device());
        let (loss, gradients) = self.look_apart(stamp, rivals, Apart { margin: 0.0, weight: 0.0 })?;
        Ok((loss, gradients.reshape([self.pixels])))
    }

    /// The same, and what is made of picture plus stamp shall keep away from `rivals`, `[rivals, pixels]`: for each of them it adds what is
    /// missing to the margin. Gradients `[1 + rivals, pixels]`: of the stamp, then of each rival.
    ///
    /// # Errors
    /// Another number of pixels.
    pub fn look_apart(&self, stamp: Tensor<1>, rivals: Tensor<2>, apart: Apart) -> Result<(Tensor<1>, Tensor<2>), ShapeError> {
        let [count, pixels] = rivals.dims();
        if stamp.dims() != [self.pixels] {
            return Err(ShapeError::new("an autoencoder's stamp", format!("[{}]", self.pixels), &stamp.dims()));
        }
        if pixels != self.pixels {
            return Err(ShapeError::new("an autoencoder's other stamps", format!("[stamps, {}]", self.pixels), &[count, pixels]));
        }
        let (stamp, rivals) = (stamp.inner(), rivals.inner());
        Ok(match &self.path {
            Path::Batched(nets) => nets.look(stamp, rivals, apart),
            Path::Followed(nets) => nets.look(stamp, rivals, apart)?,
            Path::Packed(nets) => {
                let device = stamp.device();
                let values: Vec<f32> = stamp.into_data().iter().collect();
                let others: Vec<f32> = rivals.into_data().iter().collect();
                let stamps = others.chunks_exact(pixels.max(1)).map(<[f32]>::to_vec).collect();
                let rivals = Rivals { stamps, margin: apart.margin as f32, weight: apart.weight as f32 };
                let (loss, gradients) = packed::look(nets, &values, &rivals);
                let gradients = TensorData::new(gradients.concat(), [1 + count, pixels]);
                (Tensor::from_data([loss], &device), Tensor::from_data(gradients, &device))
            }
        })
    }
}

/// How far what autoencoders make of stamps shall keep from other stamps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apart {
    /// Squared distance, summed over the pixels, that is far enough.
    pub margin: f64,
    /// How much each unit of what is missing to it counts.
    pub weight: f64,
}

/// Nets of any form, whose chain burn follows back.
#[derive(Debug, Clone)]
struct Followed {
    nets: Autoencoders,
    /// `[1, pictures, pixels]`.
    carriers: Tensor<3>,
}

impl Followed {
    fn look(&self, stamp: Tensor<1>, rivals: Tensor<2>, apart: Apart) -> Result<(Tensor<1>, Tensor<2>), ShapeError> {
        let ([count, pixels], [_, pictures, _]) = (rivals.dims(), self.carriers.dims());
        let scale = 1.0 / (self.nets.count() * pictures) as f64;
        let tracked = |rows: Tensor<2>| Tensor::from_inner(rows).require_grad();
        let (stamp, rivals) = (tracked(stamp.unsqueeze_dim(0)), (count > 0).then(|| tracked(rivals)));
        let row = stamp.clone().unsqueeze_dim::<3>(0);
        let given = self.nets.forward(Tensor::from_inner(self.carriers.clone()) + row.clone())?;
        let mut loss = (given.clone() - row).square().sum().mul_scalar(scale);
        for i in 0..count {
            let Some(rivals) = &rivals else { break };
            let away = given.clone() - rivals.clone().narrow(0, i, 1).unsqueeze_dim::<3>(0);
            let missing = away.square().sum_dim(2).neg().add_scalar(apart.margin).clamp_min(0.0);
            loss = loss + missing.sum().mul_scalar(apart.weight * scale);
        }
        let gradients = loss.backward();
        let none = |rows: usize| Tensor::zeros([rows, pixels], &self.carriers.device());
        let own = stamp.grad(&gradients).unwrap_or_else(|| none(1));
        let slopes = match &rivals {
            Some(rivals) => Tensor::cat(vec![own, rivals.grad(&gradients).unwrap_or_else(|| none(count))], 0),
            None => own,
        };
        Ok((loss.inner(), slopes))
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

    fn look(&self, stamp: Tensor<1>, rivals: Tensor<2>, apart: Apart) -> (Tensor<1>, Tensor<2>) {
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
        let mut off = x.clone() - row;
        let mut loss = (off.clone() * off.clone()).sum().mul_scalar(scale);
        let direct = off.clone().sum_dim(0).sum_dim(1).mul_scalar(-2.0 * scale).reshape([1, pixels]);
        let mut gradients = vec![direct];
        for i in 0..rivals.dims()[0] {
            let away = x.clone() - rivals.clone().narrow(0, i, 1).unsqueeze_dim(0);
            let missing = (away.clone() * away.clone()).sum_dim(2).neg().add_scalar(apart.margin).clamp_min(0.0);
            let push = away * missing.clone().greater_elem(0.0).float().mul_scalar(apart.weight);
            loss = loss + missing.sum().mul_scalar(apart.weight * scale);
            gradients.push(push.clone().sum_dim(0).sum_dim(1).mul_scalar(2.0 * scale).reshape([1, pixels]));
            off = off - push;
        }
        let mut gradient = off.mul_scalar(2.0 * scale) * x.clone() * x.neg().add_scalar(1.0);
        for ([weight, _], output) in self.layers[1..].iter().zip(&outputs).rev() {
            gradient = gradient.matmul(weight.clone().swap_dims(1, 2)) * (output.clone() * output.clone()).neg().add_scalar(1.0);
        }
        let through: Tensor<3> = gradient.sum_dim(1).matmul(self.layers[0][0].clone().swap_dims(1, 2)).sum_dim(0);
        gradients[0] = gradients[0].clone() + through.reshape([1, pixels]);
        (loss, Tensor::cat(gradients, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::init::seeded;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn both_paths_agree_for_odd_widths_and_any_number_of_pictures() {
        let device = Device::flex();
        for (pictures, widths) in [(1, vec![5, 3, 5]), (30, vec![37, 19, 2, 17, 37]), (33, vec![16, 8, 16]), (70, vec![20, 9, 20])] {
            let nets = seeded(Autoencoders::new(3, &widths, &device), pictures as u64);
            // The same numbers every time: whether a picture is far enough from a rival hangs on them.
            let mut rng = ChaCha20Rng::seed_from_u64(pictures as u64);
            let mut numbers = |count: usize| (0..count).map(|_| rng.random_range(0.0..1.0f32)).collect::<Vec<_>>();
            let carriers = Tensor::<2>::from_data(TensorData::new(numbers(pictures * widths[0]), [pictures, widths[0]]), &device);
            let stamp = Tensor::<1>::from_data(TensorData::new(numbers(widths[0]), [widths[0]]), &device);
            let rivals = Tensor::<2>::from_data(TensorData::new(numbers(2 * widths[0]), [2, widths[0]]), &device);
            // Far enough from some pictures and not from others.
            let apart = Apart { margin: widths[0] as f64 / 12.0, weight: 0.7 };
            let mirror = Mirror::new(&nets, carriers.clone()).unwrap();
            let (loss, gradient) = mirror.look_apart(stamp.clone(), rivals.clone(), apart).unwrap();
            let followed = Followed { nets: nets.clone().train().no_grad(), carriers: carriers.clone().unsqueeze_dim(0) };
            let (wanted, slope) = Batched::new(nets.frozen().unwrap(), carriers).look(stamp.clone(), rivals.clone(), apart);
            let (same, same_slope) = followed.look(stamp.clone(), rivals, apart).unwrap();
            assert!((same.into_scalar::<f32>() - wanted.clone().into_scalar::<f32>()).abs() < 1e-4, "{widths:?}");
            assert!((same_slope - slope.clone()).abs().max().into_scalar::<f32>() < 1e-6, "{widths:?}");
            let worst = |a: Tensor<2>, b: Tensor<2>| (a - b).abs().max().into_scalar::<f32>();
            let (loss, wanted) = (loss.into_scalar::<f32>(), wanted.into_scalar::<f32>());
            assert!((loss - wanted).abs() < 1e-5 * loss.max(1.0), "{widths:?}: {loss} {wanted}");
            let (alone, _) = mirror.look(stamp).unwrap();
            assert!(alone.into_scalar::<f32>() < loss, "{widths:?}");
            assert!(worst(gradient, slope) < 1e-6, "{widths:?}");
        }
    }
}
