//! What a pair needs before it can be looked at: smaller copies, the greatest differences, and its figures.
//!
//! Small pairs are prepared at once, large ones on a thread of their own; the view draws on meanwhile.

use super::ComparePair;
use super::gpu::{Gpu, PairTextures, Pyramid};
use crate::app::text;
use crate::app::widgets::picture::{colour_image, reduced};
use crate::data::{Picture, Shape};
use crate::metrics as images;
use eframe::egui::{Context, Vec2};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Up to here preparing takes less than a frame, pixels.
const AT_ONCE: usize = 128 * 128;
/// Rows that SSIM looks at in one go, so that it needs little memory whatever the picture.
const BAND: usize = 256;
/// Rows and columns of SSIM's window less one: what bands must share.
const OVERLAP: usize = 10;

/// How alike the two pictures of a pair are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Peak signal-to-noise ratio, decibel; infinite for equal pictures.
    pub psnr_db: f64,
    /// Structural similarity, at most 1; `None` where the pictures are smaller than 11x11.
    pub ssim: Option<f64>,
    /// The largest difference of two values, 0..=255.
    pub max_difference: u8,
}

/// A pair on its way to the screen.
pub(super) struct Prepared {
    pair: ComparePair,
    /// Its textures, once they are there.
    pub(super) textures: OnceLock<Arc<PairTextures>>,
    /// Its figures, once they are known; the sentence says why they cannot be.
    pub(super) figures: OnceLock<Result<Figures, String>>,
    /// By how much it was made smaller for the graphics card, in words.
    pub(super) note: Option<String>,
    abandoned: AtomicBool,
}

impl Prepared {
    /// Whether this was made for the pictures of `pair`.
    pub(super) fn is_for(&self, pair: &ComparePair) -> bool {
        let same = |a: &Arc<Picture>, b: &Arc<Picture>| Arc::ptr_eq(a, b) || a == b;
        same(&self.pair.left, &pair.left) && same(&self.pair.right, &pair.right)
    }

    /// The measures of the first picture.
    pub(super) fn shape(&self) -> Shape {
        self.pair.left.shape
    }

    /// Tells a thread that still works on this pair to stop.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    fn work(&self, gpu: &Gpu, ctx: &Context) {
        let most = Vec2::splat(gpu.longest_side as f32);
        let [left, right] = [&self.pair.left, &self.pair.right].map(|picture| rgba(picture, most));
        let greatest = greatest_differences(&left, &right);
        if self.abandoned.load(Ordering::Relaxed) {
            return;
        }
        let _ = self.textures.set(Arc::new(gpu.upload(&means(left), &means(right), &greatest)));
        ctx.request_repaint();
        if let Some(figures) = figures(&self.pair.left, &self.pair.right, &self.abandoned) {
            let _ = self.figures.set(figures);
            ctx.request_repaint();
        }
    }
}

/// Starts preparing `pair`; what it fills is filled at once for small pairs.
pub(super) fn prepare(pair: &ComparePair, gpu: &Arc<Gpu>, ctx: &Context) -> Arc<Prepared> {
    let longest = [pair.left.shape, pair.right.shape].into_iter().map(|shape| shape.width.max(shape.height)).max().unwrap_or(0);
    let note = (longest > gpu.longest_side).then(|| text::shown_smaller(gpu.longest_side));
    let prepared = Arc::new(Prepared {
        pair: pair.clone(),
        textures: OnceLock::new(),
        figures: OnceLock::new(),
        note,
        abandoned: AtomicBool::new(false),
    });
    let area = |shape: Shape| shape.width * shape.height;
    if area(pair.left.shape).max(area(pair.right.shape)) <= AT_ONCE {
        prepared.work(gpu, ctx);
        return prepared;
    }
    let (theirs, gpu_, ctx_) = (Arc::clone(&prepared), Arc::clone(gpu), ctx.clone());
    let started = std::thread::Builder::new().name("compare".into()).spawn(move || {
        let_the_window_go_first();
        theirs.work(&gpu_, &ctx_);
    });
    if started.is_err() {
        prepared.work(gpu, ctx);
    }
    prepared
}

/// Lowers the priority of the calling thread where the system does so by thread.
fn let_the_window_go_first() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!("the priority stays as it is: {error}");
    }
}

type Level = (u32, u32, Vec<u8>);

fn rgba(picture: &Picture, most: Vec2) -> Level {
    let size = reduced(picture, most);
    let image = colour_image(picture, size);
    let bytes = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    (size[0] as u32, size[1] as u32, bytes)
}

/// Half the size, each pixel made by `fold` from those it covers (one to three a side), channel by channel.
fn halved(level: &Level, fold: impl Fn(&[u8]) -> u8) -> Level {
    let (width, height, bytes) = level;
    let (half_width, half_height) = ((width / 2).max(1), (height / 2).max(1));
    let covered = |i: u32, whole: u32, parts: u32| (i * whole / parts) as usize..((i + 1) * whole).div_ceil(parts) as usize;
    let mut half = vec![0; 4 * (half_width * half_height) as usize];
    for (y, line) in half.chunks_exact_mut(4 * half_width as usize).enumerate() {
        let rows = covered(y as u32, *height, half_height);
        for (x, pixel) in line.chunks_exact_mut(4).enumerate() {
            let columns = covered(x as u32, *width, half_width);
            for (channel, value) in pixel.iter_mut().enumerate() {
                let (mut values, mut count) = ([0; 9], 0);
                for row in rows.clone() {
                    for column in columns.clone() {
                        values[count] = bytes[4 * (row * *width as usize + column) + channel];
                        count += 1;
                    }
                }
                *value = fold(&values[..count]);
            }
        }
    }
    (half_width, half_height, half)
}

fn pyramid(base: Level, fold: impl Fn(&[u8]) -> u8) -> Pyramid {
    let mut levels = vec![base];
    while let Some(last) = levels.last().filter(|level| level.0 > 1 || level.1 > 1) {
        let next = halved(last, &fold);
        levels.push(next);
    }
    Pyramid { levels }
}

fn means(base: Level) -> Pyramid {
    pyramid(base, |values| {
        let sum: usize = values.iter().map(|&value| usize::from(value)).sum();
        ((sum + values.len() / 2) / values.len().max(1)) as u8
    })
}

/// From half size downwards the greatest difference of all pixels that one covers, so that a single changed pixel is seen however
/// small the picture is drawn. One pixel where the pictures differ in size.
fn greatest_differences(left: &Level, right: &Level) -> Pyramid {
    if (left.0, left.1) != (right.0, right.1) {
        return Pyramid { levels: vec![(1, 1, vec![0; 4])] };
    }
    let apart = left.2.iter().zip(&right.2).map(|(a, b)| a.abs_diff(*b)).collect();
    let greatest = |values: &[u8]| values.iter().copied().max().unwrap_or(0);
    pyramid(halved(&(left.0, left.1, apart), greatest), greatest)
}

/// `None` when abandoned.
fn figures(left: &Picture, right: &Picture, abandoned: &AtomicBool) -> Option<Result<Figures, String>> {
    let simple = || -> Result<(f64, u8), images::MetricError> { Ok((images::psnr(left, right)?, images::max_difference(left, right)?)) };
    match simple() {
        Ok((psnr_db, max_difference)) => Some(Ok(Figures { psnr_db, max_difference, ssim: ssim(left, right, abandoned)? })),
        Err(error) => Some(Err(error.to_string())),
    }
}

/// SSIM band by band: the mean over all windows, `Some(None)` where there is none, `None` when abandoned.
fn ssim(left: &Picture, right: &Picture, abandoned: &AtomicBool) -> Option<Option<f64>> {
    let windows = left.shape.height.saturating_sub(OVERLAP);
    let (mut sum, mut start) = (0.0, 0);
    while start < windows {
        if abandoned.load(Ordering::Relaxed) {
            return None;
        }
        let count = BAND.min(windows - start);
        let rows = start..start + count + OVERLAP;
        match images::ssim(&band(left, rows.clone()), &band(right, rows)) {
            Ok(mean) => sum += mean * count as f64,
            Err(_) => return Some(None),
        }
        start += count;
    }
    Some((windows > 0).then(|| sum / windows as f64))
}

fn band(picture: &Picture, rows: std::ops::Range<usize>) -> Picture {
    let Shape { channels, height, width } = picture.shape;
    let plane = |channel: usize| &picture.planes[(channel * height + rows.start) * width..(channel * height + rows.end) * width];
    let planes = (0..channels).flat_map(plane).copied().collect();
    Picture { shape: Shape { channels, height: rows.len(), width }, planes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(channels: usize, height: usize, width: usize, value: impl Fn(usize) -> u8) -> Picture {
        let shape = Shape { channels, height, width };
        Picture { shape, planes: (0..shape.len()).map(value).collect() }
    }

    #[test]
    fn ssim_in_bands_is_ssim() {
        let a = picture(3, 600, 20, |i| (i * 37 % 251) as u8);
        let b = picture(3, 600, 20, |i| (i * 37 % 251 / 2 + i % 7) as u8);
        let whole = images::ssim(&a, &b).unwrap();
        let banded = ssim(&a, &b, &AtomicBool::new(false)).unwrap().unwrap();
        assert!((whole - banded).abs() < 1e-12, "{whole} {banded}");
        assert_eq!(ssim(&a, &b, &AtomicBool::new(true)), None);
        let small = picture(1, 8, 8, |_| 3);
        assert_eq!(ssim(&small, &small, &AtomicBool::new(false)), Some(None));
    }

    #[test]
    fn one_changed_pixel_survives_every_halving() {
        let a = picture(1, 37, 53, |_| 100);
        let mut b = a.clone();
        b.planes[36 * 53 + 52] = 109;
        let most = Vec2::splat(4096.0);
        let greatest = greatest_differences(&rgba(&a, most), &rgba(&b, most));
        assert_eq!((greatest.levels[0].0, greatest.levels[0].1), (26, 18));
        for (width, height, bytes) in &greatest.levels {
            assert_eq!(bytes.iter().max(), Some(&9), "{width}x{height}");
        }
        assert_eq!(greatest.levels.last().map(|level| (level.0, level.1)), Some((1, 1)));
    }

    #[test]
    fn levels_are_as_many_and_as_large_as_textures_want() {
        let levels = means((5, 3, vec![40; 60])).levels;
        assert_eq!(levels.iter().map(|level| (level.0, level.1, level.2.len())).collect::<Vec<_>>(), [(5, 3, 60), (2, 1, 8), (1, 1, 4)]);
        assert!(levels.iter().all(|level| level.2.iter().all(|&byte| byte == 40)));
    }
}
