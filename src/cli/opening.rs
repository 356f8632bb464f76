//! How commands open a data set: the side and the channels that its pictures get.

use crate::data::OpenOptions;
use clap::Args;

/// Options of every command that opens pictures from a path.
#[derive(Debug, Clone, Args)]
pub struct Opening {
    /// Rows and columns that all pictures get: 28, 32 or 64. Without it they stay as they are where networks take them, else 32.
    #[arg(long, value_parser = one_of(&[28, 32, 64]))]
    side: Option<usize>,
    /// 1 for grey, 3 for colour. Without it: grey when every picture is.
    #[arg(long, value_parser = one_of(&[1, 3]))]
    channels: Option<usize>,
}

impl Opening {
    /// The same for the `data` room.
    pub fn options(&self) -> OpenOptions {
        OpenOptions { side: self.side, channels: self.channels, ..OpenOptions::default() }
    }
}

/// Reads a number that must be one of these.
fn one_of(allowed: &'static [usize]) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| allowed.contains(number));
        number.ok_or_else(|| format!("choose one of {allowed:?}"))
    }
}
