//! From arguments to settings.

use anyhow::{Result, bail};

use crate::cli::train::{MethodArg, MethodArgs, OptimizerArg, OptimizerArgs, PlanArgs};
use crate::train::{LoraSettings, Method, Optimizer, Schedule, Settings, Shape};

/// Steps of a run where the user does not say how many.
const STEPS: usize = 10;

/// How steps are taken, and how many: what the arguments say, else what the saved run had after so many steps, else the
/// defaults.
///
/// # Errors
/// If an option would do nothing.
pub fn settings(args: &PlanArgs, saved: Option<(Settings, usize)>) -> Result<(Settings, usize)> {
    let (base, taken) = saved.unwrap_or_default();
    let left = base.schedule.total.saturating_sub(taken);
    let steps = args.run.steps.unwrap_or(if left > 0 { left } else { STEPS });
    let (optimizer, run) = (&args.optimizer, &args.run);
    let settings = Settings {
        method: method(&args.method, &base.method)?,
        optimizer: self::optimizer(optimizer, base.optimizer)?,
        lr: optimizer.lr.unwrap_or(base.lr),
        schedule: Schedule {
            shape: optimizer.schedule.unwrap_or(base.schedule.shape),
            warmup: optimizer.warmup.unwrap_or(base.schedule.warmup),
            // More steps than the saved run was to have stretch it.
            total: base.schedule.total.max(taken + steps),
        },
        weight_decay: optimizer.weight_decay.unwrap_or(base.weight_decay),
        clip: optimizer.clip.unwrap_or(base.clip),
        batch: run.batch_size.unwrap_or(base.batch),
        accumulate: run.accumulate.unwrap_or(base.accumulate),
        denominator: args.mask.denominator.unwrap_or(base.denominator),
        shuffle: base.shuffle,
        seed: run.seed.unwrap_or(base.seed),
    };
    if settings.schedule.shape != Shape::Constant && settings.schedule.warmup >= settings.schedule.total {
        bail!("--warmup takes all {} steps, which leaves none for --schedule", settings.schedule.total);
    }
    Ok((settings, steps))
}

fn method(args: &MethodArgs, base: &Method) -> Result<Method> {
    let kind = args.method.unwrap_or(match base {
        Method::Full => MethodArg::Full,
        Method::Lora(_) => MethodArg::Lora,
        Method::Last { .. } => MethodArg::Last,
        Method::Embeddings => MethodArg::Embeddings,
    });
    let only_lora = [
        ("--rank", args.rank.is_some()),
        ("--alpha", args.alpha.is_some()),
        ("--projections", args.projections.is_some()),
    ];
    if let Some((name, _)) = only_lora.into_iter().find(|(_, given)| *given && kind != MethodArg::Lora) {
        bail!("{name} is for --method lora");
    }
    if args.layers.is_some() && kind != MethodArg::Last {
        bail!("--layers is for --method last");
    }
    Ok(match (kind, base) {
        (MethodArg::Full, _) => Method::Full,
        (MethodArg::Embeddings, _) => Method::Embeddings,
        (MethodArg::Last, Method::Last { layers }) => Method::Last { layers: args.layers.unwrap_or(*layers) },
        (MethodArg::Last, _) => Method::Last { layers: args.layers.unwrap_or(1) },
        (MethodArg::Lora, base) => {
            let base = if let Method::Lora(lora) = base { lora.clone() } else { LoraSettings::default() };
            let rank = args.rank.unwrap_or(base.rank);
            let alpha = args.alpha.unwrap_or(if rank == base.rank { base.alpha } else { 2.0 * rank as f64 });
            Method::Lora(LoraSettings { rank, alpha, projections: args.projections.unwrap_or(base.projections) })
        }
    })
}

fn optimizer(args: &OptimizerArgs, base: Optimizer) -> Result<Optimizer> {
    let kept = if let Optimizer::Sgd { momentum } = base { momentum } else { 0.0 };
    match (args.optimizer, base) {
        (Some(OptimizerArg::Sgd), _) | (None, Optimizer::Sgd { .. }) => {
            Ok(Optimizer::Sgd { momentum: args.momentum.unwrap_or(kept) })
        }
        _ if args.momentum.is_some() => bail!("--momentum is for --optimizer sgd; AdamW has its own"),
        _ => Ok(Optimizer::AdamW),
    }
}
