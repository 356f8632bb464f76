//! Photographs that are hard to tell apart come more often: those that revealed something without a mark, or hid it with one. Hardly one in a
//! hundred is hard; at its turn alone the revealing network would meet it a few times.

use crate::nn::weights::{WeightMap, Weights};
use crate::vault::derive::{FINEST, Stream};
use burn::tensor::Tensor;

/// Name in a checkpoint.
const NAME: &str = "hardness";

/// How far what each photograph revealed was from what it should when it was last seen, as much as that counts: the worst mean square, 0 before
/// it was seen.
#[derive(Debug)]
pub(super) struct Hardness(Vec<f32>);

impl Hardness {
    /// Nothing is known of `count` photographs yet.
    pub fn new(count: usize) -> Self {
        Self(vec![0.0; count])
    }

    /// So many photographs, each drawn as likely as it was hard; none while nothing is known.
    pub fn draw(&self, count: usize, stream: &mut Stream) -> Vec<usize> {
        let sum: f64 = self.0.iter().map(|&hard| f64::from(hard)).sum();
        if sum <= 0.0 {
            return Vec::new();
        }
        let one = |_| {
            let mut left = f64::from(stream.share(FINEST)) * sum;
            let reached = self.0.iter().position(|&hard| {
                left -= f64::from(hard);
                left < 0.0
            });
            // Rounding may leave a little of the sum.
            reached.or_else(|| self.0.iter().rposition(|&hard| hard > 0.0)).unwrap_or(0)
        };
        (0..count).map(one).collect()
    }

    /// How hard these photographs are now, `[photographs]`. Of one that came twice the last counts.
    pub fn note(&mut self, photographs: &[usize], errors: Tensor<1>) {
        for (&photograph, error) in photographs.iter().zip(errors.into_data().iter::<f32>()) {
            self.0[photograph] = if error.is_finite() { error } else { 0.0 };
        }
    }

    pub fn save(&self, map: &mut WeightMap) {
        map.tensors.insert(NAME.to_owned(), Weights { shape: vec![self.0.len()], values: self.0.clone() });
    }

    /// A checkpoint of the first stage knows nothing of it.
    pub fn load(&mut self, saved: &WeightMap) {
        if let Some(known) = saved.tensors.get(NAME).filter(|known| known.values.len() == self.0.len()) {
            self.0.clone_from(&known.values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn hard_photographs_are_drawn_as_often_as_they_are_hard() {
        let mut hardness = Hardness::new(6);
        let draw = |hardness: &Hardness| hardness.draw(4000, &mut Stream::seeded(1, "hard"));
        assert!(draw(&hardness).is_empty());
        hardness.note(&[1, 4, 4, 5], Tensor::from_floats([0.1, 9.0, 0.3, f32::NAN], &Device::flex()));
        let drawn = draw(&hardness);
        let [one, four] = [1, 4].map(|wanted| drawn.iter().filter(|&&i| i == wanted).count());
        assert_eq!(one + four, 4000);
        assert!((900..1100).contains(&one), "{one}");
        let (mut map, mut again) = (WeightMap::default(), Hardness::new(6));
        hardness.save(&mut map);
        again.load(&map);
        assert_eq!(draw(&again), drawn);
    }
}
