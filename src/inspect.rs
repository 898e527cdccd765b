//! What goes on inside a model while it reads a sequence: which tokens its heads weigh, what its layers would predict,
//! and on which tokens a prediction leans.
//!
//! All of it is read off a sequence that a [`Scorer`](crate::score::Scorer) has scored, under whatever mask it was: the
//! rows that are looked at run again through the layers, with the keys and values that are kept. A [`Capture`] looks on
//! while a sequence is scored instead.

mod capture;
pub mod depth;
mod gallery;
pub mod heads;
mod layers;
pub mod lean;
mod leaning;
pub mod weights;

pub use capture::{Capture, attention};
pub use depth::Depth;
pub use gallery::gallery;
pub use heads::{HeadKind, HeadScores, NamedHead};
pub use layers::layers;
pub use lean::{Lean, Leaning};
pub use leaning::leaning;
pub use weights::{LayerWeights, Pick, Small, Weights};

use crate::decoder::{Config, DecoderError};
use crate::mask::Scope;
use crate::score::ScoreError;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error("layer {layer}: the model has {layers}, counted from 0")]
    Layer { layer: usize, layers: usize },
    #[error("head {head}: a layer of the model has {heads}, counted from 0")]
    Head { head: usize, heads: usize },
    #[error("position {position}: the text has {tokens} tokens, counted from 0")]
    Position { position: usize, tokens: usize },
    #[error("position {position}: nothing predicts the first token, give a later one")]
    First { position: usize },
}

impl From<DecoderError> for InspectError {
    fn from(error: DecoderError) -> Self {
        Self::Score(error.into())
    }
}

/// Checks that a model has this layer and head.
///
/// # Errors
/// If it does not.
pub fn check(config: &Config, scope: Scope) -> Result<(), InspectError> {
    let Config { layers, heads, .. } = *config;
    match scope {
        Scope { layer: Some(layer), .. } if layer >= layers => Err(InspectError::Layer { layer, layers }),
        Scope { head: Some(head), .. } if head >= heads => Err(InspectError::Head { head, heads }),
        _ => Ok(()),
    }
}

/// `None` where the work was cancelled.
fn unless_cancelled<T>(done: Result<T, DecoderError>) -> Result<Option<T>, InspectError> {
    match done {
        Err(DecoderError::Cancelled) => Ok(None),
        done => Ok(Some(done?)),
    }
}
