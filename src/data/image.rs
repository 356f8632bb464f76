//! One picture as the program passes it around: 8-bit, grey or colour, rows from the top.

use serde::{Deserialize, Serialize};

/// Height, width and channels of one picture or of every picture of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Bytes of one picture.
    pub const fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether the shape holds no pixel.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.channels == 1 { "grey" } else { "colour" };
        write!(f, "{}x{} {kind}", self.width, self.height)
    }
}

/// An 8-bit picture, planar: `[channels, height, width]`, values 0..=255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its measures.
    pub shape: Shape,
    /// `shape.len()` bytes, one channel after the other.
    pub planes: Vec<u8>,
}

impl Picture {
    /// The picture as interleaved opaque RGBA, `4 * width * height` bytes: what a window draws.
    pub fn to_rgba(&self) -> Vec<u8> {
        let area = self.shape.width * self.shape.height;
        let mut rgba = vec![255; area * 4];
        for (i, pixel) in rgba.chunks_exact_mut(4).enumerate() {
            for (c, value) in pixel.iter_mut().take(3).enumerate() {
                *value = self.planes[if self.shape.channels == 1 { i } else { c * area + i }];
            }
        }
        rgba
    }
}
