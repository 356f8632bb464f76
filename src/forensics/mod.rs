//! What a verification rests on: suspects, questions, controls, verdict.

pub mod report;
