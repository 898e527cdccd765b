//! Byte-level BPE word by word: the ids of words that were met before come from memory.
//!
//! BPE tokenises every word of its pre-tokenizer by itself, so a word has the same ids wherever it stands. Cutting the
//! text here and remembering words is several times as fast as the library, which still tokenises every word that is
//! met for the first time. Only tokenizers whose every step is one of those below are cut here; for all others the
//! library does the whole work.

mod scan;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::RwLock;

use aho_corasick::{AhoCorasick, MatchKind};
use tokenizers::tokenizer::AddedToken;
use tokenizers::{Model, ModelWrapper, PreTokenizerWrapper, Tokenizer};

use super::vocabulary::byte_letters;
use scan::{Digits, words};

/// Words are forgotten when there are more.
const MOST_WORDS: usize = 1 << 17;
/// Bytes of the longest word that is remembered.
const LONGEST: usize = 64;

/// How a tokenizer cuts a text into words, and the ids of words it has met.
pub(super) struct Words {
    added: Option<AhoCorasick>,
    /// Ids of the added tokens, in the order of the patterns of `added`.
    ids: Vec<u32>,
    digits: Digits,
    letters: [char; 256],
    known: RwLock<HashMap<Box<str>, Box<[u32]>, ahash::RandomState>>,
}

impl Words {
    /// `None` for a tokenizer of any other kind than byte-level BPE with GPT-2's pattern, digits apart or not.
    pub fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let ModelWrapper::BPE(bpe) = tokenizer.get_model() else { return None };
        let digits = digits(tokenizer.get_pre_tokenizer()?)?;
        let as_is = bpe.dropout.is_none()
            && bpe.continuing_subword_prefix.is_none()
            && bpe.end_of_word_suffix.is_none()
            && tokenizer.get_normalizer().is_none()
            && tokenizer.get_truncation().is_none()
            && tokenizer.get_padding().is_none()
            && !tokenizer.get_encode_special_tokens();
        let added: Vec<(u32, AddedToken)> = tokenizer.get_added_tokens_decoder().into_iter().collect();
        // The library looks for normalized tokens in a second pass, between those that are not.
        let simple = |token: &AddedToken| {
            !token.single_word && !token.lstrip && !token.rstrip && token.normalized == added[0].1.normalized
        };
        if !as_is || !added.iter().all(|(_, token)| simple(token) && !token.content.is_empty()) {
            return None;
        }
        let patterns = added.iter().map(|(_, token)| token.content.as_str());
        let matcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()?;
        Some(Self {
            added: (!added.is_empty()).then_some(matcher),
            ids: added.iter().map(|(id, _)| *id).collect(),
            digits,
            letters: byte_letters(),
            known: RwLock::default(),
        })
    }

    /// The ids of `text`, with no special token added around it: what `tokenizer`, from which this was made, gives.
    pub fn encode(&self, tokenizer: &Tokenizer, text: &str) -> tokenizers::Result<Vec<u32>> {
        let mut ids = Vec::with_capacity(text.len() / 3);
        let mut met: Vec<(&str, Vec<u32>)> = Vec::new();
        let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        for piece in self.pieces(text) {
            match piece {
                Piece::Added(id) => ids.push(id),
                Piece::Text(range) => {
                    for word in words(&text[range], self.digits) {
                        match known.get(word) {
                            Some(of_word) => ids.extend_from_slice(of_word),
                            None => {
                                let of_word = self.tokenise(tokenizer, word)?;
                                ids.extend_from_slice(&of_word);
                                met.push((word, of_word));
                            }
                        }
                    }
                }
            }
        }
        drop(known);
        self.remember(met);
        Ok(ids)
    }

    fn tokenise(&self, tokenizer: &Tokenizer, word: &str) -> tokenizers::Result<Vec<u32>> {
        let spelled: String = word.bytes().map(|byte| self.letters[usize::from(byte)]).collect();
        Ok(tokenizer.get_model().tokenize(&spelled)?.into_iter().map(|token| token.id).collect())
    }

    fn remember(&self, met: Vec<(&str, Vec<u32>)>) {
        let mut met = met.into_iter().filter(|(word, _)| word.len() <= LONGEST).peekable();
        if met.peek().is_none() {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if known.len() >= MOST_WORDS {
            known.clear();
        }
        known.extend(met.map(|(word, ids)| (word.into(), ids.into())));
    }

    /// The added tokens in `text`, leftmost and then longest first, and what stands between them.
    fn pieces<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Piece> + 'a {
        let mut at = 0;
        let mut found = self.added.iter().flat_map(move |added| added.find_iter(text));
        let mut held = None;
        let mut ended = false;
        std::iter::from_fn(move || {
            if let Some(id) = held.take() {
                return Some(Piece::Added(id));
            }
            if ended {
                return None;
            }
            let Some(token) = found.next() else {
                ended = true;
                return (at < text.len()).then_some(Piece::Text(at..text.len()));
            };
            let (between, id) = (at..token.start(), self.ids[token.pattern().as_usize()]);
            at = token.end();
            if between.is_empty() {
                return Some(Piece::Added(id));
            }
            held = Some(id);
            Some(Piece::Text(between))
        })
    }
}

/// A stretch of a text.
enum Piece {
    /// An added token.
    Added(u32),
    Text(Range<usize>),
}

/// How the pre-tokenizer cuts digits, if it is GPT-2's pattern behind that.
fn digits(pre_tokenizer: &PreTokenizerWrapper) -> Option<Digits> {
    let gpt2 = |step: &PreTokenizerWrapper| matches!(step, PreTokenizerWrapper::ByteLevel(step) if step.use_regex && !step.add_prefix_space);
    match pre_tokenizer {
        PreTokenizerWrapper::Sequence(steps) => match steps.as_ref() {
            [step] if gpt2(step) => Some(Digits::Together),
            [PreTokenizerWrapper::Digits(digits), step] if gpt2(step) => {
                Some(if digits.individual_digits { Digits::Single } else { Digits::Runs })
            }
            _ => None,
        },
        step => gpt2(step).then_some(Digits::Together),
    }
}
