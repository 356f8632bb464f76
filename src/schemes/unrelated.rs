//! Unrelated pictures (Zhang et al., AsiaCCS 2018, "unrelated"): pictures of something that the task knows nothing of, all with one label.
//!
//! The paper takes handwritten digits for a model of photographs. Here they are drawn like the digits of a clock, each in its own place, size
//! and strength, which follow from logo, owner and salt.

use super::Known;
use super::catalogue::Card;
use super::triggered::{Drawn, Pictures};
use crate::data::{Picture, Shape};
use crate::schemes::settings::Kind;
use crate::vault::derive::Stream;

crate::trigger_settings! {
    /// Hyper-parameters of the unrelated pictures.
    pub struct Settings {
        /// How thick the strokes are, as a share of the digit's height.
        stroke: f64 = 0.12, paper 0.12, Kind::Real { min: 0.05, max: 0.3 }, "of the height";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "unrelated",
    name: "Unrelated pictures",
    source: "Zhang et al.: Protecting intellectual property of deep neural networks with watermarking, AsiaCCS 2018",
    summary: "Draws digits like those of a clock; your model answers them all with one label.",
    needs: "Training data and a logo, from which the pictures follow. Trains as fast as a model without a mark.",
    survives: "Fine-tuning and pruning in the paper.",
    fails: "Anybody who looks at the questions sees that they have nothing to do with the task, and models tend to answer to similar drawings of others.",
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
        let (derivation, shape, stroke) = (known.derivation.clone(), known.shape, self.stroke);
        Pictures::new(move |count| {
            let mut stream = derivation.stream("digits");
            (0..count).map(|_| digit(&mut stream, shape, stroke)).collect()
        })
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}

/// Which of the seven strokes each digit has: top, upper left, upper right, middle, lower left, lower right, bottom.
const DIGITS: [[bool; 7]; 10] = {
    const ON: bool = true;
    const NO: bool = false;
    [
        [ON, ON, ON, NO, ON, ON, ON],
        [NO, NO, ON, NO, NO, ON, NO],
        [ON, NO, ON, ON, ON, NO, ON],
        [ON, NO, ON, ON, NO, ON, ON],
        [NO, ON, ON, ON, NO, ON, NO],
        [ON, ON, NO, ON, NO, ON, ON],
        [ON, ON, NO, ON, ON, ON, ON],
        [ON, NO, ON, NO, NO, ON, NO],
        [ON, ON, ON, ON, ON, ON, ON],
        [ON, ON, ON, ON, NO, ON, ON],
    ]
};

/// A digit on dark ground.
fn digit(stream: &mut Stream, shape: Shape, stroke: f64) -> Picture {
    const FINE: usize = 1 << 20;
    let strokes = DIGITS[stream.below(DIGITS.len())];
    let mut between = |low: f64, high: f64| low + (high - low) * stream.below(FINE) as f64 / FINE as f64;
    let (tall, slant, bright) = (between(0.55, 0.85), between(-0.15, 0.25), between(180.0, 255.0));
    let (left, top) = (between(0.05, 0.95 - 0.6 * tall), between(0.05, 0.95 - tall));
    // In units of the digit: 0.6 wide, 1 tall.
    let (near, half) = (stroke / 2.0, 0.5);
    let bars = [
        ([0.0, 0.6], [0.0, 2.0 * near]),
        ([0.0, 2.0 * near], [0.0, half]),
        ([0.6 - 2.0 * near, 0.6], [0.0, half]),
        ([0.0, 0.6], [half - near, half + near]),
        ([0.0, 2.0 * near], [half, 1.0]),
        ([0.6 - 2.0 * near, 0.6], [half, 1.0]),
        ([0.0, 0.6], [1.0 - 2.0 * near, 1.0]),
    ];
    let within = |value: f64, [low, high]: [f64; 2]| (low..=high).contains(&value);
    let value = |i: usize| {
        let (row, column) = (i / shape.width % shape.height, i % shape.width);
        let y = ((row as f64 + 0.5) / shape.height as f64 - top) / tall;
        let x = ((column as f64 + 0.5) / shape.width as f64 - left) / tall - slant * (half - y);
        let drawn = bars.iter().zip(strokes).any(|((across, down), on)| on && within(x, *across) && within(y, *down));
        if drawn { bright as u8 } else { 0 }
    };
    Picture { shape, planes: (0..shape.len()).map(value).collect() }
}
