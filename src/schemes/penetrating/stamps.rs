//! Stamps that autoencoders give back (S1): each is added to its carriers, and what the autoencoders make of the sum shall be the stamp again.
//!
//! All stamps of an owner learn together, so that they can keep apart: left alone they all end at the same picture, whoever makes them, and
//! the model could not tell one from another. The logo is cut into each. Autoencoders fill the cut again, so that costs nothing behind one, and
//! without one the model tells the owner's stamps from everybody else's by it.

use super::Settings;
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::nn::mirror::{Apart, Mirror};
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::weights::{WeightMap, Weights};
use crate::vault::derive::Stream;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// The pixels that are learnt, `[stamps, pixels]`.
#[derive(Module, Debug)]
struct Learnt {
    stamps: Param<Tensor<2>>,
}

/// Stamps in the making.
pub struct Stamps {
    mirrors: Vec<Mirror>,
    prestamps: Tensor<2>,
    engraving: Tensor<2>,
    learnt: Learnt,
    optimiser: Optimiser,
    settings: Settings,
    learning: Device,
}

impl Stamps {
    /// Nothing is learnt yet: noise, drawn from `stream`. `carriers`, `[carriers, pixels]` in [0, 1], one group for each stamp; `prestamps`,
    /// `[stamps, pixels]` in [0, 1], are what the stamps are drawn to.
    ///
    /// # Errors
    /// Another number of pixels than the nets'.
    pub fn new(
        settings: &Settings,
        nets: &Autoencoders,
        carriers: Vec<Tensor<2>>,
        prestamps: Tensor<2>,
        stream: &mut Stream,
    ) -> Result<Self, ShapeError> {
        let learning = prestamps.device().autodiff();
        let dims = prestamps.dims();
        let noise: Vec<f32> = (0..dims[0] * dims[1]).map(|_| stream.share(1 << 16)).collect();
        let engraving = engraving(settings, &prestamps);
        let mirror = |(i, carriers): (usize, Tensor<2>)| Mirror::new(nets, carriers - engraving.clone().narrow(0, i, 1));
        Ok(Self {
            mirrors: carriers.into_iter().enumerate().map(mirror).collect::<Result<_, _>>()?,
            prestamps,
            engraving,
            learnt: Learnt { stamps: Param::from_tensor(Tensor::from_data(TensorData::new(noise, dims), &learning).require_grad()) },
            optimiser: Optimiser::new(Rule::Adam { beta1: 0.9, beta2: 0.999 }),
            settings: settings.clone(),
            learning,
        })
    }

    /// The stamps as they are now, `[stamps, pixels]`: what autoencoders shall give back.
    fn now(&self) -> Tensor<2> {
        self.learnt.stamps.val().inner()
    }

    /// What they are drawn to, `[stamps, pixels]`.
    pub fn prestamps(&self) -> &Tensor<2> {
        &self.prestamps
    }

    /// What is put on pictures by now.
    pub fn pattern(&self) -> Pattern {
        Pattern { stamps: self.now(), engraving: self.engraving.clone() }
    }

    /// One step of all stamps. Gives the mean loss of a pixel, without gradients.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn step(&mut self) -> Result<Tensor<1>, ShapeError> {
        let Settings { pull, margin, apart, clip, stamp_rate, .. } = self.settings;
        let tracked = self.learnt.stamps.val();
        let still = tracked.clone().inner();
        let [count, pixels] = still.dims();
        let off = still.clone() - self.prestamps.clone();
        let mut loss = off.clone().square().sum().mul_scalar(pull);
        let mut gradient = off.mul_scalar(2.0 * pull);
        for (i, mirror) in self.mirrors.iter().enumerate() {
            let others: Vec<usize> = if apart > 0.0 { (0..count).filter(|j| *j != i).collect() } else { Vec::new() };
            let rows = |picked: &[usize]| picked.iter().map(|&j| still.clone().narrow(0, j, 1)).collect::<Vec<_>>();
            let rivals = if others.is_empty() { Tensor::zeros([0, pixels], &still.device()) } else { Tensor::cat(rows(&others), 0) };
            let stamp: Tensor<1> = still.clone().narrow(0, i, 1).reshape([pixels]);
            let (own, slopes) = mirror.look_apart(stamp, rivals, Apart { margin: margin * pixels as f64, weight: apart })?;
            loss = loss + own;
            let mut places = vec![i];
            places.extend(others);
            // Each row goes back to the stamp that it is the gradient of.
            let mut back = vec![Tensor::zeros([1, pixels], &still.device()); count];
            for (row, place) in places.into_iter().enumerate() {
                back[place] = slopes.clone().narrow(0, row, 1);
            }
            gradient = gradient + Tensor::cat(back, 0);
        }
        // The optimiser gets the gradient as that of a loss which is linear around the present stamps.
        let mut gradients = (tracked * Tensor::from_inner(gradient)).sum().backward();
        self.learnt = self.optimiser.step(self.learnt.clone(), &mut gradients, stamp_rate);
        if clip {
            let held = self.now().clamp(0.0, 1.0);
            self.learnt.stamps = Param::from_tensor(Tensor::from_inner(held).require_grad());
        }
        Ok(loss.div_scalar((count * pixels) as f64))
    }

    /// Takes up stamps and optimiser under `name`.
    pub fn save(&self, name: &str, map: &mut WeightMap) {
        map.tensors.insert(name.to_owned(), rows(self.now()));
        self.optimiser.save(&format!("{name}_optimiser"), map);
    }

    /// Reads them back.
    pub fn load(&mut self, name: &str, saved: &WeightMap) {
        if let Some(stamps) = read(name, saved, self.prestamps.dims(), &self.learning) {
            self.learnt.stamps = Param::from_tensor(stamps.require_grad());
            self.optimiser.load(&format!("{name}_optimiser"), saved, &self.learning);
        }
    }
}

/// What the logo cuts out of stamped pictures, `[stamps, pixels]`: prestamps have half its brightness.
pub fn engraving(settings: &Settings, prestamps: &Tensor<2>) -> Tensor<2> {
    prestamps.clone().mul_scalar(2.0 * settings.engrave)
}

/// Stamps and what is cut out of the pictures that bear them, `[stamps, pixels]` each.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// What autoencoders give back.
    pub stamps: Tensor<2>,
    /// The logo, cut into picture and stamp together, so that no bright picture fills it.
    pub engraving: Tensor<2>,
}

impl Pattern {
    /// Pictures `[pictures, pixels]` in [0, 1] with the stamps at `places` on them. Clipped they are what a file holds.
    pub fn on(&self, pictures: &Tensor<2>, places: &[usize], clip: bool) -> Tensor<2> {
        let rows = |all: &Tensor<2>| Tensor::cat(places.iter().map(|&place| all.clone().narrow(0, place, 1)).collect(), 0);
        let stamped = pictures.clone() + rows(&self.stamps);
        let engraving = rows(&self.engraving);
        match clip {
            true => super::marker::quantised(stamped.clamp(0.0, 1.0) - engraving),
            false => stamped - engraving,
        }
    }
}

/// Stamps as a file holds them.
pub fn rows(stamps: Tensor<2>) -> Weights {
    Weights { shape: stamps.dims().to_vec(), values: stamps.into_data().iter::<f32>().collect() }
}

/// Stamps `[stamps, pixels]` of a file; nothing where it holds none of this shape.
pub fn read(name: &str, saved: &WeightMap, dims: [usize; 2], device: &Device) -> Option<Tensor<2>> {
    let weights = saved.tensors.get(name).filter(|weights| weights.shape == dims)?;
    Some(Tensor::from_data(TensorData::new(weights.values.clone(), dims), device))
}
