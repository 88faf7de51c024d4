// What the client and its connections share on one thread: pool, resolver, TLS contexts, borrowed memory,
// counts.
#pragma once

#include "upstream/connection.h"
#include "upstream/resolver.h"

#include <tidegate/upstream/client.h>

#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/asio/ssl/context.hpp>

namespace tidegate::upstream {

struct EndpointKeyHash {
    std::size_t operator()(const EndpointKey& key) const {
        std::size_t hash;
        std::memcpy(&hash, key.data(), sizeof hash);
        return hash;
    }
};

struct ClientState {
    ClientState(async::IoThread& io_thread, ClientOptions client_options);

    // An idle connection to the endpoint that is fit for use, or null.
    std::unique_ptr<Connection> take(const std::shared_ptr<const Endpoint>& endpoint);
    // Its exchange is over: keeps or closes it.
    void give_back(std::unique_ptr<Connection> connection);
    // An idle connection whose time is over.
    void drop(Connection& connection);
    void retire(std::span<const EndpointKey> used);
    // The client is gone: nothing is kept any more.
    void shut_down();

    void lend(ReadBuffer& buffer);
    void take_back(ReadBuffer& buffer);
    std::string lend_string();
    void take_back(std::string text);

    asio::ssl::context& tls_context(const std::shared_ptr<const TrustStore>& trust);

    async::IoThread& thread;
    ClientOptions options;
    ClientStats stats;
    bool closed = false;
    std::unique_ptr<Resolver> resolver;  // null when closed

  private:
    struct Bucket {
        std::vector<std::unique_ptr<Connection>> idle;  // the last used at the end
        std::shared_ptr<HostRecord> record;             // null for a literal address
    };
    bool moved(const Bucket& bucket, Connection& connection) const;

    std::unordered_map<EndpointKey, Bucket, EndpointKeyHash> buckets_;
    std::optional<std::unordered_set<EndpointKey, EndpointKeyHash>> used_;  // absent: never retired, all are
    std::vector<std::unique_ptr<char[]>> memory_;
    std::vector<std::string> strings_;
    // By store; a store that is kept here is not freed, so its address is not taken by another.
    std::unordered_map<std::shared_ptr<const TrustStore>, std::unique_ptr<asio::ssl::context>> contexts_;
};

}  // namespace tidegate::upstream
