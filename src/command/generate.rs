//! `generate`: let the model continue a text or answer a chat.

mod stream;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use super::interrupt::{INTERRUPTED, Interrupt};
use super::{input, models};
use crate::cancel::Cancel;
use crate::cli::MaskArgs;
use crate::cli::generate::{GenerateArgs, GenerateFormat};
use crate::data::Opened;
use crate::generate::{Continuation, Continuations, GenerateError, Sampling, Text};
use crate::mask::Policy;
use crate::model::{Model, ModelInfo};
use crate::report::generation::{self, Generation, Written};
use crate::sample::Sample;
use crate::sequence::{Sequence, visible_text};
use crate::source::Source;

/// Continues what the arguments give and prints it.
///
/// # Errors
/// If there is nothing to continue, an option does nothing, the model cannot be opened, or the prompt is longer than its
/// context.
pub fn run(args: &GenerateArgs) -> Result<ExitCode> {
    let sampling = sampling(args)?;
    let opened = opened(args)?;
    let source = match &args.model.model {
        Some(name) => Source::parse(name)?,
        None => Source::default_for(&opened.sample),
    };
    let model = models::load(&source, &args.model)?;
    let prompt = model.prompt(&opened.sample, input::encoding(&args.prompt.encoding, &Policy::default()))?;
    if prompt.is_empty() {
        bail!("the text has no tokens, and the model needs one to continue; give some text, or --prefix bos")
    }
    for note in model.notes.iter().chain(&model.left_out).chain(&opened.note).chain(&prompt.notes) {
        eprintln!("note: {}", visible_text(note));
    }
    let interrupt = Interrupt::listen().context("catching signals")?;
    let run = Run { args, model: &model, prompt: &prompt, cancel: &interrupt.stop };
    match run.start(sampling) {
        Ok(all) => run.write(all, sampling)?,
        Err(error) if error.is_cancelled() => {} // nothing is there yet
        Err(error) => return Err(error.into()),
    }
    Ok(if interrupt.stop.is_cancelled() { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

/// How tokens are chosen.
///
/// # Errors
/// If an option would do nothing.
fn sampling(args: &GenerateArgs) -> Result<Sampling> {
    let options = &args.sampling;
    if options.temperature == 0.0 {
        let cuts = [
            ("top-k", options.top_k.is_some()),
            ("top-p", options.top_p.is_some()),
            ("min-p", options.min_p.is_some()),
        ];
        if let Some((cut, _)) = cuts.into_iter().find(|(_, given)| *given) {
            bail!("--{cut} chooses what is drawn from, and --temperature 0 draws nothing; leave one of them out")
        }
        if options.n > 1 {
            bail!("--temperature 0 writes one text, {} times the same; give --n 1 or a temperature above 0", options.n)
        }
    }
    Ok(Sampling {
        temperature: options.temperature,
        top_k: options.top_k,
        top_p: options.top_p,
        min_p: options.min_p,
        seed: options.seed,
        max_tokens: args.end.max_tokens,
    })
}

/// What is to be continued; of a prompt with its completion the prompt.
fn opened(args: &GenerateArgs) -> Result<Opened> {
    let given = args.prompt.input();
    let Some(mut opened) = input::sample(&given)? else {
        bail!("nothing to continue; give --text STRING, --file PATH, --chat PATH, or pipe text in")
    };
    input::check(&given, &MaskArgs::default(), &opened.sample)?;
    if let (Sample::Text(text), Some(prompt)) = (&mut opened.sample, opened.split) {
        *text = text.chars().take(prompt).collect();
    }
    Ok(opened)
}

/// What a run needs to go on.
struct Run<'a> {
    args: &'a GenerateArgs,
    model: &'a Model,
    prompt: &'a Sequence,
    cancel: &'a Cancel,
}

impl Run<'_> {
    /// Runs the prompt through the model; the continuations have no token yet.
    fn start(&self, sampling: Sampling) -> Result<Continuations, GenerateError> {
        let Self { args, model, prompt, cancel } = *self;
        let mut stops = model.stop_ids();
        stops.extend(args.model.eot_token.iter().filter_map(|token| model.vocabulary.tokenizer.token_to_id(token)));
        if args.end.no_stop {
            stops.clear();
        }
        let mut all = Continuations::start(&model.decoder, &prompt.ids(), &stops, args.top, cancel)?;
        for number in 0..args.sampling.n as u64 {
            all.add(Sampling { seed: sampling.seed.wrapping_add(number), ..sampling })?;
        }
        Ok(all)
    }

    /// Writes all continuations, one after another where someone watches, else side by side.
    fn write(&self, mut all: Continuations, sampling: Sampling) -> Result<()> {
        let info = ModelInfo::of(self.model);
        let is_watched = self.args.format == GenerateFormat::Table && std::io::stdout().is_terminal();
        if is_watched {
            return stream::stream(self, &mut all, &info);
        }
        let write = |continuation: &mut Continuation| self.write_one(continuation, &mut |_| Ok(()));
        let texts = all.list_mut().par_iter_mut().map(write).collect::<Result<Vec<Text>>>()?;
        let continuations = all.list().iter().zip(&texts).map(|(continuation, text)| written(continuation, text));
        let generation = Generation {
            model: &info,
            prompt: self.prompt,
            sampling,
            continuations: continuations.collect(),
            first: all.first_tokens(),
        };
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        match self.args.format {
            GenerateFormat::Table => generation::table(&generation, &mut out)?,
            GenerateFormat::Json => generation::json(&generation, &mut out)?,
        }
        Ok(out.flush()?)
    }

    /// Writes one continuation to its end, or to the moment when it is interrupted. `on_text` hears the text as it
    /// becomes certain.
    fn write_one(&self, continuation: &mut Continuation, on_text: &mut dyn FnMut(&str) -> Result<()>) -> Result<Text> {
        let mut text = Text::new(&self.args.end.stop);
        while text.stop().is_none() {
            match continuation.step(&self.model.decoder, self.cancel) {
                Ok(None) => break,
                Ok(Some(step)) if step.is_stop => {} // it ends the text and is no part of it
                Ok(Some(step)) => on_text(text.push(&self.model.vocabulary.token_bytes(step.id)))?,
                Err(error) if error.is_cancelled() => break,
                Err(error) => return Err(error.into()),
            }
        }
        on_text(text.finish())?;
        Ok(text)
    }
}

fn written<'a>(continuation: &'a Continuation, text: &'a Text) -> Written<'a> {
    Written {
        seed: continuation.sampling().seed,
        text: text.as_str(),
        steps: continuation.steps(),
        stop_text: text.stop(),
        end: continuation.end(),
    }
}
