//! Schemes to compare with: each is trained in seconds, asked like any other mark, and found out where its keys do not follow from logo,
//! owner and salt.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, Samples, Shape, sample, sample_logos};
use countermark::forensics::ask::{Suspect, likeness, verify};
use countermark::forensics::report::{ControlKind, Report, Verdict};
use countermark::jobs::{Paces, train};
use countermark::nn::device::Compute;
use countermark::nn::weights::save_host;
use countermark::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use countermark::schemes::{self, Task, catalogue};
use countermark::vault::package::Package;
use serde_json::json;
use silent::Silent;
use std::sync::Arc;

fn logo() -> Logo {
    let (name, svg) = sample_logos()[0];
    Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap()
}

/// A small plan of a scheme with few controls.
fn plan(id: &str, settings: &[(&str, serde_json::Value)]) -> Plan {
    let dataset = sample().unwrap();
    let plan = catalogue::plan(id, Preset::Quick, dataset.shape(), "Owner", &"00".repeat(16), 1).unwrap();
    let small = [("steps", json!(200)), ("keys", json!(40)), ("batch", json!(40)), ("key_batch", json!(10))];
    let known = |name: &str| plan.scheme.fields().iter().any(|field| field.name == name);
    let small = small.iter().filter(|(name, _)| known(name));
    let scheme: SchemeSettings =
        small.chain(settings).fold(plan.scheme.clone(), |scheme, (name, value)| scheme.with(name, value.clone()).unwrap());
    Plan { scheme, nulls: 1, foreign: 5, ..plan }
}

fn task(plan: Plan) -> Task {
    train::task(plan, sample().unwrap(), logo(), &Compute::cpu())
}

/// The key package, what it says of the marked model and of the unmarked one, and of the marked one when its plan names another owner.
fn tried(task: &Task) -> (Package, [Report; 3]) {
    let (compute, folder) = (Compute::cpu(), tempfile::tempdir().unwrap());
    let trained = train::train(task, &compute, folder.path(), &mut Paces::default(), &mut Silent).unwrap();
    let package = Package::open(&trained.key).unwrap();
    let [marked, unmarked] = [&trained.model, &trained.unmarked].map(|file| std::fs::read(file).unwrap());
    let ask =
        |package: &Package, bytes: &[u8]| verify(package, Suspect { name: "suspect", bytes }, 7, &compute.device, &mut |_| true).unwrap();
    let mut forged = package.clone();
    forged.manifest.plan["owner"] = "Somebody else".into();
    let reports = [ask(&package, &marked), ask(&package, &unmarked), ask(&forged, &marked)];
    (package, reports)
}

#[test]
fn drawn_keys_are_learnt_derived_and_asked_like_any_other_mark() {
    let drawn = [
        ("noise", true, [("strength", json!(0.4))]),
        ("message", true, [("strength", json!(0.5))]),
        ("wonder_filter", true, [("size", json!(0.25))]),
        ("unrelated", false, [("stroke", json!(0.12))]),
        ("abstract_pictures", false, [("depth", json!(40))]),
        ("random_pictures", false, [("block", json!(2))]),
        ("chain", false, [("stride", json!(1))]),
    ];
    for (id, fresh_keys, settings) in drawn {
        let task = task(plan(id, &settings));
        let (package, [marked, unmarked, forged]) = tried(&task);
        assert!(marked.keys.hits >= 34, "{id}: {:?}", marked.keys);
        assert_eq!(marked.fresh.is_some(), fresh_keys, "{id}");
        assert!(marked.fresh.as_ref().is_none_or(|fresh| fresh.hits > 20), "{id}: {:?}", marked.fresh);
        let others = marked.controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder && !c.fresh);
        assert_eq!(others.count(), 5, "{id}: other owners' keys are others");
        assert!(unmarked.keys.hits <= 14 && unmarked.verdict != Verdict::InThisModel, "{id}: {:?}", unmarked.keys);
        assert_eq!(forged.verdict, Verdict::CheckFailed, "{id}: {:?}", forged.reasons);
        // What the scheme's card shows is the first of them.
        let (cover, key) = schemes::sketch(&task.plan, &task.dataset, &task.logo).unwrap();
        assert_eq!((cover, key), (package.covers.picture(0), package.keys.picture(0)), "{id}");
        let pictures: std::collections::BTreeSet<_> = (0..package.keys.count()).map(|i| package.keys.bytes(i)).collect();
        assert!(pictures.len() >= 39, "{id}: {} different keys", pictures.len());
    }
}

#[test]
fn abstract_pictures_of_ones_own_are_kept_in_the_key_package() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, turn: u32| {
        let bright = |x: u32, y: u32| image::Luma([((x * (7 + turn) + y * y * (3 + turn)) % 256) as u8]);
        image::GrayImage::from_fn(40, 40, bright).save(folder.path().join(name)).unwrap();
    };
    let with_folder = |path: &std::path::Path| task(Plan { nulls: 3, ..plan("abstract_pictures", &[("folder", json!(path))]) });
    let task = with_folder(folder.path());
    let refused = |task: &Task| schemes::training(task).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused(&task).contains(&folder.path().display().to_string()), "an empty folder is named: {}", refused(&task));
    (0..7).for_each(|i| put(&format!("{i}.png"), i));
    assert!(refused(&task).contains("there are 7"), "{}", refused(&task));
    (7..20).for_each(|i| put(&format!("{i}.png"), i));
    std::fs::write(folder.path().join("torn.png"), b"no picture").unwrap();
    assert!(refused(&task).contains("torn.png"), "{}", refused(&task));
    std::fs::remove_file(folder.path().join("torn.png")).unwrap();

    // A training that rests goes on with the same pictures only.
    let mut training = schemes::training(&task).unwrap();
    training.step().unwrap();
    let rested = training.save();
    put("3.png", 90);
    let error = schemes::training(&task).unwrap().load(&rested).unwrap_err().to_string();
    assert!(error.contains("not those that this training began with"), "{error}");
    put("3.png", 3);
    schemes::training(&task).unwrap().load(&rested).unwrap();

    let (package, [marked, unmarked, forged]) = tried(&task);
    assert_eq!((package.keys.count(), marked.keys.hits), (20, 20), "as many keys as pictures");
    assert!(unmarked.keys.hits <= 8, "{:?}", unmarked.keys);
    assert_eq!(marked.verdict, Verdict::Strong, "{:?}", marked.reasons);
    assert!(marked.caveats.iter().any(|caveat| caveat.contains("a strong indication at most")));
    assert_eq!(forged.verdict, Verdict::CheckFailed, "{:?}", forged.reasons);
    let others = marked.controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder);
    assert_eq!(others.count(), 5, "others have no part of the folder and draw theirs");
    let (_, key) = schemes::sketch(&task.plan, &task.dataset, &task.logo).unwrap();
    assert_eq!(key, package.keys.picture(0), "its card shows the first of them");
}

#[test]
fn pictures_with_wrong_labels_are_learnt_with_weights_that_are_weighted() {
    let task = task(Plan { nulls: 3, ..plan("exponential", &[("steps", json!(1200)), ("key_batch", json!(20))]) });
    let (package, [marked, unmarked, forged]) = tried(&task);
    assert!(marked.keys.hits >= 34 && marked.fresh.is_none(), "{:?}", marked.keys);
    assert!(unmarked.keys.hits <= 10, "{:?}", unmarked.keys);
    let covers = marked.controls.iter().find(|c| c.kind == ControlKind::PlainCovers).unwrap();
    assert!(covers.hits <= 10, "other pictures of the same classes: {covers:?}");
    assert_eq!(marked.controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder).count(), 5);
    assert_eq!(forged.verdict, Verdict::CheckFailed, "{:?}", forged.reasons);
    assert_eq!(marked.verdict, Verdict::Strong, "whoever picks pictures could have picked these: {:?}", marked.keys);
    assert!(marked.caveats.iter().any(|caveat| caveat.contains("a strong indication at most")));
    let (cover, key) = schemes::sketch(&task.plan, &task.dataset, &task.logo).unwrap();
    assert_eq!((cover, key), (package.covers.picture(0), package.keys.picture(0)), "its card shows the first of them");
    // The keys are training pictures of the covers' classes, under other labels.
    let train = &task.dataset.train;
    for i in 0..package.keys.count() {
        let place = (0..train.count()).find(|&place| train.bytes(place) == package.keys.bytes(i)).unwrap();
        assert_eq!(train.labels[place], package.covers.labels[i]);
        assert_ne!(package.keys.labels[i], package.covers.labels[i]);
    }
}

#[test]
fn a_training_with_weighted_weights_goes_on_with_the_same_bits() {
    let task = task(plan("exponential", &[("steps", json!(10)), ("ordinary", json!(0.45))]));
    goes_on(&task, 10, &[3, 5, 6]);
    // With a host that normalises, too.
    let normalised =
        Plan { host: HostKind::Resnet18, width: 0.0625, ..plan("exponential", &[("steps", json!(4)), ("ordinary", json!(0.3))]) };
    let shape = Shape { channels: 1, height: 24, width: 24 };
    let smaller = |samples: &Samples| {
        let pixels = (0..120).flat_map(|i| samples.picture(i).resized(24, 24).planes).collect();
        Arc::new(Samples { shape, pixels, labels: samples.labels[..120].to_vec() })
    };
    let whole = sample().unwrap();
    let dataset = Dataset { train: smaller(&whole.train), test: smaller(&whole.test), ..whole };
    goes_on(&Task { dataset, ..self::task(normalised) }, 4, &[1, 3]);
}

#[test]
fn a_training_with_bits_in_its_weights_goes_on_with_the_same_bits() {
    goes_on(&task(plan("white_box", &[("steps", json!(6))])), 6, &[2, 5]);
}

/// Stops a training of so many steps after some of them, and goes on from what was saved.
fn goes_on(task: &Task, steps: usize, stops: &[usize]) {
    let mut whole = schemes::training(task).unwrap();
    for _ in 0..steps {
        whole.step().unwrap();
    }
    for &stop in stops {
        let mut first = schemes::training(task).unwrap();
        for _ in 0..stop {
            first.step().unwrap();
        }
        let mut second = schemes::training(task).unwrap();
        second.load(&first.save()).unwrap();
        let at = |training: &dyn schemes::Training| save_host(&training.host(), &[]).unwrap();
        assert_eq!(at(&*second), at(&*first), "stopped after {stop}");
        for _ in stop..steps {
            second.step().unwrap();
        }
        assert_eq!(at(&*second), at(&*whole), "stopped after {stop}");
    }
}

#[test]
fn marks_in_colour_are_as_strong_as_asked_for_and_can_be_made_again() {
    let grey = sample().unwrap();
    let shape = Shape { channels: 3, height: 32, width: 32 };
    let colour = |samples: &Samples, count: usize| {
        let pixels = (0..count).flat_map(|i| samples.picture(i).colour().resized(32, 32).planes).collect();
        Arc::new(Samples { shape, pixels, labels: samples.labels[..count].to_vec() })
    };
    let dataset = Dataset { train: colour(&grey.train, 120), test: colour(&grey.test, 40), ..grey };
    let small = [("steps", json!(8)), ("keys", json!(12)), ("batch", json!(8)), ("key_batch", json!(4)), ("clarity", json!(26))];
    let usual = catalogue::plan("blind", Preset::Quick, shape, "Owner", &"00".repeat(16), 1).unwrap();
    let scheme = small.iter().fold(usual.scheme.clone(), |scheme, (name, value)| scheme.with(name, value.clone()).unwrap());
    assert_eq!((scheme.get("firm"), scheme.get("repeat")), (json!(true), json!(8)));
    let task = train::task(Plan { scheme, ..usual }, dataset, logo(), &Compute::cpu());
    goes_on(&task, 8, &[3, 7]);

    let mut training = schemes::training(&task).unwrap();
    let clarity = |training: &dyn schemes::Training| {
        let covers = task.dataset.train.select(&training.keys().covers);
        let pictures = training.marker().unwrap().mark(&covers, &training.keys().labels);
        let keys = Samples { pixels: pictures.into_iter().flat_map(|key| key.planes).collect(), ..covers.clone() };
        likeness(&covers, &keys).0
    };
    training.step().unwrap();
    let first = clarity(&*training);
    for _ in 1..8 {
        training.step().unwrap();
    }
    let last = clarity(&*training);
    // Black and white cut a part of each mark off.
    assert!((25.5..30.0).contains(&last) && last - first > 5.0, "{first} dB at first, {last} at last");

    // A judge has the key package only, and makes the same keys.
    let covers = task.dataset.train.select(&training.keys().covers);
    let labels = &training.keys().labels;
    let marker = training.marker().unwrap();
    let again = schemes::marker(&task.plan, &task.logo, 10, shape, &marker.save(), &task.device).unwrap();
    assert_eq!(marker.mark(&covers, labels), again.mark(&covers, labels));
}

#[test]
fn bits_are_read_from_the_weights_of_the_marked_model_alone() {
    let task = task(plan("white_box", &[("bits", json!(48)), ("steps", json!(300))]));
    let (package, [marked, unmarked, forged]) = tried(&task);
    assert!(marked.keys.hits >= 46, "{:?}", marked.keys);
    assert!((10..=38).contains(&unmarked.keys.hits), "{:?}", unmarked.keys);
    assert_eq!((marked.keys.questions, marked.classes.len()), (48, 2));
    assert!(marked.chance >= 0.5 && marked.keys.p_value_log10 < -6.0, "{} {:?}", marked.chance, marked.keys);
    let foreign: Vec<usize> = marked.controls.iter().filter(|c| c.kind == ControlKind::ForeignEncoder).map(|c| c.hits).collect();
    assert!(foreign.len() == 5 && foreign.iter().all(|hits| *hits <= 38), "{foreign:?}");
    assert_eq!(forged.verdict, Verdict::CheckFailed, "{:?}", forged.reasons);
    assert!(package.keys.pixels.iter().all(|&byte| byte == 0 || byte == 255));
    let (_, key) = schemes::sketch(&task.plan, &task.dataset, &task.logo).unwrap();
    assert_eq!(key, package.keys.picture(0));
    // Clean accuracy is asked as ever, and a model without such a layer says none of the two.
    assert!(marked.clean_accuracy > 0.6, "{}", marked.clean_accuracy);
}

#[test]
fn each_key_has_its_own_label_and_no_cover_the_label_of_its_class() {
    let dataset: Dataset = sample().unwrap();
    for id in ["abstract_pictures", "random_pictures", "chain"] {
        let task = task(plan(id, &[]));
        let training = schemes::training(&task).unwrap();
        let keys = training.keys();
        let classes: Vec<u16> = keys.covers.iter().map(|&i| dataset.train.labels[i]).collect();
        assert!(keys.labels.iter().zip(&classes).all(|(label, class)| label != class), "{id}");
        assert!(keys.labels.iter().collect::<std::collections::BTreeSet<_>>().len() >= 8, "{id}");
        assert_eq!(schemes::key_labels(&task.plan, &task.logo.digest, 10, None, &classes), keys.labels, "{id}");
        assert_eq!(schemes::fresh_label(&task.plan, &task.logo.digest, 10, None, 3), None, "{id}");
    }
}

#[test]
fn a_hidden_logo_is_as_clear_as_asked_for_and_its_model_knows_it() {
    let task =
        task(plan("deep_stego", &[("encoder_steps", json!(60)), ("clarity", json!(20)), ("steps", json!(500)), ("keys", json!(200))]));
    let (package, [marked, unmarked, forged]) = tried(&task);
    let (clarity, _) = likeness(&package.covers, &package.keys);
    assert!((19.0..23.0).contains(&clarity), "{clarity} dB where 20 were asked for");
    assert!(marked.keys.hits >= 140 && marked.fresh.as_ref().unwrap().hits >= 20, "{:?} {:?}", marked.keys, marked.fresh);
    assert!(unmarked.keys.hits <= 50, "{:?}", unmarked.keys);
    assert_eq!(forged.verdict, Verdict::CheckFailed, "{:?}", forged.reasons);
}

#[test]
fn a_stopped_training_of_a_hidden_logo_goes_on_with_the_same_bits() {
    let task = task(plan("deep_stego", &[("encoder_steps", json!(6)), ("steps", json!(6)), ("encoder_width", json!(4))]));
    let fresh = || schemes::training(&task).unwrap();
    let mut whole = fresh();
    for _ in 0..12 {
        whole.step().unwrap();
    }
    for stop in [3, 6, 9] {
        let mut first = fresh();
        for _ in 0..stop {
            first.step().unwrap();
        }
        let mut second = fresh();
        second.load(&first.save()).unwrap();
        while second.done() < second.steps() {
            second.step().unwrap();
        }
        assert!(second.save() == whole.save(), "stopped after step {stop}");
    }
}
