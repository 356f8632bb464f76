//! Marking one picture with the networks of the Quick preset, for timing. They have learnt nothing and find no logo: so every firmness is tried,
//! the slowest case.

use super::bytes;
use crate::data::{Picture, Samples, Shape};
use crate::jobs::error::JobError;
use crate::metrics::psnr;
use crate::schemes::barrier::{Barrier, Settings, Task, Training};
use burn::tensor::Device;
use std::sync::Arc;

pub struct Marking {
    barrier: Barrier,
    picture: Picture,
}

impl Marking {
    /// A picture of `height` rows, as wide as a screen that has so many: 16 to 9.
    pub fn new(height: usize, device: &Device) -> Result<Self, JobError> {
        let settings = Settings::default();
        let (shape, count) = (settings.shape(), 2 * settings.batch);
        let samples = Arc::new(Samples { shape, pixels: bytes(count * shape.len()), labels: vec![0; count] });
        let logo = Picture { shape, planes: bytes(shape.len()) };
        let task = Task { settings, outputs: samples.clone(), inputs: samples, logo, vgg: None, seed: 0, device: device.clone() };
        let screen = Shape { channels: 3, height, width: height * 16 / 9 };
        let mut barrier = Training::new(task)?.barrier();
        barrier.settings = Settings { revealer_fine: barrier.settings.revealer_fine, ..Settings::default() };
        Ok(Self { barrier, picture: Picture { shape: screen, planes: bytes(screen.len()) } })
    }

    /// Marks it; what is measured beside the time is the PSNR of the copy.
    pub fn step(&mut self) -> Result<f64, JobError> {
        let internal = |error: String| JobError::Internal(error);
        let (marked, _) = self
            .barrier
            .mark_surely(&self.picture, &mut |_| true)?
            .ok_or_else(|| internal("marking was not ended by anybody".to_owned()))?;
        psnr(&marked, &self.picture).map_err(|e| internal(e.to_string()))
    }
}
