#include "upstream/harness.h"

namespace tidegate::upstream::test {

Harness::Harness(ClientOptions options)
    : thread("client", 0, clock), cancellation(std::make_unique<async::Cancellation>()) {
    thread.start();
    on_thread([&] { client = std::make_unique<Client>(thread, options); });
}

Harness::~Harness() {
    on_thread([&] { client.reset(); });
    thread.stop();
}

std::shared_ptr<const Endpoint> Harness::endpoint(EndpointOptions options) {
    options.allow_private_address = true;
    const auto made = make_endpoint(std::move(options));
    if (!made)
        throw std::runtime_error(made.error().text());
    return *made;
}

std::shared_ptr<const Endpoint> Harness::endpoint(const std::string& url) {
    EndpointOptions options;
    options.name = "test";
    options.base_url = url;
    return endpoint(std::move(options));
}

async::Task<> Harness::run(Request request, std::shared_ptr<std::promise<Answer>> promise) {
    Answer answer;
    {
        Outcome outcome = co_await client->send(request, *cancellation);
        if (!outcome) {
            answer.failure = outcome.error();
            promise->set_value(std::move(answer));
            co_return;
        }
        const std::unique_ptr<Response> response = std::move(*outcome);
        answer.status = response->status();
        answer.type = response->header("Content-Type");
        answer.reused = response->reused();
        if (on_head)
            on_head();
        if (deadline != SteadyTime::max())
            response->set_deadline(deadline);
        std::size_t size = whole ? 0 : 1;
        if (whole) {
            const Result<void> all = co_await response->read_all(answer.body, limit);
            if (!all)
                answer.body_error = all.error();
            answer.body_capacity = answer.body.capacity();
        }
        while (size > 0 && !hold_body) {
            const Result<std::string_view> piece = co_await response->read();
            size = piece ? piece->size() : 0;
            if (piece)
                answer.body.append(*piece);
            if (!piece)
                answer.body_error = piece.error();
            ++pieces;
            if (on_piece)
                on_piece();
        }
    }
    promise->set_value(std::move(answer));
}

std::future<Answer> Harness::begin(const Request& request) {
    auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> future = promise->get_future();
    on_thread([&] { thread.tasks().spawn(run(request, promise)); });
    return future;
}

Answer Harness::ask(const Request& request) {
    return begin(request).get();
}

Answer Harness::ask(const std::shared_ptr<const Endpoint>& endpoint, std::string_view body) {
    Request request;
    request.endpoint = endpoint;
    request.path = "/chat";
    request.headers = "content-type: application/json\r\n";
    request.body = body;
    return ask(request);
}

void Harness::cancel() {
    on_thread([&] { cancellation->cancel(async::CancelReason::client_gone); });
}

ClientStats Harness::stats() {
    ClientStats stats;
    on_thread([&] { stats = client->stats(); });
    return stats;
}

std::size_t Harness::armed() {
    std::size_t armed = 0;
    on_thread([&] { armed = thread.wheel().armed(); });
    return armed;
}

void Harness::expect_nothing_left() {
    const ClientStats now = stats();
    EXPECT_EQ(now.open, 0U);
    EXPECT_EQ(now.idle, 0U);
    EXPECT_EQ(now.in_flight, 0U);
    EXPECT_EQ(armed(), 0U);
    on_thread([&] { EXPECT_EQ(thread.tasks().size(), 0U); });
}

}  // namespace tidegate::upstream::test
