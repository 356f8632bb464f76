//! Optimisers whose whole state can be written down and read back bit by bit.
//!
//! The formulas are PyTorch's, so that published learning rates mean the same here. State lies in the order in which the module
//! names its parameters.

use super::weights::{WeightMap, Weights};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// How gradients become steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam (Kingma and Ba, 2015) with bias correction.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
    },
    /// Gradient descent with momentum and weight decay added to the gradient.
    Sgd {
        /// Momentum.
        momentum: f64,
        /// Weight decay.
        decay: f64,
    },
}

/// Keeps Adam's division finite; PyTorch's default.
const EPSILON: f64 = 1e-8;

/// One module's optimiser.
#[derive(Debug, Clone)]
pub struct Optimiser {
    rule: Rule,
    steps: i32,
    moments: Vec<Vec<Tensor<1>>>,
}

impl Optimiser {
    /// An optimiser that has seen nothing yet.
    pub fn new(rule: Rule) -> Self {
        Self { rule, steps: 0, moments: Vec::new() }
    }

    /// The module one step further; parameters without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, module: M, gradients: &mut Gradients, rate: f64) -> M {
        self.steps += 1;
        module.map(&mut Step { optimiser: self, gradients, rate, next: 0 })
    }

    /// Takes up the state under `prefix`.
    pub fn save(&self, prefix: &str, map: &mut WeightMap) {
        map.notes.insert(format!("{prefix}.steps"), self.steps.to_string());
        for (i, moments) in self.moments.iter().enumerate() {
            for (j, moment) in moments.iter().enumerate() {
                let values: Vec<f32> = moment.to_data().iter::<f32>().collect();
                map.tensors.insert(format!("{prefix}.{i}.{j}"), Weights { shape: vec![values.len()], values });
            }
        }
    }

    /// Reads the state under `prefix` back.
    pub fn load(&mut self, prefix: &str, map: &WeightMap, device: &Device) {
        self.steps = map.notes.get(&format!("{prefix}.steps")).and_then(|s| s.parse().ok()).unwrap_or(0);
        let read = |i: usize, j: usize| {
            let weights = map.tensors.get(&format!("{prefix}.{i}.{j}"))?;
            Some(Tensor::from_data(TensorData::new(weights.values.clone(), [weights.values.len()]), &device.clone().inner()))
        };
        let last =
            map.tensors.keys().filter_map(|k| k.strip_prefix(prefix)?.strip_prefix('.')?.split('.').next()?.parse::<usize>().ok()).max();
        let count = last.map_or(0, |last| last + 1);
        self.moments = (0..count).map(|i| (0..2).map_while(|j| read(i, j)).collect()).collect();
    }

    fn advance(&mut self, index: usize, value: Tensor<1>, gradient: Tensor<1>, rate: f64) -> Tensor<1> {
        if self.moments.len() <= index {
            self.moments.resize_with(index + 1, Vec::new);
        }
        let old = std::mem::take(&mut self.moments[index]);
        let (value, moments) = match self.rule {
            Rule::Sgd { momentum, decay } => {
                let gradient = gradient + value.clone().mul_scalar(decay);
                let velocity = match old.into_iter().next() {
                    Some(velocity) => velocity.mul_scalar(momentum) + gradient,
                    None => gradient,
                };
                (value - velocity.clone().mul_scalar(rate), vec![velocity])
            }
            Rule::Adam { beta1, beta2 } => {
                let mut old = old.into_iter();
                let blend = |old: Option<Tensor<1>>, new: Tensor<1>, beta: f64| match old {
                    Some(old) => old.mul_scalar(beta) + new.mul_scalar(1.0 - beta),
                    None => new.mul_scalar(1.0 - beta),
                };
                let first = blend(old.next(), gradient.clone(), beta1);
                let second = blend(old.next(), gradient.clone() * gradient, beta2);
                let (c1, c2) = (1.0 - beta1.powi(self.steps), 1.0 - beta2.powi(self.steps));
                let scale = second.clone().div_scalar(c2).sqrt().add_scalar(EPSILON);
                (value - (first.clone() / scale).mul_scalar(rate / c1), vec![first, second])
            }
        };
        self.moments[index] = moments;
        value
    }
}

struct Step<'a> {
    optimiser: &'a mut Optimiser,
    gradients: &'a mut Gradients,
    rate: f64,
    next: usize,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.next;
        self.next += 1;
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = tensor.grad_remove(self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let dims = tensor.dims();
        let count = dims.iter().product::<usize>();
        let value = tensor.inner().reshape([count]);
        let value = self.optimiser.advance(index, value, gradient.inner().reshape([count]), self.rate);
        Param::from_mapped_value(id, Tensor::from_inner(value.reshape(dims)).require_grad(), mapper)
    }
}
