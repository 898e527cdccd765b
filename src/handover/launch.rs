//! What starts a run, and how a configuration is written.

use std::fmt::Display;

use super::{Handover, Recipient};

/// A file of a folder that is the same for every run.
type Script = (&'static str, &'static str);

/// A job of Slurm's, with `@…@` for what differs.
const SLURM: &str = include_str!("../../assets/handover/slurm.sh");

impl Handover<'_> {
    /// The files that are the same for every run, by their names.
    pub(super) fn scripts(&self) -> &'static [Script] {
        const RUN: Script = ("run.py", include_str!("../../assets/handover/run.py"));
        const RAY: Script = ("ray_train.py", include_str!("../../assets/handover/ray_train.py"));
        const FSDP: Script = ("fsdp.yaml", include_str!("../../assets/handover/fsdp.yaml"));
        const TRANSFORMERS: Script = ("train.py", include_str!("../../assets/handover/transformers.py"));
        const TRL: Script = ("train.py", include_str!("../../assets/handover/trl.py"));
        const TORCHTUNE: Script = ("handed_over.py", include_str!("../../assets/handover/torchtune.py"));
        match self.to {
            Recipient::Transformers => &[RUN, TRANSFORMERS, RAY, FSDP],
            Recipient::Trl => &[RUN, TRL, RAY, FSDP],
            Recipient::Axolotl => &[FSDP],
            Recipient::Torchtune => &[TORCHTUNE],
        }
    }

    /// `slurm.sh`.
    pub(super) fn slurm(&self) -> String {
        let processes = self.processes();
        let passes = (self.settings.accumulate / processes).to_string();
        let (launch, program) = match self.to {
            Recipient::Transformers | Recipient::Trl => ("torchrun", "train.py --resume".to_owned()),
            Recipient::Axolotl => {
                ("torchrun", format!("-m axolotl.cli.train config.yaml --gradient-accumulation-steps {passes}"))
            }
            Recipient::Torchtune => (
                "env PYTHONPATH=. tune run",
                format!("{} --config config.yaml gradient_accumulation_steps={passes}", self.recipe("distributed")),
            ),
        };
        SLURM
            .replace("@GPUS@", &processes.to_string())
            .replace("@BATCHES@", &self.settings.accumulate.to_string())
            .replace("@LAUNCH@", launch)
            .replace("@PROGRAM@", &program)
    }

    /// torchtune's recipe for so many devices: `single_device`, `distributed`.
    pub(super) fn recipe(&self, devices: &str) -> String {
        let method = if matches!(self.settings.method, crate::train::Method::Lora(_)) { "lora" } else { "full" };
        format!("{method}_finetune_{devices}")
    }
}

/// How many steps lie between two checkpoints: ten in a run.
pub(super) fn every(steps: usize) -> usize {
    (steps / 10).max(1)
}

/// A YAML file under way.
pub(super) struct Yaml(String);

impl Yaml {
    /// One that begins with a remark.
    pub fn new(remark: &str) -> Self {
        Self(format!("# {remark}\n"))
    }

    /// Lines as they are.
    pub fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// A number or a truth value.
    pub fn value(&mut self, key: &str, value: impl Display) {
        self.line(&format!("{key}: {value}"));
    }

    /// Any text, quoted.
    pub fn text(&mut self, key: &str, text: &str) {
        self.line(&format!("{key}: {}", quoted(text)));
    }

    /// Texts, quoted.
    pub fn list(&mut self, key: &str, texts: &[String]) {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        self.line(&format!("{key}: [{}]", texts.join(", ")));
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// A text in YAML's double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // What YAML does not print, and what would end its line.
            c if c.is_control() || ['\u{2028}', '\u{2029}', '\u{feff}'].contains(&c) => {
                quoted.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_line_in_quotes() {
        for (text, expected) in [
            ("./model", r#""./model""#),
            ("it's \"here\"", r#""it's \"here\"""#),
            ("a\nb: c # d", r#""a\u000ab: c # d""#),
            (r"C:\x", r#""C:\\x""#),
            ("\u{7f}\u{85}", r#""\u007f\u0085""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
