//! What the program remembers between starts, apart from any project: theme, recent projects, the window's layout.

use super::{ProjectError, make_folder};
use crate::nn::device::DeviceChoice;
use crate::vault::files::{FileError, read_limited, write_atomic};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How many recent projects are remembered.
const RECENT: usize = 10;
/// Largest settings file that is read, bytes.
const LIMIT: u64 = 4 << 20;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The remembered settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSettings {
    /// Light or dark.
    pub theme: Theme,
    /// What shall compute.
    pub device: DeviceChoice,
    /// Folders of projects, the latest first.
    pub recent: Vec<PathBuf>,
    /// The window's layout, as the window writes it.
    pub layout: Option<String>,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl AppSettings {
    /// The folder of the settings on this system; `None` where the system names no home.
    pub fn folder() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "countermark").map(|dirs| dirs.config_dir().to_owned())
    }

    /// Reads the settings in `folder`. Settings that cannot be used are set aside as settings.broken.json, and the second value
    /// says so in a sentence; the defaults hold then.
    pub fn load(folder: &Path) -> (Self, Option<String>) {
        let path = folder.join("settings.json");
        let bytes = match read_limited(&path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Default::default(),
            Err(error) => return (Self::default(), Some(error.to_string())),
        };
        match serde_json::from_slice(&bytes) {
            Ok(settings) => (settings, None),
            Err(error) => {
                let aside = folder.join("settings.broken.json");
                let kept = std::fs::rename(&path, &aside).map_err(|e| FileError::writing(&aside, e).to_string());
                let kept = kept.map_or_else(|e| e, |()| format!("The old ones are kept as {}", aside.display()));
                (
                    Self::default(),
                    Some(format!("The settings of the window could not be read ({error}), so the usual ones are used. {kept}")),
                )
            }
        }
    }

    /// Writes the settings into `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// A disk that is full or not writable.
    pub fn save(&self, folder: &Path) -> Result<(), ProjectError> {
        make_folder(folder)?;
        let path = folder.join("settings.json");
        let text = serde_json::to_vec_pretty(self).map_err(|e| FileError::writing(&path, e.into()))?;
        Ok(write_atomic(&path, &text)?)
    }

    /// Puts a project at the top of the recent ones.
    pub fn remember(&mut self, project: &Path) {
        self.recent.retain(|p| p != project);
        self.recent.insert(0, project.to_owned());
        self.recent.truncate(RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_with_unknown_fields() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("a/b");
        assert_eq!(AppSettings::load(&config), (AppSettings::default(), None));
        let mut settings = AppSettings { theme: Theme::Dark, layout: Some("{}".into()), ..Default::default() };
        settings.other.insert("zoom".into(), 2.into());
        settings.save(&config).unwrap();
        assert_eq!(AppSettings::load(&config), (settings, None));
    }

    #[test]
    fn broken_settings_are_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.json"), "{\"theme\":").unwrap();
        let (settings, said) = AppSettings::load(folder.path());
        assert_eq!(settings, AppSettings::default());
        assert!(said.unwrap().contains("settings.broken.json"));
        assert_eq!(std::fs::read_to_string(folder.path().join("settings.broken.json")).unwrap(), "{\"theme\":");
    }

    #[test]
    fn recent_projects_are_few_and_once() {
        let mut settings = AppSettings::default();
        (0..30).for_each(|i| settings.remember(Path::new(&format!("/p{}", i % 12))));
        assert_eq!(settings.recent.len(), RECENT);
        assert_eq!(settings.recent[0], Path::new("/p5"));
        settings.remember(Path::new("/p3"));
        assert_eq!(settings.recent[..2], [PathBuf::from("/p3"), PathBuf::from("/p5")]);
    }
}
