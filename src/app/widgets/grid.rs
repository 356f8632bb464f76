//! A grid of thumbnails that shows only the rows on screen: 60,000 pictures scroll as smoothly as 60.
//!
//! Each row on screen is one small texture, uploaded when the row first comes into view and kept while it is near. What
//! the caller hands out for a tile is kept with its row: call `GridState::refresh` when the pictures change.

use super::buttons::focus_ring;
use super::icons::{self, Icon};
use super::picture::{colour_image, fitted, pixel_at, pixel_words, reduced};
use super::plates::{self, Plate};
use crate::app::text;
use crate::app::theme::{self, Palette, Tone, palette};
use crate::data::Picture;
use eframe::egui::{
    Color32, ColorImage, Context, EventFilter, FontId, Id, Key, Modifiers, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape,
    Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, text::LayoutJob, text::TextFormat, vec2,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A sign in the corner of a thumbnail: icon, meaning of its colour, words for the tooltip and for screen readers.
pub type Badge = (Icon, Tone, String);

/// One thumbnail.
#[derive(Debug, Clone)]
pub struct Tile {
    /// What is shown.
    pub picture: Picture,
    /// The line under it; also its name for screen readers.
    pub caption: String,
    /// A sign in its corner.
    pub badge: Option<Badge>,
}

/// What a grid remembers from frame to frame.
#[derive(Default)]
pub struct GridState {
    /// Which tiles are selected.
    pub selected: BTreeSet<usize>,
    /// The tile that the keyboard is on.
    pub cursor: usize,
    anchor: usize,
    rows: HashMap<usize, Row>,
    layout: (usize, usize, usize),
    clock: u64,
    reveal: bool,
}

impl GridState {
    /// Forgets what was handed out, so that every tile is asked for again; the selection stays.
    pub fn refresh(&mut self) {
        self.rows.clear();
    }

    /// Scrolls so that tile `index` is in view and puts the keyboard there.
    pub fn reveal(&mut self, index: usize) {
        (self.cursor, self.anchor, self.reveal) = (index, index, true);
    }

    /// The two tiles that are selected, when there are exactly two.
    pub fn selected_pair(&self) -> Option<[usize; 2]> {
        let mut selected = self.selected.iter().copied();
        match (selected.next(), selected.next(), selected.next()) {
            (Some(first), Some(second), None) => Some([first, second]),
            _ => None,
        }
    }

    /// How many rows are held as textures now.
    pub fn cached_rows(&self) -> usize {
        self.rows.len()
    }
}

struct Row {
    source: Source,
    tiles: Vec<Shown>,
    used: u64,
}

/// Where the pictures of a row lie.
enum Source {
    Texture(TextureHandle),
    Plate(Arc<Plate>),
}

struct Shown {
    tile: Tile,
    uv: Rect,
}

/// What happened in a grid during this frame.
#[derive(Debug)]
pub struct GridResponse {
    /// The tile that was opened: clicked, or Enter pressed on it.
    pub clicked: Option<usize>,
    /// The tile under the pointer.
    pub hovered: Option<usize>,
    /// Whether the selection changed.
    pub selection_changed: bool,
    /// The grid as a whole; it takes the keyboard.
    pub response: Response,
}

/// The measures of a grid in this frame.
#[derive(Clone, Copy)]
struct Measures {
    count: usize,
    columns: usize,
    side: f32,
    cell: Vec2,
}

impl Measures {
    fn rows(&self) -> usize {
        self.count.div_ceil(self.columns)
    }

    /// The tiles of a row, and where they lie.
    fn cells(&self, origin: Pos2, row: usize) -> impl Iterator<Item = (usize, Rect)> + Clone {
        let (first, size, cell) = (row * self.columns, vec2(self.side, self.cell.y - theme::GAP), self.cell);
        let place = move |index| Rect::from_min_size(origin + vec2((index - first) as f32, row as f32) * cell, size);
        (first..(first + self.columns).min(self.count)).map(move |index| (index, place(index)))
    }
}

/// Shows `count` thumbnails of `tile_side` points in the space that is left, scrolling; `tile` is asked only for what is in view.
///
/// Click or Enter opens a tile; Ctrl+click and Space select, Shift+click and Shift+arrows select a run, Ctrl+A selects all.
pub fn image_grid(ui: &mut Ui, state: &mut GridState, count: usize, tile_side: f32, tile: &mut dyn FnMut(usize) -> Tile) -> GridResponse {
    let id = ui.make_persistent_id("image grid");
    let outer = ui.available_rect_before_wrap();
    let caption = theme::TEXT_SMALL + theme::GAP;
    let cell = vec2(tile_side + theme::GAP, tile_side + caption + theme::GAP);
    let inner_width = outer.width() - ui.spacing().scroll.allocated_width() - theme::GAP;
    let columns = ((inner_width / cell.x) as usize).max(1);
    // What is left of the width goes between the tiles.
    let cell = vec2((inner_width / columns as f32).max(cell.x), cell.y);
    let measures = Measures { count, columns, side: tile_side, cell };

    let pixels = (tile_side * ui.pixels_per_point()) as usize;
    if state.layout != (count, columns, pixels) {
        state.rows.clear();
        state.layout = (count, columns, pixels);
        state.cursor = state.cursor.min(count.saturating_sub(1));
        state.selected.retain(|&index| index < count);
    }
    state.clock += 1;

    let response = ui.interact(outer, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, ui.is_enabled(), text::grid(count)));
    let mut answer = GridResponse { clicked: None, hovered: None, selection_changed: false, response };
    if answer.response.has_focus() {
        keyboard(ui, id, state, measures, outer, &mut answer);
    }
    let mut area = ScrollArea::vertical().id_salt("image-grid-scroll").auto_shrink(false);
    if std::mem::take(&mut state.reveal) && count > 0 {
        area = area.vertical_scroll_offset(revealing(ui, state.cursor, measures, outer));
    }
    let scrolled = area.show_viewport(ui, |ui, viewport| {
        ui.set_height(measures.rows() as f32 * measures.cell.y);
        ui.set_width(ui.available_width());
        let origin = ui.max_rect().min + Vec2::splat(theme::GAP_HALF);
        let first = (viewport.top() / cell.y).floor().max(0.0) as usize;
        let last = ((viewport.bottom() / cell.y).ceil().max(0.0) as usize).min(measures.rows());
        let places = [ui.painter().add(Shape::Noop), ui.painter().add(Shape::Noop)];
        let mut layers = Layers::default();
        for row in first..last {
            show_row(ui, state, row, measures.cells(origin, row), tile, &mut answer, &mut layers);
        }
        for (place, shapes) in places.into_iter().zip([layers.grounds, layers.images]) {
            ui.painter().set(place, Shape::Vec(shapes));
        }
        forget_far_rows(state, first..last);
    });
    remember_offset(ui, id, scrolled.state.clamped_offset().y);
    focus_ring(ui, &answer.response, outer.shrink(theme::LINE_STRONG + theme::LINE), theme::RADIUS);
    answer
}

/// What lies below the captions. Each change of texture is a draw call, and a software adapter pays dearly for those: so all
/// grounds come first, then the pictures row by row, then everything else.
#[derive(Default)]
struct Layers {
    grounds: Vec<Shape>,
    images: Vec<Shape>,
}

fn show_row(
    ui: &mut Ui,
    state: &mut GridState,
    row: usize,
    cells: impl Iterator<Item = (usize, Rect)> + Clone,
    tile: &mut dyn FnMut(usize) -> Tile,
    answer: &mut GridResponse,
    layers: &mut Layers,
) {
    let clock = state.clock;
    let ctx = ui.ctx().clone();
    let kept = state.rows.entry(row).or_insert_with(|| {
        let side = cells.clone().next().map_or(0.0, |(_, rect)| rect.width());
        load_row(&ctx, cells.clone().map(|(index, _)| tile(index)).collect(), side * ctx.pixels_per_point())
    });
    kept.used = clock;
    let (mut presses, mut places) = (Vec::new(), Vec::new());
    for ((index, rect), shown) in cells.zip(&kept.tiles) {
        let selected = state.selected.contains(&index);
        let response = ui.interact(rect, answer.response.id.with(index), Sense::CLICK);
        let name = spoken(&shown.tile);
        response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, &name));
        let cursor = index == state.cursor && answer.response.has_focus();
        if cursor {
            let tile = response.id.accesskit_id();
            ctx.accesskit_node_builder(answer.response.id, |list| list.set_active_descendant(tile));
        }
        let frame = Rect::from_min_size(rect.min, Vec2::splat(rect.width()));
        let pixels = shown.tile.picture.shape;
        let drawn = fitted(frame, vec2(pixels.width as f32, pixels.height as f32));
        match &kept.source {
            Source::Texture(texture) => layers.images.push(Shape::image(texture.id(), drawn, shown.uv, Color32::WHITE)),
            Source::Plate(_) => places.push(drawn),
        }
        paint_tile(ui.painter(), palette(ui), shown, (frame, drawn, rect), (selected, cursor, response.hovered()), layers);
        if response.hovered() {
            answer.hovered = Some(index);
            tooltip(&response, shown, drawn);
        }
        if response.clicked() {
            presses.push((index, ui.input(|input| input.modifiers)));
        }
    }
    if let Source::Plate(plate) = &kept.source {
        layers.images.push(plates::pictures(plate, places));
    }
    for (index, modifiers) in presses {
        answer.response.request_focus();
        press(state, index, modifiers, answer);
    }
}

fn spoken(tile: &Tile) -> String {
    match &tile.badge {
        Some((_, _, words)) => format!("{}, {words}", tile.caption),
        None => tile.caption.clone(),
    }
}

fn tooltip(response: &Response, shown: &Shown, drawn: Rect) {
    let tile = &shown.tile;
    let under = response.hover_pos().and_then(|pointer| pixel_at(&tile.picture, drawn, pointer));
    let mut words = spoken(tile);
    if let Some((x, y)) = under {
        words.push('\n');
        words.push_str(&text::pixel(x, y, &pixel_words(&tile.picture, x, y)));
    }
    response.clone().on_hover_text_at_pointer(words);
}

fn press(state: &mut GridState, index: usize, modifiers: Modifiers, answer: &mut GridResponse) {
    state.cursor = index;
    if modifiers.shift {
        select_run(state, index);
        answer.selection_changed = true;
    } else if modifiers.command {
        toggle(state, index);
        answer.selection_changed = true;
    } else {
        state.anchor = index;
        answer.clicked = Some(index);
    }
}

fn toggle(state: &mut GridState, index: usize) {
    if !state.selected.remove(&index) {
        state.selected.insert(index);
    }
    state.anchor = index;
}

fn select_run(state: &mut GridState, to: usize) {
    state.selected = (state.anchor.min(to)..=state.anchor.max(to)).collect();
}

fn keyboard(ui: &Ui, id: Id, state: &mut GridState, measures: Measures, outer: Rect, answer: &mut GridResponse) {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    if measures.count == 0 {
        return;
    }
    let last = measures.count - 1;
    let page = ((outer.height() / measures.cell.y) as usize).max(1) * measures.columns;
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
    let moves = [
        (Key::ArrowLeft, -1),
        (Key::ArrowRight, 1),
        (Key::ArrowUp, -(measures.columns as isize)),
        (Key::ArrowDown, measures.columns as isize),
        (Key::PageUp, -(page as isize)),
        (Key::PageDown, page as isize),
        (Key::Home, -(measures.count as isize)),
        (Key::End, measures.count as isize),
    ];
    let shift = ui.input(|input| input.modifiers.shift);
    for (_, by) in moves.into_iter().filter(|&(key, _)| pressed(key)) {
        state.cursor = state.cursor.saturating_add_signed(by).min(last);
        state.reveal = true;
        if shift {
            select_run(state, state.cursor);
            answer.selection_changed = true;
        } else {
            state.anchor = state.cursor;
        }
    }
    if pressed(Key::Space) {
        toggle(state, state.cursor);
        answer.selection_changed = true;
    }
    if pressed(Key::Enter) {
        answer.clicked = Some(state.cursor);
    }
    if ui.input(|input| input.modifiers.command && input.key_pressed(Key::A)) {
        state.selected = (0..measures.count).collect();
        answer.selection_changed = true;
    }
}

fn remember_offset(ui: &Ui, id: Id, offset: f32) {
    ui.data_mut(|data| data.insert_temp(id.with("offset"), offset));
}

/// The nearest scroll offset at which the row of `index` is wholly in view.
fn revealing(ui: &Ui, index: usize, measures: Measures, outer: Rect) -> f32 {
    let id = ui.make_persistent_id("image grid");
    let now = ui.data(|data| data.get_temp::<f32>(id.with("offset"))).unwrap_or(0.0);
    let top = (index / measures.columns) as f32 * measures.cell.y;
    let bottom = top + measures.cell.y;
    now.min(top).max(bottom - outer.height()).max(0.0)
}

/// Keeps the rows in view and twice as many of those seen last.
fn forget_far_rows(state: &mut GridState, visible: std::ops::Range<usize>) {
    let most = 3 * visible.len() + 8;
    if state.rows.len() <= most {
        return;
    }
    let mut ages: Vec<u64> = state.rows.values().map(|row| row.used).collect();
    ages.sort_unstable_by(|a, b| b.cmp(a));
    let oldest_kept = ages[most - 1];
    state.rows.retain(|_, row| row.used >= oldest_kept);
}

/// Lays the pictures of one row side by side in one texture, none larger than it will be drawn.
fn load_row(ctx: &Context, tiles: Vec<Tile>, side_pixels: f32) -> Row {
    let most = Vec2::splat(side_pixels.ceil());
    let images: Vec<ColorImage> = tiles.iter().map(|tile| colour_image(&tile.picture, reduced(&tile.picture, most))).collect();
    let height = images.iter().map(|image| image.size[1]).max().unwrap_or(1).max(1);
    let width = images.iter().map(|image| image.size[0]).sum::<usize>().max(1);
    let one_size = images.first().map(|first| first.size).filter(|size| images.iter().all(|image| image.size == *size));
    let mut atlas = ColorImage::filled([width, height], Color32::TRANSPARENT);
    let mut left = 0;
    let mut shown = Vec::with_capacity(tiles.len());
    for (tile, image) in tiles.into_iter().zip(images) {
        for (y, line) in image.pixels.chunks_exact(image.size[0].max(1)).enumerate() {
            atlas.pixels[y * width + left..y * width + left + image.size[0]].copy_from_slice(line);
        }
        let share = vec2(1.0 / width as f32, 1.0 / height as f32);
        let uv = Rect::from_min_size(pos2(left as f32 * share.x, 0.0), vec2(image.size[0] as f32, image.size[1] as f32) * share);
        left += image.size[0];
        shown.push(Shown { tile, uv });
    }
    let plate = one_size.and_then(|size| plates::plate(ctx, &atlas, size));
    let source = match plate {
        Some(plate) => Source::Plate(plate),
        None => Source::Texture(ctx.load_texture("thumbnails", atlas, TextureOptions::NEAREST)),
    };
    Row { source, tiles: shown, used: 0 }
}

fn paint_tile(
    painter: &Painter,
    palette: &Palette,
    shown: &Shown,
    (frame, drawn, cell): (Rect, Rect, Rect),
    (selected, cursor, hovered): (bool, bool, bool),
    layers: &mut Layers,
) {
    let accent = palette.tone(Tone::Accent);
    let mut ground = |rect: Rect, fill: Color32| layers.grounds.push(Shape::rect_filled(rect, theme::RADIUS_SMALL, fill));
    if selected {
        ground(cell.expand(theme::GAP_HALF / 2.0), accent.soft);
    }
    // A square picture hides the ground; leaving it out halves what has to be filled.
    if (frame.size() - drawn.size()).max_elem() > 0.5 {
        ground(frame, palette.sunken);
    }
    let edge = match (cursor || selected, hovered) {
        (true, _) => Some(Stroke::new(theme::LINE_STRONG, accent.ink)),
        (_, true) => Some(Stroke::new(theme::LINE, palette.outline)),
        _ => None,
    };
    if let Some(edge) = edge {
        painter.rect_stroke(frame, theme::RADIUS_SMALL, edge, StrokeKind::Outside);
    }
    if selected {
        sign(painter, frame.left_top() + vec2(theme::GAP_HALF, theme::GAP_HALF), Icon::Check, palette.on_accent, palette.accent);
    }
    if let Some((icon, tone, _)) = &shown.tile.badge {
        let colours = palette.tone(*tone);
        let corner = frame.right_top() + vec2(-theme::GAP_HALF - theme::ICON_LARGE, theme::GAP_HALF);
        sign(painter, corner, *icon, colours.ink, colours.soft);
    }
    let ink = if selected { accent.ink } else { palette.muted };
    let mut job = LayoutJob::single_section(shown.tile.caption.clone(), TextFormat::simple(FontId::proportional(theme::TEXT_SMALL), ink));
    job.wrap.max_width = frame.width();
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    let line = painter.layout_job(job);
    painter.galley(pos2(frame.left(), frame.bottom() + theme::GAP_HALF), line, ink);
}

fn sign(painter: &Painter, corner: Pos2, icon: Icon, ink: Color32, ground: Color32) {
    let rect = Rect::from_min_size(corner, Vec2::splat(theme::ICON_LARGE));
    painter.rect_filled(rect, theme::RADIUS_SMALL, ground);
    icons::paint(painter, rect.shrink(theme::GAP_HALF), icon, ink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape as Measure;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    #[derive(Default)]
    struct Seen {
        grid: GridState,
        asked: usize,
        clicked: Vec<usize>,
    }

    fn tile(index: usize) -> Tile {
        let shape = Measure { channels: 1, height: 8, width: 8 };
        let badge = (index == 1).then(|| (Icon::Warning, Tone::Warn, "wrong label".to_owned()));
        Tile { picture: Picture { shape, planes: vec![index as u8; 64] }, caption: format!("Picture {index}"), badge }
    }

    fn harness(count: usize) -> Harness<'static, Seen> {
        Harness::builder().with_size(vec2(560.0, 420.0)).build_ui_state(
            move |ui, seen: &mut Seen| {
                let Seen { grid, asked, clicked } = seen;
                let answer = image_grid(ui, grid, count, 96.0, &mut |index| {
                    *asked += 1;
                    tile(index)
                });
                clicked.extend(answer.clicked);
            },
            Seen::default(),
        )
    }

    #[test]
    fn only_what_is_in_view_is_asked_for_and_only_once() {
        let mut harness = harness(60_000);
        harness.run();
        let asked = harness.state().asked;
        assert!((5..60).contains(&asked), "{asked}");
        harness.run_steps(5);
        assert_eq!(harness.state().asked, asked);
        assert!(harness.query_by_label("Picture 0").is_some());
        assert!(harness.query_by_label("Picture 59999").is_none());
        harness.state_mut().grid.refresh();
        harness.run_steps(1);
        assert_eq!(harness.state().asked, 2 * asked);
    }

    #[test]
    fn tiles_are_named_with_their_badge_and_clicked() {
        let mut harness = harness(20);
        harness.run();
        harness.get_by_role_and_label(Role::ListBoxOption, "Picture 1, wrong label").click();
        harness.run();
        harness.get_by_label("Picture 2").click_modifiers(Modifiers::COMMAND);
        harness.run();
        harness.get_by_label("Picture 5").click_modifiers(Modifiers::SHIFT);
        harness.run();
        assert_eq!(harness.state().clicked, [1]);
        assert_eq!(harness.state().grid.selected.iter().copied().collect::<Vec<_>>(), [2, 3, 4, 5]);
    }

    #[test]
    fn the_keyboard_walks_selects_and_opens() {
        let mut harness = harness(60_000);
        harness.run();
        harness.get_by_role(Role::ListBox).focus();
        harness.run();
        for key in [Key::ArrowRight, Key::ArrowDown, Key::Space, Key::End, Key::Enter] {
            harness.key_press(key);
            harness.run();
        }
        let seen = harness.state();
        assert_eq!(seen.grid.selected.len(), 1);
        assert_eq!(seen.grid.selected_pair(), None);
        let selected = *seen.grid.selected.first().unwrap();
        assert!((3..12).contains(&selected), "right and one row down: {selected}");
        assert_eq!(seen.clicked, [59_999]);
        assert!(harness.query_by_label("Picture 59999").is_some(), "the last row came into view");
        assert!(harness.state().grid.cached_rows() < 40);
    }

    #[test]
    fn the_cursor_is_told_to_screen_readers() {
        let mut harness = harness(20);
        harness.run();
        harness.get_by_role(Role::ListBox).focus();
        harness.run();
        harness.key_press(Key::ArrowRight);
        harness.run();
        let list = harness.get_by_role(Role::ListBox);
        let told = list.accesskit_node().data().active_descendant();
        let tile = harness.get_by_label("Picture 1, wrong label");
        assert_eq!(told, Some(tile.accesskit_node().locate().0));
    }

    #[test]
    fn a_smaller_data_set_forgets_what_is_gone() {
        let mut state = GridState { selected: [1, 30].into(), cursor: 30, ..Default::default() };
        let mut count = 40;
        let mut harness = Harness::new_ui(|ui| {
            image_grid(ui, &mut state, count, 96.0, &mut tile);
            count = 10;
        });
        harness.run_steps(3);
        drop(harness);
        assert_eq!(state.selected, [1].into());
        assert_eq!(state.cursor, 9);
    }

    #[test]
    fn pictures_of_different_sizes_share_a_row() {
        let sizes = [(4, 9), (300, 200), (1, 1)];
        let tiles = sizes.map(|(width, height)| {
            let shape = Measure { channels: 3, height, width };
            Tile { picture: Picture { shape, planes: vec![7; shape.len()] }, caption: String::new(), badge: None }
        });
        let row = load_row(&Context::default(), tiles.into(), 96.0);
        let Source::Texture(texture) = &row.source else { panic!("pictures of several sizes fit no plate") };
        assert_eq!(texture.size(), [4 + 96 + 1, 64]);
        assert!((row.tiles[1].uv.left() - 4.0 / 101.0).abs() < 1e-6);
        assert!((row.tiles[0].uv.bottom() - 9.0 / 64.0).abs() < 1e-6);
    }
}
