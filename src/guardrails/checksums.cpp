#include "guardrails/checksums.h"

#include "guardrails/tokens.h"

#include <algorithm>

namespace tidegate::guardrails {

bool luhn(std::string_view digits) {
    int sum = 0;
    bool twice = false;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
        const int value = (*digit - '0') * (twice ? 2 : 1);
        sum += value > 9 ? value - 9 : value;
    }
    return !digits.empty() && sum % 10 == 0;
}

bool iban_checksum(std::string_view iban) {
    if (iban.size() < 5)
        return false;
    int rest = 0;
    const auto add = [&rest](char c) {
        const int value = is_digit(c) ? c - '0' : c - 'A' + 10;
        rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    };
    for (const char c : iban.substr(4)) add(c);
    for (const char c : iban.substr(0, 4)) add(c);
    return rest == 1;
}

bool iso7064_mod11_10(std::string_view digits) {
    int product = 10;
    for (const char c : digits.substr(0, digits.size() - 1)) {
        int sum = (c - '0' + product) % 10;
        if (sum == 0)
            sum = 10;
        product = sum * 2 % 11;
    }
    return (digits.back() - '0' + product) % 10 == 1;
}

bool verhoeff(std::string_view digits) {
    // Multiplication in the dihedral group D5, and its permutation by position.
    constexpr std::string_view kMultiply[] = {"0123456789", "1234067895", "2340178956", "3401289567",
                                              "4012395678", "5987604321", "6598710432", "7659821043",
                                              "8765932104", "9876543210"};
    constexpr std::string_view kPermute[] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                             "9453126870", "4286573901", "2793806415", "7046913258"};
    std::size_t check = 0;
    std::size_t position = 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, ++position) {
        const char permuted = kPermute[position % 8][static_cast<std::size_t>(*digit - '0')];
        check = static_cast<std::size_t>(kMultiply[check][static_cast<std::size_t>(permuted - '0')] - '0');
    }
    return check == 0;
}

int weighted_sum(std::string_view digits, std::initializer_list<int> weights) {
    int sum = 0;
    auto digit = digits.begin();
    for (const int weight : weights) sum += (*digit++ - '0') * weight;
    return sum;
}

int modulo(std::string_view digits, int modulus) {
    int rest = 0;
    for (const char c : digits) rest = (rest * 10 + (c - '0')) % modulus;
    return rest;
}

}  // namespace tidegate::guardrails
