//! One long-lived worker thread owns every tensor; the window and the command line talk to it through messages.

pub mod ask;
pub mod barrier;
pub mod bench;
mod checkpoint;
mod classical;
mod clock;
mod controls;
mod error;
mod exam;
pub mod gallery;
pub mod heap;
mod lanes;
mod messages;
mod pace;
pub mod quality;
mod record;
pub mod reproduce;
mod rhythm;
mod stages;
mod suited;
pub mod train;
mod watch;
mod worker;

pub use checkpoint::{RunIdentity, started_with};
pub use classical::Hidden;
pub use error::{JobError, can_continue, is_the_cards};
pub use lanes::Gate;
pub use messages::*;
pub use pace::Paces;
pub use record::curves;
pub use watch::{Flow, Watch};
pub use worker::Worker;
