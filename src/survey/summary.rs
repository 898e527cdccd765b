//! What is kept of every record of a data set: little enough for millions of them.

use super::Judged;
use crate::data::Place;
use crate::dataset::Masked;
use crate::mask::Roles;
use crate::mask::finding::{Code, Severity};
use crate::sample::{Form, Sample};

/// Characters of a record that are kept.
const TITLE: usize = 60;

/// One record in a few words.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub at: Place,
    /// `None` where it cannot be read.
    pub form: Option<Form>,
    /// One bit for each of [`Roles::NAMES`].
    roles: u8,
    /// One bit for each of [`Code::EVERY`].
    codes: u64,
    /// The worst finding.
    pub worst: Option<(Code, Severity)>,
    pub tokens: u32,
    pub targets: u32,
    pub scored: u32,
    /// How it begins; what is wrong with it where it cannot be read.
    pub title: Box<str>,
}

impl Summary {
    /// Of a record that was looked over and stands at `at`.
    pub fn of(judged: &Judged, at: Place) -> Self {
        let bit = |code| Code::EVERY.iter().position(|&other| other == code).map_or(0, |i| 1 << i);
        let codes = judged.entry.findings.iter().fold(0, |set, finding| set | bit(finding.code));
        // Of findings that are equally bad, the first.
        let worst = judged.entry.findings.iter().rev().max_by_key(|finding| finding.severity);
        let worst = worst.map(|finding| (finding.code, finding.severity));
        let blank = Self {
            at,
            form: None,
            roles: 0,
            codes,
            worst,
            tokens: 0,
            targets: 0,
            scored: 0,
            title: judged.entry.findings.first().map_or("", |finding| &finding.message).into(),
        };
        match &judged.masked {
            None => blank,
            Some(masked) => Self {
                form: Some(masked.form),
                roles: roles(&masked.sample),
                tokens: count(masked.sequence.len()),
                targets: count(masked.sequence.target_count()),
                scored: count(masked.mask.scored()),
                title: title(masked).into(),
                ..blank
            },
        }
    }

    /// Whether `code` is among what was found.
    pub fn has(&self, code: Code) -> bool {
        Code::EVERY.iter().position(|&other| other == code).is_some_and(|i| self.codes & 1 << i != 0)
    }

    /// Whether a message is of that one of [`Roles::NAMES`].
    pub fn has_role(&self, place: usize) -> bool {
        self.roles & 1 << place != 0
    }

    /// Whether it can be opened.
    pub fn is_readable(&self) -> bool {
        self.form.is_some()
    }

    /// Scored targets as a share of all, 0 to 1.
    pub fn share(&self) -> Option<f64> {
        (self.targets > 0).then(|| f64::from(self.scored) / f64::from(self.targets))
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn roles(sample: &Sample) -> u8 {
    match sample {
        Sample::Text(_) | Sample::Prepared(_) => 0,
        Sample::Chat(chat) => {
            chat.messages.iter().filter_map(|message| Roles::place(&message.role)).fold(0, |set, i| set | 1 << i)
        }
    }
}

/// The beginning of what the user says first, or of the text.
fn title(masked: &Masked) -> String {
    let text = match &masked.sample {
        Sample::Text(text) => text,
        Sample::Prepared(_) => &masked.sequence.text,
        Sample::Chat(chat) => {
            let user = chat.messages.iter().find(|message| message.role == "user");
            user.or(chat.messages.first()).map_or("", |message| &message.content)
        }
    };
    text.trim_start().chars().take(TITLE).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}
