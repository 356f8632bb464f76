//! Image barrier (Zhang et al., AAAI 2020, "Model watermarking for image processing networks"): a network hides a logo in every picture that
//! a protected network gives; another network reveals it, also in what a thief's network gives that learnt from such pictures.
//!
//! `training` makes the two networks (`first_stage` holds what they are at first), from pictures that `disturb` changes, of which `hard` shows some more often and beside which `foreign` puts others; `marking` uses them on
//! pictures of any size, `proof` says when a revealed logo counts, `firm` strengthens a mark that would not be found again.

mod disturb;
mod firm;
mod first_stage;
mod foreign;
mod hard;
pub mod marking;
pub mod proof;
mod training;

pub use firm::FILE_QUALITY;
pub use foreign::foreign_pictures;
pub use training::{Stage, Training};

use super::settings::{Kind, Settings as _};
use super::{SchemeError, plan::Preset};
use crate::data::{Picture, Samples, Shape};
use crate::nn::barrier::{HALVINGS, Hider, MARK_REACH, Revealer};
use crate::nn::surrogate::Family;
use crate::nn::weights::{WeightMap, WeightsError};
use burn::module::Module;
use burn::tensor::Device;
use serde_json::Value;
use std::sync::Arc;

crate::settings! {
    /// Hyper-parameters of the image barrier.
    pub struct Settings {
        /// Rows and columns of the squares in which the logo is hidden; larger pictures are marked square by square.
        side: usize = 64, paper 256, Kind::Whole { min: 32.0, max: 256.0 }, "pixels";
        /// Marks pictures in colour. Without it only their brightness is marked, as the paper does with X-rays.
        colour: bool = true, paper true, Kind::Switch, "";
        /// How often the hiding network halves a square: the side must be a multiple of 2 to this number.
        halvings: usize = 5, paper 7, Kind::Whole { min: 4.0, max: 8.0 }, "halvings";
        /// Width of the hiding network: channels of its first convolution. Narrow is fast.
        hider_width: usize = 16, paper 64, Kind::Whole { min: 4.0, max: 128.0 }, "channels";
        /// Width of the revealing network.
        revealer_width: usize = 16, paper 128, Kind::Whole { min: 4.0, max: 256.0 }, "channels";
        /// Shows the revealing network, in the second stage, the picture's fine structure as well, enlarged: what is left of marks lies there.
        revealer_fine: bool = true, paper false, Kind::Switch, "";
        /// Adds the mark to the picture instead of drawing the whole picture anew: far clearer pictures after few steps.
        residual: bool = true, paper false, Kind::Switch, "";
        /// Does the protected network's own work as well: the hiding network is given what that one is given, and gives marked results. Clarity and imitation do not count then.
        task_specific: bool = false, paper false, Kind::Switch, "";
        /// Steps in which hiding and revealing are learnt. The paper: 200 passes over its pictures.
        steps: u64 = 800, paper 50_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Pictures in each step; an even number.
        batch: usize = 8, paper 16, Kind::Whole { min: 2.0, max: 256.0 }, "pictures";
        /// First learning rate.
        rate: f64 = 1e-3, paper 2e-4, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Lowers the learning rate step by step to zero, along a cosine, instead of keeping it.
        cosine: bool = true, paper false, Kind::Switch, "";
        /// How much each pixel's difference between marked and unmarked picture counts (λ1).
        picture_weight: f64 = 10.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that a network which knows pictures sees the same in marked and unmarked ones (λ2); 0 leaves this out.
        perceptual_weight: f64 = 0.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// A network of your own that knows pictures, for that: a VGG-16 or VGG-19 in a .safetensors file, with torchvision's names. Empty: the program's own.
        vgg: String = String::new(), paper String::new(), Kind::File, "";
        /// How close marked pictures shall be to unmarked ones (PSNR in decibel): the weight of their difference follows from it, and what is still amiss after the first stage is made up by a fainter or firmer mark. 0 leaves both as they are.
        clarity: f64 = 38.8, paper 0.0, Kind::Real { min: 0.0, max: 60.0 }, "dB";
        /// Share of the steps during which that demand grows: at first the mark may be seen, so that it is found sooner.
        ramp: f64 = 0.5, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// How much it counts that a third network takes marked pictures for unmarked ones (λ3).
        critic_weight: f64 = 0.0, paper 0.01, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// Measures that third network's opinion by squares, as the authors' code does, instead of by logarithms, as the paper does.
        least_squares: bool = true, paper false, Kind::Switch, "";
        /// Width of that third network.
        critic_width: usize = 16, paper 64, Kind::Whole { min: 4.0, max: 128.0 }, "channels";
        /// How much it counts that the logo is revealed in marked pictures (λ4).
        mark_weight: f64 = 1.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that nothing is revealed in unmarked pictures (λ5); 0 leaves this out.
        clean_weight: f64 = 1.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that the same logo is revealed in all marked pictures (λ6); 0 leaves this out.
        consistency_weight: f64 = 1.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How much it counts that a small network which learns beside it can imitate the mark: what that one can learn, a thief's network learns too. 0 leaves this out, as the paper does.
        imitation_weight: f64 = 0.2, paper 0.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// Mirrors and turns the pictures that it imitates, so that thieves who do so learn the mark too.
        imitation_turned: bool = true, paper false, Kind::Switch, "";
        /// How much of the mark that small network may still not foresee after five eighths of the first stage. With more the mark would be a weak one, so the stage begins anew, with other first weights, at most twice. 1 takes any mark, as the paper does.
        most_unforeseen: f64 = 0.4, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "of the mark";
        /// How much it counts that photographs do not hold the mark by nature, as sharp ones hold a mark that sharpens: what they hold would be found in them. 0 leaves this out, as the paper does.
        nature_weight: f64 = 1.0, paper 0.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// How many kinds of thieves' networks are trained for the second stage: U-Net, then Res9, CNet, Res16. The paper: a U-Net. 0 leaves the second stage out.
        families: usize = 4, paper 1, Kind::Whole { min: 0.0, max: 4.0 }, "kinds";
        /// Steps in which each of them learns from marked pictures.
        surrogate_steps: u64 = 1000, paper 50_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Width of the thieves' networks.
        surrogate_width: usize = 16, paper 64, Kind::Whole { min: 4.0, max: 128.0 }, "channels";
        /// Lets them change the picture that they are given instead of drawing a new one: they learn far faster.
        surrogate_residual: bool = true, paper false, Kind::Switch, "";
        /// Trains an honest twin of each, on unmarked pictures, in which nothing may be found: so that the mark is found, and not that a network drew the picture.
        innocents: bool = true, paper false, Kind::Switch, "";
        /// Steps in which the revealing network then learns to find the logo in what they give.
        adversarial_steps: u64 = 2400, paper 20_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Learning rate of that stage.
        adversarial_rate: f64 = 1e-3, paper 1e-4, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How much it counts in the second stage that nothing is revealed in unmarked pictures, instead of the weight of the first (λ5): the more, the fewer of them pass wrongly.
        adversarial_clean_weight: f64 = 4.0, paper 1.0, Kind::Real { min: 0.0, max: 1e6 }, "";
        /// Mirrors and turns the pictures of the second stage, marked, stolen and unmarked alike: so there are eight times as many.
        adversarial_turned: bool = true, paper false, Kind::Switch, "";
        /// Makes all pictures of the second stage a little sharper, softer or noisier, lays faint patterns over them, as networks draw them, and compresses half of them as JPEG files: so that none of it is taken for the mark, and none of it hides one.
        adversarial_disturbed: bool = true, paper false, Kind::Switch, "";
        /// Fills one half of each step of the second stage with photographs that were hard to tell apart before: those that revealed something without a mark, or hid it with one.
        adversarial_hard: bool = true, paper false, Kind::Switch, "";
        /// Shows the second stage also made-up pictures without the mark, such as clouds and walls under coloured grain: so that none of them is taken for a marked photograph.
        adversarial_foreign: bool = true, paper false, Kind::Switch, "";
        /// Makes the mark of a picture up to twice as strong where a JPEG file of quality 90 would lose it. Leave this out for pictures that stay in files without loss, as X-rays do: their marks are fainter then. Needs disturbed pictures in the second stage.
        survives_jpeg: bool = true, paper true, Kind::Switch, "";
    }
}

impl Settings {
    /// The settings of a preset.
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Quick => Self::default(),
            Preset::Standard => Self {
                side: 128,
                halvings: 6,
                hider_width: 32,
                revealer_width: 64,
                steps: 20_000,
                surrogate_steps: 5_000,
                adversarial_steps: 5_000,
                surrogate_width: 32,
                ..Self::default()
            },
            Preset::Paper => Self::paper(),
        }
    }

    /// Channels of the pictures: 3, or 1 where only brightness counts.
    pub fn channels(&self) -> usize {
        if self.colour { 3 } else { 1 }
    }

    /// The shape of a square.
    pub fn shape(&self) -> Shape {
        Shape { channels: self.channels(), height: self.side, width: self.side }
    }

    /// The thieves' networks of the second stage, in their order.
    pub fn surrogates(&self) -> Vec<Family> {
        [Family::Unet, Family::Res9, Family::Cnet, Family::Res16].into_iter().take(self.families).collect()
    }

    /// Whether the revealing network knows turned pictures.
    pub(super) fn knows_turned(&self) -> bool {
        self.adversarial_turned && self.families > 0
    }

    /// Whether the revealing network knows softened pictures, and JPEG files.
    pub fn knows_disturbed(&self) -> bool {
        self.adversarial_disturbed && self.families > 0
    }

    /// Checks that the settings can be trained on so many pictures.
    ///
    /// # Errors
    /// A setting out of its range, a side that does not fit, too few pictures.
    pub fn fit(&self, pictures: usize) -> Result<(), SchemeError> {
        self.check().map_err(SchemeError::Plan)?;
        let step = 1usize << self.halvings.clamp(*HALVINGS.start(), *HALVINGS.end());
        if !self.side.is_multiple_of(step) {
            let (side, halvings) = (self.side, self.halvings);
            return Err(SchemeError::Plan(format!(
                "Squares of {side} pixels cannot be halved {halvings} times. Choose a side that is a multiple of {step}, or fewer halvings."
            )));
        }
        if !self.vgg.trim().is_empty() && self.perceptual_weight <= 0.0 {
            let text = "The VGG file would not be used, because what such a network sees does not count. Let it count (setting “perceptual weight” above 0), or choose no file.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        if !self.batch.is_multiple_of(2) {
            return Err(SchemeError::Plan(format!("The setting “batch” must be an even number, not {}.", self.batch)));
        }
        if pictures < 2 * self.batch {
            return Err(SchemeError::Plan(format!(
                "There are {pictures} photographs to learn from, and at least {} are needed. Add photographs, or take fewer in each step (batch).",
                2 * self.batch
            )));
        }
        Ok(())
    }
}

/// Everything that a barrier is trained from.
#[derive(Debug, Clone)]
pub struct Task {
    /// Hyper-parameters.
    pub settings: Settings,
    /// Photographs, `[channels, side, side]` each: what the protected network gives.
    pub outputs: Arc<Samples>,
    /// What it was given for each of them.
    pub inputs: Arc<Samples>,
    /// The logo, `[channels, side, side]`.
    pub logo: Picture,
    /// A VGG of the owner's for the perceptual loss, under torchvision's names; nothing for the program's own.
    pub vgg: Option<Arc<WeightMap>>,
    /// Seed of all choices.
    pub seed: u64,
    /// Where to compute; without autodiff.
    pub device: Device,
}

/// The two networks of a finished training with all that is needed to use them: the owner's secret.
#[derive(Debug, Clone)]
pub struct Barrier {
    /// What they were trained with.
    pub settings: Settings,
    /// The logo, `[channels, side, side]`.
    pub logo: Picture,
    hider: Hider,
    revealer: Revealer,
    device: Device,
}

/// What the notes of a barrier's file say it is.
const KIND: &str = "countermark image barrier";
/// Version of the file. The first knew fewer settings. The second, of a single day before any release, saw fine structure in a way that is gone.
const VERSION: &str = "3";
const FIRST_VERSION: &str = "1";
const LOST_VERSION: &str = "2";

impl Barrier {
    /// Writes all of it down.
    pub fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("hider.", &self.hider);
        map.add("revealer.", &self.revealer);
        let values = self.logo.planes.iter().map(|&byte| f32::from(byte)).collect();
        let shape = vec![self.settings.channels(), self.settings.side, self.settings.side];
        map.tensors.insert("logo".to_owned(), crate::nn::weights::Weights { shape, values });
        map.notes.insert("kind".to_owned(), KIND.to_owned());
        map.notes.insert("version".to_owned(), VERSION.to_owned());
        map.notes.insert("settings".to_owned(), serde_json::to_string(&self.settings).unwrap_or_default());
        note_reach(&self.hider, &mut map);
        map
    }

    /// Reads it back.
    ///
    /// # Errors
    /// A file that is none, one of a newer program, or one whose parts do not fit.
    pub fn open(saved: &WeightMap, device: &Device) -> Result<Self, SchemeError> {
        let (settings, logo) = Self::peek(saved)?;
        Ok(Self {
            logo,
            hider: as_noted(saved.load("hider.", hider(&settings, device))?, saved),
            revealer: saved.load("revealer.", revealer(&settings, device))?,
            settings,
            device: device.clone(),
        })
    }

    /// Its settings and its logo, `[3, side, side]`, without the networks: no device is needed.
    ///
    /// # Errors
    /// As [`Barrier::open`], as far as these are concerned.
    pub fn peek(saved: &WeightMap) -> Result<(Settings, Picture), SchemeError> {
        let note = |name: &str| saved.notes.get(name).map(String::as_str).unwrap_or_default();
        let none = || {
            SchemeError::Plan("This file holds no image barrier. Choose the .cmbarrier file that was written when it was made.".to_owned())
        };
        if note("kind") != KIND {
            return Err(none());
        }
        if ![VERSION, FIRST_VERSION].contains(&note("version")) {
            let text = match note("version") {
                LOST_VERSION => {
                    "This image barrier was written by an unfinished version of Countermark and cannot be used here. Make it anew from its photographs."
                }
                _ => "This image barrier was written by a newer version of Countermark. Update the program and try again.",
            };
            return Err(SchemeError::Plan(text.to_owned()));
        }
        let settings = noted(note("settings")).ok_or_else(none)?;
        settings.fit(usize::MAX)?;
        let shape = settings.shape();
        let sides = vec![shape.channels, shape.height, shape.width];
        let logo = saved.tensors.get("logo").ok_or_else(|| WeightsError::Missing("logo".to_owned()))?;
        if logo.shape != sides {
            return Err(WeightsError::WrongShape { name: "logo".to_owned(), found: logo.shape.clone(), needed: sides }.into());
        }
        let planes = logo.values.iter().map(|v| v.round().clamp(0.0, 255.0) as u8).collect();
        Ok((settings, Picture { shape, planes }))
    }

    fn new(settings: Settings, logo: Picture, hider: &Hider, revealer: &Revealer, device: Device) -> Self {
        Self { settings, logo, hider: hider.valid(), revealer: revealer.valid(), device }
    }
}

/// Settings as a file notes them. One that it does not name was not there yet when it was written: so it was made without, as in the paper.
fn noted(text: &str) -> Option<Settings> {
    let (written, paper) = (serde_json::from_str(text).ok()?, serde_json::to_value(Settings::paper()).ok()?);
    let (Value::Object(written), Value::Object(mut all)) = (written, paper) else { return None };
    all.extend(written);
    serde_json::from_value(Value::Object(all)).ok()
}

/// How far the marks reach, beside the network's weights.
const REACH: &str = "reach";

/// Writes down how far the marks reach.
fn note_reach(hider: &Hider, map: &mut WeightMap) {
    if let Some(reach) = hider.reach() {
        map.notes.insert(REACH.to_owned(), reach.to_string());
    }
}

/// The network with the reach that was written down. Files from before it was know no other than the first.
fn as_noted(hider: Hider, saved: &WeightMap) -> Hider {
    let noted = saved.notes.get(REACH).and_then(|reach| reach.parse().ok()).filter(|reach| (0.0..=1.0).contains(reach));
    match noted.filter(|_| hider.reach().is_some()) {
        Some(reach) => hider.with_reach(reach),
        None => hider,
    }
}

fn revealer(settings: &Settings, device: &Device) -> Revealer {
    Revealer::new(settings.channels(), settings.revealer_width, settings.revealer_fine, device)
}

fn hider(settings: &Settings, device: &Device) -> Hider {
    // Where it does the protected network's work it may change all.
    let reach = settings.residual.then_some(if settings.task_specific { 1.0 } else { MARK_REACH });
    Hider::new(settings.channels(), settings.halvings, settings.hider_width, reach, device)
}
