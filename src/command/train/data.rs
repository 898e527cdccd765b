//! From arguments to what steps are taken on.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::cli::train::TrainArgs;
use crate::command::input;
use crate::mask::{LossMask, MaskOptions};
use crate::model::Model;
use crate::sample::{Form, Record, Sample};
use crate::sequence::{Kind, PackOptions, Packer, Sequence};
use crate::survey::default_mode;
use crate::train::Example;

/// What is trained on, and what the user should know about it, a sentence each.
pub struct Data {
    pub examples: Vec<Arc<Example>>,
    /// The sequence, where there is just one.
    pub only: Option<Sequence>,
    /// What an example is: a record, or a pack of several.
    pub unit: &'static str,
    pub notes: Vec<String>,
}

/// What the arguments or a pipe give.
///
/// # Errors
/// If there is nothing, it cannot be read, or an option does not go with it.
pub fn records(args: &TrainArgs) -> Result<(Vec<Record>, Option<String>)> {
    let Some(path) = &args.data else {
        let Some(opened) = input::sample(&args.input)? else {
            bail!("nothing to train on; give --text STRING, --file PATH, --chat PATH or --data FILE, or pipe text in")
        };
        if args.input.pack.pack.is_some() {
            bail!("--pack packs the records of a data set; give --data FILE")
        }
        if opened.split.is_some() {
            bail!(
                "{} is a prompt and its completion, both raw text, and no chat; give it to --file as text",
                opened.name
            )
        }
        input::check(&args.input, &args.mask, &opened.sample)?;
        let several = [("--batch-size", args.run.batch_size), ("--accumulate", args.run.accumulate)];
        if let Some((name, _)) = several.into_iter().find(|(_, given)| given.is_some_and(|n| n > 1)) {
            bail!("{name} is for several sequences, and there is one; give --data FILE");
        }
        return Ok((vec![opened.sample.into()], opened.note));
    };
    let records = input::records(path)?;
    let has = |is_chat: bool| records.iter().any(|record| matches!(record.sample, Sample::Chat(_)) == is_chat);
    let part_option = input::part_option(&args.mask).map_or_else(String::new, |option| format!("--{option}"));
    let needs = [
        ("--split", args.mask.split.is_some(), false),
        ("--prefix", args.input.encoding.prefix.is_some(), false),
        ("--weights", args.mask.weights.is_some(), true),
        ("--profile", args.mask.profile.is_some(), true),
        (&part_option, !part_option.is_empty(), true),
    ];
    for (option, given, for_chats) in needs {
        if given && !has(for_chats) {
            let kind = if for_chats { "chats" } else { "raw text" };
            bail!("{option} is for {kind}, and {} has none", name(path));
        }
    }
    Ok((records, None))
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

/// Tokens and weights of every sample. Samples of a data set in which nothing is scored are left out.
///
/// # Errors
/// If a sample cannot be encoded, the mask does not apply to it, or nothing at all is scored.
pub fn encode(model: &Model, records: &[Record], args: &TrainArgs) -> Result<Data> {
    let mut data = Data { examples: Vec::with_capacity(records.len()), only: None, unit: "record", notes: Vec::new() };
    let (mut cut, mut unscored) = (0, 0);
    if let Some(options) = input::pack_options(&args.input.pack) {
        return pack(model, records, args, options);
    }
    for (number, record) in records.iter().enumerate() {
        let of_record = || if records.len() > 1 { format!("record {number}") } else { "this input".into() };
        let (sequence, mask) = sequence(model, record, args).with_context(of_record)?;
        cut += usize::from(sequence.uncut_len().is_some());
        match mask.scored() {
            0 => unscored += 1,
            _ => data.examples.push(Arc::new(Example::new(&sequence, &mask))),
        }
        if records.len() == 1 {
            data.notes.append(&mut sequence.notes.clone());
            data.only = Some(sequence);
        }
    }
    if data.examples.is_empty() {
        bail!("nothing is scored, so there is nothing to learn: choose another mask");
    }
    let of =
        |count: usize| if records.len() == 1 { "it is".into() } else { format!("{count} of {} are", records.len()) };
    if cut > 0 {
        let (of, context) = (of(cut), model.config.context);
        data.notes.push(format!("{of} longer than the context of {context} tokens: the rest is cut off"));
    }
    if unscored > 0 {
        data.notes.push(format!("nothing is scored in {unscored} of {} records: they are left out", records.len()));
    }
    Ok(data)
}

/// The same where every sequence is a pack of records.
fn pack(model: &Model, records: &[Record], args: &TrainArgs, options: PackOptions) -> Result<Data> {
    let reader = model.reader();
    reader.check_pack(options)?;
    let encoding = input::encoding(&args.input.encoding);
    let (mut packer, mut packs, mut cut) = (Packer::new(options), Vec::new(), 0);
    for (number, record) in records.iter().enumerate() {
        let document = reader.encode(&record.sample, encoding).with_context(|| format!("record {number}"))?;
        cut += usize::from(document.uncut_len().is_some() || document.len() > options.size);
        let is_text = matches!(record.sample, Sample::Text(_));
        packs.extend(packer.add(document, args.mask.split.filter(|_| is_text).or(record.split)));
    }
    packs.extend(packer.finish());
    let (mode, parts, choices) = input::mask(&args.mask)?;
    let form = records.first().map_or(Form::Messages, |record| record.form);
    let mut data = Data { examples: Vec::with_capacity(packs.len()), only: None, unit: "pack", notes: Vec::new() };
    for pack in &packs {
        let mode = mode.unwrap_or(default_mode(form, pack.kind));
        let mask = LossMask::new(pack, mode, MaskOptions { parts, choices, split: None })?;
        if mask.scored() > 0 {
            data.examples.push(Arc::new(Example::new(pack, &mask)));
        }
    }
    if data.examples.is_empty() {
        bail!("nothing is scored, so there is nothing to learn: choose another mask");
    }
    let tokens: usize = packs.iter().map(Sequence::len).sum();
    let full = 100.0 * tokens as f64 / (packs.len() * options.size) as f64;
    let (count, size, packing) = (packs.len(), options.size, options.packing);
    let records = records.len();
    data.notes
        .push(format!("{records} records in {count} packs of at most {size} tokens ({packing}), {full:.1} % full"));
    if cut > 0 {
        data.notes.push(format!("{cut} of {records} records are longer than a pack: the rest is cut off"));
    }
    if data.examples.len() < count {
        data.notes
            .push(format!("nothing is scored in {} of {count} packs: they are left out", count - data.examples.len()));
    }
    data.only = (count == 1).then(|| packs.remove(0));
    Ok(data)
}

fn sequence(model: &Model, record: &Record, args: &TrainArgs) -> Result<(Sequence, LossMask)> {
    let sequence = model.encode(&record.sample, input::encoding(&args.input.encoding))?;
    // A split means a completion, but chats of the same data set have none.
    let (mode, parts, choices) = input::mask(&args.mask)?;
    let applies = args.mask.split.is_none() || args.mask.mask.is_some() || sequence.kind == Kind::Text;
    let mode = mode.filter(|_| applies).unwrap_or(default_mode(record.form, sequence.kind));
    let options = MaskOptions::new(&sequence, args.mask.split.or(record.split), parts).with(&sequence, choices);
    let mask = LossMask::new(&sequence, mode, options)?;
    Ok((sequence, mask))
}
