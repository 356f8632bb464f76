//! `countermark ask`: what a model says to pictures, without any key or verdict.

use super::{End, Failure};
use crate::jobs::ask::ask as asked;
use serde_json::json;
use std::path::{Path, PathBuf};

pub fn ask(model: &Path, pictures: &[PathBuf], json: bool) -> Result<End, Failure> {
    let answers = asked(model, pictures)?;
    match json {
        true => say!("{}", json!({"answers": answers})),
        false => answers.iter().for_each(|answer| say!("{:>5}  {}", answer.class, answer.file.display())),
    }
    Ok(End::Reached)
}
