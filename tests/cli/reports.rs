//! Small inputs after public reports, through the program: what transformers renders, or an error where it raises.

use std::collections::BTreeMap;
use std::process::Output;

use crate::support::{command, json, json_of, lossglass, reported, stderr, stdout};

fn analyze(template: &str, chat: &str, index: &str, more: &[&str]) -> Output {
    command(&["analyze", "--format", "json", "--index", index, "--template"])
        .arg(reported(template))
        .arg("--chat")
        .arg(reported(chat))
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
        serde_json::from_str(include_str!("../reports/rendered.json")).expect("the reference");
    for (name, expected) in expected {
        let [template, chat, index] = name.split(' ').collect::<Vec<_>>()[..] else { panic!("{name}") };
        let output = analyze(template, chat, index, &[]);
        let errors = stderr(&output);
        assert_eq!(output.status.code(), Some(if expected.is_some() { 0 } else { 2 }), "{name}: {errors}");
        assert_eq!(rendered(&output), expected, "{name}");
    }
}

#[test]
fn parts_that_a_template_does_not_read_are_found_and_can_be_joined() {
    let (raises, prints) = ("templates/r07-parts-raise", "templates/r06-parts-repr");
    let file = |name: &str, end: &str| format!("{name}.{end}");
    let output = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &[]);
    let errors = stderr(&output);
    assert!(errors.contains("message 1") && errors.contains("--join-parts"), "{errors}");
    let joined = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &["--join-parts"]);
    assert_eq!(rendered(&joined).as_deref(), Some("user: Hello?\nassistant: Reply.\n"));

    let mask = |more: &[&str]| {
        command(&["mask", "--check", "--format", "json", "--template"])
            .arg(reported(&file(prints, "jinja")))
            .arg(reported(&file(prints, "json")))
            .args(more)
            .output()
            .expect("the program runs")
    };
    let found = mask(&[]);
    assert_eq!(found.status.code(), Some(1));
    let report = stdout(&found);
    assert!(report.contains("\"parts-printed\"") && report.contains("--join-parts"), "{report}");
    assert!(!stdout(&mask(&["--join-parts"])).contains("parts-printed\",\"severity"));
}

/// Data that looks like JSONL: what it is, and an error where nothing of it can be read.
#[test]
fn data_that_cannot_be_read_is_called_what_it_is() {
    let folder = reported("23");
    for (name, code, word) in [
        ("utf16.jsonl", 2, "UTF-16"),
        ("comma.jsonl", 2, "comma"),
        ("nan.jsonl", 0, "NaN"),
        ("bom.jsonl", 0, ""),
        ("crlf.jsonl", 0, ""),
        ("blank.jsonl", 0, ""),
        ("pretty.json", 0, ""),
        ("latin1.jsonl", 0, "line"),
        ("cut.jsonl", 0, "line"),
    ] {
        let output = command(&["mask"]).arg(folder.join(name)).output();
        let output = output.expect("the program runs");
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains(word), "{name}: {said}");
        assert_eq!(said.contains("unreadable"), matches!(word, "NaN" | "line" | "comma"), "{name}: {said}");
    }
}

/// The documents of a naive pack add up to it: the token at a border is predicted from the document before.
#[test]
fn naive_packs_add_up() {
    let mut command =
        command(&["analyze", "--pack", "64", "--packing", "naive", "--format", "json", "--mask", "all", "--chat"]);
    let json = json_of(command.arg(reported("16.jsonl")));
    let documents = json["packing"]["documents"].as_array().expect("documents");
    assert!(documents.len() > 1);
    let scored = |document: &serde_json::Value| document["scored"].as_f64().expect("a count");
    let sum: f64 = documents.iter().map(|one| scored(one) * one["loss"]["naive"].as_f64().unwrap_or(0.0)).sum();
    let total = json["loss"]["sum"].as_f64().expect("a sum");
    assert_eq!(documents.iter().map(scored).sum::<f64>(), json["loss"]["scored"].as_f64().expect("a count"));
    assert!((sum - total).abs() < 1e-9 * total, "{sum} {total}");
}

/// A copy of the embedded chat model as a directory whose tokenizer has another eos than the template's stop.
pub fn with_another_eos() -> tempfile::TempDir {
    let directory = saved_chat_model(&[]);
    let change = |file: &str, keys: &[(&str, serde_json::Value)]| {
        let path = directory.path().join("model").join(file);
        let mut config: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
        for (key, value) in keys {
            config[key] = value.clone();
        }
        std::fs::write(path, config.to_string()).expect("writes");
    };
    change("tokenizer_config.json", &[("eos_token", "<|endoftext|>".into()), ("pad_token", "<|endoftext|>".into())]);
    change("config.json", &[("eos_token_id", 0.into()), ("pad_token_id", 0.into())]);
    change("generation_config.json", &[("eos_token_id", 0.into())]);
    directory
}

/// The embedded chat model, or another, saved into `model` after one step that changes nothing.
fn saved_chat_model(model: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let output = command(&["train", "--steps", "1", "--lr", "1e-12", "--method", "full", "--weights-only", "--chat"])
        .arg(reported("01.jsonl"))
        .arg("--save")
        .arg(directory.path().join("model"))
        .args(model)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", stderr(&output));
    directory
}

#[test]
fn axolotl_s_stop_is_the_eos_or_a_named_token_and_a_finding_says_why_not() {
    let directory = with_another_eos();
    let model = directory.path().join("model");
    let report = |more: &[&str]| -> serde_json::Value {
        let mut command = command(&["analyze", "--format", "json", "--chat"]);
        json_of(command.arg(reported("01.jsonl")).arg("--model").arg(&model).args(more))
    };
    let stop_is_scored = |report: &serde_json::Value| {
        let tokens = report["tokens"].as_array().expect("tokens");
        let stop = tokens.iter().rev().find(|token| token["text"] == "<|im_end|>").expect("a stop");
        stop["weight"] == 1.0
    };
    assert!(stop_is_scored(&report(&["--mask", "assistant"])));
    let axolotl = report(&["--profile", "axolotl"]);
    assert!(!stop_is_scored(&axolotl));
    let findings = axolotl["findings"].to_string();
    assert!(
        findings.contains("stop-unscored") && findings.contains("the tokenizer's eos never occurs here"),
        "{findings}"
    );
    let named = report(&["--profile", "axolotl", "--eot-token", "<|im_end|>"]);
    assert!(stop_is_scored(&named) && !named["findings"].to_string().contains("stop-unscored"));
}

/// A config that ties a head which the file has of its own: the file is right, a note says so, and a save keeps it.
#[test]
fn a_head_of_its_own_is_noted_and_kept_by_a_save() {
    let first = saved_chat_model(&[]);
    let model = first.path().join("model");
    let weights = model.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&weights, &candle_core::Device::Cpu).expect("loads");
    let head = tensors["model.embed_tokens.weight"].affine(-0.5, 0.01).expect("a tensor");
    tensors.insert("lm_head.weight".to_owned(), head);
    candle_core::safetensors::save(&tensors, &weights).expect("saves");
    let name = model.to_str().expect("a name");
    let noted = |name: &str| {
        let output = analyze_text(name);
        let report = json(&output);
        let errors = stderr(&output);
        let is_noted = report["notes"].to_string().contains("lm_head.weight");
        assert_eq!(errors.contains("lm_head.weight"), is_noted, "{errors}");
        (report["loss"]["mean"].as_f64().expect("a loss"), is_noted)
    };
    let (loss, is_noted) = noted(name);
    assert!(is_noted);
    let second = saved_chat_model(&["--model", name]);
    let saved = second.path().join("model");
    let (again, is_noted) = noted(saved.to_str().expect("a name"));
    assert!(!is_noted && (loss - again).abs() < 1e-4, "{loss} and {again}");
    let config = std::fs::read_to_string(saved.join("config.json")).expect("a config");
    assert!(config.contains("\"tie_word_embeddings\": false"), "{config}");
}

fn analyze_text(model: &str) -> Output {
    lossglass(&["analyze", "--format", "json", "--text", "The sea is wide and deep.", "--model", model])
}

/// `strftime_now` knows every directive, and is the local time: the same moment in two zones a day apart.
#[test]
fn the_date_is_local_and_knows_every_directive() {
    let folder = reported("templates");
    let in_zone = |zone: &str| {
        let output = command(&["analyze", "--format", "json", "--template"])
            .arg(folder.join("r12-strftime.jinja"))
            .arg("--chat")
            .arg(folder.join("r12-strftime.json"))
            .env("TZ", zone)
            .output()
            .expect("the program runs");
        rendered(&output).expect("a text")
    };
    let [west, east] = ["WEST12", "EAST-14"].map(in_zone); // 26 hours apart
    for text in [&west, &east] {
        let (date, rest) = text.split_once('|').expect("a date and an hour");
        let [day, of_year, slashes] = date.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
        let number = |text: &str| text.parse::<u32>().expect("a number");
        assert!((1..=31).contains(&number(day)) && !day.starts_with('0'), "{text}");
        assert!(of_year.len() == 3 && (1..=366).contains(&number(of_year)), "{text}");
        assert!(slashes.len() == 8 && number(&slashes[3..5]) == number(day), "{text}");
        assert!(rest.len() == "00Hi.Yo.".len() && rest.ends_with("Hi.Yo."), "{text}");
    }
    assert_ne!(west.split('|').next(), east.split('|').next());
}

/// A bos that config.json alone names is not the template's; a template for tools beside the other is used for chats
/// with tools.
#[test]
fn what_a_model_s_files_give_a_template() {
    let directory = saved_chat_model(&[]);
    let model = directory.path().join("model");
    let folder = reported("templates");
    let path = model.join("tokenizer_config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    config.as_object_mut().expect("an object").remove("bos_token");
    std::fs::write(&path, config.to_string()).expect("writes");
    let printed = |template: Option<&str>, chat: &str| {
        let mut command = command(&["analyze", "--format", "json", "--model"]);
        command.arg(&model).arg("--chat").arg(folder.join(chat));
        if let Some(template) = template {
            command.arg("--template").arg(folder.join(template));
        }
        rendered(&command.output().expect("the program runs")).expect("a text")
    };
    let text = printed(Some("r15-bos-from-config.jinja"), "r15-bos-from-config.json");
    assert!(text.starts_with("B=|<|im_start|>user\n"), "{text}");

    let own = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    std::fs::write(model.join("chat_template.jinja"), own).expect("writes");
    std::fs::create_dir(model.join("additional_chat_templates")).expect("a folder");
    let tools = format!("TOOLS {{{{ tools|length }}}}\n{own}");
    std::fs::write(model.join("additional_chat_templates/tool_use.jinja"), tools).expect("writes");
    assert!(printed(None, "r16-additional.json").starts_with("TOOLS 1\n<|im_start|>system\nS.<|im_end|>\n"));
    assert!(printed(None, "r15-bos-from-config.json").starts_with("<|im_start|>user\n"));

    // Any other one is used where it is asked for, and a save keeps them all.
    std::fs::write(model.join("additional_chat_templates/rag.jinja"), format!("RAG\n{own}")).expect("writes");
    let name = model.to_str().expect("a name");
    let second = saved_chat_model(&["--model", name]);
    for model in [model.clone(), second.path().join("model")] {
        let printed = |template: &str, chat: &str| {
            let mut command = command(&["analyze", "--format", "json", "--template", template, "--model"]);
            command.arg(&model).arg("--chat").arg(folder.join(chat)).output().expect("the program runs")
        };
        let rag = printed("rag", "r15-bos-from-config.json");
        assert!(rendered(&rag).expect("a text").starts_with("RAG\n<|im_start|>user\n"));
        let tools = printed("tool_use", "r16-additional.json");
        assert!(rendered(&tools).expect("a text").starts_with("TOOLS 1\n"));
        let unknown = printed("rug", "r15-bos-from-config.json");
        assert_eq!(unknown.status.code(), Some(2));
        let said = stderr(&unknown);
        assert!(said.contains("no file is called rug") && said.contains("default, tool_use, rag"), "{said}");
    }
}

/// What mask `assistant` scores where markers stand inside a turn, and which findings are not said of it.
#[test]
fn markers_in_a_turn_are_scored_where_the_model_writes_them() {
    let call = "<tool_call>f<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value><arg_key>days</arg_key>\n\
                <arg_value>2</arg_value></tool_call>";
    let analysis = "<|channel|>analysis<|message|><|end|><|start|>assistant<|channel|>final<|message|>Yo.<|return|>";
    let cases: [(&str, &[&str], &str); 8] = [
        ("m01-call-tail-without-stop", &[call, "Mild."], "header-scored"),
        ("m03-answer-after-think-blank", &["\n\nFour.<｜end▁of▁sentence｜>"], "header-scored"),
        ("m05-gptoss-final-marker", &["<|channel|>final<|message|>Yo.<|return|>"], "header-scored"),
        ("m07-gptoss-empty-reasoning", &[analysis], "default-system"),
        ("m09-unknown-stop-newline", &["Yo.[|endofturn|]", "No.[|endofturn|]"], "stop-unscored"),
        ("f01-unstable-wrong-cause", &["a.<|im_end|>", "b.<|im_end|>"], "template-unstable"),
        ("f02-empty-assistant-though-calls", &["<|im_end|>", "Ok.<|im_end|>"], "empty-assistant"),
        ("f03-default-system-is-the-tools-list", &["Yo.<|im_end|>"], "default-system"),
    ];
    for (name, expected, unsaid) in cases {
        let (template, chat) = (format!("templates/{name}.jinja"), format!("templates/{name}.json"));
        let output = analyze(&template, &chat, "0", &["--mask", "assistant"]);
        let report = json(&output);
        assert_eq!(scored_runs(&report), expected, "{name}");
        assert!(!report["findings"].to_string().contains(unsaid), "{name}: {}", report["findings"]);
    }
}

/// The runs of scored tokens, as the rendered text has them.
fn scored_runs(report: &serde_json::Value) -> Vec<String> {
    let text: Vec<char> = report["source"]["rendered"].as_str().expect("a text").chars().collect();
    let (mut runs, mut end) = (Vec::<String>::new(), None);
    for token in report["tokens"].as_array().expect("tokens").iter().filter(|token| token["weight"] != 0.0) {
        let place = |end: usize| token["span"][end].as_u64().expect("a place") as usize;
        let start = end.filter(|end| *end >= place(0));
        match start {
            // A token that covers a part of a character covers it whole.
            Some(start) => runs.last_mut().expect("a run").extend(&text[start..place(1).max(start)]),
            None => runs.push(text[place(0)..place(1)].iter().collect()),
        }
        end = Some(place(1));
    }
    runs
}
