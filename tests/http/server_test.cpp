#include "http/fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::http {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string post(std::string_view path, std::string_view body) {
    return fmt::format("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{}", path, body.size(), body);
}

std::string get(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", path);
}

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
    start();
    Client client = this->client();
    for (int i = 0; i < 100; ++i) {
        const std::string body(static_cast<std::size_t>(i) * 37, 'b');
        ASSERT_TRUE(client.send(post("/echo?n=1", body)));
        const Client::Answer answer = client.read_answer();
        ASSERT_EQ(answer.status, 200);
        ASSERT_THAT(answer.body, HasSubstr("POST /echo\nquery=n=1\nhost=a\n"));
        ASSERT_THAT(answer.body, EndsWith(fmt::format("padding=0\nbody={}:{}", body.size(), body)));
        ASSERT_THAT(answer.header("date"), EndsWith(" GMT"));
    }
    EXPECT_EQ(server_->statistics().accepted, 1U);
    EXPECT_EQ(server_->statistics().requests, 100U);
}

TEST_F(ServerTest, RefusesASecondServerOnTheSameAddress) {
    start();
    ListenerOptions options = small_options();
    options.address = server_->address();
    const auto second = Server::listen(options, {&one_}, handler_);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_THAT(second.error().message, HasSubstr(options.address));
}

TEST_F(ServerTest, FreesItsAddressWhenItGoes) {
    start();
    ListenerOptions options = small_options();
    options.address = server_->address();
    for (int i = 0; i < 20; ++i) {
        server_.reset();
        start(options);
        Client client = this->client();
        ASSERT_TRUE(client.send(get("/echo")));
        ASSERT_EQ(client.read_answer().status, 200);
    }
}

TEST_F(ServerTest, NamesAWrongAddress) {
    for (const std::string address :
         {"8080", "localhost", "example.com:80", "127.0.0.1:99999", "::1:80", "127.0.0.1:"}) {
        ListenerOptions options;
        options.address = address;
        const auto server = Server::listen(options, {&one_}, handler_);
        ASSERT_FALSE(server.has_value()) << address;
        EXPECT_THAT(server.error().message, HasSubstr("\"" + address + "\""));
    }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    start();
    Client client = this->client();
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += i % 2 == 0 ? post(fmt::format("/echo?{}", i), "x") : get(fmt::format("/echo?{}", i));
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < 50; ++i) {
        const Client::Answer answer = client.read_answer();
        ASSERT_THAT(answer.body, HasSubstr(fmt::format("query={}\n", i)));
    }
}

TEST_F(ServerTest, AnswersPipelinedRequestsThatCameWhileAHandlerWorked) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/hold")));
    ASSERT_TRUE(handler_.wait_for_handled(1));
    ASSERT_TRUE(client.send(post("/echo?1", std::string(20'000, 'y')) + get("/echo?2")));
    handler_.release();
    EXPECT_EQ(client.read_answer().body, "held");
    EXPECT_THAT(client.read_answer().body, EndsWith(std::string(20'000, 'y')));
    EXPECT_THAT(client.read_answer().body, HasSubstr("query=2\n"));
}

TEST_F(ServerTest, LetsOthersInBetweenPipelinedRequests) {
    start();
    Client client = this->client();
    std::string all = get("/post");
    for (int i = 0; i < 20; ++i) all += get("/echo");
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < 21; ++i) ASSERT_EQ(client.read_answer().status, 200);
    EXPECT_LE(handler_.before_posted, 2);
}

TEST_F(ServerTest, SpreadsConnectionsOverTheThreads) {
    start();
    std::vector<Client> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(client());
        ASSERT_TRUE(clients.back().send(get("/echo")));
        ASSERT_EQ(clients.back().read_answer().status, 200);
    }
    EXPECT_THAT(server_->statistics().connections, testing::ElementsAre(5, 5));
    clients.clear();
    EXPECT_TRUE(eventually([](const Statistics& now) { return now.open() == 0; }));
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send("HEAD /big?100 HTTP/1.1\r\nhost: a\r\n\r\n"));
    const Client::Answer answer = client.read_answer(true);
    EXPECT_EQ(answer.header("content-length"), "100");
    ASSERT_TRUE(client.send("HEAD /stream HTTP/1.1\r\nhost: a\r\n\r\n"));
    EXPECT_EQ(client.read_answer(true).status, 200);
    ASSERT_TRUE(client.send(get("/echo")));
    EXPECT_THAT(client.read_answer().body, HasSubstr("GET /echo")) << "nothing was left behind by the heads";
}

TEST_F(ServerTest, AnswersNoContentWithoutLength) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/empty") + get("/echo")));
    const Client::Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 204);
    EXPECT_THAT(answer.head, Not(HasSubstr("content-length")));
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(ServerTest, SendsLargeAnswersWhole) {
    start();
    Client client = this->client();
    for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 3'000'000U}) {
        ASSERT_TRUE(client.send(get(fmt::format("/big?{}", size))));
        const Client::Answer answer = client.read_answer();
        EXPECT_TRUE(answer.complete);
        EXPECT_EQ(answer.body, std::string(size, 'x'));
    }
}

TEST_F(ServerTest, KeepsWhatASlowReaderDoesNotTakeApartFromOtherAnswers) {
    start();
    constexpr int kAnswers = 200;  // 12 MB, more than the sockets hold
    Client slow = client(4096);
    std::string all;
    for (int i = 0; i < kAnswers; ++i) all += get("/big?60000");
    ASSERT_TRUE(slow.send(all));
    ASSERT_TRUE(handler_.wait_for_handled(3));
    std::vector<Client> others;
    for (int i = 0; i < 4; ++i) others.push_back(client());  // on both threads
    const std::string large(60'000, 'y');
    for (int i = 0; i < 100; ++i) {
        for (Client& other : others) {
            ASSERT_TRUE(other.send(post("/stream", large)));
            ASSERT_EQ(other.read_answer().body, large);
        }
    }
    for (int i = 0; i < kAnswers; ++i) {
        const Client::Answer answer = slow.read_answer();
        ASSERT_EQ(answer.status, 200) << i;
        ASSERT_EQ(answer.body, std::string(60'000, 'x')) << i;
    }
}

TEST_F(ServerTest, StreamsInChunks) {
    start();
    Client client = this->client();
    const std::string large(100'000, 'z');
    ASSERT_TRUE(client.send(post("/stream", "one,two," + large + ",three") + post("/stream", "only") +
                            post("/stream", "")));
    EXPECT_EQ(client.read_answer().body, "onetwo" + large + "three");
    EXPECT_EQ(client.read_answer().body, "only");
    const Client::Answer last = client.read_answer();
    EXPECT_EQ(last.body, "");
    EXPECT_TRUE(last.complete);
}

TEST_F(ServerTest, SpeaksHttp10) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(client.read_answer().header("connection"), "keep-alive");
    ASSERT_TRUE(
        client.send("POST /stream HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 7\r\n\r\none,two"));
    const Client::Answer stream = client.read_answer();
    EXPECT_EQ(stream.header("transfer-encoding"), "");
    EXPECT_EQ(stream.header("connection"), "close");
    EXPECT_EQ(stream.body, "onetwo");
    Client other = this->client();
    ASSERT_TRUE(other.send("GET /echo HTTP/1.0\r\n\r\n"));
    EXPECT_THAT(other.read_to_end(), HasSubstr("connection: close"));
}

TEST_F(ServerTest, ClosesWhenTheClientAsksForIt) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send("GET /echo HTTP/1.1\r\nhost: a\r\nConnection: close\r\n\r\n" + get("/echo")));
    EXPECT_EQ(client.read_answer().header("connection"), "close");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handler_.handled, 1);
}

TEST_F(ServerTest, ReadsChunkedBodies) {
    start();
    Client client = this->client();
    const std::string head = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    const std::string large(300'000, 'q');
    ASSERT_TRUE(client.send(
        head + "3;ext=\"a b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nx-trailer: dropped\r\n\r\n" + get("/echo")));
    const Client::Answer answer = client.read_answer();
    EXPECT_THAT(answer.body, EndsWith("body=13:abc0123456789"));
    EXPECT_THAT(answer.body, Not(HasSubstr("x-trailer")));
    EXPECT_EQ(client.read_answer().status, 200);
    ASSERT_TRUE(client.send(head + fmt::format("{:x}\r\n", large.size()) + large + "\r\n0\r\n\r\n" +
                            get("/echo?next")));
    EXPECT_THAT(client.read_answer().body, EndsWith("body=300000:" + large));
    EXPECT_THAT(client.read_answer().body, HasSubstr("query=next"));
    ASSERT_TRUE(client.send_bytewise(head + "3\r\nabc\r\n0\r\n\r\n"));
    EXPECT_THAT(client.read_answer().body, EndsWith("body=3:abc"));
}

TEST_F(ServerTest, InvitesABodyThatWaitsForIt) {
    start();
    Client client = this->client();
    ASSERT_TRUE(
        client.send("POST /echo HTTP/1.1\r\nhost: a\r\nExpect: 100-continue\r\ncontent-length: 3\r\n\r\n"));
    EXPECT_EQ(client.read_answer().status, 100);
    ASSERT_TRUE(client.send("abc"));
    EXPECT_THAT(client.read_answer().body, EndsWith("body=3:abc"));
    ASSERT_TRUE(client.send(
        "POST /echo HTTP/1.1\r\nhost: a\r\nExpect: 100-continue\r\ncontent-length: 9000000\r\n\r\n"));
    EXPECT_EQ(client.read_answer().status, 413) << "refused instead of invited";
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, FailsWhenAHandlerThrowsOrSaysNothing) {
    start();
    Client client = this->client();
    for (const char* path : {"/throw", "/nothing", "/badlines"}) {
        ASSERT_TRUE(client.send(get(path)));
        const Client::Answer answer = client.read_answer();
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(answer.header("x-tidegate-error"), "internal");
        EXPECT_THAT(answer.body, HasSubstr("\"code\":\"internal\""));
    }
    ASSERT_TRUE(client.send(get("/echo")));
    EXPECT_EQ(client.read_answer().status, 200) << "and the connection goes on";
}

TEST_F(ServerTest, CutsAStreamThatIsNotFinished) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/cut")));
    const Client::Answer answer = client.read_answer();
    EXPECT_EQ(answer.body, "data: half\n\n");
    EXPECT_FALSE(answer.complete);
}

TEST_F(ServerTest, HidesHopByHopFields) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(
        "GET /echo HTTP/1.1\r\nhost: a\r\nConnection: keep-alive, x-secret, authorization\r\nX-Secret: 1\r\n"
        "Authorization: Bearer k\r\nTE: trailers\r\nTrailer: x\r\nKeep-Alive: 5\r\nProxy-Authorization: p\r\n"
        "Proxy-Connection: x\r\nX-Kept: yes\r\n\r\n"));
    EXPECT_THAT(client.read_answer().body, HasSubstr("host=a\nhost: a\nX-Kept: yes\npadding"));
}

}  // namespace
}  // namespace tidegate::http
