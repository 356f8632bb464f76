//! The one next action is the one filled button on the screen, however many panels are on it.

use super::*;

/// The filled buttons on the screen, by their words.
fn filled(window: &Played) -> Vec<String> {
    let buttons = window.harness.query_all_by_role(Role::Button);
    let is_filled = |node: &egui_kittest::Node<'_>| node.accesskit_node().description().as_deref() == Some("The next step");
    buttons.filter(is_filled).map(|node| node.accesskit_node().label().unwrap_or_default()).collect()
}

#[test]
fn one_button_is_filled_though_two_panels_are_on_the_screen() {
    let home = tempfile::tempdir().unwrap();
    beside(home.path(), Step::Data);
    let mut window = played_in(home);
    assert_eq!(filled(&window), ["Try it with the sample"]);
    window.click("Try it with the sample");
    wait(&mut window.harness, "the logo", Duration::from_secs(20), |h| h.state().model().material.logo.is_some());
    for (step, words) in [
        (Step::Data, "Continue to training"),
        (Step::Logo, "Continue to training"),
        (Step::Scheme, "Continue to training"),
        (Step::Train, "Start training"),
    ] {
        act(&mut window.harness, Action::GoTo(step));
        assert_eq!(filled(&window), [words], "{step:?}");
    }
    let begins = window
        .harness
        .query_all_by_role(Role::Button)
        .filter(|node| ["Continue to training", "Start training"].contains(&node.accesskit_node().label().unwrap_or_default().as_str()));
    assert_eq!(begins.count(), 2, "the other panel keeps its button");

    // A question on top has the only one.
    act(&mut window.harness, Action::Ask(countermark::app::Wanted::Logo));
    assert_eq!(filled(&window), ["Open"]);
    window.harness.key_press(Key::Escape);
    window.harness.run_ok();
    assert_eq!(filled(&window), ["Start training"]);

    window.click("Start training");
    let (job, folder) = window.train_job();
    window.tell(Event::Started(job));
    assert!(filled(&window).is_empty(), "there is nothing to do but wait");
    window.tell(Event::Stopped(job));
    assert_eq!(filled(&window), ["Continue the training"]);
    window.click("Continue the training");
    let (job, _) = window.train_job();
    window.tell(Event::Done { job, outcome: Outcome::Trained(trained_in(&folder, 0.99)) });
    assert_eq!(filled(&window), ["Prove it"]);
    window.click("Prove it");
    assert_eq!(filled(&window), ["Ask the questions"]);
}
