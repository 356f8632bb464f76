//! Where things are dropped, and the path field that stands beside every file dialog for those who type.

use super::buttons::{Action, focus_ring};
use super::icons::{self, Icon};
use crate::app::theme::{self, Tone, palette};
use eframe::egui::{
    Align, FontId, Key, Pos2, Rect, Response, Role, Sense, Shape, Stroke, TextEdit, Ui, Vec2, WidgetInfo, pos2, text::LayoutJob,
    text::TextFormat, vec2,
};
use std::f32::consts::FRAC_PI_2;
use std::path::PathBuf;

/// A large dashed zone over the width that is left; click and Enter mean "browse", so give it what your browse button does.
///
/// `can_drop` lights it up: pass whether something that fits hangs over the window right now.
pub fn drop_zone(ui: &mut Ui, title: &str, sentence: &str, can_drop: bool) -> Response {
    let palette = palette(ui);
    let width = ui.available_width();
    let text_width = (width - 2.0 * theme::GAP_4).clamp(theme::THUMBNAIL, theme::READING_WIDTH);
    let accent = palette.tone(Tone::Accent);
    let heading = centred(ui, title, theme::TEXT_HEADING, palette.text, text_width);
    let words = centred(ui, sentence, theme::TEXT, palette.muted, text_width);
    let height = theme::GAP_4 + theme::ICON_HUGE + theme::GAP_2 + heading.size().y + theme::GAP + words.size().y + theme::GAP_4;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), title));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(sentence));
    if ui.is_rect_visible(rect) {
        let lit = can_drop || response.hovered();
        let painter = ui.painter();
        match can_drop {
            true => painter.rect_filled(rect, theme::RADIUS_LARGE, accent.soft),
            false => painter.add(super::ground(ui, rect, theme::RADIUS_LARGE)),
        };
        let edge =
            Stroke::new(if can_drop { theme::LINE_STRONG } else { 1.5 * theme::LINE }, if lit { accent.ink } else { palette.outline });
        let outline = rounded_outline(rect.shrink(theme::LINE), f32::from(theme::RADIUS_LARGE));
        painter.extend(Shape::dashed_line(&outline, edge, theme::GAP, theme::GAP_HALF + theme::LINE_STRONG));
        let mut y = rect.top() + theme::GAP_4;
        let icon = Rect::from_center_size(pos2(rect.center().x, y + theme::ICON_HUGE / 2.0), Vec2::splat(theme::ICON_HUGE));
        icons::paint(painter, icon, Icon::Download, if lit { accent.ink } else { palette.muted });
        y += theme::ICON_HUGE + theme::GAP_2;
        let heading_height = heading.size().y;
        painter.galley(pos2(rect.center().x, y), heading, palette.text);
        painter.galley(pos2(rect.center().x, y + heading_height + theme::GAP), words, palette.muted);
        focus_ring(ui, &response, rect, theme::RADIUS_LARGE);
    }
    response
}

fn centred(ui: &Ui, text: &str, size: f32, colour: eframe::egui::Color32, width: f32) -> std::sync::Arc<eframe::egui::Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(FontId::proportional(size), colour));
    job.halign = Align::Center;
    job.wrap.max_width = width;
    ui.painter().layout_job(job)
}

/// The outline of a rounded rectangle as a closed path, clockwise from the top left.
fn rounded_outline(rect: Rect, radius: f32) -> Vec<Pos2> {
    let corners = [
        (pos2(rect.right() - radius, rect.top() + radius), -FRAC_PI_2),
        (pos2(rect.right() - radius, rect.bottom() - radius), 0.0),
        (pos2(rect.left() + radius, rect.bottom() - radius), FRAC_PI_2),
        (pos2(rect.left() + radius, rect.top() + radius), 2.0 * FRAC_PI_2),
    ];
    let mut path: Vec<Pos2> = corners
        .into_iter()
        .flat_map(|(centre, from)| (0..=8).map(move |i| centre + radius * Vec2::angled(from + FRAC_PI_2 * i as f32 / 8.0)))
        .collect();
    path.extend(path.first().copied());
    path
}

/// What happened at a path field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathAction {
    /// The browse button was pressed: open the dialog.
    Browse,
    /// A path was typed and confirmed with Enter.
    Entered(PathBuf),
    /// Nothing.
    None,
}

/// A field for a typed or pasted path with its browse button; Enter confirms.
///
/// `hint` is shown while it is empty and is its name for screen readers; `browse_label` should end in "…".
pub fn path_field(ui: &mut Ui, path: &mut String, hint: &str, browse_label: &str) -> PathAction {
    ui.horizontal(|ui| {
        let font = eframe::egui::TextStyle::Button.resolve(ui.style());
        let label_width = ui.painter().layout_no_wrap(browse_label.to_owned(), font, palette(ui).text).size().x;
        let button = label_width + theme::ICON + theme::GAP + 2.0 * (theme::GAP + theme::GAP_HALF) + ui.spacing().item_spacing.x;
        let edit = TextEdit::singleline(path)
            .hint_text(hint)
            .desired_width((ui.available_width() - button).max(theme::THUMBNAIL))
            .min_size(vec2(0.0, theme::CONTROL_HEIGHT))
            .align(eframe::egui::Align2::LEFT_CENTER);
        let field = ui.add(edit).accessible_name(hint);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let browse = ui.add(Action::quiet(browse_label).icon(Icon::Folder)).clicked();
        match cleaned(path) {
            _ if browse => PathAction::Browse,
            Some(path) if entered => PathAction::Entered(path),
            _ => PathAction::None,
        }
    })
    .inner
}

/// What people paste, as a path: without quotes, `file://` and the tilde. `None` when nothing is left.
pub fn cleaned(typed: &str) -> Option<PathBuf> {
    let typed = typed.trim();
    let bare = ['"', '\''].iter().find_map(|&quote| typed.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(typed);
    let bare = bare.strip_prefix("file://").unwrap_or(bare);
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    match bare.strip_prefix('~') {
        _ if bare.is_empty() => None,
        Some("") => home().or_else(|| Some(bare.into())),
        Some(rest) if rest.starts_with(['/', '\\']) => home().map(|home| home.join(&rest[1..])).or_else(|| Some(bare.into())),
        _ => Some(bare.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn pasted_paths_lose_their_wrapping() {
        assert_eq!(cleaned("  "), None);
        assert_eq!(cleaned("\"\""), None);
        assert_eq!(cleaned(" \"/a b/c\" "), Some("/a b/c".into()));
        assert_eq!(cleaned("file:///tmp/x"), Some("/tmp/x".into()));
        assert_eq!(cleaned("~x/y"), Some("~x/y".into()));
        assert!(cleaned("~/pictures").unwrap().is_absolute());
        assert!(cleaned("~/pictures").unwrap().ends_with("pictures"));
    }

    #[test]
    fn the_zone_is_a_button_that_says_what_may_be_dropped() {
        let mut harness = Harness::new_ui_state(
            |ui, clicks: &mut usize| {
                *clicks += usize::from(drop_zone(ui, "Drop your pictures", "A folder with one folder a class", false).clicked());
            },
            0,
        );
        harness.get_by_role_and_label(Role::Button, "Drop your pictures").click();
        harness.run();
        assert_eq!(*harness.state(), 1);
    }

    #[test]
    fn a_typed_path_is_entered_and_the_button_browses() {
        let mut harness = Harness::new_ui_state(
            |ui, (text, seen): &mut (String, Vec<PathAction>)| match path_field(ui, text, "Path of a folder", "Browse…") {
                PathAction::None => (),
                action => seen.push(action),
            },
            (String::new(), Vec::new()),
        );
        harness.get_by_label("Path of a folder").focus();
        harness.run();
        harness.get_by_label("Path of a folder").type_text("/data/mnist");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        harness.get_by_label("Browse…").click();
        harness.run();
        assert_eq!(harness.state().1, [PathAction::Entered("/data/mnist".into()), PathAction::Browse]);
    }
}
