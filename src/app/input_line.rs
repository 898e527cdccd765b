//! A line that is typed: the one widget of every place that asks for a word, a number or a path.

use ratatui_textarea::{CursorMove, Input, Key, TextArea};

use super::overlay::meant;

/// One line of text with a cursor in it.
#[derive(Clone, Debug, Default)]
pub struct InputLine(TextArea<'static>);

impl PartialEq for InputLine {
    fn eq(&self, other: &Self) -> bool {
        self.halves() == other.halves()
    }
}

impl From<String> for InputLine {
    /// The cursor is at the end.
    fn from(text: String) -> Self {
        let mut area = TextArea::new(vec![text]);
        area.move_cursor(CursorMove::End);
        Self(area)
    }
}

impl InputLine {
    /// What is typed.
    pub fn text(&self) -> &str {
        self.0.lines().first().map_or("", String::as_str)
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// What stands before the cursor and what behind it.
    pub fn halves(&self) -> (&str, &str) {
        let column = self.0.cursor().1;
        let at = self.text().char_indices().nth(column).map_or(self.text().len(), |(at, _)| at);
        self.text().split_at(at)
    }

    /// Takes a key; whether the text is another one then. ctrl-u empties the line; keys of several lines do nothing.
    pub(super) fn input(&mut self, input: Input) -> bool {
        if matches!(input, Input { key: Key::Char('u'), ctrl: true, .. }) {
            let had = !self.is_empty();
            self.clear();
            return had;
        }
        match meant(input) {
            None => false,
            Some(Input { key: Key::Enter | Key::Tab | Key::Up | Key::Down | Key::PageUp | Key::PageDown, .. }) => false,
            Some(input) => self.0.input(input),
        }
    }

    /// Takes the first line of what is pasted; whether the text is another one then.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.0.insert_str(text.lines().next().unwrap_or_default())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: Key) -> Input {
        Input { key, ctrl: false, alt: false, shift: false }
    }

    #[test]
    fn the_cursor_moves_in_the_line_and_keys_go_where_it_is() {
        let mut line = InputLine::from("mdel".to_owned());
        for _ in 0..3 {
            assert!(!line.input(key(Key::Left)));
        }
        assert!(line.input(key(Key::Char('o'))));
        assert_eq!((line.text(), line.halves()), ("model", ("mo", "del")));
        line.input(key(Key::Home));
        assert!(line.input(key(Key::Delete)));
        line.input(key(Key::End));
        assert!(line.input(key(Key::Backspace)));
        assert_eq!(line.text(), "ode");
        assert!(!line.input(key(Key::Enter)) && !line.input(key(Key::Tab)) && !line.input(key(Key::Up)));
        assert!(line.paste("€ 1\nnot this"));
        assert_eq!((line.text(), line.halves()), ("ode€ 1", ("ode€ 1", "")));
        assert!(line.input(Input { ctrl: true, ..key(Key::Char('u')) }) && line.is_empty());
    }
}
