//! app.

pub mod theme;
pub mod widgets;
