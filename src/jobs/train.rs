//! A training from plan to key package: the marked host, its unmarked rivals, foreign encoders, then the files.
//!
//! The stages are `marked`, `null-0` …, `foreign-0` …; each ends in a file, so that a run that was killed goes on where it was.

use super::checkpoint::{RunFolder, RunIdentity};
use super::clock::Clock;
use super::error::JobError;
use super::messages::{MetricPoint, Phase, Preview, PreviewPair, Trained};
use super::watch::{Flow, Watch};
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::forensics::ask::{answers, gather, hex, hits, likeness, relabel};
use crate::forensics::judge::NULL_SHARE;
use crate::nn::device::Compute;
use crate::nn::host::Host;
use crate::nn::weights::{WeightMap, save_host};
use crate::schemes::plain::Plain;
use crate::schemes::{self, Marker, SchemeError, Task, Training};
use crate::vault::derive::Stream;
use crate::vault::package::{Manifest, Package, VERSION};
use burn::tensor::Device;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};

/// Test pictures kept for fresh keys at most.
const RESERVE: usize = 200;
/// Plain test pictures kept for the clean accuracy at most.
const CLEAN: usize = 1000;
/// Pairs in a preview.
const PREVIEW: usize = 8;
/// Time between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
/// Time between previews and readings of the losses.
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// Time between readings of the accuracies, which cost more.
const EXAM_EVERY: Duration = Duration::from_secs(6);
/// How often a null model that did not learn is trained anew.
const NULL_TRIES: u64 = 3;

/// Trains what the task says in `folder`, continuing what lies there.
///
/// # Errors
/// A plan that does not fit, a file that cannot be written, a training that diverged, or a stop.
pub fn train(task: &Task, device_name: &str, folder: &Path, watch: &mut dyn Watch) -> Result<Trained, JobError> {
    let started = Instant::now();
    schemes::check(task)?;
    let identity =
        RunIdentity { plan: task.plan.clone(), dataset_digest: task.dataset.digest.clone(), logo_digest: task.logo.digest.clone() };
    let folder = RunFolder::open(folder, &identity)?;
    watch.progress(Phase::Prepare, 0.0, None);
    let clock = estimate_clock(task)?;
    let mut run = Run { task, folder, watch, clock, looked: Instant::now(), examined: Instant::now() };
    let exam = Exam::new(task);

    let marked = run.marked(&exam)?;
    let marker = marked.marker().ok_or_else(|| JobError::Internal("the scheme makes no keys".to_owned()))?;
    let host = marked.host();
    let covers = relabel(&task.dataset.train.select(&marked.keys().covers), &marked.keys().labels);
    let keys = gather(covers.shape, &marker.mark(&covers), &covers.labels);
    let clean_accuracy = exam.clean_accuracy(&host, &task.device);

    let (nulls, null_seeds) = run.nulls(&exam, clean_accuracy)?;
    let foreign = run.foreign(&covers)?;

    run.watch.progress(Phase::Save, 1.0, None);
    let open = |bytes: &Vec<u8>| crate::nn::weights::open_host(bytes, covers.shape, &task.device).map(|(host, _)| host);
    let null_hosts = nulls.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let clean_accuracy_unmarked = exam.clean_accuracy(&null_hosts[0], &task.device);
    let asked: Vec<usize> = null_hosts.iter().map(|null| hits(null, &keys, &task.device)).collect();
    let notes = [("made by", format!("Countermark {}", env!("CARGO_PKG_VERSION"))), ("network", task.plan.host.name().to_owned())];
    let model = save_host(&host, &notes)?;
    let manifest = Manifest {
        version: VERSION,
        plan: serde_json::to_value(&task.plan).map_err(|e| JobError::Internal(e.to_string()))?,
        dataset: task.dataset.name.clone(),
        dataset_digest: task.dataset.digest.clone(),
        classes: task.dataset.classes.clone(),
        shape: covers.shape,
        logo: task.logo.name.clone(),
        logo_digest: task.logo.digest.clone(),
        model_digest: hex(&Sha256::digest(&model)),
        labels: keys.labels.clone(),
        true_classes: marked.keys().covers.iter().map(|&i| task.dataset.train.labels[i]).collect(),
        covers: marked.keys().covers.clone(),
        reserve_classes: exam.reserve.labels.clone(),
        clean_classes: exam.clean.labels.clone(),
        clean_accuracy_unmarked,
        null_seeds,
        foreign: (0..foreign.len()).map(foreign_name).collect(),
        created: jiff::Timestamp::now().to_string(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let true_covers = relabel(&covers, &manifest.true_classes);
    let (psnr_db, ssim) = likeness(&true_covers, &keys);
    let key_accuracy = hits(&host, &keys, &task.device) as f64 / keys.count() as f64;
    let package = Package {
        manifest,
        logo: task.logo.picture.clone(),
        covers: true_covers,
        keys: keys.clone(),
        reserve: exam.reserve.clone(),
        clean: exam.clean.clone(),
        foreign,
        nulls: nulls.clone(),
        marker: marker.save().to_safetensors()?,
    };
    let key = run.folder.file("key.cmkey");
    package.save(&key)?;
    Ok(Trained {
        model: run.folder.publish("marked.safetensors", &model)?,
        key,
        unmarked: run.folder.publish("unmarked.safetensors", &nulls[0])?,
        clean_accuracy,
        clean_accuracy_unmarked,
        key_accuracy,
        key_accuracy_unmarked: asked.iter().sum::<usize>() as f64 / (asked.len() * keys.count()).max(1) as f64,
        psnr_db,
        ssim,
        seconds: started.elapsed().as_secs_f64(),
        device: device_name.to_owned(),
    })
}

/// Seconds that a whole plan with its controls will take, from a few trial steps.
///
/// # Errors
/// A plan that does not fit the data.
pub fn estimate(task: &Task) -> Result<f64, JobError> {
    schemes::check(task)?;
    Ok(estimate_clock(task)?.seconds_left())
}

fn estimate_clock(task: &Task) -> Result<Clock, JobError> {
    const TRIALS: u32 = 4;
    let time = |training: &mut dyn Training| {
        training.step();
        training.losses();
        let began = Instant::now();
        (0..TRIALS).for_each(|_| training.step());
        training.losses();
        began.elapsed().as_secs_f64() / f64::from(TRIALS)
    };
    let mut marked = schemes::training(task)?;
    let mut plain = Plain::new(task, 0);
    let (marked_step, plain_step) = (time(&mut *marked), time(&mut plain));
    let mut clock = Clock::new();
    clock.plan(Phase::Marked, marked.steps(), marked_step);
    clock.plan(Phase::Nulls, plain.steps() * task.plan.nulls as u64, plain_step);
    if marked.marker().is_some_and(|m| !m.save().tensors.is_empty()) {
        clock.plan(Phase::Foreign, marked.steps() * task.plan.foreign as u64, marked_step);
    }
    Ok(clock)
}

fn foreign_name(index: usize) -> String {
    format!("Foreign encoder {}", index + 1)
}

/// The test part, split into what is asked about accuracy and what fresh keys are made of.
struct Exam {
    clean: Samples,
    reserve: Samples,
}

impl Exam {
    fn new(task: &Task) -> Self {
        let test = &task.dataset.test;
        let order = task.plan.derivation(&task.logo.digest).stream("reserve").permutation(test.count());
        let (reserve, clean) = order.split_at(RESERVE.min(test.count() / 4));
        Self { reserve: test.select(reserve), clean: test.select(&clean[..clean.len().min(CLEAN)]) }
    }

    fn clean_accuracy(&self, host: &Host, device: &Device) -> f64 {
        hits(host, &self.clean, device) as f64 / self.clean.count().max(1) as f64
    }
}

struct Run<'a> {
    task: &'a Task,
    folder: RunFolder,
    watch: &'a mut dyn Watch,
    clock: Clock,
    looked: Instant,
    examined: Instant,
}

impl Run<'_> {
    fn marked(&mut self, exam: &Exam) -> Result<Box<dyn Training>, JobError> {
        let mut training = schemes::training(self.task)?;
        if let Some(bytes) = self.folder.finished("marked") {
            training.load(&WeightMap::from_safetensors(&bytes)?)?;
            self.clock.skip(Phase::Marked, training.steps());
            return Ok(training);
        }
        self.stage("marked", Phase::Marked, &mut *training, Some(exam))?;
        self.folder.finish("marked", &training.save().to_safetensors()?)?;
        Ok(training)
    }

    fn nulls(&mut self, exam: &Exam, clean_accuracy: f64) -> Result<(Vec<Vec<u8>>, Vec<u64>), JobError> {
        let (mut files, mut seeds) = (Vec::new(), Vec::new());
        for i in 0..self.task.plan.nulls.max(1) as u64 {
            let mut tries = 0;
            loop {
                // The first null model has the marked model's own seed: it is the twin that clean accuracy is compared with.
                let seed = self.task.plan.seed.wrapping_add(i * 1009 + tries * 7919);
                let stage = format!("null-{i}-{tries}");
                let bytes = self.null(&stage, seed)?;
                let (host, _) = crate::nn::weights::open_host(&bytes, exam.clean.shape, &self.task.device)?;
                let accuracy = exam.clean_accuracy(&host, &self.task.device);
                tries += 1;
                if accuracy >= NULL_SHARE * clean_accuracy || tries == NULL_TRIES {
                    if accuracy < NULL_SHARE * clean_accuracy {
                        self.watch.warning(format!(
                            "Unmarked model {} names only {:.1}% of ordinary pictures rightly and is no fair comparison. More steps help.",
                            i + 1,
                            100.0 * accuracy
                        ));
                    }
                    files.push(bytes);
                    seeds.push(seed);
                    break;
                }
            }
        }
        Ok((files, seeds))
    }

    fn null(&mut self, stage: &str, seed: u64) -> Result<Vec<u8>, JobError> {
        let mut training = Plain::new(self.task, seed);
        if let Some(bytes) = self.folder.finished(stage) {
            self.clock.skip(Phase::Nulls, training.steps());
            return Ok(bytes);
        }
        self.stage(stage, Phase::Nulls, &mut training, None)?;
        let bytes = save_host(&training.host(), &[("seed", seed.to_string())])?;
        self.folder.finish(stage, &bytes)?;
        Ok(bytes)
    }

    /// Keys of foreign encoders on this owner's covers.
    fn foreign(&mut self, covers: &Samples) -> Result<Vec<Samples>, JobError> {
        let mut sets = Vec::new();
        for i in 0..self.task.plan.foreign {
            let stage = format!("foreign-{i}");
            let task = foreign_task(self.task, i);
            let mut training = schemes::training(&task)?;
            let marker = match self.folder.finished(&stage) {
                Some(bytes) => {
                    self.clock.skip(Phase::Foreign, training.steps());
                    schemes::marker(&task.plan, &task.logo, covers.shape, &WeightMap::from_safetensors(&bytes)?, &task.device)?
                }
                None => {
                    let ready = |t: &dyn Training| t.marker().ok_or_else(|| SchemeError::Plan("The scheme makes no keys.".to_owned()));
                    let needs_training = !ready(&*training)?.save().tensors.is_empty();
                    if needs_training {
                        self.stage(&stage, Phase::Foreign, &mut *training, None)?;
                    }
                    let marker: Box<dyn Marker> = ready(&*training)?;
                    self.folder.finish(&stage, &marker.save().to_safetensors()?)?;
                    marker
                }
            };
            sets.push(gather(covers.shape, &marker.mark(covers), &covers.labels));
        }
        Ok(sets)
    }

    /// Trains until the plan's last step, with checkpoints, curves and pictures.
    fn stage(&mut self, name: &str, phase: Phase, training: &mut dyn Training, exam: Option<&Exam>) -> Result<(), JobError> {
        if let Some(saved) = self.folder.resume(name) {
            training.load(&saved)?;
            self.clock.skip(phase, training.done());
        }
        let mut saved_at = Instant::now();
        while training.done() < training.steps() {
            if self.watch.flow() == Flow::Stop {
                self.folder.checkpoint(name, training.save())?;
                return Err(JobError::Stopped);
            }
            let began = Instant::now();
            training.step();
            let last = training.done() == training.steps();
            if last || self.looked.elapsed() > LOOK_EVERY {
                self.look(phase, training, exam, last)?;
            }
            self.clock.step(phase, began.elapsed().as_secs_f64());
            self.watch.progress(phase, self.clock.share(), Some(self.clock.seconds_left()));
            if saved_at.elapsed() > CHECKPOINT_EVERY {
                self.folder.checkpoint(name, training.save())?;
                saved_at = Instant::now();
            }
        }
        Ok(())
    }

    fn look(&mut self, phase: Phase, training: &mut dyn Training, exam: Option<&Exam>, last: bool) -> Result<(), JobError> {
        self.looked = Instant::now();
        let step = training.done();
        let losses = training.losses();
        if losses.iter().any(|(_, value)| !value.is_finite()) {
            return Err(JobError::Diverged(step));
        }
        if phase != Phase::Marked {
            return Ok(());
        }
        let mut tell = |name: &str, value: f64| self.watch.metric(MetricPoint { step, name: name.to_owned(), value });
        losses.iter().for_each(|(name, value)| tell(name, *value));
        let (Some(exam), Some(marker)) = (exam, training.marker()) else { return Ok(()) };
        let host = training.host();
        let device = &self.task.device;
        let keys = training.keys();
        if last || self.examined.elapsed() > EXAM_EVERY {
            self.examined = Instant::now();
            let covers = relabel(&self.task.dataset.train.select(&keys.covers), &keys.labels);
            let keys = gather(covers.shape, &marker.mark(&covers), &covers.labels);
            let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
            tell("clean_accuracy", exam.clean_accuracy(&host, device));
            tell("key_accuracy", share(hits(&host, &keys, device), keys.count()));
            tell("cover_hits", share(hits(&host, &covers, device), covers.count()));
            tell("psnr_db", likeness(&covers, &keys).0);
        }
        let count = PREVIEW.min(keys.covers.len());
        let covers = relabel(&self.task.dataset.train.select(&keys.covers[..count]), &keys.labels[..count]);
        let pictures = marker.mark(&covers);
        let asked = answers(&host, &gather(covers.shape, &pictures, &covers.labels), device);
        let pair =
            |(i, (key, answer)): (usize, (Picture, u16))| PreviewPair { cover: covers.picture(i), key, expected: covers.labels[i], answer };
        let pairs = pictures.into_iter().zip(asked).enumerate().map(pair).collect();
        self.watch.preview(Preview { step, pairs });
        Ok(())
    }
}

/// The same task by somebody else: another logo, owner, salt and seed.
fn foreign_task(task: &Task, index: usize) -> Task {
    let mut foreign = task.clone();
    foreign.plan.owner = format!("{} {}", foreign_name(index), task.plan.salt);
    foreign.plan.seed = task.plan.seed.wrapping_add(104_729 * (index as u64 + 1));
    foreign.logo = foreign_logo(index);
    foreign
}

/// A logo of coarse blocks drawn from a stream, different for each index.
fn foreign_logo(index: usize) -> Logo {
    const BLOCKS: usize = 7;
    const SIDE: usize = 56;
    let mut stream = Stream::seeded(index as u64, "foreign logo");
    let blocks: Vec<u8> = (0..3 * BLOCKS * BLOCKS).map(|_| if stream.below(2) == 0 { 16 } else { 240 }).collect();
    let at = |i: usize| {
        let (c, y, x) = (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE);
        blocks[(c * BLOCKS + y * BLOCKS / SIDE) * BLOCKS + x * BLOCKS / SIDE]
    };
    let shape = Shape { channels: 3, height: SIDE, width: SIDE };
    let picture = Picture { shape, planes: (0..shape.len()).map(at).collect() };
    Logo { name: foreign_name(index), digest: hex(&Sha256::digest(&picture.planes)), picture }
}

/// A task on the best device of this machine.
pub fn task(plan: crate::schemes::plan::Plan, dataset: crate::data::Dataset, logo: Logo, compute: &Compute) -> Task {
    Task { plan, dataset, logo, device: compute.device.clone() }
}
