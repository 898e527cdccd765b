//! The README of a folder: what is in it, what starts it, what is equal to Lossglass and what is not.

use std::fmt::Write;

use super::{Handover, Place, Recipient};
use crate::loss::Denominator;
use crate::sequence::visible_text;
use crate::train::Method;

impl Handover<'_> {
    /// The command that starts the run on one device, in the folder.
    pub(super) fn start(&self) -> String {
        match self.to {
            Recipient::Transformers | Recipient::Trl => "python train.py".into(),
            Recipient::Axolotl => "axolotl train config.yaml".into(),
            Recipient::Torchtune => {
                format!("PYTHONPATH=. tune run {} --config config.yaml", self.recipe("single_device"))
            }
        }
    }

    /// `README.md`.
    pub(super) fn readme(&self, model: &str, place: &Place) -> String {
        let mut text = format!("# A run of {}, handed over to {}\n\n", code(model), self.to);
        self.summary(&mut text);
        self.files(&mut text, place);
        self.commands(&mut text);
        section(&mut text, "Equal to `lossglass train`", &self.equal());
        section(&mut text, "Not equal", &self.unequal());
        text
    }

    fn summary(&self, text: &mut String) {
        let settings = self.settings;
        let scored: usize = self.examples.iter().map(|example| example.scored()).sum();
        let tokens: usize = self.examples.iter().map(|example| example.ids.len()).sum();
        let unit = if self.packing.is_some() { "packs" } else { "sequences" };
        let _ = writeln!(
            text,
            "{} {unit} of {}: {tokens} tokens, of which {scored} are scored under mask {}.\n{} steps, {unit} in each: {} \
             (accumulate {}, batch size {}), {}, {}, learning rate {}.\n",
            self.examples.len(),
            code(&self.data),
            code(&self.mask),
            self.steps,
            settings.examples_a_step(),
            settings.accumulate,
            settings.batch,
            settings.method,
            settings.optimizer,
            settings.lr,
        );
    }

    fn files(&self, text: &mut String, place: &Place) {
        let mut files = vec![match self.to {
            Recipient::Axolotl => {
                "`train.parquet`: one row for each sequence that the run takes, in that order; `input_ids`, \
                                   `labels` (−100 where nothing is scored), `attention_mask`, and `weights`, which \
                                   Axolotl does not read"
                    .to_owned()
            }
            _ => "`train.parquet`: one row for each sequence that the run takes, in that order; `input_ids`, `labels` \
                  (unshifted, −100 where nothing is scored) and `weights`"
                .to_owned(),
        }];
        let place = match place {
            Place::Here => "`model`: the weights in 32 bits, as the run begins with them, with their tokenizer".into(),
            Place::Directory(path) => format!(
                "the model is in {} of the machine that wrote this: where it is elsewhere, say so in {}",
                code(path),
                self.settings_file()
            ),
            Place::Hub { repository, revision } => {
                format!("the model is {} on the Hugging Face Hub, revision {}", code(repository), code(revision))
            }
        };
        files.push(place);
        if self.has_adapter() {
            files.push(
                "`adapter`: the LoRA weights that the run begins with, drawn from its seed, as PEFT loads them".into(),
            );
        }
        files.push(format!("{}: method, optimizer, schedule, batches, seed", self.settings_file()));
        files.push("`out`: where the run will save".into());
        section(text, "What is here", &files);
    }

    fn settings_file(&self) -> &'static str {
        if self.to.has_script() { "`run.json`" } else { "`config.yaml`" }
    }

    fn commands(&self, text: &mut String) {
        text.push_str("## What starts it\n\nAll commands are for this folder. ");
        text.push_str(match self.to {
            Recipient::Transformers => {
                "`pip install torch transformers accelerate datasets peft` installs what they need."
            }
            Recipient::Trl => "`pip install torch trl peft` installs what they need.",
            Recipient::Axolotl => "`pip install axolotl` installs what they need.",
            Recipient::Torchtune => "`pip install torchtune==0.6.1 torchao==0.10.0` installs what they need.",
        });
        text.push_str("\n\n```sh\n");
        for (what, command) in self.ways() {
            let _ = writeln!(text, "# {what}\n{command}");
        }
        text.push_str("```\n\n");
        let batches = self.settings.accumulate;
        let _ = match batches {
            1 => writeln!(
                text,
                "A step has one batch, which one process takes. For several, hand the run over with `--accumulate N`: N \
                 processes, or fewer that divide N, then share the N batches of a step.\n"
            ),
            _ if self.to.has_script() => writeln!(
                text,
                "A step has {batches} batches, which the processes share: their number has to divide {batches}. The sequences \
                 of a step, and with them its loss, are the same on any number.\n"
            ),
            _ => writeln!(
                text,
                "A step has {batches} batches, which the processes share: on N of them each accumulates {batches} / N. The \
                 sequences of a step are then the same on any number.\n"
            ),
        };
    }

    /// What starts it, one way after the other: in words, and as a command.
    fn ways(&self) -> Vec<(&'static str, String)> {
        let n = self.processes();
        let passes = self.settings.accumulate / n;
        let (all, share) =
            ("several GPUs, each with all weights", "several GPUs, each with a share of the weights (FSDP)");
        let mut ways = vec![("one process", self.start())];
        match self.to {
            _ if n == 1 => {}
            Recipient::Transformers | Recipient::Trl => ways.extend([
                (all, format!("accelerate launch --multi_gpu --num_processes {n} train.py")),
                ("the same by torchrun", format!("torchrun --nproc_per_node {n} train.py")),
                (share, format!("accelerate launch --config_file fsdp.yaml --num_processes {n} train.py")),
            ]),
            Recipient::Axolotl => {
                let train = format!("-m axolotl.cli.train config.yaml --gradient-accumulation-steps {passes}");
                ways.push((all, format!("accelerate launch --multi_gpu --num_processes {n} {train}")));
                ways.push((share, format!("accelerate launch --config_file fsdp.yaml --num_processes {n} {train}")));
            }
            Recipient::Torchtune => ways.push((
                share,
                format!(
                    "PYTHONPATH=. tune run --nproc_per_node {n} {} --config config.yaml gradient_accumulation_steps={passes}",
                    self.recipe("distributed")
                ),
            )),
        }
        match self.to {
            Recipient::Transformers | Recipient::Trl => {
                ways.push(("on a Ray cluster, with `pip install 'ray[train]'`", format!("python ray_train.py {n}")));
            }
            Recipient::Axolotl => ways.push((
                "on a Ray cluster",
                format!(
                    "axolotl train config.yaml --gradient-accumulation-steps {passes} --use-ray --ray-num-workers {n}"
                ),
            )),
            Recipient::Torchtune => {}
        }
        ways.push(("on Slurm", "sbatch slurm.sh".into()));
        if self.to.has_script() {
            ways.push(("on from the last checkpoint in out, if there is one", "python train.py --resume".into()));
        }
        if self.to != Recipient::Torchtune {
            ways.push((
                "how it learns, seen in Lossglass from its first checkpoint on",
                "lossglass train --watch out".into(),
            ));
        }
        ways
    }

    fn equal(&self) -> Vec<String> {
        let mut equal = vec![
            "the tokens and which of them are scored: nothing is rendered, tokenised or masked again".to_owned(),
            format!("the order of the sequences, which seed {} decides", self.settings.seed),
            self.loss(),
            format!(
                "{}, gradients clipped to the norm {}",
                self.settings.optimizer,
                if self.settings.clip == 0.0 { "∞ (not at all)".into() } else { self.settings.clip.to_string() }
            ),
        ];
        if self.to.has_script() {
            equal
                .push("the learning rate of every step, and weight decay, which holds for biases and norms too".into());
        }
        match (&self.settings.method, self.to) {
            (Method::Lora(_), Recipient::Torchtune) => equal.push("rank and alpha of LoRA, and where it is put".into()),
            (Method::Lora(_), _) => equal.push("the LoRA weights that the run begins with".into()),
            _ => {}
        }
        if self.is_block() {
            equal.push(
                "packs: records in one sequence see nothing of each other, and their positions begin at 0".into(),
            );
        }
        equal
    }

    fn loss(&self) -> String {
        let divisor = match self.settings.denominator {
            Denominator::Scored => "the number of scored tokens of the whole step",
            Denominator::Weights => "the sum of weights of the whole step",
            Denominator::All => "the number of targets of the whole step",
            Denominator::Sum => "nothing",
        };
        match self.to {
            Recipient::Transformers => format!(
                "the loss: Σ weight · −log p over the sequences of a step, on all processes, divided once, by {divisor}"
            ),
            _ => "the loss: Σ −log p over the sequences of a step, on all processes, divided once, by the number of scored \
                  tokens of the whole step"
                .into(),
        }
    }

    fn unequal(&self) -> Vec<String> {
        let mut unequal = vec![
            "rounding: sums are taken in another order, so that losses drift apart in their last digits, and faster at a \
             high learning rate"
                .to_owned(),
        ];
        let warms_up = self.settings.schedule.warmup > 0;
        if !self.to.has_script() {
            unequal.push("dropout, where the model's config has some: Lossglass has none".into());
        }
        if self.to == Recipient::Axolotl {
            if warms_up {
                unequal
                    .push("the warm-up: its first step has the learning rate 0 there, and 1/warmup of it here".into());
            }
            if self.settings.weight_decay > 0.0 {
                unequal.push("weight decay, which leaves out biases and norms there".into());
            }
            unequal.push("this configuration is checked against Axolotl's schema, and was not run with it".into());
        }
        if self.to == Recipient::Torchtune && matches!(self.settings.method, Method::Lora(_)) {
            unequal.push(
                "the LoRA weights that the run begins with: torchtune draws its own, from the same distribution".into(),
            );
        }
        if self.is_block() {
            unequal.push(
                "speed: without FlashAttention packs are masked, not skipped; `attn_implementation` is where to choose it"
                    .into(),
            );
        }
        unequal
            .push("16 bits: all is computed in 32 here; `bf16` is faster and moves losses in their third digit".into());
        unequal
    }
}

fn section(text: &mut String, title: &str, points: &[String]) {
    let _ = writeln!(text, "## {title}\n");
    for point in points {
        let _ = writeln!(text, "- {point}");
    }
    text.push('\n');
}

/// Any text as Markdown's code, in one line.
fn code(text: &str) -> String {
    let text = visible_text(text);
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}
