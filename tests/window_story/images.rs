//! The door for picture files: a barrier is made, stopped, continued, opened; pictures are marked with it and looked into.

use super::*;
use burn::tensor::Device;
use countermark::app::Wanted;
use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Samples, Shape, sample, sample_logos};
use countermark::jobs::barrier::{Found, Handled, Marked};
use countermark::schemes::barrier::proof::Likeness;
use countermark::schemes::barrier::{Settings, Task, Training};
use std::path::PathBuf;
use std::sync::Arc;

/// The smallest barrier that goes through every stage.
fn small() -> Settings {
    Settings {
        side: 32,
        halvings: 4,
        hider_width: 4,
        revealer_width: 4,
        steps: 6,
        batch: 2,
        families: 1,
        surrogate_steps: 2,
        surrogate_width: 4,
        adversarial_steps: 2,
        ..Settings::default()
    }
}

/// A folder of photographs, as far as clothes are some.
fn photographs(home: &Path, name: &str, count: usize) -> PathBuf {
    let (folder, clothes) = (home.join(name), sample().unwrap().train);
    std::fs::create_dir_all(&folder).unwrap();
    for i in 0..count {
        let picture = clothes.picture(i).fitted(48, 3);
        std::fs::write(folder.join(format!("{i:02}.png")), picture.to_png().unwrap()).unwrap();
    }
    folder
}

/// The file of a barrier that has learnt nothing.
fn barrier_file(home: &Path) -> PathBuf {
    let shape = Shape { channels: 3, height: 32, width: 32 };
    let clothes = sample().unwrap().train;
    let pixels = (0..8).flat_map(|i| clothes.picture(i).fitted(32, 3).planes).collect();
    let samples = Arc::new(Samples { shape, pixels, labels: vec![0; 8] });
    let (name, drawing) = sample_logos()[0];
    let logo = Logo::from_bytes(name, drawing, &LogoOptions::default()).unwrap().at(shape);
    let task = Task { settings: small(), outputs: samples.clone(), inputs: samples, logo, vgg: None, seed: 1, device: Device::flex() };
    let file = home.join("mine.cmbarrier");
    std::fs::write(&file, Training::new(task).unwrap().barrier().save().to_safetensors().unwrap()).unwrap();
    file
}

fn says(harness: &Harness<'static, App>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn a_barrier_is_made_marks_pictures_and_finds_its_logo_in_them() {
    let home = tempfile::tempdir().unwrap();
    let folder = photographs(home.path(), "photos", 24);
    std::fs::write(folder.join("broken.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    let mut harness = window(home.path(), Box::new(Worker::start));
    click(&mut harness, "Mark images");
    assert!(harness.get_by_label("Make the barrier").accesskit_node().is_disabled());
    assert!(harness.get_by_label("Mark").accesskit_node().is_disabled());
    act(&mut harness, Action::BarrierSettings(Box::new(small())));
    act(&mut harness, Action::Take(Wanted::Anything, folder.clone()));
    wait(&mut harness, "the photographs", Duration::from_secs(20), |h| h.state().model().images.photographs.is_some());
    harness.run_ok();
    assert!(says(&harness, "1 file could not be used"), "what cannot be used is told at once");
    act(&mut harness, Action::BarrierSampleLogo(0));
    click(&mut harness, "Make the barrier");
    wait(&mut harness, "the barrier", Duration::from_secs(300), |h| h.query_by_label("Continue to marking").is_some());
    let barrier = harness.state().model().images.barrier.clone().unwrap();
    assert!(barrier.made.is_some() && harness.state().model().images.making.preview.is_some());
    assert!(says(&harness, "It has not learnt to find your logo again"), "six steps teach nothing, and the window must say so");

    click(&mut harness, "Continue to marking");
    act(&mut harness, Action::Take(Wanted::Anything, folder.clone()));
    click(&mut harness, "Mark 25 pictures");
    wait(&mut harness, "the marked pictures", Duration::from_secs(120), |h| h.query_by_label("Mark more pictures").is_some());
    let marked = home.path().join("photos marked");
    let batch = &harness.state().model().images.mark;
    assert_eq!((batch.good().count(), batch.problems().len()), (24, 1));
    assert!(batch.good().all(|(_, marked)| marked.looks.is_some() && marked.written.is_file()));
    assert!(says(&harness, "broken.png"), "a bad file is listed at the end");
    assert_eq!(std::fs::read_dir(&marked).unwrap().count(), 24);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 25, "nothing comes into the folder of the originals");

    act(&mut harness, Action::GoTo(Step::Check));
    act(&mut harness, Action::Take(Wanted::Anything, marked));
    click(&mut harness, "Look for your logo");
    wait(&mut harness, "the verdict", Duration::from_secs(120), |h| h.query_by_label("Check other pictures").is_some());
    assert!(says(&harness, "Your logo was not found in any of 24 pictures"));
    assert!(says(&harness, "This does not say that the pictures are not yours"));

    // Dropped anywhere, a barrier opens its door.
    act(&mut harness, Action::Enter(Door::Protect));
    act(&mut harness, Action::Take(Wanted::Anything, barrier.file.clone()));
    click(&mut harness, "Use it");
    assert_eq!((harness.state().model().door, harness.state().model().step), (Door::Images, Step::Barrier));
    drop(harness);

    // The next window knows it.
    let mut harness = window(home.path(), Box::new(Worker::start));
    click(&mut harness, "Mark images");
    wait(&mut harness, "the barrier used last", Duration::from_secs(20), |h| h.state().model().images.barrier.is_some());
    assert_eq!(harness.state().model().images.barrier.as_ref().unwrap().file, barrier.file);
}

fn making(window: &mut Played) -> (JobId, PathBuf) {
    match window.awaited() {
        Command::MakeBarrier { job, folder, .. } => (job, folder),
        _ => panic!("no barrier was asked for"),
    }
}

#[test]
fn a_stopped_making_goes_on_also_in_the_next_window() {
    let mut window = played();
    let folder = photographs(window.home.path(), "photos", 12);
    act(&mut window.harness, Action::Enter(Door::Images));
    act(&mut window.harness, Action::BarrierSettings(Box::new(small())));
    act(&mut window.harness, Action::Take(Wanted::PhotographsFolder, folder));
    act(&mut window.harness, Action::BarrierSampleLogo(1));
    window.click("Make the barrier");
    let (job, place) = making(&mut window);
    window.tell(Event::Started(job));
    window.tell(Event::Progress { job, phase: Phase::Marked, share: 0.3, seconds_left: Some(90.0) });
    assert!(says(&window.harness, "Learning to hide and to reveal the logo"));
    window.tell(Event::Progress { job, phase: Phase::Hardening, share: 0.8, seconds_left: Some(9.0) });
    assert!(says(&window.harness, "Learning to find it in what they give"));
    window.tell(Event::Stopped(job));
    window.click("Continue");
    let (job, again) = making(&mut window);
    assert_eq!(again, place);
    window.tell(Event::Stopped(job));

    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    window.click("Mark images");
    window.click("Continue");
    assert_eq!(making(&mut window).1, place, "the training goes on where it was");
    let mut window = played_in(window.home);
    window.click("Mark images");
    window.click("Give it up");
    assert!(window.harness.query_by_label("Continue").is_none());
}

#[test]
fn the_time_that_a_barrier_takes_is_shown_before_it_begins() {
    let mut window = played();
    let folder = photographs(window.home.path(), "photos", 12);
    act(&mut window.harness, Action::Enter(Door::Images));
    act(&mut window.harness, Action::BarrierSettings(Box::new(small())));
    act(&mut window.harness, Action::Take(Wanted::PhotographsFolder, folder));
    assert!(!says(&window.harness, "Time on this machine"), "nothing to time without a logo");
    act(&mut window.harness, Action::BarrierSampleLogo(1));
    let asked = |window: &mut Played| {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Ok(Command::EstimateBarrier { job, order }) = window.commands.try_recv() {
                return (job, order);
            }
            assert!(Instant::now() < until, "no time was asked for");
            std::thread::sleep(Duration::from_millis(20));
            window.harness.run_ok();
        }
    };
    let (first, order) = asked(&mut window);
    assert_eq!((&order.settings, order.thieves.len()), (&small(), 0));
    window.tell(Event::Estimated { job: first, seconds: 190.0 });
    assert!(says(&window.harness, "About 3 minutes"));
    // With thieves to be tried it is another time.
    act(&mut window.harness, Action::BarrierThieves(true));
    assert!(!says(&window.harness, "About 3 minutes"));
    let (second, order) = asked(&mut window);
    assert_eq!(order.thieves.len(), 6);
    window.tell(Event::Estimated { job: second, seconds: 1800.0 });
    assert!(says(&window.harness, "About 30 minutes, thieves included"));
}

#[test]
fn what_the_network_does_decides_how_photographs_are_read_and_what_the_barrier_learns() {
    let mut window = played();
    let home = window.home.path().to_owned();
    for name in ["both/input", "both/output"] {
        photographs(&home, name, 24);
    }
    window.click("Mark images");
    act(&mut window.harness, Action::BarrierSettings(Box::new(small())));
    let pictures = |window: &mut Played, partners: bool| {
        wait(&mut window.harness, "the photographs", Duration::from_secs(20), |h| {
            let chosen = h.state().model().images.photographs.as_ref();
            chosen.is_some_and(|chosen| chosen.photos.partners.is_some() == partners)
        });
    };
    let choose = |window: &mut Played, label: &str| {
        window.harness.get_by_label(label).scroll_to_me();
        window.harness.run_ok();
        window.click(label);
    };
    act(&mut window.harness, Action::Take(Wanted::Photographs, home.join("both")));
    pictures(&mut window, true);
    assert_eq!(window.model().images.task.name(), "pairs", "recognised");
    choose(&mut window, "Takes rain away");
    pictures(&mut window, false);
    // What cannot be read as pairs is read again once it need not be any.
    choose(&mut window, "Something else");
    pictures(&mut window, true);
    act(&mut window.harness, Action::Take(Wanted::Photographs, home.join("both/input")));
    wait(&mut window.harness, "the refusal", Duration::from_secs(20), |h| h.state().model().images.failed.is_some());
    choose(&mut window, "Takes noise away");
    pictures(&mut window, false);
    act(&mut window.harness, Action::BarrierSampleLogo(0));
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().images.logo.is_some());
    window.harness.run_ok();
    assert!(window.model().images.settings.survives_jpeg);
    choose(&mut window, "Marks survive JPEG files");
    window.click("Make the barrier");
    let Command::MakeBarrier { order, .. } = window.awaited() else { panic!("no barrier was to be made") };
    assert_eq!((order.task.name(), order.settings.survives_jpeg), ("denoise", false));
}

fn found(window: &Played, ncs: &[f64]) {
    for (i, &nc) in ncs.iter().enumerate() {
        let result = Ok(Found {
            likeness: Likeness { nc, contrast: 0.9, lead: 0.2 },
            squares: 4,
            squares_that_count: 2,
            softened: false,
            written: None,
            looks: None,
        });
        window.slots.add_found(Handled { file: format!("{i}.png").into(), result });
    }
}

#[test]
fn a_check_ends_in_one_sentence_and_so_does_a_stopped_one() {
    let mut window = played();
    let folder = photographs(window.home.path(), "suspects", 3);
    let file = barrier_file(window.home.path());
    act(&mut window.harness, Action::Take(Wanted::Barrier, file));
    wait(&mut window.harness, "the barrier", Duration::from_secs(20), |h| h.state().model().images.barrier.is_some());
    for (ncs, words) in [
        (&[0.99, 0.98, 0.2][..], "Your logo is in 2 of 3 pictures"),
        (&[0.99, 0.98, 0.97], "Your logo is in all 3 pictures"),
        (&[0.1, 0.8, 0.0], "Your logo was not found in any of 3 pictures"),
    ] {
        act(&mut window.harness, Action::GoTo(Step::Check));
        act(&mut window.harness, Action::Take(Wanted::OutputsFolder, folder.clone()));
        window.click("Look for your logo");
        let Command::Reveal { job, files, .. } = window.awaited() else { panic!("nothing was to be looked into") };
        assert_eq!(files.len(), 3);
        window.tell(Event::Started(job));
        found(&window, ncs);
        window.tell(Event::Done { job, outcome: Outcome::Revealed(Vec::new()) });
        assert!(says(&window.harness, words), "{words}");
        window.click("Check other pictures");
    }
    act(&mut window.harness, Action::Take(Wanted::OutputsFolder, folder));
    window.click("Look for your logo");
    let Command::Reveal { job, .. } = window.awaited() else { panic!("nothing was to be looked into") };
    window.tell(Event::Started(job));
    found(&window, &[0.99]);
    window.click("Cancel");
    assert!(matches!(window.command(), Some(Command::Stop(stopped)) if stopped == job));
    window.tell(Event::Stopped(job));
    assert!(says(&window.harness, "Your logo is in this picture"), "what was done before the stop is not lost");
}

#[test]
fn where_the_logo_is_not_found_again_the_window_says_that_the_mark_proves_nothing() {
    let mut window = played();
    let folder = photographs(window.home.path(), "holiday", 2);
    let file = barrier_file(window.home.path());
    act(&mut window.harness, Action::Take(Wanted::Barrier, file));
    wait(&mut window.harness, "the barrier", Duration::from_secs(20), |h| h.state().model().images.barrier.is_some());
    act(&mut window.harness, Action::Take(Wanted::OriginalsFolder, folder.clone()));
    wait(&mut window.harness, "the list", Duration::from_secs(20), |h| h.query_by_label("Mark 2 pictures").is_some());
    // Not into the folder of the originals.
    act(&mut window.harness, Action::Take(Wanted::MarkedFolder, folder.clone()));
    assert!(says(&window.harness, "That folder holds the originals"));
    window.click("Mark 2 pictures");
    let Command::Mark { job, folder: out, .. } = window.awaited() else { panic!("nothing was to be marked") };
    assert_eq!(out, window.home.path().join("holiday marked"));
    window.tell(Event::Started(job));
    for (i, nc) in [0.99, 0.4].into_iter().enumerate() {
        let marked = Marked {
            written: out.join(format!("{i:02}.png")),
            psnr_db: 41.0,
            likeness: Likeness { nc, contrast: 0.9, lead: 0.2 },
            looks: None,
        };
        window.slots.add_marked(Handled { file: folder.join(format!("{i:02}.png")), result: Ok(marked) });
    }
    window.tell(Event::Done { job, outcome: Outcome::Marked(Vec::new()) });
    assert!(says(&window.harness, "2 pictures are marked; the logo is found again in 1 of them"));
    assert!(says(&window.harness, "the mark proves nothing"));
}

#[test]
fn a_check_weighs_its_finds_by_how_often_the_barrier_sees_its_logo_where_none_is() {
    let mut window = played();
    let [one, many] = [("suspect", 1), ("suspects", 12)].map(|(name, count)| photographs(window.home.path(), name, count));
    let run = window.home.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let file = run.join("barrier.cmbarrier");
    std::fs::rename(barrier_file(window.home.path()), &file).unwrap();
    let figures = r#"{"pictures": 250, "psnr_db": 39.9, "ssim": 0.99, "nc": 0.98, "least_nc": 0.97, "success": 1.0,
        "unmarked": 500, "unmarked_passes": 16, "foreign": 250, "foreign_passes": 0, "unmarked_most_nc": 0.97, "as_jpeg": [0.97, 0.5]}"#;
    let made = format!(r#"{{"file": "barrier.cmbarrier", "figures": {figures}, "thieves": [], "seconds": 1.0, "device": "CPU"}}"#);
    std::fs::write(run.join("made.json"), made).unwrap();
    act(&mut window.harness, Action::Take(Wanted::Barrier, file));
    wait(&mut window.harness, "the barrier", Duration::from_secs(20), |h| h.state().model().images.barrier.is_some());
    act(&mut window.harness, Action::GoTo(Step::Barrier));
    window.harness.run_steps(3);
    assert!(says(&window.harness, "97.0% at quality 90, 50.0% at quality 75"));
    for (folder, ncs, words) in [
        (one, &[0.99][..], "pictures are needed to exclude chance"),
        (many.clone(), &[0.99; 12], "So many by chance: less often than once in 10^15."),
        (many, &[0.2; 12], "This does not say that the pictures are not yours"),
    ] {
        act(&mut window.harness, Action::GoTo(Step::Check));
        act(&mut window.harness, Action::Take(Wanted::OutputsFolder, folder));
        window.click("Look for your logo");
        let Command::Reveal { job, .. } = window.awaited() else { panic!("nothing was to be looked into") };
        window.tell(Event::Started(job));
        found(&window, ncs);
        window.tell(Event::Done { job, outcome: Outcome::Revealed(Vec::new()) });
        assert!(says(&window.harness, words), "{words}");
        window.click("Check other pictures");
    }
}
