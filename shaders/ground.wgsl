// One colour over the whole viewport: the large surfaces of the window on a software adapter.

override RED: f32;
override GREEN: f32;
override BLUE: f32;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    // One triangle that covers the viewport and more.
    let corner = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4f(corner * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment() -> @location(0) vec4f {
    return vec4f(RED, GREEN, BLUE, 1.0);
}
