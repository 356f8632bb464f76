//! The bottom bar: the job under way with its progress, time left, pause, stop and queue, and the log above it.

use crate::app::action::Action;
use crate::app::board::Purpose;
use crate::app::model::Model;
use crate::app::panels;
use crate::app::text;
use crate::app::theme;
use crate::app::widgets::{self, Icon};
use eframe::egui::{Align, Layout, RichText, ScrollArea, Ui};

/// Draws the bottom bar.
pub fn bottom_bar(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    if model.log {
        log(ui, model);
        ui.separator();
    }
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT_LARGE);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let icon = if model.log { Icon::ChevronDown } else { Icon::ChevronRight };
            if ui.add(widgets::Action::plain(text::LOG).icon(icon)).clicked() {
                out.push(Action::Log);
            }
            let Some(job) = model.board.current() else {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(RichText::new(text::IDLE).color(theme::palette(ui).muted));
                });
                return;
            };
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let waiting = model.board.jobs().iter().filter(|other| other.id != job.id && other.purpose != Purpose::Estimate).count();
                let room = theme::JOB_BUTTONS + if waiting > 0 { theme::JOB_QUEUE } else { 0.0 };
                let width = (ui.available_width() - room).max(theme::THUMBNAIL);
                ui.allocate_ui(eframe::egui::vec2(width, theme::CONTROL_HEIGHT_LARGE), |ui| {
                    let words = text::job(&job.title, panels::job_words(job));
                    widgets::progress_bar(ui, job.share as f32, &words, job.seconds_left);
                });
                panels::job_controls(ui, job, out);
                if waiting > 0 {
                    ui.label(RichText::new(text::queue(waiting)).color(theme::palette(ui).muted));
                }
            });
        });
    });
}

fn log(ui: &mut Ui, model: &Model) {
    let lines = model.board.log();
    if lines.is_empty() {
        ui.label(text::LOG_EMPTY);
        return;
    }
    let height = ui.text_style_height(&eframe::egui::TextStyle::Body);
    ScrollArea::vertical().max_height(theme::LOG_HEIGHT).auto_shrink([false, true]).stick_to_bottom(true).show_rows(
        ui,
        height,
        lines.len(),
        |ui, rows| {
            for line in lines.range(rows) {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(&line.time).color(theme::palette(ui).muted));
                    ui.label(&line.text);
                });
            }
        },
    );
}
