//! The program itself, with the environment that all tools of the Hub read.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::download::temporary;
use super::server::{COMMIT, Fault, Reply, TestHub};
use crate::fixtures::fixture;

/// A model that loads.
pub fn model() -> Vec<(&'static str, Vec<u8>)> {
    let directory = fixture("llama");
    let companions = ["tokenizer_config.json", "generation_config.json", "chat_template.jinja"];
    [&["config.json", "tokenizer.json", "model.safetensors"], &companions[..]]
        .concat()
        .into_iter()
        .map(|name| (name, fs::read(directory.join(name)).expect("the fixture")))
        .collect()
}

fn lossglass(home: &Path, endpoint: &str, variables: &[(&str, &str)], args: &[&str]) -> Output {
    command(home, endpoint, variables, args).output().expect("the binary starts")
}

fn command(home: &Path, endpoint: &str, variables: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossglass"));
    for name in ["HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "LOSSGLASS_MEMORY"] {
        command.env_remove(name);
    }
    command.env("HF_HOME", home).env("HF_ENDPOINT", endpoint).env("LOSSGLASS_CACHE", home.join("own"));
    command.envs(variables.iter().copied()).args(args);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_model_is_fetched_listed_shown_used_and_removed() {
    let (home, server) = (temporary(), TestHub::new(&model()));
    let run = |args: &[&str]| lossglass(home.path(), &server.hub.endpoint, &[], args);
    let got = run(&["models", "get", "owner/tiny@v1.0"]);
    let snapshot = home.path().join("hub/models--owner--tiny/snapshots").join(COMMIT);
    assert_eq!(text(&got.stdout).trim(), snapshot.display().to_string(), "{}", text(&got.stderr));

    let list: Value = serde_json::from_slice(&run(&["models", "list", "--format", "json"]).stdout).expect("JSON");
    let listed = list["models"].as_array().expect("a list").iter().find(|model| model["name"] == "owner/tiny");
    let listed = listed.expect("in the cache");
    assert_eq!((&listed["place"], &listed["revisions"]), (&"stored".into(), &serde_json::json!(["v1.0"])));

    let shown: Value =
        serde_json::from_slice(&run(&["models", "show", "owner/tiny@v1.0", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((&shown["architecture"], &shown["name"]), (&"llama".into(), &"tiny@v1.0".into()));
    assert!(shown["memory"][0]["full"].as_u64() > shown["memory"][0]["score"].as_u64(), "{shown}");

    let analysed = run(&["analyze", "--model", "owner/tiny@v1.0", "--text", "hello", "--format", "json"]);
    let analysed: Value = serde_json::from_slice(&analysed.stdout).expect("JSON");
    assert_eq!(analysed["model"]["name"], "tiny@v1.0");

    let asked = run(&["models", "remove", "owner/tiny"]);
    assert!(text(&asked.stderr).contains("this would remove owner/tiny (v1.0; "), "{}", text(&asked.stderr));
    assert!(snapshot.exists() && asked.status.code() == Some(2));
    assert!(run(&["models", "remove", "owner/tiny", "--yes"]).status.success() && !snapshot.exists());
    let gone = run(&["models", "remove", "owner/tiny", "--yes"]);
    assert!(text(&gone.stderr).starts_with("lossglass: owner/tiny is not in the cache "), "{}", text(&gone.stderr));
}

#[test]
fn a_model_is_downloaded_when_it_is_opened_and_then_needs_no_network() {
    let (home, server) = (temporary(), TestHub::new(&model()));
    let args = ["analyze", "--model", "owner/tiny", "--text", "hello", "--format", "json"];
    let first = lossglass(home.path(), &server.hub.endpoint, &[], &args);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let offline = lossglass(home.path(), "http://127.0.0.1:9", &[("HF_HUB_OFFLINE", "1")], &args);
    assert_eq!(text(&offline.stdout), text(&first.stdout));
    let cache = home.path().join("hub").display().to_string();
    let elsewhere = [("HF_HUB_CACHE", cache.as_str()), ("HF_HUB_OFFLINE", "1")];
    let other = lossglass(temporary().path(), "http://127.0.0.1:9", &elsewhere, &args);
    assert_eq!(text(&other.stdout), text(&first.stdout));
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_a_download_and_the_next_one_goes_on() {
    let slow: Fault = Box::new(|_, earlier, reply| match earlier {
        0 => Reply { hang: Some(100_000), ..reply },
        _ => reply,
    });
    let (home, server) = (temporary(), TestHub::with_faults(&model(), super::download::untouched(), slow));
    let get = || command(home.path(), &server.hub.endpoint, &[], &["models", "get", "owner/tiny"]);
    let child = get().stderr(std::process::Stdio::piped()).spawn().expect("the binary starts");
    let blobs = home.path().join("hub/models--owner--tiny/blobs");
    let has_part = || {
        let mut files = fs::read_dir(&blobs).into_iter().flatten().flatten();
        files.any(|file| {
            file.path().extension().is_some_and(|end| end == "incomplete")
                && file.metadata().is_ok_and(|part| part.len() == 100_000)
        })
    };
    let start = std::time::Instant::now();
    while !has_part() {
        assert!(start.elapsed().as_secs() < 15, "nothing arrives");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let stopped = child.wait_with_output().expect("ends");
    assert_eq!(stopped.status.code(), Some(130));
    let said = text(&stopped.stderr);
    assert_eq!(
        said,
        "lossglass: the download was stopped; what has arrived is kept; `lossglass models get owner/tiny` goes on\n"
    );
    assert!(has_part());
    assert!(get().output().expect("the binary starts").status.success() && !has_part());
}

#[test]
fn offline_says_what_is_missing() {
    let home = temporary();
    let run = |args: &[&str]| lossglass(home.path(), "http://127.0.0.1:9", &[("HF_HUB_OFFLINE", "1")], args);
    let output = run(&["analyze", "--model", "pythia-70m@step512", "--text", "hello"]);
    let error = text(&output.stderr);
    assert!(
        error.starts_with("lossglass: config.json of EleutherAI/pythia-70m at revision step512 is not in "),
        "{error}"
    );
    assert!(error.contains("run `lossglass models get EleutherAI/pythia-70m@step512`"), "{error}");
    let shown = run(&["models", "show", "pythia-70m"]);
    assert!(
        text(&shown.stdout).contains("154 of them, pythia-70m@STEP: step0, step1, step2"),
        "{}",
        text(&shown.stdout)
    );
}

#[test]
fn what_a_server_says_is_never_written_raw() {
    let server = TestHub::new(&[("\u{1b}]0;owned\u{7}\u{9b}31m.gguf", vec![])]);
    let output = lossglass(temporary().path(), &server.hub.endpoint, &[], &["models", "get", "owner/tiny"]);
    let error = text(&output.stderr);
    assert!(error.contains("owner/tiny holds GGUF files"), "{error}");
    assert!(!error.trim_end().contains(|c: char| c.is_control()), "{error:?}");
}

#[test]
fn what_cannot_be_fetched_or_removed_says_why() {
    let home = temporary();
    for (args, error) in [
        (&["get", "tiny-chat"][..], "tiny-chat is part of the program: nothing is to be fetched"),
        (&["get", "smollm2", "--from", "hub"], "smollm2 is a file of its own on PyPI"),
        (&["get", "gpt2", "--from", "pypi"], "no PyPI package carries gpt2: get it with --from hub"),
        (&["get", "smollm9"], "no model `smollm9`"),
        (&["remove", "tiny-base", "--yes"], "tiny-base is part of the program and stays"),
        (&["remove", "smollm2", "--yes"], "smollm2 is not downloaded"),
        (&["remove", "src", "--yes"], "src was not downloaded by lossglass: remove it yourself"),
        (&["remove", "gpt2", "--yes"], "gpt2 is not in the cache "),
    ] {
        let output = lossglass(home.path(), "http://127.0.0.1:9", &[], &[&["models"], args].concat());
        let said = text(&output.stderr);
        assert!(
            said.starts_with(&format!("lossglass: {error}")) && output.status.code() == Some(2),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn a_model_that_does_not_fit_into_memory_is_refused_with_figures() {
    let limit = [("LOSSGLASS_MEMORY", "55M")];
    let args = ["analyze", "--model", "tiny-base", "--text", "hello"];
    let output = lossglass(temporary().path(), "http://127.0.0.1:9", &limit, &args);
    let error = text(&output.stderr);
    assert!(error.starts_with("lossglass: model tiny-base: its weights need 13 MB and LOSSGLASS_MEMORY leaves 5 MB beside the program itself: "), "{error}");
    assert_eq!(output.status.code(), Some(2));
}
