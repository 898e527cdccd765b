//! Where the tags of a template's source end.

/// Bytes up to and including the end of the statement at the start of `text`.
pub(super) fn statement_end(text: &str) -> usize {
    end_outside_strings(text, "%}")
}

/// Bytes up to and including the end of the print at the start of `text`.
pub(super) fn expression_end(text: &str) -> usize {
    end_outside_strings(text, "}}")
}

/// Bytes up to and including the first `close` outside a quoted string; all of `text` if there is none.
fn end_outside_strings(text: &str, close: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut quote) = (2, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close.as_bytes()) => return at + close.len(),
            _ => {}
        }
        at += 1;
    }
    text.len()
}
