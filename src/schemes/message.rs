//! Message mark (Guo and Potkonjak, ICCAD 2018): a secret message, written into a few pixels of pictures that the host learns to misname.
//!
//! Which pixels, and whether each becomes lighter or darker, follows from logo, owner and salt. A baseline: hardly to be seen, and gone behind any
//! filter.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, PatternMarker};
use crate::schemes::settings::Kind;

crate::trigger_settings! {
    /// Hyper-parameters of the message mark.
    pub struct Settings {
        /// Bits of the message: so many pixels are changed.
        bits: usize = 128, paper 128, Kind::Whole { min: 8.0, max: 4096.0 }, "bits";
        /// How much lighter or darker a pixel becomes, as a share of full brightness.
        strength: f64 = 0.5, paper 0.5, Kind::Real { min: 0.01, max: 1.0 }, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "message",
    name: "Message in pixels",
    source: "Guo, Potkonjak: Watermarking deep neural networks for embedded systems, ICCAD 2018",
    summary: "Writes a secret message into a few pixels of pictures; your model answers them all with one label.",
    needs: "Training data and a logo, from which the message follows. Trains as fast as a model without a mark.",
    survives: "Not tried here yet: stress tests are still to come.",
    fails: "Any filter wipes it off, and whoever compares many questions finds the pixels that never fit.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: false,
    covers: true,
};

impl Drawn for Settings {
    type Drawer = PatternMarker;

    fn drawer(&self, known: &Known) -> PatternMarker {
        let mut stream = known.derivation.stream("message");
        let area = known.shape.height * known.shape.width;
        let mut pattern = vec![0.0; area];
        for pixel in stream.permutation(area).into_iter().take(self.bits) {
            pattern[pixel] = if stream.below(2) == 0 { self.strength } else { -self.strength };
        }
        // All channels alike.
        PatternMarker::new((0..known.shape.len()).map(|i| pattern[i % area]))
    }
}
