//! Networks and layers. This room knows burn, pictures and nothing above it.
//!
//! A network is a burn `Module`; shapes are `[batch, channels, height, width]`, pixel values lie in [-1, 1],
//! but those of the image barrier and of the autoencoders lie in [0, 1].

pub mod autoencoder;
pub mod barrier;
pub mod batch;
pub mod critic;
pub mod device;
pub mod encoder;
pub mod error;
pub mod exponential;
pub mod fault;
pub mod host;
pub mod init;
pub mod inner;
mod layers;
pub mod lenet;
pub mod mirror;
pub mod ops;
pub mod optim;
pub mod resnet;
pub mod ssim;
pub mod stego;
pub mod surrogate;
pub mod unet;
pub mod vgg;
pub mod vgg_host;
pub mod weights;
