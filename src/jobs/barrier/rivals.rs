//! Classical marks beside the barrier: the same photographs, the same measures, and a thief's network that learns from what they marked.

use super::Order;
use super::judging::JUDGED;
use super::thieves::{answers, clearness};
use crate::attacks::thief::Plan;
use crate::data::{Picture, Samples};
use crate::jobs::checkpoint::RunFolder;
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::train::mean;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::{psnr, ssim};
use crate::nn::device::Compute;
use crate::schemes::classical::{Classical, Key, Method, Settings, Trial};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a classical mark gives on photographs that the barrier is judged on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rival {
    /// Which one.
    pub method: Method,
    /// Mean PSNR of marked against unmarked, decibel.
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
    /// What is read in marked photographs.
    pub marked: Trial,
    /// What is read in unmarked ones.
    pub unmarked: Trial,
    /// What thieves got.
    pub thieves: Vec<RobbedRival>,
}

/// What is left of a classical mark in a thief's network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RobbedRival {
    /// What the thief did.
    pub plan: Plan,
    /// Mean PSNR of what his network gives against the unmarked photographs, decibel.
    pub psnr_db: f64,
    /// What is read in it.
    pub read: Trial,
}

/// What a run was started with; the settings say no more than the side and the channels of the photographs.
#[derive(PartialEq, Serialize, Deserialize)]
struct Identity {
    photos: String,
    task: crate::data::tasks::Task,
    logo: String,
    seed: u64,
    choosing: bool,
    thieves: Vec<Plan>,
}

/// Each classical mark on the photographs of this order, robbed by its thieves; a method that is done is not done again.
///
/// # Errors
/// A file that cannot be written, or a stop.
pub fn rivals(order: &Order, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Vec<Rival>, JobError> {
    let identity = Identity {
        photos: order.photos.digest.clone(),
        task: order.task,
        logo: order.logo.digest.clone(),
        seed: order.seed,
        choosing: order.choosing,
        thieves: order.thieves.clone(),
    };
    let folder = RunFolder::open(folder, &identity)?;
    let [learnt, choosing, last] = order.task.pairs(&order.photos, order.seed);
    let held_back = if order.choosing { choosing } else { last };
    let count = Method::ALL.len() as f64;
    let mut all = Vec::with_capacity(Method::ALL.len());
    for (place, method) in Method::ALL.into_iter().enumerate() {
        if let Some(done) = folder.finished(method.id()).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            all.push(done);
            continue;
        }
        let key = Key::new(&order.logo.digest, "", &order.seed.to_string(), None);
        let by = Classical::new(method, key, Settings::default()).map_err(|e| JobError::Internal(e.to_string()))?;
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        watch.progress(Phase::Marking, place as f64 / count, None);
        let pictures: Vec<Picture> = (0..held_back.outputs.count().min(JUDGED)).map(|i| held_back.outputs.picture(i)).collect();
        let marked = embedded(&by, &pictures);
        let each = |measure: fn(&Picture, &Picture) -> Result<f64, crate::metrics::MetricError>| -> Result<f64, JobError> {
            let all = marked.iter().zip(&pictures).map(|(a, b)| measure(a, b)).collect::<Result<Vec<_>, _>>();
            Ok(mean(&all.map_err(|e| JobError::Internal(e.to_string()))?))
        };
        let read = |pictures: &[Picture]| by.trial(pictures).map_err(|e| JobError::Internal(e.to_string()));
        let mut rival = Rival {
            method,
            psnr_db: each(psnr)?,
            ssim: each(ssim)?,
            marked: read(&marked)?,
            unmarked: read(&pictures)?,
            thieves: Vec::with_capacity(order.thieves.len()),
        };
        if !order.thieves.is_empty() {
            let outputs = &learnt.outputs;
            let unmarked: Vec<Picture> = (0..outputs.count()).map(|i| outputs.picture(i)).collect();
            let pixels = embedded(&by, &unmarked).into_iter().flat_map(|picture| picture.planes).collect();
            let outputs = Samples { pixels, ..Samples::clone(outputs) };
            for plan in &order.thieves {
                let share = |done: f64| (place as f64 + done) / count;
                let given = answers(
                    *plan,
                    &learnt.inputs,
                    &[&outputs],
                    &held_back,
                    compute,
                    &mut |watch, done| {
                        watch.progress(Phase::Thieves, share(done), None);
                    },
                    watch,
                )?;
                let given = given.first().map(Vec::as_slice).unwrap_or_default();
                let psnr_db = clearness(given, &held_back);
                rival.thieves.push(RobbedRival { plan: *plan, psnr_db, read: read(given)? });
            }
        }
        folder.finish(method.id(), &serde_json::to_vec(&rival).map_err(|e| JobError::Internal(e.to_string()))?)?;
        all.push(rival);
    }
    Ok(all)
}

/// The pictures with the bits; one that cannot hold them stays as it is, and counts as one in which they are not found.
fn embedded(by: &Classical, pictures: &[Picture]) -> Vec<Picture> {
    pictures.par_iter().map(|picture| by.embed(picture).map_or_else(|_| picture.clone(), |marked| marked.picture)).collect()
}
