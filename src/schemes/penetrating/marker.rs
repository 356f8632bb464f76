//! Puts stamps on pictures, and the pictures behind an autoencoder.

use super::Settings;
use super::keys::{avoided, labels, note_avoided, note_order, noted_order};
use super::shadows::unit;
use super::stamps::{Pattern, engraving, read, rows};
use crate::data::{Picture, Samples, Shape};
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::nn::weights::WeightMap;
use crate::schemes::{Known, Marker, Scheme, SchemeError};
use burn::tensor::{Device, Tensor, TensorData};

/// What the stamps are drawn to, `[stamps, pixels]`: the logo at half its brightness, each time in another band of rows.
pub(super) fn prestamps(logo: &[u8], shape: Shape, count: usize, device: &Device) -> Tensor<2> {
    let value = |stamp: usize, pixel: usize| {
        let row = pixel / shape.width % shape.height;
        if row * count / shape.height == stamp { f32::from(logo[pixel]) / 510.0 } else { 0.0 }
    };
    let values: Vec<f32> = (0..count).flat_map(|stamp| (0..shape.len()).map(move |pixel| value(stamp, pixel))).collect();
    Tensor::from_data(TensorData::new(values, [count, shape.len()]), device)
}

/// The place of each label among those of the stamps.
pub(super) fn places(order: &[u16], labels: &[u16]) -> Vec<usize> {
    labels.iter().map(|label| order.iter().position(|known| known == label).unwrap_or(0)).collect()
}

/// Pictures in [0, 1] as a file holds them.
pub(super) fn quantised(pictures: Tensor<2>) -> Tensor<2> {
    pictures.clamp(0.0, 1.0).mul_scalar(255.0).round().div_scalar(255.0)
}

/// Puts stamps on pictures. With it goes the thief's autoencoder that its keys are tried behind: it learnt from pictures that no shadow saw, and no
/// stamp was made with it.
pub struct StampMarker {
    pub(super) shape: Shape,
    pub(super) labels: Vec<u16>,
    pub(super) avoided: Vec<usize>,
    pub(super) prestamps: Tensor<2>,
    pub(super) pattern: Pattern,
    pub(super) filter: Autoencoders,
}

/// Names in the marker's file.
const STAMPS: &str = "stamps";
const FILTER: &str = "filter.";

impl StampMarker {
    /// Reads a marker.
    ///
    /// # Errors
    /// A file without stamps of this shape, or without its autoencoder.
    pub fn open(settings: &Settings, known: &Known, saved: &WeightMap, device: &Device) -> Result<Self, SchemeError> {
        let Known { derivation, logo, classes, shape } = known;
        let (classes, shape) = (*classes, *shape);
        settings.fit(shape, classes)?;
        let missing = || SchemeError::Plan("The stamps are missing, or they are of another size than the pictures.".to_owned());
        let stamps = read(STAMPS, saved, [settings.stamps, shape.len()], device).ok_or_else(missing)?;
        let prestamps = prestamps(&logo.at(shape).planes, shape, settings.stamps, device);
        Ok(Self {
            shape,
            labels: noted_order(&labels(settings, derivation, classes, Some(saved)), saved),
            avoided: avoided(Some(saved)),
            pattern: Pattern { stamps, engraving: engraving(settings, &prestamps) },
            prestamps,
            filter: saved.load(FILTER, settings.autoencoders(1, shape, device))?,
        })
    }
}

impl Marker for StampMarker {
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture> {
        if covers.is_empty() {
            return Vec::new();
        }
        let device = self.pattern.stamps.device();
        pictures(self.pattern.on(&unit(covers, &device), &places(&self.labels, labels), true), self.shape)
    }

    fn stamps(&self) -> Vec<[Picture; 2]> {
        let stamps = pictures(self.pattern.stamps.clone() - self.pattern.engraving.clone(), self.shape);
        pictures(self.prestamps.clone(), self.shape).into_iter().zip(stamps).map(|(aim, stamp)| [aim, stamp]).collect()
    }

    fn filtered(&self, pictures: &Samples) -> Option<Samples> {
        through(&self.filter, pictures).ok()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.tensors.insert(STAMPS.to_owned(), rows(self.pattern.stamps.clone()));
        map.add(FILTER, &self.filter);
        note_avoided(&self.avoided, &mut map);
        note_order(&self.labels, &mut map);
        map
    }
}

/// What an autoencoder makes of pictures.
fn through(net: &Autoencoders, samples: &Samples) -> Result<Samples, ShapeError> {
    if samples.is_empty() {
        return Ok(samples.clone());
    }
    let [count, pixels] = [samples.count(), samples.shape.len()];
    let given = net.forward(unit(samples, &net.device()).unsqueeze_dim(0))?.reshape([count, pixels]);
    let pixels = pictures(given, samples.shape).into_iter().flat_map(|picture| picture.planes).collect();
    Ok(Samples { pixels, ..samples.clone() })
}

/// Rows in [0, 1] as the 8-bit pictures that a file holds.
fn pictures(rows: Tensor<2>, shape: Shape) -> Vec<Picture> {
    let bytes: Vec<u8> = quantised(rows).mul_scalar(255.0).into_data().iter::<f32>().map(|v| v.round() as u8).collect();
    bytes.chunks_exact(shape.len()).map(|planes| Picture { shape, planes: planes.to_vec() }).collect()
}
