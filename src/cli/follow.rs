//! Starts one job on the worker and follows it with a progress bar until it ends.

use super::{Failure, end};
use crate::jobs::{Command, Event, Outcome, Phase, Worker};
use crate::nn::device::{Compute, DeviceChoice};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A worker for one command, on the chosen device.
pub fn worker(device: DeviceChoice) -> Result<Worker, Failure> {
    let compute = Compute::choose(device).map_err(|e| Failure::new("device", e))?;
    Ok(Worker::start_on(Arc::new(|| {}), move || compute))
}

/// What following a job gave.
pub struct Followed {
    /// What the job left behind.
    pub outcome: Outcome,
    /// Sentences that came on the way.
    pub warnings: Vec<String>,
    /// The device in words, if it was chosen while this job was followed: a worker tells it once.
    pub device: Option<String>,
}

/// How often is looked whether the job shall end.
const TURN: Duration = Duration::from_millis(100);
const STOPPING: &str = "Stopping at a checkpoint. Once more ends at once.";

/// A line on standard error, above the bar where there is one.
fn say(bar: &ProgressBar, line: &str) {
    match bar.is_hidden() {
        true => tell!("{line}"),
        false => bar.println(line),
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Preparing",
        Phase::Groundwork => "Training autoencoders as a thief might",
        Phase::Marked => "Training the marked model",
        Phase::MarkedAnew => "Learning to hide and to reveal anew, because the first mark would have been a weak one",
        Phase::Nulls => "Training unmarked models for comparison",
        Phase::Foreign => "Training the marks of other owners for comparison",
        Phase::Thieves => "Training thieves' networks",
        Phase::Hardening => "Learning to find the logo in what thieves give",
        Phase::Marking => "Going through the pictures",
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
    let job = command.job();
    let told = end::told();
    worker.commands.send(command).map_err(|_| gone())?;
    let (mut warnings, mut stopping) = (Vec::new(), false);
    let mut device = None;
    loop {
        if !stopping && told.load(Ordering::Relaxed) {
            stopping = true;
            say(&bar, STOPPING);
            if let Some(job) = job {
                worker.commands.send(Command::Stop(job)).map_err(|_| gone())?;
            }
        }
        let event = match worker.events.recv_timeout(TURN) {
            Ok(event) => event,
            Err(error) if error.is_timeout() => continue,
            Err(_) => return Err(gone()),
        };
        match event {
            Event::Device(words) => device = Some(words),
            Event::Progress { phase, share, seconds_left, .. } => {
                bar.set_message(phase_name(phase));
                bar.set_position((share * 1000.0) as u64);
                bar.set_prefix(seconds_left.map(|s| format!("{s:.0} s left")).unwrap_or_default());
            }
            Event::Warning { text, .. } => {
                say(&bar, &text);
                warnings.push(text);
            }
            Event::Done { outcome, .. } => {
                bar.finish_and_clear();
                return Ok(Followed { outcome, warnings, device });
            }
            Event::Failed { kind, message, .. } => {
                bar.finish_and_clear();
                return Err(Failure::new(kind, message));
            }
            Event::Stopped(_) => {
                bar.finish_and_clear();
                return Err(Failure::new("cancelled", "The job was stopped."));
            }
            _ => {}
        }
    }
}
