//! One step of a penetrating stamp (S1), for timing: 8 frozen autoencoders, in the paper with 30 carriers of 28x28 pixels.

use super::{uniform, value};
use crate::jobs::error::JobError;
use crate::nn::autoencoder::Autoencoders;
use crate::nn::init::seeded;
use crate::schemes::penetrating::{Settings, Stamps};
use crate::vault::derive::Stream;
use burn::tensor::{Device, Tensor};

const NETS: usize = 8;

/// Pictures that pass an autoencoder in a step with so many carriers.
pub fn images(carriers: usize) -> usize {
    NETS * carriers
}

/// The paper's widths, for other pictures and another first layer.
fn widths(pixels: usize, width: usize) -> [usize; 9] {
    [pixels, width, width / 2, width / 4, 3, width / 4, width / 2, width, pixels]
}

pub struct Stamp {
    stamps: Stamps,
}

impl Stamp {
    pub fn new(carriers: usize, width: usize, side: usize, device: &Device) -> Result<Self, JobError> {
        let pixels = side * side;
        let nets = seeded(Autoencoders::new(NETS, &widths(pixels, width), device), 0);
        let half = Tensor::<2>::ones([1, pixels / 2], device).div_scalar(2.0);
        let prestamp = Tensor::cat(vec![half.clone(), half.zeros_like()], 1);
        let carriers = vec![uniform([carriers, pixels], "carriers", device)];
        let stamps = Stamps::new(&Settings::paper(), &nets, carriers, prestamp, &mut Stream::seeded(0, "stamp"));
        Ok(Self { stamps: stamps? })
    }

    pub fn step(&mut self) -> Result<f64, JobError> {
        Ok(value(self.stamps.step()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_size_has_the_papers_widths() {
        assert_eq!(widths(28 * 28, 512), crate::nn::autoencoder::PAPER_WIDTHS);
    }
}
