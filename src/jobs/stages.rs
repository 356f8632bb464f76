//! What a run trains besides the marked model, and what of it is trained anew because it makes no fair control.
//!
//! Each stage ends in a file, `marked`, `twin-T`, `null-N-T` or `foreign-N-T` for the T-th try, so that a run that was killed goes
//! on where it was. Stages are independent of each other and trained side by side (`lanes`).

use super::checkpoint::RunFolder;
use super::clock::Clock;
use super::controls::{Rival, foreign_name, foreign_task, null_count, rivals};
use super::error::JobError;
use super::exam::{Exam, share};
use super::lanes::{Lane, Note, Stage, conduct};
use super::messages::Phase;
use super::watch::Watch;
use crate::data::Samples;
use crate::forensics::ask::{gather, key_hits, likeness};
use crate::forensics::judge::NULL_SHARE;
use crate::nn::device::Compute;
use crate::nn::weights::{WeightMap, open_host, save_host};
use crate::schemes::plain::Plain;
use crate::schemes::{self, Learner, Marker, Task, Training, catalogue};
use crate::vault::package::Learnt;
use std::time::Instant;

/// How often a model that did not learn its task is trained in all.
pub const TRIES: u64 = 3;
/// The same for a foreign encoder, which takes longer and may never learn where the recipe is too short.
const FOREIGN_TRIES: u64 = 2;
/// A foreign encoder counts as learnt when its own model answers so many of its own keys, share 0..1.
const FOREIGN_LEARNT: f64 = 0.9;

/// A run's task with where and by what it is judged.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What is trained.
    pub task: &'a Task,
    /// What it is asked.
    pub exam: &'a Exam,
    /// Where the stages' files lie.
    pub folder: &'a RunFolder,
    /// What computes.
    pub compute: &'a Compute,
}

/// The keys of a foreign encoder on this owner's covers.
pub struct Foreign {
    /// Its name.
    pub name: String,
    /// How well it learnt its own mark; `None` where nothing is learnt.
    pub learnt: Option<Learnt>,
    /// The keys.
    pub keys: Samples,
}

/// Whether a task's marker is trained, rather than following from logo and settings.
fn learns(task: &Task) -> bool {
    catalogue::card(task.plan.scheme.id()).is_some_and(|card| card.learns)
}

/// What makes a training's keys.
pub fn ready(training: &dyn Training) -> Result<Box<dyn Marker>, JobError> {
    training.marker().ok_or_else(|| JobError::Internal("the scheme makes no keys".to_owned()))
}

/// Steps of a marked, a foreign and an unmarked training.
pub fn steps(task: &Task) -> Result<(u64, u64, u64), JobError> {
    let marked = schemes::training(task)?;
    let foreign = if learns(task) { marked.steps() } else { 0 };
    Ok((marked.steps(), foreign, Plain::new(task, 0).steps()))
}

/// How many stages a task has at least.
pub fn count(task: &Task) -> usize {
    1 + task.plan.foreign + 1 + null_count(task)
}

/// Enters the stages of a task into a clock, in their order.
pub fn enter(task: &Task, clock: &mut Clock) -> Result<(), JobError> {
    let (marked, foreign, plain) = steps(task)?;
    if let Some(groundwork) = schemes::groundwork(task)? {
        clock.add(Phase::Groundwork, groundwork.steps());
    }
    clock.add(Phase::Marked, marked);
    for _ in 0..task.plan.foreign {
        clock.add(Phase::Foreign, foreign);
    }
    for _ in rivals(task) {
        clock.add(Phase::Nulls, plain);
    }
    Ok(())
}

/// Name of the stage that learns what a scheme needs from the pictures alone.
const GROUNDWORK: &str = "groundwork";

/// Learns what the scheme needs from the pictures alone; nothing for most schemes.
pub fn groundwork(run: Run, clock: &mut Clock, watch: &mut dyn Watch) -> Result<Option<WeightMap>, JobError> {
    let Some(mut learner) = schemes::groundwork(run.task)? else { return Ok(None) };
    let identity = learner.identity();
    let stage = move |lane: &Lane| {
        if lane.folder.finished(GROUNDWORK).is_some() {
            lane.tell(Note::Skipped(lane.stage, learner.steps()));
            return Ok(());
        }
        // One that is the same in all is taken as it is, and of others what is the same in them.
        for bytes in run.folder.beside(GROUNDWORK) {
            let Ok(other) = WeightMap::from_safetensors(&bytes) else { continue };
            if other.notes.get(IDENTITY) == Some(&identity) {
                lane.tell(Note::Skipped(lane.stage, learner.steps()));
                return lane.folder.finish(GROUNDWORK, &bytes);
            }
            learner.adopt(&other);
        }
        lane.learn(GROUNDWORK, &mut *learner)?;
        let mut outcome = learner.outcome()?;
        outcome.notes.insert(IDENTITY.to_owned(), identity);
        lane.folder.finish(GROUNDWORK, &outcome.to_safetensors()?)
    };
    follow(vec![Box::new(stage)], run, (clock, 0), watch)?;
    let bytes = run.folder.finished(GROUNDWORK).ok_or_else(|| lost(GROUNDWORK))?;
    Ok(Some(WeightMap::from_safetensors(&bytes)?))
}

/// Note that says what a groundwork was learnt from.
const IDENTITY: &str = "identity";

/// Does all stages; those that are finished do nothing.
pub fn train_all(run: Run, clock: &mut Clock, watch: &mut dyn Watch) -> Result<(), JobError> {
    let first = usize::from(run.task.groundwork.is_some());
    let mut stages: Vec<Stage> = vec![Box::new(move |lane| marked_stage(run, lane))];
    stages.extend((0..run.task.plan.foreign).map(|i| Box::new(move |lane: &Lane| foreign_stage(run, i, 0, lane)) as Stage));
    stages.extend(rivals(run.task).map(|rival| Box::new(move |lane: &Lane| rival_stage(run, rival, 0, lane)) as Stage));
    follow(stages, run, (clock, first), watch)
}

/// Does the stages, whose places in the clock begin with `first`, and tells how far they are.
fn follow(stages: Vec<Stage>, run: Run, (clock, first): (&mut Clock, usize), watch: &mut dyn Watch) -> Result<(), JobError> {
    let mut now = Phase::Marked;
    let mut told = Instant::now();
    conduct(stages, run.folder, run.compute, watch, &mut |note, watch| {
        match note {
            Note::Skipped(stage, steps) => clock.skip(first + stage, steps),
            Note::Step(stage, seconds) => {
                clock.step(first + stage, seconds);
                // The window speaks of the marked model as long as that is being trained.
                let phase = clock.phase(first + stage);
                now = if clock.is_done(Phase::Marked) || phase == Phase::Groundwork { phase } else { Phase::Marked };
            }
            Note::Metric(point) => watch.metric(point),
            Note::Preview(preview) => watch.preview(preview),
        }
        let passed = std::mem::replace(&mut told, Instant::now()).elapsed().as_secs_f64();
        watch.progress(now, clock.share(), Some(clock.told(passed)));
    })
}

/// Whether a stage ended in an earlier life of its run; its steps are counted as done then.
fn is_done(lane: &Lane, name: &str, training: &dyn Training) -> bool {
    let done = lane.folder.finished(name).is_some();
    if done {
        lane.tell(Note::Skipped(lane.stage, training.steps()));
    }
    done
}

fn marked_stage(run: Run, lane: &Lane) -> Result<(), JobError> {
    let mut training = schemes::training(run.task)?;
    if is_done(lane, "marked", &*training) {
        return Ok(());
    }
    lane.train("marked", &mut *training, Some(run.exam))?;
    lane.folder.finish("marked", &training.save().to_safetensors()?)
}

fn rival_stage(run: Run, rival: Rival, tries: u64, lane: &Lane) -> Result<(), JobError> {
    let (name, seed) = (rival.stage(tries), rival.seed(run.task, tries));
    let mut training = Plain::new(run.task, seed);
    if is_done(lane, &name, &training) {
        return Ok(());
    }
    lane.train(&name, &mut training, None)?;
    lane.folder.finish(&name, &save_host(&training.host(), &[("seed", seed.to_string())])?)
}

fn foreign_stage_name(index: usize, tries: u64) -> String {
    format!("foreign-{index}-{tries}")
}

fn foreign_stage(run: Run, index: usize, tries: u64, lane: &Lane) -> Result<(), JobError> {
    let name = foreign_stage_name(index, tries);
    let task = foreign_task(run.task, index, tries);
    let mut training = schemes::training(&task)?;
    if is_done(lane, &name, &*training) {
        return Ok(());
    }
    let mut saved = ready(&*training)?.save();
    if learns(&task) {
        lane.train(&name, &mut *training, None)?;
        let marker = ready(&*training)?;
        saved = marker.save();
        // An encoder whose own model does not see its mark is no foreign mark at all.
        let (covers, keys) = run.exam.keys(&*training, &*marker, usize::MAX);
        let key_accuracy = share(key_hits(&*marker, &training.host(), &keys, &task.device), keys.count());
        let learnt = Learnt { key_accuracy, psnr_db: likeness(&covers, &keys).0 };
        saved.notes.insert("learnt".to_owned(), serde_json::to_string(&learnt).map_err(|e| JobError::Internal(e.to_string()))?);
    }
    lane.folder.finish(&name, &saved.to_safetensors()?)
}

fn lost(name: &str) -> JobError {
    JobError::Internal(format!("the result of the stage {name} is gone"))
}

/// The marked training as it ended.
pub fn marked(run: Run) -> Result<Box<dyn Training>, JobError> {
    let mut training = schemes::training(run.task)?;
    training.load(&WeightMap::from_safetensors(&run.folder.finished("marked").ok_or_else(|| lost("marked"))?)?)?;
    Ok(training)
}

/// The latest training of an unmarked model, and its seed.
pub fn rival(run: Run, rival: Rival) -> Result<(Vec<u8>, u64), JobError> {
    let found = (0..TRIES).rev().find_map(|tries| Some((run.folder.finished(&rival.stage(tries))?, rival.seed(run.task, tries))));
    found.ok_or_else(|| lost(&rival.stage(0)))
}

/// All null models, and their seeds.
pub fn nulls(run: Run) -> Result<(Vec<Vec<u8>>, Vec<u64>), JobError> {
    let all = (0..null_count(run.task)).map(|i| rival(run, Rival::Null(i))).collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().unzip())
}

/// The latest training of a foreign encoder, how well it learnt, and which try it was.
fn latest_foreign(run: Run, index: usize) -> Result<(WeightMap, Option<Learnt>, u64), JobError> {
    let name = |tries| foreign_stage_name(index, tries);
    let found = (0..FOREIGN_TRIES).rev().find_map(|tries| Some((run.folder.finished(&name(tries))?, tries)));
    let (bytes, tries) = found.ok_or_else(|| lost(&name(0)))?;
    let saved = WeightMap::from_safetensors(&bytes)?;
    let learnt = match saved.notes.get("learnt") {
        Some(text) => Some(serde_json::from_str(text).map_err(|_| lost(&name(tries)))?),
        None => None,
    };
    Ok((saved, learnt, tries))
}

fn has_learnt(learnt: Option<&Learnt>) -> bool {
    learnt.is_none_or(|learnt| learnt.key_accuracy >= FOREIGN_LEARNT)
}

/// Trains anew what makes no fair comparison (verification.md section 3): unmarked models that do not know the task, and foreign
/// encoders whose own models do not see their mark.
pub fn retry(run: Run, clock: &mut Clock, clean_accuracy: f64, watch: &mut dyn Watch) -> Result<(), JobError> {
    for tries in 1..=TRIES {
        let (mut weak, mut deaf) = (Vec::new(), Vec::new());
        for rival in rivals(run.task) {
            let (host, _) = open_host(&self::rival(run, rival)?.0, run.exam.clean.shape, &run.task.device)?;
            if run.exam.clean_accuracy(&host) < NULL_SHARE * clean_accuracy {
                weak.push(rival);
            }
        }
        for index in 0..run.task.plan.foreign {
            if !has_learnt(latest_foreign(run, index)?.1.as_ref()) {
                deaf.push(index);
            }
        }
        let (weak_now, deaf_now) = (weak.len(), deaf.len());
        weak.retain(|_| tries < TRIES);
        deaf.retain(|_| tries < FOREIGN_TRIES);
        if weak.is_empty() && deaf.is_empty() {
            warn(run.task, weak_now, deaf_now, watch);
            break;
        }
        let (_, foreign_steps, plain_steps) = steps(run.task)?;
        let places: Vec<usize> = (weak.iter().map(|_| (Phase::Nulls, plain_steps)))
            .chain(deaf.iter().map(|_| (Phase::Foreign, foreign_steps)))
            .map(|(phase, steps)| clock.add(phase, steps))
            .collect();
        let again = weak.into_iter().map(|rival| Box::new(move |lane: &Lane| rival_stage(run, rival, tries, lane)) as Stage);
        let taught = deaf.into_iter().map(|i| Box::new(move |lane: &Lane| foreign_stage(run, i, tries, lane)) as Stage);
        follow(again.chain(taught).collect(), run, (&mut *clock, places[0]), watch)?;
    }
    Ok(())
}

fn warn(task: &Task, weak: usize, deaf: usize, watch: &mut dyn Watch) {
    if weak > 0 {
        watch.warning(format!(
            "{weak} of {} unmarked models name far fewer ordinary pictures rightly than the marked one and are no fair comparison. More steps help.",
            rivals(task).count()
        ));
    }
    if deaf > 0 {
        watch.warning(format!(
            "{deaf} of {} other owners were left out: their own models do not see their marks, so they are no fair comparison. More steps help.",
            task.plan.foreign
        ));
    }
}

/// The foreign encoders that learnt, with their keys on this owner's covers.
pub fn foreign(run: Run, covers: &Samples) -> Result<Vec<Foreign>, JobError> {
    let mut all = Vec::new();
    for index in 0..run.task.plan.foreign {
        let (saved, learnt, tries) = latest_foreign(run, index)?;
        if has_learnt(learnt.as_ref()) {
            let task = foreign_task(run.task, index, tries);
            let marker = schemes::marker(&task.plan, &task.logo, task.dataset.classes.len(), covers.shape, &saved, &task.device)?;
            let keys = gather(covers.shape, &marker.mark(covers, &covers.labels), &covers.labels);
            all.push(Foreign { name: foreign_name(index), learnt, keys });
        }
    }
    Ok(all)
}
