//! What a training is asked while it runs and when it ends.

use super::messages::{MetricPoint, Preview, PreviewPair};
use crate::data::{Picture, Samples};
use crate::forensics::ask::{answers, gather, hits, key_hits, likeness, relabel, said};
use crate::nn::host::Host;
use crate::schemes::{Marker, Task, Training, fresh_label};
use burn::tensor::Device;
use std::sync::Arc;

/// Test pictures kept for fresh keys at most.
const RESERVE: usize = 200;
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
    /// Some of the reserve under the labels of their keys; empty where the plan has no fresh keys.
    fresh: Samples,
    train: Arc<Samples>,
    device: Device,
}

impl Exam {
    /// A keyed split of the task's test part.
    pub fn new(task: &Task) -> Self {
        let test = &task.dataset.test;
        let order = task.plan.derivation(&task.logo.digest).stream("reserve").permutation(test.count());
        let (reserve, clean) = order.split_at(RESERVE.min(test.count() / 4));
        let reserve = test.select(reserve);
        Self {
            clean: test.select(clean),
            fresh: fresh(task, &reserve),
            reserve,
            train: task.dataset.train.clone(),
            device: task.device.clone(),
        }
    }

    /// For each plain test picture 1 where it is named rightly, else 0.
    pub fn clean_named(&self, host: &Host) -> Vec<f64> {
        let named = answers(host, &self.clean, &self.device);
        named.iter().zip(&self.clean.labels).map(|(answer, label)| f64::from(u8::from(answer == label))).collect()
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
        let keys = gather(covers.shape, &marker.mark(&covers, &covers.labels), &covers.labels);
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
        let known = |samples: &Samples| share(key_hits(&*marker, &host, samples, &self.device), samples.count());
        let mut values = vec![
            ("clean_accuracy", named(&clean)),
            ("key_accuracy", known(&keys)),
            ("cover_hits", known(&covers)),
            ("psnr_db", likeness(&covers, &keys).0),
        ];
        if self.fresh.count() > 0 {
            let keys = gather(self.fresh.shape, &marker.mark(&self.fresh, &self.fresh.labels), &self.fresh.labels);
            values.push(("fresh_accuracy", known(&keys)));
        }
        values.into_iter().map(|(name, value)| MetricPoint { step, name: name.to_owned(), value }).collect()
    }

    /// The first few covers with their keys and the host's present answers.
    pub fn preview(&self, training: &dyn Training) -> Option<Preview> {
        let marker = training.marker()?;
        let (covers, keys) = self.keys(training, &*marker, PREVIEW);
        let asked = said(&*marker, &training.host(), &keys, &self.device);
        let picture = |samples: &Samples, i: usize| -> Picture { samples.picture(i) };
        let filtered = marker.filtered(&keys);
        let pairs = asked.iter().enumerate().map(|(i, &answer)| PreviewPair {
            cover: picture(&covers, i),
            key: picture(&keys, i),
            expected: keys.labels[i],
            answer,
            filtered: filtered.as_ref().map(|filtered| filtered.picture(i)),
        });
        Some(Preview { step: training.done(), pairs: pairs.collect(), stamps: marker.stamps() })
    }
}

/// Covers of the reserve that fresh keys can be made of, under the labels of those keys.
fn fresh(task: &Task, reserve: &Samples) -> Samples {
    let label = |class| fresh_label(&task.plan, &task.logo.digest, task.dataset.classes.len(), task.groundwork.as_deref(), class);
    let (places, labels): (Vec<usize>, Vec<u16>) =
        reserve.labels.iter().enumerate().filter_map(|(i, &class)| Some((i, label(class)?))).take(GLANCE).unzip();
    relabel(&reserve.select(&places), &labels)
}

/// A share of nothing is 0.
pub fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::logo::{Logo, LogoOptions};
    use crate::data::{sample, sample_logos};
    use crate::schemes::catalogue;
    use crate::schemes::plan::Preset;
    use serde_json::json;

    fn task(rule: &str) -> Task {
        let dataset = sample().unwrap();
        let (name, svg) = sample_logos()[0];
        let mut plan = catalogue::plan("blind", Preset::Quick, dataset.train.shape, "Owner", "00", 1).unwrap();
        plan.scheme = plan.scheme.with("label_rule", json!(rule)).unwrap().with("encoder_width", json!(4)).unwrap();
        Task {
            plan,
            dataset,
            logo: Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap(),
            device: Device::flex(),
            groundwork: None,
        }
    }

    #[test]
    fn fresh_keys_have_a_curve_where_the_plan_has_fresh_keys() {
        for (rule, wanted) in [("keyed_shift", 1), ("random_per_cover", 0)] {
            let task = task(rule);
            let exam = Exam::new(&task);
            let points = exam.curves(&*crate::schemes::training(&task).unwrap());
            let fresh: Vec<f64> = points.iter().filter(|point| point.name == "fresh_accuracy").map(|point| point.value).collect();
            assert_eq!(fresh.len(), wanted, "{rule}");
            assert!(fresh.iter().all(|share| (0.0..=1.0).contains(share)));
            assert_eq!(exam.fresh.count(), 200 * wanted);
            assert!((0..exam.fresh.count()).all(|i| exam.fresh.labels[i] != exam.reserve.labels[i]));
        }
    }

    #[test]
    fn all_test_pictures_but_the_reserve_are_asked_about_accuracy() {
        let mut task = task("keyed_shift");
        let exam = Exam::new(&task);
        assert_eq!((exam.clean.count(), exam.reserve.count()), (800, 200));
        let places: Vec<usize> = (0..4000).map(|i| i % 1000).collect();
        task.dataset.test = task.dataset.test.select(&places).into();
        assert_eq!(Exam::new(&task).clean.count(), 3800);
    }
}
