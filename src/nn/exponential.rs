//! Weights weighted exponentially (Namba and Sakuma, AsiaCCS 2019): large ones stay, small ones shrink, so that what is learnt hangs on few
//! large ones that pruning and fine-tuning leave alone.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

struct Weigh(f64);

impl ModuleMapper for Weigh {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Biases and what normalises have one dimension, and stay.
        if D < 2 {
            return param;
        }
        let (id, value, mapper) = param.consume();
        let size = value.clone().abs();
        let most = size.clone().max().detach();
        let least_of_all: Tensor<D> = size - most.reshape([1; D]);
        Param::from_mapped_value(id, value * least_of_all.mul_scalar(self.0).exp(), mapper)
    }
}

/// A network whose weights `w` are `w exp((|w| - max |w|) exponent)`, each layer's by its own maximum.
/// Gradients flow back to the weights that it was made from.
pub fn weighted<M: Module>(network: M, exponent: f64) -> M {
    network.map(&mut Weigh(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn large_weights_stay_and_gradients_reach_the_weights_behind() {
        let device = Device::flex().autodiff();
        let mut layer = LinearConfig::new(2, 1).init(&device);
        layer.weight = Param::from_tensor(Tensor::from_data(TensorData::from([[2.0f32], [-0.5]]), &device).require_grad());
        let acting = weighted(layer.clone(), 2.0);
        let values: Vec<f32> = acting.weight.val().into_data().iter().collect();
        let shrunk = -0.5 * (2.0f32 * (0.5 - 2.0)).exp();
        assert!((values[0] - 2.0).abs() < 1e-6 && (values[1] - shrunk).abs() < 1e-6, "{values:?}");
        assert_eq!(acting.bias.as_ref().unwrap().val().into_data(), layer.bias.as_ref().unwrap().val().into_data());
        let answer = acting.forward(Tensor::<2>::ones([1, 2], &device));
        let gradients = answer.sum().backward();
        let slope: Vec<f32> = layer.weight.val().grad(&gradients).unwrap().into_data().iter().collect();
        // d/dw of w exp(2 (|w| - 2)): (1 + 2 |w|) exp(2 (|w| - 2)).
        assert!((slope[0] - 5.0).abs() < 1e-5 && (slope[1] - 2.0 * (-3.0f32).exp()).abs() < 1e-5, "{slope:?}");
    }
}
