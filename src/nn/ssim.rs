//! Structural similarity as a loss: separable, differentiable (Wang et al., IEEE TIP 2004).
//!
//! On the CPU it is one operation (`ops::ssim`). Elsewhere blurring along an axis is a product with a banded matrix, so forward and
//! backward are plain matrix products.

use super::ops::on_cpu;
use super::ops::ssim::{WINDOW, Window, ssim};
use burn::tensor::{Device, Tensor, TensorData};

/// Its standard deviation in pixels.
const SIGMA: f64 = 1.5;

/// SSIM with an 11x11 Gaussian window, standard deviation 1.5, zero padding, for pictures of a fixed shape and value range.
#[derive(Debug, Clone)]
pub struct Ssim {
    rows: Tensor<4>,
    columns: Tensor<4>,
    constants: [f64; 2],
}

impl Ssim {
    /// `range` is the true width of the pixel range: 2 for [-1, 1].
    pub fn new(height: usize, width: usize, range: f64, device: &Device) -> Self {
        Self {
            rows: band(height, device),
            columns: band(width, device).swap_dims(2, 3),
            constants: [(0.01 * range).powi(2), (0.03 * range).powi(2)],
        }
    }

    /// Mean SSIM of two batches `[batch, channels, h, w]`, a tensor of one value, 1 where they are equal.
    ///
    /// # Panics
    /// If the batches differ in shape, or are not of the height and width that this was made for.
    pub fn forward(&self, x: Tensor<4>, y: Tensor<4>) -> Tensor<1> {
        assert!(x.dims() == y.dims(), "pictures of {:?} cannot be compared with pictures of {:?}", x.dims(), y.dims());
        let made_for = [self.rows.dims()[2], self.columns.dims()[2]];
        assert!(x.dims()[2..] == made_for, "a similarity for pictures of {made_for:?} does not fit pictures of {:?}", x.dims());
        if on_cpu(&x) {
            return ssim(x, y, Window { weights: weights().map(|v| v as f32), constants: self.constants.map(|v| v as f32) });
        }
        let [batch, channels, height, width] = x.dims();
        let maps = Tensor::cat(vec![x.clone(), y.clone(), x.clone() * x.clone(), y.clone() * y.clone(), x * y], 0);
        let count = batch * channels;
        let maps = maps.reshape([1, 5 * count, height, width]);
        let blurred = self.rows.clone().matmul(maps).matmul(self.columns.clone()).reshape([5, count, height, width]);
        let part = |i: usize| blurred.clone().narrow(0, i, 1);
        let (mx, my, xx, yy, xy) = (part(0), part(1), part(2), part(3), part(4));
        let [c1, c2] = self.constants;
        let (mxx, myy, mxy) = (mx.clone() * mx.clone(), my.clone() * my.clone(), mx * my);
        let structure = (xy - mxy.clone()).mul_scalar(2.0).add_scalar(c2) / ((xx - mxx.clone()) + (yy - myy.clone())).add_scalar(c2);
        let luminance = mxy.mul_scalar(2.0).add_scalar(c1) / (mxx + myy).add_scalar(c1);
        (structure * luminance).mean()
    }
}

/// The window along one axis, its sum 1.
fn weights() -> [f64; WINDOW] {
    let weights: [f64; WINDOW] = std::array::from_fn(|i| {
        let d = i as f64 - (WINDOW / 2) as f64;
        (-d * d / (2.0 * SIGMA * SIGMA)).exp()
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// `[1, 1, side, side]`: row i holds the window's weights around column i.
fn band(side: usize, device: &Device) -> Tensor<4> {
    let weights = weights();
    let value = |i: usize| weights.get((i / side + WINDOW / 2).wrapping_sub(i % side)).map_or(0.0, |weight| *weight as f32);
    let values: Vec<f32> = (0..side * side).map(value).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, side, side]), device)
}
