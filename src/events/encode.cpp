#include "record_members.h"

#include <tidegate/base/text.h>
#include <tidegate/events/call_record.h>

#include <iterator>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

namespace tidegate::events {
namespace {

// Writes `"name":value,` for what is not empty.
class Writer {
  public:
    explicit Writer(std::string& out) : out_(out) {}

    void operator()(std::string_view name, const std::string& value) {
        if (value.empty())
            return;
        begin(name);
        append_json_string(out_, value);
        out_ += ',';
    }
    void operator()(std::string_view name, std::string_view value) {
        begin(name);
        append_json_string(out_, value);
        out_ += ',';
    }
    void operator()(std::string_view name, const CallId& id) {
        (*this)(name, std::string_view(id.to_string()));
    }
    void operator()(std::string_view name, Outcome outcome) { (*this)(name, to_string(outcome)); }
    void operator()(std::string_view name, UsageKind kind) {
        if (kind != UsageKind::none)
            (*this)(name, to_string(kind));
    }
    void operator()(std::string_view name, bool value) {
        if (value)
            number(name, "true");
    }
    void operator()(std::string_view name, int value) { (*this)(name, std::int64_t{value}); }
    void operator()(std::string_view name, std::int64_t value) {
        if (value != 0)
            number(name, value);
    }
    void operator()(std::string_view name, const std::optional<std::uint32_t>& value) {
        if (value)
            number(name, *value);
    }
    void operator()(std::string_view name, NanoDollars value) { number(name, value.count()); }
    void operator()(std::string_view name, Duration value) { number(name, microseconds(value)); }
    void operator()(std::string_view name, const std::optional<Duration>& value) {
        if (value)
            number(name, microseconds(*value));
    }
    void operator()(std::string_view name, WallTime value) {
        number(name, microseconds(value.time_since_epoch()));
    }
    void operator()(std::string_view name, const dialect::Usage& usage) {
        if (usage == dialect::Usage{})
            return;
        begin(name);
        out_ += '{';
        for_each_usage_member(usage, *this);
        close('}');
    }
    void operator()(std::string_view name, const Pairs& pairs) {
        if (pairs.empty())
            return;
        begin(name);
        out_ += '{';
        for (const auto& [key, value] : pairs) (*this)(std::string_view(key), std::string_view(value));
        close('}');
    }
    void operator()(std::string_view name, const std::vector<std::string>& texts) {
        if (texts.empty())
            return;
        begin(name);
        out_ += '[';
        for (const std::string& text : texts) {
            append_json_string(out_, text);
            out_ += ',';
        }
        close(']');
    }
    void operator()(std::string_view name, const std::vector<Attempt>& attempts) {
        write_objects(name, attempts, [this](const Attempt& each) { for_each_attempt_member(each, *this); });
    }
    void operator()(std::string_view name, const std::vector<Trip>& trips) {
        write_objects(name, trips, [this](const Trip& each) { for_each_trip_member(each, *this); });
    }
    void operator()(std::string_view name, const std::vector<Comparison>& comparisons) {
        write_objects(name, comparisons,
                      [this](const Comparison& each) { for_each_comparison_member(each, *this); });
    }
    void operator()(std::string_view name, ShadowRole role) { (*this)(name, to_string(role)); }
    void operator()(std::string_view name, const std::optional<bool>& value) {
        if (value)
            number(name, *value);
    }
    void operator()(std::string_view name, double value) {
        begin(name);
        fmt::format_to(std::back_inserter(out_), "{:.4f},", value);
    }
    void operator()(std::string_view name, const std::optional<double>& value) {
        if (value)
            (*this)(name, *value);
    }
    void operator()(std::string_view name, const LiveSide& live) {
        begin(name);
        out_ += '{';
        for_each_live_member(live, *this);
        close('}');
    }
    void operator()(std::string_view name, const std::optional<Shadow>& shadow) {
        if (!shadow)
            return;
        begin(name);
        out_ += '{';
        for_each_shadow_member(*shadow, *this);
        close('}');
    }
    void operator()(std::string_view name, const Content& content) {
        if (content.empty())
            return;
        begin(name);
        out_ += '{';
        (*this)("format", content.format);
        (*this)("stream", content.stream);
        number("total_bytes", content.total());
        (*this)("truncated", content.truncated());
        const std::string bytes = content.bytes();
        if (simdjson::validate_utf8(bytes)) {
            (*this)("text", std::string_view(bytes));
        } else {
            base64("base64", bytes);
        }
        close('}');
    }

  private:
    template <class Item, class Visit>
    void write_objects(std::string_view name, const std::vector<Item>& items, Visit visit) {
        if (items.empty())
            return;
        begin(name);
        out_ += '[';
        for (const Item& item : items) {
            out_ += '{';
            visit(item);
            close('}');
        }
        close(']');
    }
    static std::int64_t microseconds(Duration value) {
        return std::chrono::floor<std::chrono::microseconds>(value).count();
    }
    void begin(std::string_view name) {
        append_json_string(out_, name);
        out_ += ':';
    }
    template <class T>
    void number(std::string_view name, T value) {
        begin(name);
        fmt::format_to(std::back_inserter(out_), "{},", value);
    }
    // Over the last comma, if there is one.
    void close(char end) {
        if (out_.back() == ',')
            out_.pop_back();
        out_ += end;
        out_ += ',';
    }
    void base64(std::string_view name, const std::string& bytes) {
        begin(name);
        out_ += '"';
        const std::size_t start = out_.size();
        out_.resize(start + (bytes.size() + 2) / 3 * 4 + 1);  // and the end mark that OpenSSL writes
        const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out_.data() + start),
                                           reinterpret_cast<const unsigned char*>(bytes.data()),
                                           static_cast<int>(bytes.size()));
        out_.resize(start + static_cast<std::size_t>(length));
        out_ += "\",";
    }

    std::string& out_;
};

}  // namespace

Encoded encode(const CallRecord& record, bool with_content) {
    Encoded encoded;
    std::string& out = encoded.json;
    out.reserve(2048 +
                (with_content ? record.request.kept() + record.answer.kept() + record.live_answer.kept() : 0));
    out = fmt::format(R"({{"schema":{},"time":"{}",)", kRecordSchema, format_utc(record.started));
    Writer writer(out);
    for_each_member(record, writer);
    out.pop_back();
    encoded.head = out.size();
    const bool has_content = !(record.request.empty() && record.answer.empty() && record.context.empty() &&
                               record.live_answer.empty());
    if (with_content && has_content) {
        out += R"(,"content":{)";
        writer("request", record.request);
        writer("answer", record.answer);
        writer("context", record.context);
        writer("live_answer", record.live_answer);
        out.back() = '}';
    }
    out += '}';
    return encoded;
}

}  // namespace tidegate::events
