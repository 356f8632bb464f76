//! What a finished training is worth, by fixed bounds, before any suspect is asked.

use super::messages::Trained;
use crate::schemes::catalogue;

/// Share of its keys that a marked model answers at least, 0..1.
pub const KEYS_AT_LEAST: f64 = 0.95;
/// A mark counts as learnt when the marked model answers so much more of the keys than unmarked models do, share 0..1.
pub const KEYS_AHEAD: f64 = 0.5;
/// The same where keys are bits, of which unmarked models say half.
pub const BITS_AHEAD: f64 = 0.3;
/// Points of accuracy on plain pictures that a mark may cost.
pub const POINTS_AT_MOST: f64 = 1.5;
/// Likeness of covers and keys of a scheme that hides its mark, PSNR in decibel.
pub const LIKENESS_AT_LEAST: f64 = 28.0;

/// Something about a finished training that its owner should know before relying on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The marked model answers the keys hardly better than models without the mark.
    NotLearnt,
    /// The marked model answers the keys, and models without the mark answer many of them in the same way.
    Anyones,
    /// The mark was learnt, but many keys miss.
    KeysMiss,
    /// Plain pictures are named rightly less often than by unmarked models.
    Costly,
    /// The keys do not look like their covers, though the scheme hides its mark.
    Visible,
}

impl Trained {
    /// Points of accuracy on plain pictures that the mark costs; negative where it gained some.
    pub fn points_lost(&self) -> f64 {
        100.0 * (self.clean_accuracy_unmarked - self.clean_accuracy)
    }

    /// What is wrong with it, the gravest first; nothing when all is well.
    pub fn concerns(&self) -> Vec<Concern> {
        let card = catalogue::card(&self.scheme);
        let ahead = if card.is_some_and(|card| card.reads) { BITS_AHEAD } else { KEYS_AHEAD };
        let learnt = self.key_accuracy - self.key_accuracy_unmarked >= ahead;
        // A stamp is meant to be seen.
        let hides = card.is_none_or(|card| card.hides);
        let answers = self.key_accuracy >= KEYS_AT_LEAST;
        let found = [
            (Concern::NotLearnt, !learnt && !answers),
            (Concern::Anyones, !learnt && answers),
            (Concern::KeysMiss, learnt && !answers),
            (Concern::Costly, self.points_lost() > POINTS_AT_MOST),
            (Concern::Visible, hides && self.psnr_db < LIKENESS_AT_LEAST),
        ];
        found.into_iter().filter_map(|(concern, is_there)| is_there.then_some(concern)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(key_accuracy: f64, clean_accuracy: f64, psnr_db: f64) -> Trained {
        Trained {
            scheme: "blind".into(),
            model: "m".into(),
            key: "k".into(),
            unmarked: "u".into(),
            clean_accuracy,
            clean_accuracy_unmarked: 0.87,
            clean_pictures: 800,
            clean_drop_interval: [-0.01, 0.02],
            key_accuracy,
            key_accuracy_unmarked: 0.08,
            psnr_db,
            ssim: 0.9,
            seconds: 1.0,
            device: "CPU".into(),
        }
    }

    #[test]
    fn each_bound_has_its_concern_and_a_good_training_has_none() {
        assert_eq!(trained(0.99, 0.86, 31.0).concerns(), []);
        assert_eq!(trained(0.12, 0.86, 31.0).concerns(), [Concern::NotLearnt]);
        assert_eq!(trained(0.90, 0.86, 31.0).concerns(), [Concern::KeysMiss]);
        assert_eq!(trained(0.99, 0.85, 31.0).concerns(), [Concern::Costly]);
        assert_eq!(trained(0.99, 0.86, 27.9).concerns(), [Concern::Visible]);
        assert_eq!(trained(0.3, 0.5, 20.0).concerns(), [Concern::NotLearnt, Concern::Costly, Concern::Visible]);
    }

    #[test]
    fn keys_that_any_model_answers_are_not_for_want_of_learning() {
        let common = Trained { key_accuracy_unmarked: 0.6, ..trained(1.0, 0.86, 31.0) };
        assert_eq!(common.concerns(), [Concern::Anyones]);
        assert_eq!(Trained { key_accuracy: 0.9, ..common }.concerns(), [Concern::NotLearnt]);
    }

    #[test]
    fn of_bits_unmarked_models_say_half() {
        let bits = Trained { scheme: "white_box".into(), key_accuracy_unmarked: 0.55, ..trained(1.0, 0.86, 4.0) };
        assert_eq!(bits.concerns(), []);
        assert_eq!(Trained { scheme: "noise".into(), ..bits }.concerns(), [Concern::Anyones]);
    }

    #[test]
    fn a_stamp_may_be_seen() {
        assert_eq!(Trained { scheme: "content_stamp".into(), ..trained(0.99, 0.86, 12.0) }.concerns(), []);
    }
}
