//! The lessons that there are, and what they may name.

use super::KEYS;
use crate::app::keymap::{self, Binding, Context};
use crate::app::{About, App, Chosen, Demonstration, Effect, Item, Overlay, PRESETS, Picker, PickerKind, View};
use crate::data::{DataError, Raw, Records};
use crate::lesson::{FILES, Lesson, Mistake, SHIPPED, Shelf, Shipped, Terms, parse};
use crate::sample::Record;
use crate::sequence::visible_text;

/// What a lesson can name of the program.
pub fn terms() -> Terms {
    let lower = |title: &str| title.to_lowercase();
    let views = View::EVERY.map(|view| (lower(view.title()), view.panels().into_iter().map(lower).collect()));
    let is_of_a_view = |binding: &&Binding| binding.context == Context::Views || binding.context.is_of_a_view();
    let is_own = |key: &&str| KEYS.iter().any(|own| own.keys.contains(key));
    let keys = keymap::all().filter(is_of_a_view).flat_map(|binding| binding.keys).filter(|key| !is_own(key));
    Terms {
        views: views.into(),
        keys: keys.map(|key| (*key).to_owned()).collect(),
        twins: PRESETS
            .iter()
            .map(|preset| preset.title)
            .chain(Demonstration::EVERY.map(Demonstration::title))
            .map(str::to_owned)
            .collect(),
    }
}

/// The records of a file that comes with the program's lessons.
fn embedded(name: &str) -> Result<Vec<Record>, String> {
    let names = || FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let (name, text) = FILES
        .iter()
        .find(|(own, _)| *own == name)
        .ok_or_else(|| format!("there is no file {name:?} beside the lesson; there is {}", names()))?;
    let records = Records::embedded(text.as_bytes(), name).map_err(|error| error.to_string())?;
    let read = |raw: Result<Raw, DataError>| {
        raw.map_err(|error| error.to_string())?.read(None).map_err(|error| format!("{name}: {error}"))
    };
    records.map(read).collect()
}

/// Reads a lesson that comes with the program.
///
/// # Errors
/// Every mistake in it; a test sees to it that there is none.
pub fn shipped(source: &str) -> Result<Lesson, Vec<Mistake>> {
    parse(source, &Shelf { terms: &terms(), file: &embedded })
}

/// The list of lessons opens, the one that was left first.
pub(in crate::app) fn list(app: &mut App) -> Vec<Effect> {
    let again = app.lesson.as_ref().filter(|sitting| !sitting.is_on()).map(|sitting| {
        let (at, of) = (sitting.at + 1, sitting.lesson.steps.len());
        let label = format!("Go on: {}", visible_text(&sitting.lesson.title));
        Item { label, about: About::Words(format!("step {at} of {of}")), choice: Chosen::LessonAgain }
    });
    let item = |(index, lesson): (usize, &Shipped)| {
        let lesson = shipped(lesson.source).ok()?;
        let minutes = lesson.minutes.map_or_else(String::new, |minutes| format!(" · {minutes} minutes"));
        let about = About::Words(format!("{}{minutes}", lesson.about));
        Some(Item { label: lesson.title, about, choice: Chosen::Lesson(index) })
    };
    let items = again.into_iter().chain(SHIPPED.iter().enumerate().filter_map(item)).collect();
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Lesson, items)));
    Vec::new()
}
