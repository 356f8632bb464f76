//! What the panels are built from: every widget has a name for screen readers and takes its looks from `theme`.
//!
//! `buttons` holds the small ones (actions, rail steps, cards, tags, verdict), the other files one idea each.

pub mod buttons;
pub mod compare;
pub mod curve;
pub mod drop_zone;
#[cfg(test)]
mod gallery;
pub mod grid;
pub mod ground;
pub mod heat_matrix;
pub mod icons;
pub mod picture;
pub mod plates;
pub mod problems;
pub mod progress;

pub use buttons::{
    Action, StepState, card, choice_card, icon_button, notice, primary_button, quiet_button, slider, step_item, tag, verdict_banner,
};
pub use compare::{ComparePair, CompareState, compare_view};
pub use curve::{Curve, CurveStore, CurvesState, curves};
pub use drop_zone::{PathAction, cleaned as typed_path, drop_zone, path_field};
pub use grid::{Badge, GridResponse, GridState, Tile, image_grid};
pub use ground::ground;
pub use heat_matrix::heat_matrix;
pub use icons::Icon;
pub use picture::{TextureCache, picture};
pub use problems::problem_list;
pub use progress::progress_bar;
