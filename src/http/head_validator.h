// The strict reading of a head: whatever two servers could understand differently is refused.
#pragma once

#include "http/refused.h"
#include "http/target.h"

#include <tidegate/http/options.h>
#include <tidegate/http/request.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::http {

// How the end of the body is known.
enum class Framing { none, length, chunked };

// One head, read. Its views point into the head that was given and into its own strings; reused from request to
// request.
struct Head {
    Method method = Method::get;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    std::string_view target;
    Target parts;
    std::string_view host;
    std::vector<Field> fields;  // without hop-by-hop fields

    std::string path_scratch;

    // Judges a whole head that a HeadScanner found complete (method and version are the scanner's), its limits
    // included but for the body's: `content_length` may be anything.
    Refused read(std::string_view head, Method its_method, bool is_http_1_0);

  private:
    struct Framers;
    Refused read_field(const Field& field, Framers& seen);
    Refused read_length(std::string_view value, bool again);
    Refused read_coding(std::string_view value, bool again);
    Refused read_connection(std::string_view value);
    Refused finish(const Framers& seen);
    void hide_hop_by_hop();

    bool close_ = false;
    bool wants_keep_alive_ = false;
    std::vector<std::string_view> named_;  // by `Connection`
    std::size_t hidden_ = 0;
};

}  // namespace tidegate::http
