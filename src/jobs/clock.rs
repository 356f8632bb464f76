//! How long a job will still take, from what its steps have taken so far.
//!
//! A job is a list of stages that lanes take up in their order, so the time left is that of the lane that ends last, not the sum of all work
//! over the lanes. What is shown moves steadily: it runs down with the time and turns towards a new guess only by and by.

use super::messages::Phase;

/// Steps of a stage that are no measure, because memory and caches are still cold.
const COLD: u64 = 3;
/// Seconds of work after which an older step counts a third of a new one.
const MEMORY: f64 = 20.0;
/// What trial steps count against those of the job itself, seconds of work.
const TRUST: f64 = 4.0;
/// Seconds after which the shown time has gone two thirds of the way to a new guess.
const CALM: f64 = 10.0;
/// A pause between two looks that is longer counts as this much: the job was held meanwhile.
const LONGEST_LOOK: f64 = 1.0;

/// One network's training.
#[derive(Debug, Clone, Copy)]
struct Stage {
    phase: Phase,
    steps: u64,
    done: u64,
    /// Steps of this session.
    seen: u64,
}

/// Seconds a step of a phase: a mean in which older steps fade.
#[derive(Debug, Clone, Copy)]
struct Pace {
    phase: Phase,
    seconds: f64,
    steps: f64,
}

/// The plan of a job in steps and seconds.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    stages: Vec<Stage>,
    paces: Vec<Pace>,
    lanes: usize,
    shown: Option<f64>,
}

impl Clock {
    /// Nothing to do yet, by `lanes` lanes side by side.
    pub fn new(lanes: usize) -> Self {
        Self { lanes: lanes.max(1), ..Self::default() }
    }

    /// Takes trial steps of a phase as its first pace, seconds a step.
    pub fn guess(&mut self, phase: Phase, seconds: f64) {
        let steps = (TRUST / seconds.max(1e-6)).max(1.0);
        self.paces.push(Pace { phase, seconds: seconds * steps, steps });
    }

    /// Adds a stage behind the others and gives its place.
    pub fn add(&mut self, phase: Phase, steps: u64) -> usize {
        self.stages.push(Stage { phase, steps, done: 0, seen: 0 });
        self.stages.len() - 1
    }

    /// Makes a stage longer that turned out to be so.
    pub fn lengthen(&mut self, stage: usize, steps: u64) {
        if let Some(stage) = self.stages.get_mut(stage) {
            stage.steps = stage.steps.max(steps);
        }
    }

    /// What a stage is for.
    pub fn phase(&self, stage: usize) -> Phase {
        self.stages.get(stage).map_or(Phase::Prepare, |s| s.phase)
    }

    /// Whether all steps of a phase are done.
    pub fn is_done(&self, phase: Phase) -> bool {
        self.stages.iter().filter(|s| s.phase == phase).all(|s| s.done >= s.steps)
    }

    /// Takes up a step of a stage.
    pub fn step(&mut self, stage: usize, seconds: f64) {
        let Some(stage) = self.stages.get_mut(stage) else { return };
        stage.done += 1;
        stage.seen += 1;
        stage.steps = stage.steps.max(stage.done);
        if stage.seen <= COLD {
            return;
        }
        if let Some(pace) = self.paces.iter_mut().find(|pace| pace.phase == stage.phase) {
            let fade = (-seconds / MEMORY).exp();
            pace.seconds = pace.seconds * fade + seconds;
            pace.steps = pace.steps * fade + 1.0;
        }
    }

    /// Counts steps of a stage as done that were done before.
    pub fn skip(&mut self, stage: usize, steps: u64) {
        if let Some(stage) = self.stages.get_mut(stage) {
            stage.done += steps;
            stage.steps = stage.steps.max(stage.done);
        }
    }

    /// Seconds a step of a phase as they are now; nothing where none were tried.
    pub fn pace(&self, phase: Phase) -> f64 {
        self.paces.iter().find(|pace| pace.phase == phase).map_or(0.0, |pace| pace.seconds / pace.steps)
    }

    /// Seconds until the last lane is done, as far as it is known now.
    pub fn seconds_left(&self) -> f64 {
        let mut lanes = vec![0.0_f64; self.lanes.max(1)];
        for stage in &self.stages {
            let first_free = lanes.iter_mut().min_by(|a, b| a.total_cmp(b));
            if let Some(lane) = first_free {
                *lane += stage.steps.saturating_sub(stage.done) as f64 * self.pace(stage.phase);
            }
        }
        lanes.into_iter().fold(0.0, f64::max)
    }

    /// The seconds left that people are told, `passed` seconds after they were told the last time.
    pub fn told(&mut self, passed: f64) -> f64 {
        let (left, passed) = (self.seconds_left(), passed.clamp(0.0, LONGEST_LOOK));
        let told = self.shown.map_or(left, |shown| {
            let due = (shown - passed).max(0.0);
            due + (left - due) * (1.0 - (-passed / CALM).exp())
        });
        self.shown = Some(told);
        told
    }

    /// Share of the whole that is done, 0..1, weighed by time.
    pub fn share(&self) -> f64 {
        let sum = |steps: fn(&Stage) -> u64| self.stages.iter().map(|s| steps(s) as f64 * self.pace(s.phase)).sum::<f64>();
        let all = sum(|s| s.steps);
        if all > 0.0 { sum(|s| s.done) / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(lanes: usize) -> Clock {
        let mut clock = Clock::new(lanes);
        clock.guess(Phase::Marked, 0.1);
        clock.guess(Phase::Nulls, 0.05);
        clock
    }

    #[test]
    fn the_lane_that_ends_last_counts() {
        let mut clock = clock(2);
        clock.add(Phase::Marked, 100);
        assert!((clock.seconds_left() - 10.0).abs() < 1e-9, "one stage is not shared by two lanes");
        clock.add(Phase::Nulls, 100);
        clock.add(Phase::Nulls, 100);
        assert!((clock.seconds_left() - 10.0).abs() < 1e-9);
        clock.skip(0, 100);
        assert!((clock.seconds_left() - 5.0).abs() < 1e-9);
        assert!(clock.is_done(Phase::Marked) && !clock.is_done(Phase::Nulls));
        assert!((clock.share() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn time_left_follows_what_steps_really_take_but_not_the_cold_ones() {
        let mut clock = clock(1);
        let stage = clock.add(Phase::Marked, 1000);
        (0..COLD).for_each(|_| clock.step(stage, 3.0));
        assert!((clock.pace(Phase::Marked) - 0.1).abs() < 1e-9);
        (0..500).for_each(|_| clock.step(stage, 0.2));
        assert!((clock.pace(Phase::Marked) - 0.2).abs() < 0.002, "{}", clock.pace(Phase::Marked));
    }

    #[test]
    fn what_is_told_never_jumps() {
        let mut clock = clock(1);
        let stage = clock.add(Phase::Marked, 1000);
        let mut told = vec![clock.told(0.0)];
        assert!((told[0] - 100.0).abs() < 1e-9);
        for step in 0..999 {
            // Every fifteenth step has an exam that takes ten times as long; the true pace is 0.192 a step.
            clock.step(stage, if step % 15 == 14 { 1.2 } else { 0.12 });
            told.push(clock.told(0.192));
        }
        for pair in told.windows(2) {
            assert!((pair[1] - pair[0]).abs() < 2.5, "{pair:?}");
        }
        let halfway = told[500];
        assert!((80.0..112.0).contains(&halfway), "half of 192 s are left, not {halfway}");
        assert!(told[999] < 5.0, "{}", told[999]);
    }

    #[test]
    fn a_job_that_was_held_has_not_come_further() {
        let mut clock = clock(1);
        clock.add(Phase::Marked, 1000);
        let before = clock.told(0.0);
        assert!(clock.told(3600.0) > before - 1.5);
    }
}
