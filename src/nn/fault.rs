//! What a graphics card could not do, told apart from faults of the program.
//!
//! A card that runs out of memory is reported in several ways. wgpu panics on a thread of burn's runtime, which logs the panic and goes
//! on; only what is read back later fails, with another message. With SPIR-V the message comes with the numbers that could not be read.
//! So `listen` hears every panic of the process, and `heard` says what the last one that was the card's meant. A candidate that tuning tries
//! may fail so without harm: what was heard explains a job that failed, and ends none by itself.
//!
//! The first was seen on a software driver whose process had too little memory (`ulimit -v`); on no real card yet.

use std::panic;
use std::sync::{Mutex, Once, PoisonError};

/// What went wrong on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has too little memory.
    Memory,
    /// It no longer answers: the driver was reset, or the card is gone.
    Lost,
}

/// What wgpu and CubeCL say when there is too little memory: the uncaptured error of a buffer (wgpu), the reason of a lost device or a
/// submission (wgpu-core), a buffer through Vulkan itself, one larger than any that the card takes, and a pool that is full (CubeCL).
const MEMORY: [&str; 6] = [
    "wgpu error: Out of Memory",
    "Not enough memory left",
    "out of device memory allocating",
    "can't allocate buffer of size",
    "every page size the memory tracks still holds live allocations",
    "ERROR_OUT_OF_DEVICE_MEMORY",
];
/// What they say of a device that is gone.
const LOST: [&str; 3] = ["The device is poisoned", "Parent device is lost", "the wgpu device was lost"];

impl Fault {
    /// What the message of a panic or an error says of the card, if anything.
    pub fn of(message: &str) -> Option<Self> {
        let says = |known: &[&str]| known.iter().any(|words| message.contains(words));
        // A card that was lost for want of memory is best helped by needing less.
        match (says(&MEMORY), says(&LOST)) {
            (true, _) => Some(Fault::Memory),
            (false, true) => Some(Fault::Lost),
            (false, false) => None,
        }
    }
}

static HEARD: Mutex<Option<Fault>> = Mutex::new(None);

/// Hears panics of all threads from now on; what was done with them before is done as before.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if let Some(fault) = panic.payload_as_str().and_then(Fault::of) {
                *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            }
            before(panic);
        }));
    });
}

/// What was heard of the card since the last call.
pub fn heard() -> Option<Fault> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wgpu_and_cubecl_say_is_understood() {
        let read = "Error while reading data: use `try_into_data` instead to catch the error at runtime: WithContext { reason: \"An IO error \
                    happened\\nCaused by:\\n  out of device memory allocating 1073741824 bytes\\n\" }";
        for message in [read, "wgpu error: Out of Memory", "can't allocate buffer of size: 9663676416\n", "Not enough memory left."] {
            assert_eq!(Fault::of(message), Some(Fault::Memory), "{message}");
        }
        assert_eq!(Fault::of("The device is poisoned\nCaused by:\n  Unknown: Not enough memory left."), Some(Fault::Memory));
        for message in ["The device is poisoned\nCaused by:\n  Unknown: reset", "wgpu error: Parent device is lost"] {
            assert_eq!(Fault::of(message), Some(Fault::Lost), "{message}");
        }
        for message in ["index out of bounds: the len is 3 but the index is 3", "wgpu error: Validation Error", ""] {
            assert_eq!(Fault::of(message), None, "{message}");
        }
    }

    #[test]
    fn a_panic_that_another_thread_swallows_is_heard() {
        listen();
        listen();
        // As CubeCL's own thread does with a task that nobody waits for.
        std::thread::spawn(|| {
            let _ = panic::catch_unwind(|| panic!("wgpu error: {}", "Out of Memory"));
        })
        .join()
        .unwrap();
        assert_eq!(heard(), Some(Fault::Memory));
        assert_eq!(heard(), None);
    }
}
