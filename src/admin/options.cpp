#include <tidegate/admin/options.h>
#include <tidegate/base/address.h>
#include <tidegate/yaml/digests.h>

#include <set>

#include <fmt/format.h>

namespace tidegate::admin {
namespace {

Token read_token(const yaml::Cursor& at) {
    Token token;
    token.name = at["name"].text();
    token.digests = yaml::read_digests(at["sha256"], "the token");
    token.role = at["role"].choice<Role>(
        {{"viewer", Role::viewer}, {"operator", Role::operator_}, {"admin", Role::admin}}, Role::viewer);
    token.content = at["content"].boolean(false);
    const yaml::Cursor features = at["features"];
    token.features = features.text_list();
    if (features.present() && token.features.empty())
        features.problem("must name at least one feature; leave it out for all");
    at.finish();
    return token;
}

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::viewer:
            return "viewer";
        case Role::operator_:
            return "operator";
        case Role::admin:
            return "admin";
    }
    return "";
}

Options parse_options(const yaml::Cursor& at) {
    Options options;
    if (!at.present())
        return options;
    options.metrics = at["metrics"].choice<MetricsPolicy>(
        {{"token", MetricsPolicy::token}, {"open", MetricsPolicy::open}}, MetricsPolicy::token);
    std::set<std::string> names;
    std::set<Digest> digests;
    at["tokens"].each_item([&](const yaml::Cursor& item) {
        Token token = read_token(item);
        if (!token.name.empty() && !names.insert(token.name).second)
            item["name"].problem("another token has this name");
        for (const Digest& digest : token.digests) {
            if (!digests.insert(digest).second)
                item["sha256"].problem("another token has this digest");
        }
        options.tokens.push_back(std::move(token));
    });
    at.finish();
    return options;
}

Result<> check(const Options& options, std::string_view address) {
    if (!options.tokens.empty() || is_loopback(address))
        return {};
    return Error{.kind = ErrorKind::invalid_input,
                 .message = fmt::format("without admin.tokens the admin port may be bound to loopback only, "
                                        "not to {}",
                                        address)};
}

}  // namespace tidegate::admin
