// confidant remembers customers: every conversation in one file, across restarts, channels, agents and years.
//
// Generated from src/ffi/ by `UPDATE_HEADER=1 cargo test --features capi --test header`; do not edit.
//
// What holds for every function here:
//
// Results. Every fallible function returns a status, 0 (CONFIDANT_OK) for success, and takes `err` last, which may be
// NULL. On success *err is NULL. On failure *err, if wanted, is an error to be freed with confidant_error_free, new
// handles are NULL and other results untouched. What *err was before does not matter. "Fails:" lists the statuses
// without their prefix CONFIDANT_ERR_; INTERNAL is possible everywhere and means a defect of confidant. A NULL where
// none is allowed is INVALID_ARGUMENT, or, of functions without a status, what their comment says. There is no "last
// error" of a thread.
//
// Ownership. The host owns the handles that calls gave it through `out`, and nothing else. Each kind has one function
// that frees it and does nothing for NULL. Handles may be freed in any order: each keeps alive what it needs. Texts,
// bytes and structs that are returned are views into a handle, named under "Owned:"; the host never frees them.
//
// Text is UTF-8, a pointer and a length; see confidant_str. Times are milliseconds since the Unix epoch, UTC.
// Identifiers of turns and sessions are numbers below 2^53, never 0 and never used twice within a customer.
//
// Threads. "any": from any thread, also on one handle from many at once. "one at a time": the host takes care that
// nobody else uses that handle meanwhile. Freeing is always "one at a time". Nothing here depends on the thread.
// "the callback's": inside the callback that the handle was given to. After fork(), open anew in the child.
//
// Structs that begin with `struct_size` may get more fields at their end. Begin with their _INIT; the library reads
// and writes only what the host's header knew. Where the library gives a pointer to one, it is read through that
// pointer and not copied by its size. Numbers of enumerations are never used again; an unknown one is INVALID_ARGUMENT.
//
// Callbacks may run on any thread, hold no lock of the library, may call the library and must not throw or longjmp.
//
// confidant owns no threads, prints nothing (a defect apart), installs no handlers, reads no environment.

#ifndef CONFIDANT_H
#define CONFIDANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of this header; compare confidant_version() for the library's.
#define CONFIDANT_VERSION_MAJOR 0
#define CONFIDANT_VERSION_MINOR 1
#define CONFIDANT_VERSION_PATCH 0
#define CONFIDANT_VERSION "0.1.0"

// The binary interface that this header describes. It changes only when a program that was
// compiled with an older header would break.
#define CONFIDANT_ABI_VERSION 1

// It worked.
#define CONFIDANT_OK 0

// An argument breaks a documented rule; the message names it.
#define CONFIDANT_ERR_INVALID_ARGUMENT 1

// The named turn, session, file or folder does not exist here.
#define CONFIDANT_ERR_NOT_FOUND 2

// The call contradicts what is already stored.
#define CONFIDANT_ERR_CONFLICT 3

// The session or the handle was closed, or belongs to another process.
#define CONFIDANT_ERR_CLOSED 4

// The store stayed locked for the whole busy timeout; nothing was saved. Try again.
#define CONFIDANT_ERR_BUSY 5

// A documented size limit was passed.
#define CONFIDANT_ERR_LIMIT 6

// The language model failed; see `confidant_error_llm_failure`.
#define CONFIDANT_ERR_LLM 7

// The embedder failed.
#define CONFIDANT_ERR_EMBEDDING 8

// The host asked to stop.
#define CONFIDANT_ERR_CANCELLED 9

// A master key is missing or wrong.
#define CONFIDANT_ERR_KEY 10

// Stored bytes are damaged; the message names the turn or the file.
#define CONFIDANT_ERR_CORRUPT 11

// The file was written by a newer version of confidant.
#define CONFIDANT_ERR_FORMAT_TOO_NEW 12

// The database refused an operation.
#define CONFIDANT_ERR_STORE 13

// The operating system refused an operation.
#define CONFIDANT_ERR_IO 14

// The feature is not compiled in, or not offered by this store.
#define CONFIDANT_ERR_UNSUPPORTED 15

// A defect of confidant itself, such as a panic; please report it.
#define CONFIDANT_ERR_INTERNAL 16

// A money or token budget is used up; nothing was sent.
#define CONFIDANT_ERR_BUDGET 17

// The failure was not a language model's.
#define CONFIDANT_LLM_NONE 0

// The key was refused.
#define CONFIDANT_LLM_AUTH 1

// The model is not known to the server.
#define CONFIDANT_LLM_MODEL_NOT_FOUND 2

// The server did not accept the request.
#define CONFIDANT_LLM_BAD_REQUEST 3

// The prompt is longer than the model's context.
#define CONFIDANT_LLM_CONTEXT_LENGTH 4

// Too many requests.
#define CONFIDANT_LLM_RATE_LIMITED 5

// The server has no capacity at the moment.
#define CONFIDANT_LLM_OVERLOADED 6

// The server failed.
#define CONFIDANT_LLM_SERVER 7

// No connection could be made.
#define CONFIDANT_LLM_CONNECT 8

// A time limit passed.
#define CONFIDANT_LLM_TIMEOUT 9

// The stream ended before its terminator.
#define CONFIDANT_LLM_TRUNCATED 10

// The reply could not be understood.
#define CONFIDANT_LLM_DECODE 11

// The model declined to answer.
#define CONFIDANT_LLM_REFUSED 12

// A scripted backend has no reply left.
#define CONFIDANT_LLM_SCRIPT_ENDED 13

// An acknowledged turn survives a killed process, an operating system crash and power loss.
#define CONFIDANT_DURABILITY_POWER_LOSS 0

// An acknowledged turn survives a killed process; power loss may take the newest ones.
#define CONFIDANT_DURABILITY_PROCESS_CRASH 1

// A chat window.
#define CONFIDANT_CHANNEL_CHAT 0

// Electronic mail.
#define CONFIDANT_CHANNEL_EMAIL 1

// A telephone call, as a transcript.
#define CONFIDANT_CHANNEL_PHONE 2

// The company's own application.
#define CONFIDANT_CHANNEL_APP 3

// A social network.
#define CONFIDANT_CHANNEL_SOCIAL 4

// The host does not say how the session ended; it counts as resolved if its newest turn is.
#define CONFIDANT_OUTCOME_UNKNOWN 0

// What the customer wanted is settled.
#define CONFIDANT_OUTCOME_RESOLVED 1

// What the customer wanted is not settled.
#define CONFIDANT_OUTCOME_UNRESOLVED 2

// The conclusion is about style; its value is one of `CONFIDANT_STYLE_*`.
#define CONFIDANT_PREFERENCE_STYLE 1

// The conclusion is about the length of answers; its value is one of `CONFIDANT_LENGTH_*`.
#define CONFIDANT_PREFERENCE_LENGTH 2

// The conclusion is about what the customer asks about; its value is one of `CONFIDANT_TOPIC_*`.
#define CONFIDANT_PREFERENCE_TOPIC 3

// Between formal and casual; also what to assume of a stranger.
#define CONFIDANT_STYLE_BALANCED 0

// In full and polite sentences.
#define CONFIDANT_STYLE_FORMAL 1

// As among friends.
#define CONFIDANT_STYLE_CASUAL 2

// Some sentences; also what to assume of a stranger.
#define CONFIDANT_LENGTH_MEDIUM 0

// A line or so.
#define CONFIDANT_LENGTH_BRIEF 1

// Everything there is to say.
#define CONFIDANT_LENGTH_DETAILED 2

// Passwords, signing in, being locked out.
#define CONFIDANT_TOPIC_LOGIN 1

// Payments, invoices, subscriptions, charges.
#define CONFIDANT_TOPIC_BILLING 2

// Errors, crashes, what does not work.
#define CONFIDANT_TOPIC_TECHNICAL 3

// The account itself, its profile and settings.
#define CONFIDANT_TOPIC_ACCOUNT 4

// Placing, changing and cancelling orders.
#define CONFIDANT_TOPIC_ORDER 5

// Where something is and when it arrives.
#define CONFIDANT_TOPIC_DELIVERY 6

// Sending something back, exchanging it.
#define CONFIDANT_TOPIC_RETURNS 7

// What is sold, and for how much.
#define CONFIDANT_TOPIC_PRODUCT 8

// What is missing and should be built.
#define CONFIDANT_TOPIC_FEATURE 9

// Complaints and reviews.
#define CONFIDANT_TOPIC_FEEDBACK 10

// How to reach the company.
#define CONFIDANT_TOPIC_CONTACT 11

// The customer wrote the message.
#define CONFIDANT_ROLE_CUSTOMER 0

// Quoted data for the model to read: send it in the user's role, never as instructions.
#define CONFIDANT_ROLE_DATA 1

// The company's side wrote the message.
#define CONFIDANT_ROLE_AGENT 2

// Neither formal nor casual.
#define CONFIDANT_TONE_BALANCED 0

// Full sentences, no contractions.
#define CONFIDANT_TONE_FORMAL 1

// Short and friendly.
#define CONFIDANT_TONE_CASUAL 2

// The model was done.
#define CONFIDANT_FINISH_STOP 0

// The model reached the longest reply.
#define CONFIDANT_FINISH_LENGTH 1

// The model was asked to stop.
#define CONFIDANT_FINISH_CANCELLED 2

// Warm and plain.
#define CONFIDANT_PERSONA_FRIENDLY 0

// Polite and exact.
#define CONFIDANT_PERSONA_PROFESSIONAL 1

// For customers who know the product from inside.
#define CONFIDANT_PERSONA_TECHNICAL 2

// The company's own, in `persona_name`, `persona_manner` and `persona_tone`.
#define CONFIDANT_PERSONA_OWN 3

// An open memory, in one file or on one server. Usable from many threads at once. Every other
// handle keeps it open, so it may be closed before them.
typedef struct confidant confidant;

// Answers customers with a language model, on top of their memory. Usable from many threads at
// once.
typedef struct confidant_agent confidant_agent;

// The settings of a memory to be opened. Used by one thread at a time; `confidant_open` copies
// them, so one may open several memories and be freed at any time.
typedef struct confidant_config confidant_config;

// The newest turns of a customer at one moment, oldest first. Immutable, so it may be read from
// many threads at once; turns saved later are in the next context.
typedef struct confidant_context confidant_context;

// Why a call failed: the status for programs, a message and a detail for people. Owned by
// whoever asked for it; immutable, so it may be read from many threads at once.
typedef struct confidant_error confidant_error;

// Learns preferences from turns that the host gives it, oldest first, of one customer. Used by
// one thread at a time; it touches no store.
typedef struct confidant_extractor confidant_extractor;

// A language model: the host's own, or one of the library's. Usable from many threads at once;
// agents keep what they need of it, so it may be freed before them.
typedef struct confidant_llm confidant_llm;

// Where a model writes its reply; lives during the callback it is given to, and is used by one
// thread at a time.
typedef struct confidant_llm_reply confidant_llm_reply;

// What is asked of a model; lives during the callback it is given to. Read by that callback only.
typedef struct confidant_llm_request confidant_llm_request;

// One customer's memory: the newest turns hot, every turn in the archive. Usable from many
// threads at once. It keeps the context it gave out last, so that an unchanged one costs nothing.
typedef struct confidant_memory confidant_memory;

// Names, as of models. Immutable, so it may be read from many threads at once.
typedef struct confidant_names confidant_names;

// What is known about how to serve a customer: a list of conclusions. Immutable, so it may be
// read from many threads at once.
typedef struct confidant_preferences confidant_preferences;

// The agent's reply to a message. Immutable, so it may be read from many threads at once.
typedef struct confidant_reply confidant_reply;

// What `confidant_check` found. Immutable, so it may be read from many threads at once.
typedef struct confidant_report confidant_report;

// A session: one conversation of a customer on one channel. Usable from many threads at once.
typedef struct confidant_session confidant_session;

// Sessions, newest first. Immutable, so it may be read from many threads at once.
typedef struct confidant_sessions confidant_sessions;

// Stored turns, oldest first. Immutable, so it may be read from many threads at once.
typedef struct confidant_turns confidant_turns;

// Text: UTF-8 at a pointer, not NUL-terminated, with its length in bytes.
//
// Coming in, `{NULL, 0}` is empty or, where the text is optional, not given; `{NULL, n}` is
// refused; it is copied before the call returns. Going out it is a view that lives as long
// as the handle it came from; `{NULL, 0}` says that there is none, while an empty text has a
// pointer. Never freed by the host.
typedef struct {
  // The first byte.
  const char *ptr;
  // The number of bytes.
  size_t len;
} confidant_str;

// How a call ended: `CONFIDANT_OK` or one of `CONFIDANT_ERR_*`. New ones may be added;
// numbers are never used again.
typedef int32_t confidant_status;

// An identifier or a time as text: at most 36 characters and a NUL, held by the caller.
typedef struct {
  // The characters, ended by a NUL.
  char text[37];
} confidant_id;

// Where the time comes from; for tests and replays.
//
// The library owns `user_data` from the call it is given in, also if that call fails (unless
// `struct_size` is refused), and runs `destroy` exactly once, on any thread.
typedef struct {
  // `sizeof(confidant_clock)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // The present time in milliseconds since the Unix epoch; called on any thread, from
  // several at once, and must return quickly. Must not be NULL.
  int64_t (*now_ms)(void *user_data);
  // Gives `user_data` back; may be NULL.
  void (*destroy)(void *user_data);
} confidant_clock;

// Yes or no inside a struct: 0 is no, anything else is yes.
typedef uint32_t confidant_flag;

// What `confidant_maintain` did.
typedef struct {
  // `sizeof(confidant_maintenance)`.
  size_t struct_size;
  // Whether a dictionary was trained.
  confidant_flag has_trained;
  // Its number.
  uint32_t trained;
  // Turns that were looked at.
  uint64_t examined;
  // Turns that were packed anew.
  uint64_t repacked;
  // Bytes of those turns before.
  uint64_t bytes_before;
  // Bytes of those turns after.
  uint64_t bytes_after;
} confidant_maintenance;

// Figures of one open memory in this process.
typedef struct {
  // `sizeof(confidant_store_stats)`.
  size_t struct_size;
  // Customers in the hot buffer.
  uint64_t hot_customers;
  // Bytes that the hot buffer takes.
  uint64_t hot_bytes;
  // Contexts that were served from the hot buffer.
  uint64_t hits;
  // Contexts that were read from the store.
  uint64_t misses;
  // Customers that left the hot buffer to keep its bound.
  uint64_t evictions;
  // Turns that wait to be saved.
  uint64_t pending;
  // The file's size in bytes, without its log.
  uint64_t bytes_on_disk;
  // Whether this process is proven to be the only one with the store open.
  confidant_flag is_alone;
  // Zero.
  uint32_t reserved;
} confidant_store_stats;

// The sums of a `confidant_report`.
typedef struct {
  // `sizeof(confidant_report_sums)`.
  size_t struct_size;
  // Turns that were read.
  uint64_t turns;
  // Bytes of their texts and metadata.
  uint64_t text_bytes;
  // Bytes of their stored bodies.
  uint64_t stored_bytes;
  // Lines of damage; none if the store is sound.
  uint64_t findings;
  // Lines of warning.
  uint64_t warnings;
} confidant_report_sums;

// A stored turn, seen through the handle it came from; it lives as long as that. Texts are
// exactly what was saved.
typedef struct {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The turn's identifier; below 2^53.
  uint64_t turn_id;
  // The session it belongs to; below 2^53.
  uint64_t session_id;
  // What the customer said; a NULL pointer if the company spoke first.
  confidant_str said;
  // The answer; a NULL pointer until there is one.
  confidant_str answer;
  // Who or what answered; a NULL pointer if not known.
  confidant_str answered_by;
  // The host's own JSON object; a NULL pointer if there is none.
  confidant_str metadata;
  // When the customer's half was said, in milliseconds since the Unix epoch.
  int64_t at_ms;
  // When the answer was given, if `has_answered_at`.
  int64_t answered_at_ms;
  // How sure the answer's author was, 0 to 1, if `has_confidence`.
  double confidence;
  // How the customer reached us, one of `CONFIDANT_CHANNEL_*`.
  int32_t channel;
  // Whether `answered_at_ms` is known.
  confidant_flag has_answered_at;
  // Whether `confidence` is known.
  confidant_flag has_confidence;
  // Whether the turn settled what the customer wanted.
  confidant_flag resolved;
  // Whether the turn still waits to be saved; its identifier changes when it is.
  confidant_flag is_pending;
  // The turn's number within the customer, counted from 1.
  uint32_t number;
} confidant_turn;

// Bytes: a pointer and a length. A view that lives as long as the handle it came from.
typedef struct {
  // The first byte.
  const uint8_t *ptr;
  // The number of bytes.
  size_t len;
} confidant_bytes;

// A turn to be saved: what the customer said, the answer, or both. Begin with
// `CONFIDANT_NEW_TURN_INIT`; what stays zero is not given.
typedef struct {
  // `sizeof(confidant_new_turn)`.
  size_t struct_size;
  // What the customer said; a NULL pointer if the company spoke first. An empty text has a
  // pointer. At most 64 KiB.
  confidant_str said;
  // The answer; a NULL pointer if there is none yet. At most 64 KiB.
  confidant_str answer;
  // Who or what answered, 1 to 128 bytes; a NULL pointer if not known.
  confidant_str answered_by;
  // The host's own data, one JSON object; a NULL pointer for none. At most 64 KiB.
  confidant_str metadata;
  // An idempotency key, 1 to 128 bytes, unique within the customer: saving again under it
  // gives the first turn and changes nothing. A NULL pointer for none.
  confidant_str key;
  // When the turn was, in milliseconds since the Unix epoch; read if `has_at`, else now.
  int64_t at_ms;
  // When the answer was given; read if `has_answered_at`, else as the turn.
  int64_t answered_at_ms;
  // How sure the answer's author was, 0 to 1; read if `has_confidence`.
  double confidence;
  // Whether `at_ms` is given.
  confidant_flag has_at;
  // Whether `answered_at_ms` is given.
  confidant_flag has_answered_at;
  // Whether `confidence` is given.
  confidant_flag has_confidence;
  // Whether the turn settled what the customer wanted.
  confidant_flag resolved;
} confidant_new_turn;

// The answer to a turn that was saved without one. Begin with `CONFIDANT_NEW_ANSWER_INIT`.
typedef struct {
  // `sizeof(confidant_new_answer)`.
  size_t struct_size;
  // The answer, at most 64 KiB.
  confidant_str text;
  // Who or what answered, 1 to 128 bytes; a NULL pointer if not known.
  confidant_str by;
  // A JSON object that is laid over the turn's; a NULL pointer for none.
  confidant_str metadata;
  // When it was given, in milliseconds since the Unix epoch; read if `has_at`, else now.
  int64_t at_ms;
  // How sure the author was, 0 to 1; read if `has_confidence`.
  double confidence;
  // Whether `at_ms` is given.
  confidant_flag has_at;
  // Whether `confidence` is given.
  confidant_flag has_confidence;
  // Whether the turn settled what the customer wanted.
  confidant_flag resolved;
  // Zero.
  uint32_t reserved;
} confidant_new_answer;

// Figures of one customer's memory.
typedef struct {
  // `sizeof(confidant_buffer_stats)`.
  size_t struct_size;
  // Turns in the context.
  uint64_t buffered;
  // Turns in all.
  uint64_t total;
  // Turns that wait to be saved.
  uint64_t pending;
} confidant_buffer_stats;

// A session and its figures.
typedef struct {
  // `sizeof(confidant_session_figures)`, or of the library that is loaded where it is a view.
  size_t struct_size;
  // The session's identifier; below 2^53.
  uint64_t session_id;
  // When it was opened, in milliseconds since the Unix epoch.
  int64_t opened_at_ms;
  // When it was closed, if `is_closed`.
  int64_t closed_at_ms;
  // Its turns.
  uint64_t turns;
  // Its turns that have an answer; only from `confidant_session_metrics` and
  // `confidant_session_close`, else 0.
  uint64_t answered_turns;
  // Its turns that settled something; only from there, too.
  uint64_t resolved_turns;
  // The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
  double mean_confidence;
  // How the customer reached us, one of `CONFIDANT_CHANNEL_*`.
  int32_t channel;
  // The customer's satisfaction, 1 to 5; 0 if not given.
  uint32_t rating;
  // Whether it was closed.
  confidant_flag is_closed;
  // Whether what the customer wanted is settled: as said at closing, or as its newest turn
  // says.
  confidant_flag resolved;
  // Whether `mean_confidence` is known; only from `confidant_session_metrics` and
  // `confidant_session_close`.
  confidant_flag has_mean_confidence;
  // Zero.
  uint32_t reserved;
} confidant_session_figures;

// How a session ended. Begin with `CONFIDANT_OUTCOME_INIT`, which says nothing.
typedef struct {
  // `sizeof(confidant_outcome)`.
  size_t struct_size;
  // One of `CONFIDANT_OUTCOME_*`.
  int32_t outcome;
  // The customer's satisfaction, 1 to 5; 0 if not given.
  uint32_t rating;
} confidant_outcome;

// One conclusion and how sure it is; a view.
typedef struct {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // What it is about, one of `CONFIDANT_PREFERENCE_*`.
  int32_t kind;
  // What was concluded; the kind says which constants.
  int32_t value;
  // The value in plain words, such as "formal" or "billing".
  confidant_str name;
  // How sure it is, 0 to 1.
  double confidence;
  // How many turns show it, over the whole history.
  uint64_t evidence_turns;
  // How many places show it in all.
  uint64_t evidence_total;
  // How many of these `confidant_preferences_evidence` gives: the newest, at most 32.
  size_t evidence_count;
  // The rules that found them.
  confidant_str rules_version;
} confidant_preference;

// One place where a rule found what a conclusion rests on; a view.
typedef struct {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The turn in which the customer said it.
  uint64_t turn_id;
  // The name of the rule that fired.
  confidant_str rule;
  // The first byte in the turn's `said` that it matched, if `has_span`.
  uint64_t start;
  // The byte after the last one, if `has_span`.
  uint64_t end;
  // Whether a part of the text is meant; otherwise the whole text counts.
  confidant_flag has_span;
  // Zero.
  uint32_t reserved;
} confidant_evidence;

// The limits of an extractor. Begin with `CONFIDANT_EXTRACTOR_OPTIONS_INIT`; what stays zero is
// as the reference has it.
typedef struct {
  // `sizeof(confidant_extractor_options)`.
  size_t struct_size;
  // How many times as many turns one side of the style needs over the other; 0 for 1.5.
  double style_ratio;
  // The fewest turns to conclude from; 0 for 3.
  uint32_t min_turns;
  // The mean length of a message, in characters, below which answers should be brief; read if
  // `has_brief_below`, else 50.
  uint32_t brief_below;
  // The mean length above which answers should be detailed; read if `has_detailed_above`, else
  // 150.
  uint32_t detailed_above;
  // Whether `brief_below` is given.
  confidant_flag has_brief_below;
  // Whether `detailed_above` is given.
  confidant_flag has_detailed_above;
  // Zero.
  uint32_t reserved;
} confidant_extractor_options;

// What is stored of a tenant or a customer, summed up. Sessions without a turn do not count.
typedef struct {
  // `sizeof(confidant_summary)`.
  size_t struct_size;
  // Customers with at least one turn.
  uint64_t customers;
  // Sessions with at least one turn.
  uint64_t sessions;
  // Of these, resolved: as said at closing, or else as the newest turn says.
  uint64_t resolved_sessions;
  // Turns.
  uint64_t turns;
  // Of these, with an answer.
  uint64_t answered_turns;
  // Of these, marked as having settled something.
  uint64_t resolved_turns;
  // The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
  double mean_confidence;
  // The mean satisfaction over the rated sessions, 1 to 5, if `has_mean_rating`.
  double mean_rating;
  // Resolved turns among all turns, in percent; 0 without turns.
  double resolution_rate_percent;
  // Resolved sessions among all sessions, in percent; 0 without sessions.
  double session_resolution_rate_percent;
  // The mean number of turns of a session; 0 without sessions.
  double turns_per_session;
  // Whether `mean_confidence` is known.
  confidant_flag has_mean_confidence;
  // Whether `mean_rating` is known.
  confidant_flag has_mean_rating;
} confidant_summary;

// A model of the host's own. Begin with `CONFIDANT_LLM_CALLBACKS_INIT`.
//
// The library owns `user_data` from the call it is given in, also if that call fails (unless
// `struct_size` is refused), and runs `destroy` exactly once, on any thread. Functions are called
// without any lock or transaction held, from any thread and from many at once; they may call the
// library, may run long, and must not throw or jump out.
typedef struct {
  // `sizeof(confidant_llm_callbacks)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // Writes the reply with `confidant_llm_reply_append`, in one piece or many, and returns
  // `CONFIDANT_OK`; or returns a status, after `confidant_llm_reply_fail` if there is more to
  // say. Must not be NULL.
  confidant_status (*complete)(void *user_data,
                               const confidant_llm_request *request,
                               confidant_llm_reply *reply);
  // Gives `user_data` back; may be NULL.
  void (*destroy)(void *user_data);
  // The model's name, 1 to 128 bytes, stored with its answers.
  confidant_str name;
  // Whether its tokens cost nothing, as with a model on the own machine.
  confidant_flag is_free;
  // Zero.
  uint32_t reserved;
} confidant_llm_callbacks;

// One message of the conversation; a view.
typedef struct {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // What was written.
  confidant_str text;
  // Who wrote it, one of `CONFIDANT_ROLE_*`.
  int32_t role;
  // Zero.
  uint32_t reserved;
} confidant_llm_message;

// A support article for the offline model. Begin with `CONFIDANT_ARTICLE_INIT`.
typedef struct {
  // `sizeof(confidant_article)`.
  size_t struct_size;
  // The name, as given in the sources of a reply.
  confidant_str title;
  // The answer in plain sentences; the first one helps by itself.
  confidant_str content;
  // The subject it belongs to, such as "billing"; may be empty.
  confidant_str category;
  // Other words that customers use for it, separated by spaces; found, never shown.
  confidant_str keywords;
  // The answer step by step, without numbers; may be NULL.
  const confidant_str *steps;
  // How many steps there are.
  size_t step_count;
} confidant_article;

// A reply of a scripted model. Begin with `CONFIDANT_SCRIPTED_REPLY_INIT`.
typedef struct {
  // `sizeof(confidant_scripted_reply)`.
  size_t struct_size;
  // The pieces it is written in, one after the other; may be NULL.
  const confidant_str *pieces;
  // How many pieces there are.
  size_t piece_count;
  // The articles it claims to rest on; may be NULL.
  const confidant_str *sources;
  // How many sources there are.
  size_t source_count;
  // How sure the model says it is, 0 to 1; read if `has_confidence`.
  double confidence;
  // Whether `confidence` is given.
  confidant_flag has_confidence;
  // Whether `resolved` is given.
  confidant_flag has_resolved;
  // Whether the model says that the reply settles the matter.
  confidant_flag resolved;
  // One of `CONFIDANT_LLM_*` to fail with after the pieces; 0 does not fail.
  int32_t failure;
  // What the failure says.
  confidant_str failure_message;
} confidant_scripted_reply;

// The settings of an Ollama model. Begin with `CONFIDANT_OLLAMA_OPTIONS_INIT`; what stays zero is
// the default.
typedef struct {
  // `sizeof(confidant_ollama_options)`.
  size_t struct_size;
  // The model's name, such as "llama3.1:8b-instruct-q8_0".
  confidant_str model;
  // Where the server is, without "/api"; a NULL pointer for "http://127.0.0.1:11434".
  confidant_str base_url;
  // The key of a hosted server; a NULL pointer for none. It is in no error.
  confidant_str api_key;
  // How long the server keeps the model loaded, such as "5m"; a NULL pointer for its own choice.
  confidant_str keep_alive;
  // How long to wait for a connection, in milliseconds; 0 for 5,000.
  uint64_t connect_timeout_ms;
  // How long to wait for the reply to begin; 0 for 60,000.
  uint64_t response_timeout_ms;
  // The longest silence within a reply; 0 for 60,000.
  uint64_t idle_timeout_ms;
  // The longest whole call, with its retries; 0 for no limit.
  uint64_t deadline_ms;
  // Varies the pauses between retries; read if `has_retry_seed`.
  uint64_t retry_seed;
  // The context asked for, in tokens, prompt and reply together; 0 for 8,192.
  uint32_t num_ctx;
  // How often a request that failed in passing is sent again; read if `has_max_retries`, else 2.
  uint32_t max_retries;
  // Whether `max_retries` is given.
  confidant_flag has_max_retries;
  // Whether `retry_seed` is given.
  confidant_flag has_retry_seed;
  // Allows "http://" to another machine: the conversation and the key travel in the clear.
  confidant_flag allow_plain_http;
  // Zero.
  uint32_t reserved;
} confidant_ollama_options;

// The settings of an agent. Begin with `CONFIDANT_AGENT_OPTIONS_INIT`; what stays zero is the
// default.
typedef struct {
  // `sizeof(confidant_agent_options)`.
  size_t struct_size;
  // The language model; NULL for the offline one.
  const confidant_llm *llm;
  // The name of the company's own persona.
  confidant_str persona_name;
  // Its manner, in the company's own words; must not hold anything a customer wrote.
  confidant_str persona_manner;
  // What to tell the customer if the model fails; a NULL pointer lets the call fail.
  confidant_str fallback;
  // The prompt's hard limit in estimated tokens; 0 for 6,000.
  size_t max_prompt_tokens;
  // The earlier turns that the model is shown at most; read if `has_prompt_turns`, else 10.
  size_t prompt_turns;
  // What a token read costs in nano-dollars; read if `has_price`.
  uint64_t input_nano;
  // What a token written costs in nano-dollars; read if `has_price`.
  uint64_t output_nano;
  // The most the agent may spend, in nano-dollars; read if `has_budget`. Needs a price.
  uint64_t budget_nano;
  // The sampling temperature, 0 to 2; read if `has_temperature`, else 0.7.
  double temperature;
  // The longest reply in tokens; 0 for 300.
  uint32_t max_reply_tokens;
  // One of `CONFIDANT_PERSONA_*`.
  int32_t persona;
  // The tone of the company's own persona towards strangers, one of `CONFIDANT_TONE_*`.
  int32_t persona_tone;
  // Whether `prompt_turns` is given.
  confidant_flag has_prompt_turns;
  // Whether the price is given; otherwise the cost is unknown, unless the model is free.
  confidant_flag has_price;
  // Whether `budget_nano` is given.
  confidant_flag has_budget;
  // Whether `temperature` is given.
  confidant_flag has_temperature;
  // Zero.
  uint32_t reserved;
} confidant_agent_options;

// What a customer said, and what the host knows about it. Begin with `CONFIDANT_MESSAGE_INIT`.
typedef struct {
  // `sizeof(confidant_message)`.
  size_t struct_size;
  // What the customer said, at most 64 KiB.
  confidant_str text;
  // An idempotency key, 1 to 128 bytes: the same message again gives the same reply. A NULL
  // pointer for none.
  confidant_str key;
  // The host's own JSON object, stored with the turn; a NULL pointer for none.
  confidant_str metadata;
  // What the company's records say of the customer, for this reply only: shown to the model as
  // quoted data, not stored. A NULL pointer for none.
  confidant_str profile;
  // When it was said, in milliseconds since the Unix epoch; read if `has_at`, else now.
  int64_t at_ms;
  // Whether `at_ms` is given.
  confidant_flag has_at;
  // Zero.
  uint32_t reserved;
} confidant_message;

// Sees the reply as it is written. Begin with `CONFIDANT_TEXT_SINK_INIT`.
//
// The library owns `user_data` from the call on, also if that call fails (unless `struct_size` is
// refused), and runs `destroy` exactly once before the call returns.
typedef struct {
  // `sizeof(confidant_text_sink)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // Takes a piece of text, which lives during the call; returns 0 to go on, anything else to
  // stop. Called without any lock or transaction held; may call the library; must not throw or
  // jump out. Must not be NULL.
  int32_t (*on_text)(void *user_data, confidant_str piece);
  // Gives `user_data` back; may be NULL.
  void (*destroy)(void *user_data);
} confidant_text_sink;

// What an agent has used since it was made.
typedef struct {
  // `sizeof(confidant_spending)`.
  size_t struct_size;
  // Replies that were asked of the model.
  uint64_t calls;
  // Of these, failed.
  uint64_t failures;
  // Tokens read.
  uint64_t input_tokens;
  // Tokens written.
  uint64_t output_tokens;
  // The cost in nano-dollars, if `has_cost`.
  uint64_t cost_nano;
  // The most it may cost, in nano-dollars, if `has_budget`.
  uint64_t budget_nano;
  // Whether the cost is known.
  confidant_flag has_cost;
  // Whether there is a limit.
  confidant_flag has_budget;
} confidant_spending;

// What a reply says; a view that lives as long as the reply.
typedef struct {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The stored turn; without an answer if the model failed.
  const confidant_turn *turn;
  // What is known of the customer's preferences, this message included. The reply owns them.
  const confidant_preferences *preferences;
  // Why the model gave no answer, only with a fallback text; else NULL. The reply owns it.
  const confidant_error *failure;
  // What to tell the customer.
  confidant_str text;
  // How sure the model says it is, 0 to 1; 0.7 if it says nothing, 0 if it failed.
  double confidence;
  // Tokens read; 0 if the reply was given before.
  uint64_t input_tokens;
  // Tokens written; 0 if the reply was given before.
  uint64_t output_tokens;
  // The cost in nano-dollars, if `has_cost`.
  uint64_t cost_nano;
  // The customer's turns in all, this one included.
  uint64_t history_len;
  // How many articles `confidant_reply_source` gives.
  uint64_t source_count;
  // Whether the matter is settled, as the model says.
  confidant_flag resolved;
  // Whether the model's server counted the tokens; otherwise they are estimated.
  confidant_flag are_tokens_reported;
  // Whether the cost is known.
  confidant_flag has_cost;
  // Zero.
  uint32_t reserved;
} confidant_reply_content;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The binary interface of the library that is loaded; a host may compare it with
// `CONFIDANT_ABI_VERSION` before anything else.
//
// Threads: any.
uint32_t confidant_abi_version(void);

// The version of the library that is loaded, as "0.1.0".
//
// Owned: a view of a constant, good for ever. Threads: any.
confidant_str confidant_version(void);

// Writes a turn's identifier as text, as logs and web addresses show it ("t1c9e2f4-12").
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_turn_id_format(uint64_t turn_id, confidant_id *out, confidant_error **err);

// Reads a turn's identifier from its text.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_turn_id_parse(confidant_str id, uint64_t *out, confidant_error **err);

// Writes a session's identifier as text ("s1c9e2f4-3").
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_session_id_format(uint64_t session_id, confidant_id *out, confidant_error **err);

// Reads a session's identifier from its text.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_session_id_parse(confidant_str id, uint64_t *out, confidant_error **err);

// Writes a time, in milliseconds since the Unix epoch, as RFC 3339 in UTC
// ("2026-11-21T09:30:00.000Z"); a time no calendar has is a number with "ms".
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_time_format(int64_t at_ms, confidant_id *out, confidant_error **err);

// Reads a time in RFC 3339, with `Z` or an offset.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_time_parse(confidant_str time, int64_t *out, confidant_error **err);

// The view of a text literal of the host: for C, where a literal is a pointer and a NUL.
// `text` may be NULL, which gives `{NULL, 0}`.
//
// Owned: the view is of the host's own bytes. Threads: any.
confidant_str confidant_text(const char *text);

// Frees an error. NULL does nothing.
//
// Owned: the error and every text of it are gone afterwards. Threads: one at a time.
void confidant_error_free(confidant_error *error);

// The status of an error, as the failed call returned it; `CONFIDANT_OK` for NULL.
//
// Threads: any.
confidant_status confidant_error_status(const confidant_error *error);

// What was tried, on what, and why not, for people. Never holds what a customer said.
//
// Owned: a view that lives until `confidant_error_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_error_message(const confidant_error *error);

// The causes, for a log: what the database, the operating system or the server said. Empty
// if there is none.
//
// Owned: a view that lives until `confidant_error_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_error_detail(const confidant_error *error);

// Why the language model failed, one of `CONFIDANT_LLM_*`; `CONFIDANT_LLM_NONE` for every
// other kind of error and for NULL.
//
// Threads: any.
int32_t confidant_error_llm_failure(const confidant_error *error);

// Whether the same call may succeed later without any change; false for NULL.
//
// Threads: any.
bool confidant_error_is_retryable(const confidant_error *error);

// The name of a status in plain words ("not found"); "unknown" for a number that is none.
//
// Owned: a view of a constant, good for ever. Threads: any.
confidant_str confidant_status_name(confidant_status status);

// Makes settings with every default: 50 turns in a context, 64 MiB of hot buffer for 30
// minutes, each turn durable before its save returns, 5 seconds of patience with a locked store.
//
// Owned: free `*out` with `confidant_config_free`. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_new(confidant_config **out, confidant_error **err);

// Frees settings. NULL does nothing.
//
// Owned: memories opened with them are not touched. Threads: one at a time.
void confidant_config_free(confidant_config *config);

// Sets the turns of a context, 1 to 1,000; 50 if never said. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_hot_turns(confidant_config *config,
                                                size_t turns,
                                                confidant_error **err);

// Sets the bytes that the hot buffer may take in all; 64 MiB if never said, 0 keeps nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_hot_bytes(confidant_config *config,
                                                size_t bytes,
                                                confidant_error **err);

// Sets how long a customer stays hot after a load or a save, in milliseconds; 30 minutes if
// never said, -1 is for ever, 0 asks the store every time.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_hot_ttl_ms(confidant_config *config,
                                                 int64_t ttl_ms,
                                                 confidant_error **err);

// Sets after how many waiting turns of a customer they are saved, 1 to 1,000; 0, the default,
// saves each turn before its call returns. Waiting turns are lost if the process is killed;
// `confidant_flush` saves them. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_persist_every(confidant_config *config,
                                                    size_t turns,
                                                    confidant_error **err);

// Sets what an acknowledged turn survives, one of `CONFIDANT_DURABILITY_*`; power loss if
// never said.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_durability(confidant_config *config,
                                                 int32_t durability,
                                                 confidant_error **err);

// Sets how long a call waits while other processes hold the store, in milliseconds; 5,000 if
// never said.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_busy_timeout_ms(confidant_config *config,
                                                      uint64_t timeout_ms,
                                                      confidant_error **err);

// Sets after how long without a turn a save into a customer's memory opens a new session
// instead of continuing, in milliseconds; 30 minutes if never said.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_session_idle_ms(confidant_config *config,
                                                      uint64_t idle_ms,
                                                      confidant_error **err);

// Sets the longest text of one half of a turn, and of its metadata, in bytes, 1 to 65,536;
// 65,536 if never said. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_max_text_bytes(confidant_config *config,
                                                     size_t bytes,
                                                     confidant_error **err);

// Sets where the time comes from; the machine's clock if never said.
//
// Owned: the library owns `clock->user_data` from here on, also if this fails. Threads: one at
// a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_config_set_clock(confidant_config *config,
                                            const confidant_clock *clock,
                                            confidant_error **err);

// Opens the memory in the file at a path (`support.db`), or makes the file; with the feature
// `postgres`, `postgres://user:password@host/database` is a server. `config` may be NULL for
// the defaults. Any number of processes may have the same file open.
//
// Owned: close `*out` with `confidant_close`; `config` stays the host's. Threads: any, but
// `config` is not changed meanwhile. Fails: NOT_FOUND (folder missing), INVALID_ARGUMENT (not a
// path, another program's database, a setting out of range), CORRUPT, FORMAT_TOO_NEW, IO, BUSY.
confidant_status confidant_open(confidant_str location,
                                const confidant_config *config,
                                confidant **out,
                                confidant_error **err);

// Closes an open memory. Turns that wait (see `confidant_config_set_persist_every`) are saved
// with the last handle; call `confidant_flush` first to know that it worked. NULL does nothing.
//
// Owned: other handles keep what they need and stay usable. Threads: one at a time.
void confidant_close(confidant *memory);

// The location it was opened with.
//
// Owned: a view that lives until `confidant_close`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_location(const confidant *memory);

// Saves every turn that waits; does nothing unless turns are collected.
//
// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
confidant_status confidant_flush(const confidant *memory, confidant_error **err);

// Forgets every customer's hot buffer; the store keeps everything.
//
// Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_invalidate(const confidant *memory, confidant_error **err);

// Does what is better done now and then, when the host has time: trains the store's own
// dictionary, packs older turns with it, moves the log into the file. Other calls go on
// meanwhile. `out` may be NULL.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE;
// what was done until then stays.
confidant_status confidant_maintain(const confidant *memory,
                                    confidant_maintenance *out,
                                    confidant_error **err);

// Gives the file's free space back to the file system. Takes about as long as copying the
// file, needs as much free space again, and writers wait meanwhile.
//
// Threads: any. Fails: INVALID_ARGUMENT, IO, BUSY, STORE; the file is then as it was.
confidant_status confidant_compact(const confidant *memory, confidant_error **err);

// Figures of this open memory: the hot buffer, what waits, the file's size.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_stats(const confidant *memory, confidant_store_stats *out, confidant_error **err);

// Reads everything that is stored and lists what is damaged.
//
// Owned: free `*out` with `confidant_report_free`. Threads: any. Fails: INVALID_ARGUMENT, IO,
// STORE if the file cannot be read at all; damage itself is in the report.
confidant_status confidant_check(const confidant *memory, confidant_report **out, confidant_error **err);

// Frees a report. NULL does nothing.
//
// Owned: its texts are gone afterwards. Threads: one at a time.
void confidant_report_free(confidant_report *report);

// Whether nothing is damaged; false for NULL.
//
// Threads: any.
bool confidant_report_is_sound(const confidant_report *report);

// The sums of a report.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_report_read(const confidant_report *report,
                                       confidant_report_sums *out,
                                       confidant_error **err);

// A line of damage, counted from 0.
//
// Owned: a view that lives until `confidant_report_free`; `{NULL, 0}` for NULL and past the
// end. Threads: any.
confidant_str confidant_report_finding(const confidant_report *report, size_t place);

// A warning to the operator, counted from 0.
//
// Owned: a view that lives until `confidant_report_free`; `{NULL, 0}` for NULL and past the
// end. Threads: any.
confidant_str confidant_report_warning(const confidant_report *report, size_t place);

// Frees a context. NULL does nothing.
//
// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
void confidant_context_free(confidant_context *context);

// How many turns are in the context; 0 for NULL.
//
// Threads: any.
size_t confidant_context_count(const confidant_context *context);

// How many turns the customer has in all, here and in the archive; 0 for NULL.
//
// Threads: any.
uint64_t confidant_context_total(const confidant_context *context);

// The turn at a place, counted from 0, the oldest one here; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_context_free`. Threads: any.
const confidant_turn *confidant_context_turn(const confidant_context *context, size_t place);

// The whole context as one flat buffer, for hosts whose calls are costly. All numbers are
// little-endian; offsets count from the buffer's beginning.
//
// Head, 32 bytes: u32 magic 0x31424643 ("CFB1"), u32 size of a record (80 or more), u64 total of
// the customer's turns, u32 count of records, u32 zero, u64 zero. Then the records, oldest first:
// u64 turn id, u64 session id, i64 at (ms), i64 answered at (ms), f64 confidence, i32 channel,
// u32 flags (1 said, 2 answer, 4 answered at, 8 answered by, 16 confidence, 32 resolved, 64
// metadata, 128 pending: which are there), then u32 offset and u32 length of said, answer,
// answered by and metadata. Then the texts.
//
// Owned: a view that lives until `confidant_context_free`. Threads: any. Fails:
// INVALID_ARGUMENT, LIMIT (texts of 4 GiB and more).
confidant_status confidant_context_flat(const confidant_context *context,
                                        confidant_bytes *out,
                                        confidant_error **err);

// Frees a list of turns. NULL does nothing.
//
// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
void confidant_turns_free(confidant_turns *turns);

// How many turns are in the list; 0 for NULL.
//
// Threads: any.
size_t confidant_turns_count(const confidant_turns *turns);

// The turn at a place, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_turns_free`. Threads: any.
const confidant_turn *confidant_turns_at(const confidant_turns *turns, size_t place);

// The whole list as one flat buffer, laid out as `confidant_context_flat` says; its total is the
// number of turns in the list.
//
// Owned: a view that lives until `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// LIMIT (texts of 4 GiB and more).
confidant_status confidant_turns_flat(const confidant_turns *turns,
                                      confidant_bytes *out,
                                      confidant_error **err);

// The memory of a customer of a tenant. An empty tenant is the tenant "default"; ids have 1 to
// 128 bytes and no control characters. Nothing is stored until a turn or a session is.
//
// Owned: free `*out` with `confidant_memory_free`. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_memory_open(const confidant *memory,
                                       confidant_str tenant,
                                       confidant_str customer,
                                       confidant_memory **out,
                                       confidant_error **err);

// Frees the handle; what is stored stays. NULL does nothing.
//
// Owned: contexts, lists and sessions made from it stay good. Threads: one at a time.
void confidant_memory_free(confidant_memory *memory);

// The tenant's id.
//
// Owned: a view that lives until `confidant_memory_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_memory_tenant(const confidant_memory *memory);

// The customer's id.
//
// Owned: a view that lives until `confidant_memory_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_memory_customer(const confidant_memory *memory);

// The newest turns (50 if not set otherwise), oldest first, and the number of all: always what
// every process that had its save acknowledged has written. Nobody known is an empty context.
//
// Owned: free `*out` with `confidant_context_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT (naming the turn), BUSY, IO, STORE.
confidant_status confidant_memory_load_context(const confidant_memory *memory,
                                               confidant_context **out,
                                               confidant_error **err);

// Saves one turn; it is on disk when this returns. It continues the customer's newest session if
// that is open and was active within the last 30 minutes (a setting), and opens one otherwise.
// Saving again under the same key gives the first turn's identifier and changes nothing.
// `turn_id` may be NULL.
//
// Owned: `turn_id` is the caller's. Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the
// part; BUSY, IO, STORE. Nothing was saved then.
confidant_status confidant_memory_save_turn(const confidant_memory *memory,
                                            const confidant_new_turn *turn,
                                            uint64_t *turn_id,
                                            confidant_error **err);

// Saves up to 1,000 turns in their order, all or none. The array is stepped by the first one's
// `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
//
// Owned: `turn_ids` is the caller's. Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the
// part; BUSY, IO, STORE. Nothing was saved then.
confidant_status confidant_memory_save_turns(const confidant_memory *memory,
                                             const confidant_new_turn *turns,
                                             size_t count,
                                             uint64_t *turn_ids,
                                             confidant_error **err);

// Gives an answer to a turn that was saved without one. Giving the same answer again changes
// nothing.
//
// Threads: any. Fails: NOT_FOUND (no such turn of this customer), CONFLICT (it has another
// answer), INVALID_ARGUMENT, LIMIT, BUSY, IO, STORE.
confidant_status confidant_memory_answer(const confidant_memory *memory,
                                         uint64_t turn_id,
                                         const confidant_new_answer *answer,
                                         confidant_error **err);

// A page of the whole archive, oldest first: at most `limit` turns (1 to 10,000) after the turn
// `after`; 0 is from the beginning.
//
// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (`after` is another customer's), CORRUPT (naming the turn), BUSY, IO, STORE.
confidant_status confidant_memory_turns(const confidant_memory *memory,
                                        uint64_t after,
                                        size_t limit,
                                        confidant_turns **out,
                                        confidant_error **err);

// One turn, as a list of one.
//
// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (no such turn of this customer), CORRUPT, BUSY, IO, STORE.
confidant_status confidant_memory_turn(const confidant_memory *memory,
                                       uint64_t turn_id,
                                       confidant_turns **out,
                                       confidant_error **err);

// Removes every turn and session of this customer; `removed`, which may be NULL, is how many
// turns. No number is given again. Backups keep the bytes.
//
// Owned: `removed` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
// nothing was removed then.
confidant_status confidant_memory_clear(const confidant_memory *memory,
                                        uint64_t *removed,
                                        confidant_error **err);

// Forgets this customer's hot buffer, and the context that the handle keeps; the store keeps
// everything.
//
// Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_memory_invalidate(const confidant_memory *memory, confidant_error **err);

// Saves this customer's turns that wait; does nothing unless turns are collected.
//
// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
confidant_status confidant_memory_flush(const confidant_memory *memory, confidant_error **err);

// Figures of this customer's memory.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
confidant_status confidant_memory_stats(const confidant_memory *memory,
                                        confidant_buffer_stats *out,
                                        confidant_error **err);

// Opens a session of a customer now, on one of `CONFIDANT_CHANNEL_*`.
//
// Owned: free `*out` with `confidant_session_free`; that does not close the session. Threads:
// any. Fails: INVALID_ARGUMENT, LIMIT, BUSY, IO, STORE.
confidant_status confidant_session_open(const confidant_memory *memory,
                                        int32_t channel,
                                        confidant_session **out,
                                        confidant_error **err);

// Opens a session that began at a given time, in milliseconds since the Unix epoch, as an
// import does.
//
// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT (also
// for a time before 1970), LIMIT, BUSY, IO, STORE.
confidant_status confidant_session_open_at(const confidant_memory *memory,
                                           int32_t channel,
                                           int64_t at_ms,
                                           confidant_session **out,
                                           confidant_error **err);

// The handle of a session opened earlier, also by another process.
//
// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (no such session of this customer), BUSY, IO, STORE.
confidant_status confidant_session_resume(const confidant_memory *memory,
                                          uint64_t session_id,
                                          confidant_session **out,
                                          confidant_error **err);

// Frees the handle; the session stays open in the store, for `confidant_session_resume`. NULL
// does nothing.
//
// Owned: contexts made from it stay good. Threads: one at a time.
void confidant_session_free(confidant_session *session);

// The session's identifier, good in any process; below 2^53; 0 for NULL.
//
// Threads: any.
uint64_t confidant_session_id(const confidant_session *session);

// How the customer reached us, one of `CONFIDANT_CHANNEL_*`; -1 for NULL.
//
// Threads: any.
int32_t confidant_session_channel(const confidant_session *session);

// When it was opened, in milliseconds since the Unix epoch; 0 for NULL.
//
// Threads: any.
int64_t confidant_session_opened_at_ms(const confidant_session *session);

// Saves one turn into this session; otherwise as `confidant_memory_save_turn`. `turn_id` may be
// NULL.
//
// Owned: `turn_id` is the caller's. Threads: any. Fails: CLOSED (the session was closed),
// NOT_FOUND (it was cleared), INVALID_ARGUMENT or LIMIT, naming the part; BUSY, IO, STORE.
confidant_status confidant_session_save_turn(const confidant_session *session,
                                             const confidant_new_turn *turn,
                                             uint64_t *turn_id,
                                             confidant_error **err);

// Saves up to 1,000 turns into this session in their order, all or none. The array is stepped by
// the first one's `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
//
// Owned: `turn_ids` is the caller's. Threads: any. Fails: as `confidant_session_save_turn`.
confidant_status confidant_session_save_turns(const confidant_session *session,
                                              const confidant_new_turn *turns,
                                              size_t count,
                                              uint64_t *turn_ids,
                                              confidant_error **err);

// Gives an answer to a turn, which may be of any session of the customer; otherwise as
// `confidant_memory_answer`.
//
// Threads: any. Fails: NOT_FOUND, CONFLICT (it has another answer), INVALID_ARGUMENT, LIMIT,
// BUSY, IO, STORE.
confidant_status confidant_session_answer(const confidant_session *session,
                                          uint64_t turn_id,
                                          const confidant_new_answer *answer,
                                          confidant_error **err);

// The customer's newest turns, of every session; as `confidant_memory_load_context`.
//
// Owned: free `*out` with `confidant_context_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT, BUSY, IO, STORE.
confidant_status confidant_session_context(const confidant_session *session,
                                           confidant_context **out,
                                           confidant_error **err);

// The session's figures so far.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, NOT_FOUND (it was
// cleared), BUSY, IO, STORE.
confidant_status confidant_session_metrics(const confidant_session *session,
                                           confidant_session_figures *out,
                                           confidant_error **err);

// Closes the session and gives its figures; turns that wait are saved first. `outcome` may be
// NULL for "unknown", and `out` if the figures are not wanted.
//
// Owned: `out` is the caller's; the handle is still to be freed. Threads: any. Fails: CLOSED (it
// is closed already), NOT_FOUND (it was cleared), INVALID_ARGUMENT, BUSY, IO, STORE.
confidant_status confidant_session_close(const confidant_session *session,
                                         const confidant_outcome *outcome,
                                         confidant_session_figures *out,
                                         confidant_error **err);

// The customer's sessions, newest first, with their turns counted: at most `limit` (1 to 10,000)
// after the session `after`; 0 is from the newest.
//
// Owned: free `*out` with `confidant_sessions_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (`after` is no session of this customer), BUSY, IO, STORE.
confidant_status confidant_memory_sessions(const confidant_memory *memory,
                                           uint64_t after,
                                           size_t limit,
                                           confidant_sessions **out,
                                           confidant_error **err);

// Frees a list of sessions. NULL does nothing.
//
// Owned: its views are gone afterwards. Threads: one at a time.
void confidant_sessions_free(confidant_sessions *sessions);

// How many sessions are in the list; 0 for NULL.
//
// Threads: any.
size_t confidant_sessions_count(const confidant_sessions *sessions);

// The session at a place, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_sessions_free`. Threads: any.
const confidant_session_figures *confidant_sessions_at(const confidant_sessions *sessions, size_t place);

// What the customer likes, as far as their own words over the whole history show, with the turns
// it was learned from. The first call reads the archive once; later ones only what was said since.
//
// Owned: free `*out` with `confidant_preferences_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT, BUSY, IO, STORE.
confidant_status confidant_memory_preferences(const confidant_memory *memory,
                                              confidant_preferences **out,
                                              confidant_error **err);

// Frees preferences. NULL does nothing. Not for those of a reply, which the reply owns.
//
// Owned: its conclusions and texts are gone afterwards. Threads: one at a time.
void confidant_preferences_free(confidant_preferences *preferences);

// How many conclusions there are: style and length, as far as known, then topics, those of most
// turns first. 0 for NULL.
//
// Threads: any.
size_t confidant_preferences_count(const confidant_preferences *preferences);

// The conclusion at a place, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_preference *confidant_preferences_at(const confidant_preferences *preferences, size_t place);

// The first conclusion of a kind, one of `CONFIDANT_PREFERENCE_*`; NULL if none is known.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_preference *confidant_preferences_find(const confidant_preferences *preferences,
                                                       int32_t kind);

// A place that shows the conclusion at `place`, counted from 0, oldest first; NULL past the end.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_evidence *confidant_preferences_evidence(const confidant_preferences *preferences,
                                                         size_t place,
                                                         size_t evidence);

// How many turns hold words of the customer; 0 for NULL.
//
// Threads: any.
uint64_t confidant_preferences_customer_turns(const confidant_preferences *preferences);

// All of it in one line for people, as "style formal (5 turns), length medium, topics login".
//
// Owned: a view that lives as long as the preferences; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_preferences_text(const confidant_preferences *preferences);

// Makes an extractor that has learned nothing yet. `options` may be NULL.
//
// Owned: free `*out` with `confidant_extractor_free`. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_extractor_new(const confidant_extractor_options *options,
                                         confidant_extractor **out,
                                         confidant_error **err);

// Frees an extractor. NULL does nothing.
//
// Owned: preferences it concluded stay good. Threads: one at a time.
void confidant_extractor_free(confidant_extractor *extractor);

// Learns from the turns of a context. A turn that is covered already changes nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_extractor_learn_context(confidant_extractor *extractor,
                                                   const confidant_context *context,
                                                   confidant_error **err);

// Learns from a list of turns, as a page of the archive. A turn that is covered already changes
// nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
confidant_status confidant_extractor_learn_turns(confidant_extractor *extractor,
                                                 const confidant_turns *turns,
                                                 confidant_error **err);

// Concludes from what was learned so far.
//
// Owned: free `*out` with `confidant_preferences_free`. Threads: any, while nobody changes the
// extractor. Fails: INVALID_ARGUMENT.
confidant_status confidant_extractor_conclude(const confidant_extractor *extractor,
                                              confidant_preferences **out,
                                              confidant_error **err);

// The last turn that was learned from; 0 if none was, and for NULL.
//
// Threads: any, while nobody changes the extractor.
uint64_t confidant_extractor_covered(const confidant_extractor *extractor);

// What was learned, as the text of a JSON object of at most about 12 KiB, to be kept by the host;
// it holds no words of the customer.
//
// Owned: `*json` is a view that lives until the next call with this extractor. Threads: one at a
// time. Fails: INVALID_ARGUMENT.
confidant_status confidant_extractor_state(confidant_extractor *extractor,
                                           confidant_str *json,
                                           confidant_error **err);

// Goes on from what `confidant_extractor_state` gave, in place of what was learned here. If other
// rules made it, the extractor begins anew: learn what is not covered.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT, CORRUPT (not such a text); nothing changes then.
confidant_status confidant_extractor_restore(confidant_extractor *extractor,
                                             confidant_str json,
                                             confidant_error **err);

// The name of the rules, which changes whenever a rule does.
//
// Owned: a view that lives until `confidant_extractor_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_extractor_rules_version(const confidant_extractor *extractor);

// Sums up all stored turns and sessions of a tenant; an empty tenant is the tenant "default".
// Reads every turn of it: about a tenth of a second for 100,000 turns.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
confidant_status confidant_analytics(const confidant *memory,
                                     confidant_str tenant,
                                     confidant_summary *out,
                                     confidant_error **err);

// Sums up all stored turns and sessions of a customer.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
confidant_status confidant_memory_analytics(const confidant_memory *memory,
                                            confidant_summary *out,
                                            confidant_error **err);

// Makes a model of the host's own.
//
// Owned: free `*out` with `confidant_llm_free`; the library owns `callbacks->user_data` from here
// on, also if this fails. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_new(const confidant_llm_callbacks *callbacks,
                                   confidant_llm **out,
                                   confidant_error **err);

// Frees the handle of a model; agents that use it keep it. NULL does nothing.
//
// Owned: `user_data` of a host's model is destroyed with the last agent that uses it. Threads:
// one at a time.
void confidant_llm_free(confidant_llm *llm);

// The model's name, as stored with its answers.
//
// Owned: a view that lives until `confidant_llm_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_llm_name(const confidant_llm *llm);

// Whether the model's tokens cost nothing; false for NULL.
//
// Threads: any.
bool confidant_llm_costs_nothing(const confidant_llm *llm);

// The instructions; they never hold anything a customer wrote.
//
// Owned: a view that lives during the callback; `{NULL, 0}` for NULL. Threads: the callback's.
confidant_str confidant_llm_request_system(const confidant_llm_request *request);

// How many messages there are; the last one is the customer's and wants a reply. 0 for NULL.
//
// Threads: the callback's.
size_t confidant_llm_request_message_count(const confidant_llm_request *request);

// The message at a place, counted from 0, oldest first; NULL past the end and for NULL.
//
// Owned: a view that lives during the callback. Threads: the callback's.
const confidant_llm_message *confidant_llm_request_message(const confidant_llm_request *request,
                                                           size_t place);

// How formal the reply should sound, one of `CONFIDANT_TONE_*`; also spelled out in the
// instructions.
//
// Threads: the callback's.
int32_t confidant_llm_request_tone(const confidant_llm_request *request);

// How long the reply should be, one of `CONFIDANT_LENGTH_*`; also spelled out in the
// instructions.
//
// Threads: the callback's.
int32_t confidant_llm_request_length(const confidant_llm_request *request);

// Sampling temperature, 0 to 2; 0 for NULL.
//
// Threads: the callback's.
double confidant_llm_request_temperature(const confidant_llm_request *request);

// The longest reply, in tokens of the model; 0 for NULL.
//
// Threads: the callback's.
uint32_t confidant_llm_request_max_tokens(const confidant_llm_request *request);

// Writes a piece of the reply: whole characters, as many bytes as the model likes to give at once.
//
// Threads: the callback's. Fails: CANCELLED (nobody wants more: stop, and return any status),
// INVALID_ARGUMENT.
confidant_status confidant_llm_reply_append(confidant_llm_reply *reply,
                                            confidant_str piece,
                                            confidant_error **err);

// Says how sure the model is, 0 to 1.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_set_confidence(confidant_llm_reply *reply,
                                                    double confidence,
                                                    confidant_error **err);

// Says whether the reply settles what the customer wanted.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_set_resolved(confidant_llm_reply *reply,
                                                  confidant_flag resolved,
                                                  confidant_error **err);

// Says what the call used, as the model's server counted it; estimated if never said.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_set_usage(confidant_llm_reply *reply,
                                               uint64_t input_tokens,
                                               uint64_t output_tokens,
                                               confidant_error **err);

// Says why the model stopped, one of `CONFIDANT_FINISH_*`; "it was done" if never said.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_set_finish(confidant_llm_reply *reply,
                                                int32_t finish,
                                                confidant_error **err);

// Names an article that the reply rests on; may be called for several.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_add_source(confidant_llm_reply *reply,
                                                confidant_str source,
                                                confidant_error **err);

// Says why the model failed: one of `CONFIDANT_LLM_*` (not NONE) and a message for people, which
// must not hold what a customer said. What the callback returns afterwards does not matter.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
confidant_status confidant_llm_reply_fail(confidant_llm_reply *reply,
                                          int32_t failure,
                                          confidant_str message,
                                          confidant_error **err);

// A model without a network and without a model: it answers from articles and the conversation,
// the same way every time, in English. Without articles (NULL, 0) it has a small starter set.
//
// Owned: free `*out` with `confidant_llm_free`; the articles are copied. Threads: any. Fails:
// INVALID_ARGUMENT.
confidant_status confidant_llm_offline(const confidant_article *articles,
                                       size_t count,
                                       confidant_llm **out,
                                       confidant_error **err);

// A model that gives the replies of a list, in order, each once; for tests and demonstrations.
//
// Owned: free `*out` with `confidant_llm_free`; the replies are copied. Threads: any. Fails:
// INVALID_ARGUMENT.
confidant_status confidant_llm_scripted(const confidant_scripted_reply *replies,
                                        size_t count,
                                        confidant_llm **out,
                                        confidant_error **err);

// How many replies a scripted model has left.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, UNSUPPORTED (not a scripted
// model).
confidant_status confidant_llm_remaining(const confidant_llm *llm, uint64_t *out, confidant_error **err);

// A model of an Ollama server. Nothing is sent until an agent uses it.
//
// Owned: free `*out` with `confidant_llm_free`; the texts are copied. Threads: any. Fails:
// INVALID_ARGUMENT, UNSUPPORTED (the library was built without HTTP).
confidant_status confidant_llm_ollama(const confidant_ollama_options *options,
                                      confidant_llm **out,
                                      confidant_error **err);

// The names of the models that an Ollama server has. Asks the server.
//
// Owned: free `*out` with `confidant_names_free`. Threads: any. Fails: INVALID_ARGUMENT, LLM,
// UNSUPPORTED (not an Ollama model).
confidant_status confidant_llm_models(const confidant_llm *llm, confidant_names **out, confidant_error **err);

// Frees names. NULL does nothing.
//
// Owned: its texts are gone afterwards. Threads: one at a time.
void confidant_names_free(confidant_names *names);

// How many names there are; 0 for NULL.
//
// Threads: any.
size_t confidant_names_count(const confidant_names *names);

// The name at a place, counted from 0.
//
// Owned: a view that lives until `confidant_names_free`; `{NULL, 0}` for NULL and past the end.
// Threads: any.
confidant_str confidant_names_at(const confidant_names *names, size_t place);

// Makes an agent over a memory; `options` may be NULL: then it is friendly and works offline.
//
// Owned: free `*out` with `confidant_agent_free`; the memory and the model are kept. Threads: any.
// Fails: INVALID_ARGUMENT, naming the setting.
confidant_status confidant_agent_new(const confidant *memory,
                                     const confidant_agent_options *options,
                                     confidant_agent **out,
                                     confidant_error **err);

// Frees an agent. NULL does nothing.
//
// Owned: replies it gave stay good. Threads: one at a time.
void confidant_agent_free(confidant_agent *agent);

// The name of the agent's model.
//
// Owned: a view that lives until `confidant_agent_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_agent_model(const confidant_agent *agent);

// Answers what the customer said; shows the reply through `sink`, which may be NULL, as it is
// written. Takes as long as the model does.
//
// The customer's half is durable before the model is asked, and stays, unanswered, if the model
// fails or the sink stops it. A message with a key that was answered before gives that answer
// again and asks nobody.
//
// Owned: free `*out` with `confidant_reply_free`; the library owns `sink->user_data` during the
// call. Threads: any; the callbacks run on this one. Fails: CLOSED (the session was closed),
// INVALID_ARGUMENT or LIMIT (the message breaks a rule or does not fit the prompt), BUDGET (before
// anything is sent), LLM, CANCELLED (the sink stopped it), BUSY, IO, STORE. With a fallback text
// BUDGET, LLM and CANCELLED are in the reply instead.
confidant_status confidant_agent_respond(const confidant_agent *agent,
                                         const confidant_session *session,
                                         const confidant_message *message,
                                         const confidant_text_sink *sink,
                                         confidant_reply **out,
                                         confidant_error **err);

// What the agent has used since it was made.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
confidant_status confidant_agent_spending(const confidant_agent *agent,
                                          confidant_spending *out,
                                          confidant_error **err);

// Frees a reply. NULL does nothing.
//
// Owned: its content, preferences and failure are gone afterwards. Threads: one at a time.
void confidant_reply_free(confidant_reply *reply);

// What the reply says; NULL for NULL.
//
// Owned: a view that lives until `confidant_reply_free`. Threads: any.
const confidant_reply_content *confidant_reply_read(const confidant_reply *reply);

// The title of an article that the reply rests on, counted from 0.
//
// Owned: a view that lives until `confidant_reply_free`; `{NULL, 0}` for NULL and past the end.
// Threads: any.
confidant_str confidant_reply_source(const confidant_reply *reply, size_t place);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

// What to begin a growing struct with: its size, and zero everywhere else.
#ifdef __cplusplus
#define CONFIDANT_INIT_(type) ([] { type confidant_made_ = {}; confidant_made_.struct_size = sizeof(type); return confidant_made_; }())
#else
#define CONFIDANT_INIT_(type) { .struct_size = sizeof(type) }
#endif
#define CONFIDANT_CLOCK_INIT CONFIDANT_INIT_(confidant_clock)
#define CONFIDANT_MAINTENANCE_INIT CONFIDANT_INIT_(confidant_maintenance)
#define CONFIDANT_STORE_STATS_INIT CONFIDANT_INIT_(confidant_store_stats)
#define CONFIDANT_REPORT_SUMS_INIT CONFIDANT_INIT_(confidant_report_sums)
#define CONFIDANT_NEW_TURN_INIT CONFIDANT_INIT_(confidant_new_turn)
#define CONFIDANT_NEW_ANSWER_INIT CONFIDANT_INIT_(confidant_new_answer)
#define CONFIDANT_BUFFER_STATS_INIT CONFIDANT_INIT_(confidant_buffer_stats)
#define CONFIDANT_SESSION_FIGURES_INIT CONFIDANT_INIT_(confidant_session_figures)
#define CONFIDANT_OUTCOME_INIT CONFIDANT_INIT_(confidant_outcome)
#define CONFIDANT_EXTRACTOR_OPTIONS_INIT CONFIDANT_INIT_(confidant_extractor_options)
#define CONFIDANT_SUMMARY_INIT CONFIDANT_INIT_(confidant_summary)
#define CONFIDANT_LLM_CALLBACKS_INIT CONFIDANT_INIT_(confidant_llm_callbacks)
#define CONFIDANT_ARTICLE_INIT CONFIDANT_INIT_(confidant_article)
#define CONFIDANT_SCRIPTED_REPLY_INIT CONFIDANT_INIT_(confidant_scripted_reply)
#define CONFIDANT_OLLAMA_OPTIONS_INIT CONFIDANT_INIT_(confidant_ollama_options)
#define CONFIDANT_AGENT_OPTIONS_INIT CONFIDANT_INIT_(confidant_agent_options)
#define CONFIDANT_MESSAGE_INIT CONFIDANT_INIT_(confidant_message)
#define CONFIDANT_TEXT_SINK_INIT CONFIDANT_INIT_(confidant_text_sink)
#define CONFIDANT_SPENDING_INIT CONFIDANT_INIT_(confidant_spending)

#endif  /* CONFIDANT_H */
