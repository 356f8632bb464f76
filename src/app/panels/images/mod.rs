//! The panels behind the door for picture files: the barrier, marking with it, checking with it.

mod barrier;
mod check;
mod making;
mod mark;

pub use barrier::BarrierPanel;
pub use check::CheckPanel;
pub use mark::MarkPanel;

use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Wanted};
use crate::app::board::Job;
use crate::app::model::{Batch, Model, OpenBarrier};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon, PathAction, TextureCache};
use crate::data::Picture;
use crate::jobs::barrier::Figures;
use eframe::egui::{self, ScrollArea, Ui, Vec2};

/// Where pictures are chosen: a zone for drops, buttons for files and for a folder, and a field for a path.
struct Choosing<'a> {
    drop: &'a str,
    choose: &'a str,
    hint: &'a str,
    path: &'a str,
    browse: &'a str,
    files: Wanted,
    folder: Wanted,
    /// What a click on the zone asks for.
    usual: Wanted,
}

impl Choosing<'_> {
    fn show(&self, ui: &mut Ui, model: &Model, typed: &mut String, out: &mut Vec<Action>) {
        let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
        if widgets::drop_zone(ui, if model.drops { self.drop } else { self.choose }, self.hint, hovering).clicked() {
            out.push(Action::Browse(self.usual));
        }
        if ui.add(widgets::Action::quiet(text::CHOOSE_FOLDER).icon(Icon::Folder)).clicked() {
            out.push(Action::Browse(self.folder));
        }
        match widgets::path_field(ui, typed, self.path, self.browse) {
            PathAction::Browse => out.push(Action::Browse(self.files)),
            PathAction::Entered(path) => {
                typed.clear();
                out.push(Action::Take(self.files, path));
            }
            PathAction::None => {}
        }
    }
}

/// Pictures beside each other, each over its name, as large as the width allows; the place of the one that was clicked.
fn strip(ui: &mut Ui, textures: &mut TextureCache, of: &str, pictures: &[(&str, &Picture)]) -> Option<usize> {
    let side = strip_side(ui.available_width(), pictures.len());
    let mut clicked = None;
    ui.horizontal_top(|ui| {
        for (place, (name, picture)) in pictures.iter().enumerate() {
            ui.vertical(|ui| {
                ui.set_width(side);
                ui.spacing_mut().item_spacing.y = theme::GAP_HALF;
                if widgets::picture(ui, textures, picture, Vec2::splat(side), &text::example_of(of, name)).clicked() {
                    clicked = Some(place);
                }
                ui.label(egui::RichText::new(*name).size(theme::TEXT_SMALL).color(theme::palette(ui).muted));
            });
        }
    });
    clicked
}

fn strip_side(width: f32, count: usize) -> f32 {
    let count = count.max(1) as f32;
    ((width - (count - 1.0) * theme::GAP) / count).clamp(theme::GAP_4, theme::PREVIEW)
}

/// The rest of a window's row is left over before the button of the next thing to do.
fn title_row(ui: &mut Ui, title: &str, buttons: impl FnOnce(&mut Ui)) {
    egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(ui, |ui| heading(ui, title), buttons);
}

/// How far a batch is, with the button that ends it.
fn progress<T>(ui: &mut Ui, job: &Job, batch: &Batch<T>, out: &mut Vec<Action>) {
    title_row(ui, &job.title, |ui| {
        let stop = ui.add_enabled(job.standing != crate::app::board::Standing::Stopping, widgets::Action::quiet(text::CANCEL));
        if stop.on_hover_text(text::STOP_FILES_HINT).clicked() {
            out.push(Action::Stop(job.id));
        }
    });
    let words = match batch.done.is_empty() {
        true => super::job_words(job).to_owned(),
        false => text::batch_place(batch.done.len(), batch.files.len()),
    };
    widgets::progress_bar(ui, job.share as f32, &words, job.seconds_left);
    ui.add_space(theme::GAP);
}

/// Rows of one height, whether their pictures are shown or not; while a batch is under way the newest stays in view.
fn even_rows(ui: &mut Ui, id: &str, over: bool, height: f32, count: usize, mut row: impl FnMut(&mut Ui, usize)) {
    let area = ScrollArea::vertical().auto_shrink(false).id_salt((id, over)).stick_to_bottom(!over);
    area.show_rows(ui, height, count, |ui, rows| {
        ui.set_max_width(ui.available_width() - theme::GAP_2);
        for place in rows.start..rows.end.min(count) {
            ui.push_id(place, |ui| {
                let top = ui.cursor().min;
                row(ui, place);
                let used = ui.cursor().min.y - top.y;
                ui.add_space((height - used).max(0.0));
            });
        }
    });
}

/// Files that could not be handled, each with its sentence.
fn bad_files<T>(ui: &mut Ui, batch: &Batch<T>, out: &mut Vec<Action>) {
    let problems = batch.problems();
    if problems.is_empty() {
        return;
    }
    widgets::notice(ui, Tone::Warn, &text::problems(problems.len()));
    // In a low window the pictures have the room.
    let room = ui.available_height() > theme::PREVIEW_LARGE + theme::THUMBNAIL || batch.good().next().is_none();
    egui::CollapsingHeader::new(text::WHY).id_salt("bad files").default_open(room).show(ui, |ui| {
        widgets::problem_list(ui, &problems, theme::THUMBNAIL);
        if ui.add(widgets::Action::plain(text::DATA_COPY_PROBLEMS)).clicked() {
            out.push(Action::Copy(text::problem_lines(&problems)));
        }
    });
}

/// The figures of a barrier.
fn figures(ui: &mut Ui, figures: &Figures) {
    subheading(ui, text::FIGURES_TITLE);
    fact(ui, text::FIGURE_LIKE, &text::likeness(figures.psnr_db));
    fact(ui, text::FIGURE_FOUND, &text::percent(figures.success));
    if let Some(shares) = figures.as_jpeg {
        fact(ui, text::FIGURE_JPEG, &text::as_jpeg(shares));
    }
    fact(ui, text::FIGURE_NC, &text::correlation(figures.nc));
    fact(ui, text::FIGURE_FALSE, &text::false_passes(figures));
    fact(ui, text::FIGURE_JUDGED, &text::judged(figures));
}

/// The barrier in use at the side: whose logo it hides, and what it cannot do.
fn barrier_side(ui: &mut Ui, textures: &mut TextureCache, barrier: &OpenBarrier) {
    subheading(ui, &text::file_name(&barrier.file));
    widgets::picture(ui, textures, &barrier.logo, Vec2::splat(theme::THUMBNAIL), text::OWN_LOGO);
    muted(ui, text::OWN_LOGO);
    match &barrier.made {
        Some(made) => {
            fact(ui, text::FIGURE_LIKE, &text::likeness(made.figures.psnr_db));
            fact(ui, text::FIGURE_FOUND, &text::percent(made.figures.success));
            fact(ui, text::FIGURE_FALSE, &text::false_passes(&made.figures));
        }
        None => {
            muted(ui, text::BARRIER_NO_FIGURES);
        }
    }
    fact(ui, text::BARRIER_SQUARES, &text::square_side(barrier.settings.side));
}

/// What a barrier cannot do.
fn limits(ui: &mut Ui) {
    subheading(ui, text::LIMITS_TITLE);
    for limit in text::LIMITS {
        ui.horizontal_top(|ui| {
            widgets::icons::show(ui, Icon::Info, theme::ICON, theme::palette(ui).muted);
            ui.add(egui::Label::new(limit).wrap());
        });
    }
}

/// Whether a panel needs a barrier first; says so and leads there.
fn needs_barrier(ui: &mut Ui, model: &Model, step: Step, out: &mut Vec<Action>) -> bool {
    if model.images.is_opening() && model.images.barrier.is_none() {
        heading(ui, step.name());
        muted(ui, text::BARRIER_OPENING);
        return true;
    }
    super::blocked(ui, model, step, out)
}
