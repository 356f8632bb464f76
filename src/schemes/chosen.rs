//! Pictures that are keys because somebody or some rule chose them: a key package has to hold them.

use super::{Known, Marker, SchemeError};
use crate::data::{Picture, Samples};
use crate::nn::weights::{WeightMap, Weights};
use std::sync::Arc;

/// The pictures, in the order of the covers in whose places they stand.
#[derive(Clone)]
pub struct Chosen(Arc<Samples>);

/// Their name in the marker's file.
const PICTURES: &str = "pictures";

impl Chosen {
    /// These.
    pub fn new(pictures: Samples) -> Self {
        Self(Arc::new(pictures))
    }

    /// Those that a marker's file holds.
    ///
    /// # Errors
    /// None, or of another size.
    pub fn open(known: &Known, saved: &WeightMap) -> Result<Self, SchemeError> {
        let missing = || SchemeError::Plan("The pictures that are the keys are missing, or they are of another size.".to_owned());
        let weights = saved.tensors.get(PICTURES).ok_or_else(missing)?;
        let &[count, length] = &weights.shape[..] else { return Err(missing()) };
        if length != known.shape.len() {
            return Err(missing());
        }
        let pixels = weights.values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
        Ok(Self::new(Samples { shape: known.shape, pixels, labels: vec![0; count] }))
    }

    /// The pictures with their labels, where those are known.
    pub fn pictures(&self) -> &Samples {
        &self.0
    }
}

impl Marker for Chosen {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        (0..covers.count().min(self.0.count())).map(|i| self.0.picture(i)).collect()
    }

    fn derives(&self) -> bool {
        false
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        let values = self.0.pixels.iter().map(|&byte| f32::from(byte)).collect();
        map.tensors.insert(PICTURES.to_owned(), Weights { shape: vec![self.0.count(), self.0.shape.len()], values });
        map
    }
}
