//! Penetrating triggers on real pictures: stamps that autoencoders give back, the whole way to a verdict before and behind a thief's autoencoder.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use burn::tensor::Device;
use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, Samples, Shape, sample, sample_logos};
use countermark::forensics::ask::{Suspect, verify};
use countermark::forensics::report::{ControlKind, Verdict};
use countermark::jobs::train;
use countermark::jobs::{JobError, Paces};
use countermark::nn::device::Compute;
use countermark::nn::weights::WeightMap;
use countermark::schemes::penetrating::{Penetrating, Settings, Shadows};
use countermark::schemes::plan::{Plan, Preset, SchemeSettings};
use countermark::schemes::{self, Groundwork, Learner, Task, Training, catalogue};
use countermark::vault::package::Package;
use silent::Silent;
use std::path::Path;
use std::sync::Arc;

fn small() -> Settings {
    Settings {
        steps: 250,
        carriers: 12,
        shadows: 2,
        shadow_steps: 250,
        shadow_batch: 50,
        stamp_steps: 80,
        stamp_rate: 3e-2,
        decoys: 2,
        probes: 1,
        batch: 50,
        key_batch: 8,
        ..Settings::default()
    }
}

fn task_on(dataset: Dataset, settings: Settings) -> Task {
    let (name, svg) = sample_logos()[0];
    Task {
        plan: Plan {
            scheme: SchemeSettings::Penetrating(settings),
            ..catalogue::plan("penetrating", Preset::Quick, sample().unwrap().shape(), "Owner", &"00".repeat(16), 1).unwrap()
        },
        dataset,
        logo: Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap(),
        device: Device::flex(),
        groundwork: None,
    }
}

fn task(settings: Settings) -> Task {
    task_on(sample().unwrap(), settings)
}

fn all_steps(learner: &mut dyn Learner) {
    while learner.done() < learner.steps() {
        learner.step().unwrap();
    }
}

fn trained(task: &Task, folder: &Path) -> Result<countermark::jobs::Trained, JobError> {
    train::train(task, &Compute::cpu(), folder, &mut Paces::default(), &mut Silent)
}

#[test]
fn the_owners_model_knows_its_keys_also_behind_an_autoencoder_and_runs_share_what_they_can() {
    let (project, task) = (tempfile::tempdir().unwrap(), task(small()));
    let run = |name: &str| project.path().join("runs").join(name);
    let marked = trained(&task, &run("a")).unwrap();
    let package = Package::open(&marked.key).unwrap();
    let ask = |file: &Path| {
        let bytes = std::fs::read(file).unwrap();
        verify(&package, Suspect { name: "suspect", bytes: &bytes }, 7, &Device::flex(), &mut |_| true).unwrap()
    };
    let report = ask(&marked.model);
    assert_eq!(report.keys.questions, 24);
    assert!(report.keys.hits >= 20, "{:?}", report.keys);
    assert!(report.reasons.iter().any(|reason| reason.contains("an autoencoder")), "{:?}", report.reasons);
    assert!(report.fresh.is_some_and(|fresh| fresh.hits * 2 > fresh.questions));
    assert!(report.caveats.iter().any(|caveat| caveat.contains("not made with the autoencoder")), "{:?}", report.caveats);
    let filtered = report.filtered.unwrap();
    assert_eq!(filtered.keys.questions, 24);
    let asked = |kind| filtered.controls.iter().filter(|control| control.kind == kind).count();
    assert_eq!((asked(ControlKind::PlainCovers), asked(ControlKind::NullModel)), (1, 3));
    assert!(filtered.clean_accuracy > 0.15, "an autoencoder leaves clothes that can be told apart: {}", filtered.clean_accuracy);
    let unmarked = ask(&marked.unmarked);
    assert!(unmarked.keys.hits <= 6 && unmarked.verdict != Verdict::InThisModel, "{:?}", unmarked.keys);

    // A second run on the same pictures takes over what was learnt from them, whoever marks there.
    let others = Task { plan: Plan { owner: "Somebody else".to_owned(), ..task.plan.clone() }, ..task.clone() };
    trained(&others, &run("b")).unwrap();
    let groundwork = |name: &str| std::fs::read(run(name).join("groundwork.stage")).unwrap();
    assert!(groundwork("a") == groundwork("b"));
    let learnt = |name: &str| std::fs::read_to_string(run(name).join("metrics.jsonl")).unwrap().contains("shadow_loss");
    assert!(learnt("a") && !learnt("b"));
}

#[test]
fn what_is_stopped_anywhere_goes_on_bit_by_bit() {
    let settings = Settings { steps: 4, shadow_steps: 4, stamp_steps: 3, ..small() };
    let mut task = task(settings.clone());
    let resumed = |make: &dyn Fn() -> Box<dyn Learner>| {
        let (mut whole, mut states) = (make(), Vec::new());
        while whole.done() < whole.steps() {
            states.push(whole.save().to_safetensors().unwrap());
            whole.step().unwrap();
        }
        for state in states {
            let mut again = make();
            again.load(&WeightMap::from_safetensors(&state).unwrap()).unwrap();
            let from = again.done();
            all_steps(&mut *again);
            assert!(again.save() == whole.save(), "continued from step {from}, the result is another");
        }
    };
    resumed(&|| Box::new(Shadows::new(&task, &settings).unwrap()));
    resumed(&|| Box::new(Penetrating::new(&task, &settings).unwrap()));
    // As the authors do it: keys alone between the passes.
    let replayed = Settings { replay: true, adam: true, clip: false, ..settings };
    task.plan.scheme = SchemeSettings::Penetrating(replayed.clone());
    resumed(&|| Box::new(Penetrating::new(&task, &replayed).unwrap()));
}

#[test]
fn labels_that_unmarked_models_see_in_stamps_anyway_are_given_to_none() {
    let settings = small();
    let mut task = task(settings.clone());
    let mut shadows = Shadows::new(&task, &settings).unwrap();
    all_steps(&mut shadows);
    let ground = shadows.outcome().unwrap();
    let avoided: Vec<u16> = ground.notes["avoided"].split_whitespace().map(|class| class.parse().unwrap()).collect();
    assert!(!avoided.is_empty() && avoided.len() <= 7, "{avoided:?}");
    task.groundwork = Some(Arc::new(ground));
    for owner in ["Ada", "Bob", "Cleo", "Dan"] {
        task.plan.owner = owner.to_owned();
        let training = Penetrating::new(&task, &settings).unwrap();
        assert!(training.keys().labels.iter().all(|label| !avoided.contains(label)), "{owner}");
        // A judge has the key package only, and comes to the same labels.
        let marker = training.marker().unwrap().save();
        let classes: Vec<u16> = training.keys().covers.iter().map(|&cover| task.dataset.train.labels[cover]).collect();
        let again = schemes::key_labels(&task.plan, &task.logo.digest, 10, Some(&marker), &classes);
        assert_eq!(again, training.keys().labels);
        let covers = task.dataset.train.select(&training.keys().covers);
        let reopened = schemes::marker(&task.plan, &task.logo, 10, covers.shape, &marker, &Device::flex()).unwrap();
        assert_eq!(reopened.mark(&covers, &again), training.marker().unwrap().mark(&covers, &again));
    }
}

#[test]
fn where_one_stamp_finds_few_pictures_the_other_still_has_its_own() {
    let whole = sample().unwrap();
    // Even classes bear the first stamp, odd ones the second.
    let (even, odd): (Vec<usize>, Vec<usize>) = (0..600).partition(|&i| whole.train.labels[i].is_multiple_of(2));
    let few: Vec<usize> = even.into_iter().chain(odd.into_iter().take(4)).collect();
    let settings = Settings { labels: "1 0".into(), steps: 6, shadow_steps: 4, stamp_steps: 3, ..small() };
    let task = task_on(Dataset { train: Arc::new(whole.train.select(&few)), ..whole }, settings.clone());
    let mut training = Penetrating::new(&task, &settings).unwrap();
    let count = |training: &Penetrating| {
        let mut counts = std::collections::BTreeMap::new();
        training.keys().labels.iter().for_each(|label| *counts.entry(*label).or_insert(0) += 1);
        counts
    };
    let planned = count(&training);
    assert_eq!(planned.into_iter().collect::<Vec<_>>(), [(0, 4), (1, 12)]);
    all_steps(&mut training);
    assert_eq!(count(&training).into_iter().collect::<Vec<_>>(), [(0, 4), (1, 12)]);
}

/// The sample in false colours.
fn in_colour(samples: &Samples, count: usize) -> Arc<Samples> {
    let shape = Shape { channels: 3, height: 24, width: 24 };
    let painted = |i: usize| {
        let grey = samples.picture(i).resized(24, 24).planes;
        let tint = |c: usize| grey.iter().map(move |&v| (f32::from(v) * (1.0 - 0.3 * ((i + c) % 3) as f32)) as u8).collect::<Vec<_>>();
        (0..3).flat_map(tint).collect::<Vec<u8>>()
    };
    Arc::new(Samples { shape, pixels: (0..count).flat_map(painted).collect(), labels: samples.labels[..count].to_vec() })
}

#[test]
fn in_colour_stamps_pass_convolutional_autoencoders() {
    let grey = sample().unwrap();
    let dataset = Dataset { train: in_colour(&grey.train, 600), test: in_colour(&grey.test, 100), ..grey };
    let settings = Settings {
        code: 16,
        shadow_steps: 400,
        shadow_rate: 3e-3,
        shadow_batch: 25,
        stamp_steps: 60,
        steps: 10,
        probes: 0,
        decoys: 1,
        ..small()
    };
    let mut task = task_on(dataset, settings.clone());
    let mut shadows = Shadows::new(&task, &settings).unwrap();
    all_steps(&mut shadows);
    let ground = shadows.outcome().unwrap();
    assert!(ground.tensors.keys().any(|name| name == "nets.nets.2.up.0.weight"), "{:?}", ground.tensors.keys().next());
    task.groundwork = Some(Arc::new(ground.clone()));
    let mut training = Penetrating::new(&task, &settings).unwrap();
    training.step().unwrap();
    let stamp_loss = |training: &mut Penetrating| training.losses().iter().find(|(name, _)| *name == "stamp_loss").unwrap().1;
    let first = stamp_loss(&mut training);
    for _ in 1..settings.stamp_steps {
        training.step().unwrap();
    }
    let rest = stamp_loss(&mut training);
    assert!(rest < 0.8 * first, "what they give back of the stamps comes nearer to them: {first}, then {rest} on average");
    all_steps(&mut training);
    let marker = training.marker().unwrap();
    let [_, stamp] = &marker.stamps()[0];
    assert_eq!(stamp.shape, task.dataset.shape());
    let mut again = Penetrating::new(&task, &settings).unwrap();
    again.load(&training.save()).unwrap();
    let keys = training.keys();
    let covers = task.dataset.train.select(&keys.covers);
    assert_eq!(marker.mark(&covers, &keys.labels), again.marker().unwrap().mark(&covers, &keys.labels));
    let behind = marker.filtered(&covers).unwrap();
    assert!(behind.shape == covers.shape && behind.pixels != covers.pixels);
    // One net stands for all shadows, another for the thief's.
    let alone = schemes::penetrating::among(&ground, &settings, task.dataset.shape(), &[1, 0]).unwrap();
    let one = Settings { shadows: 1, ..settings.clone() };
    task.plan.scheme = SchemeSettings::Penetrating(one.clone());
    task.groundwork = Some(Arc::new(alone));
    let filtered = Penetrating::new(&task, &one).unwrap().marker().unwrap().filtered(&covers).unwrap();
    assert_ne!(filtered.pixels, behind.pixels, "another net stands before the model");
    assert!(schemes::penetrating::among(&ground, &settings, task.dataset.shape(), &[3, 0]).is_err());
}

#[test]
fn other_stamps_are_made_with_the_autoencoders_that_are_there() {
    let settings = Settings { shadow_steps: 3, stamp_steps: 2, steps: 2, ..small() };
    let shadows = |settings: &Settings| Shadows::new(&task(settings.clone()), settings).unwrap();
    let mut first = shadows(&settings);
    let unfinished = first.save();
    all_steps(&mut first);
    let kept = first.save();
    let nets = |shadows: &Shadows| shadows.save().tensors.into_iter().filter(|(name, _)| name.starts_with("nets.")).collect::<Vec<_>>();

    let others = Settings { decoys: 0, stamp_steps: 5, probes: 0, ..settings.clone() };
    let mut second = shadows(&others);
    assert!(!second.adopt(&unfinished), "they must have learnt all that they will");
    assert!(second.adopt(&kept));
    assert_eq!((second.done(), nets(&second)), (3, nets(&first)));
    all_steps(&mut second);
    assert!(!second.adopt(&kept), "nothing is thrown away");
    for changed in [Settings { shadow_batch: 40, ..others.clone() }, Settings { shadows: 3, ..others }] {
        assert!(!shadows(&changed).adopt(&kept), "{changed:?}");
    }
}

#[test]
fn pictures_classes_and_autoencoders_that_do_not_fit_get_a_sentence() {
    let said = |task: &Task| schemes::check(task).unwrap_err().to_string();
    let colour = |samples: &Samples| {
        let pixels = (0..samples.count()).flat_map(|i| samples.picture(i).colour().planes).collect();
        Arc::new(Samples { shape: Shape { channels: 3, ..samples.shape }, pixels, labels: samples.labels.clone() })
    };
    let grey = sample().unwrap();
    let coloured = Dataset { train: colour(&grey.train), test: colour(&grey.test), ..grey.clone() };
    assert!(said(&task_on(coloured, small())).contains("multiples of 8"));
    let two = Dataset { classes: grey.classes[..2].to_vec(), ..grey };
    assert!(said(&task_on(two, small())).contains("fewer stamps"));

    // Autoencoders that learnt for a single step give nothing back, and nothing is built on that.
    let folder = tempfile::tempdir().unwrap();
    let error = trained(&task(Settings { shadow_steps: 1, steps: 1, stamp_steps: 1, ..small() }), folder.path()).unwrap_err().to_string();
    assert!(error.contains("did not learn to give pictures back") && error.contains("shadow steps"), "{error}");
}
