// Numbers of people, by country: valid ones in each way of writing, and ones with a digit changed.
#include "guardrails/support.h"

namespace tidegate::guardrails {
namespace {

using test::found;
using test::make;
using testing::ElementsAre;
using testing::IsEmpty;

struct NationalExamples {
    std::string_view category;
    std::vector<std::string_view> valid;
    std::vector<std::string_view> invalid;
};

std::ostream& operator<<(std::ostream& out, const NationalExamples& examples) {
    return out << examples.category;
}

class NationalId : public testing::TestWithParam<NationalExamples> {
  protected:
    std::shared_ptr<const Guardrail> guardrail_ =
        make("kind: pii, categories: [" + std::string(GetParam().category) + "]");
};

TEST_P(NationalId, IsFoundInASentenceHoweverItIsWritten) {
    for (const std::string_view id : GetParam().valid) {
        const std::string match = std::string(GetParam().category) + ":" + std::string(id);
        EXPECT_THAT(found(*guardrail_->text, std::string("It is ") + std::string(id) + "."),
                    ElementsAre(match));
        EXPECT_THAT(found(*guardrail_->text, id), ElementsAre(match));
    }
}

TEST_P(NationalId, IsLeftWhenItsChecksumOrFormIsWrong) {
    for (const std::string_view text : GetParam().invalid)
        EXPECT_THAT(found(*guardrail_->text, text), IsEmpty()) << text;
}

TEST_P(NationalId, IsNoPartOfALongerOne) {
    const std::string id(GetParam().valid.front());
    EXPECT_THAT(found(*guardrail_->text, "7" + id), IsEmpty());
    EXPECT_THAT(found(*guardrail_->text, id + "7"), IsEmpty());
    EXPECT_THAT(found(*guardrail_->text, "x" + id), IsEmpty());
    EXPECT_THAT(found(*guardrail_->text, id + "x"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Countries, NationalId,
    testing::Values(
        NationalExamples{
            "at_svnr", {"1237 010180", "1237010180"}, {"1238 010180", "0237 010180", "1237 01018"}},
        NationalExamples{
            "be_rrn", {"85.07.30-033 28", "85073003328", "00010512354"}, {"85.07.30-033 29", "8507300332"}},
        NationalExamples{"br_cpf",
                         {"529.982.247-25", "52998224725"},
                         {"529.982.247-26", "529.982.248-25", "111.111.111-11"}},
        NationalExamples{"ca_sin", {"130 692 544", "130-692-544"}, {"130 692 545", "046 454 286", "130692544"}},
        NationalExamples{
            "ch_ahv", {"756.9217.0769.85", "7569217076985"}, {"756.9217.0769.84", "757.9217.0769.84"}},
        NationalExamples{"de_steuer_id",
                         {"86 095 742 719", "86095742719", "47036892816"},
                         {"86 095 742 718", "06095742719", "12345678903", "11112345678"}},
        NationalExamples{"es_dni", {"12345678Z", "12.345.678-Z", "12345678z"}, {"12345678A", "1234567Z"}},
        NationalExamples{"es_nie", {"X1234567L", "X-1234567-L", "Y1234567X"}, {"X1234567M", "W1234567L"}},
        NationalExamples{
            "fi_hetu", {"131052-308T", "131052A308T"}, {"131052-308U", "131352-308T", "131052_308T"}},
        NationalExamples{"fr_nir",
                         {"2 55 08 14 168 025 38", "255081416802538", "2 55 08 2A 168 025 97"},
                         {"2 55 08 14 168 025 39", "5 55 08 14 168 025 38", "2 55 08 2C 168 025 38"}},
        NationalExamples{"gb_nhs", {"943 476 5919", "9434765919"}, {"943 476 5918", "000 000 0000"}},
        NationalExamples{"gb_nino",
                         {"AB 12 34 56 C", "AB123456C", "ab123456c"},
                         {"DB123456C", "AO123456C", "BG123456C", "AB123456E"}},
        NationalExamples{
            "in_aadhaar", {"2341 2341 2346", "234123412346"}, {"2341 2341 2347", "1341 2341 2346"}},
        NationalExamples{"it_codice_fiscale",
                         {"RSSMRA85T10A562S", "MRTMTT91D08F205J", "rssmra85t10a562s"},
                         {"RSSMRA85T10A562T", "RSSMRA85F10A562S", "RSSMRAX5T10A562S"}},
        NationalExamples{
            "nl_bsn", {"111222333", "123456782", "1234.56.782"}, {"123456783", "000000000", "12345678"}},
        NationalExamples{"no_fodselsnummer", {"010107 50160", "13097248022"}, {"01010750161", "01010750260"}},
        NationalExamples{"pl_pesel", {"44051401359"}, {"44051401358", "44131401359"}},
        NationalExamples{"pt_nif", {"123456789", "123 456 789"}, {"123456788", "423456789"}},
        NationalExamples{
            "se_personnummer", {"811218-9876", "19811218-9876", "8112189876"}, {"811218-9875", "811318-9876"}},
        NationalExamples{
            "us_ssn",
            {"123-45-6789", "123 45 6789"},
            {"123456789", "000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000"}}),
    [](const testing::TestParamInfo<NationalExamples>& info) { return std::string(info.param.category); });

TEST(NationalIds, AllTogetherCountANumberOnce) {
    const auto guardrail = make("kind: pii, categories: [nl_bsn, pt_nif, us_ssn, phone]");
    EXPECT_THAT(found(*guardrail->text, "Both 123456789 and 123-45-6789."),
                ElementsAre("pt_nif:123456789", "us_ssn:123-45-6789"));
}

}  // namespace
}  // namespace tidegate::guardrails
