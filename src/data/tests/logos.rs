//! Logos from every kind of file, and drawings that mean harm.

use super::*;
use crate::data::logo::{Fit, Logo, LogoOptions};
use crate::data::{PictureError, sample_logos};
use std::time::Instant;

const GREY28: Shape = Shape { channels: 1, height: 28, width: 28 };

fn svg(body: &str) -> Vec<u8> {
    format!("<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 100 50'>{body}</svg>")
        .into_bytes()
}

fn logo(bytes: &[u8], options: LogoOptions) -> Result<Logo, PictureError> {
    Logo::from_bytes("x", bytes, &options)
}

fn pixel(logo: &Logo, x: usize, y: usize) -> [u8; 3] {
    let side = logo.picture.shape.width;
    [0, 1, 2].map(|c| logo.picture.planes[(c * side + y) * side + x])
}

#[test]
fn drawings_are_fitted_filled_padded_and_inverted() {
    let wide = svg("<rect width='100' height='50' fill='#ff0000'/>");
    let fit = logo(&wide, LogoOptions { background: [0, 0, 255], ..Default::default() }).unwrap();
    assert_eq!((pixel(&fit, 256, 256), pixel(&fit, 256, 10)), ([255, 0, 0], [0, 0, 255]));
    let fill = logo(&wide, LogoOptions { fit: Fit::Fill, ..Default::default() }).unwrap();
    assert_eq!(pixel(&fill, 256, 10), [255, 0, 0]);
    let padded = logo(&wide, LogoOptions { fit: Fit::Fill, padding: 25, ..Default::default() }).unwrap();
    assert_eq!((pixel(&padded, 120, 256), pixel(&padded, 136, 256)), ([255; 3], [255, 0, 0]));
    let inverted = logo(&wide, LogoOptions { fit: Fit::Fill, invert: true, ..Default::default() }).unwrap();
    assert_eq!(pixel(&inverted, 256, 256), [0, 255, 255]);
    let digests = [&fit, &fill, &padded, &inverted].map(|l| l.digest.clone());
    assert!(digests.iter().enumerate().all(|(i, d)| d.len() == 64 && !digests[..i].contains(d)));
    assert_eq!(Logo::from_picture("y", fit.picture.clone()).digest, fit.digest);
}

#[test]
fn transparent_places_show_the_background() {
    let clear = image::RgbaImage::from_fn(40, 40, |x, _| image::Rgba([0, 0, 0, if x < 20 { 255 } else { 0 }]));
    let mut png = std::io::Cursor::new(Vec::new());
    clear.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let logo = logo(&png.into_inner(), LogoOptions { background: [10, 200, 30], ..Default::default() }).unwrap();
    assert_eq!((pixel(&logo, 5, 20), pixel(&logo, 35, 20)), ([0; 3], [10, 200, 30]));
    let seen = logo.at(GREY28);
    assert_eq!((seen.shape, seen.planes[14 * 28 + 2], seen.planes[14 * 28 + 25]), (GREY28, 0, 124));
}

#[test]
fn huge_pictures_end_at_512() {
    let big = picture(3, 700, 1400, 1).to_png().unwrap();
    assert_eq!(logo(&big, LogoOptions::default()).unwrap().picture.shape, Shape { channels: 3, height: 512, width: 512 });
}

#[test]
fn text_is_drawn_with_the_fonts_of_the_system() {
    let text = logo(&svg("<text x='5' y='40' font-size='40' font-family='sans-serif'>AB</text>"), LogoOptions::default()).unwrap();
    if text.warnings(GREY28).iter().any(|w| w.contains("single colour")) {
        println!("skipped: this system has no font");
    }
    assert_eq!(text.picture.shape.width, 512);
}

#[test]
fn empty_one_coloured_and_equally_bright_logos_are_warned_of() {
    let warned = |body: &str, shape: Shape| logo(&svg(body), LogoOptions::default()).unwrap().warnings(shape).join(" ");
    let colour = Shape { channels: 3, ..GREY28 };
    assert!(warned("", GREY28).contains("single colour"));
    assert!(warned("<circle cx='50' cy='25' r='20' fill='white'/>", GREY28).contains("single colour"));
    let equal = "<rect y='-25' width='100' height='100' fill='rgb(200,100,0)'/><rect y='-25' width='50' height='100' fill='rgb(0,202,0)'/>";
    let square = |channels| {
        let bytes = format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 50 50'>{equal}</svg>");
        let bytes = bytes.replace("y='-25' width='50'", "width='25'");
        logo(bytes.as_bytes(), LogoOptions::default()).unwrap().warnings(Shape { channels, ..GREY28 }).join(" ")
    };
    assert!(square(1).contains("In grey"), "{}", square(1));
    assert_eq!(square(3), "");
    let lines: String = (0..50).map(|i| format!("<rect x='{}' width='1' height='50'/>", i * 2)).collect();
    assert!(!warned(&lines, colour).is_empty());
    let fine: String = (0..120).map(|i| format!("<circle cx='{}' cy='{}' r='1'/>", (i * 37) % 100, (i * 23) % 50)).collect();
    assert!(warned(&fine, GREY28).contains("too little"), "{}", warned(&fine, GREY28));
    for (name, bytes) in sample_logos() {
        assert!(logo(bytes, LogoOptions::default()).unwrap().warnings(GREY28).is_empty(), "{name}");
    }
}

#[test]
fn drawings_that_reach_outside_are_refused() {
    for body in [
        "<image href='file:///etc/passwd' width='10' height='10'/>",
        "<image xlink:href='http://localhost/x.png' width='10' height='10'/>",
        "<filter id='f'><feImage href='other.png'/></filter><rect filter='url(#f)' width='9' height='9'/>",
    ] {
        assert_eq!(logo(&svg(body), LogoOptions::default()), Err(PictureError::External), "{body}");
    }
    let entity = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><text>&x;</text></svg>";
    assert!(logo(entity, LogoOptions::default()).is_err());
}

#[test]
fn drawings_that_grow_without_end_are_refused_soon() {
    let start = Instant::now();
    let mut uses = "<g id='g0'><rect width='1' height='1'/></g>".to_string();
    for i in 1..12 {
        let repeated = format!("<use href='#g{}'/>", i - 1).repeat(10);
        uses += &format!("<g id='g{i}'>{repeated}</g>");
    }
    assert_eq!(logo(&svg(&uses), LogoOptions::default()), Err(PictureError::TooComplicated));
    let mut laughs = "<!DOCTYPE svg [<!ENTITY a0 '<rect/>'>".to_string();
    (1..12).for_each(|i| laughs += &format!("<!ENTITY a{i} '{}'>", format!("&a{};", i - 1).repeat(10)));
    let laughs = format!("{laughs}]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>&a11;</svg>");
    assert!(logo(laughs.as_bytes(), LogoOptions::default()).is_err());
    let circle = svg("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>");
    let _ = logo(&circle, LogoOptions::default());
    for depth in [900, 5_000, 900_000] {
        let deep = format!("{}{}", "<g>".repeat(depth), "</g>".repeat(depth));
        assert_eq!(logo(&svg(&deep), LogoOptions::default()).is_ok(), depth < 1_000, "{depth} deep");
    }
    let giant = b"<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'><rect width='5e8' height='1e9'/></svg>";
    assert_eq!(logo(giant, LogoOptions::default()).unwrap().picture.shape.width, 512);
    let thin = b"<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1'><rect width='5e8' height='1'/></svg>";
    assert!(logo(thin, LogoOptions::default()).is_ok());
    assert!(start.elapsed().as_secs() < 30);
    let mut long = svg("");
    long.extend(vec![b' '; crate::data::logo::MAX_SVG_BYTES as usize]);
    assert!(matches!(logo(&long, LogoOptions::default()), Err(PictureError::TooManyBytes { .. })));
}
