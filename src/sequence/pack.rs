//! Several documents in one sequence.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use thiserror::Error;

use super::{Kind, Sequence};
use crate::sample::Record;
use crate::template::Change;

/// What a model knows of the borders between the documents of a packed sequence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownPacking, parse_err_fn = UnknownPacking::new)]
pub enum Packing {
    /// Each document by itself: nobody sees another's tokens, positions restart, and nothing predicts its first token.
    #[default]
    Block,
    /// As if all were one text: what comes later sees, and is predicted from, the documents before it.
    Naive,
}

/// A packing that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown packing {given:?}; use block or naive")]
pub struct UnknownPacking {
    given: String,
}

impl UnknownPacking {
    fn new(given: &str) -> Self {
        Self { given: given.into() }
    }
}

impl Packing {
    /// Its name on the command line, in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The one that it is compared with.
    pub fn other(self) -> Self {
        match self {
            Self::Block => Self::Naive,
            Self::Naive => Self::Block,
        }
    }
}

/// The documents of a packed [`Sequence`], which tile it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    pub packing: Packing,
    pub documents: Vec<Document>,
}

impl Pack {
    /// Where documents start that know nothing of each other under `packing`.
    pub fn apart_under(&self, packing: Packing) -> Documents {
        let full = self.documents.iter().filter(|document| !document.tokens.is_empty());
        match packing {
            Packing::Block => Documents::new(full.map(|document| document.tokens.start)),
            Packing::Naive => Documents::default(),
        }
    }
}

/// One document of a pack.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its tokens in the pack.
    pub tokens: Range<usize>,
    /// The document by itself.
    pub sequence: Arc<Sequence>,
    /// Raw text of a prompt and a completion: characters of the prompt.
    pub split: Option<usize>,
}

/// Where documents start in a sequence of tokens, as attention and positions see it; by default there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// In order, without the first document's 0.
    starts: Arc<[usize]>,
}

impl Documents {
    /// Documents that start at these tokens, given in order; the first always starts at 0.
    pub fn new(starts: impl IntoIterator<Item = usize>) -> Self {
        Self { starts: starts.into_iter().filter(|&start| start > 0).collect() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts.len() + 1
    }

    /// The tokens of the document that token `at` belongs to, of a sequence of `tokens`.
    pub fn around(&self, at: usize, tokens: usize) -> Range<usize> {
        let next = self.starts.partition_point(|&start| start <= at);
        let start = next.checked_sub(1).map_or(0, |before| self.starts[before]);
        start..self.starts.get(next).map_or(tokens, |&end| end.min(tokens))
    }

    /// Where token `at` stands in its document, from 0.
    pub fn position(&self, at: usize) -> usize {
        at - self.around(at, usize::MAX).start
    }

    /// Whether a document starts at token `at`.
    pub fn starts_at(&self, at: usize) -> bool {
        at == 0 || self.starts.binary_search(&at).is_ok()
    }

    /// How many of the first `tokens` tokens lie in the same documents here and there.
    pub fn common(&self, other: &Self, tokens: usize) -> usize {
        let same = self.starts.iter().zip(other.starts.iter()).take_while(|(a, b)| a == b).count();
        let first = |starts: &[usize]| starts.get(same).copied().unwrap_or(usize::MAX);
        first(&self.starts).min(first(&other.starts)).min(tokens)
    }
}

/// How documents are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackOptions {
    /// The most tokens of a pack.
    pub size: usize,
    pub packing: Packing,
}

/// Records that are packed, the sample as one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PackRequest {
    pub records: Arc<[Record]>,
    /// The record that the sample takes the place of; its pack is shown.
    pub index: usize,
    pub options: PackOptions,
}

/// Packs documents in the order in which they come: the next one goes into the open pack if it fits, else a new pack
/// begins (next fit). A document that is longer than a pack is cut to one.
#[derive(Debug)]
pub struct Packer {
    options: PackOptions,
    open: Vec<(Sequence, Option<usize>)>,
    tokens: usize,
}

impl Packer {
    /// One without documents.
    pub fn new(options: PackOptions) -> Self {
        Self { options, open: Vec::new(), tokens: 0 }
    }

    /// Takes a document in, with its split (see [`Document::split`]). Returns the pack before it, where a new one began.
    pub fn add(&mut self, mut document: Sequence, split: Option<usize>) -> Option<Sequence> {
        document.truncate(self.options.size);
        let is_full = !self.open.is_empty() && self.tokens + document.len() > self.options.size;
        let full = if is_full { self.finish() } else { None };
        self.tokens += document.len();
        self.open.push((document, split));
        full
    }

    /// The open pack; `None` where there is none.
    pub fn finish(&mut self) -> Option<Sequence> {
        self.tokens = 0;
        let open = std::mem::take(&mut self.open);
        (!open.is_empty()).then(|| Sequence::pack(open, self.options.packing))
    }
}

impl Sequence {
    /// One sequence of several documents, each with its own split (see [`Document::split`]). What counts messages
    /// counts them on through the documents.
    pub fn pack(documents: Vec<(Sequence, Option<usize>)>, packing: Packing) -> Self {
        let is_chat = documents.iter().any(|(document, _)| document.kind == Kind::Chat);
        let kind = if is_chat { Kind::Chat } else { Kind::Text };
        let mut pack = Sequence { kind, generation_tags: is_chat, ..Sequence::default() };
        let mut placed = Vec::with_capacity(documents.len());
        for (document, split) in documents {
            let start = pack.len();
            pack.append(&document, placed.len());
            placed.push(Document { tokens: start..pack.len(), sequence: Arc::new(document), split });
        }
        pack.pack = Some(Pack { packing, documents: placed });
        pack
    }

    fn append(&mut self, document: &Sequence, number: usize) {
        let (offset, turns) = (self.text.len(), self.turns);
        let moved = |range: &Range<usize>| offset + range.start..offset + range.end;
        self.text.push_str(&document.text);
        self.tokens.extend(document.tokens.iter().cloned().map(|mut token| {
            token.span = moved(&token.span);
            token.turn = token.turn.map(|turn| turns + turn);
            for origin in &mut token.overlaps {
                origin.turn = origin.turn.map(|turn| turns + turn);
            }
            token
        }));
        self.turns += document.turns;
        if self.ends.is_empty() {
            self.ends = document.ends.clone();
            self.generation_ends = document.generation_ends.clone();
        }
        self.roles.extend_from_slice(&document.roles);
        // Of texts among chats there is nothing to say.
        self.generation_tags &= document.generation_tags || document.kind == Kind::Text;
        self.generation_spans.extend(document.generation_spans.iter().map(moved));
        self.message_weights.extend_from_slice(&document.message_weights);
        self.span_weights.extend(document.span_weights.iter().map(|(span, weight)| (moved(span), *weight)));
        self.escaped.extend(document.escaped.iter().map(moved));
        let change = |change: &Change| Change { message: turns + change.message, ..change.clone() };
        self.changes.extend(document.changes.iter().map(change));
        self.notes.extend(document.notes.iter().map(|note| format!("document {}: {note}", number + 1)));
    }
}
