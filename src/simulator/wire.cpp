#include "simulator/wire.h"

#include <tidegate/base/text.h>

namespace tidegate::simulator {

const Wire& wire_of(Dialect dialect) {
    return dialect == Dialect::openai ? kOpenAi : kAnthropic;
}

std::string join(const std::vector<std::string>& tokens, std::size_t begin, std::size_t count) {
    std::string out;
    for (std::size_t i = begin; i < tokens.size() && i - begin < count; ++i) out += tokens[i];
    return out;
}

std::vector<std::string_view> pieces(std::string_view text, std::size_t bytes) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        std::string_view piece = utf8_prefix(text, bytes);
        if (piece.empty())
            piece = text.substr(0, bytes);
        out.push_back(piece);
        text.remove_prefix(piece.size());
    }
    return out;
}

}  // namespace tidegate::simulator
