//! The schemes as people meet them: one sentence, needs, what each survives and what it does not; and what the presets stand for.

use super::plan::{FEWEST_FOREIGN, HostKind, Plan, Preset, SchemeSettings};
use super::settings::{Field, Settings};
use super::{blind, content_stamp, message, noise, penetrating};
use crate::data::Shape;

/// Fewest keys that a plan may ask for.
const FEWEST_KEYS: usize = 4;

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
    /// Whether its keys look like ordinary pictures.
    pub hides: bool,
    /// Whether what makes its keys has to learn: then there is no key to be shown before, and other people's marks are trained as a control.
    pub learns: bool,
    /// Whether its keys are made to pass an autoencoder before the model.
    pub penetrates: bool,
}

/// All schemes, the recommended one first.
pub fn cards() -> &'static [Card] {
    const CARDS: &[Card] = &[
        Card {
            id: "blind",
            name: "Blind watermark",
            source: "Li, Hu, Zhang, Guo: How to prove your model belongs to you, ACSAC 2019",
            summary: "Hides your logo invisibly in ordinary pictures; only your model answers them with a secret label.",
            needs: "Training data, a logo, and training the model from the start together with a small hiding network.",
            survives: "Somebody sorting out suspicious questions: the keys look like ordinary pictures. In the paper, further training (fine-tuning) with 100 passes over the data (epochs).",
            fails: "Copying the model through its answers alone, and an autoencoder in front of the copied model.",
            hides: true,
            learns: true,
            penetrates: false,
        },
        Card {
            id: "content_stamp",
            name: "Content stamp",
            source: "Zhang et al.: Protecting intellectual property of deep neural networks with watermarking, AsiaCCS 2018",
            summary: "Puts your logo visibly into a corner of pictures; your model answers them all with one label.",
            needs: "Training data and a logo. Trains as fast as a model without a mark.",
            survives: "Fine-tuning and pruning in the paper.",
            fails: "Anybody who looks at the questions sees the stamp, can filter it, or can forge it with a stamp of their own.",
            hides: false,
            learns: false,
            penetrates: false,
        },
        Card {
            id: "penetrating",
            name: "Penetrating stamps",
            source: "Li, Wang: Persistent watermark for image classification neural networks by penetrating the autoencoder, ICIP 2021",
            summary: "Puts stamps on pictures that even a filter which redraws every question (an autoencoder) gives back, so that your model still knows them.",
            needs: "Grey pictures, a logo, and training some autoencoders first, as a thief might.",
            survives: "In the paper, an autoencoder before the stolen model that wipes ordinary marks off. Here it is tried behind one that the stamps were never made for.",
            fails: "Anybody who looks at the questions sees the stamps. Behind an autoencoder the logo is gone and only the stamp's shape is left, which others can make too.",
            hides: false,
            learns: true,
            penetrates: true,
        },
        Card {
            id: "noise",
            name: "Secret noise",
            source: "Zhang et al.: Protecting intellectual property of deep neural networks with watermarking, AsiaCCS 2018",
            summary: "Lays the same secret noise over pictures; your model answers them all with one label. Here to compare with.",
            needs: "Training data and a logo, from which the noise follows. Trains as fast as a model without a mark.",
            survives: "Fine-tuning and pruning in the paper.",
            fails: "Anybody who looks at the questions sees the noise, any filter wipes it off, and models tend to answer to other people's noise too.",
            hides: false,
            learns: false,
            penetrates: false,
        },
        Card {
            id: "message",
            name: "Message in pixels",
            source: "Guo, Potkonjak: Watermarking deep neural networks for embedded systems, ICCAD 2018",
            summary: "Writes a secret message into a few pixels of pictures; your model answers them all with one label. Here to compare with.",
            needs: "Training data and a logo, from which the message follows. Trains as fast as a model without a mark.",
            survives: "Not tried here yet: stress tests are still to come.",
            fails: "Any filter wipes it off, and whoever compares many questions finds the pixels that never fit.",
            hides: false,
            learns: false,
            penetrates: false,
        },
    ];
    CARDS
}

/// The card of a scheme.
pub fn card(id: &str) -> Option<&'static Card> {
    cards().iter().find(|card| card.id == id)
}

/// The hyper-parameters of a scheme for a preset and pictures of this shape. `None` for an unknown id.
pub fn preset(id: &str, preset: Preset, shape: Shape) -> Option<SchemeSettings> {
    let photographs = shape.channels == 3;
    match id {
        "blind" => Some(SchemeSettings::Blind(match preset {
            Preset::Quick => blind::Settings {
                steps: 1_600,
                keys: 600,
                key_batch: 14,
                encoder_width: 8,
                residual: true,
                clarity: 28.7,
                carrier: 2,
                decoys: true,
                ramp: 0.4,
                host_weight: 1.1,
                host_rate: 0.05,
                first_drop: 0.7,
                second_drop: 0.9,
                ..Default::default()
            },
            Preset::Standard => blind::Settings {
                steps: 8_000,
                keys: 600,
                residual: true,
                clarity: 30.0,
                carrier: 2,
                decoys: true,
                ramp: 0.4,
                host_weight: 1.0,
                augment: photographs,
                ..Default::default()
            },
            // Weights as in the authors' code, which made all their saved runs; the paper's text says 0.1 and 0.01.
            Preset::Paper => blind::Settings { critic_weight: 1.0, host_weight: 0.1, augment: photographs, ..blind::Settings::paper() },
        })),
        "content_stamp" => Some(SchemeSettings::ContentStamp(content_stamp::Settings::preset(preset, photographs))),
        "noise" => Some(SchemeSettings::Noise(noise::Settings::preset(preset, photographs))),
        "message" => Some(SchemeSettings::Message(message::Settings::preset(preset, photographs))),
        "penetrating" => Some(SchemeSettings::Penetrating(match preset {
            Preset::Quick => penetrating::Settings::default(),
            Preset::Standard => penetrating::Settings {
                steps: 6_000,
                shadows: 8,
                shadow_steps: 10_000,
                stamp_steps: 1_000,
                decoys: 8,
                ..Default::default()
            },
            Preset::Paper => penetrating::Settings::paper(),
        })),
        _ => None,
    }
}

/// A plan with everything at its default. `salt` must be random and stay secret until the proof. `None` for an unknown id.
pub fn plan(id: &str, level: Preset, shape: Shape, owner: &str, salt: &str, seed: u64) -> Option<Plan> {
    let nulls = if level == Preset::Quick { 3 } else { 20 };
    let host = if level != Preset::Quick && shape.channels == 3 { HostKind::Resnet18 } else { HostKind::Lenet5 };
    Some(Plan {
        scheme: preset(id, level, shape)?,
        preset: level,
        host,
        width: 1.0,
        owner: owner.to_owned(),
        seed,
        salt: salt.to_owned(),
        nulls,
        foreign: FEWEST_FOREIGN,
    })
}

/// What the paper's sizes are for a training part of so many pictures: 100 passes, and 1% of the pictures as keys. They are fixed
/// numbers only where no data is known yet, and stand for 60,000 pictures then.
const PAPER_PASSES: u64 = 100;
const PAPER_KEYS: f64 = 0.01;
/// Penetrating triggers have 20 passes in their paper.
const PENETRATING_PASSES: u64 = 20;

impl Plan {
    /// The plan for a training part of so many pictures: the Paper preset's steps and keys follow from it.
    pub fn sized(mut self, pictures: usize) -> Self {
        if self.preset == Preset::Paper {
            let keys = ((pictures as f64 * PAPER_KEYS).round() as usize).max(FEWEST_KEYS);
            let steps = |batch: usize| PAPER_PASSES * pictures.div_ceil(batch.max(1)).max(1) as u64;
            match &mut self.scheme {
                SchemeSettings::Blind(s) => (s.steps, s.keys) = (steps(s.batch), keys),
                SchemeSettings::ContentStamp(s) => (s.steps, s.keys) = (steps(s.batch), keys),
                SchemeSettings::Noise(s) => (s.steps, s.keys) = (steps(s.batch), keys),
                SchemeSettings::Message(s) => (s.steps, s.keys) = (steps(s.batch), keys),
                SchemeSettings::Penetrating(s) => s.steps = steps(s.batch) * PENETRATING_PASSES / PAPER_PASSES,
            }
        }
        self
    }
}

impl SchemeSettings {
    /// The card's id.
    pub fn id(&self) -> &'static str {
        match self {
            SchemeSettings::Blind(_) => "blind",
            SchemeSettings::ContentStamp(_) => "content_stamp",
            SchemeSettings::Noise(_) => "noise",
            SchemeSettings::Message(_) => "message",
            SchemeSettings::Penetrating(_) => "penetrating",
        }
    }

    /// All hyper-parameters with explanation, range and paper value.
    pub fn fields(&self) -> Vec<Field> {
        match self {
            SchemeSettings::Blind(_) => blind::Settings::fields(),
            SchemeSettings::ContentStamp(_) => content_stamp::Settings::fields(),
            SchemeSettings::Noise(_) => noise::Settings::fields(),
            SchemeSettings::Message(_) => message::Settings::fields(),
            SchemeSettings::Penetrating(_) => penetrating::Settings::fields(),
        }
    }

    /// The value of a hyper-parameter.
    pub fn get(&self, name: &str) -> serde_json::Value {
        match self {
            SchemeSettings::Blind(s) => s.get(name),
            SchemeSettings::ContentStamp(s) => s.get(name),
            SchemeSettings::Noise(s) => s.get(name),
            SchemeSettings::Message(s) => s.get(name),
            SchemeSettings::Penetrating(s) => s.get(name),
        }
    }

    /// A copy with one hyper-parameter changed. The error is a sentence for the user.
    pub fn with(&self, name: &str, value: serde_json::Value) -> Result<Self, String> {
        Ok(match self {
            SchemeSettings::Blind(s) => SchemeSettings::Blind(s.with(name, value)?),
            SchemeSettings::ContentStamp(s) => SchemeSettings::ContentStamp(s.with(name, value)?),
            SchemeSettings::Noise(s) => SchemeSettings::Noise(s.with(name, value)?),
            SchemeSettings::Message(s) => SchemeSettings::Message(s.with(name, value)?),
            SchemeSettings::Penetrating(s) => SchemeSettings::Penetrating(s.with(name, value)?),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use serde_json::json;

    const GREY: Shape = Shape { channels: 1, height: 28, width: 28 };

    #[test]
    fn every_preset_of_every_scheme_passes_its_own_checks_and_can_be_saved() {
        for card in cards() {
            for level in [Preset::Quick, Preset::Standard, Preset::Paper] {
                let settings = preset(card.id, level, GREY).unwrap();
                for field in settings.fields() {
                    field.check(&settings.get(field.name)).unwrap();
                    field.check(&field.paper).unwrap();
                    assert!(!field.doc.is_empty());
                }
                let text = serde_json::to_string(&settings).unwrap();
                assert_eq!(serde_json::from_str::<SchemeSettings>(&text).unwrap(), settings);
            }
        }
    }

    #[test]
    fn the_paper_preset_takes_steps_and_keys_from_the_size_of_the_data() {
        for card in cards() {
            let sized = |level, pictures| {
                let scheme = plan(card.id, level, GREY, "Owner", "00", 1).unwrap().sized(pictures).scheme;
                scheme.fields().iter().for_each(|field| field.check(&scheme.get(field.name)).unwrap());
                (scheme.get("steps"), scheme.get("keys"))
            };
            match card.id {
                // Its keys are fixed in number, and its paper has fewer passes.
                "penetrating" => assert_eq!(sized(Preset::Paper, 50_050).0, json!(10_020)),
                _ => {
                    assert_eq!(sized(Preset::Paper, 60_000), (json!(60_000), json!(600)));
                    assert_eq!(sized(Preset::Paper, 50_050), (json!(50_100), json!(501)));
                    assert_eq!(sized(Preset::Paper, 90), (json!(100), json!(4)));
                }
            }
            let unsized_plan = preset(card.id, Preset::Quick, GREY).unwrap();
            assert_eq!(sized(Preset::Quick, 90), (unsized_plan.get("steps"), unsized_plan.get("keys")));
        }
    }

    /// The Quick preset shows covers and decoys, and lets the shift of the class be the label, because the literal recipe teaches a
    /// small host the pictures in so few steps (tests/literal_recipe.rs).
    #[test]
    fn the_quick_preset_is_not_the_literal_recipe() {
        let quick = preset("blind", Preset::Quick, GREY).unwrap();
        let literal = preset("blind", Preset::Paper, GREY).unwrap();
        let wanted =
            [("show_covers", json!(true)), ("decoys", json!(true)), ("residual", json!(true)), ("label_rule", json!("keyed_shift"))];
        for (name, value) in wanted {
            assert_eq!(quick.get(name), value, "{name}");
            assert_ne!(literal.get(name), value, "{name}");
        }
        assert!(quick.get("carrier").as_u64().unwrap() > 0 && quick.get("clarity").as_f64().unwrap() >= 28.0);
    }

    #[test]
    fn a_setting_out_of_range_gets_a_sentence() {
        let settings = preset("blind", Preset::Quick, GREY).unwrap();
        assert!(settings.with("steps", json!(0)).unwrap_err().contains("between 1 and"));
        assert!(settings.with("steps", json!(2.5)).unwrap_err().contains("whole number"));
        assert!(settings.with("label_rule", json!("mine")).unwrap_err().contains("keyed_shift"));
        assert!(settings.with("nothing", json!(1)).is_err());
        assert_eq!(settings.with("steps", json!(7)).unwrap().get("steps"), json!(7));
    }
}
