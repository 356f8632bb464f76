//! The schemes as people meet them: one sentence, needs, what each survives and what it does not.

use super::plan::{Preset, SchemeSettings};
use super::settings::Field;

/// One scheme's card.
#[derive(Debug, Clone)]
pub struct Card {
    /// Id as in saved plans ("blind", "content_stamp").
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// What it needs.
    pub needs: &'static str,
    /// What it is known to survive.
    pub survives: &'static str,
    /// What it is known not to survive.
    pub fails: &'static str,
    /// Whether it trains an encoder (so that foreign encoders are a control and fresh keys can exist).
    pub has_encoder: bool,
}

/// All schemes, the recommended one first.
pub fn cards() -> &'static [Card] {
    &[]
}

/// The hyper-parameters of a scheme for a preset. `None` for an unknown id.
pub fn preset(_id: &str, _preset: Preset) -> Option<SchemeSettings> {
    None
}

impl SchemeSettings {
    /// The card's id.
    pub fn id(&self) -> &'static str {
        match self {
            SchemeSettings::Blind(_) => "blind",
            SchemeSettings::ContentStamp(_) => "content_stamp",
        }
    }

    /// All hyper-parameters with explanation, range and paper value.
    pub fn fields(&self) -> Vec<Field> {
        use super::settings::Settings;
        match self {
            SchemeSettings::Blind(_) => super::blind::Settings::fields(),
            SchemeSettings::ContentStamp(_) => super::content_stamp::Settings::fields(),
        }
    }

    /// The value of a hyper-parameter.
    pub fn get(&self, name: &str) -> serde_json::Value {
        use super::settings::Settings;
        match self {
            SchemeSettings::Blind(s) => s.get(name),
            SchemeSettings::ContentStamp(s) => s.get(name),
        }
    }

    /// A copy with one hyper-parameter changed. The error is a sentence for the user.
    pub fn with(&self, name: &str, value: serde_json::Value) -> Result<Self, String> {
        use super::settings::Settings;
        Ok(match self {
            SchemeSettings::Blind(s) => SchemeSettings::Blind(s.with(name, value)?),
            SchemeSettings::ContentStamp(s) => SchemeSettings::ContentStamp(s.with(name, value)?),
        })
    }
}
