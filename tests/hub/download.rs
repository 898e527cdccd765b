//! What arrives, where it lies, and how a download goes on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lossglass::cancel::Cancel;
use lossglass::source::hub::{Address, Arrived, Hub, HubError, Settings, Token};

use super::server::{COMMIT, Fault, REPOSITORY, Reply, TestHub, sha256};

/// A model of three files; the weights are large enough to arrive in pieces.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("README.md", b"not wanted".to_vec()),
        ("config.json", b"{}".to_vec()),
        ("tokenizer.json", b"[]".to_vec()),
        ("model.safetensors", weights()),
    ]
}

pub fn weights() -> Vec<u8> {
    (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

pub fn untouched() -> Fault {
    Box::new(|_, _, reply| reply)
}

pub fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

pub fn settings(cache: &Path, server: &TestHub) -> Settings {
    let (pause, patience) = (Duration::from_millis(1), Duration::from_secs(10));
    Settings { pause, patience, ..Settings::new(cache, server.hub.endpoint.clone()) }
}

/// Downloads the repository, or what is asked for of it.
pub fn get(cache: &Path, server: &TestHub, what: &str) -> Result<std::path::PathBuf, HubError> {
    Hub::new(settings(cache, server)).get(&address(what), &Cancel::default(), &mut |_| {})
}

pub fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn the_cache_gets_the_layout_that_other_tools_read() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let snapshot = get(cache.path(), &server, "owner/tiny@v1.0").expect("downloads");
    let folder = cache.path().join("models--owner--tiny");
    assert_eq!(snapshot, folder.join("snapshots").join(COMMIT));
    assert_eq!(fs::read(snapshot.join("model.safetensors")).expect("the weights"), weights());
    assert_eq!(fs::read_to_string(folder.join("refs/v1.0")).expect("a ref"), COMMIT);
    let blob = folder.join("blobs").join(sha256(&weights()));
    assert_eq!(
        snapshot.join("model.safetensors").canonicalize().expect("a link"),
        blob.canonicalize().expect("a blob")
    );
    #[cfg(unix)]
    assert!(fs::read_link(snapshot.join("model.safetensors")).expect("a link").starts_with("../../blobs"));
    assert!(!snapshot.join("README.md").exists());
    let left = fs::read_dir(folder.join("blobs")).expect("blobs").flatten();
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().contains("incomplete")));
}

#[test]
fn further_chat_templates_lie_in_a_folder_of_their_own() {
    let name = "additional_chat_templates/tool_use.jinja";
    let (cache, mut files) = (temporary(), files());
    files.push((name, b"{{ tools }}".to_vec()));
    let server = TestHub::new(&files);
    let snapshot = get(cache.path(), &server, REPOSITORY).expect("downloads");
    assert_eq!(fs::read_to_string(snapshot.join(name)).expect("a template"), "{{ tools }}");
}

#[test]
fn progress_grows_to_the_whole() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let mut heard: Vec<Arrived> = Vec::new();
    let hub = Hub::new(settings(cache.path(), &server));
    hub.get(&address(REPOSITORY), &Cancel::default(), &mut |arrived| heard.push(arrived)).expect("downloads");
    assert!(heard.iter().is_sorted_by_key(|arrived| arrived.done) && heard.len() > 5, "{heard:?}");
    assert_eq!(*heard.last().expect("progress"), Arrived { done: 3_000_004, total: 3_000_004 });
}

#[test]
fn what_is_there_is_not_fetched_again() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let first = get(cache.path(), &server, REPOSITORY).expect("downloads");
    let asked = server.hub.requests().len();
    let hub = Hub::new(settings(cache.path(), &server));
    let again = hub.open(&address(REPOSITORY), &Cancel::default(), &mut |_| {}).expect("is there");
    assert_eq!((again, server.hub.requests().len()), (first, asked), "opening asks nobody");
    get(cache.path(), &server, REPOSITORY).expect("asks which commit it is");
    assert_eq!(server.hub.requests().len(), asked + 1);
    assert_eq!(server.cdn.count("GET", "signed=1"), 1);
}

/// Masking a data set needs a tokenizer and a template: a gigabyte of weights stays where it is.
#[test]
fn a_reader_needs_no_weights() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let hub = Hub::new(settings(cache.path(), &server));
    let what = address(REPOSITORY);
    let directory = hub.open_reader(&what, &Cancel::default(), &mut |_| {}).expect("downloads");
    assert!(directory.join("tokenizer.json").exists() && !directory.join("model.safetensors").exists());
    assert!(hub.find(&what).is_none(), "the model itself is not there yet");
    let asked = server.hub.requests().len();
    hub.open_reader(&what, &Cancel::default(), &mut |_| {}).expect("is there");
    assert_eq!(server.hub.requests().len(), asked, "nothing is asked for again");
    let whole = hub.open(&what, &Cancel::default(), &mut |_| {}).expect("downloads the rest");
    assert!(whole.join("model.safetensors").exists());
}

#[test]
fn the_token_stays_with_the_hub() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let settings = Settings { token: Token::new("hf_secret"), ..settings(cache.path(), &server) };
    Hub::new(settings).get(&address(REPOSITORY), &Cancel::default(), &mut |_| {}).expect("downloads");
    let with_token = |request: &super::server::Request| {
        request.headers.get("authorization").map(String::as_str) == Some("Bearer hf_secret")
    };
    assert!(server.hub.requests().iter().all(with_token));
    let elsewhere = server.cdn.requests();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|request| !request.headers.contains_key("authorization")));
}

#[test]
fn shards_come_as_the_index_names_them() {
    let index =
        r#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}}"#;
    let mut files = files();
    files.truncate(3);
    files.push(("model.safetensors.index.json", index.into()));
    files.push(("model-1.safetensors", vec![1; 100]));
    files.push(("model-2.safetensors", vec![2; 200]));
    let (cache, server) = (temporary(), TestHub::new(&files));
    let snapshot = get(cache.path(), &server, REPOSITORY).expect("downloads");
    assert_eq!(fs::read(snapshot.join("model-2.safetensors")).expect("a shard"), vec![2; 200]);
    assert_eq!(server.cdn.count("GET", "signed=1"), 2);
    // A shard elsewhere on this machine is none.
    files[3].1 = br#"{"weight_map": {"a": "../../../evil.safetensors"}}"#.to_vec();
    let refused = get(temporary().path(), &TestHub::new(&files), REPOSITORY).expect_err("outside").to_string();
    assert!(refused.contains("is outside the directory"), "{refused}");
}

#[test]
fn a_gguf_file_alone() {
    let files = [("README.md", vec![]), ("sub/tiny.Q8_0.gguf", weights()), ("tiny.f16.gguf", vec![1])];
    let (cache, server) = (temporary(), TestHub::new(&files));
    let file = get(cache.path(), &server, "owner/tiny/sub/tiny.Q8_0.gguf").expect("downloads");
    assert!(file.ends_with("sub/tiny.Q8_0.gguf"));
    assert_eq!(fs::read(&file).expect("the file"), weights());
    assert_eq!(server.cdn.count("GET", "signed=1"), 1);
    let which = get(cache.path(), &server, REPOSITORY).expect_err("which one?").to_string();
    assert!(which.ends_with("such as owner/tiny/sub/tiny.Q8_0.gguf, tiny.f16.gguf"), "{which}");
}

/// The first connection to the large file ends after a third.
fn cut_once() -> Fault {
    Box::new(|request, earlier, reply| match request.method == "GET" && earlier == 0 {
        true => Reply { cut: Some(1_000_000), ..reply },
        false => reply,
    })
}

#[test]
fn a_cut_connection_is_taken_up_where_it_ended() {
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), cut_once()));
    let snapshot = get(cache.path(), &server, REPOSITORY).expect("goes on by itself");
    assert_eq!(fs::read(snapshot.join("model.safetensors")).expect("the weights"), weights());
    let asked: Vec<_> = server.cdn.requests().iter().map(|request| request.headers.get("range").cloned()).collect();
    assert_eq!(asked, [None, Some("bytes=1000000-".to_owned())]);
}

#[test]
fn an_earlier_part_is_taken_up() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let blobs = cache.path().join("models--owner--tiny/blobs");
    fs::create_dir_all(&blobs).expect("a directory");
    let part = blobs.join(format!("{}.incomplete", sha256(&weights())));
    fs::write(&part, &weights()[..1_234_567]).expect("a part");
    let snapshot = get(cache.path(), &server, REPOSITORY).expect("goes on");
    assert_eq!(fs::read(snapshot.join("model.safetensors")).expect("the weights"), weights());
    assert_eq!(server.cdn.requests()[0].headers["range"], "bytes=1234567-");
    assert!(!part.exists());
}

#[test]
fn a_server_that_cannot_resume_sends_it_all() {
    let whole: Fault = Box::new(|_, earlier, reply| match earlier {
        0 => Reply { cut: Some(1_000_000), ..reply },
        _ => Reply::new(200).body(weights()),
    });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), whole));
    let snapshot = get(cache.path(), &server, REPOSITORY).expect("starts over");
    assert_eq!(fs::read(snapshot.join("model.safetensors")).expect("the weights"), weights());
}

#[test]
fn a_cancelled_download_keeps_its_part_and_nothing_else() {
    let slow: Fault = Box::new(|_, earlier, reply| match earlier {
        0 => Reply { hang: Some(1_000_000), ..reply },
        _ => reply,
    });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), slow));
    let hub = Hub::new(settings(cache.path(), &server));
    let cancel = Cancel::default();
    let (stop, start) = (cancel.clone(), std::time::Instant::now());
    let stopped = hub.get(&address(REPOSITORY), &cancel, &mut |arrived| {
        if arrived.done >= 1_000_000 {
            stop.cancel();
        }
    });
    assert!(matches!(stopped, Err(HubError::Cancelled)), "{stopped:?}");
    assert!(start.elapsed() < Duration::from_secs(8), "the silent server was waited for");
    let folder = cache.path().join("models--owner--tiny");
    let part = folder.join("blobs").join(format!("{}.incomplete", sha256(&weights())));
    assert_eq!(fs::read(part).expect("the part"), &weights()[..1_000_000]);
    assert!(!folder.join("snapshots").join(COMMIT).join("model.safetensors").exists());
    assert!(hub.find(&address(REPOSITORY)).is_none() && !folder.join("refs").exists());
    get(cache.path(), &server, REPOSITORY).expect("goes on");
    assert!(server.cdn.requests().iter().any(|request| request.headers.contains_key("range")));
}

#[test]
fn wrong_bytes_are_refused_and_leave_nothing() {
    let wrong: Fault = Box::new(|_, _, mut reply| {
        reply.body[7] ^= 1;
        reply
    });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), wrong));
    let damaged = get(cache.path(), &server, REPOSITORY).expect_err("another file").to_string();
    assert!(damaged.starts_with("model.safetensors of owner/tiny arrived with sha256 "), "{damaged}");
    assert!(damaged.ends_with(&format!("expected {}: it was deleted; try again", sha256(&weights()))), "{damaged}");
    let blobs = fs::read_dir(cache.path().join("models--owner--tiny/blobs")).expect("blobs");
    assert_eq!(blobs.count(), 2, "the two small files alone");
}

#[test]
fn a_file_longer_than_announced_is_refused() {
    let long: Fault = Box::new(|_, _, mut reply| {
        reply.body.extend([0; 300_000]);
        reply
    });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), long));
    let refused = get(cache.path(), &server, REPOSITORY).expect_err("too long").to_string();
    assert!(refused.contains("model.safetensors is longer than it said"), "{refused}");
}

#[test]
fn two_at_once_wait_for_each_other() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| get(cache.path(), &server, REPOSITORY)));
        for one in both {
            one.join().expect("no panic").expect("downloads");
        }
    });
    assert_eq!(server.cdn.count("GET", "signed=1"), 1);
}
