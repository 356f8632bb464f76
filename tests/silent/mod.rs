//! Somebody who starts a job and does not look.

use countermark::jobs::{Flow, MetricPoint, Phase, Preview, Watch};

pub struct Silent;

impl Watch for Silent {
    fn progress(&mut self, _: Phase, _: f64, _: Option<f64>) {}
    fn metric(&mut self, _: MetricPoint) {}
    fn preview(&mut self, _: Preview) {}
    fn warning(&mut self, _: String) {}
    fn flow(&mut self) -> Flow {
        Flow::Continue
    }
}
