#include "cli/table.h"

#include "cli/printable.h"

#include <algorithm>
#include <ostream>

namespace tidegate::cli {
namespace {

constexpr std::string_view kGap = "  ";

void pad(std::string& line, std::string_view text, std::size_t width, Align align) {
    const std::string blanks(width - std::min(width, width_of(text)), ' ');
    if (align == Align::right)
        line += blanks;
    line += text;
    if (align == Align::left)
        line += blanks;
}

void print_line(std::ostream& out, std::string_view indent, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    out << indent << line << '\n';
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::string& cell : cells) cell = cell.empty() ? "-" : printable(cell);
    rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out, std::string_view indent) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = columns_[i].title.size();
        for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
        widths.push_back(width);
    }
    std::string titles;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        pad(titles, columns_[i].title, widths[i], columns_[i].align);
        titles += kGap;
    }
    print_line(out, indent, std::move(titles));
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            pad(line, row[i], widths[i], columns_[i].align);
            line += kGap;
        }
        print_line(out, indent, std::move(line));
    }
}

void Fields::add(std::string_view name, std::string_view value) {
    if (!value.empty())
        fields_.emplace_back(printable(name), printable(value));
}

void Fields::print(std::ostream& out) const {
    std::size_t width = 0;
    for (const auto& [name, value] : fields_) width = std::max(width, width_of(name));
    for (const auto& [name, value] : fields_) {
        std::string line;
        pad(line, name, width, Align::left);
        line.append(kGap).append(value);
        print_line(out, {}, std::move(line));
    }
}

}  // namespace tidegate::cli
