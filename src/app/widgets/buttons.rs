//! The small things that every panel uses: actions, icon buttons, rail steps, cards, tags, notices and the verdict.
//!
//! One `Action::primary` a screen: it is the next step. Everything else is quiet or plain. Panels ask `panels::lead` for theirs, because
//! several may be on the screen.

use super::icons::{self, Icon};
use crate::app::text;
use crate::app::theme::{self, Palette, Tone, palette};
use eframe::egui::{
    Align, Color32, CornerRadius, FontId, Frame, InnerResponse, Layout, Margin, Rect, Response, RichText, Role, Sense, Shape, Slider,
    Stroke, StrokeKind, TextStyle, Ui, UiBuilder, Vec2, Widget, WidgetInfo, pos2, vec2,
};

/// A push button in one of three weights, with or without an icon.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    text: &'a str,
    icon: Option<Icon>,
    weight: Weight,
    selected: bool,
    full_width: bool,
    large: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Primary,
    Quiet,
    Plain,
}

impl<'a> Action<'a> {
    /// Filled with the accent colour: the one next step.
    pub const fn primary(text: &'a str) -> Self {
        Self { text, icon: None, weight: Weight::Primary, selected: false, full_width: false, large: true }
    }

    /// Outlined: everything that may be done as well.
    pub const fn quiet(text: &'a str) -> Self {
        Self { weight: Weight::Quiet, large: false, ..Self::primary(text) }
    }

    /// Only its words until the pointer comes: rows of tools, folding, links inside the window.
    pub const fn plain(text: &'a str) -> Self {
        Self { weight: Weight::Plain, large: false, ..Self::primary(text) }
    }

    /// Puts an icon before the words.
    pub const fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Shows it as the chosen one of several.
    pub const fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Gives it the size of the filled one, whose place it takes.
    pub const fn large(mut self) -> Self {
        self.large = true;
        self
    }

    /// Takes the whole width that is left.
    pub const fn full_width(mut self) -> Self {
        self.full_width = true;
        self
    }

    fn colours(&self, ui: &Ui, response: &Response) -> (Color32, Stroke, Color32) {
        let palette = palette(ui);
        let (held, over) = (response.is_pointer_button_down_on(), response.hovered());
        match self.weight {
            Weight::Primary => {
                let fill = if held || over { palette.accent_hover } else { palette.accent };
                (fill, Stroke::NONE, palette.on_accent)
            }
            _ if self.selected => {
                let chosen = palette.tone(Tone::Accent);
                (chosen.soft, Stroke::new(theme::LINE, chosen.ink), chosen.ink)
            }
            Weight::Quiet => {
                let fill = ground(palette, held, over).unwrap_or(palette.surface);
                (fill, Stroke::new(theme::LINE, palette.outline), palette.text)
            }
            Weight::Plain => (ground(palette, held, over).unwrap_or(Color32::TRANSPARENT), Stroke::NONE, palette.text),
        }
    }
}

fn ground(palette: &Palette, held: bool, over: bool) -> Option<Color32> {
    if held {
        Some(palette.pressed)
    } else if over {
        Some(palette.hover)
    } else {
        None
    }
}

impl Widget for Action<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let height = if self.large { theme::CONTROL_HEIGHT_LARGE } else { theme::CONTROL_HEIGHT };
        let pad = if self.large { theme::GAP_2 } else { theme::GAP + theme::GAP_HALF };
        let font = TextStyle::Button.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(self.text.to_owned(), font, Color32::PLACEHOLDER);
        let icon_width = if self.icon.is_some() { theme::ICON + theme::GAP } else { 0.0 };
        let content = galley.size().x + icon_width;
        let mut width = content + 2.0 * pad;
        if self.full_width {
            width = width.max(ui.available_width());
        }
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), self.selected, self.text));
        if self.weight == Weight::Primary {
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(text::NEXT_STEP));
        }
        if ui.is_rect_visible(rect) {
            let (fill, stroke, ink) = self.colours(ui, &response);
            let painter = ui.painter();
            painter.rect(rect, theme::RADIUS, fill, stroke, StrokeKind::Inside);
            let mut x = rect.center().x - content / 2.0;
            if let Some(icon) = self.icon {
                icons::paint(
                    painter,
                    Rect::from_min_size(pos2(x, rect.center().y - theme::ICON / 2.0), Vec2::splat(theme::ICON)),
                    icon,
                    ink,
                );
                x += icon_width;
            }
            painter.galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, ink);
            focus_ring(ui, &response, rect, theme::RADIUS);
        }
        response
    }
}

/// The ring that shows where the keyboard is.
pub(super) fn focus_ring(ui: &Ui, response: &Response, rect: Rect, radius: u8) {
    if response.has_focus() {
        let ring = rect.expand(theme::LINE_STRONG);
        let radius = CornerRadius::same(radius + theme::LINE_STRONG as u8);
        ui.painter().rect_stroke(ring, radius, theme::focus_stroke(palette(ui)), StrokeKind::Middle);
    }
}

/// The one filled button of a screen.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Action::primary(text))
}

/// An outlined button.
pub fn quiet_button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Action::quiet(text))
}

/// A square button that shows only an icon; `label` is its tooltip and its name for screen readers.
pub fn icon_button(ui: &mut Ui, icon: Icon, label: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(theme::CONTROL_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let palette = palette(ui);
        if let Some(fill) = ground(palette, response.is_pointer_button_down_on(), response.hovered()) {
            ui.painter().rect_filled(rect, theme::RADIUS, fill);
        }
        icons::paint(ui.painter(), Rect::from_center_size(rect.center(), Vec2::splat(theme::ICON)), icon, palette.text);
        focus_ring(ui, &response, rect, theme::RADIUS);
    }
    response.on_hover_text(label)
}

/// How far a step of the rail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Can be entered, nothing done yet.
    Ready,
    /// Something runs there.
    Running,
    /// Done.
    Done,
    /// Went wrong; the text says what.
    Failed(String),
    /// Cannot be entered yet; the text says what is missing.
    Blocked(String),
}

impl StepState {
    fn words(&self) -> String {
        match self {
            Self::Ready => text::STEP_READY.into(),
            Self::Running => text::STEP_RUNNING.into(),
            Self::Done => text::STEP_DONE.into(),
            Self::Failed(why) => text::step_failed(why),
            Self::Blocked(why) => text::step_blocked(why),
        }
    }
}

/// One step of the rail over the whole width: number, name, state. A blocked step says why on hover and focus and is never clicked.
pub fn step_item(ui: &mut Ui, number: usize, name: &str, state: &StepState, selected: bool) -> Response {
    let blocked = matches!(state, StepState::Blocked(_));
    let sense = if blocked { Sense::focusable_noninteractive() } else { Sense::click() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::CONTROL_HEIGHT_LARGE), sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled() && !blocked, selected, name));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(text::step_state(number, &state.words())));
    if ui.is_rect_visible(rect) {
        paint_step(ui, &response, rect, number, name, state, selected);
    }
    if let StepState::Blocked(why) | StepState::Failed(why) = state {
        if response.has_focus() {
            response.show_tooltip_text(why.as_str());
        }
        return response.on_hover_text(why.as_str());
    }
    response
}

fn paint_step(ui: &Ui, response: &Response, rect: Rect, number: usize, name: &str, state: &StepState, selected: bool) {
    let palette = palette(ui);
    let painter = ui.painter();
    let accent = palette.tone(Tone::Accent);
    let blocked = matches!(state, StepState::Blocked(_));
    if selected {
        painter.rect_filled(rect, theme::RADIUS, accent.soft);
    } else if !blocked && let Some(fill) = ground(palette, response.is_pointer_button_down_on(), response.hovered()) {
        painter.rect_filled(rect, theme::RADIUS, fill);
    }
    let ink = match (selected, blocked) {
        (true, _) => accent.ink,
        (_, true) => palette.muted,
        _ => palette.text,
    };
    let middle = rect.center().y;
    let disc = pos2(rect.left() + theme::GAP + theme::GAP_HALF + theme::GAP, middle);
    let (fill, edge, digit) = if selected {
        (palette.accent, Stroke::NONE, palette.on_accent)
    } else {
        (Color32::TRANSPARENT, Stroke::new(theme::LINE, if blocked { palette.border } else { palette.outline }), ink)
    };
    painter.circle(disc, theme::GAP + theme::GAP_HALF, fill, edge);
    let laid = |words: &str, size: f32, colour: Color32| painter.layout_no_wrap(words.to_owned(), FontId::proportional(size), colour);
    let digits = laid(&number.to_string(), theme::TEXT_SMALL, digit);
    painter.galley(disc - digits.size() / 2.0, digits, digit);
    let words = laid(name, theme::TEXT, ink);
    painter.galley(pos2(disc.x + theme::GAP_3, middle - words.size().y / 2.0), words, ink);
    let sign = match state {
        StepState::Ready => None,
        StepState::Running => Some((Icon::Play, accent.ink)),
        StepState::Done => Some((Icon::Check, palette.tone(Tone::Good).ink)),
        StepState::Failed(_) => Some((Icon::Warning, palette.tone(Tone::Bad).ink)),
        StepState::Blocked(_) => Some((Icon::Lock, palette.muted)),
    };
    if let Some((icon, colour)) = sign {
        let place = pos2(rect.right() - theme::GAP - theme::GAP_HALF - theme::ICON / 2.0, middle);
        icons::paint(painter, Rect::from_center_size(place, Vec2::splat(theme::ICON)), icon, colour);
    }
    focus_ring(ui, response, rect.shrink(theme::LINE_STRONG), theme::RADIUS);
}

fn card_frame(palette: &Palette) -> Frame {
    Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(theme::LINE, palette.border))
        .corner_radius(theme::RADIUS_LARGE)
        .inner_margin(Margin::same(theme::GAP_2 as i8))
}

/// A quiet frame around what belongs together.
pub fn card<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let place = ui.painter().add(Shape::Noop);
    let shown = card_frame(palette(ui)).fill(Color32::TRANSPARENT).show(ui, add_contents);
    ui.painter().set(place, super::ground(ui, shown.response.rect, theme::RADIUS_LARGE));
    shown
}

/// A card that can be chosen among others; `name` is what screen readers say. Buttons inside it keep working.
pub fn choice_card<R>(ui: &mut Ui, name: &str, selected: bool, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let builder = UiBuilder::new().id_salt(("choice card", name)).sense(Sense::click());
    ui.scope_builder(builder, |ui| {
        let palette = palette(ui);
        let response = ui.response();
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), selected, name));
        let edge = match (selected, response.hovered()) {
            (true, _) => Stroke::new(theme::LINE_STRONG, palette.tone(Tone::Accent).ink),
            (_, true) => Stroke::new(theme::LINE, palette.muted),
            _ => Stroke::new(theme::LINE, palette.border),
        };
        // The frame's stroke takes room: a thicker one takes it from the padding, so that nothing jumps.
        let margin = Margin::same((theme::GAP_2 + theme::LINE - edge.width) as i8);
        let inner = card_frame(palette).stroke(edge).inner_margin(margin).show(ui, add_contents);
        focus_ring(ui, &response, inner.response.rect, theme::RADIUS_LARGE);
        inner.inner
    })
}

/// A small word with an icon on a tinted ground: states, counts, formats.
pub fn tag(ui: &mut Ui, tone: Tone, icon: Option<Icon>, text: &str) -> Response {
    let colours = palette(ui).tone(tone);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(theme::TEXT_SMALL), colours.ink);
    let icon_width = if icon.is_some() { theme::TEXT_SMALL + theme::GAP_HALF } else { 0.0 };
    let size = vec2(galley.size().x + icon_width + 2.0 * theme::GAP, theme::GAP_3);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(rect, theme::RADIUS_SMALL, colours.soft);
    let left = rect.left() + theme::GAP;
    if let Some(icon) = icon {
        let place = pos2(left + theme::TEXT_SMALL / 2.0, rect.center().y);
        icons::paint(ui.painter(), Rect::from_center_size(place, Vec2::splat(theme::TEXT_SMALL)), icon, colours.ink);
    }
    let middle = rect.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(left + icon_width, middle), galley, colours.ink);
    response
}

/// A slider whose filled part has the accent colour.
pub fn slider(ui: &mut Ui, slider: Slider<'_>) -> Response {
    ui.scope(|ui| {
        ui.visuals_mut().selection.bg_fill = palette(ui).accent;
        ui.add(slider)
    })
    .inner
}

/// A sentence or two that the user should read, on a tinted ground over the whole width.
pub fn notice(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    banner(ui, tone, sign_of(tone), |ui, _| {
        ui.label(RichText::new(text).color(palette(ui).text));
    })
}

/// The verdict: one sentence in large type with icon and colour, then the reasons in lines below it.
pub fn verdict_banner(ui: &mut Ui, tone: Tone, icon: Icon, sentence: &str, reasons: &[&str]) -> Response {
    let colours = palette(ui).tone(tone);
    let frame = Frame::new().fill(colours.soft).corner_radius(theme::RADIUS_LARGE).inner_margin(Margin::same(theme::GAP_3 as i8));
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::left_to_right(Align::TOP), |ui| {
                ui.spacing_mut().item_spacing.x = theme::GAP_2;
                icons::show(ui, icon, theme::ICON_HUGE, colours.ink);
                ui.vertical(|ui| {
                    ui.label(RichText::new(sentence).size(theme::TEXT_VERDICT).color(colours.ink));
                    for reason in reasons {
                        ui.label(RichText::new(*reason).color(palette(ui).text));
                    }
                });
            });
        })
        .response
}

fn banner(ui: &mut Ui, tone: Tone, icon: Icon, add_contents: impl FnOnce(&mut Ui, Color32)) -> Response {
    let colours = palette(ui).tone(tone);
    let frame = Frame::new()
        .fill(colours.soft)
        .corner_radius(theme::RADIUS)
        .inner_margin(Margin::symmetric(theme::GAP_2 as i8, (theme::GAP + theme::GAP_HALF) as i8));
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::left_to_right(Align::TOP), |ui| {
                ui.spacing_mut().item_spacing.x = theme::GAP + theme::GAP_HALF;
                icons::show(ui, icon, theme::ICON_LARGE, colours.ink);
                ui.vertical(|ui| add_contents(ui, colours.ink));
            });
        })
        .response
}

/// The icon that goes with a tone where nothing better is known.
pub const fn sign_of(tone: Tone) -> Icon {
    match tone {
        Tone::Good => Icon::Check,
        Tone::Warn => Icon::Warning,
        Tone::Bad => Icon::Cross,
        Tone::Neutral | Tone::Accent => Icon::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    #[test]
    fn buttons_are_found_by_their_words_and_a_disabled_one_stays_still() {
        let mut harness = Harness::new_ui_state(
            |ui, clicks: &mut Vec<&str>| {
                let pressed = [
                    ("primary", primary_button(ui, "Start training")),
                    ("quiet", quiet_button(ui, "Use the sample")),
                    ("icon", icon_button(ui, Icon::Pause, "Pause")),
                    ("disabled", ui.add_enabled(false, Action::primary("Prove"))),
                ];
                clicks.extend(pressed.iter().filter(|(_, response)| response.clicked()).map(|(name, _)| *name));
            },
            Vec::new(),
        );
        for label in ["Start training", "Use the sample", "Pause", "Prove"] {
            harness.get_by_role_and_label(Role::Button, label).click();
            harness.run();
        }
        assert_eq!(*harness.state(), ["primary", "quiet", "icon"]);
        assert!(harness.get_by_label("Prove").accesskit_node().is_disabled());
    }

    #[test]
    fn the_keyboard_presses_what_has_the_focus() {
        let mut harness =
            Harness::new_ui_state(|ui, clicks: &mut usize| *clicks += usize::from(quiet_button(ui, "Use the sample").clicked()), 0);
        harness.key_press(eframe::egui::Key::Tab);
        harness.run();
        harness.key_press(eframe::egui::Key::Enter);
        harness.run();
        assert_eq!(*harness.state(), 1);
    }

    #[test]
    fn a_blocked_step_says_why_and_is_never_clicked() {
        let mut harness = Harness::new_ui_state(
            |ui, clicks: &mut Vec<usize>| {
                let blocked = StepState::Blocked("Choose a logo first".into());
                for (number, name, state) in [(1, "Data", StepState::Done), (2, "Train", blocked)] {
                    if step_item(ui, number, name, &state, number == 1).clicked() {
                        clicks.push(number);
                    }
                }
            },
            Vec::new(),
        );
        for name in ["Data", "Train"] {
            harness.get_by_label(name).click();
            harness.run();
        }
        assert_eq!(*harness.state(), [1]);
        let train = harness.get_by_label("Train");
        assert!(train.accesskit_node().is_disabled());
        assert_eq!(train.accesskit_node().description().as_deref(), Some("step 2, not yet: Choose a logo first"));
        train.hover();
        harness.run_steps(60);
        assert!(harness.query_by_label("Choose a logo first").is_some(), "the tooltip says why");
    }

    #[test]
    fn a_choice_card_is_chosen_and_the_button_inside_keeps_working() {
        let mut harness = Harness::new_ui_state(
            |ui, clicks: &mut Vec<&str>| {
                let card = choice_card(ui, "Standard", false, |ui| {
                    ui.label("About 12 min");
                    quiet_button(ui, "Why?").clicked()
                });
                if card.inner {
                    clicks.push("button");
                } else if card.response.clicked() {
                    clicks.push("card");
                }
            },
            Vec::new(),
        );
        harness.get_by_label("Why?").click();
        harness.run();
        assert_eq!(*harness.state(), ["button"]);
        let face = harness.get_by_role_and_label(Role::RadioButton, "Standard").rect();
        for pressed in [true, false] {
            let button = eframe::egui::PointerButton::Primary;
            let pos = face.left_top() + Vec2::splat(theme::GAP);
            harness.event(eframe::egui::Event::PointerButton { pos, button, pressed, modifiers: Default::default() });
            harness.run();
        }
        assert_eq!(*harness.state(), ["button", "card"]);
    }

    #[test]
    fn the_verdict_stands_in_words() {
        let harness = Harness::new_ui(|ui| {
            verdict_banner(ui, Tone::Neutral, Icon::Question, "No evidence", &["That does not mean that the model is not yours."]);
            tag(ui, Tone::Good, Some(Icon::Check), "10 classes");
            notice(ui, Tone::Warn, "The classes are uneven");
        });
        for words in ["No evidence", "That does not mean that the model is not yours.", "10 classes", "The classes are uneven"] {
            harness.get_by_label(words);
        }
    }
}
