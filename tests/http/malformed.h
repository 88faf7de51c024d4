// Requests that no strict server may serve.
#pragma once

#include <string>
#include <vector>

namespace tidegate::http {

struct Malformed {
    std::string name;
    std::string bytes;
    int status;
};

// Our own set over the families of request smuggling; each is complete enough to be judged without waiting.
std::vector<Malformed> malformed_requests();

}  // namespace tidegate::http
