//! What a training is asked while it runs and when it ends.

use super::messages::{MetricPoint, Preview, PreviewPair};
use crate::data::{Picture, Samples};
use crate::forensics::ask::{answers, gather, hits, likeness, relabel};
use crate::nn::host::Host;
use crate::schemes::{Marker, Task, Training};
use burn::tensor::Device;
use std::sync::Arc;

/// Test pictures kept for fresh keys at most.
const RESERVE: usize = 200;
/// Plain test pictures kept for the clean accuracy at most.
const CLEAN: usize = 2000;
/// Pairs in a preview.
const PREVIEW: usize = 8;
/// Keys and plain pictures asked at most while the training runs.
const GLANCE: usize = 200;

/// The test part, split into what is asked about accuracy and what fresh keys are made of.
pub struct Exam {
    /// Asked about accuracy.
    pub clean: Samples,
    /// Covers for fresh keys.
    pub reserve: Samples,
    train: Arc<Samples>,
    device: Device,
}

impl Exam {
    /// A keyed split of the task's test part.
    pub fn new(task: &Task) -> Self {
        let test = &task.dataset.test;
        let order = task.plan.derivation(&task.logo.digest).stream("reserve").permutation(test.count());
        let (reserve, clean) = order.split_at(RESERVE.min(test.count() / 4));
        Self {
            reserve: test.select(reserve),
            clean: test.select(&clean[..clean.len().min(CLEAN)]),
            train: task.dataset.train.clone(),
            device: task.device.clone(),
        }
    }

    /// Share of plain test pictures named rightly, 0..1.
    pub fn clean_accuracy(&self, host: &Host) -> f64 {
        share(hits(host, &self.clean, &self.device), self.clean.count())
    }

    /// Covers under the keys' labels, and the keys as 8-bit pictures.
    pub fn keys(&self, training: &dyn Training, marker: &dyn Marker, most: usize) -> (Samples, Samples) {
        let plan = training.keys();
        let count = plan.covers.len().min(most);
        let covers = relabel(&self.train.select(&plan.covers[..count]), &plan.labels[..count]);
        let keys = gather(covers.shape, &marker.mark(&covers), &covers.labels);
        (covers, keys)
    }

    /// Points of the accuracy curves.
    pub fn curves(&self, training: &dyn Training) -> Vec<MetricPoint> {
        let Some(marker) = training.marker() else { return Vec::new() };
        let (step, host) = (training.done(), training.host());
        let (covers, keys) = self.keys(training, &*marker, GLANCE);
        let some: Vec<usize> = (0..self.clean.count().min(GLANCE)).collect();
        let clean = self.clean.select(&some);
        let named = |samples: &Samples| share(hits(&host, samples, &self.device), samples.count());
        let values = [
            ("clean_accuracy", named(&clean)),
            ("key_accuracy", named(&keys)),
            ("cover_hits", named(&covers)),
            ("psnr_db", likeness(&covers, &keys).0),
        ];
        values.into_iter().map(|(name, value)| MetricPoint { step, name: name.to_owned(), value }).collect()
    }

    /// The first few covers with their keys and the host's present answers.
    pub fn preview(&self, training: &dyn Training) -> Option<Preview> {
        let marker = training.marker()?;
        let (covers, keys) = self.keys(training, &*marker, PREVIEW);
        let asked = answers(&training.host(), &keys, &self.device);
        let picture = |samples: &Samples, i: usize| -> Picture { samples.picture(i) };
        let pairs = asked.iter().enumerate().map(|(i, &answer)| PreviewPair {
            cover: picture(&covers, i),
            key: picture(&keys, i),
            expected: keys.labels[i],
            answer,
        });
        Some(Preview { step: training.done(), pairs: pairs.collect() })
    }
}

/// A share of nothing is 0.
pub fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}
