//! Message mark (Guo and Potkonjak, ICCAD 2018): a secret message, written into a few pixels of pictures that the host learns to misname.
//!
//! Which pixels, and whether each becomes lighter or darker, follows from logo, owner and salt. A baseline: hardly to be seen, and gone behind any
//! filter.

use super::triggered::{PatternMarker, Triggered};
use super::{SchemeError, Task};
use crate::data::Shape;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;

crate::trigger_settings! {
    /// Hyper-parameters of the message mark.
    pub struct Settings {
        /// Bits of the message: so many pixels are changed.
        bits: usize = 128, paper 128, Kind::Whole { min: 8.0, max: 4096.0 }, "bits";
        /// How much lighter or darker a pixel becomes, as a share of full brightness.
        strength: f64 = 0.5, paper 0.5, Kind::Real { min: 0.01, max: 1.0 }, "";
    }
}

/// What writes the message.
pub fn marker(settings: &Settings, derivation: &Derivation, shape: Shape) -> PatternMarker {
    let mut stream = derivation.stream("message");
    let area = shape.height * shape.width;
    let mut pattern = vec![0.0; area];
    for pixel in stream.permutation(area).into_iter().take(settings.bits) {
        pattern[pixel] = if stream.below(2) == 0 { settings.strength } else { -settings.strength };
    }
    // All channels alike.
    PatternMarker::new((0..shape.len()).map(|i| pattern[i % area]))
}

/// The training of a host on pictures that bear the message.
///
/// # Errors
/// No picture of another class than the keys' label.
pub fn training(task: &Task, settings: &Settings) -> Result<Triggered<PatternMarker>, SchemeError> {
    let marker = marker(settings, &task.plan.derivation(&task.logo.digest), task.dataset.train.shape);
    Triggered::new(task, settings.recipe(), settings.keys, settings.key_batch, marker)
}
