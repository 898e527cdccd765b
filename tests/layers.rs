//! The dependency rule of `src/lib.rs`, read off the code: every `use` and every path is resolved to the module that
//! defines what it names, through groups, `super::`, and re-exports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// Each room, and what it may use of the crate beside itself: whole rooms, or single modules of one.
const MAY_USE: &[(&str, &[&str])] = &[
    // Small things that know nothing of the crate.
    ("board", &[]),
    ("cancel", &[]),
    ("disguise", &[]),
    ("docs", &[]),
    ("guard", &[]),
    ("memory", &[]),
    ("threads", &[]),
    // From what the user gave to masked tokens and their loss.
    ("sample", &[]),
    ("jinja", &[]),
    ("template", &["jinja", "sample"]),
    ("sequence", &["guard", "sample", "template"]),
    ("mask", &["sample", "sequence", "template"]),
    ("loss", &["mask", "sequence", "template"]),
    ("compare", &["loss", "mask", "sequence", "template"]),
    ("data", &["disguise", "guard", "sample"]),
    // Kernels know no model: of the crate they know who may see whom, and how to stop.
    ("ops", &["cancel", "mask::attention", "threads"]),
    // The decoder knows no files, the files do not know where they come from, and a source knows no tensors.
    ("decoder", &["cancel", "mask::attention", "ops"]),
    ("checkpoint", &["cancel", "decoder", "disguise", "memory", "ops::activation", "ops::projection", "sequence"]),
    ("source", &["cancel", "checkpoint::index", "checkpoint::life::header", "memory", "sample", "sequence::display"]),
    ("model", &["cancel", "checkpoint", "decoder", "mask", "memory", "sample", "sequence", "source", "template"]),
    // What is done with a model.
    ("score", &["cancel", "decoder", "loss", "mask", "ops", "sequence", "threads"]),
    ("generate", &["cancel", "decoder", "loss", "mask", "sequence", "threads"]),
    ("inspect", &["cancel", "decoder", "loss", "mask", "ops", "score", "threads"]),
    ("train", &["cancel", "decoder", "loss", "mask", "memory", "model", "ops", "score", "sequence", "threads"]),
    ("dataset", &["cancel", "mask", "model::reader", "sample", "sequence", "train::example"]),
    ("survey", &["cancel", "data", "dataset", "mask", "model::reader", "sample", "sequence", "template"]),
    (
        "handover",
        &["cancel", "data::columns", "decoder::config", "loss", "mask", "model", "sequence", "source", "train"],
    ),
    (
        "pretrain",
        &[
            "cancel",
            "checkpoint::life",
            "data",
            "dataset",
            "decoder",
            "generate",
            "loss",
            "mask",
            "memory",
            "model",
            "ops::activation",
            "sample",
            "score",
            "sequence",
            "source",
            "template",
            "train",
        ],
    ),
    (
        "engine",
        &[
            "cancel", "data", "dataset", "decoder", "generate", "handover", "inspect", "loss", "mask", "memory",
            "model", "sample", "score", "sequence", "source", "survey", "train",
        ],
    ),
    // What is told and kept of all this.
    (
        "report",
        &[
            "board::series",
            "compare",
            "data",
            "generate::sampling",
            "generate::step",
            "loss",
            "mask",
            "model::info",
            "sample",
            "sequence",
            "survey",
            "train::example",
            "train::report",
        ],
    ),
    ("report", &["inspect::depth", "inspect::heads", "inspect::lean", "inspect::weights"]),
    (
        "session",
        &[
            "engine::experiment",
            "engine::train_message",
            "generate::sampling",
            "loss",
            "mask",
            "sample",
            "sequence",
            "train::report",
        ],
    ),
    ("session", &["train::settings"]),
    // Lessons know what a user can name, and nothing of the screen that does it.
    ("lesson", &["loss", "mask", "sample", "sequence", "source"]),
    // The screen. Its state mirrors the engine: it knows the messages and what is told of a model, not the model.
    (
        "app",
        &[
            "board", "compare", "data", "lesson", "loss", "mask", "memory", "sample", "sequence", "source", "survey",
            "template",
        ],
    ),
    (
        "app",
        &[
            "engine::checkpoint",
            "engine::compare",
            "engine::experiment",
            "engine::look",
            "engine::message",
            "engine::survey",
        ],
    ),
    ("app", &["engine::train_message", "inspect::depth", "inspect::heads", "inspect::lean", "inspect::weights"]),
    ("app", &["engine::write", "generate::sampling", "generate::step", "model::info"]),
    ("app", &["report::inside", "report::page", "session", "train::report", "train::settings", "train::slow_step"]),
    ("ui", &["app", "board", "compare", "lesson", "loss", "mask", "sample", "sequence", "survey"]),
    (
        "ui",
        &[
            "generate::sampling",
            "generate::step",
            "inspect::depth",
            "inspect::heads",
            "inspect::lean",
            "inspect::weights",
        ],
    ),
    ("app", &["handover::recipient"]),
    ("ui", &["handover::recipient"]),
    ("ui", &["engine::compare", "engine::write", "train::report", "train::settings", "train::slow_step"]),
    ("tui", &["app", "board", "cancel", "data", "report::file", "sample", "source", "ui"]),
    // The command line.
    (
        "cli",
        &[
            "data::shard",
            "decoder::device",
            "handover::recipient",
            "inspect::weights",
            "loss",
            "mask",
            "sample",
            "sequence",
            "train::settings",
        ],
    ),
    ("command", &["*"]),
];

/// Rooms without tensors: neither they nor the modules they use name candle.
const NO_TENSORS: &[&str] = &[
    "app", "board", "cancel", "compare", "data", "dataset", "disguise", "docs", "guard", "jinja", "lesson", "loss",
    "mask", "memory", "report", "sample", "sequence", "session", "source", "survey", "template", "tui", "ui",
];

/// Where the screen's libraries may be named; `app::keymap` is the table of key codes.
const SCREEN: &[&str] = &["app::keymap", "tui", "ui"];

/// The crate's modules by path, `app::update::engine`.
struct Tree(BTreeMap<String, Module>);

struct Module {
    /// Its lines without comments.
    code: String,
    /// Its `use`s, re-exports too: each name with what it stands for, from the crate's root.
    imports: HashMap<String, String>,
}

impl Tree {
    fn read() -> Self {
        let mut modules = BTreeMap::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut modules);
        let names: BTreeSet<String> = modules.keys().cloned().collect();
        for (path, module) in &mut modules {
            for (name, target) in uses(&module.code) {
                if let Some(target) = absolute(&target, path, |child| names.contains(child)) {
                    // A module within the file may name the same again: what the file says first stands.
                    module.imports.entry(name).or_insert(target);
                }
            }
        }
        Self(modules)
    }

    /// The module that defines what a path from the root names.
    fn definition<'a>(&'a self, path: &str) -> Option<&'a str> {
        let (module, name) = self.split(path)?;
        match name.and_then(|name| self.0[module].imports.get(name)).filter(|target| *target != path) {
            Some(target) => self.definition(target),
            None => Some(module),
        }
    }

    /// The deepest module on a path, and the name behind it.
    fn split<'a, 'b>(&'a self, path: &'b str) -> Option<(&'a str, Option<&'b str>)> {
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        let end = ends.filter(|&end| self.0.contains_key(&path[..end])).last()?;
        let (module, _) = self.0.get_key_value(&path[..end])?;
        Some((module, path[end..].strip_prefix("::").and_then(|rest| rest.split("::").next())))
    }

    /// The modules that `of` uses, each with a path that names it there.
    fn used(&self, of: &str) -> BTreeMap<&str, String> {
        let module = &self.0[of];
        let mut used = BTreeMap::new();
        let mut add = |path: String| {
            // A module's own name is no use of it; what is named through it is.
            if !self.0.contains_key(&path)
                && let Some(definition) = self.definition(&path).filter(|definition| *definition != of)
            {
                used.insert(definition, path);
            }
        };
        module.imports.values().cloned().for_each(&mut add);
        for path in paths(&module.code) {
            let (first, rest) = path.split_once("::").expect("a path");
            match module.imports.get(first) {
                Some(target) => add(format!("{target}::{rest}")),
                None => absolute(path, of, |child| self.0.contains_key(child)).into_iter().for_each(&mut add),
            }
        }
        used
    }

    fn used_by_room(&self, own: &str) -> BTreeSet<&str> {
        self.0.keys().filter(|module| room(module) == own).flat_map(|module| self.used(module).into_keys()).collect()
    }
}

/// Reads a directory's modules; `lib.rs` and `main.rs` are none.
fn collect(directory: &Path, parent: &str, modules: &mut BTreeMap<String, Module>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let name = if parent.is_empty() { stem.to_owned() } else { format!("{parent}::{stem}") };
        if path.is_dir() {
            collect(&path, &name, modules);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !["lib", "main"].contains(&name.as_str()) {
            let text = fs::read_to_string(&path).expect("a source file");
            let code: Vec<&str> = text.lines().filter(|line| !line.trim().starts_with("//")).collect();
            modules.insert(name, Module { code: code.join("\n"), imports: HashMap::new() });
        }
    }
}

/// Every `use` of a module: the name it brings, and the path as it is written.
fn uses(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        rest = &rest[at + 4..];
        if before.is_empty() || before.starts_with("pub") && !before.contains(['"', '=']) {
            let tree = rest.split(';').next().unwrap_or_default();
            flatten("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut found);
        }
    }
    found
}

/// `a::{b, c::{self, d as e}}` -> b, c, and e for `a::c::d`.
fn flatten(prefix: &str, tree: &str, found: &mut Vec<(String, String)>) {
    let Some((head, group)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = format!("{prefix}{}", path.trim());
        let path = path.strip_suffix("::self").unwrap_or(&path);
        let name = if name.is_empty() { path.rsplit("::").next().unwrap_or_default() } else { name };
        return found.push((name.trim().to_owned(), path.to_owned()));
    };
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut from) = (0, 0);
    let group = group.trim().strip_suffix('}').expect("a closed group");
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = group[from..at].trim();
                from = at + 1;
                if !part.is_empty() {
                    flatten(&prefix, part, found);
                }
            }
            _ => {}
        }
    }
}

/// The paths in a module's code, as they are written.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::"))
}

/// A path that is written in `module`, from the crate's root; `None` if it leads out of the crate.
fn absolute(path: &str, module: &str, is_module: impl Fn(&str) -> bool) -> Option<String> {
    let mut base = module;
    let mut rest = path;
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.to_owned());
    }
    while let Some(path) = rest.strip_prefix("super::") {
        (base, rest) = (base.rsplit_once("::").map_or("", |(parent, _)| parent), path);
    }
    rest = rest.strip_prefix("self::").unwrap_or(rest);
    let joined = if base.is_empty() { rest.to_owned() } else { format!("{base}::{rest}") };
    let child = format!("{base}::{}", rest.split("::").next().unwrap_or_default());
    (rest != path || is_module(&child)).then_some(joined)
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// Whether `module` is one of these, or inside one.
fn within(module: &str, places: &[&str]) -> bool {
    let rest = |place: &&str| if *place == "*" { Some("") } else { module.strip_prefix(*place) };
    places.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn every_room_uses_only_what_it_may() {
    let tree = Tree::read();
    let mut wrong = Vec::new();
    for of in tree.0.keys() {
        let own = room(of);
        assert!(MAY_USE.iter().any(|(room, _)| *room == own), "{own} has no line in the table");
        let may = |module: &str| MAY_USE.iter().any(|(room, places)| *room == own && within(module, places));
        let used = tree.used(of).into_iter().filter(|(module, _)| room(module) != own && !may(module));
        wrong.extend(used.map(|(module, path)| format!("{of} must not use {module} ({path})")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_line_of_the_table_says_too_much() {
    let tree = Tree::read();
    let mut idle = Vec::new();
    for (own, places) in MAY_USE {
        let used = tree.used_by_room(own);
        let is_idle = |place: &&&str| !used.iter().any(|module| within(module, &[place]));
        idle.extend(places.iter().filter(is_idle).map(|place| format!("{own} does not use {place}")));
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// Every room comes after those it uses, so that there is an order to read them in.
#[test]
fn no_two_rooms_use_each_other() {
    let tree = Tree::read();
    let used = |own: &str| tree.used_by_room(own).into_iter().map(room).filter(|other| *other != own).collect();
    let rooms = tree.0.keys().map(|module| room(module));
    let mut left: BTreeMap<&str, BTreeSet<&str>> = rooms.map(|own| (own, used(own))).collect();
    while let Some(&next) = left.keys().find(|own| left[*own].iter().all(|other| !left.contains_key(other))) {
        left.remove(next);
    }
    assert!(left.is_empty(), "a circle is among {left:?}");
}

#[test]
fn rooms_without_tensors_do_not_reach_candle() {
    let tree = Tree::read();
    for of in tree.0.keys().filter(|module| within(module, NO_TENSORS)) {
        for module in tree.used(of).into_keys().chain([of.as_str()]) {
            assert!(!tree.0[module].code.contains("candle"), "{of} reaches candle through {module}");
        }
    }
}

#[test]
fn only_the_screen_knows_the_terminal() {
    let tree = Tree::read();
    for (of, module) in tree.0.iter().filter(|(of, _)| !within(of, SCREEN)) {
        // The text area of the editor is a state that the screen draws.
        let mut named = paths(&module.code).map(room).filter(|name| ["ratatui", "crossterm"].contains(name));
        assert_eq!(named.next(), None, "{of}");
    }
}

/// What all views share is read by everybody and written by its own functions alone.
#[test]
fn only_the_shared_state_writes_itself() {
    let tree = Tree::read();
    for (of, module) in tree.0.iter().filter(|(of, _)| !within(of, &["app::shared"])) {
        for line in module.code.lines() {
            let written = line.split_once("shared.").and_then(|(_, rest)| rest.split_once(" = "));
            let is_written =
                written.is_some_and(|(place, _)| place.chars().all(|c| c.is_alphanumeric() || "_.".contains(c)));
            assert!(!is_written && !line.contains("&mut app.shared."), "{of} writes what all views share: {line}");
        }
    }
}

/// A view stands by itself: no other view's room uses its room, and it is drawn under the same name.
#[test]
fn views_do_not_use_each_other() {
    let tree = Tree::read();
    let view = |module: &str| {
        let rest = module.strip_prefix("app::view::").or(module.strip_prefix("ui::view::"))?;
        rest.split("::").next().map(str::to_owned)
    };
    for of in tree.0.keys() {
        let Some(own) = view(of) else { continue };
        for module in tree.used(of).into_keys() {
            assert!(view(module).is_none_or(|other| other == own), "{of} uses {module}");
        }
        for place in ["app", "ui"] {
            assert!(tree.0.contains_key(&format!("{place}::view::{own}")), "{own} has no room in {place}");
        }
    }
}

/// What the rules above rest on.
#[test]
fn names_are_followed_to_their_definition() {
    let tree = Tree::read();
    for (path, module) in [
        ("mask::Visibility", "mask::attention"),
        ("model::ModelInfo::of", "model::info"),
        ("decoder::config::Activation", "ops::activation"),
    ] {
        assert_eq!(tree.definition(path), Some(module), "{path}");
    }
    let mut found = Vec::new();
    flatten("", "super::a::{self, b, c::{D as E}}", &mut found);
    let found: Vec<(&str, &str)> = found.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    assert_eq!(found, [("a", "super::a"), ("b", "super::a::b"), ("E", "super::a::c::D")]);
}
