//! The worker thread as the window uses it: hold, go on, stop, continue, and live on after a fault.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, Samples, sample, sample_logos};
use countermark::jobs::{Command, Event, JobId, Outcome, Phase, Trained, Worker, can_continue, is_the_cards};
use countermark::nn::device::{Compute, DeviceChoice};
use countermark::nn::weights::LARGEST_FILE;
use countermark::schemes::blind::Settings;
use countermark::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use countermark::vault::package::LARGEST_PACKAGE;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn worker() -> Worker {
    Worker::start_on(Arc::new(|| {}), Compute::cpu)
}

/// A small part of the sample.
fn dataset() -> Dataset {
    let whole = sample().unwrap();
    let first = |samples: &Samples, count: usize| Arc::new(samples.select(&(0..count).collect::<Vec<_>>()));
    Dataset { train: first(&whole.train, 300), test: first(&whole.test, 80), ..whole }
}

fn plan(steps: u64) -> Box<Plan> {
    let settings = Settings { steps, keys: 12, batch: 10, key_batch: 4, encoder_width: 4, ..Default::default() };
    Box::new(Plan {
        scheme: SchemeSettings::Blind(settings),
        preset: Preset::Quick,
        host: HostKind::Lenet1,
        width: 1.0,
        owner: "Owner".to_owned(),
        seed: 2,
        salt: "00".repeat(16),
        nulls: 1,
        foreign: 5,
    })
}

fn logo() -> Logo {
    let (name, svg) = sample_logos()[0];
    Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap()
}

fn train(worker: &Worker, job: JobId, dataset: Dataset, steps: u64, folder: &Path) {
    let command = Command::Train { job, plan: plan(steps), dataset, logo: logo(), folder: folder.to_owned() };
    worker.commands.send(command).unwrap();
}

/// Reads events until `wanted` gives something.
fn until<T>(worker: &Worker, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    loop {
        let event = worker.events.recv_timeout(Duration::from_secs(60)).expect("the worker fell silent");
        if let Some(found) = wanted(&event) {
            return found;
        }
        assert!(!matches!(event, Event::Failed { .. }), "{event:?}");
    }
}

fn trained(worker: &Worker, job: JobId) -> Trained {
    until(worker, |event| match event {
        Event::Done { job: done, outcome: Outcome::Trained(trained) } if *done == job => Some(trained.clone()),
        _ => None,
    })
}

#[test]
fn stopped_and_continued_is_the_same_as_never_stopped() {
    const STEPS: u64 = 600;
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let worker = worker();
    train(&worker, JobId(1), dataset(), STEPS, whole.path());
    let unbroken = trained(&worker, JobId(1));

    // A stop early, halfway and late, each with a hold before it; stages lie side by side, so each stop meets several.
    for (i, reached) in [0.05, 0.3, 0.5].into_iter().enumerate() {
        let job = JobId(10 + i as u64);
        train(&worker, job, dataset(), STEPS, broken.path());
        worker.commands.send(Command::Pause(job)).unwrap();
        until(&worker, |event| matches!(event, Event::Paused(held) if *held == job).then_some(()));
        worker.commands.send(Command::Resume(job)).unwrap();
        until(&worker, |event| matches!(event, Event::Resumed(held) if *held == job).then_some(()));
        until(&worker, |event| matches!(event, Event::Progress { share, .. } if *share >= reached).then_some(()));
        worker.commands.send(Command::Stop(job)).unwrap();
        until(&worker, |event| matches!(event, Event::Stopped(stopped) if *stopped == job).then_some(()));
        let kept = |end: &str| std::fs::read_dir(broken.path()).unwrap().flatten().any(|f| f.path().extension().is_some_and(|e| e == end));
        assert!(kept("checkpoint") || kept("stage"));
        assert!(!broken.path().join("key.cmkey").exists());
    }
    train(&worker, JobId(20), dataset(), STEPS, broken.path());
    let continued = trained(&worker, JobId(20));

    let package = |path: &Path| countermark::vault::package::Package::open(path).unwrap();
    let (wanted, found) = (package(&unbroken.key), package(&continued.key));
    assert!(wanted.marker == found.marker, "the encoder differs");
    assert!(wanted.keys == found.keys, "the keys differ");
    assert!(wanted.foreign == found.foreign, "the foreign keys differ");
    assert!(wanted.nulls == found.nulls, "the unmarked models differ");
    assert!(fs::read(unbroken.model).unwrap() == fs::read(continued.model).unwrap(), "the marked models differ");
}

#[test]
fn a_held_job_does_nothing_until_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let worker = worker();
    train(&worker, JobId(1), dataset(), 100_000, folder.path());
    until(&worker, |event| matches!(event, Event::Progress { phase: Phase::Marked, .. }).then_some(()));
    worker.commands.send(Command::Pause(JobId(1))).unwrap();
    until(&worker, |event| matches!(event, Event::Paused(_)).then_some(()));
    assert!(worker.events.recv_timeout(Duration::from_millis(400)).is_err(), "something went on while the job was held");
    worker.commands.send(Command::Resume(JobId(1))).unwrap();
    until(&worker, |event| matches!(event, Event::Progress { .. }).then_some(()));
    // A stop also reaches a held job, and one that waits in the queue.
    train(&worker, JobId(2), dataset(), 100_000, folder.path());
    worker.commands.send(Command::Pause(JobId(1))).unwrap();
    worker.commands.send(Command::Stop(JobId(2))).unwrap();
    worker.commands.send(Command::Stop(JobId(1))).unwrap();
    until(&worker, |event| matches!(event, Event::Stopped(JobId(2))).then_some(()));
    until(&worker, |event| matches!(event, Event::Stopped(JobId(1))).then_some(()));
}

#[test]
fn a_fault_in_a_job_is_told_and_the_next_job_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let worker = worker();
    let mut torn = dataset();
    // Fewer pixels than the labels promise: a fault of the program, which no file can bring about.
    Arc::make_mut(&mut torn.train).pixels.truncate(1000);
    train(&worker, JobId(1), torn, 10, folder.path());
    let message = loop {
        match worker.events.recv_timeout(Duration::from_secs(60)).unwrap() {
            Event::Failed { job: JobId(1), kind, message, details } => {
                assert!(details.contains("range"), "{details}");
                assert_eq!(kind, "internal");
                break message;
            }
            Event::Done { .. } => panic!("a torn data set was trained on"),
            _ => {}
        }
    };
    assert!(message.starts_with("Something went wrong inside the program"), "{message}");
    worker.commands.send(Command::Estimate { job: JobId(2), plan: plan(10), dataset: dataset(), logo: logo() }).unwrap();
    let seconds = until(&worker, |event| match event {
        Event::Estimated { job: JobId(2), seconds } => Some(*seconds),
        _ => None,
    });
    assert!(seconds > 0.0 && seconds < 600.0, "{seconds}");
}

#[test]
fn a_folder_with_another_plan_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let worker = worker();
    train(&worker, JobId(1), dataset(), 5, folder.path());
    trained(&worker, JobId(1));
    train(&worker, JobId(2), dataset(), 6, folder.path());
    let message = loop {
        if let Event::Failed { message, .. } = worker.events.recv_timeout(Duration::from_secs(60)).unwrap() {
            break message;
        }
    };
    assert!(message.starts_with("This folder holds a run with another plan"), "{message}");
}

/// The kind and the sentence of the next failure.
fn failure(worker: &Worker) -> (&'static str, String) {
    loop {
        if let Event::Failed { kind, message, .. } = worker.events.recv_timeout(Duration::from_secs(60)).unwrap() {
            return (kind, message);
        }
    }
}

fn made_up_card(asked_for: bool) -> Compute {
    Compute { name: "Made-up card".to_owned(), is_cpu: false, asked_for, ..Compute::cpu() }
}

#[test]
fn a_card_that_nobody_asked_for_leaves_small_networks_to_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let worker = Worker::start_on(Arc::new(|| {}), || made_up_card(false));
    train(&worker, JobId(1), dataset(), 5, folder.path());
    let told = |worker: &Worker| until(worker, |event| if let Event::Device(name) = event { Some(name.clone()) } else { None });
    assert_eq!(told(&worker), "Made-up card");
    assert!(told(&worker).starts_with("CPU"));
    let small = trained(&worker, JobId(1));
    assert!(small.device.starts_with("CPU"), "{}", small.device);
    // What has no steps is done on the card, which is told again.
    worker.commands.send(Command::Verify { job: JobId(2), key: small.key, suspect: small.model, nonce: Some(1) }).unwrap();
    assert_eq!(told(&worker), "Made-up card");

    let (folder, worker) = (tempfile::tempdir().unwrap(), Worker::start_on(Arc::new(|| {}), || made_up_card(true)));
    train(&worker, JobId(1), dataset(), 5, folder.path());
    assert_eq!(trained(&worker, JobId(1)).device, "Made-up card");
}

/// A card is made up of the CPU and a panic on another thread, which is how wgpu says that memory is short.
#[test]
fn a_run_whose_card_has_too_little_memory_goes_on_on_the_cpu() {
    let (whole, broken, torn) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let short_of_memory = Arc::new(AtomicBool::new(false));
    let short = short_of_memory.clone();
    let wake = move || {
        // At every event: one before the job begins may come late, and is not the job's.
        if short.load(Ordering::Relaxed) {
            let _ = std::panic::catch_unwind(|| panic!("wgpu error: {}", "Out of Memory"));
        }
    };
    let worker = Worker::start_on(Arc::new(wake), || made_up_card(true));
    until(&worker, |event| matches!(event, Event::Device(name) if name == "Made-up card").then_some(()));
    train(&worker, JobId(1), dataset(), 60, broken.path());
    until(&worker, |event| matches!(event, Event::Progress { share, .. } if *share >= 0.1).then_some(()));
    worker.commands.send(Command::Stop(JobId(1))).unwrap();
    until(&worker, |event| matches!(event, Event::Stopped(_)).then_some(()));

    // What was not computed is missed only later, and elsewhere: here as pixels that are not there.
    let mut unread = dataset();
    Arc::make_mut(&mut unread.train).pixels.truncate(1000);
    short_of_memory.store(true, Ordering::Relaxed);
    train(&worker, JobId(2), unread, 10, torn.path());
    let (kind, message) = failure(&worker);
    short_of_memory.store(false, Ordering::Relaxed);
    assert_eq!(kind, "device_memory");
    assert!(can_continue(kind) && is_the_cards(kind));
    assert!(message.contains("batch") && message.contains("width") && message.contains("CPU"), "{message}");
    until(&worker, |event| matches!(event, Event::Device(name) if name.starts_with("CPU")).then_some(()));

    train(&worker, JobId(3), dataset(), 60, broken.path());
    let continued = trained(&worker, JobId(3));
    assert!(continued.device.starts_with("CPU"), "{}", continued.device);
    train(&worker, JobId(4), dataset(), 60, whole.path());
    assert!(fs::read(trained(&worker, JobId(4)).model).unwrap() == fs::read(continued.model).unwrap(), "the marked models differ");

    // The same by hand, and a card that is not there changes nothing.
    for choice in [DeviceChoice::Cpu, DeviceChoice::Auto] {
        worker.commands.send(Command::Device(choice)).unwrap();
        until(&worker, |event| matches!(event, Event::Device(_)).then_some(()));
    }
}

/// Files with holes, which take no space: each is one byte longer than any that is read.
#[test]
fn weights_and_packages_that_are_too_large_are_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, length: u64| {
        let path = folder.path().join(name);
        fs::File::create(&path).unwrap().set_len(length).unwrap();
        path
    };
    let worker = worker();
    train(&worker, JobId(1), dataset(), 5, folder.path());
    let key = trained(&worker, JobId(1)).key;
    let ask = |key: &Path, suspect: &Path| {
        worker.commands.send(Command::Verify { job: JobId(2), key: key.to_owned(), suspect: suspect.to_owned(), nonce: Some(1) }).unwrap();
        failure(&worker)
    };
    assert_eq!(LARGEST_FILE, 2 << 30);
    let (kind, message) = ask(&key, &sparse("suspect.safetensors", LARGEST_FILE + 1));
    assert!(kind == "file" && message.starts_with("The file is larger than it can be, so it was not read"), "{kind}: {message}");
    let (kind, message) = ask(&sparse("large.cmkey", LARGEST_PACKAGE + 1), Path::new("/nowhere"));
    assert!(kind == "package" && message.starts_with("The file is larger than it can be"), "{kind}: {message}");

    // A checkpoint that no run can have written: its stage starts anew, as with any that cannot be read.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::File::create(other.join("marked.checkpoint")).unwrap().set_len(LARGEST_FILE + 1).unwrap();
    train(&worker, JobId(3), dataset(), 5, &other);
    assert!(fs::read(trained(&worker, JobId(3)).model).unwrap() == fs::read(folder.path().join("marked.safetensors")).unwrap());
}
