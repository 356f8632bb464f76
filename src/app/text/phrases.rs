//! Sentences of the window that hold names and numbers; `numbers` makes the numbers, `verdicts` says what came out.

use super::{file_name, number, pictures};
use crate::app::action::Wanted;
use crate::app::board::Standing;
use crate::app::steps::Step;
use crate::data::{Dataset, Format, Problem};
use crate::jobs::Phase;
use crate::nn::device::DeviceChoice;
use crate::project::{Change, Theme};
use crate::schemes::plan::{HostKind, Plan, Preset};
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
        Step::Barrier => "Continue to the barrier",
        Step::Mark => super::BARRIER_TO_MARK,
        Step::Check => "Continue to checking",
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
        Wanted::KeySheet => (super::CHOOSE_KEY_SHEET, super::PATH_EXPORT, super::SAVE),
        Wanted::Barrier => (super::CHOOSE_BARRIER, super::BARRIER_PATH, super::OPEN),
        Wanted::Photographs | Wanted::PhotographsFolder => (super::CHOOSE_PHOTOGRAPHS, super::PATH_ANY, super::OPEN),
        Wanted::BarrierLogo => (super::CHOOSE_LOGO, super::PATH_ANY, super::OPEN),
        Wanted::Originals | Wanted::OriginalsFolder => (super::CHOOSE_ORIGINALS, super::PATH_PICTURES, super::OPEN),
        Wanted::MarkedFolder => (super::CHOOSE_MARKED, super::PATH_FOLDER, super::USE_IT),
        Wanted::Outputs | Wanted::OutputsFolder => (super::CHOOSE_OUTPUTS, super::PATH_PICTURES, super::OPEN),
        Wanted::SettingFolder(_) => (super::CHOOSE_PICTURES, super::PATH_FOLDER, super::USE_IT),
        Wanted::SettingFile(_) => (super::CHOOSE_NETWORK, super::PATH_ANY, super::USE_IT),
    }
}

/// The button below a finished training that begins the next one: the same scheme again, or the one that is planned now.
pub fn train_next(scheme: &str, same: bool) -> String {
    if same { super::TRAIN_AGAIN.into() } else { format!("Train {scheme}") }
}

/// How many more things were dropped and wait for an answer.
pub fn more_offers(count: usize) -> String {
    if count == 1 { "One more thing waits".into() } else { format!("{} more things wait", number(count)) }
}

/// A file that cannot be opened.
pub fn cannot_open(path: &Path, reason: &str) -> String {
    format!("{} cannot be opened ({reason}). Check that it is there and that you may read it: {}", file_name(path), path.display())
}

/// How many schemes stand there to be compared with.
pub fn schemes_compared(count: usize) -> String {
    format!("{} more schemes to compare with", number(count))
}

/// The place of a key among all.
pub fn key_number(index: usize, of: usize) -> String {
    format!("Key {} of {}", number(index + 1), number(of))
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

/// The compare view's title.
pub fn compare_title(left: &str, right: &str) -> String {
    format!("{left} and {right}")
}

/// Something was deleted.
pub fn deleted(name: &str) -> String {
    format!("“{name}” is deleted")
}

/// A step was taken back.
pub fn taken_back(step: &Change) -> String {
    match step {
        Change::Deletion(name) => format!("“{name}” is back"),
        Change::Opening(name) => format!("“{name}” is opened as before"),
    }
}

/// A step was done again.
pub fn done_again(step: &Change) -> String {
    match step {
        Change::Deletion(name) => deleted(name),
        Change::Opening(name) => format!("“{name}” is opened otherwise again"),
    }
}

/// What undo would take back.
pub fn undo_of(step: &Change) -> String {
    match step {
        Change::Deletion(name) => format!("Undo deleting “{name}”"),
        Change::Opening(name) => format!("Undo the other size or colours of “{name}”"),
    }
}

/// A data set has other sides or channels now.
pub fn data_reopened(set: &Dataset) -> String {
    format!("The pictures of {} are {} now", set.name, set.shape())
}

/// A side that pictures are brought to.
pub fn side(side: usize) -> String {
    format!("{side}x{side}")
}

/// Files that could not be used with their reasons, a line each.
pub fn problem_lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(problem).collect();
    lines.join("\n")
}

/// A file that could not be used with its reason.
pub fn problem(problem: &Problem) -> String {
    format!("{}: {}", problem.file.display(), problem.reason)
}

/// A report was written.
pub fn exported(path: &Path) -> String {
    format!("Saved as {}", file_name(path))
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

/// The button that lets a scheme be trained after the chosen one, and that takes it back.
pub fn queue_add(scheme: &str, waits: bool) -> String {
    if waits { format!("{scheme} is trained afterwards") } else { format!("Train {scheme} too") }
}

/// The button that takes a scheme out of those that are trained afterwards.
pub fn queue_remove(scheme: &str) -> String {
    format!("Do not train {scheme}")
}

/// Log line of a training that began by itself.
pub fn log_next(left: usize) -> String {
    match left {
        0 => "The next scheme is trained; it is the last one".to_owned(),
        left => format!("The next scheme is trained; {left} more to follow"),
    }
}

/// Scheme, preset and network in a line.
pub fn plan_words(scheme: &str, plan: &Plan) -> String {
    format!("{scheme}, {}, {}", preset(plan.preset), host_of_width(plan.host, plan.width))
}

/// A built-in logo's picture.
pub fn sample_logo(name: &str) -> String {
    format!("Sample logo {name}")
}

/// The tick that puts a report side by side.
pub fn tick(name: &str, made: &str) -> String {
    format!("Compare {name}, {made}")
}

/// The button that goes on to the next colours.
pub fn theme(chosen: Theme) -> String {
    let now = match chosen {
        Theme::System => "as the system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    format!("Colours: {now}. Click to change")
}

/// A choice of what computes, and what it means.
pub fn device(choice: DeviceChoice) -> (&'static str, &'static str) {
    match choice {
        DeviceChoice::Auto => {
            ("Automatic", "A graphics card where one answers, but the CPU for small networks, with which it is done sooner")
        }
        DeviceChoice::Cpu => ("CPU", "Never a graphics card. The same plan then gives the same model to the last bit"),
        DeviceChoice::Gpu => ("Graphics card", "For small networks too"),
        DeviceChoice::Software => ("Software", "A graphics card's work on the CPU, slowly: for trials"),
    }
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

/// How wide a network is.
pub fn host_width(width: f64) -> String {
    match (1.0 / width).round() {
        _ if width == 1.0 => "As published".to_owned(),
        parts if 1.0 / parts == width => format!("1/{parts}"),
        _ => format!("{width} times"),
    }
}

/// A network with its width, where that is not the published one.
pub fn host_of_width(host: HostKind, width: f64) -> String {
    if width == 1.0 { host.name().to_owned() } else { format!("{}, {} as wide", host.name(), host_width(width)) }
}

/// A finished reading of data.
pub fn data_ready(set: &Dataset) -> String {
    format!("{} is ready: {}", set.name, pictures(set.train.count() + set.test.count()))
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

/// What a training is called.
pub fn training_title(scheme: &str, plan: &Plan) -> String {
    format!("Training “{}, {scheme}”", host_of_width(plan.host, plan.width))
}

/// What a verification is called.
pub fn proving_title(suspect: &Path) -> String {
    format!("Asking “{}”", file_name(suspect))
}

/// What is under way.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Preparing",
        Phase::Groundwork => "Training autoencoders as a thief might",
        Phase::Marked | Phase::MarkedAnew => "Training the marked model",
        Phase::Nulls => "Training unmarked models as controls",
        Phase::Foreign => "Training the marks of other owners as controls",
        Phase::Thieves => "Training thieves' networks",
        Phase::Hardening => "Learning to find the logo in what thieves give",
        Phase::Marking => "Going through the pictures",
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

/// A picture on a scheme's card.
pub fn example_of(scheme: &str, what: &str) -> String {
    format!("{scheme}: {what}")
}

/// A project that cannot be written.
pub fn save_failed(reason: &str) -> String {
    format!("The project could not be saved. {reason}")
}
