//! The panel that marks: pictures in, marked copies out, and of each what was changed and whether the logo is found again.

use super::{Choosing, Pane, bad_files, barrier_side, even_rows, fact, heading, limits, muted, progress, strip, strip_side, title_row};
use crate::app::action::{Action, Wanted};
use crate::app::model::{Batch, Model};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon, TextureCache};
use crate::jobs::barrier::Marked;
use eframe::egui::{self, ScrollArea, Ui};
use std::path::Path;

/// Pictures of a row.
const PICTURES: usize = 4;

/// The panel.
#[derive(Default)]
pub struct MarkPanel {
    path: String,
    textures: TextureCache,
}

impl MarkPanel {
    fn empty(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        heading(ui, text::MARK_TITLE);
        if model.images.mark.is_listing() {
            muted(ui, text::MARK_LISTING);
        }
        let choosing = Choosing {
            drop: text::MARK_DROP,
            choose: text::MARK_CHOOSE,
            hint: text::MARK_HINT,
            path: text::MARK_PATH,
            browse: text::MARK_CHOOSE,
            files: Wanted::Originals,
            folder: Wanted::OriginalsFolder,
            usual: Wanted::Originals,
        };
        choosing.show(ui, model, &mut self.path, out);
    }

    fn chosen(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let batch = &model.images.mark;
        title_row(ui, &text::chosen_pictures(batch.files.len()), |ui| {
            if ui.add(super::super::lead(model, Step::Mark, &text::mark_button(batch.files.len()))).clicked() {
                out.push(Action::Mark);
            }
        });
        widgets::card(ui, |ui| {
            ui.set_width(ui.available_width());
            if let Some(folder) = &batch.folder {
                fact(ui, text::MARK_TO, &folder.display().to_string());
            }
            if ui.add(widgets::Action::quiet(text::MARK_TO_OTHER).icon(Icon::Folder)).clicked() {
                out.push(Action::Ask(Wanted::MarkedFolder));
            }
            muted(ui, text::MARK_PNG);
        });
        if widgets::quiet_button(ui, text::MARK_OTHER).clicked() {
            out.push(Action::MarkAgain);
        }
        files(ui, batch);
    }

    fn over(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let batch = &model.images.mark;
        let (good, again) = (batch.good().count(), batch.good().filter(|(_, marked)| marked.likeness.counts()).count());
        let tone = if good > 0 && good == again { Tone::Good } else { Tone::Warn };
        widgets::notice(ui, tone, &text::marked_words(batch));
        if good > again {
            muted(ui, text::MARKED_WEAK);
        }
        ui.horizontal_wrapped(|ui| {
            if let Some(folder) = batch.folder.as_ref().filter(|_| good > 0) {
                if ui.add(super::super::lead(model, Step::Mark, text::FOLDER_SHOW)).clicked() {
                    out.push(Action::ShowFolder(folder.clone()));
                }
                if ui.add(widgets::Action::quiet(text::FOLDER_COPY).icon(Icon::Copy)).clicked() {
                    out.push(Action::Copy(folder.display().to_string()));
                }
            }
            if widgets::quiet_button(ui, text::MARK_MORE).clicked() {
                out.push(Action::MarkAgain);
            }
        });
        if let Some(folder) = &batch.folder {
            fact(ui, text::MARK_TO, &folder.display().to_string());
        }
        bad_files(ui, batch, out);
    }

    fn rows(&mut self, ui: &mut Ui, batch: &Batch<Marked>, out: &mut Vec<Action>) {
        let all: Vec<(&Path, &Marked)> = batch.good().collect();
        let side = strip_side(ui.available_width() - theme::GAP_2, PICTURES);
        let height = theme::CONTROL_HEIGHT + side + theme::TEXT + theme::GAP_3;
        even_rows(ui, "marked", batch.over, height, all.len(), |ui, place| {
            let (file, marked) = all[place];
            self.row(ui, file, marked, out);
        });
    }

    fn row(&mut self, ui: &mut Ui, file: &Path, marked: &Marked, out: &mut Vec<Action>) {
        let (name, wide) = (text::file_name(file), ui.available_width() > theme::READING_WIDTH);
        egui::Sides::new().height(theme::CONTROL_HEIGHT).shrink_left().truncate().show(
            ui,
            |ui| ui.label(&name).on_hover_text(marked.written.display().to_string()),
            |ui| {
                if widgets::icon_button(ui, Icon::Compare, &text::compare_title(&name, text::MARKED)).clicked() {
                    out.push(Action::CompareFiles(file.to_owned(), marked.written.clone()));
                }
                let (tone, icon, words) = match marked.likeness.counts() {
                    true => (Tone::Good, Icon::Check, text::LOGO_AGAIN),
                    false => (Tone::Warn, Icon::Warning, text::LOGO_WEAK),
                };
                widgets::tag(ui, tone, Some(icon), words).on_hover_text(text::correlation(marked.likeness.nc));
                let whole = text::likeness(marked.psnr_db);
                let words = if wide { whole.clone() } else { text::decibel(marked.psnr_db) };
                muted(ui, words).on_hover_text(format!("{whole}. {}", text::MARK_FIRMER));
            },
        );
        let Some(looks) = &marked.looks else {
            muted(ui, text::NOT_SHOWN);
            return;
        };
        let mut pictures = vec![(text::ORIGINAL, &looks.given)];
        if let Some([copy, difference]) = &looks.marked {
            pictures.extend([(text::MARKED, copy), (text::DIFFERENCE, difference)]);
        }
        pictures.push((text::REVEALED, &looks.revealed));
        if strip(ui, &mut self.textures, &name, &pictures).is_some() {
            out.push(Action::CompareFiles(file.to_owned(), marked.written.clone()));
        }
    }
}

/// The names of what was chosen.
pub(super) fn files<T>(ui: &mut Ui, batch: &Batch<T>) {
    if batch.skipped > 0 {
        muted(ui, text::skipped(batch.skipped));
    }
    let height = ui.text_style_height(&egui::TextStyle::Body);
    let area = ScrollArea::vertical().id_salt("files").max_height(theme::LIST_HEIGHT).auto_shrink([false, true]);
    area.show_rows(ui, height, batch.files.len(), |ui, rows| {
        for file in rows.filter_map(|row| batch.files.get(row)) {
            ui.add(egui::Label::new(text::file_name(file)).truncate()).on_hover_text(file.display().to_string());
        }
    });
}

impl Pane for MarkPanel {
    fn title(&self) -> &'static str {
        text::TAB_MARK
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let (job, batch) = (model.board.marking(), &model.images.mark);
        if job.is_none() && !batch.over && super::needs_barrier(ui, model, Step::Mark, out) {
            return;
        }
        match job {
            Some(job) => progress(ui, job, batch, out),
            None if batch.over => self.over(ui, model, out),
            None => {
                ScrollArea::vertical().auto_shrink(false).id_salt("mark").show(ui, |ui| {
                    ui.set_max_width(ui.available_width() - theme::GAP);
                    match batch.files.is_empty() {
                        true => self.empty(ui, model, out),
                        false => self.chosen(ui, model, out),
                    }
                });
            }
        }
        if job.is_some() || batch.over {
            ui.add_space(theme::GAP);
            self.rows(ui, batch, out);
        }
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, _out: &mut Vec<Action>) {
        if let Some(barrier) = &model.images.barrier {
            barrier_side(ui, &mut self.textures, barrier);
            ui.separator();
        }
        limits(ui);
    }
}
