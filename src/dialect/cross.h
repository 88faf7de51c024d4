// The request of a client translated into the other format.
#pragma once

#include "parsed_request.h"

#include <tidegate/dialect/request_writer.h>

#include <string>
#include <vector>

namespace tidegate::dialect::detail {

Result<std::vector<std::string>> cross(const ParsedRequest& request, Format to, const RequestEdits& edits,
                                       std::string& out);

}  // namespace tidegate::dialect::detail
