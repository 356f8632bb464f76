//! Puts the questions of a key package to a suspect and to the controls, and gathers the report.

use super::judge::{self, FEWEST_NULLS, Findings, NULL_SHARE};
use super::recheck::{self, Recheck, recheck};
use super::report::{Control, ControlKind, Filtered, Question, Report, Verdict};
use super::words;
use crate::data::{Picture, Samples, Shape, hex};
use crate::metrics::{clopper_pearson, psnr, ssim};
use crate::nn::batch;
use crate::nn::host::Host;
use crate::nn::host::Recognised;
use crate::nn::weights::{WeightMap, WeightsError, open_host};
use crate::schemes::plan::Plan;
use crate::schemes::{self, Marker, SchemeError, fresh_label};
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

/// What a model says to keys, in order: asked as pictures, or read from its weights where their marker reads them there.
pub fn said(marker: &dyn Marker, host: &Host, keys: &Samples, device: &Device) -> Vec<u16> {
    marker.read(host, keys).unwrap_or_else(|| answers(host, keys, device))
}

/// How many keys a model gives the label that stands beside them.
pub fn key_hits(marker: &dyn Marker, host: &Host, keys: &Samples, device: &Device) -> usize {
    said(marker, host, keys, device).iter().zip(&keys.labels).filter(|(a, l)| a == l).count()
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

    let Recheck { keys: trained, marker, saved, faults } = recheck(package, &plan, device)?;
    let options = schemes::options(&plan, classes);
    let fresh = fresh_keys(package, &plan, &saved, &*marker, nonce);
    let key_answers = said(&*marker, &host, &trained, device);
    let cover_answers = said(&*marker, &host, &package.covers, device);
    let clean_hits = hits(&host, &package.clean, device);
    let clean_accuracy = clean_hits as f64 / package.clean.count().max(1) as f64;
    tell(0.2)?;

    let questions_of = Asked { marker: &*marker, options, trained: &trained, fresh: fresh.as_ref().map(|f| &f.keys) };
    let (nulls, pooled, mut warnings) = null_controls(package, questions_of, suspect, clean_accuracy, recognised, device, &mut tell)?;
    let chance = judge::chance(options, pooled.hits, pooled.models.len() * trained.count());
    let plain = words::Manner::of(plan.scheme.id()).plain();
    let mut controls = vec![control(ControlKind::PlainCovers, plain.to_owned(), &cover_answers, &trained.labels, options)];
    controls.extend(nulls);
    let foreign = recheck::foreign(package);
    for (name, keys) in &foreign {
        let given = said(&*marker, &host, keys, device);
        controls.push(control(ControlKind::ForeignEncoder, (*name).to_owned(), &given, &trained.labels, options));
        tell(0.7)?;
    }

    let count = |answers: &[u16], labels: &[u16]| answers.iter().zip(labels).filter(|(a, l)| a == l).count();
    let keys = judge::tally(count(&key_answers, &trained.labels), trained.count(), chance);
    let (mut fresh_questions, mut fresh_tally, mut fresh_chance) = (Vec::new(), None, None);
    if let Some(fresh) = &fresh {
        let [answered, unmarked] = [&fresh.keys, &fresh.covers].map(|pictures| said(&*marker, &host, pictures, device));
        let rate = judge::chance(options, pooled.fresh_hits, pooled.models.len() * fresh.keys.count());
        fresh_tally = Some(judge::tally(count(&answered, &fresh.keys.labels), fresh.keys.count(), rate));
        fresh_chance = Some(rate);
        let covers = control(ControlKind::PlainCovers, words::fresh(plain), &unmarked, &fresh.keys.labels, options);
        controls.push(Control { fresh: true, ..covers });
        fresh_questions = questions(&fresh.covers, &fresh.keys, &answered, &unmarked, true);
    }
    let filtered = behind_a_filter(&*marker, package, &trained, &foreign, &host, &pooled.models, device);
    tell(0.9)?;

    let of_this_task = recognised.classes == classes
        && crate::metrics::binomial_tail_log10(clean_hits, package.clean.count(), 1.0 / classes as f64) <= judge::LEVEL_WEAK;
    let verdict = judge::verdict(Findings {
        keys: &keys,
        fresh: fresh_tally.as_ref(),
        chance,
        controls: &mut controls,
        nulls: pooled.models.len(),
        of_this_task,
        derived: faults.is_empty(),
    });
    let verdict = if marker.derives() { verdict } else { judge::if_picked(verdict) };
    let (psnr_db, ssim) = likeness(&package.covers, &trained);
    if trained.count() < 20 {
        warnings.push(words::few_questions(trained.count()));
    }
    let mut report = Report {
        verdict,
        reasons: Vec::new(),
        caveats: Vec::new(),
        scheme: plan.scheme.id().to_owned(),
        suspect: suspect.name.to_owned(),
        suspect_digest: hex(&Sha256::digest(suspect.bytes)),
        package_digest: String::new(),
        nonce: Some(nonce),
        plan: plan.public(),
        null_seeds: manifest.null_seeds.clone(),
        classes: schemes::answer_names(&plan, &manifest.classes),
        keys,
        filtered,
        fresh: fresh_tally,
        chance,
        fresh_chance,
        null_rate: pooled.hits as f64 / (pooled.models.len() * trained.count()).max(1) as f64,
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
        questions: questions(&package.covers, &trained, &key_answers, &cover_answers, false),
    };
    report.questions.extend(fresh_questions);
    words::explain(&mut report, pooled.models.len(), of_this_task, &faults);
    let clarity: Vec<f64> = foreign.iter().map(|(_, keys)| likeness(&package.covers, keys).0).collect();
    let on_trust = words::on_trust(&report, &clarity);
    report.caveats.extend(on_trust);
    report.caveats.extend((!marker.derives()).then(|| words::PICKED.to_owned()));
    tell(1.0)?;
    Ok(report)
}

fn control(kind: ControlKind, name: String, answers: &[u16], labels: &[u16], classes: usize) -> Control {
    let hits = answers.iter().zip(labels).filter(|(a, l)| a == l).count();
    Control { kind, name, hits, questions: labels.len(), fired: judge::fired(kind, hits, labels.len(), classes), fresh: false }
}

/// What null models are asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    marker: &'a dyn Marker,
    options: usize,
    trained: &'a Samples,
    fresh: Option<&'a Samples>,
}

/// What the null models said together.
#[derive(Default)]
struct Pooled {
    models: Vec<(String, Host)>,
    hits: usize,
    fresh_hits: usize,
}

/// Asks the null models; also warnings about those that are no control.
fn null_controls(
    package: &Package,
    asked: Asked,
    suspect: Suspect,
    clean_accuracy: f64,
    recognised: Recognised,
    device: &Device,
    tell: &mut dyn FnMut(f64) -> Result<(), AskError>,
) -> Result<(Vec<Control>, Pooled, Vec<String>), AskError> {
    let (mut controls, mut pooled, mut warnings) = (Vec::new(), Pooled::default(), Vec::new());
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
        if package.nulls[..i].contains(bytes) {
            warnings.push(words::null_twice(&name));
            continue;
        }
        if accuracy < NULL_SHARE * clean_accuracy {
            warnings.push(words::weak_null(&name, accuracy, clean_accuracy));
            continue;
        }
        let mut ask = |name: String, keys: &Samples, fresh: bool| {
            let given = said(asked.marker, &null, keys, device);
            let control = control(ControlKind::NullModel, name, &given, &keys.labels, asked.options);
            let hits = control.hits;
            controls.push(Control { fresh, ..control });
            hits
        };
        if let Some(keys) = asked.fresh {
            pooled.fresh_hits += ask(words::fresh(&name), keys, true);
        }
        pooled.hits += ask(name.clone(), asked.trained, false);
        pooled.models.push((name, null));
        tell(0.2 + 0.4 * (i + 1) as f64 / package.nulls.len() as f64)?;
    }
    if pooled.models.len() < FEWEST_NULLS {
        warnings.push(words::few_nulls(pooled.models.len()));
    }
    warnings.dedup();
    Ok((controls, pooled, warnings))
}

/// Asks the suspect and all controls behind the marker's filter; nothing where it has none.
fn behind_a_filter(
    marker: &dyn Marker,
    package: &Package,
    keys: &Samples,
    foreign: &[(&str, &Samples)],
    host: &Host,
    nulls: &[(String, Host)],
    device: &Device,
) -> Option<Filtered> {
    let classes = package.manifest.classes.len();
    let through = |samples: &Samples| marker.filtered(samples);
    let seen = through(keys)?;
    let control = |kind, name: &str, host: &Host, samples: &Samples| {
        control(kind, name.to_owned(), &answers(host, samples, device), &keys.labels, classes)
    };
    let covers = relabel(&through(&package.covers)?, &keys.labels);
    let mut controls = vec![control(ControlKind::PlainCovers, words::Manner::Marked.plain(), host, &covers)];
    controls.extend(nulls.iter().map(|(name, null)| control(ControlKind::NullModel, name, null, &seen)));
    let null_hits: usize = controls.iter().filter(|c| c.kind == ControlKind::NullModel).map(|c| c.hits).sum();
    for (name, keys) in foreign {
        controls.push(control(ControlKind::ForeignEncoder, name, host, &through(keys)?));
    }
    let asked = nulls.len() * seen.count();
    let chance = judge::chance(classes, null_hits, asked);
    let clean = through(&package.clean)?;
    Some(Filtered {
        keys: judge::tally(hits(host, &seen, device), seen.count(), chance),
        chance,
        null_rate: null_hits as f64 / asked.max(1) as f64,
        controls,
        clean_accuracy: hits(host, &clean, device) as f64 / clean.count().max(1) as f64,
    })
}

struct Fresh {
    covers: Samples,
    keys: Samples,
}

/// Keys made now, from reserve covers that the nonce picks; `None` where the label rule has none.
fn fresh_keys(package: &Package, plan: &Plan, saved: &WeightMap, marker: &dyn Marker, nonce: u64) -> Option<Fresh> {
    let manifest = &package.manifest;
    let label = |class: u16| fresh_label(plan, &manifest.logo_digest, manifest.classes.len(), Some(saved), class);
    let order = Stream::seeded(nonce, "fresh covers").permutation(package.reserve.count());
    let chosen: Vec<usize> = order.into_iter().filter(|&i| label(package.reserve.labels[i]).is_some()).take(FRESH_QUESTIONS).collect();
    if chosen.is_empty() {
        return None;
    }
    let covers = package.reserve.select(&chosen);
    let labels: Vec<u16> = covers.labels.iter().filter_map(|&class| label(class)).collect();
    Some(Fresh { keys: gather(manifest.shape, &marker.mark(&covers, &labels), &labels), covers })
}

fn questions(covers: &Samples, keys: &Samples, answered: &[u16], plain: &[u16], fresh: bool) -> Vec<Question> {
    (0..keys.count())
        .map(|i| Question {
            key: keys.picture(i),
            cover: Some(covers.picture(i)),
            expected: keys.labels[i],
            answer: answered[i],
            cover_answer: Some(plain[i]),
            true_class: Some(covers.labels[i]),
            fresh,
        })
        .collect()
}

/// Whether a verdict counts as reached: everything but no evidence and a failed check.
pub fn reached(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::None | Verdict::CheckFailed)
}
