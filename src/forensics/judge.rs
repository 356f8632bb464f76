//! From counts to a verdict: exact statistics and fixed rules, nothing learnt and nothing tuned.

use super::report::{Control, ControlKind, Report, Tally, Verdict};
pub use crate::schemes::plan::{FEWEST_FOREIGN, FEWEST_NULLS};

use crate::metrics::{binomial_tail_log10, clopper_pearson, clopper_pearson_upper, holm_log10};

/// p-value for "your mark is in this model", on trained keys.
pub const LEVEL_IN_MODEL: f64 = -9.0;
/// p-value for "strong indication", and for fresh keys beside "your mark is in this model".
pub const LEVEL_STRONG: f64 = -6.0;
/// p-value for "weak indication".
pub const LEVEL_WEAK: f64 = -3.0;
/// Fewest questions that can be judged.
pub const FEWEST_QUESTIONS: usize = 4;
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
/// Where chance alone comes near that, because there are few answers to choose from: so much above chance.
const FOREIGN_ABOVE_CHANCE: f64 = 0.2;

/// The owner's keys lead a foreign encoder's when so many hits or more come at the foreign rate with at most this p (base-10 logarithm of 5%).
const LEAD: f64 = -1.301;

/// Whether a control fires by itself, whatever the verdict would be.
///
/// Plain covers and null models bear no mark at all: they fire when chance at 1/classes explains their hits with p at most
/// 1e-3. Foreign keys bear a mark, though not this one: they fire when their hits alone would carry the highest verdict, with p
/// at most 1e-9, and above [`FOREIGN_LIMIT`], or where there are two to four answers 20 points above chance.
pub fn fired(kind: ControlKind, hits: usize, questions: usize, classes: usize) -> bool {
    let explained = |level: f64| questions == 0 || binomial_tail_log10(hits, questions, 1.0 / classes.max(2) as f64) > level;
    match kind {
        ControlKind::ForeignEncoder => !explained(LEVEL_IN_MODEL) || hits as f64 > foreign_limit(classes) * questions as f64,
        ControlKind::PlainCovers | ControlKind::NullModel => !explained(LEVEL_WEAK),
    }
}

/// The hit rate above which a foreign encoder fires, where a key can get so many answers.
fn foreign_limit(classes: usize) -> f64 {
    FOREIGN_LIMIT.max(1.0 / classes.max(2) as f64 + FOREIGN_ABOVE_CHANCE)
}

/// The verdict on keys of which nobody can see whether they were picked to fit the suspect.
pub fn if_picked(verdict: Verdict) -> Verdict {
    weaker(verdict, Verdict::Strong)
}

/// The verdict that claims less. A failed check claims nothing.
fn weaker(a: Verdict, b: Verdict) -> Verdict {
    let claims = |verdict: Verdict| level(verdict).unwrap_or(0.0);
    if claims(a) >= claims(b) { a } else { b }
}

/// What is known before the verdict.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Trained keys.
    pub keys: &'a Tally,
    /// Fresh keys; `None` where the scheme has none.
    pub fresh: Option<&'a Tally>,
    /// The chance rate of the trained keys' p-value.
    pub chance: f64,
    /// All controls; those that fire only because of what the keys would claim are marked as fired.
    pub controls: &'a mut [Control],
    /// Usable null models.
    pub nulls: usize,
    /// Whether the suspect's answers are of this task at all.
    pub of_this_task: bool,
    /// Whether logo, labels and keys are those that the package's plan gives.
    pub derived: bool,
}

/// The verdict of verification.md section 5.
pub fn verdict(findings: Findings) -> Verdict {
    let Findings { keys, fresh, chance, controls, nulls, of_this_task, derived } = findings;
    let claimed = claim(keys.p_value_log10, fresh.map(|f| f.p_value_log10));
    if let Some(level) = level(claimed) {
        for foreign in controls.iter_mut().filter(|c| c.kind == ControlKind::ForeignEncoder) {
            foreign.fired |= rivals(keys, foreign, chance, level);
        }
    }
    let complete = nulls >= FEWEST_NULLS
        && count(controls, ControlKind::ForeignEncoder) >= FEWEST_FOREIGN
        && count(controls, ControlKind::PlainCovers) > 0
        && keys.questions >= FEWEST_QUESTIONS;
    if !complete || !of_this_task || !derived || controls.iter().any(|c| c.fired) { Verdict::CheckFailed } else { claimed }
}

/// How many controls there are of a kind.
pub fn count(controls: &[Control], kind: ControlKind) -> usize {
    controls.iter().filter(|c| c.kind == kind && !c.fresh).count()
}

/// What p-values alone would say, if all controls stayed quiet.
pub fn claim(keys: f64, fresh: Option<f64>) -> Verdict {
    match keys {
        p if p <= LEVEL_IN_MODEL && fresh.is_none_or(|f| f <= LEVEL_STRONG) => Verdict::InThisModel,
        p if p <= LEVEL_STRONG => Verdict::Strong,
        p if p <= LEVEL_WEAK => Verdict::Weak,
        _ => Verdict::None,
    }
}

/// The p-value that a verdict claims at least; `None` for one that claims nothing.
fn level(verdict: Verdict) -> Option<f64> {
    match verdict {
        Verdict::InThisModel => Some(LEVEL_IN_MODEL),
        Verdict::Strong => Some(LEVEL_STRONG),
        Verdict::Weak => Some(LEVEL_WEAK),
        Verdict::None | Verdict::CheckFailed => None,
    }
}

/// Whether foreign keys could claim what the owner's claim, or the owner's keys do not lead them.
fn rivals(keys: &Tally, foreign: &Control, chance: f64, level: f64) -> bool {
    let rate = foreign.hits as f64 / foreign.questions.max(1) as f64;
    binomial_tail_log10(foreign.hits, foreign.questions, chance) <= level || binomial_tail_log10(keys.hits, keys.questions, rate) > LEAD
}

/// p-value (base-10 logarithm) and verdict of each report, corrected by Holm for several suspects or schemes having been asked.
///
/// A failed check stays failed and no verdict rises.
pub fn corrected(reports: &[&Report]) -> Vec<(f64, Verdict)> {
    let keys = holm_log10(&reports.iter().map(|r| r.keys.p_value_log10).collect::<Vec<_>>());
    let fresh = holm_log10(&reports.iter().map(|r| r.fresh.as_ref().map_or(0.0, |f| f.p_value_log10)).collect::<Vec<_>>());
    let each = reports.iter().zip(keys).zip(fresh);
    each.map(|((report, keys), fresh)| {
        let asked = matches!(report.verdict, Verdict::InThisModel | Verdict::Strong | Verdict::Weak);
        let verdict = if asked { weaker(claim(keys, report.fresh.as_ref().map(|_| fresh)), report.verdict) } else { report.verdict };
        (keys, verdict)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(kind: ControlKind, hits: usize) -> Control {
        Control { kind, name: String::new(), hits, questions: 60, fired: fired(kind, hits, 60, 10), fresh: false }
    }

    /// The controls that must be there, quiet.
    fn quiet() -> Vec<Control> {
        let mut controls = vec![control(ControlKind::ForeignEncoder, 6); FEWEST_FOREIGN];
        controls.push(control(ControlKind::PlainCovers, 0));
        controls
    }

    fn judged(keys: usize, fresh: Option<usize>, controls: &mut [Control], nulls: usize, of_this_task: bool, derived: bool) -> Verdict {
        let (keys, fresh) = (tally(keys, 60, 0.1), fresh.map(|hits| tally(hits, 60, 0.1)));
        verdict(Findings { keys: &keys, fresh: fresh.as_ref(), chance: 0.1, controls, nulls, of_this_task, derived })
    }

    fn decide(keys: usize, fresh: Option<usize>, more: &[Control], nulls: usize, of_this_task: bool) -> Verdict {
        let mut controls = quiet();
        controls.extend_from_slice(more);
        judged(keys, fresh, &mut controls, nulls, of_this_task, true)
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
    fn keys_that_may_have_been_picked_are_a_strong_indication_at_most() {
        for (found, told) in
            [(Verdict::InThisModel, Verdict::Strong), (Verdict::Weak, Verdict::Weak), (Verdict::CheckFailed, Verdict::CheckFailed)]
        {
            assert_eq!(if_picked(found), told);
        }
        let picked = Report { verdict: Verdict::Strong, keys: tally(60, 60, 0.1), ..Report::blank() };
        assert_eq!(corrected(&[&picked])[0].1, Verdict::Strong, "a correction raises nothing");
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
    fn a_foreign_encoder_that_could_claim_as_much_as_the_owner_fails_the_check() {
        let foreign = |hits| [control(ControlKind::ForeignEncoder, hits)];
        for (owner, stranger) in [(20, 23), (15, 23), (20, 20), (15, 15), (24, 23), (60, 24)] {
            assert_eq!(decide(owner, None, &foreign(stranger), 3, true), Verdict::CheckFailed, "owner {owner}, foreign {stranger}");
        }
        for (owner, stranger, expected) in
            [(60, 23, Verdict::InThisModel), (24, 14, Verdict::InThisModel), (20, 8, Verdict::Strong), (15, 8, Verdict::Weak)]
        {
            assert_eq!(decide(owner, None, &foreign(stranger), 3, true), expected, "owner {owner}, foreign {stranger}");
        }
        // Who claims nothing accuses nobody, so nothing fires for that.
        assert_eq!(decide(6, None, &foreign(10), 3, true), Verdict::None);
        let mut controls = quiet();
        controls[2].hits = 23;
        assert_eq!(judged(20, None, &mut controls, 3, true, true), Verdict::CheckFailed);
        assert_eq!(controls.iter().map(|c| c.fired).collect::<Vec<_>>(), [false, false, true, false, false, false]);
    }

    #[test]
    fn of_many_suspects_each_must_pass_a_stricter_bar() {
        let report = |hits: usize| Report {
            verdict: claim(tally(hits, 60, 0.1).p_value_log10, None),
            keys: tally(hits, 60, 0.1),
            ..Report::blank()
        };
        let all: Vec<Report> = [15, 60, 0].iter().chain(&[6; 7]).map(|&hits| report(hits)).collect();
        let found = corrected(&all.iter().collect::<Vec<_>>());
        assert_eq!(all[0].verdict, Verdict::Weak);
        assert_eq!((found[0].1, found[1].1, found[2].1), (Verdict::None, Verdict::InThisModel, Verdict::None));
        assert!((found[1].0 - all[1].keys.p_value_log10 - 1.0).abs() < 1e-9, "ten suspects take a power of ten");
        assert_eq!(corrected(&[&all[0]])[0].1, Verdict::Weak);
        let failed = Report { verdict: Verdict::CheckFailed, ..report(60) };
        assert_eq!(corrected(&[&failed, &all[1]])[0].1, Verdict::CheckFailed);
    }

    #[test]
    fn without_its_controls_or_with_other_keys_than_derived_there_is_no_verdict() {
        assert_eq!(judged(60, None, &mut quiet(), 3, true, true), Verdict::InThisModel);
        assert_eq!(judged(60, None, &mut quiet()[1..], 3, true, true), Verdict::CheckFailed, "four foreign encoders");
        assert_eq!(judged(60, None, &mut quiet()[..FEWEST_FOREIGN], 3, true, true), Verdict::CheckFailed, "no plain covers");
        assert_eq!(judged(60, None, &mut quiet(), 3, true, false), Verdict::CheckFailed, "keys that were not derived");
    }

    #[test]
    fn foreign_keys_fire_by_chance_where_there_are_many_and_by_rate_where_there_are_few() {
        let fires = |hits, questions| fired(ControlKind::ForeignEncoder, hits, questions, 10);
        assert!(!fires(80, 400) && fires(81, 400));
        assert!(!fires(8, 20) && fires(9, 20));
        // Of two answers one comes half the time.
        let of_two = |hits| fired(ControlKind::ForeignEncoder, hits, 60, 2);
        assert!(!of_two(30) && !of_two(42) && of_two(43));
    }

    #[test]
    fn chance_is_never_below_what_null_models_reached() {
        assert_eq!(chance(10, 0, 0), 0.1);
        assert_eq!(chance(10, 0, 180), 0.1);
        assert!(chance(10, 40, 180) > 40.0 / 180.0);
    }
}
