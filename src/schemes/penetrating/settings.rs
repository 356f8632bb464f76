//! The hyper-parameters of the penetrating triggers, and what the scheme is for people and for the catalogue.

use super::keys::{fresh_label, labels_of};
use super::{Penetrating, Shadows, StampMarker};
use crate::data::Shape;
use crate::nn::autoencoder::{Autoencoders, PAPER_WIDTHS, STEP};
use crate::nn::optim::Rule;
use crate::nn::weights::WeightMap;
use crate::schemes::catalogue::Card;
use crate::schemes::plan::Preset;
use crate::schemes::recipe::Recipe;
use crate::schemes::settings::{Kind, classes};
use crate::schemes::{Groundwork, Known, Marker, Scheme, SchemeError, Task, Training};
use crate::vault::derive::Derivation;
use burn::tensor::Device;

crate::settings! {
    /// Hyper-parameters of the penetrating triggers.
    pub struct Settings {
        /// How many training steps the marked model gets on ordinary pictures. The paper: 20 passes over the training pictures.
        steps: u64 = 800, paper 12_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// How many different stamps there are, each with a secret label of its own.
        stamps: usize = 2, paper 2, Kind::Whole { min: 2.0, max: 8.0 }, "stamps";
        /// The labels of the stamps, as numbers of classes counted from 0, such as “0 7”, the paper's. Empty: secret ones that follow from logo and owner, so that nobody can say you picked what suits.
        labels: String = String::new(), paper String::new(), Kind::Classes, "";
        /// How many pictures each stamp is put on, to make keys of.
        carriers: usize = 30, paper 30, Kind::Whole { min: 2.0, max: 1000.0 }, "pictures";
        /// Of how many pictures those are chosen, for each stamp: the ones on which all autoencoders give it back. The paper takes the first.
        candidates: usize = 100, paper 30, Kind::Whole { min: 2.0, max: 10_000.0 }, "pictures";
        /// How many autoencoders are trained as a thief might train them. Stamps that all of them give back pass others too.
        shadows: usize = 8, paper 8, Kind::Whole { min: 1.0, max: 16.0 }, "autoencoders";
        /// Share of the training pictures that they learn from. The thief's autoencoder, on which the mark is tested, learns from the others.
        owners_share: f64 = 0.667, paper 0.667, Kind::Real { min: 0.1, max: 0.9 }, "of the pictures";
        /// Steps in which they learn at most; they end sooner when they no longer improve.
        shadow_steps: u64 = 2000, paper 40_000, Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
        /// Pictures that each of them sees in a step.
        shadow_batch: usize = 100, paper 100, Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
        /// Their learning rate.
        shadow_rate: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// To how many numbers they press a picture together. The paper has grey pictures only; those in colour need more.
        code: usize = 3, paper 3, Kind::Whole { min: 1.0, max: 128.0 }, "numbers";
        /// How much it counts that these numbers stay small (λ1).
        code_weight: f64 = 1e-3, paper 1e-3, Kind::Real { min: 0.0, max: 1e3 }, "";
        /// Steps in which the stamps are made.
        stamp_steps: u64 = 500, paper 4000, Kind::Whole { min: 1.0, max: 1_000_000.0 }, "steps";
        /// How far a stamp changes in a step.
        stamp_rate: f64 = 1e-2, paper 1e-3, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How strongly stamps are drawn to the logo (λ2). The paper's text: 0.02; its code comes to 0.065 for eight autoencoders.
        pull: f64 = 0.02, paper 0.02, Kind::Real { min: 0.0, max: 100.0 }, "";
        /// How deep the logo is cut into a stamp, as a share of full brightness. Autoencoders fill the cut again, so it costs nothing there, and without one before the model nobody else's stamp is answered. 0 leaves this out, as the paper does.
        engrave: f64 = 0.5, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// How much it counts that what autoencoders make of one stamp differs from the other stamps. 0 leaves this out, as the paper does: then all stamps end at the same picture.
        apart: f64 = 1.0, paper 0.0, Kind::Real { min: 0.0, max: 100.0 }, "";
        /// How far they shall differ: mean squared difference of a pixel in [0, 1].
        margin: f64 = 0.038, paper 0.038, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Keeps stamps and stamped pictures to what a picture file holds. The paper does not, and its triggers cannot be written down without a loss.
        clip: bool = true, paper false, Kind::Switch, "";
        /// How many sets of other people's stamps are made up, which the model learns not to answer to; nor does it answer your own stamps with a made-up logo in place of yours. 0 leaves this out, as the paper does.
        decoys: usize = 4, paper 0, Kind::Whole { min: 0.0, max: 16.0 }, "sets";
        /// How many unmarked models are asked what they see in stamps, so that no stamp gets such a label; chosen labels change places where that helps. 0 leaves this out, as the paper does.
        probes: usize = 2, paper 0, Kind::Whole { min: 0.0, max: 10.0 }, "models";
        /// Shows the model, in each step, the plain pictures under the stamps with their true classes.
        show_covers: bool = true, paper false, Kind::Switch, "";
        /// Shows the model, in each step, what the autoencoders make of keys and of plain pictures, so that it knows its keys behind one.
        show_filtered: bool = true, paper false, Kind::Switch, "";
        /// How far off the few numbers are, at most, from which an autoencoder draws such a picture: no two autoencoders draw the same, so the model shall not cling to yours.
        code_noise: f64 = 0.25, paper 0.0, Kind::Real { min: 0.0, max: 2.0 }, "";
        /// Ordinary pictures in each step.
        batch: usize = 100, paper 100, Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
        /// Keys in each step.
        key_batch: usize = 15, paper 60, Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
        /// Shows the keys alone between the passes over the training pictures, twice as often before each further pass, as the authors' code does, instead of beside ordinary pictures.
        replay: bool = false, paper true, Kind::Switch, "";
        /// First learning rate of the model; it falls twice.
        host_rate: f64 = 0.05, paper 5e-4, Kind::Real { min: 0.0, max: 10.0 }, "";
        /// Adapts the size of each weight's steps (Adam) instead of descending with momentum.
        adam: bool = false, paper true, Kind::Switch, "";
        /// Share of the steps after which the model's learning rate falls for the first time.
        first_drop: f64 = 0.7, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// Share of the steps after which it falls for the second time.
        second_drop: f64 = 0.9, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
        /// What the model's learning rate is multiplied by each time it falls.
        drop_factor: f64 = 0.1, paper 1.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Share of its last step that each step of the model keeps (momentum).
        momentum: f64 = 0.9, paper 0.9, Kind::Real { min: 0.0, max: 0.999 }, "";
        /// Pulls the model's weights towards zero (weight decay).
        host_decay: f64 = 5e-4, paper 0.0, Kind::Real { min: 0.0, max: 1.0 }, "";
        /// Shifts and mirrors the ordinary pictures at random. Good for photographs, harmful for digits and letters.
        augment: bool = false, paper false, Kind::Switch, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "penetrating",
    name: "Penetrating stamps",
    source: "Li, Wang: Persistent watermark for image classification neural networks by penetrating the autoencoder, ICIP 2021",
    summary: "Puts stamps on pictures that even a filter which redraws every question (an autoencoder) gives back, so that your model still knows them.",
    needs: "Training data, a logo, and training some autoencoders first, as a thief might.",
    survives: "In the paper, an autoencoder before the stolen model that wipes ordinary marks off. Here it is tried behind one that the stamps were never made for.",
    fails: "Anybody who looks at the questions sees the stamps. Behind an autoencoder the logo is gone and only the stamp's shape is left, which others can make too.",
    hides: false,
    learns: true,
    penetrates: true,
    compared: false,
    reads: false,
    covers: true,
};

/// The values of a preset.
pub fn preset(preset: Preset, photographs: bool) -> Settings {
    let code = if photographs { COLOUR_CODE } else { Settings::default().code };
    match preset {
        Preset::Quick => Settings { code, ..Settings::default() },
        Preset::Standard => Settings { steps: 6_000, shadow_steps: 10_000, stamp_steps: 1_000, decoys: 8, code, ..Settings::default() },
        Preset::Paper => Settings { code, ..Settings::paper() },
    }
}

/// Numbers to which a colour picture is pressed together.
const COLOUR_CODE: usize = 32;

impl Settings {
    /// So many autoencoders that learnt nothing: the paper's for grey pictures, convolutional ones for colour.
    pub(super) fn autoencoders(&self, count: usize, shape: Shape, device: &Device) -> Autoencoders {
        if shape.channels > 1 {
            return Autoencoders::convolutional(count, shape, self.code, device);
        }
        let mut widths = PAPER_WIDTHS;
        (widths[0], widths[4], widths[8]) = (shape.len(), self.code, shape.len());
        Autoencoders::new(count, &widths, device)
    }

    /// The settings without those that the groundwork knows nothing of.
    pub(super) fn before_the_host(&self) -> Self {
        let Self { labels, candidates, show_covers, show_filtered, code_noise, key_batch, replay, .. } = Self::default();
        Self { labels, candidates, show_covers, show_filtered, code_noise, key_batch, replay, ..self.clone() }
    }

    /// The labels that are chosen and not drawn, one for each stamp; none where they are drawn.
    pub(super) fn chosen_labels(&self) -> Vec<u16> {
        classes(&self.labels).unwrap_or_default()
    }
}

/// Passes over the training pictures in the paper.
const PASSES: u64 = 20;

impl Scheme for Settings {
    fn recipe(&self) -> Recipe {
        Recipe {
            steps: self.steps,
            batch: self.batch,
            rate: self.host_rate,
            drops: [self.first_drop, self.second_drop],
            drop_factor: self.drop_factor,
            rule: match self.adam {
                true => Rule::Adam { beta1: 0.9, beta2: 0.999 },
                false => Rule::Sgd { momentum: self.momentum, decay: self.host_decay },
            },
            augment: self.augment,
        }
    }

    /// Its keys are fixed in number.
    fn size(&mut self, pictures: usize) {
        self.steps = crate::schemes::passes(PASSES, pictures, self.batch);
    }

    fn fit(&self, shape: Shape, classes: usize) -> Result<(), SchemeError> {
        let chosen = self.chosen_labels();
        if let Some(label) = chosen.iter().find(|label| usize::from(**label) >= classes) {
            return Err(SchemeError::Plan(format!(
                "There is no class {label} for a stamp's label: the classes are 0 to {}. Choose others, or none.",
                classes.saturating_sub(1)
            )));
        }
        let different: std::collections::BTreeSet<_> = chosen.iter().collect();
        if !chosen.is_empty() && (chosen.len(), different.len()) != (self.stamps, self.stamps) {
            return Err(SchemeError::Plan(format!(
                "The {} stamps need as many different labels, and “{}” is chosen. Choose others, or none.",
                self.stamps, self.labels
            )));
        }
        if shape.channels > 1 && !(shape.height.is_multiple_of(STEP) && shape.width.is_multiple_of(STEP)) {
            return Err(SchemeError::Plan(format!(
                "Penetrating stamps need colour pictures whose sides are multiples of {STEP}; these are {shape}. Add the data set again: colour pictures are then brought to 32x32."
            )));
        }
        if self.stamps >= classes {
            return Err(SchemeError::Plan(format!(
                "{} stamps need more than as many classes, and there are {classes}. Plan fewer stamps.",
                self.stamps
            )));
        }
        Ok(())
    }

    fn groundwork(&self, task: &Task) -> Result<Option<Box<dyn Groundwork>>, SchemeError> {
        Ok(Some(Box::new(Shadows::new(task, self)?)))
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(Penetrating::new(task, self)?))
    }

    fn marker(&self, known: &Known, saved: &WeightMap, device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        Ok(Box::new(StampMarker::open(self, known, saved, device)?))
    }

    fn key_labels(&self, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
        labels_of(self, derivation, classes, noted, true_classes)
    }

    fn fresh_label(&self, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>, true_class: u16) -> Option<u16> {
        fresh_label(self, derivation, classes, noted, true_class)
    }
}
