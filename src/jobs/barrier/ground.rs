//! What runs of a table have in common, each of which leaves another part of the recipe out: learning up to where their settings part, and what
//! networks of thieves gave that learnt from the same pictures. Made once, and taken over bit by bit.

use super::{Identity, MOST_MADE};
use crate::attacks::thief::Plan;
use crate::data::tasks::Pair;
use crate::data::{Picture, Samples, hex};
use crate::jobs::error::JobError;
use crate::nn::weights::{LARGEST_FILE, WeightMap};
use crate::schemes::barrier::{Settings, Training};
use crate::vault::files::{FileError, read_limited, write_private};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Most bytes of what a network gave.
const MOST_GIVEN: u64 = 256 * MOST_MADE;

/// A folder beside the runs of a table.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    folder: PathBuf,
}

/// Where runs may part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Hiding and revealing are learnt.
    Pair,
    /// The thieves' networks of the second stage are, too.
    Thieves,
}

impl Reached {
    /// Where a training is now; nothing in the middle of a stage.
    fn by(training: &Training) -> Option<Self> {
        let Settings { families, surrogate_steps, .. } = *training.settings();
        match training.done().checked_sub(training.first_steps()) {
            Some(0) => Some(Self::Pair),
            Some(done) if families > 0 && done == families as u64 * surrogate_steps => Some(Self::Thieves),
            _ => None,
        }
    }

    /// The word that is alike for all runs which have learnt the same by then: their settings without what only counts later.
    fn word(self, identity: &Identity) -> Result<Vec<u8>, JobError> {
        let usual = Settings::default();
        let early = Settings {
            adversarial_steps: usual.adversarial_steps,
            adversarial_rate: usual.adversarial_rate,
            adversarial_clean_weight: usual.adversarial_clean_weight,
            adversarial_turned: usual.adversarial_turned,
            adversarial_disturbed: usual.adversarial_disturbed,
            adversarial_hard: usual.adversarial_hard,
            adversarial_foreign: usual.adversarial_foreign,
            revealer_fine: usual.revealer_fine,
            survives_jpeg: usual.survives_jpeg,
            ..identity.settings.clone()
        };
        let settings = match self {
            Self::Thieves => early,
            Self::Pair => Settings {
                families: usual.families,
                innocents: usual.innocents,
                surrogate_steps: usual.surrogate_steps,
                surrogate_width: usual.surrogate_width,
                surrogate_residual: usual.surrogate_residual,
                ..early
            },
        };
        let identity = Identity { settings, ..identity.clone() };
        serde_json::to_vec(&(self == Self::Thieves, identity)).map_err(|e| JobError::Internal(e.to_string()))
    }
}

impl Ground {
    /// The folder is made if need be.
    pub fn open(folder: &Path) -> Result<Self, JobError> {
        std::fs::create_dir_all(folder).map_err(|e| FileError::writing(folder, e))?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn file(&self, word: &[u8]) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(word)))
    }

    /// Keeps what is learnt by now, where other runs may begin with it.
    pub fn keep(&self, identity: &Identity, training: &Training) -> Result<(), JobError> {
        let Some(reached) = Reached::by(training) else { return Ok(()) };
        let bytes = training.save().to_safetensors().map_err(|e| JobError::Internal(e.to_string()))?;
        Ok(write_private(&self.file(&reached.word(identity)?), &bytes)?)
    }

    /// Lets a training that has not begun start with the most that another run has learnt of the same. Says whether there was anything.
    pub fn give(&self, identity: &Identity, training: &mut Training) -> Result<bool, JobError> {
        // Thieves' networks learn the same beside their honest twins, so a run without twins needs no others.
        let with_twins = Identity { settings: Settings { innocents: true, ..identity.settings.clone() }, ..identity.clone() };
        for (reached, of) in [(Reached::Thieves, identity), (Reached::Thieves, &with_twins), (Reached::Pair, identity)] {
            let kept = read_limited(&self.file(&reached.word(of)?), LARGEST_FILE).ok();
            if let Some(saved) = kept.and_then(|bytes| WeightMap::from_safetensors(&bytes).ok()) {
                training.load(&saved)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where it is kept what a thief's network gives for the pictures held back that learnt from these inputs and outputs.
    fn answers_file(&self, plan: Plan, [inputs, outputs]: [&Samples; 2], held_back: &Pair) -> Result<PathBuf, JobError> {
        let mut word = serde_json::to_vec(&plan).map_err(|e| JobError::Internal(e.to_string()))?;
        [inputs, outputs, &*held_back.inputs].iter().for_each(|samples| word.extend(Sha256::digest(&samples.pixels)));
        Ok(self.file(&word))
    }

    /// What another run's network gave that learnt the same.
    pub fn answers(&self, plan: Plan, lesson: [&Samples; 2], held_back: &Pair) -> Result<Option<Vec<Picture>>, JobError> {
        let shape = held_back.outputs.shape;
        let planes = read_limited(&self.answers_file(plan, lesson, held_back)?, MOST_GIVEN).ok();
        let whole = planes.filter(|planes| !planes.is_empty() && planes.len().is_multiple_of(shape.len()));
        let picture = |planes: &[u8]| Picture { shape, planes: planes.to_vec() };
        Ok(whole.map(|planes| planes.chunks(shape.len()).map(picture).collect()))
    }

    /// Keeps what a network gave.
    pub fn keep_answers(&self, plan: Plan, lesson: [&Samples; 2], held_back: &Pair, given: &[Picture]) -> Result<(), JobError> {
        let planes: Vec<u8> = given.iter().flat_map(|picture| picture.planes.iter().copied()).collect();
        Ok(write_private(&self.answers_file(plan, lesson, held_back)?, &planes)?)
    }
}
