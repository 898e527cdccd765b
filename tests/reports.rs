//! Small inputs after public reports, through the program: what transformers renders, or an error where it raises.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn analyze(template: &str, chat: &str, index: &str, more: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["analyze", "--format", "json", "--index", index, "--template"])
        .arg(folder.join(template))
        .arg("--chat")
        .arg(folder.join(chat))
        .args(more)
        .output()
        .expect("the program runs")
}

fn rendered(output: &Output) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(json["source"]["rendered"].as_str()?.to_string())
}

#[test]
fn templates_render_as_in_transformers() {
    let expected: BTreeMap<String, Option<String>> =
        serde_json::from_str(include_str!("reports/rendered.json")).expect("the reference");
    for (name, expected) in expected {
        let [template, chat, index] = name.split(' ').collect::<Vec<_>>()[..] else { panic!("{name}") };
        let output = analyze(template, chat, index, &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(if expected.is_some() { 0 } else { 2 }), "{name}: {errors}");
        assert_eq!(rendered(&output), expected, "{name}");
    }
}

#[test]
fn parts_that_a_template_does_not_read_are_found_and_can_be_joined() {
    let (raises, prints) = ("templates/r07-parts-raise", "templates/r06-parts-repr");
    let file = |name: &str, end: &str| format!("{name}.{end}");
    let output = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &[]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("message 1") && errors.contains("--join-parts"), "{errors}");
    let joined = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &["--join-parts"]);
    assert_eq!(rendered(&joined).as_deref(), Some("user: Hello?\nassistant: Reply.\n"));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let mask = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_lossglass"))
            .args(["mask", "--check", "--format", "json", "--template"])
            .arg(folder.join(file(prints, "jinja")))
            .arg(folder.join(file(prints, "json")))
            .args(more)
            .output()
            .expect("the program runs")
    };
    let found = mask(&[]);
    assert_eq!(found.status.code(), Some(1));
    let report = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(report.contains("\"parts-printed\"") && report.contains("--join-parts"), "{report}");
    assert!(!String::from_utf8_lossy(&mask(&["--join-parts"]).stdout).contains("parts-printed\",\"severity"));
}
