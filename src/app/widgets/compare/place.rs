//! Where the pictures lie on the canvas: zoom and pan, the same for both.

use eframe::egui::{Pos2, Rect, Vec2, vec2};

/// The canvas with one or two panes beside each other, and a picture of `shape` pixels in each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    /// The whole canvas, points.
    pub(super) rect: Rect,
    /// Whether there are two panes.
    pub(super) split: bool,
    /// Columns and rows of the picture.
    pub(super) shape: Vec2,
}

/// Least and greatest points that a pixel may have.
const ZOOM: std::ops::RangeInclusive<f32> = 0.01..=128.0;

impl Canvas {
    /// The pane that `place` lies in.
    pub(super) fn pane(&self, place: Pos2) -> Rect {
        match self.split {
            false => self.rect,
            true if place.x < self.rect.center().x => Rect::from_min_max(self.rect.min, self.rect.center_bottom()),
            true => Rect::from_min_max(self.rect.center_top(), self.rect.max),
        }
    }

    /// Points per pixel at which the whole picture fills its pane.
    pub(super) fn fit(&self) -> f32 {
        let pane = self.pane(self.rect.min).size();
        (pane.x / self.shape.x.max(1.0)).min(pane.y / self.shape.y.max(1.0)).clamp(*ZOOM.start(), *ZOOM.end())
    }

    /// Which share of the picture lies at `place`, with `centre` in the middle of the pane; outside 0..1 there is none.
    pub(super) fn share_at(&self, place: Pos2, scale: f32, centre: Vec2) -> Vec2 {
        centre + (place - self.pane(place).center()) / (scale * self.shape)
    }

    /// Column and row of the picture at `place`.
    pub(super) fn pixel_at(&self, place: Pos2, scale: f32, centre: Vec2) -> Option<(usize, usize)> {
        let share = self.share_at(place, scale, centre);
        let inside = (0.0..1.0).contains(&share.x) && (0.0..1.0).contains(&share.y);
        inside.then_some(((share.x * self.shape.x) as usize, (share.y * self.shape.y) as usize))
    }

    /// Zoom and centre after zooming by `factor` so that what lies at `anchor` stays there.
    pub(super) fn zoomed(&self, anchor: Pos2, scale: f32, centre: Vec2, factor: f32) -> (f32, Vec2) {
        let fixed = self.share_at(anchor, scale, centre);
        let scale = (scale * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let moved = fixed - (anchor - self.pane(anchor).center()) / (scale * self.shape);
        (scale, within(moved))
    }

    /// Centre after the picture was dragged by `by` points.
    pub(super) fn panned(&self, scale: f32, centre: Vec2, by: Vec2) -> Vec2 {
        within(centre - by / (scale * self.shape))
    }
}

fn within(centre: Vec2) -> Vec2 {
    vec2(centre.x.clamp(0.0, 1.0), centre.y.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::pos2;
    use proptest::prelude::*;

    fn canvas(split: bool) -> Canvas {
        Canvas { rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(400.0, 100.0)), split, shape: vec2(32.0, 16.0) }
    }

    #[test]
    fn the_whole_picture_fits_its_pane() {
        assert!((canvas(false).fit() - 6.25).abs() < 1e-6);
        assert!((canvas(true).fit() - 6.25).abs() < 1e-6);
        assert_eq!(canvas(true).pixel_at(pos2(110.0, 70.0), 6.25, Vec2::splat(0.5)), Some((16, 8)));
        assert_eq!(canvas(true).pixel_at(pos2(310.0, 70.0), 6.25, Vec2::splat(0.5)), Some((16, 8)));
        assert_eq!(canvas(false).pixel_at(pos2(11.0, 70.0), 6.25, Vec2::splat(0.5)), None);
    }

    proptest! {
        #[test]
        fn zooming_keeps_what_is_under_the_pointer(x in 160.0..260.0_f32, y in 60.0..80.0_f32, factor in 1.0..4.0_f32) {
            let canvas = canvas(false);
            let (scale, centre) = (6.25, Vec2::splat(0.5));
            let before = canvas.share_at(pos2(x, y), scale, centre);
            let (scale, centre) = canvas.zoomed(pos2(x, y), scale, centre, factor);
            let after = canvas.share_at(pos2(x, y), scale, centre);
            prop_assert!((before - after).length() < 1e-4, "{before:?} {after:?}");
        }
    }

    #[test]
    fn panning_stops_at_the_picture() {
        let canvas = canvas(false);
        assert_eq!(canvas.panned(10.0, Vec2::splat(0.5), vec2(-1e6, 16.0)), vec2(1.0, 0.4));
    }
}
