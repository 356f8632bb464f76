//! What the door for picture files says: barriers, marking, checking.

use super::{file_name, number, percent, pictures};
use crate::app::model::{Batch, count_found};
use crate::data::tasks::Task;
use crate::jobs::Phase;
use crate::jobs::barrier::{Figures, Found, Made, Marked, NullRate, QUALITIES, Robbed};
use crate::schemes::barrier::proof::{LEAST_CONTRAST, LEAST_CONTRAST_SOFTENED, LEAST_CORRELATION, Likeness};
use crate::schemes::plan::Preset;
use std::path::{Path, PathBuf};

// Door and steps.
pub const DOOR_MARK: &str = "Mark images";
pub const DOOR_MARK_HINT: &str = "Hide your logo in pictures, and look for it in others. You need no model for this.";
pub const STEP_BARRIER: &str = "Barrier";
pub const STEP_MARK: &str = "Mark";
pub const STEP_CHECK: &str = "Check";
pub const TAB_BARRIER: &str = "Image barrier";
pub const TAB_MARK: &str = "Mark pictures";
pub const TAB_CHECK: &str = "Check pictures";
pub const MISSING_BARRIER_FOR_MARKING: &str = "Make or open a barrier first. It hides your logo in pictures";
pub const MISSING_BARRIER_FOR_CHECKING: &str = "Make or open a barrier first. It finds your logo in pictures";
pub const BARRIERS: &str = "Barriers";

// The barrier.
pub const BARRIER_TITLE: &str = "A barrier hides your logo in pictures";
pub const BARRIER_BODY: &str = "A barrier is a pair of small networks. One hides your logo in a picture so that nobody sees it; the other finds it again. \
    It learns this once, from photographs of yours. Afterwards it marks as many pictures as you like.";
pub const BARRIER_HAVE: &str = "You have a barrier already?";
pub const BARRIER_HAVE_BODY: &str =
    "Open its file (.cmbarrier), or drop it anywhere on the window. You can mark and check pictures at once.";
pub const BARRIER_OPEN: &str = "Open a barrier…";
pub const BARRIER_PATH: &str = "Path of the barrier's file (.cmbarrier)";
pub const BARRIER_OPENING: &str = "Opening the barrier…";
pub const BARRIER_MAKE: &str = "Make a barrier";
pub const BARRIER_START: &str = "Make the barrier";
pub const BARRIER_ALREADY: &str = "A barrier is being made already. Stop it first, or wait until it is done.";
pub const BARRIER_USE: &str = "Use this one";
pub const BARRIER_OTHER: &str = "Use another barrier";
pub const BARRIER_MINE: &str = "Barriers made here";
pub const BARRIER_READY: &str = "The barrier is open";
pub const BARRIER_TO_MARK: &str = "Continue to marking";
pub const BARRIER_TO_CHECK: &str = "Check pictures instead";
pub const BARRIER_SECRET: &str = "Keep this file secret and keep a copy of it elsewhere: who has it can find your logo and learn to remove it; without it you can prove nothing.";
pub const BARRIER_FOLDER: &str = "Its file";
pub const BARRIER_SQUARES: &str = "Marks in squares of";
pub const BARRIER_NO_FIGURES: &str = "How good it is stands where it was made, not in its file.";
pub const BARRIER_CONTINUE: &str = "Continue";
pub const BARRIER_GIVE_UP: &str = "Give it up";
pub const BARRIER_GIVE_UP_HINT: &str = "It is no longer offered here. Its files stay on the disk.";
pub const PHOTOS_TITLE: &str = "1. Photographs to learn from";
pub const PHOTOS_DROP: &str = "Drop photographs here";
pub const PHOTOS_CHOOSE: &str = "Choose photographs…";
pub const PHOTOS_HINT: &str =
    "A folder of photographs, or a zip of one. A few hundred of the kind that you will mark are best; nothing is changed in them";
pub const PHOTOS_PATH: &str = "or type the path of a folder or zip";
pub const PHOTOS_OTHER: &str = "Choose other photographs";
pub const PHOTOS_FEW: &str =
    "With fewer than 200 photographs a barrier learns them by heart and does worse on others. Add more if you can.";
pub const MISSING_PHOTOGRAPHS: &str = "Choose photographs first. The barrier learns from them";
pub const BARRIER_LOGO_TITLE: &str = "2. The logo that is hidden";
pub const BARRIER_LOGO_FILE: &str = "Choose your logo…";
pub const BARRIER_LOGO_HINT: &str = "PNG, JPEG, WebP or SVG. Dropped on this panel, a single picture is taken for the logo.";
pub const MISSING_BARRIER_LOGO: &str = "Choose a logo first. It is what the barrier hides";
pub const BARRIER_TASK_TITLE: &str = "3. What your network does";
pub const PHOTOS_PAIRS_HINT: &str = "A folder, or a zip of one, that holds two: “input” with what your network was given, and “output” with what it gave, under the same names";
pub const PAIRS_RECOGNISED: &str = "These are pairs: what a network was given, and what it gave. If they are photographs, choose another answer below “What your network does”.";
pub const BARRIER_EFFORT_TITLE: &str = "4. How thorough";
pub const BARRIER_JPEG: &str = "Marks survive JPEG files";
pub const BARRIER_JPEG_HINT: &str = "A mark that a good JPEG file would lose is made stronger. Pictures that stay in files without loss, such as X-rays, are clearer without this.";
pub const BARRIER_THIEVES: &str = "Afterwards, play the thief";
pub const BARRIER_THIEVES_HINT: &str = "Trains five networks on marked pictures, as a thief would, and looks whether your logo is still found in what they give. \
    Takes longer than making the barrier.";
pub const BARRIER_ADVANCED_BODY: &str = "Every setting of the barrier. The preset has chosen sensible values.";

// Its making.
pub const MAKING_PICTURES: &str = "What it does to photographs that it never saw";
pub const MAKING_PICTURES_HINT: &str =
    "Original and marked should look the same; the revealed logo should look like yours. Click a picture to compare.";
pub const MAKING_WAITING: &str = "Pictures appear after the first steps";
pub const MAKING_CURVES: &str = "What the networks still get wrong (loss)";
pub const MAKING_CURVES_HINT: &str = "Lower is better. The steps of the stages follow each other.";
pub const ORIGINAL: &str = "Original";
pub const MARKED: &str = "Marked";
pub const DIFFERENCE: &str = "Difference x10";
pub const CHECKED: &str = "Picture";
pub const REVEALED: &str = "Revealed logo";
pub const STOLEN: &str = "A thief's picture";
pub const STOLEN_REVEALED: &str = "Revealed in that";
pub const OWN_LOGO: &str = "Your logo";
pub const CURVE_PICTURE: &str = "Change that can be seen";
pub const CURVE_MARK: &str = "Logo in marked pictures";
pub const CURVE_CLEAN_PICTURES: &str = "Logo seen where none is";
pub const CURVE_IMITATION: &str = "Mark hard to imitate";
pub const CURVE_NATURE: &str = "Mark held by photographs";
pub const CURVE_STOLEN: &str = "Logo in what thieves give";
pub const CURVE_SURROGATE: &str = "Thief's network";

// How good it is.
pub const FIGURES_TITLE: &str = "How good it is";
pub const FIGURE_LIKE: &str = "Marked pictures look like the originals";
pub const FIGURE_FOUND: &str = "Logo found in marked pictures";
pub const FIGURE_JPEG: &str = "The same when they are saved as JPEG";
pub const FIGURE_FALSE: &str = "Unmarked pictures that pass wrongly";
pub const FIGURE_NC: &str = "Likeness of the revealed logo (NC, 1 is equal)";
pub const FIGURE_JUDGED: &str = "Judged on";
pub const THIEVES_TITLE: &str = "Against thieves' networks";
pub const THIEVES_NONE: &str = "Not tried with this barrier. Whether your logo is still found in pictures of a network that a thief trained on marked ones is not known.";
pub const LIMITS_TITLE: &str = "What it cannot do";
pub const LIMITS: [&str; 3] = [
    "One picture of a thief's network proves little: many do. A thief who works otherwise than those that were tried may lose the mark.",
    "Somebody who can ask your revealing network again and again can learn to avoid it.",
    "Strong scaling, turning or compressing of a marked picture can destroy the mark.",
];

// Marking.
pub const MARK_TITLE: &str = "Hide your logo in pictures";
pub const MARK_DROP: &str = "Drop pictures or a folder here";
pub const MARK_CHOOSE: &str = "Choose pictures…";
pub const MARK_HINT: &str =
    "PNG, JPEG, WebP or BMP of any size. Marked copies go into a folder of their own; your originals are never changed";
pub const MARK_PATH: &str = "or type the path of a picture or folder";
pub const CHOOSE_FOLDER: &str = "Choose a folder…";
pub const CHOOSE_ZIP: &str = "Choose a zip…";
pub const MARK_OTHER: &str = "Choose other pictures";
pub const MARK_TO: &str = "Marked copies go to";
pub const MARK_TO_OTHER: &str = "Another folder…";
pub const MARK_MORE: &str = "Mark more pictures";
pub const MARK_ALREADY: &str = "Pictures are being marked already. Wait until they are done, or cancel.";
pub const MARK_INSIDE: &str = "That folder holds the originals. Choose another one, so that originals and marked copies stay apart.";
pub const MISSING_ORIGINALS: &str = "Choose pictures to mark first";
pub const MARK_LISTING: &str = "Looking for pictures…";
pub const MARK_PNG: &str = "The copies are PNG files: other formats would blur the mark. Keep them as they are when you pass them on.";
pub const FOLDER_SHOW: &str = "Show the folder";
pub const FOLDER_COPY: &str = "Copy its path";
pub const MARK_FIRMER: &str =
    "Where the logo would not be found again, the mark of that picture is made firmer, up to three times as strong.";
pub const LOGO_AGAIN: &str = "logo found again";
pub const LOGO_WEAK: &str = "logo not found again";
pub const FILES_STOPPED: &str = "Stopped. What was done until then is shown and stays.";
pub const STOP_FILES_HINT: &str = "Ends it. What was done until then stays.";
pub const NOT_SHOWN_HERE: &str = "Only the first pictures of a large batch are shown small.";
pub const NOT_SHOWN: &str = "Only the first pictures of a large batch are shown small. Compare shows any of them.";

// Checking.
pub const CHECK_TITLE: &str = "Is your logo in these pictures?";
pub const CHECK_DROP: &str = "Drop the pictures in question here";
pub const CHECK_HINT: &str =
    "Pictures that you found somewhere, or that a suspect's program gave. Many are better than one; they are only read";
pub const CHECK_START: &str = "Look for your logo";
pub const CHECK_AGAIN: &str = "Check other pictures";
pub const CHECK_ALREADY: &str = "Pictures are being checked already. Wait until they are done, or cancel.";
pub const MISSING_OUTPUTS: &str = "Choose the pictures in question first";
pub const CHECK_NOT_FOUND: &str = "This does not say that the pictures are not yours: they may have been marked with another barrier, scaled, cropped or compressed, \
    or come from a network that lost the mark.";
pub const CHECK_UNKNOWN: &str = "How often this barrier finds its logo in pictures without the mark is known only where it was made, so how likely this is by chance \
    cannot be said here. Look at the revealed logos below.";
pub const CHECK_MEANING_TITLE: &str = "How it is decided";

// Dialogs.
pub const CHOOSE_BARRIER: &str = "Choose a barrier";
pub const CHOOSE_PHOTOGRAPHS: &str = "Choose photographs to learn from";
pub const CHOOSE_ORIGINALS: &str = "Choose pictures to mark";
pub const CHOOSE_MARKED: &str = "Choose a folder for the marked copies";
pub const CHOOSE_OUTPUTS: &str = "Choose the pictures in question";
pub const BARRIER_FILE: &str = "Image barriers";
pub const ARCHIVE_FILE: &str = "Zip archives";
pub const PATH_FOLDER: &str = "Path of a folder";
pub const PATH_PICTURES: &str = "Path of a picture or folder";
pub const OFFER_BARRIER_IS: &str = "An image barrier: it hides a logo in pictures and finds it again. Keep it secret.";
pub const OFFER_BARRIER: &str = "It will be opened to mark and check pictures.";

/// What a barrier's making is doing.
pub fn barrier_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Marked => "Learning to hide and to reveal the logo",
        Phase::MarkedAnew => "Learning it once more, for a stronger mark",
        Phase::Thieves => "Training thieves' networks",
        Phase::Hardening => "Learning to find it in what they give",
        Phase::Verify => "Judging it on photographs that it never saw",
        other => super::phase(other),
    }
}

/// What that means.
pub fn barrier_phase_meaning(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::MarkedAnew => Some(
            "A small network that stands for thieves could not learn the first mark, so it would have been a weak one. Both networks begin anew.",
        ),
        Phase::Marked => Some("Two networks practise together: one hides the logo without anything to be seen, the other looks for it."),
        Phase::Thieves => Some("Networks learn from marked pictures, as a thief's would, so that the barrier can practise against them."),
        Phase::Hardening => {
            Some("The revealing network practises on what the thieves' networks give, and on honest pictures, where nothing may be found.")
        }
        Phase::Verify => Some("Photographs that were held back are marked, and looked into with and without the mark."),
        _ => None,
    }
}

/// What each preset means for a barrier.
pub fn barrier_preset_hint(preset: Preset) -> &'static str {
    match preset {
        Preset::Quick => "Squares of 64 pixels and small networks: less than half an hour on an ordinary computer.",
        Preset::Standard => "Squares of 128 pixels and longer practice: clearer pictures. Hours on a graphics card, days without.",
        Preset::Paper => "The sizes of the published work, squares of 256 pixels. Days even on a strong graphics card.",
    }
}

/// What a making is called.
pub fn making_title(logo: &str) -> String {
    format!("Making a barrier with “{logo}”")
}

/// What a marking is called.
pub fn marking_title(count: usize) -> String {
    format!("Marking {}", pictures(count))
}

/// What a check is called.
pub fn checking_title(count: usize) -> String {
    format!("Looking into {}", pictures(count))
}

/// The button that marks.
pub fn mark_button(count: usize) -> String {
    format!("Mark {}", pictures(count))
}

/// How many pictures wait to be marked or looked into.
pub fn chosen_pictures(count: usize) -> String {
    if count == 1 { "1 picture is chosen".into() } else { format!("{} pictures are chosen", number(count)) }
}

/// How many files of a folder are no pictures.
pub fn skipped(count: usize) -> String {
    match count {
        1 => "1 other file in the folder is left out".into(),
        n => format!("{} other files in the folder are left out", number(n)),
    }
}

/// How far a batch is.
pub fn batch_place(done: usize, count: usize) -> String {
    format!("{} of {}", number(done), pictures(count))
}

/// What is called a barrier in lists and headings.
pub fn barrier_name(logo: &str, begun: &str) -> String {
    let day = begun.get(..10).unwrap_or(begun);
    format!("“{logo}”, {day}")
}

/// A making that was stopped.
pub fn stopped_barrier(logo: &str, begun: &str) -> String {
    format!("The making of {} was stopped. It goes on from its last checkpoint.", barrier_name(logo, begun))
}

/// A barrier was opened.
pub fn barrier_opened(file: &Path) -> String {
    format!("{} is open", file_name(file))
}

/// A making was given up.
pub fn barrier_given_up(folder: &Path) -> String {
    format!("It is given up. Its files stay in {}", folder.display())
}

/// Why a making cannot go on.
pub fn cannot_continue(why: &str) -> String {
    format!("The barrier cannot go on without what it began with. {why}")
}

/// Photographs that were read.
pub fn photographs(name: &str, learn: usize, judge: usize) -> String {
    format!("{name}: {} to learn from, {} held back to judge on", number(learn), number(judge))
}

/// A folder that the system could not show.
pub fn cannot_show(folder: &Path) -> String {
    format!("The file manager could not be started. The folder is {}", folder.display())
}

/// A choice without pictures.
pub fn no_pictures(paths: &[PathBuf]) -> String {
    let name = paths.first().map(|path| file_name(path)).unwrap_or_default();
    format!("There are no pictures in {name}. Pictures are PNG, JPEG, WebP or BMP files that lie directly in the folder.")
}

/// The name of the folder for marked copies, after that of the folder with the originals.
pub fn marked_folder(folder: Option<&str>) -> String {
    folder.map_or_else(|| "Marked pictures".into(), |folder| format!("{folder} marked"))
}

/// Log line of a batch that was stopped.
pub fn log_ended(title: &str) -> String {
    format!("{title} was stopped")
}

/// A barrier is done.
pub fn made_toast(figures: &Figures) -> String {
    format!("The barrier is made. {}", made_heading(figures))
}

/// Share of pictures without the mark in which a good barrier may find the logo: a handful of pictures is evidence all the same.
const FEW: f64 = 0.02;

/// Whether the logo is found in more than a few of the pictures without the mark.
fn finds_too_much(figures: &Figures) -> bool {
    figures.without_mark().into_iter().any(|(passes, all)| passes as f64 > FEW * all as f64)
}

/// Share of marked pictures in which a firm mark is still found after they were saved as JPEG files of the lowest quality that is tried.
const FIRM: f64 = 0.9;

/// Whether the mark is weaker than those of most barriers.
fn is_weak(figures: &Figures) -> bool {
    figures.as_jpeg.is_some_and(|shares| shares.into_iter().any(|share| share < FIRM))
}

/// How good a barrier is, one sentence.
pub fn made_heading(figures: &Figures) -> &'static str {
    if finds_too_much(figures) {
        "It finds your logo also where it is not: one picture proves nothing"
    } else if figures.success >= 0.95 {
        match figures.wrong_passes() {
            _ if is_weak(figures) => "It hides your logo and finds it again, but the mark is a weak one",
            0 => "It hides your logo and finds it again",
            _ => "It hides your logo and finds it again. Rely on several pictures, never on one",
        }
    } else if figures.success >= 0.5 {
        "It finds your logo again in many pictures, but not in all"
    } else {
        "It has not learnt to find your logo again"
    }
}

/// What helps a barrier that is not good, if anything has to.
pub fn made_advice(figures: &Figures) -> Option<&'static str> {
    // A weak mark is one of chance, and what a weak mark is taken for is that of chance too.
    if figures.success < 0.95 || (finds_too_much(figures) && !is_weak(figures)) {
        Some(
            "More photographs, a logo with fewer strokes, more steps (advanced settings) or a more thorough preset help. Then make it anew.",
        )
    } else if is_weak(figures) {
        Some(
            "JPEG files of low quality and thieves' networks lose this mark more often than those of other barriers. Barriers differ by chance: make it anew, and it begins in another way.",
        )
    } else {
        None
    }
}

/// What a network does, on a button.
pub const fn task(task: &Task) -> &'static str {
    match task {
        Task::Derain(_) => "Takes rain away",
        Task::Denoise(_) => "Takes noise away",
        Task::Enlarge(_) => "Enlarges",
        Task::Suppress(_) => "Takes bright lines away",
        Task::Edges(_) => "Draws from edges",
        Task::Pairs(_) => "Something else",
    }
}

/// What that means for the barrier.
pub const fn task_hint(task: &Task) -> &'static str {
    match task {
        Task::Derain(_) => {
            "Your photographs are what the network gives; made-up rain over them is what it is given. Right as well if you only mark pictures."
        }
        Task::Denoise(_) => "Your photographs are what the network gives; with noise over them they are what it is given.",
        Task::Enlarge(_) => "Your photographs are what the network gives; with half the pixels of each side they are what it is given.",
        Task::Suppress(_) => {
            "Your photographs are what the network is given; a filter that takes narrow bright lines away (ribs in an X-ray) stands in for it."
        }
        Task::Edges(_) => "Your photographs are what the network gives; drawings of their edges are what it is given.",
        Task::Pairs(_) => "You bring pairs: what your network was given and what it gave.",
    }
}

/// In how many marked pictures the logo is still found in JPEG files of each quality.
pub fn as_jpeg(shares: [f64; QUALITIES.len()]) -> String {
    let each = QUALITIES.into_iter().zip(shares).map(|(quality, share)| format!("{} at quality {quality}", percent(share)));
    each.collect::<Vec<_>>().join(", ")
}

/// Wrong passes among unmarked pictures.
pub fn false_passes(figures: &Figures) -> String {
    let of = |passes, all| format!("{} of {}", number(passes), number(all));
    let kinds = ["", "; enlarged ", "; made-up ones "].into_iter().zip(figures.without_mark());
    kinds.filter(|&(kind, (_, all))| kind.is_empty() || all > 0).map(|(kind, (passes, all))| format!("{kind}{}", of(passes, all))).collect()
}

/// What a find in `found` of `all` pictures is worth by what the barrier was judged on.
pub fn evidence(null: NullRate, made: &Made, found: usize, all: usize) -> String {
    let tried = match (made.figures.foreign > 0, !made.thieves.is_empty()) {
        (true, true) => "measured on unmarked photographs, made-up pictures and what honest networks give",
        (false, true) => "measured on unmarked photographs and on what honest networks give",
        (true, false) => "measured on unmarked photographs and made-up pictures; pictures of networks, honest or not, were not tried",
        (false, false) => "measured on unmarked photographs; pictures of networks, honest or not, were not tried",
    };
    let worth = match null.pictures_needed() {
        _ if null.proves(found, all) => {
            let power = -null.chance_log10(found, all).ceil();
            format!("So many by chance: less often than once in 10^{power:.0}. This is evidence that others can check.")
        }
        None => "So a find proves nothing.".to_owned(),
        Some(needed) if all < needed => format!("At least {} pictures are needed to exclude chance.", number(needed)),
        Some(_) => "Too few of these show it to exclude chance.".to_owned(),
    };
    format!("This barrier finds your logo in at most {} of pictures without the mark ({tried}). {worth}", percent(null.share()))
}

/// What a barrier was judged on.
pub fn judged(figures: &Figures) -> String {
    format!("{} photographs that it never saw", number(figures.pictures))
}

/// A correlation.
pub fn correlation(nc: f64) -> String {
    format!("{nc:.3}")
}

/// How far ahead of a blank picture.
pub fn ahead(lead: f64) -> String {
    let sign = if lead > 0.0 { "+" } else { "" };
    format!("{sign}{lead:.3}")
}

/// A thief's network for people.
pub fn thief(robbed: &Robbed) -> String {
    let plan = &robbed.plan;
    format!("A thief's network ({}, {}, {} steps)", plan.family.name(), plan.loss.name(), number(plan.steps as usize))
}

/// What became of the logo in a thief's network.
pub fn thief_result(robbed: &Robbed) -> String {
    let found = percent(robbed.success);
    let honest = percent(robbed.innocent.success);
    format!("Logo found in {found} of what it gives; in {honest} of what an honest network gives")
}

/// What the thieves say together, and whether all of it is good.
pub fn thieves_heading(thieves: &[Robbed]) -> (bool, &'static str) {
    let honest = thieves.iter().map(|thief| thief.innocent.success).fold(0.0, f64::max);
    match thieves.iter().filter(|thief| thief.success >= 0.9).count() {
        _ if honest > FEW => (false, "The logo is seen in pictures of honest networks too: one picture proves nothing"),
        0 => (false, "The logo is lost in every network that was trained on marked pictures"),
        n if n == thieves.len() && honest > 0.0 => (
            true,
            "The logo survives in every network that was tried. Rely on several pictures, never on one: honest networks show it now and then",
        ),
        n if n == thieves.len() => (true, "The logo survives in every network that was tried"),
        _ => (false, "The logo survives in some of the networks, not in all"),
    }
}

/// A closeness without its words.
pub fn decibel(psnr_db: f64) -> String {
    if psnr_db == f64::INFINITY { super::likeness(psnr_db) } else { format!("{psnr_db:.1} dB") }
}

/// What a batch of markings did, one sentence.
pub fn marked_words(batch: &Batch<Marked>) -> String {
    let (good, again) = (batch.good().count(), batch.good().filter(|(_, marked)| marked.likeness.counts()).count());
    match (good, again) {
        (0, _) => "No picture could be marked".into(),
        (1, 1) => "1 picture is marked, and the logo is found again in it".into(),
        (1, _) => "1 picture is marked, but the logo is not found again in it".into(),
        (good, again) if good == again => format!("{} pictures are marked, and the logo is found again in all of them", number(good)),
        (good, again) => format!("{} pictures are marked; the logo is found again in {} of them", number(good), number(again)),
    }
}

/// What helps where the logo is not found again in marked pictures.
pub const MARKED_WEAK: &str = "Where the logo is not found again, even where it was made three times as strong, the mark proves nothing: very small, very plain or very dark pictures hide little. \
    A better barrier helps: more photographs of this kind, more steps.";

/// What a check found, one sentence.
pub fn checked_words<'a>(found: impl Iterator<Item = &'a Found>) -> String {
    match count_found(found) {
        (_, 0) => "No picture could be looked into".into(),
        (0, 1) => "Your logo was not found in this picture".into(),
        (1, 1) => "Your logo is in this picture".into(),
        (0, all) => format!("Your logo was not found in any of {} pictures", number(all)),
        (counts, all) if counts == all => format!("Your logo is in all {} pictures", number(all)),
        (counts, all) => format!("Your logo is in {} of {} pictures", number(counts), number(all)),
    }
}

/// What a picture reveals, in plain words.
pub fn found_words(likeness: &Likeness) -> &'static str {
    match likeness.nc {
        _ if likeness.counts() => "your logo",
        nc if nc > 0.6 => "traces of your logo, too weak to count",
        _ => "no logo",
    }
}

/// The figures behind that.
pub fn found_figures(found: &Found) -> String {
    let Likeness { nc, contrast, lead } = found.likeness;
    let strength = percent(contrast.clamp(0.0, 1.0));
    let softened = if found.softened { ", once the picture was softened" } else { "" };
    format!("likeness {nc:.3} of 1 (NC), {strength} of the logo's strength, {} ahead of a blank picture{softened}", ahead(lead))
}

/// How many squares of a picture reveal the logo by themselves.
pub fn squares(found: &Found) -> String {
    format!("{} of {} squares reveal it by themselves", number(found.squares_that_count), number(found.squares))
}

/// The rule of a check.
pub fn check_meaning() -> String {
    format!(
        "What is revealed counts as your logo when it follows its light and dark more closely than {LEAST_CORRELATION} (NC; 1 is equal, 0 is unrelated), \
         is at least {}% as strong, and is closer to it than a blank picture. A small picture is also looked at mirrored and turned, and the mean counts. \
         Where no logo is found, the picture is softened and looked at again, and the logo must then be at least {}% as strong.",
        number((100.0 * LEAST_CONTRAST) as usize),
        number((100.0 * LEAST_CONTRAST_SOFTENED) as usize)
    )
}

/// Squares of a side.
pub fn square_side(side: usize) -> String {
    format!("{side}x{side} pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(nc: f64) -> Found {
        Found {
            likeness: Likeness { nc, contrast: 0.9, lead: 0.1 },
            squares: 4,
            squares_that_count: 0,
            softened: false,
            written: None,
            looks: None,
        }
    }

    #[test]
    fn a_few_finds_without_the_mark_are_told_many_spoil_a_barrier_and_a_weak_mark_has_its_own_advice() {
        let figures = |unmarked_passes, success, as_jpeg: [f64; 2]| {
            let written = serde_json::json!({
                "pictures": 250, "psnr_db": 39.0, "ssim": 0.99, "nc": 0.98, "least_nc": 0.96, "success": success,
                "unmarked": 500, "unmarked_passes": unmarked_passes, "unmarked_most_nc": 0.5, "as_jpeg": as_jpeg,
            });
            serde_json::from_value::<Figures>(written).unwrap()
        };
        let firm = [0.99, 0.95];
        let [none, few, many] = [0, 3, 11].map(|passes| figures(passes, 1.0, firm));
        let (lost, weak) = (figures(0, 0.2, firm), figures(0, 0.99, [0.9, 0.73]));
        let headings = [&none, &few, &many, &lost, &weak].map(made_heading);
        assert!((1..5).all(|i| !headings[..i].contains(&headings[i])), "{headings:?}");
        assert_eq!([&none, &few, &many, &lost, &weak].map(|figures| made_advice(figures).is_some()), [false, false, true, true, true]);
        assert_ne!(made_advice(&weak), made_advice(&lost));
        let taken_for_it = Figures { closer: 250, closer_passes: 8, ..weak.clone() };
        assert_eq!((made_heading(&taken_for_it), made_advice(&taken_for_it)), (made_heading(&many), made_advice(&weak)));
    }

    #[test]
    fn a_check_says_how_many_pictures_hold_the_logo() {
        let say = |ncs: &[f64]| checked_words(ncs.iter().map(|&nc| found(nc)).collect::<Vec<_>>().iter());
        assert_eq!(say(&[]), "No picture could be looked into");
        assert_eq!(say(&[0.2]), "Your logo was not found in this picture");
        assert_eq!(say(&[0.99]), "Your logo is in this picture");
        assert_eq!(say(&[0.2, 0.9]), "Your logo was not found in any of 2 pictures");
        assert_eq!(say(&[0.99, 0.2, 0.96]), "Your logo is in 2 of 3 pictures");
        assert_eq!(say(&[0.99, 0.98]), "Your logo is in all 2 pictures");
        assert_eq!(found_words(&found(0.9).likeness), "traces of your logo, too weak to count");
        for (contrast, lead) in [(0.9, -0.1), (0.2, 0.1)] {
            assert_eq!(found_words(&Likeness { nc: 0.99, contrast, lead }), "traces of your logo, too weak to count");
        }
    }
}
