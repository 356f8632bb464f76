//! The command line: each command a thin call into what the window uses.
//!
//! With `--json` a command prints one object on standard output; progress goes to standard error. Exit codes: 0 reached,
//! 1 not reached, 2 bad input, 3 cancelled, 4 internal.

/// Prints a line. A reader that has gone, as `head` goes, ends no work.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

/// The same on standard error.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}

mod ask;
mod barrier;
mod bench;
mod demo;
mod end;
mod follow;
mod marking;
mod opening;
mod reproduce;
mod verify;

use crate::data::{self, Kind, open_picture};
use crate::metrics;
use crate::nn::device::DeviceChoice;
use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Marks neural networks with their owner's logo and proves later that a suspect model is theirs.
#[derive(Debug, Parser)]
#[command(name = "countermark", version, about, long_about = None)]
pub struct Cli {
    /// What to do; without a command the window opens.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// Print one JSON object on standard output, and progress on standard error.
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// The whole story on the embedded sample without a window: protect, verify, report.
    Demo(demo::Options),
    /// Train what a project plans.
    Run {
        /// The project's folder.
        project: PathBuf,
        /// Go on with the run that was stopped, instead of starting the planned one.
        #[arg(long)]
        resume: bool,
        /// What computes: auto, cpu, gpu or software. A run that failed on a graphics card goes on with cpu.
        #[arg(long, default_value = "auto", value_parser = demo::word::<DeviceChoice>)]
        device: DeviceChoice,
    },
    /// Ask a suspect model the questions of a key package and give a verdict.
    Verify {
        /// The key package (.cmkey).
        key: PathBuf,
        /// The suspect models (.safetensors). With several, verdicts are corrected for that.
        #[arg(required = true)]
        suspect: Vec<PathBuf>,
        /// Asks the same new keys as an earlier verification: the nonce in its report. Without it one is drawn.
        #[arg(long)]
        nonce: Option<u64>,
        /// What computes: auto, cpu, gpu or software.
        #[arg(long, default_value = "auto", value_parser = demo::word::<DeviceChoice>)]
        device: DeviceChoice,
    },
    /// Ask a model what it sees in pictures: the class that it names for each, counted from 0, without any key or verdict.
    Ask {
        /// The model (.safetensors).
        model: PathBuf,
        /// Picture files of one size, or folders of them.
        #[arg(required = true)]
        pictures: Vec<PathBuf>,
    },
    /// Say what a file or folder is and what is wrong with it.
    Inspect {
        /// Any file or folder.
        path: PathBuf,
        /// How a data set is opened.
        #[command(flatten)]
        opening: opening::Opening,
    },
    /// Compare two pictures: PSNR, SSIM, MS-SSIM, correlation, entropy ratio.
    Measure {
        /// The original.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Make an image barrier from photographs: networks that hide a logo in pictures and find it again.
    Barrier(barrier::Options),
    /// Hide a mark in copies of pictures: a barrier's logo, or 64 bits without a network.
    Mark(marking::Marking),
    /// Look into pictures for a mark.
    Extract(marking::Extracting),
    /// Make a paper's table again and print it beside the paper's figures.
    Reproduce(reproduce::Options),
    /// Time the training steps of a job and print one JSON line.
    Bench(bench::Options),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Reached,
    NotReached,
}

/// Why a command failed: a word for scripts and a sentence for people.
#[derive(Debug)]
struct Failure {
    kind: String,
    message: String,
}

impl Failure {
    fn new(kind: &str, message: impl std::fmt::Display) -> Self {
        Self { kind: kind.to_owned(), message: message.to_string() }
    }

    /// Tells it, and gives the exit code.
    fn told(&self, json: bool) -> ExitCode {
        match json {
            true => say!("{}", json!({"error": {"kind": self.kind, "message": self.message}})),
            false => tell!("{}", self.message),
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self.kind.as_str() {
            "cancelled" => end::CANCELLED,
            "internal" => 4,
            _ => 2,
        }
    }
}

impl From<crate::project::ProjectError> for Failure {
    fn from(error: crate::project::ProjectError) -> Self {
        Self::new("project", error)
    }
}

impl From<crate::project::MaterialError> for Failure {
    fn from(error: crate::project::MaterialError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<crate::jobs::JobError> for Failure {
    fn from(error: crate::jobs::JobError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<crate::data::DataError> for Failure {
    fn from(error: crate::data::DataError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// Carries out a command.
pub fn run(task: Task, json: bool) -> ExitCode {
    let result = match task {
        Task::Demo(options) => demo::demo(&options, json),
        Task::Run { project, resume, device } => demo::run_project(&project, resume, device, json),
        Task::Verify { key, suspect, nonce, device } => verify::verify(&key, &suspect, nonce, device, json),
        Task::Ask { model, pictures } => ask::ask(&model, &pictures, json),
        Task::Inspect { path, opening } => inspect(&path, &opening, json),
        Task::Measure { a, b } => measure(&a, &b, json),
        Task::Barrier(options) => barrier::make(&options, json),
        Task::Mark(options) => marking::mark(&options, json),
        Task::Extract(options) => marking::extract(&options, json),
        Task::Reproduce(options) => reproduce::reproduce(&options, json),
        Task::Bench(options) => bench::bench(&options),
    };
    match result {
        Ok(End::Reached) => ExitCode::SUCCESS,
        Ok(End::NotReached) => ExitCode::from(1),
        Err(failure) => failure.told(json),
    }
}

/// Reads the arguments. Help and version are printed, and arguments that make no sense are told: with `--json` as an object too.
///
/// # Errors
/// The exit code, when there is no command to carry out.
pub fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        let json = std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json");
        if json && error.use_stderr() {
            let message = error.render().to_string();
            return Failure::new("arguments", message.trim_end().trim_start_matches("error: ")).told(true);
        }
        match error.print() {
            Ok(()) if !error.use_stderr() => ExitCode::SUCCESS,
            _ => ExitCode::from(2),
        }
    })
}

fn inspect(path: &Path, opening: &opening::Opening, json: bool) -> Result<End, Failure> {
    let found = data::inspect_as(path, &opening.options());
    match json {
        true => say!("{}", serde_json::to_value(&found).map_err(|e| Failure::new("internal", e))?),
        false => {
            say!("{}", found.what);
            found.problems.iter().for_each(|problem| say!("- {}: {}", problem.file.display(), problem.reason));
        }
    }
    Ok(if found.kind == Kind::Unknown { End::NotReached } else { End::Reached })
}

fn measure(a: &Path, b: &Path, json: bool) -> Result<End, Failure> {
    let (first, second) = (open_picture(a)?, open_picture(b)?);
    let bad = |e: metrics::MetricError| Failure::new("shape", e);
    // Equal pictures have infinite PSNR, which JSON cannot say: there it is null.
    let psnr = metrics::psnr(&first, &second).map_err(bad)?;
    let mut values = json!({
        "psnr_db": psnr,
        "nc": metrics::nc(&first, &second).map_err(bad)?,
        "entropy_ratio": metrics::entropy_ratio(&first, &second).map_err(bad)?,
        "max_difference": metrics::max_difference(&first, &second).map_err(bad)?,
    });
    let mut warnings = Vec::new();
    for (name, value) in [("ssim", metrics::ssim(&first, &second)), ("ms_ssim", metrics::ms_ssim(&first, &second))] {
        match value {
            Ok(value) => values[name] = json!(value),
            Err(error) => warnings.push(error.to_string()),
        }
    }
    values["warnings"] = json!(warnings);
    if json {
        say!("{values}");
        return Ok(End::Reached);
    }
    let say = |name: &str, key: &str| say!("{name:<42} {}", values.get(key).unwrap_or(&Value::Null));
    say!("{:<42} {psnr:.2} dB", "Peak signal-to-noise ratio (PSNR)");
    say("Structural similarity (SSIM, no padding)", "ssim");
    say("The same over several scales (MS-SSIM)", "ms_ssim");
    say("Correlation (zero mean, NC)", "nc");
    say("Entropy, second over first", "entropy_ratio");
    say("Largest difference of a pixel", "max_difference");
    warnings.iter().for_each(|warning| say!("{warning}"));
    Ok(End::Reached)
}
