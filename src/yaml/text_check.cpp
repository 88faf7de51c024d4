#include "yaml/text_check.h"

#include "yaml/characters.h"

#include <algorithm>
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

// Follows lines, quotes, comments, block scalars and [] {} without understanding more of YAML than that.
class Scanner {
  public:
    Scanner(std::string_view text, std::size_t max_depth, std::size_t max_nodes)
        : text_(text), max_depth_(max_depth), max_nodes_(max_nodes) {}

    std::optional<Refusal> run() {
        while (at_ < text_.size() && !refusal_) scan_line();
        if (quote_ != 0 && !refusal_)
            refusal_ = Refusal{quote_start_, "a quote is not closed"};
        return refusal_;
    }

  private:
    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n'; }
    int column() const { return static_cast<int>(at_ - line_start_); }
    bool is_open() const { return quote_ != 0 || depth_ > 0; }

    bool ends_word(char c) const {
        return is_blank(c) || c == '\n' ||
               (depth_ > 0 && (c == ',' || c == '[' || c == ']' || c == '{' || c == '}'));
    }

    void refuse(std::string message) {
        if (!refusal_)
            refusal_ = Refusal{{line_, column() + 1}, std::move(message)};
    }

    void scan_line() {
        ++line_;
        line_start_ = at_;
        while (peek() == ' ') ++at_;
        if (in_block_scalar_ && scan_block_scalar())
            return;
        if (is_open()) {
            check_continuation();
        } else {
            begin_block_line();
        }
        while (peek() != '\n' && !refusal_) scan_character();
        if (at_ < text_.size())
            ++at_;
    }

    void begin_block_line() {
        check_tabs();
        if (peek() == '\n' || peek() == '#')
            return;
        parent_ = column() - 1;
        first_on_line_ = true;
        token_start_ = !(in_plain_ && column() > plain_parent_);
        if (column() != 0)
            return;
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with('%')) {
            while (peek() != '\n') ++at_;
        } else if ((rest.starts_with("---") || rest.starts_with("...")) && ends_word(peek(3))) {
            at_ += 3;
        }
    }

    // Whether this line belongs to the block scalar; it is then behind us.
    bool scan_block_scalar() {
        if (peek() == '\n') {
            if (!block_has_text_)
                block_blank_ = std::max(block_blank_, column());
        } else if (column() <= block_parent_) {
            in_block_scalar_ = false;
            return false;
        } else {
            if (!block_has_text_ && block_blank_ > column())
                refuse("a blank line is indented deeper than the text");
            block_has_text_ = true;
        }
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
        return true;
    }

    void check_tabs() {
        if (peek() != '\t')
            return;
        std::size_t ahead = 0;
        while (is_blank(peek(ahead))) ++ahead;
        if (peek(ahead) != '\n' && peek(ahead) != '#')
            refuse("a tab is used as indentation; use spaces");
    }

    // A quote or [] {} that goes on must be indented deeper than what it belongs to; the closing bracket need
    // not.
    void check_continuation() {
        if (column() > open_parent_ || peek() == '\n' || peek() == '#')
            return;
        if (quote_ == 0 && (peek() == ']' || peek() == '}'))
            return;
        std::size_t ahead = 0;
        while (is_blank(peek(ahead))) ++ahead;
        if (peek(ahead) == '\n')
            return;
        refuse(quote_ != 0 ? "the text in quotes must be indented deeper"
                           : "the content of [] or {} must be indented deeper");
    }

    void scan_character() {
        const char c = peek();
        if (quote_ != 0)
            return scan_quoted(c);
        if (is_blank(c)) {
            ++at_;
            after_quote_ = false;
            return;
        }
        if (c == '#' && after_quote_) {
            refuse("a comment needs a space before it");
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
        } else if (c == ':' && (ends_word(peek(1)) || (after_quote_ && depth_ > 0))) {
            if (depth_ == 0 && first_on_line_)
                parent_ = token_start_ ? column() : token_column_;
            ++at_;
            token_start_ = true;
            first_on_line_ = false;
            in_plain_ = false;
        } else if (token_start_) {
            scan_token_start(c);
        } else {
            ++at_;
        }
        after_quote_ = false;
    }

    void scan_token_start(char c) {
        in_plain_ = false;
        const bool is_dash = (c == '-' || c == '?') && depth_ == 0 && ends_word(peek(1));
        if (first_on_line_ && !is_dash)
            token_column_ = column();
        if (c == '"' || c == '\'') {
            if (depth_ == 0)
                open_parent_ = parent_;
            quote_ = c;
            quote_start_ = {line_, column() + 1};
            ++at_;
            token_start_ = false;
        } else if ((c == '|' || c == '>') && depth_ == 0) {
            begin_block_scalar();
        } else if (c == '&' || c == '*' || c == '!') {
            while (!ends_word(peek())) ++at_;
        } else if (is_dash) {
            if (first_on_line_)
                parent_ = column();
            ++at_;
        } else {
            token_start_ = false;
            in_plain_ = depth_ == 0;
            plain_parent_ = parent_;
            ++at_;
        }
    }

    void begin_block_scalar() {
        in_block_scalar_ = true;
        block_parent_ = parent_;
        block_blank_ = 0;
        block_has_text_ = false;
        ++at_;
        while (peek() == '+' || peek() == '-' || is_digit(peek())) {
            block_has_text_ = block_has_text_ || is_digit(peek());  // the indentation is given
            ++at_;
        }
        if (!is_blank(peek()) && peek() != '\n')
            refuse("only + - and a digit may follow | and >");
        while (peek() != '\n') ++at_;
    }

    void scan_quoted(char c) {
        if (quote_ == '"' && c == '\\') {
            if (peek(1) != '\n' &&
                std::string_view("0abt\tnvfre \"/\\N_LPxuU").find(peek(1)) == std::string_view::npos) {
                refuse("an unknown escape in double quotes; write \\\\ for a backslash or use single quotes");
            }
            at_ += peek(1) == '\n' ? 1 : 2;
        } else if (quote_ == '\'' && c == '\'' && peek(1) == '\'') {
            at_ += 2;
        } else {
            after_quote_ = c == quote_;
            if (after_quote_)
                quote_ = 0;
            ++at_;
        }
    }

    void open() {
        if (depth_ == 0)
            open_parent_ = parent_;
        if (++depth_ > max_depth_)
            refuse("maps and lists are nested too deeply");
        count();
        ++at_;
        in_plain_ = false;
        token_start_ = true;
    }

    void count() {
        if (++entries_ > max_nodes_)
            refuse("too many entries in [] and {}");
    }

    std::string_view text_;
    std::size_t max_depth_;
    std::size_t max_nodes_;
    std::optional<Refusal> refusal_;
    std::size_t at_ = 0;
    std::size_t line_start_ = 0;
    int line_ = 0;

    // Columns count from 0 here; what belongs to a key or dash stands right of its column, the parent.
    int parent_ = -1;
    bool first_on_line_ = true;  // only dashes and one token so far
    int token_column_ = 0;       // of that token
    bool token_start_ = true;
    bool after_quote_ = false;  // right behind a closing quote
    char quote_ = 0;
    Position quote_start_;
    std::size_t depth_ = 0;  // of [] {}
    std::size_t entries_ = 0;
    int open_parent_ = -1;  // of the quote or [] {} that is open
    bool in_plain_ = false;
    int plain_parent_ = -1;
    bool in_block_scalar_ = false;
    int block_parent_ = -1;
    int block_blank_ = 0;
    bool block_has_text_ = false;
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
