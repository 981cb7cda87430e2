"""Why a look failed, and how long it takes until the next one."""

import pytest

from bot.core.faults import Fault, FaultKind, look_wait, swapped_key

DOWN = Fault(FaultKind.SERVER, "HTTP 503")


@pytest.mark.parametrize(("took", "wait"), [(0, 15), (4, 11), (15, 0), (40, 0)])
def test_looks_follow_each_other_from_start_to_start(took: float, wait: float) -> None:
    assert look_wait(15, took, 0, None) == wait


@pytest.mark.parametrize(("failures", "wait"), [(1, 15), (2, 30), (3, 60), (4, 60), (5_000, 60)])
def test_failed_looks_back_off_doubling_to_a_minute(failures: int, wait: float) -> None:
    assert look_wait(15, 3, failures, DOWN) == wait


def test_whoever_looks_more_rarely_than_once_a_minute_does_so_after_failures_too() -> None:
    assert look_wait(300, 3, 7, DOWN) == 300


@pytest.mark.parametrize(("after", "wait"), [(0, 15), (5, 15), (90, 90), (3_600, 3_600)])
def test_no_look_comes_sooner_than_the_server_asked(after: float, wait: float) -> None:
    assert look_wait(15, 3, 1, Fault(FaultKind.RATE_LIMITED, "HTTP 429", after)) == wait


@pytest.mark.parametrize("kind", list(FaultKind))
def test_only_credentials_need_the_operator(kind: FaultKind) -> None:
    needs = Fault(kind, "").needs_operator
    assert needs is (kind in {FaultKind.CREDENTIALS, FaultKind.SWAPPED_KEY})


def test_a_fault_reads_as_one_line() -> None:
    assert str(DOWN) == "server error: HTTP 503"


def test_a_swapped_key_names_the_organisation_and_ends_with_what_to_do() -> None:
    fault = swapped_key("org_1")
    assert "another organisation than org_1" in fault.detail
    assert str(fault) == f"swapped key: {fault.detail}; {fault.remedy}"
