//! Stages of a run side by side: a run trains many small networks, and two at once on two cores beat one on both.
//!
//! The worker thread stays the conductor: it talks to the caller, holds and stops the lanes through a `Gate`, and hands out
//! stages. A lane owns its tensors; on the CPU it has its own part of the cores, so that the others' work does not slow it. Which
//! lane trains a stage changes nothing in the result: a stage depends on its seed alone.

use super::checkpoint::RunFolder;
use super::error::JobError;
use super::exam::Exam;
use super::messages::{MetricPoint, Preview};
use super::rhythm::Rhythm;
use super::watch::{Flow, Watch};
use crate::nn::device::Compute;
use crate::schemes::{Learner, Training};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Lanes at most: each holds a whole training in memory.
const MOST_LANES: usize = 4;
/// How often the conductor looks for commands while lanes work.
const TURN: Duration = Duration::from_millis(20);
/// Shortest and longest time between checkpoints: however long one takes, not much work may be lost.
const CHECKPOINT_EVERY: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(20)];
/// Shortest time between previews and readings of the losses.
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// Shortest time between readings of the accuracies, which cost more.
const EXAM_EVERY: Duration = Duration::from_secs(6);

/// Holds and stops lanes.
#[derive(Debug, Default)]
pub struct Gate {
    held: AtomicBool,
    stopped: AtomicBool,
}

impl Gate {
    /// Lets the lanes wait, or go on.
    pub fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    fn pass(&self) -> Flow {
        while self.held.load(Ordering::Relaxed) && !self.stopped.load(Ordering::Relaxed) {
            std::thread::sleep(TURN);
        }
        if self.stopped.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    }
}

/// What a lane tells the conductor.
pub enum Note {
    /// So many steps of the stage at this place were done before, in an earlier session.
    Skipped(usize, u64),
    /// One more step of the stage at this place, and the seconds that it took with all that goes with it.
    Step(usize, f64),
    /// A point of a curve.
    Metric(MetricPoint),
    /// The latest pictures.
    Preview(Preview),
}

/// A lane's surroundings while it does a stage.
pub struct Lane<'a> {
    /// The run's folder.
    pub folder: &'a RunFolder,
    /// The place of the stage among those that are conducted.
    pub stage: usize,
    gate: &'a Gate,
    notes: &'a Sender<Note>,
}

/// A piece of work for a lane.
pub type Stage<'a> = Box<dyn FnOnce(&Lane) -> Result<(), JobError> + Send + 'a>;

impl Lane<'_> {
    /// Tells the conductor; it outlives the lanes.
    pub fn tell(&self, note: Note) {
        let _ = self.notes.send(note);
    }

    /// Trains until the plan's last step, with checkpoints; with an exam also with curves and pictures.
    pub fn train(&self, name: &str, training: &mut dyn Training, exam: Option<&Exam>) -> Result<(), JobError> {
        let mut examination = Rhythm::after(EXAM_EVERY);
        self.follow(name, training, &mut |training, last| {
            let points = self.losses(training)?;
            let Some(exam) = exam else { return Ok(()) };
            points.into_iter().for_each(|point| self.tell(Note::Metric(point)));
            if let Some(preview) = exam.preview(training) {
                self.tell(Note::Preview(preview));
            }
            if last || examination.is_due() {
                examination.take(|| exam.curves(training)).into_iter().for_each(|point| self.tell(Note::Metric(point)));
            }
            Ok(())
        })
    }

    /// Lets something learn that has no host, until its last step, with checkpoints and curves of its losses.
    pub fn learn(&self, name: &str, learner: &mut dyn Learner) -> Result<(), JobError> {
        self.follow(name, learner, &mut |learner, _| {
            self.losses(learner)?.into_iter().for_each(|point| self.tell(Note::Metric(point)));
            Ok(())
        })
    }

    /// Takes step after step, writes checkpoints, and lets `look` see it now and then and after the last step.
    fn follow<L: Learner + ?Sized>(
        &self,
        name: &str,
        training: &mut L,
        look: &mut dyn FnMut(&mut L, bool) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        if let Some(saved) = self.folder.resume(name) {
            training.load(&saved)?;
            self.tell(Note::Skipped(self.stage, training.done()));
        }
        let mut checkpoints = Rhythm::after(CHECKPOINT_EVERY[0]).at_most(CHECKPOINT_EVERY[1]);
        let mut looks = Rhythm::after(LOOK_EVERY);
        while training.done() < training.steps() {
            if self.gate.pass() == Flow::Stop {
                self.folder.checkpoint(name, training.save())?;
                return Err(JobError::Stopped);
            }
            let (began, before) = (Instant::now(), training.done());
            training.step()?;
            let last = training.done() == training.steps();
            if last || looks.is_due() {
                looks.take(|| look(training, last))?;
            }
            if checkpoints.is_due() {
                checkpoints.take(|| self.folder.checkpoint(name, training.save()))?;
            }
            let left_out = training.done().saturating_sub(before + 1);
            if left_out > 0 {
                self.tell(Note::Skipped(self.stage, left_out));
            }
            self.tell(Note::Step(self.stage, began.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    /// The losses since the last look.
    fn losses<L: Learner + ?Sized>(&self, training: &mut L) -> Result<Vec<MetricPoint>, JobError> {
        let (step, losses) = (training.done(), training.losses());
        if losses.iter().any(|(_, value)| !value.is_finite()) {
            return Err(JobError::Diverged(step));
        }
        Ok(losses.into_iter().map(|(name, value)| MetricPoint { step, name: name.to_owned(), value }).collect())
    }
}

/// How many lanes this device bears, and how many threads each gets.
pub fn split(compute: &Compute, stages: usize) -> (usize, usize) {
    let threads = rayon::current_num_threads();
    match compute.is_cpu {
        true => {
            let lanes = threads.min(MOST_LANES).min(stages).max(1);
            (lanes, (threads / lanes).max(1))
        }
        false => (1, threads),
    }
}

/// Does all stages, in the order given as far as lanes are free, and tells `heed` what they say. The first error ends the run.
///
/// # Errors
/// The first error of a stage, or a stop.
pub fn conduct(
    stages: Vec<Stage>,
    folder: &RunFolder,
    compute: &Compute,
    watch: &mut dyn Watch,
    heed: &mut dyn FnMut(Note, &mut dyn Watch),
) -> Result<(), JobError> {
    let gate: Arc<Gate> = watch.gate();
    let (lanes, threads) = split(compute, stages.len());
    let (notes, heard) = unbounded();
    let (results, ends) = unbounded();
    let (queue, todo) = unbounded();
    let count = stages.len();
    for stage in stages.into_iter().enumerate() {
        let _ = queue.send(stage);
    }
    drop(queue);
    gate.stopped.store(false, Ordering::Relaxed);
    std::thread::scope(|scope| {
        for index in 0..lanes {
            let (todo, notes, results, gate) = (todo.clone(), notes.clone(), results.clone(), gate.clone());
            let work = move || lane(&todo, &mut Lane { folder, stage: 0, gate: &gate, notes: &notes }, &results, threads);
            if let Err(error) = std::thread::Builder::new().name(format!("lane {index}")).spawn_scoped(scope, work) {
                return Err(JobError::Internal(error.to_string()));
            }
        }
        drop((notes, results, todo));
        let mut first: Option<JobError> = None;
        let mut ended = 0;
        while ended < count {
            if watch.flow() == Flow::Stop {
                gate.stopped.store(true, Ordering::Relaxed);
            }
            let end = ends.recv_timeout(TURN);
            heard.try_iter().for_each(|note| heed(note, watch));
            match end {
                Ok(result) => {
                    ended += 1;
                    if let Err(error) = result {
                        gate.stopped.store(true, Ordering::Relaxed);
                        first.get_or_insert(error);
                    }
                }
                Err(error) if error.is_disconnected() => break,
                Err(_) => {}
            }
        }
        first.map_or(Ok(()), Err)
    })
}

/// One lane's life: stage after stage, in its own part of the cores.
fn lane(todo: &Receiver<(usize, Stage)>, lane: &mut Lane, results: &Sender<Result<(), JobError>>, threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    while let Ok((place, stage)) = todo.recv() {
        lane.stage = place;
        if lane.gate.stopped.load(Ordering::Relaxed) {
            let _ = results.send(Err(JobError::Stopped));
            continue;
        }
        let work = || catch_unwind(AssertUnwindSafe(|| stage(lane)));
        let result = match &pool {
            Ok(pool) => pool.install(work),
            Err(_) => work(),
        };
        let _ = results.send(result.unwrap_or_else(|panic| Err(JobError::of_panic(super::worker::panic_text(&*panic)))));
    }
}
