//! The secret pattern of signs that a mark is multiplied by (spread spectrum, as in Cox et al., IEEE TIP 1997).
//!
//! Left alone, encoders that learn beside a small host all end at the same mark: a halo on one side of edges and a glow in the
//! dark. A host that knows its owner's halo then answers to everybody's. With a pattern from the owner's key each owner's mark is
//! another one, and what other owners' marks look like can be shown to the host: the same mark under other patterns.
//!
//! Hosts that look at each place of a picture alike (convolutions all the way) cannot learn a pattern as large as the picture: for them it
//! repeats. Each colour has signs of its own then, since photographs have little that differs from colour to colour.

use super::SchemeError;
use crate::data::Shape;
use crate::vault::derive::{Derivation, Stream};
use burn::tensor::{Device, Tensor, TensorData};

/// One owner's pattern.
#[derive(Debug)]
pub struct Carrier {
    form: Form,
    signs: Option<Tensor<4>>,
}

/// After how many pixels it begins anew in photographs.
pub const COLOUR_REPEAT: usize = 8;

/// How a pattern is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Pixels along a side of what has one sign; 0 for no pattern.
    pub block: usize,
    /// Pixels after which the pattern begins anew; 0 for never.
    pub repeat: usize,
}

impl Form {
    /// Checks that a pattern has more than one sign before it begins anew: otherwise many owners would have the same.
    ///
    /// # Errors
    /// One that has not.
    pub fn check(self) -> Result<(), SchemeError> {
        let Self { block, repeat } = self;
        if block > 0 && repeat > 0 && repeat < 2 * block {
            return Err(SchemeError::Plan(format!(
                "The secret pattern begins anew after {repeat} pixels, before it has two blocks of {block} along a side: many owners would have the same. Set “repeat” to twice “carrier” at least, or to 0."
            )));
        }
        Ok(())
    }
}

impl Carrier {
    /// The pattern that logo, owner and salt give.
    pub fn new(form: Form, derivation: &Derivation, shape: Shape, device: &Device) -> Self {
        Self { form, signs: (form.block > 0).then(|| signs(1, shape, form, &mut derivation.stream("carrier"), device)) }
    }

    /// Whether there is a pattern.
    pub fn is_there(&self) -> bool {
        self.signs.is_some()
    }

    /// The same without gradients.
    pub fn inner(&self) -> Self {
        Self { form: self.form, signs: self.signs.clone().map(Tensor::inner) }
    }

    /// Covers with their marks under the owner's pattern, `[batch, channels, h, w]` in [-1, 1].
    pub fn carry(&self, cover: Tensor<4>, mark: Tensor<4>) -> Tensor<4> {
        match &self.signs {
            Some(signs) => (cover + mark * signs.clone()).clamp(-1.0, 1.0),
            None => cover + mark,
        }
    }

    /// Covers with the same marks under other patterns, one for each cover; a function of seed and step.
    pub fn decoys(&self, cover: Tensor<4>, mark: Tensor<4>, seed: u64, step: u64) -> Tensor<4> {
        let [count, channels, height, width] = cover.dims();
        let mut stream = Stream::seeded(seed, &format!("decoys {step}"));
        let others = signs(count, Shape { channels, height, width }, self.form, &mut stream, &cover.device());
        (cover + mark * others).clamp(-1.0, 1.0)
    }
}

/// `[count, channels, h, w]` of 1 and -1, equal within blocks; a pattern that does not repeat is the same in all colours, `[count, 1, h, w]`.
fn signs(count: usize, shape: Shape, Form { block, repeat }: Form, stream: &mut Stream, device: &Device) -> Tensor<4> {
    let Shape { height, width, .. } = shape;
    let channels = if repeat == 0 { 1 } else { shape.channels };
    let block = block.max(1);
    let along = |side: usize| if repeat == 0 { side } else { repeat.min(side) };
    let (tall, wide) = (along(height), along(width));
    let (across, down) = (wide.div_ceil(block), tall.div_ceil(block));
    let mut values = Vec::with_capacity(count * channels * height * width);
    for _ in 0..count * channels {
        let blocks: Vec<f32> = (0..across * down).map(|_| if stream.below(2) == 0 { -1.0 } else { 1.0 }).collect();
        for y in 0..height {
            values.extend((0..width).map(|x| blocks[y % tall / block * across + x % wide / block]));
        }
    }
    Tensor::from_data(TensorData::new(values, [count, channels, height, width]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 1, height: 28, width: 28 };

    fn carrier(block: usize, owner: &str) -> Carrier {
        Carrier::new(Form { block, repeat: 0 }, &Derivation::new("logo", owner, "salt"), SHAPE, &Device::flex())
    }

    fn values(x: Tensor<4>) -> Vec<f32> {
        x.into_data().iter().collect()
    }

    fn grey(count: usize) -> Tensor<4> {
        Tensor::zeros([count, 1, 28, 28], &Device::flex())
    }

    #[test]
    fn each_owner_has_a_pattern_that_can_be_made_again() {
        let mark = grey(1).add_scalar(0.25);
        let carried = |owner| values(carrier(2, owner).carry(grey(1), mark.clone()));
        let (mine, yours) = (carried("me"), carried("you"));
        assert_eq!(mine, carried("me"));
        assert!(mine.iter().all(|v| v.abs() == 0.25));
        let equal = mine.iter().zip(&yours).filter(|(a, b)| a == b).count();
        assert!((280..=504).contains(&equal), "{equal} of 784 pixels have the same sign");
        for y in (0..28).step_by(2) {
            for x in (0..28).step_by(2) {
                let at = |y: usize, x: usize| mine[y * 28 + x];
                assert!(at(y, x) == at(y + 1, x) && at(y, x) == at(y, x + 1) && at(y, x) == at(y + 1, x + 1));
            }
        }
    }

    #[test]
    fn a_pattern_may_begin_anew_and_each_colour_has_its_own() {
        let (shape, form) = (Shape { channels: 3, height: 12, width: 20 }, Form { block: 2, repeat: 8 });
        let all = values(signs(2, shape, form, &mut Stream::seeded(1, "pattern"), &Device::flex()));
        let at = |picture: usize, c: usize, y: usize, x: usize| all[((picture * 3 + c) * 12 + y) * 20 + x];
        for (y, x) in (0..12).flat_map(|y| (0..20).map(move |x| (y, x))) {
            assert_eq!(at(1, 2, y, x), at(1, 2, y % 8 / 2 * 2, x % 8 / 2 * 2));
        }
        let tile = |picture, c| (0..8).flat_map(|y| (0..8).map(move |x| (y, x))).map(|(y, x)| at(picture, c, y, x)).collect::<Vec<_>>();
        assert_ne!(tile(0, 0), tile(0, 1));
        assert_ne!(tile(0, 0), tile(1, 0));
    }

    #[test]
    fn a_pattern_of_one_sign_is_refused() {
        let said = |block, repeat| Form { block, repeat }.check();
        assert!(said(2, 8).is_ok() && said(2, 0).is_ok() && said(0, 1).is_ok() && said(2, 4).is_ok());
        assert!(said(2, 3).unwrap_err().to_string().contains("“repeat”"));
    }

    #[test]
    fn without_a_pattern_the_mark_stays_as_it_is() {
        assert!(values(carrier(0, "me").carry(grey(1), grey(1).add_scalar(0.25))).iter().all(|&v| v == 0.25));
    }

    #[test]
    fn decoys_bear_the_same_mark_under_patterns_of_their_own() {
        let (mine, mark) = (carrier(2, "me"), grey(2).add_scalar(0.25));
        let decoys = |step| values(mine.decoys(grey(2), mark.clone(), 7, step));
        assert_eq!(decoys(3), decoys(3));
        assert_ne!(decoys(3), decoys(4));
        assert!(decoys(3).iter().all(|v| v.abs() == 0.25));
        assert_ne!(decoys(3)[..784], decoys(3)[784..]);
        assert_ne!(decoys(3)[..784], values(mine.carry(grey(1), grey(1).add_scalar(0.25))));
    }
}
