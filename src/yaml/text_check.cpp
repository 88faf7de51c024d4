#include "yaml/text_check.h"

#include <cstdint>

namespace tidegate::yaml {
namespace {

// The length of the UTF-8 character at the front of `text`, 0 if it is broken.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80)
            return 0;
    }
    const std::uint8_t second = byte(1);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second > 0x9f;
    const bool beyond = first == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

class Scanner {
  public:
    Scanner(std::string_view text, std::size_t max_depth, std::size_t max_nodes)
        : text_(text), max_depth_(max_depth), max_nodes_(max_nodes) {}

    std::optional<Refusal> run() {
        while (at_ < text_.size() && !refusal_) scan_line();
        return refusal_;
    }

  private:
    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n'; }

    bool ends_word(char c) const {
        return is_blank(c) || c == '\n' ||
               (depth_ > 0 && (c == ',' || c == '[' || c == ']' || c == '{' || c == '}'));
    }

    void refuse(std::string message) {
        if (!refusal_)
            refusal_ = Refusal{{line_, static_cast<int>(at_ - line_start_) + 1}, std::move(message)};
    }

    void scan_line() {
        ++line_;
        line_start_ = at_;
        indent_ = 0;
        while (peek() == ' ') ++at_, ++indent_;
        if (in_block_scalar_ && (peek() == '\n' || indent_ > block_indent_))
            return skip_line();
        in_block_scalar_ = false;
        if (quote_ == 0) {
            check_tabs();
            token_start_ = true;
        }
        while (peek() != '\n' && !refusal_) scan_character();
        if (at_ < text_.size())
            ++at_;
    }

    void skip_line() {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
    }

    void check_tabs() {
        if (peek() != '\t')
            return;
        std::size_t ahead = 0;
        while (is_blank(peek(ahead))) ++ahead;
        if (peek(ahead) != '\n' && peek(ahead) != '#')
            refuse("a tab is used as indentation; use spaces");
    }

    void scan_character() {
        const char c = peek();
        if (quote_ != 0)
            return scan_quoted(c);
        if (is_blank(c)) {
            ++at_;
        } else if (c == '#' && (at_ == line_start_ || is_blank(text_[at_ - 1]))) {
            while (peek() != '\n') ++at_;
        } else if (depth_ > 0 && (c == ']' || c == '}')) {
            --depth_;
            ++at_;
            token_start_ = false;
        } else if ((c == '[' || c == '{') && (token_start_ || depth_ > 0)) {
            open();
        } else if (c == ',' && depth_ > 0) {
            count();
            ++at_;
            token_start_ = true;
        } else if (c == ':' && (ends_word(peek(1)) || after_quote_)) {
            ++at_;
            token_start_ = true;
        } else if (token_start_) {
            scan_token_start(c);
        } else {
            ++at_;
        }
        if (quote_ == 0)
            after_quote_ = c == '"' || c == '\'';
    }

    void scan_token_start(char c) {
        if (c == '"' || c == '\'') {
            quote_ = c;
            ++at_;
            token_start_ = false;
        } else if ((c == '|' || c == '>') && depth_ == 0) {
            in_block_scalar_ = true;
            block_indent_ = indent_;
            while (peek() != '\n') ++at_;
        } else if (c == '&' || c == '*' || c == '!') {
            while (!ends_word(peek())) ++at_;
        } else {
            token_start_ = (c == '-' || c == '?') && ends_word(peek(1));
            ++at_;
        }
    }

    void scan_quoted(char c) {
        const bool escaped =
            (quote_ == '"' && c == '\\' && peek(1) != '\n') || (quote_ == '\'' && c == '\'' && peek(1) == '\'');
        if (!escaped && c == quote_) {
            quote_ = 0;
            after_quote_ = true;
        }
        at_ += escaped ? 2 : 1;
    }

    void open() {
        if (++depth_ > max_depth_)
            refuse("maps and lists are nested too deeply");
        count();
        ++at_;
        token_start_ = true;
    }

    void count() {
        if (++entries_ > max_nodes_)
            refuse("too many entries in [] and {}");
    }

    std::string_view text_;
    std::size_t max_depth_;
    std::size_t max_nodes_;
    std::size_t at_ = 0;
    std::size_t line_start_ = 0;
    int line_ = 0;
    std::size_t indent_ = 0;
    std::size_t depth_ = 0;
    std::size_t entries_ = 0;
    char quote_ = 0;
    bool after_quote_ = false;
    bool token_start_ = true;
    bool in_block_scalar_ = false;
    std::size_t block_indent_ = 0;
    std::optional<Refusal> refusal_;
};

}  // namespace

std::string normalize_lines(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            out += text[i];
        } else if (i + 1 == text.size() || text[i + 1] != '\n') {
            out += '\n';
        }
    }
    return out;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::optional<Refusal> check_text(std::string_view text, std::size_t max_depth, std::size_t max_nodes) {
    Position where{1, 1};
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text.substr(i));
        if (length == 0)
            return Refusal{where, "is not UTF-8"};
        if (is_control(text[i]))
            return Refusal{where, "holds a control character"};
        ++where.column;
        if (text[i] == '\n')
            where = {where.line + 1, 1};
        i += length;
    }
    return Scanner{text, max_depth, max_nodes}.run();
}

}  // namespace tidegate::yaml
