//! A mark in the weights (Uchida et al., ICMR 2017): secret directions, and for each of them the side on which the mean of a convolution's
//! weights lies, which is a bit. It is read from the inside; no answer of the model shows it.
//!
//! Each direction is drawn as a picture of light and dark pixels, so that key packages hold it as they hold any key. A baseline.

use super::catalogue::Card;
use super::recipe::{Alone, LoneTraining};
use super::{KeyPlan, Known, Marker, Scheme, SchemeError, Task, Training};
use crate::data::{Picture, Samples, Shape};
use crate::nn::host::Host;
use crate::nn::inner::mean_kernel;
use crate::nn::weights::WeightMap;
use crate::schemes::losses::binary_cross_entropy;
use crate::schemes::plan::Preset;
use crate::schemes::recipe::Recipe;
use crate::schemes::settings::Kind;
use crate::vault::derive::Derivation;
use burn::tensor::{Device, Tensor, TensorData};

crate::host_settings! {
    /// Hyper-parameters of the mark in the weights.
    pub struct Settings {
        steps = 600; rate = 0.05; drops = [0.7, 0.9];
        /// How many bits are written into the weights: at most as many as the layer has inputs, and a quarter as many as there are training pictures.
        bits: usize = 64, paper 256, Kind::Whole { min: 32.0, max: 1024.0 }, "bits";
        /// How much it counts that the weights say the bits (λ).
        weight: f64 = 0.5, paper 0.01, Kind::Real { min: 0.0, max: 100.0 }, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "white_box",
    name: "Mark in the weights",
    source: "Uchida, Nagai, Sakazawa, Satoh: Embedding watermarks into deep neural networks, ICMR 2017",
    summary: "Writes secret bits into the weights of one layer; whoever holds the suspect's file can read them.",
    needs: "Training data and a logo, from which bits and directions follow. For the proof, the suspect's file: its answers do not show the mark.",
    survives: "In the paper, fine-tuning, and pruning of up to 65% of the weights.",
    fails: "A copy through the API, or one whose layers were shuffled or trained anew: there is nothing to be read then. Anybody may write further marks into the same layer.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: true,
    covers: false,
};

/// The values of a preset.
pub fn preset(preset: Preset, photographs: bool) -> Settings {
    match preset {
        Preset::Quick => Settings::default(),
        Preset::Standard => Settings { steps: 6_000, augment: photographs, ..Settings::default() },
        Preset::Paper => Settings { augment: photographs, ..Settings::paper() },
    }
}

/// What a bit can be.
const SIDES: usize = 2;

impl Scheme for Settings {
    fn recipe(&self) -> Recipe {
        self.host_recipe()
    }

    fn size(&mut self, pictures: usize) {
        self.steps = super::usual_size(pictures, self.batch).0;
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(WhiteBox::new(task, self)?))
    }

    fn marker(&self, known: &Known, _saved: &WeightMap, _device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        Ok(Box::new(Directions::of(known)))
    }

    fn key_labels(&self, derivation: &Derivation, _classes: usize, _noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
        bits(derivation, true_classes.len())
    }

    fn fresh_label(&self, _derivation: &Derivation, _classes: usize, _noted: Option<&WeightMap>, _true_class: u16) -> Option<u16> {
        None
    }

    fn drawn(&self, known: &Known, train: &Samples) -> Option<(KeyPlan, Box<dyn Marker>)> {
        Some((key_plan(self, &known.derivation, train), Box::new(Directions::of(known))))
    }

    fn options(&self, _classes: usize) -> usize {
        SIDES
    }
}

fn bits(derivation: &Derivation, count: usize) -> Vec<u16> {
    let mut stream = derivation.stream("bits");
    (0..count).map(|_| stream.below(SIDES) as u16).collect()
}

fn key_plan(settings: &Settings, derivation: &Derivation, train: &Samples) -> KeyPlan {
    let count = super::most_keys(settings.bits, train);
    let mut covers = derivation.stream("covers").permutation(train.count());
    covers.truncate(count);
    KeyPlan { covers, labels: bits(derivation, count) }
}

/// A host whose weights learn bits beside its task.
pub struct WhiteBox {
    settings: Settings,
    keys: KeyPlan,
    directions: Directions,
    /// `[bits, inputs]` of 1 and -1, each row times 1 or -1 as its bit is.
    wanted: Tensor<2>,
    most: usize,
    run: LoneTraining,
}

impl WhiteBox {
    /// Nothing is trained yet.
    ///
    /// # Errors
    /// A network without a convolution that fits.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let (samples, known) = (&task.dataset.train, Known::of(task));
        let mut keys = key_plan(settings, &known.derivation, samples);
        let directions = Directions::of(&known);
        let run = LoneTraining::new(task, settings.host_recipe(), task.plan.seed);
        let most = known.shape.len();
        let Some(mean) = mean_kernel(run.network(), most) else {
            return Err(SchemeError::Plan(
                "Every convolution of this network has more inputs than a picture has pixels, so there is none to write into. Choose another network.".to_owned(),
            ));
        };
        // More directions than inputs cannot all be had.
        let [inputs] = mean.dims();
        keys.covers.truncate(inputs);
        keys.labels.truncate(inputs);
        let count = keys.labels.len();
        let rows = directions.mark(&samples.select(&keys.covers), &keys.labels);
        let side = |label: u16| if label == 1 { 1.0 } else { -1.0 };
        let values: Vec<f32> =
            rows.iter().zip(&keys.labels).flat_map(|(row, &l)| row_of(&row.planes, inputs).map(move |v| v * side(l))).collect();
        let wanted = Tensor::from_data(TensorData::new(values, [count, inputs]), &task.device.clone().autodiff());
        Ok(Self { settings: settings.clone(), keys, directions, wanted, most, run })
    }
}

/// The direction that a picture stands for: 1 for light pixels, -1 for dark ones.
fn row_of(planes: &[u8], inputs: usize) -> impl Iterator<Item = f32> {
    planes.iter().take(inputs).map(|&byte| if byte >= 128 { 1.0 } else { -1.0 })
}

impl Alone for WhiteBox {
    fn run(&self) -> &LoneTraining {
        &self.run
    }

    fn run_mut(&mut self) -> &mut LoneTraining {
        &mut self.run
    }

    fn advance(&mut self) {
        let penalty = mean_kernel(self.run.network(), self.most).map(|mean| {
            // Where a row's product with the mean is above zero, the weights say the bit.
            let said = self.wanted.clone().matmul(mean.unsqueeze_dim(1));
            binary_cross_entropy(said, true).mul_scalar(self.settings.weight)
        });
        self.run.step_with(penalty);
    }
}

impl Training for WhiteBox {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(self.directions.clone()))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// Draws directions, and reads weights along them.
#[derive(Clone)]
struct Directions {
    derivation: Derivation,
    shape: Shape,
}

impl Directions {
    fn of(known: &Known) -> Self {
        Self { derivation: known.derivation.clone(), shape: known.shape }
    }
}

impl Marker for Directions {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        let mut stream = self.derivation.stream("directions");
        let mut row = || (0..self.shape.len()).map(|_| if stream.below(2) == 0 { 0 } else { 255 }).collect();
        (0..covers.count()).map(|_| Picture { shape: self.shape, planes: row() }).collect()
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }

    fn read(&self, host: &Host, keys: &Samples) -> Option<Vec<u16>> {
        // A network without such a layer says nothing: no bit is one of the two.
        let Some(mean) = mean_kernel(host, self.shape.len()) else { return Some(vec![SIDES as u16; keys.count()]) };
        let mean: Vec<f32> = mean.into_data().iter().collect();
        let along = |i: usize| row_of(keys.bytes(i), mean.len()).zip(&mean).map(|(sign, weight)| sign * weight).sum::<f32>();
        Some((0..keys.count()).map(|i| u16::from(along(i) > 0.0)).collect())
    }
}
