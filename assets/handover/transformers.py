"""Trains with transformers' Trainer as Lossglass does: the sum of weight times -log p over the scored tokens of a whole
step, on all processes, divided once."""

import torch
from run import MODEL, RUN, LikeLossglass, arguments, go, load_data, load_model, optimizer
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, Trainer, TrainingArguments

PADS = {"input_ids": 0, "attention_mask": 0, "labels": -100, "weights": 0.0}


def batch_of(sequences):
    """Rows of one length, padded at the end."""
    longest = max(len(sequence["input_ids"]) for sequence in sequences)
    rows = [{**sequence, "attention_mask": [1] * len(sequence["input_ids"])} for sequence in sequences]
    padded = {key: [row[key] + [pad] * (longest - len(row[key])) for row in rows] for key, pad in PADS.items()}
    return {key: torch.tensor(values) for key, values in padded.items()}


def pack_of(sequences):
    """One row of all records, without padding. Positions begin again with each record, which tells the model that its
    tokens see none before it; the first token of a record is predicted by nothing."""
    joined = {key: sum((sequence[key] for sequence in sequences), []) for key in ("input_ids", "labels", "weights")}
    lengths = sum((sequence["seq_lengths"] for sequence in sequences), [])
    joined["position_ids"] = [position for length in lengths for position in range(length)]
    return {key: torch.tensor([values]) for key, values in joined.items()}


def divisor(batch):
    """What a batch adds to the number by which the step's sum is divided."""
    weights = batch["weights"][:, 1:]
    if RUN["denominator"] == "sum":
        return torch.tensor(0.0)
    if RUN["denominator"] == "weights":
        return weights.sum()
    if RUN["denominator"] == "scored":
        return (weights != 0).sum()
    if "position_ids" in batch:
        return (batch["position_ids"] != 0).sum()
    return batch["attention_mask"][:, 1:].sum()


class MaskedTrainer(LikeLossglass, Trainer):
    def get_batch_samples(self, epoch_iterator, num_batches, device):
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        own = torch.stack([divisor(batch).float() for batch in batches]).sum()
        whole = self.accelerator.gather(own.to(device)).sum()
        return batches, torch.ones_like(whole) if RUN["denominator"] == "sum" else whole

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels, weights = inputs.pop("labels"), inputs.pop("weights")
        outputs = model(**inputs, use_cache=False)
        # The row at one token predicts the next one.
        rows, targets = outputs.logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten()
        nll = cross_entropy(rows, targets, ignore_index=-100, reduction="none")
        # Gradients are averaged over processes, and what they are to be is a sum.
        loss = (weights[:, 1:].flatten() * nll).sum() / num_items_in_batch * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


def main():
    is_block = RUN["packing"] == "block"
    columns = ["input_ids", "labels", "weights"] + (["seq_lengths"] if is_block else [])
    trainer = MaskedTrainer(
        model=load_model(),
        args=TrainingArguments(**arguments(), remove_unused_columns=False),
        # Saved with every checkpoint, which is a model of its own then.
        processing_class=AutoTokenizer.from_pretrained(MODEL, revision=RUN["revision"]),
        data_collator=pack_of if is_block else batch_of,
        train_dataset=load_data(columns),
        optimizer_cls_and_kwargs=optimizer(),
    )
    # compute_loss has divided by the whole step already.
    trainer.model_accepts_loss_kwargs = True
    go(trainer)


if __name__ == "__main__":
    main()
