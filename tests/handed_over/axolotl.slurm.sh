#!/bin/bash
#SBATCH --job-name=lossglass
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --output=slurm-%j.log
#SBATCH --requeue

# From this folder, on a disk that every node sees: sbatch slurm.sh
# One process for each GPU. Nodes × GPUs has to divide the 4 batches of a step, so that it has the same sequences.

set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun torchrun --nnodes "$SLURM_NNODES" --nproc_per_node 4 \
    --rdzv_id "$SLURM_JOB_ID" --rdzv_backend c10d --rdzv_endpoint "$first:29500" \
    -m axolotl.cli.train config.yaml --gradient-accumulation-steps 1
