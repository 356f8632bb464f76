//! Classical marks: 64 bits under a secret in a picture of any size, without any network. What pictures were marked with before networks
//! were, and what the image barrier is measured against: exact where nothing is done to the picture, and gone in what a thief's network gives.
//!
//! All four change the brightness only, by the same amount in each channel. `spread` adds carriers in space; `dct`, `dft` and `dwt` say which
//! coefficients of which blocks `quantise` moves onto steps. Which carrier holds which bit follows from the secret.

mod dct;
mod dft;
mod dwt;
mod plane;
mod quantise;
mod spread;

use crate::data::{Picture, Shape};
use crate::metrics::{MetricError, binomial_tail_log10, psnr};
use crate::schemes::settings::{Kind, Settings as _};
use crate::vault::derive::Derivation;
use plane::Plane;
use quantise::Quantised;
use serde::{Deserialize, Serialize};
use spread::Spread;
use thiserror::Error;

/// Bits in each picture.
pub const BITS: usize = 64;
/// Rows and columns that a picture needs at least.
pub const LEAST_SIDE: usize = 32;
/// Base-10 logarithm of the chance up to which bits count as found: the level of the program's strongest verdict.
pub const LEVEL_LOG10: f64 = -9.0;
/// How clearly, 0..1, each bit must be read from the finished picture.
const MARGIN: f64 = 0.2;
/// How often a picture is changed until all bits are read, at each of the ranges below.
const ROUNDS: usize = 8;
/// By how many grey levels black and white are pulled in where a mark is cut off at the ends of the range, one after the other.
const PULLS: [u8; 5] = [0, 2, 4, 8, 16];

crate::settings! {
    /// Hyper-parameters of the classical marks. They have no paper of their own: its values are the program's.
    pub struct Settings {
        /// By how many grey levels the method “spread” changes each pixel at first; more where the bits are not read otherwise.
        strength: f64 = 2.0, paper 2.0, Kind::Real { min: 1.0, max: 16.0 }, "grey levels";
        /// Distance of the steps onto which the methods “dct”, “dft” and “dwt” move coefficients (“dft”: half of it): wider is firmer and easier to see.
        step: f64 = 12.0, paper 12.0, Kind::Real { min: 4.0, max: 64.0 }, "grey levels";
    }
}

/// Where the bits are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Carriers of random signs, added to the pixels and found by correlation (Cox et al., IEEE Trans. Image Processing 1997; in space).
    Spread,
    /// Steps of middle coefficients of the cosine transform of 8x8 pixels (Chen and Wornell, IEEE Trans. Information Theory 2001).
    Dct,
    /// Steps of magnitudes of the Fourier transform of 32x32 pixels.
    Dft,
    /// Steps of the details of two levels of Haar wavelets.
    Dwt,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 4] = [Method::Spread, Method::Dct, Method::Dft, Method::Dwt];

    /// Its word on the command line and in tables.
    pub fn id(self) -> &'static str {
        match self {
            Method::Spread => "spread",
            Method::Dct => "dct",
            Method::Dft => "dft",
            Method::Dwt => "dwt",
        }
    }
}

/// Why a picture cannot be marked or looked into; its text is for the user.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ClassicalError {
    /// Too few pixels for so many bits.
    #[error("The picture has {0} pixels, too few for {BITS} bits. Take one of at least {LEAST_SIDE}x{LEAST_SIDE} pixels")]
    TooSmall(String),
    /// Bits are lost however much the picture is changed.
    #[error(
        "The method {method} cannot hide all {BITS} bits in this picture: {right} of them can be read back. Choose another method, or a greater strength or step"
    )]
    NotExact {
        /// Which method.
        method: &'static str,
        /// Bits that were read back at best.
        right: usize,
    },
    /// A setting out of its range.
    #[error("{0}")]
    Setting(String),
    /// Picture and mark have other measures: a fault of the program.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

/// What is hidden, and the secret under which it is.
#[derive(Debug, Clone)]
pub struct Key {
    bits: u64,
    secret: Derivation,
}

impl Key {
    /// `logo_digest` and `secret` are hexadecimal texts; without a secret everybody who knows owner and logo can read the bits and forge
    /// them. Without bits of their own they follow from logo and owner.
    pub fn new(logo_digest: &str, owner: &str, secret: &str, bits: Option<u64>) -> Self {
        let named = || word(&Derivation::new(logo_digest, owner, ""), "classical bits");
        Self { bits: bits.unwrap_or_else(named), secret: Derivation::new(logo_digest, owner, secret) }
    }

    /// The bits that are hidden.
    pub fn bits(&self) -> u64 {
        self.bits
    }
}

fn word(derivation: &Derivation, purpose: &str) -> u64 {
    let mut stream = derivation.stream(purpose);
    (0..BITS).fold(0, |word, _| word << 1 | stream.below(2) as u64)
}

/// One method with key and settings: marks pictures and reads them.
#[derive(Debug, Clone)]
pub struct Classical {
    /// Where the bits are hidden.
    pub method: Method,
    /// What is hidden.
    pub key: Key,
    settings: Settings,
}

/// A marked picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// The picture with the bits.
    pub picture: Picture,
    /// PSNR against the one without, decibel.
    pub psnr_db: f64,
}

/// What was read from one picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// How many of the 64 bits are the owner's. Half of them are by chance.
    pub bits_right: usize,
    /// Base-10 logarithm of the chance that a picture without the mark has as many or more: the exact one-sided binomial tail at 1/2.
    pub p_value_log10: f64,
    /// Whether that chance is at most one in a thousand million.
    pub found: bool,
}

/// A method's result on several pictures: a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Pictures that were read.
    pub pictures: usize,
    /// Mean share of right bits, 0..1; about 0.5 where nothing is left of the mark.
    pub bit_accuracy: f64,
    /// Share of the pictures whose bits count as found, 0..1.
    pub success: f64,
}

/// Whatever carries the bits: signs say which bit was read, sizes (0..1 or so) how clearly.
trait Carriers {
    fn read(&self, plane: &Plane) -> [f64; BITS];

    /// What to add to each pixel so that `wanted` (-1 or 1 each) is read.
    fn change(&self, plane: &Plane, wanted: &[f64; BITS]) -> Vec<f32>;
}

impl Classical {
    /// A method, ready for use.
    ///
    /// # Errors
    /// A setting out of its range.
    pub fn new(method: Method, key: Key, settings: Settings) -> Result<Self, ClassicalError> {
        settings.check().map_err(ClassicalError::Setting)?;
        Ok(Self { method, key, settings })
    }

    fn carriers(&self, shape: Shape) -> Result<Box<dyn Carriers>, ClassicalError> {
        if shape.height < LEAST_SIDE || shape.width < LEAST_SIDE {
            return Err(ClassicalError::TooSmall(format!("{}x{}", shape.width, shape.height)));
        }
        let (secret, step) = (&self.key.secret, self.settings.step);
        Ok(match self.method {
            Method::Spread => Box::new(Spread::new(shape, secret, self.settings.strength)),
            Method::Dct => Box::new(Quantised::new(dct::Dct::new(), shape, secret, step)),
            // Where the picture is smooth a magnitude can only grow: half the step keeps it as clear as the others.
            Method::Dft => Box::new(Quantised::new(dft::Dft::new(), shape, secret, step / 2.0)),
            Method::Dwt => Box::new(Quantised::new(dwt::Dwt, shape, secret, step)),
        })
    }

    /// What the carriers hold: the bits under a keyed mask, so that no picture that reads the same everywhere holds anybody's bits.
    fn wanted(&self) -> [f64; BITS] {
        let masked = self.key.bits ^ word(&self.key.secret, "classical mask");
        std::array::from_fn(|i| if masked >> i & 1 == 1 { 1.0 } else { -1.0 })
    }

    /// The picture with the bits, every one of which is read back from it.
    ///
    /// # Errors
    /// A picture that is too small, or in which bits are lost whatever is done.
    pub fn embed(&self, picture: &Picture) -> Result<Marked, ClassicalError> {
        let (carriers, wanted) = (self.carriers(picture.shape)?, self.wanted());
        let mut best = 0;
        for pull in PULLS {
            let mut marked = picture.clone();
            marked.planes.iter_mut().for_each(|value| *value = (*value).clamp(pull, 255 - pull));
            for _ in 0..ROUNDS {
                let change = carriers.change(&Plane::of(&marked), &wanted);
                plane::add(&mut marked, &change);
                let read = carriers.read(&Plane::of(&marked));
                let clear = |least: f64| read.iter().zip(&wanted).filter(|(read, wanted)| *read * *wanted > least).count();
                best = best.max(clear(0.0));
                if clear(MARGIN) == BITS {
                    return Ok(Marked { psnr_db: psnr(&marked, picture)?, picture: marked });
                }
            }
        }
        Err(ClassicalError::NotExact { method: self.method.id(), right: best })
    }

    /// How many of the owner's bits a picture holds.
    ///
    /// # Errors
    /// A picture that is too small.
    pub fn read(&self, picture: &Picture) -> Result<Read, ClassicalError> {
        let read = self.carriers(picture.shape)?.read(&Plane::of(picture));
        let bits_right = read.iter().zip(self.wanted()).filter(|(read, wanted)| (**read > 0.0) == (*wanted > 0.0)).count();
        let p_value_log10 = binomial_tail_log10(bits_right, BITS, 0.5);
        Ok(Read { bits_right, p_value_log10, found: p_value_log10 <= LEVEL_LOG10 })
    }

    /// What is left of the mark in several pictures: the owner's marked ones, or what a thief's network gives.
    ///
    /// # Errors
    /// A picture that is too small.
    pub fn trial(&self, pictures: &[Picture]) -> Result<Trial, ClassicalError> {
        let all = pictures.iter().map(|picture| self.read(picture)).collect::<Result<Vec<_>, _>>()?;
        let count = all.len().max(1) as f64;
        Ok(Trial {
            pictures: all.len(),
            bit_accuracy: all.iter().map(|read| read.bits_right as f64).sum::<f64>() / (count * BITS as f64),
            success: all.iter().filter(|read| read.found).count() as f64 / count,
        })
    }
}

#[cfg(test)]
mod tests;
