//! When a revealed logo counts: it must follow the owner's logo closely, with at least three quarters of its contrast, and more closely than
//! a blank picture does.
//!
//! With a mostly white logo a white picture already has a plain correlation of .98, above the paper's .95; so the correlation here is that
//! of the deviations from the mean, which is 0 for every blank picture, and the lead over a blank one is asked for besides.
//!
//! Correlation does not change with contrast. A revealing network that learns by squares shows the logo as strongly as it believes in it: one
//! that takes a picture for marked with a chance of 1 in 5 shows a ghost at a fifth of the contrast, whose correlation is perfect. So a
//! picture counts only where the network takes it three times as likely for marked as for unmarked.

use super::Barrier;
use crate::data::Picture;
use crate::metrics::{MetricError, contrast, nc, plain_nc};
use serde::{Deserialize, Serialize};

/// Correlation (zero-mean, normalised) above which a revealed logo counts (S4).
pub const LEAST_CORRELATION: f64 = 0.95;

/// Share of the logo's contrast above which it counts: where the network holds the mark for three times as likely as none.
pub const LEAST_CONTRAST: f64 = 0.75;

/// How close a revealed picture comes to the logo.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// Zero-mean normalised correlation with the logo, -1..=1.
    pub nc: f64,
    /// Share of the logo's contrast that is revealed: 1 where it is as strong as the logo.
    pub contrast: f64,
    /// Plain normalised correlation with the logo less that of a white picture.
    pub lead: f64,
}

impl Likeness {
    /// Whether this counts as the owner's logo.
    pub fn counts(&self) -> bool {
        self.nc > LEAST_CORRELATION && self.contrast > LEAST_CONTRAST && self.lead > 0.0
    }
}

impl Barrier {
    /// How close `revealed`, `[3, side, side]`, comes to the logo.
    ///
    /// # Errors
    /// Another shape than the logo's.
    pub fn likeness(&self, revealed: &Picture) -> Result<Likeness, MetricError> {
        let blank = Picture { shape: self.logo.shape, planes: vec![255; self.logo.planes.len()] };
        Ok(Likeness {
            nc: nc(revealed, &self.logo)?,
            contrast: contrast(revealed, &self.logo)?,
            lead: plain_nc(revealed, &self.logo)? - plain_nc(&blank, &self.logo)?,
        })
    }
}
