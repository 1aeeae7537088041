# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: word times fail where the text ends within a character."""
from whisper.tokenizer import get_tokenizer

tokenizer = get_tokenizer(True, language="ja", task="transcribe")
byte = tokenizer.encoding.encode_single_token
tokens = [byte(b"\xe6"), byte(b"\x97")]  # two thirds of a character
try:
    print(tokenizer.split_tokens_on_unicode(tokens))
except IndexError as e:
    print("IndexError:", e)
