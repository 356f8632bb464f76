//! The proof panel: key package and suspect in, verdict out; then the controls, the figures and every question.

use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Pair, Wanted};
use crate::app::model::Model;
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, GridState, Icon, PathAction, TextureCache, Tile};
use crate::forensics::report::{Control, ControlKind, Question, Report, Verdict};
use crate::schemes::catalogue::has_covers;
use eframe::egui::{self, ScrollArea, Ui, Vec2};
use std::path::Path;
use std::sync::Arc;

/// A figure of a report: its name and its value in words.
type Figure = (&'static str, fn(&Report) -> String);

/// The figures of a report, most telling first.
pub const FIGURES: &[Figure] = &[
    (text::VERDICT, |r| text::verdict(r.verdict).to_owned()),
    (text::FIGURE_KEYS, |r| text::tally(&r.keys)),
    (text::FIGURE_CHANCE, |r| text::chance_words(r.keys.p_value_log10)),
    (text::FIGURE_FRESH, |r| r.fresh.as_ref().map_or_else(|| text::NO_FRESH.to_owned(), text::tally)),
    (text::FIGURE_FRESH_CHANCE, |r| {
        r.fresh.as_ref().map_or_else(|| text::NO_FRESH.to_owned(), |fresh| text::chance_words(fresh.p_value_log10))
    }),
    (text::FIGURE_FILTERED, |r| r.filtered.as_ref().map_or_else(|| text::NOT_FILTERED.to_owned(), |filtered| text::tally(&filtered.keys))),
    (text::FIGURE_RATE, |r| text::percent(r.chance)),
    (text::FIGURE_NULL, |r| text::percent(r.null_rate)),
    (text::CURVE_CLEAN, |r| text::percent(r.clean_accuracy)),
    (text::FIGURE_TWIN, |r| text::percent(r.clean_accuracy_unmarked)),
    (text::CURVE_PSNR, |r| if has_covers(&r.scheme) { text::likeness(r.psnr_db) } else { text::NO_COVERS.to_owned() }),
    (text::FIGURE_SSIM, |r| if has_covers(&r.scheme) { text::similarity(r.ssim) } else { text::NO_COVERS.to_owned() }),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Filter {
    #[default]
    All,
    Hit,
    Miss,
    Fresh,
}

const FILTERS: [(Filter, &str); 4] = [
    (Filter::All, text::FILTER_ALL),
    (Filter::Hit, text::FILTER_HIT),
    (Filter::Miss, text::FILTER_MISS),
    (Filter::Fresh, text::FILTER_FRESH),
];

const CONTROL_KINDS: [ControlKind; 3] = [ControlKind::PlainCovers, ControlKind::NullModel, ControlKind::ForeignEncoder];

/// The panel.
#[derive(Default)]
pub struct Forensics {
    key: String,
    suspect: String,
    filter: Filter,
    grid: GridState,
    of: Option<Arc<Report>>,
    shown: Vec<usize>,
    opened: Option<usize>,
    textures: TextureCache,
}

impl Forensics {
    fn ask(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        heading(ui, text::PROVE_TITLE);
        let trained = model.training.trained.as_ref();
        ui.columns_const(|[left, right]| {
            left.push_id("key", |ui| {
                let own = trained.map(|_| vec![(text::PROVE_USE_KEY, Action::UseTrainedKey)]).unwrap_or_default();
                let slot =
                    Slot { title: text::PROVE_KEY, hint: text::PROVE_KEY_HINT, path_hint: text::PROVE_KEY_PATH, wanted: Wanted::Key, own };
                slot.show(ui, model.proof.key.as_deref(), &mut self.key, out);
            });
            right.push_id("suspect", |ui| {
                let own = trained
                    .map(|_| vec![(text::PROVE_USE_TRAINED, Action::UseTrained), (text::PROVE_USE_TWIN, Action::UseTwin)])
                    .unwrap_or_default();
                let slot = Slot {
                    title: text::PROVE_SUSPECT,
                    hint: text::PROVE_SUSPECT_HINT,
                    path_hint: text::PROVE_SUSPECT_PATH,
                    wanted: Wanted::Suspect,
                    own,
                };
                slot.show(ui, model.proof.suspect.as_deref(), &mut self.suspect, out);
            });
        });
        ui.add_space(theme::GAP);
        nonce(ui, &model.proof.nonce, out);
        let missing = match (&model.proof.key, &model.proof.suspect) {
            (Some(_), Some(_)) => model.proof.nonce().is_err().then_some(text::PROVE_NONCE_WRONG),
            (None, None) => Some(text::PROVE_NEEDS_BOTH),
            (None, _) => Some(text::PROVE_NEEDS_KEY),
            (_, None) => Some(text::PROVE_NEEDS_SUSPECT),
        };
        ui.horizontal(|ui| {
            let button = ui.add_enabled(missing.is_none(), super::lead(model, Step::Prove, text::PROVE_START));
            if button.clicked() {
                out.push(Action::Prove);
            }
            if let Some(missing) = missing {
                muted(ui, missing);
            }
        });
    }

    fn verdict(&mut self, ui: &mut Ui, report: &Arc<Report>, out: &mut Vec<Action>) {
        let (tone, icon) = look(report.verdict);
        let reasons: Vec<&str> =
            std::iter::once(text::verdict_meaning(report.verdict)).chain(report.reasons.iter().map(String::as_str)).collect();
        widgets::verdict_banner(ui, tone, icon, text::verdict(report.verdict), &reasons);
        ui.horizontal(|ui| {
            muted(ui, text::suspect_line(&report.suspect));
            if widgets::quiet_button(ui, text::PROVE_AGAIN).clicked() {
                out.push(Action::ProveAgain);
            }
        });
        for warning in &report.warnings {
            widgets::notice(ui, Tone::Warn, warning);
        }
        subheading(ui, text::CONTROLS);
        ui.push_id("direct", |ui| controls(ui, &report.controls));
        if let Some(filtered) = &report.filtered {
            subheading(ui, text::CONTROLS_FILTERED);
            fact(ui, text::FIGURE_KEYS, &text::tally(&filtered.keys));
            fact(ui, text::FIGURE_CHANCE, &text::chance_words(filtered.keys.p_value_log10));
            fact(ui, text::CURVE_CLEAN, &text::percent(filtered.clean_accuracy));
            ui.push_id("filtered", |ui| controls(ui, &filtered.controls));
        }
        egui::CollapsingHeader::new(text::CAVEATS).show(ui, |ui| {
            for caveat in &report.caveats {
                ui.label(caveat);
            }
        });
        ui.add_space(theme::GAP);
        self.questions(ui, report);
    }

    fn questions(&mut self, ui: &mut Ui, report: &Arc<Report>) {
        subheading(ui, text::QUESTIONS);
        if report.questions.is_empty() {
            muted(ui, text::QUESTIONS_NOT_KEPT);
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for (filter, words) in FILTERS {
                if ui.add(widgets::Action::quiet(words).selected(self.filter == filter)).clicked() && self.filter != filter {
                    self.filter = filter;
                    self.of = None;
                }
            }
        });
        self.refresh(report);
        let classes = &report.classes;
        let name = |label: u16| classes.get(usize::from(label)).map_or("", String::as_str);
        let height = ui.available_height().max(theme::GRID_HEIGHT);
        ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
            ui.set_min_height(height);
            let shown = &self.shown;
            let answer = widgets::image_grid(ui, &mut self.grid, shown.len(), theme::THUMBNAIL, &mut |place| {
                let Some(question) = shown.get(place).and_then(|&index| report.questions.get(index)) else { return empty_tile() };
                let hit = question.answer == question.expected;
                let badge = if hit {
                    (Icon::Check, Tone::Good, text::FILTER_HIT.to_owned())
                } else {
                    (Icon::Cross, Tone::Neutral, text::FILTER_MISS.to_owned())
                };
                Tile {
                    picture: question.key.clone(),
                    caption: text::answer_caption(name(question.answer), name(question.expected)),
                    badge: Some(badge),
                }
            });
            if let Some(place) = answer.clicked {
                self.opened = shown.get(place).copied();
            }
        });
    }

    fn refresh(&mut self, report: &Arc<Report>) {
        if self.of.as_ref().is_some_and(|known| Arc::ptr_eq(known, report)) {
            return;
        }
        let wanted = |q: &Question| match self.filter {
            Filter::All => true,
            Filter::Hit => q.answer == q.expected,
            Filter::Miss => q.answer != q.expected,
            Filter::Fresh => q.fresh,
        };
        self.shown = report.questions.iter().enumerate().filter(|(_, q)| wanted(q)).map(|(i, _)| i).collect();
        self.of = Some(report.clone());
        self.grid = GridState::default();
        self.opened = None;
    }

    fn question(&mut self, ui: &mut Ui, report: &Report, index: usize, out: &mut Vec<Action>) {
        let Some(question) = report.questions.get(index) else { return };
        let name = |label: u16| report.classes.get(usize::from(label)).map_or("", String::as_str);
        subheading(ui, &text::question_number(index, report.questions.len(), question.fresh));
        let cover = question.cover.as_ref().filter(|_| has_covers(&report.scheme));
        let pair = cover.map(|cover| Pair::new(cover.clone(), text::COVER, question.key.clone(), text::KEY));
        let half = (ui.available_width() - theme::GAP) / 2.0;
        ui.horizontal_top(|ui| {
            for (words, picture) in [(text::COVER, cover), (text::KEY, Some(&question.key))] {
                let Some(picture) = picture else { continue };
                ui.vertical(|ui| {
                    let shown = widgets::picture(ui, &mut self.textures, picture, Vec2::splat(half), words);
                    if shown.clicked()
                        && let Some(pair) = &pair
                    {
                        out.push(Action::Compare(pair.clone()));
                    }
                    muted(ui, words);
                });
            }
        });
        if let Some(pair) = pair
            && ui.add(widgets::Action::quiet(text::COMPARE).icon(Icon::Compare)).clicked()
        {
            out.push(Action::Compare(pair));
        }
        fact(ui, text::QUESTION_EXPECTED, name(question.expected));
        fact(ui, text::QUESTION_ANSWER, name(question.answer));
        if cover.is_some()
            && let Some(answer) = question.cover_answer
        {
            fact(ui, text::QUESTION_COVER, name(answer));
        }
        if cover.is_some()
            && let Some(class) = question.true_class
        {
            fact(ui, text::QUESTION_TRUE, name(class));
        }
        ui.separator();
    }
}

impl Pane for Forensics {
    fn title(&self) -> &'static str {
        text::TAB_PROVE
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        if let Some(job) = model.board.proving() {
            heading(ui, text::PROVE_RUNNING);
            widgets::progress_bar(ui, job.share as f32, &job.title, job.seconds_left);
            if widgets::quiet_button(ui, text::CANCEL).clicked() {
                out.push(Action::Stop(job.id));
            }
            return;
        }
        match &model.proof.report {
            Some(report) => {
                ScrollArea::vertical().auto_shrink(false).id_salt("verdict").show(ui, |ui| self.verdict(ui, report, out));
            }
            None => {
                if model.proof.key.is_none() && super::blocked(ui, model, Step::Prove, out) {
                    return;
                }
                ScrollArea::vertical().auto_shrink(false).id_salt("ask").show(ui, |ui| self.ask(ui, model, out));
            }
        }
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let Some(report) = model.proof.report.clone() else {
            ui.label(text::SIDE_PROVE);
            return;
        };
        if let Some(pair) = self.grid.selected_pair() {
            let question = |place: usize| report.questions.get(*self.shown.get(place)?);
            if let [Some(left), Some(right)] = pair.map(question)
                && ui.add(widgets::Action::quiet(text::COMPARE_SELECTED).icon(Icon::Compare)).clicked()
            {
                let name = |q: &Question| report.classes.get(usize::from(q.answer)).cloned().unwrap_or_default();
                out.push(Action::Compare(Pair::new(left.key.clone(), &name(left), right.key.clone(), &name(right))));
            }
            ui.separator();
        }
        match self.opened {
            Some(index) => self.question(ui, &report, index, out),
            None if !report.questions.is_empty() => {
                muted(ui, text::QUESTION_SELECT);
            }
            None => {}
        }
        subheading(ui, text::FIGURES);
        for (name, value) in FIGURES.iter().skip(1) {
            fact(ui, name, &value(&report));
        }
        egui::CollapsingHeader::new(text::MORE).show(ui, |ui| {
            fact(ui, text::FIGURE_LOG_P, &text::log_p(report.keys.p_value_log10));
            fact(ui, text::DATA_DIGEST, &report.suspect_digest);
            fact(ui, text::PACKAGE_DIGEST, &report.package_digest);
            if let Some(nonce) = report.nonce {
                fact(ui, text::NONCE, &nonce.to_string());
            }
            fact(ui, text::NULL_SEEDS, &report.null_seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
            fact(ui, text::MADE, &report.made);
            fact(ui, text::VERSION, &report.version);
        });
    }
}

/// The field for the number that picks the new keys.
fn nonce(ui: &mut Ui, written: &str, out: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        let label = ui.label(text::PROVE_NONCE).on_hover_text(text::PROVE_NONCE_WHY);
        let mut now = written.to_owned();
        let field = egui::TextEdit::singleline(&mut now).hint_text(text::PROVE_NONCE_HINT);
        if ui.add(field).on_hover_text(text::PROVE_NONCE_WHY).labelled_by(label.id).changed() {
            out.push(Action::Nonce(now));
        }
    });
}

/// Colour and icon of a verdict.
pub fn look(verdict: Verdict) -> (Tone, Icon) {
    match verdict {
        Verdict::InThisModel => (Tone::Good, Icon::Shield),
        Verdict::Strong => (Tone::Good, Icon::Check),
        Verdict::Weak => (Tone::Warn, Icon::Question),
        Verdict::None => (Tone::Neutral, Icon::Circle),
        Verdict::CheckFailed => (Tone::Bad, Icon::Warning),
    }
}

fn controls(ui: &mut Ui, controls: &[Control]) {
    for kind in CONTROL_KINDS {
        let of_kind: Vec<&Control> = controls.iter().filter(|control| control.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let fired = of_kind.iter().any(|control| control.fired);
        let (tone, icon) = if fired { (Tone::Bad, Icon::Warning) } else { (Tone::Good, Icon::Check) };
        ui.horizontal(|ui| {
            widgets::tag(ui, tone, Some(icon), text::control_state(fired));
            ui.label(text::control(kind)).on_hover_text(text::control_meaning(kind));
            let (hits, questions) = of_kind.iter().fold((0, 0), |(h, q), control| (h + control.hits, q + control.questions));
            muted(ui, text::hits(hits, questions));
        });
    }
    egui::CollapsingHeader::new(text::WHY).id_salt("controls").show(ui, |ui| {
        for kind in CONTROL_KINDS {
            let of_kind: Vec<&Control> = controls.iter().filter(|control| control.kind == kind).collect();
            if of_kind.is_empty() {
                continue;
            }
            ui.label(text::control_meaning(kind));
            for control in of_kind {
                fact(ui, &control.name, &text::control_line(control.hits, control.questions, control.fired));
            }
        }
    });
}

fn empty_tile() -> Tile {
    let shape = crate::data::Shape { channels: 1, height: 1, width: 1 };
    Tile { picture: crate::data::Picture { shape, planes: vec![0] }, caption: String::new(), badge: None }
}

/// One of the two files that a proof needs.
struct Slot {
    title: &'static str,
    hint: &'static str,
    path_hint: &'static str,
    wanted: Wanted,
    own: Vec<(&'static str, Action)>,
}

impl Slot {
    fn show(self, ui: &mut Ui, chosen: Option<&Path>, typed: &mut String, out: &mut Vec<Action>) {
        let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
        let name = chosen.map(text::file_name);
        let hint = chosen.map_or_else(|| self.hint.to_owned(), |path| path.display().to_string());
        if let Some(name) = &name {
            widgets::tag(ui, Tone::Good, Some(Icon::Check), name);
        } else {
            muted(ui, text::NOT_CHOSEN);
        }
        if widgets::drop_zone(ui, self.title, &hint, hovering).clicked() {
            out.push(Action::Browse(self.wanted));
        }
        match widgets::path_field(ui, typed, self.path_hint, text::BROWSE) {
            PathAction::Browse => out.push(Action::Browse(self.wanted)),
            PathAction::Entered(path) => {
                typed.clear();
                out.push(Action::Take(self.wanted, path));
            }
            PathAction::None => {}
        }
        ui.horizontal_wrapped(|ui| {
            for (words, action) in self.own {
                if widgets::quiet_button(ui, words).clicked() {
                    out.push(action);
                }
            }
        });
    }
}
