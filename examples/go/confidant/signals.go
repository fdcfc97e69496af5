package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// SignalKind is what a conclusion from a message is about.
type SignalKind int32

// The kinds of conclusions.
const (
	SignalSentiment SignalKind = iota + 1
	SignalFrustrated
	SignalAngry
	SignalUrgency
	SignalTopic
	SignalIntent
	SignalEscalation
	SignalFormality
)

// Cue is a place in a message, its bytes from Start to End, and the rule that found it.
type Cue struct {
	Start, End int
	Rule       string
	Score      float64
}

// Finding is a conclusion from a message, and what shows it.
type Finding struct {
	Kind  SignalKind
	Value int32  // One of the constants of confidant.h for its kind.
	Name  string // The value in plain words, such as "billing".
	Score float64
	Cues  []Cue
}

// Entity is something that a message names.
type Entity struct {
	Kind EntityKind
	Cue
}

// Signals is all that one message says.
type Signals struct {
	Polarity   float64 // From -1, as bad as can be, to 1.
	Formality  float64 // From -1, casual, to 1.
	Language   string  // A two-letter code, or "".
	Frustrated bool
	Angry      bool
	AsksPolicy bool
	Findings   []Finding // In the order of the kinds, of each the strongest first.
	Entities   []Entity
}

// Find gives the first conclusion of a kind.
func (s *Signals) Find(kind SignalKind) (Finding, bool) {
	for _, one := range s.Findings {
		if one.Kind == kind {
			return one, true
		}
	}
	return Finding{}, false
}

// SignalRules is what messages are read by.
type SignalRules struct {
	Version string
	h       *handle
}

// SignalAdditions is what a tenant adds to the rules; what is zero is not given.
type SignalAdditions struct {
	Words        map[string]float64 // Words and their values, -4 to 4.
	Products     []string
	OrderIDs     []string // Shapes such as "AB-#####".
	Table        []byte   // A table of weights.
	WithoutTable bool
	Reference    bool // Begins with the preset "reference" in place of "support".
}

// NewSignalRules makes rules.
func NewSignalRules(add SignalAdditions) (*SignalRules, error) {
	var a arena
	defer a.free()
	words := many[C.confidant_str](&a, len(add.Words))[:0]
	values := many[C.double](&a, len(add.Words))[:0]
	for word, value := range add.Words {
		words, values = append(words, a.text(word)), append(values, C.double(value))
	}
	products, orders := a.texts(add.Products), a.texts(add.OrderIDs)
	raw := &many[C.confidant_signal_rules_options](&a, 1)[0]
	*raw = C.confidant_signal_rules_options{
		struct_size:    C.sizeof_confidant_signal_rules_options,
		words:          first(words),
		word_values:    first(values),
		word_count:     C.size_t(len(words)),
		products:       first(products),
		product_count:  C.size_t(len(products)),
		order_ids:      first(orders),
		order_id_count: C.size_t(len(orders)),
		without_table:  flag(add.WithoutTable),
	}
	if add.Table != nil {
		table := a.text(string(add.Table))
		raw.table = C.confidant_bytes{ptr: (*C.uint8_t)(unsafe.Pointer(table.ptr)), len: table.len}
	}
	if add.Reference {
		raw.preset = C.CONFIDANT_SIGNAL_RULES_REFERENCE
	}
	var out *C.confidant_signal_rules
	var from *C.confidant_error
	if status := C.confidant_signal_rules_new(raw, &out, &from); status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	version := view(C.confidant_signal_rules_version(out))
	return &SignalRules{version, own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_signal_rules_free((*C.confidant_signal_rules)(ptr)) })}, nil
}

// SignalContext is what is known when a message is read; nothing needs to be.
type SignalContext struct {
	Rules       *SignalRules // Nil for those that are shipped.
	AgentSaid   string       // A reply to a question may be the bare answer.
	Expects     EntityKind   // What the customer was asked for, if the host knows better.
	EarlierSame int          // How often this customer came with the same issue before.
}

// SignalsOf reads a message: any text gives an answer, in microseconds.
func SignalsOf(message string, known SignalContext) (Signals, error) {
	var a arena
	defer a.free()
	raw := &many[C.confidant_signal_context](&a, 1)[0]
	*raw = C.confidant_signal_context{
		struct_size:  C.sizeof_confidant_signal_context,
		agent_said:   a.ifGiven(known.AgentSaid),
		expects:      C.int32_t(known.Expects),
		earlier_same: C.uint32_t(known.EarlierSame),
	}
	var out *C.confidant_signals
	read := func(rules unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		raw.rules = (*C.confidant_signal_rules)(rules)
		return C.confidant_signals_analyze(a.text(message), raw, &out, err)
	}
	var err error
	if known.Rules != nil {
		err = with(context.Background(), known.Rules.h, read)
	} else {
		var from *C.confidant_error
		err = failed(read(nil, &from), from)
	}
	if err != nil {
		return Signals{}, err
	}
	defer C.confidant_signals_free(out)
	content := C.confidant_signals_read(out)
	signals := Signals{
		Polarity:   float64(content.polarity),
		Formality:  float64(content.formality),
		Language:   view(content.language),
		Frustrated: content.is_frustrated != 0,
		Angry:      content.is_angry != 0,
		AsksPolicy: content.asks_policy != 0,
		Findings:   make([]Finding, int(content.finding_count)),
		Entities:   make([]Entity, int(content.entity_count)),
	}
	for i := range signals.Findings {
		one := C.confidant_signals_finding(out, C.size_t(i))
		cues := make([]Cue, int(one.cue_count))
		for j := range cues {
			cue := C.confidant_signals_cue(out, C.size_t(i), C.size_t(j))
			cues[j] = Cue{int(cue.start), int(cue.end), view(cue.rule), float64(cue.score)}
		}
		signals.Findings[i] = Finding{SignalKind(one.kind), int32(one.value), view(one.name), float64(one.score), cues}
	}
	for i := range signals.Entities {
		one := C.confidant_signals_entity(out, C.size_t(i))
		signals.Entities[i] = Entity{EntityKind(one.kind), Cue{int(one.start), int(one.end), view(one.rule), float64(one.score)}}
	}
	return signals, nil
}

// Redact puts labels in place of card numbers, e-mail addresses, telephone numbers and IBANs.
func Redact(text string) (string, error) {
	var out *C.confidant_redacted
	var from *C.confidant_error
	status := C.confidant_text_redact(given(text), &out, &from)
	runtime.KeepAlive(text)
	if status != C.CONFIDANT_OK {
		return "", failed(status, from)
	}
	defer C.confidant_redacted_free(out)
	return view(C.confidant_redacted_text(out)), nil
}

// SensitiveKind is what a text should not keep.
type SensitiveKind int32

// What is looked for.
const (
	SensitiveCard SensitiveKind = iota + 1
	SensitiveEmail
	SensitivePhone
	SensitiveIBAN
)

// Sensitive is something that must not be kept: the bytes from Start to End of a text.
type Sensitive struct {
	Kind       SensitiveKind
	Start, End int
}

// FindSensitive gives what Redact puts labels in place of, in the order of the text.
func FindSensitive(text string) ([]Sensitive, error) {
	var out *C.confidant_redacted
	var from *C.confidant_error
	status := C.confidant_text_redact(given(text), &out, &from)
	runtime.KeepAlive(text)
	if status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	defer C.confidant_redacted_free(out)
	found := make([]Sensitive, int(C.confidant_redacted_count(out)))
	for i := range found {
		one := C.confidant_redacted_at(out, C.size_t(i))
		found[i] = Sensitive{SensitiveKind(one.kind), int(one.start), int(one.end)}
	}
	return found, nil
}

// Normalized is a text in Unicode's compatibility form with straight apostrophes, without invisible characters, and with
// no letter more than twice in a row.
type Normalized struct {
	Text string
	h    *handle
}

// Normalize normalises a text, with a way back to the bytes of the original.
func Normalize(text string) (*Normalized, error) {
	var out *C.confidant_normalized
	var from *C.confidant_error
	status := C.confidant_text_normalize(given(text), &out, &from)
	runtime.KeepAlive(text)
	if status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	h := own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_normalized_free((*C.confidant_normalized)(ptr)) })
	return &Normalized{view(C.confidant_normalized_text(out)), h}, nil
}

// Original gives the bytes of the original, from start to before end, that such a span of Text stands for. What reads
// otherwise there is taken in whole.
func (n *Normalized) Original(start, end int) (int, int, error) {
	from, to := C.uint64_t(start), C.uint64_t(end)
	err := with(context.Background(), n.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return C.confidant_normalized_original((*C.confidant_normalized)(ptr), &from, &to, err)
	})
	return int(from), int(to), err
}

// Close frees the handle; Text stays good.
func (n *Normalized) Close() error {
	n.h.close()
	return nil
}

// LanguageOf gives the language of a text as its two-letter code, or "" if it cannot be told.
func LanguageOf(text string) string {
	var out C.confidant_str
	C.confidant_text_language(given(text), &out, nil)
	runtime.KeepAlive(text)
	return view(out)
}
