#include "config/parse_chains.h"

#include "config/names.h"

#include <tidegate/upstream/endpoint.h>

#include <algorithm>
#include <array>

namespace tidegate::config {
namespace {

using pipeline::ChainEntry;

constexpr std::array<std::string_view, 3> kReserved{"direct", "cache", "reject"};

constexpr Duration kHookTimeout = std::chrono::seconds{2};

std::optional<pipeline::HttpAnswer> parse_hook(const yaml::Cursor& at, const Outbound& outbound) {
    const auto url = at["http"].optional_text();
    const Duration timeout = at["timeout"].duration(kHookTimeout);
    if (!url) {
        if (at.has("timeout"))
            at["timeout"].problem("belongs to answers by `http`");
        return std::nullopt;
    }
    upstream::EndpointOptions options;
    options.name = at.name();
    options.allow_private = outbound.allow_private;
    options.ca_file = outbound.ca_file;
    options.proxy = outbound.proxy;
    auto target = upstream::make_target(*url, std::move(options));
    if (!target) {
        at["http"].problem(target.error().message);
        return std::nullopt;
    }
    return pipeline::HttpAnswer{std::move(*target), timeout};
}

ChainEntry parse_answer(const std::string& name, const yaml::Cursor& at, const Outbound& outbound) {
    ChainEntry entry;
    entry.name = name;
    const int kinds = static_cast<int>(at.has("text")) + static_cast<int>(at.has("json")) +
                      static_cast<int>(at.has("first_sentences")) + static_cast<int>(at.has("http"));
    if (kinds != 1)
        at.problem("must have exactly one of text, json, first_sentences and http");
    if (auto hook = parse_hook(at, outbound))
        entry.answer = std::move(*hook);
    if (const auto text = at["text"].optional_text())
        entry.answer = pipeline::TextAnswer{*text};
    if (at["json"])
        entry.answer = pipeline::JsonAnswer{at["json"].json(yaml::Secrets::shown)};
    if (const auto count = at["first_sentences"].optional_integer(1, 100))
        entry.answer = pipeline::FirstSentences{static_cast<int>(*count)};
    at.finish();
    return entry;
}

}  // namespace

bool is_reserved(const std::string& name) {
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

void check_entry_name(const yaml::Cursor& at, const std::string& name) {
    check_name(at, name);
    if (is_reserved(name))
        at.problem("is a reserved name");
}

void ChainEntries::parse_answers(const yaml::Cursor& at) {
    at.each_entry([&](const std::string& name, const yaml::Cursor& answer) {
        check_entry_name(answer, name);
        if (is_written(name))
            answer.problem("is the name of a variant already");
        answers_[name] = parse_answer(name, answer, outbound_);
    });
}

std::vector<ChainEntry> ChainEntries::chain_of(std::size_t variant, const yaml::Cursor& fallback) const {
    std::vector<ChainEntry> chain{ChainEntry{variants_[variant].variant.name, variant, {}}};
    fallback.each_item([&](const yaml::Cursor& item) { append(item, chain); });
    return chain;
}

std::vector<ChainEntry> ChainEntries::ceiling_list(const yaml::Cursor& at) const {
    std::vector<ChainEntry> list;
    at.each_item([&](const yaml::Cursor& item) {
        const std::string target = item.text(std::string());
        if (!list.empty() && std::holds_alternative<pipeline::Reject>(list.back().answer))
            item.warning("is never reached behind `reject`");
        if (target == "cache") {
            list.push_back(ChainEntry{target, std::nullopt, pipeline::StaleAnswer{}});
        } else if (target == "reject") {
            list.push_back(ChainEntry{target, std::nullopt, pipeline::Reject{}});
        } else {
            append(item, list);
        }
    });
    return list;
}

void ChainEntries::append(const yaml::Cursor& item, std::vector<ChainEntry>& chain) const {
    const std::string target = item.text();
    const bool repeated =
        std::any_of(chain.begin(), chain.end(), [&](const ChainEntry& entry) { return entry.name == target; });
    if (repeated) {
        item.problem("stands in this chain already");
    } else if (const auto variant = index_of(target)) {
        chain.push_back(ChainEntry{target, variant, {}});
    } else if (const auto answer = answers_.find(target); answer != answers_.end()) {
        chain.push_back(answer->second);
    } else if (!target.empty() && !is_written(target)) {
        std::vector<std::string_view> known = names_of(answers_);
        known.insert(known.end(), written_.begin(), written_.end());
        refuse_reference(item, "variant or answer", target, known);
    }
}

std::optional<std::size_t> ChainEntries::index_of(const std::string& variant) const {
    for (std::size_t i = 0; i < variants_.size(); ++i) {
        if (variants_[i].variant.name == variant)
            return i;
    }
    return std::nullopt;
}

bool ChainEntries::is_written(const std::string& variant) const {
    return std::find(written_.begin(), written_.end(), variant) != written_.end();
}

}  // namespace tidegate::config
