//! The view Attend: what each token may see, what it looks at, on what a prediction leans, and where it is decided.

mod experiment;
mod looking;

pub use looking::{Leanings, Looked};

use super::{Room, View, ViewCommand};
use crate::app::general::Part;
use crate::app::keymap::{Binding, Context};
use crate::app::{Activity, App, Effect, next};
use crate::engine::{LookEvent, Seen};
use crate::inspect::Pick;
use crate::mask::{AttentionMask, Scope};

/// What the view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AttendPanel {
    /// What each token may see.
    #[default]
    Mask,
    /// What a head looks at.
    Attention,
    /// What each head does.
    Heads,
    /// On which tokens the prediction under the cursor leans.
    Leaning,
    /// What each layer would predict.
    Layers,
}

impl AttendPanel {
    /// Every panel, in the order of their tabs.
    pub const EVERY: [Self; 5] = [Self::Mask, Self::Attention, Self::Heads, Self::Leaning, Self::Layers];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mask => "Mask",
            Self::Attention => "Attention",
            Self::Heads => "Heads",
            Self::Leaning => "Leaning",
            Self::Layers => "Layers",
        }
    }
}

/// Where what is forbidden is forbidden: by hand, and to see what a prediction leans on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// In all layers and heads.
    #[default]
    Everywhere,
    /// In the layer chosen.
    Layer,
    /// In the head chosen.
    Head,
}

/// What the view remembers.
#[derive(Clone, Debug)]
pub struct Attend {
    pub panel: AttendPanel,
    /// The layer that is shown, counted from 0; one that the model does not have stands for its last.
    layer: usize,
    /// The head that is shown, or all as one.
    pub pick: Pick,
    pub reach: Reach,
    /// The column of the crosshair, as a distance back from the row's own token.
    back: usize,
    /// Whether the whole text is shown, folded, and not the window around the cursor.
    pub is_whole: bool,
    looked: Looked,
}

impl Default for Attend {
    fn default() -> Self {
        Self {
            panel: AttendPanel::default(),
            layer: 0,
            pick: Pick::Mean,
            reach: Reach::default(),
            back: 0,
            is_whole: false,
            looked: Looked::default(),
        }
    }
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    NextPanel,
    PreviousPanel,
    NextLayer,
    PreviousLayer,
    NextHead,
    PreviousHead,
    /// The crosshair's column.
    ColumnLeft,
    ColumnRight,
    /// The edge under the crosshair is forbidden, or allowed again.
    Forbid,
    /// The token under the crosshair, to all that come after it.
    ForbidToken,
    NextMask,
    ShiftLabels,
    NextReach,
    Whole,
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Attend(command));
    Binding { context: Context::View(View::Attend), keys, command, help, short }
}

impl Room for Attend {
    const ABOUT: &'static str = "view Attend: what each position sees and looks at";
    const BEHIND: Part = Part::Moving;
    const KEYS: &'static [Binding] = &[
        bind(&["i"], Command::NextPanel, "mask, attention, heads, leaning, layers", "i panel"),
        bind(&["I"], Command::PreviousPanel, "the panel before", ""),
        bind(&["."], Command::NextLayer, "next layer; in Mask, the next that sees otherwise", ", . layer"),
        bind(&[","], Command::PreviousLayer, "previous layer", ""),
        bind(&[">"], Command::NextHead, "next head; before the first, mean and maximum", "< > head"),
        bind(&["<"], Command::PreviousHead, "previous head", ""),
        bind(&["shift-←", "H"], Command::ColumnLeft, "the crosshair goes to an earlier token", ""),
        bind(&["shift-→", "L"], Command::ColumnRight, "the crosshair goes to a later token", "H L column"),
        bind(&["enter"], Command::Forbid, "forbid the edge under the crosshair, or allow it", "enter forbid"),
        bind(&["F"], Command::ForbidToken, "forbid that token to all rows, or allow it", ""),
        bind(&["a"], Command::NextMask, "another mask: window, prefix, none, the own", "a mask"),
        bind(&["y"], Command::ShiftLabels, "labels shifted by one too few, or rightly", ""),
        bind(&["w"], Command::NextReach, "forbid in all layers, in this layer, in this head", ""),
        bind(&["f"], Command::Whole, "the whole text, folded, or around the cursor", "f fold"),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        let (layers, heads) = app.analysis.model.as_ref().map_or((1, 1), |model| (model.layers(), model.heads));
        let (shown, other) = (app.shown_layer(), app.other_layer(command == Command::NextLayer));
        let own = &mut app.views.attend;
        match command {
            Command::NextPanel => own.panel = next(&AttendPanel::EVERY, own.panel, 1),
            Command::PreviousPanel => own.panel = next(&AttendPanel::EVERY, own.panel, -1),
            Command::NextLayer | Command::PreviousLayer if own.panel == AttendPanel::Mask => own.layer = other,
            Command::NextLayer => own.layer = (shown + 1) % layers,
            Command::PreviousLayer => own.layer = (shown + layers - 1) % layers,
            Command::NextHead => own.step_head(heads, 1),
            Command::PreviousHead => own.step_head(heads, -1),
            Command::ColumnLeft => own.back = (own.back + 1).min(app.shared.cursor.saturating_sub(1)),
            Command::ColumnRight => own.back = own.back.saturating_sub(1),
            Command::NextReach => own.reach = next(&[Reach::Everywhere, Reach::Layer, Reach::Head], own.reach, 1),
            Command::Whole => own.is_whole = !own.is_whole,
            Command::Forbid => return experiment::forbid(app, false),
            Command::ForbidToken => return experiment::forbid(app, true),
            Command::NextMask => return experiment::next_mask(app),
            Command::ShiftLabels => return experiment::shift_labels(app),
        }
        Vec::new()
    }

    fn cancel(app: &mut App) -> Option<Vec<Effect>> {
        // A run under way is stopped by the same key, and looks again with its next step.
        if app.training.activity == Activity::Idle && app.views.attend.looked.stop() {
            return Some(vec![Effect::CancelEngine]);
        }
        experiment::end(app)
    }

    fn follow(app: &mut App) -> Vec<Effect> {
        looking::follow(app)
    }

    fn panels() -> Vec<&'static str> {
        AttendPanel::EVERY.iter().map(|panel| panel.title()).collect()
    }

    fn show_panel(&mut self, panel: usize) {
        self.panel = AttendPanel::EVERY.get(panel).copied().unwrap_or_default();
    }

    fn return_to(&mut self, before: Self) {
        *self = Self { looked: self.looked.emptied(), ..before };
    }

    fn leave_place(&mut self) {
        self.back = 0;
    }

    fn leave_weights(&mut self, step: usize) {
        self.looked.forget_from(step);
    }
}

impl Attend {
    /// Mean and maximum, then head by head, round and round.
    fn step_head(&mut self, heads: usize, by: isize) {
        let every: Vec<Pick> = [Pick::Mean, Pick::Max].into_iter().chain((0..heads).map(Pick::Head)).collect();
        self.pick = next(&every, self.pick, by);
    }

    /// Takes in what comes of a look; of an older one it is dropped.
    pub(in crate::app) fn take(&mut self, number: u64, step: usize, event: LookEvent) {
        self.looked.take(number, step, event);
    }

    /// How far the look under way is, in pieces done and in all.
    pub fn going(&self) -> Option<(usize, usize)> {
        self.looked.going()
    }
}

impl App {
    /// The layer that the view Attend shows, counted from 0.
    pub fn shown_layer(&self) -> usize {
        let layers = self.analysis.model.as_ref().map_or(1, |model| model.layers());
        self.views.attend.layer.min(layers.saturating_sub(1))
    }

    /// The row of the crosshair: the position that reads, and predicts the token under the cursor.
    pub fn crosshair_row(&self) -> usize {
        self.read_for(self.cursor).saturating_sub(1).min(self.len().saturating_sub(1))
    }

    /// The token under the crosshair.
    pub fn crosshair_column(&self) -> usize {
        self.crosshair_row().saturating_sub(self.views.attend.back)
    }

    /// Where edges and tokens are forbidden.
    pub fn scope(&self) -> Scope {
        let layer = Some(self.shown_layer());
        match (self.views.attend.reach, self.views.attend.pick) {
            (Reach::Everywhere, _) => Scope::default(),
            (Reach::Head, Pick::Head(head)) => Scope { layer, head: Some(head) },
            (Reach::Layer | Reach::Head, _) => Scope { layer, head: None },
        }
    }

    /// The mask of the layer on show, and the layers that have it; without a model what every causal model has.
    pub fn attention_mask(&self) -> (AttentionMask, &[usize]) {
        let layer = self.shown_layer();
        let masks = self.attention_masks();
        match masks.iter().find(|(_, layers)| layers.contains(&layer)) {
            Some((mask, layers)) => (*mask, layers),
            None => (AttentionMask::Causal, &[]),
        }
    }

    /// Whether the model has layers with another mask than the one on show.
    pub fn has_other_masks(&self) -> bool {
        self.attention_masks().len() > 1
    }

    fn attention_masks(&self) -> &[(AttentionMask, Vec<usize>)] {
        self.analysis.model.as_ref().map_or(&[], |model| &model.masks)
    }

    /// The first layer of the next mask, or of the one before.
    fn other_layer(&self, forward: bool) -> usize {
        let firsts: Vec<usize> =
            self.attention_masks().iter().filter_map(|(_, layers)| layers.first().copied()).collect();
        if firsts.is_empty() {
            return 0;
        }
        let own = self.attention_mask().1.first().copied().unwrap_or(0);
        next(&firsts, own, if forward { 1 } else { -1 })
    }
}

/// What was seen inside the active model, as far as it is of what is on screen now.
impl App {
    /// What the heads of the layer on show weigh.
    pub fn seen_attention(&self) -> Option<&crate::inspect::LayerWeights> {
        match self.views.attend.looked.of(&looking::wanted_attention(self)?)? {
            Seen::Attention(weights) => Some(weights),
            _ => None,
        }
    }

    /// What every head does.
    pub fn seen_heads(&self) -> Option<&[crate::inspect::NamedHead]> {
        match self.views.attend.looked.of(&looking::wanted_heads(self)?)? {
            Seen::Heads(heads) => Some(heads),
            _ => None,
        }
    }

    /// What each layer would predict.
    pub fn seen_layers(&self) -> Option<&crate::inspect::Depth> {
        match self.views.attend.looked.of(&looking::wanted_layers(self)?)? {
            Seen::Layers(depth) => Some(depth),
            _ => None,
        }
    }

    /// On what the prediction under the cursor leans, for the active model and the second.
    pub fn seen_leaning(&self) -> Leanings<'_> {
        let of = |look: Option<looking::Key>| match self.views.attend.looked.of(&look?)? {
            Seen::Leaning(leaning) => Some(leaning),
            _ => None,
        };
        Leanings { first: of(looking::wanted_leaning(self)), second: of(looking::wanted_second(self)) }
    }

    /// Why there is nothing to see, where there is a reason.
    pub fn unseen(&self) -> Option<String> {
        looking::reason(self)
    }
}
