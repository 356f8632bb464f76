//! The top bar: the program's name, the project, the three doors, the device in words, colours and help.

use crate::app::action::{Action, Wanted};
use crate::app::model::Model;
use crate::app::steps::Door;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon};
use crate::nn::device::{CPU, DeviceChoice};
use crate::project::Theme;
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
            device_menu(ui, model, out);
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

fn device_menu(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let words = model.device.as_deref().unwrap_or(text::DEVICE_STARTING);
    let button = ui.add(widgets::Action::plain(words).icon(Icon::Gear)).on_hover_text(text::DEVICE_HINT);
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(theme::MENU_WIDTH);
        ui.label(RichText::new(text::DEVICE_TITLE).size(theme::TEXT_SMALL).color(theme::palette(ui).muted));
        let chosen = model.keeper.device();
        for choice in [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Gpu] {
            let (name, meaning) = text::device(choice);
            if ui.radio(chosen == choice, name).on_hover_text(meaning).clicked() {
                out.push(Action::Device(choice));
            }
        }
        // Before the job under way ends, the card was not asked for yet.
        if chosen == DeviceChoice::Gpu && words.starts_with(CPU) && model.board.jobs().is_empty() {
            ui.label(RichText::new(text::DEVICE_NO_CARD).size(theme::TEXT_SMALL).color(theme::palette(ui).tone(Tone::Warn).ink));
        }
    });
}

fn theme_menu(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let chosen = model.keeper.theme();
    let next = match chosen {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    };
    let icon = if ui.visuals().dark_mode { Icon::Moon } else { Icon::Sun };
    if widgets::icon_button(ui, icon, &text::theme(chosen)).clicked() {
        out.push(Action::Theme(next));
    }
}
