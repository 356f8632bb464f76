//! The weights of a host that a mark can lie in which is read from the inside (Uchida et al., ICMR 2017).

use super::host::Host;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

struct Find {
    most: usize,
    found: Option<Tensor<2>>,
}

impl ModuleVisitor for Find {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D != 4 {
            return;
        }
        let weight = param.val();
        let dims = weight.dims();
        let inputs: usize = dims[1..].iter().product();
        let known = self.found.as_ref().map_or(0, |found| found.dims()[1]);
        if inputs <= self.most && inputs > known {
            self.found = Some(weight.reshape([dims[0], inputs]));
        }
    }
}

/// Of the convolution with the most inputs, `most` at most, the mean over its outputs, `[inputs]`, as in the paper; nothing where every
/// convolution has more. Gradients flow back to it.
pub fn mean_kernel(host: &Host, most: usize) -> Option<Tensor<1>> {
    let mut find = Find { most, found: None };
    host.visit(&mut find);
    find.found.map(|weight| weight.mean_dim(0).flatten(0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;
    use crate::nn::host::HostKind;
    use burn::tensor::Device;

    #[test]
    fn the_widest_convolution_that_fits_is_taken() {
        let grey = Shape { channels: 1, height: 32, width: 32 };
        let found = |kind, most| {
            let host = Host::new(kind, grey, 10, &Device::flex());
            mean_kernel(&host, most).map(|mean| mean.dims()[0])
        };
        assert_eq!(found(HostKind::Lenet5, 1024), Some(6 * 25));
        assert_eq!(found(HostKind::Lenet5, 30), Some(25));
        assert_eq!(found(HostKind::Lenet5, 8), None);
        assert_eq!(found(HostKind::Vgg11, 1024), Some(64 * 9));
    }
}
