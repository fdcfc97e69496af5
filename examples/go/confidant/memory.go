package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"time"
	"unsafe"
)

// TurnID names a turn of a customer, in any process.
type TurnID uint64

func (id TurnID) String() string {
	var out C.confidant_id
	C.confidant_turn_id_format(C.uint64_t(id), &out, nil)
	return C.GoString(&out.text[0])
}

// ParseTurnID reads an identifier as TurnID.String writes it.
func ParseTurnID(text string) (TurnID, error) {
	var out C.uint64_t
	var from *C.confidant_error
	status := C.confidant_turn_id_parse(given(text), &out, &from)
	runtime.KeepAlive(text)
	return TurnID(out), failed(status, from)
}

// Channel is how a customer reached us.
type Channel int32

// The channels.
const (
	Chat Channel = iota
	Email
	Phone
	App
	Social
)

// Turn is what a customer said and the answer to it; either may be missing.
type Turn struct {
	ID            TurnID
	Session       SessionID
	Number        uint32 // Within the customer, from 1.
	Channel       Channel
	At            time.Time
	Said          string // Exactly as saved; HasSaid tells an empty text from none.
	HasSaid       bool
	Answer        string
	HasAnswer     bool
	AnsweredBy    string // "" if not known.
	AnsweredAt    time.Time
	Confidence    float64 // 0 to 1, if HasConfidence.
	HasConfidence bool
	Resolved      bool
	Metadata      string // A JSON object, or "".
}

// NewTurn is a turn to be saved; what is zero is not given. HasSaid and HasAnswer give an empty text.
type NewTurn struct {
	Said, Answer         string
	HasSaid, HasAnswer   bool
	AnsweredBy, Metadata string
	Key                  string // Saving again under it gives the first turn and changes nothing.
	At, AnsweredAt       time.Time
	Confidence           float64
	HasConfidence        bool
	Resolved             bool
}

func (t *NewTurn) raw() C.confidant_new_turn {
	raw := C.confidant_new_turn{
		struct_size:    C.sizeof_confidant_new_turn,
		said:           ifGiven(t.Said, t.HasSaid),
		answer:         ifGiven(t.Answer, t.HasAnswer),
		answered_by:    ifGiven(t.AnsweredBy, false),
		metadata:       ifGiven(t.Metadata, false),
		key:            ifGiven(t.Key, false),
		confidence:     C.double(t.Confidence),
		has_confidence: flag(t.HasConfidence || t.Confidence != 0),
		resolved:       flag(t.Resolved),
	}
	if !t.At.IsZero() {
		raw.at_ms, raw.has_at = millis(t.At), 1
	}
	if !t.AnsweredAt.IsZero() {
		raw.answered_at_ms, raw.has_answered_at = millis(t.AnsweredAt), 1
	}
	return raw
}

// NewAnswer is the answer to a turn that was saved without one.
type NewAnswer struct {
	Text, By, Metadata string
	At                 time.Time
	Confidence         float64
	HasConfidence      bool
	Resolved           bool
}

func (a *NewAnswer) raw() C.confidant_new_answer {
	raw := C.confidant_new_answer{
		struct_size:    C.sizeof_confidant_new_answer,
		text:           given(a.Text),
		by:             ifGiven(a.By, false),
		metadata:       ifGiven(a.Metadata, false),
		confidence:     C.double(a.Confidence),
		has_confidence: flag(a.HasConfidence || a.Confidence != 0),
		resolved:       flag(a.Resolved),
	}
	if !a.At.IsZero() {
		raw.at_ms, raw.has_at = millis(a.At), 1
	}
	return raw
}

// Context is the newest turns of a customer at one moment, oldest first.
type Context struct {
	Turns []Turn
	Total uint64 // The customer's turns in all, here and in the archive.
}

// Memory is one customer's memory.
type Memory struct{ h *handle }

// Close frees the handle; what is stored stays.
func (m *Memory) Close() error {
	m.h.close()
	return nil
}

func (m *Memory) with(ctx context.Context, call func(*C.confidant_memory, **C.confidant_error) C.confidant_status) error {
	return with(ctx, m.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_memory)(ptr), err)
	})
}

// Load gives the newest turns, 50 if not set otherwise, of every session and process.
func (m *Memory) Load(ctx context.Context) (Context, error) {
	var out *C.confidant_context
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_load_context(memory, &out, err)
	})
	if err != nil {
		return Context{}, err
	}
	return readContext(out)
}

func readContext(from *C.confidant_context) (Context, error) {
	defer C.confidant_context_free(from)
	var bytes C.confidant_bytes
	var err *C.confidant_error
	if status := C.confidant_context_flat(from, &bytes, &err); status != C.CONFIDANT_OK {
		return Context{}, failed(status, err)
	}
	return flat(bytes), nil
}

// flat reads the one buffer in which the library gives all turns, as confidant.h lays it out.
func flat(bytes C.confidant_bytes) Context {
	buffer := unsafe.Slice((*byte)(unsafe.Pointer(bytes.ptr)), int(bytes.len))
	order := binary.LittleEndian
	size, count := int(order.Uint32(buffer[4:])), int(order.Uint32(buffer[16:]))
	context := Context{Total: order.Uint64(buffer[8:]), Turns: make([]Turn, count)}
	begin := 32 + size*count
	texts := string(buffer[begin:]) // Copied once; every text is a part of it.
	for i := range context.Turns {
		record := buffer[32+size*i : 32+size*(i+1)]
		flags := order.Uint32(record[44:])
		text := func(place int) string {
			at, length := int(order.Uint32(record[place:])), int(order.Uint32(record[place+4:]))
			if length == 0 {
				return ""
			}
			return texts[at-begin : at-begin+length]
		}
		number := order.Uint64(record)
		context.Turns[i] = Turn{
			ID:            TurnID(number),
			Session:       SessionID(order.Uint64(record[8:])),
			Number:        uint32(number & 0xff_ffff),
			Channel:       Channel(order.Uint32(record[40:])),
			At:            fromMillis(int64(order.Uint64(record[16:]))),
			Said:          text(48),
			HasSaid:       flags&1 != 0,
			Answer:        text(56),
			HasAnswer:     flags&2 != 0,
			AnsweredBy:    text(64),
			AnsweredAt:    optional(int64(order.Uint64(record[24:])), flags&4 != 0),
			Confidence:    math.Float64frombits(order.Uint64(record[32:])),
			HasConfidence: flags&16 != 0,
			Resolved:      flags&32 != 0,
			Metadata:      text(72),
		}
	}
	return context
}

// Save saves one turn; it is on disk when this returns. It continues the customer's newest session,
// or opens one.
func (m *Memory) Save(ctx context.Context, turn NewTurn) (TurnID, error) {
	var id C.uint64_t
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.bridge_memory_save(memory, turn.raw(), &id, err)
	})
	runtime.KeepAlive(&turn)
	return TurnID(id), err
}

// Answer gives an answer to a turn that was saved without one.
func (m *Memory) Answer(ctx context.Context, turn TurnID, answer NewAnswer) error {
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.bridge_memory_answer(memory, C.uint64_t(turn), answer.raw(), err)
	})
	runtime.KeepAlive(&answer)
	return err
}

// Turns gives a page of the archive, oldest first: at most limit turns after a turn; 0 is from the beginning.
func (m *Memory) Turns(ctx context.Context, after TurnID, limit int) ([]Turn, error) {
	return m.turns(ctx, func(memory *C.confidant_memory, out **C.confidant_turns, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_turns(memory, C.uint64_t(after), C.size_t(limit), out, err)
	})
}

// Turn gives one turn.
func (m *Memory) Turn(ctx context.Context, id TurnID) (Turn, error) {
	turns, err := m.turns(ctx, func(memory *C.confidant_memory, out **C.confidant_turns, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_turn(memory, C.uint64_t(id), out, err)
	})
	if err != nil {
		return Turn{}, err
	}
	return turns[0], nil
}

func (m *Memory) turns(ctx context.Context, call func(*C.confidant_memory, **C.confidant_turns, **C.confidant_error) C.confidant_status) ([]Turn, error) {
	var out *C.confidant_turns
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return call(memory, &out, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.confidant_turns_free(out)
	var bytes C.confidant_bytes
	var from *C.confidant_error
	if status := C.confidant_turns_flat(out, &bytes, &from); status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	return flat(bytes).Turns, nil
}

// Clear removes every turn and session of this customer, and says how many turns.
func (m *Memory) Clear(ctx context.Context) (uint64, error) {
	var removed C.uint64_t
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_clear(memory, &removed, err)
	})
	return uint64(removed), err
}

// Analytics sums up all stored turns and sessions of the customer.
func (m *Memory) Analytics(ctx context.Context) (Summary, error) {
	out := newSummary()
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_summarize(memory, &out, err)
	})
	return summary(&out), err
}
