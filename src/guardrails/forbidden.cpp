// Texts that the operator has written down as regular expressions.
#include "guardrails/expression.h"
#include "guardrails/kinds.h"

namespace tidegate::guardrails {

void make_forbidden(const yaml::Cursor& at, Making making) {
    const yaml::Cursor list = at["patterns"];
    if (!list.required())
        return;
    std::vector<std::string> patterns;
    bool good = true;
    list.each_item([&](const yaml::Cursor& item) {
        const std::string pattern = item.text();
        if (pattern.empty()) {
            good = false;
        } else if (auto checked = check_expression(pattern); checked) {
            patterns.push_back(pattern);
        } else {
            item.problem(checked.error().message);
            good = false;
        }
    });
    if (list.is_list() && list.size() == 0)
        list.problem("an empty list forbids nothing; write patterns of RE2");
    if (!good || patterns.empty())
        return;
    auto finder = make_expression_finder(patterns, "forbidden");
    if (!finder) {
        list.problem(finder.error().message);
        return;
    }
    std::vector<std::unique_ptr<const Finder>> finders;
    finders.push_back(std::move(*finder));
    making.guardrail.text = make_pattern_check(std::move(finders));
}

}  // namespace tidegate::guardrails
