//! Which model on the Hub is meant: `owner/name`, `owner/name@revision`, `owner/name/file.gguf`.

use std::fmt;

/// The branch that is meant where none is given.
pub const MAIN: &str = "main";

/// A model in a repository on the Hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `owner/name`.
    pub repository: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// The GGUF file that is the model; without one, the repository is.
    pub file: Option<String>,
}

impl Address {
    /// Reads `owner/name`, `owner/name@revision`, `owner/name/file.gguf` or `owner/name/file.gguf@revision`; `None` for
    /// anything else, such as a path that begins with `.` or `/`.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, revision) = text.split_once('@').unwrap_or((text, MAIN));
        let mut parts = path.splitn(3, '/');
        let (owner, name, file) = (parts.next()?, parts.next()?, parts.next());
        let is_gguf = |file: &str| file.to_ascii_lowercase().ends_with(".gguf");
        let is_file = |file: &str| is_gguf(file) && is_relative(file);
        if !is_plain(owner) || !is_plain(name) || is_gguf(name) || !file.is_none_or(is_file) || !is_relative(revision) {
            return None;
        }
        Some(Self {
            repository: format!("{owner}/{name}"),
            revision: revision.to_owned(),
            file: file.map(str::to_owned),
        })
    }

    /// Whether the revision is the whole name of a commit.
    pub fn is_commit(&self) -> bool {
        is_commit(&self.revision)
    }

    /// The command that downloads it.
    pub fn get(&self) -> String {
        format!("lossglass models get {self}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(file) = &self.file {
            write!(f, "/{file}")?;
        }
        if self.revision != MAIN {
            write!(f, "@{}", self.revision)?;
        }
        Ok(())
    }
}

/// Whether this is the name of a commit: 40 hexadecimal digits.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name that the Hub gives to owners and repositories.
fn is_plain(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !part.contains("--") // stands for the slash in the cache
        && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Whether a path stays below where it starts, on every system, and can be shown as it is.
pub(super) fn is_relative(path: &str) -> bool {
    let is_part = |part: &str| {
        let ends_well = part.ends_with(|c: char| c != '.' && c != ' ');
        let is_shown =
            part.chars().all(|c| !c.is_control() && !matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'));
        ends_well && is_shown
    };
    path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_comes_back_as_it_was() {
        for text in [
            "HuggingFaceTB/SmolLM2-135M",
            "EleutherAI/pythia-70m@step512",
            "openai-community/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e",
            "owner/name@refs/pr/1",
            "owner/Name-GGUF/name.Q8_0.gguf",
            "owner/name/sub/name.gguf@v1.0",
        ] {
            assert_eq!(Address::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(Address::parse("owner/name@main").expect("the default").to_string(), "owner/name");
    }

    #[test]
    fn paths_and_words_are_no_address() {
        for text in [
            "gpt2",
            "./owner/name",
            "/owner/name",
            "../name",
            "owner/..",
            "models/missing.gguf",
            "a/b/c",
            "a/b/../c.gguf",
            "owner/name@",
            "owner/name@../x",
            "owner/name@a b\u{1b}",
            "owner/na me",
            "a--b/c",
            "a/b@c\\d",
            "",
            "/",
            "a/",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
