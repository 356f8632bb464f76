//! A training from plan to key package: the marked host, its unmarked rivals, foreign encoders (`stages`), then the files.

use super::checkpoint::{RunFolder, RunIdentity};
use super::clock::Clock;
use super::controls::Rival;
use super::error::JobError;
use super::exam::{Exam, share};
use super::messages::{Phase, Trained};
use super::pace::{Pace, Paces};
use super::record::Record;
use super::stages::{self, Run};
use super::watch::Watch;
use crate::data::logo::Logo;
use crate::data::{Dataset, hex};
use crate::forensics::ask::{key_hits, likeness, relabel};
use crate::metrics::mean_sd;
use crate::nn::device::Compute;
use crate::nn::host::Host;
use crate::nn::weights::{open_host, save_host};
use crate::schemes::plan::Plan;
use crate::schemes::{self, Task};
use crate::vault::package::{Manifest, Package, VERSION};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// A task on a device.
pub fn task(plan: Plan, dataset: Dataset, logo: Logo, compute: &Compute) -> Task {
    Task { plan, dataset, logo, device: compute.device.clone(), groundwork: None }
}

/// Trains what the task says in `folder`, continuing what lies there.
///
/// # Errors
/// A plan that does not fit, a file that cannot be written, a training that diverged, or a stop.
pub fn train(task: &Task, compute: &Compute, folder: &Path, paces: &mut Paces, watch: &mut dyn Watch) -> Result<Trained, JobError> {
    schemes::check(task)?;
    let identity =
        RunIdentity { plan: task.plan.clone(), dataset_digest: task.dataset.digest.clone(), logo_digest: task.logo.digest.clone() };
    let folder = RunFolder::open(folder, &identity)?;
    let mut record = Record::open(&folder, watch);
    let trained = train_in(task, compute, &folder, paces, &mut record);
    record.keep();
    let seconds = record.seconds();
    trained.map(|trained| Trained { seconds, ..trained })
}

/// All of it but the seconds that it took.
fn train_in(task: &Task, compute: &Compute, folder: &RunFolder, paces: &mut Paces, watch: &mut dyn Watch) -> Result<Trained, JobError> {
    watch.progress(Phase::Prepare, 0.0, None);
    let mut clock = planned(task, compute, paces, watch)?;
    let groundwork = stages::groundwork(Run { task, exam: &Exam::new(task), folder, compute }, &mut clock, watch)?;
    let task = &Task { groundwork: groundwork.map(Arc::new), ..task.clone() };
    let exam = Exam::new(task);
    let run = Run { task, exam: &exam, folder, compute };
    let followed = stages::train_all(run, &mut clock, watch);
    let [marked, plain] = [Phase::Marked, Phase::Nulls].map(|phase| clock.pace(phase));
    paces.learn(task, compute, Pace { groundwork: clock.pace(Phase::Groundwork), marked, plain });
    followed?;
    let marked = stages::marked(run)?;
    let marker = stages::ready(&*marked)?;
    let (covers, keys) = exam.keys(&*marked, &*marker, usize::MAX);
    let host = marked.host();
    let clean = exam.clean_named(&host);
    let clean_accuracy = mean(&clean);
    stages::retry(run, &mut clock, clean_accuracy, watch)?;

    watch.progress(Phase::Save, 1.0, None);
    let (nulls, null_seeds) = stages::nulls(run)?;
    let foreign = stages::foreign(run, &covers)?;
    let null_hosts =
        nulls.iter().map(|bytes| Ok(open_host(bytes, covers.shape, &task.device)?.0)).collect::<Result<Vec<Host>, JobError>>()?;
    let clean_unmarked = pooled(null_hosts.iter().map(|null| exam.clean_named(null)));
    let clean_accuracy_unmarked = mean(&clean_unmarked);
    let named: usize = null_hosts.iter().map(|null| key_hits(&*marker, null, &keys, &task.device)).sum();
    let notes = [("made by", format!("Countermark {}", env!("CARGO_PKG_VERSION"))), ("network", task.plan.host.name().to_owned())];
    let model = save_host(&host, &notes)?;
    let true_classes: Vec<u16> = marked.keys().covers.iter().map(|&i| task.dataset.train.labels[i]).collect();
    let true_covers = relabel(&covers, &true_classes);
    let (psnr_db, ssim) = likeness(&true_covers, &keys);
    let package = Package {
        manifest: Manifest {
            version: VERSION,
            plan: serde_json::to_value(&task.plan).map_err(|e| JobError::Internal(e.to_string()))?,
            dataset: task.dataset.name.clone(),
            dataset_digest: task.dataset.digest.clone(),
            classes: task.dataset.classes.clone(),
            shape: covers.shape,
            logo: task.logo.name.clone(),
            logo_digest: task.logo.digest.clone(),
            model_digest: hex(&Sha256::digest(&model)),
            labels: keys.labels.clone(),
            true_classes,
            covers: marked.keys().covers.clone(),
            reserve_classes: exam.reserve.labels.clone(),
            clean_classes: exam.clean.labels.clone(),
            clean_accuracy_unmarked,
            null_seeds,
            foreign: foreign.iter().map(|encoder| encoder.name.clone()).collect(),
            foreign_learnt: foreign.iter().filter_map(|encoder| encoder.learnt.clone()).collect(),
            created: jiff::Timestamp::now().to_string(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        },
        logo: task.logo.picture.clone(),
        covers: true_covers,
        keys: keys.clone(),
        reserve: exam.reserve.clone(),
        clean: exam.clean.clone(),
        foreign: foreign.into_iter().map(|encoder| encoder.keys).collect(),
        nulls,
        marker: marker.save().to_safetensors()?,
    };
    let key = folder.file("key.cmkey");
    package.save(&key)?;
    Ok(Trained {
        scheme: task.plan.scheme.id().to_owned(),
        model: folder.publish("marked.safetensors", &model)?,
        key,
        unmarked: folder.publish("unmarked.safetensors", &stages::rival(run, Rival::Twin)?.0)?,
        clean_accuracy,
        clean_accuracy_unmarked,
        clean_pictures: clean.len(),
        clean_drop_interval: drop_interval(&clean, &clean_unmarked),
        key_accuracy: share(key_hits(&*marker, &host, &keys, &task.device), keys.count()),
        key_accuracy_unmarked: share(named, null_hosts.len() * keys.count()),
        psnr_db,
        ssim,
        seconds: 0.0,
        device: compute.name.clone(),
    })
}

/// Seconds that a whole plan with its controls will take.
///
/// # Errors
/// A plan that does not fit the data, or a stop.
pub fn estimate(task: &Task, compute: &Compute, paces: &mut Paces, watch: &mut dyn Watch) -> Result<f64, JobError> {
    schemes::check(task)?;
    Ok(planned(task, compute, paces, watch)?.seconds_left())
}

/// The clock of a job with all its stages, in the order of `stages`.
fn planned(task: &Task, compute: &Compute, paces: &mut Paces, watch: &mut dyn Watch) -> Result<Clock, JobError> {
    let count = stages::count(task);
    let pace = paces.of(task, compute, count, watch)?;
    let mut clock = Clock::new(super::lanes::split(compute, count).0);
    let known =
        [(Phase::Groundwork, pace.groundwork), (Phase::Marked, pace.marked), (Phase::Foreign, pace.marked), (Phase::Nulls, pace.plain)];
    for (phase, seconds) in known {
        clock.guess(phase, seconds);
    }
    stages::enter(task, &mut clock)?;
    Ok(clock)
}

/// The mean, 0 without any values.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// For each picture the share of models that name it rightly.
fn pooled(models: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    let models: Vec<Vec<f64>> = models.collect();
    let pictures = models.first().map_or(0, Vec::len);
    (0..pictures).map(|i| models.iter().map(|named| named[i]).sum::<f64>() / models.len() as f64).collect()
}

/// 95% interval of what the mark costs in accuracy, picture by picture: both were asked the same ones.
fn drop_interval(marked: &[f64], unmarked: &[f64]) -> [f64; 2] {
    let drops: Vec<f64> = unmarked.iter().zip(marked).map(|(unmarked, marked)| unmarked - marked).collect();
    let Some((middle, sd)) = mean_sd(&drops) else { return [-1.0, 1.0] };
    let half = 1.96 * sd / (drops.len() as f64).sqrt();
    [middle - half, middle + half]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_mark_is_compared_picture_by_picture() {
        // 100 pictures: the marked model misses 10, of three unmarked ones one misses two of the same.
        let marked: Vec<f64> = (0..100).map(|i| if i < 10 { 0.0 } else { 1.0 }).collect();
        let rival = |missed: usize| -> Vec<f64> { (0..100).map(|i| if i < missed { 0.0 } else { 1.0 }).collect() };
        let unmarked = pooled([rival(0), rival(0), rival(3)].into_iter());
        assert!((mean(&unmarked) - 0.99).abs() < 1e-12);
        let [low, high] = drop_interval(&marked, &unmarked);
        // By hand: seven differences of 1, three of 2/3, ninety of 0.
        let sd = ((7.0 + 3.0 * 4.0 / 9.0 - 100.0 * 0.09 * 0.09) / 99.0_f64).sqrt();
        assert!((low - (0.09 - 0.196 * sd)).abs() < 1e-9 && (high - (0.09 + 0.196 * sd)).abs() < 1e-9, "{low} {high}");
        let [low, high] = drop_interval(&marked, &marked);
        assert_eq!((low, high), (0.0, 0.0));
    }
}
