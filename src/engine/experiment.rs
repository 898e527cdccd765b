//! What the text on screen is run under, where it is not what the model was trained with.

use crate::loss::Labels;
use crate::mask::{AttentionChoice, Forbidden};

/// Another attention mask, edges that are forbidden, labels shifted otherwise; by default nothing of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    pub attention: AttentionChoice,
    pub forbidden: Forbidden,
    pub labels: Labels,
}

impl Experiment {
    /// Whether anything is other than the model was trained with.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }
}
