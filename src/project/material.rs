//! The pictures and the logo that a training began with, fetched again from where the project knows them to lie.
//!
//! `Project::material` says where that is, without reading anything; `Material::fetch` reads and compares fingerprints, and may take
//! long: it needs no project, so that it can be done on another thread.

use super::{DatasetRef, LogoRef, LogoSource, Project};
use crate::data::logo::{Logo, LogoOptions};
use crate::data::{self, DataError, Dataset};
use std::path::PathBuf;

/// Where the pictures and the logo of a training lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// The data set as the project knows it.
    pub dataset: DatasetRef,
    /// The logo as the project knows it.
    pub logo: LogoRef,
    /// SHA-256 that the data set must have.
    pub dataset_digest: String,
    /// SHA-256 that the placed logo must have.
    pub logo_digest: String,
    drawing: Option<PathBuf>,
}

/// Why pictures or logo of a training cannot be had again; each text is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MaterialError {
    /// The project has no data set for it.
    #[error("The project does not know the pictures of this training. Open a data set first, then begin a new training.")]
    NoDataset,
    /// The project has no logo for it.
    #[error("The project does not know the logo of this training. Choose a logo first, then begin a new training.")]
    NoLogo,
    /// The pictures cannot be opened any more.
    #[error("The pictures of this training, “{name}”, cannot be opened. Put them back where they were, or begin anew. {error}")]
    Dataset {
        /// What the data set is called.
        name: String,
        /// What opening said.
        error: DataError,
    },
    /// Other pictures lie there now.
    #[error(
        "The pictures of this training, “{name}”, have changed since it began. Put the earlier ones back to go on with it, or begin anew: {}",
        .path.as_ref().map_or_else(|| "built in".to_owned(), |path| path.display().to_string())
    )]
    DatasetChanged {
        /// What the data set is called.
        name: String,
        /// Where it lies.
        path: Option<PathBuf>,
    },
    /// The logo cannot be drawn any more.
    #[error("The logo of this training, “{name}”, cannot be opened. Put its file back into the project, or begin anew. {error}")]
    Logo {
        /// What the logo is called.
        name: String,
        /// What drawing it said.
        error: DataError,
    },
    /// This version has no such built-in logo.
    #[error("The logo of this training, “{0}”, was built into the version that began it and is not in this one. Begin anew with another.")]
    LogoGone(String),
    /// The logo looks otherwise now.
    #[error("The logo of this training, “{0}”, looks otherwise now than when it began. Put the earlier drawing back, or begin anew.")]
    LogoChanged(String),
    /// The user stopped it.
    #[error("Fetching the pictures was stopped")]
    Cancelled,
}

impl MaterialError {
    /// A word for scripts, as it stands in `{error: {kind, message}}`.
    pub fn kind(&self) -> &'static str {
        match self {
            MaterialError::NoDataset | MaterialError::NoLogo => "plan",
            MaterialError::Dataset { error, .. } => error.kind(),
            MaterialError::DatasetChanged { .. } => "data",
            MaterialError::Logo { .. } | MaterialError::LogoGone(_) | MaterialError::LogoChanged(_) => "logo",
            MaterialError::Cancelled => "cancelled",
        }
    }
}

impl Project {
    /// Where the data set and the logo with these ids lie.
    ///
    /// # Errors
    /// An id that is missing, or that the project does not know.
    pub fn material(&self, dataset: Option<&str>, logo: Option<&str>) -> Result<Material, MaterialError> {
        let document = self.document();
        let dataset = document.datasets.iter().find(|set| Some(set.id.as_str()) == dataset).ok_or(MaterialError::NoDataset)?.clone();
        let logo = document.logos.iter().find(|known| Some(known.id.as_str()) == logo).ok_or(MaterialError::NoLogo)?.clone();
        let drawing = self.logo_file(&logo.id);
        Ok(Material { dataset_digest: dataset.digest.clone(), logo_digest: logo.digest.clone(), dataset, logo, drawing })
    }
}

impl Material {
    /// Reads the logo, then the pictures. `progress` hears the share done (0..1) and answers whether to go on.
    ///
    /// # Errors
    /// What has moved, changed or cannot be read.
    pub fn fetch(&self, progress: &mut dyn FnMut(f32) -> bool) -> Result<(Dataset, Logo), MaterialError> {
        let logo = self.logo()?;
        Ok((self.dataset(progress)?, logo))
    }

    /// Reads the pictures.
    ///
    /// # Errors
    /// Pictures that have moved, changed or cannot be read.
    pub fn dataset(&self, progress: &mut dyn FnMut(f32) -> bool) -> Result<Dataset, MaterialError> {
        let DatasetRef { name, path, opening, .. } = &self.dataset;
        let opened = match path {
            Some(path) => data::open(path, opening, progress),
            None => data::sample(),
        };
        match opened {
            Ok(set) if set.digest == self.dataset_digest => Ok(set),
            Ok(_) => Err(MaterialError::DatasetChanged { name: name.clone(), path: path.clone() }),
            Err(DataError::Cancelled) => Err(MaterialError::Cancelled),
            Err(error) => Err(MaterialError::Dataset { name: name.clone(), error }),
        }
    }

    /// Draws the logo as it was placed.
    ///
    /// # Errors
    /// A drawing that is gone, changed or cannot be read.
    pub fn logo(&self) -> Result<Logo, MaterialError> {
        let name = &self.logo.name;
        let options: LogoOptions = serde_json::from_value(self.logo.options.clone()).unwrap_or_default();
        let drawn = match (&self.logo.source, &self.drawing) {
            (LogoSource::Copy { .. }, Some(path)) => Logo::open(path, &options),
            (LogoSource::Copy { .. }, None) => return Err(MaterialError::LogoGone(name.clone())),
            (LogoSource::Sample { name: wanted }, _) => {
                let all = data::sample_logos();
                let (known, bytes) = all.iter().find(|(known, _)| known == wanted).ok_or_else(|| MaterialError::LogoGone(name.clone()))?;
                Logo::from_bytes(known, bytes, &options).map_err(|reason| DataError::Picture { reason, path: PathBuf::from(known) })
            }
        };
        match drawn {
            Ok(logo) if logo.digest == self.logo_digest => Ok(Logo { name: name.clone(), ..logo }),
            Ok(_) => Err(MaterialError::LogoChanged(name.clone())),
            Err(error) => Err(MaterialError::Logo { name: name.clone(), error }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::OpenOptions;
    use std::path::Path;

    /// A folder with two classes of ten pictures.
    fn pictures(folder: &Path) {
        let sample = data::sample().unwrap();
        for (class, place) in ["ant", "bee"].into_iter().flat_map(|class| (0..10).map(move |place| (class, place))) {
            std::fs::create_dir_all(folder.join(class)).unwrap();
            std::fs::write(folder.join(class).join(format!("{place}.png")), sample.train.picture(place).to_png().unwrap()).unwrap();
        }
    }

    #[test]
    fn pictures_and_logo_come_back_as_they_were_opened_and_what_moved_or_changed_is_said() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("Holiday");
        pictures(&folder);
        let opening = OpenOptions { side: Some(64), channels: Some(3), ..OpenOptions::default() };
        let set = data::open(&folder, &opening, &mut |_| true).unwrap();
        let (_, drawing) = data::sample_logos()[1];
        let options = LogoOptions { padding: 20, ..LogoOptions::default() };
        let logo = Logo::from_bytes("mark.svg", drawing, &options).unwrap();
        let mut project = Project::create(&home.path().join("project"), "p").unwrap();
        let data_id = project.add_dataset(&set, &opening, "s").unwrap();
        let logo_id = project.add_logo("mark.svg", "svg", drawing, serde_json::to_value(options).unwrap(), &logo.digest).unwrap();
        let material = project.material(Some(&data_id), Some(&logo_id)).unwrap();
        let (again, drawn) = material.fetch(&mut |_| true).unwrap();
        assert_eq!((again.shape().to_string(), again.digest, drawn.digest), ("64x64 colour".into(), set.digest, logo.digest));
        assert_eq!(material.dataset(&mut |_| false).unwrap_err(), MaterialError::Cancelled);
        assert_eq!(project.material(None, Some(&logo_id)), Err(MaterialError::NoDataset));
        assert_eq!(project.material(Some(&data_id), Some("logo-9")), Err(MaterialError::NoLogo));

        std::fs::remove_file(folder.join("bee/3.png")).unwrap();
        let changed = material.dataset(&mut |_| true).unwrap_err();
        assert!(changed.to_string().contains("“Holiday”, have changed since it began"), "{changed}");
        std::fs::rename(&folder, home.path().join("elsewhere")).unwrap();
        let moved = material.dataset(&mut |_| true).unwrap_err();
        assert_eq!(moved.kind(), "not_found");
        assert!(moved.to_string().contains("Put them back where they were") && moved.to_string().contains("Holiday"), "{moved}");
        std::fs::write(project.logo_file(&logo_id).unwrap(), data::sample_logos()[0].1).unwrap();
        assert_eq!(material.logo().unwrap_err(), MaterialError::LogoChanged("mark.svg".into()));
        std::fs::remove_file(project.logo_file(&logo_id).unwrap()).unwrap();
        assert!(material.logo().unwrap_err().to_string().contains("cannot be opened"));
    }
}
