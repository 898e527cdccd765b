//! The present state as one HTML page: to read, to hand out, to print as a work sheet.
//!
//! The page needs nothing beside itself and asks nothing of the network. All its data is one JSON object in it, which
//! `page.js` shows: `analysis` is what `analyze --format json` prints, `page` what a page has beside that.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Inside, Report, Under, token_label};
use crate::loss::{Denominator, Ledger, Scores};
use crate::mask::{Basis, LossMask, Mode, Policy, profile};
use crate::model::ModelInfo;
use crate::sample::Form;
use crate::sequence::{Kind, Sequence, visible};

const HTML: &str = include_str!("../../assets/report/page.html");
const CSS: &str = include_str!("../../assets/report/page.css");
/// The page, and the work sheet that is printed with it.
const JS: &str = concat!(include_str!("../../assets/report/page.js"), include_str!("../../assets/report/sheet.js"));

/// Rows of scores that the film of a page has at most, so that a phone can open it.
const MOST_ROWS: usize = 12_000;
/// Candidates of each row of the film.
const FILM_TOP_K: usize = 5;

/// Everything that a page shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// What the sample is called: a file's name, `typed`.
    pub name: String,
    pub model: Arc<ModelInfo>,
    pub sequence: Arc<Sequence>,
    /// From what the masks are made that are set beside the one that counts.
    pub policy: Policy,
    pub form: Form,
    pub split: Option<usize>,
    /// The mask that counts, paint included.
    pub mask: LossMask,
    pub scores: Scores,
    /// −log p of each token of a pack under the other packing; empty for what is no pack.
    pub contrast: Vec<Option<f64>>,
    pub denominator: Denominator,
    pub under: Under,
    pub inside: Inside,
    /// The token that the page opens on.
    pub cursor: usize,
    /// How the model was trained, where it was.
    pub run: Option<Run>,
}

/// What the model said of the sequence after the steps of a training run.
#[derive(Clone, Debug)]
pub struct Run {
    /// How many were taken.
    pub steps: usize,
    /// Steps that the weights had had, and the scores then; ascending.
    pub frames: Vec<(usize, Arc<Scores>)>,
    /// The step whose scores are the page's own.
    pub shown: usize,
}

impl Page {
    /// The page as HTML; `None` while a scored token has no score.
    pub fn html(&self) -> Option<String> {
        let data = script_safe(&self.data()?.to_string());
        let title = format!("{} · {} · Lossglass", self.name, self.model.name);
        let parts =
            [("{{title}}", html_text(&title)), ("{{css}}", CSS.into()), ("{{data}}", data), ("{{js}}", JS.into())];
        // In order, so that no part is looked for in what another one brought.
        let (mut html, mut rest) = (String::new(), HTML);
        for (mark, part) in parts {
            let (before, after) = rest.split_once(mark)?;
            html.push_str(before);
            html.push_str(&part);
            rest = after;
        }
        html.push_str(rest);
        Some(html)
    }

    /// All data of the page.
    fn data(&self) -> Option<Value> {
        let ledger = Ledger::new(&self.sequence, &self.mask, &self.scores)?;
        let report = Report {
            model: &self.model,
            sequence: &self.sequence,
            mask: &self.mask,
            scores: &self.scores,
            contrast: &self.contrast,
            ledger: &ledger,
            denominator: self.denominator,
            under: &self.under,
            inside: &self.inside,
            compared: None,
        };
        let tokens = &self.sequence.tokens;
        let mut page = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "name": self.name,
            "cursor": self.cursor,
            "mask": self.basis().mask_name(&self.mask),
            "labels": tokens.iter().map(|token| visible(&token.bytes)).collect::<Vec<_>>(),
            "ends_line": tokens.iter().map(|token| token.bytes.ends_with(b"\n")).collect::<Vec<_>>(),
            "vocabulary": self.vocabulary(),
            "masks": self.masks(),
            "under": self.under.line(),
        });
        if let Some(attention) = &self.inside.attention {
            page["attention_from"] = attention.weights.rows().start.into();
        }
        if let Some(run) = &self.run {
            page["run"] = self.run_object(run)?;
        }
        Some(json!({"analysis": super::json::object(&report), "page": page}))
    }

    fn basis(&self) -> Basis {
        match self.policy.basis {
            Basis::Automatic => Basis::Mode(self.mask.mode),
            chosen => chosen,
        }
    }

    /// How the candidates are written, by id.
    fn vocabulary(&self) -> BTreeMap<String, String> {
        let frames = self.run.iter().flat_map(|run| run.frames.iter().map(|(_, scores)| &**scores));
        let rows =
            frames.chain([&self.scores]).flat_map(|scores| (0..=self.sequence.len()).map(|t| scores.predicting(t)));
        let candidates = rows.flatten().flat_map(|row| &row.top).map(|candidate| candidate.id);
        candidates.map(|id| (id.to_string(), token_label(&self.model, id))).collect()
    }

    /// The mask that counts if it is painted, then every mode and profile without paint.
    fn masks(&self) -> Vec<Value> {
        let object = |name: String, about: &str, is_trainer: bool, is_current: bool, mask: &LossMask| {
            let ledger = Ledger::new(&self.sequence, mask, &self.scores)?;
            Some(json!({
                "name": name,
                "about": about,
                "trainer": is_trainer,
                "current": is_current,
                "weights": mask.weights(),
                "scored": ledger.scored,
                "loss": ledger.loss(self.denominator),
            }))
        };
        let is_painted = !self.mask.paint().is_empty();
        let painted =
            is_painted.then(|| object(self.basis().mask_name(&self.mask), "painted by hand", false, true, &self.mask));
        let rows = self.bases().into_iter().map(|(basis, about)| {
            let mask = self.policy.on(basis).mask(&self.sequence, self.form, self.split).ok()?;
            let is_current = !is_painted && basis == self.basis();
            object(basis.name(), &about, matches!(basis, Basis::Profile(_)), is_current, &mask)
        });
        painted.into_iter().chain(rows).flatten().collect()
    }

    /// What is set beside each other, with what it scores in words: the modes, the one that counts if it is none of them,
    /// and for a chat the trainers' profiles.
    fn bases(&self) -> Vec<(Basis, String)> {
        let modes = Mode::for_kind(self.sequence.kind);
        let other = Some(self.mask.mode).filter(|mode| matches!(self.basis(), Basis::Mode(_)) && !modes.contains(mode));
        let modes = modes.iter().copied().chain(other).map(|mode| (Basis::Mode(mode), mode.describe().to_owned()));
        let profiles = profile::every().iter().filter(|_| self.sequence.kind == Kind::Chat);
        modes.chain(profiles.map(|profile| (Basis::Profile(profile), profile.title.clone()))).collect()
    }

    fn run_object(&self, run: &Run) -> Option<Value> {
        let frames = thinned(&run.frames, MOST_ROWS / self.sequence.len().max(1));
        let frames: Option<Vec<Value>> = frames.map(|(step, scores)| self.frame(*step, scores)).collect();
        Some(json!({"frames": frames?, "steps": run.steps, "shown": run.shown}))
    }

    /// `rows[t]` is what predicts token t, the last one what would come next: −log p, rank, entropy, candidates; null
    /// where nothing does.
    fn frame(&self, step: usize, scores: &Scores) -> Option<Value> {
        let ledger = Ledger::new(&self.sequence, &self.mask, scores)?;
        let row = |t: usize| {
            let row = scores.predicting(t)?;
            let top: Vec<Value> = row.top.iter().take(FILM_TOP_K).map(|c| json!([c.id, digits(c.p)])).collect();
            let target = scores.target(t);
            Some(json!([
                target.map(|target| digits(target.nll)),
                target.map(|target| target.rank),
                digits(row.entropy),
                top
            ]))
        };
        Some(json!({
            "step": step,
            "loss": ledger.loss(self.denominator),
            "perplexity": ledger.perplexity(self.denominator),
            "bits_per_byte": ledger.bits_per_byte(),
            "accuracy": ledger.accuracy(),
            "rows": (0..=self.sequence.len()).map(row).collect::<Vec<_>>(),
        }))
    }
}

/// The first and the last, and of the others as many as there is room for, evenly.
fn thinned<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let most = most.max(2);
    let count = all.len().min(most);
    (0..count).filter_map(move |i| all.get(if count < 2 { 0 } else { i * (all.len() - 1) / (count - 1) }))
}

/// Six digits that count: what a page shows of a film.
fn digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// JSON that stays inside a script element: `<` begins no tag there, whatever a chat says.
fn script_safe(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // These stand in strings alone, where JSON takes them escaped.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe
}

/// Text as it stands in an HTML element.
fn html_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_leaves_its_script() {
        let evil = json!({"text": "</script><!-- <img onerror=x> & \u{2028}"});
        let safe = script_safe(&evil.to_string());
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), evil);
    }

    #[test]
    fn a_film_is_thinned_between_its_ends() {
        let all: Vec<usize> = (0..10).collect();
        let kept = |most| thinned(&all, most).copied().collect::<Vec<_>>();
        assert_eq!((kept(0), kept(4), kept(99)), (vec![0, 9], vec![0, 3, 6, 9], all.clone()));
        assert_eq!(thinned::<usize>(&[], 5).count(), 0);
        assert_eq!(thinned(&[7], 5).count(), 1);
    }

    #[test]
    fn six_digits_count() {
        assert_eq!([digits(0.123_456_789), digits(0.0), digits(1_234.567_89)], [0.123_457, 0.0, 1_234.57]);
    }
}
