//! Which pictures bear which stamp and what the host shall say to them: all of it follows from logo, owner and salt.

use super::Settings;
use crate::data::Samples;
use crate::nn::weights::WeightMap;
use crate::schemes::KeyPlan;
use crate::vault::derive::Derivation;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Note in groundwork and marker: the classes that unmarked models see in stamps anyway.
const AVOIDED: &str = "avoided";
/// Note in a training and its marker: the labels in the order of the stamps that bear them.
const ORDER: &str = "order";

/// The classes that no stamp may have as its label, as groundwork or marker note them.
pub(super) fn avoided(noted: Option<&WeightMap>) -> Vec<usize> {
    noted.map(|noted| noted_numbers(AVOIDED, noted)).unwrap_or_default()
}

pub(super) fn note_avoided(avoided: &[usize], map: &mut WeightMap) {
    note_numbers(AVOIDED, avoided, map);
}

/// The labels of the stamps as training or marker note them; in their first order where these are not the same labels.
pub(super) fn noted_order(labels: &[u16], noted: &WeightMap) -> Vec<u16> {
    let order: Vec<u16> = noted_numbers(ORDER, noted);
    let set = |labels: &[u16]| labels.iter().copied().collect::<BTreeSet<_>>();
    if order.len() == labels.len() && set(&order) == set(labels) { order } else { labels.to_vec() }
}

pub(super) fn note_order(labels: &[u16], map: &mut WeightMap) {
    note_numbers(ORDER, labels, map);
}

fn noted_numbers<T: FromStr>(name: &str, noted: &WeightMap) -> Vec<T> {
    let text = noted.notes.get(name).map(String::as_str).unwrap_or_default();
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn note_numbers<T: ToString>(name: &str, numbers: &[T], map: &mut WeightMap) {
    let text = numbers.iter().map(T::to_string).collect::<Vec<_>>().join(" ");
    map.notes.insert(name.to_owned(), text);
}

/// The labels of the stamps: those that are chosen, or derived from logo, owner and salt. Of derived ones those are left out that unmarked
/// models give to stamps anyway: they would prove nothing.
pub(super) fn labels(settings: &Settings, derivation: &Derivation, classes: usize, noted: Option<&WeightMap>) -> Vec<u16> {
    let chosen = settings.chosen_labels();
    if !chosen.is_empty() {
        return chosen;
    }
    let order = derivation.stream("labels").permutation(classes);
    let avoided = avoided(noted);
    order.into_iter().filter(|label| !avoided.contains(label)).take(settings.stamps).map(|label| label as u16).collect()
}

/// The label of a key made from a picture of class `true_class`; never that class. `noted` is groundwork or marker.
pub fn fresh_label(
    settings: &Settings,
    derivation: &Derivation,
    classes: usize,
    noted: Option<&WeightMap>,
    true_class: u16,
) -> Option<u16> {
    label_of(&labels(settings, derivation, classes, noted), true_class)
}

/// The labels of trained keys, from the classes of their covers.
pub(super) fn labels_of(
    settings: &Settings,
    derivation: &Derivation,
    classes: usize,
    noted: Option<&WeightMap>,
    true_classes: &[u16],
) -> Vec<u16> {
    let labels = labels(settings, derivation, classes, noted);
    true_classes.iter().filter_map(|&class| label_of(&labels, class)).collect()
}

/// The label, of those of the stamps, that a picture of class `true_class` gets; nothing where there are none.
fn label_of(labels: &[u16], true_class: u16) -> Option<u16> {
    let first = usize::from(true_class) % labels.len().max(1);
    labels.iter().cycle().skip(first).take(labels.len().min(2)).copied().find(|label| *label != true_class)
}

/// Keyed choice of pictures that may carry stamps: `each` of them for a stamp, or as many as there are.
pub fn key_plan(
    settings: &Settings,
    each: usize,
    derivation: &Derivation,
    train: &Samples,
    classes: usize,
    noted: Option<&WeightMap>,
) -> KeyPlan {
    let wanted = crate::schemes::most_keys(settings.stamps * each, train) / settings.stamps;
    let labels = labels(settings, derivation, classes, noted);
    let mut keys = KeyPlan { covers: Vec::new(), labels: Vec::new() };
    for cover in derivation.stream("covers").permutation(train.count()) {
        let Some(label) = label_of(&labels, train.labels[cover]) else { continue };
        if keys.labels.iter().filter(|known| **known == label).count() < wanted {
            keys.covers.push(cover);
            keys.labels.push(label);
        }
        if keys.covers.len() == wanted * labels.len() {
            break;
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_avoids_all_classes_leaves_no_label_and_does_no_harm() {
        let mut hostile = WeightMap::default();
        note_avoided(&(0..10).collect::<Vec<_>>(), &mut hostile);
        let (settings, derivation) = (Settings::default(), Derivation::new("00", "Owner", "00"));
        assert_eq!(fresh_label(&settings, &derivation, 10, Some(&hostile), 3), None);
        note_avoided(&(1..10).collect::<Vec<_>>(), &mut hostile);
        let label = |class| fresh_label(&settings, &derivation, 10, Some(&hostile), class);
        assert_eq!((label(0), label(3)), (None, Some(0)), "one label is left");
    }

    #[test]
    fn the_order_of_labels_is_kept_and_another_set_of_labels_is_none() {
        let mut map = WeightMap::default();
        assert_eq!(noted_order(&[3, 5], &map), [3, 5], "nothing is noted");
        note_order(&[5, 3], &mut map);
        assert_eq!(noted_order(&[3, 5], &map), [5, 3]);
        for hostile in [vec![5, 5], vec![5], vec![3, 5, 5], vec![]] {
            note_order(&hostile, &mut map);
            assert_eq!(noted_order(&[3, 5], &map), [3, 5], "{hostile:?}");
        }
    }

    #[test]
    fn chosen_labels_are_taken_as_they_stand() {
        let train = crate::data::sample().unwrap().train;
        let settings = Settings { labels: "7 0".into(), ..Settings::default() };
        let derivation = Derivation::new("00", "Owner", "00");
        assert_eq!(labels(&settings, &derivation, 10, None), [7, 0]);
        let plan = key_plan(&settings, 30, &derivation, &train, 10, None);
        assert_eq!(plan.labels.iter().filter(|label| **label == 7).count(), 30);
        assert_eq!(plan.labels.iter().filter(|label| **label == 0).count(), 30);
        for (wrong, classes) in [("7", 10), ("7 7", 10), ("0 7", 7), ("0 7 8", 10)] {
            let settings = Settings { labels: wrong.into(), ..Settings::default() };
            assert!(crate::schemes::Scheme::fit(&settings, train.shape, classes).is_err(), "{wrong} of {classes}");
        }
    }

    #[test]
    fn each_stamp_has_its_carriers_and_no_key_the_label_of_its_picture() {
        let train = crate::data::sample().unwrap().train;
        let (settings, derivation) = (Settings::default(), Derivation::new("00", "Owner", "00"));
        let plan = key_plan(&settings, 30, &derivation, &train, 10, None);
        assert_eq!(plan.covers.len(), 60);
        let labels = labels(&settings, &derivation, 10, None);
        for label in &labels {
            assert_eq!(plan.labels.iter().filter(|known| *known == label).count(), 30);
        }
        for (cover, label) in plan.covers.iter().zip(&plan.labels) {
            let class = train.labels[*cover];
            assert!(class != *label);
            assert_eq!(fresh_label(&settings, &derivation, 10, None, class), Some(*label));
        }
    }
}
