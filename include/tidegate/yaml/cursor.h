// A place in a configuration tree, and typed readers of what stands there.
//
//   Options parse(yaml::Cursor at) {
//       Options options;
//       options.url = at["url"].text();                       // required: its absence is a problem
//       options.keep = at["keep"].duration(24h * 30);          // with a default
//       options.limit = at["limit"].optional_integer(1, 100);  // nothing if absent
//       at.later("tls", "comes with the fleet");
//       at.finish();                                           // any other key is a problem
//       return options;
//   }
//
// A reader never throws: what is wrong is reported to the document's Problems, once, and the default (or an
// empty value) is returned, so that parsing goes on and finds the rest. Check `Problems::has_errors()` at the
// end.
//
// YAML's guesses are not made: `true` and `false` are the only booleans, numbers are plain decimals (`010`,
// `0x1f`, `1_000`, `.5` and `1:30` are refused as numbers), and text is taken exactly as written (`NO`, `1.10`,
// `010` are text). A quoted scalar is never a number or boolean, unless it holds a substitution (`"${PORT}"`).
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>
#include <tidegate/yaml/problems.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::yaml {

struct Node;
class Tree;

enum class Bare { refused, allowed };    // a percentage without `%`
enum class Secrets { shown, redacted };  // in printed configuration

// Points into a Document, which must outlive it. Cheap to copy. One thread.
class Cursor {
  public:
    // What is here
    bool present() const { return node_ != nullptr; }
    explicit operator bool() const { return present(); }
    bool is_map() const;
    bool is_list() const;
    bool is_scalar() const;
    bool is_null() const;    // a key without value, `~` or `null`
    bool is_plain() const;   // a scalar without quotes, or one that holds a substitution
    bool is_secret() const;  // a scalar that holds a substitution, or was hidden: never print it
    // What is written here is a secret even if it is written out.
    void hide() const;

    // The place of the value; of a map or list entry its key; of something absent the nearest thing above.
    Location where() const;
    // "features.support-reply.variants", "include[2]"; empty at the top.
    std::string path() const;
    // The last part of the path.
    std::string name() const;

    // Into a map. The key counts as known from then on. Absent when missing, or when this is absent.
    Cursor child(std::string_view key) const;
    Cursor operator[](std::string_view key) const { return child(key); }
    // Whether the key is there, without making it known.
    bool has(std::string_view key) const;
    // A key that exists but is not built yet: reported as such if it is written, "…: <when>".
    void later(std::string_view key, std::string_view when) const;
    // Reports every key of this map that nobody asked for, with the nearest known one. A child that is null
    // counts as written.
    void finish() const;

    // In written order; every entry counts as known. Absent: no entry. Not a map (list): a problem.
    void each_entry(const std::function<void(const std::string& name, Cursor value)>& visit) const;
    void each_item(const std::function<void(Cursor item)>& visit) const;
    std::size_t size() const;

    // Reports at this place; the path is put before the message ("server.limits: …").
    void problem(std::string message) const;
    void warning(std::string message) const;
    // Reports that it is missing, if it is.
    bool required() const;

    // Readers: required · with a default · nothing when absent.
    std::string text() const;                       // any scalar but null, exactly as written; not empty
    std::string text(std::string otherwise) const;  // may be written as ""
    std::optional<std::string> optional_text() const;

    std::int64_t integer(std::int64_t min, std::int64_t max) const;
    std::int64_t integer(std::int64_t min, std::int64_t max, std::int64_t otherwise) const;
    std::optional<std::int64_t> optional_integer(std::int64_t min, std::int64_t max) const;

    bool boolean() const;
    bool boolean(bool otherwise) const;
    std::optional<bool> optional_boolean() const;

    // Finite decimals, an exponent is allowed.
    double number(double min, double max) const;
    double number(double min, double max, double otherwise) const;
    std::optional<double> optional_number(double min, double max) const;

    // "800ms", "10s", "5m", "72h", "7d": more than zero, at most ten years.
    Duration duration() const;
    Duration duration(Duration otherwise) const;
    std::optional<Duration> optional_duration() const;

    // "512B", "16KiB", "32MiB", "20GiB", "1TiB": bytes, more than zero.
    std::uint64_t byte_size() const;
    std::uint64_t byte_size(std::uint64_t otherwise) const;
    std::optional<std::uint64_t> optional_byte_size() const;

    // "10%", "0.25%" in hundredths of a percent (1000, 25), at most two decimals, 0 to `max`.
    int percent(Bare bare = Bare::refused, int max = 10'000) const;
    int percent_or(int otherwise, Bare bare = Bare::refused, int max = 10'000) const;
    std::optional<int> optional_percent(Bare bare = Bare::refused, int max = 10'000) const;

    // US dollars, at most nine decimals, not negative.
    NanoDollars money() const;
    NanoDollars money(NanoDollars otherwise) const;
    std::optional<NanoDollars> optional_money() const;

    // One of some words: `at["content"].choice<Content>({{"full", Content::full}, {"none", Content::none}},
    // Content::full)`.
    template <class T>
    using Words = std::initializer_list<std::pair<std::string_view, T>>;
    template <class T>
    T choice(Words<T> words) const {
        required();
        return choice(words, words.begin()->second);
    }
    template <class T>
    T choice(Words<T> words, T otherwise) const {
        std::vector<std::string_view> names;
        for (const auto& [word, value] : words) names.push_back(word);
        const std::optional<std::size_t> index = word_index(names);
        return index ? (words.begin() + *index)->second : otherwise;
    }

    // A list of scalars; absent: empty.
    std::vector<std::string> text_list() const;

    // A path of a file that is read: relative ones start at the folder of the file in which this stands.
    std::string input_path() const;
    std::optional<std::string> optional_input_path() const;
    // The content of the file that is named here (see input_path), which joins Document::files(). A problem and
    // nothing if it cannot be read or is larger than LoadOptions::max_file_bytes.
    std::optional<std::string> file_content() const;
    // Adds to Document::files().
    void watch(std::string path) const;

    // Everything below as JSON. Plain scalars become null, booleans and numbers where they are such in JSON's
    // spelling, the rest strings. Redacted: secrets become "[redacted]".
    std::string json(Secrets secrets) const;

  private:
    friend class Document;
    Cursor(Tree* tree, Node* node, Node* nearest, std::string missing);

    std::optional<std::size_t> word_index(const std::vector<std::string_view>& words) const;
    // The scalar's text; reports and gives nothing when it is no scalar or null.
    const std::string* scalar() const;
    const std::string* plain_scalar(std::string_view wanted) const;
    void mismatch(std::string_view wanted) const;

    Tree* tree_;
    Node* node_;           // null: absent
    Node* nearest_;        // this, or the nearest present one above
    std::string missing_;  // what is absent below `nearest_`
};

}  // namespace tidegate::yaml
