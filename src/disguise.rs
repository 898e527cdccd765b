//! What a file or a line is that looks like data and is not JSON.

/// What a file that begins like this is, and what to do; `None` where it may be JSON.
pub(super) fn of(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    const UNPACK: &str = "unpack it first";
    const SAVE: &str = "save it as UTF-8";
    let packed: [(&[u8], &str); 5] = [
        (b"\x1f\x8b", "packed with gzip"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"\xfd7zXZ\0", "packed with xz"),
        (b"BZh", "packed with bzip2"),
        (b"PK\x03\x04", "a zip archive"),
    ];
    if let Some((_, what)) = packed.into_iter().find(|(magic, _)| beginning.starts_with(magic)) {
        return Some((what, UNPACK));
    }
    if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") || has_wide_letters(beginning) {
        return Some(("UTF-16 text", SAVE));
    }
    if beginning.starts_with(b"version https://git-lfs") {
        return Some(("a Git LFS pointer, not the file itself", "fetch it with git lfs pull"));
    }
    let start = beginning.trim_ascii_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    (start.starts_with(b"<!doctype html") || start.starts_with(b"<html"))
        .then_some(("an HTML page", "download the file itself, not the page that shows it"))
}

/// Whether ASCII letters stand with a zero byte each, as in UTF-16 without a mark.
fn has_wide_letters(beginning: &[u8]) -> bool {
    let pairs = beginning.chunks_exact(2).take(32);
    let wide = pairs.clone().filter(|pair| (pair[0] == 0) != (pair[1] == 0)).count();
    pairs.len() >= 4 && wide == pairs.len()
}

/// What a line that is not JSON has that other programs take, and what to do.
pub(super) fn of_record(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.trim_ascii_end();
    if let Some(record) = text.strip_suffix(b",")
        && serde_json::from_slice::<serde::de::IgnoredAny>(record).is_ok()
    {
        return Some("has a comma behind it: JSONL has none between records; take it off");
    }
    ["NaN", "Infinity"]
        .into_iter()
        .any(|word| is_a_value(text, word))
        .then_some("has NaN or Infinity, which are no JSON; write null or a number")
}

/// Whether `word` stands outside of strings.
fn is_a_value(text: &[u8], word: &str) -> bool {
    let (mut in_string, mut at) = (false, 0);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            _ if !in_string && text[at..].starts_with(word.as_bytes()) => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_how_they_begin() {
        let what = |bytes: &[u8]| of(bytes).map(|(what, _)| what);
        assert_eq!(what(b"\x1f\x8b\x08"), Some("packed with gzip"));
        assert_eq!(what(b"{\0\"\0m\0e\0s\0"), Some("UTF-16 text"));
        assert_eq!(
            what(b"version https://git-lfs.github.com/spec/v1\n"),
            Some("a Git LFS pointer, not the file itself")
        );
        assert_eq!(what(b" <!DOCTYPE html><html>"), Some("an HTML page"));
        assert_eq!(what(b"{\"text\": \"a\"}"), None);
    }

    #[test]
    fn lines_are_named_by_what_they_have() {
        assert!(of_record(b"{\"a\": 1},").is_some_and(|problem| problem.contains("comma")));
        assert!(of_record(b"{\"a\": NaN}").is_some_and(|problem| problem.contains("NaN")));
        assert_eq!(of_record(b"{\"a\": \"NaN\", }"), None);
    }
}
