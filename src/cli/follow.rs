//! Starts one job on the worker and follows it with a progress bar until it ends.

use super::Failure;
use crate::jobs::{Command, Event, Outcome, Phase, Worker};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;

/// A worker for one command.
pub fn worker() -> Worker {
    Worker::start(Arc::new(|| {}))
}

/// What following a job gave.
pub struct Followed {
    /// What the job left behind; `None` for an estimate.
    pub outcome: Outcome,
    /// Sentences that came on the way.
    pub warnings: Vec<String>,
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Preparing",
        Phase::Marked => "Training the marked model",
        Phase::Nulls => "Training unmarked models for comparison",
        Phase::Foreign => "Training foreign encoders for comparison",
        Phase::Verify => "Asking questions",
        Phase::Save => "Writing model and key package",
    }
}

/// Sends the command and waits for its end, with progress on standard error.
pub fn follow(worker: &Worker, command: Command) -> Result<Followed, Failure> {
    let bar = ProgressBar::new(1000);
    let style = ProgressStyle::with_template("{msg:<42} {bar:32} {percent:>3}%  {prefix}").map_err(|e| Failure::new("internal", e))?;
    bar.set_style(style);
    let gone = || Failure::new("internal", "The training thread ended unexpectedly.");
    worker.commands.send(command).map_err(|_| gone())?;
    let mut warnings = Vec::new();
    loop {
        match worker.events.recv().map_err(|_| gone())? {
            Event::Progress { phase, share, seconds_left, .. } => {
                bar.set_message(phase_name(phase));
                bar.set_position((share * 1000.0) as u64);
                bar.set_prefix(seconds_left.map(|s| format!("{s:.0} s left")).unwrap_or_default());
            }
            Event::Warning { text, .. } => {
                bar.println(&text);
                warnings.push(text);
            }
            Event::Done { outcome, .. } => {
                bar.finish_and_clear();
                return Ok(Followed { outcome, warnings });
            }
            Event::Failed { message, .. } => {
                bar.finish_and_clear();
                return Err(Failure::new("job", message));
            }
            Event::Stopped(_) => return Err(Failure::new("cancelled", "The job was stopped.")),
            _ => {}
        }
    }
}
