//! The tokenizers library reads files with `expect` in places; a damaged file is an error here, not a panic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use serde::de::IgnoredAny;
use tokenizers::Tokenizer;

use super::VocabularyError;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Reads `tokenizer.json`, whatever is in it.
pub(super) fn tokenizer(json: &[u8]) -> Result<Tokenizer, VocabularyError> {
    serde_json::from_slice::<IgnoredAny>(json)
        .map_err(|error| VocabularyError::Json { file: "tokenizer.json", reason: error.to_string() })?;
    match quietly(|| Tokenizer::from_bytes(json)) {
        Some(read) => read.map_err(|error| VocabularyError::Tokenizer(error.to_string())),
        None => Err(VocabularyError::Tokenizer("it is damaged; download it again".to_owned())),
    }
}

/// What `work` returns; `None` where it panics, of which nothing is printed.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                report(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work)).ok();
    IS_GUARDED.set(false);
    outcome
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
        assert!(quietly::<()>(|| panic!("nobody reads this")).is_none());
    }
}
