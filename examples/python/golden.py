"""Plays a conversation from a file into a store with a clock that stands, and prints what is stored as JSON lines.

The hosts of the other languages do the same; tests/hosts.rs compares the lines and the files.

    python3 golden.py TRANSCRIPT STORE
"""

import json
import sys
from typing import Callable, List, Optional

import confidant
from confidant import Answer, Request


def complete(request: Request, emit: Callable[[str], None]) -> Answer:
    emit("I was given ")
    emit(f"{len(request.messages[-1].text.encode())} bytes and {len(request.messages)} messages.")
    return Answer(confidence=0.75, resolved=True, input_tokens=100, output_tokens=10)


def time(at_ms: Optional[int]) -> Optional[str]:
    return None if at_ms is None else f"{confidant._time(at_ms):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


def show(**values: object) -> None:
    print(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


class Host:
    def __init__(self, file: str) -> None:
        self.clock = 0
        self.store = confidant.open(file, clock=lambda: self.clock)
        self.memory = self.store.memory("acme", "alice")
        self.agent = self.store.agent(complete, name="golden", is_free=True)

    def play(self, line: str) -> None:
        fields: List[Optional[str]] = [None if field == "-" else field for field in line.split("\t")]
        verb, *rest = fields + [None] * (8 - len(fields))
        number = [int(field) if field is not None and field.isdigit() else 0 for field in rest]
        if verb == "clock":
            self.clock = number[0]
        elif verb == "open":
            self.session = self.memory.open_session(confidant.Channel(number[0]))
        elif verb in ("save", "say"):
            key, said, answer, by, percent, _, metadata = rest
            confidence = None if percent is None else int(percent) / 100
            self.last = self.session.save(
                said, answer, answered_by=by, metadata=metadata, key=key, confidence=confidence, resolved=number[5] != 0
            )
        elif verb == "answer":
            confidence = None if rest[2] is None else number[2] / 100
            self.session.answer(self.last, rest[0] or "", by=rest[1], confidence=confidence, resolved=number[3] != 0)
        elif verb == "ask":
            self.agent.respond(self.session, rest[0] or "")
        elif verb == "close":
            self.session.end(confidant.Outcome(number[0]), number[1])
        elif verb == "article":
            key, title, text, category = (field or "" for field in rest[:4])
            self.store.knowledge("acme").put(confidant.NewDocument(key, text, title, category=category))

    def print(self) -> None:
        for one in self.memory.turns():
            show(
                number=one.number,
                turn=confidant.format_turn_id(one.id),
                session=confidant.format_session_id(one.session_id),
                channel=one.channel,
                at=time(one.at_ms),
                said=one.said,
                answer=one.answer,
                by=one.answered_by,
                answered_at=time(one.answered_at_ms),
                percent=None if one.confidence is None else round(one.confidence * 100),
                resolved=one.resolved,
                metadata=one.metadata,
            )
        for figures in self.memory.sessions():
            show(
                turns=figures.turns,
                session=confidant.format_session_id(figures.id),
                opened_at=time(figures.opened_at_ms),
                closed_at=time(figures.closed_at_ms),
                rating=figures.rating,
                resolved=figures.resolved,
            )
        preferences = self.memory.preferences()
        show(customer_turns=preferences.customer_turns, preferences=preferences.text)
        summary = self.store.analytics("acme")
        show(
            sessions=summary.sessions,
            resolved_sessions=summary.resolved_sessions,
            turns=summary.turns,
            answered_turns=summary.answered_turns,
            resolved_turns=summary.resolved_turns,
        )
        best = self.memory.recall("Was the link ever mailed again?", 1).turns[0].turn
        show(recalled=best.number, turn=confidant.format_turn_id(best.id))
        base = self.store.knowledge("acme")
        found = base.search("Where do I see my bill?", 1).documents[0]
        show(articles=len(base), found=found.key, title=found.title, passage=found.passage)


def main() -> None:
    host = Host(sys.argv[2])
    with open(sys.argv[1], encoding="utf-8") as transcript:
        for line in transcript.read().split("\n"):
            if line and not line.startswith("#"):
                host.play(line)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    host.print()


if __name__ == "__main__":
    main()
