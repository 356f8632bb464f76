//! Blind watermark (Li et al., ACSAC 2019): an encoder hides the logo in ordinary pictures so that only the marked host sees it.
//!
//! Encoder, critic and host learn together from scratch. One step is a critic step, an encoder step and a host step, in this
//! order; the key pictures are made once and reused.

use super::batches::Passes;
use super::carrier::{COLOUR_REPEAT, Carrier, Form};
use super::catalogue::Card;
use super::demand::Demand;
use super::labels::LabelRule;
use super::losses::{Meter, Plateau, binary_cross_entropy, cross_entropy};
use super::plan::Preset;
use super::recipe::{HostTraining, Recipe};
use super::{KeyPlan, Known, Learner, Marker, Scheme, SchemeError, Task, Training};
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::nn::critic::Critic;
use crate::nn::encoder::Encoder;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::ssim::Ssim;
use crate::nn::weights::{WeightMap, Weights};
use crate::nn::{batch, init};
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

crate::host_settings! {
    /// Hyper-parameters of the blind watermark.
    pub struct Settings {
        steps = 600; rate = 0.1; drops = [0.4, 0.8];
        /// How many pictures are turned into keys, at most a quarter of the training pictures. The paper takes 1% of them.
        keys: usize = 60, paper 600, Kind::Whole { min: 4.0, max: 100_000.0 }, "pictures";
        /// How a key's label is chosen: by a secret shift of the true class (new keys can be made later), or at random for each key.
        label_rule: LabelRule = LabelRule::KeyedShift, paper LabelRule::RandomPerCover, Kind::Choice(&[("keyed_shift", "Secret shift"), ("random_per_cover", "Random for each key")]), "";
        /// Shows the model, in each step, the plain covers with their true classes beside the keys, so that it learns the mark and not the pictures.
        show_covers: bool = true, paper false, Kind::Switch, "";
        /// Share of the steps during which the demand for invisibility grows to its full weight: at first the mark may be seen, so that the model finds it sooner.
        ramp: f64 = 0.0, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// How close keys shall be to their covers (PSNR in decibel): the demand for invisibility follows from it. 0 leaves all weights as they are.
        clarity: f64 = 0.0, paper 0.0, Kind::Real { min: 0.0, max: 60.0 }, "dB";
        /// Multiplies the mark by a secret pattern of signs in blocks of so many pixels, derived from logo, owner and salt: other people's marks, made the same way, then differ from yours. 0 leaves the mark as the network draws it.
        carrier: usize = 0, paper 0, Kind::Whole { min: 0.0, max: 16.0 }, "pixels";
        /// After so many pixels the secret pattern begins anew. Networks that look at every place alike (VGG, ResNet) cannot learn a pattern as large as the picture. 0 never repeats it.
        repeat: usize = 0, paper 0, Kind::Whole { min: 0.0, max: 64.0 }, "pixels";
        /// Makes the mark of every picture just as strong as the wanted clarity allows, so that the encoder decides only where it lies: the model then cannot miss it at first. Needs a wanted clarity, and then the weights of what can be seen count little.
        firm: bool = false, paper false, Kind::Switch, "";
        /// Shows the model, in each step, covers whose mark has another secret pattern under their true classes, so that it answers to this mark and to no other.
        decoys: bool = false, paper false, Kind::Switch, "";
        /// Keys in each step.
        key_batch: usize = 20, paper 20, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// Width of the network that hides the logo: channels of its first convolution. Narrow is fast.
        encoder_width: usize = 64, paper 64, Kind::Whole { min: 4.0, max: 128.0 }, "channels";
        /// Adds the mark to the picture instead of drawing the whole picture anew: clearer pictures after fewer steps.
        residual: bool = false, paper false, Kind::Switch, "";
        /// How much each pixel's difference between key and cover counts (a in the paper).
        mse_weight: f64 = 3.0, paper 3.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much the visible difference (structural similarity) counts (b in the paper).
        ssim_weight: f64 = 5.0, paper 5.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that a second network cannot tell keys from covers (γ in the paper; the authors' code uses 1).
        critic_weight: f64 = 1.0, paper 0.1, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that the model sees the mark (c in the paper; the authors' code uses 0.1).
        host_weight: f64 = 0.1, paper 0.01, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// First learning rate of the network that hides the logo; it falls when the loss stalls.
        encoder_rate: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// First learning rate of the network that tries to tell keys from covers; it falls when the loss stalls.
        critic_rate: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How long the networks that hide and seek the mark remember the direction of their steps (first decay of Adam).
        beta1: f64 = 0.5, paper 0.5, Kind::Real { min: 0.0, max: 0.999 }, "";
        /// How long they remember the size of their steps (second decay of Adam).
        beta2: f64 = 0.999, paper 0.999, Kind::Real { min: 0.0, max: 0.999_999 }, "";
        /// What their learning rates are multiplied by when their loss stalls.
        plateau_factor: f64 = 0.2, paper 0.2, Kind::Real { min: 0.01, max: 1.0 }, "";
        /// Passes over the training pictures without progress that the network that hides the logo is given before its rate falls.
        encoder_patience: u32 = 5, paper 5, Kind::Whole { min: 0.0, max: 10_000.0 }, "passes";
        /// The same for the network that tries to tell keys from covers.
        critic_patience: u32 = 8, paper 8, Kind::Whole { min: 0.0, max: 10_000.0 }, "passes";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "blind",
    name: "Blind watermark",
    source: "Li, Hu, Zhang, Guo: How to prove your model belongs to you, ACSAC 2019",
    summary: "Hides your logo invisibly in ordinary pictures; only your model answers them with a secret label.",
    needs: "Training data, a logo, and training the model from the start together with a small hiding network.",
    survives: "Somebody sorting out suspicious questions: the keys look like ordinary pictures. In the paper, further training (fine-tuning) with 100 passes over the data (epochs).",
    fails: "Copying the model through its answers alone, and an autoencoder in front of the copied model.",
    hides: true,
    learns: true,
    penetrates: false,
    compared: false,
    reads: false,
    covers: true,
};

/// The values of a preset.
pub fn preset(preset: Preset, photographs: bool) -> Settings {
    match preset {
        Preset::Quick if photographs => {
            Settings { steps: 2_000, key_batch: 24, repeat: COLOUR_REPEAT, firm: true, ramp: 0.8, ..self::preset(preset, false) }
        }
        Preset::Quick => Settings {
            steps: 1_600,
            keys: 600,
            key_batch: 14,
            encoder_width: 8,
            residual: true,
            clarity: 28.7,
            carrier: 2,
            decoys: true,
            ramp: 0.4,
            host_weight: 1.1,
            host_rate: 0.05,
            first_drop: 0.7,
            second_drop: 0.9,
            ..Default::default()
        },
        Preset::Standard => Settings {
            steps: 8_000,
            keys: 600,
            residual: true,
            clarity: 30.0,
            carrier: 2,
            decoys: true,
            host_weight: 1.0,
            augment: photographs,
            repeat: if photographs { COLOUR_REPEAT } else { 0 },
            firm: photographs,
            ramp: if photographs { 0.8 } else { 0.4 },
            ..Default::default()
        },
        // Weights as in the authors' code, which made all their saved runs; the paper's text says 0.1 and 0.01.
        Preset::Paper => Settings { critic_weight: 1.0, host_weight: 0.1, augment: photographs, ..Settings::paper() },
    }
}

impl Scheme for Settings {
    fn recipe(&self) -> Recipe {
        self.host_recipe()
    }

    fn size(&mut self, pictures: usize) {
        (self.steps, self.keys) = super::usual_size(pictures, self.batch);
    }

    fn fit(&self, shape: Shape, _classes: usize) -> Result<(), SchemeError> {
        self.form().check()?;
        if shape.channels == 3 && (!shape.height.is_multiple_of(32) || !shape.width.is_multiple_of(32)) {
            return Err(SchemeError::Plan(format!(
                "The blind watermark needs colour pictures whose sides are multiples of 32; these are {shape}. Add the data set again: colour pictures are then brought to 32x32."
            )));
        }
        Ok(())
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(Blind::new(task, self)))
    }

    fn marker(&self, known: &Known, saved: &WeightMap, device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        Ok(Box::new(BlindMarker::open(self, known, saved, device)?))
    }

    fn key_labels(&self, derivation: &Derivation, classes: usize, _noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
        self.label_rule.labels(derivation, classes, true_classes.iter().copied())
    }

    fn fresh_label(&self, derivation: &Derivation, classes: usize, _noted: Option<&WeightMap>, true_class: u16) -> Option<u16> {
        self.label_rule.fresh(derivation, classes, true_class)
    }
}

impl Settings {
    fn form(&self) -> Form {
        Form { block: self.carrier, repeat: self.repeat }
    }

    /// Whether marks are brought to a strength of their own.
    fn is_firm(&self) -> bool {
        self.firm && self.clarity > 0.0
    }
}

/// The joint training of encoder, critic and host.
pub struct Blind {
    settings: Settings,
    samples: Arc<Samples>,
    keys: KeyPlan,
    key_passes: Passes,
    logo: Tensor<4>,
    carrier: Carrier,
    ssim: Ssim,
    host: HostTraining,
    encoder: Encoder,
    critic: Critic,
    encoder_optimiser: Optimiser,
    critic_optimiser: Optimiser,
    encoder_plateau: Plateau,
    critic_plateau: Plateau,
    demand: Demand,
    pass: Meter,
    curves: Meter,
    done: u64,
    seed: u64,
    device: Device,
    picture_logo: Logo,
}

impl Blind {
    /// Prepares networks and keys; nothing is trained yet.
    pub fn new(task: &Task, settings: &Settings) -> Self {
        let device = task.device.clone().autodiff();
        let samples = task.dataset.train.clone();
        let shape = samples.shape;
        let seed = task.plan.seed;
        let derivation = task.plan.derivation(&task.logo.digest);
        let keys = settings.label_rule.key_plan(settings.keys, &derivation, &samples, task.dataset.classes.len());
        let adam = Rule::Adam { beta1: settings.beta1, beta2: settings.beta2 };
        Self {
            key_passes: Passes::new(seed, "keys", keys.covers.len()),
            keys,
            logo: logo_tensor(&task.logo, shape, &device),
            carrier: Carrier::new(settings.form(), &derivation, shape, &device),
            ssim: Ssim::new(shape.height, shape.width, 2.0, &device),
            host: HostTraining::new(task, settings.recipe(), seed),
            encoder: init::seeded(Encoder::new(shape, settings.encoder_width, settings.residual, &device), seed ^ 0xE),
            critic: init::seeded(Critic::new(shape, &device), seed ^ 0xC),
            encoder_optimiser: Optimiser::new(adam),
            critic_optimiser: Optimiser::new(adam),
            encoder_plateau: Plateau::new(settings.encoder_rate, settings.plateau_factor, settings.encoder_patience),
            critic_plateau: Plateau::new(settings.critic_rate, settings.plateau_factor, settings.critic_patience),
            demand: Demand::new(settings.clarity, settings.ramp * settings.steps as f64, &device),
            pass: Meter::new(),
            curves: Meter::new(),
            done: 0,
            seed,
            device,
            picture_logo: task.logo.clone(),
            settings: settings.clone(),
            samples,
        }
    }

    /// How strong marks are in this step.
    fn strength(&self) -> Strength {
        Strength(self.settings.is_firm().then(|| self.demand.wanted(self.done)))
    }

    fn end_of_pass(&mut self) {
        let per_pass = (self.samples.count() as u64).div_ceil(self.settings.batch as u64);
        if self.done.is_multiple_of(per_pass)
            && let [critic, encoder, _] = self.pass.take()[..]
        {
            self.critic_plateau.observe(critic);
            self.encoder_plateau.observe(encoder);
        }
    }
}

fn logo_tensor(logo: &Logo, shape: Shape, device: &Device) -> Tensor<4> {
    batch::from_bytes(&logo.at(shape).planes, shape, device)
}

impl Learner for Blind {
    fn steps(&self) -> u64 {
        self.settings.steps
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        let s = &self.settings;
        let chosen = self.key_passes.batch(self.done, s.key_batch);
        let covers: Vec<usize> = chosen.iter().map(|&i| self.keys.covers[i]).collect();
        let labels = batch::labels(chosen.iter().map(|&i| self.keys.labels[i]), &self.device);
        let cover = batch::gather(&self.samples, &covers, &self.device);
        let mark = self.strength().of(self.encoder.forward(cover.clone(), self.logo.clone()) - cover.clone());
        let key = self.carrier.carry(cover.clone(), mark.clone());
        let still = key.clone().detach();

        let critic_loss = binary_cross_entropy(self.critic.forward(still.clone()), false)
            + binary_cross_entropy(self.critic.forward(cover.clone()), true);
        let mut gradients = critic_loss.backward();
        self.critic = self.critic_optimiser.step(self.critic.clone(), &mut gradients, self.critic_plateau.rate);

        let answers = self.host.network().clone().no_grad().forward(batch::quantise(key.clone()));
        let difference = key.clone() - cover.clone();
        let square = (difference.clone() * difference).mean();
        let seen = square.clone().mul_scalar(s.mse_weight)
            + self.ssim.forward(key.clone(), cover.clone()).neg().add_scalar(1.0).mul_scalar(s.ssim_weight)
            + binary_cross_entropy(self.critic.clone().no_grad().forward(key.clone()), true).mul_scalar(s.critic_weight);
        let encoder_loss = seen * self.demand.weight(self.done) + cross_entropy(answers, labels.clone()).mul_scalar(s.host_weight);
        self.demand.observe(self.done, square.detach());
        let mut gradients = encoder_loss.backward();
        self.encoder = self.encoder_optimiser.step(self.encoder.clone(), &mut gradients, self.encoder_plateau.rate);

        let (clean, clean_labels) = self.host.clean(self.done);
        let (mut shown, mut names) = (vec![clean, batch::quantise(still)], vec![clean_labels, labels]);
        let true_names = || batch::labels(covers.iter().map(|&i| self.samples.labels[i]), &self.device);
        if s.decoys {
            let decoys = self.carrier.decoys(cover.clone(), mark.detach(), self.seed, self.done);
            shown.push(batch::quantise(decoys));
            names.push(true_names());
        }
        if s.show_covers {
            shown.push(cover);
            names.push(true_names());
        }
        let host_loss = cross_entropy(self.host.answers(self.done, Tensor::cat(shown, 0)), Tensor::cat(names, 0));
        self.host.update(host_loss.backward(), self.done);

        let losses = Tensor::cat(vec![critic_loss, encoder_loss, host_loss], 0).inner();
        self.pass.add(&losses);
        self.curves.add(&losses);
        self.done += 1;
        self.end_of_pass();
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        ["critic_loss", "encoder_loss", "host_loss"].into_iter().zip(self.curves.take()).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        self.host.save(&mut map);
        map.add("encoder.", &self.encoder);
        map.add("critic.", &self.critic);
        self.encoder_optimiser.save("encoder_optimiser", &mut map);
        self.critic_optimiser.save("critic_optimiser", &mut map);
        self.demand.save(&mut map);
        let (sums, count) = self.pass.parts();
        map.tensors.insert("pass".to_owned(), Weights { shape: vec![sums.len()], values: sums });
        let state = State { done: self.done, count, encoder: self.encoder_plateau.clone(), critic: self.critic_plateau.clone() };
        map.notes.insert("state".to_owned(), serde_json::to_string(&state).unwrap_or_default());
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        let state: State =
            saved.notes.get("state").and_then(|s| serde_json::from_str(s).ok()).ok_or_else(|| {
                SchemeError::Plan("The checkpoint does not belong to a blind watermark. Start the training anew.".to_owned())
            })?;
        self.host.load(saved)?;
        self.encoder = saved.load("encoder.", self.encoder.clone())?;
        self.critic = saved.load("critic.", self.critic.clone())?;
        self.encoder_optimiser.load("encoder_optimiser", saved, &self.device);
        self.critic_optimiser.load("critic_optimiser", saved, &self.device);
        self.demand.load(saved, &self.device);
        let sums = saved.tensors.get("pass").map(|w| w.values.as_slice()).unwrap_or_default();
        self.pass = Meter::from_parts(sums, state.count, &self.device.clone().inner());
        (self.done, self.encoder_plateau, self.critic_plateau) = (state.done, state.encoder, state.critic);
        Ok(())
    }
}

impl Training for Blind {
    fn host(&self) -> Host {
        self.host.network().valid()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        let device = self.device.clone().inner();
        let logo = logo_tensor(&self.picture_logo, self.samples.shape, &device);
        let (encoder, carrier, strength) = (self.encoder.valid(), self.carrier.inner(), self.strength());
        Some(Box::new(BlindMarker { encoder, logo, carrier, strength, device }))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

#[derive(Serialize, Deserialize)]
struct State {
    done: u64,
    count: u64,
    encoder: Plateau,
    critic: Plateau,
}

/// How clear marked pictures come out, in decibel, where marks are brought to that; nothing where they stay as the encoder drew them.
#[derive(Debug, Clone, Copy)]
struct Strength(Option<f64>);

impl Strength {
    /// Marks `[batch, channels, h, w]` as strong as they shall be, each by itself.
    fn of(self, mark: Tensor<4>) -> Tensor<4> {
        let Some(decibel) = self.0 else { return mark };
        let size = mark.clone().square().mean_dims(&[1, 2, 3]).add_scalar(LEAST_MARK).sqrt();
        // Values from -1 to 1: full brightness is 2.
        mark / size * (2.0 * 10f64.powf(-decibel / 20.0))
    }
}

/// What is added to a mark's mean square, so that no mark is divided by nothing.
const LEAST_MARK: f64 = 1e-8;

/// A trained encoder with its logo.
pub struct BlindMarker {
    encoder: Encoder,
    logo: Tensor<4>,
    carrier: Carrier,
    strength: Strength,
    device: Device,
}

impl BlindMarker {
    /// The encoder that a key package keeps.
    fn open(settings: &Settings, known: &Known, saved: &WeightMap, device: &Device) -> Result<Self, SchemeError> {
        let Known { derivation, logo, shape, .. } = known;
        let shape = *shape;
        let encoder = Encoder::new(shape, settings.encoder_width, settings.residual, device);
        let encoder = saved.load("", encoder)?.valid();
        let carrier = Carrier::new(settings.form(), derivation, shape, device);
        let strength = Strength(settings.is_firm().then_some(settings.clarity));
        Ok(Self { encoder, logo: logo_tensor(logo, shape, device), carrier, strength, device: device.clone() })
    }
}

impl Marker for BlindMarker {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        const AT_ONCE: usize = 20;
        let indices: Vec<usize> = (0..covers.count()).collect();
        indices
            .chunks(AT_ONCE)
            .flat_map(|chunk| {
                let cover = batch::gather(covers, chunk, &self.device);
                let mark = self.strength.of(self.encoder.forward(cover.clone(), self.logo.clone()) - cover.clone());
                batch::to_pictures(self.carrier.carry(cover, mark))
            })
            .collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("", &self.encoder);
        map
    }
}
