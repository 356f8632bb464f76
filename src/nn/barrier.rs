//! The networks of the image barrier (S4): one hides a logo in pictures, one reveals it, a critic looks at patches.
//!
//! Pixel values lie in [0, 1]. Pictures have 3 channels, or 1 where they are grey.

use super::error::ShapeError;
use super::init::faint;
use super::layers::{conv, conv_transpose, instance_norm};
use super::ops::{self, Activation};
use super::unet::UNet;
use burn::module::{Module, Param};
use burn::nn::InstanceNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Device, Tensor, activation};
use std::ops::RangeInclusive;

/// How often the hiding network may halve a picture.
pub const HALVINGS: RangeInclusive<usize> = 4..=8;

/// Greatest change that a residual hiding network may make to a pixel where it only marks, until the mark is brought to the wanted clarity.
pub const MARK_REACH: f64 = 0.1;

/// H: picture and logo in, the picture with the logo hidden in it out. A U-Net (41.8 M weights at the paper's width 64).
#[derive(Module, Debug)]
pub struct Hider {
    unet: UNet,
    reach: Option<f64>,
}

impl Hider {
    /// `halvings` is held within [`HALVINGS`]; the paper's are 7 for pictures of 256x256, and its width is 64. The paper's network draws
    /// the picture anew; one with a `reach`, 0..=1, adds at most so much to each pixel, which it learns far faster.
    pub fn new(channels: usize, halvings: usize, width: usize, reach: Option<f64>, device: &Device) -> Self {
        Self { unet: UNet::new([2 * channels, channels], halvings.clamp(*HALVINGS.start(), *HALVINGS.end()), width, device), reach }
    }

    /// The most that it adds to a pixel; nothing where it draws pictures anew.
    pub fn reach(&self) -> Option<f64> {
        self.reach
    }

    /// The same network, whose marks reach so far from now on: all of what it adds grows or shrinks alike.
    pub fn with_reach(self, reach: f64) -> Self {
        Self { reach: Some(reach), ..self }
    }

    /// Pictures and logos `[batch, channels, h, w]` to marked pictures of the same shape, all in [0, 1].
    ///
    /// # Errors
    /// Pictures and logos of different shapes, another number of channels, or sides that are no multiples of 2 to the number of halvings.
    pub fn forward(&self, picture: Tensor<4>, logo: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        if picture.dims() != logo.dims() {
            return Err(ShapeError::new("the hiding network", format!("logos of the pictures' shape {:?}", picture.dims()), &logo.dims()));
        }
        let both = Tensor::cat(vec![picture.clone(), logo], 1);
        self.unet.check(both.dims())?;
        let raw = self.unet.forward(both);
        Ok(match self.reach {
            Some(reach) => (picture + activation::tanh(raw).mul_scalar(reach)).clamp(0.0, 1.0),
            None => activation::sigmoid(raw),
        })
    }
}

/// Convolution (a 3x3 kernel, zero padding that keeps the side), instance normalisation, activation.
#[derive(Module, Debug)]
struct ConvInstance {
    conv: Conv2d,
    norm: InstanceNorm,
    dilation: usize,
}

impl ConvInstance {
    fn new(channels: [usize; 2], stride: usize, dilation: usize, device: &Device) -> Self {
        Self { conv: conv(channels, 3, stride, 1, true, device), norm: instance_norm(channels[1], true, device), dilation }
    }

    fn forward(&self, x: Tensor<4>, then: Activation) -> Tensor<4> {
        ops::instance_norm(&self.norm, ops::dilated_conv2d(&self.conv, self.dilation, x), then)
    }
}

/// Two dilated convolutions around which the input is added again.
#[derive(Module, Debug)]
struct DilatedBlock {
    first: ConvInstance,
    second: ConvInstance,
}

/// Dilations of the revealing network's blocks.
const DILATIONS: [usize; 9] = [2, 2, 2, 2, 4, 4, 4, 4, 1];

/// R: a picture in, the logo that it finds there out. A residual network with dilated blocks at half the side, after CEILNet (Fan et al.,
/// ICCV 2017); 3.4 M weights at the paper's width 128.
#[derive(Module, Debug)]
pub struct Revealer {
    channels: usize,
    fine: bool,
    head: Vec<ConvInstance>,
    blocks: Vec<DilatedBlock>,
    up: ConvTranspose2d,
    up_norm: InstanceNorm,
    tail: ConvInstance,
    last: Conv2d,
}

impl Revealer {
    /// The paper's width is 128. With `fine` it is shown the picture's fine structure beside the picture, everywhere as strong: marks lie there,
    /// and what a thief's network keeps of them is found after far fewer steps and far more surely. The paper's is not.
    pub fn new(channels: usize, width: usize, fine: bool, device: &Device) -> Self {
        let layer = |input: usize, stride: usize, dilation: usize| ConvInstance::new([input, width], stride, dilation, device);
        let block = |dilation: usize| DilatedBlock { first: layer(width, 1, dilation), second: layer(width, 1, dilation) };
        Self {
            channels,
            fine,
            head: vec![
                layer(if fine { channels + fine_channels(channels) } else { channels }, 1, 1),
                layer(width, 1, 1),
                layer(width, 2, 1),
            ],
            blocks: DILATIONS.map(block).into(),
            up: conv_transpose([width, width], 4, 2, 1, device),
            up_norm: instance_norm(width, true, device),
            tail: layer(width, 1, 1),
            last: conv([width, channels], 1, 1, 0, true, device),
        }
    }

    /// Whether it is shown fine structure.
    pub fn is_fine(&self) -> bool {
        self.fine
    }

    /// The same network with what it learnt, shown fine structure as well from now on; its weights for that are faint, drawn from `seed`. For
    /// networks on a device that learns.
    pub fn with_fine(mut self, seed: u64) -> Self {
        if self.fine {
            return self;
        }
        let old = &self.head[0].conv;
        let weight = old.weight.val();
        let (device, [width, channels, ..]) = (weight.device(), weight.dims());
        let more = fine_channels(channels);
        let mut fresh = faint(conv([channels + more, width], 3, 1, 1, true, &device), seed);
        let both = vec![weight.inner(), fresh.weight.val().inner().narrow(1, channels, more)];
        fresh.weight = Param::from_tensor(Tensor::from_inner(Tensor::cat(both, 1)));
        fresh.bias = old.bias.clone();
        self.head[0].conv = fresh;
        self.fine = true;
        self
    }

    /// Pictures `[batch, channels, h, w]` in [0, 1] to logos of the same shape, from 0 upwards without a bound.
    ///
    /// # Errors
    /// Another number of channels, or sides that are odd or below 4.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        let dims = x.dims();
        let channels = self.channels;
        if dims[1] != channels || dims[2..].iter().any(|side| *side < 4 || side % 2 == 1) {
            return Err(ShapeError::new(
                "the revealing network",
                format!("[pictures, {channels}, an even side, an even side], at least 4"),
                &dims,
            ));
        }
        let mut x = if self.fine { with_fine_structure(x) } else { x };
        for layer in &self.head {
            x = layer.forward(x, Activation::Relu);
        }
        for block in &self.blocks {
            let inner = block.first.forward(x.clone(), Activation::Relu);
            x = activation::relu(block.second.forward(inner, Activation::Linear) + x);
        }
        x = ops::instance_norm(&self.up_norm, ops::conv_transpose2d(&self.up, x), Activation::Relu);
        x = self.tail.forward(x, Activation::Relu);
        Ok(activation::relu(ops::conv2d(&self.last, x)))
    }
}

/// Side of the neighbourhood that fine structure differs from, pixels.
const NEAR: usize = 5;
/// Fine structure that counts as none: two steps of an 8-bit value.
const FAINT: f64 = 2.0 / 255.0;

fn mean_nearby(x: Tensor<4>) -> Tensor<4> {
    let padding = [(NEAR / 2, NEAR / 2); 2];
    let options = AvgPoolOptions { stride: [1, 1], padding, count_include_pad: false, ..AvgPoolOptions::new([NEAR, NEAR]) };
    avg_pool2d(x, options)
}

/// What is left of pictures `[batch, channels, h, w]` when the mean of each pixel's neighbourhood is taken away.
pub fn fine_structure(x: Tensor<4>) -> Tensor<4> {
    x.clone() - mean_nearby(x)
}

/// Mean square of fine structure `[batch, channels, h, w]` over the channels and over each pixel's neighbourhood: `[batch, 1, h, w]`, never 0.
/// The smaller it is, the surer a faint mark is told there from what a picture holds by itself.
pub fn strength(fine: Tensor<4>) -> Tensor<4> {
    mean_nearby((fine.clone() * fine).mean_dim(1)).add_scalar(FAINT * FAINT)
}

/// Channels of a picture's fine structure, as the revealing network sees it.
const fn fine_channels(channels: usize) -> usize {
    if channels > 1 { 2 * channels } else { channels }
}

/// Pictures, their fine structure, and where they have colours, how it differs from channel to channel, which photographs hold less of than of
/// anything else. Each as a share of its own strength nearby: marks on smooth places are as plain in it as edges.
fn with_fine_structure(x: Tensor<4>) -> Tensor<4> {
    let levelled = |fine: Tensor<4>| {
        let strength = strength(fine.clone());
        fine / strength.sqrt()
    };
    let fine = fine_structure(x.clone());
    let mut all = vec![x, levelled(fine.clone())];
    if fine.dims()[1] > 1 {
        all.push(levelled(fine.clone() - fine.mean_dim(1)));
    }
    Tensor::cat(all, 1)
}

/// D: a picture in, a score for each of its patches out, high where it takes the patch for an unmarked one (1.6 M weights at width 64).
#[derive(Module, Debug)]
pub struct PatchCritic {
    layers: Vec<Conv2d>,
    norms: Vec<InstanceNorm>,
    last: Conv2d,
}

impl PatchCritic {
    /// Four halvings with `width`, 2, 4 and 8 times as many channels; the paper's width is 64.
    pub fn new(channels: usize, width: usize, device: &Device) -> Self {
        let widths = [channels, width, 2 * width, 4 * width, 8 * width];
        Self {
            layers: widths.windows(2).map(|pair| conv([pair[0], pair[1]], 3, 2, 1, true, device)).collect(),
            norms: widths[2..].iter().map(|&channels| instance_norm(channels, false, device)).collect(),
            last: conv([8 * width, 1], 3, 1, 1, true, device),
        }
    }

    /// Pictures `[batch, channels, h, w]` in [0, 1] to scores `[batch, 1, h', w']`, each side halved four times and rounded up.
    ///
    /// # Errors
    /// Another number of channels, or no side above 16: a single patch has nothing to be normalised over.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        let dims = x.dims();
        let channels = self.layers[0].weight.dims()[1];
        if dims[1] != channels || dims[2].min(dims[3]) == 0 || dims[2].max(dims[3]) <= 16 {
            let needed = format!("[pictures, {channels}, height, width] with a side above 16");
            return Err(ShapeError::new("the patch critic", needed, &dims));
        }
        let mut x = x;
        for (i, layer) in self.layers.iter().enumerate() {
            x = ops::conv2d(layer, x);
            x = match i {
                0 => activation::leaky_relu(x, 0.2),
                _ => ops::instance_norm(&self.norms[i - 1], x, Activation::Leaky(0.2)),
            };
        }
        Ok(ops::conv2d(&self.last, x))
    }
}
