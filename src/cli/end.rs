//! Ctrl+C and a request to end: the first one stops the job at a checkpoint, a second one ends the program at once.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// The exit code of a command that was cancelled.
pub const CANCELLED: u8 = 3;

/// Set once the program is told to end. From the first call on it is for the caller to look.
pub fn told() -> &'static AtomicBool {
    static TOLD: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let told = Arc::default();
        #[cfg(unix)]
        if let Err(error) = watch(&told) {
            tracing::warn!("signals are not watched: {error}");
        }
        told
    })
}

#[cfg(unix)]
fn watch(told: &Arc<AtomicBool>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the first signal finds the flag still down, and only then puts it up.
        flag::register_conditional_shutdown(signal, i32::from(CANCELLED), Arc::clone(told))?;
        flag::register(signal, Arc::clone(told))?;
    }
    Ok(())
}
