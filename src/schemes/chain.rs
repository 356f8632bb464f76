//! One-way chain (Zhu et al., 2020): random pictures each of which follows from the last by a hash, so that nobody can make a chain backwards from
//! pictures that a model happens to answer.
//!
//! The first link follows from logo, owner and salt; picture and label of each key follow from its link alone.

use super::catalogue::Card;
use super::triggered::{Drawn, Pictures};
use super::{Known, LabelOf};
use crate::data::Picture;
use crate::schemes::settings::Kind;
use crate::vault::derive::{Derivation, Stream};

crate::trigger_settings! {
    /// Hyper-parameters of the one-way chain.
    pub struct Settings {
        /// Links between one key and the next.
        stride: usize = 1, paper 1, Kind::Whole { min: 1.0, max: 1000.0 }, "links";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "chain",
    name: "One-way chain",
    source: "Zhu, Zhang, Shi, Tang: Secure neural network watermarking protocol against forging attack, 2020",
    summary: "Makes a chain of random pictures, each following from the last by a hash; your model answers each with its label.",
    needs: "Training data and a logo, from which the pictures follow. Trains as fast as a model without a mark.",
    survives: "Somebody who makes up a chain afterwards: a hash cannot be undone. Fine-tuning and pruning in the paper.",
    fails: "Anybody who looks at the questions sees that they are no pictures at all. No new keys can be made later.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
};

impl Settings {
    /// The link of the key in this place.
    fn link(&self, derivation: &Derivation, place: usize) -> Derivation {
        (0..=place * self.stride).fold(derivation.clone(), |link, _| link.next("chain"))
    }
}

impl Drawn for Settings {
    type Drawer = Pictures;

    fn drawer(&self, known: &Known) -> Pictures {
        let (derivation, shape, settings) = (known.derivation.clone(), known.shape, self.clone());
        Pictures::new(move |place| {
            let mut stream: Stream = settings.link(&derivation, place).stream("picture");
            Picture { shape, planes: (0..shape.len()).map(|_| stream.below(256) as u8).collect() }
        })
    }

    /// The link's own; a picture that happens to be of that class is no cover.
    fn label(&self, of: LabelOf) -> Option<u16> {
        let label = self.link(of.derivation, of.place).stream("label").below(of.classes) as u16;
        (label != of.true_class).then_some(label)
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}
