// Byte offsets inside a JSON document that simdjson has validated: where members and elements begin and end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::dialect::detail {

// [begin, end) in bytes of the document.
struct ByteRange {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// A member of an object, or an element of an array (then `key` is empty and begins at the value).
struct JsonItem {
    ByteRange key;  // with its quotes
    ByteRange value;
    std::uint32_t token = 0;  // of the value
};

// Reads the structural index that simdjson leaves behind: one position a token (brackets, commas, colons, and
// the first byte of each string, number or word). So offsets cost a look at each token, not at each byte.
class JsonTokens {
  public:
    JsonTokens() = default;
    JsonTokens(std::string_view document, const std::uint32_t* index, std::uint32_t count)
        : x_document(document), x_index(index), x_count(count) {}

    std::string_view document() const { return x_document; }
    char at(std::uint32_t token) const { return x_document[x_index[token]]; }
    std::size_t offset(std::uint32_t token) const { return x_index[token]; }
    std::string_view text(ByteRange range) const {
        return x_document.substr(range.begin, range.end - range.begin);
    }

    // The token after the value that begins at `token`.
    std::uint32_t after(std::uint32_t token) const {
        const char first = at(token);
        if (first != '{' && first != '[')
            return token + 1;
        std::size_t depth = 0;
        for (;; ++token) {
            switch (at(token)) {
                case '{':
                case '[':
                    ++depth;
                    break;
                case '}':
                case ']':
                    if (--depth == 0)
                        return token + 1;
                    break;
                default:
                    break;
            }
        }
    }

    // The offset behind the value that begins at `token` and is followed by the token `next`.
    std::size_t value_end(std::uint32_t next) const {
        std::size_t end = next < x_count ? x_index[next] : x_document.size();
        while (end > 0 && is_space(x_document[end - 1])) --end;
        return end;
    }

    // Calls fn(JsonItem) for each member or element of the object or array that opens at `open`; fn returns
    // false to stop.
    template <class Function>
    void for_each(std::uint32_t open, Function&& fn) const {
        const bool object = at(open) == '{';
        std::uint32_t token = open + 1;
        if (at(token) == '}' || at(token) == ']')
            return;
        for (;;) {
            JsonItem item;
            if (object) {
                item.key = {x_index[token], value_end(token + 1)};
                token += 2;
            }
            const std::uint32_t next = after(token);
            item.value = {x_index[token], value_end(next)};
            item.token = token;
            if (!object)
                item.key = {item.value.begin, item.value.begin};
            if (!fn(static_cast<const JsonItem&>(item)))
                return;
            if (at(next) != ',')
                return;
            token = next + 1;
        }
    }

  private:
    static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

    std::string_view x_document;
    const std::uint32_t* x_index = nullptr;
    std::uint32_t x_count = 0;
};

// Copies an object or array while leaving out, replacing or adding items; whatever is kept stays byte for byte.
class ListCopy {
  public:
    // `open` is the token of the bracket. Nothing is written before the first call.
    ListCopy(const JsonTokens& tokens, std::uint32_t open, std::string& out)
        : x_document(tokens.document()), x_out(out), x_from(tokens.offset(open)), x_last(x_from + 1) {}

    void keep(const JsonItem& item) {
        separate(item);
        x_last = item.value.end;
    }
    void drop(const JsonItem& item) {
        flush();
        x_from = x_last = item.value.end;
    }
    // Keeps the key; the caller appends the new value to out.
    void replace(const JsonItem& item) {
        separate(item);
        x_last = item.value.begin;
        flush();
        x_from = x_last = item.value.end;
    }
    // The caller appends a new item to out, behind all that were seen so far.
    void add() {
        flush();
        if (x_any)
            x_out += ',';
        x_any = true;
    }
    // Copies the closing bracket, which ends at `end`.
    void close(std::size_t end) {
        flush();
        x_out.append(x_document, x_from, end - x_from);
    }

  private:
    // Puts the comma right between what was kept before and `item`.
    void separate(const JsonItem& item) {
        if (x_from == x_last || !x_any) {
            flush();
            const std::string_view gap = x_document.substr(x_last, item.key.begin - x_last);
            const std::size_t comma = gap.find(',');
            if (x_any && comma == std::string_view::npos)
                x_out += ',';
            if (!x_any && comma != std::string_view::npos) {
                x_out.append(gap.substr(0, comma)).append(gap.substr(comma + 1));
            } else {
                x_out.append(gap);
            }
            x_from = item.key.begin;
        }
        x_any = true;
    }
    void flush() {
        x_out.append(x_document, x_from, x_last - x_from);
        x_from = x_last;
    }

    std::string_view x_document;
    std::string& x_out;
    std::size_t x_from;      // first byte that is not yet copied
    std::size_t x_last = 0;  // behind the last item seen
    bool x_any = false;      // an item was written
};

}  // namespace tidegate::dialect::detail
