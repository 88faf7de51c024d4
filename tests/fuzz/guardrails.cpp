// Any text in any pieces, any pattern, any schema: no crash, matches in order, the same matches however the
// text is cut, and none longer than its check says.
#include "guardrails/expression.h"
#include "guardrails/json_text.h"
#include "guardrails/match_width.h"
#include "guardrails/schema_text.h"
#include "guardrails/schema_validator.h"

#include <tidegate/guardrails/parse.h>
#include <tidegate/yaml/document.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

namespace {

using namespace tidegate::guardrails;

// Plain bytes of what was found; categories by their address.
struct Place {
    std::size_t begin;
    std::size_t end;
    const char* category;
    bool operator==(const Place&) const = default;
};

void check(bool holds) {
    if (!holds)
        std::abort();
}

bool is_utf8(std::string_view text) {
    static const re2::RE2 kAll("(?s).*");
    return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kAll);
}

std::size_t whole_character(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    return at;
}

std::vector<Place> places(const TextCheck& check_of, std::string_view text) {
    std::vector<Match> matches;
    check_of.find(text, matches);
    std::vector<Place> all;
    std::size_t last = 0;
    for (const Match& match : matches) {
        check(last <= match.begin && match.begin < match.end && match.end <= text.size());
        last = match.end;
        all.push_back({match.begin, match.end, match.category.data()});
    }
    return all;
}

// By the rule of guardrail.h, with the least context that it asks for.
std::vector<Place> places_in_two(const TextCheck& check_of, std::string_view text, std::size_t cut) {
    const std::size_t longest = *check_of.longest_match();
    std::vector<Place> all;
    std::size_t position = 0;
    const auto look = [&](std::size_t size, std::size_t final_before) {
        const std::size_t base = whole_character(text, position - std::min(position, longest));
        std::vector<Match> matches;
        check_of.find(text.substr(base, size - base), position - base, final_before - base, matches);
        for (const Match& match : matches) {
            check(base + match.begin < final_before);
            all.push_back({base + match.begin, base + match.end, match.category.data()});
            position = base + match.end;
        }
        position = std::max(position, final_before);
    };
    const std::size_t size = whole_character(text, cut);
    if (const std::size_t limit = whole_character(text, size - std::min(size, longest)); limit > 0)
        look(size, limit);
    look(text.size(), text.size());
    return all;
}

void check_text(const TextCheck& check_of, std::string_view text, std::size_t seed) {
    const std::vector<Place> whole = places(check_of, text);
    if (!check_of.longest_match() || !is_utf8(text))
        return;
    for (const Place& place : whole) check(place.end - place.begin <= *check_of.longest_match());
    for (const std::size_t cut : {seed % (text.size() + 1), seed * 7 % (text.size() + 1), text.size() / 2})
        check(places_in_two(check_of, text, cut) == whole);
}

Guardrails make_all() {
    tidegate::yaml::Problems problems;
    const auto document = tidegate::yaml::parse("fuzz.yaml", R"(guardrails:
  pii: {kind: pii, output: block, categories: [email, phone, card, iban, ip, at_svnr, be_rrn, br_cpf, ca_sin, ch_ahv,
    de_steuer_id, es_dni, es_nie, fi_hetu, fr_nir, gb_nhs, gb_nino, in_aadhaar, it_codice_fiscale, nl_bsn,
    no_fodselsnummer, pl_pesel, pt_nif, se_personnummer, us_ssn]}
  keys: {kind: secrets, output: block}
  whole-keys: {kind: secrets, output: redact}
  phrases: {kind: prompt_injection, output: block}
  length: {kind: length, output: block, max_characters: 100}
)",
                                                problems);
    Guardrails all = parse_guardrails(document.root()["guardrails"], {});
    check(problems.empty());
    return all;
}

void check_pattern(const std::string& pattern, std::string_view text, std::size_t seed) {
    if (!check_expression(pattern))
        return;
    auto finder = make_expression_finder({pattern}, "forbidden");
    if (!finder)
        return;
    const auto width = match_width(pattern);
    std::vector<std::unique_ptr<const Finder>> finders;
    finders.push_back(std::move(*finder));
    const auto check_of = make_pattern_check(std::move(finders));
    if (width) {
        for (const Place& place : places(*check_of, text)) {
            check(place.end - place.begin <= width->most);
            check(place.end - place.begin >= width->least);
        }
    }
    check_text(*check_of, text, seed);
}

void check_schema(std::string_view text, std::string_view document_text) {
    const bool clean = check_schema_text(text).empty();
    nlohmann::json schema;
    nlohmann::json document;
    const auto parsed = parse_json_text(text, schema);
    if (!parsed || !clean || !check_schema_references(schema).empty())
        return;
    const auto validator = SchemaValidator::make(schema);
    if (!validator)
        return;
    (*validator)->accepts(schema);
    if (parse_json_text(document_text, document))
        (*validator)->accepts(document);
}

}  // namespace

// The first line is a pattern or a schema, the rest a text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Guardrails kGuardrails = make_all();
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(input.find('\n'), input.size());
    const std::string_view text = input.substr(std::min(line + 1, input.size()));
    for (const auto& [name, guardrail] : kGuardrails.by_name) check_text(*guardrail->text, text, size);
    if (line < 200)
        check_pattern(std::string(input.substr(0, line)), text, size);
    check_schema(input.substr(0, line), text);
    return 0;
}
