//! How alike two 8-bit pictures are. All functions take pictures of one shape and a data range of 255.
//!
//! SSIM and MS-SSIM use the `valid` border: only windows that lie wholly inside the picture count.

use crate::data::{Picture, Shape};

/// Largest value of a pixel.
const RANGE: f64 = 255.0;
/// Side of the Gaussian window of SSIM, pixels.
const WINDOW: usize = 11;
/// Standard deviation of that window, pixels.
const SIGMA: f64 = 1.5;
/// SSIM's constant for the means, (K1 · range)².
const C1: f64 = (0.01 * RANGE) * (0.01 * RANGE);
/// SSIM's constant for the variances, (K2 · range)².
const C2: f64 = (0.03 * RANGE) * (0.03 * RANGE);
/// Weights of MS-SSIM's five scales, the finest first (Wang, Simoncelli and Bovik 2003).
const SCALES: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// Why two pictures cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// The pictures differ in size or channels.
    #[error("The pictures cannot be compared: the first is {first}, the second {second}. Choose two of the same size and kind.")]
    Shapes {
        /// Shape of the first picture.
        first: Shape,
        /// Shape of the second picture.
        second: Shape,
    },
    /// A picture without pixels, or one whose bytes do not fill its shape.
    #[error("A picture of {shape} holds {bytes} values instead of {}. It may be empty or cut off.", .shape.len())]
    Malformed {
        /// What the picture says it is.
        shape: Shape,
        /// How many bytes it has.
        bytes: usize,
    },
    /// Too small for one window of SSIM.
    #[error("A picture of {0} is too small for SSIM, which needs at least 11x11 pixels.")]
    TooSmall(Shape),
}

/// Peak signal-to-noise ratio in decibel over all pixels and channels; infinite for equal pictures.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn psnr(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check(a, b)?;
    let squares: u64 = a.planes.iter().zip(&b.planes).map(|(&x, &y)| u64::from(x.abs_diff(y)).pow(2)).sum();
    let mse = squares as f64 / a.planes.len() as f64;
    Ok(if squares == 0 { f64::INFINITY } else { 10.0 * (RANGE * RANGE / mse).log10() })
}

/// Structural similarity, at most 1: Gaussian window 11x11 with sigma 1.5, K1 = .01, K2 = .03, population covariance, `valid`
/// border, mean over windows and channels. The same as scikit-image's with `gaussian_weights=True, use_sample_covariance=False`.
///
/// # Errors
/// Pictures of different shapes, without pixels, or smaller than 11x11.
pub fn ssim(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check_windows(a, b)?;
    let kernel = gaussian();
    let sum: f64 = channels(a, b).map(|(x, y)| similarity(&x, &y, &kernel).whole).sum();
    Ok(sum / a.shape.channels as f64)
}

/// Multi-scale SSIM, 0..=1, with the five standard weights, `valid` border, halving by the mean of 2x2 pixels (an odd last row or
/// column is dropped), mean over channels. A negative contrast term counts as 0.
///
/// A picture too small for five scales (shorter side below 176 pixels) is compared at as many scales as still hold an 11x11
/// window, at least one, with their weights scaled to the sum 1: 28x28 and 32x32 pictures get two scales.
///
/// # Errors
/// Pictures of different shapes, without pixels, or smaller than 11x11.
pub fn ms_ssim(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check_windows(a, b)?;
    let shorter = a.shape.height.min(a.shape.width);
    let scales = (1..=SCALES.len()).rev().find(|&n| shorter >> (n - 1) >= WINDOW).unwrap_or(1);
    let total: f64 = SCALES[..scales].iter().sum();
    let kernel = gaussian();
    let sum: f64 = channels(a, b)
        .map(|(mut x, mut y)| {
            let mut product = 1.0;
            for (scale, weight) in SCALES[..scales].iter().enumerate() {
                if scale > 0 {
                    (x, y) = (x.halved(), y.halved());
                }
                let found = similarity(&x, &y, &kernel);
                let term: f64 = if scale + 1 == scales { found.whole } else { found.contrast };
                product *= term.max(0.0).powf(weight / total);
            }
            product
        })
        .sum();
    Ok(sum / a.shape.channels as f64)
}

fn mean(picture: &Picture) -> f64 {
    picture.planes.iter().map(|&v| u64::from(v)).sum::<u64>() as f64 / picture.planes.len() as f64
}

/// Zero-mean normalised correlation over all pixels and channels, -1..=1; 0 where a picture has one value only.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn nc(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check(a, b)?;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.planes.iter().zip(&b.planes) {
        let (x, y) = (f64::from(x) - mean_a, f64::from(y) - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if is_flat(a) || is_flat(b) {
        return Ok(0.0);
    }
    Ok((ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0))
}

/// Normalised correlation of the values as they are, 0..=1; 0 where a picture is black all over. Two bright pictures always score high:
/// [`nc`] says more.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn plain_nc(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check(a, b)?;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.planes.iter().zip(&b.planes) {
        let (x, y) = (f64::from(x), f64::from(y));
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    Ok(if aa * bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 })
}

/// How much of `b`'s contrast `a` has where it follows `b`: the slope of the line that foretells `a`'s values from `b`'s. 1 for equal
/// pictures, 0 for unrelated ones; 0 where `b` has one value only. [`nc`] does not change with contrast: a hardly visible ghost of `b` has
/// an nc of 1.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn contrast(a: &Picture, b: &Picture) -> Result<f64, MetricError> {
    check(a, b)?;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut bb) = (0.0, 0.0);
    for (&x, &y) in a.planes.iter().zip(&b.planes) {
        let y = f64::from(y) - mean_b;
        ab += (f64::from(x) - mean_a) * y;
        bb += y * y;
    }
    Ok(if is_flat(b) { 0.0 } else { ab / bb })
}

/// Shannon entropy of a picture's values, all channels pooled, 0..=8 bit.
///
/// # Errors
/// A picture without pixels.
pub fn entropy(picture: &Picture) -> Result<f64, MetricError> {
    check(picture, picture)?;
    let mut counts = [0u64; 256];
    for &value in &picture.planes {
        counts[usize::from(value)] += 1;
    }
    let n = picture.planes.len() as f64;
    let shares = counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n);
    Ok(shares.map(|p| p * (1.0 / p).log2()).sum())
}

/// Entropy of `marked` over that of `original`. Where the original has one value only: 1 if the other has too, else infinite.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn entropy_ratio(original: &Picture, marked: &Picture) -> Result<f64, MetricError> {
    check(original, marked)?;
    let (before, after) = (entropy(original)?, entropy(marked)?);
    Ok(if before == after { 1.0 } else { after / before })
}

/// The largest difference of any two pixels at one place, 0..=255.
///
/// # Errors
/// Pictures of different shapes or without pixels.
pub fn max_difference(a: &Picture, b: &Picture) -> Result<u8, MetricError> {
    check(a, b)?;
    Ok(a.planes.iter().zip(&b.planes).map(|(&x, &y)| x.abs_diff(y)).max().unwrap_or(0))
}

fn check(a: &Picture, b: &Picture) -> Result<(), MetricError> {
    if a.shape != b.shape {
        return Err(MetricError::Shapes { first: a.shape, second: b.shape });
    }
    match [a, b].into_iter().find(|p| p.shape.is_empty() || p.planes.len() != p.shape.len()) {
        Some(bad) => Err(MetricError::Malformed { shape: bad.shape, bytes: bad.planes.len() }),
        None => Ok(()),
    }
}

fn check_windows(a: &Picture, b: &Picture) -> Result<(), MetricError> {
    check(a, b)?;
    if a.shape.height.min(a.shape.width) < WINDOW { Err(MetricError::TooSmall(a.shape)) } else { Ok(()) }
}

fn is_flat(picture: &Picture) -> bool {
    picture.planes.iter().all(|v| Some(v) == picture.planes.first())
}

/// One channel as numbers, row by row.
struct Plane {
    height: usize,
    width: usize,
    values: Vec<f64>,
}

impl Plane {
    /// The mean of each 2x2 block.
    fn halved(&self) -> Plane {
        let (height, width) = (self.height / 2, self.width / 2);
        let mut values = Vec::with_capacity(height * width);
        for pair in self.values.chunks_exact(2 * self.width).take(height) {
            let (upper, lower) = pair.split_at(self.width);
            values.extend(upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(u, l)| (u[0] + u[1] + l[0] + l[1]) / 4.0));
        }
        Plane { height, width, values }
    }
}

/// The pairs of channels of two pictures of one shape.
fn channels<'a>(a: &'a Picture, b: &'a Picture) -> impl Iterator<Item = (Plane, Plane)> + 'a {
    let Shape { height, width, .. } = a.shape;
    let plane = move |bytes: &[u8]| Plane { height, width, values: bytes.iter().map(|&v| f64::from(v)).collect() };
    let area = height * width;
    a.planes.chunks_exact(area).zip(b.planes.chunks_exact(area)).map(move |(x, y)| (plane(x), plane(y)))
}

fn gaussian() -> [f64; WINDOW] {
    let raw: [f64; WINDOW] = std::array::from_fn(|i| (-0.5 * ((i as f64 - (WINDOW / 2) as f64) / SIGMA).powi(2)).exp());
    let sum: f64 = raw.iter().sum();
    raw.map(|v| v / sum)
}

/// Means over all windows of one channel.
struct Similarity {
    /// Luminance, contrast and structure together: SSIM.
    whole: f64,
    /// Contrast and structure without luminance.
    contrast: f64,
}

/// How many weighted means SSIM needs at each place: of x, y, x², y² and xy.
const MEANS: usize = 5;

fn similarity(x: &Plane, y: &Plane, kernel: &[f64; WINDOW]) -> Similarity {
    let width = x.width + 1 - WINDOW;
    // The last rows, smoothed along themselves; a row that is no longer needed gives its place to the next.
    let mut rows = vec![[const { Vec::new() }; MEANS]; WINDOW];
    let mut means: [Vec<f64>; MEANS] = Default::default();
    let (mut whole, mut contrast) = (0.0, 0.0);
    for (row, (a, b)) in x.values.chunks_exact(x.width).zip(y.values.chunks_exact(x.width)).enumerate() {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>();
        let (xx, yy, xy) = (product(a, a), product(b, b), product(a, b));
        for (line, values) in rows[row % WINDOW].iter_mut().zip([a, b, &xx, &yy, &xy]) {
            let shifted = |shift: usize| &values[shift..shift + width];
            weighted(line, kernel, shifted);
        }
        if row + 1 < WINDOW {
            continue;
        }
        for (i, mean) in means.iter_mut().enumerate() {
            weighted(mean, kernel, |below| &rows[(row + 1 + below) % WINDOW][i]);
        }
        let [mx, my, xx, yy, xy] = &means;
        for i in 0..width {
            let (ux, uy) = (mx[i], my[i]);
            let cs = (2.0 * (xy[i] - ux * uy) + C2) / (xx[i] - ux * ux + yy[i] - uy * uy + C2);
            contrast += cs;
            whole += cs * (2.0 * ux * uy + C1) / (ux * ux + uy * uy + C1);
        }
    }
    let n = (width * (x.height + 1 - WINDOW)) as f64;
    Similarity { whole: whole / n, contrast: contrast / n }
}

/// The sum of eleven lines, each times its weight.
fn weighted<'a>(sum: &mut Vec<f64>, kernel: &[f64; WINDOW], line: impl Fn(usize) -> &'a [f64]) {
    let lines: [&[f64]; WINDOW] = std::array::from_fn(line);
    sum.clear();
    sum.resize(lines[0].len(), 0.0);
    for (line, weight) in lines.into_iter().zip(kernel) {
        sum.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(channels: usize, height: usize, width: usize, value: impl Fn(usize) -> u8) -> Picture {
        let shape = Shape { channels, height, width };
        Picture { shape, planes: (0..shape.len()).map(value).collect() }
    }

    #[test]
    fn equal_pictures_are_as_alike_as_can_be() {
        let a = picture(3, 20, 30, |i| (i * 37 % 251) as u8);
        assert_eq!(psnr(&a, &a), Ok(f64::INFINITY));
        assert!((ssim(&a, &a).unwrap() - 1.0).abs() < 1e-12);
        assert!((ms_ssim(&a, &a).unwrap() - 1.0).abs() < 1e-12);
        assert!((nc(&a, &a).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(entropy_ratio(&a, &a), Ok(1.0));
        assert_eq!(max_difference(&a, &a), Ok(0));
    }

    #[test]
    fn flat_pictures_give_numbers() {
        let (grey, white) = (picture(1, 11, 11, |_| 128), picture(1, 11, 11, |_| 255));
        let busy = picture(1, 11, 11, |i| (i * 37 % 251) as u8);
        assert_eq!(nc(&grey, &white), Ok(0.0));
        assert!((plain_nc(&grey, &white).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(plain_nc(&grey, &picture(1, 11, 11, |_| 0)), Ok(0.0));
        assert_eq!(nc(&grey, &busy), Ok(0.0));
        assert_eq!(entropy_ratio(&grey, &white), Ok(1.0));
        assert_eq!(entropy_ratio(&grey, &busy), Ok(f64::INFINITY));
        assert!(ssim(&grey, &white).unwrap().is_finite());
        assert!(ms_ssim(&grey, &white).unwrap().is_finite());
        assert_eq!(max_difference(&grey, &white), Ok(127));
    }

    #[test]
    fn a_ghost_follows_its_picture_with_less_contrast() {
        let busy = picture(3, 11, 11, |i| (i * 37 % 251) as u8);
        let ghost = picture(3, 11, 11, |i| 200 + busy.planes[i] / 5);
        assert!((contrast(&busy, &busy).unwrap() - 1.0).abs() < 1e-12);
        assert!((contrast(&ghost, &busy).unwrap() - 0.2).abs() < 0.01, "{:?}", contrast(&ghost, &busy));
        assert!(nc(&ghost, &busy).unwrap() > 0.99);
        let negative = picture(3, 11, 11, |i| 255 - busy.planes[i]);
        assert!((contrast(&negative, &busy).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(contrast(&busy, &picture(3, 11, 11, |_| 9)), Ok(0.0));
        assert_eq!(contrast(&picture(3, 11, 11, |_| 9), &busy), Ok(0.0));
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let (a, b) = (picture(1, 28, 28, |_| 0), picture(3, 32, 20, |_| 0));
        let text = psnr(&a, &b).unwrap_err().to_string();
        assert!(text.contains("28x28 grey") && text.contains("20x32 colour"), "{text}");
        let small = picture(1, 10, 40, |_| 0);
        assert_eq!(ssim(&small, &small), Err(MetricError::TooSmall(small.shape)));
        let cut = Picture { planes: vec![0; 5], ..a.clone() };
        assert_eq!(nc(&a, &cut), Err(MetricError::Malformed { shape: a.shape, bytes: 5 }));
        let empty = picture(1, 0, 3, |_| 0);
        assert!(matches!(psnr(&empty, &empty), Err(MetricError::Malformed { .. })));
    }

    #[test]
    fn a_changed_channel_counts_for_a_third() {
        let a = picture(3, 16, 16, |i| (i * 37 % 251) as u8);
        let b = Picture { planes: a.planes.iter().enumerate().map(|(i, &v)| if i < 256 { 255 - v } else { v }).collect(), ..a.clone() };
        let one = |p: &Picture| Picture { shape: Shape { channels: 1, height: 16, width: 16 }, planes: p.planes[..256].to_vec() };
        let first = ssim(&one(&a), &one(&b)).unwrap();
        assert!((ssim(&a, &b).unwrap() - (2.0 + first) / 3.0).abs() < 1e-12);
    }
}
