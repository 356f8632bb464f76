//! An unmarked host: the same network on the same data with the same budget, as twin for comparison and as null model.

use super::recipe::{Alone, LoneTraining};
use super::{KeyPlan, Marker, Task, Training};
use crate::nn::host::Host;

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

impl Alone for Plain {
    fn run(&self) -> &LoneTraining {
        &self.run
    }

    fn run_mut(&mut self) -> &mut LoneTraining {
        &mut self.run
    }

    fn advance(&mut self) {
        self.run.step(None);
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
