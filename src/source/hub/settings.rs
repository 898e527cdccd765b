//! Where the Hub and its cache are, from the environment variables that all its tools read.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::HubError;

/// How the Hub is reached and where its files are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory with `models--owner--name`.
    pub cache: PathBuf,
    /// Scheme and host, without a slash at the end.
    pub endpoint: String,
    pub token: Option<Token>,
    /// The network is left alone.
    pub is_offline: bool,
    /// Before the first further try; doubled before every other.
    pub pause: Duration,
    /// A server that is silent for so long is taken for gone.
    pub patience: Duration,
}

/// What proves to the Hub who asks. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Spaces around it are no part of it; `None` for what is no token.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Settings {
    /// A cache and a server, with nothing else said.
    pub fn new(cache: impl Into<PathBuf>, endpoint: impl Into<String>) -> Self {
        Self {
            cache: cache.into(),
            endpoint: endpoint.into(),
            token: None,
            is_offline: false,
            pause: Duration::from_millis(500),
            patience: Duration::from_secs(30),
        }
    }

    /// `HF_HUB_CACHE`, else `HF_HOME/hub`; `HF_TOKEN`, else the file that `hf auth login` writes; `HF_ENDPOINT`;
    /// `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// If there is no home directory, or a variable holds what it cannot.
    pub fn from_env() -> Result<Self, HubError> {
        Self::read(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let path = |name: &str| variable(name).map(|value| from_home(PathBuf::from(value), variable));
        let word = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
        let home = path("HF_HOME")
            .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("huggingface")))
            .or_else(|| user_home(variable).map(|home| home.join(".cache/huggingface")));
        let cache = path("HF_HUB_CACHE").or_else(|| home.as_ref().map(|home| home.join("hub")));
        let endpoint = word("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
            return Err(HubError::Endpoint(endpoint));
        }
        let token = match word("HF_TOKEN") {
            Some(text) => Some(Token::new(&text).ok_or(HubError::Token)?),
            None => path("HF_TOKEN_PATH").or_else(|| Some(home?.join("token"))).and_then(|file| token_in(&file)),
        };
        let is_offline = word("HF_HUB_OFFLINE")
            .is_some_and(|word| ["1", "on", "yes", "true"].contains(&word.to_ascii_lowercase().as_str()));
        Ok(Self { token, is_offline, ..Self::new(cache.ok_or(HubError::NoHome)?, endpoint) })
    }
}

fn token_in(file: &Path) -> Option<Token> {
    Token::new(&std::fs::read_to_string(file).ok()?)
}

fn user_home(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
}

/// A leading `~` is the user's home.
fn from_home(path: PathBuf, variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    match (path.strip_prefix("~"), user_home(variable)) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, HubError> {
        Settings::read(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    #[cfg(unix)]
    fn the_cache_is_where_other_tools_look_for_it() {
        for (variables, cache) in [
            (&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h"), ("HOME", "/u")][..], "/c"),
            (&[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/u")], "/h/hub"),
            (&[("HF_HOME", "~/h"), ("HOME", "/u")], "/u/h/hub"),
            (&[("XDG_CACHE_HOME", "/x"), ("HOME", "/u")], "/x/huggingface/hub"),
            (&[("HOME", "/u")], "/u/.cache/huggingface/hub"),
        ] {
            assert_eq!(with(variables).expect("settings").cache, Path::new(cache), "{variables:?}");
        }
        assert!(matches!(with(&[]), Err(HubError::NoHome)));
    }

    #[test]
    fn the_endpoint_and_offline_words() {
        let home = ("HF_HOME", "/h");
        assert_eq!(with(&[home]).expect("the default").endpoint, "https://huggingface.co");
        assert_eq!(with(&[home, ("HF_ENDPOINT", "http://here:1/")]).expect("another").endpoint, "http://here:1");
        assert!(matches!(with(&[home, ("HF_ENDPOINT", "here")]), Err(HubError::Endpoint(_))));
        for (word, is_offline) in [("1", true), ("TRUE", true), ("on", true), ("0", false), ("no", false)] {
            assert_eq!(with(&[home, ("HF_HUB_OFFLINE", word)]).expect("settings").is_offline, is_offline, "{word}");
        }
    }

    #[test]
    fn the_token_comes_from_the_variable_or_the_file_and_is_not_shown() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("token"), "hf_file\n").expect("writes");
        let home = directory.path().to_str().expect("a plain path");
        assert_eq!(with(&[("HF_HOME", home)]).expect("settings").token, Token::new("hf_file"));
        let settings = with(&[("HF_HOME", home), ("HF_TOKEN", "hf_word")]).expect("settings");
        assert_eq!(settings.token, Token::new("hf_word"));
        assert!(!format!("{settings:?}").contains("hf_word"));
        assert!(matches!(with(&[("HF_HOME", home), ("HF_TOKEN", "a\nb")]), Err(HubError::Token)));
    }
}
