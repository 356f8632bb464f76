//! A logo: what the owner dropped, and the square picture that a network sees.

use super::Picture;

/// A logo ready for a network: its drawing at full size with the owner's choices applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    /// A name for people (file name).
    pub name: String,
    /// SHA-256 of the prepared picture with its measures, hexadecimal: what keys are derived from.
    pub digest: String,
    /// The prepared logo, square colour picture of up to 512 pixels a side.
    pub picture: Picture,
}
