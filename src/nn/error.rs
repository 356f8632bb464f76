//! What can be wrong with what a network is given.

use thiserror::Error;

/// Numbers of a shape that a network cannot take. The text is for the user.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("The shapes do not fit: {what} needs {needed}, but was given {found:?}. Choose pictures of that size.")]
pub struct ShapeError {
    what: &'static str,
    needed: String,
    found: Vec<usize>,
}

impl ShapeError {
    /// `what` cannot take the shape `found`, because it needs the shape described by `needed`.
    pub(crate) fn new(what: &'static str, needed: String, found: &[usize]) -> Self {
        Self { what, needed, found: found.to_vec() }
    }
}
