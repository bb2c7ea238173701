#include "conda/fake_channel.h"

namespace envpm::conda::test {

namespace {

std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) {
        out += static_cast<char>(value >> (8 * i));
    }
    return out;
}

std::string head(std::uint64_t count, unsigned small, unsigned small_end, unsigned large) {
    if (count < small_end) {
        return {static_cast<char>(small + count)};
    }
    return static_cast<char>(large) + big_endian(count, 4);
}

std::string text(const std::string& value) {
    return head(value.size(), 0xa0, 32, 0xdb) + value;
}

std::string bytes(std::string_view value) {
    return "\xc4" + big_endian(value.size(), 1) + std::string(value);
}

std::string number(std::int64_t value) {
    return value < 0 ? "\xd3" + big_endian(static_cast<std::uint64_t>(value), 8)
                     : "\xcf" + big_endian(static_cast<std::uint64_t>(value), 8);
}

} // namespace

std::string packed(const Json& value, std::string_view key) {
    if (const auto* const flag = value.get_if<bool>()) {
        return *flag ? "\xc3" : "\xc2";
    }
    if (const auto* const whole = value.get_if<std::int64_t>()) {
        return number(*whole);
    }
    if (const auto* const words = value.get_if<std::string>()) {
        std::vector<std::uint8_t> digest(words->size() / 2);
        if ((key == "sha256" || key == "md5") && read_hex(*words, digest)) {
            return bytes({reinterpret_cast<const char*>(digest.data()), digest.size()});
        }
        return text(*words);
    }
    std::string out = "\xc0";
    if (const auto* const array = value.get_if<Json::Array>()) {
        out = head(array->size(), 0x90, 16, 0xdd);
        for (const Json& item : *array) {
            out += packed(item);
        }
    } else if (const auto* const object = value.get_if<Json::Object>()) {
        out = head(object->size(), 0x80, 16, 0xdf);
        for (const auto& [name, member] : *object) {
            out += text(name) + packed(member, name);
        }
    }
    return out;
}

std::string packed_shards(const std::map<std::string, std::string>& shards, const Json& info) {
    std::string out = "\x83" + text("version") + number(1) + text("info") + packed(info) +
                      text("shards") + head(shards.size(), 0x80, 16, 0xdf);
    for (const auto& [name, shard] : shards) {
        const auto digest = sha256_of(shard).bytes();
        out += text(name) + bytes({reinterpret_cast<const char*>(digest.data()), digest.size()});
    }
    return out;
}

} // namespace envpm::conda::test
