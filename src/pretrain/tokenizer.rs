//! Byte-level BPE, trained on what the model is to read; or the tokenizer of another model.

use serde_json::json;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, OffsetReferential, OffsetType, PostProcessorWrapper, PreTokenizedString, PreTokenizer};
use tokenizers::{Tokenizer, Trainer};

use super::documents::Part;
use super::recipe::MOST_TOKENS;
use super::{Event, PretrainError, Recipe, SourceRecipe};
use crate::cancel::Cancel;
use crate::model::load;
use crate::sequence::Vocabulary;
use crate::source::Source;
use crate::template::CHATML;

/// Begins a document; pads.
const START: &str = "<|endoftext|>";
/// Begins a turn, and ends one.
const TURN: [&str; 2] = ["<|im_start|>", "<|im_end|>"];

/// The recipe's tokenizer. `on_event` hears how much is read, and what a reader of the figures should know.
///
/// # Errors
/// If it cannot be trained or opened, or after `cancel`.
pub(super) fn make(
    recipe: &Recipe,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Vocabulary, PretrainError> {
    match &recipe.tokenizer.of {
        Some(name) => of(name),
        None => {
            let on_read = &mut |share| on_event(Event::Reading { what: "texts for the tokenizer", share: Some(share) });
            let asked = recipe.vocab_size()?;
            let vocabulary = train(recipe, asked, cancel, on_read)?;
            let size = vocabulary.size();
            if size < asked {
                on_event(Event::Note(format!(
                    "the texts give no more than {size} tokens; the recipe asks for {asked}"
                )));
            }
            Ok(vocabulary)
        }
    }
}

impl Recipe {
    /// The most tokens that its vocabulary can have.
    ///
    /// # Errors
    /// If the model whose tokenizer it is cannot be opened.
    pub fn vocab_size(&self) -> Result<usize, PretrainError> {
        match (&self.tokenizer.of, self.tokenizer.vocab_size) {
            (Some(name), _) => of(name).map(|vocabulary| vocabulary.size()),
            (None, asked) => Ok(asked.unwrap_or(MOST_TOKENS)),
        }
    }
}

/// The tokenizer of another model.
fn of(name: &str) -> Result<Vocabulary, PretrainError> {
    let failed = |reason: String| PretrainError::Tokenizer(format!("that of {name}: {reason}"));
    let source = Source::parse(name).map_err(|error| failed(error.to_string()))?;
    let loaded = load::without_weights(&source).map_err(|error| failed(error.to_string()))?;
    match loaded.vocabulary.size() {
        size if size > MOST_TOKENS => {
            Err(failed(format!("has {size} tokens, more than the {MOST_TOKENS} of a recipe")))
        }
        _ => Ok(loaded.vocabulary),
    }
}

/// Trains a tokenizer: special tokens first, then the 256 bytes, then merges; digits stand alone.
/// `on_read` hears how much is read, 0…1.
///
/// # Errors
/// If a source cannot be read, or after `cancel`.
fn train(
    recipe: &Recipe,
    vocab_size: usize,
    cancel: &Cancel,
    on_read: &mut dyn FnMut(f32),
) -> Result<Vocabulary, PretrainError> {
    let texts = texts(recipe, cancel, on_read)?;
    let special = [START, TURN[0], TURN[1]].map(|token| AddedToken::from(token, true));
    let mut trainer = BpeTrainer::builder()
        .vocab_size(vocab_size)
        .min_frequency(2)
        .show_progress(false)
        .special_tokens(special.to_vec())
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let failed = |error: tokenizers::Error| PretrainError::Tokenizer(error.to_string());
    let splitter = Sequence::new(vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()]);
    let words = |text: &str| -> tokenizers::Result<Vec<String>> {
        let mut cut = PreTokenizedString::from(text);
        splitter.pre_tokenize(&mut cut)?;
        let splits = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
        Ok(splits.into_iter().map(|(word, ..)| word.to_owned()).collect())
    };
    trainer.feed(texts.iter(), words).map_err(failed)?;
    let mut model = BPE::default();
    let special = trainer.train(&mut model).map_err(failed)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.add_special_tokens(special).map_err(failed)?;
    let processor = starts_with(&tokenizer)?;
    tokenizer
        .with_pre_tokenizer(Some(splitter))
        .with_decoder(Some(ByteLevel::new(false, true, true)))
        .with_post_processor(Some(processor));
    vocabulary(tokenizer)
}

/// Puts [`START`] before a raw text, as in training.
fn starts_with(tokenizer: &Tokenizer) -> Result<PostProcessorWrapper, PretrainError> {
    let id = tokenizer.token_to_id(START);
    let of = |id: &str, type_id: u32| json!({"Sequence": {"id": id, "type_id": type_id}});
    let start = |type_id: u32| json!({"SpecialToken": {"id": START, "type_id": type_id}});
    let processor = json!({
        "type": "TemplateProcessing",
        "single": [start(0), of("A", 0)],
        "pair": [start(0), of("A", 0), start(1), of("B", 1)],
        "special_tokens": {START: {"id": START, "ids": [id], "tokens": [START]}},
    });
    serde_json::from_value(processor).map_err(|error| PretrainError::Tokenizer(error.to_string()))
}

fn vocabulary(tokenizer: Tokenizer) -> Result<Vocabulary, PretrainError> {
    let id = |token: &str| tokenizer.token_to_id(token);
    let (start, end) = (id(START), id(TURN[1]));
    let mut vocabulary = Vocabulary::new(tokenizer).map_err(|error| PretrainError::Tokenizer(error.to_string()))?;
    (vocabulary.bos, vocabulary.eos, vocabulary.pad) = (start, end, start);
    vocabulary.chat_template = Some(CHATML.into());
    Ok(vocabulary)
}

/// Texts of all sources by their weights, none that is held out.
fn texts(recipe: &Recipe, cancel: &Cancel, on_read: &mut dyn FnMut(f32)) -> Result<Vec<String>, PretrainError> {
    let sources = sources(recipe);
    let all: f64 = sources.iter().map(|source| source.weight).sum();
    let mut texts = Vec::new();
    for (i, source) in sources.iter().enumerate() {
        let most = (recipe.tokenizer.characters as f64 * source.weight / all) as usize;
        let mut left = most;
        for document in source.documents()?.0 {
            if cancel.is_cancelled() {
                return Err(PretrainError::Stopped);
            }
            let (number, document) = document?;
            if source.part(number) == Part::HeldOut {
                continue;
            }
            let text: String = document.text().chars().take(left).collect();
            left -= text.chars().count();
            texts.push(text);
            on_read((i as f32 + (most - left) as f32 / most.max(1) as f32) / sources.len() as f32);
            if left == 0 {
                break;
            }
        }
    }
    Ok(texts)
}

/// Each file once, however many stages read it.
fn sources(recipe: &Recipe) -> Vec<&SourceRecipe> {
    let mut sources: Vec<&SourceRecipe> = Vec::new();
    for source in recipe.stages.iter().flat_map(|stage| &stage.sources) {
        if !sources.iter().any(|known| known.file == source.file && known.field == source.field) {
            sources.push(source);
        }
    }
    sources
}
