#include "base/yaml.h"

#include "base/error.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm {

namespace {

const std::string& text_at(const YamlValue& value, std::string_view name) {
    const YamlValue* const member = value.find(name);
    return *member->get_if<std::string>();
}

Error error_of(const std::string& text) {
    try {
        parse_yaml(text, "a.yml");
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "accepted: " << text.substr(0, 80);
    return Error({});
}

} // namespace

TEST(Yaml, KeepsEveryScalarAsItsText) {
    const YamlValue root = parse_yaml("version: 1.10\nflag: on\nquoted: '1.0'\nlong: |\n  a\n  b\n"
                                      "json: {\"a\": \"b\\tc\"}\n",
                                      "a.yml");
    EXPECT_EQ(text_at(root, "version"), "1.10");
    EXPECT_EQ(text_at(root, "flag"), "on");
    EXPECT_EQ(text_at(root, "quoted"), "1.0");
    EXPECT_EQ(text_at(root, "long"), "a\nb\n");
    EXPECT_EQ(text_at(*root.find("json"), "a"), "b\tc");
    EXPECT_EQ(root.find("absent"), nullptr);
}

TEST(Yaml, TellsNothingFromAnEmptyText) {
    const YamlValue root = parse_yaml("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "a.yml");
    for (const char* name : {"a", "b", "c"}) {
        EXPECT_TRUE(root.find(name)->is_null()) << name;
    }
    EXPECT_EQ(text_at(root, "d"), "");
    EXPECT_EQ(text_at(root, "e"), "null");
    EXPECT_TRUE(parse_yaml("", "a.yml").is_null());
    EXPECT_TRUE(parse_yaml(std::string_view(), "a.yml").is_null());
}

TEST(Yaml, HasThePlaceOfEverythingInTheFilesOrder) {
    const YamlValue root = parse_yaml("# a comment\nb:\n  - one\n  - two\na: 1\n", "a.yml");
    const auto& map = *root.get_if<YamlValue::Map>();
    ASSERT_EQ(map.size(), 2U);
    EXPECT_EQ(map[0].name, "b");
    EXPECT_EQ(map[0].location("a.yml").text(), "a.yml:2:1");
    const auto& list = *map[0].value.get_if<YamlValue::List>();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1].location("a.yml").text(), "a.yml:4:5");
    EXPECT_EQ(map[1].value.location("a.yml").text(), "a.yml:5:4");
}

TEST(Yaml, WritesOutWhatAliasesStandFor) {
    const YamlValue root =
        parse_yaml("a: &a x\nb: &b [*a, {c: *a}]\nd: *b\na2: &a y\ne: *a\n", "a.yml");
    const auto& list = *root.find("d")->get_if<YamlValue::List>();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(*list[0].get_if<std::string>(), "x");
    EXPECT_EQ(text_at(list[1], "c"), "x");
    EXPECT_EQ(text_at(root, "e"), "y");
    EXPECT_EQ(root.find("d")->location("a.yml").text(), "a.yml:3:4");
}

TEST(Yaml, MergesMapsUnderThoseOfTheMapItself) {
    const YamlValue root = parse_yaml("one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\n"
                                      "x:\n  <<: *one\n  b: own\n"
                                      "y: {<<: [*one, *two], d: 4}\n",
                                      "a.yml");
    EXPECT_EQ(text_at(*root.find("x"), "a"), "1");
    EXPECT_EQ(text_at(*root.find("x"), "b"), "own");
    EXPECT_EQ(root.find("x")->find("<<"), nullptr);
    EXPECT_EQ(text_at(*root.find("y"), "b"), "1");
    EXPECT_EQ(text_at(*root.find("y"), "c"), "2");
    EXPECT_EQ(text_at(*root.find("y"), "d"), "4");
}

TEST(Yaml, ReadsWhatAWindowsShellWrites) {
    const YamlValue root = parse_yaml(std::string("\xff\xfe"
                                                  "a\0:\0 \0b\0\r\0\n\0",
                                                  14),
                                      "a.yml");
    EXPECT_EQ(text_at(root, "a"), "b");
}

TEST(Yaml, RefusesWhatNoFileOfOursHas) {
    struct Case {
        std::string text;
        std::string what;
        std::string place;
    };

    std::string bomb = "a: &a [x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name < 'k'; ++name) {
        const std::string before = fmt::format("*{}", static_cast<char>(name - 1));
        bomb += fmt::format("{0}: &{0} [{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}]\n", name, before);
    }
    const std::vector<Case> cases = {
        {"a: [1", "not valid YAML", "a.yml:2:1"},
        {"a: b: c\n", "not valid YAML", "a.yml:1:5"},
        {"a: 'b\n", "not valid YAML", "a.yml:2:1"},
        {"a: \"b\nc: d\n", "not valid YAML", "a.yml:3:1"},
        {"a: \xff", "not valid YAML", "a.yml"},
        {"a:\n\t- b\n", "not valid YAML", "a.yml:2:1"},
        {bomb, "aliases stand for more than 4 MiB", "a.yml:5:4"},
        {"a: *b\nb: &b 1\n", "nothing before this place has the anchor `b`", "a.yml:1:4"},
        {"a: &a [*a]\n", "nothing before this place has the anchor `a`", "a.yml:1:8"},
        {"a: &a [1]\nb:\n  <<: *a\n", "`<<` must be a map, not a text", "a.yml:1:8"},
        {"a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(30, '[') +
             "*a" + std::string(30, ']') + "\n",
         "nested deeper than 64", "a.yml:2:34"},
        {"a: 1\nb: 2\na: 3\n", "the key `a` stands here again", "a.yml:3:1"},
        {"a: !!python/object:os.system x\n", "the tag", "a.yml:1:4"},
        {"a: !own [x]\n", "the tag `!own` is not read", "a.yml:1:4"},
        {"a: !b://me:secret@c [x]\n", "the tag is not read", "a.yml:1:4"},
        {"b://me:secret@c: 1\nb://me:secret@c: 2\n", "the key stands here again", "a.yml:2:1"},
        {"a: 1\n---\nb: 2\n", "a second document", "a.yml:2:1"},
        {"[a]: 1\n", "a key must be a text, not a list", "a.yml:1:1"},
        {"~: 1\n", "a key must be a text, not nothing", "a.yml:1:1"},
        {std::string("a: \0b\n", 6), "not valid YAML", "a.yml"},
        {"a: \"\\0\"\n", "a NUL character", "a.yml:1:4"},
        {std::string(65, '['), "nested deeper than 64", "a.yml:1:65"},
        {std::string(100'000, '['), "nested deeper than 64", "a.yml:1:65"},
    };
    for (const Case& example : cases) {
        const Error error = error_of(example.text);
        EXPECT_THAT(error.text().what, testing::HasSubstr(example.what)) << example.text;
        EXPECT_EQ(error.text().subject, example.place) << example.text.substr(0, 80);
    }
}

TEST(Yaml, SaysWhereTheTextBeganThatHasNoEnd) {
    EXPECT_EQ(error_of("a: 1\nb: 'c\nd: 2\n").text().hint,
              "look at line 2: it stopped while scanning a quoted scalar");
}

TEST(Yaml, EndsWhereThereAreTooManyValuesOrBytes) {
    std::string text = "[";
    for (int i = 0; i < 1'000'001; ++i) {
        text += "a,";
    }
    EXPECT_THAT(error_of(text + "]").text().what, testing::HasSubstr("more than 1000000 values"));
    EXPECT_THAT(error_of(std::string((std::size_t{32} << 20U) + 1, ' ')).text().what,
                testing::HasSubstr("longer than 32 MiB"));
}

} // namespace envpm
