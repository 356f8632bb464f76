//! The reports panel: what was proven in this project, side by side, exported, deleted and brought back.

use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::text;
use crate::app::theme;
use crate::app::widgets;
use crate::forensics::judge::corrected;
use crate::forensics::report::Report;
use eframe::egui::{self, Grid, ScrollArea, Ui};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The panel.
#[derive(Default)]
pub struct Reports {
    ticked: BTreeSet<String>,
}

impl Reports {
    fn list(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        for kept in model.keeper.reports() {
            widgets::card(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal(|ui| {
                    let mut ticked = self.ticked.contains(&kept.id);
                    let name = text::tick(&kept.name, &kept.made);
                    if ui.checkbox(&mut ticked, "").accessible_name(name).changed() {
                        if ticked {
                            self.ticked.insert(kept.id.clone());
                            out.push(Action::FetchReport(kept.id.clone()));
                        } else {
                            self.ticked.remove(&kept.id);
                        }
                    }
                    let (tone, icon) = super::forensics::look(kept.verdict);
                    widgets::tag(ui, tone, Some(icon), text::verdict(kept.verdict));
                    subheading(ui, &kept.name);
                    muted(ui, &kept.made);
                });
                ui.horizontal(|ui| {
                    if widgets::quiet_button(ui, text::REPORT_OPEN).clicked() {
                        out.push(Action::OpenReport(kept.id.clone()));
                    }
                    if widgets::quiet_button(ui, text::REPORT_EXPORT).clicked() {
                        out.push(Action::ExportReport(kept.id.clone()));
                    }
                    if ui.add(widgets::Action::plain(text::REPORT_DELETE)).clicked() {
                        out.push(Action::DeleteReport(kept.id.clone()));
                    }
                });
            });
        }
    }

    fn compare(&self, ui: &mut Ui, model: &Model) {
        if self.ticked.len() < 2 {
            muted(ui, text::REPORT_COMPARE_HINT);
            return;
        }
        heading(ui, text::REPORT_COMPARE);
        let read: Vec<Result<Arc<Report>, String>> = self.ticked.iter().filter_map(|id| model.keeper.report(id)).collect();
        for reason in read.iter().filter_map(|report| report.as_ref().err()) {
            widgets::notice(ui, theme::Tone::Warn, reason);
        }
        if read.len() < self.ticked.len() {
            muted(ui, text::REPORTS_READING);
        }
        let reports: Vec<&Report> = read.iter().filter_map(|report| report.as_deref().ok()).collect();
        ScrollArea::horizontal().show(ui, |ui| {
            Grid::new("side-by-side").striped(true).spacing(egui::vec2(theme::GAP_3, theme::GAP)).show(ui, |ui| {
                for (name, value) in super::forensics::FIGURES {
                    muted(ui, *name);
                    for report in &reports {
                        ui.label(value(report));
                    }
                    ui.end_row();
                }
                let corrected = corrected(&reports);
                muted(ui, text::FIGURE_ADJUSTED);
                for (p_value_log10, _) in &corrected {
                    ui.label(text::chance_words(*p_value_log10));
                }
                ui.end_row();
                muted(ui, text::VERDICT_ADJUSTED);
                for (_, verdict) in &corrected {
                    ui.label(text::verdict(*verdict));
                }
                ui.end_row();
            });
        });
    }
}

impl Pane for Reports {
    fn title(&self) -> &'static str {
        text::TAB_REPORTS
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        heading(ui, text::REPORTS_TITLE);
        let kept = model.keeper.reports();
        self.ticked.retain(|id| kept.iter().any(|report| report.id == *id));
        if kept.is_empty() {
            ui.label(text::REPORTS_EMPTY);
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            self.list(ui, model, out);
            ui.add_space(theme::GAP_2);
            self.compare(ui, model);
        });
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, _out: &mut Vec<Action>) {
        ui.label(text::REPORTS_EMPTY);
        fact(ui, text::STEP_REPORTS, &text::number(model.keeper.reports().len()));
    }
}
