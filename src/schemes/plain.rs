//! An unmarked host: the same network on the same data with the same budget, as twin for comparison and as null model.

use super::recipe::LoneTraining;
use super::{KeyPlan, Learner, Marker, SchemeError, Task, Training};
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;

/// Trains a host without any mark.
pub struct Plain {
    run: LoneTraining,
    keys: KeyPlan,
}

impl Plain {
    /// The unmarked host of a plan. `seed` makes it independent of others.
    pub fn new(task: &Task, seed: u64) -> Self {
        Self {
            run: LoneTraining::new(task, task.plan.scheme.scheme().recipe(), seed),
            keys: KeyPlan { covers: Vec::new(), labels: Vec::new() },
        }
    }
}

impl Learner for Plain {
    fn steps(&self) -> u64 {
        self.run.steps()
    }

    fn done(&self) -> u64 {
        self.run.done()
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        self.run.step(None);
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        self.run.losses()
    }

    fn save(&self) -> WeightMap {
        self.run.save()
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        Ok(self.run.load(saved)?)
    }
}

impl Training for Plain {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        None
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}
