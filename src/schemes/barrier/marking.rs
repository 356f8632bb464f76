//! Marking and revealing in pictures of any size, square by square.
//!
//! Whole squares lie side by side from the top left; what is left at the right and at the bottom belongs to squares that reach back over
//! them and is only painted there. Revealing looks at the whole squares. A picture smaller than a square is mirrored at its edges.

use super::Barrier;
use crate::data::{Picture, Shape};
use crate::nn::batch;
use crate::nn::error::ShapeError;
use burn::tensor::Tensor;

/// Squares that pass the networks at once.
const AT_ONCE: usize = 16;
/// How often a picture is looked at, at least: a small one's squares mirrored and turned in several ways.
const LOOKS: usize = 8;

/// What was found in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Revealed {
    /// The mean of all squares: what people look at.
    pub logo: Picture,
    /// What each whole square revealed, row by row; where it was looked at in several ways, the mean of what they revealed.
    pub squares: Vec<Picture>,
}

impl Barrier {
    /// The picture with the logo hidden in each of its squares: in colour, or where the barrier is a grey one in the brightness of what
    /// the picture has. `go_on` hears the share done, 0..1, and ends the work with
    /// `false`; then there is no picture.
    ///
    /// # Errors
    /// Shapes that the networks do not take.
    pub fn mark(&self, picture: &Picture, go_on: &mut dyn FnMut(f64) -> bool) -> Result<Option<Picture>, ShapeError> {
        let side = self.settings.side;
        let seen = self.seen(picture);
        let whole = enlarged(&seen, side);
        let all = covering(whole.shape, side);
        let mut out = whole.clone();
        let logo = batch::from_unit_bytes(&self.logo.planes, self.logo.shape, &self.device);
        // Squares that reach back come first, so that the whole ones are painted over them.
        for (i, places) in all.chunks(AT_ONCE).enumerate() {
            let squares = self.load(&whole, places);
            let marked = self.hider.forward(squares, logo.clone().repeat_dim(0, places.len()))?;
            for (square, place) in batch::to_unit_pictures(marked).iter().zip(places) {
                paste(&mut out, square, *place);
            }
            if !go_on((i * AT_ONCE + places.len()) as f64 / all.len() as f64) {
                return Ok(None);
            }
        }
        let marked = cut(&out, [0, 0], [picture.shape.height, picture.shape.width]);
        Ok(Some(if marked.shape.channels < picture.shape.channels { brightened(picture, &seen, &marked) } else { marked }))
    }

    /// What the squares of a picture reveal.
    ///
    /// # Errors
    /// Shapes that the network does not take.
    pub fn reveal(&self, picture: &Picture) -> Result<Revealed, ShapeError> {
        self.reveal_in(picture, usize::MAX)
    }

    /// The same for at most `most` squares, spread evenly over the picture: quick however large it is.
    ///
    /// # Errors
    /// As [`Barrier::reveal`].
    pub fn reveal_in(&self, picture: &Picture, most: usize) -> Result<Revealed, ShapeError> {
        let side = self.settings.side;
        let whole = enlarged(&self.seen(picture), side);
        let chosen = some_of(squares_of(whole.shape, side), most);
        // One look is a guess; the mean of eight is surer of what it sees and of what it does not.
        let ways = if self.settings.knows_turned() { (LOOKS / chosen.len().max(1)).max(1) } else { 1 };
        let mut squares = Vec::with_capacity(chosen.len());
        for places in chosen.chunks(AT_ONCE / ways) {
            let given = self.load(&whole, places);
            let looks = (0..ways).map(|way| batch::turned(given.clone(), way * LOOKS / ways)).collect();
            let seen = self.revealer.forward(Tensor::cat(looks, 0))?;
            let [_, channels, height, width] = seen.dims();
            let mean = seen.reshape([ways, places.len() * channels, height, width]).mean_dim(0);
            squares.extend(batch::to_unit_pictures(mean.reshape([places.len(), channels, height, width])));
        }
        let count = squares.len().max(1);
        let mean = |i: usize| ((squares.iter().map(|square| usize::from(square.planes[i])).sum::<usize>() + count / 2) / count) as u8;
        let logo = Picture { shape: self.logo.shape, planes: (0..self.logo.shape.len()).map(mean).collect() };
        Ok(Revealed { logo, squares })
    }

    /// What the networks are shown of a picture.
    fn seen(&self, picture: &Picture) -> Picture {
        if self.settings.colour { picture.colour() } else { picture.grey() }
    }

    fn load(&self, picture: &Picture, places: &[[usize; 2]]) -> Tensor<4> {
        let side = self.settings.side;
        let bytes: Vec<u8> = places.iter().flat_map(|&place| cut(picture, place, [side, side]).planes).collect();
        batch::from_unit_bytes(&bytes, self.settings.shape(), &self.device)
    }
}

/// The picture with each channel changed as its brightness was.
fn brightened(picture: &Picture, before: &Picture, after: &Picture) -> Picture {
    let change = before.planes.iter().zip(&after.planes).map(|(&before, &after)| i16::from(after) - i16::from(before)).cycle();
    let planes = picture.planes.iter().zip(change).map(|(&value, change)| (i16::from(value) + change).clamp(0, 255) as u8).collect();
    Picture { shape: picture.shape, planes }
}

/// The picture without its finest checks: each value a mean of its neighbourhood, in which the middle weighs most (1 2 1 in both directions).
pub(super) fn softened(picture: &Picture) -> Picture {
    let Shape { height, width, .. } = picture.shape;
    let weighed = |[before, here, after]: [u16; 3]| before + 2 * here + after;
    let near = |i: usize, length: usize| [i.saturating_sub(1), i, (i + 1).min(length - 1)];
    let mut planes = Vec::with_capacity(picture.planes.len());
    for plane in picture.planes.chunks_exact((height * width).max(1)) {
        for y in 0..height {
            let rows = near(y, height).map(|y| &plane[y * width..][..width]);
            planes.extend(
                (0..width)
                    .map(|x| (weighed(rows.map(|row| weighed(near(x, width).map(|x| u16::from(row[x]))))) + 8) / 16)
                    .map(|value| value as u8),
            );
        }
    }
    Picture { shape: picture.shape, planes }
}

/// Tops and lefts of the whole squares.
fn squares_of(shape: Shape, side: usize) -> Vec<[usize; 2]> {
    let starts = |length: usize| (0..length / side).map(move |i| i * side);
    starts(shape.height).flat_map(|top| starts(shape.width).map(move |left| [top, left])).collect()
}

/// At most `most` of these places, evenly spread.
fn some_of(all: Vec<[usize; 2]>, most: usize) -> Vec<[usize; 2]> {
    let count = all.len().min(most);
    (0..count).map(|i| all[(2 * i + 1) * all.len() / (2 * count)]).collect()
}

/// Tops and lefts of squares that cover the picture, those that reach back first.
fn covering(shape: Shape, side: usize) -> Vec<[usize; 2]> {
    let starts = |length: usize| {
        let rest = (!length.is_multiple_of(side)).then(|| length - side);
        rest.into_iter().chain((0..length / side).map(|i| i * side)).collect::<Vec<_>>()
    };
    let (tops, lefts) = (starts(shape.height), starts(shape.width));
    let mut all: Vec<[usize; 2]> = tops.iter().flat_map(|&top| lefts.iter().map(move |&left| [top, left])).collect();
    all.sort_by_key(|place| place.iter().all(|start| start.is_multiple_of(side)));
    all
}

/// The picture, mirrored at its right and lower edge until it holds a whole square.
fn enlarged(picture: &Picture, side: usize) -> Picture {
    let Shape { channels, height, width } = picture.shape;
    let shape = Shape { channels, height: height.max(side), width: width.max(side) };
    if shape == picture.shape || picture.shape.is_empty() {
        return picture.clone();
    }
    let mirrored = |i: usize, length: usize| if (i / length).is_multiple_of(2) { i % length } else { length - 1 - i % length };
    let mut planes = Vec::with_capacity(shape.len());
    for plane in picture.planes.chunks_exact(height * width) {
        for y in 0..shape.height {
            let row = &plane[mirrored(y, height) * width..][..width];
            planes.extend((0..shape.width).map(|x| row[mirrored(x, width)]));
        }
    }
    Picture { shape, planes }
}

fn cut(picture: &Picture, [top, left]: [usize; 2], [height, width]: [usize; 2]) -> Picture {
    let old = picture.shape;
    let shape = Shape { channels: old.channels, height, width };
    let mut planes = Vec::with_capacity(shape.len());
    for row in (0..old.channels).flat_map(|c| (top..top + height).map(move |y| c * old.height + y)) {
        planes.extend_from_slice(&picture.planes[row * old.width + left..][..width]);
    }
    Picture { shape, planes }
}

fn paste(picture: &mut Picture, square: &Picture, [top, left]: [usize; 2]) {
    let (old, Shape { height, width, .. }) = (picture.shape, square.shape);
    for (i, row) in square.planes.chunks_exact(width).enumerate() {
        let (channel, y) = (i / height, i % height);
        picture.planes[((channel * old.height) + top + y) * old.width + left..][..width].copy_from_slice(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(height: usize, width: usize) -> Picture {
        let shape = Shape { channels: 3, height, width };
        Picture { shape, planes: (0..shape.len()).map(|i| (i * 37 % 251) as u8).collect() }
    }

    #[test]
    fn squares_cover_every_pixel_and_the_whole_ones_are_painted_last() {
        for (height, width) in [(32, 32), (33, 70), (100, 64), (95, 129)] {
            let (side, shape) = (32, Shape { channels: 3, height, width });
            let (all, whole) = (covering(shape, side), squares_of(shape, side));
            let mut owner = vec![None; height * width];
            for place in &all {
                for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
                    owner[(place[0] + y) * width + place[1] + x] = Some(*place);
                }
            }
            assert!(owner.iter().all(Option::is_some), "{height}x{width}");
            for place in whole {
                for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
                    assert_eq!(owner[(place[0] + y) * width + place[1] + x], Some(place), "{height}x{width}");
                }
            }
        }
    }

    #[test]
    fn some_squares_are_spread_over_all() {
        let all = squares_of(Shape { channels: 3, height: 1080, width: 1920 }, 64);
        let some = some_of(all.clone(), 16);
        assert_eq!((all.len(), some.len()), (480, 16));
        assert_eq!((some[0], some[15]), (all[15], all[465]));
        assert_eq!(some_of(all.clone(), 480), all);
        assert_eq!(some_of(all.clone(), usize::MAX), all);
        assert!(some_of(Vec::new(), 16).is_empty());
    }

    #[test]
    fn softening_wipes_fine_checks_away_and_leaves_slopes() {
        let shape = Shape { channels: 3, height: 6, width: 8 };
        let drawn = |value: &dyn Fn(usize, usize) -> u8| {
            let planes = (0..shape.len()).map(|i| value(i / shape.width % shape.height, i % shape.width)).collect();
            Picture { shape, planes }
        };
        let checks = softened(&drawn(&|y, x| if (y + x) % 2 == 0 { 90 } else { 150 }));
        assert!((0..shape.len()).all(|i| checks.planes[i].abs_diff(120) <= if [0, 7].contains(&(i % 8)) { 15 } else { 0 }), "{checks:?}");
        let slope = drawn(&|y, x| (20 * y + 10 * x) as u8);
        let soft = softened(&slope);
        assert_eq!(soft.shape, shape);
        assert_eq!(soft.planes[8 + 1..8 + 7], slope.planes[8 + 1..8 + 7]);
        assert_eq!(softened(&ramp(1, 1)), ramp(1, 1));
    }

    #[test]
    fn cutting_and_pasting_are_each_others_reverse() {
        let picture = ramp(40, 50);
        let mut blank = Picture { planes: vec![0; picture.planes.len()], ..picture.clone() };
        for place in covering(picture.shape, 16) {
            paste(&mut blank, &cut(&picture, place, [16, 16]), place);
        }
        assert_eq!(blank, picture);
    }

    #[test]
    fn small_pictures_are_mirrored_and_large_ones_stay() {
        let small = enlarged(&ramp(1, 3), 8);
        assert_eq!((small.shape.height, small.shape.width), (8, 8));
        let (a, b, c) = (0, 37, 74);
        assert_eq!(small.planes[..8], [a, b, c, c, b, a, a, b]);
        assert_eq!(enlarged(&ramp(40, 50), 8), ramp(40, 50));
    }
}
