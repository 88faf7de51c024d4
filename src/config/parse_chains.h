// The entries of a feature's chains: its variants, its `answers`, and the lists that name them.
#pragma once

#include "config/parse_server.h"

#include <tidegate/pipeline/feature_table.h>
#include <tidegate/yaml/cursor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::config {

// `direct`, `cache` and `reject` mean something of their own wherever a name is expected.
bool is_reserved(const std::string& name);
// A usable name of a variant or answer; reports any other.
void check_entry_name(const yaml::Cursor& at, const std::string& name);

// What lists of a feature may name.
class ChainEntries {
  public:
    // `written`: the names of all variants, also of those that could not be made; `variants`: those that could.
    // `outbound` is for answers that are asked for by HTTP.
    ChainEntries(std::vector<std::string> written, const std::vector<pipeline::FeatureVariant>& variants,
                 const Outbound& outbound)
        : written_(std::move(written)), variants_(variants), outbound_(outbound) {}

    // `features.F.answers`.
    void parse_answers(const yaml::Cursor& at);
    // A variant's own entry, then those that `fallback` names.
    std::vector<pipeline::ChainEntry> chain_of(std::size_t variant, const yaml::Cursor& fallback) const;
    // `budget.at_ceiling`, which may name `cache` and `reject` besides.
    std::vector<pipeline::ChainEntry> ceiling_list(const yaml::Cursor& at) const;

  private:
    std::optional<std::size_t> index_of(const std::string& variant) const;
    bool is_written(const std::string& variant) const;
    void append(const yaml::Cursor& item, std::vector<pipeline::ChainEntry>& chain) const;

    std::vector<std::string> written_;
    const std::vector<pipeline::FeatureVariant>& variants_;
    const Outbound& outbound_;
    std::map<std::string, pipeline::ChainEntry> answers_;
};

}  // namespace tidegate::config
