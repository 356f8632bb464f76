//! SVG drawings become pixels, without ever loading another file and without letting a hostile drawing take all time or memory.

use super::{Picture, PictureError, Shape};
use resvg::tiny_skia;
use resvg::usvg::{self, fontdb, roxmltree};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

/// Elements of a drawing, counting those that `use` repeats.
const MAX_ELEMENTS: u64 = 100_000;
/// A drawing that takes longer is given up; its thread ends by itself and its result is dropped.
const MAX_TIME: Duration = Duration::from_secs(5);
/// Elements inside elements, counting those that `use` repeats.
const MAX_NESTING: usize = 1000;
/// Room for drawings nested so deeply.
const STACK: usize = 64 << 20;
/// The font that is there on every computer.
const OWN_FONT: &str = "Ubuntu";
/// Octaves of a noise filter; more than ten cannot be seen.
const MAX_OCTAVES: f64 = 16.0;

/// Draws an SVG over `background` so that its longer side has `side` pixels. Colour, `[3, height, width]`.
///
/// # Errors
/// A drawing that is none, that wants other files, or that is too complicated.
pub fn draw(bytes: &[u8], background: [u8; 3], side: u32) -> Result<Picture, PictureError> {
    draw_within(bytes, background, side, MAX_TIME)
}

fn draw_within(bytes: &[u8], background: [u8; 3], side: u32, time: Duration) -> Result<Picture, PictureError> {
    let bytes = bytes.to_vec();
    let (send, receive) = mpsc::channel();
    std::thread::Builder::new()
        .name("svg".into())
        .stack_size(STACK)
        .spawn(move || {
            // The receiver is gone when the time was up.
            let _ = send.send(draw_now(&bytes, background, side));
        })
        .map_err(|e| PictureError::BadDrawing(e.to_string()))?;
    match receive.recv_timeout(time) {
        Ok(drawn) => drawn,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(PictureError::TooComplicated),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(PictureError::BadDrawing("its drawing gave up".into())),
    }
}

fn draw_now(bytes: &[u8], background: [u8; 3], side: u32) -> Result<Picture, PictureError> {
    let bad = |e: &dyn std::fmt::Display| PictureError::BadDrawing(e.to_string());
    let text = std::str::from_utf8(bytes).map_err(|e| bad(&e))?;
    let parsing = roxmltree::ParsingOptions { allow_dtd: true, nodes_limit: 10 * MAX_ELEMENTS as u32, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, parsing).map_err(|e| bad(&e))?;
    check(&document)?;

    let mut options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) },
        ..Default::default()
    };
    if document.descendants().any(|node| node.has_tag_name("text") || node.tag_name().name() == "text") {
        options.fontdb = fonts();
    }
    let tree = usvg::Tree::from_xmltree(&document, &options).map_err(|e| bad(&e))?;
    let size = tree.size();
    let scale = side as f32 / size.width().max(size.height());
    let measure = |length: f32| ((length * scale).round() as u32).clamp(1, side);
    let (width, height) = (measure(size.width()), measure(size.height()));
    let mut canvas = tiny_skia::Pixmap::new(width, height).ok_or(PictureError::TooComplicated)?;
    let [red, green, blue] = background;
    canvas.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut canvas.as_mut());

    let (height, width) = (height as usize, width as usize);
    let planes = (0..3).flat_map(|c| canvas.data().iter().skip(c).step_by(4).copied()).collect();
    Ok(Picture { shape: Shape { channels: 3, height, width }, planes })
}

/// Refuses pictures from elsewhere, and repetition of repetition that would grow beyond all measure.
fn check(document: &roxmltree::Document<'_>) -> Result<(), PictureError> {
    let foreign = |tag: &str| matches!(tag, "image" | "feImage");
    if document.descendants().any(|node| foreign(node.tag_name().name())) {
        return Err(PictureError::External);
    }
    let octaves = |node: roxmltree::Node<'_, '_>| node.attribute("numOctaves").and_then(|text| text.trim().parse::<f64>().ok());
    if document.descendants().filter_map(octaves).any(|octaves| octaves > MAX_OCTAVES) {
        return Err(PictureError::TooComplicated);
    }
    let ids: HashMap<&str, roxmltree::Node<'_, '_>> =
        document.descendants().filter_map(|node| Some((node.attribute("id")?, node))).collect();
    let mut known = HashMap::new();
    if weight(document.root(), &ids, &mut known, &mut HashSet::new()) > MAX_ELEMENTS {
        return Err(PictureError::TooComplicated);
    }
    Ok(())
}

/// Elements that a node becomes when every `use` in it is replaced by what it repeats. Circles count as
/// nothing, too deep nesting as endless.
fn weight<'a, 'input>(
    node: roxmltree::Node<'a, 'input>,
    ids: &HashMap<&'a str, roxmltree::Node<'a, 'input>>,
    known: &mut HashMap<roxmltree::NodeId, u64>,
    open: &mut HashSet<roxmltree::NodeId>,
) -> u64 {
    if let Some(&weight) = known.get(&node.id()) {
        return weight;
    }
    if open.len() > MAX_NESTING {
        return u64::MAX;
    }
    if !open.insert(node.id()) {
        return 0;
    }
    let mut sum = 1u64;
    for child in node.children().filter(|child| child.is_element()) {
        sum = sum.saturating_add(weight(child, ids, known, open));
    }
    if node.tag_name().name() == "use" {
        let target = node.attributes().find(|a| a.name() == "href").and_then(|a| ids.get(a.value().trim().strip_prefix('#')?));
        if let Some(target) = target {
            sum = sum.saturating_add(weight(*target, ids, known, open));
        }
    }
    open.remove(&node.id());
    known.insert(node.id(), sum);
    sum
}

/// The fonts of this computer, read once and only when a drawing has text; and the program's own, Ubuntu, which stands for all others where
/// there are none.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let is_bare = fonts.is_empty();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        if is_bare {
            fonts.set_sans_serif_family(OWN_FONT);
            fonts.set_serif_family(OWN_FONT);
        }
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn noise(octaves: u32, repeats: usize) -> String {
        let noise = format!("<feTurbulence baseFrequency='0.01' numOctaves='{octaves}'/>").repeat(repeats);
        let body = format!("<filter id='f' x='0' y='0' width='1' height='1'>{noise}</filter><rect width='9' height='9' filter='url(#f)'/>");
        format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{body}</svg>")
    }

    #[test]
    fn a_drawing_that_takes_too_long_is_given_up() {
        let start = Instant::now();
        let drawn = draw_within(noise(10, 30).as_bytes(), [255; 3], 512, Duration::from_millis(50));
        assert_eq!(drawn, Err(PictureError::TooComplicated));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn noise_without_end_is_refused_before_drawing() {
        assert_eq!(draw(noise(1_000_000_000, 1).as_bytes(), [255; 3], 512), Err(PictureError::TooComplicated));
        assert!(draw(noise(3, 1).as_bytes(), [255; 3], 64).is_ok());
    }
}
