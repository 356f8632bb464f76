//! How hiding and revealing are learnt: together first, then the revealing network alone against networks of thieves.

use super::disturb::disturbed;
use super::first_stage::{FirstStage, Pair, adam};
use super::foreign::foreign;
use super::hard::Hardness;
use super::{Barrier, Settings, Task};
use crate::data::Samples;
use crate::nn::barrier::{MARK_REACH, fine_structure, strength};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::init::faint;
use crate::nn::ops::side_by_side;
use crate::nn::optim::{Optimiser, cosine};
use crate::nn::surrogate::{Family, Surrogate};
use crate::nn::vgg::Vgg;
use crate::nn::weights::{WeightMap, WeightsError};
use crate::schemes::SchemeError;
use crate::schemes::batches::Passes;
use crate::schemes::losses::{Meter, distance, distance_from};
use crate::vault::derive::Stream;
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use std::ops::RangeInclusive;

/// What is learnt in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Hiding and revealing.
    Initial,
    /// The same anew, because the mark would have been a weak one.
    Anew,
    /// A thief's network, by its place in the list of families.
    Surrogate(usize),
    /// Revealing in what the thieves' networks give.
    Adversarial,
}

/// What an unmarked picture reveals: white, as in the authors' code.
const BLANK: f64 = 1.0;

/// A thief's network in training, and its honest twin, which learns the same from unmarked pictures.
struct Thief {
    family: Family,
    robber: Student,
    innocent: Option<Student>,
}

/// A network that learns to give pictures.
struct Student {
    network: Surrogate,
    optimiser: Optimiser,
}

impl Student {
    fn new(family: Family, settings: &Settings, seed: u64, device: &Device) -> Self {
        let Settings { surrogate_width, halvings, surrogate_residual, .. } = *settings;
        let network = Surrogate::new(family, settings.channels(), surrogate_width, halvings, surrogate_residual, device);
        Self { network: faint(network, seed), optimiser: adam() }
    }

    /// One step towards `targets`; both without gradients. Gives the loss.
    fn learn(&mut self, inputs: Tensor<4>, targets: Tensor<4>, rate: f64) -> Result<Tensor<1>, ShapeError> {
        let loss = distance(self.network.forward(Tensor::from_inner(inputs))?, Tensor::from_inner(targets));
        let mut gradients = loss.backward();
        self.network = self.optimiser.step(self.network.clone(), &mut gradients, rate);
        Ok(loss.inner())
    }

    /// What it gives, as a file holds it.
    fn gives(&self, inputs: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        Ok(batch::quantise_unit(self.network.valid().forward(inputs)?))
    }

    fn save(&self, name: &str, map: &mut WeightMap) {
        map.add(&format!("{name}."), &self.network);
        self.optimiser.save(&format!("{name}_optimiser"), map);
    }

    fn load(&mut self, name: &str, saved: &WeightMap, device: &Device) -> Result<(), SchemeError> {
        self.network = saved.load(&format!("{name}."), self.network.clone())?;
        self.optimiser.load(&format!("{name}_optimiser"), saved, device);
        Ok(())
    }
}

/// Pixels by which the picture goes on behind its edge: more than it sees.
const EDGE: usize = 8;
/// Mean square of a change below which there is hardly a mark to imitate (60 dB).
const LEAST_CHANGE: f64 = 1e-6;
/// The same as a share of the strength of what is around it.
const LEAST_SHARE: f64 = 1e-3;

/// Photographs on which a mark is measured.
const MEASURED: usize = 256;
/// Eighths of the first stage after which it is seen whether its mark will be weak: while the demand for clarity grows, marks change too much.
const TRIAL: u64 = 5;
const EIGHTHS: u64 = 8;
/// How often the first stage begins anew at most.
const MOST_TRIES: u64 = 2;
/// By how much a mark may be made fainter or firmer, to come to the wanted clarity.
const GAINS: RangeInclusive<f64> = 0.5..=2.0;

/// A barrier in training.
pub struct Training {
    task: Task,
    learning: Device,
    logo: Tensor<4>,
    first: FirstStage,
    vgg: Option<Vgg>,
    thieves: Vec<Thief>,
    revealer_optimiser: Optimiser,
    order: Passes,
    hardness: Hardness,
    done: u64,
    meter: Meter,
    metered: &'static [&'static str],
}

impl Training {
    /// Nothing is learnt yet.
    ///
    /// # Errors
    /// Settings, pictures and logo that do not fit.
    pub fn new(task: Task) -> Result<Self, SchemeError> {
        let settings = &task.settings;
        settings.fit(task.outputs.count())?;
        let shape = settings.shape();
        let fits = [task.outputs.shape, task.inputs.shape, task.logo.shape].iter().all(|found| *found == shape);
        if !fits || task.inputs.count() != task.outputs.count() {
            return Err(SchemeError::Plan(format!("Photographs and logo must all be {shape}, and each needs its partner.")));
        }
        let learning = task.device.clone().autodiff();
        let thief = |(i, family): (usize, Family)| Thief {
            family,
            robber: Student::new(family, settings, task.seed.wrapping_add(100 + i as u64), &learning),
            innocent: settings.innocents.then(|| Student::new(family, settings, task.seed.wrapping_add(200 + i as u64), &learning)),
        };
        Ok(Self {
            logo: batch::from_unit_bytes(&task.logo.planes, shape, &task.device),
            first: FirstStage::new(settings, task.seed, 0, &learning),
            vgg: (settings.perceptual_weight > 0.0).then(|| perceptual(task.vgg.as_deref(), &learning)).transpose()?,
            thieves: settings.surrogates().into_iter().enumerate().map(thief).collect(),
            revealer_optimiser: adam(),
            order: Passes::new(task.seed, "photographs", task.outputs.count()),
            hardness: Hardness::new(task.outputs.count()),
            done: 0,
            meter: Meter::new(),
            metered: &[],
            learning,
            task,
        })
    }

    /// Steps in all.
    pub fn steps(&self) -> u64 {
        let thieves = self.thieves.len() as u64;
        self.first_steps()
            + thieves * self.task.settings.surrogate_steps
            + if thieves > 0 { self.task.settings.adversarial_steps } else { 0 }
    }

    /// Steps of the first stage, those before it began anew among them.
    pub fn first_steps(&self) -> u64 {
        self.lost() + self.task.settings.steps
    }

    /// Steps whose marks were given up.
    fn lost(&self) -> u64 {
        self.first.tries * self.trial()
    }

    /// Steps done without those.
    fn kept(&self) -> u64 {
        self.done.saturating_sub(self.lost())
    }

    /// Steps after which it is seen whether a mark will be weak.
    fn trial(&self) -> u64 {
        (self.task.settings.steps * TRIAL).div_ceil(EIGHTHS)
    }

    /// What it is trained with.
    pub fn settings(&self) -> &Settings {
        &self.task.settings
    }

    /// Steps done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// What the next step learns, and the share of that stage done, 0..1.
    pub fn stage(&self) -> (Stage, f64) {
        let Settings { steps, surrogate_steps, adversarial_steps, .. } = self.task.settings;
        let done = self.kept();
        let first = if self.first.tries > 0 { Stage::Anew } else { Stage::Initial };
        let Some(after) = done.checked_sub(steps) else { return (first, done as f64 / steps.max(1) as f64) };
        let thief = after / surrogate_steps.max(1);
        if (thief as usize) < self.thieves.len() {
            return (Stage::Surrogate(thief as usize), (after % surrogate_steps) as f64 / surrogate_steps as f64);
        }
        let after = after - self.thieves.len() as u64 * surrogate_steps;
        (Stage::Adversarial, after as f64 / adversarial_steps.max(1) as f64)
    }

    /// One more step.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn step(&mut self) -> Result<(), ShapeError> {
        let (stage, share) = self.stage();
        let (falls, fine) = (self.task.settings.cosine, self.task.settings.revealer_fine);
        let rate = |first: f64| if falls { cosine(first, share) } else { first };
        let (names, losses) = match stage {
            Stage::Initial | Stage::Anew => (
                &["picture_loss", "mark_loss", "clean_loss", "imitation_loss", "nature_loss"][..],
                self.learn_pair(rate(self.task.settings.rate))?,
            ),
            Stage::Surrogate(i) => (&["surrogate_loss"][..], self.learn_thief(i, rate(self.task.settings.rate))?),
            Stage::Adversarial => {
                self.sees_fine(fine);
                (&["mark_loss", "stolen_loss", "clean_loss"][..], self.learn_revealer(rate(self.task.settings.adversarial_rate))?)
            }
        };
        if names != self.metered {
            (self.meter, self.metered) = (Meter::new(), names);
        }
        self.meter.add(&losses);
        self.done += 1;
        if self.done == self.first_steps() {
            self.settle_clarity()?;
        } else if self.kept() == self.trial() {
            self.judge_first_stage()?;
        }
        Ok(())
    }

    /// Makes the mark fainter or firmer, everywhere alike, until marked photographs are as clear as wanted: the weight of their difference
    /// seldom brings them there in so few steps.
    fn settle_clarity(&mut self) -> Result<(), ShapeError> {
        let Settings { clarity, task_specific, .. } = self.task.settings;
        let Some(reach) = self.first.pair.hider.reach().filter(|_| clarity > 0.0 && !task_specific) else { return Ok(()) };
        let mut decibels = 0.0;
        let measured = self.measured();
        // As many at once as in a step; the last ones may be fewer.
        for some in measured.chunks(self.task.settings.batch) {
            let [_, outputs] = self.load_pictures(some);
            let logos = self.logo.clone().repeat_dim(0, some.len());
            let marked = batch::quantise_unit(self.first.pair.hider.valid().forward(outputs.clone(), logos)?);
            let square = (marked - outputs).square().mean_dim(1).mean_dim(2).mean_dim(3).clamp_min(LEAST_CHANGE);
            decibels -= square.into_data().iter::<f64>().map(|square| 10.0 * square.log10()).sum::<f64>();
        }
        let gain = 10f64.powf((decibels / measured.len() as f64 - clarity) / 20.0).clamp(*GAINS.start(), *GAINS.end());
        self.first.pair.hider = self.first.pair.hider.clone().with_reach((reach * gain).min(1.0));
        Ok(())
    }

    /// Photographs that the mark is measured on.
    fn measured(&self) -> Vec<usize> {
        let all = self.task.outputs.count();
        let count = all.min(MEASURED);
        (0..count).map(|i| i * all / count).collect()
    }

    /// How much of the mark the imitator does not foresee yet, as a share of it.
    fn unforeseen(&self) -> Result<f64, ShapeError> {
        let measured = self.measured();
        let mut sum = 0.0;
        for some in measured.chunks(self.task.settings.batch) {
            let outputs = Tensor::from_inner(self.load_pictures(some)[1].clone());
            let logos = Tensor::from_inner(self.logo.clone().repeat_dim(0, some.len()));
            let marked = self.first.pair.hider.forward(outputs.clone(), logos)?;
            sum += some.len() as f64 * f64::from(self.imitation(&marked, &outputs).0.into_scalar::<f32>());
        }
        Ok(sum / measured.len() as f64)
    }

    /// Begins the first stage anew where its mark would be a weak one: what the imitator cannot learn, thieves hardly learn either.
    fn judge_first_stage(&mut self) -> Result<(), ShapeError> {
        let s = &self.task.settings;
        let imitates = s.imitation_weight > 0.0 && !s.task_specific;
        if imitates && s.most_unforeseen < 1.0 && self.first.tries < MOST_TRIES && self.unforeseen()? > s.most_unforeseen {
            self.first = FirstStage::new(s, self.task.seed, self.first.tries + 1, &self.learning);
        }
        Ok(())
    }

    /// Mean losses since the last call, by name.
    pub fn losses(&mut self) -> Vec<(&'static str, f64)> {
        self.metered.iter().copied().zip(self.meter.take()).collect()
    }

    /// The networks as they are now.
    pub fn barrier(&self) -> Barrier {
        let Pair { hider, revealer } = &self.first.pair;
        let s = &self.task.settings;
        let met_thieves = self.done > self.first_steps() + self.thieves.len() as u64 * s.surrogate_steps;
        let learnt = Settings {
            revealer_fine: revealer.is_fine(),
            adversarial_turned: s.adversarial_turned && met_thieves,
            adversarial_disturbed: s.adversarial_disturbed && met_thieves,
            ..s.clone()
        };
        Barrier::new(learnt, self.task.logo.clone(), hider, revealer, self.task.device.clone())
    }

    /// What the network of the thief who learns now, or who learnt first, gives for these inputs; nothing before one has begun to learn.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn stolen(&self, inputs: &Samples) -> Result<Option<Samples>, ShapeError> {
        let which = match self.stage().0 {
            Stage::Initial | Stage::Anew => return Ok(None),
            Stage::Surrogate(which) => which,
            Stage::Adversarial => 0,
        };
        let Some(thief) = self.thieves.get(which) else { return Ok(None) };
        let given = thief.robber.gives(batch::from_unit_bytes(&inputs.pixels, inputs.shape, &self.task.device))?;
        let pixels = batch::to_unit_pictures(given).into_iter().flat_map(|picture| picture.planes).collect();
        Ok(Some(Samples { shape: inputs.shape, pixels, labels: inputs.labels.clone() }))
    }

    /// The protected network's inputs and outputs of this step, `[batch, channels, side, side]` in [0, 1], without gradients.
    fn pictures(&mut self) -> [Tensor<4>; 2] {
        let chosen = self.order.batch(self.done, self.task.settings.batch);
        self.load_pictures(&chosen)
    }

    /// The photographs of this step, one half of them such as were hard before.
    fn drawn_by_hardness(&mut self) -> Vec<usize> {
        let mut chosen = self.order.batch(self.done, self.task.settings.batch);
        if self.task.settings.adversarial_hard {
            let stream = &mut Stream::seeded(self.task.seed, &format!("hard {}", self.done));
            let hard = self.hardness.draw(chosen.len() / 2, stream);
            chosen[..hard.len()].copy_from_slice(&hard);
        }
        chosen
    }

    fn load_pictures(&self, chosen: &[usize]) -> [Tensor<4>; 2] {
        let load = |samples: &Samples| batch::from_unit_bytes(&samples.select(chosen).pixels, samples.shape, &self.task.device);
        [load(&self.task.inputs), load(&self.task.outputs)]
    }

    /// One logo for each picture.
    fn logos(&self) -> Tensor<4> {
        self.logo.clone().repeat_dim(0, self.task.settings.batch)
    }

    fn learn_pair(&mut self, rate: f64) -> Result<Tensor<1>, ShapeError> {
        let [inputs, outputs] = self.pictures().map(Tensor::from_inner);
        let (s, count, done) = (&self.task.settings, self.task.settings.batch, self.kept());
        let logos = Tensor::from_inner(self.logos());
        let Pair { hider, revealer } = &self.first.pair;
        let given = if s.task_specific { inputs.clone() } else { outputs.clone() };
        let marked = hider.forward(given, logos.clone())?;
        // What a file holds is what has to be revealed. All pictures at once: nothing in this network mixes them.
        let seen = revealer.forward(Tensor::cat(vec![batch::quantise_unit(marked.clone()), inputs, outputs.clone()], 0))?;
        let found = seen.clone().narrow(0, 0, count);
        let picture = distance(marked.clone(), outputs.clone());
        let mark = distance(found.clone(), logos);
        let clean = distance_from(seen.narrow(0, count, 2 * count), BLANK);
        let weight = self.first.demand.weight(done).mul_scalar(s.picture_weight);
        // The demand counts values from -1 to 1.
        self.first.demand.observe(done, picture.clone().detach().mul_scalar(4.0));
        let mut loss = picture.clone() * weight + mark.clone().mul_scalar(s.mark_weight);
        if s.clean_weight > 0.0 {
            loss = loss + clean.clone().mul_scalar(s.clean_weight);
        }
        if s.consistency_weight > 0.0 {
            let half = count / 2;
            loss = loss + distance(found.clone().narrow(0, 0, half), found.narrow(0, half, half)).mul_scalar(s.consistency_weight);
        }
        if let Some(vgg) = &self.vgg {
            loss = loss + vgg.distance(marked.clone(), outputs.clone())?.mul_scalar(s.perceptual_weight);
        }
        if s.critic_weight > 0.0 {
            let opinion = opinion(s, self.first.critic.clone().no_grad().forward(marked.clone())?, true);
            loss = loss + opinion.mul_scalar(s.critic_weight);
        }
        let mut imitation = picture.clone().zeros_like();
        if s.imitation_weight > 0.0 && !s.task_specific {
            let (share, lesson) = self.imitation(&marked, &outputs);
            imitation = share;
            loss = loss + imitation.clone().mul_scalar(s.imitation_weight);
            let mut gradients = lesson.backward();
            self.first.imitator = self.first.imitator_optimiser.step(self.first.imitator.clone(), &mut gradients, rate);
        }
        let mut nature = picture.clone().zeros_like();
        if s.nature_weight > 0.0 && !s.task_specific {
            nature = held_by_nature(&marked, &outputs);
            loss = loss + nature.clone().mul_scalar(s.nature_weight);
        }
        let mut gradients = loss.backward();
        self.first.pair = self.first.optimiser.step(self.first.pair.clone(), &mut gradients, rate);
        if s.critic_weight > 0.0 {
            let loss =
                opinion(s, self.first.critic.forward(outputs)?, true) + opinion(s, self.first.critic.forward(marked.detach())?, false);
            let mut gradients = loss.backward();
            self.first.critic = self.first.critic_optimiser.step(self.first.critic.clone(), &mut gradients, rate);
        }
        Ok(Tensor::cat(vec![picture, mark, clean, imitation, nature], 0).inner())
    }

    /// How much of what the mark changed the imitator does not foresee from the unmarked picture, 0..; and what the imitator has to learn.
    /// Each is drawn to the other as it is now. Mirrored and turned pictures ask for a mark that means the same in each of these ways.
    ///
    /// A tint, and a frame around the picture, are easy to imitate as well, and worth nothing: no network draws so exactly that a tint could be
    /// told from its errors, and a frame is cut off. So only fine structure counts as foreseen, and the imitator does not see an edge: the
    /// picture goes on mirrored behind it.
    fn imitation(&self, marked: &Tensor<4>, outputs: &Tensor<4>) -> (Tensor<1>, Tensor<1>) {
        let way =
            if self.task.settings.imitation_turned { Stream::seeded(self.task.seed, &format!("turn {}", self.done)).below(8) } else { 0 };
        let change = batch::turned(marked.clone() - outputs.clone(), way);
        let given = mirrored(mirrored(batch::turned(outputs.clone(), way), 2), 3);
        let side = self.task.settings.side;
        let imitated = self.first.imitator.forward(given).narrow(2, EDGE, side).narrow(3, EDGE, side);
        let foreseen = fine_structure(activation::tanh(imitated).mul_scalar(MARK_REACH));
        let size = distance_from(change.clone(), 0.0).clamp_min(LEAST_CHANGE);
        (distance(change.clone(), foreseen.clone().detach()) / size, distance(foreseen, change.detach()))
    }

    /// What the service gives: marked, as a file holds it.
    fn marked(&self, inputs: &Tensor<4>, outputs: &Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        let given = if self.task.settings.task_specific { inputs } else { outputs };
        Ok(batch::quantise_unit(self.first.pair.hider.valid().forward(given.clone(), self.logos())?))
    }

    fn learn_thief(&mut self, which: usize, rate: f64) -> Result<Tensor<1>, ShapeError> {
        let [inputs, outputs] = self.pictures();
        let marked = self.marked(&inputs, &outputs)?;
        let Thief { robber, innocent, .. } = &mut self.thieves[which];
        let lessons = std::iter::once((robber, marked)).chain(innocent.as_mut().map(|innocent| (innocent, outputs))).collect();
        let losses = side_by_side(&self.task.device, lessons, |(student, targets)| student.learn(inputs.clone(), targets, rate));
        let losses = losses.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(losses[0].clone())
    }

    /// Shows the revealing network fine structure from now on.
    fn sees_fine(&mut self, fine: bool) {
        if fine && !self.first.pair.revealer.is_fine() {
            self.first.pair.revealer = self.first.pair.revealer.clone().with_fine(self.task.seed.wrapping_add(3));
        }
    }

    fn learn_revealer(&mut self, rate: f64) -> Result<Tensor<1>, ShapeError> {
        let chosen = self.drawn_by_hardness();
        let [inputs, outputs] = self.load_pictures(&chosen);
        let (s, count) = (&self.task.settings, self.task.settings.batch);
        let thief = &self.thieves[self.done as usize % self.thieves.len().max(1)];
        let marked = self.marked(&inputs, &outputs)?;
        let stolen = thief.robber.gives(inputs.clone())?;
        let mut all = vec![marked, stolen];
        if let Some(innocent) = &thief.innocent {
            all.push(innocent.gives(inputs.clone())?);
        }
        all.extend([inputs, outputs.clone()]);
        let sets = all.len() * count;
        if s.adversarial_foreign {
            let stream = &mut Stream::seeded(self.task.seed, &format!("foreign {}", self.done));
            all.push(foreign(outputs.narrow(0, count / 2, count / 2), stream));
        }
        let way = if s.adversarial_turned { Stream::seeded(self.task.seed, &format!("turn {}", self.done)).below(8) } else { 0 };
        let mut shown = batch::turned(Tensor::cat(all, 0), way);
        if s.adversarial_disturbed {
            shown = disturbed(shown, &mut Stream::seeded(self.task.seed, &format!("disturb {}", self.done)));
        }
        let seen = self.first.pair.revealer.forward(Tensor::from_inner(shown))?;
        let logos = Tensor::from_inner(self.logos());
        if s.adversarial_hard {
            let errors = self.worst_errors(seen.clone().narrow(0, 0, sets).inner());
            self.hardness.note(&chosen, errors);
        }
        let [found, robbed] = [0, count].map(|from| seen.clone().narrow(0, from, count));
        let (mark, stolen) = (distance(found.clone(), logos.clone()), distance(robbed.clone(), logos));
        let unmarked = seen.dims()[0] - 2 * count;
        let clean = distance_from(seen.narrow(0, 2 * count, unmarked), BLANK);
        let mut loss = (mark.clone() + stolen.clone()).mul_scalar(s.mark_weight);
        if s.adversarial_clean_weight > 0.0 {
            loss = loss + clean.clone().mul_scalar(s.adversarial_clean_weight);
        }
        if s.consistency_weight > 0.0 {
            loss = loss + distance(found, robbed).mul_scalar(s.consistency_weight);
        }
        let mut gradients = loss.backward();
        self.first.pair.revealer = self.revealer_optimiser.step(self.first.pair.revealer.clone(), &mut gradients, rate);
        Ok(Tensor::cat(vec![mark, stolen, clean], 0).inner())
    }

    /// How far what each photograph of a step revealed is from what it should, as much as that counts: the worst of what is shown of it, marked
    /// and stolen first, `[sets * batch, channels, side, side]` to `[batch]`.
    fn worst_errors(&self, seen: Tensor<4>) -> Tensor<1> {
        let (s, [all, ..]) = (&self.task.settings, seen.dims());
        let (count, logos) = (s.batch, self.logos());
        let apart = |seen: Tensor<4>, wanted: Tensor<4>, weight: f64| {
            (seen - wanted).square().mean_dim(1).mean_dim(2).mean_dim(3).mul_scalar(weight).reshape([-1, count as i32])
        };
        let marked = apart(seen.clone().narrow(0, 0, 2 * count), logos.clone().repeat_dim(0, 2), s.mark_weight);
        let blank = logos.full_like(BLANK).repeat_dim(0, all / count - 2);
        let unmarked = apart(seen.narrow(0, 2 * count, all - 2 * count), blank, s.adversarial_clean_weight);
        Tensor::cat(vec![marked, unmarked], 0).max_dim(0).reshape([count])
    }

    /// Networks, optimisers and step count, enough to continue bit by bit.
    pub fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        self.first.save(&mut map);
        self.revealer_optimiser.save("revealer_optimiser", &mut map);
        for Thief { family, robber, innocent } in &self.thieves {
            robber.save(family.name(), &mut map);
            innocent.iter().for_each(|innocent| innocent.save(&format!("{}_innocent", family.name()), &mut map));
        }
        map.notes.insert("done".to_owned(), self.done.to_string());
        self.hardness.save(&mut map);
        map
    }

    /// Continues from what `save` wrote.
    ///
    /// # Errors
    /// A checkpoint of other networks.
    pub fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        let channels = saved.tensors.get("pair.revealer.head.0.conv.weight").and_then(|weights| weights.shape.get(1));
        self.sees_fine(channels.is_some_and(|&channels| channels > self.task.settings.channels()));
        self.first.load(saved, &self.learning)?;
        self.revealer_optimiser.load("revealer_optimiser", saved, &self.learning);
        for Thief { family, robber, innocent } in &mut self.thieves {
            robber.load(family.name(), saved, &self.learning)?;
            if let Some(innocent) = innocent {
                innocent.load(&format!("{}_innocent", family.name()), saved, &self.learning)?;
            }
        }
        self.hardness.load(saved);
        self.done = saved.notes.get("done").and_then(|done| done.parse().ok()).unwrap_or(0);
        Ok(())
    }
}

/// How much of the mark the unmarked pictures hold already: the share of it, squared, that is found in a picture's own fine structure.
/// A mark that sharpens is learnt first, easy to imitate, and worth little: one photograph is sharper than another by as much. Each place counts
/// as surely as the mark could be told there from what is around it: much where the picture is smooth, little on its edges.
fn held_by_nature(marked: &Tensor<4>, outputs: &Tensor<4>) -> Tensor<1> {
    let change = marked.clone() - outputs.clone();
    let own = fine_structure(outputs.clone());
    let sureness = strength(own.clone()).recip();
    let per_picture = |x: Tensor<4>| x.mean_dim(1).mean_dim(2).mean_dim(3);
    let held = per_picture(own * change.clone() * sureness.clone());
    let size = per_picture(change.clone() * change * sureness).clamp_min(LEAST_SHARE);
    (held / size).square().mean()
}

/// Pictures that go on mirrored behind both edges of an axis.
fn mirrored(x: Tensor<4>, axis: usize) -> Tensor<4> {
    let side = x.dims()[axis];
    let [before, after] = [0, side - EDGE].map(|from| x.clone().narrow(axis, from, EDGE).flip([axis as isize]));
    Tensor::cat(vec![before, x, after], axis)
}

/// The network of the perceptual loss.
fn perceptual(owners: Option<&WeightMap>, device: &Device) -> Result<Vgg, WeightsError> {
    owners.map_or_else(|| Vgg::embedded(device), |map| Vgg::from_torchvision(map, device))
}

/// How far the critic's scores are from saying what they should.
fn opinion(settings: &Settings, scores: Tensor<4>, unmarked: bool) -> Tensor<1> {
    match settings.least_squares {
        true => distance_from(scores, f64::from(u8::from(unmarked))),
        // -log sigmoid(score), or of its opposite.
        false => activation::softplus(if unmarked { scores.neg() } else { scores }, 1.0).mean(),
    }
}
