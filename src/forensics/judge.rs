//! From counts to a verdict: exact statistics and fixed rules, nothing learnt and nothing tuned.

use super::report::{Control, ControlKind, Tally, Verdict};
use crate::metrics::{binomial_tail_log10, clopper_pearson, clopper_pearson_upper};

/// p-value for "your mark is in this model", on trained keys.
pub const LEVEL_IN_MODEL: f64 = -9.0;
/// p-value for "strong indication", and for fresh keys beside "your mark is in this model".
pub const LEVEL_STRONG: f64 = -6.0;
/// p-value for "weak indication".
pub const LEVEL_WEAK: f64 = -3.0;
/// Fewest questions that can be judged.
pub const FEWEST_QUESTIONS: usize = 4;
/// Fewest null models that can be judged by.
pub const FEWEST_NULLS: usize = 3;
/// A null model below this share of the suspect's clean accuracy never learnt the task and is no control.
pub const NULL_SHARE: f64 = 0.9;

/// Counts with their exact statistics at `chance`.
pub fn tally(hits: usize, questions: usize, chance: f64) -> Tally {
    Tally { hits, questions, p_value_log10: binomial_tail_log10(hits, questions, chance), interval: clopper_pearson(hits, questions, 0.95) }
}

/// The chance that p-values use: the larger of 1/classes and the 99% upper bound of what null models reached.
pub fn chance(classes: usize, null_hits: usize, null_questions: usize) -> f64 {
    let base = 1.0 / classes.max(2) as f64;
    match null_questions {
        0 => base,
        _ => base.max(clopper_pearson_upper(null_hits, null_questions, 0.99)),
    }
}

/// A foreign encoder fires above this hit rate however few questions there were. The source paper saw 68% once.
pub const FOREIGN_LIMIT: f64 = 0.4;

/// Whether a control fired.
///
/// Plain covers and null models bear no mark at all: they fire when chance at 1/classes explains their hits with p at most
/// 1e-3. Foreign keys bear a mark, though not this one: they fire when their hits alone would carry the highest verdict, with p
/// at most 1e-9, and above [`FOREIGN_LIMIT`].
pub fn fired(kind: ControlKind, hits: usize, questions: usize, classes: usize) -> bool {
    let explained = |level: f64| questions == 0 || binomial_tail_log10(hits, questions, 1.0 / classes.max(2) as f64) > level;
    match kind {
        ControlKind::ForeignEncoder => !explained(LEVEL_IN_MODEL) || hits as f64 > FOREIGN_LIMIT * questions as f64,
        ControlKind::PlainCovers | ControlKind::NullModel => !explained(LEVEL_WEAK),
    }
}

/// What is known before the verdict.
#[derive(Debug, Clone)]
pub struct Findings<'a> {
    /// Trained keys.
    pub keys: &'a Tally,
    /// Fresh keys; `None` where the scheme has none.
    pub fresh: Option<&'a Tally>,
    /// All controls.
    pub controls: &'a [Control],
    /// Usable null models.
    pub nulls: usize,
    /// Whether the suspect's answers are of this task at all.
    pub of_this_task: bool,
}

/// The verdict of verification.md section 5.
pub fn verdict(findings: &Findings) -> Verdict {
    let Findings { keys, fresh, controls, nulls, of_this_task } = findings;
    let broken = controls.iter().any(|c| c.fired) || keys.questions < FEWEST_QUESTIONS || *nulls < FEWEST_NULLS || !of_this_task;
    match keys.p_value_log10 {
        _ if broken => Verdict::CheckFailed,
        p if p <= LEVEL_IN_MODEL && fresh.is_none_or(|f| f.p_value_log10 <= LEVEL_STRONG) => Verdict::InThisModel,
        p if p <= LEVEL_STRONG => Verdict::Strong,
        p if p <= LEVEL_WEAK => Verdict::Weak,
        _ => Verdict::None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn control(kind: ControlKind, hits: usize) -> Control {
        Control { kind, name: String::new(), hits, questions: 60, fired: fired(kind, hits, 60, 10) }
    }

    fn decide(keys: usize, fresh: Option<usize>, controls: &[Control], nulls: usize, of_this_task: bool) -> Verdict {
        let (keys, fresh) = (tally(keys, 60, 0.1), fresh.map(|hits| tally(hits, 60, 0.1)));
        verdict(&Findings { keys: &keys, fresh: fresh.as_ref(), controls, nulls, of_this_task })
    }

    #[test]
    fn the_levels_of_sixty_questions() {
        for (hits, expected) in [
            (60, Verdict::InThisModel),
            (24, Verdict::InThisModel),
            (23, Verdict::Strong),
            (20, Verdict::Strong),
            (19, Verdict::Weak),
            (15, Verdict::Weak),
            (14, Verdict::None),
            (0, Verdict::None),
        ] {
            assert_eq!(decide(hits, None, &[], 3, true), expected, "{hits} hits");
        }
    }

    #[test]
    fn fresh_keys_that_fail_take_the_highest_verdict_away() {
        assert_eq!(decide(60, Some(20), &[], 3, true), Verdict::InThisModel);
        assert_eq!(decide(60, Some(19), &[], 3, true), Verdict::Strong);
    }

    #[test]
    fn any_fired_control_fails_the_check() {
        for (kind, quiet, loud) in
            [(ControlKind::PlainCovers, 14, 15), (ControlKind::NullModel, 14, 15), (ControlKind::ForeignEncoder, 23, 24)]
        {
            assert_eq!(decide(60, None, &[control(kind, quiet)], 3, true), Verdict::InThisModel);
            assert_eq!(decide(60, None, &[control(kind, loud)], 3, true), Verdict::CheckFailed);
        }
        assert_eq!(decide(60, None, &[], 2, true), Verdict::CheckFailed);
        assert_eq!(decide(60, None, &[], 3, false), Verdict::CheckFailed);
    }

    #[test]
    fn foreign_keys_fire_by_chance_where_there_are_many_and_by_rate_where_there_are_few() {
        let fires = |hits, questions| fired(ControlKind::ForeignEncoder, hits, questions, 10);
        assert!(!fires(80, 400) && fires(81, 400));
        assert!(!fires(8, 20) && fires(9, 20));
    }

    #[test]
    fn chance_is_never_below_what_null_models_reached() {
        assert_eq!(chance(10, 0, 0), 0.1);
        assert_eq!(chance(10, 0, 180), 0.1);
        assert!(chance(10, 40, 180) > 40.0 / 180.0);
    }
}
