package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"time"
	"unsafe"
)

// The functions that the library calls, by way of bridge.c.

//export confidantGoComplete
func confidantGoComplete(model, id C.uintptr_t, request, reply unsafe.Pointer) C.int32_t {
	state := &call{ctx: context.Background()} // Another thread than Respond's: no context to give.
	if id != 0 {
		state = cgo.Handle(id).Value().(*call)
	}
	of := cgo.Handle(model).Value().(Model)
	return C.int32_t(complete(of, state, (*C.confidant_llm_request)(request), (*C.confidant_llm_reply)(reply)))
}

//export confidantGoText
func confidantGoText(id C.uintptr_t, ptr unsafe.Pointer, length C.size_t) C.int32_t {
	piece := string(unsafe.Slice((*byte)(ptr), int(length)))
	return cgo.Handle(id).Value().(*call).show(piece)
}

//export confidantGoEmbed
func confidantGoEmbed(embedder, id C.uintptr_t, texts unsafe.Pointer, count C.size_t, vectors *C.float) C.int32_t {
	state := &call{ctx: context.Background()} // Another thread than the call's: no context to give.
	if id != 0 {
		state = cgo.Handle(id).Value().(*call)
	}
	of := cgo.Handle(embedder).Value().(Embedder)
	return C.int32_t(embed(of, state, unsafe.Slice((*C.confidant_str)(texts), int(count)), vectors))
}

//export confidantGoTokens
func confidantGoTokens(id C.uintptr_t, ptr unsafe.Pointer, length C.size_t) C.size_t {
	return cgo.Handle(id).Value().(*call).tokens(string(unsafe.Slice((*byte)(ptr), int(length))))
}

//export confidantGoNow
func confidantGoNow(clock C.uintptr_t) C.int64_t {
	return millis(cgo.Handle(clock).Value().(func() time.Time)())
}

//export confidantGoRelease
func confidantGoRelease(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
