//! The window as a person uses it: buttons by their names, with the real worker, in a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::app::{Action, App, Model, StartWorker, Step};
use countermark::forensics::report::{Control, ControlKind, Question, Report, Tally, Verdict};
use countermark::jobs::{Command, Event, JobId, Outcome, Phase, Slots, Trained, Worker};
use countermark::schemes::plan::Plan;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use eframe::egui::{Key, Modifiers, vec2};
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
        let trained = Trained {
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
        };
        self.tell(Event::Done { job, outcome: Outcome::Trained(trained) });
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
    assert!(window.harness.get_by_label("Mark images").accesskit_node().is_disabled());
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
    window.tell(Event::Failed { job, message: "The disk is full. Free some room.".into(), details: "os error 28".into() });
    assert!(window.harness.query_all_by_label_contains("The disk is full").next().is_some());
    window.click("Copy details");
    window.click("Start training");
    window.train_job();
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
    window.click("Ask the questions");
    assert!(matches!(window.command(), Some(Command::Verify { .. })));
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
    window.tell(Event::Failed { job: second, message: "The pictures are too small.".into(), details: String::new() });
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
