//! Rows of thumbnails on a software adapter: egui's shader samples, tints and blends every pixel of a picture; a pipeline of its own only
//! reads it. On a graphics card egui draws them.

use eframe::egui::{ColorImage, Context, Id, Rect, Shape};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, wgpu};
use std::sync::Arc;

struct Press {
    device: wgpu::Device,
    queue: wgpu::Queue,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

/// Pictures of one size, side by side in one texture.
pub struct Plate {
    press: Arc<Press>,
    bindings: wgpu::BindGroup,
}

/// Makes plates in the window of `ctx` where a software adapter draws it.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    let software = |state: &&RenderState| state.adapter.get_info().device_type == wgpu::DeviceType::Cpu && !state.target_format.is_srgb();
    let press = render_state.filter(software).map(|state| Arc::new(Press::new(state)));
    ctx.data_mut(|data| data.insert_temp(Id::unique("plates"), press));
}

/// A plate of pictures of `size` columns and rows that lie side by side in `atlas`; `None` where egui draws pictures.
pub fn plate(ctx: &Context, atlas: &ColorImage, size: [usize; 2]) -> Option<Arc<Plate>> {
    let press = ctx.data(|data| data.get_temp::<Option<Arc<Press>>>(Id::unique("plates"))).flatten()?;
    let [width, height] = atlas.size.map(|side| side as u32);
    let extent = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    let texture = press.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("plate"),
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let bytes: Vec<u8> = atlas.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: Some(height) };
    press.queue.write_texture(texture.as_image_copy(), &bytes, rows, extent);
    let uniform = press.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("plate"),
        size: 16,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let numbers = [size[0] as f32, size[1] as f32, 0.0, 0.0];
    press.queue.write_buffer(&uniform, 0, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let bindings = press.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("plate"),
        layout: &press.layout,
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) },
            wgpu::BindGroupEntry { binding: 1, resource: uniform.as_entire_binding() },
        ],
    });
    Some(Arc::new(Plate { press, bindings }))
}

/// The pictures of a plate, each where its rectangle lies, from the first on.
pub fn pictures(plate: &Arc<Plate>, places: Vec<Rect>) -> Shape {
    let around = places.iter().fold(Rect::NOTHING, |around, place| around.union(*place));
    if !around.is_positive() {
        return Shape::Noop;
    }
    Shape::Callback(Callback::new_paint_callback(around, Pictures { plate: plate.clone(), places }))
}

impl Press {
    fn new(state: &RenderState) -> Self {
        let device = &state.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("plates"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/plates.wgsl").into()),
        });
        let entry = |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::VERTEX_FRAGMENT, ty, count: None };
        let picture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: false },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let uniform = wgpu::BindingType::Buffer { ty: wgpu::BufferBindingType::Uniform, has_dynamic_offset: false, min_binding_size: None };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("plates"),
            entries: &[entry(0, picture), entry(1, uniform)],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("plates"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("plates"),
            layout: Some(&pipeline_layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(state.target_format.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        Self { device: device.clone(), queue: state.queue.clone(), layout, pipeline }
    }
}

struct Pictures {
    plate: Arc<Plate>,
    places: Vec<Rect>,
}

impl CallbackTrait for Pictures {
    fn paint(&self, info: eframe::egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _resources: &CallbackResources) {
        let clip = info.clip_rect_in_pixels();
        let (clip_right, clip_bottom) = (clip.left_px + clip.width_px, clip.top_px + clip.height_px);
        pass.set_pipeline(&self.plate.press.pipeline);
        pass.set_bind_group(0, &self.plate.bindings, &[]);
        for (picture, place) in self.places.iter().enumerate() {
            let [left, top, right, bottom] =
                [place.left(), place.top(), place.right(), place.bottom()].map(|edge| (edge * info.pixels_per_point).round());
            let seen = [
                (left as i32).max(clip.left_px),
                (top as i32).max(clip.top_px),
                (right as i32).min(clip_right),
                (bottom as i32).min(clip_bottom),
            ];
            let [width, height] = [seen[2] - seen[0], seen[3] - seen[1]];
            if width > 0 && height > 0 {
                pass.set_viewport(left, top, right - left, bottom - top, 0.0, 1.0);
                pass.set_scissor_rect(seen[0] as u32, seen[1] as u32, width as u32, height as u32);
                pass.draw(0..3, picture as u32..picture as u32 + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Color32, ScrollArea, TextureOptions, pos2, vec2};
    use egui_kittest::Harness;

    /// Three pictures of 4x2 pixels in a list that is cut off above and below, drawn from a plate or by egui.
    fn drawn(own: bool) -> Option<image::RgbaImage> {
        let state = super::super::compare::tests::render_state()?;
        let renderer = egui_kittest::wgpu::WgpuTestRenderer::from_render_state(state.clone());
        // egui frees a texture whose handle is gone.
        let mut kept = None;
        let mut harness = Harness::builder().with_size(vec2(200.0, 60.0)).renderer(renderer).build_ui(move |ui| {
            install(ui.ctx(), own.then_some(&state));
            let pixels = (0..24u8).map(|i| Color32::from_rgb(10 * i, 255 - 9 * i, 40 + 5 * (i % 7))).collect();
            let atlas = ColorImage::new([12, 2], pixels);
            let mine = plate(ui.ctx(), &atlas, [4, 2]);
            let texture = kept.get_or_insert_with(|| ui.ctx().load_texture("atlas", atlas, TextureOptions::NEAREST)).id();
            ScrollArea::vertical().vertical_scroll_offset(13.0).show(ui, |ui| {
                ui.set_min_size(vec2(180.0, 400.0));
                let origin = ui.max_rect().min.round();
                let places: Vec<Rect> =
                    (0..3).map(|i| Rect::from_min_size(origin + vec2(50.0 * i as f32, 5.0), vec2(40.0, 120.0))).collect();
                if let Some(mine) = mine {
                    ui.painter().add(pictures(&mine, places));
                    return;
                }
                for (i, place) in places.into_iter().enumerate() {
                    let uv = Rect::from_min_max(pos2(i as f32 / 3.0, 0.0), pos2((i + 1) as f32 / 3.0, 1.0));
                    ui.painter().image(texture, place, uv, Color32::WHITE);
                }
            });
        });
        harness.run_steps(3);
        harness.render().ok()
    }

    #[test]
    fn a_plate_looks_as_egui_would_draw_it() {
        let (Some(own), Some(egui)) = (drawn(true), drawn(false)) else { return };
        let apart = own.pixels().zip(egui.pixels()).filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 1)).count();
        assert_eq!(apart, 0, "of {} pixels", own.pixels().len());
        assert!(own.pixels().any(|pixel| pixel.0[1] > 200), "nothing was drawn");
    }
}
