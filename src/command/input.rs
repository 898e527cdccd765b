//! From arguments to a sample: text, files, standard input.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::app::Opened;
use crate::cli::{InputArgs, MaskArgs, MaskOptionArgs, PrefixArg};
use crate::data::{DataError, Raw, Records};
use crate::mask::{Choices, Mode, PartWeights, Straddlers};
use crate::sample::{Form, Record, Sample, read_chat};
use crate::sequence::Prefix;

/// What the arguments or a pipe give; `None` where they give nothing.
///
/// # Errors
/// If a file cannot be read or is not what it is said to be.
pub fn sample(args: &InputArgs) -> Result<Option<Opened>> {
    let opened = |sample, name: &str| Opened { name: name.into(), sample, note: None };
    if let Some(text) = &args.text {
        return Ok(Some(opened(Sample::Text(text.clone()), "typed")));
    }
    if let Some(path) = &args.chat {
        return read(path, true, args.index.unwrap_or(0)).map(Some);
    }
    if let Some(path) = &args.file {
        return read(path, false, 0).map(Some);
    }
    if !std::io::stdin().is_terminal() {
        let text = read_text(Path::new("-"))?;
        if !text.is_empty() {
            return Ok(Some(opened(Sample::Text(text), "standard input")));
        }
    }
    Ok(None)
}

/// Reads a file as the screen's file list does: JSON and JSONL as chats, everything else as text.
///
/// # Errors
/// If it cannot be read, is not UTF-8, or is no chat although its name says so.
pub fn open(path: &Path) -> Result<Opened> {
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json") || e.eq_ignore_ascii_case("jsonl"));
    read(path, is_json, 0)
}

/// Reads a data set: every record of a JSON, JSONL or Parquet file.
///
/// # Errors
/// If it cannot be read, or one of its records says nothing that can be trained on.
pub fn samples(path: &Path) -> Result<Vec<Sample>> {
    Ok(records(path)?.into_iter().map(|record| record.sample).collect())
}

/// The same with the form of each record, and where a completion starts.
///
/// # Errors
/// If it cannot be read, or one of its records says nothing that can be trained on.
pub fn records(path: &Path) -> Result<Vec<Record>> {
    let read = |raw: Result<Raw, DataError>| Ok(raw?.read(None).with_context(|| path.display().to_string())?);
    Records::open(path)?.map(read).collect()
}

/// A sample that was not read from a data set, as a record.
pub fn record(sample: Sample) -> Record {
    let form = match sample {
        Sample::Text(_) => Form::Text,
        Sample::Chat(_) => Form::Messages,
    };
    Record { form, sample, split: None }
}

fn read(path: &Path, is_chat: bool, index: usize) -> Result<Opened> {
    let text = read_text(path)?;
    let name = match path.file_name() {
        _ if path.as_os_str() == "-" => "standard input".into(),
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    };
    if !is_chat {
        let note = text.starts_with('\u{feff}').then(|| "a byte order mark at the start was left out".into());
        let text = text.trim_start_matches('\u{feff}').to_owned();
        return Ok(Opened { name, sample: Sample::Text(text), note });
    }
    let (chat, records) = read_chat(&text, index).with_context(|| path.display().to_string())?;
    let note = (records > 1)
        .then(|| format!("record {index} of {records} (from 0); start with --chat FILE --index N for another"));
    Ok(Opened { name, sample: Sample::Chat(chat), note })
}

/// A file's text; `-` is standard input.
///
/// # Errors
/// If it cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("reading standard input")?;
        bytes
    } else {
        std::fs::read(path).with_context(|| format!("reading {}", path.display()))?
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            bail!("{} is not UTF-8 text: byte {at} cannot be read; convert it first", path.display())
        }
    }
}

/// Options that would do nothing are mistakes.
///
/// # Errors
/// If an option does not go with the kind of sample.
pub fn check(input: &InputArgs, mask: &MaskArgs, sample: &Sample) -> Result<()> {
    let (mode, _, choices) = self::mask(mask)?;
    let default = match sample {
        Sample::Text(_) => Mode::All,
        Sample::Chat(_) => Mode::Assistant,
    };
    if choices.prompt_weight.is_some() && mode.unwrap_or(default) == Mode::All {
        bail!("--prompt-weight is for targets that the mask leaves unscored, and mask all scores every one")
    }
    match sample {
        Sample::Text(_) if let Some(option) = part_option(mask) => {
            bail!("--{option} is for the parts of a chat's turns, and this is raw text; give --chat")
        }
        Sample::Chat(_) if mask.split.is_some() => {
            bail!("--split is for raw text; a chat's completion starts at its last assistant message")
        }
        Sample::Chat(_) if input.prefix.is_some() => {
            bail!("--prefix is for raw text; what a chat begins with is its template's choice")
        }
        Sample::Text(_) if mask.profile.is_some() => {
            bail!("--profile says how a trainer scores chats, and this is raw text; give --chat")
        }
        Sample::Text(_) if mask.weights.is_some() => {
            bail!("--weights sets weights for parts of a chat's assistant turns, and this is raw text; give --chat")
        }
        Sample::Text(_) if input.index.is_some() => bail!("--index picks a record of --chat; a text has none"),
        _ => Ok(()),
    }
}

/// The mask that the arguments ask for: the mode, if any, weights for parts, other options.
///
/// # Errors
/// If a part has both a weight and a switch, which would do nothing.
pub fn mask(args: &MaskArgs) -> Result<(Option<Mode>, PartWeights, Choices)> {
    if let Some(profile) = args.profile {
        return Ok((Some(profile.mode), PartWeights::default(), profile.choices));
    }
    let (parts, choices) = (args.weights.unwrap_or_default(), choices(&args.options));
    if let Some(part) = choices.switched(&parts) {
        bail!("--weights and --{} both speak of {}; give one", part.name().replace('_', "-"), part.name())
    }
    Ok((args.mask.or(args.split.map(|_| Mode::Completion)), parts, choices))
}

/// The first option given, if any, that is for the parts of a chat.
pub fn part_option(args: &MaskArgs) -> Option<String> {
    let choices = Choices { prompt_weight: None, straddlers: Straddlers::default(), ..choices(&args.options) };
    choices.named().first().map(|(option, _)| option.replace('_', "-"))
}

fn choices(args: &MaskOptionArgs) -> Choices {
    Choices {
        stop: args.stop,
        header: args.header,
        after_stop: args.after_stop,
        prefill: args.prefill,
        reasoning: args.reasoning,
        tool_call: args.tool_call,
        tool_result: args.tool_result,
        prompt_weight: args.prompt_weight,
        straddlers: args.straddlers.unwrap_or_default(),
    }
}

/// The prefix that the argument names.
pub fn prefix(prefix: Option<PrefixArg>) -> Prefix {
    match prefix {
        None => Prefix::Tokenizer,
        Some(PrefixArg::Bos) => Prefix::Bos,
        Some(PrefixArg::Eos) => Prefix::Eos,
        Some(PrefixArg::None) => Prefix::None,
    }
}
