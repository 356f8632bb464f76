//! Exponential weighting (Namba and Sakuma, AsiaCCS 2019): some training pictures get wrong labels, and the host learns them with its weights
//! weighted exponentially, so that the mark hangs on few large weights.
//!
//! The keys are training pictures as they are, so nobody can tell them from others. What stands beside each as its cover is another picture
//! of its class, which the host must not give the key's label. A baseline.

use super::batches::Passes;
use super::catalogue::Card;
use super::chosen::Chosen;
use super::recipe::{Alone, LoneTraining};
use super::triggered::each_its_own;
use super::{KeyPlan, Known, Marker, Scheme, SchemeError, Task, Training};
use crate::data::Samples;
use crate::nn::batch;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::schemes::plan::Preset;
use crate::schemes::recipe::Recipe;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;
use burn::tensor::Device;
use std::sync::Arc;

crate::host_settings! {
    /// Hyper-parameters of exponential weighting.
    pub struct Settings {
        steps = 1600; rate = 0.05; drops = [0.7, 0.9];
        /// How many pictures get wrong labels, at most a quarter of the training pictures.
        keys: usize = 60, paper 600, Kind::Whole { min: 4.0, max: 100_000.0 }, "pictures";
        /// How many of them are shown in each step, beside those that come anyway.
        key_batch: usize = 20, paper 20, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// How strongly small weights shrink against the largest of their layer (T). Much makes a small network err more.
        exponent: f64 = 1.0, paper 2.0, Kind::Real { min: 0.0, max: 10.0 }, "";
        /// Share of the steps before the weights are weighted and the keys are shown in every step. Until then they come among all other pictures.
        ordinary: f64 = 0.4, paper 0.5, Kind::Real { min: 0.0, max: 0.9 }, "of the steps";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "exponential",
    name: "Exponential weighting",
    source: "Namba, Sakuma: Robust watermarking of neural network with exponential weighting, AsiaCCS 2019",
    summary: "Gives some of your training pictures secret wrong labels, and lets few large weights of your model carry them.",
    needs: "Training data and a logo, from which pictures and labels follow. The key package holds the chosen pictures.",
    survives: "In the paper, pruning, fine-tuning, and a thief who changes questions that look suspicious.",
    fails: "The model errs on these pictures for good. No new keys can be made later, and that they were chosen by the rule cannot be checked without the training pictures.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: false,
    covers: false,
};

/// The values of a preset.
pub fn preset(preset: Preset, photographs: bool) -> Settings {
    match preset {
        Preset::Quick => Settings::default(),
        Preset::Standard => Settings { steps: 6_000, keys: 200, augment: photographs, ..Settings::default() },
        Preset::Paper => Settings { augment: photographs, ..Settings::paper() },
    }
}

impl Scheme for Settings {
    fn recipe(&self) -> Recipe {
        self.host_recipe()
    }

    fn size(&mut self, pictures: usize) {
        (self.steps, self.keys) = super::usual_size(pictures, self.batch);
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(Exponential::new(task, self)?))
    }

    fn marker(&self, known: &Known, saved: &WeightMap, _device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        Ok(Box::new(Chosen::open(known, saved)?))
    }

    fn key_labels(&self, derivation: &Derivation, classes: usize, _noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
        let mut labeller = each_its_own(derivation, classes);
        true_classes.iter().filter_map(|&class| labeller(class)).collect()
    }

    fn fresh_label(&self, _derivation: &Derivation, _classes: usize, _noted: Option<&WeightMap>, _true_class: u16) -> Option<u16> {
        None
    }

    fn drawn(&self, known: &Known, train: &Samples) -> Option<(KeyPlan, Box<dyn Marker>)> {
        let (pictures, keys) = choose(self, &known.derivation, train, known.classes);
        let chosen = picked(train, &pictures, &keys);
        Some((keys, Box::new(chosen)))
    }
}

/// Keyed choice: for each key a picture, another of its class as its cover, and a wrong label. Gives the places of the pictures, and the plan.
fn choose(settings: &Settings, derivation: &Derivation, train: &Samples, classes: usize) -> (Vec<usize>, KeyPlan) {
    let wanted = super::most_keys(settings.keys, train);
    let mut labeller = each_its_own(derivation, classes);
    // The first picture of a class that comes waits for the second.
    let mut waiting: Vec<Option<usize>> = vec![None; classes];
    let (mut pictures, mut keys) = (Vec::new(), KeyPlan { covers: Vec::new(), labels: Vec::new() });
    for place in derivation.stream("covers").permutation(train.count()) {
        if keys.covers.len() == wanted {
            break;
        }
        let class = train.labels[place];
        let Some(first) = waiting.get_mut(usize::from(class)) else { continue };
        match first.take() {
            None => *first = Some(place),
            Some(cover) => {
                keys.covers.push(cover);
                keys.labels.extend(labeller(class));
                pictures.push(place);
            }
        }
    }
    (pictures, keys)
}

/// The pictures in these places, under their keys' labels.
fn picked(train: &Samples, pictures: &[usize], keys: &KeyPlan) -> Chosen {
    Chosen::new(Samples { labels: keys.labels.clone(), ..train.select(pictures) })
}

/// A host that learns wrong labels for some pictures.
pub struct Exponential {
    settings: Settings,
    keys: KeyPlan,
    chosen: Chosen,
    passes: Passes,
    run: LoneTraining,
    device: Device,
}

impl Exponential {
    /// Nothing is trained yet.
    ///
    /// # Errors
    /// Too few pictures of a class.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let (samples, classes) = (&task.dataset.train, task.dataset.classes.len());
        let (pictures, keys) = choose(settings, &task.plan.derivation(&task.logo.digest), samples, classes);
        if keys.covers.is_empty() {
            return Err(SchemeError::Plan("No class has two pictures to make a key of. Add pictures.".to_owned()));
        }
        // Where they come among ordinary pictures they have their wrong labels too.
        let mut labels = samples.labels.clone();
        pictures.iter().zip(&keys.labels).for_each(|(&place, &label)| labels[place] = label);
        let chosen = picked(samples, &pictures, &keys);
        let mut relabelled = task.clone();
        relabelled.dataset.train = Arc::new(Samples { labels, ..(**samples).clone() });
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            run: LoneTraining::new(&relabelled, settings.host_recipe(), task.plan.seed),
            device: task.device.clone().autodiff(),
            settings: settings.clone(),
            keys,
            chosen,
        })
    }

    /// Whether weights act weighted in a step.
    fn is_weighted(&self, step: u64) -> bool {
        step as f64 >= self.settings.ordinary * self.settings.steps as f64
    }
}

impl Alone for Exponential {
    fn run(&self) -> &LoneTraining {
        &self.run
    }

    fn run_mut(&mut self) -> &mut LoneTraining {
        &mut self.run
    }

    fn advance(&mut self) {
        let mut beside = None;
        if self.is_weighted(self.run.done()) {
            self.run.weigh(self.settings.exponent);
            let chosen = self.passes.batch(self.run.done(), self.settings.key_batch);
            let labels = batch::labels(chosen.iter().map(|&i| self.keys.labels[i]), &self.device);
            beside = Some((batch::gather(self.chosen.pictures(), &chosen, &self.device), labels));
        }
        self.run.step(beside);
    }

    fn resumed(&mut self) {
        // As in the last step that was done.
        if self.run.done().checked_sub(1).is_some_and(|last| self.is_weighted(last)) {
            self.run.weigh(self.settings.exponent);
        }
    }
}

impl Training for Exponential {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(self.chosen.clone()))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}
