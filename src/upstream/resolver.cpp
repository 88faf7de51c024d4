#include "upstream/resolver.h"

#include <tidegate/base/log.h>

#include <algorithm>
#include <mutex>

#include <ares.h>
#include <netinet/in.h>
#include <sys/time.h>

namespace tidegate::upstream {
namespace {

constexpr Duration kFloor = std::chrono::seconds{1};
constexpr Duration kCeiling = std::chrono::minutes{5};
constexpr Duration kAgainAfterFailure = std::chrono::seconds{2};
constexpr int kTries = 2;

// c-ares wants one call before any channel is made.
bool library_ready() {
    static std::once_flag once;
    static int status = ARES_SUCCESS;
    std::call_once(once, [] { status = ares_library_init(ARES_LIB_INIT_ALL); });
    return status == ARES_SUCCESS;
}

std::optional<asio::ip::address> to_address(const ares_addrinfo_node& node) {
    if (node.ai_family == AF_INET) {
        const auto* in = reinterpret_cast<const sockaddr_in*>(node.ai_addr);
        return asio::ip::address_v4(ntohl(in->sin_addr.s_addr));
    }
    if (node.ai_family == AF_INET6) {
        const auto* in = reinterpret_cast<const sockaddr_in6*>(node.ai_addr);
        asio::ip::address_v6::bytes_type bytes;
        std::copy(std::begin(in->sin6_addr.s6_addr), std::end(in->sin6_addr.s6_addr), bytes.begin());
        return asio::ip::address_v6(bytes);
    }
    return std::nullopt;
}

bool same_set(std::vector<asio::ip::address> a, std::vector<asio::ip::address> b) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

}  // namespace

bool HostRecord::holds(const asio::ip::address& address) const {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

struct Resolver::Query {
    Resolver* resolver;
    std::shared_ptr<HostRecord> record;
};

Resolver::Resolver(async::IoThread& thread, const std::string& servers, Duration timeout)
    : thread_(thread), timer_(thread.wheel(), [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }) {
    ares_options options{};
    options.timeout = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    options.tries = kTries;
    options.sock_state_cb = &Resolver::on_socket;
    options.sock_state_cb_data = this;
    char lookups[] = "fb";  // the hosts file, then the servers
    options.lookups = lookups;
    const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
    int status = library_ready() ? ares_init_options(&channel_, &options, mask) : ARES_ENOTINITIALIZED;
    if (status == ARES_SUCCESS && !servers.empty())
        status = ares_set_servers_ports_csv(channel_, servers.c_str());
    if (status != ARES_SUCCESS) {
        broken_ = Error{ErrorKind::internal, ErrorSource::gateway,
                        std::string("the resolver did not start: ") + ares_strerror(status), nullptr, false};
        log::error("upstream", "{}", broken_->message);
    }
}

Resolver::~Resolver() {
    if (channel_ != nullptr)
        ares_destroy(channel_);
    for (const auto& [fd, watched] : watches_) {
        watched->resolver = nullptr;
        watched->descriptor.release();
    }
}

std::shared_ptr<HostRecord> Resolver::record(const std::string& host) {
    std::shared_ptr<HostRecord>& record = records_[host];
    if (record)
        return record;
    record = std::make_shared<HostRecord>();
    record->host = host;
    // RFC 6761: the name is never asked for.
    if (host == "localhost" || host.ends_with(".localhost")) {
        record->addresses = {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
        record->due = SteadyTime::max();
    }
    return record;
}

void Resolver::refresh(const std::shared_ptr<HostRecord>& record) {
    if (record->asking || thread_.clock().steady() < record->due)
        return;
    if (broken_) {
        record->error = broken_;
        return;
    }
    record->asking = true;
    ++asking_;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, record->host.c_str(), nullptr, &hints, &Resolver::on_answer,
                     new Query{this, record});
    arm();
}

async::Task<> Resolver::wait(std::shared_ptr<HostRecord> record, Timer& signal) {
    signal.expires_at(SteadyTime::max());
    record->waiting.push_back(&signal);
    co_await signal.async_wait(async::as_tuple);
    std::erase(record->waiting, &signal);
}

void Resolver::sweep() {
    std::erase_if(records_,
                  [](const auto& item) { return item.second.use_count() == 1 && !item.second->asking; });
}

void Resolver::on_answer(void* query, int status, int, ares_addrinfo* result) {
    const std::unique_ptr<Query> owned(static_cast<Query*>(query));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> freed(result, &ares_freeaddrinfo);
    --owned->resolver->asking_;
    owned->resolver->answered(*owned->record, status, result);
}

void Resolver::answered(HostRecord& record, int status, const ares_addrinfo* result) {
    record.asking = false;
    for (Timer* waiting : record.waiting) waiting->cancel();
    std::vector<asio::ip::address> addresses;
    Duration ttl = kCeiling;
    for (const ares_addrinfo_node* node = status == ARES_SUCCESS && result != nullptr ? result->nodes : nullptr;
         node != nullptr; node = node->ai_next) {
        const auto address = to_address(*node);
        if (!address || std::find(addresses.begin(), addresses.end(), *address) != addresses.end())
            continue;
        addresses.push_back(*address);
        ttl = std::min<Duration>(ttl, std::chrono::seconds{node->ai_ttl});
    }
    if (addresses.empty()) {
        failed(record, status == ARES_SUCCESS ? ARES_ENODATA : status);
        return;
    }
    if (!same_set(addresses, record.addresses))
        ++record.generation;
    record.addresses = std::move(addresses);
    record.error.reset();
    record.due = thread_.clock().steady() + std::clamp(ttl, kFloor, kCeiling);
}

void Resolver::failed(HostRecord& record, int status) {
    const bool no_such_name = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    record.error =
        Error{ErrorKind::unavailable, ErrorSource::upstream,
              "cannot resolve " + record.host + ": " + ares_strerror(status), nullptr, !no_such_name};
    if (no_such_name) {
        if (!record.addresses.empty())
            ++record.generation;
        record.addresses.clear();
        record.due = thread_.clock().steady() + kFloor;
        return;
    }
    record.due = thread_.clock().steady() + kAgainAfterFailure;
    if (!record.addresses.empty() && status != ARES_EDESTRUCTION)
        log::warn("upstream", "{}; the last answer stays in use", record.error->message);
}

void Resolver::on_socket(void* self, int fd, int readable, int writable) {
    auto& resolver = *static_cast<Resolver*>(self);
    const auto found = resolver.watches_.find(fd);
    if (readable == 0 && writable == 0) {
        if (found == resolver.watches_.end())
            return;
        // c-ares closes the descriptor itself, right after this.
        found->second->resolver = nullptr;
        found->second->descriptor.release();
        resolver.watches_.erase(found);
        return;
    }
    std::shared_ptr<Watch> watched;
    if (found == resolver.watches_.end()) {
        watched = std::make_shared<Watch>(&resolver, resolver.thread_.executor(), fd);
        resolver.watches_.emplace(fd, watched);
    } else {
        watched = found->second;
    }
    watched->wants_read = readable != 0;
    watched->wants_write = writable != 0;
    watch(watched);
}

void Resolver::watch(const std::shared_ptr<Watch>& watched) {
    using Wait = asio::posix::descriptor_base;
    if (watched->resolver == nullptr)
        return;
    if (watched->wants_read && !watched->reading) {
        watched->reading = true;
        watched->descriptor.async_wait(Wait::wait_read, [watched](boost::system::error_code) {
            watched->reading = false;
            if (watched->resolver == nullptr)
                return;
            watched->resolver->process(watched->descriptor.native_handle(), ARES_SOCKET_BAD);
            watch(watched);
        });
    }
    if (watched->wants_write && !watched->writing) {
        watched->writing = true;
        watched->descriptor.async_wait(Wait::wait_write, [watched](boost::system::error_code) {
            watched->writing = false;
            if (watched->resolver == nullptr)
                return;
            watched->resolver->process(ARES_SOCKET_BAD, watched->descriptor.native_handle());
            watch(watched);
        });
    }
}

void Resolver::process(int read_fd, int write_fd) {
    ares_process_fd(channel_, read_fd, write_fd);
    arm();
}

void Resolver::arm() {
    if (asking_ == 0) {
        timer_.disarm();
        return;
    }
    timeval wait{};
    if (ares_timeout(channel_, nullptr, &wait) == nullptr)
        return;
    timer_.arm_in(std::chrono::seconds{wait.tv_sec} + std::chrono::microseconds{wait.tv_usec});
}

}  // namespace tidegate::upstream
