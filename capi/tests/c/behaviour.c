// What C hosts may rely on when handles, threads and callbacks meet: freeing in every order, one handle from many
// threads, callbacks that fail, call back, run long or never answer.
//
//   behaviour FOLDER [WHAT]    runs everything, or one of: orders threads callbacks

#include "fixture.h"

#include <math.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define MUST(call) REQUIRE((call) == CONFIDANT_OK)

// ---- Freeing in every order ----

enum {
    STORE, CUSTOMER, SESSION, CONTEXT, TURNS, PREFERENCES, LLM, AGENT, REPLY, EXTRACTOR, SESSIONS, REPORT, RECALLED, EMBEDDER,
    COLLECTION, DOCUMENTS, GIVEN, ASKED, RULES, SIGNALS, REDACTED, NORMALIZED, ASSEMBLED, FIGURES, HEALTH, KINDS
};

struct handles {
    void *at[KINDS];
};

static void make_later_handles(struct handles *made, const confidant_store *store, const confidant_memory *customer)
{
    confidant_str said = TEXT("My order number is 10-2231, my mail al@example.com. Could you please help?");
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = TEXT("help");
    query.has_channel = 1;
    query.has_from = 1;
    MUST(confidant_memory_recall(customer, &query, (confidant_recalled **)&made->at[RECALLED], NULL));
    confidant_embedder_callbacks callbacks = fixture_embedder();
    MUST(confidant_embedder_new(&callbacks, (confidant_embedder **)&made->at[EMBEDDER], NULL));
    confidant_collection *base = NULL;
    MUST(confidant_knowledge_open(store, TEXT("acme"), &base, NULL));
    confidant_new_document article = CONFIDANT_NEW_DOCUMENT_INIT;
    confidant_str tags[] = { TEXT("money"), TEXT("refund") };
    article.key = TEXT("kb-1");
    article.title = TEXT("Refunds");
    article.text = TEXT("Money comes back in five days.");
    article.category = TEXT("billing");
    article.tags = tags;
    article.tag_count = 2;
    MUST(confidant_collection_put(base, &article, 1, NULL));
    MUST(confidant_collection_with_embedder(base, made->at[EMBEDDER], (confidant_collection **)&made->at[COLLECTION], NULL));
    confidant_collection_free(base);
    confidant_condition steps[3];
    for (int at = 0; at < 3; at++) steps[at] = (confidant_condition)CONFIDANT_CONDITION_INIT;
    steps[0].name = TEXT("category");
    steps[0].value = TEXT("\"billing\"");
    steps[1].name = TEXT("tags");
    steps[1].value = TEXT("\"refund\"");
    steps[2].step = CONFIDANT_CONDITION_AND;
    MUST(confidant_collection_search(made->at[COLLECTION], TEXT("refund"), 3, steps, 3,
                                     (confidant_documents **)&made->at[DOCUMENTS], NULL));
    MUST(confidant_memory_given(customer, (confidant_given **)&made->at[GIVEN], NULL));
    MUST(confidant_given_asked_again(made->at[GIVEN], TEXT("What is your order number?"),
                                     (confidant_asked_again **)&made->at[ASKED], NULL));
    confidant_str words[] = { TEXT("meh") }, shapes[] = { TEXT("##-####") }, products[] = { TEXT("Acme Box") };
    double values[] = { -2 };
    confidant_signal_rules_options options = CONFIDANT_SIGNAL_RULES_OPTIONS_INIT;
    options.words = words;
    options.word_values = values;
    options.order_ids = shapes;
    options.products = products;
    options.word_count = options.order_id_count = options.product_count = 1;
    MUST(confidant_signal_rules_new(&options, (confidant_signal_rules **)&made->at[RULES], NULL));
    confidant_signal_context context = CONFIDANT_SIGNAL_CONTEXT_INIT;
    context.rules = made->at[RULES];
    MUST(confidant_signals_analyze(said, &context, (confidant_signals **)&made->at[SIGNALS], NULL));
    MUST(confidant_text_redact(said, (confidant_redacted **)&made->at[REDACTED], NULL));
    MUST(confidant_text_normalize(TEXT("sooooo bad"), (confidant_normalized **)&made->at[NORMALIZED], NULL));
    confidant_context_request request = CONFIDANT_CONTEXT_REQUEST_INIT;
    confidant_pair passage = { TEXT("Refunds"), TEXT("Money comes back in five days.") };
    request.question = TEXT("refund");
    request.max_tokens = 500;
    request.passages = &passage;
    request.passage_count = 1;
    confidant_token_counter counter = fixture_counter();
    MUST(confidant_memory_assemble(customer, &request, &counter, (confidant_assembled **)&made->at[ASSEMBLED], NULL));
    confidant_range range = CONFIDANT_RANGE_INIT;
    range.to_ms = INT64_MAX;
    MUST(confidant_store_report(store, TEXT("acme"), &range, (confidant_analytics_report **)&made->at[FIGURES], NULL));
    MUST(confidant_analytics_report_health(made->at[FIGURES], NULL, (confidant_health **)&made->at[HEALTH], NULL));
}

static struct handles make_handles(const char *path)
{
    struct handles made = { { NULL } };
    confidant_config *config = NULL;
    confidant_store *store = NULL;
    MUST(confidant_config_new(&config, NULL));
    MUST(confidant_config_set_durability(config, CONFIDANT_DURABILITY_PROCESS_CRASH, NULL));
    MUST(confidant_store_open(confidant_str_from(path), config, &store, NULL));
    confidant_config_free(config);
    confidant_memory *customer = NULL;
    MUST(confidant_memory_open(store, TEXT("acme"), TEXT("orders"), &customer, NULL));
    confidant_session *session = NULL;
    MUST(confidant_session_open(customer, CONFIDANT_CHANNEL_CHAT, &session, NULL));
    confidant_llm_callbacks callbacks = fixture_callbacks();
    MUST(confidant_llm_new(&callbacks, (confidant_llm **)&made.at[LLM], NULL));
    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    options.llm = made.at[LLM];
    MUST(confidant_agent_new(store, &options, (confidant_agent **)&made.at[AGENT], NULL));
    confidant_message message = CONFIDANT_MESSAGE_INIT;
    message.text = TEXT("My order number is 10-2231. Could you please help?");
    MUST(confidant_agent_respond(made.at[AGENT], session, &message, NULL, (confidant_reply **)&made.at[REPLY], NULL));
    MUST(confidant_memory_load_context(customer, (confidant_context **)&made.at[CONTEXT], NULL));
    MUST(confidant_memory_turns(customer, 0, 10, (confidant_turns **)&made.at[TURNS], NULL));
    MUST(confidant_memory_preferences(customer, (confidant_preferences **)&made.at[PREFERENCES], NULL));
    MUST(confidant_memory_sessions(customer, 0, 10, (confidant_sessions **)&made.at[SESSIONS], NULL));
    MUST(confidant_extractor_new(NULL, (confidant_extractor **)&made.at[EXTRACTOR], NULL));
    MUST(confidant_store_check(store, (confidant_check_report **)&made.at[REPORT], NULL));
    make_later_handles(&made, store, customer);
    made.at[STORE] = store;
    made.at[CUSTOMER] = customer;
    made.at[SESSION] = session;
    return made;
}

// What was spoken stands first in the flat buffer, each text followed by a zero byte.
static void check_flat(const confidant_context *context)
{
    confidant_bytes flat;
    uint32_t head[8], record[20];
    MUST(confidant_context_flat(context, &flat, NULL));
    memcpy(head, flat.ptr, sizeof head);
    size_t place = 32 + (size_t)head[1] * head[4], end = place + head[5];
    REQUIRE(head[1] == sizeof record && head[4] == confidant_context_count(context));
    for (size_t at = 0; at < head[4]; at++) {
        memcpy(record, flat.ptr + 32 + at * sizeof record, sizeof record);
        for (int half = 0; half < 2; half++) {
            size_t length = record[13 + 2 * half];
            REQUIRE(record[12 + 2 * half] == place && flat.ptr[place + length] == 0);
            place += length + 1;
        }
        for (int other = 2; other < 4; other++) REQUIRE(flat.ptr[record[12 + 2 * other] + record[13 + 2 * other]] == 0);
        REQUIRE(memcmp(flat.ptr + record[12], confidant_context_turn(context, at)->said.ptr, record[13]) == 0);
    }
    REQUIRE(place == end && end <= flat.len);
    size_t count = 1;
    const char *turn = (const char *)confidant_context_turns(context, &count);
    REQUIRE(count == head[4] && confidant_context_turns(context, NULL) == (const void *)turn);
    for (size_t at = 0; at < count; at++, turn += ((const confidant_turn *)turn)->struct_size) {
        REQUIRE((const confidant_turn *)turn == confidant_context_turn(context, at));
    }
}

static void use_later(const struct handles *left)
{
    if (left->at[RECALLED] != NULL) {
        const confidant_recalled_turn *best = confidant_recalled_at(left->at[RECALLED], 0);
        REQUIRE(best->turn->said.len > 0 && best->match_count > 0);
        REQUIRE(confidant_recalled_match(left->at[RECALLED], 0, 0)->asked.len == 4);
    }
    if (left->at[EMBEDDER] != NULL) REQUIRE(confidant_embedder_dimensions(left->at[EMBEDDER]) == 2);
    if (left->at[COLLECTION] != NULL) {
        uint64_t count = 0;
        confidant_documents *found = NULL;
        confidant_embedded done = CONFIDANT_EMBEDDED_INIT;
        MUST(confidant_collection_count(left->at[COLLECTION], &count, NULL));
        MUST(confidant_collection_embed(left->at[COLLECTION], 10, &done, NULL));
        MUST(confidant_collection_search(left->at[COLLECTION], TEXT("money"), 1, NULL, 0, &found, NULL));
        REQUIRE(count == 1 && done.left == 0 && confidant_documents_model(found).len == 9);
        confidant_documents_free(found);
    }
    if (left->at[DOCUMENTS] != NULL) {
        const confidant_document *article = confidant_documents_at(left->at[DOCUMENTS], 0);
        REQUIRE(article->tag_count == 2 && article->tags[1].len == 6 && article->category.len == 7 && article->passage.len > 0);
    }
    if (left->at[GIVEN] != NULL) REQUIRE(confidant_given_newest(left->at[GIVEN], CONFIDANT_ENTITY_ORDER_ID)->value.len == 7);
    if (left->at[ASKED] != NULL) REQUIRE(confidant_asked_again_at(left->at[ASKED], 0)->fact->value.len == 7);
    if (left->at[RULES] != NULL) REQUIRE(confidant_signal_rules_version(left->at[RULES]).len > 0);
    if (left->at[SIGNALS] != NULL) {
        REQUIRE(confidant_signals_read(left->at[SIGNALS])->entity_count == 2);
        REQUIRE(confidant_signals_entity(left->at[SIGNALS], 0)->rule.len > 0);
    }
    if (left->at[REDACTED] != NULL) REQUIRE(confidant_redacted_at(left->at[REDACTED], 0)->kind == CONFIDANT_SENSITIVE_EMAIL);
    if (left->at[NORMALIZED] != NULL) {
        uint64_t start = 0, end = 3;
        MUST(confidant_normalized_original(left->at[NORMALIZED], &start, &end, NULL));
        REQUIRE(start == 0 && end == 6 && confidant_normalized_text(left->at[NORMALIZED]).len == 7);
    }
    if (left->at[ASSEMBLED] != NULL) {
        const confidant_assembled_content *content = confidant_assembled_read(left->at[ASSEMBLED]);
        REQUIRE(content->passage_count == 1 && content->tokens == content->text.len / 4);
        REQUIRE(confidant_assembled_recent(left->at[ASSEMBLED], 0)->said.len > 0);
    }
    if (left->at[FIGURES] != NULL) {
        REQUIRE(confidant_analytics_report_day(left->at[FIGURES], 0)->day.len == 10);
        double metric = -1;
        confidant_flag is_known = 0;
        size_t names = 0;
        for (confidant_str name; (name = confidant_analytics_report_metric_name(names)).ptr != NULL; names++) {
            MUST(confidant_analytics_report_metric(left->at[FIGURES], name, &metric, &is_known, NULL));
        }
        REQUIRE(names > 20);
        MUST(confidant_analytics_report_metric(left->at[FIGURES], TEXT("turns"), &metric, &is_known, NULL));
        REQUIRE(is_known && metric == (double)confidant_analytics_report_totals(left->at[FIGURES])->turns);
        REQUIRE(confidant_analytics_report_metric(left->at[FIGURES], TEXT("tuns"), &metric, &is_known, NULL)
                == CONFIDANT_ERR_INVALID_ARGUMENT);
        REQUIRE(confidant_analytics_report_json(left->at[FIGURES]).len > 0);
        REQUIRE(confidant_analytics_report_prometheus(left->at[FIGURES]).len > 0);
    }
    if (left->at[HEALTH] != NULL) REQUIRE(confidant_health_breach(left->at[HEALTH], 99) == NULL);
}

// Uses what is left: each handle must work whatever else is gone.
static void use(const struct handles *left)
{
    if (left->at[CUSTOMER] != NULL) {
        confidant_context *context = NULL;
        MUST(confidant_memory_load_context(left->at[CUSTOMER], &context, NULL));
        REQUIRE(confidant_context_count(context) > 0);
        confidant_context_free(context);
    }
    if (left->at[SESSION] != NULL) {
        confidant_session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
        MUST(confidant_session_metrics(left->at[SESSION], &figures, NULL));
    }
    if (left->at[CONTEXT] != NULL) {
        REQUIRE(confidant_context_turn(left->at[CONTEXT], 0)->said.len > 0);
        check_flat(left->at[CONTEXT]);
    }
    if (left->at[TURNS] != NULL) REQUIRE(confidant_turns_at(left->at[TURNS], 0)->said.len > 0);
    if (left->at[PREFERENCES] != NULL) REQUIRE(confidant_preferences_text(left->at[PREFERENCES]).len > 0);
    if (left->at[LLM] != NULL) REQUIRE(confidant_llm_name(left->at[LLM]).len == 4);
    if (left->at[AGENT] != NULL) REQUIRE(confidant_agent_model(left->at[AGENT]).len == 4);
    if (left->at[REPLY] != NULL) REQUIRE(confidant_reply_read(left->at[REPLY])->text.len > 0);
    if (left->at[EXTRACTOR] != NULL && left->at[TURNS] != NULL) {
        MUST(confidant_extractor_learn_turns(left->at[EXTRACTOR], left->at[TURNS], NULL));
    }
    if (left->at[SESSIONS] != NULL) REQUIRE(confidant_sessions_count(left->at[SESSIONS]) > 0);
    if (left->at[REPORT] != NULL) REQUIRE(confidant_check_report_is_sound(left->at[REPORT]));
    use_later(left);
    if (left->at[STORE] != NULL) MUST(confidant_store_flush(left->at[STORE], NULL));
}

static void free_one(struct handles *handles, int kind)
{
    void *handle = handles->at[kind];
    handles->at[kind] = NULL;
    switch (kind) {
    case STORE: confidant_store_close(handle); break;
    case CUSTOMER: confidant_memory_free(handle); break;
    case SESSION: confidant_session_free(handle); break;
    case CONTEXT: confidant_context_free(handle); break;
    case TURNS: confidant_turns_free(handle); break;
    case PREFERENCES: confidant_preferences_free(handle); break;
    case LLM: confidant_llm_free(handle); break;
    case AGENT: confidant_agent_free(handle); break;
    case REPLY: confidant_reply_free(handle); break;
    case EXTRACTOR: confidant_extractor_free(handle); break;
    case SESSIONS: confidant_sessions_free(handle); break;
    case REPORT: confidant_check_report_free(handle); break;
    case RECALLED: confidant_recalled_free(handle); break;
    case EMBEDDER: confidant_embedder_free(handle); break;
    case COLLECTION: confidant_collection_free(handle); break;
    case DOCUMENTS: confidant_documents_free(handle); break;
    case GIVEN: confidant_given_free(handle); break;
    case ASKED: confidant_asked_again_free(handle); break;
    case RULES: confidant_signal_rules_free(handle); break;
    case SIGNALS: confidant_signals_free(handle); break;
    case REDACTED: confidant_redacted_free(handle); break;
    case NORMALIZED: confidant_normalized_free(handle); break;
    case ASSEMBLED: confidant_assembled_free(handle); break;
    case FIGURES: confidant_analytics_report_free(handle); break;
    default: confidant_health_free(handle); break;
    }
}

// Every order of the five that hold each other, with the others freed in between.
static void orders(const char *path)
{
    static const int chain[] = { STORE, CUSTOMER, SESSION, AGENT, LLM };
    int runs = 0;
    for (int number = 0; number < 120; number++) {
        int left[5] = { 0, 1, 2, 3, 4 }, rest = number;
        struct handles handles = make_handles(path);
        for (int count = 5; count > 0; count--) {
            int chosen = rest % count;
            rest /= count;
            free_one(&handles, chain[left[chosen]]);
            for (int at = chosen; at + 1 < count; at++) left[at] = left[at + 1];
            for (int other = (number + count) % 13; other < KINDS; other += 13) {
                if (handles.at[other] != NULL && other >= CONTEXT && other != LLM && other != AGENT) free_one(&handles, other);
            }
            use(&handles);
        }
        for (int kind = 0; kind < KINDS; kind++) {
            if (handles.at[kind] != NULL) free_one(&handles, kind);
        }
        runs++;
    }
    printf("orders: %d\n", runs);
}

// ---- One handle from many threads ----

enum { THREADS = 6, ROUNDS = 25 };

struct crowd {
    const confidant_store *store;
    const confidant_memory *customer;
    const confidant_session *session;
    const confidant_agent *agent;
    const confidant_context *context;
    const confidant_collection *notes;
    const confidant_signal_rules *rules;
    int number;
};

// One collection, one set of rules, one customer's index from many threads.
static void work_on_later(const struct crowd *own)
{
    char key[32];
    snprintf(key, sizeof key, "note %d", own->number);
    confidant_new_document note = CONFIDANT_NEW_DOCUMENT_INIT;
    note.key = LITERAL(key);
    note.text = TEXT("Look again at the parcel.");
    MUST(confidant_collection_put(own->notes, &note, 1, NULL));
    confidant_embedded done = CONFIDANT_EMBEDDED_INIT;
    MUST(confidant_collection_embed(own->notes, 10, &done, NULL));
    confidant_documents *found = NULL;
    MUST(confidant_collection_search(own->notes, TEXT("the parcel"), 3, NULL, 0, &found, NULL));
    REQUIRE(confidant_documents_count(found) > 0);
    confidant_documents_free(found);
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = TEXT("look again");
    confidant_recalled *recalled = NULL;
    MUST(confidant_memory_recall(own->customer, &query, &recalled, NULL));
    REQUIRE(confidant_recalled_count(recalled) > 0);
    confidant_recalled_free(recalled);
    confidant_signal_context context = CONFIDANT_SIGNAL_CONTEXT_INIT;
    context.rules = own->rules;
    confidant_signals *signals = NULL;
    MUST(confidant_signals_analyze(TEXT("Could you please look again?"), &context, &signals, NULL));
    confidant_signals_free(signals);
    confidant_given *given = NULL;
    MUST(confidant_memory_given(own->customer, &given, NULL));
    confidant_given_free(given);
    confidant_analytics_report *report = NULL;
    MUST(confidant_memory_report(own->customer, NULL, &report, NULL));
    REQUIRE(confidant_analytics_report_json(report).len > 0);
    confidant_analytics_report_free(report);
}

static void *work(void *given)
{
    const struct crowd *own = given;
    for (int round = 0; round < ROUNDS; round++) {
        confidant_error *err = NULL;
        confidant_context *context = NULL;
        MUST(confidant_memory_load_context(own->customer, &context, &err));
        for (size_t at = 0; at < confidant_context_count(context); at++) {
            REQUIRE(confidant_context_turn(context, at)->turn_id != 0);
        }
        confidant_bytes flat;
        MUST(confidant_context_flat(own->context, &flat, NULL));
        confidant_context_free(context);
        confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
        turn.said = TEXT("Could you please look again?");
        uint64_t turn_id = 0;
        MUST(confidant_session_save_turn(own->session, &turn, &turn_id, NULL));
        confidant_new_answer answer = CONFIDANT_NEW_ANSWER_INIT;
        answer.text = TEXT("We did.");
        MUST(confidant_memory_answer(own->customer, turn_id, &answer, NULL));
        if (round % 5 == own->number % 5) {
            confidant_message message = CONFIDANT_MESSAGE_INIT;
            message.text = TEXT("Hello?");
            confidant_reply *reply = NULL;
            MUST(confidant_agent_respond(own->agent, own->session, &message, NULL, &reply, NULL));
            confidant_reply_free(reply);
            confidant_preferences *preferences = NULL;
            MUST(confidant_memory_preferences(own->customer, &preferences, NULL));
            confidant_preferences_free(preferences);
            confidant_memory *again = NULL;
            MUST(confidant_memory_open(own->store, TEXT("acme"), TEXT("crowd"), &again, NULL));
            MUST(confidant_memory_invalidate(again, NULL));
            confidant_memory_free(again);
            work_on_later(own);
        }
        // Errors belong to whoever asked: another thread's failures are not seen here.
        REQUIRE(confidant_memory_answer(own->customer, 0, &answer, &err) == CONFIDANT_ERR_INVALID_ARGUMENT);
        REQUIRE(confidant_error_status(err) == CONFIDANT_ERR_INVALID_ARGUMENT);
        confidant_error_free(err);
    }
    return NULL;
}

static void threads(void)
{
    struct crowd crowd[THREADS];
    pthread_t running[THREADS];
    confidant_memory *customer = NULL;
    confidant_session *session = NULL;
    confidant_agent *agent = NULL;
    confidant_context *context = NULL;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("crowd"), &customer, NULL));
    MUST(confidant_session_open(customer, CONFIDANT_CHANNEL_CHAT, &session, NULL));
    MUST(confidant_agent_new(f.memory, NULL, &agent, NULL));
    MUST(confidant_memory_load_context(customer, &context, NULL));
    confidant_collection *plain = NULL, *notes = NULL;
    confidant_embedder *embedder = NULL;
    confidant_signal_rules *rules = NULL;
    confidant_embedder_callbacks callbacks = fixture_embedder();
    MUST(confidant_embedder_new(&callbacks, &embedder, NULL));
    MUST(confidant_collection_open(f.memory, TEXT("acme"), TEXT("crowd"), &plain, NULL));
    MUST(confidant_collection_with_embedder(plain, embedder, &notes, NULL));
    confidant_embedder_free(embedder);
    confidant_collection_free(plain);
    MUST(confidant_signal_rules_new(NULL, &rules, NULL));
    for (int at = 0; at < THREADS; at++) {
        crowd[at] = (struct crowd){ f.memory, customer, session, agent, context, notes, rules, at };
        REQUIRE(pthread_create(&running[at], NULL, work, &crowd[at]) == 0);
    }
    for (int at = 0; at < THREADS; at++) pthread_join(running[at], NULL);
    confidant_session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
    MUST(confidant_session_metrics(session, &figures, NULL));
    REQUIRE(figures.turns == THREADS * (ROUNDS + ROUNDS / 5));
    confidant_signal_rules_free(rules);
    confidant_collection_free(notes);
    confidant_context_free(context);
    confidant_agent_free(agent);
    confidant_session_free(session);
    confidant_memory_free(customer);
    printf("threads: %d\n", THREADS);
}

// ---- Callbacks ----

// Whether the model that runs long is at it, and whether another thread has saved meanwhile.
static int thinks, meanwhile;

enum behaviour { ANSWERS, RETURNS, SAYS_WHY, SAYS_NOTHING, CALLS_BACK, FREES, RUNS_LONG, NESTS };

struct model {
    enum behaviour behaviour;
    int32_t status;
    confidant_agent **agent;
    confidant_session *session;
    int depth, destroyed;
};

static confidant_status behave(void *user_data, const confidant_llm_request *request, confidant_llm_reply *reply)
{
    struct model *model = user_data;
    REQUIRE(confidant_llm_request_message_count(request) > 0);
    switch (model->behaviour) {
    case RETURNS: return model->status;
    case SAYS_WHY: return confidant_llm_reply_fail(reply, model->status, TEXT("as planned"), NULL);
    case SAYS_NOTHING: return CONFIDANT_OK;
    case CALLS_BACK: {
        confidant_memory *other = NULL;
        confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
        turn.said = TEXT("written from inside");
        MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("back"), &other, NULL));
        MUST(confidant_memory_save_turn(other, &turn, NULL, NULL));
        confidant_maintenance done = CONFIDANT_MAINTENANCE_INIT;
        MUST(confidant_store_maintain(f.memory, &done, NULL));
        confidant_memory_free(other);
        break;
    }
    case FREES:
        // The call keeps what it needs.
        confidant_agent_free(*model->agent);
        *model->agent = NULL;
        confidant_session_free(model->session);
        break;
    case RUNS_LONG: {
        // Goes on only when another thread has saved what it wanted to.
        struct timespec pause = { 0, 10000000 };
        for (int waited = 0; waited < 3000 && !__atomic_load_n(&meanwhile, __ATOMIC_SEQ_CST); waited++) {
            __atomic_store_n(&thinks, 1, __ATOMIC_SEQ_CST);
            nanosleep(&pause, NULL);
        }
        REQUIRE(__atomic_load_n(&meanwhile, __ATOMIC_SEQ_CST));
        break;
    }
    case NESTS:
        if (model->depth++ < 3) {
            confidant_message message = CONFIDANT_MESSAGE_INIT;
            message.text = TEXT("And inside?");
            confidant_reply *inner = NULL;
            MUST(confidant_agent_respond(*model->agent, model->session, &message, NULL, &inner, NULL));
            confidant_reply_free(inner);
        }
        break;
    default: break;
    }
    return confidant_llm_reply_append(reply, TEXT("An answer."), NULL);
}

static void destroyed(void *user_data)
{
    ((struct model *)user_data)->destroyed++;
}

static int32_t stop(void *user_data, confidant_str piece)
{
    (void)piece;
    (*(int *)user_data)++;
    return -1;
}

// One call of an agent whose model behaves so.
static confidant_status ask(struct model *model, const confidant_memory *customer, const confidant_text_sink *sink,
                            int32_t *why)
{
    confidant_llm *llm = NULL;
    confidant_llm_callbacks callbacks = CONFIDANT_LLM_CALLBACKS_INIT;
    callbacks.user_data = model;
    callbacks.complete = behave;
    callbacks.destroy = destroyed;
    callbacks.name = TEXT("planned");
    callbacks.is_free = 1;
    MUST(confidant_llm_new(&callbacks, &llm, NULL));
    confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
    options.llm = llm;
    confidant_agent *agent = NULL;
    MUST(confidant_agent_new(f.memory, &options, &agent, NULL));
    confidant_llm_free(llm);
    confidant_session *session = NULL;
    MUST(confidant_session_open(customer, CONFIDANT_CHANNEL_CHAT, &session, NULL));
    model->agent = &agent;
    model->session = session;
    confidant_message message = CONFIDANT_MESSAGE_INIT;
    message.text = TEXT("Hello?");
    confidant_reply *reply = NULL;
    confidant_error *err = NULL;
    confidant_status status = confidant_agent_respond(agent, session, &message, sink, &reply, &err);
    REQUIRE((reply != NULL) == (status == CONFIDANT_OK));
    if (why != NULL) *why = confidant_error_llm_failure(err);
    confidant_error_free(err);
    confidant_reply_free(reply);
    if (model->behaviour != FREES) {
        REQUIRE(model->destroyed == 0);
        confidant_session_free(session);
        confidant_agent_free(agent);
    }
    REQUIRE(model->destroyed == 1);
    return status;
}

static void *save_meanwhile(void *given)
{
    struct timespec pause = { 0, 10000000 };
    while (!__atomic_load_n(&thinks, __ATOMIC_SEQ_CST)) nanosleep(&pause, NULL);
    for (int at = 0; at < 20; at++) {
        confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
        turn.said = TEXT("saved while a model thinks");
        MUST(confidant_memory_save_turn(given, &turn, NULL, NULL));
    }
    __atomic_store_n(&meanwhile, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

// ---- Embedders and token counters ----

enum embedding { EMBEDS, REFUSES, LEAVES_NAN, EMBEDS_AND_CALLS, EMBEDS_AND_FREES, WAITS };

struct embedding_model {
    enum embedding behaviour;
    confidant_status status;
    confidant_collection **collection;
    int calls, destroyed;
};

// Whether an embedder or a counter waits, and whether it may go on; until then it does not answer.
static int waits, released;

static void wait_for_release(void)
{
    struct timespec pause = { 0, 10000000 };
    __atomic_store_n(&waits, 1, __ATOMIC_SEQ_CST);
    for (int waited = 0; waited < 3000 && !__atomic_load_n(&released, __ATOMIC_SEQ_CST); waited++) nanosleep(&pause, NULL);
    REQUIRE(__atomic_load_n(&released, __ATOMIC_SEQ_CST));
}

static void put_note(const confidant_collection *into, const char *key)
{
    confidant_new_document note = CONFIDANT_NEW_DOCUMENT_INIT;
    note.key = LITERAL(key);
    note.text = LITERAL(key);
    MUST(confidant_collection_put(into, &note, 1, NULL));
}

static confidant_status embeds(void *user_data, const confidant_str *texts, size_t count, float *vectors)
{
    struct embedding_model *model = user_data;
    model->calls++;
    for (size_t at = 0; at < 2 * count; at++) {
        REQUIRE(vectors[at] == 0 && texts[at / 2].len > 0);
        vectors[at] = (float)(at + 1);
    }
    switch (model->behaviour) {
    case REFUSES: return model->status;
    case LEAVES_NAN: vectors[0] = NAN; break;
    case EMBEDS_AND_CALLS: {
        // A document put meanwhile waits for its own vectors.
        confidant_collection *same = NULL;
        confidant_documents *found = NULL;
        MUST(confidant_collection_open(f.memory, TEXT("acme"), TEXT("embedded"), &same, NULL));
        if (model->calls == 1) put_note(same, "put from inside");
        MUST(confidant_collection_search(same, TEXT("inside"), 2, NULL, 0, &found, NULL));
        confidant_documents_free(found);
        confidant_collection_free(same);
        break;
    }
    case EMBEDS_AND_FREES:
        // The call keeps what it needs.
        if (*model->collection != NULL) confidant_collection_free(*model->collection);
        *model->collection = NULL;
        break;
    case WAITS: wait_for_release(); break;
    default: break;
    }
    return CONFIDANT_OK;
}

static void embedding_destroyed(void *user_data)
{
    ((struct embedding_model *)user_data)->destroyed++;
}

// Embeds, and searches once, by an embedder that behaves so; gives the first failure.
static confidant_status embed_by(struct embedding_model *model, uint64_t *left)
{
    confidant_collection *plain = NULL, *notes = NULL;
    confidant_embedder *embedder = NULL;
    confidant_embedder_callbacks callbacks = CONFIDANT_EMBEDDER_CALLBACKS_INIT;
    callbacks.user_data = model;
    callbacks.embed = embeds;
    callbacks.destroy = embedding_destroyed;
    char name[32];
    static int number;
    snprintf(name, sizeof name, "model-%d", number++);
    callbacks.name = LITERAL(name);
    callbacks.dimensions = 2;
    MUST(confidant_embedder_new(&callbacks, &embedder, NULL));
    MUST(confidant_collection_open(f.memory, TEXT("acme"), TEXT("embedded"), &plain, NULL));
    put_note(plain, "a walrus");
    MUST(confidant_collection_with_embedder(plain, embedder, &notes, NULL));
    confidant_embedder_free(embedder);
    confidant_collection_free(plain);
    REQUIRE(model->destroyed == 0);
    model->collection = &notes;
    confidant_embedded done = CONFIDANT_EMBEDDED_INIT;
    confidant_error *err = NULL;
    confidant_status status = confidant_collection_embed(notes, 10, &done, &err);
    REQUIRE((err != NULL) == (status != CONFIDANT_OK));
    confidant_error_free(err);
    if (left != NULL) *left = done.left;
    if (status == CONFIDANT_OK && notes != NULL) {
        confidant_documents *found = NULL;
        status = confidant_collection_search(notes, TEXT("walrus"), 2, NULL, 0, &found, NULL);
        REQUIRE((found != NULL) == (status == CONFIDANT_OK));
        confidant_documents_free(found);
    }
    if (notes != NULL) confidant_collection_free(notes);
    REQUIRE(model->destroyed == 1);
    return status;
}

struct counting {
    enum embedding behaviour;
    confidant_memory **customer;
    size_t tokens;
    int destroyed;
};

static size_t counts(void *user_data, confidant_str text)
{
    struct counting *own = user_data;
    if (own->behaviour == EMBEDS_AND_FREES && *own->customer != NULL) {
        confidant_memory_free(*own->customer);
        *own->customer = NULL;
    }
    if (own->behaviour == EMBEDS_AND_CALLS) MUST(confidant_store_flush(f.memory, NULL));
    if (own->behaviour == WAITS && !__atomic_load_n(&released, __ATOMIC_SEQ_CST)) wait_for_release();
    return own->tokens != 0 ? own->tokens : text.len / 3;
}

static void counting_destroyed(void *user_data)
{
    ((struct counting *)user_data)->destroyed++;
}

static size_t assemble_by(struct counting *own)
{
    confidant_memory *customer = NULL;
    confidant_assembled *assembled = NULL;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("callbacks"), &customer, NULL));
    own->customer = &customer;
    confidant_token_counter counter = CONFIDANT_TOKEN_COUNTER_INIT;
    counter.user_data = own;
    counter.count_tokens = counts;
    counter.destroy = counting_destroyed;
    confidant_context_request request = CONFIDANT_CONTEXT_REQUEST_INIT;
    request.question = TEXT("Hello?");
    request.max_tokens = 300;
    MUST(confidant_memory_assemble(customer, &request, &counter, &assembled, NULL));
    REQUIRE(own->destroyed == 1);
    size_t tokens = confidant_assembled_read(assembled)->tokens;
    REQUIRE(tokens <= 300 && (tokens > 0) == (confidant_assembled_recent(assembled, 0) != NULL));
    confidant_assembled_free(assembled);
    if (customer != NULL) confidant_memory_free(customer);
    return tokens;
}

static void *embed_and_wait(void *given)
{
    (void)given;
    MUST(embed_by(&(struct embedding_model){ .behaviour = WAITS }, NULL));
    return NULL;
}

static void *count_and_wait(void *given)
{
    (void)given;
    REQUIRE(assemble_by(&(struct counting){ .behaviour = WAITS }) > 0);
    return NULL;
}

// Everything that others may want of the store while a callback does not answer.
static void work_beside(void *(*waiting)(void *))
{
    struct timespec pause = { 0, 10000000 };
    pthread_t other;
    waits = released = 0;
    REQUIRE(pthread_create(&other, NULL, waiting, NULL) == 0);
    while (!__atomic_load_n(&waits, __ATOMIC_SEQ_CST)) nanosleep(&pause, NULL);
    confidant_memory *customer = NULL;
    confidant_collection *notes = NULL;
    confidant_documents *found = NULL;
    confidant_recalled *recalled = NULL;
    confidant_assembled *assembled = NULL;
    confidant_analytics_report *report = NULL;
    confidant_new_turn turn = CONFIDANT_NEW_TURN_INIT;
    turn.said = TEXT("saved while a callback does not answer");
    confidant_recall_query query = CONFIDANT_RECALL_QUERY_INIT;
    query.question = turn.said;
    confidant_context_request request = CONFIDANT_CONTEXT_REQUEST_INIT;
    request.question = turn.said;
    request.max_tokens = 300;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("callbacks"), &customer, NULL));
    MUST(confidant_memory_save_turn(customer, &turn, NULL, NULL));
    MUST(confidant_memory_recall(customer, &query, &recalled, NULL));
    REQUIRE(confidant_recalled_count(recalled) > 0);
    MUST(confidant_memory_assemble(customer, &request, NULL, &assembled, NULL));
    MUST(confidant_store_report(f.memory, TEXT("acme"), NULL, &report, NULL));
    MUST(confidant_collection_open(f.memory, TEXT("acme"), TEXT("embedded"), &notes, NULL));
    put_note(notes, "put beside");
    MUST(confidant_collection_search(notes, TEXT("beside"), 1, NULL, 0, &found, NULL));
    MUST(confidant_collection_remove(notes, TEXT("put beside"), NULL, NULL));
    MUST(confidant_store_maintain(f.memory, NULL, NULL));
    __atomic_store_n(&released, 1, __ATOMIC_SEQ_CST);
    pthread_join(other, NULL);
    confidant_documents_free(found);
    confidant_collection_free(notes);
    confidant_analytics_report_free(report);
    confidant_assembled_free(assembled);
    confidant_recalled_free(recalled);
    confidant_memory_free(customer);
}

static void embedders(void)
{
    for (int32_t status = 1; status <= CONFIDANT_ERR_BUDGET; status++) {
        // Only the library itself says that it has a defect.
        int32_t expected = status == CONFIDANT_ERR_INTERNAL ? CONFIDANT_ERR_EMBEDDING : status;
        REQUIRE(embed_by(&(struct embedding_model){ .behaviour = REFUSES, .status = status }, NULL) == expected);
    }
    REQUIRE(embed_by(&(struct embedding_model){ .behaviour = REFUSES, .status = -7 }, NULL) == CONFIDANT_ERR_EMBEDDING);
    REQUIRE(embed_by(&(struct embedding_model){ .behaviour = LEAVES_NAN }, NULL) == CONFIDANT_ERR_INVALID_ARGUMENT);
    MUST(embed_by(&(struct embedding_model){ .behaviour = EMBEDS }, NULL));
    uint64_t left = 0;
    MUST(embed_by(&(struct embedding_model){ .behaviour = EMBEDS_AND_CALLS }, &left));
    MUST(embed_by(&(struct embedding_model){ .behaviour = EMBEDS_AND_FREES }, NULL));
    // Data goes back once, also where the call is refused.
    confidant_embedder_callbacks refused = fixture_embedder();
    refused.dimensions = 0;
    long before = fixture_taken_back;
    confidant_embedder *none = NULL;
    REQUIRE(confidant_embedder_new(&refused, &none, NULL) == CONFIDANT_ERR_INVALID_ARGUMENT && none == NULL);
    confidant_token_counter counter = fixture_counter();
    REQUIRE(confidant_memory_assemble(NULL, NULL, &counter, NULL, NULL) == CONFIDANT_ERR_INVALID_ARGUMENT);
    REQUIRE(fixture_taken_back == before + 2);
    REQUIRE(assemble_by(&(struct counting){ .behaviour = EMBEDS }) > 0);
    REQUIRE(assemble_by(&(struct counting){ .behaviour = EMBEDS_AND_CALLS }) > 0);
    REQUIRE(assemble_by(&(struct counting){ .behaviour = EMBEDS_AND_FREES }) > 0);
    REQUIRE(assemble_by(&(struct counting){ .tokens = SIZE_MAX }) == 0);
    work_beside(embed_and_wait);
    work_beside(count_and_wait);
}

static void callbacks(void)
{
    confidant_memory *customer = NULL;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("callbacks"), &customer, NULL));
    int32_t why = 0;
    for (int32_t status = 1; status <= CONFIDANT_ERR_BUDGET; status++) {
        int32_t expected = status == CONFIDANT_ERR_INTERNAL ? CONFIDANT_ERR_LLM : status;
        REQUIRE(ask(&(struct model){ .behaviour = RETURNS, .status = status }, customer, NULL, NULL) == expected);
    }
    static const int32_t unknown[] = { -1, 99, INT32_MIN, INT32_MAX };
    for (size_t at = 0; at < 4; at++) {
        REQUIRE(ask(&(struct model){ .behaviour = RETURNS, .status = unknown[at] }, customer, NULL, NULL) == CONFIDANT_ERR_LLM);
    }
    for (int32_t failure = CONFIDANT_LLM_AUTH; failure <= CONFIDANT_LLM_SCRIPT_ENDED; failure++) {
        REQUIRE(ask(&(struct model){ .behaviour = SAYS_WHY, .status = failure }, customer, NULL, &why) == CONFIDANT_ERR_LLM);
        REQUIRE(why == failure);
    }
    REQUIRE(ask(&(struct model){ .behaviour = SAYS_NOTHING }, customer, NULL, &why) == CONFIDANT_ERR_LLM);
    REQUIRE(why == CONFIDANT_LLM_DECODE);
    MUST(ask(&(struct model){ .behaviour = ANSWERS }, customer, NULL, NULL));
    MUST(ask(&(struct model){ .behaviour = CALLS_BACK }, customer, NULL, NULL));
    MUST(ask(&(struct model){ .behaviour = FREES }, customer, NULL, NULL));
    MUST(ask(&(struct model){ .behaviour = NESTS }, customer, NULL, NULL));

    // A sink that stops; its data goes back once, also where the call is refused.
    int seen = 0;
    confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
    sink.user_data = &seen;
    sink.on_text = stop;
    REQUIRE(ask(&(struct model){ .behaviour = ANSWERS }, customer, &sink, NULL) == CONFIDANT_ERR_CANCELLED);
    REQUIRE(seen == 1);
    confidant_text_sink refused = fixture_sink();
    long before = fixture_taken_back;
    REQUIRE(confidant_agent_respond(NULL, NULL, NULL, &refused, NULL, NULL) == CONFIDANT_ERR_INVALID_ARGUMENT);
    REQUIRE(fixture_taken_back == before + 1);

    // A model that runs long keeps nobody from the store.
    pthread_t other;
    REQUIRE(pthread_create(&other, NULL, save_meanwhile, customer) == 0);
    MUST(ask(&(struct model){ .behaviour = RUNS_LONG }, customer, NULL, NULL));
    pthread_join(other, NULL);
    confidant_memory_free(customer);
    embedders();
    printf("callbacks: all\n");
}

int main(int argc, char **argv)
{
    REQUIRE(argc >= 2);
    const char *what = argc > 2 ? argv[2] : "all";
    int all = strcmp(what, "all") == 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/orders.db", argv[1]);
    fixture_open(argv[1]);
    if (all || strcmp(what, "orders") == 0) orders(path);
    if (all || strcmp(what, "threads") == 0) threads();
    if (all || strcmp(what, "callbacks") == 0) callbacks();
    fixture_close();
    REQUIRE(fixture_given == fixture_taken_back);
    return EXIT_SUCCESS;
}
