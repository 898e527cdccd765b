//! `strftime_now`: the local date, as templates that name "today" ask for it.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Local, TimeZone};

/// Seconds since 1970 (UTC).
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64)
}

/// Formats `seconds` since 1970 in local time with C's `strftime` letters; one that is not known stays as written.
pub(super) fn strftime(seconds: i64, format: &str) -> String {
    match Local.timestamp_opt(seconds, 0).single() {
        Some(time) => written(&time, format),
        None => format.to_string(),
    }
}

fn written<Tz: TimeZone<Offset: std::fmt::Display>>(time: &DateTime<Tz>, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let flags = rest[1..].len() - rest[1..].trim_start_matches(['-', '_', '0', '^', '#']).len();
        let length = rest[1 + flags..].chars().next().map_or(1 + flags, |letter| 1 + flags + letter.len_utf8());
        let (directive, behind) = rest.split_at(length);
        rest = behind;
        directive_text(time, directive, &mut out);
    }
    out.push_str(rest);
    out
}

/// One `%…`. chrono counts the fraction in nanoseconds and writes a date and time its own way; C does not.
fn directive_text<Tz: TimeZone<Offset: std::fmt::Display>>(time: &DateTime<Tz>, directive: &str, out: &mut String) {
    let upper = directive.contains('^');
    let plain: String = directive.chars().filter(|letter| !matches!(letter, '^' | '#')).collect();
    let pattern = match plain.as_str() {
        "%f" => "000000",
        "%c" => "%a %b %e %H:%M:%S %Y",
        "%x" => "%m/%d/%y",
        "%X" => "%H:%M:%S",
        "%v" => "%v",
        other => other,
    };
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    if items.iter().any(|item| matches!(item, Item::Error)) {
        out.push_str(directive);
        return;
    }
    let text = time.format_with_items(items.iter()).to_string();
    out.push_str(&if upper { text.to_uppercase() } else { text });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_python() {
        // datetime.fromtimestamp(s, timezone.utc).strftime("%d %b %Y %A %H:%M:%S %I%p")
        for (seconds, expected) in [
            (0, "01 Jan 1970 Thursday 00:00:00 12AM"),
            (951_827_696, "29 Feb 2000 Tuesday 12:34:56 12PM"),
            (1_735_689_599, "31 Dec 2024 Tuesday 23:59:59 11PM"),
            (4_107_542_400, "01 Mar 2100 Monday 00:00:00 12AM"),
        ] {
            let time = DateTime::from_timestamp(seconds, 0).expect("a date");
            assert_eq!(written(&time, "%d %b %Y %A %H:%M:%S %I%p"), expected);
        }
    }

    #[test]
    fn every_directive_is_known() {
        let time = DateTime::from_timestamp(951_827_696, 0).expect("a date");
        let written = |format| written(&time, format);
        assert_eq!(
            written("%-d %j %D %e|%-H|%U %W %V %G %u %w %C %k %l %R %r"),
            "29 060 02/29/00 29|12|09 09 09 2000 2 2 20 12 12 12:34 12:34:56 PM"
        );
        assert_eq!(
            written("%c %x %X %f %^a %s %n%t%%"),
            "Tue Feb 29 12:34:56 2000 02/29/00 12:34:56 000000 TUE 951827696 \n\t%"
        );
        assert_eq!(written("%Q %"), "%Q %");
    }
}
