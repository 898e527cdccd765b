//! Records a second of `lossglass mask`, against transformers' `apply_chat_template` with the assistant's mask.
//!
//! `cargo bench --bench masking`; with `LOSSGLASS_PYTHON`, a Python that has transformers, ratios against it over the
//! same records, its runs alternating with ours in this one run. `LOSSGLASS_TOKENIZER` names the directory of
//! tiny-chat's tokenizer files for it.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lossglass::cancel::Cancel;
use lossglass::data::{DataError, Records};
use lossglass::model::Model;
use lossglass::source::Source;
use lossglass::survey::{self, Judged, Repeats, Terms, Totals};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records of about 200 tokens.
const RECORDS: usize = 6000;
const RUNS: usize = 5;

/// Chats of our own making: every record is another one.
fn write_records(path: &Path) {
    let said = [
        "Can you tell me what the weather will be like tomorrow?",
        "It will be sunny in the morning, and there may be some rain later in the day.",
        "What should I cook for dinner with rice, two eggs and a tomato?",
        "Fry the rice with the eggs, cut the tomato into small pieces, and add a little salt.",
        "Why is the sky blue?",
        "Air scatters blue light more than red light, so blue reaches our eyes from all over the sky.",
    ];
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a temporary file"));
    for record in 0..RECORDS {
        let turn = |turn: usize| {
            let role = if turn.is_multiple_of(2) { "user" } else { "assistant" };
            let text = said[(record * 2 + turn) % said.len()];
            serde_json::json!({"role": role, "content": format!("{text} {}", record * 31 % 977)})
        };
        let messages: Vec<_> = (0..8).map(turn).collect();
        writeln!(file, "{}", serde_json::json!({"messages": messages})).expect("room for it");
    }
}

fn ours(model: &Model, path: &Path) -> (f64, Totals) {
    let start = Instant::now();
    let (mut totals, mut repeats) = (Totals::default(), Repeats::default());
    let records = Records::open(path).expect("the file just written");
    let reader = model.reader();
    let take = |mut judged: Judged| {
        repeats.look(&mut judged.entry);
        totals.add(&judged.entry);
        Ok::<(), DataError>(())
    };
    survey::run(records, &Cancel::default(), |raw| survey::judge(&reader, &Terms::default(), raw), take)
        .expect("it runs");
    assert_eq!((totals.records, totals.unreadable), (RECORDS, 0), "every record is read");
    (RECORDS as f64 / start.elapsed().as_secs_f64(), totals)
}

/// Records a second of transformers, where there is one.
fn theirs(path: &Path) -> Option<f64> {
    let (python, tokenizer) = (std::env::var_os("LOSSGLASS_PYTHON")?, std::env::var_os("LOSSGLASS_TOKENIZER")?);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/transformers_masks.py");
    let output = Command::new(python).arg(script).arg(tokenizer).arg(path).output().expect("a Python");
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.trim().parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("chats.jsonl");
    write_records(&path);
    let device = candle_core::Device::Cpu;
    let source = Source::parse("tiny-chat").expect("it is embedded");
    let model = Model::load(&source, &device, &Cancel::default(), &mut |_| {}).expect("it loads");
    let (mut mine, mut other) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (rate, totals) = ours(&model, &path);
        mine.push(rate);
        other.extend(theirs(&path));
        if mine.len() == 1 {
            println!("{} tokens a record", totals.tokens / totals.records);
        }
    }
    let mine = median(mine);
    println!("ours          {mine:>8.0} records/s");
    if !other.is_empty() {
        let other = median(other);
        println!("transformers  {other:>8.0} records/s, ours is {:.1} times as fast", mine / other);
    }
}
