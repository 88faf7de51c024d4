// The request of a client in the provider's own format: its bytes, with the changed members put in.
#pragma once

#include "parsed_request.h"

#include <tidegate/dialect/request_writer.h>

#include <string>
#include <vector>

namespace tidegate::dialect::detail {

Result<std::vector<std::string>> splice(const ParsedRequest& request, const RequestEdits& edits,
                                        std::string& out);

// What a quirk refuses of the client's members, in both formats.
bool refused_by(Quirks quirks, Known known);

void append_number(std::string& out, double number);
void append_number(std::string& out, std::int64_t number);

}  // namespace tidegate::dialect::detail
