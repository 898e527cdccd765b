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
            "{} {unit} of {}: {tokens} tokens, of which {scored} are scored under mask {}.\n{} steps of {} sequences each \
             ({} batches of {}), {}, {}, learning rate {}.\n",
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
        if let Method::Lora(_) = self.settings.method {
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
        let (n, batches) = (self.processes(), self.settings.accumulate);
        let passes = batches / n;
        text.push_str("## What starts it\n\nAll commands are for this folder. ");
        text.push_str(match self.to {
            Recipient::Transformers => "`pip install torch transformers accelerate datasets peft`",
            Recipient::Trl => "`pip install torch trl peft`",
            Recipient::Axolotl => "`pip install axolotl`",
            Recipient::Torchtune => "`pip install torchtune torchao`",
        });
        text.push_str(" installs what they need.\n\n```sh\n");
        let _ = writeln!(text, "{:<64} # one process", self.start());
        match self.to {
            Recipient::Transformers | Recipient::Trl => {
                for (command, what) in [
                    (format!("accelerate launch --num_processes {n} train.py"), "several GPUs, each with all weights"),
                    (format!("torchrun --nproc_per_node {n} train.py"), "the same"),
                    (
                        format!("accelerate launch --config_file fsdp.yaml --num_processes {n} train.py"),
                        "several GPUs, each with a share of the weights",
                    ),
                    (format!("python ray_train.py {n}"), "on a Ray cluster"),
                    ("sbatch slurm.sh".into(), "on Slurm"),
                    ("python train.py --resume".into(), "from the last checkpoint in out, if there is one"),
                ] {
                    let _ = writeln!(text, "{command:<64} # {what}");
                }
            }
            Recipient::Axolotl => {
                let share = format!("--gradient-accumulation-steps {passes}");
                let _ = writeln!(text, "# several GPUs, each with all weights");
                let _ =
                    writeln!(text, "accelerate launch --num_processes {n} -m axolotl.cli.train config.yaml {share}");
                let _ = writeln!(text, "# several GPUs, each with a share of the weights");
                let _ = writeln!(
                    text,
                    "accelerate launch --config_file fsdp.yaml --num_processes {n} -m axolotl.cli.train config.yaml {share}"
                );
                let _ = writeln!(text, "# on a Ray cluster, then on Slurm");
                let _ = writeln!(text, "axolotl train config.yaml {share} --use-ray --ray-num-workers {n}");
                let _ = writeln!(text, "sbatch slurm.sh");
            }
            Recipient::Torchtune => {
                let recipe = self.recipe("distributed");
                let _ = writeln!(text, "# several GPUs, each with a share of the weights (FSDP), then on Slurm");
                let _ = writeln!(
                    text,
                    "PYTHONPATH=. tune run --nproc_per_node {n} {recipe} --config config.yaml \
                     gradient_accumulation_steps={passes}"
                );
                let _ = writeln!(text, "sbatch slurm.sh");
            }
        }
        text.push_str("```\n\n");
        let _ = match batches {
            1 => writeln!(
                text,
                "A step has one batch, so that only one process can take it. To share steps among N processes, hand the run \
                 over with `--accumulate N`.\n"
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
        } else if self.to == Recipient::Torchtune {
            equal.push("the learning rate of every step".into());
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
