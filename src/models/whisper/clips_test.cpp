// SPDX-License-Identifier: MIT
#include "models/whisper/clips.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/expect_error.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

using Clips = std::vector<Clip>;

TEST(SeekClips, PairTheTimes) {
  EXPECT_EQ(seek_clips({0}, 500), (Clips{{0, 500}}));
  EXPECT_EQ(seek_clips({}, 500), (Clips{{0, 500}}));
  EXPECT_EQ(seek_clips({1.5, 3}, 500), (Clips{{150, 300}}));
  EXPECT_EQ(
      seek_clips({0, 1, 1, 1, 4.25}, 500),
      (Clips{{0, 100}, {100, 100}, {425, 500}}));
  EXPECT_EQ(seek_clips({0}, 0), (Clips{{0, 0}}));
}

TEST(SeekClips, RoundToFramesHalvesToEven) {
  EXPECT_EQ(seek_clips({0.005, 0.015}, 500), (Clips{{0, 2}}));
  EXPECT_EQ(seek_clips({0.0051, 0.0149}, 500), (Clips{{1, 1}}));
}

TEST(SeekClips, MayEndWithAFrameThatHasBegun) {
  EXPECT_EQ(seek_clips({0, 5.01}, 500), (Clips{{0, 500}}));
  EXPECT_THROW(seek_clips({0, 5.02}, 500), ArgumentError);
}

TEST(SeekClips, RefuseWhatIsPastTheEnd) {
  expect_error<ArgumentError>(
      [] {
        seek_clips({0, 2, 7.5}, 500);
      },
      {"[whisper.transcribe]", "7.5", "5 s"});
  EXPECT_THROW(seek_clips({1e300}, 500), ArgumentError);
}

TEST(SeekClips, RefuseWhatIsNoTimeOrOutOfOrder) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double time : {nan, infinity, -infinity, -0.01}) {
    EXPECT_THROW(check_clip_timestamps({time}), ArgumentError) << time;
    EXPECT_THROW(check_clip_timestamps({0, time}), ArgumentError) << time;
  }
  expect_error<ArgumentError>(
      [] {
        check_clip_timestamps({0, 3, 2.5, 4});
      },
      {"[whisper.transcribe]", "2.5 s", "follows 3 s"});
  EXPECT_THROW(check_clip_timestamps({3, 2}), ArgumentError);
  EXPECT_NO_THROW(check_clip_timestamps({2, 2, 2, 3}));
}

} // namespace
} // namespace mlxaudio::whisper
