// Any bytes through the loader and every reader: no crash, bounded time and memory.
#include <tidegate/yaml/document.h>

#include <cstdint>
#include <cstdlib>

namespace {

namespace yaml = tidegate::yaml;

void read(const yaml::Cursor& at) {
    at.optional_text();
    at.optional_integer(-10, 1000);
    at.optional_boolean();
    at.optional_number(0, 2);
    at.optional_duration();
    at.optional_byte_size();
    at.optional_percent(yaml::Bare::allowed);
    at.optional_money();
    at.choice<int>({{"full", 1}, {"none", 2}}, 0);
    if (at.is_map())
        at.each_entry([](const std::string&, const yaml::Cursor& value) { read(value); });
    if (at.is_list())
        at.each_item([](const yaml::Cursor& item) { read(item); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    yaml::Problems problems;
    yaml::LoadOptions options;
    options.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name.size() > 3)
            return std::nullopt;
        return "value of " + name;
    };
    options.max_nodes = 10'000;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.find("include") != std::string_view::npos || text.find("file:") != std::string_view::npos)
        return 0;
    const yaml::Document document = yaml::parse("fuzz.yaml", text, problems, options);
    const yaml::Cursor root = document.root();
    root["server"]["listen"].text();
    root["server"].finish();
    root.later("canary", "comes with releases");
    root.finish();
    read(root);
    const std::string json = root.json(yaml::Secrets::redacted);
    if (json.empty() || (!root.present() && !problems.has_errors()))
        std::abort();
    problems.text();
    return 0;
}
