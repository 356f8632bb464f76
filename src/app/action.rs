//! Everything that the user can do, as values: panels, menus, keys and the command palette all speak through these.

use super::steps::{Door, Step};
use super::text::{self, command};
use crate::data::logo::LogoOptions;
use crate::data::tasks::Task;
use crate::data::{OpenOptions, Picture};
use crate::jobs::JobId;
use crate::nn::device::DeviceChoice;
use crate::project::Theme;
use crate::schemes::barrier;
use crate::schemes::plan::{Plan, Preset};
use std::path::PathBuf;
use std::sync::Arc;

/// Two pictures to look at side by side, with their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The first: cover, original.
    pub left: Arc<Picture>,
    /// The second: key, suspect.
    pub right: Arc<Picture>,
    /// Name of the first ("Cover").
    pub left_name: String,
    /// Name of the second ("Key").
    pub right_name: String,
}

impl Pair {
    /// A pair of two pictures and their names.
    pub fn new(left: Picture, left_name: &str, right: Picture, right_name: &str) -> Pair {
        Pair { left: Arc::new(left), right: Arc::new(right), left_name: left_name.into(), right_name: right_name.into() }
    }
}

/// What a file dialog or a drop is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Whatever it turns out to be.
    Anything,
    /// A data set in a file.
    Data,
    /// A data set in a folder.
    DataFolder,
    /// A logo.
    Logo,
    /// A key package.
    Key,
    /// A suspect model.
    Suspect,
    /// An existing project.
    Project,
    /// A folder for a new project.
    NewProject,
    /// A place for a report.
    Export,
    /// A place for a sheet of keys.
    KeySheet,
    /// An image barrier's file.
    Barrier,
    /// Photographs that a barrier learns from, in an archive.
    Photographs,
    /// The same in a folder.
    PhotographsFolder,
    /// The logo that a barrier hides.
    BarrierLogo,
    /// Pictures to be marked.
    Originals,
    /// The same in a folder.
    OriginalsFolder,
    /// Where marked copies go.
    MarkedFolder,
    /// Pictures in which the logo is looked for.
    Outputs,
    /// The same in a folder.
    OutputsFolder,
    /// A folder for a setting of the scheme or the barrier, by the setting's name.
    SettingFolder(&'static str),
    /// The same, a file.
    SettingFile(&'static str),
}

/// One thing that the user wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Choose a door.
    Enter(Door),
    /// Show a step's panel.
    GoTo(Step),
    /// A step's panel was brought to the front by its tab.
    Look(Step),
    /// Show whichever step has the next thing to do.
    GoOn,
    /// Set up the sample project, up to the step before training.
    TrySample,
    /// Ask for a path, to be typed or chosen in a file dialog.
    Ask(Wanted),
    /// Open a file dialog.
    Browse(Wanted),
    /// Take a path for a purpose; `Anything` is recognised and confirmed first.
    Take(Wanted, PathBuf),
    /// Take several paths that were dropped together.
    TakeSeveral(Vec<PathBuf>),
    /// Load the built-in pictures.
    UseSampleData,
    /// Stop reading a data set.
    CancelReading,
    /// Open the data set's pictures with another side or number of channels.
    OpenAs(OpenOptions),
    /// Put away what was said about a data set that could not be opened.
    ForgetFailed,
    /// Forget the data set.
    RemoveData,
    /// Take one of the built-in logos.
    UseSampleLogo(usize),
    /// Place the logo otherwise.
    PlaceLogo(LogoOptions),
    /// Forget the logo.
    RemoveLogo,
    /// Change the plan.
    SetPlan(Box<Plan>),
    /// Say why what was entered is not taken.
    Refuse(String),
    /// Agree to the plan and go on to training.
    ConfirmScheme,
    /// Measure how long the plan takes.
    Estimate,
    /// Train what is planned.
    Train,
    /// Train a scheme afterwards too, by its id, or no longer.
    AlsoTrain(String),
    /// Train the first scheme that waits.
    TrainNext,
    /// Go on with the interrupted training of the project.
    ContinueTraining,
    /// Stop fetching what the interrupted training began with.
    CancelContinuing,
    /// Give up the interrupted training of the project.
    ForgetInterrupted,
    /// Hold a job.
    Pause(JobId),
    /// Let a held job go on.
    Resume(JobId),
    /// End a job after a checkpoint.
    Stop(JobId),
    /// Show an earlier training of the project.
    UseTraining(String),
    /// Show all keys of the last training.
    LookAtKeys,
    /// Show the figures of the last training instead.
    LeaveKeys,
    /// Write these keys onto a sheet.
    ExportKeys(Vec<usize>),
    /// Question the model just trained with the key just made.
    UseTrained,
    /// Question the unmarked twin.
    UseTwin,
    /// Take the key just made.
    UseTrainedKey,
    /// What stands in the field for the number that picks the new keys.
    Nonce(String),
    /// Ask the questions.
    Prove,
    /// Clear the verdict and choose another suspect.
    ProveAgain,
    /// Read a kept report, to set it beside others.
    FetchReport(String),
    /// Show a kept report.
    OpenReport(String),
    /// Write a kept report to a file of the user's choice.
    ExportReport(String),
    /// Delete a kept report; can be undone.
    DeleteReport(String),
    /// Make a barrier after another preset.
    BarrierPreset(Preset),
    /// Say what the network does whose pictures are marked.
    BarrierTask(Task),
    /// Change the settings of the barrier to be made.
    BarrierSettings(Box<barrier::Settings>),
    /// Whether thieves are tried on the barrier when it is made.
    BarrierThieves(bool),
    /// Hide one of the built-in logos.
    BarrierSampleLogo(usize),
    /// Choose other photographs.
    ForgetPhotographs,
    /// Make the barrier.
    MakeBarrier,
    /// Go on with the making of a barrier that was stopped, in this folder.
    ContinueBarrier(PathBuf),
    /// Give up the making of a barrier that was stopped, in this folder.
    ForgetBarrier(PathBuf),
    /// Close the barrier and choose or make another.
    OtherBarrier,
    /// Take these pictures for a purpose.
    TakeFiles(Wanted, Vec<PathBuf>),
    /// Hide the logo in the chosen pictures.
    Mark,
    /// Look for the logo in the chosen pictures.
    Reveal,
    /// Put away what was marked and choose other pictures.
    MarkAgain,
    /// Put away what was found and choose other pictures.
    RevealAgain,
    /// Compare an original with its marked copy.
    CompareFiles(PathBuf, PathBuf),
    /// Show a folder in the system's file manager.
    ShowFolder(PathBuf),
    /// Look at a pair of pictures.
    Compare(Pair),
    /// Change the colours.
    Theme(Theme),
    /// Change what computes, from the next job on.
    Device(DeviceChoice),
    /// Take back the last change.
    Undo,
    /// Do again what was taken back.
    Redo,
    /// Show or hide the command palette.
    Palette,
    /// Show or hide the help.
    Help,
    /// Show or hide the log.
    Log,
    /// Put the panels back.
    ResetLayout,
    /// Put a text on the clipboard.
    Copy(String),
}

/// A command of the palette: its words, its keys, what it does.
pub struct Listed {
    /// What the user reads and searches.
    pub words: &'static str,
    /// The keys that do the same, if any.
    pub keys: &'static str,
    /// What it does.
    pub action: Action,
}

/// The keys of the steps behind a door, in the rail's order.
const STEP_KEYS: [&str; 6] = ["Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+5", "Ctrl+6"];

/// The commands of the palette behind a door, in its order.
pub fn listed(door: Door) -> Vec<Listed> {
    let plain = |words, action| Listed { words, keys: "", action };
    let keyed = |words, keys, action| Listed { words, keys, action };
    let go = |words, step| {
        let place = Step::behind(door).iter().position(|behind| *behind == step);
        keyed(words, place.map_or("", |place| STEP_KEYS[place]), Action::GoTo(step))
    };
    vec![
        plain(command::GO_ON, Action::GoOn),
        go(command::DATA, Step::Data),
        go(command::LOGO, Step::Logo),
        go(command::SCHEME, Step::Scheme),
        go(command::TRAINING, Step::Train),
        go(command::PROVE, Step::Prove),
        go(command::REPORTS, Step::Reports),
        go(command::BARRIER, Step::Barrier),
        go(command::MARK, Step::Mark),
        go(command::CHECK, Step::Check),
        plain(command::PROTECT, Action::Enter(Door::Protect)),
        plain(command::IMAGES, Action::Enter(Door::Images)),
        plain(command::INVESTIGATE, Action::Enter(Door::Investigate)),
        plain(text::WELCOME_SAMPLE, Action::TrySample),
        plain(command::SAMPLE_DATA, Action::UseSampleData),
        keyed(command::OPEN_FILE, "Ctrl+O", Action::Ask(Wanted::Anything)),
        plain(command::OPEN_FOLDER, Action::Ask(Wanted::DataFolder)),
        plain(command::OPEN_LOGO, Action::Ask(Wanted::Logo)),
        plain(command::OPEN_KEY, Action::Ask(Wanted::Key)),
        plain(command::OPEN_SUSPECT, Action::Ask(Wanted::Suspect)),
        plain(command::OPEN_BARRIER, Action::Ask(Wanted::Barrier)),
        plain(command::OPEN_PHOTOGRAPHS, Action::Ask(Wanted::PhotographsFolder)),
        plain(command::OPEN_ORIGINALS, Action::Ask(Wanted::OriginalsFolder)),
        plain(command::OPEN_OUTPUTS, Action::Ask(Wanted::OutputsFolder)),
        plain(command::MAKE_BARRIER, Action::MakeBarrier),
        plain(command::MARK_NOW, Action::Mark),
        plain(command::CHECK_NOW, Action::Reveal),
        plain(text::TRAIN_START, Action::Train),
        plain(text::KEYS_LOOK, Action::LookAtKeys),
        plain(command::ESTIMATE, Action::Estimate),
        plain(command::ASK, Action::Prove),
        plain(text::PROJECT_NEW, Action::Ask(Wanted::NewProject)),
        plain(text::PROJECT_OPEN, Action::Ask(Wanted::Project)),
        plain(command::LIGHT, Action::Theme(Theme::Light)),
        plain(command::DARK, Action::Theme(Theme::Dark)),
        plain(command::SYSTEM, Action::Theme(Theme::System)),
        plain(command::DEVICE_AUTO, Action::Device(DeviceChoice::Auto)),
        plain(command::DEVICE_CPU, Action::Device(DeviceChoice::Cpu)),
        plain(command::DEVICE_CARD, Action::Device(DeviceChoice::Gpu)),
        keyed(text::UNDO, "Ctrl+Z", Action::Undo),
        keyed(text::REDO, "Ctrl+Shift+Z", Action::Redo),
        plain(command::LOG, Action::Log),
        plain(text::RESET_LAYOUT, Action::ResetLayout),
        keyed(text::HELP, "F1", Action::Help),
    ]
}

/// The commands whose words hold all words of `search`, in the palette's order.
pub fn matching(door: Door, search: &str) -> Vec<Listed> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    listed(door).into_iter().filter(|command| words.iter().all(|word| command.words.to_lowercase().contains(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_finds_by_words_in_any_order() {
        let found = matching(Door::Protect, "TRAIN start");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].action, Action::Train);
        assert_eq!(matching(Door::Protect, "").len(), listed(Door::Protect).len());
        assert!(matching(Door::Protect, "xyzzy").is_empty());
    }

    #[test]
    fn the_palette_shows_the_keys_of_the_door() {
        let keys = |door, words: &str| matching(door, words)[0].keys;
        assert_eq!((keys(Door::Protect, "go to data"), keys(Door::Protect, "go to prove")), ("Ctrl+1", "Ctrl+5"));
        assert_eq!((keys(Door::Investigate, "go to data"), keys(Door::Investigate, "go to prove")), ("", "Ctrl+1"));
    }
}
