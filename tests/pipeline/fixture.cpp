#include "pipeline/fixture.h"

#include <future>

#include <unistd.h>

namespace tidegate::pipeline::test {

Result<void> FakeWriter::add(std::string_view bytes) {
    if (gone)
        return Error{ErrorKind::cancelled, ErrorSource::client, "the client left"};
    sent += bytes;
    return {};
}

async::Task<Result<void>> FakeWriter::respond(int status_code, std::string_view header_lines,
                                              std::string_view body) {
    status = status_code;
    head = header_lines;
    finished = true;
    co_return add(body);
}

Result<void> FakeWriter::start_stream(int status_code, std::string_view header_lines) {
    status = status_code;
    head = header_lines;
    return {};
}

async::Task<Result<void>> FakeWriter::write(std::string_view bytes) {
    co_return add(bytes);
}

async::Task<Result<void>> FakeWriter::finish(std::string_view last_bytes) {
    finished = true;
    co_return add(last_bytes);
}

ApiTest::ApiTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pipeline-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    events::LogOptions options;
    options.directory = folder_.string();
    log_ = events::Log::open(options, clock_).value();
    services_ = std::make_unique<Services>(Services{*log_, metrics_, ledger_.store(), *ledger_});
    client_ = std::make_unique<upstream::Client>(thread_);
    table_->anonymous = true;
    state_ = std::make_unique<ThreadState>(thread_, *services_, *client_, table_);
    api_ = std::make_unique<Api>(std::vector<ThreadState*>{state_.get()}, [this] { return readiness_; });
    thread_.start();
}

ApiTest::~ApiTest() {
    thread_.stop();
    state_.reset();
    client_.reset();
    log_.reset();
    std::filesystem::remove_all(folder_);
}

void ApiTest::serve(upstream::test::ScriptedServer::Script script) {
    server_ = std::make_unique<upstream::test::ScriptedServer>(std::move(script));
    upstream::EndpointOptions options;
    options.name = "scripted";
    options.base_url = server_->url();
    options.allow_private_address = true;
    provider_->name = "scripted";
    provider_->endpoint = upstream::make_endpoint(options).value();
    provider_->first_token = provider_->idle = provider_->total = std::chrono::seconds{60};
    provider_->concurrency = &concurrency_;
    provider_->retry_budget = &retry_budget_;
    auto model = std::make_shared<calls::Model>();
    model->name = "large";
    model->id = "m-1";
    model->provider = provider_;
    model->context = 10'000;
    model->max_output = 1000;
    model->breaker = &breaker_;
    model->series = &metrics_.upstream("scripted", "large");
    Feature reply;
    reply.name = "reply";
    reply.flag.name = "reply";
    reply.flag.variants = {"stable"};
    reply.flag.serve = flags::Serve({{"stable", 0, flags::kTotalWeight, 0}});
    FeatureVariant variant;
    variant.variant.name = "stable";
    variant.variant.model = model;
    variant.header_lines = "x-tidegate-variant: stable\r\n";
    variant.series = &metrics_.request_series("reply", "stable", "large", "scripted");
    reply.variants.push_back(std::move(variant));
    reply.chains = {{ChainEntry{"stable", 0, {}}}};
    reply.unassigned = &metrics_.cohort_unassigned("reply");
    table_->features.emplace("reply", std::move(reply));
}

void ApiTest::add_answer(std::string name, decltype(ChainEntry::answer) answer) {
    feature().chains[0].push_back(ChainEntry{std::move(name), std::nullopt, std::move(answer)});
}

namespace {

async::Task<> handle(Api& api, const http::Request& request, FakeWriter& writer, async::IoThread& thread,
                     std::promise<void>& done) {
    co_await api.handle(request, writer, thread);
    done.set_value();
}

}  // namespace

FakeWriter& ApiTest::ask(Ask what) {
    const std::size_t size = what.body.size();
    what.body.append(http::Request::kBodyPadding, ' ');
    http::Request request;
    request.method = what.method;
    request.target = request.path = what.path;
    request.fields = what.fields;
    request.body = std::string_view(what.body).substr(0, size);
    request.received = clock_.steady();
    std::promise<void> done;
    thread_.run_and_wait([&] { thread_.tasks().spawn(handle(*api_, request, writer_, thread_, done)); });
    done.get_future().get();
    return writer_;
}

}  // namespace tidegate::pipeline::test
