//! The panels, one file each: a panel draws the model, hands in actions, and keeps only what belongs to its own looks.

mod compared;
mod datasets;
mod forensics;
mod images;
mod keys;
mod logos;
mod queue;
mod reports;
mod sample_logos;
mod scheme;
mod training;

use super::action::Action;
use super::board::{Job, Purpose, Standing};
use super::model::Model;
use super::steps::Step;
use super::text;
use super::theme;
use eframe::egui::{self, RichText, Ui};

/// One panel.
pub trait Pane {
    /// What its tab says.
    fn title(&self) -> &'static str;

    /// Draws it in the space that is left and hands in what the user wants.
    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>);

    /// Draws what is selected in it, at the side of the window.
    fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>);
}

/// All panels.
#[derive(Default)]
pub struct Panels {
    datasets: datasets::Datasets,
    logos: logos::Logos,
    scheme: scheme::Schemes,
    training: training::TrainingPanel,
    forensics: forensics::Forensics,
    reports: reports::Reports,
    barrier: images::BarrierPanel,
    mark: images::MarkPanel,
    check: images::CheckPanel,
}

impl Panels {
    fn pane(&mut self, step: Step) -> &mut dyn Pane {
        match step {
            Step::Data => &mut self.datasets,
            Step::Logo => &mut self.logos,
            Step::Scheme => &mut self.scheme,
            Step::Train => &mut self.training,
            Step::Prove => &mut self.forensics,
            Step::Reports => &mut self.reports,
            Step::Barrier => &mut self.barrier,
            Step::Mark => &mut self.mark,
            Step::Check => &mut self.check,
        }
    }

    /// What the tab of a step's panel says.
    pub fn title(&mut self, step: Step) -> &'static str {
        self.pane(step).title()
    }

    /// Draws a step's panel.
    pub fn show(&mut self, step: Step, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        ui.push_id(step, |ui| self.pane(step).ui(ui, model, out));
    }

    /// Draws what is selected in a step's panel.
    pub fn side(&mut self, step: Step, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        ui.push_id((step, "side"), |ui| self.pane(step).side(ui, model, out));
    }
}

/// The heading of a panel or of a part of it.
fn heading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).size(theme::TEXT_HEADING).strong());
}

/// The heading of a group inside a panel or at the side.
fn subheading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).strong());
}

/// Text of second rank.
fn muted(ui: &mut Ui, text: impl Into<String>) -> egui::Response {
    let colour = theme::palette(ui).muted;
    ui.label(RichText::new(text).color(colour))
}

/// A name and its value in one line each, the value below its name when the side is narrow.
fn fact(ui: &mut Ui, name: &str, value: &str) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let colour = theme::palette(ui).muted;
        ui.label(RichText::new(name).color(colour).size(theme::TEXT_SMALL));
        ui.add(egui::Label::new(value).wrap());
    });
}

/// Whether a step cannot be entered yet; says what is missing and leads there.
fn blocked(ui: &mut Ui, model: &Model, step: Step, out: &mut Vec<Action>) -> bool {
    let super::steps::StepState::Blocked(missing) = model.state_of(step) else { return false };
    heading(ui, step.name());
    super::widgets::notice(ui, theme::Tone::Neutral, &missing);
    if ui.add(lead(model, step, text::GO_ON)).clicked() {
        out.push(Action::GoOn);
    }
    true
}

/// What a job is doing, in a few words.
pub fn job_words(job: &Job) -> &'static str {
    match (job.standing, job.phase) {
        (Standing::Running, Some(phase)) if matches!(job.purpose, Purpose::Barrier(_)) => text::barrier_phase(phase),
        (Standing::Running, Some(phase)) => text::phase(phase),
        (standing, _) => text::standing(standing),
    }
}

/// Pause, resume and stop of a job.
pub fn job_controls(ui: &mut Ui, job: &Job, out: &mut Vec<Action>) {
    use super::widgets::{Action as Button, Icon};
    if job.standing == Standing::Paused {
        if ui.add(Button::quiet(text::RESUME).icon(Icon::Play)).clicked() {
            out.push(Action::Resume(job.id));
        }
    } else if ui.add_enabled(job.standing == Standing::Running, Button::quiet(text::PAUSE).icon(Icon::Pause)).clicked() {
        out.push(Action::Pause(job.id));
    }
    let stop = ui.add_enabled(job.standing != Standing::Stopping, Button::quiet(text::STOP).icon(Icon::Stop));
    let hint = if matches!(job.purpose, Purpose::Mark | Purpose::Reveal) { text::STOP_FILES_HINT } else { text::STOP_HINT };
    if stop.on_hover_text(hint).clicked() {
        out.push(Action::Stop(job.id));
    }
}

/// A name, a count and a bar of its share of the largest.
fn bar(ui: &mut Ui, name: &str, count: &str, share: f32) {
    let palette = theme::palette(ui);
    ui.spacing_mut().item_spacing.y = theme::GAP_HALF;
    egui::Sides::new().height(theme::TEXT).shrink_left().truncate().show(
        ui,
        |ui| ui.label(RichText::new(name).size(theme::TEXT_SMALL)),
        |ui| ui.label(RichText::new(count).size(theme::TEXT_SMALL).color(palette.muted)),
    );
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), theme::GAP_HALF), egui::Sense::hover());
    let filled = egui::Rect::from_min_size(rect.min, egui::vec2(rect.width() * share.clamp(0.0, 1.0), rect.height()));
    ui.painter().rect_filled(rect, theme::RADIUS_SMALL, palette.pressed);
    ui.painter().rect_filled(filled, theme::RADIUS_SMALL, palette.accent);
}

/// The button of a panel's next thing to do. Of all panels on the screen, only that of the step in front has it filled.
fn lead<'a>(model: &Model, step: Step, words: &'a str) -> super::widgets::Action<'a> {
    use super::widgets::Action as Button;
    if model.leads(step) { Button::primary(words) } else { Button::quiet(words).large() }
}

/// The button at the top of a panel whose work is done: leads to the step that has the next thing to do.
fn go_on(ui: &mut Ui, model: &Model, step: Step, out: &mut Vec<Action>) {
    let next = model.reached().next(model.door);
    if ui.add(lead(model, step, text::go_on(next))).clicked() {
        out.push(Action::GoTo(next));
    }
}

/// A row that starts with a word and goes on with buttons, all on one line as long as there is room.
fn row(ui: &mut Ui, name: &str, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        ui.label(name);
        add_contents(ui);
    });
}
