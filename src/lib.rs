//! Countermark marks neural networks with their owner's logo and proves later, in words, that a suspect model is theirs.
//!
//! The floors, from the top: `app` and `cli` stand on `jobs` and `project`, these on `forensics` and `attacks`, these on
//! `schemes`, these on `vault` and `nn`, these on `data` and `metrics`. docs/ARCHITECTURE.md says what each room is for;
//! tests/layers.rs fails when an arrow runs up.

pub mod app;
pub mod attacks;
pub mod cli;
pub mod data;
pub mod forensics;
pub mod jobs;
pub mod metrics;
pub mod nn;
pub mod project;
pub mod schemes;
pub mod vault;
