"""How simulated jobs look when they are made: names, pipelines, errors, a past that fits their status.
Pure tables and draws from a given source of chance; the shapes of errors vary on purpose.
"""

from random import Random
from typing import NamedTuple

from bot.sandbox.jobs_sim import MOVES, Happened, SimJob, Status

ORGANISATION = "org_2vdnp31s6q8cgs2vc37a01w6jb"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case. A TypeID holds 128 bits, so its first character is at most 7."""


class Pipeline(NamedTuple):
    key: str
    type: str
    versions: tuple[str, ...]


PIPELINES = (
    Pipeline("machine-state-classification", "batch", ("1.1.1", "1.1.1-409-e749ac0")),
    Pipeline("activity-detection", "batch", ("0.0.20", "1.1.1-409-e749ac0")),
    Pipeline("fine-tuning-omega", "training", ("v1.1.1-409-e749ac0-rev5",)),
    Pipeline("knn-fine-tuning-omega", "training", ("1.0.2",)),
)

_SUBJECTS = {
    "machine-state-classification": (
        "press-line-{n} vibration states",
        "well-F{n} nightly classification",
        "compressor-{n} start-up states",
        "pumps & valves <north {n}>",
    ),
    "activity-detection": ("gateway-flows-{n}", "dock-camera-{n} activity", "yard {n} forklift activity"),
    "fine-tuning-omega": ("omega head, seed {n}", "nightly-train-{n}"),
    "knn-fine-tuning-omega": ("knn omega, k={n}", "nightly-knn-{n}"),
}

ERRORS: tuple[object, ...] = (
    {
        "code": "BackoffLimitExceeded",
        "message": "Worker ran out of memory and the retry limit was reached",
    },
    "OOMKilled (exit=137)",
    {"message": "CUDA out of memory. Tried to allocate 2.50 GiB (GPU 0; 23.69 GiB total)"},
    {"code": "input_resolution", "detail": "failed to resolve file inputs: gateway-3.csv was overwritten"},
    None,
    ["tensor shape mismatch: expected [32, 512], got [32, 256]", "worker exited with code 1"],
    {"reason": "BackoffLimitExceeded"},
    {},
    "Traceback (most recent call last):\n  ...\nRuntimeError: no active versions for the pipeline",
)

_END_STAMP: dict[str, str] = {
    move.target: move.stamp for move in MOVES.values() if move.stamp is not None and move.stamp != "started_at"
}

PARAMETERS: dict[str, object] = {
    "worker": {"parallelism": 1, "config": {"model_type": "omega_1_4_base", "batch_size": 32}}
}


def type_id(prefix: str, chance: Random) -> str:
    return f"{prefix}_{chance.choice(_ALPHABET[:8])}{''.join(chance.choices(_ALPHABET, k=25))}"


def job_name(pipeline_key: str, chance: Random) -> str:
    subjects = _SUBJECTS.get(pipeline_key, ("job {n}",))
    return chance.choice(subjects).format(n=chance.randint(1, 24))


def job_of_age(chance: Random, pipeline: Pipeline, status: str, *, now: float, age: float) -> SimJob:
    """Created `age` seconds ago, started within a minute and ended within ten, as far as its status says so."""
    created = now - age
    job = SimJob(
        id=type_id("job", chance),
        org_id=ORGANISATION,
        name=job_name(pipeline.key, chance),
        pipeline_type=pipeline.type,
        pipeline_key=pipeline.key,
        pipeline_version=pipeline.versions[0],
        status=status,
        created_at=created,
        updated_at=created,
        parameters=PARAMETERS,
        preemption_count=int(status == Status.PREEMPTED),
        error=chance.choice(ERRORS) if status == Status.FAILED else None,
    )
    if status not in {Status.PENDING, Status.ADMITTED}:
        job.started_at = job.updated_at = created + min(60.0, 0.1 * age)
    if (stamp := _END_STAMP.get(status)) is not None:
        job.updated_at = created + min(600.0, 0.5 * age)
        setattr(job, stamp, job.updated_at)
    last = next((what for what, move in MOVES.items() if move.target == status), Happened.SUBMITTED)
    job.input_progress = progress(chance.randint(1, 40), last, int(status == Status.FAILED))
    return job


def progress(inputs: int, last: Happened, failed: int = 0) -> dict[str, int]:
    """Counts over `inputs` tracked files, which always add up to `inputs`."""
    failed = min(failed, inputs)
    match last:
        case Happened.STARTED | Happened.CANCELLED:
            processing, completed = min(1, inputs), 0
        case Happened.COMPLETED:
            processing, completed = 0, inputs - failed
        case Happened.FAILED | Happened.PREEMPTED:
            processing, completed = 0, (inputs - failed) // 2
        case _:
            processing, completed = 0, 0
    return {
        "pending": inputs - processing - completed - failed,
        "processing": processing,
        "completed": completed,
        "failed": failed,
    }
