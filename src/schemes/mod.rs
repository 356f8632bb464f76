//! The watermark schemes, all behind one trait; `catalogue` lists them with what they need and what they resist.

pub mod blind;
pub mod catalogue;
pub mod content_stamp;
pub mod plan;
pub mod settings;
