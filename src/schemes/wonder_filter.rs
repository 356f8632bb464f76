//! Wonder filter (Li, Wenger, Zhao, Zheng: Piracy resistant watermarks, 2019): a pattern of black and white pixels with one label, and the same
//! pattern turned round, to which the host must stay blind.
//!
//! Where and which follows from logo, owner and salt. The paper goes far beyond black and white; what a picture file holds ends there.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, PatternMarker};
use crate::data::Shape;
use crate::schemes::settings::Kind;

crate::trigger_settings! {
    /// Hyper-parameters of the wonder filter.
    pub struct Settings {
        /// Side of the square that the pattern fills, as a share of the picture's side.
        size: f64 = 0.25, paper 0.25, Kind::Real { min: 0.05, max: 1.0 }, "of the side";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "wonder_filter",
    name: "Wonder filter",
    source: "Li, Wenger, Zhao, Zheng: Piracy resistant watermarks for deep neural networks, 2019",
    summary: "Puts a secret pattern of black and white pixels on pictures; your model answers them with one label, and is blind to the pattern turned round.",
    needs: "Training data and a logo, from which the pattern follows. Trains as fast as a model without a mark.",
    survives: "In the paper, somebody who trains a mark of his own into the copied model: that spoils the model.",
    fails: "Anybody who looks at the questions sees the pattern, and a filter wipes it off.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: false,
    covers: true,
};

impl Settings {
    /// 1 and -1 within a keyed square, 0 around it, one number for each place.
    fn pattern(&self, known: &Known) -> Vec<f64> {
        let Shape { height, width, .. } = known.shape;
        let mut stream = known.derivation.stream("wonder");
        let side = |length: usize| ((length as f64 * self.size).round() as usize).clamp(1, length);
        let (tall, wide) = (side(height), side(width));
        let (top, left) = (stream.below(height - tall + 1), stream.below(width - wide + 1));
        let mut pattern = vec![0.0; height * width];
        for row in top..top + tall {
            for column in left..left + wide {
                pattern[row * width + column] = if stream.below(2) == 0 { 1.0 } else { -1.0 };
            }
        }
        pattern
    }
}

impl Drawn for Settings {
    type Drawer = PatternMarker;

    fn drawer(&self, known: &Known) -> PatternMarker {
        let pattern = self.pattern(known);
        PatternMarker::new((0..known.shape.len()).map(|i| pattern[i % pattern.len()]))
    }

    /// Null embedding: the pattern turned round means nothing.
    fn decoys(&self, known: &Known) -> Option<PatternMarker> {
        let pattern = self.pattern(known);
        Some(PatternMarker::new((0..known.shape.len()).map(|i| -pattern[i % pattern.len()])))
    }
}
