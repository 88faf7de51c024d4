// OpenAI's words for what every format knows.
#pragma once

#include <tidegate/dialect/format.h>
#include <tidegate/dialect/usage.h>

#include <string>
#include <string_view>

#include <simdjson.h>

namespace tidegate::dialect::openai {

Finish read_finish(std::string_view reason);
std::string_view write_finish(Finish finish);
void append_usage(std::string& out, const Usage& usage);

// Whether a message or delta holds anything that a client sees.
bool has_content(const simdjson::dom::object& message);

}  // namespace tidegate::dialect::openai
