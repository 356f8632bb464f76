//! Hyper-parameters that explain themselves: one `settings!` struct a scheme serves saved files, tooltips, `--help` and the docs.
//!
//! The macro keeps each field's doc comment at run time beside its range, unit and the paper's value.

use serde_json::Value;

/// One hyper-parameter as people meet it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in saved files and on the command line.
    pub name: &'static str,
    /// Its doc comment: the tooltip, the help text and the documentation.
    pub doc: String,
    /// What the number counts, empty where it is a plain number.
    pub unit: &'static str,
    /// What may be entered.
    pub kind: Kind,
    /// The value in the scheme's paper (the Paper preset).
    pub paper: Value,
}

/// What may be entered into a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Whole {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// A number within bounds, both included.
    Real {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// On or off.
    Switch,
    /// One of several words: (saved word, what people read).
    Choice(&'static [(&'static str, &'static str)]),
    /// Classes by their numbers, counted from 0, with spaces between; nothing where none are chosen.
    Classes,
    /// The path of a folder on this computer; nothing where none is chosen.
    Folder,
    /// The path of a file on this computer; nothing where none is chosen.
    File,
}

/// A struct of hyper-parameters made by [`settings!`](crate::settings).
pub trait Settings: Sized + serde::Serialize + serde::de::DeserializeOwned + Clone + PartialEq {
    /// All fields in the order of their declaration.
    fn fields() -> Vec<Field>;

    /// The value of a field; `Null` for an unknown name.
    fn get(&self, name: &str) -> Value {
        serde_json::to_value(self).ok().and_then(|v| v.get(name).cloned()).unwrap_or(Value::Null)
    }

    /// A copy with one field changed. The error is a sentence for the user.
    fn with(&self, name: &str, value: Value) -> Result<Self, String> {
        let field = Self::fields().into_iter().find(|f| f.name == name).ok_or_else(|| format!("There is no setting called {name}."))?;
        field.check(&value)?;
        let mut whole = serde_json::to_value(self).map_err(|e| e.to_string())?;
        whole[name] = value;
        serde_json::from_value(whole).map_err(|e| format!("{name}: {e}"))
    }

    /// Checks every field's range. The error is a sentence for the user.
    fn check(&self) -> Result<(), String> {
        Self::fields().iter().try_for_each(|f| f.check(&self.get(f.name)))
    }
}

impl Field {
    /// Whether `value` may be entered here. The error is a sentence for the user.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let name = self.name.replace('_', " ");
        match &self.kind {
            Kind::Whole { min, max } | Kind::Real { min, max } => {
                let number = value.as_f64().ok_or_else(|| format!("The setting “{name}” must be a number."))?;
                if matches!(self.kind, Kind::Whole { .. }) && number.fract() != 0.0 {
                    return Err(format!("The setting “{name}” must be a whole number, not {number}."));
                }
                if !(*min..=*max).contains(&number) {
                    return Err(format!("The setting “{name}” must lie between {min} and {max}, not {number}."));
                }
                Ok(())
            }
            Kind::Switch => value.as_bool().map(|_| ()).ok_or_else(|| format!("The setting “{name}” is either true or false.")),
            Kind::Choice(options) => {
                let word = value.as_str().unwrap_or_default();
                if options.iter().any(|(saved, _)| *saved == word) {
                    return Ok(());
                }
                let words: Vec<_> = options.iter().map(|o| o.0).collect();
                Err(format!("The setting “{name}” must be one of {}.", words.join(", ")))
            }
            Kind::Classes => match value.as_str().map(classes) {
                Some(Some(_)) => Ok(()),
                _ => Err(format!("The setting “{name}” must be numbers of classes, counted from 0, such as “0 7”.")),
            },
            Kind::Folder | Kind::File => {
                value.as_str().map(|_| ()).ok_or_else(|| format!("The setting “{name}” must be a path, such as /home/you/pictures."))
            }
        }
    }
}

/// The classes that a text of [`Kind::Classes`] names; nothing where it names something else too.
pub fn classes(text: &str) -> Option<Vec<u16>> {
    text.split_whitespace().map(|number| number.parse().ok()).collect()
}

/// Declares a struct of hyper-parameters: each field with its doc comment, type, default, paper value, kind and unit.
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $sdoc:expr])*
        pub struct $name:ident {
            $( $(#[doc = $fdoc:expr])+ $field:ident : $ty:ty = $default:expr, paper $paper:expr, $kind:expr, $unit:expr; )+
        }
    ) => {
        $(#[doc = $sdoc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name { $( $(#[doc = $fdoc])+ pub $field: $ty, )+ }

        impl Default for $name {
            fn default() -> Self { Self { $( $field: $default, )+ } }
        }

        impl $name {
            /// The values of the scheme's paper.
            pub fn paper() -> Self { Self { $( $field: $paper, )+ } }
        }

        impl $crate::schemes::settings::Settings for $name {
            fn fields() -> Vec<$crate::schemes::settings::Field> {
                let paper = Self::paper();
                vec![ $( $crate::schemes::settings::Field {
                    name: stringify!($field),
                    doc: [$($fdoc),+].iter().map(|l: &&str| l.trim()).collect::<Vec<_>>().join(" "),
                    unit: $unit,
                    kind: $kind,
                    paper: serde_json::to_value(&paper.$field).unwrap_or_default(),
                }, )+ ]
            }
        }
    };
}

/// Declares the hyper-parameters of a scheme whose host learns by gradient descent with momentum: those of the host, and between them the
/// scheme's own. How the host learns is then its `host_recipe`.
#[macro_export]
macro_rules! host_settings {
    (
        $(#[doc = $sdoc:expr])*
        pub struct $name:ident { steps = $steps:expr; rate = $rate:expr; drops = [$first:expr, $second:expr]; $($own:tt)* }
    ) => {
        $crate::settings! {
            $(#[doc = $sdoc])*
            pub struct $name {
                /// How many training steps the marked model gets. More steps take longer and make the mark firmer. The preset Paper: 100 passes over the training pictures.
                steps: u64 = $steps, paper 60_000, $crate::schemes::settings::Kind::Whole { min: 1.0, max: 10_000_000.0 }, "steps";
                $($own)*
                /// Ordinary pictures in each step.
                batch: usize = 100, paper 100, $crate::schemes::settings::Kind::Whole { min: 1.0, max: 4096.0 }, "pictures";
                /// First learning rate of the model; it falls twice.
                host_rate: f64 = $rate, paper 0.1, $crate::schemes::settings::Kind::Real { min: 0.0, max: 10.0 }, "";
                /// Share of the model's steps after which its learning rate falls for the first time. The preset Paper: pass 40 of 100.
                first_drop: f64 = $first, paper 0.4, $crate::schemes::settings::Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
                /// Share of the steps after which it falls for the second time. The paper: epoch 80 of 100.
                second_drop: f64 = $second, paper 0.8, $crate::schemes::settings::Kind::Real { min: 0.0, max: 1.0 }, "of the steps";
                /// What the model's learning rate is multiplied by each time it falls.
                drop_factor: f64 = 0.1, paper 0.1, $crate::schemes::settings::Kind::Real { min: 0.0, max: 1.0 }, "";
                /// Share of its last step that each step of the model keeps (momentum).
                momentum: f64 = 0.9, paper 0.9, $crate::schemes::settings::Kind::Real { min: 0.0, max: 0.999 }, "";
                /// Pulls the model's weights towards zero (weight decay).
                host_decay: f64 = 5e-4, paper 5e-4, $crate::schemes::settings::Kind::Real { min: 0.0, max: 1.0 }, "";
                /// Shifts and mirrors the ordinary pictures at random. Good for photographs, harmful for digits and letters.
                augment: bool = false, paper true, $crate::schemes::settings::Kind::Switch, "";
            }
        }

        impl $name {
            /// How the host learns.
            fn host_recipe(&self) -> $crate::schemes::recipe::Recipe {
                $crate::schemes::recipe::Recipe {
                    steps: self.steps,
                    batch: self.batch,
                    rate: self.host_rate,
                    drops: [self.first_drop, self.second_drop],
                    drop_factor: self.drop_factor,
                    rule: $crate::nn::optim::Rule::Sgd { momentum: self.momentum, decay: self.host_decay },
                    augment: self.augment,
                }
            }
        }
    };
}

/// Declares the hyper-parameters of a scheme whose keys are fixed pictures: those that all such schemes share, and between them its own.
#[macro_export]
macro_rules! trigger_settings {
    ( $(#[doc = $sdoc:expr])* pub struct $name:ident { $($own:tt)* } ) => {
        $crate::host_settings! {
            $(#[doc = $sdoc])*
            pub struct $name {
                steps = 600; rate = 0.1; drops = [0.4, 0.8];
                /// How many pictures are turned into keys, at most a quarter of the training pictures. The preset Paper takes 1% of them.
                keys: usize = 60, paper 600, $crate::schemes::settings::Kind::Whole { min: 4.0, max: 100_000.0 }, "pictures";
                $($own)*
                /// Keys in each step.
                key_batch: usize = 20, paper 20, $crate::schemes::settings::Kind::Whole { min: 1.0, max: 1024.0 }, "pictures";
            }
        }

        impl $crate::schemes::triggered::Counted for $name {
            fn recipe(&self) -> $crate::schemes::recipe::Recipe {
                self.host_recipe()
            }

            fn keys(&self) -> [usize; 2] {
                [self.keys, self.key_batch]
            }

            fn counts(&mut self) -> (&mut u64, &mut usize) {
                (&mut self.steps, &mut self.keys)
            }
        }

        /// The values of a preset.
        pub fn preset(preset: $crate::schemes::plan::Preset, photographs: bool) -> $name {
            use $crate::schemes::plan::Preset;
            match preset {
                Preset::Quick => $name { host_rate: 0.05, first_drop: 0.7, second_drop: 0.9, ..Default::default() },
                Preset::Standard => $name { steps: 6_000, keys: 200, augment: photographs, ..Default::default() },
                Preset::Paper => $name { augment: photographs, ..$name::paper() },
            }
        }
    };
}
