//! Any model on what a recipe holds out: the same passages for each, so that bits per byte compare.

use super::documents::{Document, Part};
use super::evaluate::{Sums, add, token_bytes};
use super::{Loss, PretrainError, Recipe, SourceRecipe, Stage};
use crate::cancel::Cancel;
use crate::dataset;
use crate::model::Model;
use crate::sample::{Record, Sample};
use crate::sequence::EncodeOptions;
use crate::train::{Example, nlls};

/// Characters of a passage: no more than a small model has room for.
const PASSAGE: usize = 600;
/// Passages of a long document at most, from all over it.
const PASSAGES: usize = 8;
/// Characters of a source that are enough.
const ENOUGH: usize = 24_000;

/// A model on what is held out of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub loss: Loss,
    /// Passages and chats.
    pub passages: usize,
    /// Bytes that were predicted.
    pub bytes: usize,
}

/// Measures `model` on what is held out of every source of the recipe, each file once; `on_measured` hears of each.
///
/// # Errors
/// If a source cannot be read or encoded, or after `cancel`.
pub fn measure(
    recipe: &Recipe,
    model: &Model,
    cancel: &Cancel,
    on_measured: &mut dyn FnMut(&Measured),
) -> Result<(), PretrainError> {
    let bytes = token_bytes(&model.vocabulary);
    for stage in &recipe.stages {
        for source in &stage.sources {
            if let Some(measured) = of_source(stage, source, model, &bytes, cancel)? {
                on_measured(&measured);
            }
        }
    }
    Ok(())
}

/// `None` where nothing of it is held out.
fn of_source(
    stage: &Stage,
    source: &SourceRecipe,
    model: &Model,
    bytes: &[usize],
    cancel: &Cancel,
) -> Result<Option<Measured>, PretrainError> {
    let failed = |reason: String| PretrainError::Source { source_name: source.name.clone(), reason };
    let (mut sums, mut passages, mut characters) = (Sums::default(), 0, 0);
    for document in source.documents()?.0 {
        let (number, document) = document?;
        if characters >= ENOUGH {
            break;
        }
        if source.part(number) == Part::Trained {
            continue;
        }
        for record in records(document) {
            let reader = model.reader();
            characters += characters_of(&record);
            let masked = dataset::mask(&reader, EncodeOptions::default(), &stage.policy(), record);
            let masked = masked.map_err(|error| failed(format!("record {number} of its file {error}")))?;
            let example = Example::new(&masked.sequence, &masked.mask);
            let nlls = nlls(&model.decoder, &example.ids, &example.visibility, example.labels, cancel)?;
            let nlls = nlls.ok_or(PretrainError::Stopped)?;
            sums = add(sums, &Sums::of(&example, &nlls, bytes));
            passages += 1;
        }
    }
    Ok(sums.loss(&source.name).map(|loss| Measured { loss, passages, bytes: sums.bytes }))
}

/// A chat as it is; of a text its passages.
fn records(document: Document) -> Vec<Record> {
    match document {
        Document::Text(text) => passages(&text).into_iter().map(|text| Record::from(Sample::Text(text))).collect(),
        Document::Record(record) => vec![*record],
    }
}

fn characters_of(record: &Record) -> usize {
    match &record.sample {
        Sample::Text(text) => text.chars().count(),
        Sample::Chat(chat) => chat.messages.iter().map(|message| message.content.chars().count()).sum(),
        Sample::Prepared(_) => 0,
    }
}

/// Passages from all over a text, each beginning with a word.
fn passages(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let count = (characters.len() / PASSAGE).clamp(1, PASSAGES);
    let passage = |i: usize| {
        let start = i * characters.len() / count;
        let to_word = if i == 0 { 0 } else { characters[start..].iter().take_while(|c| !c.is_whitespace()).count() };
        let passage: String = characters[start + to_word..].iter().take(PASSAGE).collect();
        passage.trim_start().to_owned()
    };
    (0..count).map(passage).filter(|passage| !passage.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_from_all_over_and_begin_with_words() {
        let short = "The cat sat.";
        assert_eq!(passages(short), [short]);
        let long: String = (0..5000).map(|i| format!("word{i} ")).collect();
        let found = passages(&long);
        assert_eq!(found.len(), PASSAGES);
        assert!(found.iter().all(|passage| passage.starts_with("word") && long.contains(passage.as_str())));
        assert!(found[PASSAGES - 1].contains("word44"));
    }
}
