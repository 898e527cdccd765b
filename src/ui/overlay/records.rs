//! The overlay with the records of the data set that is open.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Browser, Reading, RecordPrompt};
use crate::mask::finding::Severity;
use crate::sequence::visible_text;
use crate::survey::Summary;
use crate::ui::text::{self, count, fit_start, pad_end, pad_start, things};
use crate::ui::{Hits, Theme, input_line};

/// Columns from which on the form is shown, and findings in full.
const WIDE: usize = 110;
/// Rows of the box that are no records: what is listed, titles, a rule, totals.
const OTHERS: usize = 4;

/// Draws the overlay over `area`. Only the lines in sight are formatted.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let records = &app.records;
    frame.render_widget(Clear, area);
    let width = usize::from(area.width);
    let block = theme.block(fit_start(&title(records), width.saturating_sub(6)));
    let block = block.title_bottom(Line::styled(place(records), theme.dim).right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let room = usize::from(inner.height).saturating_sub(OTHERS);
    let mut rows = inner.rows();
    let mut put = |line: Line| {
        if let Some(row) = rows.next() {
            frame.render_widget(line, row);
        }
    };
    put(listed(records, theme, width));
    put(Line::styled(titles(width), theme.dim));
    let last = records.len().saturating_sub(room);
    let first = records.selected.saturating_sub(room / 2).min(last);
    let lines = records
        .page(first, room)
        .zip(first..)
        .map(|((number, record), i)| record_line(records, theme, number, record, i == records.selected, width));
    let lines: Vec<Line> = if records.is_empty() { nothing(records, theme, width) } else { lines.collect() };
    for (i, line) in lines.into_iter().take(room).enumerate() {
        put(line);
        let y = inner.y + 2 + u16::try_from(i).unwrap_or(0);
        if first + i < records.len() {
            hits.push(Rect { y, height: 1, ..inner }, Action::Pick(first + i));
        }
    }
    if inner.height > 3 {
        let row = Rect { y: inner.bottom() - 1, height: 1, ..inner };
        frame.render_widget(Line::styled(fit_start(&totals(records), width), theme.text), row);
        let rule = Rect { y: inner.bottom() - 2, height: 1, ..inner };
        frame.render_widget(Line::styled("─".repeat(width), theme.border), rule);
    }
}

/// The file, and the mask under which it was looked over.
fn title(records: &Browser) -> String {
    let name = records.set.as_ref().map_or("", |set| &set.name);
    let mask = format!("mask {}", records.terms.policy.basis.name());
    let model = if records.model.is_empty() { String::new() } else { format!(" · {}", records.model) };
    format!("Records of {} · {mask}{model}", visible_text(name))
}

/// Which of the listed ones is chosen, and how far the file was read.
fn place(records: &Browser) -> String {
    let listed = match (records.len(), records.records.len()) {
        (listed, all) if listed == all => things(all, "record"),
        (listed, all) => format!("{} of {}", count(listed), things(all, "record")),
    };
    match &records.reading {
        Reading::Done => format!(" {listed} "),
        Reading::Stopped => format!(" {listed} · stopped, R reads anew "),
        Reading::Failed(_) => format!(" {listed} · failed "),
        Reading::Going(Some(share)) => format!(" {listed} · reading {:.0} % ", f64::from(*share) * 100.0),
        Reading::Going(None) => format!(" {listed} · reading "),
    }
}

/// What is listed, or what is typed.
fn listed(records: &Browser, theme: &Theme, width: usize) -> Line<'static> {
    if let Some((asked, typed)) = &records.asked {
        let what = match asked {
            RecordPrompt::Jump => " go to record ",
            RecordPrompt::Search => " with the text ",
        };
        let line = input_line::spans(theme, typed, width.saturating_sub(what.width() + 1));
        return Line::from_iter([Span::styled(what, theme.accent)].into_iter().chain(line));
    }
    let search = match records.search.as_str() {
        "" => String::new(),
        text if records.is_searching() => format!(", with the text \"{}\" · searching the file", visible_text(text)),
        text => format!(", with the text \"{}\"", visible_text(text)),
    };
    Line::styled(fit_start(&format!(" {}{search}", records.filter.name()), width), theme.accent)
}

/// Columns of number, line, form, tokens, share, loss and finding; what is left is the beginning's.
fn columns(width: usize) -> [usize; 7] {
    if width >= WIDE { [8, 8, 18, 8, 7, 8, 26] } else { [6, 6, 0, 6, 6, 7, 15] }
}

fn titles(width: usize) -> String {
    let [number, line, form, tokens, share, loss, finding] = columns(width);
    fit_start(
        &format!(
            "{} {} {}{} {} {}  {} begins",
            pad_start("record", number),
            pad_start("line", line),
            pad_end(if form > 0 { " form" } else { "" }, form),
            pad_start("tokens", tokens),
            pad_start("scored", share),
            pad_start("loss", loss),
            pad_end("  finding", finding)
        ),
        width,
    )
}

fn record_line(
    records: &Browser,
    theme: &Theme,
    number: usize,
    record: &Summary,
    is_chosen: bool,
    width: usize,
) -> Line<'static> {
    let [wide, line, form, tokens, share, loss, finding] = columns(width);
    let is_open = records.opened == Some(number);
    let figure = |known: bool, n: u32| if known { count(n as usize) } else { "–".into() };
    let mark = if is_open { "▸" } else { "" };
    let figures = format!(
        "{} {} {}{} {} {}  ",
        pad_start(&format!("{mark}{}", count(number)), wide),
        pad_start(&count(record.at.place), line),
        pad_end(&record.form.filter(|_| form > 0).map_or(String::new(), |form| format!(" {form}")), form),
        pad_start(&figure(record.is_readable(), record.tokens), tokens),
        pad_start(&record.share().map_or("–".into(), |share| format!("{:.0} %", share * 100.0)), share),
        pad_start(&records.loss(number).map_or("–".into(), |loss| format!("{loss:.3}")), loss),
    );
    let (found, style) = match record.worst {
        None => (String::new(), theme.dim),
        Some((code, Severity::Major)) => (format!("✗ {}", code.name()), theme.error),
        Some((code, Severity::Minor)) => (format!("! {}", code.name()), theme.warning),
    };
    let found = pad_end(&found, finding);
    let room = width.saturating_sub(figures.width() + found.width() + 1);
    let begins = pad_end(&visible_text(&record.title), room);
    let text = if record.is_readable() { theme.text } else { theme.dim };
    let line = Line::from(vec![
        Span::styled(figures, text),
        Span::styled(found, style),
        Span::styled(format!(" {begins}"), theme.dim),
    ]);
    match is_chosen {
        true => Line::from_iter(line.spans.into_iter().map(|span| span.patch_style(theme.cursor))),
        false => line,
    }
}

fn nothing(records: &Browser, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let (words, style) = match &records.reading {
        Reading::Failed(problem) => (visible_text(problem), theme.error),
        Reading::Going(_) if records.records.is_empty() => ("the file is being read".into(), theme.dim),
        _ => ("no record is listed; f chooses another filter, / another text".into(), theme.dim),
    };
    text::wrap(&words, width.saturating_sub(2)).into_iter().map(|l| Line::styled(format!(" {l}"), style)).collect()
}

fn totals(records: &Browser) -> String {
    let sums = &records.sums;
    let mut totals = format!(" {} records · {} tokens", count(records.records.len()), count(sums.tokens as usize));
    if sums.targets > 0 {
        totals.push_str(&format!(" · {:.1} % scored", sums.scored as f64 / sums.targets as f64 * 100.0));
    }
    totals.push_str(&format!(" · {} with findings", count(sums.found)));
    if sums.unreadable > 0 {
        totals.push_str(&format!(" · {} unreadable", count(sums.unreadable)));
    }
    if let Reading::Failed(problem) = &records.reading {
        totals.push_str(&format!(" · {}", visible_text(problem)));
    }
    totals
}
