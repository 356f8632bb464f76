//! Networks and layers. This room knows burn, pictures and nothing above it.
//!
//! A network is a burn `Module`; shapes are `[batch, channels, height, width]`, pixel values lie in [-1, 1].

pub mod batch;
pub mod critic;
pub mod device;
pub mod encoder;
pub mod host;
pub mod init;
mod layers;
pub mod lenet;
pub mod ops;
pub mod optim;
pub mod resnet;
pub mod ssim;
pub mod weights;
