#include "gpu/audit.h"

#include "gpu/audit_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// The findings of a prefix with these binaries, on a target with glibc 2.28.
std::vector<Finding> findings_of(std::vector<PrefixBinary> binaries,
                                 std::vector<ComputeCapability> gpus = {},
                                 std::optional<CudaVersion> driver = std::nullopt) {
    AuditRequest request;
    request.prefix = "/envs/one";
    request.binaries = std::move(binaries);
    request.target = {std::move(gpus), {2, 28}, driver};
    return audit(request);
}

Finding only_finding(std::vector<Finding> findings) {
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Finding() : findings.front();
}

PrefixBinary with_code(const std::string& path,
                       const std::map<std::vector<Image>, std::uint64_t>& containers) {
    PrefixBinary binary = library_at(path);
    for (const auto& [images, times] : containers) {
        binary.facts.code.containers[images].registered = times;
        for (const Image& image : images) {
            binary.facts.code.images[image].registered += times;
        }
    }
    return binary;
}

const Image sass_75{CodeKind::sass, {7, 5}, {}};
const Image sass_80{CodeKind::sass, {8, 0}, {}};
const Image sass_90a{CodeKind::sass, {9, 0, 'a'}, {}};
const Image ptx_80{CodeKind::ptx, {8, 0}, {9, 0}};

TEST(Audit, IsQuietAboutASoundEnvironment) {
    PrefixBinary torch = module_at("site/torch", {"libtorch.so", "libc.so.6", "libstdc++.so.6"});
    torch.facts.rpath = "$ORIGIN/lib";
    PrefixBinary library = library_at("site/torch/lib/libtorch.so",
                                      {"libcudart.so.13", "libcuda.so.1", "libnvidia-ml.so.1"});
    library.facts.needed_versions = {{"libc.so.6", "GLIBC_2.28", false},
                                     {"libc.so.6", "GLIBC_PRIVATE", false},
                                     {"libstdc++.so.6", "GLIBCXX_3.4.24", false}};
    EXPECT_THAT(findings_of({torch, library, library_at("site/nvidia/libcudart.so.13")}),
                IsEmpty());
}

TEST(Audit, NamesALibraryThatAnImportNeedsAndThatIsNowhere) {
    PrefixBinary other = library_at("lib/libb.so", {"libgone.so.1"});
    const Finding finding =
        only_finding(findings_of({module_at("site/a", {"libgone.so.1", "libb.so"}), other}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::missing_library);
    EXPECT_EQ(finding.file, "site/a/_C.cpython-311-x86_64-linux-gnu.so");
    EXPECT_EQ(finding.text,
              "it needs `libgone.so.1`, which the environment does not have (2 files need it)");
}

TEST(Audit, OnlyWarnsOfAPluginThatNobodyLoads) {
    const Finding finding =
        only_finding(findings_of({library_at("lib/transport.so.1", {"libmlx5.so.1"})}));
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.rule, Rule::missing_library);
}

TEST(Audit, LeavesToTheMachineWhatWheelsMayExpectOfIt) {
    EXPECT_EQ(only_finding(findings_of({module_at("site/cv2", {"libGL.so.1"})})).severity,
              Severity::warning);
    EXPECT_EQ(only_finding(findings_of({module_at("site/a", {"libz.so.1"})})).severity,
              Severity::note);
    EXPECT_EQ(only_finding(findings_of({module_at("site/a", {"libpython3.11.so.1.0"})})).severity,
              Severity::warning);
}

TEST(Audit, TakesTheUsersWord) {
    AuditRequest request;
    request.binaries = {module_at("site/a", {"libgone.so.1"}), library_at("lib/libcuda.so.1")};
    request.target.glibc = {2, 28};
    request.allowed = {"libgone.so.1", "libcuda.so.1"};
    EXPECT_THAT(audit(request), IsEmpty());
}

TEST(Audit, WantsAProgramToFindItsLibrariesAlone) {
    PrefixBinary program = program_at("bin/tool", {"liba.so"});
    const PrefixBinary first = library_at("lib/liba.so", {"libb.so"});
    const PrefixBinary second = library_at("lib/libb.so");
    const Finding finding = only_finding(findings_of({program, first, second}));
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.file, "bin/tool");
    EXPECT_EQ(finding.hint, "it lies at `lib/liba.so`");
    program.facts.rpath = "$ORIGIN/../lib"; // holds for what it loads, too
    EXPECT_THAT(findings_of({program, first, second}), IsEmpty());
    program.facts.rpath.reset();
    program.facts.runpath = "$ORIGIN/../lib"; // holds for itself alone
    EXPECT_THAT(only_finding(findings_of({program, first, second})).text, HasSubstr("libb.so"));
}

TEST(Audit, ComparesGlibcWithTheTarget) {
    PrefixBinary module = module_at("site/a");
    module.facts.needed_versions = {{"libc.so.6", "GLIBC_2.4", false},
                                    {"libm.so.6", "GLIBC_2.34", false},
                                    {"libc.so.6", "GLIBC_2.39", true}};
    const Finding finding = only_finding(findings_of({module}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::glibc_too_new);
    EXPECT_EQ(finding.text, "it needs glibc 2.34, and the target has 2.28");
    module.facts.needed_versions = {{"libc.so.6", "GLIBC_ABI_DT_RELR", false}};
    EXPECT_THAT(only_finding(findings_of({module})).text, HasSubstr("2.36"));
}

TEST(Audit, ComparesLibstdcxxWithTheTargetOrTheEnvironmentsOwn) {
    PrefixBinary module = module_at("site/a");
    module.facts.needed_versions = {{"libstdc++.so.6", "GLIBCXX_3.4.30", false}};
    const Finding finding = only_finding(findings_of({module}));
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.rule, Rule::libstdcxx_too_new);
    EXPECT_THAT(finding.text, HasSubstr("GLIBCXX_3.4.30 of libstdc++, and systems with glibc 2.28 "
                                        "have 3.4.24"));
    PrefixBinary own = library_at("lib/libstdc++.so.6");
    own.facts.defined_versions = {"GLIBCXX_3.4.29", "GLIBCXX_3.4.30"};
    EXPECT_THAT(findings_of({module, own}), IsEmpty());
    own.facts.defined_versions = {"GLIBCXX_3.4.29"};
    EXPECT_EQ(only_finding(findings_of({module, own})).rule, Rule::missing_version);
}

TEST(Audit, WantsTheVersionsThatLibrariesDefine) {
    PrefixBinary user = library_at("lib/libuser.so", {"libssl.so.3"});
    user.facts.needed_versions = {{"libssl.so.3", "OPENSSL_3.2.0", false}};
    PrefixBinary library = library_at("lib/libssl.so.3");
    EXPECT_THAT(findings_of({user, library}), IsEmpty()); // it defines none at all
    library.facts.defined_versions = {"OPENSSL_3.0.0"};
    const Finding finding = only_finding(findings_of({user, library}));
    EXPECT_EQ(finding.rule, Rule::missing_version);
    EXPECT_EQ(finding.severity, Severity::error);
}

TEST(Audit, JudgesDeviceCodeForEachGpu) {
    const PrefixBinary mixed = with_code("lib/liba.so", {{{sass_75}, 1}, {{sass_80}, 9}});
    EXPECT_THAT(findings_of({mixed}, {{7, 5}, {8, 6}}), IsEmpty());
    const Finding finding = only_finding(findings_of({mixed}, {{8, 6}, {9, 0}}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::no_code_for_gpu);
    EXPECT_EQ(finding.gpu, (ComputeCapability{9, 0}));
    EXPECT_EQ(finding.text, "its device code has nothing for compute capability 9.0");
}

TEST(Audit, MissesNothingOfAHomogeneousBuild) {
    const PrefixBinary build = with_code("lib/liba.so", {{{sass_75, sass_80}, 1}, {{sass_80}, 32}});
    const Finding finding = only_finding(findings_of({build}, {{7, 5}}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_THAT(finding.text, HasSubstr("32 of its 33"));
}

TEST(Audit, OnlyWarnsOfCodeThatIsForOneGpuOnPurpose) {
    EXPECT_EQ(
        only_finding(findings_of({with_code("lib/liba.so", {{{sass_90a}, 3}})}, {{8, 0}})).severity,
        Severity::warning);
}

TEST(Audit, AsksForADriverThatKnowsThePtx) {
    const PrefixBinary build = with_code("lib/liba.so", {{{sass_80, ptx_80}, 3}});
    EXPECT_THAT(findings_of({build}, {{8, 6}}, CudaVersion{12, 8}), IsEmpty());
    EXPECT_THAT(findings_of({build}, {{9, 0}}), IsEmpty());
    EXPECT_THAT(findings_of({build}, {{9, 0}}, CudaVersion{13, 0}), IsEmpty());
    const Finding finding = only_finding(findings_of({build}, {{9, 0}}, CudaVersion{12, 8}));
    EXPECT_EQ(finding.rule, Rule::driver_too_old);
    EXPECT_THAT(finding.text, HasSubstr("PTX 9.0, which a driver of CUDA 12.8 does not know"));
}

TEST(Audit, WantsOneCopyOfCudasLibraries) {
    const Finding finding = only_finding(
        findings_of({library_at("a/libcublas.so.13"), library_at("b/libcublas.so.13")}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::two_copies);
    EXPECT_EQ(
        only_finding(findings_of({library_at("a/libgomp.so.1"), library_at("b/libgomp.so.1")}))
            .severity,
        Severity::note);
}

TEST(Audit, TakesVendoredLibrariesAsTheyAre) {
    PrefixBinary same = library_at("a/libcupti.so");
    same.facts.soname = "libcupti.so.13";
    EXPECT_THAT(findings_of({
                    library_at("a/libgomp-a34b3233.so.1.0.0"),
                    library_at("b/libgomp-a34b3233.so.1.0.0"), library_at("numpy.libs/libz.so.1"),
                    library_at("pillow.libs/libz.so.1"), library_at("lib/stubs/libcublas.so.13"),
                    library_at("lib/libcublas.so.13"), library_at("a/libcupti.so.13"),
                    same, // one library under two names
                }),
                IsEmpty());
}

TEST(Audit, WantsOneRuntimeOfCuda) {
    const Finding finding = only_finding(
        findings_of({library_at("lib/libcudart.so.13"), library_at("lib/libcudart.so.12"),
                     library_at("lib/libx.so", {"libcudart.so.12"})}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::two_runtimes);
    EXPECT_EQ(finding.text, "the environment mixes CUDA runtimes: `libcudart.so.12` "
                            "(`lib/libcudart.so.12`) and `libcudart.so.13` "
                            "(`lib/libcudart.so.13`)");
}

TEST(Audit, SeesARuntimeThatIsLinkedIn) {
    const PrefixBinary shared = library_at("lib/libcudart.so.13");
    PrefixBinary cublas = library_at("lib/libcublas.so.13");
    cublas.facts.has_static_runtime = true;
    EXPECT_THAT(findings_of({shared, cublas}), IsEmpty());
    cublas.facts.soname = "libcublas.so.12";
    Finding finding = only_finding(findings_of({shared, cublas}));
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.rule, Rule::two_runtimes);
    EXPECT_EQ(finding.text, "it has the runtime of CUDA 12 linked in, beside `libcudart.so.13`");

    PrefixBinary other = library_at("lib/libcufile.so.0");
    other.facts.code.images[{CodeKind::ptx, {9, 0}, {8, 2}}] = {1, 0};
    EXPECT_THAT(findings_of({shared, other}), IsEmpty()); // built with it, and without a runtime
    other.facts.has_static_runtime = true;
    finding = only_finding(findings_of({shared, other}));
    EXPECT_EQ(finding.severity, Severity::note);
    EXPECT_THAT(finding.text, HasSubstr("of CUDA 12.2 as its PTX says"));
    EXPECT_THAT(findings_of({library_at("lib/libcudart.so.12"), other}), IsEmpty());
    EXPECT_THAT(findings_of({other}), IsEmpty());
}

TEST(Audit, WantsTheDriversLibraryFromTheMachine) {
    Finding finding = only_finding(findings_of({library_at("lib/libcuda.so.1")}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::driver_library);
    PrefixBinary stub = library_at("lib/stubs/libcuda.so");
    stub.facts.soname = "libcuda.so.1";
    finding = only_finding(findings_of({stub}));
    EXPECT_EQ(finding.severity, Severity::note);
    PrefixBinary user = library_at("lib/libuser.so");
    user.facts.runpath = "$ORIGIN/stubs";
    finding = only_finding(findings_of({stub, user}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_THAT(finding.text, HasSubstr("a stub of libcuda"));
    PrefixBinary compat = library_at("cuda-compat/libcuda.so.1");
    EXPECT_EQ(only_finding(findings_of({compat})).severity, Severity::note);
    compat.facts.forward_compatibility = ForwardCompatibility{CudaVersion{13, 1}, {535, 550}};
    EXPECT_THAT(only_finding(findings_of({compat})).text,
                HasSubstr("a libcuda of CUDA 13.1 for the drivers 535, 550 in the environment"));
    compat.facts.forward_compatibility = ForwardCompatibility();
    EXPECT_THAT(only_finding(findings_of({compat})).text, HasSubstr("a libcuda for older drivers"));
}

TEST(Audit, ComparesTheMinorVersionOfNvJitLink) {
    PrefixBinary user = library_at("lib/libcusparse.so.12", {"libnvJitLink.so.12"});
    user.facts.jit_link_symbols = {"__nvJitLinkAddData_12_1", "__nvJitLinkComplete_12_4"};
    PrefixBinary library = library_at("lib/libnvJitLink.so.12");
    library.facts.jit_link_symbols = {"__nvJitLinkAddData_12_1"};
    const Finding finding = only_finding(findings_of({user, library}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::jit_link_mismatch);
    EXPECT_THAT(finding.text, HasSubstr("__nvJitLinkComplete_12_4"));
    library.facts.jit_link_symbols.push_back("__nvJitLinkComplete_12_4");
    EXPECT_THAT(findings_of({user, library}), IsEmpty());
}

TEST(Audit, WantsOneVersionOfCudnn) {
    PrefixBinary first = library_at("a/libcudnn.so.9");
    first.package = "libcudnn 9.10.1";
    PrefixBinary second = library_at("a/libcudnn_ops.so.9");
    second.package = "libcudnn-jit 9.10.1";
    EXPECT_THAT(findings_of({first, second}), IsEmpty());
    second.package = "nvidia-cudnn-cu13 9.26.0";
    const Finding finding = only_finding(findings_of({first, second}));
    EXPECT_EQ(finding.severity, Severity::error);
    EXPECT_EQ(finding.rule, Rule::cudnn_mix);
    EXPECT_EQ(finding.package, "libcudnn 9.10.1");
}

TEST(Audit, WantsCudnnOfOneMajorOfCuda) {
    PrefixBinary first = library_at("a/libcudnn.so.9");
    first.package = "nvidia-cudnn-cu12 9.10.2.21";
    PrefixBinary second = library_at("a/libcudnn_ops.so.9");
    second.package = "nvidia-cudnn-cu13 9.10.2.21";
    EXPECT_EQ(only_finding(findings_of({first, second})).text,
              "the libraries of cuDNN come from `nvidia-cudnn-cu12 9.10.2.21` and "
              "`nvidia-cudnn-cu13 9.10.2.21`");
}

TEST(Audit, BelievesWhatThePartsOfCudnnSayThemselves) {
    PrefixBinary first = library_at("a/libcudnn_graph.so.9");
    first.facts.cudnn_version = "9.26.0";
    first.package = "nvidia-cudnn-cu13 9.26.0.51";
    PrefixBinary second = library_at("a/libcudnn_ops.so.9");
    second.facts.cudnn_version = "9.26.0";
    EXPECT_THAT(findings_of({first, second}), IsEmpty());
    second.facts.cudnn_version = "9.19.0";
    EXPECT_EQ(only_finding(findings_of({first, second})).text,
              "the libraries of cuDNN are of several versions: `a/libcudnn_ops.so.9` is 9.19.0, "
              "`a/libcudnn_graph.so.9` is 9.26.0");
    second.package = "nvidia-cudnn-cu13 9.26.0.51"; // whose file another has taken the place of
    EXPECT_EQ(findings_of({second}).size(), 1U);
    EXPECT_EQ(only_finding(findings_of({second})).text,
              "it says that it is cuDNN 9.19.0, and its package is `nvidia-cudnn-cu13 9.26.0.51`");
    second.package = "torch 2.0.1"; // brings its own, and has another version
    EXPECT_THAT(findings_of({second}), IsEmpty());
}

TEST(Audit, NamesCudaLibrariesThatAreLoadedByNameAndNowhere) {
    PrefixBinary user = library_at("lib/libcudnn_graph.so.9");
    user.facts.loaded_by_name = {"libcuda.so.1", "libcudnn_engines_tensor_ir.so", "libnvrtc.so.12",
                                 "libnvrtc.so.13"};
    const Finding finding = only_finding(findings_of({user, library_at("lib/libnvrtc.so.13")}));
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.rule, Rule::missing_by_name);
    EXPECT_THAT(finding.text, HasSubstr("`libcudnn_engines_tensor_ir.so`"));
    user.facts.loaded_by_name = {"libnvrtc.so"};
    EXPECT_THAT(findings_of({user, library_at("lib/libnvrtc.so.13")}), IsEmpty());
    user.facts.loaded_by_name = {"libnvrtc.so.12"};
    EXPECT_THAT(only_finding(findings_of({user, library_at("lib/libnvrtc.so.13")})).text,
                HasSubstr("`libnvrtc.so.12`"));
}

TEST(Audit, TellsDamageAndTheWorstFirst) {
    PrefixBinary damaged = library_at("z/libz.so");
    damaged.facts = {};
    damaged.facts.damage = "its header reaches beyond the end";
    PrefixBinary unknown = library_at("a/liba.so");
    unknown.facts.code_damage = "its device code is no container of a known version";
    const std::vector<Finding> findings = findings_of({unknown, damaged});
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].file, "z/libz.so");
    EXPECT_EQ(findings[0].severity, Severity::error);
    EXPECT_EQ(findings[0].text, "it is damaged: its header reaches beyond the end");
    EXPECT_EQ(findings[1].severity, Severity::warning);
    EXPECT_EQ(findings[1].rule, Rule::damaged_binary);
}

TEST(Audit, HasAWordForEveryRule) {
    EXPECT_EQ(to_text(Rule::damaged_binary), "damaged-binary");
    EXPECT_EQ(to_text(Rule::search_path_hides), "search-path-hides");
    EXPECT_EQ(to_text(Severity::error), "error");
}

} // namespace

} // namespace envpm::gpu
