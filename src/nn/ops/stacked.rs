//! A linear layer of several nets side by side and the curve after it: each net's products on one core, the curve in vectors.
//!
//! burn has all nets in one batched product, and curves that call the C library number by number; those take more time than the products.

use super::kernel::{Matrix, dense, numbers, product};
use super::on_cpu;
use super::wide::{GROUPS, spread, wide};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor, TensorData, activation};
use burn_flex::FlexTensor;

/// What follows a layer, as a function whose slope can be told from its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// To (-1, 1).
    Tanh,
    /// To (0, 1).
    Sigmoid,
}

impl Curve {
    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        match self {
            Self::Tanh => tanh(x),
            Self::Sigmoid => sigmoid(x),
        }
    }

    /// The slope where the curve has this value.
    #[inline(always)]
    fn slope(self, value: f32) -> f32 {
        match self {
            Self::Tanh => 1.0 - value * value,
            Self::Sigmoid => value * (1.0 - value),
        }
    }
}

/// Hyperbolic tangent within 5e-7 everywhere: the rational function of Eigen and XLA, without a branch, so that loops fill vectors.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let s = x * x;
    let above = -2.760_768_5e-16 * s + 2.000_188e-13;
    let above = ((above * s - 8.604_672e-11) * s + 5.122_297e-8) * s + 1.485_722_4e-5;
    let above = x * ((above * s + 6.372_619_3e-4) * s + 4.893_524_6e-3);
    let below = ((1.198_258_4e-6 * s + 1.185_347_1e-4) * s + 2.268_434_6e-3) * s + 4.893_525e-3;
    above / below
}

/// The logistic function, as exact as [`tanh`].
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    0.5 * tanh(0.5 * x) + 0.5
}

/// The map and its gradients. Shapes: `x` `[nets or 1, rows, in]`, weight `[nets, in, out]`, bias `[nets, 1, out]`, output
/// `[nets, rows, out]`.
#[backend_extension(Flex, Autodiff)]
pub trait Stacks: Backend {
    /// Input, weight and bias to output.
    fn stack(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self>;
    /// Input, weight, output and its gradient to the gradients of input (no numbers where it is not wanted), weight and bias.
    fn stack_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        curve: Curve,
        wanted: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The sizes of a layer of several nets.
#[derive(Clone, Copy)]
struct Sizes {
    nets: usize,
    rows: usize,
    inputs: usize,
    outputs: usize,
    /// Whether all nets are given the same.
    shared: bool,
}

impl Sizes {
    fn of(x: &FlexTensor, weight: &FlexTensor) -> Self {
        let (x, weight) = (x.shape(), weight.shape());
        Self { nets: weight[0], rows: x[1], inputs: weight[1], outputs: weight[2], shared: x[0] == 1 }
    }

    /// Numbers of a net's input, weight and output.
    fn each(self) -> [usize; 3] {
        [self.rows * self.inputs, self.inputs * self.outputs, self.rows * self.outputs].map(|count| count.max(1))
    }

    /// What one net is given.
    fn given(self, x: &[f32], net: usize) -> Matrix<'_> {
        let (size, net) = (self.rows * self.inputs, if self.shared { 0 } else { net });
        Matrix::new(&x[net * size..(net + 1) * size], self.rows, self.inputs)
    }

    fn weight(self, weight: &[f32], net: usize) -> Matrix<'_> {
        let size = self.inputs * self.outputs;
        Matrix::new(&weight[net * size..(net + 1) * size], self.inputs, self.outputs)
    }
}

fn made(values: Vec<f32>, shape: [usize; 3]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, Shape::from(shape)))
}

impl Stacks for Flex {
    fn stack(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, curve: Curve) -> FlexTensor {
        let (x, weight, bias) = (dense(x), dense(weight), dense(bias));
        let sizes = Sizes::of(&x, &weight);
        let Sizes { nets, rows, inputs, outputs, .. } = sizes;
        let mut out = vec![0.0; nets * rows * outputs];
        // A net's rows are parted where there are fewer nets than cores may be.
        let part = rows.div_ceil(GROUPS.div_ceil(nets.max(1))).max(1);
        let blocks = out.chunks_mut(sizes.each()[2]).enumerate();
        let tasks =
            blocks.flat_map(|(net, out)| out.chunks_mut((part * outputs).max(1)).enumerate().map(move |(i, out)| (net, i * part, out)));
        spread(tasks, nets * rows * outputs, |(net, first, out)| {
            let count = out.len() / outputs;
            let start = (if sizes.shared { 0 } else { net } * rows + first) * inputs;
            let given = Matrix::new(&numbers(&x)[start..start + count * inputs], count, inputs);
            product(out, given, sizes.weight(numbers(&weight), net), false);
            let bias = &numbers(&bias)[net * outputs..(net + 1) * outputs];
            wide(
                #[inline(always)]
                || {
                    for row in out.chunks_exact_mut(outputs) {
                        row.iter_mut().zip(bias).for_each(
                            #[inline(always)]
                            |(value, bias)| *value = curve.at(*value + bias),
                        );
                    }
                },
            );
        });
        made(out, [nets, rows, outputs])
    }

    fn stack_gradients(
        x: FlexTensor,
        weight: FlexTensor,
        output: FlexTensor,
        gradient: FlexTensor,
        curve: Curve,
        wanted: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (x, weight, output, gradient) = (dense(x), dense(weight), dense(output), dense(gradient));
        let sizes = Sizes::of(&x, &weight);
        let Sizes { nets, rows, inputs, outputs, shared } = sizes;
        let [of_x, of_weight, of_output] = sizes.each();
        let mut back = vec![0.0; if wanted { nets * rows * inputs } else { 0 }];
        let (mut slopes, mut sums) = (vec![0.0; nets * inputs * outputs], vec![0.0; nets * outputs]);
        let mut backs: Vec<&mut [f32]> = back.chunks_mut(of_x).collect();
        backs.resize_with(nets, || &mut []);
        let pairs = numbers(&output).chunks(of_output).zip(numbers(&gradient).chunks(of_output));
        let tasks = slopes.chunks_mut(of_weight).zip(sums.chunks_mut(outputs.max(1))).zip(backs).zip(pairs).enumerate();
        spread(tasks, nets * rows * outputs, |(net, (((slopes, sums), back), (output, gradient)))| {
            let mut behind = vec![0.0; rows * outputs];
            wide(
                #[inline(always)]
                || {
                    for ((behind, output), gradient) in behind.iter_mut().zip(output).zip(gradient) {
                        *behind = gradient * curve.slope(*output);
                    }
                    for row in behind.chunks_exact(outputs) {
                        sums.iter_mut().zip(row).for_each(
                            #[inline(always)]
                            |(sum, value)| *sum += value,
                        );
                    }
                },
            );
            let behind = Matrix::new(&behind, rows, outputs);
            product(slopes, sizes.given(numbers(&x), net).t(), behind, false);
            if wanted {
                product(back, behind, sizes.weight(numbers(&weight), net).t(), false);
            }
        });
        let back = match (wanted, shared && nets > 1) {
            (false, _) => made(back, [0, rows, inputs]),
            (true, false) => made(back, [nets, rows, inputs]),
            (true, true) => {
                let mut whole = vec![0.0; rows * inputs];
                for part in back.chunks_exact(of_x) {
                    whole.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
                }
                made(whole, [1, rows, inputs])
            }
        };
        (back, made(slopes, [nets, inputs, outputs]), made(sums, [nets, 1, outputs]))
    }
}

#[derive(Debug)]
struct Node;

/// The nodes of input and weight, the output, and the curve.
type State<B> = ([NodeId; 2], FloatTensor<B>, Curve);

impl<B: Stacks> Backward<B, 3> for Node {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (nodes, output, curve) = ops.state;
        let [x, weight] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let (x, weight, bias) = B::stack_gradients(x, weight, output, gradient, curve, ops.parents[0].is_some());
        for (parent, gradient) in ops.parents.into_iter().zip([x, weight, bias]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: Stacks, C: CheckpointStrategy> Stacks for Autodiff<B, C> {
    fn stack(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self> {
        match Backward::<B, 3>::prepare::<C>(Node, [x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let nodes = [prep.checkpoint(&x), prep.checkpoint(&weight)];
                let output = B::stack(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), curve);
                prep.finish((nodes, output.clone(), curve), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::stack(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), curve)),
        }
    }

    /// Only ever called inside a backward pass, where nothing is tracked.
    fn stack_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        curve: Curve,
        wanted: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [x, weight, output, gradient] = [x, weight, output, gradient].map(|tensor| tensor.into_primitive());
        let (x, weight, bias) = B::stack_gradients(x, weight, output, gradient, curve, wanted);
        let constant = <Self as AutodiffBackend>::from_inner;
        (constant(x), constant(weight), constant(bias))
    }
}

/// `x` `[nets or 1, rows, in]`, weight `[nets, in, out]` and bias `[nets, 1, out]` to `[nets, rows, out]`.
///
/// # Panics
/// If they do not fit.
pub fn stack(x: Tensor<3>, weight: Tensor<3>, bias: Tensor<3>, curve: Curve) -> Tensor<3> {
    let (given, kernel, shift) = (x.dims(), weight.dims(), bias.dims());
    assert!(
        given[2] == kernel[1] && [1, kernel[0]].contains(&given[0]) && shift == [kernel[0], 1, kernel[2]],
        "layers with weights of {kernel:?} and biases of {shift:?} do not fit inputs of {given:?}"
    );
    if !on_cpu(&x) {
        let x = x.matmul(weight) + bias;
        return match curve {
            Curve::Tanh => activation::tanh(x),
            Curve::Sigmoid => activation::sigmoid(x),
        };
    }
    Tensor::from_dispatch(<Dispatch as Stacks>::stack(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), curve))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_and_sigmoid_stay_close_to_the_exact_ones() {
        for i in -200_000..=200_000 {
            let x = i as f32 * 1e-4;
            let exact = f64::from(x).tanh();
            assert!((f64::from(tanh(x)) - exact).abs() < 5e-7, "tanh {x}: {}", tanh(x));
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid(x)) - exact).abs() < 5e-7, "sigmoid {x}: {}", sigmoid(x));
        }
    }
}
