//! What project.json holds. Fields that this version does not know are kept and written back.

use crate::data::{Format, OpenOptions};
use crate::forensics::report::Verdict;
use crate::schemes::plan::Plan;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The version of project.json that this program writes. Version 1 held the salts of the plans.
pub const VERSION: u64 = 2;

/// The user's document. Entries are named by ids ("logo-2") that are never given twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Version of the format.
    pub version: u64,
    /// What the project is called.
    pub name: String,
    /// Who owns the models, as it shall stand in claims.
    #[serde(default)]
    pub owner: String,
    /// When the project was made, RFC 3339.
    pub created: String,
    /// Number that the next id gets.
    pub next_id: u64,
    /// Data sets that were dropped, by reference.
    #[serde(default)]
    pub datasets: Vec<DatasetRef>,
    /// Id of the chosen data set.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Logos that were dropped.
    #[serde(default)]
    pub logos: Vec<LogoRef>,
    /// Id of the chosen logo.
    #[serde(default)]
    pub logo: Option<String>,
    /// What shall be trained next.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// Ids of schemes that shall be trained after it, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queue: Vec<String>,
    /// Trainings, the oldest first.
    #[serde(default)]
    pub runs: Vec<RunRef>,
    /// Verifications, the oldest first.
    #[serde(default)]
    pub reports: Vec<ReportRef>,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A data set, stored by reference and digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// Its id in this project; empty until it is added.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it lies; `None` for the embedded sample.
    pub path: Option<PathBuf>,
    /// `data::Dataset::digest` at the time it was added.
    pub digest: String,
    /// What it was recognised as.
    pub format: Format,
    /// What it holds, a sentence.
    pub summary: String,
    /// How its pictures are opened: side, channels, split. Missing where nothing was chosen, and in files of earlier versions.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub opening: OpenOptions,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn is_usual(opening: &OpenOptions) -> bool {
    *opening == OpenOptions::default()
}

/// A logo with the owner's choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogoRef {
    /// Its id in this project; empty until it is added.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where its drawing lies.
    pub source: LogoSource,
    /// Background, fit, padding, as the `data` room defines them.
    pub options: Value,
    /// `data::logo::Logo::digest` of the prepared picture.
    pub digest: String,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where a logo's drawing lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LogoSource {
    /// One of the logos inside the program.
    Sample {
        /// Its name there.
        name: String,
    },
    /// A copy in the project's folder `logos`.
    Copy {
        /// File name there, without folders.
        file: String,
    },
}

/// A training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRef {
    /// Its id in this project; its files lie in `runs/<id>`.
    pub id: String,
    /// What it trains.
    pub plan: Plan,
    /// Id of the data set.
    pub dataset: Option<String>,
    /// Id of the logo.
    pub logo: Option<String>,
    /// How far it is.
    pub state: RunState,
    /// When it was added, RFC 3339.
    pub created: String,
    /// Files and figures of a finished training (`jobs::Trained` as JSON).
    #[serde(default)]
    pub trained: Option<Value>,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Not begun.
    Planned,
    /// A worker is at it, or was when the program ended.
    Running,
    /// Ended before its plan did; can be resumed.
    Stopped,
    /// Ended as planned.
    Done,
    /// Ended with an error.
    Failed,
}

/// A verification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportRef {
    /// Its id in this project; its files lie in `reports/<id>`.
    pub id: String,
    /// Name for people (the suspect's file name).
    pub name: String,
    /// What it concluded.
    pub verdict: Verdict,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Why a text is no project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Written by a later version.
    #[error(
        "This project was made by a newer version of Countermark (its format is {found}, this program knows {VERSION}). \
         Install the newer version to open it; nothing was changed."
    )]
    Newer {
        /// The version found.
        found: u64,
    },
    /// Not JSON, or not what a project holds.
    #[error(
        "The project file is damaged and was left as it is: {0}. If you have a copy of project.json, put it back and open the project again."
    )]
    Broken(String),
    /// Something that JSON cannot hold: a path whose name is not text.
    #[error(
        "The project could not be saved, because the name of a file in it is not readable text ({0}). Rename that file or folder and add it again."
    )]
    NotText(String),
}

impl Document {
    /// A new, empty document.
    pub fn new(name: &str) -> Self {
        Document {
            version: VERSION,
            name: name.to_owned(),
            owner: String::new(),
            created: super::now(),
            next_id: 1,
            datasets: Vec::new(),
            dataset: None,
            logos: Vec::new(),
            logo: None,
            plan: None,
            queue: Vec::new(),
            runs: Vec::new(),
            reports: Vec::new(),
            other: Map::new(),
        }
    }

    /// Reads the content of a project.json.
    ///
    /// # Errors
    /// A newer version, or a text that is no project; names that would lead out of the project's folder count as damage.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let broken = |e: serde_json::Error| DocumentError::Broken(e.to_string());
        let value: Value = serde_json::from_slice(bytes).map_err(broken)?;
        match value.get("version").and_then(Value::as_u64) {
            None => return Err(DocumentError::Broken("it does not say its version".into())),
            Some(found) if found > VERSION => return Err(DocumentError::Newer { found }),
            Some(_) => {}
        }
        let mut document: Document = serde_json::from_value(value).map_err(broken)?;
        document.version = VERSION;
        document.check_names()?;
        Ok(document)
    }

    /// The document as JSON; a project saves it without the salts.
    ///
    /// # Errors
    /// A path that is not Unicode, which JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>, DocumentError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| DocumentError::NotText(e.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The next free id with this prefix.
    pub fn fresh_id(&mut self, prefix: &str) -> String {
        let id = format!("{prefix}-{}", self.next_id);
        self.next_id += 1;
        id
    }

    /// The chosen data set.
    pub fn chosen_dataset(&self) -> Option<&DatasetRef> {
        self.datasets.iter().find(|d| Some(&d.id) == self.dataset.as_ref())
    }

    /// The chosen logo.
    pub fn chosen_logo(&self) -> Option<&LogoRef> {
        self.logos.iter().find(|l| Some(&l.id) == self.logo.as_ref())
    }

    /// The training with this id.
    pub fn run(&self, id: &str) -> Option<&RunRef> {
        self.runs.iter().find(|r| r.id == id)
    }

    /// The training with this id, to be changed.
    pub fn run_mut(&mut self, id: &str) -> Option<&mut RunRef> {
        self.runs.iter_mut().find(|r| r.id == id)
    }

    /// Folders are made from these names, and a project may come from a stranger.
    fn check_names(&self) -> Result<(), DocumentError> {
        let ids = (self.datasets.iter().map(|d| &d.id))
            .chain(self.logos.iter().map(|l| &l.id))
            .chain(self.runs.iter().map(|r| &r.id))
            .chain(self.reports.iter().map(|r| &r.id));
        let mut seen = std::collections::HashSet::new();
        for id in ids {
            let plain = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !plain || !seen.insert(id) {
                return Err(DocumentError::Broken(format!("“{}” cannot be the name of an entry", id.escape_debug())));
            }
        }
        for logo in &self.logos {
            if let LogoSource::Copy { file } = &logo.source
                && (Path::new(file).file_name().is_none_or(|name| name != file.as_str()) || file.contains(['/', '\\', ':']))
            {
                return Err(DocumentError::Broken(format!("“{}” cannot be the file of a logo", file.escape_debug())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_kept() {
        let text = br#"{"version":1,"name":"n","created":"2026-01-01T00:00:00Z","next_id":3,"colour":"blue",
            "datasets":[{"id":"data-1","name":"d","path":null,"digest":"0","format":"sample","summary":"s","weight":7}]}"#;
        let document = Document::parse(text).unwrap();
        let again: Value = serde_json::from_slice(&document.to_json().unwrap()).unwrap();
        assert_eq!(again["colour"], "blue");
        assert_eq!(again["datasets"][0]["weight"], 7);
        assert_eq!(Document::parse(&document.to_json().unwrap()).unwrap(), document);
    }

    #[test]
    fn how_pictures_are_opened_is_kept_and_older_files_say_nothing() {
        let text = |opening: &str| {
            let set = r#""id":"data-1","name":"d","path":"/d","digest":"0","format":"folder","summary":"s""#;
            format!(r#"{{"version":2,"name":"n","created":"2026-01-01T00:00:00Z","next_id":2,"datasets":[{{{set}{opening}}}]}}"#)
        };
        let old = Document::parse(text("").as_bytes()).unwrap();
        assert_eq!(old.datasets[0].opening, OpenOptions::default());
        assert!(!String::from_utf8(old.to_json().unwrap()).unwrap().contains("opening"), "nothing new where nothing was chosen");
        let chosen = Document::parse(text(r#","opening":{"side":64,"channels":1}"#).as_bytes()).unwrap();
        assert_eq!(chosen.datasets[0].opening, OpenOptions { side: Some(64), channels: Some(1), ..OpenOptions::default() });
        assert_eq!(Document::parse(&chosen.to_json().unwrap()).unwrap(), chosen);
    }

    #[test]
    fn a_newer_version_is_refused_even_if_it_looks_different() {
        let error = Document::parse(br#"{"version":3,"title":"n"}"#).unwrap_err();
        assert_eq!(error, DocumentError::Newer { found: 3 });
        assert!(error.to_string().contains("newer version"));
    }

    #[test]
    fn damage_is_named() {
        for text in ["", "{", "[]", r#"{"version":"1"}"#, r#"{"version":1,"name":5}"#] {
            assert!(matches!(Document::parse(text.as_bytes()), Err(DocumentError::Broken(_))), "{text}");
        }
    }

    #[test]
    fn names_cannot_lead_out_of_the_folder() {
        let mut document = Document::new("n");
        let logo = |id: &str, file: &str| LogoRef {
            id: id.into(),
            name: "l".into(),
            source: LogoSource::Copy { file: file.into() },
            options: Value::Null,
            digest: "0".into(),
            other: Map::new(),
        };
        for (id, file) in [
            ("../x", "a.png"),
            ("", "a.png"),
            ("a/b", "a.png"),
            ("logo-1", "../a.png"),
            ("logo-1", ".."),
            ("logo-1", "C:\\a"),
            ("logo-1", ""),
        ] {
            document.logos = vec![logo(id, file)];
            assert!(Document::parse(&document.to_json().unwrap()).is_err(), "{id} {file}");
        }
        document.logos = vec![logo("logo-1", "a.png"), logo("logo-1", "b.png")];
        assert!(Document::parse(&document.to_json().unwrap()).is_err(), "the same id twice");
        document.logos.pop();
        assert!(Document::parse(&document.to_json().unwrap()).is_ok());
    }
}
