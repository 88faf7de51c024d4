#include "log_probabilities.h"

#include "parsed_request.h"

#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/texts.h>

#include <vector>

namespace tidegate::dialect {
namespace {

namespace dom = simdjson::dom;

// Where the log-probabilities of the choices stand that are not null.
void find_logprobs(const detail::JsonTokens& tokens, const dom::array& choices, const detail::JsonItem& at,
                   std::vector<TextEdit>& edits) {
    auto element = choices.begin();
    tokens.for_each(at.token, [&](const detail::JsonItem& choice_at) {
        dom::object choice;
        if ((*element).get(choice) == simdjson::SUCCESS) {
            auto field = choice.begin();
            tokens.for_each(choice_at.token, [&](const detail::JsonItem& item) {
                if (field.key() == "logprobs" && !field.value().is_null())
                    edits.push_back({item.value.begin, item.value.end, "null"});
                ++field;
                return true;
            });
        }
        ++element;
        return true;
    });
}

}  // namespace

bool strip_logprobs(std::string_view body, BodyParser& parser, std::string& out) {
    dom::object root;
    if (parser.state().parse(body).get(root) != simdjson::SUCCESS)
        return false;
    const detail::JsonTokens tokens = parser.state().tokens(body);
    std::vector<TextEdit> edits;
    auto field = root.begin();
    tokens.for_each(0, [&](const detail::JsonItem& item) {
        dom::array choices;
        if (field.key() == "choices" && field.value().get(choices) == simdjson::SUCCESS)
            find_logprobs(tokens, choices, item, edits);
        ++field;
        return true;
    });
    if (edits.empty())
        return false;
    write_edited(body, edits, out);
    return true;
}

namespace detail {

void append_without_logprobs(const JsonTokens& tokens, const dom::array& choices, const JsonItem& at,
                             std::string& out) {
    std::vector<TextEdit> edits;
    find_logprobs(tokens, choices, at, edits);
    const std::string_view before_end = tokens.document().substr(0, at.value.end);
    std::string edited;
    write_edited(before_end, edits, edited);
    out.append(edited, at.value.begin);
}

void LogprobMean::add(const dom::object& choice) {
    dom::array content;
    if (choice["logprobs"]["content"].get(content) != simdjson::SUCCESS)
        return;
    for (const dom::element token : content) {
        double value = 0;
        if (token["logprob"].get(value) != simdjson::SUCCESS)
            continue;
        x_sum += value;
        ++x_count;
    }
}

std::optional<double> LogprobMean::mean() const {
    if (x_count == 0)
        return std::nullopt;
    return x_sum / static_cast<double>(x_count);
}

}  // namespace detail
}  // namespace tidegate::dialect
