//! `bench`: what it prints of what it measured. No figure is held against a bar here: the machine is busy with tests.

use serde_json::Value;

use crate::support::{command, json_of, lossglass, stderr, stdout};

/// A few figures of a small model.
const SMALL: [&str; 5] = ["bench", "--quick", "--model", "tiny-base", "--only"];

fn small(parts: &'static str) -> Vec<&'static str> {
    [&SMALL[..], &[parts]].concat()
}

#[test]
fn figures_come_as_json_with_what_they_are_measured_against() {
    let sheet = json_of(command(&small("embedded,products,lengths")).args(["--json", "--threads", "2"]));
    assert_eq!((&sheet["schema"], &sheet["complete"]), (&1.into(), &true.into()));
    assert_eq!((&sheet["setting"]["threads"], &sheet["model"]), (&2.into(), &"tiny-base".into()));
    let peak = sheet["setting"]["peak"].as_f64().expect("a peak");
    assert!(peak > 1e8, "{peak} operations a second");
    let read = sheet["setting"]["read"].as_f64().expect("how fast memory is read");
    assert!(read > 1e8, "{read} bytes a second");
    let lines = sheet["lines"].as_array().expect("lines");
    let what: Vec<&str> = lines.iter().filter_map(|line| line["what"].as_str()).collect();
    let step = |model: &str, method: &str| format!("{model} {method} step, 32 tokens");
    let expected = ["tiny-base", "tiny-chat"].map(|model| ["full", "LoRA r8"].map(|method| step(model, method)));
    assert_eq!(what, expected.as_flattened());
    for line in lines {
        let [seconds, most] =
            [&line["measured"]["median"], &line["bar"]["at_most"]].map(|n| n.as_f64().expect("seconds"));
        assert!(line["measured"]["runs"].as_u64() >= Some(3) && seconds > 0.0);
        assert_eq!(line["met"], Value::from(seconds <= most), "{line}");
    }
    let products = sheet["products"].as_array().expect("products");
    assert!(products.iter().any(|product| product["tokens"] == 128));
    for product in products {
        let [reached, share] =
            [&product["backward"], &product["backward_share"]].map(|n| n.as_f64().expect("a number"));
        assert!(reached > 0.0 && (share * peak / reached - 1.0).abs() < 1e-9, "{product}");
    }
}

#[test]
fn the_table_and_markdown_say_what_is_missing() {
    let output = command(&small("embedded,masks")).env_remove("LOSSGLASS_PYTHON").output().expect("it starts");
    let table = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    for words in [
        "one core at most",
        "median",
        "≤ 10.0 ms",
        "of 4 bars are met; 1 cannot be known",
        "note: LOSSGLASS_PYTHON names no Python",
    ] {
        assert!(table.contains(words), "no `{words}` in\n{table}");
    }
    let markdown = stdout(&lossglass(&[&small("embedded")[..], &["--format", "markdown"]].concat()));
    assert!(markdown.contains("| tiny-chat LoRA r8 step, 32 tokens |"), "{markdown}");
}

#[test]
fn what_cannot_be_measured_is_refused_in_a_sentence() {
    let python = command(&small("masks")).env("LOSSGLASS_PYTHON", "/nowhere/python").output().expect("it starts");
    assert_eq!((python.status.code(), stdout(&python).as_str()), (Some(2), ""));
    assert!(
        stderr(&python).contains("LOSSGLASS_PYTHON is /nowhere/python, which does not start"),
        "{}",
        stderr(&python)
    );
    for (args, words) in [
        (&["bench", "--model", "nothing"][..], "no model `nothing`"),
        (&["bench", "--only", "everything"], "everything"),
        (&["bench", "--alone", "dance:1:1"], "--alone"),
    ] {
        let output = lossglass(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

/// A Python that has no torch says so in its own words.
#[cfg(unix)]
#[test]
fn a_python_that_fails_is_quoted() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let python = directory.path().join("python");
    std::fs::write(&python, "#!/bin/sh\necho \"No module named 'torch'\" >&2\nexit 1\n").expect("written");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let output = command(&small("masks")).env("LOSSGLASS_PYTHON", &python).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("No module named 'torch'"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_what_was_measured() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;
    let mut child =
        command(&["bench", "--only", "embedded,screen,masks"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut printed = String::new();
    while !printed.contains("tiny-base full step") {
        assert_ne!(output.read_line(&mut printed).expect("UTF-8"), 0, "it ended early:\n{printed}");
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    output.read_to_string(&mut printed).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(printed.contains("interrupted: this is what was measured until then"), "{printed}");
}
