//! How a job talks to whoever started it, and how it is held or stopped between two steps.

use super::barrier::{Found, Handled, Marked};
use super::lanes::Gate;
use super::messages::{BarrierPreview, MetricPoint, Phase, Preview};
use std::sync::Arc;

/// What the job shall do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Write a checkpoint and end.
    Stop,
}

/// The job's view of its caller. All calls come from the worker thread and must return quickly, but for `flow`, which may wait
/// while the job is held.
pub trait Watch {
    /// How far the whole job is (0..1), and how many seconds are left if that is known.
    fn progress(&mut self, phase: Phase, share: f64, seconds_left: Option<f64>);

    /// A point of a curve.
    fn metric(&mut self, point: MetricPoint);

    /// The latest pictures.
    fn preview(&mut self, preview: Preview);

    /// The latest pictures of an image barrier in training.
    fn barrier_preview(&mut self, _: BarrierPreview) {}

    /// Whether anybody looks at pictures: they cost time.
    fn looks(&self) -> bool {
        false
    }

    /// A file that was marked, or could not be.
    fn marked(&mut self, _: &Handled<Marked>) {}

    /// A file that was looked into, or could not be.
    fn found(&mut self, _: &Handled<Found>) {}

    /// What the job computes on, in words.
    fn device(&mut self, _: &str) {}

    /// Something that the user should know.
    fn warning(&mut self, text: String);

    /// Asked between steps.
    fn flow(&mut self) -> Flow;

    /// What holds the lanes while `flow` waits; a caller that never waits needs none of its own.
    fn gate(&self) -> Arc<Gate> {
        Arc::default()
    }
}

/// Somebody who does not look, and holds a job for so long whenever it asks.
#[cfg(test)]
pub struct Holds(pub std::time::Duration);

#[cfg(test)]
impl Watch for Holds {
    fn progress(&mut self, _: Phase, _: f64, _: Option<f64>) {}
    fn metric(&mut self, _: MetricPoint) {}
    fn preview(&mut self, _: Preview) {}
    fn warning(&mut self, _: String) {}
    fn flow(&mut self) -> Flow {
        std::thread::sleep(self.0);
        Flow::Continue
    }
}
