//! The compare view: two pictures side by side, swiped, blinking, as difference, as heat map or by channel, drawn by
//! shaders/compare.wgsl with zoom and pan in step, the values under the pointer and the pair's figures.
//!
//! The window calls `install` once; panels keep a `CompareState` and call `compare_view` with any two pictures.

mod gpu;
mod place;
mod prepare;
#[cfg(test)]
pub(super) mod tests;

pub use gpu::install;
pub use prepare::Figures;

use super::buttons::{Action, focus_ring, icon_button};
use super::icons::Icon;
use super::picture::pixel_words;
use crate::app::text;
use crate::app::theme::{self, palette};
use crate::data::Picture;
use eframe::egui::{
    Align2, Checkbox, CursorIcon, EventFilter, FontId, Key, Pos2, Rect, Response, RichText, Role, Sense, Slider, Ui, Vec2, WidgetInfo, vec2,
};
use gpu::{Fetch, Gpu, View};
use place::Canvas;
use prepare::Prepared;
use std::sync::Arc;
use std::time::Duration;

/// Two pictures to be compared. Keep the `Arc`s from frame to frame: a pair is brought onto the graphics card once.
#[derive(Debug, Clone)]
pub struct ComparePair {
    /// The first picture: cover, original.
    pub left: Arc<Picture>,
    /// The second picture: key, suspect.
    pub right: Arc<Picture>,
    /// What the first is called.
    pub left_name: String,
    /// What the second is called.
    pub right_name: String,
}

/// How a pair is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CompareMode {
    /// One beside the other.
    #[default]
    SideBySide,
    /// One over the other, cut at a divider.
    Swipe,
    /// One after the other.
    Blink,
    /// The difference, multiplied.
    Difference,
    /// The size of the difference as heat.
    Heat,
    /// One channel of both, side by side.
    Channel,
}

impl CompareMode {
    /// All modes in the order of their keys 1 to 6.
    pub const ALL: [Self; 6] = [Self::SideBySide, Self::Swipe, Self::Blink, Self::Difference, Self::Heat, Self::Channel];
    const KEYS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];

    /// Its plain name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SideBySide => text::COMPARE_SIDE_BY_SIDE,
            Self::Swipe => text::COMPARE_SWIPE,
            Self::Blink => text::COMPARE_BLINK,
            Self::Difference => text::COMPARE_DIFFERENCE,
            Self::Heat => text::COMPARE_HEAT,
            Self::Channel => text::COMPARE_CHANNEL,
        }
    }

    /// What it shows, a sentence.
    const fn meaning(self) -> &'static str {
        match self {
            Self::SideBySide => text::COMPARE_SIDE_BY_SIDE_HINT,
            Self::Swipe => text::COMPARE_SWIPE_HINT,
            Self::Blink => text::COMPARE_BLINK_HINT,
            Self::Difference => text::COMPARE_DIFFERENCE_HINT,
            Self::Heat => text::COMPARE_HEAT_HINT,
            Self::Channel => text::COMPARE_CHANNEL_HINT,
        }
    }

    const fn is_split(self) -> bool {
        matches!(self, Self::SideBySide | Self::Channel)
    }
}

/// What the user has set, and what was prepared for the pair.
pub struct CompareState {
    /// How the pair is shown.
    pub mode: CompareMode,
    /// What differences are multiplied by, 1 to 50.
    pub gain: f32,
    /// Which channel is shown in `CompareMode::Channel`: 0 red, 1 green, 2 blue.
    pub channel: usize,
    /// Points per pixel; `None` fits the pictures into the canvas.
    pub zoom: Option<f32>,
    /// What part of the pictures is in the middle, share of their sides.
    pub centre: Vec2,
    /// Where the divider of `CompareMode::Swipe` stands, 0..1.
    pub swipe: f32,
    /// Whether enlarged pixels stay squares.
    pub nearest: bool,
    on_divider: bool,
    /// Where the pictures were drawn in the last frame.
    drawn: Option<Rect>,
    prepared: Option<Held>,
}

impl Default for CompareState {
    fn default() -> Self {
        Self {
            mode: CompareMode::SideBySide,
            gain: 5.0,
            channel: 0,
            zoom: None,
            centre: Vec2::splat(0.5),
            swipe: 0.5,
            nearest: true,
            on_divider: false,
            drawn: None,
            prepared: None,
        }
    }
}

impl CompareState {
    /// The figures of the pair that is shown, once they are known.
    pub fn figures(&self) -> Option<Figures> {
        self.prepared.as_ref()?.0.figures.get()?.as_ref().ok().copied()
    }

    /// Whether the pictures are on the screen, not still on their way to it.
    pub fn is_ready(&self) -> bool {
        self.prepared.as_ref().is_some_and(|held| held.0.textures.get().is_some())
    }

    /// Shows the whole pictures again.
    pub fn fit(&mut self) {
        self.zoom = None;
        self.centre = Vec2::splat(0.5);
    }
}

/// A pair in preparation that is given up when nobody looks at it any more.
struct Held(Arc<Prepared>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Seconds that one picture stays while blinking.
const BLINK: f64 = 0.6;
/// How far from the divider it can still be taken, points.
const REACH: f32 = 12.0;
/// One step of the zoom buttons.
const STEP: f32 = 1.5;

/// Shows `pair` in the space that is left, with tools above and figures below. The response is the canvas's.
///
/// Keys: 1 to 6 modes, + and - zoom, 0 fits, arrows pan. Wheel zooms at the pointer, drag pans.
pub fn compare_view(ui: &mut Ui, state: &mut CompareState, pair: &ComparePair) -> Response {
    let Some(gpu) = gpu::installed(ui.ctx()) else {
        return super::notice(ui, theme::Tone::Warn, text::COMPARE_NO_DRIVER);
    };
    if let Some(why) = gpu.trouble() {
        return super::notice(ui, theme::Tone::Warn, &text::compare_refused(why));
    }
    if !state.prepared.as_ref().is_some_and(|held| held.0.is_for(pair)) {
        if state.prepared.as_ref().is_some_and(|held| held.0.shape() != pair.left.shape) {
            state.fit();
        }
        state.prepared = Some(Held(prepare::prepare(pair, &gpu, ui.ctx())));
    }
    ui.vertical(|ui| {
        let shape = vec2(pair.left.shape.width.max(1) as f32, pair.left.shape.height.max(1) as f32);
        let footer = 2.0 * (theme::GAP_3 + ui.spacing().item_spacing.y);
        tools(ui, state, pair, shape);
        let room = vec2(ui.available_width(), (ui.available_height() - footer).max(theme::THUMBNAIL));
        let (rect, response) = ui.allocate_exact_size(room, Sense::click_and_drag());
        state.drawn = Some(rect);
        let name = text::compare_title(&pair.left_name, &pair.right_name);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), &name));
        let mut canvas = Canvas { rect, split: state.mode.is_split(), shape };
        keys(ui, state, &response, canvas);
        canvas.split = state.mode.is_split();
        pointer(ui, state, &response, canvas);
        let scale = state.zoom.unwrap_or_else(|| canvas.fit());
        paint(ui, state, pair, gpu, canvas, scale);
        focus_ring(ui, &response, rect.shrink(theme::LINE_STRONG), 0);
        let under = response.hover_pos().and_then(|place| canvas.pixel_at(place, scale, state.centre));
        footer_lines(ui, state, pair, under);
        response
    })
    .inner
}

fn tools(ui: &mut Ui, state: &mut CompareState, pair: &ComparePair, shape: Vec2) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_HALF;
        for (i, mode) in CompareMode::ALL.into_iter().enumerate() {
            let button = ui.add(Action::plain(mode.label()).selected(state.mode == mode));
            if button.on_hover_text(text::compare_mode(mode.meaning(), i + 1)).clicked() {
                state.mode = mode;
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        match state.mode {
            CompareMode::Difference | CompareMode::Heat => {
                let label = small(ui, text::COMPARE_TIMES);
                let slider = Slider::new(&mut state.gain, 1.0..=50.0).fixed_decimals(0).step_by(1.0);
                super::slider(ui, slider).labelled_by(label.id);
            }
            CompareMode::Swipe => {
                let label = small(ui, text::COMPARE_DIVIDER);
                super::slider(ui, Slider::new(&mut state.swipe, 0.0..=1.0).show_value(false)).labelled_by(label.id);
            }
            CompareMode::Channel if pair.left.shape.channels == 3 => {
                for (i, name) in text::COMPARE_CHANNELS.into_iter().enumerate() {
                    if ui.add(Action::plain(name).selected(state.channel == i)).clicked() {
                        state.channel = i;
                    }
                }
            }
            CompareMode::Channel => {
                small(ui, text::COMPARE_GREY);
            }
            CompareMode::SideBySide | CompareMode::Blink => (),
        }
        let canvas = state.drawn.map(|rect| Canvas { rect, split: state.mode.is_split(), shape });
        let scale = state.zoom.or_else(|| canvas.map(|canvas| canvas.fit())).unwrap_or(1.0);
        if icon_button(ui, Icon::Minus, text::ZOOM_OUT).clicked() {
            state.zoom = Some(scale / STEP);
        }
        let enlarged = f64::from(scale * ui.pixels_per_point());
        if ui.add(Action::plain(&text::zoom(enlarged))).on_hover_text(text::zoom_meaning(enlarged)).clicked() {
            state.zoom = Some(1.0 / ui.pixels_per_point());
        }
        if icon_button(ui, Icon::Plus, text::ZOOM_IN).clicked() {
            state.zoom = Some(scale * STEP);
        }
        if ui.add(Action::plain(text::ZOOM_FIT).icon(Icon::Fit).selected(state.zoom.is_none())).on_hover_text(text::ZOOM_FIT_HINT).clicked()
        {
            state.fit();
        }
        let words = RichText::new(text::SHARP_PIXELS).size(theme::TEXT_SMALL);
        ui.add(Checkbox::new(&mut state.nearest, words)).on_hover_text(text::SHARP_PIXELS_HINT);
    });
}

fn small(ui: &mut Ui, text: &str) -> Response {
    let muted = palette(ui).muted;
    ui.label(RichText::new(text).size(theme::TEXT_SMALL).color(muted))
}

fn keys(ui: &Ui, state: &mut CompareState, response: &Response, canvas: Canvas) {
    let focused = response.has_focus();
    if ui.ctx().text_edit_focused() {
        return;
    }
    let pressed = |key: Key| ui.input(|input| !input.modifiers.any() && input.key_pressed(key));
    for (mode, key) in CompareMode::ALL.into_iter().zip(CompareMode::KEYS) {
        if pressed(key) {
            state.mode = mode;
        }
    }
    let scale = state.zoom.unwrap_or_else(|| canvas.fit());
    let mut zoom = |factor: f32| {
        let (scale, centre) = canvas.zoomed(canvas.rect.center(), scale, state.centre, factor);
        (state.zoom, state.centre) = (Some(scale), centre);
    };
    if ui.input(|input| !input.modifiers.command && (input.key_pressed(Key::Plus) || input.key_pressed(Key::Equals))) {
        zoom(STEP);
    }
    if pressed(Key::Minus) {
        zoom(1.0 / STEP);
    }
    if pressed(Key::Num0) {
        state.fit();
    }
    if focused {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let step = theme::GAP_4;
        let arrows = [(Key::ArrowLeft, step, 0.0), (Key::ArrowRight, -step, 0.0), (Key::ArrowUp, 0.0, step), (Key::ArrowDown, 0.0, -step)];
        for (_, x, y) in arrows.into_iter().filter(|arrow| pressed(arrow.0)) {
            state.centre = canvas.panned(scale, state.centre, vec2(x, y));
        }
    }
}

fn pointer(ui: &Ui, state: &mut CompareState, response: &Response, canvas: Canvas) {
    let divider = canvas.rect.left() + state.swipe * canvas.rect.width();
    let at_divider = |place: Pos2| state.mode == CompareMode::Swipe && (place.x - divider).abs() <= REACH;
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.drag_started() {
        let start = ui.input(|input| input.pointer.press_origin());
        state.on_divider = start.is_some_and(at_divider);
    }
    let scale = state.zoom.unwrap_or_else(|| canvas.fit());
    if response.dragged() {
        match response.interact_pointer_pos() {
            Some(place) if state.on_divider => {
                state.swipe = ((place.x - canvas.rect.left()) / canvas.rect.width().max(1.0)).clamp(0.0, 1.0);
            }
            _ => {
                state.centre = canvas.panned(scale, state.centre, response.drag_delta());
                state.zoom = Some(scale);
            }
        }
    }
    let Some(place) = response.hover_pos() else { return };
    ui.set_cursor_icon(match () {
        () if at_divider(place) => CursorIcon::ResizeHorizontal,
        () if response.dragged() => CursorIcon::Grabbing,
        () => CursorIcon::Crosshair,
    });
    let factor = ui.input_mut(|input| {
        let wheel = std::mem::take(&mut input.smooth_scroll_delta).y;
        (wheel / 200.0).exp() * input.zoom_delta()
    });
    if factor != 1.0 {
        let (scale, centre) = canvas.zoomed(place, scale, state.centre, factor);
        (state.zoom, state.centre) = (Some(scale), centre);
    }
}

fn paint(ui: &Ui, state: &CompareState, pair: &ComparePair, gpu: Arc<Gpu>, canvas: Canvas, scale: f32) {
    let palette = palette(ui);
    let rect = canvas.rect;
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let textures = state.prepared.as_ref().and_then(|held| held.0.textures.get());
    let Some(textures) = textures.filter(|_| ui.is_rect_visible(rect)) else {
        painter.rect_filled(rect, 0.0, palette.sunken);
        painter.text(rect.center(), Align2::CENTER_CENTER, text::PREPARING, FontId::proportional(theme::TEXT), palette.muted);
        return;
    };
    let right_only = state.mode == CompareMode::Blink && blinks_right(ui);
    let smaller = textures.columns > scale * canvas.shape.x * ui.pixels_per_point();
    let apart = matches!(state.mode, CompareMode::Difference | CompareMode::Heat);
    let view = View {
        size: rect.size(),
        centre: state.centre,
        well: palette.sunken,
        line: palette.tone(theme::Tone::Accent).ink,
        shape: canvas.shape,
        scale,
        point: 1.0 / ui.pixels_per_point(),
        swipe: state.swipe,
        gain: state.gain,
        channel: state.channel.min(2) as u32,
        right_only,
        gap: theme::LINE_STRONG,
        mode: CompareMode::ALL.iter().position(|&mode| mode == state.mode).unwrap_or(0) as u32,
        fetch: match (smaller && (textures.has_greatest || !apart), state.nearest) {
            (true, _) => Fetch::Smaller,
            (false, true) => Fetch::Squares,
            (false, false) => Fetch::Blurred,
        },
    };
    gpu.make_ready(&view);
    if gpu.trouble().is_some() {
        return;
    }
    painter.add(gpu::painting(rect, gpu, Arc::clone(textures), view));
    let (left, right) = (pair.left_name.as_str(), pair.right_name.as_str());
    let gain = text::difference(state.gain);
    let names: [(Option<&str>, Pos2, Align2); 2] = match state.mode {
        CompareMode::SideBySide | CompareMode::Channel => {
            [(Some(left), rect.left_top(), Align2::LEFT_TOP), (Some(right), rect.center_top(), Align2::LEFT_TOP)]
        }
        CompareMode::Swipe => [(Some(left), rect.left_top(), Align2::LEFT_TOP), (Some(right), rect.right_top(), Align2::RIGHT_TOP)],
        CompareMode::Blink => {
            [(Some(if right_only { right } else { left }), rect.left_top(), Align2::LEFT_TOP), (None, rect.min, Align2::LEFT_TOP)]
        }
        CompareMode::Difference | CompareMode::Heat => {
            [(Some(&gain), rect.left_top(), Align2::LEFT_TOP), (None, rect.min, Align2::LEFT_TOP)]
        }
    };
    for (name, corner, align) in names.into_iter().filter_map(|(name, corner, align)| Some((name?, corner, align))) {
        let galley = painter.layout_no_wrap(name.to_owned(), FontId::proportional(theme::TEXT_SMALL), palette.text);
        let size = galley.size() + vec2(2.0 * theme::GAP, theme::GAP);
        let min =
            if align == Align2::RIGHT_TOP { corner + vec2(-theme::GAP - size.x, theme::GAP) } else { corner + Vec2::splat(theme::GAP) };
        painter.rect_filled(Rect::from_min_size(min, size), theme::RADIUS_SMALL, palette.surface);
        painter.galley(min + vec2(theme::GAP, theme::GAP_HALF), galley, palette.text);
    }
}

/// Whether it is the right picture's turn; asks for the next turn's frame.
fn blinks_right(ui: &Ui) -> bool {
    let time = ui.input(|input| input.time);
    let turn = (time / BLINK).floor();
    ui.ctx().request_repaint_after(Duration::from_secs_f64(((turn + 1.0) * BLINK - time).max(0.01)));
    turn.rem_euclid(2.0) >= 1.0
}

fn footer_lines(ui: &mut Ui, state: &CompareState, pair: &ComparePair, under: Option<(usize, usize)>) {
    let line = match under {
        Some((x, y)) => values(pair, x, y),
        None => text::COMPARE_POINT.to_owned(),
    };
    small(ui, &line);
    let prepared = state.prepared.as_ref().map(|held| &held.0);
    let words = match prepared.and_then(|prepared| prepared.figures.get()) {
        None => text::MEASURING.to_owned(),
        Some(Err(sentence)) => sentence.clone(),
        Some(Ok(figures)) => text::closeness(figures.psnr_db, figures.ssim, figures.max_difference),
    };
    let meaning = text::COMPARE_FIGURES_MEANING;
    let label = ui.add(eframe::egui::Label::new(words).truncate());
    label.on_hover_text(match prepared.and_then(|prepared| prepared.note.as_ref()) {
        Some(note) => format!("{meaning}\n{note}"),
        None => meaning.to_owned(),
    });
}

/// The values of both pictures at one place of the left one, and their difference.
fn values(pair: &ComparePair, x: usize, y: usize) -> String {
    let (left, right) = (&pair.left, &pair.right);
    let scaled = |at: usize, from: usize, to: usize| (at * to / from.max(1)).min(to.saturating_sub(1));
    let there = (scaled(x, left.shape.width, right.shape.width), scaled(y, left.shape.height, right.shape.height));
    let apart = (left.shape == right.shape).then(|| {
        let area = left.shape.width * left.shape.height;
        let at = |picture: &Picture, channel: usize| picture.planes.get(channel * area + y * left.shape.width + x).copied().unwrap_or(0);
        let apart = (0..left.shape.channels).map(|channel| format!("{:+}", i16::from(at(right, channel)) - i16::from(at(left, channel))));
        apart.collect::<Vec<_>>().join(" ")
    });
    let (here, opposite) = (pixel_words(left, x, y), pixel_words(right, there.0, there.1));
    text::pixels((x, y), (&pair.left_name, &here), (&pair.right_name, &opposite), apart.as_deref())
}
