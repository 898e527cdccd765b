//! What is done once on a machine: completions, man pages, `doctor`; and what the packages say of the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::CommandFactory;
use lossglass::app::keymap;
use lossglass::cli::Cli;
use lossglass::cli::reference::{EXIT_CODES, VARIABLES};
use lossglass::mask::finding::Code;
use serde_json::Value;

use crate::support::{command, lossglass, stderr, stdout};

/// Names as `lossglass-models-get`, of every command that is shown.
fn pages(command: &clap::Command) -> Vec<String> {
    let own = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(own).chain(shown.flat_map(pages)).collect()
}

fn program() -> clap::Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

/// Roff's own marks taken out.
fn plain(roff: &str) -> String {
    let text = roff.replace("\\*(Aq", "'");
    ["\\fB", "\\fI", "\\fR", "\\&"].iter().fold(text, |text, mark| text.replace(mark, "")).replace('\\', "")
}

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(&lossglass(&["completions", shell]));
        for word in ["analyze", "doctor", "compare", "denominator"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let unknown = lossglass(&["completions", "csh"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("csh"), "{}", stderr(&unknown));
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough() {
    for args in [&["completions", "zsh"][..], &["man"], &["doctor"]] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(stderr(&output), "", "{args:?}");
    }
}

#[test]
fn the_program_s_page_has_every_key_variable_and_exit_code() {
    let page = plain(&stdout(&lossglass(&["man"])));
    let keys = keymap::all().flat_map(|binding| binding.keys.iter().chain([&binding.help]));
    let reference = VARIABLES.iter().chain(&EXIT_CODES).map(|(name, _)| name);
    for word in keys.chain(reference) {
        assert!(page.contains(word), "the page lacks {word}");
    }
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "LOSS", "SUBCOMMANDS", "KEYS", "EXIT STATUS", "ENVIRONMENT"] {
        assert!(page.contains(&format!(".SH {section}")) || page.contains(&format!(".SH \"{section}\"")), "{section}");
    }
}

#[test]
fn a_command_s_page_is_its_own() {
    let page = plain(&stdout(&lossglass(&["man", "mask"])));
    assert!(page.starts_with(".ie") || page.contains(".TH lossglass-mask 1"), "{page}");
    assert!(page.contains("lossglass mask"), "{page}");
    for code in Code::EVERY {
        assert!(page.contains(code.name()), "{}", code.name());
    }
    assert!(stdout(&lossglass(&["man", "models", "get"])).contains("lossglass models get"));
    for wrong in [&["man", "unmask"][..], &["man", "mask", "more"]] {
        let refused = lossglass(wrong);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("--help` lists"), "{}", stderr(&refused));
    }
}

#[test]
fn every_command_has_a_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let to = directory.path().join("man/man1");
    let output = lossglass(&["man", "--to", to.to_str().expect("a plain path")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let files = fs::read_dir(&to).expect("it was made").flatten().map(|file| file.file_name().display().to_string());
    let (mut written, mut expected) = (files.collect::<Vec<_>>(), pages(&program()));
    expected.iter_mut().for_each(|name| name.push_str(".1"));
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
    let file = directory.path().join("file");
    fs::write(&file, "").expect("writes");
    let refused = lossglass(&["man", "--to", file.to_str().expect("a plain path")]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).starts_with("lossglass: cannot make the directory"), "{}", stderr(&refused));
}

/// `doctor` on a machine that has only this home and these variables.
fn doctor(home: &Path, variables: &[(&str, &str)], args: &[&str]) -> Output {
    let mut doctor: Command = command(&[&["doctor"], args].concat());
    doctor.env_clear().env("HOME", home).envs(variables.iter().copied());
    doctor.output().expect("the binary starts")
}

/// What it says of one thing: its state, and the sentences behind it.
fn found(home: &Path, variables: &[(&str, &str)], name: &str) -> (String, String) {
    let output = doctor(home, variables, &["--format", "json"]);
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let checks = object["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let is_wrong = checks.iter().any(|check| check["state"] == "wrong");
    assert_eq!(output.status.code(), Some(i32::from(is_wrong)));
    let word = |key: &str| check[key].as_str().unwrap_or_default();
    // What is not fine says what to do.
    assert_eq!(word("advice").is_empty(), word("state") == "fine", "{check}");
    (word("state").to_owned(), format!("{}; {}", word("found"), word("advice")))
}

#[test]
#[cfg(unix)]
fn doctor_says_what_is_fine_and_what_to_do() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("file");
    fs::write(&file, "").expect("writes");
    let file = file.to_str().expect("a plain path");
    for (variables, name, state, says) in [
        (&[][..], "output", "note", "no terminal"),
        (&[("TERM", "dumb")], "output", "note", "TERM is dumb"),
        (&[("TERM", "xterm-256color")], "colours", "fine", "TERM=xterm-256color: theme dark"),
        (&[("TERM", "xterm")], "colours", "note", "sixteen: theme ansi"),
        (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], "colours", "note", "theme mono"),
        (&[], "glyphs", "fine", "no locale says otherwise"),
        (&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], "glyphs", "note", "LC_ALL=C; set LC_ALL or LANG to a UTF-8 locale"),
        (&[], "memory", "fine", "free"),
        (&[("LOSSGLASS_MEMORY", "200M")], "memory", "note", "embedded models"),
        (&[("LOSSGLASS_MEMORY", "much")], "memory", "wrong", "LOSSGLASS_MEMORY is `much`"),
        (&[], "hub cache", "fine", ".cache/huggingface/hub: not there yet"),
        (&[("HF_HUB_CACHE", file)], "hub cache", "wrong", "no directory; set HF_HUB_CACHE"),
        (&[("HF_ENDPOINT", "here")], "hub cache", "wrong", "here"),
        (&[("HF_HUB_OFFLINE", "1")], "network", "note", "HF_HUB_OFFLINE"),
        (&[("HF_TOKEN", "hf_secret")], "token", "fine", "there is one"),
        (&[("LOSSGLASS_CACHE", file)], "own cache", "wrong", "set LOSSGLASS_CACHE"),
        (&[], "embedded", "fine", "tiny-base, tiny-chat"),
        (&[], "python", "fine", "not needed"),
    ] {
        let (is, said) = found(home.path(), variables, name);
        assert!(is == state && said.contains(says), "{name} under {variables:?} is {is}: {said}");
        assert!(!said.contains("secret"));
    }
}

#[test]
#[cfg(unix)]
fn doctor_counts_what_the_cache_has() {
    let home = tempfile::tempdir().expect("a directory");
    let blobs = home.path().join(".cache/huggingface/hub/models--some--model/blobs");
    fs::create_dir_all(&blobs).expect("makes");
    fs::write(blobs.join("weights"), vec![0; 3_000_000]).expect("writes");
    let (state, said) = found(home.path(), &[], "hub cache");
    assert!(state == "fine" && said.contains("hub: 1 model, 3 MB"), "{said}");
}

#[test]
#[cfg(unix)]
fn doctor_shows_no_control_characters() {
    let home = tempfile::tempdir().expect("a directory");
    let output = doctor(home.path(), &[("TERM", "\u{1b}[31m-256color"), ("LANG", "\u{7}C")], &[]);
    let text = stdout(&output);
    assert!(!text.contains(['\u{1b}', '\u{7}']) && text.contains("256color"), "{text:?}");
    for line in text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        assert!(["fine", "note", "wrong"].iter().any(|state| line.trim_start().starts_with(state)), "{line}");
    }
}

/// The Python package and the crate are the same program under the same terms; version and words stand in one place.
#[test]
fn the_packages_agree() {
    let python = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pyproject.toml")).expect("it is there");
    let of = |key: &str| {
        let mut lines = python.lines().filter_map(|line| line.split_once(" = "));
        let value = lines.find(|(name, _)| *name == key).unwrap_or_else(|| panic!("pyproject.toml has no {key}")).1;
        value.trim_matches('"').to_owned()
    };
    assert_eq!(of("name"), env!("CARGO_PKG_NAME"));
    assert_eq!(of("license"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(of("readme"), env!("CARGO_PKG_README"));
    assert_eq!(of("bindings"), "bin");
    assert!(of("dynamic").contains("\"version\"") && of("dynamic").contains("\"description\""), "{}", of("dynamic"));
}
