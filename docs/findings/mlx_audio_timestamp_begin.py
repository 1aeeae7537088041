# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: a tokenizer without timestamps takes the end of text for 0.00."""
from mlx_audio.stt.models.whisper.whisper import HFTokenizerWrapper


class Vocabulary:
    """As transformers has it: a token that is not there is unk, which is the end of text."""

    eos_token_id = 50257

    def convert_tokens_to_ids(self, token):
        return {"<|notimestamps|>": 50363}.get(token, self.eos_token_id)

    def decode(self, tokens, **_):
        return " ".join(map(str, tokens))


tokenizer = HFTokenizerWrapper(Vocabulary())
print("timestamp_begin:", tokenizer.timestamp_begin, "eot:", tokenizer.eot)
