//! Normalisation with learnt scale and shift and the activation after it: two passes there, two back, nothing kept in between.

use super::kernel::{dense, dims, numbers, own, tensor, vector};
use super::wide::{LANES, fold, group, spread, sum, wide};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

/// What mean and variance are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A channel of all pictures (batch normalisation).
    Batch,
    /// A channel of one picture (instance normalisation).
    Picture,
}

/// Everything about a normalisation but its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// What mean and variance are taken over.
    pub over: Over,
    /// Added to the variance.
    pub epsilon: f64,
    /// Factor of what is below zero after scale and shift: 1 leaves everything as it is, 0 is ReLU.
    pub slope: f32,
}

/// The maps. Shapes: `x` `[batch, channels, h, w]`; `gamma`, `beta` `[channels]`; mean and variance `[channels]` over the batch,
/// `[batch * channels]` over pictures.
#[backend_extension(Flex, Autodiff)]
pub trait Norms: Backend {
    /// The normalised, scaled, shifted and activated input, with mean and variance (of the whole population) of the input.
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        rule: Rule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// The gradients for `x`, `gamma` and `beta`.
    fn norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        rule: Rule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// What one plane of pixels is normalised with: `(x - mean) * scale + shift`.
#[derive(Clone, Copy)]
struct Plane {
    mean: f32,
    scale: f32,
    shift: f32,
}

impl Plane {
    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        (x - self.mean) * self.scale + self.shift
    }

    fn all(mean: &[f32], inverse: &[f64], gamma: &[f32], beta: &[f32], count: usize) -> Vec<Self> {
        let channels = gamma.len();
        let plane = |i: usize| {
            let (unit, channel) = (i % mean.len(), i % channels);
            Self { mean: mean[unit], scale: (f64::from(gamma[channel]) * inverse[unit]) as f32, shift: beta[channel] }
        };
        (0..count).map(plane).collect()
    }
}

fn inverse(variance: &[f32], epsilon: f64) -> Vec<f64> {
    variance.iter().map(|&v| 1.0 / (f64::from(v) + epsilon).sqrt()).collect()
}

/// Mean and sum of squared deviations of each plane.
fn moments(x: &[f32], planes: usize, area: usize) -> Vec<[f64; 2]> {
    let mut parts = vec![[0.0; 2]; planes];
    let each = group(planes);
    spread(parts.chunks_mut(each).zip(x.chunks((each * area).max(1))), x.len(), |(parts, x)| {
        wide(
            #[inline(always)]
            || {
                for (part, plane) in parts.iter_mut().zip(x.chunks_exact(area.max(1))) {
                    let mean = sum(
                        plane,
                        #[inline(always)]
                        |v| v,
                    ) / area as f64;
                    let near = mean as f32;
                    let squares = sum(
                        plane,
                        #[inline(always)]
                        |v| (v - near) * (v - near),
                    );
                    *part = [mean, squares - area as f64 * (mean - f64::from(near)).powi(2)];
                }
            },
        );
    });
    parts
}

impl Norms for Flex {
    fn norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, rule: Rule) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
        let [batch, channels, height, width] = dims(&x);
        let (planes, area) = (batch * channels, height * width);
        let parts = moments(numbers(&x), planes, area);
        // Chan's formula adds up means and squares without the loss of digits of a sum of squares.
        let merged = |channel: usize| {
            let (mut count, mut whole) = (0.0, [0.0; 2]);
            for part in parts.iter().skip(channel).step_by(channels) {
                let (new, apart) = (count + area as f64, part[0] - whole[0]);
                whole[0] += apart * area as f64 / new;
                whole[1] += part[1] + apart * apart * count * area as f64 / new;
                count = new;
            }
            [whole[0], whole[1] / count]
        };
        let units: Vec<[f64; 2]> = match rule.over {
            Over::Batch => (0..channels).map(merged).collect(),
            Over::Picture => parts.iter().map(|part| [part[0], part[1] / area as f64]).collect(),
        };
        let [mean, variance] = [0, 1].map(|i| units.iter().map(|unit| unit[i] as f32).collect::<Vec<f32>>());
        let coefficients = Plane::all(&mean, &inverse(&variance, rule.epsilon), numbers(&gamma), numbers(&beta), planes);
        let mut out = vec![0.0; planes * area];
        let each = group(planes);
        let size = (each * area).max(1);
        let tasks = out.chunks_mut(size).zip(numbers(&x).chunks(size)).zip(coefficients.chunks(each));
        spread(tasks, planes * area, |((out, x), coefficients)| {
            wide(
                #[inline(always)]
                || {
                    for ((out, x), plane) in out.chunks_exact_mut(area).zip(x.chunks_exact(area)).zip(coefficients) {
                        for (o, x) in out.iter_mut().zip(x) {
                            let z = plane.at(*x);
                            *o = if z > 0.0 { z } else { z * rule.slope };
                        }
                    }
                },
            );
        });
        (tensor(out, [batch, channels, height, width]), vector(mean), vector(variance))
    }

    fn norm_gradients(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        gradient: FlexTensor,
        rule: Rule,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (x, gamma, beta, mean, variance) = (dense(x), dense(gamma), dense(beta), dense(mean), dense(variance));
        let mut gradient = own(gradient);
        let [batch, channels, height, width] = dims(&x);
        let (planes, area, units) = (batch * channels, height * width, numbers(&mean).len());
        let inverse = inverse(numbers(&variance), rule.epsilon);
        let coefficients = Plane::all(numbers(&mean), &inverse, numbers(&gamma), numbers(&beta), planes);
        let each = group(planes);
        let size = (each * area).max(1);

        // For each plane the sum of the gradient behind the activation, plain and times the input's deviation from its mean.
        let mut parts = vec![[0.0f64; 2]; planes];
        let tasks = parts.chunks_mut(each).zip(numbers(&x).chunks(size)).zip(numbers(&gradient).chunks(size));
        spread(tasks.zip(coefficients.chunks(each)), planes * area, |(((parts, x), gradient), coefficients)| {
            wide(
                #[inline(always)]
                || {
                    let pairs = x.chunks_exact(area).zip(gradient.chunks_exact(area));
                    for ((part, (x, gradient)), plane) in parts.iter_mut().zip(pairs).zip(coefficients) {
                        *part = sums(x, gradient, *plane, rule.slope);
                    }
                },
            );
        });
        let mut totals = vec![[0.0f64; 2]; units];
        for (i, part) in parts.iter().enumerate() {
            let total = &mut totals[i % units];
            *total = [total[0] + part[0], total[1] + part[1]];
        }
        let mut learnt = [vec![0.0f64; channels], vec![0.0f64; channels]];
        for (unit, total) in totals.iter().enumerate() {
            learnt[0][unit % channels] += total[1] * inverse[unit];
            learnt[1][unit % channels] += total[0];
        }

        let count = (planes * area) as f64 / units as f64;
        let means: Vec<[f32; 2]> =
            totals.iter().zip(&inverse).map(|(t, inverse)| [t[0] / count, t[1] * inverse * inverse / count].map(|v| v as f32)).collect();
        let values = gradient.storage_mut::<f32>();
        let tasks = values.chunks_mut(size).zip(numbers(&x).chunks(size)).zip(coefficients.chunks(each)).enumerate();
        spread(tasks, planes * area, |(task, ((values, x), coefficients))| {
            wide(
                #[inline(always)]
                || {
                    let pairs = values.chunks_exact_mut(area).zip(x.chunks_exact(area));
                    for (i, ((values, x), plane)) in pairs.zip(coefficients).enumerate() {
                        let [plain, slanted] = means[(task * each + i) % units];
                        for (g, x) in values.iter_mut().zip(x) {
                            let behind = if plane.at(*x) > 0.0 { *g } else { *g * rule.slope };
                            *g = (behind - plain - (x - plane.mean) * slanted) * plane.scale;
                        }
                    }
                },
            );
        });
        let [gamma, beta] = learnt.map(|values| vector(values.into_iter().map(|v| v as f32).collect()));
        (gradient, gamma, beta)
    }
}

#[inline(always)]
fn sums(x: &[f32], gradient: &[f32], plane: Plane, slope: f32) -> [f64; 2] {
    let mut lanes = ([0.0f32; LANES], [0.0f32; LANES]);
    let ((xs, x), (gradients, gradient)) = (x.as_chunks::<LANES>(), gradient.as_chunks::<LANES>());
    for (x, gradient) in xs.iter().zip(gradients) {
        add(&mut lanes, x, gradient, plane, slope);
    }
    add(&mut lanes, x, gradient, plane, slope);
    [fold(lanes.0), fold(lanes.1)]
}

#[inline(always)]
fn add((plain, slanted): &mut ([f32; LANES], [f32; LANES]), x: &[f32], gradient: &[f32], plane: Plane, slope: f32) {
    for (((p, s), x), g) in plain.iter_mut().zip(slanted).zip(x).zip(gradient) {
        let behind = if plane.at(*x) > 0.0 { *g } else { *g * slope };
        *p += behind;
        *s += behind * (x - plane.mean);
    }
}

#[derive(Debug)]
struct Node;

/// The nodes of input, scale and shift, then mean and variance.
type State<B> = ([NodeId; 3], [FloatTensor<B>; 2], Rule);

impl<B: Norms> Backward<B, 3> for Node {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (nodes, [mean, variance], rule) = ops.state;
        let [x, gamma, beta] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let (x, gamma, beta) = B::norm_gradients(x, gamma, beta, mean, variance, gradient, rule);
        for (parent, gradient) in ops.parents.into_iter().zip([x, gamma, beta]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: Norms, C: CheckpointStrategy> Norms for Autodiff<B, C> {
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        rule: Rule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let constant = <Self as AutodiffBackend>::from_inner;
        match Backward::<B, 3>::prepare::<C>(Node, [x.node(), gamma.node(), beta.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let nodes = [prep.checkpoint(&x), prep.checkpoint(&gamma), prep.checkpoint(&beta)];
                let (out, mean, variance) = B::norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), rule);
                (prep.finish((nodes, [mean.clone(), variance.clone()], rule), out), constant(mean), constant(variance))
            }
            OpsKind::UnTracked(prep) => {
                let (out, mean, variance) = B::norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), rule);
                (prep.finish(out), constant(mean), constant(variance))
            }
        }
    }

    /// Only ever called inside a backward pass, where nothing is tracked.
    fn norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        rule: Rule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [x, gamma, beta, mean, variance, gradient] = [x, gamma, beta, mean, variance, gradient].map(|t| t.into_primitive());
        let (x, gamma, beta) = B::norm_gradients(x, gamma, beta, mean, variance, gradient, rule);
        let constant = <Self as AutodiffBackend>::from_inner;
        (constant(x), constant(gamma), constant(beta))
    }
}

/// `[batch, channels, h, w]`, `[channels]`, `[channels]` to the output, and mean and variance without gradients.
///
/// # Panics
/// If scale or shift do not have one number for each channel.
pub fn normalise(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, rule: Rule) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let (picture, scale, shift) = (x.dims(), gamma.dims(), beta.dims());
    assert!(
        scale == [picture[1]] && shift == scale,
        "a normalisation of {picture:?} needs one scale and shift for each channel, but has {scale:?} and {shift:?}"
    );
    let (out, mean, variance) = <Dispatch as Norms>::norm(x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch(), rule);
    (Tensor::from_dispatch(out), Tensor::from_dispatch(mean), Tensor::from_dispatch(variance))
}
