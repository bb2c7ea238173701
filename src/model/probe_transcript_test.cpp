#include "model/probe_transcript.h"

#include <gtest/gtest.h>

namespace envpm {

namespace {

TEST(ProbeTranscript, ReadsLinesHoweverTheyArrive) {
    ProbeTranscript transcript;
    const std::string text = "{\"stage\":\"init\"}\n{\"fact\":\"devices\",\"count\":2}\n"
                             "{\"fact\":\"device\",\"index\":1,\"name\":\"A \\u0022B\\u0022\","
                             "\"uuid\":\"GPU-1\",\"major\":8,\"minor\":6,\"mig\":1}\n"
                             "{\"verdict\":\"ok\",\"index\":0,\"ms\":3}\n";
    for (const char c : text) {
        transcript.add(std::string_view(&c, 1));
    }
    EXPECT_EQ(transcript.stage, "init");
    EXPECT_EQ(transcript.gpu_count, 2);
    ASSERT_EQ(transcript.gpus.size(), 1U);
    EXPECT_EQ(transcript.gpus[0],
              (ProbedGpu{1, "A \"B\"", "GPU-1", ComputeCapability{8, 6}, true}));
    ASSERT_TRUE(transcript.verdict);
    EXPECT_EQ(transcript.verdict->kind, "ok");
}

TEST(ProbeTranscript, KnowsOfWhichGpuTheLastStageIs) {
    ProbeTranscript transcript;
    transcript.add("{\"stage\":\"cudaMemcpy\",\"index\":1}\n");
    EXPECT_EQ(transcript.stage_gpu, 1);
    transcript.add("{\"stage\":\"ncclGroupEnd\"}\n");
    EXPECT_EQ(transcript.stage_gpu, std::nullopt);
}

TEST(ProbeTranscript, HalfALineSaysNothing) {
    ProbeTranscript transcript;
    transcript.add("{\"verdict\":\"ok\"}");
    EXPECT_FALSE(transcript.verdict);
    transcript.add("\n");
    EXPECT_TRUE(transcript.verdict);
}

TEST(ProbeTranscript, AVersionOfZeroIsNone) {
    ProbeTranscript transcript;
    transcript.add("{\"fact\":\"cuda\",\"version\":0}\n");
    EXPECT_FALSE(transcript.cuda);
    transcript.add("{\"fact\":\"cuda\",\"version\":12080}\n");
    EXPECT_EQ(transcript.cuda, (CudaVersion{12, 8}));
}

TEST(ProbeTranscript, WhatIsNoLineOfTheProbeIsPassedOver) {
    ProbeTranscript transcript;
    transcript.add("NVRM: hello\n[1]\n{\"fact\":3}\n{}\n\n{\"fact\":\"device\",\"index\":-7}\n"
                   "{\"fact\":\"devices\",\"count\":9000000000000}\n{\"stage\":\"launch\"}\n");
    EXPECT_EQ(transcript.stage, "launch");
    EXPECT_EQ(transcript.gpu_count, 0);
    ASSERT_EQ(transcript.gpus.size(), 1U);
    EXPECT_EQ(transcript.gpus[0].index, 0);
    EXPECT_FALSE(transcript.gpus[0].capability);
}

TEST(ProbeTranscript, AnErrorHasStageCodeAndName) {
    ProbeTranscript transcript;
    transcript.add("{\"verdict\":\"error\",\"stage\":\"module\",\"code\":222,"
                   "\"name\":\"CUDA_ERROR_UNSUPPORTED_PTX_VERSION\",\"index\":0}\n");
    EXPECT_EQ(transcript.verdict,
              (ProbeVerdict{"error", "module", 222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"}));
}

TEST(ProbeTranscript, EndlessOutputIsNotKept) {
    ProbeTranscript transcript;
    for (int i = 0; i < 1000; ++i) {
        transcript.add(std::string(1000, 'x') + "\n");
    }
    transcript.add("{\"verdict\":\"ok\"}\n");
    EXPECT_FALSE(transcript.verdict);
}

} // namespace

} // namespace envpm
