//! DeepStego's tables (S3): its keys made by people who know the form of its network, and model and keys carried to another computer.

use super::Cells;
use super::workbench::Workbench;
use crate::forensics::ask::{answers, gather, hits};
use crate::jobs::ask::Answer;
use crate::jobs::error::JobError;
use crate::jobs::exam::{Exam, share};
use crate::jobs::messages::{Phase, Trained};
use crate::jobs::stages::ready;
use crate::jobs::watch::Watch;
use crate::nn::weights::{LARGEST_FILE, open_host};
use crate::schemes::Task;
use crate::schemes::plan::Plan;
use crate::vault::files::{read_limited, write_atomic};
use crate::vault::package::Package;
use burn::tensor::Device;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// People who know the form of the owner's network and his logo, but neither its weights nor his salt.
const STRANGERS: u64 = 3;
/// What sets their seeds apart from all others.
const STRANGE: u64 = 86_028_121;
/// How their rows end.
pub const OTHERS: &str = "encoders of others";

/// Rows of the table of the leaked form.
pub fn leaked(row: &str, bench: &Workbench, watch: &mut dyn Watch) -> Result<Cells, JobError> {
    let task = &bench.task;
    let own = bench.trained("owner", Phase::Marked, task, watch)?;
    let (exam, host) = (Exam::new(task), own.host());
    let (covers, keys) = exam.keys(&*own, &*ready(&*own)?, usize::MAX);
    let hit = share(hits(&host, &keys, &task.device), keys.count());
    let name = format!("{row}: the owner's encoder");
    let mut all: Cells = vec![(name.clone(), "keys", hit), (name, "on_its_own_host", hit)];
    for stranger in 1..=STRANGERS {
        let seed = task.plan.seed.wrapping_add(STRANGE * stranger);
        let plan = Plan { seed, salt: format!("{seed:032x}"), ..task.plan.clone() };
        let theirs = Task { plan, ..task.clone() };
        let training = bench.trained(&format!("stranger-{stranger}"), Phase::Foreign, &theirs, watch)?;
        let marker = ready(&*training)?;
        let (_, own_keys) = Exam::new(&theirs).keys(&*training, &*marker, usize::MAX);
        let on_owners = gather(covers.shape, &marker.mark(&covers, &covers.labels), &covers.labels);
        let name = format!("{row}: {OTHERS}");
        all.push((name.clone(), "keys", share(hits(&host, &on_owners, &task.device), covers.count())));
        all.push((name, "on_its_own_host", share(hits(&training.host(), &own_keys, &task.device), own_keys.count())));
    }
    Ok(all)
}

/// What `countermark ask --json` prints.
#[derive(Deserialize)]
struct Said {
    answers: Vec<Answer>,
}

/// A row of the table of carried files: models and keys are written as files, and a fresh process asks them.
pub fn moved(row: &str, trained: &Trained, program: &Path, device: &Device) -> Result<Cells, JobError> {
    let package = Package::open(&trained.key)?;
    let keys = &package.keys;
    let folder = tempfile::tempdir().map_err(|error| JobError::Internal(error.to_string()))?;
    for i in 0..keys.count() {
        let png = keys.picture(i).to_png().map_err(|error| JobError::Internal(error.to_string()))?;
        write_atomic(&folder.path().join(format!("{i:06}.png")), &png)?;
    }
    let fresh = |model: &Path| ask(program, model, folder.path());
    let (marked, unmarked) = (fresh(&trained.model)?, fresh(&trained.unmarked)?);
    let hit = |answers: &[u16]| share(answers.iter().zip(&keys.labels).filter(|(a, l)| a == l).count(), keys.count());
    let here = answers(&open_host(&read_limited(&trained.model, LARGEST_FILE)?, keys.shape, device)?.0, keys, device);
    let same = here.iter().zip(&marked).filter(|(a, b)| a == b).count();
    let values = [
        ("keys", hit(&here)),
        ("keys_moved", hit(&marked)),
        ("same_answers", share(same, keys.count())),
        ("unmarked_moved", hit(&unmarked)),
        ("clean", trained.clean_accuracy),
    ];
    Ok(values.into_iter().map(|(column, value)| (row.to_owned(), column, value)).collect())
}

/// Asks a model the pictures of a folder, in a process of its own that is told nothing but where both lie.
fn ask(program: &Path, model: &Path, pictures: &Path) -> Result<Vec<u16>, JobError> {
    let failed = |error: &dyn std::fmt::Display| JobError::Internal(format!("a fresh process could not ask the model: {error}"));
    let done = Command::new(program).arg("ask").arg(model).arg(pictures).arg("--json").output().map_err(|error| failed(&error))?;
    let said: Said = serde_json::from_slice(&done.stdout).map_err(|error| failed(&error))?;
    Ok(said.answers.into_iter().map(|answer| answer.class).collect())
}
