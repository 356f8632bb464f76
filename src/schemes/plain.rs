//! An unmarked host: the same network on the same data with the same budget, as twin for comparison and as null model.

use super::losses::{Meter, cross_entropy};
use super::plan::SchemeSettings;
use super::recipe::{HostTraining, Recipe};
use super::{KeyPlan, Marker, SchemeError, Task, Training};
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use burn::module::Module;

/// Trains a host without any mark.
pub struct Plain {
    host: HostTraining,
    steps: u64,
    done: u64,
    meter: Meter,
    keys: KeyPlan,
}

impl Plain {
    /// The unmarked host of a plan. `seed` makes it independent of others.
    pub fn new(task: &Task, seed: u64) -> Self {
        let recipe: Recipe = match &task.plan.scheme {
            SchemeSettings::Blind(settings) => settings.recipe(),
            SchemeSettings::ContentStamp(settings) => settings.recipe(),
        };
        let keys = KeyPlan { covers: Vec::new(), labels: Vec::new() };
        Self { host: HostTraining::new(task, recipe, seed), steps: recipe.steps, done: 0, meter: Meter::new(), keys }
    }
}

impl Training for Plain {
    fn steps(&self) -> u64 {
        self.steps
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn step(&mut self) {
        let (pictures, labels) = self.host.clean(self.done);
        let loss = cross_entropy(self.host.network().forward(pictures), labels);
        self.meter.add(&loss.clone().inner());
        self.host.update(loss.backward(), self.done);
        self.done += 1;
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        ["host_loss"].into_iter().zip(self.meter.take()).collect()
    }

    fn host(&self) -> Host {
        self.host.network().valid()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        None
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        self.host.save(&mut map);
        map.notes.insert("done".to_owned(), self.done.to_string());
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        self.host.load(saved)?;
        self.done = saved.notes.get("done").and_then(|d| d.parse().ok()).unwrap_or(0);
        Ok(())
    }
}
