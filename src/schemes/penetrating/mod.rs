//! Penetrating triggers (S1, "Persistent watermark for image classification neural networks by penetrating the autoencoder"): a thief puts an
//! autoencoder before the stolen model, which wipes ordinary marks off. Here each key is a picture plus a stamp that autoencoders give back.
//!
//! `shadows` trains autoencoders as a thief might (once for all runs on the same pictures), `stamps` makes the stamps with them, `keys` says
//! who may bear which and `carriers` who does, `probes` which stamp stands for which label, `marker` puts them on, and here the host learns
//! what to say to stamped pictures, as they are and `redrawn` by autoencoders.

mod carriers;
mod keys;
mod marker;
mod probes;
mod redrawn;
mod settings;
mod shadows;
mod stamps;

pub use marker::StampMarker;
pub use settings::{CARD, Settings, preset};
pub use shadows::{Shadows, among};
pub use stamps::Stamps;

use super::batches::Passes;
use super::losses::Meter;
use super::recipe::LoneTraining;
use super::{KeyPlan, Learner, Marker, Scheme, SchemeError, Task, Training};
use crate::data::{Samples, Shape};
use crate::nn::autoencoder::Autoencoders;
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::vault::derive::Stream;
use burn::tensor::{Device, Int, Tensor};
use carriers::suited;
use keys::{avoided, key_plan, labels, note_order, noted_order};
use marker::{places, prestamps, quantised};
use probes::{ordered, seen};
use redrawn::Redrawn;
use shadows::{Ground, unit};
use stamps::{Pattern, engraving};
use std::sync::Arc;

/// Made-up logos that are cut into the owner's own stamps.
const FORGERIES: usize = 24;
/// Blocks along a side of made-up logos.
const BLOCKS: std::ops::RangeInclusive<usize> = 3..=9;

/// A logo of coarse blocks, as planes of pictures of this shape.
fn made_up_logo(stream: &mut Stream, shape: Shape) -> Vec<u8> {
    let side = BLOCKS.start() + stream.below(BLOCKS.end() - BLOCKS.start() + 1);
    let blocks: Vec<u8> = (0..side * side).map(|_| if stream.below(2) == 0 { 0 } else { 255 }).collect();
    let value = |pixel: usize| {
        let (y, x) = (pixel / shape.width % shape.height, pixel % shape.width);
        blocks[y * side / shape.height * side + x * side / shape.width]
    };
    (0..shape.len()).map(value).collect()
}

/// Pictures that the host is shown, as numbers in [-1, 1], one row each.
type Rows = Vec<f32>;

/// All that stamps and autoencoders make of the covers: computed once, when the stamps are ready.
struct Shown {
    keys: Rows,
    covers: Rows,
    decoys: Vec<Rows>,
    forgeries: Vec<Rows>,
    /// Keys, and then covers.
    redrawn: Option<Redrawn>,
}

/// Stamps, and then the host that learns to answer them.
pub struct Penetrating {
    settings: Settings,
    samples: Arc<Samples>,
    /// Who bears stamps: while they are made the first of the candidates, then those that carry them best.
    keys: KeyPlan,
    candidates: KeyPlan,
    /// The label of each stamp; while they are made, in the order in which labels are drawn or chosen.
    stamp_labels: Vec<u16>,
    avoided: Vec<usize>,
    passes: Passes,
    ground: Ground,
    stamps: Stamps,
    stamped: u64,
    meter: Meter,
    shown: Option<Shown>,
    run: LoneTraining,
    host_done: u64,
    seed: u64,
    device: Device,
}

/// What the host sees in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Ordinary pictures of this step, with keys beside them where they are not replayed.
    Ordinary(u64),
    /// Keys alone.
    Keys,
}

/// What comes in a step where keys are replayed: before pass e over the ordinary pictures, 2e times the keys alone.
fn replayed(step: u64, per_pass: u64) -> Turn {
    let (mut left, mut pass) = (step, 1);
    loop {
        if left < 2 * pass {
            return Turn::Keys;
        }
        left -= 2 * pass;
        if left < per_pass {
            return Turn::Ordinary((pass - 1) * per_pass + left);
        }
        left -= per_pass;
        pass += 1;
    }
}

impl Penetrating {
    /// Prepares stamps, keys and network; nothing is trained yet.
    ///
    /// # Errors
    /// Pictures and classes that do not fit, or a groundwork of other networks.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let (samples, classes) = (task.dataset.train.clone(), task.dataset.classes.len());
        settings.fit(samples.shape, classes)?;
        let derivation = task.plan.derivation(&task.logo.digest);
        let noted = task.groundwork.as_deref();
        let first = |each| key_plan(settings, each, &derivation, &samples, classes, noted);
        let (keys, candidates) = (first(settings.carriers), first(settings.candidates.max(settings.carriers)));
        let stamp_labels = labels(settings, &derivation, classes, noted);
        let ground = Ground::open(task, settings)?;
        let group = |label: &u16| {
            let chosen: Vec<usize> = keys.covers.iter().zip(&keys.labels).filter(|(_, known)| *known == label).map(|(c, _)| *c).collect();
            unit(&samples.select(&chosen), &task.device)
        };
        let carriers: Vec<Tensor<2>> = stamp_labels.iter().map(group).collect();
        if carriers.iter().any(|group| group.dims()[0] < 2) {
            let text = "There are too few pictures of other classes to put the stamps on. Add pictures, or plan fewer stamps.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        let logo = task.logo.at(samples.shape);
        let prestamps = prestamps(&logo.planes, samples.shape, settings.stamps, &task.device);
        let nets = ground.nets.part(0..settings.shadows);
        let stamps = Stamps::new(settings, &nets, carriers, prestamps, &mut derivation.stream("stamps"))?;
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            keys,
            candidates,
            stamp_labels,
            avoided: avoided(noted),
            ground,
            stamps,
            stamped: 0,
            meter: Meter::new(),
            shown: None,
            run: LoneTraining::new(task, settings.recipe(), task.plan.seed),
            host_done: 0,
            seed: task.plan.seed,
            device: task.device.clone(),
            settings: settings.clone(),
            samples,
        })
    }

    fn per_pass(&self) -> u64 {
        (self.samples.count() as u64).div_ceil(self.settings.batch as u64)
    }

    /// Steps of the host: those on ordinary pictures and the replays between them.
    fn host_steps(&self) -> u64 {
        let passes = self.settings.steps.div_ceil(self.per_pass());
        self.settings.steps + if self.settings.replay { passes * (passes + 1) } else { 0 }
    }

    /// The owner's own autoencoders.
    fn shadows(&self) -> Autoencoders {
        self.ground.nets.part(0..self.settings.shadows)
    }

    /// Which label each of the stamps gets, which are finished.
    fn order(&mut self) -> Result<(), ShapeError> {
        let carriers = unit(&self.samples.select(&self.candidates.covers), &self.device);
        let seen = seen(&self.stamps.pattern(), &carriers, &self.shadows(), &self.ground.probes, self.samples.shape)?;
        self.stamp_labels = ordered(&self.stamp_labels, &seen);
        Ok(())
    }

    /// Who bears them.
    fn choose(&mut self) -> Result<(), ShapeError> {
        let (nets, pattern) = (self.shadows(), self.stamps.pattern());
        self.keys = suited(&self.settings, &self.candidates, &self.keys, &self.stamp_labels, &pattern, &nets, &self.samples)?;
        Ok(())
    }

    fn show(&self) -> Result<Shown, ShapeError> {
        let covers = unit(&self.samples.select(&self.keys.covers), &self.device);
        let places = places(&self.stamp_labels, &self.keys.labels);
        let on_covers = |pattern: &Pattern| pattern.on(&covers, &places, self.settings.clip);
        let own = self.stamps.pattern();
        let keys = on_covers(&own);
        let (shape, count) = (self.samples.shape, self.settings.stamps);
        let forged = |i: usize| {
            let logo = made_up_logo(&mut Stream::seeded(self.seed, &format!("forgery {i}")), shape);
            let engraving = engraving(&self.settings, &prestamps(&logo, shape, count, &self.device));
            numbers(on_covers(&Pattern { engraving, ..own.clone() }))
        };
        let redrawn = || Redrawn::new(&self.shadows(), &[&keys, &covers]);
        Ok(Shown {
            redrawn: self.settings.show_filtered.then(redrawn).transpose()?,
            decoys: self.ground.decoys.iter().map(|decoy| numbers(on_covers(decoy))).collect(),
            forgeries: (0..if self.settings.decoys > 0 { FORGERIES } else { 0 }).map(forged).collect(),
            keys: numbers(keys),
            covers: numbers(covers),
        })
    }

    /// Keys of this step with all that is shown beside them.
    fn beside(&mut self) -> Result<(Tensor<4>, Tensor<1, Int>), ShapeError> {
        let shown = match self.shown.take() {
            Some(shown) => shown,
            None => self.show()?,
        };
        let (s, shape) = (&self.settings, self.samples.shape);
        let chosen = self.passes.batch(self.host_done, s.key_batch);
        let mut stream = Stream::seeded(self.seed, &format!("shown {}", self.host_done));
        let (mut values, mut named) = (Rows::new(), Vec::new());
        let rows = |all: &Rows| chosen.iter().flat_map(|&i| &all[i * shape.len()..(i + 1) * shape.len()]).copied().collect::<Rows>();
        let mut add = |rows: Rows, own: bool| {
            values.extend(rows);
            named.extend(chosen.iter().map(|&i| if own { self.keys.labels[i] } else { self.samples.labels[self.keys.covers[i]] }));
        };
        add(rows(&shown.keys), true);
        if s.show_covers {
            add(rows(&shown.covers), false);
        }
        if !shown.decoys.is_empty() {
            add(rows(&shown.decoys[stream.below(shown.decoys.len())]), false);
            add(rows(&shown.forgeries[stream.below(shown.forgeries.len())]), false);
        }
        if let Some(redrawn) = &shown.redrawn {
            redrawn.draw(&chosen, s.code_noise, &mut stream)?.into_iter().zip([true, false]).for_each(|(rows, own)| add(rows, own));
        }
        self.shown = Some(shown);
        let learning = self.device.clone().autodiff();
        Ok((batch::from_numbers(values, shape, &learning), batch::labels(named, &learning)))
    }

    fn teach(&mut self) -> Result<(), ShapeError> {
        let turn = match self.settings.replay {
            true => replayed(self.host_done, self.per_pass()),
            false => Turn::Ordinary(self.host_done),
        };
        let (clean, with_keys) = match turn {
            Turn::Ordinary(step) => (Some(step), !self.settings.replay),
            Turn::Keys => (None, true),
        };
        let beside = if with_keys { Some(self.beside()?) } else { None };
        self.run.step_at(clean, beside);
        self.host_done += 1;
        Ok(())
    }
}

impl Learner for Penetrating {
    fn steps(&self) -> u64 {
        self.settings.stamp_steps + self.host_steps()
    }

    fn done(&self) -> u64 {
        self.stamped + self.host_done
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        if self.stamped == self.settings.stamp_steps {
            return self.teach();
        }
        let loss = self.stamps.step()?;
        self.meter.add(&loss);
        self.stamped += 1;
        if self.stamped == self.settings.stamp_steps {
            self.order()?;
            self.choose()?;
        }
        Ok(())
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        let stamps = self.meter.take().into_iter().map(|loss| ("stamp_loss", loss));
        stamps.chain(self.run.losses()).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = self.run.save();
        self.stamps.save("stamps", &mut map);
        map.notes.insert("stamped".to_owned(), self.stamped.to_string());
        map.notes.insert("host_done".to_owned(), self.host_done.to_string());
        note_order(&self.stamp_labels, &mut map);
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        self.run.load(saved)?;
        self.stamps.load("stamps", saved);
        let note = |name: &str| saved.notes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        (self.stamped, self.host_done, self.shown) = (note("stamped"), note("host_done"), None);
        if self.stamped == self.settings.stamp_steps {
            self.stamp_labels = noted_order(&self.stamp_labels, saved);
            self.choose()?;
        }
        Ok(())
    }
}

impl Training for Penetrating {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(StampMarker {
            shape: self.samples.shape,
            labels: self.stamp_labels.clone(),
            avoided: self.avoided.clone(),
            prestamps: self.stamps.prestamps().clone(),
            pattern: self.stamps.pattern(),
            filter: self.ground.nets.part(self.settings.shadows..self.settings.shadows + 1),
        }))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// As the host sees them.
fn numbers(pictures: Tensor<2>) -> Rows {
    pictures.mul_scalar(2.0).sub_scalar(1.0).into_data().iter::<f32>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::logo::{Logo, LogoOptions};
    use crate::data::{sample, sample_logos};
    use crate::schemes::plan::{Plan, Preset, SchemeSettings};
    use crate::schemes::{Known, catalogue};

    #[test]
    fn labels_that_changed_places_stay_so_in_training_and_marker() {
        let settings = Settings { steps: 2, carriers: 4, candidates: 8, shadows: 1, stamp_steps: 2, decoys: 0, ..Settings::default() };
        let dataset = sample().unwrap();
        let plan = catalogue::plan("penetrating", Preset::Quick, dataset.shape(), "Owner", &"00".repeat(16), 1).unwrap();
        let plan = Plan { scheme: SchemeSettings::Penetrating(settings.clone()), ..plan };
        let (name, svg) = sample_logos()[0];
        let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
        let task = Task { plan, dataset, logo, device: Device::flex(), groundwork: None };
        let stamped = || {
            let mut training = Penetrating::new(&task, &settings).unwrap();
            (0..2).for_each(|_| training.step().unwrap());
            training
        };
        let (usual, mut changed) = (stamped(), stamped());
        changed.stamp_labels.swap(0, 1);
        changed.choose().unwrap();
        let mut resumed = Penetrating::new(&task, &settings).unwrap();
        resumed.load(&changed.save()).unwrap();
        assert_eq!((&resumed.stamp_labels, &resumed.keys), (&changed.stamp_labels, &changed.keys));
        let marked = |marker: &dyn Marker| marker.mark(&task.dataset.train.select(&changed.keys.covers), &changed.keys.labels);
        let marker = changed.marker().unwrap();
        let kept = StampMarker::open(&settings, &Known::of(&task), &marker.save(), &Device::flex()).unwrap();
        assert_eq!(marked(&kept), marked(&*marker));
        assert_ne!(marked(&kept), marked(&*usual.marker().unwrap()), "each label has the other stamp");
    }

    #[test]
    fn keys_are_replayed_twice_as_often_before_each_further_pass() {
        let turns: Vec<Turn> = (0..2 + 3 + 4 + 3 + 6).map(|step| replayed(step, 3)).collect();
        assert_eq!(turns[..2], [Turn::Keys; 2]);
        assert_eq!(turns[2..5], [0, 1, 2].map(Turn::Ordinary));
        assert_eq!(turns[5..9], [Turn::Keys; 4]);
        assert_eq!(turns[9..12], [3, 4, 5].map(Turn::Ordinary));
        assert_eq!(turns[12..], [Turn::Keys; 6]);
    }
}
