//! Keyed splits: which pictures are kept for testing, decided by a seed and nothing else.
//!
//! The order comes from SHA-256, so that it is the same on every machine and in every later version of the program.

use sha2::{Digest, Sha256};

/// A permutation of `0..count` that only `seed` and `purpose` decide: indices by rising SHA-256 of purpose, seed and index.
pub fn keyed_order(seed: u64, purpose: &str, count: usize) -> Vec<usize> {
    let mut ranks: Vec<([u8; 32], usize)> = (0..count)
        .map(|index| {
            let mut hash = Sha256::new();
            hash.update(purpose.as_bytes());
            hash.update([0]);
            hash.update(seed.to_le_bytes());
            hash.update((index as u64).to_le_bytes());
            (hash.finalize().into(), index)
        })
        .collect();
    ranks.sort_unstable();
    ranks.into_iter().map(|(_, index)| index).collect()
}

/// Divides pictures into (training, test), both in rising order. Of every class `share` (0..1) goes to the test part, at least
/// one picture where the class has two or more; the keyed order says which.
pub fn split(labels: &[u16], seed: u64, share: f64) -> (Vec<usize>, Vec<usize>) {
    let classes = labels.iter().max().map_or(0, |&m| m as usize + 1);
    let mut counts = vec![0usize; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let mut wanted: Vec<usize> =
        counts.iter().map(|&n| if n < 2 { 0 } else { ((n as f64 * share).round() as usize).clamp(1, n - 1) }).collect();
    let mut is_test = vec![false; labels.len()];
    for index in keyed_order(seed, "countermark split", labels.len()) {
        let left = &mut wanted[labels[index] as usize];
        if *left > 0 {
            *left -= 1;
            is_test[index] = true;
        }
    }
    (0..labels.len()).partition(|&index| !is_test[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_a_permutation_that_the_seed_decides() {
        let mut order = keyed_order(7, "a", 100);
        assert_eq!(order, keyed_order(7, "a", 100));
        assert_ne!(order, keyed_order(8, "a", 100));
        assert_ne!(order, keyed_order(7, "b", 100));
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn every_class_gives_its_share_and_keeps_one() {
        let labels: Vec<u16> = (0..103).map(|i| if i < 100 { 0 } else { 1 + u16::from(i == 102) }).collect();
        let (train, test) = split(&labels, 1, 0.15);
        assert_eq!(train.len() + test.len(), 103);
        assert_eq!(test.iter().filter(|&&i| labels[i] == 0).count(), 15);
        assert_eq!(test.iter().filter(|&&i| labels[i] == 1).count(), 1);
        assert_eq!(test.iter().filter(|&&i| labels[i] == 2).count(), 0);
        assert!(train.windows(2).all(|w| w[0] < w[1]));
        assert_ne!(split(&labels, 2, 0.15).1, test);
    }

    #[test]
    fn nothing_splits_into_nothing() {
        assert_eq!(split(&[], 1, 0.15), (vec![], vec![]));
    }
}
