//! `countermark demo` and `countermark run`: train, then prove.

use super::follow::{Followed, follow, worker};
use super::verify::{ask, print, summary};
use super::{End, Failure};
use crate::data::logo::{Logo, LogoOptions};
use crate::data::{self, sample, sample_logos};
use crate::forensics::report::Verdict;
use crate::jobs::{Command, JobId, Outcome, Trained, can_continue, is_the_cards};
use crate::nn::device::DeviceChoice;
use crate::project::{Project, RunState};
use crate::schemes::catalogue;
use crate::schemes::plan::{HostKind, Preset};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Options of the demo. With `--data` the same story runs on other pictures.
#[derive(Debug, Args)]
pub struct Options {
    /// Where model, key package and reports go; without it they are thrown away at the end.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Seed of all choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Scheme to show: blind, content_stamp, penetrating, deep_stego, or to compare with noise, message, unrelated, abstract_pictures,
    /// random_pictures, chain or wonder_filter.
    #[arg(long, default_value = "blind")]
    scheme: String,
    /// A data set instead of the embedded sample.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How the pictures of `--data` are opened.
    #[command(flatten)]
    opening: super::opening::Opening,
    /// quick, standard or paper.
    #[arg(long, default_value = "quick", value_parser = word::<Preset>)]
    preset: Preset,
    /// The network to mark: lenet1, lenet3, lenet5, vgg11, vgg13, vgg16, vgg19, resnet18, resnet34 or resnet50.
    #[arg(long, value_parser = word::<HostKind>)]
    host: Option<HostKind>,
    /// Its channels, as a share of the published ones: 0.25 makes a quick, narrow network.
    #[arg(long)]
    width: Option<f64>,
    /// Change a setting of the scheme, as NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// How many unmarked models are trained as controls.
    #[arg(long)]
    nulls: Option<usize>,
    /// How many other owners' marks are trained as controls.
    #[arg(long)]
    foreign: Option<usize>,
    /// Picks the covers of new keys; without it the seed does.
    #[arg(long)]
    nonce: Option<u64>,
    /// What computes: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    device: DeviceChoice,
}

/// A word of a closed list, as it is spelled in files.
pub fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|e| e.to_string())
}

/// Name and value of a setting that is written as NAME=VALUE.
pub fn changed(change: &str) -> Result<(&str, Value), Failure> {
    let (name, value) = change.split_once('=').ok_or_else(|| Failure::new("plan", format!("Write NAME=VALUE, not {change}.")))?;
    Ok((name, serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))))
}

pub fn demo(options: &Options, json: bool) -> Result<End, Failure> {
    let began = Instant::now();
    let dataset = match &options.data {
        Some(path) => data::open(path, &options.opening.options(), &mut |_| true)?,
        None => sample()?,
    };
    let logo = sample_logo(0)?;
    let salt = format!("{:032x}", options.seed);
    let mut plan =
        catalogue::plan(&options.scheme, options.preset, dataset.train.shape, "Demo owner", &salt, options.seed).ok_or_else(|| {
            let known = catalogue::cards().iter().map(|card| card.id).collect::<Vec<_>>().join(", ");
            Failure::new("plan", format!("There is no scheme called {}. Choose one of {known}.", options.scheme))
        })?;
    plan = plan.sized(dataset.train.count());
    plan.host = options.host.unwrap_or(plan.host);
    plan.width = options.width.unwrap_or(plan.width);
    plan.nulls = options.nulls.unwrap_or(plan.nulls);
    plan.foreign = options.foreign.unwrap_or(plan.foreign);
    for change in &options.settings {
        let (name, value) = changed(change)?;
        plan.scheme = plan.scheme.with(name, value).map_err(|e| Failure::new("plan", e))?;
    }
    let scratch = tempfile::tempdir().map_err(|e| Failure::new("file", e))?;
    let folder = options.out.clone().unwrap_or_else(|| scratch.path().to_owned());
    if !json {
        say!(
            "Protecting a {} on “{}” ({} pictures) with the scheme {}.",
            plan.host.name(),
            dataset.name,
            dataset.train.count(),
            plan.scheme.id()
        );
    }
    let worker = worker(options.device)?;
    let planned = plan.public();
    let train = Command::Train { job: JobId(1), plan: Box::new(plan), dataset, logo, folder: folder.clone() };
    let followed = follow(&worker, train)?;
    let Outcome::Trained(trained) = followed.outcome else { return Err(Failure::new("internal", "The training gave no model.")) };
    let nonce = Some(options.nonce.unwrap_or(options.seed));
    let (marked, _) = ask(&worker, JobId(2), &trained.key, &trained.model, nonce)?;
    let (unmarked, _) = ask(&worker, JobId(3), &trained.key, &trained.unmarked, nonce)?;
    let reached = marked.verdict == Verdict::InThisModel && unmarked.verdict == Verdict::None;
    let mut value = summary(&marked);
    value["key_accuracy_unmarked"] = json!(trained.key_accuracy_unmarked);
    value["unmarked_verdict"] = json!(unmarked.verdict);
    value["clean_drop_interval"] = json!(trained.clean_drop_interval);
    value["plan"] = planned;
    value["version"] = json!(env!("CARGO_PKG_VERSION"));
    value["train_seconds"] = json!(trained.seconds);
    value["seconds"] = json!(began.elapsed().as_secs_f64());
    value["peak_rss_mb"] = json!(peak_rss_mb());
    value["device"] = json!(trained.device);
    value["seed"] = json!(options.seed);
    value["warnings"] = json!(followed.warnings.iter().chain(&marked.warnings).collect::<Vec<_>>());
    let text = serde_json::to_vec_pretty(&value).map_err(|e| Failure::new("internal", e))?;
    crate::vault::files::write_atomic(&folder.join("report.json"), &text).map_err(|e| Failure::new("file", e))?;
    if json {
        say!("{value}");
    } else {
        say!("\nThe marked model is asked:");
        print(&marked);
        say!("\nAn unmarked model of the same task is asked:");
        print(&unmarked);
        say!("\nDone in {:.0} s on {}.", began.elapsed().as_secs_f64(), trained.device);
        if options.out.is_some() {
            say!("Model, key package and report lie in {}.", folder.display());
        }
    }
    Ok(if reached { End::Reached } else { End::NotReached })
}

pub fn sample_logo(index: usize) -> Result<Logo, Failure> {
    let (name, bytes) = *sample_logos().get(index).ok_or_else(|| Failure::new("internal", "The sample logo is missing."))?;
    Logo::from_bytes(name, bytes, &LogoOptions::default()).map_err(|e| Failure::new("logo", e))
}

pub fn run_project(folder: &Path, resume: bool, device: DeviceChoice, json: bool) -> Result<End, Failure> {
    let worker = worker(device)?;
    let mut project = Project::open(folder)?;
    let document = project.document();
    let stopped = document.runs.iter().rev().find(|run| matches!(run.state, RunState::Stopped | RunState::Planned)).cloned();
    // What is gone on with needs the pictures and the logo that it began with, whatever is chosen by now.
    let (dataset_id, logo_id) = match (resume, &stopped) {
        (true, Some(run)) => (run.dataset.clone(), run.logo.clone()),
        _ => (document.dataset.clone(), document.logo.clone()),
    };
    let (dataset, logo) = project.material(dataset_id.as_deref(), logo_id.as_deref())?.fetch(&mut |_| true)?;
    let (id, plan) = match (resume, stopped) {
        (true, Some(run)) => (run.id, run.plan),
        (true, None) => return Err(Failure::new("plan", "No run of this project was stopped, so there is nothing to go on with.")),
        (false, _) => {
            let plan = project.document().plan.clone();
            let plan = plan.ok_or_else(|| Failure::new("plan", "The project has no plan yet. Choose a scheme in the window first."))?;
            (project.add_run(plan.clone())?, plan)
        }
    };
    project.set_run(&id, RunState::Running, None)?;
    let folder = project.run_folder(&id);
    let seed = plan.seed;
    let followed = follow(&worker, Command::Train { job: JobId(1), plan: Box::new(plan), dataset, logo, folder });
    let (mut trained, warnings) = match followed {
        Ok(Followed { outcome: Outcome::Trained(trained), warnings, .. }) => (trained, warnings),
        other => return Err(not_trained(&mut project, &id, other.err())),
    };
    trained.key = project.keep_key(&id, &trained.key)?;
    let mut value = serde_json::to_value(&trained).map_err(|e| Failure::new("internal", e))?;
    project.set_run(&id, RunState::Done, Some(value.clone()))?;
    value["warnings"] = json!(warnings);
    value["seed"] = json!(seed);
    value["peak_rss_mb"] = json!(peak_rss_mb());
    match json {
        true => say!("{value}"),
        false => tell(&trained),
    }
    Ok(End::Reached)
}

/// Notes how a run without a result stands, and says why it has none.
fn not_trained(project: &mut Project, id: &str, failure: Option<Failure>) -> Failure {
    let mut failure = failure.unwrap_or_else(|| Failure::new("internal", "The training gave no model."));
    let goes_on = failure.kind == "cancelled" || can_continue(&failure.kind);
    // On a full disk the run stays noted as running, and is taken for stopped when the project is opened again.
    if let Err(error) = project.set_run(id, if goes_on { RunState::Stopped } else { RunState::Failed }, None) {
        tracing::warn!("how the run stands could not be noted: {error}");
    }
    if goes_on {
        let how = if is_the_cards(&failure.kind) { " Go on with it by --resume --device cpu." } else { " Go on with it by --resume." };
        failure.message.push_str(how);
    }
    failure
}

fn tell(trained: &Trained) {
    say!("Marked model: {}", trained.model.display());
    say!("Key package (keep it secret): {}", trained.key.display());
    say!(
        "Ordinary pictures named rightly: {:.1}% (unmarked {:.1}%). Keys answered with the secret label: {:.1}% (unmarked {:.1}%).",
        100.0 * trained.clean_accuracy,
        100.0 * trained.clean_accuracy_unmarked,
        100.0 * trained.key_accuracy,
        100.0 * trained.key_accuracy_unmarked
    );
}

/// Peak memory of this process in MB, where the system tells.
pub fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}
