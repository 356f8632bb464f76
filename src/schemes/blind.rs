//! Blind watermark (Li et al., ACSAC 2019): an encoder hides the logo in ordinary pictures so that only the marked host sees it.

use crate::schemes::settings::Kind;
use serde::{Deserialize, Serialize};

/// How a key's label is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelRule {
    /// The true class plus a secret shift: fresh keys can be asked.
    KeyedShift,
    /// A random wrong class for each cover (the paper's rule): no fresh keys exist.
    RandomPerCover,
}

crate::settings! {
    /// Hyper-parameters of the blind watermark. Defaults are those of the authors' code.
    pub struct Settings {
        /// How many training steps the marked model gets.
        steps: u64 = 600, paper 60_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// How a key's label is chosen: by a secret shift of the true class (new keys can be made later), or at random for each key.
        label_rule: LabelRule = LabelRule::KeyedShift, paper LabelRule::RandomPerCover, Kind::Choice(&[("keyed_shift", "Secret shift"), ("random_per_cover", "Random for each key")]), "";
    }
}
