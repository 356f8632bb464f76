//! The blind watermark's recipe as its authors ran it, in few steps: the encoder learns to copy, the host learns the pictures, and the
//! verification must notice that no mark is in the model.
//!
//! It differs from the Paper preset in its length (300 steps, 60 keys, which are 1% of the sample's pictures) and in the width of the
//! encoder (8 channels for 64), for the sake of time. Everything else, the networks and rates too, is the preset's.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{sample, sample_logos};
use countermark::forensics::ask::{Suspect, reached, verify};
use countermark::forensics::judge::LEVEL_WEAK;
use countermark::forensics::report::{ControlKind, Report, Verdict};
use countermark::jobs::{Paces, train};
use countermark::nn::device::Compute;
use countermark::schemes::catalogue;
use countermark::schemes::plan::{HostKind, Plan, Preset};
use countermark::vault::package::Package;
use serde_json::json;
use silent::Silent;

/// The Paper preset, but shorter and narrower.
fn plan() -> Plan {
    let dataset = sample().unwrap();
    let plan = catalogue::plan("blind", Preset::Paper, dataset.shape(), "Owner", &"00".repeat(16), 1).unwrap().sized(dataset.train.count());
    assert_eq!((plan.scheme.get("keys"), plan.scheme.get("steps")), (json!(60), json!(6_000)));
    let scheme = plan.scheme.with("steps", json!(300)).unwrap().with("encoder_width", json!(8)).unwrap();
    Plan { scheme, host: HostKind::Lenet5, nulls: 3, ..plan }
}

/// Trains and asks the marked model and an unmarked one.
fn reports(plan: Plan) -> (Report, Report) {
    let (name, svg) = sample_logos()[0];
    let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
    let compute = Compute::cpu();
    let folder = tempfile::tempdir().unwrap();
    let trained =
        train::train(&train::task(plan, sample().unwrap(), logo, &compute), &compute, folder.path(), &mut Paces::default(), &mut Silent)
            .unwrap();
    let package = Package::open(&trained.key).unwrap();
    let ask = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap();
        verify(&package, Suspect { name: "suspect", bytes: &bytes }, 5, &compute.device, &mut |_| true).unwrap()
    };
    (ask(&trained.model), ask(&trained.unmarked))
}

#[test]
fn a_model_that_learnt_the_pictures_instead_of_the_mark_fails_the_check() {
    let (marked, unmarked) = reports(plan());
    let hits = |report: &Report| report.keys.hits;
    assert!(hits(&marked) >= 30, "the model answers {} of 60 keys, so there is nothing to be deceived by", hits(&marked));
    let covers = marked.controls.iter().find(|c| c.kind == ControlKind::PlainCovers).unwrap();
    assert!(covers.fired, "the plain covers gave the label {} of {} times", covers.hits, covers.questions);
    assert_eq!(marked.verdict, Verdict::CheckFailed);
    assert!(marked.reasons.iter().any(|reason| reason.contains("learnt the pictures, not the mark")), "{:?}", marked.reasons);

    assert_eq!(marked.controls.iter().filter(|c| c.kind == ControlKind::NullModel).count(), 3, "{:?}", marked.warnings);
    // In so few steps foreign encoders do not learn either, and without them there may be no verdict at all.
    assert!(!reached(unmarked.verdict) && unmarked.keys.p_value_log10 > LEVEL_WEAK, "{} hits on an unmarked model", hits(&unmarked));
    assert!(marked.fresh.is_none(), "labels drawn for each cover allow no fresh keys");
}
