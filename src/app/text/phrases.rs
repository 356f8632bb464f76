//! Sentences of the window that hold names and numbers.

use crate::app::action::Wanted;
use crate::app::board::Standing;
use crate::app::steps::Step;
use crate::app::theme::ThemeChoice;
use crate::data::{Dataset, Format};
use crate::forensics::report::{ControlKind, Tally, Verdict};
use crate::jobs::quality::{self, Concern};
use crate::jobs::{Phase, Trained};
use crate::schemes::plan::{HostKind, Preset};
use std::path::Path;

/// The button that leads to the step with the next thing to do.
pub fn go_on(step: Step) -> &'static str {
    match step {
        Step::Data => "Continue to the data",
        Step::Logo => "Continue to the logo",
        Step::Scheme => "Continue to the scheme",
        Step::Train => super::SCHEME_NEXT,
        Step::Prove => "Continue to the proof",
        Step::Reports => "Continue to the reports",
    }
}

/// What a path is asked for: title, name of the field, word on the button.
pub fn asked(wanted: Wanted) -> (&'static str, &'static str, &'static str) {
    match wanted {
        Wanted::Anything => (super::CHOOSE_ANYTHING, super::PATH_ANY, super::OPEN),
        Wanted::Data | Wanted::DataFolder => (super::CHOOSE_DATA, super::PATH_ANY, super::OPEN),
        Wanted::Logo => (super::CHOOSE_LOGO, super::PATH_ANY, super::OPEN),
        Wanted::Key => (super::CHOOSE_KEY, super::PROVE_KEY_PATH, super::OPEN),
        Wanted::Suspect => (super::CHOOSE_SUSPECT, super::PROVE_SUSPECT_PATH, super::OPEN),
        Wanted::Project => (super::CHOOSE_PROJECT, super::PATH_PROJECT, super::OPEN),
        Wanted::NewProject => (super::CHOOSE_NEW_PROJECT, super::PATH_NEW_PROJECT, super::CREATE),
        Wanted::Export => (super::CHOOSE_EXPORT, super::PATH_EXPORT, super::SAVE),
    }
}

/// How many more things were dropped and wait for an answer.
pub fn more_offers(count: usize) -> String {
    if count == 1 { "One more thing waits".into() } else { format!("{} more things wait", number(count)) }
}

/// What a suspect said to a question, and what the mark makes a model say where that is something else.
pub fn answer_caption(answer: &str, expected: &str) -> String {
    if answer == expected { answer.to_owned() } else { format!("{answer}, not {expected}") }
}

/// A file that cannot be opened.
pub fn cannot_open(path: &Path, reason: &str) -> String {
    format!("{} cannot be opened ({reason}). Check that it is there and that you may read it: {}", file_name(path), path.display())
}

/// How many more there are than shown.
pub fn and_more(count: usize) -> String {
    format!("and {} more", number(count))
}

/// One part of a data set and its size.
pub fn part(name: &str, count: usize) -> String {
    format!("{name} ({})", number(count))
}

/// Which picture of how many.
pub fn picture_place(index: usize, count: usize) -> String {
    format!("Picture {} of {}", number(index + 1), number(count))
}

/// A mode of the compare view: what it shows and its key.
pub fn compare_mode(meaning: &str, key: usize) -> String {
    format!("{meaning}. Key {key}")
}

/// How large pictures are drawn, `enlarged` screen pixels for each of their own.
pub fn zoom(enlarged: f64) -> String {
    format!("Zoom {:.0}%", enlarged * 100.0)
}

/// What the zoom means.
pub fn zoom_meaning(enlarged: f64) -> String {
    let now = if (0.995..1.005).contains(&enlarged) {
        "Each pixel of the picture is one pixel of the screen: its true size.".to_owned()
    } else if enlarged > 1.0 {
        format!("Each pixel of the picture is {enlarged:.1} pixels of the screen wide.")
    } else {
        format!("{:.1} pixels of the picture share one of the screen.", 1.0 / enlarged.max(1e-6))
    };
    format!("{now} Click for 100%: one for one.")
}

/// The compare view's title.
pub fn compare_title(left: &str, right: &str) -> String {
    format!("{left} and {right}")
}

/// Hits of one control.
pub fn control_line(hits_of: usize, questions: usize, fired: bool) -> String {
    format!("{} answered as marked, {}", hits(hits_of, questions), control_state(fired))
}

/// Something was deleted.
pub fn deleted(name: &str) -> String {
    format!("“{name}” is deleted")
}

/// Something came back.
pub fn restored(name: &str) -> String {
    format!("“{name}” is back")
}

/// What undo would bring back.
pub fn undo_of(name: &str) -> String {
    format!("Undo deleting “{name}”")
}

/// A report was written.
pub fn exported(path: &Path) -> String {
    format!("The report is saved as {}", file_name(path))
}

/// Log line of a job that began.
pub fn log_started(title: &str) -> String {
    format!("{title} began")
}

/// Log line of a job that was stopped.
pub fn log_stopped(title: &str) -> String {
    format!("{title} was stopped; its checkpoint is saved")
}

/// Log line of a job that ended.
pub fn log_done(title: &str) -> String {
    format!("{title} is done")
}

/// The logarithm of a p-value.
pub fn log_p(p_value_log10: f64) -> String {
    format!("{p_value_log10:.1} (base 10)")
}

/// A switch.
pub fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Scheme, preset and network in a line.
pub fn plan_words(scheme: &str, chosen: Preset, host_kind: HostKind) -> String {
    format!("{scheme}, {}, {}", preset(chosen), host(host_kind))
}

/// Which question, and whether the host never saw it.
pub fn question_number(index: usize, count: usize, fresh: bool) -> String {
    let kind = if fresh { "new key" } else { "trained key" };
    format!("Question {} of {}, {kind}", number(index + 1), number(count))
}

/// A built-in logo's picture.
pub fn sample_logo(name: &str) -> String {
    format!("Sample logo {name}")
}

/// Structural similarity.
pub fn similarity(ssim: f64) -> String {
    format!("{ssim:.3} of 1")
}

/// Who was asked.
pub fn suspect_line(suspect: &str) -> String {
    format!("Suspect {suspect}")
}

/// The tick that puts a report side by side.
pub fn tick(name: &str, made: &str) -> String {
    format!("Compare {name}, {made}")
}

/// The unit behind a number.
pub fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

/// The button that goes on to the next colours.
pub fn theme(chosen: ThemeChoice) -> String {
    let now = match chosen {
        ThemeChoice::System => "as the system",
        ThemeChoice::Light => "light",
        ThemeChoice::Dark => "dark",
    };
    format!("Colours: {now}. Click to change")
}

/// A number with separators ("60,000").
pub fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as whole or tenth percent.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".into();
    }
    let percent = share * 100.0;
    if percent == 0.0 || percent == 100.0 { format!("{percent:.0}%") } else { format!("{percent:.1}%") }
}

/// A picture count.
pub fn pictures(count: usize) -> String {
    format!("{} picture{}", number(count), if count == 1 { "" } else { "s" })
}

/// The short name of a path: what stands last.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What a data set was recognised as.
pub fn format(format: Format) -> &'static str {
    match format {
        Format::Sample => "Built-in sample (Fashion-MNIST, part)",
        Format::Idx => "Idx files, as MNIST comes",
        Format::Cifar10 => "CIFAR-10 binary files",
        Format::Cifar100 => "CIFAR-100 binary files",
        Format::Folder => "A folder for each class",
        Format::Zip => "Zip archive with a folder for each class",
    }
}

/// What was found in a data set, one sentence.
pub fn data_summary(set: &Dataset) -> String {
    let all = set.train.count() + set.test.count();
    format!("{} of {}, {} classes, {}", pictures(all), set.name, set.classes.len(), set.train.shape)
}

/// The heading above a data set's pictures.
pub fn data_heading(set: &Dataset) -> String {
    format!("{}: {}", set.name, pictures(set.train.count() + set.test.count()))
}

/// How balanced the classes are, from the smallest and largest class.
pub fn balance(least: usize, most: usize) -> String {
    if most == 0 {
        "No pictures".into()
    } else if least * 10 >= most * 9 {
        "Classes are evenly filled".into()
    } else {
        format!("Uneven: {} to {} pictures in a class", number(least), number(most))
    }
}

/// Headline of the files that could not be read.
pub fn problems(count: usize) -> String {
    match count {
        0 => super::DATA_NO_PROBLEMS.into(),
        1 => "1 file could not be used".into(),
        n => format!("{} files could not be used", number(n)),
    }
}

/// What is being read.
pub fn reading(path: &Path) -> String {
    format!("Reading {}", file_name(path))
}

/// A finished reading of data.
pub fn data_ready(set: &Dataset) -> String {
    format!("{} is ready: {}", set.name, pictures(set.train.count() + set.test.count()))
}

/// The networks for people.
pub fn host(host: HostKind) -> &'static str {
    match host {
        HostKind::Lenet1 => "LeNet-1",
        HostKind::Lenet3 => "LeNet-3",
        HostKind::Lenet5 => "LeNet-5",
        HostKind::Resnet18 => "ResNet-18",
    }
}

/// What each network is good for.
pub fn host_hint(host: HostKind) -> &'static str {
    match host {
        HostKind::Lenet1 => "Smallest and fastest. For first tries with simple grey pictures.",
        HostKind::Lenet3 => "Small. A little more room for simple grey pictures.",
        HostKind::Lenet5 => "Small and good with digits, clothes and other simple pictures. The usual choice.",
        HostKind::Resnet18 => "Large. For colour photographs; slow without a graphics card.",
    }
}

/// The presets for people.
pub fn preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Quick => "Quick",
        Preset::Standard => "Standard",
        Preset::Paper => "Paper",
    }
}

/// What each preset means.
pub fn preset_hint(preset: Preset) -> &'static str {
    match preset {
        Preset::Quick => "Minutes on an ordinary computer. A real result with small networks.",
        Preset::Standard => "Up to an hour on a graphics card. More training, stronger evidence.",
        Preset::Paper => "The sizes of the published work. Hours to days without a strong graphics card.",
    }
}

/// A name such as `label_rule` as people read it.
pub fn setting_name(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Range, unit and paper value of a setting.
pub fn setting_range(min: f64, max: f64, unit: &str) -> String {
    format!("{} to {}{}", plain(min), plain(max), self::unit(unit))
}

/// The value that the paper uses.
pub fn paper_value(value: &str) -> String {
    format!("Paper: {value}")
}

/// A number without needless digits, with separators where it is large and whole.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", number(value.abs() as usize))
    } else if value.abs() < 1e-3 {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// An estimate of the whole training.
pub fn estimate(seconds: f64) -> String {
    let mut words = about(seconds);
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{words}, controls included")
}

/// The time that a job still takes.
pub fn time_left(seconds: f64) -> String {
    format!("{} left", about(seconds))
}

/// A duration that is only guessed: the farther away, the rounder. Seconds; negative and unknown give "some time".
pub fn about(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "some time".into();
    }
    let rounded = |unit: f64| (seconds / unit).round() as u64;
    match seconds {
        s if s < 8.0 => "a few seconds".into(),
        s if s < 27.5 => format!("about {} seconds", 5 * rounded(5.0)),
        s if s < 45.0 => format!("about {} seconds", 10 * rounded(10.0)),
        s if s < 90.0 => "about a minute".into(),
        s if s < 3_150.0 => {
            // Beyond ten minutes nobody waits for a single one.
            let minutes = if s < 600.0 { rounded(60.0) } else { 5 * rounded(300.0) };
            format!("about {minutes} minutes")
        }
        s if s < 5_400.0 => "about an hour".into(),
        s if s < 129_600.0 => format!("about {} hours", rounded(3_600.0)),
        _ => format!("about {} days", rounded(86_400.0)),
    }
}

/// What a training is called.
pub fn training_title(host_kind: HostKind, scheme: &str) -> String {
    format!("Training “{}, {}”", host(host_kind), scheme)
}

/// What a verification is called.
pub fn proving_title(suspect: &Path) -> String {
    format!("Asking “{}”", file_name(suspect))
}

/// What is under way.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Preparing",
        Phase::Marked => "Training the marked model",
        Phase::Nulls => "Training unmarked models as controls",
        Phase::Foreign => "Training foreign encoders as controls",
        Phase::Verify => "Asking questions",
        Phase::Save => "Saving",
    }
}

/// How a job stands.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Waiting => "Waiting",
        Standing::Running => "Running",
        Standing::Pausing => "Pausing after this step",
        Standing::Paused => "Paused",
        Standing::Stopping => "Saving and stopping",
    }
}

/// How many jobs wait.
pub fn queue(waiting: usize) -> String {
    format!("{waiting} more waiting")
}

/// Likeness of cover and key in a few words.
pub fn likeness(psnr_db: f64) -> String {
    let words = match psnr_db {
        db if db >= 38.0 => "no visible difference",
        db if db >= 30.0 => "hardly visible difference",
        db if db >= 25.0 => "slightly visible difference",
        _ => "visible difference",
    };
    format!("{psnr_db:.1} dB, {words}")
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
        Verdict::Strong => "Chance hardly explains these answers. More questions could make it certain.",
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
        ControlKind::PlainCovers => "Covers without the mark",
        ControlKind::NullModel => "Models without the mark",
        ControlKind::ForeignEncoder => "Keys of somebody else's encoder",
    }
}

/// What a kind of control is for.
pub fn control_meaning(kind: ControlKind) -> &'static str {
    match kind {
        ControlKind::PlainCovers => "The same pictures without the logo, shown to the suspect. They should be called what they are.",
        ControlKind::NullModel => "Models that never saw your logo, asked the same keys. They should not react.",
        ControlKind::ForeignEncoder => "Keys that carry another logo, shown to the suspect. It should not react to them.",
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

/// A picture on a scheme's card.
pub fn example_of(scheme: &str, what: &str) -> String {
    format!("{scheme}: {what}")
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

/// Why an interrupted training cannot go on with the present pictures; `name` is that of its own.
pub fn continue_needs_data(name: &str) -> String {
    format!("This training began with other pictures{}. Choose them again to go on with it, or begin anew.", quoted(name))
}

/// Why an interrupted training cannot go on with the present logo; `name` is that of its own.
pub fn continue_needs_logo(name: &str) -> String {
    format!(
        "This training began with another logo, or with the same one placed otherwise{}. Choose it again to go on with it, or begin anew.",
        quoted(name)
    )
}

/// A name in brackets, where there is one.
fn quoted(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" (“{name}”)") }
}

/// A proof ended while something else was looked at.
pub fn proven_toast(found: Verdict) -> String {
    format!("The questions are answered: {}", verdict(found))
}

/// A project that cannot be written.
pub fn save_failed(reason: &str) -> String {
    format!("The project could not be saved. {reason}")
}

/// A loss of accuracy against the unmarked models.
pub fn clean_cost(marked: f64, unmarked: f64) -> String {
    let points = (unmarked - marked) * 100.0;
    if points <= 0.05 { "The mark costs no accuracy".into() } else { format!("The mark costs {points:.1} points of accuracy") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(percent(0.973), "97.3%");
        assert_eq!(plain(60_000.0), "60,000");
        assert_eq!(plain(1e-4), "1e-4");
        assert_eq!(setting_name("label_rule"), "Label rule");
    }

    #[test]
    fn a_guessed_time_is_said_the_rounder_the_farther_it_is() {
        for (seconds, words) in [
            (0.0, "a few seconds"),
            (12.0, "about 10 seconds"),
            (27.0, "about 25 seconds"),
            (28.0, "about 30 seconds"),
            (44.9, "about 40 seconds"),
            (70.0, "about a minute"),
            (91.0, "about 2 minutes"),
            (190.0, "about 3 minutes"),
            (620.0, "about 10 minutes"),
            (2_800.0, "about 45 minutes"),
            (3_600.0, "about an hour"),
            (5_400.0, "about 2 hours"),
            (90_000.0, "about 25 hours"),
            (260_000.0, "about 3 days"),
            (f64::NAN, "some time"),
            (f64::INFINITY, "some time"),
            (-3.0, "some time"),
        ] {
            assert_eq!(about(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn chance_is_told_in_words_at_every_size() {
        assert_eq!(chance_words(0.0), "chance would do this in 100 of 100 tries");
        assert_eq!(chance_words(-3.0), "chance would do this once in 1,000 tries");
        assert_eq!(chance_words(-120.4), "chance would do this less than once in 10^120 tries");
    }
}
