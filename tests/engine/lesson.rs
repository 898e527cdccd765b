//! Lessons beside the real engine: what is asked is checked, going back undoes, leaving returns; and what is guessed is
//! hidden in every view.

use std::sync::Arc;

use lossglass::app::{Action, Activity, App, Command, Context, Progress, Standing, Start, View};
use lossglass::lesson::{Ask, SHIPPED};
use lossglass::mask::Mode;
use lossglass::sample::{BUILT_IN, Sample};

use crate::session::Session;

fn stage(app: &App) -> Option<(usize, Standing)> {
    app.lesson.as_ref().filter(|sitting| sitting.is_on()).map(|sitting| (sitting.at, sitting.stage))
}

/// A session on the first sample, scored.
fn session() -> Session {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 40);
    session.until_ready();
    session
}

/// Begins a lesson from the list.
fn begin(session: &mut Session, number: usize) {
    session.keys("A");
    session.keys(&"↓ ".repeat(number));
    session.keys("enter");
    stands(session, 0);
}

/// Until step `at` waits for the reader or has nothing to wait for.
fn stands(session: &mut Session, at: usize) {
    session.until(|app| matches!(stage(app), Some((step, Standing::Asking | Standing::Met)) if step == at));
}

fn met(session: &mut Session) {
    session.until(|app| matches!(stage(app), Some((_, Standing::Met))));
}

/// Has done what each step asks, up to step `to`.
fn go_to(session: &mut Session, to: usize) {
    while stage(&session.app).is_some_and(|(at, _)| at < to) {
        let at = stage(&session.app).expect("on").0;
        if session.app.guess.is_some() {
            session.keys("esc");
        } else if stage(&session.app).expect("on").1 == Standing::Asking {
            session.act(Action::Do(Command::GoOn));
            session.act(Action::Do(Command::GoOn));
        }
        met(session);
        session.act(Action::Do(Command::GoOn));
        stands(session, at + 1);
    }
}

/// What the screen rests on, as far as a reader sees it.
fn scene(app: &App) -> String {
    let nlls: Vec<Option<f64>> = (0..app.len()).map(|t| app.analysis.scores.nll(t)).collect();
    format!(
        "{:?} {:?} {:?} {:?} {} {} {nlls:?} {:?}",
        app.sample,
        app.view,
        app.cursor,
        app.policy,
        app.training.step,
        app.source().name(),
        app.lesson_text()
    )
}

#[test]
fn what_is_asked_is_checked_and_what_was_done_is_said() {
    let mut session = session();
    begin(&mut session, 0);
    // The first question: a word that is hidden.
    assert_eq!(session.app.context(), Context::Answer);
    for letter in ["m", "a", "t"] {
        session.keys(letter);
    }
    session.keys("enter");
    met(&mut session);
    let screen = session.screen();
    assert!(
        screen.contains("To ␣mat the model gave 0.433, rank 1.") && screen.contains("You: 1 of 1 right"),
        "{screen}"
    );
    session.keys("enter");
    stands(&mut session, 1);
    // On is not on while something is asked for; another key is not the one.
    session.keys("enter d");
    assert_eq!(stage(&session.app), Some((1, Standing::Asking)));
    session.keys("→");
    met(&mut session);
    assert!(session.screen().contains("enter goes on"));
    // What it says of its own place stays true wherever the cursor is.
    session.keys("home");
    assert!(session.app.lesson_text().expect("on").contains("gave ␣mat a probability of 0.433"));
}

#[test]
fn going_back_undoes_to_the_bit() {
    let mut session = session();
    begin(&mut session, 0);
    let lesson = session.app.lesson.as_ref().expect("on").lesson.clone();
    let trains = lesson.steps.iter().position(|step| step.title == "A right answer that costs").expect("there");
    go_to(&mut session, trains);
    let before = scene(&session.app);
    for step in 1..=3 {
        session.keys("space");
        session.until(|app| app.training.step == step && app.training.activity == Activity::Idle);
    }
    met(&mut session);
    session.keys("enter");
    stands(&mut session, trains + 1);
    let after = scene(&session.app);
    assert_ne!(before, after);
    session.keys("backspace");
    stands(&mut session, trains);
    session.until(|app| app.distribution().is_some());
    assert_eq!(scene(&session.app), before);
    // Forward again, done by the lesson: the same numbers.
    session.act(Action::Do(Command::GoOn));
    session.act(Action::Do(Command::GoOn));
    met(&mut session);
    session.keys("enter");
    stands(&mut session, trains + 1);
    session.until(|app| app.distribution().is_some());
    assert_eq!(scene(&session.app), after);
}

#[test]
fn leaving_returns_to_where_one_was_and_coming_back_resumes() {
    let mut session = session();
    session.keys("3 tab → → 1 + t");
    session.until_ready();
    let (mode, outside) = (session.app.mode(), scene(&session.app));
    let predict = (session.app.views.predict.top_k, session.app.views.predict.temperature);
    begin(&mut session, 0);
    go_to(&mut session, 7);
    let inside = scene(&session.app);
    session.act(Action::Do(Command::Lesson));
    session.until(|app| !app.lesson.as_ref().expect("left").is_on());
    session.until_ready();
    assert_eq!((session.app.mode(), scene(&session.app)), (mode, outside.clone()));
    assert_eq!((session.app.views.predict.top_k, session.app.views.predict.temperature), predict);
    assert_ne!(mode, Mode::Assistant);
    session.keys("A enter");
    stands(&mut session, 7);
    session.until(|app| app.distribution().is_some());
    assert_eq!(scene(&session.app), inside);
    session.act(Action::Do(Command::Lesson));
    session.until(|app| !app.lesson.as_ref().expect("left").is_on());
    session.until_ready();
    assert_eq!(scene(&session.app), outside);
}

#[test]
fn steps_that_are_not_saved_are_not_lost_unasked() {
    let mut session = session();
    session.keys("4 space");
    session.until(|app| app.training.step == 1 && app.training.activity == Activity::Idle);
    session.keys("A enter");
    assert!(session.app.lesson.is_none());
    assert!(session.app.notice.as_ref().expect("said").text.contains("not saved"));
    session.keys("A enter");
    stands(&mut session, 0);
    session.keys("esc");
    met(&mut session);
    session.keys("A");
    session.until(|app| !app.lesson.as_ref().expect("left").is_on());
    session.until(|app| matches!(app.analysis.progress, Progress::Ready { .. }));
    assert_eq!(session.app.training.step, 0, "the weights are the base model's, and so is what is said of them");
}

#[test]
fn any_key_in_any_step_is_taken_and_the_way_on_is_never_lost() {
    let mut session = session();
    begin(&mut session, 1);
    let steps = SHIPPED.len();
    assert!(steps >= 3);
    let sitting = session.app.lesson.as_ref().expect("on");
    let count = sitting.lesson.steps.len();
    for at in 0..count {
        for key in ["i", "tab", "2", "3", "[", "esc", "K", "x", "end", "d", "R"] {
            session.keys(key);
        }
        session.until(|app| matches!(app.analysis.progress, Progress::Ready { .. }));
        if session.app.overlay.is_some() {
            session.keys("esc");
        }
        go_to(&mut session, at + 1);
        if at + 2 == count {
            break;
        }
    }
    session.screen();
}

/// Every view with the class's guess open, drawn as a reader sees it.
fn pictures(session: &mut Session) -> Vec<(View, String)> {
    View::EVERY
        .into_iter()
        .map(|view| {
            session.act(Action::Do(Command::Show(view)));
            let panels = view.panels().len().max(1);
            let drawn: Vec<String> = (0..panels)
                .map(|panel| {
                    session.act(Action::ShowPanel(panel));
                    session.screen()
                })
                .collect();
            (view, drawn.join("\n"))
        })
        .collect()
}

#[test]
fn a_token_that_is_guessed_is_in_no_view() {
    let mut session = Session::new(Sample::Text("The cat sat on the mat.".into()), "typed", 120, 40);
    session.until_ready();
    // Something learned, written and compared, which could all give it away.
    session.keys("4 space");
    session.until(|app| app.training.step == 1 && app.training.now.is_some());
    session.act(Action::Goto(5));
    session.keys("6 space");
    session.until(|app| app.written().is_some());
    session.until_ready();
    session.keys("1");
    let shown = session.screen();
    assert!(shown.contains("mat") && shown.contains("0.5") | shown.contains("0.6"), "{shown}");
    session.keys("Q enter");
    assert!(session.app.guess.is_some());
    for (view, picture) in pictures(&mut session) {
        // The panel's own example names mat.
        let view_alone: String = picture.lines().map(|line| line.chars().take(78).collect::<String>() + "\n").collect();
        assert!(!view_alone.contains("mat"), "{view:?} shows it:\n{picture}");
    }
    // Nothing brings it back but an answer.
    session.act(Action::Goto(6));
    session.act(Action::Do(Command::Right));
    session.act(Action::Do(Command::Step));
    session.act(Action::Basis(Mode::All.into()));
    assert_eq!((session.app.cursor, session.app.len(), session.app.training.step), (5, 5, 1));
    for letter in ["f", "l", "o", "o", "r"] {
        session.keys(letter);
    }
    session.keys("enter");
    session.until(|app| app.guess.is_none());
    assert_eq!(session.app.len(), 7);
    let said = session.app.notice.clone().expect("said").text;
    assert!(said.contains("To ␣floor the model gave") && said.contains("The token is ␣mat"), "{said}");
    assert!(said.contains("You: 0 of 1 right · model: 1 of 1"), "{said}");
}

#[test]
fn what_tokens_cost_is_in_no_view_while_the_costliest_is_guessed() {
    let mut session = session();
    session.keys("4 space");
    session.until(|app| app.training.step == 1 && app.training.now.is_some());
    session.until_ready();
    let nlls: Vec<String> = (1..session.app.len())
        .filter_map(|t| session.app.analysis.scores.nll(t))
        .filter(|nll| *nll > 2.0)
        .map(|nll| format!("{nll:.3}"))
        .collect();
    session.keys("1");
    let shown = session.screen();
    assert!(nlls.iter().filter(|nll| shown.contains(*nll)).count() > 3);
    session.keys("Q ↓ enter");
    assert_eq!(session.app.context(), Context::Pointing);
    for (view, picture) in pictures(&mut session) {
        for nll in &nlls {
            assert!(!picture.contains(nll.as_str()), "{view:?} shows {nll}:\n{picture}");
        }
    }
    session.keys("home → enter");
    let said = session.app.notice.clone().expect("said").text;
    assert!(said.contains("costs most") && said.contains("You: 0 of 1 right"), "{said}");
    assert!(session.app.ledger().is_some());
}

#[test]
fn the_mask_is_in_no_view_while_it_is_guessed_and_marks_are_judged() {
    let mut session = session();
    let scored: Vec<usize> =
        (0..session.app.len()).filter(|&t| session.app.mask().expect("a mask").is_scored(t)).collect();
    session.keys("Q ↓ ↓ enter");
    for (view, picture) in pictures(&mut session) {
        // A legend says what the sign would mean.
        let picture = picture.replace("● scored", "").replace("●: scored", "");
        for words in ["of 26 scored", "●", "as trl-qwen3", "assistant header", "unscored:"] {
            assert!(!picture.contains(words), "{view:?} shows {words}:\n{picture}");
        }
    }
    for t in &scored {
        session.act(Action::Goto(*t));
        session.keys("x");
    }
    session.keys("enter");
    let said = session.app.notice.clone().expect("said").text;
    assert!(said.contains("Right: these 8 tokens are scored and no other."), "{said}");
    assert_eq!(session.app.mask().expect("again").scored(), 8);
}

#[test]
fn whether_the_loss_goes_up_is_seen_after_a_step() {
    let mut session = session();
    session.keys("Q ↓ ↓ ↓ enter");
    for letter in ["d", "o", "w", "n"] {
        session.keys(letter);
    }
    session.keys("enter");
    session.until(|app| app.guess.is_none());
    assert_eq!(session.app.training.step, 1);
    let said = session.app.notice.clone().expect("said").text;
    assert!(said.contains("The loss went down") && said.contains("You: 1 of 1 right"), "{said}");
}

#[test]
fn a_lesson_of_one_s_own_begins_with_the_program_and_ends_where_one_was() {
    let source = "---\ntitle: Mine\n---\n## One\n```step\ntext: The sea is wide.\ncursor: wide\ntype: cost(0.5) within 0.02\n```\nIt is {target}.\n\
                  ## Two\n```step\nview: score\n```\nThe end.\n";
    let lesson = lossglass::app::shipped(source).expect("a lesson");
    assert!(matches!(lesson.steps[0].ask, Ask::Type { .. }));
    let first = &BUILT_IN[0];
    let mut session =
        Session::start(Start { lesson: Some(Arc::new(lesson)), ..Start::on(first.sample(), first.name) }, 120, 40);
    stands(&mut session, 0);
    for letter in ["0", ".", "6", "enter"] {
        session.keys(letter);
    }
    assert_eq!(stage(&session.app), Some((0, Standing::Asking)), "not near enough");
    for letter in ["0", ".", "6", "9", "enter"] {
        session.keys(letter);
    }
    met(&mut session);
    session.keys("enter");
    stands(&mut session, 1);
    assert_eq!(session.app.view, View::Score);
    session.keys("enter");
    session.until(|app| app.lesson.is_none());
    session.until_ready();
    assert_eq!((session.app.sample_name.as_str(), session.app.view), (first.name, View::Predict));
}
