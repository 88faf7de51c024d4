#include "guardrails/secrets.h"

#include "guardrails/kinds.h"

#include <algorithm>

namespace tidegate::guardrails {

void make_secrets(const yaml::Cursor& at, Making making) {
    const Guardrail& guardrail = making.guardrail;
    const bool redacts = guardrail.input == Action::redact || guardrail.output == Action::redact;
    const Extent extent = redacts ? Extent::whole : Extent::beginning;
    std::vector<Recogniser> recognisers = prefixed_key_recognisers();
    recognisers.push_back(aws_secret_key_recogniser());
    recognisers.push_back(jwt_recogniser(extent));
    recognisers.push_back(private_key_recogniser(extent));
    recognisers.push_back(url_credentials_recogniser());

    // Keys of one service that have several prefixes stand next to each other.
    std::vector<std::string_view> known;
    for (const Recogniser& recogniser : recognisers) {
        if (known.empty() || known.back() != recogniser.category)
            known.push_back(recogniser.category);
    }
    const std::vector<std::string_view> wanted = parse_categories(at["categories"], known);
    std::erase_if(recognisers, [&wanted](const Recogniser& recogniser) {
        return std::find(wanted.begin(), wanted.end(), recogniser.category) == wanted.end();
    });
    std::vector<std::unique_ptr<const Finder>> finders;
    finders.push_back(make_token_finder(std::move(recognisers)));
    making.guardrail.text = make_pattern_check(std::move(finders));
}

}  // namespace tidegate::guardrails
