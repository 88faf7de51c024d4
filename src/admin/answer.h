// What a route gives back.
#pragma once

#include <tidegate/base/result.h>

#include <string>
#include <string_view>

namespace tidegate::admin {

struct Answer {
    int status = 200;
    std::string header_lines;  // further ones
    std::string body;
    std::string_view content_type = "application/json";
};

// The lines of every answer.
std::string common_header_lines(std::string_view content_type);

Answer json_answer(std::string body);
// {"error":{"code","message"}}, with the header `x-tidegate-error`. `code`.
Answer error_answer(int status, std::string_view code, std::string_view message);
// The answer for a failed service. Only messages about the caller's own input are shown.
Answer error_answer(const Error& error);
Answer not_found(std::string_view message);

}  // namespace tidegate::admin
