//! Small stroke icons, drawn on a 16x16 grid so that they are crisp at every scale and need no font.
//!
//! `paint(painter, rect, Icon::Check, colour)`; `show(ui, icon, side, colour)` gives one its own place in a layout.

use eframe::egui::{Color32, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use std::f32::consts::{PI, TAU};

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Icon {
    Check,
    Cross,
    Warning,
    Question,
    Info,
    Circle,
    Folder,
    File,
    Image,
    Play,
    Pause,
    Stop,
    Lock,
    Magnifier,
    Download,
    Gear,
    Undo,
    Key,
    Shield,
    Copy,
    Compare,
    Plus,
    Minus,
    Fit,
    ChevronDown,
    ChevronRight,
    Sun,
    Moon,
    Layout,
}

impl Icon {
    /// Every icon, for galleries and tests.
    pub const ALL: [Icon; 29] = [
        Icon::Check,
        Icon::Cross,
        Icon::Warning,
        Icon::Question,
        Icon::Info,
        Icon::Circle,
        Icon::Folder,
        Icon::File,
        Icon::Image,
        Icon::Play,
        Icon::Pause,
        Icon::Stop,
        Icon::Lock,
        Icon::Magnifier,
        Icon::Download,
        Icon::Gear,
        Icon::Undo,
        Icon::Key,
        Icon::Shield,
        Icon::Copy,
        Icon::Compare,
        Icon::Plus,
        Icon::Minus,
        Icon::Fit,
        Icon::ChevronDown,
        Icon::ChevronRight,
        Icon::Sun,
        Icon::Moon,
        Icon::Layout,
    ];
}

/// Gives `icon` a square of `side` points in the layout of `ui`; it is decoration, so say its meaning in words beside it.
pub fn show(ui: &mut Ui, icon: Icon, side: f32, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    paint(ui.painter(), rect, icon, colour);
}

/// Draws `icon` in the largest square in the middle of `rect`.
pub fn paint(painter: &Painter, rect: Rect, icon: Icon, colour: Color32) {
    let side = rect.width().min(rect.height());
    let square = Rect::from_center_size(rect.center(), Vec2::splat(side));
    let unit = side / 16.0;
    let pen = Pen { painter, origin: square.min, unit, stroke: Stroke::new((1.5 * unit).max(1.0), colour) };
    match icon {
        Icon::Check => pen.line(&[(3.0, 8.5), (6.5, 12.0), (13.0, 4.5)]),
        Icon::Cross => {
            pen.line(&[(4.0, 4.0), (12.0, 12.0)]);
            pen.line(&[(12.0, 4.0), (4.0, 12.0)]);
        }
        Icon::Warning => {
            pen.closed(&[(8.0, 2.0), (14.5, 13.5), (1.5, 13.5)]);
            pen.line(&[(8.0, 6.5), (8.0, 9.5)]);
            pen.dot(8.0, 11.5, 0.9);
        }
        Icon::Question => {
            pen.circle(8.0, 8.0, 6.25);
            pen.line(&[
                (6.2, 6.4),
                (6.5, 5.4),
                (7.4, 4.8),
                (8.5, 4.8),
                (9.5, 5.4),
                (9.8, 6.4),
                (9.4, 7.3),
                (8.4, 8.0),
                (8.0, 8.8),
                (8.0, 9.4),
            ]);
            pen.dot(8.0, 11.3, 0.9);
        }
        Icon::Info => {
            pen.circle(8.0, 8.0, 6.25);
            pen.line(&[(8.0, 7.5), (8.0, 11.3)]);
            pen.dot(8.0, 5.0, 0.9);
        }
        Icon::Circle => pen.circle(8.0, 8.0, 5.0),
        Icon::Folder => pen.closed(&[(1.75, 3.5), (6.0, 3.5), (7.5, 5.25), (14.25, 5.25), (14.25, 13.0), (1.75, 13.0)]),
        Icon::File => {
            pen.closed(&[(3.5, 1.75), (9.5, 1.75), (12.5, 4.75), (12.5, 14.25), (3.5, 14.25)]);
            pen.line(&[(9.25, 1.75), (9.25, 5.0), (12.5, 5.0)]);
        }
        Icon::Image => {
            pen.rounded(1.75, 2.75, 12.5, 10.5, 1.5);
            pen.circle(5.25, 6.0, 1.15);
            pen.line(&[(2.0, 12.0), (6.0, 8.5), (8.5, 10.75), (11.0, 7.75), (14.0, 11.0)]);
        }
        Icon::Play => pen.closed(&[(4.5, 2.75), (13.0, 8.0), (4.5, 13.25)]),
        Icon::Pause => {
            pen.rounded(3.5, 3.0, 3.0, 10.0, 0.75);
            pen.rounded(9.5, 3.0, 3.0, 10.0, 0.75);
        }
        Icon::Stop => pen.rounded(3.25, 3.25, 9.5, 9.5, 1.25),
        Icon::Lock => {
            pen.rounded(3.0, 7.0, 10.0, 7.0, 1.5);
            pen.arc(8.0, 5.25, 2.9, PI, TAU);
            pen.line(&[(5.1, 5.25), (5.1, 7.0)]);
            pen.line(&[(10.9, 5.25), (10.9, 7.0)]);
        }
        Icon::Magnifier => {
            pen.circle(7.0, 7.0, 4.75);
            pen.line(&[(10.5, 10.5), (14.0, 14.0)]);
        }
        Icon::Download => {
            pen.line(&[(8.0, 2.0), (8.0, 10.25)]);
            pen.line(&[(4.5, 6.9), (8.0, 10.4), (11.5, 6.9)]);
            pen.line(&[(2.5, 11.0), (2.5, 13.75), (13.5, 13.75), (13.5, 11.0)]);
        }
        Icon::Gear => pen.gear(),
        Icon::Undo => {
            pen.line(&[(5.5, 2.75), (2.5, 5.75), (5.5, 8.75)]);
            pen.line(&[(2.75, 5.75), (9.5, 5.75)]);
            pen.arc(9.5, 9.5, 3.75, -PI / 2.0, PI / 2.0);
            pen.line(&[(9.5, 13.25), (6.0, 13.25)]);
        }
        Icon::Key => {
            pen.circle(5.0, 11.0, 3.0);
            pen.line(&[(7.2, 8.8), (13.5, 2.5)]);
            pen.line(&[(10.2, 5.8), (12.4, 8.0)]);
            pen.line(&[(12.4, 3.6), (14.2, 5.4)]);
        }
        Icon::Shield => {
            pen.closed(&[(8.0, 1.75), (13.25, 3.6), (13.25, 8.0), (11.9, 11.2), (8.0, 14.25), (4.1, 11.2), (2.75, 8.0), (2.75, 3.6)]);
            pen.line(&[(5.5, 7.9), (7.4, 9.8), (10.6, 6.1)]);
        }
        Icon::Copy => {
            pen.rounded(5.5, 5.5, 8.5, 8.5, 1.5);
            pen.line(&[(3.5, 10.5), (2.0, 10.5), (2.0, 2.0), (10.5, 2.0), (10.5, 3.5)]);
        }
        Icon::Compare => {
            pen.rounded(1.75, 3.0, 12.5, 10.0, 1.5);
            pen.line(&[(8.0, 1.5), (8.0, 14.5)]);
        }
        Icon::Plus => {
            pen.line(&[(8.0, 3.0), (8.0, 13.0)]);
            pen.line(&[(3.0, 8.0), (13.0, 8.0)]);
        }
        Icon::Minus => pen.line(&[(3.0, 8.0), (13.0, 8.0)]),
        Icon::Fit => {
            pen.line(&[(2.25, 6.0), (2.25, 2.25), (6.0, 2.25)]);
            pen.line(&[(10.0, 2.25), (13.75, 2.25), (13.75, 6.0)]);
            pen.line(&[(13.75, 10.0), (13.75, 13.75), (10.0, 13.75)]);
            pen.line(&[(6.0, 13.75), (2.25, 13.75), (2.25, 10.0)]);
        }
        Icon::ChevronDown => pen.line(&[(4.0, 6.25), (8.0, 10.25), (12.0, 6.25)]),
        Icon::ChevronRight => pen.line(&[(6.25, 4.0), (10.25, 8.0), (6.25, 12.0)]),
        Icon::Sun => {
            pen.circle(8.0, 8.0, 3.0);
            for ray in 0..8 {
                let (sin, cos) = (TAU * ray as f32 / 8.0).sin_cos();
                pen.line(&[(8.0 + 5.0 * cos, 8.0 + 5.0 * sin), (8.0 + 6.5 * cos, 8.0 + 6.5 * sin)]);
            }
        }
        Icon::Moon => {
            pen.arc(8.0, 8.0, 5.75, 0.12 * TAU, 0.87 * TAU);
            pen.arc(11.2, 8.1, 4.1, 0.29 * TAU, 0.715 * TAU);
        }
        Icon::Layout => {
            pen.rounded(1.75, 2.75, 12.5, 10.5, 1.5);
            pen.line(&[(6.0, 2.75), (6.0, 13.25)]);
            pen.line(&[(6.0, 8.0), (14.25, 8.0)]);
        }
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    origin: Pos2,
    unit: f32,
    stroke: Stroke,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.origin + vec2(x, y) * self.unit
    }

    fn points(&self, path: &[(f32, f32)]) -> Vec<Pos2> {
        path.iter().map(|&(x, y)| self.at(x, y)).collect()
    }

    fn line(&self, path: &[(f32, f32)]) {
        self.painter.add(Shape::line(self.points(path), self.stroke));
        // Round ends: what makes strokes of different lengths look like one hand's work.
        for &(x, y) in [path.first(), path.last()].into_iter().flatten() {
            self.painter.circle_filled(self.at(x, y), self.stroke.width / 2.0, self.stroke.color);
        }
    }

    fn closed(&self, path: &[(f32, f32)]) {
        self.painter.add(Shape::closed_line(self.points(path), self.stroke));
    }

    fn circle(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_stroke(self.at(x, y), radius * self.unit, self.stroke);
    }

    fn dot(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_filled(self.at(x, y), radius * self.unit, self.stroke.color);
    }

    fn rounded(&self, x: f32, y: f32, width: f32, height: f32, radius: f32) {
        let rect = Rect::from_min_size(self.at(x, y), vec2(width, height) * self.unit);
        self.painter.rect_stroke(rect, radius * self.unit, self.stroke, StrokeKind::Middle);
    }

    /// Clockwise from `from` to `to`, radians, zero to the right.
    fn arc(&self, x: f32, y: f32, radius: f32, from: f32, to: f32) {
        let points = (0..=24)
            .map(|i| {
                let (sin, cos) = (from + (to - from) * i as f32 / 24.0).sin_cos();
                self.at(x + radius * cos, y + radius * sin)
            })
            .collect();
        self.painter.add(Shape::line(points, self.stroke));
    }

    fn gear(&self) {
        let teeth = 8;
        let rim = (0..teeth * 4)
            .map(|i| {
                let radius = if i % 4 < 2 { 6.5 } else { 4.9 };
                let (sin, cos) = (TAU * (i as f32 - 0.5) / (teeth * 4) as f32).sin_cos();
                pos2(8.0 + radius * cos, 8.0 + radius * sin)
            })
            .map(|point| self.at(point.x, point.y))
            .collect();
        self.painter.add(Shape::closed_line(rim, self.stroke));
        self.circle(8.0, 8.0, 2.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_icon_is_listed_once_and_stays_in_its_square() {
        assert_eq!(Icon::ALL.iter().collect::<HashSet<_>>().len(), Icon::ALL.len());
        let square = Rect::from_min_size(pos2(10.0, 10.0), Vec2::splat(32.0));
        for icon in Icon::ALL {
            let mut drawn = Rect::NOTHING;
            let mut harness = egui_kittest::Harness::new_ui(|ui| {
                let painter = ui.painter().clone();
                paint(&painter, square, icon, Color32::RED);
                painter.for_each_shape(|shape| drawn = drawn.union(shape.shape.visual_bounding_rect()));
            });
            harness.run_steps(1);
            drop(harness);
            assert!(drawn.is_positive(), "{icon:?} draws nothing");
            assert!(square.expand(0.5).contains_rect(drawn), "{icon:?} leaves its square: {drawn:?}");
        }
    }
}
