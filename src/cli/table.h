// Aligned columns. Cells are made printable here, so that no command can forget it.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::cli {

enum class Align { left, right };
struct Column {
    std::string_view title;
    Align align = Align::left;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as columns; an empty one is shown as "-".
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    // With titles, each line behind `indent`.
    void print(std::ostream& out, std::string_view indent = {}) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Names and values below each other.
class Fields {
  public:
    // Empty values are left out.
    void add(std::string_view name, std::string_view value);
    void print(std::ostream& out) const;

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace tidegate::cli
