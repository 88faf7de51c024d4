// Whole texts of a body: what guardrails find in them, and how they are written without it.
#pragma once

#include <tidegate/dialect/texts.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/guardrails/redactions.h>

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::calls {

// A text as guardrails see it: arguments of tools with the escapes in their JSON resolved.
class SeenText {
  public:
    explicit SeenText(const dialect::BodyText& text);

    std::string_view text() const { return escaped_ ? std::string_view(resolved_) : text_->text; }
    bool is_arguments() const { return text_->kind == dialect::TextKind::tool_arguments; }
    // Whether a guardrail looks at texts of this kind.
    bool concerns(const guardrails::Guardrail& guardrail) const {
        return guardrail.text && (!guardrail.text_only || text_->kind == dialect::TextKind::text);
    }
    // What it says once `redactions` are made.
    std::string redacted(const guardrails::Redactions& redactions) const;
    // The same as a change to the body. Nothing if arguments would be no JSON any more.
    std::optional<dialect::TextEdit> edit(const guardrails::Redactions& redactions) const;

  private:
    const dialect::BodyText* text_;
    bool escaped_;  // arguments with escapes in their JSON
    std::string resolved_;
};

// Room behind a body for the parser.
void pad(std::string& body);

}  // namespace tidegate::calls
