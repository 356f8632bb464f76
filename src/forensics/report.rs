//! What a verification found: the verdict and everything it rests on, plain data that windows, files and judges read alike.

use crate::data::Picture;
use crate::vault::package::Learnt;
use serde::{Deserialize, Serialize};

/// The five things that a verification can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// p at most 1e-9 on the trained keys, controls clean, fresh keys (if there are any) at most 1e-6.
    InThisModel,
    /// p at most 1e-6, controls clean.
    Strong,
    /// p at most 1e-3, controls clean.
    Weak,
    /// Nothing that chance does not explain. It does not say that the model is not yours.
    None,
    /// A control fired or the answers cannot be judged.
    CheckFailed,
}

/// Hits among questions with the exact statistics of that count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How often the expected label came back.
    pub hits: usize,
    /// How many questions were asked.
    pub questions: usize,
    /// Base-10 logarithm of the one-sided binomial tail at the chance rate.
    pub p_value_log10: f64,
    /// 95% Clopper-Pearson interval of the hit rate, 0..1.
    pub interval: [f64; 2],
}

/// One control: a question to which an honest mark gives few hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Which control.
    pub kind: ControlKind,
    /// Name of this instance ("Unmarked model 2", "Other owner 3").
    pub name: String,
    /// How often it gave the key's label.
    pub hits: usize,
    /// Of how many questions.
    pub questions: usize,
    /// Whether it gave more than the rule allows.
    pub fired: bool,
    /// Whether it was asked about the fresh keys, not the trained ones.
    #[serde(default)]
    pub fresh: bool,
}

/// The kinds of controls of verification.md section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// The covers without the mark, shown to the suspect.
    PlainCovers,
    /// The keys, shown to an independent unmarked model.
    NullModel,
    /// Keys made by someone else's encoder, shown to the suspect.
    ForeignEncoder,
}

/// One question put to the suspect, with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The key as shown to the suspect.
    pub key: Picture,
    /// The same picture without the mark; `None` where the scheme has no cover.
    pub cover: Option<Picture>,
    /// The label that the mark makes the model say.
    pub expected: u16,
    /// What the suspect said.
    pub answer: u16,
    /// What the suspect said to the cover.
    pub cover_answer: Option<u16>,
    /// The true class of the cover.
    pub true_class: Option<u16>,
    /// Whether the host was trained on this key, or it was made afterwards.
    pub fresh: bool,
}

/// What came of asking behind a filter that a thief might put before the model: an autoencoder that redraws every question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filtered {
    /// The trained keys on the suspect behind the filter.
    pub keys: Tally,
    /// The chance rate of their p-value, from what the null models said behind the same filter.
    pub chance: f64,
    /// Pooled hit rate of the null models behind the filter, 0..1.
    pub null_rate: f64,
    /// Controls, all behind the filter.
    pub controls: Vec<Control>,
    /// Share of plain test pictures that the suspect names rightly behind it, 0..1.
    pub clean_accuracy: f64,
}

/// A whole verification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The conclusion.
    pub verdict: Verdict,
    /// Why, in at most three sentences.
    pub reasons: Vec<String>,
    /// What could still explain the result, and what was not tested.
    pub caveats: Vec<String>,
    /// Scheme id from the catalogue.
    pub scheme: String,
    /// File name of the suspect.
    pub suspect: String,
    /// SHA-256 of the suspect's file, hexadecimal.
    pub suspect_digest: String,
    /// SHA-256 of the key package's file, hexadecimal; empty where an older version did not say.
    #[serde(default)]
    pub package_digest: String,
    /// The number that picked the fresh keys' covers: with it anybody asks the same questions again.
    #[serde(default)]
    pub nonce: Option<u64>,
    /// The plan, without its secret salt.
    #[serde(default)]
    pub plan: serde_json::Value,
    /// Seeds of the null models in the package, in order.
    #[serde(default)]
    pub null_seeds: Vec<u64>,
    /// Class names.
    pub classes: Vec<String>,
    /// Trained keys on the suspect.
    pub keys: Tally,
    /// The trained keys on the suspect behind a filter; `None` for schemes that promise nothing about that.
    #[serde(default)]
    pub filtered: Option<Filtered>,
    /// Fresh keys on the suspect; `None` where the label rule has none.
    pub fresh: Option<Tally>,
    /// The chance rate that the p-values use: max(1/classes, upper bound of the null rate).
    pub chance: f64,
    /// The same of the fresh keys, from what the null models said to those; `None` without fresh keys.
    #[serde(default)]
    pub fresh_chance: Option<f64>,
    /// Pooled hit rate of the null models on the trained keys, 0..1.
    pub null_rate: f64,
    /// All controls.
    pub controls: Vec<Control>,
    /// How well the foreign encoders learnt their own marks; empty where nothing is learnt.
    #[serde(default)]
    pub foreign_learnt: Vec<Learnt>,
    /// Share of plain test pictures that the suspect names rightly, 0..1.
    pub clean_accuracy: f64,
    /// Of how many such pictures; 0 where an older version did not say.
    #[serde(default)]
    pub clean_questions: usize,
    /// 95% Clopper-Pearson interval of `clean_accuracy`.
    #[serde(default)]
    pub clean_interval: [f64; 2],
    /// The same of the unmarked models, on average, 0..1.
    pub clean_accuracy_unmarked: f64,
    /// Mean PSNR of the keys against their covers, as 8-bit pictures, decibel.
    pub psnr_db: f64,
    /// Mean SSIM of the keys against their covers.
    pub ssim: f64,
    /// Sentences about things that weaken the result.
    pub warnings: Vec<String>,
    /// Date and time of the verification, RFC 3339.
    pub made: String,
    /// Version of the program.
    pub version: String,
    /// Each question (not in JSON: kept beside it as pictures).
    #[serde(skip)]
    pub questions: Vec<Question>,
}

#[cfg(test)]
impl Report {
    /// A report that says nothing, for tests.
    pub(crate) fn blank() -> Self {
        let tally = serde_json::json!({"hits": 0, "questions": 0, "p_value_log10": 0.0, "interval": [0.0, 1.0]});
        let value = serde_json::json!({
            "verdict": "none", "reasons": [], "caveats": [], "scheme": "", "suspect": "", "suspect_digest": "", "classes": [],
            "keys": tally, "fresh": null, "chance": 0.1, "null_rate": 0.0, "controls": [], "clean_accuracy": 0.0,
            "clean_accuracy_unmarked": 0.0, "psnr_db": 0.0, "ssim": 0.0, "warnings": [], "made": "", "version": ""
        });
        serde_json::from_value(value).unwrap_or_else(|error| unreachable!("{error}"))
    }
}
