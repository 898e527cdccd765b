//! The views Attend and Score, and what lies over the views, cell by cell.

#[path = "screens/sample.rs"]
#[allow(dead_code)]
mod sample;

use lossglass::app::view::{attend, predict, score, train};
use lossglass::app::{Action, App, Command, FileOutcome, Overlay, ScorePanel, Start, View, update};
use lossglass::engine::{CompareEvent, Event};
use lossglass::loss::{Row, Target};
use lossglass::mask::{AttentionMask, Basis};
use lossglass::sample::{Chat, Message, Sample};
use lossglass::sequence::{Origin, PackOptions, PackRequest, Packing, Sequence};
use lossglass::template::Part;
use lossglass::ui::{self, Hits, Theme};
use ratatui::layout::Position;
use ratatui::{Terminal, backend::TestBackend};

use sample::{answer_distribution, chat, chat_sequence, empty, loaded, partly, text};

fn frame(app: &App, width: u16, height: u16) -> (String, Hits) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    let theme = Theme::of(app.theme, app.unicode);
    terminal.draw(|frame| hits = ui::draw(app, &theme, frame)).unwrap();
    let rows = terminal.backend().buffer().content.chunks(usize::from(width)).map(|row| {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned()
    });
    (rows.collect::<Vec<_>>().join("\n"), hits)
}

fn lines(app: &App, width: u16, height: u16) -> String {
    frame(app, width, height).0
}

fn at(view: View, t: usize) -> App {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Show(view)));
    update(&mut app, Action::Goto(t));
    app
}

/// Twenty times the chat: more tokens than columns.
fn long() -> Sequence {
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

fn edited(messages: &[(&str, &str)]) -> App {
    let mut app = at(View::Score, 11);
    let message =
        |&(role, content): &(&str, &str)| Message { role: role.into(), content: content.into(), ..Message::default() };
    app.shared.sample = Sample::Chat(Chat { messages: messages.iter().map(message).collect(), ..Chat::default() });
    update(&mut app, Action::Do(Command::Edit));
    app
}

#[test]
fn attend() {
    let app = at(View::Attend, 11);
    insta::assert_snapshot!("attend_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("attend_120x40", lines(&app, 120, 40));
}

/// gemma3's layers see differently far: what is drawn is the mask of the layers that the title names.
#[test]
fn attend_shows_the_mask_of_a_models_own_layers() {
    let mut app = at(View::Attend, 11);
    let model = app.shared.analysis.model.as_mut().expect("a model");
    std::sync::Arc::make_mut(model).masks =
        vec![(AttentionMask::Sliding(4), vec![0, 1, 2, 4, 5]), (AttentionMask::Causal, vec![3])];
    insta::assert_snapshot!("attend_window_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Do(attend::Command::NextLayers.into()));
    let all = lines(&app, 120, 40);
    assert!(all.contains("causal, in layer 3 · i other layers") && all.contains("may see 11 tokens"), "{all}");
    update(&mut app, Action::Do(attend::Command::NextLayers.into()));
    assert!(lines(&app, 120, 40).contains("the last 4 tokens, in layers 0–2, 4–5"));
}

#[test]
fn attend_at_both_ends_and_with_more_tokens_than_columns() {
    assert!(lines(&at(View::Attend, 0), 120, 40).contains("no row predicts it"));
    assert!(lines(&at(View::Attend, 14), 120, 40).contains("there is no answer to compare with"));
    let mut app = loaded(long());
    app.view = View::Attend;
    update(&mut app, Action::Goto(200));
    insta::assert_snapshot!("attend_long_80x24", lines(&app, 80, 24));
}

#[test]
fn score() {
    let app = at(View::Score, 11);
    insta::assert_snapshot!("score_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("score_120x40", lines(&app, 120, 40));
    let mut app = loaded(text());
    app.view = View::Score;
    update(&mut app, Action::Goto(3));
    insta::assert_snapshot!("score_text_80x24", lines(&app, 80, 24));
}

#[test]
fn the_panels_of_score() {
    let mut app = at(View::Score, 11);
    answer_distribution(&mut app);
    for (panel, name) in [(ScorePanel::Labels, "labels"), (ScorePanel::Gradient, "gradient")] {
        update(&mut app, Action::ShowPanel(panel as usize));
        insta::assert_snapshot!(format!("score_{name}_80x24"), lines(&app, 80, 24));
        insta::assert_snapshot!(format!("score_{name}_120x40"), lines(&app, 120, 40));
    }
    insta::assert_snapshot!("score_200x60", lines(&app, 200, 60));
    for (t, why) in [(0, "no logits, no gradient"), (14, "come next: no target"), (3, "is 0 everywhere")] {
        update(&mut app, Action::Goto(t));
        assert!(lines(&app, 120, 40).contains(why), "{t}");
    }
}

#[test]
fn painted_tokens_and_what_is_found_of_them() {
    let mut app = at(View::Score, 12);
    let act = |app: &mut App, commands: &[Command]| commands.iter().for_each(|&c| drop(update(app, Action::Do(c))));
    let profile = lossglass::mask::profile::find("trl-qwen2.5").unwrap();
    update(&mut app, Action::Basis(Basis::Profile(profile)));
    act(&mut app, &[score::Command::PaintTokens.into(), Command::Left, score::Command::PaintWeight.into()]);
    update(&mut app, Action::Paste("0.5".into()));
    act(&mut app, &[Command::Accept]);
    update(&mut app, Action::Goto(3));
    act(
        &mut app,
        &[
            score::Command::PaintTokens.into(),
            score::Command::Select.into(),
            score::Command::SelectLeft.into(),
            score::Command::SelectLeft.into(),
        ],
    );
    update(&mut app, Action::ShowPanel(ScorePanel::Findings as usize));
    insta::assert_snapshot!("score_painted_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("score_painted_120x40", lines(&app, 120, 40));
    update(&mut app, Action::ShowPanel(ScorePanel::Labels as usize));
    update(&mut app, Action::Goto(11));
    assert!(lines(&app, 80, 24).contains("8 ×0.5"), "{}", lines(&app, 80, 24));
    act(&mut app, &[score::Command::PaintWeight.into()]);
    update(&mut app, Action::Paste("half".into()));
    act(&mut app, &[Command::Accept]);
    insta::assert_snapshot!("score_weight_80x24", lines(&app, 80, 24));
    act(&mut app, &[Command::Cancel]);
    app.unicode = false;
    assert!(lines(&app, 120, 40).is_ascii());
}

#[test]
fn the_row_that_counts_stays_in_sight() {
    let mut app = at(View::Score, 11);
    for _ in 0..40 {
        update(&mut app, Action::Do(Command::Down));
        for (width, height) in [(80, 24), (60, 20), (40, 16), (120, 30)] {
            let screen = lines(&app, width, height);
            let row = format!("▸ {}", app.basis().name());
            assert!(screen.contains(&row), "{row} at {width}×{height}: {screen}");
        }
    }
}

#[test]
fn score_says_what_is_missing() {
    let mut app = partly(chat_sequence(), 5);
    app.view = View::Score;
    assert!(lines(&app, 120, 40).contains("no loss yet: scoring is under way, 5 of 14 rows"));
    let mut sequence = chat_sequence();
    sequence.roles = vec!["user".into(); 2];
    for token in &mut sequence.tokens {
        token.role = Some("user".into());
    }
    let mut app = loaded(sequence);
    app.view = View::Score;
    assert!(lines(&app, 120, 40).contains("nothing is scored: the loss is undefined, not 0"));
    let mut app = at(View::Score, 11);
    assert!(lines(&app, 120, 40).contains("▸ scored"));
    update(&mut app, Action::Paste("new".into()));
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("what is asked for now is not tokenised") && !screen.contains("perplexity"), "{screen}");
}

#[test]
fn the_figures_of_score_stand_apart() {
    let mut app = loaded(long());
    app.view = View::Score;
    update(&mut app, Action::Basis(lossglass::mask::Mode::Completion.into()));
    for width in [60, 80, 120] {
        let screen = lines(&app, width, 24);
        let line = screen.lines().find(|line| line.contains("  assistant ")).unwrap();
        let figures: Vec<&str> = line.trim_end_matches('│').split_whitespace().rev().take(3).collect();
        let [loss, difference, scored] = figures[..] else { panic!("{line}") };
        assert!(loss.parse::<f64>().is_ok() && scored.parse::<usize>().is_ok(), "{line}");
        assert!(difference.starts_with('+') || difference.starts_with('−'), "{line}");
    }
    let narrow = lines(&app, 40, 24);
    assert!(narrow.contains("▸ completion") && !narrow.contains("+57"), "{narrow}");
}

#[test]
fn straddlers_and_typed_specials_are_marked() {
    let mut sequence = chat_sequence();
    sequence.tokens[4].injected = true;
    sequence.tokens[9].overlaps = vec![Origin { turn: Some(1), role: Some("assistant".into()), part: Part::Content }];
    let mut app = loaded(sequence);
    app.view = View::Score;
    insta::assert_snapshot!("score_marks_80x24", lines(&app, 80, 24));
}

#[test]
fn empty_views_say_what_to_press() {
    for view in View::EVERY {
        let mut app = empty();
        app.view = view;
        assert!(lines(&app, 80, 24).contains("o opens"), "{view:?}");
    }
}

#[test]
fn a_text_that_is_not_tokenised_yet_is_not_said_to_be_none() {
    for view in View::EVERY {
        let (mut app, _) = App::new(Start::on(Sample::Text("Hello".into()), "hello.txt"));
        app.view = view;
        let screen = lines(&app, 80, 24);
        assert!(screen.contains("one moment") && !screen.contains("no text"), "{view:?}: {screen}");
        update(&mut app, Action::Do(Command::Cancel));
        let screen = lines(&app, 80, 24);
        assert!(screen.contains("Nothing is computed yet; R goes on."), "{view:?}: {screen}");
        assert!(!screen.contains("no text") && !screen.contains("no tokens"), "{view:?}: {screen}");
    }
}

#[test]
fn help() {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Help));
    insta::assert_snapshot!("help_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("help_120x40", lines(&app, 120, 40));
    app.overlay = Some(Overlay::Help { scroll: u16::MAX });
    let screen = lines(&app, 80, 24);
    assert!(
        screen.contains("Records: jump, search") && screen.contains("take what was typed"),
        "the end, not beyond it: {screen}"
    );
}

#[test]
fn settings_and_saving() {
    let mut app = at(View::Train, 11);
    let set = |app: &mut App, commands: &[Command]| commands.iter().for_each(|&c| drop(update(app, Action::Do(c))));
    set(&mut app, &[train::Command::Settings.into(), Command::Right, Command::Down]);
    insta::assert_snapshot!("settings_80x24", lines(&app, 80, 24));
    assert!(lines(&app, 120, 40).contains("temperature of samples"));
    set(&mut app, &[Command::Cancel]);
    app.training.step = 7;
    set(&mut app, &[train::Command::Save.into()]);
    insta::assert_snapshot!("save_80x24", lines(&app, 80, 24));
    set(&mut app, &[Command::Cancel, train::Command::TwinRun.into()]);
    insta::assert_snapshot!("twin_list_80x24", lines(&app, 80, 24));
}

#[test]
fn lists() {
    let mut app = chat();
    app.directory = "/data".into();
    update(&mut app, Action::Do(Command::Open));
    let entries = vec![("sets".into(), true), ("a\u{1b}[31m.json".into(), false)];
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data".into(), entries }));
    insta::assert_snapshot!("open_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Paste("zzz".into()));
    assert!(lines(&app, 80, 24).contains("enter opens the file or directory \"zzz\""));
    let mut app = at(View::Predict, 11);
    answer_distribution(&mut app);
    update(&mut app, Action::Do(predict::Command::WhatIf.into()));
    update(&mut app, Action::Paste(" t".into()));
    insta::assert_snapshot!("what_if_list_80x24", lines(&app, 80, 24));
    let mut app = chat();
    update(&mut app, Action::Do(Command::Palette));
    insta::assert_snapshot!("palette_120x40", lines(&app, 120, 40));
}

#[test]
fn records() {
    let mut app = chat();
    sample::open_set(&mut app);
    insta::assert_snapshot!("records_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("records_120x40", lines(&app, 120, 40));
    update(&mut app, Action::Do(Command::FilterRecords));
    insta::assert_snapshot!("record_filters_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Do(Command::Cancel));
    update(&mut app, Action::Do(Command::Search));
    update(&mut app, Action::Paste("zzz".into()));
    assert!(lines(&app, 80, 24).contains("with the text zzz"));
    update(&mut app, Action::Do(Command::Accept));
    assert!(lines(&app, 80, 24).contains("searching the file"));
    lines(&app, 40, 10);
}

#[test]
fn editor() {
    let app = edited(&[("user", "Hi"), ("assistant", "Hello there")]);
    insta::assert_snapshot!("editor_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("editor_120x40", lines(&app, 120, 40));
    insta::assert_snapshot!("editor_160x45", lines(&app, 160, 45));
    let many: Vec<(&str, &str)> =
        (0..12).map(|i| if i % 2 == 0 { ("user", "one\ntwo") } else { ("assistant", "three") }).collect();
    insta::assert_snapshot!("editor_many_80x24", lines(&edited(&many), 80, 24));
}

#[test]
fn clicks() {
    let clicked = |app: &App, needle: &str| {
        let (screen, hits) = frame(app, 120, 40);
        // The strip has tokens of the same name.
        let (y, line) = screen.lines().enumerate().skip(5).find(|(_, line)| line.contains(needle)).expect(needle);
        let x = line[..line.find(needle).unwrap()].chars().count();
        format!("{:?}", hits.at(Position::new(x as u16, y as u16)))
    };
    assert_eq!(clicked(&at(View::Attend, 11), "may see").chars().count(), 4, "words are no button");
    assert_eq!(clicked(&at(View::Attend, 11), "istant"), "Some(Goto(8))");
    assert_eq!(clicked(&at(View::Score, 11), "completion"), "Some(Basis(Mode(Completion)))");
    assert_eq!(clicked(&at(View::Score, 11), "●"), "Some(Goto(10))");
    assert!(clicked(&at(View::Score, 11), "llama-factory").starts_with("Some(Basis(Profile("));
    assert_eq!(clicked(&at(View::Score, 11), "Labels"), "Some(ShowPanel(1))");
    let mut app = at(View::Score, 11);
    update(&mut app, Action::ShowPanel(ScorePanel::Labels as usize));
    assert_eq!(clicked(&app, "logits[i] come"), "None");
    assert_eq!(clicked(&app, "10 Hello"), "Some(Goto(10))");
    update(&mut app, Action::Goto(12));
    update(&mut app, Action::Do(score::Command::PaintTokens.into()));
    update(&mut app, Action::ShowPanel(ScorePanel::Findings as usize));
    assert_eq!(clicked(&app, "stop-unscored"), "Some(Goto(12))");
    assert_eq!(clicked(&edited(&[("user", "Hi"), ("assistant", "Hello")]), "Hi"), "Some(FocusTurn(0))");
    let mut app = chat();
    update(&mut app, Action::Do(Command::ChooseModel));
    assert_eq!(clicked(&app, "tiny-chat"), "Some(Pick(1))");
}

/// The chat beside a second model that cuts it otherwise.
#[test]
fn compare() {
    let mut app = at(View::Compare, 11);
    insta::assert_snapshot!("compare_none_80x24", lines(&app, 80, 24));
    let source = lossglass::source::Source::parse("tiny-base").expect("it is embedded");
    update(&mut app, Action::Files(FileOutcome::Second(source)));
    let (generation, model) = (app.analysis.generation, app.analysis.model.clone().expect("a model"));
    let mut sequence = chat_sequence();
    let (first, second) = (sequence.tokens[4].clone(), sequence.tokens.remove(5));
    let joined = &mut sequence.tokens[4];
    joined.span = first.span.start..second.span.end;
    joined.bytes.extend_from_slice(&second.bytes);
    let row = |t: usize| Row {
        entropy: 1.0,
        top: Vec::new(),
        target: sequence.tokens.get(t + 1).map(|token| Target { id: token.id, nll: 0.3 * t as f64, rank: 2 }),
    };
    let rows: Vec<Row> = (0..sequence.len()).map(row).collect();
    for event in [
        CompareEvent::Tokenised { model, sequence: sequence.clone().into() },
        CompareEvent::Scored { from: 0, rows },
        CompareEvent::Finished { seconds: 0.0 },
    ] {
        update(&mut app, Action::Engine(Event::Compare { generation, event }));
    }
    insta::assert_snapshot!("compare_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Goto(5));
    insta::assert_snapshot!("compare_120x40", lines(&app, 120, 40));
}

/// Twice the chat in one pack, and what the other packing costs.
fn packed(packing: Packing) -> App {
    let pack = Sequence::pack(vec![(chat_sequence(), None), (chat_sequence(), None)], packing);
    let others: Vec<Option<f64>> = (0..pack.len()).map(|t| (t > 0).then_some(0.25)).collect();
    let mut app = loaded(pack);
    let options = PackOptions { size: 64, packing };
    app.shared.pack = Some(PackRequest { records: vec![app.sample.clone().into()].into(), index: 0, options });
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(Event::Contrast { generation, nlls: others }));
    app
}

#[test]
fn a_pack_shows_its_documents_and_what_they_see_of_each_other() {
    let mut app = packed(Packing::Block);
    let start = app.len() / 2;
    update(&mut app, Action::Do(Command::Show(View::Attend)));
    update(&mut app, Action::Goto(start + 2));
    insta::assert_snapshot!("attend_block_80x40", lines(&app, 80, 40));
    update(&mut app, Action::Goto(start));
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("its document ends here: it does not predict"), "{screen}");
    let mut naive = packed(Packing::Naive);
    update(&mut naive, Action::Do(Command::Show(View::Attend)));
    update(&mut naive, Action::Goto(start + 2));
    insta::assert_snapshot!("attend_naive_80x40", lines(&naive, 80, 40));
    naive.unicode = false;
    let screen = lines(&naive, 120, 40);
    assert!(screen.contains("% sees of another document") && screen.is_ascii(), "{screen}");
}

#[test]
fn the_packing_panel_compares_block_and_naive() {
    for (packing, name) in [(Packing::Block, "block"), (Packing::Naive, "naive")] {
        let mut app = packed(packing);
        update(&mut app, Action::Do(Command::Show(View::Score)));
        let last = app.len() - 3;
        update(&mut app, Action::Goto(last));
        update(&mut app, Action::ShowPanel(ScorePanel::Packing as usize));
        insta::assert_snapshot!(format!("score_{name}_120x40"), lines(&app, 120, 40));
        app.shared.analysis.contrast = Vec::new();
        assert!(lines(&app, 120, 40).contains("not known yet"));
    }
}
