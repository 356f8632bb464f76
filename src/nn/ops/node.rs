//! The kernels as operations of burn's CPU backend, and their gradients as nodes of its autodiff.
//!
//! Three linear maps close over themselves: the convolution, its gradient for the picture (which is the transposed convolution)
//! and its gradient for the weights. Each one's gradients are the other two.

use super::kernel;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

/// Everything about a convolution but its numbers; `picture` is height and width of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Zeros above and below, left and right.
    pub padding: [usize; 2],
    /// Height and width of the convolution's input.
    pub picture: [usize; 2],
}

impl Geometry {
    /// Height and width of the convolution's output.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.picture[axis] + 2 * self.padding[axis] - self.kernel[axis]) / self.stride[axis] + 1)
    }
}

/// The three maps. Shapes: picture `[batch, in, h, w]`, weight `[out, in, kh, kw]`, output `[batch, out, oh, ow]`.
#[backend_extension(Flex, Autodiff)]
pub trait Convolutions: Backend {
    /// Picture and weight to output.
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// Output's gradient and weight to the picture's gradient.
    fn conv_picture(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// Picture and output's gradient to the weight's gradient.
    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
}

impl Convolutions for Flex {
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::conv(picture, weight, geometry)
    }

    fn conv_picture(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::conv_picture(output, weight, geometry)
    }

    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::conv_weight(picture, output, geometry)
    }
}

#[derive(Debug)]
struct Conv;
#[derive(Debug)]
struct ConvPicture;

impl<B: Backend + Convolutions> Backward<B, 2> for Conv {
    type State = (NodeId, NodeId, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [picture_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (picture, weight, geometry) = ops.state;
        let picture = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(picture);
        let weight = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(weight);
        if let Some(node) = picture_node {
            gradients.register::<B>(node.id, B::conv_picture(gradient.clone(), weight, geometry));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::conv_weight(picture, gradient, geometry));
        }
    }
}

impl<B: Backend + Convolutions> Backward<B, 2> for ConvPicture {
    type State = (NodeId, NodeId, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [output_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (output, weight, geometry) = ops.state;
        let output = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(output);
        let weight = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(weight);
        if let Some(node) = output_node {
            gradients.register::<B>(node.id, B::conv(gradient.clone(), weight, geometry));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::conv_weight(gradient, output, geometry));
        }
    }
}

impl<B: Backend + Convolutions, C: CheckpointStrategy> Convolutions for Autodiff<B, C> {
    fn conv(picture: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        match Conv.prepare::<C>([picture.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&picture), prep.checkpoint(&weight), geometry);
                prep.finish(state, B::conv(picture.into_primitive(), weight.into_primitive(), geometry))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::conv(picture.into_primitive(), weight.into_primitive(), geometry)),
        }
    }

    fn conv_picture(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        match ConvPicture.prepare::<C>([output.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&output), prep.checkpoint(&weight), geometry);
                prep.finish(state, B::conv_picture(output.into_primitive(), weight.into_primitive(), geometry))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::conv_picture(output.into_primitive(), weight.into_primitive(), geometry)),
        }
    }

    /// Only ever called inside a backward pass, where nothing is tracked.
    fn conv_weight(picture: FloatTensor<Self>, output: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::conv_weight(picture.into_primitive(), output.into_primitive(), geometry))
    }
}

/// `[batch, in, h, w]` and `[out, in, kh, kw]` to `[batch, out, oh, ow]`.
pub fn convolve(picture: Tensor<4>, weight: Tensor<4>, geometry: Geometry) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Convolutions>::conv(picture.into_dispatch(), weight.into_dispatch(), geometry))
}

/// `[batch, in, h, w]` and `[in, out, kh, kw]` to `[batch, out, h', w']`; `geometry.picture` is `[h', w']`.
pub fn convolve_transposed(small: Tensor<4>, weight: Tensor<4>, geometry: Geometry) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Convolutions>::conv_picture(small.into_dispatch(), weight.into_dispatch(), geometry))
}
