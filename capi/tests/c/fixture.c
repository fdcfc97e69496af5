// See fixture.h.

#include "fixture.h"

struct fixture f;
long fixture_given, fixture_taken_back;
static fixture_case inside;

#define MUST(call) REQUIRE((call) == CONFIDANT_OK)

static void take_back(void *user_data)
{
    (void)user_data;
    __atomic_add_fetch(&fixture_taken_back, 1, __ATOMIC_SEQ_CST);
}

static int64_t now_ms(void *user_data)
{
    (void)user_data;
    return 1795253400000;
}

static int32_t on_text(void *user_data, confidant_str piece)
{
    (void)user_data;
    return piece.len > 1000000;
}

static confidant_status complete(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    (void)user_data;
    REQUIRE(confidant_llm_reply_append(reply, TEXT("An answer. "), NULL) == CONFIDANT_OK);
    if (inside != NULL) {
        f.request = request;
        f.llm_reply = reply;
        inside();
        f.request = NULL;
        f.llm_reply = NULL;
    }
    return CONFIDANT_OK;
}

confidant_clock fixture_clock(void)
{
    confidant_clock clock = CONFIDANT_CLOCK_INIT;
    clock.now_ms = now_ms;
    clock.destroy = take_back;
    fixture_given++;
    return clock;
}

confidant_llm_callbacks fixture_callbacks(void)
{
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.complete = complete;
    callbacks.destroy = take_back;
    callbacks.name = TEXT("host");
    callbacks.is_free = 1;
    fixture_given++;
    return callbacks;
}

confidant_text_sink fixture_sink(void)
{
    confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
    sink.on_text = on_text;
    sink.destroy = take_back;
    fixture_given++;
    return sink;
}

static confidant_status embed(void *user_data, const confidant_str *texts, size_t count, float *vectors)
{
    (void)user_data;
    for (size_t at = 0; at < count; at++) {
        vectors[2 * at] = 1;
        vectors[2 * at + 1] = (float)texts[at].len;
    }
    return CONFIDANT_OK;
}

confidant_embedder_callbacks fixture_embedder(void)
{
    confidant_embedder_callbacks callbacks = CONFIDANT_EMBEDDER_CALLBACKS_INIT;
    callbacks.embed = embed;
    callbacks.destroy = take_back;
    callbacks.name = TEXT("lengths-1");
    callbacks.dimensions = 2;
    fixture_given++;
    return callbacks;
}

static size_t count_tokens(void *user_data, confidant_str text)
{
    (void)user_data;
    return text.len / 4;
}

confidant_token_counter fixture_counter(void)
{
    confidant_token_counter counter = CONFIDANT_TOKEN_COUNTER_INIT;
    counter.count_tokens = count_tokens;
    counter.destroy = take_back;
    fixture_given++;
    return counter;
}

void fixture_open(const char *folder)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/safety.db", folder);
    f.path = path;
    confidant_config *config = NULL;
    MUST(confidant_config_new(&config, NULL));
    MUST(confidant_config_set_durability(config, CONFIDANT_DURABILITY_PROCESS_CRASH, NULL));
    MUST(confidant_store_open(confidant_str_from(path), config, &f.memory, NULL));
    confidant_config_free(config);
}

void fixture_close(void)
{
    confidant_store_close(f.memory);
    f.memory = NULL;
}

void fixture_setup(void)
{
    MUST(confidant_config_new(&f.config, NULL));
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("alice"), &f.customer, NULL));
    MUST(confidant_session_open(f.customer, CONFIDANT_CHANNEL_CHAT, &f.session, NULL));
    f.session_id = confidant_session_id(f.session);
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    turn.said = TEXT("Could you please help me with my invoice? Thank you.");
    MUST(confidant_session_save_turn(f.session, &turn, &f.turn_id, NULL));
    MUST(confidant_memory_load_context(f.customer, &f.context, NULL));
    MUST(confidant_memory_turns(f.customer, 0, 10, &f.turns, NULL));
    MUST(confidant_memory_sessions(f.customer, 0, 10, &f.sessions, NULL));
    MUST(confidant_memory_preferences(f.customer, &f.preferences, NULL));
    MUST(confidant_extractor_new(NULL, &f.extractor, NULL));
    MUST(confidant_extractor_learn_turns(f.extractor, f.turns, NULL));
    MUST(confidant_extractor_state(f.extractor, &f.state, NULL));
    confidant_str piece = TEXT("A scripted answer.");
    confidant_scripted_reply scripted = CONFIDANT_SCRIPTED_REPLY_INIT;
    scripted.pieces = &piece;
    scripted.piece_count = 1;
    MUST(confidant_llm_scripted(&scripted, 1, &f.scripted, NULL));
    confidant_ollama_options ollama = CONFIDANT_OLLAMA_OPTIONS_INIT;
    ollama.model = TEXT("none");
    ollama.base_url = TEXT("http://127.0.0.1:9");
    ollama.has_max_retries = 1;
    MUST(confidant_llm_ollama(&ollama, &f.ollama, NULL));
    confidant_llm_callbacks callbacks = fixture_callbacks();
    MUST(confidant_llm_new(&callbacks, &f.host, NULL));
    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    options.llm = f.host;
    MUST(confidant_agent_new(f.memory, &options, &f.agent, NULL));
    confidant_message message = CONFIDANT_MESSAGE_INIT;
    message.text = TEXT("Where is it?");
    MUST(confidant_agent_respond(f.agent, f.session, &message, NULL, &f.reply, NULL));
    MUST(confidant_store_check(f.memory, &f.report, NULL));
    REQUIRE(confidant_memory_turn(f.customer, 0, &(confidant_turns *){ NULL }, &f.error) != CONFIDANT_OK);
    confidant_id id;
    MUST(confidant_turn_id_format(f.turn_id, &id, NULL));
    memcpy(f.turn_text, id.text, sizeof id.text);
    MUST(confidant_session_id_format(f.session_id, &id, NULL));
    memcpy(f.session_text, id.text, sizeof id.text);
}

static void need_collection(void)
{
    confidant_embedder_callbacks callbacks = fixture_embedder();
    MUST(confidant_embedder_new(&callbacks, &f.embedder, NULL));
    confidant_collection *plain = NULL;
    MUST(confidant_collection_open(f.memory, TEXT("acme"), TEXT("notes"), &plain, NULL));
    confidant_new_document refunds = CONFIDANT_NEW_DOCUMENT_INIT;
    refunds.key = TEXT("refunds");
    refunds.title = TEXT("Refunds");
    refunds.text = TEXT("Money comes back in five days.");
    refunds.metadata = TEXT("{\"shop\":\"Graz\"}");
    MUST(confidant_collection_put(plain, &refunds, 1, NULL));
    MUST(confidant_collection_with_embedder(plain, f.embedder, &f.collection, NULL));
    confidant_collection_free(plain);
    confidant_embedded done = CONFIDANT_EMBEDDED_INIT;
    MUST(confidant_collection_embed(f.collection, 100, &done, NULL));
    REQUIRE(done.left == 0);
    MUST(confidant_collection_search(f.collection, TEXT("money"), 5, NULL, 0, &f.documents, NULL));
    REQUIRE(confidant_documents_count(f.documents) > 0);
}

static void need_context(void)
{
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = TEXT("the invoice");
    MUST(confidant_memory_recall(f.customer, &query, &f.recalled, NULL));
    REQUIRE(confidant_recalled_at(f.recalled, 0)->match_count > 0);
    confidant_context_request request = CONFIDANT_CONTEXT_REQUEST_INIT;
    request.question = TEXT("the invoice");
    request.max_tokens = 500;
    MUST(confidant_memory_assemble(f.customer, &request, NULL, &f.assembled, NULL));
    REQUIRE(confidant_assembled_read(f.assembled)->recent_count > 0);
}

static void need_reading(void)
{
    confidant_str message = TEXT("My order number is 10-2231 and the invoice is wrong! Mail al@example.com.");
    MUST(confidant_signal_rules_new(NULL, &f.rules, NULL));
    MUST(confidant_signals_analyze(message, NULL, &f.signals, NULL));
    REQUIRE(confidant_signals_entity(f.signals, 0) != NULL && confidant_signals_cue(f.signals, 0, 0) != NULL);
    MUST(confidant_text_redact(message, &f.redacted, NULL));
    MUST(confidant_text_normalize(message, &f.normalized, NULL));
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    turn.said = message;
    MUST(confidant_session_save_turn(f.session, &turn, NULL, NULL));
    MUST(confidant_memory_given(f.customer, &f.given, NULL));
    MUST(confidant_given_asked_again(f.given, TEXT("What is your order number?"), &f.asked, NULL));
    REQUIRE(confidant_asked_again_at(f.asked, 0)->fact->value.len > 0);
}

static void need_figures(void)
{
    MUST(confidant_memory_report(f.customer, NULL, &f.figures, NULL));
    confidant_health_limits limits = CONFIDANT_HEALTH_LIMITS_INIT;
    limits.has_min_cases = 1;
    limits.has_min_session_resolution_rate = 1;
    limits.min_session_resolution_rate = 2;
    MUST(confidant_analytics_report_health(f.figures, &limits, &f.health, NULL));
    REQUIRE(confidant_health_breach(f.health, 0) != NULL);
}

void fixture_need(const void *handle)
{
    if (*(void *const *)handle != NULL) return;
    if (handle == &f.recalled || handle == &f.assembled) need_context();
    else if (handle == &f.figures || handle == &f.health) need_figures();
    else if (handle == &f.collection || handle == &f.embedder || handle == &f.documents) need_collection();
    else need_reading();
    REQUIRE(*(void *const *)handle != NULL);
}

void fixture_teardown(void)
{
    confidant_recalled_free(f.recalled);
    confidant_given_free(f.given);
    confidant_asked_again_free(f.asked);
    confidant_signal_rules_free(f.rules);
    confidant_signals_free(f.signals);
    confidant_redacted_free(f.redacted);
    confidant_normalized_free(f.normalized);
    confidant_embedder_free(f.embedder);
    confidant_collection_free(f.collection);
    confidant_documents_free(f.documents);
    confidant_assembled_free(f.assembled);
    confidant_analytics_report_free(f.figures);
    confidant_health_free(f.health);
    confidant_config_free(f.config);
    confidant_session_free(f.session);
    confidant_context_free(f.context);
    confidant_turns_free(f.turns);
    confidant_sessions_free(f.sessions);
    confidant_preferences_free(f.preferences);
    confidant_extractor_free(f.extractor);
    confidant_llm_free(f.scripted);
    confidant_llm_free(f.ollama);
    confidant_llm_free(f.host);
    confidant_agent_free(f.agent);
    confidant_reply_free(f.reply);
    confidant_check_report_free(f.report);
    confidant_error_free(f.error);
    confidant_names_free(f.names);
    confidant_error_free(f.err);
    MUST(confidant_memory_clear(f.customer, NULL, NULL));
    confidant_memory_free(f.customer);
    struct fixture empty = { .memory = f.memory, .path = f.path };
    f = empty;
}

void fixture_inside(fixture_case what)
{
    confidant_memory *other = NULL;
    confidant_session *session = NULL;
    confidant_reply *reply = NULL;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("inside"), &other, NULL));
    MUST(confidant_session_open(other, CONFIDANT_CHANNEL_CHAT, &session, NULL));
    confidant_message message = CONFIDANT_MESSAGE_INIT;
    message.text = TEXT("Begin.");
    inside = what;
    confidant_status status = confidant_agent_respond(f.agent, session, &message, NULL, &reply, NULL);
    inside = NULL;
    REQUIRE(status != CONFIDANT_ERR_INVALID_ARGUMENT && status != CONFIDANT_ERR_INTERNAL);
    confidant_reply_free(reply);
    confidant_session_free(session);
    MUST(confidant_memory_clear(other, NULL, NULL));
    confidant_memory_free(other);
}
