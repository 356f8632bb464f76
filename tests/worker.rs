//! The worker thread as the window uses it: hold, go on, stop, continue, and live on after a fault.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, Samples, sample, sample_logos};
use countermark::jobs::{Command, Event, JobId, Outcome, Phase, Trained, Worker};
use countermark::nn::device::Compute;
use countermark::schemes::blind::Settings;
use countermark::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use std::fs;
use std::path::Path;
use std::sync::Arc;
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
