//! Records of a data set, read again from where they stand, and looked through for a text.

use std::path::Path;
use std::sync::Arc;

use lossglass::data::{Raw, Records, record_at};
use lossglass::sample::Sample;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

fn text(raw: Raw) -> Result<String, String> {
    match raw.read(None) {
        Ok(record) => match record.sample {
            Sample::Text(text) => Ok(text),
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

fn written(content: &str) -> tempfile::NamedTempFile {
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
    let file = tempfile::NamedTempFile::new().unwrap();
    let schema = Arc::new(parse_message_type("message schema { required binary text (UTF8); }").unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file.reopen().unwrap(), schema, properties).unwrap();
    for group in 0..3 {
        let mut rows = writer.next_row_group().unwrap();
        let mut column = rows.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = (0..4).map(|row| ByteArray::from(format!("{group} {row}").as_str())).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        rows.close().unwrap();
    }
    writer.close().unwrap();
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
