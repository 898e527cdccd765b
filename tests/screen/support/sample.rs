//! Small sequences, and states in which they are scored.

use std::sync::Arc;

use lossglass::app::{Action, App, Command, Effect, FileOutcome, Start, View, update};
use lossglass::data::{DataSet, Opened, Place, Unit};
use lossglass::dataset::Masked;
use lossglass::engine::{Event, SurveyEvent};
use lossglass::loss::Distribution;
use lossglass::mask::finding::{self, Facts, Finding};
use lossglass::mask::{AttentionMask, LossMask, MaskOptions, Mode, PartWeights};
use lossglass::model::ModelInfo;
use lossglass::sample::{Chat, Form, Message, Sample};
use lossglass::score::row;
use lossglass::sequence::{Kind, Origin, Prefix, Sequence, Token};
use lossglass::survey::{Entry, Judged, Summary};
use lossglass::template::Part;

/// The vocabulary: its tokens are told apart by their bytes.
pub const VOCABULARY: [&str; 18] = [
    "<|im_start|>",
    "<|im_end|>",
    "\n",
    "user",
    "ass",
    "istant",
    "Hi",
    "Hello",
    " there",
    " world",
    "!",
    "日本",
    "🙂",
    "e\u{301}",
    "\u{7}",
    "\t",
    " the",
    " cat",
];

/// Logits after token `position`: a pattern that gives every target another cost and rank.
pub fn logits(position: usize) -> Vec<f32> {
    (0..VOCABULARY.len()).map(|id| ((position * 7 + id * 5) % 13) as f32 * 0.9).collect()
}

fn token(text: &str, at: usize, origin: Origin) -> Token {
    let id = VOCABULARY.iter().position(|known| *known == text).unwrap() as u32;
    Token {
        id,
        bytes: text.as_bytes().into(),
        span: at..at + text.len(),
        turn: origin.turn,
        role: origin.role,
        part: origin.part,
        overlaps: Vec::new(),
        special: id < 2,
        injected: false,
        generation: false,
    }
}

fn sequence(kind: Kind, tokens: &[(&str, Option<usize>, Part)], roles: &[&str]) -> Sequence {
    let mut sequence = Sequence { kind, turns: roles.len(), ..Sequence::default() };
    sequence.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    for &(text, turn, part) in tokens {
        let role = turn.map(|turn| roles[turn].to_owned());
        sequence.tokens.push(token(text, sequence.text.len(), Origin { turn, role: role.map(Into::into), part }));
        sequence.text.push_str(text);
    }
    sequence
}

/// A greeting and its answer.
pub fn chat_sequence() -> Sequence {
    use Part::{AfterStop, Content, Header, Stop};
    let (user, assistant) = (Some(0), Some(1));
    let tokens = [
        ("<|im_start|>", user, Header),
        ("user", user, Header),
        ("\n", user, Header),
        ("Hi", user, Content),
        ("<|im_end|>", user, Stop),
        ("\n", user, AfterStop),
        ("<|im_start|>", assistant, Header),
        ("ass", assistant, Header),
        ("istant", assistant, Header),
        ("\n", assistant, Header),
        ("Hello", assistant, Content),
        (" there", assistant, Content),
        ("<|im_end|>", assistant, Stop),
        ("\n", assistant, AfterStop),
    ];
    let mut sequence = sequence(Kind::Chat, &tokens, &["user", "assistant"]);
    let header = sequence.tokens[6].span.start..sequence.tokens[9].span.end;
    sequence.facts.prompted.push(header);
    sequence
}

/// Twenty times the chat: more tokens than columns.
pub fn long_sequence() -> Sequence {
    let one = chat_sequence();
    let mut long = Sequence { tokens: Vec::new(), text: String::new(), ..one.clone() };
    for _ in 0..20 {
        for token in &one.tokens {
            let mut token = token.clone();
            let start = long.text.len();
            long.text.push_str(&token.text());
            token.span = start..long.text.len();
            long.tokens.push(token);
        }
    }
    long
}

/// Raw text with everything that is hard to draw.
pub fn text() -> Sequence {
    let tokens =
        ["Hello", " world", "日本", "🙂", "e\u{301}", "\u{7}", "\t", "\n"].map(|text| (text, None, Part::Plain));
    sequence(Kind::Text, &tokens, &[])
}

fn start(sample: Sample, name: &str) -> App {
    App::new(Start { encoding: Prefix::None.into(), ..Start::on(sample, name) }).0
}

/// The engine's word that `sequence` is what there is now.
pub fn tokenised(generation: u64, sequence: Sequence) -> Event {
    let model = ModelInfo {
        name: "hand-made".into(),
        architecture: "llama",
        parameters: 18,
        vocab_size: VOCABULARY.len(),
        context: 64,
        dtype: "f32",
        device: "cpu".into(),
        heads: 2,
        masks: vec![(AttentionMask::Causal, vec![0, 1])],
        facts: Facts { bos: None, eos: Some(1), pad: None, context: 64 },
        notes: Vec::new(),
        left_out: None,
        tokens: Arc::new(VOCABULARY.map(|text| text.as_bytes().to_vec()).to_vec()),
    };
    Event::Tokenised { generation, model: Arc::new(model), sequence: Arc::new(sequence) }
}

/// The sequence with its first `scored` rows.
pub fn partly(sequence: Sequence, scored: usize) -> App {
    let sample = match sequence.kind {
        Kind::Text => Sample::Text(sequence.text.clone()),
        Kind::Chat => Sample::Chat(Chat { messages: vec![Message::default()], ..Chat::default() }),
    };
    let mut app = start(sample, "hand-made.json");
    let generation = app.analysis.generation;
    let ids = sequence.ids();
    let rows = (0..scored).map(|i| row(&logits(i), ids.get(i + 1).copied(), 5)).collect();
    update(&mut app, Action::Engine(tokenised(generation, sequence)));
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    app
}

/// The sequence with all its rows.
pub fn loaded(sequence: Sequence) -> App {
    let all = sequence.len();
    let mut app = partly(sequence, all);
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(Event::Finished { generation, seconds: 0.012 }));
    app
}

/// A scored chat.
pub fn chat() -> App {
    loaded(chat_sequence())
}

/// The scored chat in this view, with the cursor at token `t`.
pub fn at(view: View, t: usize) -> App {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Show(view)));
    update(&mut app, Action::Goto(t));
    app
}

/// A scored text without a token.
pub fn empty() -> App {
    loaded(Sequence::default())
}

/// The engine's answer to the question that the cursor raises.
pub fn answer_distribution(app: &mut App) {
    let Some(position) = app.cursor.checked_sub(1) else { return };
    let (generation, distribution) = (app.analysis.generation, Distribution::new(logits(position)));
    update(app, Action::Engine(Event::Distribution { generation, position, distribution }));
}

/// Nine records: chats of more and more tokens, record 3 without an answer that is scored, record 5 unreadable.
pub fn summaries() -> Vec<Summary> {
    let summary = |index: usize| {
        let sequence = chat_sequence();
        let mode: Mode = if index == 3 { "roles=tool".parse().unwrap() } else { Mode::Assistant };
        let options = MaskOptions::new(&sequence, None, PartWeights::default());
        let mask = LossMask::new(&sequence, mode, options).unwrap();
        let message = |role: &str, content: String| Message { role: role.into(), content, ..Message::default() };
        let messages =
            vec![message("user", format!("Question {index}\u{1b}[31m")), message("assistant", "Hello".into())];
        let sample = Sample::Chat(Chat { messages, ..Chat::default() });
        let findings = match index {
            3 => finding::findings(&sequence, &mask, &Facts { bos: None, eos: None, pad: None, context: 512 }),
            5 => vec![Finding::unreadable("is not JSON at column 3: mend it")],
            _ => Vec::new(),
        };
        let masked = Masked { form: Form::Messages, sample, sequence, mask };
        let masked = Some(masked).filter(|_| index != 5);
        let (figures, says) = (None, None);
        let (place, unit, is_read) = (index + 1, Unit::Line, true);
        let entry = Entry { index, file: 0, place, unit, is_read, figures, findings, says };
        let judged = Judged { entry, masked };
        Summary::of(&judged, Place { index, place: index + 1, offset: 100 * index as u64 })
    };
    (0..9).map(summary).collect()
}

/// A data set is opened, and its first records are known.
pub fn open_set(app: &mut App) -> Vec<Effect> {
    let mut opened = Opened::new("set.jsonl · record 0", app.sample.clone(), None);
    opened.set = Some(DataSet { file: "/data/set.jsonl".into(), name: "set.jsonl".into(), index: 0 });
    let effects = update(app, Action::Files(FileOutcome::Read(opened)));
    tell(app, SurveyEvent::Begun { model: "tiny-chat".into() });
    tell(app, SurveyEvent::Records { records: summaries(), read: Some(0.25) });
    effects
}

/// What the first survey says.
pub fn tell(app: &mut App, event: SurveyEvent) {
    update(app, Action::Engine(Event::Survey { number: 1, event }));
}
