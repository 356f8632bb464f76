//! What a VGG-16 (Simonyan and Zisserman, ICLR 2015) sees in pictures: features of its second block, by which two pictures are compared as
//! people do rather than pixel by pixel (perceptual loss; Johnson et al., ECCV 2016).
//!
//! The program brings the first three blocks of one that was trained on ImageNet and then fine-tuned to find edges (assets/vgg, made by
//! scripts/make_vgg.py). Owners may take a file of their own with torchvision's names, VGG-16 or VGG-19.

use super::error::ShapeError;
use super::layers::conv;
use super::ops::{self, Activation};
use super::weights::{WeightMap, WeightsError};
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, TensorData, activation};

/// The program's own.
const EMBEDDED: &[u8] = include_bytes!("../../assets/vgg/vgg16.safetensors");
/// Torchvision's numbers of the convolutions up to conv2_2, and their channels.
const LAYERS: [(usize, [usize; 2]); 4] = [(0, [3, 64]), (2, [64, 64]), (5, [64, 128]), (7, [128, 128])];

/// How a network wants its input: `(x - mean) * gain` for x in [0, 1], red, green, blue; and how much larger the mean square of its
/// features' differences is than that of the pixels.
#[derive(Debug, Clone, Copy)]
struct Input {
    mean: [f32; 3],
    gain: [f32; 3],
    size: f64,
}

/// As its authors trained it: values to 255 less the mean of its pictures. The size was measured on photographs with noise of 1 to 3%.
const EMBEDDED_INPUT: Input = Input { mean: [122.678_92 / 255.0, 116.668_77 / 255.0, 104.006_99 / 255.0], gain: [255.0; 3], size: 2e4 };
/// Torchvision's; what the size of an owner's network is, [`Vgg::from_torchvision`] measures.
const TORCHVISION_INPUT: Input = Input { mean: [0.485, 0.456, 0.406], gain: [1.0 / 0.229, 1.0 / 0.224, 1.0 / 0.225], size: 1.0 };

#[derive(Module, Debug)]
struct Blocks {
    features: Vec<Conv2d>,
}

/// The first two blocks, which never learn.
#[derive(Debug, Clone)]
pub struct Vgg {
    blocks: Blocks,
    input: Input,
}

impl Vgg {
    /// The program's own.
    ///
    /// # Errors
    /// None with the file that the program was built with.
    pub fn embedded(device: &Device) -> Result<Self, WeightsError> {
        Self::of(&WeightMap::from_safetensors(EMBEDDED)?, EMBEDDED_INPUT, device)
    }

    /// A network of the owner's, under torchvision's names (`features.0.weight` …). Its features are scaled so that noise counts as much
    /// as it does for the program's own.
    ///
    /// # Errors
    /// Layers that are missing or have other shapes: no VGG-16 or VGG-19, or one with batch normalisation; weights that are no numbers.
    pub fn from_torchvision(map: &WeightMap, device: &Device) -> Result<Self, WeightsError> {
        let [own, owners] = [Self::embedded(device)?, Self::of(map, TORCHVISION_INPUT, device)?].map(|vgg| vgg.noise_counts());
        let size = owners / own;
        if !size.is_finite() || size <= 0.0 {
            return Err(WeightsError::NotFinite("features".to_owned()));
        }
        Self::of(map, Input { size, ..TORCHVISION_INPUT }, device)
    }

    /// How much noise on a smooth picture counts.
    fn noise_counts(&self) -> f64 {
        const SIDE: usize = 32;
        let device = self.blocks.features[0].weight.device();
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as f32 / 32_768.0 - 1.0) * 0.04
        };
        let smooth = |i: usize| 0.5 + 0.3 * ((i % SIDE) as f32 * 0.3 + (i / SIDE) as f32 * 0.2).sin();
        let plain: Vec<f32> = (0..3 * SIDE * SIDE).map(smooth).collect();
        let noisy: Vec<f32> = plain.iter().map(|value| value + noise()).collect();
        let [plain, noisy] = [plain, noisy].map(|values| Tensor::<4>::from_data(TensorData::new(values, [1, 3, SIDE, SIDE]), &device));
        self.distance(noisy, plain).map_or(0.0, |apart| f64::from(apart.into_scalar::<f32>()))
    }

    fn of(map: &WeightMap, input: Input, device: &Device) -> Result<Self, WeightsError> {
        let mut named = WeightMap::default();
        for (place, (number, _)) in LAYERS.iter().enumerate() {
            for kind in ["weight", "bias"] {
                let name = format!("features.{number}.{kind}");
                let weights = map.tensors.get(&name).ok_or(WeightsError::Missing(name))?;
                named.tensors.insert(format!("features.{place}.{kind}"), weights.clone());
            }
        }
        let blocks = Blocks { features: LAYERS.iter().map(|(_, channels)| conv(*channels, 3, 1, 1, true, device)).collect() };
        Ok(Self { blocks: named.load("", blocks)?.no_grad(), input })
    }

    /// Pictures `[batch, 1 or 3, h, w]` in [0, 1] to the features of conv2_2 behind its ReLU, `[batch, 128, h / 2, w / 2]`, from 0 upwards.
    /// Grey pictures are taken for colour ones with three equal channels.
    ///
    /// # Errors
    /// Another number of channels, or a side below 2.
    pub fn features(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        let dims = x.dims();
        if ![1, 3].contains(&dims[1]) || dims[2..].iter().any(|side| *side < 2) {
            return Err(ShapeError::new("the perceptual loss", "[pictures, 1 or 3, at least 2, at least 2]".to_owned(), &dims));
        }
        let x = if dims[1] == 1 { x.repeat_dim(1, 3) } else { x };
        let each = |values: [f32; 3]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), &x.device());
        let mut x = (x.clone() - each(self.input.mean)) * each(self.input.gain);
        for (place, layer) in self.blocks.features.iter().enumerate() {
            x = activation::relu(ops::conv2d(layer, x));
            if place == 1 {
                x = ops::max_pool2d(x, Activation::Linear);
            }
        }
        Ok(x)
    }

    /// The mean squared difference of the features of two batches, about as large as that of the pixels is where colour pictures differ by
    /// noise of their own in each channel; three to four times as large where the noise is the same in all, as in grey pictures.
    ///
    /// # Errors
    /// As [`Self::features`].
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn distance(&self, x: Tensor<4>, y: Tensor<4>) -> Result<Tensor<1>, ShapeError> {
        let apart = self.features(x)? - self.features(y)?;
        Ok((apart.clone() * apart).mean().div_scalar(self.input.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;
    use crate::nn::batch;

    fn pictures(device: &Device) -> Tensor<4> {
        let clothes = sample().unwrap().test;
        batch::from_unit_bytes(&clothes.select(&[0, 1, 2, 3]).pixels, clothes.shape, device)
    }

    #[test]
    fn equal_pictures_are_not_apart_and_what_is_spoilt_more_is_further() {
        let device = Device::flex();
        let (vgg, plain) = (Vgg::embedded(&device).unwrap(), pictures(&device));
        let apart = |x: Tensor<4>| f64::from(vgg.distance(x, plain.clone()).unwrap().into_scalar::<f32>());
        assert_eq!(apart(plain.clone()), 0.0);
        let [_, _, height, width] = plain.dims();
        let shifted = |by: usize| {
            let kept = plain.clone().narrow(3, by, width - by);
            Tensor::cat(vec![kept, Tensor::zeros([4, 1, height, by], &device)], 3)
        };
        let (near, far) = (apart((plain.clone() + shifted(1)).div_scalar(2.0)), apart((plain.clone() + shifted(3)).div_scalar(2.0)));
        assert!(near > 1e-4 && far > 1.3 * near, "{near} {far}");
    }

    #[test]
    fn an_owners_network_counts_noise_as_much_as_the_programs_own() {
        let device = Device::flex();
        let mut weights = WeightMap::from_safetensors(EMBEDDED).unwrap();
        let own = Vgg::embedded(&device).unwrap().noise_counts();
        let owners = Vgg::from_torchvision(&weights, &device).unwrap().noise_counts();
        assert!((owners / own - 1.0).abs() < 1e-3, "{own} {owners}");
        for weights in weights.tensors.values_mut() {
            weights.values.iter_mut().for_each(|value| *value = f32::NAN);
        }
        assert!(Vgg::from_torchvision(&weights, &device).is_err());
    }

    #[test]
    fn noise_counts_about_as_much_as_its_pixels_do() {
        let device = Device::flex();
        let (vgg, plain) = (Vgg::embedded(&device).unwrap(), pictures(&device).repeat_dim(1, 3));
        let dims = plain.dims();
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as f32 / 32_768.0 - 1.0) * 0.04
        };
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| next()).collect();
        let noise = Tensor::<4>::from_data(TensorData::new(values, dims), &device);
        let pixels = f64::from((noise.clone() * noise.clone()).mean().into_scalar::<f32>());
        let counts =
            |change: Tensor<4>| f64::from(vgg.distance(plain.clone() + change, plain.clone()).unwrap().into_scalar::<f32>()) / pixels;
        let (apart, grey) = (counts(noise.clone()), counts(noise.narrow(1, 0, 1).repeat_dim(1, 3)));
        assert!((0.5..2.0).contains(&apart) && grey > 1.5 * apart && grey < 6.0, "{apart} and {grey} times the pixels'");
    }

    #[test]
    fn the_gradient_reaches_the_picture_and_nothing_else() {
        let device = Device::flex().autodiff();
        let vgg = Vgg::embedded(&device).unwrap();
        let x = pictures(&device).mul_scalar(0.9).require_grad();
        let gradients = vgg.distance(x.clone(), pictures(&device)).unwrap().backward();
        assert!(x.grad(&gradients).unwrap().abs().max().into_scalar::<f32>() > 0.0);
        assert!(vgg.blocks.features[0].weight.val().grad(&gradients).is_none());
    }

    #[test]
    fn other_files_and_other_pictures_get_a_sentence() {
        let device = Device::flex();
        let text = Vgg::from_torchvision(&WeightMap::default(), &device).unwrap_err().to_string();
        assert!(text.contains("features.0.weight"), "{text}");
        let own = Vgg::from_torchvision(&WeightMap::from_safetensors(EMBEDDED).unwrap(), &device).unwrap();
        assert_eq!(own.features(pictures(&device)).unwrap().dims(), [4, 128, 14, 14]);
        let text = own.features(Tensor::zeros([1, 2, 8, 8], &device)).unwrap_err().to_string();
        assert!(text.contains("1 or 3"), "{text}");
    }
}
