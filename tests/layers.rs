//! The dependency rule of `src/lib.rs`, read off the `use` lines and paths.

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and what of the crate it may name beside itself. Outside crates are ruled below.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cancel", &[]),
    ("disguise", &[]),
    ("guard", &[]),
    ("sample", &[]),
    ("data", &["disguise", "guard", "sample"]),
    ("jinja", &[]),
    ("template", &["jinja", "sample"]),
    ("sequence", &["guard", "sample", "template"]),
    ("mask", &["sample", "sequence", "template"]),
    ("loss", &["mask", "sequence", "template"]),
    ("compare", &["loss", "mask", "sequence", "template"]),
    ("model", &["cancel", "disguise", "mask", "sample", "sequence", "template"]),
    ("score", &["cancel", "loss", "mask", "model", "sequence"]),
    ("generate", &["cancel", "loss", "mask", "model", "score"]),
    ("train", &["cancel", "loss", "mask", "model", "score", "sequence"]),
    (
        "engine",
        &[
            "cancel", "data", "generate", "loss", "mask", "model", "sample", "score", "sequence", "survey", "template",
            "train",
        ],
    ),
    (
        "app",
        &["compare", "data", "engine", "loss", "mask", "model", "sample", "sequence", "survey", "template", "train"],
    ),
    ("ui", &["app", "compare", "loss", "mask", "sample", "sequence", "survey", "template", "train"]),
    ("tui", &["app", "cancel", "data", "engine", "model", "sample", "ui"]),
    ("survey", &["cancel", "data", "mask", "model", "sample", "sequence"]),
    ("report", &["compare", "data", "engine", "loss", "mask", "sequence", "survey", "train"]),
    ("cli", &["loss", "mask", "model", "sample", "sequence", "train"]),
];

/// Layers without tensors and without a screen.
const PURE: &[&str] =
    &["cancel", "disguise", "guard", "jinja", "sample", "template", "sequence", "mask", "loss", "compare", "app"];

fn sources(layer: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![src.join(format!("{layer}.rs"))];
    let mut directories = vec![src.join(layer)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// Code lines, without comments.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("a source file");
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim().to_owned()));
    numbered.filter(|(_, line)| !line.starts_with("//")).collect()
}

/// Names after `crate::` in a line, grouped imports included.
fn crate_names(line: &str) -> Vec<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        if line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            continue; // `some_crate::`
        }
        match line[at + 7..].strip_prefix('{') {
            Some(group) => names.extend(group.split([',', '}']).map(|part| name(part.trim()))),
            None => names.push(name(&line[at + 7..])),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn every_layer_uses_only_what_it_may() {
    for (layer, allowed) in MAY_USE {
        for path in sources(layer) {
            for (number, line) in code(&path) {
                for name in crate_names(&line) {
                    let is_layer = MAY_USE.iter().any(|(other, _)| *other == name) || name == "command";
                    let fine = !is_layer || name == *layer || allowed.contains(&name.as_str());
                    assert!(fine, "{}:{number}: {layer} must not use {name}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_pure_layers_know_neither_tensors_nor_the_screen() {
    for layer in PURE {
        for path in sources(layer) {
            let is_keymap = path.ends_with("app/keymap.rs");
            for (number, line) in code(&path) {
                assert!(!line.contains("candle"), "{}:{number}: {line}", path.display());
                // The key table names key codes; the editor's text area is a state that the screen draws.
                let screen = line.contains("ratatui::") || line.contains("crossterm");
                assert!(is_keymap || !screen, "{}:{number}: {line}", path.display());
            }
        }
    }
}

#[test]
fn the_rule_covers_every_module() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    for module in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let covered = module == "command" || MAY_USE.iter().any(|(layer, _)| *layer == module);
        assert!(covered, "{module} is in no layer");
    }
}
