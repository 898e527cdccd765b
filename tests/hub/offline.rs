//! A cache that others filled, and no network.

use std::fs;
use std::path::Path;

use lossglass::cancel::Cancel;
use lossglass::source::hub::{Hub, HubError, Settings};

use super::download::{address, temporary};
use super::server::COMMIT;

const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

fn snapshot(cache: &Path, commit: &str, files: &[&str]) {
    let directory = cache.join("models--owner--tiny/snapshots").join(commit);
    fs::create_dir_all(&directory).expect("a directory");
    for file in files {
        fs::write(directory.join(file), "{}").expect("a file");
    }
}

fn offline(cache: &Path) -> Hub {
    Hub::new(Settings { is_offline: true, ..Settings::new(cache, "http://127.0.0.1:9") })
}

fn open(cache: &Path, what: &str) -> Result<std::path::PathBuf, HubError> {
    offline(cache).get(&address(what), &Cancel::default(), &mut |_| {})
}

const WHOLE: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

#[test]
fn a_cache_with_only_snapshots() {
    let cache = temporary();
    snapshot(cache.path(), COMMIT, &WHOLE);
    for what in ["owner/tiny", &format!("owner/tiny@{COMMIT}")] {
        assert!(open(cache.path(), what).expect(what).ends_with(COMMIT));
    }
    assert!(open(cache.path(), "owner/tiny@v1.0").is_err(), "nothing says which commit that is");
    let online = Hub::new(Settings::new(cache.path(), "http://127.0.0.1:9"));
    assert!(online.find(&address("owner/tiny")).is_none(), "the Hub knows what main is");
    assert!(online.find(&address(&format!("owner/tiny@{COMMIT}"))).is_some());
    snapshot(cache.path(), OTHER, &WHOLE);
    assert!(open(cache.path(), "owner/tiny").is_err(), "nothing says which of two is main");
    let refs = cache.path().join("models--owner--tiny/refs");
    fs::create_dir_all(&refs).expect("a directory");
    fs::write(refs.join("main"), format!("{OTHER}\n")).expect("a ref");
    assert!(open(cache.path(), "owner/tiny").expect("main").ends_with(OTHER));
    assert!(open(cache.path(), &format!("owner/tiny@{COMMIT}")).expect("the commit").ends_with(COMMIT));
}

#[test]
fn what_is_missing_is_named_with_what_to_run() {
    let cache = temporary();
    let place = cache.path().display().to_string();
    let miss = |what: &str| open(cache.path(), what).expect_err(what).to_string().replace(&place, "CACHE");
    assert_eq!(
        miss("owner/tiny@v1.0"),
        "config.json of owner/tiny at revision v1.0 is not in CACHE, and HF_HUB_OFFLINE keeps the network away: \
         run `lossglass models get owner/tiny@v1.0` where the Hub is reached, or unset HF_HUB_OFFLINE"
    );
    snapshot(cache.path(), COMMIT, &["config.json", "tokenizer.json"]);
    assert!(miss("owner/tiny").starts_with("model.safetensors of owner/tiny at revision main is not in CACHE"));
    let index = r#"{"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}"#;
    let directory = cache.path().join("models--owner--tiny/snapshots").join(COMMIT);
    fs::write(directory.join("model.safetensors.index.json"), index).expect("an index");
    fs::write(directory.join("a.safetensors"), "").expect("a shard");
    assert!(miss("owner/tiny").starts_with("b.safetensors of owner/tiny"));
    assert!(miss("owner/tiny/x.gguf").starts_with("x.gguf of owner/tiny"));
}

#[test]
fn a_damaged_ref_leads_nowhere() {
    let cache = temporary();
    snapshot(cache.path(), COMMIT, &WHOLE);
    snapshot(cache.path(), OTHER, &WHOLE);
    let refs = cache.path().join("models--owner--tiny/refs");
    fs::create_dir_all(&refs).expect("a directory");
    for damaged in ["", "../../..", "main"] {
        fs::write(refs.join("main"), damaged).expect("a ref");
        assert!(open(cache.path(), "owner/tiny").is_err(), "{damaged:?}");
    }
}
