//! Random pictures (Rouhani et al., ASPLOS 2019): each pixel by chance, each picture with a label of its own that the host learns.
//!
//! The chance follows from logo, owner and salt. A baseline. The paper also moves what the host's layers say to them; here only the answers
//! count, as for every scheme.

use super::catalogue::Card;
use super::triggered::{Drawn, Pictures, each_its_own};
use super::{Known, LabelOf};
use crate::data::Picture;
use crate::schemes::settings::Kind;

crate::trigger_settings! {
    /// Hyper-parameters of the random pictures.
    pub struct Settings {
        /// Side of the blocks of equal pixels: 1 draws every pixel by itself.
        block: usize = 1, paper 1, Kind::Whole { min: 1.0, max: 64.0 }, "pixels";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "random_pictures",
    name: "Random pictures",
    source: "Rouhani, Chen, Koushanfar: DeepSigns, ASPLOS 2019",
    summary: "Makes up pictures of pure chance; your model answers each with a label of its own.",
    needs: "Training data and a logo, from which the pictures follow. Trains as fast as a model without a mark.",
    survives: "In the paper, fine-tuning and pruning.",
    fails: "Anybody who looks at the questions sees that they are no pictures at all. No new keys can be made later.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
};

impl Drawn for Settings {
    type Drawer = Pictures;

    fn drawer(&self, known: &Known) -> Pictures {
        let (derivation, shape, block) = (known.derivation.clone(), known.shape, self.block);
        Pictures::new(move |place| {
            let mut stream = derivation.stream(&format!("random {place}"));
            let across = shape.width.div_ceil(block);
            let blocks: Vec<u8> = (0..shape.channels * shape.height.div_ceil(block) * across).map(|_| stream.below(256) as u8).collect();
            let value = |i: usize| {
                let (channel, row, column) = (i / (shape.height * shape.width), i / shape.width % shape.height, i % shape.width);
                blocks[(channel * shape.height.div_ceil(block) + row / block) * across + column / block]
            };
            Picture { shape, planes: (0..shape.len()).map(value).collect() }
        })
    }

    fn label(&self, of: LabelOf) -> Option<u16> {
        Some(each_its_own(of))
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}
