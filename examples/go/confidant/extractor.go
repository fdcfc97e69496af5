package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"sync"
	"unsafe"
)

// ExtractorOptions are the limits of an extractor; what is zero is as the preset has it.
type ExtractorOptions struct {
	StyleRatio     float64 // How many times as many turns one side of the style needs over the other.
	MinTurns       int     // The fewest turns to conclude from.
	BriefBelow     int     // The mean length of a message, in characters, below which answers should be brief.
	DetailedAbove  int     // The mean length above which answers should be detailed.
	Hysteresis     int     // How many turns in a row must show another style before a known one changes.
	SupportPreset  bool    // The preset for support; else the one that the reference names.
	HasBriefBelow  bool    // Gives a BriefBelow of 0.
	HasDetailAbove bool    // Gives a DetailedAbove of 0.
}

// Extractor concludes preferences step by step, from turns that the host chooses; Memory.Preferences needs none. Used from
// many goroutines, one call waits for the other.
type Extractor struct {
	h  *handle
	mu sync.Mutex
}

// NewExtractor makes an extractor that has learned nothing yet.
func NewExtractor(options ExtractorOptions) (*Extractor, error) {
	raw := C.confidant_extractor_options{
		struct_size:        C.sizeof_confidant_extractor_options,
		style_ratio:        C.double(options.StyleRatio),
		min_turns:          C.uint32_t(options.MinTurns),
		brief_below:        C.uint32_t(options.BriefBelow),
		detailed_above:     C.uint32_t(options.DetailedAbove),
		has_brief_below:    flag(options.HasBriefBelow || options.BriefBelow != 0),
		has_detailed_above: flag(options.HasDetailAbove || options.DetailedAbove != 0),
		hysteresis:         C.uint32_t(options.Hysteresis),
	}
	if options.SupportPreset {
		raw.preset = C.CONFIDANT_EXTRACTOR_SUPPORT
	}
	var out *C.confidant_extractor
	var from *C.confidant_error
	if status := C.confidant_extractor_new(&raw, &out, &from); status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	return &Extractor{h: own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_extractor_free((*C.confidant_extractor)(ptr)) })}, nil
}

// Close frees the extractor; preferences it concluded stay good.
func (e *Extractor) Close() error {
	e.h.close()
	return nil
}

func (e *Extractor) with(ctx context.Context, call func(*C.confidant_extractor, **C.confidant_error) C.confidant_status) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return with(ctx, e.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_extractor)(ptr), err)
	})
}

// Learn reads a customer's archive on from the last turn that was learned from, at most limit turns, and learns from them;
// it says how many they were, fewer than limit at the end.
func (e *Extractor) Learn(ctx context.Context, from *Memory, limit int) (int, error) {
	memory, err := from.h.acquire()
	if err != nil {
		return 0, err
	}
	defer from.h.release()
	turns := 0
	err = e.with(ctx, func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		var page *C.confidant_turns
		after := C.confidant_extractor_covered(extractor)
		status := C.confidant_memory_turns((*C.confidant_memory)(memory), after, C.size_t(limit), &page, err)
		if status != C.CONFIDANT_OK {
			return status
		}
		defer C.confidant_turns_free(page)
		turns = int(C.confidant_turns_count(page))
		return C.confidant_extractor_learn_turns(extractor, page, err)
	})
	return turns, err
}

// LearnNewest learns from the turns of a customer's context. A turn that is covered already changes nothing.
func (e *Extractor) LearnNewest(ctx context.Context, from *Memory) error {
	memory, err := from.h.acquire()
	if err != nil {
		return err
	}
	defer from.h.release()
	return e.with(ctx, func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		var newest *C.confidant_context
		if status := C.confidant_memory_load_context((*C.confidant_memory)(memory), &newest, err); status != C.CONFIDANT_OK {
			return status
		}
		defer C.confidant_context_free(newest)
		return C.confidant_extractor_learn_context(extractor, newest, err)
	})
}

// Unlearn takes away what one turn taught, and nothing else, and says whether it had taught anything.
func (e *Extractor) Unlearn(turn TurnID) (bool, error) {
	var hadTaught C.confidant_flag
	err := e.with(context.Background(), func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		return C.confidant_extractor_unlearn(extractor, C.uint64_t(turn), &hadTaught, err)
	})
	return hadTaught != 0, err
}

// Conclude concludes from what was learned so far.
func (e *Extractor) Conclude() (Preferences, error) {
	var out *C.confidant_preferences
	err := e.with(context.Background(), func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		return C.confidant_extractor_conclude(extractor, &out, err)
	})
	if err != nil {
		return Preferences{}, err
	}
	defer C.confidant_preferences_free(out)
	return preferences(out), nil
}

// Covered is the last turn that was learned from; 0 if none was.
func (e *Extractor) Covered() (turn TurnID) {
	_ = e.with(context.Background(), func(extractor *C.confidant_extractor, _ **C.confidant_error) C.confidant_status {
		turn = TurnID(C.confidant_extractor_covered(extractor))
		return C.CONFIDANT_OK
	})
	return turn
}

// State is what was learned, as the text of a JSON object, to be kept by the host; it holds no words of the customer.
func (e *Extractor) State() (json string, failed error) {
	failed = e.with(context.Background(), func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		var out C.confidant_str
		status := C.confidant_extractor_state(extractor, &out, err)
		json = view(out) // Copied before the next call may change it.
		return status
	})
	return json, failed
}

// Restore goes on from what State gave, in place of what was learned here. If other rules made it, the extractor begins
// anew: learn what is not covered.
func (e *Extractor) Restore(json string) error {
	var a arena
	defer a.free()
	return e.with(context.Background(), func(extractor *C.confidant_extractor, err **C.confidant_error) C.confidant_status {
		return C.confidant_extractor_restore(extractor, a.text(json), err)
	})
}

// RulesVersion is the name of the rules, which changes whenever a rule does; "" once the handle is gone.
func (e *Extractor) RulesVersion() (version string) {
	_ = e.with(context.Background(), func(extractor *C.confidant_extractor, _ **C.confidant_error) C.confidant_status {
		version = view(C.confidant_extractor_rules_version(extractor))
		return C.CONFIDANT_OK
	})
	return version
}
