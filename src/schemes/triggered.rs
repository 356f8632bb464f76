//! A host that learns fixed keys beside ordinary pictures: what all schemes have in common whose keys can be drawn before anything is trained.

use super::batches::Passes;
use super::recipe::{Alone, LoneTraining, Recipe};
use super::settings::Settings;
use super::{KeyPlan, Known, Marker, Scheme, SchemeError, Task, Training};
use crate::data::{Picture, Samples, hex};
use crate::nn::batch;
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::vault::derive::Derivation;
use burn::tensor::{Device, Int, Tensor};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What [`trigger_settings!`](crate::trigger_settings) gives all such schemes.
pub trait Counted {
    /// How the host learns.
    fn recipe(&self) -> Recipe;

    /// Keys in all, and in each step.
    fn keys(&self) -> [usize; 2];

    /// Steps and keys, to be changed.
    fn counts(&mut self) -> (&mut u64, &mut usize);
}

/// A scheme whose keys are drawn: all of it but how, and with which labels, is the same for all.
pub trait Drawn: Settings + Counted {
    /// What draws keys.
    type Drawer: Marker + Clone + 'static;

    /// It, from what everybody can derive.
    fn drawer(&self, known: &Known) -> Self::Drawer;

    /// It, for a plan: from what the key package keeps (`saved`), or before there is one.
    ///
    /// # Errors
    /// Files that cannot be read.
    fn drawer_of(&self, known: &Known, _saved: Option<&WeightMap>) -> Result<Self::Drawer, SchemeError> {
        Ok(self.drawer(known))
    }

    /// How many keys it can draw.
    fn most(&self, _drawer: &Self::Drawer) -> usize {
        usize::MAX
    }

    /// What draws pictures that the host shall not take for keys; it is shown them under the covers' true classes.
    fn decoys(&self, _known: &Known) -> Option<Self::Drawer> {
        None
    }

    /// What gives the keys their labels, one after the other. One label for all, unless a scheme chooses otherwise.
    fn labeller(&self, derivation: &Derivation, classes: usize) -> Labeller {
        let label = derivation.stream("label").below(classes) as u16;
        Box::new(move |true_class| (true_class != label).then_some(label))
    }

    /// Whether a key can be made of any picture, and not only of the covers in their places.
    fn has_fresh_keys(&self) -> bool {
        true
    }
}

/// Gives the next key its label, by the class of a picture that might become its cover; `None` where such a picture makes none, and the label
/// waits for the next picture.
pub type Labeller = Box<dyn FnMut(u16) -> Option<u16>>;

/// A label of its own for each key: any class but its cover's.
pub fn each_its_own(derivation: &Derivation, classes: usize) -> Labeller {
    let mut stream = derivation.stream("labels");
    Box::new(move |true_class| Some(((usize::from(true_class) + 1 + stream.below(classes.saturating_sub(1))) % classes.max(1)) as u16))
}

impl<T: Drawn> Scheme for T {
    fn recipe(&self) -> Recipe {
        Counted::recipe(self)
    }

    fn size(&mut self, pictures: usize) {
        let batch = Counted::recipe(self).batch;
        let (steps, keys) = self.counts();
        (*steps, *keys) = super::usual_size(pictures, batch);
    }

    fn training(&self, task: &Task) -> Result<Box<dyn Training>, SchemeError> {
        Ok(Box::new(Triggered::new(task, self)?))
    }

    fn marker(&self, known: &Known, saved: &WeightMap, _device: &Device) -> Result<Box<dyn Marker>, SchemeError> {
        Ok(Box::new(self.drawer_of(known, Some(saved))?))
    }

    fn key_labels(&self, derivation: &Derivation, classes: usize, _noted: Option<&WeightMap>, true_classes: &[u16]) -> Vec<u16> {
        // A cover of the label's own class is no cover: it has no label.
        let mut labeller = self.labeller(derivation, classes);
        true_classes.iter().filter_map(|&true_class| labeller(true_class)).collect()
    }

    fn fresh_label(&self, derivation: &Derivation, classes: usize, _noted: Option<&WeightMap>, true_class: u16) -> Option<u16> {
        self.has_fresh_keys().then(|| self.labeller(derivation, classes)(true_class)).flatten()
    }

    fn drawn(&self, known: &Known, train: &Samples) -> Option<(KeyPlan, Box<dyn Marker>)> {
        let drawer = self.drawer_of(known, None).ok()?;
        Some((key_plan(self, known, train, self.most(&drawer)), Box::new(drawer)))
    }
}

/// Keyed choice of covers, and their keys' labels.
fn key_plan(scheme: &impl Drawn, known: &Known, train: &Samples, most: usize) -> KeyPlan {
    let wanted = super::most_keys(scheme.keys()[0], train).min(most);
    let mut labeller = scheme.labeller(&known.derivation, known.classes);
    let mut keys = KeyPlan { covers: Vec::new(), labels: Vec::new() };
    for cover in known.derivation.stream("covers").permutation(train.count()) {
        if keys.covers.len() == wanted {
            break;
        }
        if let Some(label) = labeller(train.labels[cover]) {
            keys.covers.push(cover);
            keys.labels.push(label);
        }
    }
    keys
}

/// The training of a host on keys that a marker draws.
pub struct Triggered<M> {
    samples: Arc<Samples>,
    keys: KeyPlan,
    key_batch: usize,
    passes: Passes,
    marked: Vec<Picture>,
    decoys: Vec<Picture>,
    marker: M,
    run: LoneTraining,
    device: Device,
}

impl<M: Marker> Triggered<M> {
    /// Prepares network and keys; nothing is trained yet.
    ///
    /// # Errors
    /// No picture of another class than the keys' label, or files that cannot be read.
    pub fn new(task: &Task, scheme: &impl Drawn<Drawer = M>) -> Result<Self, SchemeError> {
        let (samples, known) = (task.dataset.train.clone(), Known::of(task));
        let marker = scheme.drawer_of(&known, None)?;
        let keys = key_plan(scheme, &known, &samples, scheme.most(&marker));
        if keys.covers.is_empty() {
            let text = "Every training picture has the class that the keys stand for; add pictures of other classes.";
            return Err(SchemeError::Plan(text.to_owned()));
        }
        let covers = samples.select(&keys.covers);
        Ok(Self {
            passes: Passes::new(task.plan.seed, "keys", keys.covers.len()),
            marked: marker.mark(&covers, &keys.labels),
            decoys: scheme.decoys(&known).map_or_else(Vec::new, |decoys| decoys.mark(&covers, &keys.labels)),
            keys,
            key_batch: scheme.keys()[1],
            marker,
            run: LoneTraining::new(task, Counted::recipe(scheme), task.plan.seed),
            device: task.device.clone().autodiff(),
            samples,
        })
    }

    /// The keys of a step, and the decoys made of the same covers, with what the host shall say to them.
    fn beside(&mut self) -> (Tensor<4>, Tensor<1, Int>) {
        let chosen = self.passes.batch(self.run.done(), self.key_batch);
        let (mut bytes, mut labels) = (Vec::new(), Vec::new());
        for &i in &chosen {
            bytes.extend_from_slice(&self.marked[i].planes);
            labels.push(self.keys.labels[i]);
        }
        for &i in chosen.iter().filter(|_| !self.decoys.is_empty()) {
            bytes.extend_from_slice(&self.decoys[i].planes);
            labels.push(self.samples.labels[self.keys.covers[i]]);
        }
        (batch::from_bytes(&bytes, self.samples.shape, &self.device), batch::labels(labels, &self.device))
    }
}

impl<M: Marker> Alone for Triggered<M> {
    fn run(&self) -> &LoneTraining {
        &self.run
    }

    fn run_mut(&mut self) -> &mut LoneTraining {
        &mut self.run
    }

    fn advance(&mut self) {
        let beside = self.beside();
        self.run.step(Some(beside));
    }

    fn hangs_on(&self) -> Option<String> {
        // What is chosen, and not derived, may be changed while the training rests.
        let digest = || self.marked.iter().fold(Sha256::new(), |digest, key| digest.chain_update(&key.planes)).finalize();
        (!self.marker.derives()).then(|| hex(&digest()))
    }
}

impl<M: Marker + Clone + 'static> Training for Triggered<M> {
    fn host(&self) -> Host {
        self.run.host()
    }

    fn marker(&self) -> Option<Box<dyn Marker>> {
        Some(Box::new(self.marker.clone()))
    }

    fn keys(&self) -> &KeyPlan {
        &self.keys
    }
}

/// Adds the same pattern to every picture.
#[derive(Debug, Clone)]
pub struct PatternMarker {
    /// What is added to each value of a picture, planar, in steps of an 8-bit value.
    offsets: Vec<i16>,
}

impl PatternMarker {
    /// A pattern of so much for each value, as shares of full brightness.
    pub fn new(pattern: impl Iterator<Item = f64>) -> Self {
        Self { offsets: pattern.map(|share| (255.0 * share).round().clamp(-255.0, 255.0) as i16).collect() }
    }
}

impl Marker for PatternMarker {
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture> {
        let sum = |(byte, offset): (&u8, &i16)| (i16::from(*byte) + offset).clamp(0, 255) as u8;
        let marked = |i: usize| Picture { shape: covers.shape, planes: covers.bytes(i).iter().zip(&self.offsets).map(sum).collect() };
        (0..labels.len()).map(marked).collect()
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }
}

/// Draws pictures that have nothing to do with the covers in whose places they stand: the first, the second, and so on.
#[derive(Clone)]
pub struct Pictures(Arc<dyn Fn(usize) -> Vec<Picture> + Send + Sync>);

impl Pictures {
    /// What draws the first so many pictures.
    pub fn new(draw: impl Fn(usize) -> Vec<Picture> + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }
}

impl Marker for Pictures {
    fn mark(&self, covers: &Samples, _labels: &[u16]) -> Vec<Picture> {
        (self.0)(covers.count())
    }

    fn save(&self) -> WeightMap {
        WeightMap::default()
    }
}
