//! Records of a data set, read again from where they stand, and looked through for a text.

use std::path::Path;

use lossglass::data::{Raw, Records, record_at};
use lossglass::sample::Sample;

use crate::support::parquet::parquet;

fn text(raw: Raw) -> Result<String, String> {
    match raw.read(None) {
        Ok(record) => match record.sample {
            Sample::Text(text) => Ok(text),
            Sample::Prepared(row) => Ok(format!("{:?}", row.ids)),
            Sample::Chat(chat) => Ok(chat.messages[0].content.clone()),
        },
        Err(bad) => Err(bad.to_string()),
    }
}

/// Every record is the same where it is read alone.
fn reads_again(path: &Path, count: usize) {
    let all: Vec<Raw> = Records::open(path).unwrap().map(Result::unwrap).collect();
    assert_eq!(all.len(), count);
    for raw in all.into_iter().rev() {
        let at = raw.at();
        let again = record_at(path, at).unwrap();
        assert_eq!((again.at(), again.unit), (at, raw.unit));
        assert_eq!(text(again), text(raw), "record {}", at.index);
    }
}

fn written(content: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

#[test]
fn json_in_every_layout() {
    let lines = "\u{feff}\n{\"text\": \"a\"}\n\n{\"text\": \"b\\n\"}\n{broken\n  {\"text\": \"ü\"}";
    reads_again(written(lines).path(), 4);
    let list = "[\n  {\"text\": \"a,]\"},\n  {\"text\": \"b\", \"x\": [1, {}]}, {\"foo\": 1},\n{\"text\": \"c\"}\n]";
    reads_again(written(list).path(), 4);
    reads_again(written("{\n  \"messages\": [\n {\"role\": \"user\",\n \"content\": \"x\"}]\n}").path(), 1);
}

#[test]
fn parquet_of_several_groups_of_rows() {
    let texts: Vec<String> = (0..12).map(|row| format!("{} {}", row / 4, row % 4)).collect();
    let file = written(parquet(&texts.iter().map(String::as_str).collect::<Vec<_>>(), 4));
    reads_again(file.path(), 12);
}

#[test]
fn a_file_that_has_changed_is_an_error() {
    let file = written("{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
    let last = Records::open(file.path()).unwrap().last().unwrap().unwrap().at();
    std::fs::write(file.path(), "{\"text\": \"a\"}\n").unwrap();
    let error = record_at(file.path(), last).unwrap_err().to_string();
    assert!(error.contains("it has changed"), "{error}");
}

#[test]
fn a_text_is_found_wherever_a_record_has_it() {
    let file = written(
        "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}, {\"role\": \"assistant\", \"content\": \"GR\\u00dc\\u00dfE\"}]}\n{no\n",
    );
    let raws: Vec<Raw> = Records::open(file.path()).unwrap().map(Result::unwrap).collect();
    assert!(raws[0].has("grüße") && !raws[0].has("content") && !raws[1].has("no"));
}
