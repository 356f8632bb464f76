//! Numbers that a verdict and its readers rest on: how alike two pictures are, and what chance explains.
//!
//! Pure functions of 8-bit pictures (data range 255) and of counts; each is compared with SciPy or scikit-image in
//! tests/metrics_reference.rs.

mod images;
mod stats;

pub use images::{MetricError, contrast, entropy, entropy_ratio, max_difference, ms_ssim, nc, plain_nc, psnr, ssim};
pub use stats::{auc, binomial_tail_log10, clopper_pearson, clopper_pearson_upper, holm, holm_log10, mean_sd, minimum_hits};
