// Any rules against any call: no crash, and a decision is always one of the variants and agrees with its
// explanation.
#include <tidegate/flags/decide.h>
#include <tidegate/yaml/document.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

namespace flags = tidegate::flags;
namespace yaml = tidegate::yaml;

void check(bool holds) {
    if (!holds)
        std::abort();
}

// The first lines of the input are the call: user, conversation, attributes `name=value`; after an empty line
// the rules.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

flags::AttributeValue value_of(std::string_view text) {
    if (text == "true")
        return true;
    if (text.starts_with('#'))
        return static_cast<double>(text.size()) * 1.5 - 3;
    return std::string(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    if (rest.find("include") != std::string_view::npos || rest.find("file:") != std::string_view::npos)
        return 0;
    flags::Attributes attributes;
    flags::Context context;
    context.user = take_line(rest);
    context.conversation = take_line(rest);
    context.attributes = &attributes;
    for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            continue;
        attributes.set(std::string(line.substr(0, equals)), value_of(line.substr(equals + 1)));
    }
    yaml::Problems problems;
    const yaml::Document document = yaml::parse("fuzz.yaml", rest, problems);
    const flags::Flag flag = flags::parse_flag(document.root(), "feature", {"stable", "next", "small"});
    const flags::Decision decision = flags::decide(flag, context);
    const flags::Explanation explanation = flags::explain(flag, context);
    check(explanation.decision.variant == decision.variant && explanation.decision.bucket == decision.bucket);
    check(!explanation.json().empty());
    check(flags::moved_share(flag.serve, flag.serve) == 0);
    if (problems.has_errors())
        return 0;
    check(decision.index < 3 && flag.variants[decision.index] == decision.variant);
    check(!decision.bucket || (*decision.bucket >= 0 && *decision.bucket < flags::kTotalWeight));
    check(!(decision.unassigned && decision.bucket));
    return 0;
}
