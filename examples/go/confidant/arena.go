package confidant

// #include "bridge.h"
// #include <stdlib.h>
// #include <string.h>
import "C"

import "unsafe"

// arena is C memory for what a call is given: structs that hold texts, which Go may not point to from C.
type arena struct{ blocks []unsafe.Pointer }

func (a *arena) free() {
	for _, block := range a.blocks {
		C.free(block)
	}
}

func (a *arena) alloc(count, size uintptr) unsafe.Pointer {
	block := C.malloc(C.size_t(count*size + 1)) // Never nil: Go sees to that.
	C.memset(block, 0, C.size_t(count*size+1))
	a.blocks = append(a.blocks, block)
	return block
}

// many gives room for values of C, all zero.
func many[T any](a *arena, count int) []T {
	var one T
	return unsafe.Slice((*T)(a.alloc(uintptr(count), unsafe.Sizeof(one))), count)
}

// first is where an array for C begins; nil if it is empty.
func first[T any](of []T) *T {
	if len(of) == 0 {
		return nil
	}
	return &of[0]
}

func (a *arena) text(from string) C.confidant_str {
	room := many[byte](a, len(from)+1)
	copy(room, from)
	return C.confidant_str{ptr: (*C.char)(unsafe.Pointer(&room[0])), len: C.size_t(len(from))}
}

// ifGiven is a text that is missing if it is empty.
func (a *arena) ifGiven(from string) C.confidant_str {
	if from == "" {
		return C.confidant_str{}
	}
	return a.text(from)
}

func (a *arena) texts(from []string) []C.confidant_str {
	texts := many[C.confidant_str](a, len(from))
	for i, one := range from {
		texts[i] = a.text(one)
	}
	return texts
}
