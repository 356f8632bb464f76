//! A training from plan to key package: the marked host, its unmarked rivals, foreign encoders, then the files.
//!
//! The stages are `marked`, `null-0` …, `foreign-0` …; each ends in a file, so that a run that was killed goes on where it was.
//! They are independent of each other and trained side by side (`lanes`).

use super::checkpoint::{RunFolder, RunIdentity};
use super::clock::Clock;
use super::controls::{foreign_name, foreign_task, null_seed};
use super::error::JobError;
use super::exam::{Exam, share};
use super::lanes::{Lane, Note, Stage, conduct};
use super::messages::{Phase, Trained};
use super::pace::{Pace, Paces};
use super::record::Record;
use super::watch::Watch;
use crate::data::logo::Logo;
use crate::data::{Dataset, Samples};
use crate::forensics::ask::{gather, hex, hits, likeness, relabel};
use crate::forensics::judge::NULL_SHARE;
use crate::nn::device::Compute;
use crate::nn::host::Host;
use crate::nn::weights::{WeightMap, open_host, save_host};
use crate::schemes::plain::Plain;
use crate::schemes::plan::Plan;
use crate::schemes::{self, Marker, Task, Training};
use crate::vault::package::{Manifest, Package, VERSION};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Instant;

/// How often a null model that did not learn is trained anew.
const NULL_TRIES: u64 = 3;

/// A task on a device.
pub fn task(plan: Plan, dataset: Dataset, logo: Logo, compute: &Compute) -> Task {
    Task { plan, dataset, logo, device: compute.device.clone() }
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
    let exam = Exam::new(task);
    let stages = stages(task, &exam);
    let followed = follow(stages, folder, compute, (&mut clock, 0), watch);
    paces.learn(task, Pace { marked: clock.pace(Phase::Marked), plain: clock.pace(Phase::Nulls) });
    followed?;
    let marked = finished(task, folder, "marked")?;
    let marker = ready(&*marked)?;
    let (covers, keys) = exam.keys(&*marked, &*marker, usize::MAX);
    let host = marked.host();
    let clean_accuracy = exam.clean_accuracy(&host);
    retry_nulls(task, &exam, folder, compute, &mut clock, clean_accuracy, watch)?;

    watch.progress(Phase::Save, 1.0, None);
    let (nulls, null_seeds) = nulls(task, folder)?;
    let foreign = foreign(task, folder, &covers)?;
    let null_hosts =
        nulls.iter().map(|bytes| Ok(open_host(bytes, covers.shape, &task.device)?.0)).collect::<Result<Vec<Host>, JobError>>()?;
    let clean_accuracy_unmarked = null_hosts.iter().map(|null| exam.clean_accuracy(null)).sum::<f64>() / null_hosts.len().max(1) as f64;
    let named: usize = null_hosts.iter().map(|null| hits(null, &keys, &task.device)).sum();
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
            foreign: (0..foreign.len()).map(foreign_name).collect(),
            created: jiff::Timestamp::now().to_string(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        },
        logo: task.logo.picture.clone(),
        covers: true_covers,
        keys: keys.clone(),
        reserve: exam.reserve.clone(),
        clean: exam.clean.clone(),
        foreign,
        nulls: nulls.clone(),
        marker: marker.save().to_safetensors()?,
    };
    let key = folder.file("key.cmkey");
    package.save(&key)?;
    let unmarked = nulls.first().ok_or_else(|| JobError::Internal("no unmarked model was trained".to_owned()))?;
    Ok(Trained {
        scheme: task.plan.scheme.id().to_owned(),
        model: folder.publish("marked.safetensors", &model)?,
        key,
        unmarked: folder.publish("unmarked.safetensors", unmarked)?,
        clean_accuracy,
        clean_accuracy_unmarked,
        key_accuracy: share(hits(&host, &keys, &task.device), keys.count()),
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
    let marked = schemes::training(task)?;
    let (steps, plain_steps) = (marked.steps(), Plain::new(task, 0).steps());
    let foreign_steps = if learns(&*ready(&*marked)?) { steps } else { 0 };
    drop(marked);
    let count = 1 + task.plan.foreign + null_count(task);
    let pace = paces.of(task, compute, count, watch)?;
    let mut clock = Clock::new(super::lanes::split(compute, count).0);
    for (phase, seconds) in [(Phase::Marked, pace.marked), (Phase::Foreign, pace.marked), (Phase::Nulls, pace.plain)] {
        clock.guess(phase, seconds);
    }
    clock.add(Phase::Marked, steps);
    for _ in 0..task.plan.foreign {
        clock.add(Phase::Foreign, foreign_steps);
    }
    for _ in 0..null_count(task) {
        clock.add(Phase::Nulls, plain_steps);
    }
    Ok(clock)
}

fn null_count(task: &Task) -> usize {
    task.plan.nulls.max(1)
}

/// Whether a marker was trained, rather than following from logo and settings.
fn learns(marker: &dyn Marker) -> bool {
    !marker.save().tensors.is_empty()
}

fn ready(training: &dyn Training) -> Result<Box<dyn Marker>, JobError> {
    training.marker().ok_or_else(|| JobError::Internal("the scheme makes no keys".to_owned()))
}

/// All stages that the plan asks for; those that are finished do nothing.
fn stages<'a>(task: &'a Task, exam: &'a Exam) -> Vec<Stage<'a>> {
    let mut stages: Vec<Stage<'a>> = vec![Box::new(move |lane| marked_stage(task, exam, lane))];
    stages.extend((0..task.plan.foreign).map(|i| Box::new(move |lane: &Lane| foreign_stage(task, i, lane)) as Stage<'a>));
    stages.extend((0..null_count(task)).map(|i| Box::new(move |lane: &Lane| null_stage(task, i, 0, lane)) as Stage<'a>));
    stages
}

/// Does the stages, whose places in the clock begin with `first`, and tells how far they are.
fn follow(
    stages: Vec<Stage>,
    folder: &RunFolder,
    compute: &Compute,
    (clock, first): (&mut Clock, usize),
    watch: &mut dyn Watch,
) -> Result<(), JobError> {
    let mut now = Phase::Marked;
    let mut told = Instant::now();
    conduct(stages, folder, compute, watch, &mut |note, watch| {
        match note {
            Note::Skipped(stage, steps) => clock.skip(first + stage, steps),
            Note::Step(stage, seconds) => {
                clock.step(first + stage, seconds);
                // The window speaks of the marked model as long as that is being trained.
                now = if clock.is_done(Phase::Marked) { clock.phase(first + stage) } else { Phase::Marked };
            }
            Note::Metric(point) => watch.metric(point),
            Note::Preview(preview) => watch.preview(preview),
        }
        let passed = std::mem::replace(&mut told, Instant::now()).elapsed().as_secs_f64();
        watch.progress(now, clock.share(), Some(clock.told(passed)));
    })
}

fn marked_stage(task: &Task, exam: &Exam, lane: &Lane) -> Result<(), JobError> {
    let mut training = schemes::training(task)?;
    if lane.folder.finished("marked").is_some() {
        lane.tell(Note::Skipped(lane.stage, training.steps()));
        return Ok(());
    }
    lane.train("marked", &mut *training, Some(exam))?;
    lane.folder.finish("marked", &training.save().to_safetensors()?)
}

fn null_name(index: usize, tries: u64) -> String {
    format!("null-{index}-{tries}")
}

fn null_stage(task: &Task, index: usize, tries: u64, lane: &Lane) -> Result<(), JobError> {
    let (name, seed) = (null_name(index, tries), null_seed(task, index, tries));
    let mut training = Plain::new(task, seed);
    if lane.folder.finished(&name).is_some() {
        lane.tell(Note::Skipped(lane.stage, training.steps()));
        return Ok(());
    }
    lane.train(&name, &mut training, None)?;
    lane.folder.finish(&name, &save_host(&training.host(), &[("seed", seed.to_string())])?)
}

fn foreign_stage(task: &Task, index: usize, lane: &Lane) -> Result<(), JobError> {
    let name = format!("foreign-{index}");
    let task = foreign_task(task, index);
    let mut training = schemes::training(&task)?;
    if lane.folder.finished(&name).is_some() {
        lane.tell(Note::Skipped(lane.stage, training.steps()));
        return Ok(());
    }
    if learns(&*ready(&*training)?) {
        lane.train(&name, &mut *training, None)?;
    }
    lane.folder.finish(&name, &ready(&*training)?.save().to_safetensors()?)
}

fn lost(name: &str) -> JobError {
    JobError::Internal(format!("the result of the stage {name} is gone"))
}

fn finished(task: &Task, folder: &RunFolder, name: &str) -> Result<Box<dyn Training>, JobError> {
    let mut training = schemes::training(task)?;
    training.load(&WeightMap::from_safetensors(&folder.finished(name).ok_or_else(|| lost(name))?)?)?;
    Ok(training)
}

/// The latest training of each null model, and its seed.
fn nulls(task: &Task, folder: &RunFolder) -> Result<(Vec<Vec<u8>>, Vec<u64>), JobError> {
    let latest = |i: usize| {
        let found = (0..NULL_TRIES).rev().find_map(|tries| Some((folder.finished(&null_name(i, tries))?, null_seed(task, i, tries))));
        found.ok_or_else(|| lost(&null_name(i, 0)))
    };
    Ok((0..null_count(task)).map(latest).collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
}

/// Trains null models anew that are no fair comparison (verification.md section 3).
fn retry_nulls(
    task: &Task,
    exam: &Exam,
    folder: &RunFolder,
    compute: &Compute,
    clock: &mut Clock,
    clean_accuracy: f64,
    watch: &mut dyn Watch,
) -> Result<(), JobError> {
    for tries in 1..=NULL_TRIES {
        let (files, _) = nulls(task, folder)?;
        let mut weak = Vec::new();
        for (i, bytes) in files.iter().enumerate() {
            let (host, _) = open_host(bytes, exam.clean.shape, &task.device)?;
            if exam.clean_accuracy(&host) < NULL_SHARE * clean_accuracy {
                weak.push(i);
            }
        }
        if weak.is_empty() {
            return Ok(());
        }
        if tries == NULL_TRIES {
            watch.warning(format!(
                "{} of {} unmarked models name far fewer ordinary pictures rightly than the marked one and are no fair comparison. More steps help.",
                weak.len(),
                files.len()
            ));
            return Ok(());
        }
        let steps = Plain::new(task, 0).steps();
        let places: Vec<usize> = weak.iter().map(|_| clock.add(Phase::Nulls, steps)).collect();
        let again = weak.into_iter().map(|i| Box::new(move |lane: &Lane| null_stage(task, i, tries, lane)) as Stage).collect();
        follow(again, folder, compute, (&mut *clock, places[0]), watch)?;
    }
    Ok(())
}

/// Keys of foreign encoders on this owner's covers.
fn foreign(task: &Task, folder: &RunFolder, covers: &Samples) -> Result<Vec<Samples>, JobError> {
    let keys = |i: usize| {
        let (name, task) = (format!("foreign-{i}"), foreign_task(task, i));
        let saved = WeightMap::from_safetensors(&folder.finished(&name).ok_or_else(|| lost(&name))?)?;
        let marker = schemes::marker(&task.plan, &task.logo, covers.shape, &saved, &task.device)?;
        Ok(gather(covers.shape, &marker.mark(covers), &covers.labels))
    };
    (0..task.plan.foreign).map(keys).collect()
}
