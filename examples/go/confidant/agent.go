package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"runtime"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Message is one message of the conversation that a model is shown.
type Message struct {
	Role Role
	Text string
}

// Role is who wrote a message.
type Role int32

// The roles; FromData is quoted data for the model to read, never instructions.
const (
	FromCustomer Role = iota
	FromData
	FromAgent
)

// Request is what is asked of a model.
type Request struct {
	System      string    // The instructions; they never hold anything a customer wrote.
	Messages    []Message // Oldest first; the last one is the customer's and wants a reply.
	Tone        int32     // One of CONFIDANT_TONE_*.
	Length      int32     // One of CONFIDANT_LENGTH_*.
	Temperature float64
	MaxTokens   int
}

// Answer is what a model says of its reply, once it is written.
type Answer struct {
	Confidence                float64 // 0 to 1, if HasConfidence.
	HasConfidence             bool
	Resolved                  bool
	Sources                   []string // Articles that the reply rests on.
	Finish                    int32    // One of CONFIDANT_FINISH_*; 0 is a reply that came to its end.
	InputTokens, OutputTokens uint64   // As the model's server counted them; estimated if both are 0.
}

// Model is a language model of the host's own; used from many goroutines at once.
type Model interface {
	Name() string
	// Complete writes the reply with emit, in one piece or many, and returns what emit returns if
	// that is an error. The context is the one of the Respond that asks.
	Complete(ctx context.Context, request *Request, emit func(piece string) error) (Answer, error)
}

// ModelError says why a model failed; Message must not hold what a customer said. The words of any
// other error go to the caller of Respond and nowhere else.
type ModelError struct {
	Failure int32 // One of CONFIDANT_LLM_*, not 0.
	Message string
}

func (e *ModelError) Error() string { return e.Message }

// Persona is how an agent talks.
type Persona int32

// The personas.
const (
	Friendly Persona = iota
	Professional
	Technical
)

// AgentOptions are the settings of an agent; what is zero is the default.
type AgentOptions struct {
	Model     Model         // A model of the host's own.
	ModelFree bool          // Its tokens cost nothing.
	Library   *LibraryModel // A model of the library's, if there is no Model; nil answers from articles.
	Persona   Persona
	Fallback  string // What to tell the customer if the model fails; "" lets Respond fail.

	PersonaName, PersonaManner string // The company's own persona, in place of Persona.
	PersonaTone                int32  // Its tone towards strangers, one of CONFIDANT_TONE_*.
	MaxPromptTokens            int    // The prompt's hard limit; 6,000 if not given.
	MaxReplyTokens             int    // The longest reply; 300 if not given.
	PromptTurns                int    // The earlier turns that the model is shown at most, if HasPromptTurns; else 10.
	HasPromptTurns             bool
	Temperature                float64 // 0 to 2, if HasTemperature; else 0.7.
	HasTemperature             bool
	InputNano, OutputNano      uint64 // What a token read and one written cost, in nano-dollars, if HasPrice.
	HasPrice                   bool
	BudgetNano                 uint64 // The most the agent may spend, if HasBudget; needs a price.
	HasBudget                  bool
}

// Agent answers customers with a language model, on top of their memory.
type Agent struct{ h *handle }

// NewAgent makes an agent over a store.
func NewAgent(store *Store, options AgentOptions) (*Agent, error) {
	raw := C.confidant_agent_options{
		struct_size: C.sizeof_confidant_agent_options,
		persona:     C.int32_t(options.Persona),
		fallback:    ifGiven(options.Fallback, false),

		persona_name:      ifGiven(options.PersonaName, false),
		persona_manner:    ifGiven(options.PersonaManner, false),
		persona_tone:      C.int32_t(options.PersonaTone),
		max_prompt_tokens: C.size_t(options.MaxPromptTokens),
		max_reply_tokens:  C.uint32_t(options.MaxReplyTokens),
		prompt_turns:      C.size_t(options.PromptTurns),
		has_prompt_turns:  flag(options.HasPromptTurns || options.PromptTurns != 0),
		temperature:       C.double(options.Temperature),
		has_temperature:   flag(options.HasTemperature || options.Temperature != 0),
		input_nano:        C.uint64_t(options.InputNano),
		output_nano:       C.uint64_t(options.OutputNano),
		has_price:         flag(options.HasPrice || options.InputNano+options.OutputNano != 0),
		budget_nano:       C.uint64_t(options.BudgetNano),
		has_budget:        flag(options.HasBudget || options.BudgetNano != 0),
	}
	if options.PersonaName != "" {
		raw.persona = C.CONFIDANT_PERSONA_OWN
	}
	if options.Model != nil {
		var from *C.confidant_error
		name := options.Model.Name()
		status := C.bridge_llm_new(C.uintptr_t(cgo.NewHandle(options.Model)), given(name), C.bool(options.ModelFree), &raw.llm, &from)
		runtime.KeepAlive(name)
		if status != C.CONFIDANT_OK {
			return nil, failed(status, from)
		}
		defer C.confidant_llm_free(raw.llm) // The agent keeps it.
	} else if options.Library != nil {
		llm, err := options.Library.h.acquire()
		if err != nil {
			return nil, err
		}
		defer options.Library.h.release()
		raw.llm = (*C.confidant_llm)(llm)
	}
	var out *C.confidant_agent
	err := store.with(context.Background(), func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.bridge_agent_new(store, raw, &out, err)
	})
	runtime.KeepAlive(&options)
	if err != nil {
		return nil, err
	}
	return &Agent{own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_agent_free((*C.confidant_agent)(ptr)) })}, nil
}

// Close frees the agent, and its model with the last call that uses it.
func (a *Agent) Close() error {
	a.h.close()
	return nil
}

// Asked is what a customer said, and what the host knows about it; what is zero is not given.
type Asked struct {
	Text     string
	Key      string // The same message again gives the same reply.
	Metadata string // A JSON object, stored with the turn.
	Profile  string // What the company's records say, for this reply only.
	At       time.Time
}

// Reply is the agent's reply.
type Reply struct {
	Turn        TurnID
	Number      uint32
	Text        string
	Confidence  float64
	Resolved    bool
	Sources     []string
	Preferences Preferences // This message included.
	Failure     error       // Why the model gave no answer, if the fallback text stands in for it.
}

// call is one call into the library, as its callbacks see it.
type call struct {
	ctx      context.Context
	onText   func(string) error
	count    func(string) int
	cause    error
	panicked interface{}
}

// Respond answers what the customer said, and shows the reply to onText, which may be nil, as it is
// written; an error of onText, or the end of the context, stops it. What the customer said is stored
// before the model is asked.
func (a *Agent) Respond(ctx context.Context, session *Session, asked Asked, onText func(piece string) error) (*Reply, error) {
	if cause := ctx.Err(); cause != nil {
		return nil, &Error{Status: Cancelled, Message: "the context had ended before the call", cause: cause}
	}
	agent, err := a.h.acquire()
	if err != nil {
		return nil, err
	}
	defer a.h.release()
	own, err := session.h.acquire()
	if err != nil {
		return nil, err
	}
	defer session.h.release()
	raw := C.confidant_message{
		struct_size: C.sizeof_confidant_message,
		text:        given(asked.Text),
		key:         ifGiven(asked.Key, false),
		metadata:    ifGiven(asked.Metadata, false),
		profile:     ifGiven(asked.Profile, false),
	}
	if !asked.At.IsZero() {
		raw.at_ms, raw.has_at = millis(asked.At), 1
	}
	state := &call{ctx: ctx, onText: onText}
	id := cgo.NewHandle(state)
	defer id.Delete()
	var out *C.confidant_reply
	var from *C.confidant_error
	shown := onText != nil || ctx.Done() != nil
	status := C.bridge_respond((*C.confidant_agent)(agent), (*C.confidant_session)(own), raw, C.uintptr_t(id), C.bool(shown), &out, &from)
	runtime.KeepAlive(&asked)
	defer C.confidant_reply_free(out)
	if err := failed(status, from); err != nil || state.panicked != nil {
		if state.panicked != nil {
			panic(state.panicked) // What a callback threw goes on here.
		}
		err.(*Error).cause = state.cause
		return nil, err
	}
	return readReply(out, state.cause), nil
}

func readReply(from *C.confidant_reply, cause error) *Reply {
	said := C.confidant_reply_read(from)
	reply := &Reply{
		Turn:        TurnID(said.turn.turn_id),
		Number:      uint32(said.turn.number),
		Text:        view(said.text),
		Confidence:  float64(said.confidence),
		Resolved:    said.resolved != 0,
		Preferences: preferences(said.preferences),
	}
	for i := C.size_t(0); i < C.size_t(said.source_count); i++ {
		reply.Sources = append(reply.Sources, view(C.confidant_reply_source(from, i)))
	}
	if said.failure != nil {
		failure := read(said.failure)
		failure.cause = cause
		reply.Failure = failure
	}
	return reply
}

func request(from *C.confidant_llm_request) *Request {
	messages := make([]Message, int(C.confidant_llm_request_message_count(from)))
	for i := range messages {
		one := C.confidant_llm_request_message(from, C.size_t(i))
		messages[i] = Message{Role(one.role), view(one.text)}
	}
	return &Request{
		System:      view(C.confidant_llm_request_system(from)),
		Messages:    messages,
		Tone:        int32(C.confidant_llm_request_tone(from)),
		Length:      int32(C.confidant_llm_request_length(from)),
		Temperature: float64(C.confidant_llm_request_temperature(from)),
		MaxTokens:   int(C.confidant_llm_request_max_tokens(from)),
	}
}

// complete runs a host's model; what it panics with is kept for Respond.
func complete(model Model, state *call, from *C.confidant_llm_request, reply *C.confidant_llm_reply) (status C.confidant_status) {
	defer func() {
		if thrown := recover(); thrown != nil {
			state.panicked = thrown
			status = fail(reply, C.CONFIDANT_LLM_SERVER, "the model panicked")
		}
	}()
	emit := func(piece string) error {
		var err *C.confidant_error
		status := C.confidant_llm_reply_append(reply, given(piece), &err)
		runtime.KeepAlive(piece)
		return failed(status, err)
	}
	answer, err := model.Complete(state.ctx, request(from), emit)
	if err != nil {
		if state.cause == nil {
			state.cause = err
		}
		var own *ModelError
		switch {
		case errors.As(err, &own):
			return fail(reply, C.int32_t(own.Failure), own.Message)
		case errors.Is(err, Cancelled), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return C.CONFIDANT_ERR_CANCELLED
		}
		return fail(reply, C.CONFIDANT_LLM_SERVER, "the host's model failed")
	}
	if answer.HasConfidence || answer.Confidence != 0 {
		C.confidant_llm_reply_set_confidence(reply, C.double(answer.Confidence), nil)
	}
	C.confidant_llm_reply_set_resolved(reply, flag(answer.Resolved), nil)
	if answer.InputTokens+answer.OutputTokens != 0 {
		C.confidant_llm_reply_set_usage(reply, C.uint64_t(answer.InputTokens), C.uint64_t(answer.OutputTokens), nil)
	}
	if answer.Finish != 0 {
		C.confidant_llm_reply_set_finish(reply, C.int32_t(answer.Finish), nil)
	}
	for _, source := range answer.Sources {
		C.confidant_llm_reply_add_source(reply, given(source), nil)
	}
	runtime.KeepAlive(answer.Sources)
	return C.CONFIDANT_OK
}

func fail(reply *C.confidant_llm_reply, failure C.int32_t, message string) C.confidant_status {
	C.confidant_llm_reply_fail(reply, failure, given(message), nil)
	runtime.KeepAlive(message)
	return C.CONFIDANT_ERR_LLM
}

// show gives a piece of the reply to the host; 0 goes on.
func (state *call) show(piece string) (stop C.int32_t) {
	defer func() {
		if thrown := recover(); thrown != nil {
			state.panicked, stop = thrown, 1
		}
	}()
	cause := state.ctx.Err()
	if cause == nil && state.onText != nil {
		cause = state.onText(piece)
	}
	if cause != nil {
		state.cause = cause
		return 1
	}
	return 0
}
