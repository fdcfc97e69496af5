package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// LibraryModel is a language model of the library's own; used from many goroutines at once. An agent keeps the one it was made
// with, so it may be closed right after.
type LibraryModel struct{ h *handle }

// Article is what the offline model answers from.
type Article struct {
	Title    string   // Given in the sources of a reply.
	Content  string   // The answer in plain sentences; the first one helps by itself.
	Category string   // The subject it belongs to, such as "billing".
	Keywords string   // Other words that customers use for it, separated by spaces; found, never shown.
	Steps    []string // The answer step by step, without numbers.
}

// ScriptedReply is one reply of a scripted model.
type ScriptedReply struct {
	Pieces, Sources       []string
	Confidence            float64 // 0 to 1, if HasConfidence.
	HasConfidence         bool
	Resolved, HasResolved bool
	Failure               int32 // One of CONFIDANT_LLM_* to fail with after the pieces; 0 does not fail.
	FailureMessage        string
}

// OllamaOptions are the settings of a model on an Ollama server; what is zero is the default.
type OllamaOptions struct {
	Model           string
	BaseURL         string // Without "/api"; "http://127.0.0.1:11434" if not given.
	APIKey          string // It is in no error.
	KeepAlive       string // How long the server keeps the model loaded, such as "5m".
	ConnectTimeout  time.Duration
	ResponseTimeout time.Duration // Until the reply begins.
	IdleTimeout     time.Duration // The longest silence within a reply.
	Deadline        time.Duration // The longest whole call, with its retries.
	ContextTokens   int           // Prompt and reply together; 8,192 if not given.
	MaxRetries      int           // Of a request that failed in passing; 2 if not given.
	NoRetries       bool
	AllowPlainHTTP  bool // To another machine: the conversation and the key travel in the clear.
}

// Offline is a model without a network and without a model: it answers from articles and the conversation, the same way
// every time, in English. Without articles it has a small starter set.
func Offline(articles ...Article) (*LibraryModel, error) {
	var a arena
	defer a.free()
	raw := many[C.confidant_article](&a, len(articles))
	for i, one := range articles {
		steps := a.texts(one.Steps)
		raw[i] = C.confidant_article{
			struct_size: C.sizeof_confidant_article,
			title:       a.text(one.Title),
			content:     a.text(one.Content),
			category:    a.text(one.Category),
			keywords:    a.text(one.Keywords),
			steps:       first(steps),
			step_count:  C.size_t(len(steps)),
		}
	}
	return llm(func(out **C.confidant_llm, err **C.confidant_error) C.confidant_status {
		return C.confidant_llm_offline(first(raw), C.size_t(len(raw)), out, err)
	})
}

// Scripted is a model that gives the replies of a list, in order, each once; for tests and demonstrations.
func Scripted(replies ...ScriptedReply) (*LibraryModel, error) {
	var a arena
	defer a.free()
	raw := many[C.confidant_scripted_reply](&a, len(replies))
	for i, one := range replies {
		pieces, sources := a.texts(one.Pieces), a.texts(one.Sources)
		raw[i] = C.confidant_scripted_reply{
			struct_size:     C.sizeof_confidant_scripted_reply,
			pieces:          first(pieces),
			piece_count:     C.size_t(len(pieces)),
			sources:         first(sources),
			source_count:    C.size_t(len(sources)),
			confidence:      C.double(one.Confidence),
			has_confidence:  flag(one.HasConfidence || one.Confidence != 0),
			has_resolved:    flag(one.HasResolved || one.Resolved),
			resolved:        flag(one.Resolved),
			failure:         C.int32_t(one.Failure),
			failure_message: a.text(one.FailureMessage),
		}
	}
	return llm(func(out **C.confidant_llm, err **C.confidant_error) C.confidant_status {
		return C.confidant_llm_scripted(first(raw), C.size_t(len(raw)), out, err)
	})
}

// Ollama is a model of an Ollama server. Nothing is sent until an agent uses it.
func Ollama(options OllamaOptions) (*LibraryModel, error) {
	var a arena
	defer a.free()
	raw := &many[C.confidant_ollama_options](&a, 1)[0]
	*raw = C.confidant_ollama_options{
		struct_size:         C.sizeof_confidant_ollama_options,
		model:               a.text(options.Model),
		base_url:            a.ifGiven(options.BaseURL),
		api_key:             a.ifGiven(options.APIKey),
		keep_alive:          a.ifGiven(options.KeepAlive),
		connect_timeout_ms:  C.uint64_t(options.ConnectTimeout.Milliseconds()),
		response_timeout_ms: C.uint64_t(options.ResponseTimeout.Milliseconds()),
		idle_timeout_ms:     C.uint64_t(options.IdleTimeout.Milliseconds()),
		deadline_ms:         C.uint64_t(options.Deadline.Milliseconds()),
		num_ctx:             C.uint32_t(options.ContextTokens),
		max_retries:         C.uint32_t(options.MaxRetries),
		has_max_retries:     flag(options.NoRetries || options.MaxRetries != 0),
		allow_plain_http:    flag(options.AllowPlainHTTP),
	}
	return llm(func(out **C.confidant_llm, err **C.confidant_error) C.confidant_status {
		return C.confidant_llm_ollama(raw, out, err)
	})
}

func llm(make func(**C.confidant_llm, **C.confidant_error) C.confidant_status) (*LibraryModel, error) {
	var out *C.confidant_llm
	var from *C.confidant_error
	if status := make(&out, &from); status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	return &LibraryModel{own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_llm_free((*C.confidant_llm)(ptr)) })}, nil
}

// Close frees the handle; agents made with the model keep it.
func (l *LibraryModel) Close() error {
	l.h.close()
	return nil
}

func (l *LibraryModel) with(ctx context.Context, call func(*C.confidant_llm, **C.confidant_error) C.confidant_status) error {
	return with(ctx, l.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_llm)(ptr), err)
	})
}

// Name is the model's name, as stored with its answers; "" once the handle is gone.
func (l *LibraryModel) Name() (name string) {
	_ = l.with(context.Background(), func(llm *C.confidant_llm, _ **C.confidant_error) C.confidant_status {
		name = view(C.confidant_llm_name(llm))
		return C.CONFIDANT_OK
	})
	return name
}

// IsFree says whether the model's tokens cost nothing.
func (l *LibraryModel) IsFree() (is bool) {
	_ = l.with(context.Background(), func(llm *C.confidant_llm, _ **C.confidant_error) C.confidant_status {
		is = C.confidant_llm_is_free(llm) != 0
		return C.CONFIDANT_OK
	})
	return is
}

// Remaining says how many replies a scripted model has left.
func (l *LibraryModel) Remaining() (uint64, error) {
	var out C.uint64_t
	err := l.with(context.Background(), func(llm *C.confidant_llm, err **C.confidant_error) C.confidant_status {
		return C.confidant_llm_remaining(llm, &out, err)
	})
	return uint64(out), err
}

// Models gives the names of the models that an Ollama server has. Asks the server.
func (l *LibraryModel) Models(ctx context.Context) ([]string, error) {
	var out *C.confidant_names
	err := l.with(ctx, func(llm *C.confidant_llm, err **C.confidant_error) C.confidant_status {
		return C.confidant_llm_models(llm, &out, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.confidant_names_free(out)
	names := make([]string, int(C.confidant_names_count(out)))
	for i := range names {
		names[i] = view(C.confidant_names_at(out, C.size_t(i)))
	}
	return names, nil
}

// Spending is what an agent has used since it was made; costs are in nano-dollars.
type Spending struct {
	Calls, Failures           uint64
	InputTokens, OutputTokens uint64
	CostNano, BudgetNano      uint64
	HasCost, HasBudget        bool
}

// Spending gives what the agent has used since it was made.
func (a *Agent) Spending() (Spending, error) {
	out := C.confidant_spending{struct_size: C.sizeof_confidant_spending}
	err := with(context.Background(), a.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return C.confidant_agent_spending((*C.confidant_agent)(ptr), &out, err)
	})
	return Spending{
		Calls:        uint64(out.calls),
		Failures:     uint64(out.failures),
		InputTokens:  uint64(out.input_tokens),
		OutputTokens: uint64(out.output_tokens),
		CostNano:     uint64(out.cost_nano),
		BudgetNano:   uint64(out.budget_nano),
		HasCost:      out.has_cost != 0,
		HasBudget:    out.has_budget != 0,
	}, err
}

// Model is the name of the agent's model; "" once the handle is gone.
func (a *Agent) Model() (name string) {
	_ = with(context.Background(), a.h, func(ptr unsafe.Pointer, _ **C.confidant_error) C.confidant_status {
		name = view(C.confidant_agent_model((*C.confidant_agent)(ptr)))
		return C.CONFIDANT_OK
	})
	return name
}
