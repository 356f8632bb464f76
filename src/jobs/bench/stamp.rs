//! One step of a penetrative stamp (S1), for timing: 8 frozen autoencoders of the paper's size, 30 carriers.

use super::{uniform, value};
use crate::jobs::error::JobError;
use crate::nn::autoencoder::{Autoencoders, PAPER_WIDTHS};
use crate::nn::error::ShapeError;
use crate::nn::init::seeded;
use crate::nn::mirror::Mirror;
use crate::nn::optim::{Optimiser, Rule};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

const NETS: usize = 8;
const CARRIERS: usize = 30;
/// Pictures that pass an autoencoder in a step.
pub const IMAGES: usize = NETS * CARRIERS;
/// Pull towards the prestamp (S1's l2).
const PULL: f64 = 0.02;
const RATE: f64 = 1e-3;

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
    pub fn new(device: &Device) -> Result<Self, JobError> {
        let pixels = PAPER_WIDTHS[0];
        let nets = seeded(Autoencoders::new(NETS, &PAPER_WIDTHS, device), 0);
        let half = Tensor::<1>::ones([pixels / 2], device).div_scalar(2.0);
        Ok(Self {
            mirror: Mirror::new(&nets, uniform([CARRIERS, pixels], "carriers", device)).map_err(unfit)?,
            prestamp: Tensor::cat(vec![half.clone(), half.zeros_like()], 0),
            trained: Trained { stamp: Param::from_tensor(uniform([pixels], "stamp", &device.clone().autodiff())) },
            optimiser: Optimiser::new(Rule::Adam { beta1: 0.9, beta2: 0.999 }),
        })
    }

    /// The gradient comes from the mirror; the optimiser gets it as that of a loss which is linear around the present stamp.
    pub fn step(&mut self) -> Result<(), JobError> {
        let stamp = self.trained.stamp.val();
        let still = stamp.clone().inner();
        let (seen, gradient) = self.mirror.look(still.clone()).map_err(unfit)?;
        let off = still - self.prestamp.clone();
        let gradient = gradient + off.clone().mul_scalar(2.0 * PULL);
        let loss = seen + (off.clone() * off).sum().mul_scalar(PULL);
        let mut gradients = (stamp * Tensor::from_inner(gradient)).sum().backward();
        self.trained = self.optimiser.step(self.trained.clone(), &mut gradients, RATE);
        value(loss).map(|_| ())
    }
}

fn unfit(error: ShapeError) -> JobError {
    JobError::Internal(error.to_string())
}
