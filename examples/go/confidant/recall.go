package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Basis is what turns or documents were compared by.
type Basis int32

// The bases.
const (
	NotCompared Basis = iota
	WordsAndMeaning
	WordsOnly
)

// RecallQuery is a question about what was said before; what is zero is no condition.
type RecallQuery struct {
	Question    string
	Limit       int // 1 to 1,000; 0 for 10.
	Session     SessionID
	Channel     Channel // Only turns of it, if HasChannel.
	HasChannel  bool
	From, Until time.Time
	Resolution  Resolution        // Only turns that settled what the customer wanted, or did not.
	Metadata    map[string]string // Members of the metadata and their values, in JSON.
}

// WordMatch is a word of a question and the word of a turn that answers it.
type WordMatch struct {
	Asked, Found string
	Strength     float64 // 1 for the same word in any form.
}

// RecalledTurn is a turn that answers a question, and why.
type RecalledTurn struct {
	Turn
	Score      float64 // Against the other turns of this customer and this question.
	Words      float64 // The share by words, 0 to 1.
	Meaning    float64 // The cosine of the meanings, -1 to 1.
	Neighbours float64 // What the turns around it added.
	Matches    []WordMatch
}

// Recalled is the turns that answer a question, best first.
type Recalled struct {
	Turns []RecalledTurn
	Basis Basis
}

func readTurn(from *C.confidant_turn) Turn {
	return Turn{
		ID:            TurnID(from.turn_id),
		Session:       SessionID(from.session_id),
		Number:        uint32(from.number),
		Channel:       Channel(from.channel),
		At:            fromMillis(int64(from.at_ms)),
		Said:          view(from.said),
		HasSaid:       from.said.ptr != nil,
		Answer:        view(from.answer),
		HasAnswer:     from.answer.ptr != nil,
		AnsweredBy:    view(from.answered_by),
		AnsweredAt:    optional(int64(from.answered_at_ms), from.has_answered_at != 0),
		Confidence:    float64(from.confidence),
		HasConfidence: from.has_confidence != 0,
		Resolved:      from.resolved != 0,
		Metadata:      view(from.metadata),
	}
}

// Recall gives the turns, of all that were ever saved for this customer, that answer a question best, with what earned
// them their place: no network and no model.
func (m *Memory) Recall(ctx context.Context, query RecallQuery) (Recalled, error) {
	var a arena
	defer a.free()
	metadata := many[C.confidant_pair](&a, len(query.Metadata))[:0]
	for name, value := range query.Metadata {
		metadata = append(metadata, C.confidant_pair{name: a.text(name), value: a.text(value)})
	}
	raw := &many[C.confidant_recall_query](&a, 1)[0]
	*raw = C.confidant_recall_query{
		struct_size:    C.sizeof_confidant_recall_query,
		question:       a.text(query.Question),
		metadata:       first(metadata),
		metadata_count: C.size_t(len(metadata)),
		limit:          C.size_t(query.Limit),
		session_id:     C.uint64_t(query.Session),
		channel:        C.int32_t(query.Channel),
		has_channel:    flag(query.HasChannel),
		has_resolved:   flag(query.Resolution != Unknown),
		resolved:       flag(query.Resolution == Resolved),
	}
	if !query.From.IsZero() {
		raw.from_ms, raw.has_from = millis(query.From), 1
	}
	if !query.Until.IsZero() {
		raw.until_ms, raw.has_until = millis(query.Until), 1
	}
	var out *C.confidant_recalled
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_recall(memory, raw, &out, err)
	})
	if err != nil {
		return Recalled{}, err
	}
	defer C.confidant_recalled_free(out)
	recalled := Recalled{make([]RecalledTurn, int(C.confidant_recalled_count(out))), Basis(C.confidant_recalled_basis(out))}
	for i := range recalled.Turns {
		one := C.confidant_recalled_at(out, C.size_t(i))
		matches := make([]WordMatch, int(one.match_count))
		for j := range matches {
			word := C.confidant_recalled_match(out, C.size_t(i), C.size_t(j))
			matches[j] = WordMatch{view(word.asked), view(word.found), float64(word.strength)}
		}
		recalled.Turns[i] = RecalledTurn{readTurn(one.turn), float64(one.score), float64(one.words), float64(one.meaning), float64(one.neighbours), matches}
	}
	return recalled, nil
}

// Passage is a part of a knowledge base for a model to read.
type Passage struct{ Title, Text string }

// ContextRequest is what a model is to be shown for one question, and how much of it at most.
type ContextRequest struct {
	Question           string
	MaxTokens          int // 16 to 10,000,000.
	Passages           []Passage
	Recalled           int // 0 to 200, if HasRecalled; else 8.
	HasRecalled        bool
	WithoutPreferences bool
	CalibrationText    string // A text whose tokens the model has reported, for a closer guess.
	CalibrationTokens  uint64
	Count              func(text string) int // The model's own tokenizer; nil for a careful guess.
}

// Assembled is what a model is shown of a customer.
type Assembled struct {
	Text             string
	Tokens           int
	Passages         int // How many of the request's are in.
	Recent, Recalled []Turn
	Basis            Basis
	HasPreferences   bool
}

// Assemble puts together what a model should see of this customer for a question, within a budget of tokens.
func (m *Memory) Assemble(ctx context.Context, request ContextRequest) (Assembled, error) {
	var a arena
	defer a.free()
	passages := many[C.confidant_pair](&a, len(request.Passages))
	for i, one := range request.Passages {
		passages[i] = C.confidant_pair{name: a.text(one.Title), value: a.text(one.Text)}
	}
	raw := &many[C.confidant_context_request](&a, 1)[0]
	*raw = C.confidant_context_request{
		struct_size:         C.sizeof_confidant_context_request,
		question:            a.text(request.Question),
		max_tokens:          C.size_t(request.MaxTokens),
		passages:            first(passages),
		passage_count:       C.size_t(len(passages)),
		recalled:            C.size_t(request.Recalled),
		calibration_text:    a.text(request.CalibrationText),
		calibration_tokens:  C.uint64_t(request.CalibrationTokens),
		has_recalled:        flag(request.HasRecalled || request.Recalled != 0),
		without_preferences: flag(request.WithoutPreferences),
	}
	state := &call{ctx: ctx, count: request.Count}
	var out *C.confidant_assembled
	err := state.during(func(id C.uintptr_t) error {
		return m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
			return C.bridge_assemble(memory, raw, id, C.bool(request.Count != nil), &out, err)
		})
	})
	defer C.confidant_assembled_free(out)
	if err != nil {
		return Assembled{}, err
	}
	read := C.confidant_assembled_read(out)
	assembled := Assembled{
		Text:           view(read.text),
		Tokens:         int(read.tokens),
		Passages:       int(read.passage_count),
		Recent:         make([]Turn, int(read.recent_count)),
		Recalled:       make([]Turn, int(read.recalled_count)),
		Basis:          Basis(read.basis),
		HasPreferences: read.has_preferences != 0,
	}
	for i := range assembled.Recent {
		assembled.Recent[i] = readTurn(C.confidant_assembled_recent(out, C.size_t(i)))
	}
	for i := range assembled.Recalled {
		assembled.Recalled[i] = readTurn(C.confidant_assembled_recalled(out, C.size_t(i)))
	}
	return assembled, nil
}

// EstimateTokens guesses at the tokens of a text, rather too high than too low.
func EstimateTokens(text string) int {
	var out C.uint64_t
	C.confidant_text_estimate_tokens(given(text), C.confidant_str{}, 0, &out, nil)
	return int(out)
}

// during makes a call whose callbacks know this state; what one of them panicked with goes on here, and what one of
// them failed with is in the error.
func (state *call) during(make func(id C.uintptr_t) error) error {
	id := cgo.NewHandle(state)
	defer id.Delete()
	err := make(C.uintptr_t(id))
	if state.panicked != nil {
		panic(state.panicked)
	}
	if failed, ok := err.(*Error); ok && failed.cause == nil {
		failed.cause = state.cause
	}
	return err
}

// tokens counts by the host's own function; what cannot be counted does not fit.
func (state *call) tokens(text string) (tokens C.size_t) {
	defer func() {
		if thrown := recover(); thrown != nil {
			state.panicked, tokens = thrown, ^C.size_t(0)
		}
	}()
	return C.size_t(state.count(text))
}

// EntityKind is what a message names.
type EntityKind int32

// The kinds of entities.
const (
	EntityName EntityKind = iota + 1
	EntityEmail
	EntityPhone
	EntityOrderID
	EntityProduct
	EntityAmount
	EntityDate
	EntityPlan
	EntityErrorText
	EntityStepTried
)

// Fact is one thing that a customer has told: what they claim.
type Fact struct {
	Kind       EntityKind
	Value      string // As the customer wrote it.
	Turn       TurnID // In which it was said last.
	Start, End int    // Its bytes there.
	Rule       string
	Score      float64
}

func fact(from *C.confidant_given_fact) Fact {
	return Fact{EntityKind(from.kind), view(from.value), TurnID(from.turn_id), int(from.start), int(from.end), view(from.rule), float64(from.score)}
}

// AskedAgain is a sentence of a draft, its bytes from Start to End, that asks for something again.
type AskedAgain struct {
	Start, End int
	Fact       Fact
}

// Given is all that a customer has told, oldest first.
type Given struct {
	Facts []Fact
	h     *handle
}

// Given gives what the customer has told, over all sessions.
func (m *Memory) Given(ctx context.Context) (*Given, error) {
	var out *C.confidant_given
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_given(memory, &out, err)
	})
	if err != nil {
		return nil, err
	}
	facts := make([]Fact, int(C.confidant_given_count(out)))
	for i := range facts {
		facts[i] = fact(C.confidant_given_at(out, C.size_t(i)))
	}
	return &Given{facts, own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_given_free((*C.confidant_given)(ptr)) })}, nil
}

// Newest is the newest fact of a kind.
func (g *Given) Newest(kind EntityKind) (Fact, bool) {
	for i := len(g.Facts) - 1; i >= 0; i-- {
		if g.Facts[i].Kind == kind {
			return g.Facts[i], true
		}
	}
	return Fact{}, false
}

// AskedAgain gives the sentences of a draft reply that ask for what the customer has already given.
func (g *Given) AskedAgain(draft string) ([]AskedAgain, error) {
	var a arena
	defer a.free()
	var out *C.confidant_asked_again
	err := with(context.Background(), g.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return C.confidant_given_asked_again((*C.confidant_given)(ptr), a.text(draft), &out, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.confidant_asked_again_free(out)
	all := make([]AskedAgain, int(C.confidant_asked_again_count(out)))
	for i := range all {
		one := C.confidant_asked_again_at(out, C.size_t(i))
		all[i] = AskedAgain{int(one.start), int(one.end), fact(one.fact)}
	}
	return all, nil
}
