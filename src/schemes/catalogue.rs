//! The list of schemes, and each as people meet it: one sentence, needs, what it survives and what it does not. A further scheme is a module
//! with hyper-parameters that answer [`Scheme`], a card and its presets, and a line in the list below.

use super::plan::{FEWEST_FOREIGN, HostKind, Plan, Preset};
use super::settings::{Field, Kind, Settings};
use super::{
    Scheme, abstract_pictures, blind, chain, content_stamp, exponential, message, noise, penetrating, random_pictures, stego, unrelated,
    white_box, wonder_filter,
};
use crate::data::Shape;
use serde::{Deserialize, Serialize};

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
    /// Whether it stands here mainly for others to be compared with.
    pub compared: bool,
    /// Whether its keys are read from a model's weights instead of being asked.
    pub reads: bool,
    /// Whether each key is made of a picture, its cover. Elsewhere keys are pictures by themselves, and a key package keeps other pictures in the
    /// places of their covers.
    pub covers: bool,
}

macro_rules! schemes {
    ($($(#[$doc:meta])* $name:ident($module:ident)),+ $(,)?) => {
        /// A scheme with its hyper-parameters.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "id", content = "settings", rename_all = "snake_case")]
        pub enum SchemeSettings {
            $($(#[$doc])* $name($module::Settings),)+
        }

        const CARDS: &[Card] = &[$($module::CARD),+];

        impl SchemeSettings {
            /// The card's id.
            pub fn id(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $module::CARD.id,)+
                }
            }

            /// All hyper-parameters with explanation, range and paper value.
            pub fn fields(&self) -> Vec<Field> {
                match self {
                    $(Self::$name(_) => $module::Settings::fields(),)+
                }
            }

            /// The value of a hyper-parameter.
            pub fn get(&self, name: &str) -> serde_json::Value {
                match self {
                    $(Self::$name(settings) => settings.get(name),)+
                }
            }

            /// A copy with one hyper-parameter changed. The error is a sentence for the user.
            pub fn with(&self, name: &str, value: serde_json::Value) -> Result<Self, String> {
                Ok(match self {
                    $(Self::$name(settings) => Self::$name(settings.with(name, value)?),)+
                })
            }

            /// The same by somebody else, who has no files of this owner's.
            pub fn without_own_files(&self) -> Self {
                let files = self.fields().into_iter().filter(|field| matches!(field.kind, Kind::Folder | Kind::File));
                files.fold(self.clone(), |scheme, field| scheme.with(field.name, field.paper).unwrap_or(scheme))
            }

            /// Checks every hyper-parameter's range. The error is a sentence for the user.
            pub(super) fn check(&self) -> Result<(), String> {
                match self {
                    $(Self::$name(settings) => settings.check(),)+
                }
            }

            /// What all schemes can do.
            pub(super) fn scheme(&self) -> &dyn Scheme {
                match self {
                    $(Self::$name(settings) => settings,)+
                }
            }

            fn scheme_mut(&mut self) -> &mut dyn Scheme {
                match self {
                    $(Self::$name(settings) => settings,)+
                }
            }
        }

        /// The hyper-parameters of a scheme for a preset and pictures of this shape. `None` for an unknown id.
        pub fn preset(id: &str, preset: Preset, shape: Shape) -> Option<SchemeSettings> {
            $(if id == $module::CARD.id {
                return Some(SchemeSettings::$name($module::preset(preset, shape.channels == 3)));
            })+
            None
        }
    };
}

schemes! {
    /// Blind watermark (ACSAC 2019).
    Blind(blind),
    /// The logo stamped onto pictures (Zhang et al., AsiaCCS 2018, "content").
    ContentStamp(content_stamp),
    /// Penetrating triggers (S1): stamps that autoencoders give back.
    Penetrating(penetrating),
    /// DeepStego (S3): the blind watermark's forerunner.
    DeepStego(stego),
    /// Secret noise (Zhang et al., AsiaCCS 2018, "noise").
    Noise(noise),
    /// A message in a few pixels (Guo and Potkonjak, ICCAD 2018).
    Message(message),
    /// Pictures of something else (Zhang et al., AsiaCCS 2018, "unrelated").
    Unrelated(unrelated),
    /// Abstract pictures (Adi et al., USENIX Security 2018).
    AbstractPictures(abstract_pictures),
    /// Random pictures (Rouhani et al., ASPLOS 2019).
    RandomPictures(random_pictures),
    /// Random pictures in a one-way chain (Zhu et al., 2020).
    Chain(chain),
    /// A pattern of black and white, and its opposite (Li et al., 2019).
    WonderFilter(wonder_filter),
    /// Wrong labels that few large weights carry (Namba and Sakuma, AsiaCCS 2019).
    Exponential(exponential),
    /// Bits in the weights (Uchida et al., ICMR 2017).
    WhiteBox(white_box),
}

/// All schemes, the recommended one first.
pub fn cards() -> &'static [Card] {
    CARDS
}

/// The card of a scheme.
pub fn card(id: &str) -> Option<&'static Card> {
    cards().iter().find(|card| card.id == id)
}

/// Whether a scheme makes each key of a picture; see [`Card::covers`].
pub fn has_covers(id: &str) -> bool {
    card(id).is_none_or(|card| card.covers)
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

impl Plan {
    /// The plan for a training part of so many pictures: the Paper preset's steps and keys follow from it. They are fixed numbers only where no
    /// data is known yet, and stand for 60,000 pictures then.
    pub fn sized(mut self, pictures: usize) -> Self {
        if self.preset == Preset::Paper {
            self.scheme.scheme_mut().size(pictures);
        }
        self
    }
}

#[cfg(test)]
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
                assert_eq!(serde_json::to_value(&settings).unwrap()["id"], card.id);
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
                // Its bits are, too.
                "white_box" => assert_eq!(sized(Preset::Paper, 50_050).0, json!(50_100)),
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
