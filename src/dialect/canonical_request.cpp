#include "parsed_request.h"

#include <tidegate/dialect/canonical_request.h>

#include <algorithm>
#include <array>

namespace tidegate::dialect {
namespace {

using detail::JsonItem;
using detail::JsonTokens;
using detail::Known;
using detail::Member;

constexpr std::array kLeftOut{Known::model,    Known::user,     Known::safety_identifier,
                              Known::metadata, Known::tidegate, Known::stream_options,
                              Known::stream};

bool is_left_out(const Member& member) {
    return std::find(kLeftOut.begin(), kLeftOut.end(), member.known) != kLeftOut.end();
}

// Whether members below this key (with its quotes) keep their order. A key with an escape may be one of them.
bool keeps_order(std::string_view key) {
    constexpr std::array<std::string_view, 6> kOrdered{"\"input\"",        "\"arguments\"", "\"parameters\"",
                                                       "\"input_schema\"", "\"schema\"",    "\"properties\""};
    return key.find('\\') != std::string_view::npos ||
           std::find(kOrdered.begin(), kOrdered.end(), key) != kOrdered.end();
}

class CanonicalWriter {
  public:
    CanonicalWriter(const JsonTokens& tokens, std::string& out) : x_tokens(tokens), x_out(out) {}

    void write(const JsonItem& item, bool ordered) {
        switch (x_tokens.at(item.token)) {
            case '{':
                write_object(item, ordered);
                break;
            case '[':
                write_array(item, ordered);
                break;
            default:
                x_out += x_tokens.text(item.value);
        }
    }

  private:
    void write_object(const JsonItem& object, bool ordered) {
        // Members of this object lie behind those of the objects around it.
        const std::size_t first = x_items.size();
        x_tokens.for_each(object.token, [&](const JsonItem& item) {
            x_items.push_back(item);
            return true;
        });
        const std::size_t last = x_items.size();
        if (!ordered)
            sort_from(first);
        x_out += '{';
        for (std::size_t i = first; i < last; ++i) {
            const JsonItem item = x_items[i];
            if (i > first)
                x_out += ',';
            const std::string_view key = x_tokens.text(item.key);
            x_out += key;
            x_out += ':';
            write(item, ordered || keeps_order(key));
        }
        x_out += '}';
        x_items.resize(first);
    }

    void write_array(const JsonItem& array, bool ordered) {
        x_out += '[';
        bool any = false;
        x_tokens.for_each(array.token, [&](const JsonItem& item) {
            if (any)
                x_out += ',';
            any = true;
            write(item, ordered);
            return true;
        });
        x_out += ']';
    }

    // By key; equal ones, which no decision reads, stay as they came.
    void sort_from(std::size_t first) {
        std::sort(x_items.begin() + static_cast<std::ptrdiff_t>(first), x_items.end(),
                  [&](const JsonItem& a, const JsonItem& b) {
                      const int order = x_tokens.text(a.key).compare(x_tokens.text(b.key));
                      return order != 0 ? order < 0 : a.key.begin < b.key.begin;
                  });
    }

    const JsonTokens& x_tokens;
    std::string& x_out;
    std::vector<JsonItem> x_items;
};

}  // namespace

void append_canonical(const RequestView& request, std::string& out) {
    const detail::ParsedRequest& parsed = request.parsed();
    out.append(to_string(parsed.format)).append(" ").append(to_string(parsed.operation));
    if (parsed.stream)
        out += parsed.wants_usage ? " stream with usage" : " stream";
    std::vector<const Member*> members;
    members.reserve(parsed.members.size());
    for (const Member& member : parsed.members) {
        if (!is_left_out(member))
            members.push_back(&member);
    }
    std::sort(members.begin(), members.end(), [](const Member* a, const Member* b) { return a->key < b->key; });
    CanonicalWriter writer(parsed.tokens, out);
    char separator = '{';
    for (const Member* member : members) {
        const std::string_view key = parsed.tokens.text(member->at.key);
        out += separator;
        out.append(key) += ':';
        writer.write(member->at, keeps_order(key));
        separator = ',';
    }
}

}  // namespace tidegate::dialect
