// Package confidant remembers customers: every conversation in one file, across restarts, channels,
// agents and years. It is the Go face of the C library and adds no behaviour to it.
//
// Handles (Store, Memory, Session, Agent, Collection) are for many goroutines at once. Close frees them, in any
// order, after the calls that use them; the garbage collector frees what nobody closed. A context
// that has ended stops a call before it begins, and Agent.Respond also while the reply is written;
// a save that has begun is finished, so its result is always known.
//
// The header is found beside this package. Where the library is, CGO_LDFLAGS says
// (-L/folder -Wl,-rpath,/folder), or the linker knows.
package confidant

// #cgo CFLAGS: -I${SRCDIR}/../../../include
// #cgo LDFLAGS: -lconfidant
// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Option is a setting of a store to be opened.
type Option func(config *C.confidant_config, err **C.confidant_error) C.confidant_status

// HotTurns sets the turns of a context, 1 to 1,000; 50 if never said.
func HotTurns(turns int) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_hot_turns(config, C.size_t(turns), err)
	}
}

// PersistEvery saves turns in groups of that many, which a killed process loses; 0 saves each at once.
func PersistEvery(turns int) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_persist_every(config, C.size_t(turns), err)
	}
}

// BusyTimeout sets how long a call waits while other processes hold the store; 5 s if never said.
func BusyTimeout(patience time.Duration) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_busy_timeout_ms(config, C.uint64_t(patience.Milliseconds()), err)
	}
}

// RecallBytes sets the bytes that the indexes of Memory.Recall may take in all; 64 MiB if never said.
func RecallBytes(bytes int) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_recall_bytes(config, C.size_t(bytes), err)
	}
}

// SessionIdle sets after how long without a turn Memory.Save opens a new session; 30 min if never said.
func SessionIdle(idle time.Duration) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_session_idle_ms(config, C.uint64_t(idle.Milliseconds()), err)
	}
}

// HotBytes sets the bytes that the hot buffer may take in all.
func HotBytes(bytes int) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_hot_bytes(config, C.size_t(bytes), err)
	}
}

// HotTTL sets how long a customer stays in the hot buffer unused.
func HotTTL(idle time.Duration) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_hot_ttl_ms(config, C.int64_t(idle.Milliseconds()), err)
	}
}

// MaxTextBytes sets the longest text of a turn.
func MaxTextBytes(bytes int) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_max_text_bytes(config, C.size_t(bytes), err)
	}
}

// SurvivesProcessCrash lets a save return before the disk has it: turns outlive a killed process, but not a loss of power.
func SurvivesProcessCrash() Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.confidant_config_set_durability(config, C.CONFIDANT_DURABILITY_PROCESS_CRASH, err)
	}
}

// Clock sets where the time comes from, for tests and replays; called from any goroutine.
func Clock(now func() time.Time) Option {
	return func(config *C.confidant_config, err **C.confidant_error) C.confidant_status {
		return C.bridge_set_clock(config, C.uintptr_t(cgo.NewHandle(now)), err)
	}
}

// Store is an open memory, in one file or on one server.
type Store struct{ h *handle }

// Open opens the memory in the file at a path, or makes the file.
func Open(location string, options ...Option) (*Store, error) {
	if version := C.confidant_abi_version(); version != C.CONFIDANT_ABI_VERSION {
		return nil, &Error{Status: Unsupported, Message: fmt.Sprintf("the library has interface %d, this package %d", version, C.CONFIDANT_ABI_VERSION)}
	}
	var err *C.confidant_error
	var config *C.confidant_config
	if status := C.confidant_config_new(&config, &err); status != C.CONFIDANT_OK {
		return nil, failed(status, err)
	}
	defer C.confidant_config_free(config)
	for _, set := range options {
		if status := set(config, &err); status != C.CONFIDANT_OK {
			return nil, failed(status, err)
		}
	}
	var out *C.confidant_store
	status := C.confidant_store_open(given(location), config, &out, &err)
	runtime.KeepAlive(location)
	if status != C.CONFIDANT_OK {
		return nil, failed(status, err)
	}
	return &Store{own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_store_close((*C.confidant_store)(ptr)) })}, nil
}

// Close closes the store; memories, sessions and agents made from it stay usable. Call Flush first
// if turns are saved in groups, to know that it worked.
func (s *Store) Close() error {
	s.h.close()
	return nil
}

// with runs a call with the store's pointer, unless the context has ended.
func (s *Store) with(ctx context.Context, call func(*C.confidant_store, **C.confidant_error) C.confidant_status) error {
	return with(ctx, s.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_store)(ptr), err)
	})
}

func with(ctx context.Context, h *handle, call func(unsafe.Pointer, **C.confidant_error) C.confidant_status) error {
	if cause := ctx.Err(); cause != nil {
		return &Error{Status: Cancelled, Message: "the context had ended before the call", cause: cause}
	}
	ptr, err := h.acquire()
	if err != nil {
		return err
	}
	defer h.release()
	var from *C.confidant_error
	status := call(ptr, &from)
	return failed(status, from)
}

// Memory is the memory of a customer of a tenant; an empty tenant is "default". Nothing is stored yet.
func (s *Store) Memory(tenant, customer string) (*Memory, error) {
	var out *C.confidant_memory
	err := s.with(context.Background(), func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_open(store, given(tenant), given(customer), &out, err)
	})
	runtime.KeepAlive(tenant)
	runtime.KeepAlive(customer)
	if err != nil {
		return nil, err
	}
	return &Memory{own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_memory_free((*C.confidant_memory)(ptr)) })}, nil
}

// Summary is what is stored of a tenant or a customer, summed up.
type Summary struct {
	Customers, Sessions, ResolvedSessions uint64
	Turns, AnsweredTurns, ResolvedTurns   uint64
	MeanConfidence                        float64 // 0 to 1; 0 if nobody gave one.
	MeanRating                            float64 // 1 to 5; 0 if nobody rated.
	ResolutionRatePercent                 float64
	SessionResolutionRatePercent          float64
	TurnsPerSession                       float64
}

func summary(from *C.confidant_summary) Summary {
	return Summary{
		Customers:                    uint64(from.customers),
		Sessions:                     uint64(from.sessions),
		ResolvedSessions:             uint64(from.resolved_sessions),
		Turns:                        uint64(from.turns),
		AnsweredTurns:                uint64(from.answered_turns),
		ResolvedTurns:                uint64(from.resolved_turns),
		MeanConfidence:               float64(from.mean_confidence),
		MeanRating:                   float64(from.mean_rating),
		ResolutionRatePercent:        float64(from.resolution_rate_percent),
		SessionResolutionRatePercent: float64(from.session_resolution_rate_percent),
		TurnsPerSession:              float64(from.turns_per_session),
	}
}

func newSummary() C.confidant_summary {
	return C.confidant_summary{struct_size: C.sizeof_confidant_summary}
}

// Analytics sums up all stored turns and sessions of a tenant; an empty tenant is "default".
func (s *Store) Analytics(ctx context.Context, tenant string) (Summary, error) {
	out := newSummary()
	err := s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_summarize(store, given(tenant), &out, err)
	})
	runtime.KeepAlive(tenant)
	return summary(&out), err
}

// Flush saves every turn that waits.
func (s *Store) Flush(ctx context.Context) error {
	return s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_flush(store, err)
	})
}

// Report is what Check found.
type Report struct {
	Turns              uint64
	Findings, Warnings []string // Lines of damage, and warnings to the operator.
}

// Check reads everything that is stored and lists what is damaged.
func (s *Store) Check(ctx context.Context) (Report, error) {
	var out *C.confidant_check_report
	err := s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_check(store, &out, err)
	})
	if err != nil {
		return Report{}, err
	}
	defer C.confidant_check_report_free(out)
	sums := C.confidant_check_sums{struct_size: C.sizeof_confidant_check_sums}
	var from *C.confidant_error
	if status := C.confidant_check_report_read(out, &sums, &from); status != C.CONFIDANT_OK {
		return Report{}, failed(status, from)
	}
	report := Report{Turns: uint64(sums.turns)}
	for i := C.size_t(0); i < C.size_t(sums.findings); i++ {
		report.Findings = append(report.Findings, view(C.confidant_check_report_finding(out, i)))
	}
	for i := C.size_t(0); i < C.size_t(sums.warnings); i++ {
		report.Warnings = append(report.Warnings, view(C.confidant_check_report_warning(out, i)))
	}
	return report, nil
}

func millis(at time.Time) C.int64_t { return C.int64_t(at.UnixMilli()) }
func fromMillis(at int64) time.Time { return time.UnixMilli(at).UTC() }
func optional(at int64, is bool) time.Time {
	if !is {
		return time.Time{}
	}
	return fromMillis(at)
}
