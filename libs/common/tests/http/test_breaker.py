"""The breaker alone, on a clock that the test moves."""

import pytest

from common.http import Breaker, BreakerPolicy, BreakerState, Permit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(BreakerPolicy(), clock=clock)


def acquired(breaker: Breaker) -> Permit:
    permit = breaker.try_acquire()
    assert permit is not None
    return permit


def state_of(breaker: Breaker) -> BreakerState:
    return breaker.state


def opened(breaker: Breaker) -> None:
    for _ in range(5):
        acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.OPEN


def test_opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    for _ in range(4):
        acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.CLOSED
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.try_acquire() is None
    assert breaker.retry_after_s == 3.0


def test_a_success_between_failures_starts_the_count_again(breaker: Breaker) -> None:
    for _ in range(4):
        acquired(breaker).failed()
    acquired(breaker).succeeded()
    for _ in range(4):
        acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.CLOSED


def test_opens_when_half_of_many_calls_fail_though_never_five_in_a_row(breaker: Breaker) -> None:
    for _ in range(10):
        assert state_of(breaker) is BreakerState.CLOSED
        acquired(breaker).succeeded()
        acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.OPEN


def test_failures_out_of_the_window_no_longer_count(breaker: Breaker, clock: Clock) -> None:
    for _ in range(9):
        acquired(breaker).succeeded()
        acquired(breaker).failed()
    clock.now += 11
    acquired(breaker).succeeded()
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.CLOSED


def test_two_calls_that_hang_for_two_seconds_each_are_enough(breaker: Breaker, clock: Clock) -> None:
    started = clock.now
    for _ in range(2):
        permit = acquired(breaker)
        clock.now += 2
        permit.failed()
    assert state_of(breaker) is BreakerState.OPEN
    assert clock.now - started <= 5


def test_two_failures_far_apart_say_nothing(breaker: Breaker, clock: Clock) -> None:
    acquired(breaker).failed()
    clock.now += 60
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.CLOSED


def test_one_probe_after_the_cool_down_and_its_success_closes(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 2.9
    assert breaker.try_acquire() is None
    clock.now += 0.2
    probe = acquired(breaker)
    assert state_of(breaker) is BreakerState.HALF_OPEN
    assert breaker.try_acquire() is None
    probe.succeeded()
    assert state_of(breaker) is BreakerState.CLOSED
    assert breaker.retry_after_s == 0
    acquired(breaker)


def test_a_failed_probe_opens_again_for_a_whole_cool_down(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 3
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.retry_after_s == 3.0


def test_an_abandoned_probe_makes_way_for_the_next(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 3
    acquired(breaker).abandoned()
    acquired(breaker).succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_a_probe_whose_outcome_is_never_told_does_not_block_for_ever(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 3
    lost = acquired(breaker)
    clock.now += 3
    probe = acquired(breaker)
    lost.failed()
    assert state_of(breaker) is BreakerState.HALF_OPEN
    probe.succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_late_outcomes_of_calls_from_before_opening_change_nothing(breaker: Breaker, clock: Clock) -> None:
    early = [acquired(breaker) for _ in range(8)]
    opened(breaker)
    early[0].succeeded()
    assert state_of(breaker) is BreakerState.OPEN
    clock.now += 3
    probe = acquired(breaker)
    for permit in early[1:]:
        permit.failed()
    assert state_of(breaker) is BreakerState.HALF_OPEN
    probe.succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_each_change_of_state_is_told_once(clock: Clock) -> None:
    seen: list[BreakerState] = []
    breaker = Breaker(clock=clock, on_change=seen.append)
    opened(breaker)
    clock.now += 3
    acquired(breaker).succeeded()
    assert seen == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_an_upstream_that_says_it_is_down_is_left_alone_at_once(breaker: Breaker, clock: Clock) -> None:
    early = acquired(breaker)
    breaker.trip()
    early.succeeded()
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.try_acquire() is None
    clock.now += 3
    acquired(breaker).succeeded()
    assert state_of(breaker) is BreakerState.CLOSED
