//! What the widgets say: curves, compare view, grids, durations, the rail, and the words of the command palette.

// Buttons and the rail.
/// What screen readers say of the one filled button besides its own words.
pub const NEXT_STEP: &str = "The next step";
pub const STEP_READY: &str = "ready";
pub const STEP_RUNNING: &str = "running";
pub const STEP_DONE: &str = "done";

// Curves.
pub const CURVE_HIDE: &str = "Hide this curve";
pub const CURVE_SHOW: &str = "Show this curve";
pub const SMOOTHING: &str = "Smoothing";
pub const SMOOTHING_HINT: &str = "Draws a running mean; the measured values stay behind it, faintly";
pub const LOG_SCALE: &str = "Log scale";
pub const LOG_SCALE_HINT: &str = "Small values get as much room as large ones";
pub const SHOW_ALL: &str = "Show all";

// The compare view.
pub const COMPARE_NO_DRIVER: &str = "The compare view needs a graphics driver (Vulkan, Metal or Direct3D), and none answers. \
    Install one, a software one will do, and start again.";
pub const COMPARE_TIMES: &str = "Times";
pub const COMPARE_DIVIDER: &str = "Divider";
pub const COMPARE_CHANNELS: [&str; 3] = ["Red", "Green", "Blue"];
pub const COMPARE_GREY: &str = "These pictures are grey: one channel";
pub const PREPARING: &str = "Preparing…";
pub const MEASURING: &str = "Measuring…";
pub const COMPARE_POINT: &str = "Point at a pixel to read its values";
pub const COMPARE_FIGURES_MEANING: &str = "PSNR: the louder the picture against the difference, the more decibel; above 40 hardly anyone sees it.\nSSIM: 1 is the same structure.";

/// A step of the rail for screen readers.
pub fn step_state(number: usize, state: &str) -> String {
    format!("step {number}, {state}")
}

/// A step that went wrong.
pub fn step_failed(why: &str) -> String {
    format!("failed: {why}")
}

/// A step that cannot be entered.
pub fn step_blocked(why: &str) -> String {
    format!("not yet: {why}")
}

/// Which step of a training a curve shows.
pub fn curve_step(step: &str) -> String {
    format!("step {step}")
}

/// A point of a curve under the pointer.
pub fn curve_point(label: &str, value: &str, step: &str) -> String {
    format!("{label} {value}\n{}", curve_step(step))
}

/// The faint line behind a smoothed curve.
pub fn as_measured(label: &str) -> String {
    format!("{label} (as measured)")
}

/// Which pixel is under the pointer, and its values.
pub fn pixel(x: usize, y: usize, values: &str) -> String {
    format!("Column {x}, row {y}: {values}")
}

/// The same place in two pictures, and what separates them there.
pub fn pixels((x, y): (usize, usize), left: (&str, &str), right: (&str, &str), apart: Option<&str>) -> String {
    let apart = apart.map(|apart| format!(" · difference {apart}")).unwrap_or_default();
    format!("Column {x}, row {y} · {} {} · {} {}{apart}", left.0, left.1, right.0, right.1)
}

/// How much a difference is enlarged.
pub fn difference(gain: f32) -> String {
    format!("Difference x{gain:.0}")
}

/// How close two pictures are.
pub fn closeness(psnr_db: f64, ssim: Option<f64>, most: u8) -> String {
    let psnr = if psnr_db.is_finite() { format!("{psnr_db:.1} dB") } else { "no difference".into() };
    let ssim = ssim.map_or_else(|| "too small to say".to_owned(), |ssim| format!("{ssim:.3}"));
    format!("Closeness (PSNR) {psnr} · Likeness (SSIM) {ssim} · Largest difference {most} of 255")
}

/// Pictures that the graphics card cannot draw whole.
pub fn shown_smaller(longest: usize) -> String {
    format!("Shown smaller: this graphics card draws at most {longest} pixels a side. The figures are of the whole pictures.")
}

/// A grid of pictures for screen readers.
pub fn grid(count: usize) -> String {
    format!("{count} pictures")
}

/// A cell of a table for screen readers.
pub fn cell(row: &str, column: &str, value: &str) -> String {
    format!("{row}, {column}: {value}")
}

/// A job and what it is doing.
pub fn job(title: &str, doing: &str) -> String {
    format!("{title} · {doing}")
}

/// A step of the rail and what is missing for it.
pub fn step_missing(step: &str, missing: &str) -> String {
    format!("{step}: {missing}")
}

/// A duration as people say it: "under 1 s", "12 s", "1 min 10 s", "2 h 5 min", "3 d 4 h". Seconds; negative and unknown give "a while".
pub fn human_time(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "a while".into();
    }
    if seconds < 1.0 {
        return "under 1 s".into();
    }
    let whole = seconds.round() as u64;
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match whole {
        0..60 => format!("{whole} s"),
        60..600 => pair(whole / 60, "min", whole % 60, "s"),
        600..3_570 => format!("{} min", (whole + 30) / 60),
        3_570..86_370 => {
            let minutes = (whole + 30) / 60;
            pair(minutes / 60, "h", minutes % 60, "min")
        }
        _ => {
            let hours = (whole + 1_800) / 3_600;
            pair(hours / 24, "d", hours % 24, "h")
        }
    }
}

/// The words of the command palette.
pub mod command {
    pub const GO_ON: &str = "Go on with the next step";
    pub const DATA: &str = "Go to data";
    pub const LOGO: &str = "Go to logo";
    pub const SCHEME: &str = "Go to scheme";
    pub const TRAINING: &str = "Go to training";
    pub const PROVE: &str = "Go to prove";
    pub const REPORTS: &str = "Go to reports";
    pub const BARRIER: &str = "Go to barrier";
    pub const MARK: &str = "Go to mark";
    pub const CHECK: &str = "Go to check";
    pub const PROTECT: &str = "Protect a model";
    pub const IMAGES: &str = "Mark images";
    pub const INVESTIGATE: &str = "Investigate a suspect model";
    pub const SAMPLE_DATA: &str = "Use the sample pictures";
    pub const OPEN_FILE: &str = "Open a file…";
    pub const OPEN_FOLDER: &str = "Open a data set folder…";
    pub const OPEN_LOGO: &str = "Open a logo…";
    pub const OPEN_KEY: &str = "Open a key package…";
    pub const OPEN_SUSPECT: &str = "Open a suspect model…";
    pub const OPEN_BARRIER: &str = "Open a barrier…";
    pub const OPEN_PHOTOGRAPHS: &str = "Open photographs for a barrier…";
    pub const OPEN_ORIGINALS: &str = "Open pictures to mark…";
    pub const OPEN_OUTPUTS: &str = "Open pictures to check…";
    pub const MAKE_BARRIER: &str = "Make the barrier";
    pub const MARK_NOW: &str = "Mark the chosen pictures";
    pub const CHECK_NOW: &str = "Look for your logo in the chosen pictures";
    pub const ESTIMATE: &str = "Estimate the training time";
    pub const ASK: &str = "Ask the suspect the questions";
    pub const LIGHT: &str = "Light colours";
    pub const DARK: &str = "Dark colours";
    pub const SYSTEM: &str = "Colours as the system";
    pub const DEVICE_AUTO: &str = "Compute on what suits best";
    pub const DEVICE_CPU: &str = "Compute on the CPU";
    pub const DEVICE_CARD: &str = "Compute on the graphics card";
    pub const LOG: &str = "Show or hide the log";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (seconds, words) in [
            (0.0, "under 1 s"),
            (0.4, "under 1 s"),
            (1.2, "1 s"),
            (59.7, "1 min"),
            (70.0, "1 min 10 s"),
            (600.0, "10 min"),
            (3_569.0, "59 min"),
            (3_599.0, "1 h"),
            (7_500.0, "2 h 5 min"),
            (100_000.0, "1 d 4 h"),
            (f64::NAN, "a while"),
            (f64::INFINITY, "a while"),
            (-3.0, "a while"),
        ] {
            assert_eq!(human_time(seconds), words, "{seconds}");
        }
    }
}
