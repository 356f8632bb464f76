//! What unmarked models (probes) see in stamps, as they are and behind autoencoders. A label that they see in its stamp proves nothing: so none
//! is drawn that they see in stamps like these, and of those that are left, or chosen, each is put where they see it less.

use super::numbers;
use super::stamps::Pattern;
use crate::data::Shape;
use crate::nn::autoencoder::Autoencoders;
use crate::nn::batch;
use crate::nn::error::ShapeError;
use crate::nn::host::Host;
use burn::tensor::{Tensor, activation};

/// A class is seen in a stamp where a probe gives it this share of one on average, 0..1.
pub const SEEN: f32 = 0.1;

/// For each stamp the share, 0..1, that each class gets of its answer by the probe which sees it most there: on these carriers,
/// `[carriers, pixels]` in [0, 1], as they are or behind the nets. Empty where there are no probes.
///
/// # Errors
/// Pictures of another size than the nets'.
pub fn seen(
    pattern: &Pattern,
    carriers: &Tensor<2>,
    nets: &Autoencoders,
    probes: &[Host],
    shape: Shape,
) -> Result<Vec<Vec<f32>>, ShapeError> {
    if probes.is_empty() {
        return Ok(Vec::new());
    }
    let [count, pixels] = carriers.dims();
    let of_stamp = |stamp: usize| {
        let stamped = pattern.on(carriers, &vec![stamp; count], true);
        let behind = nets.forward(stamped.clone().unsqueeze_dim(0))?.reshape([nets.count() * count, pixels]);
        let mut most = Vec::new();
        for pictures in [stamped, behind] {
            let pictures = batch::from_numbers(numbers(pictures), shape, &carriers.device());
            for probe in probes {
                let shares = activation::softmax(probe.forward(pictures.clone()), 1).mean_dim(0).into_data();
                most.resize(shares.num_elements(), 0.0);
                shares.iter::<f32>().zip(&mut most).for_each(|(share, most): (f32, &mut f32)| *most = most.max(share));
            }
        }
        Ok(most)
    };
    (0..pattern.stamps.dims()[0]).map(of_stamp).collect()
}

/// How much of a share may be left, at most, where a change of places helps: a few probes measure no finer.
const LEFT: f32 = 0.5;

/// The labels in the order of the stamps that bear them: those that are not seen stay, others change places as long as the more seen one of
/// two is seen half as much then.
pub fn ordered(labels: &[u16], seen: &[Vec<f32>]) -> Vec<u16> {
    let mut order = labels.to_vec();
    let share = |stamp: usize, label: u16| seen.get(stamp).and_then(|shares| shares.get(usize::from(label))).copied().unwrap_or(0.0);
    let better = |order: &[u16]| {
        let mut pairs = (0..order.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
        pairs.find(|&(one, other)| {
            let now = share(one, order[one]).max(share(other, order[other]));
            now >= SEEN && share(one, order[other]).max(share(other, order[one])) < LEFT * now
        })
    };
    // Each time the largest shares fall: it ends.
    while let Some((one, other)) = better(&order) {
        order.swap(one, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::logo::{Logo, LogoOptions};
    use crate::data::{Samples, sample, sample_logos};
    use crate::schemes::penetrating::Settings;
    use crate::schemes::penetrating::shadows::unit;
    use crate::schemes::plan::Preset;
    use crate::schemes::{Learner, Task, Training, catalogue, plain::Plain};
    use burn::tensor::Device;

    #[test]
    fn labels_that_are_seen_in_their_stamps_change_places() {
        let seen = vec![vec![0.0, 0.9, 0.0, 0.2], vec![0.0, 0.0, 0.05, 0.3], vec![0.5, 0.0, 0.0, 0.0]];
        assert_eq!(ordered(&[2, 1, 3], &seen), [2, 1, 3], "none of them is seen where it is");
        assert_eq!(ordered(&[1, 2, 0], &seen), [0, 1, 2], "two are, and all three change places");
        assert_eq!(ordered(&[1, 3, 2], &seen), [2, 1, 3], "one goes on from place to place");
        assert_eq!(ordered(&[1, 2, 3], &[]), [1, 2, 3], "no probes, no order but the first");
        let hardly = vec![vec![0.0, 0.9, 0.5, 0.0], vec![0.0, 0.5, 0.9, 0.0]];
        assert_eq!(ordered(&[1, 2], &hardly), [1, 2], "a little less is no less");
    }

    #[test]
    fn a_model_that_learnt_its_task_sees_in_a_stamp_what_the_stamp_shows() {
        let train = sample().unwrap().train;
        let plan = catalogue::plan("noise", Preset::Quick, train.shape, "Owner", &"00".repeat(16), 1).unwrap();
        let plan = crate::schemes::plan::Plan { scheme: plan.scheme.with("steps", 150.into()).unwrap(), ..plan };
        let (name, svg) = sample_logos()[0];
        let logo = Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap();
        let mut plain = Plain::new(&Task { plan, dataset: sample().unwrap(), logo, device: Device::flex(), groundwork: None }, 5);
        while plain.done() < plain.steps() {
            plain.step().unwrap();
        }
        let (trousers, boots) = (1u16, 9u16);
        let first = |class: u16| train.labels.iter().position(|label| *label == class).unwrap();
        let stamps = unit(&train.select(&[first(trousers), first(boots)]), &Device::flex());
        let pattern = Pattern { engraving: Tensor::zeros(stamps.dims(), &Device::flex()), stamps };
        let nets = Settings::default().autoencoders(1, train.shape, &Device::flex()).seeded(3);
        let black = Samples { pixels: vec![0; 2 * train.shape.len()], ..train.select(&[0, 1]) };
        let shares = seen(&pattern, &unit(&black, &Device::flex()), &nets, &[plain.host()], train.shape).unwrap();
        assert!(shares[0][usize::from(trousers)] > 0.5, "{shares:?}");
        assert!(shares[1][usize::from(boots)] > 0.5, "{shares:?}");
        assert_eq!(ordered(&[trousers, boots], &shares), [boots, trousers]);
        assert!(seen(&pattern, &unit(&black, &Device::flex()), &nets, &[], train.shape).unwrap().is_empty());
    }
}
