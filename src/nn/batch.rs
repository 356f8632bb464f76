//! Between 8-bit pictures and tensors: values 0..=255 stand for [-1, 1] (mean .5, standard deviation .5).

use crate::data::{Picture, Samples, Shape};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// What the networks see of an 8-bit value: 0..=255 to [-1, 1].
pub fn number(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// Planar numbers of pictures, `[count, channels, h, w]` in [-1, 1].
pub fn from_numbers(numbers: Vec<f32>, shape: Shape, device: &Device) -> Tensor<4> {
    let count = numbers.len() / shape.len().max(1);
    Tensor::from_data(TensorData::new(numbers, [count, shape.channels, shape.height, shape.width]), device)
}

/// Planar bytes of `count` pictures to `[count, channels, h, w]` in [-1, 1].
pub fn from_bytes(bytes: &[u8], shape: Shape, device: &Device) -> Tensor<4> {
    from_numbers(bytes.iter().copied().map(number).collect(), shape, device)
}

/// The pictures at `indices` as `[indices, channels, h, w]` in [-1, 1].
pub fn gather(samples: &Samples, indices: &[usize], device: &Device) -> Tensor<4> {
    from_numbers(numbers(samples, indices), samples.shape, device)
}

/// The same as planar numbers.
pub fn numbers(samples: &Samples, indices: &[usize]) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(indices.len() * samples.shape.len());
    indices.iter().for_each(|&index| numbers.extend(samples.bytes(index).iter().copied().map(number)));
    numbers
}

/// Labels as `[labels]`.
pub fn labels(labels: impl IntoIterator<Item = u16>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = labels.into_iter().map(i32::from).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Pictures `[count, channels, h, w]` in [-1, 1] as the 8-bit pictures that a PNG holds; values outside are clipped.
pub fn to_pictures(images: Tensor<4>) -> Vec<Picture> {
    let [_, channels, height, width] = images.dims();
    let shape = Shape { channels, height, width };
    let values: Vec<f32> = images.into_data().iter::<f32>().collect();
    let byte = |v: &f32| ((v + 1.0) * 127.5).round_ties_even().clamp(0.0, 255.0) as u8;
    values.chunks_exact(shape.len()).map(|one| Picture { shape, planes: one.iter().map(byte).collect() }).collect()
}

/// Planar bytes of pictures to `[count, channels, h, w]` in [0, 1].
pub fn from_unit_bytes(bytes: &[u8], shape: Shape, device: &Device) -> Tensor<4> {
    from_numbers(bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect(), shape, device)
}

/// Pictures `[count, channels, h, w]` in [0, 1] as the 8-bit pictures that a PNG holds; values outside are clipped.
pub fn to_unit_pictures(images: Tensor<4>) -> Vec<Picture> {
    to_pictures(images.mul_scalar(2.0).sub_scalar(1.0))
}

/// As [`quantise`], for pictures in [0, 1].
pub fn quantise_unit(images: Tensor<4>) -> Tensor<4> {
    let clipped = images.clamp(0.0, 1.0);
    let rounded = clipped.clone().detach().mul_scalar(255.0).round().div_scalar(255.0);
    clipped.clone() + (rounded - clipped.detach())
}

/// Rounds to the 256 levels of an 8-bit picture; the gradient passes as if nothing had happened.
pub fn quantise(images: Tensor<4>) -> Tensor<4> {
    let clipped = images.clamp(-1.0, 1.0);
    let rounded = clipped.clone().detach().add_scalar(1.0).mul_scalar(127.5).round().div_scalar(127.5).sub_scalar(1.0);
    clipped.clone() + (rounded - clipped.detach())
}
/// Square pictures in one of the eight ways in which a square can be mirrored and turned; `way` counts from 0, which leaves them.
pub fn turned(mut x: Tensor<4>, way: usize) -> Tensor<4> {
    if way & 1 > 0 {
        x = x.flip([3]);
    }
    if way & 2 > 0 {
        x = x.flip([2]);
    }
    if way & 4 > 0 { x.swap_dims(2, 3) } else { x }
}
