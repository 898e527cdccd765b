//! The row under the cursor in words, with exact figures.

use std::ops::Range;

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::mask::Visibility;
use crate::sequence::visible_text;
use crate::ui::{Theme, text};

/// What the cursor's row may see, what it predicts, and what is hidden from it; with room, also why.
pub fn lines(app: &App, theme: &Theme, visibility: &Visibility, width: usize, is_roomy: bool) -> Vec<Line<'static>> {
    let Some(query) = app.read_for(app.cursor).checked_sub(1) else {
        let message =
            format!("{} is the first token: no row predicts it, because nothing stands before it", quoted(app, 0));
        return text::wrap(&message, width).into_iter().map(|line| Line::styled(line, theme.text)).collect();
    };
    let seen = visibility.visible(query, app.len());
    let cut = visibility.forbidden.keys(query, 0).filter(|key| seen.contains(key) && *key != query).count();
    let mut lines = vec![sees(app, theme, query, &seen, cut, width)];
    let mut rest = text::wrap(&predicts(app, visibility, &seen), width);
    if is_roomy {
        rest.extend(text::wrap(&why(app, seen.contains(&app.cursor)), width));
    }
    lines.extend(rest.into_iter().map(|line| Line::styled(line, theme.text)));
    lines
}

fn sees(app: &App, theme: &Theme, query: usize, seen: &Range<usize>, cut: usize, width: usize) -> Line<'static> {
    let tokens = if seen.len() == 1 { "token" } else { "tokens" };
    let document = app.sequence().document(query).map_or_else(String::new, |(number, _)| match seen.start {
        0 if number > 0 => format!(" of {} documents", number + 1),
        _ => format!(" of document {}", number + 1),
    });
    let forbidden = match cut {
        0 => String::new(),
        1 => " but 1 forbidden".into(),
        cut => format!(" but {} forbidden", text::count(cut)),
    };
    let all = text::count(seen.len());
    let start = format!("row {query} {} may see {all} {tokens}{document}{forbidden}: ", quoted(app, query));
    let room = width.saturating_sub(start.width());
    // More characters than columns are never shown.
    let text = visible_text(app.sequence().text_of(seen.start..(query + 1).max(seen.end), room + 1));
    Line::from(vec![Span::styled(start, theme.text), Span::styled(text::fit_end(&text, room), theme.accent)])
}

fn predicts(app: &App, visibility: &Visibility, seen: &Range<usize>) -> String {
    let target = app.cursor;
    if target < app.len() && visibility.documents.starts_at(target) {
        return format!("its document ends here: it does not predict {}, which begins another", quoted(app, target));
    }
    if target >= app.len() {
        return "it predicts what would come next; the text ends here, so there is no answer to compare with".into();
    }
    let cost = match app.analysis.scores.nll(target) {
        Some(nll) => format!("−log p {nll:.3}"),
        None => "not scored by the model yet".into(),
    };
    let counts = match app.mask() {
        Some(mask) if mask.is_scored(target) => ", scored",
        Some(_) => ", unscored",
        None => "",
    };
    let count = |n: usize, which: &str, of: &str| match n {
        1 => format!("the {which} token{of}"),
        n => format!("the {which} {} tokens{of}", text::count(n)),
    };
    let mut hidden = match app.len() - seen.end {
        0 => "nothing that comes later".to_owned(),
        later => count(later, "next", ""),
    };
    let own = visibility.documents.around(seen.end.saturating_sub(1), app.len()).start;
    if seen.start > own {
        hidden =
            format!("{hidden} and {}", count(seen.start - own, "first", if own > 0 { " of its document" } else { "" }));
    }
    if own > 0 {
        hidden = format!("{hidden} and {} of the documents before", text::count(own));
    }
    let verb = if app.asked_of(0) == 0 { "is asked for" } else { "predicts" };
    format!("it {verb} {}, {cost}{counts} · the mask hides {hidden}", quoted(app, target))
}

fn why(app: &App, sees_answer: bool) -> String {
    if app.cursor >= app.len() {
        return "why a mask: all rows are computed at once; without it each would see its own answer".into();
    }
    if sees_answer {
        return format!(
            "broken on purpose: this row sees {}, its own answer, so its loss is worth nothing",
            quoted(app, app.cursor)
        );
    }
    format!("why: a row that saw {} would copy it, not predict it", quoted(app, app.cursor))
}

fn quoted(app: &App, t: usize) -> String {
    format!("\"{}\"", crate::ui::token::label(app, t, 24))
}
