#include "upstream/state.h"

#include <tidegate/upstream/trust_store.h>

#include <algorithm>

#include <openssl/ssl.h>

namespace tidegate::upstream {
namespace {

constexpr std::size_t kSpareBuffers = 64;
constexpr std::size_t kLargestSpareString = 131'072;

}  // namespace

ClientState::ClientState(async::IoThread& io_thread, ClientOptions client_options)
    : thread(io_thread),
      options(std::move(client_options)),
      resolver(std::make_unique<Resolver>(io_thread, options.dns_servers, options.dns_timeout)) {}

std::unique_ptr<Connection> ClientState::take(const std::shared_ptr<const Endpoint>& endpoint) {
    const auto found = buckets_.find(endpoint->key());
    if (found == buckets_.end())
        return nullptr;
    Bucket& bucket = found->second;
    if (bucket.record && resolver)
        resolver->refresh(bucket.record);
    const SteadyTime now = thread.clock().steady();
    while (!bucket.idle.empty()) {
        std::unique_ptr<Connection> connection = std::move(bucket.idle.back());
        bucket.idle.pop_back();
        --stats.idle;
        if (!connection->usable(now, options.max_age) || moved(bucket, *connection))
            continue;
        connection->use(endpoint);
        ++stats.reuses;
        return connection;
    }
    return nullptr;
}

// The name leads elsewhere by now.
bool ClientState::moved(const Bucket& bucket, Connection& connection) const {
    if (!bucket.record || connection.generation == bucket.record->generation)
        return false;
    if (!bucket.record->holds(connection.address()))
        return true;
    connection.generation = bucket.record->generation;
    return false;
}

void ClientState::give_back(std::unique_ptr<Connection> connection) {
    if (!connection->finish() || closed)
        return;
    const Endpoint& endpoint = connection->endpoint();
    if (used_ && !used_->contains(endpoint.key()))
        return;
    const auto [place, is_new] = buckets_.try_emplace(endpoint.key());
    Bucket& bucket = place->second;
    if (is_new && !endpoint.literal() && !endpoint.proxied())
        bucket.record = resolver->record(endpoint.host());
    if (bucket.idle.size() >= options.idle_per_endpoint)
        return;
    connection->park(thread.clock().steady() + options.idle_for);
    bucket.idle.push_back(std::move(connection));
    ++stats.idle;
}

void ClientState::drop(Connection& connection) {
    const auto found = buckets_.find(connection.endpoint().key());
    if (found == buckets_.end())
        return;
    auto& idle = found->second.idle;
    const auto place =
        std::find_if(idle.begin(), idle.end(), [&](const auto& other) { return other.get() == &connection; });
    if (place == idle.end())
        return;
    --stats.idle;
    idle.erase(place);
}

void ClientState::retire(std::span<const EndpointKey> used) {
    used_.emplace(used.begin(), used.end());
    std::erase_if(buckets_, [&](const auto& item) {
        if (used_->contains(item.first))
            return false;
        stats.idle -= item.second.idle.size();
        return true;
    });
    if (resolver)
        resolver->sweep();
    std::erase_if(contexts_, [](const auto& item) { return item.first.use_count() == 1; });
}

void ClientState::shut_down() {
    closed = true;
    stats.idle = 0;
    buckets_.clear();
    resolver.reset();
}

void ClientState::lend(ReadBuffer& buffer) {
    if (buffer.memory)
        return;
    if (memory_.empty()) {
        buffer.memory = std::make_unique_for_overwrite<char[]>(ReadBuffer::kSize);
    } else {
        buffer.memory = std::move(memory_.back());
        memory_.pop_back();
    }
    buffer.capacity = ReadBuffer::kSize;
    buffer.begin = buffer.end = 0;
}

void ClientState::take_back(ReadBuffer& buffer) {
    if (buffer.memory && buffer.capacity == ReadBuffer::kSize && memory_.size() < kSpareBuffers)
        memory_.push_back(std::move(buffer.memory));
    buffer = ReadBuffer{};
}

std::string ClientState::lend_string() {
    if (strings_.empty())
        return {};
    std::string text = std::move(strings_.back());
    strings_.pop_back();
    text.clear();
    return text;
}

void ClientState::take_back(std::string text) {
    if (strings_.size() < kSpareBuffers && text.capacity() <= kLargestSpareString)
        strings_.push_back(std::move(text));
}

asio::ssl::context& ClientState::tls_context(const std::shared_ptr<const TrustStore>& trust) {
    std::unique_ptr<asio::ssl::context>& context = contexts_[trust];
    if (context)
        return *context;
    context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set1_cert_store(native, trust->native());
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    static constexpr unsigned char kProtocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(native, kProtocols, sizeof kProtocols - 1);
    return *context;
}

}  // namespace tidegate::upstream
