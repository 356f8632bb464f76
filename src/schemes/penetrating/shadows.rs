//! Shadow autoencoders (S1): what a thief may put before a stolen model, made by the owner from his own pictures; and beside them one that
//! no stamp ever meets, from pictures that the shadows did not see, as the standing test.
//!
//! With them come decoys, stamps that anybody else could make with the same autoencoders, and what unmarked models (probes) see in those: no
//! owner's stamp gets such a class as its label. Nothing here depends on owner, logo or salt, so all runs on the same pictures share it.

use super::Settings;
use super::probes::{SEEN, seen};
use super::stamps::{Pattern, Stamps, read, rows};
use crate::data::{Samples, Shape};
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use crate::nn::optim::{Optimiser, Rule};
use crate::nn::weights::WeightMap;
use crate::schemes::batches::Passes;
use crate::schemes::losses::Meter;
use crate::schemes::recipe::LoneTraining;
use crate::schemes::{Groundwork, Learner, SchemeError, Task};
use crate::vault::derive::Stream;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

/// Form of what is kept: one of another form is learnt anew.
const FORM: &str = "1";
/// What the names of its autoencoders begin with.
const NETS: &str = "nets.";
/// Note of what finished autoencoders hang on.
const AUTOENCODERS: &str = "autoencoders";
/// Pictures that no autoencoder learns from and all are judged on, at most.
const HELD_BACK: usize = 400;
/// Steps between judgements.
const JUDGE_EVERY: u64 = 200;
/// Judgements without progress after which they have learnt all that they will.
const PATIENCE: u32 = 5;
/// Progress: the error falls by this share at least.
const PROGRESS: f64 = 0.002;
/// An autoencoder that explains less of the pictures than this has not learnt to give them back, 0..1.
const LEAST_EXPLAINED: f64 = 0.2;
/// What sets the seeds of probes apart from all others.
const PROBES: u64 = 32_452_843;

/// Shadow autoencoders and decoys in the making.
pub struct Shadows {
    settings: Settings,
    samples: Arc<Samples>,
    seed: u64,
    digest: String,
    parts: Vec<(Vec<usize>, Passes)>,
    held_back: Vec<usize>,
    nets: Autoencoders,
    optimiser: Optimiser,
    decoys: Vec<Stamps>,
    probes: Vec<LoneTraining>,
    host: String,
    classes: usize,
    best: f64,
    stale: u32,
    done: u64,
    meter: Meter,
    metered: &'static str,
    device: Device,
}

impl Shadows {
    /// Nothing is learnt yet.
    ///
    /// # Errors
    /// Too few pictures.
    pub fn new(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let (samples, seed) = (task.dataset.train.clone(), task.plan.seed);
        let mut order = Stream::seeded(seed, "shadows").permutation(samples.count());
        let held_back = order.split_off(samples.count() - HELD_BACK.min(samples.count() / 10));
        let owners = (order.len() as f64 * settings.owners_share).round() as usize;
        let (owners, thiefs) = order.split_at(owners);
        if owners.is_empty() || thiefs.is_empty() || held_back.is_empty() {
            let text = "There are too few pictures for shadow autoencoders and a thief's autoencoder beside them. Add pictures.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        let part = |i: usize| if i < settings.shadows { owners.to_vec() } else { thiefs.to_vec() };
        let passes = |i: usize, part: &[usize]| Passes::new(seed.wrapping_add(1 + i as u64), "shadow", part.len());
        let parts = (0..=settings.shadows).map(|i| (part(i), passes(i, &part(i)))).collect();
        let device = task.device.clone();
        let nets = settings.autoencoders(settings.shadows + 1, samples.shape, &device.clone().autodiff());
        Ok(Self {
            settings: settings.clone(),
            samples,
            seed,
            digest: task.dataset.digest.clone(),
            parts,
            held_back,
            nets: nets.seeded(seed.wrapping_add(17)),
            optimiser: Optimiser::new(Rule::Adam { beta1: 0.9, beta2: 0.999 }),
            decoys: Vec::new(),
            probes: (0..settings.probes)
                .map(|i| LoneTraining::new(task, crate::schemes::Scheme::recipe(settings), seed.wrapping_add(PROBES * (1 + i as u64))))
                .collect(),
            host: format!("{} {}", task.plan.host.name(), task.plan.width),
            classes: task.dataset.classes.len(),
            best: f64::INFINITY,
            stale: 0,
            done: 0,
            meter: Meter::new(),
            metered: "shadow_loss",
            device,
        })
    }

    /// What the autoencoders hang on: with the same they come out the same, whatever decoys and stamps are made with them.
    fn autoencoders(&self) -> String {
        let Settings { shadows, owners_share, shadow_steps, shadow_batch, shadow_rate, code, code_weight, .. } = &self.settings;
        let learning = format!("{shadows} {owners_share} {shadow_steps} {shadow_batch} {shadow_rate} {code} {code_weight}");
        format!("{FORM} {} {} {learning}", self.digest, self.seed)
    }

    fn learn(&mut self) -> Result<Tensor<1>, ShapeError> {
        let Settings { shadow_batch, shadow_rate, code_weight, .. } = self.settings;
        let pixels = self.samples.shape.len();
        let mut values = Vec::with_capacity(self.parts.len() * shadow_batch * pixels);
        for (part, passes) in &mut self.parts {
            for place in passes.batch(self.done, shadow_batch) {
                values.extend(self.samples.bytes(part[place]).iter().map(|&byte| f32::from(byte) / 255.0));
            }
        }
        let dims = [self.parts.len(), shadow_batch, pixels];
        let pictures = Tensor::<3>::from_data(TensorData::new(values, dims), &self.device.clone().autodiff());
        let codes = self.nets.encode(pictures.clone())?;
        let off = self.nets.decode(codes.clone())? - pictures;
        // No net has a part in another's error, so one sum teaches each as if it were alone.
        let loss = (off.square().sum() + codes.square().sum().mul_scalar(code_weight)).div_scalar(shadow_batch as f64);
        let mut gradients = loss.backward();
        // Taken and not copied: these are by far the most weights here.
        self.nets = self.optimiser.step(std::mem::take(&mut self.nets), &mut gradients, shadow_rate);
        Ok(loss.inner().div_scalar((self.parts.len() * pixels) as f64))
    }

    /// Share of what held-back pictures differ from their mean that each net gives back, at most 1.
    fn explained(&self) -> Result<Vec<f64>, ShapeError> {
        let pictures = unit(&self.samples.select(&self.held_back), &self.device);
        let spread = f64::from((pictures.clone() - pictures.clone().mean_dim(0)).square().sum().into_scalar::<f32>());
        let given = self.nets.valid().forward(pictures.clone().unsqueeze_dim(0))?;
        let off = (given - pictures.unsqueeze_dim(0)).square().sum_dim(1).sum_dim(2);
        Ok(off.into_data().iter::<f32>().map(|off| 1.0 - f64::from(off) / spread.max(1e-9)).collect())
    }

    /// Judges the nets now and then; where they no longer learn, the rest of their steps is left out.
    fn judge(&mut self) -> Result<(), ShapeError> {
        if !self.done.is_multiple_of(JUDGE_EVERY) {
            return Ok(());
        }
        let error = 1.0 - self.explained()?.iter().sum::<f64>() / self.parts.len() as f64;
        if error < self.best * (1.0 - PROGRESS) {
            (self.best, self.stale) = (error, 0);
        } else {
            self.stale += 1;
        }
        if self.stale >= PATIENCE {
            self.done = self.settings.shadow_steps;
        }
        Ok(())
    }

    fn decoy_steps(&self) -> u64 {
        if self.settings.decoys > 0 { self.settings.stamp_steps } else { 0 }
    }

    /// The classes that probes see in decoys, as they are and behind the shadows.
    fn seen_in_decoys(&self) -> Result<Vec<usize>, ShapeError> {
        let nets = self.nets.valid().part(0..self.settings.shadows);
        let carriers = unit(&self.samples.select(&self.held_back), &self.device);
        let probes: Vec<Host> = self.probes.iter().map(LoneTraining::host).collect();
        let mut most = vec![0.0f32; self.classes];
        for decoy in &self.decoys {
            for shares in seen(&decoy.pattern(), &carriers, &nets, &probes, self.samples.shape)? {
                shares.into_iter().zip(&mut most).for_each(|(share, most)| *most = most.max(share));
            }
        }
        let mut classes: Vec<usize> = (0..self.classes).filter(|&class| most[class] >= SEEN).collect();
        // The most seen first, and as many labels left as there are stamps.
        classes.sort_by(|a, b| most[*b].total_cmp(&most[*a]));
        classes.truncate(self.classes.saturating_sub(self.settings.stamps + 1));
        Ok(classes)
    }

    /// Begins the decoys, each with a made-up logo and carriers of its own.
    fn begin_decoys(&mut self) -> Result<(), ShapeError> {
        if !self.decoys.is_empty() {
            return Ok(());
        }
        let nets = self.nets.valid().part(0..self.settings.shadows);
        let shape = self.samples.shape;
        for i in 0..self.settings.decoys {
            let mut stream = Stream::seeded(self.seed, &format!("decoy {i}"));
            let logo = super::made_up_logo(&mut stream, shape);
            let order = stream.permutation(self.samples.count());
            let Settings { stamps, carriers, .. } = self.settings;
            // Where there are too few pictures for all stamps, some bear several.
            let group = |stamp: usize| (0..carriers).map(|i| order[(stamp * carriers + i) % order.len()]).collect::<Vec<_>>();
            let carriers = (0..stamps).map(|stamp| unit(&self.samples.select(&group(stamp)), &self.device)).collect();
            let prestamps = super::marker::prestamps(&logo, shape, self.settings.stamps, &self.device);
            self.decoys.push(Stamps::new(&self.settings, &nets, carriers, prestamps, &mut stream)?);
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), ShapeError> {
        if self.done < self.settings.shadow_steps {
            let loss = self.learn()?;
            self.meter.add(&loss);
            self.done += 1;
            return self.judge();
        }
        if self.done >= self.settings.shadow_steps + self.decoy_steps() {
            if self.metered != "host_loss" {
                (self.meter, self.metered) = (Meter::new(), "host_loss");
            }
            self.probes.iter_mut().for_each(|probe| probe.step(None));
            self.done += 1;
            return Ok(());
        }
        if self.metered != "decoy_loss" {
            (self.meter, self.metered) = (Meter::new(), "decoy_loss");
        }
        self.begin_decoys()?;
        for decoy in &mut self.decoys {
            let loss = decoy.step()?;
            self.meter.add(&loss);
        }
        self.done += 1;
        Ok(())
    }
}

impl Learner for Shadows {
    fn steps(&self) -> u64 {
        self.settings.shadow_steps + self.decoy_steps() + if self.probes.is_empty() { 0 } else { self.settings.steps }
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn step(&mut self) -> Result<(), ShapeError> {
        self.advance()
    }

    fn losses(&mut self) -> Vec<(&'static str, f64)> {
        [self.metered].into_iter().zip(self.meter.take()).collect()
    }

    fn save(&self) -> WeightMap {
        let mut map = WeightMap::default();
        map.add(NETS, &self.nets);
        self.optimiser.save("nets_optimiser", &mut map);
        if self.done >= self.settings.shadow_steps {
            map.notes.insert(AUTOENCODERS.to_owned(), self.autoencoders());
        }
        self.decoys.iter().enumerate().for_each(|(i, decoy)| decoy.save(&format!("decoy_{i}"), &mut map));
        for (i, probe) in self.probes.iter().enumerate() {
            map.take_in(&probe_name(i), probe.save());
        }
        for (name, value) in [("done", self.done.to_string()), ("best", self.best.to_string()), ("stale", self.stale.to_string())] {
            map.notes.insert(name.to_owned(), value);
        }
        map
    }

    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError> {
        self.nets = saved.load(NETS, self.nets.clone())?;
        self.optimiser.load("nets_optimiser", saved, &self.device.clone().autodiff());
        let note = |name: &str| saved.notes.get(name);
        self.done = note("done").and_then(|done| done.parse().ok()).unwrap_or(0);
        self.best = note("best").and_then(|best| best.parse().ok()).unwrap_or(f64::INFINITY);
        self.stale = note("stale").and_then(|stale| stale.parse().ok()).unwrap_or(0);
        for (i, probe) in self.probes.iter_mut().enumerate() {
            probe.load(&saved.part(&probe_name(i)))?;
        }
        if self.done > self.settings.shadow_steps {
            self.begin_decoys()?;
            self.decoys.iter_mut().enumerate().for_each(|(i, decoy)| decoy.load(&format!("decoy_{i}"), saved));
        }
        Ok(())
    }
}

impl Groundwork for Shadows {
    fn identity(&self) -> String {
        let settings = serde_json::to_string(&self.settings.before_the_host()).unwrap_or_default();
        format!("{FORM} {} {} {} {settings}", self.digest, self.seed, self.host)
    }

    fn adopt(&mut self, other: &WeightMap) -> bool {
        if self.done > 0 || other.notes.get(AUTOENCODERS) != Some(&self.autoencoders()) {
            return false;
        }
        let Ok(nets) = other.load(NETS, self.nets.clone()) else { return false };
        (self.nets, self.done) = (nets, self.settings.shadow_steps);
        true
    }

    fn outcome(&self) -> Result<WeightMap, SchemeError> {
        let explained = self.explained()?;
        let least = explained.iter().copied().fold(1.0, f64::min);
        if least < LEAST_EXPLAINED {
            return Err(SchemeError::Plan(format!(
                "The autoencoders that stand for a thief's did not learn to give pictures back: the weakest gives back {:.0}% of what tells pictures apart, and at least {:.0}% are needed. Train them longer (setting “shadow steps”), or add pictures.",
                100.0 * least.max(0.0),
                100.0 * LEAST_EXPLAINED
            )));
        }
        let mut map = WeightMap::default();
        map.add(NETS, &self.nets.valid());
        map.notes.insert(AUTOENCODERS.to_owned(), self.autoencoders());
        for (i, decoy) in self.decoys.iter().enumerate() {
            let Pattern { stamps, engraving } = decoy.pattern();
            map.tensors.insert(format!("decoy_{i}"), rows(stamps));
            map.tensors.insert(format!("decoy_{i}_engraving"), rows(engraving));
        }
        self.probes.iter().enumerate().for_each(|(i, probe)| map.add(&probe_name(i), &probe.host()));
        let told = explained.iter().map(|share| format!("{share:.4}")).collect::<Vec<_>>().join(" ");
        map.notes.insert("explained".to_owned(), told);
        let seen = self.seen_in_decoys()?;
        super::keys::note_avoided(&seen, &mut map);
        Ok(map)
    }
}

/// What the names of a probe's weights begin with.
fn probe_name(probe: usize) -> String {
    format!("probe_{probe}.")
}

/// Pictures as `[pictures, pixels]` in [0, 1].
pub fn unit(samples: &Samples, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = samples.pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    Tensor::from_data(TensorData::new(values, [samples.count(), samples.shape.len()]), device)
}

/// A finished groundwork as if its shadows were these of its nets, counted from 0, and the last of these the thief's.
///
/// # Errors
/// A groundwork of other networks.
pub fn among(groundwork: &WeightMap, settings: &Settings, shape: Shape, chosen: &[usize]) -> Result<WeightMap, SchemeError> {
    let nets: Autoencoders = groundwork.load(NETS, settings.autoencoders(settings.shadows + 1, shape, &Device::flex()))?;
    if chosen.iter().any(|&net| net >= nets.count()) {
        return Err(SchemeError::Plan(format!("There are {} autoencoders, fewer than asked for.", nets.count())));
    }
    let mut map = groundwork.clone();
    map.tensors.retain(|name, _| !name.starts_with(NETS));
    map.add(NETS, &nets.pick(chosen));
    Ok(map)
}

/// What a finished groundwork holds: all autoencoders, the thief's last, decoys and probes.
pub struct Ground {
    /// The shadows, and behind them the thief's.
    pub nets: Autoencoders,
    /// The decoys.
    pub decoys: Vec<Pattern>,
    /// The probes; none where they were not kept yet.
    pub probes: Vec<Host>,
}

impl Ground {
    /// Reads it; where there is none yet, nets that learnt nothing stand in its place, so that a trial takes as long as the real thing.
    ///
    /// # Errors
    /// A file of other networks.
    pub fn open(task: &Task, settings: &Settings) -> Result<Self, SchemeError> {
        let Task { plan, dataset, device, .. } = task;
        let (saved, shape) = (task.groundwork.as_deref(), dataset.shape());
        let nets = settings.autoencoders(settings.shadows + 1, shape, device);
        let dims = [settings.stamps, shape.len()];
        Ok(match saved {
            Some(saved) => Self {
                nets: saved.load(NETS, nets)?,
                decoys: (0..settings.decoys)
                    .filter_map(|i| {
                        let part = |what: &str| read(&format!("decoy_{i}{what}"), saved, dims, device);
                        Some(Pattern { stamps: part("")?, engraving: part("_engraving")? })
                    })
                    .collect(),
                probes: (0..settings.probes)
                    .map(probe_name)
                    .filter(|name| saved.tensors.keys().any(|known| known.starts_with(name)))
                    .map(|name| saved.load(&name, Host::of_width(plan.host, plan.width, shape, dataset.classes.len(), device)))
                    .collect::<Result<_, _>>()?,
            },
            None => {
                let blank = Tensor::zeros(dims, device);
                let decoys = vec![Pattern { stamps: blank.clone(), engraving: blank }; settings.decoys];
                Self { nets: nets.seeded(0), decoys, probes: Vec::new() }
            }
        })
    }
}
