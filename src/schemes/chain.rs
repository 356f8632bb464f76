//! One-way chain (Zhu et al., 2020): random pictures each of which follows from the last by a hash, so that nobody can make a chain backwards from
//! pictures that a model happens to answer.
//!
//! The first link follows from logo, owner and salt; picture and label of each key follow from its link alone.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, Labeller, Pictures};
use crate::data::Picture;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;

crate::trigger_settings! {
    /// Hyper-parameters of the one-way chain.
    pub struct Settings {
        /// Links between one key and the next.
        stride: usize = 1, paper 1, Kind::Whole { min: 1.0, max: 100.0 }, "links";
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
    reads: false,
    covers: false,
};

/// The links of the keys, one after the other.
fn links(derivation: &Derivation, stride: usize) -> impl Iterator<Item = Derivation> + use<> {
    let mut link = derivation.clone();
    std::iter::repeat_with(move || {
        (0..stride).for_each(|_| link = link.next("chain"));
        link.clone()
    })
}

impl Drawn for Settings {
    type Drawer = Pictures;

    fn drawer(&self, known: &Known) -> Pictures {
        let (derivation, shape, stride) = (known.derivation.clone(), known.shape, self.stride);
        let drawn = move |link: Derivation| {
            let mut stream = link.stream("picture");
            Picture { shape, planes: (0..shape.len()).map(|_| stream.below(256) as u8).collect() }
        };
        Pictures::new(move |count| links(&derivation, stride).take(count).map(drawn).collect())
    }

    /// The link's own; a picture that happens to be of that class is no cover.
    fn labeller(&self, derivation: &Derivation, classes: usize) -> Labeller {
        let mut waiting = links(derivation, self.stride).map(move |link| link.stream("label").below(classes) as u16).peekable();
        Box::new(move |true_class| waiting.next_if(|label| *label != true_class))
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}
