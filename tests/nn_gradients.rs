//! Gradients of the networks against finite differences, and the SSIM loss against SciPy (tests/reference/images.json).

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use countermark::data::Shape;
use countermark::nn::batch::quantise;
use countermark::nn::critic::Critic;
use countermark::nn::encoder::Encoder;
use countermark::nn::host::{Host, HostKind};
use countermark::nn::init::seeded;
use countermark::nn::ssim::Ssim;
use serde_json::Value;

const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

fn device() -> Device {
    Device::flex().autodiff()
}

/// Numbers in [-1, 1], the same for the same seed.
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

fn tensor<const D: usize>(dims: [usize; D], seed: u64) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(dims.iter().product(), seed), dims), &device())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Sum of output times fixed numbers: as a tensor to go back from, and in double precision to take differences of.
fn loss<const D: usize>(output: Tensor<D>) -> (Tensor<1>, f64) {
    let dims = output.dims();
    let factors = numbers(dims.iter().product(), 77);
    let exact = floats(output.clone()).iter().zip(&factors).map(|(o, f)| f64::from(*o) * f64::from(*f)).sum();
    let factors = Tensor::<D>::from_data(TensorData::new(factors, dims), &device());
    ((output * factors).sum(), exact)
}

/// The gradient of each tensor of a module, empty where there is none.
struct Collect<'a>(&'a Gradients, Vec<Vec<f32>>);

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1.push(param.val().grad(self.0).map(floats).unwrap_or_default());
    }
}

/// Adds a change to one tensor of a module.
struct Shift<'a> {
    next: usize,
    index: usize,
    by: &'a [f32],
}

impl ModuleMapper for Shift<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.next += 1;
        if self.next != self.index + 1 {
            return param;
        }
        let (id, old, mapper) = param.consume();
        let dims = old.dims();
        let values: Vec<f32> = floats(old).iter().zip(self.by).map(|(v, by)| v + by).collect();
        Param::from_mapped_value(id, Tensor::from_data(TensorData::new(values, dims), &device()).require_grad(), mapper)
    }
}

/// Half gradient, half chance, of length 1: a direction that shows both a wrong length and a wrong direction of the gradient.
fn direction(gradient: &[f32], seed: u64) -> Vec<f32> {
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    let chance = numbers(gradient.len(), seed);
    let (g, c) = (length(gradient), length(&chance));
    let mixed: Vec<f32> = gradient.iter().zip(&chance).map(|(a, b)| a / g + b / c).collect();
    let whole = length(&mixed);
    mixed.iter().map(|v| v / whole).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// Small, because the networks have kinks; sums are taken in double precision.
const STEP: f32 = 4e-4;

fn agree(what: &str, found: f64, slope: f64) {
    assert!((found - slope).abs() <= 0.02 * slope.abs() + 0.01, "{what}: gradient {found}, finite difference {slope}");
}

/// Compares each tensor's gradient with a central difference. `learnt`: how many tensors must have a gradient that is not nothing.
fn check_module<M: Module, const D: usize>(module: &M, learnt: usize, forward: impl Fn(&M) -> Tensor<D>) {
    let gradients = loss(forward(module)).0.backward();
    let mut collect = Collect(&gradients, Vec::new());
    module.visit(&mut collect);
    let mut seen = 0;
    for (index, gradient) in collect.1.iter().enumerate().filter(|(_, g)| !g.is_empty()) {
        let along = direction(gradient, index as u64 + 1);
        let moved = |by: f32| {
            let by: Vec<f32> = along.iter().map(|v| v * by).collect();
            loss(forward(&module.clone().map(&mut Shift { next: 0, index, by: &by }))).1
        };
        let slope = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
        agree(&format!("tensor {index}"), dot(gradient, &along), slope);
        seen += usize::from(slope.abs() > 0.05);
    }
    assert!(seen >= learnt, "only {seen} tensors move the output");
}

/// The same for an input.
fn check_input<const D: usize>(dims: [usize; 4], values: Vec<f32>, forward: impl Fn(Tensor<4>) -> Tensor<D>) {
    let input = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, dims), &device()).require_grad();
    let x = input(values.clone());
    let gradient = floats(x.grad(&loss(forward(x.clone())).0.backward()).unwrap());
    for seed in 1..4 {
        let along = direction(&gradient, seed);
        let moved = |by: f32| loss(forward(input(values.iter().zip(&along).map(|(v, a)| v + by * a).collect()))).1;
        let slope = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
        agree("input", dot(&gradient, &along), slope);
    }
}

#[test]
fn lenet5() {
    let host = seeded(Host::new(HostKind::Lenet5, GREY, 3, &device()), 3);
    check_module(&host, 9, |host| host.forward(tensor([6, 1, 8, 8], 1)).mul_scalar(10.0));
    check_input([6, 1, 8, 8], numbers(384, 1), |x| host.forward(x).mul_scalar(10.0));
}

#[test]
fn grey_encoder() {
    for residual in [false, true] {
        let encoder = seeded(Encoder::new(GREY, 4, residual, &device()), 4);
        // Biases before a normalisation change nothing: 7 of 30 tensors.
        check_module(&encoder, 20, |encoder| encoder.forward(tensor([4, 1, 8, 8], 1).mul_scalar(0.4), tensor([4, 1, 8, 8], 2)));
    }
    let encoder = seeded(Encoder::new(GREY, 4, false, &device()), 4);
    check_input([4, 1, 8, 8], numbers(256, 1), |x| encoder.forward(x, tensor([4, 1, 8, 8], 2)));
}

/// One logo for all pictures is the same as a copy of it for each, there and back.
#[test]
fn an_encoder_takes_one_logo_for_all_pictures() {
    for shape in [GREY, Shape { channels: 3, height: 32, width: 32 }] {
        let encoder = seeded(Encoder::new(shape, 4, false, &device()), 4);
        let Shape { channels, height, width } = shape;
        let run = |copies: usize| {
            let pictures = tensor([3, channels, height, width], 1).mul_scalar(0.4).require_grad();
            let logo = tensor([1, channels, height, width], 2).require_grad();
            let keys = encoder.forward(pictures.clone(), logo.clone().repeat_dim(0, copies));
            let (loss, _) = loss(keys.clone());
            let gradients = loss.backward();
            let passed = [pictures, logo].map(|x| floats(x.grad(&gradients).unwrap()));
            (floats(keys), passed)
        };
        let (once, thrice) = (run(1), run(3));
        let pairs = [(&once.0, &thrice.0), (&once.1[0], &thrice.1[0]), (&once.1[1], &thrice.1[1])];
        for (found, wanted) in pairs {
            let most = wanted.iter().fold(1.0f32, |most, v| most.max(v.abs()));
            assert!(found.iter().zip(wanted).all(|(f, w)| (f - w).abs() < 2e-4 * most));
        }
    }
}

#[test]
fn critics() {
    let critic = seeded(Critic::new(GREY, &device()), 5);
    check_module(&critic, 5, |critic| critic.forward(tensor([6, 1, 8, 8], 1)).mul_scalar(10.0));
    check_input([6, 1, 8, 8], numbers(384, 1), |x| critic.forward(x).mul_scalar(10.0));
    let critic = seeded(Critic::new(Shape { channels: 3, height: 8, width: 8 }, &device()), 5);
    check_module(&critic, 15, |critic| critic.forward(tensor([6, 3, 8, 8], 1)));
}

#[test]
fn the_ssim_loss() {
    let ssim = Ssim::new(12, 14, 2.0, &device());
    let other = || tensor([2, 3, 12, 14], 9);
    check_input([2, 3, 12, 14], numbers(1008, 1), |x| ssim.forward(x, other()).mul_scalar(300.0));
    check_input([2, 3, 12, 14], numbers(1008, 1), |x| ssim.forward(other(), x).mul_scalar(300.0));
}

#[test]
fn quantising_rounds_to_8_bits_and_lets_the_gradient_pass() {
    let values = [-1.0f32, -0.999, -0.5, 0.0, 0.0039, 0.5, 1.0, -1.7, 1.2];
    let x = Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 1, 3, 3]), &device()).require_grad();
    let y = quantise(x.clone());
    for (found, value) in floats(y.clone()).into_iter().zip(values) {
        let level = (f64::from(found) + 1.0) * 127.5;
        assert!((level - level.round()).abs() < 1e-4 && (0.0..=255.0).contains(&level.round()), "{found}");
        assert!((found - value.clamp(-1.0, 1.0)).abs() <= 1.0 / 255.0 + 1e-6, "{found} for {value}");
    }
    let gradient = floats(x.grad(&y.sum().backward()).unwrap());
    assert_eq!(gradient[1..6], [1.0; 5]);
    assert_eq!(gradient[7..], [0.0; 2]);
}

#[test]
fn ssim_agrees_with_scipy_where_zeros_surround_the_picture() {
    let whole: Value = serde_json::from_str(include_str!("reference/images.json")).unwrap();
    let cases = whole["cases"].as_array().unwrap();
    assert!(cases.len() >= 5);
    for case in cases {
        let count = |name: &str| case[name].as_u64().unwrap() as usize;
        let (channels, height, width, amplitude) = (count("channels"), count("height"), count("width"), count("amplitude") as i64);
        let mut state: i64 = 1;
        let (mut original, mut marked) = (Vec::new(), Vec::new());
        for i in 0..channels * height * width {
            let (c, y, x) = (i / (height * width), i / width % height, i % width);
            let value = (60 * ((x / 5 + y / 7 + c) % 3) + (2 * x + 3 * y) % 120) as i64;
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            let noisy = (value + (state >> 16) % (2 * amplitude + 1) - amplitude).clamp(0, 255);
            original.push(value as f32 / 127.5 - 1.0);
            marked.push(noisy as f32 / 127.5 - 1.0);
        }
        let picture = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, [1, channels, height, width]), &Device::flex());
        let ssim = Ssim::new(height, width, 2.0, &Device::flex());
        let found = floats(ssim.forward(picture(original.clone()), picture(marked)))[0];
        let wanted = case["ssim_zero_padding"].as_f64().unwrap();
        assert!((f64::from(found) - wanted).abs() < 2e-5, "{found} for {wanted} at {channels}x{height}x{width}");
        let same = floats(ssim.forward(picture(original.clone()), picture(original)))[0];
        assert!((same - 1.0).abs() < 1e-5, "{same}");
    }
}
