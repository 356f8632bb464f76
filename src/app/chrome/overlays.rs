//! What lies on top of the panels: the question after a drop, the command palette, the help and the compare view.

use crate::app::action::{self, Action, Pair, Wanted};
use crate::app::model::{Keeper, Model};
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets;
use eframe::egui::{self, Align2, Area, CentralPanel, Id, Key, Modal, Order, RichText, ScrollArea, TextEdit, Ui};
use std::path::PathBuf;

/// What the things on top remember between frames.
#[derive(Default)]
pub struct Overlays {
    search: String,
    chosen: usize,
    asked: Option<Asked>,
    compare: widgets::CompareState,
}

/// The path that is being typed.
struct Asked {
    wanted: Wanted,
    path: String,
    replaces: bool,
}

impl Asked {
    fn about(wanted: Wanted, keeper: &Keeper) -> Asked {
        let path = keeper.suggested(wanted).map(|path| path.display().to_string()).unwrap_or_default();
        let mut asked = Asked { wanted, path, replaces: false };
        asked.look();
        asked
    }

    fn typed(&self) -> Option<PathBuf> {
        widgets::typed_path(&self.path)
    }

    /// Looks whether a file would be written over.
    fn look(&mut self) {
        self.replaces = matches!(self.wanted, Wanted::Export | Wanted::KeySheet) && self.typed().is_some_and(|path| path.is_file());
    }
}

impl Overlays {
    /// Whether the pictures of the compare view are on the screen.
    pub fn shows_pair(&self) -> bool {
        self.compare.is_ready()
    }

    /// Draws the open dialogs. Esc and a click beside close one.
    pub fn show(&mut self, ui: &mut Ui, model: &mut Model, out: &mut Vec<Action>) {
        self.offer(ui, model);
        self.ask(ui, model, out);
        if model.palette {
            self.palette(ui, model, out);
        }
        if model.help {
            help(ui, model);
        }
    }

    fn offer(&mut self, ui: &mut Ui, model: &mut Model) {
        let Some(offer) = model.offer.clone() else { return };
        let mut answer = None;
        let modal = Modal::new(Id::unique("offer")).frame(card(ui)).show(ui.ctx(), |ui| {
            ui.set_width(theme::DIALOG_WIDTH);
            ui.label(RichText::new(text::file_name(&offer.path)).size(theme::TEXT_HEADING).strong());
            ui.label(&offer.what);
            // Where the whole cannot be used, its own reason comes first.
            let (whole, files) = match offer.problems.split_first() {
                Some((first, rest)) if first.file == offer.path => (Some(first), rest),
                _ => (None, &*offer.problems),
            };
            if let Some(whole) = whole {
                widgets::notice(ui, Tone::Warn, &whole.reason);
            }
            if !files.is_empty() {
                ui.label(RichText::new(text::problems(files.len())).strong());
                widgets::problem_list(ui, files, theme::LIST_HEIGHT);
            }
            ui.label(offer.then);
            if !model.more_offers.is_empty() {
                ui.label(RichText::new(text::more_offers(model.more_offers.len())).color(theme::palette(ui).muted));
            }
            ui.add_space(theme::GAP_2);
            ui.horizontal(|ui| {
                if offer.wanted != Wanted::Anything {
                    let button = widgets::primary_button(ui, text::USE_IT);
                    if ui.memory(|memory| memory.focused().is_none()) {
                        button.request_focus();
                    }
                    if button.clicked() {
                        answer = Some(true);
                    }
                }
                let away = if offer.wanted == Wanted::Anything { text::CLOSE } else { text::CANCEL };
                if widgets::quiet_button(ui, away).clicked() {
                    answer = Some(false);
                }
            });
        });
        if answer.is_some() || modal.should_close() {
            model.offer = None;
            ui.ctx().request_repaint();
        }
        if answer == Some(true) {
            model.apply(Action::Take(offer.wanted, offer.path));
        }
    }

    fn ask(&mut self, ui: &mut Ui, model: &mut Model, out: &mut Vec<Action>) {
        let Some(wanted) = model.asking else {
            self.asked = None;
            return;
        };
        let opens = self.asked.as_ref().is_none_or(|asked| asked.wanted != wanted);
        let asked = match &mut self.asked {
            Some(asked) if !opens => asked,
            asked => asked.insert(Asked::about(wanted, &model.keeper)),
        };
        let (title, hint, confirm) = text::asked(wanted);
        let mut close = false;
        let modal = Modal::new(Id::unique("path")).frame(card(ui)).show(ui.ctx(), |ui| {
            ui.set_width(theme::DIALOG_WIDTH);
            ui.label(RichText::new(title).size(theme::TEXT_HEADING).strong());
            let edit = TextEdit::singleline(&mut asked.path)
                .hint_text(hint)
                .desired_width(f32::INFINITY)
                .min_size(egui::vec2(0.0, theme::CONTROL_HEIGHT))
                .align(Align2::LEFT_CENTER);
            let field = ui.add(edit).accessible_name(hint);
            if opens {
                field.request_focus();
            }
            if field.changed() {
                asked.look();
            }
            if asked.replaces {
                widgets::notice(ui, Tone::Warn, text::PATH_REPLACES);
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            ui.add_space(theme::GAP_2);
            ui.horizontal(|ui| {
                let typed = asked.typed();
                let confirmed = ui.add_enabled(typed.is_some(), widgets::Action::primary(confirm)).clicked() || entered;
                if let Some(path) = typed.filter(|_| confirmed) {
                    out.push(Action::Take(wanted, path));
                    close = true;
                }
                if ui.add(widgets::Action::quiet(text::BROWSE).icon(widgets::Icon::Folder)).clicked() {
                    out.push(Action::Browse(wanted));
                }
                close |= widgets::quiet_button(ui, text::CANCEL).clicked();
            });
        });
        if close || modal.should_close() {
            model.asking = None;
        }
    }

    fn palette(&mut self, ui: &mut Ui, model: &mut Model, out: &mut Vec<Action>) {
        let mut done = false;
        let modal = Modal::new(Id::unique("palette")).frame(card(ui)).show(ui.ctx(), |ui| {
            ui.set_width(theme::DIALOG_WIDTH);
            let (up, down, enter) = ui.input_mut(|i| {
                (
                    i.consume_key(Default::default(), Key::ArrowUp),
                    i.consume_key(Default::default(), Key::ArrowDown),
                    i.key_pressed(Key::Enter),
                )
            });
            let field = ui.add(TextEdit::singleline(&mut self.search).hint_text(text::PALETTE_HINT).desired_width(f32::INFINITY));
            let field = field.accessible_name(text::PALETTE);
            field.request_focus();
            if field.changed() {
                self.chosen = 0;
            }
            let found = action::matching(model.door, &self.search);
            if found.is_empty() {
                ui.label(text::PALETTE_NONE);
            }
            self.chosen = (self.chosen + usize::from(down)).saturating_sub(usize::from(up)).min(found.len().saturating_sub(1));
            ScrollArea::vertical().max_height(theme::DIALOG_HEIGHT).show(ui, |ui| {
                for (place, command) in found.into_iter().enumerate() {
                    let chosen = place == self.chosen;
                    let button = egui::Button::selectable(chosen, command.words)
                        .shortcut_text(command.keys)
                        .min_size(egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT));
                    let button = ui.add(button);
                    if chosen && (up || down) {
                        button.scroll_to_me(None);
                    }
                    if button.clicked() || (chosen && enter) {
                        out.push(command.action);
                        done = true;
                    }
                }
            });
        });
        if done || modal.should_close() {
            model.palette = false;
            self.search.clear();
            self.chosen = 0;
        }
    }

    /// The compare view, which has the whole window to itself: what a dialog would darken beneath it costs a software adapter most of a
    /// frame.
    pub fn compare(&mut self, ui: &mut Ui, model: &mut Model) {
        let Some(Pair { left, right, left_name, right_name }) = model.compare.clone() else { return };
        let title = text::compare_title(&left_name, &right_name);
        let mut close = !model.is_asking() && ui.input(|input| input.key_pressed(Key::Escape));
        CentralPanel::no_frame().frame(egui::Frame::new().inner_margin(theme::GAP_3)).show(ui, |ui| {
            egui::Sides::new().show(
                ui,
                |ui| ui.label(RichText::new(title).size(theme::TEXT_HEADING).strong()),
                |ui| close |= widgets::icon_button(ui, widgets::Icon::Cross, text::CLOSE).clicked(),
            );
            widgets::compare_view(ui, &mut self.compare, &widgets::ComparePair { left, right, left_name, right_name });
        });
        if close {
            model.compare = None;
            ui.ctx().request_repaint();
        }
    }
}

fn help(ui: &mut Ui, model: &mut Model) {
    let mut close = false;
    let modal = Modal::new(Id::unique("help")).frame(card(ui)).show(ui.ctx(), |ui| {
        ui.set_width(theme::READING_WIDTH);
        egui::Sides::new().show(
            ui,
            |ui| ui.label(RichText::new(text::HELP_TITLE).size(theme::TEXT_HEADING).strong()),
            |ui| close = widgets::icon_button(ui, widgets::Icon::Cross, text::CLOSE).clicked(),
        );
        ScrollArea::vertical().max_height(theme::DIALOG_HEIGHT).show(ui, |ui| {
            for (head, body) in text::HELP_PARAGRAPHS {
                ui.label(RichText::new(head).strong());
                ui.label(body);
                ui.add_space(theme::GAP);
            }
            ui.label(RichText::new(text::SHORTCUTS).strong());
            egui::Grid::new("keys").show(ui, |ui| {
                for (keys, what) in text::SHORTCUT_LIST {
                    ui.monospace(keys);
                    ui.label(what);
                    ui.end_row();
                }
            });
        });
    });
    if close || modal.should_close() {
        model.help = false;
    }
}

fn card(ui: &Ui) -> egui::Frame {
    egui::Frame::window(ui.style()).inner_margin(theme::GAP_3)
}

/// Darkens the window while something hangs over it, and says what letting go does.
pub fn drop_curtain(ui: &Ui, looking: bool) {
    let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
    if !hovering && !looking {
        return;
    }
    let words = if hovering { text::DROP_HERE } else { text::DROP_LOOKING };
    Area::new(Id::unique("drop")).order(Order::Foreground).anchor(Align2::CENTER_TOP, theme::DROP_OFFSET).interactable(false).show(
        ui.ctx(),
        |ui| {
            widgets::notice(ui, Tone::Accent, words);
        },
    );
}
