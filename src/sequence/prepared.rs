//! Token ids that a trainer prepared -> a sequence.

use super::{EncodeError, Kind, Packing, Sequence, Token, Vocabulary};
use crate::sample::Prepared;
use crate::template::Part;

impl Sequence {
    /// The tokens of a row that a trainer prepared, with the text that they spell. Documents that were packed into it are
    /// apart.
    ///
    /// # Errors
    /// If the vocabulary does not have one of its ids.
    pub fn from_prepared(vocabulary: &Vocabulary, prepared: &Prepared) -> Result<Self, EncodeError> {
        if prepared.starts.len() < 2 {
            return Self::from_document(vocabulary, prepared);
        }
        let documents = prepared
            .documents()
            .map(|tokens| Self::from_document(vocabulary, &prepared.document(tokens)).map(|document| (document, None)));
        Ok(Self::pack(documents.collect::<Result<_, _>>()?, Packing::Block))
    }

    fn from_document(vocabulary: &Vocabulary, prepared: &Prepared) -> Result<Self, EncodeError> {
        if let Some(&id) = prepared.ids.iter().find(|&&id| id as usize >= vocabulary.size()) {
            return Err(EncodeError::UnknownId(id));
        }
        let spelled: Vec<&[u8]> = prepared.ids.iter().map(|&id| vocabulary.spelled(id)).collect();
        let (text, places) = lossy(&spelled.concat());
        let mut at = 0;
        let tokens = prepared.ids.iter().zip(&spelled).map(|(&id, bytes)| {
            let start = at;
            at += bytes.len();
            Token {
                id,
                bytes: (*bytes).into(),
                span: places[start]..places[at],
                turn: None,
                role: None,
                part: Part::Plain,
                overlaps: Vec::new(),
                special: vocabulary.is_special(id),
                injected: false,
                generation: false,
            }
        });
        let tokens = tokens.collect();
        Ok(Self {
            kind: Kind::Text,
            text,
            tokens,
            ends: vocabulary.trained_ends(),
            generation_ends: vocabulary.generation_ends(),
            prepared: Some(prepared.weights.as_slice().into()),
            ..Self::default()
        })
    }
}

/// The bytes as text, `\u{fffd}` for each that is of no whole character, and where each of them went.
fn lossy(bytes: &[u8]) -> (String, Vec<usize>) {
    let (mut text, mut places) = (String::with_capacity(bytes.len()), Vec::with_capacity(bytes.len() + 1));
    for chunk in bytes.utf8_chunks() {
        places.extend((0..chunk.valid().len()).map(|i| text.len() + i));
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            places.push(text.len());
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    places.push(text.len());
    (text, places)
}
