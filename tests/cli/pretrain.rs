//! `lossglass pretrain` through the binary itself: the sample recipe, Ctrl-C, what is refused.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{self, json, lossglass, stderr, stdout};

/// The sample recipe made so small that a test has time for it, in a folder of its own.
fn small(folder: &Path) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(project.join("sample_data/pretrain.toml")).unwrap();
    let data = project.join("sample_data").display().to_string();
    let text = text
        .replace("file = \"", &format!("file = \"{data}/"))
        .replace("vocab_size = 1024", "vocab_size = 400")
        .replace("hidden_size = 128", "hidden_size = 32")
        .replace("intermediate_size = 344", "intermediate_size = 64")
        .replace("layers = 4", "layers = 1")
        .replace("batch = 16", "batch = 2")
        .replace("steps = 300", "steps = 6")
        .replace("steps = 100", "steps = 4")
        .replace("warmup = 20", "warmup = 2")
        .replace("warmup = 10", "warmup = 1")
        .replace("[tokenizer]", "[tokenizer]\ncharacters = 100_000");
    let path = folder.join("recipe.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn pretrain(recipe: &Path, out: &Path, more: &[&str]) -> std::process::Output {
    let (recipe, out) = (recipe.to_str().unwrap(), out.to_str().unwrap());
    lossglass(&[&["pretrain", recipe, "--out", out], more].concat())
}

#[test]
fn the_sample_recipe_gives_a_model_that_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (small(folder.path()), folder.path().join("little"));
    let output = pretrain(&recipe, &out, &["--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let events: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["stage", "look", "look", "stage", "look", "done"]);
    let (guessing, first) = (400_f64.ln(), events[1]["held_out"][0]["nats"].as_f64().unwrap());
    assert!((first / guessing - 1.0).abs() < 0.02, "{first} nats before the first step, ln V is {guessing}");
    let model = out.to_str().unwrap();
    let analysis = json(&lossglass(&["analyze", "--model", model, "--text", "The cat sat.", "--format", "json"]));
    assert_eq!((&analysis["model"]["name"], &analysis["model"]["vocab_size"]), (&"little".into(), &400.into()));
    let chat =
        json(&lossglass(&["analyze", "--model", model, "--chat", "sample_data/capital.json", "--format", "json"]));
    assert!(chat["loss"]["mean"].as_f64().unwrap() > 0.0, "it has a template");
    let again = pretrain(&recipe, &out, &[]);
    assert!(again.status.success() && stdout(&again).starts_with("done: 10 steps"), "{}", stdout(&again));
}

#[test]
fn figures_are_told_with_their_units_and_the_plan_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (small(folder.path()), folder.path().join("little"));
    let plan = pretrain(&recipe, &out, &["--check"]);
    assert!(plan.status.success() && !out.exists(), "{}", stderr(&plan));
    assert!(
        stdout(&plan).contains("base: 6 steps on at most 1536 tokens of simple English, chats"),
        "{}",
        stdout(&plan)
    );
    let output = pretrain(&recipe, &out, &["--threads", "1"]);
    let told = stdout(&output);
    for words in ["tokens/s", " nats (", " bits/byte)", "step 0/10  loss –", "step 10/10", "Once upon a time│"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_the_same_command_goes_on() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (small(folder.path()), folder.path().join("little"));
    // Long enough to be stopped.
    let text = std::fs::read_to_string(&recipe).unwrap().replace("steps = 6", "steps = 60000");
    std::fs::write(&recipe, text).unwrap();
    let arguments = ["pretrain", recipe.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let mut command = support::command(&arguments);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("step 0/"))).unwrap().unwrap();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    lines.for_each(drop);
    let output = child.wait_with_output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("the same command goes on from step "), "{said}");
    let step = said.rsplit(' ').next().unwrap().trim().parse::<u64>().unwrap();
    let position: Value = serde_json::from_slice(&std::fs::read(out.join("last/pretrain.json")).unwrap()).unwrap();
    assert_eq!(position["step"], step);
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = small(folder.path());
    let text = std::fs::read_to_string(&recipe).unwrap();
    let refused = |text: &str, out: &Path| {
        std::fs::write(&recipe, text).unwrap();
        let output = pretrain(&recipe, out, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        stderr(&output)
    };
    let out = folder.path().join("out");
    let two = refused(&text.replace("kv_heads = 2", "kv_heads = 3").replace("lr = 4e-3", "lr = 0.0"), &out);
    assert_eq!(two.lines().count(), 2, "{two}");
    assert!(two.contains("kv_heads: 4 heads cannot share 3") && two.contains("stage[0].lr: give a number above 0"));
    let field = "file = \"words.jsonl\"\nfield = \"words\"";
    std::fs::write(folder.path().join("words.jsonl"), "{\"words\": [\"a\", \"b\"]}\n{\"words\": 3}\n").unwrap();
    let at = text.find("file = ").unwrap();
    let end = at + text[at..].find('\n').unwrap();
    let wrong = refused(&format!("{}{field}{}", &text[..at], &text[end..]), &out);
    assert!(wrong.contains("words.jsonl line 2 (record 1) has no text, and no list of texts, in `words`"), "{wrong}");
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("thesis.txt"), "years of work").unwrap();
    let taken = refused(&text, other.path());
    assert!(taken.contains("which is no run; give a new or an empty folder"), "{taken}");
}

#[test]
fn what_a_run_kept_fits_one_file_and_any_model_is_measured_on_what_is_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (small(folder.path()), folder.path().join("little"));
    let file = folder.path().join("little.life");
    let trained = pretrain(&recipe, &out, &[]);
    assert!(trained.status.success(), "{}", stderr(&trained));
    let output = pretrain(&recipe, &out, &["--life", file.to_str().unwrap(), "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let events: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let packed: Vec<&Value> = events.iter().filter(|event| event["event"] == "packed").collect();
    let steps: Vec<u64> = packed.iter().map(|event| event["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 1, 2, 4, 6, 8, 10]);
    for event in &packed {
        let [kept, decoded] = ["nats", "decoded_nats"].map(|key| event[key].as_f64().unwrap());
        assert!((decoded / kept - 1.0).abs() <= 0.005, "{event}");
    }
    let written = std::fs::metadata(&file).unwrap().len();
    assert_eq!(events.last().unwrap()["bytes"], written);
    let weights = std::fs::metadata(out.join("last/model.safetensors")).unwrap().len();
    assert!(written < weights, "{written} bytes for all of them, {weights} for one");

    let evaluate = |model: &str| {
        let output = lossglass(&["pretrain", recipe.to_str().unwrap(), "--evaluate", model, "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let lines = stdout(&output);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let (base, little) = (evaluate("tiny-base"), evaluate(out.to_str().unwrap()));
    assert_eq!(base.len(), 3, "a line for each source of each stage");
    for (base, little) in base.iter().zip(&little) {
        assert_eq!((&base["source"], &base["passages"]), (&little["source"], &little["passages"]));
        assert!(base["bits_per_byte"].as_f64().unwrap() < little["bits_per_byte"].as_f64().unwrap(), "{base} {little}");
    }
    let both = lossglass(&["pretrain", recipe.to_str().unwrap()]);
    assert!(!both.status.success() && stderr(&both).contains("--out"));
}
