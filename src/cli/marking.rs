//! `countermark mark` and `extract`: a barrier's logo, or the bits of a classical mark, in picture files.

use super::barrier::internal;
use super::demo::{changed, peak_rss_mb, word};
use super::follow::{follow, worker};
use super::{End, Failure};
use crate::data::hex;
use crate::jobs::barrier::{Found, Handled, Marked, NullRate, listed, made};
use crate::jobs::{Command, Hidden, JobId, Means, Outcome};
use crate::nn::device::DeviceChoice;
use crate::schemes::barrier::proof::Likeness;
use crate::schemes::classical::{BITS, Classical, Key, Method, Read, Settings};
use crate::schemes::settings::Settings as _;
use crate::vault::files::read_limited;
use clap::{Args, ValueEnum};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Bytes that a secret may have.
const LARGEST_SECRET: u64 = 1 << 20;

/// What pictures are marked with, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum With {
    /// A logo, hidden by the networks of an image barrier, whose file comes first.
    Barrier,
    /// 64 bits in random signs over the pixels.
    Spread,
    /// 64 bits in the cosine transform.
    Dct,
    /// 64 bits in the Fourier transform.
    Dft,
    /// 64 bits in Haar wavelets.
    Dwt,
}

/// Which mark, and where.
#[derive(Debug, Args)]
struct Which {
    /// The barrier (.cmbarrier), with the method barrier only; then picture files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// How the mark is hidden. All but barrier need the owner's name and no network, and are lost where a thief's network learns from the pictures.
    #[arg(long, value_enum, default_value = "barrier")]
    method: With,
    /// The owner's name: the bits follow from it.
    #[arg(long)]
    owner: Option<String>,
    /// A file that only you have, of at most 1 MiB: where the bits are follows from it. Without it everybody who knows the name can find, forge and remove them.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Other bits than those of the name: 16 hexadecimal digits.
    #[arg(long, value_parser = bits)]
    bits: Option<u64>,
    /// Change a setting of the method, as NAME=VALUE: strength (spread), step (dct, dft, dwt).
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// What computes a barrier: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    device: DeviceChoice,
}

/// How pictures are marked.
#[derive(Debug, Args)]
#[command(
    override_usage = "countermark mark BARRIER PICTURE... --out DIR\n       countermark mark --method dct --owner NAME [--secret FILE] PICTURE... --out DIR"
)]
pub struct Marking {
    #[command(flatten)]
    which: Which,
    /// Where the marked copies go. Originals are never written over.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// How pictures are looked into.
#[derive(Debug, Args)]
#[command(
    override_usage = "countermark extract BARRIER PICTURE... [--out DIR]\n       countermark extract --method dct --owner NAME [--secret FILE] PICTURE..."
)]
pub struct Extracting {
    #[command(flatten)]
    which: Which,
    /// Where the logos that a barrier reveals go. Without it they are judged and thrown away.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn bits(text: &str) -> Result<u64, String> {
    let digits = text.len() == BITS / 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| digits).ok_or_else(|| format!("These are not {} hexadecimal digits.", BITS / 4))
}

fn asked(text: &str) -> Failure {
    Failure::new("arguments", text)
}

impl Which {
    /// The mark, and the paths of the pictures.
    fn means(&self) -> Result<(Means, &[PathBuf]), Failure> {
        let method = match self.method {
            With::Barrier => return self.barrier(),
            With::Spread => Method::Spread,
            With::Dct => Method::Dct,
            With::Dft => Method::Dft,
            With::Dwt => Method::Dwt,
        };
        let owner = self.owner.as_deref().map(str::trim).unwrap_or_default();
        if owner.is_empty() {
            return Err(asked("Give the owner's name (--owner NAME): the bits follow from it."));
        }
        let secret = match &self.secret {
            Some(file) => {
                let bytes = read_limited(file, LARGEST_SECRET).map_err(|e| Failure::new("file", e))?;
                if bytes.is_empty() {
                    return Err(asked("The file with the secret is empty. Write something into it that nobody can guess, and keep it."));
                }
                hex(&Sha256::digest(bytes))
            }
            None => String::new(),
        };
        let mut settings = Settings::default();
        for change in &self.settings {
            let (name, value) = changed(change)?;
            settings = settings.with(name, value).map_err(|e| Failure::new("plan", e))?;
        }
        let classical = Classical::new(method, Key::new("", owner, &secret, self.bits), settings).map_err(|e| Failure::new("plan", e))?;
        Ok((Means::Classical(Box::new(classical)), &self.paths))
    }

    fn barrier(&self) -> Result<(Means, &[PathBuf]), Failure> {
        if self.owner.is_some() || self.secret.is_some() || self.bits.is_some() || !self.settings.is_empty() {
            return Err(asked(
                "A barrier holds its logo and its secret itself. Name another method (--method dct), or leave --owner, --secret, --bits and --set away.",
            ));
        }
        match self.paths.split_first() {
            Some((barrier, pictures)) if !pictures.is_empty() => Ok((Means::Barrier(barrier.clone()), pictures)),
            _ => Err(asked(
                "Name the barrier (.cmbarrier) first and then at least one picture, or choose a method without a barrier (--method dct).",
            )),
        }
    }
}

/// Says at the end which files could not be used.
fn list<T>(all: &[Handled<T>], what: &str) {
    let bad: Vec<_> = all.iter().filter_map(|one| Some((&one.file, one.result.as_ref().err()?))).collect();
    if !bad.is_empty() {
        say!("{} of {} files could not be {what}:", bad.len(), all.len());
    }
    bad.iter().for_each(|(file, why)| say!("- {}: {why}", file.display()));
}

pub fn mark(options: &Marking, json: bool) -> Result<End, Failure> {
    let (by, paths) = options.which.means()?;
    let files = listed(paths, Some(&options.out))?;
    let command = Command::Mark { job: JobId(1), by, files, folder: options.out.clone() };
    match follow(&worker(options.which.device)?, command)?.outcome {
        Outcome::Marked(all) => tell_marked(&all, json, |marked: &Marked| (&marked.written, marked.psnr_db)),
        Outcome::Hidden(all) => tell_marked(&all, json, |hidden: &Hidden| (&hidden.written, hidden.psnr_db)),
        _ => Err(internal()),
    }
}

fn tell_marked<T: serde::Serialize>(all: &[Handled<T>], json: bool, figures: impl Fn(&T) -> (&PathBuf, f64)) -> Result<End, Failure> {
    if json {
        say!("{}", json!({"files": all, "peak_rss_mb": peak_rss_mb()}));
    } else {
        for (written, psnr_db) in all.iter().filter_map(|one| one.result.as_ref().ok()).map(figures) {
            say!("{}  {psnr_db:.1} dB", written.display());
        }
        list(all, "marked");
    }
    Ok(if all.iter().all(|one| one.result.is_ok()) { End::Reached } else { End::NotReached })
}

pub fn extract(options: &Extracting, json: bool) -> Result<End, Failure> {
    let (by, paths) = options.which.means()?;
    let files = listed(paths, options.out.as_deref())?;
    if options.out.is_some() && !matches!(by, Means::Barrier(_)) {
        return Err(asked("This method hides bits and no logo, so there is nothing to write. Leave --out away."));
    }
    // How often it finds its logo by chance is known where it was made.
    let made = match &by {
        Means::Barrier(file) => file.parent().and_then(made).filter(|made| made.file == *file),
        Means::Classical(_) => None,
    };
    let command = Command::Reveal { job: JobId(1), by, files, folder: options.out.clone() };
    match follow(&worker(options.which.device)?, command)?.outcome {
        Outcome::Revealed(all) => {
            let good = || all.iter().filter_map(|one| one.result.as_ref().ok());
            let found = good().filter(|found| found.likeness.counts()).count();
            let weighed = made.filter(|_| found > 0).map(|made| Weighed::new(made.null_rate(), found, good().count()));
            tell(
                &all,
                "logo",
                weighed,
                json,
                |found: &Found| found.likeness.counts(),
                |found| {
                    let Likeness { nc, contrast, .. } = found.likeness;
                    format!(
                        "correlation {nc:.3}, strength {contrast:.2}{}; {} of {} squares on their own",
                        if found.softened { " once softened" } else { "" },
                        found.squares_that_count,
                        found.squares
                    )
                },
            )
        }
        Outcome::Read(all) => tell(
            &all,
            "mark",
            None,
            json,
            |read: &Read| read.found,
            |read| format!("{} of {BITS} bits; as many or more by chance in 10^{:.1}", read.bits_right, read.p_value_log10),
        ),
        _ => Err(internal()),
    }
}

/// What finds are worth, where it is known how often the logo is found without the mark.
#[derive(serde::Serialize)]
struct Weighed {
    rate_without_mark: f64,
    chance_log10: f64,
    proves: bool,
}

impl Weighed {
    fn new(null: NullRate, found: usize, all: usize) -> Self {
        Self { rate_without_mark: null.share(), chance_log10: null.chance_log10(found, all), proves: null.proves(found, all) }
    }
}

/// Whether the finds are what was asked for: a proof, or where nothing can be weighed any find.
fn reached(found: usize, weighed: Option<&Weighed>) -> bool {
    weighed.map_or(found > 0, |weighed| weighed.proves)
}

fn tell<T: serde::Serialize>(
    all: &[Handled<T>],
    what: &str,
    weighed: Option<Weighed>,
    json: bool,
    counts: impl Fn(&T) -> bool,
    details: impl Fn(&T) -> String,
) -> Result<End, Failure> {
    let found = all.iter().filter(|one| one.result.as_ref().is_ok_and(&counts)).count();
    if json {
        say!("{}", json!({"files": all, "found": found, "weighed": weighed, "peak_rss_mb": peak_rss_mb()}));
    } else {
        for (one, result) in all.iter().filter_map(|one| Some((one, one.result.as_ref().ok()?))) {
            say!("{}  {} {what} ({})", one.file.display(), if counts(result) { "your" } else { "no" }, details(result));
        }
        list(all, "looked into");
        say!("Your {what} was found in {found} of {} pictures.", all.len());
        if let Some(Weighed { rate_without_mark, chance_log10, proves }) = weighed.as_ref() {
            say!(
                "Without the mark it is found in at most {:.1}% of pictures; in so many of these by chance: 10^{chance_log10:.1}. That {}.",
                100.0 * rate_without_mark,
                if *proves { "proves the mark" } else { "is no proof yet" }
            );
        }
    }
    Ok(if reached(found, weighed.as_ref()) { End::Reached } else { End::NotReached })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_that_can_be_weighed_must_prove_something() {
        let weighed = |proves| Weighed { rate_without_mark: 0.01, chance_log10: -2.0, proves };
        assert!(reached(1, None) && !reached(0, None));
        assert!(reached(9, Some(&weighed(true))) && !reached(9, Some(&weighed(false))));
    }
}
