//! What a verification rests on: suspects, questions, controls, verdict.
//!
//! `ask` puts the questions of a key package to a suspect and its controls; `judge` turns counts into a verdict by the rules of
//! the claim; `words` says it. `report` is what comes out.

pub mod ask;
pub mod judge;
mod recheck;
pub mod report;
mod words;
