//! `countermark reproduce`: a paper's table made again, printed beside the paper's figures.

use super::barrier::{internal, settings};
use super::demo::{changed, peak_rss_mb, sample_logo, word};
use super::follow::{follow, worker};
use super::{End, Failure};
use crate::data::logo::{Logo, LogoOptions};
use crate::data::tasks::{Suppress, Task};
use crate::data::{OpenOptions, Photos, open, photos, sample};
use crate::jobs::reproduce::{Request, Table, barrier, classifiers, plot};
use crate::jobs::{Command, JobError, JobId, Outcome};
use crate::nn::device::DeviceChoice;
use crate::schemes::plan::{HostKind, Preset};
use crate::vault::files::write_atomic;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which table, and from what.
#[derive(Debug, Args)]
pub struct Options {
    /// Of classifiers: penetrating-1 (five triggers before and behind an autoencoder), penetrating-2 (stamps made with 2 to 8 autoencoders),
    /// penetrating-3 (stamps of one autoencoder behind each other one), blind-fidelity, blind-effectiveness and stego-2 (one scheme in many
    /// hosts), stego-5 (keys made by others with the same kind of network) and stego-transfer (model and keys, as files, in a fresh process).
    /// Of pictures: barrier-1 (fidelity), barrier-2 (kinds of
    /// thieves' networks), barrier-3 (their losses), barrier-ablation or barrier-task-specific.
    #[arg(value_parser = AnyTable::parse)]
    table: AnyTable,
    /// A data set for a table of classifiers, instead of the embedded sample; may be given several times.
    #[arg(long)]
    data: Vec<PathBuf>,
    /// A host for a table of classifiers, with its width where it is not the published one: vgg11:0.125. May be given several times.
    #[arg(long = "host", value_name = "HOST:WIDTH", value_parser = wide_host)]
    hosts: Vec<(HostKind, f64)>,
    /// A folder or zip archive of photographs for a table of pictures: the rows of the task derain.
    #[arg(long)]
    photographs: Option<PathBuf>,
    /// A folder or zip archive of X-rays or other grey pictures: the rows of the task suppress.
    #[arg(long)]
    xrays: Option<PathBuf>,
    /// What the networks on photographs do; see countermark barrier --help.
    #[arg(long, default_value = "derain", value_parser = Task::parse)]
    task: Task,
    /// The logo (PNG, JPEG, WebP or SVG). Without it a sample logo is taken.
    #[arg(long)]
    logo: Option<PathBuf>,
    /// Where the networks and the table's picture go; a table that was stopped there is continued.
    #[arg(long)]
    out: PathBuf,
    /// quick, standard or paper.
    #[arg(long, default_value = "quick", value_parser = word::<Preset>)]
    preset: Preset,
    /// Ask for the labels 0 and 7, and for every other one once, instead of secret ones (penetrating-1); the preset paper always does.
    #[arg(long)]
    every_label: bool,
    /// Change a setting, as NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Each barrier is made once for each of these seeds.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Judge on the photographs kept for choosing settings, not on those kept for the last word.
    #[arg(long)]
    choosing: bool,
    /// Only this variant of barrier-ablation or barrier-task-specific, such as whole or "without the clean loss"; may be given several times.
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// What computes: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    device: DeviceChoice,
}

/// A table of either kind.
#[derive(Debug, Clone, Copy)]
enum AnyTable {
    Barrier(barrier::TableName),
    Classifiers(classifiers::TableName),
}

impl AnyTable {
    fn parse(text: &str) -> Result<Self, String> {
        let barrier = word::<barrier::TableName>(text).map(Self::Barrier);
        barrier.or_else(|_| word::<classifiers::TableName>(text).map(Self::Classifiers)).map_err(|_| {
            let known = "penetrating-1, penetrating-2, penetrating-3, blind-fidelity, blind-effectiveness, stego-2, stego-5, stego-transfer, barrier-1, barrier-2, barrier-3, barrier-ablation, barrier-task-specific";
            format!("There is no such table. Known are {known}.")
        })
    }
}

/// A host, and behind a colon its width.
fn wide_host(text: &str) -> Result<(HostKind, f64), String> {
    let (name, width) = text.split_once(':').unwrap_or((text, "1"));
    let wrong = |_| format!("Write a width as a number such as 0.25, not {width}.");
    Ok((word(name)?, width.parse().map_err(wrong)?))
}

/// The hosts of a table where none are given: narrow ones, because two CPU cores shall train them.
fn usual_hosts(channels: usize) -> Vec<(HostKind, f64)> {
    match channels {
        1 => vec![(HostKind::Lenet5, 1.0)],
        _ => [HostKind::Vgg11, HostKind::Resnet18].map(|host| (host, 0.25)).into(),
    }
}

/// What a table of pictures is made from, and its settings for people.
fn of_pictures(options: &Options, table: barrier::TableName, logo: Logo) -> Result<(Request, serde_json::Value), Failure> {
    if options.photographs.is_none() && options.xrays.is_none() {
        return Err(Failure::new("plan", "This table needs photographs: give a folder or zip with --photographs, or X-rays with --xrays."));
    }
    let choices = table.choices();
    if let Some(unknown) = options.variants.iter().find(|name| !choices.contains(&name.as_str())) {
        let known = if choices.is_empty() { "it has none".to_owned() } else { format!("known are {}", choices.join(", ")) };
        return Err(Failure::new("plan", format!("The table {} has no variant “{unknown}”: {known}.", table.name())));
    }
    let settings = settings(options.preset, &options.settings)?;
    let read = |path: &Option<PathBuf>, task: Task, channels: usize| -> Result<Option<(Task, Photos)>, Failure> {
        path.as_deref().map(|path: &Path| Ok((task, photos(path, settings.side, channels, &mut |_| true)?))).transpose()
    };
    let suppress = Task::Suppress(Suppress::default());
    let tasks = [read(&options.photographs, options.task, settings.channels())?, read(&options.xrays, suppress, 1)?];
    let planned = json!(settings);
    let tasks = tasks.into_iter().flatten().collect();
    let (preset, seeds, choosing, only) = (options.preset, options.seeds.clone(), options.choosing, options.variants.clone());
    Ok((Request::Barrier(barrier::Request { table, preset, settings, tasks, logo, seeds, choosing, only }), planned))
}

/// The same of classifiers.
fn of_classifiers(options: &Options, table: classifiers::TableName, logo: Logo) -> Result<(Request, serde_json::Value), Failure> {
    let mut datasets = Vec::with_capacity(options.data.len().max(1));
    for path in &options.data {
        datasets.push(open(path, &OpenOptions::default(), &mut |_| true)?);
    }
    if datasets.is_empty() {
        datasets.push(sample()?);
    }
    let changes = options.settings.iter().map(|change| changed(change).map(|(name, value)| (name.to_owned(), value)));
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    let hosts = if options.hosts.is_empty() { usual_hosts(datasets[0].shape().channels) } else { options.hosts.clone() };
    let planned = json!({"hosts": hosts.iter().map(|(host, width)| json!([host, width])).collect::<Vec<_>>(), "changes": changes});
    let (preset, seeds) = (options.preset, options.seeds.clone());
    Ok((
        Request::Classifiers(classifiers::Request {
            table,
            preset,
            changes,
            datasets,
            logo,
            hosts,
            shadows: classifiers::SHADOWS.into(),
            every_label: options.every_label || preset == Preset::Paper,
            seeds,
            program: std::env::current_exe().map_err(|e| Failure::new("internal", e))?,
        }),
        planned,
    ))
}

pub fn reproduce(options: &Options, json: bool) -> Result<End, Failure> {
    let logo = match &options.logo {
        Some(path) => Logo::open(path, &LogoOptions::default())?,
        None => sample_logo(0)?,
    };
    let (request, planned) = match options.table {
        AnyTable::Barrier(table) => of_pictures(options, table, logo)?,
        AnyTable::Classifiers(table) => of_classifiers(options, table, logo)?,
    };
    let command = Command::Reproduce { job: JobId(1), request: Box::new(request), folder: options.out.clone() };
    let Outcome::Table(table) = follow(&worker(options.device)?, command)?.outcome else { return Err(internal()) };
    let drawn = options.out.join(format!("{}.png", table.table));
    write_atomic(&drawn, &plot::png(&table).map_err(|e| Failure::new("internal", e))?).map_err(JobError::from)?;
    match json {
        true => {
            let mut value = serde_json::to_value(&table).map_err(|e| Failure::new("internal", e))?;
            value["settings"] = planned;
            if matches!(options.table, AnyTable::Barrier(_)) {
                value["task"] = json!(options.task);
            }
            value["seeds"] = json!(options.seeds);
            value["version"] = json!(env!("CARGO_PKG_VERSION"));
            value["peak_rss_mb"] = json!(peak_rss_mb());
            value["drawn"] = json!(drawn);
            say!("{value}");
        }
        false => {
            print(&table);
            say!("The same as a picture: {}", drawn.display());
        }
    }
    Ok(End::Reached)
}

fn print(table: &Table) {
    let names = table.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(4);
    say!("{:<names$}  {}", "row", table.columns.iter().map(|column| format!("{column:>22}")).collect::<String>());
    for row in &table.rows {
        let cell = |column: &String| match row.values.get(column) {
            Some(figure) => format!("{:>22}", format!("{:.3} ± {:.3}", figure.mean, figure.sd)),
            None => format!("{:>22}", "-"),
        };
        say!("{:<names$}  {}", row.name, table.columns.iter().map(cell).collect::<String>());
        if !row.paper.is_empty() {
            let cell = |column: &String| row.paper.get(column).map_or_else(|| format!("{:>22}", ""), |value| format!("{value:>22}"));
            say!("{:<names$}  {}", "  the paper", table.columns.iter().map(cell).collect::<String>());
        }
    }
    say!("Mean and standard deviation over seeds; {:.0} s on {}.", table.seconds, table.device);
}
