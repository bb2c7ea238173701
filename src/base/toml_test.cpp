#include "base/toml.h"

#include "base/error.h"

namespace envpm {

namespace {

std::string place_of(std::string_view text) {
    try {
        parse_toml(text, "envpm.toml");
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, testing::HasSubstr("not valid TOML"));
        return error.text().subject;
    }
    return "it was read";
}

std::vector<std::string> names_of(const TomlValue& value) {
    std::vector<std::string> names;
    for (const TomlValue::Member& member : *value.get_if<TomlValue::Table>()) {
        names.push_back(member.name);
    }
    return names;
}

TEST(Toml, ReadsEveryKind) {
    const TomlValue root = parse_toml("b = true\ni = -3\nf = 1.5\ns = 'x'\na = [1, 'y']\n"
                                      "d = 2026-11-01\nt = { u = 1 }\n",
                                      "envpm.toml");
    EXPECT_EQ(*root.find("b")->get_if<bool>(), true);
    EXPECT_EQ(*root.find("i")->get_if<std::int64_t>(), -3);
    EXPECT_EQ(*root.find("f")->get_if<double>(), 1.5);
    EXPECT_EQ(*root.find("s")->get_if<std::string>(), "x");
    EXPECT_EQ(root.find("a")->get_if<TomlValue::Array>()->size(), 2U);
    EXPECT_EQ(*root.find("d")->get_if<std::string>(), "2026-11-01");
    EXPECT_EQ(*root.find("t")->find("u")->get_if<std::int64_t>(), 1);
    EXPECT_EQ(root.find("absent"), nullptr);
    EXPECT_EQ(root.find("s")->find("x"), nullptr);
}

TEST(Toml, NamesTheKindForComplaints) {
    const TomlValue root =
        parse_toml("b = true\ni = 3\nf = 1.5\ns = 'x'\na = []\nt = {}\n", "envpm.toml");
    const std::vector<std::pair<std::string, std::string>> kinds = {
        {"b", "a boolean"}, {"i", "a whole number"}, {"f", "a number"},
        {"s", "a string"},  {"a", "an array"},       {"t", "a table"}};
    for (const auto& [name, kind] : kinds) {
        EXPECT_EQ(root.find(name)->kind(), kind);
    }
}

TEST(Toml, KeepsTheOrderOfTheFile) {
    const TomlValue root =
        parse_toml("z = 1\na = 2\n[m]\ny = 1\nb.c = 2\nx = 3\n[c]\n[[b]]\n[[b]]\n"
                   "[m.sub]\n",
                   "envpm.toml");
    EXPECT_EQ(names_of(root), (std::vector<std::string>{"z", "a", "m", "c", "b"}));
    EXPECT_EQ(names_of(*root.find("m")), (std::vector<std::string>{"y", "b", "x", "sub"}));
}

TEST(Toml, KnowsWhereKeysAndValuesStand) {
    const TomlValue root = parse_toml("[a]\n\n  key = [ 'x',\n    'y' ]\n", "envpm.toml");
    const TomlValue::Member& member = root.find("a")->get_if<TomlValue::Table>()->front();
    EXPECT_EQ(member.location.text(), "envpm.toml:3:3");
    EXPECT_EQ(member.value.location.text(), "envpm.toml:3:9");
    EXPECT_EQ(member.value.get_if<TomlValue::Array>()->at(1).location.text(), "envpm.toml:4:5");
}

TEST(Toml, SaysWhereItIsWrong) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a = 1\nb = \n", "envpm.toml:2:"},     {"a = 1\na = 2\n", "envpm.toml:2:"},
        {"[t]\nx = 1\n[t]\n", "envpm.toml:3:"}, {"s = 'x", "envpm.toml:1:"},
        {"a = \"\xff\"", "envpm.toml:1:"},      {"a = 99999999999999999999", "envpm.toml:1:"},
    };
    for (const auto& [text, place] : cases) {
        EXPECT_THAT(place_of(text), testing::StartsWith(place)) << text;
    }
    EXPECT_EQ(place_of("a = 1\n[!b]\nc = 1\n"), "envpm.toml:2");
    EXPECT_EQ(place_of("[[ @"), "envpm.toml:1");
    EXPECT_THAT(place_of("a = 1 \xc3\xa4"), testing::StartsWith("envpm.toml:1:"));
    EXPECT_THAT(place_of("a = " + std::string(100'000, '[')), testing::StartsWith("envpm.toml:1:"));
}

std::string with_dots(int count) {
    std::string key;
    for (int i = 0; i < count; ++i) {
        key += "a.";
    }
    return key + "a";
}

/// Where `text` was refused for its dots.
std::string refused_dot(const std::string& text) {
    try {
        parse_toml(text, "envpm.toml");
    } catch (const Error& error) {
        EXPECT_EQ(error.text().what, "more than 64 dots lead to one key");
        return error.text().subject;
    }
    return "it was read";
}

TEST(Toml, KeysOfManyDotsDoNotOverflowTheStack) {
    const std::string many = with_dots(20'000);
    const std::vector<std::pair<std::string, std::string>> cases = {
        {many + " = 1\n", "envpm.toml:1:130"},
        {with_dots(65) + " = 1\n", "envpm.toml:1:130"},
        {"# one\n[" + many + "]\n", "envpm.toml:2:131"},
        {"[[" + many + "]]\n", "envpm.toml:1:132"},
        {"x = [\n1.5, { " + many + " = 1 }]\n", "envpm.toml:2:137"},
        {"'é' . \"\\\"\" . '\\'." + many + " = 1\n", "envpm.toml:1:141"},
        {with_dots(40) + " = { b = [{ x = 1, " + with_dots(40) + " = 2 }] }\n", "envpm.toml:1:150"},
        {"s = \"x\\\\\" # '\n" + with_dots(65) + " = 1\n", "envpm.toml:2:130"},
        {"s = \"\"\"x\\\"\"\"\"\"\"\n" + with_dots(65) + " = 1\n", "envpm.toml:2:130"},
        {"s = '''x\n'''''\n" + with_dots(65) + " = 1\n", "envpm.toml:3:130"},
    };
    for (const auto& [text, place] : cases) {
        EXPECT_EQ(refused_dot(text), place) << text.substr(0, 60);
    }
}

TEST(Toml, DotsThatAreNoneOfAKeyAndUpToSixtyFourOfItAreTaken) {
    const std::string quiet = with_dots(100);
    for (const std::string& text :
         {with_dots(64) + " = 1.5\n[b." + with_dots(63) + "]\n" + with_dots(64) +
              " = [0.5, {c = 1}, 2.5]\n",
          "a = '" + quiet + "'\nb = \"\\\"" + quiet + "\"\n", "# " + quiet + "\n# ' " + quiet,
          "a = '''\n'" + quiet + "''\n'''''\nb = \"\"\"\n\\\"\"\"" + quiet + "\"\"\"\n",
          "'" + quiet + "' = { \"" + quiet + "\" = 1 }\n"}) {
        EXPECT_EQ(refused_dot(text), "it was read") << text;
    }
    std::string long_text;
    for (int i = 0; i < 100; ++i) {
        long_text += "k" + std::to_string(i) + ".x = {y.z = 1.5, w.v = [1.5]}\n";
    }
    EXPECT_EQ(refused_dot(long_text), "it was read");
}

TEST(Toml, DeepValuesDoNotOverflowTheStack) {
    std::string tables = "a = ";
    std::string dotted = "a = ";
    for (int i = 0; i < 100'000; ++i) {
        tables += "{a=";
        dotted += "[{a.a=";
    }
    EXPECT_THAT(place_of(tables), testing::StartsWith("envpm.toml:1:"));
    EXPECT_THAT(refused_dot(dotted), testing::StartsWith("envpm.toml:1:"));
    EXPECT_THAT(place_of("a = " + std::string(100'000, '[') + std::string(100'000, ']')),
                testing::StartsWith("envpm.toml:1:"));
}

TEST(Toml, WhatIsQuotedIsReadBackAsItWas) {
    for (const std::string& text :
         {std::string(), std::string("plain"), std::string("quote \" and \\ slash"),
          std::string("line\nand\ttab\r"), std::string("\x01\x1f\x7f\0end", 7),
          std::string("é \xf0\x9f\x90\x8d '''")}) {
        const TomlValue root = parse_toml("s = " + toml_quoted(text), "envpm.toml");
        EXPECT_EQ(*root.find("s")->get_if<std::string>(), text) << toml_quoted(text);
    }
}

} // namespace

} // namespace envpm
