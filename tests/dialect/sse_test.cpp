#include <tidegate/dialect/sse.h>

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

// What a reader of events sees: "name|data" of each event that is dispatched.
struct Seen {
    std::vector<std::string> events;
    std::string raw;
    std::string id;
    std::optional<std::int64_t> retry;

    bool operator==(const Seen&) const = default;
};

Seen read(const std::vector<std::string>& chunks) {
    SseParser parser;
    Seen seen;
    for (const std::string& chunk : chunks) {
        parser.feed(chunk);
        for (;;) {
            const Result<std::optional<SseEvent>> event = parser.next();
            if (!event || !*event) {
                EXPECT_TRUE(event.has_value());
                break;
            }
            seen.raw += (*event)->raw;
            if ((*event)->has_data)
                seen.events.push_back(std::string((*event)->name) + "|" + std::string((*event)->data));
        }
    }
    seen.id = parser.last_event_id();
    seen.retry = parser.retry();
    return seen;
}

struct Vector {
    std::string bytes;
    std::vector<std::string> events;
};

using namespace std::string_literals;

// After the rules of the HTML standard and the format tests of web-platform-tests.
const std::vector<Vector> kVectors = {
    {"data: a\n\n", {"|a"}},
    {"data:a\n\n", {"|a"}},
    {"data:  a\n\n", {"| a"}},
    {"data:\ta\n\n", {"|\ta"}},
    {"data: a\r\n\r\n", {"|a"}},
    {"data: a\r\r", {"|a"}},
    {"data: a\n\r\n", {"|a"}},
    {"data: a\r\n\n", {"|a"}},
    {"data: a\r\n\r", {"|a"}},
    {"data: a\n\r", {"|a"}},
    {"data: a\r\rdata: b\r\r", {"|a", "|b"}},
    {"data: a\ndata: b\n\n", {"|a\nb"}},
    {"data: a\rdata: b\r\ndata:c\n\n", {"|a\nb\nc"}},
    {"data\n\n", {"|"}},
    {"data:\n\n", {"|"}},
    {"data\ndata\n\n", {"|\n"}},
    {"data\n\ndata\ndata\n\ndata:", {"|", "|\n"}},
    {"data:test\n\ndata\ndata\n\ndata:test\n\n", {"|test", "|\n", "|test"}},
    {":\n\ndata: a\n\n", {"|a"}},
    {": comment\ndata: a\n: more\ndata: b\n\n", {"|a\nb"}},
    {": OPENROUTER PROCESSING\n\ndata: a\n\n", {"|a"}},
    {"event: x\ndata: a\n\n", {"x|a"}},
    {"event:x\ndata:a\n\n", {"x|a"}},
    {"data: a\nevent: x\n\n", {"x|a"}},
    {"event: x\nevent: y\ndata: a\n\n", {"y|a"}},
    {"event: x\nevent\ndata: a\n\n", {"|a"}},
    {"event: x\n\ndata: a\n\n", {"|a"}},
    {"\xef\xbb\xbf"s + "data: a\n\n", {"|a"}},
    {"\xef\xbb\xbf\n"s + "data: a\n\n", {"|a"}},
    {"\xef\xbb\xbf\xef\xbb\xbf"s + "data: a\n\n" + "data: b\n\n", {"|b"}},
    {"data: a\n\n\xef\xbb\xbf" + "data: b\n\n"s, {"|a"}},
    {"unknown: x\ndata: a\nfoo\n\n", {"|a"}},
    {"Data: x\nDATA: y\n data: z\ndata : w\ndata: a\n\n", {"|a"}},
    {"data: a: b\n\n", {"|a: b"}},
    {"data: \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\n\n", {"|\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"}},
    {"data: a\0b\n\n"s, {"|a\0b"s}},
    {"\n\n\ndata: a\n\n\n\n", {"|a"}},
    {"\r\n\r\ndata: a\r\n\r\n\r\n", {"|a"}},
    {"data: unfinished", {}},
    {"data: unfinished\n", {}},
    {"data: {\"a\":\"x\\ny\"}\n\n", {"|{\"a\":\"x\\ny\"}"}},
    {"data: [DONE]\n\n", {"|[DONE]"}},
};

TEST(Sse, FollowsTheRules) {
    for (const Vector& vector : kVectors)
        EXPECT_EQ(read({vector.bytes}).events, vector.events) << testing::PrintToString(vector.bytes);
}

TEST(Sse, ReadsTheSameHoweverItIsCut) {
    for (const Vector& vector : kVectors) {
        const Seen whole = read({vector.bytes});
        std::vector<std::string> bytes;
        for (const char c : vector.bytes) bytes.emplace_back(1, c);
        EXPECT_EQ(read(bytes), whole) << testing::PrintToString(vector.bytes);
        for (std::size_t cut = 0; cut <= vector.bytes.size(); ++cut) {
            EXPECT_EQ(read({vector.bytes.substr(0, cut), vector.bytes.substr(cut)}), whole)
                << cut << " in " << testing::PrintToString(vector.bytes);
        }
    }
}

TEST(Sse, GivesTheBytesAsTheyCame) {
    for (const Vector& vector : kVectors) {
        std::string bytes = vector.bytes;
        if (bytes.starts_with("\xef\xbb\xbf"))
            bytes.erase(0, 3);
        SseParser parser;
        parser.feed(vector.bytes);
        std::string raw;
        for (Result<std::optional<SseEvent>> event = parser.next(); *event; event = parser.next())
            raw += (**event).raw;
        const Result<std::optional<SseEvent>> rest = parser.finish();
        if (*rest)
            raw += (**rest).raw;
        EXPECT_EQ(raw, bytes);
    }
}

TEST(Sse, KeepsTheIdButNotOneWithNul) {
    EXPECT_EQ(read({"id: 1\ndata: a\n\nid: 2\n\n"}).id, "2");
    EXPECT_EQ(read({"id: 1\ndata: a\n\nid: 2\0x\ndata: b\n\n"s}).id, "1");
    EXPECT_EQ(read({"id: 1\ndata: a\n\nid\n\n"}).id, "");
}

TEST(Sse, TakesRetryOfDigitsOnly) {
    EXPECT_EQ(read({"retry: 1500\n\n"}).retry, 1500);
    for (const std::string wrong :
         {"retry: 15x\n\n", "retry: -1\n\n", "retry:\n\n", "retry: 1.5\n\n", "retry:  5\n\n"})
        EXPECT_EQ(read({wrong}).retry, std::nullopt) << wrong;
}

TEST(Sse, GivesTheLastEventWithoutItsBlankLineAtTheEnd) {
    SseParser parser;
    parser.feed("data: a\n\ndata: b");
    EXPECT_EQ((**parser.next()).data, "a");
    EXPECT_FALSE(parser.next()->has_value());
    EXPECT_EQ((**parser.finish()).data, "b");
    EXPECT_FALSE(parser.finish()->has_value()) << "only once";
}

TEST(Sse, RefusesAnEventThatIsTooLarge) {
    SseParser parser(1000);
    parser.feed("data: small\n\n");
    EXPECT_TRUE((*parser.next()).has_value());
    const std::string line = "data: " + std::string(300, 'x') + "\n";
    for (int i = 0; i < 3; ++i) {
        parser.feed(line);
        EXPECT_TRUE(parser.next().has_value());
    }
    parser.feed(line);
    const Result<std::optional<SseEvent>> refused = parser.next();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
}

TEST(Sse, CountsALargeEventOnlyByItself) {
    SseParser parser(100);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "data: x\n\n";
    parser.feed(many);
    int events = 0;
    for (;;) {
        const Result<std::optional<SseEvent>> event = parser.next();
        ASSERT_TRUE(event.has_value());
        if (!*event)
            break;
        ++events;
    }
    EXPECT_EQ(events, 1000);
}

}  // namespace
}  // namespace tidegate::dialect
