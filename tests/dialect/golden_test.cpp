// Translations between the formats, compared with the files in golden/. To write the files anew, run with
// TIDEGATE_UPDATE_GOLDEN=1, and read the difference.
#include "padded.h"
#include "streams.h"

#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/request_writer.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::dialect {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Direction {
    std::string folder;
    Format from;
    Format to;
};

const std::vector<Direction> kDirections = {{"openai_to_anthropic", Format::openai, Format::anthropic},
                                            {"anthropic_to_openai", Format::anthropic, Format::openai}};

// Calls `translate` for each input of golden/`kind`, and compares what it gives with the output beside it.
template <class Function>
void compare(std::string_view kind, Function&& translate) {
    for (const Direction& direction : kDirections) {
        const fs::path folder =
            fs::path(TIDEGATE_SOURCE_DIR) / "tests/dialect/golden" / kind / direction.folder;
        std::vector<fs::path> inputs;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().stem().extension() == ".in")
                inputs.push_back(entry.path());
        }
        std::sort(inputs.begin(), inputs.end());
        ASSERT_FALSE(inputs.empty());
        for (const fs::path& input : inputs) {
            const fs::path output =
                input.parent_path() / (input.stem().stem().string() + ".out" + input.extension().string());
            const std::string got = translate(direction, read_file(input));
            if (std::getenv("TIDEGATE_UPDATE_GOLDEN") != nullptr)
                std::ofstream(output, std::ios::binary) << got;
            EXPECT_EQ(got, read_file(output)) << output;
        }
    }
}

bool is_json(std::string_view text) {
    return nlohmann::json::accept(text);
}

TEST(Golden, Requests) {
    compare("request", [](const Direction& direction, const std::string& input) {
        const ReadRequest request(direction.from, input);
        if (!request.good())
            return "unread: " + request.error() + "\n";
        const std::vector<PromptMessage> prompt = {{Role::system, "Prompt."}};
        std::string out;
        const Result<std::vector<std::string>> dropped =
            write_request(request.view(), direction.to,
                          {.model = "model-1", .prompt = prompt, .max_output_tokens = 400}, out);
        if (!dropped) {
            EXPECT_EQ(dropped.error().kind, ErrorKind::invalid_input);
            EXPECT_EQ(out, "");
            return "refused: " + dropped.error().message + "\n";
        }
        EXPECT_TRUE(is_json(out)) << out;
        EXPECT_TRUE(ReadRequest(direction.to, out).good()) << out;
        out += '\n';
        for (const std::string& name : *dropped) out += "dropped: " + name + "\n";
        return out;
    });
}

TEST(Golden, Answers) {
    compare("answer", [](const Direction& direction, const std::string& input) {
        BodyParser parser;
        const Padded body(input);
        std::string out;
        const Result<void> written = write_answer(direction.from, direction.to, body.view(), parser,
                                                  {.call_id = "call1", .created = 1700000000}, out);
        if (!written)
            return "refused: " + written.error().message + "\n";
        EXPECT_TRUE(is_json(out)) << out;
        const Padded answer(out);
        EXPECT_TRUE(read_answer(direction.to, Operation::chat, answer.view(), parser).has_value()) << out;
        const Result<AnswerFacts> before = read_answer(direction.from, Operation::chat, body.view(), parser);
        const Usage usage = before->usage;
        EXPECT_EQ(read_answer(direction.to, Operation::chat, answer.view(), parser)->usage.total(),
                  usage.total());
        return out + "\n";
    });
}

TEST(Golden, Streams) {
    compare("stream", [](const Direction& direction, const std::string& input) {
        const Relayed relayed = relay(direction.from, direction.to, {input}, true);
        return relayed.out + (relayed.ended ? "" : "cut off\n");
    });
}

}  // namespace
}  // namespace tidegate::dialect
