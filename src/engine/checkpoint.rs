//! Weights that a run of others saved: the text on screen is scored with each.

use anyhow::{Context, Result, bail};

use super::on_screen::{OnScreen, score};
use super::worker::Worker;
use super::{Cancels, Event, TrainEvent};
use crate::cancel::Cancel;
use crate::score::Scorer;
use crate::source::{Opening, Source};

/// What the weights of a checkpoint say is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointRequest {
    /// Of the analysis whose text is scored.
    pub generation: u64,
    /// The step that they were saved after.
    pub step: usize,
    pub source: Source,
    /// Whether they are the active model's from then on; else they are read, and let go.
    pub stays: bool,
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Scores the text on screen with a checkpoint, and says what came of it.
    pub(super) fn checkpoint(&mut self, request: CheckpointRequest, cancels: &Cancels) {
        let (emit, step) = (self.emit.clone(), request.step);
        let say = move |event| {
            emit(Event::Train(event));
        };
        let what = format!("reading checkpoint {step}");
        let on_progress = |fraction: f32| say(TrainEvent::Busy { what: what.clone(), fraction: fraction.min(0.99) });
        let done = self.try_checkpoint(request, &cancels.train, &on_progress);
        say(TrainEvent::Busy { what: what.clone(), fraction: 1.0 });
        if let Err(error) = done {
            let is_stopped = cancels.train.is_cancelled();
            let why = if is_stopped { "it was stopped".to_owned() } else { format!("{error:#}") };
            say(TrainEvent::Unread { step, why });
        }
    }

    fn try_checkpoint(
        &mut self,
        CheckpointRequest { generation, step, source, stays }: CheckpointRequest,
        cancel: &Cancel,
        on_progress: &dyn Fn(f32),
    ) -> Result<()> {
        let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.generation == generation) else {
            return Ok(()); // it is asked for anew, for the text of now
        };
        let mut on_opening = |opening| match opening {
            Opening::Reading(share) => on_progress(share),
            Opening::Downloading(_) => {}
        };
        let mut model = self.open_checkpoint(&source, &loaded.model.vocabulary, cancel, &mut on_opening)?;
        let loaded = self.loaded.as_mut().context("no model is loaded yet")?;
        let same = |&id: &u32| model.vocabulary.token_bytes(id) == loaded.model.vocabulary.token_bytes(id);
        if model.config.vocab_size != loaded.model.config.vocab_size || !loaded.scored.ids.iter().all(same) {
            bail!("it has other tokens than {}: give --model the model that the run began with", loaded.model.name);
        }
        loaded.run.know(step, source);
        let emit = |event| (self.emit)(Event::Train(event));
        if stays {
            model.name = std::mem::take(&mut loaded.model.name);
            loaded.model = model;
            loaded.run.stand_at(step);
            return super::train::rescore(loaded, Vec::new(), &emit);
        }
        let screen = OnScreen { generation, ids: &loaded.scored.ids, options: &loaded.scored.options };
        let rows = score(&mut Scorer::new(), &model.decoder, screen, cancel)?;
        if rows.len() < loaded.scored.ids.len() {
            bail!("it was stopped");
        }
        emit(TrainEvent::Past { step, generation, rows });
        Ok(())
    }
}
