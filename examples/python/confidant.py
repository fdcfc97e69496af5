"""confidant for Python: customer memory in one file, over the C library with nothing but ctypes.

    with confidant.open("support.db") as store, store.memory("acme", "alice") as alice:
        alice.save(said="I cannot log in.", answer="I have sent you a link.")
        for turn in alice.load():
            print(turn.number, turn.said)

The module adds no behaviour to include/confidant.h. Handles (Store, Memory, Session, Agent, Collection, ...) may be
used from many threads at once, but not closed while another thread uses them; they are closed by
`with`, by `close()`, or when nobody refers to them any more, in any order. What comes back is plain
values that need no closing. Failures are `confidant.Error`, with a `status`. The library is looked
for where CONFIDANT_LIBRARY says, then in target/capi, then where the system looks.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import datetime
import enum
import os
import pathlib
import struct
import threading
import weakref
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, NoReturn, Optional, Sequence, Tuple, TypeVar, Union

ABI_VERSION = 1
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Status(enum.IntEnum):
    """How a call failed; the numbers are those of confidant.h."""

    OK = 0
    INVALID_ARGUMENT = 1
    NOT_FOUND = 2
    CONFLICT = 3
    CLOSED = 4
    BUSY = 5
    LIMIT = 6
    LLM = 7
    EMBEDDING = 8
    CANCELLED = 9
    KEY = 10
    CORRUPT = 11
    FORMAT_TOO_NEW = 12
    STORE = 13
    IO = 14
    UNSUPPORTED = 15
    INTERNAL = 16
    BUDGET = 17


class Channel(enum.IntEnum):
    """How a customer reached us."""

    CHAT = 0
    EMAIL = 1
    PHONE = 2
    APP = 3
    SOCIAL = 4


class Outcome(enum.IntEnum):
    """How a session ended."""

    UNKNOWN = 0
    RESOLVED = 1
    UNRESOLVED = 2


class Persona(enum.IntEnum):
    """How an agent talks."""

    FRIENDLY = 0
    PROFESSIONAL = 1
    TECHNICAL = 2


class Basis(enum.IntEnum):
    """What turns or documents were compared by."""

    NONE = 0
    WORDS_AND_MEANING = 1
    WORDS_ONLY = 2


class EntityKind(enum.IntEnum):
    """What a message names."""

    NAME = 1
    EMAIL = 2
    PHONE = 3
    ORDER_ID = 4
    PRODUCT = 5
    AMOUNT = 6
    DATE = 7
    PLAN = 8
    ERROR_TEXT = 9
    STEP_TRIED = 10


class SignalKind(enum.IntEnum):
    """What a conclusion from a message is about."""

    SENTIMENT = 1
    FRUSTRATED = 2
    ANGRY = 3
    URGENCY = 4
    TOPIC = 5
    INTENT = 6
    ESCALATION = 7
    FORMALITY = 8


class PreferenceKind(enum.IntEnum):
    """What a conclusion is about."""

    STYLE = 1
    LENGTH = 2
    TOPIC = 3
    LANGUAGE = 4
    CHANNEL = 5
    HOURS = 6


def _known(kind: Any, number: int) -> int:
    """A constant, or the number itself, which a newer library may give."""
    return kind(number) if number in kind._value2member_map_ else number


class Error(Exception):
    """Why a call failed. The message never holds what a customer said."""

    def __init__(self, status: int, message: str, detail: str = "", failure: int = 0, retryable: bool = False):
        super().__init__(message)
        self.status = _known(Status, status)
        self.detail = detail
        self.failure = failure
        self.retryable = retryable


class ModelError(Exception):
    """Raised by a host's model to say why it failed: one of CONFIDANT_LLM_* and words for people."""

    def __init__(self, failure: int, message: str):
        super().__init__(message)
        self.failure = failure


class Turn(NamedTuple):
    """What a customer said and the answer to it; either may be missing. Texts are exactly what was saved."""

    id: int
    session_id: int
    at_ms: int
    answered_at_ms: Optional[int]
    confidence: Optional[float]
    channel: int
    resolved: bool
    said: Optional[str]
    answer: Optional[str]
    answered_by: Optional[str]
    metadata: Optional[str]

    @property
    def number(self) -> int:
        """The turn's number within the customer, counted from 1."""
        return self.id & 0xFF_FFFF

    @property
    def at(self) -> datetime.datetime:
        return _time(self.at_ms)

    def __repr__(self) -> str:
        return f"<Turn {format_turn_id(self.id)}>"


class Context(Sequence[Turn]):
    """Turns, oldest first, read out of one flat buffer only as they are asked for.

    Of `load`, the newest turns of a customer at one moment. `texts` is the quick way to what a prompt needs.
    """

    __slots__ = ("total", "_count", "_size", "_spoken", "_buffer", "_page")

    def __init__(self, buffer: bytes):
        # total: the customer's turns in all.
        _, self._size, self.total, self._count, self._spoken = _HEAD.unpack_from(buffer)
        self._buffer = buffer
        self._page: Optional[str] = None

    def texts(self) -> List[Tuple[Optional[str], Optional[str]]]:
        """What was said and what was answered, of every turn; None where there is none."""
        begin, whole = 32 + self._size * self._count, memoryview(self._buffer)
        # One call decodes all of them, one splits them; only zero bytes within a text spoil that.
        parts = str(whole[begin : begin + self._spoken], "utf-8").split("\0")
        if len(parts) != 2 * self._count + 1:
            return [(turn.said, turn.answer) for turn in self]
        each = iter(parts)
        pairs: List[Tuple[Optional[str], Optional[str]]] = list(zip(each, each))
        # The low byte of the flags: 1 said, 2 answer.
        marks = self._buffer[32 + 44 : begin : self._size]
        if marks.translate(None, _BOTH):
            for place, mark in enumerate(marks):
                said, answer = pairs[place]
                pairs[place] = (said if mark & 1 else None, answer if mark & 2 else None)
        return pairs

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place):  # type: ignore[no-untyped-def, override]
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError("there is no such turn here")
        return self._turn(_RECORD.unpack_from(self._buffer, 32 + self._size * (place % self._count)))

    def __iter__(self) -> Iterator[Turn]:
        records = memoryview(self._buffer)[32 : 32 + self._size * self._count]
        return map(self._turn, _spaced(_RECORD, self._size).iter_unpack(records))

    def _text(self, place: int, length: int) -> str:
        if self._page is None:
            # With ASCII alone, bytes and characters are the same: a text is a part of one string of the whole buffer.
            is_ascii = self._buffer[32 + self._size * self._count :].isascii()
            self._page = str(self._buffer, "latin-1") if is_ascii else ""
        if self._page:
            return self._page[place : place + length]
        return self._buffer[place : place + length].decode()

    def _turn(self, record: Tuple[Any, ...]) -> Turn:
        (turn_id, session_id, at_ms, answered, confidence, channel, flags, *places) = record
        said, said_len, answer, answer_len, by, by_len, metadata, metadata_len = places
        text = self._text
        return Turn(
            turn_id,
            session_id,
            at_ms,
            answered if flags & 4 else None,
            confidence if flags & 16 else None,
            channel,
            flags & 32 != 0,
            text(said, said_len) if flags & 1 else None,
            text(answer, answer_len) if flags & 2 else None,
            text(by, by_len) if flags & 8 else None,
            text(metadata, metadata_len) if flags & 64 else None,
        )


# The flat buffer (confidant_context_flat): its head and a record.
_HEAD = struct.Struct("<IIQII")
_RECORD = struct.Struct("<QQqqdiI8I")
# Every low byte of a record's flags that says that both halves are there.
_BOTH = bytes(mark for mark in range(256) if mark & 3 == 3)


def _spaced(of: struct.Struct, size: int) -> struct.Struct:
    """For records that a newer library made longer."""
    return of if of.size == size else struct.Struct(f"{of.format}{size - of.size}x")


class SessionFigures(NamedTuple):
    """A session and its figures."""

    id: int
    channel: int
    opened_at_ms: int
    closed_at_ms: Optional[int]
    turns: int
    rating: int
    resolved: bool


class Evidence(NamedTuple):
    """A place that shows a conclusion: the bytes `start` to `end` of what was said, or all of it."""

    turn_id: int
    rule: str
    start: Optional[int]
    end: Optional[int]

    def within(self, said: str) -> str:
        return said if self.start is None else said.encode()[self.start : self.end].decode()


class Preference(NamedTuple):
    """A conclusion and how sure it is."""

    kind: int  # A PreferenceKind, or a number that a newer library gives.
    value: int
    name: str
    confidence: float
    evidence_turns: int
    evidence: Tuple[Evidence, ...]


class Statement(NamedTuple):
    """Something a customer said about how to be served, such as "no-call": the bytes `start` to `end` of a turn."""

    kind: int
    name: str
    turn_id: int
    start: int
    end: int
    superseded: bool


class Preferences(NamedTuple):
    """What is known about how to serve a customer."""

    all: Tuple[Preference, ...]
    customer_turns: int
    text: str
    statements: Tuple[Statement, ...] = ()


class WordMatch(NamedTuple):
    """A word of a question and the word of a turn that answers it; 1 is the same word in any form."""

    asked: str
    found: str
    strength: float


class RecalledTurn(NamedTuple):
    """A turn that answers a question, and why: the shares by words, by meaning, and from the turns around it."""

    turn: Turn
    score: float
    words: float
    meaning: float
    neighbours: float
    matches: Tuple[WordMatch, ...]


class Recalled(NamedTuple):
    """Turns that answer a question, best first."""

    turns: Tuple[RecalledTurn, ...]
    basis: int


class Fact(NamedTuple):
    """One thing that a customer has told, the bytes `start` to `end` of a turn; it is what they claim."""

    kind: int
    value: str
    turn_id: int
    start: int
    end: int
    rule: str
    score: float


class AskedAgain(NamedTuple):
    """A sentence of a draft, its bytes `start` to `end`, that asks for something again."""

    start: int
    end: int
    fact: Fact


class Assembled(NamedTuple):
    """What a model is shown of a customer; `passages` is how many of the request's are in."""

    text: str
    tokens: int
    passages: int
    recent: Tuple[Turn, ...]
    recalled: Tuple[Turn, ...]
    basis: int
    has_preferences: bool


class NewDocument(NamedTuple):
    """A document to be put, or, with category and tags in place of metadata, an article."""

    key: str
    text: str
    title: str = ""
    metadata: Optional[str] = None
    category: Optional[str] = None
    tags: Tuple[str, ...] = ()


class Document(NamedTuple):
    """A stored document, and how it was found; `passage` is the part of its text that answers best."""

    key: str
    title: str
    text: str
    metadata: Optional[str]
    category: Optional[str]
    tags: Tuple[str, ...]
    used: int
    helped: int
    passage: Optional[str]
    score: float
    words: float
    meaning: float


class Found(NamedTuple):
    """The documents that answer a question, best first; `model` is the embedder whose vectors were compared."""

    documents: Tuple[Document, ...]
    basis: int
    model: Optional[str]


class Condition:
    """About the metadata of documents, or the category and tags of articles: `is_("level", "1") & ~is_("tags", '"old"')`."""

    def __init__(self, steps: Tuple[Tuple[int, str, str], ...]):
        self._steps = steps

    def __and__(self, other: Condition) -> Condition:
        return Condition(self._steps + other._steps + ((1, "", ""),))

    def __or__(self, other: Condition) -> Condition:
        return Condition(self._steps + other._steps + ((2, "", ""),))

    def __invert__(self) -> Condition:
        return Condition(self._steps + ((3, "", ""),))


def is_(name: str, value: str) -> Condition:
    """Holds if the member has that value, in JSON, or is a list that holds it."""
    return Condition(((0, name, value),))


class Cue(NamedTuple):
    """A place in a message, its bytes `start` to `end`, and the rule that found it."""

    start: int
    end: int
    rule: str
    score: float


class Finding(NamedTuple):
    """A conclusion from a message, and what shows it."""

    kind: int
    value: int
    name: str
    score: float
    cues: Tuple[Cue, ...]


class Entity(NamedTuple):
    """Something that a message names."""

    kind: int
    start: int
    end: int
    rule: str
    score: float


class Signals(NamedTuple):
    """All that one message says; conclusions stand in the order of the kinds, of each the strongest first."""

    polarity: float
    formality: float
    language: Optional[str]
    is_frustrated: bool
    is_angry: bool
    asks_policy: bool
    findings: Tuple[Finding, ...]
    entities: Tuple[Entity, ...]

    def find(self, kind: SignalKind) -> Optional[Finding]:
        """The first conclusion of a kind."""
        return next((one for one in self.findings if one.kind == kind), None)


class Figures(NamedTuple):
    """Counts and rates over a range, or over one day of it; a rate is None where there is nothing to divide by."""

    day: Optional[str]
    customers: int
    turns: int
    answered_turns: int
    resolved_turns: int
    sessions: int
    resolved_sessions: int
    closed_sessions: int
    first_contacts: int
    first_contact_resolved: int
    rated_sessions: int
    upset_turns: int
    escalated_turns: int
    cost_nano: int
    costed_turns: int
    turn_resolution_rate: Optional[float]
    session_resolution_rate: Optional[float]
    first_contact_resolution_rate: Optional[float]
    repeat_rate: Optional[float]
    escalation_rate: Optional[float]
    mean_resolution_ms: Optional[float]
    mean_first_resolution_ms: Optional[float]
    mean_later_resolution_ms: Optional[float]
    closed_session_rate: Optional[float]
    mean_session_cost_nano: Optional[float]
    mean_confidence: Optional[float]
    mean_rating: Optional[float]
    mean_polarity: Optional[float]


class Worry(NamedTuple):
    """A figure that is not as it should be."""

    figure: str
    value: float
    limit: float
    cases: int


class Summary(NamedTuple):
    """What is stored of a tenant or a customer, summed up."""

    customers: int
    sessions: int
    resolved_sessions: int
    turns: int
    answered_turns: int
    resolved_turns: int
    mean_confidence: Optional[float]
    mean_rating: Optional[float]
    resolution_rate_percent: float
    session_resolution_rate_percent: float
    turns_per_session: float


class Maintenance(NamedTuple):
    """What `maintain` did; `trained` is the number of the dictionary that was trained, if one was."""

    trained: Optional[int]
    examined: int
    repacked: int
    bytes_before: int
    bytes_after: int


class StoreStats(NamedTuple):
    """Figures of one open store in this process."""

    hot_customers: int
    hot_bytes: int
    hits: int
    misses: int
    evictions: int
    pending: int
    bytes_on_disk: int
    is_alone: bool
    recall_customers: int
    recall_bytes: int


class BufferStats(NamedTuple):
    """Figures of one customer's memory, in turns: of the context, in all, and waiting to be saved."""

    buffered: int
    total: int
    pending: int


class NewTurn(NamedTuple):
    """A turn for `save_all`; as the arguments of `save`."""

    said: Optional[str] = None
    answer: Optional[str] = None
    answered_by: Optional[str] = None
    metadata: Optional[str] = None
    key: Optional[str] = None
    at_ms: Optional[int] = None
    answered_at_ms: Optional[int] = None
    confidence: Optional[float] = None
    resolved: bool = False


class Sensitive(NamedTuple):
    """Something that must not be kept, the bytes `start` to `end` of a text: 1 card, 2 e-mail, 3 telephone, 4 IBAN."""

    kind: int
    start: int
    end: int


class Article(NamedTuple):
    """What the offline model answers from; the first sentence of the content helps by itself."""

    title: str
    content: str
    category: str = ""
    keywords: str = ""
    steps: Tuple[str, ...] = ()


class ScriptedReply(NamedTuple):
    """A reply of a scripted model; a failure is one of CONFIDANT_LLM_*, after the pieces."""

    pieces: Tuple[str, ...] = ()
    sources: Tuple[str, ...] = ()
    confidence: Optional[float] = None
    resolved: Optional[bool] = None
    failure: int = 0
    failure_message: str = ""


class Spending(NamedTuple):
    """What an agent has used since it was made; costs are in nano-dollars."""

    calls: int
    failures: int
    input_tokens: int
    output_tokens: int
    cost_nano: Optional[int]
    budget_nano: Optional[int]


class Message(NamedTuple):
    """A message that a model is shown; role 0 is the customer's, 1 quoted data, 2 the company's."""

    role: int
    text: str


class Request(NamedTuple):
    """What is asked of a model; the last message is the customer's and wants a reply."""

    system: str
    messages: Tuple[Message, ...]
    tone: int
    length: int
    temperature: float
    max_tokens: int


class Answer(NamedTuple):
    """What a model says of its reply, once it is written."""

    confidence: Optional[float] = None
    resolved: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    sources: Tuple[str, ...] = ()
    finish: int = 0  # One of CONFIDANT_FINISH_*; 0 is a reply that came to its end.


class Reply(NamedTuple):
    """The agent's reply; `failure` says why the model gave none, if the fallback text stands in for it."""

    turn_id: int
    number: int
    text: str
    confidence: float
    resolved: bool
    sources: Tuple[str, ...]
    preferences: Preferences
    failure: Optional[Error]


# An embedder gives one vector for each text, in their order; any thread may call it.
Embed = Callable[[List[str]], Sequence[Sequence[float]]]
# A model writes its reply with the second argument, in one piece or many; any thread may call it.
Model = Callable[[Request, Callable[[str], None]], Optional[Answer]]


# The structs of confidant.h, as far as this module uses them.


class _Str(Structure):
    _fields_ = [("ptr", c_char_p), ("len", c_size_t)]


class _View(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


class _Id(Structure):
    _fields_ = [("text", ctypes.c_char * 37)]


def _struct(name: str, *fields: Tuple[str, Any]) -> Any:
    return type(name, (Structure,), {"_fields_": [("struct_size", c_size_t), *fields]})


def _many(kind: Any, names: str) -> Iterable[Tuple[str, Any]]:
    return [(name, kind) for name in names.split()]


_NOW = ctypes.CFUNCTYPE(c_int64, c_void_p)
_DESTROY = ctypes.CFUNCTYPE(None, c_void_p)
_COMPLETE = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)
_ON_TEXT = ctypes.CFUNCTYPE(c_int32, c_void_p, _View)

_EMBED = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(_View), c_size_t, POINTER(c_float))
_COUNT_TOKENS = ctypes.CFUNCTYPE(c_size_t, c_void_p, _View)

_Clock = _struct("_Clock", ("user_data", c_void_p), ("now_ms", _NOW), ("destroy", _DESTROY))
_NewTurn = _struct(
    "_NewTurn",
    *_many(_Str, "said answer answered_by metadata key"),
    *_many(c_int64, "at_ms answered_at_ms"),
    ("confidence", c_double),
    *_many(c_uint32, "has_at has_answered_at has_confidence resolved"),
)
_NewAnswer = _struct(
    "_NewAnswer",
    *_many(_Str, "text by metadata"),
    ("at_ms", c_int64),
    ("confidence", c_double),
    *_many(c_uint32, "has_at has_confidence resolved reserved"),
)
_Figures = _struct(
    "_Figures",
    ("session_id", c_uint64),
    *_many(c_int64, "opened_at_ms closed_at_ms"),
    *_many(c_uint64, "turns answered_turns resolved_turns"),
    ("mean_confidence", c_double),
    ("channel", c_int32),
    *_many(c_uint32, "rating is_closed resolved has_mean_confidence reserved"),
)
_Outcome = _struct("_Outcome", ("outcome", c_int32), ("rating", c_uint32))
_Preference = _struct(
    "_Preference",
    *_many(c_int32, "kind value"),
    ("name", _View),
    ("confidence", c_double),
    *_many(c_uint64, "evidence_turns evidence_total"),
    ("evidence_count", c_size_t),
    ("rules_version", _View),
    *_many(c_uint32, "from_hour to_hour"),
)
_Statement = _struct(
    "_Statement",
    *_many(c_uint64, "turn_id start end"),
    ("name", _View),
    ("kind", c_int32),
    ("superseded", c_uint32),
)
_Evidence = _struct(
    "_Evidence", ("turn_id", c_uint64), ("rule", _View), *_many(c_uint64, "start end"), *_many(c_uint32, "has_span reserved")
)
_Summary = _struct(
    "_Summary",
    *_many(c_uint64, "customers sessions resolved_sessions turns answered_turns resolved_turns"),
    *_many(c_double, "mean_confidence mean_rating resolution_rate_percent session_resolution_rate_percent turns_per_session"),
    *_many(c_uint32, "has_mean_confidence has_mean_rating"),
)
_Callbacks = _struct(
    "_Callbacks",
    ("user_data", c_void_p),
    ("complete", _COMPLETE),
    ("destroy", _DESTROY),
    ("name", _Str),
    *_many(c_uint32, "is_free reserved"),
)
_LlmMessage = _struct("_LlmMessage", ("text", _View), ("role", c_int32), ("reserved", c_uint32))
_AgentOptions = _struct(
    "_AgentOptions",
    ("llm", c_void_p),
    *_many(_Str, "persona_name persona_manner fallback"),
    *_many(c_size_t, "max_prompt_tokens prompt_turns"),
    *_many(c_uint64, "input_nano output_nano budget_nano"),
    ("temperature", c_double),
    ("max_reply_tokens", c_uint32),
    *_many(c_int32, "persona persona_tone"),
    *_many(c_uint32, "has_prompt_turns has_price has_budget has_temperature reserved"),
)
_Message = _struct("_Message", *_many(_Str, "text key metadata profile"), ("at_ms", c_int64), *_many(c_uint32, "has_at reserved"))
_Sink = _struct("_Sink", ("user_data", c_void_p), ("on_text", _ON_TEXT), ("destroy", _DESTROY))
# The turn's later fields are not read through this; `number` comes from its identifier.
_TurnHead = _struct("_TurnHead", ("turn_id", c_uint64))
_Content = _struct(
    "_Content",
    ("turn", POINTER(_TurnHead)),
    *_many(c_void_p, "preferences failure"),
    ("text", _View),
    ("confidence", c_double),
    *_many(c_uint64, "input_tokens output_tokens cost_nano history_len source_count"),
    *_many(c_uint32, "resolved are_tokens_reported has_cost reserved"),
)


class _Pair(Structure):
    _fields_ = [("name", _Str), ("value", _Str)]


class _Bytes(Structure):
    _fields_ = [("ptr", c_char_p), ("len", c_size_t)]


_Turn = _struct(
    "_Turn",
    *_many(c_uint64, "turn_id session_id"),
    *_many(_View, "said answer answered_by metadata"),
    *_many(c_int64, "at_ms answered_at_ms"),
    ("confidence", c_double),
    ("channel", c_int32),
    *_many(c_uint32, "has_answered_at has_confidence resolved is_pending number"),
)
_RecallQuery = _struct(
    "_RecallQuery",
    ("question", _Str),
    ("metadata", POINTER(_Pair)),
    *_many(c_size_t, "metadata_count limit"),
    ("session_id", c_uint64),
    *_many(c_int64, "from_ms until_ms"),
    ("channel", c_int32),
    *_many(c_uint32, "has_channel has_from has_until resolved has_resolved"),
)
_RecalledTurn = _struct(
    "_RecalledTurn", ("turn", POINTER(_Turn)), *_many(c_double, "score words meaning neighbours"), ("match_count", c_size_t)
)
_WordMatch = _struct("_WordMatch", *_many(_View, "asked found"), ("strength", c_double))
_Fact = _struct(
    "_Fact",
    ("turn_id", c_uint64),
    ("value", _View),
    *_many(c_uint64, "start end"),
    ("rule", _View),
    ("score", c_double),
    ("kind", c_int32),
    ("reserved", c_uint32),
)
_AskedPlace = _struct("_AskedPlace", *_many(c_uint64, "start end"), ("fact", POINTER(_Fact)))
_ContextRequest = _struct(
    "_ContextRequest",
    ("question", _Str),
    ("max_tokens", c_size_t),
    ("passages", POINTER(_Pair)),
    *_many(c_size_t, "passage_count recalled"),
    ("calibration_text", _Str),
    ("calibration_tokens", c_uint64),
    *_many(c_uint32, "has_recalled without_preferences"),
)
_TokenCounter = _struct("_TokenCounter", ("user_data", c_void_p), ("count_tokens", _COUNT_TOKENS), ("destroy", _DESTROY))
_AssembledContent = _struct(
    "_AssembledContent",
    ("text", _View),
    *_many(c_size_t, "tokens passage_count recent_count recalled_count"),
    ("basis", c_int32),
    ("has_preferences", c_uint32),
)
_NewDocument = _struct(
    "_NewDocument", *_many(_Str, "key title text metadata category"), ("tags", POINTER(_Str)), ("tag_count", c_size_t)
)
_Document = _struct(
    "_Document",
    *_many(_View, "key title text metadata category"),
    ("tags", POINTER(_View)),
    ("tag_count", c_size_t),
    *_many(c_uint64, "used helped"),
    ("passage", _View),
    *_many(c_double, "score words meaning"),
)
_Step = _struct("_Step", *_many(_Str, "name value"), ("step", c_int32), ("reserved", c_uint32))
_EmbedderCallbacks = _struct(
    "_EmbedderCallbacks",
    ("user_data", c_void_p),
    ("embed", _EMBED),
    ("destroy", _DESTROY),
    ("name", _Str),
    ("dimensions", c_size_t),
)
_HttpEmbedder = _struct(
    "_HttpEmbedder",
    *_many(_Str, "model base_url api_key"),
    ("dimensions", c_size_t),
    ("response_timeout_ms", c_uint64),
    ("protocol", c_int32),
    *_many(c_uint32, "max_retries has_max_retries allow_plain_http"),
)
_Embedded = _struct("_Embedded", *_many(c_uint64, "documents left"))
_RuleOptions = _struct(
    "_RuleOptions",
    ("words", POINTER(_Str)),
    ("word_values", POINTER(c_double)),
    ("word_count", c_size_t),
    ("products", POINTER(_Str)),
    ("product_count", c_size_t),
    ("order_ids", POINTER(_Str)),
    ("order_id_count", c_size_t),
    ("table", _Bytes),
    ("preset", c_int32),
    ("without_table", c_uint32),
)
_SignalContext = _struct(
    "_SignalContext", ("rules", c_void_p), ("agent_said", _Str), ("expects", c_int32), ("earlier_same", c_uint32)
)
_SignalsContent = _struct(
    "_SignalsContent",
    *_many(c_double, "polarity formality"),
    ("language", _View),
    *_many(c_size_t, "finding_count entity_count"),
    *_many(c_int32, "sentiment urgency intent"),
    *_many(c_uint32, "is_frustrated is_angry asks_policy"),
)
_Finding = _struct(
    "_Finding", *_many(c_int32, "kind value"), ("name", _View), ("score", c_double), ("cue_count", c_size_t)
)
_Cue = _struct("_Cue", *_many(c_uint64, "start end"), ("rule", _View), ("score", c_double))
_Entity = _struct(
    "_Entity", *_many(c_uint64, "start end"), ("rule", _View), ("score", c_double), ("kind", c_int32), ("reserved", c_uint32)
)
_Maintenance = _struct(
    "_Maintenance", *_many(c_uint32, "has_trained trained"), *_many(c_uint64, "examined repacked bytes_before bytes_after")
)
_StoreStats = _struct(
    "_StoreStats",
    *_many(c_uint64, "hot_customers hot_bytes hits misses evictions pending bytes_on_disk"),
    *_many(c_uint32, "is_alone reserved"),
    *_many(c_uint64, "recall_customers recall_bytes"),
)
_BufferStats = _struct("_BufferStats", *_many(c_uint64, "buffered total pending"))
_ExtractorOptions = _struct(
    "_ExtractorOptions",
    ("style_ratio", c_double),
    *_many(c_uint32, "min_turns brief_below detailed_above has_brief_below has_detailed_above reserved"),
    ("preset", c_int32),
    ("hysteresis", c_uint32),
)
_Article = _struct(
    "_Article", *_many(_Str, "title content category keywords"), ("steps", POINTER(_Str)), ("step_count", c_size_t)
)
_ScriptedReply = _struct(
    "_ScriptedReply",
    ("pieces", POINTER(_Str)),
    ("piece_count", c_size_t),
    ("sources", POINTER(_Str)),
    ("source_count", c_size_t),
    ("confidence", c_double),
    *_many(c_uint32, "has_confidence has_resolved resolved"),
    ("failure", c_int32),
    ("failure_message", _Str),
)
_OllamaOptions = _struct(
    "_OllamaOptions",
    *_many(_Str, "model base_url api_key keep_alive"),
    *_many(c_uint64, "connect_timeout_ms response_timeout_ms idle_timeout_ms deadline_ms retry_seed"),
    *_many(c_uint32, "num_ctx max_retries has_max_retries has_retry_seed allow_plain_http reserved"),
)
_Spending = _struct(
    "_Spending",
    *_many(c_uint64, "calls failures input_tokens output_tokens cost_nano budget_nano"),
    *_many(c_uint32, "has_cost has_budget"),
)
_Sensitive = _struct("_Sensitive", *_many(c_uint64, "start end"), ("kind", c_int32), ("reserved", c_uint32))
_Range = _struct("_Range", *_many(c_int64, "from_ms to_ms"))
_COUNTED = Figures._fields[1:15]
_RATES = Figures._fields[15:]
_RawFigures = _struct(
    "_RawFigures",
    ("day", _View),
    *_many(c_uint64, " ".join(_COUNTED)),
    *_many(c_double, " ".join(_RATES)),
    *_many(c_uint32, " ".join("has_" + rate for rate in _RATES) + " reserved"),
)
_LabelCount = _struct("_LabelCount", ("name", _View), ("count", c_uint64))
_Resolver = _struct("_Resolver", ("agent", _View), ("topic", _View), ("count", c_uint64))
_LIMITS = (
    "min_session_resolution_rate min_first_contact_resolution_rate max_repeat_rate max_escalation_rate "
    "min_mean_rating min_mean_confidence"
)
_HealthLimits = _struct(
    "_HealthLimits",
    *_many(c_double, _LIMITS),
    ("min_cases", c_uint64),
    *_many(c_uint32, " ".join("has_" + limit for limit in (_LIMITS + " min_cases").split()) + " reserved"),
)
_Worry = _struct("_Worry", ("figure", _View), *_many(c_double, "value limit"), ("cases", c_uint64))


def _load() -> ctypes.CDLL:
    built = pathlib.Path(__file__).resolve().parents[2] / "target" / "capi" / "libconfidant.so"
    name = os.environ.get("CONFIDANT_LIBRARY") or (str(built) if built.exists() else ctypes.util.find_library("confidant"))
    if not name:
        raise ImportError("libconfidant was not found: build it (include/README.md) or set CONFIDANT_LIBRARY")
    return ctypes.CDLL(name)


_lib = _load()


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_lib, "confidant_" + name)
    function.restype, function.argtypes = result, arguments
    return function


def _call(name: str, *arguments: Any) -> Any:
    """A function with a status, that takes `err` last."""
    return _function(name, c_int32, *arguments, POINTER(c_void_p))


_P = c_void_p
_OUT = POINTER(c_void_p)
_abi_version = _function("abi_version", c_uint32)
if _abi_version() != ABI_VERSION:
    raise ImportError(f"the library has interface {_abi_version()}, this module {ABI_VERSION}")

_error_free = _function("error_free", None, _P)
_error_status = _function("error_status", c_int32, _P)
_error_message = _function("error_message", _View, _P)
_error_detail = _function("error_detail", _View, _P)
_error_failure = _function("error_llm_failure", c_int32, _P)
_error_retryable = _function("error_is_retryable", c_uint32, _P)
_turn_id_format = _call("turn_id_format", c_uint64, POINTER(_Id))
_session_id_format = _call("session_id_format", c_uint64, POINTER(_Id))
_config_new = _call("config_new", _OUT)
_config_free = _function("config_free", None, _P)
_config_set = {
    "hot_turns": _call("config_set_hot_turns", _P, c_size_t),
    "hot_bytes": _call("config_set_hot_bytes", _P, c_size_t),
    "hot_ttl_ms": _call("config_set_hot_ttl_ms", _P, c_int64),
    "persist_every": _call("config_set_persist_every", _P, c_size_t),
    "durability": _call("config_set_durability", _P, c_int32),
    "recall_bytes": _call("config_set_recall_bytes", _P, c_size_t),
    "busy_timeout_ms": _call("config_set_busy_timeout_ms", _P, c_uint64),
    "session_idle_ms": _call("config_set_session_idle_ms", _P, c_uint64),
    "max_text_bytes": _call("config_set_max_text_bytes", _P, c_size_t),
}
_config_set_clock = _call("config_set_clock", _P, POINTER(_Clock))
_open = _call("store_open", _Str, _P, _OUT)
_close = _function("store_close", None, _P)
_flush = _call("store_flush", _P)
_maintain = _call("store_maintain", _P, POINTER(_Maintenance))
_compact = _call("store_compact", _P)
_invalidate = _call("store_invalidate", _P)
_stats = _call("store_stats", _P, POINTER(_StoreStats))
_location = _function("store_location", _View, _P)
_version = _function("version", _View)
_check = _call("store_check", _P, _OUT)
_report_free = _function("check_report_free", None, _P)
_report_warning = _function("check_report_warning", _View, _P, c_size_t)
_report_finding = _function("check_report_finding", _View, _P, c_size_t)
_analytics = _call("store_summarize", _P, _Str, POINTER(_Summary))
_memory_open = _call("memory_open", _P, _Str, _Str, _OUT)
_memory_free = _function("memory_free", None, _P)
_memory_load = _call("memory_load_context", _P, _OUT)
_context_flat = _call("context_flat", _P, POINTER(_View))
_context_free = _function("context_free", None, _P)
_memory_save = _call("memory_save_turn", _P, POINTER(_NewTurn), POINTER(c_uint64))
_memory_save_all = _call("memory_save_turns", _P, POINTER(_NewTurn), c_size_t, POINTER(c_uint64))
_memory_stats = _call("memory_stats", _P, POINTER(_BufferStats))
_memory_flush = _call("memory_flush", _P)
_memory_invalidate = _call("memory_invalidate", _P)
_memory_answer = _call("memory_answer", _P, c_uint64, POINTER(_NewAnswer))
_memory_turns = _call("memory_turns", _P, c_uint64, c_size_t, _OUT)
_memory_turn = _call("memory_turn", _P, c_uint64, _OUT)
_turns_flat = _call("turns_flat", _P, POINTER(_View))
_turns_free = _function("turns_free", None, _P)
_memory_clear = _call("memory_clear", _P, POINTER(c_uint64))
_memory_analytics = _call("memory_summarize", _P, POINTER(_Summary))
_memory_preferences = _call("memory_preferences", _P, _OUT)
_preferences_free = _function("preferences_free", None, _P)
_preferences_count = _function("preferences_count", c_size_t, _P)
_preferences_at = _function("preferences_at", POINTER(_Preference), _P, c_size_t)
_preferences_evidence = _function("preferences_evidence", POINTER(_Evidence), _P, c_size_t, c_size_t)
_preferences_turns = _function("preferences_customer_turns", c_uint64, _P)
_preferences_text = _function("preferences_text", _View, _P)
_memory_sessions = _call("memory_sessions", _P, c_uint64, c_size_t, _OUT)
_sessions_free = _function("sessions_free", None, _P)
_sessions_count = _function("sessions_count", c_size_t, _P)
_sessions_at = _function("sessions_at", POINTER(_Figures), _P, c_size_t)
_session_open = _call("session_open", _P, c_int32, _OUT)
_session_open_at = _call("session_open_at", _P, c_int32, c_int64, _OUT)
_session_channel = _function("session_channel", c_int32, _P)
_session_opened_at = _function("session_opened_at_ms", c_int64, _P)
_session_context = _call("session_context", _P, _OUT)
_session_metrics = _call("session_metrics", _P, POINTER(_Figures))
_session_save_all = _call("session_save_turns", _P, POINTER(_NewTurn), c_size_t, POINTER(c_uint64))
_session_resume = _call("session_get", _P, c_uint64, _OUT)
_session_free = _function("session_free", None, _P)
_session_id = _function("session_id", c_uint64, _P)
_session_save = _call("session_save_turn", _P, POINTER(_NewTurn), POINTER(c_uint64))
_session_answer = _call("session_answer", _P, c_uint64, POINTER(_NewAnswer))
_session_close = _call("session_close", _P, POINTER(_Outcome), POINTER(_Figures))
_llm_new = _call("llm_new", POINTER(_Callbacks), _OUT)
_llm_free = _function("llm_free", None, _P)
_llm_offline = _call("llm_offline", POINTER(_Article), c_size_t, _OUT)
_llm_scripted = _call("llm_scripted", POINTER(_ScriptedReply), c_size_t, _OUT)
_llm_ollama = _call("llm_ollama", POINTER(_OllamaOptions), _OUT)
_llm_name = _function("llm_name", _View, _P)
_llm_is_free = _function("llm_is_free", c_uint32, _P)
_llm_remaining = _call("llm_remaining", _P, POINTER(c_uint64))
_llm_models = _call("llm_models", _P, _OUT)
_names_free = _function("names_free", None, _P)
_names_count = _function("names_count", c_size_t, _P)
_names_at = _function("names_at", _View, _P, c_size_t)
_extractor_new = _call("extractor_new", POINTER(_ExtractorOptions), _OUT)
_extractor_free = _function("extractor_free", None, _P)
_extractor_learn_turns = _call("extractor_learn_turns", _P, _P)
_extractor_learn_context = _call("extractor_learn_context", _P, _P)
_extractor_unlearn = _call("extractor_unlearn", _P, c_uint64, POINTER(c_uint32))
_extractor_conclude = _call("extractor_conclude", _P, _OUT)
_extractor_covered = _function("extractor_covered", c_uint64, _P)
_extractor_state = _call("extractor_state", _P, POINTER(_View))
_extractor_restore = _call("extractor_restore", _P, _Str)
_extractor_rules_version = _function("extractor_rules_version", _View, _P)
_request_system = _function("llm_request_system", _View, _P)
_request_count = _function("llm_request_message_count", c_size_t, _P)
_request_message = _function("llm_request_message", POINTER(_LlmMessage), _P, c_size_t)
_request_tone = _function("llm_request_tone", c_int32, _P)
_request_length = _function("llm_request_length", c_int32, _P)
_request_temperature = _function("llm_request_temperature", c_double, _P)
_request_max_tokens = _function("llm_request_max_tokens", c_uint32, _P)
_reply_append = _call("llm_reply_append", _P, _Str)
_reply_set_confidence = _call("llm_reply_set_confidence", _P, c_double)
_reply_set_resolved = _call("llm_reply_set_resolved", _P, c_uint32)
_reply_set_usage = _call("llm_reply_set_usage", _P, c_uint64, c_uint64)
_reply_set_finish = _call("llm_reply_set_finish", _P, c_int32)
_reply_add_source = _call("llm_reply_add_source", _P, _Str)
_reply_fail = _call("llm_reply_fail", _P, c_int32, _Str)
_agent_new = _call("agent_new", _P, POINTER(_AgentOptions), _OUT)
_agent_free = _function("agent_free", None, _P)
_agent_model = _function("agent_model", _View, _P)
_agent_spending = _call("agent_spending", _P, POINTER(_Spending))
_agent_respond = _call("agent_respond", _P, _P, POINTER(_Message), POINTER(_Sink), _OUT)
_reply_free = _function("reply_free", None, _P)
_reply_read = _function("reply_read", POINTER(_Content), _P)
_reply_source = _function("reply_source", _View, _P, c_size_t)
_preferences_statement_count = _function("preferences_statement_count", c_size_t, _P)
_preferences_statement = _function("preferences_statement", POINTER(_Statement), _P, c_size_t)
_memory_recall = _call("memory_recall", _P, POINTER(_RecallQuery), _OUT)
_recalled_free = _function("recalled_free", None, _P)
_recalled_count = _function("recalled_count", c_size_t, _P)
_recalled_at = _function("recalled_at", POINTER(_RecalledTurn), _P, c_size_t)
_recalled_match = _function("recalled_match", POINTER(_WordMatch), _P, c_size_t, c_size_t)
_recalled_basis = _function("recalled_basis", c_int32, _P)
_memory_given = _call("memory_given", _P, _OUT)
_given_free = _function("given_free", None, _P)
_given_count = _function("given_count", c_size_t, _P)
_given_at = _function("given_at", POINTER(_Fact), _P, c_size_t)
_given_asked_again = _call("given_asked_again", _P, _Str, _OUT)
_asked_again_free = _function("asked_again_free", None, _P)
_asked_again_count = _function("asked_again_count", c_size_t, _P)
_asked_again_at = _function("asked_again_at", POINTER(_AskedPlace), _P, c_size_t)
_memory_assemble = _call("memory_assemble", _P, POINTER(_ContextRequest), POINTER(_TokenCounter), _OUT)
_assembled_free = _function("assembled_free", None, _P)
_assembled_read = _function("assembled_read", POINTER(_AssembledContent), _P)
_assembled_recent = _function("assembled_recent", POINTER(_Turn), _P, c_size_t)
_assembled_recalled = _function("assembled_recalled", POINTER(_Turn), _P, c_size_t)
_estimate_tokens = _call("text_estimate_tokens", _Str, _Str, c_uint64, POINTER(c_uint64))
_collection_open = _call("collection_open", _P, _Str, _Str, _OUT)
_collection_open_knowledge = _call("knowledge_open", _P, _Str, _OUT)
_collection_free = _function("collection_free", None, _P)
_collection_put = _call("collection_put", _P, POINTER(_NewDocument), c_size_t)
_collection_remove = _call("collection_remove", _P, _Str, POINTER(c_uint32))
_collection_get = _call("collection_get", _P, _Str, _OUT)
_collection_count = _call("collection_count", _P, POINTER(c_uint64))
_collection_search = _call("collection_search", _P, _Str, c_size_t, POINTER(_Step), c_size_t, _OUT)
_collection_count_use = _call("collection_count_use", _P, _Str, c_uint32, POINTER(c_uint32))
_collection_snapshot = _call("collection_snapshot", _P)
_collection_with_embedder = _call("collection_with_embedder", _P, _P, _OUT)
_collection_embed = _call("collection_embed", _P, c_size_t, POINTER(_Embedded))
_embedder_new = _call("embedder_new", POINTER(_EmbedderCallbacks), _OUT)
_embedder_http = _call("embedder_http", POINTER(_HttpEmbedder), _OUT)
_embedder_free = _function("embedder_free", None, _P)
_documents_free = _function("documents_free", None, _P)
_documents_count = _function("documents_count", c_size_t, _P)
_documents_at = _function("documents_at", POINTER(_Document), _P, c_size_t)
_documents_basis = _function("documents_basis", c_int32, _P)
_documents_model = _function("documents_model", _View, _P)
_signal_rules_new = _call("signal_rules_new", POINTER(_RuleOptions), _OUT)
_signal_rules_free = _function("signal_rules_free", None, _P)
_signal_rules_version = _function("signal_rules_version", _View, _P)
_signals_of = _call("signals_analyze", _Str, POINTER(_SignalContext), _OUT)
_signals_free = _function("signals_free", None, _P)
_signals_read = _function("signals_read", POINTER(_SignalsContent), _P)
_signals_finding = _function("signals_finding", POINTER(_Finding), _P, c_size_t)
_signals_cue = _function("signals_cue", POINTER(_Cue), _P, c_size_t, c_size_t)
_signals_entity = _function("signals_entity", POINTER(_Entity), _P, c_size_t)
_redact = _call("text_redact", _Str, _OUT)
_redacted_free = _function("redacted_free", None, _P)
_redacted_text = _function("redacted_text", _View, _P)
_redacted_at = _function("redacted_at", POINTER(_Sensitive), _P, c_size_t)
_normalize = _call("text_normalize", _Str, _OUT)
_normalized_free = _function("normalized_free", None, _P)
_normalized_text = _function("normalized_text", _View, _P)
_normalized_original = _call("normalized_original", _P, POINTER(c_uint64), POINTER(c_uint64))
_turn_id_parse = _call("turn_id_parse", _Str, POINTER(c_uint64))
_session_id_parse = _call("session_id_parse", _Str, POINTER(c_uint64))
_turns_count = _function("turns_count", c_size_t, _P)
_language_of = _call("text_language", _Str, POINTER(_View))
_analytics_between = _call("store_report", _P, _Str, POINTER(_Range), _OUT)
_memory_analytics_between = _call("memory_report", _P, POINTER(_Range), _OUT)
_analytics_report_free = _function("analytics_report_free", None, _P)
_analytics_report_totals = _function("analytics_report_totals", POINTER(_RawFigures), _P)
_analytics_report_day = _function("analytics_report_day", POINTER(_RawFigures), _P, c_size_t)
_analytics_report_counted = _function("analytics_report_counted", POINTER(_LabelCount), _P, c_int32, c_size_t)
_analytics_report_resolver = _function("analytics_report_resolver", POINTER(_Resolver), _P, c_size_t)
_analytics_report_active = _function("analytics_report_active_sessions", c_uint64, _P)
_analytics_report_json = _function("analytics_report_json", _View, _P)
_analytics_report_prometheus = _function("analytics_report_prometheus", _View, _P)
_analytics_report_health = _call("analytics_report_health", _P, POINTER(_HealthLimits), _OUT)
_health_free = _function("health_free", None, _P)
_health_worry = _function("health_breach", POINTER(_Worry), _P, c_size_t)
_health_unknown = _function("health_unknown", _View, _P, c_size_t)


def _text(view: Any) -> str:
    return ctypes.string_at(view.ptr, view.len).decode() if view.ptr else ""


def _maybe(view: Any) -> Optional[str]:
    return _text(view) if view.ptr else None


def _array(kind: Any, values: Iterable[Any]) -> Any:
    """An array for the library, which keeps alive what its values point to."""
    every = tuple(values)
    return (kind * len(every))(*every)


def _seen(at: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """What a function shows at each place, until it shows nothing."""
    place = 0
    while one := at(*arguments, place):
        yield one.contents
        place += 1


def _given(text: Optional[str]) -> Any:
    """A text for the library; None is not given. The struct keeps the bytes alive."""
    if text is None:
        return _Str(None, 0)
    encoded = text.encode()
    return _Str(encoded, len(encoded))


def _read_error(error: Any) -> Error:
    return Error(
        _error_status(error), _text(_error_message(error)), _text(_error_detail(error)), _error_failure(error), _error_retryable(error) != 0
    )


def _fail(error: Any) -> NoReturn:
    try:
        raise _read_error(error)
    finally:
        _error_free(error)


def _must(function: Any, *arguments: Any) -> None:
    error = c_void_p()
    if function(*arguments, byref(error)):
        _fail(error)


def _made(function: Any, *arguments: Any) -> Any:
    """What a function gives through its last result."""
    out = c_void_p()
    _must(function, *arguments, byref(out))
    return out


def _time(at_ms: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(milliseconds=at_ms)


def format_turn_id(turn_id: int) -> str:
    """A turn's identifier as logs and web addresses show it."""
    out = _Id()
    _must(_turn_id_format, turn_id, byref(out))
    return out.text.decode()


def format_session_id(session_id: int) -> str:
    """A session's identifier as logs and web addresses show it."""
    out = _Id()
    _must(_session_id_format, session_id, byref(out))
    return out.text.decode()


def parse_turn_id(text: str) -> int:
    """The identifier that `format_turn_id` wrote."""
    out = c_uint64()
    _must(_turn_id_parse, _given(text), byref(out))
    return out.value


def parse_session_id(text: str) -> int:
    """The identifier that `format_session_id` wrote."""
    out = c_uint64()
    _must(_session_id_parse, _given(text), byref(out))
    return out.value


def version() -> str:
    """The version of the library that is loaded."""
    return _text(_version())


class _Handle:
    """Owns a pointer of the library and frees it once."""

    def __init__(self, pointer: Any, free: Any):
        self._pointer: Optional[Any] = pointer
        self._finalizer = weakref.finalize(self, free, pointer)

    @property
    def _ptr(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise Error(Status.CLOSED, "the handle was closed")
        return pointer

    def close(self) -> None:
        """Frees the handle now; what is stored stays. Closing again does nothing."""
        self._pointer = None
        self._finalizer()

    def __enter__(self):  # type: ignore[no-untyped-def]
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Store(_Handle):
    """An open memory, in one file or on one server."""

    def memory(self, tenant: str, customer: str) -> Memory:
        """The memory of a customer of a tenant. Nothing is stored yet."""
        return Memory(_made(_memory_open, self._ptr, _given(tenant), _given(customer)), _memory_free)

    def agent(self, model: Union[Model, LibraryModel, None] = None, **settings: Any) -> Agent:
        """An agent that answers with a model of the host's own, with one of the library's, or from articles; see `Agent`."""
        return Agent._new(self, model, **settings)

    def analytics(self, tenant: str = "default") -> Summary:
        """Sums up all stored turns and sessions of a tenant."""
        return _summary(_analytics, self._ptr, _given(tenant))

    def analytics_between(
        self, tenant: str = "default", from_ms: Optional[int] = None, to_ms: Optional[int] = None
    ) -> AnalyticsReport:
        """Everything that can be told of a tenant's turns in a range, or of all."""
        span = _range(from_ms, to_ms)
        return AnalyticsReport(_made(_analytics_between, self._ptr, _given(tenant), span), _analytics_report_free)

    def collection(self, tenant: str, name: str) -> Collection:
        """A collection of short documents of a tenant. Nothing is stored yet."""
        return Collection(_made(_collection_open, self._ptr, _given(tenant), _given(name)), _collection_free)

    def knowledge(self, tenant: str) -> Collection:
        """The knowledge base of a tenant, whose documents are articles."""
        return Collection(_made(_collection_open_knowledge, self._ptr, _given(tenant)), _collection_free)

    def flush(self) -> None:
        """Saves every turn that waits."""
        _must(_flush, self._ptr)

    def maintain(self) -> Maintenance:
        """Does what is better done now and then, when the host has time; other calls go on meanwhile."""
        out = _Maintenance(ctypes.sizeof(_Maintenance))
        _must(_maintain, self._ptr, byref(out))
        trained = out.trained if out.has_trained else None
        return Maintenance(trained, out.examined, out.repacked, out.bytes_before, out.bytes_after)

    def compact(self) -> None:
        """Gives the file's free space back; takes about as long as copying the file, and writers wait meanwhile."""
        _must(_compact, self._ptr)

    def invalidate(self) -> None:
        """Forgets every customer's hot buffer; the store keeps everything."""
        _must(_invalidate, self._ptr)

    def stats(self) -> StoreStats:
        """The hot buffer, what waits, the file's size."""
        out = _StoreStats(ctypes.sizeof(_StoreStats))
        _must(_stats, self._ptr, byref(out))
        return StoreStats(*(type_(getattr(out, name)) for name, type_ in _STATS))

    @property
    def location(self) -> str:
        """Where the store was opened."""
        return _text(_location(self._ptr))

    def check(self) -> Tuple[str, ...]:
        """Reads everything that is stored and gives the lines of damage; none if it is sound."""
        return self._lines(_report_finding)

    def warnings(self) -> Tuple[str, ...]:
        """As `check`, but gives the warnings to the operator."""
        return self._lines(_report_warning)

    def _lines(self, line: Any) -> Tuple[str, ...]:
        report = _made(_check, self._ptr)
        try:
            lines: List[str] = []
            while (view := line(report, len(lines))).ptr:
                lines.append(_text(view))
            return tuple(lines)
        finally:
            _report_free(report)


# The fields of StoreStats.
_STATS = [(name, bool if name == "is_alone" else int) for name in StoreStats._fields]


def open(location: Union[str, "os.PathLike[str]"], *, clock: Optional[Callable[[], int]] = None, **settings: int) -> Store:
    """Opens the memory in the file at a path, or makes the file.

    The settings are those of `confidant_config_set_*`: hot_turns, hot_bytes, hot_ttl_ms, persist_every, durability,
    busy_timeout_ms, session_idle_ms, max_text_bytes, recall_bytes. `clock` gives milliseconds since the Unix epoch, for tests.
    """
    config = _made(_config_new)
    try:
        for name, value in settings.items():
            if name not in _config_set:
                raise TypeError(f"there is no setting {name!r}")
            _must(_config_set[name], config, value)
        if clock is not None:
            now_ms = _NOW(lambda _: clock())
            _must(_config_set_clock, config, byref(_Clock(ctypes.sizeof(_Clock), _kept(now_ms), now_ms, _destroyed)))
        return Store(_made(_open, _given(os.fspath(location)), config), _close)
    finally:
        _config_free(config)


# Callables that the library holds, until it destroys them.
_keeping: dict[int, Tuple[Any, ...]] = {}
_keeping_lock = threading.Lock()
_next_kept = 1


def _kept(*what: Any) -> int:
    global _next_kept
    with _keeping_lock:
        number, _next_kept = _next_kept, _next_kept + 1
        _keeping[number] = what
        return number


@_DESTROY
def _destroyed(number: int) -> None:
    _keeping.pop(number, None)


def _summary(function: Any, *arguments: Any) -> Summary:
    out = _Summary(ctypes.sizeof(_Summary))
    _must(function, *arguments, byref(out))
    return Summary(
        out.customers,
        out.sessions,
        out.resolved_sessions,
        out.turns,
        out.answered_turns,
        out.resolved_turns,
        out.mean_confidence if out.has_mean_confidence else None,
        out.mean_rating if out.has_mean_rating else None,
        out.resolution_rate_percent,
        out.session_resolution_rate_percent,
        out.turns_per_session,
    )


def _new_turn(
    said: Optional[str],
    answer: Optional[str],
    answered_by: Optional[str],
    metadata: Optional[str],
    key: Optional[str],
    at_ms: Optional[int],
    answered_at_ms: Optional[int],
    confidence: Optional[float],
    resolved: bool,
) -> Any:
    texts = map(_given, (said, answer, answered_by, metadata, key))
    has = [int(one is not None) for one in (at_ms, answered_at_ms, confidence)]
    return _NewTurn(ctypes.sizeof(_NewTurn), *texts, at_ms or 0, answered_at_ms or 0, confidence or 0.0, *has, int(resolved))


class _Saves(_Handle):
    """What a customer's memory and a session both do."""

    _save: Any
    _save_all: Any
    _answer: Any

    def save(
        self,
        said: Optional[str] = None,
        answer: Optional[str] = None,
        *,
        answered_by: Optional[str] = None,
        metadata: Optional[str] = None,
        key: Optional[str] = None,
        at_ms: Optional[int] = None,
        answered_at_ms: Optional[int] = None,
        confidence: Optional[float] = None,
        resolved: bool = False,
    ) -> int:
        """Saves one turn, on disk when this returns, and gives its identifier.

        Saving again under the same key gives the first turn and changes nothing.
        """
        turn = _new_turn(said, answer, answered_by, metadata, key, at_ms, answered_at_ms, confidence, resolved)
        turn_id = c_uint64()
        _must(self._save, self._ptr, byref(turn), byref(turn_id))
        return turn_id.value

    def save_all(self, turns: Sequence[NewTurn]) -> Tuple[int, ...]:
        """Saves up to 1,000 turns in their order, all or none, and gives their identifiers."""
        raw, ids = _array(_NewTurn, (_new_turn(*turn) for turn in turns)), (c_uint64 * len(turns))()
        _must(self._save_all, self._ptr, raw, len(turns), ids)
        return tuple(ids)

    def answer(
        self,
        turn_id: int,
        text: str,
        *,
        by: Optional[str] = None,
        metadata: Optional[str] = None,
        at_ms: Optional[int] = None,
        confidence: Optional[float] = None,
        resolved: bool = False,
    ) -> None:
        """Gives an answer to a turn of this customer that was saved without one."""
        has = [int(at_ms is not None), int(confidence is not None)]
        texts = map(_given, (text, by, metadata))
        raw = _NewAnswer(ctypes.sizeof(_NewAnswer), *texts, at_ms or 0, confidence or 0.0, *has, int(resolved), 0)
        _must(self._answer, self._ptr, turn_id, byref(raw))


class Memory(_Saves):
    """One customer's memory."""

    _save = _memory_save
    _save_all = _memory_save_all
    _answer = _memory_answer

    def load(self) -> Context:
        """The newest turns, 50 if not set otherwise, of every session and process."""
        pointer, context, view, error = self._ptr, c_void_p(), _View(), c_void_p()
        # Not by `_must`, which costs as much as the call.
        if _memory_load(pointer, byref(context), byref(error)) or _context_flat(context, byref(view), byref(error)):
            _context_free(context)
            _fail(error)
        try:
            return Context(ctypes.string_at(view.ptr, view.len))
        finally:
            _context_free(context)

    def turns(self, after: int = 0, limit: int = 1000) -> Context:
        """A page of the archive, oldest first: at most `limit` turns after the turn `after`; 0 is from the beginning."""
        return self._list(_made(_memory_turns, self._ptr, after, limit))

    def turn(self, turn_id: int) -> Turn:
        """One turn."""
        return self._list(_made(_memory_turn, self._ptr, turn_id))[0]

    @staticmethod
    def _list(turns: Any) -> Context:
        try:
            view = _View()
            _must(_turns_flat, turns, byref(view))
            return Context(ctypes.string_at(view.ptr, view.len))
        finally:
            _turns_free(turns)

    def open_session(self, channel: Channel) -> Session:
        """Opens a session now."""
        return Session(_made(_session_open, self._ptr, channel), _session_free)

    def open_session_at(self, channel: Channel, at_ms: int) -> Session:
        """Opens a session that began at a given time, as an import does."""
        return Session(_made(_session_open_at, self._ptr, channel, at_ms), _session_free)

    def stats(self) -> BufferStats:
        """Figures of this customer's memory."""
        out = _BufferStats(ctypes.sizeof(_BufferStats))
        _must(_memory_stats, self._ptr, byref(out))
        return BufferStats(out.buffered, out.total, out.pending)

    def flush(self) -> None:
        """Saves this customer's turns that wait."""
        _must(_memory_flush, self._ptr)

    def invalidate(self) -> None:
        """Forgets this customer's hot buffer; the store keeps everything."""
        _must(_memory_invalidate, self._ptr)

    def resume_session(self, session_id: int) -> Session:
        """The handle of a session opened earlier, also by another process."""
        return Session(_made(_session_resume, self._ptr, session_id), _session_free)

    def sessions(self, after: int = 0, limit: int = 1000) -> Tuple[SessionFigures, ...]:
        """The customer's sessions, newest first."""
        sessions = _made(_memory_sessions, self._ptr, after, limit)
        try:
            return tuple(_figures(_sessions_at(sessions, place).contents) for place in range(_sessions_count(sessions)))
        finally:
            _sessions_free(sessions)

    def preferences(self) -> Preferences:
        """What the customer likes, as far as their own words over the whole history show."""
        found = _made(_memory_preferences, self._ptr)
        try:
            return _preferences(found)
        finally:
            _preferences_free(found)

    def analytics(self) -> Summary:
        """Sums up all stored turns and sessions of the customer."""
        return _summary(_memory_analytics, self._ptr)

    def analytics_between(self, from_ms: Optional[int] = None, to_ms: Optional[int] = None) -> AnalyticsReport:
        """Everything that can be told of the customer's turns in a range, or of all."""
        return AnalyticsReport(_made(_memory_analytics_between, self._ptr, _range(from_ms, to_ms)), _analytics_report_free)

    def recall(
        self,
        question: str,
        limit: int = 10,
        *,
        session_id: int = 0,
        channel: Optional[Channel] = None,
        from_ms: Optional[int] = None,
        until_ms: Optional[int] = None,
        resolved: Optional[bool] = None,
        metadata: Optional[Dict[str, str]] = None,
    ) -> Recalled:
        """The turns, of all that were ever saved for this customer, that answer a question best.

        No network and no model. `metadata` is members and the values they must have, in JSON.
        """
        query = _RecallQuery(ctypes.sizeof(_RecallQuery), _given(question))
        query.metadata, query.metadata_count = _pairs((metadata or {}).items()), len(metadata or {})
        query.limit, query.session_id = limit, session_id
        query.channel, query.has_channel = channel or 0, int(channel is not None)
        query.from_ms, query.has_from = from_ms or 0, int(from_ms is not None)
        query.until_ms, query.has_until = until_ms or 0, int(until_ms is not None)
        query.resolved, query.has_resolved = int(bool(resolved)), int(resolved is not None)
        found = _made(_memory_recall, self._ptr, byref(query))
        try:
            turns = []
            for place in range(_recalled_count(found)):
                one = _recalled_at(found, place).contents
                matches = tuple(
                    WordMatch(_text(word.asked), _text(word.found), word.strength)
                    for word in _seen(_recalled_match, found, place)
                )
                turn = _read_turn(one.turn.contents)
                turns.append(RecalledTurn(turn, one.score, one.words, one.meaning, one.neighbours, matches))
            return Recalled(tuple(turns), _known(Basis, _recalled_basis(found)))
        finally:
            _recalled_free(found)

    def given(self) -> Given:
        """What the customer has told, over all sessions."""
        return Given(_made(_memory_given, self._ptr), _given_free)

    def assemble(
        self,
        question: str,
        max_tokens: int,
        *,
        passages: Sequence[Tuple[str, str]] = (),
        recalled: Optional[int] = None,
        without_preferences: bool = False,
        calibration: Tuple[str, int] = ("", 0),
        count: Optional[Callable[[str], int]] = None,
    ) -> Assembled:
        """What a model should see of this customer for a question, within a budget of tokens.

        `passages` are titles and texts, the best one first; `count` is the model's own tokenizer; `calibration` is a text
        and the tokens that the model reported for it, for a closer guess. What `count` raises comes out here.
        """
        request = _ContextRequest(ctypes.sizeof(_ContextRequest), _given(question), max_tokens)
        request.passages, request.passage_count = _pairs(passages), len(passages)
        request.recalled, request.has_recalled = recalled or 0, int(recalled is not None)
        request.calibration_text, request.calibration_tokens = _given(calibration[0]), calibration[1]
        request.without_preferences = int(without_preferences)

        def tokens(_: int, text: Any) -> int:
            try:
                return count(_text(text))  # type: ignore[misc]
            except BaseException as failed:
                _raise(failed)
                return ctypes.c_size_t(-1).value

        counter = None
        if count is not None:
            counter = byref(_TokenCounter(ctypes.sizeof(_TokenCounter), None, _COUNT_TOKENS(tokens), _DESTROY()))
        out = c_void_p()
        try:
            _during(lambda: _must(_memory_assemble, self._ptr, byref(request), counter, byref(out)))
            read = _assembled_read(out).contents
            return Assembled(
                _text(read.text),
                read.tokens,
                read.passage_count,
                tuple(map(_read_turn, _seen(_assembled_recent, out))),
                tuple(map(_read_turn, _seen(_assembled_recalled, out))),
                _known(Basis, read.basis),
                bool(read.has_preferences),
            )
        finally:
            _assembled_free(out)

    def clear(self) -> int:
        """Removes every turn and session of this customer, and says how many turns."""
        removed = c_uint64()
        _must(_memory_clear, self._ptr, byref(removed))
        return removed.value


def _figures(raw: Any) -> SessionFigures:
    closed = raw.closed_at_ms if raw.is_closed else None
    return SessionFigures(raw.session_id, raw.channel, raw.opened_at_ms, closed, raw.turns, raw.rating, bool(raw.resolved))


def _preferences(found: Any) -> Preferences:
    every = []
    for place in range(_preferences_count(found)):
        one = _preferences_at(found, place).contents
        shown = []
        for number in range(one.evidence_count):
            raw = _preferences_evidence(found, place, number).contents
            span = (raw.start, raw.end) if raw.has_span else (None, None)
            shown.append(Evidence(raw.turn_id, _text(raw.rule), *span))
        kind = _known(PreferenceKind, one.kind)
        every.append(Preference(kind, one.value, _text(one.name), one.confidence, one.evidence_turns, tuple(shown)))
    statements = tuple(
        Statement(one.kind, _text(one.name), one.turn_id, one.start, one.end, bool(one.superseded))
        for one in _seen(_preferences_statement, found)
    )
    return Preferences(tuple(every), _preferences_turns(found), _text(_preferences_text(found)), statements)


def _read_turn(raw: Any) -> Turn:
    return Turn(
        raw.turn_id,
        raw.session_id,
        raw.at_ms,
        raw.answered_at_ms if raw.has_answered_at else None,
        raw.confidence if raw.has_confidence else None,
        raw.channel,
        bool(raw.resolved),
        *map(_maybe, (raw.said, raw.answer, raw.answered_by, raw.metadata)),
    )


def _pairs(of: Iterable[Tuple[str, str]]) -> Any:
    return _array(_Pair, (_Pair(_given(name), _given(value)) for name, value in of))


def _fact(raw: Any) -> Fact:
    return Fact(_known(EntityKind, raw.kind), _text(raw.value), raw.turn_id, raw.start, raw.end, _text(raw.rule), raw.score)


class Given(_Handle):
    """All that a customer has told."""

    @property
    def facts(self) -> Tuple[Fact, ...]:
        """The facts, oldest first; of one thing said twice the newer place."""
        return tuple(map(_fact, _seen(_given_at, self._ptr)))

    def newest(self, kind: EntityKind) -> Optional[Fact]:
        """The newest fact of a kind."""
        return next((fact for fact in reversed(self.facts) if fact.kind == kind), None)

    def asked_again(self, draft: str) -> Tuple[AskedAgain, ...]:
        """The sentences of a draft reply that ask for what the customer has already given."""
        asked = _made(_given_asked_again, self._ptr, _given(draft))
        try:
            return tuple(AskedAgain(one.start, one.end, _fact(one.fact.contents)) for one in _seen(_asked_again_at, asked))
        finally:
            _asked_again_free(asked)


def estimate_tokens(text: str) -> int:
    """A guess at the tokens of a text, rather too high than too low."""
    out = c_uint64()
    _must(_estimate_tokens, _given(text), _given(None), 0, byref(out))
    return out.value


def _range(from_ms: Optional[int], to_ms: Optional[int]) -> Any:
    if from_ms is None and to_ms is None:
        return None
    return byref(_Range(ctypes.sizeof(_Range), from_ms or 0, (1 << 63) - 1 if to_ms is None else to_ms))


def _read_figures(raw: Any) -> Figures:
    rates = (getattr(raw, rate) if getattr(raw, "has_" + rate) else None for rate in _RATES)
    return Figures(_maybe(raw.day), *(getattr(raw, name) for name in _COUNTED), *rates)


class AnalyticsReport(_Handle):
    """Everything that can be told of a range of time."""

    @property
    def totals(self) -> Figures:
        """The figures over the whole range."""
        return _read_figures(_analytics_report_totals(self._ptr).contents)

    @property
    def days(self) -> Tuple[Figures, ...]:
        """The figures of each day with a turn, oldest first."""
        return tuple(map(_read_figures, _seen(_analytics_report_day, self._ptr)))

    @property
    def active_sessions(self) -> int:
        """Sessions of the range that are still open."""
        return _analytics_report_active(self._ptr)

    @property
    def json(self) -> str:
        """The whole report as a JSON object, with the counts of each day."""
        return _text(_analytics_report_json(self._ptr))

    @property
    def prometheus(self) -> str:
        """The totals in the text format of Prometheus."""
        return _text(_analytics_report_prometheus(self._ptr))

    def counted(self, what: str) -> Dict[str, int]:
        """Turns by "sentiment", "topic" or "escalation", customers by "tier" or "trend", use of the "knowledge"."""
        number = ("sentiment", "topic", "escalation", "tier", "trend", "knowledge").index(what) + 1
        return {_text(one.name): one.count for one in _seen(_analytics_report_counted, self._ptr, number)}

    def resolvers(self) -> Dict[Tuple[Optional[str], Optional[str]], int]:
        """Settled turns by who answered and what they are about, None where that is not known."""
        return {
            (_maybe(one.agent), _maybe(one.topic)): one.count for one in _seen(_analytics_report_resolver, self._ptr)
        }

    def health(self, **limits: float) -> Tuple[Tuple[Worry, ...], Tuple[str, ...]]:
        """What worries, and the figures that have too few cases to be judged.

        Limits: min_session_resolution_rate, min_first_contact_resolution_rate, max_repeat_rate, max_escalation_rate,
        min_mean_rating, min_mean_confidence, min_cases; those not given are the library's own.
        """
        raw = _HealthLimits(ctypes.sizeof(_HealthLimits))
        for name, limit in limits.items():
            if name not in (_LIMITS + " min_cases").split():
                raise TypeError(f"there is no limit {name!r}")
            setattr(raw, name, limit)
            setattr(raw, "has_" + name, 1)
        health = _made(_analytics_report_health, self._ptr, byref(raw))
        try:
            worries = [Worry(_text(one.figure), one.value, one.limit, one.cases) for one in _seen(_health_worry, health)]
            unknown: List[str] = []
            while (name := _health_unknown(health, len(unknown))).ptr:
                unknown.append(_text(name))
            return tuple(worries), tuple(unknown)
        finally:
            _health_free(health)


class Collection(_Handle):
    """Short documents of one tenant, found by words and by meaning; of a knowledge base, articles."""

    def put(self, *documents: NewDocument) -> None:
        """Puts up to 1,000 documents, all or none, each in the place of an earlier one under its key."""
        raw = []
        for one in documents:
            texts = map(_given, (one.key, one.title, one.text, one.metadata, one.category))
            tags = _array(_Str, map(_given, one.tags))
            raw.append(_NewDocument(ctypes.sizeof(_NewDocument), *texts, tags, len(tags)))
        _must(_collection_put, self._ptr, _array(_NewDocument, raw), len(raw))

    def remove(self, key: str) -> bool:
        """Removes a document; False if there is none under that key."""
        was_there = c_uint32()
        _must(_collection_remove, self._ptr, _given(key), byref(was_there))
        return bool(was_there.value)

    def count_use(self, key: str, helped: bool) -> bool:
        """Counts that a document was used for an answer, and whether that helped; False if there is none."""
        was_there = c_uint32()
        _must(_collection_count_use, self._ptr, _given(key), int(helped), byref(was_there))
        return bool(was_there.value)

    def get(self, key: str) -> Optional[Document]:
        """The document under a key."""
        found = _read_documents(_made(_collection_get, self._ptr, _given(key)))
        return found.documents[0] if found.documents else None

    def __len__(self) -> int:
        count = c_uint64()
        _must(_collection_count, self._ptr, byref(count))
        return count.value

    def __bool__(self) -> bool:
        return True

    def search(self, question: str, limit: int = 10, where: Optional[Condition] = None) -> Found:
        """The documents that answer a question best, of those that meet the condition. What an embedder raises comes out."""
        size, asked = ctypes.sizeof(_Step), where._steps if where else ()
        steps = _array(_Step, (_Step(size, _given(name), _given(value), step, 0) for step, name, value in asked))
        return _read_documents(
            _during(lambda: _made(_collection_search, self._ptr, _given(question), limit, steps, len(steps)))
        )

    def snapshot(self) -> None:
        """Keeps the index in the store, so that the next process need not build it."""
        _must(_collection_snapshot, self._ptr)

    def with_embedder(self, name: str, dimensions: int, embed: Embed) -> Collection:
        """The same collection, searched by the vectors of a host's own model once every document has one (`embed`)."""
        kept = _embed_with(embed, dimensions)
        callbacks = _EmbedderCallbacks(
            ctypes.sizeof(_EmbedderCallbacks), _kept(kept), kept, _destroyed, _given(name), dimensions
        )
        return self._with(_made(_embedder_new, byref(callbacks)))

    def with_http_embedder(
        self,
        model: str,
        dimensions: int,
        *,
        base_url: Optional[str] = None,
        api_key: Optional[str] = None,
        is_openai: bool = False,
        allow_plain_http: bool = False,
    ) -> Collection:
        """The same by a model on an Ollama server, or on one that speaks OpenAI's protocol."""
        options = _HttpEmbedder(ctypes.sizeof(_HttpEmbedder), *map(_given, (model, base_url, api_key)), dimensions)
        options.protocol, options.allow_plain_http = int(is_openai), int(allow_plain_http)
        return self._with(_made(_embedder_http, byref(options)))

    def _with(self, embedder: Any) -> Collection:
        try:
            return Collection(_made(_collection_with_embedder, self._ptr, embedder), _collection_free)
        finally:
            _embedder_free(embedder)  # The collection keeps it.

    def embed(self, limit: int = 1000) -> int:
        """Asks the embedder for the vectors of up to `limit` documents that have none, and says how many have none still."""
        out = _Embedded(ctypes.sizeof(_Embedded))
        _during(lambda: _must(_collection_embed, self._ptr, limit, byref(out)))
        return out.left


def _read_documents(found: Any) -> Found:
    try:
        documents = tuple(
            Document(
                _text(one.key),
                _text(one.title),
                _text(one.text),
                _maybe(one.metadata),
                _maybe(one.category),
                tuple(_text(one.tags[place]) for place in range(one.tag_count)),
                one.used,
                one.helped,
                _maybe(one.passage),
                one.score,
                one.words,
                one.meaning,
            )
            for one in _seen(_documents_at, found)
        )
        return Found(documents, _known(Basis, _documents_basis(found)), _maybe(_documents_model(found)))
    finally:
        _documents_free(found)


def _embed_with(embed: Embed, dimensions: int) -> Any:
    def fill(_: int, texts: Any, count: int, vectors: Any) -> int:
        try:
            given = embed([_text(texts[place]) for place in range(count)])
            if len(given) != count or any(len(vector) != dimensions for vector in given):
                raise ValueError(f"an embedder must give {count} vectors of {dimensions} numbers")
            numbers = (c_float * (count * dimensions))(*(number for vector in given for number in vector))
            ctypes.memmove(vectors, numbers, ctypes.sizeof(numbers))
            return Status.OK
        except BaseException as failed:  # It goes on in the call that asked.
            _raise(failed)
            return Status.EMBEDDING

    return _EMBED(fill)


class SignalRules(_Handle):
    """The rules that messages are read by, and what a tenant adds to them."""

    def __init__(
        self,
        *,
        words: Optional[Dict[str, float]] = None,
        products: Sequence[str] = (),
        order_ids: Sequence[str] = (),
        table: Optional[bytes] = None,
        without_table: bool = False,
        is_reference: bool = False,
    ):
        """Words have values from -4 to 4; shapes of order numbers are as "AB-#####"; a table is its bytes."""
        options = _RuleOptions(ctypes.sizeof(_RuleOptions))
        options.words, options.word_count = _array(_Str, map(_given, words or {})), len(words or {})
        options.word_values = _array(c_double, (words or {}).values())
        options.products, options.product_count = _array(_Str, map(_given, products)), len(products)
        options.order_ids, options.order_id_count = _array(_Str, map(_given, order_ids)), len(order_ids)
        options.table = _Bytes(table, len(table or b""))
        options.without_table, options.preset = int(without_table), int(is_reference)
        super().__init__(_made(_signal_rules_new, byref(options)), _signal_rules_free)

    @property
    def version(self) -> str:
        """The name of the rules, which changes whenever a shipped rule does."""
        return _text(_signal_rules_version(self._ptr))


def signals_of(
    message: str,
    *,
    rules: Optional[SignalRules] = None,
    agent_said: Optional[str] = None,
    expects: Optional[EntityKind] = None,
    earlier_same: int = 0,
) -> Signals:
    """Reads a message: any text gives an answer."""
    context = _SignalContext(
        ctypes.sizeof(_SignalContext), rules._ptr if rules else None, _given(agent_said), expects or 0, earlier_same
    )
    found = _made(_signals_of, _given(message), byref(context))
    try:
        read = _signals_read(found).contents
        findings = []
        for place, one in enumerate(_seen(_signals_finding, found)):
            cues = tuple(Cue(cue.start, cue.end, _text(cue.rule), cue.score) for cue in _seen(_signals_cue, found, place))
            findings.append(Finding(_known(SignalKind, one.kind), one.value, _text(one.name), one.score, cues))
        entities = tuple(
            Entity(_known(EntityKind, one.kind), one.start, one.end, _text(one.rule), one.score)
            for one in _seen(_signals_entity, found)
        )
        flags = map(bool, (read.is_frustrated, read.is_angry, read.asks_policy))
        return Signals(read.polarity, read.formality, _maybe(read.language), *flags, tuple(findings), entities)
    finally:
        _signals_free(found)


def redact(text: str) -> str:
    """The text with labels in place of card numbers, e-mail addresses, telephone numbers and IBANs."""
    out = _made(_redact, _given(text))
    try:
        return _text(_redacted_text(out))
    finally:
        _redacted_free(out)


def sensitive_of(text: str) -> Tuple[Sensitive, ...]:
    """What `redact` puts labels in place of, in the order of the text."""
    out = _made(_redact, _given(text))
    try:
        return tuple(Sensitive(one.kind, one.start, one.end) for one in _seen(_redacted_at, out))
    finally:
        _redacted_free(out)


class Normalized(_Handle):
    """A text in Unicode's compatibility form with straight apostrophes, without invisible characters, and with no letter
    more than twice in a row."""

    def __init__(self, text: str):
        super().__init__(_made(_normalize, _given(text)), _normalized_free)

    @property
    def text(self) -> str:
        """The normalised text."""
        return _text(_normalized_text(self._ptr))

    def original(self, start: int, end: int) -> Tuple[int, int]:
        """The bytes of the original that such bytes of the normalised text stand for; what reads otherwise is taken in whole."""
        first, last = c_uint64(start), c_uint64(end)
        _must(_normalized_original, self._ptr, byref(first), byref(last))
        return first.value, last.value


class Extractor(_Handle):
    """Concludes preferences step by step, from turns that the host chooses; `Memory.preferences` needs none.

    One thread at a time. `state` gives what was learned as JSON, without a word of the customer, for `restore`.
    """

    def __init__(
        self,
        *,
        is_support: bool = False,
        style_ratio: float = 0.0,
        min_turns: int = 0,
        brief_below: Optional[int] = None,
        detailed_above: Optional[int] = None,
        hysteresis: int = 0,
    ):
        options = _ExtractorOptions(ctypes.sizeof(_ExtractorOptions), style_ratio, min_turns)
        options.brief_below, options.has_brief_below = brief_below or 0, int(brief_below is not None)
        options.detailed_above, options.has_detailed_above = detailed_above or 0, int(detailed_above is not None)
        options.preset, options.hysteresis = int(is_support), hysteresis
        super().__init__(_made(_extractor_new, byref(options)), _extractor_free)

    def learn(self, memory: Memory, limit: int = 1000) -> int:
        """Reads a customer's archive on from the last turn that was learned from, learns, and says from how many turns."""
        turns = _made(_memory_turns, memory._ptr, self.covered, limit)
        try:
            _must(_extractor_learn_turns, self._ptr, turns)
            return _turns_count(turns)
        finally:
            _turns_free(turns)

    def learn_newest(self, memory: Memory) -> None:
        """Learns from the turns of a customer's context; a turn that is covered already changes nothing."""
        context = _made(_memory_load, memory._ptr)
        try:
            _must(_extractor_learn_context, self._ptr, context)
        finally:
            _context_free(context)

    def unlearn(self, turn_id: int) -> bool:
        """Takes away what one turn taught, and nothing else; False if it had taught nothing."""
        had_taught = c_uint32()
        _must(_extractor_unlearn, self._ptr, turn_id, byref(had_taught))
        return bool(had_taught.value)

    def conclude(self) -> Preferences:
        """Concludes from what was learned so far."""
        found = _made(_extractor_conclude, self._ptr)
        try:
            return _preferences(found)
        finally:
            _preferences_free(found)

    @property
    def covered(self) -> int:
        """The last turn that was learned from; 0 if none was."""
        return _extractor_covered(self._ptr)

    @property
    def state(self) -> str:
        """What was learned, as the text of a JSON object."""
        out = _View()
        _must(_extractor_state, self._ptr, byref(out))
        return _text(out)

    def restore(self, state: str) -> None:
        """Goes on from a state; if other rules made it, the extractor begins anew: learn what is not covered."""
        _must(_extractor_restore, self._ptr, _given(state))

    @property
    def rules_version(self) -> str:
        """The name of the rules, which changes whenever a rule does."""
        return _text(_extractor_rules_version(self._ptr))


class LibraryModel(_Handle):
    """A language model of the library's own, for `Store.agent`; agents made with it keep it."""

    @classmethod
    def offline(cls, *articles: Article) -> LibraryModel:
        """Answers from articles and the conversation, without a network; without articles it has a small starter set."""
        raw = []
        for one in articles:
            steps = _array(_Str, map(_given, one.steps))
            raw.append(_Article(ctypes.sizeof(_Article), *map(_given, one[:4]), steps, len(steps)))
        return cls(_made(_llm_offline, _array(_Article, raw), len(raw)), _llm_free)

    @classmethod
    def scripted(cls, *replies: ScriptedReply) -> LibraryModel:
        """Gives the replies in order, each once; for tests and demonstrations."""
        raw = []
        for one in replies:
            pieces, sources = (_array(_Str, map(_given, texts)) for texts in (one.pieces, one.sources))
            has = (int(one.confidence is not None), int(one.resolved is not None), int(bool(one.resolved)))
            lists = (pieces, len(pieces), sources, len(sources))
            tail = (one.confidence or 0.0, *has, one.failure, _given(one.failure_message))
            raw.append(_ScriptedReply(ctypes.sizeof(_ScriptedReply), *lists, *tail))
        return cls(_made(_llm_scripted, _array(_ScriptedReply, raw), len(raw)), _llm_free)

    @classmethod
    def ollama(
        cls,
        model: str,
        *,
        base_url: Optional[str] = None,
        api_key: Optional[str] = None,
        keep_alive: Optional[str] = None,
        connect_timeout_ms: int = 0,
        response_timeout_ms: int = 0,
        idle_timeout_ms: int = 0,
        deadline_ms: int = 0,
        num_ctx: int = 0,
        max_retries: Optional[int] = None,
        allow_plain_http: bool = False,
    ) -> LibraryModel:
        """A model of an Ollama server; nothing is sent until an agent uses it. What is 0 or None is the default."""
        times = (connect_timeout_ms, response_timeout_ms, idle_timeout_ms, deadline_ms, 0)
        options = _OllamaOptions(
            ctypes.sizeof(_OllamaOptions), *map(_given, (model, base_url, api_key, keep_alive)), *times, num_ctx
        )
        options.max_retries, options.has_max_retries = max_retries or 0, int(max_retries is not None)
        options.allow_plain_http = int(allow_plain_http)
        return cls(_made(_llm_ollama, byref(options)), _llm_free)

    @property
    def name(self) -> str:
        """The model's name, as stored with its answers."""
        return _text(_llm_name(self._ptr))

    @property
    def is_free(self) -> bool:
        """Whether its tokens cost nothing."""
        return _llm_is_free(self._ptr) != 0

    @property
    def remaining(self) -> int:
        """How many replies a scripted model has left."""
        out = c_uint64()
        _must(_llm_remaining, self._ptr, byref(out))
        return out.value

    def models(self) -> Tuple[str, ...]:
        """The names of the models that an Ollama server has. Asks the server."""
        names = _made(_llm_models, self._ptr)
        try:
            return tuple(_text(_names_at(names, place)) for place in range(_names_count(names)))
        finally:
            _names_free(names)


def language_of(text: str) -> Optional[str]:
    """The language of a text as its two-letter code, if it can be told."""
    out = _View()
    _must(_language_of, _given(text), byref(out))
    return _maybe(out)


class Session(_Saves):
    """One conversation of a customer on one channel. `with` frees the handle and leaves the session open; see `end`."""

    _save = _session_save
    _save_all = _session_save_all
    _answer = _session_answer

    @property
    def id(self) -> int:
        """The session's identifier, good in any process."""
        return _session_id(self._ptr)

    @property
    def channel(self) -> int:
        """How the customer reached us, a `Channel` or a number that a newer library gives."""
        return _known(Channel, _session_channel(self._ptr))

    @property
    def opened_at_ms(self) -> int:
        """When the session was opened."""
        return _session_opened_at(self._ptr)

    def load(self) -> Context:
        """The customer's newest turns, of every session, as `Memory.load`."""
        context, view = _made(_session_context, self._ptr), _View()
        try:
            _must(_context_flat, context, byref(view))
            return Context(ctypes.string_at(view.ptr, view.len))
        finally:
            _context_free(context)

    def metrics(self) -> SessionFigures:
        """The session's figures so far."""
        figures = _Figures(ctypes.sizeof(_Figures))
        _must(_session_metrics, self._ptr, byref(figures))
        return _figures(figures)

    def end(self, outcome: Outcome = Outcome.UNKNOWN, rating: int = 0) -> SessionFigures:
        """Closes the session in the store and gives its figures; a rating is 1 to 5, 0 is none."""
        raw = _Outcome(ctypes.sizeof(_Outcome), outcome, rating)
        figures = _Figures(ctypes.sizeof(_Figures))
        _must(_session_close, self._ptr, byref(raw), byref(figures))
        return _figures(figures)


class _Stop(Exception):
    """Nobody wants more of the reply."""


def _read_request(request: Any) -> Request:
    messages = []
    for place in range(_request_count(request)):
        one = _request_message(request, place).contents
        messages.append(Message(one.role, _text(one.text)))
    return Request(
        _text(_request_system(request)),
        tuple(messages),
        _request_tone(request),
        _request_length(request),
        _request_temperature(request),
        _request_max_tokens(request),
    )


# What the callbacks of the call that this thread is in have raised.
_raised = threading.local()


def _raise(error: BaseException) -> None:
    if getattr(_raised, "error", None) is None:
        _raised.error = error


_Result = TypeVar("_Result")


def _during(call: Callable[[], _Result]) -> _Result:
    """Makes a call into the library; what its callbacks raised comes out of it."""
    outer, _raised.error = getattr(_raised, "error", None), None
    try:
        result = call()
        if _raised.error is not None:
            raise _raised.error
        return result
    except Error as failed:
        if _raised.error is not None:
            raise _raised.error from failed
        raise
    finally:
        _raised.error = outer


def _complete_with(model: Model) -> Any:
    def complete(_: int, request: int, reply: int) -> int:
        def emit(piece: str) -> None:
            if _reply_append(reply, _given(piece), None):
                raise _Stop

        try:
            answer = model(_read_request(request), emit)
            if answer is not None:
                if answer.confidence is not None:
                    _reply_set_confidence(reply, answer.confidence, None)
                _reply_set_resolved(reply, int(answer.resolved), None)
                if answer.input_tokens or answer.output_tokens:
                    _reply_set_usage(reply, answer.input_tokens, answer.output_tokens, None)
                if answer.finish:
                    _reply_set_finish(reply, answer.finish, None)
                for source in answer.sources:
                    _reply_add_source(reply, _given(source), None)
            return Status.OK
        except _Stop:
            return Status.CANCELLED
        except ModelError as failed:
            _reply_fail(reply, failed.failure, _given(str(failed)), None)
        except BaseException as failed:  # It goes on in `respond`.
            _raise(failed)
            _reply_fail(reply, 7, _given("the host's model failed"), None)
        return Status.LLM

    return _COMPLETE(complete)


class Agent(_Handle):
    """Answers customers with a language model, on top of their memory.

    Settings: `name` of the model, stored with its answers; `is_free`, if its tokens cost nothing; `persona`; `fallback`,
    what to tell the customer if the model fails (None lets `respond` raise); `price`, what a token read and one written cost
    in nano-dollars; `budget_nano`, the most it may spend; `temperature`; `max_prompt_tokens`; `max_reply_tokens`;
    `prompt_turns`, the earlier turns that the model is shown at most; `own_persona`, a name and its manner in words.
    """

    @classmethod
    def _new(
        cls,
        store: Store,
        model: Union[Model, LibraryModel, None],
        *,
        name: str = "own",
        is_free: bool = False,
        persona: Persona = Persona.FRIENDLY,
        fallback: Optional[str] = None,
        price: Optional[Tuple[int, int]] = None,
        budget_nano: Optional[int] = None,
        temperature: Optional[float] = None,
        max_prompt_tokens: int = 0,
        max_reply_tokens: int = 0,
        prompt_turns: Optional[int] = None,
        own_persona: Optional[Tuple[str, str]] = None,
    ) -> Agent:
        options = _AgentOptions(ctypes.sizeof(_AgentOptions))
        options.persona, options.fallback = persona, _given(fallback)
        (options.input_nano, options.output_nano), options.has_price = price or (0, 0), int(price is not None)
        options.budget_nano, options.has_budget = budget_nano or 0, int(budget_nano is not None)
        options.temperature, options.has_temperature = temperature or 0.0, int(temperature is not None)
        options.max_prompt_tokens, options.max_reply_tokens = max_prompt_tokens, max_reply_tokens
        options.prompt_turns, options.has_prompt_turns = prompt_turns or 0, int(prompt_turns is not None)
        if own_persona is not None:
            options.persona, options.persona_name, options.persona_manner = 3, *map(_given, own_persona)
        if isinstance(model, LibraryModel):
            options.llm = model._ptr
            return cls(_made(_agent_new, store._ptr, byref(options)), _agent_free)
        if model is not None:
            complete = _complete_with(model)
            callbacks = _Callbacks(
                ctypes.sizeof(_Callbacks), _kept(complete), complete, _destroyed, _given(name), int(is_free), 0
            )
            options.llm = _made(_llm_new, byref(callbacks))
        try:
            return cls(_made(_agent_new, store._ptr, byref(options)), _agent_free)
        finally:
            _llm_free(options.llm)  # The agent keeps it.

    @property
    def model(self) -> str:
        """The name of the agent's model."""
        return _text(_agent_model(self._ptr))

    def spending(self) -> Spending:
        """What the agent has used since it was made."""
        out = _Spending(ctypes.sizeof(_Spending))
        _must(_agent_spending, self._ptr, byref(out))
        cost, budget = out.cost_nano if out.has_cost else None, out.budget_nano if out.has_budget else None
        return Spending(out.calls, out.failures, out.input_tokens, out.output_tokens, cost, budget)

    def respond(
        self,
        session: Session,
        text: str,
        on_text: Optional[Callable[[str], Optional[bool]]] = None,
        *,
        key: Optional[str] = None,
        metadata: Optional[str] = None,
        profile: Optional[str] = None,
        at_ms: Optional[int] = None,
    ) -> Reply:
        """Answers what the customer said, and shows the reply to `on_text` as it is written; False stops it.

        What the customer said is stored before the model is asked. What the model or `on_text` raises comes out here.
        """
        has_at = int(at_ms is not None)
        message = _Message(ctypes.sizeof(_Message), *map(_given, (text, key, metadata, profile)), at_ms or 0, has_at, 0)

        def show(_: int, piece: Any) -> int:
            try:
                return int(on_text(_text(piece)) is False)  # type: ignore[misc]
            except BaseException as failed:
                _raise(failed)
                return 1

        sink = None if on_text is None else byref(_Sink(ctypes.sizeof(_Sink), None, _ON_TEXT(show), _DESTROY()))
        reply = c_void_p()
        try:
            _during(lambda: _must(_agent_respond, self._ptr, session._ptr, byref(message), sink, byref(reply)))
            return _read_reply(reply)
        finally:
            _reply_free(reply)


def _read_reply(reply: Any) -> Reply:
    said = _reply_read(reply).contents
    turn_id = said.turn.contents.turn_id
    return Reply(
        turn_id,
        turn_id & 0xFF_FFFF,
        _text(said.text),
        said.confidence,
        bool(said.resolved),
        tuple(_text(_reply_source(reply, place)) for place in range(said.source_count)),
        _preferences(said.preferences),
        _read_error(said.failure) if said.failure else None,
    )
