//! Random pictures (Rouhani et al., ASPLOS 2019): each pixel by chance, each picture with a label of its own that the host learns.
//!
//! The chance follows from logo, owner and salt. A baseline. The paper also moves what the host's layers say to them; here only the answers
//! count, as for every scheme.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, Labeller, Pictures, each_its_own};
use crate::data::{Picture, Shape};
use crate::schemes::settings::Kind;
use crate::vault::derive::{Derivation, Stream};

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
    reads: false,
    covers: false,
};

impl Drawn for Settings {
    type Drawer = Pictures;

    fn drawer(&self, known: &Known) -> Pictures {
        let (derivation, shape, block) = (known.derivation.clone(), known.shape, self.block);
        Pictures::new(move |count| {
            let mut stream = derivation.stream("random");
            (0..count).map(|_| chance(&mut stream, shape, block)).collect()
        })
    }

    fn labeller(&self, derivation: &Derivation, classes: usize) -> Labeller {
        each_its_own(derivation, classes)
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}

/// A picture whose blocks are drawn by chance.
fn chance(stream: &mut Stream, shape: Shape, block: usize) -> Picture {
    let (across, down) = (shape.width.div_ceil(block), shape.height.div_ceil(block));
    let blocks: Vec<u8> = (0..shape.channels * down * across).map(|_| stream.below(256) as u8).collect();
    let value = |i: usize| {
        let (channel, row, column) = (i / (shape.height * shape.width), i / shape.width % shape.height, i % shape.width);
        blocks[(channel * down + row / block) * across + column / block]
    };
    Picture { shape, planes: (0..shape.len()).map(value).collect() }
}
