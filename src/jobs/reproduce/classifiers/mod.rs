//! Tables of marks in classifiers: stamps and other triggers behind autoencoders (S1, `stamps`), DeepStego's leaked architecture and its way
//! to another computer (S3, `stego`), and one scheme in many hosts (S2, S3), here.

mod stamps;
mod stego;
mod workbench;

use super::{Cells, Part, Table, rows};
use crate::data::Dataset;
use crate::data::logo::Logo;
use crate::forensics::ask::{Suspect, verify};
use crate::forensics::report::{ControlKind, Report};
use crate::jobs::error::JobError;
use crate::jobs::exam::share;
use crate::jobs::messages::Trained;
use crate::jobs::pace::Paces;
use crate::jobs::train;
use crate::jobs::watch::Watch;
use crate::nn::device::Compute;
use crate::nn::weights::LARGEST_FILE;
use crate::schemes::plan::{HostKind, Plan, Preset};
use crate::schemes::{self, SchemeError, catalogue};
use crate::vault::files::read_limited;
use crate::vault::package::Package;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use workbench::Workbench;

/// A table that can be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// Five triggers, with and without an autoencoder that none of them was made for.
    #[serde(rename = "penetrating-1")]
    Triggers,
    /// Stamps made with 2, 4, 6 and 8 autoencoders.
    #[serde(rename = "penetrating-2")]
    Shadows,
    /// Stamps made with one autoencoder, behind each of several.
    #[serde(rename = "penetrating-3")]
    OwnShadow,
    /// How visible the blind watermark is, in each host.
    BlindFidelity,
    /// How surely it is found, in each host.
    BlindEffectiveness,
    /// The same of DeepStego.
    #[serde(rename = "stego-2")]
    Stego,
    /// Its keys, made by people who know its form but not the owner's weights.
    #[serde(rename = "stego-5")]
    LeakedForm,
    /// Its model and keys, as files, in a process that knows nothing else.
    StegoTransfer,
}

/// What a table is made from.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which one.
    pub table: TableName,
    /// Where the settings come from.
    pub preset: Preset,
    /// Changes of them: name and value.
    pub changes: Vec<(String, serde_json::Value)>,
    /// On which pictures: each gives rows of its own.
    pub datasets: Vec<Dataset>,
    /// Whose logo.
    pub logo: Logo,
    /// Hosts and their width, where the table is about hosts, and the one host where it is not.
    pub hosts: Vec<(HostKind, f64)>,
    /// How many autoencoders the stamps are made with, where the table is about that; [`SHADOWS`] as in the paper.
    pub shadows: Vec<usize>,
    /// Whether the first table asks the paper's labels, and every other one once, instead of secret ones.
    pub every_label: bool,
    /// Each training is done once for each of these.
    pub seeds: Vec<u64>,
    /// This program's own file: what is carried to a fresh process is asked by it.
    pub program: PathBuf,
}

/// How many autoencoders the stamps of the second table are made with.
pub const SHADOWS: [usize; 4] = [2, 4, 6, 8];

impl TableName {
    /// The word that chooses it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Triggers => "penetrating-1",
            Self::Shadows => "penetrating-2",
            Self::OwnShadow => "penetrating-3",
            Self::BlindFidelity => "blind-fidelity",
            Self::BlindEffectiveness => "blind-effectiveness",
            Self::Stego => "stego-2",
            Self::LeakedForm => "stego-5",
            Self::StegoTransfer => "stego-transfer",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Triggers => &["keys", "keys_behind", "unmarked", "unmarked_behind", "drop_points"],
            Self::Shadows => &["keys", "keys_behind", "unmarked_behind", "seconds_per_stamp", "stamp_loss"],
            Self::BlindFidelity => &["psnr_db", "ssim", "clean", "drop_points"],
            Self::BlindEffectiveness => &["keys", "fresh", "unmarked", "worst_foreign", "clean", "drop_points"],
            Self::Stego => &["keys", "unmarked", "worst_foreign", "clean", "drop_points", "psnr_db", "ssim"],
            Self::OwnShadow => &stamps::BEHIND_EACH,
            Self::LeakedForm => &["keys", "on_its_own_host"],
            Self::StegoTransfer => &["keys", "keys_moved", "same_answers", "unmarked_moved", "clean"],
        }
    }

    /// What the papers say (S9), where they say it as one number. For the first tables the data set is part of the row's name.
    fn paper(self, row: &str) -> BTreeMap<String, f64> {
        let fashion = !row.to_lowercase().contains("mnist") || row.to_lowercase().contains("fashion");
        let values: &[(&str, f64)] = match self {
            Self::Triggers if row.ends_with("penetrating") || row.ends_with("labels 0 and 7") => match fashion {
                true => &[("keys", 1.0), ("keys_behind", 0.89)],
                false => &[("keys", 1.0), ("keys_behind", 0.94)],
            },
            Self::Shadows => match (row.rsplit(' ').next(), fashion) {
                (Some("2"), true) => &[("keys_behind", 0.37)],
                (Some("4"), true) => &[("keys_behind", 0.80)],
                (Some("6"), true) => &[("keys_behind", 0.87)],
                (Some("8"), true) => &[("keys_behind", 0.89)],
                (Some("2"), false) => &[("keys_behind", 0.47)],
                (Some("4" | "6"), false) => &[("keys_behind", 0.93)],
                (Some("8"), false) => &[("keys_behind", 0.94)],
                _ => &[],
            },
            Self::Stego if row.contains("VGG-16") => &[("clean", 0.9221), ("keys", 0.9865)],
            Self::Stego if row.contains("VGG-19") => &[("clean", 0.9188), ("keys", 0.9845)],
            Self::Stego if row.contains("ResNet-50") => &[("clean", 0.9278), ("keys", 0.9902)],
            Self::LeakedForm if row.ends_with(stego::OTHERS) => &[("keys", 0.13)],
            _ => &[],
        };
        values.iter().map(|&(column, value)| (column.to_owned(), value)).collect()
    }
}

/// A part of a table: what it is called in rows and folders, and what it works on.
struct Work<'a> {
    dataset: &'a Dataset,
    seed: u64,
    what: What,
}

enum What {
    Triggers(WideHost),
    Shadows(usize, WideHost),
    OwnShadow(WideHost),
    Host(&'static str, WideHost),
    LeakedForm(WideHost),
    Transfer(WideHost),
}

/// A host with its width.
type WideHost = (HostKind, f64);

/// Makes a table in `folder`, going on with what lies there.
///
/// # Errors
/// Data that do not fit the scheme, what training gives, or a stop.
pub(super) fn table(request: &Request, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Table, JobError> {
    let began = Instant::now();
    let host = request.hosts.first().copied().unwrap_or((HostKind::default(), 1.0));
    let each = |what: &dyn Fn(WideHost) -> What| request.hosts.iter().map(|&host| what(host)).collect();
    let whats = || -> Vec<What> {
        match request.table {
            TableName::Triggers => vec![What::Triggers(host)],
            TableName::Shadows => request.shadows.iter().map(|&count| What::Shadows(count, host)).collect(),
            TableName::OwnShadow => vec![What::OwnShadow(host)],
            TableName::BlindFidelity | TableName::BlindEffectiveness => each(&|host| What::Host("blind", host)),
            TableName::Stego => each(&|host| What::Host("deep_stego", host)),
            TableName::LeakedForm => each(&What::LeakedForm),
            TableName::StegoTransfer => each(&What::Transfer),
        }
    };
    let per_seed = |dataset, seed| whats().into_iter().map(move |what| Work { dataset, seed, what });
    let works: Vec<Work> =
        request.datasets.iter().flat_map(|dataset| request.seeds.iter().flat_map(move |&seed| per_seed(dataset, seed))).collect();
    let mut all = Cells::new();
    for (place, work) in works.iter().enumerate() {
        let mut part = Part { watch, from: place as f64 / works.len() as f64, share: 1.0 / works.len() as f64, began };
        all.extend(cells(request, work, compute, folder, &mut part)?);
    }
    let columns = request.table.columns();
    all.retain(|(_, column, _)| columns.contains(column));
    // Of autoencoders there may be fewer than columns.
    let filled: Vec<String> =
        columns.iter().filter(|&column| all.iter().any(|(_, known, _)| known == column)).map(|&column| column.to_owned()).collect();
    let mut rows = rows(all, |row| request.table.paper(row));
    // Labels come up as they are dealt out to the seeds.
    let dataset = |row: &str| request.datasets.iter().position(|dataset| row.starts_with(&format!("{}, ", dataset.name)));
    rows.sort_by_key(|row| (dataset(&row.name), stamps::label_of(&row.name)));
    Ok(Table {
        table: request.table.name().to_owned(),
        preset: request.preset,
        seconds: began.elapsed().as_secs_f64(),
        columns: filled,
        rows,
        device: compute.name.clone(),
    })
}

fn cells(request: &Request, work: &Work, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let Work { dataset, seed, what } = work;
    let dataset: &Dataset = dataset;
    let name = |words: &[&str]| words.iter().map(|word| word.replace(' ', "-")).collect::<Vec<_>>().join("-").to_lowercase();
    let seed_word = format!("seed-{seed}");
    let row = |(host, width): WideHost| {
        let wide = if width == 1.0 { String::new() } else { format!(" x {width}") };
        format!("{}, {}{wide}", dataset.name, host.name())
    };
    let of_host =
        |scheme: &str, (host, width): WideHost| folder.join(name(&[scheme, host.name(), &width.to_string(), &dataset.name, &seed_word]));
    let bench = |scheme: &str, host: WideHost, more: &[(String, serde_json::Value)], folder: &Path| {
        let changes: Vec<_> = request.changes.iter().chain(more).cloned().collect();
        let plan = planned(request, scheme, dataset, *seed, host, &changes)?;
        Workbench::open(train::task(plan, dataset.clone(), request.logo.clone(), compute), folder)
    };
    // All tables of stamps share a folder where they are made with equally many autoencoders: those take most of the time.
    let stamped = |host: WideHost, more: &[(String, serde_json::Value)]| {
        let changes: Vec<_> = request.changes.iter().chain(more).cloned().collect();
        let shadows = planned(request, "penetrating", dataset, *seed, host, &changes)?.scheme.get("shadows");
        bench("penetrating", host, more, &folder.join(name(&["stamps", &shadows.to_string(), &dataset.name, &seed_word])))
    };
    // The whole training of a scheme in a host, with its controls.
    let whole = |scheme: &str, host: WideHost, watch: &mut dyn Watch| {
        let plan = Plan { nulls: schemes::plan::FEWEST_NULLS, ..planned(request, scheme, dataset, *seed, host, &request.changes)? };
        let task = train::task(plan, dataset.clone(), request.logo.clone(), compute);
        train::train(&task, compute, &of_host(scheme, host), &mut Paces::default(), watch)
    };
    match what {
        What::Triggers(host) => stamps::triggers(request, &stamped(*host, &[])?, watch),
        What::Shadows(count, host) => {
            let most = request.shadows.iter().max().unwrap_or(count);
            stamps::timed(*count, &stamped(*host, &[("shadows".to_owned(), json!(most))])?, watch)
        }
        What::OwnShadow(host) => stamps::each_alone(&dataset.name, &stamped(*host, &[])?, watch),
        What::Host(scheme, host) => {
            let trained = whole(scheme, *host, watch)?;
            let report = asked(&trained, *seed, compute)?;
            Ok(host_cells(&row(*host), &trained, &report))
        }
        What::LeakedForm(host) => {
            let bench = bench("deep_stego", *host, &[], &of_host("leaked", *host))?;
            stego::leaked(&row(*host), &bench, watch)
        }
        What::Transfer(host) => {
            let trained = whole("deep_stego", *host, watch)?;
            stego::moved(&row(*host), &trained, &request.program, &compute.device)
        }
    }
}

/// The plan of a scheme as the request changes it.
fn planned(
    request: &Request,
    scheme: &str,
    dataset: &Dataset,
    seed: u64,
    (host, width): WideHost,
    changes: &[(String, serde_json::Value)],
) -> Result<Plan, JobError> {
    let unknown = || SchemeError::Plan(format!("There is no scheme called {scheme}."));
    let salt = format!("{seed:032x}");
    let plan = catalogue::plan(scheme, request.preset, dataset.shape(), "Owner", &salt, seed).ok_or_else(unknown)?;
    let plan = plan.sized(dataset.train.count());
    let mut settings = plan.scheme.clone();
    for (name, value) in changes {
        settings = settings.with(name, value.clone()).map_err(SchemeError::Plan)?;
    }
    Ok(Plan { scheme: settings, host, width, ..plan })
}

/// What a finished run's package says of its marked model.
fn asked(trained: &Trained, nonce: u64, compute: &Compute) -> Result<Report, JobError> {
    let package = Package::open(&trained.key)?;
    let bytes = read_limited(&trained.model, LARGEST_FILE)?;
    Ok(verify(&package, Suspect { name: "marked", bytes: &bytes }, nonce, &compute.device, &mut |_| true)?)
}

fn host_cells(row: &str, trained: &Trained, report: &Report) -> Cells {
    let foreign = report.controls.iter().filter(|control| control.kind == ControlKind::ForeignEncoder && !control.fresh);
    let mut values = vec![
        ("keys", trained.key_accuracy),
        ("unmarked", trained.key_accuracy_unmarked),
        ("clean", trained.clean_accuracy),
        ("drop_points", 100.0 * (trained.clean_accuracy_unmarked - trained.clean_accuracy)),
        ("psnr_db", trained.psnr_db),
        ("ssim", trained.ssim),
    ];
    values.extend(report.fresh.as_ref().map(|fresh| ("fresh", share(fresh.hits, fresh.questions))));
    // Encoders that did not learn their own mark are no control: without any there is no figure.
    values.extend(foreign.map(|control| share(control.hits, control.questions)).reduce(f64::max).map(|worst| ("worst_foreign", worst)));
    values.into_iter().map(|(column, value)| (row.to_owned(), column, value)).collect()
}
