//! A thief asks the protected network, keeps inputs and marked outputs, and trains a network of his own on the pairs (S4, tables 2 and 3).

use crate::data::{Picture, Samples};
use crate::nn::barrier::PatchCritic;
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::init::faint;
use crate::nn::ops::side_by_side;
use crate::nn::optim::{Optimiser, Rule, cosine};
use crate::nn::surrogate::{Family, Surrogate};
use crate::nn::vgg::Vgg;
use crate::nn::weights::WeightsError;
use crate::schemes::barrier::Settings;
use crate::schemes::losses::{distance, distance_from};
use crate::vault::derive::Stream;
use burn::module::Module;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// What the thief's network is told to make small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean distance of the pixels.
    L1,
    /// That, and how surely a critic tells its pictures from the protected network's.
    L1Adv,
    /// The mean square of the pixels' distance.
    L2,
    /// That, and the critic.
    L2Adv,
    /// The mean square of the distance of what a VGG-16 sees in them.
    Perceptual,
    /// That, and the critic.
    PerceptualAdv,
}

/// How much the critic counts beside distances of pixels in [0, 1]: pix2pix (Isola et al., 2017) has 1 in 100 of them in [-1, 1].
const CRITIC_BESIDE_DISTANCE: f64 = 0.005;
/// How much it counts beside their squares, which are smaller by about as much as the distances are, and beside the perceptual loss, which
/// is as large as the squares.
const CRITIC_BESIDE_SQUARE: f64 = 0.0005;

impl Loss {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::L1, Self::L1Adv, Self::L2, Self::L2Adv, Self::Perceptual, Self::PerceptualAdv];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L1Adv => "L1+adv",
            Self::L2 => "L2",
            Self::L2Adv => "L2+adv",
            Self::Perceptual => "perceptual",
            Self::PerceptualAdv => "perceptual+adv",
        }
    }

    /// How much the critic counts; none where there is no critic.
    const fn critic(self) -> Option<f64> {
        match self {
            Self::L1 | Self::L2 | Self::Perceptual => None,
            Self::L1Adv => Some(CRITIC_BESIDE_DISTANCE),
            Self::L2Adv | Self::PerceptualAdv => Some(CRITIC_BESIDE_SQUARE),
        }
    }

    /// Whether a VGG compares the pictures.
    pub const fn is_perceptual(self) -> bool {
        matches!(self, Self::Perceptual | Self::PerceptualAdv)
    }

    /// How far pictures are apart; `vgg` is there where the loss is perceptual.
    fn apart(self, vgg: Option<&Vgg>, x: Tensor<4>, y: Tensor<4>) -> Result<Tensor<1>, ShapeError> {
        match (self, vgg) {
            (_, Some(vgg)) => vgg.distance(x, y),
            (Self::L1 | Self::L1Adv, None) => Ok((x - y).abs().mean()),
            (_, None) => Ok(distance(x, y)),
        }
    }
}

/// A thief as people name him: `unet:l2`, `cnet:l1+adv:augmented`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    family: Family,
    loss: Loss,
    augment: bool,
}

impl Kind {
    /// Reads such a name, in small or large letters.
    ///
    /// # Errors
    /// What is wrong with it, a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = || {
            let losses = Loss::ALL.map(|loss| loss.name().to_lowercase()).join(", ");
            let families = Family::ALL.map(|family| family.name().to_lowercase()).join(", ");
            format!(
                "“{text}” names no thief. Write one of {families}, a colon and one of {losses}, such as unet:l2, and :augmented behind it if he augments."
            )
        };
        let mut words = text.split(':');
        let family = words.next().and_then(|word| Family::ALL.into_iter().find(|family| family.name().eq_ignore_ascii_case(word)));
        let loss = words.next().and_then(|word| Loss::ALL.into_iter().find(|loss| loss.name().eq_ignore_ascii_case(word)));
        let augment = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("augmented") && words.next().is_none() => true,
            Some(_) => return Err(all()),
        };
        family.zip(loss).map(|(family, loss)| Self { family, loss, augment }).ok_or_else(all)
    }

    /// What he does, with the effort of [`Plan::of`].
    pub fn plan(self, settings: &Settings, seed: u64) -> Plan {
        Plan { augment: self.augment, ..Plan::of(settings, self.family, self.loss, seed) }
    }
}

/// What the thief does, and how hard he tries: without these numbers "robust" means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Kind of network.
    pub family: Family,
    /// Channels of the pictures: 3, or 1 where they are grey.
    pub channels: usize,
    /// What it learns from.
    pub loss: Loss,
    /// Steps.
    pub steps: u64,
    /// Pictures in each step.
    pub batch: usize,
    /// Learning rate of Adam, which falls to zero along a cosine.
    pub rate: f64,
    /// Channels of the network at the full side.
    pub width: usize,
    /// Halvings of the U-Net.
    pub halvings: usize,
    /// Whether the network changes the picture that it is given instead of drawing a new one.
    pub residual: bool,
    /// Mirrors, turns, crops and resizes inputs and outputs at random, together.
    pub augment: bool,
    /// First weights and order of the pictures.
    pub seed: u64,
}

impl Plan {
    /// The effort that a barrier's settings give the thieves it is made against.
    pub fn of(settings: &Settings, family: Family, loss: Loss, seed: u64) -> Self {
        Self {
            family,
            channels: settings.channels(),
            loss,
            steps: settings.surrogate_steps,
            batch: settings.batch,
            rate: settings.rate,
            width: settings.surrogate_width,
            halvings: settings.halvings,
            residual: settings.surrogate_residual,
            augment: false,
            seed,
        }
    }
}

/// A thief at work.
pub struct Thief {
    plan: Plan,
    network: Surrogate,
    optimiser: Optimiser,
    critic: Option<(PatchCritic, Optimiser)>,
    vgg: Option<Vgg>,
    device: Device,
    done: u64,
}

impl Thief {
    /// One who has learnt nothing yet.
    ///
    /// # Errors
    /// None with the perceptual network that the program was built with.
    pub fn new(plan: Plan, device: &Device) -> Result<Self, WeightsError> {
        let learning = device.clone().autodiff();
        let network = Surrogate::new(plan.family, plan.channels, plan.width, plan.halvings, plan.residual, &learning);
        let adam = || Optimiser::new(Rule::Adam { beta1: 0.5, beta2: 0.999 });
        let critic = || (faint(PatchCritic::new(plan.channels, plan.width, &learning), plan.seed.wrapping_add(1)), adam());
        Ok(Self {
            network: faint(network, plan.seed),
            optimiser: adam(),
            critic: plan.loss.critic().map(|_| critic()),
            vgg: plan.loss.is_perceptual().then(|| Vgg::embedded(&learning)).transpose()?,
            device: device.clone(),
            done: 0,
            plan,
        })
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.done >= self.plan.steps
    }

    /// One step on pairs of what went in and what came out, and the share of all steps done.
    ///
    /// # Errors
    /// Pictures that the network does not take.
    pub fn step(&mut self, inputs: &Samples, outputs: &Samples) -> Result<f64, ShapeError> {
        let mut stream = Stream::seeded(self.plan.seed, &format!("thief {}", self.done));
        let chosen: Vec<usize> = (0..self.plan.batch).map(|_| stream.below(inputs.count().min(outputs.count()))).collect();
        let load = |samples: &Samples| {
            let pictures = batch::from_unit_bytes(&samples.select(&chosen).pixels, samples.shape, &self.device);
            Tensor::<4>::from_inner(pictures)
        };
        let (mut x, mut y) = (load(inputs), load(outputs));
        if self.plan.augment {
            let change = Change::drawn(&mut stream, inputs.shape.height.min(inputs.shape.width));
            (x, y) = (change.of(x), change.of(y));
        }
        let share = self.done as f64 / self.plan.steps.max(1) as f64;
        let rate = cosine(self.plan.rate, share);
        let given = self.network.forward(x)?;
        let mut loss = self.plan.loss.apart(self.vgg.as_ref(), given.clone(), y.clone())?;
        if let (Some((critic, optimiser)), Some(weight)) = (&mut self.critic, self.plan.loss.critic()) {
            loss = loss + distance_from(critic.clone().no_grad().forward(given.clone())?, 1.0).mul_scalar(weight);
            let lesson = distance_from(critic.forward(y)?, 1.0) + distance_from(critic.forward(given.detach())?, 0.0);
            let mut gradients = lesson.backward();
            *critic = optimiser.step(critic.clone(), &mut gradients, rate);
        }
        let mut gradients = loss.backward();
        self.network = self.optimiser.step(self.network.clone(), &mut gradients, rate);
        self.done += 1;
        Ok(self.done as f64 / self.plan.steps.max(1) as f64)
    }

    /// One step of each on the same inputs and outputs of its own, and the share of all steps that the first has done; nothing where there is
    /// no thief.
    ///
    /// # Errors
    /// As [`Thief::step`].
    pub fn step_each(thieves: &mut [(Self, &Samples)], inputs: &Samples) -> Result<Option<f64>, ShapeError> {
        let Some((first, _)) = thieves.first() else { return Ok(None) };
        let device = first.device.clone();
        let done = side_by_side(&device, thieves.iter_mut().collect(), |(thief, outputs)| thief.step(inputs, outputs));
        Ok(done.into_iter().collect::<Result<Vec<_>, _>>()?.first().copied())
    }

    /// What the thief's network gives for new inputs.
    ///
    /// # Errors
    /// Pictures that the network does not take.
    pub fn answer(&self, inputs: &Samples) -> Result<Vec<Picture>, ShapeError> {
        let network = self.network.valid();
        let all: Vec<usize> = (0..inputs.count()).collect();
        let mut answers = Vec::with_capacity(all.len());
        for part in all.chunks(16) {
            let pictures = batch::from_unit_bytes(&inputs.select(part).pixels, inputs.shape, &self.device);
            answers.extend(batch::to_unit_pictures(network.forward(pictures)?));
        }
        Ok(answers)
    }
}

/// What an augmenting thief does to a step's pictures, inputs and outputs alike.
#[derive(Debug, Clone, Copy)]
struct Change {
    way: usize,
    side: usize,
    top: usize,
    left: usize,
}

/// Sixteenths of the side that a crop keeps, at least; few sizes, so that a graphics card need not learn many.
const LEAST_CROP: usize = 12;

impl Change {
    fn drawn(stream: &mut Stream, side: usize) -> Self {
        let kept = side * (LEAST_CROP + stream.below(17 - LEAST_CROP)) / 16;
        let [top, left] = [0; 2].map(|_| stream.below(side - kept + 1));
        Self { way: stream.below(8), side: kept.max(1), top, left }
    }

    /// The pictures cropped, brought back to their size, mirrored and turned.
    fn of(self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        let Self { way, side, top, left } = self;
        let cropped = x.narrow(2, top, side.min(height - top)).narrow(3, left, side.min(width - left));
        let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false).with_output_size([height, width]);
        batch::turned(interpolate(cropped, options), way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;

    const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };

    fn samples() -> Samples {
        let wave = |i: usize| 128.0 + 90.0 * ((i % 32) as f32 * 0.2 + (i / 32 % 32) as f32 * 0.1 + (i / 3072) as f32).sin();
        Samples { shape: SHAPE, pixels: (0..8 * SHAPE.len()).map(|i| wave(i) as u8).collect(), labels: vec![0; 8] }
    }

    fn brighter(samples: &Samples) -> Samples {
        Samples { pixels: samples.pixels.iter().map(|v| v.saturating_add(30)).collect(), ..samples.clone() }
    }

    fn apart(answers: &[Picture], outputs: &Samples) -> f64 {
        let all = answers.iter().flat_map(|answer| &answer.planes).zip(&outputs.pixels);
        all.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).sum::<f64>() / outputs.pixels.len() as f64
    }

    fn plan(loss: Loss, augment: bool) -> Plan {
        let settings = Settings { surrogate_steps: 60, batch: 4, surrogate_width: 4, halvings: 4, rate: 3e-3, ..Settings::default() };
        Plan { augment, ..Plan::of(&settings, Family::Unet, loss, 1) }
    }

    #[test]
    fn thieves_are_named_by_network_and_loss() {
        for (family, loss) in Family::ALL.into_iter().flat_map(|family| Loss::ALL.map(|loss| (family, loss))) {
            let name = format!("{}:{}", family.name(), loss.name());
            assert_eq!(Kind::parse(&name.to_lowercase()), Ok(Kind { family, loss, augment: false }));
            assert_eq!(Kind::parse(&format!("{name}:augmented")), Ok(Kind { family, loss, augment: true }));
        }
        for wrong in ["", "unet", "unet:l3", "net:l2", "unet:l2:turned", "unet:l2:augmented:twice"] {
            let text = Kind::parse(wrong).unwrap_err();
            assert!(text.contains("perceptual+adv") && text.contains("res16"), "{text}");
        }
    }

    #[test]
    fn every_loss_teaches_a_network_what_it_saw() {
        let (inputs, outputs) = (samples(), brighter(&samples()));
        for (loss, augment) in Loss::ALL.into_iter().flat_map(|loss| [(loss, false), (loss, true)]) {
            let mut thief = Thief::new(plan(loss, augment), &Device::flex()).unwrap();
            let before = apart(&thief.answer(&inputs).unwrap(), &outputs);
            while !thief.is_done() {
                thief.step(&inputs, &outputs).unwrap();
            }
            let after = apart(&thief.answer(&inputs).unwrap(), &outputs);
            assert!(before > 25.0 && after < 0.5 * before, "{} {augment}: {before} became {after}", loss.name());
        }
    }

    #[test]
    fn inputs_and_outputs_are_changed_alike_and_keep_their_size() {
        let device = Device::flex();
        let pictures: Tensor<4> = batch::from_unit_bytes(&samples().pixels, SHAPE, &device);
        let mut stream = Stream::seeded(1, "changes");
        let mut differ = 0;
        for _ in 0..12 {
            let change = Change::drawn(&mut stream, 32);
            let (x, y) = (change.of(pictures.clone()), change.of(pictures.clone().add_scalar(0.25)));
            assert_eq!(x.dims(), pictures.dims());
            let far = (y - x.clone()).sub_scalar(0.25).abs().max().into_scalar::<f32>();
            assert!(far < 1e-4, "{change:?}: {far}");
            differ += usize::from((x - pictures.clone()).abs().max().into_scalar::<f32>() > 0.01);
        }
        assert!(differ >= 10);
    }
}
