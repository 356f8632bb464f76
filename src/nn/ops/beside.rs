//! Several networks that learn at the same time: each step is a chain of many small operations, and the gaps of one are filled by the others.

use super::BURNS_OWN;
use burn::tensor::Device;
use std::panic::resume_unwind;
use std::thread;

/// Does the work with each of a few things and gives the results in their order. At the same time where cores compute; one after the other
/// on every other device, which has an order of its own, and with burn's own operations, which are chosen for a thread. The numbers are the
/// same either way.
///
/// Each has its part of the cores for itself, so that none waits for another's work, nor begins it while it waits.
pub fn side_by_side<T: Send, R: Send>(device: &Device, things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if things.len() < 2 || BURNS_OWN.get() || *device != Device::flex() {
        return things.into_iter().map(work).collect();
    }
    let (work, threads) = (&work, (rayon::current_num_threads() / things.len()).max(1));
    let alone = move |thing| match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(cores) => cores.install(|| work(thing)),
        Err(_) => work(thing),
    };
    thread::scope(|scope| {
        let running: Vec<_> = things.into_iter().map(|thing| scope.spawn(move || alone(thing))).collect();
        running.into_iter().map(|thing| thing.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn things_are_done_at_the_same_time_and_results_keep_their_order() {
        let met = Barrier::new(3);
        let done = side_by_side(&Device::flex(), vec![1, 2, 3], |thing| {
            met.wait();
            10 * thing
        });
        assert_eq!(done, [10, 20, 30]);
        assert!(side_by_side(&Device::flex(), Vec::<u8>::new(), |thing| thing).is_empty());
    }

    #[test]
    fn burns_own_operations_stay_on_their_thread() {
        let here = thread::current().id();
        let ids = super::super::with_burns_own(|| side_by_side(&Device::flex(), vec![(); 2], |()| thread::current().id()));
        assert_eq!(ids, [here; 2]);
    }
}
