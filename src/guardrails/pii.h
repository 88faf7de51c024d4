// What identifies a person: the recognisers of the kind `pii`, a file each.
#pragma once

#include "guardrails/tokens.h"

#include <memory>
#include <vector>

namespace tidegate::guardrails {

// An address of mail: at most 64 bytes before the `@`, a domain with a dot of at most 127.
std::unique_ptr<const Finder> make_email_finder();

Recogniser phone_recogniser();
Recogniser card_recogniser();
Recogniser iban_recogniser();
Recogniser ip_recogniser();
// One for each country's number: "us_ssn", "de_steuer_id", …
std::vector<Recogniser> national_id_recognisers();

}  // namespace tidegate::guardrails
