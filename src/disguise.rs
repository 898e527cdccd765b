//! What a file is that is not what its name says: packed, a page, a pointer to the file itself.

use std::fmt;

/// What a file is instead, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disguise {
    what: &'static str,
    fix: &'static str,
}

impl fmt::Display for Disguise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.fix)
    }
}

/// The disguise of a file that begins like this; `None` where it may be text, JSON or weights.
pub fn of(beginning: &[u8]) -> Option<Disguise> {
    packed(beginning).or_else(|| foreign(beginning))
}

fn packed(beginning: &[u8]) -> Option<Disguise> {
    let packed: [(&[u8], &str); 5] = [
        (b"\x1f\x8b", "packed with gzip"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"\xfd7zXZ\0", "packed with xz"),
        (b"BZh", "packed with bzip2"),
        (b"PK\x03\x04", "a zip archive"),
    ];
    let found = packed.into_iter().find(|(magic, _)| beginning.starts_with(magic));
    let is_tar = beginning.get(257..262) == Some(b"ustar");
    let (_, what) = found.or(is_tar.then_some((b"", "a tar archive")))?;
    Some(Disguise { what, fix: "unpack it first" })
}

fn foreign(beginning: &[u8]) -> Option<Disguise> {
    if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") || has_wide_letters(beginning) {
        return Some(Disguise { what: "UTF-16 text", fix: "save it as UTF-8" });
    }
    if beginning.starts_with(b"version https://git-lfs") {
        return Some(Disguise { what: "a Git LFS pointer, not the file itself", fix: "fetch it with git lfs pull" });
    }
    let start = beginning.trim_ascii_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    let is_page = start.starts_with(b"<!doctype html") || start.starts_with(b"<html");
    is_page.then_some(Disguise { what: "an HTML page", fix: "download the file itself, not the page that shows it" })
}

/// Whether ASCII letters stand with a zero byte each, as in UTF-16 without a mark.
fn has_wide_letters(beginning: &[u8]) -> bool {
    let pairs = beginning.chunks_exact(2).take(32);
    let wide = pairs.clone().filter(|pair| (pair[0] == 0) != (pair[1] == 0)).count();
    pairs.len() >= 4 && wide == pairs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_how_they_begin() {
        let what = |bytes: &[u8]| of(bytes).map(|disguise| disguise.what);
        assert_eq!(what(b"\x1f\x8b\x08"), Some("packed with gzip"));
        assert_eq!(what(b"{\0\"\0m\0e\0s\0"), Some("UTF-16 text"));
        assert_eq!(
            what(b"version https://git-lfs.github.com/spec/v1\n"),
            Some("a Git LFS pointer, not the file itself")
        );
        assert_eq!(what(b" <!DOCTYPE html><html>"), Some("an HTML page"));
        assert_eq!(what(b"{\"text\": \"a\"}"), None);
    }
}
