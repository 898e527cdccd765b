"""Trains with TRL's SFTTrainer and its own loss: the mean of -log p over the labels of a whole step, on all processes."""

from run import MODEL, RUN, LikeLossglass, arguments, go, load_data, load_model, optimizer
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer


class MaskedTrainer(LikeLossglass, SFTTrainer):
    pass


def main():
    is_block = RUN["packing"] == "block"
    config = SFTConfig(
        **arguments(),
        # The sequences are tokens already, cut and packed: nothing is to be done to them.
        max_length=None,
        packing=False,
        padding_free=is_block,
    )
    trainer = MaskedTrainer(
        model=load_model(),
        args=config,
        train_dataset=load_data(["input_ids", "labels"] + (["seq_lengths"] if is_block else [])),
        processing_class=AutoTokenizer.from_pretrained(MODEL, revision=RUN["revision"]),
        optimizer_cls_and_kwargs=optimizer(),
    )
    go(trainer)


if __name__ == "__main__":
    main()
