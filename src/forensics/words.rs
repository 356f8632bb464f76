//! Every sentence that a report says. They stand here, not in the window, because command line and files say them too.

use super::judge;
use super::report::{Control, ControlKind, Filtered, Report, Verdict};
use crate::metrics::clopper_pearson_upper;
use crate::schemes::catalogue;

/// How keys are asked, which decides how sentences speak of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As pictures that bear a mark, and without it are ordinary ones.
    Marked,
    /// As pictures by themselves.
    Pictures,
    /// Read from the weights.
    Read,
}

impl Manner {
    /// That of a scheme.
    pub(super) fn of(scheme: &str) -> Self {
        match catalogue::card(scheme) {
            Some(card) if card.reads => Self::Read,
            Some(card) if !card.covers => Self::Pictures,
            _ => Self::Marked,
        }
    }

    /// Name of the control with pictures that bear no mark.
    pub(super) fn plain(self) -> &'static str {
        match self {
            Self::Marked => "The same pictures without the mark",
            Self::Pictures => "Ordinary pictures in the places of the keys",
            Self::Read => "Ordinary pictures, read as directions",
        }
    }

    /// What a model said to so many of so many keys.
    fn said(self, hits: usize, questions: usize) -> String {
        match self {
            Self::Marked | Self::Pictures => format!("gave the secret label to {hits} of {questions} keys"),
            Self::Read => format!("holds {hits} of {questions} secret bits in its weights"),
        }
    }

    /// What came of the quiet controls.
    fn quiet(self, plain: usize, null_rate: f64) -> String {
        let share = 100.0 * null_rate;
        match self {
            Self::Marked => {
                format!("without the mark the same pictures gave it {plain} times, and unmarked models gave it to {share:.1}% of the keys")
            }
            Self::Pictures => format!("ordinary pictures gave it {plain} times, and unmarked models gave it to {share:.1}% of the keys"),
            Self::Read => {
                format!("ordinary pictures, read as directions, gave {plain} of the bits, and unmarked models hold {share:.1}% of them")
            }
        }
    }

    /// What is wrong where plain pictures bring the answer about.
    fn plain_fired(self, control: &Control) -> String {
        let Control { hits, questions, .. } = control;
        match self {
            Self::Marked => format!(
                "Without the mark the same pictures gave the secret label {hits} of {questions} times: the model has learnt the pictures, not the mark."
            ),
            Self::Pictures => {
                format!("Ordinary pictures gave the secret label {hits} of {questions} times: the model gives it to more than the keys.")
            }
            Self::Read => format!(
                "Ordinary pictures, read as directions, gave {hits} of {questions} secret bits: whatever is read from this model looks like the mark."
            ),
        }
    }
}

/// Faults of a package whose parts are not what its plan gives.
pub(super) const OTHER_LOGO: &str = "The logo in the key package is not the one that its keys claim to follow from.";
pub(super) const OTHER_LABELS: &str = "The secret labels do not follow from logo, owner and salt: somebody chose them.";
pub(super) const REPEATED_COVERS: &str = "The same picture stands more than once among the keys, so their number says too much.";
pub(super) const OTHER_KEYS: &str = "The keys are not what the package's own encoder makes of their pictures: somebody changed them.";

/// What limits a verdict on keys that somebody may have picked.
pub(super) const PICKED: &str = "Taken on trust from the key package: where its keys come from. They are pictures that were chosen, by hand or by a rule that nobody can follow without the training data. Whoever picks pictures that a model errs on anyway could claim them, so with such keys the verdict is a strong indication at most.";

/// Name of a control that was asked about the fresh keys.
pub(super) fn fresh(name: &str) -> String {
    format!("{name} (new keys)")
}

pub(super) fn null_twice(name: &str) -> String {
    format!("{name} was left out: it is the same file as another one.")
}

pub(super) fn null_name(index: usize) -> String {
    format!("Unmarked model {}", index + 1)
}

pub(super) fn other_network(suspect: &str, null: &str) -> String {
    format!("The suspect is a {suspect}, but the unmarked models for comparison are {null}: they are only roughly comparable.")
}

pub(super) fn weak_null(name: &str, accuracy: f64, suspect: f64) -> String {
    format!(
        "{name} was left out: it names {:.1}% of ordinary pictures rightly, less than nine tenths of the suspect's {:.1}%, so it is no fair comparison.",
        100.0 * accuracy,
        100.0 * suspect
    )
}

pub(super) fn null_is_suspect(name: &str) -> String {
    format!("{name} was left out: it is the suspect itself, and no model is a comparison for itself.")
}

pub(super) fn few_nulls(usable: usize) -> String {
    format!("Only {usable} unmarked models could be compared with; at least 3 are needed.")
}

pub(super) fn few_questions(count: usize) -> String {
    format!("Only {count} keys were asked; with 20 or more the result is firmer.")
}

/// Fills in why the verdict is what it is and what it leaves open.
pub(super) fn explain(report: &mut Report, usable_nulls: usize, of_this_task: bool, faults: &[String]) {
    let (keys, manner) = (&report.keys, Manner::of(&report.scheme));
    let mut reasons = vec![format!(
        "The suspect {}; by chance {:.0} would be expected, and so many or more come about {}.",
        manner.said(keys.hits, keys.questions),
        report.chance * keys.questions as f64,
        odds(keys.p_value_log10)
    )];
    match report.verdict {
        Verdict::CheckFailed => reasons = failures(report, usable_nulls, of_this_task, faults),
        _ => {
            if let Some(fresh) = &report.fresh {
                reasons.push(format!(
                    "Of {} keys made just now, from pictures that the model was never trained on, it gave the secret label to {} (chance: {}).",
                    fresh.questions,
                    fresh.hits,
                    odds(fresh.p_value_log10)
                ));
            }
            let covers = report.controls.iter().find(|c| c.kind == ControlKind::PlainCovers && !c.fresh).map_or(0, |c| c.hits);
            let foreign = report.controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder).map(|c| c.hits).max();
            let mut sentence = format!("The controls stayed quiet: {}", manner.quiet(covers, report.null_rate));
            if let Some(hits) = foreign {
                sentence.push_str(&format!("; other people's marks reached it {hits} times at most"));
            }
            reasons.push(sentence + ".");
            reasons.extend(report.filtered.as_ref().map(behind_a_filter));
        }
    }
    report.reasons = reasons;
    report.caveats = caveats(report, usable_nulls, of_this_task, faults);
}

/// What came of asking behind a filter.
fn behind_a_filter(filtered: &Filtered) -> String {
    let Filtered { keys, null_rate, controls, .. } = filtered;
    let got = format!(
        "Behind a filter that redraws every picture (an autoencoder) it gave the secret label to {} of {} keys",
        keys.hits, keys.questions
    );
    let fired = |kind| controls.iter().any(|c| c.kind == kind && c.fired);
    if fired(ControlKind::NullModel) || fired(ControlKind::PlainCovers) {
        return format!("{got}; but without the mark it comes to that as well there, so behind a filter nothing is proved.");
    }
    let foreign = controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder).map(|c| c.hits).max().unwrap_or(0);
    format!(
        "{got} (chance: {}), unmarked models gave it to {:.1}%, other people's stamps reached it {foreign} times at most.",
        odds(keys.p_value_log10),
        100.0 * null_rate
    )
}

fn failures(report: &Report, usable_nulls: usize, of_this_task: bool, faults: &[String]) -> Vec<String> {
    let mut reasons = faults.to_vec();
    if !of_this_task {
        reasons.push(format!(
            "The suspect names only {:.1}% of ordinary pictures rightly, or knows another number of classes: its answers are not of this task.",
            100.0 * report.clean_accuracy
        ));
    }
    if usable_nulls < super::judge::FEWEST_NULLS {
        reasons.push("There are too few unmarked models to compare with.".to_owned());
    }
    let foreign = judge::count(&report.controls, ControlKind::ForeignEncoder);
    if foreign < judge::FEWEST_FOREIGN {
        reasons.push(format!(
            "The key package has keys of {foreign} different owners beside its own; at least {} are needed as a control.",
            judge::FEWEST_FOREIGN
        ));
    }
    if report.keys.questions < super::judge::FEWEST_QUESTIONS {
        reasons.push("Too few keys were asked.".to_owned());
    }
    let fired = |kind| report.controls.iter().filter(move |c| c.kind == kind && c.fired);
    let manner = Manner::of(&report.scheme);
    reasons.extend(fired(ControlKind::PlainCovers).map(|control| manner.plain_fired(control)));
    for control in fired(ControlKind::NullModel).take(1) {
        let said = manner.said(control.hits, control.questions);
        reasons.push(format!("{} {said}, though it was never marked: the keys prove nothing.", control.name));
    }
    for control in fired(ControlKind::ForeignEncoder).take(1) {
        reasons.push(format!(
            "{}, who knows nothing of this logo, reached the secret answers {} of {} times: the model answers to any such mark.",
            control.name, control.hits, control.questions
        ));
    }
    reasons.truncate(3);
    reasons
}

fn caveats(report: &Report, usable_nulls: usize, of_this_task: bool, faults: &[String]) -> Vec<String> {
    let mut caveats = Vec::new();
    match report.verdict {
        Verdict::None => caveats.push("This does not say that the model is not yours: a mark can be removed, and a copy can be changed.".to_owned()),
        Verdict::CheckFailed => {
            let advice = if !faults.is_empty() {
                "Use an untouched copy of the key package that was written when the model was protected."
            } else if !of_this_task {
                "Ask a model of the same task: the one that this key package was made for names the same classes."
            } else if usable_nulls < judge::FEWEST_NULLS {
                "The unmarked models are no fair comparison for this suspect. Protect the model again with more of them, trained for more steps, so that they name as many ordinary pictures rightly."
            } else if report.controls.iter().any(|c| c.fired) {
                "A control reacted, so the keys would prove nothing on any model. Protect the model again, with more steps or another scheme."
            } else {
                "The key package lacks what a verdict must rest on. Protect the model again with enough keys, and enough of other owners."
            };
            caveats.push(format!("This says nothing for or against the suspect. {advice}"));
        }
        _ => caveats.push(
            "Whoever holds the key package can train a model that answers to it; a claim that was sealed before the model was released settles who was first.".to_owned(),
        ),
    }
    caveats.extend(short_of_proof(report));
    if report.fresh.is_none() && report.verdict != Verdict::CheckFailed {
        caveats
            .push("This way of choosing labels has no fresh keys, so only keys that the model was trained on could be asked.".to_owned());
    }
    caveats.push(false_alarms(&report.controls));
    let untested = match report.filtered {
        Some(_) => "Not tested: a suspect behind another kind of filter, a model that was changed after it was copied.",
        None => "Not tested: a suspect behind a filter, a model that was changed after it was copied.",
    };
    caveats.push(untested.to_owned());
    if report.filtered.is_some() {
        caveats.push(
            "Taken on trust from the key package: that its stamps were not made with the autoencoder behind which the model was asked, and which labels were left out because unmarked models give them anyway."
                .to_owned(),
        );
    }
    caveats
}

/// What an indication lacks to be a proof, where it is a matter of numbers.
fn short_of_proof(report: &Report) -> Option<String> {
    if !matches!(report.verdict, Verdict::Strong | Verdict::Weak) {
        return None;
    }
    if report.keys.p_value_log10 > judge::LEVEL_IN_MODEL {
        let chance = odds(report.keys.p_value_log10);
        return Some(format!(
            "Short of a proof: by chance so many keys are answered {chance}, and a proof asks for less than once in a thousand million. More keys could show it."
        ));
    }
    let fresh = report.fresh.as_ref().filter(|fresh| fresh.p_value_log10 > judge::LEVEL_STRONG)?;
    Some(format!(
        "Short of a proof: of the keys made just now so many are answered by chance {}, and a proof asks for less than once in a million. A model that names ordinary pictures more surely answers more of them.",
        odds(fresh.p_value_log10)
    ))
}

/// What of the foreign encoders the key package only states, beside what was measured again; nothing where they learn nothing.
/// `clarity`: the PSNR of each foreign encoder's keys against their covers, measured now, decibel.
pub(super) fn on_trust(report: &Report, clarity: &[f64]) -> Option<String> {
    let spread = |values: &mut dyn Iterator<Item = f64>| values.fold([f64::MAX, f64::MIN], |[low, high], v| [low.min(v), high.max(v)]);
    let [least, most] = spread(&mut report.foreign_learnt.iter().map(|learnt| 100.0 * learnt.key_accuracy));
    let [faint, clear] = spread(&mut clarity.iter().copied());
    (least <= most && faint <= clear).then(|| {
        format!(
            "Taken on trust from the key package: that models trained for other people's marks answer to those marks ({least:.0}% to {most:.0}% of their keys); their encoders are not in it. Measured again: how much those marks change the pictures (PSNR {faint:.1} to {clear:.1} dB, yours {:.1} dB).",
            report.psnr_db
        )
    })
}

/// What the unmarked models say about false alarms.
fn false_alarms(controls: &[Control]) -> String {
    let nulls: Vec<&Control> = controls.iter().filter(|c| c.kind == ControlKind::NullModel && !c.fresh).collect();
    if nulls.is_empty() {
        return "False alarms could not be measured: no unmarked model was a fair comparison.".to_owned();
    }
    let alarms = nulls.iter().filter(|c| c.fired).count();
    let (hits, asked) = nulls.iter().fold((0, 0), |(h, q), c| (h + c.hits, q + c.questions));
    let more = if nulls.len() < 20 { "; with 20 or more models the bound is tighter" } else { "" };
    format!(
        "False alarms: {alarms} of {} unmarked models reached any verdict. Together they gave the secret label to {hits} of {asked} keys, so their rate is at most {:.1}% (99% bound){more}.",
        nulls.len(),
        100.0 * clopper_pearson_upper(hits, asked, 0.99)
    )
}

/// A p-value in words.
fn odds(log10: f64) -> String {
    if log10 > -1.0 {
        return format!("{:.0} times in 100", 100.0 * 10f64.powf(log10));
    }
    let power = (-log10).floor();
    match power as u32 {
        1 | 2 => format!("once in {:.0}", 10f64.powf(-log10)),
        3..=5 => format!("once in {} thousand", 10f64.powf(-log10 - 3.0).round()),
        6..=8 => format!("once in {} million", 10f64.powf(-log10 - 6.0).round()),
        _ => format!("less than once in 10^{power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_false_alarms_are_counted_and_bounded() {
        let null =
            |hits| Control { kind: ControlKind::NullModel, name: String::new(), hits, questions: 600, fired: hits > 100, fresh: false };
        let text = false_alarms(&[null(2), null(3), null(0), Control { fresh: true, ..null(60) }]);
        assert!(text.starts_with("False alarms: 0 of 3 unmarked models"), "{text}");
        assert!(text.contains("5 of 1800 keys") && text.contains("at most 0.7%") && text.contains("with 20 or more"), "{text}");
        let many = vec![null(1); 20];
        assert!(!false_alarms(&many).contains("with 20"));
        assert!(false_alarms(&[null(101)]).contains("1 of 1 unmarked"));
    }

    #[test]
    fn what_is_taken_on_trust_is_said() {
        use crate::vault::package::Learnt;
        let mut report = Report { psnr_db: 28.4, ..Report::blank() };
        assert_eq!(on_trust(&report, &[27.0]), None, "a stamp learns nothing");
        report.foreign_learnt = [0.93, 1.0].map(|key_accuracy| Learnt { key_accuracy, psnr_db: 99.0 }).to_vec();
        let text = on_trust(&report, &[27.04, 31.26]).unwrap();
        assert!(text.contains("93% to 100%") && text.contains("27.0 to 31.3 dB, yours 28.4 dB"), "{text}");
        assert_eq!(on_trust(&report, &[]), None);
    }

    #[test]
    fn an_indication_says_what_it_lacks() {
        let tally = |p_value_log10| super::super::report::Tally { hits: 9, questions: 20, p_value_log10, interval: [0.0, 1.0] };
        let report = |verdict, keys, fresh: Option<f64>| Report { verdict, keys: tally(keys), fresh: fresh.map(tally), ..Report::blank() };
        let lacks = |verdict, keys, fresh| short_of_proof(&report(verdict, keys, fresh)).unwrap_or_default();
        assert!(lacks(Verdict::Strong, -7.0, Some(-20.0)).contains("once in 10 million"));
        assert!(lacks(Verdict::Strong, -20.0, Some(-3.3)).contains("keys made just now so many are answered by chance once in 2 thousand"));
        assert_eq!(lacks(Verdict::Strong, -20.0, Some(-9.0)), "", "picked keys have a sentence of their own");
        assert_eq!(lacks(Verdict::InThisModel, -20.0, None), "");
    }

    #[test]
    fn odds_read_like_speech() {
        assert_eq!(odds(0.0), "100 times in 100");
        assert_eq!(odds(-1.3), "once in 20");
        assert_eq!(odds(-3.3), "once in 2 thousand");
        assert_eq!(odds(-7.0), "once in 10 million");
        assert_eq!(odds(-45.2), "less than once in 10^45");
    }
}
