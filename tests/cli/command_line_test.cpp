// Usage, exit statuses, and who can be reached.
#include "cli/support.h"

#include <future>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace tidegate::cli {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CommandLineTest : public CliTest {};

TEST_F(CommandLineTest, WrongUsageIs64Everywhere) {
    const std::vector<std::vector<const char*>> wrong = {
        {},
        {"nothing"},
        {"serve"},
        {"serve", "--config"},
        {"serve", "--config", "f", "--port", "1"},
        {"check"},
        {"simulate", "extra"},
        {"feature"},
        {"feature", "show"},
        {"feature", "show", ""},
        {"feature", "list", "x"},
        {"feature", "explain"},
        {"feature", "explain", "f", "--attr", "x"},
        {"feature", "explain", "f", "--attr", "=x"},
        {"feature", "explain", "f", "--attr", "a=1", "--attr", "a=2"},
        {"call"},
        {"call", "show"},
        {"call", "show", "12"},
        {"call", "show", "../config"},
        {"call", "list", "--limit", "0"},
        {"call", "list", "--limit", "1001"},
        {"call", "list", "--limit", "x"},
        {"call", "list", "--since", "yesterday"},
        {"call", "list", "--until", "2026-02-30"},
        {"status", "--nothing"},
        {"key"},
        {"key", "new"},
        {"key", "new", ""},
        {"key", "new", "a b"},
        {"key", "new", "a\"}"},
        {"key", "new", "a", "b"},
        {"--json"},
    };
    for (const auto& arguments : wrong) {
        std::string line;
        for (const char* argument : arguments) line += std::string(argument) + " ";
        SCOPED_TRACE(line);
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, kWrongUsage);
        EXPECT_NE(outcome.err, "");
        EXPECT_EQ(outcome.out, "");
    }
}

TEST_F(CommandLineTest, HelpAndVersionAreNoFailure) {
    EXPECT_EQ(run({"--version"}).out, "tidegate 1.2.3 (abc)\n");
    EXPECT_EQ(run({"--version"}).status, kOk);
    const Outcome help = run({"--help"});
    EXPECT_EQ(help.status, kOk);
    EXPECT_THAT(help.out, HasSubstr("TIDEGATE_TOKEN"));
    EXPECT_THAT(run({"call", "list", "--help"}).out, HasSubstr("--conversation"));
}

TEST_F(CommandLineTest, StartingCommandsGetTheirOptionsAndDecideTheStatus) {
    EXPECT_EQ(run({"serve", "--config", "a.yaml", "--ports-file", "p"}).status, 7);
    EXPECT_EQ(served_.config, "a.yaml");
    EXPECT_EQ(served_.ports_file, "p");
    EXPECT_EQ(run({"serve", "--config=b.yaml"}).status, 7);
    EXPECT_EQ(run({"check", "--config", "c.yaml"}).status, 1);
    EXPECT_EQ(checked_.config, "c.yaml");
    EXPECT_EQ(run({"simulate"}).status, 0);
    EXPECT_EQ(simulated_.listen, "127.0.0.1:8089");
    EXPECT_EQ(run({"simulate", "--listen", "127.0.0.1:1", "--behaviour", "status=503"}).status, 0);
    EXPECT_EQ(simulated_.listen, "127.0.0.1:1");
    EXPECT_EQ(simulated_.behaviour, "status=503");
}

TEST_F(CommandLineTest, NobodyThereIs3WithAMessage) {
    // Bound and never listening: refused, whoever else runs here.
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor bound(context);
    bound.open(boost::asio::ip::tcp::v4());
    bound.bind({boost::asio::ip::address_v4::loopback(), 0});
    const std::string url = fmt::format("http://127.0.0.1:{}", bound.local_endpoint().port());
    environment_["TIDEGATE_ADMIN"] = url;
    for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
             {"status"}, {"reload"}, {"feature", "list"}, {"call", "list"}, {"status", "--json"}}) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, kUnreachable);
        EXPECT_THAT(outcome.err, HasSubstr(url));
        EXPECT_THAT(outcome.err, HasSubstr("TIDEGATE_ADMIN"));
        EXPECT_EQ(outcome.out, "");
    }
}

TEST_F(CommandLineTest, AnUnusableAddressOrTokenIsWrongUsage) {
    for (const char* url : {"127.0.0.1:9900", "ftp://x", "file:///etc/passwd", "http://a b", "http://x/?a",
                            "http://user:secret@x", "http://x\r\ny", ""}) {
        environment_["TIDEGATE_ADMIN"] = url;
        EXPECT_EQ(run({"status"}).status, kWrongUsage) << url;
    }
    start();
    environment_["TIDEGATE_TOKEN"] = "a\r\nx-evil: 1";
    const Outcome outcome = run({"status"});
    EXPECT_EQ(outcome.status, kWrongUsage);
    EXPECT_EQ(outcome.err.find("evil"), std::string::npos);
}

// Answers one connection with `answer`, whatever it is asked; gives the request back.
class OneAnswer {
  public:
    explicit OneAnswer(std::string answer)
        : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
          request_(std::async(std::launch::async, [this, answer = std::move(answer)] {
              boost::asio::ip::tcp::socket socket(context_);
              acceptor_.accept(socket);
              std::string request;
              boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n");
              boost::asio::write(socket, boost::asio::buffer(answer));
              return request;
          })) {}

    std::string url() const { return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
    std::string request() { return request_.get(); }

  private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::future<std::string> request_;
};

TEST_F(CommandLineTest, SomethingElseThereIs3) {
    for (const std::string answer :
         {"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>",
          "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}",
          "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[1]", "HTTP/1.1 204 No Content\r\n\r\n"}) {
        OneAnswer other(answer);
        environment_["TIDEGATE_ADMIN"] = other.url();
        const Outcome outcome = run({"status"});
        EXPECT_EQ(outcome.status, kUnreachable) << answer;
        EXPECT_THAT(outcome.err, HasSubstr("not Tidegate's admin port"));
        other.request();
    }
}

TEST_F(CommandLineTest, ARedirectIsNotFollowedWithTheToken) {
    OneAnswer target("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    OneAnswer other("HTTP/1.1 302 Found\r\nlocation: " + target.url() + "/\r\ncontent-length: 0\r\n\r\n");
    environment_["TIDEGATE_ADMIN"] = other.url() + "/";
    environment_["TIDEGATE_TOKEN"] = "sesame";
    EXPECT_EQ(run({"status"}).status, kUnreachable);
    const std::string request = other.request();
    EXPECT_THAT(request, StartsWith("GET /admin/v1/status HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("authorization: Bearer sesame\r\n"));
    // The target was never asked: the next one who comes is this.
    environment_["TIDEGATE_ADMIN"] = target.url();
    environment_.erase("TIDEGATE_TOKEN");
    EXPECT_EQ(run({"status"}).status, kOk);
    EXPECT_EQ(target.request().find("sesame"), std::string::npos);
}

TEST_F(CommandLineTest, AMissingTokenIsToldAndTheRightOneSent) {
    admin::Options options;
    options.tokens = {{.name = "x", .digests = {digest_of("sesame")}, .features = {}}};
    start(std::move(options));
    const Outcome refused = run({"status"});
    EXPECT_EQ(refused.status, kRefused);
    EXPECT_THAT(refused.err, HasSubstr("TIDEGATE_TOKEN"));
    environment_["TIDEGATE_TOKEN"] = "sesame";
    EXPECT_EQ(run({"status"}).status, kOk);
    EXPECT_EQ(run({"reload"}).status, kRefused);
}

TEST_F(CommandLineTest, JsonMayStandBeforeAndBehindTheCommand) {
    services_.status_json = [] { return std::string(R"({"version":"1"})"); };
    start();
    const json expected = {{"ready", true}, {"reasons", json::array()}, {"version", "1"}};
    EXPECT_EQ(json::parse(run({"--json", "status"}).out), expected);
    EXPECT_EQ(json::parse(run({"status", "--json"}).out), expected);
}

TEST_F(CommandLineTest, JsonOfARefusalIsPrintedAsWell) {
    start();
    const Outcome outcome = run({"feature", "show", "x", "--json"});
    EXPECT_EQ(outcome.status, kRefused);
    EXPECT_EQ(json::parse(outcome.out)["error"]["code"], "not_found");
    EXPECT_THAT(outcome.err, HasSubstr("no feature"));
}

}  // namespace
}  // namespace tidegate::cli
