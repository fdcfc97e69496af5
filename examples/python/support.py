"""A small support program in Python: three sessions of one customer on one file, answered by a model of the host's own.

    make run                  builds the library and runs it on a fresh file
    python3 support.py FILE   runs it on a file of yours
"""

import sys
from typing import Callable

import confidant
from confidant import Answer, Channel, Outcome, Persona, Request, Status


def complete(request: Request, emit: Callable[[str], None]) -> Answer:
    """The host's own model: here a table of answers, in your program a call to whatever you run."""
    if not request.messages[-1].text:
        raise confidant.ModelError(12, "there is nothing to answer")
    for piece in ("Thank you for writing. ", "Please open Settings, ", "then choose Sign in again."):
        emit(piece)
    return Answer(confidence=0.85, resolved=True)


def show(piece: str) -> None:
    print(piece, end="", flush=True)


def converse(alice: confidant.Memory, agent: confidant.Agent, channel: Channel, *messages: str) -> None:
    """One session: the customer writes, the agent answers, piece by piece."""
    with alice.open_session(channel) as session:
        for said in messages:
            print(f"Customer: {said}\nAgent: ", end="")
            reply = agent.respond(session, said, show)
            print(f" (confidence {reply.confidence:.2f}, turn {reply.number})")
        figures = session.end(Outcome.RESOLVED, rating=5)
        print(f"-- session of {figures.turns} turns closed\n")


def by_hand(alice: confidant.Memory) -> None:
    """A session whose answers come from people: each half is saved by hand."""
    with alice.open_session(Channel.EMAIL) as session:
        turn_id = session.save(
            "Dear team, could you please send me the invoice for my subscription? Thank you very much.", key="mail-4711"
        )
        session.answer(turn_id, "The invoice is attached.", by="Maria", resolved=True)
        session.end()


def show_preferences(alice: confidant.Memory) -> None:
    preferences = alice.preferences()
    print("Preferences:", preferences.text)
    for one in preferences.all:
        print(f"  {one.name}, confidence {one.confidence:.2f}, {one.evidence_turns} turns show it", end="")
        if one.evidence and one.evidence[0].start is not None:
            shown = one.evidence[0]
            print(f', such as "{shown.within(alice.turn(shown.turn_id).said or "")}"', end="")
        print()


def look_up(store: confidant.Store, alice: confidant.Memory) -> None:
    """What was said before, and what the company knows; by meaning, with no network and no model."""
    recalled = alice.recall("Was the bill ever sent?", 1)
    print("Recall: turn", recalled.turns[0].turn.number)
    base = store.knowledge("acme")
    base.put(
        confidant.NewDocument("kb-1", "Open Settings and choose Sign in again.", "Signing in", category="login"),
        confidant.NewDocument("kb-2", "Invoices are in your account.", "Invoices", category="billing"),
    )
    print("Knowledge:", base.search("Where do I find my bill?", 1).documents[0].title)


def main() -> None:
    file = sys.argv[1] if len(sys.argv) > 1 else "support.db"
    with confidant.open(file) as store, store.memory("acme", "alice") as alice:
        with store.agent(complete, name="table-of-answers", is_free=True, persona=Persona.PROFESSIONAL) as agent:
            converse(
                alice,
                agent,
                Channel.CHAT,
                "Good morning, could you please help me? I forgot my password.",
                "Would you kindly tell me where to find that page?",
            )
            converse(
                alice,
                agent,
                Channel.APP,
                "Dear team, I am afraid that my login fails again. Thank you for your help.",
                "Thank you very much, I would appreciate an explanation of the error.",
            )
        by_hand(alice)

        newest = alice.load()
        print(f"The newest {len(newest)} of {newest.total} turns:")
        for turn in newest:
            print(f"  {turn.number}. {(turn.said or '-')[:40]}...")
        show_preferences(alice)
        look_up(store, alice)

        summary = store.analytics("acme")
        print(
            f"Analytics: {summary.turns} turns in {summary.sessions} sessions, "
            f"{summary.resolution_rate_percent:.1f} % of turns resolved, mean rating {summary.mean_rating or 0:.1f}"
        )

        # What goes wrong is an exception with a status and words; here a turn without any half.
        try:
            alice.save()
            sys.exit("an empty turn was not refused")
        except confidant.Error as refused:
            assert refused.status == Status.INVALID_ARGUMENT
            print("An empty turn is refused:", refused)


if __name__ == "__main__":
    main()
