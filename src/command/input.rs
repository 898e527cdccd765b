//! From arguments to a sample: text, files, standard input.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::{EncodeArgs, InputArgs, MaskArgs, MaskOptionArgs, PackArgs, PrefixArg};
use crate::data::{DataError, DataSet, Opened, Place, Raw, Records, read_whole, record_at};
use crate::disguise;
use crate::mask::{Basis, Choices, Mode, Policy, Straddlers};
use crate::sample::{Form, Record, Sample};
use crate::sequence::{EncodeOptions, Kind, PackOptions, PackRequest, Prefix};

/// What the arguments or a pipe give; `None` where they give nothing.
///
/// # Errors
/// If a file cannot be read or is not what it is said to be.
pub fn sample(args: &InputArgs) -> Result<Option<Opened>> {
    let opened = |sample, name: &str| Opened::new(name, sample, None);
    if let Some(text) = &args.text {
        return Ok(Some(opened(Sample::Text(text.clone()), "typed")));
    }
    if let Some(path) = &args.chat {
        return read_set(path, args.index).map(Some);
    }
    if let Some(path) = &args.file {
        return read(path).map(Some);
    }
    if !std::io::stdin().is_terminal() {
        let text = read_text(Path::new("-"))?;
        if !text.is_empty() {
            return Ok(Some(opened(Sample::Text(text), "standard input")));
        }
    }
    Ok(None)
}

/// The records that `--pack` packs, and which of them is meant; `None` without `--pack`.
///
/// # Errors
/// If no data set is given, it cannot be read, or it has no such record.
pub fn packed(args: &InputArgs, mask: &MaskArgs) -> Result<Option<(Opened, PackRequest)>> {
    let Some(options) = pack_options(&args.pack) else { return Ok(None) };
    let Some(path) = &args.chat else {
        bail!("--pack packs the records of a data set; give --chat FILE, or --data FILE to train")
    };
    let mut records = records(path)?;
    for record in records.iter_mut().filter(|record| matches!(record.sample, Sample::Text(_))) {
        record.split = mask.split.or(record.split);
    }
    let index = args.index.unwrap_or(0);
    let Some(record) = records.get(index) else {
        bail!("{}: record {index} does not exist: there are {} (counting from 0)", path.display(), records.len())
    };
    let mut opened = opened(path, index, record.clone(), records.len() > 1);
    opened.note = None;
    Ok(Some((opened, PackRequest { records: records.into(), index, options })))
}

/// How records are packed, if at all.
pub fn pack_options(args: &PackArgs) -> Option<PackOptions> {
    Some(PackOptions { size: args.pack?, packing: args.packing.unwrap_or_default() })
}

/// Reads a file as the screen's file list does: JSON, JSONL and Parquet as records, everything else as text.
///
/// # Errors
/// If it cannot be read, is not UTF-8, or has no record that can be read although its name says so.
pub fn open(path: &Path) -> Result<Opened> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = [".gz", ".zst"].into_iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    if path.is_dir() || [".json", ".jsonl", ".parquet", ".arrow"].into_iter().any(|ending| name.ends_with(ending)) {
        read_set(path, None)
    } else {
        read(path)
    }
}

/// Reads a data set: every record of a JSON, JSONL, Parquet or Arrow file, or of a folder of these.
///
/// # Errors
/// If it cannot be read, or one of its records says nothing that can be trained on.
pub fn records(path: &Path) -> Result<Vec<Record>> {
    let read = |raw: Result<Raw, DataError>| raw?.read(None).with_context(|| path.display().to_string());
    Records::open(path)?.map(read).collect()
}

fn read(path: &Path) -> Result<Opened> {
    let text = read_text(path)?;
    let note = text.starts_with('\u{feff}').then(|| "a byte order mark at the start was left out".into());
    let text = text.trim_start_matches('\u{feff}').to_owned();
    Ok(Opened::new(name(path), Sample::Text(text), note))
}

fn name(path: &Path) -> String {
    match path.file_name() {
        _ if path.as_os_str() == "-" => "standard input".into(),
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    }
}

/// Reads record `index` of a file, else the first that can be read, and no more of the file than that takes.
fn read_set(path: &Path, index: Option<usize>) -> Result<Opened> {
    let mut records = Records::open(path)?;
    let (mut problem, mut passed) = (None, 0);
    while let Some(raw) = records.next().transpose()? {
        let number = raw.index;
        passed = number + 1;
        if index.is_some_and(|index| number < index) {
            continue;
        }
        match raw.read(None) {
            Ok(record) => {
                let is_set = number > 0 || records.next().is_some();
                return Ok(opened(path, number, record, is_set));
            }
            Err(bad) if index.is_some() => return Err(bad).with_context(|| path.display().to_string()),
            Err(bad) => drop(problem.get_or_insert(bad)),
        }
    }
    match (problem, index) {
        (Some(bad), _) => Err(bad).with_context(|| path.display().to_string()),
        (None, Some(index)) => {
            let are = if passed == 1 { "is 1 record".into() } else { format!("are {passed} records") };
            bail!(
                "{}: record {index} does not exist: there {are} (counting from 0); choose a smaller index",
                path.display()
            )
        }
        (None, None) => bail!("{} has no records", path.display()),
    }
}

/// Reads one record of a data set again.
///
/// # Errors
/// If the file has changed, or the record cannot be read.
pub fn record(path: &Path, at: Place) -> Result<Opened> {
    let record = record_at(path, at)?.read(None).with_context(|| path.display().to_string())?;
    Ok(opened(path, at.index, record, true))
}

fn opened(path: &Path, index: usize, record: Record, is_set: bool) -> Opened {
    let Record { form, sample, split } = record;
    let mut opened = Opened::new(name(path), sample, None);
    (opened.split, opened.form) = (split, form);
    if is_set {
        opened.note = Some(format!("record {index} of several (from 0); start with --chat FILE --index N for another"));
        let name = std::mem::replace(&mut opened.name, format!("{} · record {index}", name(path)));
        // What comes through a pipe cannot be read again.
        let can_be_read_again = path.as_os_str() != "-";
        opened.set = can_be_read_again.then(|| DataSet { file: path.to_owned(), name, index });
    }
    opened
}

/// A file's text, unpacked if gzip or zstd packed it; `-` is standard input.
///
/// # Errors
/// If it cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = read_whole(path).with_context(|| match path.as_os_str() == "-" {
        true => "reading standard input".into(),
        false => format!("reading {}", path.display()),
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            if let Some(disguise) = disguise::of(error.as_bytes()) {
                bail!("{} is {disguise}", path.display())
            }
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
    let policy = policy(mask)?;
    let (form, kind) = match sample {
        Sample::Text(_) => (Form::Text, Kind::Text),
        Sample::Prepared(_) => (Form::Prepared, Kind::Text),
        Sample::Chat(_) => (Form::Messages, Kind::Chat),
    };
    if policy.choices.prompt_weight.is_some() && policy.mode(form, kind, None) == Mode::All {
        bail!("--prompt-weight is for targets that the mask leaves unscored, and mask all scores every one")
    }
    match sample {
        Sample::Text(_) if let Some(option) = part_option(mask) => {
            bail!("--{option} is for the parts of a chat's turns, and this is raw text; give --chat")
        }
        Sample::Chat(_) if mask.split.is_some() => {
            bail!("--split is for raw text; a chat's completion starts at its last assistant message")
        }
        Sample::Chat(_) if input.encoding.prefix.is_some() => {
            bail!("--prefix is for raw text; what a chat begins with is its template's choice")
        }
        Sample::Text(_) if mask.profile.is_some_and(|profile| !profile.appends_eos) => {
            bail!("--profile says how a trainer scores chats, and this is raw text; give --chat")
        }
        Sample::Text(_) if mask.weights.is_some() => {
            bail!("--weights sets weights for parts of a chat's assistant turns, and this is raw text; give --chat")
        }
        Sample::Text(_) if input.index.is_some() => bail!("--index picks a record of --chat; a text has none"),
        _ => Ok(()),
    }
}

/// Which targets the arguments count.
///
/// # Errors
/// If a part has both a weight and a switch, which would do nothing.
pub fn policy(args: &MaskArgs) -> Result<Policy> {
    if let Some(profile) = args.profile {
        return Ok(profile.into());
    }
    let (parts, choices) = (args.weights.unwrap_or_default(), choices(&args.options));
    if let Some(part) = choices.switched(&parts) {
        bail!("--weights and --{} both speak of {}; give one", part.name().replace('_', "-"), part.name())
    }
    Ok(Policy { basis: args.mask.map_or(Basis::Automatic, Basis::Mode), split: args.split, parts, choices })
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

/// How samples become tokens, as the arguments say.
pub fn encoding(args: &EncodeArgs, policy: &Policy) -> EncodeOptions {
    let prefix = match args.prefix {
        None => Prefix::Tokenizer,
        Some(PrefixArg::Bos) => Prefix::Bos,
        Some(PrefixArg::Eos) => Prefix::Eos,
        Some(PrefixArg::None) => Prefix::None,
    };
    let of_profile = matches!(policy.basis, Basis::Profile(profile) if profile.appends_eos);
    EncodeOptions {
        prefix,
        escape_specials: args.escape_specials,
        join_parts: args.join_parts,
        append_eos: args.append_eos || of_profile,
    }
}
