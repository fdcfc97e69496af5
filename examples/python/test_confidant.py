"""What the module promises beyond the C library: errors, callbacks that raise, closing in any order, threads."""

import gc
import tempfile
import threading
import unittest
from typing import Callable, List

import confidant
from confidant import Answer, Channel, Error, ModelError, Request, Status


def polite(request: Request, emit: Callable[[str], None]) -> Answer:
    for piece in ("Good ", "day."):
        emit(piece)
    return Answer(confidence=0.5)


class Hosts(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.store = confidant.open(self.folder.name + "/a.db")
        self.addCleanup(self.store.close)
        self.alice = self.store.memory("acme", "alice")
        self.addCleanup(self.alice.close)

    def ask(self, model: Callable[..., object], **settings: object) -> confidant.Reply:
        with self.store.agent(model, **settings) as agent, self.alice.open_session(Channel.CHAT) as session:
            return agent.respond(session, "Hello?")

    def test_texts_come_back_exactly_also_beyond_ascii_and_empty_ones(self) -> None:
        said = ["plain", "Gr\u00fc\u00df Gott \U0001f600", "", "NUL \0 inside", None]
        for text in said:
            self.alice.save(text, "ok \u00e9" if text else "")
        turns = self.alice.load()
        self.assertEqual([turn.said for turn in turns], said)
        self.assertEqual([pair[0] for pair in turns.texts()], said)
        self.assertEqual(turns[-1].answer, "")
        self.assertEqual([turn.number for turn in turns[1:3]], [2, 3])
        self.assertEqual(list(turns), list(self.alice.turns()))
        with self.assertRaises(IndexError):
            turns[5]

    def test_errors_have_a_status_and_words(self) -> None:
        with self.assertRaises(Error) as caught:
            self.alice.turn(7)
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)
        with self.assertRaises(Error) as caught:
            confidant.open(self.folder.name + "/missing/a.db")
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)
        with self.assertRaises(TypeError):
            confidant.open(self.folder.name + "/b.db", colour=1)

    def test_a_closed_handle_is_refused_and_closing_again_does_nothing(self) -> None:
        self.alice.close()
        self.alice.close()
        with self.assertRaises(Error) as caught:
            self.alice.load()
        self.assertEqual(caught.exception.status, Status.CLOSED)

    def test_handles_are_freed_in_any_order_and_by_the_collector(self) -> None:
        bob = self.store.memory("acme", "bob")
        session = bob.open_session(Channel.APP)
        agent = self.store.agent(polite)
        self.store.close()
        del bob
        gc.collect()
        self.assertEqual(agent.respond(session, "Hello?").text, "Good day.")

    def test_what_callbacks_raise_comes_out_of_respond(self) -> None:
        def broken(request: Request, emit: Callable[[str], None]) -> Answer:
            raise KeyError("model")

        with self.assertRaises(KeyError):
            self.ask(broken)

        def stubborn(piece: str) -> None:
            raise ZeroDivisionError

        with self.store.agent(polite) as agent, self.alice.open_session(Channel.CHAT) as session:
            with self.assertRaises(ZeroDivisionError):
                agent.respond(session, "Hello?", stubborn)
            with self.assertRaises(Error) as caught:
                agent.respond(session, "Hello?", lambda piece: False)
            self.assertEqual(caught.exception.status, Status.CANCELLED)

    def test_a_model_says_why_it_failed_and_a_fallback_stands_in(self) -> None:
        def tired(request: Request, emit: Callable[[str], None]) -> Answer:
            raise ModelError(5, "come back later")

        with self.assertRaises(Error) as caught:
            self.ask(tired)
        self.assertEqual((caught.exception.status, caught.exception.failure), (Status.LLM, 5))
        reply = self.ask(tired, fallback="One moment, please.")
        self.assertEqual(reply.text, "One moment, please.")
        assert reply.failure is not None
        self.assertEqual(reply.failure.failure, 5)
        self.assertIsNone(self.alice.load()[-1].answer)

    def test_a_model_may_call_the_library(self) -> None:
        def reads(request: Request, emit: Callable[[str], None]) -> Answer:
            emit(str(self.alice.load().total))
            return Answer()

        self.assertEqual(self.ask(reads).text, "1")

    def test_models_are_forgotten_with_their_agent(self) -> None:
        before = len(confidant._keeping)
        self.ask(polite)
        self.assertEqual(len(confidant._keeping), before)

    def test_many_threads_share_a_memory(self) -> None:
        failed: List[BaseException] = []

        def save() -> None:
            try:
                for number in range(20):
                    self.alice.save(f"message {number}")
                    self.alice.load().texts()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=save) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.alice.load().total, 80)


if __name__ == "__main__":
    unittest.main()
