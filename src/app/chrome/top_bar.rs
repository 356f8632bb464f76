//! The top bar: the program's name, the project, the three doors, the device in words, colours and help.

use crate::app::action::{Action, Wanted};
use crate::app::model::Model;
use crate::app::steps::Door;
use crate::app::text;
use crate::app::theme::{self, ThemeChoice, Tone};
use crate::app::widgets::{self, Icon};
use eframe::egui::{self, Align, Layout, RichText, Ui};

/// Draws the top bar.
pub fn top_bar(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new(text::APP).size(theme::TEXT_HEADING).strong());
        ui.add_space(theme::GAP);
        project_menu(ui, model, out);
        ui.add_space(theme::GAP_2);
        for (door, icon, name, hint) in [
            (Door::Protect, Icon::Shield, text::DOOR_PROTECT, text::DOOR_PROTECT_HINT),
            (Door::Images, Icon::Image, text::DOOR_MARK, text::DOOR_MARK_HINT),
            (Door::Investigate, Icon::Magnifier, text::DOOR_INVESTIGATE, text::DOOR_INVESTIGATE_HINT),
        ] {
            let button = widgets::Action::quiet(name).icon(icon).selected(model.door == door);
            if ui.add(button).on_hover_text(hint).clicked() {
                out.push(Action::Enter(door));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::icon_button(ui, Icon::Question, text::HELP).clicked() {
                out.push(Action::Help);
            }
            theme_menu(ui, model, out);
            let (tone, words) =
                model.device.as_ref().map_or((Tone::Neutral, text::DEVICE_STARTING), |device| (Tone::Good, device.as_str()));
            let tag = ui.scope_builder(egui::UiBuilder::new().layout(Layout::right_to_left(Align::Center)), |ui| {
                ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(theme::palette(ui).tone(tone).ink));
                widgets::icons::show(ui, Icon::Gear, theme::ICON, theme::palette(ui).tone(tone).ink);
            });
            tag.response.on_hover_text(text::DEVICE_HINT);
        });
    });
}

fn project_menu(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let button = ui.add(widgets::Action::quiet(model.keeper.name()).icon(Icon::ChevronDown)).on_hover_text(text::PROJECT_MENU);
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(theme::MENU_WIDTH);
        match model.keeper.unsaved() {
            None => ui.label(RichText::new(text::PROJECT_SAVED).color(theme::palette(ui).muted)),
            Some(reason) => {
                ui.label(RichText::new(text::PROJECT_UNSAVED).color(theme::palette(ui).tone(Tone::Bad).ink)).on_hover_text(reason)
            }
        };
        if let Some(folder) = model.keeper.folder() {
            ui.label(RichText::new(folder.display().to_string()).size(theme::TEXT_SMALL).color(theme::palette(ui).muted));
        }
        ui.separator();
        if ui.button(text::PROJECT_NEW).clicked() {
            out.push(Action::Ask(Wanted::NewProject));
        }
        if ui.button(text::PROJECT_OPEN).clicked() {
            out.push(Action::Ask(Wanted::Project));
        }
        ui.menu_button(text::PROJECT_RECENT, |ui| {
            let mut any = false;
            for folder in model.keeper.recent() {
                any = true;
                if ui.button(text::file_name(folder)).on_hover_text(folder.display().to_string()).clicked() {
                    out.push(Action::Take(Wanted::Project, folder.to_owned()));
                }
            }
            if !any {
                ui.label(text::PROJECT_NO_RECENT);
            }
        });
        ui.separator();
        let undo = match (model.training.can_take_up(), model.keeper.can_undo()) {
            (true, _) => Some(text::UNDO_GIVING_UP.to_owned()),
            (false, step) => step.map(|step| text::undo_of(&step)),
        };
        let can_undo = undo.is_some();
        let undo = undo.unwrap_or_else(|| text::UNDO.to_owned());
        if ui.add_enabled(can_undo, egui::Button::new(undo)).clicked() {
            out.push(Action::Undo);
        }
        if ui.add_enabled(model.keeper.can_redo(), egui::Button::new(text::REDO)).clicked() {
            out.push(Action::Redo);
        }
        if ui.button(text::RESET_LAYOUT).clicked() {
            out.push(Action::ResetLayout);
        }
    });
}

fn theme_menu(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let chosen = model.keeper.theme();
    let next = match chosen {
        ThemeChoice::System => ThemeChoice::Light,
        ThemeChoice::Light => ThemeChoice::Dark,
        ThemeChoice::Dark => ThemeChoice::System,
    };
    let icon = if ui.visuals().dark_mode { Icon::Moon } else { Icon::Sun };
    if widgets::icon_button(ui, icon, &text::theme(chosen)).clicked() {
        out.push(Action::Theme(next));
    }
}
