// Fallbacks that call no model.
#pragma once

#include <string>
#include <string_view>

namespace tidegate::pipeline {

class Exchange;
struct ChainEntry;

// Whether the entry suits what was asked for: a text would break a client that asked for JSON, embeddings have
// no text.
bool suits(const Exchange& exchange, const ChainEntry& entry);

// The text of an entry that asks nobody.
std::string text_of(const Exchange& exchange, const ChainEntry& entry);

// Makes the text the exchange's answer, as a whole stream if a stream was asked for.
void answer_with(Exchange& exchange, std::string_view text);

}  // namespace tidegate::pipeline
