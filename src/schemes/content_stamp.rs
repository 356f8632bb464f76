//! Content stamp (Zhang et al., AsiaCCS 2018, "content"): the logo itself is stamped onto pictures that the host learns to misname.
//!
//! The oldest and simplest trigger: no encoder, one label for all keys, plainly visible. It stands here as the baseline that
//! others are measured against.

use super::catalogue::Card;
use super::triggered::Drawn;
use super::{Known, Marker};
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::nn::weights::WeightMap;
use crate::schemes::settings::Kind;

crate::trigger_settings! {
    /// Hyper-parameters of the content stamp.
    pub struct Settings {
        /// Side of the stamp as a share of the picture's side.
        size: f64 = 0.4, paper 0.4, Kind::Real { min: 0.1, max: 1.0 }, "of the side";
        /// How much of the stamp covers the picture: 1 hides it wholly.
        opacity: f64 = 1.0, paper 1.0, Kind::Real { min: 0.05, max: 1.0 }, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "content_stamp",
    name: "Content stamp",
    source: "Zhang et al.: Protecting intellectual property of deep neural networks with watermarking, AsiaCCS 2018",
    summary: "Puts your logo visibly into a corner of pictures; your model answers them all with one label.",
    needs: "Training data and a logo. Trains as fast as a model without a mark.",
    survives: "Fine-tuning and pruning in the paper.",
    fails: "Anybody who looks at the questions sees the stamp, can filter it, or can forge it with a stamp of their own.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: false,
    reads: false,
    covers: true,
};

impl Drawn for Settings {
    type Drawer = StampMarker;

    fn drawer(&self, known: &Known) -> StampMarker {
        StampMarker::new(self, known.logo, known.shape)
    }
}

/// Lays a logo over the lower right corner of pictures.
#[derive(Debug, Clone)]
pub struct StampMarker {
    stamp: Picture,
    opacity: f64,
}

impl StampMarker {
    fn new(settings: &Settings, logo: &Logo, shape: Shape) -> Self {
        let side = |length: usize| ((length as f64 * settings.size).round() as usize).clamp(1, length);
        let stamp = logo.at(Shape { channels: shape.channels, height: side(shape.height), width: side(shape.width) });
        Self { stamp, opacity: settings.opacity }
    }
}

impl Marker for StampMarker {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        let (shape, stamp) = (covers.shape, &self.stamp.shape);
        let (top, left) = (shape.height - stamp.height, shape.width - stamp.width);
        (0..covers.count())
            .map(|i| {
                let mut picture = covers.picture(i);
                for c in 0..shape.channels {
                    for y in 0..stamp.height {
                        for x in 0..stamp.width {
                            let ink = f64::from(self.stamp.planes[(c * stamp.height + y) * stamp.width + x]);
                            let pixel = &mut picture.planes[(c * shape.height + top + y) * shape.width + left + x];
                            *pixel = (f64::from(*pixel) * (1.0 - self.opacity) + ink * self.opacity).round() as u8;
                        }
                    }
                }
                picture
            })
            .collect()
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }
}
