// Any bytes as a request, with nlohmann/json as the oracle: what is accepted is JSON without a member twice at
// the top, and what is sent has the same members otherwise.
#include <tidegate/dialect/request_writer.h>

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace {

using namespace tidegate;
using namespace tidegate::dialect;
using Json = nlohmann::ordered_json;

void require(bool condition) {
    if (!condition)
        std::abort();
}

// Sees every key of the top level, which a parsed value does not.
class TopLevelKeys : public nlohmann::json_sax<Json> {
  public:
    bool twice() const { return x_twice; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return open(); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        if (x_depth == 1 && !x_keys.insert(name).second)
            x_twice = true;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

  private:
    bool open() {
        ++x_depth;
        return true;
    }
    bool close() {
        --x_depth;
        return true;
    }
    std::size_t x_depth = 0;
    std::set<std::string> x_keys;
    bool x_twice = false;
};

struct Read {
    explicit Read(Format format, std::string_view text)
        : bytes(std::string(text) + std::string(kBodyPadding, '"')),
          view(RequestView::read(format, Operation::chat, std::string_view(bytes).substr(0, text.size()),
                                 parser)) {}
    BodyParser parser;
    std::string bytes;
    Result<RequestView> view;
};

void check_splice(const RequestView& request, Format format, const RequestEdits& edits, Json before) {
    std::string out;
    require(write_request(request, format, edits, out).has_value());
    const Read again(format, out);
    require(again.view.has_value());
    require(again.view->model() == edits.model);
    require(!edits.max_output_tokens || again.view->max_output_tokens() == edits.max_output_tokens);
    Json after = Json::parse(out);
    for (const char* name : {"model", "messages", "system", "max_tokens", "max_completion_tokens",
                             "temperature", "tidegate", "metadata", "stream_options", "thinking"}) {
        before.erase(name);
        after.erase(name);
    }
    require(before.dump(-1, ' ', false, Json::error_handler_t::replace) ==
            after.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1)
        return 0;
    const Format format = (data[0] & 1U) != 0 ? Format::openai : Format::anthropic;
    const Format other = format == Format::openai ? Format::anthropic : Format::openai;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Read read(format, body);

    TopLevelKeys keys;
    const bool json = Json::sax_parse(body, &keys);
    if (!read.view)
        return 0;
    require(json && !keys.twice());

    const std::vector<PromptMessage> prompt = {{Role::system, "be \"kind\""}, {Role::user, "hi"}};
    RequestEdits edits{.model = "m"};
    if ((data[0] & 2U) != 0)
        edits.prompt = prompt;
    if ((data[0] & 4U) != 0)
        edits.max_output_tokens = 5;
    if ((data[0] & 8U) != 0)
        edits.temperature = 0.5;
    edits.drop_reasoning = (data[0] & 16U) != 0;
    check_splice(*read.view, format, edits, Json::parse(body));

    std::string crossed;
    edits.max_output_tokens = 5;
    if (write_request(*read.view, other, edits, crossed))
        require(Read(other, crossed).view.has_value());
    (void)read.view->last_user_text();
    return 0;
}
