//! Whom a run is handed over to.

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantArray};

/// A trainer that takes a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown)]
pub enum Recipient {
    /// Hugging Face transformers' `Trainer`, with the loss as it is here.
    #[default]
    Transformers,
    /// TRL's `SFTTrainer`, with its own loss.
    Trl,
    /// Axolotl, by its configuration.
    Axolotl,
    /// PyTorch's torchtune, by its configuration.
    Torchtune,
}

impl Recipient {
    /// All of them, in the order in which they are listed.
    pub const EVERY: &[Self] = Self::VARIANTS;

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it is started by a script of ours rather than by a configuration.
    pub fn has_script(self) -> bool {
        matches!(self, Self::Transformers | Self::Trl)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Transformers => "transformers",
            Self::Trl => "TRL",
            Self::Axolotl => "Axolotl",
            Self::Torchtune => "torchtune",
        })
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = Recipient::EVERY.iter().map(|recipient| recipient.name()).collect();
    format!("unknown trainer {name:?}; use {}", names.join(", "))
}
