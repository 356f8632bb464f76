//! The image barrier on real pictures: it learns to hide and to reveal, goes on where it stopped, and handles files.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use burn::tensor::Device;
use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::rain::Rain;
use countermark::data::tasks;
use countermark::data::{Photos, Picture, Samples, Shape, sample, sample_logos};
use countermark::jobs::barrier::{self as jobs, mark, reveal};
use countermark::jobs::reproduce::barrier::{self as tables, TableName};
use countermark::jobs::reproduce::{Request, reproduce};
use countermark::jobs::{Flow, JobError, MetricPoint, Phase, Preview, Watch};
use countermark::metrics::{mean_sd, psnr};
use countermark::nn::batch::from_unit_bytes;
use countermark::nn::device::Compute;
use countermark::nn::vgg::Vgg;
use countermark::nn::weights::WeightMap;
use countermark::schemes::barrier::{Barrier, Settings, Stage, Task, Training};
use countermark::schemes::plan::Preset;
use silent::Silent;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };

fn tiny() -> Settings {
    Settings {
        side: 32,
        halvings: 4,
        hider_width: 4,
        revealer_width: 12,
        batch: 4,
        rate: 3e-3,
        clarity: 0.0,
        picture_weight: 1.0,
        imitation_weight: 0.0,
        nature_weight: 0.0,
        most_unforeseen: 1.0,
        critic_weight: 1e-3,
        critic_width: 4,
        families: 2,
        surrogate_steps: 2,
        surrogate_width: 4,
        adversarial_steps: 2,
        ..Settings::default()
    }
}

fn pictures(count: usize) -> Samples {
    let clothes = sample().unwrap().train;
    let pixels = (0..count).flat_map(|i| clothes.picture(i).fitted(32, 3).planes).collect();
    Samples { shape: SHAPE, pixels, labels: vec![0; count] }
}

fn owners() -> Logo {
    let (name, bytes) = sample_logos()[0];
    Logo::from_bytes(name, bytes, &LogoOptions::default()).unwrap()
}

fn logo() -> Picture {
    owners().at(SHAPE)
}

fn photos() -> Photos {
    let all = pictures(60);
    let some = |range: std::ops::Range<usize>| Arc::new(all.select(&range.collect::<Vec<_>>()));
    let (train, validation, test) = (some(0..40), some(40..50), some(50..60));
    Photos { name: "clothes".to_owned(), digest: "60".to_owned(), train, validation, test, partners: None, problems: Vec::new() }
}

fn task(settings: Settings) -> Task {
    let outputs = pictures(80);
    let inputs = Rain::default().over_all(&outputs, 1);
    Task { settings, outputs: Arc::new(outputs), inputs: Arc::new(inputs), logo: logo(), vgg: None, seed: 3, device: Device::flex() }
}

/// A barrier that learnt for a few seconds.
fn learnt() -> &'static Barrier {
    static LEARNT: OnceLock<Barrier> = OnceLock::new();
    LEARNT.get_or_init(|| {
        let mut training = Training::new(task(Settings { steps: 220, families: 0, critic_weight: 0.0, ..tiny() })).unwrap();
        while training.done() < training.steps() {
            training.step().unwrap();
        }
        training.barrier()
    })
}

fn correlation(barrier: &Barrier, picture: &Picture) -> f64 {
    barrier.likeness(&barrier.reveal(picture).unwrap().logo).unwrap().nc
}

#[test]
fn marked_pictures_reveal_the_logo_and_unmarked_ones_do_not() {
    let barrier = learnt();
    let unseen = pictures(100);
    let (mut marked, mut unmarked, mut clear) = (Vec::new(), Vec::new(), Vec::new());
    for i in 80..100 {
        let picture = unseen.picture(i);
        let mut shares = Vec::new();
        let with = barrier.mark(&picture, &mut |share| {
            shares.push(share);
            true
        });
        let with = with.unwrap().unwrap();
        assert_eq!(shares, [1.0]);
        clear.push(psnr(&with, &picture).unwrap());
        marked.push(correlation(barrier, &with));
        unmarked.push(correlation(barrier, &picture));
    }
    let mean = |values: &[f64]| mean_sd(values).unwrap().0;
    let (marked, unmarked, clear) = (mean(&marked), mean(&unmarked), mean(&clear));
    assert!(marked > 0.6 && marked > unmarked + 0.3, "marked {marked}, unmarked {unmarked}");
    assert!(clear > 18.0, "{clear} dB");
}

#[test]
fn a_mark_that_would_not_be_found_again_is_made_firmer() {
    const FAINTER: f64 = 0.2;
    let mut barrier = learnt().clone();
    let unseen = pictures(100);
    // Without a second stage it knows no files, and its marks stay as they are.
    let picture = unseen.picture(80);
    let plain = |picture: &Picture| barrier.mark(picture, &mut |_| true).unwrap().unwrap();
    assert_eq!(barrier.mark_surely(&picture, &mut |_| true).unwrap().unwrap().0, plain(&picture));
    assert!(barrier.mark_surely(&picture, &mut |_| false).unwrap().is_none(), "cancelled");

    // The same networks with fainter marks, taken for some that know files.
    let mut saved = barrier.save();
    let reach: f64 = saved.notes["reach"].parse().unwrap();
    saved.notes.insert("reach".to_owned(), (FAINTER * reach).to_string());
    barrier = Barrier::open(&saved, &Device::flex()).unwrap();
    barrier.settings = Settings { families: 1, adversarial_disturbed: true, ..barrier.settings };
    let plain = |picture: &Picture| barrier.mark(picture, &mut |_| true).unwrap().unwrap();
    let mut asked = 0;
    let given_up = barrier.mark_surely(&unseen.picture(80), &mut |_| {
        asked += 1;
        asked < 3
    });
    assert!(given_up.unwrap().is_none(), "cancelled between two strengths");
    let mut without_files = barrier.clone();
    without_files.settings.survives_jpeg = false;
    let counts = |picture: &Picture| barrier.look_into(picture, usize::MAX).unwrap().likeness.counts();
    let (mut found, mut as_it_was, mut firmer) = (0, 0, 0);
    for i in 80..100 {
        let picture = unseen.picture(i);
        let (weak, (sure, finding)) = (plain(&picture), barrier.mark_surely(&picture, &mut |_| true).unwrap().unwrap());
        assert_eq!(finding.likeness.counts(), counts(&sure));
        assert!(counts(&sure) || (!counts(&weak) && sure == weak), "a mark is never lost, and never firmer for nothing");
        found += usize::from(counts(&sure));
        as_it_was += usize::from(counts(&weak));
        let clear = |marked: &Picture| psnr(marked, &picture).unwrap();
        firmer += usize::from(clear(&sure) < clear(&weak) - 1.0);
        let fainter = without_files.mark_surely(&picture, &mut |_| true).unwrap().unwrap().0;
        assert!(counts(&fainter) == counts(&sure) && clear(&fainter) >= clear(&sure), "what is not asked of files asks for no more");
    }
    assert!(found > as_it_was && firmer >= found - as_it_was, "{found} found, {as_it_was} as they were, {firmer} firmer");
}

#[test]
fn blank_pictures_of_any_brightness_are_no_logo() {
    let barrier = learnt();
    for value in [0, 128, 255] {
        let likeness = barrier.likeness(&Picture { shape: SHAPE, planes: vec![value; SHAPE.len()] }).unwrap();
        assert!(!likeness.counts() && likeness.nc == 0.0, "{value}: {likeness:?}");
    }
    let itself = barrier.likeness(&barrier.logo).unwrap();
    assert!(itself.counts() && itself.nc > 0.999_999 && (itself.contrast - 1.0).abs() < 1e-9, "{itself:?}");
    let ghost = Picture { planes: barrier.logo.planes.iter().map(|&value| 200 + value / 5).collect(), ..barrier.logo.clone() };
    let likeness = barrier.likeness(&ghost).unwrap();
    assert!(!likeness.counts() && likeness.nc > 0.99 && likeness.contrast < 0.21, "{likeness:?}");
}

#[test]
fn the_second_stage_shows_the_revealing_network_fine_structure() {
    let done = |revealer_fine: bool| {
        let mut training = Training::new(task(Settings { steps: 2, revealer_fine, ..tiny() })).unwrap();
        let mut seen = Vec::new();
        while training.done() < training.steps() {
            seen.push(training.barrier().settings.revealer_fine);
            training.step().unwrap();
        }
        (seen, training.barrier())
    };
    let (before, fine) = done(true);
    assert!(before[..7].iter().all(|fine| !fine) && before[7], "{before:?}");
    let (_, plain) = done(false);
    assert!(fine.settings.revealer_fine && !plain.settings.revealer_fine);
    let picture = pictures(1).picture(0);
    assert!(fine.reveal(&picture).unwrap().logo != plain.reveal(&picture).unwrap().logo);
    // What it is written as is read back, and so is a file of the time before there was such a setting.
    let opened = |map: &WeightMap| Barrier::open(map, &Device::flex());
    assert_eq!(opened(&fine.save()).unwrap().reveal(&picture).unwrap(), fine.reveal(&picture).unwrap());
    let mut old = plain.save();
    old.notes.insert("version".to_owned(), "1".to_owned());
    let written: serde_json::Value = serde_json::from_str(&old.notes["settings"]).unwrap();
    let mut then = written.as_object().unwrap().clone();
    let later = ["revealer_fine", "nature_weight", "adversarial_turned", "adversarial_hard", "adversarial_foreign"];
    assert!(later.iter().all(|name| then.remove(*name).is_some()));
    old.notes.insert("settings".to_owned(), serde_json::to_string(&then).unwrap());
    let old = opened(&old).unwrap();
    assert!(old.settings.nature_weight == 0.0 && !old.settings.adversarial_turned && old.settings.residual);
    assert_eq!(old.mark(&picture, &mut |_| true).unwrap(), plain.mark(&picture, &mut |_| true).unwrap());
}

#[test]
fn small_pictures_are_looked_at_in_eight_ways_by_a_network_that_knows_turned_ones() {
    let mut training = Training::new(task(Settings { steps: 2, ..tiny() })).unwrap();
    let mut before = None;
    while training.done() < training.steps() {
        before = before.or_else(|| (training.done() == 6).then(|| training.barrier()));
        training.step().unwrap();
    }
    let (before, after) = (before.unwrap(), training.barrier());
    assert!(!before.settings.adversarial_turned && after.settings.adversarial_turned);
    let picture = pictures(1).picture(0);
    let side = SHAPE.width;
    let swapped = |i: usize| picture.planes[i / (side * side) * side * side + i % side * side + i / side % side];
    let turned = Picture { shape: SHAPE, planes: (0..SHAPE.len()).map(swapped).collect() };
    let apart = |barrier: &Barrier| {
        let [one, other] = [&picture, &turned].map(|picture| barrier.reveal(picture).unwrap().logo.planes);
        one.iter().zip(&other).map(|(one, other)| one.abs_diff(*other)).max().unwrap()
    };
    assert!(apart(&before) > 8, "{}", apart(&before));
    assert!(apart(&after) <= 1, "{}", apart(&after));
    // Of eight squares each is looked at once, of more than one and fewer than eight each in some ways.
    let tiled = |count: usize| {
        let shape = Shape { width: side * count, ..SHAPE };
        let planes = picture.planes.chunks(side).flat_map(|row| row.repeat(count)).collect();
        let revealed = after.reveal(&Picture { shape, planes }).unwrap();
        assert_eq!(revealed.squares.len(), count);
        assert!(revealed.squares.iter().all(|square| *square == revealed.squares[0]));
        revealed.logo
    };
    assert!(tiled(1) == after.reveal(&picture).unwrap().logo);
    let [some, once] = [3, 8].map(tiled);
    assert!(some != once && some != tiled(1));
}

#[test]
fn disturbed_foreign_and_hard_pictures_are_lessons_of_the_second_stage_alone() {
    let stages = |settings: Settings| {
        let mut training = Training::new(task(Settings { steps: 2, ..settings })).unwrap();
        let mut barriers = Vec::new();
        while training.done() < training.steps() {
            training.step().unwrap();
            barriers.push(training.barrier().save().tensors);
        }
        barriers
    };
    let with = stages(tiny());
    let parts_at = |settings: Settings| with.iter().zip(&stages(settings)).position(|(with, without)| with != without);
    // Two steps of the pair, two of each thief, and then; what is hard is known after one more.
    assert_eq!(parts_at(Settings { adversarial_disturbed: false, ..tiny() }), Some(2 + 2 * 2));
    assert_eq!(parts_at(Settings { adversarial_foreign: false, ..tiny() }), Some(2 + 2 * 2));
    assert_eq!(parts_at(Settings { adversarial_hard: false, ..tiny() }), Some(2 + 2 * 2 + 1));
}

#[test]
fn a_training_that_was_stopped_anywhere_goes_on_bit_by_bit() {
    goes_on_bit_by_bit(&Settings { steps: 3, clarity: 30.0, ..tiny() }, 3 + 2 * 2 + 2);
}

#[test]
fn so_does_one_that_begins_anew() {
    goes_on_bit_by_bit(&Settings { steps: 3, imitation_weight: 0.2, most_unforeseen: 0.0, ..tiny() }, 2 * 2 + 3 + 2 * 2 + 2);
}

fn goes_on_bit_by_bit(settings: &Settings, steps: usize) {
    let mut whole = Training::new(task(settings.clone())).unwrap();
    let mut saved = Vec::new();
    while whole.done() < whole.steps() {
        saved.push(whole.save());
        whole.step().unwrap();
    }
    assert_eq!(saved.len(), steps);
    for state in saved.into_iter().skip(1) {
        let bytes = state.to_safetensors().unwrap();
        let mut again = Training::new(task(settings.clone())).unwrap();
        again.load(&WeightMap::from_safetensors(&bytes).unwrap()).unwrap();
        let from = again.done();
        while again.done() < again.steps() {
            again.step().unwrap();
        }
        assert!(again.save() == whole.save(), "continued from step {from}, the weights are others");
    }
}

#[test]
fn a_mark_that_a_small_network_cannot_foresee_is_begun_anew_twice_at_most() {
    let stages = |settings: Settings| {
        let mut training = Training::new(task(Settings { steps: 4, families: 0, ..settings })).unwrap();
        let mut stages = Vec::new();
        while training.done() < training.steps() {
            stages.push(training.stage());
            training.step().unwrap();
        }
        stages
    };
    let imitated = |most_unforeseen| Settings { imitation_weight: 0.2, most_unforeseen, ..tiny() };
    let shares = [0.0, 0.25, 0.5, 0.75];
    let whole = |stage| shares.map(|share| (stage, share)).to_vec();
    let trial = |stage| whole(stage)[..3].to_vec();
    assert_eq!(stages(imitated(0.0)), [trial(Stage::Initial), trial(Stage::Anew), whole(Stage::Anew)].concat());
    assert_eq!(stages(imitated(1.0)), whole(Stage::Initial));
    assert_eq!(stages(Settings { most_unforeseen: 0.0, ..tiny() }), whole(Stage::Initial), "nothing is imitated");
}

#[test]
fn marked_pictures_end_as_clear_as_was_asked_for_also_from_a_file() {
    let learnt_from = pictures(80);
    let clear = |clarity: f64| {
        let mut training =
            Training::new(task(Settings { steps: 60, families: 0, critic_weight: 0.0, clarity, picture_weight: 0.01, ..tiny() })).unwrap();
        while training.done() < training.steps() {
            training.step().unwrap();
        }
        let saved = WeightMap::from_safetensors(&training.barrier().save().to_safetensors().unwrap()).unwrap();
        let barrier = Barrier::open(&saved, &Device::flex()).unwrap();
        let decibels: Vec<f64> = (0..80)
            .map(|i| psnr(&barrier.mark(&learnt_from.picture(i), &mut |_| true).unwrap().unwrap(), &learnt_from.picture(i)).unwrap())
            .collect();
        mean_sd(&decibels).unwrap().0
    };
    for asked in [26.0, 30.0] {
        let got = clear(asked);
        assert!((got - asked).abs() < 0.3, "asked for {asked} dB, got {got}");
    }
}

#[test]
fn a_barrier_comes_back_from_its_file_and_other_files_are_refused() {
    let barrier = learnt();
    let bytes = barrier.save().to_safetensors().unwrap();
    let back = Barrier::open(&WeightMap::from_safetensors(&bytes).unwrap(), &Device::flex()).unwrap();
    let picture = pictures(1).picture(0);
    assert_eq!(back.mark(&picture, &mut |_| true).unwrap(), barrier.mark(&picture, &mut |_| true).unwrap());
    assert_eq!(back.logo, barrier.logo);
    let refused = |change: &dyn Fn(&mut WeightMap)| {
        let mut map = barrier.save();
        change(&mut map);
        Barrier::open(&map, &Device::flex()).unwrap_err().to_string()
    };
    assert!(refused(&|map| drop(map.notes.remove("kind"))).contains(".cmbarrier"));
    assert!(refused(&|map| drop(map.notes.insert("version".to_owned(), "4".to_owned()))).contains("newer"));
    assert!(refused(&|map| drop(map.notes.insert("version".to_owned(), "2".to_owned()))).contains("Make it anew"));
    assert!(refused(&|map| drop(map.tensors.remove("logo"))).contains("logo"));
    assert!(refused(&|map| drop(map.tensors.remove("hider.unet.down.0.weight"))).contains("hider"));
}

#[test]
fn settings_and_photographs_that_do_not_fit_get_a_sentence() {
    let said = |settings: Settings| Training::new(task(settings)).err().unwrap().to_string();
    assert!(said(Settings { side: 40, ..tiny() }).contains("multiple of 16"));
    assert!(said(Settings { batch: 3, ..tiny() }).contains("even"));
    assert!(said(Settings { batch: 64, ..tiny() }).contains("at least 128"));
    assert!(said(Settings { side: 64, ..tiny() }).contains("64x64"));
}

fn write(path: &Path, picture: &Picture) {
    std::fs::write(path, picture.to_png().unwrap()).unwrap();
}

#[test]
fn files_of_any_size_are_marked_beside_the_originals_and_a_bad_one_stops_nobody() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let barrier = at("owner.cmbarrier");
    std::fs::write(&barrier, learnt().save().to_safetensors().unwrap()).unwrap();
    let large = pictures(1).picture(0).resized(101, 75);
    write(&at("large.png"), &large);
    write(&at("dot.png"), &Picture { shape: Shape { channels: 1, height: 1, width: 1 }, planes: vec![90] });
    std::fs::write(at("broken.png"), b"\x89PNG\r\n\x1a\nno more").unwrap();
    let before = std::fs::read(at("large.png")).unwrap();
    let files = [at("large.png"), at("broken.png"), at("dot.png")];
    let all = mark(&barrier, &files, &at("out"), &Compute::cpu(), &mut Silent).unwrap();
    let whether: Vec<bool> = all.iter().map(|one| one.result.is_ok()).collect();
    assert_eq!(whether, [true, false, true], "{all:?}");
    assert_eq!(std::fs::read(at("large.png")).unwrap(), before, "the original was changed");
    let marked = countermark::data::open_picture(&at("out/large.png")).unwrap();
    assert_eq!((marked.shape.width, marked.shape.height), (101, 75));
    let again = mark(&barrier, &files[..1], &at("out"), &Compute::cpu(), &mut Silent).unwrap();
    assert!(again[0].result.as_ref().unwrap_err().contains("not written over"), "{again:?}");

    let found = reveal(&barrier, &[at("out/large.png"), at("large.png")], Some(&at("logos")), &Compute::cpu(), &mut Silent).unwrap();
    let [with, without] = [0, 1].map(|i| found[i].result.as_ref());
    assert_eq!(with.unwrap().squares, 3 * 2);
    assert!(with.unwrap().likeness.nc > 0.5, "{found:?}");
    // Both would be written to logos/large.png; the first stays.
    assert!(without.unwrap_err().contains("not written over"), "{found:?}");
}

#[test]
fn a_file_that_is_no_barrier_is_told() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("model.safetensors");
    std::fs::write(&path, WeightMap::default().to_safetensors().unwrap()).unwrap();
    let error = jobs::open(&path, &Compute::cpu()).unwrap_err();
    assert!(matches!(error, JobError::Scheme(_)) && error.to_string().contains(".cmbarrier"), "{error}");
}

/// The mean of a loss over the last 20 of 120 steps.
fn last_loss(name: &str, settings: Settings) -> f64 {
    let mut training = Training::new(task(Settings { steps: 120, families: 0, critic_weight: 0.0, ..settings })).unwrap();
    while training.done() < training.steps() {
        if training.done() == 100 {
            training.losses();
        }
        training.step().unwrap();
    }
    training.losses().into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn a_small_network_foresees_the_mark_where_that_is_asked_for() {
    let unforeseen = |imitation_weight: f64| last_loss("imitation_loss", Settings { imitation_weight, ..tiny() });
    let (asked, left_out) = (unforeseen(0.1), unforeseen(0.0));
    assert!(asked > 0.0 && asked < 0.8, "{asked}");
    assert_eq!(left_out, 0.0);
}

#[test]
fn photographs_hold_less_of_the_mark_by_nature_where_that_is_asked_for() {
    let held = |nature_weight: f64| last_loss("nature_loss", Settings { imitation_weight: 0.1, nature_weight, ..tiny() });
    // Hardly any weight: it is measured and does nothing.
    let (asked, left) = (held(0.2), held(1e-9));
    assert!(asked < 0.5 * left, "{asked} against {left}");
    assert_eq!(held(0.0), 0.0);
}

#[test]
fn the_perceptual_loss_draws_marked_pictures_to_what_a_network_sees_in_unmarked_ones() {
    let device = Device::flex();
    let vgg = Vgg::embedded(&device).unwrap();
    let far = |perceptual_weight: f64| {
        let settings =
            Settings { steps: 30, families: 0, critic_weight: 0.0, imitation_weight: 0.0, clarity: 0.0, perceptual_weight, ..tiny() };
        let mut training = Training::new(task(settings)).unwrap();
        while training.done() < training.steps() {
            training.step().unwrap();
        }
        let barrier = training.barrier();
        let unit = |pictures: &[Picture]| {
            let bytes: Vec<u8> = pictures.iter().flat_map(|picture| picture.planes.clone()).collect();
            from_unit_bytes(&bytes, SHAPE, &device)
        };
        let plain: Vec<Picture> = (0..4).map(|i| pictures(4).picture(i)).collect();
        let marked: Vec<Picture> = plain.iter().map(|picture| barrier.mark(picture, &mut |_| true).unwrap().unwrap()).collect();
        f64::from(vgg.distance(unit(&marked), unit(&plain)).unwrap().into_scalar::<f32>())
    };
    let (without, with) = (far(0.0), far(100.0));
    assert!(with < 0.5 * without, "{without} without, {with} with");
}

#[test]
fn one_network_does_the_work_and_marks() {
    let settings = Settings { steps: 60, families: 0, critic_weight: 0.0, task_specific: true, ..tiny() };
    let task = task(settings);
    let (inputs, outputs) = (task.inputs.clone(), task.outputs.clone());
    let mut training = Training::new(task).unwrap();
    while training.done() < training.steps() {
        training.step().unwrap();
    }
    let barrier = training.barrier();
    let clear = |i: usize| psnr(&barrier.mark(&inputs.picture(i), &mut |_| true).unwrap().unwrap(), &outputs.picture(i)).unwrap();
    let before = |i: usize| psnr(&inputs.picture(i), &outputs.picture(i)).unwrap();
    let gained: Vec<f64> = (0..10).map(|i| clear(i) - before(i)).collect();
    assert!(mean_sd(&gained).unwrap().0 > 0.0, "the rain is still there: {gained:?}");
}

#[test]
fn a_table_is_made_of_barriers_thieves_and_honest_twins_and_goes_on_where_it_stopped() {
    let home = tempfile::tempdir().unwrap();
    let request = |table: TableName, seeds: &[u64]| tables::Request {
        table,
        preset: Preset::Quick,
        settings: Settings { steps: 3, ..tiny() },
        tasks: vec![(tasks::Task::default(), photos())],
        logo: owners(),
        seeds: seeds.to_vec(),
        choosing: false,
        only: Vec::new(),
    };
    let made =
        |request: tables::Request, folder: &Path| reproduce(&Request::Barrier(request), &Compute::cpu(), folder, &mut Silent).unwrap();
    let make = |table: TableName, seeds: &[u64]| made(request(table, seeds), home.path());
    let families = make(TableName::Families, &[1, 2]);
    let names: Vec<&str> = families.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names[..2], ["derain, CNet L2", "derain, Res9 L2"]);
    assert!(names.iter().any(|name| name.ends_with("augmented")), "{names:?}");
    let classical = |row: &countermark::jobs::reproduce::Row| row.name.contains("classical");
    for row in families.rows.iter().filter(|row| !classical(row)) {
        let known = |column: &&String| row.values.contains_key(*column) || *column == "bit_accuracy";
        let missing: Vec<_> = families.columns.iter().filter(|column| !known(column)).collect();
        assert!(missing.is_empty() && row.values.values().all(|figure| figure.n == 2), "{row:?}");
        assert!(row.values["psnr_db"].mean > 3.0 && row.values["innocent_success"].mean <= 1.0, "{row:?}");
    }
    assert_eq!(families.rows[0].paper["success"], 1.0);
    // What a network gives that learnt for two steps holds no bits.
    assert_eq!(families.rows.iter().filter(|row| classical(row)).count(), 4);
    for row in families.rows.iter().filter(|row| classical(row)) {
        assert!(row.values["success"].mean == 0.0 && (row.values["bit_accuracy"].mean - 0.5).abs() < 0.2, "{row:?}");
    }

    // The same barriers serve another table, and what is known of thieves is not asked again.
    let folder = home.path().join("derain-thieves-seed-1");
    let written = std::fs::metadata(folder.join("thieves.json")).unwrap().modified().unwrap();
    let learnt = || jobs::made(&folder).unwrap().seconds;
    let first = learnt();
    let again = make(TableName::Families, &[1, 2]);
    assert_eq!(learnt(), first, "judging once more is not learning");
    // To the last digit but one: JSON may round that.
    let figures = |table: &countermark::jobs::reproduce::Table| {
        table.rows.iter().flat_map(|row| row.values.values().map(|figure| (figure.mean * 1e9).round())).collect::<Vec<_>>()
    };
    assert_eq!(figures(&again), figures(&families));
    assert_eq!(std::fs::metadata(folder.join("thieves.json")).unwrap().modified().unwrap(), written);
    // A preset without a second stage: other barriers, and tables about thieves have the stage all the same.
    let none = tables::Request {
        settings: Settings { families: 0, ..request(TableName::Fidelity, &[1]).settings },
        ..request(TableName::Fidelity, &[1])
    };
    assert_eq!(made(none.clone(), home.path()).rows.len(), 5);
    assert!(home.path().join("derain-seed-1").is_dir());
    let thieves = tables::Request { table: TableName::TaskSpecific, ..none };
    let rows = made(thieves, &home.path().join("other")).rows;
    assert_eq!(rows.len(), 2);
    assert!(home.path().join("other/derain-thieves-seed-1").is_dir());
    let fidelity = make(TableName::Fidelity, &[1]);
    assert_eq!(fidelity.rows.len(), 5);
    for column in ["jpeg_90", "jpeg_75"] {
        assert!((0.0..=1.0).contains(&fidelity.rows[0].values[column].mean), "{column}");
    }
    for row in &fidelity.rows[1..] {
        assert!(row.values["success"].mean > 0.7 && row.values["unmarked_success"].mean == 0.0, "{row:?}");
        assert!(row.values["psnr_db"].mean > 25.0 && row.values["bit_accuracy"].mean > 0.85, "{row:?}");
    }
    assert!(fidelity.rows[0].values["psnr_db"].mean > 3.0 && fidelity.rows[0].paper["psnr_db"] > 39.0);
}

#[test]
fn variants_of_a_table_take_over_what_they_have_in_common_bit_by_bit() {
    let home = tempfile::tempdir().unwrap();
    let make = |folder: &str, only: &[&str]| {
        let request = tables::Request {
            table: TableName::Ablation,
            preset: Preset::Quick,
            // So fast that three steps leave a mark.
            settings: Settings { steps: 3, rate: 0.1, ..tiny() },
            tasks: vec![(tasks::Task::default(), photos())],
            logo: owners(),
            seeds: vec![1],
            choosing: false,
            only: only.iter().map(|&name| name.to_owned()).collect(),
        };
        reproduce(&Request::Barrier(request), &Compute::cpu(), &home.path().join(folder), &mut Silent).unwrap()
    };
    let together = ["whole", "without the second stage", "without honest twins", "without fine structure", "without the clean loss"];
    let rows = make("together", &together).rows;
    assert_eq!(rows.len(), together.len());
    let kept = std::fs::read_dir(home.path().join("together/common")).unwrap().count();
    // Two states of the whole, one without the second stage (which is the first of them), two without the clean loss; answers of both
    // thieves, whose honest twins learn the same wherever the mark is the same or not.
    assert_eq!(kept, 2 + 2 + (1 + 2) * 2, "{kept}");
    for name in together {
        let alone = make(name, &[name]).rows;
        assert!(alone.len() == 1 && rows.contains(&alone[0]), "{name}: {alone:?} is not in {rows:?}");
    }
    assert_eq!(rows[0].values["success"].each.len(), 1);
    assert!(TableName::Ablation.choices().len() == 13 && TableName::Fidelity.choices().is_empty());
}

#[test]
fn a_grey_barrier_marks_brightness_and_finds_its_logo_in_it() {
    let grey = |samples: Samples| {
        let pixels = (0..samples.count()).flat_map(|i| samples.picture(i).grey().planes).collect();
        Arc::new(Samples { shape: Shape { channels: 1, ..SHAPE }, pixels, labels: samples.labels })
    };
    let outputs = grey(pictures(80));
    let settings = Settings { steps: 220, families: 0, critic_weight: 0.0, colour: false, ..tiny() };
    let pair = tasks::Task::default().pair(&outputs, None, 1);
    let logo = owners().at(outputs.shape);
    let task = Task { settings, outputs: pair.outputs, inputs: pair.inputs, logo, vgg: None, seed: 3, device: Device::flex() };
    let mut training = Training::new(task).unwrap();
    while training.done() < training.steps() {
        training.step().unwrap();
    }
    let saved = WeightMap::from_safetensors(&training.barrier().save().to_safetensors().unwrap()).unwrap();
    let barrier = Barrier::open(&saved, &Device::flex()).unwrap();
    let mark = |picture: &Picture| barrier.mark(picture, &mut |_| true).unwrap().unwrap();
    let plain = outputs.picture(3);
    let marked = mark(&plain);
    assert_eq!(marked.shape.channels, 1);
    let (with, without) = (correlation(&barrier, &marked), correlation(&barrier, &plain));
    assert!(with > 0.5 && with > without + 0.3, "marked {with}, unmarked {without}");

    // A colour picture keeps its colours: every channel changes as its brightness does.
    let mut red = plain.colour();
    red.planes[..plain.planes.len()].iter_mut().for_each(|value| *value = value.saturating_add(20));
    let coloured = mark(&red);
    assert_eq!(coloured.shape, red.shape);
    assert!(correlation(&barrier, &coloured) > 0.4, "{}", correlation(&barrier, &coloured));
}

#[test]
fn an_estimate_tries_every_stage_and_gives_way_when_told_to() {
    struct Stopped;
    impl Watch for Stopped {
        fn progress(&mut self, _: Phase, _: f64, _: Option<f64>) {}
        fn metric(&mut self, _: MetricPoint) {}
        fn preview(&mut self, _: Preview) {}
        fn warning(&mut self, _: String) {}
        fn flow(&mut self) -> Flow {
            Flow::Stop
        }
    }
    let settings = Settings { steps: 1000, ..tiny() };
    let thieves = jobs::standing_thieves(&settings, 3);
    let task = tasks::Task::parse("derain").unwrap();
    let order = jobs::Order { settings, photos: photos(), task, logo: owners(), seed: 3, choosing: false, thieves, ground: None };
    let seconds = jobs::estimate(&order, &Compute::cpu(), &mut Silent).unwrap();
    assert!(seconds.is_finite() && seconds > 0.0, "{seconds}");
    assert!(matches!(jobs::estimate(&order, &Compute::cpu(), &mut Stopped), Err(JobError::Stopped)));
}

#[test]
fn a_network_of_ones_own_looks_at_pictures_where_that_counts() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vgg/vgg16.safetensors");
    let order = |vgg: &str, perceptual_weight: f64| jobs::Order {
        settings: Settings { steps: 2, families: 0, perceptual_weight, vgg: vgg.to_owned(), ..tiny() },
        photos: photos(),
        task: tasks::Task::parse("derain").unwrap(),
        logo: owners(),
        seed: 3,
        choosing: false,
        thieves: Vec::new(),
        ground: None,
    };
    let home = tempfile::tempdir().unwrap();
    let make = |order: jobs::Order, name: &str| jobs::make(order, &Compute::cpu(), &home.path().join(name), &mut Silent);
    let said = |order: jobs::Order| make(order, "refused").unwrap_err().to_string();
    assert!(said(order(file, 0.0)).contains("would not be used"));
    let torn = home.path().join("torn.safetensors");
    std::fs::write(&torn, b"no network").unwrap();
    assert!(!said(order(torn.to_str().unwrap(), 1.0)).is_empty());
    assert!(said(order("/nowhere/vgg.safetensors", 1.0)).contains("/nowhere/vgg.safetensors"));
    let [own, others] = [("own", file), ("others", "")].map(|(name, vgg)| make(order(vgg, 1.0), name).unwrap());
    // Neither run nor barrier says where the file lay.
    let holds = |file: &Path| String::from_utf8_lossy(&std::fs::read(file).unwrap()).contains("vgg16.safetensors");
    assert!(!holds(&own.file) && !holds(&home.path().join("own/run.json")));
    assert_ne!(std::fs::read(own.file).unwrap(), std::fs::read(others.file).unwrap(), "the two look at pictures otherwise");
    // With another file in its place the run cannot go on.
    assert!(make(order("", 1.0), "own").is_err());
}
