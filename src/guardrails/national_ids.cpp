// Numbers that states give to people: their shapes, and what each can be checked by.
#include "guardrails/checksums.h"
#include "guardrails/pii.h"
#include "guardrails/shape.h"

#include <algorithm>
#include <array>

namespace tidegate::guardrails {
namespace {

int number(std::string_view digits) {
    return modulo(digits, 1'000'000'000);
}

bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
}

bool is_date(std::string_view day, std::string_view month) {
    return number(day) >= 1 && number(day) <= 31 && number(month) >= 1 && number(month) <= 12;
}

bool at_svnr(std::string_view id) {
    const int check = weighted_sum(id, {3, 7, 9, 0, 5, 8, 4, 2, 1, 6}) % 11;
    return id[0] != '0' && check == id[3] - '0';
}

bool be_rrn(std::string_view id) {
    const int check = number(id.substr(9));
    const int born_before_2000 = 97 - modulo(id.substr(0, 9), 97);
    const int born_later = 97 - (2 * (1'000'000'000 % 97) + modulo(id.substr(0, 9), 97)) % 97;
    return check == born_before_2000 || check == born_later;
}

bool br_cpf(std::string_view id) {
    const auto digit = [](int sum) { return sum * 10 % 11 % 10; };
    const bool all_equal = id.find_first_not_of(id[0]) == std::string_view::npos;
    return !all_equal && digit(weighted_sum(id, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == id[9] - '0' &&
           digit(weighted_sum(id, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) == id[10] - '0';
}

bool ca_sin(std::string_view id) {
    return id[0] != '0' && id[0] != '8' && luhn(id);
}

bool ch_ahv(std::string_view id) {
    return id.starts_with("756") && weighted_sum(id, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

bool de_steuer_id(std::string_view id) {
    if (id[0] == '0')
        return false;
    // Of its first ten digits exactly one stands there twice or three times.
    int repeated = 0;
    for (char digit = '0'; digit <= '9'; ++digit) {
        const auto times = std::count(id.begin(), id.begin() + 10, digit);
        if (times > 3)
            return false;
        repeated += times > 1 ? 1 : 0;
    }
    return repeated == 1 && iso7064_mod11_10(id);
}

char spanish_letter(int value) {
    return std::string_view("TRWAGMYFPDXBNJZSQVHLCKE")[static_cast<std::size_t>(value % 23)];
}

bool es_dni(std::string_view id) {
    return spanish_letter(number(id.substr(0, 8))) == id[8];
}

bool es_nie(std::string_view id) {
    return id[0] >= 'X' && id[0] <= 'Z' &&
           spanish_letter((id[0] - 'X') * 10'000'000 + number(id.substr(1, 7))) == id[8];
}

bool fi_hetu(std::string_view id) {
    const std::string_view digits = id.substr(0, 6);
    const int value = (number(digits) % 31 * (1000 % 31) + number(id.substr(7, 3))) % 31;
    return is_one_of(id[6], "+-ABCDEFUVWXY") && is_date(id.substr(0, 2), id.substr(2, 2)) &&
           std::string_view("0123456789ABCDEFHJKLMNPRSTUVWXY")[static_cast<std::size_t>(value)] == id[10];
}

// The year, month and department say something as well, but the key of two digits is enough.
bool fr_nir(std::string_view id) {
    if (!is_one_of(id[0], "123478"))
        return false;
    std::array<char, 13> digits{};
    std::copy_n(id.begin(), digits.size(), digits.begin());
    // Corsica: 2A counts as 19, 2B as 18.
    if (is_letter(digits[6])) {
        if (digits[5] != '2' || !is_one_of(digits[6], "AB"))
            return false;
        digits[5] = '1';
        digits[6] = digits[6] == 'A' ? '9' : '8';
    }
    return 97 - modulo({digits.data(), digits.size()}, 97) == number(id.substr(13));
}

bool gb_nhs(std::string_view id) {
    return weighted_sum(id, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0 && id != "0000000000";
}

bool gb_nino(std::string_view id) {
    constexpr std::string_view kUnused[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
    const std::string_view prefix = id.substr(0, 2);
    return !is_one_of(prefix[0], "DFIQUV") && !is_one_of(prefix[1], "DFIOQUV") &&
           std::find(std::begin(kUnused), std::end(kUnused), prefix) == std::end(kUnused) &&
           is_one_of(id[8], "ABCD");
}

bool in_aadhaar(std::string_view id) {
    return id[0] >= '2' && verhoeff(id);
}

bool it_codice_fiscale(std::string_view id) {
    // Where digits belong, letters may stand for them: two people would have the same code otherwise.
    constexpr std::string_view kDigitPlaces("\6\7\11\12\14\15\16", 7);
    for (const char place : kDigitPlaces) {
        const char c = id[static_cast<std::size_t>(place)];
        if (!is_digit(c) && !is_one_of(c, "LMNPQRSTUV"))
            return false;
    }
    constexpr std::array<int, 26> kOdd{1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                       20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    int sum = 0;
    for (std::size_t i = 0; i < 15; ++i) {
        const int value = is_digit(id[i]) ? id[i] - '0' : id[i] - 'A';
        sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
    }
    return is_one_of(id[8], "ABCDEHLMPRST") && id[15] == 'A' + sum % 26;
}

bool nl_bsn(std::string_view id) {
    return weighted_sum(id, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0 && id != "000000000";
}

bool no_fodselsnummer(std::string_view id) {
    return weighted_sum(id, {3, 7, 6, 1, 8, 9, 4, 5, 2, 1}) % 11 == 0 &&
           weighted_sum(id, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0 && id != "00000000000";
}

bool pl_pesel(std::string_view id) {
    // The month says the century as well.
    const int month = number(id.substr(2, 2)) % 20;
    return month >= 1 && month <= 12 && number(id.substr(4, 2)) >= 1 && number(id.substr(4, 2)) <= 31 &&
           weighted_sum(id, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}

bool pt_nif(std::string_view id) {
    const int rest = weighted_sum(id, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
    return is_one_of(id[0], "1235689") && id[8] - '0' == (rest < 2 ? 0 : 11 - rest);
}

bool se_personnummer(std::string_view id) {
    id.remove_prefix(id.size() - 10);
    return is_date(id.substr(4, 2), id.substr(2, 2)) && luhn(id);
}

bool us_ssn(std::string_view id) {
    const int area = number(id.substr(0, 3));
    return area != 0 && area != 666 && area < 900 && id.substr(3, 2) != "00" && id.substr(5) != "0000";
}

struct NationalId {
    std::string_view category;
    std::string_view shape;
    bool (*valid)(std::string_view compact);
};

// A number without a checksum needs its separators, or every row of digits would be one.
constexpr NationalId kNationalIds[] = {
    {"at_svnr", "9999 999999", at_svnr},
    {"be_rrn", "99 99 99 999 99", be_rrn},
    {"br_cpf", "999 999 999 99", br_cpf},
    {"ca_sin", "999-999-999", ca_sin},
    {"ch_ahv", "999 9999 9999 99", ch_ahv},
    {"de_steuer_id", "99 999 999 999", de_steuer_id},
    {"es_dni", "99 999 999 A", es_dni},
    {"es_nie", "A 9999999 A", es_nie},
    {"fi_hetu", "999999?999X", fi_hetu},
    {"fr_nir", "9 99 99 9X 999 999 99", fr_nir},
    {"gb_nhs", "999 999 9999", gb_nhs},
    {"gb_nino", "AA 99 99 99 A", gb_nino},
    {"in_aadhaar", "9999 9999 9999", in_aadhaar},
    {"it_codice_fiscale", "AAA AAA XXAXX AXXXA", it_codice_fiscale},
    {"nl_bsn", "9999 99 999", nl_bsn},
    {"nl_bsn", "999 999 999", nl_bsn},
    {"no_fodselsnummer", "999999 99999", no_fodselsnummer},
    {"pl_pesel", "99999999999", pl_pesel},
    {"pt_nif", "999 999 999", pt_nif},
    {"se_personnummer", "999999 9999", se_personnummer},
    {"se_personnummer", "99999999 9999", se_personnummer},
    {"us_ssn", "999-99-9999", us_ssn},
};

Recogniser recogniser_of(const NationalId& id) {
    const bool begins_with_digit = id.shape[0] == '9';
    const auto length_at = [id, begins_with_digit](std::string_view text, std::size_t at) -> std::size_t {
        if (begins_with_digit && !number_starts(text, at))
            return 0;
        Compact compact;
        const std::size_t length = read_shape(text, at, id.shape, compact);
        return length > 0 && number_ends(text, at + length) && id.valid(compact.text()) ? length : 0;
    };
    return {id.category, begins_with_digit ? kDigits : kLetters, longest_of_shape(id.shape), length_at};
}

}  // namespace

std::vector<Recogniser> national_id_recognisers() {
    std::vector<Recogniser> recognisers;
    for (const NationalId& id : kNationalIds) recognisers.push_back(recogniser_of(id));
    return recognisers;
}

}  // namespace tidegate::guardrails
