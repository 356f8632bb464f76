//! Design tokens: every colour, size and distance of the window, for light and dark.
//!
//! `apply` once at the start (and again when the user chooses another theme); everything else asks `palette(ui)` for
//! colours and uses the constants for distances. No colour or size literal stands anywhere else in `app`.

use crate::project::Theme;
use eframe::egui::{self, Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2, Visuals};

/// Half a step of the 8-point grid, for what belongs together (icon and its word).
pub const GAP_HALF: f32 = 4.0;
/// One step of the grid: between neighbours.
pub const GAP: f32 = 8.0;
/// Between groups, and the padding of cards.
pub const GAP_2: f32 = 16.0;
/// Between sections.
pub const GAP_3: f32 = 24.0;
/// Around what stands alone (drop zones, verdicts).
pub const GAP_4: f32 = 32.0;

/// Captions, axis numbers, hints.
pub const TEXT_SMALL: f32 = 13.0;
/// Everything that is read.
pub const TEXT: f32 = 15.0;
/// The one heading size.
pub const TEXT_HEADING: f32 = 20.0;
/// The verdict and nothing else.
pub const TEXT_VERDICT: f32 = 28.0;

/// Height of buttons, fields and rows that can be clicked.
pub const CONTROL_HEIGHT: f32 = 32.0;
/// Height of the one filled button.
pub const CONTROL_HEIGHT_LARGE: f32 = 40.0;
/// Side of an icon beside text.
pub const ICON: f32 = 16.0;
/// Side of an icon that stands alone.
pub const ICON_LARGE: f32 = 20.0;
/// Side of the icon of a drop zone or verdict.
pub const ICON_HUGE: f32 = 40.0;

/// Corners of tags and thumbnails.
pub const RADIUS_SMALL: u8 = 4;
/// Corners of buttons and fields.
pub const RADIUS: u8 = 8;
/// Corners of cards, drop zones and banners.
pub const RADIUS_LARGE: u8 = 12;

/// Hairlines.
pub const LINE: f32 = 1.0;
/// Focus rings and selection frames.
pub const LINE_STRONG: f32 = 2.0;

/// Smallest window that the layout is made for, points.
pub const WINDOW_MIN: Vec2 = Vec2::new(1024.0, 700.0);
/// Width of the rail with the steps.
pub const RAIL_WIDTH: f32 = 208.0;
/// Width of the panel about what is selected.
pub const SIDE_WIDTH: f32 = 304.0;
/// Side of a thumbnail in grids.
pub const THUMBNAIL: f32 = 96.0;
/// Side of a tile that holds two pictures.
pub const PAIR: f32 = 144.0;
/// Widest column of running text.
pub const READING_WIDTH: f32 = 640.0;

/// Size of the window at its first start, points.
pub const WINDOW_SIZE: Vec2 = Vec2::new(1280.0, 800.0);
/// Height of the top bar.
pub const TOP_HEIGHT: f32 = 56.0;
/// Height of the tabs above panels.
pub const TAB_HEIGHT: f32 = 36.0;
/// Narrowest and widest side panel.
pub const SIDE_MIN: f32 = 240.0;
/// Widest side panel.
pub const SIDE_MAX: f32 = 480.0;
/// Width of menus.
pub const MENU_WIDTH: f32 = 240.0;
/// Width of questions and of the command palette.
pub const DIALOG_WIDTH: f32 = 520.0;
/// Greatest height of what scrolls inside a dialog.
pub const DIALOG_HEIGHT: f32 = 400.0;
/// Width of messages in the corner.
pub const NOTICE_WIDTH: f32 = 360.0;
/// Where the messages stand, from the lower right corner.
pub const NOTICE_OFFSET: Vec2 = Vec2::new(-16.0, -72.0);
/// Where the words of a drop stand, from the middle of the upper edge.
pub const DROP_OFFSET: Vec2 = Vec2::new(0.0, 72.0);
/// Side of a picture as a network sees it.
pub const PREVIEW: f32 = 160.0;
/// Side of a picture that stands for itself.
pub const PREVIEW_LARGE: f32 = 240.0;
/// Height of a plot.
pub const PLOT_HEIGHT: f32 = 208.0;
/// Width from which on two plots stand side by side.
pub const TWO_PLOTS: f32 = 880.0;
/// Least height of a grid of pictures.
pub const GRID_HEIGHT: f32 = 320.0;
/// Greatest height of a list of files.
pub const LIST_HEIGHT: f32 = 240.0;
/// Greatest height of the log.
pub const LOG_HEIGHT: f32 = 160.0;
/// Room for the buttons of a job in the bottom bar.
pub const JOB_BUTTONS: f32 = 208.0;
/// Room for the words about the queue.
pub const JOB_QUEUE: f32 = 128.0;

/// What a colour means. Never the only sign: an icon or a word stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Reached, proven, healthy.
    Good,
    /// Needs attention.
    Warn,
    /// Failed.
    Bad,
    /// Neither good nor bad.
    Neutral,
    /// Chosen or under way.
    Accent,
}

/// The two colours of a tone: one to write and draw with, one to lay behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToneColours {
    /// Text and icons; readable (4.5:1) on `soft` and on every ground of the palette.
    pub ink: Color32,
    /// The ground of tags and banners.
    pub soft: Color32,
}

/// Every colour of one theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub canvas: Color32,
    /// Cards, panels, menus.
    pub surface: Color32,
    /// Fields, plots, picture wells.
    pub sunken: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Held down.
    pub pressed: Color32,
    /// Hairlines between things.
    pub border: Color32,
    /// Outlines of controls and drop zones (3:1 on canvas, surface and sunken).
    pub outline: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text, still 4.5:1.
    pub muted: Color32,
    /// The filled button, progress, focus.
    pub accent: Color32,
    /// The filled button under the pointer.
    pub accent_hover: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    good: ToneColours,
    warn: ToneColours,
    bad: ToneColours,
    neutral: ToneColours,
    accent_tone: ToneColours,
    /// Curves of a plot, in this order, told apart also by people who see fewer colours.
    pub series: [Color32; 6],
    /// Heat from nothing to everything; five stops, evenly spaced.
    pub heat: [Color32; 5],
}

impl Palette {
    /// The colours of a meaning.
    pub const fn tone(&self, tone: Tone) -> ToneColours {
        match tone {
            Tone::Good => self.good,
            Tone::Warn => self.warn,
            Tone::Bad => self.bad,
            Tone::Neutral => self.neutral,
            Tone::Accent => self.accent_tone,
        }
    }

    /// The colour of heat at `share` (0..1; outside is clamped).
    pub fn heat_at(&self, share: f32) -> Color32 {
        let place = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) } * (self.heat.len() - 1) as f32;
        let below = (place as usize).min(self.heat.len() - 2);
        self.heat[below].lerp_to_gamma(self.heat[below + 1], place - below as f32)
    }
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const fn tone(ink: u32, soft: u32) -> ToneColours {
    ToneColours { ink: hex(ink), soft: hex(soft) }
}

/// One scale for heat in both themes, so that a picture in a report reads the same: dark blue, violet, red, amber, pale.
pub const HEAT: [Color32; 5] = [hex(0x0b1026), hex(0x53217e), hex(0xc2384f), hex(0xf59a3c), hex(0xfdf6c9)];

static LIGHT: Palette = Palette {
    canvas: hex(0xf4f6f8),
    surface: hex(0xffffff),
    sunken: hex(0xeef1f4),
    hover: hex(0xe9edf2),
    pressed: hex(0xdde3ea),
    border: hex(0xdbe1e8),
    outline: hex(0x7f8a98),
    text: hex(0x1a2029),
    muted: hex(0x566170),
    accent: hex(0x1f5fbf),
    accent_hover: hex(0x184e9f),
    on_accent: hex(0xffffff),
    good: tone(0x17693c, 0xe2f4e8),
    warn: tone(0x8a4b00, 0xfcefd6),
    bad: tone(0xb3261e, 0xfce8e6),
    neutral: tone(0x4b5665, 0xe8ecf1),
    accent_tone: tone(0x1b55ad, 0xe3edfb),
    series: [hex(0x1f5fbf), hex(0xb4560a), hex(0x16794a), hex(0x8c3ba8), hex(0xb02a50), hex(0x55606e)],
    heat: HEAT,
};

static DARK: Palette = Palette {
    canvas: hex(0x12161c),
    surface: hex(0x1a1f27),
    sunken: hex(0x0e1116),
    hover: hex(0x262d38),
    pressed: hex(0x303947),
    border: hex(0x2c3440),
    outline: hex(0x6d7a8c),
    text: hex(0xe6eaf0),
    muted: hex(0x9ca8b8),
    accent: hex(0x3369cf),
    accent_hover: hex(0x2d5fbd),
    on_accent: hex(0xffffff),
    good: tone(0x6fd39a, 0x16301f),
    warn: tone(0xf2b45c, 0x35270f),
    bad: tone(0xff9a90, 0x3c1b1a),
    neutral: tone(0xb0bac8, 0x262d38),
    accent_tone: tone(0x8fb6ff, 0x1a2b4a),
    series: [hex(0x7aa7ff), hex(0xf0a04b), hex(0x5fcf92), hex(0xd08cf0), hex(0xff8aa8), hex(0xaab4c2)],
    heat: HEAT,
};

/// The surface of the light and of the dark theme.
pub const fn surfaces() -> [Color32; 2] {
    [LIGHT.surface, DARK.surface]
}

/// The colours of the theme that `ui` is drawn in.
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    palette_of(ui.visuals())
}

/// The colours that belong to `visuals`.
pub fn palette_of(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

/// What the window is cleared with, for `eframe::App::clear_color`. Panels on the canvas then need no fill of their own: on a
/// software adapter each full layer costs as much as the rest of the frame.
pub fn clear_colour(visuals: &Visuals) -> [f32; 4] {
    palette_of(visuals).canvas.to_normalized_gamma_f32()
}

/// The ring around what has the keyboard.
pub fn focus_stroke(palette: &Palette) -> Stroke {
    Stroke::new(LINE_STRONG, palette.accent_tone.ink)
}

/// Gives `ctx` the looks of this program, light and dark, and chooses between them.
pub fn apply(ctx: &Context, choice: Theme) {
    ctx.set_theme(match choice {
        Theme::System => egui::ThemePreference::System,
        Theme::Light => egui::ThemePreference::Light,
        Theme::Dark => egui::ThemePreference::Dark,
    });
    ctx.all_styles_mut(sizes);
    ctx.set_visuals_of(egui::Theme::Light, visuals(&LIGHT, Visuals::light()));
    ctx.set_visuals_of(egui::Theme::Dark, visuals(&DARK, Visuals::dark()));
}

fn sizes(style: &mut egui::Style) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(TEXT_SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(TEXT, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(TEXT, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(TEXT_SMALL, FontFamily::Monospace)),
        (TextStyle::Heading, FontId::new(TEXT_HEADING, FontFamily::Proportional)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(GAP, GAP);
    spacing.button_padding = Vec2::new(12.0, 7.0);
    // Buttons reach `CONTROL_HEIGHT` by their padding; a taller row would blow up the handles of sliders.
    spacing.interact_size = Vec2::new(40.0, GAP_3);
    spacing.window_margin = Margin::same(GAP_2 as i8);
    spacing.menu_margin = Margin::same(GAP as i8);
    spacing.indent = GAP_3;
    spacing.icon_width = ICON;
    spacing.icon_width_inner = GAP;
    spacing.icon_spacing = GAP;
    spacing.slider_width = 160.0;
    spacing.slider_rail_height = GAP_HALF;
    spacing.combo_width = 160.0;
    spacing.text_edit_width = 320.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.12;
}

fn visuals(palette: &Palette, base: Visuals) -> Visuals {
    let mut visuals = base;
    let line = Stroke::new(LINE, palette.border);
    let shadow = Shadow { offset: [0, 8], blur: 24, spread: 0, color: Color32::from_black_alpha(if visuals.dark_mode { 120 } else { 36 }) };
    let radius = CornerRadius::same(RADIUS);
    visuals.weak_text_color = Some(palette.muted);
    visuals.hyperlink_color = palette.accent_tone.ink;
    visuals.faint_bg_color = palette.canvas;
    visuals.extreme_bg_color = palette.sunken;
    visuals.text_edit_bg_color = Some(palette.sunken);
    visuals.code_bg_color = palette.sunken;
    visuals.warn_fg_color = palette.warn.ink;
    visuals.error_fg_color = palette.bad.ink;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = line;
    visuals.window_shadow = shadow;
    visuals.window_corner_radius = CornerRadius::same(RADIUS_LARGE);
    visuals.menu_corner_radius = radius;
    visuals.popup_shadow = shadow;
    visuals.panel_fill = palette.canvas;
    visuals.selection.bg_fill = palette.accent_tone.soft;
    visuals.selection.stroke = Stroke::new(LINE, palette.accent_tone.ink);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.indent_has_left_vline = false;
    visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    visuals.text_cursor.stroke = Stroke::new(LINE_STRONG, palette.accent_tone.ink);
    let widgets = &mut visuals.widgets;
    for (state, fill, strong_fill, edge, text) in [
        (&mut widgets.noninteractive, palette.surface, palette.surface, line, palette.text),
        (&mut widgets.inactive, palette.surface, palette.pressed, Stroke::new(LINE, palette.outline), palette.text),
        (&mut widgets.hovered, palette.hover, palette.pressed, Stroke::new(LINE, palette.muted), palette.text),
        (&mut widgets.active, palette.pressed, palette.pressed, focus_stroke(palette), palette.text),
        (&mut widgets.open, palette.hover, palette.hover, Stroke::new(LINE, palette.outline), palette.text),
    ] {
        state.weak_bg_fill = fill;
        state.bg_fill = strong_fill;
        state.bg_stroke = edge;
        state.fg_stroke = Stroke::new(1.25, text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    visuals
}

/// Black or white, whichever is easier to read on `fill`.
pub fn ink_on(fill: Color32) -> Color32 {
    let luma = 0.299 * f32::from(fill.r()) + 0.587 * f32::from(fill.g()) + 0.114 * f32::from(fill.b());
    if luma > 128.0 { Color32::BLACK } else { Color32::WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color32) -> f64 {
        let linear = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn contrast_knows_black_on_white() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn text_reaches_aa_on_every_ground() {
        for (name, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            let grounds = [palette.canvas, palette.surface, palette.sunken, palette.hover];
            let tones = [Tone::Good, Tone::Warn, Tone::Bad, Tone::Neutral, Tone::Accent].map(|tone| palette.tone(tone));
            let inks = [palette.text, palette.muted].into_iter().chain(tones.iter().map(|tone| tone.ink));
            for ink in inks {
                for ground in grounds {
                    let reached = contrast(ink, ground);
                    assert!(reached >= 4.5, "{name}: {ink:?} on {ground:?} is {reached:.2}");
                }
            }
            for colours in tones {
                let reached = contrast(colours.ink, colours.soft);
                assert!(reached >= 4.5, "{name}: tone {colours:?} is {reached:.2}");
                assert!(contrast(palette.text, colours.soft) >= 4.5, "{name}: text on {colours:?}");
            }
            for fill in [palette.accent, palette.accent_hover] {
                let reached = contrast(palette.on_accent, fill);
                assert!(reached >= 4.5, "{name}: text on accent is {reached:.2}");
            }
        }
    }

    #[test]
    fn outlines_and_curves_reach_three_to_one() {
        for (name, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            for ground in [palette.canvas, palette.surface, palette.sunken] {
                let lines = palette.series.into_iter().chain([palette.outline, palette.accent]);
                for line in lines {
                    let reached = contrast(line, ground);
                    assert!(reached >= 3.0, "{name}: {line:?} on {ground:?} is {reached:.2}");
                }
            }
        }
    }

    #[test]
    fn the_choice_decides_the_theme() {
        let ctx = Context::default();
        apply(&ctx, Theme::Dark);
        assert_eq!(ctx.options(|options| options.theme_preference), egui::ThemePreference::Dark);
        assert_eq!(ctx.style_of(egui::Theme::Dark).visuals.panel_fill, DARK.canvas);
        assert_eq!(ctx.style_of(egui::Theme::Light).visuals.panel_fill, LIGHT.canvas);
        apply(&ctx, Theme::System);
        assert_eq!(ctx.options(|options| options.theme_preference), egui::ThemePreference::System);
    }

    #[test]
    fn heat_runs_from_dark_to_pale_without_a_dip() {
        let steps: Vec<f64> = (0..=20).map(|i| luminance(LIGHT.heat_at(i as f32 / 20.0))).collect();
        assert!(steps.windows(2).all(|pair| pair[1] > pair[0]), "{steps:?}");
        assert_eq!(LIGHT.heat_at(f32::NAN), HEAT[0]);
        assert_eq!(LIGHT.heat_at(7.0), HEAT[4]);
    }
}
