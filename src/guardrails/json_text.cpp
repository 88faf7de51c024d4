#include "guardrails/json_text.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kMostLevels = 64;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

// The handler of nlohmann's events that says what is wrong with a text. (Its parser with a callback could do
// both at once, but goes through all of an array at the end of each object in it.)
class JsonTextReader {
  public:
    // Empty: nothing is.
    std::string_view problem() const { return problem_; }

    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(std::int64_t) { return true; }
    bool number_unsigned(std::uint64_t) { return true; }
    bool number_float(double, const std::string&) { return true; }
    bool string(const std::string&) { return true; }
    bool binary(const nlohmann::json::binary_t&) { return true; }

    bool start_object(std::size_t) { return begin(); }
    bool start_array(std::size_t) { return begin(); }
    bool end_object() { return end(); }
    bool end_array() { return end(); }
    bool key(const std::string& name) {
        return names_.back().insert(name).second || fail("names a member twice");
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
        return fail("is not JSON");
    }

  private:
    bool fail(std::string_view problem) {
        problem_ = problem;
        return false;
    }
    bool begin() {
        names_.emplace_back();
        return names_.size() <= kMostLevels || fail("is nested too deeply");
    }
    bool end() {
        names_.pop_back();
        return true;
    }

    std::vector<std::set<std::string>> names_;  // of the objects (and arrays) around
    std::string_view problem_;
};

void make_integers(nlohmann::json& value) {
    if (value.is_structured()) {
        for (nlohmann::json& member : value) make_integers(member);
    } else if (value.is_number_float()) {
        const double number = value.get<double>();
        if (std::trunc(number) == number && std::abs(number) <= kExactIntegers)
            value = static_cast<std::int64_t>(number);
    }
}

}  // namespace

Result<void> parse_json_text(std::string_view text, nlohmann::json& json) {
    JsonTextReader reader;
    if (!nlohmann::json::sax_parse(text, &reader))
        return Error{ErrorKind::malformed, ErrorSource::upstream, std::string(reader.problem())};
    json = nlohmann::json::parse(text, nullptr, false);
    make_integers(json);
    return {};
}

}  // namespace tidegate::guardrails
