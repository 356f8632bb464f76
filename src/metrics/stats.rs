//! What chance explains: exact binomial tails, intervals of rates, correction for many tests, areas under curves.

use statrs::function::beta::beta_reg;
use statrs::function::factorial::ln_binomial;

/// Base-10 logarithm of P(X >= `hits`) for X binomial with `n` trials at rate `p`: the exact one-sided p-value of `hits` of `n`.
///
/// Summed over logarithms, so p-values far below the smallest `f64` come out right. 0 for no hits; minus infinity for what
/// cannot happen (`hits > n`, or hits at rate 0). A rate that is not a number proves nothing: 0.
pub fn binomial_tail_log10(hits: usize, n: usize, p: f64) -> f64 {
    if hits == 0 || p >= 1.0 && hits <= n || p.is_nan() {
        return 0.0;
    }
    if hits > n || p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let (ln_p, ln_q) = (p.ln(), (-p).ln_1p());
    let terms = (hits..=n).map(|k| ln_binomial(n as u64, k as u64) + k as f64 * ln_p + (n - k) as f64 * ln_q);
    let terms: Vec<f64> = terms.collect();
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|t| (t - largest).exp()).sum();
    ((largest + sum.ln()) / std::f64::consts::LN_10).min(0.0)
}

/// The fewest hits of `n` whose p-value at rate `p` is at most ten to the `level_log10`; `None` where all `n` are not enough.
pub fn minimum_hits(n: usize, p: f64, level_log10: f64) -> Option<usize> {
    (0..=n).find(|&k| binomial_tail_log10(k, n, p) <= level_log10)
}

/// The exact (Clopper-Pearson) two-sided interval of a rate at which `hits` of `n` were seen, 0..=1; `confidence` e.g. 0.95.
///
/// `[0, 1]` for no trials.
pub fn clopper_pearson(hits: usize, n: usize, confidence: f64) -> [f64; 2] {
    let half = (1.0 - confidence) / 2.0;
    [lower(hits, n, half), upper(hits, n, half)]
}

/// The exact one-sided upper bound of a rate at which `hits` of `n` were seen, 0..=1; `confidence` e.g. 0.99. 1 for no trials.
pub fn clopper_pearson_upper(hits: usize, n: usize, confidence: f64) -> f64 {
    upper(hits, n, 1.0 - confidence)
}

/// Holm's step-down correction: p-values adjusted for being several, each at most 1, in the order given.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    step_down(p_values, 1.0, |tests, p| tests * p)
}

/// The same for base-10 logarithms of p-values, however small; each at most 0.
pub fn holm_log10(p_values: &[f64]) -> Vec<f64> {
    step_down(p_values, 0.0, |tests, p| tests.log10() + p)
}

fn step_down(p_values: &[f64], most: f64, scaled: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor = f64::NEG_INFINITY;
    for (rank, &i) in order.iter().enumerate() {
        floor = floor.max(scaled((p_values.len() - rank) as f64, p_values[i])).min(most);
        adjusted[i] = floor;
    }
    adjusted
}

/// Area under the ROC curve, 0..=1: how often a positive scores above a negative, ties counted half. `None` where either is empty.
pub fn auc(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let mut sorted = negatives.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins = positives.iter().map(|p| {
        let below = sorted.partition_point(|n| n < p);
        let not_above = sorted.partition_point(|n| n <= p);
        (below + not_above) as f64 / 2.0
    });
    Some(wins.sum::<f64>() / (positives.len() as f64 * negatives.len() as f64))
}

/// Mean and sample standard deviation (n - 1; 0 for a single value). `None` for no value.
pub fn mean_sd(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    match values.len() {
        0 => None,
        1 => Some((mean, 0.0)),
        _ => Some((mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())),
    }
}

/// The rate at which `hits` or more of `n` have probability `tail`.
fn lower(hits: usize, n: usize, tail: f64) -> f64 {
    if hits == 0 || n == 0 { 0.0 } else { beta_quantile(tail, hits.min(n) as f64, (n - hits.min(n)) as f64 + 1.0) }
}

/// The rate at which `hits` or fewer of `n` have probability `tail`.
fn upper(hits: usize, n: usize, tail: f64) -> f64 {
    if hits >= n { 1.0 } else { 1.0 - beta_quantile(tail, (n - hits) as f64, hits as f64 + 1.0) }
}

/// Where the distribution function of Beta(`a`, `b`) reaches `target`: bisection, which cannot run away.
fn beta_quantile(target: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_reg(a, b, middle) < target { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_hits_are_those_of_the_decision_rule() {
        let table = [(20, [8, 11, 14]), (30, [10, 14, 17]), (60, [15, 20, 24]), (100, [21, 28, 33]), (500, [73, 86, 95])];
        for (n, wanted) in table {
            let found = [-3.0, -6.0, -9.0].map(|level| minimum_hits(n, 0.1, level).unwrap());
            assert_eq!(found, wanted, "{n} questions");
        }
        assert_eq!(minimum_hits(2, 0.1, -3.0), None);
    }

    #[test]
    fn tails_keep_their_bounds() {
        assert_eq!(binomial_tail_log10(0, 60, 0.1), 0.0);
        assert_eq!(binomial_tail_log10(0, 0, 0.1), 0.0);
        assert_eq!(binomial_tail_log10(61, 60, 0.1), f64::NEG_INFINITY);
        assert_eq!(binomial_tail_log10(1, 60, 0.0), f64::NEG_INFINITY);
        assert_eq!(binomial_tail_log10(60, 60, 1.0), 0.0);
        assert_eq!(binomial_tail_log10(3, 60, f64::NAN), 0.0);
        assert!((binomial_tail_log10(60, 60, 0.1) + 60.0).abs() < 1e-10);
        assert!((binomial_tail_log10(1000, 1000, 0.1) + 1000.0).abs() < 1e-9);
    }

    #[test]
    fn intervals_keep_their_bounds() {
        assert_eq!(clopper_pearson(0, 0, 0.95), [0.0, 1.0]);
        assert_eq!(clopper_pearson(0, 10, 0.95)[0], 0.0);
        assert_eq!(clopper_pearson(10, 10, 0.95)[1], 1.0);
        assert_eq!(clopper_pearson_upper(7, 7, 0.99), 1.0);
        assert!((clopper_pearson_upper(0, 100, 0.99) - (1.0 - 0.01f64.powf(0.01))).abs() < 1e-12);
    }

    #[test]
    fn holm_never_lets_a_later_test_pass_an_earlier_one() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - wanted).abs() < 1e-15, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.7, 0.8]), vec![1.0, 1.0]);
        assert!(holm(&[]).is_empty());
        let logs = holm_log10(&[-500.0, -2.0, f64::NEG_INFINITY, 0.0]);
        assert!((logs[0] - (3f64.log10() - 500.0)).abs() < 1e-9 && (logs[1] - (2f64.log10() - 2.0)).abs() < 1e-12, "{logs:?}");
        assert_eq!((logs[2], logs[3]), (f64::NEG_INFINITY, 0.0));
    }

    #[test]
    fn ties_count_half() {
        assert_eq!(auc(&[1.0, 1.0], &[1.0]), Some(0.5));
        assert_eq!(auc(&[2.0, 1.0], &[1.0, 0.0]), Some(0.875));
        assert_eq!(auc(&[], &[1.0]), None);
    }

    #[test]
    fn spread_is_that_of_a_sample() {
        assert_eq!(mean_sd(&[]), None);
        assert_eq!(mean_sd(&[3.0]), Some((3.0, 0.0)));
        let (mean, sd) = mean_sd(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!(mean, 5.0);
        assert!((sd - (32.0f64 / 7.0).sqrt()).abs() < 1e-15);
    }
}
