//! Losses of the published systems, and a meter that keeps them on the device until somebody asks.

use burn::tensor::{Device, Int, Tensor, activation};

/// Mean cross entropy of scores `[batch, classes]` and labels `[batch]`.
///
/// # Panics
/// If there are not as many labels as rows of scores.
pub fn cross_entropy(scores: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let count = labels.dims()[0];
    assert!(scores.dims()[0] == count, "scores of {:?} do not fit labels of {:?}", scores.dims(), labels.dims());
    activation::log_softmax(scores, 1).gather(1, labels.reshape([count, 1])).mean().neg()
}

/// Mean squared distance of two batches of pictures.
///
/// # Panics
/// If their shapes differ.
pub fn distance(x: Tensor<4>, y: Tensor<4>) -> Tensor<1> {
    assert!(x.dims() == y.dims(), "pictures of {:?} have no distance from pictures of {:?}", x.dims(), y.dims());
    let difference = x - y;
    (difference.clone() * difference).mean()
}

/// Mean squared distance from one number everywhere.
pub fn distance_from(x: Tensor<4>, constant: f64) -> Tensor<1> {
    let difference = x.sub_scalar(constant);
    (difference.clone() * difference).mean()
}

/// Mean binary cross entropy of scores before the sigmoid `[batch, 1]` against one target for all: true 1, false 0.
///
/// # Panics
/// If there is more than one score a row.
pub fn binary_cross_entropy(scores: Tensor<2>, target: bool) -> Tensor<1> {
    assert!(scores.dims()[1] == 1, "scores of {:?} do not fit a yes or no, [{}, 1]", scores.dims(), scores.dims()[0]);
    let x = if target { scores.neg() } else { scores };
    (activation::relu(x.clone()) + x.abs().neg().exp().log1p()).mean()
}

/// Sums of losses that stay on the device, so that training does not wait for a read-back in each step.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    sums: Option<Tensor<1>>,
    count: u64,
}

impl Meter {
    /// An empty meter.
    pub fn new() -> Self {
        Self { sums: None, count: 0 }
    }

    /// Takes up one step's losses, `[losses]`, without gradients.
    ///
    /// # Panics
    /// If they are not as many as before.
    pub fn add(&mut self, losses: &Tensor<1>) {
        if let Some(sums) = &self.sums {
            assert!(sums.dims() == losses.dims(), "losses of {:?} cannot be added to {:?}", losses.dims(), sums.dims());
        }
        self.sums = Some(match self.sums.take() {
            Some(sums) => sums + losses.clone(),
            None => losses.clone(),
        });
        self.count += 1;
    }

    /// The means since the last call; empty if nothing was added.
    pub fn take(&mut self) -> Vec<f64> {
        let count = std::mem::take(&mut self.count).max(1) as f64;
        self.sums.take().map(|sums| sums.into_data().iter::<f32>().map(|v| f64::from(v) / count).collect()).unwrap_or_default()
    }

    /// Sums and count, to be written down.
    pub fn parts(&self) -> (Vec<f32>, u64) {
        (self.sums.as_ref().map(|s| s.to_data().iter::<f32>().collect()).unwrap_or_default(), self.count)
    }

    /// The meter that `parts` described.
    pub fn from_parts(sums: &[f32], count: u64, device: &Device) -> Self {
        Self { sums: (!sums.is_empty()).then(|| Tensor::from_data(sums, device)), count }
    }
}

/// Lowers a learning rate when a loss no longer falls (PyTorch's ReduceLROnPlateau, relative threshold 1e-4).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plateau {
    /// The present rate.
    pub rate: f64,
    factor: f64,
    patience: u32,
    best: f64,
    bad: u32,
}

impl Plateau {
    /// Starts at `rate`; after more than `patience` passes without progress the rate is multiplied by `factor`.
    pub fn new(rate: f64, factor: f64, patience: u32) -> Self {
        Self { rate, factor, patience, best: f64::MAX, bad: 0 }
    }

    /// Takes up the mean loss of one pass.
    pub fn observe(&mut self, loss: f64) {
        if loss < self.best * (1.0 - 1e-4) {
            (self.best, self.bad) = (loss, 0);
            return;
        }
        self.bad += 1;
        if self.bad > self.patience {
            (self.rate, self.bad) = (self.rate * self.factor, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_only_after_patience_is_spent() {
        let mut plateau = Plateau::new(1.0, 0.2, 2);
        [5.0, 4.0, 4.0, 4.0].into_iter().for_each(|loss| plateau.observe(loss));
        assert_eq!(plateau.rate, 1.0);
        plateau.observe(4.0);
        assert_eq!(plateau.rate, 0.2);
    }

    #[test]
    fn losses_match_their_formulas() {
        let device = Device::flex();
        let scores = Tensor::<2>::from_data([[2.0f32, 0.0], [0.5, 1.5]], &device);
        let labels = Tensor::<1, Int>::from_data([0, 1], &device);
        let by_hand = ((1.0 + (-2.0f64).exp()).ln() + (1.0 + (-1.0f64).exp()).ln()) / 2.0;
        assert!((cross_entropy(scores, labels).into_scalar::<f32>() as f64 - by_hand).abs() < 1e-6);
        let score = || Tensor::<2>::from_data([[3.0f32], [-60.0]], &device);
        let zero = ((1.0 + 3.0f64.exp()).ln() + (-60.0f64).exp().ln_1p()) / 2.0;
        assert!((binary_cross_entropy(score(), false).into_scalar::<f32>() as f64 - zero).abs() < 1e-5);
        let one = ((1.0 + (-3.0f64).exp()).ln() + 60.0) / 2.0;
        assert!((binary_cross_entropy(score(), true).into_scalar::<f32>() as f64 - one).abs() < 1e-4);
    }

    #[test]
    fn gradients_match_their_formulas() {
        let device = Device::flex().autodiff();
        let values = [[2.0f32, 0.0, -1.0], [0.5, 1.5, 3.0]];
        let scores = Tensor::<2>::from_data(values, &device).require_grad();
        let labels = [0usize, 1];
        let loss = cross_entropy(scores.clone(), Tensor::<1, Int>::from_data([0, 1], &device));
        let found: Vec<f32> = scores.grad(&loss.backward()).unwrap().into_data().iter().collect();
        for (row, label) in labels.into_iter().enumerate() {
            let sum: f64 = values[row].iter().map(|v| f64::from(*v).exp()).sum();
            for class in 0..3 {
                let share = f64::from(values[row][class]).exp() / sum - f64::from(u8::from(class == label));
                assert!((f64::from(found[row * 3 + class]) - share / 2.0).abs() < 1e-6);
            }
        }
        for target in [false, true] {
            let scores = Tensor::<2>::from_data([[3.0f32], [-60.0], [0.25]], &device).require_grad();
            let found: Vec<f32> =
                scores.grad(&binary_cross_entropy(scores.clone(), target).backward()).unwrap().into_data().iter().collect();
            for (score, found) in [3.0f64, -60.0, 0.25].into_iter().zip(found) {
                let wanted = (1.0 / (1.0 + (-score).exp()) - f64::from(u8::from(target))) / 3.0;
                assert!((f64::from(found) - wanted).abs() < 1e-6, "{target} {score}: {found} for {wanted}");
            }
        }
    }
}
