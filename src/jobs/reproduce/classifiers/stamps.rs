//! The penetrating stamps' tables: five triggers before and behind an autoencoder, stamps of more and fewer autoencoders, and stamps of one
//! autoencoder behind each of several.

use super::workbench::{Stamped, Workbench};
use super::{Cells, Request, planned};
use crate::data::Samples;
use crate::forensics::ask::hits;
use crate::jobs::error::JobError;
use crate::jobs::exam::{Exam, share};
use crate::jobs::messages::Phase;
use crate::jobs::stages::ready;
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

/// What the stamps' autoencoders come to.
fn groundwork(bench: &Workbench, watch: &mut dyn Watch) -> Result<WeightMap, JobError> {
    let missing = || JobError::Internal("the stamps have no autoencoders".to_owned());
    let mut groundwork = schemes::groundwork(&bench.task)?.ok_or_else(missing)?;
    bench.finish("groundwork", Phase::Groundwork, &mut *groundwork, watch)?;
    Ok(groundwork.outcome()?)
}

/// The stamps' training with all that comes before it, finished.
fn stamped(bench: &Workbench, watch: &mut dyn Watch) -> Result<(Task, Box<dyn Training>), JobError> {
    let task = Task { groundwork: Some(Arc::new(groundwork(bench, watch)?)), ..bench.task.clone() };
    let training = bench.trained("penetrating", Phase::Marked, &task, watch)?;
    Ok((task, training))
}

/// Share of keys that a host answers as they want.
fn named(host: &Host, keys: &Samples, task: &Task) -> f64 {
    share(hits(host, keys, &task.device), keys.count())
}

/// Rows of the first table.
pub fn triggers(request: &Request, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let (task, training) = stamped(bench, watch)?;
    let filter = ready(&*training)?;
    let unmarked = bench.unmarked(watch)?;
    let own = &task.dataset.name;
    let mut all = row(&format!("{own}, penetrating"), &task, &*training, &*filter, &unmarked)?;
    for (scheme, name) in OTHERS {
        // Their own hyper-parameters: what was changed for the stamps means nothing to them, but for what both have.
        let Plan { host, width, seed, .. } = bench.task.plan;
        let mut plan = planned(request, scheme, &task.dataset, seed, (host, width), &[])?;
        let steps = task.plan.scheme.get("steps");
        plan.scheme = plan.scheme.with("steps", steps).map_err(SchemeError::Plan)?;
        plan.scheme = plan.scheme.with("keys", json!(training.keys().covers.len())).map_err(SchemeError::Plan)?;
        let other = Task { plan, groundwork: None, ..bench.task.clone() };
        let training = bench.trained(scheme, Phase::Foreign, &other, watch)?;
        all.extend(row(&format!("{own}, {name}"), &other, &*training, &*filter, &unmarked)?);
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

/// A row of the second table.
pub fn timed(name: &str, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let (task, training) = stamped(bench, watch)?;
    let unmarked = bench.unmarked(watch)?;
    let mut row = row(name, &task, &*training, &*ready(&*training)?, &unmarked)?;
    let stamps = task.plan.scheme.get("stamps").as_f64().unwrap_or(1.0).max(1.0);
    if let Some(Stamped { seconds, loss }) = bench.stamped() {
        row.extend([("seconds_per_stamp", seconds / stamps), ("stamp_loss", loss)].map(|(column, value)| (name.to_owned(), column, value)));
    }
    Ok(row)
}

/// Rows of the third table: for each of the owner's autoencoders the stamps that were made with it alone.
pub fn each_alone(dataset: &str, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let whole = groundwork(bench, watch)?;
    let SchemeSettings::Penetrating(settings) = &bench.task.plan.scheme else { return Ok(Cells::new()) };
    let scheme = bench.task.plan.scheme.with("shadows", json!(1)).map_err(SchemeError::Plan)?;
    let (shape, shadows) = (bench.task.dataset.shape(), settings.shadows);
    let alone = |own: usize, before: usize| -> Result<Task, JobError> {
        let plan = Plan { scheme: scheme.clone(), ..bench.task.plan.clone() };
        let groundwork = Some(Arc::new(penetrating::alone(&whole, settings, shape, [own, before])?));
        Ok(Task { plan, groundwork, ..bench.task.clone() })
    };
    let columns = BEHIND_EACH.len() - 2;
    let mut all = Cells::new();
    for own in 0..shadows.min(columns) {
        let (row, stage) = (format!("{dataset}, made for autoencoder {}", own + 1), format!("alone-{}", own + 1));
        for before in 0..=shadows.min(columns) {
            // The last one is the thief's.
            let unseen = before == shadows.min(columns);
            let task = alone(own, if unseen { shadows } else { before })?;
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
