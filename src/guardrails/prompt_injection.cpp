// Phrases that are typical of texts which try to take a model over. Heuristics: who knows them gets around
// them.
#include "guardrails/expression.h"
#include "guardrails/kinds.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

struct InjectionCategory {
    std::string_view name;
    std::vector<std::string> patterns;
};

// A space in a pattern stands for some white space; every pattern is bounded, so that streams can be held.
std::vector<InjectionCategory> injection_categories() {
    const std::string instructions =
        "(?:instructions?|prompts?|rules?|directions?|guidelines?|commands?|constraints?)";
    const std::string earlier = "(?:previous|prior|above|earlier|preceding|initial|original|system)";
    const std::string some = "(?:(?:all|any|the|your|my|these|those|of|every) ){0,4}";
    return {
        // Calls to drop what the operator has said.
        {"override",
         {fmt::format("(?:ignore|disregard|forget|override|bypass) {}(?:{} ){{1,2}}{}", some, earlier,
                      instructions),
          fmt::format("(?:ignore|disregard|forget) {}{} (?:above|before|so far|you (?:were|have been) given)",
                      some, instructions),
          "(?:ignore|disregard|forget) (?:everything|anything|all) (?:above|before|prior|previous|you "
          "(?:were|have been) told)",
          "do not (?:follow|obey) (?:the|your|any) (?:previous|above|system|original) "
          "(?:instructions?|prompt|rules?)",
          "(?:your )?new (?:system )?instructions?(?: are)?:",
          "(?:ignoriere|vergiss|missachte) (?:alle|die|deine|meine|s\u00E4mtliche)? "
          "?(?:bisherigen|vorherigen|obigen|vorigen|fr\u00FCheren) "
          "(?:anweisungen|instruktionen|regeln|befehle)",
          "(?:ignore|ignorez|oublie|oubliez) (?:toutes )?(?:les|tes|vos) "
          "(?:instructions|consignes|r\u00E8gles) (?:pr\u00E9c\u00E9dentes|ant\u00E9rieures|ci-dessus)",
          "(?:ignora|olvida|ignore|olvide) (?:todas )?(?:las|tus|sus) (?:instrucciones|reglas|indicaciones) "
          "(?:anteriores|previas)"}},
        // Questions for the instructions themselves.
        {"prompt_leak",
         {"(?:reveal|show|print|repeat|output|display|tell me|give me|leak|dump|recite|write out) (?:me )?"
          "(?:(?:all|the|full|entire|complete|exact) ){0,3}(?:of "
          ")?(?:your|system|hidden|secret|initial|original) "
          "(?:(?:full|entire|complete|exact|system|hidden|secret|initial|original) ){0,3}"
          "(?:prompts?|instructions|messages?|guidelines)",
          "what (?:is|are|was|were) your (?:system|initial|original|hidden|secret|exact) "
          "(?:prompt|instructions|message)",
          "(?:repeat|print|output) (?:everything|all|the text|the words) (?:above|before this)"}},
        // Roles without rules.
        {"role_play",
         {"you are (?:now |from now on )?(?:dan|stan|dude|aim|an? "
          "(?:unrestricted|unfiltered|uncensored|jailbroken|evil) (?:ai|assistant|model|chatbot))\\b",
          "\\bdo anything now\\b",
          "(?:enable|enter|activate|switch to|in) (?:developer|debug|god|jailbreak|dan|sudo|admin|maintenance) "
          "mode\\b",
          "(?:pretend|act|behave|respond) (?:as if |as though |that |like )?you (?:have|had|are|were) (?:no "
          "|not bound by |free (?:of|from) |without )(?:any "
          ")?(?:restrictions?|rules?|limits?|limitations?|filters?|guidelines?|policies)",
          "without (?:any )?(?:ethical|moral|safety|content) "
          "(?:restrictions?|guidelines?|filters?|constraints?|considerations?)"}},
        // Marks by which chat templates tell who speaks.
        {"delimiters",
         {"<\\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|begin_of_text|end_of_text|eot_id|"
          "start_header_id|end_header_id)\\|>",
          "\\[/?INST\\]", "<</?SYS>>", "<(?:start|end)_of_turn>",
          "</?(?:system|system_prompt|system_instructions?)>",
          "(?m:^)#{1,4} ?(?:system|system prompt|system message|instructions?) ?:"}},
        // Text in characters that nobody sees: Unicode's tags, and rows of zero-width ones.
        {"hidden_text",
         {"[\\x{E0020}-\\x{E007F}]{1,16}", "[\\x{200B}\\x{200C}\\x{2060}\\x{2062}-\\x{2064}\\x{FEFF}]{4,16}"}},
    };
}

std::string injection_pattern(std::string_view written) {
    std::string pattern = "(?i)";
    for (const char c : written) {
        if (c == ' ')
            pattern += "(?-i:[\\s\\x{00A0}]{1,4})";
        else
            pattern += c;
    }
    return pattern;
}

}  // namespace

void make_prompt_injection(const yaml::Cursor& at, Making making) {
    static const std::vector<InjectionCategory> kCategories = injection_categories();
    std::vector<std::string_view> known;
    for (const InjectionCategory& category : kCategories) known.push_back(category.name);
    const std::vector<std::string_view> wanted = parse_categories(at["categories"], known);
    std::vector<std::unique_ptr<const Finder>> finders;
    for (const InjectionCategory& category : kCategories) {
        if (std::find(wanted.begin(), wanted.end(), category.name) == wanted.end())
            continue;
        std::vector<std::string> patterns;
        for (const std::string& written : category.patterns) patterns.push_back(injection_pattern(written));
        finders.push_back(make_expression_finder(patterns, category.name).value());
    }
    making.guardrail.text = make_pattern_check(std::move(finders));
}

}  // namespace tidegate::guardrails
