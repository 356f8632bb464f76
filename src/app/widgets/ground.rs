//! The surface that bars, cards and drop zones lie on.
//!
//! A software adapter runs egui's shader, texture and all, for every pixel of a filled rectangle, and these are most of the window. So
//! there a pipeline of its own lays down the one colour, and egui only draws the round corners. On a graphics card egui draws it all.

use crate::app::theme::{self, palette};
use eframe::egui::{Align2, Color32, Context, CornerRadius, Id, Rect, Rgba, Shape, Ui, Vec2};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, wgpu};
use std::sync::Arc;

/// The pipelines of the light and of the dark surface.
struct Ground {
    light: wgpu::RenderPipeline,
    dark: wgpu::RenderPipeline,
}

/// Makes surfaces cheap in the window of `ctx` where a software adapter draws it.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    let software = render_state.filter(|state| state.adapter.get_info().device_type == wgpu::DeviceType::Cpu);
    let ground = software.map(|state| Arc::new(Ground::new(state)));
    ctx.data_mut(|data| data.insert_temp(Id::unique("ground"), ground));
}

/// The surface over `rect` with round corners.
pub fn ground(ui: &Ui, rect: Rect, radius: u8) -> Shape {
    let (fill, round) = (palette(ui).surface, f32::from(radius));
    let installed = ui.ctx().data(|data| data.get_temp::<Option<Arc<Ground>>>(Id::unique("ground"))).flatten();
    let Some(ground) = installed.filter(|_| rect.size().min_elem() > 4.0 * round) else {
        return Shape::rect_filled(rect, radius, fill);
    };
    let dark = ui.visuals().dark_mode;
    let block = |rect: Rect| Shape::Callback(Callback::new_paint_callback(rect, Fill { ground: ground.clone(), dark }));
    if radius == 0 {
        return block(rect);
    }
    let middle = rect.shrink2(Vec2::new(0.0, round));
    let between = rect.shrink2(Vec2::new(round, 0.0));
    // A square of twice the radius, since egui rounds no corner further than to the middle of a side.
    let corner = |align: Align2, radius: CornerRadius| {
        Shape::rect_filled(align.align_size_within_rect(Vec2::splat(2.0 * round), rect), radius, fill)
    };
    let none = CornerRadius::ZERO;
    Shape::Vec(vec![
        block(middle),
        block(between.with_max_y(middle.top())),
        block(between.with_min_y(middle.bottom())),
        corner(Align2::LEFT_TOP, CornerRadius { nw: radius, ..none }),
        corner(Align2::RIGHT_TOP, CornerRadius { ne: radius, ..none }),
        corner(Align2::LEFT_BOTTOM, CornerRadius { sw: radius, ..none }),
        corner(Align2::RIGHT_BOTTOM, CornerRadius { se: radius, ..none }),
    ])
}

impl Ground {
    fn new(state: &RenderState) -> Self {
        let device = &state.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("ground"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/ground.wgsl").into()),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("ground"),
            bind_group_layouts: &[],
            immediate_size: 0,
        });
        let pipeline = |colour: Color32| {
            let [red, green, blue] = channels(colour, state.target_format.is_srgb());
            let constants = [("RED", red), ("GREEN", green), ("BLUE", blue)];
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some("ground"),
                layout: Some(&layout),
                vertex: wgpu::VertexState {
                    module: &module,
                    entry_point: Some("vertex"),
                    compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                    buffers: &[],
                },
                primitive: wgpu::PrimitiveState::default(),
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some("fragment"),
                    compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                    targets: &[Some(state.target_format.into())],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        let [light, dark] = theme::surfaces().map(pipeline);
        Self { light, dark }
    }
}

/// A colour as the target wants it.
fn channels(colour: Color32, linear: bool) -> [f64; 3] {
    let [red, green, blue, _] = match linear {
        true => Rgba::from(colour).to_array(),
        false => colour.to_normalized_gamma_f32(),
    };
    [red, green, blue].map(f64::from)
}

struct Fill {
    ground: Arc<Ground>,
    dark: bool,
}

impl CallbackTrait for Fill {
    fn paint(&self, _info: eframe::egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _resources: &CallbackResources) {
        pass.set_pipeline(if self.dark { &self.ground.dark } else { &self.ground.light });
        pass.draw(0..3, 0..1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Theme;
    use eframe::egui::{Frame, vec2};
    use egui_kittest::Harness;

    /// How far, of 255, the edge pixels of round corners may be apart: egui cuts them into other triangles.
    const ROUNDING: u8 = 3;

    /// The pixels of a surface on the canvas, drawn with the pipeline or by egui alone.
    fn drawn(choice: Theme, own: bool) -> Option<image::RgbaImage> {
        let state = super::super::compare::tests::render_state()?;
        let renderer = egui_kittest::wgpu::WgpuTestRenderer::from_render_state(state.clone());
        let mut harness = Harness::builder().with_size(vec2(120.0, 90.0)).renderer(renderer).build_ui(move |ui| {
            theme::apply(ui.ctx(), choice);
            install(ui.ctx(), own.then_some(&state));
            Frame::new().fill(palette(ui).canvas).show(ui, |ui| ui.set_min_size(ui.available_size()));
            ui.painter().add(ground(ui, Rect::from_min_size(ui.max_rect().min, vec2(80.0, 50.0)), theme::RADIUS_LARGE));
        });
        harness.run();
        harness.render().ok()
    }

    #[test]
    fn the_own_pipeline_gives_the_same_picture() {
        for choice in [Theme::Light, Theme::Dark] {
            let (Some(own), Some(egui)) = (drawn(choice, true), drawn(choice, false)) else { return };
            let apart = |(a, b): (&image::Rgba<u8>, &image::Rgba<u8>)| a.0.iter().zip(b.0).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0);
            let pixels = own.enumerate_pixels().zip(egui.pixels());
            let wrong: Vec<_> = pixels.map(|((x, y, a), b)| (x, y, apart((a, b)))).filter(|(.., apart)| *apart > ROUNDING).collect();
            assert!(wrong.is_empty(), "{choice:?}: {} pixels look otherwise: {:?}", wrong.len(), &wrong[..wrong.len().min(40)]);
        }
    }
}
