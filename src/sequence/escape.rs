//! Special-token text that a user typed, encoded as the text it is.

use std::ops::Range;

use tokenizers::normalizer::Range as Offsets;
use tokenizers::tokenizer::Result;
use tokenizers::{
    Encoding, Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
};

use super::Vocabulary;

/// A special token found in a text.
struct Match {
    id: u32,
    /// Bytes of the text, the whitespace that the token takes with it included.
    span: Range<usize>,
    /// Whether the tokenizer looks for it in the normalised text.
    normalized: bool,
}

/// The places of `text` where special tokens stand within `typed`, in order.
pub(super) fn places(vocabulary: &Vocabulary, text: &str, typed: &[Range<usize>]) -> Vec<Range<usize>> {
    let found = matches(vocabulary, text).into_iter();
    found.filter(|found| is_typed(vocabulary, found.id, text, &found.span, typed)).map(|found| found.span).collect()
}

/// Whether the text of special token `id` at `span` was typed: it lies within one of the `typed` ranges, in order.
/// Whitespace that the token takes with it may be the template's.
pub(super) fn is_typed(
    vocabulary: &Vocabulary,
    id: u32,
    text: &str,
    span: &Range<usize>,
    typed: &[Range<usize>],
) -> bool {
    let Some(content) = vocabulary.special_content(id) else { return false };
    let own = match text.get(span.clone()).and_then(|whole| whole.find(content)) {
        Some(at) => span.start + at..span.start + at + content.len(),
        None => span.clone(),
    };
    let next = typed.partition_point(|range| range.end < own.end);
    typed.get(next).is_some_and(|range| range.start <= own.start && own.end <= range.end)
}

/// Encodes `text` as the tokenizer does, but for special tokens within `escaped`, places as [`places`] gives them: they
/// are ordinary text to it.
pub(super) fn encode(
    vocabulary: &Vocabulary,
    text: &str,
    add_special: bool,
    escaped: &[Range<usize>],
) -> Result<Encoding> {
    let tokenizer = &vocabulary.tokenizer;
    let mut kept = matches(vocabulary, text);
    kept.retain(|found| escaped.binary_search_by_key(&found.span.start, |place| place.start).is_err());
    let (late, early): (Vec<Match>, Vec<Match>) = kept.into_iter().partition(|found| found.normalized);
    let mut pieces = PreTokenizedString::from(text);
    // As the tokenizer does it: what is matched as it stands first, the rest in the normalised text.
    pieces.split(|_, piece| cut(piece, &early))?;
    pieces.split(|_, mut piece| {
        if let Some(normalizer) = tokenizer.get_normalizer() {
            normalizer.normalize(&mut piece)?;
        }
        cut(piece, &late)
    })?;
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut pieces)?;
    }
    pieces.tokenize(|piece| tokenizer.get_model().tokenize(piece.get()))?;
    tokenizer.post_process(pieces.into_encoding(None, 0, OffsetType::Byte)?, None, add_special)
}

/// Every token that is matched before the tokenizer's model runs, in order.
fn matches(vocabulary: &Vocabulary, text: &str) -> Vec<Match> {
    let added = vocabulary.tokenizer.get_added_vocabulary();
    let pieces = added.extract_and_normalize(vocabulary.tokenizer.get_normalizer(), text);
    let found = pieces.get_splits(OffsetReferential::Original, OffsetType::Byte).into_iter();
    found
        .filter_map(|(_, (start, end), tokens)| {
            let id = tokens.as_ref()?.first()?.id;
            let normalized = added.get_added_tokens_decoder().get(&id).is_some_and(|token| token.normalized);
            Some(Match { id, span: start..end, normalized })
        })
        .collect()
}

/// A piece of text, and its token where it is one already.
type Piece = (NormalizedString, Option<Vec<tokenizers::Token>>);

/// Cuts `piece` at those of `found` that lie in it.
fn cut(piece: NormalizedString, found: &[Match]) -> Result<Vec<Piece>> {
    let (offset, end) = piece.offsets_original();
    let inside = found.iter().filter(|found| offset <= found.span.start && found.span.end <= end);
    let slice = |range: Range<usize>| piece.slice(Offsets::Normalized(range)).ok_or("an added token cuts a character");
    let mut pieces = Vec::new();
    let mut at = 0;
    for Match { id, span, .. } in inside {
        let place = piece.convert_offsets(Offsets::Original(span.start - offset..span.end - offset));
        let place = place.filter(|place| at <= place.start).ok_or("an added token is lost in the normalised text")?;
        if at < place.start {
            pieces.push((slice(at..place.start)?, None));
        }
        let token = slice(place.clone())?;
        let value = token.get().to_owned();
        let length = value.len();
        pieces.push((token, Some(vec![tokenizers::Token::new(*id, value, (0, length))])));
        at = place.end;
    }
    if pieces.is_empty() {
        return Ok(vec![(piece, None)]);
    }
    if at < piece.get().len() {
        pieces.push((slice(at..piece.get().len())?, None));
    }
    Ok(pieces)
}
