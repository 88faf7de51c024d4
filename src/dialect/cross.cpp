#include "cross.h"

namespace tidegate::dialect::detail {

Result<std::vector<std::string>> cross(const ParsedRequest&, Format, const RequestEdits&, std::string&) {
    return client_error("not yet");
}

}  // namespace tidegate::dialect::detail
