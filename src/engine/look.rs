//! Looking inside a model that has scored the text on screen.

use std::ops::Range;

use anyhow::{Context, Result};

use super::scored::Scored;
use super::worker::{Loaded, Worker};
use super::{Cancels, Event};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::inspect::{self, Depth, LayerWeights, Leaning, NamedHead, Pick};
use crate::mask::Scope;
use crate::score::{ScoreOptions, Scorer};
use crate::source::Source;

/// A look inside; a newer one ends an older.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Of the analysis whose text is looked at.
    pub generation: u64,
    /// Tells its answers from those of other looks.
    pub number: u64,
    /// The step of the run after which the active model's weights are looked into; `None` = those of now.
    pub step: Option<usize>,
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
    /// The weights of that step are not kept; those of these steps are, the latest before it and the first after it.
    NotKept {
        nearest: [Option<usize>; 2],
    },
    /// It cannot be done; the message says why and what to do.
    Failed(String),
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Looks, unless the text on screen is another by now. Nothing that is kept changes.
    pub(super) fn look(&mut self, look: Look, cancels: &Cancels) -> Result<()> {
        let Look { generation, number, step, is_second, at } = look;
        let now = self.loaded.as_ref().map_or(0, |loaded| loaded.run.steps());
        let emit = self.emit.clone();
        let say = |event| {
            emit(Event::Look { number, step: step.unwrap_or(now), event });
        };
        let going = |done, of| say(LookEvent::Going { done, of });
        let seen = if is_second {
            let beside = self.beside.as_ref().context("no model is loaded yet")?;
            if beside.generation != generation {
                return Ok(());
            }
            see(at, &beside.model.decoder, &beside.scored.scorer, &cancels.look, &going)
        } else {
            let loaded = self.loaded.as_mut().context("no model is loaded yet")?;
            if loaded.generation != generation {
                return Ok(());
            }
            let past = step.filter(|&step| step != now);
            match (past, past.and_then(|step| loaded.run.known(step)).cloned()) {
                (_, Some(source)) => self.look_into(at, &source, &cancels.look, &going),
                (Some(step), None) => look_back(at, loaded, step, &cancels.look, &going),
                (None, None) => see(at, &loaded.model.decoder, &loaded.scored.scorer, &cancels.look, &going),
            }
        };
        say(seen.unwrap_or_else(|error| LookEvent::Failed(format!("{error:#}"))));
        Ok(())
    }

    /// Looks into weights that a run of others has saved.
    fn look_into(
        &self,
        at: LookAt,
        source: &Source,
        cancel: &Cancel,
        going: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<LookEvent> {
        let loaded = self.loaded.as_ref().context("no model is loaded yet")?;
        match self.open_checkpoint(source, &loaded.model.vocabulary, cancel, &mut |_| {}) {
            Err(_) if cancel.is_cancelled() => Ok(LookEvent::Dropped),
            Err(error) => Err(error),
            Ok(model) => see_anew(at, &model.decoder, &loaded.scored, cancel, going),
        }
    }
}

/// Looks with the weights after `step`, with which the text is scored first.
fn look_back(
    at: LookAt,
    loaded: &mut Loaded,
    step: usize,
    cancel: &Cancel,
    going: &(dyn Fn(usize, usize) + Sync),
) -> Result<LookEvent> {
    let Loaded { model, run, scored, .. } = loaded;
    let seen = run.look_back(model, step, |decoder| see_anew(at, decoder, scored, cancel, going))?;
    seen.unwrap_or_else(|nearest| Ok(LookEvent::NotKept { nearest }))
}

/// Looks into a decoder that has not scored the text yet.
fn see_anew(
    at: LookAt,
    decoder: &Decoder,
    scored: &Scored,
    cancel: &Cancel,
    going: &(dyn Fn(usize, usize) + Sync),
) -> Result<LookEvent> {
    let mut scorer = Scorer::new();
    let options = ScoreOptions { top_k: 0, ..scored.options.clone() };
    match scorer.score_under(decoder, &scored.ids, options, &mut (), cancel, &mut |_, _| {})? {
        true => see(at, decoder, &scorer, cancel, going),
        false => Ok(LookEvent::Dropped),
    }
}

/// Looks into a decoder at the text that `scorer` scored last.
fn see(
    at: LookAt,
    decoder: &Decoder,
    scorer: &Scorer,
    cancel: &Cancel,
    going: &(dyn Fn(usize, usize) + Sync),
) -> Result<LookEvent> {
    let layers = decoder.config().layers;
    let seen = match at {
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
    };
    Ok(seen.map_or(LookEvent::Dropped, LookEvent::Seen))
}
