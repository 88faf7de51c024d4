#include "release/json_leaves.h"

#include "release/words.h"

#include <tidegate/release/compare.h>

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <simdjson.h>

namespace tidegate::release {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kDeepest = 64;

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// ```json … ```, as models like to write it.
std::string_view without_fence(std::string_view text) {
    constexpr std::string_view kFence = "```";
    text = without_blanks(text);
    if (!text.starts_with(kFence) || !text.ends_with(kFence) || text.size() < 2 * kFence.size())
        return text;
    const std::size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos)
        return text;
    return without_blanks(text.substr(line_end, text.size() - kFence.size() - line_end));
}

// Collects leaves with their paths, up to a bound of memory: paths repeat the names above them.
class Collector {
  public:
    // False beyond the bound. Nesting ends at the parser's limit.
    bool collect(const dom::element& element) {
        switch (element.type()) {
            case dom::element_type::OBJECT:
                return collect_object(element.get_object().value_unsafe());
            case dom::element_type::ARRAY:
                return collect_array(element.get_array().value_unsafe());
            case dom::element_type::STRING:
                return add(JsonLeaf::Kind::text, std::string(element.get_string().value_unsafe()));
            case dom::element_type::BOOL:
                return add(JsonLeaf::Kind::boolean, element.get_bool().value_unsafe() ? "true" : "false");
            case dom::element_type::NULL_VALUE:
                return add(JsonLeaf::Kind::null);
            default:
                // 1, 1.0 and 1e0 are the same.
                return add(JsonLeaf::Kind::number, fmt::format("{}", element.get_double().value_unsafe()));
        }
    }

    std::vector<JsonLeaf> take() { return std::move(leaves_); }

  private:
    static constexpr std::size_t kMostMemory = 16 << 20;

    bool collect_object(const dom::object& object) {
        if (object.begin() == object.end())
            return add(JsonLeaf::Kind::empty_object);
        for (const dom::key_value_pair member : object) {
            if (!collect_at(member.key, member.value))
                return false;
        }
        return true;
    }

    bool collect_array(const dom::array& array) {
        if (array.begin() == array.end())
            return add(JsonLeaf::Kind::empty_array);
        std::size_t index = 0;
        for (const dom::element item : array) {
            if (!collect_at(std::to_string(index++), item))
                return false;
        }
        return true;
    }

    bool collect_at(std::string_view name, const dom::element& element) {
        const std::size_t length = path_.size();
        path_.append("/").append(name);
        const bool within = collect(element);
        path_.resize(length);
        return within;
    }

    bool add(JsonLeaf::Kind kind, std::string value = {}) {
        memory_ += sizeof(JsonLeaf) + path_.size() + value.size();
        if (memory_ > kMostMemory)
            return false;
        leaves_.push_back({path_, kind, std::move(value)});
        return true;
    }

    std::string path_;
    std::vector<JsonLeaf> leaves_;
    std::size_t memory_ = 0;
};

}  // namespace

std::optional<std::vector<JsonLeaf>> json_leaves(std::string_view text) {
    const std::string_view json = without_fence(text);
    if (json.size() > kMostCompared || !(json.starts_with('{') || json.starts_with('[')))
        return std::nullopt;
    dom::parser parser;
    dom::element root;
    if (parser.allocate(json.size() + 1, kDeepest) != simdjson::SUCCESS ||
        parser.parse(json.data(), json.size(), true).get(root) != simdjson::SUCCESS)
        return std::nullopt;
    Collector collector;
    if (!collector.collect(root))
        return std::nullopt;
    std::vector<JsonLeaf> leaves = collector.take();
    std::ranges::sort(leaves, [](const JsonLeaf& a, const JsonLeaf& b) {
        return std::tie(a.path, a.kind, a.value) < std::tie(b.path, b.kind, b.value);
    });
    return leaves;
}

double leaf_similarity(const std::vector<JsonLeaf>& a, const std::vector<JsonLeaf>& b,
                       bool (*same)(const JsonLeaf&, const JsonLeaf&, double), double minimum_similarity) {
    std::size_t equal = 0;
    std::size_t paths = 0;
    for (auto left = a.begin(), right = b.begin(); left != a.end() || right != b.end(); ++paths) {
        if (right == b.end() || (left != a.end() && left->path < right->path)) {
            ++left;
        } else if (left == a.end() || right->path < left->path) {
            ++right;
        } else {
            equal += same(*left++, *right++, minimum_similarity) ? 1 : 0;
        }
    }
    return paths == 0 ? 1 : static_cast<double>(equal) / static_cast<double>(paths);
}

bool same_kind(const JsonLeaf& a, const JsonLeaf& b, double /*minimum_similarity*/) {
    return a.kind == b.kind;
}

bool same_value(const JsonLeaf& a, const JsonLeaf& b, double minimum_similarity) {
    if (a.kind != b.kind)
        return false;
    return a.value == b.value ||
           (a.kind == JsonLeaf::Kind::text && texts_agree(a.value, b.value, minimum_similarity));
}

}  // namespace tidegate::release
