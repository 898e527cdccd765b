//! What cannot be done is one sentence and loses nothing.

use std::path::Path;

use super::saved::{files, no_leftovers};
use super::{CHAT, command, events, lines, place, steps, train};
use crate::support::{stderr, stdout};

const LLAMA: &str = "tests/fixtures/llama";

fn refuse(args: &[&str], wanted: &str) {
    let output = train(args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(said.contains(wanted), "{args:?}: {said}");
    assert!(!said.contains("panicked") && !stdout(&output).contains("\"step\""), "{said}");
}

#[test]
fn what_makes_no_run_is_refused_before_it() {
    let (_guard, data) = place();
    std::fs::write(&data, "{\"text\": \"fine\"}\n{\"text\": 3}\n").expect("written");
    let texts = data.clone() + ".texts";
    std::fs::write(&texts, "{\"text\": \"fine\"}\n").expect("written");
    let cases: &[(&[&str], &str)] = &[
        (&["--text", "a"], "nothing is scored"),
        (&["--data", &data], "line 2 (record 1)"),
        (&["--chat", CHAT, "--rank", "4"], "--rank is for --method lora"),
        (&["--chat", CHAT, "--layers", "1"], "--layers is for --method last"),
        (&["--chat", CHAT, "--momentum", "0.9"], "--momentum is for --optimizer sgd"),
        (&["--chat", CHAT, "--batch-size", "4"], "--batch-size is for several sequences"),
        (&["--chat", CHAT, "--method", "last", "--layers", "9"], "choose 1 to 2"),
        (&["--data", &texts, "--weights", "stop=0"], "--weights is for chats"),
        (&["--data", &texts, "--index", "1"], "cannot be used with"),
        (&["--chat", CHAT, "--steps", "0"], "give 1 or more"),
        (&["--chat", CHAT, "--lr", "nan"], "a number above 0"),
        (&["--chat", CHAT, "--save-every", "2"], "--save"),
        (&["--chat", CHAT, "--schedule", "linear", "--warmup", "10"], "--warmup takes all 10 steps"),
    ];
    for (args, wanted) in cases {
        refuse(&[&["--model", LLAMA], *args].concat(), wanted);
    }
    refuse(&["--resume", LLAMA, "--chat", CHAT], "no trainer.json");
}

#[test]
fn a_place_that_cannot_be_saved_to_is_refused_before_the_run() {
    let model = ["--model", LLAMA, "--chat", CHAT, "--steps", "1", "--format", "json"];
    let at = |directory: &str, wanted: &str| refuse(&[&model[..], &["--save", directory]].concat(), wanted);
    at("src", "no part of a save");
    at(LLAMA, "no part of a save");
    at("Cargo.toml", "not a directory");
    at("Cargo.toml/below", "not a directory");
    #[cfg(target_os = "linux")]
    at("/proc/below", "cannot write");
    let (_guard, save) = place();
    events(&["--model", LLAMA, "--chat", CHAT, "--steps", "1", "--save", &save]);
    std::fs::write(Path::new(&save).join("notes.txt"), "mine").expect("written");
    at(&save, "notes.txt");
    std::fs::remove_file(Path::new(&save).join("notes.txt")).expect("removed");
    let onto = ["--model", &save, "--chat", CHAT, "--method", "lora", "--save", &save, "--format", "json"];
    refuse(&onto, "base model");
}

#[test]
fn a_broken_run_stops_and_leaves_the_last_good_save() {
    let (_guard, save) = place();
    let wild = ["--model", LLAMA, "--chat", CHAT, "--lr", "1e30", "--steps", "9", "--save", &save];
    let stopped = |args: &[&str]| {
        let output = train(args);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("is not finite"), "{}", stderr(&output));
    };
    stopped(&wild);
    assert!(!Path::new(&save).exists(), "the base weights are no news");
    no_leftovers(&save);
    events(&["--model", LLAMA, "--chat", CHAT, "--steps", "1", "--save", &save]);
    let good = files(&save);
    stopped(&wild);
    stopped(&[&wild[..], &["--save-every", "1"]].concat());
    stopped(&[&wild[..6], &["--steps", "1", "--save", &save]].concat());
    assert!(files(&save) == good);
}

/// Plain descent at a high rate explodes over a few steps.
#[test]
fn a_run_that_explodes_on_the_way_keeps_its_last_good_weights() {
    let (_guard, save) = place();
    let args = ["--model", LLAMA, "--chat", CHAT, "--optimizer", "sgd", "--lr", "30", "--clip", "0", "--steps", "50"];
    let output = train(&[&args[..], &["--save", &save, "--format", "json"]].concat());
    assert!(output.status.code() == Some(2) && stderr(&output).contains("is not finite"), "{}", stderr(&output));
    let exploded = lines(&output);
    let last = exploded.last().expect("good steps")["step"].as_u64().expect("a step");
    assert!(last > 1, "{exploded:?}");
    // The last step's update broke the weights; those before it are saved, and that step can be taken again.
    let again = lines(&train(&["--resume", &save, "--chat", CHAT, "--steps", "3", "--format", "json"]));
    assert_eq!(again.len(), 1);
    assert_eq!(steps(&again), steps(&exploded[exploded.len() - 1..]));
}

#[test]
fn too_little_memory_is_told_with_what_would_fit() {
    let output =
        command(&["--model", "tiny-chat", "--chat", CHAT]).env("LOSSGLASS_MEMORY", "100M").output().expect("starts");
    let said = stderr(&output);
    assert!(output.status.code() == Some(2) && said.contains("full fine-tuning needs about"), "{said}");
    assert!(said.contains("would fit"), "{said}");
    let output =
        command(&["--model", "tiny-chat", "--chat", CHAT]).env("LOSSGLASS_MEMORY", "lots").output().expect("starts");
    assert!(stderr(&output).contains("give a size such as 2G"), "{}", stderr(&output));
}

/// A limit on the size of files stands for a full disk: writing fails half way in both.
#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_save() {
    let (_guard, save) = place();
    let args = ["--model", LLAMA, "--chat", CHAT, "--steps", "1", "--save", &save];
    events(&args);
    let before = files(&save);
    let limited = std::process::Command::new("sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" train \"$@\"", env!("CARGO_BIN_EXE_lossglass")])
        .args(args)
        .output()
        .expect("a shell");
    let said = stderr(&limited);
    assert!(
        limited.status.code() == Some(2) && said.contains("cannot write") && said.contains("is not saved"),
        "{said}"
    );
    assert!(files(&save) == before);
    no_leftovers(&save);
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_the_run_after_a_step_and_saves() {
    use std::io::{BufRead, BufReader, Read};
    let (_guard, save) = place();
    let args = ["--model", "tiny-chat", "--chat", CHAT, "--steps", "100000", "--format", "json", "--save", &save];
    let mut child = command(&args)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut first = String::new();
    out.read_line(&mut first).expect("a step");
    assert!(first.contains("\"step\":1,"), "{first}");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("UTF-8");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted after step") && stderr(&output).contains("saved weights"));
    let done: serde_json::Value = serde_json::from_str(rest.lines().last().expect("a last line")).expect("JSON");
    assert_eq!(done["event"], "done");
    let trainer = std::fs::read(Path::new(&save).join("trainer.json")).expect("saved");
    let trainer: serde_json::Value = serde_json::from_slice(&trainer).expect("JSON");
    assert_eq!(trainer["step"], done["steps"]);
    // What is left of the run is what --resume does by default: here a hundred thousand steps, so one is asked for.
    let resumed = train(&["--resume", &save, "--chat", CHAT, "--steps", "1", "--format", "json"]);
    assert_eq!(lines(&resumed)[0]["step"], done["steps"].as_u64().expect("steps") + 1);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    let script = "\"$0\" train --model tests/fixtures/llama --chat \"$1\" --steps 2000 --format json | head -n 1";
    let output = std::process::Command::new("sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", script, env!("CARGO_BIN_EXE_lossglass"), CHAT])
        .output()
        .expect("a shell");
    assert!(output.stderr.is_empty() && output.stdout.starts_with(b"{\"event\":\"step\""), "{}", stderr(&output));
}
