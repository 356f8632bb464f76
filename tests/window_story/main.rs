//! The window as a person uses it: buttons by their names, with the real worker, in a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod filled;
mod images;
mod material;
mod proof;
mod training;

use countermark::app::{Action, App, Door, Model, StartWorker, Step};
use countermark::forensics::report::{Control, ControlKind, Question, Report, Tally, Verdict};
use countermark::jobs::{Command, Event, JobId, Outcome, Phase, Slots, Trained, Worker};
use countermark::nn::device::DeviceChoice;
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
            Command::Estimate { job, .. } | Command::EstimateBarrier { job, .. } => {
                self.timing.borrow_mut().push(*job);
                false
            }
            Command::Stop(job) => !self.timing.borrow().contains(job),
            _ => true,
        })
    }

    /// The next command of that kind, as soon as it comes: what a training needs may be fetched beside the window first.
    fn awaited(&mut self) -> Command {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(command) = self.command() {
                return command;
            }
            assert!(Instant::now() < until, "nothing was asked for");
            std::thread::sleep(Duration::from_millis(10));
            self.harness.run_ok();
        }
    }

    fn train_job(&mut self) -> (JobId, std::path::PathBuf) {
        match self.awaited() {
            Command::Train { job, folder, .. } => (job, folder),
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

/// Settings with two panels on the screen: that of `step` on the left, all others as tabs on the right.
fn beside(home: &Path, step: Step) {
    let mut tiles = egui_tiles::Tiles::default();
    let alone = tiles.insert_pane(step);
    let others: Vec<_> = Step::ALL.into_iter().filter(|other| *other != step).map(|other| tiles.insert_pane(other)).collect();
    let (left, right) = (tiles.insert_tab_tile(vec![alone]), tiles.insert_tab_tile(others));
    let root = tiles.insert_horizontal_tile(vec![left, right]);
    let tree = egui_tiles::Tree::new(eframe::egui::Id::unique("beside"), root, tiles);
    let settings = serde_json::json!({ "layout": serde_json::to_string(&tree).unwrap() });
    std::fs::create_dir_all(home.join("settings")).unwrap();
    std::fs::write(home.join("settings/settings.json"), settings.to_string()).unwrap();
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
        filtered: None,
        fresh: Some(tally(95, 100)),
        chance: 0.14,
        fresh_chance: Some(0.14),
        null_rate: 0.09,
        controls: vec![
            control(ControlKind::PlainCovers, "Covers", 3, false),
            control(ControlKind::NullModel, "Unmarked model 1", 8, false),
            control(ControlKind::NullModel, "Unmarked model 2", 11, false),
            control(ControlKind::ForeignEncoder, "Other owner 1", 21, verdict == Verdict::CheckFailed),
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
fn a_step_that_cannot_be_entered_says_what_is_missing() {
    let mut window = played();
    let train = window.harness.get_by_label("Train");
    assert!(train.accesskit_node().is_disabled());
    let why = train.accesskit_node().description().unwrap_or_default();
    assert!(why.contains("Choose a data set first"), "{why}");
    // The keyboard gets the same sentence.
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    window.harness.run_ok();
    assert_eq!(window.model().step, Step::Data);
    assert!(window.harness.query_all_by_label_contains("Choose a data set first. The model learns from it").next().is_some());
}

fn failed(job: JobId, kind: &'static str, message: &str) -> Event {
    Event::Failed { job, kind, message: message.into(), details: "details".into() }
}

fn diverged(job: JobId) -> Event {
    failed(job, "diverged", "The training went astray.")
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
    beside(home.path(), Step::Data);
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

#[test]
fn paths_can_be_typed_where_no_dialog_answers() {
    let mut window = played();
    let [folder, ..] = material::dropped_things(window.home.path());
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
fn the_palette_finds_a_command() {
    let mut window = played();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.harness.run_ok();
    window.harness.get_by_label("Command palette").type_text("dark colours");
    window.harness.run_ok();
    window.harness.key_press(Key::Enter);
    window.harness.run_ok();
    assert!(!window.model().palette);
    assert_eq!(window.model().keeper.theme(), countermark::project::Theme::Dark);
}

#[test]
fn what_computes_is_chosen_and_remembered() {
    let mut window = played();
    window.tell(Event::Device("CPU, 2 threads".into()));
    assert!(window.command().is_none(), "nobody chose anything yet");
    window.click("CPU, 2 threads");
    window.click("Graphics card");
    assert!(matches!(window.command(), Some(Command::Device(DeviceChoice::Gpu))));
    window.tell(Event::Device("CPU, 2 threads".into()));
    window.click("CPU, 2 threads");
    assert!(window.harness.query_by_label_contains("No graphics card answers").is_some());
    shot(&mut window.harness, "device");
    let Played { harness, home, .. } = window;
    drop(harness);
    let window = played_in(home);
    assert!(matches!(window.command(), Some(Command::Device(DeviceChoice::Gpu))));
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
    act(&mut window.harness, Action::Theme(countermark::project::Theme::Light));
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    shot(&mut window.harness, "light");
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
