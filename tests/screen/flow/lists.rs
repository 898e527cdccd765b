//! Keys in the lists.

use lossglass::app::{Action, Chosen, Effect, FileOutcome, FileRequest, PickerKind, View, update};
use lossglass::engine::Request;
use lossglass::mask::Mode;
use lossglass::sample::{BUILT_IN, Sample};

use super::{notice, picker, press};
use crate::support::sample::{answer_distribution, chat, text, tokenised};

#[test]
fn the_palette_finds_and_does_a_command() {
    let mut app = chat();
    press(&mut app, ": v i e w space s c o");
    assert_eq!(picker(&app).current().unwrap().label, "view Score: which tokens count");
    press(&mut app, "enter");
    assert!(app.overlay.is_none() && app.view == View::Score);
    press(&mut app, ": z z z z");
    assert_eq!(picker(&app).shown().len(), 0);
    press(&mut app, "enter");
    assert!(app.overlay.is_some(), "nothing matches, nothing happens");
    press(&mut app, "backspace backspace backspace backspace");
    assert_eq!(picker(&app).shown().len(), picker(&app).total());
    press(&mut app, "z ctrl-u");
    assert_eq!(picker(&app).query.text(), "");
}

#[test]
fn the_selection_stays_in_the_list() {
    let mut app = chat();
    press(&mut app, "o ↑");
    assert_eq!(picker(&app).selected, 0);
    press(&mut app, "↓ pgdn pgdn pgdn pgdn pgdn pgdn");
    assert_eq!(picker(&app).selected, picker(&app).total() - 1);
    press(&mut app, "c");
    assert_eq!(picker(&app).selected, 0, "another list, its first line");
}

#[test]
fn a_sample_is_opened_and_shown_from_its_start() {
    let mut app = chat();
    update(&mut app, Action::Goto(9));
    app.shared.policy.basis = Mode::Completion.into();
    let at = BUILT_IN.iter().position(|built_in| built_in.name.ends_with(".txt")).unwrap();
    press(&mut app, "o");
    let effects = update(&mut app, Action::Pick(at));
    assert_eq!((&app.sample, app.mode()), (&BUILT_IN[at].sample(), Mode::All));
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, text())));
    assert_eq!(app.cursor, 1, "the first token that is scored");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Engine(Request::Analyze { .. }))));
}

#[test]
fn directories_are_walked_and_files_read() {
    let mut app = chat();
    app.directory = "/data".into();
    let effects = press(&mut app, "o");
    assert!(matches!(&effects[..], [Effect::Files(FileRequest::List(path))] if path == std::path::Path::new("/data")));
    let entries = vec![("sets".into(), true), ("b\u{1b}.json".into(), false)];
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data".into(), entries }));
    let labels: Vec<&str> = picker(&app).shown().map(|item| item.label.as_str()).collect();
    assert_eq!(labels[BUILT_IN.len()..], ["../", "sets/", "b⟨1B⟩.json"]);
    press(&mut app, "s e t s /");
    let effects = press(&mut app, "enter");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::List(path))] if path == std::path::Path::new("/data/sets"))
    );
    assert_eq!(picker(&app).kind, PickerKind::Open);
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data/sets".into(), entries: Vec::new() }));
    assert_eq!((app.directory.as_path(), picker(&app).query.text()), (std::path::Path::new("/data/sets"), ""));
    let effects = press(&mut app, "x / y . t x t enter");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::Read(path))] if path == std::path::Path::new("/data/sets/x/y.txt"))
    );
    let failed = FileOutcome::Failed("reading x/y.txt: no such file".into());
    update(&mut app, Action::Files(failed));
    assert_eq!(notice(&app), ("reading x/y.txt: no such file", true));
    assert_eq!(picker(&app).query.text(), "x/y.txt", "what was typed can be mended");
    press(&mut app, "backspace");
    assert_eq!(notice(&app).0, "");
    press(&mut app, "ctrl-u");
    for (typed, path) in [("/", "/"), ("/etc/", "/etc"), ("~/a", "~/a"), ("~", "~"), ("../../x", "/data/sets/../../x")]
    {
        update(&mut app, Action::Paste(typed.into()));
        let effects = press(&mut app, "enter ctrl-u");
        assert!(
            matches!(&effects[..], [Effect::Files(FileRequest::Read(read))] if read == std::path::Path::new(path)),
            "{effects:?}"
        );
    }
}

#[test]
fn what_is_called_as_typed_comes_first_and_files_before_samples() {
    let mut app = chat();
    app.directory = "/data".into();
    press(&mut app, "o");
    let entries =
        [("text", true), ("my_poem.txt", false), ("poem.txt", false), ("poem", false), ("poem.txt.old", false)];
    let entries = entries.map(|(name, is_directory)| (name.to_owned(), is_directory)).to_vec();
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data".into(), entries }));
    let found = |app: &mut lossglass::app::App, query: &str| {
        update(app, Action::Paste(query.into()));
        let found: Vec<_> =
            picker(app).shown().take(5).map(|item| (item.label.clone(), item.detail().into_owned())).collect();
        press(app, "ctrl-u");
        found
            .into_iter()
            .map(|(label, detail)| if detail.starts_with("sample") { format!("({label})") } else { label })
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&mut app, "poem.txt"), ["poem.txt", "(poem.txt)", "poem.txt.old", "my_poem.txt"]);
    assert_eq!(found(&mut app, "POEM"), ["poem", "poem.txt", "poem.txt.old", "(poem.txt)", "my_poem.txt"]);
    assert_eq!(found(&mut app, "text")[0], "text/");
    assert_eq!(found(&mut app, "")[0], "(capital.json)", "samples stand first where nothing is typed");
}

#[test]
fn a_model_is_chosen_by_line_or_by_what_is_typed() {
    let mut app = chat();
    press(&mut app, "m");
    let Chosen::Model(name) = picker(&app).current().unwrap().choice.clone() else { panic!("a model") };
    let effects = press(&mut app, "enter");
    assert!(matches!(&effects[..], [Effect::Files(FileRequest::FindModel(asked))] if *asked == name), "{effects:?}");
    let source = lossglass::source::Source::parse(&name).unwrap();
    let effects = update(&mut app, Action::Files(FileOutcome::Model(source.clone())));
    assert_eq!(app.chosen_model, Some(source));
    assert!(matches!(effects[..], [Effect::Engine(Request::Analyze { .. })]), "{effects:?}");
}

#[test]
fn a_what_if_is_typed_taken_and_forgotten() {
    let mut app = chat();
    update(&mut app, Action::Goto(0));
    press(&mut app, "w");
    assert!(app.overlay.is_none() && notice(&app).0.contains("nothing predicts the first token"));
    update(&mut app, Action::Goto(11));
    answer_distribution(&mut app);
    press(&mut app, "w");
    assert_eq!(picker(&app).total(), 18, "the whole vocabulary");
    let p: Vec<String> = picker(&app).shown().map(|item| item.detail().into_owned()).collect();
    assert!(p.is_sorted_by(|a, b| a >= b), "most likely first: {p:?}");
    press(&mut app, "space t h e");
    let labels: Vec<&str> = picker(&app).shown().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["␣the", "␣there"], "what is typed exactly comes first");
    press(&mut app, "enter");
    assert_eq!(app.views.predict.what_if, Some(16));
    press(&mut app, "esc");
    assert_eq!(app.views.predict.what_if, None);
    press(&mut app, "w enter →");
    assert_eq!(app.views.predict.what_if, None, "another place, another question");
}

#[test]
fn a_paste_goes_into_the_query_and_a_late_click_nowhere() {
    let mut app = chat();
    press(&mut app, "o");
    update(&mut app, Action::Paste("/tmp/none.json\nmore".into()));
    assert_eq!(picker(&app).query.text(), "/tmp/none.json");
    assert!(update(&mut app, Action::Pick(7)).is_empty() && app.overlay.is_some());
    let effects = press(&mut app, "enter");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::Read(path))] if path == std::path::Path::new("/tmp/none.json"))
    );
    assert!(matches!(app.sample, Sample::Chat(_)));
}

/// Every line that is typed has a cursor: a slip in the middle is mended where it is.
#[test]
fn a_slip_in_a_typed_line_is_mended_where_it_is() {
    let mut app = chat();
    press(&mut app, "o s a m l e ← ← p");
    assert_eq!(picker(&app).query.text(), "sample");
    assert_eq!(picker(&app).query.halves(), ("samp", "le"));
    press(&mut app, "→ backspace end backspace");
    assert_eq!(picker(&app).query.text(), "samp");
}
