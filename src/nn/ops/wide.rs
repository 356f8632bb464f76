//! How the kernels use a processor: loops compiled for its widest vectors, groups of pictures on all cores.
//!
//! Every sum has an order that the number of threads does not change.

#[cfg(target_arch = "x86_64")]
use pulp::Simd;
use pulp::WithSimd;
use rayon::prelude::*;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Groups that pictures are dealt into. Fixed: the order of a sum must be the same on every machine.
pub const GROUPS: usize = 8;

/// Pictures in a group.
pub fn group(count: usize) -> usize {
    count.div_ceil(GROUPS).max(1)
}

/// Runs a loop compiled for the widest vectors that the processor has.
///
/// The compiler knows of those vectors in what it inlines here, and nowhere else. So `work`, and every closure inside of it, has to be
/// marked `#[inline(always)]`; one that is not may be compiled for the oldest processor, and vector operations in it become calls.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    wide_with(work)
}

/// The same for a loop that is written in vectors.
#[inline]
pub fn wide_with<W: WithSimd>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if let Some(vectors) = V4::try_new() {
            return Simd::vectorize(vectors, work);
        }
        if let Some(vectors) = V3::try_new() {
            return Simd::vectorize(vectors, work);
        }
    }
    pulp::Arch::new().dispatch(work)
}

/// Does all tasks, side by side where `numbers` (how many are touched in all) make that worth it.
pub fn spread<T: Send>(tasks: impl Iterator<Item = T>, numbers: usize, work: impl Fn(T) + Sync + Send) {
    const WORTH_IT: usize = 1 << 15;
    match numbers < WORTH_IT {
        true => tasks.for_each(work),
        false => tasks.collect::<Vec<T>>().into_par_iter().for_each(work),
    }
}

thread_local! {
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Numbers to work on and throw away. They hold whatever was left in them: clearing large ones takes a good part of a convolution.
pub struct Scratch {
    numbers: Vec<f32>,
    count: usize,
}

impl Scratch {
    /// So many, taken from what this thread no longer uses.
    pub fn new(count: usize) -> Self {
        let mut numbers = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        if numbers.len() < count {
            numbers.resize(count, 0.0);
        }
        Self { numbers, count }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        SPARE.with_borrow_mut(|spare| spare.push(std::mem::take(&mut self.numbers)));
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[..self.count]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.count]
    }
}

/// Copies a row to where another begins. Rows of the usual pictures are too short to call a function for.
#[inline(always)]
pub fn copy(from: &[f32], to: &mut [f32]) {
    #[inline(always)]
    fn fixed<const N: usize>(from: &[f32], to: &mut [f32]) {
        if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
            *to = *from;
        }
    }
    match from.len() {
        5 => fixed::<5>(from, to),
        7 => fixed::<7>(from, to),
        14 => fixed::<14>(from, to),
        16 => fixed::<16>(from, to),
        28 => fixed::<28>(from, to),
        32 => fixed::<32>(from, to),
        count => to[..count].copy_from_slice(from),
    }
}

/// Partial sums that a loop keeps, so that vectors fill.
pub const LANES: usize = 32;

/// The sum of the partial sums, by halves.
#[inline(always)]
pub fn fold(mut lanes: [f32; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    f64::from(lanes[0])
}

/// The sum of `term` over all numbers.
#[inline(always)]
pub fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += term(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    fold(lanes)
}
