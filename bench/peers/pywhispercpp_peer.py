# SPDX-License-Identifier: MIT
"""whisper.cpp by pywhispercpp; see protocol.py."""

import protocol
from pywhispercpp.model import Model

given = protocol.options()
asked = {"language": "en", "temperature_inc": 0.0, "greedy": {"best_of": 1}}
if given.beam:
    asked["beam_search"] = {"beam_size": given.beam, "patience": -1.0}
model = Model(
    given.model,
    params_sampling_strategy=1 if given.beam else 0,
    n_threads=given.threads,
    redirect_whispercpp_logs_to=None,
    print_progress=False,
    print_realtime=False,
    **asked,
)
SHOWN = ("no_context", "n_max_text_ctx", "entropy_thold", "logprob_thold", "no_speech_thold", "suppress_blank",
         "suppress_nst", "max_initial_ts", "no_timestamps")  # fmt: skip
all_of_them = model.get_params()
settings = {**asked, **{k: all_of_them[k] for k in SHOWN if k in all_of_them}}


def transcribe(take):
    model.transcribe(given.clip, new_segment_callback=lambda segment: take(segment.text.strip()))


protocol.answer(given, transcribe, settings)
