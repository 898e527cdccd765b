//! Text -> tokens whose spans tile it, and rendered chat -> the same with provenance.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::tile::{self, Place};
use super::vocabulary::guard;
use super::{Kind, Origin, Sequence, Token, TokenBytes, Vocabulary, escape};
use crate::sample::{Chat, Message};
use crate::template::{Part, Placed, Rendered, Segment};

/// What stands before raw text so that its first word is predicted too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefix {
    /// What the tokenizer itself adds.
    #[default]
    Tokenizer,
    Bos,
    Eos,
    None,
}

/// How a sample becomes tokens, where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodeOptions {
    /// For raw text; what a chat begins with is its template's choice.
    pub prefix: Prefix,
    /// Special-token text that a user typed is encoded as text; else it becomes real special tokens.
    pub escape_specials: bool,
    /// A chat's content in parts is rendered as one text; else the template gets the list of parts.
    pub join_parts: bool,
    /// The end-of-sequence token is put behind raw text that does not end with it; how a chat ends is its template's
    /// choice.
    pub append_eos: bool,
}

impl From<Prefix> for EncodeOptions {
    fn from(prefix: Prefix) -> Self {
        Self { prefix, ..Self::default() }
    }
}

/// Why a text could not become tokens.
#[derive(Debug, Error)]
pub enum EncodeError {
    #[error("the tokenizer failed on this text: {0}")]
    Tokenizer(String),
    #[error("the tokenizer adds token {0}, which it does not have: it is damaged; download it again")]
    NoToken(u32),
    #[error(
        "the record has token {0}, which the tokenizer does not have: it was prepared with another; give that --model"
    )]
    UnknownId(u32),
    #[error("the model's tokenizer names no {0} token; use --prefix none")]
    NoPrefixToken(&'static str),
    #[error("the model's tokenizer names no eos token to put behind the text; leave --append-eos out")]
    NoEos,
}

impl Sequence {
    /// Tokens of raw text.
    pub fn from_text(
        vocabulary: &Vocabulary,
        text: &str,
        options: impl Into<EncodeOptions>,
    ) -> Result<Self, EncodeError> {
        let EncodeOptions { prefix, escape_specials, append_eos, .. } = options.into();
        let named = |id: Option<u32>, name| id.ok_or(EncodeError::NoPrefixToken(name)).map(|id| vec![id]);
        let whole = 0..text.len();
        let escaping = if escape_specials { std::slice::from_ref(&whole) } else { &[] };
        let mut pieces = encode(vocabulary, text, prefix == Prefix::Tokenizer, escaping)?;
        let before = match prefix {
            Prefix::Tokenizer => std::mem::take(&mut pieces.before),
            Prefix::Bos => named(vocabulary.bos, "bos")?,
            Prefix::Eos => named(vocabulary.eos, "eos")?,
            Prefix::None => Vec::new(),
        };
        let generation_ends = vocabulary.generation_ends();
        let mut sequence = Sequence { kind: Kind::Text, generation_ends, ..Sequence::default() };
        for id in before {
            sequence.push(vocabulary, id, Part::Bos);
        }
        sequence.prefix = (!sequence.text.is_empty()).then(|| sequence.text.clone());
        let start = sequence.text.len();
        sequence.text.push_str(text);
        for (id, place) in pieces.tokens {
            let token = token(vocabulary, id, text, place, start, &mut std::iter::empty());
            sequence.tokens.push(Token { injected: token.special, ..token });
        }
        if append_eos {
            let eos = vocabulary.eos.ok_or(EncodeError::NoEos)?;
            let is_there = sequence.tokens.last().is_some_and(|last| last.id == eos);
            (!is_there).then(|| sequence.push(vocabulary, eos, Part::Plain));
        }
        sequence.note_double_bos(vocabulary);
        sequence.note_escaped(pieces.escaped, start);
        Ok(sequence)
    }

    /// Tokens of `chat`, rendered. The whole text is tokenised once and no special token is added.
    pub fn from_chat(
        vocabulary: &Vocabulary,
        rendered: Rendered,
        chat: &Chat,
        options: EncodeOptions,
    ) -> Result<Self, EncodeError> {
        let Rendered { text, segments, generation, typed, contents, changes, facts, notes } = rendered;
        let escaping = if options.escape_specials { typed.as_slice() } else { &[] };
        let pieces = encode(vocabulary, &text, false, escaping)?;
        let mut sequence = Sequence {
            kind: Kind::Chat,
            text,
            turns: chat.messages.len(),
            roles: chat.messages.iter().map(|message| message.role.clone()).collect(),
            ends: vocabulary.trained_ends(),
            generation_ends: vocabulary.generation_ends(),
            generation_tags: generation.is_some(),
            generation_spans: generation.unwrap_or_default(),
            message_weights: chat.messages.iter().map(Message::own_weight).collect(),
            span_weights: span_weights(&contents, chat),
            contents,
            changes,
            facts,
            notes,
            ..Sequence::default()
        };
        sequence.tokens.reserve_exact(pieces.tokens.len());
        let mut segments = segments.as_slice();
        let mut generation = sequence.generation_spans.as_slice();
        for (id, place) in pieces.tokens {
            let span = place.span.clone();
            while segments.first().is_some_and(|segment| segment.span.end <= span.start) {
                segments = &segments[1..];
            }
            while generation.first().is_some_and(|range| range.end <= span.start) {
                generation = &generation[1..];
            }
            let Range { start, end } = span;
            let mut origins = segments
                .iter()
                .take_while(|segment| segment.span.start < end || segment.span.start == start)
                .map(Segment::origin);
            // transformers' rule: any overlap counts, tokens of no width never do; a prefix alone counts as the
            // character behind it.
            let reach = if place.prefixed { end.max(start + 1) } else { end };
            let generated = generation.first().is_some_and(|range| range.start < reach) && start < reach;
            let injected = escape::is_typed(vocabulary, id, &sequence.text, &span, &typed);
            let token = token(vocabulary, id, &sequence.text, place, 0, &mut origins);
            sequence.tokens.push(Token { generation: generated, injected, ..token });
        }
        sequence.note_double_bos(vocabulary);
        sequence.note_escaped(pieces.escaped, 0);
        Ok(sequence)
    }

    /// Puts a token behind the others, and its text behind theirs.
    fn push(&mut self, vocabulary: &Vocabulary, id: u32, part: Part) {
        let bytes = vocabulary.token_bytes(id);
        let start = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(&bytes));
        self.tokens.push(Token {
            id,
            bytes: bytes.into(),
            span: start..self.text.len(),
            turn: None,
            role: None,
            part,
            overlaps: Vec::new(),
            special: vocabulary.is_special(id),
            injected: false,
            generation: false,
        });
    }

    /// Keeps what was escaped, bytes of the text from `start` on.
    fn note_escaped(&mut self, escaped: Vec<Range<usize>>, start: usize) {
        if !escaped.is_empty() {
            let places = if escaped.len() == 1 { "in 1 place".into() } else { format!("in {} places", escaped.len()) };
            self.notes.push(format!("special-token text that a user typed is encoded as text, {places}"));
        }
        self.escaped = escaped.into_iter().map(|range| start + range.start..start + range.end).collect();
    }

    fn note_double_bos(&mut self, vocabulary: &Vocabulary) {
        if let (Some(bos), [first, second, ..]) = (vocabulary.bos, self.tokens.as_slice())
            && first.id == bos
            && second.id == bos
        {
            self.notes.push(match self.kind {
                Kind::Text => {
                    "the text begins with two beginning-of-sequence tokens; --prefix none leaves one out".into()
                }
                Kind::Chat => "the chat begins with two beginning-of-sequence tokens: the template writes both, or a \
                     message begins with one"
                    .into(),
            });
        }
    }
}

/// The weighted spans of the messages' contents, where the template printed them.
fn span_weights(contents: &[Placed], chat: &Chat) -> Vec<(Range<usize>, f64)> {
    let of_run = |placed: &Placed| {
        let (source, out) = (placed.source.clone(), placed.out.start);
        chat.messages[placed.message].spans.iter().filter_map(move |(span, weight)| {
            let (start, end) = (span.start.max(source.start), span.end.min(source.end));
            (start < end).then(|| (out + start - source.start..out + end - source.start, *weight))
        })
    };
    contents.iter().flat_map(of_run).collect()
}

impl Segment {
    fn origin(&self) -> Origin {
        Origin { turn: self.turn, role: self.role.clone(), part: self.part }
    }
}

/// Ids with the place of each in the text, and the ids that the tokenizer's post-processor put before it.
struct Encoded {
    before: Vec<u32>,
    tokens: Vec<(u32, Place)>,
    /// What was encoded as text although it spells special tokens.
    escaped: Vec<Range<usize>>,
}

/// Encodes `text`; special tokens are no special tokens within the ranges `typed`.
fn encode(
    vocabulary: &Vocabulary,
    text: &str,
    add_special: bool,
    typed: &[Range<usize>],
) -> Result<Encoded, EncodeError> {
    let failed = |error: tokenizers::Error| EncodeError::Tokenizer(error.to_string());
    let places = || Ok(escape::places(vocabulary, text, typed));
    let escaped = if typed.is_empty() { Vec::new() } else { guard::encoding(places).map_err(failed)? };
    if !add_special && escaped.is_empty() {
        // Offsets cost time, and most tokenizers' tokens spell the text.
        let ids = vocabulary.encode(text).map_err(failed)?;
        if let Some(places) = tile::by_bytes(vocabulary, &ids, text) {
            return Ok(Encoded { before: Vec::new(), tokens: ids.into_iter().zip(places).collect(), escaped });
        }
    }
    let encoding = guard::encoding(|| match escaped.is_empty() {
        true => vocabulary.tokenizer.encode(text, add_special),
        false => escape::encode(vocabulary, text, add_special, &escaped),
    });
    let encoding = encoding.map_err(failed)?;
    let (ids, offsets, added) = (encoding.get_ids(), encoding.get_offsets(), encoding.get_special_tokens_mask());
    // A post-processor's ids are its file's own.
    if let Some(&id) = ids.iter().find(|&&id| id as usize >= vocabulary.size()) {
        return Err(EncodeError::NoToken(id));
    }
    let inserted = |i: usize| added[i] == 1 && offsets[i] == (0, 0);
    let leading = (0..ids.len()).take_while(|&i| inserted(i)).count();
    let own: Vec<usize> = (leading..ids.len()).filter(|&i| !inserted(i)).collect();
    let own_ids: Vec<u32> = own.iter().map(|&i| ids[i]).collect();
    let places = tile::by_bytes(vocabulary, &own_ids, text)
        .unwrap_or_else(|| tile::by_offsets(vocabulary, own.iter().map(|&i| (ids[i], offsets[i].1)), text));
    Ok(Encoded { before: ids[..leading].to_vec(), tokens: own_ids.into_iter().zip(places).collect(), escaped })
}

/// What a token shows: the text that it covers, behind `▁` where a space was put before it; its own spelling where the
/// tokenizer has rewritten the text.
fn bytes(vocabulary: &Vocabulary, id: u32, text: &str, place: &Place) -> TokenBytes {
    let own = &text.as_bytes()[place.span.clone()];
    match (place.spells, place.prefixed) {
        (true, true) => ["▁".as_bytes(), own].concat().into(),
        (true, false) => own.into(),
        (false, _) => vocabulary.spelled(id).into(),
    }
}

/// A token whose first origin, and those it reaches into, are `origins`; raw text has none.
fn token(
    vocabulary: &Vocabulary,
    id: u32,
    text: &str,
    place: Place,
    start: usize,
    origins: &mut impl Iterator<Item = Origin>,
) -> Token {
    let first = origins.next().unwrap_or(Origin { turn: None, role: None, part: Part::Plain });
    Token {
        id,
        bytes: bytes(vocabulary, id, text, &place),
        span: start + place.span.start..start + place.span.end,
        turn: first.turn,
        role: first.role,
        part: first.part,
        overlaps: origins.collect(),
        special: vocabulary.is_special(id),
        injected: false,
        generation: false,
    }
}
