//! The schemes that are trained afterwards, one row each.

use super::muted;
use crate::app::action::Action;
use crate::app::model::{Estimate, Model, scheme_name};
use crate::app::text;
use crate::app::theme;
use crate::app::widgets::{self, Icon};
use eframe::egui::Ui;

/// What waits, in its order, each with a way to take it out; nothing where nothing waits. `idle` offers to begin with the first.
pub fn queue(ui: &mut Ui, model: &Model, idle: bool, out: &mut Vec<Action>) {
    let waiting: Vec<_> = model.waiting().collect();
    if waiting.is_empty() {
        return;
    }
    ui.add_space(theme::GAP);
    super::subheading(ui, text::QUEUE);
    for plan in waiting {
        let name = scheme_name(plan.scheme.id());
        ui.horizontal(|ui| {
            ui.set_row_height(theme::CONTROL_HEIGHT);
            if widgets::icon_button(ui, Icon::Cross, &text::queue_remove(name)).clicked() {
                out.push(Action::AlsoTrain(plan.scheme.id().to_owned()));
            }
            ui.label(name);
            if let Estimate::Seconds(seconds) = model.estimate_of(&plan) {
                muted(ui, text::estimate(seconds));
            }
        });
    }
    if idle && widgets::quiet_button(ui, text::QUEUE_BEGIN).clicked() {
        out.push(Action::TrainNext);
    }
}
