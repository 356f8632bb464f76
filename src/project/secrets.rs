//! What project.json must not tell: the salts of the plans, in a file of their own among the keys that only its owner can read.
//!
//! With logo, owner and salt anybody derives covers and labels, and project.json is read by all and sent around. A document in memory
//! has its salts; [`Document::without_secrets`] is what is saved, and [`Document::take_secrets`] puts them back.

use super::{Document, ProjectError};
use crate::vault::files::{read_limited, write_private};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file, below the project's folder.
const FILE: &str = "keys/salts.json";
/// Largest such file that is read, bytes.
const LIMIT: u64 = 4 << 20;

/// The salts of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Secrets {
    /// That of the plan.
    plan: Option<String>,
    /// Those of the trainings, by id.
    runs: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads those of the project in `folder`; without the file there are none.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds something else.
    pub fn load(folder: &Path) -> Result<Secrets, ProjectError> {
        let path = file(folder);
        match read_limited(&path, LIMIT) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| ProjectError::Secrets { reason: e.to_string(), path }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Secrets::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes them, readable by their owner only.
    ///
    /// # Errors
    /// A disk that is full, gone or not writable.
    pub fn save(&self, folder: &Path) -> Result<(), ProjectError> {
        let path = file(folder);
        let text = serde_json::to_vec_pretty(self).map_err(|e| ProjectError::Secrets { reason: e.to_string(), path: path.clone() })?;
        Ok(write_private(&path, &text)?)
    }

    /// These and those of the document. What the document has no more stays until the project is opened again: were it dropped
    /// first and the document then not saved, a training would lose its salt.
    pub fn with(&self, document: &Document) -> Secrets {
        let mut all = self.clone();
        if let Some(plan) = &document.plan {
            all.plan = Some(plan.salt.clone());
        }
        all.runs.extend(document.runs.iter().map(|run| (run.id.clone(), run.plan.salt.clone())));
        all
    }
}

impl Document {
    /// The document as it may be read by others.
    pub(super) fn without_secrets(&self) -> Document {
        let mut open = self.clone();
        open.plan.iter_mut().for_each(|plan| plan.salt.clear());
        open.runs.iter_mut().for_each(|run| run.plan.salt.clear());
        open
    }

    /// Gives each plan that has none its salt; a plan of which nothing was trained yet gets a new one where none is known.
    /// Tells whether the document brought salts of its own, as those of earlier versions do.
    pub(super) fn take_secrets(&mut self, secrets: &Secrets) -> bool {
        let mut brought = false;
        let mut give = |salt: &mut String, known: Option<&String>| {
            brought |= !salt.is_empty();
            if let (true, Some(known)) = (salt.is_empty(), known) {
                salt.clone_from(known);
            }
        };
        for run in &mut self.runs {
            give(&mut run.plan.salt, secrets.runs.get(&run.id));
        }
        if let Some(plan) = &mut self.plan {
            give(&mut plan.salt, secrets.plan.as_ref());
            if plan.salt.is_empty() {
                plan.salt = format!("{:032x}", rand::random::<u128>());
            }
        }
        brought
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
