//! One long-lived worker thread owns every tensor; the window and the command line talk to it through messages.

mod messages;

pub use messages::*;

use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;

/// The caller's end of the worker: commands down, events back, heavy state in slots. Dropping it asks the worker to quit.
pub struct Worker {
    /// Where commands go. Sending never blocks.
    pub commands: Sender<Command>,
    /// Where events come from; bounded, so poll it often.
    pub events: Receiver<Event>,
    /// Latest-value slots.
    pub slots: Slots,
}

impl Worker {
    /// Starts the worker thread. `wake` is called after each event so that an idle window can draw; it must not block.
    pub fn start(_wake: Arc<dyn Fn() + Send + Sync>) -> Worker {
        unimplemented!("the worker is being written")
    }
}
