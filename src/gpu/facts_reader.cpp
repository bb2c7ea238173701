#include "base/toml_fields.h"
#include "gpu/facts_names.h"
#include "gpu/facts_schema.h"
#include "gpu/facts_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace envpm::gpu {

namespace {

constexpr std::int64_t known_format = 1;

using Row = TomlValue::Table;

std::string read_meta(const TomlValue& document, const std::string& file_name);
const FactSchema* find_schema(const std::vector<FactSchema>& schemas, const std::string& name);
void read_rows(const TomlValue& rows, const FactSchema& schema, FactTable& table);
FactRow read_row(const TomlValue& row, const FactSchema& schema);
void check_columns(const TomlValue& row, const FactSchema& schema);
std::string key_of(const TomlValue& row, const FactSchema& schema);
std::string printed(const TomlValue& value);
Standing standing_of(const FactSchema& schema, const std::string& source);
bool agree(const Row& one, const Row& other);
bool is_same(const TomlValue& one, const TomlValue& other);
[[noreturn]] void throw_contradiction(const Citation& one, const Citation& other);

void add_typed(const FactRow& row, FactTable& table);
void add_of_torch(const FactRow& row, FactTable& table);
void add_products(const FactRow& row, FactTable& table);
TorchVariantRow torch_variant_of(const Row& row);
TorchRelease torch_release_of(const Row& row);
CondaTorchRow conda_torch_of(const Row& row);
void sort_ascending(FactTable& table);

// Of a row whose columns have been checked.
const TomlValue* field(const Row& row, std::string_view name);
std::string text_of(const Row& row, std::string_view name);
std::vector<std::string> texts_of(const Row& row, std::string_view name);
int number_of(const Row& row, std::string_view name);
std::vector<ComputeCapability> capabilities_of(const Row& row, std::string_view name);

template <class T> std::optional<T> parsed(const Row& row, std::string_view name) {
    return T::parse(text_of(row, name));
}

} // namespace

FactTable read_table(std::string_view text, const std::string& file_name) {
    const TomlValue document = parse_toml(text, file_name);
    FactTable table;
    table.generated = read_meta(document, file_name);
    const std::vector<FactSchema> schemas = fact_schemas();
    for (const TomlValue::Member& member : *document.get_if<TomlValue::Table>()) {
        if (member.name == "meta") {
            continue;
        }
        const FactSchema* const schema = find_schema(schemas, member.name);
        if (schema == nullptr) {
            std::vector<std::string> known = {"meta"};
            for (const FactSchema& each : schemas) {
                known.push_back(each.table);
            }
            complain_at(member.location, fmt::format("unknown table `{}`", member.name),
                        known_words(member.name, known));
        }
        read_rows(member.value, *schema, table);
    }
    sort_ascending(table);
    return table;
}

namespace {

/// The format comes first: what a newer envpm understands is not for this one to judge.
std::string read_meta(const TomlValue& document, const std::string& file_name) {
    const TomlValue* const meta = document.find("meta");
    const TomlValue* const format = meta == nullptr ? nullptr : meta->find("format");
    if (format == nullptr) {
        complain_at({file_name, 0, 0}, "this table of facts does not say its format",
                    fmt::format("begin it with `[meta]` and `format = {}`", known_format));
    }
    if (expect_integer(*format, "meta.format") != known_format) {
        complain_at(format->location,
                    fmt::format("this table of facts has format {}, and envpm knows {}",
                                *format->get_if<std::int64_t>(), known_format),
                    "use the table that came with envpm, or a newer envpm");
    }
    const std::vector<std::string> notes = {"generated", "notes", "cudnn_rows", "first_driver",
                                            "ptx_claimed"};
    std::vector<std::string> known = {"format"};
    known.insert(known.end(), notes.begin(), notes.end());
    expect_keys(*meta, "meta", known);
    for (const std::string& name : notes) {
        if (const TomlValue* const note = meta->find(name)) {
            expect_string(*note, "meta." + name);
        }
    }
    const TomlValue* const generated = meta->find("generated");
    if (generated == nullptr) {
        complain_at(meta->location, "`[meta]` has no `generated`",
                    "the day of the table, such as `generated = \"2026-11-23\"`");
    }
    return *generated->get_if<std::string>();
}

const FactSchema* find_schema(const std::vector<FactSchema>& schemas, const std::string& name) {
    const auto found = std::find_if(schemas.begin(), schemas.end(),
                                    [&](const FactSchema& each) { return each.table == name; });
    return found == schemas.end() ? nullptr : &*found;
}

void read_rows(const TomlValue& rows, const FactSchema& schema, FactTable& table) {
    std::map<std::string, FactRow> by_key;
    for (const TomlValue& value : expect_array(rows, schema.table)) {
        FactRow row = read_row(value, schema);
        const auto [place, is_new] = by_key.emplace(row.citation.row, row);
        if (!is_new && !agree(place->second.fields, row.fields)) {
            throw_contradiction(row.citation, place->second.citation);
        }
        table.rows.push_back(row);
        if (is_new) {
            add_typed(row, table);
        }
    }
}

FactRow read_row(const TomlValue& value, const FactSchema& schema) {
    check_columns(value, schema);
    const std::string& source = *value.find("source")->get_if<std::string>();
    FactRow row{
        {schema.table, key_of(value, schema), source, value.location, standing_of(schema, source)},
        {}};
    for (const TomlValue::Member& member : *value.get_if<Row>()) {
        if (member.name != "source") {
            row.fields.push_back(member);
        }
    }
    return row;
}

void check_columns(const TomlValue& row, const FactSchema& schema) {
    std::vector<FactColumn> columns = schema.columns;
    columns.push_back({"source", FactKind::text, FactNeed::key});
    std::vector<std::string> known;
    for (const FactColumn& column : columns) {
        known.push_back(column.name);
    }
    expect_keys(row, schema.table, known);
    for (const FactColumn& column : columns) {
        const std::string name = fmt::format("{}.{}", schema.table, column.name);
        const TomlValue* const value = row.find(column.name);
        if (value == nullptr && column.need != FactNeed::optional) {
            complain_at(row.location,
                        fmt::format("a row of `{}` has no `{}`", schema.table, column.name));
        }
        if (value == nullptr) {
            continue;
        }
        check_fact(*value, column.kind, name);
        if (column.need == FactNeed::key && printed(*value).empty()) {
            complain_at(value->location, fmt::format("`{}` is empty", name));
        }
    }
}

std::string key_of(const TomlValue& row, const FactSchema& schema) {
    std::vector<std::string> parts;
    for (const FactColumn& column : schema.columns) {
        if (column.need == FactNeed::key) {
            parts.push_back(printed(*row.find(column.name)));
        }
    }
    return fmt::format("{}", fmt::join(parts, " "));
}

std::string printed(const TomlValue& value) {
    if (const auto* number = value.get_if<std::int64_t>()) {
        return std::to_string(*number);
    }
    if (const auto* text = value.get_if<std::string>()) {
        return *text;
    }
    std::vector<std::string> items;
    if (const auto* array = value.get_if<TomlValue::Array>()) {
        for (const TomlValue& item : *array) {
            items.push_back(printed(item));
        }
    }
    return fmt::format("{}", fmt::join(items, ", "));
}

/// `[meta]`: "memory" means that no source was seen; what is only inferred was not seen either.
Standing standing_of(const FactSchema& schema, const std::string& source) {
    const bool is_unseen = source.starts_with("memory") || source.starts_with("inferred");
    return is_unseen ? Standing::evidence : schema.standing;
}

bool agree(const Row& one, const Row& other) {
    return std::is_permutation(one.begin(), one.end(), other.begin(), other.end(),
                               [](const TomlValue::Member& left, const TomlValue::Member& right) {
                                   return left.name == right.name &&
                                          is_same(left.value, right.value);
                               });
}

bool is_same(const TomlValue& one, const TomlValue& other) {
    if (one.value.index() != other.value.index()) {
        return false;
    }
    if (const auto* table = one.get_if<Row>()) {
        return agree(*table, *other.get_if<Row>());
    }
    if (const auto* number = one.get_if<std::int64_t>()) {
        return *number == *other.get_if<std::int64_t>();
    }
    if (const auto* text = one.get_if<std::string>()) {
        return *text == *other.get_if<std::string>();
    }
    const auto* array = one.get_if<TomlValue::Array>();
    const auto* items = other.get_if<TomlValue::Array>();
    return array != nullptr &&
           std::equal(array->begin(), array->end(), items->begin(), items->end(), is_same);
}

void throw_contradiction(const Citation& one, const Citation& other) {
    complain_at(
        one.location, fmt::format("two rows of `{}` differ on `{}`", one.table, one.row),
        fmt::format("the other one is at {}; keep the one that is right", other.location.text()));
}

void add_typed(const FactRow& row, FactTable& table) {
    const Row& fields = row.fields;
    const Citation& citation = row.citation;
    const std::string& name = citation.table;
    if (name == "cuda_minor_compat") {
        table.majors.push_back(
            {{number_of(fields, "cuda_major"), parsed<DriverVersion>(fields, "min_driver_linux"),
              parsed<DriverVersion>(fields, "min_driver_windows")},
             citation});
    } else if (name == "cuda_toolkit") {
        auto driver = parsed<DriverVersion>(fields, "driver_linux");
        table.toolkits.push_back(
            {{*parsed<ToolkitVersion>(fields, "version"),
              driver ? driver : parsed<DriverVersion>(fields, "runfile_driver"),
              parsed<DriverVersion>(fields, "driver_windows")},
             citation});
    } else if (name == "ptx_isa") {
        if (const auto cuda = parsed<CudaVersion>(fields, "cuda")) {
            table.ptx.push_back({{*parsed<PtxVersion>(fields, "ptx"), *cuda}, citation});
        }
    } else if (name == "sm_support") {
        if (const auto first = parsed<CudaVersion>(fields, "first_cuda")) {
            const int sm = number_of(fields, "sm");
            table.architectures.push_back(
                {{{sm / 10, sm % 10}, {*first, parsed<CudaVersion>(fields, "last_cuda")}},
                 citation});
        }
    } else if (name == "gpu") {
        add_products(row, table);
    } else if (name == "cudnn_least_gpu") {
        if (const auto least = parsed<ComputeCapability>(fields, "min_cc")) {
            table.cudnn.push_back({{*parsed<MinorVersion>(fields, "first"), *least}, citation});
        }
    } else {
        add_of_torch(row, table);
    }
}

void add_of_torch(const FactRow& row, FactTable& table) {
    const Row& fields = row.fields;
    const Citation& citation = row.citation;
    const std::string& name = citation.table;
    if (name == "torch_release") {
        table.torch_releases.push_back({torch_release_of(fields), citation});
    } else if (name == "torch_variant") {
        table.torch_variants.push_back({torch_variant_of(fields), citation});
    } else if (name == "torch_variant_aarch64") {
        table.arm_variants.push_back(
            {{text_of(fields, "variant"), *parsed<MinorRange>(fields, "releases"),
              capabilities_of(fields, "sass")},
             citation});
    } else if (name == "torch_conda_forge") {
        table.conda_torches.push_back({conda_torch_of(fields), citation});
    } else if (name == "torch_companion") {
        table.companions.push_back({{text_of(fields, "torch"), text_of(fields, "torchvision"),
                                     text_of(fields, "torchaudio")},
                                    citation});
    }
}

/// One for each name, and for each alias in brackets: "GB10 (DGX Spark)" is two.
void add_products(const FactRow& row, FactTable& table) {
    const auto capability = parsed<ComputeCapability>(row.fields, "cc");
    if (!capability) {
        return;
    }
    for (const std::string& names : texts_of(row.fields, "names")) {
        for (const std::string& name : names_in(names)) {
            if (normal_product(name).empty()) {
                complain_at(row.citation.location, fmt::format("`{}` names no product", name),
                            "makers' words, sizes of memory and shapes of boards do not count");
            }
            Citation citation = row.citation;
            citation.row = name;
            const auto same = std::find_if(
                table.products.begin(), table.products.end(), [&](const Cited<ProductRow>& each) {
                    return normal_product(each.value.name) == normal_product(name);
                });
            if (same == table.products.end()) {
                table.products.push_back({{name, *capability}, citation});
            } else if (same->value.capability != *capability) {
                throw_contradiction(citation, same->citation);
            }
        }
    }
}

/// "12.8/12.9" are two toolkits, "13.0 aarch64" is one for a processor; "9.0+PTX" is machine code
/// and PTX.
CondaTorchRow conda_torch_of(const Row& row) {
    CondaTorchRow out{text_of(row, "torch"), {}, {}, {}, {}};
    std::string cuda = text_of(row, "cuda");
    if (const std::size_t space = cuda.find(' '); space != std::string::npos) {
        out.platform = cuda.substr(space + 1) == machine_of(Platform::linux_aarch64)
                           ? Platform::linux_aarch64
                           : Platform::linux_64;
        cuda.resize(space);
    }
    for (std::size_t at = 0; at < cuda.size();) {
        const std::size_t end = std::min(cuda.find('/', at), cuda.size());
        if (const auto version = CudaVersion::parse(cuda.substr(at, end - at))) {
            out.cuda.push_back(*version);
        }
        at = end + 1;
    }
    for (const std::string& text : texts_of(row, "arch_list")) {
        const std::size_t plus = text.find("+PTX");
        if (const auto capability = ComputeCapability::parse(text.substr(0, plus))) {
            out.sass.push_back(*capability);
            if (plus != std::string::npos) {
                out.ptx.push_back(*capability);
            }
        }
    }
    return out;
}

TorchRelease torch_release_of(const Row& row) {
    return {*parsed<MinorVersion>(row, "release"), text_of(row, "date"),
            parsed<MinorRange>(row, "python"),     text_of(row, "python_experimental"),
            texts_of(row, "cuda_variants"),        text_of(row, "pypi_default")};
}

TorchVariantRow torch_variant_of(const Row& row) {
    TorchVariant variant{*parsed<MinorVersion>(row, "torch"),
                         text_of(row, "variant"),
                         parsed<ToolkitVersion>(row, "cuda").value_or(ToolkitVersion{}),
                         text_of(row, "cudnn"),
                         text_of(row, "nccl"),
                         text_of(row, "triton"),
                         text_of(row, "triton_range"),
                         capabilities_of(row, "sass"),
                         capabilities_of(row, "ptx"),
                         capabilities_of(row, "ptx_claimed")};
    const TomlValue* const patches = field(row, "triton_patch");
    return {std::move(variant), patches == nullptr ? Row{} : *patches->get_if<Row>()};
}

template <class T, class Key> void sort_by(std::vector<Cited<T>>& rows, const Key& key) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Cited<T>& one, const Cited<T>& other) {
        return key(one.value) < key(other.value);
    });
}

void sort_ascending(FactTable& table) {
    sort_by(table.majors, [](const MajorRow& row) { return row.cuda_major; });
    sort_by(table.toolkits, [](const ToolkitRow& row) { return row.toolkit; });
    sort_by(table.ptx, [](const PtxRow& row) { return row.ptx; });
    sort_by(table.architectures, [](const ArchitectureRow& row) { return row.capability; });
    sort_by(table.torch_releases, [](const TorchRelease& row) { return row.release; });
    sort_by(table.cudnn, [](const CudnnRow& row) { return row.first; });
    sort_by(table.companions, [](const TorchCompanions& row) {
        return ToolkitVersion::parse(row.torch); // numbers with dots too
    });
    sort_by(table.torch_variants, [](const TorchVariantRow& row) {
        return std::pair(row.variant.release, row.variant.cuda);
    });
}

const TomlValue* field(const Row& row, std::string_view name) {
    for (const TomlValue::Member& member : row) {
        if (member.name == name) {
            return &member.value;
        }
    }
    return nullptr;
}

std::string text_of(const Row& row, std::string_view name) {
    const TomlValue* const value = field(row, name);
    return value == nullptr ? std::string() : *value->get_if<std::string>();
}

std::vector<std::string> texts_of(const Row& row, std::string_view name) {
    const TomlValue* const value = field(row, name);
    return value == nullptr ? std::vector<std::string>{} : expect_strings(*value, name);
}

int number_of(const Row& row, std::string_view name) {
    return static_cast<int>(*field(row, name)->get_if<std::int64_t>());
}

std::vector<ComputeCapability> capabilities_of(const Row& row, std::string_view name) {
    std::vector<ComputeCapability> out;
    for (const std::string& text : texts_of(row, name)) {
        out.push_back(*ComputeCapability::parse(text));
    }
    return out;
}

} // namespace

} // namespace envpm::gpu
