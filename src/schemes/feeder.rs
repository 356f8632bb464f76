//! Ordinary pictures for a host's steps, made ready on a thread of their own while the step before is computed.
//!
//! What a step sees depends on seed and step alone (`batches`), so it does not matter how far ahead the thread is: a continued run
//! asks for its first step and gets what an unbroken one sees.

use super::batches::{Passes, augment};
use crate::data::{Samples, Shape};
use crate::nn::batch::{number, numbers};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Batches that lie ready at most.
const AHEAD: usize = 2;

/// The pictures and labels of one step.
#[derive(Debug, PartialEq)]
pub struct Batch {
    step: u64,
    /// Planar, in [-1, 1].
    pub numbers: Vec<f32>,
    /// One for each picture.
    pub labels: Vec<u16>,
}

/// What is needed to make any step's batch.
#[derive(Debug, Clone)]
struct Source {
    samples: Arc<Samples>,
    seed: u64,
    size: usize,
    shifted: bool,
}

impl Source {
    fn passes(&self) -> Passes {
        Passes::new(self.seed, "clean", self.samples.count())
    }

    fn batch(&self, passes: &mut Passes, step: u64) -> Batch {
        let indices = passes.batch(step, self.size);
        let numbers = match self.shifted {
            true => augment(&self.samples, &indices, self.seed, step).into_iter().map(number).collect(),
            false => numbers(&self.samples, &indices),
        };
        Batch { step, numbers, labels: indices.iter().map(|&i| self.samples.labels[i]).collect() }
    }
}

/// Gives batch after batch.
#[derive(Debug)]
pub struct Feeder {
    source: Source,
    ready: Option<Receiver<Batch>>,
}

impl Feeder {
    /// `size` pictures a step, shifted and mirrored at random where `shifted` is set.
    pub fn new(samples: Arc<Samples>, seed: u64, size: usize, shifted: bool) -> Self {
        Self { source: Source { samples, seed, size, shifted }, ready: None }
    }

    /// The shape of the pictures.
    pub fn shape(&self) -> Shape {
        self.source.samples.shape
    }

    /// The batch of a step. The thread begins with the first call; one that is not at this step gives way to another.
    pub fn batch(&mut self, step: u64) -> Batch {
        let next = self.ready.as_ref().and_then(|ready| ready.recv().ok()).filter(|batch| batch.step == step);
        next.unwrap_or_else(|| {
            self.ready = self.start(step + 1);
            self.source.batch(&mut self.source.passes(), step)
        })
    }

    /// A thread that works until nobody takes its batches. Without one, each batch is made when it is asked for.
    fn start(&self, first: u64) -> Option<Receiver<Batch>> {
        let (give, ready) = sync_channel(AHEAD);
        let source = self.source.clone();
        let work = move || {
            let mut passes = source.passes();
            (first..).map(|step| source.batch(&mut passes, step)).find_map(|batch| give.send(batch).err());
        };
        std::thread::Builder::new().name("feeder".to_owned()).spawn(work).ok().map(|_| ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Arc<Samples> {
        let shape = Shape { channels: 1, height: 8, width: 8 };
        let pixels = (0..10 * 64).map(|i| (i * 7 % 256) as u8).collect();
        Arc::new(Samples { shape, pixels, labels: (0..10).collect() })
    }

    #[test]
    fn a_step_sees_the_same_whether_asked_in_order_or_out_of_it() {
        for shifted in [false, true] {
            let mut feeder = Feeder::new(samples(), 3, 4, shifted);
            let in_order: Vec<Batch> = (0..6).map(|step| feeder.batch(step)).collect();
            for step in [4usize, 1, 5, 5] {
                assert_eq!(feeder.batch(step as u64), in_order[step], "step {step}");
            }
            assert_ne!(in_order[0], in_order[1]);
        }
    }
}
