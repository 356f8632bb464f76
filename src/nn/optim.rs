//! Optimisers whose whole state can be written down and read back bit by bit.
//!
//! The formulas are PyTorch's, so that published learning rates mean the same here. State lies in the order in which the module
//! names its parameters.

use super::ops::rules::{self, Adam, Sgd};
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

/// A learning rate that falls from `first` to zero along half a cosine; `share` of the steps are done, 0..1.
pub fn cosine(first: f64, share: f64) -> f64 {
    first * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
}

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

    fn advance<const D: usize>(&mut self, index: usize, value: Tensor<D>, gradient: Tensor<D>, rate: f64) -> Tensor<D> {
        if self.moments.len() <= index {
            self.moments.resize_with(index + 1, Vec::new);
        }
        let mut old = std::mem::take(&mut self.moments[index]).into_iter();
        let count = value.dims().iter().product::<usize>();
        let mut moment = || old.next().unwrap_or_else(|| Tensor::zeros([count], &value.device()));
        let (value, moments) = match self.rule {
            Rule::Sgd { momentum, decay } => {
                let velocity = moment();
                let (value, velocity) = rules::sgd(value, gradient, velocity, Sgd { momentum, decay, rate });
                (value, vec![velocity])
            }
            Rule::Adam { beta1, beta2 } => {
                let moments = [moment(), moment()];
                let corrections = [beta1, beta2].map(|beta| 1.0 - beta.powi(self.steps));
                let (value, moments) = rules::adam(value, gradient, moments, Adam { betas: [beta1, beta2], corrections, rate });
                (value, moments.into())
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
        let value = self.optimiser.advance(index, tensor.inner(), gradient.inner(), self.rate);
        Param::from_mapped_value(id, Tensor::from_inner(value).require_grad(), mapper)
    }
}
