//! Which pictures come in which step: a function of seed and step alone, so that a continued run sees what an unbroken one sees.

use crate::data::{Samples, Shape};
use crate::vault::derive::Stream;

/// Passes over `count` items in an order that is drawn anew for each pass.
#[derive(Debug)]
pub struct Passes {
    seed: u64,
    purpose: &'static str,
    count: usize,
    pass: usize,
    order: Vec<usize>,
}

impl Passes {
    /// Passes over `0..count`.
    pub fn new(seed: u64, purpose: &'static str, count: usize) -> Self {
        let mut passes = Self { seed, purpose, count, pass: usize::MAX, order: Vec::new() };
        passes.turn_to(0);
        passes
    }

    fn turn_to(&mut self, pass: usize) {
        if self.pass != pass {
            self.order = Stream::seeded(self.seed, &format!("{} {pass}", self.purpose)).permutation(self.count);
            self.pass = pass;
        }
    }

    /// The `size` items of step `step`; a batch may span two passes, so that its size never changes.
    pub fn batch(&mut self, step: u64, size: usize) -> Vec<usize> {
        let start = step as usize * size;
        (start..start + size)
            .map(|position| {
                self.turn_to(position / self.count.max(1));
                self.order[position % self.count.max(1)]
            })
            .collect()
    }
}

/// Shifts a picture by up to 4 pixels (the rim is filled with mid grey, 0 in [-1, 1]) and mirrors every second one.
pub fn augment(samples: &Samples, indices: &[usize], seed: u64, step: u64) -> Vec<u8> {
    const SHIFT: usize = 4;
    let shape: Shape = samples.shape;
    let mut stream = Stream::seeded(seed, &format!("augment {step}"));
    let mut out = Vec::with_capacity(indices.len() * shape.len());
    for &index in indices {
        let (dy, dx, mirror) = (stream.below(2 * SHIFT + 1), stream.below(2 * SHIFT + 1), stream.below(2) == 1);
        let bytes = samples.bytes(index);
        for c in 0..shape.channels {
            for y in 0..shape.height {
                for x in 0..shape.width {
                    let (sy, x) = ((y + dy).wrapping_sub(SHIFT), if mirror { shape.width - 1 - x } else { x });
                    let sx = (x + dx).wrapping_sub(SHIFT);
                    let inside = sy < shape.height && sx < shape.width;
                    out.push(if inside { bytes[(c * shape.height + sy) * shape.width + sx] } else { 128 });
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_shows_every_item_once_and_steps_can_be_asked_in_any_order() {
        let mut passes = Passes::new(7, "test", 10);
        let mut first: Vec<usize> = (0..5).flat_map(|step| passes.batch(step, 2)).collect();
        first.sort_unstable();
        assert_eq!(first, (0..10).collect::<Vec<_>>());
        let late = passes.batch(17, 3);
        assert_eq!(Passes::new(7, "test", 10).batch(17, 3), late);
    }

    #[test]
    fn a_batch_may_be_larger_than_the_set() {
        assert_eq!(Passes::new(1, "test", 3).batch(0, 8).len(), 8);
    }
}
