//! The shader is tested by what it puts on the screen: a known pair is drawn and its pixels are read back.

use super::*;
use crate::data::Shape;
use eframe::egui::pos2;
use eframe::egui_wgpu::{RenderState, wgpu};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, wgpu as kittest_wgpu};
use std::future::Future as _;

const LEFT: [u8; 3] = [100, 150, 200];
const RIGHT: [u8; 3] = [104, 140, 200];

fn flat(side: usize, rgb: [u8; 3]) -> Picture {
    let shape = Shape { channels: 3, height: side, width: side };
    Picture { shape, planes: rgb.iter().flat_map(|&value| vec![value; side * side]).collect() }
}

fn pair(left: Picture, right: Picture) -> ComparePair {
    ComparePair { left: Arc::new(left), right: Arc::new(right), left_name: "Cover".into(), right_name: "Key".into() }
}

/// A way to draw; `None`, with a line that says so, where no adapter answers.
pub(in crate::app::widgets) fn render_state() -> Option<RenderState> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = std::pin::pin!(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let answer = adapters.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    if !matches!(answer, std::task::Poll::Ready(adapters) if !adapters.is_empty()) {
        println!("skipped: no graphics adapter, not even a software one, answers here");
        return None;
    }
    Some(kittest_wgpu::create_render_state(kittest_wgpu::default_wgpu_setup(), eframe::egui_wgpu::RendererOptions::PREDICTABLE))
}

struct Scene {
    harness: Harness<'static, CompareState>,
}

impl Scene {
    fn new(pair: ComparePair) -> Option<Self> {
        let render_state = render_state()?;
        let mut installed = Some(render_state.clone());
        let renderer = kittest_wgpu::WgpuTestRenderer::from_render_state(render_state);
        let harness = Harness::builder().with_size(vec2(800.0, 600.0)).renderer(renderer).build_ui_state(
            move |ui, state: &mut CompareState| {
                if let Some(render_state) = installed.take() {
                    install(ui.ctx(), Some(&render_state));
                }
                compare_view(ui, state, &pair);
            },
            CompareState::default(),
        );
        Some(Self { harness })
    }

    fn canvas(&self) -> Rect {
        self.harness.get_by_role_and_label(Role::Image, "Cover and Key").rect()
    }

    /// The colour on screen at a share of the canvas.
    fn seen(&mut self, x: f32, y: f32) -> [u8; 3] {
        self.harness.run_steps(2);
        let canvas = self.canvas();
        let place = canvas.min + vec2(x, y) * canvas.size();
        let image = self.harness.render().unwrap();
        let [r, g, b, _] = image.get_pixel(place.x as u32, place.y as u32).0;
        [r, g, b]
    }

    fn assert_seen(&mut self, x: f32, y: f32, expected: [u8; 3]) {
        let seen = self.seen(x, y);
        let close = seen.iter().zip(expected).all(|(&a, b)| a.abs_diff(b) <= 1);
        assert!(close, "{:?} at {x}, {y}: {seen:?} instead of {expected:?}", self.harness.state().mode);
    }
}

#[test]
fn the_modes_show_what_they_promise() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(16, RIGHT))) else { return };
    scene.assert_seen(0.25, 0.5, LEFT);
    scene.assert_seen(0.75, 0.5, RIGHT);

    scene.harness.key_press(Key::Num2);
    scene.harness.run_steps(2);
    assert_eq!(scene.harness.state().mode, CompareMode::Swipe);
    scene.assert_seen(0.45, 0.5, LEFT);
    scene.assert_seen(0.55, 0.5, RIGHT);
    scene.harness.state_mut().swipe = 0.6;
    scene.assert_seen(0.55, 0.5, LEFT);

    scene.harness.get_by_label("Difference").click();
    scene.harness.run_steps(2);
    assert_eq!(scene.harness.state().mode, CompareMode::Difference);
    scene.harness.state_mut().gain = 5.0;
    scene.assert_seen(0.5, 0.5, [20, 50, 0]);
    scene.harness.state_mut().gain = 50.0;
    scene.assert_seen(0.5, 0.5, [200, 255, 0]);

    scene.harness.get_by_label("Heat map").click();
    scene.harness.run_steps(2);
    scene.harness.state_mut().gain = 26.0;
    let hottest = theme::HEAT[4];
    scene.assert_seen(0.5, 0.5, [hottest.r(), hottest.g(), hottest.b()]);
    scene.harness.state_mut().gain = 13.0;
    let middle = theme::palette_of(&eframe::egui::Visuals::dark()).heat_at(13.0 * 10.0 / 255.0);
    scene.assert_seen(0.5, 0.5, [middle.r(), middle.g(), middle.b()]);

    scene.harness.get_by_label("Channel").click();
    scene.harness.run_steps(2);
    scene.harness.get_by_label("Green").click();
    scene.harness.run_steps(2);
    scene.assert_seen(0.25, 0.5, [150; 3]);
    scene.assert_seen(0.75, 0.5, [140; 3]);
}

#[test]
fn blinking_shows_one_then_the_other() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(16, RIGHT))) else { return };
    scene.harness.state_mut().mode = CompareMode::Blink;
    let seen: Vec<[u8; 3]> = (0..8).map(|_| scene.seen(0.5, 0.5)).collect();
    assert!(seen.contains(&LEFT) && seen.contains(&RIGHT), "{seen:?}");
}

#[test]
fn sharp_pixels_stay_squares_and_a_switch_blurs_them() {
    let shape = Shape { channels: 1, height: 2, width: 2 };
    let board = Picture { shape, planes: vec![0, 200, 200, 0] };
    let Some(mut scene) = Scene::new(pair(board.clone(), board)) else { return };
    scene.harness.state_mut().mode = CompareMode::Swipe;
    scene.assert_seen(0.48, 0.4, [0; 3]);
    scene.assert_seen(0.52, 0.4, [200; 3]);
    scene.harness.get_by_label("Sharp pixels").click();
    let blurred = scene.seen(0.48, 0.4)[0];
    assert!((20..180).contains(&blurred), "{blurred}");
}

#[test]
fn a_single_changed_pixel_is_seen_in_a_large_picture_drawn_small() {
    let left = flat(1000, LEFT);
    let mut right = left.clone();
    right.planes[500 * 1000 + 500] += 25;
    let Some(mut scene) = Scene::new(pair(left, right)) else { return };
    scene.harness.state_mut().mode = CompareMode::Difference;
    scene.harness.state_mut().gain = 10.0;
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while scene.harness.state().figures().is_none() && std::time::Instant::now() < deadline {
        scene.harness.run_steps(1);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(scene.harness.state().figures().map(|figures| figures.max_difference), Some(25));
    scene.harness.run_steps(2);
    let canvas = scene.canvas();
    let image = scene.harness.render().unwrap();
    let reddest = image.enumerate_pixels().filter(|(x, y, _)| canvas.contains(pos2(*x as f32, *y as f32))).map(|(_, _, pixel)| {
        let [red, green, blue, _] = pixel.0;
        red.saturating_sub(green.max(blue))
    });
    assert!(reddest.max().unwrap() >= 240);
}

#[test]
fn figures_and_values_stand_below() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(16, RIGHT))) else { return };
    scene.harness.run_steps(2);
    let figures = scene.harness.state().figures().unwrap();
    assert_eq!(figures.max_difference, 10);
    let mse = (16.0 + 100.0) / 3.0;
    assert!((figures.psnr_db - 10.0 * (255.0_f64 * 255.0 / mse).log10()).abs() < 1e-9);
    scene.harness.get_by_label_contains("Largest difference 10 of 255");
    let canvas = scene.canvas();
    scene.harness.hover_at(canvas.min + vec2(0.75, 0.5) * canvas.size());
    scene.harness.run_steps(3);
    scene.harness.get_by_label_contains("Cover 100 150 200 · Key 104 140 200 · difference +4 -10 +0");
}

#[test]
fn zoom_buttons_keys_and_fit_move_both_pictures() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(16, RIGHT))) else { return };
    scene.harness.run_steps(2);
    assert_eq!(scene.harness.state().zoom, None);
    scene.harness.get_by_label("Zoom in").click();
    scene.harness.run_steps(2);
    let zoomed = scene.harness.state().zoom.unwrap();
    scene.harness.key_press(Key::Minus);
    scene.harness.run_steps(2);
    assert!((scene.harness.state().zoom.unwrap() - zoomed / STEP).abs() < 1e-3);
    scene.harness.get_by_label("Fit").click();
    scene.harness.run_steps(2);
    assert_eq!(scene.harness.state().zoom, None);
    scene.assert_seen(0.25, 0.5, LEFT);
}

#[test]
fn pictures_of_two_sizes_are_drawn_and_the_figures_say_why_not() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(32, RIGHT))) else { return };
    scene.assert_seen(0.25, 0.5, LEFT);
    scene.assert_seen(0.75, 0.5, RIGHT);
    assert_eq!(scene.harness.state().figures(), None);
    scene.harness.get_by_label_contains("cannot be compared");
}

#[test]
fn a_pair_is_prepared_once_and_a_new_one_replaces_it() {
    let Some(render_state) = render_state() else { return };
    let ctx = eframe::egui::Context::default();
    install(&ctx, Some(&render_state));
    let gpu = gpu::installed(&ctx).unwrap();
    let first = pair(flat(16, LEFT), flat(16, RIGHT));
    let prepared = prepare::prepare(&first, &gpu, &ctx);
    assert!(prepared.textures.get().is_some());
    assert!(prepared.is_for(&first));
    assert!(prepared.is_for(&pair(flat(16, LEFT), flat(16, RIGHT))), "equal pictures are the same pair");
    assert!(!prepared.is_for(&pair(flat(16, LEFT), flat(16, LEFT))));
}

#[test]
fn without_a_graphics_driver_a_sentence_stands_there() {
    let pair = pair(flat(16, LEFT), flat(16, RIGHT));
    let harness = Harness::new_ui(move |ui| {
        compare_view(ui, &mut CompareState::default(), &pair);
    });
    harness.get_by_label_contains("needs a graphics driver");
}

#[test]
fn what_the_driver_refuses_becomes_a_sentence_and_ends_nothing() {
    let Some(mut scene) = Scene::new(pair(flat(16, LEFT), flat(16, RIGHT))) else { return };
    scene.assert_seen(0.25, 0.5, LEFT);
    let gpu = gpu::installed(&scene.harness.ctx).unwrap();
    gpu.refuse();
    scene.harness.run_steps(2);
    scene.harness.get_by_label_contains("cannot draw with this graphics driver");
}

#[test]
fn keys_are_left_to_a_text_field() {
    let pair = pair(flat(16, LEFT), flat(16, RIGHT));
    let Some(render_state) = render_state() else { return };
    let mut installed = Some(render_state);
    let mut harness = Harness::builder().with_size(vec2(800.0, 600.0)).build_ui_state(
        move |ui, (state, text): &mut (CompareState, String)| {
            if let Some(render_state) = installed.take() {
                install(ui.ctx(), Some(&render_state));
            }
            ui.text_edit_singleline(text).accessible_name("Name");
            compare_view(ui, state, &pair);
        },
        (CompareState::default(), String::new()),
    );
    harness.run_steps(2);
    harness.get_by_role(Role::TextInput).focus();
    harness.run_steps(2);
    harness.key_press(Key::Num4);
    harness.run_steps(2);
    assert_eq!(harness.state().0.mode, CompareMode::SideBySide);
}
