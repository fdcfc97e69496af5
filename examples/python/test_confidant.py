"""What the module promises beyond the C library: errors, callbacks that raise, closing in any order, threads."""

import gc
import http.server
import json
import tempfile
import threading
import unittest
from typing import Callable, Dict, List, Tuple

import confidant
from confidant import (
    Answer,
    Article,
    BufferStats,
    Channel,
    EntityKind,
    Error,
    Extractor,
    LibraryModel,
    ModelError,
    NewDocument,
    NewTurn,
    Normalized,
    Request,
    ScriptedReply,
    Sensitive,
    SignalKind,
    SignalRules,
    Status,
    is_,
)


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

    def test_recall_finds_by_every_condition(self) -> None:
        at = 1_700_000_000_000
        self.alice.save("I cannot log in.", "I have sent you a new password.", metadata='{"ticket":"A-7"}', at_ms=at)
        self.alice.save("Where is my parcel?", "It arrives today.", resolved=True, at_ms=at + 60_000)
        found = self.alice.recall("did we ever mail the password?", 1)
        self.assertEqual(found.turns[0].turn, self.alice.turns()[0])
        self.assertIn("password", [word.found for word in found.turns[0].matches])
        for filters in (
            {"metadata": {"ticket": '"A-7"'}},
            {"resolved": False},
            {"until_ms": at + 1},
            {"session_id": found.turns[0].turn.session_id, "channel": Channel.CHAT, "from_ms": at, "until_ms": at + 1},
        ):
            ids = [one.turn.id for one in self.alice.recall("the parcel", **filters).turns]  # type: ignore[arg-type]
            self.assertEqual(ids, [found.turns[0].turn.id], filters)
        with self.assertRaises(Error) as caught:
            self.alice.recall("x", metadata={"ticket": "{}"})
        self.assertEqual(caught.exception.status, Status.INVALID_ARGUMENT)

    def test_what_a_customer_has_given_is_not_asked_again(self) -> None:
        self.alice.save("Order 10-2231 is late. Please email me, don't call.")
        with self.alice.given() as given:
            order = given.newest(EntityKind.ORDER_ID)
            assert order is not None
            self.assertEqual((order.value, order.start), ("10-2231", 6))
            self.assertEqual([one.fact for one in given.asked_again("Could you give me your order number?")], [order])
            self.assertEqual(given.asked_again("It arrives today."), ())
        self.assertEqual(self.alice.preferences().statements[0].name, "email")

    def test_a_context_keeps_its_budget_whoever_counts(self) -> None:
        self.alice.save("Where is my parcel?", "It arrives today.")
        passages = [("Parcels", "Two days.")]
        shown = self.alice.assemble("When does it arrive?", 200, passages=passages, calibration=("some words", 9))
        self.assertIn("Two days.", shown.text)
        self.assertEqual((shown.passages, shown.recent), (1, tuple(self.alice.turns())))
        counted = self.alice.assemble("When?", 200, count=len, recalled=0, without_preferences=True)
        self.assertEqual(counted.tokens, len(counted.text))
        self.assertGreaterEqual(confidant.estimate_tokens("where is it"), 3)
        with self.assertRaises(ZeroDivisionError):
            self.alice.assemble("When?", 200, count=lambda text: 1 // 0)

    def test_articles_are_found_by_conditions_and_by_an_embedder(self) -> None:
        base = self.store.knowledge("acme")
        refunds = NewDocument("kb-1", "Money comes back in five days.", "Refunds", category="billing", tags=("money", "refund"))
        base.put(refunds, NewDocument("kb-2", "We open at nine.", "Hours", category="shop"))
        billing = is_("category", '"billing"')
        for key, where in (("kb-1", billing & is_("tags", '"refund"')), ("kb-2", ~billing | is_("tags", '"old"'))):
            self.assertEqual([one.key for one in base.search("money back", 5, where).documents], [key])
        self.assertTrue(base.count_use("kb-1", True))
        self.assertFalse(base.count_use("none", True))
        article = base.get("kb-1")
        assert article is not None
        self.assertEqual((article.helped, article.tags, article.category), (1, ("money", "refund"), "billing"))
        self.assertIsNone(base.get("none"))
        own = base.with_embedder("lengths-1", 2, lambda texts: [[1.0, len(text)] for text in texts])
        self.assertEqual((own.embed(), own.search("money", 1).model), (0, "lengths-1"))
        base.with_http_embedder("nomic-embed-text:v1.5", 768).close()
        self.assertTrue(base.remove("kb-2"))
        base.snapshot()
        self.assertEqual(len(base), 1)
        with self.assertRaises(Error):
            self.store.collection("acme", "notes").put(refunds)

    def test_what_an_embedder_raises_comes_out_of_the_call_and_it_is_forgotten_with_its_collection(self) -> None:
        before = len(confidant._keeping)
        notes = self.store.collection("acme", "notes")
        notes.put(NewDocument("a", "a walrus"))

        def broken(texts: List[str]) -> List[List[float]]:
            raise KeyError("embedder")

        with notes.with_embedder("broken", 2, broken) as bad, self.assertRaises(KeyError):
            bad.embed()
        with notes.with_embedder("short", 2, lambda texts: [[1.0]]) as bad, self.assertRaises(ValueError):
            bad.embed()
        with notes.with_embedder("calls", 1, lambda texts: [[len(notes)] for _ in texts]) as own:
            self.assertEqual(own.embed(), 0)
        self.assertEqual(len(confidant._keeping), before)

    def test_a_model_server_is_asked_for_vectors(self) -> None:
        asked: List[Tuple[str, Dict[str, object]]] = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append((self.path, body))
                vectors = [[1.0, len(text)] for text in body["input"]]
                reply: object = {"embeddings": vectors}
                if self.path == "/v1/embeddings":
                    reply = {"data": [{"index": place, "embedding": one} for place, one in enumerate(vectors)]}
                given = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(given)))
                self.end_headers()
                self.wfile.write(given)

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            notes = self.store.collection("acme", "notes")
            notes.put(NewDocument("a", "a walrus"))
            url = f"http://127.0.0.1:{server.server_port}"
            for is_openai, path in ((False, "/api/embed"), (True, "/v1/embeddings")):
                own = notes.with_http_embedder(f"m{is_openai}", 2, base_url=url, is_openai=is_openai)
                self.assertEqual((own.embed(), own.search("walrus").model), (0, f"m{is_openai}"))
                self.assertEqual(asked[-1], (path, {"model": f"m{is_openai}", "input": ["walrus"]}))
            server.shutdown()

    def test_signals_are_read_by_the_tenants_rules(self) -> None:
        said = "I can't access AB-12345, this is urgent!"
        with SignalRules(words={"meh": -3}, products=["Acme Box"], order_ids=["AB-#####"]) as rules:
            signals = confidant.signals_of(said, rules=rules, earlier_same=3)
        topic = signals.find(SignalKind.TOPIC)
        assert topic is not None
        self.assertEqual((topic.name, said[topic.cues[0].start : topic.cues[0].end]), ("login", "can't access"))
        self.assertEqual([(one.kind, one.start) for one in signals.entities], [(EntityKind.ORDER_ID, 15)])
        self.assertEqual(confidant.signals_of("Dulcie Petsch", expects=EntityKind.NAME).entities[0].kind, EntityKind.NAME)
        with self.assertRaises(Error) as caught:
            SignalRules(table=b"no table")
        self.assertEqual(caught.exception.status, Status.CORRUPT)
        self.assertEqual(confidant.redact("mail al@example.com"), "mail [email]")
        self.assertEqual(confidant.language_of("Ich kann mich seit gestern nicht anmelden."), "de")
        self.assertIsNone(confidant.language_of("ok"))

    def test_a_report_tells_a_range_and_its_health(self) -> None:
        at, day = 1_700_000_000_000, 86_400_000
        self.alice.save("My invoice is wrong!", "It is corrected.", resolved=True, at_ms=at)
        self.alice.save("Hello?", at_ms=at + 2 * day)
        with self.store.analytics_between("acme") as report:
            self.assertEqual((report.totals.turns, len(report.days), report.counted("topic")), (2, 2, {"billing": 1}))
            self.assertEqual(report.resolvers(), {(None, "billing"): 1})
            self.assertEqual(report.counted("knowledge"), {"articles": 0, "used_articles": 0, "uses": 0, "helped": 0})
            self.assertEqual((report.totals.closed_session_rate, report.totals.mean_session_cost_nano), (0.0, None))
            self.assertIn("confidant_turns 2", report.prometheus)
            self.assertTrue(report.json.startswith("{"))
            worries, unknown = report.health(min_session_resolution_rate=2, min_cases=1)
            self.assertEqual(worries[0].limit, 2)
            self.assertIn("mean_rating", unknown)
        first = self.alice.analytics_between(at, at + day).totals
        self.assertEqual((first.turn_resolution_rate, first.mean_rating), (1.0, None))

    def test_the_librarys_models_answer(self) -> None:
        replies = (
            ScriptedReply(("One ", "moment."), ("kb-1",), confidence=0.25, resolved=True),
            ScriptedReply(failure=5, failure_message="come back later"),
        )
        pieces: List[str] = []
        with LibraryModel.scripted(*replies) as scripted, self.alice.open_session(Channel.CHAT) as session:
            with self.store.agent(scripted, price=(100, 200), budget_nano=10**9, own_persona=("Ada", "Calm.")) as agent:
                reply = agent.respond(session, "Hello?", lambda piece: pieces.append(piece))
                self.assertEqual((reply.text, reply.confidence, reply.resolved, reply.sources), ("One moment.", 0.25, True, ("kb-1",)))
                self.assertEqual("".join(pieces), reply.text)
                self.assertEqual((scripted.remaining, scripted.name, agent.model), (1, "scripted", "scripted"))
                with self.assertRaises(Error) as caught:
                    agent.respond(session, "Hello?")
                self.assertEqual(caught.exception.failure, 5)
                spent = agent.spending()
                self.assertEqual((spent.calls, spent.failures, spent.budget_nano), (2, 1, 10**9))
                self.assertIsNotNone(spent.cost_nano)
        article = Article("Invoices", "Open Account, then Billing.", "billing", "bill receipt", ("Open Account", "Press Billing"))
        with LibraryModel.offline(article) as offline:
            self.assertTrue(offline.is_free)
            with self.assertRaises(Error) as caught:
                offline.remaining
            self.assertEqual(caught.exception.status, Status.UNSUPPORTED)
            self.assertTrue(self.ask(offline).text)
        with self.assertRaises(Error) as caught:
            self.ask(offline)
        self.assertEqual(caught.exception.status, Status.CLOSED)

    def test_an_ollama_server_answers(self) -> None:
        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.give({"models": [{"name": "small"}, {"name": "large"}]}, kind="application/json")

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                said = {"message": {"role": "assistant", "content": f"Good day from {asked['model']}."}, "done": False}
                end = {"message": {"role": "assistant", "content": ""}, "done": True, "prompt_eval_count": 7, "eval_count": 3}
                self.give(said, end, kind="application/x-ndjson")

            def give(self, *lines: object, kind: str) -> None:
                given = "".join(json.dumps(line) + "\n" for line in lines).encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(given)))
                self.end_headers()
                self.wfile.write(given)

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with LibraryModel.ollama("small", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0) as model:
                self.assertEqual(model.models(), ("small", "large"))
                self.assertEqual(self.ask(model).text, "Good day from small.")
            server.shutdown()
        with self.assertRaises(Error) as caught:
            LibraryModel.ollama("")
        self.assertEqual(caught.exception.status, Status.INVALID_ARGUMENT)

    def test_an_extractor_learns_step_by_step_what_the_whole_history_shows(self) -> None:
        for _ in range(5):
            self.alice.save("Could you please help me with my invoice? Thank you very much.")
        with Extractor(is_support=True) as extractor, Extractor(is_support=True) as other:
            self.assertEqual([extractor.learn(self.alice, 2) for _ in range(4)], [2, 2, 1, 0])
            extractor.learn_newest(self.alice)
            turns, concluded = self.alice.load(), extractor.conclude()
            self.assertEqual((concluded.customer_turns, concluded.text), (5, self.alice.preferences().text))
            self.assertEqual(extractor.covered, turns[-1].id)
            self.assertTrue(extractor.rules_version)
            other.restore(extractor.state)
            self.assertEqual(other.conclude(), concluded)
            self.assertEqual([other.unlearn(turns[0].id) for _ in range(2)], [True, False])
            self.assertEqual(other.conclude().customer_turns, 4)
            with self.assertRaises(Error) as caught:
                other.restore("no state")
            self.assertEqual(caught.exception.status, Status.CORRUPT)

    def test_many_turns_are_saved_all_or_none(self) -> None:
        turns = [NewTurn("one", key="k1"), NewTurn("", "two", "Maria", '{"a":1}'), NewTurn("three")]
        ids = self.alice.save_all(turns)
        second = self.alice.load()[1]
        self.assertEqual((second.id, second.said, second.answered_by, second.metadata), (ids[1], "", "Maria", '{"a":1}'))
        self.assertEqual((self.alice.save_all(turns[:1]), self.alice.save_all([])), (ids[:1], ()))
        with self.assertRaises(Error):
            self.alice.save_all([NewTurn("four"), NewTurn()])
        with self.alice.open_session_at(Channel.EMAIL, 1_700_000_000_000) as session:
            session.save_all([NewTurn("five", at_ms=1_700_000_000_000), NewTurn("six", at_ms=1_700_000_000_000)])
            self.assertEqual((session.metrics().turns, session.channel, session.opened_at_ms), (2, Channel.EMAIL, 1_700_000_000_000))
            self.assertEqual(session.load().total, 5)
            self.assertEqual(confidant.parse_session_id(confidant.format_session_id(session.id)), session.id)
        self.assertEqual(confidant.parse_turn_id(confidant.format_turn_id(ids[0])), ids[0])
        with self.assertRaises(Error):
            confidant.parse_turn_id("nonsense")

    def test_a_store_is_kept_and_tells_its_figures(self) -> None:
        with confidant.open(self.folder.name + "/b.db", persist_every=100) as store, store.memory("acme", "bob") as bob:
            bob.save_all([NewTurn("one"), NewTurn("two")])
            self.assertEqual(bob.stats(), BufferStats(2, 2, 2))
            bob.flush()
            bob.load()
            stats = store.stats()
            self.assertEqual((stats.pending, stats.hot_customers, stats.is_alone), (0, 1, True))
            self.assertGreater(stats.bytes_on_disk, 0)
            self.assertTrue(store.location.endswith("b.db"))
            for work in (bob.invalidate, store.invalidate, store.compact):
                work()
            self.assertIsNone(store.maintain().trained)
            self.assertEqual((store.check(), store.warnings()), ((), ()))
            self.assertRegex(confidant.version(), r"^\d+\.\d+\.\d+$")

    def test_texts_are_normalized_and_searched_for_what_must_not_be_kept(self) -> None:
        said = "Sooooo \uff22\uff21\uff24, it\u2019s late"
        with Normalized(said) as normal:
            self.assertEqual(normal.text, "Soo BAD, it's late")
            start, end = normal.original(4, 7)
            self.assertEqual(said.encode()[start:end].decode(), "\uff22\uff21\uff24")
            with self.assertRaises(Error):
                normal.original(3, 400)
        self.assertEqual(confidant.sensitive_of("mail al@example.com"), (Sensitive(2, 5, 19),))

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
