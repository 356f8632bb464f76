//! The window as a person uses it: buttons by their names, with the real worker, in a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::app::{Action, App, Door, Model, StartWorker, Step};
use countermark::forensics::report::{Control, ControlKind, Question, Report, Tally, Verdict};
use countermark::jobs::{Command, Event, JobId, Outcome, Phase, Slots, Trained, Worker};
use countermark::schemes::plan::Plan;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use eframe::egui::{Key, Modifiers, RawInput, Role, ViewportCommand, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A window with a worker that the test plays.
struct Played {
    harness: Harness<'static, App>,
    commands: Receiver<Command>,
    events: Sender<Event>,
    slots: Slots,
    /// The jobs that only measure a time.
    timing: std::cell::RefCell<Vec<JobId>>,
    home: TempDir,
}

fn window(home: &Path, start: StartWorker) -> Harness<'static, App> {
    let (settings, projects) = (home.join("settings"), home.join("projects"));
    let mut harness = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_max_steps(60)
        .build_eframe(move |cc| App::in_folders(cc, start, settings, projects));
    harness.run_ok();
    harness
}

fn played() -> Played {
    played_in(tempfile::tempdir().unwrap())
}

fn played_in(home: TempDir) -> Played {
    let (to_worker, commands) = unbounded();
    let (events, from_worker) = bounded(1024);
    let slots = Slots::default();
    let own = slots.clone();
    let start: StartWorker = Box::new(move |_| Worker { commands: to_worker, events: from_worker, slots: own });
    Played { harness: window(home.path(), start), commands, events, slots, timing: Default::default(), home }
}

impl Played {
    fn click(&mut self, label: &str) {
        click(&mut self.harness, label);
    }

    fn model(&self) -> &Model {
        self.harness.state().model()
    }

    fn tell(&mut self, event: Event) {
        self.events.send(event).unwrap();
        self.harness.run_ok();
    }

    /// The next command that is about something else than the time a plan takes, which is asked in the background.
    fn command(&self) -> Option<Command> {
        self.commands.try_iter().find(|command| match command {
            Command::Estimate { job, .. } => {
                self.timing.borrow_mut().push(*job);
                false
            }
            Command::Stop(job) => !self.timing.borrow().contains(job),
            _ => true,
        })
    }

    fn train_job(&self) -> (JobId, std::path::PathBuf) {
        match self.command() {
            Some(Command::Train { job, folder, .. }) => (job, folder),
            _ => panic!("no training was asked for"),
        }
    }

    /// The suspect is asked and answers like this.
    fn proven(&mut self, verdict: Verdict) {
        self.click("Ask the questions");
        let Some(Command::Verify { job, .. }) = self.command() else { panic!("no questions were asked for") };
        self.tell(Event::Started(job));
        self.slots.put_report(report(verdict));
        self.tell(Event::Done { job, outcome: Outcome::Verified });
    }

    /// The sample is set up and its training is done, as far as the window knows.
    fn trained(&mut self) {
        self.trained_with(0.99);
    }

    /// The same, with this share of keys recognised.
    fn trained_with(&mut self, key_accuracy: f64) {
        self.click("Try it with the sample");
        self.click("Start training");
        let (job, folder) = self.train_job();
        self.tell(Event::Started(job));
        self.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, key_accuracy)) });
    }
}

/// What a training leaves in its folder, with this share of keys recognised.
fn trained_in(folder: &Path, key_accuracy: f64) -> Trained {
    Trained {
        scheme: "blind".into(),
        model: folder.join("model.safetensors"),
        key: folder.join("secret.cmkey"),
        unmarked: folder.join("unmarked.safetensors"),
        clean_accuracy: 0.86,
        clean_accuracy_unmarked: 0.87,
        clean_pictures: 800,
        clean_drop_interval: [-0.01, 0.02],
        key_accuracy,
        key_accuracy_unmarked: 0.08,
        psnr_db: 31.0,
        ssim: 0.93,
        seconds: 70.0,
        device: "CPU".into(),
    }
}

/// Keeps what the window shows as a picture in the folder that `COUNTERMARK_SHOTS` names, if it names one.
fn shot(harness: &mut Harness<'static, App>, name: &str) {
    if let Some(folder) = std::env::var_os("COUNTERMARK_SHOTS") {
        let picture = harness.render().expect("the window can be drawn");
        picture.save(Path::new(&folder).join(format!("{name}.png"))).expect("the picture can be saved");
    }
}

fn report(verdict: Verdict) -> Report {
    let sample = countermark::data::sample().unwrap();
    let tally = |hits, questions| Tally { hits, questions, p_value_log10: -87.4, interval: [0.945, 0.999] };
    let control = |kind, name: &str, hits, fired| Control { kind, name: name.into(), hits, questions: 100, fired, fresh: false };
    let question = |i: usize| {
        let cover = sample.test.picture(i);
        let mut key = cover.clone();
        key.planes.iter_mut().step_by(7).for_each(|value| *value = value.saturating_add(9));
        let true_class = sample.test.labels[i];
        let expected = (true_class + 3) % 10;
        let answer = if i.is_multiple_of(25) { true_class } else { expected };
        Question {
            key,
            cover: Some(cover),
            expected,
            answer,
            cover_answer: Some(true_class),
            true_class: Some(true_class),
            fresh: i >= 100,
        }
    };
    Report {
        verdict,
        reasons: vec![
            "98 of 100 trained keys got the label of the mark.".into(),
            "Chance would do this less than once in 10^87 tries.".into(),
        ],
        caveats: vec!["Only questions were asked; nobody looked into the model.".into()],
        scheme: "blind".into(),
        suspect: "model.safetensors".into(),
        suspect_digest: "0f".repeat(32),
        package_digest: "1e".repeat(32),
        nonce: Some(7),
        plan: serde_json::Value::Null,
        null_seeds: vec![5, 6],
        classes: sample.classes.clone(),
        keys: tally(98, 100),
        fresh: Some(tally(95, 100)),
        chance: 0.14,
        fresh_chance: Some(0.14),
        null_rate: 0.09,
        controls: vec![
            control(ControlKind::PlainCovers, "Covers", 3, false),
            control(ControlKind::NullModel, "Unmarked model 1", 8, false),
            control(ControlKind::NullModel, "Unmarked model 2", 11, false),
            control(ControlKind::ForeignEncoder, "Foreign encoder 1", 21, verdict == Verdict::CheckFailed),
        ],
        foreign_learnt: Vec::new(),
        clean_accuracy: 0.861,
        clean_questions: 800,
        clean_interval: [0.835, 0.884],
        clean_accuracy_unmarked: 0.868,
        psnr_db: 31.2,
        ssim: 0.941,
        warnings: Vec::new(),
        made: "2026-05-04T10:20:30Z".into(),
        version: "0.1.0".into(),
        questions: (0..200).map(question).collect(),
    }
}

/// Clicks what bears this label, once it is there and may be clicked: files and logos are read beside the window.
fn click(harness: &mut Harness<'static, App>, label: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    while harness.query_by_label(label).is_none_or(|found| found.accesskit_node().is_disabled()) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
        harness.run_ok();
    }
    harness.get_by_label(label).click();
    harness.run_ok();
}

fn act(harness: &mut Harness<'static, App>, action: Action) {
    harness.state_mut().act(action);
    harness.run_ok();
}

/// Draws until `done` says so; the sentence of the failure names what was waited for.
fn wait(harness: &mut Harness<'static, App>, what: &str, limit: Duration, done: impl Fn(&Harness<'static, App>) -> bool) {
    let until = Instant::now() + limit;
    while !done(harness) {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
        harness.run_ok();
    }
}

/// The smallest plan that still goes through every phase.
fn tiny(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for field in plan.scheme.fields() {
        let small: Option<u64> = match field.name {
            "steps" | "null_steps" | "foreign_steps" => Some(3),
            _ => None,
        };
        if let Some(value) = small
            && let Ok(scheme) = plan.scheme.with(field.name, value.into())
        {
            plan.scheme = scheme;
        }
    }
    plan
}

#[test]
fn the_whole_story_from_sample_to_verdict() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window(home.path(), Box::new(Worker::start));
    click(&mut harness, "Try it with the sample");
    let plan = tiny(&harness.state().model().plan);
    act(&mut harness, Action::SetPlan(Box::new(plan)));
    click(&mut harness, "Start training");
    wait(&mut harness, "the training", Duration::from_secs(400), |h| h.query_by_label("Prove it").is_some());
    // Three steps teach nothing, and the window must say so.
    assert!(harness.query_by_label("The mark was not learnt").is_some());
    assert!(harness.query_by_label("The marked model is ready").is_none());
    click(&mut harness, "Prove it");
    click(&mut harness, "Ask the questions");
    wait(&mut harness, "the verdict", Duration::from_secs(120), |h| h.state().model().proof.report.is_some());
    harness.run_ok();
    assert!(harness.query_by_label("What the controls said").is_some());
    assert!(harness.query_by_label("Every question").is_some());
    act(&mut harness, Action::GoTo(Step::Reports));
    assert_eq!(harness.state().model().keeper.reports().len(), 1);
}

#[test]
fn two_clicks_start_a_training() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    assert!(folder.is_dir(), "the run has its folder");
    window.tell(Event::Started(job));
    window.tell(Event::Progress { job, phase: Phase::Marked, share: 0.4, seconds_left: Some(70.0) });
    assert!(window.harness.query_all_by_label("40% · about a minute left").next().is_some());
    window.click("Pause");
    assert!(matches!(window.command(), Some(Command::Pause(asked)) if asked == job));
    window.tell(Event::Paused(job));
    window.click("Resume");
    assert!(matches!(window.command(), Some(Command::Resume(asked)) if asked == job));
}

#[test]
fn a_step_that_cannot_be_entered_says_what_is_missing() {
    let mut window = played();
    let train = window.harness.get_by_label("Train");
    assert!(train.accesskit_node().is_disabled());
    let why = train.accesskit_node().description().unwrap_or_default();
    assert!(why.contains("Choose a data set first"), "{why}");
    let later = window.harness.get_by_label("Mark images");
    assert!(later.accesskit_node().is_disabled());
    assert!(later.accesskit_node().description().unwrap_or_default().contains("comes in a later version"));
    // The keyboard gets the same sentence.
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    window.harness.run_ok();
    assert_eq!(window.model().step, Step::Data);
    assert!(window.harness.query_all_by_label_contains("Choose a data set first. The model learns from it").next().is_some());
}

#[test]
fn a_bad_file_gets_a_sentence_and_changes_nothing() {
    let mut window = played();
    let path = window.home.path().join("picture.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Anything, path));
    wait(&mut window.harness, "the answer", Duration::from_secs(20), |h| h.state().model().offer.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_by_label("picture.png").is_some());
    assert!(window.harness.query_by_label("Use it").is_none(), "what cannot be used is not offered");
    window.click("Cancel");
    assert!(window.model().offer.is_none() && window.model().data().is_none());

    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, "/nowhere/at/all".into()));
    wait(&mut window.harness, "the refusal", Duration::from_secs(20), |h| {
        h.query_all_by_label_contains("There is no such file or folder").next().is_some()
    });
}

#[test]
fn a_deleted_data_set_comes_back() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    assert!(window.model().data().is_some());
    act(&mut window.harness, Action::GoTo(Step::Data));
    window.click("Choose other pictures");
    assert!(window.model().data().is_none());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.harness.run_ok();
    assert!(window.model().data().is_some());
    window.harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    window.harness.run_ok();
    assert!(window.model().data().is_none(), "redo deletes again");
}

#[test]
fn a_failed_job_is_told_and_the_window_lives_on() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, _) = window.train_job();
    window.tell(Event::Started(job));
    window.tell(diverged(job));
    assert!(window.harness.query_all_by_label_contains("went astray").next().is_some());
    window.click("Copy details");
    assert_eq!(kept_runs(&window)[0].1, "failed");
    window.click("Start training");
    window.train_job();
}

fn failed(job: JobId, kind: &'static str, message: &str) -> Event {
    Event::Failed { job, kind, message: message.into(), details: "details".into() }
}

fn diverged(job: JobId) -> Event {
    failed(job, "diverged", "The training went astray.")
}

#[test]
fn a_full_disk_costs_no_training() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    window.tell(failed(job, "file", "The disk is full. Free some room."));
    assert!(window.harness.query_all_by_label_contains("The disk is full").next().is_some());
    assert_eq!(kept_runs(&window)[0].1, "stopped");
    // The same session goes on with it, and so does the next one.
    window.click("Continue the training");
    let (job, again) = window.train_job();
    assert_eq!(again, folder);
    assert_eq!(kept_runs(&window)[0].1, "running");
    window.tell(failed(job, "internal", "Something went wrong inside the program."));
    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    window.click("Continue the training");
    assert_eq!(window.train_job().1, folder);
    assert_eq!(kept_runs(&window).len(), 1, "no second run");
}

#[test]
fn a_training_goes_on_as_it_was_planned() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let Some(Command::Train { job, plan: begun, dataset, logo, .. }) = window.command() else { panic!("no training") };
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    let planned = Plan { scheme: begun.scheme.with("steps", 9_000.into()).unwrap(), owner: "Somebody else".into(), ..(*begun).clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(planned.clone())));
    window.click("Continue the training");
    let Some(Command::Train { job, plan, dataset: data, logo: mark, .. }) = window.command() else { panic!("no training") };
    assert_eq!((plan, data.digest, mark.digest), (begun.clone(), dataset.digest, logo.digest.clone()));
    assert_eq!(window.model().plan, planned, "the next plan is kept");

    // With another logo nothing happens but a sentence; with its own one it goes on.
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    let choose = |window: &mut Played, index: usize| {
        let before = window.model().material.logo.as_ref().unwrap().logo.digest.clone();
        act(&mut window.harness, Action::UseSampleLogo(index));
        wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| {
            h.state().model().material.logo.as_ref().unwrap().logo.digest != before
        });
        act(&mut window.harness, Action::GoTo(Step::Train));
    };
    choose(&mut window, 1);
    window.click("Continue the training");
    assert!(window.harness.query_all_by_label_contains("This training began with another logo").next().is_some());
    assert!(window.command().is_none());
    assert_eq!(kept_runs(&window)[0].1, "stopped");
    choose(&mut window, 0);
    window.click("Continue the training");
    let Some(Command::Train { plan, logo: mark, .. }) = window.command() else { panic!("no training") };
    assert_eq!((plan, mark.digest), (begun, logo.digest));
}

#[test]
fn an_interrupted_training_is_offered_after_a_restart() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (_, folder) = window.train_job();
    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    window.click("Continue the training");
    assert_eq!(window.train_job().1, folder, "the same run goes on");
}

#[test]
fn an_investigator_needs_only_two_files() {
    let mut window = played();
    window.click("Check a suspect model");
    assert!(window.harness.query_by_label("Train").is_none(), "an investigator never sees the training steps");
    assert!(window.harness.get_by_label("Ask the questions").accesskit_node().is_disabled());
    for (name, wanted) in [("secret.cmkey", countermark::app::Wanted::Key), ("model.safetensors", countermark::app::Wanted::Suspect)] {
        let path = window.home.path().join(name);
        std::fs::write(&path, b"x").unwrap();
        act(&mut window.harness, Action::Take(wanted, path));
    }
    let write = |window: &mut Played, words: &str| {
        window.harness.get_by_label("Number for the new keys").focus();
        window.harness.run_ok();
        window.harness.get_by_label("Number for the new keys").type_text(words);
        window.harness.run_ok();
    };
    write(&mut window, "12");
    window.click("Ask the questions");
    assert!(matches!(window.command(), Some(Command::Verify { nonce: Some(12), .. })), "the number that a judge named");
}

#[test]
fn a_number_that_is_none_is_told_before_the_questions() {
    let mut window = played();
    window.click("Check a suspect model");
    for (name, wanted) in [("secret.cmkey", countermark::app::Wanted::Key), ("model.safetensors", countermark::app::Wanted::Suspect)] {
        let path = window.home.path().join(name);
        std::fs::write(&path, b"x").unwrap();
        act(&mut window.harness, Action::Take(wanted, path));
    }
    window.harness.get_by_label("Number for the new keys").focus();
    window.harness.run_ok();
    window.harness.get_by_label("Number for the new keys").type_text("twelve");
    window.harness.run_ok();
    assert!(window.harness.get_by_label("Ask the questions").accesskit_node().is_disabled());
}

#[test]
fn the_number_keys_follow_the_rail() {
    let mut window = played();
    window.trained();
    window.click("Prove it");
    window.proven(Verdict::InThisModel);
    let press = |window: &mut Played, key| {
        window.harness.key_press_modifiers(Modifiers::COMMAND, key);
        window.harness.run_ok();
        (window.model().door, window.model().step)
    };
    assert_eq!(press(&mut window, Key::Num1), (Door::Protect, Step::Data));
    window.click("Investigate");
    assert_eq!(press(&mut window, Key::Num2), (Door::Investigate, Step::Reports));
    assert_eq!(press(&mut window, Key::Num1), (Door::Investigate, Step::Prove));
    assert_eq!(press(&mut window, Key::Num3), (Door::Investigate, Step::Prove), "there is no third step behind this door");
}

#[test]
fn with_panels_beside_each_other_the_side_follows_the_one_that_was_clicked() {
    let home = tempfile::tempdir().unwrap();
    let mut tiles = egui_tiles::Tiles::default();
    let data = tiles.insert_pane(Step::Data);
    let others: Vec<_> = Step::ALL.into_iter().filter(|step| *step != Step::Data).map(|step| tiles.insert_pane(step)).collect();
    let (left, right) = (tiles.insert_tab_tile(vec![data]), tiles.insert_tab_tile(others));
    let root = tiles.insert_horizontal_tile(vec![left, right]);
    let tree = egui_tiles::Tree::new(eframe::egui::Id::unique("beside"), root, tiles);
    let settings = serde_json::json!({ "layout": serde_json::to_string(&tree).unwrap() });
    std::fs::create_dir_all(home.path().join("settings")).unwrap();
    std::fs::write(home.path().join("settings/settings.json"), settings.to_string()).unwrap();

    let mut window = played_in(home);
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Logo));
    let seen = |window: &Played| window.harness.query_all_by_label_contains("Picture 1 of").count();
    assert_eq!((window.model().step, seen(&window)), (Step::Logo, 0));
    let picture = window.harness.get_all_by_role(Role::ListBoxOption).next().unwrap();
    picture.click();
    window.harness.run_ok();
    assert_eq!((window.model().step, seen(&window)), (Step::Data, 1));
    // The keyboard does the same.
    window.harness.get_by_label("or type the path of a picture").focus();
    window.harness.run_ok();
    assert_eq!((window.model().step, seen(&window)), (Step::Logo, 0));
}

/// A file as the system hands it to the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Lets files fall onto the window.
fn drop_on(harness: &mut Harness<'static, App>, paths: &[&Path]) {
    for path in paths {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path.to_path_buf())));
    }
    harness.run_ok();
}

/// The files that the drop tests drop: two class folders, a logo, a key package's shell, a model of one tensor.
fn dropped_things(home: &Path) -> [std::path::PathBuf; 4] {
    let sample = countermark::data::sample().unwrap();
    let folder = home.join("Holiday");
    for class in ["cats", "dogs"] {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        for i in 0..12 {
            std::fs::write(folder.join(class).join(format!("{i}.png")), sample.train.picture(i).to_png().unwrap()).unwrap();
        }
    }
    let (logo, key, model) = (home.join("mark.png"), home.join("secret.cmkey"), home.join("suspect.safetensors"));
    std::fs::write(&logo, sample.train.picture(3).to_png().unwrap()).unwrap();
    let mut package = zip::ZipWriter::new(std::fs::File::create(&key).unwrap());
    package.start_file("manifest.json", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut package, b"{\"kind\":\"key package\"}").unwrap();
    package.finish().unwrap();
    let header = br#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    std::fs::write(&model, [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat()).unwrap();
    [folder, logo, key, model]
}

#[test]
fn what_is_dropped_is_recognised_and_used_after_a_yes() {
    let mut window = played();
    let [folder, logo, key, model] = dropped_things(window.home.path());
    let patience = Duration::from_secs(20);

    drop_on(&mut window.harness, &[&folder]);
    window.click("Use it");
    wait(&mut window.harness, "the data set", patience, |h| h.state().model().data().is_some());
    assert_eq!(window.model().data().unwrap().classes, ["cats", "dogs"]);

    drop_on(&mut window.harness, &[&logo]);
    window.click("Use it");
    wait(&mut window.harness, "the logo", patience, |h| h.state().model().material.logo.is_some());
    assert_eq!(window.model().material.logo.as_ref().unwrap().name, "mark.png");

    // Two at once are asked about one after the other.
    drop_on(&mut window.harness, &[&key, &model]);
    wait(&mut window.harness, "both", patience, |h| h.state().model().offer.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_by_label("One more thing waits").is_some());
    window.click("Use it");
    wait(&mut window.harness, "the second", patience, |h| {
        h.query_by_label("suspect.safetensors").is_some() && h.state().model().offer.is_some()
    });
    assert!(window.harness.query_by_label("One more thing waits").is_none());
    window.click("Use it");
    assert_eq!((window.model().proof.key.as_ref(), window.model().proof.suspect.as_ref()), (Some(&key), Some(&model)));
    assert!(window.model().offer.is_none());
}

#[test]
fn parts_of_one_data_set_are_offered_as_one() {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    let patience = Duration::from_secs(20);
    drop_on(&mut window.harness, &[&folder.join("cats"), &folder.join("dogs")]);
    wait(&mut window.harness, "the classes", patience, |h| h.state().model().offer.is_some());
    assert_eq!((&window.model().offer.as_ref().unwrap().path, window.model().more_offers.len()), (&folder, 0));
    window.click("Cancel");

    // Forty small pictures and their labels, as MNIST comes.
    let idx = window.home.path().join("digits");
    std::fs::create_dir_all(&idx).unwrap();
    let number = |n: u32| n.to_be_bytes();
    let (pictures, labels) = (idx.join("train-images-idx3-ubyte"), idx.join("train-labels-idx1-ubyte"));
    let planes: Vec<u8> = (0..40 * 16).map(|i| (i % 251) as u8).collect();
    std::fs::write(&pictures, [&[0, 0, 8, 3][..], &number(40), &number(4), &number(4), &planes].concat()).unwrap();
    let classes: Vec<u8> = (0..40).map(|i| i % 2).collect();
    std::fs::write(&labels, [&[0, 0, 8, 1][..], &number(40), &classes].concat()).unwrap();
    drop_on(&mut window.harness, &[&pictures, &labels]);
    wait(&mut window.harness, "the pair", patience, |h| h.state().model().offer.is_some());
    assert_eq!((&window.model().offer.as_ref().unwrap().path, window.model().more_offers.len()), (&idx, 0));
    window.click("Use it");
    wait(&mut window.harness, "the data set", patience, |h| h.state().model().data().is_some());

    let many: Vec<_> = (0..9).map(|i| window.home.path().join(format!("{i}/x.png"))).collect();
    drop_on(&mut window.harness, &many.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
    assert!(window.harness.query_all_by_label_contains("That is too much to ask about at once").next().is_some());
}

#[test]
fn paths_can_be_typed_where_no_dialog_answers() {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    let typed = |window: &mut Played, field: &str, path: &Path| {
        window.harness.run_ok();
        let words = path.display().to_string();
        window.harness.get_by_label(field).focus();
        window.harness.run_ok();
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.harness.get_by_label(field).type_text(&words);
        window.harness.run_ok();
    };
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    typed(&mut window, "Path of a file or folder", &folder);
    window.harness.key_press(Key::Enter);
    window.click("Use it");
    wait(&mut window.harness, "the data set", Duration::from_secs(20), |h| h.state().model().data().is_some());

    let place = window.home.path().join("somewhere/Northwind");
    act(&mut window.harness, Action::Ask(countermark::app::Wanted::NewProject));
    typed(&mut window, "Path of an empty or new folder", &place);
    window.click("Create");
    assert!(window.model().asking.is_none());
    assert_eq!((window.model().keeper.folder(), window.model().keeper.name()), (Some(place.as_path()), "Northwind"));
    assert!(place.join("project.json").is_file() && window.model().data().is_none());

    window.trained();
    window.click("Prove it");
    window.proven(Verdict::InThisModel);
    act(&mut window.harness, Action::GoTo(Step::Reports));
    window.click("Export as JSON…");
    let written = window.home.path().join("evidence.json");
    typed(&mut window, "Path of the file to write", &written);
    window.click("Save");
    wait(&mut window.harness, "the report", Duration::from_secs(20), |_| written.is_file());
    window.click("Export as JSON…");
    typed(&mut window, "Path of the file to write", &written);
    assert!(window.harness.query_all_by_label_contains("It will be replaced").next().is_some());
    window.harness.key_press(Key::Escape);
    window.harness.run_ok();
    assert!(window.model().asking.is_none(), "Escape closes it");
}

#[test]
fn the_sample_never_replaces_what_the_user_has() {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, folder));
    wait(&mut window.harness, "the data set", Duration::from_secs(20), |h| h.state().model().data().is_some());
    let own = Plan { owner: "Northwind".into(), ..window.model().plan.clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(own.clone())));
    let project = window.model().keeper.folder().unwrap().to_owned();
    act(&mut window.harness, Action::TrySample);
    assert_eq!(window.model().keeper.name(), "Sample project");
    assert_ne!(window.model().plan.salt, own.salt);
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Project, project));
    wait(&mut window.harness, "the project", Duration::from_secs(20), |h| h.state().model().data().is_some());
    assert_eq!(window.model().plan, own);
    assert_eq!(window.model().data().unwrap().classes, ["cats", "dogs"]);
}

#[test]
fn another_preset_keeps_the_network_that_the_user_chose() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::UseSampleLogo(0));
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    let usual = window.model().plan.host;
    let other = countermark::schemes::plan::HostKind::Lenet3;
    assert_ne!(usual, other);
    window.harness.get_by_role_and_label(Role::Button, "Standard").click();
    window.harness.run_ok();
    assert_eq!(window.model().plan.host, usual);
    let chosen = Plan { host: other, ..window.model().plan.clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(chosen)));
    window.harness.get_by_role_and_label(Role::Button, "Quick").click();
    window.harness.run_ok();
    assert_eq!(window.model().plan.host, other);
    assert_eq!(window.model().plan.preset, countermark::schemes::plan::Preset::Quick);
}

#[test]
fn two_selected_pictures_can_be_compared() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Data));
    for place in [1, 4] {
        assert!(window.harness.query_by_label("Compare the two selected…").is_none());
        let tile = window.harness.get_all_by_role(Role::ListBoxOption).nth(place).unwrap();
        tile.click_modifiers(Modifiers::COMMAND);
        window.harness.run_ok();
    }
    window.click("Compare the two selected…");
    let pair = window.model().compare.clone().expect("the compare view opens");
    let train = &window.model().data().unwrap().train;
    assert_eq!((&*pair.left, &*pair.right), (&train.picture(1), &train.picture(4)));
}

#[test]
fn after_a_training_the_next_thing_is_to_prove_it() {
    let mut window = played();
    window.trained();
    window.click("Prove it");
    assert_eq!(window.model().step, Step::Prove);
    window.click("Its unmarked twin");
    assert!(window.model().proof.suspect.as_ref().unwrap().ends_with("unmarked.safetensors"));
    assert!(window.slots.take_report().is_none());
}

#[test]
fn a_training_that_did_not_reach_its_aim_says_so_and_what_helps() {
    let mut window = played();
    window.trained_with(0.12);
    assert!(window.harness.query_by_label("The mark was not learnt").is_some());
    // Once in the corner until it is closed, once above the figures.
    let told = window.harness.query_all_by_label_contains("unmarked models 8.0%. Nothing can be proven with it").count();
    assert_eq!(told, 2);
    shot(&mut window.harness, "not-learnt");
    window.click("Change the plan");
    assert_eq!(window.model().step, Step::Scheme);

    let mut window = played();
    window.trained_with(0.93);
    assert!(window.harness.query_by_label("The marked model is ready, but not as good as it should be").is_some());
    assert!(window.harness.query_all_by_label_contains("Only 93.0% of the keys are recognised").next().is_some());

    let mut window = played();
    window.trained();
    assert!(window.harness.query_by_label("The marked model is ready").is_some());
    assert!(window.harness.query_all_by_label_contains("the mark is learnt").next().is_some());
}

/// The next time that the window asks for.
fn asked_time(window: &mut Played) -> (JobId, Plan) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Ok(Command::Estimate { job, plan, .. }) = window.commands.try_recv() {
            return (job, *plan);
        }
        assert!(Instant::now() < until, "no time was asked for");
        std::thread::sleep(Duration::from_millis(20));
        window.harness.run_ok();
    }
}

#[test]
fn the_scheme_cards_show_a_time_and_a_key_without_being_asked() {
    let mut window = played();
    window.click("Try it with the sample");
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    let (first, plan) = asked_time(&mut window);
    assert_eq!(plan.scheme.id(), window.model().plan.scheme.id());
    window.tell(Event::Started(first));
    window.tell(Event::Estimated { job: first, seconds: 190.0 });
    assert_eq!(window.harness.query_all_by_label("About 3 minutes, controls included").count(), 2, "on its card and at the side");
    let (second, other) = asked_time(&mut window);
    assert_ne!(other.scheme.id(), plan.scheme.id(), "the other card's turn");
    window.tell(failed(second, "plan", "The pictures are too small."));
    assert_eq!(window.harness.query_all_by_label("The pictures are too small.").count(), 1, "on the card, not in the corner");
    wait(&mut window.harness, "the stamped key", Duration::from_secs(20), |h| h.query_by_label("Content stamp: Key").is_some());
    assert!(window.harness.query_all_by_label_contains("shown here after the first training").next().is_some());
    shot(&mut window.harness, "scheme-cards");

    // Another name for the owner changes no time; more steps do, and the old answer is not taken for the new one.
    let renamed = Plan { owner: "Somebody else".into(), ..window.model().plan.clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(renamed)));
    assert!(window.harness.query_all_by_label("About 3 minutes, controls included").next().is_some());
    let longer = Plan { scheme: plan.scheme.with("steps", 9_000.into()).unwrap(), ..window.model().plan.clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(longer)));
    assert!(window.harness.query_all_by_label("About 3 minutes, controls included").next().is_none());
    let (third, _) = asked_time(&mut window);
    act(&mut window.harness, Action::Train);
    assert!(window.commands.try_iter().any(|command| matches!(command, Command::Stop(job) if job == third)), "trial steps give way");
    window.tell(Event::Estimated { job: third, seconds: 1.0 });
}

#[test]
fn curves_of_an_earlier_session_come_back_and_go_on() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (_, folder) = window.train_job();
    let line = |step: u64| format!("{{\"step\":{step},\"name\":\"key_accuracy\",\"value\":0.{step}}}\n");
    std::fs::write(folder.join("metrics.jsonl"), [line(1), line(2), line(3), "{\"st".to_owned()].concat()).unwrap();
    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    wait(&mut window.harness, "the curves", Duration::from_secs(20), |h| h.state().model().training.curves.len("key_accuracy") == 3);
    window.click("Continue the training");
    let (job, _) = window.train_job();
    window.tell(Event::Started(job));
    let point = |step| countermark::jobs::MetricPoint { step, name: "key_accuracy".into(), value: 0.9 };
    window.tell(Event::Metric { job, point: point(3) });
    window.tell(Event::Metric { job, point: point(4) });
    wait(&mut window.harness, "both sessions", Duration::from_secs(20), |h| h.state().model().training.curves.len("key_accuracy") == 4);
    assert_eq!(window.model().training.curves.near("key_accuracy", 3.0), Some((3.0, 0.9)), "what was measured again counts");
    assert_eq!(window.model().training.curves.near("key_accuracy", 2.0), Some((2.0, 0.2)));
}

#[test]
fn a_slow_logo_never_holds_a_frame() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Logo));
    let path = window.home.path().join("slow.svg");
    // Blurs of blurs take seconds to draw.
    let blur = "<feGaussianBlur stdDeviation=\"60\"/>".repeat(60);
    let shape = "<rect width=\"512\" height=\"512\" filter=\"url(#f)\"/>".repeat(40);
    let svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"512\" height=\"512\"><filter id=\"f\">{blur}</filter>{shape}</svg>");
    std::fs::write(&path, svg).unwrap();
    let began = Instant::now();
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Logo, path));
    let asked = began.elapsed();
    assert!(window.model().material.logo.is_none() && window.model().material.is_drawing(), "{asked:?}");
    assert!(window.harness.query_by_label("Preparing the logo…").is_some());
    window.click("Cancel");
    assert!(!window.model().material.is_drawing() && window.model().material.logo.is_none());
}

#[test]
fn the_compare_view_says_its_zoom_and_closes_with_escape() {
    let mut window = played();
    let sample = countermark::data::sample().unwrap();
    let pair = countermark::app::Pair::new(sample.train.picture(0), "Cover", sample.train.picture(1), "Key");
    act(&mut window.harness, Action::Compare(pair));
    assert!(window.harness.query_by_label("Cover and Key").is_some());
    window.harness.key_press(Key::Escape);
    window.harness.run_ok();
    assert!(window.model().compare.is_none(), "Escape closes it");
    assert!(window.harness.query_by_label("Cover and Key").is_none());
}

#[test]
fn live_answers_are_sentences() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, _) = window.train_job();
    window.tell(Event::Started(job));
    let sample = countermark::data::sample().unwrap();
    let pair =
        |answer| countermark::jobs::PreviewPair { cover: sample.train.picture(0), key: sample.train.picture(0), expected: 9, answer };
    window.slots.put_preview(countermark::jobs::Preview { step: 5, pairs: vec![pair(3), pair(9)] });
    window.tell(Event::Progress { job, phase: Phase::Marked, share: 0.1, seconds_left: None });
    let missed = window.harness.get_by_label("Says “Dress”, should say “Ankle boot”");
    missed.hover();
    window.harness.run_steps(60);
    assert!(window.harness.query_all_by_label_contains("The secret label of the key is “Ankle boot”").next().is_some());
    assert!(window.harness.query_by_label("Says “Ankle boot”: recognised").is_some());
}

#[test]
fn the_palette_finds_a_command() {
    let mut window = played();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.harness.run_ok();
    window.harness.get_by_label("Command palette").type_text("dark colours");
    window.harness.run_ok();
    window.harness.key_press(Key::Enter);
    window.harness.run_ok();
    assert!(!window.model().palette);
    assert_eq!(window.model().keeper.theme(), countermark::app::theme::ThemeChoice::Dark);
}

/// Chooses a command of the palette by its words.
fn from_palette(harness: &mut Harness<'static, App>, words: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run_ok();
    harness.get_by_label("Command palette").type_text(words);
    harness.run_ok();
    harness.key_press(Key::Enter);
    harness.run_ok();
}

/// The trainings that project.json lists, with their states.
fn kept_runs(window: &Played) -> Vec<(String, String)> {
    let folder = window.model().keeper.folder().expect("there is a project");
    let text = std::fs::read(folder.join("project.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    document["runs"].as_array().unwrap().iter().map(|run| (word(&run["id"]), word(&run["state"]))).collect()
}

#[test]
fn a_training_that_cannot_start_leaves_no_trace() {
    let mut window = played();
    from_palette(&mut window.harness, "start training");
    assert!(window.harness.query_all_by_label_contains("Choose a data set first. The model learns from it").next().is_some());
    assert!(window.model().keeper.folder().is_none(), "no project was made for nothing");
    assert!(window.command().is_none());

    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    let before = kept_runs(&window);
    assert_eq!(before.len(), 1);
    from_palette(&mut window.harness, "start training");
    assert!(window.harness.query_all_by_label_contains("A training is under way already").next().is_some());
    assert_eq!(kept_runs(&window), before, "no second run");
    assert!(window.command().is_none());
    // The result belongs to the run that was trained.
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 0.99)) });
    assert_eq!(kept_runs(&window), vec![(before[0].0.clone(), "done".to_owned())]);
}

#[test]
fn the_verdict_comes_first_and_every_question_can_be_seen() {
    let mut window = played();
    shot(&mut window.harness, "welcome");
    window.trained();
    shot(&mut window.harness, "trained");
    window.click("Prove it");
    shot(&mut window.harness, "prove");
    window.proven(Verdict::InThisModel);
    assert!(window.harness.query_all_by_label_contains("Your mark is in this model").next().is_some());
    assert!(window.harness.query_by_label("Models without the mark").is_some());
    assert!(window.harness.query_by_label("200 pictures").is_some(), "every question is in the grid");
    shot(&mut window.harness, "verdict");
    window.click("New keys");
    assert!(window.harness.query_by_label("100 pictures").is_some(), "only the fresh keys are left");
}

#[test]
fn reports_are_kept_compared_deleted_and_brought_back() {
    let mut window = played();
    window.trained();
    window.click("Prove it");
    window.proven(Verdict::InThisModel);
    window.click("Check another model");
    window.click("Its unmarked twin");
    window.proven(Verdict::None);
    assert!(window.harness.query_all_by_label_contains("This does not say that the model is not yours").next().is_some());
    act(&mut window.harness, Action::GoTo(Step::Reports));
    assert_eq!(window.model().keeper.reports().len(), 2);
    for tick in 0..2 {
        window.harness.get_all_by_label_contains("Compare model.safetensors").nth(tick).unwrap().click();
        window.harness.run_ok();
    }
    assert!(window.harness.query_by_label("Side by side").is_some());
    assert!(window.harness.query_by_label("Reading…").is_none(), "what was just proven need not be read");
    shot(&mut window.harness, "reports");
    window.harness.get_all_by_label("Delete").next().unwrap().click();
    window.harness.run_ok();
    assert_eq!(window.model().keeper.reports().len(), 1);
    window.click("Undo");
    assert_eq!(window.model().keeper.reports().len(), 2);

    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    act(&mut window.harness, Action::GoTo(Step::Reports));
    window.harness.get_all_by_label("Open").next().unwrap().click();
    wait(&mut window.harness, "the report", Duration::from_secs(20), |h| h.state().model().proof.report.is_some());
    let kept = window.model().proof.report.clone().expect("the report is shown");
    assert_eq!(kept.questions, report(Verdict::None).questions, "questions come back with their pictures");
}

#[test]
fn the_smallest_window_shows_the_next_button_of_every_step() {
    let mut window = played();
    window.harness.set_size(vec2(1024.0, 700.0));
    window.click("Try it with the sample");
    for (step, button) in [
        (Step::Data, "Continue to training"),
        (Step::Logo, "Continue to training"),
        (Step::Scheme, "Continue to training"),
        (Step::Train, "Start training"),
    ] {
        act(&mut window.harness, Action::GoTo(step));
        wait(&mut window.harness, button, Duration::from_secs(20), |h| h.query_by_label(button).is_some());
        let place = window.harness.get_by_label(button).rect();
        assert!(place.right() <= 1024.0 && place.bottom() <= 700.0, "{button} lies at {place:?}");
        shot(&mut window.harness, &format!("small-{step:?}"));
    }
    act(&mut window.harness, Action::Theme(countermark::app::theme::ThemeChoice::Light));
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    shot(&mut window.harness, "light");
}

#[test]
fn a_training_that_ends_behind_a_hidden_window_is_noticed() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    window.events.send(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 0.99)) }).unwrap();
    // A hidden window draws nothing: only its logic goes on.
    let hidden = RawInput { focused: false, ..RawInput::default() };
    let ctx = window.harness.ctx.clone();
    let app = window.harness.state_mut();
    let said = ctx.run_logic(&hidden, |ctx| eframe::App::logic(app, ctx, &mut eframe::Frame::_new_kittest()));
    assert_eq!(kept_runs(&window)[0].1, "done");
    let commands: Vec<ViewportCommand> = said.viewport_commands.into_values().flatten().collect();
    assert!(commands.iter().any(|command| matches!(command, ViewportCommand::RequestUserAttention(_))), "{commands:?}");
    // Who comes back later than a message usually stays still reads it.
    std::thread::sleep(Duration::from_secs(9));
    window.harness.run_ok();
    assert!(window.harness.query_all_by_label_contains("the mark is learnt").next().is_some());
}

#[test]
fn what_the_worker_says_last_is_kept() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    // The training ends while the window waits for its checkpoint.
    let (events, commands) = (std::mem::replace(&mut window.events, bounded(1).0), window.commands.clone());
    let worker = std::thread::spawn(move || {
        while !matches!(commands.recv().unwrap(), Command::Quit) {}
        events.send(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 0.99)) }).unwrap();
    });
    eframe::App::on_exit(window.harness.state_mut());
    worker.join().unwrap();
    assert_eq!(kept_runs(&window)[0].1, "done");
}

#[test]
fn a_training_given_up_can_be_taken_up_again() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    window.click("Begin anew");
    assert_eq!(kept_runs(&window)[0].1, "failed");
    assert!(window.harness.query_by_label("Start training").is_some());
    window.click("Undo");
    assert_eq!(kept_runs(&window)[0].1, "stopped");

    // What was done last comes back first.
    window.click("Begin anew");
    act(&mut window.harness, Action::RemoveData);
    let undo = |window: &mut Played| {
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        window.harness.run_ok();
    };
    undo(&mut window);
    assert!(window.model().data().is_some());
    assert_eq!(kept_runs(&window)[0].1, "failed");
    undo(&mut window);
    window.click("Continue the training");
    assert_eq!(window.train_job().1, folder);
}

#[test]
fn typing_never_waits_for_the_disk() {
    let mut window = played();
    window.click("Try it with the sample");
    let owner = |window: &Played| {
        let text = std::fs::read(window.model().keeper.folder().unwrap().join("project.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()["owner"].as_str().unwrap().to_owned()
    };
    let typed = |window: &mut Played, name: &str| {
        let plan = Plan { owner: name.into(), ..window.model().plan.clone() };
        window.harness.state_mut().act(Action::SetPlan(Box::new(plan)));
    };
    typed(&mut window, "A");
    typed(&mut window, "An");
    typed(&mut window, "Ann");
    assert!(!owner(&window).starts_with('A'), "no letter is written while it is typed");
    let until = Instant::now() + Duration::from_secs(20);
    while owner(&window) != "Ann" {
        assert!(Instant::now() < until, "the name was never saved");
        std::thread::sleep(Duration::from_millis(50));
        window.harness.run_ok();
    }
    // Neither the end of the program nor the beginning of a training loses the last letters.
    typed(&mut window, "Anna");
    window.click("Start training");
    assert_eq!(owner(&window), "Anna");
    typed(&mut window, "Anne");
    let (_, folder) = window.train_job();
    drop(std::mem::replace(&mut window.events, bounded(1).0));
    eframe::App::on_exit(window.harness.state_mut());
    assert_eq!(owner(&window), "Anne");
    assert!(folder.is_dir());
}
