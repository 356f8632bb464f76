//! The CPU backend against wgpu: what every layer gives and which gradients it passes back.
//!
//! By default one small test on a software Vulkan driver. `scripts/gpu_parity` (COUNTERMARK_GPU_PARITY=1) compares every
//! layer, on a real GPU if there is one; on a software driver that takes minutes, because each shape is tuned first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::Module;
use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
use burn::nn::{BatchNormConfig, LinearConfig, PaddingConfig2d};
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, DeviceKind, Int, Tensor, TensorData, activation};
use countermark::nn::batch::quantise;
use countermark::nn::device::{Compute, settle};
use countermark::nn::ssim::Ssim;
use countermark::nn::weights::WeightMap;

/// Tunes as little as can be: the software driver takes seconds to compile each candidate.
fn settle_quickly() {
    use cubecl_runtime::config::autotune::{AutotuneLevel, BenchConfig};
    use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};
    let mut config = CubeClRuntimeConfig::default();
    config.autotune.level = AutotuneLevel::Minimal;
    config.autotune.bench = BenchConfig { min_samples: 1, max_samples: 1, ..BenchConfig::default() };
    // Another test of this file may have settled it already.
    let _ = CubeClRuntimeConfig::try_set(config);
    settle();
}

/// A software Vulkan device, if a driver answers.
fn software() -> Option<Device> {
    settle_quickly();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let found = adapters.iter().map(wgpu::Adapter::get_info).find(|info| info.device_type == wgpu::DeviceType::Cpu)?;
    println!("comparing on {}", found.name);
    Some(Device::wgpu(DeviceKind::Cpu))
}

/// The device of the full comparison: a real GPU, or else the software driver.
fn strongest() -> Option<Device> {
    let best = Compute::best();
    if best.is_cpu {
        return software();
    }
    println!("comparing on {}", best.name);
    Some(best.device)
}

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn tensor<const D: usize>(dims: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(dims.iter().product(), seed), dims), device)
}

/// The module with the same weights on every device.
fn same<M: Module>(module: M) -> M {
    let mut map = WeightMap::default();
    map.add("", &module);
    for (i, (name, weights)) in map.tensors.iter_mut().enumerate().filter(|(_, (name, _))| !name.contains("running")) {
        let shift = if name.ends_with("gamma") { 1.0 } else { 0.0 };
        weights.values = numbers(weights.values.len(), i as u64 + 50).into_iter().map(|v| shift + 0.3 * v).collect();
    }
    map.load("", module).unwrap()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// What a layer gives, and the gradients of its input and weights, by name.
type Trace = Vec<(String, Vec<f32>)>;

fn trace<M: Module, const D: usize>(module: &M, input: [usize; 4], device: &Device, forward: impl Fn(&M, Tensor<4>) -> Tensor<D>) -> Trace {
    struct Collect<'a>(&'a burn::tensor::Gradients, Trace);
    impl burn::module::ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.0) {
                self.1.push((format!("gradient of weights {}", self.1.len()), floats(gradient)));
            }
        }
    }
    let x = tensor(input, 1, device).require_grad();
    let output = forward(module, x.clone());
    let gradients = (output.clone() * tensor(output.dims(), 2, device)).sum().backward();
    let mut collect = Collect(&gradients, vec![("output".to_owned(), floats(output))]);
    collect.1.extend(x.grad(&gradients).map(|gradient| ("gradient of the input".to_owned(), floats(gradient))));
    module.visit(&mut collect);
    collect.1
}

fn agree(layer: &str, cpu: &Trace, gpu: &Trace) {
    assert_eq!(cpu.len(), gpu.len(), "{layer}");
    assert!(cpu.len() > 1, "{layer} passes no gradient");
    for ((what, wanted), (_, found)) in cpu.iter().zip(gpu) {
        assert_eq!(wanted.len(), found.len(), "{layer}: {what}");
        let scale = wanted.iter().fold(1e-2f32, |most, v| most.max(v.abs()));
        let worst = wanted.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= 1e-4 * scale, "{layer}: {what} differs by {worst} on a scale of {scale}");
    }
}

macro_rules! compare {
    ($gpu:expr, $name:literal, $input:expr, $make:expr, $forward:expr) => {{
        let on = |device: &Device| trace(&same(($make)(device)), $input, device, $forward);
        agree($name, &on(&Device::flex().autodiff()), &on(&$gpu.clone().autodiff()));
        println!("{} agrees", $name);
    }};
}

#[derive(Module, Debug)]
struct Small {
    conv: burn::nn::conv::Conv2d,
    linear: burn::nn::Linear,
}

#[test]
fn a_convolution_and_a_linear_layer_agree_with_the_gpu() {
    let Some(gpu) = software() else {
        println!("SKIPPED: no software Vulkan driver answers (on Debian: mesa-vulkan-drivers)");
        return;
    };
    let make = |device: &Device| Small {
        conv: Conv2dConfig::new([1, 2], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device),
        linear: LinearConfig::new(32, 3).init(device),
    };
    compare!(gpu, "convolution and linear layer", [2, 1, 4, 4], make, |small: &Small, x: Tensor<4>| {
        small.linear.forward(activation::leaky_relu(small.conv.forward(x), 0.2).flatten::<2>(1, 3))
    });
}

#[test]
fn every_layer_agrees_with_the_gpu() {
    if std::env::var_os("COUNTERMARK_GPU_PARITY").is_none() {
        println!("SKIPPED: set COUNTERMARK_GPU_PARITY=1 to compare every layer");
        return;
    }
    let Some(gpu) = strongest() else {
        println!("SKIPPED: no Vulkan driver answers");
        return;
    };
    let conv = |channels: [usize; 2], kernel: usize, stride: usize, padding: usize| {
        move |device: &Device| {
            Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .init(device)
        }
    };
    let up = |channels: [usize; 2], kernel: usize, stride: usize| {
        move |device: &Device| {
            ConvTranspose2dConfig::new(channels, [kernel, kernel]).with_stride([stride, stride]).with_padding([1, 1]).init(device)
        }
    };
    let nothing = |_: &Device| Vec::<burn::nn::Linear>::new();
    compare!(gpu, "convolution 3x3", [2, 3, 8, 8], conv([3, 4], 3, 1, 1), |layer: &burn::nn::conv::Conv2d, x| layer.forward(x));
    compare!(gpu, "convolution 5x5", [2, 1, 8, 8], conv([1, 6], 5, 1, 2), |layer: &burn::nn::conv::Conv2d, x| layer.forward(x));
    compare!(gpu, "convolution 4x4, stride 2", [2, 3, 8, 8], conv([3, 4], 4, 2, 1), |layer: &burn::nn::conv::Conv2d, x| layer.forward(x));
    compare!(gpu, "convolution 1x1, stride 2", [2, 3, 8, 8], conv([3, 4], 1, 2, 0), |layer: &burn::nn::conv::Conv2d, x| layer.forward(x));
    compare!(gpu, "transposed convolution 3x3", [2, 3, 8, 8], up([3, 3], 3, 1), |layer: &burn::nn::conv::ConvTranspose2d, x| layer
        .forward(x));
    compare!(gpu, "transposed convolution 4x4, stride 2", [2, 4, 4, 4], up([4, 3], 4, 2), |layer: &burn::nn::conv::ConvTranspose2d, x| {
        layer.forward(x)
    });
    compare!(
        gpu,
        "batch normalisation while learning",
        [4, 3, 4, 4],
        |device: &Device| BatchNormConfig::new(3).init(device),
        |layer: &burn::nn::BatchNorm, x: Tensor<4>| layer.forward(x)
    );
    compare!(
        gpu,
        "linear layer",
        [5, 1, 3, 4],
        |device: &Device| LinearConfig::new(12, 7).init(device),
        |layer: &burn::nn::Linear, x: Tensor<4>| layer.forward(x.flatten::<2>(1, 3))
    );
    type Nothing = Vec<burn::nn::Linear>;
    compare!(gpu, "max-pooling 2x2", [2, 3, 6, 6], nothing, |_: &Nothing, x| max_pool2d(x, MaxPoolOptions::new([2, 2])));
    compare!(gpu, "leaky ReLU", [2, 3, 4, 4], nothing, |_: &Nothing, x| activation::leaky_relu(x, 0.2));
    compare!(gpu, "tanh", [2, 3, 4, 4], nothing, |_: &Nothing, x| activation::tanh(x));
    compare!(gpu, "quantising", [2, 3, 4, 4], nothing, |_: &Nothing, x| quantise(x));
    compare!(gpu, "cross entropy", [6, 1, 2, 5], nothing, |_: &Nothing, x: Tensor<4>| {
        let labels = Tensor::<2, Int>::from_data([[0], [3], [9], [1], [1], [4]], &x.device());
        activation::log_softmax(x.flatten::<2>(1, 3), 1).gather(1, labels)
    });
    compare!(gpu, "SSIM", [2, 1, 12, 12], nothing, |_: &Nothing, x: Tensor<4>| {
        let device = x.device();
        Ssim::new(12, 12, 2.0, &device).forward(x, tensor([2, 1, 12, 12], 3, &device)).mul_scalar(100.0)
    });
}
