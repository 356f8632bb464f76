//! How keys that are made of pictures get their labels: by a secret shift of the true class, or each by chance.

use super::KeyPlan;
use crate::data::Samples;
use crate::vault::derive::Derivation;
use serde::{Deserialize, Serialize};

/// How a key's label is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelRule {
    /// The true class plus a secret shift: fresh keys can be asked.
    KeyedShift,
    /// A random wrong class for each cover (the papers' rule): no fresh keys exist.
    RandomPerCover,
}

impl LabelRule {
    /// The labels of trained keys, from the classes of their covers in order.
    pub fn labels(self, derivation: &Derivation, classes: usize, true_classes: impl Iterator<Item = u16>) -> Vec<u16> {
        let shift = shift(derivation, classes);
        let mut stream = derivation.stream("labels");
        true_classes
            .map(|class| {
                let by = match self {
                    Self::KeyedShift => shift,
                    Self::RandomPerCover => 1 + stream.below(classes - 1),
                };
                shifted(class, by, classes)
            })
            .collect()
    }

    /// The label of a fresh key, where the rule generalises.
    pub fn fresh(self, derivation: &Derivation, classes: usize, true_class: u16) -> Option<u16> {
        (self == Self::KeyedShift).then(|| shifted(true_class, shift(derivation, classes), classes))
    }

    /// Keyed choice of `wanted` covers and labels (verification.md section 2): anybody with logo, owner and salt recomputes it.
    pub fn key_plan(self, wanted: usize, derivation: &Derivation, train: &Samples, classes: usize) -> KeyPlan {
        let mut covers = derivation.stream("covers").permutation(train.count());
        covers.truncate(super::most_keys(wanted, train));
        let labels = self.labels(derivation, classes, covers.iter().map(|&cover| train.labels[cover]));
        KeyPlan { covers, labels }
    }
}

fn shift(derivation: &Derivation, classes: usize) -> usize {
    1 + derivation.stream("shift").below(classes - 1)
}

fn shifted(class: u16, by: usize, classes: usize) -> u16 {
    ((usize::from(class) + by) % classes) as u16
}
