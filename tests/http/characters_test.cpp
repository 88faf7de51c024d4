#include "http/characters.h"

#include <string>

#include <gtest/gtest.h>

namespace tidegate::http {
namespace {

// Byte by byte.
std::size_t first_control(std::string_view text, std::size_t from) {
    while (from < text.size() && !is_control(text[from])) ++from;
    return from;
}

TEST(FindControl, FindsTheFirstWhateverStandsAroundIt) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            for (std::size_t at = 0; at < 8; ++at) {
                std::string text(20, 'a');
                text[at] = static_cast<char>(first);
                text[at + 1] = static_cast<char>(second);
                ASSERT_EQ(find_control(text, 0), first_control(text, 0)) << first << ' ' << second << ' ' << at;
            }
        }
    }
}

TEST(FindControl, BeginsWhereItIsTold) {
    const std::string text = "one\r\ntwo\tthree and more\x7f";
    for (std::size_t from = 0; from <= text.size(); ++from)
        EXPECT_EQ(find_control(text, from), first_control(text, from)) << from;
}

}  // namespace
}  // namespace tidegate::http
