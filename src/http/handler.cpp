#include <tidegate/base/text.h>
#include <tidegate/http/handler.h>

namespace tidegate::http {

bool Handler::always_served(std::string_view) const {
    return false;
}

RefusalAnswer Handler::refusal_answer(const Refusal& refusal) const {
    RefusalAnswer answer;
    answer.header_lines = "content-type: application/json\r\n";
    answer.body = "{\"error\":{\"code\":";
    append_json_string(answer.body, refusal.code);
    answer.body += ",\"message\":";
    append_json_string(answer.body, refusal.message);
    answer.body += "}}";
    return answer;
}

}  // namespace tidegate::http
