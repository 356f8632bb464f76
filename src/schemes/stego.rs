//! DeepStego (S3): the blind watermark's forerunner. An encoder learns first, by itself, to hide the logo in pictures; only then does the host
//! learn what to say to them.
//!
//! Nothing asks the encoder for a mark that can be seen by anybody: its loss draws keys to their covers alone. What marks a key is how the
//! encoder fails to draw the cover anew, so it is measured when the encoder is done and made as strong as `clarity` allows.

use super::batches::Passes;
use super::carrier::{COLOUR_REPEAT, Carrier, Form};
use super::catalogue::Card;
use super::labels::LabelRule;
use super::losses::{Meter, binary_cross_entropy, cross_entropy};
use super::plan::Preset;
use super::recipe::{HostTraining, Recipe};
use super::{KeyPlan, Known, Learner, Marker, Scheme, SchemeError, Task, Training};
use crate::data::{Picture, Samples, Shape};
use crate::nn::critic::Critic;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::ssim::Ssim;
use crate::nn::stego::StegoEncoder;
use crate::nn::weights::WeightMap;
use crate::nn::{batch, init};
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

crate::host_settings! {
    /// Hyper-parameters of DeepStego.
    pub struct Settings {
        steps = 1600; rate = 0.05; drops = [0.7, 0.9];
        /// How many pictures are turned into keys, at most a quarter of the training pictures.
        keys: usize = 300, paper 600, Kind::Whole { min: 4.0, max: 100_000.0 }, "pictures";
        /// How a key's label is chosen: by a secret shift of the true class (new keys can be made later), or at random for each key.
        label_rule: LabelRule = LabelRule::KeyedShift, paper LabelRule::RandomPerCover, Kind::Choice(&[("keyed_shift", "Secret shift"), ("random_per_cover", "Random for each key")]), "";
        /// Steps in which the network that hides the logo learns, before the model does.
        encoder_steps: u64 = 400, paper 60_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Pictures that it sees in each of these steps.
        encoder_batch: usize = 20, paper 100, Kind::Whole { min: 2.0, max: 1024.0 }, "pictures";
        /// Width of that network: channels of its convolutions.
        encoder_width: usize = 8, paper 6, Kind::Whole { min: 2.0, max: 128.0 }, "channels";
        /// How many pairs of convolutions it has, around which what comes in is added again.
        encoder_blocks: usize = 2, paper 4, Kind::Whole { min: 0.0, max: 32.0 }, "pairs";
        /// How close keys shall be to their covers (PSNR in decibel): the mark is made stronger or fainter to fit when the network has learnt. 0 leaves it as it is.
        clarity: f64 = 28.0, paper 0.0, Kind::Real { min: 0.0, max: 60.0 }, "dB";
        /// Makes pixels lighter or darker after a secret pattern in blocks of so many pixels, derived from logo, owner and salt, as much as the network changed them: other people's marks, made the same way, then differ from yours. 0 leaves the mark as the network draws it.
        carrier: usize = 2, paper 0, Kind::Whole { min: 0.0, max: 16.0 }, "pixels";
        /// After so many pixels the secret pattern begins anew. Networks that look at every place alike (VGG, ResNet) cannot learn a pattern as large as the picture. 0 never repeats it.
        repeat: usize = 0, paper 0, Kind::Whole { min: 0.0, max: 64.0 }, "pixels";
        /// Shows the model, in each step, covers whose mark has another secret pattern under their true classes, so that it answers to this mark and to no other.
        decoys: bool = true, paper false, Kind::Switch, "";
        /// Shows the model, in each step, the plain covers with their true classes beside the keys as well. Decoys are covers too and keep it from learning the pictures; beside them this gains nothing, and can cost accuracy.
        show_covers: bool = false, paper false, Kind::Switch, "";
        /// Keys in each step.
        key_batch: usize = 10, paper 20, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// How much each pixel's difference between key and cover counts (α).
        mse_weight: f64 = 3.0, paper 3.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much the visible difference (structural similarity) counts (β).
        ssim_weight: f64 = 5.0, paper 5.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that a second network cannot tell keys from covers (δ).
        critic_weight: f64 = 0.1, paper 0.1, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// Learning rate of both networks.
        encoder_rate: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "deep_stego",
    name: "DeepStego",
    source: "DeepStego, the forerunner of the blind watermark (S3)",
    summary: "A network first learns to hide your logo in ordinary pictures; then your model learns to answer them with a secret label.",
    needs: "Training data and a logo, and training a small hiding network first.",
    survives: "Not tried here yet: stress tests are still to come. In the paper, people with another hiding network cannot use the mark.",
    fails: "Copying the model through its answers alone, and an autoencoder in front of the copied model. In the paper, a detector that knows the hiding network finds nearly all keys.",
    hides: true,
    learns: true,
    penetrates: false,
    compared: false,
    reads: false,
    covers: true,
};

/// The values of a preset.
pub fn preset(preset: Preset, photographs: bool) -> Settings {
    let repeat = if photographs { COLOUR_REPEAT } else { 0 };
    match preset {
        Preset::Quick => Settings { repeat, ..Settings::default() },
        Preset::Standard => Settings {
            keys: 600,
            key_batch: 14,
            steps: 8_000,
            encoder_steps: 4_000,
            encoder_width: 16,
            augment: photographs,
            repeat,
            ..Settings::default()
        },
        Preset::Paper => Settings { augment: photographs, ..Settings::paper() },
    }
}

impl Scheme for Settings {
    fn recipe(&self) -> Recipe {
        self.host_recipe()
    }

    fn size(&mut self, pictures: usize) {
        (self.steps, self.keys) = super::usual_size(pictures, self.batch);
        self.encoder_steps = super::usual_size(pictures, self.encoder_batch).0;
    }

    fn fit(&self, _shape: Shape, _classes: usize) -> Result<(), SchemeError> {
        self.form().check()
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(Stego::new(task, self)))
    }

    fn marker(&self, known: &Known, saved: &WeightMap, device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        let gain = saved.notes.get(GAIN).and_then(|gain| gain.parse().ok()).filter(|gain: &f32| gain.is_finite());
        let missing = || SchemeError::Plan("The strength of the marks is missing.".to_owned());
        Ok(Box::new(StegoMarker {
            encoder: saved.load("", self.encoder(known.shape, device))?.valid(),
            logo: batch::from_bytes(&known.logo.at(known.shape).planes, known.shape, device),
            carrier: Carrier::new(self.form(), &known.derivation, known.shape, device),
            gain: gain.ok_or_else(missing)?,
            device: device.clone(),
        }))
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

    fn encoder(&self, shape: Shape, device: &Device) -> StegoEncoder {
        StegoEncoder::new(shape.channels, self.encoder_width, self.encoder_blocks, device)
    }
}

/// Note beside the encoder: what its marks are multiplied by.
const GAIN: &str = "gain";
/// What they are multiplied by at most: a network that draws its covers nearly perfectly leaves nothing that could be made stronger.
const MOST_GAIN: f32 = 50.0;
/// Pictures at once where nothing learns.
const AT_ONCE: usize = 20;

/// An encoder in training, and then the host that learns what to say to its keys.
pub struct Stego {
    settings: Settings,
    samples: Arc<Samples>,
    keys: KeyPlan,
    order: Passes,
    key_passes: Passes,
    logo: Tensor<4>,
    carrier: Carrier,
    ssim: Ssim,
    encoder: StegoEncoder,
    critic: Critic,
    encoder_optimiser: Optimiser,
    critic_optimiser: Optimiser,
    hidden: u64,
    gain: f32,
    host: HostTraining,
    taught: u64,
    encoder_meter: Meter,
    host_meter: Meter,
    seed: u64,
    device: Device,
}

impl Stego {
    /// Prepares networks and keys; nothing is trained yet.
    pub fn new(task: &Task, settings: &Settings) -> Self {
        let device = task.device.clone().autodiff();
        let (samples, known, seed) = (task.dataset.train.clone(), Known::of(task), task.plan.seed);
        let Known { derivation, logo, classes, shape } = known;
        let keys = settings.label_rule.key_plan(settings.keys, &derivation, &samples, classes);
        let adam = || Optimiser::new(Rule::Adam { beta1: 0.5, beta2: 0.999 });
        Self {
            order: Passes::new(seed, "covers", samples.count()),
            key_passes: Passes::new(seed, "keys", keys.covers.len()),
            keys,
            logo: batch::from_bytes(&logo.at(shape).planes, shape, &device),
            carrier: Carrier::new(settings.form(), &derivation, shape, &device),
            ssim: Ssim::new(shape.height, shape.width, 2.0, &device),
            encoder: init::seeded(settings.encoder(shape, &device), seed ^ 0xE),
            critic: init::seeded(Critic::linear(shape, &device), seed ^ 0xC),
            encoder_optimiser: adam(),
            critic_optimiser: adam(),
            hidden: 0,
            gain: 1.0,
            host: HostTraining::new(task, settings.recipe(), seed),
            taught: 0,
            encoder_meter: Meter::new(),
            host_meter: Meter::new(),
            seed,
            device,
            settings: settings.clone(),
            samples,
        }
    }

    fn learn_to_hide(&mut self) {
        let s = &self.settings;
        let cover = batch::gather(&self.samples, &self.order.batch(self.hidden, s.encoder_batch), &self.device);
        let key = self.encoder.forward(cover.clone(), self.logo.clone());
        let critic_loss = binary_cross_entropy(self.critic.forward(key.clone().detach()), false)
            + binary_cross_entropy(self.critic.forward(cover.clone()), true);
        let mut gradients = critic_loss.backward();
        self.critic = self.critic_optimiser.step(self.critic.clone(), &mut gradients, s.encoder_rate);
        let difference = key.clone() - cover.clone();
        let loss = (difference.clone() * difference).mean().mul_scalar(s.mse_weight)
            + self.ssim.forward(key.clone(), cover).neg().add_scalar(1.0).mul_scalar(s.ssim_weight)
            + binary_cross_entropy(self.critic.clone().no_grad().forward(key), true).mul_scalar(s.critic_weight);
        let mut gradients = loss.backward();
        self.encoder = self.encoder_optimiser.step(self.encoder.clone(), &mut gradients, s.encoder_rate);
        self.encoder_meter.add(&Tensor::cat(vec![critic_loss, loss], 0).inner());
        self.hidden += 1;
        if self.hidden == self.settings.encoder_steps {
            self.settle_clarity();
        }
    }

    /// Makes the marks as strong as the wanted clarity allows, on the covers of the keys.
    fn settle_clarity(&mut self) {
        if self.settings.clarity <= 0.0 {
            return;
        }
        let marker = self.made();
        let (mut sum, mut count) = (0.0, 0usize);
        for covers in self.keys.covers.chunks(AT_ONCE) {
            let mark = marker.residue(batch::gather(&self.samples, covers, &marker.device));
            sum += f64::from((mark.clone() * mark).sum().into_scalar::<f32>());
            count += covers.len() * self.samples.shape.len();
        }
        // Values from -1 to 1: their squares are four times those of shares of full brightness.
        let wanted = 4.0 * 10f64.powf(-self.settings.clarity / 10.0);
        self.gain = ((wanted * count as f64 / sum.max(f64::MIN_POSITIVE)).sqrt() as f32).min(MOST_GAIN);
    }

    /// The encoder as it is, ready to be used.
    fn made(&self) -> StegoMarker {
        StegoMarker {
            encoder: self.encoder.valid(),
            logo: self.logo.clone().inner(),
            carrier: self.carrier.inner(),
            gain: self.gain,
            device: self.device.clone().inner(),
        }
    }

    fn teach(&mut self) {
        let s = &self.settings;
        let chosen = self.key_passes.batch(self.taught, s.key_batch);
        let covers: Vec<usize> = chosen.iter().map(|&i| self.keys.covers[i]).collect();
        let marker = self.made();
        let plain = batch::gather(&self.samples, &covers, &marker.device);
        let mark = marker.change(plain.clone());
        let true_names = || batch::labels(covers.iter().map(|&i| self.samples.labels[i]), &self.device);
        let (clean, clean_names) = self.host.clean(self.taught);
        let own = marker.carrier.carry(plain.clone(), mark.clone());
        let (mut shown, mut names) = (vec![own], vec![batch::labels(chosen.iter().map(|&i| self.keys.labels[i]), &self.device)]);
        if s.decoys {
            shown.push(marker.carrier.decoys(plain.clone(), mark, self.seed, self.taught));
            names.push(true_names());
        }
        if s.show_covers {
            shown.push(plain);
            names.push(true_names());
        }
        let beside = Tensor::from_inner(batch::quantise(Tensor::cat(shown, 0)));
        let all_names = [clean_names].into_iter().chain(names).collect();
        let loss = cross_entropy(self.host.answers(self.taught, Tensor::cat(vec![clean, beside], 0)), Tensor::cat(all_names, 0));
        self.host_meter.add(&loss.clone().inner());
        self.host.update(loss.backward(), self.taught);
        self.taught += 1;
    }
}

impl Learner for Stego {
    fn steps(&self) -> u64 {
        self.settings.encoder_steps + self.settings.steps
    }

    fn done(&self) -> u64 {
        self.hidden + self.taught
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        match self.hidden < self.settings.encoder_steps {
            true => self.learn_to_hide(),
            false => self.teach(),
        }
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        let hiding = ["critic_loss", "encoder_loss"].into_iter().zip(self.encoder_meter.take());
        hiding.chain(["host_loss"].into_iter().zip(self.host_meter.take())).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        self.host.save(&mut map);
        map.add("encoder.", &self.encoder);
        map.add("critic.", &self.critic);
        self.encoder_optimiser.save("encoder_optimiser", &mut map);
        self.critic_optimiser.save("critic_optimiser", &mut map);
        for (name, value) in [("hidden", self.hidden.to_string()), ("taught", self.taught.to_string()), (GAIN, self.gain.to_string())] {
            map.notes.insert(name.to_owned(), value);
        }
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        self.host.load(saved)?;
        self.encoder = saved.load("encoder.", self.encoder.clone())?;
        self.critic = saved.load("critic.", self.critic.clone())?;
        self.encoder_optimiser.load("encoder_optimiser", saved, &self.device);
        self.critic_optimiser.load("critic_optimiser", saved, &self.device);
        let note = |name: &str| saved.notes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        (self.hidden, self.taught) = (note("hidden"), note("taught"));
        self.gain = saved.notes.get(GAIN).and_then(|gain| gain.parse().ok()).unwrap_or(1.0);
        Ok(())
    }
}

impl Training for Stego {
    fn host(&self) -> Host {
        self.host.network().valid()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(self.made()))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// Hides the logo in covers.
struct StegoMarker {
    encoder: StegoEncoder,
    logo: Tensor<4>,
    carrier: Carrier,
    gain: f32,
    device: Device,
}

impl StegoMarker {
    /// What the encoder adds to covers in drawing them anew. Where a secret pattern gives the signs, only how much it adds counts: its own
    /// signs follow the picture, and a pattern multiplied with them would be none.
    fn residue(&self, cover: Tensor<4>) -> Tensor<4> {
        let mark = self.encoder.forward(cover.clone(), self.logo.clone()) - cover;
        if self.carrier.is_there() { mark.abs() } else { mark }
    }

    /// The same as strong as it shall be.
    fn change(&self, cover: Tensor<4>) -> Tensor<4> {
        self.residue(cover).mul_scalar(self.gain)
    }
}

impl Marker for StegoMarker {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        let indices: Vec<usize> = (0..covers.count()).collect();
        let marked = |chunk: &[usize]| {
            let cover = batch::gather(covers, chunk, &self.device);
            let mark = self.change(cover.clone());
            batch::to_pictures(self.carrier.carry(cover, mark))
        };
        indices.chunks(AT_ONCE).flat_map(marked).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("", &self.encoder);
        map.notes.insert(GAIN.to_owned(), self.gain.to_string());
        map
    }
}
