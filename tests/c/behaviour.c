// What C hosts may rely on when handles, threads and callbacks meet: freeing in every order, one handle from many
// threads, callbacks that fail, call back, run long or never answer.
//
//   behaviour FOLDER [WHAT]    runs everything, or one of: orders threads callbacks

#include "fixture.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define MUST(call) REQUIRE((call) == CONFIDANT_OK)

// ---- Freeing in every order ----

enum { STORE, CUSTOMER, SESSION, CONTEXT, TURNS, PREFERENCES, LLM, AGENT, REPLY, EXTRACTOR, SESSIONS, REPORT, KINDS };

struct handles {
    void *at[KINDS];
};

static struct handles make_handles(const char *path)
{
    struct handles made = { { NULL } };
    confidant_config *config = NULL;
    confidant *store = NULL;
    MUST(confidant_config_new(&config, NULL));
    MUST(confidant_config_set_durability(config, CONFIDANT_DURABILITY_PROCESS_CRASH, NULL));
    MUST(confidant_open(confidant_text(path), config, &store, NULL));
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
    message.text = TEXT("Could you please help?");
    MUST(confidant_agent_respond(made.at[AGENT], session, &message, NULL, (confidant_reply **)&made.at[REPLY], NULL));
    MUST(confidant_memory_load_context(customer, (confidant_context **)&made.at[CONTEXT], NULL));
    MUST(confidant_memory_turns(customer, 0, 10, (confidant_turns **)&made.at[TURNS], NULL));
    MUST(confidant_memory_preferences(customer, (confidant_preferences **)&made.at[PREFERENCES], NULL));
    MUST(confidant_memory_sessions(customer, 0, 10, (confidant_sessions **)&made.at[SESSIONS], NULL));
    MUST(confidant_extractor_new(NULL, (confidant_extractor **)&made.at[EXTRACTOR], NULL));
    MUST(confidant_check(store, (confidant_report **)&made.at[REPORT], NULL));
    made.at[STORE] = store;
    made.at[CUSTOMER] = customer;
    made.at[SESSION] = session;
    return made;
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
    if (left->at[CONTEXT] != NULL) REQUIRE(confidant_context_turn(left->at[CONTEXT], 0)->said.len > 0);
    if (left->at[TURNS] != NULL) REQUIRE(confidant_turns_at(left->at[TURNS], 0)->said.len > 0);
    if (left->at[PREFERENCES] != NULL) REQUIRE(confidant_preferences_text(left->at[PREFERENCES]).len > 0);
    if (left->at[LLM] != NULL) REQUIRE(confidant_llm_name(left->at[LLM]).len == 4);
    if (left->at[AGENT] != NULL) REQUIRE(confidant_agent_model(left->at[AGENT]).len == 4);
    if (left->at[REPLY] != NULL) REQUIRE(confidant_reply_read(left->at[REPLY])->text.len > 0);
    if (left->at[EXTRACTOR] != NULL && left->at[TURNS] != NULL) {
        MUST(confidant_extractor_learn_turns(left->at[EXTRACTOR], left->at[TURNS], NULL));
    }
    if (left->at[SESSIONS] != NULL) REQUIRE(confidant_sessions_count(left->at[SESSIONS]) > 0);
    if (left->at[REPORT] != NULL) REQUIRE(confidant_report_is_sound(left->at[REPORT]));
    if (left->at[STORE] != NULL) MUST(confidant_flush(left->at[STORE], NULL));
}

static void free_one(struct handles *handles, int kind)
{
    void *handle = handles->at[kind];
    handles->at[kind] = NULL;
    switch (kind) {
    case STORE: confidant_close(handle); break;
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
    default: confidant_report_free(handle); break;
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
            int other = (number + count) % KINDS;
            if (handles.at[other] != NULL && other >= CONTEXT && other != LLM && other != AGENT) free_one(&handles, other);
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
    const confidant *store;
    const confidant_memory *customer;
    const confidant_session *session;
    const confidant_agent *agent;
    const confidant_context *context;
    int number;
};

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
    for (int at = 0; at < THREADS; at++) {
        crowd[at] = (struct crowd){ f.memory, customer, session, agent, context, at };
        REQUIRE(pthread_create(&running[at], NULL, work, &crowd[at]) == 0);
    }
    for (int at = 0; at < THREADS; at++) pthread_join(running[at], NULL);
    confidant_session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
    MUST(confidant_session_metrics(session, &figures, NULL));
    REQUIRE(figures.turns == THREADS * (ROUNDS + ROUNDS / 5));
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
        MUST(confidant_maintain(f.memory, &done, NULL));
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

static void callbacks(void)
{
    confidant_memory *customer = NULL;
    MUST(confidant_memory_open(f.memory, TEXT("acme"), TEXT("callbacks"), &customer, NULL));
    int32_t why = 0;
    for (int32_t status = 1; status <= CONFIDANT_ERR_BUDGET; status++) {
        REQUIRE(ask(&(struct model){ .behaviour = RETURNS, .status = status }, customer, NULL, NULL) == status);
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
