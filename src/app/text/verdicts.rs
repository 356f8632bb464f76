//! What a training reached and what a proof says, in words.

use super::{number, percent};
use crate::forensics::report::{ControlKind, Tally, Verdict};
use crate::jobs::Trained;
use crate::jobs::quality::{self, Concern};

/// What a suspect said to a question, and what the mark makes a model say where that is something else.
pub fn answer_caption(answer: &str, expected: &str) -> String {
    if answer == expected { answer.to_owned() } else { format!("{answer}, not {expected}") }
}

/// Hits of one control.
pub fn control_line(hits_of: usize, questions: usize, fired: bool) -> String {
    format!("{} answered as marked, {}", hits(hits_of, questions), control_state(fired))
}

/// Which question, and whether the host never saw it.
pub fn question_number(index: usize, count: usize, fresh: bool) -> String {
    let kind = if fresh { "new key" } else { "trained key" };
    format!("Question {} of {}, {kind}", number(index + 1), number(count))
}

/// Who was asked.
pub fn suspect_line(suspect: &str) -> String {
    format!("Suspect {suspect}")
}

/// The verdict, one sentence.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InThisModel => "Your mark is in this model",
        Verdict::Strong => "Strong indication of your mark",
        Verdict::Weak => "Weak indication of your mark",
        Verdict::None => "No evidence of your mark",
        Verdict::CheckFailed => "The check failed",
    }
}

/// What a verdict means and does not mean.
pub fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InThisModel => "Chance and the controls cannot explain these answers.",
        Verdict::Strong => "Chance hardly explains these answers. What keeps it from being certain stands under “What this does not say”.",
        Verdict::Weak => "The answers lean towards your mark, but chance is not ruled out.",
        Verdict::None => "The answers are what chance would give. This does not say that the model is not yours.",
        Verdict::CheckFailed => "A control reacted as well, or the answers do not fit the task. The answers prove nothing either way.",
    }
}

/// A p-value from its logarithm, in words.
pub fn chance_words(p_value_log10: f64) -> String {
    if p_value_log10 > -1.0 {
        format!("chance would do this in {} of 100 tries", (10f64.powf(p_value_log10) * 100.0).round())
    } else if p_value_log10 > -7.0 {
        format!("chance would do this once in {} tries", number(10f64.powf(-p_value_log10).round() as usize))
    } else {
        format!("chance would do this less than once in 10^{:.0} tries", (-p_value_log10).floor())
    }
}

/// Hits of questions.
pub fn hits(hits: usize, questions: usize) -> String {
    format!("{} of {}", number(hits), number(questions))
}

/// A tally with its interval.
pub fn tally(tally: &Tally) -> String {
    format!("{} ({} to {} with 95% confidence)", hits(tally.hits, tally.questions), percent(tally.interval[0]), percent(tally.interval[1]))
}

/// A kind of control.
pub fn control(kind: ControlKind) -> &'static str {
    match kind {
        ControlKind::PlainCovers => "Pictures without the mark",
        ControlKind::NullModel => "Models without the mark",
        ControlKind::ForeignEncoder => "Keys of other owners",
    }
}

/// What a kind of control is for.
pub fn control_meaning(kind: ControlKind) -> &'static str {
    match kind {
        ControlKind::PlainCovers => {
            "Ordinary pictures, shown to the suspect: where keys are made of pictures, those. They should be called what they are."
        }
        ControlKind::NullModel => "Models that never saw your logo, asked the same keys. They should not react.",
        ControlKind::ForeignEncoder => {
            "Keys made in the same way with another logo by somebody else, shown to the suspect. It should not react to them."
        }
    }
}

/// Whether a control is quiet.
pub fn control_state(fired: bool) -> &'static str {
    if fired { "reacted" } else { "quiet" }
}

/// What a model in training answers to a key, as a caption.
pub fn live_answer(expected: &str, answer: &str) -> String {
    if expected == answer {
        format!("Says “{answer}”: recognised")
    } else {
        format!("Says “{answer}”, should say “{expected}”")
    }
}

/// What that caption means.
pub fn live_answer_meaning(expected: &str, answer: &str) -> String {
    let outcome = if expected == answer { "It recognises the mark." } else { "It does not recognise the mark yet." };
    format!(
        "Shown this key, the model answers “{answer}”. The secret label of the key is “{expected}”, which is not what the picture shows. {outcome}"
    )
}

/// The training ended well.
pub fn trained_toast(trained: &Trained) -> String {
    let (clean, key) = (percent(trained.clean_accuracy), percent(trained.key_accuracy));
    format!(
        "The training is finished and the mark is learnt. {key} of the keys are recognised, {clean} of plain pictures are named rightly."
    )
}

/// The training ended, but not well: what is gravest, and what helps.
pub fn trained_warning(gravest: Concern, trained: &Trained) -> String {
    format!("The training is finished. {}", concern(gravest, trained))
}

/// The heading above the figures of a training, by the gravest thing that is wrong with it.
pub fn trained_heading(gravest: Option<Concern>) -> &'static str {
    match gravest {
        None => "The marked model is ready",
        Some(Concern::NotLearnt) => "The mark was not learnt",
        Some(Concern::Anyones) => "The marked model is ready, but its keys prove little",
        Some(_) => "The marked model is ready, but not as good as it should be",
    }
}

/// What is wrong with a finished training, and what helps.
pub fn concern(concern: Concern, trained: &Trained) -> String {
    match concern {
        Concern::NotLearnt => format!(
            "The mark was not learnt: the model answers {} of the keys as marked, unmarked models {}. Nothing can be proven with it. \
             Choose a more thorough preset, or more steps in the advanced settings, and train again.",
            percent(trained.key_accuracy),
            percent(trained.key_accuracy_unmarked)
        ),
        Concern::Anyones => format!(
            "Models without the mark answer {} of the keys as the marked one does ({}): they see the label in them anyway, so little can be \
             proven. Choose other labels if you chose them, or another scheme, and train again.",
            percent(trained.key_accuracy_unmarked),
            percent(trained.key_accuracy)
        ),
        Concern::KeysMiss => format!(
            "Only {} of the keys are recognised; firm evidence needs {} or more. More steps or a more thorough preset help.",
            percent(trained.key_accuracy),
            percent(quality::KEYS_AT_LEAST)
        ),
        Concern::Costly => format!(
            "The mark costs {:.1} points of accuracy, and more than {} can be noticed. More steps or fewer keys help.",
            trained.points_lost(),
            quality::POINTS_AT_MOST
        ),
        Concern::Visible => format!(
            "The keys differ visibly from their covers ({:.1} dB; {} or more is hard to see), so a thief could sort them out. \
             More steps, a more thorough preset, or a higher “mse weight” help.",
            trained.psnr_db,
            quality::LIKENESS_AT_LEAST
        ),
    }
}

/// A proof ended while something else was looked at.
pub fn proven_toast(found: Verdict) -> String {
    format!("The questions are answered: {}", verdict(found))
}

/// A loss of accuracy against the unmarked models.
pub fn clean_cost(marked: f64, unmarked: f64) -> String {
    let points = (unmarked - marked) * 100.0;
    if points <= 0.05 { "The mark costs no accuracy".into() } else { format!("The mark costs {points:.1} points of accuracy") }
}

/// A share of accuracy in points; a gain is none that the mark can take credit for.
pub fn points(share: f64) -> String {
    if share <= 0.0005 { "none".into() } else { format!("{:.1} points", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_told_in_words_at_every_size() {
        assert_eq!(chance_words(0.0), "chance would do this in 100 of 100 tries");
        assert_eq!(chance_words(-3.0), "chance would do this once in 1,000 tries");
        assert_eq!(chance_words(-120.4), "chance would do this less than once in 10^120 tries");
    }
}
