//! What autoencoders make of keys and covers, as the host sees it while it learns.
//!
//! A thief's autoencoder is like the owner's, but none of them: it sends a key to another place among the pictures that it can draw. So each
//! time one of the owner's draws the picture again from a code that is a little off. Every such picture is one that an autoencoder draws,
//! which a mixture of two pictures is not.

use super::{Rows, numbers, quantised};
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::vault::derive::Stream;
use burn::tensor::{Tensor, TensorData};

/// Steps into which chance is cut.
const FINE: usize = 1 << 16;

/// Pictures as codes, one for each net and picture.
pub struct Redrawn {
    nets: Vec<Autoencoders>,
    /// Of one kind of picture, net by net, picture by picture.
    codes: Vec<Vec<f32>>,
    pictures: usize,
    width: usize,
}

impl Redrawn {
    /// `kinds` of pictures, `[pictures, pixels]` each and as many of every kind.
    ///
    /// # Errors
    /// Pictures of another size than the nets'.
    pub fn new(nets: &Autoencoders, kinds: &[&Tensor<2>]) -> Result<Self, ShapeError> {
        let mut redrawn =
            Self { nets: (0..nets.count()).map(|net| nets.part(net..net + 1)).collect(), codes: Vec::new(), pictures: 0, width: 0 };
        for kind in kinds {
            let codes = nets.encode((*kind).clone().unsqueeze_dim(0))?;
            [_, redrawn.pictures, redrawn.width] = codes.dims();
            redrawn.codes.push(codes.into_data().iter::<f32>().collect());
        }
        Ok(redrawn)
    }

    /// The chosen pictures of every kind as one net, drawn from `stream`, draws them from codes that are off by `noise` at most.
    ///
    /// # Errors
    /// None where the nets are those of [`Self::new`].
    pub fn draw(&self, chosen: &[usize], noise: f64, stream: &mut Stream) -> Result<Vec<Rows>, ShapeError> {
        let net = stream.below(self.nets.len());
        let off: Vec<f32> = (0..chosen.len() * self.width).map(|_| noise as f32 * (2.0 * stream.share(FINE) - 1.0)).collect();
        let draw = |codes: &Vec<f32>| {
            let of = |picture: usize| &codes[(net * self.pictures + picture) * self.width..][..self.width];
            let moved = chosen.iter().flat_map(|&picture| of(picture)).zip(&off).map(|(code, off)| (code + off).clamp(-1.0, 1.0));
            let moved = TensorData::new(moved.collect::<Vec<f32>>(), [1, chosen.len(), self.width]);
            let drawn = self.nets[net].decode(Tensor::from_data(moved, &self.nets[net].device()))?;
            let [_, count, pixels] = drawn.dims();
            Ok(numbers(quantised(drawn.reshape([count, pixels]))))
        };
        self.codes.iter().map(draw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::penetrating::Settings;
    use crate::schemes::penetrating::shadows::unit;
    use burn::tensor::Device;

    #[test]
    fn without_noise_one_of_the_nets_draws_and_with_noise_it_draws_something_else() {
        let train = crate::data::sample().unwrap().train;
        let nets = Settings::default().autoencoders(3, train.shape, &Device::flex()).seeded(5);
        let [first, second] = [[0, 1, 2], [3, 4, 5]].map(|chosen| unit(&train.select(&chosen), &Device::flex()));
        let redrawn = Redrawn::new(&nets, &[&first, &second]).unwrap();
        let draw = |noise, seed| redrawn.draw(&[2, 0], noise, &mut Stream::seeded(seed, "test")).unwrap();
        let rows = |net: usize, pictures: &Tensor<2>| {
            let chosen = Tensor::cat(vec![pictures.clone().narrow(0, 2, 1), pictures.clone().narrow(0, 0, 1)], 0);
            let given = nets.part(net..net + 1).forward(chosen.unsqueeze_dim(0)).unwrap();
            numbers(quantised(given.reshape([2, train.shape.len()])))
        };
        let by_net = |seed| (0..3).position(|net| draw(0.0, seed) == [rows(net, &first), rows(net, &second)]);
        let nets: std::collections::BTreeSet<_> = (0..20).map(|seed| by_net(seed).expect("one of the nets drew it")).collect();
        assert_eq!(nets.len(), 3, "each of them in its turn");
        assert_ne!(draw(0.3, 1), draw(0.0, 1));
        assert_eq!(draw(0.3, 1), draw(0.3, 1), "the same stream, the same pictures");
        assert!(draw(0.3, 1).concat().iter().all(|value| (-1.0..=1.0).contains(value)));
    }
}
