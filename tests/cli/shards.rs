//! `lossglass mask` on many files, in shards, and the shards' reports merged.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use lossglass::data::Series;
use lossglass::data::shard::Shard;
use lossglass::mask::Policy;
use lossglass::model::Reader;
use lossglass::report::survey::{About, Json, Output as _, Part, Shards};
use lossglass::source::{Embedded, Source};
use lossglass::survey::{self, Entry, Repeats, Terms, Totals};
use serde_json::Value;

use crate::support::{json_of, lossglass, stderr, stdout};

fn mask(args: &[&str]) -> Output {
    lossglass(&[&["mask"], args].concat())
}

/// Chats of all kinds, many of them bad, some of them twice, in several forms.
fn records(count: usize) -> String {
    let mut lines = String::new();
    for record in 0..count {
        let words = "word ".repeat(record * 7 % 23 + 1);
        let line = match record % 11 {
            0 => "{broken".into(),
            1 | 2 => format!(r#"{{"messages": [{{"role": "user", "content": "only {words}"}}]}}"#),
            3 => r#"{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}"#.into(),
            4 => format!(r#"{{"instruction": "add", "input": "{record} 2", "output": "{words}"}}"#),
            5 => format!(r#"{{"prompt": "The capital is ", "completion": "{}"}}"#, record % 3),
            6 => format!(
                r#"{{"messages": [{{"role": "user", "content": "{words}"}}, {{"role": "assistant", "content": "B", "weight": 0.{record}}}]}}"#
            ),
            7 => r#"{"foo": 1}"#.into(),
            8 => format!(r#"{{"messages": [{{"role": "wizard", "content": "<|im_end|>\u001b[31m{words}"}}]}}"#),
            _ => format!(
                r#"{{"messages": [{{"role": "user", "content": "{record}"}}, {{"role": "assistant", "content": "{words}"}}]}}"#
            ),
        };
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// Three files of 30, 25 and 12 records, two of them packed, with an empty one among them.
fn data(directory: &Path) -> String {
    let all = records(67);
    let lines: Vec<&str> = all.lines().collect();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.join(name), bytes).unwrap();
    write("part-0.jsonl", lines[..30].join("\n").as_bytes());
    write("part-1.jsonl", b"");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines[30..55].join("\n").as_bytes()).unwrap();
    write("part-2.jsonl.gz", &gzip.finish().unwrap());
    write("part-3.jsonl.zst", &zstd::encode_all(lines[55..].join("\n").as_bytes(), 1).unwrap());
    directory.join("part-*").display().to_string()
}

/// The reports of all shards.
fn shards(data: &str, of: usize, more: &[&str], directory: &Path) -> Vec<String> {
    let shard = |number: usize| {
        let output = mask(&[&[data, "--shard", &format!("{number}/{of}"), "--format", "json"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let path = directory.join(format!("shard-{number}.json"));
        std::fs::write(&path, &output.stdout).unwrap();
        path.display().to_string()
    };
    (1..=of).map(shard).collect()
}

#[test]
fn shards_merge_into_what_one_run_prints() {
    let directory = tempfile::tempdir().unwrap();
    let data = data(directory.path());
    for (of, more) in [(3, &["--mask", "custom"][..]), (5, &[])] {
        let mut reports = shards(&data, of, more, directory.path());
        reports.rotate_left(1); // in any order
        let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
        for format in ["json", "table", "sarif"] {
            let whole = mask(&[&[data.as_str(), "--format", format], more].concat());
            let merged = mask(&[&["--format", format, "--merge"], &reports[..]].concat());
            assert!(merged.status.success(), "{}", stderr(&merged));
            assert_eq!(stdout(&merged), stdout(&whole), "{format}");
        }
        let pattern = directory.path().join("shard-[1-9].json").display().to_string();
        let check = ["--check", "--merge", &pattern];
        assert_eq!(mask(&check).status.code(), Some(1), "{}", stderr(&mask(&check)));
    }
    let report = json_of(&mut crate::support::command(&["mask", &data, "--format", "json"]));
    let codes: Vec<&str> =
        report["totals"]["by_code"].as_array().unwrap().iter().filter_map(|c| c["code"].as_str()).collect();
    for code in ["duplicate", "prompt-repeated", "unreadable", "weight-ignored"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
}

#[test]
fn records_of_several_files_name_their_file() {
    let directory = tempfile::tempdir().unwrap();
    let data = data(directory.path());
    let report = json_of(&mut crate::support::command(&["mask", &data, "--format", "json"]));
    assert_eq!(report["file"], "4 files");
    let files = report["files"].as_array().unwrap();
    assert!(files.len() == 4 && files[2].as_str().unwrap().ends_with("part-2.jsonl.gz"), "{files:?}");
    let records = report["records"].as_array().unwrap();
    assert_eq!(records.len(), 67);
    for (index, record) in records.iter().enumerate() {
        let (file, line) = match index {
            0..30 => (0, index + 1),
            30..55 => (2, index - 29),
            _ => (3, index - 54),
        };
        assert_eq!((&record["record"], &record["line"], &record["file"]), (&index.into(), &line.into(), &files[file]));
    }
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["record"] == 33).unwrap();
    assert_eq!((&finding["file"], &finding["line"]), (&files[2], &4.into()));
    let table = stdout(&mask(&[&data]));
    assert!(
        table.starts_with("4 files · ") && table.contains("part-0.jsonl, line 1 (record 0): is not JSON"),
        "{table}"
    );
    let one = json_of(&mut crate::support::command(&["mask", files[0].as_str().unwrap(), "--format", "json"]));
    assert!(one["files"].is_null() && one["records"][0]["file"].is_null() && one["records"][0]["shard"].is_null());
}

#[test]
fn a_shards_export_has_its_records() {
    let directory = tempfile::tempdir().unwrap();
    let data = data(directory.path());
    let export = |more: &[&str], name: &str| -> Vec<String> {
        let path = directory.path().join(name).display().to_string();
        let output =
            mask(&[&[data.as_str(), "--export", "labels", "--output", &path, "--keep-unscored"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    };
    let whole = export(&[], "whole.jsonl");
    let mut parts: Vec<String> = Vec::new();
    for shard in ["1/2", "2/2"] {
        parts.extend(export(&["--shard", shard], "part.jsonl"));
    }
    assert!(parts.len() == whole.len() && parts != whole);
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(parts), sorted(whole));
}

#[test]
fn what_is_no_whole_set_of_shards_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = data(directory.path());
    let reports = shards(&data, 3, &[], directory.path());
    let [one, two, three] = [0, 1, 2].map(|place| reports[place].as_str());
    let other = directory.path().join("other").display().to_string();
    let refuse = |bytes: &[u8], said: &str| {
        std::fs::write(&other, bytes).unwrap();
        let output = mask(&["--merge", one, &other, three]);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
    };
    let report = std::fs::read(two).unwrap();
    let under = |more: &[&str]| mask(&[&[data.as_str(), "--shard", "2/3", "--format", "json"], more].concat()).stdout;
    refuse(&under(&["--mask", "all"]), "are of other data, models, masks or versions");
    refuse(&under(&["--append-eos"]), "are of other data, models, masks or versions");
    refuse(&std::fs::read(three).unwrap(), "are both of shard 3/3");
    refuse(&report[..report.len() / 2], "is cut off; run shard 2/3 again");
    refuse(&report[..report.len() - 30], "is no report of a shard");
    refuse(b"", "is no report of a shard");
    refuse(b"{\"schema\": 1}", "is no report of a shard");
    refuse(&mask(&[&data, "--format", "json"]).stdout, "is no report of a shard");
    let text = String::from_utf8(report).unwrap();
    refuse(text.replace("\"complete\":true", "\"complete\":false").as_bytes(), "was stopped; run shard 2/3 again");
    refuse(text.replace("\"record\":4,", "\"record\":5,").as_bytes(), "has record 5 where record 4 is to come");
    refuse(text.replace("\"severity\":\"major\"", "\"severity\":\"dire\"").as_bytes(), "is no report of a shard");
    for (args, said) in [
        (vec!["--merge", one, three], "the report of shard 2/3 is missing"),
        (vec!["--merge", one], "the report of shard 2/3 is missing, and 1 more"),
        (vec!["--merge", one, two, "no such report"], "no such report"),
        (vec!["--merge", one, "--mask", "all"], "cannot be used with"),
        (vec![&data, "--merge", one], "cannot be used with"),
        (vec![&data, "--shard", "0/3"], "shards are counted from 1: give 1/3 to 3/3"),
        (vec![&data, "--shard", "4/3"], "give I/N, shard I of N, counted from 1"),
        (vec!["no/such/*.jsonl"], "no file matches no/such/*.jsonl"),
        (vec![&data, "--against", one], "--against compares one file"),
    ] {
        let output = mask(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
}

/// One report of everything, as one run writes it.
fn report(about: About, entries: &[Entry], path: &Path) {
    let mut repeats = about.part.is_none().then(Repeats::default);
    let mut json = Json::new(std::fs::File::create(path).unwrap(), about).unwrap();
    let mut totals = Totals::default();
    for entry in entries {
        let mut entry = entry.clone();
        repeats.iter_mut().for_each(|repeats| repeats.look(&mut entry));
        totals.add(&entry);
        json.record(&entry).unwrap();
    }
    json.end(&totals, true).unwrap();
}

#[test]
fn a_thousand_shards_are_as_one() {
    const SHARDS: usize = 1000;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data.jsonl");
    std::fs::write(&data, records(2300)).unwrap();
    let reader = Reader::load(&Source::Embedded(Embedded::TinyChat)).unwrap();
    let terms = Terms::default();
    let judge = |raw| survey::judge(&reader, &terms, raw).entry;
    let entries: Vec<Entry> = Series::open(vec![data]).unwrap().map(|raw| judge(raw.unwrap())).collect();
    let about = |part| About {
        files: vec!["data.jsonl".into()],
        model: reader.name.clone(),
        mask: Policy::default().name(),
        part,
    };
    let whole = directory.path().join("whole.json");
    report(about(None), &entries, &whole);
    let shard = |number: usize| -> PathBuf {
        let shard = Shard { number, of: SHARDS };
        let own: Vec<Entry> = entries.iter().filter(|entry| shard.has(entry.index)).cloned().collect();
        let path = directory.path().join(format!("{number}.json"));
        report(about(Some(Part { shard, terms: 1 })), &own, &path);
        path
    };
    let shards = Shards::open(&(1..=SHARDS).map(shard).collect::<Vec<_>>()).unwrap();
    assert_eq!(shards.about, about(None));
    let replayed: Vec<Entry> = shards.map(Result::unwrap).collect();
    assert_eq!(replayed, entries);
    let merged = directory.path().join("merged.json");
    report(about(None), &replayed, &merged);
    let [whole, merged] = [whole, merged].map(|path| std::fs::read(path).unwrap());
    assert!(whole == merged);
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    assert!(whole["totals"]["by_code"].as_array().unwrap().iter().any(|code| code["code"] == "duplicate"));
}
