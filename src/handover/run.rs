//! The settings of a run as JSON, for the scripts.

use serde_json::{Value, json};

use super::{Handover, Place};
use crate::train::{Method, Optimizer};

impl Handover<'_> {
    /// `run.json`: the model at `place`, and how steps are taken. `moves` are the weights that move, where neither all
    /// do nor an adapter does.
    pub(super) fn run_json(&self, place: &Place, moves: &[String]) -> Value {
        let settings = self.settings;
        let momentum = if let Optimizer::Sgd { momentum } = settings.optimizer { momentum } else { 0.0 };
        let mut run = json!({
            "made_by": format!("{}{}", super::write::MADE_BY, env!("CARGO_PKG_VERSION")),
            "to": self.to.name(),
            "model": place.name(),
            "revision": place.revision(),
            "method": settings.method.name(),
            "moves": moves,
            "packing": self.packing.map(|packing| packing.name()),
            "steps": self.steps,
            "batch_size": settings.batch,
            "accumulate": settings.accumulate,
            "denominator": settings.denominator.name(),
            "optimizer": settings.optimizer.name(),
            "momentum": momentum,
            "lr": settings.lr,
            "schedule": settings.schedule.shape.name(),
            "warmup": settings.schedule.warmup,
            "total": settings.schedule.total.max(self.steps),
            "weight_decay": settings.weight_decay,
            "clip": settings.clip,
            "seed": settings.seed,
        });
        if let Method::Lora(lora) = &settings.method {
            run["lora"] = json!({"rank": lora.rank, "alpha": lora.alpha, "projections": lora.projections.name()});
        }
        run
    }
}
