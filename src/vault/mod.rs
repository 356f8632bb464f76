//! What is kept secret and what a judge can recompute: key derivation, the key package, files. No tensor, no window.

pub mod derive;
pub mod files;
pub mod package;
