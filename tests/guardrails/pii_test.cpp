// What the kind `pii` takes for what identifies a person, and what it leaves alone.
#include "guardrails/support.h"

namespace tidegate::guardrails {
namespace {

using test::found;
using test::make;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> find_in(std::string_view category, std::string_view text) {
    const auto guardrail = make("kind: pii, categories: [" + std::string(category) + "]");
    return found(*guardrail->text, text);
}

struct Example {
    std::string_view text;
    std::string_view match;  // empty: none
};

void expect_all(std::string_view category, std::initializer_list<Example> examples) {
    const auto guardrail = make("kind: pii, categories: [" + std::string(category) + "]");
    for (const auto& [text, match] : examples) {
        if (match.empty())
            EXPECT_THAT(found(*guardrail->text, text), IsEmpty()) << text;
        else
            EXPECT_THAT(found(*guardrail->text, text),
                        ElementsAre(std::string(category) + ":" + std::string(match)))
                << text;
    }
}

TEST(PiiEmail, FindsAddressesInSentences) {
    expect_all("email", {
                            {"write to alice@example.com today", "alice@example.com"},
                            {"alice@example.com", "alice@example.com"},
                            {"(alice.b+shop@mail.example.co.uk).", "alice.b+shop@mail.example.co.uk"},
                            {"<mailto:a_b%c@x-y.example>", "a_b%c@x-y.example"},
                            {"o'brien@example.org", "o'brien@example.org"},
                            {"'alice@example.org'", "alice@example.org"},
                            {"Ends a sentence: bob@example.org.", "bob@example.org"},
                            {"ALICE@EXAMPLE.COM", "ALICE@EXAMPLE.COM"},
                            {"x=1&mail=bob@example.org&y=2", "bob@example.org"},
                            {"bob@example.org-", "bob@example.org"},
                            {"bob@3com.example", "bob@3com.example"},
                            {"bob@xn--bcher-kva.xn--p1ai", "bob@xn--bcher-kva.xn--p1ai"},
                        });
}

TEST(PiiEmail, TakesLettersBeyondAscii) {
    expect_all("email", {
                            {"an müller@exämple.de bitte", "müller@exämple.de"},
                            {"иван@пример.рф", "иван@пример.рф"},
                            // Scripts without spaces: the sentence before is none of the address.
                            {"请联系alice@example.com。", "alice@example.com"},
                        });
}

TEST(PiiEmail, LeavesWhatIsNoAddress) {
    expect_all("email", {{"alice@", ""},
                         {"@example.com", ""},
                         {"alice@localhost", ""},
                         {"alice@example", ""},
                         {"alice@example.c", ""},
                         {"alice@example.c0m", ""},
                         {"alice@-example.com", ""},
                         {"alice@.com", ""},
                         {"alice@example..com", ""},
                         {"@@@@ a@b@c @ .", ""},
                         {"price @ 3.50 each", ""}});
}

TEST(PiiEmail, FindsAnAddressBehindAnyAmountOfJunk) {
    const std::string junk(1000, 'x');
    EXPECT_THAT(find_in("email", junk + "@example.com"),
                ElementsAre("email:" + std::string(64, 'x') + "@example.com"));
    // The domain's first bytes are enough.
    EXPECT_THAT(find_in("email", "a@b.co." + std::string(500, 'y')), ElementsAre("email:a@b.co"));
}

TEST(PiiPhone, FindsInternationalNumbers) {
    expect_all("phone", {
                            {"call +49 30 901820 now", "+49 30 901820"},
                            {"+14155552671", "+14155552671"},
                            {"+1 (415) 555-2671.", "+1 (415) 555-2671"},
                            {"+44 (0) 20 7946 0958", "+44 (0) 20 7946 0958"},
                            {"0049 30 901820", "0049 30 901820"},
                            {"tel:+33-1-23-45-67-89", "+33-1-23-45-67-89"},
                            {"电话+8613800138000。", "+8613800138000"},
                            {"+49\u00A030\u00A0901820", "+49\u00A030\u00A0901820"},
                            // More than 15 digits are none, but some of their groups may be.
                            {"+49 30 901820 20240115", "+49 30 901820"},
                        });
}

TEST(PiiPhone, FindsNationalNumbers) {
    expect_all("phone", {
                            {"(415) 555-2671", "(415) 555-2671"},
                            {"415-555-2671", "415-555-2671"},
                            {"415.555.2671", "415.555.2671"},
                            {"1-415-555-2671", "1-415-555-2671"},
                            {"030 901820 34", "030 901820 34"},
                            {"030/9018 2034", "030/9018 2034"},
                            {"(030) 9018203", "(030) 9018203"},
                            {"06 12 34 56 78", "06 12 34 56 78"},
                            {"07911 123456", "07911 123456"},
                            {"01712345678", "01712345678"},
                        });
}

TEST(PiiPhone, LeavesOtherNumbers) {
    expect_all("phone", {{"2024-01-15", ""},
                         {"01.02.2024 10:30", ""},
                         {"01/02/2024", ""},
                         {"order 4155552671", ""},
                         {"415-555-26711", ""},
                         {"1415-555-2671", ""},
                         {"115-555-2671", ""},
                         {"0.1234567890", ""},
                         {"+1234567", ""},
                         {"+012345678", ""},
                         {"+ 49301234567", ""},
                         {"a+49301234567", ""},
                         {"+1234567890123456", ""},
                         {"00 12 34 56 78", ""},
                         {"0123456789012", ""},
                         {"192.168.100.200", ""}});
}

TEST(PiiCard, FindsNumbersOfTheNetworks) {
    expect_all("card", {
                           {"4111111111111111", "4111111111111111"},
                           {"pay with 4111 1111 1111 1111.", "4111 1111 1111 1111"},
                           {"4111-1111-1111-1111,", "4111-1111-1111-1111"},
                           {"5555555555554444", "5555555555554444"},
                           {"2223003122003222", "2223003122003222"},
                           {"3782 822463 10005", "3782 822463 10005"},
                           {"30569309025904", "30569309025904"},
                           {"6011111111111117", "6011111111111117"},
                           {"3530111333300000", "3530111333300000"},
                           {"6200000000000005", "6200000000000005"},
                           {"4222222222222", "4222222222222"},
                           {"4111\u00A01111\u00A01111\u00A01111", "4111\u00A01111\u00A01111\u00A01111"},
                           {"卡号4111111111111111。", "4111111111111111"},
                           {"\\n4111111111111111", "4111111111111111"},
                           // With a number before and behind.
                           {"12 4111 1111 1111 1111 12", "4111 1111 1111 1111"},
                       });
}

TEST(PiiCard, LeavesWrongChecksumsLengthsAndNetworks) {
    expect_all("card", {{"4111111111111112", ""},
                        {"411111111111111", ""},
                        {"41111111111111111", ""},
                        {"9111111111111111", ""},
                        {"1111111111111117", ""},
                        {"0.4111111111111111", ""},
                        {"x4111111111111111", ""},
                        {"4111111111111111x", ""},
                        {"14111111111111111", ""},
                        {"4111111111111111-1", ""},
                        {"41 11 11 11 11 11 11 11", ""},
                        {"0000000000000000", ""}});
}

TEST(PiiIban, FindsThoseWhoseChecksumIsRight) {
    expect_all("iban", {
                           {"DE89370400440532013000", "DE89370400440532013000"},
                           {"an DE89 3704 0044 0532 0130 00.", "DE89 3704 0044 0532 0130 00"},
                           {"de89370400440532013000", "de89370400440532013000"},
                           {"GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"},
                           {"FR14 2004 1010 0505 0001 3M02 606", "FR14 2004 1010 0505 0001 3M02 606"},
                           {"NO93 8601 1117 947", "NO93 8601 1117 947"},
                           {"DE   89 3704 0044 0532 0130 00", "DE   89 3704 0044 0532 0130 00"},
                           {"MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"},
                           {"IBAN:NL91-ABNA-0417-1643-00", "NL91-ABNA-0417-1643-00"},
                       });
}

TEST(PiiIban, LeavesWrongChecksumsLengthsAndCountries) {
    expect_all("iban", {{"DE89370400440532013001", ""},
                        {"DE8937040044053201300", ""},
                        {"DE893704004405320130000", ""},
                        {"ZZ89370400440532013000", ""},
                        {"XDE89370400440532013000", ""},
                        {"DE89 3704", ""},
                        {"DEAB370400440532013000", ""},
                        {"DE", ""}});
}

TEST(PiiIp, FindsBothVersions) {
    expect_all("ip", {
                         {"from 192.0.2.1 to you", "192.0.2.1"},
                         {"http://203.0.113.9:8080/", "203.0.113.9"},
                         {"203.0.113.0/24", "203.0.113.0"},
                         {"It is 203.0.113.9.", "203.0.113.9"},
                         {"[2001:db8::1]:443", "2001:db8::1"},
                         {"It is 2001:db8:0:0:8:800:200c:417a.", "2001:db8:0:0:8:800:200c:417a"},
                         {"fe80::1", "fe80::1"},
                         {"::ffff:203.0.113.9", "::ffff:203.0.113.9"},
                         {"2001:DB8::", "2001:DB8::"},
                         {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
                         {"2001:db8::1...", "2001:db8::1"},
                     });
}

TEST(PiiIp, LeavesVersionsTimesAndCode) {
    expect_all("ip", {{"1.2.3", ""},
                      {"1.2.3.4.5", ""},
                      {"256.1.1.1", ""},
                      {"1.2.3.1000", ""},
                      {"v1.2.3.4", ""},
                      {"std::dec a::b", ""},
                      {"a[1::2]", ""},
                      {"at 12:30:45", ""},
                      {"00:1A:2B:3C:4D:5E", ""},
                      {"2001:db8::1::2", ""},
                      {"2001:db8:1", ""},
                      {"::", ""}});
}

TEST(Pii, ReportsEachCategoryInTheOrderOfTheText) {
    const auto guardrail = make("kind: pii, categories: [email, phone, card, iban, ip]");
    EXPECT_THAT(
        found(*guardrail->text, "4111111111111111, a@b.example 192.0.2.1 +49 30 901820 DE89370400440532013000"),
        ElementsAre("card:4111111111111111", "email:a@b.example", "ip:192.0.2.1", "phone:+49 30 901820",
                    "iban:DE89370400440532013000"));
}

TEST(Pii, TakesTheLongestOfWhatBeginsTogether) {
    const auto guardrail = make("kind: pii, categories: [phone, email]");
    EXPECT_THAT(found(*guardrail->text, "+4930901820@example.com"), ElementsAre("phone:+4930901820"))
        << "the address begins behind the plus sign and is found there";
    EXPECT_THAT(found(*guardrail->text, "01712345678@example.com"),
                ElementsAre("email:01712345678@example.com"));
}

TEST(Pii, FindsNothingInNothing) {
    const auto guardrail = make("kind: pii, categories: [email, phone, card, iban, ip]");
    EXPECT_THAT(found(*guardrail->text, ""), IsEmpty());
    EXPECT_THAT(found(*guardrail->text, "The quick brown fox jumps over 13 lazy dogs."), IsEmpty());
}

TEST(Pii, BoundsEveryCategorySoThatStreamsAreHeldBriefly) {
    EXPECT_EQ(make("kind: pii, categories: [email, phone, card, iban]")->text->longest_match(), 200U);
    EXPECT_LE(make("kind: pii, categories: [phone, card, iban, ip]")->text->longest_match(), 80U);
}

}  // namespace
}  // namespace tidegate::guardrails
