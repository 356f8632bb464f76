//! Everything that can be wrong with dropped data, as the sentence that the user reads: what, what to do, where.

use super::Problem;
use std::path::{Path, PathBuf};

/// Why a path could not be opened as data, a picture or a logo. `Display` is the sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The user stopped it.
    #[error("Opening was cancelled")]
    Cancelled,
    /// Nothing lies there.
    #[error("There is no such file or folder. Check the spelling, or drop it again: {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system refused to read it.
    #[error("It cannot be read ({reason}). Check that you may read it and that the disk is well: {}", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Neither file nor folder: a pipe, a socket, a device.
    #[error("This is neither a file nor a folder. Drop a file or a folder: {}", path.display())]
    NotAFile {
        /// Which one.
        path: PathBuf,
    },
    /// No format fits.
    #[error("{found} Drop a folder with one folder of pictures per class, a zip of it, idx files or CIFAR files: {}", path.display())]
    Unrecognised {
        /// What it is instead, one sentence with its full stop.
        found: String,
        /// Which one.
        path: PathBuf,
    },
    /// A folder or archive without anything in it.
    #[error("There is no picture in it. Put one folder of pictures per class into it and drop it again: {}", path.display())]
    Empty {
        /// Which one.
        path: PathBuf,
        /// Files that were met and could not be used.
        problems: Vec<Problem>,
    },
    /// Files, but none of them in a folder that names a class.
    #[error("Its pictures do not lie in class folders. Put the pictures of each class into a folder of their own, side by side: {}", path.display())]
    NoClasses {
        /// Which one.
        path: PathBuf,
        /// The files, each with the reason why it belongs to no class.
        problems: Vec<Problem>,
    },
    /// No input has an output.
    #[error("No two pictures in it belong together. Put what your network is given into a folder called input, and what it gives into one called output, under the same names: {}", path.display())]
    NoPairs {
        /// Which one.
        path: PathBuf,
        /// The files, each with the reason why it has no partner.
        problems: Vec<Problem>,
    },
    /// Every picture failed.
    #[error("{}. Save them as PNG or JPEG: {}", none_readable(*files, reason), path.display())]
    NoneReadable {
        /// How many were tried.
        files: usize,
        /// The first reason.
        reason: String,
        /// Which data set.
        path: PathBuf,
        /// Every file with its reason.
        problems: Vec<Problem>,
    },
    /// A classifier needs two classes.
    #[error("All pictures belong to one class (“{class}”). A classifier needs at least two; add a folder for another class: {}", path.display())]
    OneClass {
        /// The only class.
        class: String,
        /// Which data set.
        path: PathBuf,
        /// Files of it that could not be used: another class may have been lost with them.
        problems: Vec<Problem>,
    },
    /// Less than what a plan asks for.
    #[error("The data set “{name}” has {have} pictures in its {part} part, and {need} are needed. Add pictures or ask for less")]
    TooFew {
        /// Its name.
        name: String,
        /// “training” or “test”.
        part: &'static str,
        /// Pictures it has.
        have: usize,
        /// Pictures needed.
        need: usize,
    },
    /// The file stops before its content does.
    #[error("The file is cut off: {missing}. Copy or download it again: {}", path.display())]
    Truncated {
        /// What is missing.
        missing: String,
        /// Which file.
        path: PathBuf,
    },
    /// The content contradicts itself or its format.
    #[error("The file is damaged: {what}. Copy or download it again: {}", path.display())]
    Damaged {
        /// In which way.
        what: String,
        /// Which file.
        path: PathBuf,
    },
    /// Images and labels do not belong together.
    #[error("There are {images} pictures but {labels} labels, so they do not belong together. Put the matching files side by side: {}", path.display())]
    CountsDiffer {
        /// Pictures.
        images: usize,
        /// Labels.
        labels: usize,
        /// The file of the pictures.
        path: PathBuf,
    },
    /// The other half of a pair is missing.
    #[error("The {missing} that belong to this file are not beside it. Put both into one folder: {}", path.display())]
    Unpaired {
        /// “labels” or “pictures”.
        missing: &'static str,
        /// The half that is there.
        path: PathBuf,
    },
    /// Two or more data sets in one folder.
    #[error("Several data sets lie in this folder ({names}). Drop one file of the set that you mean: {}", path.display())]
    Several {
        /// Their names.
        names: String,
        /// The folder.
        path: PathBuf,
    },
    /// A label that names no class.
    #[error("Picture {index} has the label {label}, but there are only {classes} classes (0 to {}). The labels are wrong or the file is of another kind: {}", classes - 1, path.display())]
    LabelOutOfRange {
        /// Which picture, from 0.
        index: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
        /// Which file.
        path: PathBuf,
    },
    /// A limit of this program.
    #[error("{what}; at most {limit} can be opened. Use a smaller part of it: {}", path.display())]
    TooLarge {
        /// What is too large, with its measure.
        what: String,
        /// The limit with its unit.
        limit: String,
        /// Which one.
        path: PathBuf,
    },
    /// An archive that is made to do harm or looks like it.
    #[error("This archive is not safe to open: {what}. Unpack it yourself if you trust it, and drop the folder: {}", path.display())]
    Hostile {
        /// What is wrong with it.
        what: String,
        /// Which archive.
        path: PathBuf,
    },
    /// One picture (a logo, one half of a pair) that cannot be used.
    #[error("{reason}: {}", path.display())]
    Picture {
        /// Why.
        reason: PictureError,
        /// Which file.
        path: PathBuf,
    },
    /// The sample inside the program is broken, which a test rules out.
    #[error("The sample inside the program is damaged. Install the program again")]
    Sample,
}

/// Why one picture cannot be used. `Display` is the reason that stands in the list of problems.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No byte in it.
    #[error("The file is empty")]
    Empty,
    /// No known signature.
    #[error("This is not a picture that can be read (PNG, JPEG, WebP or BMP)")]
    NotAPicture,
    /// A picture of a format that is not read.
    #[error("This is a picture in the format {0}, which is not read. Save it as PNG or JPEG")]
    OtherFormat(String),
    /// Several frames, of which only the first would be kept.
    #[error("The file holds an animation, and only still pictures are marked and looked into. Save its frames as single pictures")]
    Animated,
    /// Four inks, whose colours on the screen depend on the printer's profile.
    #[error("The picture is in printing colours (CMYK). Save it in RGB, so that its colours stay as you know them")]
    Cmyk,
    /// Somebody wrote to it.
    #[error("The file was changed while it was read. Wait until nothing writes to it any more, and try again")]
    Changed,
    /// More bytes than allowed.
    #[error("The file has {megabytes} MB, more than the {limit} MB that one picture may have")]
    TooManyBytes {
        /// Its size, 10^6 bytes.
        megabytes: u64,
        /// The limit, 10^6 bytes.
        limit: u64,
    },
    /// More pixels than allowed; decided before decoding.
    #[error("The picture has {width}x{height} pixels, more than the {limit} million that are opened")]
    TooManyPixels {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
        /// The limit, 10^6 pixels.
        limit: u64,
    },
    /// Decoding failed.
    #[error("The picture is damaged or cut off ({0})")]
    Damaged(String),
    /// The system refused to read it.
    #[error("The file cannot be read ({0})")]
    Unreadable(String),
    /// The drawing of an SVG cannot be understood.
    #[error("The drawing cannot be understood ({0}). Save it as plain SVG or as PNG")]
    BadDrawing(String),
    /// The SVG asks for other files or embeds photos.
    #[error("The drawing refers to other files or holds photos, which are not loaded. Save it as PNG")]
    External,
    /// The SVG is made of too many parts or takes too long to draw.
    #[error("The drawing is too complicated to be drawn in reasonable time. Simplify it or save it as PNG")]
    TooComplicated,
}

fn none_readable(files: usize, reason: &str) -> String {
    match files {
        1 => format!("Its only picture could not be read: {reason}"),
        _ => format!("None of its {files} pictures could be read; the first one: {reason}"),
    }
}

impl DataError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => DataError::NotFound { path: path.to_path_buf() },
            std::io::ErrorKind::UnexpectedEof => DataError::Truncated { missing: "it ends in the middle".into(), path: path.to_path_buf() },
            _ => DataError::Io { path: path.to_path_buf(), reason: error.to_string() },
        }
    }

    pub(crate) fn picture(path: &Path, reason: PictureError) -> Self {
        DataError::Picture { reason, path: path.to_path_buf() }
    }

    /// The files that could not be used, each with its reason, where the whole failed for their sake.
    pub fn problems(&self) -> &[Problem] {
        match self {
            DataError::Empty { problems, .. }
            | DataError::NoClasses { problems, .. }
            | DataError::NoPairs { problems, .. }
            | DataError::NoneReadable { problems, .. }
            | DataError::OneClass { problems, .. } => problems,
            _ => &[],
        }
    }

    /// The same with the files that were met on the way, where they may be the cause.
    pub(crate) fn with_problems(mut self, met: Vec<Problem>) -> Self {
        if let DataError::Empty { problems, .. }
        | DataError::NoClasses { problems, .. }
        | DataError::NoPairs { problems, .. }
        | DataError::NoneReadable { problems, .. }
        | DataError::OneClass { problems, .. } = &mut self
        {
            *problems = met;
        }
        self
    }

    /// A folder or archive without anything in it.
    pub(crate) fn empty(path: &Path) -> Self {
        DataError::Empty { path: path.to_path_buf(), problems: Vec::new() }
    }

    /// A word for scripts: `cancelled`, `not_found`, `unrecognised`, … as it stands in `{error: {kind, message}}`.
    pub fn kind(&self) -> &'static str {
        match self {
            DataError::Cancelled => "cancelled",
            DataError::NotFound { .. } => "not_found",
            DataError::Io { .. } => "unreadable",
            DataError::NotAFile { .. } => "not_a_file",
            DataError::Unrecognised { .. } => "unrecognised",
            DataError::Empty { .. } => "empty",
            DataError::NoClasses { .. } => "no_classes",
            DataError::NoPairs { .. } => "no_pairs",
            DataError::NoneReadable { .. } => "none_readable",
            DataError::OneClass { .. } => "one_class",
            DataError::TooFew { .. } => "too_few",
            DataError::Truncated { .. } => "truncated",
            DataError::Damaged { .. } => "damaged",
            DataError::CountsDiffer { .. } => "counts_differ",
            DataError::Unpaired { .. } => "unpaired",
            DataError::Several { .. } => "several",
            DataError::LabelOutOfRange { .. } => "label_out_of_range",
            DataError::TooLarge { .. } => "too_large",
            DataError::Hostile { .. } => "hostile",
            DataError::Picture { .. } => "picture",
            DataError::Sample => "sample",
        }
    }
}
