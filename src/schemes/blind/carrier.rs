//! The secret pattern of signs that a mark is multiplied by (spread spectrum, as in Cox et al., IEEE TIP 1997).
//!
//! Left alone, encoders that learn beside a small host all end at the same mark: a halo on one side of edges and a glow in the
//! dark. A host that knows its owner's halo then answers to everybody's. With a pattern from the owner's key each owner's mark is
//! another one, and what other owners' marks look like can be shown to the host: the same mark under other patterns.

use super::Settings;
use crate::data::Shape;
use crate::vault::derive::{Derivation, Stream};
use burn::tensor::{Device, Tensor, TensorData};

/// One owner's pattern.
#[derive(Debug)]
pub struct Carrier {
    block: usize,
    signs: Option<Tensor<4>>,
}

impl Carrier {
    /// The pattern that logo, owner and salt give; none where the settings want none.
    pub fn new(settings: &Settings, derivation: &Derivation, shape: Shape, device: &Device) -> Self {
        let block = settings.carrier;
        Self { block, signs: (block > 0).then(|| signs(1, shape, block, &mut derivation.stream("carrier"), device)) }
    }

    /// The same without gradients.
    pub fn inner(&self) -> Self {
        Self { block: self.block, signs: self.signs.clone().map(Tensor::inner) }
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
        let others = signs(count, Shape { channels, height, width }, self.block.max(1), &mut stream, &cover.device());
        (cover + mark * others).clamp(-1.0, 1.0)
    }
}

/// `[count, 1, h, w]` of 1 and -1, equal within blocks.
fn signs(count: usize, shape: Shape, block: usize, stream: &mut Stream, device: &Device) -> Tensor<4> {
    let (across, down) = (shape.width.div_ceil(block), shape.height.div_ceil(block));
    let mut values = Vec::with_capacity(count * shape.height * shape.width);
    for _ in 0..count {
        let blocks: Vec<f32> = (0..across * down).map(|_| if stream.below(2) == 0 { -1.0 } else { 1.0 }).collect();
        for y in 0..shape.height {
            values.extend((0..shape.width).map(|x| blocks[y / block * across + x / block]));
        }
    }
    Tensor::from_data(TensorData::new(values, [count, 1, shape.height, shape.width]), device)
}
