#include "admin/answer.h"

#include <tidegate/base/log.h>
#include <tidegate/base/text.h>
#include <tidegate/http/header_lines.h>

namespace tidegate::admin {

std::string common_header_lines(std::string_view content_type) {
    std::string lines = "cache-control: no-store\r\nx-content-type-options: nosniff\r\n";
    http::append_header_line(lines, "content-type", content_type);
    return lines;
}

Answer json_answer(std::string body) {
    Answer answer;
    answer.body = std::move(body);
    if (!answer.body.ends_with('\n'))
        answer.body += '\n';
    return answer;
}

Answer error_answer(int status, std::string_view code, std::string_view message) {
    Answer answer;
    answer.status = status;
    http::append_header_line(answer.header_lines, "x-tidegate-error", code);
    answer.body = "{\"error\":{\"code\":";
    append_json_string(answer.body, code);
    answer.body += ",\"message\":";
    append_json_string(answer.body, message);
    answer.body += "}}\n";
    return answer;
}

Answer error_answer(const Error& error) {
    switch (error.kind) {
        case ErrorKind::invalid_input:
            return error_answer(400, "invalid_request", error.message);
        case ErrorKind::not_found:
            return not_found(error.message);
        case ErrorKind::overloaded: {
            Answer answer = error_answer(503, "overloaded", "Too many questions at once; ask again.");
            answer.header_lines += "retry-after: 1\r\n";
            return answer;
        }
        default:
            break;
    }
    log::error("admin", "could not answer: {}", error.text());
    return error_answer(500, "internal", "This could not be answered; the gateway's log says why.");
}

Answer not_found(std::string_view message) {
    return error_answer(404, "not_found", message);
}

}  // namespace tidegate::admin
