#include "guardrails/support.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::guardrails::test {
namespace {

std::string place(std::size_t base, const Match& match) {
    return fmt::format("{}[{},{})", match.category, base + match.begin, base + match.end);
}

std::size_t whole_character(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    return at;
}

}  // namespace

Parsed parse_section(std::string_view section, const ParseContext& context, std::string file) {
    yaml::Problems problems;
    const yaml::Document document = yaml::parse(std::move(file), section, problems);
    Parsed parsed;
    parsed.guardrails = parse_guardrails(document.root()["guardrails"], context);
    parsed.problems = problems.text();
    parsed.files = document.files();
    const auto found = parsed.guardrails.by_name.find("g");
    if (found != parsed.guardrails.by_name.end())
        parsed.g = found->second;
    return parsed;
}

Parsed parse_one(std::string_view options, const ParseContext& context, std::string file) {
    return parse_section(fmt::format("guardrails:\n  g: {{{}}}\n", options), context, std::move(file));
}

std::shared_ptr<const Guardrail> make(std::string_view options) {
    Parsed parsed = parse_one(fmt::format("{}, output: record", options));
    EXPECT_EQ(parsed.problems, "");
    return parsed.g;
}

std::vector<std::string> found(const TextCheck& check, std::string_view text) {
    std::vector<Match> matches;
    check.find(text, matches);
    std::vector<std::string> all;
    std::size_t last = 0;
    for (const Match& match : matches) {
        EXPECT_LE(last, match.begin) << "matches overlap or are out of order";
        EXPECT_LE(match.end, text.size());
        last = match.end;
        all.push_back(fmt::format("{}:{}", match.category, text.substr(match.begin, match.end - match.begin)));
    }
    return all;
}

std::vector<std::string> categories(const TextCheck& check, std::string_view text) {
    std::vector<std::string> all = found(check, text);
    for (std::string& one : all) one.resize(one.find(':'));
    return all;
}

std::vector<std::string> places(const TextCheck& check, std::string_view text) {
    std::vector<Match> matches;
    check.find(text, matches);
    std::vector<std::string> all;
    for (const Match& match : matches) all.push_back(place(0, match));
    return all;
}

std::vector<std::string> places_in_pieces(const TextCheck& check, std::string_view text,
                                          const std::vector<std::size_t>& cuts) {
    const std::size_t longest = check.longest_match().value();
    std::vector<std::string> all;
    std::size_t position = 0;
    const auto look = [&](std::size_t size, std::size_t final_before) {
        const std::size_t base = whole_character(text, position - std::min(position, longest));
        std::vector<Match> matches;
        check.find(text.substr(base, size - base), position - base, final_before - base, matches);
        for (const Match& match : matches) {
            all.push_back(place(base, match));
            position = base + match.end;
        }
        position = std::max(position, final_before);
    };
    for (const std::size_t cut : cuts) {
        const std::size_t size = whole_character(text, cut);
        const std::size_t limit = whole_character(text, size - std::min(size, longest));
        if (limit > position)
            look(size, limit);
    }
    look(text.size(), text.size());
    return all;
}

std::string disagreement(const TextCheck& check, std::string_view text) {
    const std::vector<std::string> expected = places(check, text);
    const auto compare = [&](const std::vector<std::size_t>& cuts, std::string_view how) -> std::string {
        const std::vector<std::string> got = places_in_pieces(check, text, cuts);
        if (got == expected)
            return {};
        return fmt::format("{} of {:?}: {} instead of {}", how, text, testing::PrintToString(got),
                           testing::PrintToString(expected));
    };
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        if (std::string wrong = compare({cut}, fmt::format("cut at {}", cut)); !wrong.empty())
            return wrong;
    }
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
        std::vector<std::size_t> cuts;
        for (std::size_t cut = step; cut < text.size(); cut += step) cuts.push_back(cut);
        if (std::string wrong = compare(cuts, fmt::format("pieces of {}", step)); !wrong.empty())
            return wrong;
    }
    return {};
}

}  // namespace tidegate::guardrails::test
