//! One step of the image barrier (S4), for timing: networks of the paper's size, losses of its authors' code.

use super::{uniform, value};
use crate::jobs::error::JobError;
use crate::nn::barrier::{Hider, PatchCritic, Revealer};
use crate::nn::error::ShapeError;
use crate::nn::init::seeded;
use crate::nn::optim::{Optimiser, Rule};
use crate::schemes::losses::{distance, distance_from};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// What the critic's opinion weighs beside the picture's fidelity.
const ADVERSARIAL: f64 = 1e-6;
const RATE: f64 = 2e-4;

/// What is trained together: one optimiser, as in the authors' code.
#[derive(Module, Debug)]
struct Pair {
    hider: Hider,
    revealer: Revealer,
}

pub struct Barrier {
    pair: Pair,
    critic: PatchCritic,
    optimiser: Optimiser,
    critic_optimiser: Optimiser,
    inputs: Tensor<4>,
    outputs: Tensor<4>,
    logos: Tensor<4>,
}

impl Barrier {
    /// `batch` is even; `width` is that of hiding network and critic, the revealing one has twice as much.
    pub fn new(batch: usize, width: usize, side: usize, device: &Device) -> Self {
        let learning = device.clone().autodiff();
        let adam = || Optimiser::new(Rule::Adam { beta1: 0.5, beta2: 0.999 });
        let pictures = |name: &str| uniform([batch, 3, side, side], name, &learning);
        Self {
            pair: Pair {
                hider: seeded(Hider::new(3, 7, width, None, &learning), 1),
                revealer: seeded(Revealer::new(3, 2 * width, false, &learning), 2),
            },
            critic: seeded(PatchCritic::new(3, width, &learning), 3),
            optimiser: adam(),
            critic_optimiser: adam(),
            inputs: pictures("inputs"),
            outputs: pictures("outputs"),
            logos: pictures("logos"),
        }
    }

    pub fn step(&mut self) -> Result<f64, JobError> {
        let loss = self.losses()?;
        Ok(value(loss))
    }

    fn losses(&mut self) -> Result<Tensor<1>, ShapeError> {
        let (pictures, Pair { hider, revealer }) = (self.outputs.clone(), &self.pair);
        let marked = hider.forward(pictures.clone(), self.logos.clone())?;
        let found = revealer.forward(marked.clone())?;
        let half = pictures.dims()[0] / 2;
        let loss = distance(marked.clone(), pictures.clone())
            + distance_from(self.critic.clone().no_grad().forward(marked.clone())?, 1.0).mul_scalar(ADVERSARIAL)
            + distance(found.clone(), self.logos.clone())
            + distance_from(revealer.forward(self.inputs.clone())?, 1.0)
            + distance_from(revealer.forward(pictures.clone())?, 1.0)
            + distance(found.clone().narrow(0, 0, half), found.narrow(0, half, half));
        let mut gradients = loss.backward();
        self.pair = self.optimiser.step(self.pair.clone(), &mut gradients, RATE);
        let marked = marked.detach();
        drop(gradients);

        let opinion = distance_from(self.critic.forward(pictures)?, 1.0) + distance_from(self.critic.forward(marked)?, 0.0);
        let mut gradients = opinion.backward();
        self.critic = self.critic_optimiser.step(self.critic.clone(), &mut gradients, RATE);
        Ok(loss.inner())
    }
}
