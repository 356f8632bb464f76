//! What is done beside a training now and then: the more it costs, the more rarely, so that it never takes more than a small share of the time.

use std::time::{Duration, Instant};

/// A thing waits this many times as long as it took the last time.
const PAUSE: u32 = 20;

/// When one thing is due.
#[derive(Debug)]
pub struct Rhythm {
    every: Duration,
    at_most: Duration,
    done: Option<Instant>,
    cost: Duration,
}

impl Rhythm {
    /// Due for the first time when the shortest pause is over.
    pub fn after(every: Duration) -> Self {
        Self { done: Some(Instant::now()), ..Self::at_once(every) }
    }

    /// Due at once, and then after this pause at least.
    pub fn at_once(every: Duration) -> Self {
        Self { every, at_most: Duration::MAX, done: None, cost: Duration::ZERO }
    }

    /// The same, but never with a longer pause than this, whatever it costs.
    pub fn at_most(self, pause: Duration) -> Self {
        Self { at_most: pause, ..self }
    }

    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.done.is_none_or(|done| done.elapsed() > self.pause())
    }

    /// Does it, and notes what it cost.
    pub fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        self.cost = began.elapsed();
        self.done = Some(Instant::now());
        result
    }

    fn pause(&self) -> Duration {
        self.every.max(self.cost * PAUSE).min(self.at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFTEN: Duration = Duration::from_millis(1);

    #[test]
    fn what_costs_more_is_done_more_rarely() {
        let costing = |cost| Rhythm { cost, ..Rhythm::after(Duration::from_millis(250)) };
        assert_eq!(costing(Duration::ZERO).pause(), Duration::from_millis(250));
        assert_eq!(costing(Duration::from_millis(50)).pause(), Duration::from_secs(1));
        assert_eq!(costing(Duration::from_secs(9)).pause(), Duration::from_secs(180));
        assert_eq!(costing(Duration::from_secs(9)).at_most(Duration::from_secs(20)).pause(), Duration::from_secs(20));
    }

    #[test]
    fn it_is_due_when_the_pause_is_over() {
        assert!(Rhythm::at_once(OFTEN).is_due());
        let mut rhythm = Rhythm::after(Duration::from_secs(3600));
        assert!(!rhythm.is_due());
        rhythm = Rhythm::at_once(OFTEN);
        assert_eq!(rhythm.take(|| std::thread::sleep(Duration::from_millis(30))), ());
        assert!(!rhythm.is_due() && rhythm.pause() >= Duration::from_millis(600));
        rhythm.done = Instant::now().checked_sub(Duration::from_secs(60));
        rhythm.cost = Duration::ZERO;
        assert!(rhythm.is_due());
    }
}
