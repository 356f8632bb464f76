//! A table of numbers as coloured cells: which class is taken for which, which scheme survives which attack.

use crate::app::text;
use crate::app::theme::{self, palette};
use eframe::egui::{Align2, FontId, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// Rows and columns of `shares` (0..1; `None` is an empty cell) with their numbers in per cent; returns the cell under the pointer.
///
/// `name` is what screen readers say of the whole table; every cell says "row, column: value".
pub fn heat_matrix(
    ui: &mut Ui,
    name: &str,
    rows: &[&str],
    columns: &[&str],
    shares: &dyn Fn(usize, usize) -> Option<f64>,
) -> (Response, Option<(usize, usize)>) {
    let palette = palette(ui);
    let font = FontId::proportional(theme::TEXT_SMALL);
    let widest = |ui: &Ui, names: &[&str]| {
        let widths = names.iter().map(|name| ui.painter().layout_no_wrap((*name).to_owned(), font.clone(), palette.text).size().x);
        widths.fold(0.0_f32, f32::max)
    };
    let head = widest(ui, rows) + theme::GAP;
    let cell = vec2((widest(ui, columns) + theme::GAP).max(theme::RAIL_WIDTH / 4.0), theme::CONTROL_HEIGHT);
    let label = theme::TEXT + theme::GAP;
    let size = vec2(head + cell.x * columns.len() as f32, label + cell.y * rows.len() as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Table, true, name));
    let corner = rect.min + vec2(head, label);
    let mut over = None;
    for (column, text) in columns.iter().enumerate() {
        let x = corner.x + (column as f32 + 0.5) * cell.x;
        ui.painter().text(pos2(x, rect.top() + label / 2.0), Align2::CENTER_CENTER, text, font.clone(), palette.muted);
    }
    for (row, head_of_row) in rows.iter().enumerate() {
        let y = corner.y + (row as f32 + 0.5) * cell.y;
        ui.painter().text(pos2(rect.left(), y), Align2::LEFT_CENTER, head_of_row, font.clone(), palette.muted);
        for (column, heading) in columns.iter().enumerate() {
            let place = Rect::from_min_size(corner + vec2(column as f32, row as f32) * cell, cell).shrink(theme::LINE);
            let share = shares(row, column);
            let words = share.map_or_else(|| "–".to_owned(), |share| format!("{:.0}%", share * 100.0));
            let fill = share.map_or(palette.sunken, |share| palette.heat_at(share as f32));
            ui.painter().rect_filled(place, theme::RADIUS_SMALL, fill);
            ui.painter().text(
                place.center(),
                Align2::CENTER_CENTER,
                &words,
                font.clone(),
                if share.is_some() { theme::ink_on(fill) } else { palette.muted },
            );
            let sensed = ui.interact(place, response.id.with((row, column)), Sense::hover());
            let spoken = text::cell(head_of_row, heading, &words);
            sensed.widget_info(|| WidgetInfo::labeled(Role::Cell, true, &spoken));
            if sensed.hovered() {
                over = Some((row, column));
            }
            sensed.on_hover_text(spoken);
        }
    }
    (response, over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::Color32;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn every_cell_says_its_row_column_and_value() {
        let harness = Harness::new_ui(|ui| {
            let shares = |row: usize, column: usize| (row != 1).then_some(if row == column { 0.97 } else { 0.03 });
            heat_matrix(ui, "Answers", &["cat", "dog"], &["cat", "dog"], &shares);
        });
        harness.get_by_role_and_label(Role::Table, "Answers");
        harness.get_by_label("cat, cat: 97%");
        harness.get_by_label("cat, dog: 3%");
        harness.get_by_label("dog, dog: –");
    }

    #[test]
    fn ink_stands_out() {
        assert_eq!(theme::ink_on(Color32::from_rgb(250, 240, 200)), Color32::BLACK);
        assert_eq!(theme::ink_on(Color32::from_rgb(10, 16, 38)), Color32::WHITE);
    }
}
