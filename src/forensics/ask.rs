//! Puts the questions of a key package to a suspect and to the controls, and gathers the report.

use super::judge::{self, FEWEST_NULLS, Findings, NULL_SHARE};
use super::report::{Control, ControlKind, Question, Report, Verdict};
use super::words;
use crate::data::logo::Logo;
use crate::data::{Picture, Samples, Shape};
use crate::metrics::{clopper_pearson, psnr, ssim};
use crate::nn::batch;
use crate::nn::host::Host;
use crate::nn::weights::{Recognised, WeightMap, WeightsError, open_host};
use crate::schemes::plan::Plan;
use crate::schemes::{SchemeError, fresh_label, marker};
use crate::vault::derive::Stream;
use crate::vault::package::Package;
use burn::tensor::Device;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Fresh keys asked at most.
pub const FRESH_QUESTIONS: usize = 60;
/// Pictures asked at once.
const AT_ONCE: usize = 100;

/// Why a verification could not be carried out.
#[derive(Debug, Error)]
pub enum AskError {
    /// The suspect cannot be read.
    #[error("The suspect model cannot be questioned. {0}")]
    Suspect(WeightsError),
    /// The suspect takes other pictures.
    #[error("The suspect model takes pictures with {found} channels, but the keys are {needed}. It is not a model of this task.")]
    OtherPictures {
        /// Channels that the suspect takes.
        found: usize,
        /// Shape of the keys.
        needed: Shape,
    },
    /// The key package cannot be used.
    #[error("The key package cannot be used. {0}")]
    Package(String),
    /// The user stopped it.
    #[error("The verification was stopped.")]
    Cancelled,
}

impl From<SchemeError> for AskError {
    fn from(error: SchemeError) -> Self {
        Self::Package(error.to_string())
    }
}

/// The classes that a model names for pictures, in order.
pub fn answers(host: &Host, pictures: &Samples, device: &Device) -> Vec<u16> {
    let indices: Vec<usize> = (0..pictures.count()).collect();
    indices
        .chunks(AT_ONCE)
        .flat_map(|chunk| {
            let scores = host.forward(batch::gather(pictures, chunk, device));
            scores.argmax(1).into_data().iter::<i64>().map(|v| v as u16).collect::<Vec<_>>()
        })
        .collect()
}

/// How many pictures a model gives the label that stands beside them.
pub fn hits(host: &Host, pictures: &Samples, device: &Device) -> usize {
    answers(host, pictures, device).iter().zip(&pictures.labels).filter(|(a, l)| a == l).count()
}

/// The same pictures under other labels.
pub fn relabel(samples: &Samples, labels: &[u16]) -> Samples {
    Samples { labels: labels.to_vec(), ..samples.clone() }
}

/// Pictures put together under labels.
pub fn gather(shape: Shape, pictures: &[Picture], labels: &[u16]) -> Samples {
    Samples { shape, pixels: pictures.iter().flat_map(|p| &p.planes).copied().collect(), labels: labels.to_vec() }
}

/// Mean PSNR (decibel) and mean SSIM of keys against their covers, as 8-bit pictures.
pub fn likeness(covers: &Samples, keys: &Samples) -> (f64, f64) {
    let count = covers.count().min(keys.count());
    let pairs = (0..count).map(|i| (covers.picture(i), keys.picture(i)));
    let (mut decibel, mut structure) = (0.0, 0.0);
    for (cover, key) in pairs {
        // Equal pictures have infinite PSNR; 99 dB stands for it so that a mean exists.
        decibel += psnr(&cover, &key).map_or(0.0, |value| value.min(99.0));
        structure += ssim(&cover, &key).unwrap_or(0.0);
    }
    (decibel / count.max(1) as f64, structure / count.max(1) as f64)
}

/// A suspect with its name.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'a> {
    /// File name.
    pub name: &'a str,
    /// The file.
    pub bytes: &'a [u8],
}

/// Questions the suspect. `nonce` picks the covers of the fresh keys; `progress` gets shares 0..1 and answers false to stop.
///
/// # Errors
/// A suspect or package that cannot be used, or a stop.
pub fn verify(
    package: &Package,
    suspect: Suspect,
    nonce: u64,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Report, AskError> {
    let manifest = &package.manifest;
    let (shape, classes) = (manifest.shape, manifest.classes.len());
    let plan: Plan =
        serde_json::from_value(manifest.plan.clone()).map_err(|e| AskError::Package(format!("Its plan cannot be read ({e}).")))?;
    let (host, recognised) = open_host(suspect.bytes, shape, device).map_err(AskError::Suspect)?;
    if recognised.input.channels != shape.channels {
        return Err(AskError::OtherPictures { found: recognised.input.channels, needed: shape });
    }
    let mut tell = |share: f64| if progress(share) { Ok(()) } else { Err(AskError::Cancelled) };
    tell(0.0)?;

    let key_answers = answers(&host, &package.keys, device);
    let cover_answers = answers(&host, &package.covers, device);
    let clean_hits = hits(&host, &package.clean, device);
    let clean_accuracy = clean_hits as f64 / package.clean.count().max(1) as f64;
    tell(0.2)?;

    let (nulls, usable, null_hits, mut warnings) = null_controls(package, suspect, clean_accuracy, recognised, device, &mut tell)?;
    let chance = judge::chance(classes, null_hits, usable * package.keys.count());
    let mut controls =
        vec![control(ControlKind::PlainCovers, words::PLAIN_COVERS.to_owned(), &cover_answers, &package.keys.labels, classes)];
    controls.extend(nulls);
    for (name, keys) in manifest.foreign.iter().zip(&package.foreign) {
        controls.push(control(ControlKind::ForeignEncoder, name.clone(), &answers(&host, keys, device), &package.keys.labels, classes));
        tell(0.7)?;
    }

    let fresh = fresh_keys(package, &plan, nonce, device)?;
    let fresh_answers = fresh.as_ref().map(|f| answers(&host, &f.keys, device));
    tell(0.9)?;
    let count = |answers: &[u16], labels: &[u16]| answers.iter().zip(labels).filter(|(a, l)| a == l).count();
    let keys = judge::tally(count(&key_answers, &package.keys.labels), package.keys.count(), chance);
    let fresh_tally =
        fresh.as_ref().zip(fresh_answers.as_ref()).map(|(f, a)| judge::tally(count(a, &f.keys.labels), f.keys.count(), chance));

    let of_this_task = recognised.classes == classes
        && crate::metrics::binomial_tail_log10(
            (clean_accuracy * package.clean.count() as f64).round() as usize,
            package.clean.count(),
            1.0 / classes as f64,
        ) <= judge::LEVEL_WEAK;
    let verdict = judge::verdict(&Findings { keys: &keys, fresh: fresh_tally.as_ref(), controls: &controls, nulls: usable, of_this_task });
    let (psnr_db, ssim) = likeness(&package.covers, &package.keys);
    if package.keys.count() < 20 {
        warnings.push(words::few_questions(package.keys.count()));
    }
    let mut report = Report {
        verdict,
        reasons: Vec::new(),
        caveats: Vec::new(),
        scheme: plan.scheme.id().to_owned(),
        suspect: suspect.name.to_owned(),
        suspect_digest: hex(&Sha256::digest(suspect.bytes)),
        classes: manifest.classes.clone(),
        keys,
        fresh: fresh_tally,
        chance,
        null_rate: null_hits as f64 / (usable * package.keys.count()).max(1) as f64,
        controls,
        foreign_learnt: manifest.foreign_learnt.clone(),
        clean_accuracy,
        clean_questions: package.clean.count(),
        clean_interval: clopper_pearson(clean_hits, package.clean.count(), 0.95),
        clean_accuracy_unmarked: manifest.clean_accuracy_unmarked,
        psnr_db,
        ssim,
        warnings,
        made: jiff::Timestamp::now().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        questions: questions(package, &key_answers, &cover_answers),
    };
    if let Some((fresh, answered)) = fresh.zip(fresh_answers) {
        let asked = answers(&host, &fresh.covers, device);
        report.questions.extend((0..fresh.keys.count()).map(|i| Question {
            key: fresh.keys.picture(i),
            cover: Some(fresh.covers.picture(i)),
            expected: fresh.keys.labels[i],
            answer: answered[i],
            cover_answer: Some(asked[i]),
            true_class: Some(fresh.covers.labels[i]),
            fresh: true,
        }));
    }
    words::explain(&mut report, usable, of_this_task);
    tell(1.0)?;
    Ok(report)
}

fn control(kind: ControlKind, name: String, answers: &[u16], labels: &[u16], classes: usize) -> Control {
    let hits = answers.iter().zip(labels).filter(|(a, l)| a == l).count();
    Control { kind, name, hits, questions: labels.len(), fired: judge::fired(kind, hits, labels.len(), classes) }
}

/// Null models with their answers, how many are usable, their pooled hits, and warnings about refused ones.
type Nulls = (Vec<Control>, usize, usize, Vec<String>);

fn null_controls(
    package: &Package,
    suspect: Suspect,
    clean_accuracy: f64,
    recognised: Recognised,
    device: &Device,
    tell: &mut dyn FnMut(f64) -> Result<(), AskError>,
) -> Result<Nulls, AskError> {
    let (mut controls, mut usable, mut pooled, mut warnings) = (Vec::new(), 0, 0, Vec::new());
    for (i, bytes) in package.nulls.iter().enumerate() {
        let (null, known) = open_host(bytes, package.manifest.shape, device).map_err(|e| AskError::Package(e.to_string()))?;
        if known.kind != recognised.kind {
            warnings.push(words::other_network(recognised.kind.name(), known.kind.name()));
        }
        let accuracy = hits(&null, &package.clean, device) as f64 / package.clean.count().max(1) as f64;
        let name = words::null_name(i);
        // A model cannot be a control of itself: what it says would always be what was expected.
        if bytes == suspect.bytes {
            warnings.push(words::null_is_suspect(&name));
            continue;
        }
        if accuracy < NULL_SHARE * clean_accuracy {
            warnings.push(words::weak_null(&name, accuracy, clean_accuracy));
            continue;
        }
        let answered = answers(&null, &package.keys, device);
        let control = control(ControlKind::NullModel, name, &answered, &package.keys.labels, package.manifest.classes.len());
        usable += 1;
        pooled += control.hits;
        controls.push(control);
        tell(0.2 + 0.4 * (i + 1) as f64 / package.nulls.len() as f64)?;
    }
    if usable < FEWEST_NULLS {
        warnings.push(words::few_nulls(usable));
    }
    warnings.dedup();
    Ok((controls, usable, pooled, warnings))
}

struct Fresh {
    covers: Samples,
    keys: Samples,
}

/// Keys made now, from reserve covers that the nonce picks; `None` where the label rule has none.
fn fresh_keys(package: &Package, plan: &Plan, nonce: u64, device: &Device) -> Result<Option<Fresh>, AskError> {
    let manifest = &package.manifest;
    let label = |class: u16| fresh_label(plan, &manifest.logo_digest, manifest.classes.len(), class);
    let order = Stream::seeded(nonce, "fresh covers").permutation(package.reserve.count());
    let chosen: Vec<usize> = order.into_iter().filter(|&i| label(package.reserve.labels[i]).is_some()).take(FRESH_QUESTIONS).collect();
    if chosen.is_empty() {
        return Ok(None);
    }
    let covers = package.reserve.select(&chosen);
    let labels: Vec<u16> = covers.labels.iter().filter_map(|&class| label(class)).collect();
    let logo = Logo { name: manifest.logo.clone(), digest: manifest.logo_digest.clone(), picture: package.logo.clone() };
    let saved = WeightMap::from_safetensors(&package.marker).map_err(|e| AskError::Package(e.to_string()))?;
    let marked = marker(plan, &logo, manifest.shape, &saved, device)?.mark(&covers);
    Ok(Some(Fresh { keys: gather(manifest.shape, &marked, &labels), covers }))
}

fn questions(package: &Package, key_answers: &[u16], cover_answers: &[u16]) -> Vec<Question> {
    (0..package.keys.count())
        .map(|i| Question {
            key: package.keys.picture(i),
            cover: Some(package.covers.picture(i)),
            expected: package.keys.labels[i],
            answer: key_answers[i],
            cover_answer: Some(cover_answers[i]),
            true_class: Some(package.covers.labels[i]),
            fresh: false,
        })
        .collect()
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Whether a verdict counts as reached: everything but no evidence and a failed check.
pub fn reached(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::None | Verdict::CheckFailed)
}
