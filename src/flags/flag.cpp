#include <tidegate/flags/flag.h>
#include <tidegate/yaml/nearest.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace tidegate::flags {
namespace {

CohortBy parse_cohort_by(const yaml::Cursor& at) {
    const std::string text = at.text("user");
    if (text == "user")
        return {};
    if (text == "conversation")
        return {CohortBy::Kind::conversation, {}};
    if (text.empty())
        at.problem("must be user, conversation or the name of an attribute");
    return {CohortBy::Kind::attribute, text};
}

// The index of a variant; reports an unknown one and gives the first.
std::size_t variant_index(const yaml::Cursor& at, const std::string& name,
                          const std::vector<std::string>& variants) {
    const auto found = std::find(variants.begin(), variants.end(), name);
    if (found != variants.end())
        return static_cast<std::size_t>(found - variants.begin());
    const std::vector<std::string_view> words(variants.begin(), variants.end());
    const std::optional<std::string_view> meant = yaml::nearest(name, words);
    at.problem(fmt::format("there is no variant \"{}\"{}", name,
                           meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
    return 0;
}

Serve whole(const std::string& variant, std::size_t index) {
    return Serve{{{variant, index, kTotalWeight, 0}}};
}

std::vector<Condition> parse_when(const yaml::Cursor& at) {
    std::vector<Condition> when;
    at.required();
    at.each_entry(
        [&when](const std::string&, const yaml::Cursor& entry) { when.push_back(parse_condition(entry)); });
    if (at.is_map() && at.size() == 0)
        at.problem("is empty; a rule for everyone is the feature's serve");
    return when;
}

std::vector<Rule> parse_rules(const yaml::Cursor& at, const std::vector<std::string>& variants) {
    std::vector<Rule> rules;
    at.each_item([&](const yaml::Cursor& item) {
        Rule rule;
        rule.name = item["name"].text();
        rule.when = parse_when(item["when"]);
        if (item["serve"].required())
            rule.serve = parse_serve(item["serve"], variants);
        item.finish();
        const bool is_taken = std::any_of(rules.begin(), rules.end(),
                                          [&rule](const Rule& other) { return other.name == rule.name; });
        if (is_taken && !rule.name.empty())
            item["name"].problem("another rule has this name");
        rules.push_back(std::move(rule));
    });
    return rules;
}

}  // namespace

Serve::Serve(std::vector<Share> shares) : shares_(std::move(shares)) {
    int end = 0;
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        end += shares_[i].weight;
        shares_[i].end = end;
        if (shares_[i].weight >= shares_[largest_].weight)
            largest_ = i;
    }
}

const Serve::Share& Serve::at(int bucket) const {
    for (const Share& share : shares_) {
        if (bucket < share.end)
            return share;
    }
    return largest();
}

Serve parse_serve(const yaml::Cursor& at, const std::vector<std::string>& variants) {
    const std::string first = variants.empty() ? std::string() : variants.front();
    if (!at.is_map()) {
        const std::string name = at.text();
        return name.empty() ? whole(first, 0) : whole(name, variant_index(at, name, variants));
    }
    std::vector<Serve::Share> shares;
    int total = 0;
    bool is_valid = true;
    at.each_entry([&](const std::string& name, const yaml::Cursor& entry) {
        const std::optional<int> weight = entry.optional_percent(yaml::Bare::allowed);
        is_valid = is_valid && weight;
        shares.push_back({name, variant_index(entry, name, variants), weight.value_or(0), 0});
        total += weight.value_or(0);
    });
    if (is_valid && total == kTotalWeight)
        return Serve{std::move(shares)};
    if (is_valid) {
        at.problem(fmt::format("the percentages add up to {}.{:02}, they must add up to 100", total / 100,
                               total % 100));
    }
    return whole(first, 0);
}

Flag parse_flag(const yaml::Cursor& feature, std::string name, const std::vector<std::string>& variants) {
    Flag flag;
    flag.name = std::move(name);
    flag.variants = variants;
    flag.cohort_by = parse_cohort_by(feature["cohort_by"]);
    flag.rules = parse_rules(feature["targeting"], variants);
    const yaml::Cursor serve = feature["serve"];
    if (serve) {
        flag.serve = parse_serve(serve, variants);
    } else {
        if (variants.size() != 1)
            serve.required();
        flag.serve = whole(variants.empty() ? std::string() : variants.front(), 0);
    }
    return flag;
}

double moved_share(const Serve& before, const Serve& after, bool same_unit) {
    if (same_unit && before.shares() == after.shares())
        return 0;
    std::map<std::string_view, std::pair<int, int>> weights;  // before, after
    for (const auto& share : before.shares()) weights[share.variant].first += share.weight;
    for (const auto& share : after.shares()) weights[share.variant].second += share.weight;
    int needed = 0;
    double staying = 0;  // buckets that keep their variant, if everyone is dealt anew
    for (const auto& [variant, pair] : weights) {
        needed += std::max(0, pair.second - pair.first);
        staying += static_cast<double>(pair.first) * pair.second / kTotalWeight;
    }
    if (!same_unit)
        return std::max(0.0, (kTotalWeight - staying - needed) / kTotalWeight);
    int moved = 0;
    for (int bucket = 0; bucket < kTotalWeight; ++bucket) {
        moved += before.at(bucket).variant == after.at(bucket).variant ? 0 : 1;
    }
    return static_cast<double>(moved - needed) / kTotalWeight;
}

std::vector<MovedUnits> moved_units(const Flag& before, const Flag& after) {
    const bool same_unit = before.cohort_by == after.cohort_by;
    std::vector<MovedUnits> moved;
    const auto compare = [&](const std::string& rule, const Serve& from, const Serve& to) {
        const double share = moved_share(from, to, same_unit);
        if (share > 0)
            moved.push_back({rule, share});
    };
    compare({}, before.serve, after.serve);
    for (const Rule& rule : after.rules) {
        for (const Rule& old : before.rules) {
            if (old.name == rule.name)
                compare(rule.name, old.serve, rule.serve);
        }
    }
    return moved;
}

}  // namespace tidegate::flags
