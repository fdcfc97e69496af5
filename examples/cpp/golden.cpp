// Plays a conversation from a file into a store with a clock that stands, and prints what is stored as JSON lines.
//
// The hosts of the other languages do the same; tests/hosts.rs compares the lines and the files.
//
//   golden TRANSCRIPT STORE

#include "confidant.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using confidant::optional_text;
using confidant::text;

static std::string json(optional_text from)
{
    if (!from) {
        return "null";
    }
    std::string out = "\"";
    for (char one : *from) {
        if (one == '"' || one == '\\') {
            out += '\\';
        }
        out += one;
    }
    return out + '"';
}

static std::string json_time(std::optional<std::int64_t> at_ms)
{
    return at_ms ? json(confidant::format_time(*at_ms)) : "null";
}

static const char *truth(bool is) { return is ? "true" : "false"; }

class host {
public:
    explicit host(text file)
        : store_(file, settings()), memory_(store_.memory("acme", "alice")),
          agent_(store_, confidant::llm("golden", complete, true))
    {
    }
    void play(const std::vector<std::string> &fields);
    void print() const;

private:
    confidant::config settings()
    {
        confidant::config made;
        made.clock([this] { return clock_; });
        return made;
    }
    static void complete(const confidant::llm_request &request, confidant::llm_reply &reply)
    {
        reply.append("I was given ");
        reply.append(std::to_string(request[request.size() - 1].text.size()) + " bytes and " +
                     std::to_string(request.size()) + " messages.");
        reply.confidence(0.75);
        reply.resolved(true);
        reply.usage(100, 10);
    }

    std::int64_t clock_ = 0;
    confidant::store store_;
    confidant::memory memory_;
    confidant::agent agent_;
    std::optional<confidant::session> session_;
    std::uint64_t last_ = 0;
};

void host::play(const std::vector<std::string> &fields)
{
    auto field = [&](std::size_t place) -> optional_text {
        return place < fields.size() && fields[place] != "-" ? optional_text(fields[place]) : std::nullopt;
    };
    auto number = [&](std::size_t place) { return std::stoll(std::string(field(place).value_or("0"))); };
    auto percent = [&](std::size_t place) {
        return field(place) ? std::optional<double>(static_cast<double>(number(place)) / 100) : std::nullopt;
    };
    const std::string &verb = fields[0];
    if (verb == "clock") {
        clock_ = number(1);
    } else if (verb == "open") {
        session_ = memory_.open_session(static_cast<confidant::channel>(number(1)));
    } else if (verb == "save" || verb == "say") {
        confidant::new_turn turn;
        turn.key = field(1);
        turn.said = field(2);
        turn.answer = field(3);
        turn.answered_by = field(4);
        turn.confidence = percent(5);
        turn.resolved = number(6) != 0;
        turn.metadata = field(7);
        last_ = session_->save_turn(turn);
    } else if (verb == "answer") {
        confidant::new_answer answer;
        answer.text = field(1).value();
        answer.by = field(2);
        answer.confidence = percent(3);
        answer.resolved = number(4) != 0;
        session_->answer(last_, answer);
    } else if (verb == "ask") {
        agent_.respond(*session_, field(1).value());
    } else if (verb == "close") {
        session_->close(static_cast<confidant::outcome>(number(1)), static_cast<std::uint32_t>(number(2)));
    } else if (verb == "article") {
        confidant::new_document article{field(1).value(), field(3).value()};
        article.title = field(2).value();
        article.category = field(4);
        store_.knowledge("acme").put(article);
    }
}

void host::print() const
{
    for (confidant::turn one : memory_.turns()) {
        std::cout << "{\"number\":" << one.number() << ",\"turn\":" << json(confidant::format_turn_id(one.id()))
                  << ",\"session\":" << json(confidant::format_session_id(one.session_id()))
                  << ",\"channel\":" << static_cast<int>(one.channel()) << ",\"at\":" << json_time(one.at_ms())
                  << ",\"said\":" << json(one.said()) << ",\"answer\":" << json(one.answer())
                  << ",\"by\":" << json(one.answered_by()) << ",\"answered_at\":" << json_time(one.answered_at_ms())
                  << ",\"percent\":" << (one.confidence() ? std::to_string(std::lround(*one.confidence() * 100)) : "null")
                  << ",\"resolved\":" << truth(one.resolved()) << ",\"metadata\":" << json(one.metadata()) << "}\n";
    }
    for (const confidant::session_figures &one : memory_.sessions()) {
        std::cout << "{\"turns\":" << one.turns << ",\"session\":" << json(confidant::format_session_id(one.session_id))
                  << ",\"opened_at\":" << json_time(one.opened_at_ms) << ",\"closed_at\":"
                  << json_time(one.is_closed ? std::optional(one.closed_at_ms) : std::nullopt)
                  << ",\"rating\":" << one.rating << ",\"resolved\":" << truth(one.resolved) << "}\n";
    }
    confidant::preferences preferences = memory_.preferences();
    std::cout << "{\"customer_turns\":" << preferences.customer_turns()
              << ",\"preferences\":" << json(preferences.text()) << "}\n";
    confidant::summary summary = store_.analytics("acme");
    std::cout << "{\"sessions\":" << summary.sessions << ",\"resolved_sessions\":" << summary.resolved_sessions
              << ",\"turns\":" << summary.turns << ",\"answered_turns\":" << summary.answered_turns
              << ",\"resolved_turns\":" << summary.resolved_turns << "}\n";
    confidant::recalled recalled = memory_.recall("Was the link ever mailed again?", 1);
    confidant::turn best = recalled[0].turn();
    std::cout << "{\"recalled\":" << best.number() << ",\"turn\":" << json(confidant::format_turn_id(best.id())) << "}\n";
    confidant::collection base = store_.knowledge("acme");
    confidant::documents found = base.search("Where do I see my bill?", 1);
    std::cout << "{\"articles\":" << base.size() << ",\"found\":" << json(found[0].key()) << ",\"title\":"
              << json(found[0].title()) << ",\"passage\":" << json(found[0].passage()) << "}\n";
}

int main(int argc, char **argv)
{
    std::ifstream transcript(argc == 3 ? argv[1] : "");
    if (!transcript) {
        std::cerr << "usage: golden TRANSCRIPT STORE\n";
        return EXIT_FAILURE;
    }
    try {
        host played(argv[2]);
        for (std::string line; std::getline(transcript, line);) {
            if (line.empty() || line[0] == '#') {
                continue;
            }
            std::vector<std::string> fields;
            std::istringstream rest(line);
            for (std::string one; std::getline(rest, one, '\t');) {
                fields.push_back(one);
            }
            played.play(fields);
        }
        played.print();
    } catch (const std::exception &failed) {
        std::cerr << failed.what() << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
