//! The token sequence every view shows.

mod display;
mod encode;
mod escape;
mod pack;
mod prepared;
mod tile;
mod vocabulary;
mod words;

use std::ops::Range;
use std::sync::Arc;

use strum::{EnumString, IntoStaticStr};

pub use display::{text_of, visible, visible_text};
pub use encode::{EncodeError, EncodeOptions, Prefix};
pub use pack::{Document, Documents, Pack, PackOptions, PackRequest, Packer, Packing, UnknownPacking};
pub use vocabulary::{Vocabulary, VocabularyError};

use crate::sample::is_assistant;
use crate::template::{Change, Part, Placed, RenderFacts};

/// The bytes of one token; a short one's take no memory of their own.
pub type TokenBytes = smallvec::SmallVec<[u8; 16]>;

/// One token of a [`Sequence`].
///
/// Spans tile the text, byte by byte: where a tokenizer cuts inside a character, so do they.
///
/// ```
/// # use lossglass::{model::Reader, source::{Embedded, Source}, sample::Sample, sequence::Prefix};
/// # fn main() -> anyhow::Result<()> {
/// let reader = Reader::load(&Source::Embedded(Embedded::TinyBase))?;
/// let sequence = reader.encode(&Sample::Text("To 東".into()), Prefix::None)?;
/// let spans: Vec<_> = sequence.tokens.iter().map(|token| token.span.clone()).collect();
/// assert_eq!(spans.first().map(|span| span.start), Some(0));
/// assert!(spans.windows(2).all(|pair| pair[0].end == pair[1].start));
/// assert_eq!(spans.last().map(|span| span.end), Some("To 東".len()));
///
/// // The character has three bytes, a token each; in characters every one of them covers it.
/// let last = sequence.len() - 1;
/// assert_eq!(sequence.tokens[last].text(), "⟨B1⟩");
/// assert_eq!(sequence.char_span(last), 3..4);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: u32,
    /// The bytes the token stands for; a part of a character where the tokenizer cuts inside one. A space that the
    /// tokenizer put before the text, SentencePiece's dummy prefix, is `▁`; it has no place in `span`.
    pub bytes: TokenBytes,
    /// Bytes of [`Sequence::text`].
    pub span: Range<usize>,
    /// Index of the message, `None` outside messages and in raw text.
    pub turn: Option<usize>,
    pub role: Option<Arc<str>>,
    /// Where the token's first character comes from; see `overlaps` for the rest.
    pub part: Part,
    /// Further origins the token reaches into, with their turns: not empty for a straddler.
    pub overlaps: Vec<Origin>,
    /// Whether the tokenizer lists the id as special.
    pub special: bool,
    /// A special token that came from text a user typed.
    pub injected: bool,
    /// Overlaps a `{% generation %}` span.
    pub generation: bool,
}

/// Where a run of characters came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub turn: Option<usize>,
    pub role: Option<Arc<str>>,
    pub part: Part,
}

/// Turn, role and part of one origin.
pub type TokenOrigin<'a> = (Option<usize>, Option<&'a str>, Part);

impl Token {
    /// The token as text; bytes that are no whole character are written `⟨E6⟩`.
    pub fn text(&self) -> String {
        text_of(&self.bytes)
    }

    /// Whether the token covers nothing but whitespace, or nothing at all.
    pub fn is_blank(&self) -> bool {
        self.span.is_empty() || self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    /// The first origin and then those the token reaches into: turn, role and part of each.
    pub fn origins(&self) -> impl Iterator<Item = TokenOrigin<'_>> {
        let first = (self.turn, self.role.as_deref(), self.part);
        std::iter::once(first).chain(self.overlaps.iter().map(|o| (o.turn, o.role.as_deref(), o.part)))
    }
}

/// Raw text or a rendered chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    #[default]
    Text,
    Chat,
}

impl Kind {
    /// The kind's name in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The tokens of one sample with the provenance of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    pub kind: Kind,
    /// The text the tokens tile, a token put before it (see [`Prefix`]) included.
    pub text: String,
    pub tokens: Vec<Token>,
    /// How many messages the chat has; 0 for raw text.
    pub turns: usize,
    /// Role of every message.
    pub roles: Vec<String>,
    /// The tokens that count as an end to a trainer that knows ids alone: the tokenizer's end-of-sequence token, or those
    /// that its settings name in its place.
    pub ends: Vec<u32>,
    /// The tokens with which a generation of the model ends, as its files say; none where they do not.
    pub generation_ends: Vec<u32>,
    /// Whether the template has `{% generation %}` tags.
    pub generation_tags: bool,
    /// What stands between them, as bytes of `text`, in order.
    pub generation_spans: Vec<Range<usize>>,
    /// The weight that the data gives each message, by message.
    pub message_weights: Vec<Option<f64>>,
    /// The weights that the data gives spans of messages, as bytes of `text`, in order, none overlapping.
    pub span_weights: Vec<(Range<usize>, f64)>,
    /// The weight of each token of a record that a trainer prepared.
    pub prepared: Option<Arc<[f64]>>,
    /// Where the text has the messages' contents, as they were written.
    pub contents: Vec<Placed>,
    /// What the template did to messages beyond printing them.
    pub changes: Vec<Change>,
    /// What else is known of the render.
    pub facts: RenderFacts,
    /// Special-token text that a user typed and that is encoded as text, as bytes of `text`, in order.
    pub escaped: Vec<Range<usize>>,
    /// The documents, where there are several; see [`Sequence::pack`].
    pub pack: Option<Pack>,
    /// What was put before raw text, in words, if anything.
    pub prefix: Option<String>,
    /// The tokens that the context cut off.
    pub beyond: Vec<Token>,
    /// What a user should know of how the text came about.
    pub notes: Vec<String>,
}

impl Sequence {
    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens, and behind them those that the context cut off.
    pub fn all_tokens(&self) -> impl DoubleEndedIterator<Item = &Token> + Clone {
        self.tokens.iter().chain(&self.beyond)
    }

    /// The ids, in order.
    pub fn ids(&self) -> Vec<u32> {
        self.tokens.iter().map(|token| token.id).collect()
    }

    /// The tokens that something predicts, with their positions: all but the first, of each document where they are
    /// apart. This is the one label shift.
    pub fn targets(&self) -> impl Iterator<Item = (usize, &Token)> {
        let documents = self.documents();
        self.tokens.iter().enumerate().filter(move |(t, _)| !documents.starts_at(*t))
    }

    /// How many targets there are (n − 1, of each document where they are apart).
    pub fn target_count(&self) -> usize {
        self.tokens.len().saturating_sub(self.documents().count())
    }

    /// Where documents start that know nothing of each other: under [`Packing::Naive`] there is one.
    pub fn documents(&self) -> Documents {
        self.pack.as_ref().map_or_else(Documents::default, |pack| pack.apart_under(pack.packing))
    }

    /// The document that token `t` belongs to, with its number from 0; `None` in a sequence that is not packed.
    pub fn document(&self, t: usize) -> Option<(usize, &Document)> {
        let documents = &self.pack.as_ref()?.documents;
        let number = documents.partition_point(|document| document.tokens.end <= t);
        Some((number, documents.get(number)?))
    }

    /// The token's characters in `text`: every character that it covers, even in part (as transformers' offsets are).
    pub fn char_span(&self, t: usize) -> Range<usize> {
        let span = &self.tokens[t].span;
        let start = floor_boundary(&self.text, span.start);
        let end = ceil_boundary(&self.text, span.end);
        let first = self.text[..start].chars().count();
        first..first + self.text[start..end].chars().count()
    }

    /// All [`char_span`](Self::char_span)s, in one pass.
    pub fn char_spans(&self) -> Vec<Range<usize>> {
        let (mut at, mut chars) = (0, 0);
        self.tokens
            .iter()
            .map(|token| {
                let start = floor_boundary(&self.text, token.span.start);
                let end = ceil_boundary(&self.text, token.span.end);
                // A token that starts inside a character starts before the place the last one was counted to.
                if start >= at {
                    chars += self.text[at..start].chars().count();
                } else {
                    chars -= self.text[start..at].chars().count();
                }
                at = start;
                chars..chars + self.text[start..end].chars().count()
            })
            .collect()
    }

    /// The first token that reaches beyond the first `chars` characters of the user's text (what was put before it
    /// not counted): where a completion starts whose prompt has that many. A token across the place belongs to it.
    pub fn token_at_char(&self, chars: usize) -> usize {
        let place = self.prefix_chars().saturating_add(chars);
        self.char_spans().iter().position(|span| span.end > place).unwrap_or(self.len())
    }

    /// Characters of the user's text before token `t`.
    pub fn chars_before(&self, t: usize) -> usize {
        let start = self.tokens.get(t).map_or(self.text.len(), |token| token.span.start);
        self.text[..floor_boundary(&self.text, start)].chars().count().saturating_sub(self.prefix_chars())
    }

    /// The last of the first `chars` characters of the user's text; `None` of none, or where there are not so many.
    pub fn char_before(&self, chars: usize) -> Option<char> {
        let last = self.prefix_chars().saturating_add(chars).checked_sub(1).filter(|_| chars > 0)?;
        self.text.chars().nth(last)
    }

    /// The first token of the last assistant message behind its header, which still belongs to the prompt; counts
    /// tokens beyond the context too. `None` where no assistant speaks.
    pub fn completion_start(&self) -> Option<usize> {
        let last = self.roles.iter().rposition(|role| is_assistant(role))?;
        let completes = |(turn, _, part): TokenOrigin<'_>| turn == Some(last) && !part.precedes_message();
        self.all_tokens().position(|token| token.origins().any(completes))
    }

    /// How many tokens a continuation starts from. A chat: all before the last assistant message's own text, or
    /// everything where no assistant speaks. Raw text: those before token `split`, or without one a quarter of the
    /// text, at least 1 and at most 8. Never none of a text that has any.
    pub fn prompt_length(&self, split: Option<usize>) -> usize {
        let wanted = match self.kind {
            Kind::Chat => self.completion_start().unwrap_or(usize::MAX),
            Kind::Text => split.unwrap_or((self.len() / 4).min(8)),
        };
        wanted.max(1).min(self.len())
    }

    fn prefix_chars(&self) -> usize {
        self.prefix.as_ref().map_or(0, |text| text.chars().count())
    }

    /// Keeps the first `context` tokens and sets the others aside.
    pub fn truncate(&mut self, context: usize) {
        if self.tokens.len() > context {
            let cut = self.tokens.split_off(context);
            self.beyond.splice(..0, cut);
            let end = self.tokens.last().map_or(0, |token| ceil_boundary(&self.text, token.span.end));
            self.text.truncate(end);
            self.escaped.retain(|escaped| escaped.end <= end);
        }
    }

    /// How many tokens there would be, had the context not cut some off; `None` if it has not.
    pub fn uncut_len(&self) -> Option<usize> {
        (!self.beyond.is_empty()).then(|| self.tokens.len() + self.beyond.len())
    }

    /// The text before token `t` that a causal model sees there, at most the last `chars` characters of it.
    pub fn input_so_far(&self, t: usize, chars: usize) -> &str {
        let first = self.documents().around(t.saturating_sub(1), self.len()).start;
        self.text_of(first.min(t)..t, chars)
    }

    /// The text of some tokens, at most the last `chars` characters of it.
    pub fn text_of(&self, tokens: Range<usize>, chars: usize) -> &str {
        let boundary =
            |t: usize| floor_boundary(&self.text, self.tokens.get(t).map_or(self.text.len(), |token| token.span.start));
        let (start, end) = (if tokens.start == 0 { 0 } else { boundary(tokens.start) }, boundary(tokens.end));
        let before = self.text.get(start..end).unwrap_or("");
        match before.char_indices().rev().nth(chars.saturating_sub(1)) {
            Some((start, _)) if chars > 0 => &before[start..],
            _ if chars == 0 => "",
            _ => before,
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    text.ceil_char_boundary(at)
}
