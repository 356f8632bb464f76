//! How long a job will still take, from what its steps have taken so far.

use super::messages::Phase;

/// Work of one phase.
#[derive(Debug, Clone, Copy)]
struct Work {
    phase: Phase,
    steps: u64,
    done: u64,
    seconds_a_step: f64,
    measured: u64,
}

/// The plan of a job in steps and seconds.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    work: Vec<Work>,
    lanes: usize,
}

/// Weight of a new step against the running mean.
const FRESHNESS: f64 = 0.05;

impl Clock {
    /// Nothing to do yet, by `lanes` lanes side by side.
    pub fn new(lanes: usize) -> Self {
        Self { work: Vec::new(), lanes: lanes.max(1) }
    }

    /// Whether all steps of a phase are done.
    pub fn is_done(&self, phase: Phase) -> bool {
        self.work.iter().filter(|w| w.phase == phase).all(|w| w.done >= w.steps)
    }

    /// Adds a phase of `steps` steps, guessed at `seconds_a_step` each.
    pub fn plan(&mut self, phase: Phase, steps: u64, seconds_a_step: f64) {
        self.work.push(Work { phase, steps, done: 0, seconds_a_step, measured: 0 });
    }

    /// Takes up a step of a phase.
    pub fn step(&mut self, phase: Phase, seconds: f64) {
        if let Some(work) = self.work.iter_mut().find(|w| w.phase == phase) {
            work.measured += 1;
            let weight = FRESHNESS.max(1.0 / (work.measured as f64 + 1.0));
            work.seconds_a_step += weight * (seconds - work.seconds_a_step);
            // A null model that is trained anew takes more steps than planned.
            work.done += 1;
            work.steps = work.steps.max(work.done);
        }
    }

    /// Counts steps as done that were done before.
    pub fn skip(&mut self, phase: Phase, steps: u64) {
        if let Some(work) = self.work.iter_mut().find(|w| w.phase == phase) {
            work.done += steps;
            work.steps = work.steps.max(work.done);
        }
    }

    /// Seconds left for all phases.
    pub fn seconds_left(&self) -> f64 {
        let left: f64 = self.work.iter().map(|w| (w.steps - w.done) as f64 * w.seconds_a_step).sum();
        left / self.lanes.max(1) as f64
    }

    /// Share of the whole that is done, 0..1, weighed by time.
    pub fn share(&self) -> f64 {
        let (done, all) = self
            .work
            .iter()
            .fold((0.0, 0.0), |(done, all), w| (done + w.done as f64 * w.seconds_a_step, all + w.steps as f64 * w.seconds_a_step));
        if all > 0.0 { done / all } else { 0.0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_what_steps_really_take() {
        let mut clock = Clock::new(1);
        clock.plan(Phase::Marked, 100, 1.0);
        clock.plan(Phase::Nulls, 10, 2.0);
        assert_eq!(clock.seconds_left(), 120.0);
        (0..50).for_each(|_| clock.step(Phase::Marked, 0.5));
        let left = clock.seconds_left();
        assert!((45.0..55.0).contains(&left), "{left}");
        clock.skip(Phase::Nulls, 10);
        assert!((25.0..30.0).contains(&clock.seconds_left()));
        assert!(clock.share() > 0.5 && clock.share() < 1.0);
    }
}
