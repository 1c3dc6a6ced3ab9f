from common.rhythm import IDLE_POLL_SECONDS, POLL_SECONDS, QUIET_SECONDS, Rhythm


def test_a_loop_looks_by_itself_every_5_to_10_s() -> None:
    assert (POLL_SECONDS, IDLE_POLL_SECONDS) == (5, 10)


def test_it_looks_more_seldom_once_it_was_quiet_for_long() -> None:
    rhythm, passed = Rhythm(), 0.0
    while passed < QUIET_SECONDS:
        assert rhythm.pause == POLL_SECONDS
        passed += rhythm.pause
        rhythm.waited(woken=False)
    assert rhythm.pause == IDLE_POLL_SECONDS


def test_a_wake_up_makes_it_look_often_again() -> None:
    rhythm = Rhythm()
    for _ in range(100):
        rhythm.waited(woken=False)
    rhythm.waited(woken=True)
    assert rhythm.pause == POLL_SECONDS
