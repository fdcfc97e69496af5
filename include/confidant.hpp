// confidant for C++17: the functions of confidant.h as move-only classes, with exceptions, string views and ranges.
//
// It adds no behaviour: what confidant.h says of a function holds for the method that is named like it. In short:
//
// - The namespace is `confidant`.
// - A failed call throws `confidant::error`, which has the status, the message and the causes.
// - Objects are moved, not copied, and free their handle at their end, in any order. After a move, the only things to
//   do with the old one are to destroy it and to assign to it; other calls throw, or give nothing.
// - Texts come in as `std::string_view` and are copied. Texts come out as views into the object that gave them; keep
//   the object, or make a `std::string`. What may be missing is a `std::optional`.
// - Lists (turns, sessions, conclusions, evidence, messages, names) work with `for (auto x : list)`, `size()`, `[i]`.
// - Methods that are `const` may be called from many threads at once, others from one at a time.
// - Callbacks may throw: what `on_text` or a token counter threw comes out of the call; a model or an embedder that threw
//   failed.

#ifndef CONFIDANT_HPP
#define CONFIDANT_HPP

#include "confidant.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace confidant {

using text = std::string_view;
using optional_text = std::optional<std::string_view>;

// Numbers for confidant.h's constants of the same name; casts between the two are safe.
enum class channel : std::int32_t { chat, email, phone, app, social };
enum class outcome : std::int32_t { unknown, resolved, unresolved };
enum class durability : std::int32_t { power_loss, process_crash };
enum class persona : std::int32_t { friendly, professional, technical, own };
enum class preference_kind : std::int32_t { style = 1, length, topic, language, channel, hours };
enum class basis : std::int32_t { none, words_and_meaning, words_only };
enum class sentiment : std::int32_t { negative = -1, neutral, positive };
enum class urgency : std::int32_t { low, medium, high, critical };
enum class entity_kind : std::int32_t { name = 1, email, phone, order_id, product, amount, date, plan, error_text, step_tried };
enum class signal_kind : std::int32_t { sentiment = 1, frustrated, angry, urgency, topic, intent, escalation, formality };

namespace detail {

inline text view(confidant_str str) noexcept { return str.ptr == nullptr ? text() : text(str.ptr, str.len); }
inline optional_text maybe(confidant_str str) noexcept
{
    return str.ptr == nullptr ? optional_text() : optional_text(text(str.ptr, str.len));
}
// A text that is given, though it may be empty.
inline confidant_str given(text from) noexcept
{
    return confidant_str{from.data() == nullptr ? "" : from.data(), from.size()};
}
inline confidant_str if_given(const optional_text &from) noexcept
{
    return from ? given(*from) : confidant_str{nullptr, 0};
}

} // namespace detail

// Why a call failed. what() is the message for people; it never holds what a customer said.
class error : public std::runtime_error {
public:
    // Takes an error over from a C function.
    explicit error(confidant_status status, confidant_error *from)
        : std::runtime_error(message_of(status, from)), status_(status), detail_(detail::view(confidant_error_detail(from))),
          llm_failure_(confidant_error_llm_failure(from)), is_retryable_(confidant_error_is_retryable(from) != 0)
    {
        confidant_error_free(from);
    }
    // Copies one that a handle owns.
    explicit error(const confidant_error &from)
        : std::runtime_error(message_of(confidant_error_status(&from), &from)), status_(confidant_error_status(&from)),
          detail_(detail::view(confidant_error_detail(&from))), llm_failure_(confidant_error_llm_failure(&from)),
          is_retryable_(confidant_error_is_retryable(&from) != 0)
    {
    }
    confidant_status status() const noexcept { return status_; }
    const std::string &detail() const noexcept { return detail_; }
    std::int32_t llm_failure() const noexcept { return llm_failure_; }
    bool is_retryable() const noexcept { return is_retryable_; }

private:
    static std::string message_of(confidant_status status, const confidant_error *from)
    {
        text message = detail::view(confidant_error_message(from));
        return std::string(message.empty() ? detail::view(confidant_status_name(status)) : message);
    }
    confidant_status status_;
    std::string detail_;
    std::int32_t llm_failure_;
    bool is_retryable_;
};

// Thrown by a host's model to say why it failed; any other exception is CONFIDANT_LLM_SERVER without words.
class model_failure : public std::runtime_error {
public:
    model_failure(std::int32_t failure, const std::string &message) : std::runtime_error(message), failure_(failure) {}
    std::int32_t failure() const noexcept { return failure_; }

private:
    std::int32_t failure_;
};

namespace detail {

// Calls a C function with `err` last and throws if it fails.
template <typename Function, typename... Arguments> void call(Function function, Arguments... arguments)
{
    confidant_error *err = nullptr;
    confidant_status status = function(arguments..., &err);
    if (status != CONFIDANT_OK) {
        throw error(status, err);
    }
}

template <typename Handle, void (*Free)(Handle *)> struct freed_by {
    void operator()(Handle *handle) const noexcept { Free(handle); }
};
template <typename Handle, void (*Free)(Handle *)> using owned = std::unique_ptr<Handle, freed_by<Handle, Free>>;

// Goes over anything that has `operator[]` and `size()`; what it gives is a value.
template <typename List> class iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = decltype(std::declval<const List &>()[0]);
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    iterator(const List *list, std::size_t place) noexcept : list_(list), place_(place) {}
    value_type operator*() const { return (*list_)[place_]; }
    iterator &operator++() noexcept
    {
        ++place_;
        return *this;
    }
    iterator operator++(int) noexcept
    {
        iterator before = *this;
        ++place_;
        return before;
    }
    bool operator==(const iterator &other) const noexcept { return place_ == other.place_; }
    bool operator!=(const iterator &other) const noexcept { return place_ != other.place_; }

private:
    const List *list_;
    std::size_t place_;
};

// What every list has; List says `operator[]` and `size()`.
template <typename List> class range {
public:
    iterator<List> begin() const noexcept { return {static_cast<const List *>(this), 0}; }
    iterator<List> end() const noexcept { return {static_cast<const List *>(this), static_cast<const List *>(this)->size()}; }
    bool empty() const noexcept { return static_cast<const List *>(this)->size() == 0; }
};

// Steps through turns that lie one behind the other, each as long as the library that is loaded makes it.
template <typename Each> void step(const confidant_turn *turn, std::size_t count, Each &&each)
{
    for (; count > 0; count--) {
        each(turn);
        turn = reinterpret_cast<const confidant_turn *>(reinterpret_cast<const char *>(turn) + turn->struct_size);
    }
}

template <typename Pointer> Pointer within(Pointer found)
{
    if (found == nullptr) {
        throw std::out_of_range("confidant: past the end of a list");
    }
    return found;
}

// A host's callable behind a `user_data`.
template <typename Kept> void destroy(void *user_data) noexcept { delete static_cast<Kept *>(user_data); }

// A callable of the host that is called through a C function, during one call or for as long as a handle lives; what it
// throws is kept for whoever made the call.
template <typename Call> struct watched {
    Call &callable;
    std::exception_ptr thrown;
};

// Runs a call; what the host's callable threw in it goes on from here.
template <typename Watched, typename Call> auto rethrowing(Watched &watched, Call call)
{
    try {
        auto given = call();
        if (watched.thrown) {
            std::rethrow_exception(watched.thrown);
        }
        return given;
    } catch (const error &) {
        if (watched.thrown) {
            std::rethrow_exception(watched.thrown);
        }
        throw;
    }
}

// Two texts that belong together, such as a member of metadata and its value in JSON, or a title and its text.
using pairs = std::vector<std::pair<text, text>>;

inline std::vector<confidant_pair> raw_pairs(const pairs &from)
{
    std::vector<confidant_pair> raw;
    for (const auto &[name, value] : from) {
        raw.push_back(confidant_pair{given(name), given(value)});
    }
    return raw;
}

inline std::vector<confidant_str> raw_texts(const std::vector<text> &from)
{
    std::vector<confidant_str> raw;
    for (text one : from) {
        raw.push_back(given(one));
    }
    return raw;
}

} // namespace detail

// Identifiers and times as text.
inline std::string format_turn_id(std::uint64_t id)
{
    confidant_id out;
    detail::call(confidant_turn_id_format, id, &out);
    return out.text;
}
inline std::string format_session_id(std::uint64_t id)
{
    confidant_id out;
    detail::call(confidant_session_id_format, id, &out);
    return out.text;
}
inline std::string format_time(std::int64_t at_ms)
{
    confidant_id out;
    detail::call(confidant_time_format, at_ms, &out);
    return out.text;
}
inline std::uint64_t parse_turn_id(text id)
{
    std::uint64_t out = 0;
    detail::call(confidant_turn_id_parse, detail::given(id), &out);
    return out;
}
inline std::uint64_t parse_session_id(text id)
{
    std::uint64_t out = 0;
    detail::call(confidant_session_id_parse, detail::given(id), &out);
    return out;
}
inline std::int64_t parse_time(text time)
{
    std::int64_t out = 0;
    detail::call(confidant_time_parse, detail::given(time), &out);
    return out;
}

// A stored turn: a view into the list it came from.
class turn {
public:
    explicit turn(const confidant_turn *raw) noexcept : raw_(raw) {}
    std::uint64_t id() const noexcept { return raw_->turn_id; }
    std::uint64_t session_id() const noexcept { return raw_->session_id; }
    std::uint32_t number() const noexcept { return raw_->number; }
    confidant::channel channel() const noexcept { return static_cast<confidant::channel>(raw_->channel); }
    std::int64_t at_ms() const noexcept { return raw_->at_ms; }
    optional_text said() const noexcept { return detail::maybe(raw_->said); }
    optional_text answer() const noexcept { return detail::maybe(raw_->answer); }
    optional_text answered_by() const noexcept { return detail::maybe(raw_->answered_by); }
    optional_text metadata() const noexcept { return detail::maybe(raw_->metadata); }
    std::optional<std::int64_t> answered_at_ms() const noexcept
    {
        return raw_->has_answered_at ? std::optional(raw_->answered_at_ms) : std::nullopt;
    }
    std::optional<double> confidence() const noexcept
    {
        return raw_->has_confidence ? std::optional(raw_->confidence) : std::nullopt;
    }
    bool resolved() const noexcept { return raw_->resolved != 0; }
    bool is_pending() const noexcept { return raw_->is_pending != 0; }
    const confidant_turn &raw() const noexcept { return *raw_; }

private:
    const confidant_turn *raw_;
};

// A turn to be saved; what is not set is not given. Its views must live until it is saved.
struct new_turn {
    optional_text said, answer, answered_by, metadata, key;
    std::optional<std::int64_t> at_ms, answered_at_ms;
    std::optional<double> confidence;
    bool resolved = false;

    confidant_new_turn raw() const noexcept
    {
        confidant_new_turn raw = CONFIDANT_NEW_TURN_INIT;
        raw.said = detail::if_given(said);
        raw.answer = detail::if_given(answer);
        raw.answered_by = detail::if_given(answered_by);
        raw.metadata = detail::if_given(metadata);
        raw.key = detail::if_given(key);
        raw.has_at = at_ms.has_value();
        raw.at_ms = at_ms.value_or(0);
        raw.has_answered_at = answered_at_ms.has_value();
        raw.answered_at_ms = answered_at_ms.value_or(0);
        raw.has_confidence = confidence.has_value();
        raw.confidence = confidence.value_or(0);
        raw.resolved = resolved;
        return raw;
    }
};

namespace detail {

template <typename Function, typename Handle>
std::vector<std::uint64_t> save_all(Function function, const Handle *handle, const std::vector<new_turn> &turns)
{
    std::vector<confidant_new_turn> raw;
    raw.reserve(turns.size());
    for (const new_turn &one : turns) {
        raw.push_back(one.raw());
    }
    std::vector<std::uint64_t> ids(turns.size());
    call(function, handle, raw.data(), raw.size(), ids.data());
    return ids;
}

} // namespace detail

// The answer to a turn that was saved without one.
struct new_answer {
    confidant::text text;
    optional_text by, metadata;
    std::optional<std::int64_t> at_ms;
    std::optional<double> confidence;
    bool resolved = false;

    confidant_new_answer raw() const noexcept
    {
        confidant_new_answer raw = CONFIDANT_NEW_ANSWER_INIT;
        raw.text = detail::given(text);
        raw.by = detail::if_given(by);
        raw.metadata = detail::if_given(metadata);
        raw.has_at = at_ms.has_value();
        raw.at_ms = at_ms.value_or(0);
        raw.has_confidence = confidence.has_value();
        raw.confidence = confidence.value_or(0);
        raw.resolved = resolved;
        return raw;
    }
};

// The newest turns of a customer at one moment, oldest first.
class context : public detail::range<context> {
public:
    using handle = confidant_context;
    explicit context(confidant_context *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_context_count(handle_.get()); }
    // The customer's turns in all.
    std::uint64_t total() const noexcept { return confidant_context_total(handle_.get()); }
    turn operator[](std::size_t place) const { return turn(detail::within(confidant_context_turn(handle_.get(), place))); }
    // Shows every turn to `each`, oldest first: one call of the library in place of one for each turn.
    template <typename Each> void for_each(Each &&each) const
    {
        std::size_t count = 0;
        const confidant_turn *first = confidant_context_turns(handle_.get(), &count);
        detail::step(first, count, [&each](const confidant_turn *raw) { each(turn(raw)); });
    }
    const confidant_context *get() const noexcept { return handle_.get(); }

private:
    detail::owned<confidant_context, confidant_context_free> handle_;
};

// Stored turns, oldest first: a page of the archive.
class turns : public detail::range<turns> {
public:
    using handle = confidant_turns;
    explicit turns(confidant_turns *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_turns_count(handle_.get()); }
    turn operator[](std::size_t place) const { return turn(detail::within(confidant_turns_at(handle_.get(), place))); }
    // As of a context.
    template <typename Each> void for_each(Each &&each) const
    {
        std::size_t count = 0;
        const confidant_turn *first = confidant_turns_all(handle_.get(), &count);
        detail::step(first, count, [&each](const confidant_turn *raw) { each(turn(raw)); });
    }
    const confidant_turns *get() const noexcept { return handle_.get(); }

private:
    detail::owned<confidant_turns, confidant_turns_free> handle_;
};

// A session and its figures; a value of its own.
using session_figures = confidant_session_figures;

// Sessions, newest first.
class sessions : public detail::range<sessions> {
public:
    using handle = confidant_sessions;
    explicit sessions(confidant_sessions *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_sessions_count(handle_.get()); }
    const session_figures &operator[](std::size_t place) const
    {
        return *detail::within(confidant_sessions_at(handle_.get(), place));
    }

private:
    detail::owned<confidant_sessions, confidant_sessions_free> handle_;
};

// One place that shows a conclusion.
class evidence {
public:
    explicit evidence(const confidant_evidence *raw) noexcept : raw_(raw) {}
    std::uint64_t turn_id() const noexcept { return raw_->turn_id; }
    text rule() const noexcept { return detail::view(raw_->rule); }
    // The part of a turn's `said` that counts: what the rule matched, or all of it.
    text within(text said) const
    {
        return raw_->has_span ? said.substr(static_cast<std::size_t>(raw_->start), static_cast<std::size_t>(raw_->end - raw_->start))
                              : said;
    }
    bool has_span() const noexcept { return raw_->has_span != 0; }
    const confidant_evidence &raw() const noexcept { return *raw_; }

private:
    const confidant_evidence *raw_;
};

// The newest places that show a conclusion, oldest first.
class evidence_list : public detail::range<evidence_list> {
public:
    evidence_list(const confidant_preferences *handle, std::size_t place, std::size_t count) noexcept
        : handle_(handle), place_(place), count_(count)
    {
    }
    std::size_t size() const noexcept { return count_; }
    evidence operator[](std::size_t one) const
    {
        return evidence(detail::within(confidant_preferences_evidence(handle_, place_, one)));
    }

private:
    const confidant_preferences *handle_;
    std::size_t place_, count_;
};

// One conclusion and how sure it is.
class preference {
public:
    preference(const confidant_preferences *handle, std::size_t place)
        : handle_(handle), raw_(detail::within(confidant_preferences_at(handle, place))), place_(place)
    {
    }
    preference_kind kind() const noexcept { return static_cast<preference_kind>(raw_->kind); }
    // One of CONFIDANT_STYLE_*, _LENGTH_*, _TOPIC_* or _CHANNEL_*; of hours see raw().
    std::int32_t value() const noexcept { return raw_->value; }
    text name() const noexcept { return detail::view(raw_->name); }
    double confidence() const noexcept { return raw_->confidence; }
    std::uint64_t evidence_turns() const noexcept { return raw_->evidence_turns; }
    evidence_list evidence() const noexcept { return {handle_, place_, raw_->evidence_count}; }
    const confidant_preference &raw() const noexcept { return *raw_; }

private:
    const confidant_preferences *handle_;
    const confidant_preference *raw_;
    std::size_t place_;
};

// What is known about how to serve a customer.
class preferences : public detail::range<preferences> {
public:
    using handle = confidant_preferences;
    // Takes a handle over.
    explicit preferences(confidant_preferences *from) noexcept : handle_(from, freed{true}) {}
    // Sees one that a reply owns, and lives as long as that.
    static preferences of(const confidant_preferences *seen) noexcept
    {
        preferences made(nullptr);
        made.handle_ = {const_cast<confidant_preferences *>(seen), freed{false}};
        return made;
    }
    std::size_t size() const noexcept { return confidant_preferences_count(handle_.get()); }
    preference operator[](std::size_t place) const { return preference(handle_.get(), place); }
    // The first conclusion of a kind, if any is known.
    std::optional<preference> find(preference_kind kind) const
    {
        const confidant_preference *found = confidant_preferences_find(handle_.get(), static_cast<std::int32_t>(kind));
        for (std::size_t place = 0; found != nullptr && place < size(); place++) {
            if (confidant_preferences_at(handle_.get(), place) == found) {
                return preference(handle_.get(), place);
            }
        }
        return std::nullopt;
    }
    // What the customer said about how to be served, oldest first; see CONFIDANT_WISH_*.
    std::vector<confidant_statement> statements() const
    {
        std::vector<confidant_statement> all;
        for (std::size_t i = 0; i < confidant_preferences_statement_count(handle_.get()); i++) {
            all.push_back(*confidant_preferences_statement(handle_.get(), i));
        }
        return all;
    }
    std::uint64_t customer_turns() const noexcept { return confidant_preferences_customer_turns(handle_.get()); }
    // All of it in one line for people.
    confidant::text text() const noexcept { return detail::view(confidant_preferences_text(handle_.get())); }

private:
    struct freed {
        bool is_owned;
        void operator()(confidant_preferences *from) const noexcept
        {
            if (is_owned) {
                confidant_preferences_free(from);
            }
        }
    };
    std::unique_ptr<confidant_preferences, freed> handle_;
};

// Learns preferences from turns that the host gives it.
class extractor {
public:
    extractor() : extractor(nullptr) {}
    explicit extractor(const confidant_extractor_options &options) : extractor(&options) {}
    void learn(const context &from) { detail::call(confidant_extractor_learn_context, handle_.get(), from.get()); }
    void learn(const turns &from) { detail::call(confidant_extractor_learn_turns, handle_.get(), from.get()); }
    preferences conclude() const
    {
        confidant_preferences *out = nullptr;
        detail::call(confidant_extractor_conclude, static_cast<const confidant_extractor *>(handle_.get()), &out);
        return preferences(out);
    }
    // Takes away what one turn taught; false if it had taught nothing.
    bool unlearn(std::uint64_t turn_id)
    {
        confidant_flag had_taught = 0;
        detail::call(confidant_extractor_unlearn, handle_.get(), turn_id, &had_taught);
        return had_taught != 0;
    }
    std::uint64_t covered() const noexcept { return confidant_extractor_covered(handle_.get()); }
    std::string state()
    {
        confidant_str json;
        detail::call(confidant_extractor_state, handle_.get(), &json);
        return std::string(detail::view(json));
    }
    void restore(text json) { detail::call(confidant_extractor_restore, handle_.get(), detail::given(json)); }
    text rules_version() const noexcept { return detail::view(confidant_extractor_rules_version(handle_.get())); }

private:
    explicit extractor(const confidant_extractor_options *options)
    {
        confidant_extractor *out = nullptr;
        detail::call(confidant_extractor_new, options, &out);
        handle_.reset(out);
    }
    detail::owned<confidant_extractor, confidant_extractor_free> handle_;
};

// A question about what was said before; what is not set is no condition. Its views must live until it is asked.
struct recall_query {
    confidant::text question;
    std::size_t limit = 10;
    std::uint64_t session_id = 0;
    std::optional<confidant::channel> channel{};
    std::optional<std::int64_t> from_ms{}, until_ms{};
    std::optional<bool> resolved{};
    // Members of the metadata and their values in JSON.
    detail::pairs metadata{};
};

// A word of a question and the word of a turn that answers it.
struct word_match {
    text asked, found;
    double strength;
};

// A turn that answers a question, and why: a view into the list it came from.
class recalled_turn {
public:
    recalled_turn(const confidant_recalled *handle, std::size_t place)
        : handle_(handle), raw_(detail::within(confidant_recalled_at(handle, place))), place_(place)
    {
    }
    confidant::turn turn() const noexcept { return confidant::turn(raw_->turn); }
    double score() const noexcept { return raw_->score; }
    double words() const noexcept { return raw_->words; }
    double meaning() const noexcept { return raw_->meaning; }
    double neighbours() const noexcept { return raw_->neighbours; }
    std::vector<word_match> matches() const
    {
        std::vector<word_match> all;
        for (std::size_t i = 0; i < raw_->match_count; i++) {
            const confidant_word_match *one = confidant_recalled_match(handle_, place_, i);
            all.push_back({detail::view(one->asked), detail::view(one->found), one->strength});
        }
        return all;
    }

private:
    const confidant_recalled *handle_;
    const confidant_recalled_turn *raw_;
    std::size_t place_;
};

// Turns that answer a question, best first.
class recalled : public detail::range<recalled> {
public:
    using handle = confidant_recalled;
    explicit recalled(confidant_recalled *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_recalled_count(handle_.get()); }
    recalled_turn operator[](std::size_t place) const { return recalled_turn(handle_.get(), place); }
    confidant::basis basis() const noexcept { return static_cast<confidant::basis>(confidant_recalled_basis(handle_.get())); }

private:
    detail::owned<confidant_recalled, confidant_recalled_free> handle_;
};

// One thing that a customer has told: a view into the list it came from.
class given_fact {
public:
    explicit given_fact(const confidant_given_fact *raw) noexcept : raw_(raw) {}
    entity_kind kind() const noexcept { return static_cast<entity_kind>(raw_->kind); }
    text value() const noexcept { return detail::view(raw_->value); }
    std::uint64_t turn_id() const noexcept { return raw_->turn_id; }
    text rule() const noexcept { return detail::view(raw_->rule); }
    double score() const noexcept { return raw_->score; }
    const confidant_given_fact &raw() const noexcept { return *raw_; }

private:
    const confidant_given_fact *raw_;
};

// A sentence of a draft that asks for something again.
struct asked_place {
    std::size_t start, end;
    given_fact fact;
};

// The places of a draft that ask for something again.
class asked_again : public detail::range<asked_again> {
public:
    explicit asked_again(confidant_asked_again *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_asked_again_count(handle_.get()); }
    asked_place operator[](std::size_t place) const
    {
        const confidant_asked_place *found = detail::within(confidant_asked_again_at(handle_.get(), place));
        return {static_cast<std::size_t>(found->start), static_cast<std::size_t>(found->end), given_fact(found->fact)};
    }

private:
    detail::owned<confidant_asked_again, confidant_asked_again_free> handle_;
};

// All that a customer has told, oldest first.
class given : public detail::range<given> {
public:
    using handle = confidant_given;
    explicit given(confidant_given *from) noexcept : handle_(from) {}
    // What the turns of one customer tell.
    explicit given(const turns &from) : handle_(nullptr)
    {
        confidant_given *out = nullptr;
        detail::call(confidant_turns_given, from.get(), &out);
        handle_.reset(out);
    }
    std::size_t size() const noexcept { return confidant_given_count(handle_.get()); }
    given_fact operator[](std::size_t place) const { return given_fact(detail::within(confidant_given_at(handle_.get(), place))); }
    std::optional<given_fact> newest(entity_kind kind) const noexcept
    {
        const confidant_given_fact *found = confidant_given_newest(handle_.get(), static_cast<std::int32_t>(kind));
        return found == nullptr ? std::nullopt : std::optional(given_fact(found));
    }
    // The sentences of a draft reply that ask for what the customer has already given.
    confidant::asked_again asked_again(text draft) const
    {
        confidant_asked_again *out = nullptr;
        detail::call(confidant_given_asked_again, static_cast<const confidant_given *>(handle_.get()), detail::given(draft), &out);
        return confidant::asked_again(out);
    }

private:
    detail::owned<confidant_given, confidant_given_free> handle_;
};

// What a model is to be shown for one question. Its views must live until it is assembled.
struct context_request {
    confidant::text question;
    std::size_t max_tokens;
    // Passages of a knowledge base, title and text, the best one first.
    detail::pairs passages{};
    std::optional<std::size_t> recalled{};
    bool without_preferences = false;
    // A text whose tokens the model has reported, for a closer guess.
    confidant::text calibration_text{};
    std::uint64_t calibration_tokens = 0;
};

// What a model is shown of a customer.
class assembled {
public:
    using handle = confidant_assembled;
    explicit assembled(confidant_assembled *from) noexcept : handle_(from) {}
    confidant::text text() const { return detail::view(raw().text); }
    std::size_t tokens() const { return raw().tokens; }
    std::vector<turn> recent() const { return all(confidant_assembled_recent, raw().recent_count); }
    std::vector<turn> recalled() const { return all(confidant_assembled_recalled, raw().recalled_count); }
    const confidant_assembled_content &raw() const
    {
        const confidant_assembled_content *content = confidant_assembled_read(handle_.get());
        if (content == nullptr) {
            throw error(CONFIDANT_ERR_INVALID_ARGUMENT, nullptr);
        }
        return *content;
    }

private:
    template <typename At> std::vector<turn> all(At at, std::size_t count) const
    {
        std::vector<turn> turns;
        for (std::size_t i = 0; i < count; i++) {
            turns.emplace_back(at(handle_.get(), i));
        }
        return turns;
    }
    detail::owned<confidant_assembled, confidant_assembled_free> handle_;
};

// A guess at the tokens of a text that is rather too high than too low.
inline std::uint64_t estimate_tokens(text of, text calibration_text = {}, std::uint64_t calibration_tokens = 0)
{
    std::uint64_t out = 0;
    detail::call(confidant_text_estimate_tokens, detail::given(of), detail::given(calibration_text), calibration_tokens, &out);
    return out;
}

using health_limits = confidant_health_limits;

// What of a report worries.
class health : public detail::range<health> {
public:
    explicit health(confidant_health *from) noexcept : handle_(from) {}
    bool is_healthy() const noexcept { return size() == 0; }
    std::size_t size() const noexcept
    {
        std::size_t count = 0;
        while (confidant_health_breach(handle_.get(), count) != nullptr) {
            count++;
        }
        return count;
    }
    const confidant_limit_breach &operator[](std::size_t place) const
    {
        return *detail::within(confidant_health_breach(handle_.get(), place));
    }
    // A figure that has too few cases to be judged, counted from 0; nothing past the end.
    optional_text unknown(std::size_t place) const noexcept { return detail::maybe(confidant_health_unknown(handle_.get(), place)); }

private:
    detail::owned<confidant_health, confidant_health_free> handle_;
};

// Everything that can be told of a range of time, with its days.
class analytics_report {
public:
    using handle = confidant_analytics_report;
    explicit analytics_report(confidant_analytics_report *from) noexcept : handle_(from) {}
    const confidant_figures &totals() const { return *detail::within(confidant_analytics_report_totals(handle_.get())); }
    std::vector<confidant_figures> days() const
    {
        std::vector<confidant_figures> all;
        while (const confidant_figures *day = confidant_analytics_report_day(handle_.get(), all.size())) {
            all.push_back(*day);
        }
        return all;
    }
    // A metric of the whole range by its name, such as "repeat_rate"; none if there is nothing to divide by.
    std::optional<double> metric(text name) const
    {
        double value = 0;
        confidant_flag is_known = 0;
        detail::call(confidant_analytics_report_metric, handle_.get(), detail::given(name), &value, &is_known);
        return is_known != 0 ? std::optional<double>(value) : std::nullopt;
    }
    // The names of all metrics.
    static std::vector<text> metric_names()
    {
        std::vector<text> all;
        for (confidant_str name; (name = confidant_analytics_report_metric_name(all.size())).ptr != nullptr;) {
            all.push_back(detail::view(name));
        }
        return all;
    }
    // Names and their counts, of one of CONFIDANT_COUNTS_*.
    std::vector<std::pair<text, std::uint64_t>> counted(std::int32_t what) const
    {
        std::vector<std::pair<text, std::uint64_t>> all;
        while (const confidant_label_count *one = confidant_analytics_report_counted(handle_.get(), what, all.size())) {
            all.emplace_back(detail::view(one->name), one->count);
        }
        return all;
    }
    // Who settled how many turns about what.
    std::vector<confidant_resolver> resolvers() const
    {
        std::vector<confidant_resolver> all;
        while (const confidant_resolver *one = confidant_analytics_report_resolver(handle_.get(), all.size())) {
            all.push_back(*one);
        }
        return all;
    }
    std::uint64_t active_sessions() const noexcept { return confidant_analytics_report_active_sessions(handle_.get()); }
    text json() const noexcept { return detail::view(confidant_analytics_report_json(handle_.get())); }
    text prometheus() const noexcept { return detail::view(confidant_analytics_report_prometheus(handle_.get())); }
    // Judged by the library's own limits, or others; begin with CONFIDANT_HEALTH_LIMITS_INIT.
    confidant::health health() const { return judged(nullptr); }
    confidant::health health(const health_limits &limits) const { return judged(&limits); }

private:
    confidant::health judged(const confidant_health_limits *limits) const
    {
        confidant_health *out = nullptr;
        const confidant_analytics_report *report = handle_.get();
        detail::call(confidant_analytics_report_health, report, limits, &out);
        return confidant::health(out);
    }
    detail::owned<confidant_analytics_report, confidant_analytics_report_free> handle_;
};

namespace detail {

inline confidant_range range_of(std::int64_t from_ms, std::int64_t to_ms) noexcept
{
    confidant_range range = CONFIDANT_RANGE_INIT;
    range.from_ms = from_ms;
    range.to_ms = to_ms;
    return range;
}

} // namespace detail

// The rules that messages are read by, and what a tenant adds to them.
class signal_rules {
public:
    struct additions {
        std::vector<std::pair<text, double>> words{};
        std::vector<text> products{}, order_ids{};
        // A table of weights, as its bytes.
        std::string_view table{};
        bool without_table = false, reference = false;
    };
    signal_rules() : signal_rules(additions{}) {}
    explicit signal_rules(const additions &add)
    {
        std::vector<confidant_str> words, products = detail::raw_texts(add.products), order_ids = detail::raw_texts(add.order_ids);
        std::vector<double> values;
        for (const auto &[word, value] : add.words) {
            words.push_back(detail::given(word));
            values.push_back(value);
        }
        confidant_signal_rules_options raw = CONFIDANT_SIGNAL_RULES_OPTIONS_INIT;
        raw.words = words.data();
        raw.word_values = values.data();
        raw.word_count = words.size();
        raw.products = products.data();
        raw.product_count = products.size();
        raw.order_ids = order_ids.data();
        raw.order_id_count = order_ids.size();
        if (!add.table.empty()) {
            raw.table = confidant_bytes{reinterpret_cast<const std::uint8_t *>(add.table.data()), add.table.size()};
        }
        raw.preset = add.reference ? CONFIDANT_SIGNAL_RULES_REFERENCE : CONFIDANT_SIGNAL_RULES_SUPPORT;
        raw.without_table = add.without_table;
        confidant_signal_rules *out = nullptr;
        detail::call(confidant_signal_rules_new, static_cast<const confidant_signal_rules_options *>(&raw), &out);
        handle_.reset(out);
    }
    text version() const noexcept { return detail::view(confidant_signal_rules_version(handle_.get())); }
    const confidant_signal_rules *get() const noexcept { return handle_.get(); }

private:
    detail::owned<confidant_signal_rules, confidant_signal_rules_free> handle_;
};

// What is known when a message is read; nothing needs to be.
struct signal_context {
    const signal_rules *rules = nullptr;
    optional_text agent_said{};
    std::optional<entity_kind> expects{};
    std::uint32_t earlier_same = 0;
};

// A conclusion from a message: a view into its signals.
class finding : public detail::range<finding> {
public:
    finding(const confidant_signals *handle, std::size_t place)
        : handle_(handle), raw_(detail::within(confidant_signals_finding(handle, place))), place_(place)
    {
    }
    signal_kind kind() const noexcept { return static_cast<signal_kind>(raw_->kind); }
    // One of the constants of its kind.
    std::int32_t value() const noexcept { return raw_->value; }
    text name() const noexcept { return detail::view(raw_->name); }
    double score() const noexcept { return raw_->score; }
    // The places that show it.
    std::size_t size() const noexcept { return raw_->cue_count; }
    const confidant_cue &operator[](std::size_t cue) const { return *detail::within(confidant_signals_cue(handle_, place_, cue)); }

private:
    const confidant_signals *handle_;
    const confidant_finding *raw_;
    std::size_t place_;
};

// All that one message says: a list of its conclusions.
class signals : public detail::range<signals> {
public:
    explicit signals(text message, const signal_context &with = {})
    {
        confidant_signal_context raw = CONFIDANT_SIGNAL_CONTEXT_INIT;
        raw.rules = with.rules == nullptr ? nullptr : with.rules->get();
        raw.agent_said = detail::if_given(with.agent_said);
        raw.expects = with.expects ? static_cast<std::int32_t>(*with.expects) : 0;
        raw.earlier_same = with.earlier_same;
        confidant_signals *out = nullptr;
        detail::call(confidant_signals_analyze, detail::given(message), static_cast<const confidant_signal_context *>(&raw), &out);
        handle_.reset(out);
    }
    confidant::sentiment sentiment() const { return static_cast<confidant::sentiment>(raw().sentiment); }
    confidant::urgency urgency() const { return static_cast<confidant::urgency>(raw().urgency); }
    double polarity() const { return raw().polarity; }
    optional_text language() const { return detail::maybe(raw().language); }
    std::size_t size() const { return raw().finding_count; }
    finding operator[](std::size_t place) const { return finding(handle_.get(), place); }
    // The first, which is the strongest, conclusion of a kind, if there is one.
    std::optional<finding> find(signal_kind kind) const
    {
        for (std::size_t i = 0; i < size(); i++) {
            if ((*this)[i].kind() == kind) {
                return (*this)[i];
            }
        }
        return std::nullopt;
    }
    std::vector<confidant_entity> entities() const
    {
        std::vector<confidant_entity> all;
        for (std::size_t i = 0; i < raw().entity_count; i++) {
            all.push_back(*confidant_signals_entity(handle_.get(), i));
        }
        return all;
    }
    const confidant_signals_content &raw() const { return *detail::within(confidant_signals_read(handle_.get())); }

private:
    detail::owned<confidant_signals, confidant_signals_free> handle_;
};

// A text with labels in place of what must not be kept.
class redacted : public detail::range<redacted> {
public:
    explicit redacted(confidant::text message)
    {
        confidant_redacted *out = nullptr;
        detail::call(confidant_text_redact, detail::given(message), &out);
        handle_.reset(out);
    }
    confidant::text text() const noexcept { return detail::view(confidant_redacted_text(handle_.get())); }
    std::size_t size() const noexcept { return confidant_redacted_count(handle_.get()); }
    const confidant_sensitive &operator[](std::size_t place) const
    {
        return *detail::within(confidant_redacted_at(handle_.get(), place));
    }

private:
    detail::owned<confidant_redacted, confidant_redacted_free> handle_;
};

// A text in one common spelling, and the way back to the original.
class normalized {
public:
    explicit normalized(confidant::text message)
    {
        confidant_normalized *out = nullptr;
        detail::call(confidant_text_normalize, detail::given(message), &out);
        handle_.reset(out);
    }
    confidant::text text() const noexcept { return detail::view(confidant_normalized_text(handle_.get())); }
    // The bytes of the original, from the first to before the second, that such a span stands for.
    std::pair<std::uint64_t, std::uint64_t> original(std::uint64_t start, std::uint64_t end) const
    {
        detail::call(confidant_normalized_original, static_cast<const confidant_normalized *>(handle_.get()), &start, &end);
        return {start, end};
    }

private:
    detail::owned<confidant_normalized, confidant_normalized_free> handle_;
};

// The language of a text as its two-letter code, if it can be told.
inline optional_text language_of(text message)
{
    confidant_str language{nullptr, 0};
    detail::call(confidant_text_language, detail::given(message), &language);
    return detail::maybe(language);
}

// A condition on the metadata of documents, joined by &&, || and !.
class condition {
public:
    // The member has that value, in JSON, or is a list that holds it.
    static condition is(text name, text value)
    {
        condition made;
        made.steps_.push_back({CONFIDANT_CONDITION_IS, std::string(name), std::string(value)});
        return made;
    }
    friend condition operator&&(const condition &one, const condition &other) { return joined(one, other, CONFIDANT_CONDITION_AND); }
    friend condition operator||(const condition &one, const condition &other) { return joined(one, other, CONFIDANT_CONDITION_OR); }
    friend condition operator!(const condition &one) { return joined(one, condition(), CONFIDANT_CONDITION_NOT); }
    // As C takes it; the texts live as long as this.
    std::vector<confidant_condition> raw() const
    {
        std::vector<confidant_condition> raw;
        for (const step &one : steps_) {
            raw.push_back(confidant_condition(CONFIDANT_CONDITION_INIT));
            raw.back().step = one.kind;
            raw.back().name = detail::given(one.name);
            raw.back().value = detail::given(one.value);
        }
        return raw;
    }

private:
    struct step {
        std::int32_t kind;
        std::string name, value;
    };
    static condition joined(condition one, const condition &other, std::int32_t kind)
    {
        one.steps_.insert(one.steps_.end(), other.steps_.begin(), other.steps_.end());
        one.steps_.push_back({kind, {}, {}});
        return one;
    }
    std::vector<step> steps_;
};

// A document to be put into a collection, or, with category and tags, an article. Its views must live until it is put.
struct new_document {
    confidant::text key, text;
    confidant::text title{};
    optional_text metadata{}, category{};
    std::vector<confidant::text> tags{};
};

// A stored document, and how it was found: a view into the list it came from.
class document {
public:
    explicit document(const confidant_document *raw) noexcept : raw_(raw) {}
    confidant::text key() const noexcept { return detail::view(raw_->key); }
    confidant::text title() const noexcept { return detail::view(raw_->title); }
    confidant::text text() const noexcept { return detail::view(raw_->text); }
    confidant::text passage() const noexcept { return detail::view(raw_->passage); }
    optional_text metadata() const noexcept { return detail::maybe(raw_->metadata); }
    optional_text category() const noexcept { return detail::maybe(raw_->category); }
    std::vector<confidant::text> tags() const
    {
        std::vector<confidant::text> all;
        for (std::size_t i = 0; i < raw_->tag_count; i++) {
            all.push_back(detail::view(raw_->tags[i]));
        }
        return all;
    }
    double score() const noexcept { return raw_->score; }
    std::uint64_t used() const noexcept { return raw_->used; }
    std::uint64_t helped() const noexcept { return raw_->helped; }
    const confidant_document &raw() const noexcept { return *raw_; }

private:
    const confidant_document *raw_;
};

// Documents that were found, best first.
class documents : public detail::range<documents> {
public:
    explicit documents(confidant_documents *from) noexcept : handle_(from) {}
    std::size_t size() const noexcept { return confidant_documents_count(handle_.get()); }
    document operator[](std::size_t place) const { return document(detail::within(confidant_documents_at(handle_.get(), place))); }
    confidant::basis basis() const noexcept { return static_cast<confidant::basis>(confidant_documents_basis(handle_.get())); }
    // The embedder's model whose vectors were compared, if one was.
    optional_text model() const noexcept { return detail::maybe(confidant_documents_model(handle_.get())); }

private:
    detail::owned<confidant_documents, confidant_documents_free> handle_;
};

// A model that turns texts into vectors.
class embedder {
public:
    // Gives one vector for each text, in their order; called from any thread and many at once.
    using embed = std::function<std::vector<std::vector<float>>(const std::vector<text> &)>;

    embedder(text name, std::size_t dimensions, embed how)
    {
        confidant_embedder_callbacks raw = CONFIDANT_EMBEDDER_CALLBACKS_INIT;
        raw.user_data = new kept{dimensions, std::move(how)};
        raw.embed = call_host;
        raw.destroy = detail::destroy<kept>;
        raw.name = detail::given(name);
        raw.dimensions = dimensions;
        confidant_embedder *out = nullptr;
        detail::call(confidant_embedder_new, static_cast<const confidant_embedder_callbacks *>(&raw), &out);
        handle_.reset(out);
    }
    // One on a server; begin with CONFIDANT_HTTP_EMBEDDER_OPTIONS_INIT.
    explicit embedder(const confidant_http_embedder_options &options)
    {
        confidant_embedder *out = nullptr;
        detail::call(confidant_embedder_http, &options, &out);
        handle_.reset(out);
    }
    text name() const noexcept { return detail::view(confidant_embedder_name(handle_.get())); }
    std::size_t dimensions() const noexcept { return confidant_embedder_dimensions(handle_.get()); }
    const confidant_embedder *get() const noexcept { return handle_.get(); }

private:
    struct kept {
        std::size_t dimensions;
        embed how;
    };
    static confidant_status call_host(void *user_data, const confidant_str *texts, std::size_t count, float *vectors) noexcept
    {
        auto *self = static_cast<kept *>(user_data);
        try {
            std::vector<text> shown;
            for (std::size_t i = 0; i < count; i++) {
                shown.push_back(detail::view(texts[i]));
            }
            std::vector<std::vector<float>> given = self->how(shown);
            if (given.size() != count) {
                return CONFIDANT_ERR_EMBEDDING;
            }
            for (const std::vector<float> &vector : given) {
                if (vector.size() != self->dimensions) {
                    return CONFIDANT_ERR_EMBEDDING;
                }
                for (float number : vector) {
                    *vectors++ = number;
                }
            }
            return CONFIDANT_OK;
        } catch (const error &failed) {
            return failed.status();
        } catch (...) {
            return CONFIDANT_ERR_EMBEDDING;
        }
    }
    detail::owned<confidant_embedder, confidant_embedder_free> handle_;
};

// Short documents of one tenant, found by words and by meaning; of a knowledge base, articles.
class collection {
public:
    explicit collection(confidant_collection *handle) noexcept : handle_(handle) {}
    text name() const noexcept { return detail::view(confidant_collection_name(handle_.get())); }
    void put(const new_document &one) const { put(std::vector<new_document>{one}); }
    // Puts up to 1,000 documents, all or none.
    void put(const std::vector<new_document> &documents) const
    {
        std::vector<confidant_new_document> raw;
        std::vector<std::vector<confidant_str>> tags;
        tags.reserve(documents.size());
        for (const new_document &one : documents) {
            tags.push_back(detail::raw_texts(one.tags));
            raw.push_back(confidant_new_document(CONFIDANT_NEW_DOCUMENT_INIT));
            raw.back().key = detail::given(one.key);
            raw.back().title = detail::given(one.title);
            raw.back().text = detail::given(one.text);
            raw.back().metadata = detail::if_given(one.metadata);
            raw.back().category = detail::if_given(one.category);
            raw.back().tags = tags.back().data();
            raw.back().tag_count = tags.back().size();
        }
        detail::call(confidant_collection_put, get(), raw.data(), raw.size());
    }
    // False if there is none under that key; as count_use.
    bool remove(text key) const
    {
        confidant_flag was_there = 0;
        detail::call(confidant_collection_remove, get(), detail::given(key), &was_there);
        return was_there != 0;
    }
    // The document under a key, as a list of one or of none.
    documents find(text key) const { return found(confidant_collection_get, detail::given(key)); }
    std::uint64_t size() const
    {
        std::uint64_t out = 0;
        detail::call(confidant_collection_count, get(), &out);
        return out;
    }
    documents search(text question, std::size_t limit = 10) const { return searched(question, limit, {}); }
    documents search(text question, std::size_t limit, const condition &where) const
    {
        return searched(question, limit, where.raw());
    }
    bool count_use(text key, bool helped) const
    {
        confidant_flag was_there = 0;
        detail::call(confidant_collection_count_use, get(), detail::given(key), static_cast<confidant_flag>(helped), &was_there);
        return was_there != 0;
    }
    void snapshot() const { detail::call(confidant_collection_snapshot, get()); }
    // The same collection, searched by an embedder's vectors once every document has one.
    collection with(const embedder &model) const
    {
        confidant_collection *out = nullptr;
        detail::call(confidant_collection_with_embedder, get(), model.get(), &out);
        return collection(out);
    }
    confidant_embedded embed(std::size_t limit) const
    {
        confidant_embedded out = CONFIDANT_EMBEDDED_INIT;
        detail::call(confidant_collection_embed, get(), limit, &out);
        return out;
    }
    const confidant_collection *get() const noexcept { return handle_.get(); }

private:
    template <typename Function, typename... Inputs> documents found(Function function, Inputs... inputs) const
    {
        confidant_documents *out = nullptr;
        detail::call(function, get(), inputs..., &out);
        return documents(out);
    }
    documents searched(text question, std::size_t limit, const std::vector<confidant_condition> &steps) const
    {
        return found(confidant_collection_search, detail::given(question), limit, steps.data(), steps.size());
    }
    detail::owned<confidant_collection, confidant_collection_free> handle_;
};

using summary = confidant_summary;
using buffer_stats = confidant_buffer_stats;
using store_stats = confidant_stats;
using maintenance = confidant_maintenance;
using spending = confidant_spending;

// A session: one conversation of a customer on one channel. Its end does not close it in the store.
class session {
public:
    using handle = confidant_session;
    explicit session(confidant_session *from) noexcept : handle_(from) {}
    std::uint64_t id() const noexcept { return confidant_session_id(handle_.get()); }
    confidant::channel channel() const noexcept { return static_cast<confidant::channel>(confidant_session_channel(handle_.get())); }
    std::int64_t opened_at_ms() const noexcept { return confidant_session_opened_at_ms(handle_.get()); }
    // Saves one turn, durable on return, and gives its identifier.
    std::uint64_t save_turn(const new_turn &turn) const
    {
        confidant_new_turn raw = turn.raw();
        std::uint64_t id = 0;
        detail::call(confidant_session_save_turn, get(), &raw, &id);
        return id;
    }
    std::vector<std::uint64_t> save_turns(const std::vector<new_turn> &turns) const
    {
        return detail::save_all(confidant_session_save_turns, get(), turns);
    }
    void answer(std::uint64_t turn_id, const new_answer &answer) const
    {
        confidant_new_answer raw = answer.raw();
        detail::call(confidant_session_answer, get(), turn_id, &raw);
    }
    confidant::context context() const
    {
        confidant_context *out = nullptr;
        detail::call(confidant_session_context, get(), &out);
        return confidant::context(out);
    }
    session_figures metrics() const
    {
        session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
        detail::call(confidant_session_metrics, get(), &figures);
        return figures;
    }
    // Closes it for good; a rating is 1 to 5, 0 is none.
    session_figures close(outcome how = outcome::unknown, std::uint32_t rating = 0) const
    {
        confidant_outcome raw = CONFIDANT_OUTCOME_INIT;
        raw.outcome = static_cast<std::int32_t>(how);
        raw.rating = rating;
        session_figures figures = CONFIDANT_SESSION_FIGURES_INIT;
        detail::call(confidant_session_close, get(), static_cast<const confidant_outcome *>(&raw), &figures);
        return figures;
    }
    const confidant_session *get() const noexcept { return handle_.get(); }

private:
    detail::owned<confidant_session, confidant_session_free> handle_;
};

// One customer's memory.
class memory {
public:
    explicit memory(confidant_memory *handle) noexcept : handle_(handle) {}
    text tenant() const noexcept { return detail::view(confidant_memory_tenant(handle_.get())); }
    text customer() const noexcept { return detail::view(confidant_memory_customer(handle_.get())); }
    context load_context() const { return made<context>(confidant_memory_load_context); }
    std::uint64_t save_turn(const new_turn &turn) const
    {
        confidant_new_turn raw = turn.raw();
        std::uint64_t id = 0;
        detail::call(confidant_memory_save_turn, get(), &raw, &id);
        return id;
    }
    // Saves up to 1,000 turns, all or none, and gives their identifiers.
    std::vector<std::uint64_t> save_turns(const std::vector<new_turn> &turns) const
    {
        return detail::save_all(confidant_memory_save_turns, get(), turns);
    }
    void answer(std::uint64_t turn_id, const new_answer &answer) const
    {
        confidant_new_answer raw = answer.raw();
        detail::call(confidant_memory_answer, get(), turn_id, &raw);
    }
    // A page of the archive, oldest first: at most `limit` turns after the turn `after`; 0 is from the beginning.
    confidant::turns turns(std::uint64_t after = 0, std::size_t limit = 1000) const
    {
        return made<confidant::turns>(confidant_memory_turns, after, limit);
    }
    // One turn, as a list of one.
    confidant::turns turn(std::uint64_t turn_id) const { return made<confidant::turns>(confidant_memory_turn, turn_id); }
    session open_session(channel on) const { return made<session>(confidant_session_open, static_cast<std::int32_t>(on)); }
    session open_session_at(channel on, std::int64_t at_ms) const
    {
        return made<session>(confidant_session_open_at, static_cast<std::int32_t>(on), at_ms);
    }
    session resume_session(std::uint64_t session_id) const { return made<session>(confidant_session_get, session_id); }
    confidant::sessions sessions(std::uint64_t after = 0, std::size_t limit = 1000) const
    {
        return made<confidant::sessions>(confidant_memory_sessions, after, limit);
    }
    confidant::preferences preferences() const { return made<confidant::preferences>(confidant_memory_preferences); }
    summary analytics() const
    {
        summary out = CONFIDANT_SUMMARY_INIT;
        detail::call(confidant_memory_summarize, get(), &out);
        return out;
    }
    // Everything that can be told of the customer's turns: of all, or in a range of milliseconds since the Unix epoch.
    analytics_report figures() const { return reported(nullptr); }
    analytics_report figures(std::int64_t from_ms, std::int64_t to_ms) const
    {
        confidant_range range = detail::range_of(from_ms, to_ms);
        return reported(&range);
    }
    // The turns, of all that were ever saved, that answer a question best.
    recalled recall(const recall_query &query) const
    {
        confidant_recall_query raw = CONFIDANT_RECALL_QUERY_INIT;
        std::vector<confidant_pair> metadata = detail::raw_pairs(query.metadata);
        raw.question = detail::given(query.question);
        raw.metadata = metadata.data();
        raw.metadata_count = metadata.size();
        raw.limit = query.limit;
        raw.session_id = query.session_id;
        raw.has_channel = query.channel.has_value();
        raw.channel = static_cast<std::int32_t>(query.channel.value_or(channel::chat));
        raw.has_from = query.from_ms.has_value();
        raw.from_ms = query.from_ms.value_or(0);
        raw.has_until = query.until_ms.has_value();
        raw.until_ms = query.until_ms.value_or(0);
        raw.has_resolved = query.resolved.has_value();
        raw.resolved = query.resolved.value_or(false);
        return made<recalled>(confidant_memory_recall, static_cast<const confidant_recall_query *>(&raw));
    }
    recalled recall(text question, std::size_t limit = 10) const { return recall(recall_query{question, limit}); }
    // All that the customer has told, over all sessions.
    confidant::given given() const { return made<confidant::given>(confidant_memory_given); }
    // What a model should see of this customer for a question, within a budget of tokens.
    assembled assemble(const context_request &request) const { return assembled_by(request, nullptr); }
    // The same, by a callable that takes a `std::string_view` and gives its tokens.
    template <typename Count> assembled assemble(const context_request &request, Count &&count) const
    {
        using watched = detail::watched<std::remove_reference_t<Count>>;
        watched kept{count, nullptr};
        confidant_token_counter raw = CONFIDANT_TOKEN_COUNTER_INIT;
        raw.user_data = &kept;
        raw.count_tokens = [](void *user_data, confidant_str of) noexcept -> std::size_t {
            auto *self = static_cast<watched *>(user_data);
            try {
                return self->callable(detail::view(of));
            } catch (...) {
                self->thrown = std::current_exception();
                return SIZE_MAX;
            }
        };
        return detail::rethrowing(kept, [&] { return assembled_by(request, &raw); });
    }
    // Removes every turn and session of this customer, and says how many turns.
    std::uint64_t clear() const
    {
        std::uint64_t removed = 0;
        detail::call(confidant_memory_clear, get(), &removed);
        return removed;
    }
    void invalidate() const { detail::call(confidant_memory_invalidate, get()); }
    void flush() const { detail::call(confidant_memory_flush, get()); }
    buffer_stats stats() const
    {
        buffer_stats out = CONFIDANT_BUFFER_STATS_INIT;
        detail::call(confidant_memory_stats, get(), &out);
        return out;
    }
    const confidant_memory *get() const noexcept { return handle_.get(); }

private:
    analytics_report reported(const confidant_range *range) const
    {
        return made<analytics_report>(confidant_memory_report, range);
    }
    assembled assembled_by(const context_request &request, const confidant_token_counter *counter) const
    {
        confidant_context_request raw = CONFIDANT_CONTEXT_REQUEST_INIT;
        std::vector<confidant_pair> passages = detail::raw_pairs(request.passages);
        raw.question = detail::given(request.question);
        raw.max_tokens = request.max_tokens;
        raw.passages = passages.data();
        raw.passage_count = passages.size();
        raw.has_recalled = request.recalled.has_value();
        raw.recalled = request.recalled.value_or(0);
        raw.calibration_text = detail::given(request.calibration_text);
        raw.calibration_tokens = request.calibration_tokens;
        raw.without_preferences = request.without_preferences;
        return made<assembled>(confidant_memory_assemble, static_cast<const confidant_context_request *>(&raw), counter);
    }
    // Calls a function whose last result is a new handle, and wraps it as Made.
    template <typename Made, typename Function, typename... Inputs> Made made(Function function, Inputs... inputs) const
    {
        typename Made::handle *out = nullptr;
        detail::call(function, get(), inputs..., &out);
        return Made(out);
    }
    detail::owned<confidant_memory, confidant_memory_free> handle_;
};

// The settings of a memory to be opened; one that is never set has its default.
class config {
public:
    config()
    {
        confidant_config *out = nullptr;
        detail::call(confidant_config_new, &out);
        handle_.reset(out);
    }
    config &hot_turns(std::size_t turns) { return set(confidant_config_set_hot_turns, turns); }
    config &hot_bytes(std::size_t bytes) { return set(confidant_config_set_hot_bytes, bytes); }
    config &hot_ttl_ms(std::int64_t ttl) { return set(confidant_config_set_hot_ttl_ms, ttl); }
    config &persist_every(std::size_t turns) { return set(confidant_config_set_persist_every, turns); }
    config &durability(confidant::durability how)
    {
        return set(confidant_config_set_durability, static_cast<std::int32_t>(how));
    }
    config &busy_timeout_ms(std::uint64_t timeout) { return set(confidant_config_set_busy_timeout_ms, timeout); }
    config &recall_bytes(std::size_t bytes) { return set(confidant_config_set_recall_bytes, bytes); }
    config &session_idle_ms(std::uint64_t idle) { return set(confidant_config_set_session_idle_ms, idle); }
    config &max_text_bytes(std::size_t bytes) { return set(confidant_config_set_max_text_bytes, bytes); }
    // Where the time comes from, for tests and replays; called from any thread, and must not throw.
    config &clock(std::function<std::int64_t()> now_ms)
    {
        using kept = std::function<std::int64_t()>;
        confidant_clock raw = CONFIDANT_CLOCK_INIT;
        raw.user_data = new kept(std::move(now_ms));
        raw.now_ms = [](void *user_data) noexcept -> std::int64_t { return (*static_cast<kept *>(user_data))(); };
        raw.destroy = detail::destroy<kept>;
        return set(confidant_config_set_clock, static_cast<const confidant_clock *>(&raw));
    }
    const confidant_config *get() const noexcept { return handle_.get(); }

private:
    template <typename Function, typename Value> config &set(Function function, Value value)
    {
        detail::call(function, handle_.get(), value);
        return *this;
    }
    detail::owned<confidant_config, confidant_config_free> handle_;
};

// What `store::check` found.
class report {
public:
    explicit report(confidant_check_report *handle) noexcept : handle_(handle) {}
    bool is_sound() const noexcept { return confidant_check_report_is_sound(handle_.get()) != 0; }
    confidant_check_sums sums() const
    {
        confidant_check_sums out = CONFIDANT_CHECK_SUMS_INIT;
        detail::call(confidant_check_report_read, static_cast<const confidant_check_report *>(handle_.get()), &out);
        return out;
    }
    // A line of damage or a warning, counted from 0; nothing past the end.
    optional_text finding(std::size_t place) const noexcept { return detail::maybe(confidant_check_report_finding(handle_.get(), place)); }
    optional_text warning(std::size_t place) const noexcept { return detail::maybe(confidant_check_report_warning(handle_.get(), place)); }

private:
    detail::owned<confidant_check_report, confidant_check_report_free> handle_;
};

// An open memory, in one file or on one server.
class store {
public:
    explicit store(text location) : store(location, nullptr) {}
    store(text location, const config &settings) : store(location, settings.get()) {}
    text location() const noexcept { return detail::view(confidant_store_location(handle_.get())); }
    // A customer's memory, of a tenant such as CONFIDANT_DEFAULT_TENANT.
    confidant::memory memory(text tenant, text customer) const
    {
        confidant_memory *out = nullptr;
        detail::call(confidant_memory_open, get(), detail::given(tenant), detail::given(customer), &out);
        return confidant::memory(out);
    }
    summary analytics(text tenant) const
    {
        summary out = CONFIDANT_SUMMARY_INIT;
        detail::call(confidant_store_summarize, get(), detail::given(tenant), &out);
        return out;
    }
    // Everything that can be told of a tenant's turns: of all, or in a range of milliseconds since the Unix epoch.
    analytics_report figures(text tenant) const { return reported(tenant, nullptr); }
    analytics_report figures(text tenant, std::int64_t from_ms, std::int64_t to_ms) const
    {
        confidant_range range = detail::range_of(from_ms, to_ms);
        return reported(tenant, &range);
    }
    // A collection of a tenant, and its knowledge base.
    confidant::collection collection(text tenant, text name) const
    {
        confidant_collection *out = nullptr;
        detail::call(confidant_collection_open, get(), detail::given(tenant), detail::given(name), &out);
        return confidant::collection(out);
    }
    confidant::collection knowledge(text tenant) const
    {
        confidant_collection *out = nullptr;
        detail::call(confidant_knowledge_open, get(), detail::given(tenant), &out);
        return confidant::collection(out);
    }
    void flush() const { detail::call(confidant_store_flush, get()); }
    void invalidate() const { detail::call(confidant_store_invalidate, get()); }
    void compact() const { detail::call(confidant_store_compact, get()); }
    maintenance maintain() const
    {
        maintenance out = CONFIDANT_MAINTENANCE_INIT;
        detail::call(confidant_store_maintain, get(), &out);
        return out;
    }
    store_stats stats() const
    {
        store_stats out = CONFIDANT_STATS_INIT;
        detail::call(confidant_store_stats, get(), &out);
        return out;
    }
    report check() const
    {
        confidant_check_report *out = nullptr;
        detail::call(confidant_store_check, get(), &out);
        return report(out);
    }
    const confidant_store *get() const noexcept { return handle_.get(); }

private:
    analytics_report reported(text tenant, const confidant_range *range) const
    {
        confidant_analytics_report *out = nullptr;
        detail::call(confidant_store_report, get(), detail::given(tenant), range, &out);
        return analytics_report(out);
    }
    store(text location, const confidant_config *settings)
    {
        confidant_store *out = nullptr;
        detail::call(confidant_store_open, detail::given(location), settings, &out);
        handle_.reset(out);
    }
    detail::owned<confidant_store, confidant_store_close> handle_;
};

// One message of the conversation that a model is shown; `role` is one of CONFIDANT_ROLE_*.
struct llm_message {
    confidant::text text;
    std::int32_t role;
};

// What is asked of a model; lives during its call.
class llm_request : public detail::range<llm_request> {
public:
    explicit llm_request(const confidant_llm_request *raw) noexcept : raw_(raw) {}
    text system() const noexcept { return detail::view(confidant_llm_request_system(raw_)); }
    // The messages, oldest first; the last one is the customer's and wants a reply.
    std::size_t size() const noexcept { return confidant_llm_request_message_count(raw_); }
    llm_message operator[](std::size_t place) const
    {
        const confidant_llm_message *found = detail::within(confidant_llm_request_message(raw_, place));
        return {detail::view(found->text), found->role};
    }
    std::int32_t tone() const noexcept { return confidant_llm_request_tone(raw_); }
    std::int32_t length() const noexcept { return confidant_llm_request_length(raw_); }
    double temperature() const noexcept { return confidant_llm_request_temperature(raw_); }
    std::uint32_t max_tokens() const noexcept { return confidant_llm_request_max_tokens(raw_); }

private:
    const confidant_llm_request *raw_;
};

// Where a model writes its reply; lives during its call.
class llm_reply {
public:
    explicit llm_reply(confidant_llm_reply *raw) noexcept : raw_(raw) {}
    // Writes a piece; throws CANCELLED when nobody wants more, which the model lets through.
    void append(text piece) { detail::call(confidant_llm_reply_append, raw_, detail::given(piece)); }
    void confidence(double sure) { detail::call(confidant_llm_reply_set_confidence, raw_, sure); }
    void resolved(bool is) { detail::call(confidant_llm_reply_set_resolved, raw_, confidant_flag{is}); }
    void usage(std::uint64_t input_tokens, std::uint64_t output_tokens)
    {
        detail::call(confidant_llm_reply_set_usage, raw_, input_tokens, output_tokens);
    }
    void finish(std::int32_t why) { detail::call(confidant_llm_reply_set_finish, raw_, why); }
    void source(text title) { detail::call(confidant_llm_reply_add_source, raw_, detail::given(title)); }

private:
    confidant_llm_reply *raw_;
};

// A language model.
class llm {
public:
    using complete = std::function<void(const llm_request &, llm_reply &)>;

    explicit llm(confidant_llm *handle) noexcept : handle_(handle) {}
    // A model of the host's own: a callable that writes the reply, from any thread and many at once.
    llm(text name, complete how, bool is_free = false)
    {
        confidant_llm_callbacks raw = CONFIDANT_LLM_CALLBACKS_INIT;
        raw.user_data = new complete(std::move(how));
        raw.complete = call_host;
        raw.destroy = detail::destroy<complete>;
        raw.name = detail::given(name);
        raw.is_free = is_free;
        confidant_llm *out = nullptr;
        detail::call(confidant_llm_new, static_cast<const confidant_llm_callbacks *>(&raw), &out);
        handle_.reset(out);
    }
    // A model that answers from articles; without any it has a small starter set.
    static llm offline(const std::vector<confidant_article> &articles = {})
    {
        confidant_llm *out = nullptr;
        detail::call(confidant_llm_offline, articles.empty() ? nullptr : articles.data(), articles.size(), &out);
        return llm(out);
    }
    static llm scripted(const std::vector<confidant_scripted_reply> &replies)
    {
        confidant_llm *out = nullptr;
        detail::call(confidant_llm_scripted, replies.data(), replies.size(), &out);
        return llm(out);
    }
    static llm ollama(const confidant_ollama_options &options)
    {
        confidant_llm *out = nullptr;
        detail::call(confidant_llm_ollama, &options, &out);
        return llm(out);
    }
    text name() const noexcept { return detail::view(confidant_llm_name(handle_.get())); }
    bool is_free() const noexcept { return confidant_llm_is_free(handle_.get()) != 0; }
    std::uint64_t remaining() const
    {
        std::uint64_t out = 0;
        detail::call(confidant_llm_remaining, get(), &out);
        return out;
    }
    std::vector<std::string> models() const
    {
        confidant_names *out = nullptr;
        detail::call(confidant_llm_models, get(), &out);
        detail::owned<confidant_names, confidant_names_free> names(out);
        std::vector<std::string> all;
        for (std::size_t i = 0; i < confidant_names_count(out); i++) {
            all.emplace_back(detail::view(confidant_names_at(out, i)));
        }
        return all;
    }
    const confidant_llm *get() const noexcept { return handle_.get(); }

private:
    static confidant_status call_host(void *user_data, const confidant_llm_request *request,
                                      confidant_llm_reply *reply) noexcept
    {
        try {
            llm_reply writer(reply);
            (*static_cast<complete *>(user_data))(llm_request(request), writer);
            return CONFIDANT_OK;
        } catch (const error &failed) {
            return failed.status();
        } catch (const model_failure &failed) {
            return confidant_llm_reply_fail(reply, failed.failure(), detail::given(text(failed.what())), nullptr);
        } catch (...) {
            return confidant_llm_reply_fail(reply, CONFIDANT_LLM_SERVER, detail::given("the model threw an exception"), nullptr);
        }
    }
    detail::owned<confidant_llm, confidant_llm_free> handle_;
};

// What a customer said, and what the host knows about it. Its views must live until it is answered.
struct message {
    confidant::text text;
    optional_text key{}, metadata{}, profile{};
    std::optional<std::int64_t> at_ms{};
};

// The agent's reply to a message.
class reply {
public:
    explicit reply(confidant_reply *handle) noexcept : handle_(handle) {}
    confidant::text text() const { return detail::view(raw().text); }
    double confidence() const { return raw().confidence; }
    bool resolved() const { return raw().resolved != 0; }
    // The stored turn; without an answer if the model failed.
    confidant::turn turn() const { return confidant::turn(raw().turn); }
    confidant::preferences preferences() const { return confidant::preferences::of(raw().preferences); }
    // Why the model gave no answer, if a fallback text stands in for it.
    std::optional<error> failure() const
    {
        return raw().failure == nullptr ? std::nullopt : std::optional<error>(error(*raw().failure));
    }
    std::vector<confidant::text> sources() const
    {
        std::vector<confidant::text> all;
        for (std::size_t i = 0; i < raw().source_count; i++) {
            all.push_back(detail::view(confidant_reply_source(handle_.get(), i)));
        }
        return all;
    }
    const confidant_reply_content &raw() const
    {
        const confidant_reply_content *content = confidant_reply_read(handle_.get());
        if (content == nullptr) {
            throw error(CONFIDANT_ERR_INVALID_ARGUMENT, nullptr);
        }
        return *content;
    }

private:
    detail::owned<confidant_reply, confidant_reply_free> handle_;
};

// Answers customers with a language model, on top of their memory.
class agent {
public:
    // Friendly, and answering from articles.
    explicit agent(const store &memory) : agent(memory, confidant_agent_options(CONFIDANT_AGENT_OPTIONS_INIT)) {}
    agent(const store &memory, const llm &model, confidant::persona as = confidant::persona::friendly)
        : agent(memory, with(model, as))
    {
    }
    // With every setting; begin with CONFIDANT_AGENT_OPTIONS_INIT.
    agent(const store &memory, const confidant_agent_options &options)
    {
        confidant_agent *out = nullptr;
        detail::call(confidant_agent_new, memory.get(), &options, &out);
        handle_.reset(out);
    }
    confidant::text model() const noexcept { return detail::view(confidant_agent_model(handle_.get())); }
    reply respond(const session &in, confidant::text said) const { return respond_raw(in, confidant::message{said}, nullptr); }
    reply respond(const session &in, const confidant::message &said) const { return respond_raw(in, said, nullptr); }
    // Shows the reply as it is written to a callable that takes a `std::string_view`, and returns nothing, or false to stop.
    template <typename OnText> reply respond(const session &in, const confidant::message &said, OnText &&on_text) const
    {
        using watched = detail::watched<std::remove_reference_t<OnText>>;
        watched shown{on_text, nullptr};
        confidant_text_sink sink = CONFIDANT_TEXT_SINK_INIT;
        sink.user_data = &shown;
        sink.on_text = [](void *user_data, confidant_str piece) noexcept -> std::int32_t {
            auto *self = static_cast<watched *>(user_data);
            try {
                if constexpr (std::is_void_v<decltype(self->callable(confidant::text()))>) {
                    self->callable(detail::view(piece));
                    return 0;
                } else {
                    return self->callable(detail::view(piece)) ? 0 : 1;
                }
            } catch (...) {
                self->thrown = std::current_exception();
                return 1;
            }
        };
        return detail::rethrowing(shown, [&] { return respond_raw(in, said, &sink); });
    }
    confidant::spending spending() const
    {
        confidant::spending out = CONFIDANT_SPENDING_INIT;
        detail::call(confidant_agent_spending, static_cast<const confidant_agent *>(handle_.get()), &out);
        return out;
    }

private:
    static confidant_agent_options with(const llm &model, confidant::persona as) noexcept
    {
        confidant_agent_options options = CONFIDANT_AGENT_OPTIONS_INIT;
        options.llm = model.get();
        options.persona = static_cast<std::int32_t>(as);
        return options;
    }
    reply respond_raw(const session &in, const confidant::message &said, const confidant_text_sink *sink) const
    {
        confidant_message raw = CONFIDANT_MESSAGE_INIT;
        raw.text = detail::given(said.text);
        raw.key = detail::if_given(said.key);
        raw.metadata = detail::if_given(said.metadata);
        raw.profile = detail::if_given(said.profile);
        raw.has_at = said.at_ms.has_value();
        raw.at_ms = said.at_ms.value_or(0);
        confidant_reply *out = nullptr;
        detail::call(confidant_agent_respond, static_cast<const confidant_agent *>(handle_.get()), in.get(),
                     static_cast<const confidant_message *>(&raw), sink, &out);
        return reply(out);
    }
    detail::owned<confidant_agent, confidant_agent_free> handle_;
};

// Whether the library that is loaded fits this header.
inline bool fits() noexcept { return confidant_abi_version() == CONFIDANT_ABI_VERSION; }
inline text version() noexcept { return detail::view(confidant_version()); }

} // namespace confidant

#endif // CONFIDANT_HPP
