// The checksums that numbers of cards, accounts and people carry. Pure functions on text without separators.
#pragma once

#include <initializer_list>
#include <string_view>

namespace tidegate::guardrails {

// Digits only. ISO/IEC 7812: cards, and several national ids.
bool luhn(std::string_view digits);
// Digits and capital letters. ISO 13616: an IBAN whose country and check digits stand first.
bool iban_checksum(std::string_view iban);
// Digits only. ISO 7064 MOD 11,10.
bool iso7064_mod11_10(std::string_view digits);
// Digits only. Verhoeff's.
bool verhoeff(std::string_view digits);
// Digits only: the sum of each digit times its weight.
int weighted_sum(std::string_view digits, std::initializer_list<int> weights);
// Digits only: the number they are, modulo `modulus`.
int modulo(std::string_view digits, int modulus);

}  // namespace tidegate::guardrails
