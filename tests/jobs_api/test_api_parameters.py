"""An error never repeats what its job was given, whatever stands around it; nothing else of it is lost."""

import json
from string import ascii_letters
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs_api.decoding import decode_row
from bot.jobs_api.words import read_error

PROMPT = "You inspect press line seven at ACME"
LONG = 'You are an inspector of the "seventh" press line.\nSay for each Prüfung whether the part is good, and no more.'
CHINESE = "请检查七号冲压线的状态"
LINK = "s3://acme/press/7.csv"
FOLDER = r"C:\Newer\Press\Tables"
HOST = "press-seven.lab.acme.example"
GIVEN = {
    "worker": {
        "parallelism": 1,
        "device": "gpu",
        "config": {"prompt": PROMPT, "task": "classification", "model_type": "omega_1_4_base", "steps": [LINK, LONG]},
    },
    "notes": [CHINESE, {"host": HOST, "folder": FOLDER}, "/classification/", "0 0 0 0 0 0 0 0", "😀 😀 😀 😀 😀 😀 😀"],
}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (f"Inference failed for prompt {PROMPT}", "Inference failed for prompt …"),
        (
            f"Command '['python', 'worker.py', '--more', '{PROMPT}']' returned non-zero exit status 1.",
            "Command '['python', 'worker.py', '--more', '…']' returned non-zero exit status 1.",
        ),
        ("worker:\n  prompt: You inspect press\n    line seven at ACME\n", "worker:\n  prompt: …"),
        (f"bad worker.instruction={PROMPT}: too long", "bad worker.instruction=…: too long"),
        (f"{PROMPT}; {PROMPT}", "…; …"),
        (f"cannot read {LINK}: 404", "cannot read …: 404"),
        (f"no route to {HOST}", "no route to …"),
        ({"exit": 1, "log": f"at {LINK}"}, '{"exit":1,"log":"at …"}'),
        ([PROMPT, "b"], "…; b"),
        (f"got {LONG}", "got …."),
        (f"got {json.dumps(LONG)} then", 'got "…." then'),
        (f"got {LONG!r} then", "got '….' then"),
        (f"got {json.dumps(json.dumps(LONG))[3:-3]} then", "got …. then"),
        (f"template: {LONG.splitlines()[1]}", "template: …."),
        (f"too long: {LONG[:40]}...", 'too long: …" pr...'),
        (f"{CHINESE} failed", "… failed"),
        (f"got {json.dumps(CHINESE)} then", 'got "…" then'),
        (f"CANNOT DO: {PROMPT.upper()}", "CANNOT DO: …"),
        (f"cannot read {quote(LINK, safe='')}: 404", "cannot read …: 404"),
        (f"cannot read {quote(quote(LINK, safe=''))}: 404", "cannot read …: 404"),
        (f"GET /o/{quote(PROMPT)}, {quote_plus(PROMPT).lower()}", "GET /o/…, …"),
        (f"got {quote(LONG)} then", "got …. then"),
        (f"got {quote(CHINESE)}: 404", "got …: 404"),
        (f"no file {FOLDER}", "no file …"),
    ],
)
def test_what_a_job_was_given_is_left_out_of_its_error(error: object, text: str) -> None:
    assert read_error(error, GIVEN) == text


@pytest.mark.parametrize(
    "text",
    [
        "classification on gpu: omega_1_4_base ran out of memory",
        "the press line stands still",
        "inspect the line",
        "shape 0 0 0 0 0 0 0 0 is wrong",
        "请 检查",
        "😀 \\ud83d \\n",
        "100% of it, %zz and 50%20",
    ],
)
def test_short_words_and_single_ones_of_it_stay(text: str) -> None:
    assert read_error(text, GIVEN) == text


@pytest.mark.parametrize("given", [None, {}, [], "x", 7, {"a": None, "b": [{}, 3, True]}, {"a": "\ud800 " * 20}])
def test_parameters_of_any_shape_upset_no_error(given: object) -> None:
    assert read_error("worker lost x", given) == "worker lost x"


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"db": {"password": "hunter2"}}, "login with hunter2 failed, 'HUNTER2'", "login with … failed, '…'"),
        ({"apiKey": "p@ss-w0rd"}, "p@ss-w0rd is wrong, p%40ss-w0rd too", "… is wrong, … too"),
        ({"hf_token": ["abcdef", "ghijkl"]}, "no abcdef, no ghijkl", "no …, no …"),
        ({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}, "got hunter2", "got …"),
        ({"db_password": {"value": "hunter2"}}, "got hunter2", "got …"),
        ({"client_secret": "a b c d e f g h"}, "got a b c d e f g h", "got …"),
        ({"password": "hunter2"}, "hunter23, hunter and the password", "hunter23, hunter and the password"),
        ({"password": "abcde", "token": "", "secret": None, "api_key": 1234567}, "abcde 1234567", "abcde 1234567"),
        ({"token": "******a"}, "a token", "a token"),
        ({"mask_token": "[MASK]", "unk_token": "<unknown>"}, "mask is unknown", "mask is unknown"),
        ({"image_pull_secret": "training"}, "training job crashed", "training job crashed"),
        ({"tokenizer": "bert-base", "secret_name": "db-main"}, "bert-base, db-main", "bert-base, db-main"),
        ({"name": "MODE", "value": "faster"}, "faster", "faster"),
    ],
)
def test_what_has_the_name_of_a_secret_is_left_out_as_a_whole(given: object, error: str, text: str) -> None:
    assert read_error(error, given) == text


WORDS = st.lists(st.text(f"{ascii_letters}éüЖ你", min_size=4), min_size=3).map(" ".join)


@given(st.text(), WORDS, st.sampled_from(" \n\\\"'.,:="), st.text())
def test_no_words_that_were_given_are_found_in_an_error(before: str, words: str, apart: str, after: str) -> None:
    told = read_error(f"{before} {words.replace(' ', apart)} {after}", {"worker": {"config": {"more": words}}})
    assert words.replace(" ", apart) not in told


def test_a_row_s_error_holds_nothing_of_its_own_parameters() -> None:
    fields = {"id": "job_1", "status": "FAILED", "error": f"no answer to {PROMPT}", "parameters": GIVEN}
    row = decode_row(msgspec.Raw(msgspec.json.encode(fields)), "prod", {})
    assert row is not None
    assert row.job is not None
    assert row.job.error == "no answer to …"
