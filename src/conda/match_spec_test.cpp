#include "conda/match_spec.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

using testing::HasSubstr;
using Field = FieldMatch::Field;

struct Text {
    std::string given;
    std::string canonical;
};

const std::string md5 = "0123456789abcdef0123456789abcdef";
const std::string sha256 = md5 + md5;

const std::vector<Text> canonical_forms{
    {"numpy", "numpy"},
    {"NumPy", "numpy"},
    {"_libgcc_mutex", "_libgcc_mutex"},
    {"__glibc >=2.17", "__glibc[version='>=2.17']"},
    // The lists of CEP 29.
    {"pkg=1.8", "pkg=1.8"},
    {"pkg =1.8", "pkg=1.8"},
    {"pkg 1.8.*", "pkg=1.8"},
    {"pkg 1.8.* *", "pkg=1.8"},
    {"pkg=1.8.*", "pkg=1.8"},
    {"pkg=1.8.*=*", "pkg=1.8"},
    {"pkg ==1.8.* *", "pkg=1.8"},
    {"pkg[version=1.8.*]", "pkg=1.8"},
    {"pkg[version=\"1.8.*\"]", "pkg=1.8"},
    {"pkg 1.8", "pkg==1.8"},
    {"pkg 1.8 *", "pkg==1.8"},
    {"pkg==1.8", "pkg==1.8"},
    {"pkg=1.8=*", "pkg==1.8"},
    {"pkg==1.8=*", "pkg==1.8"},
    {"pkg ==1.8 *", "pkg==1.8"},
    {"pkg[version=1.8]", "pkg==1.8"},
    {"pkg[version=\"1.8\"]", "pkg==1.8"},
    {"foo 1.0 py27_0", "foo==1.0=py27_0"},
    {"foo=1.0=py27_0", "foo==1.0=py27_0"},
    {"foo==1.0=py27_0", "foo==1.0=py27_0"},
    {"conda-forge::foo[version=1.0.*]", "conda-forge::foo=1.0"},
    {"conda-forge/linux-64::foo>=1.0", "conda-forge/linux-64::foo[version='>=1.0']"},
    {"*/linux-64::foo>=1.0", "foo[subdir='linux-64',version='>=1.0']"},
    // Versions and builds.
    {"foo >=1.2, <2", "foo[version='>=1.2,<2']"},
    {"foo >= 1.2 , < 2", "foo[version='>=1.2,<2']"},
    {"foo>=1.2,<2 py_0", "foo[version='>=1.2,<2',build='py_0']"},
    {"foo >=1.0 , < 2.0 =py34_0", "foo[version='>=1.0,<2.0',build='py34_0']"},
    {"foo>=1.2=py", "foo[version='>=1.2',build='py']"},
    {"foo !=1.2 py", "foo[version='!=1.2',build='py']"},
    {"foo 1.2|1.3 py*", "foo[version='==1.2|==1.3',build='py*']"},
    {"foo (1.2|1.3),<2", "foo[version='(==1.2|==1.3),<2']"},
    {"foo 1.2 py*", "foo==1.2[build='py*']"},
    {"foo=1.2=py*", "foo==1.2[build='py*']"},
    {"foo 1.* py_0", "foo=1[build='py_0']"},
    {"foo 1.2=py", "foo==1.2=py"},
    {"foo * py_0", "foo[build='py_0']"},
    {"foo * *", "foo"},
    {"foo=*", "foo"},
    {"foo 1.2 3-4", "foo==1.2=3-4"},
    {"foo >=0.1-3", "foo[version='>=0.1-3']"},
    {"foo\t>=1", "foo[version='>=1']"},
    {"foo 1.2 ^py[23] .*$", "foo==1.2[build='^py[23] .*$']"},
    {"foo ^1\\.[23]$ py", "foo[version='^1\\.[23]$',build='py']"},
    {"foo ^1 =2$,>1 py", "foo[version='^1 =2$,>1',build='py']"},
    {"foo 1!2.3", "foo==1!2.3"},
    {"foo==1.conda", "foo==1.conda"},
    {"https://h/c::foo=1=a.conda", "https://h/c::foo==1=a.conda"},
    // Channels.
    {"conda-forge::foo", "conda-forge::foo"},
    {"conda-forge/label/x::foo", "conda-forge/label/x::foo"},
    {"conda-forge/linux-99::foo", "conda-forge/linux-99::foo"},
    {"https://host:8080/~me/channel/noarch::foo 1", "https://host:8080/~me/channel/noarch::foo==1"},
    {"Conda/Linux-64::foo", "conda/linux-64::foo"},
    {"https://host/channel/::foo", "https://host/channel::foo"},
    {"a:namespace:foo", "a::foo"},
    {"namespace:foo", "foo"},
    {"::foo", "foo"},
    {"*::foo", "foo"},
    {"conda-*::foo", "foo[channel='conda-*']"},
    {"foo[channel=conda-forge/linux-64]", "conda-forge/linux-64::foo"},
    {"foo[subdir=linux-64]", "foo[subdir='linux-64']"},
    {"a::foo[channel=b]", "b::foo"},
    {"a/linux-64::foo[subdir=noarch]", "a/noarch::foo"},
    {"a::foo[channel='*']", "foo"},
    {"foo[channel=a^b]", "foo[channel='a^b']"},
    {"conda-forge/linux-64/::foo", "conda-forge/linux-64::foo"},
    {"https://host/a//linux-64/foo-1.0-0.conda",
     "https://host/a/linux-64::foo==1.0=0[fn='foo-1.0-0.conda']"},
    {"a::foo[subdir=odd]", "a::foo[subdir='odd']"},
    // Brackets.
    {"foo[]", "foo"},
    {"foo [version=1]", "foo==1"},
    {"foo 1[version=2]", "foo==2"},
    {"foo 1.0 a[build=b]", "foo==1.0=b"},
    {"foo[build_string=b]", "foo[build='b']"},
    {"foo[version='>=1,<2', build=b]", "foo[version='>=1,<2',build='b']"},
    {"foo[ version = 1 build=b ]", "foo==1=b"},
    {"foo[version=>=1]", "foo[version='>=1']"},
    {"foo[build_number='>=3']", "foo[build_number='>=3']"},
    {"foo[build_number= 3 ]", "foo[build_number='3']"},
    {"foo[build_number='==3']", "foo[build_number='3']"},
    {"foo[build_number='*']", "foo"},
    {"foo[name=foo]", "foo"},
    {"foo[md5=" + md5 + ",fn=a.conda,url='https://x/a.conda',license=MIT,license_family=MIT]",
     "foo[fn='a.conda',url='https://x/a.conda',md5='" + md5 +
         "',license='mit',license_family='mit']"},
    {"foo[sha256=" + sha256 + "]", "foo[sha256='" + sha256 + "']"},
    {"foo[license='a ] b']", "foo[license='a ] b']"},
    {"foo[license=\"it's\"]", "foo[license='it\\'s']"},
    {"foo[license='\\\\']", "foo[license='\\\\']"},
    {"foo[license='^\\d\\.\\\\$']", "foo[license='^\\d\\.\\$']"},
    {"foo[track_features='b, a  b',features=c]", "foo[track_features='a b',features='c']"},
    {"foo[track_features='a,B a',features='^c (b|a)$']",
     "foo[track_features='a b',features='^c (b|a)$']"},
    {"*[md5=" + md5 + "]", "*[md5='" + md5 + "']"},
    {"py*", "py*"},
    {"^py(thon)?$ >=3", "^py(thon)?$[version='>=3']"},
    {"^f(://)?$ ==1.conda", "^f(://)?$==1.conda"},
    {"c::^py[a-z]$[build=b]", "c::^py[a-z]$[build='b']"},
    // Comments.
    {"foo # as [x] says: a", "foo"},
    {"foo >=1#x", "foo[version='>=1']"},
    {"foo[license='a # b'] # why", "foo[license='a # b']"},
    // Files.
    {"https://h/c/linux-64/foo-bar-1.0-py_0.conda",
     "https://h/c/linux-64::foo-bar==1.0=py_0[fn='foo-bar-1.0-py_0.conda']"},
    {"https://h/c/noarch/foo-1%2B2-0.tar.bz2#" + md5,
     "https://h/c/noarch::foo==1+2=0[fn='foo-1+2-0.tar.bz2',md5='" + md5 + "']"},
    {"file:///x/foo-1-0.conda#sha256:" + sha256,
     "foo==1=0[fn='foo-1-0.conda',url='file:///x/foo-1-0.conda',sha256='" + sha256 + "']"},
};

TEST(CondaMatchSpec, HasOneCanonicalForm) {
    for (const auto& [given, canonical] : canonical_forms) {
        const MatchSpec spec = MatchSpec::parse(given);
        EXPECT_EQ(spec.text(), canonical) << given;
        EXPECT_EQ(MatchSpec::parse(spec.text()), spec) << given;
        EXPECT_EQ(MatchSpec::parse(given, Form::lenient), spec) << given;
    }
}

TEST(CondaMatchSpec, IsReadInLenientFormAsCondaReadsIt) {
    const std::vector<Text> cases{
        {"foo =1.2 py", "foo==1.2=py"},
        {"foo=1.2 py", "foo==1.2=py"},
        {"foo =1.2=py", "foo==1.2=py"},
        {"foo =1.2,<3 py", "foo[version='1.2.*,<3',build='py']"},
        {"foo=", "foo"},
        {"foo >=1.2.*", "foo[version='>=1.2']"},
        {"foo >=1.2*", "foo[version='>=1.2']"},
        {"foo[optional]", "foo"},
        {"foo[target=x,build=b]", "foo[build='b']"},
        {"foo (optional)", "foo"},
        {"foo >=1 (target=a,optional)", "foo[version='>=1']"},
        {"foo[build=b](optional)", "foo[build='b']"},
        {"foo[name=bar]", "foo"},
    };
    for (const auto& [given, canonical] : cases) {
        EXPECT_EQ(MatchSpec::parse(given, Form::lenient).text(), canonical) << given;
    }
    for (const std::string given :
         {"foo =>1.2 py", "foo=>=1.2=py", "foo= ==1.2 py", "foo=~=1 py"}) {
        EXPECT_THROW(MatchSpec::parse(given, Form::lenient), Error) << given;
    }
    for (const std::string given :
         {"foo =1.2 py", "foo=1.2 py", "foo =1.2=py", "foo=", "foo >=1.2.*", "foo[optional]",
          "foo[target=x]", "foo (optional)", "foo[build=b](optional)", "foo[name=bar]"}) {
        EXPECT_THROW(MatchSpec::parse(given), Error) << given;
    }
}

const std::vector<Text> faults{
    {"", "`` is no match spec: it does not begin with a name"},
    {" foo 1..2 ", "`foo 1..2` is no match spec: `1..2` is no version spec: `1..2` is no version"},
    {"  # only a comment", "it does not begin with a name"},
    {">=1", "it does not begin with a name"},
    {"[version=1]", "it does not begin with a name"},
    {"a::", "it does not begin with a name"},
    {"foo,1", "`foo,1` is no name"},
    {"foo/bar", "`foo/bar` is no name"},
    {"f\xc3\xa9", "is no name"},
    {"mkl@", "`mkl@` is no name (features are no longer supported)"},
    {"foo 1.2..3",
     "`foo 1.2..3` is no match spec: `1.2..3` is no version spec: `1.2..3` is no version"},
    {"foo ==", "a version is missing behind `==`"},
    {"foo=", "a version is missing behind `=`"},
    {"foo 1=", "a build is missing behind the last `=`"},
    {"foo=1=2=3", "`2=3` is no build"},
    {"foo 1.2==py", "`1.2==py` is no version"},
    {"foo 1.2 a b", "`a b` is no build"},
    {"foo >=1:2", "`foo >=1` before a `:` is no namespace"},
    {"c::foo=1=py:0", "`foo=1=py` before a `:` is no namespace"},
    {"foo=>=1.2=py*", "there is no operator `=>=`"},
    {"foo =!=1.2 py*", "there is no operator `=!=`"},
    {"foo 1.2 >=3", "`1.2 >=3` is no version"},
    {"foo =1.2 py", "`=1.2` may mean `1.2` or `1.2.*` when a build follows (write `foo 1.2 py` "
                    "or `foo 1.2.* py`)"},
    {"foo[version=1", "a `]` is missing"},
    {"foo[version='1]", "a closing `'` is missing"},
    {"foo[version=]", "`version` has no value"},
    {"foo[version='']", "`version` has no value"},
    {"foo[version]", "`version` has no value"},
    {"foo[=1]", "a key is missing before `=1]`"},
    {"foo[version=1,<2]", "`<2` has no value"},
    {"foo[version=1][build=2]", "nothing may stand behind `]`, but `[build=2]` does"},
    {"foo[build=1] 2", "nothing may stand behind `]`, but `2` does"},
    {"foo[build=1,build=2]", "`build` is given twice"},
    {"foo[when='python >=3']", "envpm cannot match by `when`"},
    {"foo >=1 if python >=3", "conditions behind `if` are not supported"},
    {"foo[md5=01]", "`01` is no md5"},
    {"foo[sha256=" + md5 + "]", "is no sha256"},
    {"foo[md5=" + md5.substr(1) + "g]", "is no md5"},
    {"foo[build_number=a]", "`a` is no build number"},
    {"foo[build_number='>=']", "`>=` is no build number"},
    {"foo[build_number=-1]", "`-1` is no build number"},
    {"foo[build_number=99999999999999999999]", "is no build number"},
    {"foo[build='a b']", "`a b` is no build"},
    {"foo[channel='a b']", "`a b` is no channel"},
    {"foo[channel=/]", "`/` is no channel"},
    {"/linux-64::foo", "`/linux-64` is no channel"},
    {"foo[build='^($']", "a `)` is missing"},
    {"foo (optional)", "`(optional)` means nothing to envpm (leave it out)"},
    {"foo[optional=1]", "envpm cannot match by `optional`"},
    {"foo[name=bar]", "the name is both `foo` and `bar`"},
    {"foo-1.0-0.conda", "`foo-1.0-0.conda` is a file, not a URL"},
    {"c::foo-1.0-0.conda", "`foo-1.0-0.conda` is a file, not a name"},
    {"foo-1.0-0.tar.bz2 # old", "`foo-1.0-0.tar.bz2` is a file, not a name"},
    {"https://h/noarch/foo-1.conda", "`foo-1.conda` is not of the form `name-version-build`"},
    {"https://h/noarch/foo-1-0.conda#12", "`12` behind the `#` is neither md5 nor sha256"},
    {std::string(8193, 'a'), "it is too long"},
};

TEST(CondaMatchSpec, SaysWhatIsWrong) {
    for (const auto& [given, fault] : faults) {
        try {
            MatchSpec::parse(given);
            ADD_FAILURE() << given;
        } catch (const Error& error) {
            const std::string hint = error.text().hint;
            EXPECT_THAT(error.text().what + (hint.empty() ? "" : " (" + hint + ")"),
                        HasSubstr(fault))
                << given;
        }
    }
}

struct Match {
    std::string spec;
    bool matches;
};

/// Of the record below.
const std::vector<Match> answers{
    {"foo", true},
    {"FOO", true},
    {"fo", false},
    {"f*", true},
    {"*", true},
    {"^fo+$", true},
    {"^fa+$", false},
    {"foo=1.2", true},
    {"foo==1.2", false},
    {"foo >=1.2,<2 py36*", true},
    {"foo >=1.2,<2 py37*", false},
    {"foo * *cuda*", true},
    {"foo * ^py3[67]_.*$", true},
    {"foo[build_number=1]", true},
    {"foo[build_number='!=1']", false},
    {"foo[build_number='!=2']", true},
    {"foo[build_number='>=1']", true},
    {"foo[build_number='>1']", false},
    {"foo[build_number='>0']", true},
    {"foo[build_number='<=1']", true},
    {"foo[build_number='<1']", false},
    {"foo[build_number='<2']", true},
    {"foo[build_number='<=0']", false},
    {"foo[build_number='>=2']", false},
    {"foo[build_number='2']", false},
    {"conda-forge::foo", true},
    {"Conda-Forge::foo", true},
    {"https://host/conda-forge::foo", true},
    {"https://host/conda-forge/linux-64::foo", true},
    {"https://other/conda-forge::foo", false},
    {"conda::foo", false},
    {"conda-*::foo", true},
    {"conda-forge/noarch::foo", false},
    {"foo[subdir=linux-64]", true},
    {"foo[fn=foo-1.2.3-py36_cuda_1.conda]", true},
    {"foo[fn=foo-1.2.3-py36_cuda_2.conda]", false},
    {"foo[url='https://mirror/*']", true},
    {"foo[url='https://other/*']", false},
    {"foo[md5=" + md5 + "]", true},
    {"foo[md5=" + std::string(32, '0') + "]", false},
    {"foo[sha256=" + sha256 + "]", true},
    {"foo[sha256=" + std::string(64, '0') + "]", false},
    {"foo[license=bsd-3-clause]", true},
    {"foo[license=MIT]", false},
    {"foo[license_family=bsd]", true},
    {"foo[license_family=mit]", false},
    {"foo[track_features='a b']", true},
    {"foo[track_features='B a']", true},
    {"foo[track_features='^a (b|c)$']", true},
    {"foo[track_features=a]", false},
    {"foo[features=c]", true},
    {"foo[features=d]", false},
    {"https://host/conda-forge/linux-64/foo-1.2.3-py36_cuda_1.conda#" + sha256, true},
    {"https://host/conda-forge/linux-64/foo-1.2.3-py36_cuda_1.conda#" + std::string(64, '1'),
     false},
    {"https://host/other/linux-64/foo-1.2.3-py36_cuda_1.conda", false},
};

TEST(CondaMatchSpec, MatchesARecord) {
    const Version version = *Version::parse("1.2.3");
    const RecordFields record{.name = "foo",
                              .version = &version,
                              .build = "py36_cuda_1",
                              .build_number = 1,
                              .channel = "conda-forge",
                              .channel_url = "https://host/conda-forge",
                              .subdir = "linux-64",
                              .file_name = "foo-1.2.3-py36_cuda_1.conda",
                              .url = "https://mirror/foo-1.2.3-py36_cuda_1.conda",
                              .md5 = md5,
                              .sha256 = sha256,
                              .license = "BSD-3-Clause",
                              .license_family = "BSD",
                              .track_features = "b,a",
                              .features = "c"};
    for (const auto& [spec, matches] : answers) {
        EXPECT_EQ(MatchSpec::parse(spec).matches(record), matches) << spec;
    }
}

TEST(CondaMatchSpec, MatchesNoVersionThatIsNotKnown) {
    const RecordFields record{.name = "foo"};
    EXPECT_TRUE(MatchSpec::parse("foo").matches(record));
    EXPECT_FALSE(MatchSpec::parse("foo >=0").matches(record));
    EXPECT_FALSE(MatchSpec::parse("c::foo").matches(record));
    EXPECT_TRUE(MatchSpec::parse("foo[channel='*']").matches(record));
}

TEST(CondaMatchSpec, TellsTheNameToLookUp) {
    EXPECT_EQ(*MatchSpec::parse("Foo >=1").exact_name(), "foo");
    EXPECT_EQ(MatchSpec::parse("f*").exact_name(), nullptr);
    EXPECT_EQ(MatchSpec::parse("^foo$").exact_name(), nullptr);
    EXPECT_EQ(*MatchSpec::parse("https://h/noarch/foo-1-0.conda").exact_name(), "foo");
    EXPECT_EQ(MatchSpec::parse("c::foo").field(Field::channel)->text(), "c");
    EXPECT_EQ(MatchSpec::parse("foo").field(Field::channel), nullptr);
}

} // namespace
} // namespace envpm::conda
