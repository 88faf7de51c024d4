#include "simulator/support.h"

#include <tidegate/base/clock.h>
#include <tidegate/simulator/simulator.h>
#include <tidegate/yaml/document.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace tidegate::simulator {
namespace {

using namespace testing;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// A blocking client over one connection.
class Client {
  public:
    explicit Client(const Simulator& simulator) {
        const std::string address = simulator.address();
        const auto colon = address.rfind(':');
        socket_.connect({asio::ip::make_address(address.substr(0, colon)),
                         static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)))});
    }

    void send(std::string_view method, std::string_view target, std::string_view body,
              std::string_view headers = {}) {
        std::string request(method);
        request += " " + std::string(target) +
                   " HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
                   std::string(headers) + "\r\n" + std::string(body);
        asio::write(socket_, asio::buffer(request));
    }

    http::response<http::string_body> receive(error_code& error) {
        http::response_parser<http::string_body> parser;
        parser.body_limit(1U << 30U);
        http::read(socket_, buffer_, parser, error);
        return parser.release();
    }

    http::response<http::string_body> post(std::string_view target, const json& body,
                                           std::string_view headers = {}) {
        send("POST", target, body.dump(), headers);
        error_code error;
        auto response = receive(error);
        EXPECT_FALSE(error) << error.message();
        return response;
    }

    json get(std::string_view target, std::string_view headers = {}) {
        send("GET", target, "", headers);
        error_code error;
        const auto response = receive(error);
        EXPECT_FALSE(error) << error.message();
        return json::parse(response.body());
    }

    asio::ip::tcp::socket& socket() { return socket_; }

  private:
    asio::io_context context_;
    asio::ip::tcp::socket socket_{context_};
    boost::beast::flat_buffer buffer_;
};

class SimulatorTest : public ::testing::Test {
  protected:
    SystemClock clock_;
};

TEST_F(SimulatorTest, AnswersBothDialectsOverOneConnection) {
    const Simulator simulator({.fixed_time = true}, clock_);
    Client client(simulator);
    const auto openai = client.post("/v1/chat/completions", openai_body());
    EXPECT_EQ(openai.result_int(), 200U);
    EXPECT_EQ(openai["x-tidegate-simulator"], "true");
    EXPECT_EQ(openai["content-type"], "application/json");
    EXPECT_EQ(json::parse(openai.body())["object"], "chat.completion");
    json streaming = anthropic_body();
    streaming["stream"] = true;
    const auto anthropic = client.post("/v1/messages", streaming);
    EXPECT_EQ(anthropic["content-type"], "text/event-stream; charset=utf-8");
    EXPECT_EQ(anthropic["request-id"], "req_sim2");
    EXPECT_TRUE(anthropic.body().ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    // Counted once the last byte is with the kernel, so perhaps a moment after it is here.
    while (simulator.statistics().answered < 2) std::this_thread::yield();
    const Statistics statistics = simulator.statistics();
    EXPECT_EQ(statistics.requests, 2U);
    EXPECT_EQ(statistics.connections, 1U);
}

TEST_F(SimulatorTest, TakesDirectivesFromOptionsModelAndHeader) {
    const Simulator simulator({.behaviour = "tokens=4", .models = {{"slow", "status=503"}}}, clock_);
    Client client(simulator);
    json body = openai_body();
    EXPECT_EQ(json::parse(client.post("/v1/chat/completions", body).body())["usage"]["completion_tokens"], 4);
    body["model"] = "slow";
    EXPECT_EQ(client.post("/v1/chat/completions", body).result_int(), 503U);
    body["model"] = "slow--status=529";
    EXPECT_EQ(client.post("/v1/chat/completions", body).result_int(), 529U);
    EXPECT_EQ(client.post("/v1/chat/completions", body, "x-tidegate-simulate: status=418\r\n").result_int(),
              418U);
    EXPECT_EQ(client.post("/v1/chat/completions", body, "x-tidegate-simulate: none\r\n").result_int(), 200U);
    body["model"] = "slow--wobble";
    EXPECT_EQ(client.post("/v1/chat/completions", body).result_int(), 400U);
    EXPECT_THROW(Simulator({.behaviour = "wobble"}, clock_), std::runtime_error);
}

TEST_F(SimulatorTest, FailsTheShareThatItIsTold) {
    const Simulator simulator(
        {.faults = {{.share = 1000, .behaviour = "status=500"}, {.share = 2000, .behaviour = "status=429"}}},
        clock_);
    Client client(simulator);
    std::map<unsigned, int> statuses;
    for (int i = 0; i < 200; ++i) ++statuses[client.post("/v1/chat/completions", openai_body()).result_int()];
    EXPECT_NEAR(statuses[500], 20, 2);
    EXPECT_NEAR(statuses[429], 40, 2);
    EXPECT_NEAR(statuses[200], 140, 2);
    EXPECT_EQ(simulator.statistics().faults, static_cast<std::uint64_t>(statuses[500] + statuses[429]));
}

TEST_F(SimulatorTest, ResetsDropsAndTruncatesTheConnection) {
    const Simulator simulator({}, clock_);
    json body = openai_body();
    body["stream"] = true;
    const auto provoke = [&](std::string_view directives) {
        Client client(simulator);
        client.send("POST", "/v1/chat/completions", body.dump(),
                    "x-tidegate-simulate: " + std::string(directives) + "\r\n");
        error_code error;
        const auto response = client.receive(error);
        return std::pair{error, response.body()};
    };
    EXPECT_EQ(provoke("drop").first, asio::error::connection_reset);
    const auto [reset, reset_body] = provoke("reset, after=2");
    EXPECT_EQ(reset, asio::error::connection_reset);
    EXPECT_NE(reset_body.find("[simulator]"), std::string::npos) << "what was sent before arrives";
    EXPECT_EQ(provoke("truncate").first, http::error::partial_message);
    body.erase("stream");
    EXPECT_EQ(provoke("truncate").first, http::error::partial_message);
    EXPECT_EQ(provoke("reset").first, asio::error::connection_reset);
}

TEST_F(SimulatorTest, NoticesThatAClientLeftAHangingAnswer) {
    const Simulator simulator({}, clock_);
    {
        Client hanging(simulator);
        hanging.send("POST", "/v1/chat/completions", openai_body().dump(), "x-tidegate-simulate: hang\r\n");
        while (simulator.statistics().in_flight == 0) std::this_thread::yield();
    }
    while (simulator.statistics().in_flight != 0) std::this_thread::yield();
    EXPECT_EQ(simulator.statistics().abandoned, 1U);
}

TEST_F(SimulatorTest, EndsWhileAnswersHang) {
    auto simulator = std::make_unique<Simulator>(Options{.behaviour = "hang"}, clock_);
    Client client(*simulator);
    client.send("POST", "/v1/chat/completions", openai_body().dump());
    while (simulator->statistics().in_flight == 0) std::this_thread::yield();
    simulator.reset();
    error_code error;
    client.receive(error);
    EXPECT_TRUE(error);
}

TEST_F(SimulatorTest, RemembersWhatItReceived) {
    const Simulator simulator({.keep = 2}, clock_);
    Client client(simulator);
    for (const char* text : {"one", "two", "three"}) {
        client.post("/v1/chat/completions", openai_body(text), "Authorization: Bearer test\r\n");
    }
    const json last = client.get("/simulator/last?n=5");
    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0]["body"]["messages"][0]["content"], "three");
    EXPECT_EQ(last[0]["headers"]["authorization"], "Bearer test");
    EXPECT_EQ(client.get("/simulator/last?n=1").size(), 1U);
    EXPECT_EQ(client.get("/simulator/stats")["models"]["demo"], 3);
    client.post("/simulator/reset", json::object());
    EXPECT_EQ(client.get("/simulator/last").size(), 0U);
    EXPECT_EQ(client.get("/simulator/stats")["requests"], 0);
}

TEST_F(SimulatorTest, RefusesBadRequestsAndUnknownPaths) {
    const Simulator simulator({}, clock_);
    Client client(simulator);
    const auto bad = client.post("/v1/messages", {{"model", "demo"}});
    EXPECT_EQ(bad.result_int(), 400U);
    EXPECT_EQ(json::parse(bad.body())["error"]["message"], "max_tokens: Field required");
    EXPECT_EQ(client.post("/v1/chat/completions", {{"model", "demo"}}).result_int(), 400U);
    EXPECT_EQ(client.post("/v1/v1/chat/completions", openai_body()).result_int(), 404U);
    client.send("GET", "/v1/chat/completions", "");
    error_code error;
    EXPECT_EQ(client.receive(error).result_int(), 405U);
}

TEST_F(SimulatorTest, ListsModelsInTheShapeAskedFor) {
    const Simulator simulator({.models = {{"a", ""}, {"b", ""}}}, clock_);
    Client client(simulator);
    EXPECT_EQ(client.get("/v1/models")["data"][1]["id"], "b");
    EXPECT_EQ(client.get("/v1/models", "anthropic-version: 2023-06-01\r\n")["last_id"], "b");
    EXPECT_EQ(client.get("/v1/models/a")["object"], "model");
    EXPECT_EQ(client.get("/v1/models/c")["error"]["code"], "model_not_found");
}

TEST_F(SimulatorTest, EmbedsAsNumbersOrBase64) {
    const Simulator simulator({}, clock_);
    Client client(simulator);
    json body{{"model", "embed"}, {"input", {"a b", "c"}}, {"dimensions", 4}};
    const json numbers = json::parse(client.post("/v1/embeddings", body).body());
    ASSERT_EQ(numbers["data"].size(), 2U);
    EXPECT_EQ(numbers["data"][1]["embedding"].size(), 4U);
    EXPECT_EQ(numbers["usage"]["prompt_tokens"], 3);
    body["encoding_format"] = "base64";
    const json coded = json::parse(client.post("/v1/embeddings", body).body());
    EXPECT_EQ(coded["data"][0]["embedding"].get<std::string>().size(), 24U) << "16 bytes";
    body["model"] = "embed--status=500";
    EXPECT_EQ(client.post("/v1/embeddings", body).result_int(), 500U);
    EXPECT_EQ(json::parse(client.post("/v1/messages/count_tokens", openai_body()).body())["input_tokens"], 7);
}

TEST_F(SimulatorTest, SaysThatItsAddressIsTaken) {
    const Simulator first({}, clock_);
    const std::string address = first.address();
    Options options;
    options.port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    EXPECT_THROW(Simulator(options, clock_), std::runtime_error);
}

TEST(Options, AreReadFromYaml) {
    yaml::Problems problems;
    const yaml::Document document = yaml::parse("c.yaml",
                                                "simulator:\n"
                                                "  behaviour: \"latency=300ms~80ms, rate=60\"\n"
                                                "  models: {slow: \"first-token=3s\"}\n"
                                                "  faults: [{share: 2%, behaviour: \"status=503\"}]\n",
                                                problems);
    const Options options = parse_options(document.root()["simulator"]);
    EXPECT_TRUE(problems.empty()) << problems.text();
    EXPECT_EQ(options.behaviour, "latency=300ms~80ms, rate=60");
    EXPECT_EQ(options.models.at("slow"), "first-token=3s");
    ASSERT_EQ(options.faults.size(), 1U);
    EXPECT_EQ(options.faults[0].share, 200);
}

TEST(Options, ThatAreWrongAreReportedAtTheirPlace) {
    yaml::Problems problems;
    const yaml::Document document =
        yaml::parse("c.yaml",
                    "simulator:\n"
                    "  behaviour: wobble\n"
                    "  fault: []\n"
                    "  faults: [{share: 60%, behaviour: hang}, {share: 50%, behaviour: hang}]\n",
                    problems);
    parse_options(document.root()["simulator"]);
    EXPECT_NE(problems.text().find("c.yaml:2:"), std::string::npos) << problems.text();
    EXPECT_NE(problems.text().find("c.yaml:3:"), std::string::npos) << problems.text();
    EXPECT_NE(problems.text().find("c.yaml:4:"), std::string::npos) << problems.text();
}

}  // namespace
}  // namespace tidegate::simulator
