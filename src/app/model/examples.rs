//! A real key for each scheme's card: drawn at once where a scheme can, else from what the newest training left.

use super::Model;
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::data::Picture;
use crate::schemes::plan::{Plan, SchemeSettings};
use crate::schemes::{self, catalogue};
use crate::vault::package::Package;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A cover and the key that was made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The picture before the mark.
    pub cover: Picture,
    /// The picture with the mark.
    pub key: Picture,
}

impl Example {
    /// The first key of a key package; nothing where that is gone or broken: the proof says why.
    pub(super) fn first_of(package: &Path) -> Option<Self> {
        let package = Package::open(package).ok()?;
        Some(Self { cover: package.covers.picture(0), key: package.keys.picture(0) })
    }
}

/// What a drawn key depends on: settings, owner and salt, data, logo.
type Source = (SchemeSettings, String, String, String, String);

/// The examples that are there or being made.
#[derive(Default)]
pub struct Examples {
    /// By scheme, those that can be drawn at once.
    drawn: BTreeMap<&'static str, (Source, Option<Arc<Example>>)>,
    drawing: Option<(&'static str, Source, Task<Option<Example>>)>,
    /// By scheme, those that had to learn.
    kept: BTreeMap<&'static str, Arc<Example>>,
    reading: Vec<(&'static str, Task<Option<Example>>)>,
}

impl Model {
    /// The example for a scheme's card, once there is one.
    pub fn example(&self, scheme: &str) -> Option<Arc<Example>> {
        match catalogue::card(scheme)?.learns {
            true => self.examples.kept.get(scheme).cloned(),
            false => self.examples.drawn.get(scheme).and_then(|(_, example)| example.clone()),
        }
    }

    /// Makes the examples that are missing, in the background, and takes up those that are done.
    pub(super) fn poll_examples(&mut self) {
        if let Some((scheme, source, task)) = self.examples.drawing.take() {
            match task.poll() {
                Poll::Running => self.examples.drawing = Some((scheme, source, task)),
                Poll::Ready(example) => drop(self.examples.drawn.insert(scheme, (source, example.map(Arc::new)))),
                Poll::Lost => drop(self.examples.drawn.insert(scheme, (source, None))),
            }
        }
        let Examples { kept, reading, .. } = &mut self.examples;
        reading.retain(|(scheme, task)| match task.poll() {
            Poll::Ready(example) => {
                if let Some(example) = example {
                    kept.entry(scheme).or_insert_with(|| Arc::new(example));
                }
                false
            }
            Poll::Lost => false,
            Poll::Running => true,
        });
        let (scheme, pairs) = (self.training.scheme, self.training.preview.as_ref().map(|preview| &preview.pairs));
        if let Some(pair) = pairs.and_then(|pairs| pairs.first())
            && catalogue::card(scheme).is_some_and(|card| card.learns)
            && self.examples.kept.get(scheme).is_none_or(|kept| kept.key != pair.key)
        {
            self.examples.kept.insert(scheme, Arc::new(Example { cover: pair.cover.clone(), key: pair.key.clone() }));
        }
        if self.step == super::Step::Scheme && self.examples.drawing.is_none() {
            self.draw_example();
        }
    }

    /// Begins with the first example that is missing or was drawn for another plan, data set or logo.
    fn draw_example(&mut self) {
        let (Some(set), Some(choice)) = (&self.material.data, &self.material.logo) else { return };
        for card in catalogue::cards().iter().filter(|card| !card.learns) {
            let Some(plan) = self.plan_of(card.id) else { continue };
            let Plan { scheme, owner, salt, .. } = plan.clone();
            let source = (scheme, owner, salt, set.digest.clone(), choice.logo.digest.clone());
            if self.examples.drawn.get(card.id).is_some_and(|(known, _)| *known == source) {
                continue;
            }
            let (set, logo) = (set.clone(), choice.logo.clone());
            let work = move |_: &_| schemes::sketch(&plan, &set, &logo).map(|(cover, key)| Example { cover, key });
            self.examples.drawing = Some((card.id, source, Task::start(text::READING.into(), &self.wake, work)));
            return;
        }
    }

    /// Reads the first key of a key package that an earlier training left.
    pub(super) fn recall_example(&mut self, scheme: &'static str, package: PathBuf) {
        let work = move |_: &_| Example::first_of(&package);
        self.examples.reading.push((scheme, Task::start(text::READING.into(), &self.wake, work)));
    }
}
