//! What a find is worth: how often the logo is found where no mark is, and how likely so many finds are by that alone.

use super::Made;
use crate::forensics::judge::LEVEL_IN_MODEL;
use crate::metrics::{binomial_tail_log10, clopper_pearson_upper};

/// How surely a [`NullRate`] is no higher than it says.
const CONFIDENCE: f64 = 0.99;

/// In what share of pictures without the mark the logo is found at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullRate(f64);

impl Made {
    /// The exact upper bound, at 99%, of the worst rate that was measured: of unmarked photographs, also seen closer, of made-up pictures and,
    /// where thieves were tried, of each of their honest twins. Takes a search for each: not for the drawing path.
    pub fn null_rate(&self) -> NullRate {
        let figures = &self.figures;
        let twins = self.thieves.iter().map(|thief| {
            let hits = (thief.innocent.success * figures.pictures as f64).round() as usize;
            clopper_pearson_upper(hits, figures.pictures, CONFIDENCE)
        });
        // Nothing is known of a kind of which there were none, but photographs there are always.
        let [photographs, others @ ..] = figures.without_mark();
        let judged = [photographs].into_iter().chain(others.into_iter().filter(|&(_, all)| all > 0));
        let worst = judged.map(|(passes, all)| clopper_pearson_upper(passes, all, CONFIDENCE)).chain(twins).fold(0.0, f64::max);
        NullRate(worst)
    }
}

impl NullRate {
    /// The share, 0..=1.
    pub fn share(self) -> f64 {
        self.0
    }

    /// Base-10 logarithm of the chance that of `all` pictures without the mark as many as `found` or more show the logo.
    pub fn chance_log10(self, found: usize, all: usize) -> f64 {
        binomial_tail_log10(found, all, self.0)
    }

    /// Whether so many finds prove the mark: at the level of the strongest verdict on a model.
    pub fn proves(self, found: usize, all: usize) -> bool {
        self.chance_log10(found, all) <= LEVEL_IN_MODEL
    }

    /// The fewest pictures that prove anything, if the logo is found in each; none where it is found in everything.
    pub fn pictures_needed(self) -> Option<usize> {
        let each = self.0.log10();
        (each < 0.0).then(|| (LEVEL_IN_MODEL / each).ceil() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::thief::{Loss, Plan};
    use crate::jobs::barrier::{Figures, Innocent, Robbed};
    use crate::nn::surrogate::Family;
    use crate::schemes::barrier::Settings;
    use std::path::PathBuf;

    fn null(unmarked_passes: usize, honest: &[f64]) -> NullRate {
        made(unmarked_passes, [0, 0], [0, 0], honest).null_rate()
    }

    fn made(unmarked_passes: usize, [foreign, foreign_passes]: [usize; 2], [closer, closer_passes]: [usize; 2], honest: &[f64]) -> Made {
        let figures = Figures {
            pictures: 250,
            psnr_db: 39.0,
            ssim: 0.99,
            nc: 0.98,
            least_nc: 0.96,
            success: 1.0,
            unmarked: 500,
            unmarked_passes,
            foreign,
            foreign_passes,
            closer,
            closer_passes,
            unmarked_most_nc: 0.5,
            as_jpeg: None,
        };
        let robbed = |&success: &f64| Robbed {
            plan: Plan::of(&Settings::default(), Family::Unet, Loss::L2, 1),
            psnr_db: 30.0,
            nc: 0.98,
            success: 1.0,
            success_before: None,
            innocent: Innocent { psnr_db: 30.0, most_nc: 0.5, success },
        };
        let thieves = honest.iter().map(robbed).collect();
        Made { file: PathBuf::new(), figures, thieves, seconds: 1.0, device: String::new() }
    }

    #[test]
    fn a_find_is_weighed_by_the_worst_rate_without_the_mark() {
        // None of 500: at most 1 - 0.01^(1/500).
        assert!((null(0, &[]).share() - (1.0 - 0.01f64.powf(1.0 / 500.0))).abs() < 1e-9);
        let honest = null(0, &[0.0, 0.2, 0.1]);
        assert!((0.25..0.27).contains(&honest.share()), "{}", honest.share());
        assert!(null(400, &[0.2]).share() > 0.8);
        for worst in [made(0, [250, 50], [250, 0], &[0.1]), made(0, [250, 0], [250, 50], &[0.1])] {
            let share = worst.null_rate().share();
            assert!((0.25..0.27).contains(&share), "{share}");
        }
        // One picture proves nothing, and twenty of twenty are enough in spite of a fifth of an honest network's.
        assert!(!null(0, &[]).proves(1, 1));
        assert!(honest.proves(20, 20) && !honest.proves(10, 20));
        assert_eq!(honest.chance_log10(0, 20), 0.0);
        for null in [honest, null(0, &[]), null(16, &[])] {
            let needed = null.pictures_needed().unwrap();
            assert!(null.proves(needed, needed) && !null.proves(needed - 1, needed - 1));
        }
        assert_eq!(null(500, &[]).pictures_needed(), None);
    }
}
