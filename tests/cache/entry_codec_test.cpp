#include "cache/entry_codec.h"

#include <gtest/gtest.h>

namespace tidegate::cache {
namespace {

using std::chrono::milliseconds;

Entry full() {
    Entry entry;
    entry.origin = {"call", "stable", "small", "timeout", {{"pii", "email", true}, {"tone", "", false}}};
    entry.model = "gpt";
    entry.finish = "stop";
    entry.stream = true;
    entry.body = std::string("data: \0 \xff\n\n", 11);
    return entry;
}

TEST(EntryCodec, ReadsBackWhatItWrote) {
    for (const Entry& entry : {full(), Entry{}}) {
        const DecodedEntry decoded = decode(encode(entry, milliseconds{86'400'000}));
        ASSERT_NE(decoded.entry, nullptr);
        EXPECT_EQ(*decoded.entry, entry);
        EXPECT_EQ(decoded.held_for, milliseconds{86'400'000});
    }
}

TEST(EntryCodec, TakesNothingThatIsCutOrLongerOrOfAnotherForm) {
    const std::string bytes = encode(full(), milliseconds{1});
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(decode(bytes.substr(0, size)).entry, nullptr) << size;
    EXPECT_EQ(decode(bytes + "x").entry, nullptr);
    EXPECT_EQ(decode("TGA2" + bytes.substr(4)).entry, nullptr);
}

TEST(EntryCodec, SurvivesEverySingleWrongByte) {
    const std::string bytes = encode(full(), milliseconds{1});
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string wrong = bytes;
        wrong[at] = static_cast<char>(0xff);
        decode(wrong);  // an answer or none, but no read beyond its end
    }
}

}  // namespace
}  // namespace tidegate::cache
