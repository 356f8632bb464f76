//! The compare view's share of the graphics card: pipeline, textures of a pair, and the paint callback.
//!
//! `install` once with the window's render state; without it the view says that it cannot draw.

use crate::app::theme::HEAT;
use eframe::egui::{Color32, Context, Id, Rect, Shape, Vec2};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor, wgpu};
use std::sync::{Arc, OnceLock};

/// What every compare view of a window shares.
pub(super) struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    module: wgpu::ShaderModule,
    target: wgpu::TextureFormat,
    pipeline_layout: wgpu::PipelineLayout,
    /// One for each mode and way to fetch, made when first needed.
    pipelines: [OnceLock<wgpu::RenderPipeline>; 6 * 3],
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    /// Longest side of a texture, pixels.
    pub(super) longest_side: usize,
    /// The first thing that the driver refused, in its own words.
    trouble: Arc<OnceLock<String>>,
}

/// Makes compare views work in the window of `ctx`; `None` (no graphics card, no software one either) makes them say so.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    let gpu = render_state.map(|state| Arc::new(Gpu::new(state, ctx)));
    ctx.data_mut(|data| data.insert_temp(Id::unique("compare gpu"), gpu));
}

/// What `install` left in `ctx`.
pub(super) fn installed(ctx: &Context) -> Option<Arc<Gpu>> {
    ctx.data(|data| data.get_temp::<Option<Arc<Gpu>>>(Id::unique("compare gpu"))).flatten()
}

/// A picture as textures take it: RGBA, then half of it, and so on down to one pixel.
pub(super) struct Pyramid {
    /// Columns, rows and `4 * columns * rows` bytes a level.
    pub(super) levels: Vec<(u32, u32, Vec<u8>)>,
}

/// The textures of one pair; freed when the last view of it goes.
pub(super) struct PairTextures {
    uniforms: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    /// Columns of the larger of the two pictures.
    pub(super) columns: f32,
    /// Whether the greatest differences are there: the pictures are of one size.
    pub(super) has_greatest: bool,
}

impl Gpu {
    fn new(state: &RenderState, ctx: &Context) -> Self {
        let device = &state.device;
        let trouble = Arc::new(OnceLock::new());
        let (told, window) = (Arc::clone(&trouble), ctx.clone());
        // Unhandled, the first error would end the program, and an untold training with it.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            if told.set(error.to_string()).is_ok() {
                tracing::error!("the graphics driver refused: {error}");
                window.request_repaint();
            }
        }));
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("compare"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../../shaders/compare.wgsl").into()),
        });
        let entry = |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::VERTEX_FRAGMENT, ty, count: None };
        let picture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: true },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let uniforms =
            wgpu::BindingType::Buffer { ty: wgpu::BufferBindingType::Uniform, has_dynamic_offset: false, min_binding_size: None };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("compare"),
            entries: &[
                entry(0, uniforms),
                entry(1, picture),
                entry(2, picture),
                entry(3, picture),
                entry(4, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("compare"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("compare"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            mipmap_filter: wgpu::MipmapFilterMode::Nearest,
            ..Default::default()
        });
        Self {
            device: device.clone(),
            queue: state.queue.clone(),
            module,
            target: state.target_format,
            pipeline_layout,
            pipelines: Default::default(),
            layout,
            sampler,
            longest_side: device.limits().max_texture_dimension_2d as usize,
            trouble,
        }
    }

    /// What the driver refused, if it did; then nothing may be drawn with this.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }

    /// Makes the driver refuse something.
    #[cfg(test)]
    pub(super) fn refuse(&self) {
        let _ = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("nonsense"),
            source: wgpu::ShaderSource::Wgsl("fn nonsense(".into()),
        });
    }

    /// Makes what draws `view`; `trouble` says whether the driver took it.
    pub(super) fn make_ready(&self, view: &View) {
        self.pipeline(view);
    }

    fn pipeline(&self, view: &View) -> &wgpu::RenderPipeline {
        let (mode, fetch) = (view.mode.min(5), view.fetch as u32);
        self.pipelines[(mode * 3 + fetch) as usize].get_or_init(|| {
            let linear = f64::from(u8::from(self.target.is_srgb()));
            let constants = [("MODE", f64::from(mode)), ("FETCH", f64::from(fetch)), ("LINEAR", linear)];
            let fixed = || wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() };
            self.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some("compare"),
                layout: Some(&self.pipeline_layout),
                vertex: wgpu::VertexState { module: &self.module, entry_point: Some("vertex"), compilation_options: fixed(), buffers: &[] },
                primitive: wgpu::PrimitiveState::default(),
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &self.module,
                    entry_point: Some("fragment"),
                    compilation_options: fixed(),
                    targets: &[Some(self.target.into())],
                }),
                multiview_mask: None,
                cache: None,
            })
        })
    }

    /// Brings a pair onto the graphics card; may be called from any thread.
    pub(super) fn upload(&self, left: &Pyramid, right: &Pyramid, greatest: &Pyramid) -> PairTextures {
        let size = |pyramid: &Pyramid| pyramid.levels.first().map_or((1, 1), |level| (level.0, level.1));
        let columns = size(left).0.max(size(right).0) as f32;
        let has_greatest = size(left) == size(right);
        let [left, right, greatest] = [left, right, greatest].map(|pyramid| self.texture(pyramid));
        let uniforms = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("compare"),
            size: View::BYTES as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let bindings = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("compare"),
            layout: &self.layout,
            entries: &[
                entry(0, uniforms.as_entire_binding()),
                entry(1, wgpu::BindingResource::TextureView(&left)),
                entry(2, wgpu::BindingResource::TextureView(&right)),
                entry(3, wgpu::BindingResource::TextureView(&greatest)),
                entry(4, wgpu::BindingResource::Sampler(&self.sampler)),
            ],
        });
        PairTextures { uniforms, bindings, columns, has_greatest }
    }

    fn texture(&self, pyramid: &Pyramid) -> wgpu::TextureView {
        let extent = |width, height| wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let (width, height) = pyramid.levels.first().map_or((1, 1), |level| (level.0, level.1));
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("compare"),
            size: extent(width, height),
            mip_level_count: pyramid.levels.len().max(1) as u32,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        for (level, (width, height, bytes)) in pyramid.levels.iter().enumerate() {
            let place = wgpu::TexelCopyTextureInfo {
                texture: &texture,
                mip_level: level as u32,
                origin: wgpu::Origin3d::ZERO,
                aspect: wgpu::TextureAspect::All,
            };
            let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: Some(*height) };
            self.queue.write_texture(place, bytes, rows, extent(*width, *height));
        }
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    }
}

/// What the shader is told each frame; all but the last two fields stand in the same order in `View` of compare.wgsl.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Canvas, points.
    pub(super) size: Vec2,
    /// Middle of each pane, share of the picture.
    pub(super) centre: Vec2,
    /// Ground around the pictures.
    pub(super) well: Color32,
    /// The divider.
    pub(super) line: Color32,
    /// Columns and rows of the picture.
    pub(super) shape: Vec2,
    /// Points per pixel of the picture.
    pub(super) scale: f32,
    /// Points per pixel of the screen.
    pub(super) point: f32,
    /// Divider, share of the canvas.
    pub(super) swipe: f32,
    /// What differences are multiplied by.
    pub(super) gain: f32,
    /// Number of the channel, 0..3.
    pub(super) channel: u32,
    /// Whether blinking shows the right picture now.
    pub(super) right_only: bool,
    /// Width of the divider, points.
    pub(super) gap: f32,
    /// Number of the mode, 0..6; chooses the pipeline.
    pub(super) mode: u32,
    /// How textures are read; chooses the pipeline.
    pub(super) fetch: Fetch,
}

/// How the shader reads the pictures; the numbers are those of compare.wgsl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetch {
    /// Enlarged, each pixel a square.
    Squares = 0,
    /// Enlarged and blurred.
    Blurred = 1,
    /// Made smaller.
    Smaller = 2,
}

impl View {
    const BYTES: usize = 176;

    fn bytes(&self) -> Vec<u8> {
        let colour = |colour: Color32| [colour.r(), colour.g(), colour.b(), 255].map(|byte| f32::from(byte) / 255.0);
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let words = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        [
            floats(&[self.size.x, self.size.y, self.centre.x, self.centre.y]),
            floats(&colour(self.well)),
            floats(&colour(self.line)),
            floats(&[self.shape.x, self.shape.y, self.scale, self.point, self.swipe, self.gain]),
            words(&[self.channel, u32::from(self.right_only)]),
            // What follows is a row of vec4 and starts at a multiple of 16 bytes.
            floats(&[self.gap, 0.0, 0.0, 0.0]),
            floats(&HEAT.map(colour).concat()),
        ]
        .concat()
    }
}

struct Painting {
    gpu: Arc<Gpu>,
    pair: Arc<PairTextures>,
    view: View,
}

impl CallbackTrait for Painting {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        queue.write_buffer(&self.pair.uniforms, 0, &self.view.bytes());
        Vec::new()
    }

    fn paint(&self, _info: eframe::egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _resources: &CallbackResources) {
        pass.set_pipeline(self.gpu.pipeline(&self.view));
        pass.set_bind_group(0, &self.pair.bindings, &[]);
        pass.draw(0..3, 0..1);
    }
}

/// What draws `pair` in `rect` as `view` says.
pub(super) fn painting(rect: Rect, gpu: Arc<Gpu>, pair: Arc<PairTextures>, view: View) -> Shape {
    Shape::Callback(Callback::new_paint_callback(rect, Painting { gpu, pair, view }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uniforms_fill_their_buffer() {
        let view = View {
            size: Vec2::new(800.0, 600.0),
            centre: Vec2::splat(0.5),
            well: Color32::BLACK,
            line: Color32::WHITE,
            shape: Vec2::splat(32.0),
            scale: 8.0,
            point: 1.0,
            swipe: 0.5,
            gain: 5.0,
            channel: 2,
            right_only: false,
            gap: 2.0,
            mode: 3,
            fetch: Fetch::Squares,
        };
        let bytes = view.bytes();
        assert_eq!(bytes.len(), View::BYTES);
        assert_eq!(bytes[68..72], 5.0_f32.to_le_bytes());
        assert_eq!(bytes[72..76], 2_u32.to_le_bytes());
    }
}
