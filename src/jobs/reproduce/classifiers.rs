//! Tables of marks in classifiers: five triggers with and without an autoencoder before the model (S1, table 1), stamps made with more and
//! fewer autoencoders (its table 2), and one scheme in many hosts (S2, S3).

use super::{Cells, Part, Table, rows};
use crate::data::logo::Logo;
use crate::data::{Dataset, Samples};
use crate::forensics::ask::{Suspect, hits, verify};
use crate::forensics::report::{ControlKind, Report};
use crate::jobs::checkpoint::{RunFolder, RunIdentity};
use crate::jobs::error::JobError;
use crate::jobs::exam::{Exam, share};
use crate::jobs::messages::{Phase, Trained};
use crate::jobs::pace::Paces;
use crate::jobs::train;
use crate::jobs::watch::{Flow, Watch};
use crate::nn::device::Compute;
use crate::nn::host::Host;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::plain::Plain;
use crate::schemes::plan::{HostKind, Plan, Preset};
use crate::schemes::{self, Learner, Marker, SchemeError, Task, Training, catalogue};
use crate::vault::files::{read_limited, write_private};
use crate::vault::package::Package;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// How visible the blind watermark is, in each host.
    BlindFidelity,
    /// How surely it is found, in each host.
    BlindEffectiveness,
    /// The same of DeepStego.
    #[serde(rename = "stego-2")]
    Stego,
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
    /// Each training is done once for each of these.
    pub seeds: Vec<u64>,
}

/// Schemes of the first table, beside the stamps, and what people call their triggers.
const OTHERS: [(&str, &str); 4] =
    [("noise", "random"), ("content_stamp", "stamp"), ("unrelated", "outside the training set"), ("wonder_filter", "wonder filter")];
/// How many autoencoders the stamps of the second table are made with.
pub const SHADOWS: [usize; 4] = [2, 4, 6, 8];
/// Pauses between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
/// What the unmarked host of a table adds to the seed.
const UNMARKED: u64 = 15_485_863;
/// Bytes of a kept row that are read at most.
const MOST_KEPT: u64 = 1 << 16;

impl TableName {
    /// The word that chooses it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Triggers => "penetrating-1",
            Self::Shadows => "penetrating-2",
            Self::BlindFidelity => "blind-fidelity",
            Self::BlindEffectiveness => "blind-effectiveness",
            Self::Stego => "stego-2",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Triggers => &["keys", "keys_behind", "unmarked", "unmarked_behind", "drop_points"],
            Self::Shadows => &["keys", "keys_behind", "unmarked_behind", "seconds_per_stamp", "stamp_loss"],
            Self::BlindFidelity => &["psnr_db", "ssim", "clean", "drop_points"],
            Self::BlindEffectiveness => &["keys", "fresh", "unmarked", "worst_foreign", "clean", "drop_points"],
            Self::Stego => &["keys", "unmarked", "worst_foreign", "clean", "drop_points", "psnr_db", "ssim"],
        }
    }

    /// What the papers say (S9), where they say it as one number. For the first tables the data set is part of the row's name.
    fn paper(self, row: &str) -> BTreeMap<String, f64> {
        let fashion = !row.to_lowercase().contains("mnist") || row.to_lowercase().contains("fashion");
        let values: &[(&str, f64)] = match self {
            Self::Triggers if row.ends_with("penetrating") && fashion => &[("keys", 1.0), ("keys_behind", 0.89)],
            Self::Triggers if row.ends_with("penetrating") => &[("keys", 1.0), ("keys_behind", 0.94)],
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
    Triggers((HostKind, f64)),
    Shadows(usize, (HostKind, f64)),
    Host(&'static str, (HostKind, f64)),
}

/// Makes a table in `folder`, going on with what lies there.
///
/// # Errors
/// Data that do not fit the scheme, what training gives, or a stop.
pub(super) fn table(request: &Request, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Table, JobError> {
    let began = Instant::now();
    let host = request.hosts.first().copied().unwrap_or((HostKind::default(), 1.0));
    let whats = || -> Vec<What> {
        match request.table {
            TableName::Triggers => vec![What::Triggers(host)],
            TableName::Shadows => request.shadows.iter().map(|&count| What::Shadows(count, host)).collect(),
            TableName::BlindFidelity | TableName::BlindEffectiveness => {
                request.hosts.iter().map(|host| What::Host("blind", *host)).collect()
            }
            TableName::Stego => request.hosts.iter().map(|host| What::Host("deep_stego", *host)).collect(),
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
    Ok(Table {
        table: request.table.name().to_owned(),
        preset: request.preset,
        seconds: began.elapsed().as_secs_f64(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        rows: rows(all, |row| request.table.paper(row)),
        device: compute.name.clone(),
    })
}

fn cells(request: &Request, work: &Work, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let Work { dataset, seed, what } = work;
    let dataset: &Dataset = dataset;
    let name = |words: &[&str]| words.iter().map(|word| word.replace(' ', "-")).collect::<Vec<_>>().join("-").to_lowercase();
    let seed_word = format!("seed-{seed}");
    match what {
        What::Triggers(host) => {
            let bench =
                Bench::open(request, dataset, *seed, *host, &[], &folder.join(name(&["triggers", &dataset.name, &seed_word])), compute)?;
            bench.triggers(watch)
        }
        What::Shadows(count, host) => {
            let shadows = [("shadows".to_owned(), json!(count))];
            let folder = folder.join(name(&["shadows", &count.to_string(), &dataset.name, &seed_word]));
            let bench = Bench::open(request, dataset, *seed, *host, &shadows, &folder, compute)?;
            bench.stamps(&format!("{}, autoencoders: {count}", dataset.name), watch)
        }
        What::Host(scheme, (host, width)) => {
            let folder = folder.join(name(&[scheme, host.name(), &width.to_string(), &dataset.name, &seed_word]));
            let mut plan = planned(request, scheme, dataset, *seed, (*host, *width), &request.changes)?;
            plan.nulls = schemes::plan::FEWEST_NULLS;
            let task = train::task(plan, dataset.clone(), request.logo.clone(), compute);
            let trained = train::train(&task, compute, &folder, &mut Paces::default(), watch)?;
            let report = asked(&trained, *seed, compute)?;
            let wide = if *width == 1.0 { String::new() } else { format!(" x {width}") };
            Ok(host_cells(&format!("{}, {}{wide}", dataset.name, host.name()), &trained, &report))
        }
    }
}

/// The plan of a scheme as the request changes it.
fn planned(
    request: &Request,
    scheme: &str,
    dataset: &Dataset,
    seed: u64,
    (host, width): (HostKind, f64),
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

/// What is trained for one data set and seed where an autoencoder stands before the hosts.
struct Bench<'a> {
    request: &'a Request,
    task: Task,
    folder: RunFolder,
}

impl<'a> Bench<'a> {
    fn open(
        request: &'a Request,
        dataset: &Dataset,
        seed: u64,
        host: (HostKind, f64),
        more: &[(String, serde_json::Value)],
        folder: &Path,
        compute: &Compute,
    ) -> Result<Self, JobError> {
        let changes: Vec<_> = request.changes.iter().chain(more).cloned().collect();
        let plan = planned(request, "penetrating", dataset, seed, host, &changes)?;
        let task = train::task(plan, dataset.clone(), request.logo.clone(), compute);
        schemes::check(&task)?;
        let identity =
            RunIdentity { plan: task.plan.clone(), dataset_digest: dataset.digest.clone(), logo_digest: request.logo.digest.clone() };
        Ok(Self { request, task, folder: RunFolder::open(folder, &identity)? })
    }

    /// The stamps' training with all that comes before it, finished, and the seconds that its stamps took.
    fn penetrating(&self, watch: &mut dyn Watch) -> Result<(Task, Box<dyn Training>), JobError> {
        let missing = || JobError::Internal("the stamps have no autoencoders".to_owned());
        let mut groundwork = schemes::groundwork(&self.task)?.ok_or_else(missing)?;
        self.finish("groundwork", Phase::Groundwork, &mut *groundwork, watch)?;
        let task = Task { groundwork: Some(Arc::new(groundwork.outcome()?)), ..self.task.clone() };
        let mut training = schemes::training(&task)?;
        self.finish("penetrating", Phase::Marked, &mut *training, watch)?;
        Ok((task, training))
    }

    /// An unmarked host with the same budget.
    fn unmarked(&self, watch: &mut dyn Watch) -> Result<Host, JobError> {
        let mut plain = Plain::new(&self.task, self.task.plan.seed.wrapping_add(UNMARKED));
        self.finish("unmarked", Phase::Nulls, &mut plain, watch)?;
        Ok(plain.host())
    }

    /// Rows of the first table.
    fn triggers(&self, watch: &mut dyn Watch) -> Result<Cells, JobError> {
        let (task, training) = self.penetrating(watch)?;
        let filter = marker(&*training)?;
        let unmarked = self.unmarked(watch)?;
        let own = &task.dataset.name;
        let mut all = self.row(&format!("{own}, penetrating"), &task, &*training, &*filter, &unmarked);
        for (scheme, name) in OTHERS {
            // Their own hyper-parameters: what was changed for the stamps means nothing to them, but for what both have.
            let Plan { host, width, seed, .. } = self.task.plan;
            let mut plan = planned(self.request, scheme, &self.task.dataset, seed, (host, width), &[])?;
            let steps = task.plan.scheme.get("steps");
            plan.scheme = plan.scheme.with("steps", steps).map_err(SchemeError::Plan)?;
            plan.scheme = plan.scheme.with("keys", json!(training.keys().covers.len())).map_err(SchemeError::Plan)?;
            let other = Task { plan, groundwork: None, ..self.task.clone() };
            let mut training = schemes::training(&other)?;
            self.finish(scheme, Phase::Foreign, &mut *training, watch)?;
            all.extend(self.row(&format!("{own}, {name}"), &other, &*training, &*filter, &unmarked));
        }
        Ok(all)
    }

    fn row(&self, name: &str, task: &Task, training: &dyn Training, filter: &dyn Marker, unmarked: &Host) -> Cells {
        let (exam, host) = (Exam::new(task), training.host());
        let Some(own) = training.marker() else { return Cells::new() };
        let (_, keys) = exam.keys(training, &*own, usize::MAX);
        let named = |host: &Host, keys: &Samples| share(hits(host, keys, &task.device), keys.count());
        let mut values = vec![
            ("keys", named(&host, &keys)),
            ("unmarked", named(unmarked, &keys)),
            ("drop_points", 100.0 * (exam.clean_accuracy(unmarked) - exam.clean_accuracy(&host))),
        ];
        if let Some(behind) = filter.filtered(&keys) {
            values.extend([("keys_behind", named(&host, &behind)), ("unmarked_behind", named(unmarked, &behind))]);
        }
        values.into_iter().map(|(column, value)| (name.to_owned(), column, value)).collect()
    }

    /// A row of the second table.
    fn stamps(&self, name: &str, watch: &mut dyn Watch) -> Result<Cells, JobError> {
        let (task, training) = self.penetrating(watch)?;
        let filter = marker(&*training)?;
        let unmarked = self.unmarked(watch)?;
        let mut row = self.row(name, &task, &*training, &*filter, &unmarked);
        let kept = read_limited(&self.folder.file(KEPT), MOST_KEPT).ok().and_then(|bytes| serde_json::from_slice::<Stamped>(&bytes).ok());
        let stamps = task.plan.scheme.get("stamps").as_f64().unwrap_or(1.0).max(1.0);
        if let Some(Stamped { seconds, loss }) = kept {
            row.extend(
                [("seconds_per_stamp", seconds / stamps), ("stamp_loss", loss)].map(|(column, value)| (name.to_owned(), column, value)),
            );
        }
        Ok(row)
    }

    /// Trains to the end, going on where it stood. How long stamps took is kept beside them.
    fn finish(&self, name: &str, phase: Phase, learner: &mut (impl Learner + ?Sized), watch: &mut dyn Watch) -> Result<(), JobError> {
        if let Some(bytes) = self.folder.finished(name) {
            return Ok(learner.load(&WeightMap::from_safetensors(&bytes)?)?);
        }
        if let Some(saved) = self.folder.resume(name) {
            learner.load(&saved)?;
        }
        let began_anew = learner.done() == 0;
        let (mut saved_at, mut stamped) = (Instant::now(), Stamped::default());
        while learner.done() < learner.steps() {
            if watch.flow() == Flow::Stop {
                self.folder.checkpoint(name, learner.save())?;
                return Err(JobError::Stopped);
            }
            let began = Instant::now();
            learner.step().map_err(|error| JobError::Internal(error.to_string()))?;
            let losses = learner.losses();
            if losses.iter().any(|(_, loss)| !loss.is_finite()) {
                return Err(JobError::Diverged(learner.done()));
            }
            if let Some((_, loss)) = losses.iter().find(|(name, _)| *name == "stamp_loss") {
                stamped = Stamped { seconds: stamped.seconds + began.elapsed().as_secs_f64(), loss: *loss };
            }
            watch.progress(phase, learner.done() as f64 / learner.steps() as f64, None);
            if saved_at.elapsed() > CHECKPOINT_EVERY {
                saved_at = Instant::now();
                self.folder.checkpoint(name, learner.save())?;
            }
        }
        // A time that was interrupted is none.
        if began_anew && stamped.seconds > 0.0 {
            let bytes = serde_json::to_vec(&stamped).map_err(|error| JobError::Internal(error.to_string()))?;
            write_private(&self.folder.file(KEPT), &bytes)?;
        }
        self.folder.finish(name, &learner.save().to_safetensors()?)
    }
}

/// Where it is kept how long stamps took.
const KEPT: &str = "stamped.json";

/// How long all stamps took, and their last loss.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Stamped {
    seconds: f64,
    loss: f64,
}

fn marker(training: &dyn Training) -> Result<Box<dyn Marker>, JobError> {
    training.marker().ok_or_else(|| JobError::Internal("the scheme makes no keys".to_owned()))
}
