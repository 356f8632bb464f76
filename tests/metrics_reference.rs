//! The metrics against NumPy, SciPy and scikit-image: tests/reference/*.json, made by scripts/make_reference.py.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use countermark::data::{Picture, Shape};
use countermark::metrics::{
    auc, binomial_tail_log10, clopper_pearson, clopper_pearson_upper, entropy, entropy_ratio, max_difference, ms_ssim, nc, psnr, ssim,
};
use serde_json::Value;

fn reference(text: &str, list: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let cases = whole[list].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap_or_else(|| panic!("{name} in {case}"))
}

fn count(case: &Value, name: &str) -> usize {
    case[name].as_u64().unwrap() as usize
}

fn close(what: &str, found: f64, wanted: f64, tolerance: f64, case: &Value) {
    assert!((found - wanted).abs() <= tolerance, "{what}: {found} instead of {wanted} for {case}");
}

/// The pictures that the script makes.
fn pictures(case: &Value) -> (Picture, Picture) {
    let shape = Shape { channels: count(case, "channels"), height: count(case, "height"), width: count(case, "width") };
    let amplitude = case["amplitude"].as_i64().unwrap();
    let mut state: i64 = 1;
    let (mut original, mut marked) = (Vec::new(), Vec::new());
    for c in 0..shape.channels {
        for y in 0..shape.height {
            for x in 0..shape.width {
                let value = (60 * ((x / 5 + y / 7 + c) % 3) + (2 * x + 3 * y) % 120) as i64;
                state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                let noise = (state >> 16) % (2 * amplitude + 1) - amplitude;
                original.push(value as u8);
                marked.push((value + noise).clamp(0, 255) as u8);
            }
        }
    }
    (Picture { shape, planes: original }, Picture { shape, planes: marked })
}

#[test]
fn image_metrics_agree_with_scikit_image() {
    for case in reference(include_str!("reference/images.json"), "cases") {
        let (a, b) = pictures(&case);
        close("PSNR", psnr(&a, &b).unwrap(), number(&case, "psnr"), 1e-9, &case);
        close("SSIM", ssim(&a, &b).unwrap(), number(&case, "ssim"), 1e-9, &case);
        close("MS-SSIM", ms_ssim(&a, &b).unwrap(), number(&case, "ms_ssim"), 1e-9, &case);
        close("NC", nc(&a, &b).unwrap(), number(&case, "nc"), 1e-12, &case);
        close("entropy", entropy(&a).unwrap(), number(&case, "entropy"), 1e-12, &case);
        close("entropy ratio", entropy_ratio(&a, &b).unwrap(), number(&case, "entropy_ratio"), 1e-12, &case);
        assert_eq!(usize::from(max_difference(&a, &b).unwrap()), count(&case, "max_difference"));
    }
}

#[test]
fn binomial_tails_agree_with_exact_sums() {
    for case in reference(include_str!("reference/statistics.json"), "tails") {
        let found = binomial_tail_log10(count(&case, "hits"), count(&case, "n"), number(&case, "p"));
        let wanted = number(&case, "log10");
        close("tail", found, wanted, 1e-10 + 1e-12 * wanted.abs(), &case);
    }
}

#[test]
fn intervals_agree_with_scipy() {
    for case in reference(include_str!("reference/statistics.json"), "intervals") {
        let (hits, n, confidence) = (count(&case, "hits"), count(&case, "n"), number(&case, "confidence"));
        let [low, high] = clopper_pearson(hits, n, confidence);
        close("lower end", low, case["interval"][0].as_f64().unwrap(), 1e-10, &case);
        close("upper end", high, case["interval"][1].as_f64().unwrap(), 1e-10, &case);
        close("one-sided bound", clopper_pearson_upper(hits, n, confidence), number(&case, "upper"), 1e-10, &case);
    }
}

#[test]
fn areas_under_curves_agree_with_scipy() {
    for case in reference(include_str!("reference/statistics.json"), "auc") {
        let scores = |name: &str| case[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
        close("AUC", auc(&scores("positives"), &scores("negatives")).unwrap(), number(&case, "auc"), 1e-12, &case);
    }
}
