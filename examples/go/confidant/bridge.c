#include "bridge.h"

#include "_cgo_export.h"

confidant_status bridge_memory_save(const confidant_memory *memory, confidant_new_turn turn, uint64_t *id,
                                    confidant_error **err)
{
    return confidant_memory_save_turn(memory, &turn, id, err);
}

confidant_status bridge_memory_answer(const confidant_memory *memory, uint64_t turn, confidant_new_answer answer,
                                      confidant_error **err)
{
    return confidant_memory_answer(memory, turn, &answer, err);
}

confidant_status bridge_session_save(const confidant_session *session, confidant_new_turn turn, uint64_t *id,
                                     confidant_error **err)
{
    return confidant_session_save_turn(session, &turn, id, err);
}

confidant_status bridge_session_answer(const confidant_session *session, uint64_t turn, confidant_new_answer answer,
                                       confidant_error **err)
{
    return confidant_session_answer(session, turn, &answer, err);
}

confidant_status bridge_agent_new(const confidant_store *store, confidant_agent_options options, confidant_agent **out,
                                  confidant_error **err)
{
    return confidant_agent_new(store, &options, out, err);
}

// The call that this thread is in. Go gives its thread to C for as long as the call lasts.
static _Thread_local uintptr_t current_call;

static confidant_status complete(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    return confidantGoComplete((uintptr_t)user_data, current_call, (void *)request, reply);
}

static void destroy(void *user_data)
{
    confidantGoRelease((uintptr_t)user_data);
}

static int64_t now_ms(void *user_data)
{
    return confidantGoNow((uintptr_t)user_data);
}

static int32_t on_text(void *user_data, confidant_str piece)
{
    return confidantGoText((uintptr_t)user_data, (void *)piece.ptr, piece.len);
}

confidant_status bridge_llm_new(uintptr_t model, confidant_str name, bool is_free, confidant_llm **out,
                                confidant_error **err)
{
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.user_data = (void *)model;
    callbacks.complete = complete;
    callbacks.destroy = destroy;
    callbacks.name = name;
    callbacks.is_free = is_free;
    return confidant_llm_new(&callbacks, out, err);
}

confidant_status bridge_set_clock(confidant_config *config, uintptr_t clock, confidant_error **err)
{
    confidant_clock given = CONFIDANT_CLOCK_INIT;
    given.user_data = (void *)clock;
    given.now_ms = now_ms;
    given.destroy = destroy;
    return confidant_config_set_clock(config, &given, err);
}

confidant_status bridge_respond(const confidant_agent *agent, const confidant_session *session,
                                confidant_message message, uintptr_t call, bool is_shown, confidant_reply **out,
                                confidant_error **err)
{
    confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
    sink.user_data = (void *)call;
    sink.on_text = on_text;
    uintptr_t outer = current_call; // A model may itself ask an agent.
    current_call = call;
    confidant_status status = confidant_agent_respond(agent, session, &message, is_shown ? &sink : NULL, out, err);
    current_call = outer;
    return status;
}

static confidant_status embed(void *user_data, const confidant_str *texts, size_t count, float *vectors)
{
    return confidantGoEmbed((uintptr_t)user_data, current_call, (void *)texts, count, vectors);
}

static size_t count_tokens(void *user_data, confidant_str text)
{
    return confidantGoTokens((uintptr_t)user_data, (void *)text.ptr, text.len);
}

confidant_status bridge_embedder_new(uintptr_t embedder, confidant_str name, size_t dimensions, confidant_embedder **out,
                                     confidant_error **err)
{
    confidant_embedder_callbacks callbacks = CONFIDANT_EMBEDDER_CALLBACKS_INIT;
    callbacks.user_data = (void *)embedder;
    callbacks.embed = embed;
    callbacks.destroy = destroy;
    callbacks.name = name;
    callbacks.dimensions = dimensions;
    return confidant_embedder_new(&callbacks, out, err);
}

confidant_status bridge_collection_search(const confidant_collection *collection, confidant_str question, size_t limit,
                                          const confidant_condition *condition, size_t count, uintptr_t call,
                                          confidant_documents **out, confidant_error **err)
{
    uintptr_t outer = current_call; // An embedder may itself search.
    current_call = call;
    confidant_status status = confidant_collection_search(collection, question, limit, condition, count, out, err);
    current_call = outer;
    return status;
}

confidant_status bridge_collection_embed(const confidant_collection *collection, size_t limit, uintptr_t call,
                                         confidant_embedded *out, confidant_error **err)
{
    uintptr_t outer = current_call;
    current_call = call;
    confidant_status status = confidant_collection_embed(collection, limit, out, err);
    current_call = outer;
    return status;
}

confidant_status bridge_assemble(const confidant_memory *memory, const confidant_context_request *request, uintptr_t call,
                                 bool is_counted, confidant_assembled **out, confidant_error **err)
{
    confidant_token_counter counter = CONFIDANT_TOKEN_COUNTER_INIT;
    counter.user_data = (void *)call;
    counter.count_tokens = count_tokens;
    return confidant_memory_assemble(memory, request, is_counted ? &counter : NULL, out, err);
}
