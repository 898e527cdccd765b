//! JSON as Python writes it.

use serde_json::{Error, Value};

/// Reads JSON; `NaN` and `Infinity`, which Python writes and JSON does not have, are null.
///
/// # Errors
/// What else is no JSON.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text).or_else(|error| match without_words(text) {
        Some(text) => serde_json::from_slice(&text),
        None => Err(error),
    })
}

/// The text with null for every such word outside of strings; `None` where there is none.
fn without_words(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let (mut out, mut at, mut is_string, mut has_words) = (Vec::with_capacity(text.len()), 0, false, false);
    while let Some(&byte) = text.get(at) {
        if is_string && byte == b'\\' {
            out.extend_from_slice(&text[at..text.len().min(at + 2)]);
            at += 2;
            continue;
        }
        is_string ^= byte == b'"';
        match WORDS.iter().find(|word| !is_string && text[at..].starts_with(word)) {
            Some(word) => {
                out.extend_from_slice(b"null");
                (at, has_words) = (at + word.len(), true);
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    has_words.then_some(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let text = br#"{"a": NaN, "b": [-Infinity, 1e-3], "c \"NaN": "NaN \\", "d": Infinity}"#;
        let value = parse(text).expect("read");
        assert_eq!(value, json!({"a": null, "b": [null, 1e-3], "c \"NaN": "NaN \\", "d": null}));
        assert!(parse(b"{\"a\": nan}").is_err() && parse(b"\"NaN\\").is_err());
    }
}
