//! What is in the cache, and taking it out.

use std::fs;

use lossglass::source::hub::{HubError, Stored, remove, stored};

use super::download::{address, files, get, temporary, weights};
use super::server::{COMMIT, REPOSITORY, TestHub, sha256};

const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

#[test]
fn what_is_there_with_its_size() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    assert_eq!(stored(cache.path()), []);
    get(cache.path(), &server, REPOSITORY).expect("downloads");
    get(cache.path(), &server, "owner/tiny@refs/pr/1").expect("is the same commit");
    fs::create_dir_all(cache.path().join("datasets--owner--set/blobs")).expect("a data set");
    fs::create_dir_all(cache.path().join("models--\u{1b}[31m--x")).expect("something else");
    let [one] = &stored(cache.path())[..] else { panic!("one repository") };
    let Stored { repository, revisions, bytes } = one;
    assert_eq!((repository.as_str(), &revisions[..]), (REPOSITORY, &["main".to_owned(), "refs/pr/1".to_owned()][..]));
    assert!((3_000_004..3_001_000).contains(bytes), "{bytes}");
}

#[test]
fn a_repository_goes_as_a_whole_and_nothing_else() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let beside = cache.path().join("models--owner--tiny2/blobs");
    fs::create_dir_all(&beside).expect("another repository");
    assert!(matches!(remove(cache.path(), &address(REPOSITORY)), Err(HubError::NothingToRemove { .. })));
    get(cache.path(), &server, REPOSITORY).expect("downloads");
    assert!(remove(cache.path(), &address(REPOSITORY)).expect("removes") >= 3_000_004);
    assert!(!cache.path().join("models--owner--tiny").exists() && beside.exists());
}

#[test]
fn a_revision_goes_with_what_only_it_uses() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    get(cache.path(), &server, REPOSITORY).expect("downloads");
    let folder = cache.path().join("models--owner--tiny");
    let other = folder.join("snapshots").join(OTHER);
    fs::create_dir_all(&other).expect("a snapshot");
    fs::write(folder.join("blobs/only-here"), [0; 500]).expect("a blob");
    fs::write(folder.join("refs/old"), OTHER).expect("a ref");
    #[cfg(unix)]
    for (name, blob) in [("config.json", "only-here"), ("model.safetensors", &sha256(&weights()))] {
        std::os::unix::fs::symlink(format!("../../blobs/{blob}"), other.join(name)).expect("a link");
    }
    assert_eq!(stored(cache.path())[0].revisions, ["main", "old"]);
    assert!(matches!(remove(cache.path(), &address("owner/tiny@none")), Err(HubError::NothingToRemove { .. })));
    remove(cache.path(), &address("owner/tiny@old")).expect("removes");
    assert!(!other.exists() && !folder.join("blobs/only-here").exists());
    let kept = folder.join("snapshots").join(COMMIT).join("model.safetensors");
    assert_eq!(fs::read(kept).expect("what main uses"), weights());
    assert_eq!(stored(cache.path())[0].revisions, ["main"]);
}
