//! The penetrating stamps' tables: five triggers before and behind an autoencoder, stamps of more and fewer autoencoders, and stamps of one
//! autoencoder behind each of several.

use super::workbench::{Stamped, Workbench};
use super::{Cells, Request, planned};
use crate::data::Samples;
use crate::forensics::ask::hits;
use crate::forensics::judge::NULL_SHARE;
use crate::jobs::controls::AGAIN;
use crate::jobs::error::JobError;
use crate::jobs::exam::{Exam, share};
use crate::jobs::messages::Phase;
use crate::jobs::stages::{TRIES, ready};
use crate::jobs::watch::Watch;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::schemes::plan::{Plan, SchemeSettings};
use crate::schemes::{self, Marker, SchemeError, Task, Training, penetrating};
use serde_json::json;
use std::sync::Arc;

/// Schemes of the first table, beside the stamps, and what people call their triggers.
const OTHERS: [(&str, &str); 4] =
    [("noise", "random"), ("content_stamp", "stamp"), ("unrelated", "outside the training set"), ("wonder_filter", "wonder filter")];
/// Columns of the third table: before any autoencoder, behind the owner's first, second and so on, and behind one that was never his.
pub const BEHIND_EACH: [&str; 10] =
    ["keys", "behind_1", "behind_2", "behind_3", "behind_4", "behind_5", "behind_6", "behind_7", "behind_8", "behind_unseen"];

/// The stage of the stamps' autoencoders.
const GROUNDWORK: &str = "groundwork";

/// What the stamps' autoencoders come to. Tables that make other stamps with the same ones take them over.
fn groundwork(bench: &Workbench, watch: &mut dyn Watch) -> Result<WeightMap, JobError> {
    let missing = || JobError::Internal("the stamps have no autoencoders".to_owned());
    let mut groundwork = schemes::groundwork(&bench.task)?.ok_or_else(missing)?;
    if !bench.has_begun(GROUNDWORK) {
        for other in bench.siblings(GROUNDWORK) {
            groundwork.adopt(&other);
        }
    }
    bench.finish(GROUNDWORK, Phase::Groundwork, &mut *groundwork, watch)?;
    Ok(groundwork.outcome()?)
}

/// Share of keys that a host answers as they want.
fn named(host: &Host, keys: &Samples, task: &Task) -> f64 {
    share(hits(host, keys, &task.device), keys.count())
}

/// The labels of the paper's two stamps.
const PAPERS: [u16; 2] = [0, 7];

/// The row of the mean over every label of a data set.
const EVERY_LABEL: &str = "penetrating, mean over every label";

/// What stamps are made for, one host each: secret labels, or the paper's and, two at a time, the other classes, which are dealt out to the
/// seeds.
fn pairs(request: &Request, classes: usize, seed: u64) -> Vec<Option<[u16; 2]>> {
    if !request.every_label || usize::from(PAPERS[1]) >= classes {
        return vec![None];
    }
    let (seeds, place) = (request.seeds.len(), request.seeds.iter().position(|known| *known == seed).unwrap_or(0));
    let others: Vec<u16> = (0..classes as u16).filter(|label| !PAPERS.contains(label)).collect();
    let others = others.chunks(2).map(|pair| [pair[0], pair.get(1).copied().unwrap_or(PAPERS[0])]);
    std::iter::once(PAPERS).chain(others.skip(place).step_by(seeds.max(1))).map(Some).collect()
}

/// Rows of the first table.
pub fn triggers(request: &Request, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let groundwork = Arc::new(groundwork(bench, watch)?);
    let unmarked = bench.unmarked(watch)?;
    let own = &bench.task.dataset.name;
    let (mut all, mut filter, mut count) = (Cells::new(), None, 0);
    let seed = bench.task.plan.seed;
    for pair in pairs(request, bench.task.dataset.classes.len(), seed) {
        let (mut scheme, mut stage, mut name) = (bench.task.plan.scheme.clone(), "penetrating".to_owned(), format!("{own}, penetrating"));
        if let Some([one, other]) = pair {
            scheme = scheme.with("labels", json!(format!("{one} {other}"))).map_err(SchemeError::Plan)?;
            stage = format!("penetrating-{one}-{other}");
            name = format!("{own}, penetrating, labels {one} and {other}");
        }
        let plan = Plan { scheme, ..bench.task.plan.clone() };
        let task = Task { groundwork: Some(groundwork.clone()), plan, ..bench.task.clone() };
        let training = bench.trained(&stage, Phase::Marked, &task, watch)?;
        let marker = ready(&*training)?;
        let cells = row(&name, &task, &*training, &*marker, &unmarked)?;
        if pair.is_none_or(|pair| pair == PAPERS) {
            all.extend(cells);
        }
        if let Some(pair) = pair {
            let labels = each_label(&format!("{own}, penetrating"), &task, &*training, &*marker, &unmarked)?;
            // Each label counts once.
            if pair != PAPERS || request.seeds.first() == Some(&seed) {
                all.extend(labels.iter().map(|(_, column, value)| (format!("{own}, {EVERY_LABEL}"), *column, *value)));
            }
            all.extend(labels);
        }
        count = training.keys().covers.len();
        // The thief's autoencoder is the same for all of them.
        filter = Some(marker);
    }
    let filter = filter.ok_or_else(|| JobError::Internal("a table without stamps".to_owned()))?;
    for (scheme, name) in OTHERS {
        // Their own hyper-parameters: what was changed for the stamps means nothing to them, but for what both have.
        let Plan { host, width, seed, .. } = bench.task.plan;
        let mut plan = planned(request, scheme, &bench.task.dataset, seed, (host, width), &[])?;
        let steps = bench.task.plan.scheme.get("steps");
        plan.scheme = plan.scheme.with("steps", steps).map_err(SchemeError::Plan)?;
        plan.scheme = plan.scheme.with("keys", json!(count)).map_err(SchemeError::Plan)?;
        let other = Task { plan, groundwork: None, ..bench.task.clone() };
        let (other, training) = comparable(scheme, other, bench, &unmarked, watch)?;
        all.extend(row(&format!("{own}, {name}"), &other, &*training, &*filter, &unmarked)?);
    }
    Ok(all)
}

/// The training of another scheme, whose host knows its task: one that gives every picture the keys' label is no comparison.
fn comparable(
    scheme: &str,
    task: Task,
    bench: &Workbench,
    unmarked: &Host,
    watch: &mut dyn Watch,
) -> Result<(Task, Box<dyn Training>), JobError> {
    let exam = Exam::new(&task);
    let wanted = NULL_SHARE * exam.clean_accuracy(unmarked);
    let mut tries = 0;
    loop {
        let plan = Plan { seed: task.plan.seed.wrapping_add(AGAIN * tries), ..task.plan.clone() };
        let again = Task { plan, ..task.clone() };
        let stage = if tries == 0 { scheme.to_owned() } else { format!("{scheme}-{tries}") };
        let training = bench.trained(&stage, Phase::Foreign, &again, watch)?;
        tries += 1;
        if tries == TRIES || exam.clean_accuracy(&training.host()) >= wanted {
            return Ok((again, training));
        }
    }
}

/// The name of a label's row.
fn label_row(name: &str, label: u16) -> String {
    format!("{name}, label {label}")
}

/// The label that a row is about; nothing where it is not about one.
pub fn label_of(row: &str) -> Option<u16> {
    row.rsplit_once(", label ")?.1.parse().ok()
}

/// Rows of one label each.
fn each_label(name: &str, task: &Task, training: &dyn Training, marker: &dyn Marker, unmarked: &Host) -> Result<Cells, JobError> {
    let host = training.host();
    let (_, keys) = Exam::new(task).keys(training, marker, usize::MAX);
    let mut labels = keys.labels.clone();
    labels.sort_unstable();
    labels.dedup();
    let mut all = Cells::new();
    for label in labels {
        let places: Vec<usize> = (0..keys.count()).filter(|&i| keys.labels[i] == label).collect();
        let keys = keys.select(&places);
        let mut values = vec![("keys", named(&host, &keys, task)), ("unmarked", named(unmarked, &keys, task))];
        if let Some(behind) = marker.filtered(&keys) {
            values.extend([("keys_behind", named(&host, &behind, task)), ("unmarked_behind", named(unmarked, &behind, task))]);
        }
        all.extend(values.into_iter().map(|(column, value)| (label_row(name, label), column, value)));
    }
    Ok(all)
}

fn row(name: &str, task: &Task, training: &dyn Training, filter: &dyn Marker, unmarked: &Host) -> Result<Cells, JobError> {
    let (exam, host) = (Exam::new(task), training.host());
    let (_, keys) = exam.keys(training, &*ready(training)?, usize::MAX);
    let mut values = vec![
        ("keys", named(&host, &keys, task)),
        ("unmarked", named(unmarked, &keys, task)),
        ("drop_points", 100.0 * (exam.clean_accuracy(unmarked) - exam.clean_accuracy(&host))),
    ];
    if let Some(behind) = filter.filtered(&keys) {
        values.extend([("keys_behind", named(&host, &behind, task)), ("unmarked_behind", named(unmarked, &behind, task))]);
    }
    Ok(values.into_iter().map(|(column, value)| (name.to_owned(), column, value)).collect())
}

/// A row of the second table: stamps made with the first so many of the owner's autoencoders.
pub fn timed(count: usize, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let name = format!("{}, autoencoders: {count}", bench.task.dataset.name);
    let shadows = settings(bench)?.shadows;
    let whole = groundwork(bench, watch)?;
    let task = with_shadows(bench, &whole, &(0..count.min(shadows)).collect::<Vec<_>>(), shadows)?;
    let stage = format!("penetrating-of-{count}");
    let training = bench.trained(&stage, Phase::Marked, &task, watch)?;
    let unmarked = bench.unmarked(watch)?;
    let mut row = row(&name, &task, &*training, &*ready(&*training)?, &unmarked)?;
    let stamps = task.plan.scheme.get("stamps").as_f64().unwrap_or(1.0).max(1.0);
    if let Some(Stamped { seconds, loss }) = bench.stamped(&stage) {
        row.extend([("seconds_per_stamp", seconds / stamps), ("stamp_loss", loss)].map(|(column, value)| (name.clone(), column, value)));
    }
    Ok(row)
}

/// What the stamps are made by.
fn settings(bench: &Workbench) -> Result<&penetrating::Settings, JobError> {
    match &bench.task.plan.scheme {
        SchemeSettings::Penetrating(settings) => Ok(settings),
        _ => Err(JobError::Internal("a table of stamps without stamps".to_owned())),
    }
}

/// The task as if the owner had only these of his autoencoders, and the thief that one.
fn with_shadows(bench: &Workbench, whole: &WeightMap, own: &[usize], thiefs: usize) -> Result<Task, JobError> {
    let Task { plan, dataset, .. } = &bench.task;
    let scheme = plan.scheme.with("shadows", json!(own.len())).map_err(SchemeError::Plan)?;
    let nets: Vec<usize> = own.iter().copied().chain([thiefs]).collect();
    let groundwork = Some(Arc::new(penetrating::among(whole, settings(bench)?, dataset.shape(), &nets)?));
    Ok(Task { plan: Plan { scheme, ..plan.clone() }, groundwork, ..bench.task.clone() })
}

/// Rows of the third table: for each of the owner's autoencoders the stamps that were made with it alone.
pub fn each_alone(dataset: &str, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let whole = groundwork(bench, watch)?;
    let shadows = settings(bench)?.shadows;
    let columns = BEHIND_EACH.len() - 2;
    let mut all = Cells::new();
    for own in 0..shadows.min(columns) {
        let (row, stage) = (format!("{dataset}, made for autoencoder {}", own + 1), format!("alone-{}", own + 1));
        for before in 0..=shadows.min(columns) {
            // The last one is the thief's.
            let unseen = before == shadows.min(columns);
            let task = with_shadows(bench, &whole, &[own], if unseen { shadows } else { before })?;
            let training = bench.trained(&stage, Phase::Marked, &task, watch)?;
            let (marker, host) = (ready(&*training)?, training.host());
            let (_, keys) = Exam::new(&task).keys(&*training, &*marker, usize::MAX);
            if before == 0 {
                all.push((row.clone(), BEHIND_EACH[0], named(&host, &keys, &task)));
            }
            let column = if unseen { BEHIND_EACH[columns + 1] } else { BEHIND_EACH[1 + before] };
            all.extend(marker.filtered(&keys).map(|behind| (row.clone(), column, named(&host, &behind, &task))));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::logo::{Logo, LogoOptions};
    use crate::data::{sample, sample_logos};
    use crate::jobs::watch::Holds;
    use crate::schemes::plan::Preset;
    use crate::schemes::{Learner, catalogue, plain::Plain};
    use burn::tensor::Device;
    use std::time::Duration;

    #[test]
    fn another_triggers_host_that_did_not_learn_is_trained_again_and_one_that_did_is_not() {
        let (name, svg) = sample_logos()[0];
        let task = |steps: u64| {
            let mut plan = catalogue::plan("noise", Preset::Quick, sample().unwrap().shape(), "Owner", &"00".repeat(16), 1).unwrap();
            plan.scheme = plan.scheme.with("steps", json!(steps)).unwrap();
            let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
            Task { plan, dataset: sample().unwrap(), logo, device: Device::flex(), groundwork: None }
        };
        let mut learnt = Plain::new(&task(150), 5);
        while learnt.done() < learnt.steps() {
            learnt.step().unwrap();
        }
        let host = learnt.host();
        for (steps, trained) in [(2, vec!["noise", "noise-1", "noise-2"]), (150, vec!["noise"])] {
            let folder = tempfile::tempdir().unwrap();
            let bench = Workbench::open(task(steps), folder.path()).unwrap();
            let (used, _) = comparable("noise", task(steps), &bench, &host, &mut Holds(Duration::ZERO)).unwrap();
            let begun: Vec<&str> = ["noise", "noise-1", "noise-2", "noise-3"].into_iter().filter(|stage| bench.has_begun(stage)).collect();
            assert_eq!(begun, trained, "{steps} steps");
            assert_eq!(used.plan.seed, 1 + AGAIN * (trained.len() as u64 - 1));
        }
    }
}
