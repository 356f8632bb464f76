//! Memory between the steps of a training: each step takes and gives back the same large tensors.
//!
//! By default glibc returns what is large to the system at once and gets it back page by page, cleared, which takes a good part of a step of ResNet-18.
//! Here it keeps what a job uses until the job ends. Other systems' allocators are left alone.

/// Keeps memory that is given back, from the start of the program on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn keep() {
    // SAFETY: `mallopt` takes two plain numbers, touches nothing of ours and may be called at any time (mallopt(3)); it reports what it
    // refuses by its result, and then everything stays as it was.
    let taken = unsafe { [libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX), libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX)] };
    if taken.contains(&0) {
        tracing::debug!("the allocator keeps its own thresholds");
    }
}

/// Returns to the system what no job uses any more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(super) fn give_back() {
    // SAFETY: `malloc_trim` takes a plain number and releases pages that hold no allocation; it may be called by any thread at any time
    // (malloc_trim(3)).
    unsafe { libc::malloc_trim(0) };
}

/// Keeps memory that is given back, from the start of the program on.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep() {}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}
