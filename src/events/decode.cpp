#include "record_members.h"

#include <tidegate/events/call_record.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

namespace tidegate::events {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// The members of one object by name. Most of those that a record may have are missing, which the set tells
// without a search; the others come in the order in which they are asked for, if we wrote them.
class Members {
  public:
    explicit Members(object from) : from_(from), next_(from.begin()) {
        for (const auto field : from_) present_ |= bit_of(field.key);
    }
    simdjson::simdjson_result<element> operator[](std::string_view name) {
        if ((present_ & bit_of(name)) == 0)
            return simdjson::NO_SUCH_FIELD;
        const object::iterator end = from_.end();
        if (next_ == end || next_.key() != name) {
            const auto found =
                std::find_if(from_.begin(), end, [&](const auto& field) { return field.key == name; });
            if (found == end)
                return simdjson::NO_SUCH_FIELD;
            next_ = found;
        }
        element value = next_.value();
        ++next_;
        return value;
    }

  private:
    static std::uint64_t bit_of(std::string_view name) {
        if (name.empty())
            return 1;
        const auto letter = [&](std::size_t at) { return static_cast<std::uint8_t>(name[at]); };
        return std::uint64_t{1} << ((letter(0) * 7U + letter(name.size() / 2) * 5U + letter(name.size() - 1) +
                                     name.size()) %
                                    64);
    }

    object from_;
    object::iterator next_;
    std::uint64_t present_ = 0;
};

// Reads members of one object; what is missing or of another type keeps its default.
class Reader {
  public:
    explicit Reader(object from) : from_(from) {}

    void operator()(const char* name, std::string& value) {
        std::string_view text;
        if (!from_[name].get(text))
            value = text;
    }
    void operator()(const char* name, CallId& id) {
        std::string_view text;
        if (!from_[name].get(text))
            id = CallId::parse(text).value_or(CallId{});
    }
    void operator()(const char* name, Outcome& outcome) {
        std::string_view text;
        if (!from_[name].get(text))
            outcome = parse_outcome(text).value_or(Outcome::ok);
    }
    void operator()(const char* name, UsageKind& kind) {
        std::string_view text;
        if (from_[name].get(text))
            return;
        for (const UsageKind each : {UsageKind::reported, UsageKind::bounded}) {
            if (to_string(each) == text)
                kind = each;
        }
    }
    void operator()(const char* name, bool& value) {
        if (bool read = false; !from_[name].get(read))
            value = read;
    }
    void operator()(const char* name, std::int64_t& value) {
        if (std::int64_t read = 0; !from_[name].get(read))
            value = read;
    }
    void operator()(const char* name, int& value) {
        std::int64_t read = value;
        (*this)(name, read);
        value = static_cast<int>(std::clamp<std::int64_t>(read, 0, std::numeric_limits<int>::max()));
    }
    void operator()(const char* name, std::optional<std::uint32_t>& value) {
        if (std::int64_t read = 0; !from_[name].get(read))
            value = static_cast<std::uint32_t>(read);
    }
    void operator()(const char* name, NanoDollars& value) {
        std::int64_t read = 0;
        (*this)(name, read);
        value = NanoDollars{read};
    }
    void operator()(const char* name, Duration& value) { value = microseconds(name).value_or(Duration{}); }
    void operator()(const char* name, std::optional<Duration>& value) { value = microseconds(name); }
    void operator()(const char* name, WallTime& value) {
        value = WallTime{microseconds(name).value_or(Duration{})};
    }
    void operator()(const char* name, dialect::Usage& usage) {
        object inner;
        if (from_[name].get(inner))
            return;
        Reader reader(inner);
        for_each_usage_member(usage, reader);
    }
    void operator()(const char* name, Pairs& pairs) {
        object inner;
        if (from_[name].get(inner))
            return;
        for (const auto field : inner) {
            std::string_view text;
            if (!field.value.get(text))
                pairs.emplace_back(field.key, text);
        }
    }
    void operator()(const char* name, std::vector<std::string>& texts) {
        simdjson::dom::array inner;
        if (from_[name].get(inner))
            return;
        for (const element item : inner) {
            std::string_view text;
            if (!item.get(text))
                texts.emplace_back(text);
        }
    }
    void operator()(const char* name, std::vector<Attempt>& attempts) {
        read_objects(name, attempts,
                     [](Attempt& each, Reader& reader) { for_each_attempt_member(each, reader); });
    }
    void operator()(const char* name, std::vector<Trip>& trips) {
        read_objects(name, trips, [](Trip& each, Reader& reader) { for_each_trip_member(each, reader); });
    }
    void operator()(const char* name, std::vector<Comparison>& comparisons) {
        read_objects(name, comparisons,
                     [](Comparison& each, Reader& reader) { for_each_comparison_member(each, reader); });
    }
    void operator()(const char* name, ShadowRole& role) {
        std::string_view text;
        if (!from_[name].get(text))
            role = parse_shadow_role(text).value_or(ShadowRole::candidate);
    }
    void operator()(const char* name, std::optional<bool>& value) {
        if (bool read = false; !from_[name].get(read))
            value = read;
    }
    void operator()(const char* name, double& value) {
        if (double read = 0; !from_[name].get(read))
            value = read;
    }
    void operator()(const char* name, std::optional<double>& value) {
        if (double read = 0; !from_[name].get(read))
            value = read;
    }
    void operator()(const char* name, LiveSide& live) {
        object inner;
        if (from_[name].get(inner))
            return;
        Reader reader(inner);
        for_each_live_member(live, reader);
    }
    void operator()(const char* name, std::optional<Shadow>& shadow) {
        object inner;
        if (from_[name].get(inner))
            return;
        Reader reader(inner);
        for_each_shadow_member(shadow.emplace(), reader);
    }
    void operator()(const char* name, Content& content) {
        object inner;
        if (from_[name].get(inner))
            return;
        Reader reader(inner);
        std::string bytes, encoded;
        std::int64_t total = 0;
        reader("text", bytes);
        reader("base64", encoded);
        reader("total_bytes", total);
        if (!encoded.empty())
            bytes = from_base64(encoded);
        content = Content::of(std::move(bytes), static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0)));
        reader("format", content.format);
        reader("stream", content.stream);
    }

  private:
    template <class Item, class Visit>
    void read_objects(const char* name, std::vector<Item>& items, Visit visit) {
        simdjson::dom::array inner;
        if (from_[name].get(inner))
            return;
        for (const element item : inner) {
            object each;
            if (item.get(each))
                continue;
            Reader reader(each);
            visit(items.emplace_back(), reader);
        }
    }

    std::optional<Duration> microseconds(const char* name) {
        constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1000;
        std::int64_t read = 0;
        if (from_[name].get(read))
            return std::nullopt;
        return std::chrono::microseconds{std::clamp(read, -kMost, kMost)};
    }
    static std::string from_base64(const std::string& encoded) {
        std::string bytes(encoded.size() / 4 * 3, '\0');
        const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                           reinterpret_cast<const unsigned char*>(encoded.data()),
                                           static_cast<int>(encoded.size()));
        std::size_t padding = 0;
        while (padding < 2 && padding < encoded.size() && encoded[encoded.size() - 1 - padding] == '=')
            ++padding;
        if (length < 0 || static_cast<std::size_t>(length) < padding)
            return {};
        bytes.resize(static_cast<std::size_t>(length) - padding);
        return bytes;
    }

    Members from_;
};

// What a parser keeps from one record to the next of a thread; larger ones are given a parser of their own.
constexpr std::size_t kKeptParser = 64UL * 1024;

Error bad(std::string message) {
    return Error{ErrorKind::malformed, ErrorSource::gateway, "call record: " + std::move(message)};
}

// Gives `read` the members of a record that this program knows how to read.
template <class Read>
Result<> parse_record(std::string_view json, Read read) {
    thread_local simdjson::dom::parser kept;
    simdjson::dom::parser own;
    simdjson::dom::parser& parser = json.size() <= kKeptParser ? kept : own;
    object root;
    if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
        return bad(simdjson::error_message(error));
    }
    Reader reader(root);
    std::int64_t schema = 0;
    reader("schema", schema);
    if (schema < 1)
        return bad("no schema version");
    if (schema > kRecordSchema)
        return bad(fmt::format("schema {} is newer than this program", schema));
    read(root, reader);
    return {};
}

}  // namespace

Result<CallRecord> decode(std::string_view json) {
    CallRecord record;
    const Result<> read = parse_record(json, [&](object root, Reader& reader) {
        for_each_member(record, reader);
        object content;
        if (!root["content"].get(content)) {
            Reader inner(content);
            inner("request", record.request);
            inner("answer", record.answer);
            inner("context", record.context);
            inner("live_answer", record.live_answer);
        }
    });
    return read ? Result<CallRecord>(std::move(record)) : read.error();
}

Result<std::vector<Attempt>> decode_attempts(std::string_view json) {
    std::vector<Attempt> attempts;
    const Result<> read = parse_record(json, [&](object, Reader& reader) { reader("attempts", attempts); });
    return read ? Result<std::vector<Attempt>>(std::move(attempts)) : read.error();
}

}  // namespace tidegate::events
