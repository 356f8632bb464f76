//! The CPU's own operations against formulas in double precision, whose gradients are finite differences, and against burn's own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, InstanceNorm, InstanceNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData, activation};
use countermark::nn::ops::{Activation, batch_norm, conv_transpose2d, conv2d, instance_norm, max_pool2d};
use countermark::nn::ssim::Ssim;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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
        batch_norm(&ours, x.clone(), Activation::Relu);
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

#[test]
#[should_panic(expected = "[2, 3, 4, 4]")]
fn a_normalisation_for_other_channels_says_so() {
    let layer = BatchNormConfig::new(4).init(&device());
    batch_norm(&layer, Tensor::ones([2, 3, 4, 4], &device()), Activation::Relu);
}

#[test]
#[should_panic(expected = "weights of [2, 5, 3, 3] does not fit pictures of [2, 4, 6, 6]")]
fn a_convolution_for_other_channels_says_so() {
    let around = PaddingConfig2d::Explicit(1, 1, 1, 1);
    conv2d(&Conv2dConfig::new([5, 2], [3, 3]).with_padding(around).init(&device()), Tensor::ones([2, 4, 6, 6], &device()));
}

#[test]
#[should_panic(expected = "weights of [5, 2, 3, 3] does not fit pictures of [2, 4, 6, 6]")]
fn a_transposed_convolution_for_other_channels_says_so() {
    conv_transpose2d(&ConvTranspose2dConfig::new([5, 2], [3, 3]).init(&device()), Tensor::ones([2, 4, 6, 6], &device()));
}

#[test]
#[should_panic(expected = "pictures of [2, 1, 4, 4] cannot be compared with pictures of [2, 1, 4, 5]")]
fn pictures_of_two_shapes_are_not_compared() {
    Ssim::new(4, 4, 2.0, &device()).forward(Tensor::ones([2, 1, 4, 4], &device()), Tensor::ones([2, 1, 4, 5], &device()));
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
        prop_assert_eq!(run(max_pool2d), run(burns));
    }
}
