// Keys and answers of tests.
#pragma once

#include <tidegate/cache/cache.h>

#include <memory>
#include <string>
#include <utility>

namespace tidegate::cache::test {

inline Key key_of(std::string_view name) {
    return digest_of(name);
}

inline std::shared_ptr<const Entry> answer(std::string body) {
    Entry entry;
    entry.origin.call_id = "call-1";
    entry.origin.variant = "stable";
    entry.model = "m-1";
    entry.finish = "stop";
    entry.body = std::move(body);
    return std::make_shared<const Entry>(std::move(entry));
}

}  // namespace tidegate::cache::test
