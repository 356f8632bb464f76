//! Thieves at a finished barrier: each trains a network on what the protected one gave, marked, and an honest twin of it on the same without
//! the mark; then both are looked into.

use super::MOST_MADE;
use super::ground::Ground;
use super::judging::{JUDGED, correlations, look_into_all, marked, most, success};
use crate::attacks::thief::{Loss, Plan, Thief};
use crate::data::tasks::Pair;
use crate::data::{Picture, Samples};
use crate::jobs::checkpoint::RunFolder;
use crate::jobs::error::JobError;
use crate::jobs::messages::Phase;
use crate::jobs::train::mean;
use crate::jobs::watch::{Flow, Watch};
use crate::metrics::psnr;
use crate::nn::device::Compute;
use crate::nn::surrogate::Family;
use crate::schemes::barrier::{Barrier, Settings};
use crate::vault::files::{read_limited, write_atomic};
use serde::{Deserialize, Serialize};

/// What thieves got so far.
const THIEVES: &str = "thieves.json";

/// What a thief's network reveals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Robbed {
    /// What the thief did.
    pub plan: Plan,
    /// Mean PSNR of what his network gives against the unmarked photographs, decibel: how well the theft went.
    pub psnr_db: f64,
    /// Mean correlation of what is revealed with the logo.
    pub nc: f64,
    /// Share of his pictures whose revealed logo counts, 0..1.
    pub success: f64,
    /// The same with the revealing network as it was before it met thieves' networks; none where it never met any.
    pub success_before: Option<f64>,
    /// What the same network reveals that learnt from unmarked pictures.
    pub innocent: Innocent,
}

/// A network that was never shown a marked picture, trained as a thief's: in what it gives nothing may be found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Innocent {
    /// Mean PSNR of what it gives against the unmarked photographs, decibel.
    pub psnr_db: f64,
    /// The highest correlation of what is revealed with the logo.
    pub most_nc: f64,
    /// Share of its pictures whose revealed logo counts, 0..1.
    pub success: f64,
}

/// The thieves of the standing test: each kind of network with squares, and the U-Net with plain distances and as sharply as it can, none
/// of them with the weights that the barrier met when it was made.
pub fn standing_thieves(settings: &Settings, seed: u64) -> Vec<Plan> {
    let all = [
        (Family::Unet, Loss::L2),
        (Family::Unet, Loss::L1),
        (Family::Res9, Loss::L2),
        (Family::Res16, Loss::L2),
        (Family::Cnet, Loss::L2),
        (Family::Unet, Loss::PerceptualAdv),
    ];
    all.into_iter().enumerate().map(|(i, (family, loss))| Plan::of(settings, family, loss, seed.wrapping_add(1000 + i as u64))).collect()
}

/// Thieves at a finished barrier.
pub(super) struct Robbery<'a> {
    /// What is robbed.
    pub barrier: Barrier,
    /// The same before its revealing network met thieves' networks.
    pub before: Option<Barrier>,
    /// What the thieves saw of the protected network, before the mark.
    pub learnt: Pair,
    /// What they are tried on.
    pub held_back: Pair,
    /// Where what they got is kept.
    pub folder: &'a RunFolder,
    /// Where what their networks gave is kept for other runs.
    pub ground: Option<Ground>,
    /// Where to compute.
    pub compute: &'a Compute,
}

impl Robbery<'_> {
    /// What a thief's network and its honest twin give, which learnt from these outputs; what another run has found out is taken over.
    fn given(
        &self,
        plan: Plan,
        outputs: [&Samples; 2],
        tell: &mut dyn FnMut(&mut dyn Watch, f64),
        watch: &mut dyn Watch,
    ) -> Result<[Vec<Picture>; 2], JobError> {
        let inputs = &*self.learnt.inputs;
        let mut given = [None, None];
        if let Some(ground) = &self.ground {
            for (given, outputs) in given.iter_mut().zip(outputs) {
                *given = ground.answers(plan, [inputs, outputs], &self.held_back)?;
            }
        }
        let open: Vec<&Samples> =
            outputs.into_iter().zip(&given).filter(|(_, given)| given.is_none()).map(|(outputs, _)| outputs).collect();
        let learnt = answers(plan, inputs, &open, &self.held_back, self.compute, tell, watch)?;
        if let Some(ground) = &self.ground {
            for (pictures, outputs) in learnt.iter().zip(open) {
                ground.keep_answers(plan, [inputs, outputs], &self.held_back, pictures)?;
            }
        }
        let mut learnt = learnt.into_iter();
        Ok(given.map(|given| given.or_else(|| learnt.next()).unwrap_or_default()))
    }

    /// One after the other; what was done before a stop is not done again.
    pub fn all(self, plans: &[Plan], watch: &mut dyn Watch) -> Result<Vec<Robbed>, JobError> {
        let file = self.folder.file(THIEVES);
        let known = read_limited(&file, MOST_MADE).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let known: Vec<Robbed> = known.unwrap_or_default();
        let outputs = &self.learnt.outputs;
        let mut marked_outputs = Samples { pixels: Vec::with_capacity(outputs.pixels.len()), ..Samples::clone(outputs) };
        let (mut all, mut kept) = (Vec::new(), known.clone());
        for (place, plan) in plans.iter().enumerate() {
            if let Some(known) = known.iter().find(|robbed| robbed.plan == *plan) {
                all.push(known.clone());
                continue;
            }
            for i in marked_outputs.pixels.len() / outputs.shape.len().max(1)..outputs.count() {
                if watch.flow() == Flow::Stop {
                    return Err(JobError::Stopped);
                }
                marked_outputs.pixels.extend(marked(&self.barrier, &self.learnt, i)?.map(|picture| picture.planes).unwrap_or_default());
            }
            let mut tell =
                |watch: &mut dyn Watch, done: f64| watch.progress(Phase::Thieves, (place as f64 + done) / plans.len() as f64, None);
            let [robber, innocent] = self.given(*plan, [&marked_outputs, outputs], &mut tell, watch)?;
            let [psnr_db, innocent_psnr] = [&robber, &innocent].map(|given| clearness(given, &self.held_back));
            let found = look_into_all(&self.barrier, &robber)?;
            let before = self.before.as_ref().map(|before| look_into_all(before, &robber)).transpose()?;
            let clean = look_into_all(&self.barrier, &innocent)?;
            let robbed = Robbed {
                plan: *plan,
                psnr_db,
                nc: mean(&correlations(&found)),
                success: success(&found),
                success_before: before.map(|found| success(&found)),
                innocent: Innocent { psnr_db: innocent_psnr, most_nc: most(&clean), success: success(&clean) },
            };
            all.push(robbed.clone());
            kept.push(robbed);
            let bytes = serde_json::to_vec(&kept).map_err(|e| JobError::Internal(e.to_string()))?;
            write_atomic(&file, &bytes)?;
        }
        Ok(all)
    }
}

/// What networks give for the pictures held back that learnt from the same inputs, each with outputs of its own. `tell` hears what share of the
/// learning is done.
pub(super) fn answers(
    plan: Plan,
    inputs: &Samples,
    outputs: &[&Samples],
    held_back: &Pair,
    compute: &Compute,
    tell: &mut dyn FnMut(&mut dyn Watch, f64),
    watch: &mut dyn Watch,
) -> Result<Vec<Vec<Picture>>, JobError> {
    let thief = |&outputs| Ok::<_, JobError>((Thief::new(plan, &compute.device)?, outputs));
    let mut thieves = outputs.iter().map(thief).collect::<Result<Vec<_>, _>>()?;
    while thieves.iter().any(|(thief, _)| !thief.is_done()) {
        if watch.flow() == Flow::Stop {
            return Err(JobError::Stopped);
        }
        if let Some(done) = Thief::step_each(&mut thieves, inputs)? {
            tell(watch, done);
        }
    }
    let few: Vec<usize> = (0..held_back.inputs.count().min(JUDGED)).collect();
    let few = held_back.inputs.select(&few);
    Ok(thieves.iter().map(|(thief, _)| thief.answer(&few)).collect::<Result<_, _>>()?)
}

/// Mean PSNR of what a network gave for the pictures held back, decibel.
pub(super) fn clearness(answers: &[Picture], held_back: &Pair) -> f64 {
    let each = answers.iter().enumerate().filter_map(|(i, answer)| psnr(answer, &held_back.outputs.picture(i)).ok());
    mean(&each.collect::<Vec<f64>>())
}
