"""What a context costs from Python: one JSON line a figure, the median of many rounds.

    make bench          builds the library and runs it on a fresh file
"""

import json
import statistics
import sys
import time
from typing import Callable

import confidant

TURNS = 50
SAID = "I ordered two lamps last week and the parcel came with only one of them. What now?"
ANSWER = "I am sorry about that. The second lamp was sent on Tuesday and arrives tomorrow."


def figure(name: str, what: Callable[[], object], limit_us: float) -> None:
    # The time that this thread had, so that others on the machine count less.
    rounds = []
    for _ in range(201):
        begin = time.thread_time_ns()
        for _ in range(50):
            what()
        rounds.append((time.thread_time_ns() - begin) / 50 / 1000)
    print(
        json.dumps(
            {
                "bench": name,
                "us_median": round(statistics.median(rounds), 2),
                "us_min": round(min(rounds), 2),
                "us_p90": round(sorted(rounds)[len(rounds) * 9 // 10], 2),
                "turns": TURNS,
                "limit_us": limit_us,
            }
        )
    )


def main() -> None:
    with confidant.open(sys.argv[1]) as store, store.memory("default", "alice") as alice, store.memory("default", "bob") as bob:
        for number in range(TURNS):
            alice.save(SAID, ANSWER, confidence=0.9)
            bob.save(SAID + " \u00fc", ANSWER)
        assert len(alice.load()) == TURNS and alice.load()[7].said == SAID and bob.load()[7].said == SAID + " \u00fc"
        assert alice.load().texts() == [(SAID, ANSWER)] * TURNS
        figure("python_load_flat_50_turns", alice.load, 30)
        figure("python_load_flat_50_turns_and_read_every_text", lambda: alice.load().texts(), 30)
        figure("python_load_flat_50_turns_and_read_every_text_not_ascii", lambda: bob.load().texts(), 0)
        figure("python_load_flat_50_turns_and_make_every_turn", lambda: list(alice.load()), 0)


if __name__ == "__main__":
    main()
