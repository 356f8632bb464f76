//! `countermark verify`: a verdict on a suspect model.

use super::demo::peak_rss_mb;
use super::follow::{follow, worker};
use super::{End, Failure};
use crate::forensics::ask::reached;
use crate::forensics::judge::corrected;
use crate::forensics::report::{Control, ControlKind, Report, Verdict};
use crate::jobs::{Command, JobId, Worker};
use crate::nn::device::DeviceChoice;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The verdict in words.
pub fn sentence(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InThisModel => "Your mark is in this model.",
        Verdict::Strong => "Strong indication that your mark is in this model.",
        Verdict::Weak => "Weak indication that your mark is in this model.",
        Verdict::None => "No evidence of your mark in this model. This does not say that the model is not yours.",
        Verdict::CheckFailed => "The check failed: its controls do not allow a conclusion.",
    }
}

/// Asks one suspect or several; with several, p-values and verdicts are corrected for that (Holm).
pub fn verify(key: &Path, suspects: &[PathBuf], nonce: Option<u64>, device: DeviceChoice, json: bool) -> Result<End, Failure> {
    let (began, worker) = (Instant::now(), worker(device)?);
    let ids = (1..).map(JobId);
    let asked = ids.zip(suspects).map(|(job, suspect)| ask(&worker, job, key, suspect, nonce)).collect::<Result<Vec<_>, _>>()?;
    let device = asked.iter().find_map(|(_, device)| device.clone());
    let all: Vec<&Report> = asked.iter().map(|(report, _)| &**report).collect();
    let corrected = corrected(&all);
    let mut values: Vec<Value> = all.iter().map(|report| summary(report)).collect();
    for (value, (p_value_log10, verdict)) in values.iter_mut().zip(&corrected) {
        value["adjusted_p_value_log10"] = json!(p_value_log10);
        value["adjusted_verdict"] = json!(verdict);
        value["seconds"] = json!(began.elapsed().as_secs_f64());
        value["device"] = json!(device);
        value["peak_rss_mb"] = json!(peak_rss_mb());
    }
    match (json, &mut values[..]) {
        (true, [value]) => say!("{value}"),
        (true, _) => say!("{}", json!({"suspects": values})),
        (false, _) => all.iter().zip(&corrected).for_each(|(report, (p, verdict))| {
            print(report);
            if all.len() > 1 {
                let asked = all.len();
                say!("  With {asked} suspects asked (Holm), log10 of the p-value becomes {p:.1}: {}\n", sentence(*verdict));
            }
        }),
    }
    Ok(if corrected.iter().any(|(_, verdict)| reached(*verdict)) { End::Reached } else { End::NotReached })
}

/// Asks and waits for the report. With it comes the device in words, where the worker told it now for the first time.
pub fn ask(worker: &Worker, job: JobId, key: &Path, suspect: &Path, nonce: Option<u64>) -> Result<(Arc<Report>, Option<String>), Failure> {
    let followed = follow(worker, Command::Verify { job, key: key.to_owned(), suspect: suspect.to_owned(), nonce })?;
    let report = worker.slots.take_report().ok_or_else(|| Failure::new("internal", "The report was lost."))?;
    Ok((report, followed.device))
}

/// The report with the names that scripts use.
pub fn summary(report: &Report) -> Value {
    let of = |kind: ControlKind| report.controls.iter().filter(move |c| c.kind == kind && !c.fresh);
    let rate = |c: &Control| c.hits as f64 / c.questions.max(1) as f64;
    json!({
        "verdict": report.verdict,
        "sentence": sentence(report.verdict),
        "reasons": report.reasons,
        "caveats": report.caveats,
        "hits": report.keys.hits,
        "questions": report.keys.questions,
        "key_accuracy": report.keys.hits as f64 / report.keys.questions.max(1) as f64,
        "p_value_log10": report.keys.p_value_log10,
        "interval": report.keys.interval,
        "filtered": report.filtered,
        "fresh_hits": report.fresh.as_ref().map(|f| f.hits),
        "fresh_questions": report.fresh.as_ref().map(|f| f.questions),
        "fresh_p_value_log10": report.fresh.as_ref().map(|f| f.p_value_log10),
        "fresh_interval": report.fresh.as_ref().map(|f| f.interval),
        "fresh_chance": report.fresh_chance,
        "nonce": report.nonce,
        "controls": report.controls,
        "null_seeds": report.null_seeds,
        "plan": report.plan,
        "scheme": report.scheme,
        "package_digest": report.package_digest,
        "made": report.made,
        "version": report.version,
        "chance": report.chance,
        "null_rate": report.null_rate,
        "key_accuracy_unmarked": report.null_rate,
        "covers_hit": of(ControlKind::PlainCovers).map(rate).next(),
        "foreign_hit": of(ControlKind::ForeignEncoder).map(rate).fold(None, |most: Option<f64>, r| Some(most.map_or(r, |m| m.max(r)))),
        "foreign_hits_each": of(ControlKind::ForeignEncoder).map(rate).collect::<Vec<_>>(),
        "foreign_learnt": report.foreign_learnt,
        "clean_accuracy": report.clean_accuracy,
        "clean_questions": report.clean_questions,
        "clean_interval": report.clean_interval,
        "clean_accuracy_unmarked": report.clean_accuracy_unmarked,
        "psnr_db": report.psnr_db,
        "ssim": report.ssim,
        "suspect": report.suspect,
        "suspect_digest": report.suspect_digest,
        "warnings": report.warnings,
    })
}

/// The report for people.
pub fn print(report: &Report) {
    say!("{}", sentence(report.verdict));
    report.reasons.iter().for_each(|reason| say!("  {reason}"));
    let [low, high] = report.keys.interval;
    say!(
        "  Keys answered: {:.1}% to {:.1}% at 95%; chance is counted as {:.1}%. Nonce of the new keys: {}.",
        100.0 * low,
        100.0 * high,
        100.0 * report.chance,
        report.nonce.map_or_else(|| "none".to_owned(), |nonce| nonce.to_string())
    );
    for control in &report.controls {
        let mark = if control.fired { "  FIRED" } else { "" };
        say!("  {:<52} {:>4} of {}{mark}", control.name, control.hits, control.questions);
    }
    if let Some(filtered) = &report.filtered {
        say!(
            "  Behind a filter: keys {} of {}, unmarked models {:.1}%, ordinary pictures named rightly {:.1}%.",
            filtered.keys.hits,
            filtered.keys.questions,
            100.0 * filtered.null_rate,
            100.0 * filtered.clean_accuracy
        );
        for control in &filtered.controls {
            let mark = if control.fired { "  FIRED" } else { "" };
            say!("  {:<52} {:>4} of {}{mark}", format!("{} (behind the filter)", control.name), control.hits, control.questions);
        }
    }
    say!(
        "  Ordinary pictures named rightly: {:.1}% of {} ({:.1}% to {:.1}% at 95%; unmarked models: {:.1}%). Keys against covers: {:.1} dB, SSIM {:.3}.",
        100.0 * report.clean_accuracy,
        report.clean_questions,
        100.0 * report.clean_interval[0],
        100.0 * report.clean_interval[1],
        100.0 * report.clean_accuracy_unmarked,
        report.psnr_db,
        report.ssim
    );
    report.caveats.iter().chain(&report.warnings).for_each(|text| say!("  {text}"));
}
