//! The finished trainings of the project, to be set beside each other: one for each scheme, network or preset that was tried.

use super::Model;
use super::examples::Example;
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::jobs::Trained;
use crate::schemes::plan::Plan;
use std::sync::Arc;

/// A finished training.
pub struct KeptTraining {
    /// Its id in the project.
    pub id: String,
    /// What was trained.
    pub plan: Plan,
    /// What it left.
    pub trained: Trained,
    /// Its first key beside the cover, once read; none where the key package is gone.
    pub example: Option<Arc<Example>>,
    sought: bool,
}

/// All of them, the oldest first.
#[derive(Default)]
pub struct Compared {
    /// One for each.
    pub rows: Vec<KeptTraining>,
    /// Ids of the trainings that were looked at, also those whose figures another version wrote.
    known: Vec<String>,
    reading: Option<(String, Task<Option<Example>>)>,
}

impl Model {
    /// Takes up trainings that were finished since, and reads their first keys one after the other.
    pub(super) fn poll_compared(&mut self) {
        let runs = self.keeper.finished_runs();
        let Compared { rows, known, .. } = &mut self.compared;
        if runs.len() != known.len() || runs.iter().zip(known.iter()).any(|(run, known)| run.id != *known) {
            *known = runs.iter().map(|run| run.id.clone()).collect();
            let mut before = std::mem::take(rows);
            for run in runs {
                let Some(trained) = run.trained.clone().and_then(|value| serde_json::from_value::<Trained>(value).ok()) else { continue };
                let same = before.iter().position(|row| row.id == run.id).map(|place| before.swap_remove(place));
                let (example, sought) = same.map_or((None, false), |row| (row.example, row.sought));
                rows.push(KeptTraining { id: run.id.clone(), plan: run.plan.clone(), trained, example, sought });
            }
        }
        if let Some((id, task)) = self.compared.reading.take() {
            let example = match task.poll() {
                Poll::Running => {
                    self.compared.reading = Some((id, task));
                    return;
                }
                Poll::Ready(example) => example.map(Arc::new),
                Poll::Lost => None,
            };
            if let Some(row) = self.compared.rows.iter_mut().find(|row| row.id == id) {
                row.example = example;
            }
        }
        // One alone is compared with nothing.
        if self.step != super::Step::Train || self.compared.rows.len() < 2 {
            return;
        }
        if let Some(row) = self.compared.rows.iter_mut().find(|row| !row.sought) {
            row.sought = true;
            let key = row.trained.key.clone();
            let work = move |_: &_| Example::first_of(&key);
            self.compared.reading = Some((row.id.clone(), Task::start(text::READING.into(), &self.wake, work)));
        }
    }

    /// What the finished training that is shown was planned to be; the project's own plan may be another.
    pub fn shown_plan(&self) -> &Plan {
        let key = self.training.trained.as_ref().map(|trained| &trained.key);
        self.compared.rows.iter().find(|row| Some(&row.trained.key) == key).map_or(&self.plan, |row| &row.plan)
    }

    /// Shows an earlier training's figures, keys and curves, and asks its model next.
    pub(super) fn use_training(&mut self, id: &str) {
        let Some(row) = self.compared.rows.iter().find(|row| row.id == id) else { return };
        let trained = row.trained.clone();
        (self.proof.key, self.proof.suspect) = (Some(trained.key.clone()), Some(trained.model.clone()));
        self.training.preview = None;
        self.training.trained = Some(trained);
        self.training.curves = Default::default();
        if let Some(folder) = self.keeper.run_folder(id) {
            self.recall_curves(folder);
        }
    }
}
