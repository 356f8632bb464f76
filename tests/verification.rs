//! Questioning suspects with a small model that bears a content stamp: the owner's model, an unmarked one, and all kinds of files.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Shape, sample, sample_logos};
use countermark::forensics::ask::{AskError, Suspect, reached, verify};
use countermark::forensics::report::{ControlKind, Report, Verdict};
use countermark::jobs::{Paces, train};
use countermark::nn::device::Compute;
use countermark::nn::host::{Host, HostKind};
use countermark::nn::weights::{open_host, save_host};
use countermark::schemes::content_stamp::Settings;
use countermark::schemes::plan::{Plan, Preset, SchemeSettings};
use countermark::vault::package::Package;
use silent::Silent;

fn ask(package: &Package, bytes: &[u8], nonce: u64) -> Result<Report, AskError> {
    verify(package, Suspect { name: "suspect", bytes }, nonce, &Compute::cpu().device, &mut |_| true)
}

/// A plan with few controls; keys are drawn, so that foreign ones cost nothing.
fn plan(scheme: SchemeSettings) -> Plan {
    Plan {
        scheme,
        preset: Preset::Quick,
        host: HostKind::Lenet5,
        width: 1.0,
        owner: "Owner".to_owned(),
        seed: 1,
        salt: "00".repeat(16),
        nulls: 3,
        foreign: 5,
    }
}

fn logo() -> Logo {
    let (name, svg) = sample_logos()[0];
    Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap()
}

#[test]
fn the_owners_model_is_known_and_others_are_not() {
    let settings = Settings { steps: 200, keys: 40, batch: 40, key_batch: 10, host_rate: 0.05, ..Default::default() };
    let (plan, logo) = (plan(SchemeSettings::ContentStamp(settings)), logo());
    let compute = Compute::cpu();
    let folder = tempfile::tempdir().unwrap();
    let trained =
        train::train(&train::task(plan, sample().unwrap(), logo, &compute), &compute, folder.path(), &mut Paces::default(), &mut Silent)
            .unwrap();
    let package = Package::open(&trained.key).unwrap();
    let (marked, unmarked) = (std::fs::read(&trained.model).unwrap(), std::fs::read(&trained.unmarked).unwrap());

    let report = ask(&package, &marked, 7).unwrap();
    assert_eq!(report.verdict, Verdict::InThisModel, "{:?}", report.reasons);
    assert_eq!(report.keys.questions, 40);
    assert_eq!(report.clean_questions, 800, "all test pictures but the reserve");
    assert!(report.clean_interval[0] < report.clean_accuracy && report.clean_accuracy < report.clean_interval[1]);
    assert_eq!(report.suspect_digest, package.manifest.model_digest);
    assert_eq!(report.controls.iter().filter(|c| c.kind == ControlKind::NullModel && !c.fresh).count(), 3);
    assert!(report.chance >= 0.1 && report.keys.p_value_log10 < -9.0);
    assert_eq!((report.nonce, report.plan.get("salt")), (Some(7), None), "the nonce is told, the salt is not");
    let fresh = |kind| report.controls.iter().filter(|c| c.kind == kind && c.fresh).count();
    assert_eq!((fresh(ControlKind::PlainCovers), fresh(ControlKind::NullModel)), (1, 3), "new keys have controls of their own");
    assert!(report.fresh_chance.unwrap() >= 0.1);
    let fresh = report.questions.iter().filter(|question| question.fresh);
    assert!(fresh.clone().count() >= 20 && fresh.clone().all(|question| question.true_class != Some(question.expected)));
    // Another nonce asks about other pictures, the same nonce about the same.
    let shown = |report: &Report| report.questions.iter().filter(|q| q.fresh).map(|q| q.key.clone()).collect::<Vec<_>>();
    assert_eq!(shown(&report), shown(&ask(&package, &marked, 7).unwrap()));
    assert_ne!(shown(&report), shown(&ask(&package, &marked, 8).unwrap()));

    let report = ask(&package, &unmarked, 7).unwrap();
    assert_eq!(report.verdict, Verdict::None, "{} hits: {:?}", report.keys.hits, report.reasons);
    assert!(!reached(report.verdict) && report.caveats.iter().any(|text| text.contains("does not say that the model is not yours")));

    let stranger = |channels: usize, classes: usize| {
        let shape = Shape { channels, ..package.manifest.shape };
        save_host(&Host::new(HostKind::Lenet5, shape, classes, &compute.device), &[]).unwrap()
    };
    let report = ask(&package, &stranger(1, 10), 7).unwrap();
    assert_eq!(report.verdict, Verdict::CheckFailed, "an untrained model does not know the task: {:?}", report.reasons);
    let report = ask(&package, &stranger(1, 4), 7).unwrap();
    assert_eq!(report.verdict, Verdict::CheckFailed, "a model of another task: {:?}", report.reasons);
    let text = ask(&package, &stranger(3, 10), 7).unwrap_err().to_string();
    assert!(text.contains("3 channels"), "{text}");
    let text = ask(&package, b"no model", 7).unwrap_err().to_string();
    assert!(text.starts_with("The suspect model cannot be questioned."), "{text}");

    let mut asked = 0;
    let mut impatient = |_: f64| {
        asked += 1;
        asked < 3
    };
    let stopped = verify(&package, Suspect { name: "suspect", bytes: &marked }, 7, &compute.device, &mut impatient);
    assert!(matches!(stopped, Err(AskError::Cancelled)));

    assert!(!package.nulls.contains(&unmarked), "the unmarked suspect is one of its own controls");
    let mut seeds = package.manifest.null_seeds.clone();
    seeds.push(1);
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), 4, "an unmarked model has the marked model's seed: {seeds:?}");
    let report = ask(&package, &package.nulls[1], 7).unwrap();
    assert_eq!(report.controls.iter().filter(|c| c.kind == ControlKind::NullModel && !c.fresh).count(), 2);
    assert_eq!(report.verdict, Verdict::CheckFailed, "a suspect was its own control");
    assert!(report.warnings.iter().any(|text| text.starts_with("Unmarked model 2 was left out: it is the suspect itself")));

    let fails = |change: &dyn Fn(&mut Package), words: &str| {
        let mut changed = package.clone();
        change(&mut changed);
        let report = ask(&changed, &marked, 7).unwrap();
        assert_eq!(report.verdict, Verdict::CheckFailed, "{words}: {:?}", report.reasons);
        assert!(report.reasons.iter().any(|reason| reason.contains(words)), "{words}: {:?}", report.reasons);
    };
    fails(&|p| p.foreign[2] = p.keys.clone(), "Other owner 3, who knows nothing of this logo");
    fails(&|p| p.foreign.truncate(4), "4 different owners beside its own");
    fails(&|p| p.foreign[1] = p.foreign[0].clone(), "4 different owners beside its own");
    fails(&|p| p.foreign[1] = p.covers.clone(), "4 different owners beside its own");
    fails(&|p| p.keys.pixels[300] ^= 8, "somebody changed them");
    fails(&|p| p.keys.labels[3] = (p.keys.labels[3] + 1) % 10, "somebody chose them");
    fails(&|p| p.logo.planes[5] ^= 1, "The logo in the key package");
    fails(&|p| p.manifest.covers[1] = p.manifest.covers[0], "more than once");
    fails(&|p| p.nulls[1] = p.nulls[0].clone(), "too few unmarked models");
    // Another machine may round a pixel the other way: that is no fault.
    let mut rounded = package.clone();
    rounded.keys.pixels.iter_mut().step_by(50).for_each(|v| *v ^= 1);
    assert_eq!(ask(&rounded, &marked, 7).unwrap().verdict, Verdict::InThisModel);

    let mut few = package.clone();
    few.nulls.truncate(2);
    let report = ask(&few, &marked, 7).unwrap();
    assert_eq!(report.verdict, Verdict::CheckFailed, "two unmarked models are too few");
    let mut deaf = package.clone();
    deaf.nulls = vec![stranger(1, 10); 3];
    let report = ask(&deaf, &marked, 7).unwrap();
    assert_eq!(report.verdict, Verdict::CheckFailed, "unmarked models that never learnt the task are no control");
    let mut guilty = package.clone();
    // The same weights in another file.
    guilty.nulls[1] = save_host(&open_host(&marked, package.manifest.shape, &compute.device).unwrap().0, &[]).unwrap();
    assert_ne!(guilty.nulls[1], marked);
    let report = ask(&guilty, &marked, 7).unwrap();
    assert!(report.controls.iter().any(|c| c.kind == ControlKind::NullModel && c.fired));
    assert_eq!(report.verdict, Verdict::CheckFailed, "an unmarked model that answers with the label disproves the mark");
}
