#include <tidegate/upstream/endpoint.h>

#include <algorithm>

namespace tidegate::upstream {
namespace {

bool is_path(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

}  // namespace

Result<Target> make_target(std::string_view url, EndpointOptions options) {
    const std::size_t scheme = url.find("://");
    const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t path = std::min(url.find_first_of("/?", host), url.size());
    Target target;
    target.path = url.substr(path);
    if (!target.path.starts_with('/'))
        target.path.insert(0, "/");
    if (!is_path(target.path)) {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     "escape what is no plain ASCII in the path (`%20`), and leave out the fragment"};
    }
    options.base_url = url.substr(0, path);
    auto endpoint = make_endpoint(std::move(options));
    if (!endpoint)
        return endpoint.error();
    target.endpoint = std::move(*endpoint);
    return target;
}

}  // namespace tidegate::upstream
