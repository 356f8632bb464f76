//! Which pictures carry a stamp well. A bold shape on a picture shines through the stamp, and what autoencoders then give back is that shape.
//! So of more pictures than are needed those are taken on which every one of the owner's autoencoders gives the stamp back.

use super::Settings;
use super::shadows::unit;
use super::stamps::Pattern;
use crate::data::Samples;
use crate::nn::autoencoder::Autoencoders;
use crate::nn::error::ShapeError;
use crate::schemes::KeyPlan;
use burn::tensor::Tensor;

/// Of `candidates` for each stamp, whose label is at its place in `labels`, those on which the net that gives it back worst does so best, in
/// the order of the candidates: as many for each stamp as `first` has.
///
/// # Errors
/// Pictures of another size than the nets'.
pub fn suited(
    settings: &Settings,
    candidates: &KeyPlan,
    first: &KeyPlan,
    labels: &[u16],
    pattern: &Pattern,
    nets: &Autoencoders,
    samples: &Samples,
) -> Result<KeyPlan, ShapeError> {
    let mut chosen = Vec::new();
    for (stamp, label) in labels.iter().enumerate() {
        let places: Vec<usize> = (0..candidates.covers.len()).filter(|&i| candidates.labels[i] == *label).collect();
        let wanted = first.labels.iter().filter(|known| *known == label).count();
        if places.len() <= wanted {
            chosen.extend(places);
            continue;
        }
        let covers: Vec<usize> = places.iter().map(|&i| candidates.covers[i]).collect();
        let stamped = pattern.on(&unit(&samples.select(&covers), &nets.device()), &vec![stamp; covers.len()], settings.clip);
        let aim: Tensor<3> = pattern.stamps.clone().narrow(0, stamp, 1).unsqueeze_dim(0);
        let off = (nets.forward(stamped.unsqueeze_dim(0))? - aim).square().sum_dim(2).max_dim(0);
        let mut ranked: Vec<(f32, usize)> = off.into_data().iter::<f32>().zip(places).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        chosen.extend(ranked.into_iter().take(wanted).map(|(_, place)| place));
    }
    chosen.sort_unstable();
    Ok(KeyPlan {
        covers: chosen.iter().map(|&i| candidates.covers[i]).collect(),
        labels: chosen.iter().map(|&i| candidates.labels[i]).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};
    use std::sync::Arc;

    #[test]
    fn those_carry_a_stamp_on_which_the_worst_autoencoder_gives_it_back_best() {
        let (train, device): (Arc<Samples>, _) = (crate::data::sample().unwrap().train, Device::flex());
        let settings = Settings { stamps: 2, shadows: 3, ..Settings::default() };
        let nets = settings.autoencoders(3, train.shape, &device).seeded(5);
        let pixels = train.shape.len();
        let stamps: Vec<f32> = (0..2 * pixels).map(|i| (i % 7) as f32 / 7.0).collect();
        let stamps = Tensor::<2>::from_data(TensorData::new(stamps, [2, pixels]), &device);
        let pattern = Pattern { stamps: stamps.clone(), engraving: Tensor::zeros([2, pixels], &device) };
        let candidates = KeyPlan { covers: (0..24).rev().collect(), labels: (0..24).map(|i| [4, 9][i % 3 / 2]).collect() };
        let first = KeyPlan { covers: vec![0; 8], labels: vec![4, 4, 4, 4, 4, 9, 9, 9] };
        let chosen = suited(&settings, &candidates, &first, &[9, 4], &pattern, &nets, &train).unwrap();
        assert_eq!(chosen.labels.iter().filter(|label| **label == 9).count(), 3);
        assert_eq!(chosen.labels.iter().filter(|label| **label == 4).count(), 5);
        let worst = |place: usize| {
            let stamp = if candidates.labels[place] == 9 { 0 } else { 1 };
            let key = pattern.on(&unit(&train.select(&[candidates.covers[place]]), &device), &[stamp], true);
            let aim = stamps.clone().narrow(0, stamp, 1);
            (0..3)
                .map(|net| {
                    let given = nets.part(net..net + 1).forward(key.clone().unsqueeze_dim(0)).unwrap().reshape([1, pixels]);
                    (given - aim.clone()).square().sum().into_scalar::<f32>()
                })
                .fold(0.0, f32::max)
        };
        let is_chosen = |place: &usize| chosen.covers.contains(&candidates.covers[*place]);
        for label in [4, 9] {
            let (taken, left): (Vec<usize>, Vec<usize>) = (0..24).filter(|&i| candidates.labels[i] == label).partition(is_chosen);
            let most = taken.iter().map(|&place| worst(place)).fold(0.0, f32::max);
            assert!(left.iter().all(|&place| worst(place) >= most), "{label}");
        }
        assert_eq!(suited(&settings, &candidates, &candidates, &[9, 4], &pattern, &nets, &train).unwrap(), candidates, "none is left out");
    }
}
