//! When a revealed logo counts: it must follow the owner's logo closely, with at least three quarters of its contrast, and more closely than
//! a blank picture does.
//!
//! With a mostly white logo a white picture already has a plain correlation of .98, above the paper's .95; so the correlation here is that
//! of the deviations from the mean, which is 0 for every blank picture, and the lead over a blank one is asked for besides.
//!
//! Correlation does not change with contrast. A revealing network that learns by squares shows the logo as strongly as it believes in it: one
//! that takes a picture for marked with a chance of 1 in 5 shows a ghost at a fifth of the contrast, whose correlation is perfect. So a
//! picture counts only where the network takes it three times as likely for marked as for unmarked.
//!
//! A thief's network that learns by what a VGG sees covers its pictures with fine checks, and the mark lies below them. Softening wipes the
//! finest checks away and leaves the mark. So a picture in which nothing is found is looked at once more, softened; but a second look has a
//! second chance to be wrong, and so more is asked of it.

use super::marking::{Revealed, softened};
use super::{Barrier, SchemeError};
use crate::data::Picture;
use crate::metrics::{MetricError, contrast, nc, plain_nc};
use serde::{Deserialize, Serialize};

/// Correlation (zero-mean, normalised) above which a revealed logo counts (S4).
pub const LEAST_CORRELATION: f64 = 0.95;

/// Share of the logo's contrast above which it counts: where the network holds the mark for three times as likely as none.
pub const LEAST_CONTRAST: f64 = 0.75;

/// The same in a softened picture: a second look has to be surer. Chosen on photographs kept for that, where no unmarked one reached .8.
pub const LEAST_CONTRAST_SOFTENED: f64 = 0.85;

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
        self.counts_above(LEAST_CONTRAST)
    }

    fn counts_above(&self, contrast: f64) -> bool {
        self.nc > LEAST_CORRELATION && self.contrast > contrast && self.lead > 0.0
    }
}

/// What looking into a picture came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it revealed.
    pub revealed: Revealed,
    /// How close the mean of its squares comes to the logo.
    pub likeness: Likeness,
    /// Whole squares that reveal the logo each on its own.
    pub squares_that_count: usize,
    /// Whether the logo was found only after the picture had been softened.
    pub softened: bool,
}

impl Finding {
    /// Whether this counts as the owner's logo, after the look that it was found in.
    pub fn counts(&self) -> bool {
        self.likeness.counts_above(least_contrast(self.softened))
    }
}

/// Share of the logo's contrast that a look has to show.
const fn least_contrast(softened: bool) -> f64 {
    if softened { LEAST_CONTRAST_SOFTENED } else { LEAST_CONTRAST }
}

impl Barrier {
    /// Looks for the logo in at most `most` squares of a picture, spread evenly over it; once more in the softened picture where it is not
    /// found and the revealing network knows such.
    ///
    /// # Errors
    /// Shapes that the network does not take.
    pub fn look_into(&self, picture: &Picture, most: usize) -> Result<Finding, SchemeError> {
        let plain = self.weighed(self.reveal_in(picture, most)?, false)?;
        if plain.counts() || !self.settings.knows_disturbed() {
            return Ok(plain);
        }
        let soft = self.weighed(self.reveal_in(&softened(picture), most)?, true)?;
        Ok(if soft.counts() { soft } else { plain })
    }

    fn weighed(&self, revealed: Revealed, softened: bool) -> Result<Finding, SchemeError> {
        let mut squares_that_count = 0;
        for square in &revealed.squares {
            squares_that_count += usize::from(self.likeness(square)?.counts_above(least_contrast(softened)));
        }
        Ok(Finding { likeness: self.likeness(&revealed.logo)?, revealed, squares_that_count, softened })
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Samples, Shape};
    use crate::schemes::barrier::{Settings, Task, Training};
    use burn::tensor::Device;
    use std::sync::Arc;

    const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };

    /// Slopes under checks as strong as thieves draw them.
    fn covered_with_checks() -> Picture {
        let value = |i: usize| 60 + 2 * (i % 32) + i / 32 % 32 + i / 1024 * 20 + if (i + i / 32).is_multiple_of(2) { 40 } else { 0 };
        Picture { shape: SHAPE, planes: (0..SHAPE.len()).map(|i| value(i) as u8).collect() }
    }

    /// Networks that have learnt nothing: what they reveal of a picture is taken for the logo.
    fn barrier() -> Barrier {
        let settings = Settings { side: 32, halvings: 4, hider_width: 4, revealer_width: 8, batch: 2, ..Settings::default() };
        let logo = covered_with_checks();
        let pictures = Arc::new(Samples { shape: SHAPE, pixels: logo.planes.repeat(8), labels: vec![0; 8] });
        let task = Task { settings, outputs: pictures.clone(), inputs: pictures, logo, vgg: None, seed: 5, device: Device::flex() };
        let barrier = Training::new(task).unwrap().barrier();
        assert!(!barrier.settings.adversarial_disturbed, "it has met no disturbed pictures yet");
        barrier
    }

    #[test]
    fn what_is_not_found_is_looked_at_once_more_softened_by_a_network_that_knows_such_pictures() {
        let (picture, mut barrier) = (covered_with_checks(), barrier());
        barrier.logo = barrier.reveal(&softened(&picture)).unwrap().logo;
        let plain = barrier.look_into(&picture, 1).unwrap();
        assert!(!plain.softened && !plain.likeness.counts() && plain.squares_that_count == 0, "{:?}", plain.likeness);
        assert_eq!(plain.revealed, barrier.reveal(&picture).unwrap());

        barrier.settings.adversarial_disturbed = true;
        let soft = barrier.look_into(&picture, 1).unwrap();
        assert!(soft.softened && soft.likeness.counts() && soft.squares_that_count == 1, "{:?}", soft.likeness);
        assert_eq!(soft.revealed.logo, barrier.logo);

        // A second look has to see more than the first: four fifths of the contrast are enough for that one alone.
        let stronger = |logo: &Picture| {
            let mean = logo.planes.iter().map(|&value| f64::from(value)).sum::<f64>() / logo.planes.len() as f64;
            Picture {
                planes: logo.planes.iter().map(|&value| (mean + (f64::from(value) - mean) / 0.8).round() as u8).collect(),
                ..logo.clone()
            }
        };
        barrier.logo = stronger(&soft.revealed.logo);
        let likeness = barrier.likeness(&soft.revealed.logo).unwrap();
        assert!((0.78..0.82).contains(&likeness.contrast) && likeness.counts(), "{likeness:?}");
        assert_eq!(
            barrier.look_into(&picture, 1).unwrap(),
            Finding { likeness: barrier.likeness(&plain.revealed.logo).unwrap(), ..plain.clone() }
        );
        barrier.logo = stronger(&plain.revealed.logo);
        let found = barrier.look_into(&picture, 1).unwrap();
        assert!(!found.softened && found.likeness.counts() && found.squares_that_count == 1, "{:?}", found.likeness);
    }
}
