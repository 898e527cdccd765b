//! How the weight of one token comes about.
//!
//! Every text that a token has a part of is judged by itself, in this order: what the options say of its part, what the
//! mode says, and the prompt weight for what the mode leaves out. Of a straddler's judgements the greatest or the least
//! holds. Then what is more specific takes its place: a span that the data weighs, and what was painted by hand.

use super::{Choices, Header, MaskError, MaskOptions, Mode, Paint, Stop, Straddlers};
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token, TokenOrigin};
use crate::template::Part;

/// A mode and its options, made ready for one sequence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    counted: Counted,
    options: MaskOptions,
    /// How strongly the turn of each message counts; 0 = the mode does not train it.
    turns: Vec<f64>,
    /// Whether the data itself says so, by message.
    by_data: Vec<bool>,
    /// The tokens that count as an end under [`Stop::Eos`].
    ends: Vec<u32>,
    /// The last trained turn that has a stop.
    last_stop: Option<usize>,
    /// The tokens of the whitespace that ends the headers of trained turns; empty unless asked for.
    header_ends: Vec<bool>,
    /// The tokens that lie wholly inside generation tags; empty unless asked for.
    inside_tags: Vec<bool>,
    /// The weight of each token that a span of the data gives; empty where there is none.
    spans: Vec<Option<f64>>,
}

/// What a mode counts in the turns that it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// Raw text, and a chat under [`Mode::All`]: all from this token on.
    From(usize),
    /// A chat's completion, which starts at this token, if anywhere.
    Completion {
        start: Option<usize>,
    },
    /// What messages say themselves, and their stop.
    Messages,
    Reasoning,
    Answer,
    /// What stands in the template's generation tags.
    Tags,
    Nothing,
    /// What a trainer's labels score.
    Prepared,
}

/// The weight of one token and what it is owed to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decision {
    pub weight: f64,
    pub why: Why,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Mode,
    /// The weight set for this part.
    Weight(Part),
    /// The option that switches this part on or off.
    Switch(Part, bool),
    Stop(Stop),
    Header(Header),
    PromptWeight,
    /// The weight that the data gives the message.
    Message,
    /// The weight that the data gives a span of the message.
    Span,
    /// The label of a prepared record.
    Prepared,
    Painted,
}

impl Rule {
    pub fn new(mode: Mode, sequence: &Sequence, options: &MaskOptions) -> Result<Self, MaskError> {
        let counted = counted(mode, sequence, options)?;
        let (turns, by_data) = turns(mode, sequence)?;
        let mut rule = Self {
            counted,
            options: *options,
            turns,
            by_data,
            ends: sequence.ends.clone(),
            last_stop: None,
            header_ends: Vec::new(),
            inside_tags: Vec::new(),
            spans: Vec::new(),
        };
        if options.choices.stop == Some(Stop::Last) {
            rule.last_stop = sequence.all_tokens().flat_map(Token::origins).fold(None, |last, origin| match origin {
                (Some(turn), _, Part::Stop) if rule.turn(origin) > 0.0 => Some(turn),
                _ => last,
            });
        }
        if options.choices.header == Some(Header::End) {
            rule.header_ends = header_ends(sequence, options.choices.straddlers);
        }
        if options.choices.straddlers == Straddlers::Inside && counted == Counted::Tags {
            rule.inside_tags = inside_tags(sequence);
        }
        if mode == Mode::Custom && !sequence.span_weights.is_empty() {
            rule.spans = spans(sequence, options.choices.straddlers);
        }
        if let (Counted::Prepared, Some(weights)) = (counted, &sequence.prepared) {
            rule.spans = weights.iter().copied().map(Some).collect();
        }
        Ok(rule)
    }

    /// The weight of token `t`, the first one of the sequence included.
    pub fn decide(&self, paint: &Paint, t: usize, token: &Token) -> Decision {
        if let Some(weight) = paint.get(t) {
            return Decision { weight, why: Why::Painted };
        }
        if let Some(&Some(weight)) = self.spans.get(t) {
            let why = if self.counted == Counted::Prepared { Why::Prepared } else { Why::Span };
            return Decision { weight, why };
        }
        let better = |one: Decision, other: Decision| match self.options.choices.straddlers {
            Straddlers::Any if rank(other) > rank(one) => other,
            Straddlers::Inside if other.weight < one.weight => other,
            _ => one,
        };
        let judged = token.origins().map(|origin| self.judge(t, token, origin)).reduce(better);
        judged.unwrap_or(Decision { weight: 0.0, why: Why::Mode })
    }

    /// Whether the parts of a straddler are not all scored or all unscored.
    pub fn divides(&self, t: usize, token: &Token) -> bool {
        let mut scored = token.origins().map(|origin| self.judge(t, token, origin).weight > 0.0);
        let first = scored.next();
        scored.any(|other| Some(other) != first)
    }

    fn judge(&self, t: usize, token: &Token, origin: TokenOrigin<'_>) -> Decision {
        self.by_option(t, token, origin).unwrap_or_else(|| self.by_mode(t, token, origin))
    }

    /// What the options say of this text.
    fn by_option(&self, t: usize, token: &Token, origin: TokenOrigin<'_>) -> Option<Decision> {
        let (_, _, part) = origin;
        let MaskOptions { parts, choices, .. } = &self.options;
        let turn = self.turn(origin);
        if let (Some(stop), Part::Stop) = (choices.stop, part)
            && !self.scores_stop(stop, token, origin)
        {
            return (turn > 0.0 || stop == Stop::None).then_some(Decision { weight: 0.0, why: Why::Stop(stop) });
        }
        let in_reach = part == Part::ToolResult || (turn > 0.0 && is_in_assistant_turn(origin));
        if let Some(weight) = parts.get(part).filter(|_| in_reach) {
            let strength = if part == Part::ToolResult { 1.0 } else { turn };
            return Some(Decision { weight: (weight * strength).min(f64::MAX), why: Why::Weight(part) });
        }
        match (part, choices.stop, choices.header) {
            (Part::Stop, Some(Stop::All), _) if turn == 0.0 => {
                Some(Decision { weight: 1.0, why: Why::Stop(Stop::All) })
            }
            (Part::Stop, Some(stop), _) => Some(Decision { weight: turn, why: Why::Stop(stop) }),
            (Part::Header, _, Some(header)) => self.header(header, t, turn),
            _ => switched(choices, part, turn),
        }
    }

    fn header(&self, header: Header, t: usize, turn: f64) -> Option<Decision> {
        let is_scored = match header {
            Header::On => true,
            Header::End => self.header_ends.get(t) == Some(&true),
            Header::Off => false,
        };
        let weight = if is_scored { turn } else { 0.0 };
        (turn > 0.0 || header == Header::Off).then_some(Decision { weight, why: Why::Header(header) })
    }

    fn scores_stop(&self, stop: Stop, token: &Token, origin: TokenOrigin<'_>) -> bool {
        match stop {
            Stop::Eos => self.turn(origin) > 0.0 && (self.ends.is_empty() || self.ends.contains(&token.id)),
            Stop::Turn => self.turn(origin) > 0.0,
            Stop::Last => origin.0.is_some() && origin.0 == self.last_stop,
            Stop::All => true,
            Stop::None => false,
        }
    }

    /// What the mode says of it, or the prompt weight where it says nothing.
    fn by_mode(&self, t: usize, token: &Token, origin: TokenOrigin<'_>) -> Decision {
        let (turn, _, part) = origin;
        let decision = match (self.counts(t, token, origin), turn) {
            (true, Some(turn)) if self.by_data.get(turn) == Some(&true) => {
                Decision { weight: self.turns[turn], why: Why::Message }
            }
            (true, _) => Decision { weight: 1.0, why: Why::Mode },
            (false, _) => Decision { weight: 0.0, why: Why::Mode },
        };
        match self.options.choices.prompt_weight {
            // Padding is unscored by its position, whatever its id.
            Some(weight) if decision == (Decision { weight: 0.0, why: Why::Mode }) && part != Part::Pad => {
                Decision { weight, why: Why::PromptWeight }
            }
            _ => decision,
        }
    }

    /// Whether the mode counts what token `t` has of that origin, if the turn is trained at all.
    fn counts(&self, t: usize, token: &Token, origin: TokenOrigin<'_>) -> bool {
        let (turn, _, part) = origin;
        let is_in_turn = self.turn(origin) > 0.0 || turn.is_some_and(|turn| self.by_data.get(turn) == Some(&true));
        match self.counted {
            _ if part == Part::Pad => false,
            Counted::Nothing | Counted::Prepared => false,
            Counted::From(start) => t >= start,
            Counted::Completion { start } => {
                start.is_some_and(|start| t > start || (t == start && !part.precedes_message()))
            }
            Counted::Messages => is_in_turn && is_said(part),
            Counted::Reasoning => is_in_turn && part == Part::Reasoning,
            Counted::Answer => is_in_turn && is_said(part) && part != Part::Reasoning,
            Counted::Tags => token.generation && self.inside_tags.get(t) != Some(&false),
        }
    }

    /// How strongly the turn counts that this text belongs to; text of no message counts where all does.
    fn turn(&self, (turn, ..): TokenOrigin<'_>) -> f64 {
        match turn {
            Some(turn) => self.turns.get(turn).copied().unwrap_or(0.0),
            None => f64::from(u8::from(matches!(self.counted, Counted::From(_)))),
        }
    }
}

/// Of two judgements of the same weight, the one that an option made says more.
fn rank(decision: Decision) -> (f64, bool) {
    (decision.weight, decision.why != Why::Mode)
}

fn switched(choices: &Choices, part: Part, turn: f64) -> Option<Decision> {
    let on = choices.switch(part)?;
    let strength = if part == Part::ToolResult { 1.0 } else { turn };
    let weight = if on { strength } else { 0.0 };
    (strength > 0.0 || !on).then_some(Decision { weight, why: Why::Switch(part, on) })
}

/// Whether the assistant's turn has it, the template's text around the message included.
pub(super) fn is_in_assistant_turn((turn, role, _): TokenOrigin<'_>) -> bool {
    turn.is_some() && role.is_some_and(is_assistant)
}

/// Not the header, nor what the template supplies, nor the newline after the stop.
fn is_said(part: Part) -> bool {
    matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::ToolResult | Part::Stop)
}

fn counted(mode: Mode, sequence: &Sequence, options: &MaskOptions) -> Result<Counted, MaskError> {
    match mode {
        Mode::Nothing => return Ok(Counted::Nothing),
        Mode::AsPrepared if sequence.prepared.is_none() => return Err(MaskError::NeedsPrepared),
        Mode::AsPrepared => return Ok(Counted::Prepared),
        _ => {}
    }
    if sequence.kind == Kind::Text {
        return match (mode, options.split) {
            (Mode::All | Mode::Custom, _) => Ok(Counted::From(0)),
            (Mode::Completion, None) => Err(MaskError::NeedsSplit),
            (Mode::Completion, Some(split)) => {
                let leaves_out = split.straddles && options.choices.straddlers == Straddlers::Inside;
                Ok(Counted::From(split.token + usize::from(leaves_out)))
            }
            (mode, _) => Err(MaskError::NeedsChat(mode)),
        };
    }
    match mode {
        Mode::All => Ok(Counted::From(0)),
        Mode::Completion => Ok(Counted::Completion { start: sequence.completion_start() }),
        Mode::GenerationTags if !sequence.generation_tags => Err(MaskError::NeedsTags),
        Mode::GenerationTags => Ok(Counted::Tags),
        Mode::Reasoning => Ok(Counted::Reasoning),
        Mode::Answer => Ok(Counted::Answer),
        _ => Ok(Counted::Messages),
    }
}

/// How strongly the turn of each message counts, and whether the data itself says so.
fn turns(mode: Mode, sequence: &Sequence) -> Result<(Vec<f64>, Vec<bool>), MaskError> {
    let roles = &sequence.roles;
    let by_role = |is_trained: &dyn Fn(usize, &str) -> bool| -> Vec<f64> {
        roles.iter().enumerate().map(|(i, role)| f64::from(u8::from(is_trained(i, role)))).collect()
    };
    let last_assistant = roles.iter().rposition(|role| is_assistant(role));
    let last_user = roles.iter().rposition(|role| role == "user");
    let after_user = |i: usize| last_user.is_none_or(|user| i > user);
    let turns = match mode {
        Mode::All | Mode::Messages => by_role(&|_, _| true),
        Mode::Nothing | Mode::AsPrepared => by_role(&|_, _| false),
        Mode::Completion => by_role(&|i, _| last_assistant.is_some_and(|last| i >= last)),
        Mode::LastMessage => by_role(&|i, _| Some(i) == last_assistant && after_user(i)),
        Mode::LastTurn => by_role(&|i, role| is_assistant(role) && after_user(i)),
        Mode::Roles(trained) => by_role(&|_, role| trained.contains(role)),
        Mode::GenerationTags => {
            let mut tagged = vec![0.0; roles.len()];
            for turn in sequence.all_tokens().filter(|token| token.generation).filter_map(|token| token.turn) {
                tagged[turn] = 1.0;
            }
            tagged
        }
        Mode::Assistant | Mode::Reasoning | Mode::Answer | Mode::Custom => by_role(&|_, role| is_assistant(role)),
    };
    if mode != Mode::Custom {
        return Ok((turns, Vec::new()));
    }
    let given = |message: usize| sequence.message_weights.get(message).copied().flatten();
    let weights = turns.into_iter().enumerate().map(|(i, base)| match given(i) {
        Some(weight) if !weight.is_finite() || weight < 0.0 => Err(MaskError::Weight { message: i + 1, weight }),
        given => Ok(given.map_or(base, |weight| weight + 0.0)),
    });
    Ok((weights.collect::<Result<_, _>>()?, (0..roles.len()).map(|i| given(i).is_some()).collect()))
}

/// The header tokens that are, or under [`Straddlers::Any`] reach into, the whitespace at the end of their header.
fn header_ends(sequence: &Sequence, straddlers: Straddlers) -> Vec<bool> {
    let tokens: Vec<&Token> = sequence.all_tokens().collect();
    let mut ends = vec![false; tokens.len()];
    let mut is_end = false;
    for (t, token) in tokens.iter().enumerate().rev() {
        if token.part != Part::Header {
            is_end = true;
            continue;
        }
        let tail = token.bytes.last().is_some_and(u8::is_ascii_whitespace);
        ends[t] = is_end && (token.is_blank() || (tail && straddlers == Straddlers::Any));
        is_end &= token.is_blank();
    }
    ends
}

/// Whether each token lies wholly inside one of the template's generation tags.
fn inside_tags(sequence: &Sequence) -> Vec<bool> {
    let is_inside = |token: &Token| {
        let spans = &sequence.generation_spans;
        let near = spans.partition_point(|span| span.end <= token.span.start);
        spans.get(near).is_some_and(|span| span.start <= token.span.start && token.span.end <= span.end)
    };
    sequence.all_tokens().map(is_inside).collect()
}

/// The weight that the data's spans give each token: of a token that lies across a border, the greatest, or under
/// [`Straddlers::Inside`] none.
fn spans(sequence: &Sequence, straddlers: Straddlers) -> Vec<Option<f64>> {
    let weight = |token: &Token| {
        let takes = |span: &std::ops::Range<usize>| match straddlers {
            Straddlers::Any => span.start < token.span.end && token.span.start < span.end,
            Straddlers::Inside => span.start <= token.span.start && token.span.end <= span.end,
        };
        let near = sequence.span_weights.partition_point(|(span, _)| span.end <= token.span.start);
        let spans = sequence.span_weights[near..].iter().take_while(|(span, _)| span.start < token.span.end);
        spans.filter(|(span, _)| takes(span)).map(|(_, weight)| *weight).reduce(f64::max)
    };
    sequence.all_tokens().map(weight).collect()
}
