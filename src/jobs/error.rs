//! Why a job could not be done.

use crate::forensics::ask::AskError;
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
    /// A fault of the program.
    #[error("Something went wrong inside the program: {0}. What was trained up to the last checkpoint is kept.")]
    Internal(String),
}

/// Kinds of errors after which what was trained still lies in the run's folder, worth going on with once the cause is gone.
const FILE: &str = "file";
const INTERNAL: &str = "internal";
const OTHER_RUN: &str = "other_run";

/// Whether a training that ended with this kind of error can be continued from its last checkpoint.
pub fn can_continue(kind: &str) -> bool {
    matches!(kind, FILE | INTERNAL | OTHER_RUN)
}

impl JobError {
    /// A word for scripts: what kind of error it is.
    pub fn kind(&self) -> &'static str {
        match self {
            JobError::Stopped | JobError::Ask(AskError::Cancelled) => "cancelled",
            JobError::Scheme(_) => "plan",
            JobError::OtherRun(_) => OTHER_RUN,
            JobError::File(_) => FILE,
            JobError::Package(_) => "package",
            JobError::Ask(_) | JobError::Weights(_) => "suspect",
            JobError::Diverged(_) => "diverged",
            JobError::Internal(_) => INTERNAL,
        }
    }
}
