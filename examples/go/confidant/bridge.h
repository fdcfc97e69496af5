// What Go cannot say to C: structs that hold Go's strings only during a call, and callbacks with a Go handle behind them.

#ifndef CONFIDANT_GO_BRIDGE_H
#define CONFIDANT_GO_BRIDGE_H

#include "confidant.h"

#include <stdbool.h>

// Structs come by value: Go may pass pointers to its strings, but not pointers to structs that hold such pointers.
confidant_status bridge_memory_save(const confidant_memory *, confidant_new_turn, uint64_t *id, confidant_error **);
confidant_status bridge_memory_answer(const confidant_memory *, uint64_t turn, confidant_new_answer, confidant_error **);
confidant_status bridge_session_save(const confidant_session *, confidant_new_turn, uint64_t *id, confidant_error **);
confidant_status bridge_session_answer(const confidant_session *, uint64_t turn, confidant_new_answer,
                                       confidant_error **);
confidant_status bridge_agent_new(const confidant_store *, confidant_agent_options, confidant_agent **, confidant_error **);

// `model`, `clock` and `call` are runtime/cgo handles.
confidant_status bridge_llm_new(uintptr_t model, confidant_str name, bool is_free, confidant_llm **, confidant_error **);
confidant_status bridge_set_clock(confidant_config *, uintptr_t clock, confidant_error **);
// Answers; the model's callback is told `call`, if it runs on this thread. With `is_shown` the reply goes to Go, too.
confidant_status bridge_respond(const confidant_agent *, const confidant_session *, confidant_message, uintptr_t call,
                                bool is_shown, confidant_reply **, confidant_error **);

// `embedder` is a runtime/cgo handle; its callback is told `call`, if it runs on the thread of such a call.
confidant_status bridge_embedder_new(uintptr_t embedder, confidant_str name, size_t dimensions, confidant_embedder **,
                                     confidant_error **);
confidant_status bridge_collection_search(const confidant_collection *, confidant_str question, size_t limit,
                                          const confidant_condition *, size_t count, uintptr_t call,
                                          confidant_documents **, confidant_error **);
confidant_status bridge_collection_embed(const confidant_collection *, size_t limit, uintptr_t call, confidant_embedded *,
                                         confidant_error **);
// With `is_counted` the tokens are counted by the Go function of `call`.
confidant_status bridge_assemble(const confidant_memory *, const confidant_context_request *, uintptr_t call,
                                 bool is_counted, confidant_assembled **, confidant_error **);

#endif
