//! Proofs: what an investigator needs, the verdict, and the reports that are kept.

use super::*;

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
