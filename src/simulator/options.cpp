#include <tidegate/simulator/options.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::simulator {
namespace {

std::string read_directives(const yaml::Cursor& at) {
    std::string directives = at.text("");
    const auto behaviour = apply_directives(directives, {});
    if (!behaviour)
        at.problem(behaviour.error().message);
    return directives;
}

}  // namespace

Options parse_options(const yaml::Cursor& at) {
    Options options;
    if (!at.present())
        return options;
    options.behaviour = read_directives(at["behaviour"]);
    at["models"].each_entry([&](const std::string& name, const yaml::Cursor& value) {
        options.models.insert_or_assign(name, read_directives(value));
    });
    int shares = 0;
    at["faults"].each_item([&](const yaml::Cursor& item) {
        const int share = item["share"].percent();
        shares += share;
        if (shares > 10'000)
            item.problem("the shares add up to more than 100%");
        item["behaviour"].required();
        options.faults.push_back({.share = share, .behaviour = read_directives(item["behaviour"])});
        item.finish();
    });
    options.fixed_time = at["fixed_time"].boolean(false);
    at.finish();
    return options;
}

}  // namespace tidegate::simulator
