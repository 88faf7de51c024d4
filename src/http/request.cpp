#include <tidegate/base/text.h>
#include <tidegate/http/request.h>

namespace tidegate::http {

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::delete_:
            return "DELETE";
        case Method::head:
            return "HEAD";
        case Method::options:
            return "OPTIONS";
    }
    return "GET";
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const Field& field : fields) {
        if (equals_ignoring_case(field.name, name))
            return field.value;
    }
    return std::nullopt;
}

std::size_t Request::header_count(std::string_view name) const {
    std::size_t count = 0;
    for (const Field& field : fields) {
        if (equals_ignoring_case(field.name, name))
            ++count;
    }
    return count;
}

}  // namespace tidegate::http
