//! How good a barrier is on photographs that it never saw: how little it changes them, and in which of them its logo is found.

use crate::data::Picture;
use crate::data::tasks::Pair;
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::train::mean;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::{psnr, ssim};
use crate::nn::device::Compute;
use crate::schemes::barrier::proof::Likeness;
use crate::schemes::barrier::{Barrier, FILE_QUALITY, foreign_pictures};
use serde::{Deserialize, Deserializer, Serialize};

/// How good a barrier is on photographs that it never saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    /// Photographs.
    pub pictures: usize,
    /// Mean PSNR of marked against unmarked, decibel; infinite where nothing was changed.
    #[serde(deserialize_with = "or_infinite")]
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
    /// Mean correlation of what marked photographs reveal with the logo, zero-mean.
    pub nc: f64,
    /// The lowest of them.
    pub least_nc: f64,
    /// Share of marked photographs whose revealed logo counts, 0..1.
    pub success: f64,
    /// Unmarked pictures, the protected network's inputs and outputs, that were looked into.
    pub unmarked: usize,
    /// How many of them revealed a logo that counts.
    pub unmarked_passes: usize,
    /// Made-up pictures without the mark that were looked into: clouds and walls under grain. None in what was judged before there were any.
    #[serde(default)]
    pub foreign: usize,
    /// How many of them revealed a logo that counts.
    #[serde(default)]
    pub foreign_passes: usize,
    /// Unmarked photographs, enlarged twice, whose middles were looked into: a barrier learns from whole photographs, and is asked about parts of
    /// larger ones as well. None in what was judged before there were any.
    #[serde(default)]
    pub closer: usize,
    /// How many of them revealed a logo that counts.
    #[serde(default)]
    pub closer_passes: usize,
    /// The highest correlation that an unmarked picture gave.
    pub unmarked_most_nc: f64,
    /// Share of marked photographs whose revealed logo counts after they were saved as JPEG files, for each of [`QUALITIES`]; nothing in what
    /// was judged before this was asked.
    #[serde(default)]
    pub as_jpeg: Option<[f64; QUALITIES.len()]>,
}

impl Figures {
    /// How many pictures without the mark revealed a logo that counts, and how many there were: photographs as they were learnt, photographs seen
    /// closer, made-up pictures.
    pub fn without_mark(&self) -> [(usize, usize); 3] {
        [(self.unmarked_passes, self.unmarked), (self.closer_passes, self.closer), (self.foreign_passes, self.foreign)]
    }

    /// How many of all these revealed a logo that counts.
    pub fn wrong_passes(&self) -> usize {
        self.without_mark().into_iter().map(|(passes, _)| passes).sum()
    }
}

/// Qualities of JPEG files: as good as those in which a mark is made sure to be found, and as small as web sites like them.
pub const QUALITIES: [u8; 2] = [FILE_QUALITY, 75];

/// JSON has no infinity and holds nothing in its place.
fn or_infinite<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::INFINITY))
}

/// Photographs that are judged on, at most.
pub(super) const JUDGED: usize = 250;

/// Judges a barrier on pairs that it never saw.
pub(super) fn judge(barrier: &Barrier, pair: &Pair, watch: &mut dyn Watch) -> Result<Figures, JobError> {
    let Pair { inputs, outputs } = pair;
    let count = outputs.count().min(JUDGED);
    let (mut clear, mut alike, mut found, mut unmarked, mut closer) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut saved = [const { Vec::new() }; QUALITIES.len()];
    for i in 0..count {
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        watch.progress(Phase::Verify, i as f64 / count as f64, None);
        let picture = outputs.picture(i);
        let Some((marked, finding)) = barrier.mark_surely(&given(barrier, pair, i), &mut |_| true)? else { continue };
        clear.push(psnr(&marked, &picture).map_err(|e| JobError::Internal(e.to_string()))?);
        alike.push(ssim(&marked, &picture).map_err(|e| JobError::Internal(e.to_string()))?);
        found.push(finding.likeness);
        for (found, quality) in saved.iter_mut().zip(QUALITIES) {
            let file = marked.through_jpeg(quality, true).map_err(|e| JobError::Internal(e.to_string()))?;
            found.push(looked_into(barrier, &file)?);
        }
        unmarked.push(looked_into(barrier, &picture)?);
        unmarked.push(looked_into(barrier, &inputs.picture(i))?);
        closer.push(looked_into(barrier, &seen_closer(&picture))?);
    }
    let few: Vec<usize> = (0..count).collect();
    let foreign = look_into_all(barrier, &foreign_pictures(&outputs.select(&few), &Compute::cpu().device))?;
    Ok(Figures {
        pictures: found.len(),
        psnr_db: mean(&clear),
        ssim: mean(&alike),
        nc: mean(&correlations(&found)),
        least_nc: correlations(&found).into_iter().fold(1.0, f64::min),
        success: success(&found),
        unmarked: unmarked.len(),
        unmarked_passes: passes(&unmarked),
        foreign: foreign.len(),
        foreign_passes: passes(&foreign),
        closer: closer.len(),
        closer_passes: passes(&closer),
        unmarked_most_nc: most(&unmarked),
        as_jpeg: Some(saved.map(|found| success(&found))),
    })
}

/// The marked picture at place `i`, as the networks make it, without a look at whether it is found again: the weaker mark of the two.
pub(super) fn marked(barrier: &Barrier, pair: &Pair, i: usize) -> Result<Option<Picture>, JobError> {
    Ok(barrier.mark(&given(barrier, pair, i), &mut |_| true)?)
}

/// What is marked: what the protected network gives, or what it is given where the hiding network does its work as well.
fn given(barrier: &Barrier, pair: &Pair, i: usize) -> Picture {
    if barrier.settings.task_specific { pair.inputs.picture(i) } else { pair.outputs.picture(i) }
}

/// The middle of a picture, enlarged twice: as large as it was.
fn seen_closer(picture: &Picture) -> Picture {
    let side = picture.shape.height.min(picture.shape.width);
    picture.middle(side / 2).resized(side, side)
}

/// How many count as the logo.
fn passes(all: &[Likeness]) -> usize {
    all.iter().filter(|likeness| likeness.counts()).count()
}

/// The share that counts, 0..1.
pub(super) fn success(all: &[Likeness]) -> f64 {
    passes(all) as f64 / all.len().max(1) as f64
}

pub(super) fn correlations(all: &[Likeness]) -> Vec<f64> {
    all.iter().map(|likeness| likeness.nc).collect()
}

/// The likeness of the mean of all squares.
fn looked_into(barrier: &Barrier, picture: &Picture) -> Result<Likeness, JobError> {
    Ok(barrier.look_into(picture, usize::MAX)?.likeness)
}

/// The highest correlation.
pub(super) fn most(all: &[Likeness]) -> f64 {
    correlations(all).into_iter().fold(-1.0, f64::max)
}

/// The likeness of each.
pub(super) fn look_into_all(barrier: &Barrier, pictures: &[Picture]) -> Result<Vec<Likeness>, JobError> {
    pictures.iter().map(|picture| looked_into(barrier, picture)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_judged_before_jpeg_files_were_is_read_all_the_same() {
        let known = r#"{"pictures": 2, "psnr_db": null, "ssim": 1.0, "nc": 0.98, "least_nc": 0.97, "success": 1.0, "unmarked": 4, "unmarked_passes": 0, "unmarked_most_nc": 0.5"#;
        let read = |rest: &str| serde_json::from_str::<Figures>(&format!("{known}{rest}}}")).unwrap();
        assert_eq!((read("").as_jpeg, read("").without_mark()), (None, [(0, 4), (0, 0), (0, 0)]));
        assert_eq!(read(", \"as_jpeg\": [1.0, 0.5]").as_jpeg, Some([1.0, 0.5]));
    }
}
