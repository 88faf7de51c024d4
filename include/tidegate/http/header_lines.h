// Header lines of an answer, and the words for its status.
#pragma once

#include <string>
#include <string_view>

namespace tidegate::http {

// Appends "name: value\r\n". A name that is no token, or a value with control characters, is refused: false,
// and nothing is appended. So a value from elsewhere can never begin a line of its own.
bool append_header_line(std::string& lines, std::string_view name, std::string_view value);

// Whether these are whole lines of valid fields, none of them about framing (content-length, transfer-encoding,
// connection, keep-alive, upgrade, trailer, date).
bool valid_header_lines(std::string_view lines);

// Whether a field concerns one hop only and must never pass a gateway ("connection", "te",
// "proxy-authorization" …).
bool is_hop_by_hop(std::string_view name);

// "Not Found"; "Status" for a status without a name.
std::string_view reason_phrase(int status);

}  // namespace tidegate::http
