//! The kernels as operations of burn's CPU backend, and their gradients as nodes of its autodiff.
//!
//! Convolution and transposed convolution are each other's gradients for the picture; both share the gradient for the weights.

use super::{kernel, pooled};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, Shape, Tensor};

/// Everything about a convolution but its numbers; `picture` is height and width of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Zeros above and below, left and right.
    pub padding: [usize; 2],
    /// Pixels from one cell of the kernel to the next, down and right.
    pub dilation: [usize; 2],
    /// Height and width of the convolution's input.
    pub picture: [usize; 2],
}

impl Geometry {
    /// Height and width of the convolution's output.
    pub fn output(&self) -> [usize; 2] {
        let reach = self.reach();
        [0, 1].map(|axis| (self.picture[axis] + 2 * self.padding[axis] - reach[axis]) / self.stride[axis] + 1)
    }

    /// Height and width of what the kernel covers.
    pub fn reach(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.kernel[axis] - 1) * self.dilation[axis] + 1)
    }

    /// Whether the direct kernels take this convolution of these channels in and out: there they beat unrolling and a matrix product.
    pub fn is_direct(&self, channels: [usize; 2]) -> bool {
        const FEW: usize = 32;
        let reach = self.reach();
        self.stride == [1, 1] && (0..2).all(|axis| self.padding[axis] < reach[axis]) && channels.iter().all(|count| *count <= FEW)
    }

    /// Whether convolution and pooling of these channels in and out can be done in one.
    pub fn pools(&self, channels: [usize; 2]) -> bool {
        self.is_direct(channels) && self.output().iter().all(|side| side.is_multiple_of(2))
    }
}

/// The maps. Shapes: picture `[batch, in, h, w]`, weight `[out, in, kh, kw]`, output `[batch, out, oh, ow]`; a bias has one number
/// for each channel of what it is added to.
#[backend_extension(Flex, Autodiff)]
pub trait Convolutions: Backend {
    /// Picture, weight and bias to output.
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// Output's gradient and weight to the picture's gradient; with a bias this is the transposed convolution.
    fn conv_picture(output: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, geometry: Geometry)
    -> FloatTensor<Self>;
    /// Picture and output's gradient to the weight's gradient.
    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// The sum of each channel.
    fn channel_sums(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Picture, weight and bias to the largest of each 2x2 block of the output, at least zero, and to what blocks note for the way back.
    fn conv_pool(
        picture: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// The gradient of blocks, their notes and weight to the picture's gradient.
    fn pooled_picture(
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
    /// Picture, gradient of blocks and their notes to the weight's gradient.
    fn pooled_weight(
        picture: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
    /// Gradient of blocks and their notes to the bias's gradient.
    fn pooled_bias(gradient: FloatTensor<Self>, notes: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Largest of each 2x2 block and of `floor`.
    fn pool(x: FloatTensor<Self>, floor: f32) -> FloatTensor<Self>;
    /// The gradient of `pool` for its input.
    fn pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>, floor: f32) -> FloatTensor<Self>;
}

impl Convolutions for Flex {
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::conv(picture, weight, bias, geometry)
    }

    fn conv_picture(
        output: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        kernel::conv_picture(output, weight, bias, geometry)
    }

    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::conv_weight(picture, output, geometry)
    }

    fn channel_sums(x: FloatTensor<Self>) -> FloatTensor<Self> {
        kernel::channel_sums(x)
    }

    fn conv_pool(
        picture: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [picture, weight, bias] = [picture, weight, bias].map(kernel::dense);
        pooled::forward(&picture, &weight, &bias, geometry)
    }

    fn pooled_picture(
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let [gradient, notes, weight] = [gradient, notes, weight].map(kernel::dense);
        pooled::picture(&gradient, &notes, &weight, geometry)
    }

    fn pooled_weight(
        picture: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let [picture, gradient, notes] = [picture, gradient, notes].map(kernel::dense);
        pooled::weight(&picture, &gradient, &notes, geometry)
    }

    fn pooled_bias(gradient: FloatTensor<Self>, notes: FloatTensor<Self>) -> FloatTensor<Self> {
        let [gradient, notes] = [gradient, notes].map(kernel::dense);
        pooled::bias(&gradient, &notes)
    }

    fn pool(x: FloatTensor<Self>, floor: f32) -> FloatTensor<Self> {
        kernel::pool(x, floor)
    }

    fn pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>, floor: f32) -> FloatTensor<Self> {
        kernel::pool_gradient(x, gradient, floor)
    }
}

/// Which of the two maps a node stands for; each is the other's gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Map {
    Plain,
    Transposed,
}

impl Map {
    fn apply<B: Convolutions>(self, x: FloatTensor<B>, weight: FloatTensor<B>, bias: FloatTensor<B>, geometry: Geometry) -> FloatTensor<B> {
        match self {
            Map::Plain => B::conv(x, weight, bias, geometry),
            Map::Transposed => B::conv_picture(x, weight, bias, geometry),
        }
    }

    /// Gradients for input and weight.
    fn input_gradient<B: Convolutions>(self, gradient: FloatTensor<B>, weight: FloatTensor<B>, geometry: Geometry) -> FloatTensor<B> {
        match self {
            Map::Plain => {
                let none = without_bias::<B>(&gradient);
                B::conv_picture(gradient, weight, none, geometry)
            }
            Map::Transposed => {
                let none = without_bias::<B>(&gradient);
                B::conv(gradient, weight, none, geometry)
            }
        }
    }

    fn weight_gradient<B: Convolutions>(self, x: FloatTensor<B>, gradient: FloatTensor<B>, geometry: Geometry) -> FloatTensor<B> {
        match self {
            Map::Plain => B::conv_weight(x, gradient, geometry),
            Map::Transposed => B::conv_weight(gradient, x, geometry),
        }
    }
}

/// A convolution of either kind in the graph.
#[derive(Debug)]
struct Node;

/// What a node keeps: the nodes of input and weight, geometry, and which map it is.
type State = (NodeId, NodeId, Geometry, Map);

/// A bias of no numbers says that there is none.
fn without_bias<B: Backend>(like: &FloatTensor<B>) -> FloatTensor<B> {
    B::float_zeros(Shape::from([0]), &like.device(), FloatDType::F32)
}

impl<B: Convolutions> Backward<B, 3> for Node {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, geometry, map) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, map.input_gradient::<B>(gradient.clone(), weight, geometry));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, map.weight_gradient::<B>(x, gradient.clone(), geometry));
        }
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, B::channel_sums(gradient));
        }
    }
}

fn track<B: Convolutions, C: CheckpointStrategy>(
    map: Map,
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    geometry: Geometry,
) -> FloatTensor<Autodiff<B, C>> {
    match Node.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
        OpsKind::Tracked(mut prep) => {
            let state = (prep.checkpoint(&x), prep.checkpoint(&weight), geometry, map);
            prep.finish(state, map.apply::<B>(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), geometry))
        }
        OpsKind::UnTracked(prep) => {
            prep.finish(map.apply::<B>(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), geometry))
        }
    }
}

#[derive(Debug)]
struct Pool;

impl<B: Convolutions> Backward<B, 1> for Pool {
    type State = (NodeId, f32);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let (x, floor) = ops.state;
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            gradients.register::<B>(node.id, B::pool_gradient(x, gradient, floor));
        }
    }
}

/// A convolution with the pooling after it.
#[derive(Debug)]
struct ConvPool;

impl<B: Convolutions> Backward<B, 3> for ConvPool {
    type State = (NodeId, NodeId, FloatTensor<B>, Geometry);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, notes, geometry) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::pooled_picture(gradient.clone(), notes.clone(), weight, geometry));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::pooled_weight(x, gradient.clone(), notes.clone(), geometry));
        }
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, B::pooled_bias(gradient, notes));
        }
    }
}

impl<B: Convolutions, C: CheckpointStrategy> Convolutions for Autodiff<B, C> {
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        track::<B, C>(Map::Plain, picture, weight, bias, geometry)
    }

    fn conv_picture(
        output: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        track::<B, C>(Map::Transposed, output, weight, bias, geometry)
    }

    /// Only ever called inside a backward pass, where nothing is tracked; so are the other gradients below.
    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::conv_weight(picture.into_primitive(), output.into_primitive(), geometry))
    }

    fn channel_sums(x: FloatTensor<Self>) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::channel_sums(x.into_primitive()))
    }

    fn conv_pool(
        picture: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let inner = <Self as AutodiffBackend>::from_inner;
        match ConvPool.prepare::<C>([picture.node(), weight.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let (x, kernel) = (prep.checkpoint(&picture), prep.checkpoint(&weight));
                let (out, notes) = B::conv_pool(picture.into_primitive(), weight.into_primitive(), bias.into_primitive(), geometry);
                (prep.finish((x, kernel, notes.clone(), geometry), out), inner(notes))
            }
            OpsKind::UnTracked(prep) => {
                let (out, notes) = B::conv_pool(picture.into_primitive(), weight.into_primitive(), bias.into_primitive(), geometry);
                (prep.finish(out), inner(notes))
            }
        }
    }

    fn pooled_picture(
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let gradient = B::pooled_picture(gradient.into_primitive(), notes.into_primitive(), weight.into_primitive(), geometry);
        <Self as AutodiffBackend>::from_inner(gradient)
    }

    fn pooled_weight(
        picture: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        notes: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let gradient = B::pooled_weight(picture.into_primitive(), gradient.into_primitive(), notes.into_primitive(), geometry);
        <Self as AutodiffBackend>::from_inner(gradient)
    }

    fn pooled_bias(gradient: FloatTensor<Self>, notes: FloatTensor<Self>) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::pooled_bias(gradient.into_primitive(), notes.into_primitive()))
    }

    fn pool(x: FloatTensor<Self>, floor: f32) -> FloatTensor<Self> {
        match Backward::<B, 1>::prepare::<C>(Pool, [x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = prep.checkpoint(&x);
                prep.finish((state, floor), B::pool(x.into_primitive(), floor))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::pool(x.into_primitive(), floor)),
        }
    }

    fn pool_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>, floor: f32) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::pool_gradient(x.into_primitive(), gradient.into_primitive(), floor))
    }
}

/// `[batch, in, h, w]`, `[out, in, kh, kw]` and `[out]` to `[batch, out, oh, ow]`.
pub fn convolve(picture: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, geometry: Geometry) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Convolutions>::conv(picture.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), geometry))
}

/// `[batch, in, h, w]`, `[in, out, kh, kw]` and `[out]` to `[batch, out, h', w']`; `geometry.picture` is `[h', w']`.
pub fn convolve_transposed(small: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, geometry: Geometry) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Convolutions>::conv_picture(
        small.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        geometry,
    ))
}

/// `[batch, in, h, w]`, `[out, in, kh, kw]` and `[out]` to `[batch, out, oh / 2, ow / 2]`, where `geometry.pools`.
pub fn convolve_and_pool(picture: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, geometry: Geometry) -> Tensor<4> {
    let (picture, weight, bias) = (picture.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Convolutions>::conv_pool(picture, weight, bias, geometry).0)
}

/// `[batch, channels, h, w]` with even sides to `[batch, channels, h / 2, w / 2]`.
pub fn largest(x: Tensor<4>, floor: f32) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Convolutions>::pool(x.into_dispatch(), floor))
}
