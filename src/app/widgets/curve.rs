//! Training curves that stay readable over 100,000 points: every column of pixels shows its least and its greatest value.
//!
//! The worker's points go into a `CurveStore`; `curves` draws some of them in one plot with smoothing, log scale, zoom and
//! values. Curves in one plot share a unit: losses in one, rates in another.

use super::buttons::{Action, icon_button};
use super::icons::Icon;
use crate::app::text;
use crate::app::theme::{self, palette};
use eframe::egui::{
    Checkbox, Color32, FontId, Frame, Margin, Rect, Response, RichText, Role, Sense, Slider, Stroke, TextStyle, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};
use egui_plot::{HoverPosition, Line, Plot, PlotPoints, PlotUi};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every curve of a training by name, steps ascending.
#[derive(Debug, Clone, Default)]
pub struct CurveStore {
    curves: BTreeMap<String, Points>,
}

#[derive(Debug, Clone, Default)]
struct Points {
    steps: Vec<f64>,
    values: Vec<f64>,
    /// Counts how often points were taken back, so that what was derived from them is made anew.
    rewound: u64,
}

impl CurveStore {
    /// Adds a point. A step at or before the last one takes the later points back: a job that was resumed from a checkpoint.
    pub fn push(&mut self, name: &str, step: u64, value: f64) {
        if !self.curves.contains_key(name) {
            self.curves.insert(name.to_owned(), Points::default());
        }
        let Some(points) = self.curves.get_mut(name) else { return };
        let step = step as f64;
        if points.steps.last().is_some_and(|&last| last >= step) {
            let keep = points.steps.partition_point(|&earlier| earlier < step);
            points.steps.truncate(keep);
            points.values.truncate(keep);
            points.rewound += 1;
        }
        points.steps.push(step);
        points.values.push(value);
    }

    /// Puts the points of earlier sessions before its own; those that were measured again count as they were measured last.
    pub fn continue_from(&mut self, mut earlier: CurveStore) {
        for (name, later) in std::mem::take(&mut self.curves) {
            for (&step, &value) in later.steps.iter().zip(&later.values) {
                earlier.push(&name, step as u64, value);
            }
            if let Some(points) = earlier.curves.get_mut(&name) {
                points.rewound = later.rewound + 1;
            }
        }
        self.curves = earlier.curves;
    }

    /// How many points a curve has.
    pub fn len(&self, name: &str) -> usize {
        self.curves.get(name).map_or(0, |points| points.steps.len())
    }

    /// Whether no curve has a point.
    pub fn is_empty(&self) -> bool {
        self.curves.is_empty()
    }

    /// The newest point of a curve: step and value.
    pub fn last(&self, name: &str) -> Option<(f64, f64)> {
        let points = self.curves.get(name)?;
        Some((*points.steps.last()?, *points.values.last()?))
    }

    /// The point of a curve that is nearest to `step`.
    pub fn near(&self, name: &str, step: f64) -> Option<(f64, f64)> {
        let points = self.curves.get(name)?;
        let after = points.steps.partition_point(|&other| other < step);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|&i| i < points.steps.len());
        let nearest = candidates.min_by(|&a, &b| (points.steps[a] - step).abs().total_cmp(&(points.steps[b] - step).abs()))?;
        Some((points.steps[nearest], points.values[nearest]))
    }
}

/// One curve to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curve<'a> {
    /// Its name in the store.
    pub name: &'a str,
    /// Its plain name for people.
    pub label: &'a str,
    /// Whether its values are rates 0..1, said in per cent.
    pub share: bool,
}

impl<'a> Curve<'a> {
    /// A curve of plain numbers.
    pub const fn plain(name: &'a str, label: &'a str) -> Self {
        Self { name, label, share: false }
    }

    /// A curve of rates 0..1.
    pub const fn share(name: &'a str, label: &'a str) -> Self {
        Self { name, label, share: true }
    }

    fn words(&self, value: f64) -> String {
        if self.share { format!("{:.1}%", value * 100.0) } else { number(value) }
    }
}

/// What the user has set for a plot.
#[derive(Debug, Clone, Default)]
pub struct CurvesState {
    /// Weight of the past in the smoothed curve, 0 (none) to 0.99.
    pub smoothing: f32,
    /// Whether values are drawn on a logarithmic scale.
    pub log: bool,
    /// Names of curves that are switched off.
    pub hidden: BTreeSet<String>,
    smoothed: HashMap<String, Smoothed>,
    hovered_step: Option<f64>,
    zoom: Option<f32>,
    reset: bool,
}

#[derive(Debug, Clone, Default)]
struct Smoothed {
    weight: f32,
    rewound: u64,
    average: f64,
    bias: f64,
    values: Vec<f64>,
}

impl Smoothed {
    /// Follows `points`: an exponential mean, corrected for its start, so that the first values count fully.
    fn follow(&mut self, points: &Points, weight: f32) {
        if self.weight != weight || self.rewound != points.rewound || self.values.len() > points.values.len() {
            *self = Self { weight, rewound: points.rewound, average: 0.0, bias: 1.0, values: Vec::new() };
        }
        let weight = f64::from(weight);
        for &value in &points.values[self.values.len()..] {
            if value.is_finite() {
                self.average = weight * self.average + (1.0 - weight) * value;
                self.bias *= weight;
            }
            self.values.push(if self.bias < 1.0 { self.average / (1.0 - self.bias) } else { value });
        }
    }
}

/// At most two points for each of `buckets`, the least and the greatest in the order met, of the part between `from` and `to`
/// and one point beyond on either side. Values that are not finite are left out.
fn decimated(steps: &[f64], values: &[f64], from: f64, to: f64, buckets: usize) -> Vec<[f64; 2]> {
    let first = steps.partition_point(|&step| step < from).saturating_sub(1);
    let last = (steps.partition_point(|&step| step <= to) + 1).min(steps.len());
    let points = steps[first..last].iter().zip(&values[first..last]).map(|(&step, &value)| [step, value]);
    let count = last - first;
    if count <= 2 * buckets {
        return points.filter(|point| point[1].is_finite()).collect();
    }
    let finite: Vec<[f64; 2]> = points.collect();
    let mut kept = Vec::with_capacity(2 * buckets + 2);
    for bucket in finite.chunks(count.div_ceil(buckets.max(1))) {
        let range = bucket.iter().filter(|point| point[1].is_finite());
        let low = range.clone().min_by(|a, b| a[1].total_cmp(&b[1]));
        let high = range.max_by(|a, b| a[1].total_cmp(&b[1]));
        let (Some(low), Some(high)) = (low, high) else { continue };
        kept.push(if low[0] <= high[0] { *low } else { *high });
        if low[0] != high[0] {
            kept.push(if low[0] <= high[0] { *high } else { *low });
        }
    }
    kept
}

/// Draws `shown` of `store` in one plot of `height` points over the width that is left, with legend, values and controls.
///
/// Drag pans, Ctrl+wheel zooms, double click shows everything; the same stands as buttons below. `name` tells plots apart and is
/// what screen readers say.
pub fn curves(ui: &mut Ui, name: &str, state: &mut CurvesState, store: &CurveStore, shown: &[Curve<'_>], height: f32) -> Response {
    ui.push_id(name, |ui| {
        ui.vertical(|ui| {
            legend(ui, state, store, shown);
            let response = plot(ui, name, state, store, shown, height);
            controls(ui, state, shown);
            response
        })
        .inner
    })
    .inner
}

fn legend(ui: &mut Ui, state: &mut CurvesState, store: &CurveStore, shown: &[Curve<'_>]) {
    let palette = palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_2;
        for (curve, colour) in shown.iter().zip(palette.series.into_iter().cycle()) {
            let value = match state.hovered_step {
                Some(step) => store.near(curve.name, step),
                None => store.last(curve.name),
            };
            let on = !state.hidden.contains(curve.name);
            let words = value.map_or_else(|| "–".to_owned(), |(_, value)| curve.words(value));
            if legend_entry(ui, curve.label, &words, colour, on).clicked() && !state.hidden.remove(curve.name) {
                state.hidden.insert(curve.name.to_owned());
            }
        }
        let step =
            state.hovered_step.or_else(|| shown.iter().filter_map(|curve| store.last(curve.name)).map(|last| last.0).reduce(f64::max));
        if let Some(step) = step {
            ui.label(RichText::new(text::curve_step(&thousands(step))).size(theme::TEXT_SMALL).color(palette.muted));
        }
    });
}

fn legend_entry(ui: &mut Ui, label: &str, value: &str, colour: Color32, on: bool) -> Response {
    let palette = palette(ui);
    let ink = if on { palette.text } else { palette.muted };
    let font = FontId::proportional(theme::TEXT_SMALL);
    let name = ui.painter().layout_no_wrap(label.to_owned(), font.clone(), ink);
    let number = ui.painter().layout_no_wrap(value.to_owned(), font, palette.muted);
    let swatch = theme::ICON + theme::GAP_HALF;
    let size = vec2(swatch + name.size().x + theme::GAP + number.size().x, theme::GAP_3);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, label));
    let middle = rect.center().y;
    let bar = Rect::from_center_size(pos2(rect.left() + theme::ICON / 2.0, middle), vec2(theme::ICON, theme::GAP_HALF));
    if on {
        ui.painter().rect_filled(bar, theme::LINE_STRONG, colour);
    } else {
        let edge = Stroke::new(theme::LINE, palette.outline);
        ui.painter().rect_stroke(bar, theme::LINE_STRONG, edge, eframe::egui::StrokeKind::Inside);
    }
    let y = |galley: &eframe::egui::Galley| middle - galley.size().y / 2.0;
    let (name_y, number_y, number_x) = (y(&name), y(&number), rect.left() + swatch + name.size().x + theme::GAP);
    ui.painter().galley(pos2(rect.left() + swatch, name_y), name, ink);
    ui.painter().galley(pos2(number_x, number_y), number, palette.muted);
    super::buttons::focus_ring(ui, &response, rect, theme::RADIUS_SMALL);
    response.on_hover_text(if on { text::CURVE_HIDE } else { text::CURVE_SHOW })
}

fn plot(ui: &mut Ui, name: &str, state: &mut CurvesState, store: &CurveStore, shown: &[Curve<'_>], height: f32) -> Response {
    let palette = palette(ui);
    let share = shown.iter().all(|curve| curve.share);
    let log = state.log;
    let axis = move |value: f64| match (log, share) {
        (true, _) => number(10_f64.powf(value)),
        (_, true) => format!("{:.0}%", value * 100.0),
        _ => number(value),
    };
    let by_label: HashMap<String, Curve<'_>> = shown.iter().map(|curve| (curve.label.to_owned(), *curve)).collect();
    let mut plot = Plot::new("plot")
        .height(height)
        .show_crosshair(true)
        .allow_scroll(false)
        .allow_axis_zoom_drag(false)
        .set_margin_fraction(Vec2::new(0.01, 0.06))
        .show_background(false)
        .grid_color(palette.border)
        .cursor_color(palette.outline)
        .y_axis_min_width(theme::GAP_4 + theme::GAP_2)
        .x_axis_formatter(|mark, _| if mark.value < 0.0 { String::new() } else { thousands(mark.value) })
        .y_axis_formatter(move |mark, _| axis(mark.value))
        .label_formatter(move |hover| match hover {
            HoverPosition::NearDataPoint { plot_name, position, .. } => {
                let curve = by_label.get(*plot_name)?;
                let value = if log { 10_f64.powf(position.y) } else { position.y };
                Some(text::curve_point(plot_name, &curve.words(value), &thousands(position.x)))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    if share && !log {
        plot = plot.include_y(0.0).include_y(1.0);
    }
    if std::mem::take(&mut state.reset) {
        plot = plot.reset();
    }
    let zoom = state.zoom.take();
    let buckets = (ui.available_width().max(64.0)) as usize;
    // On the right there must be room for half of the last number of the axis.
    let margin = Margin { right: theme::GAP_3 as i8, ..Margin::same(theme::GAP as i8) };
    let frame = Frame::new().fill(palette.sunken).corner_radius(theme::RADIUS).inner_margin(margin);
    let drawn = frame.show(ui, |ui| {
        let style = ui.style_mut();
        style.text_styles.insert(TextStyle::Body, FontId::proportional(theme::TEXT_SMALL));
        plot.show(ui, |plot_ui| {
            for (curve, colour) in shown.iter().zip(palette.series.into_iter().cycle()) {
                if !state.hidden.contains(curve.name) {
                    draw(plot_ui, state, store, curve, colour, buckets);
                }
            }
            if let Some(factor) = zoom {
                let centre = plot_ui.plot_bounds().center();
                plot_ui.zoom_bounds(Vec2::splat(factor), centre);
            }
            plot_ui.pointer_coordinate().filter(|_| plot_ui.response().hovered()).map(|place| place.x)
        })
    });
    let plotted = drawn.inner;
    state.hovered_step = plotted.inner;
    plotted.response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, name));
    plotted.response
}

fn draw(plot_ui: &mut PlotUi<'_>, state: &mut CurvesState, store: &CurveStore, curve: &Curve<'_>, colour: Color32, buckets: usize) {
    let Some(points) = store.curves.get(curve.name) else { return };
    let bounds = plot_ui.plot_bounds();
    // While the view follows the data it must see all of it; a view that was chosen only needs its own part.
    let (from, to) = if plot_ui.auto_bounds().x { (f64::NEG_INFINITY, f64::INFINITY) } else { (bounds.min()[0], bounds.max()[0]) };
    let log = state.log;
    let line = |values: &[f64]| -> PlotPoints<'static> {
        let scaled = |[step, value]: [f64; 2]| if log { [step, value.log10()] } else { [step, value] };
        let kept = decimated(&points.steps, values, from, to, buckets).into_iter();
        PlotPoints::new(kept.filter(|point| !log || point[1] > 0.0).map(scaled).collect())
    };
    if state.smoothing > 0.0 {
        let smoothed = state.smoothed.entry(curve.name.to_owned()).or_default();
        smoothed.follow(points, state.smoothing);
        let faint = Line::new(text::as_measured(curve.label), line(&points.values));
        plot_ui.line(faint.color(colour.gamma_multiply(0.3)).width(theme::LINE).allow_hover(false).allow_band(false));
        plot_ui.line(Line::new(curve.label, line(&smoothed.values)).color(colour).width(theme::LINE_STRONG).allow_band(false));
    } else {
        plot_ui.line(Line::new(curve.label, line(&points.values)).color(colour).width(1.5 * theme::LINE).allow_band(false));
    }
}

fn controls(ui: &mut Ui, state: &mut CurvesState, shown: &[Curve<'_>]) {
    ui.horizontal_wrapped(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        let muted = palette(ui).muted;
        let label = ui.label(RichText::new(text::SMOOTHING).size(theme::TEXT_SMALL).color(muted));
        let slider = Slider::new(&mut state.smoothing, 0.0..=0.99).show_value(false);
        super::slider(ui, slider).labelled_by(label.id).on_hover_text(text::SMOOTHING_HINT);
        if !shown.iter().all(|curve| curve.share) {
            let words = RichText::new(text::LOG_SCALE).size(theme::TEXT_SMALL);
            ui.add(Checkbox::new(&mut state.log, words)).on_hover_text(text::LOG_SCALE_HINT);
        }
        if icon_button(ui, Icon::Plus, text::ZOOM_IN).clicked() {
            state.zoom = Some(1.5);
        }
        if icon_button(ui, Icon::Minus, text::ZOOM_OUT).clicked() {
            state.zoom = Some(1.0 / 1.5);
        }
        if ui.add(Action::plain(text::SHOW_ALL).icon(Icon::Fit)).clicked() {
            state.reset = true;
        }
    });
}

/// A number with three figures that count: "0.0123", "12.3", "1.23e-6".
fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".into()
    } else if !(1e-4..1e6).contains(&size) {
        format!("{value:.2e}")
    } else {
        let decimals = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// A whole number with its thousands apart: "12,345".
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimation_keeps_the_extremes_and_the_order(values in prop::collection::vec(-1e3..1e3_f64, 1..4000), buckets in 1..200_usize) {
            let steps: Vec<f64> = (0..values.len()).map(|i| i as f64).collect();
            let kept = decimated(&steps, &values, f64::NEG_INFINITY, f64::INFINITY, buckets);
            prop_assert!(kept.len() <= 2 * buckets.max(1));
            prop_assert!(kept.windows(2).all(|pair| pair[0][0] < pair[1][0]));
            let (low, high) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
            prop_assert_eq!(kept.iter().map(|point| point[1]).reduce(f64::min), low);
            prop_assert_eq!(kept.iter().map(|point| point[1]).reduce(f64::max), high);
        }
    }

    #[test]
    fn a_part_keeps_its_neighbours_and_drops_what_is_not_a_number() {
        let steps = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let values = [0.0, 1.0, f64::NAN, 3.0, 4.0, 5.0];
        assert_eq!(decimated(&steps, &values, 1.5, 3.5, 100), [[1.0, 1.0], [3.0, 3.0], [4.0, 4.0]]);
        assert!(decimated(&[], &[], 0.0, 1.0, 10).is_empty());
    }

    #[test]
    fn a_resumed_job_takes_points_back() {
        let mut store = CurveStore::default();
        for step in 0..10 {
            store.push("host_loss", step, step as f64);
        }
        store.push("host_loss", 4, 40.0);
        assert_eq!(store.len("host_loss"), 5);
        assert_eq!(store.last("host_loss"), Some((4.0, 40.0)));
        assert_eq!(store.near("host_loss", 1.4), Some((1.0, 1.0)));
        assert_eq!(store.near("host_loss", 99.0), Some((4.0, 40.0)));
        assert_eq!(store.near("other", 0.0), None);
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows_step_by_step() {
        let mut points = Points { steps: vec![0.0, 1.0], values: vec![4.0, 4.0], rewound: 0 };
        let mut smoothed = Smoothed::default();
        smoothed.follow(&points, 0.9);
        assert!(smoothed.values.iter().all(|value| (value - 4.0).abs() < 1e-12));
        points.values.push(0.0);
        points.steps.push(2.0);
        smoothed.follow(&points, 0.9);
        let expected = (0.9 * 0.9 * 0.1 * 4.0 + 0.9 * 0.1 * 4.0) / (1.0 - 0.9_f64.powi(3));
        // The weight is an f32, so it is not exactly 0.9.
        assert!((smoothed.values[2] - expected).abs() < 1e-5, "{} {expected}", smoothed.values[2]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, words) in [(0.0, "0"), (0.012345, "0.0123"), (12.345, "12.3"), (1234.5, "1234"), (1.234e-6, "1.23e-6"), (2.0, "2")] {
            assert_eq!(number(value), words);
        }
        assert_eq!(thousands(1_234_567.0), "1,234,567");
        assert_eq!(thousands(-1_000.0), "-1,000");
        assert_eq!(thousands(-0.2), "0");
    }

    #[test]
    fn a_curve_is_switched_off_by_its_label_and_the_controls_answer() {
        let mut store = CurveStore::default();
        for step in 0..100_000 {
            store.push("host_loss", step, 1.0 / (1.0 + step as f64));
        }
        let mut harness = Harness::builder().with_size(vec2(700.0, 400.0)).build_ui_state(
            |ui, state: &mut CurvesState| {
                curves(ui, "Losses", state, &store, &[Curve::plain("host_loss", "Model's error")], 200.0);
            },
            CurvesState::default(),
        );
        harness.run();
        harness.get_by_label("step 99,999");
        harness.get_by_role_and_label(Role::Figure, "Losses");
        harness.get_by_label("Log scale").click();
        harness.run();
        assert!(harness.state().log);
        harness.get_by_role_and_label(Role::CheckBox, "Model's error").click();
        harness.run();
        assert!(harness.state().hidden.contains("host_loss"));
        for button in ["Zoom in", "Zoom out", "Show all"] {
            harness.get_by_label(button).click();
            harness.run();
        }
    }
}
