#include "content_codec.h"
#include "record_members.h"

#include <tidegate/base/text_appender.h>
#include <tidegate/events/call_record.h>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

namespace tidegate::events {
namespace {

// Writes `"name":value,` for what is not empty.
class Writer {
  public:
    explicit Writer(TextAppender& out) : out_(out) {}

    void operator()(std::string_view name, const std::string& value) {
        if (value.empty())
            return;
        begin(name);
        out_.add_json_string(value);
        out_.add(',');
    }
    void operator()(std::string_view name, std::string_view value) {
        begin(name);
        out_.add_json_string(value);
        out_.add(',');
    }
    void operator()(std::string_view name, const CallId& id) { word(name, id.to_string()); }
    void operator()(std::string_view name, Outcome outcome) { word(name, to_string(outcome)); }
    void operator()(std::string_view name, UsageKind kind) {
        if (kind != UsageKind::none)
            word(name, to_string(kind));
    }
    void operator()(std::string_view name, bool value) {
        if (value)
            truth(name, true);
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
        out_.add('{');
        for_each_usage_member(usage, *this);
        close('}');
    }
    void operator()(std::string_view name, const Pairs& pairs) {
        if (pairs.empty())
            return;
        begin(name);
        out_.add('{');
        for (const auto& [key, value] : pairs) {
            out_.add_json_string(key);
            out_.add(':');
            out_.add_json_string(value);
            out_.add(',');
        }
        close('}');
    }
    void operator()(std::string_view name, const std::vector<std::string>& texts) {
        if (texts.empty())
            return;
        begin(name);
        out_.add('[');
        for (const std::string& text : texts) {
            out_.add_json_string(text);
            out_.add(',');
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
    void operator()(std::string_view name, ShadowRole role) { word(name, to_string(role)); }
    void operator()(std::string_view name, const std::optional<bool>& value) {
        if (value)
            truth(name, *value);
    }
    void operator()(std::string_view name, double value) {
        begin(name);
        out_.add(fmt::format("{:.4f},", value));
    }
    void operator()(std::string_view name, const std::optional<double>& value) {
        if (value)
            (*this)(name, *value);
    }
    void operator()(std::string_view name, const LiveSide& live) {
        begin(name);
        out_.add('{');
        for_each_live_member(live, *this);
        close('}');
    }
    void operator()(std::string_view name, const std::optional<Shadow>& shadow) {
        if (!shadow)
            return;
        begin(name);
        out_.add('{');
        for_each_shadow_member(*shadow, *this);
        close('}');
    }
    void operator()(std::string_view name, const Content& content) {
        if (content.empty())
            return;
        begin(name);
        out_.add('{');
        (*this)("format", content.format);
        (*this)("stream", content.stream);
        number("total_bytes", static_cast<std::int64_t>(content.total()));
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
        out_.add('[');
        for (const Item& item : items) {
            out_.add('{');
            visit(item);
            close('}');
        }
        close(']');
    }
    static std::int64_t microseconds(Duration value) {
        return std::chrono::floor<std::chrono::microseconds>(value).count();
    }
    // Names of members and words of our own hold nothing that JSON would escape.
    void begin(std::string_view name) {
        out_.add('"');
        out_.add(name);
        out_.add("\":");
    }
    void word(std::string_view name, std::string_view value) {
        begin(name);
        out_.add('"');
        out_.add(value);
        out_.add("\",");
    }
    void truth(std::string_view name, bool value) {
        begin(name);
        out_.add(value ? "true," : "false,");
    }
    void number(std::string_view name, std::int64_t value) {
        begin(name);
        out_.add(value);
        out_.add(',');
    }
    // Over the last comma, if there is one.
    void close(char end) {
        if (out_.last() == ',')
            out_.drop_last();
        out_.add(end);
        out_.add(',');
    }
    void base64(std::string_view name, const std::string& bytes) {
        std::string encoded((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the end mark that OpenSSL writes
        const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                           reinterpret_cast<const unsigned char*>(bytes.data()),
                                           static_cast<int>(bytes.size()));
        word(name, std::string_view(encoded).substr(0, static_cast<std::size_t>(length)));
    }

    TextAppender& out_;
};

}  // namespace

void append_encoded(std::string& text, const CallRecord& record) {
    TextAppender out(text);
    out.add(R"({"schema":)");
    out.add(std::int64_t{kRecordSchema});
    out.add(R"(,"time":")");
    out.add(format_utc(record.started));
    out.add("\",");
    Writer writer(out);
    for_each_member(record, writer);
    out.drop_last();
    out.add('}');
}

void insert_content(std::string& json, const CallRecord& record) {
    if (record.request.empty() && record.answer.empty() && record.context.empty() && record.live_answer.empty())
        return;
    json.pop_back();
    TextAppender out(json);
    out.add(R"(,"content":{)");
    Writer writer(out);
    writer("request", record.request);
    writer("answer", record.answer);
    writer("context", record.context);
    writer("live_answer", record.live_answer);
    out.drop_last();
    out.add("}}");
}

std::string encode(const CallRecord& record, bool with_content) {
    std::string json;
    append_encoded(json, record);
    if (with_content)
        insert_content(json, record);
    return json;
}

}  // namespace tidegate::events
