"""Steps that can be taken, taken back, and played."""

from __future__ import annotations

from utils.explorers.player import SPEEDS, Player


def test_steps_go_forward_and_back_within_their_ends() -> None:
    player = Player(4, 6, "minibatches")
    seen: list[int] = []
    player.observe(lambda change: seen.append(change["new"]), "value")
    player.forward.click()
    player.forward.click()
    player.forward.click()
    player.back.click()
    player.begin.click()
    player.back.click()
    assert seen == [5, 6, 5, 0]
    assert player.steps.value == 0


def test_the_clock_of_the_page_moves_the_steps() -> None:
    player = Player(0, 50, "minibatches")
    player.play.click()
    assert player._clock.playing
    assert player.play.description == "Pause"
    player._clock.value = 7  # the page ticks
    assert (player.value, player.steps.value) == (7, 7)
    player.back.click()  # whoever takes a step wants to look at it
    assert (player.value, player._clock.playing, player.play.description) == (6, False, "Play")


def test_at_the_end_it_plays_from_the_start() -> None:
    player = Player(50, 50, "minibatches")
    player.play.click()
    assert player.value == 0


def test_the_speed_is_chosen() -> None:
    player = Player(0, 50, "minibatches")
    player.speed.value = "60 a second"
    assert (player._clock.interval, player._clock.step) == SPEEDS["60 a second"]
    assert min(wait for wait, _ in SPEEDS.values()) < 100  # ten pictures a second


def test_the_end_can_come_nearer() -> None:
    player = Player(9, 10, "steps")
    player.end_at(7)
    assert (player.value, player._clock.max) == (7, 7)


def test_the_least_step_need_not_be_none() -> None:
    player = Player(3, 5, "passes", low=1)
    player.begin.click()
    assert player.value == 1
    player.back.click()
    assert player.value == 1
    player.value = 5
    player.play.click()
    assert (player.value, player._clock.min) == (1, 1)
