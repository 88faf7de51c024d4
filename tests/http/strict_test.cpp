// What the front door refuses, however it is cut; and what it must not refuse.
#include "http/chunk_decoder.h"
#include "http/fixture.h"
#include "http/head_scanner.h"
#include "http/head_validator.h"
#include "http/malformed.h"

#include <tidegate/http/header_lines.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::http {
namespace {

using testing::HasSubstr;

// What a connection does with these bytes, without a connection: the status of the refusal, 0 if there is none.
int judge(const std::string& bytes, std::size_t cut, const Limits& limits = {}) {
    HeadScanner scanner;
    HeadScanner::State state = scanner.scan(std::string_view(bytes).substr(0, cut), limits);
    if (state == HeadScanner::State::more)
        state = scanner.scan(bytes, limits);
    if (state != HeadScanner::State::complete)
        return scanner.refusal().status;
    const std::string head_bytes = bytes.substr(0, scanner.size());
    Head head;
    const Refused refused = head.read(head_bytes, scanner.method(), scanner.http_1_0());
    if (refused)
        return refused.status;
    if (head.framing != Framing::chunked)
        return 0;
    ChunkDecoder decoder(limits.body);
    std::string body = bytes.substr(scanner.size());
    const std::size_t body_cut = cut > scanner.size() ? cut - scanner.size() : 0;
    decoder.decode(body.data(), body_cut, body.data());
    decoder.decode(body.data() + body_cut, body.size() - body_cut, body.data());
    return decoder.refusal().status;
}

TEST(Strict, JudgesMalformedRequestsTheSameHoweverTheyAreCut) {
    const std::vector<Malformed> set = malformed_requests();
    EXPECT_GE(set.size(), 200U);
    for (const Malformed& request : set) {
        // Every offset; of the few huge ones, every 61st.
        const std::size_t step = request.bytes.size() > 2000 ? 61 : 1;
        for (std::size_t cut = 0; cut <= request.bytes.size(); cut += step) {
            ASSERT_EQ(judge(request.bytes, cut), request.status) << request.name << " cut at " << cut;
        }
    }
}

TEST_F(ServerTest, RefusesMalformedRequestsAndWhatFollowsThem) {
    start();
    for (const Malformed& request : malformed_requests()) {
        for (const bool bytewise : {false, true}) {
            if (bytewise && request.bytes.size() > 1000)
                continue;
            Client client = this->client();
            // A second request behind it must never be seen: neither as itself nor as a part of the first.
            const std::string bytes = request.bytes + "GET /echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
            const bool sent = bytewise ? client.send_bytewise(bytes) : client.send(bytes);
            (void)sent;  // the server may have closed in the middle
            const Client::Answer answer = client.read_answer();
            EXPECT_EQ(answer.status, request.status) << request.name << (bytewise ? " bytewise" : "");
            EXPECT_EQ(answer.header("connection"), "close") << request.name;
            EXPECT_NE(answer.header("x-tidegate-error"), "") << request.name;
            client.end_sending();
            EXPECT_EQ(client.read_to_end(), "") << request.name;
        }
    }
    EXPECT_EQ(handler_.handled, 0);
    EXPECT_EQ(server_->statistics().requests, 0U);
}

struct Good {
    const char* head;
    const char* path;
    const char* query = "";
};

TEST(Strict, AcceptsWhatOrdinaryClientsSend) {
    for (const auto& [head, path, query] : std::vector<Good>{
             {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/"},
             {"GET /echo?a=b%zz&c=/?:@ HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", "/echo", "a=b%zz&c=/?:@"},
             {"GET /%61%2d%7E/%C3%a4%20 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "/a-~/%C3%A4%20"},
             {"POST /v1beta/models/gemini-2.5:streamGenerateContent?alt=sse HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
              "/v1beta/models/gemini-2.5:streamGenerateContent", "alt=sse"},
             {"GET /a/b/;x=1/...,'()* HTTP/1.1\r\nHOST:\ta_b\t\r\n\r\n", "/a/b/;x=1/...,'()*"},
             {"GET http://A:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n", "/x"},
             {"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "/"},
             {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*"},
             {"GET /x/ HTTP/1.0\r\n\r\n", "/x/"},
             {"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Empty:\r\nX: \xc3\xa4 b\tc\r\n\r\n", "/x"},
             {"PATCH /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:chunked\r\nConnection: close, TE\r\nTE: "
              "trailers\r\n\r\n",
              "/x"},
         }) {
        HeadScanner scanner;
        ASSERT_EQ(scanner.scan(head, Limits{}), HeadScanner::State::complete) << head;
        Head read;
        const Refused refused = read.read(head, scanner.method(), scanner.http_1_0());
        ASSERT_FALSE(refused) << head << refused.message;
        EXPECT_EQ(read.parts.path, path);
        EXPECT_EQ(read.parts.query, query);
    }
}

// Each spelling of a guarded path is refused, is the guarded path itself, or is plainly another one.
TEST(Strict, GivesRoutingOneSpellingOfAPath) {
    for (const std::string text : {"/admin", "/%61dmin", "/a%64min", "/%61%64%6d%69%6e", "/%61%64%6D%69%6E"}) {
        std::string scratch;
        Target target;
        ASSERT_FALSE(read_target(text, Method::get, scratch, target)) << text;
        EXPECT_EQ(target.path, "/admin");
    }
    for (const std::string text :
         {"//admin",   "/./admin",  "/v1/../admin",     "/v1/%2e%2e/admin", "/v1/.%2E/admin", "/admin/.",
          "/admin/..", "/%2fadmin", "/v1%2f..%2fadmin", "/v1\\..\\admin",   "/\\admin",       "/%5cadmin",
          "/admin%00", "/admin%0a", "/v1/..;/admin",    "/v1//admin",       "/%2e/admin",     "/admin//",
          "admin",     "/admin%",   "/admin%2",         "/%25%36%31dmin",   "/;/../admin"}) {
        std::string scratch;
        Target target;
        EXPECT_TRUE(read_target(text, Method::get, scratch, target)) << text;
    }
    for (const std::string text :
         {"/Admin", "/ADMIN", "/admin/", "/admin;x=1", "/;/admin", "/admin.", "/admin%20", "/%C3%A1dmin"}) {
        std::string scratch;
        Target target;
        ASSERT_FALSE(read_target(text, Method::get, scratch, target)) << text;
        EXPECT_NE(target.path, "/admin") << text;
    }
}

std::string head_of(std::size_t size) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    head.append(size - head.size() - 4, 'x');
    return head + "\r\n\r\n";
}

TEST(Strict, HoldsTheLimitsToTheByte) {
    Limits limits;
    for (const std::size_t cut : {0U, 1U, 1000U, 16'383U, 16'384U}) {
        EXPECT_EQ(judge(head_of(limits.header), cut, limits), 0);
        EXPECT_EQ(judge(head_of(limits.header + 1), cut, limits), 431);
    }
    limits.header = 64 * 1024;
    const auto target_of = [](std::size_t size) {
        return "GET /" + std::string(size - 1, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    EXPECT_EQ(judge(target_of(limits.target), 0, limits), 0);
    EXPECT_EQ(judge(target_of(limits.target + 1), 0, limits), 414);
    const auto fields_of = [](std::size_t count) {
        std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (std::size_t i = 1; i < count; ++i) head += "X: y\r\n";
        return head + "\r\n";
    };
    EXPECT_EQ(judge(fields_of(100), 0, limits), 0);
    EXPECT_EQ(judge(fields_of(101), 0, limits), 431);
}

TEST(Strict, JudgesAHeadThatNeverEnds) {
    EXPECT_EQ(judge("GET /" + std::string(100'000, 'x'), 5), 414);
    EXPECT_EQ(judge("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 5), 431);
    EXPECT_EQ(judge(std::string(100'000, 'x'), 5), 414);
}

TEST_F(ServerTest, HoldsTheLimitOfTheBodyToTheByte) {
    start();
    const std::size_t limit = small_options().limits.body;
    const std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto length = [](std::size_t size) {
        return fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", size);
    };
    const std::string body(limit, 'b');
    Client client = this->client();
    ASSERT_TRUE(client.send(length(limit) + body));
    EXPECT_EQ(client.read_answer().status, 200);
    ASSERT_TRUE(client.send(chunked + fmt::format("{:x}\r\n", limit) + body + "\r\n0\r\n\r\n"));
    EXPECT_EQ(client.read_answer().status, 200);
    ASSERT_TRUE(client.send(chunked + fmt::format("{:x}\r\n", limit) + body + "\r\n1\r\nx\r\n0\r\n\r\n"));
    const Client::Answer chunked_answer = client.read_answer();
    EXPECT_EQ(chunked_answer.status, 413);
    EXPECT_EQ(chunked_answer.header("x-tidegate-error"), "payload_too_large");
    EXPECT_TRUE(client.closed());
    Client other = this->client();
    ASSERT_TRUE(other.send(length(limit + 1)));
    EXPECT_EQ(other.read_answer().status, 413);
    EXPECT_EQ(handler_.handled, 2);
}

TEST_F(ServerTest, ReadsAMillionTinyChunks) {
    start();
    Client client = this->client();
    std::string bytes = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    constexpr std::size_t kCount = 1'000'000;
    bytes.reserve(kCount * 6 + 200);
    for (std::size_t i = 0; i < kCount; ++i) bytes += "1\r\nx\r\n";
    ASSERT_TRUE(client.send(bytes + "0\r\n\r\n"));
    EXPECT_THAT(client.read_answer().body, HasSubstr("body=1000000:xxx"));
}

// The unread rest of a refused request never becomes a request.
TEST_F(ServerTest, NeverReadsARefusedBodyAsARequest) {
    start();
    const std::string smuggled = "GET /echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int i = 0; i < 50; ++i) {
        Client client = this->client();
        std::string body;
        while (body.size() < 1'100'000) body += smuggled;
        const bool sent = client.send(
            fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size()) + body);
        (void)sent;
        EXPECT_EQ(client.read_answer().status, 413) << "and not a reset";
        client.end_sending();
        EXPECT_EQ(client.read_to_end(), "");
    }
    EXPECT_EQ(handler_.handled, 0);
}

TEST(HeaderLines, RefusesWhatWouldBreakTheFraming) {
    std::string lines;
    EXPECT_TRUE(append_header_line(lines, "x-a", "b c\td\xc3\xa4"));
    EXPECT_FALSE(append_header_line(lines, "x-a", "b\r\nx: y"));
    EXPECT_FALSE(append_header_line(lines, "x-a", std::string_view("b\0c", 3)));
    EXPECT_FALSE(append_header_line(lines, "x a", "b"));
    EXPECT_FALSE(append_header_line(lines, "", "b"));
    EXPECT_EQ(lines, "x-a: b c\td\xc3\xa4\r\n");
    EXPECT_TRUE(valid_header_lines(lines));
    EXPECT_TRUE(valid_header_lines(""));
    for (const char* bad : {"x-a: b", "x-a: b\n", "\r\n", "x-a\r\n", "x a: b\r\n", "content-length: 1\r\n",
                            "Connection: close\r\n", "Transfer-Encoding: chunked\r\n", "date: x\r\n",
                            "x: y\r\n\r\nz", "x: a\rb\r\n"}) {
        EXPECT_FALSE(valid_header_lines(bad)) << bad;
    }
}

}  // namespace
}  // namespace tidegate::http
