//! From arguments to what steps are taken on.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::cancel::Cancel;
use crate::cli::train::PlanArgs;
use crate::command::input;
use crate::dataset::Examples;
use crate::model::Model;
use crate::sample::{Record, Sample};
use crate::sequence::Sequence;
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
pub fn records(args: &PlanArgs) -> Result<(Vec<Record>, Option<String>)> {
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

/// Tokens and weights of every sample. What teaches nothing is left out, and the notes say so.
///
/// # Errors
/// If a sample cannot be encoded, the mask does not apply to it, or nothing at all is scored.
pub fn encode(model: &Model, records: &[Record], args: &PlanArgs) -> Result<Data> {
    let policy = input::policy(&args.mask)?;
    let (reader, encoding) = (model.reader(), input::encoding(&args.input.encoding, &policy));
    let policies = [policy];
    let mut examples = match input::pack_options(&args.input.pack) {
        Some(options) => Examples::of_packs(&reader, encoding, &policies, records, options)?,
        None => Examples::of_records(&reader, encoding, &policies, records, &Cancel::default(), &mut |_| {})?
            .context("reading the data ended early")?, // cannot happen: nothing cancels it
    };
    let mut notes = examples.notes();
    if let Some(only) = examples.only.as_ref().filter(|_| records.len() == 1) {
        notes.splice(..0, only.notes.iter().cloned());
    }
    Ok(Data { examples: examples.of_copy(0).to_vec(), only: examples.only.take(), unit: examples.unit(), notes })
}
