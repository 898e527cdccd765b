//! Serving the trainer's requests, and the turns of a run between requests.

use anyhow::{Context, Result, bail};

use super::on_screen::OnScreen;
use super::run::Turn;
use super::worker::{Loaded, Worker};
use super::{Cancels, Ended, Event, TrainEvent, TrainRequest, Written};
use crate::cancel::Cancel;
use crate::generate::{Sampling, generate};
use crate::loss::Row;
use crate::train::StepReport;

/// Tokens from which on scoring a text after a step is given up when the run is paused.
const LONG: usize = 512;

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Whether a run of steps is under way.
    pub fn is_training(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| loaded.run.is_running())
    }

    /// Takes a step of the run under way, and says what came of it.
    pub fn take_turn(&mut self) {
        let Some(loaded) = &mut self.loaded else { return };
        let emit = |event| (self.emit)(Event::Train(event));
        let screen =
            OnScreen { generation: loaded.generation, ids: &loaded.scored.ids, options: &loaded.scored.options };
        let mut busy = |what: &str, fraction| {
            emit(TrainEvent::Busy { what: what.into(), fraction });
        };
        let turn = loaded.run.turn(&mut loaded.model, screen, &mut busy);
        if let Some(notes) = loaded.run.take_read() {
            emit(TrainEvent::Read { notes });
        }
        match turn {
            Turn::Ended(ended) => {
                emit(TrainEvent::Ended(ended));
            }
            Turn::Stepped(reports) => match rescore(loaded, reports, &emit) {
                Ok(()) => {
                    if let Some(step) = loaded.run.take_slow(&loaded.model) {
                        emit(TrainEvent::Slow(step.into()));
                    }
                }
                Err(error) => {
                    loaded.run.stop();
                    emit(TrainEvent::Ended(Ended::Failed(format!("{error:#}"))));
                }
            },
        }
    }

    /// Does what the trainer is asked to.
    ///
    /// # Errors
    /// If it cannot be done; weights and steps are then as they were.
    pub fn train(&mut self, request: TrainRequest, cancels: &Cancels) -> Result<()> {
        if let TrainRequest::Checkpoint(request) = request {
            self.checkpoint(request, cancels);
            return Ok(());
        }
        let Some(loaded) = &mut self.loaded else { bail!("no model is loaded yet") };
        let emit = |event| (self.emit)(Event::Train(event));
        let mut busy = |what: &str, fraction| {
            emit(TrainEvent::Busy { what: what.into(), fraction });
        };
        let goes_on = matches!(request, TrainRequest::Run { .. });
        if request.ends_a_run() && !goes_on && loaded.run.stop() {
            emit(TrainEvent::Ended(Ended::Paused));
        }
        let cancel = &cancels.train;
        let Loaded { run, model, generation, scored, .. } = &mut *loaded;
        match request {
            TrainRequest::Run { plan, goal } => {
                let is_new = !run.is_under_way();
                (self.emit)(Event::Planned(plan.clone()));
                run.start(*plan, goal, cancel.clone());
                return if is_new { rescore(loaded, Vec::new(), &emit) } else { Ok(()) };
            }
            TrainRequest::StepSlowly(plan) => {
                let is_new = !run.is_under_way();
                (self.emit)(Event::Planned(plan.clone()));
                run.start_slowly(*plan, cancel.clone());
                return if is_new { rescore(loaded, Vec::new(), &emit) } else { Ok(()) };
            }
            TrainRequest::Replan(plan) => {
                if run.is_running() {
                    (self.emit)(Event::Planned(plan.clone()));
                }
                run.replan(*plan);
            }
            TrainRequest::Keep { step } => run.keep(step),
            TrainRequest::Pause | TrainRequest::Checkpoint(_) => {}
            TrainRequest::Undo | TrainRequest::Rewind { .. } | TrainRequest::Reset => {
                let done = match request {
                    TrainRequest::Reset => run.reset(model),
                    TrainRequest::Rewind { step } => run.rewind(model, step, cancel, &mut busy),
                    _ => match run.steps() {
                        0 => bail!("there is no step to undo"),
                        steps => run.rewind(model, steps - 1, cancel, &mut busy),
                    },
                };
                rescore(loaded, Vec::new(), &emit)?;
                return done;
            }
            TrainRequest::Probe { probes, encoding, every } => {
                run.watch(model, &probes, encoding, every);
                return rescore(loaded, Vec::new(), &emit);
            }
            TrainRequest::Twin(true) => {
                run.begin_twin(model)?;
                return rescore(loaded, Vec::new(), &emit);
            }
            TrainRequest::Twin(false) => {
                run.end_twin();
                return rescore(loaded, Vec::new(), &emit);
            }
            TrainRequest::Continue { prompt, tokens, temperature, seed } => {
                let sampling = Sampling { temperature, seed, max_tokens: tokens, ..Sampling::default() };
                return self.write_on(prompt, &sampling, cancels);
            }
            TrainRequest::HandOver(request) => {
                let screen = OnScreen { generation: *generation, ids: &scored.ids, options: &scored.options };
                let written = run.hand_over(model, &request, screen, cancel, &mut busy)?;
                emit(TrainEvent::HandedOver { directory: request.directory, start: written.start });
            }
            TrainRequest::Save { directory } => {
                let bytes = run.save(model, &directory, cancel, &mut busy)?;
                emit(TrainEvent::Saved { directory, bytes });
            }
        }
        Ok(())
    }

    /// What each copy writes after the first `prompt` tokens; given up and put off when something else is asked for.
    fn write_on(&mut self, prompt: usize, sampling: &Sampling, cancels: &Cancels) -> Result<()> {
        let Some(loaded) = &self.loaded else { bail!("no model is loaded yet") };
        let prompt = prompt.max(1);
        // Of packed documents the model reads the one that the prompt ends in.
        let start = loaded.scored.options.visibility.documents.around(prompt - 1, loaded.scored.ids.len()).start;
        let ids = loaded.scored.ids.get(start..prompt).context("the prompt is longer than the text on screen")?;
        let stops = loaded.model.stop_ids();
        let text = |ids: &[u32]| {
            let bytes: Vec<u8> = ids.iter().flat_map(|&id| loaded.model.vocabulary.token_bytes(id)).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let mut texts = Vec::new();
        for decoder in loaded.run.decoders(&loaded.model) {
            let cancel = Cancel::default();
            let inbox = &mut self.inbox;
            let mut on_token = |_| {
                if inbox.has(|_| true) {
                    cancel.cancel();
                }
            };
            match generate(decoder, ids, &stops, sampling, &cancel, &mut on_token)? {
                Some(written) => texts.push(Written { text: text(&written.ids), stopped: written.stopped }),
                None => {
                    self.put_off(ids.len(), sampling, cancels);
                    return Ok(());
                }
            }
        }
        let (step, prompt) = (loaded.run.steps(), text(ids));
        (self.emit)(Event::Train(TrainEvent::Continued { step, prompt, texts }));
        Ok(())
    }
}

/// Scores everything anew and says what the weights say. Where a step broke them, it is taken back.
pub(super) fn rescore(loaded: &mut Loaded, reports: Vec<StepReport>, emit: &dyn Fn(TrainEvent) -> bool) -> Result<()> {
    // A pause leaves a short text scored; a long one is not waited for.
    let cancel = if loaded.scored.ids.len() > LONG { loaded.run.cancel() } else { Cancel::default() };
    let screen = OnScreen { generation: loaded.generation, ids: &loaded.scored.ids, options: &loaded.scored.options };
    let has_stepped = !reports.is_empty();
    let at = loaded.run.rescore(&loaded.model, &mut loaded.scored.scorer, screen, reports, &cancel)?;
    if has_stepped && at.rows.iter().flatten().any(is_broken) {
        let (broken, back) = (at.step, at.step - 1);
        loaded.run.rewind(&mut loaded.model, back, &Cancel::default(), &mut |_, _| {})?;
        rescore(loaded, Vec::new(), emit)?;
        bail!(
            "step {broken} broke the weights (−log p is no number any more) and was taken back: lower the learning rate"
        );
    }
    // Rows that are missing are computed when the text is analysed again.
    loaded.scored.rows = at.rows.first().cloned().unwrap_or_default();
    emit(TrainEvent::At(at));
    Ok(())
}

fn is_broken(row: &Row) -> bool {
    row.target.is_some_and(|target| !target.nll.is_finite()) || !row.entropy.is_finite()
}
