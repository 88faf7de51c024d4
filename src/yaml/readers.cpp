#include "yaml/node.h"

#include <tidegate/yaml/cursor.h>
#include <tidegate/yaml/nearest.h>
#include <tidegate/yaml/scalar.h>

#include <fmt/format.h>

namespace tidegate::yaml {

const std::string* Cursor::scalar() const {
    if (node_ == nullptr)
        return nullptr;
    if (node_->kind == Node::Kind::scalar)
        return &node_->value;
    mismatch("must be a single value");
    return nullptr;
}

const std::string* Cursor::plain_scalar(std::string_view wanted) const {
    if (node_ == nullptr)
        return nullptr;
    if (node_->kind != Node::Kind::scalar) {
        mismatch(wanted);
        return nullptr;
    }
    if (node_->plain || node_->secret)
        return &node_->value;
    problem(fmt::format("{}, without quotes", wanted));
    return nullptr;
}

namespace {

// `value` if it is there; otherwise reports what was wanted.
template <class T>
std::optional<T> expect(const Cursor& at, const std::optional<T>& value, std::string_view wanted) {
    if (!value)
        at.problem(std::string(wanted));
    return value;
}

constexpr std::string_view kDuration = "must be a time such as 800ms, 10s, 5m, 72h or 7d, at most ten years";
constexpr std::string_view kByteSize = "must be a size such as 512B, 16KiB, 32MiB or 20GiB";
constexpr std::string_view kMoney = "must be US dollars with at most nine decimals, not negative";

}  // namespace

std::optional<std::string> Cursor::optional_text() const {
    const std::string* text = scalar();
    if (text == nullptr)
        return std::nullopt;
    return *text;
}
std::string Cursor::text(std::string otherwise) const {
    return optional_text().value_or(std::move(otherwise));
}
std::string Cursor::text() const {
    required();
    std::optional<std::string> text = optional_text();
    if (text && text->empty())
        problem("must not be empty");
    return std::move(text).value_or("");
}

std::optional<std::int64_t> Cursor::optional_integer(std::int64_t min, std::int64_t max) const {
    const std::string wanted = fmt::format("must be a whole number from {} to {}", min, max);
    const std::string* text = plain_scalar(wanted);
    if (text == nullptr)
        return std::nullopt;
    std::optional<std::int64_t> value = parse_integer(*text);
    if (value && (*value < min || *value > max))
        value.reset();
    return expect(*this, value, wanted);
}
std::int64_t Cursor::integer(std::int64_t min, std::int64_t max, std::int64_t otherwise) const {
    return optional_integer(min, max).value_or(otherwise);
}
std::int64_t Cursor::integer(std::int64_t min, std::int64_t max) const {
    required();
    return integer(min, max, min);
}

std::optional<bool> Cursor::optional_boolean() const {
    constexpr std::string_view kWanted = "must be true or false";
    const std::string* text = plain_scalar(kWanted);
    if (text == nullptr)
        return std::nullopt;
    if (*text == "true")
        return true;
    if (*text == "false")
        return false;
    problem(std::string(kWanted));
    return std::nullopt;
}
bool Cursor::boolean(bool otherwise) const {
    return optional_boolean().value_or(otherwise);
}
bool Cursor::boolean() const {
    required();
    return boolean(false);
}

std::optional<double> Cursor::optional_number(double min, double max) const {
    const std::string wanted = fmt::format("must be a number from {} to {}", min, max);
    const std::string* text = plain_scalar(wanted);
    if (text == nullptr)
        return std::nullopt;
    std::optional<double> value = parse_number(*text);
    if (value && (*value < min || *value > max))
        value.reset();
    return expect(*this, value, wanted);
}
double Cursor::number(double min, double max, double otherwise) const {
    return optional_number(min, max).value_or(otherwise);
}
double Cursor::number(double min, double max) const {
    required();
    return number(min, max, min);
}

std::optional<Duration> Cursor::optional_duration() const {
    const std::string* text = scalar();
    if (text == nullptr)
        return std::nullopt;
    std::optional<Duration> value = parse_duration(*text);
    if (value && value->count() == 0)
        value.reset();
    return expect(*this, value, kDuration);
}
Duration Cursor::duration(Duration otherwise) const {
    return optional_duration().value_or(otherwise);
}
Duration Cursor::duration() const {
    required();
    return duration(std::chrono::seconds{1});
}

std::optional<std::uint64_t> Cursor::optional_byte_size() const {
    const std::string* text = scalar();
    if (text == nullptr)
        return std::nullopt;
    std::optional<std::uint64_t> value = parse_byte_size(*text);
    if (value && *value == 0)
        value.reset();
    return expect(*this, value, kByteSize);
}
std::uint64_t Cursor::byte_size(std::uint64_t otherwise) const {
    return optional_byte_size().value_or(otherwise);
}
std::uint64_t Cursor::byte_size() const {
    required();
    return byte_size(1);
}

std::optional<int> Cursor::optional_percent(Bare bare, int max) const {
    const std::string wanted = fmt::format("must be a percentage{} from 0% to {}% with at most two decimals",
                                           bare == Bare::allowed ? "" : " such as 10%", max / 100.0);
    const std::string* text = bare == Bare::allowed ? plain_scalar(wanted) : scalar();
    if (text == nullptr)
        return std::nullopt;
    std::optional<int> value = parse_percent(*text);
    const bool lacks_unit = bare == Bare::refused && !text->ends_with('%');
    if (value && (*value > max || lacks_unit))
        value.reset();
    return expect(*this, value, wanted);
}
int Cursor::percent_or(int otherwise, Bare bare, int max) const {
    return optional_percent(bare, max).value_or(otherwise);
}
int Cursor::percent(Bare bare, int max) const {
    required();
    return percent_or(0, bare, max);
}

std::optional<NanoDollars> Cursor::optional_money() const {
    const std::string* text = plain_scalar(kMoney);
    if (text == nullptr)
        return std::nullopt;
    std::optional<NanoDollars> value = parse_number(*text) ? NanoDollars::parse(*text) : std::nullopt;
    if (value && value->count() < 0)
        value.reset();
    return expect(*this, value, kMoney);
}
NanoDollars Cursor::money(NanoDollars otherwise) const {
    return optional_money().value_or(otherwise);
}
NanoDollars Cursor::money() const {
    required();
    return money(NanoDollars{});
}

std::optional<std::size_t> Cursor::word_index(const std::vector<std::string_view>& words) const {
    const std::string* text = scalar();
    if (text == nullptr)
        return std::nullopt;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == *text)
            return i;
    }
    const std::optional<std::string_view> meant = is_secret() ? std::nullopt : nearest(*text, words);
    problem(fmt::format("must be one of {}{}", fmt::join(words, ", "),
                        meant ? fmt::format("; did you mean {}?", *meant) : ""));
    return std::nullopt;
}

std::vector<std::string> Cursor::text_list() const {
    std::vector<std::string> texts;
    each_item([&texts](const Cursor& item) {
        if (std::optional<std::string> text = item.optional_text())
            texts.push_back(*std::move(text));
    });
    return texts;
}

}  // namespace tidegate::yaml
