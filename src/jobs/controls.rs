//! Who stands beside the marked model: unmarked models with other seeds, and encoders of people who know nothing of the owner's logo.

use crate::data::logo::Logo;
use crate::data::{Picture, Shape, hex};
use crate::schemes::Task;
use crate::vault::derive::Stream;
use sha2::{Digest, Sha256};

/// What one more training of the same control adds to its seed.
pub const AGAIN: u64 = 7919;

/// An unmarked model that a run trains. None has the marked model's seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// The twin that the user gets beside the marked model. It is no control: asked as a suspect it must be able to surprise.
    Twin,
    /// A null model, kept in the key package and asked as a control.
    Null(usize),
}

impl Rival {
    /// Name of its stage at its `tries`-th training.
    pub fn stage(self, tries: u64) -> String {
        match self {
            Rival::Twin => format!("twin-{tries}"),
            Rival::Null(index) => format!("null-{index}-{tries}"),
        }
    }

    /// Seed of that training.
    pub fn seed(self, task: &Task, tries: u64) -> u64 {
        let own = match self {
            Rival::Twin => 15_485_863,
            Rival::Null(index) => 1009 * (index as u64 + 1),
        };
        task.plan.seed.wrapping_add(own + AGAIN * tries)
    }
}

/// The unmarked models of a task, in the order in which they are trained.
pub fn rivals(task: &Task) -> impl Iterator<Item = Rival> {
    std::iter::once(Rival::Twin).chain((0..null_count(task)).map(Rival::Null))
}

/// How many null models a task has.
pub fn null_count(task: &Task) -> usize {
    task.plan.nulls.max(1)
}

/// Name of somebody else in reports, for whom a foreign encoder stands.
pub fn foreign_name(index: usize) -> String {
    format!("Other owner {}", index + 1)
}

/// What his secrets are derived from.
fn foreign_owner(index: usize) -> String {
    format!("Foreign encoder {}", index + 1)
}

/// The same task by somebody else: another logo, owner and seed, so that covers, labels and first weights differ too.
pub fn foreign_task(task: &Task, index: usize, tries: u64) -> Task {
    let mut foreign = task.clone();
    foreign.plan.owner = format!("{} {}", foreign_owner(index), task.plan.salt);
    foreign.plan.seed = task.plan.seed.wrapping_add(104_729 * (index as u64 + 1) + AGAIN * tries);
    foreign.logo = foreign_logo(index);
    foreign.plan.scheme = foreign.plan.scheme.without_own_files();
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
