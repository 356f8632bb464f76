//! The image barrier on real pictures: it learns to hide and to reveal, goes on where it stopped, and handles files.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use burn::tensor::Device;
use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::rain::Rain;
use countermark::data::{Picture, Samples, Shape, sample, sample_logos};
use countermark::jobs::JobError;
use countermark::jobs::barrier::{self as jobs, mark, reveal};
use countermark::metrics::{mean_sd, psnr};
use countermark::nn::device::Compute;
use countermark::nn::weights::WeightMap;
use countermark::schemes::barrier::{Barrier, Settings, Task, Training};
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

fn logo() -> Picture {
    let (name, bytes) = sample_logos()[0];
    Logo::from_bytes(name, bytes, &LogoOptions::default()).unwrap().at(SHAPE)
}

fn task(settings: Settings) -> Task {
    let outputs = pictures(80);
    let inputs = Rain::default().over_all(&outputs, 1);
    Task { settings, outputs: Arc::new(outputs), inputs: Arc::new(inputs), logo: logo(), seed: 3, device: Device::flex() }
}

/// A barrier that learnt for a few seconds.
fn learnt() -> &'static Barrier {
    static LEARNT: OnceLock<Barrier> = OnceLock::new();
    LEARNT.get_or_init(|| {
        let mut training = Training::new(task(Settings { steps: 150, families: 0, critic_weight: 0.0, ..tiny() })).unwrap();
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
fn blank_pictures_of_any_brightness_are_no_logo() {
    let barrier = learnt();
    for value in [0, 128, 255] {
        let likeness = barrier.likeness(&Picture { shape: SHAPE, planes: vec![value; SHAPE.len()] }).unwrap();
        assert!(!likeness.counts() && likeness.nc == 0.0, "{value}: {likeness:?}");
    }
    let itself = barrier.likeness(&barrier.logo).unwrap();
    assert!(itself.counts() && itself.nc > 0.999_999, "{itself:?}");
}

#[test]
fn a_training_that_was_stopped_anywhere_goes_on_bit_by_bit() {
    let settings = Settings { steps: 3, ..tiny() };
    let mut whole = Training::new(task(settings.clone())).unwrap();
    assert_eq!(whole.steps(), 3 + 2 * 2 + 2);
    let mut saved = Vec::new();
    for _ in 0..whole.steps() {
        saved.push(whole.save());
        whole.step().unwrap();
    }
    for state in saved.into_iter().skip(1).step_by(3) {
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
    assert!(refused(&|map| drop(map.notes.insert("version".to_owned(), "2".to_owned()))).contains("newer"));
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
