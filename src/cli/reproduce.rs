//! `countermark reproduce`: a paper's table made again, printed beside the paper's figures.

use super::barrier::{internal, settings};
use super::demo::{peak_rss_mb, sample_logo, word};
use super::follow::{follow, worker};
use super::{End, Failure};
use crate::data::logo::{Logo, LogoOptions};
use crate::data::tasks::{Suppress, Task};
use crate::data::{Photos, photos};
use crate::jobs::reproduce::{Request, Table, TableName};
use crate::jobs::{Command, JobId, Outcome};
use crate::nn::device::DeviceChoice;
use crate::schemes::plan::Preset;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which table, and from what.
#[derive(Debug, Args)]
pub struct Options {
    /// barrier-1 (fidelity), barrier-2 (kinds of thieves' networks), barrier-3 (their losses), barrier-ablation or barrier-task-specific.
    #[arg(value_parser = word::<TableName>)]
    table: TableName,
    /// A folder or zip archive of photographs: the rows of the task derain.
    #[arg(long, required_unless_present = "xrays")]
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
    /// Where the barriers go; a table that was stopped there is continued.
    #[arg(long)]
    out: PathBuf,
    /// quick, standard or paper.
    #[arg(long, default_value = "quick", value_parser = word::<Preset>)]
    preset: Preset,
    /// Change a setting, as NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Each barrier is made once for each of these seeds.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Judge on the photographs kept for choosing settings, not on those kept for the last word.
    #[arg(long)]
    choosing: bool,
    /// What computes: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    pub device: DeviceChoice,
}

pub fn reproduce(options: &Options, json: bool) -> Result<End, Failure> {
    let settings = settings(options.preset, &options.settings)?;
    let read = |path: &Option<PathBuf>, task: Task, channels: usize| -> Result<Option<(Task, Photos)>, Failure> {
        path.as_deref().map(|path: &Path| Ok((task, photos(path, settings.side, channels, &mut |_| true)?))).transpose()
    };
    let suppress = Task::Suppress(Suppress::default());
    let tasks = [read(&options.photographs, options.task, settings.channels())?, read(&options.xrays, suppress, 1)?];
    let logo = match &options.logo {
        Some(path) => Logo::open(path, &LogoOptions::default())?,
        None => sample_logo(0)?,
    };
    let planned = json!(settings);
    let request = Request {
        table: options.table,
        preset: options.preset,
        settings,
        tasks: tasks.into_iter().flatten().collect(),
        logo,
        seeds: options.seeds.clone(),
        choosing: options.choosing,
    };
    let command = Command::Reproduce { job: JobId(1), request: Box::new(request), folder: options.out.clone() };
    let Outcome::Table(table) = follow(&worker(options.device)?, command)?.outcome else { return Err(internal()) };
    match json {
        true => {
            let mut value = serde_json::to_value(&table).map_err(|e| Failure::new("internal", e))?;
            value["settings"] = planned;
            value["task"] = json!(options.task);
            value["seeds"] = json!(options.seeds);
            value["version"] = json!(env!("CARGO_PKG_VERSION"));
            value["peak_rss_mb"] = json!(peak_rss_mb());
            println!("{value}");
        }
        false => print(&table),
    }
    Ok(End::Reached)
}

fn print(table: &Table) {
    let names = table.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(4);
    println!("{:<names$}  {}", "row", table.columns.iter().map(|column| format!("{column:>22}")).collect::<String>());
    for row in &table.rows {
        let cell = |column: &String| match row.values.get(column) {
            Some(figure) => format!("{:>22}", format!("{:.3} ± {:.3}", figure.mean, figure.sd)),
            None => format!("{:>22}", "-"),
        };
        println!("{:<names$}  {}", row.name, table.columns.iter().map(cell).collect::<String>());
        if !row.paper.is_empty() {
            let cell = |column: &String| row.paper.get(column).map_or_else(|| format!("{:>22}", ""), |value| format!("{value:>22}"));
            println!("{:<names$}  {}", "  the paper", table.columns.iter().map(cell).collect::<String>());
        }
    }
    println!("Mean and standard deviation over seeds; {:.0} s on {}.", table.seconds, table.device);
}
