//! One step of an optimiser over one parameter, in one pass over its memory.

use super::kernel::{dense, numbers, own};
use super::on_cpu;
use super::wide::{group, spread, wide};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

/// Keeps Adam's division finite; PyTorch's default.
const EPSILON: f64 = 1e-8;

/// Adam's numbers of one step.
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    /// Decays of the two moments.
    pub betas: [f64; 2],
    /// What the two moments are divided by.
    pub corrections: [f64; 2],
    /// Learning rate.
    pub rate: f64,
}

/// Numbers of a step of gradient descent.
#[derive(Debug, Clone, Copy)]
pub struct Sgd {
    /// Share of the old velocity that is kept.
    pub momentum: f64,
    /// Weight decay, added to the gradient.
    pub decay: f64,
    /// Learning rate.
    pub rate: f64,
}

/// The steps. All tensors of a call hold equally many numbers.
#[backend_extension(Flex)]
pub trait Rules: Backend {
    /// Value and both moments one step further.
    fn adam(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: Adam,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// Value and velocity one step further.
    fn sgd(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        step: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl Rules for Flex {
    fn adam(
        value: FlexTensor,
        gradient: FlexTensor,
        first: FlexTensor,
        second: FlexTensor,
        step: Adam,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut value, gradient, mut first, mut second) = (own(value), dense(gradient), own(first), own(second));
        let [beta1, beta2] = step.betas.map(|beta| beta as f32);
        let [share1, share2] = step.betas.map(|beta| (1.0 - beta) as f32);
        let (rate, correction, epsilon) = ((step.rate / step.corrections[0]) as f32, step.corrections[1] as f32, EPSILON as f32);
        let count = numbers(&gradient).len();
        let part = group(count);
        let moments = first.storage_mut::<f32>().chunks_mut(part).zip(second.storage_mut::<f32>().chunks_mut(part));
        let pairs = value.storage_mut::<f32>().chunks_mut(part).zip(numbers(&gradient).chunks(part));
        spread(pairs.zip(moments), count, |((values, gradients), (firsts, seconds))| {
            wide(
                #[inline(always)]
                || {
                    for ((value, gradient), (first, second)) in values.iter_mut().zip(gradients).zip(firsts.iter_mut().zip(seconds)) {
                        *first = *first * beta1 + gradient * share1;
                        *second = *second * beta2 + gradient * gradient * share2;
                        *value -= *first / ((*second / correction).sqrt() + epsilon) * rate;
                    }
                },
            );
        });
        (value, first, second)
    }

    fn sgd(value: FlexTensor, gradient: FlexTensor, velocity: FlexTensor, step: Sgd) -> (FlexTensor, FlexTensor) {
        let (mut value, gradient, mut velocity) = (own(value), dense(gradient), own(velocity));
        let [momentum, decay, rate] = [step.momentum, step.decay, step.rate].map(|factor| factor as f32);
        let count = numbers(&gradient).len();
        let part = group(count);
        let pairs = value.storage_mut::<f32>().chunks_mut(part).zip(numbers(&gradient).chunks(part));
        let velocities = velocity.storage_mut::<f32>().chunks_mut(part);
        spread(pairs.zip(velocities), count, |((values, gradients), velocities)| {
            wide(
                #[inline(always)]
                || {
                    for ((value, gradient), velocity) in values.iter_mut().zip(gradients).zip(velocities) {
                        *velocity = *velocity * momentum + (gradient + *value * decay);
                        *value -= *velocity * rate;
                    }
                },
            );
        });
        (value, velocity)
    }
}

/// A parameter, its gradient and Adam's two moments (each with as many numbers) to parameter and moments one step later.
///
/// # Panics
/// If they do not hold equally many numbers.
pub fn adam<const D: usize>(value: Tensor<D>, gradient: Tensor<D>, moments: [Tensor<1>; 2], step: Adam) -> (Tensor<D>, [Tensor<1>; 2]) {
    let [first, second] = moments;
    fit(&value, &gradient, &first);
    fit(&value, &gradient, &second);
    if !on_cpu(&value) {
        let (dims, count) = (value.dims(), first.dims());
        let gradient = gradient.reshape(count);
        let [beta1, beta2] = step.betas;
        let first = first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
        let second = second.mul_scalar(beta2) + (gradient.clone() * gradient).mul_scalar(1.0 - beta2);
        let scale = second.clone().div_scalar(step.corrections[1]).sqrt().add_scalar(EPSILON);
        let change = (first.clone() / scale).mul_scalar(step.rate / step.corrections[0]);
        return (value - change.reshape(dims), [first, second]);
    }
    let (value, first, second) =
        <Dispatch as Rules>::adam(value.into_dispatch(), gradient.into_dispatch(), first.into_dispatch(), second.into_dispatch(), step);
    (Tensor::from_dispatch(value), [first, second].map(Tensor::from_dispatch))
}

/// A parameter, its gradient and its velocity (each with as many numbers) to parameter and velocity one step later.
///
/// # Panics
/// If they do not hold equally many numbers.
pub fn sgd<const D: usize>(value: Tensor<D>, gradient: Tensor<D>, velocity: Tensor<1>, step: Sgd) -> (Tensor<D>, Tensor<1>) {
    fit(&value, &gradient, &velocity);
    if !on_cpu(&value) {
        let (dims, count) = (value.dims(), velocity.dims());
        let velocity = velocity.mul_scalar(step.momentum) + (gradient + value.clone().mul_scalar(step.decay)).reshape(count);
        return (value - velocity.clone().mul_scalar(step.rate).reshape(dims), velocity);
    }
    let (value, velocity) = <Dispatch as Rules>::sgd(value.into_dispatch(), gradient.into_dispatch(), velocity.into_dispatch(), step);
    (Tensor::from_dispatch(value), Tensor::from_dispatch(velocity))
}

fn fit<const D: usize>(value: &Tensor<D>, gradient: &Tensor<D>, moment: &Tensor<1>) {
    let (value, gradient, moment) = (value.dims(), gradient.dims(), moment.dims()[0]);
    assert!(
        value == gradient && value.iter().product::<usize>() == moment,
        "a parameter of {value:?} has a gradient of {gradient:?} and {moment} numbers of optimiser state"
    );
}
