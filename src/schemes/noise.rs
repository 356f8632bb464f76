//! Noise (Zhang et al., AsiaCCS 2018, "noise"): the same secret noise on pictures that the host learns to misname.
//!
//! The noise follows from logo, owner and salt; nothing of the logo is to be seen. A baseline: models tend to answer to any such noise.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, PatternMarker};
use crate::schemes::settings::Kind;

crate::trigger_settings! {
    /// Hyper-parameters of the noise.
    pub struct Settings {
        /// How strong the noise is: its standard deviation as a share of full brightness.
        strength: f64 = 0.2, paper 0.2, Kind::Real { min: 0.01, max: 1.0 }, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "noise",
    name: "Secret noise",
    source: "Zhang et al.: Protecting intellectual property of deep neural networks with watermarking, AsiaCCS 2018",
    summary: "Lays the same secret noise over pictures; your model answers them all with one label.",
    needs: "Training data and a logo, from which the noise follows. Trains as fast as a model without a mark.",
    survives: "Fine-tuning and pruning in the paper.",
    fails: "Anybody who looks at the questions sees the noise, any filter wipes it off, and models tend to answer to other people's noise too.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: false,
    covers: true,
};

/// Steps into which chance is cut.
const FINE: usize = 1 << 24;

impl Drawn for Settings {
    type Drawer = PatternMarker;

    fn drawer(&self, known: &Known) -> PatternMarker {
        let mut stream = known.derivation.stream("noise");
        let mut chance = || (stream.below(FINE) as f64 + 0.5) / FINE as f64;
        // Normal numbers (Box and Muller, 1958).
        PatternMarker::new(
            (0..known.shape.len()).map(|_| self.strength * (-2.0 * chance().ln()).sqrt() * (std::f64::consts::TAU * chance()).cos()),
        )
    }
}
