//! Pictures that are no photographs of the owner's: flat and cloudy areas, and photographs of little contrast, under grain of every kind. None of
//! them holds a mark. A revealing network that only ever saw photographs of one kind takes coloured grain on a wall for the mark.

use crate::data::{Picture, Samples, Shape};
use crate::nn::batch;
use crate::vault::derive::{FINEST, Stream};
use burn::tensor::{Device, Tensor};

/// Sides of the cells of clouds, pixels, and of grain.
const CLOUDS: [usize; 4] = [8, 16, 32, 64];
const GRAIN: [usize; 4] = [1, 2, 3, 5];
/// Highest value of grain, as a share of white. Most is fainter.
const STRONGEST: f32 = 96.0 / 255.0;

/// As many such pictures as there are photographs, to judge on: always the same, and none that was learnt from.
pub fn foreign_pictures(photographs: &Samples, device: &Device) -> Vec<Picture> {
    let given = batch::from_unit_bytes(&photographs.pixels, photographs.shape, device);
    batch::to_unit_pictures(foreign(given, &mut Stream::seeded(0, "foreign pictures to judge on")))
}

/// As many pictures as photographs `[batch, channels, h, w]` in [0, 1] are given, with values in [0, 1].
pub(super) fn foreign(photographs: Tensor<4>, stream: &mut Stream) -> Tensor<4> {
    let [_, channels, height, width] = photographs.dims();
    let (shape, device) = (Shape { channels, height, width }, photographs.device());
    let values: Vec<f32> = photographs.into_data().iter::<f32>().collect();
    let mut made = Vec::with_capacity(values.len());
    for photograph in values.chunks(shape.len()) {
        let (strength, level) = (stream.share(FINEST), stream.share(FINEST));
        let ground = match stream.below(2) {
            0 => photograph.iter().map(|value| level + strength * (value - level)).collect(),
            _ => clouds(shape, CLOUDS[stream.below(CLOUDS.len())], stream)
                .iter()
                .map(|value| level + 0.5 * strength * value)
                .collect::<Vec<f32>>(),
        };
        let grain = clouds(shape, GRAIN[stream.below(GRAIN.len())], stream);
        let strength = stream.share(FINEST).powi(2) * STRONGEST;
        made.extend(ground.iter().zip(&grain).map(|(ground, grain)| (ground + strength * grain).clamp(0.0, 1.0)));
    }
    batch::from_numbers(made, shape, &device)
}

/// Values in -1..1 that change from cell to cell, evenly in between: those of all channels alike, or each channel's own.
fn clouds(shape: Shape, cell: usize, stream: &mut Stream) -> Vec<f32> {
    let Shape { channels, height, width } = shape;
    let (rows, columns) = (height.div_ceil(cell) + 1, width.div_ceil(cell) + 1);
    let own = stream.below(2) == 0;
    let mut corners = Vec::new();
    let mut all = Vec::with_capacity(shape.len());
    for channel in 0..channels {
        if own || channel == 0 {
            corners = (0..rows * columns).map(|_| 2.0 * stream.share(FINEST) - 1.0).collect();
        }
        let at = |row: usize, column: usize| corners[row * columns + column];
        for y in 0..height {
            let (row, down) = (y / cell, (y % cell) as f32 / cell as f32);
            all.extend((0..width).map(|x| {
                let (column, along) = (x / cell, (x % cell) as f32 / cell as f32);
                let between = |row| at(row, column) * (1.0 - along) + at(row, column + 1) * along;
                between(row) * (1.0 - down) + between(row + 1) * down
            }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 3, height: 16, width: 16 };

    fn made(seed: u64) -> Vec<Vec<f32>> {
        let photographs = Tensor::<4>::full([40, 3, 16, 16], 0.5, &Device::flex());
        let values = foreign(photographs, &mut Stream::seeded(seed, "foreign")).into_data().iter::<f32>().collect::<Vec<_>>();
        values.chunks(SHAPE.len()).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn each_picture_is_another_and_the_same_again() {
        let pictures = made(1);
        assert_eq!(pictures, made(1));
        assert_ne!(pictures, made(2));
        assert!((1..pictures.len()).all(|i| !pictures[..i].contains(&pictures[i])));
        assert!(pictures.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn grain_is_faint_and_strong_grey_and_coloured() {
        let pictures = made(3);
        let area = SHAPE.height * SHAPE.width;
        let coloured = |picture: &Vec<f32>| (0..area).any(|i| (picture[i] - picture[area + i]).abs() > 0.02);
        let coloured = pictures.iter().filter(|picture| coloured(picture)).count();
        assert!((8..36).contains(&coloured), "{coloured}");
        // From one pixel to the next.
        let rough = |picture: &Vec<f32>| (1..area).map(|i| (picture[i] - picture[i - 1]).abs()).sum::<f32>() / area as f32;
        let rough: Vec<f32> = pictures.iter().map(rough).collect();
        assert!(rough.iter().any(|&rough| rough < 0.01) && rough.iter().any(|&rough| rough > 0.05), "{rough:?}");
    }

    #[test]
    fn clouds_change_evenly_from_corner_to_corner() {
        for cell in [1, 3, 64] {
            let values = clouds(SHAPE, cell, &mut Stream::seeded(5, "clouds"));
            assert_eq!(values.len(), SHAPE.len());
            assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
            let steps = (1..16).map(|x| (values[x] - values[x - 1]).abs());
            assert!(steps.fold(0.0, f32::max) <= 2.0 / cell as f32 + 1e-6, "{cell}");
        }
    }
}
