//! The CPU backend against wgpu: what every layer, loss and network gives and which gradients it passes back, through the same
//! functions (`nn::ops`) that the program calls.
//!
//! By default on a software Vulkan driver: all operations, and the networks of the blind watermark. It compiles slowly, so shapes are
//! tiny and shared. `scripts/gpu_parity` (COUNTERMARK_GPU_PARITY=1) takes a real GPU if there is one, and adds the large networks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, InstanceNorm, InstanceNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use countermark::data::Shape;
use countermark::nn::autoencoder::Autoencoders;
use countermark::nn::barrier::{Hider, PatchCritic, Revealer};
use countermark::nn::batch::quantise;
use countermark::nn::critic::Critic;
use countermark::nn::device::{Compute, DeviceChoice};
use countermark::nn::encoder::Encoder;
use countermark::nn::host::{Host, HostKind};
use countermark::nn::init::seeded;
use countermark::nn::mirror::Mirror;
use countermark::nn::ops::{self, Activation};
use countermark::nn::optim::{Optimiser, Rule};
use countermark::nn::ssim::Ssim;
use countermark::nn::weights::WeightMap;
use countermark::schemes::losses::{binary_cross_entropy, cross_entropy};
use std::time::Instant;

/// A software Vulkan device, if a driver answers.
fn software() -> Option<Device> {
    let found = Compute::choose(DeviceChoice::Software).ok()?;
    println!("comparing on {}", found.name);
    Some(found.device)
}

/// Whether everything is compared, on the strongest device.
fn everything() -> bool {
    std::env::var_os("COUNTERMARK_GPU_PARITY").is_some()
}

/// The device to compare the CPU with, or a line that says why there is none.
fn other() -> Option<Device> {
    if everything()
        && let Ok(best) = Compute::choose(DeviceChoice::Gpu)
    {
        println!("comparing on {}", best.name);
        return Some(best.device);
    }
    let device = software();
    if device.is_none() {
        println!("SKIPPED: no software Vulkan driver answers (on Debian: mesa-vulkan-drivers)");
    }
    device
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

/// The module with the same weights on every device, none of them zero or one.
fn same<M: Module>(module: M) -> M {
    let mut map = WeightMap::default();
    map.add("", &module);
    for (i, (name, weights)) in map.tensors.iter_mut().enumerate() {
        let shift = if name.ends_with("gamma") || name.ends_with("running_var") { 1.0 } else { 0.0 };
        weights.values = numbers(weights.values.len(), i as u64 + 50).into_iter().map(|v| shift + 0.3 * v).collect();
    }
    map.load("", module).unwrap()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// What a module gives, and the gradients of its input and weights, by name.
type Trace = Vec<(String, Vec<f32>)>;

/// What a module is asked about: numbers of a seed, each of them off by a few roundings where there is a second seed.
#[derive(Clone, Copy)]
struct Input {
    dims: [usize; 4],
    seed: u64,
    off: Option<u64>,
}

impl Input {
    /// How far off, as a share: more than what rounding adds up to in a network.
    const OFF: f32 = 2e-6;

    fn on(self, device: &Device) -> Tensor<4> {
        let x = tensor(self.dims, self.seed, device);
        match self.off {
            Some(seed) => x.clone() + x * tensor(self.dims, seed, device).mul_scalar(Self::OFF),
            None => x,
        }
    }
}

fn trace<M: Module, const D: usize>(module: &M, input: Input, device: &Device, forward: impl Fn(&M, Tensor<4>) -> Tensor<D>) -> Trace {
    struct Collect<'a>(&'a burn::tensor::Gradients, Trace);
    impl burn::module::ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.0) {
                self.1.push((format!("gradient of weights {}", self.1.len()), floats(gradient)));
            }
        }
    }
    let x = input.on(device).require_grad();
    let output = forward(module, x.clone());
    let gradients = (output.clone() * tensor(output.dims(), 2, device)).sum().backward();
    let mut collect = Collect(&gradients, vec![("output".to_owned(), floats(output))]);
    collect.1.extend(x.grad(&gradients).map(|gradient| ("gradient of the input".to_owned(), floats(gradient))));
    module.visit(&mut collect);
    let mut trace = collect.1;

    // Batch normalisation also keeps statistics, and uses them when it is asked instead of taught.
    let mut kept = WeightMap::default();
    kept.add("", module);
    let kept: Trace = kept.tensors.into_iter().filter(|(name, _)| name.contains("running")).map(|(name, w)| (name, w.values)).collect();
    if !kept.is_empty() {
        trace.extend(kept);
        let asked = forward(&module.valid(), tensor(input.dims, 3, &device.clone().inner()));
        trace.push(("output when asked".to_owned(), floats(asked)));
    }
    trace
}

/// The largest difference, and the scale that it is measured by.
fn apart(wanted: &[f32], found: &[f32]) -> (f32, f32) {
    let scale = wanted.iter().fold(1e-2f32, |most, v| most.max(v.abs()));
    (wanted.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max), scale)
}

fn agree(what: &str, tolerance: f32, cpu: &Trace, gpu: &Trace) {
    agree_but_for(what, tolerance, cpu, gpu, &vec![0.0; cpu.len()]);
}

/// The same where rounding alone moves each part by that much.
fn agree_but_for(what: &str, tolerance: f32, cpu: &Trace, gpu: &Trace, noise: &[f32]) {
    assert_eq!(cpu.len(), gpu.len(), "{what}");
    assert!(cpu.len() > 1, "{what} passes no gradient");
    assert_eq!(cpu.len(), noise.len(), "{what}");
    for (((part, wanted), (_, found)), noise) in cpu.iter().zip(gpu).zip(noise) {
        assert_eq!(wanted.len(), found.len(), "{what}: {part}");
        let (worst, scale) = apart(wanted, found);
        // A number that is none is greater than nothing, so it is asked the other way round.
        assert!(found.iter().all(|v| v.is_finite()), "{what}: {part} is not finite");
        let most = (tolerance * scale).max(4.0 * noise);
        assert!(worst <= most, "{what}: {part} differs by {worst} on a scale of {scale}");
    }
}

/// For one operation.
const LAYER: f32 = 1e-4;
/// For many, one behind the other.
const NETWORK: f32 = 1e-3;
/// How far the CPU's own answers may move, as a share, when the input is off by a few roundings ([`Input::OFF`]).
const STEADY: f32 = 2.5e-4;

fn compare<M: Module, const D: usize>(
    gpu: &Device,
    what: &str,
    tolerance: f32,
    input: [usize; 4],
    make: impl Fn(&Device) -> M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<D>,
) {
    let began = Instant::now();
    let on = |input: Input, device: &Device| trace(&make(device), input, device, &forward);
    let cpu = Device::flex().autodiff();
    // A unit of which rounding decides whether it passes anything makes gradients that differ by more than rounding, on equal devices too.
    // Such an input says nothing, and the next one is taken.
    let steady = |input: Input| {
        let plain = on(input, &cpu);
        let mut noise = vec![0.0f32; plain.len()];
        for off in 11..15 {
            let moved = on(Input { off: Some(off), ..input }, &cpu);
            for (noise, ((part, plain), (_, moved))) in noise.iter_mut().zip(plain.iter().zip(&moved)) {
                let (worst, scale) = apart(plain, moved);
                // What is zero but for rounding, as the gradient of a bias before a normalisation, moves by more than it is.
                if worst > STEADY * scale.max(0.1) {
                    println!("{what}: input {} is not steady, {part} moves by {worst} on a scale of {scale}", input.seed);
                    return None;
                }
                *noise = noise.max(worst);
            }
        }
        Some((input, plain, noise))
    };
    let inputs = (0..50).map(|i| Input { dims: input, seed: 1 + 100 * i, off: None });
    let (input, plain, noise) = inputs.filter_map(steady).next().expect("a steady input");
    agree_but_for(what, tolerance, &plain, &on(input, &gpu.clone().autodiff()), &noise);
    println!("{what} agrees ({:.1} s)", began.elapsed().as_secs_f64());
}

fn layer<M: Module, const D: usize>(
    gpu: &Device,
    what: &str,
    input: [usize; 4],
    make: impl Fn(&Device) -> M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<D>,
) {
    compare(gpu, what, LAYER, input, |device| same(make(device)), forward);
}

fn network<M: Module, const D: usize>(
    gpu: &Device,
    what: &str,
    input: [usize; 4],
    make: impl Fn(&Device) -> M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<D>,
) {
    compare(gpu, what, NETWORK, input, |device| seeded(make(device), 7), forward);
}

/// Stands where there are no weights.
type Nothing = Vec<Linear>;

fn plain<const D: usize>(gpu: &Device, what: &str, input: [usize; 4], forward: impl Fn(Tensor<4>) -> Tensor<D>) {
    layer(gpu, what, input, |_: &Device| Nothing::new(), |_: &Nothing, x| forward(x));
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, padding: usize, bias: bool) -> impl Fn(&Device) -> Conv2d {
    move |device: &Device| {
        Conv2dConfig::new(channels, [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_bias(bias)
            .init(device)
    }
}

fn up(channels: [usize; 2], kernel: usize, stride: usize) -> impl Fn(&Device) -> ConvTranspose2d {
    move |device: &Device| {
        ConvTranspose2dConfig::new(channels, [kernel, kernel]).with_stride([stride, stride]).with_padding([1, 1]).init(device)
    }
}

const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

#[test]
fn convolutions_agree_with_the_gpu() {
    let Some(gpu) = other() else { return };
    let down = |what, input, make: &dyn Fn(&Device) -> Conv2d| layer(&gpu, what, input, make, ops::conv2d);
    down("convolution 3x3", [2, 4, 8, 8], &conv([4, 4], 3, 1, 1, true));
    down("convolution 3x3 without bias, stride 2", [2, 4, 8, 8], &conv([4, 4], 3, 2, 1, false));
    down("convolution 4x4, stride 2", [2, 4, 8, 8], &conv([4, 4], 4, 2, 1, true));
    down("convolution 5x5", [2, 4, 8, 8], &conv([4, 4], 5, 1, 2, true));
    down("convolution 1x1, stride 2", [2, 4, 8, 8], &conv([4, 4], 1, 2, 0, false));
    // One channel, and something fused behind the convolution and behind its gradient: burn 0.22.1 misreads its strides.
    let one = |layer: &Conv2d, x: Tensor<4>| {
        let x = x.tanh();
        let marked = (x.clone() + ops::conv2d(layer, x).tanh().mul_scalar(0.5)).clamp(-1.0, 1.0);
        marked.clone() * marked
    };
    layer(&gpu, "convolution of one channel between other operations", [4, 1, 8, 8], conv([1, 1], 3, 1, 1, true), one);
    layer(&gpu, "transposed convolution 3x3", [2, 4, 8, 8], up([4, 4], 3, 1), ops::conv_transpose2d);
    layer(&gpu, "transposed convolution 4x4, stride 2", [2, 4, 4, 4], up([4, 4], 4, 2), ops::conv_transpose2d);
}

#[test]
fn normalisations_activations_and_pooling_agree_with_the_gpu() {
    let Some(gpu) = other() else { return };
    let batch = |device: &Device| BatchNormConfig::new(4).init(device);
    let picture = |device: &Device| InstanceNormConfig::new(4).init(device);
    for then in [Activation::Linear, Activation::Relu, Activation::Leaky(0.2)] {
        layer(&gpu, &format!("batch normalisation, {then:?}"), [2, 4, 8, 8], batch, |norm: &BatchNorm, x| ops::batch_norm(norm, x, then));
    }
    layer(&gpu, "instance normalisation", [2, 4, 8, 8], picture, |norm: &InstanceNorm, x| ops::instance_norm(norm, x, Activation::Relu));
    plain(&gpu, "max-pooling", [2, 4, 8, 8], |x| ops::max_pool2d(x, Activation::Relu));
    plain(&gpu, "mean pooling", [2, 4, 8, 8], |x| x.reshape([2, 4, 64]).mean_dim(2).reshape([2, 4]));
    plain(&gpu, "ReLU", [2, 4, 8, 8], activation::relu);
    plain(&gpu, "leaky ReLU", [2, 4, 8, 8], |x| activation::leaky_relu(x, 0.2));
    plain(&gpu, "tanh", [2, 4, 8, 8], activation::tanh);
    plain(&gpu, "sigmoid", [2, 4, 8, 8], activation::sigmoid);
    plain(&gpu, "quantising", [2, 4, 8, 8], |x| quantise(x.mul_scalar(1.2)));
    plain(&gpu, "joining two pictures", [2, 4, 8, 8], |x| Tensor::cat(vec![x.clone(), x.mul_scalar(2.0)], 1));
}

#[test]
fn losses_and_optimisers_agree_with_the_gpu() {
    let Some(gpu) = other() else { return };
    plain(&gpu, "cross entropy", [6, 1, 2, 5], |x| {
        let labels = Tensor::<1, Int>::from_data([0, 3, 9, 1, 1, 4], &x.device());
        cross_entropy(x.mul_scalar(4.0).flatten::<2>(1, 3), labels)
    });
    for target in [true, false] {
        plain(&gpu, &format!("binary cross entropy against {target}"), [6, 1, 1, 1], |x| {
            binary_cross_entropy(x.mul_scalar(4.0).flatten::<2>(1, 3), target)
        });
    }
    plain(&gpu, "SSIM", [2, 1, 12, 12], |x| {
        let device = x.device();
        Ssim::new(12, 12, 2.0, &device).forward(x, tensor([2, 1, 12, 12], 3, &device))
    });
    plain(&gpu, "mean square", [2, 4, 8, 8], |x| (x.clone() * x).mean());
    let linear = |device: &Device| LinearConfig::new(16, 4).init(device);
    layer(&gpu, "linear layer", [4, 1, 4, 4], linear, |layer: &Linear, x| layer.forward(x.flatten::<2>(1, 3)));
    let parts =
        |layer: Linear| vec![("weights".to_owned(), floats(layer.weight.val())), ("bias".to_owned(), floats(layer.bias.unwrap().val()))];
    for rule in [Rule::Adam { beta1: 0.5, beta2: 0.999 }, Rule::Sgd { momentum: 0.9, decay: 5e-4 }] {
        let steps = |device: &Device| {
            let device = device.clone().autodiff();
            let (mut module, mut optimiser) = (same(linear(&device)), Optimiser::new(rule));
            for step in 0..3 {
                let loss = module.forward(tensor::<2>([4, 16], step, &device));
                module = optimiser.step(module, &mut (loss.clone() * loss).mean().backward(), 0.05);
            }
            parts(module)
        };
        agree(&format!("three steps of {rule:?}"), LAYER, &steps(&Device::flex()), &steps(&gpu));
        // A checkpoint holds no device: what two steps on the GPU left goes on on the CPU.
        let step = |(mut optimiser, module): (Optimiser, Linear), number: u64, device: &Device| {
            let loss = module.forward(tensor::<2>([4, 16], number, device));
            let module = optimiser.step(module, &mut (loss.clone() * loss).mean().backward(), 0.05);
            (optimiser, module)
        };
        let (there, here) = (gpu.clone().autodiff(), Device::flex().autodiff());
        let begun = (0..2).fold((Optimiser::new(rule), same(linear(&there))), |state, number| step(state, number, &there));
        let mut saved = WeightMap::default();
        saved.add("module.", &begun.1);
        begun.0.save("optimiser", &mut saved);
        let saved = WeightMap::from_safetensors(&saved.to_safetensors().unwrap()).unwrap();
        let mut optimiser = Optimiser::new(rule);
        optimiser.load("optimiser", &saved, &here);
        let moved = (optimiser, saved.load("module.", linear(&here)).unwrap());
        agree(&format!("a checkpoint of {rule:?}"), LAYER, &parts(step(moved, 2, &here).1), &parts(step(begun, 2, &there).1));
    }
}

#[test]
fn the_networks_of_the_blind_watermark_agree_with_the_gpu() {
    let Some(gpu) = other() else { return };
    network(&gpu, "LeNet-5", [4, 1, 8, 8], |device| Host::new(HostKind::Lenet5, GREY, 10, device), Host::forward);
    let mark = |encoder: &Encoder, x: Tensor<4>| {
        let logo = tensor(x.dims(), 4, &x.device());
        encoder.forward(x, logo)
    };
    network(&gpu, "encoder of grey pictures", [4, 1, 8, 8], |device| Encoder::new(GREY, 4, true, device), mark);
    network(&gpu, "critic of grey pictures", [4, 1, 8, 8], |device| Critic::new(GREY, device), Critic::forward);
}

#[test]
fn the_large_networks_agree_with_the_gpu() {
    if !everything() {
        return println!("SKIPPED: the large networks are compared by scripts/gpu_parity");
    }
    let Some(gpu) = other() else { return };
    let colour = Shape { channels: 3, height: 32, width: 32 };
    network(&gpu, "critic of colour pictures", [4, 3, 32, 32], |device| Critic::new(colour, device), Critic::forward);
    let mark = |encoder: &Encoder, x: Tensor<4>| {
        let logo = tensor(x.dims(), 4, &x.device());
        encoder.forward(x, logo)
    };
    network(&gpu, "encoder of colour pictures", [4, 3, 32, 32], |device| Encoder::new(colour, 4, true, device), mark);
    network(&gpu, "ResNet-18", [4, 3, 16, 16], |device| Host::new(HostKind::Resnet18, colour, 10, device), Host::forward);
    network(
        &gpu,
        "hiding network",
        [4, 3, 32, 32],
        |device| Hider::new(3, 4, 4, Some(0.1), device),
        |hider: &Hider, x| {
            let logo = tensor(x.dims(), 4, &x.device());
            hider.forward(x, logo).unwrap()
        },
    );
    network(
        &gpu,
        "revealing network",
        [2, 3, 16, 16],
        |device| Revealer::new(3, 4, false, device),
        |net: &Revealer, x| net.forward(x).unwrap(),
    );
    network(&gpu, "patch critic", [2, 3, 32, 32], |device| PatchCritic::new(3, 4, device), |net: &PatchCritic, x| net.forward(x).unwrap());
    let nets = |device: &Device| Autoencoders::new(2, &[16, 8, 3, 8, 16], device);
    network(&gpu, "autoencoders", [1, 1, 4, 16], nets, |nets: &Autoencoders, x| nets.forward(x.reshape([1, 4, 16])).unwrap());
    let looks = |device: &Device| {
        let mirror = Mirror::new(&seeded(nets(device), 7), tensor([4, 16], 5, device)).unwrap();
        let (loss, gradient) = mirror.look(tensor([16], 6, device)).unwrap();
        vec![("loss".to_owned(), floats(loss)), ("gradient".to_owned(), floats(gradient))]
    };
    agree("mirror of autoencoders", NETWORK, &looks(&Device::flex()), &looks(&gpu));
}
