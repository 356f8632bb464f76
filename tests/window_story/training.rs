//! Trainings: begun, stopped, continued, ended, and what the window says about them.

use super::*;

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
fn a_plan_that_cannot_be_trained_leads_back_to_the_schemes() {
    let mut window = played();
    window.click("Try it with the sample");
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    let (job, plan) = asked_time(&mut window);
    assert_eq!(plan.scheme.id(), window.model().plan.scheme.id());
    window.tell(Event::Started(job));
    window.tell(failed(job, "plan", "There is no class 99."));
    act(&mut window.harness, Action::GoTo(Step::Train));
    assert!(window.harness.query_all_by_label("There is no class 99.").next().is_some());
    assert!(window.harness.query_by_label("Start training").is_none() && window.harness.query_by_label("Everything is ready").is_none());
    window.click("Change the plan");
    assert_eq!(window.model().step, Step::Scheme);
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
    let Command::Train { job, plan, dataset: data, logo: mark, .. } = window.awaited() else { panic!("no training") };
    assert_eq!((plan, data.digest, mark.digest), (begun.clone(), dataset.digest.clone(), logo.digest.clone()));
    assert_eq!(window.model().plan, planned, "the next plan is kept");

    // With another logo and other pictures by now it fetches its own.
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    act(&mut window.harness, Action::UseSampleLogo(1));
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| {
        h.state().model().material.logo.as_ref().unwrap().logo.digest != logo.digest
    });
    act(&mut window.harness, Action::RemoveData);
    window.click("Train");
    window.click("Continue the training");
    let Command::Train { plan, dataset: data, logo: mark, .. } = window.awaited() else { panic!("no training") };
    assert_eq!((plan, data.digest, mark.digest), (begun, dataset.digest, logo.digest.clone()));
    assert!(window.model().data().is_none(), "what is chosen stays as it is");
    assert_ne!(window.model().material.logo.as_ref().unwrap().logo.digest, logo.digest);
    assert_eq!(window.harness.query_all_by_label_contains("7,000 pictures of").count(), 1, "the side tells what it learns from");
}

#[test]
fn a_training_finds_its_own_pictures_or_says_what_happened_to_them() {
    let mut window = played();
    let [folder, logo, ..] = material::dropped_things(window.home.path());
    let patience = Duration::from_secs(20);
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, folder.clone()));
    wait(&mut window.harness, "the data set", patience, |h| h.state().model().data().is_some());
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Logo, logo));
    wait(&mut window.harness, "the logo", patience, |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::Train);
    let Some(Command::Train { job, dataset, logo, .. }) = window.command() else { panic!("no training") };
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    // The logo is placed otherwise, the pictures are opened otherwise, and then both are put away.
    let placed = countermark::data::logo::LogoOptions { padding: 30, ..Default::default() };
    act(&mut window.harness, Action::PlaceLogo(placed));
    let digest = logo.digest.clone();
    wait(&mut window.harness, "the placement", patience, |h| h.state().model().material.logo.as_ref().unwrap().logo.digest != digest);
    let large = countermark::data::OpenOptions { side: Some(64), ..Default::default() };
    act(&mut window.harness, Action::OpenAs(large));
    wait(&mut window.harness, "the size", patience, |h| h.state().model().data().unwrap().shape().width == 64);
    act(&mut window.harness, Action::RemoveData);
    act(&mut window.harness, Action::RemoveLogo);
    let Played { harness, home, .. } = window;
    drop(harness);

    let mut window = played_in(home);
    assert!(window.model().data().is_none() && window.model().material.logo.is_none());
    act(&mut window.harness, Action::ContinueTraining);
    let Command::Train { job, dataset: data, logo: mark, .. } = window.awaited() else { panic!("no training") };
    assert_eq!((data.digest, mark.digest, mark.name), (dataset.digest, logo.digest, "mark.png".into()));
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));

    let said = |window: &mut Played, words: &str| {
        act(&mut window.harness, Action::ContinueTraining);
        wait(&mut window.harness, words, patience, |h| h.query_all_by_label_contains(words).next().is_some());
        assert!(window.command().is_none());
        assert_eq!(kept_runs(window)[0].1, "stopped");
    };
    std::fs::remove_file(folder.join("cats/3.png")).unwrap();
    said(&mut window, "“Holiday”, have changed since it began");
    std::fs::rename(&folder, window.home.path().join("elsewhere")).unwrap();
    said(&mut window, "“Holiday”, cannot be opened. Put them back where they were");
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
fn trainings_of_several_schemes_stand_side_by_side() {
    let mut window = played();
    window.trained();
    assert!(window.harness.query_by_label("Trainings of this project side by side").is_none(), "one alone is compared with nothing");
    let plan = window.model().replanned("noise", countermark::schemes::plan::Preset::Quick).unwrap();
    act(&mut window.harness, Action::SetPlan(Box::new(plan)));
    act(&mut window.harness, Action::Train);
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    let trained = countermark::jobs::Trained { scheme: "noise".into(), clean_accuracy: 0.84, ..trained_in(&folder, 1.0) };
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained) });
    window.harness.run_ok();
    assert!(window.harness.query_by_label("Trainings of this project side by side").is_some());
    for words in ["Secret noise", "3.0 points", "1.0 points", "Shown above"] {
        assert!(window.harness.query_all_by_label(words).next().is_some(), "{words}");
    }
    shot(&mut window.harness, "compared");
    let key = |window: &Played| window.model().training.trained.as_ref().unwrap().key.clone();
    let second = key(&window);
    assert!(window.harness.query_by_label("Use this one").is_some());
    let first = window.model().compared.rows[0].id.clone();
    act(&mut window.harness, Action::UseTraining(first));
    assert_ne!(key(&window), second);
    assert_eq!(window.model().proof.key.as_ref(), Some(&key(&window)), "the proof goes with it");
}

#[test]
fn all_keys_are_shown_or_it_is_said_why_not() {
    let mut window = played();
    window.trained();
    // The files of this training were never written.
    window.click("Look at all keys");
    wait(&mut window.harness, "why there are none", Duration::from_secs(20), |h| {
        h.query_all_by_label_contains("secret.cmkey").next().is_some()
    });
    assert!(window.harness.query_by_label("Read them again").is_some());
    window.click("Back to the figures");
    assert!(window.harness.query_by_label("The marked model is ready").is_some());
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
fn live_answers_are_sentences() {
    let mut window = played();
    window.click("Try it with the sample");
    window.click("Start training");
    let (job, _) = window.train_job();
    window.tell(Event::Started(job));
    let sample = countermark::data::sample().unwrap();
    let pair = |answer| countermark::jobs::PreviewPair {
        cover: sample.train.picture(0),
        key: sample.train.picture(0),
        expected: 9,
        answer,
        filtered: None,
    };
    window.slots.put_preview(countermark::jobs::Preview { step: 5, pairs: vec![pair(3), pair(9)], stamps: Vec::new() });
    window.tell(Event::Progress { job, phase: Phase::Marked, share: 0.1, seconds_left: None });
    let missed = window.harness.get_by_label("Says “Dress”, should say “Ankle boot”");
    missed.hover();
    window.harness.run_steps(60);
    assert!(window.harness.query_all_by_label_contains("The secret label of the key is “Ankle boot”").next().is_some());
    assert!(window.harness.query_by_label("Says “Ankle boot”: recognised").is_some());
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
fn schemes_that_wait_are_trained_one_after_the_other() {
    let mut window = played();
    window.click("Try it with the sample");
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::GoTo(Step::Scheme));
    // Its card lies further down than the window is high.
    window.harness.get_by_label("Train DeepStego too").click_accesskit();
    window.harness.run_ok();
    assert!(window.harness.query_by_label("DeepStego is trained afterwards").is_some());
    for scheme in ["noise", "message", "chain"] {
        act(&mut window.harness, Action::AlsoTrain(scheme.into()));
    }
    act(&mut window.harness, Action::AlsoTrain("chain".into()));
    assert_eq!(window.model().queue, ["deep_stego", "noise", "message"]);
    act(&mut window.harness, Action::GoTo(Step::Train));
    assert!(window.harness.query_by_label("Trained afterwards").is_some());
    shot(&mut window.harness, "queue");
    window.click("Do not train Message in pixels");

    // What waits is kept with the project.
    window.click("Start training");
    let (job, _) = window.train_job();
    window.tell(Event::Started(job));
    window.tell(Event::Stopped(job));
    assert_eq!(window.model().queue, ["deep_stego", "noise"], "a stopped training is gone on with first");
    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    assert_eq!(window.model().queue, ["deep_stego", "noise"]);
    window.click("Continue the training");
    let (job, folder) = window.train_job();
    act(&mut window.harness, Action::GoTo(Step::Data));
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 1.0)) });
    let (job, next) = window.train_job();
    assert_ne!(next, folder);
    assert_eq!((window.model().training.scheme, window.model().step), ("deep_stego", Step::Data), "nobody is taken elsewhere");
    // What stood against one does not stop the others.
    window.tell(diverged(job));
    let (job, folder) = window.train_job();
    assert_eq!((window.model().training.scheme, window.model().queue.len()), ("noise", 0));
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 1.0)) });
    assert!(window.model().board.training().is_none());
    assert_eq!(window.model().plan.scheme.id(), "blind", "the project's own plan stays");
    let states: Vec<String> = kept_runs(&window).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["done", "failed", "done"]);
}

#[test]
fn nothing_follows_a_training_that_was_stopped_at_its_end_and_nothing_that_waits_is_lost() {
    let mut window = played();
    window.click("Try it with the sample");
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    act(&mut window.harness, Action::AlsoTrain("noise".into()));
    act(&mut window.harness, Action::Train);
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    // Planned and wanted once more while another one runs: refused, and it still waits.
    let noise = window.model().replanned("noise", countermark::schemes::plan::Preset::Quick).unwrap();
    act(&mut window.harness, Action::SetPlan(Box::new(noise)));
    act(&mut window.harness, Action::Train);
    assert_eq!(window.model().queue, ["noise"]);
    act(&mut window.harness, Action::Stop(job));
    assert!(matches!(window.awaited(), Command::Stop(asked) if asked == job));
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 1.0)) });
    assert!(window.model().board.training().is_none() && window.model().queue == ["noise"], "it ended before it could stop");
    window.click("Train the next one");
    window.train_job();
    assert!(window.model().queue.is_empty());
}
