//! Where the trainings of a part of a table stand beside each other: each goes on where it stood, and what is finished is read back.

use crate::jobs::checkpoint::{RunFolder, RunIdentity};
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::watch::{Flow, Watch};
use crate::nn::host::Host;
use crate::nn::weights::WeightMap;
use crate::schemes::plain::Plain;
use crate::schemes::{self, Learner, Task, Training};
use crate::vault::files::{read_limited, write_private};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// Pauses between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);
/// What the unmarked host of a table adds to the seed.
const UNMARKED: u64 = 15_485_863;
/// Bytes of a kept row that are read at most.
const MOST_KEPT: u64 = 1 << 16;
/// Where it is kept how long the stamps of a training took.
fn stamped_file(name: &str) -> String {
    format!("{name}.stamped.json")
}

/// A task and the folder of its trainings.
pub struct Workbench {
    /// What the trainings start from.
    pub task: Task,
    folder: RunFolder,
}

/// How long all stamps took, and their last loss.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Stamped {
    /// Seconds for all stamps together.
    pub seconds: f64,
    /// Mean loss of a pixel.
    pub loss: f64,
}

impl Workbench {
    /// Goes on with the folder, which must belong to the same plan, data and logo.
    pub fn open(task: Task, folder: &Path) -> Result<Self, JobError> {
        schemes::check(&task)?;
        let Task { plan, dataset, logo, .. } = &task;
        let identity = RunIdentity { plan: plan.clone(), dataset_digest: dataset.digest.clone(), logo_digest: logo.digest.clone() };
        Ok(Self { folder: RunFolder::open(folder, &identity)?, task })
    }

    /// An unmarked host with the same budget.
    pub fn unmarked(&self, watch: &mut dyn Watch) -> Result<Host, JobError> {
        let mut plain = Plain::new(&self.task, self.task.plan.seed.wrapping_add(UNMARKED));
        self.finish("unmarked", Phase::Nulls, &mut plain, watch)?;
        Ok(plain.host())
    }

    /// Whether a stage is finished or under way.
    pub fn has_begun(&self, name: &str) -> bool {
        ["stage", "checkpoint"].iter().any(|ending| self.folder.file(&format!("{name}.{ending}")).exists())
    }

    /// What a stage of this name came to in other parts of tables that lie beside this one.
    pub fn siblings(&self, name: &str) -> impl Iterator<Item = WeightMap> {
        self.folder.siblings(name).filter_map(|bytes| WeightMap::from_safetensors(&bytes).ok())
    }

    /// The training of a task, finished.
    pub fn trained(&self, name: &str, phase: Phase, task: &Task, watch: &mut dyn Watch) -> Result<Box<dyn Training>, JobError> {
        let mut training = schemes::training(task)?;
        self.finish(name, phase, &mut *training, watch)?;
        Ok(training)
    }

    /// How long the stamps of a training took; nothing where they were interrupted.
    pub fn stamped(&self, name: &str) -> Option<Stamped> {
        serde_json::from_slice(&read_limited(&self.folder.file(&stamped_file(name)), MOST_KEPT).ok()?).ok()
    }

    /// Trains to the end, going on where it stood. How long stamps took is kept beside them.
    pub fn finish(&self, name: &str, phase: Phase, learner: &mut (impl Learner + ?Sized), watch: &mut dyn Watch) -> Result<(), JobError> {
        if let Some(bytes) = self.folder.finished(name) {
            return Ok(learner.load(&WeightMap::from_safetensors(&bytes)?)?);
        }
        if let Some(saved) = self.folder.resume(name) {
            learner.load(&saved)?;
        }
        let began_anew = learner.done() == 0;
        let (mut saved_at, mut stamped) = (Instant::now(), Stamped::default());
        while learner.done() < learner.steps() {
            if watch.flow() == Flow::Stop {
                self.folder.checkpoint(name, learner.save())?;
                return Err(JobError::Stopped);
            }
            let began = Instant::now();
            learner.step()?;
            let losses = learner.losses();
            if losses.iter().any(|(_, loss)| !loss.is_finite()) {
                return Err(JobError::Diverged(learner.done()));
            }
            if let Some((_, loss)) = losses.iter().find(|(name, _)| *name == "stamp_loss") {
                stamped = Stamped { seconds: stamped.seconds + began.elapsed().as_secs_f64(), loss: *loss };
            }
            watch.progress(phase, learner.done() as f64 / learner.steps() as f64, None);
            if saved_at.elapsed() > CHECKPOINT_EVERY {
                saved_at = Instant::now();
                self.folder.checkpoint(name, learner.save())?;
            }
        }
        // A time that was interrupted is none.
        if began_anew && stamped.seconds > 0.0 {
            let bytes = serde_json::to_vec(&stamped).map_err(|error| JobError::Internal(error.to_string()))?;
            write_private(&self.folder.file(&stamped_file(name)), &bytes)?;
        }
        self.folder.finish(name, &learner.save().to_safetensors()?)
    }
}
