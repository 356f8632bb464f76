//! What stands around the panels: bars, rail, the side about what is selected, and what lies on top (palette, help, questions).

mod bottom_bar;
mod overlays;
mod rail;
mod top_bar;

pub use bottom_bar::bottom_bar;
pub use overlays::{Overlays, drop_curtain};
pub use rail::rail;
pub use top_bar::top_bar;
