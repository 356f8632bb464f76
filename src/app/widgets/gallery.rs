//! Every widget on one page, drawn in light and dark: shows that nothing is missing a glyph or panics when it is drawn, and with
//! `COUNTERMARK_GALLERY=FOLDER` writes the pages as PNG for people to look at.
#![cfg(test)]

use super::*;
use crate::app::theme::{self, Tone};
use crate::data::{Picture, Shape};
use crate::project::Theme;
use eframe::egui::{CentralPanel, Frame, Key, Margin, RichText, Ui, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::wgpu::WgpuTestRenderer;
use std::sync::Arc;

fn drawing(side: usize, shift: usize) -> Picture {
    let shape = Shape { channels: 3, height: side, width: side };
    let value = |channel: usize, y: usize, x: usize| {
        let (dx, dy) = (x as f32 / side as f32 - 0.5, y as f32 / side as f32 - 0.45);
        let disc = if dx * dx + dy * dy < 0.09 { 150.0 } else { 40.0 };
        let wave = ((x + shift) as f32 * 0.9).sin() * if shift > 0 { 9.0 } else { 0.0 };
        (disc + channel as f32 * 25.0 + dy * 60.0 + wave).clamp(0.0, 255.0) as u8
    };
    let planes = (0..shape.len()).map(|i| value(i / (side * side), i / side % side, i % side)).collect();
    Picture { shape, planes }
}

#[derive(Default)]
struct Page {
    path: String,
    grid: GridState,
    textures: TextureCache,
    curves: CurvesState,
    store: CurveStore,
    compare: CompareState,
}

impl Page {
    fn new() -> Self {
        let mut page = Self::default();
        page.grid.selected = [1, 2].into();
        page.curves.smoothing = 0.9;
        for step in 0..20_000_u64 {
            let time = step as f64 / 20_000.0;
            let noise = f64::from((step as u32).wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5;
            page.store.push("host_loss", step, 2.2 * (-5.0 * time).exp() + 0.15 + 0.2 * noise * (1.0 - time));
            page.store.push("encoder_loss", step, 1.2 * (-3.0 * time).exp() + 0.05 + 0.1 * noise);
        }
        page
    }
}

fn small_things(ui: &mut Ui, page: &mut Page) {
    ui.columns_const(|[left, middle, right]| {
        left.set_width(theme::RAIL_WIDTH);
        step_item(left, 1, "Data", &StepState::Done, false);
        step_item(left, 2, "Logo", &StepState::Ready, true);
        step_item(left, 3, "Scheme", &StepState::Running, false);
        step_item(left, 4, "Train", &StepState::Blocked("Choose a logo first".into()), false);
        step_item(left, 5, "Prove", &StepState::Failed("The suspect could not be read".into()), false);
        card(middle, |ui| {
            ui.heading("A heading");
            ui.label("Everything that is read has this size.");
            ui.label(RichText::new("Captions and hints are smaller.").small().weak());
            ui.horizontal(|ui| {
                primary_button(ui, "Start training");
                ui.add_enabled(false, Action::primary("Start"));
            });
            ui.horizontal(|ui| {
                ui.add(Action::quiet("Use the sample").icon(Icon::Image));
                ui.add(Action::plain("Why?").icon(Icon::Question));
                ui.add_enabled(false, Action::quiet("Undo"));
            });
            ui.horizontal(|ui| {
                for icon in [Icon::Play, Icon::Pause, Icon::Stop, Icon::Gear, Icon::Undo] {
                    icon_button(ui, icon, "Tool");
                }
            });
        });
        choice_card(right, "Standard", true, |ui| {
            ui.heading("Standard");
            ui.label("About 12 min on this machine");
        });
        choice_card(right, "Quick", false, |ui| {
            ui.heading("Quick");
            ui.label("About 3 min on this machine");
        });
        right.horizontal(|ui| {
            tag(ui, Tone::Good, Some(Icon::Check), "10 classes");
            tag(ui, Tone::Warn, Some(Icon::Warning), "uneven");
            tag(ui, Tone::Neutral, None, "28x28 grey");
        });
        right.horizontal_wrapped(|ui| {
            for icon in Icon::ALL {
                let ink = theme::palette(ui).text;
                icons::show(ui, icon, theme::ICON_LARGE, ink);
            }
        });
    });
    progress_bar(ui, 0.68, "Training “LeNet-5, blind watermark”", Some(70.0));
    path_field(ui, &mut page.path, "Path of a file or folder", "Browse…");
    drop_zone(ui, "Drop your pictures here", "A folder with one folder a class, a zip of it, idx or CIFAR files", false);
    notice(ui, Tone::Warn, "The classes are uneven: “shirt” has 12 pictures, “coat” has 900. The model will know coats better.");
    verdict_banner(
        ui,
        Tone::Good,
        Icon::Shield,
        "Your logo is in this model",
        &["97 of 100 questions were answered as only a marked model does.", "Chance explains that in fewer than 1 of 10^30 cases."],
    );
}

fn large_things(ui: &mut Ui, page: &mut Page, pair: &ComparePair) {
    ui.columns_const(|[left, right]| {
        let shown = [Curve::plain("host_loss", "Model's error"), Curve::plain("encoder_loss", "Mark's error")];
        card(left, |ui| curves(ui, "Losses", &mut page.curves, &page.store, &shown, 180.0));
        let names = ["coat", "shirt", "dress"];
        let shares = |row: usize, column: usize| Some(if row == column { 0.9 - 0.1 * row as f64 } else { 0.04 * (row + column) as f64 });
        heat_matrix(left, "Answers", &names, &names, &shares);
        left.horizontal(|ui| {
            picture(ui, &mut page.textures, &pair.left, Vec2::splat(96.0), "Cover");
            picture(ui, &mut page.textures, &pair.right, Vec2::splat(96.0), "Key");
        });
        right.set_max_height(520.0);
        compare_view(right, &mut page.compare, pair);
    });
    let (cover, key) = (&pair.left, &pair.right);
    image_grid(ui, &mut page.grid, 60_000, theme::THUMBNAIL, &mut |index| Tile {
        picture: Picture::clone(if index % 2 == 0 { cover } else { key }),
        caption: format!("Picture {index} of a long name"),
        badge: index.is_multiple_of(3).then(|| (Icon::Warning, Tone::Warn, "wrong label".to_owned())),
    });
}

fn draw(name: &str, choice: Theme, size: Vec2, keys: &[Key], page: impl Fn(&mut Ui, &mut Page, &ComparePair) + 'static) {
    let Some(render_state) = compare::tests::render_state() else { return };
    let mut installed = Some(render_state.clone());
    let pair = ComparePair {
        left: Arc::new(drawing(32, 0)),
        right: Arc::new(drawing(32, 3)),
        left_name: "Cover".into(),
        right_name: "Key".into(),
    };
    let renderer = WgpuTestRenderer::from_render_state(render_state);
    let mut harness = Harness::builder().with_size(size).renderer(renderer).build_ui_state(
        move |ui, state: &mut Page| {
            if let Some(render_state) = installed.take() {
                theme::apply(ui.ctx(), choice);
                compare::install(ui.ctx(), Some(&render_state));
            }
            let canvas = theme::palette(ui).canvas;
            CentralPanel::default().frame(Frame::new().fill(canvas).inner_margin(Margin::same(24))).show(ui, |ui| {
                page(ui, state, &pair);
            });
        },
        Page::new(),
    );
    harness.run_steps(3);
    for &key in keys {
        harness.key_press(key);
        harness.run_steps(2);
    }
    let image = harness.render().unwrap();
    let colours: std::collections::HashSet<[u8; 4]> = image.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 50, "{name} is empty");
    if let Some(folder) = std::env::var_os("COUNTERMARK_GALLERY") {
        image.save(std::path::Path::new(&folder).join(format!("{name}.png"))).unwrap();
    }
}

#[test]
fn the_small_widgets_are_drawn_in_light_and_dark() {
    for (name, choice) in [("small-light", Theme::Light), ("small-dark", Theme::Dark)] {
        draw(name, choice, vec2(1100.0, 1000.0), &[], |ui, page, _| small_things(ui, page));
    }
}

#[test]
fn the_large_widgets_are_drawn_in_light_and_dark() {
    for (name, choice) in [("large-light", Theme::Light), ("large-dark", Theme::Dark)] {
        let keys: &[Key] = if choice == Theme::Dark { &[Key::Num5] } else { &[] };
        draw(name, choice, vec2(1280.0, 1000.0), keys, large_things);
    }
}
