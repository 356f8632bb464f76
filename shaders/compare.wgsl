// The compare view: two pictures on one canvas in six ways. Colours are worked on as stored (gamma), as the figures are.
//
// Bindings: 0 uniforms, 1 left, 2 right, 3 greatest differences (from half size downwards), 4 linear sampler.

struct View {
    // Canvas, points.
    size: vec2f,
    // The place of the picture that is in the middle of each pane, share of its sides.
    centre: vec2f,
    // Ground around the pictures, and the divider.
    well: vec4f,
    line: vec4f,
    // The picture's columns and rows.
    shape: vec2f,
    // Points per pixel of the picture, and per pixel of the screen.
    scale: f32,
    point: f32,
    // Divider of the swipe, share of the canvas.
    swipe: f32,
    gain: f32,
    channel: u32,
    right_only: u32,
    gap: f32,
    heat: array<vec4f, 5>,
}

// Fixed when the pipeline is made, so that a software adapter, which walks every branch, walks only those that are needed.
override MODE: u32 = 0u;
override FETCH: u32 = 0u;
// Whether the target turns what it is given into gamma.
override LINEAR: u32 = 0u;

const SIDE_BY_SIDE: u32 = 0u;
const SWIPE: u32 = 1u;
const BLINK: u32 = 2u;
const DIFFERENCE: u32 = 3u;
const HEAT: u32 = 4u;
const CHANNEL: u32 = 5u;

// Enlarged with square pixels, enlarged and blurred, or made smaller.
const SQUARES: u32 = 0u;
const BLURRED: u32 = 1u;
const SMALLER: u32 = 2u;

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var left: texture_2d<f32>;
@group(0) @binding(2) var right: texture_2d<f32>;
@group(0) @binding(3) var greatest: texture_2d<f32>;
@group(0) @binding(4) var smooth_sampler: sampler;

struct Corner {
    @builtin(position) position: vec4f,
    // Points from the canvas's top left.
    @location(0) place: vec2f,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Corner {
    // One triangle that covers the canvas.
    let share = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    var corner: Corner;
    corner.position = vec4f(share.x * 2.0 - 1.0, 1.0 - share.y * 2.0, 0.0, 1.0);
    corner.place = share * view.size;
    return corner;
}

// Which share of the picture lies at `place` in a pane that runs from `first` to `last` across the canvas, points.
fn share_at(place: vec2f, first: f32, last: f32) -> vec2f {
    let middle = vec2f((first + last) * 0.5, view.size.y * 0.5);
    return view.centre + (place - middle) / (view.scale * view.shape);
}

fn inside(share: vec2f) -> bool {
    return all(share >= vec2f(0.0)) && all(share < vec2f(1.0));
}

// How many halvings make a pixel of a texture of `texels` columns as large as a pixel of the screen; negative when enlarged.
fn halvings(texels: u32) -> f32 {
    return log2(f32(texels) * view.point / (view.scale * view.shape.x));
}

// Levels are signed: in OpenGL, which draws where Vulkan is missing, an unsigned one does not compile.
fn texel(picture: texture_2d<f32>, share: vec2f, level: i32) -> vec3f {
    let size = vec2f(textureDimensions(picture, level));
    let at = clamp(vec2i(floor(share * size)), vec2i(0), vec2i(size) - 1);
    return textureLoad(picture, at, level).rgb;
}

fn colour(picture: texture_2d<f32>, share: vec2f) -> vec3f {
    if FETCH == SQUARES {
        return texel(picture, share, 0i);
    }
    var level = 0.0;
    if FETCH == SMALLER {
        level = max(halvings(textureDimensions(picture).x), 0.0);
    }
    return textureSampleLevel(picture, smooth_sampler, share, level).rgb;
}

fn difference(share: vec2f) -> vec3f {
    if FETCH == SMALLER {
        let level = max(ceil(halvings(textureDimensions(left).x)) - 1.0, 0.0);
        return texel(greatest, share, min(i32(level), i32(textureNumLevels(greatest)) - 1));
    }
    return abs(colour(left, share) - colour(right, share));
}

fn heat(amount: f32) -> vec3f {
    let place = clamp(amount, 0.0, 1.0) * 4.0;
    let below = min(u32(place), 3u);
    return mix(view.heat[below].rgb, view.heat[below + 1u].rgb, place - f32(below));
}

fn side_by_side(place: vec2f) -> vec3f {
    let middle = view.size.x * 0.5;
    let on_right = place.x >= middle;
    let share = share_at(place, select(0.0, middle, on_right), select(middle, view.size.x, on_right));
    var shown = select(colour(left, share), colour(right, share), on_right);
    if MODE == CHANNEL {
        shown = vec3f(shown[view.channel]);
    }
    shown = select(view.well.rgb, shown, inside(share));
    return select(shown, view.line.rgb, abs(place.x - middle) < view.gap * 0.5);
}

fn laid_over(place: vec2f) -> vec3f {
    let share = share_at(place, 0.0, view.size.x);
    var shown: vec3f;
    if MODE == SWIPE || MODE == BLINK {
        var on_right = view.right_only == 1u;
        if MODE == SWIPE {
            on_right = place.x >= view.swipe * view.size.x;
        }
        shown = select(colour(left, share), colour(right, share), on_right);
    } else {
        let apart = difference(share) * view.gain;
        if MODE == DIFFERENCE {
            shown = apart;
        } else {
            shown = heat(max(apart.r, max(apart.g, apart.b)));
        }
    }
    shown = select(view.well.rgb, shown, inside(share));
    let at_divider = MODE == SWIPE && abs(place.x - view.swipe * view.size.x) < view.gap * 0.5;
    return select(shown, view.line.rgb, at_divider);
}

fn seen(place: vec2f) -> vec3f {
    if MODE == SIDE_BY_SIDE || MODE == CHANNEL {
        return side_by_side(place);
    }
    return laid_over(place);
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4f {
    let rgb = clamp(seen(corner.place), vec3f(0.0), vec3f(1.0));
    if LINEAR == 1u {
        let low = rgb / 12.92;
        let high = pow((rgb + 0.055) / 1.055, vec3f(2.4));
        return vec4f(select(high, low, rgb <= vec3f(0.04045)), 1.0);
    }
    return vec4f(rgb, 1.0);
}
