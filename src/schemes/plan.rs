//! A plan: everything that decides what a training does, as saved in the project and in the key package.

pub use super::catalogue::SchemeSettings;
pub use crate::nn::host::HostKind;

use crate::vault::derive::Derivation;
use serde::{Deserialize, Serialize};

/// Fewest unmarked models that a verdict can rest on.
pub const FEWEST_NULLS: usize = 3;
/// Fewest foreign encoders that a verdict can rest on.
pub const FEWEST_FOREIGN: usize = 5;

/// How long and how large a training shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Two CPU cores, minutes: narrow networks, fewer pictures, a real result.
    #[default]
    Quick,
    /// A laptop GPU, under an hour.
    Standard,
    /// The paper's own sizes and epochs.
    Paper,
}

/// The published width.
fn published() -> f64 {
    1.0
}

/// What is trained, on what, by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Scheme and hyper-parameters.
    pub scheme: SchemeSettings,
    /// Preset that the hyper-parameters came from; they may have been changed since.
    pub preset: Preset,
    /// The network to mark.
    pub host: HostKind,
    /// Its channels as a share of the published ones: narrow networks learn faster and know less.
    #[serde(default = "published")]
    pub width: f64,
    /// Who owns the model, as it shall stand in the claim.
    pub owner: String,
    /// Seed of all random choices that are not derived from logo, owner and salt.
    pub seed: u64,
    /// Random text that keeps others from deriving the same keys, hexadecimal.
    pub salt: String,
    /// How many unmarked models are trained as controls (at least 3).
    pub nulls: usize,
    /// How many foreign encoders are trained as controls (at least 5).
    pub foreign: usize,
}

impl Plan {
    /// The derivation of covers and labels for this owner and salt.
    pub fn derivation(&self, logo_digest: &str) -> Derivation {
        Derivation::new(logo_digest, &self.owner, &self.salt)
    }

    /// The plan as it may be shown: without the salt, which is secret.
    pub fn public(&self) -> serde_json::Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("salt");
        }
        value
    }
}
