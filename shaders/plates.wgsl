// Pictures that lie side by side in one texture, each in a viewport of its own, on a software adapter: one read for each pixel, nothing
// blended. Colours go to the target as they are stored.

@group(0) @binding(0) var atlas: texture_2d<f32>;
// Columns and rows of one picture.
@group(0) @binding(1) var<uniform> size: vec4f;

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) place: vec2f,
    @location(1) @interpolate(flat) first: i32,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) picture: u32) -> Corner {
    // One triangle that covers the viewport and more.
    let share = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    var corner: Corner;
    corner.position = vec4f(share.x * 2.0 - 1.0, 1.0 - share.y * 2.0, 0.0, 1.0);
    corner.place = share * size.xy;
    corner.first = i32(picture) * i32(size.x);
    return corner;
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4f {
    let at = clamp(vec2i(floor(corner.place)), vec2i(0), vec2i(size.xy) - 1);
    return vec4f(textureLoad(atlas, at + vec2i(corner.first, 0), 0).rgb, 1.0);
}
