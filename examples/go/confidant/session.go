package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// SessionID names a session of a customer, in any process.
type SessionID uint64

func (id SessionID) String() string {
	var out C.confidant_id
	C.confidant_session_id_format(C.uint64_t(id), &out, nil)
	return C.GoString(&out.text[0])
}

// ParseSessionID reads an identifier as SessionID.String writes it.
func ParseSessionID(text string) (SessionID, error) {
	var out C.uint64_t
	var from *C.confidant_error
	status := C.confidant_session_id_parse(given(text), &out, &from)
	runtime.KeepAlive(text)
	return SessionID(out), failed(status, from)
}

// Outcome is how a session ended, and the customer's rating, 1 to 5, or 0 for none.
type Outcome struct {
	Resolution Resolution
	Rating     int
}

// Resolution says whether what the customer wanted is settled.
type Resolution int32

// The resolutions; Unknown counts as the session's newest turn does.
const (
	Unknown Resolution = iota
	Resolved
	Unresolved
)

// SessionFigures is a session and its figures.
type SessionFigures struct {
	ID       SessionID
	Channel  Channel
	OpenedAt time.Time
	ClosedAt time.Time // Zero while it is open.
	Turns    uint64
	Rating   int // 1 to 5; 0 if not given.
	Resolved bool
}

func figures(from *C.confidant_session_figures) SessionFigures {
	return SessionFigures{
		ID:       SessionID(from.session_id),
		Channel:  Channel(from.channel),
		OpenedAt: fromMillis(int64(from.opened_at_ms)),
		ClosedAt: optional(int64(from.closed_at_ms), from.is_closed != 0),
		Turns:    uint64(from.turns),
		Rating:   int(from.rating),
		Resolved: from.resolved != 0,
	}
}

// Session is one conversation of a customer on one channel.
type Session struct{ h *handle }

func newSession(from *C.confidant_session) *Session {
	return &Session{own(unsafe.Pointer(from), func(ptr unsafe.Pointer) { C.confidant_session_free((*C.confidant_session)(ptr)) })}
}

// OpenSession opens a session now.
func (m *Memory) OpenSession(ctx context.Context, channel Channel) (*Session, error) {
	return m.session(ctx, func(memory *C.confidant_memory, out **C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_open(memory, C.int32_t(channel), out, err)
	})
}

// OpenSessionAt opens a session that began at a given time, as an import does.
func (m *Memory) OpenSessionAt(ctx context.Context, channel Channel, at time.Time) (*Session, error) {
	return m.session(ctx, func(memory *C.confidant_memory, out **C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_open_at(memory, C.int32_t(channel), millis(at), out, err)
	})
}

// ResumeSession gives the handle of a session opened earlier, also by another process.
func (m *Memory) ResumeSession(ctx context.Context, id SessionID) (*Session, error) {
	return m.session(ctx, func(memory *C.confidant_memory, out **C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_get(memory, C.uint64_t(id), out, err)
	})
}

func (m *Memory) session(ctx context.Context, call func(*C.confidant_memory, **C.confidant_session, **C.confidant_error) C.confidant_status) (*Session, error) {
	var out *C.confidant_session
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return call(memory, &out, err)
	})
	if err != nil {
		return nil, err
	}
	return newSession(out), nil
}

// Sessions gives the customer's sessions, newest first: at most limit after a session; 0 is from the newest.
func (m *Memory) Sessions(ctx context.Context, after SessionID, limit int) ([]SessionFigures, error) {
	var out *C.confidant_sessions
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_sessions(memory, C.uint64_t(after), C.size_t(limit), &out, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.confidant_sessions_free(out)
	all := make([]SessionFigures, int(C.confidant_sessions_count(out)))
	for i := range all {
		all[i] = figures(C.confidant_sessions_at(out, C.size_t(i)))
	}
	return all, nil
}

// Release frees the handle and leaves the session open in the store, for ResumeSession.
func (s *Session) Release() { s.h.close() }

func (s *Session) with(ctx context.Context, call func(*C.confidant_session, **C.confidant_error) C.confidant_status) error {
	return with(ctx, s.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_session)(ptr), err)
	})
}

// ID is the session's identifier, good in any process; 0 once the handle is gone.
func (s *Session) ID() SessionID {
	var id SessionID
	_ = s.with(context.Background(), func(session *C.confidant_session, _ **C.confidant_error) C.confidant_status {
		id = SessionID(C.confidant_session_id(session))
		return C.CONFIDANT_OK
	})
	return id
}

// Channel is how the customer reached us in this session; Chat once the handle is gone.
func (s *Session) Channel() (channel Channel) {
	_ = s.with(context.Background(), func(session *C.confidant_session, _ **C.confidant_error) C.confidant_status {
		channel = Channel(C.confidant_session_channel(session))
		return C.CONFIDANT_OK
	})
	return channel
}

// OpenedAt is when the session was opened; the zero time once the handle is gone.
func (s *Session) OpenedAt() (at time.Time) {
	_ = s.with(context.Background(), func(session *C.confidant_session, _ **C.confidant_error) C.confidant_status {
		at = fromMillis(int64(C.confidant_session_opened_at_ms(session)))
		return C.CONFIDANT_OK
	})
	return at
}

// Load gives the customer's newest turns, of every session, as Memory.Load.
func (s *Session) Load(ctx context.Context) (Context, error) {
	var out *C.confidant_context
	err := s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_context(session, &out, err)
	})
	if err != nil {
		return Context{}, err
	}
	return readContext(out)
}

// Metrics gives the session's figures so far.
func (s *Session) Metrics(ctx context.Context) (SessionFigures, error) {
	out := C.confidant_session_figures{struct_size: C.sizeof_confidant_session_figures}
	err := s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_metrics(session, &out, err)
	})
	if err != nil {
		return SessionFigures{}, err
	}
	return figures(&out), nil
}

// Save saves one turn into this session; it is on disk when this returns.
func (s *Session) Save(ctx context.Context, turn NewTurn) (TurnID, error) {
	var id C.uint64_t
	err := s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.bridge_session_save(session, turn.raw(), &id, err)
	})
	runtime.KeepAlive(&turn)
	return TurnID(id), err
}

// Answer gives an answer to a turn, which may be of any session of the customer.
func (s *Session) Answer(ctx context.Context, turn TurnID, answer NewAnswer) error {
	err := s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.bridge_session_answer(session, C.uint64_t(turn), answer.raw(), err)
	})
	runtime.KeepAlive(&answer)
	return err
}

// Close closes the session in the store, gives its figures, and frees the handle.
func (s *Session) Close(ctx context.Context, outcome Outcome) (SessionFigures, error) {
	raw := C.confidant_outcome{
		struct_size: C.sizeof_confidant_outcome,
		outcome:     C.int32_t(outcome.Resolution),
		rating:      C.uint32_t(outcome.Rating),
	}
	out := C.confidant_session_figures{struct_size: C.sizeof_confidant_session_figures}
	err := s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
		return C.confidant_session_close(session, &raw, &out, err)
	})
	if err != nil {
		return SessionFigures{}, err
	}
	s.h.close()
	return figures(&out), nil
}

// PreferenceKind is what a conclusion is about.
type PreferenceKind int32

// The kinds of conclusions.
const (
	Style PreferenceKind = iota + 1
	Length
	Topic
	Language
	UsualChannel
	Hours
)

// Evidence is one place that shows a conclusion: the bytes from Start to End of what was said in a
// turn, or all of it if both are 0.
type Evidence struct {
	Turn       TurnID
	Rule       string
	Start, End int
}

// Preference is one conclusion and how sure it is.
type Preference struct {
	Kind          PreferenceKind
	Value         int32  // One of CONFIDANT_STYLE_*, _LENGTH_*, _TOPIC_* or _CHANNEL_*.
	Name          string // The value in plain words.
	Confidence    float64
	EvidenceTurns uint64 // Turns that show it, over the whole history.
	Evidence      []Evidence
	From, To      int // Of Hours, in UTC.
}

// Statement is something a customer said about how to be served: the bytes from Start to End of a turn.
type Statement struct {
	Kind       int32  // One of CONFIDANT_WISH_*.
	Name       string // As "no-call".
	Turn       TurnID
	Start, End int
	Superseded bool // Whether a newer one about the same matter took its place.
}

// Preferences is what is known about how to serve a customer.
type Preferences struct {
	All           []Preference
	Statements    []Statement
	CustomerTurns uint64
	Text          string // All of it in one line for people.
}

// Preferences concludes from the customer's own words over the whole history.
func (m *Memory) Preferences(ctx context.Context) (Preferences, error) {
	var out *C.confidant_preferences
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_preferences(memory, &out, err)
	})
	if err != nil {
		return Preferences{}, err
	}
	defer C.confidant_preferences_free(out)
	return preferences(out), nil
}

func preferences(from *C.confidant_preferences) Preferences {
	all := make([]Preference, int(C.confidant_preferences_count(from)))
	for i := range all {
		one := C.confidant_preferences_at(from, C.size_t(i))
		evidence := make([]Evidence, int(one.evidence_count))
		for j := range evidence {
			shown := C.confidant_preferences_evidence(from, C.size_t(i), C.size_t(j))
			evidence[j] = Evidence{TurnID(shown.turn_id), view(shown.rule), int(shown.start), int(shown.end)}
		}
		all[i] = Preference{
			Kind:          PreferenceKind(one.kind),
			Value:         int32(one.value),
			Name:          view(one.name),
			Confidence:    float64(one.confidence),
			EvidenceTurns: uint64(one.evidence_turns),
			Evidence:      evidence,
			From:          int(one.from_hour),
			To:            int(one.to_hour),
		}
	}
	statements := make([]Statement, int(C.confidant_preferences_statement_count(from)))
	for i := range statements {
		one := C.confidant_preferences_statement(from, C.size_t(i))
		statements[i] = Statement{int32(one.kind), view(one.name), TurnID(one.turn_id), int(one.start), int(one.end), one.superseded != 0}
	}
	return Preferences{all, statements, uint64(C.confidant_preferences_customer_turns(from)), view(C.confidant_preferences_text(from))}
}
