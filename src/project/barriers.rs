//! The image barriers of this user: a folder each, which holds what its training was started with, so that it can go on after any end of
//! the program, and what came out. They belong to no project: pictures are marked with the same barrier for years.

use crate::data::logo::{Logo, LogoOptions};
use crate::data::tasks::Task;
use crate::schemes::barrier::Settings;
use crate::vault::files::{FileError, read_limited, write_private};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that says what a barrier is made from.
const ORDER: &str = "order.json";
/// Largest file of that kind that is read, bytes.
const LARGEST_ORDER: u64 = 1 << 20;
/// Name of the copy of the logo, before its ending.
const LOGO: &str = "logo";
/// Largest logo that is read, bytes.
const LARGEST_LOGO: u64 = 64 << 20;

/// What a barrier is made from, as its folder keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BarrierOrder {
    /// Where the photographs lie.
    pub photographs: PathBuf,
    /// The logo's name.
    pub logo_name: String,
    /// File name of its copy in the folder.
    pub logo_file: String,
    /// How it is placed.
    pub logo_options: LogoOptions,
    /// Hyper-parameters.
    pub settings: Settings,
    /// What the protected network is said to do.
    pub task: Task,
    /// Seed of all choices.
    pub seed: u64,
    /// Whether thieves are tried on the finished barrier.
    pub thieves: bool,
    /// When it was begun, RFC 3339.
    pub begun: String,
    /// Whether the user gave it up.
    #[serde(default)]
    pub given_up: bool,
}

/// A folder with a barrier, finished or not.
#[derive(Debug, Clone, PartialEq)]
pub struct BarrierFolder {
    /// Where it lies.
    pub folder: PathBuf,
    /// What it is made from.
    pub order: BarrierOrder,
}

impl BarrierFolder {
    /// The folders with barriers in `home`, the newest first; those that cannot be read are passed over.
    pub fn list(home: &Path) -> Vec<Self> {
        let folders = std::fs::read_dir(home).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut all: Vec<Self> = folders.filter_map(|folder| Self::open(&folder)).collect();
        all.sort_by(|a, b| b.order.begun.cmp(&a.order.begun));
        all
    }

    /// The barrier in this folder.
    pub fn open(folder: &Path) -> Option<Self> {
        let order = serde_json::from_slice(&read_limited(&folder.join(ORDER), LARGEST_ORDER).ok()?).ok()?;
        Some(Self { folder: folder.to_owned(), order })
    }

    /// Makes a folder in `home` for a new barrier, named after its logo, with a copy of the logo's drawing.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn create(home: &Path, drawing: &[u8], mut order: BarrierOrder) -> Result<Self, FileError> {
        let name = Path::new(&order.logo_name);
        let stem: String = name.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let stem: String = stem.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).take(40).collect();
        let stem = if stem.trim().is_empty() { LOGO } else { stem.trim() };
        let folder = std::iter::once(home.join(stem))
            .chain((2..10_000).map(|i| home.join(format!("{stem} {i}"))))
            .find(|folder| !folder.exists())
            .unwrap_or_else(|| home.join(stem));
        std::fs::create_dir_all(&folder).map_err(|e| FileError::writing(&folder, e))?;
        order.logo_file = match name.extension() {
            Some(ending) => format!("{LOGO}.{}", ending.to_string_lossy()),
            None => LOGO.to_owned(),
        };
        write_private(&folder.join(&order.logo_file), drawing)?;
        let kept = Self { folder, order };
        kept.save()?;
        Ok(kept)
    }

    /// Writes down what it is made from.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self) -> Result<(), FileError> {
        let text = serde_json::to_vec_pretty(&self.order).unwrap_or_default();
        write_private(&self.folder.join(ORDER), &text)
    }

    /// The logo, prepared again from its copy.
    ///
    /// # Errors
    /// A copy that is gone or damaged, a sentence.
    pub fn logo(&self) -> Result<Logo, String> {
        // No file from outside chooses a path: only the name counts.
        let name = Path::new(&self.order.logo_file).file_name().unwrap_or_default();
        let bytes = read_limited(&self.folder.join(name), LARGEST_LOGO).map_err(|e| e.to_string())?;
        Logo::from_bytes(&self.order.logo_name, &bytes, &self.order.logo_options).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(name: &str, begun: &str) -> BarrierOrder {
        BarrierOrder {
            photographs: "/photos".into(),
            logo_name: name.into(),
            logo_file: String::new(),
            logo_options: LogoOptions::default(),
            settings: Settings::default(),
            task: Task::default(),
            seed: 4,
            thieves: true,
            begun: begun.into(),
            given_up: false,
        }
    }

    #[test]
    fn what_a_barrier_is_made_from_comes_back_with_its_logo() {
        let home = tempfile::tempdir().unwrap();
        let (name, drawing) = crate::data::sample_logos()[0];
        let first = BarrierFolder::create(home.path(), drawing, order(name, "2026-01-01T00:00:00Z")).unwrap();
        let second = BarrierFolder::create(home.path(), drawing, order(name, "2026-01-02T00:00:00Z")).unwrap();
        std::fs::create_dir(home.path().join("something else")).unwrap();
        std::fs::write(home.path().join("notes.txt"), b"words").unwrap();
        assert_eq!(BarrierFolder::list(home.path()), [second, first.clone()]);
        assert_eq!(first.logo().unwrap().digest, Logo::from_bytes(name, drawing, &LogoOptions::default()).unwrap().digest);
    }

    #[test]
    fn a_logo_cannot_choose_another_folder() {
        let home = tempfile::tempdir().unwrap();
        let (_, drawing) = crate::data::sample_logos()[0];
        let mut kept = BarrierFolder::create(home.path(), drawing, order("../../a/b.svg", "2026")).unwrap();
        assert_eq!(kept.folder.parent(), Some(home.path()));
        kept.order.logo_file = "../../../etc/passwd".into();
        assert!(kept.logo().is_err());
    }
}
