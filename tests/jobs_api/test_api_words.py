"""An error of any shape is text, and never holds what the job was given to work on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs_api.words import error_text, read_error

GIVEN = {"prompt": "S3CRET", "steps": [{"url": "http://S3CRET.internal"}]}
OOM = {"code": "OOM", "message": "ran out", "parameters": GIVEN}
SAID = json.dumps(OOM)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, ""),
        ({}, ""),
        ([], ""),
        ("", ""),
        ("OOMKilled (exit=137)", "OOMKilled (exit=137)"),
        ({"message": "out of memory"}, "out of memory"),
        ({"detail": "d", "message": "m"}, "m"),
        ({"reason": "r", "detail": "d"}, "d"),
        ({"error": "e", "reason": "r"}, "r"),
        ({"error": {"message": "deep"}}, "deep"),
        ({"code": "A1", "message": "m"}, "A1: m"),
        ({"code": "A1", "message": "A1 happened"}, "A1 happened"),
        ({"type": "T", "message": ""}, "T"),
        ({"exit": 137}, '{"exit":137}'),
        ({"code": 137}, '{"code":137}'),
        ({"exit": 137, "parameters": {"prompt": "p"}}, '{"exit":137,"parameters":"…"}'),
        ({"steps": [{"config": {"model": "m"}, "exit": 1}]}, '{"steps":[{"config":"…","exit":1}]}'),
        ({"inputs": "port frames is missing"}, '{"inputs":"…"}'),
        ({"errors": [{"code": "A1", "message": "m", "suggestion": "s"}, {"code": "A2"}]}, "A1: m; A2"),
        (
            {"detail": [{"loc": ["body", "x", 0], "msg": "field required", "type": "missing", "input": {"k": "v"}}]},
            "body.x.0: field required",
        ),
        ({"loc": [{"k": "v"}], "msg": "m"}, "m"),
        ({"msg": "m", "type": "T"}, "T: m"),
        ({"description": "d"}, "d"),
        ({"Message": "m"}, "m"),
        ({"error_message": "m", "error_code": "A1"}, "A1: m"),
        ({"errorMessage": "m", "errorType": "T", "stackTrace": ["a"]}, "T: m"),
        ({"error": "invalid_grant", "error_description": "the token expired"}, "invalid_grant: the token expired"),
        ({"exception": "RuntimeError: boom", "traceback": "T"}, "RuntimeError: boom"),
        ({"traceback": "T"}, "T"),
        ({"title": "Bad Request", "status": 400}, "Bad Request"),
        ("\x1b[31mERROR\x1b[0m boom", "ERROR boom"),
        ({"exit": 1, "log": "\x1b[31mERROR"}, '{"exit":1,"log":"ERROR"}'),
        ({"message": "Job failed"}, "Job failed"),
        ({"message": "Job failed", "error": "CUDA ran out"}, "CUDA ran out"),
        ({"message": "failed", "reason": "OOMKilled", "exitCode": 137}, "OOMKilled"),
        ({"message": "Job failed", "details": {"cause": "CUDA ran out"}}, "CUDA ran out"),
        ({"message": "Container terminated", "reason": "OOMKilled"}, "OOMKilled: Container terminated"),
        ({"message": "Container terminated", "error": "OOMKilled"}, "OOMKilled: Container terminated"),
        ({"message": "Pipeline failed", "cause": {"message": "disk full"}}, "Pipeline failed: disk full"),
        ({"message": "Worker failed", "details": ["GPU 3 fell off the bus"]}, "Worker failed: GPU 3 fell off the bus"),
        ({"message": "disk full on /a", "cause": "disk full"}, "disk full on /a"),
        ({"message": "step 3", "cause": {"message": "Step 3 of nightly"}}, "Step 3 of nightly"),
        ({"message": "Pod killed: OOM", "stderr": "Pod killed: OOM\n"}, "Pod killed: OOM"),
        ({"message": "evicted because of memory", "reason": "Evicted"}, "evicted because of memory"),
        ([{"name": "AWS_CREDENTIALS", "value": "hunter2-Kx9"}], '{"name":"AWS_CREDENTIALS","value":"…"}'),
        ({"code": "E", "name": "API_TOKEN", "value": "hunter2-Kx9"}, 'E: {"name":"API_TOKEN","value":"…"}'),
        (
            {"type": "E", "message": "sorting failed", "stderr": "disk full"},
            "E: sorting failed: disk full",
        ),
        (
            {"message": "Validation failed", "errors": [{"field": "lr", "message": "must be positive"}]},
            "lr: must be positive",
        ),
        (
            {"errors": {"parameters": ["lr must be positive", "b"], "x": ["c"]}},
            "parameters: lr must be positive; b; x: c",
        ),
        ({"message": "Job failed", "details": {"inputs": ["S3CRET"]}}, "Job failed"),
        ({"code": "A1", "cause": "CUDA ran out"}, "A1: CUDA ran out"),
        ({"code": "A1", "where": "the trainer", "exit": 1}, 'A1: {"where":"the trainer","exit":1}'),
        ({"code": "A1", "exit": 1, "params": GIVEN}, "A1"),
        ({"type": "RuntimeError", "value": "CUDA ran out"}, "RuntimeError: CUDA ran out"),
        ({"error": True, "text": "CUDA ran out"}, "CUDA ran out"),
        ({"error": 1, "stderr": "CUDA ran out"}, "CUDA ran out"),
        (["a", None, {"message": "b"}, ""], "a; b"),
        ([["a"], "b"], "a; b"),
        (137, "137"),
        (False, "false"),
    ],
)
def test_an_error_of_any_shape_is_text(error: object, text: str) -> None:
    assert error_text(error) == text


@pytest.mark.parametrize(
    "error",
    ["null", "None", " NaN ", 0, False, [None], {"error": None, "code": None}, {"a": 0}, '{"error": null}', '"" : ""'],
    ids=repr,
)
def test_an_error_that_tells_nothing_is_none(error: object) -> None:
    assert read_error(error) == ""


@pytest.mark.parametrize("error", ["ERR_42", 137, "nullable column", "no", {"exit": 1}, "falsehood: 0"], ids=repr)
def test_what_is_short_may_tell_something(error: object) -> None:
    assert read_error(error) == error_text(error)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SAID, "OOM: ran out"),
        (json.dumps(OOM, indent=2), "OOM: ran out"),
        (json.dumps(SAID), "OOM: ran out"),
        ({"message": SAID}, "OOM: ran out"),
        ([SAID, "b"], "OOM: ran out; b"),
        (f"Job failed: {SAID} on try 2", "Job failed: OOM: ran out on try 2"),
        (f"Job failed: {json.dumps(SAID)}", "Job failed: OOM: ran out"),
        (f"{SAID} then {SAID}", "OOM: ran out then OOM: ran out"),
        ({"exit": 1, "body": SAID}, '{"exit":1,"body":"OOM: ran out"}'),
        ({"exit": 1, "Params": GIVEN, "kwargs": GIVEN}, '{"exit":1,"Params":"…","kwargs":"…"}'),
        ({"input_value": GIVEN, "modelConfig": GIVEN}, '{"input_value":"…","modelConfig":"…"}'),
        ({"user_prompt_template": "S3CRET"}, '{"user_prompt_template":"…"}'),
        ({"Code": "OOM", "Message": "ran out"}, "OOM: ran out"),
        (f"bad parameters: {json.dumps(GIVEN)}: too long", "bad parameters: …: too long"),
        (f"run(params={GIVEN}) failed\nKeyError", "run(params=…) failed\nKeyError"),
        (f"got {OOM}", "got {'code': 'OOM', 'message': 'ran out', 'parameters': …}"),
        (f"bad config {GIVEN}: lr must be below 1", "bad config …: lr must be below 1"),
        ("Invalid config {lr=S3CRET}: lr must be below 1", "Invalid config …: lr must be below 1"),
        ("unmarshal config: map[prompt:S3CRET lr:3]: bad lr", "unmarshal config: map…: bad lr"),
        ("Inputs = [{'a':'S3CRET'}]. Reason: port missing", "Inputs = …. Reason: port missing"),
        ("params={'a': '} S3CRET', \"b\": \"it's\"}: lr", "params=…: lr"),
        ("params: {\n  a: 'S3CRET\n'\n}\nlr", "params: …\nlr"),
        ("params: {it's S3CRET}: lr\nKeyError", "params: …\nKeyError"),
        (f"[type=missing, input_value={GIVEN}, input_type=dict]", "[type=missing, input_value=…, input_type=dict]"),
        ("[type=float, input_value='S3CRET', input_type=str]", "[type=float, input_value=…, input_type=str]"),
        ("bad inputs: ['s3://S3CRET/a']", "bad inputs: …"),
        ("bad run with args=('S3CRET', 3)", "bad run with args=…"),
        ('prompt="S3CRET" too long', "prompt=… too long"),
        ('prompt: "S3CRET" too long', "prompt: … too long"),
        ('generate(prompt="""Tell me\n"S3CRET" now""", n=3)', "generate(prompt=…, n=3)"),
        ("prompt='''S3CRET''' n=3", "prompt=… n=3"),
        (json.dumps('run(prompt="""a "S3CRET" b""") failed') + ".", '"run(prompt=…) failed".'),
        ('prompt="""Tell me\nS3CRET, without end', "prompt=…"),
        ('args=("""it\'s S3CRET""", 3) n=3', "args=… n=3"),
        ("prompt=\"\" is empty, payload='', n=3", "prompt=… is empty, payload=…, n=3"),
        ("prompt=f'S3CRET' payload=b'{\"a\": \"S3CRET\"}' n=3", "prompt=… payload=… n=3"),
        ('config = rb"S3CRET", inputs=Rf\'S3CRET\', prompt: u"S3CRET" n=3', "config = …, inputs=…, prompt: … n=3"),
        ("{'payload': b'S3CRET', 'x': 1} n", "{'payload': …, 'x': 1} n"),
        ("prompt: “tell me S3CRET” too long", "prompt: … too long"),
        ("prompt=\u2018Ann\u2019s S3CRET\u2019 payload=«S3CRET» input=„S3CRET“ n", "prompt=… payload=… input=… n"),
        ("prompt=“it's S3CRET\nn", "prompt=…\nn"),
        ('got "promptText": "S3CRET", "n": 3', 'got "promptText": …, "n": 3'),
        ("run(inputConfig={'a': 'S3CRET'}, promptText=\"S3CRET\")", "run(inputConfig=…, promptText=…)"),
        ("run --inputUrls 'S3CRET' failed, configMap=map[a:S3CRET]", "run --inputUrls … failed, configMap=map…"),
        ("run --prompt 'S3CRET' failed", "run --prompt … failed"),
        ("['run', '--input-urls', 'S3CRET', '--x', '1']", "['run', '--input-urls', …, '--x', '1']"),
        (SAID[:-20], '{"code": "OOM", "message": "ran out", "parameters": …'),
        (f'{{"parameters": {json.dumps(GIVEN)}, "message": "cut o', '{"parameters": …, "message": "cut o'),
        (
            json.dumps(f"got {SAID}")[:-30],
            '"got {\\"code\\": \\"OOM\\", \\"message\\": \\"ran out\\", \\"parameters\\": …',
        ),
        ("{" * 99 + f' "params": {json.dumps(GIVEN)} then', "{" * 99 + ' "params": … then'),
    ],
)
def test_an_error_holds_nothing_that_the_job_was_given(error: object, text: str) -> None:
    assert error_text(error) == text
    assert "S3CRET" not in read_error(error)


@pytest.mark.parametrize(
    "text",
    [
        "wrong number of arguments: 3",
        "KeyError: 'parameters'",
        'Field "config": missing',
        "mat1 and inputs: [1, 2] {x}",
        "expected inputs {x, y} but got z only",
        "kubeconfig {not found} on node x",
        "forward() got an unexpected keyword argument 'inputs'",
        "missing 2 required positional arguments: 'config' and 'args'",
        "invalid input (expected: 3, got: 4)",
        'unknown field {"name":"lr","type":"float"} in model',
        'expected {"description":"3x4"} found {"description":"4x4","batch":7}',
        '[ERROR] set() is not {"a"}',
        "unrecognized arguments: --config, usage: [--input INPUT] [--params-file FILE], --prompt is required",
        'missing input: "sensor_id", unknown config: “fast”, bad promptText: "short"',
        'ConfigError: {"lr":"must be below 1"}, inputException={"code":3}',
        "prompt=long, promptTokens=[1, 2], inputs (left “b” out)",
        "argsort={'a': 1}, prompting: 'b', configured=\"c\"",
        "137",
    ],
)
def test_other_words_of_an_error_stay_as_they_are(text: str) -> None:
    assert error_text(text) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("run --config=/S3CRET.yaml --x=3 failed", "run --config=… --x=3 failed"),
        ("['run', '--prompt=S3CRET, S3CRET', '--x=3']", "['run', '--prompt=…', '--x=3']"),
        ("got '--input-file=S3CRET S3CRET', x", "got '--input-file=…', x"),
    ],
)
def test_what_a_flag_of_such_a_name_is_set_to_is_left_out(error: str, text: str) -> None:
    assert read_error(error) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("pass\u200bword=hunter2", "password=…"),
        ("pass\u200d\u200bword=hunter2 to\xadken: abcdefgh12345678", "password=… token: …"),
        ("pass\0word=hunter2", "password=…"),
        ('pro\u2060mpt="S3CRET" too long', "prompt=… too long"),
        ("1\ufe0f\u20e3 👩\u200d💻 می\u200cشود क्\u200dष", "1\ufe0f\u20e3 👩\u200d💻 می\u200cشود क्\u200dष"),
        ("cannot reach postgres://u:p?w@h/db", "cannot reach postgres://…@h/db"),
        ("see https://console.example/a?mail=me@example.com", "see https://console.example/a?…"),
        ([{"name": "DB_PASSWORD", "value": "hunter2"}], '{"name":"DB_PASSWORD","value":"…"}'),
        ({"error": {"Name": "hf_token", "Value": "abcdefgh12345678"}}, '{"Name":"hf_token","Value":"…"}'),
        ({"name": "ValueError", "value": "CUDA ran out"}, "CUDA ran out"),
        ({"db_password": {"value": "hunter2"}}, '{"db_password":{"value":"…"}}'),
        (r"https://b.example/k\u003fX-Amz-Signature\u003dabcdef0123", r"https://b.example/k\u003f…"),
    ],
)
def test_an_error_is_masked_as_it_will_be_read(error: object, text: str) -> None:
    assert read_error(error) == text


_PIECES = st.sampled_from(
    ["{", "}", "[", "]", '"', "'", "\\", ":", ",", " ", "\n", "params", '"params"', '"a"', SAID, str(OOM), "{" * 2_000]
)


@given(st.lists(_PIECES).map("".join))
def test_no_text_upsets_the_reader_of_errors(text: str) -> None:
    assert len(read_error(text)) <= 2_000


@given(st.integers(0, len(SAID)), st.sampled_from([SAID, json.dumps(SAID), str(OOM), json.dumps(OOM, indent=1)]))
def test_an_error_that_was_cut_off_holds_nothing_of_it_either(length: int, said: str) -> None:
    assert "S3CRET" not in read_error(said[:length])
    assert "S3CRET" not in read_error(f"Job failed: {said[:length]}")
