//! The directory that downloaded models are kept in.

use std::env;
use std::path::PathBuf;

/// There is no place to keep models.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home directory to keep models in: set LOSSGLASS_CACHE to a directory")]
pub struct CacheError;

/// `$LOSSGLASS_CACHE`, else `$XDG_CACHE_HOME/lossglass`, else the platform's cache directory under the home.
pub fn directory() -> Result<PathBuf, CacheError> {
    choose(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, CacheError> {
    if let Some(cache) = variable("LOSSGLASS_CACHE") {
        return Ok(cache);
    }
    // The XDG specification says that a relative path is to be ignored.
    if let Some(cache) = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute()) {
        return Ok(cache.join("lossglass"));
    }
    let (home, below) = if cfg!(windows) {
        ("LOCALAPPDATA", "lossglass")
    } else if cfg!(target_os = "macos") {
        ("HOME", "Library/Caches/lossglass")
    } else {
        ("HOME", ".cache/lossglass")
    };
    variable(home).map(|home| home.join(below)).ok_or(CacheError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &'static [(&str, &str)]) -> Result<PathBuf, CacheError> {
        choose(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_more_specific_variable_wins() {
        assert_eq!(with(&[("LOSSGLASS_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")]), Ok("/a".into()));
        assert_eq!(with(&[("XDG_CACHE_HOME", "/b"), ("HOME", "/c")]), Ok("/b/lossglass".into()));
        assert_eq!(with(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/c")]), Ok("/c/.cache/lossglass".into()));
        assert_eq!(with(&[]), Err(CacheError));
    }
}
