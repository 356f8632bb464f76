//! What a run leaves on the disk while it is under way, so that it can be killed at any moment and continued bit by bit.
//!
//! `STAGE.checkpoint` holds a stage that is being trained, `STAGE.stage` the result of a finished one. A run that is continued
//! trains the stages without a result, from their checkpoints where there are any.

use super::JobError;
use crate::nn::weights::WeightMap;
use crate::schemes::plan::Plan;
use crate::vault::files::{read_limited, write_atomic, write_private};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that says what a run was started with, and the most bytes of it that are read.
const IDENTITY: &str = "run.json";
const LARGEST_IDENTITY: u64 = 1 << 20;

/// The folder in which a project's runs lie.
const RUNS: &str = "runs";

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

/// What a run was started with; a folder with another one is not continued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The plan.
    pub plan: Plan,
    /// SHA-256 of the data set.
    pub dataset_digest: String,
    /// SHA-256 of the logo.
    pub logo_digest: String,
}

/// What the run in this folder was started with; nothing when it never began.
pub fn started_with(folder: &Path) -> Option<RunIdentity> {
    serde_json::from_slice(&read_limited(&folder.join(IDENTITY), LARGEST_IDENTITY).ok()?).ok()
}

impl RunFolder {
    /// Makes the folder if need be and checks that it belongs to the same plan, data and logo.
    pub fn open<I: PartialEq + Serialize + serde::de::DeserializeOwned>(path: &Path, identity: &I) -> Result<Self, JobError> {
        std::fs::create_dir_all(path).map_err(|e| crate::vault::files::FileError::writing(path, e))?;
        let folder = Self { path: path.to_owned() };
        let file = folder.file(IDENTITY);
        if file.exists() {
            let text = read_limited(&file, LARGEST_IDENTITY)?;
            if serde_json::from_slice::<I>(&text).ok().as_ref() != Some(identity) {
                return Err(JobError::OtherRun(path.to_owned()));
            }
        } else {
            let text = serde_json::to_vec_pretty(identity).map_err(|e| JobError::Internal(e.to_string()))?;
            write_private(&file, &text)?;
        }
        Ok(folder)
    }

    /// A folder that is there already, whatever it holds.
    #[cfg(test)]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the state of a stage under way.
    pub fn checkpoint(&self, stage: &str, state: WeightMap) -> Result<(), JobError> {
        let bytes = state.to_safetensors().map_err(|e| JobError::Internal(e.to_string()))?;
        Ok(write_private(&self.file(&format!("{stage}.checkpoint")), &bytes)?)
    }

    /// The state of a stage that was under way. A checkpoint that cannot be read is put aside, and the stage starts anew.
    pub fn resume(&self, stage: &str) -> Option<WeightMap> {
        let path = self.file(&format!("{stage}.checkpoint"));
        let bytes = read_limited(&path, crate::nn::weights::LARGEST_FILE).ok()?;
        let state = WeightMap::from_safetensors(&bytes).ok();
        if state.is_none() {
            let _ = std::fs::rename(&path, self.file(&format!("{stage}.broken")));
        }
        state
    }

    /// Keeps the result of a finished stage.
    pub fn finish(&self, stage: &str, bytes: &[u8]) -> Result<(), JobError> {
        write_private(&self.file(&format!("{stage}.stage")), bytes)?;
        // The result is safe; without the checkpoint a continued run costs no more.
        let _ = std::fs::remove_file(self.file(&format!("{stage}.checkpoint")));
        Ok(())
    }

    /// The result of a stage that was finished before.
    pub fn finished(&self, stage: &str) -> Option<Vec<u8>> {
        read_limited(&self.file(&format!("{stage}.stage")), crate::nn::weights::LARGEST_FILE).ok()
    }

    /// What the same stage gave in other runs of the project, read one after the other.
    pub fn beside(&self, stage: &str) -> impl Iterator<Item = Vec<u8>> {
        let is_run = self.path.parent().is_some_and(|parent| parent.file_name().is_some_and(|name| name == RUNS));
        is_run.then(|| self.siblings(stage)).into_iter().flatten()
    }

    /// The same in all folders that lie beside this one.
    pub fn siblings(&self, stage: &str) -> impl Iterator<Item = Vec<u8>> {
        let folders = self.path.parent().and_then(|all| std::fs::read_dir(all).ok()).into_iter().flatten().filter_map(Result::ok);
        folders.filter(|folder| folder.path() != self.path).filter_map(move |folder| Self { path: folder.path() }.finished(stage))
    }

    /// Writes a file that may be given away.
    pub fn publish(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, JobError> {
        let path = self.file(name);
        write_atomic(&path, bytes)?;
        Ok(path)
    }
}
