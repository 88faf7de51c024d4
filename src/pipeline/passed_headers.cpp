#include "pipeline/passed_headers.h"

#include <tidegate/http/header_lines.h>
#include <tidegate/http/request.h>

namespace tidegate::pipeline {

std::string passed_headers(const http::Request& request) {
    std::string lines;
    for (const std::string_view name : kPassedHeaders) {
        if (const auto value = request.header(name))
            http::append_header_line(lines, name, *value);
    }
    return lines;
}

}  // namespace tidegate::pipeline
