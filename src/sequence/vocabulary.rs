//! A tokenizer with what the model's files say around it.

pub(super) mod guard;
mod prefix;
mod spelling;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokenizers::Tokenizer;

use super::words::Words;
use prefix::Prefixing;
use spelling::Spelling;
pub(super) use spelling::byte_letters;

/// What ends a turn or a text in the templates of ChatML, Llama 3, Gemma and Llama 2.
const STOPS: [&str; 6] = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>", "<|endoftext|>", "<|end_of_text|>"];

/// Ids beyond are a damaged file's: tables with a place for each would fill the memory.
const MOST_IDS: usize = 1 << 24;

/// The tokenizer, its special tokens and the chat template that came with a model.
#[derive(Clone)]
pub struct Vocabulary {
    pub tokenizer: Tokenizer,
    /// Beginning of sequence, if the model's files name one.
    pub bos: Option<u32>,
    /// End of sequence or of turn.
    pub eos: Option<u32>,
    pub pad: Option<u32>,
    /// Further ids that the model's files name as an end of generation.
    pub ends: Vec<u32>,
    /// What Axolotl calls `eot_tokens`: trained as ends in the place of `eos`, if there are any.
    eot_tokens: Vec<u32>,
    /// Which of bos, eos and pad `config.json` alone names; a template does not know these.
    pub of_config: [bool; 3],
    /// Source of the chat template.
    pub chat_template: Option<String>,
    /// Source of the template for chats with tools, where the model has one of its own.
    pub tool_template: Option<String>,
    /// Further templates by name, which are used where they are asked for.
    pub other_templates: Vec<(String, String)>,
    /// Tokens that are matched in the text before the tokenizer's model runs, by id; true for special ones.
    added: HashMap<u32, (String, bool)>,
    /// Whether each id is special, as far as the last that is.
    special: Arc<[bool]>,
    spelling: Spelling,
    prefixing: Prefixing,
    size: usize,
    /// The bytes of every token, once they were asked for.
    spelled: Arc<OnceLock<Spelled>>,
    /// How to encode word by word, once that was asked for; `None` for tokenizers that need the library.
    words: Arc<OnceLock<Option<Words>>>,
}

/// The bytes of all tokens, one behind the other, and where each ends.
struct Spelled {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Why a tokenizer's files make no vocabulary.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    #[error("tokenizer.json is not a tokenizer: {0}")]
    Tokenizer(String),
    #[error("{file} is not JSON: {reason}")]
    Json { file: &'static str, reason: String },
    #[error("{file} names `{token}` as its {role} token, which the tokenizer does not have")]
    UnknownToken { file: &'static str, role: &'static str, token: String },
    #[error("the tokenizer has no token `{token}`, which --eot-token names")]
    UnknownEnd { token: String },
    #[error("the tokenizer has no tokens")]
    Empty,
    #[error("the tokenizer has ids up to {0}, which no model embeds: it is damaged; download it again")]
    Id(usize),
}

impl Vocabulary {
    /// Wraps a tokenizer that names no special token and no template yet.
    pub fn new(tokenizer: Tokenizer) -> Result<Self, VocabularyError> {
        let added: HashMap<u32, (String, bool)> = tokenizer
            .get_added_tokens_decoder()
            .into_iter()
            .map(|(id, token)| (id, (token.content, token.special)))
            .collect();
        let size = added.keys().map(|&id| id as usize + 1).max().unwrap_or(0).max(model_size(&tokenizer));
        if size == 0 {
            return Err(VocabularyError::Empty);
        }
        if size > MOST_IDS {
            return Err(VocabularyError::Id(size - 1));
        }
        let (spelling, prefixing) = (Spelling::of(&tokenizer), Prefixing::of(&tokenizer));
        let last = added.iter().filter(|(_, (_, special))| *special).map(|(&id, _)| id as usize + 1).max();
        let is_special =
            |id: usize| u32::try_from(id).is_ok_and(|id| added.get(&id).is_some_and(|(_, special)| *special));
        let special = (0..last.unwrap_or(0)).map(is_special).collect();
        Ok(Self {
            tokenizer,
            bos: None,
            eos: None,
            pad: None,
            ends: Vec::new(),
            eot_tokens: Vec::new(),
            of_config: [false; 3],
            chat_template: None,
            tool_template: None,
            other_templates: Vec::new(),
            added,
            special,
            spelling,
            prefixing,
            size,
            spelled: Arc::default(),
            words: Arc::default(),
        })
    }

    /// Reads `tokenizer.json`, and from `tokenizer_config.json` the special tokens and the chat template. A
    /// `chat_template.jinja` wins over the template in the config, as in transformers.
    pub fn from_files(
        tokenizer_json: &[u8],
        tokenizer_config: Option<&[u8]>,
        chat_template_jinja: Option<String>,
    ) -> Result<Self, VocabularyError> {
        let mut vocabulary = Self::new(guard::tokenizer(tokenizer_json)?)?;
        // Truncation and padding are a batch loader's settings; here every token counts.
        vocabulary.tokenizer.with_padding(None);
        let _ = vocabulary.tokenizer.with_truncation(None);
        if let Some(bytes) = tokenizer_config {
            let config = vocabulary.name_special_tokens("tokenizer_config.json", bytes)?;
            vocabulary.take_templates(&config["chat_template"]);
        }
        if chat_template_jinja.is_some() {
            vocabulary.chat_template = chat_template_jinja;
        }
        Ok(vocabulary)
    }

    /// Fills the special tokens that are still unnamed from `special_tokens_map.json`.
    pub fn with_special_tokens_map(mut self, bytes: &[u8]) -> Result<Self, VocabularyError> {
        self.name_special_tokens("special_tokens_map.json", bytes)?;
        Ok(self)
    }

    /// Fills the special tokens that are still unnamed from the ids in `config.json`, where an eos may be a list.
    pub fn with_config_ids(mut self, config_json: &[u8]) -> Result<Self, VocabularyError> {
        let config = parse("config.json", config_json)?;
        let first = |key: &str| self.ids(&config[key]).next();
        let (bos, eos, pad) = (first("bos_token_id"), first("eos_token_id"), first("pad_token_id"));
        self.ends.extend(self.ids(&config["eos_token_id"]).collect::<Vec<_>>());
        let named = [self.bos, self.eos, self.pad];
        self.of_config = named.map(|id| id.is_none());
        self.bos = self.bos.or(bos);
        self.eos = self.eos.or(eos);
        self.pad = self.pad.or(pad);
        Ok(self)
    }

    /// Adds the ids that `generation_config.json` ends a generation with: one, or a list.
    pub fn with_generation_config(mut self, bytes: &[u8]) -> Result<Self, VocabularyError> {
        let config = parse("generation_config.json", bytes)?;
        self.ends.extend(self.ids(&config["eos_token_id"]).collect::<Vec<_>>());
        Ok(self)
    }

    /// The tokens that a config names by one id or by a list of ids.
    fn ids<'a>(&self, value: &'a Value) -> impl Iterator<Item = u32> + use<'a> {
        let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let size = self.size;
        let id = move |id: &Value| id.as_u64().and_then(|id| u32::try_from(id).ok());
        all.iter().filter_map(id).filter(move |&id| (id as usize) < size)
    }

    /// The ids with which a generation ends: what the model's files say, and the special tokens that are known to end
    /// a turn or a text. In order, each once.
    pub fn stop_ids(&self) -> Vec<u32> {
        let named = self.added.iter().filter(|(_, (name, special))| *special && STOPS.contains(&name.as_str()));
        let mut ids: Vec<u32> = self.eos.iter().chain(&self.ends).chain(named.map(|(id, _)| id)).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Names the tokens that a trainer which knows ids alone takes for an end, in the place of `eos`.
    ///
    /// # Errors
    /// If the tokenizer has no such token.
    pub fn name_eot_tokens(&mut self, tokens: &[String]) -> Result<(), VocabularyError> {
        let id = |token: &String| {
            let unknown = || VocabularyError::UnknownEnd { token: token.clone() };
            self.tokenizer.token_to_id(token).ok_or_else(unknown)
        };
        self.eot_tokens = tokens.iter().map(id).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The tokens named by [`name_eot_tokens`](Self::name_eot_tokens), or else `eos`.
    pub(super) fn trained_ends(&self) -> Vec<u32> {
        if self.eot_tokens.is_empty() { self.eos.into_iter().collect() } else { self.eot_tokens.clone() }
    }

    /// The ids with which a generation ends as the model's files say, and those named by
    /// [`name_eot_tokens`](Self::name_eot_tokens).
    pub fn generation_ends(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.eos.iter().chain(&self.ends).chain(&self.eot_tokens).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// How many ids there are: one more than the largest.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The bytes token `id` stands for in a text; nothing for an id that is no token. Exact where the tokenizer cuts
    /// inside a character: byte-level BPE spells bytes as characters, SentencePiece writes `▁` for a space and
    /// `<0x0A>` for a byte.
    pub fn token_bytes(&self, id: u32) -> Vec<u8> {
        match self.added.get(&id) {
            Some((content, _)) => content.clone().into_bytes(),
            None => self.tokenizer.id_to_token(id).map_or_else(Vec::new, |token| self.spelling.bytes(&token)),
        }
    }

    /// The same from a table of all tokens, which the first call makes.
    pub(super) fn spelled(&self, id: u32) -> &[u8] {
        let Spelled { bytes, ends } = self.spelled.get_or_init(|| {
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.size));
            for id in (0..self.size).filter_map(|id| u32::try_from(id).ok()) {
                bytes.extend_from_slice(&self.token_bytes(id));
                ends.push(bytes.len());
            }
            Spelled { bytes, ends }
        });
        let id = id as usize;
        let start = id.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        ends.get(id).map_or(&[], |&end| &bytes[start..end])
    }

    /// Whether the tokenizer puts a space before a piece that it begins with `text`, at byte `at` of the whole.
    pub(super) fn prefixes(&self, text: &str, at: usize) -> bool {
        self.prefixing.applies(text, at)
    }

    /// Whether the tokenizer begins a new piece behind added token `id`: Prepend, a normalizer, does not behind one that
    /// is looked for in the normalised text.
    pub(super) fn begins_anew(&self, id: u32) -> bool {
        let is_normalized = || {
            self.tokenizer
                .get_added_vocabulary()
                .get_added_tokens_decoder()
                .get(&id)
                .is_some_and(|token| token.normalized)
        };
        self.prefixing != Prefixing::Always || !is_normalized()
    }

    /// Whether `id` is matched in the text before the tokenizer's model runs.
    pub(super) fn is_added(&self, id: u32) -> bool {
        self.added.contains_key(&id)
    }

    /// Whether a `▁` of the text is the same to the tokenizer as a space, as it is to SentencePiece.
    pub(super) fn writes_spaces_as_bars(&self) -> bool {
        self.spelling == Spelling::SentencePiece
    }

    /// The ids of `text` with no special token added around it.
    ///
    /// # Errors
    /// The tokenizer's own.
    pub fn encode(&self, text: &str) -> tokenizers::Result<Vec<u32>> {
        match self.words() {
            Some(words) => guard::encoding(|| words.encode(&self.tokenizer, text)),
            None => guard::encoding(|| Ok(self.tokenizer.encode_fast(text, false)?.get_ids().to_vec())),
        }
    }

    /// Whether words that were met before are encoded from memory: byte-level BPE with GPT-2's pattern.
    pub fn encodes_by_word(&self) -> bool {
        self.words().is_some()
    }

    fn words(&self) -> Option<&Words> {
        self.words.get_or_init(|| Words::of(&self.tokenizer)).as_ref()
    }

    /// Token `id` as text, with `\u{fffd}` for bytes that are no whole character.
    pub fn id_text(&self, id: u32) -> String {
        String::from_utf8_lossy(&self.token_bytes(id)).into_owned()
    }

    /// Whether the tokenizer lists `id` as special.
    pub fn is_special(&self, id: u32) -> bool {
        self.special.get(id as usize).is_some_and(|&special| special)
    }

    /// How special token `id` is written; `None` for any other id.
    pub(super) fn special_content(&self, id: u32) -> Option<&str> {
        self.added.get(&id).filter(|(_, special)| *special).map(|(content, _)| content.as_str())
    }

    /// The special tokens, by id.
    pub fn special_ids(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.added.iter().filter(|(_, (_, special))| *special).map(|(&id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// Text of the beginning-of-sequence token, as templates ask for it.
    pub fn bos_text(&self) -> Option<String> {
        self.bos.map(|id| self.id_text(id))
    }

    /// Text of the end-of-sequence token.
    pub fn eos_text(&self) -> Option<String> {
        self.eos.map(|id| self.id_text(id))
    }

    /// Text of the padding token.
    pub fn pad_text(&self) -> Option<String> {
        self.pad.map(|id| self.id_text(id))
    }

    fn name_special_tokens(&mut self, file: &'static str, bytes: &[u8]) -> Result<Value, VocabularyError> {
        let value = parse(file, bytes)?;
        for (role, slot) in [("bos", 0), ("eos", 1), ("pad", 2)] {
            let entry = &value[format!("{role}_token")];
            // A plain string, or an object that spells out how the token is matched.
            let Some(token) = entry.as_str().or(entry["content"].as_str()) else { continue };
            let id = self.tokenizer.token_to_id(token);
            let id = id.ok_or_else(|| VocabularyError::UnknownToken { file, role, token: token.to_owned() })?;
            [&mut self.bos, &mut self.eos, &mut self.pad][slot].get_or_insert(id);
        }
        Ok(value)
    }

    /// The templates of `additional_chat_templates`, by the names of their files: `tool_use` is for chats that speak of
    /// tools, any other one is used where it is asked for.
    pub fn with_templates(mut self, templates: Vec<(String, String)>) -> Self {
        templates.into_iter().for_each(|(name, template)| self.add_template(name, template));
        self
    }

    /// A template is a string, or a list of named ones.
    fn take_templates(&mut self, value: &Value) {
        self.chat_template = value.as_str().map(str::to_owned);
        for entry in value.as_array().into_iter().flatten() {
            if let (Some(name), Some(template)) = (entry["name"].as_str(), entry["template"].as_str()) {
                self.add_template(name.to_owned(), template.to_owned());
            }
        }
    }

    fn add_template(&mut self, name: String, template: String) {
        match name.as_str() {
            "default" => self.chat_template = Some(template),
            "tool_use" => self.tool_template = Some(template),
            _ => {
                self.other_templates.retain(|(other, _)| *other != name);
                self.other_templates.push((name, template));
            }
        }
    }

    /// All chat templates, by name.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = [("default", &self.chat_template), ("tool_use", &self.tool_template)].into_iter();
        let first = first.filter_map(|(name, template)| Some((name, template.as_deref()?)));
        first.chain(self.other_templates.iter().map(|(name, template)| (name.as_str(), template.as_str())))
    }
}

fn parse(file: &'static str, bytes: &[u8]) -> Result<Value, VocabularyError> {
    serde_json::from_slice(bytes).map_err(|error| VocabularyError::Json { file, reason: error.to_string() })
}

/// One more than the largest id of the tokenizer's model. Ids are dense in practice; a gap shows as a count that is
/// too small, so the ids themselves decide then.
fn model_size(tokenizer: &Tokenizer) -> usize {
    let count = tokenizer.get_vocab_size(false);
    let dense = count == 0 || u32::try_from(count - 1).is_ok_and(|last| tokenizer.id_to_token(last).is_some());
    if dense && u32::try_from(count).is_ok_and(|next| tokenizer.id_to_token(next).is_none()) {
        return count;
    }
    tokenizer.get_vocab(false).into_values().map(|id| id as usize + 1).max().unwrap_or(0)
}
