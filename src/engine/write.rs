//! Letting the active model write on from a place in the text on screen, token by token.

use anyhow::{Context, Result};

use super::worker::Worker;
use super::{Cancels, Event};
use crate::generate::{Continuations, End, GenerateError, Moment, Sampling, Step};
use crate::sequence::text_of;

/// Candidates that a step tells of.
const SHOWN: usize = 12;

/// What is asked of the model that writes.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRequest {
    /// Of the analysis whose text is continued.
    pub generation: u64,
    /// Tells the answers to this from those to other continuations.
    pub number: u64,
    pub what: WriteWhat,
}

/// A way to go on.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteWhat {
    /// From the first `prompt` tokens, once for each sampling.
    Start { prompt: usize, samplings: Vec<Sampling> },
    /// One token more of each.
    Step,
    /// To the end of each, or until something else is asked for.
    Run,
    /// This token comes next in one of them, whatever the sampler would choose.
    Force { which: usize, id: u32 },
    /// So many tokens of one of them are taken back.
    Back { which: usize, count: usize },
}

/// What stands written.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteEvent {
    /// After `step` steps of training, by each continuation.
    Written { step: usize, continuations: Vec<WrittenText> },
    /// It cannot be done; the message says why and what to do.
    Failed(String),
}

/// One continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenText {
    pub steps: Vec<Step>,
    /// What stands to choose from next; `None` at the end, and while many tokens are written at once.
    pub next: Option<Moment>,
    pub end: Option<End>,
    pub text: String,
}

/// What the engine keeps between two requests.
pub(super) struct Writing {
    number: u64,
    /// The weights that wrote it.
    step: usize,
    all: Continuations,
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Writes as it is asked to, and says what stands after every token.
    pub(super) fn write(&mut self, request: WriteRequest, cancels: &Cancels) -> Result<()> {
        let number = request.number;
        let emit = self.emit.clone();
        let is_cancelled =
            |error: &anyhow::Error| error.downcast_ref::<GenerateError>().is_some_and(GenerateError::is_cancelled);
        if let Err(error) = self.try_write(request, cancels).or_else(|e| if is_cancelled(&e) { Ok(()) } else { Err(e) })
        {
            emit(Event::Write { number, event: WriteEvent::Failed(format!("{error:#}")) });
        }
        Ok(())
    }

    fn try_write(&mut self, request: WriteRequest, cancels: &Cancels) -> Result<()> {
        let WriteRequest { generation, number, what } = request;
        let loaded = self.loaded.as_mut().context("no model is loaded yet")?;
        if loaded.generation != generation {
            return Ok(());
        }
        let (decoder, cancel, step) = (&loaded.model.decoder, &cancels.look, loaded.run.steps());
        if let WriteWhat::Start { prompt, samplings } = &what {
            // Of packed documents the model reads the one that the prompt ends in.
            let own =
                loaded.scored.options.visibility.documents.around(prompt.saturating_sub(1), loaded.scored.ids.len());
            let ids =
                loaded.scored.ids.get(own.start..*prompt).context("the prompt is longer than the text on screen")?;
            let mut all = Continuations::start(decoder, ids, &loaded.model.stop_ids(), SHOWN, cancel)?;
            for sampling in samplings {
                all.add(*sampling)?;
            }
            loaded.writing = Some(Writing { number, step, all });
        }
        let Some(writing) = loaded.writing.as_mut().filter(|writing| writing.number == number) else { return Ok(()) };
        if writing.step != step {
            anyhow::bail!("the weights are others by now: start again, and compare");
        }
        let emit = self.emit.clone();
        let say = |continuations| {
            emit(Event::Write { number, event: WriteEvent::Written { step, continuations } });
        };
        let all = &mut writing.all;
        match what {
            WriteWhat::Start { .. } => {}
            WriteWhat::Step => {
                all.step(decoder, cancel)?;
            }
            WriteWhat::Run => {
                while !cancels.write.is_cancelled() && all.step(decoder, cancel)? > 0 {
                    say(told(all, &loaded.model.vocabulary, |_| None));
                }
            }
            WriteWhat::Force { which, id } => {
                if let Some(one) = all.list_mut().get_mut(which) {
                    one.force(id, decoder, cancel)?;
                }
            }
            WriteWhat::Back { which, count } => {
                if let Some(one) = all.list_mut().get_mut(which) {
                    one.back(count);
                }
            }
        }
        let mut next = Vec::new();
        for one in all.list_mut() {
            next.push(if one.end().is_none() { Some(one.moment(decoder, cancel)?) } else { None });
        }
        say(told(all, &loaded.model.vocabulary, |which| next[which].clone()));
        Ok(())
    }
}

fn told(
    all: &Continuations,
    vocabulary: &crate::sequence::Vocabulary,
    next: impl Fn(usize) -> Option<Moment>,
) -> Vec<WrittenText> {
    let tell = |(which, one): (usize, &crate::generate::Continuation)| {
        let written = one.steps().iter().filter(|step| !step.is_stop);
        let bytes: Vec<u8> = written.flat_map(|step| vocabulary.token_bytes(step.id)).collect();
        WrittenText { steps: one.steps().to_vec(), next: next(which), end: one.end(), text: text_of(&bytes) }
    };
    all.list().iter().enumerate().map(tell).collect()
}
