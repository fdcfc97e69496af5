"""confidant for Python: customer memory in one file, over the C library with nothing but ctypes.

    with confidant.open("support.db") as store, store.memory("acme", "alice") as alice:
        alice.save(said="I cannot log in.", answer="I have sent you a link.")
        for turn in alice.load():
            print(turn.number, turn.said)

The module adds no behaviour to include/confidant.h. Handles (Store, Memory, Session, Agent) may be
used from many threads at once, but not closed while another thread uses them; they are closed by
`with`, by `close()`, or when nobody refers to them any more, in any order. What comes back is plain
values that need no closing. Failures are `confidant.Error`, with a `status`. The library is looked
for where CONFIDANT_LIBRARY says, then in target/release, then where the system looks.
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
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

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

    __slots__ = ("total", "_count", "_size", "_buffer", "_page")

    def __init__(self, buffer: bytes):
        _, self._size, self.total, self._count = _HEAD.unpack_from(buffer)  # total: the customer's turns in all.
        self._buffer = buffer
        # With ASCII alone, bytes and characters are the same: a text is a part of one string of the whole buffer.
        is_ascii = buffer[32 + self._size * self._count :].isascii()
        self._page = str(buffer, "latin-1") if is_ascii else None

    def texts(self) -> List[Tuple[Optional[str], Optional[str]]]:
        """What was said and what was answered, of every turn; None where there is none."""
        records = _spaced(_TEXTS, self._size).iter_unpack(self._records())
        page, text = self._page, self._text
        if page is None:
            return [
                (text(said, said_len) if flags & 1 else None, text(answer, answer_len) if flags & 2 else None)
                for flags, said, said_len, answer, answer_len in records
            ]
        return [
            (page[said : said + said_len], page[answer : answer + answer_len])
            if flags & 3 == 3
            else (text(said, said_len) if flags & 1 else None, text(answer, answer_len) if flags & 2 else None)
            for flags, said, said_len, answer, answer_len in records
        ]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place):  # type: ignore[no-untyped-def, override]
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError("there is no such turn here")
        return self._turn(_RECORD.unpack_from(self._buffer, 32 + self._size * (place % self._count)))

    def __iter__(self) -> Iterator[Turn]:
        return map(self._turn, _spaced(_RECORD, self._size).iter_unpack(self._records()))

    def _records(self) -> memoryview:
        return memoryview(self._buffer)[32 : 32 + self._size * self._count]

    def _text(self, place: int, length: int) -> str:
        if self._page is not None:
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


# The flat buffer (confidant_context_flat): its head, a record, and of a record only the flags, said and answer.
_HEAD = struct.Struct("<IIQI")
_RECORD = struct.Struct("<QQqqdiI8I")
_TEXTS = struct.Struct("<44xI4I16x")


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


class Preferences(NamedTuple):
    """What is known about how to serve a customer."""

    all: Tuple[Preference, ...]
    customer_turns: int
    text: str


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


def _load() -> ctypes.CDLL:
    built = pathlib.Path(__file__).resolve().parents[2] / "target" / "release" / "libconfidant.so"
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
_error_retryable = _function("error_is_retryable", ctypes.c_bool, _P)
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
    "busy_timeout_ms": _call("config_set_busy_timeout_ms", _P, c_uint64),
    "session_idle_ms": _call("config_set_session_idle_ms", _P, c_uint64),
    "max_text_bytes": _call("config_set_max_text_bytes", _P, c_size_t),
}
_config_set_clock = _call("config_set_clock", _P, POINTER(_Clock))
_open = _call("open", _Str, _P, _OUT)
_close = _function("close", None, _P)
_flush = _call("flush", _P)
_maintain = _call("maintain", _P, _P)
_check = _call("check", _P, _OUT)
_report_free = _function("report_free", None, _P)
_report_finding = _function("report_finding", _View, _P, c_size_t)
_analytics = _call("analytics", _P, _Str, POINTER(_Summary))
_memory_open = _call("memory_open", _P, _Str, _Str, _OUT)
_memory_free = _function("memory_free", None, _P)
_memory_load = _call("memory_load_context", _P, _OUT)
_context_flat = _call("context_flat", _P, POINTER(_View))
_context_free = _function("context_free", None, _P)
_memory_save = _call("memory_save_turn", _P, POINTER(_NewTurn), POINTER(c_uint64))
_memory_answer = _call("memory_answer", _P, c_uint64, POINTER(_NewAnswer))
_memory_turns = _call("memory_turns", _P, c_uint64, c_size_t, _OUT)
_memory_turn = _call("memory_turn", _P, c_uint64, _OUT)
_turns_flat = _call("turns_flat", _P, POINTER(_View))
_turns_free = _function("turns_free", None, _P)
_memory_clear = _call("memory_clear", _P, POINTER(c_uint64))
_memory_analytics = _call("memory_analytics", _P, POINTER(_Summary))
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
_session_resume = _call("session_resume", _P, c_uint64, _OUT)
_session_free = _function("session_free", None, _P)
_session_id = _function("session_id", c_uint64, _P)
_session_save = _call("session_save_turn", _P, POINTER(_NewTurn), POINTER(c_uint64))
_session_answer = _call("session_answer", _P, c_uint64, POINTER(_NewAnswer))
_session_close = _call("session_close", _P, POINTER(_Outcome), POINTER(_Figures))
_llm_new = _call("llm_new", POINTER(_Callbacks), _OUT)
_llm_free = _function("llm_free", None, _P)
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
_reply_add_source = _call("llm_reply_add_source", _P, _Str)
_reply_fail = _call("llm_reply_fail", _P, c_int32, _Str)
_agent_new = _call("agent_new", _P, POINTER(_AgentOptions), _OUT)
_agent_free = _function("agent_free", None, _P)
_agent_respond = _call("agent_respond", _P, _P, POINTER(_Message), POINTER(_Sink), _OUT)
_reply_free = _function("reply_free", None, _P)
_reply_read = _function("reply_read", POINTER(_Content), _P)
_reply_source = _function("reply_source", _View, _P, c_size_t)


def _text(view: Any) -> str:
    return ctypes.string_at(view.ptr, view.len).decode() if view.ptr else ""


def _given(text: Optional[str]) -> Any:
    """A text for the library; None is not given. The struct keeps the bytes alive."""
    if text is None:
        return _Str(None, 0)
    encoded = text.encode()
    return _Str(encoded, len(encoded))


def _read_error(error: Any) -> Error:
    return Error(
        _error_status(error), _text(_error_message(error)), _text(_error_detail(error)), _error_failure(error), _error_retryable(error)
    )


def _must(function: Any, *arguments: Any) -> None:
    error = c_void_p()
    if function(*arguments, byref(error)):
        try:
            raise _read_error(error)
        finally:
            _error_free(error)


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
        """The memory of a customer of a tenant; an empty tenant is "default". Nothing is stored yet."""
        return Memory(_made(_memory_open, self._ptr, _given(tenant), _given(customer)), _memory_free)

    def agent(self, model: Optional[Model] = None, **settings: Any) -> Agent:
        """An agent that answers with a model of the host's own, or without one from articles; see `Agent`."""
        return Agent._new(self, model, **settings)

    def analytics(self, tenant: str = "") -> Summary:
        """Sums up all stored turns and sessions of a tenant."""
        return _summary(_analytics, self._ptr, _given(tenant))

    def flush(self) -> None:
        """Saves every turn that waits."""
        _must(_flush, self._ptr)

    def maintain(self) -> None:
        """Does what is better done now and then, when the host has time."""
        _must(_maintain, self._ptr, None)

    def check(self) -> Tuple[str, ...]:
        """Reads everything that is stored and gives the lines of damage; none if it is sound."""
        report = _made(_check, self._ptr)
        try:
            lines = []
            while (view := _report_finding(report, len(lines))).ptr:
                lines.append(_text(view))
            return tuple(lines)
        finally:
            _report_free(report)


def open(location: Union[str, "os.PathLike[str]"], *, clock: Optional[Callable[[], int]] = None, **settings: int) -> Store:
    """Opens the memory in the file at a path, or makes the file.

    The settings are those of `confidant_config_set_*`: hot_turns, hot_bytes, hot_ttl_ms, persist_every, durability,
    busy_timeout_ms, session_idle_ms, max_text_bytes. `clock` gives milliseconds since the Unix epoch, for tests.
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
    _answer = _memory_answer

    def load(self) -> Context:
        """The newest turns, 50 if not set otherwise, of every session and process."""
        context, view = _made(_memory_load, self._ptr), _View()
        try:
            _must(_context_flat, context, byref(view))
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
    return Preferences(tuple(every), _preferences_turns(found), _text(_preferences_text(found)))


class Session(_Saves):
    """One conversation of a customer on one channel. `with` frees the handle and leaves the session open; see `end`."""

    _save = _session_save
    _answer = _session_answer

    @property
    def id(self) -> int:
        """The session's identifier, good in any process."""
        return _session_id(self._ptr)

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
    what to tell the customer if the model fails (None lets `respond` raise).
    """

    @classmethod
    def _new(
        cls,
        store: Store,
        model: Optional[Model],
        *,
        name: str = "own",
        is_free: bool = False,
        persona: Persona = Persona.FRIENDLY,
        fallback: Optional[str] = None,
    ) -> Agent:
        options = _AgentOptions(ctypes.sizeof(_AgentOptions))
        options.persona, options.fallback = persona, _given(fallback)
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
        outer, _raised.error = getattr(_raised, "error", None), None
        reply = c_void_p()
        try:
            _must(_agent_respond, self._ptr, session._ptr, byref(message), sink, byref(reply))
            if _raised.error is not None:
                raise _raised.error
            return _read_reply(reply)
        except Error as failed:
            if _raised.error is not None:
                raise _raised.error from failed
            raise
        finally:
            _raised.error = outer
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
