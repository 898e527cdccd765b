//! jinja2's filter `urlize`: addresses become links.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use super::super::Error;
use super::super::arguments::{Args, flag, size, text};
use super::super::convert::iterate;
use super::super::text::{Output, Text};
use super::super::value::Value;
use super::super::words::is_space;
use super::text::escaped;

/// What jinja2 takes for the address of a page: `_http_re` in its `utils.py`.
static PAGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:(?:https?://|www\.)(?:(?:[\w%-]+\.)+)?(?:[a-z]{2,63}|xn--[\w%]{2,59})
          |(?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)
          |https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]))
          (?::\d{1,5})?(?:[/?\#]\S*)?$",
    )
});
/// And for one of mail: `_email_re`.
static MAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\S+@\w[\w.-]*\.\w+$"));
/// What may stand in `extra_schemes`: `_uri_scheme_re` in its `filters.py`.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[\w.+-]{2,}:/{0,2}$"));

fn pattern(source: &str) -> Regex {
    let built = RegexBuilder::new(source).case_insensitive(true).ignore_whitespace(true).build();
    built.expect("a constant that a test compiles")
}

/// What every link gets.
struct Links {
    /// Characters of an address that are shown at most.
    shown: Option<usize>,
    attributes: String,
    schemes: Vec<String>,
}

pub(super) fn apply(value: &Value, arguments: Args) -> Result<Text, Error> {
    let [shown, nofollow, target, rel, schemes] =
        arguments.bind(["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"])?;
    let given = |value: Option<Value>, name| match value {
        None | Some(Value::None) => Ok(None),
        value => text(value, name),
    };
    let mut rel: Vec<String> =
        given(rel, "rel")?.map_or_else(Vec::new, |rel| rel.as_str().split_whitespace().map(str::to_owned).collect());
    rel.push("noopener".into());
    rel.extend(flag(nofollow, false).then(|| "nofollow".into()));
    rel.sort_unstable();
    rel.dedup();
    let target = given(target, "target")?.filter(|target| !target.as_str().is_empty());
    let target = target.map_or_else(String::new, |target| format!(" target=\"{}\"", escaped(&target).as_str()));
    let links = Links {
        shown: size(shown.filter(|shown| !matches!(shown, Value::None)), "trim_url_limit")?,
        attributes: format!(" rel=\"{}\"{target}", escaped(&rel.join(" ").as_str().into()).as_str()),
        schemes: schemes_of(schemes)?,
    };
    let letters = escaped(&value.to_text());
    let mut out = Output::default();
    let (mut start, mut blank) = (0, letters.as_str().starts_with(is_space));
    for (at, letter) in letters.as_str().char_indices().chain([(letters.as_str().len(), '\0')]) {
        let ends = at == letters.as_str().len();
        if ends || is_space(letter) != blank {
            match blank {
                true => out.push_slice(&letters, start..at),
                false => links.word(&letters, start, at, &mut out),
            }
            (start, blank) = (at, is_space(letter));
        }
    }
    Ok(out.into_text())
}

fn schemes_of(given: Option<Value>) -> Result<Vec<String>, Error> {
    let Some(given) = given.filter(|given| !matches!(given, Value::None)) else { return Ok(Vec::new()) };
    let schemes = iterate(&given)?.into_iter().map(|scheme| scheme.to_text().as_str().to_owned());
    let valid = |scheme: String| match SCHEME.is_match(&scheme) {
        true => Ok(scheme),
        false => Err(Error::runtime(format!("'{scheme}' is not a valid URI scheme prefix."))),
    };
    schemes.map(valid).collect()
}

impl Links {
    /// Writes the word at `start..end`, as a link if it is an address.
    fn word(&self, letters: &Text, start: usize, end: usize, out: &mut Output) {
        let (from, to) = address(&letters.as_str()[start..end]);
        let (from, to) = (start + from, start + to);
        out.push_slice(letters, start..from);
        let middle = &letters.as_str()[from..to];
        let mut link = |before: &str, attributes: &str, shown: Range<usize>| {
            out.push_str(&format!("<a href=\"{before}"));
            out.push_slice(letters, from..to);
            out.push_str(&format!("\"{attributes}>"));
            out.push_slice(letters, shown.clone());
            out.push_str(if shown.end < to { "...</a>" } else { "</a>" });
        };
        if PAGE.is_match(middle) {
            let has_scheme = middle.starts_with("https://") || middle.starts_with("http://");
            let cut = self.shown.and_then(|limit| middle.char_indices().nth(limit)).map_or(to, |(at, _)| from + at);
            link(if has_scheme { "" } else { "https://" }, &self.attributes, from..cut);
        } else if middle.strip_prefix("mailto:").is_some_and(|address| MAIL.is_match(address)) {
            link("", "", from + "mailto:".len()..to);
        } else if middle.contains('@')
            && !middle.starts_with("www.")
            && !middle.starts_with('@')
            && !middle.contains(':')
            && MAIL.is_match(middle)
        {
            link("mailto:", "", from..to);
        } else if self.schemes.iter().any(|scheme| middle != scheme && middle.starts_with(scheme.as_str())) {
            link("", &self.attributes, from..to);
        } else {
            out.push_slice(letters, from..to);
        }
        out.push_slice(letters, to..end);
    }
}

/// Where in a word the address is: without brackets before it, and without stops and brackets behind it but those that
/// it opens itself.
fn address(word: &str) -> (usize, usize) {
    const OPENING: [&str; 3] = ["(", "<", "&lt;"];
    const CLOSING: [&str; 6] = [")", ">", ".", ",", "\n", "&gt;"];
    let mut from = 0;
    while let Some(mark) = OPENING.iter().find(|mark| word[from..].starts_with(**mark)) {
        from += mark.len();
    }
    let mut to = word.len();
    while let Some(mark) = CLOSING.iter().find(|mark| word[from..to].ends_with(**mark)) {
        to -= mark.len();
    }
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let count = |mark: &str, text: &str| text.matches(mark).count();
        let opened = count(open, &word[from..to]);
        if opened <= count(close, &word[from..to]) {
            continue;
        }
        for _ in 0..opened.min(count(close, &word[to..])) {
            to += word[to..].find(close).map_or(0, |at| at + close.len());
        }
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_patterns_compile() {
        assert!(super::PAGE.is_match("www.example.com") && super::MAIL.is_match("a@b.org"));
        assert!(super::SCHEME.is_match("tel:") && !super::SCHEME.is_match("t"));
    }
}
