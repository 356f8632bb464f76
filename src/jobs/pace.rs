//! How long a step of a plan takes on this machine: tried the way the job will be done, remembered, and corrected by real jobs.

use super::error::JobError;
use super::lanes::split;
use super::watch::{Flow, Watch};
use crate::nn::device::Compute;
use crate::schemes::plain::Plain;
use crate::schemes::plan::Plan;
use crate::schemes::{Learner, Task, groundwork, training};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Steps before the first one that is timed.
const COLD: u32 = 2;
/// A trial ends after this many timed steps.
const MOST_STEPS: u32 = 12;
/// Or after this long.
const LONGEST: Duration = Duration::from_millis(700);
/// How often the caller is asked whether to go on.
const TURN: Duration = Duration::from_millis(5);
/// Plans that are remembered.
const REMEMBERED: usize = 16;

/// Seconds a step with all lanes at work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Of what a scheme learns from the pictures alone; 0 where that is nothing.
    pub groundwork: f64,
    /// Of the marked model, and of a foreign encoder.
    pub marked: f64,
    /// Of an unmarked model.
    pub plain: f64,
}

/// The paces of the plans that were tried or trained last.
#[derive(Debug, Default)]
pub struct Paces {
    known: Vec<(Work, Pace)>,
}

impl Paces {
    /// The pace of a task, tried now if it is not known yet.
    ///
    /// # Errors
    /// A plan that does not fit, or a stop.
    pub fn of(&mut self, task: &Task, compute: &Compute, lanes: usize, watch: &mut dyn Watch) -> Result<Pace, JobError> {
        let work = Work::of(task, compute);
        if let Some((_, pace)) = self.known.iter().find(|(known, _)| *known == work) {
            return Ok(*pace);
        }
        let groundwork = match groundwork(task)? {
            // It has all cores for itself.
            Some(_) => tried(&|| Ok(groundwork(task)?.map(|learner| learner as Box<dyn Learner>)), compute, 1, watch)?,
            None => 0.0,
        };
        let marked = tried(&|| Ok(Some(training(task)? as Box<dyn Learner>)), compute, lanes, watch)?;
        let plain = tried(&|| Ok(Some(Box::new(Plain::new(task, 0)))), compute, lanes, watch)?;
        let pace = Pace { groundwork, marked, plain };
        self.learn(task, compute, pace);
        Ok(pace)
    }

    /// Remembers what a job has shown.
    pub fn learn(&mut self, task: &Task, compute: &Compute, pace: Pace) {
        let work = Work::of(task, compute);
        self.known.retain(|(known, _)| *known != work);
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        self.known.push((work, pace));
    }
}

/// What decides how long a step takes.
#[derive(Debug, PartialEq)]
struct Work {
    /// Without what changes nothing of it.
    plan: Plan,
    /// Of the data set.
    digest: String,
    device: String,
}

impl Work {
    fn of(task: &Task, compute: &Compute) -> Self {
        let plan = &task.plan;
        let scheme = plan.scheme.with("steps", 1.into()).unwrap_or_else(|_| plan.scheme.clone());
        let plan = Plan { scheme, owner: String::new(), salt: String::new(), seed: 0, nulls: 0, foreign: 0, ..plan.clone() };
        Self { plan, digest: task.dataset.digest.clone(), device: compute.name.clone() }
    }
}

type Make<'a> = &'a (dyn Fn() -> Result<Option<Box<dyn Learner>>, JobError> + Sync);

/// Mean seconds a step when every lane does the same.
fn tried(make: Make, compute: &Compute, lanes: usize, watch: &mut dyn Watch) -> Result<f64, JobError> {
    let (lanes, threads) = split(compute, lanes);
    let (stop, together) = (AtomicBool::new(false), Barrier::new(lanes));
    let times = std::thread::scope(|scope| {
        let run = || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let work = || catch_unwind(AssertUnwindSafe(|| timed(make, &together, &stop, compute.is_cpu)));
            let result = match &pool {
                Ok(pool) => pool.install(work),
                Err(_) => work(),
            };
            result.unwrap_or_else(|panic| Err(JobError::of_panic(super::worker::panic_text(&*panic))))
        };
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(run)).collect();
        while lanes.iter().any(|lane| !lane.is_finished()) {
            if watch.flow() == Flow::Stop {
                stop.store(true, Ordering::Relaxed);
            }
            std::thread::sleep(TURN);
        }
        let ended = lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|_| Err(JobError::Internal("a trial ended".to_owned()))));
        ended.collect::<Result<Vec<f64>, JobError>>()
    })?;
    Ok(times.iter().sum::<f64>() / times.len().max(1) as f64)
}

/// Seconds a step on this thread, once all lanes are ready. A graphics card compiles its kernels in the first steps, which say nothing of the
/// others however long they take.
fn timed(make: Make, together: &Barrier, stop: &AtomicBool, is_cpu: bool) -> Result<f64, JobError> {
    // Whatever happens here, the others must not wait at the barrier for ever.
    let made = catch_unwind(AssertUnwindSafe(make));
    together.wait();
    let mut training = made.unwrap_or_else(|panic| Err(JobError::of_panic(super::worker::panic_text(&*panic))))?;
    let Some(training) = &mut training else { return Ok(0.0) };
    let stopped = || stop.load(Ordering::Relaxed);
    let cold = Instant::now();
    for _ in 0..COLD {
        if stopped() {
            return Err(JobError::Stopped);
        }
        training.step()?;
        training.losses();
        if is_cpu && cold.elapsed() > LONGEST {
            break;
        }
    }
    let (began, mut steps) = (Instant::now(), 0);
    while steps < MOST_STEPS && (steps == 0 || began.elapsed() < LONGEST) {
        if stopped() {
            return Err(JobError::Stopped);
        }
        training.step()?;
        steps += 1;
    }
    training.losses();
    Ok(began.elapsed().as_secs_f64() / f64::from(steps))
}
