//! The rail: the steps of the door with their state, and below them what is missing next.

use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::steps::{Step, StepState};
use crate::app::text;
use crate::app::theme;
use crate::app::widgets;
use eframe::egui::{RichText, Ui};

/// Draws the rail.
pub fn rail(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    ui.add_space(theme::GAP);
    ui.spacing_mut().item_spacing.y = theme::GAP_HALF;
    let steps = Step::behind(model.door);
    for (place, step) in steps.iter().enumerate() {
        let state = model.state_of(*step);
        if widgets::step_item(ui, place + 1, step.name(), &state, model.step == *step).clicked() {
            out.push(Action::GoTo(*step));
        }
    }
    let first_missing = steps.iter().find_map(|step| match model.state_of(*step) {
        StepState::Blocked(why) => Some((*step, why)),
        _ => None,
    });
    if let Some((step, why)) = first_missing {
        ui.add_space(theme::GAP_2);
        let colour = theme::palette(ui).muted;
        ui.label(RichText::new(text::step_missing(step.name(), &why)).size(theme::TEXT_SMALL).color(colour));
    }
}
