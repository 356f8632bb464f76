//! What a claimant must not choose is made again from logo, owner and salt: labels and key pictures of a package.
//!
//! The data set is not needed: labels follow from the covers' classes, keys from covers and encoder. Which pictures became covers
//! can only be recomputed with the data set. What the package says of the foreign encoders' learning is checked by nobody: neither they
//! nor their models are in it. Their keys are, so how much they change the pictures is measured again, and the report says which is which.

use super::ask::{AskError, gather};
use super::words;
use crate::data::Samples;
use crate::data::logo::Logo;
use crate::nn::weights::WeightMap;
use crate::schemes::plan::Plan;
use crate::schemes::{self, Marker};
use crate::vault::package::Package;
use burn::tensor::Device;
use std::collections::BTreeSet;

/// Another machine may round a pixel of a key the other way.
const ROUNDING: u8 = 1;

/// Keys made again, what makes them, and what does not fit, as sentences.
pub(super) struct Recheck {
    /// The keys to ask: those made now where they are the package's but for rounding, so that not even that is free.
    pub keys: Samples,
    /// Makes further keys.
    pub marker: Box<dyn Marker>,
    /// What the marker's file holds.
    pub saved: WeightMap,
    /// What of the package is not what its plan gives.
    pub faults: Vec<String>,
}

/// Makes labels and keys of a package again.
///
/// # Errors
/// A plan or encoder that cannot be used at all.
pub(super) fn recheck(package: &Package, plan: &Plan, device: &Device) -> Result<Recheck, AskError> {
    let manifest = &package.manifest;
    schemes::check_settings(&plan.scheme)?;
    let mut faults = Vec::new();
    let logo = Logo::from_picture(&manifest.logo, package.logo.clone());
    if logo.digest != manifest.logo_digest {
        faults.push(words::OTHER_LOGO.to_owned());
    }
    let saved = WeightMap::from_safetensors(&package.marker).map_err(|e| AskError::Package(e.to_string()))?;
    let wanted = schemes::key_labels(plan, &manifest.logo_digest, manifest.classes.len(), Some(&saved), &package.covers.labels);
    if wanted != package.keys.labels {
        faults.push(words::OTHER_LABELS.to_owned());
    }
    if manifest.covers.iter().collect::<BTreeSet<_>>().len() < manifest.covers.len() {
        faults.push(words::REPEATED_COVERS.to_owned());
    }
    let logo = Logo { digest: manifest.logo_digest.clone(), ..logo };
    let marker = schemes::marker(plan, &logo, manifest.classes.len(), manifest.shape, &saved, device)?;
    let again = gather(manifest.shape, &marker.mark(&package.covers, &package.keys.labels), &package.keys.labels);
    let alike = again.pixels.len() == package.keys.pixels.len()
        && again.pixels.iter().zip(&package.keys.pixels).all(|(a, b)| a.abs_diff(*b) <= ROUNDING);
    if !alike {
        faults.push(words::OTHER_KEYS.to_owned());
    }
    let keys = if alike { again } else { package.keys.clone() };
    Ok(Recheck { keys, marker, saved, faults })
}

/// The foreign encoders' keys that are a control at all: marked, and no two the same.
pub(super) fn foreign(package: &Package) -> Vec<(&str, &Samples)> {
    let mut kept: Vec<(&str, &Samples)> = Vec::new();
    for (name, keys) in package.manifest.foreign.iter().zip(&package.foreign) {
        if keys.pixels != package.covers.pixels && kept.iter().all(|(_, other)| other.pixels != keys.pixels) {
            kept.push((name, keys));
        }
    }
    kept
}
