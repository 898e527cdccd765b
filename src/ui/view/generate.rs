//! The view Generate: the true text under teacher forcing, the model's own beside it, and what stood to choose from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::view::generate::Writing;
use crate::app::{Action, App};
use crate::engine::WrittenText;
use crate::generate::{Cut, End, Moment, Sampling};
use crate::ui::{Hits, Theme, bar, empty, text, token};

/// Columns from which on table and moment stand side by side.
const SIDE_BY_SIDE: u16 = 100;
/// Columns of a token's name.
const NAME: usize = 14;
/// Lines of the candidates at least.
const LEAST: usize = 4;
/// Lines of the continuation that is shown in full.
const WHOLE: usize = 6;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    if app.is_empty() {
        let block = theme.block("Generate");
        frame.render_widget(empty::line(app, theme), block.inner(area));
        return frame.render_widget(block, area);
    }
    let [left, right] = if area.width >= SIDE_BY_SIDE {
        Layout::horizontal([Constraint::Percentage(56), Constraint::Fill(1)]).areas(area)
    } else {
        Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area)
    };
    draw_table(app, theme, frame, left, hits);
    draw_moment(app, theme, frame, right);
}

/// How tokens are chosen, in words.
fn sampling_words(sampling: &Sampling, count: usize) -> String {
    let Sampling { temperature, top_k, top_p, min_p, seed, .. } = *sampling;
    if temperature == 0.0 {
        return "greedy".into();
    }
    let mut words = vec![format!("T = {temperature}")];
    words.extend(top_k.map(|k| format!("top-k {k}")));
    words.extend(top_p.map(|p| format!("top-p {p}")));
    words.extend(min_p.map(|p| format!("min-p {p}")));
    words.push(match count {
        1 => format!("seed {seed}"),
        n => format!("seeds {seed}–{}", seed + n as u64 - 1),
    });
    words.join(" · ")
}

/// True and own text, token by token, from a little before the place where the model writes on.
fn draw_table(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let own = &app.views.generate;
    let words = sampling_words(&own.sampling, own.count);
    let block = theme.block("Generate: true text | the model's own").title_bottom(
        Line::styled(format!(" {} · {words} ", text::things(own.count, "continuation")), theme.dim).right_aligned(),
    );
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let heading = format!(
        "{:>5} {} {:>7}  {} {:>7} {:>5}  reads",
        "",
        text::pad_end("true", NAME),
        "p",
        text::pad_end("own", NAME),
        "p",
        "rank"
    );
    let mut lines = vec![Line::styled(heading, theme.dim)];
    let written = app.written();
    let one = written.and_then(|writing| writing.continuations.get(app.shown_continuation()));
    let prompt = written.map_or(app.cursor, |writing| writing.prompt);
    let parting = written.zip(one).and_then(|(writing, one)| app.parting(writing, &one.steps));
    let rows = usize::from(inner.height).saturating_sub(1);
    let steps = one.map_or(0, |one| one.steps.len());
    let end = (prompt + steps).max(app.len()).max(prompt + 1);
    let focus = prompt + steps;
    let first = focus.saturating_sub(rows * 2 / 3).min(end.saturating_sub(rows));
    for (t, place) in (first..end).take(rows).zip(inner.rows().skip(1)) {
        if t <= app.len() {
            hits.push(place, Action::Goto(t));
        }
        lines.push(row(app, theme, t, prompt, one, parting));
    }
    for (line, place) in lines.into_iter().zip(inner.rows()) {
        frame.render_widget(line, place);
    }
}

fn row(
    app: &App,
    theme: &Theme,
    t: usize,
    prompt: usize,
    one: Option<&WrittenText>,
    parting: Option<usize>,
) -> Line<'static> {
    let is_true = t < app.len();
    let name = if is_true { token::label(app, t, NAME) } else { String::new() };
    let p = app.analysis.scores.nll(t).map_or_else(String::new, |nll| text::probability((-nll).exp()));
    let style = if is_true { token::style(app, theme, t) } else { theme.dim };
    let mark = if t == app.cursor { "▸" } else { " " };
    let mut spans = vec![
        Span::styled(format!("{mark}{t:>4} "), if t == app.cursor { theme.accent } else { theme.dim }),
        Span::styled(text::pad_end(&name, NAME), style),
        Span::styled(format!(" {p:>7}  "), theme.dim),
    ];
    let step = t.checked_sub(prompt).and_then(|i| one?.steps.get(i));
    match step {
        Some(step) => {
            let differs = parting.is_some_and(|parting| t >= parting);
            let style = if step.is_forced() {
                theme.warning
            } else if differs {
                theme.rise
            } else {
                theme.fall
            };
            let name = text::pad_end(&text::fit_start(&app.token_label(step.id), NAME), NAME);
            spans.push(Span::styled(name, style));
            spans.push(Span::styled(format!(" {:>7} {:>5}", text::probability(step.p), step.rank), theme.text));
            let read = match parting {
                Some(parting) if t > parting => "  own",
                Some(parting) if t == parting => "  parts ◂",
                _ => "  true",
            };
            spans.push(Span::styled(if step.is_forced() { "  forced" } else { read }, theme.dim));
        }
        None if t < prompt => spans.push(Span::styled("│ prompt", theme.border)),
        None if one.is_none() && t == prompt && t > 0 => {
            spans.push(Span::styled("space: the model writes on here", theme.accent));
        }
        None if t == prompt && one.is_some_and(|one| one.end == Some(End::Context)) => {
            spans.push(Span::styled("the model's context is full", theme.warning));
        }
        None => {}
    }
    Line::from(spans)
}

/// What stands to choose from, and all continuations.
fn draw_moment(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let block = theme.block("What comes next");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    let width = usize::from(inner.width);
    let mut lines: Vec<Line> = Vec::new();
    if let Some(problem) = app.views.generate.problem() {
        let problem = crate::sequence::visible_text(problem);
        lines.extend(text::wrap(&problem, width).into_iter().map(|line| Line::styled(line, theme.error)));
    }
    match (app.written(), app.moment()) {
        (Some(writing), Some(moment)) => {
            let mut texts = continuations(app, theme, writing, width);
            texts.truncate(usize::from(inner.height).saturating_sub(LEAST));
            let room = usize::from(inner.height).saturating_sub(texts.len() + lines.len() + 1);
            lines.extend(choices(app, theme, moment, width, room));
            lines.push(Line::default());
            lines.extend(texts);
        }
        _ => {
            let words = "The model reads the tokens before the cursor and writes on by itself: each token that it chooses \
                         is read in turn, true or not. space writes one token, r all of them; ←→ moves the place.";
            lines.extend(text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.dim)));
        }
    }
    for (line, row) in lines.into_iter().zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}

/// The candidates, what sampling makes of them, and the sampler's choice.
fn choices(app: &App, theme: &Theme, moment: &Moment, width: usize, room: usize) -> Vec<Line<'static>> {
    let cut = |cut: Option<Cut>| cut.map_or_else(String::new, |cut| format!("off: {}", cut.name()));
    let bars = width.saturating_sub(NAME + 32).max(1);
    let heading = format!("{} {:>7} {:>8}", text::pad_end("", NAME + 2), "p", "drawn");
    let mut lines = vec![Line::styled(heading, theme.dim)];
    for choice in moment.top.iter().take(room.saturating_sub(1)) {
        let is_choice = choice.id == moment.choice;
        let style = match (is_choice, choice.cut) {
            (true, _) => theme.target,
            (false, Some(_)) => theme.dim,
            (false, None) => theme.text,
        };
        lines.push(Line::from(vec![
            Span::styled(if is_choice { "▸ " } else { "  " }, theme.accent),
            Span::styled(text::pad_end(&text::fit_start(&app.token_label(choice.id), NAME), NAME), style),
            Span::styled(
                format!(" {:>7} {:>8} ", text::probability(choice.p), text::probability(choice.drawn_with)),
                style,
            ),
            Span::styled(text::pad_end(&bar::lying(choice.p, bars), bars), theme.bar),
            Span::styled(format!(" {}", cut(choice.cut)), theme.dim),
        ]));
    }
    lines
}

/// Every continuation as text, what the same seeds wrote before, and how many begin alike.
fn continuations(app: &App, theme: &Theme, writing: &Writing, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let all = &writing.continuations;
    let first = |one: &WrittenText| one.steps.first().map(|step| step.id);
    if all.len() > 1
        && let Some(id) = all.get(app.shown_continuation()).and_then(first)
    {
        let same = all.iter().filter(|one| first(one) == Some(id)).count();
        let words = format!("{same} of {} begin with \"{}\"", all.len(), app.token_label(id));
        lines.push(Line::styled(words, theme.dim));
    }
    let before = app.written_before();
    for (i, one) in all.iter().enumerate() {
        let is_shown = i == app.shown_continuation();
        let style = if is_shown { theme.accent } else { theme.text };
        let label = match before {
            Some(_) => format!("step {}: ", writing.step),
            None if all.len() > 1 => format!("{}: ", i + 1),
            None => String::new(),
        };
        match is_shown {
            true => lines.extend(whole(&label, one, width, style)),
            false => lines.push(line(&label, one, width, style)),
        }
        if let Some(earlier) = before.and_then(|before| Some((before.step, before.continuations.get(i)?))) {
            lines.push(line(&format!("step {}: ", earlier.0), earlier.1, width, theme.dim));
        }
    }
    lines
}

/// What a continuation says, with how it ended.
fn said(label: &str, one: &WrittenText) -> String {
    let end = match one.end {
        Some(End::StopToken) => " ■",
        Some(End::MaxTokens) => " …",
        Some(End::Context) => " (the context is full)",
        None => "",
    };
    format!("{label}{}{end}", crate::sequence::visible_text(&one.text))
}

/// As much of it as a line takes.
fn line(label: &str, one: &WrittenText, width: usize, style: Style) -> Line<'static> {
    Line::styled(text::fit_start(&said(label, one), width), style)
}

/// All of it, in a few lines; of a longer one the end.
fn whole(label: &str, one: &WrittenText, width: usize, style: Style) -> Vec<Line<'static>> {
    let lines = text::wrap(&said(label, one), width);
    let first = lines.len().saturating_sub(WHOLE);
    lines.into_iter().skip(first).map(|line| Line::styled(line, style)).collect()
}
