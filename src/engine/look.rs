//! Looking inside a model that has scored the text on screen.

use std::ops::Range;

use anyhow::{Context, Result};

use super::scored::Scored;
use super::worker::Worker;
use super::{Cancels, Event};
use crate::decoder::Decoder;
use crate::inspect::{self, Depth, LayerWeights, Leaning, NamedHead, Pick};
use crate::mask::Scope;

/// A look inside; a newer one ends an older.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Of the analysis whose text is looked at.
    pub generation: u64,
    /// Tells its answers from those of other looks.
    pub number: u64,
    /// Whether it is the second model's inside.
    pub is_second: bool,
    pub at: LookAt,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum LookAt {
    /// What the heads of a layer weigh, for a window of rows; one of them, or all as one, with a `pick`.
    Attention { layer: usize, rows: Range<usize>, pick: Option<Pick> },
    /// What every head does over a window of rows.
    Heads { rows: Range<usize> },
    /// What each layer would predict, for a window of rows.
    Layers { rows: Range<usize>, top_k: usize },
    /// On which tokens the prediction of a token leans.
    Leaning { position: usize, scope: Scope },
}

/// What was seen.
#[derive(Clone, Debug)]
pub enum Seen {
    Attention(LayerWeights),
    Heads(Vec<NamedHead>),
    Layers(Depth),
    Leaning(Leaning),
}

/// What comes of a look.
#[derive(Clone, Debug)]
pub enum LookEvent {
    /// So much of it is done, of how much.
    Going {
        done: usize,
        of: usize,
    },
    Seen(Seen),
    /// Something else was asked for meanwhile, and it was given up.
    Dropped,
    /// It cannot be done; the message says why and what to do.
    Failed(String),
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Looks, unless the text on screen is another by now. Nothing that is kept changes.
    pub(super) fn look(&self, look: Look, cancels: &Cancels) -> Result<()> {
        let Look { generation, number, is_second, at } = look;
        let first = self.loaded.as_ref().map(|loaded| (loaded.generation, &loaded.model.decoder, &loaded.scored));
        let second = self.beside.as_ref().map(|beside| (beside.generation, &beside.model.decoder, &beside.scored));
        let (of, decoder, scored) = (if is_second { second } else { first }).context("no model is loaded yet")?;
        if of != generation {
            return Ok(());
        }
        let step = self.loaded.as_ref().map_or(0, |loaded| loaded.run.steps());
        let emit = self.emit.clone();
        let say = |event| {
            emit(Event::Look { number, step, event });
        };
        match see(at, decoder, scored, cancels, &|done, of| say(LookEvent::Going { done, of })) {
            Ok(Some(seen)) => say(LookEvent::Seen(seen)),
            Ok(None) => say(LookEvent::Dropped),
            Err(error) => say(LookEvent::Failed(format!("{error:#}"))),
        }
        Ok(())
    }
}

/// `None` after a cancel.
fn see(
    at: LookAt,
    decoder: &Decoder,
    scored: &Scored,
    cancels: &Cancels,
    going: &(dyn Fn(usize, usize) + Sync),
) -> Result<Option<Seen>> {
    let (scorer, cancel, layers) = (&scored.scorer, &cancels.look, decoder.config().layers);
    Ok(match at {
        LookAt::Attention { layer, rows, pick } => {
            let weights = inspect::attention(scorer, decoder, &[layer], rows, pick, cancel)?;
            weights.and_then(|mut weights| weights.pop()).map(Seen::Attention)
        }
        LookAt::Heads { rows } => {
            inspect::gallery(scorer, decoder, rows, cancel, &mut |done| going(done, layers))?.map(Seen::Heads)
        }
        LookAt::Layers { rows, top_k } => {
            inspect::layers(scorer, decoder, rows, top_k, cancel, &mut |done| going(done, layers))?.map(Seen::Layers)
        }
        LookAt::Leaning { position, scope } => {
            inspect::leaning(scorer, decoder, position, scope, cancel, &mut |done, of| going(done, of))?
                .map(Seen::Leaning)
        }
    })
}
