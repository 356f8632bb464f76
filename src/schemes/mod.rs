//! The watermark schemes, all behind one trait; `catalogue` lists them with what they need and what they resist.
//!
//! A [`Scheme`] starts a [`Training`] (one step at a time, resumable) that ends in a host and a [`Marker`]; the marker makes keys from covers.

pub mod abstract_pictures;
pub mod barrier;
mod batches;
pub mod blind;
mod carrier;
pub mod catalogue;
pub mod chain;
mod chosen;
pub mod classical;
pub mod content_stamp;
mod demand;
pub mod exponential;
mod feeder;
mod labels;
pub mod losses;
pub mod message;
pub mod noise;
pub mod penetrating;
pub mod plain;
pub mod plan;
pub mod random_pictures;
mod recipe;
pub mod settings;
pub mod stego;
mod triggered;
pub mod unrelated;
pub mod white_box;
pub mod wonder_filter;

use crate::data::logo::Logo;
use crate::data::{Dataset, Picture, Samples, Shape};
use crate::metrics::MetricError;
use crate::nn::error::ShapeError;
use crate::nn::host::{Host, WIDTHS};
use crate::nn::weights::{WeightMap, WeightsError};
use crate::vault::derive::Derivation;
use burn::tensor::Device;
use plan::{FEWEST_FOREIGN, Plan, SchemeSettings};
use recipe::Recipe;
use std::sync::Arc;
use thiserror::Error;

/// Why a plan cannot be trained.
#[derive(Debug, Error)]
pub enum SchemeError {
    /// Plan and data do not fit.
    #[error("{0}")]
    Plan(String),
    /// A checkpoint or key package does not fit the plan.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Pictures of another shape than the networks of the plan take.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Pictures that cannot be compared.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

/// Everything that a training starts from.
#[derive(Debug, Clone)]
pub struct Task {
    /// What to do.
    pub plan: Plan,
    /// On which pictures.
    pub dataset: Dataset,
    /// Whose logo.
    pub logo: Logo,
    /// Where to compute; without autodiff.
    pub device: Device,
    /// What [`groundwork`] gave, for schemes that need one; nothing before it is done.
    pub groundwork: Option<Arc<WeightMap>>,
}

/// The covers that a host is trained on and what it shall say to the keys made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlan {
    /// Index of each cover in the training part.
    pub covers: Vec<usize>,
    /// The label of the key made from each cover; never its true class.
    pub labels: Vec<u16>,
}

/// Something that learns step by step and can be held, written down and continued.
pub trait Learner: Send {
    /// Steps in the plan.
    fn steps(&self) -> u64;

    /// Steps done. A step may leave out some that are no longer needed.
    fn done(&self) -> u64;

    /// One more step.
    ///
    /// # Errors
    /// Shapes that do not fit.
    fn step(&mut self) -> Result<(), ShapeError>;

    /// Mean losses since the last call, by name.
    fn losses(&mut self) -> Vec<(&'static str, f64)>;

    /// Networks, optimisers and step count, enough to continue bit by bit.
    fn save(&self) -> WeightMap;

    /// Continues from what `save` wrote.
    fn load(&mut self, saved: &WeightMap) -> Result<(), SchemeError>;
}

/// What a scheme learns from the pictures alone, whoever marks them: once for the owner and for everybody whose marks are compared.
pub trait Groundwork: Learner {
    /// What it depends on: pictures, seed and settings, as text. Two with the same come to the same.
    fn identity(&self) -> String;

    /// Takes over from another groundwork what it would learn in just the same way; false where there is no such thing, or it is damaged.
    fn adopt(&mut self, _other: &WeightMap) -> bool {
        false
    }

    /// What comes of it, for [`Task::groundwork`].
    ///
    /// # Errors
    /// It did not learn what it should.
    fn outcome(&self) -> Result<WeightMap, SchemeError>;
}

/// The training of a host, with or without a mark.
pub trait Training: Learner {
    /// The host as it is now, ready to answer.
    fn host(&self) -> Host;

    /// What makes keys, as it is now; `None` for a training without a mark.
    fn marker(&self) -> Option<Box<dyn Marker>>;

    /// The trained covers and labels; empty for a training without a mark.
    fn keys(&self) -> &KeyPlan;
}

/// Makes keys from covers.
pub trait Marker: Send {
    /// The keys as the 8-bit pictures that a suspect will be asked, each with the label that the mark shall bring about.
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture>;

    /// The secret part that a key package keeps; empty where logo and settings say it all.
    fn save(&self) -> WeightMap;

    /// What a model says to keys that are read from its weights instead of being asked as pictures, one answer a key; nothing where keys are
    /// asked.
    fn read(&self, _host: &Host, _keys: &Samples) -> Option<Vec<u16>> {
        None
    }

    /// Whether keys follow from covers and what nobody can choose at will, so that making them again proves that they were not picked to fit a
    /// model.
    fn derives(&self) -> bool {
        true
    }

    /// Where keys bear stamps: what each is drawn to, and what it has become.
    fn stamps(&self) -> Vec<[Picture; 2]> {
        Vec::new()
    }

    /// What a filter that a thief may put before a stolen model makes of pictures; nothing for schemes whose keys are not made to pass one.
    fn filtered(&self, _pictures: &Samples) -> Option<Samples> {
        None
    }
}

/// What a key package tells of a plan without the training pictures.
pub struct Known<'a> {
    /// Where every free choice comes from.
    pub derivation: Derivation,
    /// Whose logo.
    pub logo: &'a Logo,
    /// How many classes there are.
    pub classes: usize,
    /// Shape of the pictures.
    pub shape: Shape,
}

impl<'a> Known<'a> {
    fn of(task: &'a Task) -> Self {
        let Task { plan, logo, dataset, .. } = task;
        Self { derivation: plan.derivation(&logo.digest), logo, classes: dataset.classes.len(), shape: dataset.train.shape }
    }
}

/// A scheme, behind its hyper-parameters.
pub trait Scheme {
    /// How the host learns, marked or not.
    fn recipe(&self) -> Recipe;

    /// Takes the paper's number of steps and keys for a training part of so many pictures.
    fn size(&mut self, pictures: usize);

    /// Checks that pictures and classes fit.
    ///
    /// # Errors
    /// Those that do not.
    fn fit(&self, _shape: Shape, _classes: usize) -> Result<(), SchemeError> {
        Ok(())
    }

    /// What has to be learnt from the pictures alone before anything is marked; nothing for most.
    ///
    /// # Errors
    /// Data that do not fit.
    fn groundwork(&self, _task: &Task) -> Result<Option<Box<dyn Groundwork>>, SchemeError> {
        Ok(None)
    }

    /// The training of a marked host.
    ///
    /// # Errors
    /// Data that do not fit.
    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError>;

    /// What makes keys, from what [`Marker::save`] wrote.
    ///
    /// # Errors
    /// A file of another plan.
    fn marker(&self, known: &Known, saved: &WeightMap, device: &Device) -> Result<Box<dyn Marker>, SchemeError>;

    /// The labels of trained keys, from the classes of their covers in order. `noted` is what the scheme's groundwork, or the key package's
    /// marker, noted.
    fn key_labels(&self, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16>;

    /// The label of a key made later from a cover of class `true_class`; `None` where there are no fresh keys.
    fn fresh_label(&self, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>, true_class: u16) -> Option<u16>;

    /// How many different answers a key can get, where the task has so many classes.
    fn options(&self, classes: usize) -> usize {
        classes
    }

    /// The keys and what makes them, where that needs no training.
    fn drawn(&self, _known: &Known, _train: &Samples) -> Option<(KeyPlan, Box<dyn Marker>)> {
        None
    }
}

/// What a plan's scheme has to learn from the pictures alone before anything is marked; nothing for most.
///
/// # Errors
/// Data that do not fit.
pub fn groundwork(task: &Task) -> Result<Option<Box<dyn Groundwork>>, SchemeError> {
    task.plan.scheme.scheme().groundwork(task)
}

/// Starts the training that a plan describes.
pub fn training(task: &Task) -> Result<Box<dyn Training>, SchemeError> {
    check_training(task)?;
    task.plan.scheme.scheme().training(task)
}

/// The marker that a key package describes.
pub fn marker(
    plan: &Plan,
    logo: &Logo,
    classes: usize,
    shape: Shape,
    saved: &WeightMap,
    device: &Device,
) -> Result<Box<dyn Marker>, SchemeError> {
    let known = Known { derivation: plan.derivation(&logo.digest), logo, classes, shape };
    plan.scheme.scheme().marker(&known, saved, device)
}

/// The label of a key made later from a cover of class `true_class`; `None` where the plan's rule has no fresh keys.
///
/// `noted` is what the scheme's groundwork, or the key package's marker, noted.
pub fn fresh_label(plan: &Plan, logo_digest: &str, classes: usize, noted: Option<&WeightMap>, true_class: u16) -> Option<u16> {
    plan.scheme.scheme().fresh_label(&plan.derivation(logo_digest), classes, noted, true_class)
}

/// What the answers to a plan's keys are called, where the task's classes have these names.
pub fn answer_names(plan: &Plan, classes: &[String]) -> Vec<String> {
    match catalogue::card(plan.scheme.id()).is_some_and(|card| card.reads) {
        // What is read is no class.
        true => (0..options(plan, classes.len())).map(|answer| answer.to_string()).collect(),
        false => classes.to_vec(),
    }
}

/// How many different answers a plan's keys can get, where the task has so many classes.
pub fn options(plan: &Plan, classes: usize) -> usize {
    plan.scheme.scheme().options(classes)
}

/// The first cover of a plan and its key, where keys can be drawn before anything is trained; `None` where something must learn first.
pub fn sketch(plan: &Plan, dataset: &Dataset, logo: &Logo) -> Option<(Picture, Picture)> {
    let (train, classes) = (&dataset.train, dataset.classes.len());
    let known = Known { derivation: plan.derivation(&logo.digest), logo, classes, shape: train.shape };
    let (keys, marker) = plan.scheme.scheme().drawn(&known, train)?;
    let cover = train.select(keys.covers.get(..1)?);
    let key = marker.mark(&cover, &keys.labels[..1]).pop()?;
    Some((cover.picture(0), key))
}

/// Training pictures that a plan needs at least.
pub const FEWEST_PICTURES: usize = 80;

/// As many keys as wanted, but never more than a quarter of the training pictures.
fn most_keys(wanted: usize, train: &Samples) -> usize {
    wanted.min(train.count() / 4)
}

/// As many passes over so many pictures as steps of `batch` pictures each.
fn passes(passes: u64, pictures: usize, batch: usize) -> u64 {
    passes * pictures.div_ceil(batch.max(1)).max(1) as u64
}

/// What most papers have: 100 passes, and 1% of the pictures as keys.
fn usual_size(pictures: usize, batch: usize) -> (u64, usize) {
    const PASSES: u64 = 100;
    const KEYS: f64 = 0.01;
    const FEWEST_KEYS: usize = 4;
    (passes(PASSES, pictures, batch), ((pictures as f64 * KEYS).round() as usize).max(FEWEST_KEYS))
}

/// The labels of trained keys, from the classes of their covers in order; `noted` as for [`fresh_label`].
pub fn key_labels(plan: &Plan, logo_digest: &str, classes: usize, noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
    plan.scheme.scheme().key_labels(&plan.derivation(logo_digest), classes, noted, true_classes)
}

/// Checks that every hyper-parameter is within its range.
pub fn check_settings(settings: &SchemeSettings) -> Result<(), SchemeError> {
    settings.check().map_err(SchemeError::Plan)
}

/// Checks that the plan can be trained on the data and that a verdict can rest on it, before anything is started.
pub fn check(task: &Task) -> Result<(), SchemeError> {
    let planned = task.plan.foreign;
    if planned < FEWEST_FOREIGN {
        return Err(SchemeError::Plan(format!(
            "The plan has {planned} other owners as controls, too few for any verdict. Plan at least {FEWEST_FOREIGN}."
        )));
    }
    check_training(task)
}

/// Checks that the marked model of a plan can be trained on the data.
fn check_training(task: &Task) -> Result<(), SchemeError> {
    let plan = &task.plan;
    check_settings(&plan.scheme)?;
    plan.host.check(task.dataset.train.shape).map_err(SchemeError::Plan)?;
    if !WIDTHS.contains(&plan.width) {
        let (least, most) = WIDTHS.into_inner();
        return Err(SchemeError::Plan(format!("The network's width must lie between {least} and {most}, not {}.", plan.width)));
    }
    let classes = task.dataset.classes.len();
    if classes < 2 {
        return Err(SchemeError::Plan(format!(
            "The data set has {classes} class. A classifier needs at least two: add a folder for each further class."
        )));
    }
    let (count, test) = (task.dataset.train.count(), task.dataset.test.count());
    if count < FEWEST_PICTURES {
        return Err(SchemeError::Plan(format!(
            "The data set has {count} training pictures, too few to learn from and to make keys of. Add pictures until there are at least {FEWEST_PICTURES}."
        )));
    }
    if test < 20 {
        return Err(SchemeError::Plan(format!("The test part has {test} pictures; at least 20 are needed to check the model.")));
    }
    plan.scheme.scheme().fit(task.dataset.train.shape, classes)?;
    if plan.owner.trim().is_empty() {
        return Err(SchemeError::Plan("Enter the owner's name: the keys are derived from it.".to_owned()));
    }
    Ok(())
}
