#include "calls/guarded_events.h"

#include "calls/guard_fixture.h"

#include <tidegate/dialect/stream_relay.h>

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::calls {
namespace {

using namespace test;
using dialect::Format;
using testing::ElementsAre;

// The text of an answer as it is delivered: by whole text, without streams.
std::string redact(std::string text, const std::vector<std::pair<std::string, std::string>>& words) {
    for (std::size_t at = 0; at < text.size();) {
        std::size_t step = 1;
        for (const auto& [word, category] : words) {
            if (!std::string_view(text).substr(at).starts_with(word))
                continue;
            text.replace(at, word.size(), "[" + category + "]");
            step = category.size() + 2;
            break;
        }
        at += step;
    }
    return text;
}

// Words that share no letters between categories, so that no two of them overlap.
const std::vector<std::pair<std::string, std::string>> kWords = {
    {"secretary", "word"}, {"secret", "word"}, {"é😀", "smile"}, {"123-456", "number"}};

const GuardrailList kRedacting = {
    word_guardrail("word", {"secret", "secretary"}, {.output = Action::redact}),
    word_guardrail("smile", {"é😀"}, {.output = Action::redact}),
    word_guardrail("number", {"123-456"}, {.output = Action::redact}),
};

GuardedEvents make_events(Format format, const GuardrailList& guardrails) {
    std::vector<StreamRule> rules;
    for (const auto& guardrail : guardrails) rules.push_back({guardrail.get(), guardrail->output, true});
    return {format, std::move(rules), {.maximum_held = 1 << 20, .acts = true}};
}

std::string text_of(Format format, std::string_view out) {
    auto texts = delivered(format, out);
    return texts[format == Format::openai ? "0.content" : "0.text"];
}

std::string random_text(std::mt19937& random) {
    static const std::vector<std::string> kParts = {
        "secret", "secretary", "secr", "ecret", "et", "é😀", "é", "😀", "123-456", "123-", "-456",
        "123",    " ",         "日本", "\\",    "\"", "\n",  "s", "x",  "[",       "]"};
    std::string text;
    for (std::size_t parts = 1 + random() % 14; parts > 0; --parts) text += kParts[random() % kParts.size()];
    return text;
}

// Feeds the events in pieces of whole events, and looks at what was delivered after each.
class Client {
  public:
    Client(Format format, const GuardrailList& guardrails)
        : format_(format), events_(make_events(format, guardrails)) {}

    void feed(std::string_view events, const std::string& expected) {
        EXPECT_TRUE(events_.feed(events, out_)) << events_.trips().message();
        look();
        ASSERT_TRUE(std::string_view(expected).starts_with(text_))
            << "delivered: " << text_ << "\nof:        " << expected;
    }
    std::string finish() {
        EXPECT_TRUE(events_.finish(out_));
        look();
        return text_;
    }
    const std::string& out() const { return out_; }

  private:
    // What came since the last time: whole events.
    void look() {
        text_ += text_of(format_, std::string_view(out_).substr(seen_));
        seen_ = out_.size();
    }

    Format format_;
    GuardedEvents events_;
    std::string out_;
    std::size_t seen_ = 0;
    std::string text_;
};

TEST(GuardedEvents, DeliverTheRedactedTextWhateverTheDeltas) {
    std::mt19937 random(1);
    for (int round = 0; round < 4000; ++round) {
        const Format format = round % 2 == 0 ? Format::openai : Format::anthropic;
        const std::string text = random_text(random);
        const std::string expected = redact(text, kWords);
        const std::u16string units = to_units(text);
        const bool escape = random() % 3 == 0;
        const std::size_t longest = 1 + random() % 9;
        Client client(format, kRedacting);
        std::string batch = stream_begin(format);
        for (std::size_t at = 0; at < units.size();) {
            const std::size_t size = 1 + random() % longest;
            batch += text_event(format, to_json_inside(std::u16string_view(units).substr(at, size), escape));
            at += size;
            if (random() % 3 != 0)
                continue;
            client.feed(batch, expected);
            batch.clear();
        }
        client.feed(batch + stream_end(format), expected);
        ASSERT_EQ(client.finish(), expected) << text;
        ASSERT_FALSE(testing::Test::HasFailure()) << text;
    }
}

TEST(GuardedEvents, DeliverTheRedactedTextAtEverySplitOfAShortOne) {
    for (const std::string text :
         {"a secret é😀 b", "secretary", "123-456é😀", "secre", "😀secret\n\"é😀\"123-45"}) {
        const std::string expected = redact(text, kWords);
        const std::u16string units = to_units(text);
        for (const Format format : {Format::openai, Format::anthropic}) {
            for (std::size_t first = 0; first <= units.size(); ++first) {
                for (std::size_t second = first; second <= units.size(); ++second) {
                    Client client(format, kRedacting);
                    client.feed(stream_begin(format), expected);
                    for (const std::u16string& part :
                         {units.substr(0, first), units.substr(first, second - first), units.substr(second)})
                        client.feed(text_event(format, to_json_inside(part, false)), expected);
                    client.feed(stream_end(format), expected);
                    ASSERT_EQ(client.finish(), expected) << text << " at " << first << " and " << second;
                }
            }
        }
    }
}

TEST(GuardedEvents, DeliverTheSameHoweverTheProvidersBytesAreCut) {
    const std::vector<std::string> deltas = {"my se", "cret é", "😀 is 1", "23-456, 日", "本 secr", "etary!"};
    std::string text;
    for (const std::string& delta : deltas) text += delta;
    const std::string expected = redact(text, kWords);
    for (const Format from : {Format::openai, Format::anthropic}) {
        std::string stream = stream_begin(from);
        for (std::size_t i = 0; i < deltas.size(); ++i) {
            const std::string json = nlohmann::json(deltas[i]).dump(-1, ' ', i % 3 == 1);
            stream += text_event(from, std::string_view(json).substr(1, json.size() - 2));
        }
        stream += stream_end(from);
        for (const Format to : {Format::openai, Format::anthropic}) {
            std::string whole;
            for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
                dialect::StreamRelay relay(from, to, {.call_id = "call1"});
                Client client(to, kRedacting);
                for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
                    std::string relayed;
                    ASSERT_TRUE(relay.feed(part, relayed).has_value());
                    client.feed(relayed, expected);
                }
                ASSERT_EQ(client.finish(), expected) << cut;
                if (cut == 0)
                    whole = client.out();
                ASSERT_EQ(client.out(), whole) << cut;
            }
        }
    }
}

}  // namespace
}  // namespace tidegate::calls
