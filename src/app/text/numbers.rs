//! Numbers, shares, durations and sizes as people read them.

use std::path::Path;

/// How large pictures are drawn, `enlarged` screen pixels for each of their own.
pub fn zoom(enlarged: f64) -> String {
    format!("Zoom {:.0}%", enlarged * 100.0)
}

/// What the zoom means.
pub fn zoom_meaning(enlarged: f64) -> String {
    let now = if (0.995..1.005).contains(&enlarged) {
        "Each pixel of the picture is one pixel of the screen: its true size.".to_owned()
    } else if enlarged > 1.0 {
        format!("Each pixel of the picture is {enlarged:.1} pixels of the screen wide.")
    } else {
        format!("{:.1} pixels of the picture share one of the screen.", 1.0 / enlarged.max(1e-6))
    };
    format!("{now} Click for 100%: one for one.")
}

/// The logarithm of a p-value.
pub fn log_p(p_value_log10: f64) -> String {
    format!("{p_value_log10:.1} (base 10)")
}

/// A switch.
pub fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Structural similarity.
pub fn similarity(ssim: f64) -> String {
    format!("{ssim:.3} of 1")
}

/// The unit behind a number.
pub fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

/// A number with separators ("60,000").
pub fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as whole or tenth percent.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".into();
    }
    let percent = share * 100.0;
    if percent == 0.0 || percent == 100.0 { format!("{percent:.0}%") } else { format!("{percent:.1}%") }
}

/// A picture count.
pub fn pictures(count: usize) -> String {
    format!("{} picture{}", number(count), if count == 1 { "" } else { "s" })
}

/// The short name of a path: what stands last.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// How balanced the classes are, from the smallest and largest class.
pub fn balance(least: usize, most: usize) -> String {
    if most == 0 {
        "No pictures".into()
    } else if least * 10 >= most * 9 {
        "Classes are evenly filled".into()
    } else {
        format!("Uneven: {} to {} pictures in a class", number(least), number(most))
    }
}

/// Names of settings that are abbreviations.
const ABBREVIATIONS: [&str; 1] = ["vgg"];

/// A name such as `label_rule` as people read it.
pub fn setting_name(name: &str) -> String {
    if ABBREVIATIONS.contains(&name) {
        return name.to_uppercase();
    }
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Range, unit and paper value of a setting.
pub fn setting_range(min: f64, max: f64, unit: &str) -> String {
    format!("{} to {}{}", plain(min), plain(max), self::unit(unit))
}

/// The value that the paper uses.
pub fn paper_value(value: &str) -> String {
    format!("Paper: {value}")
}

/// A number without needless digits, with separators where it is large and whole.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", number(value.abs() as usize))
    } else if value.abs() < 1e-3 {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// An estimate of the whole training.
pub fn estimate(seconds: f64) -> String {
    format!("{}, controls included", begun(about(seconds)))
}

/// An estimate of making a barrier, and of trying thieves on it where that is wanted.
pub fn barrier_estimate(seconds: f64, thieves: bool) -> String {
    format!("{}{}", begun(about(seconds)), if thieves { ", thieves included" } else { "" })
}

/// Words with a capital at their beginning.
fn begun(mut words: String) -> String {
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// The time that a job still takes.
pub fn time_left(seconds: f64) -> String {
    format!("{} left", about(seconds))
}

/// A duration that is only guessed: the farther away, the rounder. Seconds; negative and unknown give "some time".
pub fn about(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "some time".into();
    }
    let rounded = |unit: f64| (seconds / unit).round() as u64;
    match seconds {
        s if s < 8.0 => "a few seconds".into(),
        s if s < 27.5 => format!("about {} seconds", 5 * rounded(5.0)),
        s if s < 45.0 => format!("about {} seconds", 10 * rounded(10.0)),
        s if s < 90.0 => "about a minute".into(),
        s if s < 3_150.0 => {
            // Beyond ten minutes nobody waits for a single one.
            let minutes = if s < 600.0 { rounded(60.0) } else { 5 * rounded(300.0) };
            format!("about {minutes} minutes")
        }
        s if s < 5_400.0 => "about an hour".into(),
        s if s < 129_600.0 => format!("about {} hours", rounded(3_600.0)),
        _ => format!("about {} days", rounded(86_400.0)),
    }
}

/// Likeness of cover and key in a few words.
pub fn likeness(psnr_db: f64) -> String {
    if psnr_db == f64::INFINITY {
        return "no difference at all".into();
    }
    let words = match psnr_db {
        db if db >= 38.0 => "no visible difference",
        db if db >= 30.0 => "hardly visible difference",
        db if db >= 25.0 => "slightly visible difference",
        _ => "visible difference",
    };
    format!("{psnr_db:.1} dB, {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(percent(0.973), "97.3%");
        assert_eq!(plain(60_000.0), "60,000");
        assert_eq!(plain(1e-4), "1e-4");
        assert_eq!((setting_name("label_rule"), setting_name("vgg")), ("Label rule".to_owned(), "VGG".to_owned()));
    }

    #[test]
    fn a_guessed_time_is_said_the_rounder_the_farther_it_is() {
        for (seconds, words) in [
            (0.0, "a few seconds"),
            (12.0, "about 10 seconds"),
            (27.0, "about 25 seconds"),
            (28.0, "about 30 seconds"),
            (44.9, "about 40 seconds"),
            (70.0, "about a minute"),
            (91.0, "about 2 minutes"),
            (190.0, "about 3 minutes"),
            (620.0, "about 10 minutes"),
            (2_800.0, "about 45 minutes"),
            (3_600.0, "about an hour"),
            (5_400.0, "about 2 hours"),
            (90_000.0, "about 25 hours"),
            (260_000.0, "about 3 days"),
            (f64::NAN, "some time"),
            (f64::INFINITY, "some time"),
            (-3.0, "some time"),
        ] {
            assert_eq!(about(seconds), words, "{seconds}");
        }
    }
}
