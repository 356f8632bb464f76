//! What the first stage of a barrier learns: hiding and revealing, the critic that shall not tell marked from unmarked pictures, and the
//! imitator of the mark.

use super::{Settings, as_noted, hider, note_reach};
use crate::nn::barrier::{Hider, PatchCritic, Revealer};
use crate::nn::init::faint;
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::surrogate::PlainNet;
use crate::nn::weights::WeightMap;
use crate::schemes::SchemeError;
use crate::schemes::demand::Demand;
use burn::module::Module;
use burn::tensor::Device;

/// Layers and width of the network that imitates the mark: less than any thief has.
const IMITATOR: [usize; 2] = [4, 16];
/// What sets the first weights of a stage that begins anew apart.
const ANEW: u64 = 15_485_863;

/// Both networks under one optimiser, as in the authors' code.
#[derive(Module, Debug)]
pub(super) struct Pair {
    pub hider: Hider,
    pub revealer: Revealer,
}

/// The networks of the first stage, and how they learn.
pub(super) struct FirstStage {
    pub pair: Pair,
    pub optimiser: Optimiser,
    pub critic: PatchCritic,
    pub critic_optimiser: Optimiser,
    pub demand: Demand,
    pub imitator: PlainNet,
    pub imitator_optimiser: Optimiser,
    /// How often it has begun anew, because its mark would have been a weak one.
    pub tries: u64,
}

/// As in the authors' code.
pub(super) fn adam() -> Optimiser {
    Optimiser::new(Rule::Adam { beta1: 0.5, beta2: 0.999 })
}

impl FirstStage {
    /// Nothing is learnt yet.
    pub fn new(settings: &Settings, seed: u64, tries: u64, device: &Device) -> Self {
        let seed = seed.wrapping_add(ANEW.wrapping_mul(tries));
        let channels = settings.channels();
        let pair = Pair { hider: hider(settings, device), revealer: Revealer::new(channels, settings.revealer_width, false, device) };
        let [layers, width] = IMITATOR;
        // Where it does the protected network's work, its errors there are far larger than any mark.
        let clarity = if settings.task_specific { 0.0 } else { settings.clarity };
        Self {
            pair: faint(pair, seed),
            optimiser: adam(),
            critic: faint(PatchCritic::new(channels, settings.critic_width, device), seed.wrapping_add(1)),
            critic_optimiser: adam(),
            demand: Demand::new(clarity, settings.ramp * settings.steps as f64, device),
            imitator: faint(PlainNet::new([channels; 2], layers, width, device), seed.wrapping_add(2)),
            imitator_optimiser: adam(),
            tries,
        }
    }

    /// Takes up networks and optimisers.
    pub fn save(&self, map: &mut WeightMap) {
        map.add("pair.", &self.pair);
        map.add("critic.", &self.critic);
        self.optimiser.save("optimiser", map);
        self.critic_optimiser.save("critic_optimiser", map);
        self.demand.save(map);
        map.add("imitator.", &self.imitator);
        self.imitator_optimiser.save("imitator_optimiser", map);
        map.notes.insert("tries".to_owned(), self.tries.to_string());
        note_reach(&self.pair.hider, map);
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Other networks.
    pub fn load(&mut self, saved: &WeightMap, device: &Device) -> Result<(), SchemeError> {
        self.pair = saved.load("pair.", self.pair.clone())?;
        self.pair.hider = as_noted(self.pair.hider.clone(), saved);
        self.critic = saved.load("critic.", self.critic.clone())?;
        self.optimiser.load("optimiser", saved, device);
        self.critic_optimiser.load("critic_optimiser", saved, device);
        self.demand.load(saved, device);
        self.imitator = saved.load("imitator.", self.imitator.clone())?;
        self.imitator_optimiser.load("imitator_optimiser", saved, device);
        self.tries = saved.notes.get("tries").and_then(|tries| tries.parse().ok()).unwrap_or(0);
        Ok(())
    }
}
