"""Bodies that are no chat completion, each in its own way."""

MIB = 1024 * 1024


def completion(content: bytes = b'"hi"', rest: bytes = b"") -> bytes:
    return b'{"model": "paris", "messages": [{"role": "user", "content": ' + content + b"}]" + rest + b"}"


NO_COMPLETIONS = (
    b"\x00" * 100,
    b"\xff\xfe\x00\x00",
    b'{"model": "\xc3\x28", "messages": []}',
    completion(b'"\xed\xa0\x80"'),
    completion(b'"\\ud800"'),
    completion(rest=b', "user": "\\udfff"'),
    completion(rest=b', "x": ' + b"[" * 100_000 + b"]" * 100_000),
    completion(rest=b', "x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    b"[" * 1_000_000,
    completion(b"[" * 100_000 + b"]" * 100_000),
    completion(rest=b', "tools": [' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"]"),
    completion(rest=b', "temperature": NaN'),
    completion(rest=b', "temperature": -Infinity'),
    completion(rest=b', "x": NaN'),
    completion(rest=b', "top_p": 1e999'),
    completion(rest=b', "max_tokens": 1e999'),
    completion(rest=b', "max_tokens": ' + b"9" * 10_000),
    completion(rest=b', "seed": ' + b"9" * 10_000),
    completion(rest=b', "n": -1'),
    completion(rest=b', "n": 10000000000000000000000'),
    completion(rest=b', "max_tokens": 1.5'),
    completion(rest=b', "logit_bias": {"1": "x"}'),
    completion(rest=b', "stop": [[]]'),
    completion(rest=b', "model": "' + b"m" * 100_000 + b'"'),
    completion(rest=b', "model": "@@@@"'),
    completion(rest=b', "model": "a\\u0000b"'),
    completion(rest=b', "messages": 7'),
    completion(rest=b"} garbage {"),
    completion()[:-1],
    b'{"model":"paris"' + b',"a":1' * 100_000 + b"}",
    b'"' + b"a" * MIB,
    b"{" + b"\t\r\n " * 200_000 + b"}",
)
