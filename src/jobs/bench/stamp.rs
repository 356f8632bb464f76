//! One step of a penetrative stamp (S1), for timing: 8 frozen autoencoders, in the paper with 30 carriers of 28x28 pixels.

use super::{uniform, value};
use crate::jobs::error::JobError;
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::nn::init::seeded;
use crate::nn::mirror::Mirror;
use crate::nn::optim::{Optimiser, Rule};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

const NETS: usize = 8;
/// Pull towards the prestamp (S1's l2).
const PULL: f64 = 0.02;
const RATE: f64 = 1e-3;

/// Pictures that pass an autoencoder in a step with so many carriers.
pub fn images(carriers: usize) -> usize {
    NETS * carriers
}

/// The paper's widths, for other pictures and another first layer.
fn widths(pixels: usize, width: usize) -> [usize; 9] {
    [pixels, width, width / 2, width / 4, 3, width / 4, width / 2, width, pixels]
}

#[derive(Module, Debug)]
struct Trained {
    stamp: Param<Tensor<1>>,
}

pub struct Stamp {
    mirror: Mirror,
    prestamp: Tensor<1>,
    trained: Trained,
    optimiser: Optimiser,
}

impl Stamp {
    pub fn new(carriers: usize, width: usize, side: usize, device: &Device) -> Result<Self, JobError> {
        let pixels = side * side;
        let nets = seeded(Autoencoders::new(NETS, &widths(pixels, width), device), 0);
        let half = Tensor::<1>::ones([pixels / 2], device).div_scalar(2.0);
        Ok(Self {
            mirror: Mirror::new(&nets, uniform([carriers, pixels], "carriers", device)).map_err(unfit)?,
            prestamp: Tensor::cat(vec![half.clone(), half.zeros_like()], 0),
            trained: Trained { stamp: Param::from_tensor(uniform([pixels], "stamp", &device.clone().autodiff())) },
            optimiser: Optimiser::new(Rule::Adam { beta1: 0.9, beta2: 0.999 }),
        })
    }

    /// The gradient comes from the mirror; the optimiser gets it as that of a loss which is linear around the present stamp.
    pub fn step(&mut self) -> Result<f64, JobError> {
        let stamp = self.trained.stamp.val();
        let still = stamp.clone().inner();
        let (seen, gradient) = self.mirror.look(still.clone()).map_err(unfit)?;
        let off = still - self.prestamp.clone();
        let gradient = gradient + off.clone().mul_scalar(2.0 * PULL);
        let loss = seen + (off.clone() * off).sum().mul_scalar(PULL);
        let mut gradients = (stamp * Tensor::from_inner(gradient)).sum().backward();
        self.trained = self.optimiser.step(self.trained.clone(), &mut gradients, RATE);
        Ok(value(loss))
    }
}

fn unfit(error: ShapeError) -> JobError {
    JobError::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_size_has_the_papers_widths() {
        assert_eq!(widths(28 * 28, 512), crate::nn::autoencoder::PAPER_WIDTHS);
    }
}
