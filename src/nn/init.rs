//! First weights from a seed alone, the same on every device.
//!
//! burn draws first weights from a generator that all threads share; here each tensor gets its own numbers from a seed, in the
//! order of the module's fields, uniform in ±1/sqrt(fan-in) as PyTorch initialises linear and convolution layers. Parameters of
//! normalisation layers keep their ones and zeros.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// The module with first weights drawn from `seed`.
pub fn seeded<M: Module>(module: M, seed: u64) -> M {
    module.map(&mut Init { rng: ChaCha20Rng::seed_from_u64(seed), layers: Vec::new(), bound: 0.0 })
}

struct Init {
    rng: ChaCha20Rng,
    layers: Vec<String>,
    bound: f32,
}

impl ModuleMapper for Init {
    fn enter_module(&mut self, _name: &str, container_type: &str) {
        self.layers.push(container_type.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.layers.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.layers.iter().any(|layer| layer.contains("BatchNorm")) {
            return param;
        }
        let (id, old, mapper) = param.consume();
        let dims = old.dims();
        if D > 1 {
            let transposed = self.layers.iter().any(|layer| layer.contains("Transpose"));
            // Linear weights are [in, out], convolutions [out, in, h, w], transposed ones [in, out, h, w]; PyTorch counts
            // the second axis of the latter as fan-in.
            let fan_in = if D == 2 { dims[0] } else { dims[1..].iter().product() };
            debug_assert!(!transposed || D == 4);
            self.bound = 1.0 / (fan_in as f32).sqrt();
        }
        let count = dims.iter().product();
        let values: Vec<f32> = (0..count).map(|_| self.rng.random_range(-self.bound..self.bound)).collect();
        let new = Tensor::<D>::from_data(TensorData::new(values, dims), &old.device()).require_grad();
        Param::from_mapped_value(id, new, mapper)
    }
}
