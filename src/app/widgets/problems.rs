//! A list of files with what is wrong with each: as long as need be, because only the rows in view are laid out.

use crate::app::text;
use crate::app::theme::{self, palette};
use crate::data::Problem;
use eframe::egui::{
    Color32, FontId, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2,
    text::{LayoutJob, TextFormat},
    vec2,
};

/// Lines of a reason before it is cut; the pointer shows it whole.
const REASON_LINES: usize = 2;

/// Shows `problems` over the width that is left and at most `height` points, scrolling: a name and its reason a row.
pub fn problem_list(ui: &mut Ui, problems: &[Problem], height: f32) {
    let palette = palette(ui);
    let small = FontId::proportional(theme::TEXT_SMALL);
    let line = ui.painter().layout_no_wrap("X".to_owned(), small.clone(), palette.text).size().y;
    let row = line * (1 + REASON_LINES) as f32;
    ui.spacing_mut().item_spacing.y = theme::GAP_HALF;
    let area = ScrollArea::vertical().id_salt("problems").max_height(height).auto_shrink([false, true]);
    area.show_rows(ui, row, problems.len(), |ui, rows| {
        for place in rows {
            let problem = &problems[place];
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text::problem(problem)));
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let laid = |words: &str, colour: Color32, lines: usize| {
                let mut job = LayoutJob::single_section(words.to_owned(), TextFormat::simple(small.clone(), colour));
                job.wrap.max_width = rect.width();
                job.wrap.max_rows = lines;
                ui.painter().layout_job(job)
            };
            let name = laid(&problem.file.display().to_string(), palette.text, 1);
            let reason = laid(&problem.reason, palette.muted, REASON_LINES);
            ui.painter().galley(rect.min, name, palette.text);
            ui.painter().galley(pos2(rect.left(), rect.top() + line), reason, palette.muted);
            if response.hovered() {
                response.on_hover_text(text::problem(problem));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn a_hundred_thousand_files_are_listed_and_only_those_in_view_are_laid_out() {
        let problem = |i: usize| Problem { file: format!("cats/{i}.png").into(), reason: "The file is empty".into() };
        let problems: Vec<Problem> = (0..100_000).map(problem).collect();
        let mut harness =
            Harness::builder().with_size(vec2(320.0, 400.0)).build_ui(move |ui| problem_list(ui, &problems, theme::LIST_HEIGHT));
        harness.run();
        assert!(harness.query_by_label("cats/0.png: The file is empty").is_some());
        let shown = harness.query_all_by_label_contains("The file is empty").count();
        assert!((3..20).contains(&shown), "{shown} rows for a list of 240 points");
        harness.event(eframe::egui::Event::PointerMoved(pos2(100.0, 100.0)));
        let delta = vec2(0.0, -1e9);
        let wheel = eframe::egui::Event::MouseWheel {
            unit: eframe::egui::MouseWheelUnit::Point,
            delta,
            phase: eframe::egui::TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Unknown,
            modifiers: Default::default(),
        };
        harness.event(wheel);
        harness.run_steps(60);
        assert!(harness.query_by_label("cats/99999.png: The file is empty").is_some(), "the last row came into view");
    }
}
