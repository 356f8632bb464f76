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
    drawn(module, seed, Start::Usual)
}

/// The module with weights drawn from `seed` that are large enough for deep networks without normalisation to learn at once (He et al., ICCV
/// 2015: variance 2 / fan-in), and biases 0.
pub fn lively<M: Module>(module: M, seed: u64) -> M {
    drawn(module, seed, Start::Lively)
}

/// The module with weights drawn from `seed`, normal with mean 0 and standard deviation .02, and biases 0, as networks that draw pictures
/// begin (Radford et al., ICLR 2016): one that changes a picture begins by hardly changing it.
pub fn faint<M: Module>(module: M, seed: u64) -> M {
    drawn(module, seed, Start::Faint)
}

fn drawn<M: Module>(module: M, seed: u64, start: Start) -> M {
    module.map(&mut Init { rng: ChaCha20Rng::seed_from_u64(seed), layers: Vec::new(), bound: 0.0, start })
}

/// How large first weights are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Usual,
    Faint,
    Lively,
}

/// Standard deviation of faint weights.
const FAINT: f32 = 0.02;

struct Init {
    rng: ChaCha20Rng,
    layers: Vec<String>,
    bound: f32,
    start: Start,
}

impl Init {
    /// One normal number of mean 0 and variance 1 (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        let (radius, turn) = (self.rng.random_range(f32::EPSILON..1.0), self.rng.random_range(0.0..std::f32::consts::TAU));
        (-2.0 * radius.ln()).sqrt() * turn.cos()
    }
}

impl ModuleMapper for Init {
    fn enter_module(&mut self, _name: &str, container_type: &str) {
        self.layers.push(container_type.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.layers.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.layers.iter().any(|layer| layer.ends_with("BatchNorm") || layer.ends_with("InstanceNorm")) {
            return param;
        }
        let tracked = param.is_require_grad();
        let (id, old, mapper) = param.consume();
        let dims = old.dims();
        let bias = D == 1 || D == 3 && dims[1] == 1;
        if !bias {
            let transposed = self.layers.iter().any(|layer| layer.contains("Transpose"));
            // Linear weights are [in, out], convolutions [out, in, h, w], transposed ones [in, out, h, w]; PyTorch counts
            // the second axis of the latter as fan-in. Stacked linear layers are [nets, in, out], their biases [nets, 1, out].
            let fan_in = match D {
                2 => dims[0],
                3 => dims[1],
                _ => dims[1..].iter().product(),
            };
            debug_assert!(!transposed || D == 4);
            self.bound = 1.0 / (fan_in as f32).sqrt();
        }
        let count = dims.iter().product();
        let draw = |_| match (self.start, bias) {
            (Start::Usual, _) => self.rng.random_range(-self.bound..self.bound),
            // Uniform numbers within a bound have a third of its square as variance.
            (Start::Lively, false) => 6.0f32.sqrt() * self.rng.random_range(-self.bound..self.bound),
            (Start::Faint, false) => FAINT * self.normal(),
            (Start::Faint | Start::Lively, true) => 0.0,
        };
        let values: Vec<f32> = (0..count).map(draw).collect();
        let new = Tensor::<D>::from_data(TensorData::new(values, dims), &old.device()).set_require_grad(tracked);
        Param::from_mapped_value(id, new, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;
    use crate::nn::encoder::Encoder;
    use crate::nn::host::{Host, HostKind};
    use crate::nn::weights::WeightMap;
    use burn::tensor::Device;

    const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

    fn weights<M: Module>(module: M) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("", &module);
        map
    }

    fn lenet(seed: u64) -> WeightMap {
        weights(seeded(Host::new(HostKind::Lenet5, GREY, 3, &Device::flex()), seed))
    }

    #[test]
    fn lively_weights_have_the_variance_that_keeps_signals_alive() {
        let map = weights(lively(Host::new(HostKind::Lenet5, GREY, 3, &Device::flex()), 3));
        let variance = |name: &str| {
            let values = &map.tensors[name].values;
            values.iter().map(|value| f64::from(value * value)).sum::<f64>() / values.len() as f64
        };
        let widest = map.tensors.iter().filter(|(_, w)| w.shape.len() == 2).max_by_key(|(_, w)| w.values.len()).unwrap();
        let fan_in = widest.1.shape[1] as f64;
        assert!((variance(widest.0) * fan_in / 2.0 - 1.0).abs() < 0.1, "{} of {}", variance(widest.0), 2.0 / fan_in);
        assert!(map.tensors.iter().filter(|(_, w)| w.shape.len() == 1).all(|(_, w)| w.values.iter().all(|v| *v == 0.0)));
    }

    #[test]
    fn the_seed_alone_decides() {
        assert_eq!(lenet(4), lenet(4));
        let (one, other) = (lenet(4), lenet(5));
        for (name, tensor) in &one.tensors {
            assert_ne!(tensor, &other.tensors[name], "{name}");
        }
    }

    #[test]
    fn weights_and_biases_fill_plus_minus_one_over_the_root_of_the_fan_in() {
        let map = lenet(1);
        for (layer, fan_in) in [("conv1", 25), ("conv2", 150), ("fc1", 64), ("fc2", 120), ("fc3", 84)] {
            let bound = 1.0 / (fan_in as f32).sqrt();
            for kind in ["weight", "bias"] {
                let values = &map.tensors[&format!("{layer}.{kind}")].values;
                assert!(values.iter().all(|v| v.abs() <= bound), "{layer}.{kind} leaves ±{bound}");
            }
            let largest = map.tensors[&format!("{layer}.weight")].values.iter().fold(0.0f32, |most, v| most.max(v.abs()));
            assert!(largest > 0.9 * bound, "{layer} fills only ±{largest} of ±{bound}");
        }
    }

    #[test]
    fn faint_weights_are_normal_and_their_biases_zero() {
        let map = weights(faint(Host::new(HostKind::Lenet5, GREY, 3, &Device::flex()), 1));
        assert!(map.tensors["fc1.bias"].values.iter().all(|v| *v == 0.0));
        let values: Vec<f64> = map.tensors["fc1.weight"].values.iter().map(|v| f64::from(*v)).collect();
        let (mean, sd) = crate::metrics::mean_sd(&values).unwrap();
        assert!(mean.abs() < 1e-3 && (sd - 0.02).abs() < 1e-3, "{mean} {sd}");
        let far = values.iter().filter(|v| v.abs() > 0.04).count() as f64 / values.len() as f64;
        assert!((far - 0.0455).abs() < 0.01, "{far}");
    }

    #[test]
    fn transposed_convolutions_count_the_second_axis_as_fan_in() {
        let map = weights(seeded(Encoder::new(GREY, 4, false, &Device::flex()), 1));
        let values = &map.tensors["cover.first.weight"].values;
        assert!(values.iter().all(|v| v.abs() <= 1.0 / 27f32.sqrt()));
    }

    #[test]
    fn normalisation_keeps_its_ones_and_zeros() {
        let map = weights(seeded(Encoder::new(GREY, 4, false, &Device::flex()), 1));
        let mut seen = 0;
        for (name, tensor) in map.tensors.iter().filter(|(name, _)| name.contains("norm")) {
            let start = if name.ends_with("weight") || name.ends_with("running_var") { 1.0 } else { 0.0 };
            assert!(tensor.values.iter().all(|v| *v == start), "{name}");
            seen += 1;
        }
        assert_eq!(seen, 7 * 4);
    }
}
