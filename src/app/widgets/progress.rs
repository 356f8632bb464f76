//! How far a job is, in a bar and in words.

use crate::app::text;
use crate::app::theme::{self, palette};
use eframe::egui::{Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

/// A bar over the width that is left with `words` above it on the left and the time left on the right.
///
/// `share` is 0..1; `seconds_left` is said roughly, as far as it can be known, or not at all while it is not known.
pub fn progress_bar(ui: &mut Ui, share: f32, words: &str, seconds_left: Option<f64>) -> Response {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let palette = palette(ui);
    let percent = format!("{:.0}%", (share * 100.0).floor());
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = theme::GAP_HALF;
        ui.horizontal(|ui| {
            let time = seconds_left.map(text::time_left);
            let right = [Some(percent.clone()), time].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            eframe::egui::Sides::new().shrink_left().truncate().show(
                ui,
                |ui| ui.label(words),
                |ui| ui.label(RichText::new(right).color(palette.muted)),
            );
        });
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::GAP), Sense::hover());
        response.widget_info(|| WidgetInfo { value: Some(f64::from(share)), ..WidgetInfo::labeled(Role::ProgressIndicator, true, words) });
        let painter = ui.painter();
        painter.rect_filled(rect, theme::GAP_HALF, palette.pressed);
        if share > 0.0 {
            let filled = Rect::from_min_size(rect.min, vec2((rect.width() * share).max(rect.height()), rect.height()));
            painter.rect_filled(filled, theme::GAP_HALF, palette.accent);
        }
        response
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    #[test]
    fn the_bar_tells_its_value_and_the_time() {
        let harness = Harness::new_ui(|ui| {
            progress_bar(ui, 0.684, "Training", Some(70.0));
        });
        let bar = harness.get_by_role_and_label(Role::ProgressIndicator, "Training");
        assert!((bar.accesskit_node().numeric_value().unwrap() - 0.684).abs() < 1e-6);
        harness.get_by_label("68% · about a minute left");
    }
}
