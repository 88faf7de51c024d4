// What opens doors: the recognisers of the kind `secrets`.
#pragma once

#include "guardrails/tokens.h"

#include <vector>

namespace tidegate::guardrails {

// How much of a private key or token is a match. Its beginning is enough to stop a text, and is known after
// some bytes instead of thousands; to redact it all of it is needed.
enum class Extent { beginning, whole };

// Keys with a prefix of their own: "openai_key", "aws_access_key", "github_token", …
std::vector<Recogniser> prefixed_key_recognisers();

// `-----BEGIN … PRIVATE KEY-----` up to its end line, at most 8 KiB.
Recogniser private_key_recogniser(Extent extent);
// Three base64url parts, the first two JSON objects, at most 4 KiB.
Recogniser jwt_recogniser(Extent extent);
// `scheme://user:password@`
Recogniser url_credentials_recogniser();
// The 40 characters behind a name such as `aws_secret_access_key`.
Recogniser aws_secret_key_recogniser();

}  // namespace tidegate::guardrails
