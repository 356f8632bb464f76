//! Who the controls are: unmarked models with other seeds, and encoders of people who know nothing of the owner's logo.

use crate::data::logo::Logo;
use crate::data::{Picture, Shape};
use crate::forensics::ask::hex;
use crate::schemes::Task;
use crate::vault::derive::Stream;
use sha2::{Digest, Sha256};

/// The seed of null model `index` at its `tries`-th training. The first has the marked model's own seed: it is
/// the twin that the user gets beside the marked model.
pub fn null_seed(task: &Task, index: usize, tries: u64) -> u64 {
    task.plan.seed.wrapping_add(1009 * index as u64 + 7919 * tries)
}

/// Name of a foreign encoder in reports.
pub fn foreign_name(index: usize) -> String {
    format!("Foreign encoder {}", index + 1)
}

/// The same task by somebody else: another logo, owner and seed, so that covers, labels and first weights differ too.
pub fn foreign_task(task: &Task, index: usize) -> Task {
    let mut foreign = task.clone();
    foreign.plan.owner = format!("{} {}", foreign_name(index), task.plan.salt);
    foreign.plan.seed = task.plan.seed.wrapping_add(104_729 * (index as u64 + 1));
    foreign.logo = foreign_logo(index);
    foreign
}

/// A logo of coarse blocks drawn from a stream, different for each index.
fn foreign_logo(index: usize) -> Logo {
    const BLOCKS: usize = 7;
    const SIDE: usize = 56;
    let mut stream = Stream::seeded(index as u64, "foreign logo");
    let blocks: Vec<u8> = (0..3 * BLOCKS * BLOCKS).map(|_| if stream.below(2) == 0 { 16 } else { 240 }).collect();
    let at = |i: usize| {
        let (c, y, x) = (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE);
        blocks[(c * BLOCKS + y * BLOCKS / SIDE) * BLOCKS + x * BLOCKS / SIDE]
    };
    let shape = Shape { channels: 3, height: SIDE, width: SIDE };
    let picture = Picture { shape, planes: (0..shape.len()).map(at).collect() };
    Logo { name: foreign_name(index), digest: hex(&Sha256::digest(&picture.planes)), picture }
}
