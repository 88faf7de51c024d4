// The server side of TLS.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/http/options.h>

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/ssl/context.hpp>

namespace tidegate::http {

// TLS 1.2 or newer, HTTP/1.1 by ALPN. Says which file is wrong.
Result<boost::asio::ssl::context> make_tls_context(const TlsOptions& options);
// When the first certificate of its chain expires.
std::chrono::sys_seconds expiry_of_chain(boost::asio::ssl::context& tls);
// The same context, once for each of `count` threads.
Result<std::vector<std::shared_ptr<boost::asio::ssl::context>>> make_tls_contexts(const TlsOptions& options,
                                                                                  std::size_t count);

}  // namespace tidegate::http
