//! The panel that checks: pictures in question in, a verdict in one sentence out, and of each picture the logo that it reveals.

use super::mark::files;
use super::{Choosing, Pane, bad_files, barrier_side, even_rows, heading, limits, muted, progress, strip, subheading, title_row};
use crate::app::action::{Action, Pair, Wanted};
use crate::app::model::{Batch, Model, OpenBarrier, count_found};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon, TextureCache};
use crate::jobs::barrier::Found;
use eframe::egui::{self, ScrollArea, Ui, Vec2};
use std::path::Path;

/// The panel.
#[derive(Default)]
pub struct CheckPanel {
    path: String,
    textures: TextureCache,
}

/// Colour and icon of a check that found the logo in so many pictures.
fn look(counts: usize, proves: bool) -> (Tone, Icon) {
    match proves {
        _ if counts == 0 => (Tone::Neutral, Icon::Circle),
        true => (Tone::Good, Icon::Shield),
        false => (Tone::Warn, Icon::Question),
    }
}

impl CheckPanel {
    fn empty(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        heading(ui, text::CHECK_TITLE);
        if model.images.check.is_listing() {
            muted(ui, text::MARK_LISTING);
        }
        let choosing = Choosing {
            drop: text::CHECK_DROP,
            choose: text::MARK_CHOOSE,
            hint: text::CHECK_HINT,
            path: text::MARK_PATH,
            browse: text::MARK_CHOOSE,
            files: Wanted::Outputs,
            folder: Wanted::OutputsFolder,
            usual: Wanted::Outputs,
        };
        choosing.show(ui, model, &mut self.path, out);
    }

    fn chosen(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let batch = &model.images.check;
        title_row(ui, &text::chosen_pictures(batch.files.len()), |ui| {
            if ui.add(super::super::lead(model, Step::Check, text::CHECK_START)).clicked() {
                out.push(Action::Reveal);
            }
        });
        if widgets::quiet_button(ui, text::MARK_OTHER).clicked() {
            out.push(Action::RevealAgain);
        }
        files(ui, batch);
    }

    fn over(&mut self, ui: &mut Ui, batch: &Batch<Found>, barrier: Option<&OpenBarrier>, out: &mut Vec<Action>) {
        let (counts, all) = count_found(batch.good().map(|(_, found)| found));
        let null = barrier.and_then(|barrier| barrier.null);
        let (tone, icon) = look(counts, null.is_some_and(|null| null.proves(counts, all)));
        let meaning = match (null, barrier.and_then(|barrier| barrier.made.as_ref())) {
            _ if counts == 0 => text::CHECK_NOT_FOUND.to_owned(),
            (Some(null), Some(made)) => text::evidence(null, made, counts, all),
            _ => text::CHECK_UNKNOWN.to_owned(),
        };
        widgets::verdict_banner(ui, tone, icon, &text::checked_words(batch.good().map(|(_, found)| found)), &[&meaning]);
        if widgets::quiet_button(ui, text::CHECK_AGAIN).clicked() {
            out.push(Action::RevealAgain);
        }
        bad_files(ui, batch, out);
    }

    fn rows(&mut self, ui: &mut Ui, batch: &Batch<Found>, barrier: Option<&OpenBarrier>, out: &mut Vec<Action>) {
        let all: Vec<(&Path, &Found)> = batch.good().collect();
        let height = theme::CONTROL_HEIGHT + theme::THUMBNAIL + theme::TEXT + theme::GAP_3;
        even_rows(ui, "found", batch.over, height, all.len(), |ui, place| {
            let (file, found) = all[place];
            self.row(ui, file, found, barrier, out);
        });
    }

    fn row(&mut self, ui: &mut Ui, file: &Path, found: &Found, barrier: Option<&OpenBarrier>, out: &mut Vec<Action>) {
        let name = text::file_name(file);
        let (tone, icon) = match found.likeness.counts() {
            true => (Tone::Good, Icon::Check),
            false => (Tone::Neutral, Icon::Circle),
        };
        egui::Sides::new().height(theme::CONTROL_HEIGHT).shrink_left().truncate().show(
            ui,
            |ui| ui.label(&name).on_hover_text(file.display().to_string()),
            |ui| widgets::tag(ui, tone, Some(icon), text::found_words(&found.likeness)).on_hover_text(text::check_meaning()),
        );
        ui.horizontal_top(|ui| {
            match &found.looks {
                Some(looks) => {
                    let mut pictures = vec![(text::CHECKED, &looks.given), (text::REVEALED, &looks.revealed)];
                    pictures.extend(barrier.map(|barrier| (text::OWN_LOGO, &barrier.logo)));
                    let wide = pictures.len() as f32 * (theme::THUMBNAIL + theme::GAP) - theme::GAP;
                    let place = Vec2::new(wide, theme::THUMBNAIL);
                    let clicked = ui.allocate_ui(place, |ui| strip(ui, &mut self.textures, &name, &pictures)).inner;
                    if let (Some(_), Some(barrier)) = (clicked, barrier) {
                        let shape = looks.revealed.shape;
                        let own = barrier.logo.colour().resized(shape.width, shape.height);
                        out.push(Action::Compare(Pair::new(looks.revealed.clone(), text::REVEALED, own, text::OWN_LOGO)));
                    }
                }
                None => {
                    muted(ui, text::NOT_SHOWN_HERE);
                }
            }
            ui.vertical(|ui| {
                let colour = theme::palette(ui).muted;
                let squares = (found.squares > 1).then(|| text::squares(found));
                for words in std::iter::once(text::found_figures(found)).chain(squares) {
                    ui.add(egui::Label::new(egui::RichText::new(words).size(theme::TEXT_SMALL).color(colour)).wrap());
                }
            });
        });
    }
}

impl Pane for CheckPanel {
    fn title(&self) -> &'static str {
        text::TAB_CHECK
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let (job, batch) = (model.board.checking(), &model.images.check);
        if job.is_none() && !batch.over && super::needs_barrier(ui, model, Step::Check, out) {
            return;
        }
        match job {
            Some(job) => progress(ui, job, batch, out),
            None if batch.over => self.over(ui, batch, model.images.barrier.as_ref(), out),
            None => {
                ScrollArea::vertical().auto_shrink(false).id_salt("check").show(ui, |ui| {
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
            self.rows(ui, batch, model.images.barrier.as_ref(), out);
        }
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, _out: &mut Vec<Action>) {
        if let Some(barrier) = &model.images.barrier {
            barrier_side(ui, &mut self.textures, barrier);
            ui.separator();
        }
        subheading(ui, text::CHECK_MEANING_TITLE);
        ui.label(text::check_meaning());
        ui.separator();
        limits(ui);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_no_matter_of_colour_alone() {
        assert_eq!(look(0, false), (Tone::Neutral, Icon::Circle));
        assert_eq!(look(25, false), (Tone::Warn, Icon::Question));
        assert_eq!(look(24, true), (Tone::Good, Icon::Shield));
    }
}
