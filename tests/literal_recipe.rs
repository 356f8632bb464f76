//! The blind watermark's recipe as its paper prints it, in few steps: the encoder learns to copy, the host learns the pictures, and
//! the verification must notice that no mark is in the model.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{sample, sample_logos};
use countermark::forensics::ask::{Suspect, verify};
use countermark::forensics::report::{ControlKind, Report, Verdict};
use countermark::jobs::{Flow, MetricPoint, Paces, Phase, Preview, Watch, train};
use countermark::nn::device::Compute;
use countermark::schemes::blind::{LabelRule, Settings};
use countermark::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use countermark::vault::package::Package;

struct Silent;

impl Watch for Silent {
    fn progress(&mut self, _: Phase, _: f64, _: Option<f64>) {}
    fn metric(&mut self, _: MetricPoint) {}
    fn preview(&mut self, _: Preview) {}
    fn warning(&mut self, _: String) {}
    fn flow(&mut self) -> Flow {
        Flow::Continue
    }
}

/// Trains and asks the marked model and an unmarked one.
fn reports(settings: Settings) -> (Report, Report) {
    let (name, svg) = sample_logos()[0];
    let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
    let plan = Plan {
        scheme: SchemeSettings::Blind(settings),
        preset: Preset::Quick,
        host: HostKind::Lenet5,
        owner: "Owner".to_owned(),
        seed: 1,
        salt: "00".repeat(16),
        nulls: 3,
        foreign: 5,
    };
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
    let (marked, unmarked) = reports(Settings {
        steps: 300,
        keys: 20,
        label_rule: LabelRule::RandomPerCover,
        show_covers: false,
        batch: 40,
        key_batch: 10,
        encoder_width: 8,
        residual: true,
        host_rate: 0.05,
        ..Default::default()
    });
    let hits = |report: &Report| report.keys.hits;
    assert!(hits(&marked) >= 10, "the model answers {} of 20 keys, so there is nothing to be deceived by", hits(&marked));
    let covers = marked.controls.iter().find(|c| c.kind == ControlKind::PlainCovers).unwrap();
    assert!(covers.fired, "the plain covers gave the label {} of {} times", covers.hits, covers.questions);
    assert_eq!(marked.verdict, Verdict::CheckFailed);
    assert!(marked.reasons.iter().any(|reason| reason.contains("learnt the pictures, not the mark")), "{:?}", marked.reasons);

    assert_eq!(marked.controls.iter().filter(|c| c.kind == ControlKind::NullModel).count(), 3, "{:?}", marked.warnings);
    assert_eq!(unmarked.verdict, Verdict::None, "{} hits on an unmarked model", hits(&unmarked));
    assert!(marked.fresh.is_none(), "labels drawn for each cover allow no fresh keys");
}
