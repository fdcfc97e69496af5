package confidant

// #include "bridge.h"
import "C"

import (
	"errors"
	"runtime"
	"sync"
	"unsafe"
)

// errClosed is what a method of a closed handle returns.
var errClosed = &Error{Status: Closed, Message: "the handle was closed"}

// handle owns a pointer of the library. It is freed once: by close, or by the garbage collector if
// nobody closes it; but never under a call that uses it.
type handle struct {
	mu     sync.Mutex
	ptr    unsafe.Pointer
	users  int
	closed bool
	free   func(unsafe.Pointer)
}

func own(ptr unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	h := &handle{ptr: ptr, free: free}
	runtime.SetFinalizer(h, (*handle).close)
	return h
}

// acquire gives the pointer until release.
func (h *handle) acquire() (unsafe.Pointer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed
	}
	h.users++
	return h.ptr, nil
}

func (h *handle) release() {
	h.mu.Lock()
	h.users--
	h.unlock()
}

// close frees the pointer now, or when the last call that uses it returns. Safe to call again, and
// from within a callback.
func (h *handle) close() {
	h.mu.Lock()
	h.closed = true
	h.unlock()
}

func (h *handle) unlock() {
	var last unsafe.Pointer
	if h.closed && h.users == 0 && h.ptr != nil {
		last, h.ptr = h.ptr, nil
		runtime.SetFinalizer(h, nil)
	}
	h.mu.Unlock()
	if last != nil {
		h.free(last) // Not under the lock: it may run a destructor of the host.
	}
}

// Status says for programs how a call failed. It is an error, for errors.Is.
type Status int32

// The statuses; the numbers are those of confidant.h.
const (
	InvalidArgument Status = iota + 1
	NotFound
	Conflict
	Closed
	Busy
	Limit
	LLM
	Embedding
	Cancelled
	Key
	Corrupt
	FormatTooNew
	StoreFailed
	IO
	Unsupported
	Internal
	Budget
)

func (s Status) Error() string { return view(C.confidant_status_name(C.confidant_status(s))) }

// Error is why a call failed: errors.Is(err, confidant.NotFound) asks for the status, errors.As for
// the rest, and errors.Is(err, context.Canceled) holds for calls that their context ended.
type Error struct {
	Status    Status
	Message   string // What was tried, on what, and why not; never what a customer said.
	Detail    string // What the database, the operating system or the server said, for a log.
	Failure   int32  // Why the language model failed, one of CONFIDANT_LLM_*.
	Retryable bool   // Whether the same call may succeed later.
	cause     error
}

func (e *Error) Error() string { return "confidant: " + e.Message }

// Is says whether target is the error's status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap gives what a callback or the context said, if it made the call fail.
func (e *Error) Unwrap() error { return e.cause }

// IsRetryable says whether the same call may succeed later without any change.
func IsRetryable(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Retryable
}

// failed takes over what a C function gave; nil for success.
func failed(status C.confidant_status, from *C.confidant_error) error {
	if status == C.CONFIDANT_OK {
		return nil
	}
	defer C.confidant_error_free(from)
	err := read(from)
	err.Status = Status(status)
	return err
}

func read(from *C.confidant_error) *Error {
	return &Error{
		Status:    Status(C.confidant_error_status(from)),
		Message:   view(C.confidant_error_message(from)),
		Detail:    view(C.confidant_error_detail(from)),
		Failure:   int32(C.confidant_error_llm_failure(from)),
		Retryable: C.confidant_error_is_retryable(from) != 0,
	}
}

// view copies a text of the library.
func view(from C.confidant_str) string {
	if from.ptr == nil {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(from.ptr)), int(from.len)))
}

// given is a text for the library, that lives as long as the string does: call runtime.KeepAlive.
func given(from string) C.confidant_str {
	if len(from) == 0 {
		return C.confidant_str{ptr: (*C.char)(unsafe.Pointer(&empty[0]))}
	}
	// unsafe.StringData is not there before Go 1.20.
	return C.confidant_str{ptr: *(**C.char)(unsafe.Pointer(&from)), len: C.size_t(len(from))}
}

var empty [1]byte

// ifGiven is a text that is missing if it is empty, unless isGiven.
func ifGiven(from string, isGiven bool) C.confidant_str {
	if from == "" && !isGiven {
		return C.confidant_str{}
	}
	return given(from)
}

func flag(is bool) C.confidant_flag {
	if is {
		return 1
	}
	return 0
}
