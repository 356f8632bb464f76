//! Networks, gradients and optimisers against PyTorch: tests/reference/torch.safetensors and torch.json, made by
//! scripts/make_torch_reference.py.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use countermark::data::Shape;
use countermark::nn::autoencoder::{Autoencoders, PAPER_WIDTHS};
use countermark::nn::barrier::{Hider, PatchCritic, Revealer};
use countermark::nn::critic::Critic;
use countermark::nn::encoder::Encoder;
use countermark::nn::host::{Host, HostKind};
use countermark::nn::mirror::Mirror;
use countermark::nn::optim::{Optimiser, Rule};
use countermark::nn::vgg::Vgg;
use countermark::nn::weights::{WeightMap, Weights};

const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

fn reference() -> WeightMap {
    WeightMap::from_safetensors(include_bytes!("reference/torch.safetensors")).unwrap()
}

fn learning() -> Device {
    Device::flex().autodiff()
}

/// Numbers in [-1, 1] that look random, as in the script.
fn numbers(count: usize, salt: u64) -> Vec<f64> {
    let one = |i: u64| {
        let mut x = (i * 2_654_435_761 + salt * 97) % (1 << 32);
        x ^= x >> 15;
        x = x * 2_246_822_519 % (1 << 32);
        x ^= x >> 13;
        (x % 2001) as f64 / 1000.0 - 1.0
    };
    (0..count as u64).map(one).collect()
}

fn pictures(dims: [usize; 4], device: &Device) -> Tensor<4> {
    let values: Vec<f32> = numbers(dims.iter().product(), 0).into_iter().map(|v| v as f32).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

/// The module with the weights that the script's formula gives, tensor by tensor in the order of their names.
fn fill<M: Module>(module: M) -> M {
    let mut map = WeightMap::default();
    map.add("", &module);
    for (k, (name, weights)) in map.tensors.iter_mut().enumerate() {
        let count = weights.values.len();
        let flat = weights.shape.len() == 1;
        let value = |u: f64| match name {
            name if name.ends_with("running_var") => 1.0 + 0.5 * u,
            name if flat && name.ends_with("weight") => 1.0 + 0.2 * u,
            name if flat || name.ends_with("bias") => 0.1 * u,
            _ if weights.shape.len() == 3 => u * (3.0 / weights.shape[1] as f64).sqrt(),
            _ => u * (3.0 / (count / weights.shape[0]) as f64).sqrt(),
        };
        weights.values = numbers(count, k as u64 + 1).into_iter().map(|u| value(u) as f32).collect();
    }
    map.load("", module).unwrap()
}

/// Compares with what PyTorch gave, within `tolerance` of the largest value.
fn close(name: &str, found: &[f32], tolerance: f32) {
    let reference = reference();
    let wanted = &reference.tensors.get(name).unwrap_or_else(|| panic!("{name} is not in the reference")).values;
    assert_eq!(found.len(), wanted.len(), "{name}");
    let scale = wanted.iter().fold(0.02f32, |most, v| most.max(v.abs()));
    let worst = found.iter().zip(wanted).map(|(f, w)| (f - w).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance * scale, "{name}: off by {worst} on a scale of {scale}");
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Answers while learning and afterwards; the latter first, because learning moves the running statistics.
fn compare<M: Module, const D: usize>(name: &str, module: &M, forward: impl Fn(&M, &Device) -> Tensor<D>) {
    close(&format!("{name}.answer"), &floats(forward(&module.valid(), &Device::flex())), 1e-4);
    close(&format!("{name}.learning"), &floats(forward(module, &learning())), 1e-4);
}

/// Gradients in the place of the weights, zero where there is none.
struct Pick<'a>(&'a burn::tensor::Gradients);

impl burn::module::ModuleMapper for Pick<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let gradient = tensor.grad(self.0).map_or_else(|| tensor.clone().inner().zeros_like(), |g| g.inner());
        Param::from_mapped_value(id, gradient, mapper)
    }
}

/// The gradients of a module's weights, under the names that PyTorch uses.
fn picked<M: Module>(module: &M, gradients: &burn::tensor::Gradients) -> WeightMap {
    let mut map = WeightMap::default();
    map.add("", &module.clone().map(&mut Pick(gradients)));
    map
}

/// The gradient of the sum of output times formula, under the names that PyTorch uses.
fn gradients<M: Module, const D: usize>(name: &str, module: &M, output: Tensor<D>) {
    let values: Vec<f32> = numbers(output.dims().iter().product(), 1).into_iter().map(|v| v as f32).collect();
    let factors = Tensor::<D>::from_data(TensorData::new(values, output.dims()), &learning());
    let found = (output * factors).sum().backward();
    let map = picked(module, &found);
    let prefix = format!("{name}.gradient.");
    let mut compared = 0;
    for wanted in reference().tensors.keys().filter_map(|k| k.strip_prefix(&prefix)) {
        close(&format!("{prefix}{wanted}"), &map.tensors[wanted].values, 2e-4);
        compared += 1;
    }
    assert!(compared >= 10);
}

#[test]
fn lenet5_from_a_pytorch_file_answers_and_learns_like_pytorch() {
    let host = Host::new(HostKind::Lenet5, GREY, 3, &learning());
    let host = reference().load("lenet5.", host).unwrap();
    compare("lenet5", &host, |host, device| host.forward(pictures([5, 1, 8, 8], device)));
    gradients("lenet5", &host, host.forward(pictures([5, 1, 8, 8], &learning())));
}

fn encode(encoder: &Encoder, dims: [usize; 4], device: &Device) -> Tensor<4> {
    let pictures = pictures(dims, device);
    encoder.forward(pictures.clone(), pictures.flip([0]))
}

#[test]
fn the_grey_encoder_answers_and_learns_like_pytorch() {
    let fresh = || reference().load("grey_encoder.", Encoder::new(GREY, 4, false, &learning())).unwrap();
    let encoder = fresh();
    compare("grey_encoder", &encoder, |encoder, device| encode(encoder, [4, 1, 8, 8], device));
    let mut after = WeightMap::default();
    after.add("", &encoder);
    for name in after.tensors.keys().filter(|name| name.contains("running_mean")) {
        close(&format!("grey_encoder.after.{name}"), &after.tensors[name].values, 1e-4);
    }
    for name in after.tensors.keys().filter(|name| name.contains("running_var")) {
        // PyTorch divides the variance of a batch by one less than its size here.
        close(&format!("grey_encoder.after.{name}"), &after.tensors[name].values, 2e-3);
    }
    let encoder = fresh();
    gradients("grey_encoder", &encoder, encode(&encoder, [4, 1, 8, 8], &learning()));
}

#[test]
fn the_larger_networks_answer_like_pytorch() {
    let colour = Shape { channels: 3, height: 32, width: 32 };
    let small = Shape { channels: 3, height: 16, width: 16 };
    let encoder = fill(Encoder::new(colour, 4, false, &learning()));
    compare("colour_encoder", &encoder, |encoder, device| encode(encoder, [3, 3, 32, 32], device));
    let critic = fill(Critic::new(GREY, &learning()));
    compare("grey_critic", &critic, |critic, device| critic.forward(pictures([4, 1, 8, 8], device)));
    let critic = fill(Critic::new(small, &learning()));
    compare("colour_critic", &critic, |critic, device| critic.forward(pictures([4, 3, 16, 16], device)));
    let host = fill(Host::new(HostKind::Resnet18, small, 10, &learning()));
    compare("resnet18", &host, |host, device| host.forward(pictures([4, 3, 16, 16], device)));
}

#[test]
fn hosts_answer_and_learn_like_pytorch() {
    use HostKind::{Resnet34, Resnet50, Vgg11, Vgg13, Vgg16, Vgg19};
    let vggs = [("vgg11", Vgg11), ("vgg13", Vgg13), ("vgg16", Vgg16), ("vgg19", Vgg19)].map(|(name, kind)| (name, kind, 3, [4, 3, 64, 32]));
    let resnets = [("resnet34", Resnet34, 3, [3, 3, 16, 24]), ("resnet50", Resnet50, 3, [5, 3, 16, 16])];
    for (name, kind, channels, dims) in vggs.into_iter().chain(resnets) {
        let shape = Shape { channels: 3, height: dims[2], width: dims[3] };
        let host = Host::of_width(kind, f64::from(channels) / 64.0, shape, 10, &learning());
        compare_small(name, fill(host), dims, if kind == Resnet50 { 2e-3 } else { 5e-4 }, |host, x: Tensor<4>| host.forward(x));
    }
}

#[test]
fn networks_have_as_many_weights_as_in_pytorch() {
    let (grey, colour) = (Shape { channels: 1, height: 28, width: 28 }, Shape { channels: 3, height: 32, width: 32 });
    let reference = reference();
    fn check<M: Module>(reference: &WeightMap, name: &str, module: M) {
        let mut map = WeightMap::default();
        map.add("", &module);
        let learnt = map.tensors.iter().filter(|(name, _)| !name.contains("running_"));
        let count: usize = learnt.map(|(_, weights)| weights.values.len()).sum();
        assert_eq!(count.to_string(), reference.notes[&format!("parameters.{name}")], "{name}");
    }
    let device = Device::flex();
    check(&reference, "lenet5", Host::new(HostKind::Lenet5, grey, 10, &device));
    check(&reference, "resnet18", Host::new(HostKind::Resnet18, colour, 10, &device));
    check(&reference, "grey_encoder", Encoder::new(grey, 64, false, &device));
    check(&reference, "colour_encoder", Encoder::new(colour, 64, false, &device));
    check(&reference, "grey_critic", Critic::new(grey, &device));
    check(&reference, "colour_critic", Critic::new(colour, &device));
}

#[derive(Module, Debug)]
struct Six {
    value: Param<Tensor<1>>,
}

/// Five steps on the sum of value * weight + value³; after two of them the optimiser is written down and read back.
fn five_steps(rule: Rule) -> Vec<f32> {
    let device = learning();
    let six = |salt: u64| {
        let values: Vec<f32> = numbers(6, salt).into_iter().map(|v| v as f32).collect();
        Tensor::<1>::from_data(TensorData::new(values, [6]), &device)
    };
    let mut module = Six { value: Param::from_tensor(six(2)) };
    let mut optimiser = Optimiser::new(rule);
    for step in 0..5 {
        let value = module.value.val();
        let loss = (value.clone() * six(3) + value.clone() * value.clone() * value).sum();
        let rate = if matches!(rule, Rule::Sgd { .. }) { 0.1 } else { 1e-3 };
        module = optimiser.step(module, &mut loss.backward(), rate);
        if step == 1 {
            let mut saved = WeightMap::default();
            saved.tensors.insert("other.0.0".to_owned(), Weights { shape: vec![1], values: vec![9.0] });
            optimiser.save("rule", &mut saved);
            optimiser = Optimiser::new(rule);
            optimiser.load("rule", &saved, &device);
        }
    }
    floats(module.value.val())
}

#[test]
fn optimisers_step_like_pytorch_also_after_they_were_written_down() {
    close("sgd.value", &five_steps(Rule::Sgd { momentum: 0.9, decay: 5e-4 }), 1e-6);
    close("adam.value", &five_steps(Rule::Adam { beta1: 0.5, beta2: 0.999 }), 1e-6);
}

/// Compares with tests/reference/torch.json: all numbers of a small tensor; of a larger one its length and its products with four lines
/// of the formula's numbers, within `tolerance` of that length.
fn digest<const D: usize>(name: &str, tensor: Tensor<D>, tolerance: f64) {
    let reference: serde_json::Value = serde_json::from_str(include_str!("reference/torch.json")).unwrap();
    let wanted: Vec<f64> = serde_json::from_value(reference["tensors"][name].clone()).unwrap_or_else(|_| panic!("{name} is not there"));
    let flat: Vec<f64> = tensor.into_data().iter::<f64>().collect();
    let dot = |other: &[f64]| flat.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
    let found = match flat.len() <= 64 {
        true => flat.clone(),
        false => [dot(&flat).sqrt()].into_iter().chain((11..15).map(|salt| dot(&numbers(flat.len(), salt)))).collect(),
    };
    assert_eq!(found.len(), wanted.len(), "{name}");
    // The gradient of a bias before a normalisation is zero but for rounding.
    if found.iter().chain(&wanted).all(|v| v.abs() < 1e-3) {
        return;
    }
    let scale = wanted.iter().fold(0.1, |most, v| v.abs().max(most));
    let worst = found.iter().zip(&wanted).map(|(f, w)| (f - w).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance * scale, "{name}: {found:?} instead of {wanted:?}");
}

/// Pixel values in [0, 1].
fn unit<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    let values: Vec<f32> = numbers(dims.iter().product(), 0).into_iter().map(|v| v as f32).collect();
    Tensor::<D>::from_data(TensorData::new(values, dims), device).add_scalar(1.0).div_scalar(2.0)
}

/// Answers after training and in training, and the gradients of the sum of output times formula for the input and every weight, within
/// `tolerance` of their length.
fn compare_small<M: Module, const D: usize, const E: usize>(
    name: &str,
    module: M,
    dims: [usize; D],
    tolerance: f64,
    forward: impl Fn(&M, Tensor<D>) -> Tensor<E>,
) {
    digest(&format!("{name}.answer"), forward(&module.valid(), unit(dims, &Device::flex())), 1e-4);
    let input = unit(dims, &learning()).require_grad();
    let output = forward(&module, input.clone());
    digest(&format!("{name}.learning"), output.clone(), 1e-4);
    let factors: Vec<f32> = numbers(output.dims().iter().product(), 1).into_iter().map(|v| v as f32).collect();
    let gradients = (output.clone() * Tensor::from_data(TensorData::new(factors, output.dims()), &learning())).sum().backward();
    digest(&format!("{name}.gradient"), input.grad(&gradients).unwrap(), tolerance);
    let mut compared = 0;
    for (weights, gradient) in picked(&module, &gradients).tensors.into_iter().filter(|(weights, _)| !weights.contains("running_")) {
        let flat = Tensor::<1>::from_data(TensorData::new(gradient.values, [gradient.shape.iter().product::<usize>()]), &Device::flex());
        digest(&format!("{name}.gradient.{weights}"), flat, tolerance);
        compared += 1;
    }
    assert!(compared >= 6, "{name}");
}

#[test]
fn the_networks_of_the_barrier_answer_and_learn_like_pytorch() {
    let device = learning();
    let hide = |hider: &Hider, x: Tensor<4>| hider.forward(x.clone(), x.detach().flip([0])).unwrap();
    compare_small("hider", fill(Hider::new(3, 4, 2, None, &device)), [3, 3, 32, 16], 5e-4, hide);
    compare_small("residual_hider", fill(Hider::new(3, 5, 2, Some(0.1), &device)), [3, 3, 32, 64], 5e-4, hide);
    compare_small("revealer", fill(Revealer::new(3, 4, false, &device)), [2, 3, 20, 14], 5e-4, |net, x| net.forward(x).unwrap());
    compare_small("patch_critic", fill(PatchCritic::new(3, 2, &device)), [2, 3, 36, 20], 5e-4, |net, x| net.forward(x).unwrap());
}

#[test]
fn the_features_by_which_pictures_are_compared_are_those_of_pytorch() {
    let device = learning();
    let weights = WeightMap::from_safetensors(include_bytes!("../assets/vgg/vgg16.safetensors")).unwrap();
    let (own, owners) = (Vgg::embedded(&device).unwrap(), Vgg::from_torchvision(&weights, &device).unwrap());
    for (name, net, dims) in [("vgg", &own, [2, 3, 12, 10]), ("grey_vgg", &own, [2, 1, 9, 7]), ("torchvision_vgg", &owners, [2, 3, 12, 10])]
    {
        let input = unit(dims, &device).require_grad();
        let output = net.features(input.clone()).unwrap();
        digest(&format!("{name}.features"), output.clone(), 1e-4);
        let factors: Vec<f32> = numbers(output.dims().iter().product(), 1).into_iter().map(|v| v as f32).collect();
        let gradients = (output.clone() * Tensor::from_data(TensorData::new(factors, output.dims()), &device)).sum().backward();
        digest(&format!("{name}.gradient"), input.grad(&gradients).unwrap(), 5e-4);
    }
}

const SMALL_WIDTHS: [usize; 7] = [12, 8, 5, 2, 5, 8, 12];

#[test]
fn autoencoders_side_by_side_answer_and_learn_like_pytorch_one_by_one() {
    let nets = fill(Autoencoders::new(3, &SMALL_WIDTHS, &learning()));
    compare_small("autoencoders", nets, [4, 12], 5e-4, |nets, x: Tensor<2>| nets.forward(x.unsqueeze_dim(0)).unwrap());
}

#[test]
fn the_mirror_gives_the_loss_of_a_stamp_and_its_gradient_like_pytorch() {
    let nets = fill(Autoencoders::new(3, &SMALL_WIDTHS, &learning()));
    let values: Vec<f32> = numbers(12, 7).into_iter().map(|v| ((v + 1.0) / 2.0) as f32).collect();
    let stamp = Tensor::<1>::from_data(TensorData::new(values, [12]), &Device::flex());
    let (loss, gradient) = Mirror::new(&nets, unit([4, 12], &Device::flex())).unwrap().look(stamp).unwrap();
    digest("stamp.loss", loss, 1e-5);
    digest("stamp.gradient", gradient, 1e-5);
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let device = Device::flex();
    let zeros = |dims: [usize; 4]| Tensor::<4>::zeros(dims, &device);
    let said = |result: Result<Tensor<4>, countermark::nn::error::ShapeError>, needed: &str, found: &str| {
        let text = result.unwrap_err().to_string();
        assert!(text.contains(needed) && text.contains(found), "{text}");
    };
    let hider = Hider::new(3, 4, 2, None, &device);
    said(hider.forward(zeros([2, 3, 32, 40]), zeros([2, 3, 32, 40])), "6, a multiple of 16, a multiple of 16]", "[2, 6, 32, 40]");
    said(hider.forward(zeros([2, 3, 32, 32]), zeros([1, 3, 32, 32])), "[2, 3, 32, 32]", "[1, 3, 32, 32]");
    said(Revealer::new(3, 4, false, &device).forward(zeros([1, 1, 8, 8])), "[pictures, 3, an even side, an even side]", "[1, 1, 8, 8]");
    said(Revealer::new(3, 4, false, &device).forward(zeros([1, 3, 8, 9])), "an even side", "[1, 3, 8, 9]");
    said(PatchCritic::new(3, 2, &device).forward(zeros([1, 3, 16, 16])), "side above 16", "[1, 3, 16, 16]");
    let nets = Autoencoders::new(3, &SMALL_WIDTHS, &device);
    let text = nets.forward(Tensor::zeros([2, 5, 12], &device)).unwrap_err().to_string();
    assert!(text.contains("[3 or 1, pictures, 12]") && text.contains("[2, 5, 12]"), "{text}");
    let text = nets.decode(Tensor::zeros([3, 5, 4], &device)).unwrap_err().to_string();
    assert!(text.contains("[3 or 1, pictures, 2]") && text.contains("[3, 5, 4]"), "{text}");
    let mirror = Mirror::new(&nets, Tensor::zeros([5, 12], &device)).unwrap();
    let text = mirror.look(Tensor::zeros([13], &device)).unwrap_err().to_string();
    assert!(text.contains("[12]") && text.contains("[13]"), "{text}");
    assert!(Mirror::new(&nets, Tensor::zeros([5, 13], &device)).unwrap_err().to_string().contains("[5, 13]"));
}

#[test]
fn the_new_networks_have_as_many_weights_as_in_pytorch() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("reference/torch.json")).unwrap();
    let device = Device::flex();
    let check = |name: &str, count: u64| assert_eq!(reference["parameters"][name], count, "{name}");
    let learnt = |map: WeightMap| (map.tensors.iter()).filter(|(n, _)| !n.contains("running_")).map(|(_, w)| w.values.len() as u64).sum();
    fn weights<M: Module>(module: M) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("", &module);
        map
    }
    let colour = Shape { channels: 3, height: 32, width: 32 };
    for &kind in &HostKind::ALL[3..] {
        let name = kind.name().to_lowercase().replace('-', "");
        if name != "resnet18" {
            check(&name, learnt(weights(Host::new(kind, colour, 10, &device))));
        }
    }
    check("hider", learnt(weights(Hider::new(3, 7, 64, None, &device))));
    check("revealer", learnt(weights(Revealer::new(3, 128, false, &device))));
    check("patch_critic", learnt(weights(PatchCritic::new(3, 64, &device))));
    check("autoencoders", learnt(weights(Autoencoders::new(1, &PAPER_WIDTHS, &device))));
}
