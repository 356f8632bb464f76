//! Why a job could not be done.

use crate::data::DataError;
use crate::forensics::ask::AskError;
use crate::nn::error::ShapeError;
use crate::nn::fault::Fault;
use crate::nn::weights::WeightsError;
use crate::schemes::SchemeError;
use crate::vault::files::FileError;
use crate::vault::package::PackageError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a job could not be done; its text is for the user.
#[derive(Debug, Error)]
pub enum JobError {
    /// The user stopped it; a checkpoint lies in the run's folder.
    #[error("The job was stopped. It can be continued from where it stood.")]
    Stopped,
    /// Plan and data do not fit.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture or data set cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file or folder that does not fit: why, and which.
    #[error("{why}: {}", path.display())]
    Folder {
        /// What is wrong with it, and what to do.
        why: String,
        /// Which one.
        path: PathBuf,
    },
    /// The key package cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The suspect cannot be questioned.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The run's folder belongs to another plan.
    #[error("This folder holds a run with another plan, data set or logo. Start a new run, or choose another folder: {}", .0.display())]
    OtherRun(PathBuf),
    /// The training diverged.
    #[error(
        "The training went astray: the model's error is no longer a number after {0} steps. Choose a lower learning rate of the model and start again."
    )]
    Diverged(u64),
    /// The graphics card has too little memory.
    #[error(
        "The graphics card has too little memory for this. What was trained up to the last checkpoint is kept and can go on on the CPU. To stay on the card, plan again with fewer pictures and keys in each step (batch and key batch), or with a narrower network that hides the logo (encoder width)."
    )]
    DeviceMemory,
    /// The graphics card no longer answers.
    #[error("The graphics card stopped answering. What was trained up to the last checkpoint is kept and can go on on the CPU.")]
    DeviceLost,
    /// A fault of the program.
    #[error("Something went wrong inside the program: {0}. What was trained up to the last checkpoint is kept.")]
    Internal(String),
}

/// Plans are checked before: networks that are given other shapes than they take are a fault of the program.
impl From<ShapeError> for JobError {
    fn from(error: ShapeError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Kinds of errors after which what was trained still lies in the run's folder, worth going on with once the cause is gone.
const FILE: &str = "file";
const INTERNAL: &str = "internal";
const OTHER_RUN: &str = "other_run";
const DEVICE_MEMORY: &str = "device_memory";
const DEVICE_LOST: &str = "device_lost";

/// Whether a training that ended with this kind of error can be continued from its last checkpoint.
pub fn can_continue(kind: &str) -> bool {
    matches!(kind, FILE | INTERNAL | OTHER_RUN) || is_the_cards(kind)
}

/// Whether the graphics card gave up, so that it is best continued on the CPU.
pub fn is_the_cards(kind: &str) -> bool {
    matches!(kind, DEVICE_MEMORY | DEVICE_LOST)
}

impl JobError {
    /// A word for scripts: what kind of error it is.
    pub fn kind(&self) -> &'static str {
        match self {
            JobError::Stopped | JobError::Ask(AskError::Cancelled) => "cancelled",
            JobError::Scheme(_) => "plan",
            JobError::OtherRun(_) => OTHER_RUN,
            JobError::File(_) | JobError::Folder { .. } => FILE,
            JobError::Data(error) => error.kind(),
            JobError::Package(_) => "package",
            JobError::Ask(_) | JobError::Weights(_) => "suspect",
            JobError::Diverged(_) => "diverged",
            JobError::DeviceMemory => DEVICE_MEMORY,
            JobError::DeviceLost => DEVICE_LOST,
            JobError::Internal(_) => INTERNAL,
        }
    }

    /// The error that a panic's text means.
    pub(super) fn of_panic(text: String) -> Self {
        Fault::of(&text).map_or(JobError::Internal(text), Self::of_fault)
    }

    fn of_fault(fault: Fault) -> Self {
        match fault {
            Fault::Memory => JobError::DeviceMemory,
            Fault::Lost => JobError::DeviceLost,
        }
    }

    /// The same error, or the fault of the card behind it: numbers that could not be computed are missed only later, when they are read
    /// or are no longer numbers.
    pub(super) fn seen_with(self, heard: Option<Fault>) -> Self {
        match (self, heard) {
            (JobError::Internal(_) | JobError::Diverged(_), Some(fault)) => Self::of_fault(fault),
            (error, _) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_memory_is_no_fault_of_the_program() {
        let error = JobError::of_panic("wgpu error: Out of Memory".to_owned());
        assert!(matches!(error, JobError::DeviceMemory));
        let text = error.to_string();
        assert!(["batch", "width", "CPU", "last checkpoint"].iter().all(|word| text.contains(word)), "{text}");
        assert!(can_continue(error.kind()) && is_the_cards(error.kind()));
        let other = JobError::of_panic("index out of bounds".to_owned());
        assert!(matches!(&other, JobError::Internal(text) if text == "index out of bounds"));
        assert!(can_continue(other.kind()) && !is_the_cards(other.kind()));
    }

    #[test]
    fn what_was_heard_explains_only_errors_that_it_can_cause() {
        let seen = |error: JobError, heard| error.seen_with(heard).kind();
        assert_eq!(seen(JobError::Internal("a number could not be read".to_owned()), Some(Fault::Memory)), DEVICE_MEMORY);
        assert_eq!(seen(JobError::Diverged(7), Some(Fault::Lost)), DEVICE_LOST);
        assert_eq!(seen(JobError::Stopped, Some(Fault::Memory)), "cancelled");
        assert_eq!(seen(JobError::Diverged(7), None), "diverged");
    }
}
