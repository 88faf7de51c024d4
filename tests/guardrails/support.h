// Guardrails made from a line of configuration, and what they find.
#pragma once

#include <tidegate/guardrails/parse.h>
#include <tidegate/yaml/document.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

namespace tidegate::guardrails::test {

struct Parsed {
    Guardrails guardrails;
    std::string problems;                // one line each
    std::vector<std::string> files;      // that were read
    std::shared_ptr<const Guardrail> g;  // the entry `g`, if it is good
};

// The section `guardrails`, as if it stood in `file`.
Parsed parse_section(std::string_view section, const ParseContext& context = {}, std::string file = "t.yaml");
// A guardrail `g` with these options, in flow style: "kind: length, max_characters: 3, output: block".
Parsed parse_one(std::string_view options, const ParseContext& context = {}, std::string file = "t.yaml");
// The check of a guardrail without problems; `output: record` is added.
std::shared_ptr<const Guardrail> make(std::string_view options);

// "category:what matched" of each match.
std::vector<std::string> found(const TextCheck& check, std::string_view text);
// The categories alone.
std::vector<std::string> categories(const TextCheck& check, std::string_view text);

// What `find` gives of the whole text.
std::vector<std::string> places(const TextCheck& check, std::string_view text);
// What it gives when the text comes in pieces that end at `cuts`, by the rule of guardrail.h, with no more
// context kept than that asks for.
std::vector<std::string> places_in_pieces(const TextCheck& check, std::string_view text,
                                          const std::vector<std::size_t>& cuts);

// Says in words what pieces change about the matches in `text`; empty if nothing.
std::string disagreement(const TextCheck& check, std::string_view text);

}  // namespace tidegate::guardrails::test
