//! What was looked at of a model's inside, and under which attention, in each of the forms.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use crate::inspect::depth::Depth;
use crate::inspect::heads::{HeadKind, NamedHead};
use crate::inspect::lean::{Lean, Leaning};
use crate::inspect::weights::{Pick, Weights};
use crate::loss::Labels;
use crate::mask::{AttentionChoice, AttentionMask, Forbidden, LossMask};
use crate::sequence::{Sequence, visible};

/// How many tokens a line of the table names.
const NAMED: usize = 4;

/// Under what a sequence was scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Under {
    pub attention: AttentionChoice,
    pub forbidden: Forbidden,
    pub labels: Labels,
}

impl Under {
    /// Where it is not as the model was trained, a line that says so.
    pub(super) fn line(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.attention != AttentionChoice::default() {
            parts.push(format!("attention {}: {}", self.attention, self.attention.words()));
        }
        if !self.forbidden.is_empty() {
            parts.push(format!("forbidden {}", self.cuts().join(", ")));
        }
        if self.labels != Labels::Next {
            parts.push(format!("labels {}: {}", self.labels.name(), self.labels.words()));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    /// What of it is broken on purpose, and what it does to the targets that `mask` scores, a sentence each.
    pub(super) fn broken(&self, sequence: &Sequence, mask: &LossMask) -> Vec<String> {
        let attention = (self.attention == AttentionChoice::Mask(AttentionMask::None))
            .then(|| format!("attention none: {}", self.attention.words()));
        let labels = (self.labels == Labels::Same).then(|| format!("labels same: {}", self.labels.words()));
        let ahead = match self.attention {
            AttentionChoice::Mask(AttentionMask::Prefix(tokens)) => {
                let scored = sequence.targets().filter(|&(t, _)| t < tokens && mask.is_scored(t)).count();
                let what =
                    if scored == 1 { "1 scored target is".into() } else { format!("{scored} scored targets are") };
                (scored > 0).then(|| {
                    format!("{what} within the prefix and seen before being predicted: what they cost is worth nothing")
                })
            }
            _ => None,
        };
        attention.into_iter().chain(ahead).chain(labels).collect()
    }

    fn cuts(&self) -> Vec<String> {
        self.forbidden.cuts().iter().map(ToString::to_string).collect()
    }
}

/// What was looked at, each where it was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    pub attention: Option<Attention>,
    pub heads: Option<Vec<NamedHead>>,
    pub layers: Option<Depth>,
    pub leaning: Option<Leaning>,
}

/// The weights of one head, or of a layer's heads as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub layer: usize,
    pub pick: Pick,
    pub weights: Weights,
}

/// Adds to the JSON object what was asked for, and nothing else.
pub(super) fn add(report: &Report, object: &mut Value) {
    let Report { under, inside, .. } = *report;
    if under.attention != AttentionChoice::default() {
        object["attention_mask"] = under.attention.to_string().into();
    }
    if !under.forbidden.is_empty() {
        object["forbidden"] = under.cuts().into();
    }
    if under.labels != Labels::Next {
        object["labels"] = under.labels.name().into();
    }
    if let Some(Attention { layer, pick, weights }) = &inside.attention {
        let head = if let Pick::Head(head) = pick { json!(head) } else { json!(pick.to_string()) };
        let rows: Vec<&[f32]> = weights.rows().filter_map(|row| weights.row(row)).collect();
        object["attention"] = json!({"layer": layer, "head": head, "weights": rows});
    }
    if let Some(heads) = &inside.heads {
        object["heads"] = heads.iter().map(head).collect();
    }
    if let Some(depth) = &inside.layers {
        let tokens = 0..report.sequence.len();
        object["layers"] = (1..=depth.layers.len()).map(|layer| layer_object(report, depth, layer)).collect();
        object["decided"] = tokens.map(|t| depth.decided(t)).collect();
    }
    if let Some(Leaning { position, scope, nll, tokens }) = &inside.leaning {
        let lean = |&Lean { position, delta_nll }: &Lean| json!({"position": position, "delta_nll": delta_nll});
        let tokens: Vec<Value> = tokens.iter().map(lean).collect();
        object["leaning"] = json!({"position": position, "layer": scope.layer, "head": scope.head, "nll": nll,
                                   "tokens": tokens});
    }
}

/// `name` and `score` are null where the text is too short to tell.
fn head(head: &NamedHead) -> Value {
    let (name, score) = head.kind().unzip();
    let score_of = |kind: HeadKind| (kind.name().to_owned(), head.scores.and_then(|scores| scores.of(kind)).into());
    json!({"layer": head.layer, "head": head.head, "name": name.map(HeadKind::name), "score": score,
           "scores": HeadKind::EVERY.map(score_of).into_iter().collect::<serde_json::Map<String, Value>>()})
}

/// `nll` and `top` have an entry for each token, null where nothing predicts it.
fn layer_object(report: &Report, depth: &Depth, layer: usize) -> Value {
    let tokens = 0..report.sequence.len();
    let top = |t: usize| {
        let row = depth.predicting(layer, t).filter(|row| row.target.is_some())?;
        let best = row.top.first()?;
        Some(json!({"id": best.id, "text": super::token_text(report.model, best.id), "p": best.p}))
    };
    json!({
        "layer": layer,
        "nll": tokens.clone().map(|t| depth.nll(layer, t)).collect::<Vec<_>>(),
        "top": tokens.map(top).collect::<Vec<_>>(),
    })
}

/// Writes a short section for each thing that was asked for.
///
/// # Errors
/// If writing fails.
pub(super) fn table(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let inside = report.inside;
    if let Some(attention) = &inside.attention {
        attention_table(report, attention, out)?;
    }
    if let Some(heads) = &inside.heads {
        heads_table(heads, out)?;
    }
    if let Some(depth) = &inside.layers {
        layers_table(report, depth, out)?;
    }
    if let Some(leaning) = &inside.leaning {
        leaning_table(report, leaning, out)?;
    }
    Ok(())
}

fn label(report: &Report, t: usize) -> String {
    report.sequence.tokens.get(t).map_or_else(String::new, |token| visible(&token.bytes))
}

fn attention_table(report: &Report, attention: &Attention, out: &mut impl Write) -> io::Result<()> {
    let Attention { layer, pick, weights } = attention;
    let whose = if let Pick::Head(head) = pick { format!("head {head}") } else { format!("{pick} over heads") };
    writeln!(out, "\nattention, layer {layer}, {whose}: the tokens that each position reads the most")?;
    for query in weights.rows() {
        let Some(row) = weights.row(query) else { continue };
        let mut keys: Vec<usize> = (0..row.len()).filter(|&key| row[key] > 0.0).collect();
        keys.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let named = keys.iter().take(NAMED).map(|&key| format!("{key} {} {:.3}", label(report, key), row[key]));
        writeln!(out, "{query:>5}  {} ← {}", label(report, query), named.collect::<Vec<_>>().join(" · "))?;
    }
    Ok(())
}

fn heads_table(heads: &[NamedHead], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nheads: what each does, and the mean share of its weight that does it (spread: how even it is)")?;
    for layer in heads.chunk_by(|a, b| a.layer == b.layer) {
        let named = |head: &NamedHead| match head.kind() {
            Some((kind, score)) => format!("{} {} {score:.2}", head.head, kind.name()),
            None => format!("{} –", head.head),
        };
        let named: Vec<String> = layer.iter().map(named).collect();
        writeln!(out, "layer {:>2}: {}", layer[0].layer, named.join(" · "))?;
    }
    Ok(())
}

fn layers_table(report: &Report, depth: &Depth, out: &mut impl Write) -> io::Result<()> {
    let targets: Vec<usize> =
        report.sequence.targets().map(|(t, _)| t).filter(|&t| depth.nll(1, t).is_some()).collect();
    writeln!(out, "\nlayers: mean −log p of the targets (nats) after each, and how many of them it puts first")?;
    for layer in 1..=depth.layers.len() {
        let sum: f64 = targets.iter().filter_map(|&t| depth.nll(layer, t)).sum();
        let rank = |t: usize| depth.predicting(layer, t).and_then(|row| row.target).map(|target| target.rank);
        let first = targets.iter().filter(|&&t| rank(t) == Some(1)).count();
        writeln!(out, "{layer:>5}  {:>8.3}  {first} of {}", sum / targets.len().max(1) as f64, targets.len())?;
    }
    let decided = targets.iter().filter_map(|&t| Some(format!("{t} {} {}", label(report, t), depth.decided(t)?)));
    let decided: Vec<String> = decided.collect();
    match decided.is_empty() {
        true => writeln!(out, "decided: no target is in first place after the last layer"),
        false => writeln!(out, "decided (in first place from that layer on): {}", decided.join(" · ")),
    }
}

fn leaning_table(report: &Report, leaning: &Leaning, out: &mut impl Write) -> io::Result<()> {
    let Leaning { position, scope, nll, .. } = leaning;
    let mut place = String::new();
    for (what, number) in [("layer", scope.layer), ("head", scope.head)] {
        place.extend(number.map(|number| format!(", {what} {number}")));
    }
    let target = label(report, *position);
    writeln!(
        out,
        "\nleaning of {position} {target}{place}: −log p {nll:.3}, and by how much it grows without a token"
    )?;
    for Lean { position, delta_nll } in leaning.ranked() {
        writeln!(out, "{delta_nll:>+8.3}  {position:>5}  {}", label(report, position))?;
    }
    Ok(())
}
