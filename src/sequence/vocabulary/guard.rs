//! The tokenizers library reads files, and takes texts, with `expect` in places; a damaged file is an error here.

use serde::de::IgnoredAny;
use tokenizers::Tokenizer;

use super::VocabularyError;
use crate::guard::quietly;

const DAMAGED: &str = "it is damaged; download it again";

/// Reads `tokenizer.json`, whatever is in it.
pub(super) fn tokenizer(json: &[u8]) -> Result<Tokenizer, VocabularyError> {
    serde_json::from_slice::<IgnoredAny>(json)
        .map_err(|error| VocabularyError::Json { file: "tokenizer.json", reason: error.to_string() })?;
    match quietly(|| Tokenizer::from_bytes(json)) {
        Some(read) => read.map_err(|error| VocabularyError::Tokenizer(error.to_string())),
        None => Err(VocabularyError::Tokenizer(DAMAGED.to_owned())),
    }
}

/// What a tokenizer makes of a text, whatever file it was read from.
pub(in crate::sequence) fn encoding<T>(encode: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    quietly(encode).unwrap_or_else(|| Err(DAMAGED.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_tokenizer_is_an_error() {
        let whole = include_bytes!("../../../tests/fixtures/llama/tokenizer.json");
        assert!(tokenizer(whole).is_ok());
        let step = (whole.len() / 20).max(1);
        assert!((0..whole.len() - 1).step_by(step).all(|end| tokenizer(&whole[..end]).is_err()));
        assert!(encoding::<()>(|| panic!("as the library does")).is_err_and(|error| error.to_string() == DAMAGED));
    }
}
