#include "guardrails/pii.h"

#include "guardrails/kinds.h"

#include <algorithm>

namespace tidegate::guardrails {
namespace {

constexpr std::string_view kEmail = "email";

std::vector<Recogniser> pii_recognisers() {
    // The more a checksum says, the earlier: the first of equally long ones counts.
    std::vector<Recogniser> all{card_recogniser(), iban_recogniser(), ip_recogniser()};
    for (Recogniser& id : national_id_recognisers()) all.push_back(std::move(id));
    all.push_back(phone_recogniser());
    return all;
}

}  // namespace

void make_pii(const yaml::Cursor& at, Making making) {
    std::vector<Recogniser> recognisers = pii_recognisers();
    std::vector<std::string_view> known{kEmail};
    // A number that is written in two shapes has two recognisers, next to each other.
    for (const Recogniser& recogniser : recognisers) {
        if (known.back() != recogniser.category)
            known.push_back(recogniser.category);
    }
    if (!at["categories"].required())
        return;
    const std::vector<std::string_view> wanted = parse_categories(at["categories"], known);
    const auto is_wanted = [&wanted](std::string_view category) {
        return std::find(wanted.begin(), wanted.end(), category) != wanted.end();
    };
    std::vector<std::unique_ptr<const Finder>> finders;
    if (is_wanted(kEmail))
        finders.push_back(make_email_finder());
    std::erase_if(recognisers, [&](const Recogniser& recogniser) { return !is_wanted(recogniser.category); });
    if (!recognisers.empty())
        finders.push_back(make_token_finder(std::move(recognisers)));
    making.guardrail.text = make_pattern_check(std::move(finders));
}

}  // namespace tidegate::guardrails
