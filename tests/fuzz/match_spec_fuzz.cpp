#include "base/assert.h"
#include "conda/match_spec.h"
#include "fuzz.h"

namespace envpm::fuzz {

using conda::Form;
using conda::MatchSpec;

/// A match spec, and on the next line the texts of a record. A spec is what its own text says.
void read(std::string_view input) {
    const auto [text, value] = first_line(input);
    const conda::Version version = *conda::Version::parse("1.2.3");
    for (const Form form : {Form::strict, Form::lenient}) {
        const auto spec = if_accepted([text = text, form] { return MatchSpec::parse(text, form); });
        if (!spec) {
            continue;
        }
        ENVPM_ASSERT(MatchSpec::parse(spec->text()) == *spec);
        ENVPM_ASSERT(MatchSpec::parse(spec->text()).text() == spec->text());
        const std::string* const name = spec->exact_name();
        const bool matches = spec->matches({.name = value,
                                            .version = &version,
                                            .build = value,
                                            .channel = value,
                                            .subdir = value,
                                            .url = value,
                                            .license = value,
                                            .features = value});
        ENVPM_ASSERT(!matches || name == nullptr || name->size() == value.size());
    }
}

} // namespace envpm::fuzz
