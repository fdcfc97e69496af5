// confidant remembers customers: every conversation in one file, across restarts, channels, agents and years.
//
// Generated from capi/src/ by `UPDATE_HEADER=1 cargo test -p confidant-capi --test header`; do not edit.
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
// Counts. size_t counts and numbers what is in memory, such as the elements of a list; uint64_t is a figure of what is
// stored. Yes and no is a confidant_flag everywhere.
//
// Structs that begin with `struct_size` may get more fields at their end. Begin with their _INIT; the library reads
// and writes only what the host's header knew. Where the library gives a pointer to one, it is read through that
// pointer and not copied by its size. Numbers of enumerations are never used again; an unknown one is INVALID_ARGUMENT.
//
// Callbacks may run on any thread, hold no lock of the library, may call the library and must not throw or longjmp.
// One that is slow, or never returns, holds up its own call and nobody else: what that call has saved is saved, other
// threads work on with the same handles, and freeing and closing do not wait for it, also for handles that it was
// called with. Its user_data goes back when the call ends; until then the call keeps the store open.
//
// confidant owns no threads, prints nothing (a defect apart), installs no handlers, reads no environment.

#ifndef CONFIDANT_H
#define CONFIDANT_H

#include <stddef.h>
#include <stdint.h>

// Compilers warn if such a function's result is not looked at.
#if defined(__cplusplus) && __cplusplus >= 201703L
#define CONFIDANT_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define CONFIDANT_MUST_USE __attribute__((warn_unused_result))
#else
#define CONFIDANT_MUST_USE
#endif

// What each CONFIDANT_..._INIT is: a struct with its size, and zero everywhere else.
#ifdef __cplusplus
#define CONFIDANT_INIT_(type) ([] { type confidant_made_ = {}; confidant_made_.struct_size = sizeof(type); return confidant_made_; }())
#else
#define CONFIDANT_INIT_(type) { .struct_size = sizeof(type) }
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ------------------------------------------------------------------------------------------------
// Basic types and statuses
// ------------------------------------------------------------------------------------------------

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

// Why a call failed: the status for programs, a message and a detail for people. Owned by
// whoever asked for it; immutable, so it may be read from many threads at once.
typedef struct confidant_error confidant_error;

// Text: UTF-8 at a pointer, not NUL-terminated, with its length in bytes.
//
// Coming in, `{NULL, 0}` is empty or, where the text is optional, not given; `{NULL, n}` is
// refused; it is copied before the call returns. Going out it is a view that lives as long
// as the handle it came from; `{NULL, 0}` says that there is none, while an empty text has a
// pointer. Never freed by the host.
typedef struct confidant_str {
  // The first byte.
  const char *ptr;
  // The number of bytes.
  size_t len;
} confidant_str;

// Bytes: a pointer and a length. Going out, a view that lives as long as the handle it came from;
// coming in, copied before the call returns: `{NULL, 0}` is not given, `{NULL, n}` is refused.
typedef struct confidant_bytes {
  // The first byte.
  const uint8_t *ptr;
  // The number of bytes.
  size_t len;
} confidant_bytes;

// Two texts that belong together, such as a member of metadata and its value. Never grows.
typedef struct confidant_pair {
  // The first one: a name or a title.
  confidant_str name;
  // What belongs to it.
  confidant_str value;
} confidant_pair;

// An identifier or a time as text: at most 36 characters and a NUL, held by the caller.
typedef struct confidant_id {
  // The characters, ended by a NUL.
  char text[37];
} confidant_id;

// Yes or no inside a struct: 0 is no, anything else is yes.
typedef uint32_t confidant_flag;

// How a call ended: `CONFIDANT_OK` or one of `CONFIDANT_ERR_*`. New ones may be added;
// numbers are never used again.
typedef int32_t confidant_status;

// ------------------------------------------------------------------------------------------------
// The library
// ------------------------------------------------------------------------------------------------

// The version of this header; compare confidant_version() for the library's.
#define CONFIDANT_VERSION_MAJOR 0
#define CONFIDANT_VERSION_MINOR 1
#define CONFIDANT_VERSION_PATCH 0
#define CONFIDANT_VERSION "0.1.0"

// The tenant of a program that keeps the customers of one company only.
#define CONFIDANT_DEFAULT_TENANT "default"

// The binary interface that this header describes. It changes only when a program that was
// compiled with an older header would break.
#define CONFIDANT_ABI_VERSION 1

// The binary interface of the library that is loaded; a host may compare it with
// `CONFIDANT_ABI_VERSION` before anything else.
//
// Threads: any.
uint32_t confidant_abi_version(void);

// The version of the library that is loaded, as "0.1.0".
//
// Owned: a view of a constant, good for ever. Threads: any.
confidant_str confidant_version(void);

// ------------------------------------------------------------------------------------------------
// Errors
// ------------------------------------------------------------------------------------------------

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

// Whether the same call may succeed later without any change; 0 for NULL.
//
// Threads: any.
confidant_flag confidant_error_is_retryable(const confidant_error *error);

// The name of a status in plain words ("not found"); "unknown" for a number that is none.
//
// Owned: a view of a constant, good for ever. Threads: any.
confidant_str confidant_status_name(confidant_status status);

// ------------------------------------------------------------------------------------------------
// Texts of identifiers and times
// ------------------------------------------------------------------------------------------------

// Writes a turn's identifier as text, as logs and web addresses show it ("t1c9e2f4-12").
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_turn_id_format(uint64_t turn_id, confidant_id *out, confidant_error **err);

// Reads a turn's identifier from its text.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_turn_id_parse(confidant_str id, uint64_t *out, confidant_error **err);

// Writes a session's identifier as text ("s1c9e2f4-3").
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_session_id_format(uint64_t session_id, confidant_id *out, confidant_error **err);

// Reads a session's identifier from its text.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_session_id_parse(confidant_str id, uint64_t *out, confidant_error **err);

// Writes a time, in milliseconds since the Unix epoch, as RFC 3339 in UTC
// ("2026-11-21T09:30:00.000Z"); a time no calendar has is a number with "ms".
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_time_format(int64_t at_ms, confidant_id *out, confidant_error **err);

// Reads a time in RFC 3339, with `Z` or an offset.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_time_parse(confidant_str time, int64_t *out, confidant_error **err);

// The view of a text literal of the host: for C, where a literal is a pointer and a NUL.
// `text` may be NULL, which gives `{NULL, 0}`.
//
// Owned: the view is of the host's own bytes. Threads: any.
confidant_str confidant_str_from(const char *text);

// ------------------------------------------------------------------------------------------------
// Settings of a store
// ------------------------------------------------------------------------------------------------

// An acknowledged turn survives a killed process, an operating system crash and power loss.
#define CONFIDANT_DURABILITY_POWER_LOSS 0

// An acknowledged turn survives a killed process; power loss may take the newest ones.
#define CONFIDANT_DURABILITY_PROCESS_CRASH 1

// The settings of a memory to be opened. Used by one thread at a time; `confidant_store_open` copies
// them, so one may open several memories and be freed at any time.
typedef struct confidant_config confidant_config;

// Where the time comes from; for tests and replays.
//
// The library owns `user_data` from the call it is given in, also if that call fails (unless
// `struct_size` is refused), and runs `destroy` exactly once, on any thread.
typedef struct confidant_clock {
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

// Makes settings with every default: 50 turns in a context, 64 MiB of hot buffer for 30
// minutes, each turn durable before its save returns, 5 seconds of patience with a locked store.
//
// Owned: free `*out` with `confidant_config_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_new(confidant_config **out, confidant_error **err);

// Frees settings. NULL does nothing.
//
// Owned: memories opened with them are not touched. Threads: one at a time.
void confidant_config_free(confidant_config *config);

// Sets the turns of a context, 1 to 1,000. Default: 50. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_hot_turns(confidant_config *config,
                                                size_t turns,
                                                confidant_error **err);

// Sets the bytes that the hot buffer may take in all. Default: 64 MiB; 0 keeps nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_hot_bytes(confidant_config *config,
                                                size_t bytes,
                                                confidant_error **err);

// Sets how long a customer stays hot after a load or a save, in milliseconds. Default: 30
// minutes; -1 is for ever, 0 asks the store every time.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_hot_ttl_ms(confidant_config *config,
                                                 int64_t ttl_ms,
                                                 confidant_error **err);

// Sets after how many waiting turns of a customer they are saved, 1 to 1,000; 0, the default,
// saves each turn before its call returns. Waiting turns are lost if the process is killed;
// `confidant_store_flush` saves them. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_persist_every(confidant_config *config,
                                                    size_t turns,
                                                    confidant_error **err);

// Sets what an acknowledged turn survives, one of `CONFIDANT_DURABILITY_*`. Default:
// power loss.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_durability(confidant_config *config,
                                                 int32_t durability,
                                                 confidant_error **err);

// Sets how long a call waits while other processes hold the store, in milliseconds. Default:
// 5,000.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_busy_timeout_ms(confidant_config *config,
                                                      uint64_t timeout_ms,
                                                      confidant_error **err);

// Sets after how long without a turn a save into a customer's memory opens a new session
// instead of continuing, in milliseconds. Default: 30 minutes.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_session_idle_ms(confidant_config *config,
                                                      uint64_t idle_ms,
                                                      confidant_error **err);

// Sets the longest text of one half of a turn, and of its metadata, in bytes, 1 to 65,536;
// Default: 65,536. The range is checked at open.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_max_text_bytes(confidant_config *config,
                                                     size_t bytes,
                                                     confidant_error **err);

// Sets the bytes that everything kept in memory beside the hot buffer may take in all: indexes for
// recall and collections, learned preferences, known facts. Default: 128 MiB. 0 keeps nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_recall_bytes(confidant_config *config,
                                                   size_t bytes,
                                                   confidant_error **err);

// Sets where the time comes from. Default: the machine's clock.
//
// Owned: the library owns `clock->user_data` from here on, also if this fails. Threads: one at
// a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_config_set_clock(confidant_config *config,
                                            const confidant_clock *clock,
                                            confidant_error **err);

// What to begin these structs with.
#define CONFIDANT_CLOCK_INIT CONFIDANT_INIT_(confidant_clock)

// ------------------------------------------------------------------------------------------------
// Store
// ------------------------------------------------------------------------------------------------

// What `confidant_store_check` found. Immutable, so it may be read from many threads at once.
typedef struct confidant_check_report confidant_check_report;

// An open store, in one file or on one server. Usable from many threads at once. Every other
// handle keeps it open, so it may be closed before them.
typedef struct confidant_store confidant_store;

// What `confidant_store_maintain` did.
typedef struct confidant_maintenance {
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

// Figures of one open store in this process.
typedef struct confidant_stats {
  // `sizeof(confidant_stats)`.
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
  // Customers whose index for recall is in memory.
  uint64_t recall_customers;
  // Bytes that everything kept in memory beside the hot buffer takes.
  uint64_t recall_bytes;
} confidant_stats;

// The sums of a `confidant_check_report`.
typedef struct confidant_check_sums {
  // `sizeof(confidant_check_sums)`.
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
  // Documents of collections that were read, also those that were removed.
  uint64_t documents;
} confidant_check_sums;

// Opens the store in the file at a path (`support.db`), or makes the file; with the feature
// `postgres`, `postgres://user:password@host/database` is a server. `config` may be NULL for
// the defaults. Any number of processes may have the same file open.
//
// Owned: close `*out` with `confidant_store_close`; `config` stays the host's. Threads: any, but
// `config` is not changed meanwhile. Fails: NOT_FOUND (folder missing), INVALID_ARGUMENT (not a
// path, another program's database, a setting out of range), CORRUPT, FORMAT_TOO_NEW, IO, BUSY.
CONFIDANT_MUST_USE
confidant_status confidant_store_open(confidant_str location,
                                      const confidant_config *config,
                                      confidant_store **out,
                                      confidant_error **err);

// Closes an open store. Turns that wait (see `confidant_config_set_persist_every`) are saved
// with the last handle; call `confidant_store_flush` first to know that it worked. NULL does nothing.
//
// Owned: other handles keep what they need and stay usable. Threads: one at a time.
void confidant_store_close(confidant_store *store);

// The location it was opened with.
//
// Owned: a view that lives until `confidant_store_close`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_store_location(const confidant_store *store);

// Saves every turn that waits; does nothing unless turns are collected.
//
// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
CONFIDANT_MUST_USE
confidant_status confidant_store_flush(const confidant_store *store, confidant_error **err);

// Forgets every customer's hot buffer; the store keeps everything.
//
// Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_store_invalidate(const confidant_store *store, confidant_error **err);

// Does what is better done now and then, when the host has time: trains the store's own
// dictionary, packs older turns with it, moves the log into the file. Other calls go on
// meanwhile. `out` may be NULL.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE;
// what was done until then stays.
CONFIDANT_MUST_USE
confidant_status confidant_store_maintain(const confidant_store *store,
                                          confidant_maintenance *out,
                                          confidant_error **err);

// Gives the file's free space back to the file system. Takes about as long as copying the
// file, needs as much free space again, and writers wait meanwhile.
//
// Threads: any. Fails: INVALID_ARGUMENT, IO, BUSY, STORE; the file is then as it was.
CONFIDANT_MUST_USE
confidant_status confidant_store_compact(const confidant_store *store, confidant_error **err);

// Figures of this open store: the hot buffer, what waits, the file's size.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_store_stats(const confidant_store *store,
                                       confidant_stats *out,
                                       confidant_error **err);

// Reads everything that is stored and lists what is damaged.
//
// Owned: free `*out` with `confidant_check_report_free`. Threads: any. Fails: INVALID_ARGUMENT, IO,
// STORE if the file cannot be read at all; damage itself is in the report.
CONFIDANT_MUST_USE
confidant_status confidant_store_check(const confidant_store *store,
                                       confidant_check_report **out,
                                       confidant_error **err);

// Frees a report. NULL does nothing.
//
// Owned: its texts are gone afterwards. Threads: one at a time.
void confidant_check_report_free(confidant_check_report *report);

// Whether nothing is damaged; 0 for NULL.
//
// Threads: any.
confidant_flag confidant_check_report_is_sound(const confidant_check_report *report);

// The sums of a report.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_check_report_read(const confidant_check_report *report,
                                             confidant_check_sums *out,
                                             confidant_error **err);

// A line of damage, counted from 0.
//
// Owned: a view that lives until `confidant_check_report_free`; `{NULL, 0}` for NULL and past the
// end. Threads: any.
confidant_str confidant_check_report_finding(const confidant_check_report *report, size_t index);

// A warning to the operator, counted from 0.
//
// Owned: a view that lives until `confidant_check_report_free`; `{NULL, 0}` for NULL and past the
// end. Threads: any.
confidant_str confidant_check_report_warning(const confidant_check_report *report, size_t index);

// What to begin these structs with.
#define CONFIDANT_MAINTENANCE_INIT CONFIDANT_INIT_(confidant_maintenance)
#define CONFIDANT_STATS_INIT CONFIDANT_INIT_(confidant_stats)
#define CONFIDANT_CHECK_SUMS_INIT CONFIDANT_INIT_(confidant_check_sums)

// ------------------------------------------------------------------------------------------------
// Turns
// ------------------------------------------------------------------------------------------------

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

// The newest turns of a customer at one moment, oldest first. Immutable, so it may be read from
// many threads at once; turns saved later are in the next context.
typedef struct confidant_context confidant_context;

// Stored turns, oldest first. Immutable, so it may be read from many threads at once.
typedef struct confidant_turns confidant_turns;

// A stored turn, seen through the handle it came from; it lives as long as that. Texts are
// exactly what was saved.
typedef struct confidant_turn {
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

// A turn to be saved: what the customer said, the answer, or both. Begin with
// `CONFIDANT_NEW_TURN_INIT`; what stays zero is not given.
typedef struct confidant_new_turn {
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
typedef struct confidant_new_answer {
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

// The turn at an index, counted from 0, the oldest one here; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_context_free`. Threads: any.
const confidant_turn *confidant_context_turn(const confidant_context *context, size_t index);

// All turns of the context, oldest first, one behind the other, and how many; NULL and 0 if there
// are none and for NULL. From one to the next it is the first one's `struct_size` bytes, which may
// be more than the host's header knows. One call in place of one for each turn. `count` may be
// NULL.
//
// Owned: views that live until `confidant_context_free`. Threads: any.
const confidant_turn *confidant_context_turns(const confidant_context *context, size_t *count);

// The whole context as one flat buffer, for hosts whose calls are costly. All numbers are
// little-endian; offsets count from the buffer's beginning.
//
// Head, 32 bytes: u32 magic 0x31424643 ("CFB1"), u32 size of a record (80 or more), u64 total of
// the customer's turns, u32 count of records, u32 bytes of what was spoken, u64 zero. Then the
// records, oldest first: u64 turn id, u64 session id, i64 at (ms), i64 answered at (ms), f64
// confidence, i32 channel, u32 flags (1 said, 2 answer, 4 answered at, 8 answered by, 16
// confidence, 32 resolved, 64 metadata, 128 pending: which are there), then u32 offset and u32
// length of said, answer, answered by and metadata. Then the texts, each followed by a zero byte
// that its length does not count; said and answer of every turn, in their order and an empty text
// for one that is not there, stand first and take the bytes of what was spoken, so that they can
// be split at once where no text holds a zero byte.
//
// Owned: a view that lives until `confidant_context_free`. Threads: any. Fails:
// INVALID_ARGUMENT, LIMIT (texts of 4 GiB and more).
CONFIDANT_MUST_USE
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

// The turn at an index, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_turns_free`. Threads: any.
const confidant_turn *confidant_turns_at(const confidant_turns *turns, size_t index);

// All turns of the list, one behind the other, and how many, as `confidant_context_turns` gives
// them; NULL and 0 if there are none and for NULL. `count` may be NULL.
//
// Owned: views that live until `confidant_turns_free`. Threads: any.
const confidant_turn *confidant_turns_all(const confidant_turns *turns, size_t *count);

// The whole list as one flat buffer, laid out as `confidant_context_flat` says; its total is the
// number of turns in the list.
//
// Owned: a view that lives until `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// LIMIT (texts of 4 GiB and more).
CONFIDANT_MUST_USE
confidant_status confidant_turns_flat(const confidant_turns *turns,
                                      confidant_bytes *out,
                                      confidant_error **err);

// What to begin these structs with.
#define CONFIDANT_NEW_TURN_INIT CONFIDANT_INIT_(confidant_new_turn)
#define CONFIDANT_NEW_ANSWER_INIT CONFIDANT_INIT_(confidant_new_answer)

// ------------------------------------------------------------------------------------------------
// Customer memory
// ------------------------------------------------------------------------------------------------

// One customer's memory: the newest turns hot, every turn in the archive. Usable from many
// threads at once. It keeps the context it gave out last, so that an unchanged one costs nothing.
typedef struct confidant_memory confidant_memory;

// Figures of one customer's memory.
typedef struct confidant_buffer_stats {
  // `sizeof(confidant_buffer_stats)`.
  size_t struct_size;
  // Turns in the context.
  uint64_t buffered;
  // Turns in all.
  uint64_t total;
  // Turns that wait to be saved.
  uint64_t pending;
} confidant_buffer_stats;

// The memory of a customer of a tenant, such as `CONFIDANT_DEFAULT_TENANT`. Both names have 1 to
// 128 bytes and no control characters. Nothing is stored until a turn or a session is.
//
// Owned: free `*out` with `confidant_memory_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_memory_open(const confidant_store *store,
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
CONFIDANT_MUST_USE
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
CONFIDANT_MUST_USE
confidant_status confidant_memory_save_turn(const confidant_memory *memory,
                                            const confidant_new_turn *turn,
                                            uint64_t *turn_id,
                                            confidant_error **err);

// Saves up to 1,000 turns in their order, all or none. The array is stepped by the first one's
// `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
//
// Owned: `turn_ids` is the caller's. Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the
// part; BUSY, IO, STORE. Nothing was saved then.
CONFIDANT_MUST_USE
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
CONFIDANT_MUST_USE
confidant_status confidant_memory_answer(const confidant_memory *memory,
                                         uint64_t turn_id,
                                         const confidant_new_answer *answer,
                                         confidant_error **err);

// A page of the whole archive, oldest first: at most `limit` turns (1 to 10,000) after the turn
// `after`; 0 is from the beginning.
//
// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (`after` is another customer's), CORRUPT (naming the turn), BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_turns(const confidant_memory *memory,
                                        uint64_t after,
                                        size_t limit,
                                        confidant_turns **out,
                                        confidant_error **err);

// One turn, as a list of one.
//
// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (no such turn of this customer), CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_turn(const confidant_memory *memory,
                                       uint64_t turn_id,
                                       confidant_turns **out,
                                       confidant_error **err);

// Removes every turn and session of this customer; `removed`, which may be NULL, is how many
// turns. No number is given again. Backups keep the bytes.
//
// Owned: `removed` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
// nothing was removed then.
CONFIDANT_MUST_USE
confidant_status confidant_memory_clear(const confidant_memory *memory,
                                        uint64_t *removed,
                                        confidant_error **err);

// Forgets this customer's hot buffer, and the context that the handle keeps; the store keeps
// everything.
//
// Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_memory_invalidate(const confidant_memory *memory, confidant_error **err);

// Saves this customer's turns that wait; does nothing unless turns are collected.
//
// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
CONFIDANT_MUST_USE
confidant_status confidant_memory_flush(const confidant_memory *memory, confidant_error **err);

// Figures of this customer's memory.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_stats(const confidant_memory *memory,
                                        confidant_buffer_stats *out,
                                        confidant_error **err);

// What to begin these structs with.
#define CONFIDANT_BUFFER_STATS_INIT CONFIDANT_INIT_(confidant_buffer_stats)

// ------------------------------------------------------------------------------------------------
// Sessions
// ------------------------------------------------------------------------------------------------

// The host does not say how the session ended; it counts as resolved if its newest turn is.
#define CONFIDANT_OUTCOME_UNKNOWN 0

// What the customer wanted is settled.
#define CONFIDANT_OUTCOME_RESOLVED 1

// What the customer wanted is not settled.
#define CONFIDANT_OUTCOME_UNRESOLVED 2

// A session: one conversation of a customer on one channel. Usable from many threads at once.
typedef struct confidant_session confidant_session;

// Sessions, newest first. Immutable, so it may be read from many threads at once.
typedef struct confidant_sessions confidant_sessions;

// A session and its figures.
typedef struct confidant_session_figures {
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
typedef struct confidant_outcome {
  // `sizeof(confidant_outcome)`.
  size_t struct_size;
  // One of `CONFIDANT_OUTCOME_*`.
  int32_t outcome;
  // The customer's satisfaction, 1 to 5; 0 if not given.
  uint32_t rating;
} confidant_outcome;

// Opens a session of a customer now, on one of `CONFIDANT_CHANNEL_*`.
//
// Owned: free `*out` with `confidant_session_free`; that does not close the session. Threads:
// any. Fails: INVALID_ARGUMENT, LIMIT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_open(const confidant_memory *memory,
                                        int32_t channel,
                                        confidant_session **out,
                                        confidant_error **err);

// Opens a session that began at a given time, in milliseconds since the Unix epoch, as an
// import does.
//
// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT (also
// for a time before 1970), LIMIT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_open_at(const confidant_memory *memory,
                                           int32_t channel,
                                           int64_t at_ms,
                                           confidant_session **out,
                                           confidant_error **err);

// The handle of a session opened earlier, also by another process.
//
// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (no such session of this customer), BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_get(const confidant_memory *memory,
                                       uint64_t session_id,
                                       confidant_session **out,
                                       confidant_error **err);

// Frees the handle; the session stays open in the store, for `confidant_session_get`. NULL
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
CONFIDANT_MUST_USE
confidant_status confidant_session_save_turn(const confidant_session *session,
                                             const confidant_new_turn *turn,
                                             uint64_t *turn_id,
                                             confidant_error **err);

// Saves up to 1,000 turns into this session in their order, all or none. The array is stepped by
// the first one's `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
//
// Owned: `turn_ids` is the caller's. Threads: any. Fails: as `confidant_session_save_turn`.
CONFIDANT_MUST_USE
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
CONFIDANT_MUST_USE
confidant_status confidant_session_answer(const confidant_session *session,
                                          uint64_t turn_id,
                                          const confidant_new_answer *answer,
                                          confidant_error **err);

// The customer's newest turns, of every session; as `confidant_memory_load_context`.
//
// Owned: free `*out` with `confidant_context_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_context(const confidant_session *session,
                                           confidant_context **out,
                                           confidant_error **err);

// The session's figures so far.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, NOT_FOUND (it was
// cleared), BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_metrics(const confidant_session *session,
                                           confidant_session_figures *out,
                                           confidant_error **err);

// Closes the session and gives its figures; turns that wait are saved first. `outcome` may be
// NULL for "unknown", and `out` if the figures are not wanted.
//
// Owned: `out` is the caller's; the handle is still to be freed. Threads: any. Fails: CLOSED (it
// is closed already), NOT_FOUND (it was cleared), INVALID_ARGUMENT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_session_close(const confidant_session *session,
                                         const confidant_outcome *outcome,
                                         confidant_session_figures *out,
                                         confidant_error **err);

// The customer's sessions, newest first, with their turns counted: at most `limit` (1 to 10,000)
// after the session `after`; 0 is from the newest.
//
// Owned: free `*out` with `confidant_sessions_free`. Threads: any. Fails: INVALID_ARGUMENT,
// NOT_FOUND (`after` is no session of this customer), BUSY, IO, STORE.
CONFIDANT_MUST_USE
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

// The session at an index, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_sessions_free`. Threads: any.
const confidant_session_figures *confidant_sessions_at(const confidant_sessions *sessions, size_t index);

// What to begin these structs with.
#define CONFIDANT_SESSION_FIGURES_INIT CONFIDANT_INIT_(confidant_session_figures)
#define CONFIDANT_OUTCOME_INIT CONFIDANT_INIT_(confidant_outcome)

// ------------------------------------------------------------------------------------------------
// Recall
// ------------------------------------------------------------------------------------------------

// Nothing was compared.
#define CONFIDANT_BASIS_NONE 0

// Words, words like them, and what the text means were compared.
#define CONFIDANT_BASIS_WORDS_AND_MEANING 1

// Words alone were compared: the library was built without its table, or the question holds no
// word that the table knows.
#define CONFIDANT_BASIS_WORDS_ONLY 2

// Turns that answer a question, best first. Immutable, so it may be read from many threads at
// once.
typedef struct confidant_recalled confidant_recalled;

// A question about what was said before, in anybody's words. Begin with
// `CONFIDANT_RECALL_QUERY_INIT`; what stays zero is no condition.
typedef struct confidant_recall_query {
  // `sizeof(confidant_recall_query)`.
  size_t struct_size;
  // The question, at most 64 KiB.
  confidant_str question;
  // Only turns whose metadata has each of these members with that value, which is JSON: a text
  // in quotation marks, a number as it is written, `true`, `false` or `null`. May be NULL.
  const confidant_pair *metadata;
  // How many members there are, at most 100.
  size_t metadata_count;
  // How many turns at most, 1 to 1,000; 0 for 10.
  size_t limit;
  // Only turns of this session; 0 for any.
  uint64_t session_id;
  // Only turns at that time or later, in milliseconds since the Unix epoch; read if `has_from`.
  int64_t from_ms;
  // Only turns before that time; read if `has_until`.
  int64_t until_ms;
  // Only turns of this channel, one of `CONFIDANT_CHANNEL_*`; read if `has_channel`.
  int32_t channel;
  // Whether `channel` is given.
  confidant_flag has_channel;
  // Whether `from_ms` is given.
  confidant_flag has_from;
  // Whether `until_ms` is given.
  confidant_flag has_until;
  // Only turns that settled what the customer wanted, or, if 0, that did not; read if
  // `has_resolved`.
  confidant_flag resolved;
  // Whether `resolved` is given.
  confidant_flag has_resolved;
} confidant_recall_query;

// A turn that answers a question, and why; a view.
typedef struct confidant_recalled_turn {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The turn; it lives as long as this.
  const confidant_turn *turn;
  // How well it answers, against the other turns of this customer and this question; of no
  // meaning across questions.
  double score;
  // The share by words: 1 for the turn whose words fit best, 0 for no word.
  double words;
  // The cosine between the turn's meaning and the question's, -1 to 1; 0 by words alone.
  double meaning;
  // What the turns before and after it in its session, and the best one there, added to its
  // score.
  double neighbours;
  // How many words of the question `confidant_recalled_match` gives.
  size_t match_count;
} confidant_recalled_turn;

// A word of a question and the word of a turn that answers it; a view.
typedef struct confidant_word_match {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The word of the question, folded.
  confidant_str asked;
  // The word of the turn, folded.
  confidant_str found;
  // 1 for the same word in any form, less for one that means something like it.
  double strength;
} confidant_word_match;

// The turns, of all that were ever saved for this customer, that answer a question best, with
// what earned them their place. No network and no model: words, words like them, and the meaning
// of the text from a table in the library. The same turns and the same question give the same
// order on every machine. Turns that wait to be saved are not found yet.
//
// The first question reads the archive once and builds an index in memory; later ones read only
// what was saved since.
//
// Owned: free `*out` with `confidant_recalled_free`. Threads: any. Fails: INVALID_ARGUMENT (a
// condition breaks a rule), LIMIT (the question is too long), CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_recall(const confidant_memory *memory,
                                         const confidant_recall_query *query,
                                         confidant_recalled **out,
                                         confidant_error **err);

// Frees recalled turns. NULL does nothing.
//
// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
void confidant_recalled_free(confidant_recalled *recalled);

// How many turns were recalled; 0 for NULL.
//
// Threads: any.
size_t confidant_recalled_count(const confidant_recalled *recalled);

// The turn at an index, counted from 0, the best one; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_recalled_free`. Threads: any.
const confidant_recalled_turn *confidant_recalled_at(const confidant_recalled *recalled, size_t index);

// A word that earned the turn at `place` its place, counted from 0; NULL past the end and for
// NULL.
//
// Owned: a view that lives until `confidant_recalled_free`. Threads: any.
const confidant_word_match *confidant_recalled_match(const confidant_recalled *recalled,
                                                     size_t index,
                                                     size_t word);

// What the turns were compared by, one of `CONFIDANT_BASIS_*`; NONE for NULL.
//
// Threads: any.
int32_t confidant_recalled_basis(const confidant_recalled *recalled);

// What to begin these structs with.
#define CONFIDANT_RECALL_QUERY_INIT CONFIDANT_INIT_(confidant_recall_query)

// ------------------------------------------------------------------------------------------------
// Signals of a message
// ------------------------------------------------------------------------------------------------

// It sounds bad.
#define CONFIDANT_SENTIMENT_NEGATIVE -1

// It sounds like neither.
#define CONFIDANT_SENTIMENT_NEUTRAL 0

// It sounds good.
#define CONFIDANT_SENTIMENT_POSITIVE 1

// It can wait.
#define CONFIDANT_URGENCY_LOW 0

// Like any other message.
#define CONFIDANT_URGENCY_MEDIUM 1

// Something is stopped, or time is short.
#define CONFIDANT_URGENCY_HIGH 2

// A business stands still, or there is danger.
#define CONFIDANT_URGENCY_CRITICAL 3

// Tells something; also if nothing is known.
#define CONFIDANT_INTENT_STATEMENT 0

// Asks for information.
#define CONFIDANT_INTENT_QUESTION 1

// Reports that something is wrong.
#define CONFIDANT_INTENT_PROBLEM 2

// Wants something done.
#define CONFIDANT_INTENT_REQUEST 3

// Wants to end an order, a plan or an account.
#define CONFIDANT_INTENT_CANCELLATION 4

// Complains.
#define CONFIDANT_INTENT_COMPLAINT 5

// Asks for a person.
#define CONFIDANT_INTENT_PERSON 6

// Gives thanks.
#define CONFIDANT_INTENT_THANKS 7

// Says hello, and nothing else.
#define CONFIDANT_INTENT_GREETING 8

// Says goodbye.
#define CONFIDANT_INTENT_GOODBYE 9

// Says yes.
#define CONFIDANT_INTENT_AFFIRM 10

// Says no.
#define CONFIDANT_INTENT_DENY 11

// The customer asks for a person.
#define CONFIDANT_ESCALATION_PERSON 1

// The customer makes a complaint.
#define CONFIDANT_ESCALATION_COMPLAINT 2

// Lawyers, courts, the police or authorities are named.
#define CONFIDANT_ESCALATION_LEGAL 3

// The customer is extremely dissatisfied, or about to leave.
#define CONFIDANT_ESCALATION_DISSATISFIED 4

// It is urgent, and the customer is unhappy.
#define CONFIDANT_ESCALATION_URGENT_NEGATIVE 5

// The same thing went wrong several times.
#define CONFIDANT_ESCALATION_REPEATED 6

// The customer's name.
#define CONFIDANT_ENTITY_NAME 1

// An e-mail address.
#define CONFIDANT_ENTITY_EMAIL 2

// A telephone number.
#define CONFIDANT_ENTITY_PHONE 3

// The number of an order, a ticket or a booking.
#define CONFIDANT_ENTITY_ORDER_ID 4

// One of the tenant's products.
#define CONFIDANT_ENTITY_PRODUCT 5

// An amount of money.
#define CONFIDANT_ENTITY_AMOUNT 6

// A day.
#define CONFIDANT_ENTITY_DATE 7

// The customer's plan or tier, as they say.
#define CONFIDANT_ENTITY_PLAN 8

// The text of an error.
#define CONFIDANT_ENTITY_ERROR_TEXT 9

// A step that the customer has tried.
#define CONFIDANT_ENTITY_STEP_TRIED 10

// By e-mail.
#define CONFIDANT_WISH_EMAIL 1

// Not by e-mail.
#define CONFIDANT_WISH_NO_EMAIL 2

// By telephone.
#define CONFIDANT_WISH_CALL 3

// Not by telephone.
#define CONFIDANT_WISH_NO_CALL 4

// In the chat.
#define CONFIDANT_WISH_CHAT 5

// In few words.
#define CONFIDANT_WISH_BRIEF 6

// In full.
#define CONFIDANT_WISH_DETAILED 7

// The customer knows the matter.
#define CONFIDANT_WISH_EXPERT 8

// The customer is new to the matter.
#define CONFIDANT_WISH_NOVICE 9

// In a formal manner.
#define CONFIDANT_WISH_FORMAL 10

// In an easy manner.
#define CONFIDANT_WISH_CASUAL 11

// By the name that is said.
#define CONFIDANT_WISH_NAME 12

// In the language that is said.
#define CONFIDANT_WISH_LANGUAGE 13

// At the hours that are said.
#define CONFIDANT_WISH_HOURS 14

// The number of a payment card.
#define CONFIDANT_SENSITIVE_CARD 1

// An e-mail address.
#define CONFIDANT_SENSITIVE_EMAIL 2

// A telephone number.
#define CONFIDANT_SENSITIVE_PHONE 3

// An international bank account number.
#define CONFIDANT_SENSITIVE_IBAN 4

// What is shipped for customer support in English.
#define CONFIDANT_SIGNAL_RULES_SUPPORT 0

// The word lists that support agents commonly use, by whole words.
#define CONFIDANT_SIGNAL_RULES_REFERENCE 1

// How the message sounds; one of `CONFIDANT_SENTIMENT_*`. The score is how sure that is.
#define CONFIDANT_SIGNAL_SENTIMENT 1

// The customer is frustrated; never from polarity alone. There only if so, without a value.
#define CONFIDANT_SIGNAL_FRUSTRATED 2

// The customer is angry; never from polarity alone. There only if so, without a value.
#define CONFIDANT_SIGNAL_ANGRY 3

// How soon it needs an answer; one of `CONFIDANT_URGENCY_*`, medium without any cue.
#define CONFIDANT_SIGNAL_URGENCY 4

// What it is about; one of `CONFIDANT_TOPIC_*`. Several or none, the most likely first.
#define CONFIDANT_SIGNAL_TOPIC 5

// What the customer does with it; one of `CONFIDANT_INTENT_*`.
#define CONFIDANT_SIGNAL_INTENT 6

// Why a person should look at it; one of `CONFIDANT_ESCALATION_*`. Several or none, the strongest
// first.
#define CONFIDANT_SIGNAL_ESCALATION 7

// How formal it is, without a value; the score is from -1, casual, to 1, formal.
#define CONFIDANT_SIGNAL_FORMALITY 8

// The rules that messages are read by. Immutable, so it may be used from many threads at once.
typedef struct confidant_signal_rules confidant_signal_rules;

// All that one message says. Immutable, so it may be read from many threads at once.
typedef struct confidant_signals confidant_signals;

// What a tenant adds to the rules, 10,000 things in all. Begin with
// `CONFIDANT_SIGNAL_RULES_OPTIONS_INIT`; what stays zero is not given.
typedef struct confidant_signal_rules_options {
  // `sizeof(confidant_signal_rules_options)`.
  size_t struct_size;
  // Words with a value of the tenant's own, of at most 16 bytes each; may be NULL.
  const confidant_str *words;
  // The value of each word, -4 to 4; 0 for a name that is no praise and no blame.
  const double *word_values;
  // How many words there are.
  size_t word_count;
  // The names of products; may be NULL.
  const confidant_str *products;
  // How many products there are.
  size_t product_count;
  // The shapes of order numbers: `#` is a digit, `@` a letter, anything else stands for itself,
  // as in "AB-#####"; may be NULL.
  const confidant_str *order_ids;
  // How many shapes there are.
  size_t order_id_count;
  // A table of weights, as `LinearTable::to_bytes` writes it (examples/train_signals.rs);
  // `{NULL, 0}` for the shipped one.
  confidant_bytes table;
  // One of `CONFIDANT_SIGNAL_RULES_*`.
  int32_t preset;
  // Uses no table of weights, if it is not 0: rules alone decide.
  confidant_flag without_table;
} confidant_signal_rules_options;

// What is known when a message is read. Begin with `CONFIDANT_SIGNAL_CONTEXT_INIT`; what stays
// zero is not known.
typedef struct confidant_signal_context {
  // `sizeof(confidant_signal_context)`.
  size_t struct_size;
  // The rules to read by; NULL for those that are shipped.
  const confidant_signal_rules *rules;
  // What the agent said last; a reply to a question may be the bare answer. A NULL pointer if
  // not known.
  confidant_str agent_said;
  // What the customer was asked for, one of `CONFIDANT_ENTITY_*`, if the host knows better than
  // the agent's words tell; 0 if not.
  int32_t expects;
  // How often this customer came with the same issue before.
  uint32_t earlier_same;
} confidant_signal_context;

// The sums of what a message says; a view.
typedef struct confidant_signals_content {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // From -1, as bad as can be, to 1.
  double polarity;
  // From -1, casual, to 1, formal; 0 also if nothing shows it.
  double formality;
  // Its language as a two-letter code; a NULL pointer if it is too short to tell.
  confidant_str language;
  // How many conclusions `confidant_signals_finding` gives.
  size_t finding_count;
  // How many things `confidant_signals_entity` gives.
  size_t entity_count;
  // One of `CONFIDANT_SENTIMENT_*`.
  int32_t sentiment;
  // One of `CONFIDANT_URGENCY_*`.
  int32_t urgency;
  // One of `CONFIDANT_INTENT_*`.
  int32_t intent;
  // Whether the customer is frustrated.
  confidant_flag is_frustrated;
  // Whether the customer is angry.
  confidant_flag is_angry;
  // Whether it asks how something is regulated rather than for it.
  confidant_flag asks_policy;
} confidant_signals_content;

// A conclusion from a message; a view.
typedef struct confidant_finding {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // What it is about, one of `CONFIDANT_SIGNAL_*`.
  int32_t kind;
  // What was concluded; the kind says which constants.
  int32_t value;
  // The value in plain words, such as "billing".
  confidant_str name;
  // How strongly, 0 to 1; of some kinds otherwise, see there.
  double score;
  // How many places that show it `confidant_signals_cue` gives.
  size_t cue_count;
} confidant_finding;

// A place in a message and the rule that found it; a view.
typedef struct confidant_cue {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The first byte in the message as it was given.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // The rule's name.
  confidant_str rule;
  // What the rule gives to the conclusion.
  double score;
} confidant_cue;

// Something that a message names; a view.
typedef struct confidant_entity {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The first byte in the message as it was given.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // The rule that found it.
  confidant_str rule;
  // How sure it is, 0 to 1.
  double score;
  // What it is, one of `CONFIDANT_ENTITY_*`.
  int32_t kind;
  // Zero.
  uint32_t reserved;
} confidant_entity;

// Makes rules. `options` may be NULL for those that are shipped.
//
// Owned: free `*out` with `confidant_signal_rules_free`; texts and table are copied. Threads: any.
// Fails: INVALID_ARGUMENT or LIMIT, naming the rule; CORRUPT (not such a table); UNSUPPORTED (a
// table learned with the feature `embedding`, which this library lacks).
CONFIDANT_MUST_USE
confidant_status confidant_signal_rules_new(const confidant_signal_rules_options *options,
                                            confidant_signal_rules **out,
                                            confidant_error **err);

// Frees rules. NULL does nothing.
//
// Owned: signals read by them stay good. Threads: one at a time.
void confidant_signal_rules_free(confidant_signal_rules *rules);

// The name of the rules, which changes whenever a shipped rule does.
//
// Owned: a view that lives until `confidant_signal_rules_free`; `{NULL, 0}` for NULL. Threads:
// any.
confidant_str confidant_signal_rules_version(const confidant_signal_rules *rules);

// Reads a message: how it sounds, what it is about, how soon it needs an answer, whether a person
// should see it, and what it names, each with its place in the message and the rule that found it.
// Any text gives an answer, in microseconds; it touches no store. `context` may be NULL.
//
// Owned: free `*out` with `confidant_signals_free`. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_signals_analyze(confidant_str message,
                                           const confidant_signal_context *context,
                                           confidant_signals **out,
                                           confidant_error **err);

// Frees signals. NULL does nothing.
//
// Owned: its conclusions and names are gone afterwards. Threads: one at a time.
void confidant_signals_free(confidant_signals *signals);

// The sums of what the message says; NULL for NULL.
//
// Owned: a view that lives until `confidant_signals_free`. Threads: any.
const confidant_signals_content *confidant_signals_read(const confidant_signals *signals);

// The conclusion at an index, counted from 0, in the order of `CONFIDANT_SIGNAL_*`; NULL past the
// end and for NULL.
//
// Owned: a view that lives until `confidant_signals_free`. Threads: any.
const confidant_finding *confidant_signals_finding(const confidant_signals *signals, size_t index);

// A place that shows the conclusion at `place`, counted from 0, in the order of the message; NULL
// past the end and for NULL.
//
// Owned: a view that lives until `confidant_signals_free`. Threads: any.
const confidant_cue *confidant_signals_cue(const confidant_signals *signals, size_t index, size_t cue);

// Something that the message names, counted from 0, in the order of the message; NULL past the end
// and for NULL.
//
// Owned: a view that lives until `confidant_signals_free`. Threads: any.
const confidant_entity *confidant_signals_entity(const confidant_signals *signals, size_t index);

// What to begin these structs with.
#define CONFIDANT_SIGNAL_RULES_OPTIONS_INIT CONFIDANT_INIT_(confidant_signal_rules_options)
#define CONFIDANT_SIGNAL_CONTEXT_INIT CONFIDANT_INIT_(confidant_signal_context)

// ------------------------------------------------------------------------------------------------
// Preferences
// ------------------------------------------------------------------------------------------------

// The conclusion is about style; its value is one of `CONFIDANT_STYLE_*`.
#define CONFIDANT_PREFERENCE_STYLE 1

// The conclusion is about the length of answers; its value is one of `CONFIDANT_LENGTH_*`.
#define CONFIDANT_PREFERENCE_LENGTH 2

// The conclusion is about what the customer asks about; its value is one of `CONFIDANT_TOPIC_*`.
#define CONFIDANT_PREFERENCE_TOPIC 3

// The conclusion is about the language the customer mostly writes in: its name, a two-letter code.
#define CONFIDANT_PREFERENCE_LANGUAGE 4

// The conclusion is about the channel the customer mostly uses; its value is one of
// `CONFIDANT_CHANNEL_*`.
#define CONFIDANT_PREFERENCE_CHANNEL 5

// The conclusion is about the hours of the day in which the customer mostly writes: `from_hour`
// and `to_hour`.
#define CONFIDANT_PREFERENCE_HOURS 6

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

// 3 turns, ratio 1.5, brief below 50 characters, detailed above 150.
#define CONFIDANT_EXTRACTOR_REFERENCE 0

// The same, but a style that is known changes only after three turns that show the other; what
// `confidant_memory_preferences` uses.
#define CONFIDANT_EXTRACTOR_SUPPORT 1

// Learns preferences from turns that the host gives it, oldest first, of one customer. Used by
// one thread at a time; it touches no store.
typedef struct confidant_extractor confidant_extractor;

// What is known about how to serve a customer: a list of conclusions. Immutable, so it may be
// read from many threads at once.
typedef struct confidant_preferences confidant_preferences;

// One conclusion and how sure it is; a view.
typedef struct confidant_preference {
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
  // Of hours the first one in UTC, 0 to 23; else 0.
  uint32_t from_hour;
  // Of hours the one behind the last, 1 to 24, or less than `from_hour` if they pass midnight;
  // else 0.
  uint32_t to_hour;
} confidant_preference;

// One place where a rule found what a conclusion rests on; a view.
typedef struct confidant_evidence {
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

// Something a customer said about how to be served; a view.
typedef struct confidant_statement {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The turn in which it was said.
  uint64_t turn_id;
  // The first byte in the turn's `said`; of a name, of the name alone.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // What is wished, in plain words, such as "no-call".
  confidant_str name;
  // What is wished, one of `CONFIDANT_WISH_*`.
  int32_t kind;
  // Whether it ended: a newer statement took its place, or the customer took it back.
  confidant_flag superseded;
  // The turn that ended it, if `superseded`.
  uint64_t ended_by;
  // Of a name the name, of a language its two-letter code; otherwise empty.
  confidant_str value;
} confidant_statement;

// The limits of an extractor. Begin with `CONFIDANT_EXTRACTOR_OPTIONS_INIT`; what stays zero is
// as the preset has it.
typedef struct confidant_extractor_options {
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
  // One of `CONFIDANT_EXTRACTOR_*`.
  int32_t preset;
  // How many turns in a row must lead elsewhere before what is known changes; 0 as the preset
  // has it.
  uint32_t hysteresis;
} confidant_extractor_options;

// What the customer likes, as far as their own words over the whole history show, with the turns
// it was learned from. The first call reads the archive once; later ones only what was said since.
//
// Owned: free `*out` with `confidant_preferences_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_preferences(const confidant_memory *memory,
                                              confidant_preferences **out,
                                              confidant_error **err);

// Frees preferences. NULL does nothing. Not for those of a reply, which the reply owns.
//
// Owned: its conclusions and texts are gone afterwards. Threads: one at a time.
void confidant_preferences_free(confidant_preferences *preferences);

// How many conclusions there are: style and length, as far as known, topics, those of most turns
// first, then language, channel and hours. 0 for NULL.
//
// Threads: any.
size_t confidant_preferences_count(const confidant_preferences *preferences);

// The conclusion at an index, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_preference *confidant_preferences_at(const confidant_preferences *preferences, size_t index);

// The first conclusion of a kind, one of `CONFIDANT_PREFERENCE_*`; NULL if none is known.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_preference *confidant_preferences_find(const confidant_preferences *preferences,
                                                       int32_t kind);

// A place that shows the conclusion at `place`, counted from 0, oldest first; NULL past the end.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_evidence *confidant_preferences_evidence(const confidant_preferences *preferences,
                                                         size_t index,
                                                         size_t evidence);

// How many statements `confidant_preferences_statement` gives; 0 for NULL.
//
// Threads: any.
size_t confidant_preferences_statement_count(const confidant_preferences *preferences);

// What the customer said about how to be served, counted from 0, oldest first; of those about the
// same matter the newest holds. NULL past the end and for NULL.
//
// Owned: a view that lives as long as the preferences. Threads: any.
const confidant_statement *confidant_preferences_statement(const confidant_preferences *preferences,
                                                           size_t index);

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
CONFIDANT_MUST_USE
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
CONFIDANT_MUST_USE
confidant_status confidant_extractor_learn_context(confidant_extractor *extractor,
                                                   const confidant_context *context,
                                                   confidant_error **err);

// Learns from a list of turns, as a page of the archive. A turn that is covered already changes
// nothing.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_extractor_learn_turns(confidant_extractor *extractor,
                                                 const confidant_turns *turns,
                                                 confidant_error **err);

// Takes away what one turn taught, and nothing else; `had_taught`, which may be NULL, is whether
// it had taught anything.
//
// Owned: `had_taught` is the caller's. Threads: one at a time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_extractor_unlearn(confidant_extractor *extractor,
                                             uint64_t turn_id,
                                             confidant_flag *had_taught,
                                             confidant_error **err);

// Concludes from what was learned so far.
//
// Owned: free `*out` with `confidant_preferences_free`. Threads: any, while nobody changes the
// extractor. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_extractor_conclude(const confidant_extractor *extractor,
                                              confidant_preferences **out,
                                              confidant_error **err);

// The last turn that was learned from; 0 if none was, and for NULL.
//
// Threads: any, while nobody changes the extractor.
uint64_t confidant_extractor_covered(const confidant_extractor *extractor);

// What was learned, as the text of a JSON object that grows with the turns, to be kept by the
// host; it holds no words of the customer.
//
// Owned: `*json` is a view that lives until the next call with this extractor. Threads: one at a
// time. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_extractor_state(confidant_extractor *extractor,
                                           confidant_str *json,
                                           confidant_error **err);

// Goes on from what `confidant_extractor_state` gave, in place of what was learned here. If other
// rules made it, the extractor begins anew: learn what is not covered.
//
// Threads: one at a time. Fails: INVALID_ARGUMENT, CORRUPT (not such a text); nothing changes
// then.
CONFIDANT_MUST_USE
confidant_status confidant_extractor_restore(confidant_extractor *extractor,
                                             confidant_str json,
                                             confidant_error **err);

// The name of the rules, which changes whenever a rule does.
//
// Owned: a view that lives until `confidant_extractor_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_extractor_rules_version(const confidant_extractor *extractor);

// What to begin these structs with.
#define CONFIDANT_EXTRACTOR_OPTIONS_INIT CONFIDANT_INIT_(confidant_extractor_options)

// ------------------------------------------------------------------------------------------------
// Facts that a customer has given
// ------------------------------------------------------------------------------------------------

// The places of a draft that ask for something again. Immutable, so it may be read from many
// threads at once.
typedef struct confidant_asked_again confidant_asked_again;

// All that a customer has told, over all sessions: names, addresses, order and telephone numbers,
// plans, texts of errors and steps tried. It is what the customer claims. Immutable, so it may be
// read from many threads at once.
typedef struct confidant_given confidant_given;

// One thing that a customer has told; a view.
typedef struct confidant_given_fact {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The turn in which it was said last.
  uint64_t turn_id;
  // As the customer wrote it.
  confidant_str value;
  // The first byte in that turn's `said`.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // The rule that found it.
  confidant_str rule;
  // How sure it is, 0 to 1.
  double score;
  // What it is, one of `CONFIDANT_ENTITY_*`.
  int32_t kind;
  // Zero.
  uint32_t reserved;
} confidant_given_fact;

// A place in a draft that asks for something again; a view.
typedef struct confidant_asked_place {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The first byte of the sentence in the draft.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // What the customer has told already; it lives as long as this.
  const confidant_given_fact *fact;
} confidant_asked_place;

// What the customer has told, over all sessions. The first call reads the archive once; later ones
// only what was said since.
//
// Owned: free `*out` with `confidant_given_free`. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT,
// BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_given(const confidant_memory *memory,
                                        confidant_given **out,
                                        confidant_error **err);

// What the turns of a list tell, which are of one customer and oldest first.
//
// Owned: free `*out` with `confidant_given_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_turns_given(const confidant_turns *turns,
                                       confidant_given **out,
                                       confidant_error **err);

// Frees what a customer has given. NULL does nothing.
//
// Owned: its facts are gone afterwards; lists of places that ask again stay good. Threads: one at
// a time.
void confidant_given_free(confidant_given *given);

// How many facts there are; 0 for NULL.
//
// Threads: any.
size_t confidant_given_count(const confidant_given *given);

// The fact at an index, counted from 0, oldest first, of one thing said twice the newer place; NULL
// past the end and for NULL.
//
// Owned: a view that lives until `confidant_given_free`. Threads: any.
const confidant_given_fact *confidant_given_at(const confidant_given *given, size_t index);

// The newest fact of a kind, one of `CONFIDANT_ENTITY_*`; NULL if none is known.
//
// Owned: a view that lives until `confidant_given_free`. Threads: any.
const confidant_given_fact *confidant_given_newest(const confidant_given *given, int32_t kind);

// The sentences of a draft reply that ask for something the customer has already given, or propose
// a step that they have tried.
//
// Owned: free `*out` with `confidant_asked_again_free`. Threads: any. Fails: INVALID_ARGUMENT,
// LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_given_asked_again(const confidant_given *given,
                                             confidant_str draft,
                                             confidant_asked_again **out,
                                             confidant_error **err);

// Frees a list of places that ask again. NULL does nothing.
//
// Owned: its views are gone afterwards. Threads: one at a time.
void confidant_asked_again_free(confidant_asked_again *asked);

// How many places ask again; 0 for NULL.
//
// Threads: any.
size_t confidant_asked_again_count(const confidant_asked_again *asked);

// The place that asks again, counted from 0; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_asked_again_free`. Threads: any.
const confidant_asked_place *confidant_asked_again_at(const confidant_asked_again *asked, size_t index);

// ------------------------------------------------------------------------------------------------
// Texts without a store
// ------------------------------------------------------------------------------------------------

// A text in Unicode's compatibility form with straight apostrophes, without invisible characters,
// and with no letter more than twice in a row. Immutable, so it may be read from many threads at
// once.
typedef struct confidant_normalized confidant_normalized;

// A text with labels in place of what must not be kept. Immutable, so it may be read from many
// threads at once.
typedef struct confidant_redacted confidant_redacted;

// Something that must not be kept, and where it stood; a view.
typedef struct confidant_sensitive {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // Its first byte in the text that was given.
  uint64_t start;
  // The byte after the last one.
  uint64_t end;
  // What it is, one of `CONFIDANT_SENSITIVE_*`.
  int32_t kind;
  // Zero.
  uint32_t reserved;
} confidant_sensitive;

// Puts labels (`[card]`, `[email]`, `[phone]`, `[iban]`) in place of card numbers, e-mail
// addresses, telephone numbers and IBANs.
//
// Owned: free `*out` with `confidant_redacted_free`. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_text_redact(confidant_str message,
                                       confidant_redacted **out,
                                       confidant_error **err);

// Frees a redacted text. NULL does nothing.
//
// Owned: its text is gone afterwards. Threads: one at a time.
void confidant_redacted_free(confidant_redacted *redacted);

// The text with its labels.
//
// Owned: a view that lives until `confidant_redacted_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_redacted_text(const confidant_redacted *redacted);

// How many labels were put; 0 for NULL.
//
// Threads: any.
size_t confidant_redacted_count(const confidant_redacted *redacted);

// What a label stands for, counted from 0, in the order of the text; NULL past the end and for
// NULL.
//
// Owned: a view that lives until `confidant_redacted_free`. Threads: any.
const confidant_sensitive *confidant_redacted_at(const confidant_redacted *redacted, size_t index);

// The language of a text as its two-letter code ("en", "de"); `{NULL, 0}` if the text is shorter
// than 20 characters or holds hardly any letters.
//
// Owned: `*language` is a view of a constant, good for ever. Threads: any. Fails:
// INVALID_ARGUMENT, LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_text_language(confidant_str message,
                                         confidant_str *language,
                                         confidant_error **err);

// Normalises a text, with a way back to the bytes of the original.
//
// Owned: free `*out` with `confidant_normalized_free`. Threads: any. Fails: INVALID_ARGUMENT,
// LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_text_normalize(confidant_str message,
                                          confidant_normalized **out,
                                          confidant_error **err);

// Frees a normalised text. NULL does nothing.
//
// Owned: its text is gone afterwards. Threads: one at a time.
void confidant_normalized_free(confidant_normalized *normalized);

// The normalised text.
//
// Owned: a view that lives until `confidant_normalized_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_normalized_text(const confidant_normalized *normalized);

// The bytes of the original, from `*start` to before `*end`, that such a span of the normalised
// text stands for. What reads otherwise there is taken in whole.
//
// Owned: `start` and `end` are the caller's, and are read and written. Threads: any. Fails:
// INVALID_ARGUMENT (no such span).
CONFIDANT_MUST_USE
confidant_status confidant_normalized_original(const confidant_normalized *normalized,
                                               uint64_t *start,
                                               uint64_t *end,
                                               confidant_error **err);

// ------------------------------------------------------------------------------------------------
// Embedders
// ------------------------------------------------------------------------------------------------

// The server speaks Ollama's protocol.
#define CONFIDANT_EMBEDDER_OLLAMA 0

// The server speaks OpenAI's protocol, as many others do.
#define CONFIDANT_EMBEDDER_OPENAI 1

// A model that turns texts into vectors: the host's own, or one of a server. Usable from many
// threads at once; collections keep what they need of it, so it may be freed before them.
typedef struct confidant_embedder confidant_embedder;

// An embedder of the host's own. Begin with `CONFIDANT_EMBEDDER_CALLBACKS_INIT`.
//
// The library owns `user_data` from the call it is given in, also if that call fails (unless
// `struct_size` is refused), and runs `destroy` exactly once, on any thread. `embed` is called
// without any lock or transaction held, from any thread and from many at once; it may call the
// library, may run long, and must not throw or jump out.
typedef struct confidant_embedder_callbacks {
  // `sizeof(confidant_embedder_callbacks)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // Writes one vector for each of `count` texts, in their order, into `vectors`, which has room
  // for `count` times `dimensions` numbers, all zero; returns `CONFIDANT_OK`, or a status, with
  // which the call fails: EMBEDDING for an unknown one and for INTERNAL, which only the library
  // says. A vector's length does not matter. Must not be NULL.
  confidant_status (*embed)(void *user_data, const confidant_str *texts, size_t count, float *vectors);
  // Gives `user_data` back; may be NULL.
  void (*destroy)(void *user_data);
  // The model's name with its version, 1 to 128 bytes: vectors of two names are never compared.
  confidant_str name;
  // The numbers of a vector, 1 to 8,192.
  size_t dimensions;
} confidant_embedder_callbacks;

// An embedding model on a server. Begin with `CONFIDANT_HTTP_EMBEDDER_OPTIONS_INIT`; what stays
// zero is the default.
typedef struct confidant_http_embedder_options {
  // `sizeof(confidant_http_embedder_options)`.
  size_t struct_size;
  // The model's name, such as "nomic-embed-text:v1.5".
  confidant_str model;
  // Where the server is, without "/api" or "/v1"; of Ollama a NULL pointer is
  // "http://127.0.0.1:11434".
  confidant_str base_url;
  // The server's key; a NULL pointer for none. It is in no error.
  confidant_str api_key;
  // The numbers of a vector, 1 to 8,192.
  size_t dimensions;
  // How long to wait for a reply, in milliseconds; 0 for 60,000.
  uint64_t response_timeout_ms;
  // One of `CONFIDANT_EMBEDDER_*`.
  int32_t protocol;
  // How often a request that failed in passing is sent again; read if `has_max_retries`, else 2.
  uint32_t max_retries;
  // Whether `max_retries` is given.
  confidant_flag has_max_retries;
  // Allows "http://" to another machine: the texts and the key travel in the clear.
  confidant_flag allow_plain_http;
} confidant_http_embedder_options;

// Makes an embedder of the host's own.
//
// Owned: free `*out` with `confidant_embedder_free`; the library owns `callbacks->user_data` from
// here on, also if this fails. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_embedder_new(const confidant_embedder_callbacks *callbacks,
                                        confidant_embedder **out,
                                        confidant_error **err);

// An embedding model on an Ollama server, or one that speaks OpenAI's protocol. Nothing is sent
// before it is first used; then a failure of the server is LLM.
//
// Owned: free `*out` with `confidant_embedder_free`; the texts are copied. Threads: any. Fails:
// INVALID_ARGUMENT, UNSUPPORTED (the library was built without HTTP).
CONFIDANT_MUST_USE
confidant_status confidant_embedder_http(const confidant_http_embedder_options *options,
                                         confidant_embedder **out,
                                         confidant_error **err);

// Frees the handle of an embedder; collections that use it keep it. NULL does nothing.
//
// Owned: `user_data` of a host's embedder is destroyed with the last collection that uses it.
// Threads: one at a time.
void confidant_embedder_free(confidant_embedder *embedder);

// The model's name.
//
// Owned: a view that lives until `confidant_embedder_free`; `{NULL, 0}` for NULL. Threads: any.
confidant_str confidant_embedder_name(const confidant_embedder *embedder);

// The numbers of a vector; 0 for NULL.
//
// Threads: any.
size_t confidant_embedder_dimensions(const confidant_embedder *embedder);

// What to begin these structs with.
#define CONFIDANT_EMBEDDER_CALLBACKS_INIT CONFIDANT_INIT_(confidant_embedder_callbacks)
#define CONFIDANT_HTTP_EMBEDDER_OPTIONS_INIT CONFIDANT_INIT_(confidant_http_embedder_options)

// ------------------------------------------------------------------------------------------------
// Collections and knowledge
// ------------------------------------------------------------------------------------------------

// The member `name` has the value `value`, or is a list that holds it.
#define CONFIDANT_CONDITION_IS 0

// Both conditions before it hold; in their place.
#define CONFIDANT_CONDITION_AND 1

// One of the two conditions before it holds; in their place.
#define CONFIDANT_CONDITION_OR 2

// The condition before it does not hold; in its place.
#define CONFIDANT_CONDITION_NOT 3

// Short documents of one tenant, found by words and by meaning; 100,000 of them are fine. A
// knowledge base is one whose documents are articles. Usable from many threads at once.
typedef struct confidant_collection confidant_collection;

// Documents that were found, best first, or one that was asked for. Immutable, so it may be read
// from many threads at once.
typedef struct confidant_documents confidant_documents;

// A stored document, and how it was found; a view.
typedef struct confidant_document {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The host's key.
  confidant_str key;
  // The title; may be empty.
  confidant_str title;
  // The whole text.
  confidant_str text;
  // The host's own JSON object; a NULL pointer if there is none, and of an article.
  confidant_str metadata;
  // What an article is about; a NULL pointer if it does not say, and of other documents.
  confidant_str category;
  // An article's tags, in the order given.
  const confidant_str *tags;
  // How many tags there are.
  size_t tag_count;
  // How often it was used for an answer.
  uint64_t used;
  // How often it helped when it was used.
  uint64_t helped;
  // The part of its text that answers best, all of a short one; a NULL pointer if the document
  // was asked for by its key.
  confidant_str passage;
  // How well it answers, against the other documents and this question: at most 1.
  double score;
  // The share by words: 1 for the document whose words fit best.
  double words;
  // The cosine between the passage's meaning and the question's, -1 to 1.
  double meaning;
} confidant_document;

// A document to be put into a collection, or an article into a knowledge base. Begin with
// `CONFIDANT_NEW_DOCUMENT_INIT`; what stays zero is not given.
typedef struct confidant_new_document {
  // `sizeof(confidant_new_document)`.
  size_t struct_size;
  // The host's own key, 1 to 512 bytes.
  confidant_str key;
  // The title, at most 512 bytes; every passage is found by its words too.
  confidant_str title;
  // The text, at most 128 KiB.
  confidant_str text;
  // The host's own JSON object, for conditions; a NULL pointer for none. Not of an article.
  confidant_str metadata;
  // What an article is about, for conditions: the member `category`. A NULL pointer for none.
  confidant_str category;
  // An article's tags, for conditions: the member `tags`, a list. May be NULL.
  const confidant_str *tags;
  // How many tags there are.
  size_t tag_count;
} confidant_new_document;

// A step of a condition. Begin with `CONFIDANT_CONDITION_INIT`.
//
// A condition is an array of steps, each behind those it joins: IS category "billing", IS level 1,
// OR, IS tags "old", NOT, AND reads as (category is "billing" or level is 1) and tags has no
// "old".
typedef struct confidant_condition {
  // `sizeof(confidant_condition)`.
  size_t struct_size;
  // A member of the metadata; of IS only.
  confidant_str name;
  // Its value as JSON: a text in quotation marks, a number as it is written, `true`, `false` or
  // `null`; of IS only.
  confidant_str value;
  // One of `CONFIDANT_CONDITION_*`.
  int32_t step;
  // Zero.
  uint32_t reserved;
} confidant_condition;

// How far the vectors of an embedder are.
typedef struct confidant_embedded {
  // `sizeof(confidant_embedded)`.
  size_t struct_size;
  // Documents that got their vectors now.
  uint64_t documents;
  // Documents that have none of this embedder yet.
  uint64_t left;
} confidant_embedded;

// Frees documents that were found. NULL does nothing.
//
// Owned: its documents and their texts are gone afterwards. Threads: one at a time.
void confidant_documents_free(confidant_documents *documents);

// How many documents there are; 0 for NULL.
//
// Threads: any.
size_t confidant_documents_count(const confidant_documents *documents);

// The document at an index, counted from 0, the best one; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_documents_free`. Threads: any.
const confidant_document *confidant_documents_at(const confidant_documents *documents, size_t index);

// What the documents were compared by, one of `CONFIDANT_BASIS_*`; NONE if nothing was, and for
// NULL.
//
// Threads: any.
int32_t confidant_documents_basis(const confidant_documents *documents);

// The embedder's model whose vectors were compared.
//
// Owned: a view that lives until `confidant_documents_free`; `{NULL, 0}` if the library's own
// table served, and for NULL. Threads: any.
confidant_str confidant_documents_model(const confidant_documents *documents);

// The collection of that name, 1 to 128 bytes without control characters, of a tenant.
// Nothing is stored until a document is.
//
// Owned: free `*out` with `confidant_collection_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_collection_open(const confidant_store *store,
                                           confidant_str tenant,
                                           confidant_str name,
                                           confidant_collection **out,
                                           confidant_error **err);

// The knowledge base of a tenant.
//
// Owned: free `*out` with `confidant_collection_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_knowledge_open(const confidant_store *store,
                                          confidant_str tenant,
                                          confidant_collection **out,
                                          confidant_error **err);

// Frees the handle; what is stored stays. NULL does nothing.
//
// Owned: documents found with it stay good; an embedder's data is destroyed with the last handle
// that uses it. Threads: one at a time.
void confidant_collection_free(confidant_collection *collection);

// The collection's name.
//
// Owned: a view that lives until `confidant_collection_free`; `{NULL, 0}` for a knowledge base and
// for NULL. Threads: any.
confidant_str confidant_collection_name(const confidant_collection *collection);

// Puts up to 1,000 documents, all or none, each in the place of an earlier one under its key; what
// was counted of its use stays. On disk when this returns. The array is stepped by the first one's
// `struct_size`.
//
// Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the part; BUSY, IO, STORE. Nothing was
// put then.
CONFIDANT_MUST_USE
confidant_status confidant_collection_put(const confidant_collection *collection,
                                          const confidant_new_document *documents,
                                          size_t count,
                                          confidant_error **err);

// Removes a document; `was_there`, which may be NULL, is whether there was one under that key.
//
// Owned: `was_there` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
// nothing was removed then.
CONFIDANT_MUST_USE
confidant_status confidant_collection_remove(const confidant_collection *collection,
                                             confidant_str key,
                                             confidant_flag *was_there,
                                             confidant_error **err);

// The document under a key, as a list of one, or of none.
//
// Owned: free `*out` with `confidant_documents_free`. Threads: any. Fails: INVALID_ARGUMENT,
// CORRUPT (naming the document), BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_collection_get(const confidant_collection *collection,
                                          confidant_str key,
                                          confidant_documents **out,
                                          confidant_error **err);

// How many documents there are.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_collection_count(const confidant_collection *collection,
                                            uint64_t *out,
                                            confidant_error **err);

// The documents that answer a question of at most 64 KiB best, up to `limit` (1 to 1,000), of
// those whose metadata meets the condition: `count` steps, or NULL and 0 for every document.
// Meaning counts 0.7 and words 0.3, over the passages of the documents.
//
// With an embedder, once every document has its vectors, the question is embedded and they are
// compared; otherwise no network and no model is needed. The first search builds an index in
// memory; later ones read only what changed.
//
// Owned: free `*out` with `confidant_documents_free`. Threads: any. Fails: INVALID_ARGUMENT,
// LIMIT, CORRUPT (naming the document), BUSY, IO, STORE; whatever the embedder fails with.
CONFIDANT_MUST_USE
confidant_status confidant_collection_search(const confidant_collection *collection,
                                             confidant_str question,
                                             size_t limit,
                                             const confidant_condition *condition,
                                             size_t count,
                                             confidant_documents **out,
                                             confidant_error **err);

// Counts that a document was used for an answer, and whether that helped; `was_there`, which may
// be NULL, is whether there is one under that key.
//
// Owned: `was_there` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
// nothing was counted then.
CONFIDANT_MUST_USE
confidant_status confidant_collection_count_use(const confidant_collection *collection,
                                                confidant_str key,
                                                confidant_flag helped,
                                                confidant_flag *was_there,
                                                confidant_error **err);

// Keeps the index in the store, so that the next process need not build it: worth while from some
// thousand documents.
//
// Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_collection_snapshot(const confidant_collection *collection, confidant_error **err);

// The same collection, searched by the embedder's vectors once every document has one
// (`confidant_collection_embed`); until then, and for documents put since, by the library's table.
//
// Owned: free `*out` with `confidant_collection_free`; both others stay the host's. Threads: any.
// Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_collection_with_embedder(const confidant_collection *collection,
                                                    const confidant_embedder *embedder,
                                                    confidant_collection **out,
                                                    confidant_error **err);

// Asks the embedder for the vectors of up to `limit` documents that have none of it, and stores
// them. No lock is held while it works. Call it until nothing is left, and again when documents
// were put.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT (there is no embedder, or it
// gives numbers that are not finite), CORRUPT, BUSY, IO, STORE; whatever the embedder fails with.
// What was stored before stays.
CONFIDANT_MUST_USE
confidant_status confidant_collection_embed(const confidant_collection *collection,
                                            size_t limit,
                                            confidant_embedded *out,
                                            confidant_error **err);

// What to begin these structs with.
#define CONFIDANT_NEW_DOCUMENT_INIT CONFIDANT_INIT_(confidant_new_document)
#define CONFIDANT_CONDITION_INIT CONFIDANT_INIT_(confidant_condition)
#define CONFIDANT_EMBEDDED_INIT CONFIDANT_INIT_(confidant_embedded)

// ------------------------------------------------------------------------------------------------
// Assembled contexts
// ------------------------------------------------------------------------------------------------

// What a model is shown of a customer. Immutable, so it may be read from many threads at once.
typedef struct confidant_assembled confidant_assembled;

// What a model is to be shown for one question, and how much of it at most. Begin with
// `CONFIDANT_CONTEXT_REQUEST_INIT`.
typedef struct confidant_context_request {
  // `sizeof(confidant_context_request)`.
  size_t struct_size;
  // The question.
  confidant_str question;
  // The most tokens of the whole, 16 to 10,000,000.
  size_t max_tokens;
  // Passages of a knowledge base, title and text, the best one first; may be NULL.
  const confidant_pair *passages;
  // How many passages there are.
  size_t passage_count;
  // How many turns to recall, 0 to 200; read if `has_recalled`, else 8.
  size_t recalled;
  // A text whose tokens the model has reported, which makes the guess closer; read if
  // `calibration_tokens` is not 0.
  confidant_str calibration_text;
  // The tokens that it reported.
  uint64_t calibration_tokens;
  // Whether `recalled` is given.
  confidant_flag has_recalled;
  // Leaves out what was learned of the customer's likes, if it is not 0.
  confidant_flag without_preferences;
} confidant_context_request;

// Counts tokens by the host's own tokenizer. Begin with `CONFIDANT_TOKEN_COUNTER_INIT`.
//
// The library owns `user_data` from the call on, also if that call fails (unless `struct_size` is
// refused), and runs `destroy` exactly once before the call returns.
typedef struct confidant_token_counter {
  // `sizeof(confidant_token_counter)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // The tokens that a text takes, the same for the same text; called some hundred times, without
  // any lock or transaction held. May call the library; must not throw or jump out. Must not be
  // NULL.
  size_t (*count_tokens)(void *user_data, confidant_str text);
  // Gives `user_data` back; may be NULL.
  void (*destroy)(void *user_data);
} confidant_token_counter;

// The text of an assembled context, and what is in it; a view.
typedef struct confidant_assembled_content {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The whole, with a heading for each part.
  confidant_str text;
  // The tokens of the whole text, by the request's own count.
  size_t tokens;
  // How many of the request's passages are in.
  size_t passage_count;
  // How many turns `confidant_assembled_recent` gives.
  size_t recent_count;
  // How many turns `confidant_assembled_recalled` gives.
  size_t recalled_count;
  // What turns were compared by, one of `CONFIDANT_BASIS_*`.
  int32_t basis;
  // Whether the preferences are in.
  confidant_flag has_preferences;
} confidant_assembled_content;

// Puts together what a model should see of this customer for a question: preferences, passages,
// recalled turns and the newest turns, in that order, as one text, which never takes more tokens
// than the request allows. `counter` may be NULL for a careful guess.
//
// Owned: free `*out` with `confidant_assembled_free`; the library owns `counter->user_data` during
// the call. Threads: any; the callbacks run on this one. Fails: INVALID_ARGUMENT (a number is out
// of its range), LIMIT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_assemble(const confidant_memory *memory,
                                           const confidant_context_request *request,
                                           const confidant_token_counter *counter,
                                           confidant_assembled **out,
                                           confidant_error **err);

// A guess at the tokens of a text that is rather too high than too low; made fit for one model by
// a text whose tokens that has reported, if `calibration_tokens` is not 0.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
CONFIDANT_MUST_USE
confidant_status confidant_text_estimate_tokens(confidant_str message,
                                                confidant_str calibration_text,
                                                uint64_t calibration_tokens,
                                                uint64_t *out,
                                                confidant_error **err);

// Frees an assembled context. NULL does nothing.
//
// Owned: its text and turns are gone afterwards. Threads: one at a time.
void confidant_assembled_free(confidant_assembled *assembled);

// The text, and what is in it; NULL for NULL.
//
// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
const confidant_assembled_content *confidant_assembled_read(const confidant_assembled *assembled);

// One of the newest turns that are in, counted from 0, oldest first; NULL past the end and for
// NULL.
//
// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
const confidant_turn *confidant_assembled_recent(const confidant_assembled *assembled, size_t index);

// One of the recalled turns that are in, counted from 0, oldest first, none of them among the
// newest; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
const confidant_turn *confidant_assembled_recalled(const confidant_assembled *assembled, size_t index);

// What to begin these structs with.
#define CONFIDANT_CONTEXT_REQUEST_INIT CONFIDANT_INIT_(confidant_context_request)
#define CONFIDANT_TOKEN_COUNTER_INIT CONFIDANT_INIT_(confidant_token_counter)

// ------------------------------------------------------------------------------------------------
// Analytics
// ------------------------------------------------------------------------------------------------

// Turns by how they sound: "negative", "neutral", "positive".
#define CONFIDANT_COUNTS_SENTIMENT 1

// Turns by what they are mostly about, as "billing".
#define CONFIDANT_COUNTS_TOPIC 2

// Turns by the reason to escalate, as "legal"; one turn may have several.
#define CONFIDANT_COUNTS_ESCALATION 3

// Customers by tier, as hosts noted it (`tier` in a turn's metadata).
#define CONFIDANT_COUNTS_TIER 4

// Customers by where their mood goes: "improving", "declining", "stable", "unknown".
#define CONFIDANT_COUNTS_TREND 5

// What a tenant's articles were used for, ever: "articles", "used_articles", "uses", "helped";
// none in the report of one customer.
#define CONFIDANT_COUNTS_KNOWLEDGE 6

// A report over a range of time, derived from stored turns and sessions. Immutable, so it may be
// read from many threads at once.
typedef struct confidant_analytics_report confidant_analytics_report;

// What of a report worries. Immutable, so it may be read from many threads at once.
typedef struct confidant_health confidant_health;

// What is stored of a tenant or a customer, summed up. Sessions without a turn do not count.
typedef struct confidant_summary {
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

// A range of time. Begin with `CONFIDANT_RANGE_INIT`.
typedef struct confidant_range {
  // `sizeof(confidant_range)`.
  size_t struct_size;
  // The first moment, in milliseconds since the Unix epoch.
  int64_t from_ms;
  // The moment behind the last one.
  int64_t to_ms;
} confidant_range;

// Counts and rates over a range, or over one day of it; a view. A rate is unknown where there is
// nothing to divide by.
typedef struct confidant_figures {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The day in UTC, as "2026-11-21"; a NULL pointer for the whole range.
  confidant_str day;
  // Customers with a turn.
  uint64_t customers;
  // Turns.
  uint64_t turns;
  // Turns with an answer.
  uint64_t answered_turns;
  // Turns that settled something.
  uint64_t resolved_turns;
  // Sessions with a turn; they count where their first turn of the range lies.
  uint64_t sessions;
  // Of these, settled.
  uint64_t resolved_sessions;
  // Of these, closed.
  uint64_t closed_sessions;
  // Sessions about something that the customer had not come with in the seven days before.
  uint64_t first_contacts;
  // Of these, settled, with no session about the same within seven days after.
  uint64_t first_contact_resolved;
  // Sessions with a rating.
  uint64_t rated_sessions;
  // Turns of a frustrated or angry customer.
  uint64_t upset_turns;
  // Turns with a reason to escalate.
  uint64_t escalated_turns;
  // What the turns cost in nano-dollars, as far as hosts noted it (`cost_nano` in a turn's
  // metadata).
  uint64_t cost_nano;
  // Turns with a noted cost.
  uint64_t costed_turns;
  // Settled turns among all, 0 to 1, if `has_turn_resolution_rate`.
  double turn_resolution_rate;
  // Settled sessions among all, 0 to 1, if `has_session_resolution_rate`.
  double session_resolution_rate;
  // First contacts that settled the matter, 0 to 1, if `has_first_contact_resolution_rate`.
  double first_contact_resolution_rate;
  // Sessions about what the customer had come with in the seven days before, 0 to 1, if
  // `has_repeat_rate`.
  double repeat_rate;
  // Turns with a reason to escalate among all, 0 to 1, if `has_escalation_rate`.
  double escalation_rate;
  // The mean time from a session's first turn to the answer that settled it, in milliseconds, if
  // `has_mean_resolution_ms`.
  double mean_resolution_ms;
  // The same over the sessions of customers who came for the first time, of whom nothing was
  // remembered, if `has_mean_first_resolution_ms`.
  double mean_first_resolution_ms;
  // The same over all other sessions, of customers who were known, if
  // `has_mean_later_resolution_ms`.
  double mean_later_resolution_ms;
  // Closed sessions among all, 0 to 1, if `has_closed_session_rate`.
  double closed_session_rate;
  // What a session costs on average, in nano-dollars, as far as hosts noted what turns cost, if
  // `has_mean_session_cost_nano`.
  double mean_session_cost_nano;
  // The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
  double mean_confidence;
  // The mean satisfaction over the rated sessions, 1 to 5, if `has_mean_rating`.
  double mean_rating;
  // The mean polarity of what customers said, -1 to 1, if `has_mean_polarity`.
  double mean_polarity;
  // Whether `turn_resolution_rate` is known.
  confidant_flag has_turn_resolution_rate;
  // Whether `session_resolution_rate` is known.
  confidant_flag has_session_resolution_rate;
  // Whether `first_contact_resolution_rate` is known.
  confidant_flag has_first_contact_resolution_rate;
  // Whether `repeat_rate` is known.
  confidant_flag has_repeat_rate;
  // Whether `escalation_rate` is known.
  confidant_flag has_escalation_rate;
  // Whether `mean_resolution_ms` is known.
  confidant_flag has_mean_resolution_ms;
  // Whether `mean_first_resolution_ms` is known.
  confidant_flag has_mean_first_resolution_ms;
  // Whether `mean_later_resolution_ms` is known.
  confidant_flag has_mean_later_resolution_ms;
  // Whether `closed_session_rate` is known.
  confidant_flag has_closed_session_rate;
  // Whether `mean_session_cost_nano` is known.
  confidant_flag has_mean_session_cost_nano;
  // Whether `mean_confidence` is known.
  confidant_flag has_mean_confidence;
  // Whether `mean_rating` is known.
  confidant_flag has_mean_rating;
  // Whether `mean_polarity` is known.
  confidant_flag has_mean_polarity;
  // Zero.
  uint32_t reserved;
} confidant_figures;

// How many turns or customers a name has; a view.
typedef struct confidant_label_count {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The name, such as "billing".
  confidant_str name;
  // How many.
  uint64_t count;
} confidant_label_count;

// Who settled something, what it was about, and how often; a view.
typedef struct confidant_resolver {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The answers' author (`answered_by` of the turns); a NULL pointer if the host named none.
  confidant_str agent;
  // What the settled turns are about, such as "billing": each turn itself, or else the newest
  // one before it in its session that is about something; a NULL pointer if none is.
  confidant_str topic;
  // How many turns.
  uint64_t count;
} confidant_resolver;

// Where figures begin to worry; rates are 0 to 1. Begin with `CONFIDANT_HEALTH_LIMITS_INIT`.
typedef struct confidant_health_limits {
  // `sizeof(confidant_health_limits)`.
  size_t struct_size;
  // Settled sessions, at least; read if its flag is set, else 0.7.
  double min_session_resolution_rate;
  // First contacts that settle the matter, at least; read if its flag is set, else 0.6.
  double min_first_contact_resolution_rate;
  // Sessions that come back with the same, at most; read if its flag is set, else 0.2.
  double max_repeat_rate;
  // Turns with a reason to escalate, at most; read if its flag is set, else 0.2.
  double max_escalation_rate;
  // The mean rating, at least; read if its flag is set, else 3.5.
  double min_mean_rating;
  // The mean confidence, at least; read if its flag is set, else 0.6.
  double min_mean_confidence;
  // A figure over fewer cases is not judged; read if its flag is set, else 20.
  uint64_t min_cases;
  // Whether `min_session_resolution_rate` is given.
  confidant_flag has_min_session_resolution_rate;
  // Whether `min_first_contact_resolution_rate` is given.
  confidant_flag has_min_first_contact_resolution_rate;
  // Whether `max_repeat_rate` is given.
  confidant_flag has_max_repeat_rate;
  // Whether `max_escalation_rate` is given.
  confidant_flag has_max_escalation_rate;
  // Whether `min_mean_rating` is given.
  confidant_flag has_min_mean_rating;
  // Whether `min_mean_confidence` is given.
  confidant_flag has_min_mean_confidence;
  // Whether `min_cases` is given.
  confidant_flag has_min_cases;
  // Zero.
  uint32_t reserved;
} confidant_health_limits;

// A figure that is not as it should be; a view.
typedef struct confidant_limit_breach {
  // The size of this struct in the library that is loaded.
  size_t struct_size;
  // The figure's name, as "session_resolution_rate".
  confidant_str figure;
  // What it is.
  double value;
  // What it should at least, or at most, be.
  double limit;
  // Over how many cases.
  uint64_t cases;
} confidant_limit_breach;

// Sums up all stored turns and sessions of a tenant.
// Reads every turn of it: about a tenth of a second for 100,000 turns.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_store_summarize(const confidant_store *store,
                                           confidant_str tenant,
                                           confidant_summary *out,
                                           confidant_error **err);

// Sums up all stored turns and sessions of a customer.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_summarize(const confidant_memory *memory,
                                            confidant_summary *out,
                                            confidant_error **err);

// Everything that can be told of a tenant's turns in a range, with its days. `range` may be NULL for all turns. Reads every turn of it and what it
// says.
//
// Owned: free `*out` with `confidant_analytics_report_free`. Threads: any. Fails:
// INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_store_report(const confidant_store *store,
                                        confidant_str tenant,
                                        const confidant_range *range,
                                        confidant_analytics_report **out,
                                        confidant_error **err);

// Everything that can be told of a customer's turns in a range, with its days. `range` may be NULL
// for all turns.
//
// Owned: free `*out` with `confidant_analytics_report_free`. Threads: any. Fails:
// INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
CONFIDANT_MUST_USE
confidant_status confidant_memory_report(const confidant_memory *memory,
                                         const confidant_range *range,
                                         confidant_analytics_report **out,
                                         confidant_error **err);

// Frees a report. NULL does nothing.
//
// Owned: its figures and texts are gone afterwards. Threads: one at a time.
void confidant_analytics_report_free(confidant_analytics_report *report);

// The figures over the whole range; NULL for NULL.
//
// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
const confidant_figures *confidant_analytics_report_totals(const confidant_analytics_report *report);

// The figures of a day, counted from 0, oldest first, days without a turn left out; NULL past the
// end and for NULL.
//
// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
const confidant_figures *confidant_analytics_report_day(const confidant_analytics_report *report,
                                                        size_t index);

// A metric of the whole range by its name, such as "repeat_rate": a count, or a rate that is
// unknown where there is nothing to divide by. `*is_known` says which; `*out` is written only if
// it is known.
//
// Owned: `out` and `is_known` are the caller's. Threads: any. Fails: INVALID_ARGUMENT (also if no
// metric has that name).
CONFIDANT_MUST_USE
confidant_status confidant_analytics_report_metric(const confidant_analytics_report *report,
                                                   confidant_str metric,
                                                   double *out,
                                                   confidant_flag *is_known,
                                                   confidant_error **err);

// The name of a metric that reports of this library have, counted from 0.
//
// Owned: a view of a constant, good for ever; `{NULL, 0}` past the end. Threads: any.
confidant_str confidant_analytics_report_metric_name(size_t index);

// A name and its count over the whole range, counted from 0, of one of `CONFIDANT_COUNTS_*`; NULL
// past the end, for another number, and for NULL. The counts of a day are in the JSON.
//
// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
const confidant_label_count *confidant_analytics_report_counted(const confidant_analytics_report *report,
                                                                int32_t what,
                                                                size_t index);

// Who settled how many turns of the whole range about what, counted from 0, in the order of the
// agents' names; NULL past the end and for NULL.
//
// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
const confidant_resolver *confidant_analytics_report_resolver(const confidant_analytics_report *report,
                                                              size_t index);

// Sessions of the range that are still open; 0 for NULL.
//
// Threads: any.
uint64_t confidant_analytics_report_active_sessions(const confidant_analytics_report *report);

// The whole report as a JSON object; unknown figures are `null`.
//
// Owned: a view that lives until `confidant_analytics_report_free`; `{NULL, 0}` for NULL. Threads:
// any.
confidant_str confidant_analytics_report_json(const confidant_analytics_report *report);

// The totals in the text format of Prometheus; unknown figures are left out.
//
// Owned: a view that lives until `confidant_analytics_report_free`; `{NULL, 0}` for NULL. Threads:
// any.
confidant_str confidant_analytics_report_prometheus(const confidant_analytics_report *report);

// Judges the totals of a report by some limits; `limits` may be NULL for the library's own.
//
// Owned: free `*out` with `confidant_health_free`. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_analytics_report_health(const confidant_analytics_report *report,
                                                   const confidant_health_limits *limits,
                                                   confidant_health **out,
                                                   confidant_error **err);

// Frees a judgement. NULL does nothing.
//
// Owned: its worries are gone afterwards. Threads: one at a time.
void confidant_health_free(confidant_health *health);

// A figure out of its limits, counted from 0; NULL past the end and for NULL. None means healthy,
// as far as can be judged.
//
// Owned: a view that lives until `confidant_health_free`. Threads: any.
const confidant_limit_breach *confidant_health_breach(const confidant_health *health, size_t index);

// The name of a figure that has too few cases to be judged, counted from 0.
//
// Owned: a view of a constant, good for ever; `{NULL, 0}` past the end and for NULL. Threads: any.
confidant_str confidant_health_unknown(const confidant_health *health, size_t index);

// What to begin these structs with.
#define CONFIDANT_SUMMARY_INIT CONFIDANT_INIT_(confidant_summary)
#define CONFIDANT_RANGE_INIT CONFIDANT_INIT_(confidant_range)
#define CONFIDANT_HEALTH_LIMITS_INIT CONFIDANT_INIT_(confidant_health_limits)

// ------------------------------------------------------------------------------------------------
// Language models
// ------------------------------------------------------------------------------------------------

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

// A language model: the host's own, or one of the library's. Usable from many threads at once;
// agents keep what they need of it, so it may be freed before them.
typedef struct confidant_llm confidant_llm;

// Where a model writes its reply; lives during the callback it is given to, and is used by one
// thread at a time.
typedef struct confidant_llm_reply confidant_llm_reply;

// What is asked of a model; lives during the callback it is given to. Read by that callback only.
typedef struct confidant_llm_request confidant_llm_request;

// Names, as of models. Immutable, so it may be read from many threads at once.
typedef struct confidant_names confidant_names;

// A model of the host's own. Begin with `CONFIDANT_LLM_CALLBACKS_INIT`.
//
// The library owns `user_data` from the call it is given in, also if that call fails (unless
// `struct_size` is refused), and runs `destroy` exactly once, on any thread. Functions are called
// without any lock or transaction held, from any thread and from many at once; they may call the
// library, may run long, and must not throw or jump out.
typedef struct confidant_llm_callbacks {
  // `sizeof(confidant_llm_callbacks)`.
  size_t struct_size;
  // The host's own; the first parameter of each function.
  void *user_data;
  // Writes the reply with `confidant_llm_reply_append`, in one piece or many, and returns
  // `CONFIDANT_OK`; or returns a status, after `confidant_llm_reply_fail` if there is more to
  // say: the call fails with it, or with LLM for an unknown one and for INTERNAL, which only the
  // library says. Must not be NULL.
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
typedef struct confidant_llm_message {
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
typedef struct confidant_article {
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
typedef struct confidant_scripted_reply {
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
typedef struct confidant_ollama_options {
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

// Makes a model of the host's own.
//
// Owned: free `*out` with `confidant_llm_free`; the library owns `callbacks->user_data` from here
// on, also if this fails. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
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

// Whether the model's tokens cost nothing; 0 for NULL.
//
// Threads: any.
confidant_flag confidant_llm_is_free(const confidant_llm *llm);

// The instructions; they never hold anything a customer wrote.
//
// Owned: a view that lives during the callback; `{NULL, 0}` for NULL. Threads: the callback's.
confidant_str confidant_llm_request_system(const confidant_llm_request *request);

// How many messages there are; the last one is the customer's and wants a reply. 0 for NULL.
//
// Threads: the callback's.
size_t confidant_llm_request_message_count(const confidant_llm_request *request);

// The message at an index, counted from 0, oldest first; NULL past the end and for NULL.
//
// Owned: a view that lives during the callback. Threads: the callback's.
const confidant_llm_message *confidant_llm_request_message(const confidant_llm_request *request,
                                                           size_t index);

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
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_append(confidant_llm_reply *reply,
                                            confidant_str piece,
                                            confidant_error **err);

// Says how sure the model is, 0 to 1.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_set_confidence(confidant_llm_reply *reply,
                                                    double confidence,
                                                    confidant_error **err);

// Says whether the reply settles what the customer wanted.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_set_resolved(confidant_llm_reply *reply,
                                                  confidant_flag resolved,
                                                  confidant_error **err);

// Says what the call used, as the model's server counted it. Default: estimated.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_set_usage(confidant_llm_reply *reply,
                                               uint64_t input_tokens,
                                               uint64_t output_tokens,
                                               confidant_error **err);

// Says why the model stopped, one of `CONFIDANT_FINISH_*`. Default: "it was done".
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_set_finish(confidant_llm_reply *reply,
                                                int32_t finish,
                                                confidant_error **err);

// Names an article that the reply rests on; may be called for several.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_add_source(confidant_llm_reply *reply,
                                                confidant_str source,
                                                confidant_error **err);

// Says why the model failed: one of `CONFIDANT_LLM_*` (not NONE) and a message for people, which
// must not hold what a customer said. What the callback returns afterwards does not matter.
//
// Threads: the callback's. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_reply_fail(confidant_llm_reply *reply,
                                          int32_t failure,
                                          confidant_str message,
                                          confidant_error **err);

// A model without a network and without a model: it answers from articles and the conversation,
// the same way every time, in English. Without articles (NULL, 0) it has a small starter set.
//
// Owned: free `*out` with `confidant_llm_free`; the articles are copied. Threads: any. Fails:
// INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_offline(const confidant_article *articles,
                                       size_t count,
                                       confidant_llm **out,
                                       confidant_error **err);

// A model that gives the replies of a list, in order, each once; for tests and demonstrations.
//
// Owned: free `*out` with `confidant_llm_free`; the replies are copied. Threads: any. Fails:
// INVALID_ARGUMENT.
CONFIDANT_MUST_USE
confidant_status confidant_llm_scripted(const confidant_scripted_reply *replies,
                                        size_t count,
                                        confidant_llm **out,
                                        confidant_error **err);

// How many replies a scripted model has left.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, UNSUPPORTED (not a scripted
// model).
CONFIDANT_MUST_USE
confidant_status confidant_llm_remaining(const confidant_llm *llm, uint64_t *out, confidant_error **err);

// A model of an Ollama server. Nothing is sent until an agent uses it.
//
// Owned: free `*out` with `confidant_llm_free`; the texts are copied. Threads: any. Fails:
// INVALID_ARGUMENT, UNSUPPORTED (the library was built without HTTP).
CONFIDANT_MUST_USE
confidant_status confidant_llm_ollama(const confidant_ollama_options *options,
                                      confidant_llm **out,
                                      confidant_error **err);

// The names of the models that an Ollama server has. Asks the server.
//
// Owned: free `*out` with `confidant_names_free`. Threads: any. Fails: INVALID_ARGUMENT, LLM,
// UNSUPPORTED (not an Ollama model).
CONFIDANT_MUST_USE
confidant_status confidant_llm_models(const confidant_llm *llm, confidant_names **out, confidant_error **err);

// Frees names. NULL does nothing.
//
// Owned: its texts are gone afterwards. Threads: one at a time.
void confidant_names_free(confidant_names *names);

// How many names there are; 0 for NULL.
//
// Threads: any.
size_t confidant_names_count(const confidant_names *names);

// The name at an index, counted from 0.
//
// Owned: a view that lives until `confidant_names_free`; `{NULL, 0}` for NULL and past the end.
// Threads: any.
confidant_str confidant_names_at(const confidant_names *names, size_t index);

// What to begin these structs with.
#define CONFIDANT_LLM_CALLBACKS_INIT CONFIDANT_INIT_(confidant_llm_callbacks)
#define CONFIDANT_ARTICLE_INIT CONFIDANT_INIT_(confidant_article)
#define CONFIDANT_SCRIPTED_REPLY_INIT CONFIDANT_INIT_(confidant_scripted_reply)
#define CONFIDANT_OLLAMA_OPTIONS_INIT CONFIDANT_INIT_(confidant_ollama_options)

// ------------------------------------------------------------------------------------------------
// Agents
// ------------------------------------------------------------------------------------------------

// Warm and plain.
#define CONFIDANT_PERSONA_FRIENDLY 0

// Polite and exact.
#define CONFIDANT_PERSONA_PROFESSIONAL 1

// For customers who know the product from inside.
#define CONFIDANT_PERSONA_TECHNICAL 2

// The company's own, in `persona_name`, `persona_manner` and `persona_tone`.
#define CONFIDANT_PERSONA_OWN 3

// Answers customers with a language model, on top of their memory. Usable from many threads at
// once.
typedef struct confidant_agent confidant_agent;

// The agent's reply to a message. Immutable, so it may be read from many threads at once.
typedef struct confidant_reply confidant_reply;

// The settings of an agent. Begin with `CONFIDANT_AGENT_OPTIONS_INIT`; what stays zero is the
// default.
typedef struct confidant_agent_options {
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
typedef struct confidant_message {
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
typedef struct confidant_text_sink {
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
typedef struct confidant_spending {
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
typedef struct confidant_reply_content {
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

// Makes an agent over a memory; `options` may be NULL: then it is friendly and works offline.
//
// Owned: free `*out` with `confidant_agent_free`; the memory and the model are kept. Threads: any.
// Fails: INVALID_ARGUMENT, naming the setting.
CONFIDANT_MUST_USE
confidant_status confidant_agent_new(const confidant_store *store,
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
CONFIDANT_MUST_USE
confidant_status confidant_agent_respond(const confidant_agent *agent,
                                         const confidant_session *session,
                                         const confidant_message *message,
                                         const confidant_text_sink *sink,
                                         confidant_reply **out,
                                         confidant_error **err);

// What the agent has used since it was made.
//
// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
CONFIDANT_MUST_USE
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
confidant_str confidant_reply_source(const confidant_reply *reply, size_t index);

// What to begin these structs with.
#define CONFIDANT_AGENT_OPTIONS_INIT CONFIDANT_INIT_(confidant_agent_options)
#define CONFIDANT_MESSAGE_INIT CONFIDANT_INIT_(confidant_message)
#define CONFIDANT_TEXT_SINK_INIT CONFIDANT_INIT_(confidant_text_sink)
#define CONFIDANT_SPENDING_INIT CONFIDANT_INIT_(confidant_spending)

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONFIDANT_H
