//! Every sentence that a user of the window reads.
//!
//! Short sentences carry no full stop, several do; a button that asks for more ends in "…"; no Title Case.

use super::board::Standing;
use super::steps::Step;
use super::theme::ThemeChoice;
use super::widgets::human_time;
use crate::data::{Dataset, Format};
use crate::forensics::report::{ControlKind, Tally, Verdict};
use crate::jobs::Phase;
use crate::schemes::plan::{HostKind, Preset};
use std::path::Path;

pub const APP: &str = "Countermark";
pub const UNTITLED: &str = "My project";
pub const SAMPLE_PROJECT: &str = "Sample project";

// Doors and steps.
pub const DOOR_PROTECT: &str = "Protect";
pub const DOOR_PROTECT_HINT: &str = "Put your logo into a model, invisibly";
pub const DOOR_MARK: &str = "Mark images";
pub const DOOR_MARK_HINT: &str =
    "Marking image files comes in a later version. Today Countermark marks models that name what is in a picture.";
pub const DOOR_INVESTIGATE: &str = "Investigate";
pub const DOOR_INVESTIGATE_HINT: &str = "Ask a suspect model whether it carries a mark. You need its file and a key package.";
pub const STEP_DATA: &str = "Data";
pub const STEP_LOGO: &str = "Logo";
pub const STEP_SCHEME: &str = "Scheme";
pub const STEP_TRAIN: &str = "Train";
pub const STEP_PROVE: &str = "Prove";
pub const STEP_REPORTS: &str = "Reports";
pub const MISSING_DATA_FOR_SCHEME: &str = "Choose a data set first. Its pictures decide what a mark can hide in";
pub const MISSING_LOGO_FOR_SCHEME: &str = "Choose a logo first. It is what the scheme hides";
pub const MISSING_DATA_FOR_TRAINING: &str = "Choose a data set first. The model learns from it";
pub const MISSING_LOGO_FOR_TRAINING: &str = "Choose a logo first. It is what the model learns to recognise";
pub const MISSING_SCHEME_FOR_TRAINING: &str = "Choose a scheme first. It decides how the logo is hidden";
pub const MISSING_MODEL_FOR_PROOF: &str = "Train a marked model first. With a key package at hand, use Investigate instead";
pub const MISSING_REPORTS: &str = "No report yet. Each proof leaves one here";

// Bars.
pub const DEVICE_STARTING: &str = "Looking for a device…";
pub const DEVICE_HINT: &str = "Training and proofs run on this device";
pub const HELP: &str = "Help";
pub const PROJECT_MENU: &str = "Project menu";
pub const PROJECT_NEW: &str = "New project…";
pub const PROJECT_OPEN: &str = "Open project…";
pub const PROJECT_RECENT: &str = "Recent projects";
pub const PROJECT_NO_RECENT: &str = "No other project yet";
pub const PROJECT_SAVED: &str = "All changes are saved";
pub const PROJECT_UNSAVED: &str = "Not saved. The folder cannot be written";
pub const RESET_LAYOUT: &str = "Reset layout";
pub const LAYOUT_RESET: &str = "The panels are back where they were";
pub const IDLE: &str = "Nothing is running";
pub const LOG: &str = "Log";
pub const LOG_EMPTY: &str = "Nothing has happened yet";
pub const PAUSE: &str = "Pause";
pub const RESUME: &str = "Resume";
pub const STOP: &str = "Stop";
pub const STOP_HINT: &str = "Saves where the training stands and ends it. You can continue later.";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const UNDO: &str = "Undo";
pub const REDO: &str = "Redo";
pub const COPY_DETAILS: &str = "Copy details";
pub const COPIED: &str = "Copied";
pub const PALETTE: &str = "Command palette";
pub const PALETTE_HINT: &str = "What do you want to do?";
pub const PALETTE_NONE: &str = "No command has these words";
pub const WHY: &str = "Why?";
pub const MORE: &str = "More";

// Dropping.
pub const DROP_HERE: &str = "Let go to see what this is";
pub const DROP_LOOKING: &str = "Looking at what you dropped…";
pub const DROP_SEVERAL: &str = "Please drop one thing at a time. A folder or a zip archive may hold many pictures.";
pub const USE_IT: &str = "Use it";
pub const READING_LOST: &str = "Reading ended unexpectedly. Please try again; the log may say more.";
pub const BROWSE: &str = "Browse…";
pub const CHOOSE_DATA: &str = "Choose a data set";
pub const CHOOSE_LOGO: &str = "Choose a logo";
pub const CHOOSE_KEY: &str = "Choose a key package";
pub const CHOOSE_SUSPECT: &str = "Choose the suspect model";
pub const CHOOSE_PROJECT: &str = "Choose a project folder";
pub const CHOOSE_NEW_PROJECT: &str = "Choose an empty folder for the new project";
pub const CHOOSE_EXPORT: &str = "Save the report as";

// Welcome.
pub const WELCOME: &str = "Put your logo into a model. Prove later that the model is yours";
pub const WELCOME_BODY: &str = "Countermark trains a model on your pictures so that it recognises an invisible form of your logo, and nobody else's model does. \
    If you ever meet a copy, it asks that copy a few hundred questions and tells you in words what the answers mean.";
pub const WELCOME_SAMPLE: &str = "Try it with the sample";
pub const WELCOME_SAMPLE_HINT: &str = "7,000 small pictures of clothes and a logo are built in. Nothing is downloaded.";
pub const WELCOME_INVESTIGATE: &str = "Check a suspect model";

// Data.
pub const DATA_TITLE: &str = "The pictures that your model learns from";
pub const DATA_DROP: &str = "Drop a data set here";
pub const DATA_DROP_HINT: &str =
    "A folder with one folder for each class, a zip of such a folder, MNIST-style idx files or CIFAR binary files";
pub const DATA_SAMPLE: &str = "Use the sample";
pub const DATA_PATH_HINT: &str = "or type the path of a file or folder";
pub const DATA_REPLACE: &str = "Choose other pictures";
pub const DATA_TRAIN_PART: &str = "To learn from";
pub const DATA_TEST_PART: &str = "To test with";
pub const DATA_ALL_CLASSES: &str = "All classes";
pub const DATA_BALANCE: &str = "Pictures in each class";
pub const DATA_NO_PROBLEMS: &str = "Every file could be read";
pub const DATA_SIZE: &str = "Size of each picture";
pub const DATA_FORMAT: &str = "Recognised as";
pub const DATA_CLASSES: &str = "Classes";
pub const DATA_FROM: &str = "Read from";
pub const DATA_DIGEST: &str = "Fingerprint";
pub const DATA_SELECT: &str = "Click a picture to see it large";
pub const DATA_INSIDE: &str = "inside the program";

// Logo.
pub const LOGO_TITLE: &str = "The logo that is hidden";
pub const LOGO_DROP: &str = "Drop your logo here";
pub const LOGO_DROP_HINT: &str = "PNG, JPEG, WebP or SVG. Few strokes and strong contrast survive best";
pub const LOGO_PATH_HINT: &str = "or type the path of a picture";
pub const LOGO_SAMPLES: &str = "Or use one of these";
pub const LOGO_OPTIONS: &str = "How it is placed";
pub const LOGO_BACKGROUND: &str = "Background";
pub const LOGO_FIT: &str = "Shape";
pub const LOGO_PADDING: &str = "Margin";
pub const LOGO_PADDING_HINT: &str = "Empty border around the logo, share of its side";
pub const LOGO_SEEN: &str = "What the network sees";
pub const LOGO_SEEN_GREY: &str = "28x28 grey";
pub const LOGO_SEEN_COLOUR: &str = "32x32 colour";
pub const LOGO_USED: &str = "used with your pictures";
pub const LOGO_LARGE: &str = "Your logo";
pub const LOGO_FINE: &str = "Enough of the logo remains at this size";

// Scheme.
pub const SCHEME_TITLE: &str = "How the logo is hidden";
pub const QUESTION_PROTECT: &str = "What do you protect?";
pub const QUESTION_FEAR: &str = "What do you fear most?";
pub const SCHEME_NEEDS: &str = "Needs";
pub const SCHEME_SURVIVES: &str = "Survives";
pub const SCHEME_FAILS: &str = "Does not survive";
pub const SCHEME_PICKED: &str = "Chosen";
pub const SCHEME_FITS: &str = "Fits your answers best";
pub const SCHEME_NONE: &str = "No scheme is available in this build";
pub const PRESET: &str = "How thorough";
pub const HOST: &str = "Model to train";
pub const OWNER: &str = "Owner's name";
pub const OWNER_HINT: &str = "as it shall stand in your claim";
pub const OWNER_MISSING: &str = "Your keys are derived from this name. Enter yours before you train for real.";
pub const ADVANCED: &str = "Advanced settings";
pub const ADVANCED_BODY: &str = "Every setting of the scheme. The preset has chosen sensible values.";
pub const RESET: &str = "Reset";
pub const RESET_HINT: &str = "Back to the value of the preset";
pub const SEED: &str = "Random seed";
pub const SEED_DOC: &str = "Repeats a training exactly. The secret keys do not depend on it alone.";
pub const NULLS: &str = "Unmarked models as controls";
pub const NULLS_DOC: &str = "Models trained without your mark. If they know your keys too, the check fails honestly. At least 3.";
pub const FOREIGN: &str = "Foreign encoders as controls";
pub const FOREIGN_DOC: &str = "Encoders trained for somebody else's logo. The model should not react to their keys. At least 5.";
pub const SCHEME_NEXT: &str = "Continue to training";
pub const ESTIMATING: &str = "Measuring how long this takes here…";
pub const ESTIMATE: &str = "Estimate the time";
pub const ESTIMATE_UNKNOWN: &str = "Time on this machine not measured yet";

// Training.
pub const TRAIN_TITLE: &str = "Training";
pub const TRAIN_START: &str = "Start training";
pub const TRAIN_AGAIN: &str = "Train again";
pub const TRAIN_CONTINUE: &str = "Continue the training";
pub const TRAIN_BEGIN_ANEW: &str = "Begin anew";
pub const TRAIN_UNFINISHED: &str = "A training was interrupted. It goes on from its last checkpoint.";
pub const TRAIN_READY: &str = "Everything is ready";
pub const TRAIN_READY_BODY: &str = "The model learns to name your pictures and, secretly, to recognise your logo. You may close the window at any time: the training continues from its last checkpoint.";
pub const TRAIN_WAITING_PICTURES: &str = "Pictures appear after the first steps";
pub const TRAIN_WAITING_CURVES: &str = "Curves appear after the first steps";
pub const TRAIN_CURVES_LOSS: &str = "What the networks still get wrong (loss)";
pub const TRAIN_CURVES_ACCURACY: &str = "What the model gets right";
pub const TRAIN_PICTURES: &str = "Cover, key and what separates them";
pub const TRAIN_DONE: &str = "The marked model is ready";
pub const TRAIN_PROVE: &str = "Prove it";
pub const COVER: &str = "Cover";
pub const KEY: &str = "Key";
pub const DIFFERENCE_5: &str = "Difference x5";

// Prove.
pub const PROVE_TITLE: &str = "Is your mark in this model?";
pub const PROVE_KEY: &str = "Key package";
pub const PROVE_KEY_HINT: &str = "The secret file that training left behind (.cmkey)";
pub const PROVE_KEY_PATH: &str = "Path of the key package";
pub const PROVE_SUSPECT: &str = "Suspect model";
pub const PROVE_SUSPECT_HINT: &str = "The model file to question (.safetensors)";
pub const PROVE_SUSPECT_PATH: &str = "Path of the suspect model";
pub const PROVE_USE_TRAINED: &str = "The model I just trained";
pub const PROVE_USE_TWIN: &str = "Its unmarked twin";
pub const PROVE_USE_KEY: &str = "The key I just made";
pub const PROVE_START: &str = "Ask the questions";
pub const PROVE_AGAIN: &str = "Check another model";
pub const PROVE_RUNNING: &str = "Asking the suspect…";
pub const PROVE_NEEDS_BOTH: &str = "Choose a key package and a suspect model";
pub const PROVE_NEEDS_KEY: &str = "Choose a key package";
pub const PROVE_NEEDS_SUSPECT: &str = "Choose a suspect model";
pub const CONTROLS: &str = "What the controls said";
pub const FIGURES: &str = "Figures";
pub const QUESTIONS: &str = "Every question";
pub const QUESTIONS_NOT_KEPT: &str = "The pictures of the questions are not kept in this report";
pub const CAVEATS: &str = "What this does not say";
pub const FILTER_ALL: &str = "All";
pub const FILTER_HIT: &str = "Answered as marked";
pub const FILTER_MISS: &str = "Answered otherwise";
pub const FILTER_FRESH: &str = "New keys";

// Reports.
pub const REPORTS_TITLE: &str = "Reports of this project";
pub const REPORTS_EMPTY: &str = "Each proof leaves a report here. You can compare reports, export them and delete them.";
pub const REPORT_OPEN: &str = "Open";
pub const REPORT_EXPORT: &str = "Export as JSON…";
pub const REPORT_DELETE: &str = "Delete";
pub const REPORT_COMPARE: &str = "Side by side";
pub const REPORT_COMPARE_HINT: &str = "Tick two or more reports to see them side by side";

// Help.
pub const HELP_TITLE: &str = "How it works";
pub const HELP_PARAGRAPHS: [(&str, &str); 5] = [
    (
        "Protect",
        "Choose pictures, a logo and a scheme, then train. You get three files: the marked model to give away, a secret key package to keep, and an unmarked twin to compare with.",
    ),
    (
        "Prove",
        "Give a suspect model and your key package. Countermark asks the suspect your secret pictures, asks unmarked models the same, and says how likely the answers are by chance.",
    ),
    (
        "Cover and key",
        "A cover is an ordinary picture. A key is the same picture with your logo hidden in it. A marked model calls them differently; any other model does not.",
    ),
    (
        "Verdict",
        "“No evidence” does not say that a model is not yours. “The check failed” says that the controls reacted too, so the answers prove nothing.",
    ),
    (
        "Drop anything",
        "Drop a data set, a logo, a model or a key package anywhere on the window. Countermark says what it is before it does anything.",
    ),
];
pub const SHORTCUTS: &str = "Keys";
pub const SHORTCUT_LIST: [(&str, &str); 8] = [
    ("Ctrl+K", "Command palette"),
    ("Ctrl+O", "Open a file"),
    ("Ctrl+Z", "Undo"),
    ("Ctrl+Shift+Z", "Redo"),
    ("Ctrl+1 to 6", "Go to a step"),
    ("1 to 6", "Modes of the compare view"),
    ("F1", "This help"),
    ("Esc", "Close what lies on top"),
];

// Tabs.
pub const TAB_DATA: &str = "Data set";
pub const TAB_LOGO: &str = "Your logo";
pub const TAB_SCHEME: &str = "Schemes";
pub const TAB_TRAIN: &str = "Training";
pub const TAB_PROVE: &str = "Proof";
pub const TAB_REPORTS: &str = "All reports";

// Files and dialogs.
pub const ANY_FILE: &str = "Any file";
pub const PICTURE_FILE: &str = "Pictures";
pub const KEY_FILE: &str = "Key packages";
pub const MODEL_FILE: &str = "Models";
pub const REPORT_FILE: &str = "report.json";
pub const CHOOSE_ANYTHING: &str = "Open a file";
pub const NO_PROJECT: &str = "No project is open";
pub const SAMPLE_OWNER: &str = "Sample owner";
pub const SAMPLE_LOGO_GONE: &str = "The project uses a built-in logo that this version does not have. Choose a logo again.";
pub const DATA_CHANGED: &str = "The data set has changed since this project used it last. A training now would not repeat the earlier one.";
pub const STOP_BEFORE_SWITCH: &str = "Stop the training first. Another project can be opened then.";
pub const WORKER_LOST: &str =
    "The worker that trains and proves has ended. Save nothing by hand: everything is saved. Please restart Countermark.";
pub const REPORT_LOST: &str = "The proof ended, but its report did not arrive. Please ask the questions again.";
pub const TRAIN_ALREADY: &str = "A training is under way already";
pub const PROVE_STOPPED: &str = "The questions were stopped. There is no verdict.";
pub const NOTHING_TO_UNDO: &str = "There is nothing to undo";
pub const NOTHING_TO_REDO: &str = "There is nothing to redo";

// What was dropped.
pub const OFFER_PROJECT_IS: &str = "A Countermark project.";
pub const OFFER_PROJECT: &str = "It will be opened instead of the present one, which is saved.";
pub const OFFER_KEY: &str = "It will be used to question a suspect model.";
pub const OFFER_SUSPECT: &str = "It will be the suspect that is asked for your mark.";
pub const OFFER_LOGO: &str = "It will be the logo that is hidden.";
pub const OFFER_DATA: &str = "Your model will learn from it.";
pub const OFFER_LATER: &str = "Countermark cannot use this yet. A later version will.";
pub const OFFER_NOTHING: &str = "Nothing is done with it.";

// Smaller words.
pub const WHITE: &str = "White";
pub const BLACK: &str = "Black";
pub const GREY: &str = "Grey";
pub const FIT_WHOLE: &str = "Show all of it";
pub const FIT_FILL: &str = "Fill the square";
pub const LOGO_INVERT: &str = "Swap light and dark";
pub const LOGO_REMOVE: &str = "Remove this logo";
pub const READING: &str = "Reading";
pub const GO_ON: &str = "Go to what comes first";
pub const NOT_CHOSEN: &str = "Not chosen yet";
pub const COMPARE: &str = "Compare…";
pub const DEVICE: &str = "Device";
pub const TOOK: &str = "Took";
pub const MADE: &str = "Made";
pub const VERSION: &str = "Program version";
pub const FILES: &str = "Files";
pub const FILE_MODEL: &str = "Marked model, to give away";
pub const FILE_KEY: &str = "Key package, keep it secret";
pub const FILE_TWIN: &str = "Unmarked twin, for comparison";
pub const SIDE_DATA_EMPTY: &str = "What was found in your data set stands here.";
pub const SIDE_LOGO_EMPTY: &str = "A logo with few strokes and strong contrast survives best. Networks see it small.";
pub const SIDE_LOGO: &str =
    "The secret keys are derived from this picture, the owner's name and a random text. Another placement gives other keys.";
pub const SIDE_PROVE: &str = "The suspect is asked your keys, their covers without the mark, and keys of foreign encoders. Unmarked models are asked the same. Only the suspect's answers to your keys may stand out.";

// The two questions about schemes.
pub const PROTECT_CLASSIFIER: &str = "A model that names pictures";
pub const PROTECT_IMAGES: &str = "Pictures";
pub const FEAR_COPY: &str = "Somebody uses a copy";
pub const FEAR_COPY_WHY: &str = "Every scheme finds a plain copy. The first one below also lets you make new keys later.";
pub const FEAR_CLAIM: &str = "Somebody claims it as theirs";
pub const FEAR_CLAIM_WHY: &str =
    "Keys that are derived from your logo and name cannot be made up afterwards. Schemes with an encoder stand first.";
pub const FEAR_FIND: &str = "Somebody finds the keys";
pub const FEAR_FIND_WHY: &str =
    "Invisible keys look like ordinary pictures and are hard to filter out. Schemes with an encoder stand first.";

// Curves and figures.
pub const CURVE_HOST: &str = "Model";
pub const CURVE_ENCODER: &str = "Encoder (hides the logo)";
pub const CURVE_CRITIC: &str = "Critic (looks for the logo)";
pub const CURVE_CLEAN: &str = "Plain pictures named rightly";
pub const CURVE_KEY: &str = "Keys recognised";
pub const CURVE_FRESH: &str = "New keys recognised";
pub const CURVE_COVER: &str = "Covers mistaken for keys";
pub const CURVE_PSNR: &str = "Likeness of cover and key (PSNR)";
pub const KEYS_UNMARKED: &str = "The same keys on an unmarked model";
pub const FIGURE_KEYS: &str = "Keys answered as marked";
pub const FIGURE_CHANCE: &str = "Could it be chance?";
pub const FIGURE_FRESH: &str = "New keys answered as marked";
pub const FIGURE_FRESH_CHANCE: &str = "Could that be chance?";
pub const FIGURE_RATE: &str = "Rate that chance is given";
pub const FIGURE_NULL: &str = "Unmarked models answer so in";
pub const FIGURE_TWIN: &str = "The same of the unmarked twin";
pub const FIGURE_SSIM: &str = "Structure kept (SSIM)";
pub const FIGURE_LOG_P: &str = "Logarithm of the p-value";
pub const NO_FRESH: &str = "not with this label rule";
pub const QUESTION_EXPECTED: &str = "The mark makes a model say";
pub const QUESTION_ANSWER: &str = "The suspect said";
pub const QUESTION_COVER: &str = "To the plain cover it said";
pub const QUESTION_TRUE: &str = "What the picture shows";
pub const QUESTION_SELECT: &str = "Click a question to see its pictures and answers";

/// The button that leads to the step with the next thing to do.
pub fn go_on(step: Step) -> &'static str {
    match step {
        Step::Data => "Continue to the data",
        Step::Logo => "Continue to the logo",
        Step::Scheme => "Continue to the scheme",
        Step::Train => SCHEME_NEXT,
        Step::Prove => "Continue to the proof",
        Step::Reports => "Continue to the reports",
    }
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
        0 => DATA_NO_PROBLEMS.into(),
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
    format!("Takes about {} on this machine, controls included", human_time(seconds))
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

/// One question as a caption.
pub fn question(expected: &str, answer: &str) -> String {
    if expected == answer { format!("{answer}, as marked") } else { format!("{answer}, not {expected}") }
}

/// The training ended.
pub fn trained_toast(clean: f64, key: f64) -> String {
    format!("Training is finished. {} of plain pictures are named rightly, {} of keys are recognised", percent(clean), percent(key))
}

/// A training was stopped.
pub const STOPPED_TOAST: &str = "Stopped. You can continue from here at any time";

/// A project that cannot be written.
pub fn save_failed(reason: &str) -> String {
    format!("The project could not be saved. {reason}")
}

/// A loss of accuracy against the unmarked twin.
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
    fn chance_is_told_in_words_at_every_size() {
        assert_eq!(chance_words(0.0), "chance would do this in 100 of 100 tries");
        assert_eq!(chance_words(-3.0), "chance would do this once in 1,000 tries");
        assert_eq!(chance_words(-120.4), "chance would do this less than once in 10^120 tries");
    }
}
