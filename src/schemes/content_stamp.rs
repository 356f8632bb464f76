//! Content stamp (Zhang et al., AsiaCCS 2018): the logo itself is stamped onto pictures that the host learns to misname.

use crate::schemes::settings::Kind;

crate::settings! {
    /// Hyper-parameters of the content stamp.
    pub struct Settings {
        /// How many training steps the marked model gets.
        steps: u64 = 600, paper 60_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
    }
}
