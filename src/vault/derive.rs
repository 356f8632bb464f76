//! Every free choice of the claimant is taken away: covers, labels and their order follow from logo, owner and salt.
//!
//! The root is SHA-256("countermark-1" ‖ logo digest ‖ 0 ‖ owner ‖ 0 ‖ salt). A purpose's stream is the ChaCha20 key stream of
//! SHA-256(root ‖ purpose), read as little-endian 64-bit words. A judge with the three inputs recomputes all of it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// Derives covers, labels and order from logo, owner and salt.
#[derive(Debug, Clone)]
pub struct Derivation {
    root: [u8; 32],
}

impl Derivation {
    /// `logo_digest` and `salt` are hexadecimal texts, taken as they are.
    pub fn new(logo_digest: &str, owner: &str, salt: &str) -> Self {
        let parts = ["countermark-1", logo_digest, "\0", owner, "\0", salt];
        Self { root: Sha256::digest(parts.concat()).into() }
    }

    /// What follows from this one by a hash that cannot be undone.
    pub fn next(&self, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.root);
        hash.update(b"\0next\0");
        hash.update(purpose);
        Self { root: hash.finalize().into() }
    }

    /// An endless stream for one purpose.
    pub fn stream(&self, purpose: &str) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.root);
        hash.update(purpose);
        Stream { rng: ChaCha20Rng::from_seed(hash.finalize().into()) }
    }
}

/// A key stream of one purpose.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha20Rng,
}

/// Most steps of a share: each is exact.
pub const FINEST: usize = 1 << 24;

impl Stream {
    /// A stream from a plain seed, for choices that nobody needs to recompute.
    pub fn seeded(seed: u64, purpose: &str) -> Self {
        Derivation { root: Sha256::digest(seed.to_le_bytes()).into() }.stream(purpose)
    }

    /// A number in `0..bound`, every one equally likely (words that would favour some are skipped). `bound` 0 gives 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let word = self.rng.next_u64();
            if word < fair {
                return (word % bound) as usize;
            }
        }
    }

    /// A number in [0, 1), one of so many `steps`, a power of two up to [`FINEST`].
    pub fn share(&mut self, steps: usize) -> f32 {
        self.below(steps) as f32 / steps as f32
    }

    /// All numbers `0..count` in a random order (Fisher and Yates, from the end).
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_inputs_give_the_same_choices_and_any_change_gives_others() {
        let order = |logo: &str, owner: &str, salt: &str| Derivation::new(logo, owner, salt).stream("covers").permutation(50);
        assert_eq!(order("aa", "Ada", "01"), order("aa", "Ada", "01"));
        assert_ne!(order("aa", "Ada", "01"), order("ab", "Ada", "01"));
        assert_ne!(order("aa", "Ada", "01"), order("aa", "Bob", "01"));
        assert_ne!(order("aa", "Ada", "01"), order("aa", "Ada", "02"));
    }

    #[test]
    fn a_permutation_holds_every_number_once() {
        let mut order = Stream::seeded(3, "x").permutation(1000);
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_known_derivation_stays_what_it_is() {
        let order = Derivation::new("00", "Countermark", "00").stream("covers").permutation(8);
        assert_eq!(order, KNOWN);
    }

    /// Written down when the derivation was first published, from a computation in Python with a ChaCha20 of its own: a change here
    /// breaks every claim made before.
    const KNOWN: [usize; 8] = [6, 1, 3, 4, 2, 5, 7, 0];
}
