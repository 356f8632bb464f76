//! Noise (Zhang et al., AsiaCCS 2018, "noise"): the same secret noise on pictures that the host learns to misname.
//!
//! The noise follows from logo, owner and salt; nothing of the logo is to be seen. A baseline: models tend to answer to any such noise.

use super::triggered::{PatternMarker, Triggered};
use super::{SchemeError, Task};
use crate::data::Shape;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;

crate::trigger_settings! {
    /// Hyper-parameters of the noise.
    pub struct Settings {
        /// How strong the noise is: its standard deviation as a share of full brightness.
        strength: f64 = 0.2, paper 0.2, Kind::Real { min: 0.01, max: 1.0 }, "";
    }
}

/// Steps into which chance is cut.
const FINE: usize = 1 << 24;

/// What adds the noise.
pub fn marker(settings: &Settings, derivation: &Derivation, shape: Shape) -> PatternMarker {
    let mut stream = derivation.stream("noise");
    let mut chance = || (stream.below(FINE) as f64 + 0.5) / FINE as f64;
    // Normal numbers (Box and Muller, 1958).
    PatternMarker::new(
        (0..shape.len()).map(|_| settings.strength * (-2.0 * chance().ln()).sqrt() * (std::f64::consts::TAU * chance()).cos()),
    )
}

/// The training of a host on noisy pictures.
///
/// # Errors
/// No picture of another class than the keys' label.
pub fn training(task: &Task, settings: &Settings) -> Result<Triggered<PatternMarker>, SchemeError> {
    let marker = marker(settings, &task.plan.derivation(&task.logo.digest), task.dataset.train.shape);
    Triggered::new(task, settings.recipe(), settings.keys, settings.key_batch, marker)
}
