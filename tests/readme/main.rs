//! The pictures, tables and outputs of README and of the pages in `src/docs` are the program's own. `LOSSGLASS_UPDATE=1 cargo
//! test --test readme` makes them anew.

#[path = "../support/session.rs"]
mod session;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use lossglass::app::{Action, FileOutcome, Reading};
use lossglass::app::{Context, keymap};
use lossglass::cli::reference::{EXIT_CODES, VARIABLES};
use lossglass::data::{DataSet, Opened, Records};
use lossglass::mask::finding::Code;
use lossglass::sample::{BUILT_IN, Sample};
use lossglass::source::{Embedded, Source};
use lossglass::ui::picture;
use session::Session;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every finding, the major ones first.
#[test]
fn the_findings_are_the_program_s() {
    let mut table = String::from("| finding | severity | what it means | what to do |\n|---|---|---|---|\n");
    for code in Code::by_severity() {
        let (name, severity) = (code.name(), code.severity().name());
        writeln!(table, "| `{name}` | {severity} | {} | {} |", code.describe(), code.fix()).expect("a string");
    }
    keep_section("data-sets.md", "findings", &table);
}

#[test]
fn the_variables_and_exit_codes_are_the_program_s() {
    let mut table = String::from("| variable | meaning |\n|---|---|\n");
    for (names, meaning) in VARIABLES {
        let names: Vec<String> = names.split(", ").map(|name| format!("`{name}`")).collect();
        writeln!(table, "| {} | {meaning} |", names.join(", ")).expect("a string");
    }
    keep_section("models.md", "variables", &table);
    let mut table = String::from("| exit code | meaning |\n|---|---|\n");
    for (code, meaning) in EXIT_CODES {
        writeln!(table, "| {code} | {meaning} |").expect("a string");
    }
    keep_section("analysis.md", "exit-codes", &table);
}

/// README's table and the crate's documentation have every page, and no link leads nowhere.
#[test]
fn every_page_is_reached() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect("a text");
    let (readme, modules) = (read("README.md"), read("src/docs.rs"));
    for entry in std::fs::read_dir(root().join("src/docs")).expect("docs").flatten() {
        let page = format!("src/docs/{}", entry.file_name().display());
        assert!(readme.contains(&format!("]({page})")), "README.md does not name {page}");
        assert!(modules.contains(&page["src/".len()..]), "src/docs.rs does not show {page}");
        // They are shown at two places: a relative link would be broken at one of them.
        assert!(!read(&page).contains("]("), "{page} has a link");
    }
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root().join(link).exists(), "README.md links to {link}, which is not there");
    }
}

fn is_update() -> bool {
    std::env::var_os("LOSSGLASS_UPDATE").is_some()
}

/// Words and numbers apart: figures may differ in the last place between processors.
fn numbers_apart(text: &str) -> (String, Vec<f64>) {
    let (mut words, mut numbers, mut digits) = (String::new(), Vec::new(), String::new());
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() || (c == '.' && !digits.is_empty()) {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            numbers.push(digits.trim_end_matches('.').parse().unwrap_or(0.0));
            words.push('#');
            digits.clear();
        }
        words.push(c);
    }
    (words, numbers)
}

fn assert_same(actual: &str, committed: &str, what: &str) {
    let ((words, numbers), (old_words, old_numbers)) = (numbers_apart(actual), numbers_apart(committed));
    let stale = format!("{what} is stale; LOSSGLASS_UPDATE=1 cargo test --test readme makes it anew");
    assert!(words == old_words, "{stale}");
    for (new, old) in numbers.iter().zip(&old_numbers) {
        assert!((new - old).abs() <= 0.02 + 0.001 * old.abs(), "{stale}: {new} was {old}");
    }
}

/// Replaces what stands between `<!-- name -->` and `<!-- /name -->` on a page of `src/docs`, or compares it.
fn keep_section(page: &str, name: &str, content: &str) {
    let path = root().join("src/docs").join(page);
    let text = std::fs::read_to_string(&path).expect(page);
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).unwrap_or_else(|| panic!("{page} has no section {name}")) + open.len();
    let end = start + text[start..].find(&close).expect("the section ends");
    if is_update() {
        let new = format!("{}{content}{}", &text[..start], &text[end..]);
        std::fs::write(path, new).expect("written");
    } else {
        assert_same(content, &text[start..end], name);
    }
}

/// The screen as a picture in `assets`, made anew or compared.
fn keep_picture(session: &mut Session, name: &str) {
    session.screen();
    let picture = picture::svg(session.terminal.backend().buffer(), session.app.theme);
    let path = root().join("assets").join(name);
    if is_update() {
        std::fs::write(&path, &picture).expect("written");
    }
    assert_same(&picture, &std::fs::read_to_string(&path).expect(name), &format!("assets/{name}"));
}

#[test]
fn the_picture_is_the_screen() {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 36);
    session.until_ready();
    keep_picture(&mut session, "screen.svg");
}

#[test]
fn the_picture_of_scoring_is_the_view_score() {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 40);
    session.until_ready();
    session.keys("3");
    session.until_ready();
    keep_picture(&mut session, "score.svg");
}

#[test]
fn the_picture_of_attention_is_the_view_attend() {
    let text = Sample::Text("The cat sat on the mat. The dog sat on the rug. The cat lay".into());
    let mut session = Session::new(text, "typed", 120, 34);
    session.until_ready();
    // Layer 3, head 3 reads the token before.
    session.keys("2 i . . . > > > > > end ← ← H");
    session.until(|app| app.seen_attention().is_some_and(|weights| weights.layer == 3));
    session.until_ready();
    keep_picture(&mut session, "attend.svg");
}

#[test]
fn the_picture_of_a_data_set_is_the_list_of_its_records() {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 30);
    session.until_ready();
    let file = root().join("sample_data/chats.jsonl");
    let record = Records::open(&file).expect("it is there").next().expect("a record").expect("it is read");
    let mut opened = Opened::new("chats.jsonl · record 0", record.read(None).expect("a chat").sample, None);
    opened.set = Some(DataSet { file, name: "chats.jsonl".into(), index: 0 });
    session.act(Action::Files(FileOutcome::Read(opened)));
    session.until(|app| app.records.reading == Reading::Done);
    session.until_ready();
    keep_picture(&mut session, "records.svg");
}

/// The base model learns the first sample's answer. Seconds and the last digits are the machine's: only words are
/// compared.
#[test]
fn the_picture_of_training_is_the_view_train() {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 38);
    session.until_ready();
    session.app.shared.chosen_model = Some(Source::Embedded(Embedded::TinyBase));
    session.keys("R");
    session.until_ready();
    session.app.training.settings.lr = 1e-3;
    session.app.training.goal.steps = Some(16);
    session.keys("4 r");
    session.until(|app| app.training.now.is_some());
    let screen = session.screen();
    let picture = picture::svg(session.terminal.backend().buffer(), session.app.theme);
    let path = root().join("assets/train.svg");
    if is_update() {
        std::fs::write(&path, &picture).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("assets/train.svg");
    for words in
        ["step 16", "Loss", "before each step", "Film: step × token", "Movers", "never scored", "Probes", "Samples"]
    {
        assert!(screen.contains(words), "{words} is not on the screen:\n{screen}");
        assert!(
            committed.contains(words),
            "assets/train.svg is stale; LOSSGLASS_UPDATE=1 cargo test --test readme makes it anew"
        );
    }
}

#[test]
fn keys_and_outputs_are_the_program_s() {
    let mut table = String::from("| where | keys | what |\n|---|---|---|\n");
    for binding in keymap::all().filter(|binding| binding.context != Context::Help) {
        let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
        let _ = writeln!(table, "| {} | {} | {} |", binding.context.title(), keys.join(" "), binding.help);
    }
    keep_section("keys.md", "keys", &table);

    keep_output("analysis.md", "analyze", &["analyze", "--chat", "sample_data/capital.json"]);
    keep_output("generation.md", "generate", &["generate", "--chat", "sample_data/capital.json", "--temperature", "0"]);
}

/// What the program prints, as a section of a page.
fn keep_output(page: &str, section: &str, args: &[&str]) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("run");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    keep_section(page, section, &format!("```text\n$ lossglass {}\n{printed}```\n", args.join(" ")));
}
