//! One picture on screen: crisp, with the values of its pixels under the pointer, and a small cache of textures.

use super::buttons::focus_ring;
use crate::app::text;
use crate::app::theme::{self, palette};
use crate::data::Picture;
use eframe::egui::{
    Color32, ColorImage, Context, CursorIcon, Pos2, Rect, Response, Role, Sense, StrokeKind, TextureHandle, TextureOptions, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};
use std::collections::HashMap;

/// Textures of pictures that were drawn lately, at most `LIMIT`; what was not drawn for longest goes first.
#[derive(Default)]
pub struct TextureCache {
    textures: HashMap<u64, Kept>,
    clock: u64,
}

struct Kept {
    texture: TextureHandle,
    used: u64,
}

impl TextureCache {
    /// How many textures are kept.
    pub const LIMIT: usize = 96;

    /// The texture of `picture`, uploaded when it is new, averaged down where it is to be drawn `shrunk` times smaller or more
    /// (1 or less: not at all) or is larger than the graphics card takes.
    pub fn texture(&mut self, ctx: &Context, picture: &Picture, shrunk: f32) -> TextureHandle {
        self.clock += 1;
        let by = shrunk.floor().max(1.0);
        let key = key_of(picture, by as usize);
        if let Some(kept) = self.textures.get_mut(&key) {
            kept.used = self.clock;
            return kept.texture.clone();
        }
        if self.textures.len() >= Self::LIMIT
            && let Some(oldest) = self.textures.iter().min_by_key(|(_, kept)| kept.used).map(|(&key, _)| key)
        {
            self.textures.remove(&oldest);
        }
        let limit = ctx.input(|input| input.max_texture_side);
        let most = vec2(picture.shape.width as f32, picture.shape.height as f32) / by;
        let image = colour_image(picture, reduced(picture, most.min(Vec2::splat(limit as f32))));
        let options = if shrunk > 1.0 { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
        let texture = ctx.load_texture("picture", image, options);
        self.textures.insert(key, Kept { texture: texture.clone(), used: self.clock });
        texture
    }

    /// How many textures are held now.
    pub fn len(&self) -> usize {
        self.textures.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.textures.is_empty()
    }
}

/// Names a picture by its content, eight bytes at a time: a 32x32 key in under a microsecond, 4096x4096 in a few milliseconds.
fn key_of(picture: &Picture, by: usize) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(ODD).rotate_left(29);
    let words = picture.planes.chunks_exact(8);
    let rest = words.remainder().iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let start = [picture.shape.channels, picture.shape.height, picture.shape.width, by];
    let start = start.iter().fold(ODD, |hash, &part| mix(hash, part as u64));
    let body = words.fold(start, |hash, word| mix(hash, word.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))));
    mix(body, rest)
}

/// The largest size, columns and rows, that `picture` can be shown in within `most` pixels without being enlarged or stretched.
pub(super) fn reduced(picture: &Picture, most: Vec2) -> [usize; 2] {
    let sides = [picture.shape.width, picture.shape.height];
    let scale = (most.x / sides[0].max(1) as f32).min(most.y / sides[1].max(1) as f32).min(1.0);
    sides.map(|side| ((side as f32 * scale).round() as usize).clamp(1, side.max(1)))
}

/// `picture` for a texture of `size` columns and rows, each pixel the mean of those it covers; not for enlarging.
pub(super) fn colour_image(picture: &Picture, size: [usize; 2]) -> ColorImage {
    let (width, height) = (picture.shape.width, picture.shape.height);
    if size == [width, height] {
        return ColorImage::from_rgba_unmultiplied(size, &picture.to_rgba());
    }
    let area = width * height;
    let covered = |i: usize, from: usize, to: usize| i * from / to..((i + 1) * from).div_ceil(to);
    let mut pixels = Vec::with_capacity(size[0] * size[1]);
    for rows in (0..size[1]).map(|row| covered(row, height, size[1])) {
        for columns in (0..size[0]).map(|column| covered(column, width, size[0])) {
            let count = (rows.len() * columns.len()).max(1);
            let mean = |channel: usize| {
                let plane = &picture.planes[channel * area..(channel + 1) * area];
                let lines = rows.clone().map(|y| &plane[y * width + columns.start..y * width + columns.end]);
                let sum: usize = lines.flatten().map(|&value| usize::from(value)).sum();
                ((sum + count / 2) / count) as u8
            };
            pixels.push(match picture.shape.channels {
                1 => Color32::from_gray(mean(0)),
                _ => Color32::from_rgb(mean(0), mean(1), mean(2)),
            });
        }
    }
    ColorImage::new(size, pixels)
}

/// Where a picture of `shape` pixels lies when it fills `frame` without being stretched.
pub(super) fn fitted(frame: Rect, shape: Vec2) -> Rect {
    let scale = (frame.width() / shape.x.max(1.0)).min(frame.height() / shape.y.max(1.0));
    Rect::from_center_size(frame.center(), shape * scale)
}

/// The values of the pixel at column `x` and row `y` in words: "128" or "red 12, green 40, blue 200".
pub(super) fn pixel_words(picture: &Picture, x: usize, y: usize) -> String {
    let area = picture.shape.width * picture.shape.height;
    let value = |channel: usize| picture.planes.get(channel * area + y * picture.shape.width + x).copied().unwrap_or(0);
    match picture.shape.channels {
        1 => value(0).to_string(),
        _ => format!("{} {} {}", value(0), value(1), value(2)),
    }
}

/// The column and row of `picture` under `pointer` when it is drawn in `rect`.
pub(super) fn pixel_at(picture: &Picture, rect: Rect, pointer: Pos2) -> Option<(usize, usize)> {
    let share = (pointer - rect.min) / rect.size();
    let inside = (0.0..1.0).contains(&share.x) && (0.0..1.0).contains(&share.y);
    inside.then_some(((share.x * picture.shape.width as f32) as usize, (share.y * picture.shape.height as f32) as usize))
}

/// One picture in a frame of `size` points, never blurred when enlarged; hover shows the values of its pixels, click is sensed.
///
/// `name` is what screen readers say.
pub fn picture(ui: &mut Ui, cache: &mut TextureCache, picture: &Picture, size: Vec2, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), name));
    if !ui.is_rect_visible(rect) || picture.shape.is_empty() {
        return response;
    }
    let palette = palette(ui);
    let pixels = vec2(picture.shape.width as f32, picture.shape.height as f32);
    let drawn = fitted(rect, pixels);
    let texture = cache.texture(ui.ctx(), picture, pixels.x / (drawn.width() * ui.pixels_per_point()).max(1.0));
    // A picture that fills its frame hides the ground.
    if (rect.size() - drawn.size()).max_elem() > 0.5 {
        ui.painter().rect_filled(rect, theme::RADIUS_SMALL, palette.sunken);
    }
    ui.painter().image(texture.id(), drawn, Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)), Color32::WHITE);
    if response.hovered() {
        ui.painter().rect_stroke(rect, theme::RADIUS_SMALL, eframe::egui::Stroke::new(theme::LINE, palette.outline), StrokeKind::Inside);
    }
    focus_ring(ui, &response, rect, theme::RADIUS_SMALL);
    let under = response.hover_pos().and_then(|pointer| pixel_at(picture, drawn, pointer));
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    match under {
        Some((x, y)) => response.on_hover_text_at_pointer(format!("{name}\n{}", text::pixel(x, y, &pixel_words(picture, x, y)))),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn ramp(channels: usize, side: usize, start: u8) -> Picture {
        let shape = Shape { channels, height: side, width: side };
        Picture { shape, planes: (0..shape.len()).map(|i| start.wrapping_add(i as u8)).collect() }
    }

    #[test]
    fn pixels_are_found_and_said() {
        let picture = ramp(3, 4, 0);
        let rect = Rect::from_min_size(pos2(10.0, 10.0), vec2(40.0, 40.0));
        assert_eq!(pixel_at(&picture, rect, pos2(10.0, 10.0)), Some((0, 0)));
        assert_eq!(pixel_at(&picture, rect, pos2(49.9, 20.0)), Some((3, 1)));
        assert_eq!(pixel_at(&picture, rect, pos2(50.0, 20.0)), None);
        assert_eq!(pixel_words(&picture, 3, 1), "7 23 39");
        assert_eq!(pixel_words(&ramp(1, 4, 5), 1, 1), "10");
    }

    #[test]
    fn large_pictures_are_averaged_down_with_their_edges() {
        let shape = Shape { channels: 1, height: 3, width: 5 };
        let picture = Picture { shape, planes: vec![0, 10, 20, 30, 200, 0, 10, 20, 30, 100, 7, 7, 9, 9, 50] };
        assert_eq!(reduced(&picture, vec2(9.0, 9.0)), [5, 3]);
        assert_eq!(reduced(&picture, vec2(1.0, 9.0)), [1, 1]);
        let small = colour_image(&picture, [1, 3]);
        assert_eq!(small.pixels.iter().map(|pixel| pixel.r()).collect::<Vec<_>>(), [52, 32, 16]);
        let half = colour_image(&picture, [3, 1]);
        assert_eq!(half.pixels.iter().map(|pixel| pixel.r()).collect::<Vec<_>>(), [6, 16, 70]);
    }

    #[test]
    fn the_cache_uploads_once_and_forgets_the_oldest() {
        let ctx = Context::default();
        let mut cache = TextureCache::default();
        let first = ramp(1, 4, 0);
        let id = cache.texture(&ctx, &first, 1.0).id();
        assert_eq!(cache.texture(&ctx, &first, 1.0).id(), id);
        assert_eq!(cache.len(), 1);
        for start in 1..=TextureCache::LIMIT as u8 {
            let _ = cache.texture(&ctx, &ramp(1, 4, start), 1.0);
        }
        assert_eq!(cache.len(), TextureCache::LIMIT);
        assert_ne!(cache.texture(&ctx, &first, 1.0).id(), id);
    }

    #[test]
    fn a_picture_is_found_by_name_and_clicked() {
        let mut harness = Harness::new_ui_state(
            |ui, (cache, clicks): &mut (TextureCache, usize)| {
                *clicks += usize::from(picture(ui, cache, &ramp(1, 8, 0), Vec2::splat(96.0), "Key 3").clicked());
            },
            (TextureCache::default(), 0),
        );
        harness.get_by_role_and_label(Role::Image, "Key 3").click();
        harness.run();
        assert_eq!(harness.state().1, 1);
    }
}
