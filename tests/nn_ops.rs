//! The CPU's own operations against formulas in double precision, whose gradients are finite differences, and against burn's own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, InstanceNorm, InstanceNormConfig, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use countermark::data::Shape;
use countermark::nn::autoencoder::Autoencoders;
use countermark::nn::critic::Critic;
use countermark::nn::encoder::Encoder;
use countermark::nn::host::{Host, HostKind};
use countermark::nn::init::seeded;
use countermark::nn::mirror::Mirror;
use countermark::nn::ops::{
    self, Activation, Curve, batch_norm, conv_transpose2d, conv2d, conv2d_and_pool, dilated_conv2d, instance_norm, max_pool2d, stack,
};
use countermark::nn::optim::{Optimiser, Rule};
use countermark::nn::ssim::Ssim;
use countermark::nn::weights::WeightMap;
use countermark::schemes::losses::{Meter, binary_cross_entropy, cross_entropy};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn device() -> Device {
    Device::flex().autodiff()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() }
}

/// Numbers in [-1, 1], the same for the same seed.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn tensor<const D: usize>(values: &[f64], dims: [usize; D]) -> Tensor<D> {
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    Tensor::from_data(TensorData::new(values, dims), &device())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

/// Central differences of `value` at `x`.
fn differences(x: &[f64], value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let mut moved = x.to_vec();
    let mut at = |i: usize| {
        moved[i] = x[i] + STEP;
        let above = value(&moved);
        moved[i] = x[i] - STEP;
        let below = value(&moved);
        moved[i] = x[i];
        (above - below) / (2.0 * STEP)
    };
    (0..x.len()).map(&mut at).collect()
}

fn near(what: &str, found: &[f64], wanted: &[f64], tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), wanted.len(), "{}", what);
    let size = wanted.iter().fold(1.0f64, |most, v| most.max(v.abs()));
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        prop_assert!((found - wanted).abs() <= tolerance * size, "{} at {}: {} for {}", what, i, found, wanted);
    }
    Ok(())
}

/// What is normalised: pictures, scale, shift, and one factor for each output to make a loss of them.
struct Case {
    dims: [usize; 4],
    x: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    factors: Vec<f64>,
    slope: f64,
    of_batch: bool,
}

impl Case {
    fn new(dims: [usize; 4], seed: u64, offset: f64, slope: f64, of_batch: bool) -> Self {
        let (count, channels) = (dims.iter().product(), dims[1]);
        // Rounded to 32 bits, as the kernels see them.
        let exact = |v: f64| f64::from(v as f32);
        let x = numbers(count, seed).into_iter().map(|v| exact(v + offset)).collect();
        let [gamma, beta] = [seed + 1, seed + 2].map(|seed| numbers(channels, seed).into_iter().map(|v| exact(v + 0.5)).collect());
        Self { dims, x, gamma, beta, factors: numbers(count, seed + 3), slope, of_batch }
    }

    /// Before the activation.
    fn inner(&self, x: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
        let [batch, channels, height, width] = self.dims;
        let area = height * width;
        let mut out = vec![0.0; x.len()];
        for c in 0..channels {
            let pictures: Vec<Vec<usize>> = match self.of_batch {
                true => vec![(0..batch).collect()],
                false => (0..batch).map(|b| vec![b]).collect(),
            };
            for unit in pictures {
                let places: Vec<usize> = unit.iter().flat_map(|b| (0..area).map(move |i| (b * channels + c) * area + i)).collect();
                let count = places.len() as f64;
                let mean = places.iter().map(|&i| x[i]).sum::<f64>() / count;
                let variance = places.iter().map(|&i| (x[i] - mean).powi(2)).sum::<f64>() / count;
                for i in places {
                    out[i] = (x[i] - mean) / (variance + 1e-5).sqrt() * gamma[c] + beta[c];
                }
            }
        }
        out
    }

    fn out(&self, x: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
        self.inner(x, gamma, beta).into_iter().map(|z| if z > 0.0 { z } else { z * self.slope }).collect()
    }

    fn loss(&self, x: &[f64], gamma: &[f64], beta: &[f64]) -> f64 {
        self.out(x, gamma, beta).iter().zip(&self.factors).map(|(o, f)| o * f).sum()
    }

    fn then(&self) -> Activation {
        match self.slope {
            1.0 => Activation::Linear,
            0.0 => Activation::Relu,
            slope => Activation::Leaky(slope),
        }
    }

    fn activate(&self, x: Tensor<4>) -> Tensor<4> {
        match self.slope {
            1.0 => x,
            0.0 => activation::relu(x),
            slope => activation::leaky_relu(x, slope),
        }
    }

    /// Output and the gradients of pictures, scale and shift.
    fn run(&self, scale: Tensor<1>, shift: Tensor<1>, forward: impl FnOnce(Tensor<4>) -> Tensor<4>) -> [Vec<f64>; 4] {
        let x = tensor(&self.x, self.dims).require_grad();
        let out = forward(x.clone());
        let gradients = (out.clone() * tensor(&self.factors, self.dims)).sum().backward();
        let learnt = [scale, shift].map(|t| floats(t.grad(&gradients).unwrap()));
        let [scale, shift] = learnt;
        [floats(out), floats(x.grad(&gradients).unwrap()), scale, shift]
    }

    fn batch_layer(&self) -> BatchNorm {
        let mut layer = BatchNormConfig::new(self.dims[1]).init(&device());
        layer.gamma = layer.gamma.map(|_| tensor(&self.gamma, [self.dims[1]]).require_grad());
        layer.beta = layer.beta.map(|_| tensor(&self.beta, [self.dims[1]]).require_grad());
        layer
    }

    fn instance_layer(&self) -> InstanceNorm {
        let mut layer = InstanceNormConfig::new(self.dims[1]).init(&device());
        layer.gamma = layer.gamma.map(|p| p.map(|_| tensor(&self.gamma, [self.dims[1]]).require_grad()));
        layer.beta = layer.beta.map(|p| p.map(|_| tensor(&self.beta, [self.dims[1]]).require_grad()));
        layer
    }

    fn ours(&self) -> [Vec<f64>; 4] {
        if self.of_batch {
            let layer = self.batch_layer();
            return self.run(layer.gamma.val(), layer.beta.val(), |x| batch_norm(&layer, x, self.then()));
        }
        let layer = self.instance_layer();
        let learnt = |p: &Option<burn::module::Param<Tensor<1>>>| p.as_ref().unwrap().val();
        self.run(learnt(&layer.gamma), learnt(&layer.beta), |x| instance_norm(&layer, x, self.then()))
    }

    fn burns(&self) -> [Vec<f64>; 4] {
        if self.of_batch {
            let layer = self.batch_layer();
            return self.run(layer.gamma.val(), layer.beta.val(), |x| self.activate(layer.forward(x)));
        }
        let layer = self.instance_layer();
        let learnt = |p: &Option<burn::module::Param<Tensor<1>>>| p.as_ref().unwrap().val();
        self.run(learnt(&layer.gamma), learnt(&layer.beta), |x| self.activate(layer.forward(x)))
    }
}

const NAMES: [&str; 4] = ["output", "gradient of the pictures", "gradient of the scale", "gradient of the shift"];

fn slopes() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), Just(0.0), Just(0.01), Just(0.2)]
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn normalisations_agree_with_their_formulas(
        dims in (1usize..5, 1usize..5, 1usize..8, 1usize..8), seed in 0u64..1 << 40, slope in slopes(), of_batch: bool,
    ) {
        let (b, c, h, w) = dims;
        let case = Case::new([b, c, h, w], seed, 0.3, slope, of_batch);
        let count = if of_batch { b * h * w } else { h * w };
        // Nobody's difference is right across a kink; and two or three pixels nearly alike have almost no variance to divide by.
        prop_assume!(count == 1 || count > 6);
        prop_assume!(case.inner(&case.x, &case.gamma, &case.beta).iter().all(|z| z.abs() > 1e-4));
        let found = case.ours();
        let wanted = [
            case.out(&case.x, &case.gamma, &case.beta),
            differences(&case.x, |x| case.loss(x, &case.gamma, &case.beta)),
            differences(&case.gamma, |gamma| case.loss(&case.x, gamma, &case.beta)),
            differences(&case.beta, |beta| case.loss(&case.x, &case.gamma, beta)),
        ];
        for (name, (found, wanted)) in NAMES.into_iter().zip(found.iter().zip(&wanted)) {
            near(name, found, wanted, 1e-4)?;
        }
    }

    #[test]
    fn normalisations_agree_with_burn(
        dims in (1usize..9, 1usize..20, 1usize..40, 1usize..40), seed in 0u64..1 << 40, slope in slopes(), of_batch: bool,
    ) {
        let (b, c, h, w) = dims;
        prop_assume!(if of_batch { b * h * w } else { h * w } > 6);
        let case = Case::new([b, c, h, w], seed, 1.0, slope, of_batch);
        // Where a number is all but zero, either may take it for negative.
        prop_assume!(slope == 1.0 || case.inner(&case.x, &case.gamma, &case.beta).iter().all(|z| z.abs() > 1e-5));
        for (name, (ours, burns)) in NAMES.into_iter().zip(case.ours().iter().zip(&case.burns())) {
            near(name, ours, burns, 1e-4)?;
        }
    }
}

#[test]
fn running_statistics_move_as_in_burns_layer() {
    let case = Case::new([4, 3, 5, 7], 1, 2.0, 0.0, true);
    let (ours, burns) = (case.batch_layer(), case.batch_layer());
    for seed in 0..3 {
        let x = tensor(&Case::new(case.dims, seed, 2.0, 0.0, true).x, case.dims);
        // Ours on a thread of its own each time: burn would keep what each thread adds apart.
        std::thread::scope(|scope| scope.spawn(|| batch_norm(&ours, x.clone(), Activation::Relu)).join().unwrap());
        burns.forward(x);
    }
    for (ours, burns) in [(&ours.running_mean, &burns.running_mean), (&ours.running_var, &burns.running_var)] {
        near("statistics", &floats(ours.value_sync()), &floats(burns.value_sync()), 1e-6).unwrap();
    }
}

#[test]
fn large_means_cost_no_digits() {
    let case = Case::new([3, 2, 28, 28], 5, 1000.0, 1.0, true);
    near("output", &case.ours()[0], &case.out(&case.x, &case.gamma, &case.beta), 2e-4).unwrap();
}

/// What is said when shapes do not fit; nothing said is a failure of the test.
fn said(work: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("shapes that do not fit gave a number");
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap()
}

/// Both shapes are named.
fn names_both(said: &str, shapes: [&str; 2]) {
    assert!(shapes.iter().all(|shape| said.contains(shape)), "{said:?} does not name {shapes:?}");
}

fn ones<const D: usize>(dims: [usize; D]) -> Tensor<D> {
    Tensor::ones(dims, &device())
}

#[test]
fn convolutions_of_other_shapes_name_both() {
    let layer = || Conv2dConfig::new([4, 2], [3, 3]).with_bias(false);
    let conv = |config: Conv2dConfig, dims| said(|| drop(conv2d(&config.init(&device()), ones(dims))));
    let around = PaddingConfig2d::Explicit(1, 1, 1, 1);
    let uneven = PaddingConfig2d::Explicit(0, 1, 1, 0);
    for config in
        [layer(), layer().with_padding(around), layer().with_padding(uneven), layer().with_dilation([2, 2]), layer().with_groups(2)]
    {
        let weight = if config.groups == 2 { "[2, 2, 3, 3]" } else { "[2, 4, 3, 3]" };
        // Fewer channels, more, and for groups such as divide by their number.
        for channels in [1, 2, 3, 5, 6, 8] {
            names_both(&conv(config.clone(), [2, channels, 7, 7]), [weight, &format!("[2, {channels}, 7, 7]")]);
        }
    }
    names_both(&conv(layer(), [2, 4, 2, 7]), ["[2, 4, 3, 3]", "[2, 4, 2, 7]"]);
    names_both(&conv(layer().with_dilation([2, 2]), [2, 4, 7, 4]), ["[2, 4, 3, 3]", "[2, 4, 7, 4]"]);
    names_both(&conv(layer().with_padding(PaddingConfig2d::Valid), [1, 4, 2, 2]), ["[2, 4, 3, 3]", "[1, 4, 2, 2]"]);

    let layer = || ConvTranspose2dConfig::new([4, 2], [3, 3]).with_bias(false);
    let conv = |config: ConvTranspose2dConfig, dims| said(|| drop(conv_transpose2d(&config.init(&device()), ones(dims))));
    for config in [layer(), layer().with_groups(2), layer().with_dilation([2, 1]), layer().with_stride([2, 2]).with_padding_out([1, 1])] {
        let weight = if config.groups == 2 { "[4, 1, 3, 3]" } else { "[4, 2, 3, 3]" };
        for channels in [1, 2, 3, 5, 8] {
            names_both(&conv(config.clone(), [2, channels, 3, 3]), [weight, &format!("[2, {channels}, 3, 3]")]);
        }
    }
    let nothing_left = ConvTranspose2dConfig::new([4, 2], [1, 1]).with_padding([1, 0]);
    names_both(&conv(nothing_left, [1, 4, 2, 2]), ["[4, 2, 1, 1]", "[1, 4, 2, 2]"]);
}

#[test]
fn normalisations_and_pools_of_other_shapes_name_both() {
    let batch = BatchNormConfig::new(4).init(&device());
    for layer in [batch.clone(), batch.valid()] {
        names_both(&said(|| drop(batch_norm(&layer, ones([2, 3, 4, 4]), Activation::Relu))), ["[4]", "[2, 3, 4, 4]"]);
    }
    for learnt in [true, false] {
        let layer = InstanceNormConfig::new(4).with_affine(learnt).init(&device());
        names_both(&said(|| drop(instance_norm(&layer, ones([2, 3, 4, 4]), Activation::Relu))), ["[4]", "[2, 3, 4, 4]"]);
    }
    for dims in [[1, 1, 1, 4], [1, 1, 5, 1]] {
        names_both(&said(|| drop(max_pool2d(ones(dims), Activation::Relu))), ["[2, 2]", &format!("{dims:?}")]);
    }
}

#[test]
fn losses_of_other_shapes_name_both() {
    let ssim = Ssim::new(4, 4, 2.0, &device());
    names_both(&said(|| drop(ssim.forward(ones([2, 1, 4, 4]), ones([2, 1, 4, 5])))), ["[2, 1, 4, 4]", "[2, 1, 4, 5]"]);
    names_both(&said(|| drop(ssim.forward(ones([2, 1, 4, 4]), ones([1, 1, 4, 4])))), ["[2, 1, 4, 4]", "[1, 1, 4, 4]"]);
    names_both(&said(|| drop(ssim.forward(ones([1, 1, 5, 5]), ones([1, 1, 5, 5])))), ["[4, 4]", "[1, 1, 5, 5]"]);
    for count in [1, 2, 4] {
        let labels = Tensor::<1, Int>::zeros([count], &device());
        names_both(&said(|| drop(cross_entropy(ones([3, 5]), labels))), ["[3, 5]", &format!("[{count}]")]);
    }
    names_both(&said(|| drop(binary_cross_entropy(ones([3, 2]), true))), ["[3, 2]", "[3, 1]"]);
    let mut meter = Meter::new();
    meter.add(&ones([3]));
    names_both(&said(|| meter.add(&ones([1]))), ["[3]", "[1]"]);
}

#[test]
fn networks_for_other_pictures_name_both() {
    let layer = LinearConfig::new(5, 2).init(&device());
    names_both(&said(|| drop(ops::linear(&layer, ones([3, 4])))), ["[3, 4]", "[5, 2]"]);
    let shape = |side| Shape { channels: 1, height: side, width: side };
    let host = Host::new(HostKind::Lenet5, shape(8), 3, &device());
    names_both(&said(|| drop(host.forward(ones([2, 1, 12, 12])))), ["[2, 144]", "[64, 120]"]);
    names_both(&said(|| drop(host.forward(ones([2, 3, 8, 8])))), ["[6, 1, 5, 5]", "[2, 3, 8, 8]"]);
    let critic = Critic::new(shape(8), &device());
    names_both(&said(|| drop(critic.forward(ones([2, 1, 4, 8])))), ["[2, 32]", "[64, 64]"]);
    let encoder = Encoder::new(shape(8), 4, true, &device());
    let joined = said(|| drop(encoder.forward(ones([3, 1, 8, 8]), ones([2, 1, 8, 8]))));
    names_both(&joined, ["[3, 3, 8, 8]", "[2, 3, 8, 8]"]);
}

/// Mean SSIM by its definition: an 11x11 window around every pixel, zeros outside.
fn ssim(x: &[f64], y: &[f64], [batch, channels, height, width]: [usize; 4]) -> f64 {
    let weight = |d: i64| (-(d * d) as f64 / 4.5).exp();
    let whole: f64 = (-5..=5).map(weight).sum();
    let mut mean = 0.0;
    for plane in 0..batch * channels {
        for (row, column) in (0..height).flat_map(|r| (0..width).map(move |c| (r as i64, c as i64))) {
            let mut moments = [0.0; 5];
            for (dy, dx) in (-5..=5).flat_map(|dy| (-5..=5).map(move |dx| (dy, dx))) {
                let (r, c) = (row + dy, column + dx);
                if (0..height as i64).contains(&r) && (0..width as i64).contains(&c) {
                    let i = plane * height * width + r as usize * width + c as usize;
                    let parts = [x[i], y[i], x[i] * x[i], y[i] * y[i], x[i] * y[i]];
                    let share = weight(dy) * weight(dx) / (whole * whole);
                    moments.iter_mut().zip(parts).for_each(|(m, p)| *m += share * p);
                }
            }
            let [p, q, xx, yy, xy] = moments;
            let (c1, c2) = (0.02f64.powi(2), 0.06f64.powi(2));
            mean += (2.0 * p * q + c1) * (2.0 * (xy - p * q) + c2) / ((p * p + q * q + c1) * (xx - p * p + yy - q * q + c2));
        }
    }
    mean / (batch * channels * height * width) as f64
}

proptest! {
    #![proptest_config(config(5))]

    #[test]
    fn similarity_agrees_with_its_definition(
        dims in (1usize..3, 1usize..3, 1usize..8, 1usize..13), seed in 0u64..1 << 40, apart in 0.05f64..1.0,
    ) {
        let (b, c, h, w) = dims;
        let dims = [b, c, h, w];
        let count = b * c * h * w;
        let exact = |v: f64| f64::from(v as f32);
        let x: Vec<f64> = numbers(count, seed).into_iter().map(exact).collect();
        let y: Vec<f64> = numbers(count, seed + 1).iter().zip(&x).map(|(n, x)| exact(x + apart * n)).collect();
        let (a, d) = (tensor(&x, dims).require_grad(), tensor(&y, dims).require_grad());
        let out = Ssim::new(h, w, 2.0, &device()).forward(a.clone(), d.clone());
        near("similarity", &floats(out.clone()), &[ssim(&x, &y, dims)], 1e-5)?;
        // Of the sum, so that the numbers do not shrink with the picture.
        let gradients = out.mul_scalar(count as f64).backward();
        let of_sum = |x: &[f64], y: &[f64]| ssim(x, y, dims) * count as f64;
        near("gradient of x", &floats(a.grad(&gradients).unwrap()), &differences(&x, |x| of_sum(x, &y)), 2e-4)?;
        near("gradient of y", &floats(d.grad(&gradients).unwrap()), &differences(&y, |y| of_sum(&x, y)), 2e-4)?;
    }
}

/// Output and gradients of pictures, weight and bias.
fn learn(x: &[f64], dims: [usize; 4], learnt: (Tensor<4>, Tensor<1>), forward: impl FnOnce(Tensor<4>) -> Tensor<4>) -> [Vec<f64>; 4] {
    let x = tensor(x, dims).require_grad();
    let out = forward(x.clone());
    let factors = tensor(&numbers(out.dims().iter().product(), 99), out.dims());
    let gradients = (out.clone() * factors).sum().backward();
    [
        floats(out),
        floats(x.grad(&gradients).unwrap()),
        floats(learnt.0.grad(&gradients).unwrap()),
        floats(learnt.1.grad(&gradients).unwrap()),
    ]
}

fn agree(ours: [Vec<f64>; 4], burns: [Vec<f64>; 4]) -> Result<(), TestCaseError> {
    let names = ["output", "gradient of the pictures", "gradient of the weight", "gradient of the bias"];
    names.into_iter().zip(ours.iter().zip(&burns)).try_for_each(|(name, (ours, burns))| near(name, ours, burns, 2e-5))
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn convolutions_agree_with_burn(
        sizes in (1usize..20, 1usize..20, 1usize..20), channels in (1usize..14, 1usize..14), many: bool,
        kernel in (1usize..6, 1usize..6), stride in (1usize..3, 1usize..3), padding in (0usize..6, 0usize..6), seed in 0u64..1 << 40,
    ) {
        let (batch, height, width) = sizes;
        let (kernel, stride, padding) = ([kernel.0, kernel.1], [stride.0, stride.1], [padding.0 % kernel.0, padding.1 % kernel.1]);
        // A third of the cases has more channels than the direct kernels take.
        let (input, output) = if many && seed % 3 == 0 { (channels.0 + 30, channels.1) } else { channels };
        let stride = if seed % 2 == 0 { [1, 1] } else { stride };
        prop_assume!(height + 2 * padding[0] >= kernel[0] && width + 2 * padding[1] >= kernel[1]);
        let dims = [batch, input, height, width];
        let x = numbers(dims.iter().product(), seed);
        let around = PaddingConfig2d::Explicit(padding[0], padding[1], padding[0], padding[1]);
        let layer = Conv2dConfig::new([input, output], kernel).with_stride(stride).with_padding(around).init(&device());
        let learnt = || (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        agree(learn(&x, dims, learnt(), |x| conv2d(&layer, x)), learn(&x, dims, learnt(), |x| layer.forward(x)))?;

        let layer = ConvTranspose2dConfig::new([input, output], kernel).with_stride(stride).with_padding(padding).init(&device());
        let side = |length: usize, axis: usize| (length - 1) * stride[axis] + kernel[axis] > 2 * padding[axis];
        prop_assume!(side(height, 0) && side(width, 1));
        let learnt = || (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        agree(learn(&x, dims, learnt(), |x| conv_transpose2d(&layer, x)), learn(&x, dims, learnt(), |x| layer.forward(x)))?;
    }

    #[test]
    fn convolutions_of_many_channels_agree_with_burn(
        batch in 1usize..6, sides in (1usize..14, 1usize..14), channels in (2usize..6, 2usize..6), padding in (0usize..3, 0usize..3), seed in 0u64..1 << 40,
    ) {
        let (height, width, padding) = (sides.0, sides.1, [padding.0, padding.1]);
        prop_assume!(height + 2 * padding[0] >= 3 && width + 2 * padding[1] >= 3);
        let [input, output] = [16 * channels.0, 16 * channels.1];
        let dims = [batch, input, height, width];
        let x = numbers(dims.iter().product(), seed);
        let around = PaddingConfig2d::Explicit(padding[0], padding[1], padding[0], padding[1]);
        let layer = Conv2dConfig::new([input, output], [3, 3]).with_padding(around).init(&device());
        let learnt = || (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        agree(learn(&x, dims, learnt(), |x| conv2d(&layer, x)), learn(&x, dims, learnt(), |x| layer.forward(x)))?;
    }

    /// Few channels are convolved as they lie, many in parts.
    #[test]
    fn dilated_convolutions_agree_with_burn(
        batch in 1usize..4, sides in (1usize..14, 1usize..14), channels in (1usize..5, 1usize..5), many: bool, dilation in 1usize..6,
        seed in 0u64..1 << 40,
    ) {
        let [input, output] = [channels.0, channels.1].map(|channels| if many { 16 * channels } else { channels });
        let dims = [batch, input, sides.0, sides.1];
        let x = numbers(dims.iter().product(), seed);
        let config = Conv2dConfig::new([input, output], [3, 3]);
        let layer = config.clone().with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(&device());
        let mut burns = config.with_dilation([dilation; 2]).with_padding(PaddingConfig2d::Explicit(dilation, dilation, dilation, dilation)).init(&device());
        (burns.weight, burns.bias) = (layer.weight.clone(), layer.bias.clone());
        let learnt = || (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        agree(learn(&x, dims, learnt(), |x| dilated_conv2d(&layer, dilation, x)), learn(&x, dims, learnt(), |x| burns.forward(x)))?;
    }

    /// Compared with the kernels' own convolution and burn's pooling: two largest pixels that differ by rounding send gradients elsewhere.
    #[test]
    fn convolutions_with_pooling_agree_with_one_after_the_other(
        sizes in (1usize..20, 1usize..13, 1usize..18), channels in (1usize..14, 1usize..18), many: bool,
        kernel in (1usize..6, 1usize..6), padding in (0usize..6, 0usize..6), seed in 0u64..1 << 40,
    ) {
        let (kernel, padding) = ([kernel.0, kernel.1], [padding.0 % kernel.0, padding.1 % kernel.1]);
        // Most outputs have even sides, as pooling in one needs.
        let side = |axis: usize, blocks: usize| (2 * blocks + kernel[axis]).checked_sub(2 * padding[axis] + 1).filter(|side| *side > 0);
        let (Some(height), Some(width)) = (side(0, sizes.1), side(1, sizes.2)) else { return Ok(()) };
        let (input, output) = (channels.0 + if many { 32 } else { 0 }, channels.1);
        let dims = [sizes.0, input, height + usize::from(seed % 8 == 0), width];
        let x = numbers(dims.iter().product(), seed);
        let around = PaddingConfig2d::Explicit(padding[0], padding[1], padding[0], padding[1]);
        let layer = Conv2dConfig::new([input, output], kernel).with_padding(around).init(&device());
        let learnt = || (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        let apart = |x| activation::relu(burn::tensor::module::max_pool2d(conv2d(&layer, x), burn::tensor::ops::MaxPoolOptions::new([2, 2])));
        let (ours, apart) = (learn(&x, dims, learnt(), |x| conv2d_and_pool(&layer, x)), learn(&x, dims, learnt(), apart));
        agree(ours, apart)?;
    }

    #[test]
    fn pooling_agrees_with_burn(sizes in (1usize..9, 1usize..9, 1usize..9, 1usize..9), seed in 0u64..1 << 40) {
        let dims = [sizes.0, sizes.1, 2 * sizes.2, 2 * sizes.3];
        // Halves, so that many blocks have two largest pixels.
        let x: Vec<f64> = numbers(dims.iter().product(), seed).into_iter().map(|v| (2.0 * v).round() / 2.0).collect();
        let run = |forward: fn(Tensor<4>) -> Tensor<4>| {
            let x = tensor(&x, dims).require_grad();
            let out = forward(x.clone());
            let gradients = (out.clone() * tensor(&numbers(out.dims().iter().product(), 3), out.dims())).sum().backward();
            (floats(out), floats(x.grad(&gradients).unwrap()))
        };
        let burns = |x| burn::tensor::module::max_pool2d(x, burn::tensor::ops::MaxPoolOptions::new([2, 2]));
        prop_assert_eq!(run(|x| max_pool2d(x, Activation::Linear)), run(burns));
        // The largest of rectified pixels is the rectified largest; where it is zero nothing learns.
        let rectified = |x| activation::relu(burn::tensor::module::max_pool2d(x, burn::tensor::ops::MaxPoolOptions::new([2, 2])));
        prop_assert_eq!(run(|x| max_pool2d(x, Activation::Relu)), run(rectified));
    }
}

/// A convolution, plain or transposed, with everything that burn's layers know.
#[derive(Debug, Clone)]
struct Convolution {
    transposed: bool,
    /// Batch, channels in, height and width; channels out.
    pictures: [usize; 4],
    output: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
}

impl Convolution {
    fn weight(&self) -> [usize; 4] {
        let [_, input, ..] = self.pictures;
        let [kh, kw] = self.kernel;
        if self.transposed { [input, self.output / self.groups, kh, kw] } else { [self.output, input / self.groups, kh, kw] }
    }

    /// Height and width of the output; nothing where none is left.
    fn sides(&self) -> Option<[usize; 2]> {
        let side = |axis: usize| {
            let (length, reach) = (self.pictures[axis + 2], (self.kernel[axis] - 1) * self.dilation[axis] + 1);
            match self.transposed {
                true => ((length - 1) * self.stride[axis] + reach).checked_sub(2 * self.padding[axis]).filter(|side| *side > 0),
                false => Some((length + 2 * self.padding[axis]).checked_sub(reach)? / self.stride[axis] + 1),
            }
        };
        Some([side(0)?, side(1)?])
    }

    /// By the definition: each number of the small side meets each cell of the kernel.
    fn out(&self, x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
        let ([batch, input, height, width], [tall, wide]) = (self.pictures, self.sides().unwrap());
        let [_, second, kh, kw] = self.weight();
        let (inputs, outputs) = (input / self.groups, self.output / self.groups);
        let mut out: Vec<f64> = (0..batch * self.output * tall * wide).map(|i| bias[i / (tall * wide) % self.output]).collect();
        // The side whose numbers the stride is taken over, and the side that the kernel reaches into.
        let (small, large) = if self.transposed { ([height, width], [tall, wide]) } else { ([tall, wide], [height, width]) };
        for b in 0..batch {
            for (i, o) in (0..input).flat_map(|i| (0..outputs).map(move |o| (i, i / inputs * outputs + o))) {
                for (cell, place) in (0..kh * kw).flat_map(|cell| (0..small[0] * small[1]).map(move |place| (cell, place))) {
                    let at = |axis: usize, step: usize, cell: usize| {
                        (step * self.stride[axis] + cell * self.dilation[axis])
                            .checked_sub(self.padding[axis])
                            .filter(|at| *at < large[axis])
                    };
                    let (Some(row), Some(column)) = (at(0, place / small[1], cell / kw), at(1, place % small[1], cell % kw)) else {
                        continue;
                    };
                    let far = row * large[1] + column;
                    let [seen, drawn] = if self.transposed { [place, far] } else { [far, place] };
                    let [first, other] = if self.transposed { [i, o % outputs] } else { [o, i % inputs] };
                    out[(b * self.output + o) * tall * wide + drawn] +=
                        x[(b * input + i) * height * width + seen] * weight[(first * second + other) * kh * kw + cell];
                }
            }
        }
        out
    }

    /// Output and gradients of pictures, weight and bias, by this program and by burn's own layer.
    fn both(&self, x: &[f64], weight: &[f64], bias: &[f64]) -> [[Vec<f64>; 4]; 2] {
        let weight: Tensor<4> = tensor(weight, self.weight()).require_grad();
        let bias: Tensor<1> = tensor(bias, [self.output]).require_grad();
        let channels = [self.pictures[1], self.output];
        let learnt = || (weight.clone(), bias.clone());
        let [top, left] = self.padding;
        if self.transposed {
            let config = ConvTranspose2dConfig::new(channels, self.kernel).with_stride(self.stride).with_padding(self.padding);
            let mut layer = config.with_dilation(self.dilation).with_groups(self.groups).init(&device());
            layer.weight = Param::from_tensor(weight.clone());
            layer.bias = Some(Param::from_tensor(bias.clone()));
            return [
                learn(x, self.pictures, learnt(), |x| conv_transpose2d(&layer, x)),
                learn(x, self.pictures, learnt(), |x| layer.forward(x)),
            ];
        }
        let config =
            Conv2dConfig::new(channels, self.kernel).with_stride(self.stride).with_dilation(self.dilation).with_groups(self.groups);
        let mut layer = config.with_padding(PaddingConfig2d::Explicit(top, left, top, left)).init(&device());
        layer.weight = Param::from_tensor(weight.clone());
        layer.bias = Some(Param::from_tensor(bias.clone()));
        [learn(x, self.pictures, learnt(), |x| conv2d(&layer, x)), learn(x, self.pictures, learnt(), |x| layer.forward(x))]
    }
}

/// Rounded to 32 bits, as the kernels see them.
fn exact(count: usize, seed: u64) -> Vec<f64> {
    numbers(count, seed).into_iter().map(|v| f64::from(v as f32)).collect()
}

fn pairs(from: usize, below: usize) -> impl Strategy<Value = [usize; 2]> {
    [from..below, from..below]
}

proptest! {
    #![proptest_config(config(60))]

    /// Every kernel of up to 16 channels a group, with strides, dilation and groups, where burn's own operation serves, too.
    #[test]
    fn convolutions_agree_with_their_formula_and_its_differences(
        transposed: bool, batch in 1usize..4, sides in pairs(1, 8), groups in prop_oneof![3 => Just(1usize), 1 => 2usize..4],
        channels in pairs(1, 4), kernel in pairs(1, 5), stride in pairs(1, 4), padding in pairs(0, 4),
        dilation in prop_oneof![3 => Just([1usize, 1]), 1 => pairs(1, 4)], seed in 0u64..1 << 40,
    ) {
        let [input, output] = channels.map(|channels| channels * groups);
        let case = Convolution { transposed, pictures: [batch, input, sides[0], sides[1]], output, kernel, stride, padding, dilation, groups };
        prop_assume!(case.sides().is_some());
        let count = |dims: [usize; 4]| dims.iter().product::<usize>();
        let (x, weight, bias) = (exact(count(case.pictures), seed), exact(count(case.weight()), seed + 1), exact(output, seed + 2));
        let [ours, burns] = case.both(&x, &weight, &bias);
        let whole = case.out(&x, &weight, &bias);
        let factors = numbers(whole.len(), 99);
        let loss = |x: &[f64], weight: &[f64], bias: &[f64]| case.out(x, weight, bias).iter().zip(&factors).map(|(o, f)| o * f).sum::<f64>();
        let wanted = [
            whole.clone(),
            differences(&x, |x| loss(x, &weight, &bias)),
            differences(&weight, |weight| loss(&x, weight, &bias)),
            differences(&bias, |bias| loss(&x, &weight, bias)),
        ];
        agree(ours.clone(), wanted)?;
        agree(ours, burns)?;
    }
}

proptest! {
    #![proptest_config(config(40))]

    /// Kernels for many channels: along a direction, because there are thousands of weights.
    #[test]
    fn convolutions_of_many_channels_agree_with_differences_along_a_direction(
        transposed: bool, batch in 1usize..3, sides in pairs(1, 9), channels in pairs(2, 4), kernel in 2usize..5, stride in 1usize..3,
        padding in 0usize..2, seed in 0u64..1 << 40,
    ) {
        let [input, output] = channels.map(|channels| 16 * channels);
        let (kernel, stride) = if seed % 2 == 0 { (3, 1) } else { (kernel, stride) };
        let case = Convolution {
            transposed, pictures: [batch, input, sides[0], sides[1]], output, kernel: [kernel; 2], stride: [stride; 2],
            padding: [padding; 2], dilation: [1, 1], groups: 1,
        };
        prop_assume!(case.sides().is_some());
        let count = |dims: [usize; 4]| dims.iter().product::<usize>();
        let (x, weight, bias) = (exact(count(case.pictures), seed), exact(count(case.weight()), seed + 1), exact(output, seed + 2));
        let [ours, _] = case.both(&x, &weight, &bias);
        let whole = case.out(&x, &weight, &bias);
        near("output", &ours[0], &whole, 2e-5)?;
        let factors = numbers(whole.len(), 99);
        let loss = |x: &[f64], weight: &[f64], bias: &[f64]| case.out(x, weight, bias).iter().zip(&factors).map(|(o, f)| o * f).sum::<f64>();
        for (part, start) in [&x, &weight, &bias].into_iter().enumerate() {
            let along = numbers(start.len(), seed + 9);
            let at = |by: f64| {
                let mut parts = [x.clone(), weight.clone(), bias.clone()];
                parts[part].iter_mut().zip(&along).for_each(|(v, a)| *v += by * a);
                loss(&parts[0], &parts[1], &parts[2])
            };
            let slope: f64 = ours[part + 1].iter().zip(&along).map(|(g, a)| g * a).sum();
            let most: f64 = ours[part + 1].iter().zip(&along).map(|(g, a)| (g * a).abs()).sum();
            let wanted = (at(1e-3) - at(-1e-3)) / 2e-3;
            prop_assert!((slope - wanted).abs() <= 2e-5 * most.max(1.0), "part {}: {} for {}", part, slope, wanted);
        }
    }

    #[test]
    fn pooling_agrees_with_its_formula_and_its_differences(
        sizes in (1usize..4, 1usize..4, 2usize..9, 2usize..9), rectified in any::<bool>(), seed in 0u64..1 << 40,
    ) {
        let (batch, channels, height, width) = sizes;
        let (tall, wide) = (height / 2, width / 2);
        let x = exact(batch * channels * height * width, seed);
        let out = |x: &[f64]| -> Vec<f64> {
            (0..batch * channels * tall * wide)
                .map(|i| {
                    let (plane, row, column) = (i / (tall * wide), i / wide % tall * 2, i % wide * 2);
                    let at = |y: usize, x_: usize| x[plane * height * width + (row + y) * width + column + x_];
                    let largest = at(0, 0).max(at(0, 1)).max(at(1, 0)).max(at(1, 1));
                    if rectified { largest.max(0.0) } else { largest }
                })
                .collect()
        };
        // Nobody's difference is right where two are largest.
        let mut sorted = x.clone();
        sorted.sort_by(f64::total_cmp);
        prop_assume!(sorted.windows(2).all(|pair| pair[1] - pair[0] > 1e-5) && x.iter().all(|x| x.abs() > 1e-5));
        let dims = [batch, channels, height, width];
        let tracked = tensor(&x, dims).require_grad();
        let pooled = max_pool2d(tracked.clone(), if rectified { Activation::Relu } else { Activation::Linear });
        let factors = numbers(out(&x).len(), 3);
        let gradients = (pooled.clone() * tensor(&factors, [batch, channels, tall, wide])).sum().backward();
        near("output", &floats(pooled), &out(&x), 1e-7)?;
        let wanted = differences(&x, |x| out(x).iter().zip(&factors).map(|(o, f)| o * f).sum());
        near("gradient", &floats(tracked.grad(&gradients).unwrap()), &wanted, 1e-6)?;
    }

    /// A stamp's loss and gradient in double precision, by the definition: autoencoders with tanh between, sigmoid last.
    #[test]
    fn mirrors_agree_with_their_formula_and_its_differences(
        nets in 1usize..4, pictures in 1usize..6, widths in (3usize..12, 1usize..9, 1usize..5), seed in 0u64..1 << 40,
    ) {
        let (pixels, middle, code) = widths;
        let widths = [pixels, middle, code, middle, pixels];
        let device = Device::flex();
        let layers = seeded(Autoencoders::new(nets, &widths, &device), seed);
        let mut map = WeightMap::default();
        map.add("", &layers);
        let part = |i: usize, kind: &str| map.tensors[&format!("layers.{i}.{kind}")].values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
        let all: Vec<[Vec<f64>; 2]> = (0..widths.len() - 1).map(|i| [part(i, "weight"), part(i, "bias")]).collect();
        let carriers: Vec<f64> = exact(pictures * pixels, seed + 1).iter().map(|v| v / 2.0 + 0.5).collect();
        let stamp = exact(pixels, seed + 2);
        let loss = |stamp: &[f64]| -> f64 {
            let mut whole = 0.0;
            for (net, picture) in (0..nets).flat_map(|net| (0..pictures).map(move |picture| (net, picture))) {
                let mut x: Vec<f64> = carriers[picture * pixels..][..pixels].iter().zip(stamp).map(|(c, s)| c + s).collect();
                for (i, [weight, bias]) in all.iter().enumerate() {
                    let (from, to) = (widths[i], widths[i + 1]);
                    x = (0..to)
                        .map(|o| {
                            let row = |j: usize| weight[net * from * to + j * to + o];
                            let sum = (0..from).map(|j| x[j] * row(j)).sum::<f64>() + bias[net * to + o];
                            if i + 1 == all.len() { 1.0 / (1.0 + (-sum).exp()) } else { sum.tanh() }
                        })
                        .collect();
                }
                whole += x.iter().zip(stamp).map(|(x, s)| (x - s).powi(2)).sum::<f64>();
            }
            whole / (nets * pictures) as f64
        };
        let plain = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let mirror = Mirror::new(&layers, Tensor::from_data(TensorData::new(plain(&carriers), [pictures, pixels]), &device)).unwrap();
        let (found, gradient) = mirror.look(Tensor::from_data(TensorData::new(plain(&stamp), [pixels]), &device)).unwrap();
        near("loss", &floats(found), &[loss(&stamp)], 1e-5)?;
        near("gradient", &floats(gradient), &differences(&stamp, loss), 1e-4)?;
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// The layers of several nets side by side: one for all inputs or each its own, tracked inputs or not, one net or many.
    #[test]
    fn stacked_layers_agree_with_burns_own(
        nets in 1usize..11, rows in 1usize..70, widths in (1usize..40, 1usize..50), shared: bool, tracked: bool, tanh: bool, seed in 0u64..1 << 40,
    ) {
        let (inputs, outputs) = widths;
        let dims = [[if shared { 1 } else { nets }, rows, inputs], [nets, inputs, outputs], [nets, 1, outputs], [nets, rows, outputs]];
        let curve = if tanh { Curve::Tanh } else { Curve::Sigmoid };
        let all = || {
            let part = |i: usize| tensor(&numbers(dims[i].iter().product(), seed + i as u64), dims[i]);
            let x = if tracked { part(0).require_grad() } else { part(0) };
            let (weight, bias) = (part(1).require_grad(), part(2).require_grad());
            let output = stack(x.clone(), weight.clone(), bias.clone(), curve);
            let gradients = (output.clone() * part(3)).sum().backward();
            let slope = |tensor: &Tensor<3>| tensor.grad(&gradients).map(floats).unwrap_or_default();
            [floats(output), slope(&x), slope(&weight), slope(&bias)]
        };
        let (found, wanted) = (all(), ops::with_burns_own(all));
        prop_assert_eq!(found[1].is_empty(), !tracked);
        for (what, (found, wanted)) in ["output", "input", "weight", "bias"].into_iter().zip(found.iter().zip(&wanted)) {
            near(what, found, wanted, 2e-5)?;
        }
    }
}

/// One parameter that learns.
#[derive(Module, Debug)]
struct One {
    weight: Param<Tensor<2>>,
}

proptest! {
    #![proptest_config(config(24))]

    /// PyTorch's formulas in double precision, over a few steps with gradients of any kind.
    #[test]
    fn optimiser_steps_agree_with_their_formulas(
        dims in (1usize..40, 1usize..9), steps in 1usize..6, adam: bool, rate in 1e-4f64..0.2, kept in 0.0f64..0.99, seed in 0u64..1 << 40,
    ) {
        let dims = [dims.0, dims.1];
        let count = dims[0] * dims[1];
        let rule = if adam { Rule::Adam { beta1: kept, beta2: 0.999 } } else { Rule::Sgd { momentum: kept, decay: 5e-4 } };
        let mut module = One { weight: Param::from_tensor(tensor(&exact(count, seed), dims).require_grad()) };
        let mut optimiser = Optimiser::new(rule);
        let (mut value, mut first, mut second) = (exact(count, seed), vec![0.0; count], vec![0.0; count]);
        for step in 1..=steps as i32 {
            let gradient = exact(count, seed + step as u64);
            let mut gradients = (module.weight.val() * tensor(&gradient, dims)).sum().backward();
            module = optimiser.step(module, &mut gradients, rate);
            for (((value, first), second), g) in value.iter_mut().zip(&mut first).zip(&mut second).zip(&gradient) {
                match rule {
                    Rule::Adam { beta1, beta2 } => {
                        *first = beta1 * *first + (1.0 - beta1) * g;
                        *second = beta2 * *second + (1.0 - beta2) * g * g;
                        let (m, v) = (*first / (1.0 - beta1.powi(step)), *second / (1.0 - beta2.powi(step)));
                        *value -= rate * m / (v.sqrt() + 1e-8);
                    }
                    Rule::Sgd { momentum, decay } => {
                        *first = momentum * *first + g + decay * *value;
                        *value -= rate * *first;
                    }
                }
            }
        }
        near("parameter", &floats(module.weight.val()), &value, 2e-5)?;
    }
}
