//! One road for every record: sample, tokens, mask, example. The audit, training (headless and on screen), packs and
//! exports all take it, so that they weigh a record alike and leave out the same ones.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::cancel::Cancel;
use crate::mask::{LossMask, MaskError, Policy};
use crate::model::Reader;
use crate::sample::{Form, Record, Sample};
use crate::sequence::{EncodeOptions, PackOptions, Packer, Sequence};
use crate::train::Example;

/// A record's tokens and their weights.
#[derive(Debug)]
pub struct Masked {
    pub form: Form,
    pub sample: Sample,
    pub sequence: Sequence,
    pub mask: LossMask,
}

impl Masked {
    /// Scored targets as a share of all, 0 to 1; `None` where there is no target.
    pub fn share(&self) -> Option<f64> {
        let targets = self.sequence.target_count();
        (targets > 0).then(|| self.mask.scored() as f64 / targets as f64)
    }
}

/// Why a record has no mask.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The template, the tokenizer or the model's context refuses it.
    #[error("cannot be encoded: {0:#}")]
    Encode(anyhow::Error),
    #[error("cannot be masked: {0}")]
    Mask(#[from] MaskError),
}

/// Renders, tokenises and masks one record.
///
/// # Errors
/// If the model cannot read it or the mask does not apply to it.
pub fn mask(
    reader: &Reader,
    encoding: EncodeOptions,
    policy: &Policy,
    record: Record,
) -> std::result::Result<Masked, RecordError> {
    let Record { form, sample, split } = record;
    let sequence = reader.encode(&sample, encoding).map_err(RecordError::Encode)?;
    let mask = policy.mask(&sequence, form, split)?;
    Ok(Masked { form, sample, sequence, mask })
}

/// What a run learns from: the examples of a data set, once for each copy that learns under a policy of its own, and what
/// was cut or left out of it.
#[derive(Debug)]
pub struct Examples {
    /// `by_copy[c][i]` is example i under policy c.
    by_copy: Vec<Vec<Arc<Example>>>,
    /// The one sequence, where there is just one record or pack.
    pub only: Option<Sequence>,
    counts: Counts,
}

/// What became of the records.
#[derive(Clone, Copy, Debug)]
struct Counts {
    records: usize,
    /// Longer than the model's context, or than a pack.
    cut: usize,
    /// Sequences in which a copy scores nothing: they teach it nothing, and are left out for all.
    unscored: usize,
    /// The model's context.
    context: usize,
    packs: Option<Packs>,
}

#[derive(Clone, Copy, Debug)]
struct Packs {
    options: PackOptions,
    packs: usize,
    /// In all of them.
    tokens: usize,
}

impl Examples {
    /// The records one by one. `going` hears how many are done; `None` after `cancel`.
    ///
    /// # Errors
    /// A record that the model cannot read or a policy does not fit, by its number from 0; nothing scored at all.
    pub fn of_records(
        reader: &Reader,
        encoding: EncodeOptions,
        policies: &[Policy],
        records: &[Record],
        cancel: &Cancel,
        going: &mut dyn FnMut(usize),
    ) -> Result<Option<Self>> {
        let mut examples = Self::begin(reader, policies, records.len());
        for (number, record) in records.iter().enumerate() {
            if cancel.is_cancelled() {
                return Ok(None);
            }
            going(number);
            let of_record = || if records.len() > 1 { format!("record {number}") } else { "this input".into() };
            let sequence = reader.encode(&record.sample, encoding).with_context(of_record)?;
            examples.counts.cut += usize::from(sequence.uncut_len().is_some());
            examples.add(policies, &sequence, record.form, record.split).with_context(of_record)?;
            examples.only = (records.len() == 1).then_some(sequence);
        }
        examples.end().map(Some)
    }

    /// The records packed, in order.
    ///
    /// # Errors
    /// As [`of_records`](Self::of_records); packs longer than the model's context.
    pub fn of_packs(
        reader: &Reader,
        encoding: EncodeOptions,
        policies: &[Policy],
        records: &[Record],
        options: PackOptions,
    ) -> Result<Self> {
        reader.check_pack(options)?;
        let mut examples = Self::begin(reader, policies, records.len());
        let (mut packer, mut packs) = (Packer::new(options), Vec::new());
        let split = policies.first().and_then(|policy| policy.split);
        for (number, record) in records.iter().enumerate() {
            let document = reader.encode(&record.sample, encoding).with_context(|| format!("record {number}"))?;
            examples.counts.cut += usize::from(document.uncut_len().is_some() || document.len() > options.size);
            let is_text = matches!(record.sample, Sample::Text(_));
            packs.extend(packer.add(document, split.filter(|_| is_text).or(record.split)));
        }
        packs.extend(packer.finish());
        let (form, split) = records.first().map_or((Form::Messages, None), |record| (record.form, record.split));
        let tokens = packs.iter().map(Sequence::len).sum();
        examples.counts.packs = Some(Packs { options, packs: packs.len(), tokens });
        for pack in &packs {
            examples.add(policies, pack, form, split)?;
        }
        examples.only = if packs.len() == 1 { packs.pop() } else { None };
        examples.end()
    }

    fn begin(reader: &Reader, policies: &[Policy], records: usize) -> Self {
        let counts = Counts { records, cut: 0, unscored: 0, context: reader.context, packs: None };
        Self { by_copy: vec![Vec::with_capacity(records); policies.len()], only: None, counts }
    }

    /// Masks one sequence for each copy; left out if a copy would score nothing of it.
    fn add(&mut self, policies: &[Policy], sequence: &Sequence, form: Form, split: Option<usize>) -> Result<()> {
        let masks = policies.iter().map(|policy| policy.mask(sequence, form, split));
        let masks = masks.collect::<std::result::Result<Vec<_>, _>>()?;
        if masks.iter().any(|mask| mask.scored() == 0) {
            self.counts.unscored += 1;
            return Ok(());
        }
        for (mask, examples) in masks.iter().zip(&mut self.by_copy) {
            examples.push(Arc::new(Example::new(sequence, mask)));
        }
        Ok(())
    }

    fn end(self) -> Result<Self> {
        if self.is_empty() {
            bail!("nothing is scored, so there is nothing to learn: choose another mask");
        }
        Ok(self)
    }

    /// How many examples each copy has.
    pub fn len(&self) -> usize {
        self.by_copy.first().map_or(0, Vec::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those of copy `copy`.
    pub fn of_copy(&self, copy: usize) -> &[Arc<Example>] {
        self.by_copy.get(copy).map_or(&[], Vec::as_slice)
    }

    /// The examples with these numbers, for each copy.
    pub fn pick(&self, numbers: &[usize]) -> Vec<Vec<Arc<Example>>> {
        self.by_copy.iter().map(|examples| numbers.iter().map(|&i| examples[i].clone()).collect()).collect()
    }

    /// What an example is: a record, or a pack of several.
    pub fn unit(&self) -> &'static str {
        if self.counts.packs.is_some() { "pack" } else { "record" }
    }

    /// What is packed, cut and left out, and why, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let Counts { records, cut, unscored, context, packs } = self.counts;
        let mut notes = Vec::new();
        if let Some(Packs { options, packs, tokens }) = packs {
            let full = 100.0 * tokens as f64 / (packs * options.size) as f64;
            let (size, packing) = (options.size, options.packing);
            notes.push(format!(
                "{records} records in {packs} packs of at most {size} tokens ({packing}), {full:.1} % full"
            ));
        }
        if cut > 0 {
            let of = if records == 1 { "it is".into() } else { format!("{cut} of {records} are") };
            notes.push(match packs {
                Some(_) => format!("{cut} of {records} records are longer than a pack: the rest is cut off"),
                None => format!("{of} longer than the context of {context} tokens: the rest is cut off"),
            });
        }
        if unscored > 0 {
            let (all, unit) = packs.map_or((records, "records"), |packs| (packs.packs, "packs"));
            notes.push(format!("nothing is scored in {unscored} of {all} {unit}: they are left out"));
        }
        notes
    }
}
